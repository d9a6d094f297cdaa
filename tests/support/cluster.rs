//! Empty databases: a SQLite file in a temporary folder, or a database in a private PostgreSQL cluster.

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{Connection as _, PgConnection};
use tempfile::TempDir;
use tokio::sync::OnceCell;
use yice::store::Db;

/// The two engines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// One embedded file.
    Sqlite,
    /// A cluster that this test run starts for itself.
    Postgres,
}

/// A database with all tables and nothing in them, for one test.
pub struct TestDb {
    /// The database.
    pub db: Db,
    /// What runs it.
    pub engine: Engine,
    /// How others reach it: the path of the file, or the URL of the database.
    pub place: String,
    _folder: Option<TempDir>,
}

impl TestDb {
    /// An empty database.
    pub async fn new(engine: Engine) -> Self {
        match engine {
            Engine::Sqlite => {
                let folder = tempfile::tempdir().expect("a temporary folder");
                let file = folder.path().join("yice.db");
                let db = Db::open_sqlite(&file).await.expect("a new SQLite file opens");
                Self { db, engine, place: file.display().to_string(), _folder: Some(folder) }
            }
            Engine::Postgres => {
                let place = postgres().await;
                let db = Db::open_postgres(&place).await.expect("a new PostgreSQL database opens");
                Self { db, engine, place, _folder: None }
            }
        }
    }

    /// Opens the same database once more, as another process would.
    pub async fn open_again(&self) -> yice::store::Result<Db> {
        match self.engine {
            Engine::Sqlite => Db::open_sqlite(self.place.as_ref()).await,
            Engine::Postgres => Db::open_postgres(&self.place).await,
        }
    }
}

/// The folder of the cluster of this test run. It ends with the run: see `cluster.sh`.
#[expect(clippy::zombie_processes, reason = "the cluster outlives the tests by the moment it needs to clean up")]
pub fn folder() -> &'static PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/cluster.sh");
        let child = Command::new("sh")
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // Of its own group, so that whatever ends the tests leaves it alive for as long as it takes to clean up.
            .process_group(0)
            .spawn()
            .expect("sh starts");
        let (input, output) = (child.stdin, child.stdout.expect("piped"));
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line).expect("the cluster says when it is ready");
        let folder = line.trim().strip_prefix("ready ").expect("PostgreSQL starts: see the lines above");
        // Open until this process ends: its end is the sign for the cluster to end.
        std::mem::forget(input);
        PathBuf::from(folder)
    })
}

/// The URL of a database of the private cluster.
pub fn url(name: &str) -> String {
    format!("postgres:///{name}?host={}&user=yice", folder().display())
}

/// A new database with all tables, copied from one that was migrated once.
async fn postgres() -> String {
    static TEMPLATE: OnceCell<()> = OnceCell::const_new();
    static NEXT: AtomicU32 = AtomicU32::new(1);
    TEMPLATE
        .get_or_init(|| async {
            create("migrated", "template0").await;
            let db = Db::open_postgres(&url("migrated")).await.expect("the template opens");
            db.close().await;
        })
        .await;
    let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
    create(&name, "migrated").await;
    url(&name)
}

/// A new database that was never migrated.
pub async fn bare_postgres(name: &str) -> String {
    create(name, "template0").await;
    url(name)
}

#[expect(clippy::disallowed_methods, reason = "a database name cannot be an argument; these two are made here")]
async fn create(name: &str, template: &str) {
    let mut admin = PgConnection::connect(&url("postgres")).await.expect("the cluster answers");
    let statement = format!("CREATE DATABASE {name} TEMPLATE {template}");
    sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut admin).await.expect("a database is made");
}
