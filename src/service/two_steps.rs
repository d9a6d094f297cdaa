//! Signing in with two steps: the second factor is switched on and off, and a sign-in waits for its code.
//!
//! A sign-in that waits is no session: it stands in a table of its own, under a name and a key that no session can have, and
//! holds the identity sealed under the cookie. Nothing that was unlocked stays on the server between the steps.

use secrecy::{ExposeSecret as _, SecretString};

use super::viewer::LONGEST;
use super::{App, Error, Result, SignedIn, Viewer};
use crate::domain::audit::Event;
use crate::domain::clock::MINUTE;
use crate::domain::ids::PersonId;
use crate::policy::{Manage, Permit};
use crate::store::{Account, Tx};
use crate::vault::{Identity, KeyRing, OneTimeCode, SessionToken, TotpKey};

/// How long a sign-in waits for its code.
pub(crate) const WAIT: i64 = 5 * MINUTE;
/// How many rescue codes a person gets.
const RESCUE_CODES: usize = 10;
const SECOND: i64 = 1_000_000;

/// How a person signs in.
#[derive(Debug, Clone, Copy)]
pub struct TwoSteps {
    /// Since when a code is asked for, microseconds UTC; nothing while the password is enough.
    pub since: Option<i64>,
    /// How many rescue codes are left.
    pub rescue_codes: i64,
}

/// A new key for an app, to be shown once.
#[derive(Debug)]
pub struct Offer {
    /// The key to type, in groups of four.
    pub text: SecretString,
    /// The `otpauth://` address to show as a square code.
    pub address: SecretString,
    /// The same key sealed, for the form that sends it back with a code.
    pub sealed: String,
}

/// What a person shows before the second factor changes: a session that somebody took over is not enough.
#[derive(Debug)]
pub struct Proof {
    /// The present password.
    pub password: SecretString,
    /// A code of the app; where a second factor is on, a rescue code does as well.
    pub code: SecretString,
}

/// A sign-in whose code was right.
#[derive(Debug)]
pub struct Passed {
    /// The session.
    pub session: SignedIn,
    /// By what the browser is known until the evening: after an idle lock it is not asked for a code again.
    pub browser: SessionToken,
}

impl App {
    /// How the person signs in.
    ///
    /// # Errors
    /// The database.
    pub async fn two_steps(&self, viewer: &Viewer) -> Result<TwoSteps> {
        let factor = self.db.look().await?.second_factor(viewer.person.id).await?;
        let rescue_codes = factor.as_ref().map_or(0, |factor| factor.rescue_codes);
        Ok(TwoSteps { since: factor.map(|factor| factor.since), rescue_codes })
    }

    /// A key for the person's app: the one that a form brought back, or a new one. Nothing is stored.
    ///
    /// # Errors
    /// The operating system gives no random bytes.
    pub fn offer_two_steps(&self, viewer: &Viewer, brought_back: &str) -> Result<Offer> {
        let key = match TotpKey::from_offer(&self.secret, &viewer.session, brought_back) {
            Ok(key) => key,
            Err(_) => TotpKey::generate()?,
        };
        Ok(Offer {
            text: key.to_text(),
            address: key.address(&viewer.person.login)?,
            sealed: key.to_offer(&self.secret, &viewer.session)?,
        })
    }

    /// Switches the second factor on with the key of an offer, once a code proves that the app has it. Ends the person's
    /// other sessions, which were opened with a password alone. Gives the rescue codes, which nobody sees again.
    ///
    /// # Errors
    /// [`Error::Invalid`] when password or code does not fit, the offer is of another session, or it is on already;
    /// [`Error::TooMany`] after too many wrong passwords.
    pub async fn switch_two_steps_on(&self, viewer: &Viewer, offer: &str, proof: Proof) -> Result<Vec<SecretString>> {
        let own = self.own(viewer).await?;
        let key = TotpKey::from_offer(&self.secret, &viewer.session, offer);
        let key = key.map_err(|_| Error::field("code", "offer-over"))?;
        self.check_password(viewer, proof.password).await?;
        let (person, now) = (viewer.person.id, self.now());
        let step = key.step_of(&readable(&proof.code)?, now / SECOND)?;
        let step = step.ok_or_else(|| Error::field("code", "code-wrong"))?;
        let (codes, macs) = self.rescue_codes(person)?;
        let mut tx = self.begin().await?;
        if !tx.insert_second_factor(&own, key.seal(&self.secret, person)?, step, now).await? {
            tx.leave().await?;
            return Err(Error::field("code", "two-steps-on"));
        }
        tx.put_rescue_codes(&own, &macs).await?;
        tx.end_other_sessions(&own, &viewer.session).await?;
        tx.record(&own, Event::TwoStepsOn, "", now).await?;
        tx.commit().await?;
        Ok(codes)
    }

