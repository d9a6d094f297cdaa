//! Numbers for leadership: tables, charts and a workbook of what the publisher stored. Nothing that a request asks for changes
//! what is answered.

mod sheets;
mod workbook;

use askama::Template;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};

use self::sheets::{Sheet, sheets};
use super::problem::Problem;
use super::request::{Seen, page};
use super::ui::{Ui, t};
use super::{Web, Who, routes};
use crate::domain::gate::figure::LEAST;
use crate::domain::gate::limits::Limits;
use crate::domain::gate::menu::{LATEST, Menu, Profile};
use crate::domain::gate::{ALL_FROM, REPORTS, TOTALS_FROM};
use crate::domain::words::Role;
use crate::service::Statistics;

/// Who sees numbers.
const LEADERS: Who = Who::Roles(&[Role::SchoolLeader, Role::MoralEdDirector]);

routes! {
    get "/statistics" show, LEADERS;
    get "/statistics.xlsx" workbook, LEADERS;
    get "/statistics/help" help, LEADERS;
}

#[derive(Template)]
#[template(path = "statistics.html")]
struct StatisticsPage {
    /// The day of the report; none before the first.
    day: Option<String>,
    next: String,
    missing: bool,
    sheets: Vec<Sheet>,
    totals_from: u32,
    ui: Ui,
}

#[derive(Template)]
#[template(path = "statistics_help.html")]
struct HelpPage {
    reports: usize,
    county: bool,
    limits: Limits,
    with_county: Limits,
    all_from: u32,
    totals_from: u32,
    least: u32,
    ui: Ui,
}

async fn show(State(web): State<Web>, Seen { viewer, ui }: Seen) -> Result<Response, Problem> {
    let statistics = web.app.statistics(&viewer).await?;
    page(&StatisticsPage::new(ui, &statistics, viewer.school.labels))
}

async fn workbook(State(web): State<Web>, Seen { viewer, ui }: Seen) -> Result<Response, Problem> {
    let statistics = web.app.statistics(&viewer).await?;
    let sheets = sheets(&ui, &statistics.reports, viewer.school.labels);
    let day = statistics.reports.last().map(|report| report.day);
    let file = workbook::file(&ui, &statistics.school, day, &sheets)?;
    let kind = (header::CONTENT_TYPE, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet");
    let name = (header::CONTENT_DISPOSITION, "attachment; filename=\"yice-statistics.xlsx\"");
    Ok(([kind, name], file).into_response())
}

async fn help(State(web): State<Web>, Seen { viewer, ui }: Seen) -> Result<Response, Problem> {
    let statistics = web.app.statistics(&viewer).await?;
    let stands = statistics.reports.last();
    let (version, profile) = stands.map_or((LATEST, Profile::Standard), |report| (report.version, report.profile));
    let menu = Menu::of(version, profile).ok_or(crate::service::Error::NotFound)?;
    let (limits, with_county) = (Limits::of(&menu, false), Limits::of(&menu, true));
    page(&HelpPage {
        reports: REPORTS,
        county: statistics.county,
        limits,
        with_county,
        all_from: ALL_FROM,
        totals_from: TOTALS_FROM,
        least: LEAST,
        ui,
    })
}

impl StatisticsPage {
    fn new(ui: Ui, statistics: &Statistics, labels: crate::domain::warning::LabelScheme) -> Self {
        let last = statistics.reports.last();
        Self {
            day: last.map(|report| ui.civil(&report.day)),
            next: ui.civil(&statistics.next),
            missing: last.is_some_and(|report| crate::domain::gate::calendar::next(report.day) < statistics.next),
            sheets: sheets(&ui, &statistics.reports, labels),
            totals_from: TOTALS_FROM,
            ui,
        }
    }
}

#[cfg(test)]
mod tests;
