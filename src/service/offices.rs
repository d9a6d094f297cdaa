//! Offices: groups of colleagues who hold a key together, and who lets whom in.

use uuid::Uuid;

use super::keys::offices_holding;
use super::{App, Error, Result, Viewer};
use crate::domain::audit::Event;
use crate::domain::ids::{ClassId, OfficeId, PersonId, SchoolId};
use crate::domain::relation::Duty;
use crate::domain::words::{Kind, OfficeKind, Role};
use crate::policy::{Act, Admit, Permit};
use crate::store::{Class, Conn, Key, Office, Person, Tx};
use crate::vault::{Identity, KeyName, OfficeKey, Recipient, fingerprint, wrap_identity};

/// The office whose key a duty needs; its class for a homeroom and for subject teachers. All other duties need none.
#[must_use]
pub const fn office_of(duty: &Duty) -> Option<(OfficeKind, Option<ClassId>)> {
    match (duty.role, duty.class) {
        (Role::Counsellor, _) => Some((OfficeKind::Counselling, None)),
        (Role::MoralEdDirector, _) => Some((OfficeKind::MoralEd, None)),
        (Role::DistrictOfficer, _) => Some((OfficeKind::District, None)),
        (Role::HomeroomTeacher, Some(class)) => Some((OfficeKind::Homeroom, Some(class))),
        (Role::SubjectTeacher, Some(class)) => Some((OfficeKind::Teachers, Some(class))),
        _ => None,
    }
}

/// Whether any of these duties needs the key of this office.
#[must_use]
pub fn implies(duties: &[Duty], office: &Office) -> bool {
    let of_office = Some((office.kind, office.class_id.map(ClassId)));
    duties.iter().any(|duty| duty.school == office.school_id && office_of(duty) == of_office)
}

/// Somebody whose duty needs an office that nobody has let them into yet.
#[derive(Debug)]
pub struct Newcomer {
    /// Who waits.
    pub person: Person,
    /// For which office.
    pub office: Office,
    /// Its class, for a homeroom.
    pub class: Option<Class>,
    /// The fingerprint of the newcomer's public key, to be compared in person.
    pub fingerprint: String,
}

/// An office with those who hold its key.
#[derive(Debug)]
pub struct OfficeState {
    /// The office.
    pub office: Office,
    /// Its class, for a homeroom.
    pub class: Option<Class>,
    /// Its members by name.
    pub members: Vec<Person>,
}

/// The offices of a school, for those who keep the keys.
#[derive(Debug)]
pub struct Offices {
    /// Who waits to be let in.
    pub waiting: Vec<Newcomer>,
    /// The offices: those of the school first, then homerooms from the youngest cohort on.
    pub offices: Vec<OfficeState>,
    /// Keys of single files that someone lost and that must move on.
    pub keys_due: usize,
    /// Files that are to be counted for the statistics by somebody who holds their keys.
    pub counts_due: i64,
}

impl App {
    /// The public key of the recovery identity, checked for genuineness.
    ///
    /// # Errors
    /// There is no installation, or its row was tampered with.
    pub(crate) async fn recovery_recipient(&self, conn: &mut Conn) -> Result<Recipient> {
        let made = conn.installation().await?.ok_or(Error::NotFound)?;
        Ok(Recipient::genuine(&made.recovery_recipient, made.recovery_id, &made.recovery_mac, &self.secret)?)
    }

    /// Makes an office with a new key pair, wrapped to the recovery identity and, but for the counselling office itself, to
    /// the counselling office: its members see all that the others see, so they are the ones who let newcomers in. A district
    /// has one office, whose members let each other in.
    ///
    /// # Errors
    /// The database.
    pub(crate) async fn make_office<A: Act>(
        &self,
        tx: &mut Tx,
        permit: &Permit<A>,
        school: SchoolId,
        kind: OfficeKind,
        class: Option<ClassId>,
    ) -> Result<OfficeKey> {
        let id = OfficeId(Uuid::now_v7());
        let identity = Identity::generate()?;
        let office = self.office_row(id, school, kind, class, 1, &identity)?;
        tx.insert_office(permit, &office).await?;
        let key = OfficeKey { office: id, epoch: 1, identity };
        self.wrap_office_to_keepers(tx, permit, &office, &key).await?;
        Ok(key)
    }

