//! 谁看过: who opened or changed a file, for the people of its office.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;

use super::audit::{acting_as, what};
use super::problem::Problem;
use super::request::{Seen, page};
use super::ui::{Ui, t};
use super::{Web, Who, routes};
use crate::domain::audit::Line;
use crate::domain::ids::{PersonId, StudentId};
use crate::domain::words::Role;

routes! {
    get "/files/{id}/views" show, Who::Roles(&[Role::Counsellor, Role::HomeroomTeacher]);
}

#[derive(Template)]
#[template(path = "views.html")]
struct ViewsPage {
    ui: Ui,
    student: StudentId,
    rows: Vec<Row>,
}

/// One line, ready to read.
struct Row {
    at: i64,
    who: String,
    role: String,
    what: String,
}

async fn show(
    State(web): State<Web>,
    Seen { viewer, ui }: Seen,
    Path(student): Path<StudentId>,
) -> Result<Response, Problem> {
    let (lines, names) = web.app.views(&viewer, student).await?;
    let rows = lines.iter().map(|stored| row(&ui, &names, &stored.line)).collect();
    page(&ViewsPage { ui, student, rows })
}

fn row(ui: &Ui, names: &HashMap<PersonId, String>, line: &Line) -> Row {
    let who = match names.get(&line.actor) {
        Some(name) => name.clone(),
        None if line.actor.0.is_nil() => t!(ui, "audit-installation"),
        None => t!(ui, "audit-former"),
    };
    Row { at: line.at, who, role: acting_as(ui, line), what: what(ui, line) }
}

#[cfg(test)]
mod tests;
