//! The connections to a PostgreSQL server.
//!
//! Each way to the server and back costs more than most statements. So questions that belong together travel together
//! (`sql_all!`), with the beginning of their transaction in front and, where nothing follows, its end behind: a script of
//! `EXECUTE` over statements that the connection prepared once. What a person typed reaches such a script in hexadecimal digits
//! only ([`Params`]). A question that comes alone travels by itself, with its arguments beside the text.
//!
//! A writing transaction gives its locks back before the disk has it, or all acts of an installation, whose audit lines hang on
//! each other, would stand in a row for the disk. A message of no words follows it, whose own `COMMIT` waits until the disk has
//! everything up to there; only then the act is said to be done (decision 0025).
//!
//! A connection goes back to its shelf without being asked whether it lives; whoever finds a dead one at the beginning of a
//! transaction gets another.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use sqlx::postgres::{PgArguments, PgConnectOptions, PgQueryResult, PgRow};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Execute, Executor as _, PgConnection, Postgres};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;

use super::answer::{Answer, Begin, gathered};
use super::{PATIENCE, Result};

/// Connections to the server of one node.
const PLACES: u32 = 16;

/// Connections, each made when it is first needed.
#[derive(Debug)]
pub(crate) struct Server {
    options: PgConnectOptions,
    idle: Mutex<Vec<Held>>,
    places: Arc<Semaphore>,
}

/// A connection and the texts that it prepared for scripts.
#[derive(Debug)]
struct Held {
    conn: PgConnection,
    prepared: HashMap<&'static str, Prepared>,
}

/// A text that a connection knows.
#[derive(Debug)]
struct Prepared {
    number: usize,
    /// The arguments that it uses, counted from 0.
    uses: Vec<usize>,
}

/// How it stands with the transaction of a lent connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// None is open.
    Idle,
    /// One is open.
    Open,
    /// Something is under way or failed.
    Unsure,
}

/// A lent connection. It goes back when this is dropped, after what is open on it was rolled back.
#[derive(Debug)]
pub(crate) struct Lent {
    /// There until it goes back.
    held: Option<Held>,
    begin: Begin,
    state: State,
    /// The next script takes the `COMMIT` along.
    last: bool,
    home: Arc<Server>,
    place: Option<OwnedSemaphorePermit>,
}

/// What the statements of a query answered.
async fn answers<'q, Q>(conn: &mut PgConnection, query: Q) -> sqlx::Result<Vec<Answer<PgRow>>>
where
    Q: Execute<'q, Postgres> + 'q,
{
    let mut stream = conn.fetch_many(query);
    gathered(|context| stream.as_mut().poll_next(context), PgQueryResult::rows_affected).await
}

impl Server {
    /// A shelf for connections with these options.
    pub fn new(options: PgConnectOptions) -> Arc<Self> {
        // What a script holds is no line of a log, and a backslash in it is a backslash. Everything that a page asks has its index:
        // until the server has looked at the tables of a school that was just imported, it would rather read them whole.
        let options = options
            .statement_cache_capacity(500)
            .options([("standard_conforming_strings", "on"), ("random_page_cost", "1.1")])
            .disable_statement_logging();
        Arc::new(Self { options, idle: Mutex::default(), places: Arc::new(Semaphore::new(PLACES as usize)) })
    }

    async fn connect(&self) -> Result<Held> {
        Ok(Held { conn: PgConnection::connect_with(&self.options).await?, prepared: HashMap::new() })
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Held>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lends a connection, once there is one.
    ///
    /// # Errors
    /// [`super::Error::Unavailable`] when there was none for too long, or the server cannot be reached.
    pub async fn lend(self: &Arc<Self>, begin: Begin) -> Result<Lent> {
        let place = tokio::time::timeout(PATIENCE * 4, Arc::clone(&self.places).acquire_owned())
            .await
            .map_err(|_| sqlx::Error::PoolTimedOut)?
            .map_err(|_| sqlx::Error::PoolClosed)?;
        // The one used last is still warm.
        let idle = self.idle().pop();
        let held = if let Some(held) = idle { held } else { self.connect().await? };
        let (home, place) = (Arc::clone(self), Some(place));
        Ok(Lent { held: Some(held), begin, state: State::Idle, last: false, home, place })
    }

    /// Waits for all connections and closes them.
    pub async fn close(&self) {
        let _all = self.places.acquire_many(PLACES).await;
        self.places.close();
        let all = std::mem::take(&mut *self.idle());
        for held in all {
            if let Err(error) = held.conn.close().await {
                tracing::warn!(cause = %error, "a database connection did not close");
            }
        }
    }
}

impl Held {
    /// Sends a script of statements and gives what each answered.
    async fn say(&mut self, script: String) -> sqlx::Result<Vec<Answer<PgRow>>> {
        #[expect(clippy::disallowed_methods, reason = "literals of store, and digits: see Params")]
        let script = AssertSqlSafe(script);
        answers(&mut self.conn, sqlx::raw_sql(script)).await
    }

