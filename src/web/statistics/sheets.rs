//! What a report says, as tables of ready texts: the page, the charts and the workbook are made of the same ones.

use crate::domain::gate::ALL_FROM;
use crate::domain::gate::figure::{Figure, LEAST};
use crate::domain::gate::menu::{Cell, LEVELS, STEPS, Table, Visit};
use crate::domain::gate::release::Released;
use crate::domain::process::{DEADLINES_FROM, Process, ProcessFigure};
use crate::domain::warning::LabelScheme;
use crate::domain::words::{GroupTag, Sex};
use crate::service::{Beside, SchoolBeside};
use crate::web::chart::{Bar, BarChart, BarGrid, GridRow, Trend, TrendRow};
use crate::web::format;
use crate::web::ui::{Ui, t};

/// A table with its chart.
pub(crate) struct Sheet {
    /// What it is about.
    pub title: String,
    /// The heads of the columns.
    pub columns: Vec<String>,
    /// The rows: what is counted, and the numbers.
    pub rows: Vec<(String, Vec<String>)>,
    /// The chart, drawn.
    pub chart: Option<String>,
    /// Whether its numbers are estimates; else they are exact.
    pub estimates: bool,
}

/// How a figure is read.
pub(crate) fn figure(ui: &Ui, figure: Figure) -> String {
    let n = |n: u32| format::number(n.into());
    match figure {
        Figure::Few => t!(ui, "figure-few", least = LEAST),
        Figure::About { about, low, high } => t!(ui, "figure-about", about = n(about), low = n(low), high = n(high)),
    }
}

/// The figure of one cell of a report.
pub(crate) fn of_cell(report: &Released, cell: Cell) -> Figure {
    let stored = report.cells.get(&cell).copied().unwrap_or(0);
    Figure::of(stored, report.scale(cell), report.report, report.roll_in_all())
}

/// The tables of the last of these reports, and how its totals came about.
pub(crate) fn sheets(ui: &Ui, reports: &[Released], labels: LabelScheme) -> Vec<Sheet> {
    let Some(report) = reports.last() else { return Vec::new() };
    let has = |table: Table| report.cells.keys().any(|cell| cell.table() == table);
    let level = |level| ui.level(labels, level);
    let mut sheets = vec![groups(ui, report)];
    let risk: Vec<(String, Cell)> = LEVELS.iter().map(|one| (level(*one), Cell::Risk(*one))).collect();
    sheets.push(one_column(ui, "risk", report, (t!(ui, "statistics-risk"), t!(ui, "statistics-level")), risk));
    let steps = STEPS.iter().map(|stage| (ui.word(*stage), Cell::Step(*stage))).collect();
    sheets.push(one_column(ui, "step", report, (t!(ui, "statistics-step"), t!(ui, "statistics-stage")), steps));
    if has(Table::Visit) {
        let visits = Visit::ALL.iter().map(|visit| (ui.word(*visit), Cell::Visit(*visit))).collect();
        sheets.push(one_column(ui, "visit", report, (t!(ui, "statistics-visit"), t!(ui, "statistics-family")), visits));
    }
    if has(Table::GroupCohort) {
        let cohorts: Vec<i64> = report.roll.iter().map(|(cohort, _)| *cohort).collect();
        let grades: Vec<String> = cohorts.iter().map(|cohort| grade(ui, report, *cohort)).collect();
        let groups = GroupTag::ALL.iter().map(|tag| {
            (ui.word(*tag), cohorts.iter().map(|cohort| Cell::GroupCohort(*tag, *cohort)).collect::<Vec<_>>())
        });
        let heads = (t!(ui, "statistics-cohorts"), t!(ui, "statistics-group"));
        sheets.push(grid(ui, "cohorts", report, heads, grades.clone(), &groups.collect::<Vec<_>>()));
        let sexes = Sex::ALL.iter().map(|sex| ui.word(*sex)).collect();
        let groups = GroupTag::ALL
            .iter()
            .map(|tag| (ui.word(*tag), Sex::ALL.iter().map(|sex| Cell::GroupSex(*tag, *sex)).collect::<Vec<_>>()));
        let heads = (t!(ui, "statistics-sexes"), t!(ui, "statistics-group"));
        sheets.push(grid(ui, "sexes", report, heads, sexes, &groups.collect::<Vec<_>>()));
        let levels = LEVELS
            .iter()
            .map(|one| (level(*one), cohorts.iter().map(|cohort| Cell::RiskCohort(*one, *cohort)).collect::<Vec<_>>()));
        let heads = (t!(ui, "statistics-risk-cohorts"), t!(ui, "statistics-level"));
        sheets.push(grid(ui, "levels", report, heads, grades, &levels.collect::<Vec<_>>()));
    }
    if reports.len() > 1 {
        let groups: Vec<_> = GroupTag::ALL.iter().map(|tag| (ui.word(*tag), Cell::Group(*tag))).collect();
        sheets.push(trend(ui, "trendgroups", reports, t!(ui, "statistics-trend-groups"), &groups));
        let levels: Vec<_> = LEVELS.iter().map(|one| (level(*one), Cell::Risk(*one))).collect();
        sheets.push(trend(ui, "trendrisk", reports, t!(ui, "statistics-trend-risk"), &levels));
    }
    sheets.push(roll(ui, report));
    sheets.extend((!report.process.is_empty()).then(|| process(ui, &report.process)));
    sheets
}

