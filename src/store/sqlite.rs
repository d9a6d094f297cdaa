//! The connections of an embedded SQLite file: one that writes, a few that read.
//!
//! Each trip to the thread that the driver keeps for a connection, and back, costs more than most statements. So a transaction
//! begins in the trip of its first statement, questions that belong together share one (`sql_all!`), and a connection on which
//! nothing is open goes back to its shelf without any. The driver runs a text of several statements one after another and tells
//! where the answer of each ends.
//!
//! Acts that wait for the writing connection share one `COMMIT` ([`batch`], decision 0014).

mod batch;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteConnectOptions, SqliteQueryResult, SqliteRow};
use sqlx::{Connection as _, Executor as _, Sqlite, SqliteConnection};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::answer::{Answer, Begin, gathered};
use super::{PATIENCE, Result};
use batch::{Batch, Held, Queued};

/// Connections of one kind, each made when it is first needed.
#[derive(Debug)]
pub(crate) struct Shelf {
    options: SqliteConnectOptions,
    idle: Mutex<Vec<Held>>,
    places: Arc<Semaphore>,
    count: u32,
    /// How many wait for a connection.
    queue: AtomicUsize,
}

/// How it stands with the transaction of a lent connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// None is open.
    Idle,
    /// One is open.
    Open,
    /// What was done stands in a transaction that stays open for others.
    Ended,
    /// A text is under way or failed.
    Unsure,
}

/// A lent connection. It goes back when this is dropped, after what is open on it was rolled back.
#[derive(Debug)]
pub(crate) struct Loan {
    /// There until it goes back.
    conn: Option<SqliteConnection>,
    /// The acts that ended before this one in the transaction that is open.
    batch: Batch,
    begin: Begin,
    state: State,
    /// The state after the next text, if that ends well.
    then: State,
    /// How many statements the next text has.
    statements: usize,
    /// How many of them are a `BEGIN` in front and not a question.
    skip: usize,
    /// The next text ends the transaction.
    last: bool,
    home: Arc<Shelf>,
    place: Option<OwnedSemaphorePermit>,
}

/// One text or several.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Texts {
    /// How many statements they are.
    pub count: usize,
    /// Nothing around them.
    pub bare: &'static str,
    /// Behind the beginning of a snapshot.
    pub snapshot: &'static str,
    /// Behind the beginning of a writing transaction.
    pub write: &'static str,
    /// Behind the beginning of an act in a transaction in which others ended.
    pub join: &'static str,
    /// Between both ends of a snapshot, if they are several.
    pub alone: &'static str,
    /// Before the end of a writing transaction.
    pub last: &'static str,
    /// Before the end of an act in a transaction in which others ended.
    pub release: &'static str,
}

/// Makes [`Texts`].
macro_rules! texts {
    ($first:expr $(, $text:expr)*) => {
        $crate::store::sqlite::Texts {
            count: [$first $(, $text)*].len(),
            bare: concat!($first $(, "; ", $text)*),
            snapshot: concat!("BEGIN; ", $first $(, "; ", $text)*),
            write: concat!("BEGIN IMMEDIATE; ", $first $(, "; ", $text)*),
            join: concat!("SAVEPOINT act; ", $first $(, "; ", $text)*),
            alone: $crate::store::sqlite::alone!($first $(, $text)*),
            last: concat!($first $(, "; ", $text)*, "; COMMIT"),
            release: concat!($first $(, "; ", $text)*, "; RELEASE act"),
        }
    };
}

/// What is asked alone: one question needs no snapshot.
macro_rules! alone {
    ($text:expr) => { $text };
    ($($text:expr),+) => { concat!("BEGIN; ", $($text, "; "),+, "COMMIT") };
}
pub(crate) use alone;
pub(crate) use texts;

impl Shelf {
    /// A shelf for at most `count` connections.
    pub fn new(options: SqliteConnectOptions, count: u32) -> Arc<Self> {
        let places = Arc::new(Semaphore::new(count as usize));
        Arc::new(Self { options, idle: Mutex::default(), places, count, queue: AtomicUsize::new(0) })
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Held>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lays a connection on the shelf on which nothing is open.
    pub fn put(&self, conn: SqliteConnection) {
        self.idle().push(Held { conn, batch: Batch::default() });
    }

    /// Whether somebody waits for a connection.
    fn is_waited_for(&self) -> bool {
        self.queue.load(Ordering::SeqCst) > 0
    }

    /// Lends a connection, once there is one.
    ///
    /// # Errors
    /// [`super::Error::Unavailable`] when there was none for too long; the shelf is closed.
    pub async fn lend(self: &Arc<Self>, begin: Begin) -> Result<Loan> {
        let mut place = if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            place
        } else {
            let queued = Queued::at(self);
            let place = tokio::time::timeout(PATIENCE * 4, Arc::clone(&self.places).acquire_owned())
                .await
                .map_err(|_| sqlx::Error::PoolTimedOut)?
                .map_err(|_| sqlx::Error::PoolClosed)?;
            queued.served();
            place
        };
        // The one used last is still warm.
        let mut idle = self.idle().pop();
        if let Some(held) = idle.take_if(|held| begin == Begin::Long && !held.batch.is_empty()) {
            (idle, place) = self.alone(held, place).await?;
        }
        let Held { conn, batch } = if let Some(held) = idle {
            held
        } else {
            let conn = SqliteConnection::connect_with(&self.options).await?;
            Held { conn, batch: Batch::default() }
        };
        let (conn, home, place) = (Some(conn), Arc::clone(self), Some(place));
        let (state, then) = (State::Idle, State::Idle);
        Ok(Loan { conn, batch, begin, state, then, statements: 1, skip: 0, last: false, home, place })
    }

