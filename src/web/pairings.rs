//! Pairings: the form that starts one, the list of the school, and the page on which one is changed.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::Form;
use jiff::civil::Date;
use serde::Deserialize;

use super::problem::Problem;
use super::request::{Seen, done, page};
use super::ui::{Choice, Problems, Ui, t};
use super::{Web, Who, format, routes};
use crate::domain::helping::{Condition, Reason};
use crate::domain::ids::{PairingId, PersonId, StudentId};
use crate::domain::record::Card;
use crate::domain::words::Role;
use crate::service::{
    Candidate, Error, FieldProblem, HandOver, ListedPairing, ManagedPairing, NewPairing, PairingForm, SchoolPairings,
    Told,
};
use crate::store::{Class, PairingState};
use crate::web::language::Word;

/// Roles that arrange pairings.
const MANAGERS: Who = Who::Roles(&[Role::Counsellor, Role::MoralEdDirector]);

routes! {
    get "/files/{id}/pairing" form, MANAGERS;
    post "/files/{id}/pairing" start, MANAGERS;
    get "/pairings" list, MANAGERS;
    get "/pairings/{id}" show, MANAGERS;
    post "/pairings/{id}/pause" pause, MANAGERS;
    post "/pairings/{id}/resume" resume, MANAGERS;
    post "/pairings/{id}/hand-over" hand_over, MANAGERS;
    post "/pairings/{id}/give-back" give_back, MANAGERS;
    post "/pairings/{id}/complete" complete, Who::Roles(&[Role::Counsellor]);
    post "/pairings/{id}/end" end, MANAGERS;
}

impl Word for PairingState {
    const FAMILY: &'static str = "pairing-state";

    fn code(self) -> &'static str {
        self.as_str()
    }
}

impl Word for Condition {
    const FAMILY: &'static str = "condition";

    fn code(self) -> &'static str {
        self.as_str()
    }
}

/// The form as it was sent: parsed at the door, shown again as it stood when something is wrong.
#[derive(Default, Deserialize)]
#[serde(default)]
struct StartPairing {
    helper: String,
    purpose: String,
    condition: String,
    starts: String,
    ends: String,
    alias: String,
    needs: String,
    measures: String,
}

impl StartPairing {
    fn parse(&self) -> Result<NewPairing, Error> {
        let helper: Option<PersonId> = self.helper.parse().ok();
        let (starts, ends) = (self.starts.parse::<Date>().ok(), self.ends.parse::<Date>().ok());
        let condition = Condition::parse(&self.condition);
        let Self { alias, needs, measures, .. } = self;
        let told = Told { alias: alias.clone(), needs: needs.clone(), measures: measures.clone() };
        if let (Some(helper), Some(condition), Some(starts), Some(ends)) = (helper, condition, starts, ends) {
            return Ok(NewPairing { helper, purpose: self.purpose.clone(), condition, starts, ends, told });
        }
        let fields = [
            (helper.is_none(), "helper", "choose"),
            (condition.is_none(), "condition", "choose"),
            (starts.is_none(), "starts", "date-invalid"),
            (ends.is_none(), "ends", "date-invalid"),
        ];
        let wrong = fields.into_iter().filter(|(wrong, ..)| *wrong);
        Err(Error::Invalid(wrong.map(|(_, field, code)| FieldProblem { field, code }).collect()))
    }
}

/// Somebody who can be asked: name, and why they fit.
struct Suggestion {
    name: String,
    notes: Vec<String>,
}

#[derive(Template)]
#[template(path = "pairing_form.html")]
struct PairingFormPage {
    ui: Ui,
    student: StudentId,
    name: String,
    class: String,
    wanted: String,
    suggestions: Vec<Suggestion>,
    helpers: Vec<Choice>,
    conditions: Vec<Choice>,
    outside: bool,
    form: StartPairing,
    problems: Problems,
}

