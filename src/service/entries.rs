//! Tracking entries, counselling notes, and drafts of them.

use jiff::civil::Date;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::error::again;
use super::facts::Part;
use super::files::entry_spot;
use super::{App, Approach, Error, FieldProblem, Keys, Result, Viewer};
use crate::domain::audit::Event;
use crate::domain::clock::DAY;
use crate::domain::county::HalfYear;
use crate::domain::ids::{EntryId, FormId, PersonId, StudentId};
use crate::domain::process::ProcessFigure;
use crate::domain::record::{EntryText, NoteText};
use crate::domain::relation::Facts;
use crate::domain::session::Disclosure;
use crate::domain::warning::{Rule, Signal};
use crate::domain::words::{Compartment, Effect, Kind, Way};
use crate::policy::{Append, Permit, Read};
use crate::store::{Added, Draft, Entry, NewEntry, Tx};

/// The longest text of one field of an entry or note, in characters.
pub const TEXT: usize = 4_000;
/// A draft is kept this long.
const DRAFT_KEPT: i64 = 30 * DAY;
/// Notes shown at once.
pub(crate) const NOTES: i64 = 200;

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

/// What came from a form to be added to a file.
struct Sent<'a, T> {
    compartment: Compartment,
    /// The name of its drafts.
    draft: &'static str,
    form: FormId,
    text: &'a T,
    corrects: Option<EntryId>,
    event: Event,
    /// The day and effect of a tracking entry.
    effect: Option<(Date, Effect)>,
    /// What a home visit found that the counsellors should know.
    finding: Option<&'a str>,
    /// What it changes about home visits.
    visit: Visit,
}

/// What an entry changes about home visits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Visit {
    /// Nothing.
    None,
    /// There was one, on this day.
    Made(Date),
    /// An earlier entry is corrected: perhaps it was one, perhaps it is.
    Corrected,
}

impl Visit {
    fn of(text: &EntryText, corrects: Option<EntryId>) -> Self {
        match (corrects, text.way) {
            (Some(_), _) => Self::Corrected,
            (None, Way::HomeVisit) => Self::Made(text.date),
            (None, _) => Self::None,
        }
    }
}

impl<T> Sent<'_, T> {
    /// Whether it is neither an entry without progress, of which the second running brings in an office, nor a finding, nor
    /// about a home visit, which is counted.
    const fn brings_nobody_in(&self) -> bool {
        matches!(self.visit, Visit::None)
            && self.finding.is_none()
            && !matches!(self.effect, Some((_, Effect::Unchanged | Effect::Worse)))
    }
}

impl App {
    /// Adds a tracking entry, or a correction of one, to a file. Removes the draft it grew from. The same entry sent again
    /// from the same `form`, by a second click or a page that was reloaded, is that entry.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every wrong field; [`Error::NotFound`] when the person may not write there or the entry to
    /// be corrected is not in this file.
    pub async fn append_entry(
        &self,
        viewer: &Viewer,
        id: StudentId,
        form: FormId,
        text: &EntryText,
        corrects: Option<EntryId>,
    ) -> Result<EntryId> {
        self.check_entry(text)?;
        let event = if corrects.is_some() { Event::EntryCorrected } else { Event::EntryAppended };
        let effect = Some((text.date, text.effect));
        let (compartment, draft) = (Compartment::Support, "entry");
        let visit = Visit::of(text, corrects);
        let sent = Sent { compartment, draft, form, text, corrects, event, effect, finding: None, visit };
        let mut quickly = true;
        again(|| self.append(viewer, id, &sent, std::mem::take(&mut quickly))).await
    }

