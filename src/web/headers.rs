//! What stands around every answer: the rules for the browser, and the guard in front of every form.

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use tower_http::{
    catch_panic::CatchPanicLayer,
    csrf::{CsrfLayer, ProtectionError},
};

use crate::web::{
    assets,
    problem::{self, Problem, ProblemKind},
};

/// How the server is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// Whether people reach it over TLS: cookies are `Secure` with the `__Host-` prefix, and browsers are told to come
    /// back over TLS only. False for `demo` and for a first look on 127.0.0.1.
    pub secure: bool,
}

/// What a page may load and where it may send things. Each directive with its reason:
///
/// - `default-src 'none'`: what is not named below is not used.
/// - `script-src 'self'`: only `app.js`; no inline script, so text of a file that slips through escaping cannot run.
/// - `style-src 'self'`: only `app.css`; no `style=` that could read a page out through selectors.
/// - `img-src 'self'`: the icon; a picture of another host would tell it who reads what.
/// - `font-src 'none'`: the fonts of the system; nothing to load for old computers.
/// - `connect-src 'self'`: draft autosave and live notices.
/// - `form-action 'self'`: a form that was smuggled in cannot carry a page's content away.
/// - `base-uri 'none'`: `<base>` cannot redirect the relative addresses.
/// - `frame-ancestors 'none'`: no other page can lay itself over ours.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
     font-src 'none'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Nothing of the machine is of use to a page: no camera, microphone, place, sensors, payment or screen capture.
const PERMISSIONS_POLICY: &str = "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), \
     magnetometer=(), microphone=(), midi=(), payment=(), usb=()";

/// Puts the frame around the routes: headers, problem pages, the guard against forged forms, and panics.
///
/// Endpoints for machines (`/healthz`) are merged after it and need [`set`] only.
pub fn wrap<S: Clone + Send + Sync + 'static>(router: Router<S>, frame: Frame) -> Router<S> {
    // The last one added is the first to see a request: headers stand on every answer, also on refusals.
    router
        .layer(CatchPanicLayer::custom(problem::panicked))
        .layer(CsrfLayer::new().with_rejection_response(refuse))
        .layer(middleware::from_fn(from_somewhere))
        .layer(middleware::from_fn(problem::render))
        .layer(middleware::from_fn_with_state(frame, set))
}

