//! Five-early warnings 五早: levels, stages, time limits and the steps of a case (`requirements.md` A21–A23, `forms.md` §3).

use std::collections::BTreeMap;

use super::clock::{DAY, HOUR, MINUTE};
use super::ids::{LetterId, PersonId};
use super::words::{Kind, Role, words};

words! {
    /// How serious a warning is (`forms.md` §3.2): 0 to 4 inside; a school shows its own labels outside. Sealed.
    Severity {
        /// 0 常态
        None = "none",
        /// 1 一般关注
        Watch = "watch",
        /// 2 三级 / 黄
        Moderate = "moderate",
        /// 3 二级 / 橙
        High = "high",
        /// 4 一级 / 红
        Critical = "critical",
    }
}

words! {
    /// Where a warning stands (`words.md` §7.4). In clear: it says how far the work is, not what it is about.
    Stage {
        /// 已报告
        Reported = "reported",
        /// 已接报
        Acknowledged = "acknowledged",
        /// 评估中
        Assessing = "assessing",
        /// 已定级，干预中
        Acting = "acting",
        /// 解除后跟踪
        Watching = "watching",
        /// 结束
        Closed = "closed",
    }
}

words! {
    /// How urgent the writer of a report thinks it is.
    Urgency {
        /// 现在有危险
        Now = "now",
        /// 今天之内
        Today = "today",
        /// 本周之内
        ThisWeek = "this_week",
    }
}

impl Urgency {
    /// Within which time somebody must have acknowledged the report, in microseconds: the limits for reporting up of the
    /// three upper levels (`forms.md` §3.2).
    #[must_use]
    pub const fn limit(self) -> i64 {
        match self {
            Self::Now => 30 * MINUTE,
            Self::Today => 2 * HOUR,
            Self::ThisWeek => DAY,
        }
    }
}

impl Urgency {
    /// What is due first once a report of this urgency was acknowledged, until a person has set a level.
    #[must_use]
    pub const fn first_task(self) -> (Task, Limit) {
        match self {
            Self::Now => (Task::Attend, Limit::Clock(HOUR)),
            Self::Today => (Task::Assess, Limit::Clock(DAY)),
            Self::ThisWeek => FIRST_TASK,
        }
    }
}

/// What is due first once a signal was acknowledged.
pub const FIRST_TASK: (Task, Limit) = (Task::Assess, Limit::SchoolDays(5));

words! {
    /// Whether the child is safe at this moment, as far as the writer knows.
    Safe {
        /// 安全，有人陪着
        Yes = "yes",
        /// 不安全
        No = "no",
        /// 不清楚
        Unknown = "unknown",
    }
}

words! {
    /// The rules that make a signal. All are about changeable facts, none about what group a child belongs to; each signal
    /// shows its rule.
    Rule {
        /// low mood on 2 days running: a classmate or teacher talks (`forms.md` §2.6)
        LowTwoDays = "low_two_days",
        /// low mood on 3 days running: the homeroom teacher talks and records it
        LowThreeDays = "low_three_days",
        /// low mood on 7 days running: the counselling room
        LowSevenDays = "low_seven_days",
        /// 15 days without any mark in a class: check whether the log is true
        EvenFifteenDays = "even_fifteen_days",
        /// absent on 3 school days running without a reason known
        AbsentThreeDays = "absent_three_days",
        /// two entries or reviews running without progress (`requirements.md` A16)
        NoProgressTwice = "no_progress_twice",
        /// a finding of a home visit (`requirements.md` C04)
        VisitFinding = "visit_finding",
        /// flagged by a screening whose result a counsellor entered
        ScreeningFlag = "screening_flag",
        /// the student wrote to the help-seeking box
        AskedForHelp = "asked_for_help",
        /// a referral without receipt or answer
        ReferralSilent = "referral_silent",
    }
}

