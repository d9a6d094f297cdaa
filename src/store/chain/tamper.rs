//! What somebody with the database, but without the server secret, can do to a chain. For tests only.

use super::super::{Db, Inner};
use super::*;

/// Runs a statement behind the back of the program.
pub(crate) async fn run(db: &Db, statement: &'static str) {
    let mut tx = db.begin().await.unwrap();
    let Inner::Sqlite(lease) = &mut tx.inner else { panic!("these tests are about SQLite") };
    lease.ask(sqlx::query(statement)).await.unwrap();
    tx.commit().await.unwrap();
}

/// Writes the whole chain of a school anew without one of its lines, so that every hash and the head fit again.
pub(crate) async fn rewrite_without(db: &Db, school: SchoolId, left_out: i64) {
    let mut tx = db.begin().await.unwrap();
    let rows = tx.lines_after(school, 0, i64::MAX).await.unwrap();
    sql!(tx, run "DELETE FROM audit_lines WHERE school_id = $1", school.0).unwrap();
    sql!(tx, run "DELETE FROM audit_heads WHERE school_id = $1", school.0).unwrap();
    for row in rows {
        let StoredLine { line, .. } = StoredLine::try_from(row).unwrap();
        if line.seq != left_out {
            tx.chain(line).await.unwrap();
        }
    }
    tx.commit().await.unwrap();
}

/// How SQLite would answer a question (`EXPLAIN QUERY PLAN …`), one line per step.
pub(crate) async fn plan(db: &Db, question: &'static str) -> Vec<String> {
    let mut conn = db.read().await.unwrap();
    let Inner::Sqlite(lease) = &mut conn.inner else { panic!("these tests are about SQLite") };
    let answers = lease.ask(sqlx::query(question)).await.unwrap();
    let rows: Vec<(i64, i64, i64, String)> = crate::store::answer::fetch_all(&answers).unwrap();
    rows.into_iter().map(|row| row.3).collect()
}
