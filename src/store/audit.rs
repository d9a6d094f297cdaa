//! The audit chain: one line per act, in the transaction of the act.

use uuid::Uuid;

use super::postgres::{Lent, Params};
use super::rounds::passed_on_line;
use super::{Error, Inner, Result, Tx, row, sql_all, sqlite};
use crate::domain::audit::{Event, Line, Outcome};
use crate::domain::ids::{PersonId, SchoolId};
use crate::domain::words::{Kind, Relation, Role};
use crate::policy::{Act, Permit, Refused};
use crate::vault::chain;

/// A line with the hash under which it stands in the chain.
#[derive(Debug, Clone)]
pub struct StoredLine {
    /// The line.
    pub line: Line,
    /// SHA-256 over the hash before it and its bytes.
    pub hash: Vec<u8>,
}

row! {
    pub(super) struct LineRow {
        school_id: SchoolId as Uuid,
        seq: i64,
        at: i64,
        actor: PersonId as Uuid,
        // Words are read here and not by the driver, so that a line with an unknown one does not spoil its neighbours.
        role: String,
        relation: String,
        kind: String,
        event: String,
        outcome: String,
        object: Uuid,
        detail: String,
        hash: Vec<u8>,
    }
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

/// Lines that one statement writes.
const TOGETHER: usize = 8;

macro_rules! move_head {
    () => {
        "UPDATE audit_heads SET hash = $2 WHERE school_id = $1"
    };
}

macro_rules! put_lines {
    () => {
        "INSERT INTO audit_lines (school_id, seq, at, actor, role, relation, kind, event, outcome, object, detail, hash)
             SELECT $1, v.* FROM (VALUES
                 ($3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13),
                 ($14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24),
                 ($25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35),
                 ($36, $37, $38, $39, $40, $41, $42, $43, $44, $45, $46),
                 ($47, $48, $49, $50, $51, $52, $53, $54, $55, $56, $57),
                 ($58, $59, $60, $61, $62, $63, $64, $65, $66, $67, $68),
                 ($69, $70, $71, $72, $73, $74, $75, $76, $77, $78, $79),
                 ($80, $81, $82, $83, $84, $85, $86, $87, $88, $89, $90)) AS v WHERE v.column1 IS NOT NULL"
    };
}

/// A query with the columns of [`TOGETHER`] lines, null where there are fewer.
macro_rules! with_lines {
    ($query:expr, $lines:expr) => {{
        let mut query = $query;
        for place in 0..TOGETHER {
            let stored = $lines.get(place);
            let line = stored.map(|stored| &stored.line);
            query = query
                .bind(line.map(|line| line.seq))
                .bind(line.map(|line| line.at))
                .bind(line.map(|line| line.actor.0))
                .bind(line.map(|line| line.role.map_or("", Role::as_str)))
                .bind(line.map(|line| line.relation.as_str()))
                .bind(line.map(|line| line.kind.as_str()))
                .bind(line.map(|line| line.event.as_str()))
                .bind(line.map(|line| line.outcome.as_str()))
                .bind(line.map(|line| line.object))
                .bind(line.map(|line| line.detail.as_str()))
                .bind(stored.map(|stored| stored.hash.as_slice()));
        }
        query
    }};
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
        self.chain(done(permit, event, object, detail, now)).await
    }

    /// Writes the line of a permitted act as its last statement and makes the act permanent with it: cheaper than
    /// [`Tx::record`] and [`Tx::commit`].
    ///
    /// # Errors
    /// The database; then the act did not happen.
    pub async fn record_last<A: Act>(mut self, permit: &Permit<A>, event: Event, detail: &str, now: i64) -> Result<()> {
        let line = done(permit, event, permit.object(), detail, now);
        self.chain_all(line.school, vec![line], true).await?;
        self.commit().await
    }

    /// Writes the line of a permitted act whose doer the law keeps secret (反家庭暴力法 §14): it says that something was
    /// done, and not by whom.
    ///
    /// # Errors
    /// The database; then the act must not happen either.
    pub async fn record_unnamed<A: Act>(
        &mut self,
        permit: &Permit<A>,
        event: Event,
        object: Uuid,
        now: i64,
    ) -> Result<()> {
        self.chain(Line {
            school: permit.school(),
            seq: 0,
            at: now,
            actor: PersonId(Uuid::nil()),
            role: None,
            relation: Relation::None,
            kind: permit.kind(),
            event,
            outcome: Outcome::Done,
            object,
            detail: String::new(),
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

    /// Writes the line of a sign-in that failed for this reason. An unknown name goes to the installation's own chain, under
    /// the nil school.
    ///
    /// # Errors
    /// The database.
    pub async fn record_failed_sign_in(
        &mut self,
        account: Option<(SchoolId, PersonId)>,
        event: Event,
        now: i64,
    ) -> Result<()> {
        let (school, object) = account.unwrap_or((SchoolId(Uuid::nil()), PersonId(Uuid::nil())));
        self.chain(Line {
            school,
            seq: 0,
            at: now,
            actor: PersonId(Uuid::nil()),
            role: None,
            relation: Relation::None,
            kind: Kind::Account,
            event,
            outcome: Outcome::Refused,
            object: object.0,
            detail: String::new(),
        })
        .await
    }

    /// Writes the line of something overdue, a due time or a letter, that the clock passed on to the `rung`-th duty holder. Nobody acted.
    ///
    /// # Errors
    /// The database.
    pub async fn record_passed_on(&mut self, school: SchoolId, object: Uuid, rung: i64, now: i64) -> Result<()> {
        self.chain(passed_on_line(school, 0, object, rung, now)).await
    }

    /// Adds a line to the chain of its school.
    pub(super) async fn chain(&mut self, line: Line) -> Result<()> {
        self.chain_all(line.school, vec![line], false).await
    }

    /// Adds lines to the chain of their school, in this order. With `last`, nothing follows but the commit.
    pub(super) async fn chain_all(&mut self, school: SchoolId, lines: Vec<Line>, last: bool) -> Result<()> {
        if let (Inner::Postgres(lent), [line]) = (&mut self.inner, lines.as_slice()) {
            if last {
                lent.end_with_next();
            }
            return link_one(lent, line).await;
        }
        // Write the head row first: it is the lock. Two lines that read the same head would break the chain.
        let count = i64::try_from(lines.len()).unwrap_or(i64::MAX);
        let heads: Vec<(i64, Vec<u8>)> = sql_all!(
            self,
            [school.0, count, &chain::ORIGIN[..]],
            (i64, Vec<u8>): "INSERT INTO audit_heads (school_id, seq, hash) VALUES ($1, $2, $3)
             ON CONFLICT (school_id) DO UPDATE SET seq = audit_heads.seq + $2 RETURNING seq, hash",
        )?;
        let head = heads.into_iter().next().ok_or(sqlx::Error::RowNotFound)?;
        self.link_all(school, lines, head, last).await
    }

    /// Whether the head of a chain is moved on before its line is known, which saves a trip. On PostgreSQL others would wait for it:
    /// there the line and its head are one statement.
    pub(super) fn takes_head_early(&self) -> bool {
        matches!(self.inner, Inner::Sqlite(_))
    }

    /// Adds the last line of an act to the chain of its school, whose head may have been moved on by one already, and makes the act
    /// permanent.
    pub(super) async fn link_last(mut self, line: Line, head: Option<(i64, Vec<u8>)>) -> Result<()> {
        match head {
            Some(head) => self.link_all(line.school, vec![line], head, true).await?,
            None => self.chain_all(line.school, vec![line], true).await?,
        }
        self.commit().await
    }

    /// Puts lines behind the head of their school, which has their last number already.
    async fn link_all(
        &mut self,
        school: SchoolId,
        lines: Vec<Line>,
        (seq, previous): (i64, Vec<u8>),
        last: bool,
    ) -> Result<()> {
        let count = i64::try_from(lines.len()).unwrap_or(i64::MAX);
        let mut previous: [u8; 32] = previous.try_into().map_err(|_| Error::Corrupt("audit_heads.hash"))?;
        let mut linked = Vec::with_capacity(lines.len());
        for (seq, mut line) in (seq - count + 1..).zip(lines) {
            line.seq = seq;
            previous = chain::link(&previous, &line.bytes());
            linked.push(StoredLine { line, hash: previous.to_vec() });
        }
        let mut parts = linked.chunks(TOGETHER).peekable();
        while let Some(part) = parts.next() {
            if last && parts.peek().is_none() {
                self.end_with_next();
            }
            match part {
                [one] => self.put_line(one).await?,
                some => self.put_lines(school, some).await?,
            }
        }
        Ok(())
    }
}

impl Tx {
    /// The next statements are the last ones of the transaction.
    fn end_with_next(&mut self) {
        match &mut self.inner {
            Inner::Sqlite(lease) => lease.end_with_next(),
            Inner::Postgres(lent) => lent.end_with_next(),
        }
    }

    async fn put_line(&mut self, StoredLine { line, hash }: &StoredLine) -> Result<()> {
        sql_all!(
            self,
            [
                line.school.0,
                hash.as_slice(),
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
            ],
            (): "UPDATE audit_heads SET hash = $2 WHERE school_id = $1",
            (): "INSERT INTO audit_lines (school_id, seq, at, actor, role, relation, kind, event, outcome, object, detail, hash)
             VALUES ($1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $2)",
        )
        .map(|(_, _): (Vec<()>, Vec<()>)| ())
    }

    /// Writes up to [`TOGETHER`] lines; the rows that are not needed are null and left out.
    async fn put_lines(&mut self, school: SchoolId, lines: &[StoredLine]) -> Result<()> {
        let Some(head) = lines.last() else { return Ok(()) };
        match &mut self.inner {
            Inner::Sqlite(lease) => {
                let query = sqlx::query(lease.text(sqlite::texts!(move_head!(), put_lines!())));
                lease.ask(with_lines!(query.bind(school.0).bind(head.hash.as_slice()), lines)).await?;
            }
            Inner::Postgres(lent) => {
                let params = Params::default().bind(school.0).bind(head.hash.as_slice());
                lent.ask(&[move_head!(), put_lines!()], &with_lines!(params, lines)).await?;
            }
        }
        Ok(())
    }
}

/// Adds one line to the chain of its school in one statement, which hashes it where the head lies (decision 0029).
async fn link_one(lent: &mut Lent, line: &Line) -> Result<()> {
    let params = Params::default()
        .bind(line.school.0)
        .bind(&chain::ORIGIN[..])
        .bind(line.rest())
        .bind(line.at)
        .bind(line.actor.0)
        .bind(line.role.map_or("", Role::as_str))
        .bind(line.relation.as_str())
        .bind(line.kind.as_str())
        .bind(line.event.as_str())
        .bind(line.outcome.as_str())
        .bind(line.object)
        .bind(line.detail.as_str());
    let text = "WITH head AS (
           INSERT INTO audit_heads (school_id, seq, hash) VALUES ($1, 1, audit_link($2, $1, 1, $3))
           ON CONFLICT (school_id) DO UPDATE
           SET seq = audit_heads.seq + 1, hash = audit_link(audit_heads.hash, $1, audit_heads.seq + 1, $3)
           RETURNING seq, hash)
         INSERT INTO audit_lines (school_id, seq, at, actor, role, relation, kind, event, outcome, object, detail, hash)
         SELECT $1, seq, $4, $5, $6, $7, $8, $9, $10, $11, $12, hash FROM head";
    lent.ask(&[text], &params).await.map(drop)
}

/// The line of a permitted act; its number comes with its place in the chain.
pub(super) fn done<A: Act>(permit: &Permit<A>, event: Event, object: Uuid, detail: &str, now: i64) -> Line {
    Line {
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
    }
}
