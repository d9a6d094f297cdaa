//! Tracking entries, counselling notes, and drafts of them.

use jiff::civil::Date;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::error::again;
use super::files::entry_spot;
use super::{App, Error, FieldProblem, Keys, Result, Viewer};
use crate::domain::audit::Event;
use crate::domain::clock::DAY;
use crate::domain::ids::{EntryId, PersonId, StudentId};
use crate::domain::record::{EntryText, NoteText};
use crate::domain::relation::Facts;
use crate::domain::words::{Compartment, Kind};
use crate::policy::{Append, Permit, Read};
use crate::store::{Draft, Entry, NewEntry};

/// The longest text of one field of an entry or note, in characters.
pub const TEXT: usize = 4_000;
/// A draft is kept this long.
const DRAFT_KEPT: i64 = 30 * DAY;
/// Notes shown at once.
const NOTES: i64 = 200;

/// A note as its author reads it.
#[derive(Debug)]
pub struct ShownNote {
    /// Its id.
    pub id: EntryId,
    /// When, microseconds UTC.
    pub written_at: i64,
    /// The note that it corrects.
    pub corrects: Option<EntryId>,
    /// Whether a later one corrects it.
    pub corrected: bool,
    /// What it says.
    pub text: NoteText,
}

impl App {
    /// Adds a tracking entry, or a correction of one, to a file. Removes the draft it grew from.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every wrong field; [`Error::NotFound`] when the person may not write there or the entry to
    /// be corrected is not in this file.
    pub async fn append_entry(
        &self,
        viewer: &Viewer,
        id: StudentId,
        text: &EntryText,
        corrects: Option<EntryId>,
    ) -> Result<EntryId> {
        self.check_entry(text)?;
        again(|| self.try_append_entry(viewer, id, text, corrects)).await
    }

    async fn try_append_entry(
        &self,
        viewer: &Viewer,
        id: StudentId,
        text: &EntryText,
        corrects: Option<EntryId>,
    ) -> Result<EntryId> {
        let mut tx = self.begin().await?;
        let approach = self.approach(&mut tx, viewer, id).await?;
        let Ok(permit) = self.policy.permit::<Append>(&approach.standing, Kind::Support, id.0) else {
            drop(tx);
            self.permit::<Append>(&approach.standing, Kind::Support, id.0).await?;
            return Err(Error::NotFound);
        };
        if let Some(corrects) = corrects {
            let entries = tx.entries(id, Compartment::Support, Uuid::nil(), i64::MAX).await?;
            entries.iter().find(|e| e.id == corrects).ok_or(Error::NotFound)?;
        }
        let keys = self.keys_for_writing(&mut tx, viewer, &permit, &approach, Compartment::Support).await?;
        let entry = self.sealed_entry(&keys, &permit, Compartment::Support, Uuid::nil(), corrects, text)?;
        if let Ok(read) = self.policy.permit::<Read>(&approach.standing, Kind::Support, id.0) {
            let mut progress = self.progress(&mut tx, &read, &keys, id).await?;
            if progress.add(entry.id, corrects, text.date, text.effect) {
                self.bring_in_the_office(&mut tx, &permit, &approach.student, &progress).await?;
            }
        }
        tx.insert_entry(&permit, Compartment::Support, &entry).await?;
        let event = if corrects.is_some() { Event::EntryCorrected } else { Event::EntryAppended };
        tx.record(&permit, event, "", entry.written_at).await?;
        let own =
            self.policy.permit(&viewer.at_own(), Kind::Account, viewer.person.id.0).map_err(|_| Error::NotFound)?;
        tx.delete_draft(&own, &self.draft_form(viewer, "entry", id.0)).await?;
        tx.commit().await?;
        Ok(entry.id)
    }

    /// Adds a counselling note that only its author can open.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every wrong field; [`Error::NotFound`] when the person may not write there.
    pub async fn append_note(
        &self,
        viewer: &Viewer,
        id: StudentId,
        text: &NoteText,
        corrects: Option<EntryId>,
    ) -> Result<EntryId> {
        self.check_note(text)?;
        again(|| self.try_append_note(viewer, id, text, corrects)).await
    }

