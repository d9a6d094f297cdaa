//! Warnings 预警 and their timelines.

use uuid::Uuid;

use super::{Conn, Result, Tx, row, sql};
use crate::domain::ids::{PersonId, SchoolId, StepId, StudentId, WarningId};
use crate::domain::warning::Stage;
use crate::policy::{Act, Permit};

row! {
    /// A warning: its stage and times in clear, its level and state sealed in the `warning` compartment of the file.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Warning {
        /// Its id.
        pub id: WarningId as Uuid,
        /// The school.
        pub school_id: SchoolId as Uuid,
        /// The student.
        pub student_id: StudentId as Uuid,
        /// How far the work is.
        pub stage: Stage as String,
        /// 早报告, microseconds UTC.
        pub reported_at: i64,
        /// 接报
        pub acknowledged_at: Option<i64>,
        /// 早评估
        pub assessed_at: Option<i64>,
        /// 早预防
        pub prevented_at: Option<i64>,
        /// 早控制
        pub controlled_at: Option<i64>,
        /// The end of the watch period, or of a report that led to nothing.
        pub closed_at: Option<i64>,
        /// The key epoch of the sealed state.
        pub epoch: i64,
        /// Edit version: of the row and of its seal.
        pub version: i64,
        /// The sealed [`State`](crate::domain::warning::State).
        pub sealed: Vec<u8>,
    }
}

row! {
    /// A step on the timeline of a warning.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct StoredStep {
        /// The warning.
        pub warning_id: WarningId as Uuid,
        /// Its id.
        pub id: StepId as Uuid,
        /// The student.
        pub student_id: StudentId as Uuid,
        /// Who wrote it.
        pub author: PersonId as Uuid,
        /// When, microseconds UTC.
        pub written_at: i64,
        /// The key epoch.
        pub epoch: i64,
        /// The sealed [`Step`](crate::domain::warning::Step).
        pub sealed: Vec<u8>,
    }
}

impl Conn {
    /// One warning.
    ///
    /// # Errors
    /// The database.
    pub async fn warning(&mut self, id: WarningId) -> Result<Option<Warning>> {
        sql!(self, fetch_optional Warning: "SELECT * FROM warnings WHERE id = $1", id.0)
    }

    /// The warning of a student that is not closed; there is at most one.
    ///
    /// # Errors
    /// The database.
    pub async fn running_warning(&mut self, student: StudentId) -> Result<Option<Warning>> {
        sql!(
            self,
            fetch_optional Warning: "SELECT * FROM warnings WHERE student_id = $1 AND closed_at IS NULL",
            student.0
        )
    }

    /// The warnings of a student, newest first.
    ///
    /// # Errors
    /// The database.
    pub async fn warnings_of_student(&mut self, student: StudentId) -> Result<Vec<Warning>> {
        sql!(
            self,
            fetch_all Warning: "SELECT * FROM warnings WHERE student_id = $1 ORDER BY reported_at DESC, id",
            student.0
        )
    }

    /// The warnings of a school that are not closed, oldest first.
    ///
    /// # Errors
    /// The database.
    pub async fn running_warnings(&mut self, school: SchoolId) -> Result<Vec<Warning>> {
        sql!(
            self,
            fetch_all Warning: "SELECT * FROM warnings WHERE school_id = $1 AND closed_at IS NULL
               AND student_id NOT IN (SELECT id FROM students WHERE school_id = $1 AND status = 'sealed_away')
             ORDER BY reported_at, id",
            school.0
        )
    }

    /// The timeline of a warning, oldest first.
    ///
    /// # Errors
    /// The database.
    pub async fn steps(&mut self, warning: WarningId) -> Result<Vec<StoredStep>> {
        sql!(
            self,
            fetch_all StoredStep: "SELECT * FROM steps WHERE warning_id = $1 ORDER BY written_at, id",
            warning.0
        )
    }
}

impl Tx {
    /// Opens a warning.
    ///
    /// # Errors
    /// [`super::Error::Taken`] when the student has one that is not closed.
    pub async fn insert_warning<A: Act>(&mut self, permit: &Permit<A>, warning: &Warning) -> Result<()> {
        sql!(
            self,
            run "INSERT INTO warnings (id, school_id, student_id, stage, reported_at, acknowledged_at, epoch, version, sealed)
             VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8)",
            warning.id.0,
            permit.school().0,
            warning.student_id.0,
            warning.stage.as_str(),
            warning.reported_at,
            warning.acknowledged_at,
            warning.epoch,
            warning.sealed.clone()
        )
        .map(drop)
    }

    /// Stores a warning as it stands after a step: `warning.version` is the new one, which must follow the stored one.
    ///
    /// # Errors
    /// The database.
    pub async fn put_warning<A: Act>(&mut self, permit: &Permit<A>, warning: &Warning) -> Result<bool> {
        let done = sql!(
            self,
            run "UPDATE warnings SET stage = $4, acknowledged_at = $5, assessed_at = $6, prevented_at = $7,
                 controlled_at = $8, closed_at = $9, epoch = $10, version = $3, sealed = $11
             WHERE id = $1 AND school_id = $2 AND version = $3 - 1",
            warning.id.0,
            permit.school().0,
            warning.version,
            warning.stage.as_str(),
            warning.acknowledged_at,
            warning.assessed_at,
            warning.prevented_at,
            warning.controlled_at,
            warning.closed_at,
            warning.epoch,
            warning.sealed.clone()
        )?;
        Ok(done == 1)
    }

    /// Adds a step to the timeline. A second one with the same id changes nothing and gives `false`.
    ///
    /// # Errors
    /// The database.
    pub async fn insert_step<A: Act>(&mut self, permit: &Permit<A>, step: &StoredStep) -> Result<bool> {
        let done = sql!(
            self,
            run "INSERT INTO steps (warning_id, id, student_id, author, written_at, epoch, sealed)
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING",
            step.warning_id.0,
            step.id.0,
            step.student_id.0,
            permit.actor().0,
            step.written_at,
            step.epoch,
            step.sealed.clone()
        )?;
        Ok(done == 1)
    }
}
