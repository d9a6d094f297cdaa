//! All SQL. One text per query, two drivers, no branch on the engine (design §7).
//!
//! [`Db::begin`] starts a writing transaction and [`Db::read`] a read-only snapshot. Reading functions live on [`Conn`], which
//! both give; writing functions live on [`Tx`] and ask for a [`Permit`](crate::policy::Permit).

mod answer;
mod appending;
mod appointments;
mod audit;
mod calendar;
mod cells;
pub(crate) mod chain;
mod compliance;
mod copy;
mod counselling;
mod crises;
mod deadlines;
mod drafts;
mod facts;
mod files;
mod grants;
mod handovers;
mod help;
mod house;
mod imports;
mod keeping;
mod keys;
mod leases;
mod letters;
mod mandatory;
mod meetings;
mod migrations;
mod notices;
mod outbox;
mod pairings;
mod papers;
mod people;
mod postgres;
mod process;
mod readings;
mod referrals;
mod releases;
mod reviews;
mod rounds;
mod row;
mod second_factors;
mod sqlite;
mod strengths;
mod successions;
mod supervisions;
mod trail;
mod warnings;
mod whole;

pub use appending::{Added, Spot};
pub use appointments::{Appointment, RoomHours};
pub use audit::StoredLine;
pub use calendar::MarkedDay;
pub use cells::{Cell, CellTable};
pub use chain::Broken;
pub use compliance::{AccessDay, ClosedFile, Incident};
pub use copy::{check_sqlite, copy_sqlite};
pub use counselling::{CounselGroup, StoredMeeting};
pub use crises::StoredCrisis;
pub use deadlines::Deadline;
pub use drafts::Draft;
pub use files::{Entry, NewEntry, Record, SheetPart, Student, StudentMacs};
pub use grants::Grant;
pub use handovers::Handover;
pub use help::{Exchange, HelpBox, HelpLine, HelpTurn};
pub use house::{Class, Installation, School, Term};
pub use imports::{ImportState, StoredImport};
pub use keeping::{Erased, Keeping, StillRunning};
pub use keys::{Key, NewWrap, Office, Wrap, WrapForm};
pub use leases::Lease;
pub use letters::Letter;
pub use mandatory::StoredReport;
pub use meetings::{Meeting, StoredDecision};
pub use notices::Notice;
pub use outbox::{Message, StoredChannel};
pub use pairings::{Pairing, PairingState};
pub use papers::{Copy, Paper};
pub use people::{Account, Invitation, Person, Session, Throttle};
pub use process::{Tally, Training};
pub use referrals::StoredReferral;
pub use releases::{Epoch, Release};
pub use reviews::{MoodSheet, StoredReview};
pub use rounds::{SchoolDay, Surroundings, TakenOver};
pub use second_factors::{HalfSession, SecondFactor};
pub use successions::Succession;
pub use supervisions::{StoredAnswer, Supervision};
pub use trail::{AuditFilter, Opened};
pub use warnings::{StoredStep, Warning};
pub use whole::{Present, Seat, WholeClass, WholeFile};

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Executor as _};

use answer::Begin;
use migrations::Engine;
use postgres::{Lent, Server};
use readings::Desk;
pub(crate) use row::row;
use sqlite::{Loan, Shelf};

/// Runs one SQL text on whichever driver the transaction uses.
///
/// `sql!(self, run "…", args)` gives the number of rows touched; `sql!(self, fetch_all Row: "…", args)` gives rows.
macro_rules! sql {
    ($tx:expr, run $text:literal $(, $arg:expr)* $(,)?) => {
        match &mut $tx.inner {
            $crate::store::Inner::Sqlite(lease) => {
                let query = sqlx::query(lease.text($crate::store::sqlite::texts!($text)))$(.bind($arg))*;
                lease.ask(query).await.map(|answers| $crate::store::answer::changes(&answers))
            }
            $crate::store::Inner::Postgres(lent) => {
                let query = sqlx::query($text)$(.bind($arg))*;
                lent.send(query).await.map(|answers| $crate::store::answer::changes(&answers))
            }
        }
    };
    ($tx:expr, $fetch:ident $row:ty: $text:literal $(, $arg:expr)* $(,)?) => {
        match &mut $tx.inner {
            $crate::store::Inner::Sqlite(lease) => {
                let query = sqlx::query(lease.text($crate::store::sqlite::texts!($text)))$(.bind($arg))*;
                lease.ask(query).await.and_then(|answers| $crate::store::answer::$fetch::<_, $row>(&answers))
            }
            $crate::store::Inner::Postgres(lent) => {
                let query = sqlx::query($text)$(.bind($arg))*;
                lent.send(query).await.and_then(|answers| $crate::store::answer::$fetch::<_, $row>(&answers))
            }
        }
    };
}
pub(crate) use sql;

