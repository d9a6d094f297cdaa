//! Importing a roster: send a workbook, look at what would happen row by row, confirm, watch, read what came of it.

use std::collections::{BTreeMap, HashMap};

use askama::Template;
use axum::Router;
use axum::extract::multipart::{Multipart, MultipartError};
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::problem::{Problem, ProblemKind};
use super::request::{Seen, done, page};
use super::running::RunningPage;
use super::ui::{Ui, t};
use super::{Web, Who, format};
use crate::domain::ids::ImportId;
use crate::domain::roster::{Caution, ClassKey, MAX_FILE_BYTES, Refusal, Unreadable};
use crate::domain::words::Role;
use crate::service::{Item, KeptRoster, Outcome, Plan, RosterUpload, Taken};
use crate::store::ImportState;

#[cfg(test)]
mod tests;

/// Where a workbook is sent to.
pub const PATH: &str = "/import";
/// The largest form with a workbook, in bytes. The form around the file takes a little more; the parser says politely what
/// the limit of the file itself is.
pub const LARGEST: usize = MAX_FILE_BYTES + 64 * 1024;
/// Who may bring rosters in; policy says it again, and for which classes.
const IMPORTERS: Who = Who::Roles(&[Role::MoralEdDirector, Role::HomeroomTeacher]);

mod pages {
    use super::super::routes;
    use super::{IMPORTERS, confirm, kept, show, upload};

    routes! {
        get "/import" show, IMPORTERS;
        post "/import" upload, IMPORTERS;
        get "/imports/{id}" kept, IMPORTERS;
        post "/imports/{id}" confirm, IMPORTERS;
    }
}

pub use pages::ROUTES;

/// The handlers of this file, with room for a workbook.
pub fn router() -> Router<Web> {
    pages::router().layer(DefaultBodyLimit::max(LARGEST))
}

#[derive(Template)]
#[template(path = "import.html")]
struct ImportPage {
    ui: Ui,
    latest: Option<Latest>,
    problem: String,
}

/// The last workbook that the person sent.
struct Latest {
    href: String,
    sent_at: i64,
    state: String,
}

#[derive(Template)]
#[template(path = "import_check.html")]
struct CheckPage {
    ui: Ui,
    action: String,
    failed: bool,
    counts: Taken,
    nothing_to_do: bool,
    faults: Vec<Fault>,
    cautions: Vec<Fault>,
    other_schools: String,
    new_classes: String,
    ignored: String,
    absent: String,
    skipped: usize,
    classes: Vec<ClassRows>,
}

/// Why a row is refused, or what to look at in it.
struct Fault {
    line: u32,
    column: &'static str,
    text: String,
}

/// The rows of one class.
struct ClassRows {
    name: String,
    created: usize,
    changed: usize,
    unchanged: usize,
    rows: Vec<ShownRow>,
}

/// A row that would do something.
struct ShownRow {
    line: u32,
    name: String,
    what: String,
}

#[derive(Template)]
#[template(path = "import_done.html")]
struct DonePage {
    ui: Ui,
    taken: Taken,
    faults: Vec<Fault>,
    cautions: Vec<Fault>,
}

async fn show(State(web): State<Web>, seen: Seen) -> Result<Response, Problem> {
    page(&import_page(&web, seen, String::new()).await?)
}

