//! Pairings of helpers with students 结对帮扶.
//!
//! A pairing is asked for, accepted, perhaps paused or handed over to a stand-in, and ends. It opens something on the days of
//! one state only: [`PairingState::Running`].

use uuid::Uuid;

use super::{Conn, Result, Tx, row, sql};
use crate::domain::ids::{PairingId, PersonId, SchoolId, StudentId};
use crate::domain::words::Compartment;
use crate::policy::{Act, Manage, Permit, Sign};

row! {
    /// A pairing. It opens nothing before its first day, after its last, or once ended.
    #[derive(Debug, Clone)]
    pub struct Pairing {
        /// Its id.
        pub id: PairingId as Uuid,
        /// The school.
        pub school_id: SchoolId as Uuid,
        /// The student.
        pub student_id: StudentId as Uuid,
        /// The helper.
        pub helper_id: PersonId as Uuid,
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
        /// When the helper agreed, microseconds UTC.
        pub accepted_at: Option<i64>,
        /// Whether it rests: it opens nothing, and the helper holds no key.
        pub paused: bool,
        /// Whether the helper did not agree.
        pub declined: bool,
        /// Whether the helper is to hold the contact key as well as that of support.
        pub contact: bool,
        /// Whether the helper is from outside: holds no key at all.
        pub outside: bool,
        /// What a helper from outside may know, sealed to that person.
        pub handed: Option<Vec<u8>>,
        /// Proof that this installation sealed it.
        pub handed_mark: Option<Vec<u8>>,
        /// Who asked for it.
        pub started_by: Option<Uuid>,
        /// The pairing of the colleague on leave whom this one stands in for.
        pub stands_in_for: Option<Uuid>,
    }
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
        if self.declined {
            PairingState::Declined
        } else if self.ended {
            PairingState::Ended
        } else if self.ends.as_str() < today {
            PairingState::Over
        } else if self.accepted_at.is_none() {
            PairingState::Proposed
        } else if self.paused {
            PairingState::Paused
        } else if today < self.starts.as_str() {
            PairingState::Planned
        } else {
            PairingState::Running
        }
    }

    /// Whether the helper has been asked, or helps, or will: what counts as an arrangement on this day (`YYYY-MM-DD`).
    #[must_use]
    pub fn is_arranged(&self, today: &str) -> bool {
        matches!(self.state(today), PairingState::Running | PairingState::Planned | PairingState::Proposed)
    }

    /// Whether the helper is to hold the key of a compartment on this day (`YYYY-MM-DD`): from the moment it is arranged, since
    /// nobody who could hand it over may be signed in when the helper agrees or on the first day.
    #[must_use]
    pub fn holds(&self, compartment: Compartment, today: &str) -> bool {
        let given = match compartment {
            Compartment::Support => true,
            Compartment::Contact => self.contact,
            _ => false,
        };
        given && !self.outside && self.is_arranged(today)
    }
}

