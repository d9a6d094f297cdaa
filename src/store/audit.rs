//! The audit chain: one line per act, in the transaction of the act.

use uuid::Uuid;

use super::{Error, Result, Tx, sql};
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

#[derive(sqlx::FromRow)]
pub(super) struct LineRow {
    #[sqlx(try_from = "Uuid")]
    school_id: SchoolId,
    seq: i64,
    at: i64,
    #[sqlx(try_from = "Uuid")]
    actor: PersonId,
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

    /// Writes the line of something overdue, a due time or a letter, that the clock passed on to the `rung`-th duty holder. Nobody acted.
    ///
    /// # Errors
    /// The database.
    pub async fn record_passed_on(&mut self, school: SchoolId, object: Uuid, rung: i64, now: i64) -> Result<()> {
        self.chain(Line {
            school,
            seq: 0,
            at: now,
            actor: PersonId(Uuid::nil()),
            role: None,
            relation: Relation::None,
            kind: Kind::Warning,
            event: Event::DeadlinePassedOn,
            outcome: Outcome::Done,
            object,
            detail: format!("rung={rung}"),
        })
        .await
    }

    /// Adds a line to the chain of its school.
    pub(super) async fn chain(&mut self, mut line: Line) -> Result<()> {
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
