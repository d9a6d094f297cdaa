//! What a reader sees by grant. The relation `granted` is made for one question and leaves this file as a permit for one kind
//! of one file: nobody becomes `granted` for anything else.

use crate::domain::audit::Event;
use crate::domain::ids::{SchoolId, StudentId};
use crate::domain::reading::ReadingKind;
use crate::domain::relation::Facts;
use crate::domain::words::{Action, Compartment, Relation};
use crate::policy::{Permit, Read};
use crate::service::entries::{NOTES, shown_notes};
use crate::service::files::shown;
use crate::service::{App, Approach, Error, Keys, Result, ShownCompartment, ShownNote, Viewer};
use crate::store::{Conn, ReadingGrant, Record};
use crate::vault::Recipient;

use super::reason_of;

/// By which grant something is read.
#[derive(Debug)]
pub struct ByGrant {
    /// The name of who gave it.
    pub by: String,
    /// Its last day, `YYYY-MM-DD`.
    pub until: String,
    /// Why.
    pub reason: String,
}

/// A colleague's notes on a student, read by grant.
#[derive(Debug)]
pub struct SupervisedNotes {
    /// By which grant; its giver is the author.
    pub grant: ByGrant,
    /// The notes, newest first.
    pub notes: Vec<ShownNote>,
}

impl App {
    /// Whether a grant could let this person read that: the page says whom to ask.
    #[must_use]
    pub fn could_be_granted(&self, viewer: &Viewer, kind: ReadingKind) -> bool {
        let (read, kind) = (Action::Read, kind.compartment().kind());
        viewer.duties.iter().any(|duty| self.policy.allows(duty.role, Relation::Granted, kind, read))
    }

    /// The permit that a running grant gives to the person it was given to: to read that kind of this file, and nothing more.
    pub(crate) fn by_grant(&self, viewer: &Viewer, approach: &Approach, grant: &ReadingGrant) -> Option<Permit<Read>> {
        let student = approach.student.id;
        let mine =
            grant.person_id == viewer.person.id && grant.student_id == student && grant.is_running(&self.today());
        if !mine {
            return None;
        }
        let standing = viewer.standing(&Facts { granted: true, ..approach.known() });
        let kind = grant.kind.compartment().kind();
        let permit = self.policy.permit::<Read>(&standing, kind, student.0).ok();
        permit.filter(|permit| permit.relation() == Relation::Granted)
    }

    /// How to reach the family, for whom policy refuses it and a grant gives it. `keys` and `records` are those of the file.
    pub(crate) async fn contact_by_grant(
        &self,
        viewer: &Viewer,
        approach: &Approach,
        keys: &Keys,
        records: &[Record],
    ) -> Result<Option<(ShownCompartment, ByGrant)>> {
        if !self.could_be_granted(viewer, ReadingKind::Contact) {
            return Ok(None);
        }
        let mut conn = self.db.look().await?;
        for grant in conn.reading_grants_of_student(approach.student.id).await? {
            let of_contact = grant.kind == ReadingKind::Contact;
            let Some(permit) = self.by_grant(viewer, approach, &grant).filter(|_| of_contact) else { continue };
            let part = match shown(keys, &permit, records, Compartment::Contact, false) {
                Err(Error::NoKey) => continue,
                part => part?,
            };
            let by = named(&mut conn, keys, &permit, &grant).await?;
            drop(conn);
            self.leave_trace(&permit, Event::ReadByGrant, &format!("by={}", grant.given_by), &[]).await?;
            return Ok(Some((part, by)));
        }
        Ok(None)
    }

    /// What colleagues wrote about a student and let this person read. Each reading is a line of its own; an empty answer opens
    /// nothing and leaves none.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is no such student; the database.
    pub async fn supervised_notes(&self, viewer: &Viewer, id: StudentId) -> Result<Vec<SupervisedNotes>> {
        let mut conn = self.db.read().await?;
        let mut grants = conn.reading_grants_of_student(id).await?;
        grants.retain(|one| one.kind == ReadingKind::Supervision && one.person_id == viewer.person.id);
        if grants.is_empty() {
            return Ok(Vec::new());
        }
        let approach = self.approach(&mut conn, viewer, id).await?;
        let keys = Keys::of(&mut conn, viewer, &self.secret, id.0).await?;
        let (mut supervised, mut traces) = (Vec::new(), Vec::new());
        for grant in grants {
            let Some(permit) = self.by_grant(viewer, &approach, &grant) else { continue };
            let entries = conn.entries(id, Compartment::Counselling, grant.owner, NOTES).await?;
            let notes = match shown_notes(&keys, &permit, &entries) {
                Err(Error::NoKey) => continue,
                notes => notes?,
            };
            supervised.push(SupervisedNotes { grant: named(&mut conn, &keys, &permit, &grant).await?, notes });
            traces.push((permit, format!("by={}", grant.given_by)));
        }
        drop(conn);
        for (permit, detail) in &traces {
            self.leave_trace(permit, Event::ReadByGrant, detail, &keys.faster).await?;
        }
        Ok(supervised)
    }

    /// Whom a counsellor lets read the own notes on a student today, with the last day of each.
    ///
    /// # Errors
    /// The database.
    pub async fn who_reads_notes(&self, viewer: &Viewer, id: StudentId) -> Result<Vec<(String, String)>> {
        let today = self.today();
        let mut conn = self.db.look().await?;
        let mut readers = Vec::new();
        for grant in conn.reading_grants_of_student(id).await? {
            let own = grant.kind == ReadingKind::Supervision && grant.owner == viewer.person.id.0;
            if own && grant.is_running(&today) {
                let reader = conn.person(grant.person_id).await?.map_or_else(String::new, |person| person.name);
                readers.push((reader, grant.until));
            }
        }
        Ok(readers)
    }

    /// Who reads the contact of a family by grant today, with their public keys, by student.
    pub(crate) async fn contact_readers(
        &self,
        conn: &mut Conn,
        school: SchoolId,
    ) -> Result<Vec<(StudentId, Recipient)>> {
        let today = self.today();
        let mut readers = Vec::new();
        for grant in conn.reading_grants(school).await? {
            if grant.kind == ReadingKind::Contact
                && grant.is_running(&today)
                && let Some(recipient) = self.person_recipient(conn, grant.person_id).await?
            {
                readers.push((grant.student_id, recipient));
            }
        }
        Ok(readers)
    }
}

/// By which grant, in words.
async fn named(conn: &mut Conn, keys: &Keys, permit: &Permit<Read>, grant: &ReadingGrant) -> Result<ByGrant> {
    let by = conn.person(grant.given_by).await?.map_or_else(String::new, |person| person.name);
    let reason = reason_of(keys, permit, grant)?.unwrap_or_default();
    Ok(ByGrant { by, until: grant.until.clone(), reason })
}
