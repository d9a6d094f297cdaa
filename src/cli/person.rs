//! Accounts, for whoever operates the server: people come and go, keys are handed over by colleagues and never here.

use clap::{Args, Subcommand};
use secrecy::ExposeSecret as _;

use super::house::Place;
use super::say::{Words, print, tell};
use super::{Failure, Outcome, school};
use crate::domain::ids::{ClassId, SchoolId};
use crate::domain::relation::Standing;
use crate::domain::roster::ClassKey;
use crate::domain::words::{Language, Role};
use crate::service::{App, Error, Invited, NewPerson};
use crate::store::Person as Row;
use crate::web::ui::t;

/// Accounts of staff.
#[derive(Debug, Subcommand)]
pub enum Person {
    /// 列出账号 · List them: sign-in name, name, roles, state
    #[command(after_help = "示例 · Example:\n  yice person list --dir /var/lib/yice")]
    List(Where),
    /// 新建账号并输出邀请码 · Make an account and print its invitation code
    #[command(after_help = "示例 · Examples:
  yice person invite liting 李婷 --role counsellor --dir /var/lib/yice
  yice person invite zhangwei 张伟 --role homeroom_teacher --class 7-1 --dir /var/lib/yice

邀请码不含任何学生档案的密钥：由同事在“密钥”页面确认后才能打开档案
The code carries no key to any file: a colleague lets the newcomer in on the page of offices")]
    Invite(Invite),
    /// 忘记密码：作废原密钥，重新邀请 · For a forgotten password: destroy the old keys and invite again
    #[command(after_help = "示例 · Example:\n  yice person renew liting --dir /var/lib/yice")]
    Renew(Renew),
}

/// Which school of which installation.
#[derive(Debug, Args)]
pub struct Where {
    #[command(flatten)]
    place: Place,
    /// 学校名称（只有一所时可省略）· the school, where there are several
    #[arg(long, value_name = "NAME")]
    school: Option<String>,
}

/// A person to be put on the staff.
#[derive(Debug, Args)]
pub struct Invite {
    /// 登录名 · name to sign in with
    login: String,
    /// 姓名 · name that colleagues see
    name: String,
    /// 岗位 · role
    #[arg(long, value_name = "ROLE", value_parser = role)]
    role: Role,
    /// 班级（班主任必填），如 7-1 · class, for a homeroom teacher: grade-number
    #[arg(long, value_name = "GRADE-NUMBER")]
    class: Option<String>,
    /// 背景审查日期（社会帮扶人员必填），如 2026-09-01 · day of the background check, for somebody from outside
    #[arg(long, value_name = "DATE")]
    checked: Option<jiff::civil::Date>,
    #[command(flatten)]
    at: Where,
}

/// A person who cannot get in any more.
#[derive(Debug, Args)]
pub struct Renew {
    /// 登录名 · name to sign in with
    login: String,
    #[command(flatten)]
    at: Where,
}

/// Reads a role that can be given.
fn role(code: &str) -> Result<Role, String> {
    let mut all = [Role::ASSIGNABLE, Role::ASSIGNABLE_AT_DISTRICT].concat();
    all.dedup();
    let known = Role::parse(code).filter(|role| all.contains(role));
    known.ok_or_else(|| all.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(" | "))
}

impl Person {
    /// Runs it.
    ///
    /// # Errors
    /// The installation cannot be opened, or an argument names nobody.
    pub async fn run(self, lang: Language) -> Result<Outcome, Failure> {
        match self {
            Self::List(Where { place, school }) => {
                let app = place.open().await?;
                let school = school::named(&app, school.as_deref()).await?;
                list(&app, school).await?;
            }
            Self::Invite(Invite { login, name, role, class, checked, at: Where { place, school } }) => {
                let app = place.open().await?;
                let school = school::named(&app, school.as_deref()).await?;
                let class = match class {
                    None if role.is_for_a_class() => return Err(Failure::WhichClass),
                    None => None,
                    Some(class) => Some(class_named(&app, school, &class).await?),
                };
                if role == Role::ExternalHelper && checked.is_none() {
                    return Err(Failure::WhichDay);
                }
                let new = NewPerson { login: login.clone(), name, duties: vec![(role, class)], checked };
                let invited = app.create_person(&Standing::installation(school), &new).await;
                say_code(lang, &invited.map_err(|error| taken(error, login))?);
            }
            Self::Renew(Renew { login, at: Where { place, school } }) => {
                let app = place.open().await?;
                let school = school::named(&app, school.as_deref()).await?;
                let person = signing_in_as(&app, school, &login).await?;
                say_code(lang, &app.renew(&Standing::installation(school), person.id).await?);
            }
        }
        Ok(Outcome::Done)
    }
}

fn say_code(lang: Language, invited: &Invited) {
    print(&format!("{}\t{}", invited.login, invited.code.expose_secret()));
    tell(&t!(Words(lang), "cli-invited", days = crate::service::INVITATION_DAYS));
}

fn taken(error: Error, login: String) -> Failure {
    match &error {
        Error::Invalid(problems) if problems.iter().any(|p| p.code == "login-taken") => Failure::LoginTaken(login),
        _ => error.into(),
    }
}

async fn list(app: &App, school: SchoolId) -> Result<(), Failure> {
    let mut conn = app.db.read().await?;
    let duties = conn.school_duties(school, app.now()).await?;
    for person in conn.persons(school).await? {
        let roles = duties.iter().filter(|(_, holder, _)| *holder == person.id).map(|(_, _, duty)| duty.role.as_str());
        let roles = roles.collect::<Vec<_>>().join(",");
        let state = match (person.active, &person.recipient) {
            (false, _) => "closed",
            (true, None) => "invited",
            (true, Some(_)) => "active",
        };
        print(&format!("{}\t{}\t{roles}\t{state}", person.login, person.name));
    }
    Ok(())
}

/// The member of staff who signs in under a name.
///
/// # Errors
/// Nobody does.
pub async fn signing_in_as(app: &App, school: SchoolId, login: &str) -> Result<Row, Failure> {
    let wanted = login.trim().to_lowercase();
    let found = app.db.read().await?.persons(school).await?.into_iter().find(|person| person.login == wanted);
    found.ok_or_else(|| Failure::NoPerson(login.to_owned()))
}

/// The class of a school that people of today call `7-1`.
///
/// # Errors
/// There is none.
pub async fn class_named(app: &App, school: SchoolId, text: &str) -> Result<ClassId, Failure> {
    let unknown = || Failure::NoClass(text.to_owned());
    let (grade, number) = text.split_once('-').ok_or_else(unknown)?;
    let grade: u8 = grade.trim().parse().map_err(|_| unknown())?;
    let number: u8 = number.trim().parse().map_err(|_| unknown())?;
    if !(1..=12).contains(&grade) {
        return Err(unknown());
    }
    let key = ClassKey::new(grade, number, app.school_year());
    let classes = app.db.read().await?.classes(school).await?;
    let same = |cohort: i64, number: i64| (cohort, number) == (key.cohort.into(), key.number.into());
    classes.iter().find(|class| same(class.cohort, class.number)).map(|class| class.id).ok_or_else(unknown)
}
