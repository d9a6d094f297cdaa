//! One warning on one page: its times, its timeline, what is due, and a form for each next step.

use std::collections::{BTreeMap, HashMap};

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum_extra::extract::Form;
use uuid::Uuid;

use super::view::{DueView, Filled, FormView, StepView, due_view, form_view, step_view};
use super::{COUNSELLORS, READERS};
use crate::domain::clock::school_time;
use crate::domain::ids::{PersonId, StepId, WarningId};
use crate::domain::steps::{StepField, WRITTEN};
use crate::domain::warning::{LabelScheme, Severity, Stage, StepKind};
use crate::domain::words::Action;
use crate::service::{Error, Grading, NewStep, OpenedWarning, Result as Done};
use crate::web::files::shown_class;
use crate::web::problem::{Problem, ProblemKind};
use crate::web::request::{Seen, done, not_taken, page};
use crate::web::ui::{Choice, Ui, t};
use crate::web::{Web, routes};

routes! {
    get "/warnings/{warning}" show, READERS;
    post "/warnings/{warning}/steps/{step}" write, READERS;
    post "/warnings/{warning}/level" grade, COUNSELLORS;
    post "/warnings/{warning}/level/sign" sign_lowering, READERS;
    post "/warnings/{warning}/brief" brief, READERS;
    post "/warnings/{warning}/closing" ask_closing, COUNSELLORS;
    post "/warnings/{warning}/closing/sign" sign_closing, READERS;
    get "/warnings/{warning}/guardian/{id}" guardian_letter, READERS;
}

/// What waits for a second signature.
struct Waiting {
    /// Where the signature goes.
    action: String,
    /// What was asked for, and by whom.
    asked: String,
    /// Why.
    reason: String,
    /// Whether this person may give the signature.
    may_sign: bool,
}

/// An id for the step of one form: a form sent twice is one step, and steps of one moment stay in their order.
fn next_step() -> Uuid {
    Uuid::now_v7()
}

#[derive(Template)]
#[template(path = "warning.html")]
struct WarningPage {
    ui: Ui,
    id: WarningId,
    student: String,
    name: String,
    class: String,
    level: String,
    stage: String,
    version: i64,
    five: Vec<(String, String)>,
    steps: Vec<StepView>,
    due: Vec<DueView>,
    waiting: Vec<Waiting>,
    forms: Vec<FormView>,
    levels: Vec<Choice>,
    criteria: Vec<(String, String)>,
    may_grade: bool,
    may_close: bool,
    may_brief: bool,
    filled: Filled,
}

#[derive(Template)]
#[template(path = "guardian_letter.html")]
struct GuardianLetterPage {
    ui: Ui,
    school: String,
    name: String,
    class: String,
    day: String,
    said: String,
    agreed: String,
    hotlines: bool,
    sender: String,
    id: WarningId,
}

/// A form whose fields all begin with the name of the form: ticks come several times.
pub(super) type Answers = Form<Vec<(String, String)>>;

/// The answers of one form, without its name; ticks with spaces between.
pub(super) fn answers(form: &str, pairs: Vec<(String, String)>) -> HashMap<String, String> {
    let mut answers: HashMap<String, String> = HashMap::new();
    for (name, text) in pairs {
        let field = name.strip_prefix(form).and_then(|rest| rest.strip_prefix('-')).unwrap_or(&name).to_owned();
        let stands = answers.entry(field).or_default();
        if !stands.is_empty() {
            stands.push(' ');
        }
        stands.push_str(&text.replace("\r\n", "\n"));
    }
    answers
}

/// What a form says in one field.
pub(super) fn said<'a>(answers: &'a HashMap<String, String>, field: &str) -> &'a str {
    answers.get(field).map_or("", String::as_str)
}

/// The id that was made with the form.
fn step_id(answers: &HashMap<String, String>) -> StepId {
    StepId(said(answers, "id").parse().unwrap_or_else(|_| Uuid::now_v7()))
}

async fn show(State(web): State<Web>, seen: Seen, Path(id): Path<WarningId>) -> Result<Response, Problem> {
    page(&warning_page(&web, seen, id, Filled::default()).await?)
}

async fn write(
    State(web): State<Web>,
    seen: Seen,
    Path((id, kind)): Path<(WarningId, String)>,
    Form(pairs): Answers,
) -> Result<Response, Problem> {
    let kind = StepKind::parse(&kind).filter(|kind| WRITTEN.contains(kind)).ok_or(ProblemKind::NotFound)?;
    let answers = answers(kind.as_str(), pairs);
    let members = said(&answers, StepField::Members.as_str()).split_whitespace();
    let persons: Vec<PersonId> = members.filter_map(|id| id.parse().ok()).collect();
    let fields: BTreeMap<String, String> = answers.clone().into_iter().collect();
    let new = NewStep { id: step_id(&answers), kind, fields, persons };
    let written = web.app.write_step(&seen.viewer, id, &new).await;
    answer(&web, seen, id, written.map(|()| "step-saved"), kind.as_str(), answers).await
}

