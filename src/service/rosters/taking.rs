//! Making a plan happen: seal first, then write everything in one transaction, or nothing.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use uuid::Uuid;

use super::super::files::FROM_ROSTER;
use super::super::keys::seal;
use super::super::new_class::NewClass;
use super::super::pairings::HELPED;
use super::super::sheets::sheet_spot;
use super::super::{App, Error, Result};
use super::matching::{Macs, matched};
use super::sealing::{FileWork, KeyWork, SealedFile, SealedKey, seal_files};
use super::{Item, Outcome, Plan, Taken, facts};
use crate::domain::audit::Event;
use crate::domain::ids::{ClassId, PersonId, StudentId};
use crate::domain::record::{Layer, SheetRow};
use crate::domain::roster::ClassKey;
use crate::domain::words::{Compartment, Kind, OfficeKind};
use crate::policy::{Permit, TakesIn};
use crate::store::{self, Conn, Key, Office, SheetPart, Tx};
use crate::vault::{CompartmentKey, KeyName, Recipient};

/// The run of a kept roster that ends with the transaction.
#[derive(Debug)]
pub(super) struct Run {
    /// Its id.
    pub id: Uuid,
    /// The refusals, sealed to the person: all that stays of the roster.
    pub refusals: Vec<u8>,
}

/// What stands in the database about those who change, read before anything is sealed.
struct Standing {
    offices: Vec<Office>,
    classes: HashMap<ClassKey, ClassId>,
    keys: HashMap<(Uuid, Compartment), Key>,
    versions: HashMap<(StudentId, Compartment), i64>,
    helpers: HashMap<(StudentId, Compartment), Vec<Recipient>>,
    leaders: HashMap<StudentId, Vec<Recipient>>,
}

/// Everything that the transaction will write.
struct Sealed {
    classes: Vec<NewClass>,
    files: Vec<SealedFile>,
    sheets: BTreeMap<ClassId, Vec<SheetRow>>,
    offices: Vec<Office>,
}

impl App {
    /// Takes a roster in as planned: everything or nothing. `progress` hears how many files are sealed.
    ///
    /// # Errors
    /// [`Error::Stale`] when somebody else changed the roll since the plan was made: make another one.
    /// [`Error::NotFound`] for a permit that does not cover the plan.
    pub async fn take_in_roster<A: TakesIn>(
        &self,
        permit: &Permit<A>,
        plan: &Plan,
        progress: &(dyn Fn(usize) + Send + Sync),
    ) -> Result<Taken> {
        self.take_in(permit, plan, progress, None).await
    }

    /// Takes a roster in, and ends the run of the kept roster it came from in the same transaction.
    pub(super) async fn take_in<A: TakesIn>(
        &self,
        permit: &Permit<A>,
        plan: &Plan,
        progress: &(dyn Fn(usize) + Send + Sync),
        run: Option<Run>,
    ) -> Result<Taken> {
        let whole_school = permit.object() == plan.school.0;
        let one_of_them = plan.only.as_ref().is_some_and(|only| only.contains(&ClassId(permit.object())));
        if permit.kind() != Kind::Roster || permit.school() != plan.school || !(whole_school || one_of_them) {
            return Err(Error::NotFound);
        }
        let sealed = self.seal_plan(plan, progress).await?;
        self.write(permit, plan, &sealed, run).await.map_err(stale_if_taken)?;
        Ok(plan.counts())
    }