    /// Writes what prepares those of the texts that this connection does not know yet, and gives how many that are.
    fn prepare(&mut self, texts: &[&'static str], params: &Params, script: &mut String) -> usize {
        let before = self.prepared.len();
        for text in texts {
            let number = self.prepared.len();
            if !self.prepared.contains_key(text) {
                let (own, uses) = with_own_arguments(text);
                let types = uses.iter().filter_map(|place| params.types.get(*place).copied());
                let _never = write!(script, "PREPARE y{number}{} AS {own}; ", listed(types));
                self.prepared.insert(text, Prepared { number, uses });
            }
        }
        self.prepared.len() - before
    }

    /// Writes what asks one of the prepared texts, with the arguments that it uses.
    fn execute(&self, text: &'static str, params: &Params, script: &mut String) {
        let Some(Prepared { number, uses }) = self.prepared.get(text) else { return };
        let values = uses.iter().filter_map(|place| params.values.get(*place).map(String::as_str));
        let _never = write!(script, "EXECUTE y{number}{}; ", listed(values));
    }
}

impl Lent {
    /// Sends texts with the same arguments, of which each uses what it needs, and gives what each answered.
    ///
    /// # Errors
    /// The database; then everything since the beginning will be rolled back.
    pub async fn ask(&mut self, texts: &[&'static str], params: &Params) -> Result<Vec<Answer<PgRow>>> {
        let ends = std::mem::take(&mut self.last) || self.begin == Begin::Alone;
        let begins = self.state == State::Idle;
        let mut answers = match self.try_script(texts, params, begins, ends).await {
            // Nothing was done on this connection yet, and nothing would be permanent.
            Err(error) if begins && is_dead(&error) && (!ends || self.begin == Begin::Alone) => {
                self.replace().await?;
                self.try_script(texts, params, begins, ends).await?
            }
            answers => answers?,
        };
        self.state = if ends { State::Idle } else { State::Open };
        let end = if ends { self.begin.end().split(';').count() } else { 0 };
        let first = answers.len().checked_sub(texts.len() + end).ok_or(sqlx::Error::WorkerCrashed)?;
        answers.truncate(first + texts.len());
        answers.drain(..first);
        Ok(answers)
    }

    async fn try_script(
        &mut self,
        texts: &[&'static str],
        params: &Params,
        begins: bool,
        ends: bool,
    ) -> sqlx::Result<Vec<Answer<PgRow>>> {
        if self.state == State::Unsure {
            return Err(unsure());
        }
        let mut held = self.held.take().ok_or(sqlx::Error::WorkerCrashed)?;
        self.state = State::Unsure;
        let mut script = String::new();
        if begins {
            script.push_str(self.begin.beginning());
            script.push_str("; ");
        }
        let fresh = held.prepare(texts, params, &mut script);
        for text in texts {
            held.execute(text, params, &mut script);
        }
        if ends {
            script.push_str(self.begin.end());
        }
        let answers = held.say(script).await;
        // Which texts were prepared is not known after a failure, nor where nobody waited for the answer: then it closes.
        if fresh == 0 || answers.is_ok() {
            self.held = Some(held);
        }
        answers
    }

    /// Takes another connection in place of a dead one.
    async fn replace(&mut self) -> Result<()> {
        self.held = Some(self.home.connect().await?);
        self.state = State::Idle;
        Ok(())
    }

    /// Begins the transaction, if none is open, for a question that travels by itself.
    async fn begin(&mut self) -> Result<()> {
        match self.state {
            State::Open => return Ok(()),
            State::Unsure => return Err(unsure().into()),
            State::Idle => self.state = State::Unsure,
        }
        let words = self.begin.beginning();
        match self.conn()?.execute(words).await {
            Err(error) if is_dead(&error) => {
                self.replace().await?;
                self.conn()?.execute(words).await?;
            }
            Err(error) => return Err(error.into()),
            Ok(_) => {}
        }
        self.state = State::Open;
        Ok(())
    }

    fn conn(&mut self) -> sqlx::Result<&mut PgConnection> {
        Ok(&mut self.held.as_mut().ok_or(sqlx::Error::WorkerCrashed)?.conn)
    }

    /// Sends a question that travels by itself, its arguments beside the text, and gives what it answered.
    ///
    /// # Errors
    /// The database; then everything since the beginning will be rolled back.
    pub async fn send(&mut self, query: Query<'_, Postgres, PgArguments>) -> Result<[Answer<PgRow>; 1]> {
        self.begin().await?;
        self.state = State::Unsure;
        let answers = answers(self.conn()?, query).await?;
        self.state = State::Open;
        let answer = answers.into_iter().next_back().ok_or(sqlx::Error::WorkerCrashed)?;
        Ok([answer])
    }

    /// The next script is the last one of the transaction and takes the `COMMIT` along; [`Lent::commit`] has nothing left to do.
    pub fn end_with_next(&mut self) {
        self.last = true;
    }

    /// Makes the transaction permanent.
    ///
    /// # Errors
    /// The database; then nothing of it happened.
    pub async fn commit(mut self) -> Result<()> {
        self.end(self.begin.end()).await
    }

    /// Takes back what was done.
    ///
    /// # Errors
    /// The database.
    pub async fn leave(mut self) -> Result<()> {
        self.end("ROLLBACK").await
    }

    async fn end(&mut self, words: &'static str) -> Result<()> {
        match self.state {
            State::Idle => return Ok(()),
            // PostgreSQL answers the COMMIT of a failed transaction with a ROLLBACK and no error.
            State::Unsure => return Err(unsure().into()),
            State::Open => {}
        }
        self.state = State::Unsure;
        self.conn()?.execute(words).await?;
        self.state = State::Idle;
        Ok(())
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let (Some(mut held), Some(place)) = (self.held.take(), self.place.take()) else { return };
        let home = Arc::clone(&self.home);
        if self.state == State::Idle {
            home.idle().push(held);
            return;
        }
        // Without a runtime the connection closes, and the server rolls back what is open on it.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                if held.conn.execute("ROLLBACK").await.is_ok() {
                    home.idle().push(held);
                }
                drop(place);
            });
        }
    }
}

