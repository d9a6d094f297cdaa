use super::*;
use crate::domain::record::Card;
use crate::service::Keys;
use crate::service::files::card_spot;
use crate::service::testing::{MORNING, PASSWORD, School, running};

fn new(login: &str, role: Role, class: Option<ClassId>) -> NewPerson {
    NewPerson { login: login.to_owned(), name: "周老师".to_owned(), duties: vec![(role, class)], checked: None }
}

fn code_of(result: &Error) -> Vec<(&'static str, &'static str)> {
    match result {
        Error::Invalid(problems) => problems.iter().map(|p| (p.field, p.code)).collect(),
        _ => Vec::new(),
    }
}

impl School {
    async fn duty_of(&self, admin: &Viewer, person: PersonId, role: Role) -> Uuid {
        let member = self.app.staff_member(admin, person).await.unwrap().member;
        member.duties.iter().find(|given| given.duty.role == role).unwrap().id
    }

    async fn due(&self) -> Vec<OfficeKind> {
        let offices = self.app.db.read().await.unwrap().offices(self.founded.id).await.unwrap();
        let mut due: Vec<OfficeKind> = offices.iter().filter(|o| o.rotation_due).map(|o| o.kind).collect();
        due.sort_unstable();
        due
    }
}

#[tokio::test]
async fn an_invited_person_waits_in_the_list_and_the_login_is_taken() {
    let mut school = School::found().await;
    let admin = school.hire("admin", Role::SysAdmin, None).await;
    let invited = school.app.create_person(&admin.at_school(), &new(" Zhou ", Role::Counsellor, None)).await.unwrap();
    let staff = school.app.staff(&admin).await.unwrap();
    let zhou = staff.members.iter().find(|m| m.person.id == invited.person).unwrap();
    assert_eq!((zhou.person.login.as_str(), zhou.state, zhou.keys), ("zhou", AccountState::Invited, KeyState::Waiting));
    let again = school.app.create_person(&admin.at_school(), &new("ZHOU", Role::Helper, None)).await.unwrap_err();
    assert_eq!(code_of(&again), [("login", "login-taken")]);
    school.app.clock.advance(8 * crate::domain::clock::DAY);
    let staff = school.app.read_staff(&mut school.app.db.read().await.unwrap(), school.founded.id).await.unwrap();
    assert_eq!(staff.members.iter().find(|m| m.person.id == invited.person).unwrap().state, AccountState::Lapsed);
}

#[tokio::test]
async fn a_form_comes_back_with_everything_that_is_wrong() {
    let mut school = School::found().await;
    let admin = school.hire("admin", Role::SysAdmin, None).await;
    let standing = admin.at_school();
    let create = async |new: &NewPerson| code_of(&school.app.create_person(&standing, new).await.unwrap_err());
    let empty = NewPerson::default();
    assert_eq!(create(&empty).await, [("name", "required"), ("login", "required"), ("role", "choose")]);
    assert_eq!(create(&new("a b", Role::Helper, None)).await, [("login", "login-invalid")]);
    assert_eq!(create(&new("zhou", Role::HomeroomTeacher, None)).await, [("class", "choose")]);
    assert_eq!(create(&new("zhou", Role::CaseLeader, None)).await, [("role", "choose")]);
    let elsewhere = Some(ClassId(Uuid::now_v7()));
    assert_eq!(create(&new("zhou", Role::HomeroomTeacher, elsewhere)).await, [("class", "choose")]);
}

#[tokio::test]
async fn nobody_but_an_administrator_sees_or_changes_staff() {
    let mut school = School::found().await;
    let class = school.empty_class(1).await;
    let admin = school.hire("admin", Role::SysAdmin, None).await;
    let lin = school.hire("lin", Role::Counsellor, None).await;
    let zhao = school.hire("zhao", Role::HomeroomTeacher, Some((class.id, &class.homeroom))).await;
    for viewer in [&lin, &zhao] {
        let id = admin.person.id;
        let app = &school.app;
        let standing = viewer.at_school();
        assert!(matches!(app.staff(viewer).await, Err(Error::NotFound)));
        assert!(matches!(app.staff_member(viewer, id).await, Err(Error::NotFound)));
        let created = app.create_person(&standing, &new("mo", Role::Counsellor, None)).await;
        assert!(matches!(created, Err(Error::NotFound)));
        assert!(matches!(app.give_duty(viewer, id, Role::Helper, None).await, Err(Error::NotFound)));
        assert!(matches!(app.end_duty(viewer, id, Uuid::now_v7()).await, Err(Error::NotFound)));
        assert!(matches!(app.invite_again(viewer, id).await, Err(Error::NotFound)));
        assert!(matches!(app.close_account(viewer, id).await, Err(Error::NotFound)));
        assert!(matches!(app.invite_with_offices(&standing, id, &[]).await, Err(Error::NotFound)));
    }
}

