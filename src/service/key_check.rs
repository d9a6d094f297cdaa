//! Policy and wraps agree, or `yice key check` says where they do not (design §4).

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::keys::offices_holding;
use super::leading::LED;
use super::offices::implies;
use super::{App, Error, Result};
use crate::domain::ids::{ClassId, PersonId, SchoolId};
use crate::domain::relation::Duty;
use crate::domain::words::{Compartment, OfficeKind, words};
use crate::store::{Conn, Grant, Key, Office, Pairing, Person, ReadingGrant, Succession};

words! {
    /// In what way policy and wraps disagree.
    Finding {
        /// someone has a wrap that policy does not give
        OverGrant = "over_grant",
        /// someone lacks a wrap that policy gives
        Missing = "missing",
        /// a wrap of an earlier epoch still exists although nothing is sealed in it
        OldEpoch = "old_epoch",
        /// someone is in an office that no duty of theirs needs
        MemberWithoutDuty = "member_without_duty",
        /// someone's duty needs an office that nobody has let them into
        Waiting = "waiting",
        /// someone lost the key and it has not been rotated
        RotationDue = "rotation_due",
    }
}

/// One disagreement, by ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyFinding {
    /// What it is.
    pub finding: Finding,
    /// The office or compartment key.
    pub key: Uuid,
    /// The office, person or recovery identity that holds or lacks it; nil when it is about the key itself.
    pub holder: Uuid,
    /// The epoch of the wrap, or of the key.
    pub epoch: i64,
}

/// Who must and who may hold a key.
#[derive(Default)]
struct Rightful {
    must: HashSet<Uuid>,
    may: HashSet<Uuid>,
}

/// What the database says in clear about a school's keys.
struct Facts {
    offices: Vec<Office>,
    members: Vec<(Uuid, PersonId)>,
    persons: Vec<Person>,
    duties: Vec<(PersonId, Duty)>,
    classes: HashMap<Uuid, ClassId>,
    pairings: Vec<Pairing>,
    grants: Vec<Grant>,
    readings: Vec<ReadingGrant>,
    named: HashSet<Uuid>,
    successions: Vec<Succession>,
    recovery: Uuid,
}

impl App {
    /// Compares what policy implies with the wraps that exist. An empty answer means that they agree. Run by the
    /// installation; it opens nothing.
    ///
    /// # Errors
    /// The database.
    pub async fn key_check(&self, school: SchoolId) -> Result<Vec<KeyFinding>> {
        let mut conn = self.db.read().await?;
        let facts = self.key_facts(&mut conn, school).await?;
        let keys = conn.keys_of_school(school).await?;
        let due: HashSet<Uuid> = conn.keys_due(school).await?.into_iter().map(|key| key.id.0).collect();
        let mut wraps: HashMap<Uuid, Vec<(Uuid, i64)>> = HashMap::new();
        for (key, holder, epoch) in conn.wrap_holders(school).await? {
            wraps.entry(key).or_default().push((holder, epoch));
        }
        // An import seals anew what it brings and leaves the rest in earlier epochs, whose wraps are still needed.
        let mut used: HashMap<(Uuid, Compartment), HashSet<i64>> = HashMap::new();
        for (subject, compartment, epoch) in conn.epochs_in_use(school).await? {
            used.entry((subject, compartment)).or_default().insert(epoch);
        }
        drop(conn);
        let none = HashSet::new();
        let mut findings = facts.memberships();
        let today = self.today();
        let offices = facts.offices.iter().map(|o| (o.id.0, o.epoch, o.rotation_due, &none, facts.of_office(o)));
        let keys = keys.iter().map(|k| {
            let used = used.get(&(k.subject, k.compartment)).unwrap_or(&none);
            // The key of a report moves on with each change of it, and by nobody's rotation. Notes whose author holds no key of
            // them any more are written on by nobody.
            let written = match k.compartment {
                Compartment::Restricted => false,
                Compartment::Counselling => wraps.get(&k.id.0).is_some_and(|w| w.contains(&(k.owner, k.epoch))),
                _ => true,
            };
            let due = written && due.contains(&k.id.0);
            (k.id.0, k.epoch, due, used, facts.of_key(k, &today))
        });
        let keys: Vec<_> = keys.collect();
        for (key, epoch, due, used, rightful) in offices.chain(keys) {
            let wraps = wraps.remove(&key).unwrap_or_default();
            findings.extend(compare(key, epoch, used, &rightful, &wraps));
            if due {
                findings.push(KeyFinding { finding: Finding::RotationDue, key, holder: Uuid::nil(), epoch });
            }
        }
        findings.sort_unstable();
        Ok(findings)
    }

    async fn key_facts(&self, conn: &mut Conn, school: SchoolId) -> Result<Facts> {
        let mut classes: HashMap<Uuid, ClassId> =
            conn.classes(school).await?.into_iter().map(|class| (class.id.0, class.id)).collect();
        classes.extend(conn.students_of_school(school).await?.into_iter().map(|s| (s.id.0, s.class_id)));
        Ok(Facts {
            offices: conn.offices(school).await?,
            members: conn.members(school).await?.into_iter().map(|(office, person)| (office.0, person)).collect(),
            persons: conn.persons(school).await?,
            duties: conn.school_duties(school, self.now()).await?.into_iter().map(|d| (d.1, d.2)).collect(),
            classes,
            pairings: conn.pairings(school).await?,
            grants: conn.grants(school).await?,
            readings: conn.reading_grants(school).await?,
            named: self.named_now(conn, school).await?.into_iter().map(|person| person.0).collect(),
            successions: conn.successions(school).await?,
            recovery: conn.installation().await?.ok_or(Error::NotFound)?.recovery_id,
        })
    }
}

