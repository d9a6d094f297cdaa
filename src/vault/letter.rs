//! Letters: content sealed to one public key, so that whoever wrote it cannot read it back.
//!
//! A letter is an age file. age has no associated data, so what the letter is stands inside and is checked on opening; and
//! since anybody can make an age file for a public key, a mark under the server secret proves that this installation sealed
//! this one. What is inside is padded.

use std::io::Read as _;

use uuid::Uuid;
use zeroize::Zeroizing;

use super::padding::{pad, unpad};
use super::{Error, Identity, Recipient, Result, ServerSecret};
use crate::domain::ids::{LetterId, SchoolId};
use crate::domain::warning::LetterKind;
use crate::policy::{Opens, Permit};

/// The kind byte of a letter; compartment and office keys are 1 and 2.
const LETTER: u8 = 3;
const MARK: &str = "letter";
const HEAD: usize = 1 + 16 + 16 + 16;
/// The longest content, in bytes.
pub const LETTER_LIMIT: usize = 64 * 1024;

/// Which letter it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LetterName {
    /// The school.
    pub school: SchoolId,
    /// The letter.
    pub letter: LetterId,
    /// What it is, and with that who may open it.
    pub kind: LetterKind,
}

/// Seals a letter to a holder. Gives the age file and its mark.
///
/// # Errors
/// [`Error::Malformed`] for content of more than [`LETTER_LIMIT`] bytes, or should age refuse.
pub fn seal_letter(
    content: &[u8],
    name: LetterName,
    to: &Recipient,
    secret: &ServerSecret,
) -> Result<(Vec<u8>, [u8; 32])> {
    if content.len() > LETTER_LIMIT {
        return Err(Error::Malformed("letter"));
    }
    let padded = pad(content);
    let mut plaintext = Zeroizing::new(Vec::with_capacity(HEAD + padded.len()));
    plaintext.extend_from_slice(&head(name, to.holder()));
    plaintext.extend_from_slice(&padded);
    let sealed = age::encrypt(to.key(), &plaintext).map_err(|_| Error::Malformed("letter"))?;
    let mark = secret.mac(MARK, &parts(&name, to.holder().as_bytes(), &sealed));
    Ok((sealed, mark))
}

/// Opens a letter that this installation sealed to this holder, with a permit for exactly this letter. Costs about 100 µs.
///
/// # Errors
/// [`Error::WrongPermit`] before anything is tried; [`Error::Sealed`], also for a letter that somebody else planted.
pub fn open_letter<A: Opens>(
    permit: &Permit<A>,
    identity: &Identity,
    holder: Uuid,
    name: LetterName,
    sealed: &[u8],
    mark: &[u8],
    secret: &ServerSecret,
) -> Result<Zeroizing<Vec<u8>>> {
    if permit.school() != name.school || permit.object() != name.letter.0 || permit.kind() != name.kind.kind() {
        return Err(Error::WrongPermit);
    }
    open(identity, holder, name, sealed, mark, secret)
}

/// Opens an answer with the identity that grew from a receipt phrase. Nothing but an answer opens without a permit.
pub(super) fn open_answer(
    identity: &Identity,
    holder: Uuid,
    name: LetterName,
    sealed: &[u8],
    mark: &[u8],
    secret: &ServerSecret,
) -> Result<Zeroizing<Vec<u8>>> {
    if name.kind != LetterKind::Answer {
        return Err(Error::WrongPermit);
    }
    open(identity, holder, name, sealed, mark, secret)
}

fn open(
    identity: &Identity,
    holder: Uuid,
    name: LetterName,
    sealed: &[u8],
    mark: &[u8],
    secret: &ServerSecret,
) -> Result<Zeroizing<Vec<u8>>> {
    if !secret.mac_is(MARK, &parts(&name, holder.as_bytes(), sealed), mark) {
        return Err(Error::Sealed);
    }
    let identity = identity.age()?;
    let decryptor = age::Decryptor::new_buffered(sealed).map_err(|_| Error::Sealed)?;
    let stream = decryptor.decrypt(std::iter::once(&identity as _)).map_err(|_| Error::Sealed)?;
    // The exact capacity: a buffer that grows leaves an unwiped copy behind.
    let mut plaintext = Zeroizing::new(Vec::with_capacity(sealed.len()));
    let most = u64::try_from(sealed.len()).unwrap_or(u64::MAX);
    stream.take(most).read_to_end(&mut plaintext).map_err(|_| Error::Sealed)?;
    let padded = plaintext.strip_prefix(head(name, holder).as_slice()).ok_or(Error::Sealed)?;
    unpad(Zeroizing::new(padded.to_vec()))
}

fn head(name: LetterName, holder: Uuid) -> [u8; HEAD] {
    let mut head = [LETTER; HEAD];
    head[1..17].copy_from_slice(name.school.0.as_bytes());
    head[17..33].copy_from_slice(name.letter.0.as_bytes());
    head[33..].copy_from_slice(holder.as_bytes());
    head
}

