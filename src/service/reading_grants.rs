//! 阅览授权: who holds the key of a part of a file lets a colleague read it for some days, for a reason.
//!
//! A counsellor lets another one read the own notes on one student (督导); whoever keeps the contact of a family lets the
//! moral-education director read it. The reader gets a wrap of that one key and may do nothing but read. With the end of the
//! grant the wrap is destroyed and the key moves on.

mod ending;
mod reading;

use std::collections::HashMap;

use uuid::Uuid;

use super::error::again;
use super::keys::Spot;
use super::{App, Approach, Error, FieldProblem, Keys, Result, Viewer};
use crate::domain::audit::Event;
use crate::domain::ids::{FormId, PersonId, ReadingGrantId, StudentId};
use crate::domain::reading::{REASON, ReadingKind, wrong_last_day};
use crate::domain::relation::{Facts, Standing};
use crate::domain::words::Kind;
use crate::policy::{Admit, Permit, Read};
use crate::store::{Class, Conn, Person, ReadingGrant, Tx};
use crate::vault::Recipient;
use jiff::civil::Date;
pub use reading::{ByGrant, SupervisedNotes};

/// A grant to be given.
#[derive(Debug, Clone)]
pub struct NewReading {
    /// What is to be read.
    pub kind: ReadingKind,
    /// By whom.
    pub person: PersonId,
    /// Why.
    pub reason: String,
    /// The last day.
    pub until: Option<Date>,
}

/// A grant as the page shows it to those who may end it.
#[derive(Debug)]
pub struct ShownReading {
    /// The grant.
    pub grant: ReadingGrant,
    /// Why; none where the key was lost.
    pub reason: Option<String>,
    /// Whether it opens something today.
    pub running: bool,
}

/// What of a file colleagues may read by grant.
#[derive(Debug)]
pub struct Readings {
    /// Whom the file is about.
    pub name: String,
    /// The class.
    pub class: Class,
    /// The grants that the person may end or ended, newest first.
    pub grants: Vec<ShownReading>,
    /// What the person can let others read, and whom.
    pub offers: Vec<(ReadingKind, Vec<Person>)>,
    /// The names of colleagues by id.
    pub names: HashMap<PersonId, String>,
}

impl App {
    /// What of a file colleagues may read by grant, for those who keep how to reach the family: of contact all grants, of notes those
    /// on the own ones.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anyone who lets nobody read; [`Error::NoKey`] when nobody let the person into the office yet.
    pub async fn readings(&self, viewer: &Viewer, id: StudentId) -> Result<Readings> {
        let mut conn = self.db.read().await?;
        let approach = self.approach(&mut conn, viewer, id).await?;
        self.permit::<Admit>(&approach.standing, Kind::Contact, id.0).await?;
        let contact = self.permit::<Read>(&approach.standing, Kind::Contact, id.0).await?;
        let own = giving(viewer, &approach, ReadingKind::Supervision, viewer.person.id.0);
        let own = self.policy.permit::<Read>(&own, Kind::Counselling, id.0).ok();
        let keys = Keys::of(&mut conn, viewer, &self.secret, id.0).await?;
        let (who, mut faster) = self.who_now(&mut conn, viewer, &approach, &keys).await?;
        let today = self.today();
        let mut grants = Vec::new();
        for grant in conn.reading_grants_of_student(id).await? {
            let permit = match grant.kind {
                ReadingKind::Contact => Some(&contact),
                ReadingKind::Supervision => own.as_ref().filter(|_| grant.owner == viewer.person.id.0),
            };
            let Some(permit) = permit else { continue };
            let running = grant.is_running(&today);
            grants.push(ShownReading { reason: reason_of(&keys, permit, &grant)?, running, grant });
        }
        let wrote =
            own.is_some() && keys.all(ReadingKind::Supervision.compartment(), viewer.person.id.0).next().is_some();
        let persons = conn.persons(viewer.person.school_id).await?;
        let mut offers = Vec::new();
        for kind in ReadingKind::ALL.iter().filter(|kind| **kind == ReadingKind::Contact || wrote) {
            let may = self.holders_of_role(&mut conn, viewer.person.school_id, kind.reader(), None).await?;
            let can = |person: &&Person| {
                person.id != viewer.person.id && person.active && person.recipient.is_some() && may.contains(&person.id)
            };
            offers.push((*kind, persons.iter().filter(can).cloned().collect()));
        }
        drop(conn);
        let names = persons.into_iter().map(|person| (person.id, person.name)).collect();
        faster.extend(keys.faster);
        self.leave_trace(&contact, Event::GrantsRead, "", &faster).await?;
        Ok(Readings { name: who.name().to_owned(), class: approach.class, grants, offers, names })
    }

    /// Lets a colleague read. The same form sent again is the same grant, also after it ended.
    ///
    /// # Errors
    /// [`Error::Invalid`] with everything that is wrong; [`Error::NotFound`] for anyone who does not keep this part of the file;
    /// [`Error::NoKey`] when the person does not hold its key.
    pub async fn give_reading(
        &self,
        viewer: &Viewer,
        id: StudentId,
        form: FormId,
        new: &NewReading,
    ) -> Result<ReadingGrantId> {
        again(|| self.try_give_reading(viewer, id, form, new)).await
    }

