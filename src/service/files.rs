//! One student, one file: opening it and changing its fields.

use std::collections::{BTreeSet, HashMap};

use uuid::Uuid;

use super::approach::{Approach, Who};
use super::error::again;
use super::facts::Part;
use super::keys::{Spot, seal_at_least};
use super::leading::LED;
use super::reading_grants::ByGrant;
use super::{App, Error, FieldProblem, Keys, Result, Stale, Viewer};
use crate::domain::audit::Event;
use crate::domain::ids::{EntryId, PersonId, StudentId};
use crate::domain::record::{Circumstance, EntryText, Field, FieldValue, Layer};
use crate::domain::words::{Action, Compartment, FileStatus, Kind};
use crate::policy::{Opens, Permit, Read, Write};
use crate::store::{Conn, Entry, Pairing, Record, Tx, WholeFile, Wrap};
use crate::vault::Recipient;

/// The layer that came with the roster.
pub const FROM_ROSTER: &str = "roster";
/// The layer that people write.
pub const BY_PEOPLE: &str = "people";
/// Entries shown on the page of a file.
const ENTRIES: i64 = 200;

/// One field as a page shows it: what people wrote, or else what the roster says.
#[derive(Debug)]
pub struct ShownField {
    /// Which field.
    pub field: Field,
    /// Its text and version; none when it is empty.
    pub value: Option<FieldValue>,
    /// Whether it still stands as imported.
    pub from_roster: bool,
}

/// An entry as a page shows it.
#[derive(Debug)]
pub struct ShownEntry {
    /// Its id.
    pub id: EntryId,
    /// Who wrote it.
    pub author: PersonId,
    /// When, microseconds UTC.
    pub written_at: i64,
    /// The entry that it corrects.
    pub corrects: Option<EntryId>,
    /// Whether a later one corrects it.
    pub corrected: bool,
    /// What it says.
    pub text: EntryText,
}

/// A compartment that the person may read.
#[derive(Debug)]
pub struct ShownCompartment {
    /// Which one.
    pub compartment: Compartment,
    /// Its fields in the order of the form.
    pub fields: Vec<ShownField>,
    /// Group tags; in `circumstance` only.
    pub circumstances: Vec<Circumstance>,
    /// Whether the person may change it.
    pub may_write: bool,
}

/// An opened file.
#[derive(Debug)]
pub struct OpenedFile {
    /// Student, class and pairings.
    pub approach: Approach,
    /// Whom it is about.
    pub who: Who,
    /// The compartments that the person may read.
    pub compartments: Vec<ShownCompartment>,
    /// By which grant the person reads how to reach the family.
    pub contact_by: Option<ByGrant>,
    /// Tracking entries, newest first.
    pub entries: Vec<ShownEntry>,
    /// The names of colleagues who wrote or help.
    pub names: HashMap<PersonId, String>,
}

/// A change of one field: the new text, and the version that the person saw.
#[derive(Debug, Clone)]
pub struct FieldEdit {
    /// Which field.
    pub field: Field,
    /// The new text.
    pub text: String,
    /// The version the person saw; 0 for what was empty or came with the roster.
    pub seen: i64,
}

impl App {
    /// Opens a file: every compartment that policy gives and for which the person holds the key. What is sealed is read in the
    /// same look as how the person stands to it, and opened after policy was asked.
    ///
    /// # Errors
    /// [`Error::NotFound`] when policy gives nothing; [`Error::NoKey`] when nobody let the person into the office yet.
    pub async fn open_file(&self, viewer: &Viewer, id: StudentId) -> Result<OpenedFile> {
        self.open_as(viewer, id, Event::FileOpened).await.map(|opened| opened.0)
    }

