use std::sync::Arc;

use tempfile::TempDir;

use super::*;
use crate::domain::audit::Event;
use crate::domain::relation::Standing;
use crate::domain::words::Kind;
use crate::policy::{Manage, Permit, Policy};
use crate::store::Db;

const SCHOOL: SchoolId = SchoolId(Uuid::from_u128(7));
const LINES: i64 = 12;

async fn permit() -> Permit<Manage> {
    let policy = Policy::load().await.unwrap();
    policy.permit(&Standing::installation(SCHOOL), Kind::Structure, SCHOOL.0).unwrap()
}

/// A database with a chain of so many lines.
async fn chained(lines: i64) -> (Db, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let db = Db::open_sqlite(&folder.path().join("yice.db")).await.unwrap();
    let permit = permit().await;
    let mut tx = db.begin().await.unwrap();
    for number in 0..lines {
        tx.record(&permit, Event::ClassChanged, &format!("version={number}"), 1_000 + number).await.unwrap();
    }
    tx.commit().await.unwrap();
    (db, folder)
}

/// How many lines the head says there are.
async fn length(db: &Db) -> i64 {
    db.read().await.unwrap().audit_heads().await.unwrap()[0].1
}

async fn broken_at(db: &Db) -> Option<i64> {
    db.read().await.unwrap().verify_chain(SCHOOL).await.unwrap().map(|broken| broken.seq)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixteen_at_once_leave_a_chain_without_a_gap() {
    let (db, _folder) = chained(0).await;
    let permit = Arc::new(permit().await);
    let tasks = (0..16).map(|_| {
        let (db, permit) = (db.clone(), Arc::clone(&permit));
        tokio::spawn(async move {
            for _ in 0..25 {
                let mut tx = db.begin().await.unwrap();
                tx.record(&permit, Event::ClassChanged, "", 1).await.unwrap();
                tx.commit().await.unwrap();
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    assert_eq!((length(&db).await, broken_at(&db).await), (400, None));
}

#[tokio::test]
async fn an_act_that_does_not_happen_leaves_no_line_and_no_gap() {
    let (db, _folder) = chained(3).await;
    let mut tx = db.begin().await.unwrap();
    tx.record(&permit().await, Event::ClassChanged, "", 1).await.unwrap();
    drop(tx);
    let mut tx = db.begin().await.unwrap();
    tx.record(&permit().await, Event::TermChanged, "", 1).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!((length(&db).await, broken_at(&db).await), (4, None));
}

#[tokio::test]
async fn a_change_of_any_column_is_found_at_its_line() {
    let changes = [
        "UPDATE audit_lines SET school_id = zeroblob(16) WHERE seq = 7",
        "UPDATE audit_lines SET seq = 700 WHERE seq = 7",
        "UPDATE audit_lines SET at = at + 1 WHERE seq = 7",
        "UPDATE audit_lines SET actor = randomblob(16) WHERE seq = 7",
        "UPDATE audit_lines SET role = 'counsellor' WHERE seq = 7",
        "UPDATE audit_lines SET role = '' WHERE seq = 7",
        "UPDATE audit_lines SET relation = 'own' WHERE seq = 7",
        "UPDATE audit_lines SET kind = 'staff' WHERE seq = 7",
        "UPDATE audit_lines SET event = 'term_changed' WHERE seq = 7",
        "UPDATE audit_lines SET outcome = 'refused' WHERE seq = 7",
        "UPDATE audit_lines SET object = randomblob(16) WHERE seq = 7",
        "UPDATE audit_lines SET detail = 'version=66' WHERE seq = 7",
        "UPDATE audit_lines SET hash = randomblob(32) WHERE seq = 7",
        // Things that cannot even be read.
        "UPDATE audit_lines SET event = 'nonsense' WHERE seq = 7",
        "UPDATE audit_lines SET role = 'headmaster' WHERE seq = 7",
        "UPDATE audit_lines SET actor = x'00' WHERE seq = 7",
        "UPDATE audit_lines SET hash = x'' WHERE seq = 7",
        "DELETE FROM audit_lines WHERE seq = 7",
    ];
    for change in changes {
        let (db, _folder) = chained(LINES).await;
        assert_eq!(broken_at(&db).await, None);
        tamper::run(&db, change).await;
        assert_eq!(broken_at(&db).await, Some(7), "{change}");
    }
}

#[tokio::test]
async fn the_end_of_a_chain_cannot_be_cut_off_or_drawn_out() {
    let changes = [
        ("DELETE FROM audit_lines WHERE seq = 12", 12),
        ("DELETE FROM audit_lines WHERE seq > 4", 5),
        ("DELETE FROM audit_lines", 1),
        ("UPDATE audit_heads SET seq = 11", 13),
        ("UPDATE audit_heads SET hash = zeroblob(32)", 13),
        ("DELETE FROM audit_heads", 13),
    ];
    for (change, at) in changes {
        let (db, _folder) = chained(LINES).await;
        tamper::run(&db, change).await;
        assert_eq!(broken_at(&db).await, Some(at), "{change}");
    }
}

#[tokio::test]
async fn a_long_chain_is_walked_in_pieces_and_broken_where_it_is_broken() {
    let (db, _folder) = chained(2 * CHUNK + 5).await;
    assert_eq!((length(&db).await, broken_at(&db).await), (2 * CHUNK + 5, None));
    tamper::run(&db, "UPDATE audit_lines SET actor = x'00' WHERE seq = 1500").await;
    assert_eq!(broken_at(&db).await, Some(1500));
}

#[tokio::test]
async fn a_chain_written_anew_as_a_whole_verifies_and_only_a_signed_head_tells() {
    let (db, _folder) = chained(LINES).await;
    let mut conn = db.read().await.unwrap();
    let before = conn.line_hash(SCHOOL, 9).await.unwrap();
    drop(conn);
    tamper::rewrite_without(&db, SCHOOL, 5).await;
    assert_eq!(broken_at(&db).await, None);
    assert_ne!(db.read().await.unwrap().line_hash(SCHOOL, 9).await.unwrap(), before);
}
