//! From bytes to the cells of visible worksheets, with a limit on everything that a hostile file could make large.

use std::{
    io::{Cursor, Read},
    panic,
};

use calamine::{DataRef, Reader, SheetType, SheetVisible, Xlsx, XlsxError};
use jiff::civil::Date;

use super::{MAX_CELL_CHARS, MAX_COLUMNS, MAX_FILE_BYTES, MAX_PARTS, MAX_ROWS, MAX_UNPACKED_BYTES, Unreadable, header};

/// The most sheets that are looked at.
const MAX_SHEETS: usize = 64;
/// The most that shared strings may unpack to. They are held in memory whole, each with 24 bytes of its own.
const MAX_STRINGS_BYTES: u64 = 32 << 20;
/// The most that any other part but worksheets and pictures may unpack to.
const MAX_OTHER_BYTES: u64 = 16 << 20;
/// The most elements of the style sheet; Excel itself allows 65,490 cell formats.
const MAX_STYLE_ELEMENTS: usize = 600_000;
/// The most shared strings that the table may announce, because the parser reserves what it announces.
const MAX_STRINGS: u64 = 2_000_000;
/// The most text kept from all cells together, in bytes: twenty times what a full roster has.
const MAX_TEXT_BYTES: usize = 64 << 20;
/// The most cells kept.
const MAX_CELLS: usize = 2_000_000;

/// One cell, as far as a roster needs to know.
#[derive(Clone, PartialEq)]
pub(super) enum Cell {
    Empty,
    Text(String),
    Number(f64),
    Date(Date),
    Bool(bool),
    /// An Excel error such as `#REF!`, or a date that is none.
    Broken,
    /// More than [`MAX_CELL_CHARS`] characters; they are not kept.
    TooLong,
}

/// One row that has cells.
pub(super) struct Line {
    /// The row number that Excel shows, from 1.
    pub number: u32,
    /// Column (from 0) and value, blank ones left out.
    pub cells: Vec<(u32, Cell)>,
}

impl Line {
    /// The cell in a column, from 0.
    pub fn cell(&self, column: u32) -> &Cell {
        self.cells.iter().find(|(at, _)| *at == column).map_or(&Cell::Empty, |(_, cell)| cell)
    }
}

/// One visible worksheet.
pub(super) struct Sheet {
    pub lines: Vec<Line>,
}

/// The visible worksheets of a workbook that keeps within the limits.
pub(super) fn sheets(bytes: &[u8]) -> Result<Vec<Sheet>, Unreadable> {
    if bytes.len() > MAX_FILE_BYTES {
        return Err(Unreadable::TooLarge { megabytes: (MAX_FILE_BYTES >> 20) as u64 });
    }
    recognise(bytes)?;
    // The parsers are other people's code over bytes of unknown origin. They hold nothing but these bytes, so a panic in
    // them leaves no broken state behind; it is one more way to say that the file is damaged.
    panic::catch_unwind(|| {
        weigh(bytes)?;
        parse(bytes)
    })
    .unwrap_or(Err(Unreadable::Damaged))
}

/// Names the usual mistakes by the first bytes.
fn recognise(bytes: &[u8]) -> Result<(), Unreadable> {
    const ZIP: &[u8] = b"PK\x03\x04";
    const COMPOUND: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";
    if bytes.starts_with(ZIP) {
        return Ok(());
    }
    if bytes.starts_with(COMPOUND) {
        // A workbook under a password is a compound file with a stream of this name, in UTF-16.
        let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let encrypted = bytes.windows(name.len()).any(|window| window == name);
        return Err(if encrypted { Unreadable::Encrypted } else { Unreadable::OldExcel });
    }
    let start = &bytes[..bytes.len().min(4096)];
    let is_text = !start.is_empty() && start.iter().all(|b| *b >= b' ' || matches!(b, b'\t' | b'\r' | b'\n'));
    Err(if is_text { Unreadable::TextFile } else { Unreadable::NotAWorkbook })
}

