//! What stands, sealed, in a file: roster rows, the fields of compartments, circumstances, entries, notes.

use std::collections::BTreeMap;

use jiff::civil::Date;
use uuid::Uuid;

use super::gate::fact::Counted;
use super::helping::{Condition, NeedsCard};
use super::ids::{PersonId, StudentId};
use super::session::Session;
use super::unprintable::unprintable;
use super::words::{Boarding, Compartment, Effect, GroupTag, Sex, Way, words};

words! {
    /// The text fields of a file (`forms.md` §2). Each belongs to exactly one compartment.
    Field {
        /// 出生日期
        BirthDate = "birth_date",
        /// 民族
        Ethnicity = "ethnicity",
        /// 户口性质
        Household = "household",
        /// 现住址
        Address = "address",
        /// 联系电话
        Telephone = "telephone",
        /// 家庭结构
        Family = "family",
        /// 家庭成员一: name, relation, telephone, guardian, where they work (province, city)
        CarerOne = "carer_one",
        /// 家庭成员二
        CarerTwo = "carer_two",
        /// 主要照护人
        MainCarer = "main_carer",
        /// 委托照护
        EntrustedCare = "entrusted_care",
        /// 残疾类别与等级、合理便利
        Disability = "disability",
        /// 资助认定与有效期
        Aid = "aid",
        /// 其他困境说明
        CircumstanceNote = "circumstance_note",
        /// 优势与兴趣
        Strengths = "strengths",
        /// 主要表现(客观事实)
        Observed = "observed",
        /// 原因分析
        Causes = "causes",
        /// 需求
        Needs = "needs",
        /// 学生希望得到的帮助: what the student asked for, and from whom
        HelpWanted = "help_wanted",
        /// 目标
        Goals = "goals",
        /// 措施与责任人
        Measures = "measures",
        /// 学生本人的想法 (未成年人保护法 §4: hear the child)
        StudentView = "student_view",
    }
}

impl Field {
    /// The compartment it is sealed in.
    #[must_use]
    pub const fn compartment(self) -> Compartment {
        match self {
            Self::BirthDate
            | Self::Ethnicity
            | Self::Household
            | Self::Address
            | Self::Telephone
            | Self::Family
            | Self::CarerOne
            | Self::CarerTwo
            | Self::MainCarer
            | Self::EntrustedCare => Compartment::Contact,
            Self::Disability | Self::Aid | Self::CircumstanceNote => Compartment::Circumstance,
            Self::Strengths
            | Self::Observed
            | Self::Causes
            | Self::Needs
            | Self::HelpWanted
            | Self::Goals
            | Self::Measures
            | Self::StudentView => Compartment::Support,
        }
    }

    /// The fields of one compartment, in the order of the form.
    pub fn of(compartment: Compartment) -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(move |field| field.compartment() == compartment)
    }

    /// The longest text it takes, in characters.
    #[must_use]
    pub const fn limit(self) -> usize {
        match self {
            Self::BirthDate => 10,
            Self::Ethnicity | Self::Household | Self::Telephone | Self::Family => 40,
            Self::Address | Self::CarerOne | Self::CarerTwo | Self::MainCarer | Self::Aid => 200,
            _ => 2_000,
        }
    }

    /// Whether it is written in several lines.
    #[must_use]
    pub const fn is_long(self) -> bool {
        self.limit() >= 2_000
    }
}

/// One line of a class's roster.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SheetRow {
    /// The student.
    #[serde(rename = "i")]
    pub student: StudentId,
    /// 姓名
    #[serde(rename = "n")]
    pub name: String,
    /// Pinyin initials of the name, for search.
    #[serde(rename = "p")]
    pub initials: String,
    /// 性别
    #[serde(rename = "s")]
    pub sex: Sex,
    /// 班内学号
    #[serde(rename = "k")]
    pub seat: Option<u16>,
    /// 学籍号
    #[serde(rename = "x")]
    pub number: String,
    /// 就读方式
    #[serde(rename = "b")]
    pub boarding: Option<Boarding>,
}

