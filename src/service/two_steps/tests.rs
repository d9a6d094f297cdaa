use secrecy::{ExposeSecret as _, SecretString};

use super::super::testing::{PASSWORD, School};
use super::*;
use crate::domain::words::{Kind, Role};
use crate::policy::Read;
use crate::store::AuditFilter;

const AT: &str = "::1";

fn password() -> SecretString {
    PASSWORD.into()
}

/// Somebody with a second factor: their viewer, the key of their app, their rescue codes.
struct Enrolled {
    school: School,
    viewer: Viewer,
    app: TotpKey,
    rescue: Vec<SecretString>,
}

impl Enrolled {
    async fn new() -> Self {
        let mut school = School::found().await;
        let viewer = school.hire("li", Role::Counsellor, None).await;
        let (app, rescue) = enrol(&school, &viewer).await;
        Self { school, viewer, app, rescue }
    }

    fn code(&self) -> SecretString {
        self.app.code_at(self.school.app.now() / SECOND).unwrap()
    }

    /// Moves on to the next code of the app.
    fn wait(&self) {
        self.school.app.clock.advance(30 * SECOND);
    }

    async fn half(&self) -> SessionToken {
        let entered = self.school.app.sign_in("li", password(), AT).await.unwrap();
        assert!(entered.half);
        entered.token
    }

    async fn enter(&self, token: &SessionToken, code: &str) -> Result<Passed> {
        self.school.app.enter_code(token, &code.into(), AT).await
    }
}

async fn enrol(school: &School, viewer: &Viewer) -> (TotpKey, Vec<SecretString>) {
    let offer = school.app.offer_two_steps(viewer, "").unwrap();
    let app = TotpKey::from_offer(&school.app.secret, &viewer.session, &offer.sealed).unwrap();
    let code = app.code_at(school.app.now() / SECOND).unwrap();
    let proof = Proof { password: password(), code };
    let rescue = school.app.switch_two_steps_on(viewer, &offer.sealed, proof).await.unwrap();
    (app, rescue)
}

fn code_of(error: &Error) -> &'static str {
    match error {
        Error::Invalid(problems) => problems[0].code,
        other => panic!("{other:?}"),
    }
}

/// How often each of these events stands in the trail of the school.
async fn lines(school: &mut School, events: &[Event]) -> Vec<usize> {
    let officer = school.hire("sun", Role::PrivacyOfficer, None).await;
    let permit = school.app.permit::<Read>(&officer.at_school(), Kind::Audit, school.founded.id.0).await.unwrap();
    let mut conn = school.app.db.read().await.unwrap();
    let mut counts = Vec::new();
    for event in events {
        let filter = AuditFilter { event: Some(*event), ..AuditFilter::default() };
        counts.push(conn.audit_lines(&permit, &filter, 100).await.unwrap().len());
    }
    counts
}

#[tokio::test]
async fn the_password_alone_gives_no_session_and_the_code_does() {
    let li = Enrolled::new().await;
    li.wait();
    let token = li.half().await;
    assert!(matches!(li.school.app.viewer(&token).await, Err(Error::SignedOut)));
    assert!(matches!(li.school.app.listener(&token).await, Err(Error::SignedOut)));
    let passed = li.enter(&token, li.code().expose_secret()).await.unwrap();
    let viewer = li.school.app.viewer(&passed.session.token).await.unwrap();
    assert_eq!((viewer.person.id, viewer.ring.offices.len()), (li.viewer.person.id, 1));
    assert!(
        matches!(li.school.app.viewer(&token).await, Err(Error::SignedOut)),
        "the half one never becomes a session"
    );
    let again = li.enter(&token, li.code().expose_secret()).await;
    assert!(matches!(again, Err(Error::SignedOut)), "and works once");
}

