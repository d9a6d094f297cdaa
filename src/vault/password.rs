//! From a password to the identity of a person.
//!
//! ```text
//! password ── Argon2id ── 32 bytes ── HKDF ─┬─ auth   its SHA-256 is stored
//!                                           └─ wrap   seals the identity
//! ```
//!
//! The stored hash answers "is this the password" without opening anything; what is stored neither opens the identity nor
//! helps to guess faster than Argon2 allows.

use secrecy::SecretString;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::kdf::{Kdf, KdfParams};
use super::sealing::{self, Context, Key, Reader, derive};
use super::{Identity, Result, unprintable};
use crate::domain::ids::PersonId;

/// What the database holds of a password.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// 16 random bytes.
    pub salt: Vec<u8>,
    /// The costs, such as `m=65536,t=3,p=1`.
    pub params: String,
    /// SHA-256 of the auth key.
    pub auth: Vec<u8>,
    /// The identity, sealed under the wrap key for this person, salt and costs.
    pub identity: Vec<u8>,
}

unprintable!(Credentials);

/// The two keys that grow from a password.
struct Grown {
    auth: [u8; 32],
    wrap: Key,
}

impl Grown {
    fn from(kdf: &Kdf, params: KdfParams, password: &SecretString, salt: &[u8]) -> Result<Self> {
        let stretched = kdf.stretch(params, password, salt)?;
        let auth = derive(stretched.as_slice(), "yice password v1", "auth");
        let wrap = derive(stretched.as_slice(), "yice password v1", "wrap");
        Ok(Self { auth: Sha256::digest(auth.as_slice()).into(), wrap })
    }
}

fn context(person: PersonId, salt: &[u8], params: &str) -> Context {
    Context::new("yice password identity v1").with(person.0.as_bytes()).with(salt).with(params.as_bytes())
}

/// Seals an identity under a password: for a new account and for a changed password.
///
/// # Errors
/// [`super::Error::Random`], [`super::Error::Kdf`].
pub fn enrol(kdf: &Kdf, password: &SecretString, identity: &Identity, person: PersonId) -> Result<Credentials> {
    let salt = sealing::random::<16>()?.to_vec();
    let params = kdf.params().to_string();
    let grown = Grown::from(kdf, kdf.params(), password, &salt)?;
    let identity = sealing::seal(&grown.wrap, context(person, &salt, &params), identity.bytes())?;
    Ok(Credentials { auth: grown.auth.to_vec(), salt, params, identity })
}

/// Opens the identity with the password; `None` when the password is wrong.
///
/// # Errors
/// [`super::Error::Malformed`] or [`super::Error::Kdf`] when the stored costs are damaged; [`super::Error::Sealed`] or
/// [`super::Error::UnknownAlgorithm`] when the password is right and the stored identity was tampered with.
pub fn unlock(
    kdf: &Kdf,
    password: &SecretString,
    credentials: &Credentials,
    person: PersonId,
) -> Result<Option<Identity>> {
    let grown = Grown::from(kdf, credentials.params.parse()?, password, &credentials.salt)?;
    if !bool::from(grown.auth.as_slice().ct_eq(&credentials.auth)) {
        return Ok(None);
    }
    let context = context(person, &credentials.salt, &credentials.params);
    let opened = sealing::open(&grown.wrap, context, &credentials.identity)?;
    let mut reader = Reader(&opened);
    let identity = Identity::from_bytes(reader.take()?);
    reader.end()?;
    Ok(Some(identity))
}

/// The work of a wrong password for a name that nobody has, so that the time does not tell which names exist.
///
/// # Errors
/// [`super::Error::Kdf`].
pub fn unlock_nobody(kdf: &Kdf, password: &SecretString) -> Result<()> {
    let grown = Grown::from(kdf, kdf.params(), password, b"nobody's own salt")?;
    let _ = std::hint::black_box(bool::from(grown.auth.as_slice().ct_eq(&[0; 32])));
    Ok(())
}

/// Whether the password was stretched at other costs than those in force: the next sign-in should enrol it again.
#[must_use]
pub fn needs_rehash(credentials: &Credentials, kdf: &Kdf) -> bool {
    credentials.params.parse::<KdfParams>() != Ok(kdf.params())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::Error;

    const PERSON: PersonId = PersonId(uuid::Uuid::from_u128(5));

    fn kdf() -> Kdf {
        Kdf::new(KdfParams { memory_kib: 64, time: 1, lanes: 1 }).unwrap()
    }

    #[test]
    fn the_right_password_opens_and_a_wrong_one_does_not() {
        let (kdf, identity) = (kdf(), Identity::generate().unwrap());
        let stored = enrol(&kdf, &"槐树下的第三张课桌".into(), &identity, PERSON).unwrap();
        let opened = unlock(&kdf, &"槐树下的第三张课桌".into(), &stored, PERSON).unwrap().unwrap();
        assert_eq!(opened.bytes(), identity.bytes());
        for wrong in ["槐树下的第三张课椅", "", "槐树下的第三张课桌 "] {
            assert!(unlock(&kdf, &wrong.into(), &stored, PERSON).unwrap().is_none());
        }
        assert!(unlock_nobody(&kdf, &"槐树下的第三张课桌".into()).is_ok());
    }

    #[test]
    fn credentials_copied_to_another_person_do_not_open() {
        let kdf = kdf();
        let stored = enrol(&kdf, &"password".into(), &Identity::generate().unwrap(), PERSON).unwrap();
        let other = PersonId(uuid::Uuid::from_u128(6));
        assert_eq!(unlock(&kdf, &"password".into(), &stored, other).unwrap_err(), Error::Sealed);
    }

    #[test]
    fn what_is_stored_for_comparing_is_not_the_key_that_opens() {
        let kdf = kdf();
        let stored = enrol(&kdf, &"password".into(), &Identity::generate().unwrap(), PERSON).unwrap();
        let grown = Grown::from(&kdf, kdf.params(), &"password".into(), &stored.salt).unwrap();
        assert_eq!(stored.auth, grown.auth);
        assert_ne!(stored.auth, grown.wrap.as_slice());
        assert_eq!(stored.salt.len(), 16);
    }

    #[test]
    fn the_same_password_never_looks_the_same() {
        let (kdf, identity) = (kdf(), Identity::generate().unwrap());
        let [a, b] = [(); 2].map(|()| enrol(&kdf, &"password".into(), &identity, PERSON).unwrap());
        assert!(a.salt != b.salt && a.auth != b.auth && a.identity != b.identity);
    }

    #[test]
    fn older_costs_still_open_and_ask_for_a_rehash() {
        let (old, new) = (kdf(), Kdf::new(KdfParams { memory_kib: 128, time: 1, lanes: 1 }).unwrap());
        let stored = enrol(&old, &"password".into(), &Identity::generate().unwrap(), PERSON).unwrap();
        assert!(!needs_rehash(&stored, &old));
        assert!(needs_rehash(&stored, &new));
        assert!(unlock(&new, &"password".into(), &stored, PERSON).unwrap().is_some());
    }

    #[test]
    fn damaged_costs_are_an_error_and_not_a_wrong_password() {
        let kdf = kdf();
        let stored = enrol(&kdf, &"password".into(), &Identity::generate().unwrap(), PERSON).unwrap();
        for params in ["", "m=64", "m=4000000,t=1,p=1"] {
            let damaged = Credentials { params: params.into(), ..stored.clone() };
            assert!(unlock(&kdf, &"password".into(), &damaged, PERSON).is_err(), "{params}");
        }
    }
}
