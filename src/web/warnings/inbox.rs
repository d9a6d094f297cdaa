//! What waits for the counselling office, and taking one letter up.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::Form;
use serde::Deserialize;

use super::{COUNSELLORS, READERS, said};
use crate::domain::ids::{LetterId, StudentId};
use crate::domain::record::SheetRow;
use crate::domain::steps::CloseReason;
use crate::domain::words::FileStatus;
use crate::service::{Error, Inbox, Listed, ListedWarning, WaitingLetter};
use crate::store::Class;
use crate::web::classes::class_name;
use crate::web::problem::Problem;
use crate::web::request::{Seen, done, page};
use crate::web::ui::{Choice, Problems, Ui, t};
use crate::web::{Web, format, routes};

routes! {
    get "/warnings" inbox, READERS;
    get "/warnings/letters/{letter}" letter, COUNSELLORS;
    post "/warnings/letters/{letter}/find" find, COUNSELLORS;
    post "/warnings/letters/{letter}/take" take, COUNSELLORS;
    post "/warnings/letters/{letter}/close" close, COUNSELLORS;
}

/// A letter in the list.
struct LetterView {
    id: LetterId,
    sent_at: i64,
    about: String,
    running: bool,
    lines: Vec<(String, String)>,
    opens: bool,
}

/// A warning in the list.
struct WarningView {
    href: String,
    about: String,
    level: String,
    stage: String,
    next: String,
    left: String,
    overdue: bool,
    to_sign: bool,
}

#[derive(Template)]
#[template(path = "warnings.html")]
struct InboxPage {
    ui: Ui,
    letters: Vec<LetterView>,
    older: Vec<LetterView>,
    running: Vec<WarningView>,
    columns: Vec<String>,
    closed_to: usize,
    may_take: bool,
}

#[derive(Template)]
#[template(path = "warning_letter.html")]
struct LetterPage {
    ui: Ui,
    id: LetterId,
    sent_at: i64,
    sender: String,
    lines: Vec<(String, String)>,
    named: bool,
    query: String,
    candidates: Vec<Choice>,
    sealed: Vec<(StudentId, String)>,
    reasons: Vec<Choice>,
    note: String,
    problems: Problems,
}

/// What is searched for.
#[derive(Default, Deserialize)]
struct Find {
    #[serde(default)]
    q: String,
}

/// The student whom a letter is about.
#[derive(Deserialize)]
struct Take {
    #[serde(default)]
    student: String,
}

/// Why a letter is closed.
#[derive(Default, Deserialize)]
struct Close {
    #[serde(default)]
    reason: String,
    #[serde(default)]
    note: String,
}

async fn inbox(State(web): State<Web>, Seen { viewer, ui }: Seen) -> Result<Response, Problem> {
    let Inbox { letters, older, closed_to, running, may_take } = web.app.inbox(&viewer).await?;
    let (year, now) = (web.app.school_year(), web.app.now());
    let views = |letters: &[WaitingLetter]| letters.iter().map(|one| letter_view(&ui, one, year)).collect();
    let (letters, older) = (views(&letters), views(&older));
    let warning = |one: ListedWarning| {
        let (next, left) = one
            .next
            .map_or_else(Default::default, |(task, due_at)| (ui.word(task), format::left(ui.language, due_at - now)));
        WarningView {
            href: format!("/warnings/{}", one.warning.id),
            about: about(&ui, one.student.as_ref(), year),
            level: one.severity.map_or_else(|| t!(ui, "level-none-yet"), |s| ui.level(viewer.school.labels, s)),
            stage: ui.word(one.warning.stage),
            overdue: one.next.is_some_and(|(_, due_at)| due_at < now),
            to_sign: one.to_sign,
            next,
            left,
        }
    };
    let running = running.into_iter().map(warning).collect();
    let columns =
        vec![t!(ui, "warnings-student"), t!(ui, "warnings-level"), t!(ui, "warnings-stage"), t!(ui, "warnings-next")];
    page(&InboxPage { ui, letters, older, running, columns, closed_to, may_take })
}