    /// Seals all that is new or changed.
    async fn seal_plan(&self, plan: &Plan, progress: &(dyn Fn(usize) + Send + Sync)) -> Result<Sealed> {
        let now = self.now();
        let new = |key: &ClassKey| self.class_in_the_making(plan.school, key.cohort.into(), key.number.into());
        let classes = plan.new_classes.iter().map(new).collect::<Result<Vec<_>>>()?;
        let standing = self.standing(plan, &classes).await?;
        let mut holders: HashMap<(ClassId, Compartment), Arc<[Recipient]>> = HashMap::new();
        let mut sheets: BTreeMap<ClassId, Vec<SheetRow>> = BTreeMap::new();
        let mut work = Vec::new();
        for item in plan.items.iter().filter(|item| item.outcome != Outcome::Same) {
            let class = *standing.classes.get(&item.class).ok_or_else(|| Error::Stale(Vec::new()))?;
            for compartment in [Compartment::Contact, Compartment::Circumstance, Compartment::Support] {
                if let std::collections::hash_map::Entry::Vacant(place) = holders.entry((class, compartment)) {
                    place.insert(self.holders(&standing.offices, class, compartment)?.into());
                }
            }
            let id = match item.outcome {
                Outcome::Change(id) => id,
                // Never v7: ids in the order of the roster would tell, beside a class list, which row is whose.
                _ => StudentId(Uuid::new_v4()),
            };
            sheets.entry(class).or_default().push(facts::sheet_row(id, &item.student));
            let macs = item.macs.stored(id, class);
            let leaves = item.found.from.filter(|from| *from != class);
            let is_new = item.outcome == Outcome::Create;
            let keys = standing.key_work(item, id, &|compartment| holders[&(class, compartment)].clone(), now);
            work.push(FileWork { macs, leaves, is_new, keys });
        }
        // A table may keep the order in which rows came: it must not be the order of the class list.
        work.sort_by_key(|file| file.macs.id);
        let files = seal_files(plan.school, work, progress).await?;
        Ok(Sealed { classes, files, sheets, offices: standing.offices })
    }

    /// Reads what stands in the database.
    async fn standing(&self, plan: &Plan, new: &[NewClass]) -> Result<Standing> {
        let mut conn = self.db.read().await?;
        let mut offices = conn.offices(plan.school).await?;
        offices.extend(new.iter().flat_map(|new| new.offices.clone()));
        let known = conn.classes(plan.school).await?;
        let classes = known.iter().chain(new.iter().map(|new| &new.class));
        let key = |class: &store::Class| {
            let cohort = i16::try_from(class.cohort).map_err(|_| store::Error::Corrupt("classes.cohort"))?;
            let number = u8::try_from(class.number).map_err(|_| store::Error::Corrupt("classes.number"))?;
            Ok::<_, Error>((ClassKey { cohort, number }, class.id))
        };
        let classes = classes.map(key).collect::<Result<_>>()?;
        let (keys, versions) = (HashMap::new(), HashMap::new());
        let (helpers, leaders) = (HashMap::new(), HashMap::new());
        let mut standing = Standing { offices, classes, keys, versions, helpers, leaders };
        if plan.changed() > 0 {
            let keys = conn.keys_of_school(plan.school).await?.into_iter().filter(|key| key.owner.is_nil());
            standing.keys = keys.map(|key| ((key.subject, key.compartment), key)).collect();
            let versions = conn.layer_versions(plan.school, FROM_ROSTER).await?;
            standing.versions = versions.into_iter().map(|(id, c, version)| ((id, c), version)).collect();
            standing.helpers = self.helpers(&mut conn, plan).await?;
            for (student, leader) in self.leaders(&mut conn, plan.school).await? {
                standing.leaders.entry(student).or_default().push(leader);
            }
        }
        Ok(standing)
    }

    /// The public keys of those who hold a key of a student as helpers or read it by grant, by student and compartment.
    async fn helpers(&self, conn: &mut Conn, plan: &Plan) -> Result<HashMap<(StudentId, Compartment), Vec<Recipient>>> {
        let today = self.today();
        let mut helpers: HashMap<(StudentId, Compartment), Vec<Recipient>> = HashMap::new();
        let mut known: HashMap<PersonId, Option<Recipient>> = HashMap::new();
        for pairing in conn.pairings(plan.school).await? {
            for held in HELPED.into_iter().filter(|compartment| pairing.holds(*compartment, &today)) {
                if let std::collections::hash_map::Entry::Vacant(place) = known.entry(pairing.helper_id) {
                    place.insert(self.person_recipient(conn, pairing.helper_id).await?);
                }
                helpers.entry((pairing.student_id, held)).or_default().extend(known[&pairing.helper_id].clone());
            }
        }
        for (student, reader) in self.contact_readers(conn, plan.school).await? {
            helpers.entry((student, Compartment::Contact)).or_default().push(reader);
        }
        Ok(helpers)
    }

