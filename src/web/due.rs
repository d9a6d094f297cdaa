//! What is due, and the hand-over for a holiday.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::Form;
use jiff::civil::Date;
use uuid::Uuid;

use super::classes::class_name;
use super::problem::{Problem, ProblemKind};
use super::request::{Seen, done, page};
use super::ui::{Choice, Problems, Ui, t};
use super::{Web, Who, format, routes};
use crate::domain::calendar::Holiday;
use crate::domain::ids::PersonId;
use crate::domain::record::SheetRow;
use crate::domain::words::Role;
use crate::service::{Error, HolidayCase, HolidayList, ListedDue, Taking};
use crate::store::Class;

const KEEPERS: Who = Who::Roles(&[Role::Counsellor, Role::MoralEdDirector]);
const READERS: Who = Who::Roles(&[Role::Counsellor, Role::MoralEdDirector, Role::HomeroomTeacher]);

routes! {
    get "/due" list, READERS;
    get "/due/handover" handover, KEEPERS;
    post "/due/handover" hand_over, KEEPERS;
}

/// Something due, ready to show.
struct DueRow {
    about: String,
    href: String,
    task: String,
    owner: String,
    due_at: i64,
    left: String,
    overdue: bool,
}

#[derive(Template)]
#[template(path = "due.html")]
struct DuePage {
    ui: Ui,
    rows: Vec<DueRow>,
    whole: bool,
    more: bool,
    hands_over: bool,
    columns: Vec<String>,
}

/// A case of the hand-over list, ready to show.
struct CaseRow {
    subject: Uuid,
    about: String,
    href: String,
    due: Vec<DueRow>,
    taker: String,
    seen: String,
    choices: Vec<Choice>,
}

#[derive(Template)]
#[template(path = "handover.html")]
struct HandoverPage {
    ui: Ui,
    holiday: Option<(String, String)>,
    first: String,
    cases: Vec<CaseRow>,
    columns: Vec<String>,
    problems: Problems,
}

async fn list(State(web): State<Web>, Seen { viewer, ui }: Seen) -> Result<Response, Problem> {
    let list = web.app.due_list(&viewer).await?;
    let (now, year) = (web.app.now(), web.app.school_year());
    let whole = list.hands_over || list.items.iter().any(|item| item.due.is_some());
    let rows = list.items.iter().map(|item| due_row(&ui, item, now, year)).collect();
    let columns =
        vec![t!(ui, "due-student"), t!(ui, "due-task"), t!(ui, "due-until"), t!(ui, "due-left"), t!(ui, "due-owner")];
    page(&DuePage { ui, rows, whole, more: list.more, hands_over: list.hands_over, columns })
}

async fn handover(State(web): State<Web>, seen: Seen) -> Result<Response, Problem> {
    handover_page(&web, seen, Problems::default()).await
}

async fn hand_over(
    State(web): State<Web>,
    seen: Seen,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let (first, takings) = takings(&fields).ok_or(ProblemKind::Invalid)?;
    match web.app.hand_over(&seen.viewer, first, &takings).await {
        Ok(()) => Ok(done("/due/handover", "handed-over")),
        Err(Error::Invalid(problems)) => {
            let problems = Problems::of(&seen.ui, &problems);
            let again = handover_page(&web, seen, problems).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, again).into_response())
        }
        Err(other) => Err(other.into()),
    }
}

/// The first day of the holiday, and the choices that differ from what the page showed: what a colleague chose meanwhile for
/// another case stays.
fn takings(fields: &[(String, String)]) -> Option<(Date, Vec<Taking>)> {
    let value = |name: &str| fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str());
    let first = value("first")?.parse().ok()?;
    let mut takings = Vec::new();
    for (name, chosen) in fields {
        let Some(subject) = name.strip_prefix("taker-") else { continue };
        if value(&format!("seen-{subject}")).unwrap_or_default() == chosen {
            continue;
        }
        let taker = if chosen.is_empty() { None } else { Some(chosen.parse::<PersonId>().ok()?) };
        takings.push(Taking { subject: subject.parse().ok()?, taker });
    }
    Some((first, takings))
}

async fn handover_page(web: &Web, Seen { viewer, ui }: Seen, problems: Problems) -> Result<Response, Problem> {
    let list = web.app.holiday_list(&viewer).await?;
    let (now, year) = (web.app.now(), web.app.school_year());
    let (mut cases, mut holiday, mut first) = (Vec::new(), None, String::new());
    if let Some(list) = list {
        first = list.holiday.first.to_string();
        holiday = Some(days_of(&ui, list.holiday));
        cases = list.cases.iter().map(|case| case_row(&ui, &list, case, now, year)).collect();
    }
    let columns = vec![t!(ui, "due-student"), t!(ui, "due-task"), t!(ui, "due-taker")];
    page(&HandoverPage { ui, holiday, first, cases, columns, problems })
}

/// First and last day; the last one is empty where the next term is not known.
fn days_of(ui: &Ui, holiday: Holiday) -> (String, String) {
    let last = holiday.last.map_or_else(String::new, |last| ui.date(&last.to_string()));
    (ui.date(&holiday.first.to_string()), last)
}

fn about(ui: &Ui, student: Option<&(SheetRow, Class)>, year: i16) -> String {
    student.map_or_else(String::new, |(row, class)| format!("{} {}", class_name(ui, class, year), row.name))
}

fn due_row(ui: &Ui, item: &ListedDue, now: i64, year: i16) -> DueRow {
    let due_at = item.deadline.due_at;
    let href = match (&item.due, item.deadline.warning_id) {
        (Some(_), Some(warning)) => format!("/warnings/{warning}"),
        _ => String::new(),
    };
    let task = match &item.due {
        Some(due) if due.about.is_empty() => ui.word(due.task),
        Some(due) => format!("{} · {}", ui.word(due.task), due.about),
        None => t!(ui, "due-something"),
    };
    DueRow {
        about: about(ui, item.student.as_ref(), year),
        href,
        task,
        owner: ui.word(item.deadline.owner),
        due_at,
        left: format::left(ui.language, due_at - now),
        overdue: due_at < now,
    }
}

fn case_row(ui: &Ui, list: &HolidayList, case: &HolidayCase, now: i64, year: i16) -> CaseRow {
    let choice = |(id, name): &(PersonId, String)| Choice {
        value: id.to_string(),
        label: name.clone(),
        chosen: case.taker == Some(*id),
    };
    let name = |taker: PersonId| list.colleagues.iter().find(|(id, _)| *id == taker).map(|(_, name)| name.clone());
    CaseRow {
        subject: case.subject,
        about: about(ui, case.student.as_ref(), year),
        href: case.warning.map_or_else(String::new, |warning| format!("/warnings/{warning}")),
        due: case.due.iter().map(|item| due_row(ui, item, now, year)).collect(),
        taker: case.taker.and_then(name).unwrap_or_else(|| t!(ui, "due-nobody")),
        seen: case.taker.map_or_else(String::new, |taker| taker.to_string()),
        choices: list.colleagues.iter().map(choice).collect(),
    }
}
