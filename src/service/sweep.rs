//! What is past its due time is passed on: to who must do it, then to the next duty holder, then to the next. Nothing is opened
//! for it, and nobody learns more than that something waits.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use uuid::Uuid;

use super::{App, Result};
use crate::domain::calendar::{Calendar, HOLIDAY, evening, next_reminder};
use crate::domain::clock::school_time;
use crate::domain::ids::{ClassId, PersonId, SchoolId, StudentId};
use crate::domain::relation::Duty;
use crate::domain::warning::rungs;
use crate::domain::words::Role;
use crate::store::{Deadline, Lease, Tx};

/// The name of the lease.
const LEASE: &str = "sweep";
/// After so many rounds in which a holder's beat stood still, another node takes over.
const PATIENCE: u32 = 3;
/// Due times passed on in one go; the rest waits for the next round.
const AT_ONCE: i64 = 500;

/// Where a notice about something overdue leads; those who may know no more are asked to ask.
const DUE: &str = "/due";
const ASK: &str = "/notices";
/// Where the hand-over for a holiday is.
const HANDOVER: &str = "/due/handover";

/// One node's part in the sweeping.
#[derive(Debug)]
pub struct Sweeper {
    node: Uuid,
    seen: Option<Lease>,
    still: u32,
    announced: Option<Date>,
}

impl Default for Sweeper {
    fn default() -> Self {
        Self { node: Uuid::new_v4(), seen: None, still: 0, announced: None }
    }
}

impl Sweeper {
    /// Whether this node may take the lease, seeing it stand like this.
    fn may_take(&mut self, stands: Option<Lease>) -> bool {
        let Some(lease) = stands else { return true };
        self.still = if self.seen == stands { self.still + 1 } else { 0 };
        self.seen = stands;
        lease.holder == self.node || self.still >= PATIENCE
    }
}

impl App {
    /// One round: if it is this node's turn, passes on what is past its time and says that a holiday comes. Gives how many due
    /// times, letters and mandatory reports were passed on.
    ///
    /// # Errors
    /// The database; the next round tries again.
    pub async fn sweep(&self, sweeper: &mut Sweeper) -> Result<usize> {
        let stands = self.db.read().await?.lease(LEASE).await?;
        if !sweeper.may_take(stands) {
            return Ok(0);
        }
        let mut tx = self.begin().await?;
        if !tx.take_lease(LEASE, sweeper.node, stands).await? {
            return Ok(0);
        }
        tx.commit().await?;
        let passed_on =
            self.pass_on_what_is_due().await? + self.pass_on_letters().await? + self.ring_for_reports().await?;
        let today = self.clock.today();
        if sweeper.announced != Some(today) {
            self.announce_holidays().await?;
            sweeper.announced = Some(today);
        }
        Ok(passed_on)
    }

    /// Passes every due time whose next reminder has come on to the next rung: once, however many nodes do this at once.
    ///
    /// # Errors
    /// The database.
    pub async fn pass_on_what_is_due(&self) -> Result<usize> {
        let due = self.db.read().await?.deadlines_to_pass_on(self.now(), AT_ONCE).await?;
        let mut by_school: BTreeMap<SchoolId, Vec<Deadline>> = BTreeMap::new();
        for deadline in due {
            by_school.entry(deadline.school_id).or_default().push(deadline);
        }
        let mut passed_on = 0;
        for (school, deadlines) in by_school {
            passed_on += self.pass_on_in(school, deadlines).await?;
        }
        Ok(passed_on)
    }

