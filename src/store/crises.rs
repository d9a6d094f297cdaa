//! Crisis records 五个一.

use uuid::Uuid;

use super::{Conn, Result, Tx, row, sql};
use crate::domain::ids::{CrisisId, SchoolId, StudentId, WarningId};
use crate::policy::{Act, Permit};

row! {
    /// A crisis record as it stands sealed.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct StoredCrisis {
        /// Its id.
        pub id: CrisisId as Uuid,
        /// The school.
        pub school_id: SchoolId as Uuid,
        /// The student.
        pub student_id: StudentId as Uuid,
        /// The warning.
        pub warning_id: WarningId as Uuid,
        /// When it was opened, microseconds UTC.
        pub opened_at: i64,
        /// When the second person signed.
        pub closed_at: Option<i64>,
        /// The key epoch.
        pub epoch: i64,
        /// Edit version: of the row and of its seal.
        pub version: i64,
        /// The sealed [`Crisis`](crate::domain::crisis::Crisis).
        pub sealed: Vec<u8>,
    }
}

impl Conn {
    /// The crisis records of a warning, newest first; at most the first is not closed.
    ///
    /// # Errors
    /// The database.
    pub async fn crises_of_warning(&mut self, warning: WarningId) -> Result<Vec<StoredCrisis>> {
        sql!(
            self,
            fetch_all StoredCrisis: "SELECT * FROM crises WHERE warning_id = $1 ORDER BY opened_at DESC, id DESC",
            warning.0
        )
    }
}

impl Tx {
    /// Opens a crisis record.
    ///
    /// # Errors
    /// [`super::Error::Taken`] when the warning has one that is not closed.
    pub async fn insert_crisis<A: Act>(&mut self, permit: &Permit<A>, crisis: &StoredCrisis) -> Result<()> {
        sql!(
            self,
            run "INSERT INTO crises (id, school_id, student_id, warning_id, opened_at, epoch, version, sealed)
             VALUES ($1, $2, $3, $4, $5, $6, 1, $7)",
            crisis.id.0,
            permit.school().0,
            crisis.student_id.0,
            crisis.warning_id.0,
            crisis.opened_at,
            crisis.epoch,
            crisis.sealed.clone()
        )
        .map(drop)
    }

    /// Stores a crisis record as it stands after a change: `crisis.version` is the new one, which must follow the stored one.
    /// A closed record changes no more.
    ///
    /// # Errors
    /// The database.
    pub async fn put_crisis<A: Act>(&mut self, permit: &Permit<A>, crisis: &StoredCrisis) -> Result<bool> {
        let done = sql!(
            self,
            run "UPDATE crises SET closed_at = $4, epoch = $5, version = $3, sealed = $6
             WHERE id = $1 AND school_id = $2 AND version = $3 - 1 AND closed_at IS NULL",
            crisis.id.0,
            permit.school().0,
            crisis.version,
            crisis.closed_at,
            crisis.epoch,
            crisis.sealed.clone()
        )?;
        Ok(done == 1)
    }
}
