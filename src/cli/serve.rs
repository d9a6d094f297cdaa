//! `yice serve`: the server, and what it does by itself once a day.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use tokio::net::TcpListener;

use super::house::Place;
use super::say::{Words, print, tell};
use super::{Failure, Outcome, outside, server};
use crate::domain::gate::menu::Profile;
use crate::domain::words::Language;
use crate::service::{App, Bell, Sweeper};
use crate::web;
use crate::web::headers::Frame;
use crate::web::ui::t;

/// Between two looks at whether something is to be done.
const ROUND: Duration = Duration::from_hours(1);
/// Between two looks at what is overdue in the help-seeking box.
const WATCH: Duration = Duration::from_mins(1);

/// Between two looks at whether a report is due.
const PUBLISH: Duration = Duration::from_mins(10);

/// Between two looks at what is past its due time.
const SWEEP: Duration = Duration::from_secs(20);

/// Runs the server.
#[derive(Debug, Args)]
#[command(after_help = "示例 · Examples:
  yice serve --dir /var/lib/yice
  yice serve --dir /var/lib/yice --listen 127.0.0.1:8080 --behind-tls
  YICE_DATABASE=postgres://yice@db/yice yice serve --dir /var/lib/yice --listen 0.0.0.0:8080 --behind-tls

SIGTERM 或 Ctrl-C 停止，正在进行的请求会先完成 · SIGTERM or Ctrl-C stops it after the running requests")]
pub struct Serve {
    #[command(flatten)]
    place: Place,
    /// 监听地址 · address to listen on
    #[arg(long, env = "YICE_LISTEN", value_name = "ADDR", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// 前面有 HTTPS 代理：登录凭证只走 HTTPS · a proxy in front ends TLS: cookies travel over HTTPS only
    #[arg(long, env = "YICE_BEHIND_TLS", conflicts_with = "insecure_lan")]
    behind_tls: bool,
    /// 汇总数字的噪声：standard 或更强的 strict，从下一个发布期起 · noise of the numbers for leadership, from the next epoch on
    #[arg(long, env = "YICE_STATISTICS", value_name = "PROFILE", default_value = "standard", value_parser = profile)]
    statistics: Profile,
    /// 明知内网他人可截取，仍不用 HTTPS · plain HTTP on a network, although others on it can read along
    #[arg(long)]
    insecure_lan: bool,
}

impl Serve {
    /// Runs it until the process is asked to stop.
    ///
    /// # Errors
    /// The installation cannot be opened, or the address not be used.
    pub async fn run(self, lang: Language) -> Result<Outcome, Failure> {
        let Self { place, listen, behind_tls, statistics, insecure_lan } = self;
        if !listen.ip().is_loopback() && !behind_tls && !insecure_lan {
            return Err(Failure::Open(listen));
        }
        let listener = bind(listen).await?;
        let app = Arc::new(App { noise: statistics, ..place.open().await? });
        app.check_limits().map_err(anyhow::Error::from)?;
        let stop = server::asked_to_stop();
        // The first line is for programs that started us and want to know where to ask.
        print(&format!("http://{}", listener.local_addr().unwrap_or(listen)));
        run(listener, app, Frame { secure: behind_tls }, place.dir, stop).await;
        tell(&t!(Words(lang), "cli-stopped"));
        Ok(Outcome::Done)
    }
}

fn profile(word: &str) -> Result<Profile, String> {
    let known: Vec<&str> = Profile::ALL.iter().map(|profile| profile.as_str()).collect();
    Profile::parse(word).ok_or_else(|| known.join(" | "))
}

/// Takes an address.
///
/// # Errors
/// Somebody else has it, or it is none of this machine.
pub async fn bind(listen: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(listen).await.map_err(|cause| Failure::Address(listen, cause))
}

/// Serves the pages until `stop` is done, then closes the database.
pub async fn run(listener: TcpListener, app: Arc<App>, frame: Frame, dir: PathBuf, stop: impl Future<Output = ()>) {
    let daily = tokio::spawn(housekeeping(Arc::clone(&app), dir.clone()));
    let publish = tokio::spawn(publishing(Arc::clone(&app), dir));
    let sweep = tokio::spawn(sweeping(Arc::clone(&app)));
    let carry = tokio::spawn(outside::carry(Arc::clone(&app)));
    let watch = tokio::spawn(watch_the_box(Arc::clone(&app)));
    let bell = Bell::default();
    let router = web::router_with(Arc::clone(&app), frame, bell.clone());
    // Pages that listen would keep the server from stopping.
    let stop = async move {
        stop.await;
        bell.close();
    };
    server::serve(listener, router, stop).await;
    daily.abort();
    publish.abort();
    sweep.abort();
    carry.abort();
    watch.abort();
    // Waits for acts whose clients went away, and folds SQLite's log into its file.
    if tokio::time::timeout(Duration::from_secs(10), app.db.close()).await.is_err() {
        tracing::warn!("the database was still in use at the end");
    }
}

/// Reminds of letters in the help-seeking box that nobody answered in time, every minute. Several nodes may do it: each step
/// happens once.
async fn watch_the_box(app: Arc<App>) {
    let mut rounds = tokio::time::interval(WATCH);
    rounds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        rounds.tick().await;
        if let Err(error) = app.pass_on_help().await {
            tracing::warn!(cause = %error, "overdue letters could not be passed on; it will be tried again");
        }
    }
}

/// What the server does by itself, at its start and every hour.
async fn housekeeping(app: Arc<App>, dir: PathBuf) {
    let mut rounds = tokio::time::interval(ROUND);
    rounds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        rounds.tick().await;
        if let Err(error) = app.tidy().await {
            tracing::warn!(cause = %error, "ended sessions could not be swept; it will be tried again");
        }
        if let Err(error) = app.daily(&dir).await {
            tracing::warn!(cause = %error, "the audit heads could not be signed; it will be tried again");
        }
    }
}

/// Publishes the report of a month. Several nodes may try: one does it, and the others find it.
async fn publishing(app: Arc<App>, dir: PathBuf) {
    let mut rounds = tokio::time::interval(PUBLISH);
    rounds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut starts = true;
    loop {
        rounds.tick().await;
        match app.publish_what_is_due(&dir, starts).await {
            Ok(Some(report)) => tracing::info!(epoch = report.epoch, report = report.report, "a report was published"),
            Ok(None) => {}
            Err(error) => tracing::warn!(cause = %error, "the report could not be published; it will be tried again"),
        }
        starts = false;
    }
}

/// Passes on what is past its due time. Of several nodes one does it, and another takes over when that one ends.
async fn sweeping(app: Arc<App>) {
    let mut sweeper = Sweeper::default();
    let mut rounds = tokio::time::interval(SWEEP);
    rounds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        rounds.tick().await;
        if let Err(error) = app.sweep(&mut sweeper).await {
            tracing::warn!(cause = %error, "what is overdue could not be passed on; it will be tried again");
        }
    }
}
