//! That something waits: the page of a person's notices, and the stream by which an open page hears of a new one.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use askama::Template;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use hyper::body::Frame;
use tokio::sync::mpsc;

use super::problem::Problem;
use super::request::{Seen, page, sign_in_then, token};
use super::ui::{Ui, t};
use super::{Web, Who, routes};
use crate::service::{App, Error, Listening};
use crate::store::Notice;
use crate::vault::SessionToken;

routes! {
    get "/notices" show, Who::SignedIn;
    get "/notices/stream" stream, Who::SignedIn;
}

/// So often the stream says that it is there, and makes sure that the session still runs.
const BEAT: Duration = Duration::from_secs(15);
/// A browser that lost the stream comes back after so long.
const AGAIN: &str = "retry: 5000\n\n";
/// The place of a notice for somebody who is to ask others, because no page may say more.
pub const ASK: &str = "/notices";
/// How the place of a notice ends for somebody who was let read something.
pub const READING: &str = "#reading";

#[derive(Template)]
#[template(path = "notices.html")]
struct NoticesPage {
    ui: Ui,
    notices: Vec<Notice>,
}

async fn show(State(web): State<Web>, Seen { viewer, mut ui }: Seen) -> Result<Response, Problem> {
    let notices = web.app.notices(&viewer).await?;
    if let Some(viewer) = &mut ui.viewer {
        viewer.unseen = 0;
    }
    page(&NoticesPage { ui, notices })
}

/// The number of notices that wait, at once and whenever it grows; nothing else. It ends with the session, and does not keep
/// it running.
async fn stream(State(web): State<Web>, headers: HeaderMap) -> Result<Response, Problem> {
    let Some(token) = token(&headers, web.frame.secure) else { return Ok(to_sign_in()) };
    let person = match web.app.listener(&token).await {
        Err(Error::SignedOut) => return Ok(to_sign_in()),
        person => person?,
    };
    // Told that there is nothing, a browser does not ask again until the next page.
    let Some(listening) = web.bell.listen(&web.app, person).await? else {
        return Ok(StatusCode::NO_CONTENT.into_response());
    };
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(tell(web.app, token, listening, sender));
    let head =
        [(header::CONTENT_TYPE, "text/event-stream"), (header::HeaderName::from_static("x-accel-buffering"), "no")];
    Ok((head, Body::new(Told(receiver))).into_response())
}

fn to_sign_in() -> Response {
    Redirect::to(&sign_in_then("/notices")).into_response()
}

/// Tells until the page goes away, the session ends or the server stops.
async fn tell(app: Arc<App>, token: SessionToken, mut listening: Listening, page: mpsc::Sender<Bytes>) {
    let mut beat = tokio::time::interval(BEAT);
    beat.tick().await;
    let mut said = Bytes::from_static(AGAIN.as_bytes());
    while page.send(said).await.is_ok() {
        said = tokio::select! {
            count = listening.next() => match count {
                Some(count) => Bytes::from(format!("data: {count}\n\n")),
                None => return,
            },
            _ = beat.tick() => Bytes::from_static(b":\n\n"),
            () = page.closed() => return,
        };
        if app.listener(&token).await.is_err() {
            return;
        }
    }
}

/// What was told, as the body of an answer that goes on.
struct Told(mpsc::Receiver<Bytes>);

impl HttpBody for Told {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(cx).map(|said| said.map(|said| Ok(Frame::data(said))))
    }
}
