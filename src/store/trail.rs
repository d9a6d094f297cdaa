//! Reading the audit lines: by what the privacy officer asks for, by file, and counted.
//!
//! A school may have a million lines. Each question is asked with the index that holds its answer in order; a single text with
//! optional conditions would walk them all to find a rare student. `f` finds in the index alone and `l` fetches the line: asked
//! in one step, SQLite, which knows nothing of how rare a value is, prefers to walk the table.

use uuid::Uuid;

use super::audit::LineRow;
use super::{Conn, Error, Result, StoredLine, sql};
use crate::domain::audit::Event;
use crate::domain::ids::PersonId;
use crate::policy::{Permit, Read};

/// Which lines the privacy officer wants to see. Empty fields do not filter.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// Only lines of this person.
    pub actor: Option<PersonId>,
    /// Only lines about this student, class or person.
    pub object: Option<Uuid>,
    /// Only lines of this event.
    pub event: Option<Event>,
    /// Only refusals.
    pub refused: bool,
    /// Only lines before this number, for paging backwards.
    pub before: Option<i64>,
}

impl AuditFilter {
    fn before(&self) -> i64 {
        self.before.unwrap_or(i64::MAX)
    }

    /// The event, and whether any will do.
    fn event(&self) -> (bool, &'static str) {
        (self.event.is_none(), self.event.map_or("", Event::as_str))
    }

    /// The person, and whether any will do.
    fn actor(&self) -> (bool, Uuid) {
        (self.actor.is_none(), self.actor.map_or(Uuid::nil(), |id| id.0))
    }
}

/// How many files a person opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opened {
    /// Who.
    pub actor: PersonId,
    /// How often a file was opened.
    pub times: i64,
    /// How many different files.
    pub files: i64,
}

impl Conn {
    /// Who opened or changed one file, newest first, at most `limit` lines.
    ///
    /// # Errors
    /// The database.
    pub async fn views(&mut self, permit: &Permit<Read>, limit: i64) -> Result<Vec<StoredLine>> {
        lines(sql!(
            self,
            fetch_all LineRow: "SELECT l.* FROM audit_lines f JOIN audit_lines l ON l.school_id = f.school_id AND l.seq = f.seq
             WHERE f.school_id = $1 AND f.object = $2 AND l.event <> 'refused' ORDER BY f.seq DESC LIMIT $3",
            permit.school().0,
            permit.object(),
            limit
        )?)
    }

    /// Lines of the permit's school that fit the filter, newest first, at most `limit`.
    ///
    /// # Errors
    /// The database.
    pub async fn audit_lines(
        &mut self,
        permit: &Permit<Read>,
        wanted: &AuditFilter,
        limit: i64,
    ) -> Result<Vec<StoredLine>> {
        match wanted {
            AuditFilter { object: Some(object), .. } => self.lines_about(permit, wanted, *object, limit).await,
            AuditFilter { actor: Some(actor), .. } => self.lines_of(permit, wanted, *actor, limit).await,
            AuditFilter { event: Some(event), .. } => self.lines_on(permit, wanted, *event, limit).await,
            AuditFilter { refused: true, .. } => self.refusals(permit, wanted, limit).await,
            _ => self.newest_lines(permit, wanted, limit).await,
        }
    }

    async fn lines_about(
        &mut self,
        permit: &Permit<Read>,
        wanted: &AuditFilter,
        object: Uuid,
        limit: i64,
    ) -> Result<Vec<StoredLine>> {
        let ((any_event, event), (any_actor, actor)) = (wanted.event(), wanted.actor());
        lines(sql!(
            self,
            fetch_all LineRow: "SELECT l.* FROM audit_lines f JOIN audit_lines l ON l.school_id = f.school_id AND l.seq = f.seq
             WHERE f.school_id = $1 AND f.object = $2 AND f.seq < $3 AND ($4 OR l.actor = $5) AND ($6 OR l.event = $7)
               AND ($8 OR l.outcome = 'refused') ORDER BY f.seq DESC LIMIT $9",
            permit.school().0,
            object,
            wanted.before(),
            any_actor,
            actor,
            any_event,
            event,
            !wanted.refused,
            limit
        )?)
    }

    async fn lines_of(
        &mut self,
        permit: &Permit<Read>,
        wanted: &AuditFilter,
        actor: PersonId,
        limit: i64,
    ) -> Result<Vec<StoredLine>> {
        let (any_event, event) = wanted.event();
        lines(sql!(
            self,
            fetch_all LineRow: "SELECT l.* FROM audit_lines f JOIN audit_lines l ON l.school_id = f.school_id AND l.seq = f.seq
             WHERE f.school_id = $1 AND f.actor = $2 AND f.seq < $3 AND ($4 OR l.event = $5)
               AND ($6 OR l.outcome = 'refused') ORDER BY f.seq DESC LIMIT $7",
            permit.school().0,
            actor.0,
            wanted.before(),
            any_event,
            event,
            !wanted.refused,
            limit
        )?)
    }