    /// Adds the entry of a home visit that found something the counsellors should know, and leaves it with them as a signal
    /// (`requirements.md` C04).
    ///
    /// # Errors
    /// As [`App::append_entry`]; [`Error::Invalid`] also for an entry that is of no home visit.
    pub async fn append_finding(
        &self,
        viewer: &Viewer,
        id: StudentId,
        form: FormId,
        text: &EntryText,
    ) -> Result<EntryId> {
        self.check_entry(text)?;
        if text.way != Way::HomeVisit {
            return Err(Error::field("finding", "no-home-visit"));
        }
        let (compartment, draft, event) = (Compartment::Support, "entry", Event::EntryAppended);
        let (effect, finding) = (Some((text.date, text.effect)), Some(text.happened.as_str()));
        let visit = Visit::of(text, None);
        let sent = Sent { compartment, draft, form, text, corrects: None, event, effect, finding, visit };
        let mut quickly = true;
        again(|| self.append(viewer, id, &sent, std::mem::take(&mut quickly))).await
    }

    /// Adds a counselling note that only its author can open. Sent again from the same `form` it is the same note.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every wrong field; [`Error::NotFound`] when the person may not write there.
    pub async fn append_note(
        &self,
        viewer: &Viewer,
        id: StudentId,
        form: FormId,
        text: &NoteText,
        corrects: Option<EntryId>,
    ) -> Result<EntryId> {
        self.check_note(text)?;
        let event = Event::NoteAppended;
        let sent = Sent {
            compartment: Compartment::Counselling,
            draft: "note",
            form,
            text,
            corrects,
            event,
            effect: None,
            finding: None,
            visit: Visit::None,
        };
        let mut quickly = true;
        again(|| self.append(viewer, id, &sent, std::mem::take(&mut quickly))).await
    }

    /// With `quickly`, an entry that brings nobody in is sealed before the key is held, and what is written travels together.
    /// Whoever was overtaken by a colleague meanwhile comes back and holds the key first.
    async fn append<T: Serialize>(
        &self,
        viewer: &Viewer,
        id: StudentId,
        sent: &Sent<'_, T>,
        quickly: bool,
    ) -> Result<EntryId> {
        let &Sent { compartment, event, .. } = sent;
        let owner = viewer.owner_of(compartment);
        let mut tx = self.begin().await?;
        let spot = tx.spot(id, viewer.person.id, compartment, owner).await?.ok_or(Error::NotFound)?;
        let approach = self.standing_at(viewer, spot.seat);
        let (mut tx, permit) = self.permit_in::<Append>(tx, &approach.standing, compartment.kind(), id.0).await?;
        let own =
            self.policy.permit(&viewer.at_own(), Kind::Account, viewer.person.id.0).map_err(|_| Error::NotFound)?;
        let (draft, now) = (self.draft_form(viewer, sent.draft, id.0), self.now());
        let keys = Keys::open(viewer, &self.secret, viewer.person.school_id, id.0, &spot.wraps);
        if quickly && sent.brings_nobody_in() && keys.newest(compartment, owner).is_some() {
            let (written, new) = self.sealed_sent(viewer, id, &keys, &spot.stands, sent)?;
            let Some(entry) = new else {
                tx.leave().await?;
                return Ok(written);
            };
            let after = spot.stands.first().copied();
            let added = Added { compartment, entry: &entry, after, draft: &draft, event, now };
            return if tx.append_last(&permit, &own, added).await? { Ok(written) } else { Err(Error::Raced) };
        }
        let (entry, is_new) = self.put_entry(&mut tx, viewer, &permit, &approach, sent).await?;
        if !is_new {
            tx.leave().await?;
            return Ok(entry);
        }
        tx.delete_draft(&own, &draft).await?;
        tx.record_last(&permit, event, "", now).await?;
        Ok(entry)
    }

