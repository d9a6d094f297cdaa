//! The tables, step by step: `migrations/ENGINE/NNNN_name.sql`, carried in the program.

use std::pin::Pin;

use rust_embed::RustEmbed;
use sqlx::error::BoxDynError;
use sqlx::migrate::{Migration, MigrationSource, MigrationType, Migrator};
use sqlx::{AssertSqlSafe, SqlSafeStr as _};

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/migrations"]
struct Files;

/// The steps of one engine.
#[derive(Debug, Clone, Copy)]
pub(super) enum Engine {
    Sqlite,
    Postgres,
}

impl Engine {
    /// What brings a database up to date.
    ///
    /// # Errors
    /// A file whose name is no number and words, or that is no text.
    pub async fn steps(self) -> Result<Migrator, sqlx::migrate::MigrateError> {
        Migrator::new(self).await
    }

    const fn folder(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite/",
            Self::Postgres => "postgres/",
        }
    }
}

impl MigrationSource<'static> for Engine {
    fn resolve(self) -> Pin<Box<dyn Future<Output = Result<Vec<Migration>, BoxDynError>> + Send>> {
        Box::pin(std::future::ready(read(self.folder())))
    }
}

fn read(folder: &str) -> Result<Vec<Migration>, BoxDynError> {
    let mut steps = Vec::new();
    for path in Files::iter() {
        let Some(name) = path.strip_prefix(folder).and_then(|name| name.strip_suffix(".sql")) else { continue };
        let (number, words) = name.split_once('_').ok_or("a step is called NNNN_name.sql")?;
        let file = Files::get(&path).ok_or("a step is gone")?;
        let text = String::from_utf8(file.data.into_owned())?;
        #[expect(clippy::disallowed_methods, reason = "a file of this program")]
        let text = AssertSqlSafe(text).into_sql_str();
        steps.push(Migration::new(number.parse()?, words.replace('_', " ").into(), MigrationType::Simple, text, false));
    }
    steps.sort();
    Ok(steps)
}
