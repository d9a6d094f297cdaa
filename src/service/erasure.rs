//! 销毁: two people destroy the file of a student. What is left of it anywhere is noise.
//!
//! One of those who keep files asks, another signs, with the name of the student in their own hand. While anything still runs
//! that needs the file, it is refused. One audit line remains, without a name. What is kept meanwhile and read by nobody is in
//! [`sealing`].

mod sealing;

use std::collections::{BTreeSet, HashMap};

use uuid::Uuid;

use super::cases::{cell_spot, read_state};
use super::crises::text;
use super::error::again;
use super::files::{BY_PEOPLE, layer};
use super::sheets::{merged, row_of, sheet_spot};
use super::{App, Approach, Error, Keys, Result, Viewer};
use crate::domain::audit::Event;
use crate::domain::ids::{PersonId, StudentId};
use crate::domain::keeping::{Hindrance, KeepingKind, Proof, Unsealing, Wish};
use crate::domain::record::SheetRow;
use crate::domain::relation::Facts;
use crate::domain::words::{Compartment, Kind, Role};
use crate::policy::{Act, Manage, Opens, Permit, Read, Sign};
use crate::store::{CellTable, Class, Conn, Erased, Keeping, SheetPart, Tx};

/// The longest reason, in characters.
const REASON: usize = 500;
/// The forms that keep drafts about a student.
const DRAFTS: [&str; 2] = ["entry", "note"];

/// What was decided about the keeping of a file, opened.
#[derive(Debug)]
pub struct FileKeeping {
    /// The student and the class.
    pub approach: Approach,
    /// The name of the student.
    pub name: String,
    /// That the file is to be destroyed, and why.
    pub asked: Option<(Keeping, Wish)>,
    /// That it must not be, and why.
    pub hold: Option<(Keeping, String)>,
    /// That it is to be unsealed, and why.
    pub unsealing: Option<(Keeping, Unsealing)>,
    /// What keeps it from being destroyed now.
    pub hindrances: Vec<Hindrance>,
    /// The names of colleagues by id.
    pub names: HashMap<PersonId, String>,
}

impl App {
    /// Opens what was decided about the keeping of a file.
    ///
    /// # Errors
    /// [`Error::NotFound`] when policy refuses; [`Error::NoKey`] when nobody let the person into the office yet.
    pub async fn file_keeping(&self, viewer: &Viewer, id: StudentId) -> Result<FileKeeping> {
        let mut conn = self.db.read().await?;
        let approach = self.approach(&mut conn, viewer, id).await?;
        let permit = self.permit::<Read>(&approach.standing, Kind::Erasure, id.0).await?;
        let mut keys = Keys::of(&mut conn, viewer, &self.secret, id.0).await?;
        let row = self.row_in_class(&mut conn, viewer, &approach, &mut keys).await?;
        let (mut asked, mut hold, mut unsealing) = (None, None, None);
        for keeping in conn.keepings(id).await? {
            match keeping.kind {
                KeepingKind::Erasure => asked = Some((keeping.clone(), read_reason(&keys, &permit, &keeping)?)),
                KeepingKind::Hold => hold = Some((keeping.clone(), read_reason(&keys, &permit, &keeping)?)),
                KeepingKind::Unsealing => unsealing = Some((keeping.clone(), read_reason(&keys, &permit, &keeping)?)),
            }
        }
        let hindrances = hindrances(&mut conn, &approach).await?;
        let names = conn.persons(approach.student.school_id).await?.into_iter().map(|p| (p.id, p.name)).collect();
        drop(conn);
        self.leave_trace(&permit, Event::KeepingRead, "", &keys.faster).await?;
        Ok(FileKeeping { approach, name: row.name, asked, hold, unsealing, hindrances, names })
    }

    /// The roster row of a student, with what reading it earned put beside the other keys.
    async fn row_in_class(
        &self,
        conn: &mut Conn,
        viewer: &Viewer,
        approach: &Approach,
        keys: &mut Keys,
    ) -> Result<SheetRow> {
        let permit = self.policy.permit::<Read>(&approach.standing, Kind::Roster, approach.class.id.0);
        let permit = permit.map_err(|_| Error::NotFound)?;
        let (class_keys, parts) = self.roster_keys(conn, viewer, &approach.class).await?;
        let row = row_of(&class_keys, &permit, &parts, approach.student.id)?;
        keys.faster.extend(class_keys.faster);
        Ok(row)
    }