/// Unpacks every part once, into nothing, and counts. The sizes that an archive declares are claims of its maker.
fn weigh(bytes: &[u8]) -> Result<(), Unreadable> {
    let inflates = || Unreadable::Inflates { megabytes: MAX_UNPACKED_BYTES >> 20 };
    if claims_too_many_parts(bytes) {
        return Err(inflates());
    }
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|_| Unreadable::Damaged)?;
    if archive.len() > MAX_PARTS {
        return Err(inflates());
    }
    let mut left = MAX_UNPACKED_BYTES;
    let mut is_workbook = false;
    for index in 0..archive.len() {
        let part = archive.by_index(index).map_err(|_| Unreadable::Damaged)?;
        let name = part.name().map_err(|_| Unreadable::Damaged)?.to_ascii_lowercase();
        is_workbook |= name.ends_with("workbook.xml");
        let is_strings = name.ends_with("sharedstrings.xml");
        let is_styles = name.ends_with("styles.xml");
        let limit = match () {
            () if is_strings => MAX_STRINGS_BYTES,
            () if is_styles => MAX_OTHER_BYTES,
            () if name.contains("worksheets/") || name.contains("media/") => MAX_UNPACKED_BYTES,
            () => MAX_OTHER_BYTES,
        }
        .min(left);
        let mut limited = part.take(limit + 1);
        let size = if is_strings || is_styles {
            let mut content = Vec::new();
            limited.read_to_end(&mut content).map_err(|_| Unreadable::Damaged)?;
            if is_strings && announces_too_many(&content) {
                return Err(inflates());
            }
            if is_styles && content.split(|b| *b == b'<').count() > MAX_STYLE_ELEMENTS {
                return Err(inflates());
            }
            content.len() as u64
        } else {
            std::io::copy(&mut limited, &mut std::io::sink()).map_err(|_| Unreadable::Damaged)?
        };
        if size > limit {
            return Err(inflates());
        }
        left -= size;
    }
    if is_workbook { Ok(()) } else { Err(Unreadable::NotAWorkbook) }
}

/// Whether a directory in the 64-bit form claims more parts than a workbook may have. The archive reader reserves memory
/// for what such a directory claims; the 32-bit form cannot claim more than 65,535.
fn claims_too_many_parts(bytes: &[u8]) -> bool {
    const LOCATOR: &[u8] = b"PK\x06\x07";
    const DIRECTORY: &[u8] = b"PK\x06\x06";
    // The locator stands before the end record, which may carry a comment of 65,535 bytes.
    let tail = &bytes[bytes.len().saturating_sub(66_000)..];
    if !tail.windows(4).any(|window| window == LOCATOR) {
        return false;
    }
    let claims = |record: &[u8]| {
        let count = |range| {
            record.get(range).and_then(|bytes: &[u8]| bytes.try_into().ok()).map_or(u64::MAX, u64::from_le_bytes)
        };
        count(24..32).max(count(32..40))
    };
    bytes.windows(4).enumerate().any(|(at, window)| window == DIRECTORY && claims(&bytes[at..]) > MAX_PARTS as u64)
}

/// Whether a table of shared strings announces more than it may have. The parser reserves memory for the announced
/// number before it reads one string, and a failed reservation of that kind ends the process without a panic.
fn announces_too_many(table: &[u8]) -> bool {
    const ATTRIBUTE: &[u8] = b"uniqueCount";
    // Another encoding could hide the attribute from this search; Excel writes UTF-8, which has no zero bytes.
    if table.contains(&0) {
        return true;
    }
    let mut rest = table;
    while let Some(at) = rest.windows(ATTRIBUTE.len()).position(|window| window == ATTRIBUTE) {
        rest = &rest[at + ATTRIBUTE.len()..];
        let number = rest
            .iter()
            .skip_while(|b| matches!(b, b'=' | b'"' | b'\'' | b'+') || b.is_ascii_whitespace())
            .take_while(|b| b.is_ascii_digit())
            .fold(0_u64, |sum, digit| sum.saturating_mul(10).saturating_add(u64::from(digit - b'0')));
        if number > MAX_STRINGS {
            return true;
        }
    }
    false
}

fn parse(bytes: &[u8]) -> Result<Vec<Sheet>, Unreadable> {
    let mut workbook = Xlsx::new(Cursor::new(bytes)).map_err(|_| Unreadable::Damaged)?;
    let names: Vec<String> = workbook
        .sheets_metadata()
        .iter()
        .filter(|sheet| sheet.typ == SheetType::WorkSheet && sheet.visible == SheetVisible::Visible)
        .map(|sheet| sheet.name.clone())
        .take(MAX_SHEETS)
        .collect();
    if names.is_empty() {
        return Err(Unreadable::NoSheet);
    }
    let mut budget = Budget { cells: MAX_CELLS, text: MAX_TEXT_BYTES };
    names.iter().map(|name| read_sheet(&mut workbook, name, &mut budget)).collect()
}

/// What may still be kept, of all sheets together: many references to one long shared string cost nothing in the file.
struct Budget {
    cells: usize,
    text: usize,
}

impl Budget {
    fn spend(&mut self, cell: &Cell) -> Result<(), Unreadable> {
        let text = if let Cell::Text(text) = cell { text.len() } else { 0 };
        let left = self.cells.checked_sub(1).zip(self.text.checked_sub(text));
        let (cells, text) = left.ok_or(Unreadable::Inflates { megabytes: (MAX_TEXT_BYTES >> 20) as u64 })?;
        *self = Self { cells, text };
        Ok(())
    }
}

