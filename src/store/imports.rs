//! Rosters between dry run and import, sealed to the person who sent them.

use uuid::Uuid;

use super::{Conn, Result, Tx, sql};
use crate::domain::ids::{ImportId, PersonId, SchoolId};
use crate::domain::words::words;
use crate::policy::{Import, Permit};

words! {
    /// Where an import stands.
    ImportState {
        /// checked, waiting for a yes
        Checked = "checked",
        /// being taken in
        Running = "running",
        /// taken in
        Done = "done",
        /// given up, or it failed; nothing was taken in
        Failed = "failed",
    }
}

/// A roster that was sent.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct StoredImport {
    /// Its id.
    #[sqlx(try_from = "Uuid")]
    pub id: ImportId,
    /// The school.
    #[sqlx(try_from = "Uuid")]
    pub school_id: SchoolId,
    /// Who sent it.
    #[sqlx(try_from = "Uuid")]
    pub person_id: PersonId,
    /// Where it stands.
    #[sqlx(try_from = "String")]
    pub state: ImportState,
    /// Rows worked through.
    pub done: i64,
    /// Rows in all.
    pub total: i64,
    /// The rows and refusals, sealed to the person.
    pub sealed: Vec<u8>,
    /// When it was sent, microseconds UTC.
    pub created_at: i64,
}

impl Conn {
    /// One import.
    ///
    /// # Errors
    /// The database.
    pub async fn import(&mut self, id: ImportId) -> Result<Option<StoredImport>> {
        sql!(
            self,
            fetch_optional StoredImport: "SELECT id, school_id, person_id, state, done, total, sealed, created_at FROM imports WHERE id = $1",
            id.0
        )
    }
}

impl Tx {
    /// Keeps a checked roster, in place of earlier ones of the same person.
    ///
    /// # Errors
    /// The database.
    pub async fn insert_import(&mut self, permit: &Permit<Import>, import: &StoredImport) -> Result<()> {
        sql!(
            self,
            run "DELETE FROM imports WHERE person_id = $1 AND state <> 'running'",
            permit.actor().0
        )?;
        sql!(
            self,
            run "INSERT INTO imports (id, school_id, person_id, state, done, total, sealed, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            import.id.0,
            permit.school().0,
            permit.actor().0,
            import.state.as_str(),
            import.done,
            import.total,
            import.sealed.clone(),
            import.created_at
        )
        .map(drop)
    }

    /// Moves an import from one state to the next; false when it is no longer in the first.
    ///
    /// # Errors
    /// The database.
    pub async fn move_import(
        &mut self,
        permit: &Permit<Import>,
        id: ImportId,
        from: ImportState,
        to: ImportState,
    ) -> Result<bool> {
        let done = sql!(
            self,
            run "UPDATE imports SET state = $4 WHERE id = $1 AND person_id = $2 AND state = $3",
            id.0,
            permit.actor().0,
            from.as_str(),
            to.as_str()
        )?;
        Ok(done == 1)
    }

    /// Notes how far an import is.
    ///
    /// # Errors
    /// The database.
    pub async fn progress_import(&mut self, permit: &Permit<Import>, id: ImportId, done: i64) -> Result<()> {
        sql!(self, run "UPDATE imports SET done = $3 WHERE id = $1 AND person_id = $2", id.0, permit.actor().0, done)
            .map(drop)
    }
}
