//! Rosters between dry run and import, sealed to the person who sent them.

use uuid::Uuid;

use super::{Conn, Result, Tx, row, sql};
use crate::domain::ids::{ImportId, PersonId, SchoolId};
use crate::domain::words::words;
use crate::policy::{Import, Permit, TakesIn};

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

row! {
    /// A roster that was sent.
    #[derive(Debug, Clone)]
    pub struct StoredImport {
        /// Its id.
        pub id: ImportId as Uuid,
        /// The school.
        pub school_id: SchoolId as Uuid,
        /// Who sent it.
        pub person_id: PersonId as Uuid,
        /// Where it stands.
        pub state: ImportState as String,
        /// Rows worked through.
        pub done: i64,
        /// Rows in all.
        pub total: i64,
        /// The rows and refusals, sealed to the person; the refusals alone once it is done.
        pub sealed: Vec<u8>,
        /// What came of it, as counts; empty until it is done.
        pub result: String,
        /// Which run of it is under way; nil before the first.
        pub run: Uuid,
        /// The last sign of life of that run, microseconds UTC.
        pub seen_at: i64,
        /// When it was sent, microseconds UTC.
        pub created_at: i64,
    }
}

impl Conn {
    /// One import.
    ///
    /// # Errors
    /// The database.
    pub async fn import(&mut self, id: ImportId) -> Result<Option<StoredImport>> {
        sql!(self, fetch_optional StoredImport: "SELECT * FROM imports WHERE id = $1", id.0)
    }

    /// The imports of a person that are still kept, newest first.
    ///
    /// # Errors
    /// The database.
    pub async fn imports_of(&mut self, person: PersonId) -> Result<Vec<StoredImport>> {
        sql!(
            self,
            fetch_all StoredImport: "SELECT * FROM imports WHERE person_id = $1 ORDER BY created_at DESC, id DESC",
            person.0
        )
    }
}

impl Tx {
    /// Keeps a checked roster in place of earlier ones of the same person, and forgets everybody's from before `oldest`:
    /// what nobody confirmed has no reason to stay.
    ///
    /// # Errors
    /// The database.
    pub async fn insert_import(
        &mut self,
        permit: &Permit<Import>,
        import: &StoredImport,
        oldest: i64,
        silent: i64,
    ) -> Result<()> {
        sql!(
            self,
            run "DELETE FROM imports WHERE created_at < $2 OR (person_id = $1 AND (state <> 'running' OR seen_at < $3))",
            permit.actor().0,
            oldest,
            silent
        )?;
        sql!(
            self,
            run "INSERT INTO imports (id, school_id, person_id, state, done, total, sealed, result, run, seen_at, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            import.id.0,
            permit.school().0,
            permit.actor().0,
            import.state.as_str(),
            import.done,
            import.total,
            import.sealed.clone(),
            import.result.as_str(),
            import.run,
            import.seen_at,
            import.created_at
        )
        .map(drop)
    }

    /// Starts a run of an import; false when it is done, or when another run gave a sign of life since `silent`.
    ///
    /// # Errors
    /// The database.
    pub async fn start_import(
        &mut self,
        permit: &Permit<Import>,
        id: ImportId,
        run: Uuid,
        now: i64,
        silent: i64,
    ) -> Result<bool> {
        let done = sql!(
            self,
            run "UPDATE imports SET state = 'running', run = $3, seen_at = $4, done = 0 WHERE id = $1 AND person_id = $2
             AND (state IN ('checked', 'failed') OR (state = 'running' AND seen_at < $5))",
            id.0,
            permit.actor().0,
            run,
            now,
            silent
        )?;
        Ok(done == 1)
    }

    /// Notes how far a run is, and that it lives.
    ///
    /// # Errors
    /// The database.
    pub async fn progress_import(&mut self, _permit: &Permit<Import>, run: Uuid, done: i64, now: i64) -> Result<()> {
        sql!(
            self,
            run "UPDATE imports SET done = $2, seen_at = $3 WHERE run = $1 AND state = 'running'",
            run,
            done,
            now
        )
        .map(drop)
    }

    /// Ends a run well, in the transaction that takes the rows in: false when another run has taken its place, and then
    /// that transaction must not be committed. Only the refusals stay, sealed.
    ///
    /// # Errors
    /// The database.
    pub async fn finish_import<A: TakesIn>(
        &mut self,
        permit: &Permit<A>,
        run: Uuid,
        result: &str,
        sealed: Vec<u8>,
    ) -> Result<bool> {
        let done = sql!(
            self,
            run "UPDATE imports SET state = 'done', done = total, result = $3, sealed = $4
             WHERE run = $1 AND person_id = $2 AND state = 'running'",
            run,
            permit.actor().0,
            result,
            sealed
        )?;
        Ok(done == 1)
    }

    /// Notes that a run came to nothing.
    ///
    /// # Errors
    /// The database.
    pub async fn fail_import(&mut self, _permit: &Permit<Import>, run: Uuid) -> Result<()> {
        sql!(self, run "UPDATE imports SET state = 'failed' WHERE run = $1 AND state = 'running'", run).map(drop)
    }
}
