use super::*;
use crate::service::testing::School;

fn duty(role: Role, class: Option<ClassId>) -> Duty {
    Duty { role, school: SchoolId(Uuid::nil()), class }
}

#[test]
fn each_duty_needs_one_office_or_none() {
    let class = Some(ClassId(Uuid::from_u128(7)));
    for role in Role::ALL {
        let office = office_of(&duty(*role, class.filter(|_| role.is_for_a_class())));
        let expected = match role {
            Role::Counsellor => Some((OfficeKind::Counselling, None)),
            Role::MoralEdDirector => Some((OfficeKind::MoralEd, None)),
            Role::DistrictOfficer => Some((OfficeKind::District, None)),
            Role::HomeroomTeacher => Some((OfficeKind::Homeroom, class)),
            Role::SubjectTeacher => Some((OfficeKind::Teachers, class)),
            _ => None,
        };
        assert_eq!(office, expected, "{role}");
    }
    assert_eq!(office_of(&duty(Role::HomeroomTeacher, None)), None);
}

/// A homeroom teacher with an account, whom nobody let in yet.
async fn newcomer(school: &mut School, class: ClassId) -> Viewer {
    let duty = Duty { role: Role::HomeroomTeacher, school: school.founded.id, class: Some(class) };
    let password = crate::service::testing::PASSWORD.into();
    school.app.found_person(school.founded.id, "zhao", "赵老师", password, &[duty], &[]).await.unwrap();
    school.sign_in("zhao").await
}

#[tokio::test]
async fn a_counsellor_lets_a_newcomer_in_after_comparing_the_fingerprint() {
    let mut school = School::found().await;
    let mut class = school.empty_class(1).await;
    let student = school.enrol(&mut class, "田小禾").await;
    let lin = school.hire("lin", Role::Counsellor, None).await;
    let zhao = newcomer(&mut school, class.id).await;
    assert!(matches!(school.app.class_list(&zhao, class.id).await, Err(Error::NoKey)));
    let page = school.app.offices(&lin).await.unwrap();
    assert_eq!(page.waiting.len(), 1);
    let shown = &page.waiting[0];
    assert_eq!(shown.fingerprint, fingerprint(zhao.person.recipient.as_deref().unwrap()));
    assert_eq!(shown.class.unwrap().id, class.id);
    school.app.admit(&lin, shown.office.id, zhao.person.id, &shown.fingerprint).await.unwrap();
    let zhao = school.sign_in("zhao").await;
    let list = school.app.class_list(&zhao, class.id).await.unwrap();
    assert_eq!(list.students[0].row.student, student);
    let page = school.app.offices(&lin).await.unwrap();
    assert!(page.waiting.is_empty());
    let homeroom = page.offices.iter().find(|o| o.office.kind == OfficeKind::Homeroom).unwrap();
    assert_eq!(homeroom.members[0].id, zhao.person.id);
}

#[tokio::test]
async fn a_key_swapped_between_showing_and_confirming_is_refused() {
    let mut school = School::found().await;
    let class = school.empty_class(1).await;
    let lin = school.hire("lin", Role::Counsellor, None).await;
    let zhao = newcomer(&mut school, class.id).await;
    let shown = school.app.offices(&lin).await.unwrap().waiting.remove(0);
    // The administrator invites again and accepts in the newcomer's place.
    let admin = school.hire("admin", Role::SysAdmin, None).await;
    let code = school.app.invite_again(&admin, zhao.person.id).await.unwrap().code;
    let code = secrecy::ExposeSecret::expose_secret(&code);
    school.app.accept_invitation(code, "a horse in the snow".into(), "::1").await.unwrap();
    let refused = school.app.admit(&lin, shown.office.id, zhao.person.id, &shown.fingerprint).await;
    assert!(matches!(refused, Err(Error::Invalid(problems)) if problems[0].code == "fingerprint-changed"));
    assert!(school.app.db.read().await.unwrap().memberships(zhao.person.id).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_public_key_written_into_the_database_is_neither_shown_nor_let_in() {
    let mut school = School::found().await;
    let class = school.empty_class(1).await;
    let lin = school.hire("lin", Role::Counsellor, None).await;
    let zhao = newcomer(&mut school, class.id).await;
    let shown = school.app.offices(&lin).await.unwrap().waiting.remove(0);
    let mut account = school.app.db.read().await.unwrap().account("zhao").await.unwrap().unwrap();
    account.recipient = Identity::generate().unwrap().recipient().unwrap();
    let own = school.app.own(&zhao).await.unwrap();
    let mut tx = school.app.begin().await.unwrap();
    tx.put_account(&own, &account).await.unwrap();
    tx.commit().await.unwrap();
    assert!(school.app.offices(&lin).await.unwrap().waiting.is_empty());
    let thief = fingerprint(&account.recipient);
    assert!(school.app.admit(&lin, shown.office.id, zhao.person.id, &thief).await.is_err());
}

#[tokio::test]
async fn nobody_is_let_in_without_a_duty_that_needs_it_or_by_who_keeps_no_keys() {
    let mut school = School::found().await;
    let class = school.empty_class(1).await;
    let lin = school.hire("lin", Role::Counsellor, None).await;
    let zhao = newcomer(&mut school, class.id).await;
    let shown = school.app.offices(&lin).await.unwrap().waiting.remove(0);
    for office in [school.founded.counselling.office, school.founded.moral_ed.office] {
        let refused = school.app.admit(&lin, office, zhao.person.id, &shown.fingerprint).await;
        assert!(matches!(refused, Err(Error::NotFound)));
    }
    let director = school.hire("du", Role::MoralEdDirector, None).await;
    for viewer in [&director, &zhao] {
        assert!(matches!(school.app.offices(viewer).await, Err(Error::NotFound)));
        let refused = school.app.admit(viewer, shown.office.id, zhao.person.id, &shown.fingerprint).await;
        assert!(matches!(refused, Err(Error::NotFound)));
    }
}
