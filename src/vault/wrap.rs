//! Keys wrapped to their holders: one wrap, one row.
//!
//! An age file has no associated data, so key, epoch and holder stand inside the wrapped plaintext and are checked on
//! opening: a wrap that was copied into another row does not open there. A byte says what kind of key it is, so that an
//! office key never opens as a compartment key.
//!
//! Anyone who knows a public key can make an age file for it. So a wrap that was read from the database proves who may
//! open it, not who made it; [`mark`] and [`is_genuine`] prove the latter under the server secret.

use std::io::Read as _;

use uuid::Uuid;
use zeroize::Zeroizing;

use super::sealing::{self, Context, Key, Reader};
use super::{CompartmentKey, Error, Identity, Recipient, Result, ServerSecret};
use crate::domain::ids::KeyId;

const COMPARTMENT: u8 = 1;
const OFFICE: u8 = 2;
const FAST: &str = "yice fast wrap v1";
const MARK: &str = "wrap";

/// kind ‖ key ‖ epoch ‖ holder ‖ the key itself
const LENGTH: usize = 1 + 16 + 8 + 16 + 32;

/// Which key, in which of its generations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyName {
    /// The key of a compartment or of an office.
    pub key: KeyId,
    /// Its generation; a revocation starts the next one.
    pub epoch: i64,
}

/// Wraps a compartment key to a person or an office. The result is an age file.
///
/// # Errors
/// [`Error::Malformed`] should age refuse.
pub fn wrap_key(key: &CompartmentKey, name: KeyName, to: &Recipient) -> Result<Vec<u8>> {
    wrap(COMPARTMENT, key.bytes(), name, to)
}

/// Opens a wrap made by [`wrap_key`] for this holder, this key and this epoch. Costs about 100 µs.
///
/// # Errors
/// [`Error::Sealed`].
pub fn unwrap_key(identity: &Identity, holder: Uuid, name: KeyName, sealed: &[u8]) -> Result<CompartmentKey> {
    unwrap(COMPARTMENT, identity, holder, name, sealed).map(CompartmentKey::from_bytes)
}

/// Wraps the identity of an office to a member, or to the recovery key. The result is an age file.
///
/// # Errors
/// [`Error::Malformed`] should age refuse.
pub fn wrap_identity(office: &Identity, name: KeyName, to: &Recipient) -> Result<Vec<u8>> {
    wrap(OFFICE, office.bytes(), name, to)
}

/// Opens a wrap made by [`wrap_identity`] for this holder, this key and this epoch.
///
/// # Errors
/// [`Error::Sealed`].
pub fn unwrap_identity(identity: &Identity, holder: Uuid, name: KeyName, sealed: &[u8]) -> Result<Identity> {
    unwrap(OFFICE, identity, holder, name, sealed).map(Identity::from_bytes)
}

/// Wraps a compartment key for its holder under a key derived from the holder's own secret: a hundred times faster to open
/// than an age file, for pages that need many keys. Only who holds the identity can make or open it.
///
/// # Errors
/// [`Error::Random`].
pub fn fast_wrap_key(key: &CompartmentKey, identity: &Identity, holder: Uuid, name: KeyName) -> Result<Vec<u8>> {
    sealing::seal(identity.fast_key(), fast_context(holder, name), key.bytes())
}

/// Opens what [`fast_wrap_key`] made for the same holder, key and epoch.
///
/// # Errors
/// [`Error::Sealed`], [`Error::UnknownAlgorithm`].
pub fn fast_unwrap_key(identity: &Identity, holder: Uuid, name: KeyName, sealed: &[u8]) -> Result<CompartmentKey> {
    let opened = sealing::open(identity.fast_key(), fast_context(holder, name), sealed)?;
    let mut reader = Reader(&opened);
    let key = reader.take()?;
    reader.end()?;
    Ok(CompartmentKey::from_bytes(key))
}

