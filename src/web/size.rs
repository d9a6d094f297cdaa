//! Requests that are larger than their page takes: refused by what they say of their length, before anything is read.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequestParts as _, Request, State};
use axum::http::header;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http_body_util::BodyExt as _;

use super::problem::ProblemKind;
use super::request::Seen;
use super::{Web, import};

/// A form is at most this large, in bytes; only the roster upload takes more.
pub const FORM: usize = 256 * 1024;
/// How much of a refused body is read and thrown away, in bytes.
const THROWN_AWAY: usize = 64 * 1024 * 1024;
/// For how long.
const UNTIL: Duration = Duration::from_secs(30);

/// Middleware: answers at once where the length alone is too much. A body that does not tell its length is read up to the
/// limit of its page (`DefaultBodyLimit`).
pub async fn refuse(State(web): State<Web>, request: Request, next: Next) -> Response {
    let limit = if request.uri().path() == import::PATH { import::LARGEST } else { FORM };
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if length.is_none_or(|length: u64| length <= limit as u64) {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    // Leaves the frame of the person's pages for the answer; who it is does not matter.
    let _seen = Seen::from_request_parts(&mut parts, &web).await;
    // Whoever asked first waits for our word and sends nothing now.
    if !parts.headers.contains_key(header::EXPECT) {
        tokio::spawn(tokio::time::timeout(UNTIL, throw_away(body)));
    }
    ProblemKind::TooLarge.into_response()
}

/// Reads what a browser is still sending. It looks at the answer when it is done, and never at one on a connection that
/// broke under it.
async fn throw_away(mut body: Body) {
    let mut read = 0;
    while let Some(Ok(frame)) = body.frame().await {
        read += frame.data_ref().map_or(0, axum::body::Bytes::len);
        if read > THROWN_AWAY {
            return;
        }
    }
}
