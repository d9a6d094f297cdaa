//! A session: the cookie holds 256 random bits; what they give together with the server secret names the session in the
//! database and seals its keys.
//!
//! Bound to the server secret, so that whoever can write to the database cannot make a session: neither its name nor a
//! ring that opens. No key stays in the memory of the server between requests, and whoever steals the database holds neither the cookie nor
//! the keys. Opening a ring is a few microseconds, because it happens on every request.

use secrecy::SecretString;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::alphabet::{from_hex_exactly, to_hex};
use super::sealing::{self, Context, Key, derive};
use super::{Error, KeyRing, Result, ServerSecret, unprintable};

const BOUND: &str = "session";
const HALF: &str = "half session";
const BROWSER: &str = "known browser";
const RING: &str = "yice session ring v1";

/// The secret of one session.
pub struct SessionToken(Key);

unprintable!(SessionToken);

impl SessionToken {
    /// A new session.
    ///
    /// # Errors
    /// [`Error::Random`].
    pub fn generate() -> Result<Self> {
        sealing::random().map(Self)
    }

    /// Reads a cookie value.
    ///
    /// # Errors
    /// [`Error::Malformed`] when it is not 64 hexadecimal digits.
    pub fn parse(cookie: &str) -> Result<Self> {
        from_hex_exactly(cookie).map(Self).ok_or(Error::Malformed("session cookie"))
    }

    /// The cookie value: 64 hexadecimal digits.
    #[must_use]
    pub fn to_cookie(&self) -> SecretString {
        to_hex(self.0.as_slice()).into()
    }

    /// The token as the database knows it: of the cookie and the server secret. Whoever has only one of the two can
    /// neither name the session nor seal keys for it.
    #[must_use]
    pub fn bound(&self, server: &ServerSecret) -> Self {
        self.bound_as(BOUND, server)
    }

    /// The token of a sign-in that still waits for its code. It has another name and another key than the session of the same
    /// cookie: shown where a session is wanted, it names none and opens none.
    #[must_use]
    pub fn bound_half(&self, server: &ServerSecret) -> Self {
        self.bound_as(HALF, server)
    }

    /// The token of a browser in which a code was given. It seals nothing.
    #[must_use]
    pub fn bound_browser(&self, server: &ServerSecret) -> Self {
        self.bound_as(BROWSER, server)
    }

    fn bound_as(&self, purpose: &str, server: &ServerSecret) -> Self {
        Self(Zeroizing::new(server.mac(purpose, &[self.0.as_slice()])))
    }

    /// What the database holds to find the session by: SHA-256 of the [bound](Self::bound) token.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_slice()).into()
    }

    /// Seals the keys of the person for the length of the session.
    ///
    /// # Errors
    /// [`Error::Random`].
    pub fn seal_ring(&self, ring: &KeyRing) -> Result<Vec<u8>> {
        sealing::seal(&self.key(), Context::new(RING), &ring.to_bytes())
    }

    /// Opens the keys that [`Self::seal_ring`] sealed in this session.
    ///
    /// # Errors
    /// [`Error::Sealed`], [`Error::UnknownAlgorithm`].
    pub fn open_ring(&self, sealed: &[u8]) -> Result<KeyRing> {
        KeyRing::from_bytes(&sealing::open(&self.key(), Context::new(RING), sealed)?)
    }

    fn key(&self) -> Key {
        derive(self.0.as_slice(), RING, "")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::{OfficeId, PersonId};
    use crate::vault::{Identity, OfficeKey};
    use secrecy::ExposeSecret as _;
    use uuid::Uuid;

    fn ring() -> KeyRing {
        let key =
            |n| OfficeKey { office: OfficeId(Uuid::from_u128(n)), epoch: 1, identity: Identity::generate().unwrap() };
        let identity = Identity::generate().unwrap();
        KeyRing { person: PersonId(Uuid::from_u128(1)), identity, offices: vec![key(2), key(3)] }
    }

    #[test]
    fn a_ring_opens_with_the_cookie_that_sealed_it() {
        let (token, ring) = (SessionToken::generate().unwrap(), ring());
        let sealed = token.seal_ring(&ring).unwrap();
        let cookie = SessionToken::parse(token.to_cookie().expose_secret()).unwrap();
        assert_eq!(cookie.hash(), token.hash());
        assert_eq!(cookie.open_ring(&sealed).unwrap().to_bytes(), ring.to_bytes());
    }

    #[test]
    fn session_ring_under_another_token() {
        let sealed = SessionToken::generate().unwrap().seal_ring(&ring()).unwrap();
        let other = SessionToken::generate().unwrap();
        assert_eq!(other.open_ring(&sealed).unwrap_err(), Error::Sealed);
    }

    #[test]
    fn the_stored_hash_does_not_open_the_ring() {
        let token = SessionToken::generate().unwrap();
        let sealed = token.seal_ring(&ring()).unwrap();
        let from_database = SessionToken(zeroize::Zeroizing::new(token.hash()));
        assert_eq!(from_database.open_ring(&sealed).unwrap_err(), Error::Sealed);
    }

    #[test]
    fn a_bound_token_needs_the_cookie_and_the_secret() {
        let (server, other) = (ServerSecret::generate().unwrap(), ServerSecret::generate().unwrap());
        let token = SessionToken::generate().unwrap();
        let sealed = token.bound(&server).seal_ring(&ring()).unwrap();
        assert_eq!(token.bound(&server).hash(), token.bound(&server).hash());
        assert!(token.bound(&server).open_ring(&sealed).is_ok());
        for without in [token.bound(&other), SessionToken::generate().unwrap().bound(&server), token] {
            assert_ne!(without.hash(), without.bound(&server).hash());
            assert_eq!(without.open_ring(&sealed).unwrap_err(), Error::Sealed);
        }
    }

    #[test]
    fn one_cookie_is_bound_differently_for_each_state() {
        let (server, token) = (ServerSecret::generate().unwrap(), SessionToken::generate().unwrap());
        let half = token.bound_half(&server).seal_ring(&ring()).unwrap();
        assert!(token.bound_half(&server).open_ring(&half).is_ok());
        for other in [token.bound(&server), token.bound_browser(&server)] {
            assert_ne!(other.hash(), token.bound_half(&server).hash());
            assert_eq!(other.open_ring(&half).unwrap_err(), Error::Sealed);
        }
        assert_ne!(token.bound(&server).hash(), token.bound_browser(&server).hash());
    }

    #[test]
    fn a_broken_cookie_is_refused() {
        for cookie in ["", "00", &"0".repeat(63), &"0".repeat(65), &"x".repeat(64), &format!(" {}", "0".repeat(64))] {
            assert_eq!(SessionToken::parse(cookie).unwrap_err(), Error::Malformed("session cookie"));
        }
    }
}