    /// The one transaction.
    async fn write<A: TakesIn>(
        &self,
        permit: &Permit<A>,
        plan: &Plan,
        sealed: &Sealed,
        run: Option<Run>,
    ) -> Result<()> {
        let now = self.now();
        let counts = plan.counts().detail();
        let mut tx = self.begin_long().await?;
        // The line comes first, because its head row is the lock of the school: two imports that both find a student
        // missing would both put the student on the roll.
        let detail = format!("{counts} classes={}", sealed.classes.len());
        tx.record(permit, Event::RosterImported, &detail, now).await?;
        still_so(&mut tx, plan).await?;
        let mut rosters = HashMap::new();
        for new in &sealed.classes {
            rosters.insert(new.class.id, self.store_class(&mut tx, permit, new).await?);
        }
        for file in &sealed.files {
            self.write_file(&mut tx, permit, file, &sealed.offices, now).await?;
        }
        for (class, rows) in &sealed.sheets {
            self.write_sheet(&mut tx, permit, *class, rows, rosters.get(class), &sealed.offices).await?;
        }
        if let Some(run) = run
            && !tx.finish_import(permit, run.id, &counts, run.refusals).await?
        {
            return Err(Error::Stale(Vec::new()));
        }
        Ok(tx.commit().await?)
    }

    /// One student.
    async fn write_file<A: TakesIn>(
        &self,
        tx: &mut Tx,
        permit: &Permit<A>,
        file: &SealedFile,
        offices: &[Office],
        now: i64,
    ) -> Result<()> {
        if file.is_new {
            tx.insert_student(permit, &file.macs, now).await?;
        } else {
            tx.update_student(permit, &file.macs).await?;
            // An import reads nothing: another class, or another sex, is counted by whoever holds the keys.
            tx.owe_facts(permit, file.macs.id).await?;
        }
        for sealed in &file.keys {
            self.write_key(tx, permit, sealed, file.leaves.is_some()).await?;
        }
        let Some(left) = file.leaves else { return Ok(()) };
        let homeroom = offices.iter().filter(|o| o.kind == OfficeKind::Homeroom && o.class_id == Some(left.0));
        for office in homeroom {
            for key in tx.keys_of(file.macs.id.0).await? {
                tx.delete_wraps(permit, key.id, office.id.0).await?;
            }
        }
        Ok(())
    }

    /// One key of a student, its wraps and what it sealed.
    async fn write_key<A: TakesIn>(
        &self,
        tx: &mut Tx,
        permit: &Permit<A>,
        sealed: &SealedKey,
        lost: bool,
    ) -> Result<()> {
        let SealedKey { key, holders, wraps, record } = sealed;
        if key.epoch == 1 {
            tx.put_key(permit, key).await?;
        } else if !tx.step_key(permit, key, lost).await? {
            return Err(Error::Stale(Vec::new()));
        }
        let name = KeyName { key: key.id, epoch: key.epoch };
        for (to, wrap) in holders.iter().zip(wraps) {
            tx.insert_wrap(permit, &self.marked(name, to, wrap.clone())).await?;
        }
        match record {
            None => Ok(()),
            Some(record) if record.version == 1 => Ok(tx.insert_record(permit, record).await?),
            Some(record) if tx.update_record(permit, record).await? => Ok(()),
            Some(_) => Err(Error::Stale(Vec::new())),
        }
    }

    /// The rows of one class, laid on what stands there. Without `made`, the key that was just made for a new class, the
    /// roster of the class moves to its next epoch: nobody here can open the one before.
    async fn write_sheet<A: TakesIn>(
        &self,
        tx: &mut Tx,
        permit: &Permit<A>,
        class: ClassId,
        rows: &[SheetRow],
        made: Option<&CompartmentKey>,
        offices: &[Office],
    ) -> Result<()> {
        let next;
        let (epoch, key) = if let Some(made) = made {
            (1, made)
        } else {
            let (epoch, key) = self.next_roster_key(tx, permit, class, offices).await?;
            next = key;
            (epoch, &next)
        };
        let part = tx.sheets(class).await?.last().map_or(0, |last| last.part + 1);
        let mut part = SheetPart { class_id: class, part, epoch, version: 1, sealed: Vec::new() };
        part.sealed = seal(key, &sheet_spot(&part).place(permit.school(), class.0), &rows)?;
        Ok(tx.insert_sheet(permit, &part).await?)
    }

