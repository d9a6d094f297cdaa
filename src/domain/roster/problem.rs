//! Why a row is refused, and what to look at in a row that is not.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use super::column::Column;

/// The Chinese name of a column that is read, as the national export has it.
pub type ColumnName = &'static str;

/// Reads a column name back; one that no column has is an error.
pub(super) fn column_name<'de, D: Deserializer<'de>>(from: D) -> Result<ColumnName, D::Error> {
    let name = String::deserialize(from)?;
    Column::by_name(&name).map(Column::name).ok_or_else(|| D::Error::custom("no column of a roster"))
}

/// Reads a list of column names back.
pub(super) fn column_names<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<ColumnName>, D::Error> {
    let names = Vec::<String>::deserialize(from)?;
    let known = |name: &String| Column::by_name(name).map(Column::name);
    names.iter().map(|name| known(name).ok_or_else(|| D::Error::custom("no column of a roster"))).collect()
}

/// One fault of one row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The row number that Excel shows, from 1.
    pub line: u32,
    /// The Chinese name of the column at fault.
    #[serde(deserialize_with = "column_name")]
    pub column: ColumnName,
    /// The cause.
    pub problem: Problem,
}

impl Refusal {
    /// A row that is sound in itself and cannot be taken in as the school stands now.
    #[must_use]
    pub const fn by_the_school(line: u32, problem: Problem) -> Self {
        let column = if matches!(problem, Problem::NumberElsewhere) { Column::StudentNumber } else { Column::Class };
        Self { line, column: column.name(), problem }
    }
}

/// Declares the causes that stand alone, so that a cause cannot exist without a code.
macro_rules! causes {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $code:literal),+ $(,)? }
     first { $($(#[$fdoc:meta])* $first:ident = $fcode:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$vdoc])* $variant,)+
            $($(#[$fdoc])* $first {
                /// The row that it collides with, as Excel numbers it.
                first: u32,
            },)+
        }

        impl $name {
            /// Every code, for tests that compare with the locale files.
            pub const CODES: &'static [&'static str] = &[$($code,)+ $($fcode),+];

            /// The stable code, as in the message of this cause.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ $(Self::$first { .. } => $fcode),+ }
            }

            /// The other row of a collision, for `{ $first }` of the message.
            #[must_use]
            pub const fn first_line(self) -> Option<u32> {
                match self { $(Self::$variant => None,)+ $(Self::$first { first } => Some(first)),+ }
            }
        }
    };
}

causes! {
    /// Why a row is refused. The texts for people are `roster-problem-<code>`.
    Problem {
        /// 姓名 is empty
        NameMissing = "name-missing",
        /// 姓名 has no letter in it
        NameInvalid = "name-invalid",
        /// 性别 is empty
        SexMissing = "sex-missing",
        /// 性别 is neither 男 nor 女
        SexUnknown = "sex-unknown",
        /// 出生日期 is empty
        BirthMissing = "birth-missing",
        /// 出生日期 is no date of the calendar
        BirthInvalid = "birth-invalid",
        /// 出生日期 is a date on which no student of this school year was born
        BirthImplausible = "birth-implausible",
        /// 身份证件类型 is none of the known kinds
        IdKindUnknown = "id-kind-unknown",
        /// 身份证件号 is empty
        IdMissing = "id-missing",
        /// 身份证件号 is a number of the first generation, with 15 digits
        IdFifteen = "id-fifteen",
        /// 身份证件号 has not 18 characters
        IdLength = "id-length",
        /// 身份证件号 has characters or a date that no such number has
        IdFormat = "id-format",
        /// 身份证件号 does not fulfil GB 11643
        IdChecksum = "id-checksum",
        /// a long number stored as a floating point value, so that its last digits are gone
        DigitsLost = "digits-lost",
        /// 全国学籍号 has other characters than letters and digits, or an impossible length
        StudentNumberInvalid = "student-number-invalid",
        /// 年级 is empty
        GradeMissing = "grade-missing",
        /// 年级 is none of the nine
        GradeUnknown = "grade-unknown",
        /// 班级 is empty
        ClassMissing = "class-missing",
        /// 班级 has no number from 1 to 99
        ClassUnknown = "class-unknown",
        /// 班级 names another grade than 年级
        ClassOfAnotherGrade = "class-of-another-grade",
        /// 班内学号 is no number from 1 to 999
        SeatInvalid = "seat-invalid",
        /// neither 是 nor 否, or not in the code table of the column
        CodeUnknown = "code-unknown",
        /// 是否留守儿童 is not in the code table
        LeftBehindUnknown = "left-behind-unknown",
        /// 残疾人类型 is not in the code table
        DisabilityUnknown = "disability-unknown",
        /// 资助认定等级 is not in the code table
        AidUnknown = "aid-unknown",
        /// longer than the column allows
        TextTooLong = "text-too-long",
        /// an Excel error such as #REF!
        CellError = "cell-error",
        /// 全国学籍号 belongs to a student on the roll who has another identity number
        NumberElsewhere = "number-elsewhere",
        /// the row is of a class that the importing teacher is not in charge of
        ForeignClass = "foreign-class",
        /// the student is on the roll of a class that the importing teacher is not in charge of
        InAnotherClass = "in-another-class",
        /// the class has left the school
        ClassClosed = "class-closed",
    }
    first {
        /// the same student stands in an earlier row
        DuplicateStudent = "duplicate-student",
        /// the student number belongs to another student
        StudentNumberTaken = "student-number-taken",
        /// the identity number stands in an earlier row with another name and another student number
        IdTaken = "id-taken",
    }
}

/// Something to look at in a row that is taken in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caution {
    /// The row number that Excel shows, from 1.
    pub line: u32,
    /// The Chinese name of the column in doubt.
    #[serde(deserialize_with = "column_name")]
    pub column: ColumnName,
    /// What is in doubt.
    pub doubt: Doubt,
}

causes! {
    /// What is in doubt. The texts for people are `roster-caution-<code>`.
    Doubt {
        /// 出生日期 is not the date within the identity number
        BirthDiffers = "birth-differs",
        /// 性别 is not the one that the identity number says
        SexDiffers = "sex-differs",
    }
    first {
        /// an earlier row has the same identity number and another name
        IdShared = "id-shared",
    }
}