    /// The due times of one school, in one transaction: rung, notices, audit line.
    async fn pass_on_in(&self, school: SchoolId, deadlines: Vec<Deadline>) -> Result<usize> {
        let now = self.now();
        let mut tx = self.begin().await?;
        let calendar = self.calendar(&mut tx, school).await?;
        let duties: Vec<(PersonId, Duty)> =
            tx.school_duties(school, now).await?.into_iter().map(|(_, person, duty)| (person, duty)).collect();
        let takers = match calendar.holiday(self.clock.today(), 0) {
            Some(holiday) => tx.handovers(school, &holiday.first.to_string()).await?,
            None => Vec::new(),
        };
        let mut told: BTreeMap<&str, BTreeSet<PersonId>> = BTreeMap::new();
        let mut passed_on = Vec::new();
        for deadline in deadlines {
            let class = class_of(&mut tx, &deadline, deadline.student_id).await?;
            // A rung that nobody stands on is no rung; a ladder that nobody stands on is looked at again later.
            let Some((rung, role, holders)) = next_rung(&deadline, &duties, class) else {
                tx.postpone(&deadline, next_reminder(false, 1, now, &calendar)).await?;
                continue;
            };
            let reminded = Deadline { rung: rung + 1, ..deadline.clone() };
            let again = next_rung(&reminded, &duties, class).map(|_| reminder(&reminded, now, &calendar));
            if tx.pass_on(&deadline, reminded.rung, again).await? {
                told.entry(if role == Role::SchoolLeader { ASK } else { DUE }).or_default().extend(holders);
                let subject = reminded.warning_id.unwrap_or(reminded.id.0);
                let taker = takers.iter().find(|handover| handover.subject == subject);
                told.entry(DUE).or_default().extend(taker.map(|handover| handover.taker));
                passed_on.push(reminded);
            }
        }
        for (place, people) in &told {
            self.tell(&mut tx, school, people, place).await?;
        }
        for deadline in &passed_on {
            tx.record_passed_on(school, deadline.id.0, deadline.rung, now).await?;
        }
        tx.commit().await?;
        Ok(passed_on.len())
    }

    /// A week before a holiday, those who keep the cases are asked to hand over: once for each.
    ///
    /// # Errors
    /// The database.
    pub async fn announce_holidays(&self) -> Result<()> {
        let today = self.clock.today();
        let schools = self.db.read().await?.schools().await?;
        for school in schools {
            let mut conn = self.db.read().await?;
            let calendar = self.calendar(&mut conn, school.id).await?;
            let within = usize::try_from(HOLIDAY).unwrap_or(usize::MAX);
            let Some(holiday) = calendar.holiday(today, within) else { continue };
            let name = format!("holiday {}", holiday.first);
            if conn.was_said(school.id, &name).await? {
                continue;
            }
            drop(conn);
            let mut tx = self.begin().await?;
            if !tx.first_time(school.id, &name).await? {
                continue;
            }
            let mut people = self.holders_of_role(&mut tx, school.id, Role::Counsellor, None).await?;
            people.extend(self.holders_of_role(&mut tx, school.id, Role::MoralEdDirector, None).await?);
            self.tell(&mut tx, school.id, &people, HANDOVER).await?;
            tx.commit().await?;
        }
        Ok(())
    }
}

/// The next rung on which somebody stands, counted from 0, with its role and who that is.
fn next_rung(
    deadline: &Deadline,
    duties: &[(PersonId, Duty)],
    class: Option<ClassId>,
) -> Option<(i64, Role, BTreeSet<PersonId>)> {
    let ladder = (0..).zip(rungs(deadline.owner)).filter(|(rung, _)| *rung >= deadline.rung);
    let mut stood_on = ladder.map(|(rung, role)| (rung, *role, holders(duties, *role, class)));
    stood_on.find(|(_, _, holders)| !holders.is_empty())
}

fn reminder(deadline: &Deadline, now: i64, calendar: &Calendar) -> i64 {
    let on_the_calendar = deadline.due_at == evening(school_time(deadline.due_at).date());
    next_reminder(on_the_calendar, deadline.rung, now, calendar)
}

/// The class of a student, where the ladder starts with its homeroom teacher.
async fn class_of(tx: &mut Tx, deadline: &Deadline, student: StudentId) -> Result<Option<ClassId>> {
    if !rungs(deadline.owner).iter().any(|role| role.is_for_a_class()) {
        return Ok(None);
    }
    Ok(tx.student(student).await?.map(|student| student.class_id))
}

fn holders(duties: &[(PersonId, Duty)], role: Role, class: Option<ClassId>) -> BTreeSet<PersonId> {
    let here = |duty: &Duty| duty.role == role && (!role.is_for_a_class() || (class.is_some() && duty.class == class));
    duties.iter().filter(|(_, duty)| here(duty)).map(|(person, _)| *person).collect()
}