/// Runs several SQL texts in their order: `sql_all!(self, [args], Row: "…", Row: "…")` gives a tuple of lists of rows. All of
/// them have the same arguments, of which each uses what it needs; a text that gives no rows has the row `()`.
///
/// They travel to the database and back together, in one snapshot where they only read.
macro_rules! sql_all {
    ($tx:expr, $args:tt, $($row:ty: $text:literal),+ $(,)?) => {
        match &mut $tx.inner {
            $crate::store::Inner::Sqlite(lease) => {
                let query = sqlx::query(lease.text($crate::store::sqlite::texts!($($text),+)));
                lease.ask($crate::store::with!(query, $args)).await.and_then(|answers| {
                    let mut answers = answers.iter();
                    let found = ($($crate::store::answer::next::<_, $row>(&mut answers)?),+);
                    Ok(found)
                })
            }
            $crate::store::Inner::Postgres(lent) => {
                // A connection keeps prepared texts by their words: here the same words have other arguments than elsewhere.
                let texts = [$(concat!($text, " /* ", file!(), ":", line!(), " */")),+];
                let params = $crate::store::with!($crate::store::postgres::Params::default(), $args);
                lent.ask(&texts, &params).await.and_then(|answers| {
                    let mut answers = answers.iter();
                    let found = ($($crate::store::answer::next::<_, $row>(&mut answers)?),+);
                    Ok(found)
                })
            }
        }
    };
}
pub(crate) use sql_all;

/// A query with its arguments.
macro_rules! with {
    ($query:expr, [$($arg:expr),* $(,)?]) => { $query$(.bind($arg))* };
}
pub(crate) use with;

/// What can go wrong with the database, for programmers. People see an incident number.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A unique constraint; the name says which value is taken.
    #[error("taken: {0}")]
    Taken(String),
    /// Another process holds the database, or it cannot be written now (full disk, read-only).
    #[error("the database cannot be written now: {0}")]
    Unavailable(#[source] sqlx::Error),
    /// The database was made by a newer version of Yice.
    #[error("the database is from a newer version of yice; update yice first")]
    Newer,
    /// A stored value that cannot be: names the table and column.
    #[error("corrupt value in {0}")]
    Corrupt(&'static str),
    /// Anything else the driver says.
    #[error(transparent)]
    Sqlx(sqlx::Error),
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(cause) if cause.is_unique_violation() => {
                // SQLite names the columns, PostgreSQL the constraint: callers compare by `contains`.
                Self::Taken(cause.constraint().map_or_else(|| cause.message().to_owned(), str::to_owned))
            }
            sqlx::Error::Database(cause) if unavailable(cause.code().as_deref()) => Self::Unavailable(error),
            sqlx::Error::PoolTimedOut | sqlx::Error::Io(_) => Self::Unavailable(error),
            _ => Self::Sqlx(error),
        }
    }
}

impl Error {
    /// A row that others still point to cannot go: it is taken.
    pub(crate) fn or_pointed_to(self) -> Self {
        match &self {
            Self::Sqlx(sqlx::Error::Database(cause)) if cause.is_foreign_key_violation() => {
                Self::Taken("a row that others point to".to_owned())
            }
            _ => self,
        }
    }
}

/// SQLite: 5 busy, 6 locked, 8 read-only, 10 input/output, 13 full, and their extended codes. PostgreSQL: classes 08, 53, 57 and 25006.
fn unavailable(code: Option<&str>) -> bool {
    let Some(code) = code else { return false };
    if code.len() == 5 {
        return code == "25006" || ["08", "53", "57"].iter().any(|class| code.starts_with(class));
    }
    code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6 | 8 | 10 | 13))
}

/// The result of a store function.
pub type Result<T> = std::result::Result<T, Error>;

/// A database: one SQLite file with a single writer, or a PostgreSQL cluster.
#[derive(Debug, Clone)]
pub struct Db {
    pools: Pools,
    /// Where audit lines of reading acts wait for each other.
    desk: Arc<Desk>,
}

#[derive(Debug, Clone)]
enum Pools {
    Sqlite { writer: Arc<Shelf>, readers: Arc<Shelf> },
    Postgres(Arc<Server>),
}

pub(crate) enum Inner {
    Sqlite(Loan),
    Postgres(Lent),
}

/// An open transaction as reading functions see it.
pub struct Conn {
    pub(crate) inner: Inner,
}

/// A writing transaction. Dropped without [`Tx::commit`], it leaves no trace.
pub struct Tx(Conn);

impl std::ops::Deref for Tx {
    type Target = Conn;
    fn deref(&self) -> &Conn {
        &self.0
    }
}

impl std::ops::DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut Conn {
        &mut self.0
    }
}

impl Tx {
    /// Makes everything done in this transaction permanent.
    ///
    /// # Errors
    /// The database could not keep it; then nothing of it happened.
    pub async fn commit(self) -> Result<()> {
        match self.0.inner {
            Inner::Sqlite(lease) => lease.commit().await,
            Inner::Postgres(lent) => lent.commit().await,
        }
    }

    /// Takes back what was done in this transaction and returns when what was read in it is permanent: on SQLite that may be an
    /// act of somebody who still waits for the `COMMIT`. Whoever answers "it stands there already" ends so.
    ///
    /// # Errors
    /// The database could not keep what was read.
    pub async fn leave(self) -> Result<()> {
        match self.0.inner {
            Inner::Sqlite(lease) => lease.leave().await,
            Inner::Postgres(lent) => lent.leave().await,
        }
    }
}

