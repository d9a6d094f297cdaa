//! From the bytes of a roster workbook to validated students and named refusals.
//!
//! The workbook has the layout of the national student-record export (全国中小学生学籍信息管理系统): one sheet, one header
//! row, one student per row. Schools edit it by hand, so columns stand in any order and values are spelled in many ways;
//! what has one clear meaning is understood, everything else is refused with row, column and cause, never guessed.
//!
//! Parents' jobs and income are never read, even where a school added such columns: unknown columns are only named.

mod birth;
mod class;
mod code;
mod column;
mod conflict;
mod header;
mod id_number;
mod problem;
mod row;
mod student;
pub(in crate::domain) mod text;
mod unreadable;
mod workbook;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use class::ClassKey;
pub use id_number::{IdKind, IdNumber};
pub use problem::{Caution, ColumnName, Doubt, Problem, Refusal};
pub use student::{Carer, RosterStudent, TagProposal};
pub use unreadable::Unreadable;

/// The largest workbook taken in, in bytes. A roster of 20,000 students has about 4 MB.
pub const MAX_FILE_BYTES: usize = 16 << 20;
/// The most that all parts of a workbook may unpack to, in bytes, counted while unpacking and not as declared.
pub const MAX_UNPACKED_BYTES: u64 = 96 << 20;
/// The most parts that a workbook may have. A roster has about ten.
pub const MAX_PARTS: usize = 1_000;
/// The most rows below the header.
pub const MAX_ROWS: usize = 20_000;
/// The most columns.
pub const MAX_COLUMNS: u32 = 200;
/// The longest text in one cell, in characters; single columns allow less.
pub const MAX_CELL_CHARS: usize = 2_000;

/// What a workbook holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Roster {
    /// The students that can be taken in, in the order of the sheet.
    pub rows: Vec<Row>,
    /// Why other rows cannot be, in the order of the sheet; a row with several faults has several entries.
    pub refused: Vec<Refusal>,
    /// What a person should look at although the row is taken in.
    pub cautions: Vec<Caution>,
    /// Rows that hold no student: blank rows, totals, repeated headers, footnotes.
    pub skipped: usize,
    /// Columns that were not read, as the workbook names them.
    pub ignored_columns: Vec<String>,
    /// Known columns that the workbook does not have: their values are empty in every student.
    #[serde(deserialize_with = "problem::column_names")]
    pub absent_columns: Vec<ColumnName>,
}

impl Roster {
    /// How many rows are refused; a row with several faults counts once.
    #[must_use]
    pub fn refused_rows(&self) -> usize {
        self.refused.chunk_by(|a, b| a.line == b.line).count()
    }
}

/// One student of the sheet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The row number that Excel shows, from 1.
    pub line: u32,
    /// 学校名称, where the sheet says it.
    pub school: Option<String>,
    /// The class.
    pub class: ClassKey,
    /// The student.
    pub student: RosterStudent,
}

/// Reads a roster workbook for the school year that started in autumn `school_year`.
///
/// # Errors
///
/// [`Unreadable`] when the file as a whole is no roster; faults of single rows are in [`Roster::refused`].
pub fn read(bytes: &[u8], school_year: i16) -> Result<Roster, Unreadable> {
    let sheets = workbook::sheets(bytes)?;
    let (sheet, header) = header::find(&sheets)?;
    let body = &sheet.lines[header.position + 1..];
    let Some(last) = body.last() else { return Err(Unreadable::Empty) };
    if body.len() > MAX_ROWS {
        return Err(Unreadable::TooManyRows { limit: MAX_ROWS });
    }

    // Blank rows have no cells, so they show only as gaps between the numbers of the others.
    let span = (last.number - header.line) as usize;
    let mut skipped = span - body.len();
    let mut rows = Vec::with_capacity(body.len());
    let mut refused = Vec::new();
    for line in body {
        let cells = header.cells(line);
        if cells.hold_no_student() {
            skipped += 1;
        } else {
            match row::parse(&cells, school_year) {
                Ok(row) => rows.push(row),
                Err(faults) => refused.extend(faults),
            }
        }
    }
    if rows.is_empty() && refused.is_empty() {
        return Err(Unreadable::Empty);
    }

    let (rows, mut conflicts) = conflict::settle(rows);
    refused.append(&mut conflicts.refused);
    refused.sort_by_key(|refusal| refusal.line);
    let mut cautions: Vec<Caution> = rows.iter().flat_map(row::doubts).collect();
    cautions.append(&mut conflicts.cautions);
    cautions.sort_by_key(|caution| caution.line);
    Ok(Roster {
        rows,
        refused,
        cautions,
        skipped,
        ignored_columns: header.ignored.clone(),
        absent_columns: header.absent(),
    })
}
