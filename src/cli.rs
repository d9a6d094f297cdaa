//! The `yice` command: one file per noun. What a program may read goes to standard output, what is said to a person to
//! standard error; a command that did not do what it was asked says one line why, and exits with 1.

mod audit;
mod failure;
mod house;
mod logs;
mod policy;
mod say;
mod serve;
mod server;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::domain::words::Language;
pub use failure::{Failure, Outcome};

/// 一册：一名学生一份档案 · Yice: one student, one file.
#[derive(Debug, Parser)]
#[command(name = "yice", version, propagate_version = true, arg_required_else_help = true, max_term_width = 120)]
#[command(after_help = "示例 · Examples:
  yice demo
  yice init --dir /var/lib/yice --school 柳溪镇初级中学
  yice import roster.xlsx --dir /var/lib/yice --school 柳溪镇初级中学 --dry-run
  yice serve --dir /var/lib/yice --listen 127.0.0.1:8080 --behind-tls

退出码 · Exit codes: 0 完成 done, 1 未完成 not done, 2 部分行未导入或用法有误 some rows refused, or wrong usage")]
struct Yice {
    /// 提示语言 · language of messages: zh-CN, en
    #[arg(long, global = true, env = "YICE_LANG", value_name = "LANG", default_value = "zh-CN", value_parser = language)]
    lang: Language,
    #[command(flatten)]
    logs: logs::Logs,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// 启动服务 · Run the server
    Serve(serve::Serve),
    /// 操作记录 · The audit chain
    #[command(subcommand)]
    Audit(audit::Audit),
    /// 权限规则 · Who may do what
    #[command(subcommand)]
    Policy(policy::Policy),
}

/// Reads the language that a person asked for.
fn language(code: &str) -> Result<Language, String> {
    Language::parse(code).ok_or_else(|| "zh-CN | en".to_owned())
}

/// Runs the command that the arguments of this process name.
#[must_use]
pub fn main() -> ExitCode {
    let Yice { lang, logs, command } = Yice::parse();
    logs.start();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let done = match runtime {
        Ok(runtime) => runtime.block_on(run(command, lang)),
        Err(error) => Err(Failure::Other(error.into())),
    };
    match done {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::SomeRefused) => ExitCode::from(2),
        Ok(Outcome::Silent) => ExitCode::FAILURE,
        Err(failure) => {
            say::tell(&failure.line(lang));
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command, lang: Language) -> Result<Outcome, Failure> {
    match command {
        Command::Serve(serve) => serve.run(lang).await,
        Command::Audit(audit) => audit.run(lang).await,
        Command::Policy(policy) => policy.run(lang).await,
    }
}