#[tokio::test]
async fn a_code_counts_once_and_none_before_it_any_more() {
    let li = Enrolled::new().await;
    // The one that switched it on is used up too.
    let first = li.code();
    let refused = li.enter(&li.half().await, first.expose_secret()).await.unwrap_err();
    assert_eq!(code_of(&refused), "code-wrong");
    li.wait();
    let second = li.code();
    li.wait();
    let third = li.code();
    li.enter(&li.half().await, third.expose_secret()).await.unwrap();
    for code in [&third, &second] {
        let refused = li.enter(&li.half().await, code.expose_secret()).await.unwrap_err();
        assert_eq!(code_of(&refused), "code-wrong", "both are within the half minute that clocks may differ");
    }
}

#[tokio::test]
async fn the_clock_of_a_telephone_may_be_half_a_minute_wrong_and_no_more() {
    let li = Enrolled::new().await;
    li.school.app.clock.advance(30 * MINUTE);
    let now = li.school.app.now() / SECOND;
    for wrong in [-60, 60] {
        let code = li.app.code_at(now + wrong).unwrap();
        let refused = li.enter(&li.half().await, code.expose_secret()).await.unwrap_err();
        assert_eq!(code_of(&refused), "code-wrong", "{wrong}");
    }
    for right in [-30, 0, 30] {
        let code = li.app.code_at(now + right).unwrap();
        assert!(li.enter(&li.half().await, code.expose_secret()).await.is_ok(), "{right}");
    }
}

#[tokio::test]
async fn a_sign_in_waits_five_minutes_for_its_code() {
    let li = Enrolled::new().await;
    let (in_time, late) = (li.half().await, li.half().await);
    li.school.app.clock.advance(WAIT - 1);
    assert!(li.enter(&in_time, li.code().expose_secret()).await.is_ok());
    li.school.app.clock.advance(1);
    assert!(matches!(li.enter(&late, li.code().expose_secret()).await, Err(Error::SignedOut)));
}

#[tokio::test]
async fn wrong_codes_slow_the_name_down_and_the_right_password_forgives_none() {
    let li = Enrolled::new().await;
    li.wait();
    for _ in 0..5 {
        let refused = li.enter(&li.half().await, "000 000").await.unwrap_err();
        assert_eq!(code_of(&refused), "code-wrong");
    }
    let password_now = li.school.app.sign_in("li", password(), "::2").await;
    assert!(matches!(password_now, Err(Error::TooMany { retry: 1..=3 })));
    li.school.app.clock.advance(3 * SECOND);
    let token = li.half().await;
    let wrong = li.enter(&token, "000000").await.unwrap_err();
    assert_eq!(code_of(&wrong), "code-wrong");
    let right = li.code();
    assert!(
        matches!(li.enter(&token, right.expose_secret()).await, Err(Error::TooMany { retry: 4..=5 })),
        "longer now"
    );
    li.school.app.clock.advance(5 * SECOND);
    assert!(li.enter(&token, right.expose_secret()).await.is_ok());
    assert!(li.school.app.sign_in("li", password(), "::2").await.is_ok(), "a whole sign-in forgives");
    let mut conn = li.school.app.db.read().await.unwrap();
    let address = conn.throttle(&li.school.app.address_key(AT)).await.unwrap();
    assert_eq!(address.failures, 6, "they count for the address as well, which nothing forgives");
}

#[tokio::test]
async fn many_codes_at_once_are_judged_one_after_the_other() {
    let li = Enrolled::new().await;
    let token = li.half().await;
    let guess = || li.enter(&token, "000000");
    let all = tokio::join!(guess(), guess(), guess(), guess(), guess(), guess(), guess(), guess());
    let all = [all.0, all.1, all.2, all.3, all.4, all.5, all.6, all.7];
    let judged = all.iter().filter(|answer| matches!(answer, Err(Error::Invalid(_)))).count();
    let waits = all.iter().filter(|answer| matches!(answer, Err(Error::TooMany { .. }))).count();
    assert_eq!((judged, waits), (5, 3));
}

