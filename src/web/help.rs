//! The help-seeking box 心理信箱: pages for students, without an account.
//!
//! They set no cookie and run no script; the receipt phrase travels in forms only, never in an address. The numbers to call
//! stand first on every one of them.

use askama::Template;
use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRequestParts, Path, Query, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::Form;
use serde::Deserialize;

use super::problem::Problem;
use super::request::page;
use super::ui::{Problems, Ui, t};
use super::{Web, format, language};
use crate::domain::help::{HelpMessage, HelpState};
use crate::domain::words::Language;
use crate::service::{Answers, Error, HELP_TEXT, HelpForm, OpenBox};

mod pages {
    use super::super::{Who, routes};
    use super::{answers, ask, look, more, send, start};

    routes! {
        get "/help" start, Who::Anyone;
        get "/help/{code}" ask, Who::Anyone;
        post "/help/{code}" send, Who::Anyone;
        get "/help/{code}/answer" look, Who::Anyone;
        post "/help/{code}/answer" answers, Who::Anyone;
        post "/help/{code}/more" more, Who::Anyone;
    }
}

pub use pages::ROUTES;

/// A letter of [`HELP_TEXT`] characters, each of nine bytes in a form, and what stands beside it.
const BODY: usize = 9 * HELP_TEXT + 16 * 1024;

/// The handlers of this file; what they take is small.
pub fn router() -> Router<Web> {
    pages::router().layer(DefaultBodyLimit::max(BODY))
}

/// The frame of a page that a student sees. The language stands in the address (`?lang=en`): these pages set no cookie.
struct Student(Ui);

impl FromRequestParts<Web> for Student {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &Web) -> Result<Self, Self::Rejection> {
        let wish = parts.uri.query().and_then(|query| query.split('&').find_map(|pair| pair.strip_prefix("lang=")));
        let language = language::negotiate(wish.and_then(Language::parse), &parts.headers);
        Ok(Self(Ui::anonymous(language, parts.uri.path())))
    }
}

/// What a student typed, and what the form carried.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Typed {
    ticket: String,
    phrase: String,
    text: String,
    name: String,
    class: String,
    reach: String,
    danger: String,
    wants_talk: String,
}

impl Typed {
    fn message(&self) -> HelpMessage {
        let plain = |text: &str| text.replace("\r\n", "\n").trim().to_owned();
        HelpMessage {
            text: plain(&self.text),
            name: plain(&self.name),
            class: plain(&self.class),
            reach: plain(&self.reach),
            danger: !self.danger.is_empty(),
            wants_talk: !self.wants_talk.is_empty(),
            asks_who: false,
        }
    }

    fn form(&self) -> HelpForm {
        HelpForm { ticket: self.ticket.clone(), phrase: self.phrase.clone() }
    }
}

#[derive(Template)]
#[template(path = "help_start.html")]
struct StartPage {
    ui: Ui,
    code: String,
    unknown: bool,
}

#[derive(Template)]
#[template(path = "help_ask.html")]
struct AskPage {
    ui: Ui,
    found: OpenBox,
    form: HelpForm,
    typed: Typed,
    trouble: String,
    problems: Problems,
}

#[derive(Template)]
#[template(path = "help_sent.html")]
struct SentPage {
    ui: Ui,
    found: OpenBox,
    phrase: String,
    danger: bool,
}

#[derive(Template)]
#[template(path = "help_look.html")]
struct LookPage {
    ui: Ui,
    found: OpenBox,
    phrase: String,
    trouble: String,
}

#[derive(Template)]
#[template(path = "help_answers.html")]
struct AnswersPage {
    ui: Ui,
    found: OpenBox,
    answers: Answers,
    form: HelpForm,
    typed: Typed,
    sent: bool,
    trouble: String,
    problems: Problems,
}

/// The code of a box, typed in by hand.
#[derive(Default, Deserialize)]
struct Code {
    #[serde(default)]
    code: String,
}

async fn start(Student(ui): Student, Query(Code { code }): Query<Code>) -> Result<Response, Problem> {
    let code: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
    if code.is_empty() {
        return page(&StartPage { ui, code, unknown: false });
    }
    Ok(Redirect::to(&format!("/help/{code}?lang={}", ui.language)).into_response())
}

async fn ask(State(web): State<Web>, Student(ui): Student, Path(code): Path<String>) -> Result<Response, Problem> {
    let Some(found) = found(&web, &code).await? else { return no_such_box(ui, code) };
    let form = web.app.help_form(&code, true).await?;
    page(&AskPage { ui, found, form, typed: Typed::default(), trouble: String::new(), problems: Problems::default() })
}

