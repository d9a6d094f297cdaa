//! 五个一: the crisis record of a warning, from opening it to the two signatures that close it.

mod closing;
mod company;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use uuid::Uuid;

use super::approach::Who;
use super::cases::{cell_spot, read_step};
use super::error::again;
use super::{App, Approach, Error, FieldProblem, Keys, Result, Viewer};
use crate::domain::audit::Event;
use crate::domain::clock::{DAY, school_time};
use crate::domain::crisis::{Course, Crisis, CrisisAct, Done, LONGEST_SHIFT, Member, Open, PlanItem, Shift, open};
use crate::domain::ids::{CrisisId, PersonId, StepId, WarningId};
use crate::domain::record::Card;
use crate::domain::warning::{Severity, Step, StepKind, Task};
use crate::domain::words::{Action, Kind};
use crate::policy::{Act, Append, Manage, Opens, Permit, Read};
use crate::store::{CellTable, Conn, Grant, Person, StoredCrisis, StoredStep, Tx, Warning};

/// The longest text of a reason, a plan item, a note, in characters.
const TEXT: usize = 1_000;
/// The longest name in the company roster, in characters.
const NAME: usize = 40;

/// A crisis record, opened.
#[derive(Debug)]
pub struct OpenedCrisis {
    /// The student, the class and how the person stands to the file.
    pub approach: Approach,
    /// Whom it is about.
    pub who: Who,
    /// The warning.
    pub warning: Warning,
    /// The record, and the row it stands in; none where there never was one.
    pub record: Option<(StoredCrisis, Crisis)>,
    /// Who leads the case today, and the card.
    pub leader: Option<(Grant, Card)>,
    /// What keeps the record from being closed.
    pub open: Vec<Open>,
    /// The hours of the next day in which nobody is with the student; none once the level is below critical.
    pub gaps: Vec<(i64, i64)>,
    /// The days for which there is a follow-up.
    pub follow_ups: BTreeSet<Date>,
    /// The colleagues who can lead or join.
    pub staff: Vec<Person>,
}

impl OpenedCrisis {
    /// The record, as long as it is not closed.
    #[must_use]
    pub fn running(&self) -> Option<&Crisis> {
        self.record.as_ref().filter(|(stored, _)| stored.closed_at.is_none()).map(|(_, crisis)| crisis)
    }
}

/// An item to be added to the plan.
#[derive(Debug, Clone)]
pub struct NewItem {
    /// What is to be done.
    pub what: String,
    /// By whom.
    pub who: PersonId,
    /// Until when.
    pub until: Date,
}

/// A shift to be added to the company roster.
#[derive(Debug, Clone)]
pub struct NewShift {
    /// From when, microseconds UTC.
    pub from: i64,
    /// Until when, microseconds UTC.
    pub to: i64,
    /// Who.
    pub who: String,
}

/// A record inside an act: permits, keys and content, all of one transaction.
struct Desk<A: Act> {
    approach: Approach,
    permit: Permit<A>,
    read: Permit<Read>,
    keys: Keys,
    warning: Warning,
    steps: Vec<StoredStep>,
    stored: StoredCrisis,
    crisis: Crisis,
}

/// What the timeline says of a change.
#[derive(Debug, Clone)]
struct Said {
    act: CrisisAct,
    note: String,
    persons: Vec<PersonId>,
}

/// Levels and follow-ups, as the timeline has them.
pub(crate) struct Trace {
    levels: Vec<(i64, Severity)>,
    follow_ups: BTreeSet<Date>,
}

impl Trace {
    pub(crate) fn of<A: Opens>(keys: &Keys, permit: &Permit<A>, steps: &[StoredStep]) -> Result<Self> {
        let mut trace = Self { levels: Vec::new(), follow_ups: BTreeSet::new() };
        for stored in steps {
            let step = read_step(keys, permit, stored)?;
            match (step.kind, step.severity) {
                (StepKind::Graded | StepKind::LoweringSigned, Some(severity)) => {
                    trace.levels.push((stored.written_at, severity));
                }
                (StepKind::FollowUp, _) => {
                    let on = step.fields.get("on").and_then(|day| day.parse().ok());
                    trace.follow_ups.insert(on.unwrap_or_else(|| school_time(stored.written_at).date()));
                }
                _ => {}
            }
        }
        Ok(trace)
    }

    fn course(&self, opened_at: i64, led: bool, now: i64) -> Course<'_> {
        Course { opened_at, levels: &self.levels, follow_ups: &self.follow_ups, led, now }
    }
}

