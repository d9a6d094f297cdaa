//! A page that shows how far something is and looks again by itself, without JavaScript.

use askama::Template;
use axum::http::{HeaderValue, header};
use axum::response::Response;

use super::problem::Problem;
use super::request::page;
use super::ui::{Ui, t};

/// The page.
#[derive(Template)]
#[template(path = "running.html")]
pub(super) struct RunningPage {
    /// The frame.
    pub ui: Ui,
    /// What runs.
    pub title: String,
    /// How far it is, in words.
    pub status: String,
    /// That one may leave the page.
    pub hint: String,
    /// How far it is.
    pub done: i64,
    /// How far it goes.
    pub total: i64,
}

impl RunningPage {
    /// The answer; a second later the browser asks `path` again, without the notice of the page before.
    ///
    /// # Errors
    /// The template.
    pub fn answer(&self, path: &str) -> Result<Response, Problem> {
        let mut response = page(self)?;
        let again = HeaderValue::from_str(&format!("1; url={path}")).ok();
        response.headers_mut().extend(again.map(|again| (header::REFRESH, again)));
        Ok(response)
    }
}
