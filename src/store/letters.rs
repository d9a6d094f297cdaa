//! Letters: what somebody wrote for an office or a person and cannot read back.

use uuid::Uuid;

use super::{Conn, Result, Tx, row, sql};
use crate::domain::ids::{LetterId, PersonId, SchoolId, StudentId, WarningId};
use crate::domain::warning::{LetterKind, LetterState};
use crate::policy::{Act, Permit};

row! {
    /// A letter as it lies sealed.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Letter {
        /// Its id, random; the writer's receipt number is made from it.
        pub id: LetterId as Uuid,
        /// The school.
        pub school_id: SchoolId as Uuid,
        /// What it is.
        pub kind: LetterKind as String,
        /// The student, where the writer chose one; else the content says whom it is about.
        pub student_id: Option<Uuid>,
        /// Who wrote it; nobody for the help-seeking box.
        pub sender: Option<Uuid>,
        /// The office or person it is sealed to.
        pub holder: Uuid,
        /// How far it came.
        pub state: LetterState as String,
        /// When it was sent, microseconds UTC.
        pub sent_at: i64,
        /// The warning that it was joined to.
        pub warning_id: Option<Uuid>,
        /// Edit version of the state.
        pub version: i64,
        /// The age file; empty once the content stands in a file.
        pub sealed: Vec<u8>,
        /// Proof that this installation sealed it.
        pub mark: Vec<u8>,
        /// When somebody is reminded that it waits, microseconds UTC; none once the last rung was, and for letters that need
        /// no answer.
        pub next_at: Option<i64>,
        /// How often it was passed on.
        pub rung: i64,
    }
}

impl Conn {
    /// One letter.
    ///
    /// # Errors
    /// The database.
    pub async fn letter(&mut self, id: LetterId) -> Result<Option<Letter>> {
        sql!(self, fetch_optional Letter: "SELECT * FROM letters WHERE id = $1", id.0)
    }

    /// The letters to a holder in one state, oldest first.
    ///
    /// # Errors
    /// The database.
    pub async fn letters_to(&mut self, holder: Uuid, state: LetterState, limit: i64) -> Result<Vec<Letter>> {
        sql!(
            self,
            fetch_all Letter: "SELECT * FROM letters WHERE holder = $1 AND state = $2 ORDER BY sent_at, id LIMIT $3",
            holder,
            state.as_str(),
            limit
        )
    }

    /// What a person sent, newest first: the receipts. Appointments have a book of their own, and would crowd them out.
    ///
    /// # Errors
    /// The database.
    pub async fn letters_from(&mut self, sender: PersonId, limit: i64) -> Result<Vec<Letter>> {
        sql!(
            self,
            fetch_all Letter: "SELECT * FROM letters WHERE sender = $1 AND kind <> 'appointment'
             ORDER BY sent_at DESC, id LIMIT $2",
            sender.0,
            limit
        )
    }

    /// How many letters of a kind a person sent since an instant.
    ///
    /// # Errors
    /// The database.
    pub async fn letters_sent_since(&mut self, sender: PersonId, kind: LetterKind, since: i64) -> Result<i64> {
        let (count,) = sql!(
            self,
            fetch_one (i64,): "SELECT count(*) FROM letters WHERE sender = $1 AND sent_at >= $2 AND kind = $3",
            sender.0,
            since,
            kind.as_str()
        )?;
        Ok(count)
    }

    /// The letters of a kind that belong to a warning, oldest first.
    ///
    /// # Errors
    /// The database.
    pub async fn letters_of_warning(&mut self, warning: WarningId, kind: LetterKind) -> Result<Vec<Letter>> {
        sql!(
            self,
            fetch_all Letter: "SELECT * FROM letters WHERE warning_id = $1 AND kind = $2 ORDER BY sent_at, id",
            warning.0,
            kind.as_str()
        )
    }

    /// The letters that nobody took up and whose next reminder has come, of all schools, earliest first.
    ///
    /// # Errors
    /// The database.
    pub async fn letters_to_pass_on(&mut self, now: i64, limit: i64) -> Result<Vec<Letter>> {
        sql!(
            self,
            fetch_all Letter: "SELECT * FROM letters WHERE state = 'sent' AND next_at <= $1 ORDER BY next_at, id LIMIT $2",
            now,
            limit
        )
    }