impl App {
    /// Opens the crisis record of a warning.
    ///
    /// # Errors
    /// [`Error::NotFound`] when policy refuses; [`Error::NoKey`] when nobody let the person into the office yet.
    pub async fn crisis(&self, viewer: &Viewer, id: WarningId) -> Result<OpenedCrisis> {
        let mut conn = self.db.read().await?;
        let (warning, approach) = self.case_of(&mut conn, viewer, id).await?;
        let student = approach.student.id;
        let permit = self.permit::<Read>(&approach.standing, Kind::Warning, student.0).await?;
        let keys = Keys::of(&mut conn, viewer, &self.secret, student.0).await?;
        let (who, mut faster) = self.who_now(&mut conn, viewer, &approach, &keys).await?;
        let stored = conn.crises_of_warning(id).await?.into_iter().next();
        let trace = Trace::of(&keys, &permit, &conn.steps(id).await?)?;
        let staff = self.colleagues_on_duty(&mut conn, &approach).await?;
        drop(conn);
        let (now, today) = (self.now(), self.today());
        let leader = approach.leader(&today).filter(|grant| grant.warning_id == id).cloned();
        let leader = match leader {
            Some(grant) => {
                let spot = cell_spot(CellTable::Grants, grant.id.0, grant.epoch, 1);
                let card = keys.read(&permit, &spot, &grant.sealed)?;
                Some((grant, card))
            }
            None => None,
        };
        let record = match stored {
            Some(stored) => {
                let crisis = read_crisis(&keys, &permit, &stored)?;
                Some((stored, crisis))
            }
            None => None,
        };
        let (mut open_now, mut gaps) = (Vec::new(), Vec::new());
        if let Some((stored, crisis)) = record.as_ref().filter(|(stored, _)| stored.closed_at.is_none()) {
            let course = trace.course(stored.opened_at, leader.is_some(), now);
            open_now = open(crisis, &course);
            if course.lowered_at().is_none() {
                gaps = crisis.gaps(now, now + DAY);
            }
        }
        faster.extend(keys.faster);
        self.leave_trace(&permit, Event::CrisisRead, "", &faster).await?;
        let follow_ups = trace.follow_ups;
        Ok(OpenedCrisis { approach, who, warning, record, leader, open: open_now, gaps, follow_ups, staff })
    }

    /// The members of staff with an account in use, by name.
    async fn colleagues_on_duty(&self, conn: &mut Conn, approach: &Approach) -> Result<Vec<Person>> {
        let school = approach.student.school_id;
        let here = self.may_lead(conn, school).await?;
        let mut staff = conn.persons(school).await?;
        staff.retain(|person| person.active && person.recipient.is_some() && here.contains(&person.id));
        Ok(staff)
    }

    /// Whether the person may open a warning: after an act in which they may have lost that.
    ///
    /// # Errors
    /// The database.
    pub async fn may_read_case(&self, viewer: &Viewer, id: WarningId) -> Result<bool> {
        let mut conn = self.db.read().await?;
        let (_, approach) = self.case_of(&mut conn, viewer, id).await?;
        Ok(self.policy.may(&approach.standing, Kind::Warning, Action::Read))
    }

    /// Opens a crisis record by hand; at the highest level it opens by itself.
    ///
    /// # Errors
    /// [`Error::Invalid`] without a reason, or where one is open; [`Error::NotFound`] for anyone who opens none.
    pub async fn open_crisis(&self, viewer: &Viewer, id: WarningId, reason: &str) -> Result<()> {
        self.may_with_warning::<Manage>(viewer, id).await?;
        let reason = text("reason", reason, TEXT)?;
        again(|| self.try_open_crisis(viewer, id, &reason)).await
    }

    async fn try_open_crisis(&self, viewer: &Viewer, id: WarningId, reason: &str) -> Result<()> {
        let mut tx = self.begin().await?;
        let (warning, approach) = self.case_of(&mut tx, viewer, id).await?;
        let student = approach.student.id.0;
        let refused = |_| Error::NotFound;
        let permit = self.policy.permit::<Manage>(&approach.standing, Kind::Warning, student).map_err(refused)?;
        let read = self.policy.permit::<Read>(&approach.standing, Kind::Warning, student).map_err(refused)?;
        if warning.closed_at.is_some() {
            return Err(Error::field("reason", "warning-closed"));
        }
        let keys = self.case_keys(&mut tx, viewer, &permit, &approach).await?;
        if !self.ensure_crisis(&mut tx, &permit, &read, &keys, &warning, reason).await? {
            return Err(Error::field("reason", "crisis-already"));
        }
        tx.record(&permit, Event::CrisisOpened, "", self.now()).await?;
        Ok(tx.commit().await?)
    }

