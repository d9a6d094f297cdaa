//! The secret of the installation: it lives in a file of its own, never in the database.
//!
//! It gives no key to any file of a student. It makes what stands in the database provable (public keys, the audit head)
//! and what must be matched unreadable (ID numbers).

use hkdf::HmacImpl as _;
use hmac::Hmac;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use secrecy::SecretString;
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::alphabet::{from_hex_exactly, to_hex};
use super::fact::FactKey;
use super::sealing::{self, Context, Key, derive};
use super::{Error, Result, unprintable};

/// 32 random bytes that whoever steals the database does not have.
pub struct ServerSecret(Key);

unprintable!(ServerSecret);

impl ServerSecret {
    /// A new secret, for a new installation.
    ///
    /// # Errors
    /// [`Error::Random`].
    pub fn generate() -> Result<Self> {
        sealing::random().map(Self)
    }

    /// Reads the text of the secret file: 64 hexadecimal digits, white space around them allowed.
    ///
    /// # Errors
    /// [`Error::Malformed`] when it is anything else.
    pub fn parse(text: &str) -> Result<Self> {
        from_hex_exactly(text.trim()).map(Self).ok_or(Error::Malformed("server secret"))
    }

    /// The text for the secret file: 64 hexadecimal digits.
    #[must_use]
    pub fn to_text(&self) -> SecretString {
        to_hex(self.0.as_slice()).into()
    }

    /// A keyed hash for one purpose (HMAC-SHA256). Each part stands behind its length, so `["ab", "c"]` and `["a", "bc"]`
    /// differ.
    #[must_use]
    pub fn mac(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
        let key = derive(self.0.as_slice(), "yice server mac v1", purpose);
        let mut mac = Hmac::<Sha256>::new_from_slice(key.as_slice());
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into()
    }

    /// Compares a stored keyed hash with what it should be, in constant time.
    #[must_use]
    pub fn mac_is(&self, purpose: &str, parts: &[&[u8]], mac: &[u8]) -> bool {
        self.mac(purpose, parts).as_slice().ct_eq(mac).into()
    }

    /// A keyed hash as 64 hexadecimal digits, for what travels through a form and must come back unchanged.
    #[must_use]
    pub fn stamp(&self, purpose: &str, parts: &[&[u8]]) -> String {
        to_hex(&self.mac(purpose, parts))
    }

    /// Whether a form brought back what [`Self::stamp`] made, in constant time.
    #[must_use]
    pub fn stamp_is(&self, purpose: &str, parts: &[&[u8]], stamp: &str) -> bool {
        from_hex_exactly::<32>(stamp).is_some_and(|mac| self.mac_is(purpose, parts, mac.as_slice()))
    }

    /// Seals something that the server itself must be able to read, such as the password of the mail server. `purpose` should name the table
    /// and the row, so that the blob is of no use elsewhere.
    ///
    /// # Errors
    /// [`Error::Random`].
    pub fn seal(&self, purpose: &str, plaintext: &[u8]) -> Result<Vec<u8>> {
        sealing::seal(&self.sealing_key(purpose), Context::new("yice server seal v1"), plaintext)
    }

    /// Opens what [`Self::seal`] made for the same purpose.
    ///
    /// # Errors
    /// [`Error::Sealed`], [`Error::UnknownAlgorithm`].
    pub fn open(&self, purpose: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        sealing::open(&self.sealing_key(purpose), Context::new("yice server seal v1"), sealed)
    }

    /// A key of the installation under a label of its own.
    pub(super) fn derived(&self, label: &str) -> Key {
        derive(self.0.as_slice(), label, "")
    }

    /// The key that facts are sealed with.
    #[must_use]
    pub fn fact_key(&self) -> FactKey {
        FactKey(self.derived("yice fact v1"))
    }

    /// Signs a message (Ed25519), such as the daily head of the audit chain.
    ///
    /// # Errors
    /// [`Error::Malformed`] should the key pair be refused.
    pub fn sign(&self, message: &[u8]) -> Result<[u8; 64]> {
        let signature = self.key_pair()?.sign(message);
        signature.as_ref().try_into().map_err(|_| Error::Malformed("signature"))
    }

