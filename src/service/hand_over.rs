//! A counsellor who leaves hands the notes over; where nobody can any more, two recovery slips do.
//!
//! The key of a counsellor's notes on a student is wrapped to that counsellor alone. Handing over wraps it to a successor, who reads
//! the notes as the predecessor's and goes on in an own record under an own key.

use std::collections::{BTreeMap, HashMap, HashSet};

use uuid::Uuid;

use super::entries::{NOTES, shown_notes};
use super::sheets::merged;
use super::{App, Error, Keys, Result, ShownNote, Viewer};
use crate::domain::audit::Event;
use crate::domain::ids::{ClassId, PersonId, SchoolId, StudentId};
use crate::domain::relation::{Facts, Standing};
use crate::domain::words::{Compartment, Kind, Role};
use crate::policy::{Act, Admit, Manage, Permit, Read};
use crate::store::{Class, Conn, Key, Person, Succession, Tx};
use crate::vault::{Identity, KeyName, Recipient, Slip, is_genuine, join, unwrap_key};

/// A student with notes that the person holds.
#[derive(Debug)]
pub struct HeldNotes {
    /// The student.
    pub student: StudentId,
    /// The name.
    pub name: String,
    /// The class.
    pub class: Class,
    /// Whose notes they are besides the own ones.
    pub of: Vec<PersonId>,
}

/// What a counsellor can hand over, and to whom.
#[derive(Debug)]
pub struct NotesHeld {
    /// The students, by class.
    pub students: Vec<HeldNotes>,
    /// The other counsellors.
    pub colleagues: Vec<Person>,
    /// The names of colleagues by id.
    pub names: HashMap<PersonId, String>,
}

/// Notes of a predecessor on a student.
#[derive(Debug)]
pub struct InheritedNotes {
    /// The name of who wrote them.
    pub by: String,
    /// The notes, newest first.
    pub notes: Vec<ShownNote>,
}

impl App {
    /// The students on whom the person holds notes, the own ones and those taken over.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anyone who writes no notes.
    pub async fn held_notes(&self, viewer: &Viewer) -> Result<NotesHeld> {
        let school = viewer.person.school_id;
        let mut conn = self.db.read().await?;
        let permit = self.permit::<Read>(&viewer.as_author(), Kind::Counselling, school.0).await?;
        let holds = self.held_by(&mut conn, school, viewer.person.id).await?;
        let mut of: BTreeMap<StudentId, Vec<PersonId>> = BTreeMap::new();
        for (student, owner) in holds {
            let others = of.entry(student).or_default();
            if owner != viewer.person.id {
                others.push(owner);
            }
        }
        let mut students = Vec::with_capacity(of.len());
        for (class, ids) in self.by_class(&mut conn, school, of.keys()).await? {
            let standing = viewer.standing(&Facts::class(school, class.id));
            let roster =
                self.policy.permit::<Read>(&standing, Kind::Roster, class.id.0).map_err(|_| Error::NotFound)?;
            let (keys, parts) = self.roster_keys(&mut conn, viewer, &class).await?;
            let mut rows = merged(&keys, &roster, &parts)?;
            students.extend(ids.into_iter().map(|student| HeldNotes {
                student,
                name: rows.remove(&student).map_or_else(String::new, |row| row.name),
                class,
                of: of.remove(&student).unwrap_or_default(),
            }));
        }
        let counsellors = self.holders_of_role(&mut conn, school, Role::Counsellor, None).await?;
        let persons = conn.persons(school).await?;
        drop(conn);
        let names = persons.iter().map(|person| (person.id, person.name.clone())).collect();
        let other = |person: &Person| person.id != viewer.person.id && counsellors.contains(&person.id);
        let colleagues = persons.into_iter().filter(other).collect();
        self.leave_trace(&permit, Event::NotesOpened, "list", &[]).await?;
        Ok(NotesHeld { students, colleagues, names })
    }

    /// The notes that a person wrote or took over: student and whose they are. Groups are no students.
    async fn held_by(&self, conn: &mut Conn, school: SchoolId, person: PersonId) -> Result<Vec<(StudentId, PersonId)>> {
        let taken: HashSet<(Uuid, Uuid)> =
            conn.successions_of(person).await?.into_iter().map(|one| (one.student_id.0, one.owner.0)).collect();
        let mine = |key: &Key| key.owner == person.0 || taken.contains(&(key.subject, key.owner));
        let keys = conn.keys_of_school(school).await?.into_iter();
        let keys: Vec<Key> = keys.filter(|key| key.compartment == Compartment::Counselling && mine(key)).collect();
        let students: HashSet<Uuid> = conn.students_of_school(school).await?.into_iter().map(|one| one.id.0).collect();
        let of_students = keys.into_iter().filter(|key| students.contains(&key.subject));
        Ok(of_students.map(|key| (StudentId(key.subject), PersonId(key.owner))).collect())
    }

