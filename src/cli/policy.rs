//! Looking at who may do what.

use clap::Subcommand;

use super::say::{Words, print};
use super::{Failure, Outcome};
use crate::domain::words::Language;
use crate::policy;
use crate::web::ui::t;

/// Who may do what.
#[derive(Debug, Subcommand)]
pub enum Policy {
    /// 输出完整权限表 · Print the whole table, as `policies/matrix.snap` holds it
    #[command(after_help = "示例 · Example:\n  yice policy matrix > policies/matrix.snap")]
    Matrix,
    /// 检查权限规则 · Check that every rule is understood
    #[command(after_help = "示例 · Example:\n  yice policy check")]
    Check,
}

impl Policy {
    /// Runs it.
    ///
    /// # Errors
    /// The policy that was compiled in is not sound.
    pub async fn run(self, lang: Language) -> Result<Outcome, Failure> {
        let policy = policy::Policy::load().await?;
        let matrix = policy.matrix();
        match self {
            Self::Matrix => print(matrix.trim_end()),
            Self::Check => {
                print(&t!(Words(lang), "cli-policy-sound", lines = matrix.lines().count().saturating_sub(1)));
            }
        }
        Ok(Outcome::Done)
    }
}
