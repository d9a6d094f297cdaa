use std::path::Path;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::super::tests::{empty, failures, note, one_step};
use super::*;
use crate::store::chain::tamper;
use crate::store::{Db, Pools, Tx, sql};

/// How often something became permanent: the frames of the log that end a transaction.
fn commits(folder: &Path) -> usize {
    const FRAME: usize = 24 + 4096;
    let log = std::fs::read(folder.join("yice.db-wal")).unwrap();
    log[32..].chunks_exact(FRAME).filter(|frame| frame[4..8] != [0; 4]).count()
}

fn writer(db: &Db) -> &Arc<Shelf> {
    let Pools::Sqlite { writer, .. } = &db.pools else { panic!("these tests are about SQLite") };
    writer
}

/// Waits until so many wait for the connection.
async fn until_queue(db: &Db, count: usize) {
    while writer(db).queue.load(Ordering::SeqCst) != count {
        tokio::task::yield_now().await;
    }
}

/// An act that waits for the connection, notes its key, and ends when it is let: by `COMMIT`, or dropped.
fn act(db: &Db, key: &'static [u8], is_dropped: bool) -> (oneshot::Sender<()>, JoinHandle<Result<()>>) {
    let (go, gate) = oneshot::channel();
    let db = db.clone();
    let act = tokio::spawn(async move {
        let mut tx = db.begin().await?;
        note(&mut tx, key, 1).await;
        gate.await.unwrap();
        if is_dropped { Ok(()) } else { tx.commit().await }
    });
    (go, act)
}

/// An act that has ended while another one waited for the connection, and has it now.
async fn ended_beside(
    db: &Db,
    is_dropped: bool,
) -> (JoinHandle<Result<()>>, oneshot::Sender<()>, JoinHandle<Result<()>>) {
    let mut first = db.begin().await.unwrap();
    note(&mut first, b"first", 1).await;
    let (go, second) = act(db, b"second", is_dropped);
    until_queue(db, 1).await;
    let first = tokio::spawn(first.commit());
    until_queue(db, 0).await;
    (first, go, second)
}

#[tokio::test]
async fn acts_that_wait_share_one_commit_and_nobody_is_told_before_it() {
    let (db, folder) = empty().await;
    let before = commits(folder.path());
    let (first, go, second) = ended_beside(&db, false).await;
    let third = act(&db, b"third", false);
    until_queue(&db, 1).await;
    assert_eq!(failures(&db, b"first").await, 0, "nothing is on the disk");
    assert!(!first.is_finished(), "and nobody is told that it is");
    third.0.send(()).unwrap();
    go.send(()).unwrap();
    for act in [first, second, third.1] {
        act.await.unwrap().unwrap();
    }
    for key in [&b"first"[..], b"second", b"third"] {
        assert_eq!(failures(&db, key).await, 1);
    }
    assert_eq!(commits(folder.path()), before + 1);
}

#[tokio::test]
async fn an_act_that_is_dropped_takes_nobody_along() {
    let (db, folder) = empty().await;
    let before = commits(folder.path());
    let (first, go, second) = ended_beside(&db, true).await;
    go.send(()).unwrap();
    second.await.unwrap().unwrap();
    first.await.unwrap().unwrap();
    assert_eq!((failures(&db, b"first").await, failures(&db, b"second").await), (1, 0));
    assert_eq!(commits(folder.path()), before + 1);
}

#[tokio::test]
async fn after_a_statement_that_failed_those_who_ended_before_stay() {
    let (db, _folder) = empty().await;
    let mut first = db.begin().await.unwrap();
    note(&mut first, b"first", 1).await;
    let other = db.clone();
    let second = tokio::spawn(async move {
        let mut tx = other.begin().await?;
        note(&mut tx, b"second", 1).await;
        let nobody = sql!(tx, run "INSERT INTO duties (id) VALUES ($1)", 1_i64);
        assert!(nobody.is_err());
        tx.commit().await
    });
    until_queue(&db, 1).await;
    first.commit().await.unwrap();
    assert!(second.await.unwrap().is_err(), "what failed cannot be committed");
    assert_eq!((failures(&db, b"first").await, failures(&db, b"second").await), (1, 0));
}