    /// Opens a file for a page that says what it is; gives its keys too.
    pub(crate) async fn open_as(
        &self,
        viewer: &Viewer,
        id: StudentId,
        event: Event,
    ) -> Result<(OpenedFile, Keys, Permit<Read>)> {
        let whole =
            || async { self.db.look().await?.whole_file(id, viewer.person.id, ENTRIES).await?.ok_or(Error::NotFound) };
        let mut read = whole().await?;
        if read.contributed > 0 {
            self.take_in_contributions(viewer, id).await?;
            read = whole().await?;
        }
        let WholeFile { seat, wraps, sheets, records, entries, names, .. } = read;
        let approach = self.standing_at(viewer, seat);
        let support = self.permit::<Read>(&approach.standing, Kind::Support, id.0).await?;
        let (of_class, of_file): (Vec<Wrap>, Vec<Wrap>) =
            wraps.into_iter().partition(|wrap| wrap.subject == approach.class.id.0);
        let school = viewer.person.school_id;
        let mut keys = Keys::open(viewer, &self.secret, school, id.0, &of_file);
        let mut class_keys = Keys::open(viewer, &self.secret, school, approach.class.id.0, &of_class);
        let who = self.who(viewer, &approach, &keys, &class_keys, &sheets)?;
        let (mut compartments, mut contact_by) = (Vec::new(), None);
        for compartment in [Compartment::Contact, Compartment::Circumstance, Compartment::Support] {
            let Ok(permit) = self.policy.permit::<Read>(&approach.standing, compartment.kind(), id.0) else { continue };
            let may_write = approach.may(&self.policy, compartment, Action::Write);
            match shown(&keys, &permit, &records, compartment, may_write) {
                // A pairing that a director started comes without this key until a counsellor completes it.
                Err(Error::NoKey) if compartment == Compartment::Contact && matches!(who, Who::Card(_)) => {}
                shown => compartments.push(shown?),
            }
        }
        // A grant is for the page of the file, and not for the tracking record.
        let has_contact = compartments.iter().any(|part| part.compartment == Compartment::Contact);
        if event == Event::FileOpened
            && !has_contact
            && let Some((part, by)) = self.contact_by_grant(viewer, &approach, &keys, &records).await?
        {
            compartments.insert(0, part);
            contact_by = Some(by);
        }
        let entries = shown_entries(&keys, &support, &entries)?;
        let names = self.writers(names, &compartments).await?;
        class_keys.faster.append(&mut keys.faster);
        self.leave_trace(&support, event, "", &class_keys.faster).await?;
        Ok((OpenedFile { approach, who, compartments, contact_by, entries, names }, keys, support))
    }

    /// The names of everybody whom the page of a file names: of those known already, and of those who wrote a field.
    async fn writers(
        &self,
        known: Vec<(PersonId, String)>,
        compartments: &[ShownCompartment],
    ) -> Result<HashMap<PersonId, String>> {
        let mut names: HashMap<PersonId, String> = known.into_iter().collect();
        let fields = compartments.iter().flat_map(|part| &part.fields).filter(|shown| !shown.from_roster);
        let by = fields.filter_map(|shown| shown.value.as_ref()).map(|value| value.by);
        let unknown: BTreeSet<PersonId> = by.filter(|id| !names.contains_key(id)).collect();
        let unknown: Vec<PersonId> = unknown.into_iter().collect();
        for some in unknown.chunks(10) {
            let mut ids = [PersonId(Uuid::nil()); 10];
            ids[..some.len()].copy_from_slice(some);
            names.extend(self.db.look().await?.names_among(&ids).await?);
        }
        Ok(names)
    }

    /// Opens one compartment for its edit form.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the person may not change it.
    pub async fn edit_form(
        &self,
        viewer: &Viewer,
        id: StudentId,
        compartment: Compartment,
    ) -> Result<(Who, ShownCompartment)> {
        let mut conn = self.db.read().await?;
        let approach = self.approach(&mut conn, viewer, id).await?;
        self.permit::<Write>(&approach.standing, compartment.kind(), id.0).await?;
        let permit = self.permit::<Read>(&approach.standing, compartment.kind(), id.0).await?;
        let keys = Keys::of(&mut conn, viewer, &self.secret, id.0).await?;
        let (class_keys, sheets) = self.roster_keys(&mut conn, viewer, &approach.class).await?;
        let records = conn.records(id).await?;
        drop(conn);
        let who = self.who(viewer, &approach, &keys, &class_keys, &sheets)?;
        let shown = shown(&keys, &permit, &records, compartment, true)?;
        self.leave_trace(&permit, Event::FileOpened, compartment.as_str(), &keys.faster).await?;
        Ok((who, shown))
    }

    /// Changes fields of one compartment, if each still has the version that the person saw. Unchanged texts are skipped.
    ///
    /// # Errors
    /// [`Error::Stale`] with both texts of every field that a colleague changed meanwhile; then nothing is saved.
    pub async fn edit_fields(
        &self,
        viewer: &Viewer,
        id: StudentId,
        compartment: Compartment,
        edits: Vec<FieldEdit>,
    ) -> Result<()> {
        check(&edits, compartment)?;
        again(|| self.try_edit(viewer, id, compartment, edits.clone())).await
    }

