//! 转介: a student is handed to those who can do more, with the family's consent and the smallest packet, and is not lost
//! sight of until the student is back (`requirements.md` A23, `forms.md` §2.7).

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::clock::DAY;
use super::ids::PersonId;
use super::record::Field;
use super::unprintable::unprintable;
use super::words::{Compartment, words};

words! {
    /// Where a referral stands (`words.md` §7.4). In clear: it says how far the work is, not where the student went.
    ReferralStage {
        /// 拟转介
        Proposed = "proposed",
        /// 家长沟通
        Talking = "talking",
        /// 同意
        Consented = "consented",
        /// 拒绝
        Refused = "refused",
        /// 已转出
        Sent = "sent",
        /// 已接收
        Received = "received",
        /// 反馈
        Answered = "answered",
        /// 返校评估
        Returning = "returning",
        /// 结束
        Ended = "ended",
    }
}

words! {
    /// To whom.
    Receiver {
        /// 区县心理健康中心
        District = "district",
        /// 医院
        Hospital = "hospital",
        /// 公安
        Police = "police",
        /// 民政
        CivilAffairs = "civil_affairs",
        /// 社会工作机构
        SocialWork = "social_work",
    }
}

impl Receiver {
    /// Whether the school may send without the guardian's consent, because the law makes it report to this receiver.
    #[must_use]
    pub const fn by_duty(self) -> bool {
        matches!(self, Self::Police | Self::CivilAffairs)
    }
}

words! {
    /// On what ground something leaves the school.
    Ground {
        /// the guardian agreed (个人信息保护法 §23, §31)
        Consent = "consent",
        /// a duty of the school by law (§13 (3))
        Duty = "duty",
        /// to save life or health in an emergency (§13 (4))
        Emergency = "emergency",
    }
}

impl ReferralStage {
    /// The stages that may follow. Nothing ends out of the blue: a referral that went out is received and answered first, or
    /// it says in words why no answer came.
    #[must_use]
    pub const fn next(self) -> &'static [Self] {
        match self {
            Self::Proposed | Self::Refused => &[Self::Talking, Self::Sent, Self::Ended],
            Self::Talking => &[Self::Consented, Self::Refused, Self::Sent],
            Self::Consented => &[Self::Sent, Self::Refused],
            Self::Sent => &[Self::Received, Self::Talking],
            Self::Received => &[Self::Answered],
            Self::Answered => &[Self::Answered, Self::Returning, Self::Ended],
            Self::Returning => &[Self::Answered, Self::Ended],
            Self::Ended => &[],
        }
    }

    /// Whether a packet may leave the school on this ground.
    #[must_use]
    pub const fn may_send(self, ground: Ground, to: Receiver) -> bool {
        let on_the_way = matches!(self, Self::Sent | Self::Received | Self::Answered);
        match ground {
            Ground::Consent => matches!(self, Self::Consented) || on_the_way,
            Ground::Duty => to.by_duty() && !matches!(self, Self::Ended),
            Ground::Emergency => !matches!(self, Self::Ended),
        }
    }
}

/// Without a receipt, or a word from the family, for this long a referral is chased, in microseconds.
pub const RECEIPT_WITHIN: i64 = 3 * DAY;
/// Without an answer for this long it is chased.
pub const ANSWER_WITHIN: i64 = 14 * DAY;

impl ReferralStage {
    /// After this long without a step a referral is chased, whatever the stage: nothing ends by being forgotten.
    #[must_use]
    pub const fn chased_after(self) -> Option<i64> {
        match self {
            Self::Proposed | Self::Talking | Self::Consented | Self::Sent => Some(RECEIPT_WITHIN),
            Self::Refused | Self::Received | Self::Answered | Self::Returning => Some(ANSWER_WITHIN),
            Self::Ended => None,
        }
    }
}

words! {
    /// 同意 or 拒绝
    Consent {
        /// 同意
        Given = "given",
        /// 拒绝
        Refused = "refused",
    }
}

/// What the guardian said, and when. A refusal is kept.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct GuardianSaid {
    /// What.
    pub consent: Consent,
    /// How they were asked: in person, by telephone.
    pub way: String,
    /// When, `2026-11-23T08:00` at the school.
    pub at: String,
    /// Who: the guardian.
    pub who: String,
    /// Their words; after a refusal, what the school does instead.
    pub note: String,
    /// Who wrote it down.
    pub by: PersonId,
}

