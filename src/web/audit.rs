//! The privacy officer's pages: audit lines in plain words, access statistics, the state of the chain.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;
use uuid::Uuid;

use super::problem::Problem;
use super::request::{Seen, page};
use super::ui::{Choice, Problems, Ui, t};
use super::{Web, Who, format, routes};
use crate::domain::audit::{Event, Line, Outcome};
use crate::domain::ids::PersonId;
use crate::domain::keeping::Proof;
use crate::domain::words::{Action, Language, Role};
use crate::service::{AUDIT_LINES, AccessCounts, Trail, Walked};
use crate::store::{AuditFilter, Class};

routes! {
    get "/audit" show, Who::Roles(&[Role::PrivacyOfficer]);
    get "/audit/counts" counts, Who::Roles(&[Role::PrivacyOfficer]);
    get "/audit/verify" verify, Who::Roles(&[Role::PrivacyOfficer]);
}

#[derive(Template)]
#[template(path = "audit.html")]
struct AuditPage {
    ui: Ui,
    persons: Vec<Choice>,
    events: Vec<Choice>,
    refused: Vec<Choice>,
    object: String,
    problems: Problems,
    rows: Vec<Row>,
    older: Option<String>,
}

/// One line, ready to read.
struct Row {
    seq: i64,
    at: i64,
    who: String,
    role: String,
    what: String,
    about: String,
    /// The whole id of the object, for a list of only its lines.
    object: Option<Uuid>,
    outcome: Outcome,
}

#[derive(Template)]
#[template(path = "audit_counts.html")]
struct CountsPage {
    ui: Ui,
    spans: Vec<AccessCounts>,
    names: HashMap<PersonId, String>,
}

#[derive(Template)]
#[template(path = "audit_chain.html")]
struct ChainPage {
    ui: Ui,
    chain: Walked,
}

/// What the address asks for; empty fields do not filter, as forms send them.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
struct Wanted {
    person: String,
    event: String,
    refused: String,
    object: String,
    before: String,
}

impl Wanted {
    /// The filter, and whether the number of the object makes sense.
    fn filter(&self) -> (AuditFilter, bool) {
        let object = self.object.trim();
        let filter = AuditFilter {
            actor: self.person.parse().ok(),
            object: object.parse().ok(),
            event: Event::parse(&self.event),
            refused: !self.refused.is_empty(),
            before: self.before.parse().ok(),
        };
        let makes_sense = object.is_empty() || filter.object.is_some();
        (filter, makes_sense)
    }
}

async fn show(
    State(web): State<Web>,
    Seen { viewer, ui }: Seen,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Problem> {
    let (filter, makes_sense) = wanted.filter();
    let trail = web.app.audit(&viewer, &filter).await?;
    let problems = if makes_sense { Problems::default() } else { Problems::one(&ui, "object", "id-invalid") };
    let names = Names::of(&ui, &trail, i64::from(web.app.school_year()), viewer.school.id.0);
    let older = older(&filter, &trail);
    page(&AuditPage {
        persons: names.choices(filter.actor),
        events: ui.choices(Event::ALL, filter.event),
        refused: vec![Choice { value: "1".to_owned(), label: t!(ui, "audit-refused"), chosen: filter.refused }],
        object: wanted.object,
        problems,
        rows: trail.lines.iter().map(|stored| names.row(&ui, &stored.line)).collect(),
        older,
        ui,
    })
}

async fn counts(State(web): State<Web>, Seen { viewer, ui }: Seen) -> Result<Response, Problem> {
    let spans = web.app.access_counts(&viewer).await?;
    let names = web.app.colleagues(&viewer).await?;
    page(&CountsPage { ui, spans, names })
}

async fn verify(State(web): State<Web>, Seen { viewer, ui }: Seen) -> Result<Response, Problem> {
    page(&ChainPage { chain: web.app.verify_own_chain(&viewer).await?, ui })
}

/// The address of the next page, if this one is full.
fn older(filter: &AuditFilter, trail: &Trail) -> Option<String> {
    let full = i64::try_from(trail.lines.len()).is_ok_and(|lines| lines >= AUDIT_LINES);
    let last = trail.lines.last().filter(|_| full)?;
    let part = |name: &str, value: Option<String>| value.map_or_else(String::new, |value| format!("&{name}={value}"));
    Some(format!(
        "/audit?before={}{}{}{}{}",
        last.line.seq,
        part("person", filter.actor.map(|id| id.to_string())),
        part("event", filter.event.map(|event| event.to_string())),
        part("refused", filter.refused.then(|| "1".to_owned())),
        part("object", filter.object.map(|id| id.to_string())),
    ))
}

/// What the ids of a trail stand for. Students have none here: only their number appears.
struct Names<'a> {
    staff: &'a [(PersonId, String)],
    classes: HashMap<Uuid, String>,
    school: Uuid,
}

