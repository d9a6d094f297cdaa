//! Counselling sessions 个案辅导 and groups 团体辅导 (`forms.md` §2.8, `requirements.md` A24).

use jiff::civil::Date;

use super::ids::{GroupId, StudentId};
use super::unprintable::unprintable;
use super::words::words;

words! {
    /// 来源: how the student came to counselling.
    NoteSource {
        /// 自己来
        Student = "student",
        /// 班主任转来
        Homeroom = "homeroom",
        /// 家长
        Guardian = "guardian",
        /// 同学
        Classmate = "classmate",
        /// 心理普测
        Screening = "screening",
        /// 心理信箱
        Box = "box",
        /// 预警
        Warning = "warning",
        /// 团体辅导
        Group = "group",
        /// 其他
        Other = "other",
    }
}

words! {
    /// 问题类型. Sealed; never shown in lists.
    ProblemType {
        /// 学业压力
        Study = "study",
        /// 考试焦虑
        Exams = "exams",
        /// 人际同伴
        Peers = "peers",
        /// 师生
        Teachers = "teachers",
        /// 亲子家庭
        Family = "family",
        /// 情绪低落
        LowMood = "low_mood",
        /// 焦虑
        Anxiety = "anxiety",
        /// 愤怒
        Anger = "anger",
        /// 自我认知
        SelfImage = "self_image",
        /// 青春期与情感
        Adolescence = "adolescence",
        /// 网络使用
        Internet = "internet",
        /// 睡眠饮食
        SleepAndFood = "sleep_and_food",
        /// 丧失哀伤
        Grief = "grief",
        /// 欺凌
        Bullying = "bullying",
        /// 创伤
        Trauma = "trauma",
        /// 适应
        Adjusting = "adjusting",
        /// 行为习惯
        Habits = "habits",
        /// 生涯
        Career = "career",
        /// 其他
        Other = "other",
    }
}

words! {
    /// 严重程度, as the counsellor sees it after this session. Sealed; a warning level is set elsewhere.
    Gravity {
        /// 轻
        Mild = "mild",
        /// 中
        Moderate = "moderate",
        /// 重
        Severe = "severe",
    }
}

/// That an exception to secrecy was used (`forms.md` §2.8): it is recorded, with whom was told and why.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Disclosure {
    /// On which day.
    pub day: Date,
    /// Who was told.
    pub to: String,
    /// Why: what could have happened.
    pub why: String,
}

/// What a counselling note holds besides its plain parts. A note from before these fields has them empty.
#[derive(Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Session {
    /// 地点
    #[serde(skip_serializing_if = "String::is_empty")]
    pub place: String,
    /// 来源
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<NoteSource>,
    /// 辅导目标
    #[serde(skip_serializing_if = "String::is_empty")]
    pub goals: String,
    /// 观察: 情绪、行为、认知、躯体
    #[serde(skip_serializing_if = "String::is_empty")]
    pub observed: String,
    /// 问题类型
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<ProblemType>,
    /// 严重程度
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gravity: Option<Gravity>,
    /// 风险
    #[serde(skip_serializing_if = "String::is_empty")]
    pub risk: String,
    /// 下次时间
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<Date>,
    /// 使用保密例外
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disclosed: Option<Disclosure>,
    /// The group with which it took place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<GroupId>,
}

/// Somebody of a group, as the plan of the group names them.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct GroupMember {
    /// The student.
    pub student: StudentId,
    /// The name on the day they joined.
    pub name: String,
}

/// The plan of a group. Sealed to its counsellor.
#[derive(Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct GroupPlan {
    /// 主题
    pub topic: String,
    /// 目标
    pub goals: String,
    /// 安排: dates and what each meeting is about
    pub plan: String,
    /// Who takes part.
    pub members: Vec<GroupMember>,
}

/// One meeting of a group. Sealed to its counsellor; what concerns one member stands in that member's own note.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct GroupMeeting {
    /// 日期
    pub date: Date,
    /// 时长, minutes
    pub minutes: u16,
    /// 地点
    pub place: String,
    /// 本次主题
    pub theme: String,
    /// 过程
    pub process: String,
    /// Who came.
    pub present: Vec<StudentId>,
}

unprintable!(Disclosure, Session, GroupMember, GroupPlan, GroupMeeting);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::record::NoteText;

    #[test]
    fn a_note_from_before_these_fields_is_still_read_and_an_empty_one_says_no_more() {
        let old = r#"{"date":"2026-11-20","form":"phone","minutes":20,"complaint":"","process":"通话","plan":"","limits_told":true}"#;
        let note: NoteText = serde_json::from_str(old).unwrap();
        assert!(note.session == Session::default());
        assert_eq!(serde_json::to_string(&note).unwrap(), old.replace('}', ",\"session\":{}}"));
    }
}
