//! `yice init`: an empty installation for real use.

use clap::Args;
use secrecy::ExposeSecret as _;

use super::accounts;
use super::house::Place;
use super::say::{Words, print, tell};
use super::{Failure, Outcome};
use crate::domain::words::Language;
use crate::service::INVITATION_DAYS;
use crate::web::ui::t;

/// Makes an empty installation.
#[derive(Debug, Args)]
#[command(after_help = "示例 · Examples:
  yice init --dir /var/lib/yice --school 柳溪镇初级中学
  yice init --dir /var/lib/yice --database postgres://yice@db/yice

文件夹中会有 server.secret（请单独备份，不要与数据库放在一起）和 yice.db
The folder gets server.secret (back it up apart from the database) and yice.db")]
pub struct Init {
    #[command(flatten)]
    place: Place,
    /// 学校名称（可稍后由管理员填写，或随学籍表导入）· name of the school; may also be given later
    #[arg(long, value_name = "NAME", default_value = "")]
    school: String,
}

impl Init {
    /// Runs it.
    ///
    /// # Errors
    /// There is an installation already, or the folder or database cannot be used.
    pub async fn run(self, lang: Language) -> Result<Outcome, Failure> {
        let words = Words(lang);
        let app = self.place.make().await?;
        let slips = app.found_installation().await?;
        let founded = app.found_school(self.school.trim()).await?;
        let first = accounts::first_people(&app, &founded).await?;
        app.db.close().await;
        tell(&t!(words, "cli-init-slips"));
        for slip in &slips {
            print(&format!("slip\t{}", slip.to_text().expose_secret()));
        }
        tell(&t!(words, "cli-init-codes", days = INVITATION_DAYS));
        for waiting in &first {
            print(&waiting.line());
        }
        tell(&t!(words, "cli-init-next", path = self.place.dir.display().to_string()));
        Ok(Outcome::Done)
    }
}
