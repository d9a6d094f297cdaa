//! Early warnings at their size: reports while people have pages open, the bell, and the round that passes on what is due.
//!
//! The round is measured in an [`App`] to which nobody signed in: keys stand in the database only under a password, a session
//! token or another key, so it has none that could open anything. What the due times say is noise besides, which no key opens.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use secrecy::SecretString;
use uuid::Uuid;

use super::Bench;
use super::listening::Pages;
use super::load::{Connection, Figures, sign_in};
use super::seed::{self, PASSWORD};
use super::server::Server;
use crate::domain::clock::{HOUR, MINUTE};
use crate::domain::ids::{ClassId, DeadlineId, PersonId, SchoolId, StudentId};
use crate::domain::relation::{Duty, Standing};
use crate::domain::words::{Kind, Relation, Role};
use crate::policy::Append;
use crate::service::{App, FoundedSchool, KdfGate, Sweeper, fresh};
use crate::store::Deadline;
use crate::vault::{Kdf, KdfParams};

/// People with a page open.
const ONLINE: usize = 300;
/// Open due times.
const OPEN: usize = 10_000;
/// As many of them are past at once as one round passes on.
const PAST: usize = 500;
/// Rounds of each kind.
const ROUNDS: usize = 20;
/// Students of a school.
const STUDENTS: usize = 5;
/// Reports a minute, and how many are measured: as many as the target says, and twelve times as many.
const PACES: [(u32, usize); 2] = [(50, 50), (600, 300)];
/// After so long every bell has rung, or something is wrong.
const RUNG: Duration = Duration::from_secs(3);

/// What was made.
pub struct Early {
    schools: Vec<Made>,
    online: Vec<Online>,
}

struct Made {
    id: SchoolId,
    students: Vec<StudentId>,
}

/// Somebody who has a page open.
struct Online {
    login: String,
    school: usize,
    /// Hears of reports; all others send them.
    counsellor: bool,
}

/// Makes schools with offices, one class and the few people whom reports and due times concern.
pub async fn seed(app: &mut App, args: &Bench) -> Result<Early> {
    let count = args.schools.unwrap_or(if args.database.is_some() { 200 } else { 1 }).clamp(1, ONLINE);
    // How long a password takes is measured with the pages.
    app.kdf = KdfGate::new(Kdf::new(KdfParams { memory_kib: 64, time: 1, lanes: 1 })?, 2);
    let rows = seed::rows(STUDENTS, app.school_year())?;
    let mut early = Early { schools: Vec::new(), online: Vec::new() };
    let counsellors = (ONLINE / count).clamp(1, 4);
    let teachers = (ONLINE - counsellors * count).div_ceil(count);
    for n in 0..count {
        let founded = app.found_school(&format!("早报告第{}学校", n + 1)).await?;
        seed::take_in(app, founded.id, rows.clone()).await?;
        let mut conn = app.db.read().await?;
        let class = conn.classes(founded.id).await?.first().context("no class")?.id;
        let students = conn.students_of_class(class).await?.iter().map(|student| student.id).collect();
        drop(conn);
        let heard = (0..counsellors).map(|k| (format!("c{n}-{k}"), Role::Counsellor));
        let sent = (0..teachers).map(|k| (format!("t{n}-{k}"), Role::SubjectTeacher));
        let other = [Role::HomeroomTeacher, Role::MoralEdDirector, Role::SchoolLeader];
        let other = other.into_iter().map(|role| (format!("{}{n}", role.as_str()), role));
        for (login, role) in heard.chain(sent).chain(other) {
            person(app, &founded, class, &login, role).await?;
            if matches!(role, Role::Counsellor | Role::SubjectTeacher) {
                early.online.push(Online { login, school: n, counsellor: role == Role::Counsellor });
            }
        }
        early.schools.push(Made { id: founded.id, students });
    }
    // All counsellors, and as many teachers as make the number full.
    early.online.sort_by_key(|one| !one.counsellor);
    early.online.truncate(ONLINE);
    let later = (0..OPEN - PAST).map(|n| app.now() + HOUR + MINUTE * i64::try_from(n).unwrap_or(0));
    set_due(app, &early, later).await?;
    println!("seeded: {count} schools for reports and due times, {OPEN} open due times");
    Ok(early)
}

async fn person(app: &App, founded: &FoundedSchool, class: ClassId, login: &str, role: Role) -> Result<()> {
    let duty = Duty { role, school: founded.id, class: role.is_for_a_class().then_some(class) };
    let offices: &[_] = match role {
        Role::Counsellor => &[&founded.counselling],
        Role::MoralEdDirector => &[&founded.moral_ed],
        _ => &[],
    };
    app.found_person(founded.id, login, "老师", SecretString::from(PASSWORD), &[duty], offices).await?;
    Ok(())
}

/// Sets due times for the students of all schools in turn, through the store.
async fn set_due(app: &App, early: &Early, times: impl Iterator<Item = i64>) -> Result<()> {
    let mut tx = app.begin().await?;
    for (n, due_at) in times.enumerate() {
        let school = &early.schools[n % early.schools.len()];
        let student = school.students[(n / early.schools.len()) % school.students.len()];
        let owner = [Role::Counsellor, Role::HomeroomTeacher, Role::MoralEdDirector][n % 3];
        let pairs = vec![(Role::Counsellor, Relation::SameSchool)];
        let standing =
            Standing { actor: PersonId(Uuid::nil()), school: school.id, pairs, childless: false, sealed: false };
        let permit = app.permit::<Append>(&standing, Kind::Warning, student.0).await?;
        let deadline = Deadline {
            id: DeadlineId(Uuid::now_v7()),
            school_id: school.id,
            student_id: student,
            warning_id: None,
            owner,
            due_at,
            next_at: Some(due_at),
            rung: 0,
            done_at: None,
            done_by: None,
            epoch: 1,
            version: 1,
            sealed: (0..32).flat_map(|_| Uuid::new_v4().into_bytes()).collect(),
        };
        tx.insert_deadline(&permit, &deadline).await?;
    }
    Ok(tx.commit().await?)
}

