//! Due times: what must be done until when, and how far it was passed on. No query here needs a key.

use uuid::Uuid;

use super::{Conn, Result, Tx, row, sql};
use crate::domain::ids::{DeadlineId, SchoolId, StudentId, WarningId};
use crate::domain::words::Role;
use crate::policy::{Act, Permit};

row! {
    /// A due time.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Deadline {
        /// Its id.
        pub id: DeadlineId as Uuid,
        /// The school.
        pub school_id: SchoolId as Uuid,
        /// The student.
        pub student_id: StudentId as Uuid,
        /// The warning it belongs to.
        pub warning_id: Option<Uuid>,
        /// The role that must do it.
        pub owner: Role as String,
        /// Until when, microseconds UTC.
        pub due_at: i64,
        /// When somebody is reminded next; none once the last rung was.
        pub next_at: Option<i64>,
        /// How often it was passed on.
        pub rung: i64,
        /// When it was done.
        pub done_at: Option<i64>,
        /// By whom.
        pub done_by: Option<Uuid>,
        /// The key epoch.
        pub epoch: i64,
        /// Version of the row and of its seal.
        pub version: i64,
        /// The sealed [`Task`](crate::domain::warning::Task) and what it is about.
        pub sealed: Vec<u8>,
    }
}

impl Conn {
    /// How many due times of a school that lay in a span were met in time, and how many there were.
    ///
    /// # Errors
    /// The database.
    pub async fn deadlines_met(&mut self, school: SchoolId, since: i64, until: i64) -> Result<(i64, i64)> {
        sql!(
            self,
            fetch_one(i64, i64): "SELECT coalesce(sum(CASE WHEN done_at <= due_at THEN 1 ELSE 0 END), 0), count(*) FROM deadlines
             WHERE school_id = $1 AND due_at >= $2 AND due_at < $3",
            school.0,
            since,
            until
        )
    }

    /// The due times of a warning, done ones too, earliest first.
    ///
    /// # Errors
    /// The database.
    pub async fn deadlines_of_warning(&mut self, warning: WarningId) -> Result<Vec<Deadline>> {
        sql!(
            self,
            fetch_all Deadline: "SELECT * FROM deadlines WHERE warning_id = $1 ORDER BY due_at, id",
            warning.0
        )
    }

    /// The open due times of a school, earliest first.
    ///
    /// # Errors
    /// The database.
    pub async fn open_deadlines(&mut self, school: SchoolId, limit: i64) -> Result<Vec<Deadline>> {
        sql!(
            self,
            fetch_all Deadline: "SELECT * FROM deadlines WHERE school_id = $1 AND done_at IS NULL
               AND student_id NOT IN (SELECT id FROM students WHERE school_id = $1 AND status = 'sealed_away')
             ORDER BY due_at, id LIMIT $2",
            school.0,
            limit
        )
    }

    /// The open due times of a school that one role must meet, earliest first.
    ///
    /// # Errors
    /// The database.
    pub async fn open_deadlines_of(&mut self, school: SchoolId, owner: Role, limit: i64) -> Result<Vec<Deadline>> {
        sql!(
            self,
            fetch_all Deadline: "SELECT * FROM deadlines WHERE school_id = $1 AND owner = $2 AND done_at IS NULL
               AND student_id NOT IN (SELECT id FROM students WHERE school_id = $1 AND status = 'sealed_away')
             ORDER BY due_at, id LIMIT $3",
            school.0,
            owner.as_str(),
            limit
        )
    }

    /// The open due times whose next reminder has come, of all schools, earliest first.
    ///
    /// # Errors
    /// The database.
    pub async fn deadlines_to_pass_on(&mut self, now: i64, limit: i64) -> Result<Vec<Deadline>> {
        sql!(
            self,
            fetch_all Deadline: "SELECT * FROM deadlines WHERE next_at <= $1 AND done_at IS NULL ORDER BY next_at, id LIMIT $2",
            now,
            limit
        )
    }
}

impl Tx {
    /// Sets a due time.
    ///
    /// # Errors
    /// The database.
    pub async fn insert_deadline<A: Act>(&mut self, permit: &Permit<A>, deadline: &Deadline) -> Result<()> {
        sql!(
            self,
            run "INSERT INTO deadlines (id, school_id, student_id, warning_id, owner, due_at, next_at, rung, epoch, version, sealed)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            deadline.id.0,
            permit.school().0,
            deadline.student_id.0,
            deadline.warning_id,
            deadline.owner.as_str(),
            deadline.due_at,
            deadline.next_at,
            deadline.rung,
            deadline.epoch,
            deadline.version,
            deadline.sealed.clone()
        )
        .map(drop)
    }

    /// Notes that something due was done, once.
    ///
    /// # Errors
    /// The database.
    pub async fn meet_deadline<A: Act>(&mut self, permit: &Permit<A>, id: DeadlineId, now: i64) -> Result<bool> {
        let done = sql!(
            self,
            run "UPDATE deadlines SET done_at = $3, done_by = $4, next_at = NULL
             WHERE id = $1 AND school_id = $2 AND done_at IS NULL",
            id.0,
            permit.school().0,
            now,
            permit.actor().0
        )?;
        Ok(done == 1)
    }

    /// Takes back a due time that is open and that another level, or an earlier one, replaces.
    ///
    /// # Errors
    /// The database.
    pub async fn withdraw_deadline<A: Act>(&mut self, permit: &Permit<A>, id: DeadlineId) -> Result<bool> {
        let done = sql!(
            self,
            run "DELETE FROM deadlines WHERE id = $1 AND school_id = $2 AND done_at IS NULL",
            id.0,
            permit.school().0
        )?;
        Ok(done == 1)
    }
}
