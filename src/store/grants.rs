//! Grants on one file: named, dated, given by somebody who holds the key, for a reason. They are facts, never policy.

use uuid::Uuid;

use super::{Conn, Result, Tx, row, sql};
use crate::domain::crisis::GrantKind;
use crate::domain::ids::{GrantId, PersonId, SchoolId, StudentId, WarningId};
use crate::policy::{Act, Permit};

row! {
    /// A grant on one file.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Grant {
        /// Its id.
        pub id: GrantId as Uuid,
        /// The school.
        pub school_id: SchoolId as Uuid,
        /// The student whose file it opens.
        pub student_id: StudentId as Uuid,
        /// To whom.
        pub person_id: PersonId as Uuid,
        /// The warning for which it was given.
        pub warning_id: WarningId as Uuid,
        /// What it makes of the person.
        pub kind: GrantKind as String,
        /// Who gave it.
        pub given_by: PersonId as Uuid,
        /// When, microseconds UTC.
        pub given_at: i64,
        /// Its last day, `YYYY-MM-DD`; none for one that lasts as long as the case.
        pub until: Option<String>,
        /// When it ended.
        pub ended_at: Option<i64>,
        /// The key epoch of the card.
        pub epoch: i64,
        /// What the person may know of the roster row, and why they were asked; sealed in the `warning` compartment.
        pub sealed: Vec<u8>,
    }
}

impl Grant {
    /// Whether it opens anything on this day (`YYYY-MM-DD`). Past its last day it opens nothing, even before anybody ended it.
    #[must_use]
    pub fn is_running(&self, today: &str) -> bool {
        self.ended_at.is_none() && self.until.as_deref().is_none_or(|last| today <= last)
    }
}

impl Conn {
    /// One grant.
    ///
    /// # Errors
    /// The database.
    pub async fn grant(&mut self, id: GrantId) -> Result<Option<Grant>> {
        sql!(self, fetch_optional Grant: "SELECT * FROM grants WHERE id = $1", id.0)
    }

    /// All grants on a student's file, newest first.
    ///
    /// # Errors
    /// The database.
    pub async fn grants_of_student(&mut self, student: StudentId) -> Result<Vec<Grant>> {
        sql!(
            self,
            fetch_all Grant: "SELECT * FROM grants WHERE student_id = $1 ORDER BY given_at DESC, id DESC",
            student.0
        )
    }

    /// The grants of a person that were not ended, oldest first.
    ///
    /// # Errors
    /// The database.
    pub async fn grants_of_person(&mut self, person: PersonId) -> Result<Vec<Grant>> {
        sql!(
            self,
            fetch_all Grant: "SELECT * FROM grants WHERE person_id = $1 AND ended_at IS NULL ORDER BY given_at, id",
            person.0
        )
    }

    /// The grants of a school that were not ended, oldest first.
    ///
    /// # Errors
    /// The database.
    pub async fn grants(&mut self, school: SchoolId) -> Result<Vec<Grant>> {
        sql!(
            self,
            fetch_all Grant: "SELECT * FROM grants WHERE school_id = $1 AND ended_at IS NULL ORDER BY given_at, id",
            school.0
        )
    }
}

impl Tx {
    /// Gives a grant.
    ///
    /// # Errors
    /// [`super::Error::Taken`] when the warning has one of this kind that was not ended.
    pub async fn insert_grant<A: Act>(&mut self, permit: &Permit<A>, grant: &Grant) -> Result<()> {
        sql!(
            self,
            run "INSERT INTO grants (id, school_id, student_id, person_id, warning_id, kind, given_by, given_at, until, epoch, sealed)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            grant.id.0,
            permit.school().0,
            grant.student_id.0,
            grant.person_id.0,
            grant.warning_id.0,
            grant.kind.as_str(),
            permit.actor().0,
            grant.given_at,
            grant.until.clone(),
            grant.epoch,
            grant.sealed.clone()
        )
        .map(drop)
    }

    /// Ends a grant, once.
    ///
    /// # Errors
    /// The database.
    pub async fn end_grant<A: Act>(&mut self, permit: &Permit<A>, id: GrantId, now: i64) -> Result<bool> {
        let done = sql!(
            self,
            run "UPDATE grants SET ended_at = $3 WHERE id = $1 AND school_id = $2 AND ended_at IS NULL",
            id.0,
            permit.school().0,
            now
        )?;
        Ok(done == 1)
    }

    /// Ends every grant of a person who left or whose identity was renewed.
    ///
    /// # Errors
    /// The database.
    pub async fn end_grants_of<A: Act>(&mut self, permit: &Permit<A>, person: PersonId, now: i64) -> Result<u64> {
        sql!(
            self,
            run "UPDATE grants SET ended_at = $3 WHERE person_id = $1 AND school_id = $2 AND ended_at IS NULL",
            person.0,
            permit.school().0,
            now
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_opens_the_file_until_its_last_day_and_not_once_ended() {
        let nil = Uuid::nil();
        let mut grant = Grant {
            id: GrantId(nil),
            school_id: SchoolId(nil),
            student_id: StudentId(nil),
            person_id: PersonId(nil),
            warning_id: WarningId(nil),
            kind: GrantKind::CaseLeader,
            given_by: PersonId(nil),
            given_at: 0,
            until: None,
            ended_at: None,
            epoch: 1,
            sealed: Vec::new(),
        };
        assert!(grant.is_running("2099-12-31"));
        grant.until = Some("2026-11-30".to_owned());
        for (today, opens) in [("2026-11-23", true), ("2026-11-30", true), ("2026-12-01", false)] {
            assert_eq!(grant.is_running(today), opens, "{today}");
        }
        grant.ended_at = Some(1);
        assert!(!grant.is_running("2026-11-23"));
    }
}