/// A packet that left the school: what was in it by name, never its text.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Packet {
    /// What was in it.
    pub parts: Vec<Part>,
    /// How it left.
    pub way: PacketWay,
    /// For whom.
    pub to: String,
    /// On what ground.
    pub ground: Ground,
    /// Who made it.
    pub by: PersonId,
    /// When, microseconds UTC.
    pub at: i64,
}

words! {
    /// How a packet leaves.
    PacketWay {
        /// an age file for the receiver's public key
        Key = "key",
        /// an age file under a passphrase that is shown once
        Passphrase = "passphrase",
        /// on paper
        Print = "print",
    }
}

/// Something that can be put in a packet. Each is ticked by a person; nothing is in it by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Name.
    Name,
    /// Sex.
    Sex,
    /// Class.
    Class,
    /// Why the school refers.
    Reason,
    /// What the school did.
    Done,
    /// Whether the student knows.
    StudentKnows,
    /// The level, in the school's words.
    Level,
    /// What the last interview found as risk.
    Risk,
    /// What it found as protection.
    Protective,
    /// A field of the file.
    Of(Field),
}

impl Part {
    /// Everything that can be offered: no group tag and no note is among it.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let own = [
            Self::Name,
            Self::Sex,
            Self::Class,
            Self::Reason,
            Self::Done,
            Self::StudentKnows,
            Self::Level,
            Self::Risk,
            Self::Protective,
        ];
        // What says to which group a family belongs helps no receiver.
        let telling = |field: &Field| matches!(field, Field::Ethnicity | Field::Household | Field::Family);
        let fields = [Compartment::Contact, Compartment::Support].into_iter().flat_map(Field::of);
        let of_file = fields.filter(|field| !telling(field)).map(Self::Of);
        own.into_iter().chain(of_file).collect()
    }

    /// Its stable code.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Name => "p-name",
            Self::Sex => "p-sex",
            Self::Class => "p-class",
            Self::Reason => "p-reason",
            Self::Done => "p-done",
            Self::StudentKnows => "p-student-knows",
            Self::Level => "p-level",
            Self::Risk => "p-risk",
            Self::Protective => "p-protective",
            Self::Of(field) => field.as_str(),
        }
    }

    /// The part with this code.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        Self::all().into_iter().find(|part| part.as_str() == code)
    }
}

impl serde::Serialize for Part {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

impl<'de> serde::Deserialize<'de> for Part {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let code = String::deserialize(from)?;
        Self::parse(&code).ok_or_else(|| serde::de::Error::custom("no part of a packet"))
    }
}

/// What came back from the receiver or the family, of their own will.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Feedback {
    /// What they said, or why nobody said anything.
    pub text: String,
    /// Whether anything was given at all.
    pub given: bool,
    /// When the school calls next.
    #[serde(default)]
    pub next_call: Option<Date>,
    /// Who wrote it down.
    pub by: PersonId,
    /// When, microseconds UTC.
    pub at: i64,
}

words! {
    /// 复学评估: its five steps, in this order (`forms.md` §2.7).
    ReturnStep {
        /// 提交材料
        Submitted = "submitted",
        /// 学校审核
        Reviewed = "reviewed",
        /// 综合评估
        Assessed = "assessed",
        /// 通过 or 不通过
        Decided = "decided",
        /// 返校后跟踪
        Followed = "followed",
    }
}

/// One step of a return-to-school assessment.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ReturnDone {
    /// Which.
    pub step: ReturnStep,
    /// What was found; for the decision, its reasons.
    pub text: String,
    /// The decision.
    #[serde(default)]
    pub passed: Option<bool>,
    /// The support plan that goes with it.
    #[serde(default)]
    pub plan: String,
    /// Who wrote it down.
    pub by: PersonId,
    /// When, microseconds UTC.
    pub at: i64,
}

/// Which step of an assessment comes next; none once it is over.
#[must_use]
pub fn next_return(done: &[ReturnDone]) -> Option<ReturnStep> {
    let Some(last) = done.last() else { return Some(ReturnStep::Submitted) };
    match (last.step, last.passed) {
        (ReturnStep::Decided, Some(true)) => Some(ReturnStep::Followed),
        (ReturnStep::Decided | ReturnStep::Followed, _) => None,
        (step, _) => ReturnStep::ALL.get(step.index() + 1).copied(),
    }
}

