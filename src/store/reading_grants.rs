//! Grants to read one part of a file: named, dated, given by somebody who holds its key, for a reason. The table `grants` is of
//! who leads a case; these make nobody more than a reader of one compartment.

use uuid::Uuid;

use super::{Conn, Result, Tx, row, sql};
use crate::domain::ids::{PersonId, ReadingGrantId, SchoolId, StudentId};
use crate::domain::reading::ReadingKind;
use crate::policy::{Act, Admit, Permit};

row! {
    /// That somebody may read one part of a file.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct ReadingGrant {
        /// Its id.
        pub id: ReadingGrantId as Uuid,
        /// The school.
        pub school_id: SchoolId as Uuid,
        /// Whose file it is of.
        pub student_id: StudentId as Uuid,
        /// What of it.
        pub kind: ReadingKind as String,
        /// Whose notes they are; nil for contact.
        pub owner: Uuid,
        /// Who may read.
        pub person_id: PersonId as Uuid,
        /// Who gave it.
        pub given_by: PersonId as Uuid,
        /// When, microseconds UTC.
        pub given_at: i64,
        /// Its last day, `YYYY-MM-DD`.
        pub until: String,
        /// When it ended, microseconds UTC.
        pub ended_at: Option<i64>,
        /// The key epoch of the reason.
        pub epoch: i64,
        /// Why; sealed under the key that it gives.
        pub sealed: Vec<u8>,
    }
}

impl ReadingGrant {
    /// Whether it opens anything on this day (`YYYY-MM-DD`). Past its last day it opens nothing, even before anybody ended it.
    #[must_use]
    pub fn is_running(&self, today: &str) -> bool {
        self.ended_at.is_none() && !self.is_past(today)
    }

    /// Whether its last day is over.
    #[must_use]
    pub fn is_past(&self, today: &str) -> bool {
        self.until.as_str() < today
    }
}

impl Conn {
    /// One grant.
    ///
    /// # Errors
    /// The database.
    pub async fn reading_grant(&mut self, id: ReadingGrantId) -> Result<Option<ReadingGrant>> {
        sql!(self, fetch_optional ReadingGrant: "SELECT * FROM reading_grants WHERE id = $1", id.0)
    }

    /// All grants on a student's file, newest first.
    ///
    /// # Errors
    /// The database.
    pub async fn reading_grants_of_student(&mut self, student: StudentId) -> Result<Vec<ReadingGrant>> {
        sql!(
            self,
            fetch_all ReadingGrant: "SELECT * FROM reading_grants WHERE student_id = $1 ORDER BY given_at DESC, id DESC",
            student.0
        )
    }

    /// The grants of a school that were not ended, oldest first.
    ///
    /// # Errors
    /// The database.
    pub async fn reading_grants(&mut self, school: SchoolId) -> Result<Vec<ReadingGrant>> {
        sql!(
            self,
            fetch_all ReadingGrant: "SELECT * FROM reading_grants WHERE school_id = $1 AND ended_at IS NULL ORDER BY given_at, id",
            school.0
        )
    }
}

impl Tx {
    /// Gives a grant on the permit's file.
    ///
    /// # Errors
    /// [`super::Error::Taken`] when the person has the same one already.
    pub async fn insert_reading_grant(&mut self, permit: &Permit<Admit>, grant: &ReadingGrant) -> Result<()> {
        sql!(
            self,
            run "INSERT INTO reading_grants (id, school_id, student_id, kind, owner, person_id, given_by, given_at, until, epoch, sealed)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            grant.id.0,
            permit.school().0,
            permit.object(),
            grant.kind.as_str(),
            grant.owner,
            grant.person_id.0,
            permit.actor().0,
            grant.given_at,
            grant.until.as_str(),
            grant.epoch,
            grant.sealed.clone()
        )
        .map(drop)
    }

    /// Ends a grant, once.
    ///
    /// # Errors
    /// The database.
    pub async fn end_reading_grant<A: Act>(
        &mut self,
        permit: &Permit<A>,
        id: ReadingGrantId,
        now: i64,
    ) -> Result<bool> {
        let done = sql!(
            self,
            run "UPDATE reading_grants SET ended_at = $3 WHERE id = $1 AND school_id = $2 AND ended_at IS NULL",
            id.0,
            permit.school().0,
            now
        )?;
        Ok(done == 1)
    }

    /// Stores the reason of a grant sealed anew.
    ///
    /// # Errors
    /// The database.
    pub async fn reseal_reading_grant<A: Act>(&mut self, _permit: &Permit<A>, grant: &ReadingGrant) -> Result<()> {
        sql!(
            self,
            run "UPDATE reading_grants SET epoch = $2, sealed = $3 WHERE id = $1",
            grant.id.0,
            grant.epoch,
            grant.sealed.clone()
        )
        .map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_is_read_by_until_its_last_day_and_not_once_ended() {
        let nil = Uuid::nil();
        let mut grant = ReadingGrant {
            id: ReadingGrantId(nil),
            school_id: SchoolId(nil),
            student_id: StudentId(nil),
            kind: ReadingKind::Contact,
            owner: nil,
            person_id: PersonId(nil),
            given_by: PersonId(nil),
            given_at: 0,
            until: "2026-11-30".to_owned(),
            ended_at: None,
            epoch: 1,
            sealed: Vec::new(),
        };
        for (today, runs) in [("2026-11-23", true), ("2026-11-30", true), ("2026-12-01", false)] {
            assert_eq!((grant.is_running(today), grant.is_past(today)), (runs, !runs), "{today}");
        }
        grant.ended_at = Some(1);
        assert!(!grant.is_running("2026-11-23"));
    }
}
