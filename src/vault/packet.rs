//! Packets for receivers outside: ordinary age files, which the standard tools open. Nothing of this installation is in them.

use std::str::FromStr as _;

use age::{scrypt, x25519};
use secrecy::SecretString;

use super::{Error, InvitationCode, Result};

/// A passphrase has 125 random bits, so stretching it adds nothing; the receiver's computer need not work for a second.
const WORK: u8 = 12;

/// The public key of a receiver outside, as they gave it: `age1…`. Nobody vouches for it but the person who typed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiverKey(x25519::Recipient);

impl ReceiverKey {
    /// Reads it, with white space around it.
    ///
    /// # Errors
    /// [`Error::Malformed`] when it is no public key of age.
    pub fn parse(text: &str) -> Result<Self> {
        x25519::Recipient::from_str(text.trim()).map(Self).map_err(|_| Error::Malformed("public key"))
    }

    /// An age file that only the holder of the private key opens.
    ///
    /// # Errors
    /// [`Error::Malformed`] should age refuse.
    pub fn seal(&self, content: &[u8]) -> Result<Vec<u8>> {
        age::encrypt(&self.0, content).map_err(|_| Error::Malformed("packet"))
    }
}

/// A passphrase for one packet, `XXXXX-XXXXX-XXXXX-XXXXX-XXXXX`: shown once, and kept nowhere.
///
/// # Errors
/// [`Error::Random`].
pub fn packet_passphrase() -> Result<SecretString> {
    Ok(InvitationCode::generate()?.to_text())
}

/// An age file that opens with a passphrase made by [`packet_passphrase`], however it came back from the page.
///
/// # Errors
/// [`Error::Malformed`] for any other passphrase, so that none can be weak.
pub fn seal_with_passphrase(content: &[u8], passphrase: &str) -> Result<Vec<u8>> {
    let mut recipient = scrypt::Recipient::new(InvitationCode::parse(passphrase)?.to_text());
    recipient.set_work_factor(WORK);
    age::encrypt(&recipient, content).map_err(|_| Error::Malformed("packet"))
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn packet_opens_with_the_receivers_key_and_no_other() {
        let (receiver, other) = (x25519::Identity::generate(), x25519::Identity::generate());
        let key = ReceiverKey::parse(&format!(" {}\n", receiver.to_public())).unwrap();
        let file = key.seal("转介材料".as_bytes()).unwrap();
        assert_eq!(age::decrypt(&receiver, &file).unwrap(), "转介材料".as_bytes());
        assert!(age::decrypt(&other, &file).is_err());
        assert!(ReceiverKey::parse("age1nothing").is_err());
        assert!(ReceiverKey::parse("").is_err());
    }

    #[test]
    fn packet_opens_with_the_passphrase_that_was_shown() {
        let shown = packet_passphrase().unwrap();
        let file = seal_with_passphrase(b"text", shown.expose_secret()).unwrap();
        assert_eq!(age::decrypt(&scrypt::Identity::new(shown), &file).unwrap(), b"text");
        let other = scrypt::Identity::new(packet_passphrase().unwrap());
        assert!(age::decrypt(&other, &file).is_err());
    }

    #[test]
    fn packet_with_a_passphrase_of_ones_own_is_refused() {
        for weak in ["", "123456", "AAAAA-AAAAA"] {
            assert_eq!(seal_with_passphrase(b"text", weak), Err(Error::Malformed("invitation code")));
        }
    }
}
