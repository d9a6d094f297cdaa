//! Helpers from outside: an alias, no key, and entries that go one way; and what entries without progress bring about.

use super::*;
use crate::domain::ids::LetterId;
use crate::domain::relation::Standing as Standings;
use crate::domain::warning::{LetterKind, LetterState, Rule, Signal};
use crate::domain::words::OfficeKind;
use crate::service::{OpenedFile, fresh};
use uuid::Uuid;

/// A house with somebody from outside whose background was checked, and the homeroom teacher.
struct Village {
    house: House,
    volunteer: Viewer,
    homeroom: Viewer,
}

impl Village {
    async fn new() -> Self {
        let mut house = House::new().await;
        let volunteer = house.school.hire("volunteer", Role::ExternalHelper, None).await;
        let homeroom = house.school.sign_in("homeroom").await;
        let mut village = Self { house, volunteer, homeroom };
        village.check(village.house.school.app.clock.today()).await.unwrap();
        village.comes_back().await;
        village
    }

    /// The volunteer as the next request finds them.
    async fn comes_back(&mut self) {
        self.volunteer = self.house.school.sign_in("volunteer").await;
    }

    fn app(&self) -> &App {
        &self.house.school.app
    }

    fn student(&self) -> StudentId {
        self.house.students[0]
    }

    async fn check(&self, day: Date) -> Result<()> {
        let admin = Standings::installation(self.house.school.founded.id);
        self.app().note_check(&admin, self.volunteer.person.id, day).await
    }

    fn new_pairing(&self) -> NewPairing {
        let told = Told {
            alias: "小树".to_owned(),
            needs: "希望有人听他读书".to_owned(),
            measures: "每周六上午在村图书室".to_owned(),
        };
        let purpose = "陪伴阅读".to_owned();
        NewPairing { helper: self.volunteer.person.id, purpose, told, ..self.house.new_pairing() }
    }

    async fn pair(&self) -> PairingId {
        self.house.agree(self.new_pairing(), &self.volunteer).await.unwrap()
    }

    async fn sends(&self, pairing: PairingId, happened: &str, effect: Effect) -> Result<LetterId> {
        let id = LetterId(fresh());
        self.app().contribute(&self.volunteer, pairing, id, &entry(self.app(), happened, effect)).await?;
        Ok(id)
    }

    async fn file(&self, who: &Viewer) -> OpenedFile {
        self.app().open_file(who, self.student()).await.unwrap()
    }

    /// The signals that wait for the counselling office, opened.
    async fn signals(&self) -> Vec<Signal> {
        signals(&self.house).await
    }
}

fn entry(app: &App, happened: &str, effect: Effect) -> EntryText {
    let (date, way) = (app.clock.today(), Way::Activity);
    EntryText { date, way, happened: happened.to_owned(), effect, next: String::new() }
}

async fn signals(house: &House) -> Vec<Signal> {
    let app = &house.school.app;
    let mut conn = app.db.read().await.unwrap();
    let offices = conn.offices(house.school.founded.id).await.unwrap();
    let office = offices.iter().find(|office| office.kind == OfficeKind::Counselling).unwrap();
    let letters = conn.letters_to(office.id.0, LetterState::Sent, 100).await.unwrap();
    let signals = letters.iter().filter(|letter| letter.kind == LetterKind::Signal);
    signals
        .map(|letter| {
            assert_eq!((letter.sender, letter.student_id), (None, Some(house.students[0].0)));
            app.read_letter(&house.counsellor, &house.counsellor.at_school(), letter).unwrap()
        })
        .collect()
}

