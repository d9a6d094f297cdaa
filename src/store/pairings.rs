//! Pairings of helpers with students 结对帮扶.

use uuid::Uuid;

use super::{Conn, Result, Tx, sql};
use crate::domain::ids::{PairingId, PersonId, SchoolId, StudentId};
use crate::policy::{Act, Manage, Permit};

/// A pairing. It opens nothing before its first day, after its last, or once ended.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Pairing {
    /// Its id.
    #[sqlx(try_from = "Uuid")]
    pub id: PairingId,
    /// The school.
    #[sqlx(try_from = "Uuid")]
    pub school_id: SchoolId,
    /// The student.
    #[sqlx(try_from = "Uuid")]
    pub student_id: StudentId,
    /// The helper.
    #[sqlx(try_from = "Uuid")]
    pub helper_id: PersonId,
    /// First day, `YYYY-MM-DD`.
    pub starts: String,
    /// Last day, `YYYY-MM-DD`.
    pub ends: String,
    /// Whether it was ended before its last day.
    pub ended: bool,
    /// The key epoch of the card.
    pub epoch: i64,
    /// Edit version.
    pub version: i64,
    /// What the helper may know of the roster row (name, class), sealed in the support compartment of the file.
    pub card: Vec<u8>,
}

impl Pairing {
    /// Whether the pairing opens anything on this day (`YYYY-MM-DD`).
    #[must_use]
    pub fn is_active(&self, today: &str) -> bool {
        self.state(today) == PairingState::Running
    }

    /// Where the pairing stands on this day (`YYYY-MM-DD`).
    #[must_use]
    pub fn state(&self, today: &str) -> PairingState {
        if self.ended {
            PairingState::Ended
        } else if self.ends.as_str() < today {
            PairingState::Over
        } else if today < self.starts.as_str() {
            PairingState::Planned
        } else {
            PairingState::Running
        }
    }

    /// Whether the helper is to hold the keys on this day (`YYYY-MM-DD`): from the moment it is arranged, since nobody who
    /// could hand them over may be signed in on the first day.
    #[must_use]
    pub fn holds_keys(&self, today: &str) -> bool {
        matches!(self.state(today), PairingState::Running | PairingState::Planned)
    }
}

crate::domain::words::words! {
    /// Where a pairing stands on a day. The order is that of the work: what must be put right comes first.
    PairingState {
        /// past its last day: it opens nothing, but the helper's keys were not taken back yet
        Over = "over",
        /// opens the file to the helper
        Running = "running",
        /// before its first day
        Planned = "planned",
        /// ended, and the keys changed
        Ended = "ended",
    }
}

impl Conn {
    /// The pairings of a helper that were not ended.
    ///
    /// # Errors
    /// The database.
    pub async fn pairings_of_helper(&mut self, helper: PersonId) -> Result<Vec<Pairing>> {
        sql!(self, fetch_all Pairing: "SELECT * FROM pairings WHERE helper_id = $1 AND NOT ended ORDER BY starts, id", helper.0)
    }

    /// All pairings of a student, newest first.
    ///
    /// # Errors
    /// The database.
    pub async fn pairings_of_student(&mut self, student: StudentId) -> Result<Vec<Pairing>> {
        sql!(self, fetch_all Pairing: "SELECT * FROM pairings WHERE student_id = $1 ORDER BY starts DESC, id DESC", student.0)
    }

    /// All pairings of a school, newest first.
    ///
    /// # Errors
    /// The database.
    pub async fn pairings(&mut self, school: SchoolId) -> Result<Vec<Pairing>> {
        sql!(self, fetch_all Pairing: "SELECT * FROM pairings WHERE school_id = $1 ORDER BY ended, starts DESC, id DESC", school.0)
    }

    /// One pairing.
    ///
    /// # Errors
    /// The database.
    pub async fn pairing(&mut self, id: PairingId) -> Result<Option<Pairing>> {
        sql!(self, fetch_optional Pairing: "SELECT * FROM pairings WHERE id = $1", id.0)
    }
}

impl Tx {
    /// Starts a pairing.
    ///
    /// # Errors
    /// [`super::Error::Taken`] when the same helper and student have one that was not ended.
    pub async fn insert_pairing(&mut self, permit: &Permit<Manage>, pairing: &Pairing) -> Result<()> {
        debug_assert_eq!(permit.object(), pairing.student_id.0);
        sql!(
            self,
            run "INSERT INTO pairings (id, school_id, student_id, helper_id, starts, ends, ended, epoch, version, card)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9)",
            pairing.id.0,
            permit.school().0,
            permit.object(),
            pairing.helper_id.0,
            pairing.starts.as_str(),
            pairing.ends.as_str(),
            pairing.ended,
            pairing.epoch,
            pairing.card.clone()
        )
        .map(drop)
    }

    /// Ends a pairing that is still running.
    ///
    /// # Errors
    /// The database.
    pub async fn end_pairing(&mut self, permit: &Permit<Manage>, id: PairingId) -> Result<bool> {
        let done = sql!(
            self,
            run "UPDATE pairings SET ended = $3, version = version + 1 WHERE id = $1 AND student_id = $2 AND NOT ended",
            id.0,
            permit.object(),
            true
        )?;
        Ok(done == 1)
    }

    /// Ends every running pairing of a helper who left or whose identity was renewed.
    ///
    /// # Errors
    /// The database.
    pub async fn end_pairings_of(&mut self, _permit: &Permit<Manage>, helper: PersonId) -> Result<u64> {
        sql!(
            self,
            run "UPDATE pairings SET ended = $2, version = version + 1 WHERE helper_id = $1 AND NOT ended",
            helper.0,
            true
        )
    }

    /// Stores a pairing's card sealed under a new key epoch.
    ///
    /// # Errors
    /// The database.
    pub async fn reseal_card<A: Act>(&mut self, _permit: &Permit<A>, pairing: &Pairing) -> Result<()> {
        sql!(
            self,
            run "UPDATE pairings SET epoch = $2, card = $3 WHERE id = $1",
            pairing.id.0,
            pairing.epoch,
            pairing.card.clone()
        )
        .map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pairing_opens_the_file_from_its_first_day_to_its_last_and_not_once_ended() {
        let nil = Uuid::nil();
        let mut pairing = Pairing {
            id: PairingId(nil),
            school_id: SchoolId(nil),
            student_id: StudentId(nil),
            helper_id: PersonId(nil),
            starts: "2026-09-01".to_owned(),
            ends: "2027-01-31".to_owned(),
            ended: false,
            epoch: 1,
            version: 1,
            card: Vec::new(),
        };
        let days = [
            ("2026-08-31", PairingState::Planned, false, true),
            ("2026-09-01", PairingState::Running, true, true),
            ("2027-01-31", PairingState::Running, true, true),
            ("2027-02-01", PairingState::Over, false, false),
        ];
        for (today, state, opens, holds) in days {
            assert_eq!((pairing.state(today), pairing.is_active(today)), (state, opens), "{today}");
            assert_eq!(pairing.holds_keys(today), holds, "{today}");
        }
        pairing.ended = true;
        for (today, ..) in days {
            assert_eq!(pairing.state(today), PairingState::Ended);
            assert!(!pairing.is_active(today) && !pairing.holds_keys(today), "{today}");
        }
    }
}
