//! The ways out of the house, and messages without content on their way.

use uuid::Uuid;

use super::{Conn, Result, Tx, row, sql};
use crate::domain::clock::MINUTE;
use crate::domain::ids::{PersonId, SchoolId};
use crate::domain::outside::{Channel, Fault, Sending};
use crate::policy::{Manage, Permit};

row! {
    /// A way out of a school, as it stands: its settings sealed under the secret of the installation.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct StoredChannel {
        /// The school.
        pub school_id: SchoolId as Uuid,
        /// Which one.
        pub kind: Channel as String,
        /// Edit version.
        pub version: i64,
        /// The sealed settings.
        pub sealed: Vec<u8>,
    }
}

row! {
    /// A message on its way.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Message {
        /// Its id.
        pub id: Uuid,
        /// The school.
        pub school_id: SchoolId as Uuid,
        /// By which way.
        pub kind: Channel as String,
        /// To whom, for mail.
        pub person_id: Option<Uuid>,
        /// Where it stands.
        pub state: Sending as String,
        /// How often it was tried.
        pub tries: i64,
        /// When it is tried next, microseconds UTC.
        pub next_at: i64,
        /// What went wrong last; the code of a [`Fault`], or nothing.
        pub fault: String,
        /// When that was, microseconds UTC.
        pub changed_at: i64,
    }
}

/// A message to the same reader follows another after so long at the earliest: robots of groups are cut off after twenty a
/// minute, and people after fewer.
const PAUSE: i64 = MINUTE;

impl Conn {
    /// The ways out of a school.
    ///
    /// # Errors
    /// The database.
    pub async fn channels(&mut self, school: SchoolId) -> Result<Vec<StoredChannel>> {
        sql!(
            self,
            fetch_all StoredChannel: "SELECT school_id, kind, version, sealed FROM channels WHERE school_id = $1 ORDER BY kind",
            school.0
        )
    }

    /// A person's sealed mail address.
    ///
    /// # Errors
    /// The database.
    pub async fn address(&mut self, person: PersonId) -> Result<Option<Vec<u8>>> {
        let found =
            sql!(self, fetch_optional(Vec<u8>,): "SELECT sealed FROM addresses WHERE person_id = $1", person.0)?;
        Ok(found.map(|(sealed,)| sealed))
    }

    /// The messages whose turn has come, of all schools, earliest first.
    ///
    /// # Errors
    /// The database.
    pub async fn messages_to_send(&mut self, now: i64, limit: i64) -> Result<Vec<Message>> {
        sql!(
            self,
            fetch_all Message: "SELECT * FROM outbox WHERE state = 'waiting' AND next_at <= $1 ORDER BY next_at, id LIMIT $2",
            now,
            limit
        )
    }

    /// The messages of a school in one state, newest first.
    ///
    /// # Errors
    /// The database.
    pub async fn messages_in(&mut self, school: SchoolId, state: Sending, limit: i64) -> Result<Vec<Message>> {
        sql!(
            self,
            fetch_all Message: "SELECT * FROM outbox WHERE school_id = $1 AND state = $2 ORDER BY changed_at DESC, id LIMIT $3",
            school.0,
            state.as_str(),
            limit
        )
    }
}

impl Tx {
    /// Sets a way out that still has the version before this one (0 for none).
    ///
    /// # Errors
    /// The database.
    pub async fn put_channel(&mut self, permit: &Permit<Manage>, channel: &StoredChannel) -> Result<bool> {
        let done = sql!(
            self,
            run "INSERT INTO channels (school_id, kind, version, sealed) VALUES ($1, $2, $3, $4)
             ON CONFLICT (school_id, kind) DO UPDATE SET version = excluded.version, sealed = excluded.sealed
             WHERE channels.version = excluded.version - 1",
            permit.school().0,
            channel.kind.as_str(),
            channel.version,
            channel.sealed.clone()
        )?;
        Ok(done == 1)
    }

    /// Closes a way out, with what still waits to take it.
    ///
    /// # Errors
    /// The database.
    pub async fn close_channel(&mut self, permit: &Permit<Manage>, kind: Channel) -> Result<bool> {
        let (school, kind) = (permit.school().0, kind.as_str());
        sql!(self, run "DELETE FROM outbox WHERE school_id = $1 AND kind = $2 AND state = 'waiting'", school, kind)?;
        let done = sql!(self, run "DELETE FROM channels WHERE school_id = $1 AND kind = $2", school, kind)?;
        Ok(done == 1)
    }

    /// Keeps the own mail address.
    ///
    /// # Errors
    /// The database.
    pub async fn put_address(&mut self, own: &Permit<Manage>, sealed: Vec<u8>) -> Result<()> {
        sql!(
            self,
            run "INSERT INTO addresses (person_id, sealed) VALUES ($1, $2)
             ON CONFLICT (person_id) DO UPDATE SET sealed = excluded.sealed",
            own.object(),
            sealed
        )
        .map(drop)
    }

