//! The own second factor: switched on with an app, off again, rescue codes on paper.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::Form;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use super::problem::Problem;
use super::request::{Enrolling, Seen, done, not_taken, page};
use super::square::Square;
use super::ui::{Problems, Ui, t};
use super::{Web, Who, routes};
use crate::service::{Error, Offer, Proof, TwoSteps};

routes! {
    get "/account/two-steps" show, Who::SignedIn;
    post "/account/two-steps" switch_on, Who::SignedIn;
    post "/account/two-steps/off" switch_off, Who::SignedIn;
    post "/account/two-steps/codes" new_codes, Who::SignedIn;
}

/// The page while the second factor is off: a key for the app, shown once.
#[derive(Template)]
#[template(path = "two_steps_offer.html")]
struct OfferPage {
    ui: Ui,
    demanded: bool,
    key: SecretString,
    square: Square,
    address: SecretString,
    offer: String,
    problems: Problems,
}

/// The page while it is on.
#[derive(Template)]
#[template(path = "two_steps.html")]
struct TwoStepsPage {
    ui: Ui,
    since: String,
    left: String,
    problems: Problems,
}

/// Rescue codes, shown once.
#[derive(Template)]
#[template(path = "two_steps_codes.html")]
struct CodesPage {
    ui: Ui,
    codes: Vec<SecretString>,
}

/// The present password and a code.
#[derive(Deserialize)]
struct ProofForm {
    password: SecretString,
    code: SecretString,
    #[serde(default)]
    offer: String,
}

impl ProofForm {
    fn apart(self) -> (String, Proof) {
        (self.offer, Proof { password: self.password, code: self.code })
    }
}

async fn show(State(web): State<Web>, Enrolling(seen): Enrolling) -> Result<Response, Problem> {
    two_steps_page(&web, seen, "", Problems::default()).await
}

async fn switch_on(
    State(web): State<Web>,
    Enrolling(seen): Enrolling,
    Form(form): Form<ProofForm>,
) -> Result<Response, Problem> {
    let (offer, proof) = form.apart();
    match web.app.switch_two_steps_on(&seen.viewer, &offer, proof).await {
        Ok(codes) => page(&CodesPage { ui: seen.ui, codes }),
        Err(error) => again(&web, seen, &offer, error).await,
    }
}

async fn switch_off(
    State(web): State<Web>,
    Enrolling(seen): Enrolling,
    Form(form): Form<ProofForm>,
) -> Result<Response, Problem> {
    match web.app.switch_two_steps_off(&seen.viewer, form.apart().1).await {
        Ok(()) => Ok(done("/account/two-steps", "two-steps-off")),
        Err(error) => again(&web, seen, "", error).await,
    }
}

async fn new_codes(State(web): State<Web>, seen: Seen, Form(form): Form<ProofForm>) -> Result<Response, Problem> {
    match web.app.new_rescue_codes(&seen.viewer, form.apart().1).await {
        Ok(codes) => page(&CodesPage { ui: seen.ui, codes }),
        // Off meanwhile: there is nothing to make codes for, and the page says so.
        Err(Error::NotFound) => Ok(done("/account/two-steps", "two-steps-off")),
        Err(error) => again(&web, seen, "", error).await,
    }
}

/// The page once more, with what is wrong.
async fn again(web: &Web, seen: Seen, offer: &str, error: Error) -> Result<Response, Problem> {
    let (status, problems, _): (StatusCode, _, _) = not_taken(&seen.ui, error)?;
    Ok((status, two_steps_page(web, seen, offer, problems).await?).into_response())
}

/// The page as it is for this person now. `offer` is the key that a form brought back.
async fn two_steps_page(
    web: &Web,
    Seen { viewer, ui }: Seen,
    offer: &str,
    problems: Problems,
) -> Result<Response, Problem> {
    let TwoSteps { since, rescue_codes } = web.app.two_steps(&viewer).await?;
    if let Some(since) = since {
        let (since, left) = (ui.day(since), rescue_codes.to_string());
        return page(&TwoStepsPage { ui, since, left, problems });
    }
    let Offer { text: key, address, sealed: offer } = web.app.offer_two_steps(&viewer, offer)?;
    let (square, demanded) = (Square::of(address.expose_secret()), viewer.must_enrol());
    page(&OfferPage { ui, demanded, key, square, address, offer, problems })
}