    /// The public key for [`verify`], to be published outside the database.
    ///
    /// # Errors
    /// [`Error::Malformed`] should the key pair be refused.
    pub fn verifying_key(&self) -> Result<[u8; 32]> {
        self.key_pair()?.public_key().as_ref().try_into().map_err(|_| Error::Malformed("verifying key"))
    }

    fn sealing_key(&self, purpose: &str) -> Key {
        derive(self.0.as_slice(), "yice server seal v1", purpose)
    }

    fn key_pair(&self) -> Result<Ed25519KeyPair> {
        let seed = derive(self.0.as_slice(), "yice server sign v1", "");
        Ed25519KeyPair::from_seed_unchecked(seed.as_slice()).map_err(|_| Error::Malformed("signing key"))
    }
}

/// Whether `signature` is of this message by the holder of this key. Needs no secret.
#[must_use]
pub fn verify(verifying_key: &[u8; 32], message: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(&ED25519, verifying_key).verify(message, signature).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret as _;

    #[test]
    fn the_file_text_makes_the_same_secret_again() {
        let secret = ServerSecret::generate().unwrap();
        let text = secret.to_text();
        assert_eq!(text.expose_secret().len(), 64);
        let again = ServerSecret::parse(&format!(" {}\n", text.expose_secret())).unwrap();
        assert_eq!(secret.mac("x", &[b"y"]), again.mac("x", &[b"y"]));
        assert_ne!(secret.mac("x", &[b"y"]), ServerSecret::generate().unwrap().mac("x", &[b"y"]));
        for broken in ["", "00", &"g".repeat(64), &"0".repeat(63), &"0".repeat(66)] {
            assert_eq!(ServerSecret::parse(broken).unwrap_err(), Error::Malformed("server secret"));
        }
    }

    #[test]
    fn a_mac_is_for_one_purpose_and_one_list_of_parts() {
        let secret = ServerSecret::generate().unwrap();
        let mac = secret.mac("a", &[b"ab", b"c"]);
        assert!(secret.mac_is("a", &[b"ab", b"c"], &mac));
        assert!(!secret.mac_is("b", &[b"ab", b"c"], &mac));
        assert!(!secret.mac_is("a", &[b"a", b"bc"], &mac));
        assert!(!secret.mac_is("a", &[b"abc"], &mac));
        assert!(!secret.mac_is("a", &[b"ab", b"c"], &mac[..31]));
        assert!(!secret.mac_is("a", &[b"ab", b"c"], &[]));
    }

    #[test]
    fn a_stamp_comes_back_unchanged_or_not_at_all() {
        let secret = ServerSecret::generate().unwrap();
        let stamp = secret.stamp("a", &[b"7"]);
        assert!(secret.stamp_is("a", &[b"7"], &stamp));
        for (purpose, part, text) in
            [("b", b"7", &*stamp), ("a", b"8", &stamp), ("a", b"7", &stamp[1..]), ("a", b"7", "")]
        {
            assert!(!secret.stamp_is(purpose, &[part], text));
        }
    }

    #[test]
    fn a_server_seal_opens_for_its_purpose_only() {
        let secret = ServerSecret::generate().unwrap();
        let sealed = secret.seal("totp 1", b"seed").unwrap();
        assert_eq!(secret.open("totp 1", &sealed).unwrap().as_slice(), b"seed");
        assert_eq!(secret.open("totp 2", &sealed), Err(Error::Sealed));
        assert_eq!(ServerSecret::generate().unwrap().open("totp 1", &sealed), Err(Error::Sealed));
    }

    #[test]
    fn a_signature_holds_for_its_message_and_its_key() {
        let secret = ServerSecret::generate().unwrap();
        let (key, signature) = (secret.verifying_key().unwrap(), secret.sign(b"head 7").unwrap());
        assert!(verify(&key, b"head 7", &signature));
        assert!(!verify(&key, b"head 8", &signature));
        assert!(!verify(&ServerSecret::generate().unwrap().verifying_key().unwrap(), b"head 7", &signature));
        assert!(!verify(&key, b"head 7", &signature[..63]));
    }
}
