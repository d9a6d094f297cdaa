use super::*;
use crate::domain::words::{Kind, Role};
use crate::policy::Admit;
use crate::service::testing::School;
use crate::vault::KeyName;

#[tokio::test]
async fn a_school_in_order_has_no_findings() {
    let mut school = School::found().await;
    let mut class = school.empty_class(1).await;
    let student = school.enrol(&mut class, "田小禾").await;
    school.hire("lin", Role::Counsellor, None).await;
    school.hire("du", Role::MoralEdDirector, None).await;
    let zhao = school.hire("zhao", Role::HomeroomTeacher, Some((class.id, &class.homeroom))).await;
    school.fill(&zhao, student, "写").await;
    // Reading leaves fast wraps behind; they count for the same holder.
    school.app.open_file(&zhao, student).await.unwrap();
    assert_eq!(school.app.key_check(school.founded.id).await.unwrap(), []);
}

#[tokio::test]
async fn every_way_to_disagree_is_found_and_named() {
    let mut school = School::found().await;
    let mut class = school.empty_class(1).await;
    let student = school.enrol(&mut class, "田小禾").await;
    let lin = school.hire("lin", Role::Counsellor, None).await;
    let zhao = school.hire("zhao", Role::HomeroomTeacher, Some((class.id, &class.homeroom))).await;
    school.fill(&zhao, student, "写").await;
    let id = school.founded.id;
    // A director with the key of the counselling office and none for the own one.
    let duty = Duty { role: Role::MoralEdDirector, school: id, class: None };
    let password = crate::service::testing::PASSWORD.into();
    let offices = [&school.founded.counselling];
    let du = school.app.found_person(id, "du", "杜老师", password, &[duty], &offices).await.unwrap();
    let permit = school.app.permit::<Admit>(&lin.at_school(), Kind::Keys, id.0).await.unwrap();
    let mut tx = school.app.begin().await.unwrap();
    let contact = tx.keys_of(student.0).await.unwrap().into_iter().find(|k| k.compartment == Compartment::Contact);
    let contact = contact.unwrap();
    tx.delete_wraps(&permit, contact.id, school.founded.counselling.office.0).await.unwrap();
    let own = school.app.person_recipient(&mut tx, zhao.person.id).await.unwrap().unwrap();
    let name = KeyName { key: class.id.0.into(), epoch: 1 };
    let roster = tx.keys_of(class.id.0).await.unwrap()[0];
    let wrap = school.app.wrap(&class.roster, KeyName { key: roster.id, ..name }, &own).unwrap();
    tx.insert_wrap(&permit, &wrap).await.unwrap();
    let wrap = school.app.wrap(&class.roster, KeyName { key: roster.id, epoch: 0 }, &own).unwrap();
    tx.insert_wrap(&permit, &wrap).await.unwrap();
    tx.mark_rotation(&permit, class.homeroom.office).await.unwrap();
    tx.commit().await.unwrap();

    let found = school.app.key_check(id).await.unwrap();
    let counselling = school.founded.counselling.office.0;
    let moral_ed = school.founded.moral_ed.office.0;
    let (zhao, du, nil) = (zhao.person.id.0, du.0, Uuid::nil());
    let of = |finding, key, holder, epoch| KeyFinding { finding, key, holder, epoch };
    assert_eq!(
        found,
        [
            of(Finding::OverGrant, roster.id.0, zhao, 1),
            of(Finding::Missing, contact.id.0, counselling, 1),
            of(Finding::OldEpoch, roster.id.0, zhao, 0),
            of(Finding::MemberWithoutDuty, counselling, du, 1),
            of(Finding::Waiting, moral_ed, du, 1),
            of(Finding::RotationDue, class.homeroom.office.0, nil, 1),
        ]
    );
    // Rotating puts right what a rotation can: members without a duty are out, old and foreign wraps are gone.
    school.app.rotate_office(&lin, school.founded.moral_ed.office).await.unwrap();
    let after = school.app.key_check(id).await.unwrap();
    assert!(!after.iter().any(|f| matches!(f.finding, Finding::OverGrant | Finding::OldEpoch)), "{after:?}");
}

#[tokio::test]
async fn a_counsellors_note_belongs_to_the_counsellor_and_to_the_slips() {
    let mut school = School::found().await;
    let mut class = school.empty_class(1).await;
    let student = school.enrol(&mut class, "田小禾").await;
    let lin = school.hire("lin", Role::Counsellor, None).await;
    let note = crate::domain::record::NoteText {
        date: school.app.clock.today(),
        form: crate::domain::record::SessionForm::FaceToFace,
        minutes: 40,
        complaint: String::new(),
        process: "谈".to_owned(),
        plan: String::new(),
        limits_told: true,
        session: crate::domain::session::Session::default(),
    };
    school.app.append_note(&lin, student, uuid::Uuid::new_v4().into(), &note, None).await.unwrap();
    assert_eq!(school.app.key_check(school.founded.id).await.unwrap(), []);
}
