//! The end of a grant: the wrap is destroyed and the key moves on, at once where a holder ends it, else with the next holder
//! who signs in.

use std::collections::HashSet;

use uuid::Uuid;

use super::giving;
use crate::domain::audit::Event;
use crate::domain::ids::{ReadingGrantId, StudentId};
use crate::domain::reading::ReadingKind;
use crate::domain::words::{Compartment, Kind, Role};
use crate::policy::{Act, Admit, Manage, Permit, Read};
use crate::service::error::again;
use crate::service::{App, Approach, Error, Keys, Result, Viewer};
use crate::store::{Conn, Key, ReadingGrant, Tx};
use crate::vault::Recipient;

impl App {
    /// Ends a grant: of the own notes their author, of contact whoever keeps it. Ending it twice is the same as once.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anyone else, and where there is no such grant on this file.
    pub async fn end_reading(&self, viewer: &Viewer, student: StudentId, id: ReadingGrantId) -> Result<()> {
        again(|| async {
            let mut tx = self.begin().await?;
            let approach = self.approach(&mut tx, viewer, student).await?;
            let grant = tx.reading_grant(id).await?.filter(|grant| grant.student_id == student);
            let grant = grant.ok_or(Error::NotFound)?;
            let (standing, kind) =
                (giving(viewer, &approach, grant.kind, grant.owner), grant.kind.compartment().kind());
            let (mut tx, permit) = self.permit_in::<Admit>(tx, &standing, kind, student.0).await?;
            if self.end_in(&mut tx, &permit, viewer, &approach, &grant).await? {
                return Ok(tx.commit().await?);
            }
            Ok(tx.leave().await?)
        })
        .await
    }

    /// Ends a grant within an act. Whoever holds the key moves it on; else the wrap is destroyed and the key is marked, for the next
    /// holder. Gives `false` where it had ended before.
    pub(crate) async fn end_in<A: Act>(
        &self,
        tx: &mut Tx,
        permit: &Permit<A>,
        viewer: &Viewer,
        approach: &Approach,
        grant: &ReadingGrant,
    ) -> Result<bool> {
        if !tx.end_reading_grant(permit, grant.id, self.now()).await? {
            return Ok(false);
        }
        let (compartment, student) = (grant.kind.compartment(), grant.student_id.0);
        let standing = giving(viewer, approach, grant.kind, grant.owner);
        let keys = Keys::of(tx, viewer, &self.secret, student).await?;
        match self.policy.permit::<Read>(&standing, compartment.kind(), student) {
            Ok(read) if keys.newest(compartment, grant.owner).is_some() => match grant.kind {
                ReadingKind::Contact => {
                    self.rotate_compartment(tx, permit, &read, viewer, approach, compartment).await?;
                }
                ReadingKind::Supervision => {
                    self.rotate_notes(tx, permit, &read, viewer, grant.student_id, &keys).await?;
                }
            },
            _ => self.lose_key(tx, permit, grant).await?,
        }
        self.say_ended(tx, permit, grant).await?;
        Ok(true)
    }

    async fn say_ended<A: Act>(&self, tx: &mut Tx, permit: &Permit<A>, grant: &ReadingGrant) -> Result<()> {
        let detail = format!("what={} reader={}", grant.kind, grant.person_id);
        Ok(tx.record_about(permit, Event::ReadingEnded, grant.student_id.0, &detail, self.now()).await?)
    }

    /// Destroys the wraps that came with a grant, unless the reader holds the key by another title, and marks the key.
    async fn lose_key<A: Act>(&self, tx: &mut Tx, permit: &Permit<A>, grant: &ReadingGrant) -> Result<()> {
        let compartment = grant.kind.compartment();
        let of_grant = |key: &Key| key.compartment == compartment && key.owner == grant.owner;
        let Some(key) = tx.keys_of(grant.student_id.0).await?.into_iter().find(of_grant) else { return Ok(()) };
        if !self.holds_otherwise(tx, grant).await? {
            tx.delete_wraps(permit, key.id, grant.person_id.0).await?;
        }
        Ok(tx.mark_key(permit, key.id).await?)
    }

    /// Whether the reader holds the same key without the grant: as a helper, as who leads the case, as a successor.
    async fn holds_otherwise(&self, conn: &mut Conn, grant: &ReadingGrant) -> Result<bool> {
        let (reader, today) = (grant.person_id, self.today());
        if grant.kind == ReadingKind::Supervision {
            let taken = conn.successions_of(reader).await?;
            return Ok(taken.iter().any(|one| one.student_id == grant.student_id && one.owner.0 == grant.owner));
        }
        let Some(seat) = conn.seat(grant.student_id).await? else { return Ok(false) };
        let helps = seat.pairings.iter().any(|p| p.helper_id == reader && p.holds(Compartment::Contact, &today));
        Ok(helps || seat.grants.iter().any(|led| led.person_id == reader && led.is_running(&today)))
    }

    /// Moves the key of the person's own notes on a student on, to those who shall read them from now on.
    async fn rotate_notes<A: Act>(
        &self,
        tx: &mut Tx,
        permit: &Permit<A>,
        read: &Permit<Read>,
        viewer: &Viewer,
        student: StudentId,
        keys: &Keys,
    ) -> Result<()> {
        let own = |key: &Key| key.compartment == Compartment::Counselling && key.owner == viewer.person.id.0;
        let Some(key) = tx.keys_of(student.0).await?.into_iter().find(own) else { return Ok(()) };
        let holders = self.readers_of_notes(tx, viewer, student, &key).await?;
        let next = self.next_key(key, &holders)?;
        self.move_on(tx, permit, &next).await?;
        self.reseal(tx, permit, read, keys, &next).await
    }

