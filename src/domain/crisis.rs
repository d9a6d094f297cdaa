//! 五个一: one student, one leader, one team, one plan, followed to the end (`requirements.md` A22).
//!
//! A crisis record says at every moment what is still open. It is closed by two people, one of them a counsellor, once
//! nothing is.

use std::collections::BTreeSet;

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::clock::{DAY, school_time};
use super::ids::PersonId;
use super::unprintable::unprintable;
use super::warning::Severity;
use super::words::words;

words! {
    /// What a grant on one file makes of a person.
    GrantKind {
        /// 包案领导
        CaseLeader = "case_leader",
    }
}

words! {
    /// 班子: what a member of the team takes care of.
    TeamDuty {
        /// 心理辅导
        Counsel = "counsel",
        /// 班级支持
        Class = "class",
        /// 家校联络
        Family = "family",
        /// 陪护安排
        Company = "company",
        /// 安全保卫
        Safety = "safety",
        /// 校医与就医
        Medical = "medical",
        /// 其他
        Other = "other",
    }
}

words! {
    /// What happened to a crisis record, for the timeline.
    CrisisAct {
        /// it was opened
        Opened = "opened",
        /// a leader was appointed
        LeaderAppointed = "leader_appointed",
        /// a leader's grant ended
        LeaderEnded = "leader_ended",
        /// a member joined the team or changed duty
        MemberJoined = "member_joined",
        /// a member left the team
        MemberLeft = "member_left",
        /// an item was added to the plan
        Planned = "planned",
        /// an item of the plan was done
        PlanDone = "plan_done",
        /// a shift was added to the company roster
        ShiftAdded = "shift_added",
        /// a shift was taken off the company roster
        ShiftRemoved = "shift_removed",
        /// closing was asked for
        ClosingAsked = "closing_asked",
        /// closing was refused by the second person
        ClosingRefused = "closing_refused",
        /// it was closed by the second person
        Closed = "closed",
    }
}

/// A member of the team.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Member {
    /// Who.
    pub person: PersonId,
    /// For what.
    pub duty: TeamDuty,
}

/// That something was done.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Done {
    /// By whom.
    pub by: PersonId,
    /// When, microseconds UTC.
    pub at: i64,
    /// How it went, if said.
    pub note: String,
}

/// An item of the plan.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct PlanItem {
    /// Its number within the record; never used twice.
    pub number: u32,
    /// What is to be done.
    pub what: String,
    /// By whom.
    pub who: PersonId,
    /// Until when.
    pub until: Date,
    /// That it was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done: Option<Done>,
}

/// 陪护: somebody stays with the student for some hours.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Shift {
    /// Its number within the record; never used twice.
    pub number: u32,
    /// From when, microseconds UTC.
    pub from: i64,
    /// Until when, microseconds UTC.
    pub to: i64,
    /// Who: a colleague, a parent at home.
    pub who: String,
}

/// The first of two signatures.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Asked {
    /// Who asked.
    pub by: PersonId,
    /// When, microseconds UTC.
    pub at: i64,
    /// Whether as a counsellor: one of the two must be one.
    pub counsellor: bool,
    /// How the case came out.
    pub outcome: String,
}

/// A crisis record, as it stands sealed.
#[derive(Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Crisis {
    /// Why it was opened.
    pub reason: String,
    /// 一个班子
    #[serde(default)]
    pub team: Vec<Member>,
    /// 一套方案
    #[serde(default)]
    pub plan: Vec<PlanItem>,
    /// The company roster.
    #[serde(default)]
    pub shifts: Vec<Shift>,
    /// The last number given to an item or shift.
    #[serde(default)]
    pub last: u32,
    /// Closing asked for, waiting for the second signature.
    #[serde(default)]
    pub closing: Option<Asked>,
    /// The second signature.
    #[serde(default)]
    pub signed: Option<(PersonId, i64)>,
}

unprintable!(Crisis);

impl Crisis {
    /// The next number for an item or a shift.
    pub fn number(&mut self) -> u32 {
        self.last += 1;
        self.last
    }

    /// Until when somebody is with the student without a break, from this instant on: the instant itself when nobody is.
    #[must_use]
    pub fn accompanied_until(&self, now: i64) -> i64 {
        let mut until = now;
        // Shifts overlap and stand in any order: whoever is there at the end takes it further.
        while let Some(further) = self.shifts.iter().filter(|s| s.from <= until && s.to > until).map(|s| s.to).max() {
            until = further;
        }
        until
    }

