//! Offices and keys, for those who keep them: letting newcomers in, and changing keys that someone lost.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::Form;
use serde::Deserialize;

use super::problem::Problem;
use super::request::{Seen, done, page};
use super::structure::class_title;
use super::ui::{Problems, Ui, t};
use super::{Web, Who, format, routes};
use crate::domain::ids::{OfficeId, PersonId};
use crate::domain::words::Role;
use crate::service::{Error, Newcomer, OfficeState};
use crate::store::{Class, Office};

const KEEPERS: Who = Who::Roles(&[Role::Counsellor]);

routes! {
    get "/offices" show, KEEPERS;
    post "/offices/{office}/admit/{person}" admit, KEEPERS;
    post "/offices/{office}/rotate" rotate, KEEPERS;
    post "/offices/lost-keys/rotate" rotate_lost_keys, KEEPERS;
}

#[derive(Template)]
#[template(path = "offices.html")]
struct OfficesPage {
    ui: Ui,
    waiting: Vec<Waiting>,
    due: Vec<Due>,
    keys_due: usize,
    counts_due: i64,
    offices: Vec<(String, String)>,
    columns: Vec<String>,
    problems: Problems,
}

/// Someone who waits to be let in.
struct Waiting {
    name: String,
    office: String,
    fingerprint: String,
    action: String,
}

/// An office whose key must change.
struct Due {
    office: String,
    action: String,
}

/// What was compared in person.
#[derive(Debug, Deserialize)]
struct AdmitForm {
    fingerprint: String,
    #[serde(default)]
    compared: String,
}

async fn show(State(web): State<Web>, seen: Seen) -> Result<Response, Problem> {
    offices_page(&web, seen, Problems::default()).await
}

async fn admit(
    State(web): State<Web>,
    seen: Seen,
    Path((office, person)): Path<(OfficeId, PersonId)>,
    Form(form): Form<AdmitForm>,
) -> Result<Response, Problem> {
    let admitted = if form.compared == "yes" {
        web.app.admit(&seen.viewer, office, person, &form.fingerprint).await
    } else {
        Err(Error::field("fingerprint", "fingerprint-not-compared"))
    };
    match admitted {
        Ok(()) => Ok(done("/offices", "admitted")),
        Err(Error::Invalid(problems)) => {
            let problems = Problems::of(&seen.ui, &problems);
            Ok((StatusCode::UNPROCESSABLE_ENTITY, offices_page(&web, seen, problems).await?).into_response())
        }
        Err(other) => Err(other.into()),
    }
}

async fn rotate(
    State(web): State<Web>,
    Seen { viewer, .. }: Seen,
    Path(office): Path<OfficeId>,
) -> Result<Response, Problem> {
    web.app.rotate_office(&viewer, office).await?;
    Ok(done("/offices", "rotated"))
}

async fn rotate_lost_keys(State(web): State<Web>, Seen { viewer, .. }: Seen) -> Result<Response, Problem> {
    web.app.rotate_lost_keys(&viewer).await?;
    Ok(done("/offices", "rotated"))
}

async fn offices_page(web: &Web, Seen { viewer, ui }: Seen, problems: Problems) -> Result<Response, Problem> {
    let found = web.app.offices(&viewer).await?;
    let year = web.app.school_year();
    let title = |office: &Office, class: Option<&Class>| {
        let kind = ui.word(office.kind);
        match class {
            Some(class) => t!(ui, "offices-of-class", office = kind, class = class_title(ui.language, class, year)),
            None => kind,
        }
    };
    let waits = |newcomer: &Newcomer| Waiting {
        name: newcomer.person.name.clone(),
        office: title(&newcomer.office, newcomer.class.as_ref()),
        fingerprint: newcomer.fingerprint.clone(),
        action: format!("/offices/{}/admit/{}", newcomer.office.id, newcomer.person.id),
    };
    let waiting = found.waiting.iter().map(waits).collect();
    let due = found.offices.iter().filter(|state| state.office.rotation_due).map(|state| Due {
        office: title(&state.office, state.class.as_ref()),
        action: format!("/offices/{}/rotate", state.office.id),
    });
    let due = due.collect();
    let members = |state: &OfficeState| {
        let names: Vec<&str> = state.members.iter().map(|person| person.name.as_str()).collect();
        (title(&state.office, state.class.as_ref()), format::list(ui.language, &names))
    };
    let offices = found.offices.iter().map(members).collect();
    let columns = vec![t!(ui, "offices-office"), t!(ui, "offices-members")];
    page(&OfficesPage {
        waiting,
        due,
        keys_due: found.keys_due,
        counts_due: found.counts_due,
        offices,
        columns,
        problems,
        ui,
    })
}
