//! Sending and opening letters: sealed to an office or a person, unreadable to whoever wrote them.

use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{App, Error, Result, Viewer};
use crate::domain::ids::{LetterId, PersonId, SchoolId, StudentId, WarningId};
use crate::domain::relation::Standing;
use crate::domain::warning::{LetterKind, LetterState};
use crate::domain::words::OfficeKind;
use crate::policy::{Act, Opens, Permit, Read};
use crate::store::{Conn, Letter, Office, Tx};
use crate::vault::{Identity, LetterName, Recipient, open_letter, seal_letter};

/// A letter about to be sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewLetter<'a, T> {
    /// Its id, made when the form was shown: a second sending of the same form is no second letter. Random.
    pub id: LetterId,
    /// What it is.
    pub kind: LetterKind,
    /// The student, where the writer chose one.
    pub student: Option<StudentId>,
    /// Who writes; nobody for the help-seeking box.
    pub sender: Option<PersonId>,
    /// What it says.
    pub content: &'a T,
}

/// What a letter is bound to besides its holder.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Bound {
    /// The warning it belongs to.
    pub warning: Option<WarningId>,
    /// When somebody is reminded that nobody took it up, microseconds UTC.
    pub next_at: Option<i64>,
}

impl App {
    /// Seals and stores a letter. Gives `false` where this letter was sent before.
    ///
    /// # Errors
    /// It is too long; the database.
    pub(crate) async fn send_letter<A: Act, T: Serialize + Sync>(
        &self,
        tx: &mut Tx,
        permit: &Permit<A>,
        to: &Recipient,
        new: NewLetter<'_, T>,
    ) -> Result<bool> {
        self.send_bound_letter(tx, permit, to, new, Bound::default()).await
    }

    /// Seals and stores a letter that belongs to a warning or that must be taken up in time. Gives `false` where this letter
    /// was sent before.
    ///
    /// # Errors
    /// It is too long; the database.
    pub(crate) async fn send_bound_letter<A: Act, T: Serialize + Sync>(
        &self,
        tx: &mut Tx,
        permit: &Permit<A>,
        to: &Recipient,
        new: NewLetter<'_, T>,
        bound: Bound,
    ) -> Result<bool> {
        let name = LetterName { school: permit.school(), letter: new.id, kind: new.kind };
        let content = Zeroizing::new(serde_json::to_vec(new.content)?);
        let (sealed, mark) = seal_letter(&content, name, to, &self.secret)?;
        let letter = Letter {
            id: new.id,
            school_id: permit.school(),
            kind: new.kind,
            student_id: new.student.map(|id| id.0),
            sender: new.sender.map(|id| id.0),
            holder: to.holder(),
            state: LetterState::Sent,
            sent_at: self.now(),
            warning_id: bound.warning.map(|id| id.0),
            version: 1,
            sealed,
            mark: mark.to_vec(),
            next_at: bound.next_at,
            rung: 0,
        };
        Ok(tx.insert_letter(permit, &letter).await?)
    }

    /// Opens a letter, if policy lets this standing read its kind and the person holds the key.
    ///
    /// # Errors
    /// [`Error::NotFound`] when policy refuses (not recorded: the caller decides whether it was asked for);
    /// [`Error::NoKey`]; an internal error when it was tampered with.
    pub(crate) fn read_letter<T: DeserializeOwned>(
        &self,
        viewer: &Viewer,
        standing: &Standing,
        letter: &Letter,
    ) -> Result<T> {
        let permit = self.policy.permit::<Read>(standing, letter.kind.kind(), letter.id.0);
        let permit = permit.map_err(|_| Error::NotFound)?;
        let identity = viewer.ring.holder(letter.holder).ok_or(Error::NoKey)?;
        Ok(serde_json::from_slice(&self.opened_letter(&permit, identity, letter)?)?)
    }

    /// Opens a letter with the key of its holder, without reading it.
    pub(crate) fn opened_letter<A: Opens>(
        &self,
        permit: &Permit<A>,
        identity: &Identity,
        letter: &Letter,
    ) -> Result<Zeroizing<Vec<u8>>> {
        let name = name(letter);
        Ok(open_letter(permit, identity, letter.holder, name, &letter.sealed, &letter.mark, &self.secret)?)
    }

    /// Seals the letters of an office anew to its next key, in the transaction that changes it.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the person may not read such letters; the database.
    pub(crate) async fn reseal_letters<A: Act>(
        &self,
        tx: &mut Tx,
        permit: &Permit<A>,
        keeper: &Standing,
        old: &Identity,
        next: &Recipient,
    ) -> Result<()> {
        for mut letter in tx.letters_held_by(next.holder()).await? {
            let read = self.policy.permit::<Read>(keeper, letter.kind.kind(), letter.id.0);
            let content = self.opened_letter(&read.map_err(|_| Error::NotFound)?, old, &letter)?;
            let (sealed, mark) = seal_letter(&content, name(&letter), next, &self.secret)?;
            (letter.sealed, letter.mark) = (sealed, mark.to_vec());
            tx.reseal_letter(permit, &letter).await?;
        }
        Ok(())
    }

    /// The one office of a kind that serves the whole school, with its public key.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the school has none; its row was tampered with.
    pub(crate) async fn school_office(
        &self,
        conn: &mut Conn,
        school: SchoolId,
        kind: OfficeKind,
    ) -> Result<(Office, Recipient)> {
        let office = conn.offices(school).await?.into_iter().find(|office| office.kind == kind);
        let office = office.ok_or(Error::NotFound)?;
        let recipient = self.office_recipient(&office)?;
        Ok((office, recipient))
    }
}

fn name(letter: &Letter) -> LetterName {
    LetterName { school: letter.school_id, letter: letter.id, kind: letter.kind }
}

/// The number on a receipt: ten letters and digits that cannot be confused, made from the id of the letter. It says nothing
/// and finds nothing by itself.
#[must_use]
pub fn receipt_number(id: LetterId) -> String {
    const SIGNS: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
    let bits = id.0.as_u128();
    let sign = |n: u32| char::from(SIGNS[usize::try_from(bits >> (5 * n) & 31).unwrap_or(0)]);
    let (first, last): (String, String) = ((0..5).map(sign).collect(), (5..10).map(sign).collect());
    format!("{first}-{last}")
}

impl App {
    /// An id of a letter that follows from what made it, under the secret of the server: it says nothing, and the same cause
    /// makes it once.
    pub(crate) fn letter_from(&self, cause: &str, parts: &[&[u8]]) -> LetterId {
        let mac = self.secret.mac(cause, parts);
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&mac[..16]);
        LetterId(uuid::Builder::from_random_bytes(bytes).into_uuid())
    }
}

/// A fresh id for a letter or form: random, because a time-ordered one would tell when a student wrote.
#[must_use]
pub fn fresh() -> Uuid {
    Uuid::new_v4()
}
