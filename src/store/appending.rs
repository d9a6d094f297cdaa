//! An entry added to a file: what is asked first and what is written last, one trip each.

use uuid::Uuid;

use super::audit::done;
use super::files::NewEntry;
use super::keys::{Key, Wrap};
use super::pairings::Pairing;
use super::whole::{Seat, Seated};
use super::{Conn, Grant, Result, Tx, sql_all};
use crate::domain::audit::Event;
use crate::domain::ids::{EntryId, PersonId, StudentId};
use crate::domain::words::Compartment;
use crate::policy::{Append, Manage, Permit};
use crate::vault::chain;

/// Where something is added to a file.
#[derive(Debug, Clone)]
pub struct Spot {
    /// Student, class, pairings.
    pub seat: Seat,
    /// The wraps of the file that the person can open, directly or through an office.
    pub wraps: Vec<Wrap>,
    /// The entries that stand there, newest first.
    pub stands: Vec<EntryId>,
}

/// What is added.
#[derive(Debug, Clone, Copy)]
pub struct Added<'a> {
    /// To which compartment.
    pub compartment: Compartment,
    /// The sealed entry.
    pub entry: &'a NewEntry,
    /// The newest one that stood there when it was sealed.
    pub after: Option<EntryId>,
    /// The draft that it grew from.
    pub draft: &'a [u8],
    /// What the line says.
    pub event: Event,
    /// When, microseconds UTC.
    pub now: i64,
}

impl Conn {
    /// Everything that somebody who adds to a compartment of a file must know first.
    ///
    /// # Errors
    /// The database.
    pub async fn spot(
        &mut self,
        id: StudentId,
        person: PersonId,
        compartment: Compartment,
        owner: Uuid,
    ) -> Result<Option<Spot>> {
        let (seated, pairings, grants, wraps, stands) = sql_all!(
            self,
            [id.0, person.0, compartment.as_str(), owner],
            Seated: "SELECT s.id, s.school_id, s.class_id, s.status, s.version, c.cohort, c.number, c.closed
             FROM students s JOIN classes c ON c.id = s.class_id WHERE s.id = $1",
            Pairing: "SELECT * FROM pairings WHERE student_id = $1 ORDER BY starts DESC, id DESC",
            Grant: "SELECT * FROM grants WHERE student_id = $1 ORDER BY given_at DESC, id DESC",
            Wrap: "SELECT w.key_id, k.subject, k.compartment, k.owner, k.epoch AS current, w.epoch, w.holder, w.form, w.sealed, w.mark
             FROM keys k JOIN wraps w ON w.key_id = k.id
             WHERE k.subject = $1 AND k.compartment = $3 AND k.owner = $4
               AND (w.holder = $2 OR w.holder IN (SELECT office_id FROM members WHERE person_id = $2))",
            (Uuid,): "SELECT id FROM entries WHERE student_id = $1 AND compartment = $3 AND owner = $4 ORDER BY id DESC",
        )?;
        let stands = stands.into_iter().map(|(id,)| EntryId(id)).collect();
        Ok(Seat::of(seated, pairings, grants).map(|seat| Spot { seat, wraps, stands }))
    }
}

impl Tx {
    /// Adds an entry, removes the draft that it grew from, writes the line of the act as its last statement and makes all of it
    /// permanent. Says no, with nothing done, if another entry came first or the key that sealed it is not the newest.
    ///
    /// # Errors
    /// The database; then the act did not happen.
    pub async fn append_last(
        mut self,
        permit: &Permit<Append>,
        own: &Permit<Manage>,
        added: Added<'_>,
    ) -> Result<bool> {
        let Added { compartment, entry, after, draft, event, now } = added;
        debug_assert_eq!(permit.kind(), compartment.kind());
        let steps = i64::from(self.takes_head_early());
        let (keys, newest, _, _, heads) = sql_all!(
            self,
            [
                permit.object(),
                compartment.as_str(),
                entry.owner,
                entry.id.0,
                permit.actor().0,
                entry.corrects.map(|id| id.0),
                entry.written_at,
                entry.epoch,
                entry.sealed.as_slice(),
                own.object(),
                draft,
                permit.school().0,
                steps,
                &chain::ORIGIN[..],
            ],
            // The key is held before anything else: it is the lock of those who write there, and of who rotates it.
            Key: "UPDATE keys SET epoch = epoch WHERE subject = $1 AND compartment = $2 AND owner = $3
             RETURNING id, subject, compartment, owner, epoch",
            (Uuid,): "SELECT id FROM entries WHERE student_id = $1 AND compartment = $2 AND owner = $3 ORDER BY id DESC LIMIT 1",
            (): "INSERT INTO entries (student_id, id, compartment, owner, author, corrects, written_at, epoch, sealed)
             VALUES ($1, $4, $2, $3, $5, $6, $7, $8, $9)",
            (): "DELETE FROM drafts WHERE person_id = $10 AND form = $11",
            (i64, Vec<u8>): "INSERT INTO audit_heads (school_id, seq, hash) SELECT $12, $13, $14 WHERE $13 > 0
             ON CONFLICT (school_id) DO UPDATE SET seq = audit_heads.seq + $13 RETURNING seq, hash",
        )?;
        let newest = newest.first().map(|(id,)| EntryId(*id));
        if keys.first().map(|key| key.epoch) != Some(entry.epoch) || newest != after {
            return Ok(false);
        }
        self.link_last(done(permit, event, permit.object(), "", now), heads.into_iter().next()).await?;
        Ok(true)
    }
}
