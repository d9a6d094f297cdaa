//! `yice demo`: an invented school to look around in, made by the same acts as a real one.

mod content;
mod county;
mod room;
mod staff;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use super::house::{Place, new_private_file};
use super::say::{Words, print, tell};
use super::{Failure, Outcome, serve, server};
use crate::domain::words::Language;
use crate::service::App;
use crate::web::headers::Frame;
use crate::web::ui::t;
use staff::Colleague;

/// The accounts with their passwords, beside the database: a second start shows them again. A demonstration only; a real
/// installation has no such file.
const ACCOUNTS: &str = "demo-accounts.tsv";

/// Runs an invented school.
#[derive(Debug, Args)]
#[command(after_help = "示例 · Examples:
  yice demo
  yice demo --dir /tmp/yice-demo --listen 127.0.0.1:0

第一行输出网址，其后每行一个账号：岗位、登录名、密码（制表符分隔）。再次启动沿用原有数据。
The first line is the address, then one account per line: role, sign-in name, password, separated by tabs. A second start
finds its data again. 人物均为虚构；不要录入真实学生 · Everybody is invented; keep real students out of it.")]
pub struct Demo {
    /// 数据文件夹 · folder of its data
    #[arg(long, env = "YICE_DEMO_DIR", value_name = "DIR", default_value = "./data/demo")]
    dir: PathBuf,
    /// 监听地址（仅限本机）· address to listen on, of this machine only
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
}

impl Demo {
    /// Runs it until the process is asked to stop.
    ///
    /// # Errors
    /// The address is taken, or the folder is not of a demonstration.
    pub async fn run(self, lang: Language) -> Result<Outcome, Failure> {
        let words = Words(lang);
        if !self.listen.ip().is_loopback() {
            return Err(Failure::Open(self.listen));
        }
        let listener = serve::bind(self.listen).await?;
        let address = listener.local_addr().unwrap_or(self.listen);
        if !self.dir.join(ACCOUNTS).exists() {
            if self.dir.read_dir().is_ok_and(|mut entries| entries.next().is_some()) {
                return Err(Failure::NotDemo(self.dir));
            }
            tell(&t!(words, "cli-demo-making"));
            make(&self.dir).await?;
        }
        let app = Place::at(&self.dir, None).open().await?;
        let accounts = std::fs::read_to_string(self.dir.join(ACCOUNTS));
        let accounts = accounts.map_err(|cause| Failure::File(self.dir.join(ACCOUNTS), cause))?;
        let stop = server::asked_to_stop();
        print(&format!("http://{address}"));
        print(accounts.trim_end());
        tell(&t!(words, "cli-demo-running", path = self.dir.display().to_string()));
        serve::run(listener, Arc::new(app), Frame { secure: false }, self.dir, stop).await;
        tell(&t!(words, "cli-stopped"));
        Ok(Outcome::Done)
    }
}

/// Makes the school beside its folder and moves it there when it is whole: an interrupted first start leaves nothing that
/// a second one could mistake for a school.
async fn make(dir: &Path) -> Result<(), Failure> {
    let cannot = |path: &Path| {
        let path = path.to_owned();
        move |cause| Failure::File(path, cause)
    };
    let mut beside = dir.as_os_str().to_owned();
    beside.push(".making");
    let beside = PathBuf::from(beside);
    match std::fs::remove_dir_all(&beside) {
        Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => return Err(Failure::File(beside, cause)),
        _ => {}
    }
    let app = Place::at(&beside, None).make().await?;
    let colleagues = furnish(&app).await?;
    app.db.close().await;
    let lines: String = colleagues.iter().map(|colleague| colleague.line() + "\n").collect();
    new_private_file(&beside.join(ACCOUNTS), lines.as_bytes()).map_err(cannot(&beside))?;
    std::fs::rename(&beside, dir).map_err(cannot(dir))
}

/// Installation, school, roster, staff, and what the staff wrote.
async fn furnish(app: &App) -> Result<Vec<Colleague>, Failure> {
    // Nobody keeps the recovery slips of a demonstration.
    app.found_installation().await?;
    let founded = app.found_school(staff::SCHOOL).await?;
    let class = content::take_in_roster(app, founded.id).await?;
    let mut colleagues = staff::hire(app, &founded, class).await?;
    content::write(app, &colleagues, class).await?;
    let district = app.found_district(staff::DISTRICT).await?;
    let officer = staff::hire_officer(app, &district).await?;
    county::write(app, founded.id, &officer, &colleagues).await?;
    colleagues.push(officer);
    Ok(colleagues)
}