    /// Asks that a file be destroyed. Another person signs; whoever could is told that something waits. Asking for what was
    /// asked already changes nothing.
    ///
    /// # Errors
    /// [`Error::Invalid`] without a reason, or while something still runs; [`Error::NotFound`] when policy refuses.
    pub async fn ask_erasure(&self, viewer: &Viewer, id: StudentId, wish: &Wish) -> Result<()> {
        let wish = Wish { why: text("why", &wish.why, REASON)?, ..wish.clone() };
        again(|| async {
            let (mut tx, approach, permit) = self.keeping_act::<Manage>(viewer, id).await?;
            if !hindrances(&mut tx, &approach).await?.is_empty() {
                return Err(Error::field("ground", "erasure-hindered"));
            }
            if self.set_keeping(&mut tx, viewer, &permit, &approach, KeepingKind::Erasure, &wish).await? {
                let others = self.other_keepers(&mut tx, viewer).await?;
                self.tell(&mut tx, viewer.person.school_id, &others, &format!("/files/{id}/erasure")).await?;
                tx.record(&permit, Event::ErasureAsked, "", self.now()).await?;
            }
            Ok(tx.commit().await?)
        })
        .await
    }

    /// Takes a request back: whoever asked, or whoever would have to sign.
    ///
    /// # Errors
    /// [`Error::NotFound`] when policy refuses.
    pub async fn withdraw_erasure(&self, viewer: &Viewer, id: StudentId, request: Uuid) -> Result<()> {
        self.take_back(viewer, id, request, Event::ErasureWithdrawn).await
    }

    /// Decides that a file must not be destroyed, whoever asks.
    ///
    /// # Errors
    /// [`Error::Invalid`] without a reason; [`Error::NotFound`] when policy refuses.
    pub async fn hold_file(&self, viewer: &Viewer, id: StudentId, why: &str) -> Result<()> {
        let why = text("hold", why, REASON)?;
        again(|| async {
            let (mut tx, approach, permit) = self.keeping_act::<Manage>(viewer, id).await?;
            if self.set_keeping(&mut tx, viewer, &permit, &approach, KeepingKind::Hold, &why).await? {
                tx.record(&permit, Event::HoldSet, "", self.now()).await?;
            }
            Ok(tx.commit().await?)
        })
        .await
    }

    /// Lets a file be destroyed again.
    ///
    /// # Errors
    /// [`Error::NotFound`] when policy refuses.
    pub async fn lift_hold(&self, viewer: &Viewer, id: StudentId, hold: Uuid) -> Result<()> {
        self.take_back(viewer, id, hold, Event::HoldLifted).await
    }

    /// Signs what somebody else asked for, and destroys the file: every key with its wraps of all epochs, every row, and, where
    /// the student left, the row of every roster and the place on the roll. `name` is the student's name as the person wrote it.
    ///
    /// # Errors
    /// [`Error::Invalid`] for another name, for the person who asked, and while something still runs; [`Error::Stale`] when the
    /// request is not the one that the person saw; [`Error::NotFound`] when policy refuses.
    pub async fn sign_erasure(&self, viewer: &Viewer, id: StudentId, request: Uuid, name: &str) -> Result<Erased> {
        let erased = again(|| self.try_sign_erasure(viewer, id, request, name)).await?;
        if let Err(error) = self.db.settle().await {
            tracing::warn!(%error, "the log of the database was not folded after a file was destroyed");
        }
        Ok(erased)
    }

    async fn try_sign_erasure(&self, viewer: &Viewer, id: StudentId, request: Uuid, name: &str) -> Result<Erased> {
        let (mut tx, approach, permit) = self.keeping_act::<Sign>(viewer, id).await?;
        tx.hold_all_keys(&permit).await?;
        let asked = tx.keepings(id).await?.into_iter().find(|one| one.kind == KeepingKind::Erasure);
        let asked = asked.filter(|one| one.id == request).ok_or_else(|| Error::Stale(Vec::new()))?;
        if asked.made_by == viewer.person.id {
            return Err(Error::field("name", "own-request"));
        }
        if !hindrances(&mut tx, &approach).await?.is_empty() {
            return Err(Error::field("name", "erasure-hindered"));
        }
        let mut keys = Keys::of(&mut tx, viewer, &self.secret, id.0).await?;
        let wish: Wish = read_reason(&keys, &permit, &asked)?;
        if self.row_in_class(&mut tx, viewer, &approach, &mut keys).await?.name != name.trim() {
            return Err(Error::field("name", "not-the-name"));
        }
        let gone = self.facts_of_file(&mut tx, &approach, &keys).await?;
        let mut more = tx.put_facts(&permit, &[], &gone).await?;
        tx.settle_facts(&permit, id).await?;
        more += self.erase_beside(&mut tx, &permit, id).await?;
        if wish.takes_off_the_roll() {
            more += self.strike_from_rosters(&mut tx, viewer, id).await?;
        }
        let mut erased = tx.erase_file(&permit, wish.takes_off_the_roll()).await?;
        erased.rows += more;
        let Erased { keys, wraps, rows } = erased;
        let proof = Proof { asked: asked.made_by, ground: wish.ground, keys, wraps, rows };
        tx.record(&permit, Event::FileErased, &proof.detail(), self.now()).await?;
        tx.commit().await?;
        Ok(erased)
    }