    async fn try_append_note(
        &self,
        viewer: &Viewer,
        id: StudentId,
        text: &NoteText,
        corrects: Option<EntryId>,
    ) -> Result<EntryId> {
        let mut tx = self.begin().await?;
        let approach = self.approach(&mut tx, viewer, id).await?;
        let Ok(permit) = self.policy.permit::<Append>(&approach.standing, Kind::Counselling, id.0) else {
            drop(tx);
            self.permit::<Append>(&approach.standing, Kind::Counselling, id.0).await?;
            return Err(Error::NotFound);
        };
        let owner = viewer.person.id.0;
        if let Some(corrects) = corrects {
            let notes = tx.entries(id, Compartment::Counselling, owner, i64::MAX).await?;
            notes.iter().find(|e| e.id == corrects).ok_or(Error::NotFound)?;
        }
        let mut keys = Keys::of(&mut tx, viewer, &self.secret, id.0).await?;
        if !tx.keys_of(id.0).await?.iter().any(|key| key.compartment == Compartment::Counselling && key.owner == owner)
        {
            let mut holders = vec![self.person_recipient(&mut tx, viewer.person.id).await?.ok_or(Error::NoKey)?];
            holders.push(self.recovery_recipient(&mut tx).await?);
            let (key, secret) =
                self.make_key(&mut tx, &permit, id.0, Compartment::Counselling, owner, &holders).await?;
            keys.put(&key, secret);
        }
        let note = self.sealed_entry(&keys, &permit, Compartment::Counselling, owner, corrects, text)?;
        tx.insert_entry(&permit, Compartment::Counselling, &note).await?;
        tx.record(&permit, Event::NoteAppended, "", note.written_at).await?;
        let own =
            self.policy.permit(&viewer.at_own(), Kind::Account, viewer.person.id.0).map_err(|_| Error::NotFound)?;
        tx.delete_draft(&own, &self.draft_form(viewer, "note", id.0)).await?;
        tx.commit().await?;
        Ok(note.id)
    }

    /// The person's own counselling notes on a student, newest first. Nobody else's.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anyone who writes no notes.
    pub async fn notes(&self, viewer: &Viewer, id: StudentId) -> Result<Vec<ShownNote>> {
        let mut conn = self.db.read().await?;
        let approach = self.approach(&mut conn, viewer, id).await?;
        let facts = Facts { author: true, ..Facts::class(approach.student.school_id, approach.class.id) };
        let permit = self.permit::<Read>(&viewer.standing(&facts), Kind::Counselling, id.0).await?;
        let keys = Keys::of(&mut conn, viewer, &self.secret, id.0).await?;
        let entries = conn.entries(id, Compartment::Counselling, viewer.person.id.0, NOTES).await?;
        drop(conn);
        let corrected = |id: EntryId| entries.iter().any(|e| e.corrects == Some(id.0));
        let show = |entry: &Entry| {
            Ok(ShownNote {
                id: entry.id,
                written_at: entry.written_at,
                corrects: entry.corrects.map(EntryId),
                corrected: corrected(entry.id),
                text: keys.read(&permit, &entry_spot(entry), &entry.sealed)?,
            })
        };
        let notes = entries.iter().map(show).collect::<Result<Vec<_>>>()?;
        self.leave_trace(&permit, Event::NotesOpened, "", &keys.faster).await?;
        Ok(notes)
    }

    pub(crate) fn sealed_entry<T: Serialize>(
        &self,
        keys: &Keys,
        permit: &Permit<Append>,
        compartment: Compartment,
        owner: Uuid,
        corrects: Option<EntryId>,
        text: &T,
    ) -> Result<NewEntry> {
        let id = EntryId(Uuid::now_v7());
        let student_id = StudentId(permit.object());
        let written_at = self.now();
        let blank = Entry {
            id,
            student_id,
            compartment,
            owner,
            author: permit.actor(),
            corrects: None,
            written_at,
            epoch: 0,
            sealed: Vec::new(),
        };
        let mut spot = entry_spot(&blank);
        let sealed = keys.seal(&mut spot, text)?;
        Ok(NewEntry { id, owner, corrects, written_at, epoch: spot.epoch, sealed })
    }