    /// Adds the own note of a group's member in an open transaction.
    pub(crate) async fn note_of_group(
        &self,
        tx: &mut Tx,
        viewer: &Viewer,
        id: StudentId,
        form: FormId,
        text: &NoteText,
    ) -> Result<()> {
        self.check_note(text)?;
        let approach = self.approach(tx, viewer, id).await?;
        let permit = self.policy.permit::<Append>(&approach.standing, Kind::Counselling, id.0);
        let permit = permit.map_err(|_| Error::NotFound)?;
        let (compartment, event) = (Compartment::Counselling, Event::NoteAppended);
        let (effect, finding, visit) = (None, None, Visit::None);
        let sent = Sent { compartment, draft: "note", form, text, corrects: None, event, effect, finding, visit };
        self.put_entry(tx, viewer, &permit, &approach, &sent).await?;
        Ok(tx.record(&permit, event, "group", self.now()).await?)
    }

    /// Seals what was sent into its place, and says whether it is new: sent before, it stands there already.
    async fn put_entry<T: Serialize>(
        &self,
        tx: &mut Tx,
        viewer: &Viewer,
        permit: &Permit<Append>,
        approach: &Approach,
        sent: &Sent<'_, T>,
    ) -> Result<(EntryId, bool)> {
        let compartment = sent.compartment;
        let id = approach.student.id;
        let keys = self.keys_for_writing(tx, viewer, permit, approach, compartment).await?;
        // Only now: a second click waits for the first until here, and finds what it wrote.
        let owner = viewer.owner_of(compartment);
        let stands = tx.entry_ids(id, compartment, owner).await?;
        let (written, new) = self.sealed_sent(viewer, id, &keys, &stands, sent)?;
        let Some(entry) = new else { return Ok((written, false)) };
        self.look_at_progress(tx, permit, &keys, approach, &entry, sent).await?;
        tx.insert_entry(permit, compartment, &entry).await?;
        if sent.visit != Visit::None {
            self.recount(tx, viewer, permit, id, Part::Visit).await?;
        }
        if let Visit::Made(day) = sent.visit {
            tx.tally(permit, permit.school(), HalfYear::of(day), ProcessFigure::VisitsMade, 1).await?;
        }
        if let Some(found) = sent.finding {
            let letter = self.letter_from("visit finding", &[written.0.as_bytes()]);
            let signal = Signal { rule: Rule::VisitFinding, facts: found.to_owned() };
            self.leave_signal(tx, permit, letter, Some(id), &signal).await?;
        }
        Ok((written, true))
    }

    /// What was sent, sealed into its place after those that stand there: nothing where it is one of them.
    fn sealed_sent<T: Serialize>(
        &self,
        viewer: &Viewer,
        id: StudentId,
        keys: &Keys,
        stands: &[EntryId],
        sent: &Sent<'_, T>,
    ) -> Result<(EntryId, Option<NewEntry>)> {
        let &Sent { compartment, corrects, .. } = sent;
        if corrects.is_some_and(|corrects| !stands.contains(&corrects)) {
            return Err(Error::NotFound);
        }
        let mark = self.mark_of(viewer, id, sent)?;
        if let Some(written) = stands.iter().find(|id| id.0.as_bytes()[8..] == mark) {
            return Ok((*written, None));
        }
        let now = self.now();
        let blank = Entry {
            id: entry_id(now, stands.first(), mark),
            student_id: id,
            compartment,
            owner: viewer.owner_of(compartment),
            author: viewer.person.id,
            corrects: corrects.map(|id| id.0),
            written_at: now,
            epoch: 0,
            sealed: Vec::new(),
        };
        Ok((blank.id, Some(sealed(keys, &blank, sent.text)?)))
    }

    /// Brings in the moral-education office when this entry is the second running without progress (`requirements.md` A16).
    async fn look_at_progress<T>(
        &self,
        tx: &mut Tx,
        permit: &Permit<Append>,
        keys: &Keys,
        approach: &Approach,
        entry: &NewEntry,
        sent: &Sent<'_, T>,
    ) -> Result<()> {
        let Some((date, effect @ (Effect::Unchanged | Effect::Worse))) = sent.effect else { return Ok(()) };
        let id = approach.student.id;
        let Ok(read) = self.policy.permit::<Read>(&approach.standing, Kind::Support, id.0) else { return Ok(()) };
        let mut progress = self.progress(tx, &read, keys, id).await?;
        if progress.add(entry.id, sent.corrects, date, effect) {
            self.bring_in_the_office(tx, permit, &approach.student, &progress).await?;
        }
        Ok(())
    }

