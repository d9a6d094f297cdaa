//! Counting a file: what of it the gate counts, kept in line by every act that changes it.
//!
//! Whoever changes something that is counted mostly holds the keys of the file, and counts it in the same transaction. Who does
//! not (a helper who agrees, an administrator who ends a duty, an import) leaves the file in `facts_due`, and the next counsellor
//! or director who signs in counts it.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use jiff::ToSpan as _;
use jiff::civil::Date;
use uuid::Uuid;

use super::approach::Approach;
use super::cases::read_state;
use super::error::again;
use super::files::{BY_PEOPLE, entry_spot, layer};
use super::sheets::merged;
use super::{App, Error, Keys, Result, Viewer};
use crate::domain::audit::Event;
use crate::domain::gate::fact::{Fact, unaided_from};
use crate::domain::ids::{ClassId, EntryId, StudentId};
use crate::domain::record::{EntryText, Layer};
use crate::domain::warning::{Severity, Stage, State};
use crate::domain::words::{Compartment, Kind, Sex, Way};
use crate::policy::{Act, Admit, Append, Manage, Permit, Read};
use crate::store::{PairingState, Record, Tx, Warning};

/// Files counted in one transaction.
const AT_ONCE: usize = 50;

/// What a file's facts are to be: those that stand, and ids that go.
#[derive(Default)]
struct Change {
    put: Vec<(Uuid, Fact)>,
    gone: Vec<Uuid>,
}

/// Who counts in a transaction, and what the rosters opened in it say: a class is opened once for all its files.
struct Counter<'a> {
    viewer: &'a Viewer,
    sexes: HashMap<ClassId, HashMap<StudentId, Sex>>,
}

impl<'a> Counter<'a> {
    fn new(viewer: &'a Viewer) -> Self {
        Self { viewer, sexes: HashMap::new() }
    }
}

impl Change {
    /// Puts a fact under the id that stands in `slot`, or takes it away; tells whether the slot changed.
    fn keep(&mut self, slot: &mut Option<Uuid>, fact: Option<Fact>) -> bool {
        let before = *slot;
        match fact {
            Some(fact) => self.put.push((*slot.get_or_insert_with(Uuid::new_v4), fact)),
            None => self.gone.extend(slot.take()),
        }
        *slot != before
    }
}

/// Files that were counted in one transaction.
#[derive(Default)]
struct Batch {
    files: usize,
    facts: Vec<Uuid>,
}

/// What of a file is to be counted anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// The groups, and whether somebody helps.
    Groups,
    /// The last home visit.
    Visit,
    /// Both: the stage of the file moved.
    File,
}

impl App {
    /// Counts a part of a file as it stands in this transaction. Whoever does not hold the keys leaves it to the next who does.
    ///
    /// # Errors
    /// The database; [`Error::Raced`].
    pub(crate) async fn recount<A: Act>(
        &self,
        tx: &mut Tx,
        viewer: &Viewer,
        permit: &Permit<A>,
        student: StudentId,
        part: Part,
    ) -> Result<()> {
        let approach = self.approach(tx, viewer, student).await?;
        match self.count_part(tx, &mut Counter::new(viewer), permit, &approach, part).await {
            Ok(_) => Ok(()),
            Err(Error::NoKey | Error::NotFound) => Ok(tx.owe_facts(permit, student).await?),
            Err(other) => Err(other),
        }
    }

    /// Counts a part of a file; gives the ids of its facts. Nothing is written before all keys were found.
    async fn count_part<A: Act>(
        &self,
        tx: &mut Tx,
        by: &mut Counter<'_>,
        permit: &Permit<A>,
        approach: &Approach,
        part: Part,
    ) -> Result<Vec<Uuid>> {
        let records = tx.records(approach.student.id).await?;
        let mut change = Change::default();
        let groups = match part {
            Part::Groups | Part::File => self.group_facts(tx, by, permit, approach, &records, &mut change).await?,
            Part::Visit => None,
        };
        let visit = match part {
            Part::Visit | Part::File => self.visit_fact(tx, by.viewer, permit, approach, &records, &mut change).await?,
            Part::Groups => None,
        };
        for (compartment, layer) in [(Compartment::Circumstance, groups), (Compartment::Support, visit)] {
            if let Some((keys, version, content)) = layer {
                let id = approach.student.id;
                self.put_layer(tx, permit, &keys, id, compartment, version, &content).await?;
            }
        }
        self.put_change(tx, permit, change).await
    }

