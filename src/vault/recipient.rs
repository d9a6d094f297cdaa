//! A public key that this installation enrolled.
//!
//! Whoever can write to the database, but lacks the server secret, could put an own public key beside a colleague's name
//! and wait for the next wrap. So each public key carries a mark under the server secret, and nothing is wrapped to a key
//! without it: [`Recipient`] has no other maker.

use std::str::FromStr as _;

use age::x25519;
use uuid::Uuid;

use super::{Error, Result, ServerSecret};

const PURPOSE: &str = "recipient";
const OF_OFFICE: &str = "office recipient";

/// A genuine public key and its holder: a person, an office, or the recovery key of a school.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    key: x25519::Recipient,
    holder: Uuid,
}

impl Recipient {
    /// Reads a stored public key and checks its mark, in constant time.
    ///
    /// # Errors
    /// [`Error::RecipientNotGenuine`] when the key, the holder or the mark is not what was enrolled.
    pub fn genuine(text: &str, holder: Uuid, mac: &[u8], secret: &ServerSecret) -> Result<Self> {
        if !secret.mac_is(PURPOSE, &[holder.as_bytes(), text.as_bytes()], mac) {
            return Err(Error::RecipientNotGenuine);
        }
        Self::read(text, holder)
    }

    /// Enrols a public key for a holder; the mark goes into the database beside it.
    ///
    /// # Errors
    /// [`Error::Malformed`] when the text is no public key of age.
    pub fn enrol(text: &str, holder: Uuid, secret: &ServerSecret) -> Result<(Self, [u8; 32])> {
        let recipient = Self::read(text, holder)?;
        Ok((recipient, secret.mac(PURPOSE, &[holder.as_bytes(), text.as_bytes()])))
    }

    /// Reads the stored public key of an office and checks that it is the one of this epoch: an earlier one is genuine too,
    /// and opens for whoever left with it.
    ///
    /// # Errors
    /// [`Error::RecipientNotGenuine`] when the key, the office, the epoch or the mark is not what was enrolled.
    pub fn genuine_of_office(text: &str, office: Uuid, epoch: i64, mac: &[u8], secret: &ServerSecret) -> Result<Self> {
        if !secret.mac_is(OF_OFFICE, &[office.as_bytes(), &epoch.to_be_bytes(), text.as_bytes()], mac) {
            return Err(Error::RecipientNotGenuine);
        }
        Self::read(text, office)
    }

    /// Enrols the public key of an office for one epoch.
    ///
    /// # Errors
    /// [`Error::Malformed`] when the text is no public key of age.
    pub fn enrol_office(text: &str, office: Uuid, epoch: i64, secret: &ServerSecret) -> Result<(Self, [u8; 32])> {
        let recipient = Self::read(text, office)?;
        Ok((recipient, secret.mac(OF_OFFICE, &[office.as_bytes(), &epoch.to_be_bytes(), text.as_bytes()])))
    }

    /// Whose key it is.
    #[must_use]
    pub const fn holder(&self) -> Uuid {
        self.holder
    }

    /// The public key as text, `age1…`.
    #[must_use]
    pub fn text(&self) -> String {
        self.key.to_string()
    }

    pub(super) const fn key(&self) -> &x25519::Recipient {
        &self.key
    }

    fn read(text: &str, holder: Uuid) -> Result<Self> {
        let key = x25519::Recipient::from_str(text).map_err(|_| Error::Malformed("recipient"))?;
        Ok(Self { key, holder })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::Identity;

    #[test]
    fn a_swapped_recipient_row_is_refused() {
        let secret = ServerSecret::generate().unwrap();
        let (teacher, thief) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let text = Identity::generate().unwrap().recipient().unwrap();
        let (enrolled, mac) = Recipient::enrol(&text, teacher, &secret).unwrap();
        assert_eq!(Recipient::genuine(&text, teacher, &mac, &secret), Ok(enrolled));

        // The thief has an account, and with it a genuine row, and can write whatever the database holds.
        let own_text = Identity::generate().unwrap().recipient().unwrap();
        let (_, own_mac) = Recipient::enrol(&own_text, thief, &secret).unwrap();
        let own_secret = ServerSecret::generate().unwrap();
        let (_, forged) = Recipient::enrol(&own_text, teacher, &own_secret).unwrap();
        for mac in [&mac, &own_mac, &forged, &[0; 32]] {
            let answer = Recipient::genuine(&own_text, teacher, mac, &secret);
            assert_eq!(answer, Err(Error::RecipientNotGenuine));
        }
        assert_eq!(Recipient::genuine(&text, thief, &mac, &secret), Err(Error::RecipientNotGenuine));
        assert_eq!(Recipient::genuine(&text, teacher, &[], &secret), Err(Error::RecipientNotGenuine));
    }

    #[test]
    fn an_office_key_is_genuine_in_its_epoch_only() {
        let secret = ServerSecret::generate().unwrap();
        let office = Uuid::from_u128(3);
        let [old, new] = [(); 2].map(|()| Identity::generate().unwrap().recipient().unwrap());
        let (_, first) = Recipient::enrol_office(&old, office, 1, &secret).unwrap();
        let (enrolled, second) = Recipient::enrol_office(&new, office, 2, &secret).unwrap();
        let genuine = |text, epoch, mac: &[u8]| Recipient::genuine_of_office(text, office, epoch, mac, &secret);
        assert_eq!(genuine(&new, 2, &second), Ok(enrolled));
        for (text, epoch, mac) in [(&old, 2, first), (&old, 2, second), (&new, 1, second), (&new, 3, second)] {
            assert_eq!(genuine(text, epoch, &mac), Err(Error::RecipientNotGenuine));
        }
        // Nor does one kind of mark serve as the other.
        assert_eq!(Recipient::genuine(&new, office, &second, &secret), Err(Error::RecipientNotGenuine));
        let (_, of_person) = Recipient::enrol(&new, office, &secret).unwrap();
        assert_eq!(genuine(&new, 2, &of_person), Err(Error::RecipientNotGenuine));
    }

    #[test]
    fn only_a_public_key_can_be_enrolled() {
        let secret = ServerSecret::generate().unwrap();
        for text in ["", "age1", "AGE-SECRET-KEY-1"] {
            let answer = Recipient::enrol(text, Uuid::nil(), &secret).unwrap_err();
            assert_eq!(answer, Error::Malformed("recipient"));
        }
    }
}
