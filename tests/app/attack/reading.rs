//! What the attacker reads in what he fetched: tables, charts and workbooks, as numbers.

use std::io::Cursor;

use calamine::{Reader as _, Xlsx};
use scraper::{ElementRef, Html, Selector};
use yice::domain::gate::figure::{Figure, LEAST};
use yice::domain::gate::menu::{Cell, LEVELS, Profile, STEPS, Visit};
use yice::domain::gate::release::scale;
use yice::domain::process::ProcessFigure;
use yice::domain::warning::LabelScheme;
use yice::domain::words::{GroupTag, Language, Sex};
use yice::web::chart::{Bar, BarChart, BarGrid, GridRow, Trend, TrendRow};
use yice::web::format;
use yice::web::ui::Ui;

use super::planted::{Number, Report, Shown, deviation, shown};
use super::school::DAYS;

/// A table as it stands on a page or in a workbook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    /// Its heading.
    pub title: String,
    /// The heads of its columns.
    pub columns: Vec<String>,
    /// Its rows: label and cells.
    pub rows: Vec<(String, Vec<String>)>,
    /// What is said under it.
    pub said: String,
}

/// What a cell says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Read {
    /// An estimate.
    Estimate(Figure),
    /// A plain number: exact.
    Exact(u32),
    /// No number.
    Nothing,
}

impl Read {
    /// Whether it is an estimate.
    pub const fn is_estimate(self) -> bool {
        matches!(self, Self::Estimate(_))
    }

    /// The number of an estimate, where it is shown.
    const fn about(self) -> Option<u32> {
        match self {
            Self::Estimate(figure) => figure.about(),
            Self::Exact(_) | Self::Nothing => None,
        }
    }
}

/// The numbers of a page.
pub struct Numbers {
    /// By cell.
    pub report: Report,
    /// How each stands on the page.
    pub figures: Vec<(Cell, Read)>,
    /// How many of each group have a helper, as the page derives it.
    pub helped: Vec<(GroupTag, Read)>,
    /// What is shown again of this report and those before it.
    pub trends: Vec<(usize, Cell, Read)>,
    /// The roll by cohort, exact.
    pub roll: Vec<(i64, u32)>,
    /// Numbers of the work, exact.
    pub process: Vec<(ProcessFigure, Option<u32>)>,
    /// For the district: the schools beside each other.
    pub schools: Vec<Beside>,
}

/// A school beside others.
pub struct Beside {
    /// Its name.
    pub name: String,
    /// Its roll, exact.
    pub roll: u32,
    /// Its groups.
    pub groups: Vec<(GroupTag, Read)>,
}

/// Reads the text of a cell.
pub fn figure(text: &str) -> Read {
    let text: String = text.chars().filter(|c| !['\u{2068}', '\u{2069}', ','].contains(c)).collect();
    let digits: Vec<u32> = text
        .split(|c: char| !c.is_ascii_digit())
        .filter(|run| !run.is_empty())
        .map(|run| run.parse().unwrap())
        .collect();
    match digits[..] {
        [least] if least == LEAST && ["少于10", "fewer than 10"].contains(&text.as_str()) => {
            Read::Estimate(Figure::Few)
        }
        [about, low, high]
            if [format!("约 {about}（可能 {low}–{high}）"), format!("about {about} (likely {low}–{high})")]
                .contains(&text) =>
        {
            Read::Estimate(Figure::About { about, low, high })
        }
        [exact] if text == exact.to_string() => Read::Exact(exact),
        _ => Read::Nothing,
    }
}

fn select<'a>(within: ElementRef<'a>, selector: &str) -> Vec<ElementRef<'a>> {
    within.select(&Selector::parse(selector).unwrap()).collect()
}

fn text(element: ElementRef<'_>) -> String {
    element.text().collect::<String>().trim().to_owned()
}

fn texts(within: ElementRef<'_>, selector: &str) -> Vec<String> {
    select(within, selector).into_iter().map(text).collect()
}

