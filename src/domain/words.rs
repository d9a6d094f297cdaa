//! The closed words of the product: roles, relations, kinds, actions and the coded values of the forms.
//!
//! Each enum knows its stable code (`as_str`), which is what the database, `policy.csv` and the locale files hold, and
//! can be read back from it (`parse`). The Chinese and English words for people live in the locale files only.

/// A stored code that is none of the words of its enum. Names the enum, never the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a stored value is no {words}")]
pub struct UnknownWord {
    /// The enum that was expected.
    pub words: &'static str,
}

/// Declares a closed enum with a stable text code for each variant.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $code:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $code)] $variant),+ }

        impl $name {
            /// Every value, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stable code of this value.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            /// The value with this code, if there is one.
            #[must_use]
            pub fn parse(code: &str) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)+ _ => None }
            }

            /// The position of this value in [`Self::ALL`], for tables indexed by it.
            #[must_use]
            pub const fn index(self) -> usize { self as usize }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(self.as_str()) }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::domain::words::UnknownWord;
            fn try_from(code: String) -> std::result::Result<Self, $crate::domain::words::UnknownWord> {
                Self::parse(&code).ok_or($crate::domain::words::UnknownWord { words: stringify!($name) })
            }
        }
    };
}

pub(crate) use words;

words! {
    /// What a person is at the school (`words.md` §7.1). A person may hold several.
    Role {
        /// 心理教师
        Counsellor = "counsellor",
        /// 班主任
        HomeroomTeacher = "homeroom_teacher",
        /// 科任教师
        SubjectTeacher = "subject_teacher",
        /// 年级组长
        GradeHead = "grade_head",
        /// 德育主任
        MoralEdDirector = "moral_ed_director",
        /// 结对帮扶教师
        Helper = "helper",
        /// 社会帮扶人员
        ExternalHelper = "external_helper",
        /// 包案领导: a grant on one file, never a standing role
        CaseLeader = "case_leader",
        /// 校医
        SchoolDoctor = "school_doctor",
        /// 资助专员
        AidOfficer = "aid_officer",
        /// 校领导
        SchoolLeader = "school_leader",
        /// 教育局
        DistrictOfficer = "district_officer",
        /// 个人信息保护负责人
        PrivacyOfficer = "privacy_officer",
        /// 系统管理员
        SysAdmin = "sys_admin",
    }
}

impl Role {
    /// The roles that an administrator can give today: those whose pages exist.
    pub const ASSIGNABLE: &'static [Self] = &[
        Self::Counsellor,
        Self::HomeroomTeacher,
        Self::SubjectTeacher,
        Self::GradeHead,
        Self::MoralEdDirector,
        Self::Helper,
        Self::SchoolDoctor,
        Self::AidOfficer,
        Self::ExternalHelper,
        Self::SchoolLeader,
        Self::PrivacyOfficer,
        Self::SysAdmin,
    ];

    /// The roles that the administrator of the district can give: none of them leads to a student.
    pub const ASSIGNABLE_AT_DISTRICT: &'static [Self] = &[Self::DistrictOfficer, Self::PrivacyOfficer, Self::SysAdmin];

    /// The roles that can be given at a school, or at the district.
    #[must_use]
    pub const fn assignable(at: SchoolKind) -> &'static [Self] {
        match at {
            SchoolKind::School => Self::ASSIGNABLE,
            SchoolKind::District => Self::ASSIGNABLE_AT_DISTRICT,
        }
    }

    /// Whether a school that demands two steps at a sign-in demands them of this role: its offices hold the keys of every file,
    /// or it administers accounts and the trail.
    #[must_use]
    pub const fn needs_two_steps(self) -> bool {
        matches!(self, Self::Counsellor | Self::MoralEdDirector | Self::PrivacyOfficer | Self::SysAdmin)
    }

    /// Whether the role is held for one class rather than for the whole school.
    #[must_use]
    pub const fn is_for_a_class(self) -> bool {
        matches!(self, Self::HomeroomTeacher | Self::SubjectTeacher)
    }
}

