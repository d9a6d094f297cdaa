//! Rotation of an office: a new key pair, and with it every key that the old one opened.
//!
//! All that costs time is made before the database is locked: key pairs, keys, wraps. The transaction reads again what it
//! was made from and starts over when anything moved.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use uuid::Uuid;

use super::NextKey;
use crate::domain::audit::Event;
use crate::domain::ids::{ClassId, OfficeId, PersonId, SchoolId, StudentId};
use crate::domain::relation::{Duty, Facts};
use crate::domain::words::{Compartment, Kind, OfficeKind};
use crate::policy::{Admit, Permit, Read};
use crate::service::keys::offices_holding;
use crate::service::leading::LED;
use crate::service::offices::implies;
use crate::service::pairings::HELPED;
use crate::service::{App, Error, Keys, Result, Viewer};
use crate::store::{Conn, Key, Office, Tx, Wrap};
use crate::vault::{Identity, OfficeKey, Recipient};

/// How often a rotation starts over when colleagues change something meanwhile.
const TRIES: usize = 3;

/// What is to be rotated.
#[derive(Debug, Clone, Copy)]
enum Target {
    /// An office; the counselling office with all others, because it opens them.
    Office(OfficeId),
    /// The keys that someone held directly and lost.
    LostKeys,
}

/// Everything that a rotation is made from, as the database says it in clear.
#[derive(Debug, PartialEq, Eq)]
struct Scope {
    /// All offices of the school.
    offices: Vec<Office>,
    /// Those to be rotated, the counselling office first: the others are wrapped to its new key.
    rotating: Vec<Office>,
    /// Who stays in the rotating offices.
    staying: Vec<(OfficeId, Recipient)>,
    /// Who is in them without a duty that needs it.
    leaving: Vec<(OfficeId, PersonId)>,
    /// The keys to be rotated, with the class they belong to, by subject.
    keys: BTreeMap<Uuid, Vec<(Key, ClassId)>>,
    /// The helpers who hold a key of a student today, and who reads one by grant.
    helpers: Vec<(StudentId, Compartment, Recipient)>,
    /// Who leads a case today.
    leaders: Vec<(StudentId, Recipient)>,
}

/// What was made from a scope, ready to be stored.
struct Prepared {
    offices: Vec<PreparedOffice>,
    files: Vec<PreparedFile>,
}

/// An office under its next key pair.
struct PreparedOffice {
    row: Office,
    key: OfficeKey,
    /// The key pair before it, which opens the letters that lie there.
    old: OfficeKey,
}

/// The opened keys of one class or student, and what follows them.
struct PreparedFile {
    keys: Keys,
    next: Vec<(Permit<Read>, NextKey)>,
}

impl App {
    /// Rotates an office, and every compartment key that it held. Rotating the counselling office rotates all offices.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anyone who keeps no keys, or when there is no such office; [`Error::NoKey`] when the person
    /// cannot open what must be sealed anew; [`Error::Stale`] when colleagues kept changing things meanwhile.
    pub async fn rotate_office(&self, viewer: &Viewer, office: OfficeId) -> Result<()> {
        self.rotate(viewer, Target::Office(office)).await
    }

    /// Rotates the keys of files that someone held directly and lost: a helper who left, or whose identity was renewed.
    ///
    /// # Errors
    /// As [`App::rotate_office`].
    pub async fn rotate_lost_keys(&self, viewer: &Viewer) -> Result<()> {
        self.rotate(viewer, Target::LostKeys).await
    }

    async fn rotate(&self, viewer: &Viewer, target: Target) -> Result<()> {
        let school = viewer.person.school_id;
        let permit = self.permit::<Admit>(&viewer.at_school(), Kind::Keys, school.0).await?;
        for _ in 0..TRIES {
            let mut conn = self.db.read().await?;
            let scope = self.scope(&mut conn, school, target).await?;
            let prepared = self.prepare(&mut conn, viewer, &scope).await?;
            drop(conn);
            let mut tx = self.begin_long().await?;
            if self.scope(&mut tx, school, target).await? == scope {
                self.store_rotation(&mut tx, viewer, &permit, &scope, &prepared).await?;
                return Ok(tx.commit().await?);
            }
        }
        Err(Error::Stale(Vec::new()))
    }