impl<'a> Names<'a> {
    fn of(ui: &Ui, trail: &'a Trail, school_year: i64, school: Uuid) -> Self {
        let name = |class: &Class| (class.id.0, class_name(ui.language, class, school_year));
        Self { staff: &trail.staff, classes: trail.classes.iter().map(name).collect(), school }
    }

    fn person(&self, id: Uuid) -> Option<&str> {
        self.staff.iter().find(|(person, _)| person.0 == id).map(|(_, name)| name.as_str())
    }

    fn choices(&self, chosen: Option<PersonId>) -> Vec<Choice> {
        let choice = |(id, name): &(PersonId, String)| Choice {
            value: id.to_string(),
            label: name.clone(),
            chosen: chosen == Some(*id),
        };
        self.staff.iter().map(choice).collect()
    }

    fn row(&self, ui: &Ui, line: &Line) -> Row {
        let (about, object) = self.about(ui, line.object);
        Row {
            seq: line.seq,
            at: line.at,
            who: self.who(ui, line),
            role: acting_as(ui, line),
            what: self.erased(ui, line).unwrap_or_else(|| what(ui, line)),
            about,
            object,
            outcome: line.outcome,
        }
    }

    /// What is proved of a file that was destroyed.
    fn erased(&self, ui: &Ui, line: &Line) -> Option<String> {
        let proof = Proof::parse(&line.detail).filter(|_| line.event == Event::FileErased)?;
        let who = self.person(proof.asked.0).map_or_else(|| t!(ui, "audit-former"), str::to_owned);
        let (event, ground) = (ui.word(line.event), ui.word(proof.ground));
        let Proof { keys, wraps, rows, .. } = proof;
        Some(t!(
            ui,
            "audit-erased-what",
            event = event,
            who = who,
            ground = ground,
            keys = keys,
            wraps = wraps,
            rows = rows
        ))
    }

    fn who(&self, ui: &Ui, line: &Line) -> String {
        match self.person(line.actor.0) {
            Some(name) => name.to_owned(),
            None if !line.actor.0.is_nil() => t!(ui, "audit-former"),
            None if line.event == Event::MandatoryReported => t!(ui, "audit-kept-secret"),
            None if line.role.is_some() => t!(ui, "audit-installation"),
            None => t!(ui, "audit-nobody"),
        }
    }

    fn about(&self, ui: &Ui, object: Uuid) -> (String, Option<Uuid>) {
        if object.is_nil() {
            return (String::new(), None);
        }
        if object == self.school {
            return (t!(ui, "audit-school"), None);
        }
        let name = self.person(object).or_else(|| self.classes.get(&object).map(String::as_str));
        (name.map_or_else(|| short(object), str::to_owned), Some(object))
    }
}

/// The last eight digits of an id: its first ones are a date and alike for all that was made together.
fn short(id: Uuid) -> String {
    let digits = id.simple().to_string();
    digits[digits.len() - 8..].to_owned()
}

/// Role and relation of an act; nothing where nobody was signed in.
pub(super) fn acting_as(ui: &Ui, line: &Line) -> String {
    line.role.map_or_else(String::new, |role| format!("{} · {}", ui.word(role), ui.word(line.relation)))
}

/// The event; of a refusal also what was tried.
pub(super) fn what(ui: &Ui, line: &Line) -> String {
    let event = ui.word(line.event);
    match (line.event, Action::parse(&line.detail)) {
        (Event::Refused, Some(action)) => {
            let (action, kind) = (ui.word(action), ui.word(line.kind));
            t!(ui, "audit-refused-what", event = event, action = action, kind = kind)
        }
        _ => event,
    }
}

fn class_name(language: Language, class: &Class, school_year: i64) -> String {
    let grade = u8::try_from(school_year - class.cohort + 1).unwrap_or(0);
    format::class_name(language, grade, u16::try_from(class.number).unwrap_or(0))
}

#[cfg(test)]
mod tests;
