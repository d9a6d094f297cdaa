//! Driving a server: connections, people, latencies.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{CONTENT_TYPE, COOKIE, HOST, SET_COOKIE};
use hyper::{HeaderMap, Request};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::seed::{PASSWORD, Seeded};
use super::server::Server;

/// A kept-alive connection.
pub struct Connection {
    sender: SendRequest<Full<Bytes>>,
    address: String,
}

impl Connection {
    /// Connects.
    pub async fn open(address: &str) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self { sender, address: address.to_owned() })
    }

    /// Sends a request and reads the whole answer; gives status and headers.
    pub async fn send(
        &mut self,
        method: &str,
        path: &str,
        cookie: Option<&str>,
        body: &str,
    ) -> Result<(u16, HeaderMap)> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, &self.address)
            .header("sec-fetch-site", "same-origin");
        if let Some(cookie) = cookie {
            request = request.header(COOKIE, cookie);
        }
        if method == "POST" {
            request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        let request = request.body(Full::new(Bytes::copy_from_slice(body.as_bytes())))?;
        self.sender.ready().await?;
        let answer = self.sender.send_request(request).await?;
        let (parts, body) = answer.into_parts();
        body.collect().await?;
        Ok((parts.status.as_u16(), parts.headers))
    }
}

/// What is asked again and again.
#[derive(Clone)]
pub struct Ask {
    person: usize,
    method: &'static str,
    paths: Arc<Vec<String>>,
    body: &'static str,
}

impl Ask {
    /// Pages, asked in turn by the people of one role (0 counsellors, 1 leaders).
    pub fn get(person: usize, paths: Vec<String>) -> Self {
        Self { person, method: "GET", paths: Arc::new(paths), body: "" }
    }

    /// A form, sent to each path in turn.
    pub fn post(person: usize, paths: Vec<String>, body: &'static str) -> Self {
        Self { person, method: "POST", paths: Arc::new(paths), body }
    }
}

/// Signed-in cookies: counsellors, then leaders.
pub struct People(Vec<Vec<String>>);

/// Signs in everybody who will ask something.
pub async fn sign_in_all(server: &Server, seeded: &Seeded) -> Result<People> {
    let mut all = Vec::new();
    for group in [&seeded.counsellors, &seeded.leaders] {
        let mut cookies = Vec::new();
        for login in group {
            cookies.push(sign_in(server, login).await?);
        }
        all.push(cookies);
    }
    Ok(People(all))
}

async fn sign_in(server: &Server, login: &str) -> Result<String> {
    let mut connection = Connection::open(&server.address).await?;
    let form = format!("login={login}&password={}&next=/", PASSWORD.replace(' ', "+"));
    let (status, headers) = connection.send("POST", "/sign-in", None, &form).await?;
    anyhow::ensure!(status == 303, "sign-in answered {status}");
    let cookie = headers.get(SET_COOKIE).context("no cookie")?.to_str()?;
    Ok(cookie.split(';').next().unwrap_or_default().to_owned())
}

/// Latencies of one row.
pub struct Figures {
    sorted: Vec<Duration>,
    span: Duration,
}

impl Figures {
    fn of(mut latencies: Vec<Duration>, span: Duration) -> Self {
        latencies.sort_unstable();
        Self { sorted: latencies, span }
    }

    /// The head of the table.
    pub fn header() -> &'static str {
        "| what | c | requests/s | p50 ms | p99 ms | CPU ms | memory MB |\n|---|---:|---:|---:|---:|---:|---:|"
    }

    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "figures for people"
    )]
    fn at(&self, share: f64) -> f64 {
        let index = ((self.sorted.len() as f64 * share) as usize).min(self.sorted.len().saturating_sub(1));
        self.sorted.get(index).map_or(f64::NAN, |d| d.as_secs_f64() * 1_000.0)
    }

    /// One row of the table.
    #[expect(clippy::cast_precision_loss, reason = "figures for people")]
    pub fn row(&self, name: &str, at_once: usize, cpu: Duration, memory: u64) -> String {
        let count = self.sorted.len() as f64;
        let rate = count / self.span.as_secs_f64();
        let cpu = if cpu.is_zero() { "–".to_owned() } else { format!("{:.2}", cpu.as_secs_f64() * 1_000.0 / count) };
        format!(
            "| {name} | {at_once} | {rate:.0} | {:.2} | {:.2} | {cpu} | {:.0} |",
            self.at(0.5),
            self.at(0.99),
            super::megabytes(memory)
        )
    }
}

/// Asks with `at_once` connections for `span`, after a warm-up of a second. Gives also the processor time of the server.
pub async fn drive(
    server: &Server,
    people: &People,
    ask: &Ask,
    at_once: usize,
    span: Duration,
) -> Result<(Figures, Duration)> {
    run(server, people, ask, at_once, Duration::from_secs(1)).await?;
    let before = server.cpu()?;
    let figures = run(server, people, ask, at_once, span).await?;
    Ok((figures, server.cpu()?.saturating_sub(before)))
}

async fn run(server: &Server, people: &People, ask: &Ask, at_once: usize, span: Duration) -> Result<Figures> {
    let next = Arc::new(AtomicUsize::new(0));
    let start = Instant::now();
    let mut tasks = Vec::new();
    for worker in 0..at_once {
        let mut connection = Connection::open(&server.address).await?;
        let cookies = people.0.get(ask.person).context("nobody of that role")?;
        let cookie = cookies[worker % cookies.len()].clone();
        let (ask, next) = (ask.clone(), Arc::clone(&next));
        tasks.push(tokio::spawn(async move {
            let mut latencies = Vec::new();
            while start.elapsed() < span {
                let path = &ask.paths[next.fetch_add(1, Ordering::Relaxed) % ask.paths.len()];
                let sent = Instant::now();
                let (status, _) = connection.send(ask.method, path, Some(&cookie), ask.body).await?;
                anyhow::ensure!(status == 200 || status == 303, "{path} answered {status}");
                latencies.push(sent.elapsed());
            }
            Ok(latencies)
        }));
    }
    let mut all = Vec::new();
    for task in tasks {
        all.append(&mut task.await??);
    }
    Ok(Figures::of(all, start.elapsed()))
}

/// Sign-ins by two at a time, and the class list that four others read meanwhile.
pub async fn sign_ins(server: &Server, people: &People, seeded: &Seeded, span: Duration) -> Result<(Figures, Figures)> {
    let classes = Ask::get(0, seeded.classes.iter().map(|id| format!("/classes/{id}")).collect());
    let start = Instant::now();
    let one = |login: &'static str| async move {
        let mut latencies = Vec::new();
        while start.elapsed() < span {
            let sent = Instant::now();
            sign_in(server, login).await?;
            latencies.push(sent.elapsed());
        }
        anyhow::Ok(latencies)
    };
    let (first, second, beside) =
        tokio::join!(one("counsellor0"), one("counsellor1"), run(server, people, &classes, 4, span));
    let mut latencies = first?;
    latencies.append(&mut second?);
    Ok((Figures::of(latencies, start.elapsed()), beside?))
}
