//! Mandatory reports 强制报告: making one, looking after one's receipt, who receives them, and what those named do.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::Form;

use super::concerns::STAFF;
use super::problem::{Problem, ProblemKind};
use super::request::{Seen, done, not_taken, page};
use super::ui::{Choice, Problems, Ui, t};
use super::warnings::view::Filled;
use super::{Web, Who, routes};
use crate::domain::ids::{PersonId, ReportId};
use crate::domain::mandatory::{Bureau, MandatoryReport, OfSide, Police, Side, Situation};
use crate::domain::warning::Safe;
use crate::domain::words::{Action, Kind, Role};
use crate::service::{
    Error, FieldProblem, NewMandatory, OpenedReport, ReportState, ReportStep, Reports, Result as Done, fresh,
};

/// Roles that can be named.
const NAMED: Who = Who::Roles(&[Role::Counsellor, Role::MoralEdDirector]);
/// Who names them.
const NAMERS: Who = Who::Roles(&[Role::MoralEdDirector]);

routes! {
    get "/reports/mandatory" overview, STAFF;
    get "/reports/mandatory/new" form, STAFF;
    post "/reports/mandatory" make, STAFF;
    post "/reports/mandatory/receipt" receipt, STAFF;
    post "/reports/mandatory/named" name, NAMERS;
    post "/reports/mandatory/named/end" unname, NAMERS;
    get "/reports/mandatory/{report}" show, NAMED;
    post "/reports/mandatory/{report}/steps/{move}" go, NAMED;
}

type Answers = Form<HashMap<String, String>>;
/// Label and text.
type Line = (String, String);

#[derive(Template)]
#[template(path = "mandatory.html")]
struct OverviewPage {
    ui: Ui,
    named: Vec<(String, String)>,
    by_name: bool,
    may_name: bool,
    candidates: Vec<Choice>,
    listed: Option<Vec<(String, String, bool, String)>>,
    state: Option<Vec<String>>,
    phrase: String,
    problems: Problems,
}

#[derive(Template)]
#[template(path = "mandatory_new.html")]
struct FormPage {
    ui: Ui,
    id: String,
    situations: Vec<Choice>,
    safes: Vec<Choice>,
    filled: Filled,
}

#[derive(Template)]
#[template(path = "mandatory_sent.html")]
struct SentPage {
    ui: Ui,
    phrase: String,
}

#[derive(Template)]
#[template(path = "mandatory_report.html")]
struct ReportPage {
    ui: Ui,
    id: ReportId,
    version: i64,
    closed: String,
    facts: Vec<Line>,
    done: Vec<Line>,
    missing: Vec<String>,
    police_due: i64,
    bureau_due: i64,
    bullying: bool,
    may: bool,
    sides: Vec<Choice>,
    filled: Filled,
}

fn said<'a>(answers: &'a HashMap<String, String>, field: &str) -> &'a str {
    answers.get(field).map_or("", String::as_str)
}

async fn overview(State(web): State<Web>, seen: Seen) -> Result<Response, Problem> {
    page(&overview_page(&web, seen, String::new(), None, Problems::default()).await?)
}

async fn overview_page(
    web: &Web,
    Seen { viewer, mut ui }: Seen,
    phrase: String,
    state: Option<Vec<String>>,
    problems: Problems,
) -> Result<OverviewPage, Problem> {
    let Reports { named, by_name, candidates, reports } = web.app.reports(&viewer).await?;
    "/reports/mandatory".clone_into(&mut ui.path);
    let may_name = web.app.policy.may(&viewer.at_school(), Kind::Restricted, Action::Manage);
    let row = |listed: &crate::service::ListedReport| {
        let stored = &listed.stored;
        let text = match &listed.report {
            Some(report) => format!("{} · {}", report.who, ui.word(report.situation)),
            None => t!(ui, "mandatory-no-key"),
        };
        let state = match stored.closed_at {
            Some(at) => t!(ui, "mandatory-closed", at = ui.moment(at)),
            None => t!(ui, "mandatory-open"),
        };
        (stored.id.to_string(), format!("{} {text}", ui.moment(stored.made_at)), listed.report.is_some(), state)
    };
    let listed = reports.map(|reports| reports.iter().map(row).collect());
    let choice =
        |person: crate::store::Person| Choice { value: person.id.to_string(), label: person.name, chosen: false };
    Ok(OverviewPage {
        named: named.into_iter().map(|person| (person.id.to_string(), person.name)).collect(),
        by_name,
        may_name,
        candidates: candidates.into_iter().map(choice).collect(),
        listed,
        state,
        phrase,
        problems,
        ui,
    })
}

async fn form(State(web): State<Web>, Seen { viewer, ui }: Seen) -> Result<Response, Problem> {
    web.app.reports(&viewer).await?;
    page(&form_page(ui, fresh().to_string(), Filled::default()))
}

