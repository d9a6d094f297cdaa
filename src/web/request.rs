//! Reading a request: who it is from, in which language, and how an act that did not happen is answered.

use askama::Template;
use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use secrecy::ExposeSecret as _;

use super::problem::{KnownFrame, Problem, ProblemKind};
use super::ui::{NavItem, Problems, Ui, UiViewer, t, watermark};
use super::{Web, format, language};
use crate::domain::relation::Facts;
use crate::domain::words::{Action, Kind, Language, Role};
use crate::service::{App, Error, Viewer};
use crate::vault::SessionToken;

/// The name of the session cookie; with `Secure` it takes the prefix that pins it to this host.
const fn cookie_name(secure: bool) -> &'static str {
    if secure { "__Host-yice" } else { "yice" }
}

/// The name of the cookie by which a browser is known in which a code was given.
const fn browser_name(secure: bool) -> &'static str {
    if secure { "__Host-yice-browser" } else { "yice-browser" }
}

/// A signed-in person and the frame of their pages. Everybody else is sent to sign in, and whoever must switch the second
/// factor on first is sent there.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Who it is.
    pub viewer: Viewer,
    /// The frame of the page.
    pub ui: Ui,
}

impl FromRequestParts<Web> for Seen {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Response> {
        let Enrolling(seen) = Enrolling::from_request_parts(parts, web).await?;
        if seen.viewer.must_enrol() {
            return Err(Redirect::to("/account/two-steps").into_response());
        }
        Ok(seen)
    }
}

/// A signed-in person, for the page that switches the second factor on: also one who must do that first.
#[derive(Debug)]
pub struct Enrolling(pub Seen);

impl FromRequestParts<Web> for Enrolling {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Response> {
        let path = path_of(parts);
        let token = token(&parts.headers, web.frame.secure);
        let viewer = match token {
            Some(token) => web.app.viewer(&token).await,
            None => Err(Error::SignedOut),
        };
        match viewer {
            Ok(viewer) => {
                let mut ui = ui_of(&web.app, &viewer, &path);
                ui.notice = notice(ui.language, parts.uri.query());
                if let Some(known) = parts.extensions.get::<KnownFrame>() {
                    known.keep(&ui);
                }
                Ok(Self(Seen { viewer, ui }))
            }
            // A page asks to sign in first and comes back; a form says that it was not taken.
            Err(Error::SignedOut) if parts.method == Method::GET => {
                Err(Redirect::to(&sign_in_then(&path)).into_response())
            }
            Err(error) => Err(Problem::from(error).into_response()),
        }
    }
}

/// The frame of a page that nobody needs to sign in for.
#[derive(Debug)]
pub struct Guest(pub Ui);

impl FromRequestParts<Web> for Guest {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &Web) -> Result<Self, Self::Rejection> {
        let mut ui = Ui::anonymous(language::negotiate(None, &parts.headers), &path_of(parts));
        ui.notice = notice(ui.language, parts.uri.query());
        Ok(Self(ui))
    }
}

/// The path and query of a GET, for coming back to; the start page for everything else.
fn path_of(parts: &Parts) -> String {
    match parts.method {
        Method::GET => parts.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned(),
        _ => "/".to_owned(),
    }
}

/// The sign-in page that leads back to `path`.
#[must_use]
pub fn sign_in_then(path: &str) -> String {
    then("/sign-in", path)
}

/// A page of signing in that leads on to `path`.
#[must_use]
pub fn then(page: &str, path: &str) -> String {
    if path == "/" {
        return page.to_owned();
    }
    let next: String = path
        .bytes()
        .map(|b| {
            if b.is_ascii_alphanumeric() || b"/-_.".contains(&b) {
                char::from(b).to_string()
            } else {
                format!("%{b:02X}")
            }
        })
        .collect();
    format!("{page}?next={next}")
}

/// The session token of a request, if it carries one.
#[must_use]
pub fn token(headers: &HeaderMap, secure: bool) -> Option<SessionToken> {
    let jar = CookieJar::from_headers(headers);
    SessionToken::parse(jar.get(cookie_name(secure))?.value()).ok()
}

/// By what the browser of a request is known, if a code was given in it.
#[must_use]
pub fn browser(headers: &HeaderMap, secure: bool) -> Option<SessionToken> {
    let jar = CookieJar::from_headers(headers);
    SessionToken::parse(jar.get(browser_name(secure))?.value()).ok()
}

/// The cookie that carries a session, or a sign-in that waits for its code.
#[must_use]
pub fn session_cookie(token: &SessionToken, secure: bool) -> Cookie<'static> {
    token_cookie(cookie_name(secure), token, secure)
}

