use super::*;
use crate::domain::words::{OfficeKind, Role};
use crate::service::testing::{PASSWORD, School};
use crate::service::{Invited, NewPerson, Viewer};

async fn invited(school: &School, admin: &Viewer, role: Role) -> (Invited, String) {
    let new =
        NewPerson { login: "zhou".to_owned(), name: "周老师".to_owned(), duties: vec![(role, None)], checked: None };
    let invited = school.app.create_person(&admin.at_school(), &new).await.unwrap();
    let code = invited.code.expose_secret().to_owned();
    (invited, code)
}

fn is_unknown(result: &Result<SignedIn>) -> bool {
    matches!(result, Err(Error::Invalid(problems)) if problems[0].field == "code" && problems[0].code == "invitation-unknown")
}

#[tokio::test]
async fn a_code_is_accepted_once_and_signs_in_at_once() {
    let mut school = School::found().await;
    let admin = school.hire("admin", Role::SysAdmin, None).await;
    let (invited, code) = invited(&school, &admin, Role::Counsellor).await;
    let typed = code.to_lowercase().replace('-', " ");
    let token = school.app.accept_invitation(&typed, PASSWORD.into(), "::1").await.unwrap().token;
    let viewer = school.app.viewer(&token).await.unwrap();
    assert_eq!(viewer.person.id, invited.person);
    assert!(viewer.ring.offices.is_empty(), "an administrator's invitation carries no key");
    assert!(is_unknown(&school.app.accept_invitation(&code, PASSWORD.into(), "::1").await));
    assert!(school.app.sign_in("zhou", PASSWORD.into(), "::1").await.is_ok());
}

#[tokio::test]
async fn an_unknown_a_broken_and_an_expired_code_get_the_same_answer() {
    let mut school = School::found().await;
    let admin = school.hire("admin", Role::SysAdmin, None).await;
    let (_, code) = invited(&school, &admin, Role::Counsellor).await;
    let other = InvitationCode::generate().unwrap().to_text();
    for wrong in [other.expose_secret(), "nonsense", ""] {
        assert!(is_unknown(&school.app.accept_invitation(wrong, PASSWORD.into(), "::1").await));
    }
    school.app.clock.advance(VALID);
    assert!(is_unknown(&school.app.accept_invitation(&code, PASSWORD.into(), "::1").await));
}

#[tokio::test]
async fn a_later_invitation_takes_the_place_of_the_earlier_one() {
    let mut school = School::found().await;
    let admin = school.hire("admin", Role::SysAdmin, None).await;
    let (invited, code) = invited(&school, &admin, Role::Counsellor).await;
    let again = school.app.invite_again(&admin, invited.person).await.unwrap();
    assert!(is_unknown(&school.app.accept_invitation(&code, PASSWORD.into(), "::1").await));
    let code = again.code.expose_secret();
    assert!(school.app.accept_invitation(code, PASSWORD.into(), "::1").await.is_ok());
}

#[tokio::test]
async fn a_weak_password_leaves_the_code_usable() {
    let mut school = School::found().await;
    let admin = school.hire("admin", Role::SysAdmin, None).await;
    let (_, code) = invited(&school, &admin, Role::Counsellor).await;
    for (weak, problem) in [("short", "too_short"), ("password123!", "common")] {
        let refused = school.app.accept_invitation(&code, weak.into(), "::1").await;
        let Err(Error::Invalid(problems)) = refused else { panic!("{weak}") };
        assert_eq!((problems[0].field, problems[0].code), ("new", problem));
    }
    assert!(school.app.accept_invitation(&code, PASSWORD.into(), "::1").await.is_ok());
}

#[tokio::test]
async fn guessing_codes_slows_the_address_down_and_no_other() {
    let mut school = School::found().await;
    let admin = school.hire("admin", Role::SysAdmin, None).await;
    let (_, code) = invited(&school, &admin, Role::Counsellor).await;
    for _ in 0..FREE_BY_ADDRESS {
        assert!(is_unknown(&school.app.accept_invitation("nonsense", PASSWORD.into(), "::6").await));
    }
    let refused = school.app.accept_invitation(&code, PASSWORD.into(), "::6").await;
    assert!(matches!(refused, Err(Error::TooMany { .. })));
    let refused = school.app.sign_in("admin", PASSWORD.into(), "::6").await;
    assert!(matches!(refused, Err(Error::TooMany { .. })), "sign-in shares the slow-down");
    assert!(school.app.accept_invitation(&code, PASSWORD.into(), "::7").await.is_ok());
}

#[tokio::test]
async fn the_first_counsellor_brings_the_office_key_along_and_only_what_the_duty_needs() {
    let school = School::found().await;
    let standing = Standing::installation(school.founded.id);
    let duties = vec![(Role::Counsellor, None)];
    let new = NewPerson { login: "lin".to_owned(), name: "林老师".to_owned(), duties, checked: None };
    let person = school.app.create_person(&standing, &new).await.unwrap().person;
    let crate::service::FoundedSchool { counselling, moral_ed, id } = school.founded;
    let office = counselling.office;
    let code = school.app.invite_with_offices(&standing, person, &[counselling, moral_ed]).await.unwrap().to_text();
    let code = code.expose_secret();
    let token = school.app.accept_invitation(code, PASSWORD.into(), "::1").await.unwrap().token;
    let lin = school.app.viewer(&token).await.unwrap();
    let held: Vec<_> = lin.ring.offices.iter().map(|key| key.office).collect();
    assert_eq!(held, [office]);
    assert!(school.app.key_check(id).await.unwrap().is_empty());
    // Whoever has an identity is invited again, not once more beside it.
    assert!(matches!(school.app.invite_with_offices(&standing, person, &[]).await, Err(Error::NotFound)));
}

#[tokio::test]
async fn a_key_that_was_rotated_before_the_code_was_used_opens_nothing() {
    let mut school = School::found().await;
    let lin = school.hire("lin", Role::Counsellor, None).await;
    let standing = Standing::installation(school.founded.id);
    let duties = vec![(Role::MoralEdDirector, None)];
    let new = NewPerson { login: "du".to_owned(), name: "杜老师".to_owned(), duties, checked: None };
    let person = school.app.create_person(&standing, &new).await.unwrap().person;
    let moral_ed = school.founded.moral_ed.office;
    let key = std::slice::from_ref(&school.founded.moral_ed);
    let code = school.app.invite_with_offices(&standing, person, key).await.unwrap().to_text();
    school.app.rotate_office(&lin, moral_ed).await.unwrap();
    let token = school.app.accept_invitation(code.expose_secret(), PASSWORD.into(), "::1").await.unwrap().token;
    assert!(school.app.viewer(&token).await.unwrap().ring.offices.is_empty());
    let waiting = school.app.offices(&lin).await.unwrap().waiting;
    assert_eq!(waiting.iter().map(|w| w.office.kind).collect::<Vec<_>>(), [OfficeKind::MoralEd]);
}