    /// The ids of the rows that the gate counts of a file. Of one that was sealed away it counts nothing.
    async fn facts_of_file(&self, conn: &mut Conn, approach: &Approach, keys: &Keys) -> Result<Vec<Uuid>> {
        let (id, standing) = (approach.student.id, &approach.standing);
        if standing.sealed {
            return Ok(Vec::new());
        }
        let read = |kind| self.policy.permit::<Read>(standing, kind, id.0).map_err(|_| Error::NotFound);
        let mut facts = Vec::new();
        let records = conn.records(id).await?;
        for compartment in [Compartment::Circumstance, Compartment::Support] {
            if let Some((_, people)) = layer(keys, &read(compartment.kind())?, &records, compartment, BY_PEOPLE)? {
                facts.extend(people.fact.into_iter().chain(people.unaided));
            }
        }
        for warning in conn.warnings_of_student(id).await? {
            let state = read_state(keys, &read(Kind::Warning)?, &warning)?;
            facts.extend(state.risk.into_iter().chain(state.step));
        }
        Ok(facts)
    }

    /// Drafts and notices about a student: neither stands under a key of the file.
    async fn erase_beside(&self, tx: &mut Tx, permit: &Permit<Sign>, id: StudentId) -> Result<u64> {
        let mut rows = 0;
        for person in tx.persons(permit.school()).await? {
            for form in DRAFTS {
                rows += tx.delete_any_draft(permit, person.id, &self.draft_form_of(person.id, form, id.0)).await?;
            }
        }
        let warnings = tx.warnings_of_student(id).await?;
        for about in warnings.iter().map(|warning| warning.id.0).chain([id.0]) {
            rows += tx.delete_notices_to(permit, &about.to_string()).await?;
        }
        Ok(rows)
    }

    /// Takes a student out of the roster of every class: where a student once was, the row stays behind. Gives how many rosters
    /// were written anew.
    async fn strike_from_rosters(&self, tx: &mut Tx, viewer: &Viewer, id: StudentId) -> Result<u64> {
        let school = viewer.person.school_id;
        let classes: HashMap<_, Class> = tx.classes(school).await?.into_iter().map(|c| (c.id, c)).collect();
        let parts = tx.sheets_of_school(school).await?;
        let mut struck = 0;
        for parts in parts.chunk_by(|a, b| a.class_id == b.class_id) {
            let Some(class) = parts.first().and_then(|part| classes.get(&part.class_id)) else { continue };
            struck += u64::from(self.strike(tx, viewer, class, parts, id).await?);
        }
        Ok(struck)
    }

    /// Takes a student out of the roster of one class, which becomes one part.
    async fn strike(
        &self,
        tx: &mut Tx,
        viewer: &Viewer,
        class: &Class,
        parts: &[SheetPart],
        id: StudentId,
    ) -> Result<bool> {
        let standing = viewer.standing(&Facts::class(class.school_id, class.id));
        let permit = self.policy.permit::<Read>(&standing, Kind::Roster, class.id.0).map_err(|_| Error::NotFound)?;
        let keys = Keys::of(tx, viewer, &self.secret, class.id.0).await?;
        let mut rows = merged(&keys, &permit, parts)?;
        let (Some(_), Some(top)) = (rows.remove(&id), parts.last()) else { return Ok(false) };
        let rows: Vec<SheetRow> = rows.into_values().collect();
        let mut sheet = SheetPart { version: top.version + 1, ..top.clone() };
        let mut spot = sheet_spot(&sheet);
        let sealed = keys.seal(&mut spot, &rows)?;
        (sheet.epoch, sheet.sealed) = (spot.epoch, sealed);
        let (held, _) = tx.hold_key(&permit, class.id.0, Compartment::Roster, Uuid::nil()).await?;
        // A colleague laid a part or moved the key on in this moment: all of it is done again.
        let current = held.is_some_and(|held| held.epoch == sheet.epoch);
        if !current || !tx.replace_sheets(&permit, &sheet, top.part, top.version).await? {
            return Err(Error::Raced);
        }
        Ok(true)
    }

