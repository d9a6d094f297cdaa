//! Process figures: which schools are behind with visits, for the district, and the trainings of a school.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use axum_extra::extract::Form;
use serde::Deserialize;

use super::county::{Back, Fields, half_choices, half_word, with_status};
use super::problem::Problem;
use super::request::{Seen, done, page};
use super::ui::{Choice, Ui, t};
use super::{Web, Who, routes, xlsx};
use crate::domain::county::HalfYear;
use crate::domain::words::Role;
use crate::service::{Error, Progress, SchoolProgress, Viewer, fresh_form};
use crate::store::Training;

const OFFICERS: Who = Who::Roles(&[Role::DistrictOfficer]);
const DIRECTORS: Who = Who::Roles(&[Role::MoralEdDirector]);

routes! {
    get "/progress" show, OFFICERS;
    get "/progress/xlsx" download, OFFICERS;
    post "/progress/quota" set_quota, OFFICERS;
    get "/trainings" trainings, DIRECTORS;
    post "/trainings" note, DIRECTORS;
}

#[derive(Template)]
#[template(path = "progress.html")]
struct ProgressPage {
    ui: Ui,
    progress: Progress,
    half: String,
    halves: Vec<Choice>,
    columns: Vec<String>,
    quota: String,
    back: Back,
}

#[derive(Template)]
#[template(path = "trainings.html")]
struct TrainingsPage {
    ui: Ui,
    trainings: Vec<Training>,
    columns: Vec<String>,
    form: String,
    today: String,
    back: Back,
}

/// Which half year the address asks for.
#[derive(Debug, Default, Deserialize)]
struct Wanted {
    #[serde(default)]
    half: String,
}

impl Wanted {
    fn half(&self, web: &Web) -> HalfYear {
        HalfYear::parse(&self.half).unwrap_or_else(|| HalfYear::of(web.app.clock.today()))
    }
}

async fn show(State(web): State<Web>, seen: Seen, Query(wanted): Query<Wanted>) -> Result<Response, Problem> {
    let half = wanted.half(&web);
    progress_page(&web, seen, half, Back::default()).await
}

async fn set_quota(State(web): State<Web>, seen: Seen, Form(fields): Form<Fields>) -> Result<Response, Problem> {
    let set = match fields.number("quota") {
        Ok(quota) => web.app.set_visits_quota(&seen.viewer, quota).await,
        Err(error) => Err(error),
    };
    match set {
        Ok(()) => Ok(done("/progress", "saved")),
        Err(error) => {
            let back = Back::of(&seen.ui, "quota", fields, error)?;
            let half = HalfYear::of(web.app.clock.today());
            progress_page(&web, seen, half, back).await
        }
    }
}

async fn progress_page(
    web: &Web,
    Seen { viewer, mut ui }: Seen,
    half: HalfYear,
    back: Back,
) -> Result<Response, Problem> {
    let progress = web.app.school_progress(&viewer, half).await?;
    ui.path = format!("/progress?half={half}");
    let (columns, quota) = (columns(&ui), progress.quota.to_string());
    let halves = half_choices(&ui, web.app.clock.today(), &half.to_string());
    let (half, status) = (half_word(&ui, half), back.status);
    Ok(with_status(status, page(&ProgressPage { ui, progress, half, halves, columns, quota, back })?))
}

fn columns(ui: &Ui) -> Vec<String> {
    vec![
        t!(ui, "county-school"),
        t!(ui, "progress-roll"),
        t!(ui, "progress-visits"),
        t!(ui, "progress-asked"),
        t!(ui, "progress-missing"),
        t!(ui, "progress-percent"),
        t!(ui, "progress-trained"),
        t!(ui, "progress-meetings"),
    ]
}

async fn download(
    State(web): State<Web>,
    Seen { viewer, ui }: Seen,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Problem> {
    let half = wanted.half(&web);
    let progress = web.app.school_progress(&viewer, half).await?;
    let row = |one: &SchoolProgress| -> Vec<xlsx::Cell> {
        let numbers = [one.roll, one.visits, one.asked, one.missing(), one.percent(), one.trained, one.meetings];
        std::iter::once(one.name.clone().into()).chain(numbers.map(xlsx::Cell::from)).collect()
    };
    let head = columns(&ui).into_iter().map(xlsx::Cell::from).collect();
    let rows = std::iter::once(head).chain(progress.schools.iter().map(row)).collect();
    xlsx::workbook(&format!("progress-{half}"), web.app.clock.today(), vec![(t!(ui, "progress-title"), rows)])
}

async fn trainings(State(web): State<Web>, seen: Seen) -> Result<Response, Problem> {
    trainings_page(&web, seen, Back::default()).await
}

async fn note(State(web): State<Web>, seen: Seen, Form(fields): Form<Fields>) -> Result<Response, Problem> {
    match noted(&web, &seen.viewer, &fields).await {
        Ok(()) => Ok(done("/trainings", "training-noted")),
        Err(error) => {
            let back = Back::of(&seen.ui, "training", fields, error)?;
            trainings_page(&web, seen, back).await
        }
    }
}

async fn noted(web: &Web, viewer: &Viewer, fields: &Fields) -> Result<(), Error> {
    web.app.note_training(viewer, fields.form(), fields.day("day")?, fields.number("staff")?).await
}

async fn trainings_page(web: &Web, Seen { viewer, ui }: Seen, back: Back) -> Result<Response, Problem> {
    let trainings = web.app.trainings(&viewer).await?;
    let columns = vec![t!(ui, "training-day"), t!(ui, "training-staff")];
    let form = back.text("training", "form", &fresh_form().to_string()).to_owned();
    let (today, status) = (web.app.today(), back.status);
    Ok(with_status(status, page(&TrainingsPage { ui, trainings, columns, form, today, back })?))
}
