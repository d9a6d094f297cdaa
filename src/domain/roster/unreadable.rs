//! Why a file as a whole is no roster.

use serde::Serialize;

/// Why a file as a whole cannot be read as a roster. The texts for people are `roster-unreadable-<code>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
pub enum Unreadable {
    /// Neither a workbook nor anything else that we can name.
    #[error("not an xlsx workbook")]
    NotAWorkbook,
    /// Text, most likely CSV or a web page with the name of a workbook.
    #[error("a text file, not an xlsx workbook")]
    TextFile,
    /// The format of Excel 97 to 2003.
    #[error("an xls workbook of Excel 97-2003")]
    OldExcel,
    /// A workbook that opens only with a password.
    #[error("a workbook under a password")]
    Encrypted,
    /// A workbook that starts well and cannot be read to its end.
    #[error("a damaged workbook")]
    Damaged,
    /// More bytes than [`super::MAX_FILE_BYTES`].
    #[error("more than {megabytes} MB")]
    TooLarge {
        /// The limit.
        megabytes: u64,
    },
    /// Unpacks to more than a roster can have: [`super::MAX_UNPACKED_BYTES`], [`super::MAX_PARTS`] or the text of all cells.
    #[error("unpacks to more than {megabytes} MB")]
    Inflates {
        /// The limit.
        megabytes: u64,
    },
    /// More than [`super::MAX_ROWS`] rows.
    #[error("more than {limit} rows")]
    TooManyRows {
        /// The limit.
        limit: usize,
    },
    /// More than [`super::MAX_COLUMNS`] columns.
    #[error("more than {limit} columns")]
    TooManyColumns {
        /// The limit.
        limit: u32,
    },
    /// A workbook without a worksheet.
    #[error("no worksheet")]
    NoSheet,
    /// No row has all the required columns.
    #[error("no header row; missing {missing:?}")]
    NoHeader {
        /// The required columns that the best candidate lacks.
        missing: Vec<&'static str>,
    },
    /// A column of the header occurs twice, and which one counts is not for us to guess.
    #[error("column {column} occurs twice")]
    ColumnTwice {
        /// The column.
        column: &'static str,
    },
    /// Several visible sheets are rosters; reading one of them would silently lose the others.
    #[error("{count} sheets are rosters")]
    SeveralRosters {
        /// How many.
        count: usize,
    },
    /// No student below the header, or nothing in the workbook.
    #[error("no students")]
    Empty,
}

impl Unreadable {
    /// Every code, for tests that compare with the locale files.
    pub const CODES: &'static [&'static str] = &[
        "not-a-workbook",
        "text-file",
        "old-excel",
        "encrypted",
        "damaged",
        "too-large",
        "inflates",
        "too-many-rows",
        "too-many-columns",
        "no-sheet",
        "no-header",
        "column-twice",
        "several-rosters",
        "empty",
    ];

    /// The stable code, as in the message `roster-unreadable-<code>`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotAWorkbook => "not-a-workbook",
            Self::TextFile => "text-file",
            Self::OldExcel => "old-excel",
            Self::Encrypted => "encrypted",
            Self::Damaged => "damaged",
            Self::TooLarge { .. } => "too-large",
            Self::Inflates { .. } => "inflates",
            Self::TooManyRows { .. } => "too-many-rows",
            Self::TooManyColumns { .. } => "too-many-columns",
            Self::NoSheet => "no-sheet",
            Self::NoHeader { .. } => "no-header",
            Self::ColumnTwice { .. } => "column-twice",
            Self::SeveralRosters { .. } => "several-rosters",
            Self::Empty => "empty",
        }
    }

    /// The value for `{ $detail }` of the message: a limit, a count or the names of columns; empty where it has none.
    #[must_use]
    pub fn detail(&self) -> String {
        match self {
            Self::TooLarge { megabytes } | Self::Inflates { megabytes } => megabytes.to_string(),
            Self::TooManyRows { limit } => limit.to_string(),
            Self::TooManyColumns { limit } => limit.to_string(),
            Self::NoHeader { missing } => missing.join("、"),
            Self::ColumnTwice { column } => (*column).to_owned(),
            Self::SeveralRosters { count } => count.to_string(),
            Self::NotAWorkbook
            | Self::TextFile
            | Self::OldExcel
            | Self::Encrypted
            | Self::Damaged
            | Self::NoSheet
            | Self::Empty => String::new(),
        }
    }
}