/// The mark of a wrap that this installation made, to be stored beside it.
///
/// Without it, whoever can write to the database could plant the next epoch of a key whose bytes they chose, wrapped to
/// everyone who should have it, and read all that is sealed from then on.
#[must_use]
pub fn mark(name: KeyName, holder: Uuid, sealed: &[u8], secret: &ServerSecret) -> [u8; 32] {
    secret.mac(MARK, &[name.key.0.as_bytes(), &name.epoch.to_be_bytes(), holder.as_bytes(), sealed])
}

/// Whether a stored wrap carries the mark of this installation; compared in constant time.
#[must_use]
pub fn is_genuine(name: KeyName, holder: Uuid, sealed: &[u8], mark: &[u8], secret: &ServerSecret) -> bool {
    let parts: [&[u8]; 4] = [name.key.0.as_bytes(), &name.epoch.to_be_bytes(), holder.as_bytes(), sealed];
    secret.mac_is(MARK, &parts, mark)
}

fn fast_context(holder: Uuid, name: KeyName) -> Context {
    Context::new(FAST).with(name.key.0.as_bytes()).with(&name.epoch.to_be_bytes()).with(holder.as_bytes())
}

/// The clear part of the wrapped plaintext.
fn header(kind: u8, name: KeyName, holder: Uuid) -> Vec<u8> {
    [&[kind], name.key.0.as_bytes().as_slice(), &name.epoch.to_be_bytes(), holder.as_bytes()].concat()
}

fn wrap(kind: u8, key: &[u8; 32], name: KeyName, to: &Recipient) -> Result<Vec<u8>> {
    let mut plaintext = Zeroizing::new(Vec::with_capacity(LENGTH));
    plaintext.extend_from_slice(&header(kind, name, to.holder()));
    plaintext.extend_from_slice(key);
    age::encrypt(to.key(), &plaintext).map_err(|_| Error::Malformed("wrap"))
}

fn unwrap(kind: u8, identity: &Identity, holder: Uuid, name: KeyName, sealed: &[u8]) -> Result<Key> {
    let plaintext = read(identity, sealed)?;
    let key = plaintext.strip_prefix(header(kind, name, holder).as_slice()).ok_or(Error::Sealed)?;
    let mut reader = Reader(key);
    let key = reader.take()?;
    reader.end()?;
    Ok(key)
}

