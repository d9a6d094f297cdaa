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
use super::request::{
    Guest, Seen, address, browser, browser_cookie, done, no_browser_cookie, no_session_cookie, not_taken, page,
    session_cookie, then, token,
};
use super::ui::{Problems, Ui, t};
use super::{Web, Who, language, routes};
use crate::domain::words::Language;
use crate::service::{Error, Passed};

routes! {
    get "/" home, Who::SignedIn;
    get "/sign-in" show, Who::Anyone;
    post "/sign-in" sign_in, Who::Anyone;
    get "/sign-in/code" ask_code, Who::Anyone;
    post "/sign-in/code" enter_code, Who::Anyone;
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

/// The second step.
#[derive(Template)]
#[template(path = "sign_in_code.html")]
struct CodePage {
    ui: Ui,
    next: String,
    problems: Problems,
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

/// The code of the second step.
#[derive(Deserialize)]
struct EnterCode {
    code: SecretString,
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
    let browser = browser(&headers, web.frame.secure);
    match web.app.sign_in_with(&form.login, form.password, &address, browser.as_ref()).await {
        Ok(signed_in) => {
            let jar = CookieJar::new().add(session_cookie(&signed_in.token, web.frame.secure));
            let way = language::way_back(&form.next);
            let to = if signed_in.half { then("/sign-in/code", way) } else { way.to_owned() };
            Ok((jar, Redirect::to(&to)).into_response())
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

/// The page that asks for a code says nothing of who signs in, and needs no cookie.
async fn ask_code(Guest(ui): Guest, Query(Next { next }): Query<Next>) -> Result<Response, Problem> {
    page(&CodePage { ui, next, problems: Problems::default() })
}

async fn enter_code(
    State(web): State<Web>,
    peer: Option<Extension<ConnectInfo<SocketAddr>>>,
    headers: HeaderMap,
    Guest(ui): Guest,
    Form(form): Form<EnterCode>,
) -> Result<Response, Problem> {
    let address = address(&headers, peer.map(|Extension(ConnectInfo(peer))| peer));
    let entered = match token(&headers, web.frame.secure) {
        Some(token) => web.app.enter_code(&token, &form.code, &address).await,
        None => Err(Error::SignedOut),
    };
    match entered {
        Ok(Passed { session, browser }) => {
            let secure = web.frame.secure;
            let jar =
                CookieJar::new().add(session_cookie(&session.token, secure)).add(browser_cookie(&browser, secure));
            Ok((jar, Redirect::to(language::way_back(&form.next))).into_response())
        }
        Err(Error::SignedOut) => Ok(done("/sign-in", "code-late")),
        Err(error) => {
            let (status, problems, _) = not_taken(&ui, error)?;
            Ok((status, page(&CodePage { ui, next: form.next, problems })?).into_response())
        }
    }
}

async fn sign_out(State(web): State<Web>, headers: HeaderMap) -> Result<Response, Problem> {
    // Signing out twice, or after the session ended by itself, is no problem.
    if let Some(token) = token(&headers, web.frame.secure)
        && let Ok(viewer) = web.app.viewer(&token).await
    {
        web.app.sign_out(&viewer, browser(&headers, web.frame.secure).as_ref()).await?;
    }
    let jar = CookieJar::new().add(no_session_cookie(web.frame.secure)).add(no_browser_cookie(web.frame.secure));
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

/// Where the browser goes when nobody has touched the page for a while: the session ends here, not only on the screen. The browser
/// stays known: who comes back is asked for the password, and not for a code.
async fn locked(
    State(web): State<Web>,
    headers: HeaderMap,
    Guest(ui): Guest,
    Query(Next { next }): Query<Next>,
) -> Result<Response, Problem> {
    if let Some(token) = token(&headers, web.frame.secure)
        && let Ok(viewer) = web.app.viewer(&token).await
    {
        web.app.sign_out(&viewer, None).await?;
    }
    let page = page(&SignInPage { ui, login: String::new(), next, problem: String::new(), locked: true })?;
    Ok((CookieJar::new().add(no_session_cookie(web.frame.secure)), page).into_response())
}
