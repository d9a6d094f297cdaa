//! The keys of a signed-in person: the own identity and those of the offices.

use uuid::Uuid;
use zeroize::Zeroizing;

use super::sealing::Reader;
use super::{Error, Identity, Result};
use crate::domain::ids::{OfficeId, PersonId};

/// The key of an office in one of its generations.
#[derive(Debug)]
pub struct OfficeKey {
    /// The office.
    pub office: OfficeId,
    /// The generation of its key.
    pub epoch: i64,
    /// The key.
    pub identity: Identity,
}

/// Everything a person can open things with.
#[derive(Debug)]
pub struct KeyRing {
    /// Whose ring it is.
    pub person: PersonId,
    /// The person's own identity.
    pub identity: Identity,
    /// The keys of the person's offices; an office whose key was changed may stand here with several epochs.
    pub offices: Vec<OfficeKey>,
}

impl KeyRing {
    /// The identity of a holder, a person or an office; of an office the newest.
    #[must_use]
    pub fn holder(&self, holder: Uuid) -> Option<&Identity> {
        if holder == self.person.0 {
            return Some(&self.identity);
        }
        let of_office = self.offices.iter().filter(|key| key.office.0 == holder);
        of_office.max_by_key(|key| key.epoch).map(|key| &key.identity)
    }

    /// The identity of an office in one epoch, for what was wrapped before its key was changed.
    #[must_use]
    pub fn office(&self, office: OfficeId, epoch: i64) -> Option<&Identity> {
        let found = self.offices.iter().find(|key| key.office == office && key.epoch == epoch);
        found.map(|key| &key.identity)
    }

    pub(super) fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        // The exact capacity: a buffer that grows leaves an unwiped copy behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(48 + offices_length(&self.offices)));
        bytes.extend_from_slice(self.person.0.as_bytes());
        bytes.extend_from_slice(self.identity.bytes());
        write_offices(&self.offices, &mut bytes);
        bytes
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let mut reader = Reader(bytes);
        let person = PersonId(Uuid::from_bytes(*reader.take()?));
        let identity = Identity::from_bytes(reader.take()?);
        let offices = read_offices(&mut reader)?;
        reader.end()?;
        Ok(Self { person, identity, offices })
    }
}

const OFFICE: usize = 16 + 8 + 32;

pub(super) const fn offices_length(offices: &[OfficeKey]) -> usize {
    8 + offices.len() * OFFICE
}

pub(super) fn write_offices(offices: &[OfficeKey], bytes: &mut Vec<u8>) {
    bytes.extend_from_slice(&(offices.len() as u64).to_be_bytes());
    for key in offices {
        bytes.extend_from_slice(key.office.0.as_bytes());
        bytes.extend_from_slice(&key.epoch.to_be_bytes());
        bytes.extend_from_slice(key.identity.bytes());
    }
}

pub(super) fn read_offices(reader: &mut Reader<'_>) -> Result<Vec<OfficeKey>> {
    let count = usize::try_from(u64::from_be_bytes(*reader.take()?)).map_err(|_| Error::Sealed)?;
    if reader.0.len() != count.checked_mul(OFFICE).ok_or(Error::Sealed)? {
        return Err(Error::Sealed);
    }
    let mut read = || {
        let office = OfficeId(Uuid::from_bytes(*reader.take()?));
        let epoch = i64::from_be_bytes(*reader.take()?);
        Ok(OfficeKey { office, epoch, identity: Identity::from_bytes(reader.take()?) })
    };
    (0..count).map(|_| read()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(office: u128, epoch: i64) -> OfficeKey {
        OfficeKey { office: OfficeId(Uuid::from_u128(office)), epoch, identity: Identity::generate().unwrap() }
    }

    #[test]
    fn a_holder_is_the_person_or_the_newest_key_of_an_office() {
        let person = PersonId(Uuid::from_u128(1));
        let offices = vec![key(2, 1), key(2, 3), key(2, 2), key(4, 1)];
        let ring = KeyRing { person, identity: Identity::generate().unwrap(), offices };
        let of = |holder| ring.holder(Uuid::from_u128(holder)).map(Identity::bytes);
        assert_eq!(of(1), Some(ring.identity.bytes()));
        assert_eq!(of(2), Some(ring.offices[1].identity.bytes()));
        assert_eq!(of(4), Some(ring.offices[3].identity.bytes()));
        assert_eq!(of(5), None);
        let old = ring.office(OfficeId(Uuid::from_u128(2)), 1).map(Identity::bytes);
        assert_eq!(old, Some(ring.offices[0].identity.bytes()));
        assert!(ring.office(OfficeId(Uuid::from_u128(2)), 9).is_none());
    }

    #[test]
    fn a_ring_survives_its_bytes_and_a_false_count_is_refused() {
        let person = PersonId(Uuid::from_u128(1));
        let ring = KeyRing { person, identity: Identity::generate().unwrap(), offices: vec![key(2, -1), key(3, 7)] };
        let bytes = ring.to_bytes();
        assert_eq!(bytes.len(), bytes.capacity());
        let again = KeyRing::from_bytes(&bytes).unwrap();
        assert_eq!(again.to_bytes(), bytes);
        assert_eq!((again.offices[1].office, again.offices[1].epoch), (OfficeId(Uuid::from_u128(3)), 7));
        for count in [0_u64, 1, 3, u64::MAX] {
            let mut damaged = bytes.to_vec();
            damaged[48..56].copy_from_slice(&count.to_be_bytes());
            assert_eq!(KeyRing::from_bytes(&damaged).unwrap_err(), Error::Sealed, "{count}");
        }
    }
}