    /// Counts a file for the last time before it is sealed away: it is not open, so nothing of it is counted any more, and what
    /// was still to be counted is settled.
    ///
    /// # Errors
    /// [`Error::NoKey`] where the person does not hold the keys; the database.
    pub(crate) async fn count_out<A: Act>(
        &self,
        tx: &mut Tx,
        viewer: &Viewer,
        permit: &Permit<A>,
        approach: &Approach,
    ) -> Result<()> {
        self.count_part(tx, &mut Counter::new(viewer), permit, approach, Part::File).await?;
        Ok(tx.settle_facts(permit, approach.student.id).await?)
    }

    /// The groups of a file, and from when on nobody helps; with the layer that holds the ids, where they changed.
    async fn group_facts<A: Act>(
        &self,
        tx: &mut Tx,
        by: &mut Counter<'_>,
        permit: &Permit<A>,
        approach: &Approach,
        records: &[Record],
        change: &mut Change,
    ) -> Result<Option<(Keys, i64, Layer)>> {
        let (id, class) = (approach.student.id, approach.class);
        let stands = |record: &Record| record.compartment == Compartment::Circumstance && record.layer == BY_PEOPLE;
        if !records.iter().any(stands) {
            return Ok(None);
        }
        let refused = |_| Error::NoKey;
        let read = self.policy.permit::<Read>(&approach.standing, Kind::Circumstance, id.0).map_err(refused)?;
        let keys = self.keys_for_writing(tx, by.viewer, permit, approach, Compartment::Circumstance).await?;
        let found = layer(&keys, &read, records, Compartment::Circumstance, BY_PEOPLE)?;
        let Some((version, mut people)) = found else { return Ok(None) };
        let before = people.counted.unwrap_or_default();
        let counted = before.after(&people.circumstances);
        let is_counted = approach.student.status.is_open() && !class.closed && !counted.tags.is_empty();
        let (mut groups, mut unaided) = (None, None);
        if is_counted {
            let sex = self.sex(tx, by, approach).await?;
            groups = Some(Fact::Groups { tags: counted.tags, cohort: class.cohort, sex });
            unaided = Some(Fact::Unaided { tags: counted.tags, from: self.unaided(approach) });
        }
        let mut changed = change.keep(&mut people.fact, groups);
        changed |= change.keep(&mut people.unaided, unaided);
        if counted != before {
            (people.counted, changed) = (Some(counted), true);
        }
        if changed && keys.newest(Compartment::Circumstance, Uuid::nil()).is_none() {
            return Err(Error::NoKey);
        }
        Ok(changed.then_some((keys, version, people)))
    }

    /// The sex of a student, by the roster.
    async fn sex(&self, tx: &mut Tx, by: &mut Counter<'_>, approach: &Approach) -> Result<Sex> {
        let class = approach.class;
        let roster = self.policy.permit::<Read>(&approach.standing, Kind::Roster, class.id.0);
        let roster = roster.map_err(|_| Error::NoKey)?;
        let sexes = match by.sexes.entry(class.id) {
            Entry::Occupied(opened) => opened.into_mut(),
            Entry::Vacant(slot) => {
                let (keys, parts) = self.roster_keys(tx, by.viewer, &class).await?;
                let rows = merged(&keys, &roster, &parts)?;
                slot.insert(rows.into_iter().map(|(student, row)| (student, row.sex)).collect())
            }
        };
        sexes.get(&approach.student.id).copied().ok_or(Error::NotFound)
    }

    /// The first report on which nobody helps: after the last day of the last helper who agreed. None: nobody helps now.
    fn unaided(&self, approach: &Approach) -> Option<Date> {
        let today = self.today();
        let helps = approach
            .pairings
            .iter()
            .filter(|pairing| matches!(pairing.state(&today), PairingState::Running | PairingState::Planned));
        helps.filter_map(|pairing| pairing.ends.parse().ok()).max().map(unaided_from)
    }

