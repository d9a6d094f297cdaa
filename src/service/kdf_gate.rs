//! Password hashing off the async threads, one or two at a time, with a bounded queue.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use secrecy::SecretString;
use tokio::sync::Semaphore;

use super::{Error, Result};
use crate::domain::ids::PersonId;
use crate::vault::{self, Credentials, Identity, Kdf, KdfParams, Phrase, PhraseKeys};

/// People waiting at most; the next one is asked to come back.
const QUEUE: usize = 64;

/// Lets one password be stretched at a time, so that sign-ins never slow the pages of others.
#[derive(Debug)]
pub struct KdfGate {
    kdf: Arc<Kdf>,
    turns: Line,
    /// The help-seeking box has a line of its own: whoever floods it keeps nobody from signing in.
    aside: Line,
}

/// Turns, and who waits for them.
#[derive(Debug)]
struct Line {
    turns: Arc<Semaphore>,
    waiting: AtomicUsize,
}

impl Line {
    fn new(at_once: usize) -> Self {
        Self { turns: Arc::new(Semaphore::new(at_once)), waiting: AtomicUsize::new(0) }
    }
}

/// Counts a waiting person out again, also when the request is dropped.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl KdfGate {
    /// A gate before this function, letting `at_once` through.
    #[must_use]
    pub fn new(kdf: Kdf, at_once: usize) -> Self {
        Self { kdf: Arc::new(kdf), turns: Line::new(at_once), aside: Line::new(1) }
    }

    /// Runs one act with the function, on a blocking thread, when it is its turn.
    async fn run<T: Send + 'static>(
        &self,
        line: &Line,
        act: impl FnOnce(&Kdf) -> vault::Result<T> + Send + 'static,
    ) -> Result<T> {
        let waiting = line.waiting.fetch_add(1, Ordering::Relaxed);
        let _out = Waiting(&line.waiting);
        if waiting >= QUEUE {
            return Err(Error::TooMany { retry: 10 });
        }
        let turn = Arc::clone(&line.turns).acquire_owned().await.map_err(|e| Error::Internal(e.into()))?;
        let kdf = Arc::clone(&self.kdf);
        // The turn moves into the closure: a request that is dropped must not let a second one through meanwhile.
        let done = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            act(&kdf)
        });
        Ok(done.await.map_err(|e| Error::Internal(e.into()))??)
    }

    /// Seals an identity under a new password.
    ///
    /// # Errors
    /// [`Error::TooMany`] when too many wait.
    pub async fn enrol(
        &self,
        password: SecretString,
        identity: Identity,
        person: PersonId,
    ) -> Result<(Credentials, Identity)> {
        self.run(&self.turns, move |kdf| Ok((vault::enrol(kdf, &password, &identity, person)?, identity))).await
    }

    /// Opens an identity with its password; `None` when it does not fit. Without credentials it does the same work for
    /// nothing, so that unknown names take as long as known ones.
    ///
    /// # Errors
    /// [`Error::TooMany`] when too many wait.
    pub async fn unlock(
        &self,
        password: SecretString,
        account: Option<(PersonId, Credentials)>,
    ) -> Result<Option<Identity>> {
        self.run(&self.turns, move |kdf| match account {
            Some((person, credentials)) => vault::unlock(kdf, &password, &credentials, person),
            None => vault::unlock_nobody(kdf, &password).map(|()| None),
        })
        .await
    }

    /// What stretching a password costs here.
    #[must_use]
    pub fn costs(&self) -> KdfParams {
        self.kdf.params()
    }

    /// Stretches a receipt phrase of the help-seeking box; without one it does the same work for nothing.
    ///
    /// # Errors
    /// [`Error::TooMany`] when too many wait.
    pub async fn grow(&self, costs: KdfParams, salt: Vec<u8>, phrase: Option<Phrase>) -> Result<Option<PhraseKeys>> {
        self.run(&self.aside, move |kdf| PhraseKeys::grow(kdf, costs, &salt, phrase.as_ref())).await
    }
}