#[tokio::test]
async fn what_has_another_number_of_digits_is_no_try() {
    let li = Enrolled::new().await;
    let token = li.half().await;
    for text in ["", "12345", "1234567", "12345a", "五六七"] {
        assert_eq!(code_of(&li.enter(&token, text).await.unwrap_err()), "code-form", "{text}");
    }
    li.wait();
    assert!(li.enter(&token, li.code().expose_secret()).await.is_ok());
}

#[tokio::test]
async fn a_rescue_code_opens_once_and_new_ones_make_the_rest_void() {
    let mut li = Enrolled::new().await;
    assert_eq!(li.rescue.len(), 10);
    let full_width: String = li.rescue[0].expose_secret().chars().map(wide).collect();
    li.enter(&li.half().await, &full_width).await.unwrap();
    let again = li.enter(&li.half().await, li.rescue[0].expose_secret()).await.unwrap_err();
    assert_eq!(code_of(&again), "code-wrong");
    assert_eq!(li.school.app.two_steps(&li.viewer).await.unwrap().rescue_codes, 9);

    li.wait();
    let new =
        li.school.app.new_rescue_codes(&li.viewer, Proof { password: password(), code: li.code() }).await.unwrap();
    let void = li.enter(&li.half().await, li.rescue[1].expose_secret()).await.unwrap_err();
    assert_eq!(code_of(&void), "code-wrong");
    assert!(li.enter(&li.half().await, new[9].expose_secret()).await.is_ok());
    let events = [Event::RescueCodeUsed, Event::RescueCodesMade, Event::CodeRefused, Event::FirstStepPassed];
    assert_eq!(lines(&mut li.school, &events).await, [2, 1, 2, 4]);
}

fn wide(character: char) -> char {
    character.to_digit(10).and_then(|digit| char::from_u32(0xFF10 + digit)).unwrap_or('\u{3000}')
}

#[tokio::test]
async fn nobody_elses_rescue_code_opens() {
    let mut li = Enrolled::new().await;
    let zhao = li.school.hire("zhao", Role::Counsellor, None).await;
    let (_, others) = enrol(&li.school, &zhao).await;
    let refused = li.enter(&li.half().await, others[0].expose_secret()).await.unwrap_err();
    assert_eq!(code_of(&refused), "code-wrong");
}

#[tokio::test]
async fn a_session_alone_neither_switches_it_on_nor_off() {
    let mut school = School::found().await;
    let viewer = school.hire("li", Role::Counsellor, None).await;
    let app = &school.app;
    let offer = app.offer_two_steps(&viewer, "").unwrap();
    let key = TotpKey::from_offer(&app.secret, &viewer.session, &offer.sealed).unwrap();
    let right = key.code_at(app.now() / SECOND).unwrap();
    let wrong = || Proof { password: "something else".into(), code: right.clone() };
    let refused = app.switch_two_steps_on(&viewer, &offer.sealed, wrong()).await.unwrap_err();
    assert_eq!(code_of(&refused), "password-wrong");
    let no_code = Proof { password: password(), code: "000000".into() };
    assert_eq!(code_of(&app.switch_two_steps_on(&viewer, &offer.sealed, no_code).await.unwrap_err()), "code-wrong");
    assert!(app.two_steps(&viewer).await.unwrap().since.is_none());
    // A key of another session, or one that somebody made up, is not taken.
    let other = app.sign_in("li", password(), AT).await.unwrap().token;
    let other = app.viewer(&other).await.unwrap();
    let theirs = app.offer_two_steps(&other, "").unwrap().sealed;
    for offer in ["", "00", &theirs] {
        let proof = Proof { password: password(), code: right.clone() };
        assert_eq!(code_of(&app.switch_two_steps_on(&viewer, offer, proof).await.unwrap_err()), "offer-over");
    }
    assert_eq!(app.offer_two_steps(&viewer, &offer.sealed).unwrap().text.expose_secret(), offer.text.expose_secret());

    let proof = || Proof { password: password(), code: right.clone() };
    let rescue = app.switch_two_steps_on(&viewer, &offer.sealed, proof()).await.unwrap();
    let twice = app.switch_two_steps_on(&viewer, &offer.sealed, proof()).await.unwrap_err();
    assert_eq!(code_of(&twice), "two-steps-on");
    assert_eq!(app.two_steps(&viewer).await.unwrap().rescue_codes, 10);

    let code = SecretString::from(rescue[0].expose_secret());
    let wrong = Proof { password: "something else".into(), code: code.clone() };
    assert_eq!(code_of(&app.switch_two_steps_off(&viewer, wrong).await.unwrap_err()), "password-wrong");
    assert_eq!(code_of(&app.switch_two_steps_off(&viewer, proof()).await.unwrap_err()), "code-wrong", "used up");
    app.switch_two_steps_off(&viewer, Proof { password: password(), code }).await.unwrap();
    assert!(!app.sign_in("li", password(), AT).await.unwrap().half);
    assert!(app.switch_two_steps_off(&viewer, proof()).await.is_ok(), "sent twice");
    assert!(matches!(app.new_rescue_codes(&viewer, proof()).await, Err(Error::NotFound)));
    let events = [Event::TwoStepsOn, Event::TwoStepsOff, Event::CodeRefused, Event::SignInFailed];
    assert_eq!(lines(&mut school, &events).await, [1, 1, 1, 2]);
}