fn letter_view(ui: &Ui, one: &WaitingLetter, year: i16) -> LetterView {
    let lines = one.content.as_ref().map(|content| said(ui, content));
    LetterView {
        id: one.letter.id,
        sent_at: one.letter.sent_at,
        about: about(ui, one.student.as_ref(), year),
        running: one.running.is_some(),
        opens: lines.is_some(),
        lines: lines.unwrap_or_default(),
    }
}

/// Name and class, as far as they are known.
fn about(ui: &Ui, student: Option<&(SheetRow, Class)>, year: i16) -> String {
    student.map_or_else(
        || t!(ui, "warnings-not-named"),
        |(row, class)| format::list(ui.language, &[row.name.clone(), class_name(ui, class, year)]),
    )
}

async fn letter(State(web): State<Web>, seen: Seen, Path(id): Path<LetterId>) -> Result<Response, Problem> {
    page(&letter_page(&web, seen, id, None, Close::default(), Problems::default()).await?)
}

/// A POST, although it changes nothing: a name that was searched for must not stand in addresses.
async fn find(
    State(web): State<Web>,
    seen: Seen,
    Path(id): Path<LetterId>,
    Form(Find { q }): Form<Find>,
) -> Result<Response, Problem> {
    page(&letter_page(&web, seen, id, Some(q), Close::default(), Problems::default()).await?)
}

async fn take(
    State(web): State<Web>,
    seen: Seen,
    Path(id): Path<LetterId>,
    Form(Take { student }): Form<Take>,
) -> Result<Response, Problem> {
    let problems = match student.parse::<StudentId>() {
        Err(_) => Problems::one(&seen.ui, "student", "choose"),
        Ok(student) => match web.app.take_letter(&seen.viewer, id, student).await {
            Ok(warning) => return Ok(done(&format!("/warnings/{warning}"), "letter-taken")),
            Err(Error::Invalid(problems)) => Problems::of(&seen.ui, &problems),
            Err(other) => return Err(other.into()),
        },
    };
    let page = page(&letter_page(&web, seen, id, None, Close::default(), problems).await?)?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

async fn close(
    State(web): State<Web>,
    seen: Seen,
    Path(id): Path<LetterId>,
    Form(form): Form<Close>,
) -> Result<Response, Problem> {
    let problems = match CloseReason::parse(&form.reason) {
        None => Problems::one(&seen.ui, "reason", "choose"),
        Some(reason) => match web.app.close_letter(&seen.viewer, id, reason, &form.note).await {
            Ok(()) => return Ok(done("/warnings", "letter-closed")),
            Err(Error::Invalid(problems)) => Problems::of(&seen.ui, &problems),
            Err(other) => return Err(other.into()),
        },
    };
    let page = page(&letter_page(&web, seen, id, None, form, problems).await?)?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

async fn letter_page(
    web: &Web,
    Seen { viewer, mut ui }: Seen,
    id: LetterId,
    query: Option<String>,
    filled: Close,
    problems: Problems,
) -> Result<LetterPage, Problem> {
    let opened = web.app.open_letter(&viewer, id, query.as_deref()).await?;
    let colleagues = web.app.colleagues(&viewer).await?;
    let sender = opened.letter.sender.and_then(|id| colleagues.get(&id.into()).cloned()).unwrap_or_default();
    let year = web.app.school_year();
    let only = opened.candidates.len() == 1;
    let label = |one: &Listed| format!("{}（{}）", one.row.name, class_name(&ui, &one.class, year));
    let (sealed, open): (Vec<_>, Vec<_>) =
        opened.candidates.iter().partition(|one| one.status == FileStatus::SealedAway);
    let candidate = |one: &Listed| Choice { value: one.row.student.to_string(), label: label(one), chosen: only };
    let candidates = open.into_iter().map(candidate).collect();
    let sealed = sealed.into_iter().map(|one| (one.row.student, label(one))).collect();
    let lines = said(&ui, &opened.content);
    let reasons = ui.choices(CloseReason::ALL, CloseReason::parse(&filled.reason));
    let (sent_at, named) = (opened.letter.sent_at, opened.letter.student_id.is_some());
    ui.path = format!("/warnings/letters/{id}");
    let query = query.unwrap_or_default();
    Ok(LetterPage {
        id,
        sent_at,
        sender,
        lines,
        named,
        query,
        candidates,
        sealed,
        reasons,
        note: filled.note,
        problems,
        ui,
    })
}