/// The cookie by which a browser is known.
#[must_use]
pub fn browser_cookie(token: &SessionToken, secure: bool) -> Cookie<'static> {
    token_cookie(browser_name(secure), token, secure)
}

fn token_cookie(name: &'static str, token: &SessionToken, secure: bool) -> Cookie<'static> {
    Cookie::build((name, token.to_cookie().expose_secret().to_owned()))
        .path("/")
        .http_only(true)
        .secure(secure)
        .same_site(SameSite::Lax)
        .build()
}

/// Takes the cookie away by which a browser is known.
#[must_use]
pub fn no_browser_cookie(secure: bool) -> Cookie<'static> {
    Cookie::build((browser_name(secure), "")).path("/").secure(secure).removal().build()
}

/// Takes the session cookie away.
#[must_use]
pub fn no_session_cookie(secure: bool) -> Cookie<'static> {
    Cookie::build((cookie_name(secure), "")).path("/").secure(secure).removal().build()
}

/// What was just done, from `?done=code`: a closed list, so that no link can put words into our mouth.
fn notice(language: Language, query: Option<&str>) -> Option<String> {
    let code = query?.split('&').find_map(|pair| pair.strip_prefix("done="))?;
    super::ui::DONE.contains(&code).then(|| language::word(language, "done", code))
}

/// The frame of a person's pages.
#[must_use]
pub fn ui_of(app: &App, viewer: &Viewer, path: &str) -> Ui {
    let language = viewer.person.language;
    let mut ui = Ui::anonymous(language, path);
    let mut roles: Vec<Role> = viewer.duties.iter().map(|duty| duty.role).collect();
    roles.dedup();
    let words: Vec<String> = roles.into_iter().map(|role| ui.word(role)).collect();
    ui.now = watermark(language, &viewer.person.name, app.now());
    ui.viewer = Some(UiViewer {
        name: viewer.person.name.clone(),
        roles: format::list(language, &words),
        school: viewer.school.name.clone(),
        nav: nav(app, viewer, &ui, path),
        unseen: viewer.unseen,
    });
    ui
}

/// Where the person can go: what policy would let them do, and nothing else.
fn nav(app: &App, viewer: &Viewer, ui: &Ui, path: &str) -> Vec<NavItem> {
    let path = path.split('?').next().unwrap_or(path);
    let school = viewer.at_school();
    let at_school = |kind, action| app.policy.may(&school, kind, action);
    let in_a_class = |kind, action| {
        at_school(kind, action)
            || viewer.own_classes().any(|class| {
                app.policy.may(&viewer.standing(&Facts::class(viewer.person.school_id, class)), kind, action)
            })
    };
    let items = [
        ("/classes", t!(ui, "nav-classes"), in_a_class(Kind::Roster, Action::Read)),
        ("/warnings", t!(ui, "nav-warnings"), at_school(Kind::Warning, Action::Read)),
        ("/due", t!(ui, "nav-due"), at_school(Kind::Warning, Action::Read) || in_a_class(Kind::Brief, Action::Read)),
        ("/briefs", t!(ui, "nav-briefs"), has_briefs(app, viewer)),
        ("/helping", t!(ui, "nav-helping"), viewer.has(Role::Helper) || viewer.has(Role::ExternalHelper)),
        ("/leading", t!(ui, "nav-leading"), viewer.leads),
        ("/progress", t!(ui, "nav-progress"), at_school(Kind::Supervision, Action::Manage)),
        ("/statistics", t!(ui, "nav-statistics"), at_school(Kind::Statistics, Action::Read)),
        ("/meetings", t!(ui, "nav-meetings"), at_school(Kind::Meeting, Action::Read)),
        ("/supervisions", t!(ui, "nav-supervisions"), at_school(Kind::Supervision, Action::Read)),
        ("/trainings", t!(ui, "nav-trainings"), at_school(Kind::Supervision, Action::Write)),
        ("/pairings", t!(ui, "nav-pairings"), at_school(Kind::Pairing, Action::Read)),
        (
            "/appointments",
            t!(ui, "nav-appointments"),
            at_school(Kind::Appointment, Action::Read) || app.may_ask_for_a_time(viewer),
        ),
        ("/sessions", t!(ui, "nav-sessions"), app.policy.may(&viewer.as_author(), Kind::Counselling, Action::Read)),
        ("/box", t!(ui, "nav-box"), at_school(Kind::Box, Action::Read)),
        ("/import", t!(ui, "nav-import"), in_a_class(Kind::Roster, Action::Import)),
        ("/offices", t!(ui, "nav-offices"), at_school(Kind::Keys, Action::Admit)),
        ("/staff", t!(ui, "nav-staff"), at_school(Kind::Staff, Action::Manage)),
        ("/structure", t!(ui, "nav-structure"), at_school(Kind::Structure, Action::Manage)),
        ("/channels", t!(ui, "nav-channels"), at_school(Kind::Structure, Action::Manage)),
        ("/audit", t!(ui, "nav-audit"), at_school(Kind::Audit, Action::Read)),
        ("/compliance", t!(ui, "nav-compliance"), at_school(Kind::Compliance, Action::Read)),
        ("/concerns/new", t!(ui, "nav-concern"), at_school(Kind::Warning, Action::Report)),
        ("/reports/mandatory", t!(ui, "nav-mandatory"), at_school(Kind::Restricted, Action::Report)),
        ("/account", t!(ui, "nav-account"), true),
    ];
    let item = |(href, label, may): (&str, String, bool)| {
        may.then(|| NavItem {
            href: href.to_owned(),
            label,
            current: path == href || path.starts_with(&format!("{href}/")),
        })
    };
    items.into_iter().filter_map(item).collect()
}

