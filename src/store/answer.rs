//! What both engines share: how questions hang together, and what they answered.

use std::future::poll_fn;
use std::task::{Context, Poll};

use sqlx::{Either, FromRow, Row};

use super::Result;

/// How what is asked over a lent connection hangs together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Begin {
    /// Not at all: each question, or group of questions, sees the newest state.
    Alone,
    /// As one snapshot.
    Snapshot,
    /// As one writing transaction, which may become permanent together with those of others.
    Write,
    /// As one writing transaction that takes long: nobody waits with it for the `COMMIT`.
    Long,
}

/// What one statement answered.
pub(crate) struct Answer<R> {
    pub rows: Vec<R>,
    pub changes: u64,
}

/// Gathers what the statements of a query answer, of which each ends with its result. `next` is the stream of the driver.
pub(crate) async fn gathered<D, R>(
    mut next: impl FnMut(&mut Context<'_>) -> Poll<Option<sqlx::Result<Either<D, R>>>>,
    changes: impl Fn(&D) -> u64,
) -> sqlx::Result<Vec<Answer<R>>> {
    let (mut answers, mut rows) = (Vec::new(), Vec::new());
    while let Some(step) = poll_fn(&mut next).await {
        match step? {
            Either::Right(row) => rows.push(row),
            Either::Left(done) => answers.push(Answer { rows: std::mem::take(&mut rows), changes: changes(&done) }),
        }
    }
    Ok(answers)
}

/// How many rows the only statement touched.
pub(crate) fn changes<R>(answers: &[Answer<R>]) -> u64 {
    answers.last().map_or(0, |answer| answer.changes)
}

/// The rows of the only statement.
pub(crate) fn fetch_all<R: Row, T: for<'r> FromRow<'r, R>>(answers: &[Answer<R>]) -> Result<Vec<T>> {
    next(&mut answers.iter())
}

/// The first row of the only statement, if there is one.
pub(crate) fn fetch_optional<R: Row, T: for<'r> FromRow<'r, R>>(answers: &[Answer<R>]) -> Result<Option<T>> {
    let row = answers.first().and_then(|answer| answer.rows.first());
    Ok(row.map(T::from_row).transpose()?)
}

/// The first row of the only statement.
pub(crate) fn fetch_one<R: Row, T: for<'r> FromRow<'r, R>>(answers: &[Answer<R>]) -> Result<T> {
    Ok(fetch_optional(answers)?.ok_or(sqlx::Error::RowNotFound)?)
}

/// The rows of the next of several statements.
pub(crate) fn next<'a, R: Row, T: for<'r> FromRow<'r, R>>(
    answers: &mut impl Iterator<Item = &'a Answer<R>>,
) -> Result<Vec<T>> {
    let rows = answers.next().map_or(&[][..], |answer| &answer.rows);
    rows.iter().map(|row| Ok(T::from_row(row)?)).collect()
}