const fn parts<'a>(name: &'a LetterName, holder: &'a [u8; 16], sealed: &'a [u8]) -> [&'a [u8]; 5] {
    [name.school.0.as_bytes(), name.letter.0.as_bytes(), name.kind.as_str().as_bytes(), holder, sealed]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::words::{Compartment, Kind};
    use crate::policy::Read;
    use crate::vault::{Place, vectors};
    use proptest::prelude::*;

    const NAME: LetterName = LetterName {
        school: SchoolId(Uuid::from_u128(1)),
        letter: LetterId(Uuid::from_u128(2)),
        kind: LetterKind::Concern,
    };
    const OFFICE: Uuid = Uuid::from_u128(3);

    struct Office {
        identity: Identity,
        recipient: Recipient,
        secret: ServerSecret,
    }

    /// A counsellor's permit to read a letter.
    fn permit(name: LetterName) -> Permit<Read> {
        let (subject, row, table, column) = (name.letter.0, name.letter.0, "letters", "sealed");
        let compartment = Compartment::Warning;
        vectors::permit(
            Kind::Warning,
            &Place { school: name.school, table, subject, row, column, compartment, epoch: 1, version: 1 },
        )
    }

    fn office() -> Office {
        let (identity, secret) = (Identity::generate().unwrap(), ServerSecret::generate().unwrap());
        let (recipient, _) = Recipient::enrol(&identity.recipient().unwrap(), OFFICE, &secret).unwrap();
        Office { identity, recipient, secret }
    }

    #[test]
    fn letter_moved_to_another_row_holder_or_school() {
        let Office { identity, recipient, secret } = office();
        let (sealed, mark) = seal_letter("摔了三次书".as_bytes(), NAME, &recipient, &secret).unwrap();
        let opens = |holder, name| open_letter(&permit(name), &identity, holder, name, &sealed, &mark, &secret);
        assert_eq!(&**opens(OFFICE, NAME).unwrap(), "摔了三次书".as_bytes());
        assert_eq!(opens(Uuid::nil(), NAME).unwrap_err(), Error::Sealed);
        assert_eq!(opens(OFFICE, LetterName { letter: LetterId(OFFICE), ..NAME }).unwrap_err(), Error::Sealed);
        assert_eq!(opens(OFFICE, LetterName { school: SchoolId(OFFICE), ..NAME }).unwrap_err(), Error::Sealed);
        assert_eq!(opens(OFFICE, LetterName { kind: LetterKind::Signal, ..NAME }).unwrap_err(), Error::Sealed);
    }

    #[test]
    fn letter_under_a_permit_for_something_else() {
        let Office { identity, recipient, secret } = office();
        let brief = LetterName { kind: LetterKind::Brief, ..NAME };
        for (name, permit) in [
            (brief, permit(NAME)),
            (NAME, permit(LetterName { letter: LetterId(OFFICE), ..NAME })),
            (NAME, permit(LetterName { school: SchoolId(OFFICE), ..NAME })),
        ] {
            let (sealed, mark) = seal_letter(b"text", name, &recipient, &secret).unwrap();
            let opened = open_letter(&permit, &identity, OFFICE, name, &sealed, &mark, &secret);
            assert_eq!(opened.unwrap_err(), Error::WrongPermit);
        }
    }

    #[test]
    fn letter_planted_by_someone_without_the_server_secret() {
        let Office { identity, recipient, secret } = office();
        let thief = ServerSecret::generate().unwrap();
        let (sealed, mark) = seal_letter(b"planted", NAME, &recipient, &thief).unwrap();
        assert!(
            open_letter(&permit(NAME), &identity, OFFICE, NAME, &sealed, &mark, &thief).is_ok(),
            "the attack is well made"
        );
        let opened = open_letter(&permit(NAME), &identity, OFFICE, NAME, &sealed, &mark, &secret);
        assert_eq!(opened.unwrap_err(), Error::Sealed);
    }

    #[test]
    fn letter_for_another_office() {
        let Office { recipient, secret, .. } = office();
        let (sealed, mark) = seal_letter(b"text", NAME, &recipient, &secret).unwrap();
        let other = Identity::generate().unwrap();
        let opened = open_letter(&permit(NAME), &other, OFFICE, NAME, &sealed, &mark, &secret);
        assert_eq!(opened.unwrap_err(), Error::Sealed);
    }

    #[test]
    fn letters_of_few_lengths_and_none_too_long() {
        let Office { recipient, secret, .. } = office();
        // The head of an age file has a random length of its own; what follows it tells of the content.
        let length = |n| {
            let (sealed, _) = seal_letter(&vec![b'a'; n], NAME, &recipient, &secret)?;
            let mac = sealed.windows(5).position(|w| w == b"\n--- ").unwrap() + 5;
            let head = mac + sealed[mac..].iter().position(|b| *b == b'\n').unwrap();
            Ok(sealed.len() - head)
        };
        assert_eq!(length(0), length(255));
        assert_ne!(length(255), length(256));
        assert!(length(LETTER_LIMIT).is_ok());
        assert_eq!(length(LETTER_LIMIT + 1), Err(Error::Malformed("letter")));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn letter_with_any_flipped_byte_or_truncated(at in any::<prop::sample::Index>(), flip in 1..=255u8) {
            let Office { identity, recipient, secret } = office();
            let (sealed, _) = seal_letter(b"text", NAME, &recipient, &secret).unwrap();
            let mut broken = sealed.clone();
            broken[at.index(sealed.len())] ^= flip;
            for broken in [&broken[..], &sealed[..at.index(sealed.len())]] {
                // Even under a mark that fits, so that age itself is what refuses.
                let mark = secret.mac(MARK, &parts(&NAME, OFFICE.as_bytes(), broken));
                prop_assert!(open_letter(&permit(NAME), &identity, OFFICE, NAME, broken, &mark, &secret).is_err());
            }
        }
    }
}
