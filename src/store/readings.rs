//! Audit lines of reading acts, made permanent together.
//!
//! No page goes out before its line is on the disk. The way to the disk costs the same for one line as for many, so whoever
//! comes to the desk first takes along the lines of all who wait there: one transaction, one step of the chain for each line,
//! one sync. Acts that change something keep their line in their own transaction.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use tokio::sync::oneshot;

use super::audit::done;
use super::{Db, Error, NewWrap, Result};
use crate::domain::audit::{Event, Line};
use crate::domain::ids::SchoolId;
use crate::policy::{Permit, Read};

/// Where lines wait for each other.
#[derive(Debug, Default)]
pub(super) struct Desk {
    waiting: Mutex<Vec<Waiting>>,
    turn: tokio::sync::Mutex<()>,
}

/// A reading whose page waits.
#[derive(Debug)]
struct Waiting {
    line: Line,
    /// Fast wraps that the reading earned.
    faster: Vec<NewWrap>,
    /// Where its act hears what became of it.
    told: oneshot::Sender<Result<()>>,
}

impl Waiting {
    /// Tells its act, unless that was given up meanwhile.
    fn hear(self, kept: Result<()>) {
        let _nobody_waits = self.told.send(kept);
    }
}

impl Desk {
    fn waiting(&self) -> std::sync::MutexGuard<'_, Vec<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Db {
    /// Writes the audit line of a permitted reading and the fast wraps that it earned, and returns when both are permanent.
    ///
    /// # Errors
    /// The database; then nobody may be shown what was read.
    pub async fn leave_trace(
        &self,
        permit: &Permit<Read>,
        event: Event,
        detail: &str,
        now: i64,
        faster: Vec<NewWrap>,
    ) -> Result<()> {
        let line = done(permit, event, permit.object(), detail, now);
        let (told, mut hears) = oneshot::channel();
        self.desk.waiting().push(Waiting { line, faster, told });
        let kept = tokio::select! {
            biased;
            kept = &mut hears => kept,
            _turn = self.desk.turn.lock() => {
                let all = std::mem::take(&mut *self.desk.waiting());
                self.keep_all(all).await;
                hears.await
            }
        };
        // Who had the turn was cut off: nothing is known of the line, so there is no page.
        kept.unwrap_or_else(|_| Err(Error::Unavailable(sqlx::Error::WorkerCrashed)))
    }

    /// Keeps all of them, or each by itself where that fails, and tells everybody.
    async fn keep_all(&self, mut all: Vec<Waiting>) {
        let kept = self.keep(&all).await;
        match (kept, all.len()) {
            (Ok(()), _) => all.into_iter().for_each(|one| one.hear(Ok(()))),
            (Err(error), 1) => all.remove(0).hear(Err(error)),
            // A database that cannot be written now cannot be written for any of them.
            (Err(Error::Unavailable(cause)), _) => {
                let cause = cause.to_string();
                for one in all {
                    one.hear(Err(Error::Unavailable(sqlx::Error::Protocol(cause.clone()))));
                }
            }
            (Err(_), _) => {
                for one in all {
                    let kept = self.keep(std::slice::from_ref(&one)).await;
                    one.hear(kept);
                }
            }
        }
    }

    /// One transaction for all of them.
    async fn keep(&self, all: &[Waiting]) -> Result<()> {
        // On several servers two such transactions at once must not wait for each other: the same order everywhere.
        let mut wraps: Vec<&NewWrap> = all.iter().flat_map(|one| &one.faster).collect();
        wraps.sort_by_key(|wrap| (wrap.key, wrap.holder, wrap.epoch));
        let mut lines: BTreeMap<SchoolId, Vec<Line>> = BTreeMap::new();
        for one in all {
            lines.entry(one.line.school).or_default().push(one.line.clone());
        }
        let mut tx = self.begin().await?;
        for wrap in wraps {
            tx.put_wrap(wrap).await?;
        }
        while let Some((school, mut lines_of_it)) = lines.pop_first() {
            lines_of_it.sort_by_key(|line| line.at);
            tx.chain_all(school, lines_of_it, lines.is_empty()).await?;
        }
        tx.commit().await
    }
}
