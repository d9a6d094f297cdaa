//! The file of one student: what stands in it, changing it, and the tracking entries.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::Form;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::classes::class_name;
use super::problem::{Problem, ProblemKind};
use super::request::{Seen, done, page};
use super::ui::{Choice, Problems, Ui, t};
use super::{Web, Who, format, routes};
use crate::domain::ids::{EntryId, FormId, PersonId, StudentId};
use crate::domain::reading::ReadingKind;
use crate::domain::record::{EntryText, Field, Standing};
use crate::domain::words::{Action, Compartment, Effect, FileStatus, GroupTag, Kind, Role, Way};
use crate::service::{Decision, Error, FieldEdit, OpenedFile, ShownCompartment, Stale, Viewer};
use crate::store::Class;

/// Roles that open files.
const READERS: Who = Who::Roles(&[Role::Counsellor, Role::HomeroomTeacher, Role::MoralEdDirector, Role::Helper]);
/// Roles that log entries.
const WRITERS: Who = Who::Roles(&[Role::Counsellor, Role::HomeroomTeacher, Role::Helper]);
/// Roles that change one compartment or another.
const EDITORS: Who = Who::Roles(&[Role::Counsellor, Role::HomeroomTeacher, Role::MoralEdDirector]);
/// Roles that move a file from stage to stage.
const STAGERS: Who = Who::Roles(&[Role::Counsellor, Role::HomeroomTeacher]);
/// Roles that decide about circumstances.
const DECIDERS: Who = Who::Roles(&[Role::HomeroomTeacher, Role::MoralEdDirector]);

routes! {
    get "/files/{student}" show, READERS;
    get "/files/{student}/entry" entry_form, WRITERS;
    post "/files/{student}/entry" append, WRITERS;
    post "/files/{student}/entry/draft" keep_draft, WRITERS;
    get "/files/{student}/edit/{compartment}" edit_form, EDITORS;
    post "/files/{student}/edit/{compartment}" edit, EDITORS;
    post "/files/{student}/circumstance" decide, DECIDERS;
    post "/files/{student}/status" set_status, STAGERS;
}

/// What the person may do with the file, asked of policy once for the page.
#[expect(clippy::struct_excessive_bools, reason = "independent answers of policy")]
struct May {
    append: bool,
    decide: bool,
    stage: bool,
    notes: bool,
    views: bool,
    pair: bool,
    erase: bool,
    lend: bool,
    /// How to reach the family is not shown, and could be by a grant.
    ask_contact: bool,
}

#[derive(Template)]
#[template(path = "file.html")]
struct FilePage {
    ui: Ui,
    file: OpenedFile,
    class: String,
    may: May,
    next: Vec<Choice>,
    tags: Vec<Choice>,
    problems: Problems,
}

impl FilePage {
    /// The name of a colleague.
    fn by(&self, id: &PersonId) -> &str {
        self.file.names.get(id).map_or("—", String::as_str)
    }

    /// The helpers paired today, in one line.
    fn helpers(&self) -> String {
        let running = self.file.approach.pairings.iter().filter(|p| !p.ended);
        let names: Vec<String> = running.map(|p| self.by(&p.helper_id).to_owned()).collect();
        format::list(self.ui.language, &names)
    }
}

async fn file_page(web: &Web, seen: Seen, id: StudentId, problems: Problems) -> Result<FilePage, Problem> {
    let file = web.app.open_file(&seen.viewer, id).await?;
    Ok(page_of(web, &seen.viewer, seen.ui, file, problems))
}

/// The page of an opened file.
fn page_of(web: &Web, viewer: &Viewer, ui: Ui, file: OpenedFile, problems: Problems) -> FilePage {
    let asks = |kind, action| web.app.policy.may(&file.approach.standing, kind, action);
    let may = May {
        append: asks(Kind::Support, Action::Append),
        decide: asks(Kind::Circumstance, Action::Write),
        stage: asks(Kind::Support, Action::Write),
        notes: asks(Kind::Counselling, Action::Append),
        views: asks(Kind::Views, Action::Read),
        pair: asks(Kind::Pairing, Action::Manage),
        erase: asks(Kind::Erasure, Action::Read),
        lend: asks(Kind::Contact, Action::Admit),
        ask_contact: !asks(Kind::Contact, Action::Read)
            && file.contact_by.is_none()
            && web.app.could_be_granted(viewer, ReadingKind::Contact),
    };
    let class = class_name(&ui, &file.approach.class, web.app.school_year());
    let next = ui.choices(file.approach.student.status.next(), None);
    let tags = ui.choices(GroupTag::ALL, None);
    FilePage { ui, file, class, may, next, tags, problems }
}