/// Whether briefs can come to the person: of the own class, or sent to the own person. Counsellors write them.
fn has_briefs(app: &App, viewer: &Viewer) -> bool {
    let school = viewer.person.school_id;
    let of_class = viewer
        .own_classes()
        .any(|class| app.policy.may(&viewer.standing(&Facts::class(school, class)), Kind::Brief, Action::Read));
    let own = app.policy.may(&viewer.at_own(), Kind::Brief, Action::Read);
    of_class || own && !app.policy.may(&viewer.at_school(), Kind::Warning, Action::Read)
}

/// Renders a page.
///
/// # Errors
/// The template fails, which is a defect.
pub fn page<T: Template>(template: &T) -> Result<Response, Problem> {
    let html = template.render().map_err(|error| Problem::because(ProblemKind::Internal, &error.into()))?;
    Ok(Html(html).into_response())
}

/// Sends the browser to a page of this server, where `done` (one of [`super::ui::DONE`]) says what was just done.
#[must_use]
pub fn done(path: &str, done: &str) -> Response {
    debug_assert!(super::ui::DONE.contains(&done), "{done}");
    let joint = if path.contains('?') { '&' } else { '?' };
    Redirect::to(&format!("{path}{joint}done={done}")).into_response()
}

/// How a form comes back that was not taken: its status, what is wrong in it, and whether a colleague was faster.
///
/// # Errors
/// What no other answer in the form would mend.
pub fn not_taken(ui: &Ui, error: Error) -> Result<(StatusCode, Problems, bool), Problem> {
    match error {
        Error::Invalid(problems) => Ok((StatusCode::UNPROCESSABLE_ENTITY, Problems::of(ui, &problems), false)),
        Error::Stale(_) => Ok((StatusCode::CONFLICT, Problems::default(), true)),
        other => Err(other.into()),
    }
}

/// The address a request came from: of the connection, or as a trusted proxy on this machine reports it.
#[must_use]
pub fn address(headers: &HeaderMap, peer: Option<std::net::SocketAddr>) -> String {
    let through_proxy = peer.is_none_or(|peer| peer.ip().is_loopback());
    let forwarded = headers.get("x-forwarded-for").filter(|_| through_proxy).and_then(|v| v.to_str().ok());
    let last = forwarded.and_then(|list| list.rsplit(',').next()).map(str::trim).filter(|a| !a.is_empty());
    last.map_or_else(|| peer.map_or_else(String::new, |peer| peer.ip().to_string()), str::to_owned)
}

/// Every path that is not a page. Asks who it is for the frame of the answer only.
pub async fn nothing_here(_seen: Result<Seen, Response>) -> Problem {
    ProblemKind::NotFound.into()
}

/// Every path that is a page, but not for this method.
pub async fn another_method(_seen: Result<Seen, Response>) -> Problem {
    ProblemKind::Method.into()
}

/// Whether the browser said that the request came by `fetch`, for drafts that are kept in the background.
#[must_use]
pub fn wants_no_page(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT).is_some_and(|accept| accept.as_bytes() == b"*/*")
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let kind = match &error {
            Error::NotFound => ProblemKind::NotFound,
            Error::SignedOut => ProblemKind::SignedOut,
            Error::WrongPassword | Error::Invalid(_) | Error::Named(_) => ProblemKind::Invalid,
            Error::Stale(_) => ProblemKind::Stale,
            Error::TooMany { retry } => ProblemKind::TooMany { retry: u32::try_from(*retry).unwrap_or(u32::MAX) },
            Error::NoKey => ProblemKind::NoKey,
            Error::Busy(_) | Error::Raced => ProblemKind::Busy,
            Error::Internal(cause) => return Self::because(ProblemKind::Internal, cause),
        };
        kind.into()
    }
}
