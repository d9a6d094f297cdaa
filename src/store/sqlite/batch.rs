//! Acts that share one `COMMIT`.
//!
//! The way to the disk costs the same for one act as for many. Where others wait for the writing connection, an act that ended
//! leaves the transaction open and hands the connection on; the next one is a savepoint in it. Nobody is told that an act is
//! saved before the one `COMMIT` succeeded, and if it fails, all of them are told so and nothing of them happened.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use sqlx::SqliteConnection;
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tokio::time::timeout;

use super::super::{Error, PATIENCE, Result};
use super::Shelf;

/// Acts that wait for each other at most.
const MOST: usize = 16;

/// The acts that ended in a transaction that is still open.
#[derive(Debug, Default)]
pub(super) struct Batch(Vec<oneshot::Sender<Result<()>>>);

/// A connection, and the acts that ended on it.
#[derive(Debug)]
pub(super) struct Held {
    pub conn: SqliteConnection,
    pub batch: Batch,
}

/// Somebody who waits for a connection, on whom those whose acts ended rely.
pub(super) struct Queued<'a> {
    at: &'a Arc<Shelf>,
    served: bool,
}

impl Batch {
    /// Whether nothing is open for others.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds an act; the answer says when it is permanent.
    pub fn enter(&mut self) -> oneshot::Receiver<Result<()>> {
        let (told, hears) = oneshot::channel();
        self.0.push(told);
        hears
    }

    fn is_full(&self) -> bool {
        self.0.len() >= MOST
    }

    /// Tells everybody, except those who gave up meanwhile.
    fn tell(self, kept: &std::result::Result<(), String>) {
        for act in self.0 {
            let error = |cause| Error::Unavailable(sqlx::Error::Protocol(cause));
            let _nobody_waits = act.send(kept.clone().map_err(error));
        }
    }
}

impl Held {
    /// Makes everything that ended permanent; gives the connection if it is still of use.
    pub async fn settle(self) -> Option<SqliteConnection> {
        let (conn, batch, kept) = self.commit().await;
        batch.tell(&kept);
        conn
    }

    async fn commit(mut self) -> (Option<SqliteConnection>, Batch, std::result::Result<(), String>) {
        if self.batch.is_empty() {
            return (Some(self.conn), self.batch, Ok(()));
        }
        // A thread that died while this was on its way never answers.
        match timeout(PATIENCE * 4, run(&mut self.conn, "COMMIT")).await {
            Ok(Ok(())) => (Some(self.conn), self.batch, Ok(())),
            Ok(Err(error)) => {
                let is_of_use = roll_back(&mut self.conn).await;
                (is_of_use.then_some(self.conn), self.batch, Err(error.to_string()))
            }
            Err(_) => (None, self.batch, Err(sqlx::Error::WorkerCrashed.to_string())),
        }
    }

    /// Takes back what the last act did, and leaves what ended before it. Gives nothing if the connection is of no use any more.
    pub async fn undo(mut self) -> Option<Self> {
        if self.batch.is_empty() {
            return roll_back(&mut self.conn).await.then_some(self);
        }
        let undone = match timeout(PATIENCE, run(&mut self.conn, "ROLLBACK TO act; RELEASE act")).await {
            Ok(Ok(())) => return Some(self),
            Ok(Err(error)) => Ok(error),
            Err(_) => Err(()),
        };
        // No such savepoint: the act had not begun or had ended, and the transaction is open; or SQLite rolled everything back.
        if let Ok(error) = &undone
            && is_said(error, "no such savepoint")
            && let Ok(Err(error)) = timeout(PATIENCE, run(&mut self.conn, "BEGIN")).await
            && is_said(&error, "within a transaction")
        {
            return Some(self);
        }
        let Self { mut conn, batch } = self;
        let is_of_use = undone.is_ok() && roll_back(&mut conn).await;
        batch.tell(&Err("the transaction was rolled back".to_owned()));
        is_of_use.then(|| Self { conn, batch: Batch::default() })
    }
}

impl Shelf {
    /// Takes a connection back on which no act is open. Those whose acts ended wait for whoever comes next; if nobody does, or
    /// enough of them wait, they wait no longer.
    pub(super) fn give_back(self: Arc<Self>, held: Held, place: OwnedSemaphorePermit) {
        if held.batch.is_empty() || (self.is_waited_for() && !held.batch.is_full()) {
            self.idle().push(held);
            return drop(place);
        }
        // Without a runtime the connection closes: nothing of them happened, and they are told so.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(self.settle(held, place));
        }
    }

    async fn settle(self: Arc<Self>, held: Held, place: OwnedSemaphorePermit) {
        let (conn, batch, kept) = held.commit().await;
        if let Some(conn) = conn {
            self.put(conn);
        }
        drop(place);
        batch.tell(&kept);
    }

    /// Makes permanent what ended on a connection, for an act with which nobody shall wait. In a task of its own: the others
    /// must hear of it also if that act is given up.
    pub(super) async fn alone(
        self: &Arc<Self>,
        held: Held,
        place: OwnedSemaphorePermit,
    ) -> Result<(Option<Held>, OwnedSemaphorePermit)> {
        let (give, take) = oneshot::channel();
        let home = Arc::clone(self);
        tokio::spawn(async move {
            let (conn, batch, kept) = held.commit().await;
            let held = conn.map(|conn| Held { conn, batch: Batch::default() });
            if let Err((Some(held), _place)) = give.send((held, place)) {
                home.idle().push(held);
            }
            batch.tell(&kept);
        });
        Ok(take.await.map_err(|_| sqlx::Error::WorkerCrashed)?)
    }

    /// Settles what was left on a connection for somebody who no longer comes for it.
    async fn settle_what_was_left(self: Arc<Self>) {
        let Ok(place) = Arc::clone(&self.places).acquire_owned().await else { return };
        let held = self.idle().pop();
        if let Some(held) = held {
            self.give_back(held, place);
        }
    }
}

impl<'a> Queued<'a> {
    pub fn at(shelf: &'a Arc<Shelf>) -> Self {
        shelf.queue.fetch_add(1, Ordering::SeqCst);
        Self { at: shelf, served: false }
    }

    /// It has a connection.
    pub fn served(mut self) {
        self.served = true;
    }
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        self.at.queue.fetch_sub(1, Ordering::SeqCst);
        if !self.served
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(Arc::clone(self.at).settle_what_was_left());
        }
    }
}

/// Runs a text that gives no rows.
async fn run(conn: &mut SqliteConnection, text: &'static str) -> std::result::Result<(), sqlx::Error> {
    sqlx::query(text).execute(conn).await.map(drop)
}

/// Whether SQLite says this.
fn is_said(error: &sqlx::Error, words: &str) -> bool {
    matches!(error, sqlx::Error::Database(cause) if cause.message().contains(words))
}

/// Ends what is open on a connection; false when the connection is of no use any more.
async fn roll_back(conn: &mut SqliteConnection) -> bool {
    // A thread that died while this was on its way never answers.
    match timeout(PATIENCE, run(conn, "ROLLBACK")).await {
        Ok(Ok(())) => true,
        // After some errors SQLite has rolled back by itself.
        Ok(Err(error)) => is_said(&error, "no transaction is active"),
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests;