    /// The hours of a time span in which nobody is with the student, in order.
    #[must_use]
    pub fn gaps(&self, from: i64, to: i64) -> Vec<(i64, i64)> {
        let mut gaps = Vec::new();
        let mut at = from;
        while at < to {
            let until = self.accompanied_until(at);
            if until > at {
                at = until;
                continue;
            }
            let next = self.shifts.iter().map(|s| s.from).filter(|start| *start > at).min().unwrap_or(to).min(to);
            gaps.push((at, next));
            at = next;
        }
        gaps
    }
}

/// What is looked at to say what is still open.
#[derive(Debug, Clone, Copy)]
pub struct Course<'a> {
    /// When the record was opened, microseconds UTC.
    pub opened_at: i64,
    /// Every level that was set, by instant, oldest first.
    pub levels: &'a [(i64, Severity)],
    /// The days for which there is a follow-up, or an account why there was none.
    pub follow_ups: &'a BTreeSet<Date>,
    /// Whether somebody leads the case today.
    pub led: bool,
    /// The present, microseconds UTC.
    pub now: i64,
}

/// One of the four weeks after lowering.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Week {
    /// 1 to 4.
    pub number: u8,
    /// Its first day.
    pub from: Date,
    /// Its last day.
    pub to: Date,
}

/// How many weekly follow-ups come after lowering (`forms.md` §3.2).
const WEEKS: u8 = 4;

impl Course<'_> {
    /// Since when the level is below critical; none while it is critical.
    #[must_use]
    pub fn lowered_at(&self) -> Option<i64> {
        let mut lowered = Some(self.opened_at);
        for (at, severity) in self.levels {
            if *severity == Severity::Critical {
                lowered = None;
            } else if lowered.is_none() {
                lowered = Some((*at).max(self.opened_at));
            }
        }
        lowered
    }

    /// The days on which a follow-up was due and none is there: every day of a critical stretch after the one on which it
    /// began, up to yesterday.
    #[must_use]
    pub fn missed_days(&self) -> Vec<Date> {
        let mut missed = Vec::new();
        let mut since: Option<i64> = None;
        let ends = std::iter::once((self.now, Severity::None));
        for (at, severity) in self.levels.iter().copied().chain(ends) {
            if severity == Severity::Critical {
                since = since.or(Some(at.max(self.opened_at)));
            } else if let Some(from) = since.take() {
                let (mut day, last) = (date(from), date(at));
                loop {
                    day = day.saturating_add(1.day());
                    if day >= last {
                        break;
                    }
                    if !self.follow_ups.contains(&day) {
                        missed.push(day);
                    }
                }
            }
        }
        missed
    }

    /// The weeks after lowering for which a follow-up is still to be made; none of them can be skipped.
    #[must_use]
    pub fn open_weeks(&self) -> Vec<Week> {
        let Some(lowered) = self.lowered_at() else { return Vec::new() };
        let first = date(lowered);
        let week = |number: u8| {
            let from = first.saturating_add(i64::from(7 * (number - 1) + 1).days());
            Week { number, from, to: from.saturating_add(6.days()) }
        };
        let is_open = |week: &Week| !self.follow_ups.iter().any(|day| (week.from..=week.to).contains(day));
        (1..=WEEKS).map(week).filter(is_open).collect()
    }
}

fn date(at: i64) -> Date {
    school_time(at).date()
}

/// Something that keeps a crisis record from being closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Open {
    /// The level is still critical: a person must lower it first.
    Critical,
    /// Nobody leads the case.
    Leader,
    /// The team has no member.
    Team,
    /// The plan is empty.
    Plan,
    /// An item of the plan was not done.
    Item(u32),
    /// A day without the follow-up that was due.
    Day(Date),
    /// A week after lowering without a follow-up.
    Week(Week),
}

/// Everything that keeps a record from being closed, in the order of the five-ones.
#[must_use]
pub fn open(crisis: &Crisis, course: &Course<'_>) -> Vec<Open> {
    let empty = [
        (course.lowered_at().is_none(), Open::Critical),
        (!course.led, Open::Leader),
        (crisis.team.is_empty(), Open::Team),
        (crisis.plan.is_empty(), Open::Plan),
    ];
    let empty = empty.into_iter().filter_map(|(holds, open)| holds.then_some(open));
    let items = crisis.plan.iter().filter(|item| item.done.is_none()).map(|item| Open::Item(item.number));
    let days = course.missed_days().into_iter().map(Open::Day);
    let weeks = course.open_weeks().into_iter().map(Open::Week);
    empty.chain(items).chain(days).chain(weeks).collect()
}

words! {
    /// Why a signature does not count.
    SignProblem {
        /// something is still open
        Open = "crisis-open-items",
        /// nobody asked for closing
        NotAsked = "crisis-not-asked",
        /// the same person cannot sign twice
        SamePerson = "second-person",
        /// one of the two must be a counsellor
        NoCounsellor = "one-counsellor",
    }
}