impl Rule {
    /// After this long a signal that nobody joined to a warning no longer counts, in days.
    #[must_use]
    pub const fn decays_after(self) -> i64 {
        match self {
            Self::LowTwoDays | Self::EvenFifteenDays => 7,
            Self::LowThreeDays | Self::AbsentThreeDays => 14,
            Self::LowSevenDays | Self::VisitFinding | Self::AskedForHelp | Self::ReferralSilent => 30,
            Self::NoProgressTwice => 60,
            Self::ScreeningFlag => 180,
        }
    }
}

words! {
    /// What a letter is: something sealed to one holder that its writer cannot read back.
    LetterKind {
        /// a concern about a student, to the counselling office
        Concern = "concern",
        /// a signal made by a rule, to the counselling office
        Signal = "signal",
        /// the least that somebody must know in order to act, to a homeroom or a person
        Brief = "brief",
        /// a student's message from the help-seeking box, to the counselling office
        Help = "help",
        /// an answer to such a message, to whoever has its receipt phrase
        Answer = "answer",
        /// whom an appointment of the counselling room is for, to the counselling office
        Appointment = "appointment",
        /// a mandatory report 强制报告, to a person named for it
        Mandatory = "mandatory",
        /// an entry of somebody who may not read back, to the offices that keep the file
        Contribution = "contribution",
        /// what a helper from outside may know of a child, to that helper
        NeedsCard = "needs_card",
        /// a copy of what was written for a joint meeting, to an office or a person that may read it
        Meeting = "meeting",
        /// a copy of what was written in a supervision, to an office or a person that may read it
        Supervision = "supervision",
    }
}

impl LetterKind {
    /// The policy word for reading it.
    #[must_use]
    pub const fn kind(self) -> Kind {
        match self {
            Self::Concern | Self::Signal => Kind::Warning,
            Self::Help | Self::Answer => Kind::Box,
            Self::Appointment => Kind::Appointment,
            Self::Brief => Kind::Brief,
            Self::Mandatory => Kind::Restricted,
            Self::Contribution => Kind::Support,
            Self::NeedsCard => Kind::Pairing,
            Self::Meeting => Kind::Meeting,
            Self::Supervision => Kind::Supervision,
        }
    }
}

words! {
    /// Where a letter stands: all that its writer learns of it.
    LetterState {
        /// 已送达
        Sent = "sent",
        /// 已接报，处理中
        Taken = "taken",
        /// 已处理
        Done = "done",
    }
}

/// What a member of staff saw (`forms.md` §2.6). Sealed to the counselling office.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Concern {
    /// Whom it is about, as the writer put it; empty where the letter names the student.
    #[serde(default)]
    pub who: String,
    /// The class, as the writer put it.
    #[serde(default)]
    pub class: String,
    /// What was seen, as fact.
    pub seen: String,
    /// How urgent.
    pub urgency: Urgency,
    /// Is the child safe now.
    pub safe: Safe,
    /// Where and when, if said.
    #[serde(default)]
    pub place: String,
}

/// What a rule found. Sealed to the counselling office.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Signal {
    /// The rule.
    pub rule: Rule,
    /// The facts on which it rests, in words: dates and counts.
    pub facts: String,
}

impl Concern {
    /// Whether somebody must act this minute.
    #[must_use]
    pub fn is_danger(&self) -> bool {
        self.urgency == Urgency::Now || self.safe == Safe::No
    }
}

/// The least that somebody must know in order to act. Sealed to a homeroom or a person.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Brief {
    /// Name and class, for somebody who holds no roster.
    pub who: String,
    /// What to do; empty for the sentence that every brief has.
    #[serde(default)]
    pub text: String,
}

words! {
    /// How a school speaks of levels outside this program.
    LabelScheme {
        /// 三级制: 一级 is the highest
        Three = "three",
        /// 四色制
        Four = "four",
    }
}

