//! Grants on one file.

use uuid::Uuid;
use yice::domain::crisis::GrantKind;
use yice::domain::ids::{GrantId, PersonId, StudentId, WarningId};
use yice::domain::warning::Stage;
use yice::domain::words::{Compartment, Kind, Relation, Role};
use yice::policy::{Append, Permit};
use yice::store::{Error, Grant, Key, Tx, Warning};

use crate::support::both_backends;
use crate::support::cluster::Engine;
use crate::support::house::{House, NOW, permit};

both_backends!(
    a_grant_is_found_from_every_side_and_ends_once,
    a_case_has_one_leader_at_a_time,
    who_leaves_loses_every_grant,
    a_lost_key_is_due,
);

/// What a counsellor writes about the warnings of the student.
pub async fn act(house: &House) -> Permit<Append> {
    permit(house.teacher, house.school, (Role::Counsellor, Relation::SameSchool), Kind::Warning, house.student.0).await
}

/// A warning about the student in an open transaction.
pub async fn with_warning(house: &House, permit: &Permit<Append>) -> (Tx, WarningId) {
    let id = WarningId(Uuid::now_v7());
    let warning = Warning {
        id,
        school_id: house.school,
        student_id: house.student,
        stage: Stage::Acting,
        reported_at: NOW,
        acknowledged_at: None,
        assessed_at: None,
        prevented_at: None,
        controlled_at: None,
        closed_at: None,
        epoch: 1,
        version: 1,
        sealed: vec![3],
    };
    let mut tx = house.begin().await;
    tx.insert_warning(permit, &warning).await.unwrap();
    (tx, id)
}

pub fn grant(house: &House, warning_id: WarningId, given_at: i64) -> Grant {
    Grant {
        id: GrantId(Uuid::now_v7()),
        school_id: house.school,
        student_id: house.student,
        person_id: house.helper,
        warning_id,
        kind: GrantKind::CaseLeader,
        given_by: house.teacher,
        given_at,
        until: Some("2026-12-31".to_owned()),
        ended_at: None,
        epoch: 1,
        sealed: vec![7],
    }
}

async fn a_grant_is_found_from_every_side_and_ends_once(engine: Engine) {
    let house = House::new(engine).await;
    let permit = act(&house).await;
    let (mut tx, warning) = with_warning(&house, &permit).await;
    let first = grant(&house, warning, NOW);
    tx.insert_grant(&permit, &first).await.unwrap();
    assert_eq!(tx.grant(first.id).await.unwrap(), Some(first.clone()));
    assert!(tx.end_grant(&permit, first.id, NOW + 1).await.unwrap());
    assert!(!tx.end_grant(&permit, first.id, NOW + 2).await.unwrap(), "it ended before");
    let ended = Grant { ended_at: Some(NOW + 1), ..first };
    let second = Grant { until: None, ..grant(&house, warning, NOW + 3) };
    tx.insert_grant(&permit, &second).await.unwrap();
    assert_eq!(tx.grants_of_student(house.student).await.unwrap(), [second.clone(), ended]);
    assert_eq!(tx.grants_of_person(house.helper).await.unwrap(), std::slice::from_ref(&second));
    assert_eq!(tx.grants(house.school).await.unwrap(), [second]);
    assert!(tx.grants_of_person(house.teacher).await.unwrap().is_empty());
    assert!(tx.grants_of_student(StudentId(Uuid::nil())).await.unwrap().is_empty());
    assert_eq!(tx.grant(GrantId(Uuid::nil())).await.unwrap(), None);
}

async fn a_case_has_one_leader_at_a_time(engine: Engine) {
    let house = House::new(engine).await;
    let permit = act(&house).await;
    let (mut tx, warning) = with_warning(&house, &permit).await;
    tx.insert_grant(&permit, &grant(&house, warning, NOW)).await.unwrap();
    let other = Grant { person_id: house.teacher, ..grant(&house, warning, NOW + 1) };
    assert!(matches!(tx.insert_grant(&permit, &other).await, Err(Error::Taken(_))));
}

async fn who_leaves_loses_every_grant(engine: Engine) {
    let house = House::new(engine).await;
    let permit = act(&house).await;
    let (mut tx, warning) = with_warning(&house, &permit).await;
    tx.insert_grant(&permit, &grant(&house, warning, NOW)).await.unwrap();
    assert_eq!(tx.end_grants_of(&permit, house.teacher, NOW + 1).await.unwrap(), 0);
    assert_eq!(tx.end_grants_of(&permit, house.helper, NOW + 1).await.unwrap(), 1);
    assert_eq!(tx.end_grants_of(&permit, house.helper, NOW + 2).await.unwrap(), 0);
    assert_eq!(tx.grants_of_student(house.student).await.unwrap()[0].ended_at, Some(NOW + 1));
    assert!(tx.grants_of_person(PersonId(Uuid::nil())).await.unwrap().is_empty());
}

async fn a_lost_key_is_due(engine: Engine) {
    let house = House::new(engine).await;
    let permit = act(&house).await;
    let key = |compartment| Key {
        id: Uuid::new_v4().into(),
        subject: house.student.0,
        compartment,
        owner: Uuid::nil(),
        epoch: 1,
    };
    let (lost, kept) = (key(Compartment::Contact), key(Compartment::Support));
    let mut tx = house.begin().await;
    for key in [&lost, &kept] {
        tx.put_key(&permit, key).await.unwrap();
    }
    tx.mark_key(&permit, lost.id).await.unwrap();
    assert_eq!(tx.keys_due(house.school).await.unwrap(), [lost]);
}