    /// Reads what a rotation is made from.
    async fn scope(&self, conn: &mut Conn, school: SchoolId, target: Target) -> Result<Scope> {
        let mut offices = conn.offices(school).await?;
        offices.sort_by_key(|office| (office.kind, office.id));
        let rotating: Vec<Office> = match target {
            Target::LostKeys => Vec::new(),
            Target::Office(id) => {
                let office = offices.iter().find(|o| o.id == id).ok_or(Error::NotFound)?;
                let all = office.kind == OfficeKind::Counselling;
                offices.iter().filter(|o| all || o.id == id).cloned().collect()
            }
        };
        let (staying, leaving) = self.members_of(conn, school, &rotating).await?;
        let mut found = if rotating.is_empty() { conn.keys_due(school).await? } else { Vec::new() };
        for office in &rotating {
            found.extend(conn.keys_held_by(school, office.id.0).await?);
        }
        let classes: HashMap<Uuid, ClassId> =
            conn.students_of_school(school).await?.into_iter().map(|s| (s.id.0, s.class_id)).collect();
        let known_classes: BTreeSet<Uuid> = conn.classes(school).await?.into_iter().map(|class| class.id.0).collect();
        let mut keys: BTreeMap<Uuid, Vec<(Key, ClassId)>> = BTreeMap::new();
        let mut seen = BTreeSet::new();
        found.sort_by_key(|key| key.id);
        for key in found.into_iter().filter(|key| !offices_holding(key.compartment).is_empty() && seen.insert(key.id)) {
            let of_student = classes.get(&key.subject).copied();
            // The roster, and the mood log in its support compartment, are keyed by the class itself.
            let of_class = known_classes.contains(&key.subject).then_some(ClassId(key.subject));
            let class = of_student.or(of_class);
            let Some(class) = class else { continue };
            keys.entry(key.subject).or_default().push((key, class));
        }
        let today = self.today();
        let mut helpers = Vec::new();
        for pairing in conn.pairings(school).await? {
            let held = HELPED.iter().filter(|compartment| pairing.holds(**compartment, &today));
            let held: Vec<Compartment> = held.copied().collect();
            if !held.is_empty()
                && let Some(recipient) = self.person_recipient(conn, pairing.helper_id).await?
            {
                helpers.extend(held.into_iter().map(|held| (pairing.student_id, held, recipient.clone())));
            }
        }
        let readers = self.contact_readers(conn, school).await?.into_iter();
        helpers.extend(readers.map(|(student, reader)| (student, Compartment::Contact, reader)));
        let leaders = self.leaders(conn, school).await?;
        Ok(Scope { offices, rotating, staying, leaving, keys, helpers, leaders })
    }

    /// The members of these offices: who stays, and who is there without a duty that needs it.
    async fn members_of(
        &self,
        conn: &mut Conn,
        school: SchoolId,
        offices: &[Office],
    ) -> Result<(Vec<(OfficeId, Recipient)>, Vec<(OfficeId, PersonId)>)> {
        let duties = conn.school_duties(school, self.now()).await?;
        let mut members = conn.members(school).await?;
        members.sort_unstable();
        let (mut staying, mut leaving) = (Vec::new(), Vec::new());
        for (id, person) in members {
            let Some(office) = offices.iter().find(|office| office.id == id) else { continue };
            let held: Vec<Duty> = duties.iter().filter(|d| d.1 == person).map(|d| d.2).collect();
            match self.person_recipient(conn, person).await? {
                Some(recipient) if implies(&held, office) => staying.push((id, recipient)),
                _ => leaving.push((id, person)),
            }
        }
        Ok((staying, leaving))
    }

    /// Makes the new key pairs and keys, and opens the old ones.
    async fn prepare(&self, conn: &mut Conn, viewer: &Viewer, scope: &Scope) -> Result<Prepared> {
        let school = viewer.person.school_id;
        let mut recipients = HashMap::new();
        for office in &scope.offices {
            recipients.insert(office.id, self.office_recipient(office)?);
        }
        let mut offices = Vec::new();
        for office in &scope.rotating {
            let identity = Identity::generate()?;
            let epoch = office.epoch + 1;
            let row =
                self.office_row(office.id, school, office.kind, office.class_id.map(ClassId), epoch, &identity)?;
            recipients.insert(office.id, self.office_recipient(&row)?);
            let old = self.held_office_key(conn, viewer, office).await?;
            offices.push(PreparedOffice { row, key: OfficeKey { office: office.id, epoch, identity }, old });
        }
        let mut wraps = self.wraps_of_keepers(conn, school, scope).await?;
        let mut files = Vec::new();
        for (subject, of_subject) in &scope.keys {
            let wraps = wraps.remove(subject).unwrap_or_default();
            let keys = Keys::open(viewer, &self.secret, school, *subject, &wraps);
            let mut next = Vec::new();
            for (key, class) in of_subject {
                let standing = viewer.standing(&Facts::class(school, *class));
                let read = self.policy.permit::<Read>(&standing, key.compartment.kind(), *subject);
                let holders = scope.holders(&recipients, key, *class);
                next.push((read.map_err(|_| Error::NotFound)?, self.next_key(*key, &holders)?));
            }
            files.push(PreparedFile { keys, next });
            // A few hundred microseconds of mathematics for each file: let others have their turn in between.
            tokio::task::yield_now().await;
        }
        Ok(Prepared { offices, files })
    }