#[tokio::test]
async fn switching_it_on_ends_the_sessions_that_a_password_alone_opened() {
    let mut school = School::found().await;
    let viewer = school.hire("li", Role::Counsellor, None).await;
    let elsewhere = school.app.sign_in("li", password(), AT).await.unwrap().token;
    let here = school.app.sign_in("li", password(), AT).await.unwrap().token;
    let viewer = Viewer { session: school.app.viewer(&here).await.unwrap().session, ..viewer };
    enrol(&school, &viewer).await;
    assert!(matches!(school.app.viewer(&elsewhere).await, Err(Error::SignedOut)));
    assert!(school.app.viewer(&here).await.unwrap().two_steps);
}

#[tokio::test]
async fn after_an_idle_lock_the_same_browser_is_asked_for_the_password_alone_until_the_evening() {
    let li = Enrolled::new().await;
    let app = &li.school.app;
    li.wait();
    let Passed { session, browser } = li.enter(&li.half().await, li.code().expose_secret()).await.unwrap();
    let half = async |browser| app.sign_in_with("li", password(), AT, Some(browser)).await.unwrap().half;
    app.clock.advance(LONGEST - 1);
    assert!(!half(&browser).await);
    let stranger = SessionToken::generate().unwrap();
    for other in [&stranger, &session.token] {
        assert!(half(other).await, "another cookie is no known browser");
    }
    app.clock.advance(1);
    assert!(half(&browser).await);
}

#[tokio::test]
async fn a_browser_is_known_for_its_person_and_forgotten_with_a_sign_out_and_a_new_password() {
    let mut li = Enrolled::new().await;
    let zhao = li.school.hire("zhao", Role::Counsellor, None).await;
    enrol(&li.school, &zhao).await;
    let mut browsers = Vec::new();
    for code in &li.rescue[..2] {
        browsers.push(li.enter(&li.half().await, code.expose_secret()).await.unwrap().browser);
    }
    let app = &li.school.app;
    let half = async |login: &str, word: &str, browser| {
        app.sign_in_with(login, word.into(), AT, Some(browser)).await.unwrap().half
    };
    assert!(half("zhao", PASSWORD, &browsers[0]).await, "it is known for somebody else");
    let entered = app.sign_in_with("li", password(), AT, Some(&browsers[0])).await.unwrap();
    let viewer = app.viewer(&entered.token).await.unwrap();
    app.sign_out(&viewer, Some(&browsers[0])).await.unwrap();
    assert!(half("li", PASSWORD, &browsers[0]).await);
    assert!(!half("li", PASSWORD, &browsers[1]).await, "the other one stays known");
    app.change_password(&li.viewer, password(), "rain on the horse".into()).await.unwrap();
    assert!(half("li", "rain on the horse", &browsers[1]).await);
}

