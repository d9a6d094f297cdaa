//! Proving that the audit chain is whole.

use clap::Subcommand;

use super::house::Place;
use super::say::{Words, print, tell};
use super::{Failure, Outcome, school};
use crate::domain::ids::SchoolId;
use crate::domain::words::Language;
use crate::service::signed_heads;
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
        let schools = school::every(&app).await?;
        let name = |id: SchoolId| match schools.iter().find(|school| school.id == id) {
            _ if id.0.is_nil() => t!(words, "cli-audit-house"),
            Some(school) if !school.name.is_empty() => school.name.clone(),
            _ => id.to_string(),
        };
        let files = signed_heads(&place.dir).map_err(|cause| Failure::File(place.dir.clone(), cause))?;
        let report = app.verify_audit(&files).await?;
        for chain in report.chains.iter().filter(|chain| chain.broken_at.is_none() && chain.lines > 0) {
            print(&t!(words, "cli-audit-whole", school = name(chain.school), lines = chain.lines));
        }
        if report.heads > 0 && report.bad_heads.is_empty() {
            print(&t!(words, "cli-audit-heads", heads = report.heads));
        }
        for (chain, line) in report.chains.iter().filter_map(|chain| Some((chain, chain.broken_at?))) {
            tell(&format!("yice: {}", t!(words, "cli-audit-broken", school = name(chain.school), line = line)));
        }
        for bad in &report.bad_heads {
            let text = match bad.names {
                Some((school, line)) => t!(words, "cli-audit-head-differs", school = name(school), line = line),
                None => t!(words, "cli-audit-head-strange", text = bad.text.clone()),
            };
            tell(&format!("yice: {text}"));
        }
        Ok(if report.is_sound() { Outcome::Done } else { Outcome::Silent })
    }
}
