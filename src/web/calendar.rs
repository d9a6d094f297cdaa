//! The school calendar, for the administrator: days off, and school days that make up for them.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::Form;
use serde::Deserialize;

use super::format;
use super::problem::{Problem, ProblemKind};
use super::request::{Seen, done, page};
use super::ui::{Choice, Problems, Ui, t};
use super::{Web, Who, routes};
use crate::domain::calendar::{DayKind, DayRange, read_lines};
use crate::domain::words::Role;
use crate::service::{Error, SchoolCalendar};

const ADMINISTRATORS: Who = Who::Roles(&[Role::SysAdmin]);

routes! {
    get "/structure/calendar" show, ADMINISTRATORS;
    post "/structure/calendar" mark, ADMINISTRATORS;
    post "/structure/calendar/lines" mark_lines, ADMINISTRATORS;
    post "/structure/calendar/remove" remove, ADMINISTRATORS;
}

#[derive(Template)]
#[template(path = "calendar.html")]
struct CalendarPage {
    ui: Ui,
    calendar: SchoolCalendar,
    columns: Vec<String>,
    kinds: Vec<Choice>,
    days: DaysForm,
    lines: String,
    problems: Problems,
    wrong_lines: String,
}

/// Days of one kind.
#[derive(Default, Deserialize)]
struct DaysForm {
    #[serde(default)]
    first: String,
    #[serde(default)]
    last: String,
    #[serde(default)]
    kind: String,
}

impl DaysForm {
    /// The days, if all of them can be.
    fn range(&self) -> Result<DayRange, Error> {
        let first = self.first.trim().parse().map_err(|_| Error::field("first", "date-invalid"))?;
        let last = match self.last.trim() {
            "" => first,
            last => last.parse().map_err(|_| Error::field("last", "date-invalid"))?,
        };
        Ok((first, last, DayKind::parse(&self.kind).ok_or_else(|| Error::field("kind", "choose"))?))
    }
}

/// Lines as somebody pasted them.
#[derive(Default, Deserialize)]
struct LinesForm {
    #[serde(default)]
    lines: String,
}

async fn show(State(web): State<Web>, seen: Seen) -> Result<Response, Problem> {
    calendar_page(&web, seen, DaysForm::default(), String::new(), Ok(())).await
}

async fn mark(State(web): State<Web>, seen: Seen, Form(form): Form<DaysForm>) -> Result<Response, Problem> {
    let marked = match form.range() {
        Ok(range) => web.app.mark_days(&seen.viewer, &[range]).await,
        Err(wrong) => Err(wrong),
    };
    calendar_page(&web, seen, form, String::new(), marked.map_err(Wrong::Field)).await
}

async fn mark_lines(State(web): State<Web>, seen: Seen, Form(form): Form<LinesForm>) -> Result<Response, Problem> {
    let marked = match read_lines(&form.lines) {
        Ok(ranges) => web.app.mark_days(&seen.viewer, &ranges).await.map_err(Wrong::Field),
        Err(lines) => Err(Wrong::Lines(lines)),
    };
    calendar_page(&web, seen, DaysForm::default(), form.lines, marked).await
}

async fn remove(
    State(web): State<Web>,
    Seen { viewer, .. }: Seen,
    Form(form): Form<DaysForm>,
) -> Result<Response, Problem> {
    let (Ok(first), Ok(last)) = (form.first.parse(), form.last.parse()) else {
        return Err(ProblemKind::Invalid.into());
    };
    web.app.unmark_days(&viewer, first, last).await?;
    Ok(done("/structure/calendar", "saved"))
}

/// What was wrong with what was sent.
enum Wrong {
    Field(Error),
    Lines(Vec<usize>),
}

/// The page; or, after something was saved, the way back to it.
async fn calendar_page(
    web: &Web,
    Seen { viewer, ui }: Seen,
    days: DaysForm,
    lines: String,
    result: Result<(), Wrong>,
) -> Result<Response, Problem> {
    let calendar = web.app.school_calendar(&viewer).await?;
    let sent = !days.first.is_empty() || !days.kind.is_empty() || !lines.is_empty();
    let (problems, wrong_lines) = match result {
        Ok(()) if sent => return Ok(done("/structure/calendar", "saved")),
        Ok(()) => (Problems::default(), String::new()),
        Err(Wrong::Field(Error::Invalid(problems))) => (Problems::of(&ui, &problems), String::new()),
        Err(Wrong::Field(other)) => return Err(other.into()),
        Err(Wrong::Lines(numbers)) => {
            let numbers: Vec<String> = numbers.iter().map(usize::to_string).collect();
            (Problems::default(), t!(ui, "calendar-wrong-lines", lines = format::list(ui.language, &numbers)))
        }
    };
    let chosen = |kind: &DayKind| kind.as_str() == days.kind;
    let choice = |kind: &DayKind| Choice { value: kind.to_string(), label: ui.word(*kind), chosen: chosen(kind) };
    let kinds = DayKind::ALL.iter().map(choice).collect();
    let columns = vec![t!(ui, "calendar-days"), t!(ui, "calendar-kind"), String::new()];
    let status =
        if problems.any() || !wrong_lines.is_empty() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = page(&CalendarPage { ui, calendar, columns, kinds, days, lines, problems, wrong_lines })?;
    Ok((status, page).into_response())
}
