//! Where the header row is, and which column is what.

use super::{
    Unreadable,
    column::Column,
    text,
    workbook::{Cell, Line, Sheet},
};

/// How many rows from the top may be a title or a note before the header.
pub(super) const SEARCHED: usize = 30;
/// The longest name of an unknown column that is reported.
const LONGEST_NAME: usize = 40;

/// The header row of a sheet.
pub(super) struct Header {
    /// Its position among the lines of the sheet.
    pub position: usize,
    /// The row number that Excel shows.
    pub line: u32,
    /// The columns that are not read, as the workbook names them.
    pub ignored: Vec<String>,
    columns: [Option<u32>; Column::ALL.len()],
}

/// The one sheet that is a roster, with its header.
pub(super) fn find(sheets: &[Sheet]) -> Result<(&Sheet, Header), Unreadable> {
    if sheets.iter().all(|sheet| sheet.lines.is_empty()) {
        return Err(Unreadable::Empty);
    }
    let mut found = None;
    let mut count = 0;
    let mut nearest: Option<Vec<&'static str>> = None;
    for sheet in sheets {
        let mut headers = sheet.lines.iter().take(SEARCHED).enumerate().map(|(i, line)| Header::of(i, line));
        let complete = headers.find_map(|header| {
            let missing = header.missing();
            if missing.is_empty() {
                return Some(header);
            }
            if nearest.as_ref().is_none_or(|nearest| missing.len() < nearest.len()) {
                nearest = Some(missing);
            }
            None
        });
        // An empty form beside the roster is no second roster.
        if let Some(header) = complete {
            let has_rows = header.position + 1 < sheet.lines.len();
            count += usize::from(has_rows);
            if has_rows || found.is_none() {
                found = Some((sheet, header));
            }
        }
    }
    if count > 1 {
        return Err(Unreadable::SeveralRosters { count });
    }
    let (sheet, header) = found.ok_or(Unreadable::NoHeader { missing: nearest.unwrap_or_default() })?;
    header.refuse_repeated(&sheet.lines[header.position])?;
    Ok((sheet, header))
}

impl Header {
    /// Reads the row as if it were the header. A name of the export goes before any other name for the same column.
    fn of(position: usize, line: &Line) -> Self {
        let mut columns = [None; Column::ALL.len()];
        let mut others = Vec::new();
        for (at, cell) in &line.cells {
            let Cell::Text(text) = cell else { continue };
            let name = bare(text);
            match Column::by_name(&name) {
                Some(column) if columns[column as usize].is_none() => columns[column as usize] = Some(*at),
                Some(_) => {}
                None => others.push((*at, name, text)),
            }
        }
        let mut ignored = Vec::new();
        for (at, name, text) in others {
            match Column::by_other_name(&name) {
                Some(column) if columns[column as usize].is_none() => columns[column as usize] = Some(at),
                _ => ignored.push(text::prose(text).chars().take(LONGEST_NAME).collect()),
            }
        }
        Self { position, line: line.number, ignored, columns }
    }

    fn missing(&self) -> Vec<&'static str> {
        self.absent_columns().filter(|column| column.is_required()).map(Column::name).collect()
    }

    /// The known columns that the sheet does not have.
    pub fn absent(&self) -> Vec<&'static str> {
        self.absent_columns().map(Column::name).collect()
    }

    fn absent_columns(&self) -> impl Iterator<Item = Column> {
        Column::ALL.iter().copied().filter(|column| self.columns[*column as usize].is_none())
    }

    fn refuse_repeated(&self, line: &Line) -> Result<(), Unreadable> {
        for (at, cell) in &line.cells {
            let Cell::Text(text) = cell else { continue };
            if let Some(column) = Column::by_name(&bare(text))
                && self.columns[column as usize] != Some(*at)
            {
                return Err(Unreadable::ColumnTwice { column: column.name() });
            }
        }
        Ok(())
    }

    /// The cells of a row by what they mean.
    pub fn cells<'a>(&'a self, line: &'a Line) -> Cells<'a> {
        Cells { line, columns: &self.columns }
    }
}

/// The name of a column without stars and notes: `*出生日期（yyyy-mm-dd）` is 出生日期.
fn bare(text: &str) -> String {
    let mut depth = 0_u32;
    text::code(text)
        .chars()
        .filter(|c| match c {
            '(' | '[' | '【' => {
                depth += 1;
                false
            }
            ')' | ']' | '】' => {
                depth = depth.saturating_sub(1);
                false
            }
            '*' | ':' => false,
            _ => depth == 0,
        })
        .collect()
}

/// The cells of one row by what they mean.
pub(super) struct Cells<'a> {
    line: &'a Line,
    columns: &'a [Option<u32>; Column::ALL.len()],
}

impl Cells<'_> {
    /// The row number that Excel shows.
    pub fn line(&self) -> u32 {
        self.line.number
    }

    /// The cell of this column; empty where the sheet does not have it.
    pub fn get(&self, column: Column) -> &Cell {
        self.columns[column as usize].map_or(&Cell::Empty, |at| self.line.cell(at))
    }

    /// Whether this row is a total, a header printed again or a footnote. Anything with an identity number or student
    /// number is a student, so that a spoiled row is refused and never passed over in silence.
    pub fn hold_no_student(&self) -> bool {
        const TOTALS: &[&str] = &["合计", "总计", "小计", "共计", "总人数"];
        const FOOTNOTES: &[&str] = &[
            "填表人",
            "制表人",
            "填报人",
            "审核人",
            "经办人",
            "负责人",
            "填表日期",
            "填报日期",
            "制表日期",
            "填表说明",
            "说明:",
            "注:",
            "备注:",
        ];
        let texts = || {
            self.line
                .cells
                .iter()
                .filter_map(|(_, cell)| if let Cell::Text(text) = cell { Some(text::code(text)) } else { None })
        };
        let name = if let Cell::Text(text) = self.get(Column::Name) { text::code(text) } else { String::new() };
        if bare(&name) == "姓名" || bare(&name) == "学生姓名" {
            return true;
        }
        if self.get(Column::IdNumber) != &Cell::Empty || self.get(Column::StudentNumber) != &Cell::Empty {
            return false;
        }
        let is_total = |text: &str| text.chars().count() <= 20 && TOTALS.iter().any(|total| text.contains(total));
        let no_person = name.is_empty() || is_total(&name) || name.chars().any(|c| c.is_ascii_digit());
        no_person
            && (texts().any(|text| is_total(&text))
                || (self.get(Column::Birth) == &Cell::Empty
                    && texts().next().is_some_and(|text| FOOTNOTES.iter().any(|footnote| text.starts_with(footnote)))))
    }
}
