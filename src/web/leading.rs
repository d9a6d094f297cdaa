//! The page of who leads a crisis case: each case, and the way to its warning and its file.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::problem::Problem;
use super::request::{Seen, page};
use super::ui::{Ui, t};
use super::{Web, Who, routes};
use crate::service::Led;

routes! {
    get "/leading" show, Who::SignedIn;
}

#[derive(Template)]
#[template(path = "leading.html")]
struct LeadingPage {
    ui: Ui,
    year: i16,
    led: Vec<Led>,
}

async fn show(State(web): State<Web>, Seen { viewer, ui }: Seen) -> Result<Response, Problem> {
    let led = web.app.leading(&viewer).await?;
    page(&LeadingPage { ui, year: web.app.school_year(), led })
}