    /// The end of the id of what was sent: the same for the same text from the same form. The form is known to its sender
    /// and to nobody who reads the database, so the id does not tell what was written.
    fn mark_of<T: Serialize>(&self, viewer: &Viewer, id: StudentId, sent: &Sent<'_, T>) -> Result<[u8; 8]> {
        let text = Zeroizing::new(serde_json::to_vec(&(sent.text, sent.corrects))?);
        let (author, kind) = (viewer.person.id.0, sent.compartment.as_str());
        let parts = [author.as_bytes(), id.0.as_bytes(), kind.as_bytes(), sent.form.0.as_bytes(), &text];
        let [variant, rest @ ..] = self.secret.mac("entry sent", &parts);
        let mut mark = [variant & 0x3f | 0x80; 8];
        mark[1..].copy_from_slice(&rest[..7]);
        Ok(mark)
    }

    /// The id of what was sent: the same for the same content from the same form, so that a second click finds what the
    /// first one made. Whoever does not know the form learns nothing about the content from it.
    pub(crate) fn id_of_sent<T: Serialize>(&self, viewer: &Viewer, form: FormId, content: &T) -> Result<Uuid> {
        let content = Zeroizing::new(serde_json::to_vec(content)?);
        Ok(self.letter_from("form sent", &[viewer.person.id.0.as_bytes(), form.0.as_bytes(), &content]).0)
    }

    /// The person's own counselling notes on a student, newest first. Nobody else's.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anyone who writes no notes.
    pub async fn notes(&self, viewer: &Viewer, id: StudentId) -> Result<Vec<ShownNote>> {
        let mut conn = self.db.read().await?;
        let approach = self.approach(&mut conn, viewer, id).await?;
        let facts = Facts { author: true, ..approach.known() };
        let permit = self.permit::<Read>(&viewer.standing(&facts), Kind::Counselling, id.0).await?;
        let keys = Keys::of(&mut conn, viewer, &self.secret, id.0).await?;
        let entries = conn.entries(id, Compartment::Counselling, viewer.person.id.0, NOTES).await?;
        drop(conn);
        let notes = shown_notes(&keys, &permit, &entries)?;
        self.leave_trace(&permit, Event::NotesOpened, "", &keys.faster).await?;
        Ok(notes)
    }

    /// An entry sealed with nothing looked up: what it needs was read before.
    pub(crate) fn sealed_entry<T: Serialize>(
        &self,
        keys: &Keys,
        permit: &Permit<Append>,
        compartment: Compartment,
        owner: Uuid,
        corrects: Option<EntryId>,
        text: &T,
    ) -> Result<NewEntry> {
        let blank = Entry {
            id: EntryId(Uuid::now_v7()),
            student_id: StudentId(permit.object()),
            compartment,
            owner,
            author: permit.actor(),
            corrects: corrects.map(|id| id.0),
            written_at: self.now(),
            epoch: 0,
            sealed: Vec::new(),
        };
        sealed(keys, &blank, text)
    }

    /// What is wrong with an entry.
    pub(crate) fn check_entry(&self, text: &EntryText) -> Result<()> {
        let texts = [("happened", &text.happened, true), ("next", &text.next, false)];
        self.check_texts(text.date, &texts)
    }