fn form_page(ui: Ui, id: String, filled: Filled) -> FormPage {
    let situations = ui.choices(Situation::ALL, Situation::parse(filled.value("new", "situation")));
    let safes = ui.choices(Safe::ALL, Safe::parse(filled.value("new", "safe")));
    FormPage { ui, id, situations, safes, filled }
}

async fn make(State(web): State<Web>, seen: Seen, Form(answers): Answers) -> Result<Response, Problem> {
    let made = match parse(&answers) {
        Ok(new) => web.app.report_mandatory(&seen.viewer, &new).await,
        Err(wrong) => Err(wrong),
    };
    match made {
        Ok(phrase) => page(&SentPage { ui: seen.ui, phrase }),
        Err(Error::Invalid(problems)) => {
            let (id, problems) = (said(&answers, "id").to_owned(), Problems::of(&seen.ui, &problems));
            let filled = Filled { form: "new".to_owned(), answers, problems, stale: false };
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&form_page(seen.ui, id, filled))?).into_response())
        }
        Err(other) => Err(other.into()),
    }
}

/// The report that a form describes.
fn parse(answers: &HashMap<String, String>) -> Done<NewMandatory> {
    let (situation, safe) = (Situation::parse(said(answers, "situation")), Safe::parse(said(answers, "safe")));
    let text = |field: &str| said(answers, field).replace("\r\n", "\n");
    if let (Some(situation), Some(safe)) = (situation, safe) {
        return Ok(NewMandatory {
            id: ReportId(said(answers, "id").parse().unwrap_or_else(|_| fresh())),
            situation,
            serious: !said(answers, "serious").is_empty(),
            who: text("who"),
            seen: text("seen"),
            place: text("place"),
            evidence: text("evidence"),
            safe,
        });
    }
    let missing = [(situation.is_none(), "situation"), (safe.is_none(), "safe")];
    let missing = missing.into_iter().filter(|(missing, _)| *missing);
    Err(Error::Invalid(missing.map(|(_, field)| FieldProblem { field, code: "choose" }).collect()))
}

async fn receipt(State(web): State<Web>, seen: Seen, Form(answers): Answers) -> Result<Response, Problem> {
    let phrase = said(&answers, "phrase").to_owned();
    let found = web.app.report_state(&seen.viewer, &phrase).await?;
    let state = match found {
        Some(state) => state_lines(&seen.ui, &state),
        None => vec![t!(seen.ui, "mandatory-receipt-unknown")],
    };
    page(&overview_page(&web, seen, phrase, Some(state), Problems::default()).await?)
}

fn state_lines(ui: &Ui, state: &ReportState) -> Vec<String> {
    let mut lines = vec![t!(ui, "mandatory-state", at = ui.moment(state.made_at))];
    lines.push(match state.police_at {
        Some(at) => t!(ui, "mandatory-state-police", at = ui.moment(at)),
        None => t!(ui, "mandatory-state-no-police"),
    });
    lines.extend(state.bureau_at.map(|at| t!(ui, "mandatory-state-bureau", at = ui.moment(at))));
    lines.extend(state.closed_at.map(|at| t!(ui, "mandatory-state-closed", at = ui.moment(at))));
    lines
}

async fn name(State(web): State<Web>, seen: Seen, Form(answers): Answers) -> Result<Response, Problem> {
    set_named(&web, seen, &answers, true).await
}

async fn unname(State(web): State<Web>, seen: Seen, Form(answers): Answers) -> Result<Response, Problem> {
    set_named(&web, seen, &answers, false).await
}