    async fn try_edit(
        &self,
        viewer: &Viewer,
        id: StudentId,
        compartment: Compartment,
        edits: Vec<FieldEdit>,
    ) -> Result<()> {
        let now = self.now();
        let mut tx = self.begin().await?;
        let approach = self.approach(&mut tx, viewer, id).await?;
        let (mut tx, permit) = self.permit_in::<Write>(tx, &approach.standing, compartment.kind(), id.0).await?;
        let keys = self.keys_for_writing(&mut tx, viewer, &permit, &approach, compartment).await?;
        let records = tx.records(id).await?;
        let roster = layer(&keys, &permit, &records, compartment, FROM_ROSTER)?.map_or_else(Layer::default, |l| l.1);
        let (version, mut people) = layer(&keys, &permit, &records, compartment, BY_PEOPLE)?.unwrap_or_default();
        let changed = apply(&mut people, &roster, edits, viewer.person.id, now)?;
        if changed == 0 {
            return Ok(tx.leave().await?);
        }
        self.put_layer(&mut tx, &permit, &keys, id, compartment, version, &people).await?;
        // How many fields, not which: that a disability was written about is as telling as what was written.
        Ok(tx.record_last(&permit, Event::FieldEdited, &format!("fields={changed}"), now).await?)
    }

    /// The keys of a compartment of a file for writing, for counselling into the person's own; makes its key if it has
    /// none yet. From here on the transaction is the only one that writes under that key.
    pub(crate) async fn keys_for_writing<A: crate::policy::Act>(
        &self,
        tx: &mut Tx,
        viewer: &Viewer,
        permit: &Permit<A>,
        approach: &Approach,
        compartment: Compartment,
    ) -> Result<Keys> {
        let id = approach.student.id;
        let owner = viewer.owner_of(compartment);
        let (stands, mut wraps) = tx.hold_key(permit, id.0, compartment, owner).await?;
        // An age file takes a tenth of a millisecond: whoever writes into one compartment opens no other.
        wraps.retain(|wrap| wrap.compartment == compartment);
        let mut keys = Keys::open(viewer, &self.secret, viewer.person.school_id, id.0, &wraps);
        if stands.is_none() {
            let holders = if owner.is_nil() {
                self.compartment_holders(tx, approach, compartment).await?
            } else {
                self.note_holders(tx, viewer).await?
            };
            let (key, secret) = self.make_key(tx, permit, id.0, compartment, owner, &holders).await?;
            keys.put(&key, secret);
        }
        Ok(keys)
    }

    /// Who holds a key of a counsellor's own: the counsellor, and the recovery identity.
    pub(crate) async fn note_holders(&self, conn: &mut Conn, viewer: &Viewer) -> Result<Vec<Recipient>> {
        let author = self.person_recipient(conn, viewer.person.id).await?.ok_or(Error::NoKey)?;
        Ok(vec![author, self.recovery_recipient(conn).await?])
    }

    /// Everyone who should hold a compartment of a file: its offices, the helpers paired today, who leads the case, and who reads it
    /// by grant.
    pub(crate) async fn compartment_holders(
        &self,
        conn: &mut Conn,
        approach: &Approach,
        compartment: Compartment,
    ) -> Result<Vec<Recipient>> {
        let offices = conn.offices_of_class(approach.student.school_id, approach.class.id).await?;
        let mut holders = self.holders(&offices, approach.class.id, compartment)?;
        if matches!(compartment, Compartment::Support | Compartment::Contact) {
            let today = self.today();
            for pairing in approach.pairings.iter().filter(|p| p.holds(compartment, &today)) {
                holders.extend(self.person_recipient(conn, pairing.helper_id).await?);
            }
        }
        if LED.contains(&compartment) {
            let today = self.today();
            for grant in approach.grants.iter().filter(|grant| grant.is_running(&today)) {
                holders.extend(self.person_recipient(conn, grant.person_id).await?);
            }
        }
        if compartment == Compartment::Contact {
            let readers = self.contact_readers(conn, approach.student.school_id).await?.into_iter();
            holders.extend(readers.filter(|(student, _)| *student == approach.student.id).map(|(_, reader)| reader));
        }
        Ok(holders)
    }

