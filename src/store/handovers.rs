//! Who takes over a case for a holiday.

use uuid::Uuid;

use super::{Conn, Result, Tx, row, sql};
use crate::domain::ids::{PersonId, SchoolId};
use crate::policy::{Append, Permit};

row! {
    /// A case handed over for a holiday.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Handover {
        /// A warning, or a due time that belongs to none.
        pub subject: Uuid,
        /// Who looks after it.
        pub taker: PersonId as Uuid,
    }
}

impl Conn {
    /// Who takes over what for the holiday that begins on a day (`YYYY-MM-DD`).
    ///
    /// # Errors
    /// The database.
    pub async fn handovers(&mut self, school: SchoolId, holiday: &str) -> Result<Vec<Handover>> {
        sql!(
            self,
            fetch_all Handover: "SELECT subject, taker FROM handovers WHERE school_id = $1 AND holiday = $2 ORDER BY subject",
            school.0,
            holiday
        )
    }
}

impl Tx {
    /// Hands a case over, whoever had it before.
    ///
    /// # Errors
    /// The database.
    pub async fn hand_over(
        &mut self,
        permit: &Permit<Append>,
        holiday: &str,
        handover: Handover,
        now: i64,
    ) -> Result<()> {
        sql!(
            self,
            run "INSERT INTO handovers (subject, holiday, school_id, taker, made_by, made_at) VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (subject, holiday) DO UPDATE SET taker = excluded.taker, made_by = excluded.made_by,
               made_at = excluded.made_at",
            handover.subject,
            holiday,
            permit.school().0,
            handover.taker.0,
            permit.actor().0,
            now
        )
        .map(drop)
    }

    /// Takes a hand-over back: those whose duty it is keep the case.
    ///
    /// # Errors
    /// The database.
    pub async fn keep_case(&mut self, permit: &Permit<Append>, holiday: &str, subject: Uuid) -> Result<()> {
        sql!(
            self,
            run "DELETE FROM handovers WHERE subject = $1 AND holiday = $2 AND school_id = $3",
            subject,
            holiday,
            permit.school().0
        )
        .map(drop)
    }
}