/// The tables of a page.
pub fn page(source: &str) -> Vec<Sheet> {
    let html = Html::parse_document(source);
    let row = |row: ElementRef<'_>| (texts(row, "th").remove(0), texts(row, "td"));
    let sheet = |section: ElementRef<'_>| Sheet {
        title: texts(section, "h2").remove(0),
        columns: texts(section, "thead th"),
        rows: select(section, "tbody tr").into_iter().map(row).collect(),
        said: texts(section, "p.hint").remove(0),
    };
    select(html.root_element(), "main section").into_iter().map(sheet).collect()
}

/// The tables of a workbook.
pub fn workbook(bytes: &[u8]) -> Vec<Sheet> {
    let mut book: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(bytes.to_vec())).unwrap();
    let names = book.sheet_names();
    let sheet = |name: &String| {
        let range = book.worksheet_range(name).unwrap();
        let rows: Vec<Vec<String>> = range.rows().map(|row| row.iter().map(ToString::to_string).collect()).collect();
        let filled = |row: &Vec<String>| row.iter().filter(|text| !text.is_empty()).cloned().collect::<Vec<_>>();
        Sheet {
            title: rows[1][0].clone(),
            columns: filled(&rows[4]),
            rows: rows[5..].iter().map(|row| (row[0].clone(), filled(row)[1..].to_vec())).collect(),
            said: rows[2][0].clone(),
        }
    };
    names.iter().map(sheet).collect()
}

/// A page without its estimates: their cells and the charts drawn of them are left out.
pub fn without_estimates(source: &str) -> String {
    const CELL: &str = "<td class=\"number\">";
    let mut parts = source.split(CELL);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (cell, rest) = part.split_once("</td>").unwrap();
        out.push_str(CELL);
        out.push_str(if figure(cell).is_estimate() { "‹figure›" } else { cell });
        out.push_str("</td>");
        out.push_str(rest);
    }
    let mut charts = out.split("<svg ");
    let mut plain = charts.next().unwrap_or_default().to_owned();
    for chart in charts {
        plain.push_str("‹chart›");
        plain.push_str(chart.split_once("</svg>").unwrap().1);
    }
    plain
}

/// What the charts of a page are, made of nothing but the texts of its tables: how often such a drawing is not on the page.
pub fn charts_that_say_something_else(source: &str) -> usize {
    let html = Html::parse_document(source);
    let sheets = page(source);
    let mut drawn = 0;
    let sections = select(html.root_element(), "main section");
    let mut wrong = 0;
    for (section, sheet) in sections.into_iter().zip(&sheets) {
        let Some(title) = select(section, "svg > title").into_iter().next() else { continue };
        drawn += 1;
        let id = title.attr("id").unwrap().strip_suffix("-title").unwrap();
        let desc = texts(section, "svg > desc").remove(0);
        wrong += usize::from(!source.contains(chart(sheet, id, desc).trim()));
    }
    // A chart elsewhere is one that says something else.
    wrong + source.matches("<svg").count() - drawn
}

fn short(read: Read) -> String {
    read.about().map_or_else(|| format!("<{LEAST}"), |about| format::number(about.into()))
}

/// The chart of a table.
fn chart(sheet: &Sheet, id: &str, desc: String) -> String {
    let (id, title) = (id.to_owned(), sheet.title.clone());
    match id.as_str() {
        "groups" | "risk" | "step" | "visit" => {
            let bar = |(label, cells): &(String, Vec<String>)| Bar {
                label: label.clone(),
                value: figure(&cells[0]).about(),
                text: cells[0].clone(),
            };
            BarChart { id, title, desc, rows: sheet.rows.iter().map(bar).collect() }.svg()
        }
        "cohorts" | "sexes" | "levels" => {
            let cell = |cell: &String| (figure(cell).about(), short(figure(cell)));
            let row = |(label, cells): &(String, Vec<String>)| GridRow {
                label: label.clone(),
                cells: cells.iter().map(cell).collect(),
            };
            let columns = sheet.columns[1..].to_vec();
            BarGrid { id, title, desc, columns, rows: sheet.rows.iter().map(row).collect() }.svg()
        }
        _ => {
            let point = |read: Read| match read {
                Read::Estimate(Figure::About { about, low, high }) => Some((about, low, high)),
                _ => None,
            };
            let row = |(nth, label): (usize, &String)| TrendRow {
                label: label.clone(),
                points: sheet.rows.iter().rev().map(|(_, cells)| point(figure(&cells[nth]))).collect(),
                text: short(figure(&sheet.rows[0].1[nth])),
            };
            let (from, to) = (sheet.rows[sheet.rows.len() - 1].0.clone(), sheet.rows[0].0.clone());
            Trend { id, title, desc, from, to, rows: sheet.columns[1..].iter().enumerate().map(row).collect() }.svg()
        }
    }
}

