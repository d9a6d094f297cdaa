//! Staff: accounts, duties, invitations, sessions, and the slow-down of sign-in.

use uuid::Uuid;

use super::{Conn, Error, Result, Tx, row, sql, sql_all};
use crate::domain::ids::{ClassId, InvitationId, PersonId, SchoolId};
use crate::domain::relation::Duty;
use crate::domain::words::{Language, Role};
use crate::policy::{Act, Manage, Permit};

row! {
    /// A member of staff, as colleagues may know them.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Person {
        /// Their id.
        pub id: PersonId as Uuid,
        /// Their school.
        pub school_id: SchoolId as Uuid,
        /// The name they sign in with.
        pub login: String,
        /// The name colleagues see.
        pub name: String,
        /// The language of their pages.
        pub language: Language as String,
        /// Whether the account is open.
        pub active: bool,
        /// Their public key, once the invitation is accepted.
        pub recipient: Option<String>,
        /// Its MAC under the server secret.
        pub recipient_mac: Option<Vec<u8>>,
        /// Edit version.
        pub version: i64,
    }
}

row! {
    /// What sign-in needs; present once the invitation is accepted.
    #[derive(Debug, Clone)]
    pub struct Account {
        /// Whose it is.
        pub id: PersonId as Uuid,
        /// Their school.
        pub school_id: SchoolId as Uuid,
        /// Salt of the password hash.
        pub salt: Vec<u8>,
        /// Its parameters.
        pub kdf: String,
        /// What a right password proves.
        pub auth: Vec<u8>,
        /// The identity, sealed under the password.
        pub identity: Vec<u8>,
        /// The public half of the identity.
        pub recipient: String,
        /// Its MAC under the server secret.
        pub recipient_mac: Vec<u8>,
    }
}

row! {
    /// An open invitation.
    #[derive(Debug, Clone)]
    pub struct Invitation {
        /// Its id.
        pub id: InvitationId as Uuid,
        /// Whom it is for.
        pub person_id: PersonId as Uuid,
        /// Office keys that the inviter put under the code, if the inviter held any.
        pub offices: Option<Vec<u8>>,
        /// Until when it can be accepted, microseconds UTC.
        pub expires_at: i64,
    }
}

row! {
    /// A signed-in browser.
    #[derive(Debug, Clone)]
    pub struct Session {
        /// Who is signed in.
        pub person_id: PersonId as Uuid,
        /// Their keys, sealed under the cookie.
        pub ring: Vec<u8>,
        /// Sign-in, microseconds UTC.
        pub created_at: i64,
        /// Last request, microseconds UTC.
        pub seen_at: i64,
        /// Whether they lead a case: some page is theirs that no role has.
        pub leads: bool,
    }
}

row! {
    /// How often sign-in failed for a name or an address, and until when it is refused.
    #[derive(Debug, Clone, Copy, Default)]
    pub struct Throttle {
        /// Failures since the last success.
        pub failures: i64,
        /// Refused until this instant, microseconds UTC.
        pub until: i64,
    }
}

row! {
    pub(super) struct DutyRow {
        id: Uuid,
        person_id: PersonId as Uuid,
        school_id: SchoolId as Uuid,
        role: Role as String,
        class_id: Option<Uuid>,
    }
}

impl DutyRow {
    pub(super) fn person(&self) -> PersonId {
        self.person_id
    }

    pub(super) fn duty(&self) -> Duty {
        Duty { role: self.role, school: self.school_id, class: self.class_id.map(ClassId) }
    }
}

impl Conn {
    /// One person.
    ///
    /// # Errors
    /// The database.
    pub async fn person(&mut self, id: PersonId) -> Result<Option<Person>> {
        sql!(
            self,
            fetch_optional Person: "SELECT id, school_id, login, name, language, active, recipient, recipient_mac, version FROM persons WHERE id = $1",
            id.0
        )
    }

    /// The staff of a school by name.
    ///
    /// # Errors
    /// The database.
    pub async fn persons(&mut self, school: SchoolId) -> Result<Vec<Person>> {
        sql!(
            self,
            fetch_all Person: "SELECT id, school_id, login, name, language, active, recipient, recipient_mac, version
             FROM persons WHERE school_id = $1 ORDER BY name, id",
            school.0
        )
    }

    /// The account with this sign-in name, if it is open and its invitation was accepted.
    ///
    /// # Errors
    /// The database.
    pub async fn account(&mut self, login: &str) -> Result<Option<Account>> {
        sql!(
            self,
            fetch_optional Account: "SELECT id, school_id, salt, kdf, auth, identity, recipient, recipient_mac FROM persons
             WHERE login = $1 AND active AND auth IS NOT NULL",
            login
        )
    }