#[tokio::test]
async fn an_administrator_opens_nothing_and_cannot_let_anybody_in() {
    let mut school = School::found().await;
    let mut class = school.empty_class(1).await;
    let student = school.enrol(&mut class, "田小禾").await;
    let admin = school.hire("admin", Role::SysAdmin, None).await;
    let app = &school.app;
    assert!(matches!(app.open_file(&admin, student).await, Err(Error::NotFound)));
    assert!(matches!(app.class_list(&admin, class.id).await, Err(Error::NotFound)));
    assert!(matches!(app.search(&admin, "田").await, Err(Error::NotFound)));
    assert!(matches!(app.offices(&admin).await, Err(Error::NotFound)));
    let office = school.founded.counselling.office;
    assert!(matches!(app.admit(&admin, office, admin.person.id, "").await, Err(Error::NotFound)));
    assert!(admin.ring.offices.is_empty());
}

#[tokio::test]
async fn an_administrator_cannot_become_a_counsellor_alone() {
    let mut school = School::found().await;
    let mut class = school.empty_class(1).await;
    let student = school.enrol(&mut class, "田小禾").await;
    let admin = school.hire("admin", Role::SysAdmin, None).await;
    let own = admin.person.id;
    for role in [Role::Counsellor, Role::PrivacyOfficer] {
        let refused = school.app.give_duty(&admin, own, role, None).await.unwrap_err();
        assert_eq!(code_of(&refused), [("role", "not-yourself")]);
    }
    let duty = school.duty_of(&admin, own, Role::SysAdmin).await;
    assert_eq!(code_of(&school.app.end_duty(&admin, own, duty).await.unwrap_err()), [("role", "not-yourself")]);
    assert_eq!(code_of(&school.app.close_account(&admin, own).await.unwrap_err()), [("account", "not-yourself")]);
    assert_eq!(code_of(&school.app.invite_again(&admin, own).await.unwrap_err()), [("account", "not-yourself")]);
    // The own account stays as it was: the refusal took nothing away.
    assert!(school.app.staff(&admin).await.is_ok());
    // An invented colleague accepts with the code the administrator was shown: a role, and no key.
    let invited = school.app.create_person(&admin.at_school(), &new("ghost", Role::Counsellor, None)).await.unwrap();
    let code = secrecy::ExposeSecret::expose_secret(&invited.code).to_owned();
    let token = school.app.accept_invitation(&code, PASSWORD.into(), "::1").await.unwrap().token;
    let ghost = school.app.viewer(&token).await.unwrap();
    assert!(matches!(school.app.open_file(&ghost, student).await, Err(Error::NoKey)));
    let office = school.founded.counselling.office;
    let shown = crate::vault::fingerprint(ghost.person.recipient.as_deref().unwrap());
    assert!(matches!(school.app.admit(&ghost, office, ghost.person.id, &shown).await, Err(Error::NoKey)));
}

#[tokio::test]
async fn ending_a_duty_takes_the_office_key_unless_another_duty_needs_it() {
    let mut school = School::found().await;
    let mut class = school.empty_class(1).await;
    let student = school.enrol(&mut class, "田小禾").await;
    let admin = school.hire("admin", Role::SysAdmin, None).await;
    let zhao = school.hire("zhao", Role::HomeroomTeacher, Some((class.id, &class.homeroom))).await;
    let id = zhao.person.id;
    school.fill(&zhao, student, "写").await;
    school.app.give_duty(&admin, id, Role::MoralEdDirector, None).await.unwrap();
    let held = school.app.give_duty(&admin, id, Role::MoralEdDirector, None).await.unwrap_err();
    assert_eq!(code_of(&held), [("role", "role-held")]);
    let other = school.duty_of(&admin, id, Role::MoralEdDirector).await;
    school.app.end_duty(&admin, id, other).await.unwrap();
    assert!(school.due().await.is_empty(), "the moral-education office was never joined");
    assert!(school.app.open_file(&zhao, student).await.is_ok());
    let duty = school.duty_of(&admin, id, Role::HomeroomTeacher).await;
    assert!(matches!(school.app.end_duty(&admin, admin.person.id, duty).await, Err(Error::NotFound)));
    assert!(school.due().await.is_empty(), "a duty of somebody else is not ended by a wrong address");
    school.app.give_duty(&admin, id, Role::SchoolLeader, None).await.unwrap();
    school.app.end_duty(&admin, id, duty).await.unwrap();
    assert_eq!(school.due().await, [OfficeKind::Homeroom]);
    let zhao = school.sign_in("zhao").await;
    assert!(zhao.ring.offices.is_empty());
    assert!(matches!(school.app.open_file(&zhao, student).await, Err(Error::NotFound)));
}

