//! Accepting an invitation: from a code to an own password.

use std::net::SocketAddr;

use askama::Template;
use axum::Extension;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::{CookieJar, Form};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use super::problem::Problem;
use super::request::{Guest, address, page, session_cookie};
use super::ui::{Problems, Ui, t};
use super::{Web, Who, routes};
use crate::service::Error;

routes! {
    get "/invitation" show, Who::Anyone;
    post "/invitation" accept, Who::Anyone;
}

#[derive(Template)]
#[template(path = "invitation.html")]
struct InvitationPage {
    ui: Ui,
    code: String,
    problems: Problems,
}

/// The code, and the new password twice.
#[derive(Deserialize)]
struct Accept {
    code: SecretString,
    new: SecretString,
    again: SecretString,
}

async fn show(Guest(ui): Guest) -> Result<Response, Problem> {
    page(&InvitationPage { ui, code: String::new(), problems: Problems::default() })
}

async fn accept(
    State(web): State<Web>,
    peer: Option<Extension<ConnectInfo<SocketAddr>>>,
    headers: HeaderMap,
    Guest(ui): Guest,
    Form(form): Form<Accept>,
) -> Result<Response, Problem> {
    let address = address(&headers, peer.map(|Extension(ConnectInfo(peer))| peer));
    let code = form.code.expose_secret();
    let accepted = if form.new.expose_secret() == form.again.expose_secret() {
        web.app.accept_invitation(code, form.new, &address).await
    } else {
        Err(Error::field("again", "password-differs"))
    };
    match accepted {
        Ok(signed_in) => {
            let jar = CookieJar::new().add(session_cookie(&signed_in.token, web.frame.secure));
            Ok((jar, Redirect::to("/account?done=invitation-accepted")).into_response())
        }
        Err(Error::Invalid(problems)) => {
            let problems = Problems::of(&ui, &problems);
            let again = page(&InvitationPage { ui, code: code.to_owned(), problems })?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, again).into_response())
        }
        Err(other) => Err(other.into()),
    }
}