/// The page of a file that the benchmark opened from plain fields: the same template, the same look-ups around it.
pub(crate) fn bench_page(web: &Web, seen: Seen, file: OpenedFile) -> Result<Response, Problem> {
    page(&page_of(web, &seen.viewer, seen.ui, file, Problems::default()))
}

async fn show(State(web): State<Web>, seen: Seen, Path(id): Path<StudentId>) -> Result<Response, Problem> {
    page(&file_page(&web, seen, id, Problems::default()).await?)
}

/// An entry as the form sends it; also what its draft keeps.
#[derive(Clone, Default, Serialize, Deserialize)]
struct EntryForm {
    #[serde(default)]
    date: String,
    #[serde(default)]
    way: String,
    #[serde(default)]
    happened: String,
    #[serde(default)]
    effect: String,
    #[serde(default)]
    next: String,
    #[serde(default)]
    corrects: String,
    #[serde(default)]
    finding: String,
    #[serde(default)]
    once: String,
}

impl EntryForm {
    /// The entry it says, or what is missing.
    fn parse(&self, ui: &Ui) -> Result<(EntryText, Option<EntryId>), Problems> {
        let date: Option<Date> = self.date.parse().ok();
        let (way, effect) = (Way::parse(&self.way), Effect::parse(&self.effect));
        let corrects = if self.corrects.is_empty() { None } else { self.corrects.parse().ok() };
        if let (Some(date), Some(way), Some(effect)) = (date, way, effect) {
            let (happened, next) = (self.happened.trim().to_owned(), self.next.trim().to_owned());
            return Ok((EntryText { date, way, happened, effect, next }, corrects));
        }
        let missing = [
            ("date", date.is_none(), "date-invalid"),
            ("way", way.is_none(), "choose"),
            ("effect", effect.is_none(), "choose"),
        ];
        let missing = missing.into_iter().filter(|(_, missing, _)| *missing);
        Err(Problems::of(
            ui,
            &missing.map(|(field, _, code)| crate::service::FieldProblem { field, code }).collect::<Vec<_>>(),
        ))
    }
}

#[derive(Template)]
#[template(path = "entry.html")]
struct EntryPage {
    ui: Ui,
    id: StudentId,
    name: String,
    class: String,
    form: EntryForm,
    ways: Vec<Choice>,
    effects: Vec<Choice>,
    restored: bool,
    problems: Problems,
}

/// Which entry is to be corrected.
#[derive(Debug, Deserialize)]
struct Corrects {
    #[serde(default)]
    corrects: Option<EntryId>,
}

async fn entry_page(
    web: &Web,
    seen: Seen,
    id: StudentId,
    form: Option<EntryForm>,
    corrects: Option<EntryId>,
    problems: Problems,
) -> Result<EntryPage, Problem> {
    web.app.may_append(&seen.viewer, id, Compartment::Support).await?;
    let (who, class) = web.app.whom(&seen.viewer, id).await?;
    let draft: Option<EntryForm> =
        if form.is_none() && corrects.is_none() { web.app.draft(&seen.viewer, "entry", id.0).await? } else { None };
    let restored = draft.is_some();
    let blank = EntryForm { date: web.app.today(), ..EntryForm::default() };
    let mut form = match (form.or(draft), corrects) {
        (Some(form), _) => form,
        (None, Some(corrects)) => earlier(web, &seen, id, corrects).await?,
        (None, None) => blank,
    };
    form.once = once(&form.once).to_string();
    let ui = seen.ui;
    let ways = ui.choices(Way::ALL, Way::parse(&form.way));
    let effects = ui.choices(Effect::ALL, Effect::parse(&form.effect));
    let class = class_name(&ui, &class, web.app.school_year());
    Ok(EntryPage { id, name: who.name().to_owned(), class, form, ways, effects, restored, problems, ui })
}