/// Middleware: the security headers, and `no-store` on everything but the static files.
pub async fn set(State(frame): State<Frame>, request: Request, next: Next) -> Response {
    let may_be_kept = request.uri().path().starts_with(assets::PREFIX);
    let mut response = next.run(request).await;
    let is_error = response.status().is_client_error() || response.status().is_server_error();
    let headers = response.headers_mut();
    put(headers, header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY);
    put(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    // Not `no-referrer`: with it browsers send `Origin: null` on a form's POST, and over plain HTTP, where there is no
    // `Sec-Fetch-Site`, nothing would be left to tell our own form from a forged one. Other hosts get nothing.
    put(headers, header::REFERRER_POLICY, "same-origin");
    put(headers, HeaderName::from_static("permissions-policy"), PERMISSIONS_POLICY);
    put(headers, HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    put(headers, HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    // For browsers from before `frame-ancestors`.
    put(headers, header::X_FRAME_OPTIONS, "DENY");
    if is_error || !may_be_kept {
        // Shared computers in a staff room: nothing of a page stays on the disk or behind the back button.
        put(headers, header::CACHE_CONTROL, "no-store");
    }
    if frame.secure {
        put(headers, header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
    response
}

/// Middleware: refuses a request that changes something and does not say where it comes from.
///
/// tower-http's `CsrfLayer` lets a request with neither `Sec-Fetch-Site` nor `Origin` pass, since it cannot come from a
/// browser of this decade. School computers are older than that, so here it must say. A script or a test client sends
/// `Origin: http://HOST` (or `Sec-Fetch-Site: same-origin`).
pub async fn from_somewhere(request: Request, next: Next) -> Response {
    let is_reading = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if is_reading || says_where(request.headers()) {
        next.run(request).await
    } else {
        Problem::new(ProblemKind::CrossSite).into_response()
    }
}

fn says_where(headers: &HeaderMap) -> bool {
    // An empty header counts as none, as it does in CsrfLayer.
    ["sec-fetch-site", "origin"].iter().filter_map(|&name| headers.get(name)).any(|value| !value.is_empty())
}

#[expect(clippy::needless_pass_by_value, reason = "the signature that CsrfLayer calls")]
fn refuse(error: ProtectionError) -> Response {
    let problem = Problem::new(ProblemKind::CrossSite);
    tracing::warn!(incident = problem.incident, kind = ?error.kind(), "a form from elsewhere was refused");
    problem.into_response()
}

fn put(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.insert(name, HeaderValue::from_static(value));
}

#[cfg(test)]
mod tests {
    use axum::{
        body::Body,
        http::StatusCode,
        routing::{get, post},
    };
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    use super::*;

    fn app(secure: bool) -> Router {
        let routes = Router::new()
            .route("/", get(|| async { "private" }))
            .route("/weak", get(|| async { ([(header::CACHE_CONTROL, "public, max-age=60")], "private") }))
            .route("/save", post(|| async { "saved" }))
            .route("/panic", get(panics))
            .merge(assets::routes());
        wrap(routes, Frame { secure })
    }

    async fn panics() -> &'static str {
        panic!("a planted name")
    }

    async fn ask(method: Method, path: &str, headers: &[(&str, &str)]) -> Response {
        let mut request = Request::builder().method(method).uri(path).header("host", "yice.example:8443");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        app(false).oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    async fn body(response: Response) -> String {
        String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
    }

    #[tokio::test]
    async fn every_answer_carries_the_rules_also_refusals_and_panics() {
        for (method, path, status) in [
            (Method::GET, "/", 200),
            (Method::GET, "/nowhere", 404),
            (Method::DELETE, "/save", 403),
            (Method::POST, "/save", 403),
            (Method::GET, "/panic", 500),
            (Method::GET, "/static/app.css", 200),
        ] {
            let response = ask(method, path, &[]).await;
            assert_eq!(response.status().as_u16(), status, "{path}");
            let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
            assert_eq!(header("content-security-policy"), CONTENT_SECURITY_POLICY, "{path}");
            assert_eq!(header("x-content-type-options"), "nosniff");
            assert_eq!(header("referrer-policy"), "same-origin");
            assert_eq!(header("cross-origin-opener-policy"), "same-origin");
            assert_eq!(header("cross-origin-resource-policy"), "same-origin");
            assert!(header("permissions-policy").contains("camera=()"));
        }
    }

    #[test]
    fn the_policy_allows_nothing_inline_and_no_other_host() {
        assert!(CONTENT_SECURITY_POLICY.starts_with("default-src 'none'; "));
        for word in ["unsafe", "http", "*", "data:", "blob:"] {
            assert!(!CONTENT_SECURITY_POLICY.contains(word), "{word}");
        }
    }

    #[tokio::test]
    async fn only_static_files_may_be_kept() {
        for path in ["/", "/weak", "/nowhere", "/panic", "/static/none.css"] {
            assert_eq!(ask(Method::GET, path, &[]).await.headers()[header::CACHE_CONTROL], "no-store", "{path}");
        }
        let kept = ask(Method::GET, &assets::url("app.css"), &[]).await;
        assert!(kept.headers()[header::CACHE_CONTROL].to_str().unwrap().contains("immutable"));
    }

    #[tokio::test]
    async fn browsers_are_bound_to_tls_only_when_served_over_tls() {
        let ask = |secure: bool| app(secure).oneshot(Request::get("/").body(Body::empty()).unwrap());
        assert!(ask(true).await.unwrap().headers().contains_key(header::STRICT_TRANSPORT_SECURITY));
        assert!(!ask(false).await.unwrap().headers().contains_key(header::STRICT_TRANSPORT_SECURITY));
    }

    #[tokio::test]
    async fn our_own_form_is_heard() {
        for own in [
            &[("sec-fetch-site", "same-origin")][..],
            &[("origin", "http://yice.example:8443")],
            // An old browser behind TLS: the scheme is not compared, host and port are.
            &[("origin", "https://yice.example:8443")],
        ] {
            let response = ask(Method::POST, "/save", own).await;
            assert_eq!(response.status(), StatusCode::OK, "{own:?}");
            assert_eq!(body(response).await, "saved");
        }
    }

    #[tokio::test]
    async fn a_form_from_elsewhere_is_refused_with_a_page() {
        for foreign in [
            &[("sec-fetch-site", "cross-site")][..],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "cross-site"), ("origin", "http://yice.example:8443")],
            &[("origin", "http://evil.example")],
            &[("origin", "http://yice.example")],
            &[("origin", "null")],
        ] {
            let response = ask(Method::POST, "/save", foreign).await;
            assert_eq!(response.status(), StatusCode::FORBIDDEN, "{foreign:?}");
            assert!(body(response).await.contains("不是从本系统页面发出的"), "{foreign:?}");
        }
    }

    #[tokio::test]
    async fn a_form_that_does_not_say_where_it_comes_from_is_refused() {
        for silent in
            [&[][..], &[("origin", "")], &[("sec-fetch-site", "")], &[("referer", "http://yice.example:8443/")]]
        {
            let response = ask(Method::POST, "/save", silent).await;
            assert_eq!(response.status(), StatusCode::FORBIDDEN, "{silent:?}");
            assert!(!body(response).await.contains("saved"));
        }
        assert_eq!(ask(Method::GET, "/", &[]).await.status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn a_panic_does_not_quote_what_the_handler_worked_on() {
        let response = ask(Method::GET, "/panic", &[]).await;
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert!(!body(response).await.contains("planted"));
    }
}