/// Schools beside each other: the groups of each, and what is left for the sum.
pub(crate) fn beside(ui: &Ui, beside: &Beside) -> Sheet {
    let (schools, others) = (&beside.schools, beside.others);
    let tags = GroupTag::ALL.iter().map(|tag| ui.word(*tag));
    let columns = [t!(ui, "county-school"), t!(ui, "statistics-roll-exact")].into_iter().chain(tags).collect();
    let row = |SchoolBeside { name, report, .. }: &SchoolBeside| {
        let figures = GroupTag::ALL.iter().map(|tag| figure(ui, of_cell(report, Cell::Group(*tag))));
        let roll = format::number(report.roll_in_all().into());
        (name.clone(), [roll].into_iter().chain(figures).collect())
    };
    let mut rows: Vec<(String, Vec<String>)> = schools.iter().map(row).collect();
    if others > 0 {
        let cells = vec!["–".to_owned(); GroupTag::ALL.len() + 1];
        rows.push((t!(ui, "statistics-others", count = others, least = ALL_FROM), cells));
    }
    Sheet { title: t!(ui, "statistics-beside"), columns, rows, chart: None, estimates: true }
}

/// What all of them together are called.
fn total(ui: &Ui, report: &Released) -> String {
    if report.county { t!(ui, "statistics-total-county") } else { t!(ui, "statistics-total") }
}

/// The groups: in all, without a helper, and what is left of them.
fn groups(ui: &Ui, report: &Released) -> Sheet {
    let row = |tag: &GroupTag| {
        let (all, alone) = (Cell::Group(*tag), Cell::Unaided(*tag));
        let stored = |cell| report.cells.get(&cell).copied().unwrap_or(0);
        let scales = [report.scale(all), report.scale(alone)];
        let helped = Figure::derived(stored(all) - stored(alone), &scales, report.report, report.roll_in_all());
        (ui.word(*tag), [of_cell(report, all), of_cell(report, alone), helped])
    };
    let rows: Vec<(String, [Figure; 3])> = GroupTag::ALL.iter().map(row).collect();
    let bars = rows.iter().map(|(label, figures)| bar(ui, label, figures[0])).collect();
    let title = t!(ui, "statistics-groups");
    let columns =
        vec![t!(ui, "statistics-group"), total(ui, report), t!(ui, "statistics-unaided"), t!(ui, "statistics-helped")];
    let text = |(label, figures): (String, [Figure; 3])| (label, figures.map(|one| figure(ui, one)).to_vec());
    let chart = Some(chart(ui, "groups", &title, bars));
    Sheet { title, columns, rows: rows.into_iter().map(text).collect(), chart, estimates: true }
}

fn one_column(
    ui: &Ui,
    id: &str,
    report: &Released,
    (title, head): (String, String),
    cells: Vec<(String, Cell)>,
) -> Sheet {
    let figures: Vec<(String, Figure)> =
        cells.into_iter().map(|(label, cell)| (label, of_cell(report, cell))).collect();
    let bars = figures.iter().map(|(label, figure)| bar(ui, label, *figure)).collect();
    let chart = Some(chart(ui, id, &title, bars));
    let rows = figures.into_iter().map(|(label, one)| (label, vec![figure(ui, one)])).collect();
    Sheet { title, columns: vec![head, t!(ui, "statistics-total")], rows, chart, estimates: true }
}