/// Whether a second signature closes the record.
///
/// # Errors
/// Why it does not.
pub fn may_sign(
    crisis: &Crisis,
    course: &Course<'_>,
    signer: PersonId,
    is_counsellor: bool,
) -> Result<(), SignProblem> {
    let Some(asked) = &crisis.closing else { return Err(SignProblem::NotAsked) };
    if asked.by == signer {
        return Err(SignProblem::SamePerson);
    }
    if !asked.counsellor && !is_counsellor {
        return Err(SignProblem::NoCounsellor);
    }
    if open(crisis, course).is_empty() { Ok(()) } else { Err(SignProblem::Open) }
}

/// The longest shift, in microseconds: nobody stays awake for longer.
pub const LONGEST_SHIFT: i64 = DAY;

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::domain::clock::HOUR;

    /// 2026-11-23 08:00 in Shanghai.
    const MORNING: i64 = 1_795_392_000_000_000;
    const LI: PersonId = PersonId(Uuid::from_u128(1));
    const WANG: PersonId = PersonId(Uuid::from_u128(2));

    fn shift(from: i64, to: i64) -> Shift {
        Shift { number: 0, from, to, who: "王老师".to_owned() }
    }

    fn roster(shifts: &[(i64, i64)]) -> Crisis {
        Crisis { shifts: shifts.iter().map(|(from, to)| shift(*from, *to)).collect(), ..Crisis::default() }
    }

    #[test]
    fn overlapping_shifts_leave_no_gap_and_a_break_is_one() {
        let crisis = roster(&[(10, 20), (15, 30), (35, 40), (30, 31)]);
        assert_eq!(crisis.accompanied_until(10), 31);
        assert_eq!(crisis.accompanied_until(9), 9);
        assert_eq!(crisis.gaps(10, 31), []);
        assert_eq!(crisis.gaps(5, 50), [(5, 10), (31, 35), (40, 50)]);
        assert_eq!(roster(&[]).gaps(1, 9), [(1, 9)]);
        assert_eq!(crisis.gaps(31, 33), [(31, 33)], "a gap ends with the span that is looked at");
    }

    proptest! {
        #[test]
        fn every_minute_is_either_in_a_shift_or_in_a_gap(
            shifts in prop::collection::vec((0..60i64, 1..30i64), 0..8), from in 0..60i64, length in 0..60i64,
        ) {
            let spans: Vec<_> = shifts.iter().map(|(from, length)| (*from, from + length)).collect();
            let to = from + length;
            let gaps = roster(&spans).gaps(from, to);
            for at in from..to {
                let in_shift = spans.iter().any(|(from, to)| (*from..*to).contains(&at));
                let in_gap = gaps.iter().any(|(from, to)| (*from..*to).contains(&at));
                prop_assert!(in_shift != in_gap, "minute {at}");
            }
        }
    }

    fn course<'a>(levels: &'a [(i64, Severity)], follow_ups: &'a BTreeSet<Date>, days: i64) -> Course<'a> {
        Course { opened_at: MORNING, levels, follow_ups, led: true, now: MORNING + days * DAY }
    }

    #[test]
    fn while_critical_every_day_needs_a_follow_up_and_the_present_day_is_not_missed_yet() {
        let levels = [(MORNING - HOUR, Severity::Critical)];
        let none = BTreeSet::new();
        assert_eq!(course(&levels, &none, 0).missed_days(), []);
        assert_eq!(course(&levels, &none, 1).missed_days(), []);
        let missed = course(&levels, &none, 4).missed_days();
        assert_eq!(missed, [date(2026, 11, 24), date(2026, 11, 25), date(2026, 11, 26)]);
        let there = BTreeSet::from([date(2026, 11, 25)]);
        assert_eq!(course(&levels, &there, 3).missed_days(), [date(2026, 11, 24)]);
        assert_eq!(course(&levels, &there, 3).lowered_at(), None);
        assert!(course(&levels, &there, 3).open_weeks().is_empty(), "weeks begin with lowering");
    }

    #[test]
    fn after_lowering_there_is_one_follow_up_in_each_of_four_weeks() {
        let levels = [(MORNING, Severity::Critical), (MORNING + 2 * DAY, Severity::High)];
        let daily = BTreeSet::from([date(2026, 11, 24)]);
        let lowered = course(&levels, &daily, 3);
        assert_eq!((lowered.lowered_at(), lowered.missed_days()), (Some(MORNING + 2 * DAY), vec![]));
        let weeks = lowered.open_weeks();
        assert_eq!((weeks[0].from, weeks[0].to), (date(2026, 11, 26), date(2026, 12, 2)));
        assert_eq!((weeks.len(), weeks[3].to), (4, date(2026, 12, 23)));
        let with = |day| BTreeSet::from([date(2026, 11, 24), day]);
        for (day, open) in [(26, vec![2, 3, 4]), (25, vec![1, 2, 3, 4])] {
            let days = with(date(2026, 11, day));
            let numbers: Vec<u8> = course(&levels, &days, 9).open_weeks().iter().map(|w| w.number).collect();
            assert_eq!(numbers, open, "the day of lowering itself counts for no week");
        }
        let last = with(date(2026, 12, 23));
        assert_eq!(course(&levels, &last, 40).open_weeks().len(), 3);
    }

    #[test]
    fn a_level_that_rises_again_starts_over() {
        let levels = [
            (MORNING, Severity::Critical),
            (MORNING + 2 * DAY, Severity::High),
            (MORNING + 5 * DAY, Severity::Critical),
            (MORNING + 8 * DAY, Severity::Moderate),
            (MORNING + 9 * DAY, Severity::Watch),
        ];
        let none = BTreeSet::new();
        let course = course(&levels, &none, 20);
        assert_eq!(course.lowered_at(), Some(MORNING + 8 * DAY), "a further lowering changes nothing");
        assert_eq!(course.missed_days(), [date(2026, 11, 24), date(2026, 11, 29), date(2026, 11, 30)]);
        assert_eq!(course.open_weeks()[0].from, date(2026, 12, 2));
    }

    #[test]
    fn a_record_that_was_opened_by_hand_is_followed_for_four_weeks_from_then_on() {
        let levels = [(MORNING - 9 * DAY, Severity::High)];
        let none = BTreeSet::new();
        let course = course(&levels, &none, 1);
        assert_eq!((course.lowered_at(), course.missed_days().len()), (Some(MORNING), 0));
        assert_eq!(course.open_weeks()[0].from, date(2026, 11, 24));
    }

    fn complete() -> Crisis {
        let done = Some(Done { by: LI, at: MORNING, note: String::new() });
        let item =
            PlanItem { number: 1, what: "移开危险物品".to_owned(), who: LI, until: date(2026, 11, 24), done };
        Crisis {
            team: vec![Member { person: WANG, duty: TeamDuty::Family }],
            plan: vec![item],
            last: 1,
            closing: Some(Asked { by: LI, at: MORNING, counsellor: true, outcome: "平稳".to_owned() }),
            ..Crisis::default()
        }
    }

    fn weeks() -> BTreeSet<Date> {
        [24, 31]
            .into_iter()
            .map(|day| date(2026, 11, 1).saturating_add(i64::from(day - 1).days()))
            .chain([date(2026, 12, 8), date(2026, 12, 15)])
            .collect()
    }

    #[test]
    fn each_empty_one_of_the_five_keeps_a_record_open_and_is_named() {
        let (levels, weeks, none) = ([(MORNING, Severity::High)], weeks(), BTreeSet::new());
        let done = course(&levels, &weeks, 30);
        assert_eq!(open(&complete(), &done), []);
        assert_eq!(open(&complete(), &Course { led: false, ..done }), [Open::Leader]);
        assert_eq!(open(&Crisis { team: Vec::new(), ..complete() }, &done), [Open::Team]);
        assert_eq!(open(&Crisis { plan: Vec::new(), ..complete() }, &done), [Open::Plan]);
        let mut undone = complete();
        undone.plan[0].done = None;
        assert_eq!(open(&undone, &done), [Open::Item(1)]);
        assert_eq!(open(&complete(), &course(&levels, &none, 30)).len(), 4, "four weeks");
        let critical = [(MORNING, Severity::Critical)];
        let still = open(&complete(), &course(&critical, &weeks, 2));
        assert_eq!(still, [Open::Critical]);
    }

    #[test]
    fn two_people_sign_and_one_of_them_is_a_counsellor() {
        let (levels, weeks) = ([(MORNING, Severity::High)], weeks());
        let done = course(&levels, &weeks, 30);
        assert_eq!(may_sign(&complete(), &done, WANG, false), Ok(()));
        assert_eq!(may_sign(&complete(), &done, LI, true), Err(SignProblem::SamePerson));
        assert_eq!(may_sign(&Crisis { closing: None, ..complete() }, &done, WANG, true), Err(SignProblem::NotAsked));
        let mut by_director = complete();
        by_director.closing = by_director.closing.map(|asked| Asked { counsellor: false, ..asked });
        assert_eq!(may_sign(&by_director, &done, WANG, false), Err(SignProblem::NoCounsellor));
        assert_eq!(may_sign(&by_director, &done, WANG, true), Ok(()));
        let mut undone = complete();
        undone.plan[0].done = None;
        assert_eq!(may_sign(&undone, &done, WANG, true), Err(SignProblem::Open));
    }
}
