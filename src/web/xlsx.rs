//! Workbooks for those who go on with figures in their own programs.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, XlsxError};

use super::problem::{Problem, ProblemKind};

/// A cell of a workbook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cell {
    /// Words.
    Text(String),
    /// A number that can be added up.
    Number(i64),
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

/// A sheet of a workbook: its name and its rows, of which the first is the head.
pub(super) type Sheet = (String, Vec<Vec<Cell>>);

/// A workbook as an answer. Its file name says what it is and never of whom, and the same sheets on the same day are the same file.
///
/// # Errors
/// A defect of this program: a name of a sheet that Excel does not take.
pub(super) fn workbook(file: &str, day: Date, sheets: Vec<Sheet>) -> Result<Response, Problem> {
    let bytes = written(day, sheets).map_err(|error| Problem::because(ProblemKind::Internal, &error.into()))?;
    Ok(answer(file, bytes))
}

/// The bytes of a workbook as an answer.
pub(super) fn answer(file: &str, bytes: Vec<u8>) -> Response {
    let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet".to_owned();
    let disposition = format!("attachment; filename=\"{file}.xlsx\"");
    ([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, disposition)], bytes).into_response()
}

fn written(day: Date, sheets: Vec<Sheet>) -> Result<Vec<u8>, XlsxError> {
    let bold = Format::new().set_bold();
    let mut workbook = Workbook::new();
    // Of itself it would say in which second it was made.
    let year = u16::try_from(day.year()).unwrap_or(2000);
    let made = ExcelDateTime::from_ymd(year, day.month().unsigned_abs(), day.day().unsigned_abs())?;
    workbook.set_properties(&DocProperties::new().set_creation_datetime(&made));
    for (name, rows) in sheets {
        let sheet = workbook.add_worksheet();
        // A name of at most 31 letters, without the signs that formulas use.
        let name: String = name.chars().filter(|c| !"[]:*?/\\'".contains(*c)).take(31).collect();
        sheet.set_name(name)?;
        for (number, row) in (0_u32..).zip(rows) {
            for (column, cell) in (0_u16..).zip(row) {
                match cell {
                    Cell::Text(text) if number == 0 => sheet.write_string_with_format(number, column, text, &bold)?,
                    Cell::Text(text) => sheet.write_string(number, column, text)?,
                    #[expect(clippy::cast_precision_loss, reason = "counts of a school are far below 2^52")]
                    Cell::Number(value) => sheet.write_number(number, column, value as f64)?,
                };
            }
        }
        sheet.autofit();
    }
    workbook.save_to_buffer()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_workbook_is_a_zip_with_its_sheets_whatever_their_names_hold() {
        let rows =
            vec![vec!["学校".to_owned().into(), "人数".to_owned().into()], vec!["石门".to_owned().into(), 26.into()]];
        let bytes = written(date(2026, 11, 23), vec![("未成年人/合规[2026]".to_owned(), rows)]).unwrap();
        assert_eq!(bytes[..2], *b"PK");
    }
}