words! {
    /// What a step of a case is. The order is that of the five steps 早发现 to 早控制, and what comes after.
    StepKind {
        /// a report or signal came in
        Found = "found",
        /// 接报
        Acknowledged = "acknowledged",
        /// the protect-now checklist of the two upper levels
        ProtectNow = "protect_now",
        /// 访谈
        Interview = "interview",
        /// a scale, where it fits
        Scale = "scale",
        /// 定级: a person set or raised the level
        Graded = "graded",
        /// lowering asked for, by one person
        LoweringAsked = "lowering_asked",
        /// lowering signed by the second person
        LoweringSigned = "lowering_signed",
        /// lowering refused by the second person
        LoweringRefused = "lowering_refused",
        /// 研判会
        Conference = "conference",
        /// 预防方案
        Plan = "plan",
        /// 告知监护人
        GuardianInformed = "guardian_informed",
        /// the education bureau was told
        BureauInformed = "bureau_informed",
        /// adjustments in class
        ClassAdjusted = "class_adjusted",
        /// somebody was told the least that they must know
        Briefed = "briefed",
        /// 五个一: the crisis record was opened, changed or completed
        Crisis = "crisis",
        /// 陪护: who stays with the student, hour by hour
        Company = "company",
        /// 随访
        FollowUp = "follow_up",
        /// 转介
        Referral = "referral",
        /// 复学评估
        Return = "return",
        /// closing asked for, by one person
        ClosingAsked = "closing_asked",
        /// closing signed by the second person: lifted, watched from now on
        ClosingSigned = "closing_signed",
        /// closing refused by the second person
        ClosingRefused = "closing_refused",
        /// 解除后回顾: what worked, for the digest of the term
        Review = "review",
        /// anything else worth keeping
        Remark = "remark",
    }
}

/// One step on the timeline, as it stands sealed: coded fields with free text, so that a form can grow without a new format.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Step {
    /// What it is.
    pub kind: StepKind,
    /// What was filled in, by the code of the field of its form.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, String>,
    /// The level that was set or asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// Colleagues who took part.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub persons: Vec<PersonId>,
    /// The letter it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub letter: Option<LetterId>,
}

/// The present state of a warning, sealed beside it.
#[derive(Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct State {
    /// The level that holds; none until a person set it.
    #[serde(default)]
    pub severity: Option<Severity>,
    /// A lowering that waits for the second signature: to which level, and who asked.
    #[serde(default)]
    pub lowering: Option<(Severity, PersonId)>,
    /// A closing that waits for the second signature: who asked.
    #[serde(default)]
    pub closing: Option<PersonId>,
    /// The random id of the row in `facts` that says the level.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk: Option<uuid::Uuid>,
    /// The random id of the row in `facts` that says how far the warning has come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<uuid::Uuid>,
}

words! {
    /// What is due (`forms.md` §3.2).
    Task {
        /// somebody acknowledges the report
        Acknowledge = "acknowledge",
        /// the counsellor is with the student
        Attend = "attend",
        /// interview and assessment
        Assess = "assess",
        /// guardian told
        InformGuardian = "inform_guardian",
        /// education bureau told
        InformBureau = "inform_bureau",
        /// 研判会
        Confer = "confer",
        /// plan written
        Plan = "plan",
        /// referral offered
        OfferReferral = "offer_referral",
        /// somebody talked with the student
        Talk = "talk",
        /// the next follow-up
        FollowUp = "follow_up",
        /// a referral is to be chased
        ChaseReferral = "chase_referral",
        /// the mandatory report is made
        Report = "report",
        /// an answer is due to the writer in the help-seeking box
        Answer = "answer",
        /// a review of the watch period
        Review = "review",
        /// somebody is with the student: the next shift of the company roster
        Company = "company",
    }
}

/// How a limit runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// On the wall clock, microseconds.
    Clock(i64),
    /// On the school calendar: to the end of the n-th school day from now.
    SchoolDays(u16),
}

