//! What can only be tried from inside: raw statements on a snapshot, and how errors of the drivers are sorted.

use super::{Db, Error, unavailable};

#[path = "../../tests/support/cluster.rs"]
#[expect(dead_code, reason = "shared with the tests outside, which use all of it")]
pub(super) mod cluster;
use cluster::{Engine, TestDb};

async fn write_on_a_snapshot(db: &Db) -> Result<u64, Error> {
    let mut conn = db.read().await?;
    sql!(conn, run "DELETE FROM throttles")
}

#[tokio::test]
async fn a_snapshot_refuses_writes_on_sqlite() {
    let on = TestDb::new(Engine::Sqlite).await;
    let refused = write_on_a_snapshot(&on.db).await;
    assert!(matches!(refused, Err(Error::Unavailable(_))), "{refused:?}");
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_snapshot_refuses_writes_on_postgres() {
    let on = TestDb::new(Engine::Postgres).await;
    let refused = write_on_a_snapshot(&on.db).await;
    assert!(matches!(refused, Err(Error::Unavailable(_))), "{refused:?}");
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn after_a_restart_of_the_server_the_first_act_finds_a_connection() {
    let on = TestDb::new(Engine::Postgres).await;
    let several = [on.db.read().await.unwrap(), on.db.read().await.unwrap(), on.db.read().await.unwrap()];
    drop(several);
    let other = on.open_again().await.unwrap();
    let mut tx = other.begin().await.unwrap();
    let ended: Vec<(bool,)> = sql!(
        tx,
        fetch_all(bool,): "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
         WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
    )
    .unwrap();
    assert!(ended.len() >= 3 && ended.iter().all(|one| one.0), "{ended:?}");
    on.db.begin().await.unwrap().installation().await.unwrap();
    on.db.read().await.unwrap().installation().await.unwrap();
}

#[tokio::test]
async fn a_file_that_another_process_holds_is_unavailable_and_not_a_defect() {
    let on = TestDb::new(Engine::Sqlite).await;
    let other = on.open_again().await.unwrap();
    let mut held = other.begin().await.unwrap();
    held.installation().await.unwrap();
    let first = async || on.db.begin().await?.installation().await;
    let refused = first().await.expect_err("one writer at a time");
    assert!(matches!(refused, Error::Unavailable(_)), "{refused:?}");
    drop(held);
    let mut tries = 0;
    while first().await.is_err() {
        tries += 1;
        assert!(tries < 3, "free again, once it is rolled back");
    }
}

#[tokio::test]
async fn a_full_disk_is_said_and_what_was_there_stays() {
    let on = TestDb::new(Engine::Sqlite).await;
    let mut tx = on.db.begin().await.unwrap();
    // The pages that are there and a few more: the same answer as from a full disk.
    let (pages,): (i64,) = sql!(tx, fetch_one (i64,): "PRAGMA page_count").unwrap();
    tx.commit().await.unwrap();
    let (limit,): (i64,) = set_limit(&on.db).await;
    assert!(limit >= pages);
    let mut refused = None;
    for key in 0..2_000_u32 {
        let mut tx = on.db.begin().await.unwrap();
        let wide = key.to_be_bytes().repeat(200);
        let put = tx.put_throttle(&wide, super::Throttle::default()).await;
        match put {
            Ok(()) => tx.commit().await.unwrap(),
            Err(error) => {
                refused = Some((key, error));
                break;
            }
        }
    }
    let (key, error) = refused.expect("the disk is full");
    assert!(matches!(error, Error::Unavailable(_)), "{error:?}");
    let mut conn = on.db.read().await.unwrap();
    let (kept,): (i64,) = sql!(conn, fetch_one (i64,): "SELECT count(*) FROM throttles").unwrap();
    assert_eq!(kept, i64::from(key), "everything before it is there, nothing half");
}

/// The writer is one connection, so that a limit set on it stays.
async fn set_limit(db: &Db) -> (i64,) {
    let mut tx = db.begin().await.unwrap();
    let limit = sql!(tx, fetch_one (i64,): "PRAGMA max_page_count = 100").unwrap();
    tx.commit().await.unwrap();
    limit
}

#[test]
fn only_passing_troubles_of_a_database_count_as_unavailable() {
    for (code, passing) in [
        (Some("5"), true),
        (Some("6"), true),
        (Some("8"), true),
        (Some("10"), true),
        (Some("13"), true),
        (Some("517"), true),
        (Some("1032"), true),
        (Some("1555"), false),
        (Some("11"), false),
        (Some("53100"), true),
        (Some("57P01"), true),
        (Some("08006"), true),
        (Some("25006"), true),
        (Some("23505"), false),
        (Some("42P01"), false),
        (None, false),
    ] {
        assert_eq!(unavailable(code), passing, "{code:?}");
    }
}