async fn send(
    State(web): State<Web>,
    Student(ui): Student,
    Path(code): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let Some(found) = found(&web, &code).await? else { return no_such_box(ui, code) };
    let (form, message) = (typed.form(), typed.message());
    match web.app.ask_for_help(&code, &form, &message).await {
        Ok(()) => page(&SentPage { ui, found, phrase: form.phrase, danger: message.danger }),
        Err(error) => {
            let Again { status, trouble, problems, form } = again(&web, &ui, &code, error, form).await?;
            let page = page(&AskPage { ui, found, form, typed, trouble, problems })?;
            Ok((status, page).into_response())
        }
    }
}

async fn look(State(web): State<Web>, Student(ui): Student, Path(code): Path<String>) -> Result<Response, Problem> {
    let Some(found) = found(&web, &code).await? else { return no_such_box(ui, code) };
    page(&LookPage { ui, found, phrase: String::new(), trouble: String::new() })
}

async fn answers(
    State(web): State<Web>,
    Student(ui): Student,
    Path(code): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let Some(found) = found(&web, &code).await? else { return no_such_box(ui, code) };
    shown(&web, ui, found, typed, None).await
}

async fn more(
    State(web): State<Web>,
    Student(ui): Student,
    Path(code): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let Some(found) = found(&web, &code).await? else { return no_such_box(ui, code) };
    let sent = web.app.write_again(&code, &typed.phrase, &typed.ticket, &typed.message()).await;
    shown(&web, ui, found, typed, Some(sent)).await
}

/// The page with the answers, after a message was sent or not; or the form for the phrase again.
async fn shown(
    web: &Web,
    ui: Ui,
    found: OpenBox,
    mut typed: Typed,
    sent: Option<Result<bool, Error>>,
) -> Result<Response, Problem> {
    let answers = match web.app.look_for_answer(&found.code, &typed.phrase).await {
        Ok(answers) => answers,
        Err(Error::TooMany { retry }) => {
            let trouble = full(&ui, retry);
            let page = page(&LookPage { ui, found, phrase: typed.phrase, trouble })?;
            return Ok((StatusCode::TOO_MANY_REQUESTS, page).into_response());
        }
        Err(other) => return Err(other.into()),
    };
    let Some(answers) = answers else {
        let trouble = t!(ui, "help-unknown-phrase");
        let page = page(&LookPage { ui, found, phrase: typed.phrase, trouble })?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    };
    let form = HelpForm { ticket: typed.ticket.clone(), phrase: String::new() };
    let (code, was_sent) = (found.code.clone(), matches!(sent, Some(Ok(true))));
    let Again { status, trouble, problems, form } = match sent {
        Some(Err(error)) => again(web, &ui, &code, error, form).await?,
        _ => Again::fresh(web.app.help_form(&code, false).await?),
    };
    if was_sent {
        (typed.text, typed.name, typed.class) = (String::new(), String::new(), String::new());
    }
    let page = page(&AnswersPage { ui, found, answers, form, typed, sent: was_sent, trouble, problems })?;
    Ok((status, page).into_response())
}

/// What a form comes back with.
struct Again {
    status: StatusCode,
    trouble: String,
    problems: Problems,
    form: HelpForm,
}

impl Again {
    fn fresh(form: HelpForm) -> Self {
        Self { status: StatusCode::OK, trouble: String::new(), problems: Problems::default(), form }
    }
}

/// A form that was not taken comes back with everything typed and says what to do.
async fn again(web: &Web, ui: &Ui, code: &str, error: Error, form: HelpForm) -> Result<Again, Problem> {
    match error {
        Error::TooMany { retry } => {
            let (status, trouble) = (StatusCode::TOO_MANY_REQUESTS, full(ui, retry));
            Ok(Again { status, trouble, problems: Problems::default(), form })
        }
        Error::Invalid(problems) => {
            let of_form = problems.iter().find(|problem| problem.field == "form").map(|problem| problem.code);
            // A form that is too old is of no use any more; one that came too soon is.
            let form = match of_form {
                Some("help-form-old") => web.app.help_form(code, !form.phrase.is_empty()).await?,
                _ => form,
            };
            let problems = Problems::of(ui, &problems);
            let trouble = problems.get("form").to_owned();
            Ok(Again { status: StatusCode::UNPROCESSABLE_ENTITY, trouble, problems, form })
        }
        other => Err(other.into()),
    }
}

fn full(ui: &Ui, retry: u64) -> String {
    let wait = format::wait(ui.language, u32::try_from(retry).unwrap_or(600));
    t!(ui, "help-full", wait = wait)
}

/// The open box with this code.
async fn found(web: &Web, code: &str) -> Result<Option<OpenBox>, Problem> {
    match web.app.help_box(code).await {
        Ok(found) => Ok(Some(found)),
        Err(Error::NotFound) => Ok(None),
        Err(other) => Err(other.into()),
    }
}

/// The page for a code that is none, with the numbers to call.
fn no_such_box(ui: Ui, code: String) -> Result<Response, Problem> {
    let ui = Ui { path: "/help".to_owned(), ..ui };
    Ok((StatusCode::NOT_FOUND, page(&StartPage { ui, code, unknown: true })?).into_response())
}