/// How an assessment came out so far.
#[must_use]
pub fn return_passed(done: &[ReturnDone]) -> Option<bool> {
    done.iter().find(|one| one.step == ReturnStep::Decided).and_then(|one| one.passed)
}

/// A referral, as it stands sealed.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Referral {
    /// To whom.
    pub to: Receiver,
    /// The institution, and whom to ask for there.
    pub contact: String,
    /// What was seen, and for how long.
    pub reason: String,
    /// What the school did.
    #[serde(default)]
    pub done: String,
    /// Whether the student knows.
    pub student_knows: bool,
    /// Who keeps an eye on it.
    pub follower: PersonId,
    /// What the guardian said, oldest first.
    #[serde(default)]
    pub guardian: Vec<GuardianSaid>,
    /// The packets that left.
    #[serde(default)]
    pub packets: Vec<Packet>,
    /// On what ground it was sent.
    #[serde(default)]
    pub ground: Option<Ground>,
    /// How and with whom the student went; why without consent, where there was none.
    #[serde(default)]
    pub sent: String,
    /// Who confirmed that the student arrived.
    #[serde(default)]
    pub receipt: String,
    /// What came back.
    #[serde(default)]
    pub feedback: Vec<Feedback>,
    /// The assessments for coming back; the last is the present one.
    #[serde(default)]
    pub returns: Vec<Vec<ReturnDone>>,
    /// How it came out.
    #[serde(default)]
    pub outcome: String,
}

unprintable!(Referral, GuardianSaid, Packet, Feedback, ReturnDone);

impl Referral {
    /// The stages to which it can move now: those that follow, less those that its own content forbids.
    #[must_use]
    pub fn moves(&self, stage: ReferralStage) -> Vec<ReferralStage> {
        let returned = self.returns.last().map(Vec::as_slice);
        let may = |next: &ReferralStage| match (stage, next) {
            // Back at school only with an assessment that was passed and followed up; else it goes on outside.
            (ReferralStage::Returning, ReferralStage::Ended) => {
                returned.is_some_and(|done| next_return(done).is_none() && return_passed(done) == Some(true))
            }
            (ReferralStage::Returning, ReferralStage::Answered) => {
                returned.is_none_or(|done| return_passed(done) != Some(true))
            }
            _ => true,
        };
        stage.next().iter().copied().filter(may).collect()
    }