    /// Who shall hold the next key of a counsellor's notes: the author, the recovery identity, and of successors and readers those
    /// who hold the present one. Whoever lost it with an identity does not get it back by a rotation.
    async fn readers_of_notes(
        &self,
        conn: &mut Conn,
        viewer: &Viewer,
        student: StudentId,
        key: &Key,
    ) -> Result<Vec<Recipient>> {
        let today = self.today();
        let mut others = HashSet::new();
        let taken = conn.successions(viewer.person.school_id).await?.into_iter();
        others
            .extend(taken.filter(|one| one.student_id == student && one.owner.0 == key.owner).map(|one| one.person_id));
        let granted = conn.reading_grants_of_student(student).await?.into_iter();
        let granted = granted.filter(|one| one.kind == ReadingKind::Supervision && one.owner == key.owner);
        others.extend(granted.filter(|one| one.is_running(&today)).map(|one| one.person_id));
        let hold = conn.holders_of_key(key.id).await?;
        let mut readers = self.note_holders(conn, viewer).await?;
        for person in others.into_iter().filter(|person| hold.contains(&person.0)) {
            readers.extend(self.person_recipient(conn, person).await?);
        }
        Ok(readers)
    }

    /// Ends grants of people who left, changed their role, or got a new identity, by somebody who opens nothing.
    pub(crate) async fn end_readings(
        &self,
        tx: &mut Tx,
        permit: &Permit<Manage>,
        ends: impl Fn(&ReadingGrant) -> bool,
    ) -> Result<()> {
        let grants = tx.reading_grants(permit.school()).await?;
        for grant in grants.iter().filter(|grant| ends(grant)) {
            if tx.end_reading_grant(permit, grant.id, self.now()).await? {
                self.lose_key(tx, permit, grant).await?;
                self.say_ended(tx, permit, grant).await?;
            }
        }
        Ok(())
    }

    /// Ends what is past its last day, and moves the keys of the own notes on that somebody lost: what a key holder's sign-in
    /// brings with it. Gives how many grants ended.
    ///
    /// # Errors
    /// The database.
    pub async fn end_past_readings(&self, viewer: &Viewer) -> Result<usize> {
        if !viewer.has(Role::Counsellor) && !viewer.has(Role::HomeroomTeacher) {
            return Ok(0);
        }
        let today = self.today();
        let mut grants = self.db.look().await?.reading_grants(viewer.person.school_id).await?;
        grants.retain(|grant| grant.is_past(&today));
        let mut ended = 0;
        for grant in &grants {
            ended += usize::from(again(|| self.end_past(viewer, grant)).await?);
        }
        if viewer.has(Role::Counsellor) {
            self.move_own_notes_on(viewer).await?;
        }
        Ok(ended)
    }

    async fn end_past(&self, viewer: &Viewer, grant: &ReadingGrant) -> Result<bool> {
        let (mut tx, school) = (self.begin().await?, viewer.person.school_id);
        let approach = self.approach(&mut tx, viewer, grant.student_id).await?;
        let standing = giving(viewer, &approach, grant.kind, grant.owner);
        let kind = grant.kind.compartment().kind();
        let permit = self.policy.permit::<Admit>(&standing, kind, grant.student_id.0);
        // Notes are their author's; that a colleague's time is over, whoever keeps the keys of the school sees to.
        let keeps = || self.policy.permit::<Admit>(&viewer.at_school(), Kind::Keys, school.0);
        let Ok(permit) = permit.or_else(|_| keeps()) else {
            tx.leave().await?;
            return Ok(false);
        };
        let ended = self.end_in(&mut tx, &permit, viewer, &approach, grant).await?;
        tx.commit().await?;
        Ok(ended)
    }

    /// The keys of the own notes that somebody lost while their author was not there.
    async fn move_own_notes_on(&self, viewer: &Viewer) -> Result<()> {
        let mut due = self.db.look().await?.keys_due(viewer.person.school_id).await?;
        due.retain(|key| key.compartment == Compartment::Counselling && key.owner == viewer.person.id.0);
        for key in due {
            again(|| self.move_one_on(viewer, StudentId(key.subject))).await?;
        }
        Ok(())
    }

    async fn move_one_on(&self, viewer: &Viewer, student: StudentId) -> Result<()> {
        let mut tx = self.begin().await?;
        let Some(seat) = tx.seat(student).await? else { return Ok(tx.leave().await?) };
        let approach = self.standing_at(viewer, seat);
        let own: Uuid = viewer.person.id.0;
        let standing = giving(viewer, &approach, ReadingKind::Supervision, own);
        let admit = self.policy.permit::<Admit>(&standing, Kind::Counselling, student.0);
        let read = self.policy.permit::<Read>(&standing, Kind::Counselling, student.0);
        let keys = Keys::of(&mut tx, viewer, &self.secret, student.0).await?;
        match (admit, read) {
            (Ok(admit), Ok(read)) if keys.newest(Compartment::Counselling, own).is_some() => {
                self.rotate_notes(&mut tx, &admit, &read, viewer, student, &keys).await?;
                tx.record(&admit, Event::KeyRotated, "notes", self.now()).await?;
                Ok(tx.commit().await?)
            }
            _ => Ok(tx.leave().await?),
        }
    }
}
