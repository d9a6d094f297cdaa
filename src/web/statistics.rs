//! Numbers for leadership: the table and charts of what the gate published.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::chart::{Bar, BarChart, BarGrid, GridRow};
use super::problem::Problem;
use super::request::{Seen, page};
use super::ui::{Ui, t};
use super::{Web, Who, format, routes};
use crate::domain::gate::{Figure, NARROWEST, Row};
use crate::domain::words::Role;
use crate::service::Statistics;

routes! {
    get "/statistics" show, Who::Roles(&[Role::SchoolLeader, Role::MoralEdDirector]);
}

#[derive(Template)]
#[template(path = "statistics.html")]
struct StatisticsPage {
    day: String,
    least: u32,
    columns: Vec<String>,
    rows: Vec<Line>,
    roll: Vec<String>,
    charts: Vec<String>,
    ui: Ui,
}

/// One row of the table, ready to read.
struct Line {
    label: String,
    cells: Vec<String>,
    is_sum: bool,
}

async fn show(State(web): State<Web>, Seen { viewer, ui }: Seen) -> Result<Response, Problem> {
    let statistics = web.app.statistics(&viewer).await?;
    page(&StatisticsPage::new(ui, &statistics, i64::from(web.app.school_year())))
}

impl StatisticsPage {
    fn new(ui: Ui, Statistics { day, published }: &Statistics, school_year: i64) -> Self {
        let grade = |cohort: i64| format::grade(ui.language, u8::try_from(school_year - cohort + 1).unwrap_or(0));
        let grades: Vec<String> = published.roll.iter().map(|(cohort, _)| grade(*cohort)).collect();
        let rows: Vec<&Row> = published.groups.iter().chain([&published.files]).collect();
        let total: u32 = published.roll.iter().map(|(_, roll)| roll).sum();
        let roll = published.roll.iter().map(|(_, roll)| *roll).chain([total]);
        let any = rows.iter().any(|row| row.cells.iter().chain([&row.total]).any(|figure| figure.shown().is_some()));
        Self {
            day: ui.date(day),
            least: NARROWEST,
            columns: [t!(ui, "statistics-group")]
                .into_iter()
                .chain(grades.clone())
                .chain([t!(ui, "statistics-total")])
                .collect(),
            rows: rows.iter().map(|row| line(&ui, row)).collect(),
            roll: roll.map(|roll| format::number(roll.into())).collect(),
            charts: if any { vec![totals(&ui, &rows), by_grade(&ui, grades, &rows)] } else { Vec::new() },
            ui,
        }
    }
}

fn line(ui: &Ui, row: &Row) -> Line {
    let text = |figure: &Figure| figure.shown().map_or_else(|| t!(ui, "chart-hidden"), |n| format::number(n.into()));
    Line {
        label: label(ui, row),
        cells: row.cells.iter().chain([&row.total]).map(text).collect(),
        is_sum: row.tag.is_none(),
    }
}

fn label(ui: &Ui, row: &Row) -> String {
    row.tag.map_or_else(|| t!(ui, "statistics-files"), |tag| ui.word(tag))
}

/// A figure for a chart; the table says in words what the dash means.
fn drawn(figure: Figure) -> (Option<u32>, String) {
    (figure.shown(), figure.shown().map_or_else(|| "–".to_owned(), |n| format::number(n.into())))
}

fn totals(ui: &Ui, rows: &[&Row]) -> String {
    let bar = |row: &&Row| {
        let (value, text) = drawn(row.total);
        Bar { label: label(ui, row), value, text }
    };
    let (title, desc) = (t!(ui, "statistics-chart-total"), t!(ui, "statistics-chart-desc"));
    BarChart { id: "total".to_owned(), title, desc, rows: rows.iter().map(bar).collect() }.svg()
}

fn by_grade(ui: &Ui, columns: Vec<String>, rows: &[&Row]) -> String {
    let row =
        |row: &&Row| GridRow { label: label(ui, row), cells: row.cells.iter().map(|cell| drawn(*cell)).collect() };
    let (title, desc) = (t!(ui, "statistics-chart-grades"), t!(ui, "statistics-chart-desc"));
    BarGrid { id: "grades".to_owned(), title, desc, columns, rows: rows.iter().map(row).collect() }.svg()
}

#[cfg(test)]
mod tests;