/// The head of this part's table.
fn header() -> &'static str {
    "| what | measured | p50 ms | p99 ms | target |\n|---|---:|---:|---:|---|"
}

fn row(name: &str, figures: &Figures, target: &str) -> String {
    format!("| {name} | {} | {:.2} | {:.2} | {target} |", figures.count(), figures.at(0.5), figures.at(0.99))
}

/// Reports by people who have a page open, and when the counsellors' pages are told of them.
pub async fn reports(server: &Server, early: &Early) -> Result<()> {
    let signed_in = early.online.iter().map(|one| Ok((sign_in(server, &one.login)?, one.school)));
    let cookies = signed_in.collect::<Result<Vec<_>>>()?;
    let pages = Pages::open(&server.address, &cookies).await?;
    let counsellors = early.online.iter().filter(|one| one.counsellor).count();
    let (hearing, sending) = cookies.split_at(counsellors);
    println!("{}", header());
    let warm = [(600, 20)];
    for (pace, (a_minute, count)) in warm.into_iter().chain(PACES).enumerate() {
        let before: Vec<i64> = pages.pages().iter().take(hearing.len()).map(|page| page.count()).collect();
        let (address, sending) = (server.address.clone(), sending.to_vec());
        let sent =
            tokio::task::spawn_blocking(move || send(&address, &sending, Duration::from_mins(1) / a_minute, count))
                .await??;
        tokio::time::sleep(RUNG).await;
        pages.all_listen()?;
        if pace == 0 {
            continue;
        }
        let mut rang = Vec::new();
        for (page, before) in pages.pages().iter().zip(before) {
            let about = sent.iter().filter(|report| report.school == page.school);
            for (nth, report) in (before + 1..).zip(about) {
                let at = page.reached(nth).context("a report rang nowhere")?;
                rang.push(at.saturating_duration_since(report.due));
            }
        }
        let took = sent.iter().map(|report| report.took).collect();
        let beside = format!("{a_minute} a minute, {ONLINE} pages open");
        println!("{}", row(&format!("report a concern, {beside}"), &Figures::of(took, RUNG), "p50 10 ms"));
        println!("{}", row(&format!("notice on the page, {beside}"), &Figures::of(rang, RUNG), "p99 1,000 ms"));
    }
    println!("\nmemory with {ONLINE} pages open {:.0} MB", super::megabytes(server.memory()?));
    Ok(())
}

/// A report that was sent.
struct Sent {
    school: usize,
    /// When it was to be sent: a report that had to wait for the one before counts from then.
    due: Instant,
    took: Duration,
}

/// Sends reports by these people in turn, at moments that do not know of each other, `every` so long on average.
fn send(address: &str, people: &[(String, usize)], every: Duration, count: usize) -> Result<Vec<Sent>> {
    let mut connection = Connection::open(address)?;
    let mut due = Instant::now();
    let mut sent = Vec::new();
    for (gap, (cookie, school)) in gaps().zip(people.iter().cycle()).take(count) {
        due += every.mul_f64(gap);
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        let form = format!(
            "id={}&who=%E5%BC%A0%E6%B5%A9&class=7-1&urgency=today&safe=yes&place=%E6%95%99%E5%AE%A4&seen={}",
            fresh(),
            "%E4%B8%A4%E5%A4%A9%E6%B2%A1%E6%9C%89%E5%90%83%E5%8D%88%E9%A5%AD%E3%80%82".repeat(4)
        );
        let status = connection.send("POST", "/concerns", Some(cookie), &form)?.status;
        ensure!(status == 303, "a report was answered with {status}");
        sent.push(Sent { school: *school, due, took: due.elapsed() });
    }
    Ok(sent)
}

/// Gaps between things that happen once in a while, 1 on average; the same ones at each run.
fn gaps() -> impl Iterator<Item = f64> {
    let step = |seed: &u64| Some(seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407));
    std::iter::successors(Some(1), step)
        .map(|seed| f64::from(u32::try_from(seed >> 32).unwrap_or(0)) / f64::from(u32::MAX).next_up())
        .map(|even| -(1.0 - even).max(1e-3).ln())
}

/// Rounds over all open due times: with none past, and with as many past as one round passes on.
pub async fn sweeps(app: &App, early: &Early) -> Result<()> {
    let mut sweeper = Sweeper::default();
    // The server that was just stopped holds the lease until its beat has stood still for some rounds.
    for _ in 0..5 {
        app.sweep(&mut sweeper).await?;
    }
    println!("\n{}", header());
    let schools = early.schools.len();
    for past in [0, PAST] {
        let mut took = Vec::new();
        for _ in 0..ROUNDS {
            let now = app.now();
            set_due(app, early, (0..past).map(|n| now - i64::try_from(n).unwrap_or(0))).await?;
            let started = Instant::now();
            let passed_on = app.sweep(&mut sweeper).await?;
            took.push(started.elapsed());
            ensure!(passed_on == past, "{passed_on} of {past} were passed on");
        }
        let name = format!("round over {OPEN} open due times of {schools} schools, {past} past");
        println!("{}", row(&name, &Figures::of(took, RUNG), "100 ms"));
    }
    println!();
    Ok(())
}