async fn grade(
    State(web): State<Web>,
    seen: Seen,
    Path(id): Path<WarningId>,
    Form(pairs): Answers,
) -> Result<Response, Problem> {
    let answers = answers("level", pairs);
    let graded = match Severity::parse(said(&answers, "severity")) {
        None => Err(Error::field("severity", "choose")),
        Some(severity) => {
            let (reason, seen_version) = (said(&answers, "reason").to_owned(), said(&answers, "seen").parse());
            let grading = Grading { id: step_id(&answers), severity, reason, seen: seen_version.unwrap_or(0) };
            web.app.grade(&seen.viewer, id, &grading).await
        }
    };
    let graded = graded.map(|holds| if holds { "level-set" } else { "lowering-asked" });
    answer(&web, seen, id, graded, "level", answers).await
}

async fn sign_lowering(
    State(web): State<Web>,
    seen: Seen,
    Path(id): Path<WarningId>,
    Form(pairs): Answers,
) -> Result<Response, Problem> {
    let answers = answers("level-sign", pairs);
    let (signs, reason) = (said(&answers, "decision") == "sign", said(&answers, "reason"));
    let decided = web.app.decide_lowering(&seen.viewer, id, signs, reason).await;
    answer(&web, seen, id, decided.map(|()| "decision-kept"), "level-sign", answers).await
}

async fn brief(
    State(web): State<Web>,
    seen: Seen,
    Path(id): Path<WarningId>,
    Form(pairs): Answers,
) -> Result<Response, Problem> {
    let answers = answers("brief", pairs);
    let sent = web.app.brief(&seen.viewer, id, step_id(&answers), said(&answers, "brief")).await;
    answer(&web, seen, id, sent.map(|()| "brief-sent"), "brief", answers).await
}

async fn ask_closing(
    State(web): State<Web>,
    seen: Seen,
    Path(id): Path<WarningId>,
    Form(pairs): Answers,
) -> Result<Response, Problem> {
    let answers = answers("closing", pairs);
    let asked = web.app.ask_closing(&seen.viewer, id, step_id(&answers), said(&answers, "reason")).await;
    answer(&web, seen, id, asked.map(|()| "closing-asked"), "closing", answers).await
}

async fn sign_closing(
    State(web): State<Web>,
    seen: Seen,
    Path(id): Path<WarningId>,
    Form(pairs): Answers,
) -> Result<Response, Problem> {
    let answers = answers("closing-sign", pairs);
    let (signs, reason) = (said(&answers, "decision") == "sign", said(&answers, "reason"));
    let decided = web.app.decide_closing(&seen.viewer, id, signs, reason).await;
    answer(&web, seen, id, decided.map(|()| "decision-kept"), "closing-sign", answers).await
}

/// Back to the page of the warning: with the news, or with the form as it was filled and what is wrong with it.
async fn answer(
    web: &Web,
    seen: Seen,
    id: WarningId,
    result: Done<&'static str>,
    form: &str,
    answers: HashMap<String, String>,
) -> Result<Response, Problem> {
    let (status, problems, stale) = match result {
        Ok(code) => return Ok(done(&format!("/warnings/{id}"), code)),
        Err(error) => not_taken(&seen.ui, error)?,
    };
    let filled = Filled { form: form.to_owned(), answers, problems, stale };
    let page = page(&warning_page(web, seen, id, filled).await?)?;
    Ok((status, page).into_response())
}

async fn warning_page(
    web: &Web,
    Seen { viewer, mut ui }: Seen,
    id: WarningId,
    filled: Filled,
) -> Result<WarningPage, Problem> {
    let opened = web.app.open_warning(&viewer, id).await?;
    let names = web.app.colleagues(&viewer).await?;
    ui.path = format!("/warnings/{id}");
    let now = web.app.now();
    let here = school_time(now).strftime("%Y-%m-%dT%H:%M").to_string();
    let labels = viewer.school.labels;
    let open = opened.warning.stage != Stage::Closed;
    let may = |action| open && opened.may(&web.app, action);
    let (may_write, may_append, may_sign) = (may(Action::Write), may(Action::Append), may(Action::Sign));
    let watched = opened.warning.stage == Stage::Watching;
    let people = colleagues(&names);
    let forms = WRITTEN.iter().filter(|kind| may_append && (watched || **kind != StepKind::Review));
    let forms = forms.map(|kind| form_view(&ui, *kind, &people, &filled, &here)).collect();
    let chosen = Severity::parse(filled.value("level", "severity"));
    let level = |severity: &Severity| Choice {
        value: severity.as_str().to_owned(),
        label: ui.level(labels, *severity),
        chosen: chosen == Some(*severity),
    };
    Ok(WarningPage {
        id,
        student: opened.approach.student.id.to_string(),
        name: opened.who.name().to_owned(),
        class: shown_class(web, &ui, &opened.approach.class),
        level: opened.state.severity.map_or_else(|| t!(ui, "level-none-yet"), |s| ui.level(labels, s)),
        stage: ui.word(opened.warning.stage),
        version: opened.warning.version,
        five: five(&ui, &opened),
        steps: opened.steps.iter().map(|step| step_view(&ui, labels, &names, step)).collect(),
        due: opened.due.iter().map(|due| due_view(&ui, due, now)).collect(),
        waiting: waiting(&ui, &opened, &names, viewer.person.id, may_sign, labels),
        forms,
        levels: Severity::ALL.iter().map(level).collect(),
        criteria: criteria(&ui, labels),
        may_grade: may_write,
        may_close: may_write && !watched,
        may_brief: may_append && opened.state.severity.is_some(),
        filled,
        ui,
    })
}