    async fn try_give_reading(
        &self,
        viewer: &Viewer,
        student: StudentId,
        form: FormId,
        new: &NewReading,
    ) -> Result<ReadingGrantId> {
        let (kind, compartment, owner) = (new.kind, new.kind.compartment(), viewer.owner_of(new.kind.compartment()));
        let mut tx = self.begin().await?;
        let approach = self.approach(&mut tx, viewer, student).await?;
        let standing = giving(viewer, &approach, kind, owner);
        let (mut tx, permit) = self.permit_in::<Admit>(tx, &standing, compartment.kind(), student.0).await?;
        let reason = new.reason.trim().to_owned();
        let sent = (student, kind, new.person, &reason, new.until.map(|day| day.to_string()));
        let id = ReadingGrantId(self.id_of_sent(viewer, form, &sent)?);
        if tx.reading_grant(id).await?.is_some() {
            tx.leave().await?;
            return Ok(id);
        }
        let mut before = tx.reading_grants_of_student(student).await?;
        before
            .retain(|one| (one.kind, one.owner, one.person_id) == (kind, owner, new.person) && one.ended_at.is_none());
        let (reader, until) = self.checked_reading(&mut tx, viewer, &approach, new, &before).await?;
        // What is past its last day makes way, and its key with it.
        for grant in before {
            self.end_in(&mut tx, &permit, viewer, &approach, &grant).await?;
        }
        let keys = self.keys_for_writing(&mut tx, viewer, &permit, &approach, compartment).await?;
        keys.newest(compartment, owner).ok_or(Error::NoKey)?;
        for (name, key) in keys.all(compartment, owner) {
            tx.insert_wrap(&permit, &self.wrap(key, name, &reader)?).await?;
        }
        let mut grant = ReadingGrant {
            id,
            school_id: approach.student.school_id,
            student_id: student,
            kind,
            owner,
            person_id: new.person,
            given_by: viewer.person.id,
            given_at: self.now(),
            until: until.to_string(),
            ended_at: None,
            epoch: 0,
            sealed: Vec::new(),
        };
        let mut spot = reason_spot(&grant);
        let sealed = keys.seal(&mut spot, &reason)?;
        (grant.epoch, grant.sealed) = (spot.epoch, sealed);
        tx.insert_reading_grant(&permit, &grant).await?;
        let detail = format!("what={kind} reader={} until={until}", new.person);
        tx.record(&permit, Event::ReadingGiven, &detail, self.now()).await?;
        self.tell(&mut tx, permit.school(), &[new.person].into(), &place_of(kind, student)).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// Everything that can be wrong with a new grant, at once; else the public key of the reader, and the last day. `before` are the
    /// grants of the same to the same reader that were not ended.
    async fn checked_reading(
        &self,
        tx: &mut Tx,
        viewer: &Viewer,
        approach: &Approach,
        new: &NewReading,
        before: &[ReadingGrant],
    ) -> Result<(Recipient, Date)> {
        let (student, owner) = (approach.student.id, viewer.owner_of(new.kind.compartment()));
        let (today, mut problems) = (self.today(), Vec::new());
        let reason = match new.reason.trim().chars().count() {
            0 => Some("required"),
            1..=REASON => None,
            _ => Some("too-long"),
        };
        problems.extend(reason.map(|code| FieldProblem { field: "reason", code }));
        let day = wrong_last_day(new.until, self.clock.today());
        problems.extend(day.map(|code| FieldProblem { field: "until", code }));
        let may = self.holders_of_role(tx, approach.student.school_id, new.kind.reader(), None).await?;
        let recipient = self.person_recipient(tx, new.person).await?;
        let code = if new.person == viewer.person.id || !may.contains(&new.person) {
            Some("choose")
        } else if before.iter().any(|one| one.is_running(&today)) {
            Some("reading-already")
        } else if recipient.is_none() {
            Some("no-keys-yet")
        } else if new.kind == ReadingKind::Supervision && !wrote(tx, student, owner).await? {
            Some("no-notes-yet")
        } else {
            None
        };
        problems.extend(code.map(|code| FieldProblem { field: "person", code }));
        match (recipient, new.until) {
            (Some(recipient), Some(until)) if problems.is_empty() => Ok((recipient, until)),
            _ => Err(Error::Invalid(problems)),
        }
    }
}

/// Whether somebody ever wrote a note on a student.
async fn wrote(conn: &mut Conn, student: StudentId, owner: Uuid) -> Result<bool> {
    let own = ReadingKind::Supervision.compartment();
    Ok(conn.keys_of(student.0).await?.iter().any(|key| key.compartment == own && key.owner == owner))
}

/// How a person stands to what they would let others read: notes are their author's.
fn giving(viewer: &Viewer, approach: &Approach, kind: ReadingKind, owner: Uuid) -> Standing {
    match kind {
        ReadingKind::Contact => approach.standing.clone(),
        ReadingKind::Supervision => {
            let author = owner == viewer.person.id.0;
            viewer.standing(&Facts { author, ..approach.known() })
        }
    }
}

/// The page on which the reader finds it. The notices page knows it by its end.
fn place_of(kind: ReadingKind, student: StudentId) -> String {
    match kind {
        ReadingKind::Supervision => format!("/files/{student}/notes#reading"),
        ReadingKind::Contact => format!("/files/{student}#reading"),
    }
}

/// Where the reason of a grant stands: under the key that it gives.
pub(crate) const fn reason_spot(grant: &ReadingGrant) -> Spot<'static> {
    Spot {
        table: "reading_grants",
        row: grant.id.0,
        column: "reason",
        compartment: grant.kind.compartment(),
        owner: grant.owner,
        epoch: grant.epoch,
        version: 1,
    }
}

/// Why a grant was given; nothing where the person holds no key of that epoch.
fn reason_of(keys: &Keys, permit: &Permit<Read>, grant: &ReadingGrant) -> Result<Option<String>> {
    match keys.read(permit, &reason_spot(grant), &grant.sealed) {
        Ok(reason) => Ok(Some(reason)),
        Err(Error::NoKey) => Ok(None),
        Err(other) => Err(other),
    }
}

#[cfg(test)]
mod tests;