    /// Moves the roster key of a class on and wraps it to its holders.
    async fn next_roster_key<A: TakesIn>(
        &self,
        tx: &mut Tx,
        permit: &Permit<A>,
        class: ClassId,
        offices: &[Office],
    ) -> Result<(i64, CompartmentKey)> {
        let holders = self.holders(offices, class, Compartment::Roster)?;
        let key = tx.keys_of(class.0).await?.into_iter().find(|key| key.compartment == Compartment::Roster);
        let Some(key) = key else {
            let (key, secret) = self.make_key(tx, permit, class.0, Compartment::Roster, Uuid::nil(), &holders).await?;
            return Ok((key.epoch, secret));
        };
        let key = Key { epoch: key.epoch + 1, ..key };
        if !tx.step_key(permit, &key, false).await? {
            return Err(Error::Stale(Vec::new()));
        }
        let secret = CompartmentKey::generate()?;
        for holder in &holders {
            tx.insert_wrap(permit, &self.wrap(&secret, KeyName { key: key.id, epoch: key.epoch }, holder)?).await?;
        }
        Ok((key.epoch, secret))
    }
}

impl Standing {
    /// The keys of one student that are made or moved on: contact and circumstance with what the roster says, and on a move
    /// the one of the support plan, which the new homeroom needs and the old one has lost.
    fn key_work(
        &self,
        item: &Item,
        id: StudentId,
        holders: &dyn Fn(Compartment) -> Arc<[Recipient]>,
        now: i64,
    ) -> Vec<KeyWork> {
        let with = |compartment: Compartment, helpers: &[Recipient]| -> Arc<[Recipient]> {
            let leaders = self.leaders.get(&id).into_iter().flatten();
            holders(compartment).iter().chain(helpers).chain(leaders).cloned().collect()
        };
        let with_helpers =
            |compartment| with(compartment, self.helpers.get(&(id, compartment)).map_or(&[], |helpers| helpers));
        let said = |compartment, layer: Layer| {
            let version = self.versions.get(&(id, compartment)).map_or(1, |version| version + 1);
            Some((layer, version))
        };
        let contact = said(Compartment::Contact, facts::contact(&item.student, now));
        let circumstance = said(Compartment::Circumstance, facts::circumstance(&item.student, now));
        let mut work = vec![
            KeyWork {
                key: self.next_key(id, Compartment::Contact),
                holders: with_helpers(Compartment::Contact),
                layer: contact,
            },
            KeyWork {
                key: self.next_key(id, Compartment::Circumstance),
                holders: with(Compartment::Circumstance, &[]),
                layer: circumstance,
            },
        ];
        if item.moved && self.keys.contains_key(&(id.0, Compartment::Support)) {
            let key = self.next_key(id, Compartment::Support);
            work.push(KeyWork { key, holders: with_helpers(Compartment::Support), layer: None });
        }
        work
    }

    /// The first epoch of a key that a student does not have yet, or the one after the present.
    fn next_key(&self, id: StudentId, compartment: Compartment) -> Key {
        match self.keys.get(&(id.0, compartment)) {
            Some(key) => Key { epoch: key.epoch + 1, ..*key },
            None => Key { id: Uuid::new_v4().into(), subject: id.0, compartment, owner: Uuid::nil(), epoch: 1 },
        }
    }
}

/// Compares once more, now that nobody else can write: every row must still mean what the plan says.
async fn still_so(tx: &mut Tx, plan: &Plan) -> Result<()> {
    let classes = tx.classes(plan.school).await?;
    let known = tx.student_macs(plan.school).await?;
    let rows: Vec<(ClassKey, &Macs)> = plan.items.iter().map(|item| (item.class, &item.macs)).collect();
    let found = matched(&rows, &known, &classes, plan.only.as_deref());
    let same = found.iter().zip(&plan.items).all(|(found, item)| *found == Ok(item.found));
    if same { Ok(()) } else { Err(Error::Stale(Vec::new())) }
}

/// A row that somebody else wrote in the same moment means that the plan is old.
fn stale_if_taken(error: Error) -> Error {
    match error {
        Error::Internal(cause) if matches!(cause.downcast_ref(), Some(store::Error::Taken(_))) => {
            Error::Stale(Vec::new())
        }
        other => other,
    }
}
