use proptest::prelude::*;

use super::*;
use crate::store::tests::cluster::{Engine, TestDb};
use crate::store::{Db, Throttle, sql, sql_all};

type All = (Uuid, i64, String, Vec<u8>, Option<String>);
type Seen = (i64, i64);

fn written(params: &Params) -> &[String] {
    &params.values
}

proptest! {
    #[test]
    fn whatever_is_typed_stands_in_a_script_as_digits(typed: String, bytes: Vec<u8>, number: i64) {
        let params = Params::default().bind(typed.as_str()).bind(bytes.as_slice()).bind(number).bind(Uuid::nil());
        let typed = written(&params)[0].strip_prefix("E'").and_then(|rest| rest.strip_suffix('\'')).unwrap();
        let escapes = typed.as_bytes().chunks(4);
        prop_assert!(typed.is_ascii() && escapes.clone().all(|four| four.len() == 4 && four.starts_with(b"\\x")));
        prop_assert!(escapes.flat_map(|four| &four[2..]).all(u8::is_ascii_hexdigit));
        let bytes = written(&params)[1].strip_prefix("'\\x").and_then(|rest| rest.strip_suffix('\'')).unwrap();
        prop_assert!(bytes.bytes().all(|b| b.is_ascii_hexdigit()));
        prop_assert_eq!(&written(&params)[2], &format!("'{number}'"));
    }
}

#[test]
fn an_argument_is_sent_to_the_texts_that_use_it() {
    let own = |text, uses: &[usize]| assert_eq!(with_own_arguments(text).1, uses);
    own("SELECT 1", &[]);
    own("SELECT $1 WHERE x = $12", &[0, 11]);
    own("SELECT $2, 'a $ alone', $", &[1]);
    let text = "SELECT $12, '$', $3, $12, $0, $120";
    assert_eq!(with_own_arguments(text), ("SELECT $1, '$', $2, $1, $0, $3".to_owned(), vec![11, 2, 119]));
}

async fn server() -> TestDb {
    TestDb::new(Engine::Postgres).await
}

