//! What a person seals for nobody else: drafts, and uploads between dry run and import.

use uuid::Uuid;
use zeroize::Zeroizing;

use super::padding::{pad, unpad};
use super::sealing::{self, Context, derive};
use super::{Identity, Result};

const OWN: &str = "yice own v1";

impl Identity {
    /// Seals something that only this identity opens, for one purpose and one row. Padded: the length of a draft says
    /// little.
    ///
    /// # Errors
    /// [`super::Error::Random`].
    pub fn seal_own(&self, purpose: &str, row: Uuid, plaintext: &[u8]) -> Result<Vec<u8>> {
        sealing::seal(&derive(self.bytes(), OWN, purpose), context(row), &pad(plaintext))
    }

    /// Opens what [`Self::seal_own`] made for the same purpose and row.
    ///
    /// # Errors
    /// [`super::Error::Sealed`], [`super::Error::UnknownAlgorithm`].
    pub fn open_own(&self, purpose: &str, row: Uuid, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        unpad(sealing::open(&derive(self.bytes(), OWN, purpose), context(row), sealed)?)
    }
}

fn context(row: Uuid) -> Context {
    Context::new(OWN).with(row.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::Error;

    #[test]
    fn a_draft_opens_for_its_writer_purpose_and_row_only() {
        let (writer, row) = (Identity::generate().unwrap(), Uuid::from_u128(1));
        let sealed = writer.seal_own("draft", row, b"what happened").unwrap();
        assert_eq!(writer.open_own("draft", row, &sealed).unwrap().as_slice(), b"what happened");
        assert_eq!(writer.open_own("upload", row, &sealed), Err(Error::Sealed));
        assert_eq!(writer.open_own("draft", Uuid::from_u128(2), &sealed), Err(Error::Sealed));
        assert_eq!(Identity::generate().unwrap().open_own("draft", row, &sealed), Err(Error::Sealed));
        assert_eq!(writer.open_own("draft", row, &sealed[..sealed.len() - 1]), Err(Error::Sealed));
    }

    #[test]
    fn two_short_drafts_have_one_length() {
        let writer = Identity::generate().unwrap();
        let length = |text: &[u8]| writer.seal_own("draft", Uuid::nil(), text).unwrap().len();
        assert_eq!(length(b""), length(&[b'x'; 200]));
    }
}