    /// The last home visit of an open file; with the layer that holds the id, where it changed.
    async fn visit_fact<A: Act>(
        &self,
        tx: &mut Tx,
        viewer: &Viewer,
        permit: &Permit<A>,
        approach: &Approach,
        records: &[Record],
        change: &mut Change,
    ) -> Result<Option<(Keys, i64, Layer)>> {
        let id = approach.student.id;
        let is_counted = approach.student.status.is_open() && !approach.class.closed;
        let stands = records.iter().any(|r| r.compartment == Compartment::Support && r.layer == BY_PEOPLE);
        if !is_counted && !stands {
            return Ok(None);
        }
        let read = self.policy.permit::<Read>(&approach.standing, Kind::Support, id.0).map_err(|_| Error::NoKey)?;
        let keys = self.keys_for_writing(tx, viewer, permit, approach, Compartment::Support).await?;
        if keys.newest(Compartment::Support, Uuid::nil()).is_none() {
            return Err(Error::NoKey);
        }
        let (version, mut people) = layer(&keys, &read, records, Compartment::Support, BY_PEOPLE)?.unwrap_or_default();
        let fact = if is_counted { Some(Fact::Visit(last_visit(tx, &keys, &read, id).await?)) } else { None };
        let changed = change.keep(&mut people.fact, fact);
        Ok(changed.then_some((keys, version, people)))
    }

    /// Seals facts into their rows; gives the ids of those that stand.
    async fn put_change<A: Act>(&self, tx: &mut Tx, permit: &Permit<A>, change: Change) -> Result<Vec<Uuid>> {
        let Change { put, gone } = change;
        if put.is_empty() && gone.is_empty() {
            return Ok(Vec::new());
        }
        let key = self.secret.fact_key();
        let seal = |(id, fact): &(Uuid, Fact)| Ok((*id, key.seal(permit.school(), *id, fact)?));
        let sealed = put.iter().map(seal).collect::<Result<Vec<_>>>()?;
        tx.put_facts(permit, &sealed, &gone).await?;
        Ok(put.into_iter().map(|(id, _)| id).collect())
    }

    /// Counts a warning that is about to be stored: the ids of its facts stand in its state.
    pub(crate) async fn count_warning<A: Act>(
        &self,
        tx: &mut Tx,
        permit: &Permit<A>,
        warning: &Warning,
        state: &mut State,
    ) -> Result<Vec<Uuid>> {
        let cohort = tx.cohort_of(warning.student_id).await?.filter(|(_, closed)| !closed).map(|(cohort, _)| cohort);
        let runs = cohort.filter(|_| warning.closed_at.is_none());
        // A warning that was lifted is watched; its level is history.
        let level = state.severity.filter(|level| *level != Severity::None && warning.stage != Stage::Watching);
        let risk = runs.zip(level).map(|(cohort, level)| Fact::Risk { level, cohort });
        let mut change = Change::default();
        change.keep(&mut state.risk, risk);
        change.keep(&mut state.step, runs.map(|_| Fact::Step(warning.stage)));
        self.put_change(tx, permit, change).await
    }

    /// Counts all of a file that is counted; gives the ids of its facts.
    async fn count_all(&self, tx: &mut Tx, by: &mut Counter<'_>, student: StudentId) -> Result<Vec<Uuid>> {
        let viewer = by.viewer;
        let approach = self.approach(tx, viewer, student).await?;
        let standing = &approach.standing;
        if standing.sealed {
            // It was counted out when it was sealed away.
            let keeps = self.policy.permit::<Manage>(standing, Kind::Erasure, student.0).map_err(|_| Error::NoKey)?;
            tx.settle_facts(&keeps, student).await?;
            return Ok(Vec::new());
        }
        let permit = self.policy.permit::<Append>(standing, Kind::Warning, student.0).map_err(|_| Error::NoKey)?;
        let running = tx.running_warning(student).await?;
        let case = match running {
            None => None,
            Some(warning) => {
                let read = self.policy.permit::<Read>(standing, Kind::Warning, student.0).map_err(|_| Error::NoKey)?;
                let keys = self.keys_for_writing(tx, viewer, &permit, &approach, Compartment::Warning).await?;
                let state = read_state(&keys, &read, &warning)?;
                Some((keys, warning, state))
            }
        };
        let mut ids = self.count_part(tx, by, &permit, &approach, Part::File).await?;
        if let Some((keys, warning, state)) = case {
            let (_, counted) = self.put_counted(tx, &permit, &keys, warning, &state).await?;
            ids.extend(counted);
        }
        tx.settle_facts(&permit, student).await?;
        Ok(ids)
    }

    /// Counts files that somebody left who could not, as many as fit into one transaction and as this person holds the keys of.
    /// Gives how many were counted.
    ///
    /// # Errors
    /// The database.
    pub async fn count_what_is_due(&self, viewer: &Viewer) -> Result<usize> {
        let school = viewer.person.school_id;
        let standing = viewer.at_school();
        let Ok(permit) = self.policy.permit::<Append>(&standing, Kind::Warning, school.0) else { return Ok(0) };
        let due = self.db.look().await?.facts_due(school, AT_ONCE).await?;
        if due.is_empty() {
            return Ok(0);
        }
        Ok(again(|| self.count_some(viewer, &permit, &due)).await?.files)
    }