/// The colleagues as answers of a form, by name.
fn colleagues(names: &HashMap<PersonId, String>) -> Vec<Choice> {
    let choice =
        |(id, name): (&PersonId, &String)| Choice { value: id.to_string(), label: name.clone(), chosen: false };
    let mut people: Vec<Choice> = names.iter().map(choice).collect();
    people.sort_by(|a, b| (&a.label, &a.value).cmp(&(&b.label, &b.value)));
    people
}

/// What each level means beside its label.
fn criteria(ui: &Ui, labels: LabelScheme) -> Vec<(String, String)> {
    let criterion = |severity: &Severity| match severity {
        Severity::None => t!(ui, "criterion-none"),
        Severity::Watch => t!(ui, "criterion-watch"),
        Severity::Moderate => t!(ui, "criterion-moderate"),
        Severity::High => t!(ui, "criterion-high"),
        Severity::Critical => t!(ui, "criterion-critical"),
    };
    Severity::ALL.iter().map(|severity| (ui.level(labels, *severity), criterion(severity))).collect()
}

/// The five times 五早 of a warning, as far as they have come.
fn five(ui: &Ui, opened: &OpenedWarning) -> Vec<(String, String)> {
    let warning = &opened.warning;
    let times = [
        (t!(ui, "five-found"), Some(warning.reported_at)),
        (t!(ui, "five-reported"), warning.acknowledged_at),
        (t!(ui, "five-assessed"), warning.assessed_at),
        (t!(ui, "five-prevented"), warning.prevented_at),
        (t!(ui, "five-controlled"), warning.controlled_at),
    ];
    times.map(|(word, at)| (word, at.map_or_else(|| "—".to_owned(), |at| ui.moment(at)))).to_vec()
}

/// What waits for a second signature.
fn waiting(
    ui: &Ui,
    opened: &OpenedWarning,
    names: &HashMap<PersonId, String>,
    me: PersonId,
    may_sign: bool,
    labels: LabelScheme,
) -> Vec<Waiting> {
    let id = opened.warning.id;
    let name = |id: &PersonId| names.get(id).cloned().unwrap_or_default();
    let reason = |kind: StepKind| {
        let asked = opened.steps.iter().rev().find(|shown| shown.step.kind == kind);
        asked.and_then(|shown| shown.step.fields.get(StepField::Reason.as_str()).cloned()).unwrap_or_default()
    };
    let lowering = opened.state.lowering.as_ref().map(|(severity, asker)| Waiting {
        action: format!("/warnings/{id}/level/sign"),
        asked: t!(ui, "warning-lowering-waits", who = name(asker), level = ui.level(labels, *severity)),
        reason: reason(StepKind::LoweringAsked),
        may_sign: may_sign && *asker != me,
    });
    let closing = opened.state.closing.as_ref().map(|asker| Waiting {
        action: format!("/warnings/{id}/closing/sign"),
        asked: t!(ui, "warning-closing-waits", who = name(asker)),
        reason: reason(StepKind::ClosingAsked),
        may_sign: may_sign && *asker != me,
    });
    lowering.into_iter().chain(closing).collect()
}

/// The notice for the guardian 告知书 with its receipt 回执, for printing. It says what was told and agreed, no level.
async fn guardian_letter(
    State(web): State<Web>,
    Seen { viewer, ui }: Seen,
    Path((id, step)): Path<(WarningId, StepId)>,
) -> Result<Response, Problem> {
    let opened = web.app.open_warning(&viewer, id).await?;
    let shown = opened.steps.iter().find(|shown| shown.id == step && shown.step.kind == StepKind::GuardianInformed);
    let shown = shown.ok_or(ProblemKind::NotFound)?;
    let text = |field: StepField| shown.step.fields.get(field.as_str()).cloned().unwrap_or_default();
    let names = web.app.colleagues(&viewer).await?;
    let told = text(StepField::Told);
    page(&GuardianLetterPage {
        school: viewer.school.name.clone(),
        name: opened.who.name().to_owned(),
        class: shown_class(&web, &ui, &opened.approach.class),
        day: ui.date(text(StepField::At).split('T').next().unwrap_or_default()),
        said: text(StepField::Said),
        agreed: text(StepField::Agreed),
        hotlines: told.split_whitespace().any(|code| code == crate::domain::steps::Told::Hotlines.as_str()),
        sender: names.get(&shown.author).cloned().unwrap_or_default(),
        id,
        ui,
    })
}
