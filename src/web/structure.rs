//! The structure of the school, for the administrator: name, classes, terms.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::Form;
use serde::Deserialize;

use super::problem::{Problem, ProblemKind};
use super::request::{Seen, done, page};
use super::ui::{Choice, Problems, Ui, t};
use super::{Web, Who, format, routes};
use crate::domain::ids::{ClassId, TermId};
use crate::domain::roster::ClassKey;
use crate::domain::warning::LabelScheme;
use crate::domain::words::{Language, Role, SchoolKind};
use crate::service::{Error, Stale, Structure, TermEdit};
use crate::store::Class;

const ADMINISTRATORS: Who = Who::Roles(&[Role::SysAdmin]);
/// The answer that demands two steps at a sign-in.
const DEMANDED: &str = "demanded";

routes! {
    get "/structure" show, ADMINISTRATORS;
    post "/structure/name" rename, ADMINISTRATORS;
    post "/structure/labels" set_labels, ADMINISTRATORS;
    post "/structure/two-steps" demand_two_steps, ADMINISTRATORS;
    post "/structure/classes" new_class, ADMINISTRATORS;
    post "/structure/classes/{id}/close" close_class, ADMINISTRATORS;
    post "/structure/classes/{id}/reopen" reopen_class, ADMINISTRATORS;
    post "/structure/terms" new_term, ADMINISTRATORS;
    get "/structure/terms/{id}" term, ADMINISTRATORS;
    post "/structure/terms/{id}" edit_term, ADMINISTRATORS;
}

#[derive(Template)]
#[template(path = "structure.html")]
struct StructurePage {
    ui: Ui,
    structure: Structure,
    school: String,
    labels: Vec<Choice>,
    two_steps: Vec<Choice>,
    classes: Vec<ClassRow>,
    class_columns: Vec<String>,
    grades: Vec<Choice>,
    number: String,
    term_columns: Vec<String>,
    term: TermForm,
    problems: Problems,
    at_school: bool,
}

/// One class in the list.
struct ClassRow {
    title: String,
    closed: bool,
    act: String,
}

#[derive(Template)]
#[template(path = "structure_term.html")]
struct TermPage {
    ui: Ui,
    action: String,
    term: TermForm,
    theirs: Vec<(String, String)>,
    problems: Problems,
}

/// The name of the school.
#[derive(Debug, Deserialize)]
struct NameForm {
    #[serde(default)]
    school: String,
}

/// How the school speaks of levels.
#[derive(Debug, Deserialize)]
struct LabelsForm {
    #[serde(default)]
    labels: String,
}

/// Whether two steps are demanded at a sign-in.
#[derive(Debug, Deserialize)]
struct TwoStepsForm {
    #[serde(default)]
    two_steps: String,
}

/// A new class.
#[derive(Debug, Default, Deserialize)]
struct ClassForm {
    #[serde(default)]
    grade: String,
    #[serde(default)]
    number: String,
}

/// A term.
#[derive(Debug, Default, Deserialize)]
struct TermForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    starts: String,
    #[serde(default)]
    ends: String,
    #[serde(default)]
    seen: i64,
}

impl TermForm {
    fn edit(&self) -> TermEdit {
        let Self { name, starts, ends, seen } = self;
        TermEdit { name: name.clone(), starts: starts.clone(), ends: ends.clone(), seen: *seen }
    }
}

/// What the forms of the page hold when it comes back with something wrong.
#[derive(Debug, Default)]
struct Filled {
    school: Option<String>,
    class: ClassForm,
    term: TermForm,
}

/// 七年级3班, in the present school year.
#[must_use]
pub fn class_title(language: Language, class: &Class, school_year: i16) -> String {
    let cohort = i16::try_from(class.cohort).unwrap_or_default();
    let number = u8::try_from(class.number).unwrap_or_default();
    let grade = ClassKey { cohort, number }.grade(school_year);
    format::class_name(language, grade, u16::from(number))
}

async fn show(State(web): State<Web>, seen: Seen) -> Result<Response, Problem> {
    structure_page(&web, seen, Filled::default(), Problems::default()).await
}

async fn rename(State(web): State<Web>, seen: Seen, Form(form): Form<NameForm>) -> Result<Response, Problem> {
    let renamed = web.app.rename_school(&seen.viewer, &form.school).await;
    answer(&web, seen, renamed, "saved", Filled { school: Some(form.school), ..Filled::default() }).await
}

async fn set_labels(State(web): State<Web>, seen: Seen, Form(form): Form<LabelsForm>) -> Result<Response, Problem> {
    let labels = LabelScheme::parse(&form.labels).ok_or(ProblemKind::Invalid)?;
    web.app.set_labels(&seen.viewer, labels).await?;
    Ok(done("/structure", "saved"))
}

async fn demand_two_steps(
    State(web): State<Web>,
    seen: Seen,
    Form(form): Form<TwoStepsForm>,
) -> Result<Response, Problem> {
    web.app.demand_two_steps(&seen.viewer, form.two_steps == DEMANDED).await?;
    Ok(done("/structure", "saved"))
}

