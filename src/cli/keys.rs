//! Looking after keys without holding any.

use std::io::BufRead as _;

use clap::{Args, Subcommand, ValueEnum};

use super::house::Place;
use super::say::{Words, print, tell};
use super::{Failure, Outcome, person, school};
use crate::domain::words::{Language, OfficeKind};
use crate::service::Error;
use crate::vault::Slip;
use crate::web::ui::t;

/// Keys.
#[derive(Debug, Subcommand)]
pub enum Key {
    /// 核对权限与密钥是否一致 · Compare who should hold a key with who does
    #[command(after_help = "示例 · Example:\n  yice key check --dir /var/lib/yice\n
一致时没有输出，退出码 0；否则每行一处：种类、密钥、持有者、代次，退出码 1
Says nothing and exits with 0 when they agree; otherwise one line each: finding, key, holder, epoch, and exit 1")]
    Check(Place),
    /// 用两张恢复凭条让一位教师进入科室 · Let a person into an office with two recovery slips
    #[command(after_help = "示例 · Examples:
  yice key recover --dir /var/lib/yice --person liting --office counselling
  yice key recover --dir /var/lib/yice --person zhangwei --office homeroom --class 7-1

从标准输入读两行，每行一张凭条 · Reads two lines from standard input, one slip each")]
    Recover(Recover),
    /// 用两张恢复凭条移交一位心理教师的辅导记录 · Give a counsellor's notes to a successor with two recovery slips
    #[command(after_help = "示例 · Examples:
  yice key hand-over --dir /var/lib/yice --from liting --to zhoumin
  yice key hand-over --dir /var/lib/yice --from liting --to liting    换过密码 · after a new password

从标准输入读两行，每行一张凭条 · Reads two lines from standard input, one slip each")]
    HandOver(HandOver),
}

/// Whose notes go to whom.
#[derive(Debug, Args)]
pub struct HandOver {
    #[command(flatten)]
    place: Place,
    /// 写记录的人 · sign-in name of who wrote the notes
    #[arg(long, value_name = "LOGIN")]
    from: String,
    /// 接手的心理教师（须已接受邀请）· sign-in name of a counsellor who accepted the invitation
    #[arg(long, value_name = "LOGIN")]
    to: String,
    /// 学校名称（只有一所时可省略）· the school, where there are several
    #[arg(long, value_name = "NAME")]
    school: Option<String>,
}

/// Who is to be let in where.
#[derive(Debug, Args)]
pub struct Recover {
    #[command(flatten)]
    place: Place,
    /// 登录名（须已接受邀请）· sign-in name of somebody who accepted the invitation
    #[arg(long, value_name = "LOGIN")]
    person: String,
    /// 科室 · office
    #[arg(long, value_enum)]
    office: Office,
    /// 班级，如 7-1（office 为 homeroom 或 teachers 时）· class of the homeroom or of the subject teachers
    #[arg(long, value_name = "GRADE-NUMBER", required_if_eq_any([("office", "homeroom"), ("office", "teachers")]))]
    class: Option<String>,
    /// 学校名称（只有一所时可省略）· the school, where there are several
    #[arg(long, value_name = "NAME")]
    school: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Office {
    /// 心理辅导室
    Counselling,
    /// 班级
    Homeroom,
    /// 德育处
    #[value(name = "moral_ed")]
    MoralEd,
    /// 任课教师
    Teachers,
    /// 教育局
    District,
}

impl From<Office> for OfficeKind {
    fn from(office: Office) -> Self {
        match office {
            Office::Counselling => Self::Counselling,
            Office::Homeroom => Self::Homeroom,
            Office::MoralEd => Self::MoralEd,
            Office::Teachers => Self::Teachers,
            Office::District => Self::District,
        }
    }
}

impl Key {
    /// Runs it.
    ///
    /// # Errors
    /// The installation cannot be opened, an argument names nobody, or the slips do not fit.
    pub async fn run(self, lang: Language) -> Result<Outcome, Failure> {
        match self {
            Self::Check(place) => check(&place, lang).await,
            Self::Recover(recover) => recover.run(lang).await,
            Self::HandOver(hand_over) => hand_over.run(lang).await,
        }
    }
}

async fn check(place: &Place, lang: Language) -> Result<Outcome, Failure> {
    let app = place.open().await?;
    let mut count = 0;
    for school in school::every(&app).await? {
        for found in app.key_check(school.id).await? {
            count += 1;
            print(&format!("{}\t{}\t{}\t{}", found.finding, found.key, found.holder, found.epoch));
        }
    }
    if count == 0 {
        return Ok(Outcome::Done);
    }
    tell(&format!("yice: {}", t!(Words(lang), "cli-keys-differ", count = count)));
    Ok(Outcome::Silent)
}

impl Recover {
    async fn run(self, lang: Language) -> Result<Outcome, Failure> {
        let words = Words(lang);
        let app = self.place.open().await?;
        let school = school::named(&app, self.school.as_deref()).await?;
        let person = person::signing_in_as(&app, school, &self.person).await?;
        let class = match &self.class {
            Some(class) => Some(person::class_named(&app, school, class).await?),
            None => None,
        };
        tell(&t!(words, "cli-recover-slips"));
        let slips = read_slips()?;
        let done = app.recover_into(&slips, person.id, self.office.into(), class).await;
        let new = done.map_err(|error| match error {
            Error::NotFound => Failure::OtherSlips,
            Error::NoKey => Failure::NoKeys(self.person),
            other => other.into(),
        })?;
        tell(&if new { t!(words, "cli-recovered") } else { t!(words, "cli-recovered-before") });
        Ok(Outcome::Done)
    }
}

impl HandOver {
    async fn run(self, lang: Language) -> Result<Outcome, Failure> {
        let words = Words(lang);
        let app = self.place.open().await?;
        let school = school::named(&app, self.school.as_deref()).await?;
        let from = person::signing_in_as(&app, school, &self.from).await?;
        let to = person::signing_in_as(&app, school, &self.to).await?;
        tell(&t!(words, "cli-recover-slips"));
        let slips = read_slips()?;
        let count = app.recover_notes(&slips, from.id, to.id).await.map_err(|error| match error {
            Error::NotFound => Failure::NoSuccessor,
            Error::NoKey => Failure::NoKeys(self.to),
            other => other.into(),
        })?;
        tell(&t!(words, "cli-notes-recovered", count = count));
        Ok(Outcome::Done)
    }
}

/// Two slips from standard input; blank lines between them do not matter.
fn read_slips() -> Result<[Slip; 2], Failure> {
    let mut lines = std::io::stdin().lock().lines().map_while(Result::ok).filter(|line| !line.trim().is_empty());
    let mut next = || {
        let line = zeroize::Zeroizing::new(lines.next().unwrap_or_default());
        Slip::parse(&line).map_err(Failure::Slip)
    };
    Ok([next()?, next()?])
}