words! {
    /// What an organisation of the installation is.
    SchoolKind {
        /// 学校
        School = "school",
        /// 教育局: sees figures and process, and has no student, class or box of its own
        District = "district",
    }
}

words! {
    /// How a person stands to one file or thing, computed in Rust from facts.
    Relation {
        /// homeroom teacher of the student's class
        OwnClass = "own_class",
        /// teaches a subject in the student's class
        Teaches = "teaches",
        /// an active pairing with the student
        Paired = "paired",
        /// the leader of this student's crisis case
        CaseLeader = "case_leader",
        /// wrote the record in question
        Author = "author",
        /// holds a named, dated grant on the file
        Granted = "granted",
        /// it is the person's own account, session or draft
        Own = "own",
        /// belongs to the same school
        SameSchool = "same_school",
        /// none of these
        None = "none",
    }
}

words! {
    /// What a request is about: the seven compartments of a file, and the things of the house around it.
    Kind {
        /// 名册
        Roster = "roster",
        /// 联系与家庭
        Contact = "contact",
        /// 困境情况
        Circumstance = "circumstance",
        /// 帮扶
        Support = "support",
        /// 预警
        Warning = "warning",
        /// 辅导
        Counselling = "counselling",
        /// 特别限制
        Restricted = "restricted",
        /// published counts
        Statistics = "statistics",
        /// classes and terms
        Structure = "structure",
        /// accounts, roles and invitations
        Staff = "staff",
        /// pairings of helpers with students
        Pairing = "pairing",
        /// audit lines and chain state
        Audit = "audit",
        /// who opened one file
        Views = "views",
        /// membership of offices: who holds which key
        Keys = "keys",
        /// a person's own account, sessions and drafts
        Account = "account",
        /// 知会: the least that somebody must know about a warning in order to act
        Brief = "brief",
        /// 心理信箱: what students wrote without an account, and the answers
        Box = "box",
        /// appointments of the counselling room
        Appointment = "appointment",
        /// 销毁: the destruction of a file
        Erasure = "erasure",
        /// 联席会议: what schools and district say to each other
        Meeting = "meeting",
        /// 督查: what the district asks the schools, and their answers
        Supervision = "supervision",
        /// 合规审计: the yearly pack and the register of incidents
        Compliance = "compliance",
    }
}

impl Kind {
    /// Whether it is about students: the compartments of a file, and what the house keeps around them.
    #[must_use]
    pub const fn is_of_a_child(self) -> bool {
        match self {
            Self::Roster
            | Self::Contact
            | Self::Circumstance
            | Self::Support
            | Self::Warning
            | Self::Counselling
            | Self::Restricted
            | Self::Views
            | Self::Pairing
            | Self::Brief
            | Self::Box
            | Self::Appointment
            | Self::Erasure => true,
            Self::Statistics
            | Self::Structure
            | Self::Staff
            | Self::Audit
            | Self::Keys
            | Self::Account
            | Self::Meeting
            | Self::Supervision
            | Self::Compliance => false,
        }
    }
}

words! {
    /// The compartments of a file that have a key of their own (design §2).
    Compartment {
        /// 名册, keyed per class
        Roster = "roster",
        /// 联系与家庭
        Contact = "contact",
        /// 困境情况
        Circumstance = "circumstance",
        /// 帮扶
        Support = "support",
        /// 预警
        Warning = "warning",
        /// 辅导, keyed per file and counsellor
        Counselling = "counselling",
        /// 特别限制
        Restricted = "restricted",
    }
}

impl Compartment {
    /// The policy word for this compartment.
    #[must_use]
    pub const fn kind(self) -> Kind {
        match self {
            Self::Roster => Kind::Roster,
            Self::Contact => Kind::Contact,
            Self::Circumstance => Kind::Circumstance,
            Self::Support => Kind::Support,
            Self::Warning => Kind::Warning,
            Self::Counselling => Kind::Counselling,
            Self::Restricted => Kind::Restricted,
        }
    }
}

