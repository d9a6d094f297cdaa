//! The helper's page: what waits for an answer, the students of today, and what comes next for each; and the form in which
//! somebody from outside writes.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::Form;
use serde::Deserialize;

use super::format;
use super::problem::Problem;
use super::request::{Seen, done, page};
use super::ui::{Choice, Problems, Ui, t};
use super::{Web, Who, routes};
use crate::domain::helping::NeedsCard;
use crate::domain::ids::{LetterId, PairingId};
use crate::domain::record::EntryText;
use crate::domain::words::{Effect, Role, Way};
use crate::service::{Error, FieldProblem, Helping, fresh};

/// Everybody who helps.
const HELPERS: Who = Who::Roles(&[Role::Helper, Role::ExternalHelper]);
/// Those from outside.
const OUTSIDE: Who = Who::Roles(&[Role::ExternalHelper]);

routes! {
    get "/helping" show, HELPERS;
    post "/helping/{id}/accept" accept, HELPERS;
    post "/helping/{id}/decline" decline, HELPERS;
    get "/helping/{id}/entry" entry_form, OUTSIDE;
    post "/helping/{id}/entry" send, OUTSIDE;
}

#[derive(Template)]
#[template(path = "helping.html")]
struct HelpingPage {
    ui: Ui,
    year: i16,
    list: Helping,
}

impl HelpingPage {
    fn is_empty(&self) -> bool {
        self.list.asked.is_empty() && self.list.helped.is_empty() && self.list.outside.is_empty()
    }

    fn grade(&self, grade: u8) -> String {
        format::grade(self.ui.language, grade)
    }
}

async fn show(State(web): State<Web>, Seen { viewer, ui }: Seen) -> Result<Response, Problem> {
    let list = web.app.helping(&viewer).await?;
    page(&HelpingPage { ui, year: web.app.school_year(), list })
}

async fn accept(State(web): State<Web>, seen: Seen, Path(id): Path<PairingId>) -> Result<Response, Problem> {
    web.app.accept_pairing(&seen.viewer, id).await?;
    Ok(done("/helping", "pairing-accepted"))
}

async fn decline(State(web): State<Web>, seen: Seen, Path(id): Path<PairingId>) -> Result<Response, Problem> {
    web.app.decline_pairing(&seen.viewer, id).await?;
    Ok(done("/helping", "pairing-declined"))
}

/// An entry of somebody from outside. `form` was made when the form was shown: sent twice, it is one entry.
#[derive(Default, Deserialize)]
#[serde(default)]
struct OutsideForm {
    form: String,
    date: String,
    way: String,
    happened: String,
    effect: String,
    next: String,
}

impl OutsideForm {
    fn parse(&self) -> Result<(LetterId, EntryText), Error> {
        let (date, id) = (self.date.parse().ok(), self.form.parse().ok());
        let (way, effect) = (Way::parse(&self.way), Effect::parse(&self.effect));
        if let (Some(date), Some(id), Some(way), Some(effect)) = (date, id, way, effect) {
            let (happened, next) = (self.happened.trim().to_owned(), self.next.trim().to_owned());
            return Ok((id, EntryText { date, way, happened, effect, next }));
        }
        let missing = [
            ("date", date.is_none(), "date-invalid"),
            ("way", way.is_none(), "choose"),
            ("effect", effect.is_none(), "choose"),
        ];
        let missing = missing.into_iter().filter(|(_, missing, _)| *missing);
        Err(Error::Invalid(missing.map(|(field, _, code)| FieldProblem { field, code }).collect()))
    }
}

#[derive(Template)]
#[template(path = "outside_entry.html")]
struct OutsideEntryPage {
    ui: Ui,
    id: PairingId,
    card: NeedsCard,
    form: OutsideForm,
    ways: Vec<Choice>,
    effects: Vec<Choice>,
    problems: Problems,
}

async fn entry_page(
    web: &Web,
    Seen { viewer, ui }: Seen,
    id: PairingId,
    sent: Option<OutsideForm>,
    problems: Problems,
) -> Result<OutsideEntryPage, Problem> {
    let card = web.app.needs(&viewer, id).await?;
    let blank = || OutsideForm { date: web.app.today(), form: fresh().to_string(), ..OutsideForm::default() };
    let mut form = sent.unwrap_or_else(blank);
    if form.form.parse::<LetterId>().is_err() {
        form.form = fresh().to_string();
    }
    let ways = ui.choices(Way::ALL, Way::parse(&form.way));
    let effects = ui.choices(Effect::ALL, Effect::parse(&form.effect));
    Ok(OutsideEntryPage { ui, id, card, form, ways, effects, problems })
}

async fn entry_form(State(web): State<Web>, seen: Seen, Path(id): Path<PairingId>) -> Result<Response, Problem> {
    page(&entry_page(&web, seen, id, None, Problems::default()).await?)
}

async fn send(
    State(web): State<Web>,
    seen: Seen,
    Path(id): Path<PairingId>,
    Form(form): Form<OutsideForm>,
) -> Result<Response, Problem> {
    let sent = match form.parse() {
        Ok((letter, text)) => web.app.contribute(&seen.viewer, id, letter, &text).await,
        Err(wrong) => Err(wrong),
    };
    match sent {
        Ok(()) => Ok(done("/helping", "entry-sent")),
        Err(Error::Invalid(wrong)) => {
            let problems = Problems::of(&seen.ui, &wrong);
            let again = entry_page(&web, seen, id, Some(form), problems).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&again)?).into_response())
        }
        Err(other) => Err(other.into()),
    }
}
