//! Proving the audit chains: nothing was changed, taken out or put in.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::audit::LineRow;
use super::{Conn, Error, Result, StoredLine, sql};
use crate::domain::ids::SchoolId;
use crate::vault::chain;

/// Lines read at a time: the walk keeps no more than these in memory and lets other requests run after each.
const CHUNK: i64 = 1_000;

/// Where a chain breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Broken {
    /// The school of the chain; nil for the installation's own.
    pub school: SchoolId,
    /// The first line that is not as it was written, or is missing.
    pub seq: i64,
}

impl Conn {
    /// The heads of all chains: school, number of the last line, its hash.
    ///
    /// # Errors
    /// The database.
    pub async fn audit_heads(&mut self) -> Result<Vec<(SchoolId, i64, Vec<u8>)>> {
        let rows: Vec<(Uuid, i64, Vec<u8>)> = sql!(self, fetch_all(Uuid, i64, Vec<u8>): "SELECT school_id, seq, hash FROM audit_heads ORDER BY school_id")?;
        Ok(rows.into_iter().map(|(school, seq, hash)| (SchoolId(school), seq, hash)).collect())
    }

    /// Every chain that should be there: of each school, of the installation itself, and whatever else has a head.
    ///
    /// # Errors
    /// The database.
    pub async fn audited_schools(&mut self) -> Result<BTreeSet<SchoolId>> {
        let mut schools: BTreeSet<SchoolId> = self.audit_heads().await?.into_iter().map(|head| head.0).collect();
        schools.extend(self.schools().await?.into_iter().map(|school| school.id));
        schools.insert(SchoolId(Uuid::nil()));
        Ok(schools)
    }

    /// The hash under which a line stands in the chain of a school.
    ///
    /// # Errors
    /// The database.
    pub async fn line_hash(&mut self, school: SchoolId, seq: i64) -> Result<Option<Vec<u8>>> {
        let row: Option<(Vec<u8>,)> = sql!(
            self,
            fetch_optional(Vec<u8>,): "SELECT hash FROM audit_lines WHERE school_id = $1 AND seq = $2",
            school.0,
            seq
        )?;
        Ok(row.map(|(hash,)| hash))
    }

    /// Walks the chain of one school and tells where it breaks first, if it does.
    ///
    /// # Errors
    /// The database. A line that cannot be read counts as broken.
    pub async fn verify_chain(&mut self, school: SchoolId) -> Result<Option<Broken>> {
        let (mut hash, mut lines, mut chunk) = (chain::ORIGIN, 0, CHUNK);
        loop {
            let broken = |lines: i64| Ok(Some(Broken { school, seq: lines + 1 }));
            let rows = match self.lines_after(school, lines, chunk).await {
                Ok(rows) => rows,
                // One of these lines is not even of the right type: go on one by one to learn which.
                Err(Error::Sqlx(sqlx::Error::ColumnDecode { .. })) if chunk > 1 => {
                    chunk = 1;
                    continue;
                }
                Err(Error::Sqlx(sqlx::Error::ColumnDecode { .. })) => return broken(lines),
                Err(other) => return Err(other),
            };
            if rows.is_empty() {
                break;
            }
            for row in rows {
                let Some(next) = follows(row, lines + 1, &hash) else { return broken(lines) };
                (hash, lines) = (next, lines + 1);
            }
            tokio::task::yield_now().await;
        }
        let head: Option<(i64, Vec<u8>)> = sql!(self, fetch_optional(i64, Vec<u8>): "SELECT seq, hash FROM audit_heads WHERE school_id = $1", school.0)?;
        let sound = head.map_or(lines == 0, |(seq, stored)| seq == lines && stored == hash);
        Ok((!sound).then_some(Broken { school, seq: lines + 1 }))
    }

    async fn lines_after(&mut self, school: SchoolId, seq: i64, limit: i64) -> Result<Vec<LineRow>> {
        sql!(
            self,
            fetch_all LineRow: "SELECT * FROM audit_lines WHERE school_id = $1 AND seq > $2 ORDER BY seq LIMIT $3",
            school.0,
            seq,
            limit
        )
    }
}

/// The hash of a line that stands as it was written, with this number, behind this hash.
fn follows(row: LineRow, seq: i64, previous: &[u8; 32]) -> Option<[u8; 32]> {
    let StoredLine { line, hash } = StoredLine::try_from(row).ok()?;
    let expected = chain::link(previous, &line.bytes());
    (line.seq == seq && hash == expected).then_some(expected)
}

#[cfg(test)]
pub(crate) mod tamper;
#[cfg(test)]
mod tests;
