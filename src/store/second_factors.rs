//! The second factor of a sign-in: its key, rescue codes, sign-ins that wait for a code, browsers in which one was given.

use uuid::Uuid;

use super::{Conn, Result, Tx, row, sql};
use crate::domain::ids::PersonId;
use crate::policy::{Manage, Permit};

row! {
    /// The second factor of a person.
    #[derive(Debug, Clone)]
    pub struct SecondFactor {
        /// The key that the app shares, sealed under the server secret.
        pub sealed: Vec<u8>,
        /// The step of the last code that was taken.
        pub step: i64,
        /// When it was switched on, microseconds UTC.
        pub since: i64,
        /// How many rescue codes are left.
        pub rescue_codes: i64,
    }
}

row! {
    /// A sign-in whose password was right and whose code is still to come.
    #[derive(Debug, Clone)]
    pub struct HalfSession {
        /// Who wants to sign in.
        pub person_id: PersonId as Uuid,
        /// Their identity, sealed under the cookie.
        pub ring: Vec<u8>,
    }
}

impl Conn {
    /// The second factor of a person, if it is switched on.
    ///
    /// # Errors
    /// The database.
    pub async fn second_factor(&mut self, person: PersonId) -> Result<Option<SecondFactor>> {
        sql!(
            self,
            fetch_optional SecondFactor: "SELECT sealed, step, since,
               (SELECT count(*) FROM rescue_codes r WHERE r.person_id = $1) AS rescue_codes
             FROM second_factors WHERE person_id = $1",
            person.0
        )
    }

    /// The sign-in with this token hash that waits for its code, unless it waited too long.
    ///
    /// # Errors
    /// The database.
    pub async fn half_session(&mut self, token_hash: &[u8], now: i64) -> Result<Option<HalfSession>> {
        sql!(
            self,
            fetch_optional HalfSession: "SELECT person_id, ring FROM half_sessions WHERE token_hash = $1 AND expires_at > $2",
            token_hash.to_vec(),
            now
        )
    }

    /// Whether the person gave a code in the browser with this token hash, not too long ago.
    ///
    /// # Errors
    /// The database.
    pub async fn knows_browser(&mut self, token_hash: &[u8], person: PersonId, now: i64) -> Result<bool> {
        let known: Option<(i64,)> = sql!(
            self,
            fetch_optional(i64,): "SELECT expires_at FROM known_browsers WHERE token_hash = $1 AND person_id = $2 AND expires_at > $3",
            token_hash.to_vec(),
            person.0,
            now
        )?;
        Ok(known.is_some())
    }
}

impl Tx {
    /// Switches the second factor of the person on, with the step of the code that proved it. Gives false when it is on.
    ///
    /// # Errors
    /// The database.
    pub async fn insert_second_factor(
        &mut self,
        permit: &Permit<Manage>,
        sealed: Vec<u8>,
        step: i64,
        now: i64,
    ) -> Result<bool> {
        let made = sql!(
            self,
            run "INSERT INTO second_factors (person_id, sealed, step, since) VALUES ($1, $2, $3, $4) ON CONFLICT (person_id) DO NOTHING",
            permit.object(),
            sealed,
            step,
            now
        )?;
        Ok(made == 1)
    }

    /// The second factor of the person, held until this transaction ends: codes of one person are judged one after the other,
    /// or many tries at once would all be the first one.
    ///
    /// # Errors
    /// The database.
    pub async fn hold_second_factor(&mut self, permit: &Permit<Manage>) -> Result<Option<SecondFactor>> {
        sql!(
            self,
            fetch_optional SecondFactor: "UPDATE second_factors SET step = step WHERE person_id = $1
             RETURNING sealed, step, since, (SELECT count(*) FROM rescue_codes r WHERE r.person_id = $1) AS rescue_codes",
            permit.object()
        )
    }

    /// Takes the code of a step; false when this step or a later one was taken before.
    ///
    /// # Errors
    /// The database.
    pub async fn take_step(&mut self, permit: &Permit<Manage>, step: i64) -> Result<bool> {
        let taken = sql!(
            self,
            run "UPDATE second_factors SET step = $2 WHERE person_id = $1 AND step < $2",
            permit.object(),
            step
        )?;
        Ok(taken == 1)
    }

    /// Gives the person rescue codes in place of those that were left.
    ///
    /// # Errors
    /// The database.
    pub async fn put_rescue_codes(&mut self, permit: &Permit<Manage>, macs: &[[u8; 32]]) -> Result<()> {
        sql!(self, run "DELETE FROM rescue_codes WHERE person_id = $1", permit.object())?;
        for mac in macs {
            sql!(
                self,
                run "INSERT INTO rescue_codes (person_id, code_mac) VALUES ($1, $2)",
                permit.object(),
                mac.to_vec()
            )?;
        }
        Ok(())
    }

