//! Signing in and out, and the own password.

use secrecy::{ExposeSecret as _, SecretString};

use super::{App, Error, Result, Viewer};
use crate::domain::audit::Event;
use crate::domain::clock::{MINUTE, school_time};
use crate::domain::ids::PersonId;
use crate::domain::relation::{Facts, Standing};
use crate::domain::words::{Kind, Language};
use crate::policy::{Manage, Permit};
use crate::store::{Account, Conn, Throttle, Tx};
use crate::vault::{Credentials, Identity, KeyRing, SessionToken, acceptable};

/// Failures with one name before it slows down.
const FREE_BY_NAME: i64 = 5;
/// Failures from one address before it slows down; a school often has one address for all.
pub(crate) const FREE_BY_ADDRESS: i64 = 40;

/// A new session.
#[derive(Debug)]
pub struct SignedIn {
    /// The cookie.
    pub token: SessionToken,
    /// Who signed in.
    pub person: PersonId,
    /// Only the password was right so far: the token opens nothing but the page that asks for a code.
    pub half: bool,
}

/// A slow-down that a try at signing in counts in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Try {
    key: [u8; 32],
    free: i64,
    stands: Throttle,
}

impl App {
    /// Opens a session with name and password, or a [half](SignedIn::half) one for somebody who signs in with two steps.
    /// `address` is the network address the request came from.
    ///
    /// # Errors
    /// [`Error::WrongPassword`], the same and after the same time for an unknown name; [`Error::TooMany`] after too many
    /// failures with this name or from this address; [`Error::NotFound`] for somebody who has no duty any more.
    pub async fn sign_in(&self, login: &str, password: SecretString, address: &str) -> Result<SignedIn> {
        self.sign_in_with(login, password, address, None).await
    }

    /// Does what [`Self::sign_in`] does; in a browser in which the same person gave a code today, the password is enough.
    ///
    /// # Errors
    /// As [`Self::sign_in`].
    pub async fn sign_in_with(
        &self,
        login: &str,
        password: SecretString,
        address: &str,
        browser: Option<&SessionToken>,
    ) -> Result<SignedIn> {
        let login = login.trim().to_lowercase();
        let mut conn = self.db.read().await?;
        let tries = self.tries(&mut conn, &login, Some(address)).await?;
        let account = conn.account(&login).await?;
        drop(conn);
        let credentials = account.as_ref().map(|account| (account.id, account.credentials()));
        match (self.kdf.unlock(password, credentials).await?, account) {
            (Some(identity), Some(account)) => {
                if self.asks_for_code(&account, browser).await? {
                    return self.wait_for_code(identity, &account).await;
                }
                let signed_in = self.open_session(identity, &account, &self.name_key(&login)).await?;
                self.count_after_sign_in(&signed_in).await;
                Ok(signed_in)
            }
            (_, account) => {
                self.note_failure(self.begin().await?, account.as_ref(), Event::SignInFailed, &tries).await?;
                Err(Error::WrongPassword)
            }
        }
    }

    /// Counts files that others left, and ends what colleagues were let read until a day that is over. Nobody is kept from
    /// signing in by it.
    pub(crate) async fn count_after_sign_in(&self, signed_in: &SignedIn) {
        let (counted, ended) = match self.viewer(&signed_in.token).await {
            Ok(viewer) => (self.count_what_is_due(&viewer).await, self.end_past_readings(&viewer).await),
            Err(error) => (Err(error), Ok(0)),
        };
        if let Err(error) = counted {
            tracing::warn!(%error, "what others changed could not be counted at a sign-in");
        }
        if let Err(error) = ended {
            tracing::warn!(%error, "what colleagues may read no more could not be ended at a sign-in");
        }
    }

    /// The slow-downs that a try counts in: of the name, and of the network address if there is one.
    ///
    /// # Errors
    /// [`Error::TooMany`] while any of them stands.
    pub(crate) async fn tries(&self, conn: &mut Conn, login: &str, address: Option<&str>) -> Result<Vec<Try>> {
        let name = (self.name_key(login), FREE_BY_NAME);
        let address = address.map(|address| (self.address_key(address), FREE_BY_ADDRESS));
        let mut tries = Vec::new();
        for (key, free) in std::iter::once(name).chain(address) {
            let stands = conn.throttle(&key).await?;
            self.may_try(&[stands])?;
            tries.push(Try { key, free, stands });
        }
        Ok(tries)
    }