    /// A transaction in which the person may do something about the keeping of a file.
    async fn keeping_act<A: Act>(&self, viewer: &Viewer, id: StudentId) -> Result<(Tx, Approach, Permit<A>)> {
        let mut tx = self.begin().await?;
        let approach = self.approach(&mut tx, viewer, id).await?;
        let (tx, permit) = self.permit_in::<A>(tx, &approach.standing, Kind::Erasure, id.0).await?;
        Ok((tx, approach, permit))
    }

    /// Notes a decision with its reason; `false` where the same kind stands there already.
    async fn set_keeping<T: serde::Serialize>(
        &self,
        tx: &mut Tx,
        viewer: &Viewer,
        permit: &Permit<Manage>,
        approach: &Approach,
        kind: KeepingKind,
        reason: &T,
    ) -> Result<bool> {
        let id = Uuid::new_v4();
        let keys = self.keys_for_writing(tx, viewer, permit, approach, Compartment::Warning).await?;
        let mut spot = cell_spot(CellTable::Keepings, id, 0, 1);
        let sealed = keys.seal(&mut spot, reason)?;
        let keeping = Keeping {
            id,
            school_id: approach.student.school_id,
            student_id: approach.student.id,
            kind,
            made_by: viewer.person.id,
            made_at: self.now(),
            epoch: spot.epoch,
            sealed,
        };
        Ok(tx.insert_keeping(permit, &keeping).await?)
    }

    async fn take_back(&self, viewer: &Viewer, id: StudentId, keeping: Uuid, event: Event) -> Result<()> {
        let (mut tx, _, permit) = self.keeping_act::<Manage>(viewer, id).await?;
        let stands = tx.keepings(id).await?.into_iter().find(|one| one.id == keeping);
        let meant = match event {
            Event::HoldLifted => KeepingKind::Hold,
            Event::UnsealingWithdrawn => KeepingKind::Unsealing,
            _ => KeepingKind::Erasure,
        };
        if stands.is_some_and(|one| one.kind == meant) && tx.delete_keeping(&permit, keeping).await? {
            tx.record(&permit, event, "", self.now()).await?;
        }
        Ok(tx.commit().await?)
    }

    /// The colleagues who could sign what this person asks for.
    async fn other_keepers(&self, conn: &mut Conn, viewer: &Viewer) -> Result<BTreeSet<PersonId>> {
        let school = viewer.person.school_id;
        let mut keepers = self.holders_of_role(conn, school, Role::Counsellor, None).await?;
        keepers.extend(self.holders_of_role(conn, school, Role::MoralEdDirector, None).await?);
        keepers.remove(&viewer.person.id);
        Ok(keepers)
    }
}

/// What keeps a file from being destroyed now.
async fn hindrances(conn: &mut Conn, approach: &Approach) -> Result<Vec<Hindrance>> {
    let (school, student) = (approach.student.school_id, approach.student.id);
    let running = conn.still_running(school, student).await?;
    let held = conn.keepings(student).await?.iter().any(|one| one.kind == KeepingKind::Hold);
    let found = [
        (running.warnings > 0, Hindrance::Warning),
        (running.crises > 0, Hindrance::Crisis),
        (running.referrals > 0, Hindrance::Referral),
        (running.letters > 0, Hindrance::Letter),
        (running.mandatory > 0, Hindrance::Mandatory),
        (held, Hindrance::Hold),
    ];
    Ok(found.into_iter().filter_map(|(runs, hindrance)| runs.then_some(hindrance)).collect())
}

/// Why something was decided.
fn read_reason<T: serde::de::DeserializeOwned, A: Opens>(
    keys: &Keys,
    permit: &Permit<A>,
    keeping: &Keeping,
) -> Result<T> {
    keys.read(permit, &cell_spot(CellTable::Keepings, keeping.id, keeping.epoch, 1), &keeping.sealed)
}

#[cfg(test)]
mod tests;
