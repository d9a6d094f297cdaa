//! Pairings: the form that starts one, the list of the school, and ending one.

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
use crate::domain::ids::{PairingId, PersonId, StudentId};
use crate::domain::words::Role;
use crate::service::{Error, FieldProblem, NewPairing, PairingForm, SchoolPairings};
use crate::store::{Class, PairingState};
use crate::web::language::Word;

routes! {
    get "/files/{id}/pairing" form, Who::Roles(&[Role::Counsellor]);
    post "/files/{id}/pairing" start, Who::Roles(&[Role::Counsellor]);
    get "/pairings" list, Who::Roles(&[Role::Counsellor, Role::MoralEdDirector]);
    post "/pairings/{id}/end" end, Who::Roles(&[Role::Counsellor]);
}

impl Word for PairingState {
    const FAMILY: &'static str = "pairing-state";

    fn code(self) -> &'static str {
        self.as_str()
    }
}

/// The form as it was sent: parsed at the door, shown again as it stood when something is wrong.
#[derive(Deserialize)]
struct StartPairing {
    helper: String,
    purpose: String,
    starts: String,
    ends: String,
}

impl StartPairing {
    fn parse(&self) -> Result<NewPairing, Error> {
        let helper: Option<PersonId> = self.helper.parse().ok();
        let (starts, ends) = (self.starts.parse::<Date>().ok(), self.ends.parse::<Date>().ok());
        if let (Some(helper), Some(starts), Some(ends)) = (helper, starts, ends) {
            return Ok(NewPairing { helper, purpose: self.purpose.clone(), starts, ends });
        }
        let fields = [
            (helper.is_none(), "helper", "choose"),
            (starts.is_none(), "starts", "date-invalid"),
            (ends.is_none(), "ends", "date-invalid"),
        ];
        let wrong = fields.into_iter().filter(|(wrong, ..)| *wrong);
        Err(Error::Invalid(wrong.map(|(_, field, code)| FieldProblem { field, code }).collect()))
    }
}

#[derive(Template)]
#[template(path = "pairing_form.html")]
struct PairingFormPage {
    ui: Ui,
    student: StudentId,
    name: String,
    class: String,
    helpers: Vec<Choice>,
    form: StartPairing,
    problems: Problems,
}

impl PairingFormPage {
    /// The form, filled with what was sent or else with what is proposed.
    fn new(ui: Ui, year: i16, student: StudentId, offer: PairingForm, sent: Option<StartPairing>) -> Self {
        let proposed = || StartPairing {
            helper: String::new(),
            purpose: String::new(),
            starts: offer.starts.to_string(),
            ends: offer.ends.to_string(),
        };
        let form = sent.unwrap_or_else(proposed);
        let choice = |person: &crate::store::Person| {
            let (name, login) = (person.name.as_str(), person.login.as_str());
            let label = t!(ui, "pairing-helper-choice", name = name, login = login);
            let value = person.id.to_string();
            Choice { chosen: value == form.helper, value, label }
        };
        let helpers = offer.helpers.iter().map(choice).collect();
        let class = class_name(&ui, &offer.class, year);
        Self { ui, student, name: offer.row.name, class, helpers, form, problems: Problems::default() }
    }
}

#[derive(Template)]
#[template(path = "pairings.html")]
struct PairingsPage {
    ui: Ui,
    year: i16,
    list: SchoolPairings,
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

async fn end(
    State(web): State<Web>,
    Seen { viewer, .. }: Seen,
    Path(id): Path<PairingId>,
) -> Result<Response, Problem> {
    web.app.end_pairing(&viewer, id).await?;
    Ok(done("/pairings", "pairing-ended"))
}

#[cfg(test)]
mod tests;