/// How many connections the server has that are in a transaction and do nothing.
async fn left_open(db: &Db) -> i64 {
    let mut look = db.look().await.unwrap();
    let rows: Vec<(i64,)> = sql_all!(
        look,
        [],
        (i64,): "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'",
    )
    .unwrap();
    rows[0].0
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn values_of_every_kind_come_back_as_they_went() {
    let on = server().await;
    let (typed, bytes) = ("留守'; DROP TABLE students; -- \\ \" $1 \u{1F469}", [0_u8, 39, 92, 255]);
    for number in [i64::MIN, -1, 0, i64::MAX] {
        let mut look = on.db.look().await.unwrap();
        let rows: Vec<All> = sql_all!(
            look,
            [Uuid::max(), number, typed, &bytes[..], None::<&str>],
            All: "SELECT $1, $2, $3, $4, $5",
        )
        .unwrap();
        assert_eq!(rows, [(Uuid::max(), number, typed.to_owned(), bytes.to_vec(), None)]);
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn questions_of_one_look_see_one_moment_and_leave_nothing_open() {
    let on = server().await;
    for failures in 1..4 {
        let mut tx = on.db.begin().await.unwrap();
        tx.put_throttle(b"a", Throttle { failures, until: 0 }).await.unwrap();
        tx.commit().await.unwrap();
        let mut look = on.db.look().await.unwrap();
        let (first, second): (Vec<Seen>, Vec<Seen>) = sql_all!(
            look,
            [&b"a"[..]],
            Seen: "SELECT failures, (extract(epoch FROM now()) * 1000000)::bigint FROM throttles WHERE key = $1",
            Seen: "SELECT failures, (extract(epoch FROM now()) * 1000000)::bigint FROM throttles WHERE key = $1",
        )
        .unwrap();
        assert_eq!(first[0].0, failures);
        assert_eq!(first, second, "the moment too, which is that of the transaction");
    }
    assert_eq!(left_open(&on.db).await, 0);
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_look_refuses_writes() {
    let on = server().await;
    let mut look = on.db.look().await.unwrap();
    let refused = sql_all!(look, [1_i64], (): "DELETE FROM throttles WHERE failures = $1");
    assert!(matches!(refused, Err(crate::store::Error::Unavailable(_))), "{refused:?}");
    let mut look = on.db.look().await.unwrap();
    assert!(sql!(look, run "DELETE FROM throttles").is_err());
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn what_fails_or_is_dropped_in_the_middle_leaves_no_trace_and_no_open_transaction() {
    let on = server().await;
    for again in 0..3 {
        let mut tx = on.db.begin().await.unwrap();
        tx.put_throttle(b"a", Throttle { failures: 1, until: 0 }).await.unwrap();
        let failed = sql_all!(
            tx,
            [again],
            (): "DELETE FROM throttles WHERE failures >= $1",
            (i64,): "SELECT 1 / ($1 - $1)",
        )
        .map(|(_, _): (Vec<()>, Vec<(i64,)>)| ());
        assert!(failed.is_err());
        assert!(tx.throttle(b"a").await.is_err(), "nothing more is done in it");
        assert!(tx.commit().await.is_err(), "and nobody is told that it was kept");
        let mut tx = on.db.begin().await.unwrap();
        tx.put_throttle(b"b", Throttle { failures: 1, until: 0 }).await.unwrap();
        drop(tx);
        assert_eq!(on.db.look().await.unwrap().throttle(b"a").await.unwrap().failures, 0);
        assert_eq!(on.db.look().await.unwrap().throttle(b"b").await.unwrap().failures, 0);
    }
    let mut open = left_open(&on.db).await;
    for _ in 0..100 {
        if open == 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        open = left_open(&on.db).await;
    }
    assert_eq!(open, 0);
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn the_last_script_takes_the_commit_along() {
    let on = server().await;
    let mut tx = on.db.begin().await.unwrap();
    if let crate::store::Inner::Postgres(lent) = &mut tx.inner {
        lent.end_with_next();
    }
    let put: Vec<()> = sql_all!(
        tx,
        [&b"a"[..], 3_i64],
        (): "INSERT INTO throttles (key, failures, until) VALUES ($1, $2, 0)",
    )
    .unwrap();
    assert!(put.is_empty());
    assert_eq!(on.db.look().await.unwrap().throttle(b"a").await.unwrap().failures, 3, "before anybody said commit");
    tx.commit().await.unwrap();
}

/// A text that stays unknown to the server: it was stopped before it had prepared it, and nobody waited for the answer.
#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_script_that_was_given_up_and_stopped_leaves_no_connection_that_believes_it() {
    let on = server().await;
    let mut blocker = on.db.begin().await.unwrap();
    sql!(blocker, run "LOCK TABLE throttles IN ACCESS EXCLUSIVE MODE").unwrap();
    let count = async || {
        let mut look = on.db.look().await.unwrap();
        let counted: Result<Vec<(i64,)>> = sql_all!(look, [7_i64], (i64,): "SELECT count(*) + $1 FROM throttles");
        counted.map(|rows| rows[0].0)
    };
    let given_up = tokio::time::timeout(std::time::Duration::from_millis(300), count()).await;
    assert!(given_up.is_err(), "it waits for the table");
    let stopped = sql!(
        blocker,
        fetch_all (bool,): "SELECT pg_cancel_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event_type = 'Lock'",
    );
    assert_eq!(stopped.unwrap(), [(true,)]);
    blocker.leave().await.unwrap();
    for _ in 0..20 {
        assert_eq!(count().await.unwrap(), 7);
    }
}

/// What was said to be done is on the disk, although the transaction itself did not wait for it.
#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn what_was_said_to_be_done_is_on_the_disk() {
    let on = server().await;
    for failures in 0..50 {
        let mut tx = on.db.begin().await.unwrap();
        tx.put_throttle(b"a", Throttle { failures, until: 0 }).await.unwrap();
        let written: (String,) = sql!(tx, fetch_one (String,): "SELECT pg_current_wal_insert_lsn()::text").unwrap();
        tx.commit().await.unwrap();
        let mut look = on.db.look().await.unwrap();

        let (flushed,): (bool,) =
            sql!(look, fetch_one (bool,): "SELECT pg_current_wal_flush_lsn() >= $1::pg_lsn", written.0).unwrap();
        assert!(flushed, "act {failures}");
    }
}
