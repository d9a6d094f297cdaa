//! Copies of an embedded database: one consistent file while others go on writing, and the check of one that came back.

use std::path::Path;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, SqliteConnection};

use super::{Error, Result};

/// Writes a consistent copy of an embedded database into a new file; a server may go on writing meanwhile.
///
/// # Errors
/// The database cannot be read, or `to` exists or cannot be written.
pub async fn copy_sqlite(from: &Path, to: &Path) -> Result<()> {
    let options = SqliteConnectOptions::new().filename(from).create_if_missing(false).pragma("trusted_schema", "OFF");
    let mut conn = SqliteConnection::connect_with(&options).await?;
    let done = sqlx::query("VACUUM INTO $1").bind(to.to_string_lossy().into_owned()).execute(&mut conn).await;
    conn.close().await?;
    Ok(done.map(drop)?)
}

/// Whether a file is a whole database of an installation. Changes nothing in it.
///
/// # Errors
/// [`Error::Corrupt`] when it is not; the file cannot be read.
pub async fn check_sqlite(file: &Path) -> Result<()> {
    let options = SqliteConnectOptions::new().filename(file).read_only(true).immutable(true);
    let mut conn = SqliteConnection::connect_with(&options).await?;
    let whole = sqlx::query_as::<_, (String,)>("PRAGMA integrity_check").fetch_all(&mut conn).await;
    let founded = sqlx::query_as::<_, (i64,)>("SELECT count(*) FROM installation").fetch_one(&mut conn).await;
    conn.close().await?;
    match (whole, founded) {
        (Ok(rows), Ok((1,))) if rows == [("ok".to_owned(),)] => Ok(()),
        _ => Err(Error::Corrupt("the restored database")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Db;

    #[tokio::test]
    async fn a_copy_holds_what_was_committed_and_is_refused_when_a_byte_of_it_changed() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("a.db"), folder.path().join("b.db"));
        let db = Db::open_sqlite(&from).await.unwrap();
        copy_sqlite(&from, &to).await.unwrap();
        assert!(check_sqlite(&to).await.is_err(), "an empty database is no installation");
        assert!(copy_sqlite(&from, &to).await.is_err(), "nothing is written over");
        drop(db);
        std::fs::write(&to, b"no database").unwrap();
        assert!(check_sqlite(&to).await.is_err());
        assert!(check_sqlite(&folder.path().join("none.db")).await.is_err());
    }
}
