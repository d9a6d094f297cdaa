use std::future::poll_fn;

use super::*;
use crate::store::{Db, Inner, Throttle, Tx, sql, sql_all};

pub(super) async fn empty() -> (Db, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (Db::open_sqlite(&folder.path().join("yice.db")).await.unwrap(), folder)
}

pub(super) async fn failures(db: &Db, key: &[u8]) -> i64 {
    db.look().await.unwrap().throttle(key).await.unwrap().failures
}

pub(super) async fn note(tx: &mut Tx, key: &[u8], failures: i64) {
    tx.put_throttle(key, Throttle { failures, until: 0 }).await.unwrap();
}

#[tokio::test]
async fn a_transaction_begins_with_its_first_statement_and_holds_until_its_end() {
    let (db, folder) = empty().await;
    let other = Db::open_sqlite(&folder.path().join("yice.db")).await.unwrap();
    let idle = db.begin().await.unwrap();
    note(&mut other.begin().await.unwrap(), b"a", 1).await;
    drop(idle);
    let mut first = db.begin().await.unwrap();
    assert_eq!(first.throttle(b"a").await.unwrap().failures, 0, "the other one was not committed");
    note(&mut first, b"a", 2).await;
    first.commit().await.unwrap();
    assert_eq!(failures(&other, b"a").await, 2);
}

#[tokio::test]
async fn what_is_dropped_is_rolled_back_before_the_next_one_writes() {
    let (db, _folder) = empty().await;
    for _ in 0..20 {
        let mut tx = db.begin().await.unwrap();
        note(&mut tx, b"a", 1).await;
        drop(tx);
        let mut tx = db.begin().await.unwrap();
        assert_eq!(tx.throttle(b"a").await.unwrap().failures, 0);
        note(&mut tx, b"b", 1).await;
        tx.commit().await.unwrap();
    }
    assert_eq!((failures(&db, b"a").await, failures(&db, b"b").await), (0, 1));
}

#[tokio::test]
async fn an_act_that_is_given_up_in_the_middle_of_a_text_leaves_nothing_open() {
    let (db, _folder) = empty().await;
    for polls in 1..40 {
        let mut tx = db.begin().await.unwrap();
        let mut act = Box::pin(async {
            note(&mut tx, b"a", 1).await;
            tx.throttle(b"a").await.unwrap();
        });
        for _ in 0..polls {
            if one_step(&mut act).await {
                break;
            }
        }
        drop(act);
        drop(tx);
    }
    let mut tx = db.begin().await.unwrap();
    assert_eq!(tx.throttle(b"a").await.unwrap().failures, 0);
    note(&mut tx, b"a", 7).await;
    tx.commit().await.unwrap();
    assert_eq!(failures(&db, b"a").await, 7);
}

/// Lets an act take one step; whether it ended with it.
pub(super) async fn one_step(act: &mut std::pin::Pin<Box<impl Future<Output = ()>>>) -> bool {
    let ended = poll_fn(|context| std::task::Poll::Ready(act.as_mut().poll(context).is_ready())).await;
    tokio::task::yield_now().await;
    ended
}

#[tokio::test]
async fn after_a_statement_that_failed_nothing_of_its_transaction_can_be_committed() {
    let (db, _folder) = empty().await;
    let mut tx = db.begin().await.unwrap();
    note(&mut tx, b"a", 1).await;
    let nobody = sql!(tx, run "INSERT INTO duties (id) VALUES ($1)", 1_i64);
    assert!(nobody.is_err());
    assert!(tx.throttle(b"a").await.is_err(), "not even read");
    assert!(tx.commit().await.is_err());
    assert_eq!(failures(&db, b"a").await, 0);
    let mut tx = db.begin().await.unwrap();
    note(&mut tx, b"a", 3).await;
    tx.commit().await.unwrap();
    assert_eq!(failures(&db, b"a").await, 3);
}

#[tokio::test]
async fn the_number_of_rows_is_that_of_the_statement_and_not_of_one_before() {
    let (db, _folder) = empty().await;
    let mut tx = db.begin().await.unwrap();
    for key in 0..5_u8 {
        note(&mut tx, &[key], 1).await;
    }
    assert_eq!(sql!(tx, run "UPDATE throttles SET failures = 2").unwrap(), 5);
    tx.commit().await.unwrap();
    let mut tx = db.begin().await.unwrap();
    assert_eq!(sql!(tx, run "UPDATE throttles SET failures = 3 WHERE key = $1", vec![9_u8]).unwrap(), 0);
    assert_eq!(sql!(tx, run "UPDATE throttles SET failures = 3 WHERE key = $1", vec![4_u8]).unwrap(), 1);
}

#[tokio::test]
async fn a_look_keeps_nothing_open_and_a_closed_shelf_lends_nothing() {
    let (db, _folder) = empty().await;
    let mut look = db.look().await.unwrap();
    let both = sql_all!(look, [1_i64], (i64,): "SELECT $1", (i64, i64): "SELECT $1, count(*) FROM throttles");
    assert_eq!(both.unwrap(), (vec![(1,)], vec![(1, 0)]));
    assert!(matches!(&look.inner, Inner::Sqlite(lease) if lease.state == State::Idle));
    let mut tx = db.begin().await.unwrap();
    note(&mut tx, b"a", 1).await;
    tx.commit().await.unwrap();
    assert_eq!(look.throttle(b"a").await.unwrap().failures, 1, "the next question sees what came meanwhile");
    let mut snapshot = db.read().await.unwrap();
    assert_eq!(snapshot.throttle(b"a").await.unwrap().failures, 1);
    assert!(matches!(&snapshot.inner, Inner::Sqlite(lease) if lease.state == State::Open));
    drop((look, snapshot));
    db.close().await;
    assert!(matches!(db.begin().await, Err(crate::store::Error::Sqlx(sqlx::Error::PoolClosed))));
}

/// Its tables change under the feet of a connection: the driver's thread does not survive the second of two statements that
/// worked a moment ago.
#[tokio::test]
async fn a_connection_whose_thread_died_is_said_to_have_failed_and_is_replaced() {
    let (db, folder) = empty().await;
    let other = Db::open_sqlite(&folder.path().join("yice.db")).await.unwrap();
    let both = async |tx: &mut Tx| sql_all!(tx, [1_i64], (i64,): "SELECT $1", (i64,): "SELECT count(*) FROM throttles");
    let mut tx = db.begin().await.unwrap();
    note(&mut tx, b"a", 1).await;
    assert_eq!(both(&mut tx).await.unwrap(), (vec![(1,)], vec![(1,)]));
    tx.commit().await.unwrap();
    crate::store::chain::tamper::run(&other, "ALTER TABLE throttles RENAME TO elsewhere").await;
    let mut tx = db.begin().await.unwrap();
    assert!(tx.installation().await.unwrap().is_none());
    assert!(both(&mut tx).await.is_err());
    drop(tx);
    crate::store::chain::tamper::run(&other, "ALTER TABLE elsewhere RENAME TO throttles").await;
    let mut tx = db.begin().await.unwrap();
    note(&mut tx, b"a", 2).await;
    tx.commit().await.unwrap();
    assert_eq!(failures(&db, b"a").await, 2);
}

#[tokio::test]
async fn the_students_of_a_class_are_listed_from_an_index_alone() {
    let (db, _folder) = empty().await;
    let question = "EXPLAIN QUERY PLAN SELECT id, status, version FROM students WHERE class_id = x'00'";
    let plan = crate::store::chain::tamper::plan(&db, question).await;
    assert_eq!(plan, ["SEARCH students USING COVERING INDEX students_by_class (class_id=?)"]);
}
