//! Schools of an installation.

use clap::{Args, Subcommand};

use super::accounts;
use super::house::Place;
use super::say::print;
use super::{Failure, Outcome};
use crate::domain::ids::SchoolId;
use crate::domain::words::SchoolKind;
use crate::service::{App, Error};
use crate::store::School as Row;

/// Schools.
#[derive(Debug, Subcommand)]
pub enum School {
    /// 列出学校 · List them: id, name
    #[command(after_help = "示例 · Example:\n  yice school list --dir /var/lib/yice")]
    List(Place),
    /// 增加一所学校 · Found another one
    #[command(after_help = "示例 · Examples:
  yice school add 石门小学 --dir /var/lib/yice
  yice school add --district 柳溪县教育局 --dir /var/lib/yice

输出该校首位管理员和首位心理教师的邀请码；教育局则为首位管理员和首位工作人员。一个系统只有一个教育局
Prints invitation codes for its first administrator and counsellor; for the district, its first administrator and officer.
An installation has one district")]
    Add(Add),
}

/// Founds a school.
#[derive(Debug, Args)]
pub struct Add {
    /// 学校名称 · its name
    name: String,
    /// 这是教育局，不是学校：没有班级和学生 · it is the district, not a school: no classes, no students
    #[arg(long)]
    district: bool,
    #[command(flatten)]
    place: Place,
}

impl School {
    /// Runs it.
    ///
    /// # Errors
    /// The installation cannot be opened, or the name is taken.
    pub async fn run(self) -> Result<Outcome, Failure> {
        match self {
            Self::List(place) => {
                for school in every(&place.open().await?).await? {
                    print(&format!("{}\t{}", school.id, school.name));
                }
            }
            Self::Add(Add { name, district: true, place }) => {
                let app = place.open().await?;
                let founded = app.found_district(name.trim()).await.map_err(|error| match &error {
                    Error::Invalid(problems) if problems.iter().any(|p| p.field == "district") => {
                        Failure::DistrictFounded
                    }
                    Error::Invalid(_) => Failure::SchoolTaken(name.trim().to_owned()),
                    _ => error.into(),
                })?;
                for waiting in accounts::first_officers(&app, &founded).await? {
                    print(&waiting.line());
                }
            }
            Self::Add(Add { name, district: false, place }) => {
                let app = place.open().await?;
                let founded = found(&app, &name).await?;
                for waiting in accounts::first_people(&app, &founded).await? {
                    print(&waiting.line());
                }
            }
        }
        Ok(Outcome::Done)
    }
}

/// All schools by name, and the district.
///
/// # Errors
/// The database.
pub async fn every(app: &App) -> Result<Vec<Row>, Failure> {
    Ok(app.db.read().await?.schools().await?)
}

/// All schools by name, without the district.
///
/// # Errors
/// The database.
pub async fn all(app: &App) -> Result<Vec<Row>, Failure> {
    let mut schools = every(app).await?;
    schools.retain(|school| school.kind == SchoolKind::School);
    Ok(schools)
}

/// Founds a school under a name that is free.
///
/// # Errors
/// The name is taken.
pub async fn found(app: &App, name: &str) -> Result<crate::service::FoundedSchool, Failure> {
    let name = name.trim();
    if every(app).await?.iter().any(|school| school.name == name) {
        return Err(Failure::SchoolTaken(name.to_owned()));
    }
    Ok(app.found_school(name).await?)
}

/// The school, or the district, with this name; without a name the only school there is.
///
/// # Errors
/// None has the name, or there are several to choose from.
pub async fn named(app: &App, name: Option<&str>) -> Result<SchoolId, Failure> {
    let schools = if name.is_some() { every(app).await? } else { all(app).await? };
    match (name.map(str::trim), schools.as_slice()) {
        (None, [only]) => Ok(only.id),
        (None, _) => Err(Failure::WhichSchool),
        (Some(name), schools) => {
            let found = schools.iter().find(|school| school.name == name);
            found.map(|school| school.id).ok_or_else(|| Failure::NoSchool(name.to_owned()))
        }
    }
}