    /// The public key of a person, if the invitation was accepted.
    ///
    /// # Errors
    /// The row was tampered with.
    pub(crate) async fn person_recipient(&self, conn: &mut Conn, id: PersonId) -> Result<Option<Recipient>> {
        let Some(person) = conn.person(id).await?.filter(|p| p.active) else { return Ok(None) };
        let (Some(text), Some(mac)) = (person.recipient, person.recipient_mac) else { return Ok(None) };
        Ok(Some(Recipient::genuine(&text, id.0, &mac, &self.secret)?))
    }

    /// Stores the layer that people write, as the version after `version`.
    #[expect(clippy::too_many_arguments, reason = "the place of a layer has this many coordinates")]
    pub(crate) async fn put_layer<A: crate::policy::Act>(
        &self,
        tx: &mut Tx,
        permit: &Permit<A>,
        keys: &Keys,
        id: StudentId,
        compartment: Compartment,
        version: i64,
        content: &Layer,
    ) -> Result<()> {
        let mut spot = layer_spot(id, compartment, BY_PEOPLE, 0, version + 1);
        let sealed = keys.seal_at_least(&mut spot, content, PEOPLES_LAYER)?;
        let record = Record {
            student_id: id,
            compartment,
            layer: BY_PEOPLE.to_owned(),
            epoch: spot.epoch,
            version: version + 1,
            sealed,
        };
        if version == 0 {
            return Ok(tx.insert_record(permit, &record).await?);
        }
        // The transaction read this version itself; on PostgreSQL a colleague may still have been faster.
        if tx.update_record(permit, &record).await? { Ok(()) } else { Err(Error::Raced) }
    }

    /// Moves a file to its next stage.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a stage that does not follow; [`Error::Stale`] when a colleague moved it meanwhile.
    pub async fn set_status(&self, viewer: &Viewer, id: StudentId, status: FileStatus, seen: i64) -> Result<()> {
        let now = self.now();
        let mut tx = self.begin().await?;
        let approach = self.approach(&mut tx, viewer, id).await?;
        let (mut tx, permit) = self.permit_in::<Write>(tx, &approach.standing, Kind::Support, id.0).await?;
        if !approach.student.status.next().contains(&status) {
            return Err(Error::field("status", "status-does-not-follow"));
        }
        if !tx.set_status(&permit, status, seen).await? {
            return Err(Error::Stale(Vec::new()));
        }
        self.recount(&mut tx, viewer, &permit, id, Part::File).await?;
        Ok(tx.record_last(&permit, Event::StatusChanged, status.as_str(), now).await?)
    }
}

impl Viewer {
    /// Whose a compartment is when this person writes into it: counselling notes are the author's own.
    pub(crate) const fn owner_of(&self, compartment: Compartment) -> Uuid {
        if matches!(compartment, Compartment::Counselling) { self.person.id.0 } else { Uuid::nil() }
    }
}

/// Where a layer of a compartment stands.
#[must_use]
pub(crate) const fn layer_spot(
    id: StudentId,
    compartment: Compartment,
    layer: &str,
    epoch: i64,
    version: i64,
) -> Spot<'_> {
    Spot { table: "records", row: id.0, column: layer, compartment, owner: Uuid::nil(), epoch, version }
}

/// Where the card of a pairing stands.
#[must_use]
pub(crate) const fn card_spot(pairing: &Pairing) -> Spot<'static> {
    Spot {
        table: "pairings",
        row: pairing.id.0,
        column: "card",
        compartment: Compartment::Support,
        owner: Uuid::nil(),
        epoch: pairing.epoch,
        version: 1,
    }
}

/// Where an entry stands.
#[must_use]
pub(crate) const fn entry_spot(entry: &Entry) -> Spot<'static> {
    Spot {
        table: "entries",
        row: entry.id.0,
        column: "text",
        compartment: entry.compartment,
        owner: entry.owner,
        epoch: entry.epoch,
        version: 1,
    }
}

/// Opens one layer of a compartment, with its version, if it was ever written.
pub(crate) fn layer<A: Opens>(
    keys: &Keys,
    permit: &Permit<A>,
    records: &[Record],
    compartment: Compartment,
    name: &str,
) -> Result<Option<(i64, Layer)>> {
    let Some(record) = records.iter().find(|r| r.compartment == compartment && r.layer == name) else {
        return Ok(None);
    };
    let spot = layer_spot(record.student_id, compartment, &record.layer, record.epoch, record.version);
    Ok(Some((record.version, keys.read(permit, &spot, &record.sealed)?)))
}

