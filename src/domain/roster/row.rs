//! From the cells of one row to a student, or to every fault of the row.

use super::{
    Caution, ClassKey, Doubt, IdNumber, Problem, Refusal, Row, birth, class, code,
    column::Column,
    header::Cells,
    student::{Carer, RosterStudent, TagProposal},
    text,
    workbook::Cell,
};
use crate::domain::words::GroupTag;

/// Reads a row. All its faults are reported at once, so that a teacher corrects a row once.
pub(super) fn parse(cells: &Cells<'_>, school_year: i16) -> Result<Row, Vec<Refusal>> {
    let mut reader = RowReader { cells, faults: Vec::new() };
    let row = reader.row(school_year);
    match row {
        Some(row) if reader.faults.is_empty() => Ok(row),
        _ => Err(reader.faults),
    }
}

/// What a person should look at although the row is taken in: the identity number contradicts its neighbours.
pub(super) fn doubts(row: &Row) -> impl Iterator<Item = Caution> {
    let student = &row.student;
    let differs =
        |other: bool, column: Column, doubt| other.then_some(Caution { line: row.line, column: column.name(), doubt });
    let birth = student.id_number.birth().is_some_and(|birth| birth != student.birth);
    let sex = student.id_number.sex().is_some_and(|sex| sex != student.sex);
    [differs(birth, Column::Birth, Doubt::BirthDiffers), differs(sex, Column::Sex, Doubt::SexDiffers)]
        .into_iter()
        .flatten()
}

struct RowReader<'a> {
    cells: &'a Cells<'a>,
    faults: Vec<Refusal>,
}

