//! The key pair of a person or of an office: an age X25519 identity.

use std::sync::OnceLock;

use age::x25519;
use bech32::{Bech32, Hrp};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use zeroize::{Zeroize as _, Zeroizing};

use super::sealing::{self, Key, derive};
use super::{Error, Result, unprintable};

const PREFIX: Hrp = Hrp::parse_unchecked("AGE-SECRET-KEY-");

/// The secret half of a key pair.
///
/// It keeps the 32 raw bytes, because that is what a session hands over on every request; the forms that cost time (the
/// age identity, the key for fast wraps) are made when something asks for them.
pub struct Identity {
    secret: Key,
    fast: OnceLock<Key>,
}

unprintable!(Identity);

impl Identity {
    /// A new key pair.
    ///
    /// # Errors
    /// [`Error::Random`].
    pub fn generate() -> Result<Self> {
        sealing::random().map(Self::from_bytes)
    }

    /// Reads the text form of age, `AGE-SECRET-KEY-1…`.
    ///
    /// # Errors
    /// [`Error::Malformed`].
    pub fn from_secret(text: &str) -> Result<Self> {
        let (prefix, mut bytes) = bech32::decode(text.trim()).map_err(|_| Error::Malformed("identity"))?;
        let secret = <[u8; 32]>::try_from(bytes.as_slice()).map(Zeroizing::new);
        bytes.zeroize();
        let identity = Self::from_bytes(secret.map_err(|_| Error::Malformed("identity"))?);
        // The prefix says that this is an identity; age decides whether it likes the rest, such as mixed case.
        if prefix != PREFIX || text.trim().parse::<x25519::Identity>().is_err() {
            return Err(Error::Malformed("identity"));
        }
        Ok(identity)
    }

    /// The text form of age, which the standard `age` tool reads too.
    ///
    /// # Errors
    /// [`Error::Malformed`] should the encoder refuse 32 bytes.
    pub fn to_secret(&self) -> Result<SecretString> {
        let text = bech32::encode_upper::<Bech32>(PREFIX, self.secret.as_slice());
        text.map(SecretString::from).map_err(|_| Error::Malformed("identity"))
    }

    /// The public half in the text form of age, `age1…`.
    ///
    /// # Errors
    /// [`Error::Malformed`] should age refuse the key.
    pub fn recipient(&self) -> Result<String> {
        Ok(self.age()?.to_public().to_string())
    }

    pub(super) fn from_bytes(secret: Key) -> Self {
        Self { secret, fast: OnceLock::new() }
    }

    pub(super) fn bytes(&self) -> &[u8; 32] {
        &self.secret
    }

    pub(super) fn age(&self) -> Result<x25519::Identity> {
        self.to_secret()?.expose_secret().parse().map_err(|_| Error::Malformed("identity"))
    }

    /// The symmetric key of [`super::fast_wrap_key`], derived once.
    pub(super) fn fast_key(&self) -> &[u8; 32] {
        self.fast.get_or_init(|| derive(self.secret.as_slice(), "yice fast wrap v1", ""))
    }
}

/// A public key as 24 digits in groups of four (80 bits): for two people to compare aloud, and printed on recovery slips.
#[must_use]
pub fn fingerprint(recipient: &str) -> String {
    let digest = Sha256::new().chain_update(b"yice fingerprint v1\0").chain_update(recipient).finalize();
    let number = digest.iter().take(16).fold(0_u128, |number, byte| number << 8 | u128::from(*byte));
    let digits = format!("{:024}", number % 1_000_000_000_000_000_000_000_000);
    let mut text = String::with_capacity(29);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && position % 4 == 0 {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_text_is_the_text_of_age() {
        let ours = Identity::generate().unwrap();
        let age: x25519::Identity = ours.to_secret().unwrap().expose_secret().parse().unwrap();
        assert_eq!(age.to_string().expose_secret(), ours.to_secret().unwrap().expose_secret());
        assert_eq!(age.to_public().to_string(), ours.recipient().unwrap());
        let again = Identity::from_secret(age.to_string().expose_secret()).unwrap();
        assert_eq!(again.bytes(), ours.bytes());
    }

    #[test]
    fn a_text_that_age_would_refuse_is_refused() {
        let good = Identity::generate().unwrap().to_secret().unwrap();
        let good = good.expose_secret();
        let recipient = Identity::generate().unwrap().recipient().unwrap();
        let mut mistyped = good.to_owned();
        mistyped.replace_range(30..31, if &good[30..31] == "Q" { "P" } else { "Q" });
        for broken in ["", "AGE-SECRET-KEY-1", &good[..70], &mistyped, &recipient] {
            assert_eq!(Identity::from_secret(broken).unwrap_err(), Error::Malformed("identity"), "{broken}");
        }
    }

    #[test]
    fn a_fingerprint_is_six_groups_of_four_digits() {
        let recipient = "age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa";
        let text = fingerprint(recipient);
        assert_eq!(text, "4965 5906 4721 8983 0795 6961");
        assert_ne!(text, fingerprint(&Identity::generate().unwrap().recipient().unwrap()));
    }
}
