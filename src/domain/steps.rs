//! What the steps of a warning ask for (`forms.md` §2.6), and what a step brings about.

use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime};

use super::warning::{Rule, Safe, Step, StepKind, Task, Urgency};
use super::words::{Effect, words};

words! {
    /// 风险要素
    RiskFactor {
        /// 自杀、自伤的想法
        Ideation = "ideation",
        /// 有计划
        Plan = "plan",
        /// 有工具或已准备
        Means = "means",
        /// 曾经自伤
        PastHarm = "past_harm",
        /// 近期丧失
        Loss = "loss",
        /// 伤害他人的想法
        HarmOthers = "harm_others",
        /// 受到欺凌或伤害
        Harmed = "harmed",
        /// 持续两周以上的情绪、睡眠、饮食变化
        Symptoms = "symptoms",
        /// 回避、告别、送出物品
        Withdrawn = "withdrawn",
    }
}

impl RiskFactor {
    /// Whether it is about the student harming themselves: then the level is at least high until a person lowers it.
    #[must_use]
    pub const fn is_self_harm(self) -> bool {
        matches!(self, Self::Ideation | Self::Plan | Self::Means | Self::PastHarm)
    }
}

words! {
    /// 保护因素
    ProtectiveFactor {
        /// 有信任的大人
        Adult = "adult",
        /// 有朋友
        Friends = "friends",
        /// 家庭支持
        Family = "family",
        /// 愿意求助
        AsksForHelp = "asks_for_help",
        /// 有期待的事
        Hope = "hope",
        /// 有喜欢做的事
        Interests = "interests",
    }
}

words! {
    /// The protect-now checklist of the two upper levels.
    Precaution {
        /// 有人全程陪着
        Accompanied = "accompanied",
        /// 已带到安全的地方
        SafePlace = "safe_place",
        /// 危险物品已移开
        MeansRemoved = "means_removed",
        /// 心理教师已到场
        CounsellorThere = "counsellor_there",
        /// 已联系监护人
        GuardianCalled = "guardian_called",
        /// 已拨打 120 / 110
        EmergencyCalled = "emergency_called",
    }
}

words! {
    /// How the guardian was reached.
    Contact {
        /// 面谈
        InPerson = "in_person",
        /// 电话
        Phone = "phone",
        /// 视频
        Video = "video",
        /// 家访
        HomeVisit = "home_visit",
    }
}

words! {
    /// How the guardian took it.
    Reaction {
        /// 理解并配合
        Cooperates = "cooperates",
        /// 有顾虑
        Hesitates = "hesitates",
        /// 不同意
        Refuses = "refuses",
        /// 没有联系上
        NotReached = "not_reached",
    }
}

words! {
    /// What the guardian was told of.
    Told {
        /// 家中看护与移开危险物品
        HomeSafety = "home_safety",
        /// 建议到专业机构就诊
        ReferralOffered = "referral_offered",
        /// 求助电话
        Hotlines = "hotlines",
    }
}

words! {
    /// Whether a scale gave a sign.
    Flag {
        /// 阳性
        Positive = "positive",
        /// 阴性
        Negative = "negative",
    }
}

words! {
    /// Why a letter was closed without becoming a warning.
    CloseReason {
        /// 核实后不需要跟进
        NoConcern = "no_concern",
        /// 重复或误报
        Mistaken = "mistaken",
        /// 已由其他途径处理
        HandledElsewhere = "handled_elsewhere",
    }
}