    /// The wraps through which the counselling office opens the keys of the school, by subject.
    async fn wraps_of_keepers(
        &self,
        conn: &mut Conn,
        school: SchoolId,
        scope: &Scope,
    ) -> Result<HashMap<Uuid, Vec<Wrap>>> {
        // A district has no counselling office, and no key of a class or a student.
        let keeper = scope.offices.iter().find(|o| o.kind == OfficeKind::Counselling);
        let Some(keeper) = keeper else { return Ok(HashMap::new()) };
        let mut wraps: HashMap<Uuid, Vec<Wrap>> = HashMap::new();
        for compartment in Compartment::ALL.iter().filter(|c| offices_holding(**c).contains(&OfficeKind::Counselling)) {
            for wrap in conn.wraps_of_holder(school, keeper.id.0, *compartment).await? {
                wraps.entry(wrap.subject).or_default().push(wrap);
            }
        }
        Ok(wraps)
    }

    /// Stores a prepared rotation and seals everything anew.
    async fn store_rotation(
        &self,
        tx: &mut Tx,
        viewer: &Viewer,
        permit: &Permit<Admit>,
        scope: &Scope,
        prepared: &Prepared,
    ) -> Result<()> {
        let now = self.now();
        for (office, person) in &scope.leaving {
            tx.delete_member(permit, *office, *person).await?;
            tx.record_about(permit, Event::MemberLeft, person.0, &format!("office={office}"), now).await?;
        }
        for PreparedOffice { row, key, old } in &prepared.offices {
            if !tx.rotate_office(permit, row).await? {
                return Err(Error::Stale(Vec::new()));
            }
            tx.delete_old_wraps(permit, row.id.0, row.epoch).await?;
            self.wrap_office_to_keepers(tx, permit, row, key).await?;
            for (_, member) in scope.staying.iter().filter(|(office, _)| *office == row.id) {
                self.wrap_office(tx, permit, key, member).await?;
            }
            let next = self.office_recipient(row)?;
            self.reseal_letters(tx, permit, &viewer.at_school(), &old.identity, &next).await?;
            self.reseal_copies(tx, permit, &viewer.at_school(), &old.identity, &next).await?;
        }
        let mut rotated = 0;
        for file in &prepared.files {
            for (read, next) in &file.next {
                self.move_on(tx, permit, next).await?;
                self.reseal(tx, permit, read, &file.keys, next).await?;
                rotated += 1;
            }
        }
        for PreparedOffice { row, .. } in &prepared.offices {
            let detail = format!("office={} epoch={}", row.id, row.epoch);
            tx.record_about(permit, Event::KeyRotated, row.id.0, &detail, now).await?;
        }
        Ok(tx.record(permit, Event::KeyRotated, &format!("keys={rotated}"), now).await?)
    }
}

impl Scope {
    /// Who shall hold a key of a class or student: its offices under their new key pairs, helpers paired today, who reads it by
    /// grant, and who leads the case.
    fn holders(&self, recipients: &HashMap<OfficeId, Recipient>, key: &Key, class: ClassId) -> Vec<Recipient> {
        let holds = offices_holding(key.compartment);
        let offices = self.offices.iter();
        let offices = offices.filter(|o| holds.contains(&o.kind) && o.class_id.is_none_or(|id| id == class.0));
        let mut holders: Vec<Recipient> = offices.filter_map(|o| recipients.get(&o.id).cloned()).collect();
        let helpers = self.helpers.iter().filter(|(id, held, _)| id.0 == key.subject && *held == key.compartment);
        holders.extend(helpers.map(|(.., recipient)| recipient.clone()));
        if LED.contains(&key.compartment) {
            let leaders = self.leaders.iter().filter(|(student, _)| student.0 == key.subject);
            holders.extend(leaders.map(|(_, recipient)| recipient.clone()));
        }
        holders
    }
}
