//! Successions: who took over a counsellor's notes on a student.

use uuid::Uuid;

use super::{Conn, Result, Tx, row, sql};
use crate::domain::ids::{PersonId, SchoolId, StudentId};
use crate::policy::{Act, Permit};

row! {
    /// That somebody may read what a counsellor wrote about a student.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Succession {
        /// The student.
        pub student_id: StudentId as Uuid,
        /// Whose notes they are.
        pub owner: PersonId as Uuid,
        /// Who took them over.
        pub person_id: PersonId as Uuid,
        /// Who gave them; nil where two recovery slips did.
        pub given_by: PersonId as Uuid,
        /// When, microseconds UTC.
        pub given_at: i64,
    }
}

impl Conn {
    /// What a person took over, earliest first.
    ///
    /// # Errors
    /// The database.
    pub async fn successions_of(&mut self, person: PersonId) -> Result<Vec<Succession>> {
        sql!(
            self,
            fetch_all Succession: "SELECT * FROM successions WHERE person_id = $1 ORDER BY given_at, student_id, owner",
            person.0
        )
    }

    /// All of a school.
    ///
    /// # Errors
    /// The database.
    pub async fn successions(&mut self, school: SchoolId) -> Result<Vec<Succession>> {
        sql!(
            self,
            fetch_all Succession: "SELECT n.student_id, n.owner, n.person_id, n.given_by, n.given_at FROM successions n
             JOIN students s ON s.id = n.student_id WHERE s.school_id = $1 ORDER BY n.given_at, n.student_id, n.owner, n.person_id",
            school.0
        )
    }
}

impl Tx {
    /// Notes that somebody took notes over; `false` where they had before.
    ///
    /// # Errors
    /// The database.
    pub async fn insert_succession<A: Act>(&mut self, permit: &Permit<A>, new: &Succession) -> Result<bool> {
        let done = sql!(
            self,
            run "INSERT INTO successions (student_id, owner, person_id, given_by, given_at) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT DO NOTHING",
            new.student_id.0,
            new.owner.0,
            new.person_id.0,
            permit.actor().0,
            new.given_at
        )?;
        Ok(done == 1)
    }
}
