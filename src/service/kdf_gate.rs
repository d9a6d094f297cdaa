//! Password hashing off the async threads, one or two at a time, with a bounded queue.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use secrecy::SecretString;
use tokio::sync::Semaphore;

use super::{Error, Result};
use crate::domain::ids::PersonId;
use crate::vault::{self, Credentials, Identity, Kdf};

/// People waiting at most; the next one is asked to come back.
const QUEUE: usize = 64;

/// Lets one password be stretched at a time, so that sign-ins never slow the pages of others.
#[derive(Debug)]
pub struct KdfGate {
    kdf: Arc<Kdf>,
    turns: Arc<Semaphore>,
    waiting: AtomicUsize,
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
        Self { kdf: Arc::new(kdf), turns: Arc::new(Semaphore::new(at_once)), waiting: AtomicUsize::new(0) }
    }

    /// Runs one act with the function, on a blocking thread, when it is its turn.
    async fn run<T: Send + 'static>(&self, act: impl FnOnce(&Kdf) -> vault::Result<T> + Send + 'static) -> Result<T> {
        let waiting = self.waiting.fetch_add(1, Ordering::Relaxed);
        let _out = Waiting(&self.waiting);
        if waiting >= QUEUE {
            return Err(Error::TooMany { retry: 10 });
        }
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|e| Error::Internal(e.into()))?;
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
        self.run(move |kdf| Ok((vault::enrol(kdf, &password, &identity, person)?, identity))).await
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
        self.run(move |kdf| match account {
            Some((person, credentials)) => vault::unlock(kdf, &password, &credentials, person),
            None => vault::unlock_nobody(kdf, &password).map(|()| None),
        })
        .await
    }
}
