//! Rosters between dry run and import: one run at a time, and a run whose process died is taken over.

use uuid::Uuid;
use yice::domain::clock::MINUTE;
use yice::domain::ids::ImportId;
use yice::domain::words::{Kind, Relation, Role};
use yice::policy::Import;
use yice::store::{ImportState, StoredImport};

use crate::support::both_backends;
use crate::support::cluster::Engine;
use crate::support::house::{House, NOW, permit};

both_backends!(
    a_roster_that_was_sent_replaces_the_one_before_but_never_one_under_way,
    what_nobody_confirmed_is_forgotten,
    an_import_starts_once_and_again_when_its_run_fell_silent,
    a_run_that_was_taken_over_cannot_finish,
    a_failed_run_can_be_started_again_and_a_done_one_not,
    nobody_starts_the_import_of_a_colleague,
);

/// A run that gave no sign of life since then is dead.
const SILENT: i64 = NOW - MINUTE;
const OLDEST: i64 = NOW - 100 * MINUTE;

fn sent(house: &House, state: ImportState, at: i64) -> StoredImport {
    StoredImport {
        id: ImportId(Uuid::now_v7()),
        school_id: house.school,
        person_id: house.teacher,
        state,
        done: 0,
        total: 45,
        sealed: vec![3],
        result: String::new(),
        run: Uuid::nil(),
        seen_at: at,
        created_at: at,
    }
}

fn run() -> Uuid {
    Uuid::now_v7()
}

async fn a_roster_that_was_sent_replaces_the_one_before_but_never_one_under_way(engine: Engine) {
    let house = House::new(engine).await;
    let permit = house.import().await;
    let running = sent(&house, ImportState::Running, NOW);
    let dead = sent(&house, ImportState::Running, SILENT - 1);
    let checked = sent(&house, ImportState::Checked, NOW);
    let again = sent(&house, ImportState::Checked, NOW + 1);
    let mut tx = house.begin().await;
    for new in [&running, &dead, &checked, &again] {
        tx.insert_import(&permit, new, OLDEST, SILENT).await.unwrap();
    }
    assert!(tx.import(checked.id).await.unwrap().is_none());
    assert!(tx.import(dead.id).await.unwrap().is_none());
    let kept: Vec<ImportId> = tx.imports_of(house.teacher).await.unwrap().iter().map(|import| import.id).collect();
    assert_eq!(kept, [again.id, running.id], "newest first");
    assert!(tx.imports_of(house.helper).await.unwrap().is_empty());
    let found = tx.import(again.id).await.unwrap().unwrap();
    assert_eq!((found.school_id, found.person_id, found.state), (house.school, house.teacher, ImportState::Checked));
    assert_eq!((found.done, found.total, found.sealed), (0, 45, vec![3]));
    assert_eq!((found.result.as_str(), found.run), ("", Uuid::nil()));
    assert_eq!((found.seen_at, found.created_at), (NOW + 1, NOW + 1));
}

async fn what_nobody_confirmed_is_forgotten(engine: Engine) {
    let house = House::new(engine).await;
    let pair = (Role::HomeroomTeacher, Relation::OwnClass);
    let colleague = permit::<Import>(house.helper, house.school, pair, Kind::Roster, house.classes[1].0).await;
    let forgotten = sent(&house, ImportState::Checked, OLDEST - 1);
    let recent = sent(&house, ImportState::Checked, OLDEST);
    let mut tx = house.begin().await;
    tx.insert_import(&colleague, &forgotten, 0, 0).await.unwrap();
    tx.insert_import(&house.import().await, &recent, OLDEST, SILENT).await.unwrap();
    assert!(tx.import(forgotten.id).await.unwrap().is_none());
    assert!(tx.import(recent.id).await.unwrap().is_some());
}