words! {
    /// The fields of all step forms.
    StepField {
        /// 时间
        At = "at",
        /// 日期
        On = "on",
        /// 已做
        Done = "done",
        /// 风险要素
        Risk = "risk",
        /// 保护因素
        Protective = "protective",
        /// 情况
        Found = "found",
        /// 量表
        Scale = "scale",
        /// 总分
        Total = "total",
        /// 结果
        Flag = "flag",
        /// 参加人
        Members = "members",
        /// 校外参加人
        Others = "others",
        /// 结论
        Conclusion = "conclusion",
        /// 决定
        Decisions = "decisions",
        /// 目标
        Goals = "goals",
        /// 措施
        Measures = "measures",
        /// 责任人
        Responsible = "responsible",
        /// 方式
        Way = "way",
        /// 告知对象
        Guardian = "guardian",
        /// 告知内容
        Said = "said",
        /// 已告知
        Told = "told",
        /// 回应
        Reaction = "reaction",
        /// 共同商定
        Agreed = "agreed",
        /// 单位与接收人
        Office = "office",
        /// 编号
        Reference = "reference",
        /// 效果
        Effect = "effect",
        /// 下一步
        Next = "next",
        /// 什么管用
        Worked = "worked",
        /// 今后注意
        Lessons = "lessons",
        /// 理由
        Reason = "reason",
        /// 内容
        Note = "note",
        /// 知会内容
        Brief = "brief",
        /// 看到、听到的事实
        Seen = "seen",
        /// 紧急程度
        Urgency = "urgency",
        /// 孩子现在是否安全
        Safe = "safe",
        /// 时间地点
        Place = "place",
        /// 报告时写的姓名
        Who = "who",
        /// 报告时间
        SentAt = "sent_at",
        /// 规则
        Rule = "rule",
        /// 事实
        Facts = "facts",
        /// 办结原因
        Closed = "closed",
    }
}

/// A closed list that a field chooses from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List {
    /// [`RiskFactor`]
    Risk,
    /// [`ProtectiveFactor`]
    Protective,
    /// [`Precaution`]
    Precaution,
    /// [`Contact`]
    Contact,
    /// [`Reaction`]
    Reaction,
    /// [`Told`]
    Told,
    /// [`Flag`]
    Flag,
    /// [`Effect`]
    Effect,
    /// [`Urgency`]
    Urgency,
    /// [`Safe`]
    Safe,
    /// [`Rule`]
    Rule,
    /// [`CloseReason`]
    CloseReason,
}

impl List {
    /// The codes of its words.
    #[must_use]
    pub fn codes(self) -> Vec<&'static str> {
        match self {
            Self::Risk => RiskFactor::ALL.iter().map(|word| word.as_str()).collect(),
            Self::Protective => ProtectiveFactor::ALL.iter().map(|word| word.as_str()).collect(),
            Self::Precaution => Precaution::ALL.iter().map(|word| word.as_str()).collect(),
            Self::Contact => Contact::ALL.iter().map(|word| word.as_str()).collect(),
            Self::Reaction => Reaction::ALL.iter().map(|word| word.as_str()).collect(),
            Self::Told => Told::ALL.iter().map(|word| word.as_str()).collect(),
            Self::Flag => Flag::ALL.iter().map(|word| word.as_str()).collect(),
            Self::Effect => Effect::ALL.iter().map(|word| word.as_str()).collect(),
            Self::Urgency => Urgency::ALL.iter().map(|word| word.as_str()).collect(),
            Self::Safe => Safe::ALL.iter().map(|word| word.as_str()).collect(),
            Self::Rule => Rule::ALL.iter().map(|word| word.as_str()).collect(),
            Self::CloseReason => CloseReason::ALL.iter().map(|word| word.as_str()).collect(),
        }
    }
}

/// What a field takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// Date and time, `2026-11-23T08:00`, in the school's time zone; not in the future.
    Moment,
    /// A date; not in the future.
    Day,
    /// A line of at most [`LINE`] characters.
    Line,
    /// A text of at most [`TEXT`] characters.
    Text,
    /// A whole number, 0 to 999.
    Number,
    /// Any number of words of a list.
    Ticks(List),
    /// One word of a list.
    Choice(List),
    /// Colleagues; they stand in [`Step::persons`], not among the fields.
    People,
    /// An instant of the database; shown, never asked.
    Instant,
}

/// One question of a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ask {
    /// The field.
    pub field: StepField,
    /// What it takes.
    pub input: Input,
    /// Whether it may stay empty.
    pub required: bool,
}

/// The longest line, in characters.
pub const LINE: usize = 200;
/// The longest text, in characters.
pub const TEXT: usize = 4_000;

const fn must(field: StepField, input: Input) -> Ask {
    Ask { field, input, required: true }
}

const fn may(field: StepField, input: Input) -> Ask {
    Ask { field, input, required: false }
}

