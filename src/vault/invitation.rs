//! An invitation: a code that one colleague reads to another, and that carries the keys of the offices to join.

use secrecy::SecretString;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::alphabet::{Typed, letter, typed};
use super::keyring::{offices_length, read_offices, write_offices};
use super::sealing::{self, Context, Key, Reader, derive};
use super::{Error, OfficeKey, Result, unprintable};

const OFFICES: &str = "yice invitation v1";
const SYMBOLS: usize = 25;

/// 125 random bits as 25 characters in groups of five, `XXXXX-XXXXX-XXXXX-XXXXX-XXXXX`.
pub struct InvitationCode(Zeroizing<[u8; SYMBOLS]>);

unprintable!(InvitationCode);

impl InvitationCode {
    /// A new code.
    ///
    /// # Errors
    /// [`Error::Random`].
    pub fn generate() -> Result<Self> {
        let mut symbols = sealing::random::<SYMBOLS>()?;
        symbols.iter_mut().for_each(|symbol| *symbol &= 31);
        Ok(Self(symbols))
    }

    /// Reads a code however it was typed: either case, full width, with or without dashes, O for 0, I or L for 1.
    ///
    /// # Errors
    /// [`Error::Malformed`] when it is not 25 characters of the alphabet.
    pub fn parse(text: &str) -> Result<Self> {
        let mut symbols = Zeroizing::new([0; SYMBOLS]);
        let mut places = symbols.iter_mut();
        for character in text.chars() {
            match typed(character) {
                Typed::Gap => {}
                Typed::Symbol(symbol) => *places.next().ok_or(Error::Malformed("invitation code"))? = symbol,
                Typed::Strange => return Err(Error::Malformed("invitation code")),
            }
        }
        if places.next().is_some() {
            return Err(Error::Malformed("invitation code"));
        }
        Ok(Self(symbols))
    }

    /// The code as it is shown and read aloud.
    #[must_use]
    pub fn to_text(&self) -> SecretString {
        let mut text = String::with_capacity(SYMBOLS + 4);
        for (position, symbol) in self.0.iter().enumerate() {
            if position > 0 && position % 5 == 0 {
                text.push('-');
            }
            text.push(letter(*symbol));
        }
        text.into()
    }

    /// What the database holds to find the invitation by. With 125 random bits it needs neither salt nor stretching.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        Sha256::new().chain_update(b"yice invitation name v1\0").chain_update(self.0.as_slice()).finalize().into()
    }

    /// Seals the keys of the offices that the newcomer will join.
    ///
    /// # Errors
    /// [`Error::Random`].
    pub fn seal_offices(&self, offices: &[OfficeKey]) -> Result<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(offices_length(offices)));
        write_offices(offices, &mut bytes);
        sealing::seal(&self.key(), Context::new(OFFICES), &bytes)
    }

    /// Opens what [`Self::seal_offices`] sealed under this code.
    ///
    /// # Errors
    /// [`Error::Sealed`], [`Error::UnknownAlgorithm`].
    pub fn open_offices(&self, sealed: &[u8]) -> Result<Vec<OfficeKey>> {
        let opened = sealing::open(&self.key(), Context::new(OFFICES), sealed)?;
        let mut reader = Reader(&opened);
        let offices = read_offices(&mut reader)?;
        reader.end()?;
        Ok(offices)
    }

    fn key(&self) -> Key {
        derive(self.0.as_slice(), OFFICES, "")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::OfficeId;
    use crate::vault::Identity;
    use secrecy::ExposeSecret as _;

    #[test]
    fn a_code_may_be_typed_as_people_type() {
        let code = InvitationCode::parse("0A1B2-C3D4E-5F6G7-H8J9K-MNPQR").unwrap();
        assert_eq!(code.to_text().expose_secret(), "0A1B2-C3D4E-5F6G7-H8J9K-MNPQR");
        for spelling in [
            "0a1b2c3d4e5f6g7h8j9kmnpqr",
            "OAIB2 C3D4E 5F6G7 H8J9K MNPQR",
            " oalb2—c3d4e—5f6g7—h8j9k—mnpqr\n",
            "０Ａ１Ｂ２－Ｃ３Ｄ４Ｅ－５Ｆ６Ｇ７－Ｈ８Ｊ９Ｋ－ＭＮＰＱＲ",
        ] {
            assert_eq!(InvitationCode::parse(spelling).unwrap().hash(), code.hash(), "{spelling}");
        }
        for broken in ["", "0A1B2", "0A1B2-C3D4E-5F6G7-H8J9K-MNPQ", "0A1B2-C3D4E-5F6G7-H8J9K-MNPQRS", &"U".repeat(25)] {
            assert_eq!(InvitationCode::parse(broken).unwrap_err(), Error::Malformed("invitation code"), "{broken}");
        }
    }

    #[test]
    fn office_keys_travel_under_the_code_and_no_other() {
        let code = InvitationCode::generate().unwrap();
        let identity = Identity::generate().unwrap();
        let secret = *identity.bytes();
        let office = OfficeId(uuid::Uuid::from_u128(4));
        let sealed = code.seal_offices(&[OfficeKey { office, epoch: 2, identity }]).unwrap();
        let opened = code.open_offices(&sealed).unwrap();
        assert_eq!((opened.len(), opened[0].office, opened[0].epoch), (1, office, 2));
        assert_eq!(opened[0].identity.bytes(), &secret);
        let other = InvitationCode::generate().unwrap();
        assert_ne!(other.hash(), code.hash());
        assert_eq!(other.open_offices(&sealed).unwrap_err(), Error::Sealed);
        assert!(code.open_offices(&code.seal_offices(&[]).unwrap()).unwrap().is_empty());
    }
}
