//! The server under test, in a process of its own.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// A running server; stopped when dropped.
pub struct Server {
    child: Child,
    /// `127.0.0.1:port`
    pub address: String,
}

impl Server {
    /// Starts `yice serve` on a free port of the loopback and waits for the line that names it.
    pub async fn start(folder: &Path, database: Option<&str>) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("serve").arg("--dir").arg(folder).args(["--listen", "127.0.0.1:0"]);
        if let Some(url) = database {
            command.args(["--database", url]);
        }
        Self::spawn(command).await
    }

    /// Starts any command that prints `http://ADDRESS` as its first line.
    pub async fn spawn(mut command: Command) -> Result<Self> {
        let mut child = command.stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
        let out = child.stdout.take().context("no output")?;
        let mut lines = BufReader::new(out).lines();
        let line = lines.next_line().await?.context("the server ended before it listened")?;
        let address = line.trim().trim_start_matches("http://").trim_end_matches('/').to_owned();
        Ok(Self { child, address })
    }

    /// How long after `started` the first page came.
    pub fn first_page(&self, started: Instant) -> Result<Duration> {
        let status = super::load::Connection::open(&self.address)?.send("GET", "/sign-in", None, "")?.status;
        anyhow::ensure!(status == 200, "the sign-in page answered {status}");
        Ok(started.elapsed())
    }

    fn pid(&self) -> Result<u32> {
        self.child.id().context("the server is gone")
    }

    /// Resident memory, bytes.
    pub fn memory(&self) -> Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid()?))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        Ok(line.trim().trim_end_matches("kB").trim().parse::<u64>()? * 1_024)
    }

    /// Processor time used so far, user and system.
    pub fn cpu(&self) -> Result<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid()?))?;
        // The name in parentheses may hold spaces; fields 14 and 15 of the line are the times, in hundredths of a second.
        let after = stat.rsplit(')').next().context("no stat")?;
        let fields: Vec<&str> = after.split_whitespace().collect();
        let ticks = |field: usize| fields.get(field).and_then(|f| f.parse::<u64>().ok()).context("no times");
        Ok(Duration::from_millis((ticks(11)? + ticks(12)?) * 10))
    }
}