    /// Writes a failure down in the slow-downs and in the trail, as the end of a transaction.
    pub(crate) async fn note_failure(
        &self,
        mut tx: Tx,
        account: Option<&Account>,
        event: Event,
        tries: &[Try],
    ) -> Result<()> {
        let now = self.now();
        for Try { key, free, stands } in tries {
            tx.put_throttle(key, after_failure(*stands, *free, now)).await?;
        }
        tx.record_failed_sign_in(account.map(|a| (a.school_id, a.id)), event, now).await?;
        Ok(tx.commit().await?)
    }

    /// Under which key the slow-down of a network address stands.
    pub(crate) fn address_key(&self, address: &str) -> [u8; 32] {
        self.secret.mac("throttle address", &[address.as_bytes()])
    }

    /// Under which key the slow-down of a sign-in name stands.
    pub(crate) fn name_key(&self, login: &str) -> [u8; 32] {
        self.secret.mac("throttle name", &[login.as_bytes()])
    }

    /// Opens a session for someone who just proved to be the owner of the account, and forgets the failures of the name.
    pub(crate) async fn open_session(
        &self,
        identity: Identity,
        account: &Account,
        name_key: &[u8],
    ) -> Result<SignedIn> {
        let now = self.now();
        let own = self.own_to_be(account).await?;
        let mut conn = self.db.read().await?;
        let mut offices = Vec::new();
        for (office, epoch) in conn.memberships(account.id).await? {
            offices.extend(self.office_key(&mut conn, &identity, account.id.0, office, epoch).await?);
        }
        drop(conn);
        let token = SessionToken::generate()?;
        let bound = token.bound(&self.secret);
        let ring = bound.seal_ring(&KeyRing { person: account.id, identity, offices })?;
        let mut tx = self.begin().await?;
        tx.put_throttle(name_key, Throttle::default()).await?;
        tx.insert_session(&own, &bound.hash(), ring, now).await?;
        tx.record(&own, Event::SignedIn, "", now).await?;
        tx.commit().await?;
        Ok(SignedIn { token, person: account.id, half: false })
    }

    /// Ends this session; the browser is forgotten too where it says by what it is known.
    ///
    /// # Errors
    /// The database.
    pub async fn sign_out(&self, viewer: &Viewer, browser: Option<&SessionToken>) -> Result<()> {
        let own = self.own(viewer).await?;
        let mut tx = self.begin().await?;
        if let Some(browser) = browser {
            tx.forget_browser(&own, &browser.bound_browser(&self.secret).hash()).await?;
        }
        tx.end_session(&own, &viewer.session).await?;
        tx.record(&own, Event::SignedOut, "", self.now()).await?;
        Ok(tx.commit().await?)
    }

    /// Ends all sessions of the person, on every computer.
    ///
    /// # Errors
    /// The database.
    pub async fn sign_out_everywhere(&self, viewer: &Viewer) -> Result<()> {
        let own = self.own(viewer).await?;
        let mut tx = self.begin().await?;
        tx.end_sessions(&own, viewer.person.id).await?;
        tx.record(&own, Event::SignedOutEverywhere, "", self.now()).await?;
        Ok(tx.commit().await?)
    }

    /// Changes the own password: seals the identity under the new one and ends all other sessions. Gives the new session.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the old password does not fit or the new one is not acceptable.
    pub async fn change_password(&self, viewer: &Viewer, old: SecretString, new: SecretString) -> Result<SignedIn> {
        acceptable(new.expose_secret(), &viewer.person.login).map_err(|problem| Error::field("new", problem.code()))?;
        let own = self.own(viewer).await?;
        let mut conn = self.db.read().await?;
        let account = conn.account(&viewer.person.login).await?.ok_or(Error::NotFound)?;
        drop(conn);
        let key = self.name_key(&viewer.person.login);
        let unlocked = self.kdf.unlock(old, Some((account.id, account.credentials()))).await?;
        let Some(identity) = unlocked else { return Err(Error::field("old", "password-wrong")) };
        let (credentials, identity) = self.kdf.enrol(new, identity, account.id).await?;
        let mut tx = self.begin().await?;
        tx.put_account(&own, &account.with(credentials)).await?;
        tx.end_sessions(&own, account.id).await?;
        tx.record(&own, Event::PasswordChanged, "", self.now()).await?;
        tx.commit().await?;
        self.open_session(identity, &account, &key).await
    }

    /// Sets the language of the person's pages.
    ///
    /// # Errors
    /// The database.
    pub async fn set_language(&self, viewer: &Viewer, language: Language) -> Result<()> {
        let own = self.own(viewer).await?;
        let mut tx = self.begin().await?;
        tx.set_language(&own, language).await?;
        Ok(tx.commit().await?)
    }