#[tokio::test]
async fn a_new_password_ends_a_sign_in_that_waits_and_the_second_factor_stays() {
    let li = Enrolled::new().await;
    let token = li.half().await;
    let app = &li.school.app;
    app.change_password(&li.viewer, password(), "rain on the horse".into()).await.unwrap();
    li.wait();
    assert!(matches!(li.enter(&token, li.code().expose_secret()).await, Err(Error::SignedOut)));
    let entered = app.sign_in("li", "rain on the horse".into(), AT).await.unwrap();
    assert!(entered.half);
    assert!(li.enter(&entered.token, li.code().expose_secret()).await.is_ok());
}

#[tokio::test]
async fn an_administrator_takes_the_second_factor_away_with_the_identity_and_never_alone() {
    let mut li = Enrolled::new().await;
    let admin = li.school.hire("admin", Role::SysAdmin, None).await;
    let token = li.half().await;
    let app = &li.school.app;
    let invited = app.invite_again(&admin, li.viewer.person.id).await.unwrap();
    assert!(matches!(li.enter(&token, li.rescue[0].expose_secret()).await, Err(Error::SignedOut)));
    assert!(
        matches!(app.sign_in("li", password(), AT).await, Err(Error::WrongPassword)),
        "the password is gone as well"
    );
    let new = SecretString::from("rain on the horse");
    let renewed = app.accept_invitation(invited.code.expose_secret(), new.clone(), AT).await.unwrap();
    let renewed = app.viewer(&renewed.token).await.unwrap();
    assert!(!renewed.two_steps && renewed.ring.offices.is_empty(), "and with it every key");
    assert!(!app.sign_in("li", new, AT).await.unwrap().half);
    let events = [Event::TwoStepsOff, Event::IdentityRenewed];
    assert_eq!(lines(&mut li.school, &events).await, [1, 1]);
}

#[tokio::test]
async fn a_school_may_demand_it_of_those_with_the_keys_and_the_trail() {
    let mut school = School::found().await;
    let admin = school.hire("admin", Role::SysAdmin, None).await;
    let leader = school.hire("zhou", Role::SchoolLeader, None).await;
    assert!(matches!(school.app.demand_two_steps(&leader, true).await, Err(Error::NotFound)));
    school.app.demand_two_steps(&admin, true).await.unwrap();
    assert!(school.sign_in("admin").await.must_enrol());
    assert!(!school.sign_in("zhou").await.must_enrol());
    let director = school.hire("wang", Role::MoralEdDirector, None).await;
    assert!(director.must_enrol());
    let token = school.app.sign_in("wang", password(), AT).await.unwrap().token;
    let director = Viewer { session: school.app.viewer(&token).await.unwrap().session, ..director };
    enrol(&school, &director).await;
    assert!(!school.app.viewer(&token).await.unwrap().must_enrol());
    school.app.demand_two_steps(&admin, false).await.unwrap();
    assert!(!school.sign_in("admin").await.must_enrol());
    assert_eq!(lines(&mut school, &[Event::SchoolChanged]).await, [3], "founded, demanded, left to everybody");
}

#[tokio::test]
async fn whoever_copies_a_waiting_sign_in_among_the_sessions_gets_nothing() {
    let li = Enrolled::new().await;
    let token = li.half().await;
    let app = &li.school.app;
    let own = app.own(&li.viewer).await.unwrap();
    let half = token.bound_half(&app.secret);
    let ring = app.db.read().await.unwrap().half_session(&half.hash(), app.now()).await.unwrap().unwrap().ring;
    // Under the name it had, and under the name that a session of this cookie would have.
    for name in [half.hash(), token.bound(&app.secret).hash()] {
        let mut tx = app.begin().await.unwrap();
        tx.insert_session(&own, &name, ring.clone(), app.now()).await.unwrap();
        tx.commit().await.unwrap();
        assert!(matches!(app.viewer(&token).await, Err(Error::SignedOut)));
    }
}
