//! Proving that the audit chain is whole.

use clap::Subcommand;

use super::house::Place;
use super::say::{Words, print, tell};
use super::{Failure, Outcome};
use crate::domain::ids::SchoolId;
use crate::domain::words::Language;
use crate::web::ui::t;

/// The audit chain.
#[derive(Debug, Subcommand)]
pub enum Audit {
    /// 校验操作记录链 · Prove that no line was changed, removed or added
    #[command(after_help = "示例 · Example:\n  yice audit verify --dir /var/lib/yice\n
每所学校一条链；不完整时指出第一处，退出码 1 · One chain per school; a broken one is named with its first line, exit 1")]
    Verify(Place),
}

impl Audit {
    /// Runs it.
    ///
    /// # Errors
    /// The installation cannot be opened.
    pub async fn run(self, lang: Language) -> Result<Outcome, Failure> {
        let Self::Verify(place) = self;
        let words = Words(lang);
        let app = place.open().await?;
        let mut conn = app.db.read().await?;
        let schools = conn.schools().await?;
        let name = |id: SchoolId| match schools.iter().find(|school| school.id == id) {
            _ if id.0.is_nil() => t!(words, "cli-audit-house"),
            Some(school) if !school.name.is_empty() => school.name.clone(),
            _ => id.to_string(),
        };
        let mut broken = false;
        for school in conn.audited_schools().await? {
            let walked = conn.walk_chain(school).await?;
            match walked.broken_at {
                None if walked.lines == 0 => {}
                None => print(&t!(words, "cli-audit-whole", school = name(school), lines = walked.lines)),
                Some(line) => {
                    broken = true;
                    tell(&format!("yice: {}", t!(words, "cli-audit-broken", school = name(school), line = line)));
                }
            }
        }
        Ok(if broken { Outcome::Silent } else { Outcome::Done })
    }
}