/// What a level asks for: each task with its limit and the role that must do it (`forms.md` §3.2, the proposed default).
#[must_use]
pub const fn tasks(severity: Severity) -> &'static [(Task, Limit, Role)] {
    use Limit::{Clock, SchoolDays};
    match severity {
        Severity::None => &[],
        Severity::Watch => &[(Task::Talk, SchoolDays(3), Role::HomeroomTeacher)],
        Severity::Moderate => &[
            (Task::Assess, SchoolDays(5), Role::Counsellor),
            (Task::InformGuardian, SchoolDays(5), Role::Counsellor),
            (Task::Plan, SchoolDays(10), Role::Counsellor),
        ],
        Severity::High => &[
            (Task::Assess, Clock(DAY), Role::Counsellor),
            (Task::InformGuardian, Clock(DAY), Role::Counsellor),
            (Task::Confer, Clock(3 * DAY), Role::MoralEdDirector),
            (Task::OfferReferral, Clock(3 * DAY), Role::Counsellor),
        ],
        Severity::Critical => &[
            (Task::Attend, Clock(HOUR), Role::Counsellor),
            (Task::InformGuardian, Clock(30 * MINUTE), Role::Counsellor),
            (Task::InformBureau, Clock(DAY), Role::MoralEdDirector),
            (Task::Plan, Clock(DAY), Role::MoralEdDirector),
            (Task::Confer, Clock(DAY), Role::MoralEdDirector),
        ],
    }
}

/// The time between two follow-ups at a level.
#[must_use]
pub const fn follow_up(severity: Severity) -> Option<Limit> {
    match severity {
        Severity::None => None,
        Severity::Watch => Some(Limit::SchoolDays(20)),
        Severity::Moderate => Some(Limit::SchoolDays(10)),
        Severity::High => Some(Limit::Clock(7 * DAY)),
        Severity::Critical => Some(Limit::Clock(DAY)),
    }
}

/// How long a student is watched after lifting, by the level that held, until what worked is reviewed.
#[must_use]
pub const fn watch_period(severity: Severity) -> Limit {
    match severity {
        Severity::None | Severity::Watch => Limit::SchoolDays(10),
        Severity::Moderate => Limit::SchoolDays(20),
        Severity::High | Severity::Critical => Limit::Clock(28 * DAY),
    }
}

/// Who is reminded when a due time has passed: the duty holder, then the next. Nobody learns more than that something waits;
/// a school leader has no page that could say what.
#[must_use]
pub fn rungs(owner: Role) -> &'static [Role] {
    match owner {
        Role::HomeroomTeacher => &[Role::HomeroomTeacher, Role::Counsellor, Role::MoralEdDirector, Role::SchoolLeader],
        Role::MoralEdDirector => &[Role::MoralEdDirector, Role::Counsellor, Role::SchoolLeader],
        _ => &[Role::Counsellor, Role::MoralEdDirector, Role::SchoolLeader],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_never_longer_at_a_higher_level() {
        let minutes = |limit: Limit| match limit {
            Limit::Clock(time) => time,
            Limit::SchoolDays(days) => i64::from(days) * DAY,
        };
        for pair in Severity::ALL.windows(2) {
            for (task, limit, _) in tasks(pair[0]) {
                for (_, higher, _) in tasks(pair[1]).iter().filter(|(same, ..)| same == task) {
                    assert!(minutes(*higher) <= minutes(*limit), "{task} at {}", pair[1]);
                }
            }
            if let (Some(lower), Some(higher)) = (follow_up(pair[0]), follow_up(pair[1])) {
                assert!(minutes(higher) < minutes(lower), "{}", pair[1]);
            }
        }
    }

    #[test]
    fn the_two_upper_levels_run_on_the_wall_clock_and_the_others_on_the_school_calendar() {
        for severity in Severity::ALL {
            let wall = *severity >= Severity::High;
            for limit in tasks(*severity).iter().map(|(_, limit, _)| *limit).chain(follow_up(*severity)) {
                assert_eq!(matches!(limit, Limit::Clock(_)), wall, "{severity}");
            }
        }
    }

    #[test]
    fn every_ladder_starts_with_who_must_act_and_ends_with_the_leader_of_the_school() {
        for severity in Severity::ALL {
            for (_, _, owner) in tasks(*severity) {
                assert_eq!(rungs(*owner)[0], *owner);
                assert_eq!(rungs(*owner).last(), Some(&Role::SchoolLeader));
            }
        }
    }
}