/// What a roster says of a child in one compartment is at least this long, in bytes: more than all groups and two carers
/// take. Else the length of the row would tell from the database alone who is in how many groups, or has nobody.
const ROSTER_LAYER: usize = 2_000;
/// The same of what people wrote: more than a line in every field, or a decision on five groups, takes.
const PEOPLES_LAYER: usize = 3_000;

/// Seals the layer that came with a roster, for a key that was just made.
pub(crate) fn sealed_roster_layer(
    key: &crate::vault::CompartmentKey,
    school: crate::domain::ids::SchoolId,
    id: StudentId,
    compartment: Compartment,
    epoch: i64,
    version: i64,
    content: &Layer,
) -> Result<Vec<u8>> {
    let spot = layer_spot(id, compartment, FROM_ROSTER, epoch, version);
    seal_at_least(key, &spot.place(school, id.0), content, ROSTER_LAYER)
}

pub(crate) fn shown(
    keys: &Keys,
    permit: &Permit<Read>,
    records: &[Record],
    compartment: Compartment,
    may_write: bool,
) -> Result<ShownCompartment> {
    let mut roster = layer(keys, permit, records, compartment, FROM_ROSTER)?.map_or_else(Layer::default, |l| l.1);
    let mut people = layer(keys, permit, records, compartment, BY_PEOPLE)?.map_or_else(Layer::default, |l| l.1);
    let circumstances = people.circumstances_over(&roster).into_iter().cloned().collect();
    let fields = Field::of(compartment).map(|field| {
        let written = people.fields.remove(&field);
        let from_roster = written.is_none();
        ShownField { field, value: written.or_else(|| roster.fields.remove(&field)), from_roster }
    });
    Ok(ShownCompartment { compartment, fields: fields.collect(), circumstances, may_write })
}

fn shown_entries(keys: &Keys, permit: &Permit<Read>, entries: &[Entry]) -> Result<Vec<ShownEntry>> {
    let corrected = |id: EntryId| entries.iter().any(|e| e.corrects == Some(id.0));
    let show = |entry: &Entry| {
        Ok(ShownEntry {
            id: entry.id,
            author: entry.author,
            written_at: entry.written_at,
            corrects: entry.corrects.map(EntryId),
            corrected: corrected(entry.id),
            text: keys.read(permit, &entry_spot(entry), &entry.sealed)?,
        })
    };
    entries.iter().map(show).collect()
}

/// Every edit must be of this compartment and within its length.
fn check(edits: &[FieldEdit], compartment: Compartment) -> Result<()> {
    let wrong = |edit: &FieldEdit| {
        let code = if edit.field.compartment() != compartment {
            "field-of-another-form"
        } else if edit.text.chars().count() > edit.field.limit() {
            "too-long"
        } else {
            return None;
        };
        Some(FieldProblem { field: edit.field.as_str(), code })
    };
    let problems: Vec<FieldProblem> = edits.iter().filter_map(wrong).collect();
    if problems.is_empty() { Ok(()) } else { Err(Error::Invalid(problems)) }
}

/// Lays the edits on what people wrote. Gives how many fields really changed.
fn apply(people: &mut Layer, roster: &Layer, edits: Vec<FieldEdit>, by: PersonId, at: i64) -> Result<usize> {
    let mut stale = Vec::new();
    let mut changed = 0;
    for edit in edits {
        let stands = people.fields.get(&edit.field).or_else(|| roster.fields.get(&edit.field));
        let (text, version) = stands.map_or(("", 0), |value| (value.text.as_str(), value.version));
        let new = edit.text.trim();
        if new == text {
            continue;
        }
        if version != edit.seen {
            stale.push(Stale { field: edit.field.as_str(), theirs: text.to_owned(), mine: new.to_owned(), version });
            continue;
        }
        changed += 1;
        people.fields.insert(edit.field, FieldValue { text: new.to_owned(), version: version + 1, by, at });
    }
    if stale.is_empty() { Ok(changed) } else { Err(Error::Stale(stale)) }
}

#[cfg(test)]
mod tests;