    /// The duties a person holds at an instant.
    ///
    /// # Errors
    /// The database.
    pub async fn duties(&mut self, person: PersonId, now: i64) -> Result<Vec<Duty>> {
        let rows = sql!(
            self,
            fetch_all DutyRow: "SELECT id, person_id, school_id, role, class_id FROM duties
             WHERE person_id = $1 AND since <= $2 AND (until IS NULL OR until > $2) ORDER BY since, id",
            person.0,
            now
        )?;
        Ok(rows.iter().map(DutyRow::duty).collect())
    }

    /// All running duties of a school: duty id, holder, duty.
    ///
    /// # Errors
    /// The database.
    pub async fn school_duties(&mut self, school: SchoolId, now: i64) -> Result<Vec<(Uuid, PersonId, Duty)>> {
        let rows = sql!(
            self,
            fetch_all DutyRow: "SELECT id, person_id, school_id, role, class_id FROM duties
             WHERE school_id = $1 AND since <= $2 AND (until IS NULL OR until > $2) ORDER BY since, id",
            school.0,
            now
        )?;
        Ok(rows.iter().map(|row| (row.id, row.person_id, row.duty())).collect())
    }

    /// The invitation with this code, if it has not expired.
    ///
    /// # Errors
    /// The database.
    pub async fn invitation(&mut self, code_hash: &[u8], now: i64) -> Result<Option<Invitation>> {
        sql!(
            self,
            fetch_optional Invitation: "SELECT id, person_id, offices, expires_at FROM invitations WHERE code_hash = $1 AND expires_at > $2",
            code_hash.to_vec(),
            now
        )
    }

    /// The invitation that stands open for a person, expired or not.
    ///
    /// # Errors
    /// The database.
    pub async fn invitation_of(&mut self, person: PersonId) -> Result<Option<Invitation>> {
        sql!(
            self,
            fetch_optional Invitation: "SELECT id, person_id, offices, expires_at FROM invitations WHERE person_id = $1",
            person.0
        )
    }

    /// Until when the open invitations of a school can be accepted: person, instant.
    ///
    /// # Errors
    /// The database.
    pub async fn invitations(&mut self, school: SchoolId) -> Result<Vec<(PersonId, i64)>> {
        let rows: Vec<(Uuid, i64)> = sql!(
            self,
            fetch_all(Uuid, i64): "SELECT i.person_id, i.expires_at FROM invitations i JOIN persons p ON p.id = i.person_id WHERE p.school_id = $1",
            school.0
        )?;
        Ok(rows.into_iter().map(|(person, until)| (PersonId(person), until)).collect())
    }

    /// The names of ten people at a time, for pages that say who wrote something. Nil stands for nobody.
    ///
    /// # Errors
    /// The database.
    pub async fn names_among(&mut self, ids: &[PersonId; 10]) -> Result<Vec<(PersonId, String)>> {
        let rows: Vec<(Uuid, String)> = sql_all!(
            self,
            [
                ids[0].0, ids[1].0, ids[2].0, ids[3].0, ids[4].0, ids[5].0, ids[6].0, ids[7].0, ids[8].0, ids[9].0,
            ],
            (Uuid, String): "SELECT id, name FROM persons WHERE id IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        )?;
        Ok(rows.into_iter().map(|(id, name)| (PersonId(id), name)).collect())
    }

    /// The session with this token hash, if its owner's account is open.
    ///
    /// # Errors
    /// The database.
    pub async fn session(&mut self, token_hash: &[u8]) -> Result<Option<Session>> {
        sql!(
            self,
            fetch_optional Session: "SELECT s.person_id, s.ring, s.created_at, s.seen_at,
               EXISTS (SELECT 1 FROM grants g WHERE g.person_id = s.person_id AND g.ended_at IS NULL) AS leads
             FROM sessions s JOIN persons p ON p.id = s.person_id WHERE s.token_hash = $1 AND p.active",
            token_hash.to_vec()
        )
    }

    /// How sign-in stands for a name or an address.
    ///
    /// # Errors
    /// The database.
    pub async fn throttle(&mut self, key: &[u8]) -> Result<Throttle> {
        let found =
            sql!(self, fetch_optional Throttle: "SELECT failures, until FROM throttles WHERE key = $1", key.to_vec())?;
        Ok(found.unwrap_or_default())
    }
}

impl Tx {
    /// Makes an account without keys; its invitation gives it some.
    ///
    /// # Errors
    /// [`Error::Taken`] when the sign-in name is.
    pub async fn insert_person(&mut self, permit: &Permit<Manage>, person: &Person, now: i64) -> Result<()> {
        sql!(
            self,
            run "INSERT INTO persons (id, school_id, login, name, language, active, created_at, version) VALUES ($1, $2, $3, $4, $5, $6, $7, 1)",
            person.id.0,
            permit.school().0,
            person.login.as_str(),
            person.name.as_str(),
            person.language.as_str(),
            person.active,
            now
        )
        .map(drop)
    }