    /// The permit for the account of somebody who is about to sign in.
    pub(crate) async fn own_to_be(&self, account: &Account) -> Result<Permit<Manage>> {
        let duties = self.db.look().await?.duties(account.id, self.now()).await?;
        let standing = Standing::of(account.id, &duties, &Facts::own(account.school_id));
        self.permit(&standing, Kind::Account, account.id.0).await
    }

    /// The permit for the person's own account.
    pub(crate) async fn own(&self, viewer: &Viewer) -> Result<Permit<Manage>> {
        self.permit(&viewer.at_own(), Kind::Account, viewer.person.id.0).await
    }

    /// Whether an instant lies on today's date at the school, for pages that say "today".
    #[must_use]
    pub fn is_today(&self, at: i64) -> bool {
        school_time(at).date() == self.clock.today()
    }
}

impl App {
    /// Refuses while any of the throttles stands.
    pub(crate) fn may_try(&self, throttles: &[Throttle]) -> Result<()> {
        let wait = throttles.iter().map(|t| t.until - self.now()).max().unwrap_or(0);
        if wait > 0 {
            return Err(Error::TooMany { retry: u64::try_from(wait / 1_000_000 + 1).unwrap_or(1) });
        }
        Ok(())
    }
}

/// How a throttle stands after one more failure, when the first `free` ones cost nothing.
pub(crate) fn after_failure(throttle: Throttle, free: i64, now: i64) -> Throttle {
    let failures = throttle.failures + 1;
    // Doubling from two seconds to a quarter of an hour: a guesser gets nowhere, a tired teacher gets through.
    let doublings = u32::try_from((failures - free).clamp(0, 9)).unwrap_or(0);
    let pause = if failures < free { 0 } else { (2_000_000 << doublings).min(15 * MINUTE) };
    Throttle { failures, until: now + pause }
}

impl Account {
    /// The part of the account that a password opens.
    #[must_use]
    pub fn credentials(&self) -> Credentials {
        Credentials {
            salt: self.salt.clone(),
            params: self.kdf.clone(),
            auth: self.auth.clone(),
            identity: self.identity.clone(),
        }
    }

    /// The same account under a new password.
    #[must_use]
    pub fn with(&self, credentials: Credentials) -> Self {
        let Credentials { salt, params, auth, identity } = credentials;
        Self { salt, kdf: params, auth, identity, ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::words::Role;
    use crate::service::testing::{PASSWORD, School};

    #[tokio::test]
    async fn five_wrong_passwords_slow_the_name_down_and_a_pause_lets_it_in_again() {
        let mut school = School::found().await;
        school.hire("li", Role::Counsellor, None).await;
        let wrong = || SecretString::from("something else");
        for _ in 0..5 {
            assert!(matches!(school.app.sign_in("li", wrong(), "::1").await, Err(Error::WrongPassword)));
        }
        let right = school.app.sign_in("li", SecretString::from(PASSWORD), "::2").await;
        assert!(matches!(right, Err(Error::TooMany { retry: 1..=3 })));
        school.app.clock.advance(3_000_000);
        assert!(school.app.sign_in("li", SecretString::from(PASSWORD), "::2").await.is_ok());
    }

    #[tokio::test]
    async fn a_session_ends_after_a_quarter_of_an_hour_without_a_request() {
        let mut school = School::found().await;
        school.hire("li", Role::Counsellor, None).await;
        let token = school.app.sign_in("li", SecretString::from(PASSWORD), "::1").await.unwrap().token;
        school.app.clock.advance(14 * MINUTE);
        assert!(school.app.viewer(&token).await.is_ok());
        school.app.clock.advance(14 * MINUTE);
        assert!(school.app.viewer(&token).await.is_ok());
        school.app.clock.advance(16 * MINUTE);
        assert!(matches!(school.app.viewer(&token).await, Err(Error::SignedOut)));
    }

    #[tokio::test]
    async fn a_new_password_ends_the_other_sessions_and_opens_the_same_keys() {
        let mut school = School::found().await;
        let viewer = school.hire("li", Role::Counsellor, None).await;
        let other = school.app.sign_in("li", SecretString::from(PASSWORD), "::1").await.unwrap().token;
        let new = || SecretString::from("rain on the horse");
        let token = school.app.change_password(&viewer, SecretString::from(PASSWORD), new()).await.unwrap().token;
        assert!(matches!(school.app.viewer(&other).await, Err(Error::SignedOut)));
        let changed = school.app.viewer(&token).await.unwrap();
        assert_eq!(changed.ring.identity.recipient().unwrap(), viewer.ring.identity.recipient().unwrap());
        assert_eq!(changed.ring.offices.len(), 1);
        assert!(school.app.sign_in("li", SecretString::from(PASSWORD), "::1").await.is_err());
        assert!(school.app.sign_in("li", new(), "::1").await.is_ok());
    }
}
