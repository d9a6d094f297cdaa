//! What a person sees when something did not work: a page in their language, with a number for the log.
//!
//! A handler answers with a [`Problem`]; [`render`] turns it into a page. So do the plain rejections of the framework
//! (wrong method, body too large, unreadable form…): nothing but pages leaves the server.

use std::any::Any;
use std::sync::{Arc, OnceLock};

use askama::Template;
use axum::{
    body::Body,
    extract::{MatchedPath, Request},
    http::{HeaderValue, Method, StatusCode, header, response::Parts},
    middleware::Next,
    response::{Html, IntoResponse, Response},
};
use i18n_embed_fl::fl;

use crate::{
    domain::words::Language,
    web::{
        format, language,
        ui::{Ui, t},
    },
};

/// What a person can be told. The cause is for the log and has no place here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProblemKind {
    /// No such page, or one that this person may not know of.
    NotFound,
    /// Nobody is signed in, or no longer.
    SignedOut,
    /// The person may see the thing but not do this.
    NotAllowed,
    /// Somebody saved in between. Pages show both texts themselves; this is for where they cannot.
    Stale,
    /// A value is not acceptable. Pages mark the fields themselves; this is for where they cannot.
    Invalid,
    /// Too many attempts.
    TooMany {
        /// Seconds until the next attempt is heard.
        retry: u32,
    },
    /// The body is larger than the page takes.
    TooLarge,
    /// The request cannot be read.
    BadRequest,
    /// A form that was not sent from a page of this server.
    CrossSite,
    /// The address exists, but not for this method.
    Method,
    /// A type of body or file that the page does not take.
    Unsupported,
    /// The person may see the thing, but no colleague has let them into the office that holds the key yet.
    NoKey,
    /// The database is locked or overloaded; a second try is likely to succeed.
    Busy,
    /// The database is full or read-only; a second try will not help.
    CannotSave,
    /// Everything else: our fault.
    Internal,
}

impl ProblemKind {
    /// The status that goes with the kind.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::SignedOut => StatusCode::UNAUTHORIZED,
            Self::NotAllowed | Self::CrossSite | Self::NoKey => StatusCode::FORBIDDEN,
            Self::Stale => StatusCode::CONFLICT,
            Self::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Unsupported => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::CannotSave => StatusCode::INSUFFICIENT_STORAGE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The kind for a plain rejection of the framework.
    const fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::UNAUTHORIZED => Self::SignedOut,
            StatusCode::FORBIDDEN => Self::NotAllowed,
            StatusCode::CONFLICT => Self::Stale,
            StatusCode::TOO_MANY_REQUESTS => Self::TooMany { retry: 60 },
            StatusCode::PAYLOAD_TOO_LARGE => Self::TooLarge,
            StatusCode::METHOD_NOT_ALLOWED => Self::Method,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::Unsupported,
            StatusCode::REQUEST_TIMEOUT | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => Self::Busy,
            StatusCode::INSUFFICIENT_STORAGE => Self::CannotSave,
            // A form whose fields have the wrong types is 422 in axum: to a person it is a form that cannot be read.
            _ if status.as_u16() < 500 => Self::BadRequest,
            _ => Self::Internal,
        }
    }

    /// Seconds after which a second try makes sense, if waiting helps at all.
    const fn retry_after(self) -> Option<u32> {
        match self {
            Self::TooMany { retry } => Some(retry),
            Self::Busy => Some(3),
            _ => None,
        }
    }

    /// What happened, and what the person can do.
    fn texts(self, language: Language) -> (String, String) {
        let words = language::loader(language);
        match self {
            Self::NotFound => (fl!(words, "problem-not-found"), fl!(words, "problem-not-found-do")),
            Self::SignedOut => (fl!(words, "problem-signed-out"), fl!(words, "problem-signed-out-do")),
            Self::NoKey => (fl!(words, "problem-no-key"), fl!(words, "problem-no-key-do")),
            Self::NotAllowed => (fl!(words, "problem-not-allowed"), fl!(words, "problem-not-allowed-do")),
            Self::Stale => (fl!(words, "problem-stale"), fl!(words, "problem-stale-do")),
            Self::Invalid => (fl!(words, "problem-invalid"), fl!(words, "problem-invalid-do")),
            Self::TooMany { retry } => {
                let wait = format::wait(language, retry);
                (fl!(words, "problem-too-many"), fl!(words, "problem-too-many-do", wait = wait))
            }
            Self::TooLarge => (fl!(words, "problem-too-large"), fl!(words, "problem-too-large-do")),
            Self::BadRequest => (fl!(words, "problem-bad-request"), fl!(words, "problem-bad-request-do")),
            Self::CrossSite => (fl!(words, "problem-cross-site"), fl!(words, "problem-cross-site-do")),
            Self::Method => (fl!(words, "problem-method"), fl!(words, "problem-method-do")),
            Self::Unsupported => (fl!(words, "problem-unsupported"), fl!(words, "problem-unsupported-do")),
            Self::Busy => (fl!(words, "problem-busy"), fl!(words, "problem-busy-do")),
            Self::CannotSave => (fl!(words, "problem-cannot-save"), fl!(words, "problem-cannot-save-do")),
            Self::Internal => (fl!(words, "problem-internal"), fl!(words, "problem-internal-do")),
        }
    }
}

