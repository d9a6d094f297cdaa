//! The loop that takes connections, and what every request gets: its own task, a time limit, a line in the log.
//!
//! `axum::serve` would do for less: it gives a client that sends its headers one byte a minute as long as it likes, and
//! it drops the handler of a client that went away in the middle of an act.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, MatchedPath, Request};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tower::ServiceExt as _;
use tower_http::timeout::TimeoutBody;

/// Connections at most; the next ones wait in the queue of the operating system.
const CONNECTIONS: usize = 2_048;
/// How long a client may take for the head of a request.
const HEAD: Duration = Duration::from_secs(15);
/// How long a client may pause within a body.
const PAUSE: Duration = Duration::from_secs(30);
/// How long an answer may take. A roster of 20,000 students is taken in within a fraction of it.
const ANSWER: Duration = Duration::from_mins(2);
/// How long running requests may take after the order to stop.
const FAREWELL: Duration = Duration::from_secs(20);

/// Serves until `stop` is done, then lets running requests finish.
pub async fn serve(listener: TcpListener, router: Router, stop: impl Future<Output = ()>) {
    let router = router.layer(middleware::from_fn(log));
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let graceful = GracefulShutdown::new();
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD);
    tokio::pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &places) => accepted,
            () = &mut stop => break,
        };
        let Some((stream, peer, place)) = accepted else { continue };
        let router = router.clone();
        let service = hyper::service::service_fn(move |request| answer(router.clone(), peer, request));
        let connection = graceful.watch(http.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            // A connection that breaks is the client's business; what it asked for runs to its end.
            let _broken = connection.await;
            drop(place);
        });
    }
    drop(listener);
    if tokio::time::timeout(FAREWELL, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests were still running and are cut off");
    }
}

/// The next connection, once there is a place for it; none when it broke before it began.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => {
            // Without it a small answer may wait for the client's next packet.
            let _slower = stream.set_nodelay(true);
            Some((stream, peer, place))
        }
        Err(error) => {
            // Out of file handles: trying again at once would only burn the processor.
            tracing::warn!(%error, "a connection could not be taken");
            tokio::time::sleep(Duration::from_millis(200)).await;
            None
        }
    }
}

/// Answers one request in a task of its own, so that an act that began also ends when its client goes away.
async fn answer(router: Router, peer: SocketAddr, request: Request<Incoming>) -> Result<Response, Infallible> {
    let mut request = request.map(|body| Body::new(TimeoutBody::new(PAUSE, body)));
    request.extensions_mut().insert(ConnectInfo(peer));
    let task = tokio::spawn(router.oneshot(request));
    let late = || (StatusCode::SERVICE_UNAVAILABLE, "超时 · timed out\n").into_response();
    Ok(match tokio::time::timeout(ANSWER, task).await {
        Ok(Ok(Ok(response))) => response,
        Ok(Err(_)) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Err(_) => late(),
    })
}

/// Middleware: one line per request. The pattern of the address, not the address: the log does not need to know whose
/// file it was, and a query may hold a name.
async fn log(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map_or_else(String::new, |route| route.as_str().to_owned());
    let response = next.run(request).await;
    let ms = started.elapsed().as_millis();
    tracing::debug!(%method, route, status = response.status().as_u16(), ms, "request");
    response
}

/// Listens, from now on, for the order to stop: ctrl-c, or the TERM signal of a service manager. The future is done when
/// it comes.
pub fn asked_to_stop() -> impl Future<Output = ()> {
    use tokio::signal::unix::{SignalKind, signal};
    // Registered before anybody is told that the server runs: an order that comes at once must not end it midway.
    let signals = signal(SignalKind::terminate()).and_then(|term| Ok((term, signal(SignalKind::interrupt())?)));
    async move {
        let Ok((mut terminate, mut interrupt)) = signals else { return std::future::pending().await };
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use axum::routing::{get, post};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::sync::oneshot;

    use super::*;

    /// Serves a router on a free port; the sender stops it.
    async fn start(router: Router) -> (SocketAddr, oneshot::Sender<()>, tokio::task::JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let server = tokio::spawn(serve(listener, router, async move {
            let _ = stopped.await;
        }));
        (address, stop, server)
    }

    async fn ask(address: SocketAddr, request: &str) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn an_act_runs_to_its_end_although_its_client_went_away() {
        static FINISHED: AtomicBool = AtomicBool::new(false);
        async fn slow(started: axum::Extension<Arc<tokio::sync::Notify>>) {
            started.notify_one();
            tokio::time::sleep(Duration::from_millis(300)).await;
            FINISHED.store(true, Ordering::SeqCst);
        }
        let started = Arc::new(tokio::sync::Notify::new());
        let router = Router::new().route("/", post(slow)).layer(axum::Extension(Arc::clone(&started)));
        let (address, _stop, _server) = start(router).await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        started.notified().await;
        drop(stream);
        for _ in 0..50 {
            tokio::time::sleep(Duration::from_millis(50)).await;
            if FINISHED.load(Ordering::SeqCst) {
                return;
            }
        }
        panic!("the handler was dropped");
    }

    #[tokio::test]
    async fn a_server_that_stops_lets_the_running_request_finish_and_takes_no_new_one() {
        async fn slow(started: axum::Extension<Arc<tokio::sync::Notify>>) -> &'static str {
            started.notify_one();
            tokio::time::sleep(Duration::from_millis(200)).await;
            "finished"
        }
        let started = Arc::new(tokio::sync::Notify::new());
        let router = Router::new().route("/", get(slow)).layer(axum::Extension(Arc::clone(&started)));
        let (address, stop, server) = start(router).await;
        let running = tokio::spawn(async move { ask(address, "GET / HTTP/1.1\r\nhost: a\r\n\r\n").await });
        started.notified().await;
        stop.send(()).unwrap();
        assert!(running.await.unwrap().ends_with("finished"));
        server.await.unwrap();
        assert!(TcpStream::connect(address).await.is_err());
    }

    #[tokio::test]
    async fn the_handler_knows_the_address_of_the_client() {
        async fn whose(peer: axum::Extension<ConnectInfo<SocketAddr>>) -> String {
            peer.0.0.ip().to_string()
        }
        let (address, _stop, _server) = start(Router::new().route("/", get(whose))).await;
        let answer = ask(address, "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
        assert!(answer.ends_with("127.0.0.1"), "{answer}");
    }
}