    /// Gives an account its keys: when an invitation is accepted, the password changes or the identity is renewed.
    ///
    /// # Errors
    /// The database.
    pub async fn put_account(&mut self, permit: &Permit<Manage>, account: &Account) -> Result<()> {
        debug_assert_eq!(permit.object(), account.id.0);
        sql!(
            self,
            run "UPDATE persons SET salt = $2, kdf = $3, auth = $4, identity = $5, recipient = $6, recipient_mac = $7, version = version + 1
             WHERE id = $1",
            permit.object(),
            account.salt.clone(),
            account.kdf.as_str(),
            account.auth.clone(),
            account.identity.clone(),
            account.recipient.as_str(),
            account.recipient_mac.clone()
        )
        .map(drop)
    }

    /// Takes password and identity away from an account of the permit's school: it was closed, or the password is forgotten
    /// and the next invitation brings a new identity.
    ///
    /// # Errors
    /// The database.
    pub async fn clear_account(&mut self, permit: &Permit<Manage>, person: PersonId) -> Result<()> {
        sql!(
            self,
            run "UPDATE persons SET salt = NULL, kdf = NULL, auth = NULL, identity = NULL, recipient = NULL, recipient_mac = NULL,
               version = version + 1 WHERE id = $1 AND school_id = $2",
            person.0,
            permit.school().0
        )
        .map(drop)
    }

    /// Closes or reopens an account of the permit's school.
    ///
    /// # Errors
    /// The database.
    pub async fn set_active(&mut self, permit: &Permit<Manage>, person: PersonId, active: bool) -> Result<bool> {
        let done = sql!(
            self,
            run "UPDATE persons SET active = $3, version = version + 1 WHERE id = $1 AND school_id = $2",
            person.0,
            permit.school().0,
            active
        )?;
        Ok(done == 1)
    }

    /// Sets the language of a person's own pages.
    ///
    /// # Errors
    /// The database.
    pub async fn set_language(&mut self, permit: &Permit<Manage>, language: Language) -> Result<()> {
        sql!(self, run "UPDATE persons SET language = $2 WHERE id = $1", permit.object(), language.as_str()).map(drop)
    }

    /// Gives a role.
    ///
    /// # Errors
    /// The database.
    pub async fn insert_duty(
        &mut self,
        permit: &Permit<Manage>,
        person: PersonId,
        duty: &Duty,
        now: i64,
    ) -> Result<()> {
        debug_assert_eq!(permit.school(), duty.school);
        sql!(
            self,
            run "INSERT INTO duties (id, person_id, school_id, role, class_id, since) VALUES ($1, $2, $3, $4, $5, $6)",
            Uuid::now_v7(),
            person.0,
            duty.school.0,
            duty.role.as_str(),
            duty.class.map(|class| class.0),
            now
        )
        .map(drop)
    }

    /// Ends a role of the permit's school; gives whose and which it was.
    ///
    /// # Errors
    /// The database.
    pub async fn end_duty(
        &mut self,
        permit: &Permit<Manage>,
        duty: Uuid,
        now: i64,
    ) -> Result<Option<(PersonId, Duty)>> {
        let row = sql!(
            self,
            fetch_optional DutyRow: "UPDATE duties SET until = $3 WHERE id = $1 AND school_id = $2 AND until IS NULL
             RETURNING id, person_id, school_id, role, class_id",
            duty,
            permit.school().0,
            now
        )?;
        Ok(row.map(|row| (row.person_id, row.duty())))
    }

    /// Opens an invitation in place of any earlier one for the same person.
    ///
    /// # Errors
    /// The database.
    pub async fn insert_invitation(
        &mut self,
        permit: &Permit<Manage>,
        invitation: &Invitation,
        code_hash: &[u8],
    ) -> Result<()> {
        sql!(self, run "DELETE FROM invitations WHERE person_id = $1", invitation.person_id.0)?;
        sql!(
            self,
            run "INSERT INTO invitations (id, person_id, code_hash, offices, made_by, expires_at) VALUES ($1, $2, $3, $4, $5, $6)",
            invitation.id.0,
            invitation.person_id.0,
            code_hash.to_vec(),
            invitation.offices.clone(),
            permit.actor().0,
            invitation.expires_at
        )
        .map(drop)
    }