/// A problem on its way to the person: travels in the extensions of the response until [`render`] makes the page.
#[derive(Debug, Clone)]
pub struct Problem {
    /// The status of the response.
    pub status: StatusCode,
    /// What the person is told.
    pub kind: ProblemKind,
    /// Eight hex digits that stand on the page and in the log, and say nothing by themselves.
    pub incident: String,
}

impl Problem {
    /// A problem with a new incident number.
    #[must_use]
    pub fn new(kind: ProblemKind) -> Self {
        // Without randomness the number only loses its use for finding the log line.
        let incident = getrandom::u32().unwrap_or_default();
        Self { status: kind.status(), kind, incident: format!("{incident:08x}") }
    }

    /// A problem whose cause goes to the log, once and here, under the incident number. The cause must hold no name
    /// and no text of a file: log ids.
    #[must_use]
    pub fn because(kind: ProblemKind, cause: &anyhow::Error) -> Self {
        let problem = Self::new(kind);
        tracing::error!(incident = problem.incident, ?kind, cause = format!("{cause:#}"), "a request failed");
        problem
    }
}

impl From<ProblemKind> for Problem {
    fn from(kind: ProblemKind) -> Self {
        Self::new(kind)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        if let Some(seconds) = self.kind.retry_after() {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(self);
        response
    }
}

impl IntoResponse for ProblemKind {
    fn into_response(self) -> Response {
        Problem::new(self).into_response()
    }
}

/// The answer to a request whose handler panicked. The message of the panic goes nowhere from here: it may quote what
/// the handler was working on.
#[must_use]
pub fn panicked(_message: Box<dyn Any + Send>) -> Response {
    Problem::new(ProblemKind::Internal).into_response()
}

/// Where the frame of a signed-in person's pages is left, once it is known who asks, for a problem page that may follow.
#[derive(Debug, Clone, Default)]
pub struct KnownFrame(Arc<OnceLock<Ui>>);

impl KnownFrame {
    /// Leaves the frame.
    pub fn keep(&self, ui: &Ui) {
        // A notice is about what was done, and this page is about what was not.
        self.0.get_or_init(|| Ui { notice: None, ..ui.clone() });
    }
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage {
    ui: Ui,
    kind: ProblemKind,
    heading: String,
    advice: String,
    incident: String,
    /// Whether a student may be looking at it: the numbers to call stand first then.
    student: bool,
}

/// Middleware: turns every problem and every error that is not a page yet into a page.
///
/// A person who is signed in keeps navigation, sign-out and language. A problem can come from before anybody is known: then
/// the language is that of the cookie ([`language::cookie`]) or the browser. Endpoints for machines (`/healthz`) belong
/// outside of it.
pub async fn render(mut request: Request, next: Next) -> Response {
    let known = KnownFrame::default();
    request.extensions_mut().insert(known.clone());
    let language = language::negotiate(None, request.headers());
    let method = request.method().clone();
    let student = request.uri().path().starts_with("/help");
    let path = match method {
        Method::GET => request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned(),
        _ => "/".to_owned(),
    };
    // The pattern, not the path: the log does not need to know which file, and a query may hold a name.
    let route = request.extensions().get::<MatchedPath>().map_or_else(String::new, |route| route.as_str().to_owned());

    let (mut parts, body) = next.run(request).await.into_parts();
    let problem = match parts.extensions.remove::<Problem>() {
        Some(problem) => problem,
        None if is_bare_error(&parts) => {
            Problem { status: parts.status, ..Problem::new(ProblemKind::of_status(parts.status)) }
        }
        None => return Response::from_parts(parts, body),
    };
    let Problem { status, kind, incident } = problem;
    if status.is_server_error() {
        tracing::error!(incident, %status, ?kind, %method, route, "answered with a problem");
    } else {
        tracing::debug!(incident, %status, ?kind, %method, route, "answered with a problem");
    }

    let anonymous = || Ui::anonymous(language, language::way_back(&path));
    let ui = known.0.get().cloned().unwrap_or_else(anonymous);
    let (heading, advice) = kind.texts(ui.language);
    let page = ProblemPage { ui, kind, heading, advice, incident, student };
    let mut response = match page.render() {
        Ok(page) => Html(page).into_response(),
        // Writing into a String does not fail; if it ever does, an empty body still tells nothing it should not.
        Err(_) => Response::new(Body::empty()),
    };
    *response.status_mut() = status;
    // What the handler wanted to say besides the page: cookies, Allow, Retry-After.
    for (name, value) in &parts.headers {
        if name != header::CONTENT_TYPE && name != header::CONTENT_LENGTH {
            response.headers_mut().append(name, value.clone());
        }
    }
    response
}

/// Whether this is an error without a page: an empty or plain-text rejection.
fn is_bare_error(parts: &Parts) -> bool {
    let is_error = parts.status.is_client_error() || parts.status.is_server_error();
    let is_page = parts.headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    is_error && !is_page
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use axum::{
        Form, Router,
        extract::DefaultBodyLimit,
        middleware,
        routing::{get, post},
    };
    use http_body_util::BodyExt;
    use scraper::{Html as Page, Selector};
    use tower::ServiceExt;
    use tower_http::catch_panic::CatchPanicLayer;

    use super::*;

    #[derive(serde::Deserialize)]
    struct Numbers {
        #[expect(dead_code, reason = "only its type matters")]
        n: u32,
    }

    const EVERY_KIND: [ProblemKind; 14] = [
        ProblemKind::NotFound,
        ProblemKind::SignedOut,
        ProblemKind::NotAllowed,
        ProblemKind::Stale,
        ProblemKind::Invalid,
        ProblemKind::TooMany { retry: 90 },
        ProblemKind::TooLarge,
        ProblemKind::BadRequest,
        ProblemKind::CrossSite,
        ProblemKind::Method,
        ProblemKind::Unsupported,
        ProblemKind::Busy,
        ProblemKind::CannotSave,
        ProblemKind::Internal,
    ];

    fn app() -> Router {
        Router::new()
            .route("/kind/{n}", get(|axum::extract::Path(n): axum::extract::Path<usize>| async move { EVERY_KIND[n] }))
            .route("/form", post(|_: Form<Numbers>| async { "fine" }))
            .route("/any", post(|_: Form<HashMap<String, String>>| async { "fine" }).layer(DefaultBodyLimit::max(64)))
            .route("/leak", get(|| async { (StatusCode::INTERNAL_SERVER_ERROR, "no such table: pupils_secret") }))
            .route("/page", get(|| async { (StatusCode::UNPROCESSABLE_ENTITY, Html("<h1>my own page</h1>")) }))
            .route("/cookie", get(|| async { ([(header::SET_COOKIE, "a=b")], Problem::new(ProblemKind::SignedOut)) }))
            .layer(CatchPanicLayer::custom(panicked))
            .layer(middleware::from_fn(render))
    }

    async fn ask(request: axum::http::request::Builder, body: impl Into<Body>) -> (Parts, Page, String) {
        let response = app().oneshot(request.body(body.into()).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        (parts, Page::parse_document(&text), text)
    }

    fn text(page: &Page, selector: &str) -> String {
        let selector = Selector::parse(selector).unwrap();
        page.select(&selector).next().map(|e| e.text().collect::<String>().trim().to_owned()).unwrap_or_default()
    }

    #[tokio::test]
    async fn every_kind_is_a_page_of_its_own_in_both_languages() {
        let mut headings = std::collections::BTreeSet::new();
        for (n, kind) in EVERY_KIND.into_iter().enumerate() {
            for language in ["zh-CN", "en"] {
                let request = Request::get(format!("/kind/{n}")).header("cookie", format!("lang={language}"));
                let (parts, page, source) = ask(request, Body::empty()).await;
                assert_eq!(parts.status, kind.status());
                assert!(parts.headers[header::CONTENT_TYPE].to_str().unwrap().starts_with("text/html"));
                assert!(source.contains(&format!("<html lang=\"{language}\"")), "{kind:?}");
                assert!(!source.contains("No localization"), "{kind:?} {language}");
                let incident = text(&page, ".incident");
                assert!(incident.split(|c: char| !c.is_ascii_hexdigit()).any(|word| word.len() == 8), "{incident}");
                assert!(headings.insert(text(&page, "h1")), "{kind:?} says the same as another");
            }
        }
    }

    #[tokio::test]
    async fn the_text_of_an_error_never_reaches_the_person() {
        let (parts, page, source) = ask(Request::get("/leak"), Body::empty()).await;
        assert_eq!(parts.status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(!source.contains("pupils_secret"));
        assert_eq!(text(&page, "h1"), "系统出错了");
    }

    #[tokio::test]
    async fn a_panic_is_a_page_and_does_not_quote_itself() {
        // Index 99 of EVERY_KIND: a panic whose message names the length.
        let (parts, page, source) = ask(Request::get("/kind/99"), Body::empty()).await;
        assert_eq!(parts.status, StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(text(&page, "h1"), "系统出错了");
        assert!(!source.contains("index out of bounds"));
    }

    #[tokio::test]
    async fn rejections_of_the_framework_become_pages() {
        let form = |path| Request::post(path).header("content-type", "application/x-www-form-urlencoded");
        let cases: Vec<(axum::http::request::Builder, Vec<u8>, StatusCode)> = vec![
            (Request::get("/nowhere"), vec![], StatusCode::NOT_FOUND),
            (Request::put("/leak"), vec![], StatusCode::METHOD_NOT_ALLOWED),
            (Request::post("/form"), b"n=1".to_vec(), StatusCode::UNSUPPORTED_MEDIA_TYPE),
            (form("/form"), b"n=eleven".to_vec(), StatusCode::UNPROCESSABLE_ENTITY),
            (form("/any"), vec![b'a'; 65], StatusCode::PAYLOAD_TOO_LARGE),
            (Request::get("/kind/eleven"), vec![], StatusCode::BAD_REQUEST),
        ];
        for (request, body, status) in cases {
            let (parts, page, source) = ask(request, body).await;
            assert_eq!(parts.status, status);
            assert!(!text(&page, "h1").is_empty(), "{status} is not a page: {source}");
            assert!(!source.contains("Failed to") && !source.contains("invalid digit"), "{status} leaks: {source}");
        }
    }

    #[tokio::test]
    async fn a_page_with_an_error_status_stays_as_it_is() {
        let (parts, _, source) = ask(Request::get("/page"), Body::empty()).await;
        assert_eq!((parts.status, source.as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "<h1>my own page</h1>"));
    }

    #[tokio::test]
    async fn headers_beside_the_problem_survive() {
        let (parts, _, _) = ask(Request::get("/cookie"), Body::empty()).await;
        assert_eq!(parts.headers[header::SET_COOKIE], "a=b");
        let (parts, page, _) = ask(Request::get("/kind/5"), Body::empty()).await;
        assert_eq!(parts.headers[header::RETRY_AFTER], "90");
        assert!(text(&page, "main").contains("2 分钟"));
        let (parts, _, _) = ask(Request::put("/leak"), Body::empty()).await;
        assert!(parts.headers.contains_key(header::ALLOW));
    }

    #[tokio::test]
    async fn incident_numbers_differ() {
        let numbers: std::collections::BTreeSet<_> =
            (0..20).map(|_| Problem::new(ProblemKind::Internal).incident).collect();
        assert!(numbers.len() > 15);
    }
}