/// What the form of a step asks, and what a step shows, in this order.
#[must_use]
pub const fn asks(kind: StepKind) -> &'static [Ask] {
    use Input::{Choice, Day, Instant, Line, Moment, Number, People, Text, Ticks};
    use StepField as F;
    match kind {
        StepKind::ProtectNow => {
            const { &[must(F::At, Moment), must(F::Done, Ticks(List::Precaution)), may(F::Note, Text)] }
        }
        StepKind::Interview => {
            const {
                &[
                    must(F::At, Moment),
                    must(F::Found, Text),
                    may(F::Risk, Ticks(List::Risk)),
                    may(F::Protective, Ticks(List::Protective)),
                ]
            }
        }
        StepKind::Scale => {
            const { &[must(F::Scale, Line), must(F::On, Day), must(F::Total, Number), must(F::Flag, Choice(List::Flag))] }
        }
        StepKind::Conference => {
            const {
                &[
                    must(F::At, Moment),
                    may(F::Members, People),
                    may(F::Others, Line),
                    must(F::Conclusion, Text),
                    must(F::Decisions, Text),
                ]
            }
        }
        StepKind::Plan => const { &[must(F::Goals, Text), must(F::Measures, Text), must(F::Responsible, Line)] },
        StepKind::GuardianInformed => {
            const {
                &[
                    must(F::At, Moment),
                    must(F::Way, Choice(List::Contact)),
                    must(F::Guardian, Line),
                    must(F::Said, Text),
                    may(F::Told, Ticks(List::Told)),
                    must(F::Reaction, Choice(List::Reaction)),
                    may(F::Agreed, Text),
                ]
            }
        }
        StepKind::BureauInformed => const { &[must(F::At, Moment), must(F::Office, Line), may(F::Reference, Line)] },
        StepKind::ClassAdjusted => const { &[must(F::Measures, Text)] },
        StepKind::FollowUp => {
            const { &[must(F::On, Day), must(F::Effect, Choice(List::Effect)), must(F::Found, Text), may(F::Next, Text)] }
        }
        StepKind::Review => const { &[must(F::Worked, Text), may(F::Lessons, Text)] },
        StepKind::Remark => const { &[must(F::Note, Text), may(F::Closed, Choice(List::CloseReason))] },
        StepKind::Briefed => const { &[must(F::Brief, Text)] },
        StepKind::Found => {
            const {
                &[
                    may(F::SentAt, Instant),
                    may(F::Seen, Text),
                    may(F::Urgency, Choice(List::Urgency)),
                    may(F::Safe, Choice(List::Safe)),
                    may(F::Place, Line),
                    may(F::Who, Line),
                    may(F::Rule, Choice(List::Rule)),
                    may(F::Facts, Text),
                ]
            }
        }
        StepKind::Graded
        | StepKind::LoweringAsked
        | StepKind::LoweringRefused
        | StepKind::ClosingAsked
        | StepKind::ClosingRefused => const { &[must(F::Reason, Text)] },
        StepKind::Acknowledged
        | StepKind::LoweringSigned
        | StepKind::Crisis
        | StepKind::Company
        | StepKind::Referral
        | StepKind::Return
        | StepKind::ClosingSigned => &[],
    }
}

/// The steps that are simply written down, in the order of the page. Levels, briefs and signatures have forms of their own.
pub const WRITTEN: &[StepKind] = &[
    StepKind::ProtectNow,
    StepKind::Interview,
    StepKind::Scale,
    StepKind::Conference,
    StepKind::Plan,
    StepKind::GuardianInformed,
    StepKind::BureauInformed,
    StepKind::ClassAdjusted,
    StepKind::FollowUp,
    StepKind::Remark,
    StepKind::Review,
];

