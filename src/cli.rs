//! The `yice` command: one file per noun. What a program may read goes to standard output, what is said to a person to
//! standard error; a command that did not do what it was asked says one line why, and exits with 1.

mod accounts;
mod audit;
mod backup;
mod bench;
mod demo;
mod failure;
mod house;
mod import;
mod init;
mod keys;
mod logs;
mod outside;
mod person;
mod policy;
mod say;
mod school;
mod serve;
mod server;

use std::path::Path;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::domain::words::Language;
use crate::service::App;
pub use failure::{Failure, Outcome};
use house::Place;

/// 一册：一名学生一份档案 · Yice: one student, one file.
#[derive(Debug, Parser)]
#[command(name = "yice", version, propagate_version = true, arg_required_else_help = true, max_term_width = 120)]
#[command(after_help = "示例 · Examples:
  yice demo
  yice init --dir /var/lib/yice --school 柳溪镇初级中学
  yice import roster.xlsx --dir /var/lib/yice --school 柳溪镇初级中学 --dry-run
  yice serve --dir /var/lib/yice --listen 127.0.0.1:8080 --behind-tls

退出码 · Exit codes: 0 完成 done, 1 未完成 not done, 2 部分行未导入 some rows of a roster refused")]
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
    /// 运行示例学校 · Run an invented school to look around in
    Demo(demo::Demo),
    /// 新建正式使用的系统 · Make an empty installation for real use
    Init(init::Init),
    /// 启动服务 · Run the server
    Serve(serve::Serve),
    /// 导入学籍表 · Take in a roster workbook
    Import(import::Import),
    /// 学校 · Schools
    #[command(subcommand)]
    School(school::School),
    /// 教职工账号 · Accounts of staff
    #[command(subcommand)]
    Person(person::Person),
    /// 操作记录 · The audit chain
    #[command(subcommand)]
    Audit(audit::Audit),
    /// 备份 · Make a backup that only the holder of a key opens
    Backup(backup::Backup),
    /// 恢复备份 · Bring a backup back into an empty folder
    Restore(backup::Restore),
    /// 密钥 · Keys
    #[command(subcommand)]
    Key(keys::Key),
    /// 权限规则 · Who may do what
    #[command(subcommand)]
    Policy(policy::Policy),
    /// 性能测试 · Measure this machine
    Bench(bench::Bench),
}

/// Reads the language that a person asked for.
fn language(code: &str) -> Result<Language, String> {
    Language::parse(code).ok_or_else(|| "zh-CN | en".to_owned())
}

/// Runs the command that the arguments of this process name.
#[must_use]
pub fn main() -> ExitCode {
    let Yice { lang, logs, command } = match Yice::try_parse() {
        Ok(asked) => asked,
        // Help and version are answers. A misspelt command did nothing: 1, since 2 says that some rows were refused.
        Err(answer) => {
            let failed = answer.use_stderr();
            let _gone = answer.print();
            return if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS };
        }
    };
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

/// Makes folder, secret and an empty database for an installation, for `yice bench`.
///
/// # Errors
/// There is one already.
pub(crate) async fn found(dir: &Path, database: Option<&str>) -> Result<App, Failure> {
    Place::at(dir, database).make().await
}

/// Opens an installation, for `yice bench`.
///
/// # Errors
/// There is none.
pub(crate) async fn open(dir: &Path, database: Option<&str>) -> Result<App, Failure> {
    Place::at(dir, database).open().await
}

async fn run(command: Command, lang: Language) -> Result<Outcome, Failure> {
    match command {
        Command::Demo(demo) => demo.run(lang).await,
        Command::Init(init) => init.run(lang).await,
        Command::Serve(serve) => serve.run(lang).await,
        Command::Import(import) => import.run(lang).await,
        Command::School(school) => school.run().await,
        Command::Person(person) => person.run(lang).await,
        Command::Audit(audit) => audit.run(lang).await,
        Command::Backup(backup) => backup.run(lang).await,
        Command::Restore(restore) => restore.run(lang).await,
        Command::Key(key) => key.run(lang).await,
        Command::Policy(policy) => policy.run(lang).await,
        Command::Bench(bench) => Ok(bench::run(bench).await.map(|()| Outcome::Done)?),
    }
}