#[tokio::test]
async fn two_duties_for_one_office_are_one_membership() {
    let mut school = School::found().await;
    let class = school.empty_class(1).await;
    let admin = school.hire("admin", Role::SysAdmin, None).await;
    let zhao = school.hire("zhao", Role::HomeroomTeacher, Some((class.id, &class.homeroom))).await;
    let id = zhao.person.id;
    // The same duty given twice, as an import or an older version may have left it.
    let permit = school.app.staff_permit::<Manage>(&admin).await.unwrap();
    let mut tx = school.app.begin().await.unwrap();
    tx.insert_duty(&permit, id, &zhao.duties[0], MORNING).await.unwrap();
    tx.commit().await.unwrap();
    let duty = school.duty_of(&admin, id, Role::HomeroomTeacher).await;
    school.app.end_duty(&admin, id, duty).await.unwrap();
    assert!(school.due().await.is_empty());
    assert_eq!(school.sign_in("zhao").await.ring.offices.len(), 1);
}

#[tokio::test]
async fn a_forgotten_password_leads_to_a_new_identity_that_must_be_let_in_again() {
    let mut school = School::found().await;
    let mut class = school.empty_class(1).await;
    let student = school.enrol(&mut class, "田小禾").await;
    let admin = school.hire("admin", Role::SysAdmin, None).await;
    let zhao = school.hire("zhao", Role::HomeroomTeacher, Some((class.id, &class.homeroom))).await;
    school.fill(&zhao, student, "写").await;
    let session = school.app.sign_in("zhao", PASSWORD.into(), "::1").await.unwrap().token;
    let invited = school.app.invite_again(&admin, zhao.person.id).await.unwrap();
    assert!(matches!(school.app.viewer(&session).await, Err(Error::SignedOut)));
    assert!(matches!(school.app.sign_in("zhao", PASSWORD.into(), "::1").await, Err(Error::WrongPassword)));
    assert_eq!(school.due().await, [OfficeKind::Homeroom]);
    let code = secrecy::ExposeSecret::expose_secret(&invited.code).to_owned();
    let token = school.app.accept_invitation(&code, PASSWORD.into(), "::1").await.unwrap().token;
    let renewed = school.app.viewer(&token).await.unwrap();
    assert_ne!(renewed.person.recipient, zhao.person.recipient);
    assert!(matches!(school.app.open_file(&renewed, student).await, Err(Error::NoKey)));
    let lin = school.hire("lin", Role::Counsellor, None).await;
    let waiting = school.app.offices(&lin).await.unwrap().waiting;
    assert_eq!(waiting.len(), 1);
    school.app.admit(&lin, waiting[0].office.id, zhao.person.id, &waiting[0].fingerprint).await.unwrap();
    let renewed = school.app.viewer(&token).await.unwrap();
    assert!(school.app.open_file(&renewed, student).await.is_ok());
}

