//! Signing in and out, the language switch, and the start page.

use std::net::SocketAddr;

use askama::Template;
use axum::Extension;
use axum::extract::{ConnectInfo, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::{CookieJar, Form};
use secrecy::SecretString;
use serde::Deserialize;

use super::problem::Problem;
use super::request::{Guest, Seen, address, no_session_cookie, page, session_cookie, token};
use super::ui::{Ui, t};
use super::{Web, Who, language, routes};
use crate::domain::words::Language;
use crate::service::Error;

routes! {
    get "/" home, Who::SignedIn;
    get "/sign-in" show, Who::Anyone;
    post "/sign-in" sign_in, Who::Anyone;
    post "/sign-out" sign_out, Who::SignedIn;
    post "/language" switch, Who::Anyone;
    get "/locked" locked, Who::Anyone;
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    ui: Ui,
    login: String,
    next: String,
    problem: String,
    locked: bool,
}

/// Where to go after signing in.
#[derive(Debug, Default, Deserialize)]
struct Next {
    #[serde(default)]
    next: String,
}

/// Name and password.
#[derive(Deserialize)]
struct SignIn {
    login: String,
    password: SecretString,
    #[serde(default)]
    next: String,
}

/// The start page of a person is the first thing their roles are for.
async fn home(Seen { ui, .. }: Seen) -> Redirect {
    let first = ui.viewer.as_ref().and_then(|viewer| viewer.nav.first());
    Redirect::to(first.map_or("/account", |item| item.href.as_str()))
}

async fn show(Guest(ui): Guest, Query(Next { next }): Query<Next>) -> Result<Response, Problem> {
    page(&SignInPage { ui, login: String::new(), next, problem: String::new(), locked: false })
}

async fn sign_in(
    State(web): State<Web>,
    peer: Option<Extension<ConnectInfo<SocketAddr>>>,
    headers: HeaderMap,
    Guest(ui): Guest,
    Form(form): Form<SignIn>,
) -> Result<Response, Problem> {
    let address = address(&headers, peer.map(|Extension(ConnectInfo(peer))| peer));
    match web.app.sign_in(&form.login, form.password, &address).await {
        Ok(signed_in) => {
            let jar = CookieJar::new().add(session_cookie(&signed_in.token, web.frame.secure));
            Ok((jar, Redirect::to(language::way_back(&form.next))).into_response())
        }
        Err(error) => {
            let (status, problem) = match error {
                Error::WrongPassword => (StatusCode::UNPROCESSABLE_ENTITY, t!(ui, "sign-in-wrong")),
                Error::NotFound => (StatusCode::FORBIDDEN, t!(ui, "sign-in-no-duty")),
                other => return Err(other.into()),
            };
            let page = page(&SignInPage { ui, login: form.login, next: form.next, problem, locked: false })?;
            Ok((status, page).into_response())
        }
    }
}

async fn sign_out(State(web): State<Web>, headers: HeaderMap) -> Result<Response, Problem> {
    // Signing out twice, or after the session ended by itself, is no problem.
    if let Some(token) = token(&headers, web.frame.secure)
        && let Ok(viewer) = web.app.viewer(&token).await
    {
        web.app.sign_out(&viewer).await?;
    }
    let jar = CookieJar::new().add(no_session_cookie(web.frame.secure));
    Ok((jar, Redirect::to("/sign-in")).into_response())
}

/// The language switch.
#[derive(Deserialize)]
struct Switch {
    to: String,
    #[serde(default)]
    back: String,
}

async fn switch(State(web): State<Web>, headers: HeaderMap, Form(form): Form<Switch>) -> Result<Response, Problem> {
    let to = Language::parse(&form.to).unwrap_or(Language::ZhCn);
    if let Some(token) = token(&headers, web.frame.secure)
        && let Ok(viewer) = web.app.viewer(&token).await
    {
        web.app.set_language(&viewer, to).await?;
    }
    let jar = CookieJar::new().add(language::cookie(to, web.frame.secure));
    Ok((jar, Redirect::to(language::way_back(&form.back))).into_response())
}

/// Where the browser goes when nobody has touched the page for a while: the session ends here, not only on the screen.
async fn locked(
    State(web): State<Web>,
    headers: HeaderMap,
    Guest(ui): Guest,
    Query(Next { next }): Query<Next>,
) -> Result<Response, Problem> {
    if let Some(token) = token(&headers, web.frame.secure)
        && let Ok(viewer) = web.app.viewer(&token).await
    {
        web.app.sign_out(&viewer).await?;
    }
    let page = page(&SignInPage { ui, login: String::new(), next, problem: String::new(), locked: true })?;
    Ok((CookieJar::new().add(no_session_cookie(web.frame.secure)), page).into_response())
}
