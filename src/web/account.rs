//! The own account: language, password, sessions.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::{CookieJar, Form};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use super::problem::Problem;
use super::request::{Seen, no_session_cookie, page, session_cookie};
use super::ui::{Problems, Ui, t};
use super::{Web, Who, routes};
use crate::service::Error;
use crate::vault::fingerprint;

routes! {
    get "/account" show, Who::SignedIn;
    post "/account/password" change_password, Who::SignedIn;
    post "/account/sign-out-everywhere" sign_out_everywhere, Who::SignedIn;
}

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    ui: Ui,
    login: String,
    fingerprint: String,
    two_steps: bool,
    problems: Problems,
}

impl AccountPage {
    fn new(Seen { viewer, ui }: Seen, problems: Problems) -> Self {
        let fingerprint = viewer.person.recipient.as_deref().map_or_else(String::new, fingerprint);
        Self { ui, login: viewer.person.login, fingerprint, two_steps: viewer.two_steps, problems }
    }
}

/// The old and the new password, the new one twice.
#[derive(Deserialize)]
struct ChangePassword {
    old: SecretString,
    new: SecretString,
    again: SecretString,
}

async fn show(seen: Seen) -> Result<Response, Problem> {
    page(&AccountPage::new(seen, Problems::default()))
}

async fn change_password(
    State(web): State<Web>,
    seen: Seen,
    Form(form): Form<ChangePassword>,
) -> Result<Response, Problem> {
    let changed = if form.new.expose_secret() == form.again.expose_secret() {
        web.app.change_password(&seen.viewer, form.old, form.new).await
    } else {
        Err(Error::field("again", "password-differs"))
    };
    match changed {
        Ok(signed_in) => {
            let jar = CookieJar::new().add(session_cookie(&signed_in.token, web.frame.secure));
            Ok((jar, Redirect::to("/account?done=password-changed")).into_response())
        }
        Err(Error::Invalid(problems)) => {
            let problems = Problems::of(&seen.ui, &problems);
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&AccountPage::new(seen, problems))?).into_response())
        }
        Err(other) => Err(other.into()),
    }
}

async fn sign_out_everywhere(State(web): State<Web>, Seen { viewer, .. }: Seen) -> Result<Response, Problem> {
    web.app.sign_out_everywhere(&viewer).await?;
    Ok((CookieJar::new().add(no_session_cookie(web.frame.secure)), Redirect::to("/sign-in?done=signed-out-everywhere"))
        .into_response())
}
