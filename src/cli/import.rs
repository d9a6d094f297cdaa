//! `yice import`: a roster workbook, without anybody signing in. The command writes what it cannot read back: everything is
//! sealed to the public keys of the offices.

mod report;

use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::house::Place;
use super::say::{Words, print, tell};
use super::{Failure, Outcome, accounts, school};
use crate::domain::ids::SchoolId;
use crate::domain::relation::Standing;
use crate::domain::roster::{self, MAX_FILE_BYTES, Roster};
use crate::domain::words::{Kind, Language, SchoolKind};
use crate::policy::Report as Blind;
use crate::service::{App, Plan, Taken};
use crate::web::ui::t;
use report::Report;

/// Takes in a roster.
#[derive(Debug, Args)]
#[command(after_help = "示例 · Examples:
  yice import roster.xlsx --dir /var/lib/yice --school 柳溪镇初级中学 --dry-run
  yice import roster.xlsx --dir /var/lib/yice --school 柳溪镇初级中学
  yice import roster.xlsx --dir /var/lib/yice --school 柳溪镇初级中学 --json | jq .created

退出码 · Exit codes: 0 全部导入 all rows taken, 2 部分行被拒绝 some rows refused, 1 没有导入 nothing done")]
pub struct Import {
    /// 学籍表（.xlsx）· roster workbook
    file: PathBuf,
    #[command(flatten)]
    place: Place,
    /// 学校名称；没有这所学校时会新建 · the school; founded if there is none of this name
    #[arg(long, value_name = "NAME")]
    school: String,
    /// 只检查，不导入 · only say what would be done
    #[arg(long)]
    dry_run: bool,
    /// 结果输出为 JSON · print the result as JSON
    #[arg(long)]
    json: bool,
}

/// Which school a roster is for.
enum Target {
    /// One that exists under this name.
    Known(SchoolId),
    /// The only one, which has no name yet.
    Unnamed(SchoolId),
    /// None yet.
    New,
}

impl Import {
    /// Runs it.
    ///
    /// # Errors
    /// The workbook is no roster, or the installation cannot be used: then nothing is done.
    pub async fn run(self, lang: Language) -> Result<Outcome, Failure> {
        let app = self.place.open().await?;
        let roster = read(&self.file, app.school_year())?;
        let name = self.school.trim();
        let target = target(&app, name).await?;
        let report = if self.dry_run {
            would_do(&app, name, &target, roster).await?
        } else {
            take_in(&app, lang, name, target, roster).await?
        };
        app.db.close().await;
        if self.json {
            print(&report.json(lang));
        } else {
            report.tell(lang);
        }
        Ok(report.outcome())
    }
}

/// Reads the workbook; one that is too large is not read to its end.
fn read(file: &Path, school_year: i16) -> Result<Roster, Failure> {
    let cannot = |cause| Failure::File(file.to_owned(), cause);
    let mut bytes = Vec::new();
    let limit = MAX_FILE_BYTES as u64 + 1;
    std::fs::File::open(file).map_err(cannot)?.take(limit).read_to_end(&mut bytes).map_err(cannot)?;
    roster::read(&bytes, school_year).map_err(Failure::Unreadable)
}

async fn target(app: &App, name: &str) -> Result<Target, Failure> {
    let schools = school::every(app).await?;
    if schools.iter().any(|school| school.name == name && school.kind == SchoolKind::District) {
        return Err(Failure::IsDistrict(name.to_owned()));
    }
    if let Some(known) = schools.iter().find(|school| school.name == name) {
        return Ok(Target::Known(known.id));
    }
    let mut unnamed = schools.iter().filter(|school| school.name.is_empty());
    Ok(match (unnamed.next(), unnamed.next()) {
        (Some(only), None) => Target::Unnamed(only.id),
        _ => Target::New,
    })
}

async fn would_do(app: &App, name: &str, target: &Target, roster: Roster) -> Result<Report, Failure> {
    match target {
        Target::Known(id) | Target::Unnamed(id) => {
            let plan = app.plan_roster(*id, roster, None).await?;
            Ok(Report::of(name, true, &plan, plan.counts(), app.school_year()))
        }
        Target::New => Ok(Report::of_new_school(name, roster, app.school_year())),
    }
}

async fn take_in(app: &App, lang: Language, name: &str, target: Target, roster: Roster) -> Result<Report, Failure> {
    if roster.rows.is_empty() {
        return Ok(Report::of_nothing(name, roster));
    }
    let id = match target {
        Target::Known(id) => id,
        Target::Unnamed(id) => {
            app.name_school(id, name).await?;
            id
        }
        Target::New => {
            let founded = school::found(app, name).await?;
            tell(&t!(Words(lang), "cli-init-codes", days = crate::service::INVITATION_DAYS));
            for waiting in accounts::first_people(app, &founded).await? {
                tell(&waiting.line());
            }
            founded.id
        }
    };
    let plan = app.plan_roster(id, roster, None).await?;
    let taken = with_progress(app, &plan).await?;
    Ok(Report::of(name, false, &plan, taken, app.school_year()))
}

/// Takes a plan in with a bar on the terminal; nothing is drawn where there is none.
async fn with_progress(app: &App, plan: &Plan) -> Result<Taken, Failure> {
    let permit = app.permit::<Blind>(&Standing::installation(plan.school), Kind::Roster, plan.school.0).await?;
    let bar = ProgressBar::new(plan.items.len() as u64);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len}") {
        bar.set_style(style);
    }
    let taken = app.take_in_roster(&permit, plan, &|done| bar.set_position(done as u64)).await;
    bar.finish_and_clear();
    Ok(taken?)
}