    /// Switches the second factor off: the password is enough again. Where it is off, nothing happens.
    ///
    /// # Errors
    /// [`Error::Invalid`] when password or code does not fit; [`Error::TooMany`] after too many wrong ones.
    pub async fn switch_two_steps_off(&self, viewer: &Viewer, proof: Proof) -> Result<()> {
        if self.two_steps(viewer).await?.since.is_none() {
            return Ok(());
        }
        let (mut tx, own) = self.prove(viewer, proof).await?;
        tx.delete_second_factor(&own, viewer.person.id).await?;
        tx.record(&own, Event::TwoStepsOff, "", self.now()).await?;
        Ok(tx.commit().await?)
    }

    /// Makes new rescue codes; those that were left are void.
    ///
    /// # Errors
    /// As [`Self::switch_two_steps_off`]; [`Error::NotFound`] when the second factor is off.
    pub async fn new_rescue_codes(&self, viewer: &Viewer, proof: Proof) -> Result<Vec<SecretString>> {
        let (mut tx, own) = self.prove(viewer, proof).await?;
        let (codes, macs) = self.rescue_codes(viewer.person.id)?;
        tx.put_rescue_codes(&own, &macs).await?;
        tx.record(&own, Event::RescueCodesMade, "", self.now()).await?;
        tx.commit().await?;
        Ok(codes)
    }

    /// Whether somebody whose password was right is asked for a code.
    pub(crate) async fn asks_for_code(&self, account: &Account, browser: Option<&SessionToken>) -> Result<bool> {
        let mut conn = self.db.read().await?;
        if conn.second_factor(account.id).await?.is_none() {
            return Ok(false);
        }
        let Some(browser) = browser else { return Ok(true) };
        let hash = browser.bound_browser(&self.secret).hash();
        Ok(!conn.knows_browser(&hash, account.id, self.now()).await?)
    }

    /// Lets a sign-in wait for its code. Failures with the name stay counted: the password alone forgives none.
    pub(crate) async fn wait_for_code(&self, identity: Identity, account: &Account) -> Result<SignedIn> {
        let own = self.own_to_be(account).await?;
        let token = SessionToken::generate()?;
        let half = token.bound_half(&self.secret);
        let ring = half.seal_ring(&KeyRing { person: account.id, identity, offices: Vec::new() })?;
        let now = self.now();
        let mut tx = self.begin().await?;
        tx.insert_half_session(&own, &half.hash(), ring, now + WAIT).await?;
        tx.record(&own, Event::FirstStepPassed, "", now).await?;
        tx.commit().await?;
        Ok(SignedIn { token, person: account.id, half: true })
    }

    /// Opens a session for a sign-in that waits, with a code of the app or a rescue code. `address` is the network address the
    /// request came from.
    ///
    /// # Errors
    /// [`Error::SignedOut`] when no sign-in waits under this cookie, or no longer; [`Error::Invalid`] on `code` for a wrong one,
    /// or one that was used before; [`Error::TooMany`] after too many failures with this name or from this address.
    pub async fn enter_code(&self, token: &SessionToken, code: &SecretString, address: &str) -> Result<Passed> {
        let half_token = token.bound_half(&self.secret);
        let hash = half_token.hash();
        let mut conn = self.db.read().await?;
        let half = conn.half_session(&hash, self.now()).await?.ok_or(Error::SignedOut)?;
        let person = conn.person(half.person_id).await?.ok_or(Error::SignedOut)?;
        let account = conn.account(&person.login).await?.ok_or(Error::SignedOut)?;
        drop(conn);
        let ring = half_token.open_ring(&half.ring).map_err(|_| Error::SignedOut)?;
        // The keys say whose sign-in this is. A row that names somebody else was changed.
        if ring.person != account.id {
            return Err(Error::SignedOut);
        }
        let own = self.own_to_be(&account).await?;
        let accepted = self.take_code(&own, &account, &person.login, code, Some(address)).await?;
        let mut tx = accepted.ok_or(Error::SignedOut)?;
        if !tx.end_half_session(&own, &hash).await? {
            tx.leave().await?;
            return Err(Error::SignedOut);
        }
        let browser = SessionToken::generate()?;
        let known_as = browser.bound_browser(&self.secret).hash();
        tx.insert_known_browser(&own, &known_as, self.now() + LONGEST).await?;
        tx.commit().await?;
        let session = self.open_session(ring.identity, &account, &self.name_key(&person.login)).await?;
        self.count_after_sign_in(&session).await;
        Ok(Passed { session, browser })
    }