    /// Uses a rescue code of the person up; false when there is none like it.
    ///
    /// # Errors
    /// The database.
    pub async fn use_rescue_code(&mut self, permit: &Permit<Manage>, mac: &[u8]) -> Result<bool> {
        let used = sql!(
            self,
            run "DELETE FROM rescue_codes WHERE person_id = $1 AND code_mac = $2",
            permit.object(),
            mac.to_vec()
        )?;
        Ok(used == 1)
    }

    /// Takes the second factor of a person of the permit's school away, with rescue codes and all that rests on it. Gives
    /// whether there was one.
    ///
    /// # Errors
    /// The database.
    pub async fn delete_second_factor(&mut self, permit: &Permit<Manage>, person: PersonId) -> Result<bool> {
        self.end_half_ways(permit, person).await?;
        sql!(
            self,
            run "DELETE FROM rescue_codes WHERE person_id = (SELECT id FROM persons WHERE id = $1 AND school_id = $2)",
            person.0,
            permit.school().0
        )?;
        let gone = sql!(
            self,
            run "DELETE FROM second_factors WHERE person_id = (SELECT id FROM persons WHERE id = $1 AND school_id = $2)",
            person.0,
            permit.school().0
        )?;
        Ok(gone == 1)
    }

    /// Ends the sign-ins of a person of the permit's school that wait for their code, and forgets the browsers that are let in
    /// without one.
    pub(super) async fn end_half_ways(&mut self, permit: &Permit<Manage>, person: PersonId) -> Result<()> {
        sql!(
            self,
            run "DELETE FROM half_sessions WHERE person_id = (SELECT id FROM persons WHERE id = $1 AND school_id = $2)",
            person.0,
            permit.school().0
        )?;
        sql!(
            self,
            run "DELETE FROM known_browsers WHERE person_id = (SELECT id FROM persons WHERE id = $1 AND school_id = $2)",
            person.0,
            permit.school().0
        )
        .map(drop)
    }

    /// Lets a sign-in of the person wait for its code.
    ///
    /// # Errors
    /// The database.
    pub async fn insert_half_session(
        &mut self,
        permit: &Permit<Manage>,
        token_hash: &[u8],
        ring: Vec<u8>,
        expires_at: i64,
    ) -> Result<()> {
        sql!(
            self,
            run "INSERT INTO half_sessions (token_hash, person_id, ring, expires_at) VALUES ($1, $2, $3, $4)",
            token_hash.to_vec(),
            permit.object(),
            ring,
            expires_at
        )
        .map(drop)
    }

    /// Ends the waiting of a sign-in; false when it has ended already.
    ///
    /// # Errors
    /// The database.
    pub async fn end_half_session(&mut self, permit: &Permit<Manage>, token_hash: &[u8]) -> Result<bool> {
        let ended = sql!(
            self,
            run "DELETE FROM half_sessions WHERE token_hash = $1 AND person_id = $2",
            token_hash.to_vec(),
            permit.object()
        )?;
        Ok(ended == 1)
    }

    /// Notes that the person gave a code in a browser.
    ///
    /// # Errors
    /// The database.
    pub async fn insert_known_browser(
        &mut self,
        permit: &Permit<Manage>,
        token_hash: &[u8],
        expires_at: i64,
    ) -> Result<()> {
        sql!(
            self,
            run "INSERT INTO known_browsers (token_hash, person_id, expires_at) VALUES ($1, $2, $3)",
            token_hash.to_vec(),
            permit.object(),
            expires_at
        )
        .map(drop)
    }

    /// Forgets that the person gave a code in a browser.
    ///
    /// # Errors
    /// The database.
    pub async fn forget_browser(&mut self, permit: &Permit<Manage>, token_hash: &[u8]) -> Result<()> {
        sql!(
            self,
            run "DELETE FROM known_browsers WHERE token_hash = $1 AND person_id = $2",
            token_hash.to_vec(),
            permit.object()
        )
        .map(drop)
    }

    /// Ends all sessions of the person but one.
    ///
    /// # Errors
    /// The database.
    pub async fn end_other_sessions(&mut self, permit: &Permit<Manage>, token_hash: &[u8]) -> Result<()> {
        sql!(
            self,
            run "DELETE FROM sessions WHERE person_id = $1 AND token_hash <> $2",
            permit.object(),
            token_hash.to_vec()
        )
        .map(drop)
    }
}