    /// Students by the class they are in.
    async fn by_class(
        &self,
        conn: &mut Conn,
        school: SchoolId,
        students: impl Iterator<Item = &StudentId>,
    ) -> Result<Vec<(Class, Vec<StudentId>)>> {
        let wanted: HashSet<StudentId> = students.copied().collect();
        let mut of: HashMap<ClassId, Vec<StudentId>> = HashMap::new();
        for student in conn.students_of_school(school).await?.into_iter().filter(|one| wanted.contains(&one.id)) {
            of.entry(student.class_id).or_default().push(student.id);
        }
        let classes = conn.classes(school).await?.into_iter();
        Ok(classes.filter_map(|class| Some((class, of.remove(&class.id)?))).collect())
    }

    /// Hands notes on these students to another counsellor: the own ones, and those taken over. Gives how many records of notes
    /// the colleague can now read; a form sent twice changes nothing.
    ///
    /// # Errors
    /// [`Error::Invalid`] without a colleague who can receive them, or without a student; [`Error::NotFound`] for a student on
    /// whom the person holds no notes; [`Error::NoKey`] when the person lost the key.
    pub async fn hand_over_notes(&self, viewer: &Viewer, to: PersonId, students: &[StudentId]) -> Result<usize> {
        let school = viewer.person.school_id;
        let tx = self.begin().await?;
        let (mut tx, permit) = self.permit_in::<Admit>(tx, &viewer.as_author(), Kind::Counselling, school.0).await?;
        let successor = self.successor(&mut tx, school, viewer.person.id, to).await?;
        if students.is_empty() {
            return Err(Error::field("students", "choose"));
        }
        let held = self.held_by(&mut tx, school, viewer.person.id).await?;
        let mut handed = 0;
        for student in students {
            let of: Vec<PersonId> = held.iter().filter(|one| one.0 == *student).map(|one| one.1).collect();
            if of.is_empty() {
                return Err(Error::NotFound);
            }
            for owner in of.into_iter().filter(|owner| *owner != to) {
                let (_, wraps) = tx.hold_key(&permit, student.0, Compartment::Counselling, owner.0).await?;
                let keys = Keys::open(viewer, &self.secret, school, student.0, &wraps);
                keys.newest(Compartment::Counselling, owner.0).ok_or(Error::NoKey)?;
                for (name, key) in keys.all(Compartment::Counselling, owner.0) {
                    tx.insert_wrap(&permit, &self.wrap(key, name, &successor)?).await?;
                }
                handed += usize::from(self.succeed(&mut tx, &permit, *student, owner, to, "").await?);
            }
        }
        if handed > 0 {
            self.tell(&mut tx, school, &[to].into(), "/sessions/hand-over").await?;
        }
        tx.commit().await?;
        Ok(handed)
    }

    /// Who takes over: another counsellor of the school who has a key pair.
    async fn successor(&self, conn: &mut Conn, school: SchoolId, from: PersonId, to: PersonId) -> Result<Recipient> {
        let counsellors = self.holders_of_role(conn, school, Role::Counsellor, None).await?;
        if to == from || !counsellors.contains(&to) {
            return Err(Error::field("to", "choose"));
        }
        self.person_recipient(conn, to).await?.ok_or_else(|| Error::field("to", "no-keys-yet"))
    }

    /// Notes a succession with its line; `false` where it stood before.
    async fn succeed<A: Act>(
        &self,
        tx: &mut Tx,
        permit: &Permit<A>,
        student_id: StudentId,
        owner: PersonId,
        to: PersonId,
        how: &str,
    ) -> Result<bool> {
        let given_at = self.now();
        let new = Succession { student_id, owner, person_id: to, given_by: permit.actor(), given_at };
        if !tx.insert_succession(permit, &new).await? {
            return Ok(false);
        }
        let detail = format!("{how}of={owner} to={to}");
        tx.record_about(permit, Event::NotesHandedOver, student_id.0, &detail, given_at).await?;
        Ok(true)
    }

