//! The audit chain: one line per act, in the transaction of the act.

use uuid::Uuid;

use super::{Conn, Error, Result, Tx, sql};
use crate::domain::audit::{Event, Line, Outcome};
use crate::domain::ids::{PersonId, SchoolId};
use crate::domain::words::{Kind, Relation, Role};
use crate::policy::{Act, Permit, Read, Refused};
use crate::vault::chain;

/// A line with the hash under which it stands in the chain.
#[derive(Debug, Clone)]
pub struct StoredLine {
    /// The line.
    pub line: Line,
    /// SHA-256 over the hash before it and its bytes.
    pub hash: Vec<u8>,
}

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

/// Where a chain breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Broken {
    /// The school of the chain.
    pub school: SchoolId,
    /// The first line that does not follow from the one before it.
    pub seq: i64,
}

#[derive(sqlx::FromRow)]
struct LineRow {
    #[sqlx(try_from = "Uuid")]
    school_id: SchoolId,
    seq: i64,
    at: i64,
    #[sqlx(try_from = "Uuid")]
    actor: PersonId,
    // Words are read as text, so that a row with an unknown one can still be named by its number.
    role: String,
    relation: String,
    kind: String,
    event: String,
    outcome: String,
    object: Uuid,
    detail: String,
    hash: Vec<u8>,
}

impl TryFrom<LineRow> for StoredLine {
    type Error = Error;
    fn try_from(row: LineRow) -> Result<Self> {
        let role = match row.role.as_str() {
            "" => None,
            code => Some(Role::parse(code).ok_or(Error::Corrupt("audit_lines.role"))?),
        };
        let line = Line {
            school: row.school_id,
            seq: row.seq,
            at: row.at,
            actor: row.actor,
            role,
            relation: Relation::parse(&row.relation).ok_or(Error::Corrupt("audit_lines.relation"))?,
            kind: Kind::parse(&row.kind).ok_or(Error::Corrupt("audit_lines.kind"))?,
            event: Event::parse(&row.event).ok_or(Error::Corrupt("audit_lines.event"))?,
            outcome: Outcome::parse(&row.outcome).ok_or(Error::Corrupt("audit_lines.outcome"))?,
            object: row.object,
            detail: row.detail,
        };
        Ok(Self { line, hash: row.hash })
    }
}

impl Tx {
    /// Writes the line of a permitted act.
    ///
    /// # Errors
    /// The database; then the act must not happen either.
    pub async fn record<A: Act>(&mut self, permit: &Permit<A>, event: Event, detail: &str, now: i64) -> Result<()> {
        self.record_about(permit, event, permit.object(), detail, now).await
    }

    /// Writes the line of a permitted act whose object is narrower than the permit's (a new account, a member).
    ///
    /// # Errors
    /// The database; then the act must not happen either.
    pub async fn record_about<A: Act>(
        &mut self,
        permit: &Permit<A>,
        event: Event,
        object: Uuid,
        detail: &str,
        now: i64,
    ) -> Result<()> {
        self.chain(Line {
            school: permit.school(),
            seq: 0,
            at: now,
            actor: permit.actor(),
            role: Some(permit.role()),
            relation: permit.relation(),
            kind: permit.kind(),
            event,
            outcome: Outcome::Done,
            object,
            detail: detail.to_owned(),
        })
        .await
    }

    /// Writes the line of a refused act.
    ///
    /// # Errors
    /// The database.
    pub async fn record_refusal(
        &mut self,
        refused: &Refused,
        actor: PersonId,
        school: SchoolId,
        now: i64,
    ) -> Result<()> {
        self.chain(Line {
            school,
            seq: 0,
            at: now,
            actor,
            role: refused.role,
            relation: refused.relation,
            kind: refused.kind,
            event: Event::Refused,
            outcome: Outcome::Refused,
            object: refused.object,
            detail: refused.action.as_str().to_owned(),
        })
        .await
    }

    /// Writes the line of a failed sign-in. An unknown name goes to the installation's own chain, under the nil school.
    ///
    /// # Errors
    /// The database.
    pub async fn record_failed_sign_in(&mut self, account: Option<(SchoolId, PersonId)>, now: i64) -> Result<()> {
        let (school, object) = account.unwrap_or((SchoolId(Uuid::nil()), PersonId(Uuid::nil())));
        self.chain(Line {
            school,
            seq: 0,
            at: now,
            actor: PersonId(Uuid::nil()),
            role: None,
            relation: Relation::None,
            kind: Kind::Account,
            event: Event::SignInFailed,
            outcome: Outcome::Refused,
            object: object.0,
            detail: String::new(),
        })
        .await
    }