impl PairingFormPage {
    /// The form, filled with what was sent or else with what is proposed.
    fn new(ui: Ui, year: i16, student: StudentId, offer: PairingForm, sent: Option<StartPairing>) -> Self {
        let proposed = || StartPairing {
            starts: offer.starts.to_string(),
            ends: offer.ends.to_string(),
            ..StartPairing::default()
        };
        let form = sent.unwrap_or_else(proposed);
        let helpers = offer.helpers.iter().map(|one| choice(&ui, one, &form.helper)).collect();
        let suggestions = offer.helpers.iter().map(|one| suggestion(&ui, one)).collect();
        let conditions = ui.choices(Condition::ALL, Condition::parse(&form.condition));
        let outside = offer.helpers.iter().any(|one| one.outside);
        let class = class_name(&ui, &offer.class, year);
        let (name, wanted, problems) = (offer.row.name, offer.wanted, Problems::default());
        Self { ui, student, name, class, wanted, suggestions, helpers, conditions, outside, form, problems }
    }
}

/// Somebody in the list to choose from.
fn choice(ui: &Ui, one: &Candidate, chosen: &str) -> Choice {
    let (name, login) = (one.person.name.as_str(), one.person.login.as_str());
    let label = t!(ui, "pairing-helper-choice", name = name, login = login);
    let value = one.person.id.to_string();
    Choice { chosen: value == chosen, value, label }
}

/// Why somebody fits, and how much they do already.
fn suggestion(ui: &Ui, one: &Candidate) -> Suggestion {
    let reason = |reason: &Reason| match reason {
        Reason::Subject(word) => t!(ui, "pairing-reason-subject", word = word.as_str()),
        Reason::Interest(word) => t!(ui, "pairing-reason-interest", word = word.as_str()),
        Reason::Language(word) => t!(ui, "pairing-reason-language", word = word.as_str()),
        Reason::Sex(sex) => t!(ui, "pairing-reason-sex", sex = ui.word(*sex)),
    };
    let mut notes: Vec<String> = one.reasons.iter().map(reason).collect();
    notes.push(t!(ui, "pairing-load", load = one.load, capacity = one.capacity));
    notes.extend((one.load >= one.capacity).then(|| t!(ui, "pairing-is-full")));
    notes.extend(one.outside.then(|| t!(ui, "pairing-is-outside")));
    notes.extend(one.unchecked.then(|| t!(ui, "pairing-is-unchecked")));
    Suggestion { name: one.person.name.clone(), notes }
}

#[derive(Template)]
#[template(path = "pairings.html")]
struct PairingsPage {
    ui: Ui,
    year: i16,
    list: SchoolPairings,
}

#[derive(Template)]
#[template(path = "pairing.html")]
struct PairingPage {
    ui: Ui,
    class: String,
    one: ListedPairing,
    card: Option<Card>,
    helpers: Vec<Choice>,
    may_complete: bool,
    until: String,
    note: String,
    problems: Problems,
}

/// The name of a class in a school year.
pub(super) fn class_name(ui: &Ui, class: &Class, school_year: i16) -> String {
    let grade = u8::try_from(i64::from(school_year) - class.cohort + 1).unwrap_or(0);
    format::class_name(ui.language, grade, u16::try_from(class.number).unwrap_or(0))
}

async fn form(
    State(web): State<Web>,
    Seen { viewer, ui }: Seen,
    Path(id): Path<StudentId>,
) -> Result<Response, Problem> {
    let offer = web.app.pairing_form(&viewer, id).await?;
    page(&PairingFormPage::new(ui, web.app.school_year(), id, offer, None))
}

async fn start(
    State(web): State<Web>,
    Seen { viewer, ui }: Seen,
    Path(id): Path<StudentId>,
    Form(form): Form<StartPairing>,
) -> Result<Response, Problem> {
    let started = match form.parse() {
        Ok(new) => web.app.start_pairing(&viewer, id, new).await,
        Err(wrong) => Err(wrong),
    };
    match started {
        Ok(_) => Ok(done("/pairings", "pairing-started")),
        Err(Error::Invalid(wrong)) => {
            let offer = web.app.pairing_form(&viewer, id).await?;
            let problems = Problems::of(&ui, &wrong);
            let form = PairingFormPage::new(ui, web.app.school_year(), id, offer, Some(form));
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&PairingFormPage { problems, ..form })?).into_response())
        }
        Err(other) => Err(other.into()),
    }
}