    /// Checks password and code of somebody who is signed in. Gives the transaction in which the code was used up.
    async fn prove(&self, viewer: &Viewer, proof: Proof) -> Result<(Tx, Permit<Manage>)> {
        let own = self.own(viewer).await?;
        let account = self.check_password(viewer, proof.password).await?;
        let accepted = self.take_code(&own, &account, &viewer.person.login, &proof.code, None).await?;
        Ok((accepted.ok_or(Error::NotFound)?, own))
    }

    /// Checks the password of somebody who is signed in; a wrong one counts as at a sign-in.
    async fn check_password(&self, viewer: &Viewer, password: SecretString) -> Result<Account> {
        let mut conn = self.db.read().await?;
        let tries = self.tries(&mut conn, &viewer.person.login, None).await?;
        let account = conn.account(&viewer.person.login).await?.ok_or(Error::NotFound)?;
        drop(conn);
        if self.kdf.unlock(password, Some((account.id, account.credentials()))).await?.is_some() {
            return Ok(account);
        }
        self.note_failure(self.begin().await?, Some(&account), Event::SignInFailed, &tries).await?;
        Err(Error::field("password", "password-wrong"))
    }

    /// Judges a code, and gives the transaction in which it was used up; none when there is no second factor. A wrong code is
    /// recorded and counts in the slow-downs. Codes of one person are judged one after the other: many at once would else all
    /// be the first.
    async fn take_code(
        &self,
        own: &Permit<Manage>,
        account: &Account,
        login: &str,
        code: &SecretString,
        address: Option<&str>,
    ) -> Result<Option<Tx>> {
        let code = readable(code)?;
        let now = self.now();
        let mut tx = self.begin().await?;
        let Some(factor) = tx.hold_second_factor(own).await? else { return Ok(None) };
        let tries = self.tries(&mut tx, login, address).await?;
        let right = if let Some(mac) = code.rescue_mac(&self.secret, account.id) {
            tx.use_rescue_code(own, &mac).await?
        } else {
            let key = TotpKey::open(&self.secret, account.id, &factor.sealed)?;
            match key.step_of(&code, now / SECOND)? {
                Some(step) => tx.take_step(own, step).await?,
                None => false,
            }
        };
        if !right {
            self.note_failure(tx, Some(account), Event::CodeRefused, &tries).await?;
            return Err(Error::field("code", "code-wrong"));
        }
        if code.rescue_mac(&self.secret, account.id).is_some() {
            let left = format!("left={}", factor.rescue_codes - 1);
            tx.record(own, Event::RescueCodeUsed, &left, now).await?;
        }
        Ok(Some(tx))
    }

    /// New rescue codes: for paper, and for the database.
    fn rescue_codes(&self, person: PersonId) -> Result<(Vec<SecretString>, Vec<[u8; 32]>)> {
        let (mut texts, mut macs) = (Vec::new(), Vec::new());
        for _ in 0..RESCUE_CODES {
            let code = OneTimeCode::rescue()?;
            texts.push(code.to_text());
            macs.extend(code.rescue_mac(&self.secret, person));
        }
        Ok((texts, macs))
    }
}

impl Viewer {
    /// Whether the school demands two steps of this person and the second is not switched on yet: then no page is for them
    /// but the one that does it.
    #[must_use]
    pub fn must_enrol(&self) -> bool {
        self.school.two_steps && !self.two_steps && self.duties.iter().any(|duty| duty.role.needs_two_steps())
    }
}

/// A code that could be one: what has another number of digits was mistyped, and is no try.
fn readable(code: &SecretString) -> Result<OneTimeCode> {
    OneTimeCode::parse(code.expose_secret()).ok_or_else(|| Error::field("code", "code-form"))
}

#[cfg(test)]
mod tests;
