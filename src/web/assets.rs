//! The few static files, compiled in and addressed by their content, so that browsers keep them for ever.

use std::fmt::Write as _;

use axum::{
    Router,
    extract::{Path, RawQuery},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::web::problem::{Problem, ProblemKind};

/// The path below which everything may be kept by browsers and proxies; everything else may not.
pub const PREFIX: &str = "/static/";

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/src/web/static"]
struct Files;

/// The address of a static file with its content hash, `/static/app.css?v=1f2e3d4c`: a new release is a new address.
#[must_use]
pub fn url(name: &str) -> String {
    match Files::get(name) {
        Some(file) => format!("{PREFIX}{name}?v={}", version(&file)),
        None => format!("{PREFIX}{name}"),
    }
}

/// The route of the static files.
pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/static/{name}", get(serve))
}

async fn serve(Path(name): Path<String>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    // By the list of what was compiled in, not by path: in a debug build the files are read from disk.
    let Some(file) = Files::iter().find(|known| *known == name).and_then(|known| Files::get(&known)) else {
        return Problem::new(ProblemKind::NotFound).into_response();
    };
    let version = version(&file);
    let etag = format!("\"{version}\"");
    // An old page may ask for an old version; it gets today's, but must not keep it under the old address.
    let is_current = query.as_deref().is_some_and(|query| query == format!("v={version}"));
    let cache = if is_current { "public, max-age=31536000, immutable" } else { "no-cache" };
    let is_known = headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == etag.as_bytes());

    let mut answer = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, content_type(&name))], file.data).into_response()
    };
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    if let Ok(etag) = HeaderValue::try_from(etag) {
        answer.headers_mut().insert(header::ETAG, etag);
    }
    answer
}

/// Eight hex digits of the SHA-256 of the content.
fn version(file: &EmbeddedFile) -> String {
    file.metadata.sha256_hash().iter().take(4).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, extract::Request};
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    use super::*;

    async fn get_with(path: &str, headers: &[(&str, &str)]) -> Response {
        let mut request = Request::get(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        routes::<()>().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    fn value(response: &Response, name: header::HeaderName) -> &str {
        response.headers()[name].to_str().unwrap()
    }

    #[tokio::test]
    async fn a_file_at_its_own_address_may_be_kept_for_ever() {
        for (name, kind) in [("app.css", "text/css"), ("app.js", "text/javascript"), ("favicon.svg", "image/svg+xml")] {
            let response = get_with(&url(name), &[]).await;
            assert_eq!(response.status(), StatusCode::OK, "{name}");
            assert!(value(&response, header::CONTENT_TYPE).starts_with(kind));
            assert!(value(&response, header::CACHE_CONTROL).contains("immutable"));
            let body = response.into_body().collect().await.unwrap().to_bytes();
            assert_eq!(body.as_ref(), Files::get(name).unwrap().data.as_ref());
        }
    }

    #[tokio::test]
    async fn a_file_at_an_old_address_must_be_asked_for_again() {
        for path in ["/static/app.css", "/static/app.css?v=00000000"] {
            assert_eq!(value(&get_with(path, &[]).await, header::CACHE_CONTROL), "no-cache");
        }
    }

    #[tokio::test]
    async fn a_browser_that_has_the_file_gets_no_body() {
        let first = get_with(&url("app.css"), &[]).await;
        let etag = value(&first, header::ETAG).to_owned();
        let second = get_with(&url("app.css"), &[("if-none-match", &etag)]).await;
        assert_eq!(second.status(), StatusCode::NOT_MODIFIED);
        assert!(second.into_body().collect().await.unwrap().to_bytes().is_empty());
        assert_eq!(get_with(&url("app.css"), &[("if-none-match", "\"0\"")]).await.status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn nothing_outside_the_folder_can_be_read() {
        for path in
            ["/static/..%2Fmod.rs", "/static/%2Fetc%2Fpasswd", "/static/none.css", "/static/..%2Fstatic%2Fapp.css"]
        {
            assert_eq!(get_with(path, &[]).await.status(), StatusCode::NOT_FOUND, "{path}");
        }
    }

    #[test]
    fn the_files_stay_small_and_ask_nothing_of_other_hosts() {
        for (name, limit) in [("app.css", 12 * 1024), ("app.js", 6 * 1024), ("favicon.svg", 1024)] {
            let file = Files::get(name).unwrap();
            assert!(file.data.len() <= limit, "{name} has {} bytes", file.data.len());
            let text = String::from_utf8(file.data.into_owned()).unwrap();
            let without_namespace = text.replace("http://www.w3.org/2000/svg", "");
            assert!(!without_namespace.contains("//") || name == "app.js", "{name} names another host");
            assert!(!text.contains("http://") || name == "favicon.svg");
            assert!(!text.contains("https://"));
        }
    }
}
