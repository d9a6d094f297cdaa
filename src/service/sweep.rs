//! What is past its due time is passed on: to who must do it, then to the next duty holder, then to the next. Nothing is opened
//! for it, and nobody learns more than that something waits.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use uuid::Uuid;

use super::{App, Result};
use crate::domain::calendar::{Calendar, DayKind, HOLIDAY, evening, next_reminder};
use crate::domain::clock::school_time;
use crate::domain::ids::{ClassId, DeadlineId, PersonId, SchoolId, StudentId};
use crate::domain::outside::Channel;
use crate::domain::relation::Duty;
use crate::domain::warning::rungs;
use crate::domain::words::Role;
use crate::store::{Deadline, Lease, SchoolDay, Surroundings, TakenOver};

/// The name of the lease.
const LEASE: &str = "sweep";
/// The name of the turn: two nodes that both believe it is theirs pass on one after the other.
const TURN: &str = "pass on";
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
            self.remind_of_the_county().await?;
            sweeper.announced = Some(today);
        }
        Ok(passed_on)
    }

    /// Passes every due time whose next reminder has come on to the next rung: once, however many nodes do this at once. One
    /// transaction for all schools: at the end of a day hundreds become due together, each in another school.
    ///
    /// # Errors
    /// The database.
    pub async fn pass_on_what_is_due(&self) -> Result<usize> {
        let now = self.now();
        if self.db.look().await?.deadlines_to_pass_on(now, 1).await?.is_empty() {
            return Ok(0);
        }
        let mut tx = self.begin().await?;
        tx.take_turn(TURN).await?;
        let due = tx.deadlines_to_pass_on(now, AT_ONCE).await?;
        let around = Around::of(tx.surroundings_of_due(now).await?);
        let mut moves: BTreeMap<_, Vec<DeadlineId>> = BTreeMap::new();
        let mut steps = BTreeMap::new();
        for deadline in due {
            let (calendar, duties) = around.school(deadline.school_id);
            let class = around.class_of(&deadline);
            // A rung that nobody stands on is no rung; a ladder that nobody stands on is looked at again later.
            let Some((rung, role, holders)) = next_rung(&deadline, duties, class) else {
                let later = next_reminder(false, 1, now, calendar);
                moves.entry((deadline.rung, deadline.rung, Some(later))).or_default().push(deadline.id);
                continue;
            };
            let reminded = Deadline { rung: rung + 1, ..deadline.clone() };
            let again = next_rung(&reminded, duties, class).map(|_| reminder(&reminded, now, calendar));
            moves.entry((deadline.rung, reminded.rung, again)).or_default().push(deadline.id);
            let place = if role == Role::SchoolLeader { ASK } else { DUE };
            steps.insert(reminded.id, (reminded, place, holders));
        }
        let mut told: BTreeMap<(SchoolId, &str), BTreeSet<PersonId>> = BTreeMap::new();
        let mut lines: BTreeMap<SchoolId, Vec<(Uuid, i64)>> = BTreeMap::new();
        let mut passed_on = 0;
        for ((seen, rung, next_at), ids) in moves {
            for id in tx.pass_on(&ids, seen, rung, next_at).await? {
                let Some((deadline, place, holders)) = steps.remove(&id) else { continue };
                let school = deadline.school_id;
                let taker = around.taker(&deadline, self.clock.today());
                told.entry((school, place)).or_default().extend(holders);
                told.entry((school, DUE)).or_default().extend(taker);
                lines.entry(school).or_default().push((id.0, deadline.rung));
                passed_on += 1;
            }
        }
        self.tell_all(&mut tx, &told, &around.ways).await?;
        tx.record_all_passed_on(&lines, now).await?;
        tx.commit().await?;
        Ok(passed_on)
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

/// What is known of the schools in one round.
#[derive(Default)]
struct Around {
    schools: BTreeMap<SchoolId, (Calendar, Vec<(PersonId, Duty)>)>,
    classes: BTreeMap<StudentId, ClassId>,
    handovers: Vec<TakenOver>,
    ways: BTreeSet<(SchoolId, Channel)>,
    nowhere: (Calendar, Vec<(PersonId, Duty)>),
}

impl Around {
    fn of(read: Surroundings) -> Self {
        let mut days: BTreeMap<SchoolId, (Vec<_>, Vec<_>)> = BTreeMap::new();
        for SchoolDay { school_id, day, more } in read.terms {
            days.entry(school_id).or_default().0.extend(both((day.parse().ok(), more.parse().ok())));
        }
        for SchoolDay { school_id, day, more } in read.days {
            days.entry(school_id).or_default().1.extend(both((day.parse().ok(), DayKind::parse(&more))));
        }
        let mut around = Self {
            classes: read.classes.into_iter().collect(),
            handovers: read.handovers,
            ways: read.ways.into_iter().collect(),
            ..Self::default()
        };
        for (school, (terms, marked)) in days {
            around.schools.entry(school).or_default().0 = Calendar::new(terms, marked);
        }
        for (person, duty) in read.duties {
            around.schools.entry(duty.school).or_default().1.push((person, duty));
        }
        around
    }

    fn school(&self, school: SchoolId) -> (&Calendar, &[(PersonId, Duty)]) {
        let (calendar, duties) = self.schools.get(&school).unwrap_or(&self.nowhere);
        (calendar, duties)
    }

    /// The class of the student, where the ladder starts with its homeroom teacher.
    fn class_of(&self, deadline: &Deadline) -> Option<ClassId> {
        let in_a_class = rungs(deadline.owner).iter().any(|role| role.is_for_a_class());
        in_a_class.then(|| self.classes.get(&deadline.student_id).copied()).flatten()
    }

    /// Who took the case over for the holiday that is now.
    fn taker(&self, deadline: &Deadline, today: Date) -> Option<PersonId> {
        let holiday = self.school(deadline.school_id).0.holiday(today, 0)?.first.to_string();
        let subject = deadline.warning_id.unwrap_or(deadline.id.0);
        let here = |taken: &&TakenOver| {
            taken.school_id == deadline.school_id && taken.subject == subject && taken.holiday == holiday
        };
        self.handovers.iter().find(here).map(|taken| taken.taker)
    }
}

fn both<A, B>((one, other): (Option<A>, Option<B>)) -> Option<(A, B)> {
    one.zip(other)
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

fn holders(duties: &[(PersonId, Duty)], role: Role, class: Option<ClassId>) -> BTreeSet<PersonId> {
    let here = |duty: &Duty| duty.role == role && (!role.is_for_a_class() || (class.is_some() && duty.class == class));
    duties.iter().filter(|(_, duty)| here(duty)).map(|(person, _)| *person).collect()
}
