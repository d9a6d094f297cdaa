//! Pairings of helpers with students.

use uuid::Uuid;
use yice::domain::ids::{PairingId, PersonId};
use yice::domain::words::Kind;
use yice::store::{Error, Pairing};

use crate::support::both_backends;
use crate::support::cluster::Engine;
use crate::support::house::{House, NOW};

both_backends!(
    a_pairing_is_found_from_both_sides_and_ends_once,
    a_card_is_sealed_anew_in_its_place,
    the_same_two_are_paired_once_at_a_time,
    a_helper_who_leaves_ends_every_pairing,
);

/// A second helper of the house.
async fn another_helper(house: &House) -> PersonId {
    let helper = PersonId(Uuid::now_v7());
    let mut tx = house.begin().await;
    tx.insert_person(&house.manage(Kind::Staff).await, &house.a_person(helper, "sun"), NOW).await.unwrap();
    tx.commit().await.unwrap();
    helper
}

pub fn pairing(house: &House, starts: &str) -> Pairing {
    Pairing {
        id: PairingId(Uuid::now_v7()),
        school_id: house.school,
        student_id: house.student,
        helper_id: house.helper,
        starts: starts.to_owned(),
        ends: "2027-06-30".to_owned(),
        ended: false,
        epoch: 1,
        version: 1,
        card: vec![1, 1],
        accepted_at: None,
        paused: false,
        declined: false,
        contact: true,
        outside: false,
        handed: None,
        handed_mark: None,
        started_by: None,
        stands_in_for: None,
    }
}

async fn a_pairing_is_found_from_both_sides_and_ends_once(engine: Engine) {
    let house = House::new(engine).await;
    let permit = house.pair().await;
    let older = Pairing { helper_id: another_helper(&house).await, ..pairing(&house, "2026-09-01") };
    let newer = pairing(&house, "2026-11-01");
    let mut tx = house.begin().await;
    for new in [&older, &newer] {
        tx.insert_pairing(&permit, new).await.unwrap();
    }
    let ids = |found: Vec<Pairing>| found.into_iter().map(|pairing| pairing.id).collect::<Vec<_>>();
    assert_eq!(ids(tx.pairings_of_helper(house.helper).await.unwrap()), [newer.id]);
    assert_eq!(ids(tx.pairings_of_student(house.student).await.unwrap()), [newer.id, older.id]);

    let found = tx.pairing(newer.id).await.unwrap().unwrap();
    assert_eq!((found.school_id, found.student_id, found.helper_id), (house.school, house.student, house.helper));
    assert_eq!((found.starts.as_str(), found.ends.as_str(), found.ended), ("2026-11-01", "2027-06-30", false));
    assert_eq!((found.epoch, found.version, found.card), (1, 1, vec![1, 1]));

    assert!(tx.end_pairing(&permit, newer.id).await.unwrap());
    assert!(!tx.end_pairing(&permit, newer.id).await.unwrap(), "it ended before");
    assert!(tx.pairings_of_helper(house.helper).await.unwrap().is_empty());
    assert_eq!(ids(tx.pairings(house.school).await.unwrap()), [older.id, newer.id], "running ones first");
    assert!(tx.pairing(newer.id).await.unwrap().unwrap().ended);
    assert!(tx.pairing(PairingId(Uuid::nil())).await.unwrap().is_none());
}

async fn the_same_two_are_paired_once_at_a_time(engine: Engine) {
    let house = House::new(engine).await;
    let permit = house.pair().await;
    let first = pairing(&house, "2026-09-01");
    let mut tx = house.begin().await;
    tx.insert_pairing(&permit, &first).await.unwrap();
    tx.commit().await.unwrap();

    let mut tx = house.begin().await;
    let twice = tx.insert_pairing(&permit, &pairing(&house, "2026-10-01")).await;
    assert!(matches!(twice, Err(Error::Taken(_))), "{twice:?}");
    drop(tx);

    let mut tx = house.begin().await;
    assert!(tx.end_pairing(&permit, first.id).await.unwrap());
    tx.insert_pairing(&permit, &pairing(&house, "2026-10-01")).await.unwrap();
    assert_eq!(tx.pairings_of_student(house.student).await.unwrap().len(), 2);
}

async fn a_helper_who_leaves_ends_every_pairing(engine: Engine) {
    let house = House::new(engine).await;
    let permit = house.pair().await;
    let (own, others) = (
        pairing(&house, "2026-09-01"),
        Pairing { helper_id: another_helper(&house).await, ..pairing(&house, "2026-09-01") },
    );
    let mut tx = house.begin().await;
    for new in [&own, &others] {
        tx.insert_pairing(&permit, new).await.unwrap();
    }
    let staff = house.manage(Kind::Staff).await;
    assert_eq!(tx.end_pairings_of(&staff, house.helper).await.unwrap(), 1);
    assert_eq!(tx.end_pairings_of(&staff, house.helper).await.unwrap(), 0);
    let ended = tx.pairing(own.id).await.unwrap().unwrap();
    assert!(ended.ended && ended.version == 2);
    assert!(!tx.pairing(others.id).await.unwrap().unwrap().ended);
}

async fn a_card_is_sealed_anew_in_its_place(engine: Engine) {
    let house = House::new(engine).await;
    let permit = house.pair().await;
    let one = pairing(&house, "2026-09-01");
    let other = Pairing { helper_id: another_helper(&house).await, ..pairing(&house, "2026-11-01") };
    let mut tx = house.begin().await;
    for new in [&one, &other] {
        tx.insert_pairing(&permit, new).await.unwrap();
    }
    tx.reseal_card(&permit, &Pairing { epoch: 2, card: vec![2], ..one.clone() }).await.unwrap();
    let found = tx.pairing(one.id).await.unwrap().unwrap();
    assert_eq!((found.epoch, found.card, found.starts), (2, vec![2], one.starts));
    assert_eq!(tx.pairing(other.id).await.unwrap().unwrap().epoch, 1);
}