    /// Counts these files in one transaction, as far as the person holds their keys.
    async fn count_some(&self, viewer: &Viewer, permit: &Permit<Append>, due: &[StudentId]) -> Result<Batch> {
        let mut tx = self.begin_long().await?;
        let (mut some, mut by) = (Batch::default(), Counter::new(viewer));
        for student in due {
            match self.count_all(&mut tx, &mut by, *student).await {
                Ok(facts) => {
                    some.files += 1;
                    some.facts.extend(facts);
                }
                Err(Error::NoKey | Error::NotFound) => {}
                Err(other) => return Err(other),
            }
        }
        if some.files == 0 {
            tx.leave().await?;
            return Ok(some);
        }
        tx.record(permit, Event::FactsCounted, &format!("files={}", some.files), self.now()).await?;
        tx.commit().await?;
        Ok(some)
    }

    /// Whether the person may have every file of the school counted anew.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anyone who keeps no keys.
    pub async fn may_count_anew(&self, viewer: &Viewer) -> Result<()> {
        self.permit::<Admit>(&viewer.at_school(), Kind::Keys, viewer.person.school_id.0).await.map(drop)
    }

    /// Counts every file of the school anew, and takes away what no file knows of. `progress` hears how many files were counted,
    /// and how many there are. Gives how many were counted.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anyone who keeps no keys; [`Error::NoKey`] where this person does not hold those of every file:
    /// what could be counted was.
    pub async fn count_anew(&self, viewer: &Viewer, progress: impl Fn(usize, usize)) -> Result<usize> {
        let school = viewer.person.school_id;
        let admit = self.permit::<Admit>(&viewer.at_school(), Kind::Keys, school.0).await?;
        let permit = self.permit::<Append>(&viewer.at_school(), Kind::Warning, school.0).await?;
        let mut tx = self.begin().await?;
        let before = tx.fact_ids(school).await?;
        tx.owe_all_facts(&admit).await?;
        let due = tx.facts_due(school, usize::MAX).await?;
        let all = due.len();
        tx.record(&admit, Event::FactsRebuilt, &format!("files={all}"), self.now()).await?;
        tx.commit().await?;
        let (mut counted, mut known) = (0, HashSet::new());
        for some in due.chunks(AT_ONCE) {
            let some = again(|| self.count_some(viewer, &permit, some)).await?;
            counted += some.files;
            known.extend(some.facts);
            progress(counted, all);
        }
        if self.db.look().await?.facts_due_count(school).await? > 0 {
            return Err(Error::NoKey);
        }
        let gone: Vec<Uuid> = before.into_iter().filter(|id| !known.contains(id)).collect();
        let mut tx = self.begin().await?;
        tx.put_facts(&admit, &[], &gone).await?;
        tx.commit().await?;
        Ok(counted)
    }
}

/// No term with its holiday is longer than this, in days.
const TERM: i32 = 190;

/// The first day of the term that a day lies in: the latest that began by then, or else the half of the school year.
pub(crate) fn term_of(starts: impl Iterator<Item = Date>, day: Date) -> Date {
    let half = match day.month() {
        9.. => Date::new(day.year(), 9, 1),
        2.. => Date::new(day.year(), 2, 1),
        _ => Date::new(day.year() - 1, 9, 1),
    };
    let half = half.unwrap_or(day);
    let began = |starts: &Date| *starts <= day && day < starts.saturating_add(TERM.days());
    starts.filter(began).max().unwrap_or(half)
}

/// The day of the last home visit that an entry of the file tells of.
async fn last_visit(tx: &mut Tx, keys: &Keys, permit: &Permit<Read>, student: StudentId) -> Result<Option<Date>> {
    let entries = tx.entries(student, Compartment::Support, Uuid::nil(), i64::MAX).await?;
    let corrected: HashSet<EntryId> = entries.iter().filter_map(|entry| entry.corrects.map(EntryId)).collect();
    let mut last = None;
    for entry in entries.iter().filter(|entry| !corrected.contains(&entry.id)) {
        let text: EntryText = keys.read(permit, &entry_spot(entry), &entry.sealed)?;
        if text.way == Way::HomeVisit {
            last = last.max(Some(text.date));
        }
    }
    Ok(last)
}

#[cfg(test)]
mod tests;
