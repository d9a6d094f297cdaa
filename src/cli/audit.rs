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
        let heads = conn.audit_heads().await?;
        let name = |id: SchoolId| {
            let named = schools.iter().find(|school| school.id == id && !school.name.is_empty());
            named.map_or_else(
                || if id.0.is_nil() { t!(words, "cli-audit-house") } else { id.to_string() },
                |s| s.name.clone(),
            )
        };
        // A chain whose head was removed still has a school; a school that was removed still has a head.
        let mut chains: Vec<SchoolId> =
            schools.iter().map(|school| school.id).chain([SchoolId(uuid::Uuid::nil())]).collect();
        chains.extend(heads.iter().map(|head| head.0));
        chains.sort();
        chains.dedup();
        let mut broken = false;
        for school in chains {
            let lines = heads.iter().find(|head| head.0 == school).map_or(0, |head| head.1);
            match conn.verify_chain(school).await? {
                None if lines == 0 => {}
                None => print(&t!(words, "cli-audit-whole", school = name(school), lines = lines)),
                Some(found) => {
                    broken = true;
                    tell(&format!("yice: {}", t!(words, "cli-audit-broken", school = name(school), line = found.seq)));
                }
            }
        }
        Ok(if broken { Outcome::Silent } else { Outcome::Done })
    }
}