/// Streams the cells, so that one stray cell in row 1,048,576 does not become a million rows in memory.
fn read_sheet(workbook: &mut Xlsx<Cursor<&[u8]>>, name: &str, budget: &mut Budget) -> Result<Sheet, Unreadable> {
    let mut lines: Vec<Line> = Vec::new();
    let mut reader = match workbook.worksheet_cells_reader(name) {
        Ok(reader) => reader,
        Err(XlsxError::NotAWorksheet(_)) => return Ok(Sheet { lines }),
        Err(_) => return Err(Unreadable::Damaged),
    };
    while let Some(found) = reader.next_cell().map_err(|_| Unreadable::Damaged)? {
        let (row, column) = found.get_position();
        let cell = convert(found.get_value());
        if cell == Cell::Empty {
            continue;
        }
        if column >= MAX_COLUMNS {
            return Err(Unreadable::TooManyColumns { limit: MAX_COLUMNS });
        }
        budget.spend(&cell)?;
        let number = row.checked_add(1).ok_or(Unreadable::Damaged)?;
        let full = lines.len() > MAX_ROWS + header::SEARCHED;
        match lines.last_mut() {
            Some(line) if line.number == number => line.cells.push((column, cell)),
            Some(line) if line.number > number => return Err(Unreadable::Damaged),
            _ if full => return Err(Unreadable::TooManyRows { limit: MAX_ROWS }),
            _ => lines.push(Line { number, cells: vec![(column, cell)] }),
        }
    }
    Ok(Sheet { lines })
}

fn convert(value: &DataRef<'_>) -> Cell {
    match value {
        DataRef::Empty => Cell::Empty,
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => from_text(text),
        DataRef::SharedString(text) => from_text(text),
        #[expect(clippy::cast_precision_loss, reason = "beyond 2^53 the digits count as lost anyway")]
        DataRef::Int(number) => Cell::Number(*number as f64),
        DataRef::Float(number) => Cell::Number(*number),
        DataRef::Bool(value) => Cell::Bool(*value),
        DataRef::Error(_) => Cell::Broken,
        DataRef::DateTime(serial) if serial.is_duration() => Cell::Number(serial.as_f64()),
        DataRef::DateTime(serial) => {
            let (year, month, day, ..) = serial.to_ymd_hms_milli();
            let parts = (i16::try_from(year), i8::try_from(month), i8::try_from(day));
            let (Ok(year), Ok(month), Ok(day)) = parts else { return Cell::Broken };
            Date::new(year, month, day).map_or(Cell::Broken, Cell::Date)
        }
    }
}

fn from_text(text: &str) -> Cell {
    if text.chars().all(|c| c.is_whitespace() || super::text::is_invisible(c)) {
        Cell::Empty
    } else if text.chars().nth(MAX_CELL_CHARS).is_some() {
        Cell::TooLong
    } else {
        Cell::Text(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_that_announces_billions_of_strings_is_noticed() {
        assert!(announces_too_many(br#"<sst count="1" uniqueCount="90000000000"><si/></sst>"#));
        assert!(announces_too_many(b"<sst uniqueCount = '+99999999999999999999999999'>"));
        assert!(announces_too_many(br#"<!-- uniqueCount="3" --><sst uniqueCount="3000000">"#));
        assert!(announces_too_many(b"<\0s\0s\0t\0"));
        assert!(!announces_too_many(br#"<sst count="44388" uniqueCount="12000">"#));
    }

    #[test]
    fn an_archive_that_claims_billions_of_parts_is_noticed() {
        let archive = |count: u64| {
            let counts = [count.to_le_bytes(), count.to_le_bytes()].concat();
            [b"PK\x06\x06".as_slice(), &[0; 20], &counts, &[0; 16], b"PK\x06\x07", &[0; 16], b"PK\x05\x06", &[0; 18]]
                .concat()
        };
        assert!(claims_too_many_parts(&archive(4_000_000_000)));
        assert!(claims_too_many_parts(b"PK\x06\x06 cut short PK\x06\x07"));
        assert!(!claims_too_many_parts(&archive(10)));
        assert!(!claims_too_many_parts(b"PK\x05\x06"));
    }

    #[test]
    fn text_beyond_the_limit_is_not_kept() {
        assert!(from_text(&"字".repeat(MAX_CELL_CHARS)) == Cell::Text("字".repeat(MAX_CELL_CHARS)));
        assert!(from_text(&"字".repeat(MAX_CELL_CHARS + 1)) == Cell::TooLong);
        assert!(from_text(" \u{3000}\u{200b}\n") == Cell::Empty);
    }
}