    /// Takes back the open invitation of a person.
    ///
    /// # Errors
    /// The database.
    pub async fn delete_invitation(&mut self, _permit: &Permit<Manage>, person: PersonId) -> Result<()> {
        sql!(self, run "DELETE FROM invitations WHERE person_id = $1", person.0).map(drop)
    }

    /// Uses an invitation up.
    ///
    /// # Errors
    /// The database.
    pub async fn use_invitation(&mut self, _permit: &Permit<Manage>, id: InvitationId) -> Result<bool> {
        Ok(sql!(self, run "DELETE FROM invitations WHERE id = $1", id.0)? == 1)
    }

    /// Opens a session of the person.
    ///
    /// # Errors
    /// The database.
    pub async fn insert_session(
        &mut self,
        permit: &Permit<Manage>,
        token_hash: &[u8],
        ring: Vec<u8>,
        now: i64,
    ) -> Result<()> {
        sql!(
            self,
            run "INSERT INTO sessions (token_hash, person_id, ring, created_at, seen_at) VALUES ($1, $2, $3, $4, $4)",
            token_hash.to_vec(),
            permit.object(),
            ring,
            now
        )
        .map(drop)
    }

    /// Notes that a session is in use.
    ///
    /// # Errors
    /// The database.
    pub async fn touch_session<A: Act>(&mut self, _permit: &Permit<A>, token_hash: &[u8], now: i64) -> Result<()> {
        sql!(self, run "UPDATE sessions SET seen_at = $2 WHERE token_hash = $1", token_hash.to_vec(), now).map(drop)
    }

    /// Seals a session's keys anew, after the person was let into an office.
    ///
    /// # Errors
    /// The database.
    pub async fn put_ring(&mut self, permit: &Permit<Manage>, token_hash: &[u8], ring: Vec<u8>) -> Result<()> {
        sql!(
            self,
            run "UPDATE sessions SET ring = $3 WHERE token_hash = $1 AND person_id = $2",
            token_hash.to_vec(),
            permit.object(),
            ring
        )
        .map(drop)
    }

    /// Ends one session of the person.
    ///
    /// # Errors
    /// The database.
    pub async fn end_session(&mut self, permit: &Permit<Manage>, token_hash: &[u8]) -> Result<()> {
        sql!(
            self,
            run "DELETE FROM sessions WHERE token_hash = $1 AND person_id = $2",
            token_hash.to_vec(),
            permit.object()
        )
        .map(drop)
    }

    /// Ends all sessions of a person of the permit's school, and sign-ins that wait for a code; no browser is known any more.
    ///
    /// # Errors
    /// The database.
    pub async fn end_sessions(&mut self, permit: &Permit<Manage>, person: PersonId) -> Result<()> {
        self.end_half_ways(permit, person).await?;
        sql!(
            self,
            run "DELETE FROM sessions WHERE person_id = (SELECT id FROM persons WHERE id = $1 AND school_id = $2)",
            person.0,
            permit.school().0
        )
        .map(drop)
    }

    /// Removes sessions that ended by themselves and slow-downs that are over. Housekeeping: gives nobody anything.
    ///
    /// # Errors
    /// The database.
    pub async fn sweep_sign_in(&mut self, idle_before: i64, made_before: i64, now: i64) -> Result<u64> {
        sql!(self, run "DELETE FROM throttles WHERE until < $1", now - crate::domain::clock::DAY)?;
        sql!(self, run "DELETE FROM invitations WHERE expires_at < $1", now)?;
        sql!(self, run "DELETE FROM half_sessions WHERE expires_at < $1", now)?;
        sql!(self, run "DELETE FROM known_browsers WHERE expires_at < $1", now)?;
        sql!(self, run "DELETE FROM sessions WHERE seen_at < $1 OR created_at < $2", idle_before, made_before)
    }

    /// Notes how sign-in stands for a name or an address. Nobody is signed in yet, so there is no permit to ask for.
    ///
    /// # Errors
    /// The database.
    pub async fn put_throttle(&mut self, key: &[u8], throttle: Throttle) -> Result<()> {
        sql!(
            self,
            run "INSERT INTO throttles (key, failures, until) VALUES ($1, $2, $3)
             ON CONFLICT (key) DO UPDATE SET failures = excluded.failures, until = excluded.until",
            key.to_vec(),
            throttle.failures,
            throttle.until
        )
        .map(drop)
    }
}

impl Error {
    /// Whether this is about the named unique column or constraint.
    #[must_use]
    pub fn is_taken(&self, column: &str) -> bool {
        matches!(self, Self::Taken(name) if name.contains(column))
    }
}
