//! The keeping of a file: asking that it be destroyed, signing it, keeping it from being destroyed; sealing it away, and unsealing it.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::Form;
use serde::Deserialize;
use uuid::Uuid;

use super::files::shown_class;
use super::problem::Problem;
use super::request::{Seen, done, page};
use super::ui::{Choice, Problems, Ui, t};
use super::{Web, Who, routes};
use crate::domain::ids::{PersonId, StudentId};
use crate::domain::keeping::{ErasureGround, Unsealing, UnsealingGround, Wish};
use crate::domain::words::Role;
use crate::service::{Error, FileKeeping};

/// Roles that ask, sign and hold.
const KEEPERS: Who = Who::Roles(&[Role::Counsellor, Role::MoralEdDirector]);

routes! {
    get "/files/{student}/erasure" show, KEEPERS;
    post "/files/{student}/erasure" ask, KEEPERS;
    post "/files/{student}/erasure/sign" sign, KEEPERS;
    post "/files/{student}/erasure/withdraw" withdraw, KEEPERS;
    post "/files/{student}/hold" hold, KEEPERS;
    post "/files/{student}/hold/lift" lift, KEEPERS;
    post "/files/{student}/seal" seal, KEEPERS;
    post "/files/{student}/unseal" ask_unsealing, KEEPERS;
    post "/files/{student}/unseal/sign" sign_unsealing, KEEPERS;
    post "/files/{student}/unseal/withdraw" withdraw_unsealing, KEEPERS;
}

/// Any of the forms of the page.
#[derive(Clone, Default, Deserialize)]
struct Sent {
    #[serde(default)]
    ground: String,
    #[serde(default)]
    attends: String,
    #[serde(default)]
    why: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    hold: String,
    /// On what ground the file is to be unsealed, and why.
    #[serde(default)]
    unseal: String,
    #[serde(default)]
    need: String,
    /// The request or hold that the person saw.
    #[serde(default)]
    id: String,
}

impl Sent {
    fn id(&self) -> Uuid {
        self.id.parse().unwrap_or_default()
    }

    fn wish(&self) -> Result<Wish, Error> {
        let ground = ErasureGround::parse(&self.ground).ok_or_else(|| Error::field("ground", "choose"))?;
        Ok(Wish { ground, attends: !self.attends.is_empty(), why: self.why.replace("\r\n", "\n") })
    }

    fn unsealing(&self) -> Result<Unsealing, Error> {
        let ground = UnsealingGround::parse(&self.unseal).ok_or_else(|| Error::field("unseal", "choose"))?;
        Ok(Unsealing { ground, why: self.need.replace("\r\n", "\n") })
    }
}

#[derive(Template)]
#[template(path = "erasure.html")]
struct ErasurePage {
    ui: Ui,
    id: StudentId,
    kept: FileKeeping,
    class: String,
    me: PersonId,
    grounds: Vec<Choice>,
    needs: Vec<Choice>,
    sent: Sent,
    problems: Problems,
}

impl ErasurePage {
    /// The name of a colleague.
    fn by(&self, id: &PersonId) -> &str {
        self.kept.names.get(id).map_or("—", String::as_str)
    }
}

async fn erasure_page(
    web: &Web,
    seen: Seen,
    id: StudentId,
    sent: Sent,
    problems: Problems,
) -> Result<ErasurePage, Problem> {
    let kept = web.app.file_keeping(&seen.viewer, id).await?;
    let class = shown_class(web, &seen.ui, &kept.approach.class);
    let grounds = seen.ui.choices(ErasureGround::ALL, ErasureGround::parse(&sent.ground));
    let needs = seen.ui.choices(UnsealingGround::ALL, UnsealingGround::parse(&sent.unseal));
    let mut ui = seen.ui;
    ui.path = format!("/files/{id}/erasure");
    Ok(ErasurePage { id, kept, class, me: seen.viewer.person.id, grounds, needs, sent, problems, ui })
}

async fn show(State(web): State<Web>, seen: Seen, Path(id): Path<StudentId>) -> Result<Response, Problem> {
    page(&erasure_page(&web, seen, id, Sent::default(), Problems::default()).await?)
}

async fn ask(
    State(web): State<Web>,
    seen: Seen,
    Path(id): Path<StudentId>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    let asked = match sent.wish() {
        Ok(wish) => web.app.ask_erasure(&seen.viewer, id, &wish).await,
        Err(wrong) => Err(wrong),
    };
    answered(&web, seen, id, sent, asked, "erasure-asked").await
}

async fn sign(
    State(web): State<Web>,
    seen: Seen,
    Path(id): Path<StudentId>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    match web.app.sign_erasure(&seen.viewer, id, sent.id(), &sent.name).await {
        Ok(_) => Ok(done("/classes", "file-erased")),
        Err(refused) => answered(&web, seen, id, sent, Err(refused), "saved").await,
    }
}

async fn withdraw(
    State(web): State<Web>,
    seen: Seen,
    Path(id): Path<StudentId>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    web.app.withdraw_erasure(&seen.viewer, id, sent.id()).await?;
    Ok(done(&format!("/files/{id}/erasure"), "saved"))
}

async fn hold(
    State(web): State<Web>,
    seen: Seen,
    Path(id): Path<StudentId>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    let held = web.app.hold_file(&seen.viewer, id, &sent.hold.replace("\r\n", "\n")).await;
    answered(&web, seen, id, sent, held, "saved").await
}

async fn lift(
    State(web): State<Web>,
    seen: Seen,
    Path(id): Path<StudentId>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    web.app.lift_hold(&seen.viewer, id, sent.id()).await?;
    Ok(done(&format!("/files/{id}/erasure"), "saved"))
}

async fn seal(
    State(web): State<Web>,
    seen: Seen,
    Path(id): Path<StudentId>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    let sealed = web.app.seal_away(&seen.viewer, id).await;
    answered(&web, seen, id, sent, sealed, "file-sealed-away").await
}

async fn ask_unsealing(
    State(web): State<Web>,
    seen: Seen,
    Path(id): Path<StudentId>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    let asked = match sent.unsealing() {
        Ok(wish) => web.app.ask_unsealing(&seen.viewer, id, &wish).await,
        Err(wrong) => Err(wrong),
    };
    answered(&web, seen, id, sent, asked, "unsealing-asked").await
}

async fn sign_unsealing(
    State(web): State<Web>,
    seen: Seen,
    Path(id): Path<StudentId>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    let signed = web.app.sign_unsealing(&seen.viewer, id, sent.id()).await;
    answered(&web, seen, id, sent, signed, "file-unsealed").await
}

async fn withdraw_unsealing(
    State(web): State<Web>,
    seen: Seen,
    Path(id): Path<StudentId>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    web.app.withdraw_unsealing(&seen.viewer, id, sent.id()).await?;
    Ok(done(&format!("/files/{id}/erasure"), "saved"))
}

/// The page after a form: that it was done, or what is wrong with it, with everything that was typed.
async fn answered(
    web: &Web,
    seen: Seen,
    id: StudentId,
    sent: Sent,
    result: Result<(), Error>,
    code: &str,
) -> Result<Response, Problem> {
    match result {
        Ok(()) => Ok(done(&format!("/files/{id}/erasure"), code)),
        Err(Error::Invalid(problems)) => {
            let problems = Problems::of(&seen.ui, &problems);
            let page = page(&erasure_page(web, seen, id, sent, problems).await?)?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
        Err(other) => Err(other.into()),
    }
}