#[tokio::test]
async fn if_the_commit_fails_everybody_is_told_and_nothing_happened() {
    let (db, _folder) = empty().await;
    tamper::run(&db, "CREATE TABLE above (id INTEGER PRIMARY KEY)").await;
    tamper::run(&db, "CREATE TABLE below (id INTEGER REFERENCES above (id) DEFERRABLE INITIALLY DEFERRED)").await;
    let mut first = db.begin().await.unwrap();
    note(&mut first, b"first", 1).await;
    // Found out at the end of the transaction only.
    sql!(first, run "INSERT INTO below VALUES (1)").unwrap();
    let (go, second) = act(&db, b"second", false);
    until_queue(&db, 1).await;
    let first = tokio::spawn(first.commit());
    go.send(()).unwrap();
    for act in [first, second] {
        let told = act.await.unwrap();
        assert!(matches!(&told, Err(Error::Unavailable(_))), "{told:?}");
    }
    assert_eq!((failures(&db, b"first").await, failures(&db, b"second").await), (0, 0));
    let mut next = db.begin().await.unwrap();
    note(&mut next, b"next", 1).await;
    next.commit().await.unwrap();
    assert_eq!(failures(&db, b"next").await, 1);
}

#[tokio::test]
async fn where_sqlite_rolls_everything_back_everybody_is_told() {
    let (db, _folder) = empty().await;
    let mut tx = db.begin().await.unwrap();
    let (limit,): (i64,) = sql!(tx, fetch_one (i64,): "PRAGMA max_page_count = 1").unwrap();
    assert!(limit > 1, "as many as there are");
    note(&mut tx, b"first", 1).await;
    let other = db.clone();
    let second = tokio::spawn(async move {
        let mut tx = other.begin().await?;
        for key in 0..200_u32 {
            tx.put_throttle(&key.to_be_bytes().repeat(200), crate::store::Throttle::default()).await?;
        }
        tx.commit().await
    });
    until_queue(&db, 1).await;
    let first = tx.commit().await;
    let second = second.await.unwrap();
    assert!(matches!(second, Err(Error::Unavailable(_))), "the disk is full: {second:?}");
    assert!(matches!(first, Err(Error::Unavailable(_))), "what ended before it is lost with it: {first:?}");
    assert_eq!(failures(&db, b"first").await, 0);
    let mut next = db.begin().await.unwrap();
    note(&mut next, b"next", 1).await;
    next.commit().await.unwrap();
    assert_eq!(failures(&db, b"next").await, 1);
}

#[tokio::test]
async fn an_act_that_is_given_up_anywhere_neither_strands_nor_spoils_those_who_ended() {
    let (db, _folder) = empty().await;
    for polls in 0..40 {
        let mut first = db.begin().await.unwrap();
        note(&mut first, b"first", polls).await;
        let mut second = Box::pin(async {
            let mut tx = db.begin().await.unwrap();
            note(&mut tx, b"second", polls).await;
            tx.throttle(b"second").await.unwrap();
            tx.commit().await.unwrap();
        });
        assert!(!one_step(&mut second).await, "it waits");
        let first = tokio::spawn(first.commit());
        for _ in 0..polls {
            if one_step(&mut second).await {
                break;
            }
        }
        drop(second);
        first.await.unwrap().unwrap();
        assert_eq!(failures(&db, b"first").await, polls);
    }
}

#[tokio::test]
async fn whoever_waited_and_gave_up_strands_nobody() {
    let (db, folder) = empty().await;
    let before = commits(folder.path());
    let mut first = db.begin().await.unwrap();
    note(&mut first, b"first", 1).await;
    let (go, second) = act(&db, b"second", false);
    until_queue(&db, 1).await;
    let mut first = Box::pin(async { first.commit().await.unwrap() });
    // It ended and left the connection for the second, which never comes.
    assert!(!one_step_alone(&mut first).await);
    second.abort();
    first.await;
    assert!(second.await.unwrap_err().is_cancelled());
    drop(go);
    assert_eq!((failures(&db, b"first").await, failures(&db, b"second").await), (1, 0));
    assert_eq!(commits(folder.path()), before + 1);
}