    /// The letters to a holder that still have content, whatever their state: what a change of its key must seal anew.
    ///
    /// # Errors
    /// The database.
    pub async fn letters_held_by(&mut self, holder: Uuid) -> Result<Vec<Letter>> {
        sql!(
            self,
            fetch_all Letter: "SELECT * FROM letters WHERE holder = $1 AND length(sealed) > 0 ORDER BY id",
            holder
        )
    }
}

impl Tx {
    /// Sends a letter; a second one with the same id changes nothing and gives `false`.
    ///
    /// # Errors
    /// The database.
    pub async fn insert_letter<A: Act>(&mut self, permit: &Permit<A>, letter: &Letter) -> Result<bool> {
        let done = sql!(
            self,
            run "INSERT INTO letters (id, school_id, kind, student_id, sender, holder, state, sent_at, warning_id, version, sealed, mark, next_at, rung)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, $10, $11, $12, 0) ON CONFLICT (id) DO NOTHING",
            letter.id.0,
            permit.school().0,
            letter.kind.as_str(),
            letter.student_id,
            letter.sender,
            letter.holder,
            letter.state.as_str(),
            letter.sent_at,
            letter.warning_id,
            letter.sealed.clone(),
            letter.mark.clone(),
            letter.next_at
        )?;
        Ok(done == 1)
    }

    /// Moves a letter on, if it still has the version that was seen; with `wipe` its content goes, because it stands in a
    /// file by now.
    ///
    /// # Errors
    /// The database.
    pub async fn move_letter<A: Act>(
        &mut self,
        permit: &Permit<A>,
        seen: &Letter,
        state: LetterState,
        warning: Option<WarningId>,
        student: Option<StudentId>,
        wipe: bool,
    ) -> Result<bool> {
        let sealed = if wipe { Vec::new() } else { seen.sealed.clone() };
        let done = sql!(
            self,
            run "UPDATE letters SET state = $4, warning_id = $5, student_id = $6, sealed = $7, version = version + 1
             WHERE id = $1 AND school_id = $2 AND version = $3",
            seen.id.0,
            permit.school().0,
            seen.version,
            state.as_str(),
            warning.map(|id| id.0),
            student.map(|id| id.0),
            sealed
        )?;
        Ok(done == 1)
    }

    /// Moves all letters of a kind that belong to a warning to a state, and wipes what they say: the timeline says it, or
    /// nobody needs it any more.
    ///
    /// # Errors
    /// The database.
    pub async fn end_letters_of<A: Act>(
        &mut self,
        permit: &Permit<A>,
        warning: WarningId,
        kind: LetterKind,
        state: LetterState,
    ) -> Result<u64> {
        sql!(
            self,
            run "UPDATE letters SET state = $3, sealed = $4, version = version + 1
             WHERE warning_id = $1 AND kind = $2 AND school_id = $5 AND state <> $3",
            warning.0,
            kind.as_str(),
            state.as_str(),
            Vec::<u8>::new(),
            permit.school().0
        )
    }

    /// Passes a letter on, so that `rung` reminders were made, once: `seen` is the row as it was read. Needs no permit: it
    /// moves a time and gives nobody anything to read.
    ///
    /// # Errors
    /// The database.
    pub async fn pass_letter_on(&mut self, seen: &Letter, rung: i64, next_at: Option<i64>) -> Result<bool> {
        let done = sql!(
            self,
            run "UPDATE letters SET rung = $3, next_at = $4 WHERE id = $1 AND rung = $2 AND state = 'sent'",
            seen.id.0,
            seen.rung,
            rung,
            next_at
        )?;
        Ok(done == 1)
    }

    /// Stores a letter sealed anew to the next key of its holder.
    ///
    /// # Errors
    /// The database.
    pub async fn reseal_letter<A: Act>(&mut self, permit: &Permit<A>, letter: &Letter) -> Result<()> {
        sql!(
            self,
            run "UPDATE letters SET sealed = $3, mark = $4 WHERE id = $1 AND school_id = $2",
            letter.id.0,
            permit.school().0,
            letter.sealed.clone(),
            letter.mark.clone()
        )
        .map(drop)
    }
}
