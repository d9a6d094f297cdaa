//! Numbers for leadership: tables, charts and a workbook of what the publisher stored. Nothing that a request asks for changes
//! what is answered.

mod sheets;
mod workbook;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use jiff::civil::Date;

use self::sheets::sheets;
pub(super) use self::sheets::{Sheet, beside};
use super::problem::Problem;
use super::request::{Seen, page};
use super::ui::{Ui, t};
use super::{Web, Who, routes, xlsx};
use crate::domain::gate::figure::LEAST;
use crate::domain::gate::limits::Limits;
use crate::domain::gate::menu::{LATEST, Menu, Profile};
use crate::domain::gate::release::Released;
use crate::domain::gate::{ALL_FROM, REPORTS, TOTALS_FROM};
use crate::domain::warning::LabelScheme;
use crate::domain::words::Role;
use crate::service::{Beside, CountyStatistics, Statistics, Viewer};

/// Who sees numbers: those of the own school, or those of all schools together.
const LEADERS: Who = Who::Roles(&[Role::SchoolLeader, Role::MoralEdDirector, Role::DistrictOfficer]);

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

/// What a person sees.
struct Numbers {
    /// Of whom.
    name: String,
    /// Every report, oldest first.
    reports: Vec<Released>,
    /// Schools beside each other; for the district.
    beside: Option<Beside>,
    /// The day of the next report.
    next: Date,
    /// Whether the sum of all schools is published.
    county: bool,
}

impl Numbers {
    async fn of(web: &Web, viewer: &Viewer) -> Result<Self, Problem> {
        if viewer.has(Role::DistrictOfficer) {
            let CountyStatistics { reports, beside, next } = web.app.county_statistics(viewer).await?;
            return Ok(Self { name: viewer.school.name.clone(), reports, beside: Some(beside), next, county: true });
        }
        let Statistics { school, reports, next, county } = web.app.statistics(viewer).await?;
        Ok(Self { name: school, reports, beside: None, next, county })
    }

    fn sheets(&self, ui: &Ui, labels: LabelScheme) -> Vec<Sheet> {
        let schools = self.beside.as_ref().filter(|_| !self.reports.is_empty());
        schools.map(|schools| beside(ui, schools)).into_iter().chain(sheets(ui, &self.reports, labels)).collect()
    }
}

async fn show(State(web): State<Web>, Seen { viewer, ui }: Seen) -> Result<Response, Problem> {
    let numbers = Numbers::of(&web, &viewer).await?;
    page(&StatisticsPage::new(ui, &numbers, viewer.school.labels))
}

async fn workbook(State(web): State<Web>, Seen { viewer, ui }: Seen) -> Result<Response, Problem> {
    let numbers = Numbers::of(&web, &viewer).await?;
    let sheets = numbers.sheets(&ui, viewer.school.labels);
    let file = workbook::file(&ui, &numbers.name, numbers.reports.last().map(|report| report.day), &sheets)?;
    Ok(xlsx::answer("yice-statistics", file))
}

async fn help(State(web): State<Web>, Seen { viewer, ui }: Seen) -> Result<Response, Problem> {
    let Numbers { reports, county, .. } = Numbers::of(&web, &viewer).await?;
    let stands = reports.last();
    let (version, profile) = stands.map_or((LATEST, Profile::Standard), |report| (report.version, report.profile));
    let menu = Menu::of(version, profile).ok_or(crate::service::Error::NotFound)?;
    let (limits, with_county) = (Limits::of(&menu, false), Limits::of(&menu, true));
    page(&HelpPage {
        reports: REPORTS,
        county,
        limits,
        with_county,
        all_from: ALL_FROM,
        totals_from: TOTALS_FROM,
        least: LEAST,
        ui,
    })
}

impl StatisticsPage {
    fn new(ui: Ui, statistics: &Numbers, labels: LabelScheme) -> Self {
        let last = statistics.reports.last();
        Self {
            day: last.map(|report| ui.civil(&report.day)),
            next: ui.civil(&statistics.next),
            missing: last.is_some_and(|report| crate::domain::gate::calendar::next(report.day) < statistics.next),
            sheets: statistics.sheets(&ui, labels),
            totals_from: TOTALS_FROM,
            ui,
        }
    }
}

#[cfg(test)]
mod tests;