impl Begin {
    /// What begins the transaction.
    const fn beginning(self) -> &'static str {
        match self {
            Self::Alone | Self::Snapshot => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            Self::Write | Self::Long => "BEGIN; SET LOCAL synchronous_commit TO off",
        }
    }

    /// What makes it permanent.
    const fn end(self) -> &'static str {
        match self {
            Self::Alone | Self::Snapshot => "COMMIT",
            Self::Write | Self::Long => "COMMIT; SELECT pg_logical_emit_message(true, 'yice', '')",
        }
    }
}

fn unsure() -> sqlx::Error {
    sqlx::Error::Protocol("a statement of this transaction failed".to_owned())
}

/// Whether the connection is gone, as all are after a restart of the server.
fn is_dead(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) => true,
        sqlx::Error::Database(cause) => cause.code().is_some_and(|code| code.starts_with("57P")),
        _ => false,
    }
}

/// The arguments of a script, written so that nothing in them can be taken for SQL.
#[derive(Debug, Default)]
pub(crate) struct Params {
    types: Vec<&'static str>,
    values: Vec<String>,
}

impl Params {
    /// These, and one more.
    pub fn bind<P: Param>(mut self, value: P) -> Self {
        self.types.push(P::TYPE);
        self.values.push(value.written());
        self
    }
}

/// In brackets, if there are any.
fn listed<'a>(parts: impl Iterator<Item = &'a str>) -> String {
    let parts: Vec<&str> = parts.collect();
    if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) }
}

/// A text with its arguments numbered anew, and which of those of its group they are, counted from 0: the server looks at each argument
/// that it is sent, used or not.
fn with_own_arguments(text: &str) -> (String, Vec<usize>) {
    let (mut own, mut uses) = (String::with_capacity(text.len()), Vec::new());
    let mut parts = text.split('$');
    own.push_str(parts.next().unwrap_or_default());
    for part in parts {
        own.push('$');
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        let Some(place) = part[..digits].parse::<usize>().ok().and_then(|number| number.checked_sub(1)) else {
            own.push_str(part);
            continue;
        };
        let at = uses.iter().position(|used| *used == place).unwrap_or_else(|| {
            uses.push(place);
            uses.len() - 1
        });
        let _never = write!(own, "{}{}", at + 1, &part[digits..]);
    }
    (own, uses)
}

const NULL: &str = "NULL";

/// What can be an argument of a script.
pub(crate) trait Param {
    /// Its type in PostgreSQL.
    const TYPE: &'static str;
    /// As it stands in the script.
    fn written(self) -> String;
}

impl Param for Uuid {
    const TYPE: &'static str = "uuid";
    fn written(self) -> String {
        format!("'{self}'")
    }
}

impl Param for i64 {
    const TYPE: &'static str = "bigint";
    fn written(self) -> String {
        format!("'{self}'")
    }
}

impl Param for &[u8] {
    const TYPE: &'static str = "bytea";
    fn written(self) -> String {
        let mut written = String::with_capacity(self.len() * 2 + 4);
        written.push_str("'\\x");
        hexadecimal(self, &mut written);
        written.push('\'');
        written
    }
}

impl Param for Vec<u8> {
    const TYPE: &'static str = "bytea";
    fn written(self) -> String {
        self.as_slice().written()
    }
}

impl Param for &str {
    const TYPE: &'static str = "text";
    fn written(self) -> String {
        let mut written = String::with_capacity(self.len() * 4 + 3);
        written.push_str("E'");
        for byte in self.bytes() {
            written.push_str("\\x");
            hexadecimal(&[byte], &mut written);
        }
        written.push('\'');
        written
    }
}

impl Param for String {
    const TYPE: &'static str = "text";
    fn written(self) -> String {
        self.as_str().written()
    }
}

impl<P: Param> Param for Option<P> {
    const TYPE: &'static str = P::TYPE;
    fn written(self) -> String {
        self.map_or_else(|| NULL.to_owned(), P::written)
    }
}

fn hexadecimal(bytes: &[u8], to: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        to.push(char::from(DIGITS[usize::from(byte >> 4)]));
        to.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
}

#[cfg(test)]
mod tests;