#[tokio::test]
async fn a_closed_account_has_no_session_no_key_no_duty_and_no_invitation() {
    let mut school = School::found().await;
    let class = school.empty_class(1).await;
    let admin = school.hire("admin", Role::SysAdmin, None).await;
    let zhao = school.hire("zhao", Role::HomeroomTeacher, Some((class.id, &class.homeroom))).await;
    let session = school.app.sign_in("zhao", PASSWORD.into(), "::1").await.unwrap().token;
    school.app.close_account(&admin, zhao.person.id).await.unwrap();
    assert!(matches!(school.app.viewer(&session).await, Err(Error::SignedOut)));
    assert!(matches!(school.app.sign_in("zhao", PASSWORD.into(), "::1").await, Err(Error::WrongPassword)));
    assert_eq!(school.due().await, [OfficeKind::Homeroom]);
    let closed = school.app.staff_member(&admin, zhao.person.id).await.unwrap();
    assert_eq!((closed.member.state, closed.member.duties.len()), (AccountState::Closed, 0));
    let refused = school.app.give_duty(&admin, zhao.person.id, Role::Helper, None).await;
    assert!(matches!(refused, Err(Error::NotFound)));
    let waiting = school.app.create_person(&admin.at_school(), &new("zhou", Role::Helper, None)).await.unwrap();
    school.app.close_account(&admin, waiting.person).await.unwrap();
    let code = secrecy::ExposeSecret::expose_secret(&waiting.code).to_owned();
    assert!(school.app.accept_invitation(&code, PASSWORD.into(), "::1").await.is_err());
    let holders = school.app.db.read().await.unwrap().wrap_holders(school.founded.id).await.unwrap();
    assert!(holders.iter().all(|(_, holder, _)| *holder != zhao.person.id.0));
}

#[tokio::test]
async fn a_helper_who_leaves_loses_the_pairing_and_the_key_moves_on() {
    let mut school = School::found().await;
    let mut class = school.empty_class(1).await;
    let student = school.enrol(&mut class, "田小禾").await;
    let admin = school.hire("admin", Role::SysAdmin, None).await;
    let lin = school.hire("lin", Role::Counsellor, None).await;
    let he = school.hire("he", Role::Helper, None).await;
    school.entry(&lin, student, "写").await;
    let manage = school.app.permit::<Manage>(&lin.at_school(), Kind::Pairing, student.0).await.unwrap();
    let read = school.app.permit::<Read>(&lin.at_school(), Kind::Support, student.0).await.unwrap();
    let mut pairing = running(&school, student, &he);
    let card = Card {
        name: "田小禾".to_owned(),
        sex: crate::domain::words::Sex::Female,
        class: (2020, 1),
        seat: None,
        purpose: String::new(),
        condition: None,
        outside: None,
    };
    let mut tx = school.app.begin().await.unwrap();
    let keys = Keys::of(&mut tx, &lin, &school.app.secret, student.0).await.unwrap();
    pairing.card = keys.seal(&mut card_spot(&pairing), &card).unwrap();
    tx.insert_pairing(&manage, &pairing).await.unwrap();
    // A rotation wraps to whoever is paired by now.
    let approach = school.app.approach(&mut tx, &lin, student).await.unwrap();
    let support = crate::domain::words::Compartment::Support;
    school.app.rotate_compartment(&mut tx, &manage, &read, &lin, &approach, support).await.unwrap();
    tx.commit().await.unwrap();
    let file = school.app.open_file(&he, student).await.unwrap();
    assert_eq!((file.who.name(), file.entries.len()), ("田小禾", 1));
    let before = school.app.key_check(school.founded.id).await.unwrap();
    assert!(before.is_empty(), "{before:?}");
    let held = async || {
        let mut conn = school.app.db.read().await.unwrap();
        conn.keys_held_by(school.founded.id, he.person.id.0).await.unwrap().len()
    };
    assert_eq!(held().await, 1, "the key was wrapped to the helper");
    let duty = school.duty_of(&admin, he.person.id, Role::Helper).await;
    school.app.give_duty(&admin, he.person.id, Role::SchoolLeader, None).await.unwrap();
    school.app.end_duty(&admin, he.person.id, duty).await.unwrap();
    assert_eq!(held().await, 0);
    assert_eq!(school.app.offices(&lin).await.unwrap().keys_due, 1);
    let mut conn = school.app.db.read().await.unwrap();
    assert!(conn.pairing(pairing.id).await.unwrap().unwrap().ended);
    drop(conn);
    assert!(school.app.open_file(&he, student).await.is_err());
    school.app.rotate_lost_keys(&lin).await.unwrap();
    assert_eq!(school.app.offices(&lin).await.unwrap().keys_due, 0);
    assert!(school.app.key_check(school.founded.id).await.unwrap().is_empty());
    assert_eq!(school.app.open_file(&lin, student).await.unwrap().entries.len(), 1);
}
