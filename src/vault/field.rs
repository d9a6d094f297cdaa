//! A field: bytes that open only in the place where they were sealed, and only for who holds a permit.
//!
//! `algorithm (1) ‖ epoch (4, big endian) ‖ nonce (12) ‖ ciphertext ‖ tag (16)`. The seal covers algorithm, epoch and the
//! whole [`Place`]: copied to another row, column, student or school, or put back after an edit, it does not open.

use uuid::Uuid;
use zeroize::Zeroizing;

use super::padding::{pad, unpad};
use super::sealing::{self, Context, GCM_SIV, GCM_SIV_PADDED, Key};
use super::{Error, Result, unprintable};
use crate::domain::ids::SchoolId;
use crate::domain::keeping::REASONS;
use crate::domain::words::{Compartment, Kind};
use crate::policy::{Opens, Permit};

const HEAD: usize = 5;

/// Where a field stands. All of it is covered by the seal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Place<'a> {
    /// The school.
    pub school: SchoolId,
    /// The table of the database.
    pub table: &'a str,
    /// The student or class that the permit is about.
    pub subject: Uuid,
    /// The row.
    pub row: Uuid,
    /// The column.
    pub column: &'a str,
    /// The compartment that the column belongs to.
    pub compartment: Compartment,
    /// The generation of the compartment key, 0 to 2³²−1.
    pub epoch: i64,
    /// The version of the row: an older field put back does not open.
    pub version: i64,
}

impl Place<'_> {
    fn context(&self) -> Context {
        Context::new("yice field v1")
            .with(self.school.0.as_bytes())
            .with(self.table.as_bytes())
            .with(self.subject.as_bytes())
            .with(self.row.as_bytes())
            .with(self.column.as_bytes())
            .with(self.compartment.as_str().as_bytes())
            .with(&self.epoch.to_be_bytes())
            .with(&self.version.to_be_bytes())
    }

    fn head(&self, algorithm: u8) -> Result<[u8; HEAD]> {
        let [a, b, c, d] = u32::try_from(self.epoch).map_err(|_| Error::Malformed("epoch"))?.to_be_bytes();
        Ok([algorithm, a, b, c, d])
    }

    fn is_covered_by<A: Opens>(&self, permit: &Permit<A>) -> bool {
        // Why a file is kept, destroyed or sealed away is read by those who keep it, also while nothing else of it is.
        let is_reason = self.table == REASONS && permit.kind() == Kind::Erasure;
        let is_kind = permit.kind() == self.compartment.kind() || is_reason;
        permit.school() == self.school && permit.object() == self.subject && is_kind
    }
}

/// The key of one compartment in one epoch: 32 random bytes.
pub struct CompartmentKey(Key);

unprintable!(CompartmentKey);

impl CompartmentKey {
    /// A new key, for a new file or a new epoch.
    ///
    /// # Errors
    /// [`Error::Random`].
    pub fn generate() -> Result<Self> {
        sealing::random().map(Self)
    }

    /// Seals a field for its place. The stored length tells the length of the text; see [`Self::seal_padded`].
    ///
    /// # Errors
    /// [`Error::Random`]; [`Error::Malformed`] for an epoch that is no `u32`.
    pub fn seal(&self, place: &Place<'_>, plaintext: &[u8]) -> Result<Vec<u8>> {
        sealing::seal_behind(&place.head(GCM_SIV)?, &self.0, place.context(), plaintext)
    }

    /// Seals a field whose length must not tell much either: padded to steps of 256 bytes and more.
    ///
    /// # Errors
    /// As [`Self::seal`].
    pub fn seal_padded(&self, place: &Place<'_>, plaintext: &[u8]) -> Result<Vec<u8>> {
        sealing::seal_behind(&place.head(GCM_SIV_PADDED)?, &self.0, place.context(), &pad(plaintext))
    }

    /// Opens a field, padded or not, for the holder of a permit for exactly this subject, kind and school.
    ///
    /// # Errors
    /// [`Error::WrongPermit`] before anything is tried; [`Error::UnknownAlgorithm`]; [`Error::Sealed`] when it does not
    /// open in this place.
    pub fn open<A: Opens>(&self, permit: &Permit<A>, place: &Place<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        if !place.is_covered_by(permit) {
            return Err(Error::WrongPermit);
        }
        self.open_in(place, sealed)
    }

    /// Opens after the permit was checked.
    pub(super) fn open_in(&self, place: &Place<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        let algorithm = *sealed.first().ok_or(Error::Sealed)?;
        if !matches!(algorithm, GCM_SIV | GCM_SIV_PADDED) {
            return Err(Error::UnknownAlgorithm(algorithm));
        }
        let opened = sealing::open_behind(HEAD, &self.0, place.context(), sealed)?;
        if algorithm == GCM_SIV_PADDED { unpad(opened) } else { Ok(opened) }
    }

    pub(super) const fn from_bytes(bytes: Key) -> Self {
        Self(bytes)
    }

    pub(super) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Seals with a given nonce, so that a test vector can be made again byte by byte.
    #[cfg(test)]
    pub(super) fn seal_with(&self, nonce: &[u8; 12], place: &Place<'_>, plaintext: &[u8]) -> Vec<u8> {
        sealing::seal_with(nonce, &place.head(GCM_SIV).unwrap(), &self.0, place.context(), plaintext).unwrap()
    }
}

/// The epoch under which a field was sealed, read from its head without opening it: it says which key to fetch.
#[must_use]
pub fn sealed_epoch(sealed: &[u8]) -> Option<i64> {
    let epoch = sealed.get(1..HEAD)?.first_chunk::<4>()?;
    Some(i64::from(u32::from_be_bytes(*epoch)))
}