    /// Forgets the own mail address, with what still waits to be sent there.
    ///
    /// # Errors
    /// The database.
    pub async fn forget_address(&mut self, own: &Permit<Manage>) -> Result<()> {
        sql!(self, run "DELETE FROM outbox WHERE person_id = $1 AND state = 'waiting'", own.object())?;
        sql!(self, run "DELETE FROM addresses WHERE person_id = $1", own.object()).map(drop)
    }

    /// Lays a mail to a person out, if the school sends mail, the person gave an address and none waits already: it would say
    /// the same. Needs no permit: it says nothing.
    ///
    /// # Errors
    /// The database.
    pub async fn lay_out_mail(&mut self, id: Uuid, school: SchoolId, person: PersonId, now: i64) -> Result<bool> {
        let done = sql!(
            self,
            run "INSERT INTO outbox (id, school_id, kind, person_id, state, tries, next_at, fault, changed_at)
             SELECT $1, c.school_id, c.kind, a.person_id, 'waiting', 0, CASE WHEN l.last + $5 > $4 THEN l.last + $5 ELSE $4 END, '', $4
             FROM channels c JOIN addresses a ON a.person_id = $3 JOIN persons p ON p.id = a.person_id AND p.active
             CROSS JOIN (SELECT coalesce(max(changed_at), 0) AS last FROM outbox
                WHERE school_id = $2 AND state = 'sent' AND kind = 'mail' AND person_id = $3 AND changed_at <= $4) l
             WHERE c.school_id = $2 AND c.kind = 'mail' AND NOT EXISTS (SELECT 1 FROM outbox o
                WHERE o.school_id = $2 AND o.kind = 'mail' AND o.person_id = $3 AND o.state = 'waiting')",
            id,
            school.0,
            person.0,
            now,
            PAUSE
        )?;
        Ok(done == 1)
    }

    /// Lays a message to a group out, if the school has that robot and none waits already. Needs no permit: it says nothing.
    ///
    /// # Errors
    /// The database.
    pub async fn lay_out_robot(&mut self, id: Uuid, school: SchoolId, robot: Channel, now: i64) -> Result<bool> {
        let done = sql!(
            self,
            run "INSERT INTO outbox (id, school_id, kind, state, tries, next_at, fault, changed_at)
             SELECT $1, c.school_id, c.kind, 'waiting', 0, CASE WHEN l.last + $5 > $4 THEN l.last + $5 ELSE $4 END, '', $4
             FROM channels c
             CROSS JOIN (SELECT coalesce(max(changed_at), 0) AS last FROM outbox
                WHERE school_id = $2 AND state = 'sent' AND kind = $3 AND changed_at <= $4) l
             WHERE c.school_id = $2 AND c.kind = $3 AND NOT EXISTS (SELECT 1 FROM outbox o
                WHERE o.school_id = $2 AND o.kind = $3 AND o.state = 'waiting')",
            id,
            school.0,
            robot.as_str(),
            now,
            PAUSE
        )?;
        Ok(done == 1)
    }

    /// Takes a message in hand that nobody else took since it was read: it counts as tried, and is tried again at `next_at`
    /// should this process end. Needs no permit: it says nothing.
    ///
    /// # Errors
    /// The database.
    pub async fn take_message(&mut self, seen: &Message, next_at: i64, now: i64) -> Result<bool> {
        let done = sql!(
            self,
            run "UPDATE outbox SET tries = tries + 1, next_at = $3, changed_at = $4
             WHERE id = $1 AND tries = $2 AND state = 'waiting'",
            seen.id,
            seen.tries,
            next_at,
            now
        )?;
        Ok(done == 1)
    }

    /// Notes how a message that was taken in hand fared. Needs no permit: it says nothing.
    ///
    /// # Errors
    /// The database.
    pub async fn settle_message(&mut self, id: Uuid, state: Sending, fault: Option<Fault>, now: i64) -> Result<()> {
        sql!(
            self,
            run "UPDATE outbox SET state = $2, fault = $3, changed_at = $4 WHERE id = $1",
            id,
            state.as_str(),
            fault.map_or("", Fault::as_str),
            now
        )
        .map(drop)
    }

    /// Removes messages that were sent or given up before these instants. Needs no permit: it gives nobody anything.
    ///
    /// # Errors
    /// The database.
    pub async fn sweep_messages(&mut self, sent_before: i64, dead_before: i64) -> Result<u64> {
        sql!(
            self,
            run "DELETE FROM outbox WHERE (state = 'sent' AND changed_at < $1) OR (state = 'dead' AND changed_at < $2)",
            sent_before,
            dead_before
        )
    }
}