    /// Opens a crisis record within an act, unless the warning has one. Gives whether it was opened now.
    ///
    /// # Errors
    /// [`Error::NoKey`]; the database.
    pub(crate) async fn ensure_crisis<A: Act, R: Opens>(
        &self,
        tx: &mut Tx,
        permit: &Permit<A>,
        read: &Permit<R>,
        keys: &Keys,
        warning: &Warning,
        reason: &str,
    ) -> Result<bool> {
        let earlier = tx.crises_of_warning(warning.id).await?;
        if earlier.iter().any(|crisis| crisis.closed_at.is_none()) {
            return Ok(false);
        }
        let mut stored = StoredCrisis {
            id: CrisisId(Uuid::now_v7()),
            school_id: warning.school_id,
            student_id: warning.student_id,
            warning_id: warning.id,
            opened_at: self.now(),
            closed_at: None,
            epoch: 0,
            version: 1,
            sealed: Vec::new(),
        };
        let crisis = Crisis { reason: reason.to_owned(), ..Crisis::default() };
        seal_crisis(keys, &mut stored, &crisis)?;
        tx.insert_crisis(permit, &stored).await?;
        let said = Said { act: CrisisAct::Opened, note: reason.to_owned(), persons: Vec::new() };
        self.say(tx, permit, keys, warning, said).await?;
        let trace = Trace::of(keys, read, &tx.steps(warning.id).await?)?;
        let critical = trace.course(stored.opened_at, true, self.now()).lowered_at().is_none();
        self.company_due(tx, permit, read, keys, warning, critical.then_some(&crisis)).await?;
        Ok(true)
    }

    /// Takes a colleague into the team, or gives them another duty.
    ///
    /// # Errors
    /// [`Error::Invalid`] for somebody who is no colleague; [`Error::NotFound`] for anyone who has no part in the case.
    pub async fn join_team(&self, viewer: &Viewer, id: WarningId, member: Member) -> Result<()> {
        let said = Said { act: CrisisAct::MemberJoined, note: String::new(), persons: vec![member.person] };
        self.change(viewer, id, said, Some(member.person), |crisis| {
            crisis.team.retain(|one| one.person != member.person);
            crisis.team.push(member.clone());
            Ok(())
        })
        .await
    }

    /// Takes a colleague out of the team.
    ///
    /// # Errors
    /// [`Error::NotFound`] for somebody who is not in it, and for anyone who has no part in the case.
    pub async fn leave_team(&self, viewer: &Viewer, id: WarningId, person: PersonId) -> Result<()> {
        let said = Said { act: CrisisAct::MemberLeft, note: String::new(), persons: vec![person] };
        self.change(viewer, id, said, None, |crisis| {
            let before = crisis.team.len();
            crisis.team.retain(|member| member.person != person);
            if crisis.team.len() < before { Ok(()) } else { Err(Error::NotFound) }
        })
        .await
    }

    /// Adds an item to the plan.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every wrong field; [`Error::NotFound`] for anyone who has no part in the case.
    pub async fn plan(&self, viewer: &Viewer, id: WarningId, new: &NewItem) -> Result<()> {
        let what = text("what", &new.what, TEXT)?;
        if new.until < self.clock.today() {
            return Err(Error::field("until", "ends-in-the-past"));
        }
        let said = Said { act: CrisisAct::Planned, note: what.clone(), persons: vec![new.who] };
        self.change(viewer, id, said, Some(new.who), |crisis| {
            let number = crisis.number();
            crisis.plan.push(PlanItem { number, what: what.clone(), who: new.who, until: new.until, done: None });
            Ok(())
        })
        .await
    }

    /// Ticks an item of the plan off. Ticking it twice is the same as once.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is no such item, and for anyone who has no part in the case.
    pub async fn plan_done(&self, viewer: &Viewer, id: WarningId, number: u32, note: &str) -> Result<()> {
        let note = optional("note", note, TEXT)?;
        let opened = self.crisis_item(viewer, id, number).await?;
        let Some(what) = opened else { return Ok(()) };
        let line = if note.is_empty() { what } else { format!("{what}：{note}") };
        let said = Said { act: CrisisAct::PlanDone, note: line, persons: Vec::new() };
        let done = Done { by: viewer.person.id, at: self.now(), note };
        self.change(viewer, id, said, None, |crisis| {
            let item = crisis.plan.iter_mut().find(|item| item.number == number).ok_or(Error::NotFound)?;
            item.done.get_or_insert(done.clone());
            Ok(())
        })
        .await
    }