impl RowReader<'_> {
    /// The row, or nothing after a fault in a field that a student cannot be without.
    fn row(&mut self, school_year: i16) -> Option<Row> {
        let school = Some(self.prose(Column::School)).filter(|school| !school.is_empty());
        let grade = self.coded(Column::Grade, class::parse_grade);
        let class = match grade {
            Some(grade) => self.coded(Column::Class, |class| class::parse_class(class, grade)),
            None => None,
        };
        let seat = self.coded(Column::Seat, parse_seat);
        let name = self.name();
        let sex = self.coded(Column::Sex, code::sex);
        let birth = birth::parse(self.cells.get(Column::Birth), school_year);
        let birth = self.keep(Column::Birth, birth);
        let id_number = self.id_number();
        let student_number = self.coded(Column::StudentNumber, parse_student_number);
        let boarding = self.coded(Column::Boarding, code::boarding);
        let only_child = self.coded(Column::OnlyChild, code::yes_no);
        let family = self.prose(Column::Family);
        let tags = self.tags(&family);
        let carers = self.carers();
        let (ethnicity, household) = (self.prose(Column::Ethnicity), self.prose(Column::Household));
        let (address, telephone, note) =
            (self.prose(Column::Address), self.prose(Column::Telephone), self.prose(Column::Note));
        Some(Row {
            line: self.cells.line(),
            school,
            class: ClassKey::new(grade?, class?, school_year),
            student: RosterStudent {
                name: name?,
                sex: sex?,
                birth: birth?,
                id_number: id_number?,
                student_number: student_number?,
                seat: seat?,
                boarding: boarding?,
                address,
                telephone,
                carers,
                family,
                ethnicity,
                household,
                only_child: only_child?,
                note,
                tags,
            },
        })
    }

    fn keep<T>(&mut self, column: Column, value: Result<T, Problem>) -> Option<T> {
        value
            .map_err(|problem| self.faults.push(Refusal { line: self.cells.line(), column: column.name(), problem }))
            .ok()
    }

    /// The text of a cell as it stands, within the length of its column.
    fn raw(&mut self, column: Column) -> Option<String> {
        let text = as_text(self.cells.get(column)).and_then(|text| {
            let fits = text.chars().nth(column.longest()).is_none();
            // The limit is for what remains after tidying; padding with spaces is no fault.
            if fits || text::prose(&text).chars().nth(column.longest()).is_none() {
                Ok(text)
            } else {
                Err(Problem::TextTooLong)
            }
        });
        self.keep(column, text)
    }

    fn prose(&mut self, column: Column) -> String {
        self.raw(column).map(|text| text::prose(&text)).unwrap_or_default()
    }

    fn coded<T>(&mut self, column: Column, parse: impl FnOnce(&str) -> Result<T, Problem>) -> Option<T> {
        let text = self.raw(column)?;
        self.keep(column, parse(&text::code(&text)))
    }

    fn name(&mut self) -> Option<String> {
        let name = text::name(&self.raw(Column::Name)?);
        let checked = if name.is_empty() {
            Err(Problem::NameMissing)
        } else if name.chars().any(char::is_alphabetic) {
            Ok(name)
        } else {
            Err(Problem::NameInvalid)
        };
        self.keep(Column::Name, checked)
    }

    fn id_number(&mut self) -> Option<IdNumber> {
        let kind = text::code(&self.raw(Column::IdKind)?);
        let number = text::code(&self.raw(Column::IdNumber)?);
        match IdNumber::parse(&kind, &number) {
            Err(Problem::IdKindUnknown) => self.keep(Column::IdKind, Err(Problem::IdKindUnknown)),
            other => self.keep(Column::IdNumber, other),
        }
    }

    fn tags(&mut self, family: &str) -> Vec<TagProposal> {
        let left_behind = self.coded(Column::LeftBehind, code::left_behind).flatten();
        let orphan = self.coded(Column::Orphan, code::yes_no).flatten() == Some(true);
        let disability = self.coded(Column::Disability, code::disability).flatten();
        let subsidy = self.coded(Column::Subsidy, code::yes_no).flatten() == Some(true);
        let aid = self.coded(Column::AidLevel, code::aid_level).flatten();
        let poor = aid.map(|level| format!("资助认定 {level}")).or_else(|| subsidy.then(|| "享受一补".to_owned()));
        [
            (GroupTag::LeftBehind, left_behind.map(str::to_owned)),
            (GroupTag::SingleParent, family.contains("单亲").then(|| family.to_owned())),
            (GroupTag::Orphan, orphan.then(|| "孤儿".to_owned())),
            (GroupTag::Disabled, disability.map(str::to_owned)),
            (GroupTag::Poor, poor),
        ]
        .into_iter()
        .filter_map(|(tag, basis)| Some(TagProposal { tag, basis: format!("学籍表：{}", basis?) }))
        .collect()
    }

    fn carers(&mut self) -> Vec<Carer> {
        use Column as C;
        let members = [
            [C::Carer1Name, C::Carer1Relation, C::Carer1Telephone, C::Carer1Guardian, C::Carer1Away],
            [C::Carer2Name, C::Carer2Relation, C::Carer2Telephone, C::Carer2Guardian, C::Carer2Away],
        ];
        let mut carers = Vec::with_capacity(members.len());
        for [name, relation, telephone, guardian, away] in members {
            let carer = Carer {
                name: self.raw(name).map(|name| text::name(&name)).unwrap_or_default(),
                relation: self.prose(relation),
                telephone: self.prose(telephone),
                guardian: self.coded(guardian, code::yes_no).flatten().unwrap_or(false),
                away: self.prose(away),
            };
            let says_something =
                [&carer.name, &carer.relation, &carer.telephone, &carer.away].iter().any(|text| !text.is_empty());
            if says_something {
                carers.push(carer);
            }
        }
        carers
    }
}

/// What a person would have typed into the cell.
fn as_text(cell: &Cell) -> Result<String, Problem> {
    // Floating point keeps fifteen digits; what Excel shows of a longer number is not what was typed.
    const EXACT: f64 = 1e15;
    match cell {
        Cell::Empty => Ok(String::new()),
        Cell::Text(text) => Ok(text.clone()),
        Cell::Number(number) if number.abs() < EXACT => Ok(number.to_string()),
        Cell::Number(_) => Err(Problem::DigitsLost),
        Cell::Date(date) => Ok(date.to_string()),
        Cell::Bool(true) => Ok("是".to_owned()),
        Cell::Bool(false) => Ok("否".to_owned()),
        Cell::Broken => Err(Problem::CellError),
        Cell::TooLong => Err(Problem::TextTooLong),
    }
}

fn parse_seat(seat: &str) -> Result<Option<u16>, Problem> {
    let seat = seat.strip_suffix('号').unwrap_or(seat);
    if seat.is_empty() {
        return Ok(None);
    }
    seat.parse().ok().filter(|seat| (1..=999).contains(seat)).map(Some).ok_or(Problem::SeatInvalid)
}

/// A student number, or empty text for a student who has none yet.
fn parse_student_number(number: &str) -> Result<String, Problem> {
    let number = number.trim_start_matches('\'').to_ascii_uppercase();
    let plausible =
        number.is_empty() || ((4..=30).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_alphanumeric()));
    if plausible { Ok(number) } else { Err(Problem::StudentNumberInvalid) }
}