/// Lets an act take one step, and nobody else.
async fn one_step_alone(act: &mut std::pin::Pin<Box<impl Future<Output = ()>>>) -> bool {
    std::future::poll_fn(|context| std::task::Poll::Ready(act.as_mut().poll(context).is_ready())).await
}

#[tokio::test]
async fn nobody_waits_for_a_long_act() {
    let (db, folder) = empty().await;
    let before = commits(folder.path());
    let mut first = db.begin().await.unwrap();
    note(&mut first, b"first", 1).await;
    let other = db.clone();
    let (ready, long) = oneshot::channel::<Tx>();
    tokio::spawn(async move {
        let mut long = other.begin_long().await.unwrap();
        note(&mut long, b"long", 1).await;
        ready.send(long).ok().unwrap();
    });
    until_queue(&db, 1).await;
    first.commit().await.unwrap();
    assert_eq!(failures(&db, b"first").await, 1, "before the long one ends");
    let long = long.await.unwrap();
    let (go, third) = act(&db, b"third", false);
    until_queue(&db, 1).await;
    long.commit().await.unwrap();
    assert_eq!((failures(&db, b"long").await, failures(&db, b"third").await), (1, 0), "nor does it wait for anybody");
    go.send(()).unwrap();
    third.await.unwrap().unwrap();
    assert_eq!(commits(folder.path()), before + 3);
}

#[tokio::test]
async fn whoever_finds_what_another_wrote_answers_when_that_is_permanent() {
    let (db, _folder) = empty().await;
    let mut first = db.begin().await.unwrap();
    note(&mut first, b"first", 1).await;
    let other = db.clone();
    let second = tokio::spawn(async move {
        let mut tx = other.begin().await.unwrap();
        let found = tx.throttle(b"first").await.unwrap().failures;
        note(&mut tx, b"second", 1).await;
        tx.leave().await.unwrap();
        (found, failures(&other, b"first").await)
    });
    until_queue(&db, 1).await;
    first.commit().await.unwrap();
    assert_eq!(second.await.unwrap(), (1, 1));
    assert_eq!(failures(&db, b"second").await, 0, "what it did itself is taken back");
}

#[tokio::test]
async fn what_ended_is_kept_when_the_database_is_closed() {
    let (db, folder) = empty().await;
    let mut first = db.begin().await.unwrap();
    note(&mut first, b"first", 1).await;
    let closing = tokio::spawn({
        let db = db.clone();
        async move { db.close().await }
    });
    tokio::task::yield_now().await;
    let (_go, second) = act(&db, b"second", false);
    until_queue(&db, 1).await;
    first.commit().await.unwrap();
    closing.await.unwrap();
    assert!(second.await.unwrap().is_err(), "it came too late");
    let again = Db::open_sqlite(&folder.path().join("yice.db")).await.unwrap();
    assert_eq!((failures(&again, b"first").await, failures(&again, b"second").await), (1, 0));
}

static KEYS: &[u8; 2 * MOST] = b"0123456789abcdefghijklmnopqrstuv";

#[tokio::test]
async fn no_more_wait_for_each_other_than_shall() {
    let (db, folder) = empty().await;
    let before = commits(folder.path());
    let mut first = db.begin().await.unwrap();
    note(&mut first, b"first", 1).await;
    // A row that is written as it stands is no write: each has a key of its own.
    let acts: Vec<_> = KEYS.chunks(1).map(|key| act(&db, key, false)).collect();
    until_queue(&db, 2 * MOST).await;
    let (go, acts): (Vec<_>, Vec<_>) = acts.into_iter().unzip();
    for go in go {
        go.send(()).unwrap();
    }
    first.commit().await.unwrap();
    for act in acts {
        act.await.unwrap().unwrap();
    }
    assert_eq!(commits(folder.path()), before + 3, "two times as many as shall, and the last one");
}