    /// The row of an office under a key pair, with the mark that makes its public half genuine.
    pub(crate) fn office_row(
        &self,
        id: OfficeId,
        school_id: SchoolId,
        kind: OfficeKind,
        class: Option<ClassId>,
        epoch: i64,
        identity: &Identity,
    ) -> Result<Office> {
        let recipient = identity.recipient()?;
        let (_, mac) = Recipient::enrol_office(&recipient, id.0, epoch, &self.secret)?;
        let class_id = class.map(|id| id.0);
        Ok(Office { id, school_id, kind, class_id, rotation_due: false, epoch, recipient, recipient_mac: mac.to_vec() })
    }

    /// Wraps an office key to those who keep it besides its members.
    pub(crate) async fn wrap_office_to_keepers<A: Act>(
        &self,
        tx: &mut Tx,
        permit: &Permit<A>,
        office: &Office,
        key: &OfficeKey,
    ) -> Result<()> {
        let mut keepers = vec![self.recovery_recipient(tx).await?];
        if !matches!(office.kind, OfficeKind::Counselling | OfficeKind::District) {
            let offices = tx.offices(office.school_id).await?;
            let counselling = offices.iter().find(|o| o.kind == OfficeKind::Counselling).ok_or(Error::NotFound)?;
            keepers.push(self.office_recipient(counselling)?);
        }
        for keeper in &keepers {
            self.wrap_office(tx, permit, key, keeper).await?;
        }
        Ok(())
    }

    /// Wraps an office key to one holder.
    pub(crate) async fn wrap_office<A: Act>(
        &self,
        tx: &mut Tx,
        permit: &Permit<A>,
        key: &OfficeKey,
        to: &Recipient,
    ) -> Result<()> {
        let name = KeyName { key: key.office.0.into(), epoch: key.epoch };
        let sealed = wrap_identity(&key.identity, name, to)?;
        Ok(tx.insert_wrap(permit, &self.marked(name, to, sealed)).await?)
    }

    /// Lets a person into an office: one wrap, one membership, one line.
    ///
    /// # Errors
    /// The database.
    pub(crate) async fn let_in<A: Act>(
        &self,
        tx: &mut Tx,
        permit: &Permit<A>,
        key: &OfficeKey,
        person: PersonId,
        to: &Recipient,
    ) -> Result<()> {
        let now = self.now();
        self.wrap_office(tx, permit, key, to).await?;
        tx.insert_member(permit, key.office, person, now).await?;
        tx.record_about(permit, Event::MemberAdmitted, person.0, &format!("office={}", key.office), now).await?;
        Ok(())
    }
    /// The offices of the school, who is in them, and who waits to be let in.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anyone who keeps no keys.
    pub async fn offices(&self, viewer: &Viewer) -> Result<Offices> {
        let school = viewer.person.school_id;
        self.permit::<Admit>(&viewer.at_school(), Kind::Keys, school.0).await?;
        let mut conn = self.db.read().await?;
        let persons = conn.persons(school).await?;
        let members = conn.members(school).await?;
        let duties = conn.school_duties(school, self.now()).await?;
        let classes = conn.classes(school).await?;
        // A counsellor's notes move on when their author signs in, a report's key with the report.
        let here = |key: &Key| !offices_holding(key.compartment).is_empty();
        let keys_due = conn.keys_due(school).await?.into_iter().filter(here).count();
        let counts_due = conn.facts_due_count(school).await?;
        let mut offices = conn.offices(school).await?;
        drop(conn);
        let class_of = |office: &Office| classes.iter().find(|class| Some(class.id.0) == office.class_id).copied();
        let place = |office: &Office| classes.iter().position(|class| Some(class.id.0) == office.class_id);
        offices.sort_by_key(|office| (place(office), office.kind));
        let is_member = |office: &Office, person: &Person| members.contains(&(office.id, person.id));
        let mut waiting = Vec::new();
        for person in persons.iter().filter(|p| p.active) {
            let Ok(Some(recipient)) = self.recipient_of(person) else { continue };
            let held: Vec<Duty> = duties.iter().filter(|d| d.1 == person.id).map(|d| d.2).collect();
            for office in offices.iter().filter(|office| implies(&held, office) && !is_member(office, person)) {
                waiting.push(Newcomer {
                    person: person.clone(),
                    office: office.clone(),
                    class: class_of(office),
                    fingerprint: fingerprint(&recipient.text()),
                });
            }
        }
        let state = |office: Office| {
            let members = persons.iter().filter(|person| is_member(&office, person)).cloned().collect();
            OfficeState { class: class_of(&office), members, office }
        };
        Ok(Offices { waiting, offices: offices.into_iter().map(state).collect(), keys_due, counts_due })
    }

