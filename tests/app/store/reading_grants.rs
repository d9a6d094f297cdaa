//! Grants to read one part of a file.

use uuid::Uuid;
use yice::domain::ids::{PersonId, ReadingGrantId, SchoolId, StudentId};
use yice::domain::reading::ReadingKind;
use yice::domain::words::{Compartment, Kind, Relation, Role};
use yice::policy::{Admit, Manage, Permit};
use yice::store::{Error, Key, NewWrap, ReadingGrant, WrapForm};

use crate::support::both_backends;
use crate::support::cluster::Engine;
use crate::support::house::{House, NOW, permit};

both_backends!(
    a_grant_to_read_is_found_from_every_side_and_ends_once,
    one_person_reads_one_thing_by_one_grant_at_a_time,
    the_reason_of_a_grant_is_sealed_anew_in_its_place,
    the_holders_of_a_key_are_those_who_have_a_wrap_of_any_epoch,
);

async fn admit(house: &House) -> Permit<Admit> {
    let pair = (Role::HomeroomTeacher, Relation::OwnClass);
    permit(house.teacher, house.school, pair, Kind::Contact, house.student.0).await
}

pub fn reading_grant(house: &House, given_at: i64) -> ReadingGrant {
    ReadingGrant {
        id: ReadingGrantId(Uuid::now_v7()),
        school_id: house.school,
        student_id: house.student,
        kind: ReadingKind::Contact,
        owner: Uuid::nil(),
        person_id: house.helper,
        given_by: house.teacher,
        given_at,
        until: "2026-12-07".to_owned(),
        ended_at: None,
        epoch: 1,
        sealed: vec![7],
    }
}

async fn a_grant_to_read_is_found_from_every_side_and_ends_once(engine: Engine) {
    let house = House::new(engine).await;
    let (admit, staff): (_, Permit<Manage>) = (admit(&house).await, house.manage(Kind::Staff).await);
    let first = reading_grant(&house, NOW);
    let notes =
        ReadingGrant { kind: ReadingKind::Supervision, owner: house.teacher.0, ..reading_grant(&house, NOW + 1) };
    let mut tx = house.begin().await;
    for grant in [&first, &notes] {
        tx.insert_reading_grant(&admit, grant).await.unwrap();
    }
    assert_eq!(tx.reading_grant(first.id).await.unwrap(), Some(first.clone()));
    assert_eq!(tx.reading_grant(ReadingGrantId(Uuid::nil())).await.unwrap(), None);
    assert_eq!(tx.reading_grants(house.school).await.unwrap(), [first.clone(), notes.clone()]);
    assert!(tx.reading_grants(SchoolId(Uuid::nil())).await.unwrap().is_empty());
    assert!(tx.end_reading_grant(&staff, first.id, NOW + 2).await.unwrap());
    assert!(!tx.end_reading_grant(&admit, first.id, NOW + 3).await.unwrap(), "it ended before");
    let ended = ReadingGrant { ended_at: Some(NOW + 2), ..first };
    assert_eq!(tx.reading_grants_of_student(house.student).await.unwrap(), [notes.clone(), ended]);
    assert_eq!(tx.reading_grants(house.school).await.unwrap(), [notes]);
    assert!(tx.reading_grants_of_student(StudentId(Uuid::nil())).await.unwrap().is_empty());
}

async fn one_person_reads_one_thing_by_one_grant_at_a_time(engine: Engine) {
    let house = House::new(engine).await;
    let admit = admit(&house).await;
    let first = reading_grant(&house, NOW);
    let mut tx = house.begin().await;
    tx.insert_reading_grant(&admit, &first).await.unwrap();
    let other = ReadingGrant { person_id: house.teacher, ..reading_grant(&house, NOW) };
    tx.insert_reading_grant(&admit, &other).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = house.begin().await;
    let again = tx.insert_reading_grant(&admit, &reading_grant(&house, NOW + 1)).await;
    assert!(matches!(again, Err(Error::Taken(_))), "{again:?}");
    drop(tx);
    let mut tx = house.begin().await;
    assert!(tx.end_reading_grant(&admit, first.id, NOW + 2).await.unwrap());
    tx.insert_reading_grant(&admit, &reading_grant(&house, NOW + 3)).await.unwrap();
    assert_eq!(tx.reading_grants(house.school).await.unwrap().len(), 2);
}

async fn the_reason_of_a_grant_is_sealed_anew_in_its_place(engine: Engine) {
    let house = House::new(engine).await;
    let (admit, first, other) = (admit(&house).await, reading_grant(&house, NOW), reading_grant(&house, NOW + 1));
    let other = ReadingGrant { person_id: house.teacher, ..other };
    let mut tx = house.begin().await;
    for grant in [&first, &other] {
        tx.insert_reading_grant(&admit, grant).await.unwrap();
    }
    assert!(tx.epochs_in_use(house.school).await.unwrap().contains(&(house.student.0, Compartment::Contact, 1)));
    let anew = ReadingGrant { epoch: 2, sealed: vec![8, 8], ..first };
    tx.reseal_reading_grant(&admit, &anew).await.unwrap();
    assert_eq!(tx.reading_grants(house.school).await.unwrap(), [anew, other]);
    let used = tx.epochs_in_use(house.school).await.unwrap();
    assert!(used.contains(&(house.student.0, Compartment::Contact, 2)), "{used:?}");
}

async fn the_holders_of_a_key_are_those_who_have_a_wrap_of_any_epoch(engine: Engine) {
    let house = House::new(engine).await;
    let admit = admit(&house).await;
    let (subject, compartment, owner) = (house.student.0, Compartment::Contact, Uuid::nil());
    let key = Key { id: Uuid::new_v4().into(), subject, compartment, owner, epoch: 2 };
    let mut tx = house.begin().await;
    tx.put_key(&admit, &key).await.unwrap();
    assert!(tx.holders_of_key(key.id).await.unwrap().is_empty());
    let wraps =
        [(1, house.teacher, WrapForm::Age), (2, house.teacher, WrapForm::Age), (1, house.helper, WrapForm::Fast)];
    for (epoch, PersonId(holder), form) in wraps {
        let wrap = NewWrap { key: key.id.0, epoch, holder, form, sealed: vec![1], mark: vec![] };
        tx.insert_wrap(&admit, &wrap).await.unwrap();
    }
    let mut holders = tx.holders_of_key(key.id).await.unwrap();
    holders.sort_unstable();
    let mut expected = vec![house.teacher.0, house.helper.0];
    expected.sort_unstable();
    assert_eq!(holders, expected);
}