/// One field as it stands.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct FieldValue {
    /// The text.
    pub text: String,
    /// How often it was changed: what an edit form shows it has seen.
    pub version: i64,
    /// Who wrote it; nil when it came with the roster.
    pub by: PersonId,
    /// When, microseconds UTC.
    pub at: i64,
}

words! {
    /// What was decided about a circumstance.
    Standing {
        /// found in the roster or reported; nobody has checked it
        Proposed = "proposed",
        /// checked and true
        Verified = "verified",
        /// checked and not true
        Dismissed = "dismissed",
        /// was true, and is over
        Ended = "ended",
    }
}

/// One group tag of a student, with its basis (`requirements.md` A01).
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Circumstance {
    /// 群体类别
    pub tag: GroupTag,
    /// 依据
    pub basis: String,
    /// 起
    pub since: Option<Date>,
    /// 止
    pub until: Option<Date>,
    /// What was decided.
    pub standing: Standing,
    /// Who decided.
    pub by: PersonId,
    /// When, microseconds UTC.
    pub at: i64,
}

/// The sealed content of one layer of one compartment.
#[derive(Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Layer {
    /// Text fields.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<Field, FieldValue>,
    /// Group tags; in `circumstance` only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub circumstances: Vec<Circumstance>,
    /// The random id of a row in `facts`: in `circumstance` that of the groups, in `support` that of the last home visit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fact: Option<Uuid>,
    /// The random id of the row in `facts` that says from when on nobody helps; in `circumstance` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unaided: Option<Uuid>,
    /// The groups that the child counts in; in `circumstance` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted: Option<Counted>,
}

impl Layer {
    /// Whether a group stands verified.
    #[must_use]
    pub fn has_verified(&self) -> bool {
        self.circumstances.iter().any(|c| c.standing == Standing::Verified)
    }

    /// What people decided, over what the roster proposed: a proposal stays visible until somebody decides on its tag.
    #[must_use]
    pub fn circumstances_over<'a>(&'a self, roster: &'a Self) -> Vec<&'a Circumstance> {
        let decided = |tag| self.circumstances.iter().any(|c| c.tag == tag);
        self.circumstances.iter().chain(roster.circumstances.iter().filter(|c| !decided(c.tag))).collect()
    }
}

/// A tracking entry (`forms.md` §2.1, body 4).
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct EntryText {
    /// 日期
    pub date: Date,
    /// 方式
    pub way: Way,
    /// 内容要点: what happened, as fact
    pub happened: String,
    /// 效果
    pub effect: Effect,
    /// 下一步
    pub next: String,
}

words! {
    /// 形式: how a counselling session was held (`forms.md` §2.8).
    SessionForm {
        /// 面询
        FaceToFace = "face_to_face",
        /// 线上
        Online = "online",
        /// 电话
        Phone = "phone",
        /// 书信
        Letter = "letter",
    }
}

/// A counselling note (`forms.md` §2.8).
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct NoteText {
    /// 日期
    pub date: Date,
    /// 形式
    pub form: SessionForm,
    /// 时长, minutes
    pub minutes: u16,
    /// 主诉, in the student's own words
    pub complaint: String,
    /// 过程与观察
    pub process: String,
    /// 措施与下次计划
    pub plan: String,
    /// 保密例外已告知
    pub limits_told: bool,
    /// The other parts of the record; empty in notes from before they were asked for.
    #[serde(default)]
    pub session: Session,
}

/// What a helper may know of the roster row of the paired student, sealed in the `support` compartment.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Card {
    /// 姓名
    pub name: String,
    /// 性别
    pub sex: Sex,
    /// Entry cohort and number of the class.
    pub class: (i64, i64),
    /// 班内学号
    pub seat: Option<u16>,
    /// Why they were paired, for the helper.
    pub purpose: String,
    /// 帮扶类别
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<Condition>,
    /// What a helper from outside was handed instead of this card.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outside: Option<NeedsCard>,
}

unprintable!(SheetRow, FieldValue, Circumstance, Layer, EntryText, NoteText, Card);
