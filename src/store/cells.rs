//! Everything sealed in the `warning` compartment of a file, wherever it stands: what a change of its key must seal anew.

use uuid::Uuid;

use super::{Conn, Result, Tx, row, sql};
use crate::domain::ids::StudentId;
use crate::domain::words::words;
use crate::policy::{Act, Permit};

words! {
    /// The tables with a `sealed` column in the `warning` compartment. A new one is named here, or a rotation would leave
    /// it behind under a key that nobody holds any more.
    CellTable {
        /// the state of a warning
        Warnings = "warnings",
        /// the timeline
        Steps = "steps",
        /// what is due
        Deadlines = "deadlines",
        /// the cards of grants
        Grants = "grants",
        /// crisis records
        Crises = "crises",
        /// referrals
        Referrals = "referrals",
        /// what was decided about the keeping of the file
        Keepings = "keepings",
    }
}

row! {
    /// One sealed value.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Cell {
        /// Its table.
        pub table: CellTable as String,
        /// Its row.
        pub row: Uuid,
        /// The key epoch.
        pub epoch: i64,
        /// The version that the seal covers.
        pub version: i64,
        /// The sealed value.
        pub sealed: Vec<u8>,
    }
}

impl Conn {
    /// Every value sealed in the `warning` compartment of a student's file.
    ///
    /// # Errors
    /// The database.
    pub async fn warning_cells(&mut self, student: StudentId) -> Result<Vec<Cell>> {
        sql!(
            self,
            fetch_all Cell: "SELECT 'warnings' AS \"table\", id AS \"row\", epoch, version, sealed FROM warnings WHERE student_id = $1
             UNION ALL SELECT 'steps', id, epoch, 1, sealed FROM steps WHERE student_id = $1
             UNION ALL SELECT 'deadlines', id, epoch, version, sealed FROM deadlines WHERE student_id = $1
             UNION ALL SELECT 'grants', id, epoch, 1, sealed FROM grants WHERE student_id = $1
             UNION ALL SELECT 'crises', id, epoch, version, sealed FROM crises WHERE student_id = $1
             UNION ALL SELECT 'referrals', id, epoch, version, sealed FROM referrals WHERE student_id = $1
             UNION ALL SELECT 'keepings', id, epoch, 1, sealed FROM keepings WHERE student_id = $1",
            student.0
        )
    }
}

impl Tx {
    /// Stores a value sealed anew in its place.
    ///
    /// # Errors
    /// The database.
    pub async fn reseal_cell<A: Act>(&mut self, _permit: &Permit<A>, cell: &Cell) -> Result<()> {
        let (row, epoch, sealed) = (cell.row, cell.epoch, cell.sealed.clone());
        match cell.table {
            CellTable::Warnings => {
                sql!(self, run "UPDATE warnings SET epoch = $2, sealed = $3 WHERE id = $1", row, epoch, sealed)
            }
            CellTable::Steps => {
                sql!(self, run "UPDATE steps SET epoch = $2, sealed = $3 WHERE id = $1", row, epoch, sealed)
            }
            CellTable::Deadlines => {
                sql!(self, run "UPDATE deadlines SET epoch = $2, sealed = $3 WHERE id = $1", row, epoch, sealed)
            }
            CellTable::Grants => {
                sql!(self, run "UPDATE grants SET epoch = $2, sealed = $3 WHERE id = $1", row, epoch, sealed)
            }
            CellTable::Crises => {
                sql!(self, run "UPDATE crises SET epoch = $2, sealed = $3 WHERE id = $1", row, epoch, sealed)
            }
            CellTable::Referrals => {
                sql!(self, run "UPDATE referrals SET epoch = $2, sealed = $3 WHERE id = $1", row, epoch, sealed)
            }
            CellTable::Keepings => {
                sql!(self, run "UPDATE keepings SET epoch = $2, sealed = $3 WHERE id = $1", row, epoch, sealed)
            }
        }
        .map(drop)
    }
}