    async fn lines_on(
        &mut self,
        permit: &Permit<Read>,
        wanted: &AuditFilter,
        event: Event,
        limit: i64,
    ) -> Result<Vec<StoredLine>> {
        lines(sql!(
            self,
            fetch_all LineRow: "SELECT l.* FROM audit_lines f JOIN audit_lines l ON l.school_id = f.school_id AND l.seq = f.seq
             WHERE f.school_id = $1 AND f.event = $2 AND f.seq < $3 AND ($4 OR l.outcome = 'refused')
             ORDER BY f.seq DESC LIMIT $5",
            permit.school().0,
            event.as_str(),
            wanted.before(),
            !wanted.refused,
            limit
        )?)
    }

    /// Refused acts and failed sign-ins: the events that end so, each from its own stretch of the index.
    async fn refusals(&mut self, permit: &Permit<Read>, wanted: &AuditFilter, limit: i64) -> Result<Vec<StoredLine>> {
        let mut found = Vec::new();
        for event in Event::REFUSALS {
            found.extend(self.lines_on(permit, wanted, *event, limit).await?);
        }
        found.sort_by_key(|stored| std::cmp::Reverse(stored.line.seq));
        found.truncate(usize::try_from(limit).unwrap_or(0));
        Ok(found)
    }

    async fn newest_lines(
        &mut self,
        permit: &Permit<Read>,
        wanted: &AuditFilter,
        limit: i64,
    ) -> Result<Vec<StoredLine>> {
        lines(sql!(
            self,
            fetch_all LineRow: "SELECT * FROM audit_lines WHERE school_id = $1 AND seq < $2 ORDER BY seq DESC LIMIT $3",
            permit.school().0,
            wanted.before(),
            limit
        )?)
    }

    /// The number of the first line written at or after an instant (microseconds UTC). Lines stand in the order of time, so
    /// twenty looks find it among a million, and no index on the time has to be kept.
    async fn first_line_since(&mut self, permit: &Permit<Read>, since: i64) -> Result<i64> {
        let school = permit.school().0;
        let last: Option<(i64,)> =
            sql!(self, fetch_optional(i64,): "SELECT seq FROM audit_heads WHERE school_id = $1", school)?;
        let (mut low, mut high) = (1, last.map_or(0, |(seq,)| seq) + 1);
        while low < high {
            let middle = i64::midpoint(low, high);
            let at: Option<(i64,)> = sql!(self, fetch_optional(i64,): "SELECT at FROM audit_lines WHERE school_id = $1 AND seq = $2", school, middle)?;
            if at.is_some_and(|(at,)| at < since) { low = middle + 1 } else { high = middle }
        }
        Ok(low)
    }

    /// How often each event happened since an instant (microseconds UTC), most frequent first.
    ///
    /// # Errors
    /// The database.
    pub async fn audit_counts(&mut self, permit: &Permit<Read>, since: i64) -> Result<Vec<(Event, i64)>> {
        let first = self.first_line_since(permit, since).await?;
        let rows: Vec<(String, i64)> = sql!(
            self,
            fetch_all(String, i64): "SELECT event, count(*) FROM audit_lines WHERE school_id = $1 AND seq >= $2
             GROUP BY event ORDER BY 2 DESC, 1",
            permit.school().0,
            first
        )?;
        let word = |(event, count): (String, i64)| Event::parse(&event).map(|event| (event, count));
        rows.into_iter().map(|row| word(row).ok_or(Error::Corrupt("audit_lines.event"))).collect()
    }

    /// Who opened how many files since an instant (microseconds UTC), most first.
    ///
    /// # Errors
    /// The database.
    pub async fn opened_counts(&mut self, permit: &Permit<Read>, since: i64) -> Result<Vec<Opened>> {
        let first = self.first_line_since(permit, since).await?;
        let rows: Vec<(Uuid, i64, i64)> = sql!(
            self,
            fetch_all(Uuid, i64, i64): "SELECT actor, count(*), count(DISTINCT object) FROM audit_lines
             WHERE school_id = $1 AND event = 'file_opened' AND seq >= $2 GROUP BY actor ORDER BY 2 DESC, 1",
            permit.school().0,
            first
        )?;
        let opened = |(actor, times, files)| Opened { actor: PersonId(actor), times, files };
        Ok(rows.into_iter().map(opened).collect())
    }
}

fn lines(rows: Vec<LineRow>) -> Result<Vec<StoredLine>> {
    rows.into_iter().map(StoredLine::try_from).collect()
}

#[cfg(test)]
mod tests;