    /// Lets a colleague into an office that their duty needs. `shown` is the fingerprint that was compared in person: a key
    /// that was swapped between showing and confirming is refused.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anyone who keeps no keys, or when no duty needs the office; [`Error::Invalid`] when the
    /// fingerprint is another one by now; [`Error::NoKey`] when the person cannot open the office.
    pub async fn admit(&self, viewer: &Viewer, office: OfficeId, person: PersonId, shown: &str) -> Result<()> {
        let school = viewer.person.school_id;
        let permit = self.permit::<Admit>(&viewer.at_school(), Kind::Keys, school.0).await?;
        let mut tx = self.begin().await?;
        let office = tx.offices(school).await?.into_iter().find(|o| o.id == office).ok_or(Error::NotFound)?;
        let newcomer = tx.person(person).await?.filter(|p| p.school_id == school).ok_or(Error::NotFound)?;
        let recipient = self.person_recipient(&mut tx, newcomer.id).await?.ok_or(Error::NotFound)?;
        if !implies(&tx.duties(person, self.now()).await?, &office) {
            return Err(Error::NotFound);
        }
        if digits(&fingerprint(&recipient.text())) != digits(shown) {
            return Err(Error::field("fingerprint", "fingerprint-changed"));
        }
        let key = self.held_office_key(&mut tx, viewer, &office).await?;
        self.let_in(&mut tx, &permit, &key, person, &recipient).await?;
        Ok(tx.commit().await?)
    }

    /// The key of an office, as the person's own membership or that in the counselling office opens it.
    ///
    /// # Errors
    /// [`Error::NoKey`] when the person opens neither.
    pub(crate) async fn held_office_key(&self, conn: &mut Conn, viewer: &Viewer, office: &Office) -> Result<OfficeKey> {
        let ring = &viewer.ring;
        if let Some(key) = self.office_key(conn, &ring.identity, ring.person.0, office.id, office.epoch).await? {
            return Ok(key);
        }
        let offices = conn.offices(office.school_id).await?;
        let keeper = offices.iter().find(|o| o.kind == OfficeKind::Counselling).ok_or(Error::NoKey)?;
        let identity = ring.office(keeper.id, keeper.epoch).ok_or(Error::NoKey)?;
        self.office_key(conn, identity, keeper.id.0, office.id, office.epoch).await?.ok_or(Error::NoKey)
    }

    /// Takes a person out of every office that none of these duties needs. What they leave must be rotated.
    ///
    /// # Errors
    /// The database.
    pub(crate) async fn leave_offices<A: Act>(
        &self,
        tx: &mut Tx,
        permit: &Permit<A>,
        person: PersonId,
        duties: &[Duty],
    ) -> Result<()> {
        let memberships = tx.memberships(person).await?;
        let offices = tx.offices(permit.school()).await?;
        for office in offices.iter().filter(|o| memberships.iter().any(|m| m.0 == o.id) && !implies(duties, o)) {
            tx.delete_member(permit, office.id, person).await?;
            tx.mark_rotation(permit, office.id).await?;
            let detail = format!("office={}", office.id);
            tx.record_about(permit, Event::MemberLeft, person.0, &detail, self.now()).await?;
        }
        Ok(())
    }

    /// The public key of a person, checked for genuineness; none before the invitation is accepted.
    ///
    /// # Errors
    /// The row was tampered with.
    pub(crate) fn recipient_of(&self, person: &Person) -> Result<Option<Recipient>> {
        let (Some(text), Some(mac)) = (&person.recipient, &person.recipient_mac) else { return Ok(None) };
        Ok(Some(Recipient::genuine(text, person.id.0, mac, &self.secret)?))
    }
}

/// The digits of a fingerprint, however they are grouped.
fn digits(fingerprint: &str) -> String {
    fingerprint.chars().filter(char::is_ascii_digit).collect()
}

#[cfg(test)]
mod tests;