async fn upload(State(web): State<Web>, seen: Seen, form: Multipart) -> Result<Response, Problem> {
    // Whoever may import nothing is told so before sixteen megabytes are read.
    web.app.latest_roster(&seen.viewer).await?;
    let workbook = file(form).await.map_err(|error| unread(&error))?;
    let problem = if workbook.is_empty() {
        t!(seen.ui, "import-no-file")
    } else {
        match web.app.check_roster(&seen.viewer, workbook).await? {
            RosterUpload::Kept(id) => return Ok(Redirect::to(&path(id)).into_response()),
            RosterUpload::Unreadable(why) => unreadable(&seen.ui, &why),
        }
    };
    let page = page(&import_page(&web, seen, problem).await?)?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

async fn kept(
    State(web): State<Web>,
    Seen { viewer, ui }: Seen,
    Path(id): Path<ImportId>,
) -> Result<Response, Problem> {
    let kept = web.app.kept_roster(&viewer, id).await?;
    match kept {
        KeptRoster { state: ImportState::Running, done, total, .. } => {
            let status = t!(ui, "import-progress", done = done, total = total);
            let (title, hint) = (t!(ui, "import-running-title"), t!(ui, "import-running-hint"));
            RunningPage { ui, title, status, hint, done, total }.answer(&path(id))
        }
        KeptRoster { plan: Some(plan), state, .. } => {
            page(&CheckPage::new(ui, path(id), state == ImportState::Failed, &plan, web.app.school_year()))
        }
        KeptRoster { taken, refused, cautions, .. } => {
            let (faults, cautions) = (faults(&ui, &refused), doubts(&ui, &cautions));
            page(&DonePage { ui, taken: taken.unwrap_or_default(), faults, cautions })
        }
    }
}

async fn confirm(
    State(web): State<Web>,
    Seen { viewer, .. }: Seen,
    Path(id): Path<ImportId>,
) -> Result<Response, Problem> {
    let Some(started) = web.app.start_import(&viewer, id).await? else {
        return Ok(done(&path(id), "import-already"));
    };
    let app = web.app;
    tokio::spawn(async move {
        if let Err(error) = app.run_import(started).await {
            tracing::error!(import = %id, %error, "a roster was not taken in");
        }
    });
    Ok(Redirect::to(&path(id)).into_response())
}

fn path(id: ImportId) -> String {
    format!("/imports/{id}")
}

/// The bytes of the field `file`; empty when none was chosen.
async fn file(mut form: Multipart) -> Result<Vec<u8>, MultipartError> {
    while let Some(field) = form.next_field().await? {
        if field.name() == Some("file") {
            return Ok(field.bytes().await?.to_vec());
        }
    }
    Ok(Vec::new())
}

fn unread(error: &MultipartError) -> Problem {
    let too_large = error.status() == StatusCode::PAYLOAD_TOO_LARGE;
    if too_large { ProblemKind::TooLarge.into() } else { ProblemKind::BadRequest.into() }
}

async fn import_page(web: &Web, seen: Seen, problem: String) -> Result<ImportPage, Problem> {
    let Seen { viewer, ui } = seen;
    let latest = web.app.latest_roster(&viewer).await?.map(|(id, sent_at, state)| {
        let state = match state {
            ImportState::Checked => t!(ui, "import-state-checked"),
            ImportState::Running => t!(ui, "import-state-running"),
            ImportState::Done => t!(ui, "import-state-done"),
            ImportState::Failed => t!(ui, "import-state-failed"),
        };
        Latest { href: path(id), sent_at, state }
    });
    Ok(ImportPage { ui, latest, problem })
}

impl CheckPage {
    fn new(ui: Ui, action: String, failed: bool, plan: &Plan, year: i16) -> Self {
        let class = |key: &ClassKey| class_name(&ui, *key, year);
        let new_classes: Vec<String> = plan.new_classes.iter().map(class).collect();
        let mut of_class: BTreeMap<ClassKey, Vec<&Item>> = BTreeMap::new();
        for item in &plan.items {
            of_class.entry(item.class).or_default().push(item);
        }
        let classes = of_class.iter().map(|(key, items)| ClassRows::new(&ui, class(key), items)).collect();
        Self {
            action,
            failed,
            counts: plan.counts(),
            nothing_to_do: plan.items.iter().all(|item| item.outcome == Outcome::Same),
            faults: faults(&ui, &plan.refused),
            cautions: doubts(&ui, &plan.cautions),
            other_schools: format::list(ui.language, &plan.other_schools),
            new_classes: format::list(ui.language, &new_classes),
            ignored: format::list(ui.language, &plan.ignored_columns),
            absent: format::list(ui.language, &plan.absent_columns),
            skipped: plan.skipped,
            classes,
            ui,
        }
    }
}

impl ClassRows {
    fn new(ui: &Ui, name: String, items: &[&Item]) -> Self {
        let count = |is_meant: fn(Outcome) -> bool| items.iter().filter(|item| is_meant(item.outcome)).count();
        let row = |item: &&Item| {
            let (line, name) = (item.line, item.student.name.clone());
            what(ui, item).map(|what| ShownRow { line, name, what })
        };
        Self {
            name,
            created: count(|outcome| outcome == Outcome::Create),
            changed: count(|outcome| matches!(outcome, Outcome::Change(_))),
            unchanged: count(|outcome| outcome == Outcome::Same),
            rows: items.iter().filter_map(row).collect(),
        }
    }
}

/// What would become of a row; nothing for one that changes nothing.
fn what(ui: &Ui, item: &Item) -> Option<String> {
    match (item.outcome, item.renamed, item.moved) {
        (Outcome::Same, ..) => None,
        (Outcome::Create, ..) => Some(t!(ui, "import-what-create")),
        (_, true, true) => Some(t!(ui, "import-what-renamed-moved")),
        (_, true, false) => Some(t!(ui, "import-what-renamed")),
        (_, false, true) => Some(t!(ui, "import-what-moved")),
        (_, false, false) => Some(t!(ui, "import-what-change")),
    }
}

fn class_name(ui: &Ui, key: ClassKey, year: i16) -> String {
    format::class_name(ui.language, key.grade(year), u16::from(key.number))
}

fn faults(ui: &Ui, refused: &[Refusal]) -> Vec<Fault> {
    let fault = |refusal: &Refusal| {
        let (code, first) = (refusal.problem.code(), refusal.problem.first_line());
        Fault { line: refusal.line, column: refusal.column, text: said(ui, "roster-problem", code, "first", first) }
    };
    refused.iter().map(fault).collect()
}

fn doubts(ui: &Ui, cautions: &[Caution]) -> Vec<Fault> {
    let fault = |caution: &Caution| {
        let (code, first) = (caution.doubt.code(), caution.doubt.first_line());
        Fault { line: caution.line, column: caution.column, text: said(ui, "roster-caution", code, "first", first) }
    };
    cautions.iter().map(fault).collect()
}

fn unreadable(ui: &Ui, why: &Unreadable) -> String {
    said(ui, "roster-unreadable", why.code(), "detail", Some(why.detail()).filter(|detail| !detail.is_empty()))
}

/// The text of a cause, with the one argument that some causes have.
fn said<V: ToString>(ui: &Ui, family: &str, code: &str, name: &'static str, value: Option<V>) -> String {
    let id = format!("{family}-{code}");
    match value {
        Some(value) => ui.loader().get_args(&id, HashMap::from([(name, value.to_string())])),
        None => ui.loader().get(&id),
    }
}