/// How long a request waits for a connection before it says that the database is busy.
const PATIENCE: Duration = Duration::from_secs(5);

impl Db {
    /// Opens (or makes) an embedded SQLite file and brings its tables up to date.
    ///
    /// # Errors
    /// The file cannot be opened or written, or is from a newer version.
    pub async fn open_sqlite(file: &Path) -> Result<Self> {
        // FULL: a committed audit line survives a power cut. One writer: no two transactions ever wait in SQLite itself.
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(PATIENCE)
            .row_buffer_size(500)
            .statement_cache_capacity(500)
            .pragma("trusted_schema", "OFF")
            .pragma("secure_delete", "ON")
            .pragma("cache_size", "-8000");
        let mut first = options.connect().await?;
        Engine::Sqlite.steps().await.map_err(migration)?.run(&mut first).await.map_err(migration)?;
        // SQLite opens a file that it may not write without a word, and would refuse the first person's first click.
        first.execute("BEGIN IMMEDIATE; PRAGMA user_version = 1; ROLLBACK").await?;
        let writer = Shelf::new(options.clone(), 1);
        writer.put(first);
        let readers = Shelf::new(options.pragma("query_only", "ON"), 4);
        Ok(Self { pools: Pools::Sqlite { writer, readers }, desk: Arc::default() })
    }

    /// Connects to PostgreSQL and brings its tables up to date.
    ///
    /// # Errors
    /// The server cannot be reached, refuses, or holds tables from a newer version.
    pub async fn open_postgres(url: &str) -> Result<Self> {
        let options: PgConnectOptions = url.parse()?;
        let once = PgPoolOptions::new().max_connections(1).connect_with(options.clone()).await?;
        Engine::Postgres.steps().await.map_err(migration)?.run(&once).await.map_err(migration)?;
        once.close().await;
        Ok(Self { pools: Pools::Postgres(Server::new(options)), desk: Arc::default() })
    }

    /// Starts a writing transaction: `BEGIN IMMEDIATE` on SQLite, where a deferred one that reads first and writes later
    /// fails under load. It is sent together with the first statement.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the database is held by someone else for too long; if that is another process, the first
    /// statement says so.
    pub async fn begin(&self) -> Result<Tx> {
        self.writer(Begin::Write).await
    }

    /// Starts a writing transaction that takes long. Acts that are short wait for each other and become permanent together on
    /// SQLite; none of them waits for this one.
    ///
    /// # Errors
    /// As [`Db::begin`].
    pub async fn begin_long(&self) -> Result<Tx> {
        self.writer(Begin::Long).await
    }

    async fn writer(&self, begin: Begin) -> Result<Tx> {
        let inner = match &self.pools {
            Pools::Sqlite { writer, .. } => Inner::Sqlite(writer.lend(begin).await?),
            Pools::Postgres(server) => Inner::Postgres(server.lend(begin).await?),
        };
        Ok(Tx(Conn { inner }))
    }

    /// Starts a read-only snapshot, in which both engines refuse writes.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when no connection is free for too long.
    pub async fn read(&self) -> Result<Conn> {
        self.reader(Begin::Snapshot).await
    }

    /// A reader for one question, or for several that travel together: what is asked after it may see newer rows. Cheaper than
    /// [`Db::read`], because no snapshot has to be given back.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when no connection is free for too long.
    pub async fn look(&self) -> Result<Conn> {
        self.reader(Begin::Alone).await
    }

    async fn reader(&self, begin: Begin) -> Result<Conn> {
        let inner = match &self.pools {
            Pools::Sqlite { readers, .. } => Inner::Sqlite(readers.lend(begin).await?),
            Pools::Postgres(server) => Inner::Postgres(server.lend(begin).await?),
        };
        Ok(Conn { inner })
    }

    /// Makes SQLite fold its log into the file and empty it, so that what was just deleted stands in neither; a reader who is
    /// still in an older snapshot puts that off until the log is folded next. What PostgreSQL keeps is its administrator's.
    ///
    /// # Errors
    /// The database.
    pub async fn settle(&self) -> Result<()> {
        let Pools::Sqlite { writer, .. } = &self.pools else { return Ok(()) };
        let mut loan = writer.lend(Begin::Alone).await?;
        let fold = sqlx::query(loan.text(sqlite::texts!("PRAGMA wal_checkpoint(TRUNCATE)")));
        loan.ask(fold).await.map(drop)
    }

    /// Closes all connections; SQLite folds its log into the file.
    pub async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Pools::Postgres(server) => server.close().await,
        }
    }
}

fn migration(error: sqlx::migrate::MigrateError) -> Error {
    match error {
        sqlx::migrate::MigrateError::VersionMissing(_) | sqlx::migrate::MigrateError::VersionTooNew(..) => Error::Newer,
        sqlx::migrate::MigrateError::Execute(cause) => Error::from(cause),
        other => Error::Sqlx(sqlx::Error::Migrate(Box::new(other))),
    }
}

#[cfg(test)]
mod tests;
