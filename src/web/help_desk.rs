//! The help-seeking box on the desk of the counselling office, and its switch and poster for the administrator.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum_extra::extract::Form;
use serde::Deserialize;

use super::problem::Problem;
use super::request::{Seen, done, page};
use super::ui::{Problems, Ui, t};
use super::{Web, Who, routes};
use crate::domain::help::{HelpMessage, HelpState};
use crate::domain::ids::{ExchangeId, LetterId, PersonId};
use crate::domain::words::Role;
use crate::service::{Error, OpenedHelp, ShownHelp, fresh, receipt_number};
use crate::store::Exchange;

const READERS: Who = Who::Roles(&[Role::Counsellor]);
const ADMINISTRATORS: Who = Who::Roles(&[Role::SysAdmin]);

routes! {
    get "/box" list, READERS;
    get "/box/{id}" show, READERS;
    post "/box/{id}/answer" answer, READERS;
    post "/box/{id}/close" close, READERS;
    post "/box/{id}/warn" warn, READERS;
    get "/structure/box" settings, ADMINISTRATORS;
    post "/structure/box" switch, ADMINISTRATORS;
    get "/structure/box/poster" poster, ADMINISTRATORS;
}

#[derive(Template)]
#[template(path = "box.html")]
struct BoxPage {
    ui: Ui,
    parts: Vec<(String, Vec<Row>)>,
    columns: Vec<String>,
}

/// One exchange in a list: nothing of what it says.
struct Row {
    href: String,
    number: String,
    asked_at: i64,
    due_at: i64,
    waits: bool,
    overdue: bool,
}

#[derive(Template)]
#[template(path = "box_exchange.html")]
struct ExchangePage {
    ui: Ui,
    number: String,
    opened: OpenedHelp,
    names: HashMap<PersonId, String>,
    typed: Typed,
    stale: bool,
    problems: Problems,
}

impl ExchangePage {
    fn who(&self, shown: &ShownHelp) -> String {
        shown.from.map_or_else(
            || t!(self.ui, "box-student"),
            |id| self.names.get(&id).cloned().unwrap_or_else(|| t!(self.ui, "audit-former")),
        )
    }
}

/// An answer, or what goes to the warnings. `form` makes a second sending of it the same as the first.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Typed {
    form: String,
    seen: i64,
    text: String,
    facts: String,
    asks_who: String,
}

impl Typed {
    fn letter(&self) -> LetterId {
        self.form.parse().unwrap_or_else(|_| LetterId(fresh()))
    }
}

async fn list(State(web): State<Web>, Seen { viewer, ui }: Seen) -> Result<Response, Problem> {
    let now = web.app.now();
    let mut parts = Vec::new();
    for state in HelpState::ALL {
        let rows = web.app.exchanges(&viewer, *state).await?;
        let rows: Vec<Row> = rows.iter().map(|exchange| row(exchange, now)).collect();
        parts.push((ui.word(*state), rows));
    }
    let columns = vec![t!(ui, "box-number"), t!(ui, "box-asked"), t!(ui, "box-due")];
    page(&BoxPage { ui, parts, columns })
}

fn row(exchange: &Exchange, now: i64) -> Row {
    let waits = exchange.state == HelpState::Waiting;
    Row {
        href: format!("/box/{}", exchange.id),
        number: receipt_number(LetterId(exchange.id.0)),
        asked_at: exchange.asked_at,
        due_at: exchange.due_at,
        waits,
        overdue: waits && exchange.due_at < now,
    }
}

async fn show(State(web): State<Web>, seen: Seen, Path(id): Path<ExchangeId>) -> Result<Response, Problem> {
    page(&exchange_page(&web, seen, id, Typed::default(), Problems::default()).await?)
}

async fn exchange_page(
    web: &Web,
    Seen { viewer, ui }: Seen,
    id: ExchangeId,
    typed: Typed,
    problems: Problems,
) -> Result<ExchangePage, Problem> {
    let opened = web.app.open_help(&viewer, id).await?;
    let names = web.app.colleagues(&viewer).await?;
    let stale = typed.seen != 0 && typed.seen != opened.exchange.version;
    let (form, seen) = (typed.letter().to_string(), opened.exchange.version);
    let number = receipt_number(LetterId(id.0));
    Ok(ExchangePage { ui, number, opened, names, typed: Typed { form, seen, ..typed }, stale, problems })
}