    /// What is wrong with an entry.
    pub(crate) fn check_entry(&self, text: &EntryText) -> Result<()> {
        let texts = [("happened", &text.happened, true), ("next", &text.next, false)];
        self.check_texts(text.date, &texts)
    }

    fn check_note(&self, text: &NoteText) -> Result<()> {
        let texts =
            [("complaint", &text.complaint, false), ("process", &text.process, true), ("plan", &text.plan, false)];
        self.check_texts(text.date, &texts)
    }

    /// Every text within its length, the required ones not empty, and the day not in the future.
    fn check_texts(&self, date: Date, texts: &[(&'static str, &String, bool)]) -> Result<()> {
        let mut problems = Vec::new();
        if date > self.clock.today() {
            problems.push(FieldProblem { field: "date", code: "date-in-the-future" });
        }
        for (field, text, required) in texts {
            if *required && text.trim().is_empty() {
                problems.push(FieldProblem { field, code: "required" });
            }
            if text.chars().count() > TEXT {
                problems.push(FieldProblem { field, code: "too-long" });
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(Error::Invalid(problems)) }
    }

    /// Asks whether the person may add to a compartment of a file, before a form for it is shown or a draft kept.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the person may not.
    pub async fn may_append(&self, viewer: &Viewer, id: StudentId, compartment: Compartment) -> Result<()> {
        let approach = self.approach(&mut self.db.read().await?, viewer, id).await?;
        self.permit::<Append>(&approach.standing, compartment.kind(), id.0).await.map(drop)
    }

    /// Keeps what a person is writing into a compartment of a file, sealed to that person: it survives a time-out and a
    /// new sign-in.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the person may not write there.
    pub async fn keep_draft<T: Serialize>(
        &self,
        viewer: &Viewer,
        form: &str,
        compartment: Compartment,
        about: StudentId,
        content: &T,
    ) -> Result<()> {
        self.may_append(viewer, about, compartment).await?;
        let own = self.own(viewer).await?;
        let id = Uuid::new_v4().into();
        let sealed = viewer.ring.identity.seal_own("draft", about.0, &serde_json::to_vec(content)?)?;
        let draft = Draft { id, sealed, updated_at: self.now() };
        let mut tx = self.begin().await?;
        tx.put_draft(&own, &self.draft_form(viewer, form, about.0), &draft).await?;
        Ok(tx.commit().await?)
    }

    /// The person's own draft, if there is one and it still opens.
    ///
    /// # Errors
    /// The database.
    pub async fn draft<T: DeserializeOwned>(&self, viewer: &Viewer, form: &str, about: Uuid) -> Result<Option<T>> {
        let mut conn = self.db.read().await?;
        let draft = conn.draft(viewer.person.id, &self.draft_form(viewer, form, about)).await?;
        let Some(draft) = draft.filter(|d| self.now() - d.updated_at < DRAFT_KEPT) else { return Ok(None) };
        let opened = viewer.ring.identity.open_own("draft", about, &draft.sealed).ok();
        Ok(opened.and_then(|json| serde_json::from_slice(&json).ok()))
    }

    /// Under which name a draft stands: a keyed hash, so that the table does not tell which file is being written about.
    fn draft_form(&self, viewer: &Viewer, form: &str, about: Uuid) -> [u8; 32] {
        self.secret.mac("draft form", &[viewer.person.id.0.as_bytes(), form.as_bytes(), about.as_bytes()])
    }

    /// The names of colleagues by id, for pages that say who wrote something.
    ///
    /// # Errors
    /// The database.
    pub async fn colleagues(&self, viewer: &Viewer) -> Result<std::collections::HashMap<PersonId, String>> {
        let mut conn = self.db.read().await?;
        Ok(conn.persons(viewer.person.school_id).await?.into_iter().map(|p| (p.id, p.name)).collect())
    }
}