fn grid(
    ui: &Ui,
    id: &str,
    report: &Released,
    (title, head): (String, String),
    columns: Vec<String>,
    cells: &[(String, Vec<Cell>)],
) -> Sheet {
    let figures = |cells: &[Cell]| cells.iter().map(|cell| of_cell(report, *cell)).collect::<Vec<_>>();
    let drawn = |(label, cells): &(String, Vec<Cell>)| GridRow {
        label: label.clone(),
        cells: figures(cells).into_iter().map(|one| (one.about(), short(one))).collect(),
    };
    let chart = BarGrid {
        id: id.to_owned(),
        title: title.clone(),
        desc: t!(ui, "statistics-chart-desc", least = LEAST),
        columns: columns.clone(),
        rows: cells.iter().map(drawn).collect(),
    };
    let row = |(label, cells): &(String, Vec<Cell>)| {
        (label.clone(), figures(cells).into_iter().map(|one| figure(ui, one)).collect())
    };
    let rows = cells.iter().map(row).collect();
    let columns = [head].into_iter().chain(columns).collect();
    Sheet { title, columns, rows, chart: Some(chart.svg()), estimates: true }
}

/// The same cells in every report.
fn trend(ui: &Ui, id: &str, reports: &[Released], title: String, cells: &[(String, Cell)]) -> Sheet {
    let days: Vec<String> = reports.iter().map(|report| ui.civil(&report.day)).collect();
    let figures = |cell: Cell| reports.iter().map(|report| of_cell(report, cell)).collect::<Vec<_>>();
    let band = |one: Figure| match one {
        Figure::Few => None,
        Figure::About { about, low, high } => Some((about, low, high)),
    };
    let drawn = |(label, cell): &(String, Cell)| {
        let figures = figures(*cell);
        let text = figures.last().map_or_else(String::new, |last| short(*last));
        TrendRow { label: label.clone(), points: figures.into_iter().map(band).collect(), text }
    };
    let chart = Trend {
        id: id.to_owned(),
        title: title.clone(),
        desc: t!(ui, "statistics-trend-desc", least = LEAST),
        from: days.first().cloned().unwrap_or_default(),
        to: days.last().cloned().unwrap_or_default(),
        rows: cells.iter().map(drawn).collect(),
    };
    // By report, newest first: a table of as many rows as there are months, and no wider than a page.
    let row = |(day, report): (&String, &Released)| {
        (day.clone(), cells.iter().map(|(_, cell)| figure(ui, of_cell(report, *cell))).collect())
    };
    let rows = days.iter().zip(reports).rev().map(row).collect();
    let columns =
        [t!(ui, "statistics-report")].into_iter().chain(cells.iter().map(|(label, _)| label.clone())).collect();
    Sheet { title, columns, rows, chart: Some(chart.svg()), estimates: true }
}

fn roll(ui: &Ui, report: &Released) -> Sheet {
    let all = [(total(ui, report), report.roll_in_all())];
    let grades = report.roll.iter().map(|(cohort, count)| (grade(ui, report, *cohort), *count));
    let rows = grades.chain(all).map(|(label, count)| (label, vec![format::number(count.into())])).collect();
    let columns = vec![t!(ui, "statistics-grade"), t!(ui, "statistics-roll")];
    Sheet { title: t!(ui, "statistics-roll"), columns, rows, chart: None, estimates: false }
}

fn process(ui: &Ui, process: &[Process]) -> Sheet {
    let row = |one: &Process| {
        let value = one.value.and_then(|value| u64::try_from(value).ok());
        let text = match (one.figure, value) {
            (_, None) => t!(ui, "statistics-too-few", least = DEADLINES_FROM),
            (ProcessFigure::DeadlinesMet, Some(share)) => format!("{share}%"),
            (_, Some(count)) => format::number(count),
        };
        (ui.word(one.figure), vec![text])
    };
    let columns = vec![t!(ui, "statistics-work"), t!(ui, "statistics-number")];
    let rows = process.iter().map(row).collect();
    Sheet { title: t!(ui, "statistics-process"), columns, rows, chart: None, estimates: false }
}

/// The grade of a cohort on the day of a report.
fn grade(ui: &Ui, report: &Released, cohort: i64) -> String {
    let year = i64::from(report.day.year()) - i64::from(report.day.month() < 9);
    format::grade(ui.language, u8::try_from(year - cohort + 1).unwrap_or(0))
}

/// A figure for a chart; the table says in words what the sign means.
fn short(figure: Figure) -> String {
    figure.about().map_or_else(|| format!("<{LEAST}"), |about| format::number(about.into()))
}

fn bar(ui: &Ui, label: &str, one: Figure) -> Bar {
    Bar { label: label.to_owned(), value: one.about(), text: figure(ui, one) }
}

fn chart(ui: &Ui, id: &str, title: &str, rows: Vec<Bar>) -> String {
    let desc = t!(ui, "statistics-chart-desc", least = LEAST);
    BarChart { id: id.to_owned(), title: title.to_owned(), desc, rows }.svg()
}