    /// What an item of the plan says; none where it is done already.
    async fn crisis_item(&self, viewer: &Viewer, id: WarningId, number: u32) -> Result<Option<String>> {
        self.may_with_warning::<Append>(viewer, id).await?;
        let mut tx = self.begin().await?;
        let desk = self.desk::<Append>(&mut tx, viewer, id).await?;
        let item = desk.crisis.plan.into_iter().find(|item| item.number == number).ok_or(Error::NotFound)?;
        tx.leave().await?;
        Ok(item.done.is_none().then_some(item.what))
    }

    /// Adds a shift to the company roster 陪护.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every wrong field; [`Error::NotFound`] for anyone who has no part in the case.
    pub async fn add_shift(&self, viewer: &Viewer, id: WarningId, new: &NewShift) -> Result<()> {
        let mut problems = Vec::new();
        let who = text("who", &new.who, NAME).map_err(|error| collect(&mut problems, error)).unwrap_or_default();
        let code = if new.to <= new.from {
            Some("ends-before-it-starts")
        } else if new.to - new.from > LONGEST_SHIFT {
            Some("shift-too-long")
        } else if new.to < self.now() {
            Some("ends-in-the-past")
        } else {
            None
        };
        problems.extend(code.map(|code| FieldProblem { field: "to", code }));
        if !problems.is_empty() {
            return Err(Error::Invalid(problems));
        }
        let note = format!("{}—{} {who}", clock_text(new.from), clock_text(new.to));
        let said = Said { act: CrisisAct::ShiftAdded, note, persons: Vec::new() };
        self.change(viewer, id, said, None, |crisis| {
            let number = crisis.number();
            crisis.shifts.push(Shift { number, from: new.from, to: new.to, who: who.clone() });
            crisis.shifts.sort_by_key(|shift| shift.from);
            Ok(())
        })
        .await
    }

    /// Takes a shift off the company roster.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is no such shift, and for anyone who has no part in the case.
    pub async fn remove_shift(&self, viewer: &Viewer, id: WarningId, number: u32) -> Result<()> {
        let said = Said { act: CrisisAct::ShiftRemoved, note: String::new(), persons: Vec::new() };
        self.change(viewer, id, said, None, |crisis| {
            let before = crisis.shifts.len();
            crisis.shifts.retain(|shift| shift.number != number);
            if crisis.shifts.len() < before { Ok(()) } else { Err(Error::NotFound) }
        })
        .await
    }

    /// Changes a record: its content, the timeline, what is due. Whatever was asked for before must be asked for again,
    /// because the second person would sign something else.
    async fn change(
        &self,
        viewer: &Viewer,
        id: WarningId,
        said: Said,
        colleague: Option<PersonId>,
        change: impl Fn(&mut Crisis) -> Result<()> + Sync,
    ) -> Result<()> {
        self.may_with_warning::<Append>(viewer, id).await?;
        again(|| async {
            let mut tx = self.begin().await?;
            let mut desk = self.desk::<Append>(&mut tx, viewer, id).await?;
            if let Some(person) = colleague
                && !self.may_lead(&mut tx, desk.approach.student.school_id).await?.contains(&person)
            {
                return Err(Error::field("person", "choose"));
            }
            change(&mut desk.crisis)?;
            desk.crisis.closing = None;
            let (permit, read, keys, warning) = (&desk.permit, &desk.read, &desk.keys, &desk.warning);
            if said.act == CrisisAct::Planned {
                self.meet_task(&mut tx, permit, read, keys, id, Task::Plan).await?;
            }
            let critical = desk.is_critical(self.now())?;
            let company = critical.then_some(&desk.crisis);
            self.company_due(&mut tx, permit, read, keys, warning, company).await?;
            self.say(&mut tx, permit, keys, warning, said.clone()).await?;
            self.put_desk(&mut tx, desk, Event::CrisisChanged, said.act.as_str()).await?;
            Ok(tx.commit().await?)
        })
        .await
    }