async fn new_class(State(web): State<Web>, seen: Seen, Form(form): Form<ClassForm>) -> Result<Response, Problem> {
    let (grade, number) = (form.grade.parse().unwrap_or(0), form.number.trim().parse().unwrap_or(0));
    let made = web.app.new_class(&seen.viewer, grade, number).await.map(drop);
    answer(&web, seen, made, "class-made", Filled { class: form, ..Filled::default() }).await
}

async fn close_class(State(web): State<Web>, seen: Seen, Path(id): Path<ClassId>) -> Result<Response, Problem> {
    web.app.close_class(&seen.viewer, id, true).await?;
    Ok(done("/structure", "class-closed"))
}

async fn reopen_class(State(web): State<Web>, seen: Seen, Path(id): Path<ClassId>) -> Result<Response, Problem> {
    web.app.close_class(&seen.viewer, id, false).await?;
    Ok(done("/structure", "class-reopened"))
}

async fn new_term(State(web): State<Web>, seen: Seen, Form(form): Form<TermForm>) -> Result<Response, Problem> {
    let made = web.app.new_term(&seen.viewer, &form.edit()).await.map(drop);
    answer(&web, seen, made, "term-saved", Filled { term: form, ..Filled::default() }).await
}

async fn term(State(web): State<Web>, Seen { viewer, ui }: Seen, Path(id): Path<TermId>) -> Result<Response, Problem> {
    let term = web.app.term(&viewer, id).await?;
    let term = TermForm { name: term.name, starts: term.starts, ends: term.ends, seen: term.version };
    page(&TermPage::new(ui, id, term, &[], Problems::default()))
}

async fn edit_term(
    State(web): State<Web>,
    Seen { viewer, ui }: Seen,
    Path(id): Path<TermId>,
    Form(mut form): Form<TermForm>,
) -> Result<Response, Problem> {
    match web.app.edit_term(&viewer, id, &form.edit()).await {
        Ok(()) => Ok(done("/structure", "term-saved")),
        Err(Error::Invalid(problems)) => {
            let problems = Problems::of(&ui, &problems);
            let again = page(&TermPage::new(ui, id, form, &[], problems))?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, again).into_response())
        }
        Err(Error::Stale(stale)) => {
            form.seen = stale.first().map_or(form.seen, |stale| stale.version);
            let again = page(&TermPage::new(ui, id, form, &stale, Problems::default()))?;
            Ok((StatusCode::CONFLICT, again).into_response())
        }
        Err(other) => Err(other.into()),
    }
}

impl TermPage {
    fn new(ui: Ui, id: TermId, term: TermForm, stale: &[Stale], problems: Problems) -> Self {
        let label = |field: &str| match field {
            "name" => t!(ui, "structure-term-name"),
            "starts" => t!(ui, "structure-term-starts"),
            _ => t!(ui, "structure-term-ends"),
        };
        let theirs = stale.iter().map(|stale| (label(stale.field), ui.date(&stale.theirs))).collect();
        Self { action: format!("/structure/terms/{id}"), term, theirs, problems, ui }
    }
}

/// Back to the page of the structure: with the news, or with what is wrong.
async fn answer(
    web: &Web,
    seen: Seen,
    result: Result<(), Error>,
    code: &str,
    filled: Filled,
) -> Result<Response, Problem> {
    match result {
        Ok(()) => Ok(done("/structure", code)),
        Err(Error::Invalid(problems)) => {
            let problems = Problems::of(&seen.ui, &problems);
            let again = structure_page(web, seen, filled, problems).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, again).into_response())
        }
        Err(other) => Err(other.into()),
    }
}

async fn structure_page(
    web: &Web,
    Seen { viewer, ui }: Seen,
    filled: Filled,
    problems: Problems,
) -> Result<Response, Problem> {
    let structure = web.app.structure(&viewer).await?;
    let year = web.app.school_year();
    let class = |class: &Class| {
        let act = if class.closed { "reopen" } else { "close" };
        let act = format!("/structure/classes/{}/{act}", class.id);
        ClassRow { title: class_title(ui.language, class, year), closed: class.closed, act }
    };
    let classes = structure.classes.iter().map(class).collect();
    let grade = |grade: u8| {
        let value = grade.to_string();
        Choice { label: format::grade(ui.language, grade), chosen: value == filled.class.grade, value }
    };
    let grades = (1..=12).map(grade).collect();
    let class_columns = vec![t!(ui, "structure-class"), t!(ui, "structure-state"), String::new()];
    let term_columns =
        vec![t!(ui, "structure-term-name"), t!(ui, "structure-term-starts"), t!(ui, "structure-term-ends")];
    let school = filled.school.unwrap_or_else(|| structure.school.name.clone());
    let (number, term) = (filled.class.number, filled.term);
    let labels = ui.choices(LabelScheme::ALL, Some(viewer.school.labels));
    let answer = |value: &str, label, demanded| Choice {
        value: value.to_owned(),
        label,
        chosen: structure.school.two_steps == demanded,
    };
    let two_steps = vec![
        answer("own-choice", t!(ui, "structure-two-steps-own-choice"), false),
        answer(DEMANDED, t!(ui, "structure-two-steps-demanded"), true),
    ];
    page(&StructurePage {
        ui,
        structure,
        school,
        labels,
        two_steps,
        classes,
        class_columns,
        grades,
        number,
        term_columns,
        term,
        problems,
        at_school: viewer.school.kind == SchoolKind::School,
    })
}