/// The entry to be corrected, as the form shows it.
async fn earlier(web: &Web, seen: &Seen, id: StudentId, corrects: EntryId) -> Result<EntryForm, Problem> {
    let file = web.app.open_file(&seen.viewer, id).await?;
    let entry = file.entries.into_iter().find(|entry| entry.id == corrects).ok_or(ProblemKind::NotFound)?;
    let EntryText { date, way, happened, effect, next } = entry.text;
    let (way, effect) = (way.as_str().to_owned(), effect.as_str().to_owned());
    let (date, corrects) = (date.to_string(), corrects.to_string());
    Ok(EntryForm { date, way, happened, effect, next, corrects, ..EntryForm::default() })
}

async fn entry_form(
    State(web): State<Web>,
    seen: Seen,
    Path(id): Path<StudentId>,
    Query(Corrects { corrects }): Query<Corrects>,
) -> Result<Response, Problem> {
    page(&entry_page(&web, seen, id, None, corrects, Problems::default()).await?)
}

async fn append(
    State(web): State<Web>,
    seen: Seen,
    Path(id): Path<StudentId>,
    Form(form): Form<EntryForm>,
) -> Result<Response, Problem> {
    let problems = match form.parse(&seen.ui) {
        Err(problems) => problems,
        Ok((text, corrects)) => match send_entry(&web, &seen, id, &form, &text, corrects).await {
            Ok(_) => return Ok(done(&format!("/files/{id}"), "entry-saved")),
            Err(Error::Invalid(problems)) => Problems::of(&seen.ui, &problems),
            Err(other) => return Err(other.into()),
        },
    };
    let page = page(&entry_page(&web, seen, id, Some(form), None, problems).await?)?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

async fn send_entry(
    web: &Web,
    seen: &Seen,
    id: StudentId,
    form: &EntryForm,
    text: &EntryText,
    corrects: Option<EntryId>,
) -> Result<EntryId, Error> {
    let once = once(&form.once);
    if corrects.is_none() && !form.finding.is_empty() {
        return web.app.append_finding(&seen.viewer, id, once, text).await;
    }
    web.app.append_entry(&seen.viewer, id, once, text, corrects).await
}

async fn keep_draft(
    State(web): State<Web>,
    seen: Seen,
    Path(id): Path<StudentId>,
    Form(form): Form<EntryForm>,
) -> Result<StatusCode, Problem> {
    web.app.keep_draft(&seen.viewer, "entry", Compartment::Support, id, &form).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A field on the edit form.
struct EditedField {
    field: Field,
    text: String,
    seen: i64,
    /// What a colleague saved meanwhile, beside what the person wrote.
    theirs: Option<String>,
    problem: String,
}

#[derive(Template)]
#[template(path = "edit.html")]
struct EditPage {
    ui: Ui,
    id: StudentId,
    name: String,
    compartment: Compartment,
    fields: Vec<EditedField>,
    stale: bool,
}

async fn edit_page(web: &Web, seen: Seen, id: StudentId, compartment: Compartment) -> Result<EditPage, Problem> {
    let (who, shown) = web.app.edit_form(&seen.viewer, id, compartment).await?;
    let name = who.name().to_owned();
    let ShownCompartment { fields, .. } = shown;
    let fields = fields.into_iter().map(|shown| {
        let (text, seen) = shown.value.map_or((String::new(), 0), |value| (value.text, value.version));
        EditedField { field: shown.field, text, seen, theirs: None, problem: String::new() }
    });
    Ok(EditPage { id, name, compartment, fields: fields.collect(), stale: false, ui: seen.ui })
}

/// The compartment of an edit form; every other word in its place is no page.
fn editable(compartment: &str) -> Result<Compartment, ProblemKind> {
    let known = [Compartment::Contact, Compartment::Circumstance, Compartment::Support];
    Compartment::parse(compartment).filter(|c| known.contains(c)).ok_or(ProblemKind::NotFound)
}

async fn edit_form(
    State(web): State<Web>,
    seen: Seen,
    Path((id, compartment)): Path<(StudentId, String)>,
) -> Result<Response, Problem> {
    page(&edit_page(&web, seen, id, editable(&compartment)?).await?)
}

async fn edit(
    State(web): State<Web>,
    seen: Seen,
    Path((id, compartment)): Path<(StudentId, String)>,
    Form(form): Form<HashMap<String, String>>,
) -> Result<Response, Problem> {
    let compartment = editable(&compartment)?;
    let edits = edits(compartment, &form);
    match web.app.edit_fields(&seen.viewer, id, compartment, edits.clone()).await {
        Ok(()) => Ok(done(&format!("/files/{id}"), "saved")),
        Err(Error::Stale(stale)) => {
            let page = page(&with_answers(
                edit_page(&web, seen, id, compartment).await?,
                &edits,
                &stale,
                &Problems::default(),
            ))?;
            Ok((StatusCode::CONFLICT, page).into_response())
        }
        Err(Error::Invalid(problems)) => {
            let problems = Problems::of(&seen.ui, &problems);
            let page = page(&with_answers(edit_page(&web, seen, id, compartment).await?, &edits, &[], &problems))?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
        Err(other) => Err(other.into()),
    }
}

/// The texts of a form, each with the version that the person saw: `<field>` and `<field>_seen`.
fn edits(compartment: Compartment, form: &HashMap<String, String>) -> Vec<FieldEdit> {
    let edit = |field: Field| {
        let text = form.get(field.as_str())?.replace("\r\n", "\n");
        let seen = form.get(&format!("{field}_seen")).and_then(|v| v.parse().ok()).unwrap_or(0);
        Some(FieldEdit { field, text, seen })
    };
    Field::of(compartment).filter_map(edit).collect()
}

/// The edit form again with what the person wrote; nothing of it is lost.
fn with_answers(mut page: EditPage, edits: &[FieldEdit], stale: &[Stale], problems: &Problems) -> EditPage {
    for field in &mut page.fields {
        if let Some(edit) = edits.iter().find(|edit| edit.field == field.field) {
            field.text.clone_from(&edit.text);
        }
        field.theirs = stale.iter().find(|s| s.field == field.field.as_str()).map(|s| s.theirs.clone());
        problems.get(field.field.as_str()).clone_into(&mut field.problem);
    }
    page.stale = !stale.is_empty();
    page
}

/// A decision about one group tag.
#[derive(Deserialize)]
struct DecisionForm {
    tag: String,
    standing: String,
    #[serde(default)]
    basis: String,
    #[serde(default)]
    since: String,
    #[serde(default)]
    until: String,
}

async fn decide(
    State(web): State<Web>,
    seen: Seen,
    Path(id): Path<StudentId>,
    Form(form): Form<DecisionForm>,
) -> Result<Response, Problem> {
    let (Some(tag), Some(standing)) = (GroupTag::parse(&form.tag), Standing::parse(&form.standing)) else {
        let problems = Problems::one(&seen.ui, "tag", "choose");
        return Ok(
            (StatusCode::UNPROCESSABLE_ENTITY, page(&file_page(&web, seen, id, problems).await?)?).into_response()
        );
    };
    let decision =
        Decision { tag, standing, basis: form.basis, since: form.since.parse().ok(), until: form.until.parse().ok() };
    match web.app.decide(&seen.viewer, id, decision).await {
        Ok(()) => Ok(done(&format!("/files/{id}"), "decided")),
        Err(Error::Invalid(problems)) => {
            let problems = Problems::of(&seen.ui, &problems);
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&file_page(&web, seen, id, problems).await?)?).into_response())
        }
        Err(other) => Err(other.into()),
    }
}

/// A move of the file to another stage.
#[derive(Deserialize)]
struct StatusForm {
    status: String,
    seen: i64,
}

async fn set_status(
    State(web): State<Web>,
    seen: Seen,
    Path(id): Path<StudentId>,
    Form(form): Form<StatusForm>,
) -> Result<Response, Problem> {
    let status = FileStatus::parse(&form.status).ok_or(ProblemKind::Invalid)?;
    web.app.set_status(&seen.viewer, id, status, form.seen).await?;
    Ok(done(&format!("/files/{id}"), "status-changed"))
}

/// Which showing of a form it was, so that a second click adds nothing; a new one where the form does not say.
pub(super) fn once(text: &str) -> FormId {
    text.parse().unwrap_or_else(|_| uuid::Uuid::new_v4().into())
}

/// The class of a page that shows it by name.
pub(super) fn shown_class(web: &Web, ui: &Ui, class: &Class) -> String {
    class_name(ui, class, web.app.school_year())
}