/// Reads an age file to its end. age hands out plaintext before the end is authenticated, so an error there means that
/// nothing was read. The buffer is one byte longer than a wrap can be: a longer file fills it and is
/// refused for its length.
fn read(identity: &Identity, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    let identity = identity.age()?;
    let decryptor = age::Decryptor::new_buffered(sealed).map_err(|_| Error::Sealed)?;
    let mut stream = decryptor.decrypt(std::iter::once(&identity as _)).map_err(|_| Error::Sealed)?;
    let mut buffer = Zeroizing::new(vec![0; LENGTH + 1]);
    let mut filled = 0;
    loop {
        match stream.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Err(_) => return Err(Error::Sealed),
            Ok(more) => filled += more,
        }
    }
    buffer.truncate(filled);
    Ok(buffer)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: KeyName = KeyName { key: KeyId(Uuid::from_u128(7)), epoch: 3 };
    const HOLDER: Uuid = Uuid::from_u128(8);

    fn holder() -> (Identity, Recipient, ServerSecret) {
        let (identity, secret) = (Identity::generate().unwrap(), ServerSecret::generate().unwrap());
        let (recipient, _) = Recipient::enrol(&identity.recipient().unwrap(), HOLDER, &secret).unwrap();
        (identity, recipient, secret)
    }

    #[test]
    fn a_wrap_is_a_plain_age_file_that_age_itself_opens() {
        let (identity, recipient, _) = holder();
        let key = CompartmentKey::generate().unwrap();
        let sealed = wrap_key(&key, NAME, &recipient).unwrap();
        assert!(sealed.starts_with(b"age-encryption.org/v1\n-> X25519 "));
        let plaintext = age::decrypt(&identity.age().unwrap(), &sealed).unwrap();
        assert_eq!(plaintext, [header(COMPARTMENT, NAME, HOLDER).as_slice(), key.bytes()].concat());
    }

    #[test]
    fn a_wrap_opens_for_its_holder_key_and_epoch_only() {
        let (identity, recipient, _) = holder();
        let key = CompartmentKey::generate().unwrap();
        let sealed = wrap_key(&key, NAME, &recipient).unwrap();
        let fast = fast_wrap_key(&key, &identity, HOLDER, NAME).unwrap();
        let opens = |identity: &Identity, holder, name| {
            let slow = unwrap_key(identity, holder, name, &sealed).map(|key| *key.bytes());
            let quick = fast_unwrap_key(identity, holder, name, &fast).map(|key| *key.bytes());
            assert_eq!(slow, quick);
            slow
        };
        assert_eq!(opens(&identity, HOLDER, NAME), Ok(*key.bytes()));
        assert_eq!(opens(&Identity::generate().unwrap(), HOLDER, NAME), Err(Error::Sealed));
        assert_eq!(opens(&identity, Uuid::from_u128(9), NAME), Err(Error::Sealed));
        assert_eq!(opens(&identity, HOLDER, KeyName { epoch: 2, ..NAME }), Err(Error::Sealed));
        assert_eq!(opens(&identity, HOLDER, KeyName { key: KeyId(Uuid::nil()), ..NAME }), Err(Error::Sealed));
    }

    #[test]
    fn office_wrap_is_not_a_compartment_wrap() {
        let (identity, recipient, _) = holder();
        let office = Identity::generate().unwrap();
        let sealed = wrap_identity(&office, NAME, &recipient).unwrap();
        assert_eq!(unwrap_identity(&identity, HOLDER, NAME, &sealed).unwrap().bytes(), office.bytes());
        assert_eq!(unwrap_key(&identity, HOLDER, NAME, &sealed).unwrap_err(), Error::Sealed);
        let sealed = wrap_key(&CompartmentKey::generate().unwrap(), NAME, &recipient).unwrap();
        assert_eq!(unwrap_identity(&identity, HOLDER, NAME, &sealed).unwrap_err(), Error::Sealed);
    }

    #[test]
    fn an_age_file_of_another_length_is_refused() {
        let (identity, recipient, _) = holder();
        let whole = [header(COMPARTMENT, NAME, HOLDER).as_slice(), &[1; 32]].concat();
        let longer = [whole.as_slice(), &[0]].concat();
        let much_longer = [whole.as_slice(), &vec![0; 100_000]].concat();
        assert!(unwrap_key(&identity, HOLDER, NAME, &age::encrypt(recipient.key(), &whole).unwrap()).is_ok());
        for plaintext in [&whole[..72], &longer, &much_longer, &[]] {
            let sealed = age::encrypt(recipient.key(), plaintext).unwrap();
            assert_eq!(unwrap_key(&identity, HOLDER, NAME, &sealed).unwrap_err(), Error::Sealed);
        }
    }

    #[test]
    fn a_planted_wrap_opens_and_is_not_genuine() {
        let (identity, recipient, secret) = holder();
        let next = KeyName { epoch: 4, ..NAME };
        let made = wrap_key(&CompartmentKey::generate().unwrap(), next, &recipient).unwrap();
        let proof = mark(next, HOLDER, &made, &secret);
        assert!(is_genuine(next, HOLDER, &made, &proof, &secret));

        // The thief knows the public key from the database, chooses the bytes of the key, and lacks the server secret.
        let planted = wrap_key(&CompartmentKey::from_bytes(Zeroizing::new([0; 32])), next, &recipient).unwrap();
        assert!(unwrap_key(&identity, HOLDER, next, &planted).is_ok());
        let forged = mark(next, HOLDER, &planted, &ServerSecret::generate().unwrap());
        assert!(!is_genuine(next, HOLDER, &planted, &forged, &secret));
        assert!(!is_genuine(next, HOLDER, &planted, &proof, &secret));
        assert!(!is_genuine(NAME, HOLDER, &made, &proof, &secret));
        assert!(!is_genuine(next, Uuid::nil(), &made, &proof, &secret));
    }
}
