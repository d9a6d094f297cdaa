//! Pairings, and rosters between dry run and import.

use uuid::Uuid;
use yice::domain::ids::{ImportId, PairingId};
use yice::store::{ImportState, Pairing, StoredImport};

use crate::support::both_backends;
use crate::support::cluster::Engine;
use crate::support::house::{House, NOW};

both_backends!(
    a_pairing_is_found_from_both_sides_and_ends_once,
    a_card_is_sealed_anew_in_its_place,
    a_roster_that_was_sent_replaces_the_one_before_but_never_one_under_way,
    an_import_starts_once,
);

fn pairing(house: &House, starts: &str) -> Pairing {
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
    }
}

async fn a_pairing_is_found_from_both_sides_and_ends_once(engine: Engine) {
    let house = House::new(engine).await;
    let permit = house.pair().await;
    let (older, newer) = (pairing(&house, "2026-09-01"), pairing(&house, "2026-11-01"));
    let mut tx = house.begin().await;
    for new in [&older, &newer] {
        tx.insert_pairing(&permit, new).await.unwrap();
    }
    let ids = |found: Vec<Pairing>| found.into_iter().map(|pairing| pairing.id).collect::<Vec<_>>();
    assert_eq!(ids(tx.pairings_of_helper(house.helper).await.unwrap()), [older.id, newer.id]);
    assert_eq!(ids(tx.pairings_of_student(house.student).await.unwrap()), [newer.id, older.id]);

    let found = tx.pairing(newer.id).await.unwrap().unwrap();
    assert_eq!((found.school_id, found.student_id, found.helper_id), (house.school, house.student, house.helper));
    assert_eq!((found.starts.as_str(), found.ends.as_str(), found.ended), ("2026-11-01", "2027-06-30", false));
    assert_eq!((found.epoch, found.version, found.card), (1, 1, vec![1, 1]));

    assert!(tx.end_pairing(&permit, newer.id).await.unwrap());
    assert!(!tx.end_pairing(&permit, newer.id).await.unwrap(), "it ended before");
    assert_eq!(ids(tx.pairings_of_helper(house.helper).await.unwrap()), [older.id]);
    assert_eq!(ids(tx.pairings(house.school).await.unwrap()), [older.id, newer.id], "running ones first");
    assert!(tx.pairing(newer.id).await.unwrap().unwrap().ended);
    assert!(tx.pairing(PairingId(Uuid::nil())).await.unwrap().is_none());
}

async fn a_card_is_sealed_anew_in_its_place(engine: Engine) {
    let house = House::new(engine).await;
    let permit = house.pair().await;
    let (one, other) = (pairing(&house, "2026-09-01"), pairing(&house, "2026-11-01"));
    let mut tx = house.begin().await;
    for new in [&one, &other] {
        tx.insert_pairing(&permit, new).await.unwrap();
    }
    tx.reseal_card(&permit, &Pairing { epoch: 2, card: vec![2], ..one.clone() }).await.unwrap();
    let found = tx.pairing(one.id).await.unwrap().unwrap();
    assert_eq!((found.epoch, found.card, found.starts), (2, vec![2], one.starts));
    assert_eq!(tx.pairing(other.id).await.unwrap().unwrap().epoch, 1);
}

fn import(house: &House, state: ImportState) -> StoredImport {
    StoredImport {
        id: ImportId(Uuid::now_v7()),
        school_id: house.school,
        person_id: house.teacher,
        state,
        done: 0,
        total: 45,
        sealed: vec![3],
        created_at: NOW,
    }
}

async fn a_roster_that_was_sent_replaces_the_one_before_but_never_one_under_way(engine: Engine) {
    let house = House::new(engine).await;
    let permit = house.import().await;
    let (running, checked, again) = (
        import(&house, ImportState::Running),
        import(&house, ImportState::Checked),
        import(&house, ImportState::Checked),
    );
    let mut tx = house.begin().await;
    for new in [&running, &checked, &again] {
        tx.insert_import(&permit, new).await.unwrap();
    }
    assert!(tx.import(checked.id).await.unwrap().is_none());
    assert!(tx.import(running.id).await.unwrap().is_some());
    let found = tx.import(again.id).await.unwrap().unwrap();
    assert_eq!((found.school_id, found.person_id, found.state), (house.school, house.teacher, ImportState::Checked));
    assert_eq!((found.done, found.total, found.sealed, found.created_at), (0, 45, vec![3], NOW));
}

async fn an_import_starts_once(engine: Engine) {
    let house = House::new(engine).await;
    let permit = house.import().await;
    let sent = import(&house, ImportState::Checked);
    let mut tx = house.begin().await;
    tx.insert_import(&permit, &sent).await.unwrap();
    let (from, to) = (ImportState::Checked, ImportState::Running);
    assert!(tx.move_import(&permit, sent.id, from, to).await.unwrap());
    assert!(!tx.move_import(&permit, sent.id, from, to).await.unwrap(), "a second click on the same button");
    tx.progress_import(&permit, sent.id, 20).await.unwrap();
    let found = tx.import(sent.id).await.unwrap().unwrap();
    assert_eq!((found.state, found.done), (ImportState::Running, 20));
}
