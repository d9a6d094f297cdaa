//! Driving a server: connections, people, latencies.
//!
//! The driver shares the machine with the server, so it does as little as it can: a thread and a socket for each connection,
//! and of an answer it reads the status, the cookie and the length.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use super::seed::{PASSWORD, Seeded};
use super::server::Server;

/// A kept-alive connection.
pub struct Connection {
    stream: TcpStream,
    address: String,
    buffer: Vec<u8>,
}

/// What the driver wants to know of an answer.
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The first cookie that it sets, without its attributes.
    pub cookie: Option<String>,
}

impl Connection {
    /// Connects.
    pub fn open(address: &str) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, address: address.to_owned(), buffer: vec![0; 256 * 1024] })
    }

    /// Sends a request and reads the whole answer.
    pub fn send(&mut self, method: &str, path: &str, cookie: Option<&str>, body: &str) -> Result<Answer> {
        let (address, length) = (&self.address, body.len());
        let cookie = cookie.map_or_else(String::new, |cookie| format!("cookie: {cookie}\r\n"));
        let form = if method == "POST" { "content-type: application/x-www-form-urlencoded\r\n" } else { "" };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {address}\r\nsec-fetch-site: same-origin\r\n{cookie}{form}content-length: {length}\r\n\r\n{body}"
        );
        self.stream.write_all(request.as_bytes())?;
        self.answer()
    }

    fn answer(&mut self) -> Result<Answer> {
        let mut there = 0;
        let head = loop {
            ensure!(there < self.buffer.len(), "the head of an answer is too long");
            let more = self.stream.read(&mut self.buffer[there..])?;
            ensure!(more > 0, "the server closed the connection");
            there += more;
            if let Some(end) = self.buffer[..there].windows(4).position(|four| four == b"\r\n\r\n") {
                break end;
            }
        };
        let text = std::str::from_utf8(&self.buffer[..head])?;
        let status = text.get(9..12).and_then(|digits| digits.parse().ok()).context("no status")?;
        let header = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        let length: usize = header("content-length:").map_or(Ok(0), str::parse)?;
        let cookie = header("set-cookie:").map(|cookie| cookie.split(';').next().unwrap_or_default().to_owned());
        let mut rest = (head + 4 + length).saturating_sub(there);
        while rest > 0 {
            let most = rest.min(self.buffer.len());
            let more = self.stream.read(&mut self.buffer[..most])?;
            ensure!(more > 0, "the server closed the connection");
            rest -= more;
        }
        Ok(Answer { status, cookie })
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
pub fn sign_in_all(server: &Server, seeded: &Seeded) -> Result<People> {
    let group = |logins: &[String]| logins.iter().map(|login| sign_in(server, login)).collect::<Result<_>>();
    Ok(People(vec![group(&seeded.counsellors)?, group(&seeded.leaders)?]))
}

/// Signs somebody in; gives the cookie.
pub fn sign_in(server: &Server, login: &str) -> Result<String> {
    let form = format!("login={login}&password={}&next=/", PASSWORD.replace(' ', "+"));
    let answer = Connection::open(&server.address)?.send("POST", "/sign-in", None, &form)?;
    ensure!(answer.status == 303, "sign-in answered {}", answer.status);
    answer.cookie.context("no cookie")
}

/// Latencies of one row.
pub struct Figures {
    sorted: Vec<Duration>,
    span: Duration,
}

impl Figures {
    /// Of these latencies, measured within `span`.
    pub fn of(mut latencies: Vec<Duration>, span: Duration) -> Self {
        latencies.sort_unstable();
        Self { sorted: latencies, span }
    }

    /// The head of the table.
    pub fn header() -> &'static str {
        "| what | c | requests/s | p50 ms | p99 ms | CPU ms | memory MB |\n|---|---:|---:|---:|---:|---:|---:|"
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.sorted.len()
    }

    /// The latency, milliseconds, that this share of all stays under.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "figures for people"
    )]
    pub fn at(&self, share: f64) -> f64 {
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
pub fn drive(
    server: &Server,
    people: &People,
    ask: &Ask,
    at_once: usize,
    span: Duration,
) -> Result<(Figures, Duration)> {
    run(server, people, ask, at_once, Duration::from_secs(1))?;
    let before = server.cpu()?;
    let figures = run(server, people, ask, at_once, span)?;
    Ok((figures, server.cpu()?.saturating_sub(before)))
}

fn run(server: &Server, people: &People, ask: &Ask, at_once: usize, span: Duration) -> Result<Figures> {
    let next = AtomicUsize::new(0);
    let cookies = people.0.get(ask.person).context("nobody of that role")?;
    let start = Instant::now();
    let asking = |worker: usize| {
        let mut connection = Connection::open(&server.address)?;
        let cookie = &cookies[worker % cookies.len()];
        let mut latencies = Vec::new();
        while start.elapsed() < span {
            let path = &ask.paths[next.fetch_add(1, Ordering::Relaxed) % ask.paths.len()];
            let sent = Instant::now();
            let status = connection.send(ask.method, path, Some(cookie), ask.body)?.status;
            ensure!(status == 200 || status == 303, "{path} answered {status}");
            latencies.push(sent.elapsed());
        }
        Ok(latencies)
    };
    let all = together((0..at_once).map(|worker| {
        let asking = &asking;
        move || asking(worker)
    }))?;
    Ok(Figures::of(all.concat(), start.elapsed()))
}

/// Does several things at once, each in a thread of its own.
fn together<T: Send>(things: impl Iterator<Item = impl FnOnce() -> Result<T> + Send>) -> Result<Vec<T>> {
    std::thread::scope(|scope| {
        let running: Vec<_> = things.map(|thing| scope.spawn(thing)).collect();
        let ended = running.into_iter().map(std::thread::ScopedJoinHandle::join);
        ended.map(|end| end.map_err(|_| anyhow::anyhow!("a thread of the driver panicked"))?).collect()
    })
}

/// Sign-ins by two at a time, and the class list that four others read meanwhile.
pub fn sign_ins(server: &Server, people: &People, seeded: &Seeded, span: Duration) -> Result<(Figures, Figures)> {
    let classes = Ask::get(0, seeded.classes.iter().map(|id| format!("/classes/{id}")).collect());
    let start = Instant::now();
    let one = |login: &'static str| {
        let mut latencies = Vec::new();
        while start.elapsed() < span {
            let sent = Instant::now();
            sign_in(server, login)?;
            latencies.push(sent.elapsed());
        }
        anyhow::Ok(latencies)
    };
    std::thread::scope(|scope| {
        let signing = scope.spawn(|| {
            together(["counsellor0", "counsellor1"].into_iter().map(|login| {
                let one = &one;
                move || one(login)
            }))
        });
        let beside = run(server, people, &classes, 4, span)?;
        let latencies = signing.join().map_err(|_| anyhow::anyhow!("a thread of the driver panicked"))??;
        Ok((Figures::of(latencies.concat(), start.elapsed()), beside))
    })
}
