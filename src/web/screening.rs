//! Entering a screening of a class: whom a scale flagged.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::Form;

use super::classes::class_name;
use super::problem::Problem;
use super::request::{Seen, done, page};
use super::ui::{Problems, Ui, t};
use super::{Web, Who, routes};
use crate::domain::ids::{ClassId, StudentId};
use crate::domain::words::Role;
use crate::service::{Error, Listed, Screening};

const COUNSELLORS: Who = Who::Roles(&[Role::Counsellor]);

routes! {
    get "/classes/{class}/screening" form, COUNSELLORS;
    post "/classes/{class}/screening" note, COUNSELLORS;
}

#[derive(Template)]
#[template(path = "screening.html")]
struct ScreeningPage {
    ui: Ui,
    id: ClassId,
    class: String,
    day: String,
    scale: String,
    /// Each student, and whether the box is ticked.
    students: Vec<(Listed, bool)>,
    problems: Problems,
}

/// Everything as it was sent: day, scale, and a field named after each student that was ticked.
type Sent = HashMap<String, String>;

async fn screening_page(
    web: &Web,
    Seen { viewer, ui }: Seen,
    id: ClassId,
    sent: &Sent,
    problems: Problems,
) -> Result<ScreeningPage, Problem> {
    web.app.may_screen(&viewer).await?;
    let list = web.app.class_list(&viewer, id).await?;
    let class = class_name(&ui, &list.class, web.app.school_year());
    let ticked = |listed: &Listed| sent.contains_key(&listed.row.student.to_string());
    let students = list.students.into_iter().map(|listed| {
        let ticked = ticked(&listed);
        (listed, ticked)
    });
    let day = sent.get("day").cloned().unwrap_or_else(|| web.app.today());
    let scale = sent.get("scale").cloned().unwrap_or_default();
    Ok(ScreeningPage { id, class, day, scale, students: students.collect(), problems, ui })
}

async fn form(State(web): State<Web>, seen: Seen, Path(id): Path<ClassId>) -> Result<Response, Problem> {
    page(&screening_page(&web, seen, id, &Sent::new(), Problems::default()).await?)
}

async fn note(
    State(web): State<Web>,
    seen: Seen,
    Path(id): Path<ClassId>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    let flagged = sent.keys().filter_map(|name| name.parse::<StudentId>().ok()).collect();
    let scale = sent.get("scale").cloned().unwrap_or_default();
    let noted = match sent.get("day").and_then(|day| day.parse().ok()) {
        Some(day) => web.app.note_screening(&seen.viewer, id, &Screening { day, scale, flagged }).await,
        None => Err(Error::field("day", "date-invalid")),
    };
    let problems = match noted {
        Ok(()) => return Ok(done("/warnings", "screening-noted")),
        Err(Error::Invalid(problems)) => Problems::of(&seen.ui, &problems),
        Err(other) => return Err(other.into()),
    };
    let page = page(&screening_page(&web, seen, id, &sent, problems).await?)?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}