    /// Adds a line to the chain of its school.
    async fn chain(&mut self, mut line: Line) -> Result<()> {
        // Write the head row first: it is the lock. Two lines that read the same head would break the chain.
        let (seq, previous): (i64, Vec<u8>) = sql!(
            self,
            fetch_one(i64, Vec<u8>):
                "INSERT INTO audit_heads (school_id, seq, hash) VALUES ($1, 1, $2)
             ON CONFLICT (school_id) DO UPDATE SET seq = audit_heads.seq + 1 RETURNING seq, hash",
            line.school.0,
            chain::ORIGIN.to_vec()
        )?;
        line.seq = seq;
        let previous: [u8; 32] = previous.try_into().map_err(|_| Error::Corrupt("audit_heads.hash"))?;
        let hash = chain::link(&previous, &line.bytes()).to_vec();
        sql!(self, run "UPDATE audit_heads SET hash = $2 WHERE school_id = $1", line.school.0, hash.clone())?;
        sql!(
            self,
            run "INSERT INTO audit_lines (school_id, seq, at, actor, role, relation, kind, event, outcome, object, detail, hash)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
            line.school.0,
            line.seq,
            line.at,
            line.actor.0,
            line.role.map_or("", Role::as_str),
            line.relation.as_str(),
            line.kind.as_str(),
            line.event.as_str(),
            line.outcome.as_str(),
            line.object,
            line.detail.as_str(),
            hash
        )?;
        Ok(())
    }
}

impl Conn {
    /// Who opened or changed one file, newest first, at most `limit` lines.
    ///
    /// # Errors
    /// The database.
    pub async fn views(&mut self, permit: &Permit<Read>, limit: i64) -> Result<Vec<StoredLine>> {
        let rows = sql!(
            self,
            fetch_all LineRow: "SELECT * FROM audit_lines WHERE object = $1 AND school_id = $2 AND event <> 'refused'
             ORDER BY seq DESC LIMIT $3",
            permit.object(),
            permit.school().0,
            limit
        )?;
        rows.into_iter().map(StoredLine::try_from).collect()
    }

    /// Lines of the permit's school that fit the filter, newest first, at most `limit`.
    ///
    /// # Errors
    /// The database.
    pub async fn audit_lines(
        &mut self,
        permit: &Permit<Read>,
        filter: &AuditFilter,
        limit: i64,
    ) -> Result<Vec<StoredLine>> {
        let rows = sql!(
            self,
            fetch_all LineRow: "SELECT * FROM audit_lines WHERE school_id = $1 AND seq < $2
               AND ($3 OR actor = $4) AND ($5 OR object = $6) AND ($7 OR event = $8) AND ($9 OR outcome = 'refused')
             ORDER BY seq DESC LIMIT $10",
            permit.school().0,
            filter.before.unwrap_or(i64::MAX),
            filter.actor.is_none(),
            filter.actor.map_or(Uuid::nil(), |id| id.0),
            filter.object.is_none(),
            filter.object.unwrap_or_default(),
            filter.event.is_none(),
            filter.event.map_or("", Event::as_str),
            !filter.refused,
            limit
        )?;
        rows.into_iter().map(StoredLine::try_from).collect()
    }

    /// How often each event happened since an instant, most frequent first.
    ///
    /// # Errors
    /// The database.
    pub async fn audit_counts(&mut self, permit: &Permit<Read>, since: i64) -> Result<Vec<(Event, i64)>> {
        let rows: Vec<(String, i64)> = sql!(
            self,
            fetch_all(String, i64): "SELECT event, count(*) FROM audit_lines WHERE school_id = $1 AND at >= $2
             GROUP BY event ORDER BY 2 DESC, 1",
            permit.school().0,
            since
        )?;
        let word = |(event, count): (String, i64)| Event::parse(&event).map(|event| (event, count));
        rows.into_iter().map(|row| word(row).ok_or(Error::Corrupt("audit_lines.event"))).collect()
    }

    /// The heads of all chains: school, number of lines, hash.
    ///
    /// # Errors
    /// The database.
    pub async fn audit_heads(&mut self) -> Result<Vec<(SchoolId, i64, Vec<u8>)>> {
        let rows: Vec<(Uuid, i64, Vec<u8>)> = sql!(self, fetch_all(Uuid, i64, Vec<u8>): "SELECT school_id, seq, hash FROM audit_heads ORDER BY school_id")?;
        Ok(rows.into_iter().map(|(school, seq, hash)| (SchoolId(school), seq, hash)).collect())
    }

    /// Walks the chain of one school and tells where it breaks first, if it does.
    ///
    /// # Errors
    /// The database. A line that cannot be read counts as broken.
    pub async fn verify_chain(&mut self, school: SchoolId) -> Result<Option<Broken>> {
        let mut hash = chain::ORIGIN;
        let mut seq = 0;
        loop {
            let rows = sql!(
                self,
                fetch_all LineRow: "SELECT * FROM audit_lines WHERE school_id = $1 AND seq > $2 ORDER BY seq LIMIT 5000",
                school.0,
                seq
            );
            let rows = match rows {
                Err(Error::Sqlx(sqlx::Error::ColumnDecode { .. })) => return Ok(Some(Broken { school, seq: seq + 1 })),
                rows => rows?,
            };
            if rows.is_empty() {
                break;
            }
            for row in rows {
                let broken = Ok(Some(Broken { school, seq: seq + 1 }));
                let Ok(StoredLine { line, hash: stored }) = StoredLine::try_from(row) else { return broken };
                hash = chain::link(&hash, &line.bytes());
                if line.seq != seq + 1 || stored != hash {
                    return broken;
                }
                seq = line.seq;
            }
        }
        let head: Option<(i64, Vec<u8>)> = sql!(self, fetch_optional(i64, Vec<u8>): "SELECT seq, hash FROM audit_heads WHERE school_id = $1", school.0)?;
        let sound = head.map_or(seq == 0, |(number, stored)| number == seq && stored == hash);
        Ok((!sound).then_some(Broken { school, seq: seq + 1 }))
    }
}
