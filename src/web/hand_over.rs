//! 移交辅导记录: a counsellor hands the notes to a colleague.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::Form;
use serde::Deserialize;

use super::files::shown_class;
use super::problem::Problem;
use super::request::{Seen, done, page};
use super::ui::{Choice, Problems, Ui, t};
use super::{Web, Who, format, routes};
use crate::domain::ids::{PersonId, StudentId};
use crate::domain::words::Role;
use crate::service::{Error, HeldNotes};

const COUNSELLORS: Who = Who::Roles(&[Role::Counsellor]);

routes! {
    get "/sessions/hand-over" show, COUNSELLORS;
    post "/sessions/hand-over" hand_over, COUNSELLORS;
}

/// To whom, and which students.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Sent {
    to: String,
    students: Vec<String>,
}

/// A student with notes, ready to show.
struct Row {
    choice: Choice,
    class: String,
    /// Whose notes they are besides the own ones.
    of: String,
}

#[derive(Template)]
#[template(path = "hand_over.html")]
struct HandOverPage {
    ui: Ui,
    rows: Vec<Row>,
    colleagues: Vec<Choice>,
    problems: Problems,
}

async fn hand_over_page(web: &Web, seen: Seen, sent: &Sent, problems: Problems) -> Result<HandOverPage, Problem> {
    let held = web.app.held_notes(&seen.viewer).await?;
    let mut ui = seen.ui;
    "/sessions/hand-over".clone_into(&mut ui.path);
    let row = |one: HeldNotes| {
        let value = one.student.to_string();
        let of: Vec<String> = one.of.iter().filter_map(|id| held.names.get(id).cloned()).collect();
        let chosen = sent.students.contains(&value);
        let of = format::list(ui.language, &of);
        Row { choice: Choice { value, label: one.name, chosen }, class: shown_class(web, &ui, &one.class), of }
    };
    let colleague = |person: crate::store::Person| {
        let value = person.id.to_string();
        Choice { chosen: sent.to == value, value, label: person.name }
    };
    let rows = held.students.into_iter().map(row).collect();
    let colleagues = held.colleagues.into_iter().map(colleague).collect();
    Ok(HandOverPage { ui, rows, colleagues, problems })
}

async fn show(State(web): State<Web>, seen: Seen) -> Result<Response, Problem> {
    page(&hand_over_page(&web, seen, &Sent::default(), Problems::default()).await?)
}

async fn hand_over(State(web): State<Web>, seen: Seen, Form(sent): Form<Sent>) -> Result<Response, Problem> {
    let to: PersonId = sent.to.parse().unwrap_or(PersonId(uuid::Uuid::nil()));
    let students: Vec<StudentId> = sent.students.iter().filter_map(|id| id.parse().ok()).collect();
    match web.app.hand_over_notes(&seen.viewer, to, &students).await {
        Ok(_) => Ok(done("/sessions/hand-over", "notes-handed-over")),
        Err(Error::Invalid(problems)) => {
            let problems = Problems::of(&seen.ui, &problems);
            let page = page(&hand_over_page(&web, seen, &sent, problems).await?)?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
        Err(other) => Err(other.into()),
    }
}