impl Facts {
    /// Members without a duty, and duties without a membership.
    fn memberships(&self) -> Vec<KeyFinding> {
        let mut findings = Vec::new();
        for person in &self.persons {
            let held: Vec<Duty> = self.duties.iter().filter(|d| d.0 == person.id).map(|d| d.1).collect();
            for office in &self.offices {
                let is_member = self.members.contains(&(office.id.0, person.id));
                let finding = match (person.active && implies(&held, office), is_member) {
                    (false, true) => Finding::MemberWithoutDuty,
                    (true, false) if person.recipient.is_some() => Finding::Waiting,
                    _ => continue,
                };
                findings.push(KeyFinding { finding, key: office.id.0, holder: person.id.0, epoch: office.epoch });
            }
        }
        findings
    }

    /// An office key belongs to its members, to the recovery identity and to the counselling office.
    fn of_office(&self, office: &Office) -> Rightful {
        let members = self.members.iter().filter(|(id, _)| *id == office.id.0).map(|(_, person)| person.0);
        let keepers = self.offices.iter().filter(|o| o.kind == OfficeKind::Counselling && o.id != office.id);
        let must: HashSet<Uuid> = members.chain(keepers.map(|o| o.id.0)).chain([self.recovery]).collect();
        Rightful { must, may: HashSet::new() }
    }

    /// A compartment key belongs to its offices, to paired helpers, to who leads the case and to who reads it by grant; a counsellor's
    /// notes to the counsellor, who loses them with the identity, to whoever took them over, and to who reads them by grant.
    fn of_key(&self, key: &Key, today: &str) -> Rightful {
        let active = |id: PersonId| self.persons.iter().any(|p| p.id == id && p.active && p.recipient.is_some());
        let of_key = |one: &&ReadingGrant| {
            (one.student_id.0, one.kind.compartment(), one.owner) == (key.subject, key.compartment, key.owner)
        };
        let readers = self.readings.iter().filter(of_key).filter(|one| one.is_running(today) && active(one.person_id));
        let readers = readers.map(|one| one.person_id.0);
        if key.compartment == Compartment::Counselling {
            let of = self.successions.iter().filter(|one| one.student_id.0 == key.subject && one.owner.0 == key.owner);
            let may = of.map(|one| one.person_id.0).chain([key.owner]).collect();
            return Rightful { must: readers.chain([self.recovery]).collect(), may };
        }
        if key.compartment == Compartment::Restricted {
            // The key of a mandatory report: for those named, who may have been named after its last change.
            return Rightful { must: HashSet::from([self.recovery]), may: self.named.clone() };
        }
        let Some(class) = self.classes.get(&key.subject) else { return Rightful::default() };
        let holds = offices_holding(key.compartment);
        let offices = self.offices.iter();
        let offices = offices.filter(|o| holds.contains(&o.kind) && o.class_id.is_none_or(|id| id == class.0));
        let mut rightful = Rightful { must: offices.map(|o| o.id.0).chain(readers).collect(), may: HashSet::new() };
        if LED.contains(&key.compartment) {
            let of_student = self.grants.iter().filter(|g| g.student_id.0 == key.subject && active(g.person_id));
            rightful.must.extend(of_student.filter(|g| g.is_running(today)).map(|g| g.person_id.0));
        }
        if matches!(key.compartment, Compartment::Support | Compartment::Contact) {
            let of_student = self.pairings.iter().filter(|p| p.student_id.0 == key.subject && active(p.helper_id));
            for pairing in of_student.filter(|p| p.holds(key.compartment, today)) {
                // The wrap may be made on the day the pairing is agreed; it must be there from its first day on.
                rightful.may.insert(pairing.helper_id.0);
                if pairing.is_active(today) {
                    rightful.must.insert(pairing.helper_id.0);
                }
            }
        }
        rightful
    }
}

/// The disagreements about one key.
fn compare(key: Uuid, epoch: i64, used: &HashSet<i64>, rightful: &Rightful, wraps: &[(Uuid, i64)]) -> Vec<KeyFinding> {
    let mut findings = Vec::new();
    for (holder, of_wrap) in wraps {
        let finding = if *of_wrap != epoch && !used.contains(of_wrap) {
            Finding::OldEpoch
        } else if rightful.must.contains(holder) || rightful.may.contains(holder) {
            continue;
        } else {
            Finding::OverGrant
        };
        findings.push(KeyFinding { finding, key, holder: *holder, epoch: *of_wrap });
    }
    let missing = rightful.must.iter().filter(|holder| !wraps.contains(&(**holder, epoch)));
    findings.extend(missing.map(|holder| KeyFinding { finding: Finding::Missing, key, holder: *holder, epoch }));
    findings
}

#[cfg(test)]
mod tests;