    /// The grounds on which something may leave the school at this stage.
    #[must_use]
    pub fn grounds(&self, stage: ReferralStage) -> BTreeSet<Ground> {
        Ground::ALL.iter().copied().filter(|ground| stage.may_send(*ground, self.to)).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::ReferralStage as S;
    use super::*;

    fn referral(to: Receiver) -> Referral {
        Referral {
            to,
            contact: "市第三医院 青少年门诊".to_owned(),
            reason: "两周睡不好".to_owned(),
            done: String::new(),
            student_knows: true,
            follower: PersonId(Uuid::nil()),
            guardian: Vec::new(),
            packets: Vec::new(),
            ground: None,
            sent: String::new(),
            receipt: String::new(),
            feedback: Vec::new(),
            returns: Vec::new(),
            outcome: String::new(),
        }
    }

    fn step(step: ReturnStep, passed: Option<bool>) -> ReturnDone {
        ReturnDone { step, text: "见材料".to_owned(), passed, plan: String::new(), by: PersonId(Uuid::nil()), at: 0 }
    }

    #[test]
    fn every_stage_can_be_reached_and_every_one_leads_to_the_end() {
        let mut reached = BTreeSet::from([S::Proposed]);
        loop {
            let next: BTreeSet<S> = reached.iter().flat_map(|stage| stage.next()).copied().collect();
            if next.is_subset(&reached) {
                break;
            }
            reached.extend(next);
        }
        assert_eq!(reached.len(), S::ALL.len());
        for stage in S::ALL.iter().filter(|stage| **stage != S::Ended) {
            let mut ways = BTreeSet::from([*stage]);
            for _ in S::ALL {
                ways.extend(ways.clone().iter().flat_map(|stage| stage.next()).copied());
            }
            assert!(ways.contains(&S::Ended), "{stage} is a dead end");
        }
    }

    proptest! {
        /// Whatever people choose, something that went out is received and answered before it ends.
        #[test]
        fn nothing_that_went_out_ends_without_receipt_and_answer(choices in prop::collection::vec(any::<prop::sample::Index>(), 1..40)) {
            let mut walked = vec![S::Proposed];
            for choice in choices {
                let next = walked[walked.len() - 1].next();
                if next.is_empty() {
                    break;
                }
                walked.push(next[choice.index(next.len())]);
            }
            let Some(end) = walked.iter().position(|stage| *stage == S::Ended) else { return Ok(()) };
            prop_assert_eq!(end, walked.len() - 1, "nothing follows the end");
            if let Some(sent) = walked.iter().rposition(|stage| *stage == S::Sent) {
                let after = &walked[sent..];
                let refused = after.contains(&S::Refused);
                let closed = after.contains(&S::Received) && after.contains(&S::Answered);
                prop_assert!(refused || closed, "{walked:?}");
            }
            if walked.contains(&S::Sent) {
                // Out of the school only from a stage in which somebody had decided on it.
                let sent = walked.iter().position(|stage| *stage == S::Sent).unwrap();
                prop_assert!([S::Proposed, S::Talking, S::Consented, S::Refused].contains(&walked[sent - 1]));
            }
        }
    }

    #[test]
    fn without_consent_only_a_duty_or_an_emergency_lets_anything_out() {
        for stage in [S::Proposed, S::Talking, S::Refused] {
            let hospital = referral(Receiver::Hospital).grounds(stage);
            assert_eq!(hospital, BTreeSet::from([Ground::Emergency]), "{stage}");
            let police = referral(Receiver::Police).grounds(stage);
            assert_eq!(police, BTreeSet::from([Ground::Duty, Ground::Emergency]), "{stage}");
        }
        for to in Receiver::ALL {
            assert!(referral(*to).grounds(S::Consented).contains(&Ground::Consent));
            assert!(referral(*to).grounds(S::Ended).is_empty(), "after the end nothing leaves");
            assert_eq!(referral(*to).grounds(S::Talking).contains(&Ground::Duty), to.by_duty());
        }
    }

    #[test]
    fn an_assessment_goes_through_its_five_steps_in_order() {
        let mut done = Vec::new();
        for expected in ReturnStep::ALL {
            assert_eq!(next_return(&done), Some(*expected));
            done.push(step(*expected, (*expected == ReturnStep::Decided).then_some(true)));
        }
        assert_eq!((next_return(&done), return_passed(&done)), (None, Some(true)));
        let mut failed: Vec<_> = done[..3].to_vec();
        failed.push(step(ReturnStep::Decided, Some(false)));
        assert_eq!((next_return(&failed), return_passed(&failed)), (None, Some(false)));
    }

    #[test]
    fn back_at_school_means_passed_and_followed_up() {
        let mut one = referral(Receiver::Hospital);
        assert_eq!(one.moves(S::Returning), [S::Answered]);
        let steps = [ReturnStep::Submitted, ReturnStep::Reviewed, ReturnStep::Assessed];
        let mut done: Vec<ReturnDone> = steps.iter().map(|s| step(*s, None)).collect();
        done.push(step(ReturnStep::Decided, Some(true)));
        one.returns = vec![done.clone()];
        assert_eq!(one.moves(S::Returning), [], "passed, and nobody has looked after the student yet");
        done.push(step(ReturnStep::Followed, None));
        one.returns = vec![done];
        assert_eq!(one.moves(S::Returning), [S::Ended]);
        let failed = steps.iter().map(|s| step(*s, None)).chain([step(ReturnStep::Decided, Some(false))]);
        one.returns = vec![failed.collect()];
        assert_eq!(one.moves(S::Returning), [S::Answered]);
    }

    #[test]
    fn no_group_of_a_student_can_be_put_in_a_packet() {
        let codes: Vec<&str> = Part::all().iter().map(|part| part.as_str()).collect();
        let once: BTreeSet<&str> = codes.iter().copied().collect();
        assert_eq!(once.len(), codes.len());
        for field in Field::of(Compartment::Circumstance).chain([Field::Ethnicity, Field::Household, Field::Family]) {
            assert_eq!(Part::parse(field.as_str()), None, "{field}");
        }
        for part in Part::all() {
            assert_eq!(Part::parse(part.as_str()), Some(part));
        }
        assert_eq!(Part::parse("p-nothing"), None);
    }
}