    /// What predecessors wrote about a student, for whoever took it over. An empty answer opens nothing and leaves no line.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anyone who is no counsellor any more; [`Error::NoKey`] when the key was lost.
    pub async fn inherited_notes(&self, viewer: &Viewer, id: StudentId) -> Result<Vec<InheritedNotes>> {
        let mut conn = self.db.read().await?;
        let mut taken = conn.successions_of(viewer.person.id).await?;
        taken.retain(|one| one.student_id == id);
        if taken.is_empty() {
            return Ok(Vec::new());
        }
        let approach = self.approach(&mut conn, viewer, id).await?;
        let facts = Facts { granted: true, ..approach.known() };
        let permit = self.permit::<Read>(&viewer.standing(&facts), Kind::Counselling, id.0).await?;
        let keys = Keys::of(&mut conn, viewer, &self.secret, id.0).await?;
        let names: HashMap<PersonId, String> =
            conn.persons(viewer.person.school_id).await?.into_iter().map(|person| (person.id, person.name)).collect();
        let mut inherited = Vec::new();
        for Succession { owner, .. } in taken {
            let entries = conn.entries(id, Compartment::Counselling, owner.0, NOTES).await?;
            let by = names.get(&owner).cloned().unwrap_or_default();
            inherited.push(InheritedNotes { by, notes: shown_notes(&keys, &permit, &entries)? });
        }
        drop(conn);
        self.leave_trace(&permit, Event::NotesOpened, "taken over", &keys.faster).await?;
        Ok(inherited)
    }

    /// Joins slips to the recovery identity and gives a lost counsellor's notes to a successor, who may be the same person with a
    /// new password: then the groups come back too. Run by `yice key hand-over` only. Gives how many keys there were.
    ///
    /// # Errors
    /// The slips do not join ([`Error::Internal`] with [`crate::vault::Error::Slips`]); [`Error::NotFound`] when they are of another
    /// installation, or the successor is no counsellor of that school; [`Error::NoKey`] when the successor has no key pair yet.
    pub async fn recover_notes(&self, slips: &[Slip], lost: PersonId, to: PersonId) -> Result<usize> {
        let recovery = join(slips)?;
        let mut tx = self.begin().await?;
        let made = tx.installation().await?.ok_or(Error::NotFound)?;
        if recovery.recipient()? != made.recovery_recipient {
            return Err(Error::NotFound);
        }
        let school = tx.person(lost).await?.ok_or(Error::NotFound)?.school_id;
        if !self.holders_of_role(&mut tx, school, Role::Counsellor, None).await?.contains(&to) {
            return Err(Error::NotFound);
        }
        let recipient = self.person_recipient(&mut tx, to).await?.ok_or(Error::NoKey)?;
        let standing = Standing::installation(school);
        let permit = self.policy.permit::<Manage>(&standing, Kind::Staff, school.0).map_err(|_| Error::NotFound)?;
        let mut wanted: HashSet<(Uuid, Uuid)> =
            self.held_by(&mut tx, school, lost).await?.into_iter().map(|(student, of)| (student.0, of.0)).collect();
        if lost == to {
            let own = tx.keys_of_school(school).await?.into_iter().filter(|key| key.owner == lost.0);
            wanted.extend(own.map(|key| (key.subject, key.owner)));
        }
        let students: HashSet<Uuid> = tx.students_of_school(school).await?.into_iter().map(|one| one.id.0).collect();
        let opened = self.opened_by_recovery(&mut tx, school, &recovery, made.recovery_id, &wanted).await?;
        for (subject, owner, name, key) in &opened {
            tx.insert_wrap(&permit, &self.wrap(key, *name, &recipient)?).await?;
            let owner = PersonId(*owner);
            if owner == to || !students.contains(subject) {
                tx.record_about(
                    &permit,
                    Event::NotesHandedOver,
                    *subject,
                    &format!("recovered of={owner} to={to}"),
                    self.now(),
                )
                .await?;
            } else {
                self.succeed(&mut tx, &permit, StudentId(*subject), owner, to, "recovered ").await?;
            }
        }
        tx.commit().await?;
        Ok(opened.len())
    }

    /// The keys of notes that the recovery identity holds and that are wanted: class or student, whose, name, key.
    async fn opened_by_recovery(
        &self,
        conn: &mut Conn,
        school: SchoolId,
        recovery: &Identity,
        holder: Uuid,
        wanted: &HashSet<(Uuid, Uuid)>,
    ) -> Result<Vec<(Uuid, Uuid, KeyName, crate::vault::CompartmentKey)>> {
        let mut opened = Vec::new();
        for wrap in conn.wraps_of_holder(school, holder, Compartment::Counselling).await? {
            let name = KeyName { key: wrap.key_id, epoch: wrap.epoch };
            // A wrap that somebody planted is not used.
            let genuine = is_genuine(name, holder, &wrap.sealed, &wrap.mark, &self.secret);
            if genuine && wanted.contains(&(wrap.subject, wrap.owner)) {
                opened.push((wrap.subject, wrap.owner, name, unwrap_key(recovery, holder, name, &wrap.sealed)?));
            }
        }
        Ok(opened)
    }
}

#[cfg(test)]
mod tests;