    /// A line on the timeline about a record.
    async fn say<A: Act>(
        &self,
        tx: &mut Tx,
        permit: &Permit<A>,
        keys: &Keys,
        warning: &Warning,
        said: Said,
    ) -> Result<()> {
        let kind = match said.act {
            CrisisAct::ShiftAdded | CrisisAct::ShiftRemoved => StepKind::Company,
            _ => StepKind::Crisis,
        };
        let mut fields = BTreeMap::from([("act".to_owned(), said.act.as_str().to_owned())]);
        if !said.note.is_empty() {
            fields.insert("note".to_owned(), said.note);
        }
        let step = Step { kind, fields, severity: None, persons: said.persons, letter: None };
        self.add_step(tx, permit, keys, warning, StepId(Uuid::now_v7()), &step).await.map(drop)
    }

    /// A line on the timeline about who leads.
    pub(crate) async fn say_leader<A: Act>(
        &self,
        tx: &mut Tx,
        permit: &Permit<A>,
        keys: &Keys,
        warning: &Warning,
        act: CrisisAct,
        person: PersonId,
    ) -> Result<()> {
        self.say(tx, permit, keys, warning, Said { act, note: String::new(), persons: vec![person] }).await
    }

    /// The open record of a warning inside a transaction. Ask [`App::may_with_warning`] before it begins: a refusal in here is
    /// not recorded.
    async fn desk<A: Act>(&self, tx: &mut Tx, viewer: &Viewer, id: WarningId) -> Result<Desk<A>> {
        let (warning, approach) = self.case_of(tx, viewer, id).await?;
        let student = approach.student.id.0;
        let refused = |_| Error::NotFound;
        let permit = self.policy.permit::<A>(&approach.standing, Kind::Warning, student).map_err(refused)?;
        let read = self.policy.permit::<Read>(&approach.standing, Kind::Warning, student).map_err(refused)?;
        let keys = self.case_keys(tx, viewer, &permit, &approach).await?;
        let stored = tx.crises_of_warning(id).await?.into_iter().find(|crisis| crisis.closed_at.is_none());
        let stored = stored.ok_or(Error::NotFound)?;
        let crisis = read_crisis(&keys, &read, &stored)?;
        let steps = tx.steps(id).await?;
        Ok(Desk { approach, permit, read, keys, warning, steps, stored, crisis })
    }

    /// Stores what an act made of a record, with its line.
    async fn put_desk<A: Act>(&self, tx: &mut Tx, desk: Desk<A>, event: Event, detail: &str) -> Result<()> {
        let Desk { permit, keys, mut stored, crisis, .. } = desk;
        stored.version += 1;
        seal_crisis(&keys, &mut stored, &crisis)?;
        if !tx.put_crisis(&permit, &stored).await? {
            return Err(Error::Raced);
        }
        Ok(tx.record(&permit, event, detail, self.now()).await?)
    }
}

impl<A: Act> Desk<A> {
    fn is_critical(&self, now: i64) -> Result<bool> {
        let trace = Trace::of(&self.keys, &self.read, &self.steps)?;
        Ok(trace.course(self.stored.opened_at, true, now).lowered_at().is_none())
    }
}

/// An instant as the timeline notes it: day and time at the school.
fn clock_text(at: i64) -> String {
    school_time(at).strftime("%m-%d %H:%M").to_string()
}

fn read_crisis<A: Opens>(keys: &Keys, permit: &Permit<A>, stored: &StoredCrisis) -> Result<Crisis> {
    keys.read(permit, &cell_spot(CellTable::Crises, stored.id.0, stored.epoch, stored.version), &stored.sealed)
}

fn seal_crisis(keys: &Keys, stored: &mut StoredCrisis, crisis: &Crisis) -> Result<()> {
    let mut spot = cell_spot(CellTable::Crises, stored.id.0, 0, stored.version);
    stored.sealed = keys.seal(&mut spot, crisis)?;
    stored.epoch = spot.epoch;
    Ok(())
}

/// A text that must be there, trimmed.
pub(crate) fn text(field: &'static str, given: &str, limit: usize) -> Result<String> {
    if given.trim().is_empty() { Err(Error::field(field, "required")) } else { optional(field, given, limit) }
}

/// A text that may be empty, trimmed.
pub(crate) fn optional(field: &'static str, given: &str, limit: usize) -> Result<String> {
    let given = given.trim();
    if given.chars().count() > limit { Err(Error::field(field, "too-long")) } else { Ok(given.to_owned()) }
}

/// Puts the problems of one check beside those of others.
pub(crate) fn collect(problems: &mut Vec<FieldProblem>, error: Error) {
    if let Error::Invalid(more) = error {
        problems.extend(more);
    }
}

#[cfg(test)]
mod tests;