    fn check_note(&self, text: &NoteText) -> Result<()> {
        let NoteText { session, .. } = text;
        let mut texts = vec![
            ("complaint", &text.complaint, false),
            ("process", &text.process, true),
            ("plan", &text.plan, false),
            ("place", &session.place, false),
            ("goals", &session.goals, false),
            ("observed", &session.observed, false),
            ("risk", &session.risk, false),
        ];
        // Whoever breaks the secret says to whom and why, or has not recorded it.
        if let Some(Disclosure { to, why, .. }) = &session.disclosed {
            texts.extend([("disclosed_to", to, true), ("disclosed_why", why, true)]);
        }
        self.check_texts(text.date, &texts)?;
        match session.disclosed.as_ref() {
            Some(disclosed) if disclosed.day > self.clock.today() => {
                Err(Error::field("disclosed_on", "date-in-the-future"))
            }
            _ => Ok(()),
        }
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
        let approach = self.approach(&mut self.db.look().await?, viewer, id).await?;
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
        let mut conn = self.db.look().await?;
        let draft = conn.draft(viewer.person.id, &self.draft_form(viewer, form, about)).await?;
        let Some(draft) = draft.filter(|d| self.now() - d.updated_at < DRAFT_KEPT) else { return Ok(None) };
        let opened = viewer.ring.identity.open_own("draft", about, &draft.sealed).ok();
        Ok(opened.and_then(|json| serde_json::from_slice(&json).ok()))
    }

    fn draft_form(&self, viewer: &Viewer, form: &str, about: Uuid) -> [u8; 32] {
        self.draft_form_of(viewer.person.id, form, about)
    }

    /// Under which name a person's draft stands: a keyed hash, so that the table does not tell which file is being written about.
    pub(crate) fn draft_form_of(&self, person: PersonId, form: &str, about: Uuid) -> [u8; 32] {
        self.secret.mac("draft form", &[person.0.as_bytes(), form.as_bytes(), about.as_bytes()])
    }

    /// The names of colleagues by id, for pages that say who wrote something.
    ///
    /// # Errors
    /// The database.
    pub async fn colleagues(&self, viewer: &Viewer) -> Result<std::collections::HashMap<PersonId, String>> {
        let mut conn = self.db.look().await?;
        Ok(conn.persons(viewer.person.school_id).await?.into_iter().map(|p| (p.id, p.name)).collect())
    }
}

/// Counselling notes, opened.
pub(crate) fn shown_notes(keys: &Keys, permit: &Permit<Read>, entries: &[Entry]) -> Result<Vec<ShownNote>> {
    let corrected = |id: EntryId| entries.iter().any(|e| e.corrects == Some(id.0));
    let show = |entry: &Entry| {
        Ok(ShownNote {
            id: entry.id,
            written_at: entry.written_at,
            corrects: entry.corrects.map(EntryId),
            corrected: corrected(entry.id),
            text: keys.read(permit, &entry_spot(entry), &entry.sealed)?,
        })
    };
    entries.iter().map(show).collect()
}

/// A UUID of version 7 that comes after the newest there is, also where the clock was set back: the order of ids is the
/// order of entries.
fn entry_id(now: i64, newest: Option<&EntryId>, mark: [u8; 8]) -> EntryId {
    let newest = newest.map_or(0, |id| u64::from_be_bytes(*id.0.as_bytes().first_chunk().unwrap_or(&[0; 8])) >> 16);
    let at = u64::try_from(now / 1_000).unwrap_or(0).max(newest + 1);
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&(at << 16 | 0x7000).to_be_bytes());
    bytes[8..].copy_from_slice(&mark);
    EntryId(Uuid::from_bytes(bytes))
}

/// Seals a text in its place.
fn sealed<T: Serialize>(keys: &Keys, blank: &Entry, text: &T) -> Result<NewEntry> {
    let mut spot = entry_spot(blank);
    let sealed = keys.seal(&mut spot, text)?;
    let &Entry { id, owner, corrects, written_at, .. } = blank;
    Ok(NewEntry { id, owner, corrects: corrects.map(EntryId), written_at, epoch: spot.epoch, sealed })
}
