//! `yice bench`: seeds a school, drives a running server over loopback as signed-in people, prints the table of the README.
//!
//! The server under test is this very program, started as `yice serve` in a process of its own, so that its CPU time and
//! memory are its own. The people are invented.

mod early;
mod gate;
mod listening;
mod load;
mod plain;
mod seed;
mod server;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use load::{Ask, Figures};
use seed::Seeded;
use server::Server;

/// What to measure.
#[derive(Debug, Clone, clap::Args)]
#[command(
    after_help = "Examples:\n  yice bench\n  yice bench --students 20000\n  yice bench --database postgres://yice@localhost/bench\n  yice bench --plain\n  yice bench --only early --database postgres://yice@localhost/bench"
)]
pub struct Bench {
    /// Students of the school that is made.
    #[arg(long, default_value_t = 1_200)]
    students: usize,
    /// Open files among them, each with 20 fields and 50 entries.
    #[arg(long, default_value_t = 400)]
    files: usize,
    /// Measures one part only: the pages; reports, bells and due times; or, only if asked for, the gate of the statistics.
    #[arg(long, value_enum)]
    only: Option<Part>,
    /// Schools of the early-warning part [default: 1 on SQLite, 200 on PostgreSQL].
    #[arg(long)]
    schools: Option<usize>,
    /// Seconds per row of the table.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// An empty PostgreSQL database instead of an embedded SQLite file.
    #[arg(long)]
    database: Option<String>,
    /// Audit lines to add before measuring, to see that their number costs nothing.
    #[arg(long, default_value_t = 0)]
    audit_lines: u64,
    /// Also measures the file page built from plain, unencrypted fields: what encryption costs.
    #[arg(long)]
    plain: bool,
    /// Serves the plain page; started by `--plain` itself.
    #[arg(long, hide = true)]
    serve_plain: Option<PathBuf>,
}

/// A part of the benchmark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// Files, classes, search, entries, tables, sign-in.
    Pages,
    /// Reports of concerns, the bell on an open page, due times.
    Early,
    /// Publishing for leadership, its page, counting a school anew.
    Gate,
}

/// Runs the benchmark.
///
/// # Errors
/// The school cannot be made or the server cannot be started.
pub async fn run(args: Bench) -> Result<()> {
    if let Some(folder) = &args.serve_plain {
        return plain::serve(folder).await;
    }
    let folder = tempdir()?;
    println!("{}", machine());
    let mut app = crate::cli::found(&folder, args.database.as_deref()).await?;
    app.found_installation().await?;
    let seeded = match args.only {
        Some(Part::Early) => None,
        Some(Part::Gate) => Some(gate::measure(&mut app, &args, &folder).await.context("measuring the gate")?),
        _ => Some(seed::school(&app, &args).await.context("seeding the school")?),
    };
    let early = match args.only {
        Some(Part::Pages | Part::Gate) => None,
        _ => Some(early::seed(&mut app, &args).await.context("seeding schools with due times")?),
    };
    app.db.close().await;
    drop(app);
    let started = Instant::now();
    let server = Server::start(&folder, args.database.as_deref()).await?;
    let first = server.first_page(started)?;
    let idle = server.memory()?;
    println!(
        "start to first page {:.2} s; idle memory {:.0} MB; binary {:.0} MB",
        first.as_secs_f64(),
        megabytes(idle),
        megabytes(binary_size()?)
    );
    println!();
    let span = Duration::from_secs(args.seconds);
    match &seeded {
        Some(seeded) if args.only == Some(Part::Gate) => gate::pages(&server, seeded, span)?,
        Some(seeded) => measure_pages(&server, seeded, span)?,
        None => {}
    }
    if let Some(early) = &early {
        early::reports(&server, early).await?;
    }
    drop(server);
    if let Some(early) = &early {
        early::sweeps(&crate::cli::open(&folder, args.database.as_deref()).await?, early).await?;
    }
    if let Some(seeded) = seeded.filter(|_| args.plain) {
        plain::measure(&folder, &seeded, span).await?;
    }
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}

/// The table of the pages.
fn measure_pages(server: &Server, seeded: &Seeded, span: Duration) -> Result<()> {
    println!("{}", Figures::header());
    let people = load::sign_in_all(server, seeded)?;
    for (name, ask) in pages(seeded) {
        for at_once in [1, 16] {
            let (figures, cpu) = load::drive(server, &people, &ask, at_once, span)?;
            println!("{}", figures.row(name, at_once, cpu, server.memory()?));
        }
    }
    let (sign_in, beside) = load::sign_ins(server, &people, seeded, span)?;
    println!("{}", sign_in.row("sign-in", 2, Duration::ZERO, server.memory()?));
    println!("{}", beside.row("class list beside the sign-ins", 4, Duration::ZERO, server.memory()?));
    println!();
    Ok(())
}

/// The rows of the table: what is asked, by whom.
fn pages(seeded: &Seeded) -> Vec<(&'static str, Ask)> {
    let files = || seeded.files.iter().map(|id| format!("/files/{id}")).collect::<Vec<_>>();
    let classes = seeded.classes.iter().map(|id| format!("/classes/{id}")).collect();
    let entry = "date=2026-11-20&way=talk&happened=%E8%AF%BE%E9%97%B4%E4%B8%8E%E5%90%8C%E5%AD%A6%E4%B8%80%E8%B5%B7%E7%BB%83%E4%B9%A0%E3%80%82&effect=better&next=%E4%B8%8B%E5%91%A8%E5%86%8D%E8%B0%88&corrects=";
    vec![
        ("open a file", Ask::get(0, files())),
        ("class list", Ask::get(0, classes)),
        ("search part of a name", Ask::post(0, vec!["/search".to_owned()], "q=%E6%B5%A9")),
        ("append an entry", Ask::post(0, seeded.files.iter().map(|id| format!("/files/{id}/entry")).collect(), entry)),
        ("leadership tables", Ask::get(1, vec!["/statistics".to_owned()])),
    ]
}

/// A folder of this run, readable by nobody else.
fn tempdir() -> Result<PathBuf> {
    let folder = std::env::temp_dir().join(format!("yice-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

fn binary_size() -> Result<u64> {
    Ok(std::fs::metadata(std::env::current_exe()?)?.len())
}

#[expect(clippy::cast_precision_loss, reason = "megabytes for people")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1_048_576.0
}

/// What it was measured on, as the kernel tells it.
fn machine() -> String {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map_or("unknown processor", |m| m.trim_start_matches([' ', '\t', ':']));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!("yice {} on {cores} cores of {model}", env!("CARGO_PKG_VERSION"))
}