    /// Waits for all connections and closes them.
    pub async fn close(&self) {
        let _all = self.places.acquire_many(self.count).await;
        self.places.close();
        let all = std::mem::take(&mut *self.idle());
        for held in all {
            if let Some(conn) = held.settle().await
                && let Err(error) = conn.close().await
            {
                tracing::warn!(cause = %error, "a database connection did not close");
            }
        }
    }
}

impl Loan {
    /// Chooses what has to be sent now.
    pub fn text(&mut self, texts: Texts) -> &'static str {
        let Texts { count, bare, snapshot, write, join, alone, last, release } = texts;
        let is_open = self.state == State::Open;
        let (text, before, after, then) = match self.begin {
            Begin::Alone if count == 1 => (alone, 0, 0, State::Idle),
            Begin::Alone => (alone, 1, 1, State::Idle),
            _ if is_open && self.last && self.joined() => (release, 0, 1, State::Ended),
            _ if is_open && self.last && self.opens_a_batch() => (bare, 0, 0, State::Ended),
            _ if is_open && self.last => (last, 0, 1, State::Idle),
            _ if is_open => (bare, 0, 0, State::Open),
            Begin::Snapshot => (snapshot, 1, 0, State::Open),
            Begin::Write if self.joined() => (join, 1, 0, State::Open),
            Begin::Write | Begin::Long => (write, 1, 0, State::Open),
        };
        (self.skip, self.statements, self.then) = (before, before + count + after, then);
        text
    }

    /// The next text is the last one of the transaction and takes the `COMMIT` along; [`Loan::commit`] has nothing left to do.
    pub fn end_with_next(&mut self) {
        self.last = true;
    }

    /// Sends a text and gives what its statements answered.
    ///
    /// # Errors
    /// The database; then everything since the beginning will be rolled back.
    pub async fn ask(&mut self, query: Query<'_, Sqlite, SqliteArguments>) -> Result<Vec<Answer<SqliteRow>>> {
        if self.state == State::Unsure {
            // SQLite may have rolled back by itself: what is asked now would stand alone. PostgreSQL refuses it too.
            return Err(sqlx::Error::Protocol("a statement of this transaction failed".to_owned()).into());
        }
        let conn = self.conn.as_mut().ok_or(sqlx::Error::WorkerCrashed)?;
        self.state = State::Unsure;
        let mut stream = conn.fetch_many(query);
        let mut answers =
            gathered(|context| stream.as_mut().poll_next(context), SqliteQueryResult::rows_affected).await?;
        drop(stream);
        // The stream of a thread that died ends like one that has said everything.
        if answers.len() != std::mem::replace(&mut self.statements, 1) {
            return Err(sqlx::Error::WorkerCrashed.into());
        }
        self.state = self.then;
        answers.drain(..std::mem::take(&mut self.skip));
        Ok(answers)
    }

    /// Makes the transaction permanent: at once where nobody waits for the connection, else together with those who do.
    ///
    /// # Errors
    /// The database; then nothing of it happened.
    pub async fn commit(mut self) -> Result<()> {
        match self.state {
            State::Idle => return Ok(()),
            State::Open if self.joined() => {
                self.then = State::Ended;
                self.ask(sqlx::query("RELEASE act")).await?;
            }
            State::Open if self.opens_a_batch() => {}
            State::Ended => {}
            State::Open | State::Unsure => {
                self.then = State::Idle;
                self.ask(sqlx::query("COMMIT")).await?;
                return Ok(());
            }
        }
        self.hear().await
    }

    /// Takes back what was done, and waits until what ended before it is permanent.
    ///
    /// # Errors
    /// The database; then nothing of what ended before it happened.
    pub async fn leave(mut self) -> Result<()> {
        if self.state != State::Open || !self.joined() {
            return Ok(());
        }
        (self.statements, self.then) = (2, State::Ended);
        self.ask(sqlx::query("ROLLBACK TO act; RELEASE act")).await?;
        self.hear().await
    }

    /// Hands the connection on, and waits for the `COMMIT`.
    async fn hear(mut self) -> Result<()> {
        let hears = self.batch.enter();
        self.state = State::Idle;
        drop(self);
        // A connection that was lost is closed, and SQLite rolls back what is open on it.
        hears.await.unwrap_or_else(|_| Err(super::Error::Unavailable(sqlx::Error::WorkerCrashed)))
    }

    /// Whether acts of others wait for the end of the transaction.
    fn joined(&self) -> bool {
        !self.batch.is_empty()
    }

    /// Whether others will act in the transaction after this act.
    fn opens_a_batch(&self) -> bool {
        self.begin == Begin::Write && self.home.is_waited_for()
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        let (Some(conn), Some(place)) = (self.conn.take(), self.place.take()) else { return };
        let (home, mut held) = (Arc::clone(&self.home), Held { conn, batch: std::mem::take(&mut self.batch) });
        match self.state {
            State::Idle => home.give_back(held, place),
            State::Ended => {
                // Nobody listens any more, but what was done cannot be told apart from what the others did.
                drop(held.batch.enter());
                home.give_back(held, place);
            }
            State::Open | State::Unsure => {
                // Without a runtime the connection closes, and what is open on it is rolled back by SQLite.
                if let Ok(runtime) = tokio::runtime::Handle::try_current() {
                    runtime.spawn(async move {
                        if let Some(held) = held.undo().await {
                            home.give_back(held, place);
                        }
                    });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
