//! The helper's page: the students of today, and what comes next for each.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::problem::Problem;
use super::request::{Seen, page};
use super::ui::{Ui, t};
use super::{Web, Who, routes};
use crate::domain::words::Role;
use crate::service::Helped;

routes! {
    get "/helping" show, Who::Roles(&[Role::Helper]);
}

#[derive(Template)]
#[template(path = "helping.html")]
struct HelpingPage {
    ui: Ui,
    year: i16,
    helped: Vec<Helped>,
}

async fn show(State(web): State<Web>, Seen { viewer, ui }: Seen) -> Result<Response, Problem> {
    let helped = web.app.helping(&viewer).await?;
    page(&HelpingPage { ui, year: web.app.school_year(), helped })
}
