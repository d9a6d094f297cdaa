//! 让同事查看: who may read a part of a file for some days, letting somebody, and ending it.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::Form;
use serde::Deserialize;

use super::files::{once, shown_class};
use super::problem::Problem;
use super::request::{Seen, done, page};
use super::ui::{Choice, Problems, Ui, t};
use super::{Web, Who, routes};
use crate::domain::ids::{PersonId, ReadingGrantId, StudentId};
use crate::domain::reading::{ReadingKind, proposed};
use crate::domain::words::Role;
use crate::service::{Error, NewReading, Readings, ShownReading};

/// Roles that keep how to reach the family.
const GIVERS: Who = Who::Roles(&[Role::Counsellor, Role::HomeroomTeacher]);

routes! {
    get "/files/{student}/reading" show, GIVERS;
    post "/files/{student}/reading" give, GIVERS;
    post "/files/{student}/reading/end" end, GIVERS;
}

/// A form for one kind of reading. On the page the name of each field begins with the kind: there may be two such forms.
#[derive(Default)]
struct Sent {
    person: String,
    until: String,
    reason: String,
    once: String,
}

impl Sent {
    fn of(kind: ReadingKind, mut form: HashMap<String, String>) -> Self {
        let once = form.remove("once").unwrap_or_default();
        let names = Names::of(kind);
        let mut field = |name: &str| form.remove(name).unwrap_or_default();
        let (person, until) = (field(&names.person), field(&names.until));
        Self { person, until, reason: field(&names.reason).replace("\r\n", "\n"), once }
    }

    fn new_reading(&self, kind: ReadingKind) -> NewReading {
        let person = self.person.parse().unwrap_or(PersonId(uuid::Uuid::nil()));
        NewReading { kind, person, reason: self.reason.clone(), until: self.until.parse().ok() }
    }
}

/// What the person can let others read, ready to show.
struct Offer {
    kind: ReadingKind,
    names: Names,
    people: Vec<Choice>,
    form: Sent,
    problems: Problems,
}

/// The names of the fields in one of the forms.
struct Names {
    person: String,
    until: String,
    reason: String,
}

impl Names {
    fn of(kind: ReadingKind) -> Self {
        let name = |field: &str| format!("{kind}-{field}");
        Self { person: name("person"), until: name("until"), reason: name("reason") }
    }
}

#[derive(Template)]
#[template(path = "reading_grants.html")]
struct ReadingPage {
    ui: Ui,
    id: StudentId,
    class: String,
    readings: Readings,
    offers: Vec<Offer>,
}

impl ReadingPage {
    /// The name of a colleague.
    fn by(&self, id: &PersonId) -> &str {
        self.readings.names.get(id).map_or("—", String::as_str)
    }

    fn running(&self) -> impl Iterator<Item = &ShownReading> {
        self.readings.grants.iter().filter(|one| one.grant.ended_at.is_none())
    }

    fn over(&self) -> impl Iterator<Item = &ShownReading> {
        self.readings.grants.iter().filter(|one| one.grant.ended_at.is_some())
    }

    fn came_back(&self) -> bool {
        self.offers.iter().any(|offer| offer.problems.any())
    }
}

async fn reading_page(
    web: &Web,
    seen: Seen,
    id: StudentId,
    sent: Option<(ReadingKind, Sent, Problems)>,
) -> Result<ReadingPage, Problem> {
    let mut readings = web.app.readings(&seen.viewer, id).await?;
    let mut ui = seen.ui;
    ui.path = format!("/files/{id}/reading");
    let until = proposed(web.app.clock.today()).to_string();
    let (came_back, mut form, mut problems) = match sent {
        Some((kind, form, problems)) => (Some(kind), form, problems),
        None => (None, Sent::default(), Problems::default()),
    };
    let offer = |(kind, people): (ReadingKind, Vec<crate::store::Person>)| {
        let back = came_back == Some(kind);
        let blank = Sent { until: until.clone(), ..Sent::default() };
        let mut form = if back { std::mem::take(&mut form) } else { blank };
        form.once = once(&form.once).to_string();
        let problems = if back { std::mem::take(&mut problems) } else { Problems::default() };
        let choice = |person: crate::store::Person| {
            let value = person.id.to_string();
            Choice { chosen: form.person == value, value, label: person.name }
        };
        let people = people.into_iter().map(choice).collect();
        Offer { kind, names: Names::of(kind), people, form, problems }
    };
    let offers = std::mem::take(&mut readings.offers).into_iter().map(offer).collect();
    let class = shown_class(web, &ui, &readings.class);
    Ok(ReadingPage { ui, id, class, readings, offers })
}

async fn show(State(web): State<Web>, seen: Seen, Path(id): Path<StudentId>) -> Result<Response, Problem> {
    page(&reading_page(&web, seen, id, None).await?)
}

async fn give(
    State(web): State<Web>,
    seen: Seen,
    Path(id): Path<StudentId>,
    Form(form): Form<HashMap<String, String>>,
) -> Result<Response, Problem> {
    let kind = form.get("kind").and_then(|kind| ReadingKind::parse(kind)).unwrap_or(ReadingKind::Contact);
    let sent = Sent::of(kind, form);
    match web.app.give_reading(&seen.viewer, id, once(&sent.once), &sent.new_reading(kind)).await {
        Ok(_) => Ok(done(&format!("/files/{id}/reading"), "reading-given")),
        Err(Error::Invalid(problems)) => {
            let problems = Problems::of(&seen.ui, &problems);
            let page = page(&reading_page(&web, seen, id, Some((kind, sent, problems))).await?)?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
        Err(other) => Err(other.into()),
    }
}

/// Which grant is to end.
#[derive(Deserialize)]
struct End {
    #[serde(default)]
    grant: String,
}

async fn end(
    State(web): State<Web>,
    seen: Seen,
    Path(id): Path<StudentId>,
    Form(sent): Form<End>,
) -> Result<Response, Problem> {
    let grant = sent.grant.parse().unwrap_or(ReadingGrantId(uuid::Uuid::nil()));
    web.app.end_reading(&seen.viewer, id, grant).await?;
    Ok(done(&format!("/files/{id}/reading"), "reading-ended"))
}