#[tokio::test]
async fn somebody_from_outside_sees_an_alias_and_the_needs_and_opens_no_file() {
    let village = Village::new().await;
    let pairing = village.house.start(village.new_pairing()).await.unwrap();
    let page = village.app().helping(&village.volunteer).await.unwrap();
    assert_eq!((page.asked.len(), page.outside.len()), (1, 0));
    assert!(is_not_found(&village.app().needs(&village.volunteer, pairing).await), "not before it is accepted");
    village.app().accept_pairing(&village.volunteer, pairing).await.unwrap();
    let page = village.app().helping(&village.volunteer).await.unwrap();
    let card = &page.outside[0].card;
    let seen = (card.alias.as_str(), card.grade, card.purpose.as_str(), card.needs.as_str(), card.measures.as_str());
    assert_eq!(seen, ("小树", 7, "陪伴阅读", "希望有人听他读书", "每周六上午在村图书室"));
    assert!(page.helped.is_empty() && !page.check_over);
    let (app, volunteer) = (village.app(), &village.volunteer);
    assert!(is_not_found(&app.open_file(volunteer, village.student()).await));
    assert!(is_not_found(&app.tracking_record(volunteer, village.student()).await));
    assert!(is_not_found(&app.whom(volunteer, village.student()).await));
    assert!(is_not_found(&app.class_list(volunteer, village.house.class).await));
    let text = entry(app, "读书", Effect::Better);
    assert!(is_not_found(&app.append_entry(volunteer, village.student(), Uuid::new_v4().into(), &text, None).await));
    // And the second lock: no key at all, not even after the keys of the school moved on.
    assert!(village.house.held_by(volunteer.person.id).await.is_empty());
    let mut conn = app.db.read().await.unwrap();
    let offices = conn.offices(village.house.school.founded.id).await.unwrap();
    drop(conn);
    let counselling = offices.iter().find(|office| office.kind == OfficeKind::Counselling).unwrap();
    app.rotate_office(&village.house.counsellor, counselling.id).await.unwrap();
    assert!(village.house.held_by(volunteer.person.id).await.is_empty());
    assert!(app.key_check(village.house.school.founded.id).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_they_write_reaches_the_file_once_and_they_cannot_read_it_back() {
    let village = Village::new().await;
    let (app, volunteer) = (village.app(), &village.volunteer);
    let pairing = village.pair().await;
    let id = village.sends(pairing, "一起读完了一章。", Effect::Better).await.unwrap();
    app.contribute(volunteer, pairing, id, &entry(app, "又寄了一遍", Effect::Better)).await.unwrap();
    let sent = app.helping(volunteer).await.unwrap().outside.remove(0).sent;
    assert_eq!(sent.iter().map(|(_, taken)| *taken).collect::<Vec<_>>(), [false], "sent twice is one entry");
    let mut conn = app.db.read().await.unwrap();
    let letter = conn.letter(id).await.unwrap().unwrap();
    drop(conn);
    assert!(app.read_letter::<EntryText>(volunteer, &volunteer.at_school(), &letter).is_err());
    // The director reads the file and keeps it not: for the director the entry waits where it is.
    let director_sees = {
        let mut conn = app.db.read().await.unwrap();
        conn.contributions(village.student()).await.unwrap().len()
    };
    assert_eq!(director_sees, 1);
    for _ in 0..2 {
        let file = village.file(&village.homeroom).await;
        let said: Vec<_> = file.entries.iter().map(|one| (one.author, one.text.happened.as_str())).collect();
        assert_eq!(said, [(volunteer.person.id, "一起读完了一章。")]);
    }
    let sent = app.helping(volunteer).await.unwrap().outside.remove(0).sent;
    assert_eq!(sent.iter().map(|(_, taken)| *taken).collect::<Vec<_>>(), [true]);
    let mut conn = app.db.read().await.unwrap();
    assert!(conn.letter(id).await.unwrap().unwrap().sealed.is_empty(), "what stands in the file is wiped here");
}

#[tokio::test]
async fn a_counsellor_takes_in_what_waits_for_the_homeroom_and_a_broken_letter_keeps_no_file_shut() {
    let village = Village::new().await;
    let pairing = village.pair().await;
    let broken = village.sends(pairing, "坏掉的一封", Effect::Better).await.unwrap();
    village.sends(pairing, "完好的一封", Effect::Better).await.unwrap();
    let app = village.app();
    let own = app.own(&village.volunteer).await.unwrap();
    let mut tx = app.begin().await.unwrap();
    let mut letter = tx.letter(broken).await.unwrap().unwrap();
    let last = letter.sealed.len() - 1;
    letter.sealed[last] ^= 1;
    tx.reseal_letter(&own, &letter).await.unwrap();
    tx.commit().await.unwrap();
    let file = village.file(&village.house.counsellor).await;
    assert_eq!(file.entries.iter().map(|one| one.text.happened.as_str()).collect::<Vec<_>>(), ["完好的一封"]);
    let mut conn = app.db.read().await.unwrap();
    assert_eq!(conn.contributions(village.student()).await.unwrap().len(), 1, "nothing is lost");
}

#[tokio::test]
async fn a_check_that_is_a_year_old_closes_everything_at_once() {
    let mut village = Village::new().await;
    let today = village.app().clock.today();
    village.check(today.saturating_sub(1.year()).saturating_add(2.days())).await.unwrap();
    village.comes_back().await;
    let pairing = village.pair().await;
    village.app().clock.advance(DAY);
    village.comes_back().await;
    village.sends(pairing, "还在有效期内", Effect::Better).await.unwrap();
    village.app().clock.advance(DAY);
    village.comes_back().await;
    let (app, volunteer) = (village.app(), &village.volunteer);
    assert!(is_not_found(&app.needs(volunteer, pairing).await));
    assert!(is_not_found(&village.sends(pairing, "过期了", Effect::Better).await));
    let page = app.helping(volunteer).await.unwrap();
    assert!(page.outside.is_empty() && page.check_over);
    let again = app.start_pairing(&village.house.counsellor, village.house.students[1], village.new_pairing()).await;
    assert_eq!(codes(again), [("helper", "check-out-of-date")]);
    for (day, code) in [
        (app.clock.today().saturating_add(1.days()), "date-in-the-future"),
        (app.clock.today().saturating_sub(1.year()), "check-out-of-date"),
    ] {
        let refused = village.check(day).await;
        assert!(matches!(refused, Err(Error::Invalid(problems)) if problems[0].code == code), "{day}");
    }
    village.check(app.clock.today()).await.unwrap();
    village.comes_back().await;
    assert_eq!(village.app().needs(&village.volunteer, pairing).await.unwrap().alias, "小树");
}

#[tokio::test]
async fn a_pairing_with_somebody_from_outside_names_nobody_and_ends_with_the_term() {
    let village = Village::new().await;
    let good = village.new_pairing();
    let told = |alias: &str, needs: &str| Told { alias: alias.to_owned(), needs: needs.to_owned(), ..Told::default() };
    for (new, problem) in [
        (NewPairing { told: told("", "陪伴"), ..good.clone() }, ("alias", "required")),
        (NewPairing { told: told("一诺", "陪伴"), ..good.clone() }, ("alias", "names-the-child")),
        (NewPairing { told: told("小树", "沈一诺要人陪"), ..good.clone() }, ("needs", "names-the-child")),
        (NewPairing { told: told("小树", ""), ..good.clone() }, ("needs", "required")),
        (NewPairing { told: told("小树", "七年级3班的孩子"), ..good.clone() }, ("needs", "names-the-child")),
        (NewPairing { purpose: "陪一诺读书".to_owned(), ..good.clone() }, ("purpose", "names-the-child")),
        // No term is running in this school: half a year.
        (NewPairing { ends: date(2027, 5, 24), ..good.clone() }, ("ends", "longer-than-a-term")),
    ] {
        assert_eq!(codes(village.house.start(new).await), [problem]);
    }
    let pairing = village.pair().await;
    let mut conn = village.app().db.read().await.unwrap();
    let stored = conn.pairing(pairing).await.unwrap().unwrap();
    assert!(stored.outside && stored.handed.is_some() && !stored.contact);
    drop(conn);
    let refused = village.app().hand_pairing_over(
        &village.house.counsellor,
        pairing,
        crate::service::HandOver { helper: village.house.helper.person.id, until: date(2026, 12, 1) },
    );
    assert!(matches!(refused.await, Err(Error::Stale(_))), "an alias is not handed on");
    village.house.end(pairing).await;
    let mut conn = village.app().db.read().await.unwrap();
    assert!(conn.pairing(pairing).await.unwrap().unwrap().handed.is_none(), "the card goes with the end");
    drop(conn);
    assert!(is_not_found(&village.sends(pairing, "以后", Effect::Better).await));
    assert!(is_not_found(&village.app().needs(&village.volunteer, pairing).await));
}

#[tokio::test]
async fn forty_entries_a_day_are_enough_and_a_colleague_cannot_write_in_their_name() {
    let village = Village::new().await;
    let pairing = village.pair().await;
    let text = entry(village.app(), "冒名", Effect::Better);
    for other in [&village.house.helper, &village.house.counsellor, &village.homeroom] {
        let refused = village.app().contribute(other, pairing, LetterId(fresh()), &text).await;
        assert!(is_not_found(&refused));
    }
    for _ in 0..40 {
        village.sends(pairing, "一次", Effect::Better).await.unwrap();
    }
    assert!(matches!(village.sends(pairing, "再一次", Effect::Better).await, Err(Error::TooMany { .. })));
    village.app().clock.advance(DAY + 1);
    village.sends(pairing, "第二天", Effect::Better).await.unwrap();
    assert_eq!(village.file(&village.homeroom).await.entries.len(), 41);
}

#[tokio::test]
async fn two_entries_running_without_progress_bring_in_the_office_once() {
    let mut village = Village::new().await;
    let director = village.house.school.hire("director", Role::MoralEdDirector, None).await;
    let pairing = village.pair().await;
    let app = village.app();
    let writes = async |happened: &str, effect| {
        app.append_entry(
            &village.homeroom,
            village.student(),
            Uuid::new_v4().into(),
            &entry(app, happened, effect),
            None,
        )
        .await
        .unwrap()
    };
    writes("第一次", Effect::Unchanged).await;
    assert!(village.signals().await.is_empty() && app.notices(&director).await.unwrap().is_empty());
    app.clock.advance(DAY);
    // The second one comes from outside: it counts when it is taken in, in that very transaction.
    village.sends(pairing, "第二次", Effect::Worse).await.unwrap();
    assert!(village.signals().await.is_empty());
    village.file(&village.homeroom).await;
    let signal = village.signals().await;
    assert_eq!(signal.len(), 1);
    assert_eq!((signal[0].rule, signal[0].facts.as_str()), (Rule::NoProgressTwice, "2026-11-23、2026-11-24"));
    let told = app.notices(&director).await.unwrap();
    let place = format!("/files/{}/record", village.student());
    assert_eq!(told.iter().map(|one| one.place.as_str()).collect::<Vec<_>>(), [place.as_str()]);
    // A third one of the same run says nothing new; a better day and two more are a new run.
    app.clock.advance(DAY);
    writes("第三次", Effect::Unchanged).await;
    assert_eq!(village.signals().await.len(), 1);
    app.clock.advance(DAY);
    writes("好转", Effect::Better).await;
    app.clock.advance(DAY);
    writes("又没变化", Effect::Unchanged).await;
    assert_eq!(village.signals().await.len(), 1);
    app.clock.advance(DAY);
    let review = crate::domain::helping::Review {
        kind: crate::domain::helping::ReviewKind::Month,
        date: app.clock.today(),
        text: "本月没有明显变化".to_owned(),
        effect: Some(Effect::Unchanged),
        adjust: true,
    };
    app.append_review(&village.homeroom, village.student(), &review).await.unwrap();
    assert_eq!(village.signals().await.len(), 2, "a review counts like an entry");
}

#[tokio::test]
async fn a_correction_takes_the_place_of_what_it_corrects() {
    let village = Village::new().await;
    let app = village.app();
    let write = async |effect, corrects| {
        let text = entry(app, "记录", effect);
        app.append_entry(&village.homeroom, village.student(), Uuid::new_v4().into(), &text, corrects).await.unwrap()
    };
    write(Effect::Unchanged, None).await;
    let wrong = write(Effect::Better, None).await;
    assert!(village.signals().await.is_empty());
    write(Effect::Worse, Some(wrong)).await;
    assert_eq!(village.signals().await.len(), 1);
}

#[tokio::test]
async fn reviews_are_written_by_those_who_keep_the_plan_and_the_opinion_by_the_office_alone() {
    use crate::domain::helping::{Review, ReviewKind};
    let mut village = Village::new().await;
    let director = village.house.school.hire("director", Role::MoralEdDirector, None).await;
    village.house.pair().await;
    let (app, student) = (village.app(), village.student());
    let review = |kind| Review {
        kind,
        date: app.clock.today(),
        text: format!("{kind}"),
        effect: matches!(kind, ReviewKind::Month | ReviewKind::Term).then_some(Effect::Better),
        adjust: false,
    };
    for kind in ReviewKind::WRITTEN {
        app.append_review(&village.homeroom, student, &review(*kind)).await.unwrap();
        assert!(is_not_found(&app.append_review(&director, student, &review(*kind)).await));
        assert!(is_not_found(&app.append_review(&village.house.helper, student, &review(*kind)).await));
    }
    app.append_review(&director, student, &review(ReviewKind::Office)).await.unwrap();
    assert!(is_not_found(&app.append_review(&village.homeroom, student, &review(ReviewKind::Office)).await));
    for (wrong, field) in [
        (Review { text: " ".to_owned(), ..review(ReviewKind::Parents) }, "text"),
        (Review { effect: None, ..review(ReviewKind::Month) }, "effect"),
        (Review { date: date(2026, 12, 1), ..review(ReviewKind::Term) }, "date"),
        (review(ReviewKind::Closing), "kind"),
    ] {
        let refused = app.append_review(&village.homeroom, student, &wrong).await;
        assert!(matches!(refused, Err(Error::Invalid(problems)) if problems[0].field == field), "{field}");
    }
    for who in [&village.house.helper, &director, &village.house.counsellor] {
        let record = app.tracking_record(who, student).await.unwrap();
        let kinds: Vec<_> = record.reviews.iter().map(|one| one.review.kind).collect();
        assert_eq!(kinds, [ReviewKind::Month, ReviewKind::Term, ReviewKind::Parents, ReviewKind::Office]);
        assert_eq!(record.pairings[0].1, Some(Condition::Learning));
    }
}
