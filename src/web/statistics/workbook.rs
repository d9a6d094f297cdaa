//! The same tables as a workbook, to be kept or mailed on: every cell is the text of the page, so that nobody adds up what must
//! not be added up.

use jiff::civil::Date;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, Worksheet, XlsxError};

use super::sheets::Sheet;
use crate::service::{Error, Result};
use crate::web::ui::{Ui, t};

/// The workbook of these tables.
///
/// # Errors
/// It cannot be written.
pub(super) fn file(ui: &Ui, school: &str, day: Option<Date>, sheets: &[Sheet]) -> Result<Vec<u8>> {
    write(ui, school, day, sheets).map_err(|error| Error::Internal(error.into()))
}

fn write(ui: &Ui, school: &str, day: Option<Date>, sheets: &[Sheet]) -> std::result::Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    // The same report is the same file, byte for byte, whenever it is fetched.
    let day_of = day.unwrap_or(Date::ZERO);
    let year = u16::try_from(day_of.year()).unwrap_or(2000).max(2000);
    let made = ExcelDateTime::from_ymd(year, day_of.month().unsigned_abs(), day_of.day().unsigned_abs())?;
    book.set_properties(&DocProperties::new().set_creation_datetime(&made));
    let (bold, wrapped) = (Format::new().set_bold(), Format::new().set_text_wrap());
    if sheets.is_empty() {
        book.add_worksheet().write_string(0, 0, t!(ui, "statistics-nothing"))?;
    }
    for (nth, sheet) in (1..).zip(sheets) {
        let page = book.add_worksheet();
        page.set_name(format!("{nth}"))?;
        page.write_string_with_format(0, 0, school, &bold)?;
        page.write_string_with_format(1, 0, &sheet.title, &bold)?;
        let said = match day {
            Some(day) if sheet.estimates => t!(ui, "statistics-statement", day = ui.civil(&day)),
            _ => t!(ui, "statistics-exact"),
        };
        page.write_string(2, 0, said)?;
        rows(page, sheet, &bold, &wrapped)?;
    }
    book.save_to_buffer()
}

fn rows(page: &mut Worksheet, sheet: &Sheet, bold: &Format, wrapped: &Format) -> std::result::Result<(), XlsxError> {
    for (column, head) in (0..).zip(&sheet.columns) {
        page.set_column_width(column, 24)?;
        page.write_string_with_format(4, column, head, bold)?;
    }
    for (row, (label, cells)) in (5..).zip(&sheet.rows) {
        page.write_string_with_format(row, 0, label, bold)?;
        for (column, cell) in (1..).zip(cells) {
            page.write_string_with_format(row, column, cell, wrapped)?;
        }
    }
    Ok(())
}