async fn list(State(web): State<Web>, Seen { viewer, ui }: Seen) -> Result<Response, Problem> {
    let list = web.app.pairings(&viewer).await?;
    page(&PairingsPage { ui, year: web.app.school_year(), list })
}

async fn show(State(web): State<Web>, seen: Seen, Path(id): Path<PairingId>) -> Result<Response, Problem> {
    page(&pairing_page(&web, seen, id).await?)
}

async fn pairing_page(web: &Web, Seen { viewer, ui }: Seen, id: PairingId) -> Result<PairingPage, Problem> {
    let ManagedPairing { one, card, candidates, may_complete } = web.app.managed_pairing(&viewer, id).await?;
    let staff = candidates.iter().filter(|one| !one.outside);
    let helpers = staff.map(|candidate| choice(&ui, candidate, "")).collect();
    let class = class_name(&ui, &one.class, web.app.school_year());
    let (until, note, problems) = (String::new(), String::new(), Problems::default());
    Ok(PairingPage { ui, class, one, card, helpers, may_complete, until, note, problems })
}

async fn pause(State(web): State<Web>, seen: Seen, Path(id): Path<PairingId>) -> Result<Response, Problem> {
    web.app.pause_pairing(&seen.viewer, id).await?;
    Ok(done("/pairings", "pairing-paused"))
}

async fn resume(State(web): State<Web>, seen: Seen, Path(id): Path<PairingId>) -> Result<Response, Problem> {
    web.app.resume_pairing(&seen.viewer, id).await?;
    Ok(done("/pairings", "pairing-resumed"))
}

async fn give_back(State(web): State<Web>, seen: Seen, Path(id): Path<PairingId>) -> Result<Response, Problem> {
    web.app.give_pairing_back(&seen.viewer, id).await?;
    Ok(done("/pairings", "pairing-given-back"))
}

async fn complete(State(web): State<Web>, seen: Seen, Path(id): Path<PairingId>) -> Result<Response, Problem> {
    web.app.complete_pairing(&seen.viewer, id).await?;
    Ok(done("/pairings", "pairing-completed"))
}

/// Who stands in, and until when.
#[derive(Default, Deserialize)]
#[serde(default)]
struct HandOverForm {
    helper: String,
    until: String,
}

async fn hand_over(
    State(web): State<Web>,
    seen: Seen,
    Path(id): Path<PairingId>,
    Form(form): Form<HandOverForm>,
) -> Result<Response, Problem> {
    let handed = match (form.helper.parse(), form.until.parse()) {
        (Ok(helper), Ok(until)) => web.app.hand_pairing_over(&seen.viewer, id, HandOver { helper, until }).await,
        (Err(_), _) => Err(Error::field("helper", "choose")),
        (_, Err(_)) => Err(Error::field("until", "date-invalid")),
    };
    match handed {
        Ok(_) => Ok(done("/pairings", "pairing-handed-over")),
        Err(Error::Invalid(wrong)) => {
            let problems = Problems::of(&seen.ui, &wrong);
            let again = PairingPage { until: form.until, problems, ..pairing_page(&web, seen, id).await? };
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&again)?).into_response())
        }
        Err(other) => Err(other.into()),
    }
}

/// The closing note.
#[derive(Default, Deserialize)]
#[serde(default)]
struct EndForm {
    note: String,
}

async fn end(
    State(web): State<Web>,
    seen: Seen,
    Path(id): Path<PairingId>,
    Form(form): Form<EndForm>,
) -> Result<Response, Problem> {
    match web.app.end_pairing(&seen.viewer, id, &form.note).await {
        Ok(()) => Ok(done("/pairings", "pairing-ended")),
        Err(Error::Invalid(wrong)) => {
            let problems = Problems::of(&seen.ui, &wrong);
            let again = PairingPage { note: form.note, problems, ..pairing_page(&web, seen, id).await? };
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&again)?).into_response())
        }
        Err(other) => Err(other.into()),
    }
}

#[cfg(test)]
mod tests;