async fn answer(
    State(web): State<Web>,
    seen: Seen,
    Path(id): Path<ExchangeId>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let text = typed.text.replace("\r\n", "\n").trim().to_owned();
    let message = HelpMessage { text, asks_who: !typed.asks_who.is_empty(), ..HelpMessage::default() };
    let done = web.app.answer_help(&seen.viewer, id, typed.letter(), typed.seen, &message).await;
    answered(&web, seen, id, typed, done, "help-answered").await
}

async fn close(
    State(web): State<Web>,
    seen: Seen,
    Path(id): Path<ExchangeId>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let done = web.app.close_help(&seen.viewer, id, typed.seen).await;
    answered(&web, seen, id, typed, done, "help-closed").await
}

async fn warn(
    State(web): State<Web>,
    seen: Seen,
    Path(id): Path<ExchangeId>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let done = web.app.pass_to_warnings(&seen.viewer, id, typed.letter(), &typed.facts).await;
    answered(&web, seen, id, typed, done, "help-passed").await
}

/// Back to the exchange: with the news, or with what is wrong and everything typed.
async fn answered(
    web: &Web,
    seen: Seen,
    id: ExchangeId,
    typed: Typed,
    result: Result<(), Error>,
    code: &str,
) -> Result<Response, Problem> {
    let (status, problems) = match result {
        Ok(()) => return Ok(done(&format!("/box/{id}"), code)),
        Err(Error::Invalid(problems)) => (StatusCode::UNPROCESSABLE_ENTITY, Problems::of(&seen.ui, &problems)),
        Err(Error::Stale(_)) => (StatusCode::CONFLICT, Problems::default()),
        Err(other) => return Err(other.into()),
    };
    let again = page(&exchange_page(web, seen, id, typed, problems).await?)?;
    Ok((status, again).into_response())
}

#[derive(Template)]
#[template(path = "box_settings.html")]
struct SettingsPage {
    ui: Ui,
    code: String,
    is_open: bool,
    problem: String,
}

/// On or off.
#[derive(Default, Deserialize)]
struct Switch {
    #[serde(default)]
    open: String,
}

async fn settings(State(web): State<Web>, seen: Seen) -> Result<Response, Problem> {
    page(&settings_page(&web, seen, String::new()).await?)
}

async fn settings_page(web: &Web, Seen { viewer, ui }: Seen, problem: String) -> Result<SettingsPage, Problem> {
    let found = web.app.own_help_box(&viewer).await?;
    let is_open = found.as_ref().is_some_and(|found| found.is_open);
    Ok(SettingsPage { ui, code: found.map_or_else(String::new, |found| found.code), is_open, problem })
}

async fn switch(State(web): State<Web>, seen: Seen, Form(form): Form<Switch>) -> Result<Response, Problem> {
    match web.app.set_help_box(&seen.viewer, form.open == "yes").await {
        Ok(()) => Ok(done("/structure/box", "saved")),
        Err(Error::Invalid(problems)) => {
            let problem = Problems::of(&seen.ui, &problems).get("box").to_owned();
            let again = page(&settings_page(&web, seen, problem).await?)?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, again).into_response())
        }
        Err(other) => Err(other.into()),
    }
}

#[derive(Template)]
#[template(path = "box_poster.html")]
struct PosterPage {
    ui: Ui,
    school: String,
    address: String,
}

async fn poster(State(web): State<Web>, Seen { viewer, ui }: Seen, headers: HeaderMap) -> Result<Response, Problem> {
    let code = web.app.own_help_box(&viewer).await?.map_or_else(String::new, |found| found.code);
    // Where the administrator reached this page is where students will reach theirs.
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let scheme = if web.frame.secure { "https" } else { "http" };
    let school = viewer.school.name;
    page(&PosterPage { ui, school, address: format!("{scheme}://{host}/help/{code}") })
}
