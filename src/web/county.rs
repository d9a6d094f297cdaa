//! What the pages of meetings, supervision and compliance share: forms with several answers to one question, and how they come back.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use serde::Deserialize;

use super::problem::Problem;
use super::ui::{Choice, Problems, Ui, t};
use crate::domain::county::HalfYear;
use crate::domain::ids::{FormId, SchoolId};
use crate::service::{Error, fresh_form};

/// A form as it was sent, in its order.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(transparent)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    /// The answer to a question; empty where there is none.
    pub fn get(&self, name: &str) -> &str {
        self.all(name).next().unwrap_or_default()
    }

    /// All answers to a question.
    pub fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(field, _)| field == name).map(|(_, text)| text.as_str())
    }

    /// A day.
    pub fn day(&self, name: &'static str) -> Result<Date, Error> {
        self.get(name).trim().parse().map_err(|_| Error::field(name, "date-invalid"))
    }

    /// A day that may be left out.
    pub fn day_or_none(&self, name: &'static str) -> Result<Option<Date>, Error> {
        if self.get(name).trim().is_empty() { Ok(None) } else { self.day(name).map(Some) }
    }

    /// A number.
    pub fn number(&self, name: &'static str) -> Result<i64, Error> {
        self.get(name).trim().parse().map_err(|_| Error::field(name, "number-out-of-range"))
    }

    /// The version that the person saw.
    pub fn seen(&self) -> i64 {
        self.get("seen").parse().unwrap_or(0)
    }

    /// Which showing of the form it is.
    pub fn form(&self) -> FormId {
        self.get("form").parse().unwrap_or_else(|_| fresh_form())
    }

    /// A half year.
    pub fn half(&self) -> Result<HalfYear, Error> {
        HalfYear::parse(self.get("half")).ok_or(Error::field("half", "choose"))
    }

    /// The schools that were ticked.
    pub fn schools(&self) -> Vec<SchoolId> {
        self.all("schools").filter_map(|id| id.parse().ok()).collect()
    }
}

/// How a page shows what is wrong with one of its forms: which one, what it held, its marked fields, and the lines that name somebody.
#[derive(Debug, Default)]
pub(super) struct Back {
    pub which: String,
    pub fields: Fields,
    pub problems: Problems,
    pub lines: Vec<String>,
    /// The status of the page that shows it.
    pub status: Option<StatusCode>,
}

impl Back {
    /// A form that was not taken.
    ///
    /// # Errors
    /// What no other answer in the form would mend.
    pub fn of(ui: &Ui, which: &str, fields: Fields, error: Error) -> Result<Self, Problem> {
        let (status, problems, lines) = match error {
            Error::Invalid(problems) => (StatusCode::UNPROCESSABLE_ENTITY, Problems::of(ui, &problems), Vec::new()),
            Error::Named(found) => {
                let line = |one: &crate::domain::deidentify::Finding| {
                    t!(ui, "county-line", line = one.line, what = ui.word(one.slip))
                };
                (StatusCode::UNPROCESSABLE_ENTITY, Problems::default(), found.iter().map(line).collect())
            }
            Error::Stale(_) => (StatusCode::CONFLICT, Problems::default(), vec![t!(ui, "county-stale")]),
            other => return Err(other.into()),
        };
        Ok(Self { which: which.to_owned(), fields, problems, lines, status: Some(status) })
    }

    /// Whether this is the form that came back.
    pub fn is(&self, which: &str) -> bool {
        self.which == which
    }

    /// What a field holds: as it was sent, where this form came back.
    pub fn text<'a>(&'a self, which: &str, field: &str, stands: &'a str) -> &'a str {
        if self.is(which) { self.fields.get(field) } else { stands }
    }

    /// What is wrong with a field of a form.
    pub fn wrong(&self, which: &str, field: &str) -> &str {
        if self.is(which) { self.problems.get(field) } else { "" }
    }

    /// The lines of a form that name somebody.
    pub fn lines(&self, which: &str) -> &[String] {
        if self.is(which) { &self.lines } else { &[] }
    }

    /// Schools to tick, with those that were.
    pub fn schools(&self, which: &str, schools: &[(SchoolId, String)]) -> Vec<Choice> {
        let chosen = if self.is(which) { self.fields.schools() } else { schools.iter().map(|(id, _)| *id).collect() };
        let choice = |(id, name): &(SchoolId, String)| Choice {
            value: id.to_string(),
            label: name.clone(),
            chosen: chosen.contains(id),
        };
        schools.iter().map(choice).collect()
    }
}

/// A page with its status.
pub(super) fn with_status(status: Option<StatusCode>, page: Response) -> Response {
    match status {
        Some(status) => (status, page).into_response(),
        None => page,
    }
}

/// 2026—2027学年第一学期
pub(super) fn half_word(ui: &Ui, half: HalfYear) -> String {
    let (from, to) = (half.year.to_string(), (half.year + 1).to_string());
    if half.second { t!(ui, "half-second", from = from, to = to) } else { t!(ui, "half-first", from = from, to = to) }
}

/// The half year of a day and the one before it, as answers of a form.
pub(super) fn half_choices(ui: &Ui, today: Date, chosen: &str) -> Vec<Choice> {
    let now = HalfYear::of(today);
    let choice = |half: HalfYear| {
        let value = half.to_string();
        let chosen = if chosen.is_empty() { half == now } else { chosen == value };
        Choice { label: half_word(ui, half), chosen, value }
    };
    [now, now.before()].into_iter().map(choice).collect()
}