crate::domain::words::words! {
    /// Where a pairing stands on a day. The order is that of the work: what must be put right comes first.
    PairingState {
        /// past its last day: it opens nothing, but the helper's keys were not taken back yet
        Over = "over",
        /// the helper has been asked and has not answered: it opens nothing yet
        Proposed = "proposed",
        /// opens the file to the helper
        Running = "running",
        /// before its first day
        Planned = "planned",
        /// rests; the keys changed
        Paused = "paused",
        /// the helper did not agree
        Declined = "declined",
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
            run "INSERT INTO pairings (id, school_id, student_id, helper_id, starts, ends, ended, epoch, version, card, contact, outside,
               handed, handed_mark, started_by, stands_in_for, accepted_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9, $10, $11, $12, $13, $14, $15, $16)",
            pairing.id.0,
            permit.school().0,
            permit.object(),
            pairing.helper_id.0,
            pairing.starts.as_str(),
            pairing.ends.as_str(),
            pairing.ended,
            pairing.epoch,
            pairing.card.clone(),
            pairing.contact,
            pairing.outside,
            pairing.handed.clone(),
            pairing.handed_mark.clone(),
            permit.actor().0,
            pairing.stands_in_for,
            pairing.accepted_at
        )
        .map(drop)
    }

    /// The helper agrees to the pairing that the permit is about, if it is theirs and nobody withdrew it.
    ///
    /// # Errors
    /// The database.
    pub async fn accept_pairing(&mut self, own: &Permit<Sign>, now: i64) -> Result<bool> {
        let done = sql!(
            self,
            run "UPDATE pairings SET accepted_at = $3, version = version + 1
             WHERE id = $1 AND helper_id = $2 AND accepted_at IS NULL AND NOT ended",
            own.object(),
            own.actor().0,
            now
        )?;
        Ok(done == 1)
    }

    /// The helper does not agree to the pairing that the permit is about. Destroys the wraps that came with it and has those
    /// two keys rotated by the next holder: a copy may have been kept.
    ///
    /// # Errors
    /// The database.
    pub async fn decline_pairing(&mut self, own: &Permit<Sign>, student: StudentId) -> Result<bool> {
        let done = sql!(
            self,
            run "UPDATE pairings SET ended = $3, declined = $3, handed = NULL, handed_mark = NULL, version = version + 1
             WHERE id = $1 AND helper_id = $2 AND student_id = $4 AND accepted_at IS NULL AND NOT ended",
            own.object(),
            own.actor().0,
            true,
            student.0
        )?;
        if done == 1 {
            for compartment in [Compartment::Support, Compartment::Contact] {
                self.take_key_back(own, student, compartment, own.actor()).await?;
            }
        }
        Ok(done == 1)
    }

    /// Destroys the wraps that a helper holds of one compartment of a file, and notes that its key must be rotated by the next
    /// holder.
    ///
    /// # Errors
    /// The database.
    pub async fn take_key_back<A: Act>(
        &mut self,
        _permit: &Permit<A>,
        student: StudentId,
        compartment: Compartment,
        helper: PersonId,
    ) -> Result<()> {
        sql!(
            self,
            run "UPDATE keys SET rotation_due = $4 WHERE subject = $1 AND compartment = $2
               AND id IN (SELECT key_id FROM wraps WHERE holder = $3)",
            student.0,
            compartment.as_str(),
            helper.0,
            true
        )?;
        sql!(
            self,
            run "DELETE FROM wraps WHERE holder = $3 AND key_id IN (SELECT id FROM keys WHERE subject = $1 AND compartment = $2)",
            student.0,
            compartment.as_str(),
            helper.0
        )
        .map(drop)
    }

    /// Lets a pairing rest, or go on; with the keys that its helper is to hold from now on.
    ///
    /// # Errors
    /// The database.
    pub async fn pause_pairing(
        &mut self,
        permit: &Permit<Manage>,
        id: PairingId,
        paused: bool,
        contact: bool,
    ) -> Result<bool> {
        let done = sql!(
            self,
            run "UPDATE pairings SET paused = $3, contact = $4, version = version + 1
             WHERE id = $1 AND student_id = $2 AND NOT ended AND paused <> $3",
            id.0,
            permit.object(),
            paused,
            contact
        )?;
        Ok(done == 1)
    }

    /// Notes that a helper is to hold the contact key too.
    ///
    /// # Errors
    /// The database.
    pub async fn complete_pairing(&mut self, permit: &Permit<Manage>, id: PairingId) -> Result<bool> {
        let done = sql!(
            self,
            run "UPDATE pairings SET contact = $3, version = version + 1
             WHERE id = $1 AND student_id = $2 AND NOT ended AND NOT outside AND NOT contact",
            id.0,
            permit.object(),
            true
        )?;
        Ok(done == 1)
    }

    /// Ends a pairing that is still running.
    ///
    /// # Errors
    /// The database.
    pub async fn end_pairing(&mut self, permit: &Permit<Manage>, id: PairingId) -> Result<bool> {
        let done = sql!(
            self,
            run "UPDATE pairings SET ended = $3, handed = NULL, handed_mark = NULL, version = version + 1
             WHERE id = $1 AND student_id = $2 AND NOT ended",
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
            run "UPDATE pairings SET ended = $2, handed = NULL, handed_mark = NULL, version = version + 1 WHERE helper_id = $1 AND NOT ended",
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

    fn pairing() -> Pairing {
        let nil = Uuid::nil();
        Pairing {
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
            accepted_at: Some(1),
            paused: false,
            declined: false,
            contact: true,
            outside: false,
            handed: None,
            handed_mark: None,
            started_by: None,
            stands_in_for: None,
        }
    }

    const DAYS: [&str; 4] = ["2026-08-31", "2026-09-01", "2027-01-31", "2027-02-01"];

    fn states(pairing: &Pairing) -> Vec<PairingState> {
        DAYS.iter().map(|day| pairing.state(day)).collect()
    }

    #[test]
    fn a_pairing_opens_the_file_from_its_first_day_to_its_last_and_not_once_ended() {
        use PairingState::{Ended, Over, Planned, Running};
        let mut pairing = pairing();
        assert_eq!(states(&pairing), [Planned, Running, Running, Over]);
        let opens: Vec<bool> = DAYS.iter().map(|day| pairing.is_active(day)).collect();
        assert_eq!(opens, [false, true, true, false]);
        let holds: Vec<bool> = DAYS.iter().map(|day| pairing.holds(Compartment::Support, day)).collect();
        assert_eq!(holds, [true, true, true, false]);
        pairing.ended = true;
        assert_eq!(states(&pairing), [Ended; 4]);
        assert!(DAYS.iter().all(|day| !pairing.is_active(day) && !pairing.holds(Compartment::Support, day)));
    }

    #[test]
    fn a_pairing_that_nobody_accepted_or_that_rests_opens_nothing_on_any_day() {
        use PairingState::{Declined, Over, Paused, Proposed};
        let asked = Pairing { accepted_at: None, ..pairing() };
        assert_eq!(states(&asked), [Proposed, Proposed, Proposed, Over]);
        let resting = Pairing { paused: true, ..pairing() };
        assert_eq!(states(&resting), [Paused, Paused, Paused, Over]);
        let declined = Pairing { accepted_at: None, declined: true, ended: true, ..pairing() };
        assert_eq!(states(&declined), [Declined; 4]);
        for (pairing, holds) in [(&asked, true), (&resting, false), (&declined, false)] {
            assert!(DAYS.iter().all(|day| !pairing.is_active(day)));
            assert_eq!(pairing.holds(Compartment::Support, DAYS[1]), holds);
        }
    }

    #[test]
    fn a_helper_holds_two_keys_or_one_and_somebody_from_outside_none() {
        let held = |pairing: &Pairing| -> Vec<Compartment> {
            Compartment::ALL.iter().copied().filter(|compartment| pairing.holds(*compartment, DAYS[1])).collect()
        };
        assert_eq!(held(&pairing()), [Compartment::Contact, Compartment::Support]);
        assert_eq!(held(&Pairing { contact: false, ..pairing() }), [Compartment::Support]);
        assert!(held(&Pairing { outside: true, ..pairing() }).is_empty());
    }
}
