//! What an act can answer when it does not happen.

use crate::domain::deidentify::Finding;
use crate::{store, vault};

/// The result of an act.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What is wrong with one field of a form; `code` names the message in the locale files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldProblem {
    /// The name of the form field.
    pub field: &'static str,
    /// The message, without its `problem-` prefix.
    pub code: &'static str,
}

/// Two texts for one field: a colleague saved while the person was writing. Nothing of either is lost.
#[derive(Clone, PartialEq, Eq)]
pub struct Stale {
    /// The form field.
    pub field: &'static str,
    /// What stands there now.
    pub theirs: String,
    /// What the person wrote.
    pub mine: String,
    /// The version that stands there now, for a second try.
    pub version: i64,
}

impl std::fmt::Debug for Stale {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Stale({})", self.field)
    }
}

/// Why an act did not happen: what the person can be told.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is nothing, or nothing this person may know of.
    #[error("not found")]
    NotFound,
    /// Nobody is signed in, or the session ended.
    #[error("signed out")]
    SignedOut,
    /// Name and password do not fit.
    #[error("name and password do not fit")]
    WrongPassword,
    /// The form says something that cannot be.
    #[error("invalid form")]
    Invalid(Vec<FieldProblem>),
    /// A text that is to leave the school names somebody, or looks as if it did.
    #[error("a text names somebody")]
    Named(Vec<Finding>),
    /// Somebody else changed it meanwhile.
    #[error("stale")]
    Stale(Vec<Stale>),
    /// A colleague's transaction came in between; the act is tried again before anybody hears of it.
    #[error("raced")]
    Raced,
    /// Too many tries, or too many people at once; seconds until it makes sense to try again.
    #[error("too many")]
    TooMany {
        /// Seconds.
        retry: u64,
    },
    /// The person may do it, but holds no key for it yet: a colleague must let them in first.
    #[error("no key yet")]
    NoKey,
    /// The database cannot be used now: held, full, read-only.
    #[error("busy: {0}")]
    Busy(#[source] store::Error),
    /// A defect or a damaged database; people see an incident number.
    #[error(transparent)]
    Internal(anyhow::Error),
}

impl Error {
    /// One wrong field.
    #[must_use]
    pub fn field(field: &'static str, code: &'static str) -> Self {
        Self::Invalid(vec![FieldProblem { field, code }])
    }
}

/// How often an act that lost a race is tried.
const TRIES: usize = 5;

/// Does an act again while it loses races. On SQLite, with its single writer, there are none.
///
/// # Errors
/// What the act says; [`Error::Raced`] when it lost every time.
pub(crate) async fn again<T, F: Future<Output = Result<T>>>(mut act: impl FnMut() -> F) -> Result<T> {
    for _ in 1..TRIES {
        match act().await {
            Err(Error::Raced) => {}
            ended => return ended,
        }
    }
    act().await
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Unavailable(_) => Self::Busy(error),
            // Two first writers of one thing (a key, a record) on PostgreSQL. Acts where a name can be taken say so themselves.
            store::Error::Taken(_) => Self::Raced,
            other => Self::Internal(other.into()),
        }
    }
}

impl From<vault::Error> for Error {
    fn from(error: vault::Error) -> Self {
        Self::Internal(error.into())
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        // The message of serde may quote the text: say only that it happened.
        Self::Internal(anyhow::anyhow!(
            "sealed content does not parse: {:?} at column {}",
            error.classify(),
            error.column()
        ))
    }
}