/// Tidies the answers of a form: only what was asked, trimmed, ticks in the order of their list.
///
/// # Errors
/// Every field that is missing or cannot be, with the code of its message.
pub fn checked(
    kind: StepKind,
    answers: &BTreeMap<String, String>,
    now: DateTime,
) -> Result<BTreeMap<String, String>, Vec<(&'static str, &'static str)>> {
    let (mut kept, mut problems) = (BTreeMap::new(), Vec::new());
    for ask in asks(kind).iter().filter(|ask| !matches!(ask.input, Input::People | Input::Instant)) {
        let text = answers.get(ask.field.as_str()).map_or("", |text| text.trim());
        if text.is_empty() {
            if ask.required {
                problems.push((ask.field.as_str(), if is_choice(ask.input) { "choose" } else { "required" }));
            }
            continue;
        }
        match tidy(ask.input, text, now) {
            Ok(tidy) => drop(kept.insert(ask.field.as_str().to_owned(), tidy)),
            Err(code) => problems.push((ask.field.as_str(), code)),
        }
    }
    if problems.is_empty() { Ok(kept) } else { Err(problems) }
}

const fn is_choice(input: Input) -> bool {
    matches!(input, Input::Ticks(_) | Input::Choice(_))
}

fn tidy(input: Input, text: &str, now: DateTime) -> Result<String, &'static str> {
    let short = |limit| if text.chars().count() > limit { Err("too-long") } else { Ok(text.to_owned()) };
    match input {
        Input::Moment => {
            let at: DateTime = text.parse().map_err(|_| "moment-invalid")?;
            if at > now { Err("moment-in-the-future") } else { Ok(at.strftime("%Y-%m-%dT%H:%M").to_string()) }
        }
        Input::Day => {
            let day: Date = text.parse().map_err(|_| "date-invalid")?;
            if day > now.date() { Err("date-in-the-future") } else { Ok(day.to_string()) }
        }
        Input::Line => short(LINE),
        Input::Text => short(TEXT),
        Input::Number => {
            text.parse::<u16>().ok().filter(|n| *n < 1000).map(|n| n.to_string()).ok_or("number-out-of-range")
        }
        Input::Ticks(list) => {
            let given: Vec<&str> = text.split_whitespace().collect();
            let codes = list.codes();
            if given.iter().any(|code| !codes.contains(code)) {
                return Err("choose");
            }
            Ok(codes.into_iter().filter(|code| given.contains(code)).collect::<Vec<_>>().join(" "))
        }
        Input::Choice(list) => {
            if list.codes().contains(&text) {
                Ok(text.to_owned())
            } else {
                Err("choose")
            }
        }
        Input::People | Input::Instant => Err("choose"),
    }
}

/// Whether a step says that the student may harm themselves.
#[must_use]
pub fn tells_of_self_harm(step: &Step) -> bool {
    ticks(step, StepField::Risk).any(|code| RiskFactor::parse(code).is_some_and(RiskFactor::is_self_harm))
}

/// What is done once this step was made.
#[must_use]
pub fn fulfils(step: &Step) -> Vec<Task> {
    match step.kind {
        StepKind::ProtectNow => vec![Task::Attend],
        StepKind::Interview => vec![Task::Attend, Task::Assess, Task::Talk],
        StepKind::Conference => vec![Task::Confer],
        StepKind::Plan => vec![Task::Plan],
        StepKind::GuardianInformed => {
            let reached = step.fields.get(StepField::Reaction.as_str()).map(String::as_str)
                != Some(Reaction::NotReached.as_str());
            let offered = ticks(step, StepField::Told).any(|code| code == Told::ReferralOffered.as_str());
            let tasks = [(Task::InformGuardian, reached), (Task::OfferReferral, reached && offered)];
            tasks.into_iter().filter_map(|(task, done)| done.then_some(task)).collect()
        }
        StepKind::BureauInformed => vec![Task::InformBureau],
        StepKind::FollowUp => vec![Task::FollowUp, Task::Talk],
        StepKind::Referral => vec![Task::OfferReferral],
        StepKind::Review => vec![Task::Review],
        _ => Vec::new(),
    }
}

/// Whether a step is prevention 早预防: the first one stamps the warning.
#[must_use]
pub fn prevents(step: &Step) -> bool {
    match step.kind {
        StepKind::Plan | StepKind::ClassAdjusted => true,
        StepKind::GuardianInformed => fulfils(step).contains(&Task::InformGuardian),
        _ => false,
    }
}

fn ticks(step: &Step, field: StepField) -> impl Iterator<Item = &str> {
    step.fields.get(field.as_str()).into_iter().flat_map(|codes| codes.split_whitespace())
}

#[cfg(test)]
mod tests;