async fn an_import_starts_once_and_again_when_its_run_fell_silent(engine: Engine) {
    let house = House::new(engine).await;
    let permit = house.import().await;
    let import = sent(&house, ImportState::Checked, NOW);
    let (first, second) = (run(), run());
    let mut tx = house.begin().await;
    tx.insert_import(&permit, &import, OLDEST, SILENT).await.unwrap();
    assert!(tx.start_import(&permit, import.id, first, NOW, SILENT).await.unwrap());
    assert!(!tx.start_import(&permit, import.id, second, NOW, SILENT).await.unwrap(), "a second click");
    tx.progress_import(&permit, first, 20, NOW + MINUTE).await.unwrap();
    let found = tx.import(import.id).await.unwrap().unwrap();
    assert_eq!((found.state, found.run, found.done), (ImportState::Running, first, 20));
    assert_eq!(found.seen_at, NOW + MINUTE);

    assert!(!tx.start_import(&permit, import.id, second, NOW + 2 * MINUTE, NOW + MINUTE).await.unwrap());
    assert!(tx.start_import(&permit, import.id, second, NOW + 3 * MINUTE, NOW + 2 * MINUTE).await.unwrap());
    let found = tx.import(import.id).await.unwrap().unwrap();
    assert_eq!((found.run, found.done, found.seen_at), (second, 0, NOW + 3 * MINUTE));
}

async fn a_run_that_was_taken_over_cannot_finish(engine: Engine) {
    let house = House::new(engine).await;
    let permit = house.import().await;
    let import = sent(&house, ImportState::Checked, NOW);
    let (first, second) = (run(), run());
    let mut tx = house.begin().await;
    tx.insert_import(&permit, &import, OLDEST, SILENT).await.unwrap();
    assert!(tx.start_import(&permit, import.id, first, SILENT - 1, SILENT).await.unwrap());
    assert!(tx.start_import(&permit, import.id, second, NOW, SILENT).await.unwrap());
    assert!(!tx.finish_import(&permit, first, "created=45", vec![]).await.unwrap());
    tx.fail_import(&permit, first).await.unwrap();
    tx.progress_import(&permit, first, 44, NOW).await.unwrap();
    let found = tx.import(import.id).await.unwrap().unwrap();
    assert_eq!((found.state, found.done), (ImportState::Running, 0), "the dead run touches nothing");

    assert!(tx.finish_import(&permit, second, "created=45", vec![8]).await.unwrap());
    let found = tx.import(import.id).await.unwrap().unwrap();
    assert_eq!((found.state, found.done, found.result.as_str()), (ImportState::Done, 45, "created=45"));
    assert_eq!(found.sealed, [8], "only the refusals stay");
}

async fn a_failed_run_can_be_started_again_and_a_done_one_not(engine: Engine) {
    let house = House::new(engine).await;
    let permit = house.import().await;
    let import = sent(&house, ImportState::Checked, NOW);
    let mut tx = house.begin().await;
    tx.insert_import(&permit, &import, OLDEST, SILENT).await.unwrap();
    let failed = run();
    assert!(tx.start_import(&permit, import.id, failed, NOW, SILENT).await.unwrap());
    tx.fail_import(&permit, failed).await.unwrap();
    assert_eq!(tx.import(import.id).await.unwrap().unwrap().state, ImportState::Failed);
    let good = run();
    assert!(tx.start_import(&permit, import.id, good, NOW, SILENT).await.unwrap());
    assert!(tx.finish_import(&permit, good, "", vec![]).await.unwrap());
    assert!(!tx.start_import(&permit, import.id, run(), NOW, NOW + MINUTE).await.unwrap(), "it is done");
}

async fn nobody_starts_the_import_of_a_colleague(engine: Engine) {
    let house = House::new(engine).await;
    let pair = (Role::HomeroomTeacher, Relation::OwnClass);
    let colleague = permit::<Import>(house.helper, house.school, pair, Kind::Roster, house.classes[1].0).await;
    let import = sent(&house, ImportState::Checked, NOW);
    let mut tx = house.begin().await;
    tx.insert_import(&house.import().await, &import, OLDEST, SILENT).await.unwrap();
    assert!(!tx.start_import(&colleague, import.id, run(), NOW, SILENT).await.unwrap());
    let mine = run();
    assert!(tx.start_import(&house.import().await, import.id, mine, NOW, SILENT).await.unwrap());
    assert!(!tx.finish_import(&colleague, mine, "", vec![]).await.unwrap());
}