async fn set_named(web: &Web, seen: Seen, answers: &HashMap<String, String>, named: bool) -> Result<Response, Problem> {
    // Nobody chosen is somebody who cannot be named.
    let person = said(answers, "person").parse().unwrap_or(PersonId(uuid::Uuid::nil()));
    match web.app.set_named(&seen.viewer, person, named).await {
        Ok(()) => Ok(done("/reports/mandatory", "saved")),
        Err(Error::Invalid(problems)) => {
            let problems = Problems::of(&seen.ui, &problems);
            let page = page(&overview_page(web, seen, String::new(), None, problems).await?)?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
        Err(other) => Err(other.into()),
    }
}

async fn show(State(web): State<Web>, seen: Seen, Path(id): Path<ReportId>) -> Result<Response, Problem> {
    page(&report_page(&web, seen, id, Filled::default()).await?)
}

async fn go(
    State(web): State<Web>,
    seen: Seen,
    Path((id, name)): Path<(ReportId, String)>,
    Form(answers): Answers,
) -> Result<Response, Problem> {
    let version = said(&answers, "seen").parse().unwrap_or(0);
    // Each form of the page names its fields after itself, so that no two have the same id.
    let own =
        |field: String| field.strip_prefix(&name).and_then(|f| f.strip_prefix('-')).map(str::to_owned).unwrap_or(field);
    let answers: HashMap<String, String> = answers.into_iter().map(|(field, text)| (own(field), text)).collect();
    let moved = match step(&name, &answers) {
        Ok(Some(step)) => web.app.move_report(&seen.viewer, id, &step, version).await,
        Ok(None) => return Err(ProblemKind::NotFound.into()),
        Err(wrong) => Err(wrong),
    };
    let (status, problems, stale) = match moved {
        Ok(()) => return Ok(done(&format!("/reports/mandatory/{id}"), "saved")),
        Err(error) => not_taken(&seen.ui, error)?,
    };
    let page = page(&report_page(&web, seen, id, Filled { form: name, answers, problems, stale }).await?)?;
    Ok((status, page).into_response())
}

/// The step that a form describes; none for a word that is no step.
fn step(name: &str, answers: &HashMap<String, String>) -> Done<Option<ReportStep>> {
    let text = |field: &str| said(answers, field).replace("\r\n", "\n").trim().to_owned();
    let side = || Side::parse(said(answers, "side")).ok_or(Error::field("side", "choose"));
    Ok(Some(match name {
        "police" => ReportStep::Police(Police {
            at: text("at"),
            unit: text("unit"),
            officer: text("officer"),
            reference: text("reference"),
        }),
        "bureau" => ReportStep::Bureau(Bureau { at: text("at"), who: text("who") }),
        "family" => ReportStep::Family(side()?, text("text")),
        "followed" => ReportStep::Followed(side()?, text("text")),
        "note" => ReportStep::Note(text("text")),
        "close" => ReportStep::Close(text("outcome")),
        _ => return Ok(None),
    }))
}

async fn report_page(
    web: &Web,
    Seen { viewer, mut ui }: Seen,
    id: ReportId,
    filled: Filled,
) -> Result<ReportPage, Problem> {
    let OpenedReport { stored, report, missing } = web.app.open_mandatory(&viewer, id).await?;
    let names = web.app.colleagues(&viewer).await?;
    ui.path = format!("/reports/mandatory/{id}");
    let name = |id: &PersonId| names.get(id).cloned().unwrap_or_else(|| "—".to_owned());
    Ok(ReportPage {
        id,
        version: stored.version,
        closed: stored.closed_at.map_or_else(String::new, |at| t!(ui, "mandatory-closed", at = ui.moment(at))),
        facts: facts(&ui, &report, &name),
        done: happened(&ui, &report, &name),
        missing: missing.iter().map(|missing| ui.word(*missing)).collect(),
        police_due: stored.police_due,
        bureau_due: stored.bureau_due,
        bullying: report.situation == Situation::Bullying,
        may: stored.closed_at.is_none(),
        sides: ui.choices(Side::ALL, Side::parse(filled.value(&filled.form, "side"))),
        filled,
        ui,
    })
}

fn facts(ui: &Ui, report: &MandatoryReport, name: &impl Fn(&PersonId) -> String) -> Vec<Line> {
    let lines = [
        (t!(ui, "mandatory-situation"), ui.word(report.situation)),
        (t!(ui, "mandatory-student"), report.who.clone()),
        (t!(ui, "mandatory-seen"), report.seen.clone()),
        (t!(ui, "mandatory-place"), report.place.clone()),
        (t!(ui, "mandatory-evidence"), report.evidence.clone()),
        (t!(ui, "mandatory-safe"), ui.word(report.safe)),
        (t!(ui, "mandatory-reporter"), name(&report.reporter)),
    ];
    lines.into_iter().filter(|(_, text)| !text.is_empty()).collect()
}

/// What was done since.
fn happened(ui: &Ui, report: &MandatoryReport, name: &impl Fn(&PersonId) -> String) -> Vec<Line> {
    let at = |text: &str| text.split_once('T').map_or(String::new(), |(day, time)| format!("{} {time}", ui.date(day)));
    let by = |one: &OfSide| format!("{}（{} {}）", one.text, name(&one.by), ui.moment(one.written_at));
    let mut lines = Vec::new();
    if let Some(police) = &report.police {
        let text = format!("{} {} {} {}", at(&police.at), police.unit, police.officer, police.reference);
        lines.push((t!(ui, "mandatory-police"), text));
    }
    if let Some(bureau) = &report.bureau {
        lines.push((t!(ui, "mandatory-bureau"), format!("{} {}", at(&bureau.at), bureau.who)));
    }
    let families = report.families.iter().map(|one| (t!(ui, "mandatory-family"), one));
    let followed = report.followed.iter().map(|one| (t!(ui, "mandatory-followed"), one));
    let of_sides = families.chain(followed).map(|(label, one)| (format!("{label} · {}", ui.word(one.side)), by(one)));
    lines.extend(of_sides);
    lines.extend(report.notes.iter().map(|one| (t!(ui, "mandatory-note"), by(one))));
    if !report.outcome.is_empty() {
        lines.push((t!(ui, "mandatory-outcome"), report.outcome.clone()));
    }
    lines
}