/// The words that stand beside numbers.
struct Captions(Ui);

impl Captions {
    fn find<T: Copy>(all: &[T], word: impl Fn(T) -> String, text: &str) -> T {
        *all.iter().find(|one| word(**one) == text).unwrap_or_else(|| panic!("{text} is no word of the menu"))
    }

    fn tag(&self, text: &str) -> GroupTag {
        Self::find(GroupTag::ALL, |tag| self.0.word(tag), text)
    }

    /// A group or a level.
    fn total(&self, text: &str) -> Cell {
        let level = LEVELS.iter().find(|level| self.0.level(LabelScheme::Three, **level) == text);
        level.map_or_else(|| Cell::Group(self.tag(text)), |level| Cell::Risk(*level))
    }

    fn cell(&self, table: &str, row: &str, column: &str, report: usize) -> Cell {
        let level = || Self::find(&LEVELS, |level| self.0.level(LabelScheme::Three, level), row);
        match table {
            "risk" => Cell::Risk(level()),
            "step" => Cell::Step(Self::find(&STEPS, |stage| self.0.word(stage), row)),
            "visit" => Cell::Visit(Self::find(Visit::ALL, |visit| self.0.word(visit), row)),
            "cohorts" => Cell::GroupCohort(self.tag(row), self.cohort(column, report)),
            "sexes" => Cell::GroupSex(self.tag(row), Self::find(Sex::ALL, |sex| self.0.word(sex), column)),
            "levels" => Cell::RiskCohort(level(), self.cohort(column, report)),
            _ => panic!("{table} is no table of the menu"),
        }
    }

    fn cohort(&self, text: &str, report: usize) -> i64 {
        let day = DAYS[report - 1];
        let year = i64::from(day.year()) - i64::from(day.month() < 9);
        let grade = (1..=12).find(|grade| format::grade(self.0.language, *grade) == text);
        year + 1 - i64::from(grade.unwrap_or_else(|| panic!("{text} is no grade")))
    }
}