words! {
    /// What a person does with a thing.
    Action {
        /// read it
        Read = "read",
        /// change it
        Write = "write",
        /// add a line that stays as it is
        Append = "append",
        /// write a sealed record that the writer cannot read back
        Report = "report",
        /// take in a roster workbook
        Import = "import",
        /// make, change and end things of the house (classes, accounts, pairings)
        Manage = "manage",
        /// let a colleague into an office by wrapping its key
        Admit = "admit",
        /// give the second of two signatures: to lowering a level, to closing a case
        Sign = "sign",
    }
}

words! {
    /// A group of key holders with a key pair of its own (design §4).
    OfficeKind {
        /// the counselling office of a school
        Counselling = "counselling",
        /// the homeroom of one class
        Homeroom = "homeroom",
        /// the moral-education office of a school
        MoralEd = "moral_ed",
        /// the subject teachers of one class: its roster and nothing else
        Teachers = "teachers",
        /// the office of the district
        District = "district",
    }
}

words! {
    /// 群体类别: why a student is looked after (`forms.md` §2). Sealed; never shown in lists.
    GroupTag {
        /// 留守
        LeftBehind = "left_behind",
        /// 单亲
        SingleParent = "single_parent",
        /// 孤儿
        Orphan = "orphan",
        /// 事实无人抚养
        Unattended = "unattended",
        /// 残疾
        Disabled = "disabled",
        /// 贫困
        Poor = "poor",
        /// 情绪
        Emotional = "emotional",
        /// 行为
        Behaviour = "behaviour",
    }
}

words! {
    /// 性别
    Sex {
        /// 男
        Male = "male",
        /// 女
        Female = "female",
    }
}

words! {
    /// 就读方式
    Boarding {
        /// 走读
        Day = "day",
        /// 住校
        Boarder = "boarder",
    }
}

words! {
    /// 方式: how a tracking entry came about (`forms.md` §2.1, body 4).
    Way {
        /// 谈心
        Talk = "talk",
        /// 家访
        HomeVisit = "home_visit",
        /// 电话
        Phone = "phone",
        /// 课业辅导
        Tutoring = "tutoring",
        /// 活动
        Activity = "activity",
        /// 物资帮助
        MaterialHelp = "material_help",
        /// 转介
        Referral = "referral",
    }
}

words! {
    /// 效果 (`words.md` §7.5).
    Effect {
        /// 明显好转
        MuchBetter = "much_better",
        /// 有所好转
        Better = "better",
        /// 无明显变化
        Unchanged = "unchanged",
        /// 反复或加重
        Worse = "worse",
    }
}

words! {
    /// Where a file stands (`words.md` §7.3). `Enrolled` is a student on the roll without an open file.
    FileStatus {
        /// on the roll, no file opened
        Enrolled = "enrolled",
        /// 核实中
        Verifying = "verifying",
        /// 不纳入
        NotTaken = "not_taken",
        /// 帮扶中
        InSupport = "in_support",
        /// 效果评估
        Review = "review",
        /// 结案
        Closed = "closed",
        /// 跟踪观察
        Watch = "watch",
        /// 封存
        SealedAway = "sealed_away",
    }
}

impl FileStatus {
    /// Whether the student carries the neutral mark 关爱对象: a file is open and being worked on.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Verifying | Self::InSupport | Self::Review | Self::Watch)
    }

    /// The states a worker may move the file to from here.
    #[must_use]
    pub const fn next(self) -> &'static [Self] {
        match self {
            Self::Enrolled | Self::NotTaken => &[Self::Verifying, Self::InSupport],
            Self::Verifying => &[Self::InSupport, Self::NotTaken],
            Self::InSupport => &[Self::Review, Self::Closed],
            Self::Closed => &[Self::Watch, Self::InSupport],
            Self::Review | Self::Watch => &[Self::InSupport, Self::Closed],
            Self::SealedAway => &[],
        }
    }
}

words! {
    /// The languages of the pages.
    Language {
        /// Simplified Chinese, the default
        ZhCn = "zh-CN",
        /// English
        En = "en",
    }
}
