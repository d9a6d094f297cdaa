//! What the server writes about itself: ids, patterns of addresses, times. Never a body, a name or a search text.

use clap::{Args, ValueEnum};
use tracing_subscriber::EnvFilter;

/// How much is logged, and how.
#[derive(Debug, Args)]
#[command(next_help_heading = "日志 · Logs")]
pub struct Logs {
    /// 日志级别 · level, or a filter such as `info,yice=debug`
    #[arg(long, global = true, env = "YICE_LOG", value_name = "FILTER", default_value = "info,sqlx=warn", value_parser = filter)]
    log: String,
    /// 日志格式 · format
    #[arg(long, global = true, env = "YICE_LOG_FORMAT", value_name = "FORMAT", default_value = "plain")]
    log_format: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// for people
    Plain,
    /// one object per line, for collectors
    Json,
}

fn filter(text: &str) -> Result<String, String> {
    EnvFilter::try_new(text).map(|_| text.to_owned()).map_err(|error| error.to_string())
}

impl Logs {
    /// Starts logging to standard error.
    pub fn start(&self) {
        // The filter was parsed with the arguments; should it be refused now, errors are still logged.
        let filter = EnvFilter::try_new(&self.log).unwrap_or_else(|_| EnvFilter::new("error"));
        let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
        // A second start (several tests in one process) keeps the first one's logs.
        let _kept = match self.log_format {
            Format::Plain => {
                let colours = std::io::IsTerminal::is_terminal(&std::io::stderr());
                logs.with_ansi(colours).try_init()
            }
            Format::Json => logs.json().flatten_event(true).try_init(),
        };
    }
}