/// Reads the numbers of a page or a workbook.
pub fn numbers(sheets: &[Sheet], language: Language, report: usize, county: bool) -> Numbers {
    let captions = Captions(Ui::anonymous(language, "/statistics"));
    let (beside, sheets) = sheets.split_at(usize::from(county));
    // What is exact among estimates says so.
    assert!(
        beside.iter().all(|sheet| ["在册学生（准确数）", "Students on the roll (exact)"].contains(&&*sheet.columns[1]))
    );
    let tables = ["risk", "step", "visit", "cohorts", "sexes", "levels"];
    let trends = if report > 1 { 2 } else { 0 };
    let exact = &sheets[1 + tables.len() + trends..];
    assert_eq!(exact.len(), if county { 1 } else { 2 }, "a table that nobody knows");
    let mut figures = Vec::new();
    let mut helped = Vec::new();
    for (label, cells) in &sheets[0].rows {
        let tag = captions.tag(label);
        assert_eq!(cells.len(), 3);
        figures.extend([(Cell::Group(tag), figure(&cells[0])), (Cell::Unaided(tag), figure(&cells[1]))]);
        helped.push((tag, figure(&cells[2])));
    }
    for (table, sheet) in tables.iter().zip(&sheets[1..]) {
        for (label, cells) in &sheet.rows {
            for (column, cell) in sheet.columns[1..].iter().zip(cells) {
                figures.push((captions.cell(table, label, column, report), figure(cell)));
            }
        }
    }
    let mut again = Vec::new();
    for sheet in &sheets[1 + tables.len()..1 + tables.len() + trends] {
        for (back, (day, cells)) in sheet.rows.iter().enumerate() {
            assert_eq!(*day, captions.0.civil(&DAYS[report - back - 1]));
            for (column, cell) in sheet.columns[1..].iter().zip(cells) {
                let of = captions.total(column);
                again.push((report - back, of, figure(cell)));
            }
        }
    }
    let plain = |text: &String| match figure(text) {
        Read::Exact(number) => Some(number),
        _ => None,
    };
    let (total, grades) = exact[0].rows.split_last().unwrap();
    let roll: Vec<_> =
        grades.iter().map(|(label, cells)| (captions.cohort(label, report), plain(&cells[0]).unwrap())).collect();
    assert_eq!(plain(&total.1[0]), Some(roll.iter().map(|(_, count)| count).sum()));
    let of_work = |(label, cells): &(String, Vec<String>)| {
        (Captions::find(ProcessFigure::ALL, |one| captions.0.word(one), label), plain(&cells[0]))
    };
    let process = exact.get(1).map_or_else(Vec::new, |sheet| sheet.rows.iter().map(of_work).collect());
    let groups = |columns: &[String], cells: &[String]| {
        columns.iter().zip(cells).map(|(tag, cell)| (captions.tag(tag), figure(cell))).collect()
    };
    let school = |sheet: &Sheet, (name, cells): &(String, Vec<String>)| Beside {
        name: name.clone(),
        roll: plain(&cells[0]).unwrap(),
        groups: groups(&sheet.columns[2..], &cells[1..]),
    };
    let schools = beside.iter().flat_map(|sheet| sheet.rows.iter().map(|row| school(sheet, row))).collect();
    let report = figures.iter().map(|(cell, read)| (*cell, published(*cell, *read, report, county))).collect();
    let mut numbers = Numbers { report, figures, helped, trends: again, roll, process, schools };
    numbers.subtract();
    numbers
}

/// What the attacker makes of a cell: an estimate has the noise that everybody knows, a plain number none.
pub fn published(cell: Cell, read: Read, report: usize, county: bool) -> Number {
    let deviation = deviation(scale(Profile::Standard, cell, county), report);
    match read {
        Read::Estimate(figure) => Number { stored: None, shown: figure.about().map_or(Shown::Few, shown), deviation },
        Read::Exact(number) => Number { stored: None, shown: shown(number), deviation: 0.0 },
        Read::Nothing => panic!("{} says nothing", cell.name()),
    }
}

impl Numbers {
    /// Where two of three numbers of a group are shown, the third is what is left, and under ten too.
    fn subtract(&mut self) {
        for (tag, helped) in &self.helped {
            let (all, alone) = (Cell::Group(*tag), Cell::Unaided(*tag));
            if [all, alone].iter().any(|cell| self.report[cell].deviation == 0.0) {
                continue;
            }
            let number = |cell| match self.report[&cell] {
                Number { shown: Shown::Number(number), .. } => Some(number),
                Number { shown: Shown::Few, .. } => None,
            };
            let helped = helped.about().map(|helped| i32::try_from(helped).unwrap());
            let (whole, part) = (number(all), number(alone));
            if let (Some(whole), Some(helped), None) = (whole, helped, part) {
                self.report.get_mut(&alone).unwrap().shown = Shown::Number(whole - helped);
            }
            if let (None, Some(helped), Some(part)) = (whole, helped, part) {
                self.report.get_mut(&all).unwrap().shown = Shown::Number(part + helped);
            }
        }
    }

    /// Cells in which a plain number stands.
    pub fn plain(&self) -> Vec<Cell> {
        self.figures.iter().filter(|(_, read)| !read.is_estimate()).map(|(cell, _)| *cell).collect()
    }
}
