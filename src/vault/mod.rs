//! All cryptography. Blocking, without IO and without a clock; chance comes from the operating system.
//!
//! ```text
//! password ── Argon2id ── HKDF ─┬─ auth   compared in constant time              password.rs
//!                               └─ wrap ── identity of the person (age X25519)   identity.rs
//! identity ── age ── office key ── age ── compartment key                        wrap.rs
//! office or person ── age ── letter                                             letter.rs
//! receiver outside ── age ── packet                                             packet.rs
//! receipt phrase ── Argon2id ── HKDF ── identity of who wrote to the box         phrase.rs
//! server secret ── HKDF ── fact                                                   fact.rs
//! server secret ── HKDF ── key of the second factor                               totp.rs
//! noise key ── HMAC-SHA256 ── noise of one cell                                  noise.rs
//! compartment key ── AES-256-GCM-SIV, bound to its place ── field                field.rs
//! cookie ── HKDF ── identity and office keys of one session                      session.rs
//! ```
//!
//! Three rules hold everywhere. Whatever does not open says only [`Error::Sealed`]: a wrong key, a wrong place and a
//! changed byte must look the same from outside. Whatever is sealed names its algorithm in the first byte and covers that
//! byte, its purpose and its place with the seal. Whatever is secret is wiped when dropped and prints as `‹sealed›`.

mod acceptable;
mod alphabet;
mod backup;
pub mod chain;
mod fact;
mod field;
mod identity;
mod invitation;
mod kdf;
mod keyring;
mod letter;
mod noise;
mod packet;
mod padding;
mod password;
mod phrase;
mod private;
mod recipient;
mod recovery;
mod sealing;
mod secret;
mod session;
mod totp;
mod wrap;

#[cfg(test)]
mod proofs;
#[cfg(test)]
mod vectors;

use crate::domain::unprintable::unprintable;

pub use acceptable::{PasswordProblem, acceptable};
pub use backup::{BackupBy, BackupFor, BackupProblem, open_backup, seal_backup};
pub use fact::{FactKey, SEALED_FACT};
pub use field::{CompartmentKey, Place, sealed_epoch};
pub use identity::{Identity, fingerprint};
pub use invitation::InvitationCode;
pub use kdf::{Kdf, KdfParams};
pub use keyring::{KeyRing, OfficeKey};
pub use letter::{LETTER_LIMIT, LetterName, open_letter, seal_letter};
pub use noise::{NoiseKey, NoiseStream};
pub use packet::{ReceiverKey, packet_passphrase, seal_with_passphrase};
pub use password::{Credentials, enrol, needs_rehash, unlock, unlock_nobody};
pub use phrase::{Phrase, PhraseKeys, phrase_salt};
pub use recipient::Recipient;
pub use recovery::{Slip, SlipProblem, join, split};
pub use secret::{ServerSecret, verify};
pub use session::SessionToken;
pub use totp::{OneTimeCode, TOTP_STEP, TotpKey};
pub use wrap::{
    KeyName, fast_unwrap_key, fast_wrap_key, is_genuine, mark, unwrap_identity, unwrap_key, wrap_identity, wrap_key,
};

/// Why something could not be sealed, opened or read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It does not open: a wrong key, a wrong place, tampered with or cut short. Deliberately one word for all of them.
    #[error("does not open")]
    Sealed,
    /// The first byte names an algorithm that this version does not know.
    #[error("sealed with algorithm {0}, which this version does not know")]
    UnknownAlgorithm(u8),
    /// The permit is for another object, another kind or another school than the field.
    #[error("the permit is not for this field")]
    WrongPermit,
    /// A public key without the mark of this installation: somebody wrote it into the database.
    #[error("the public key was not enrolled by this installation")]
    RecipientNotGenuine,
    /// Something that should be text or bytes of a fixed form is not; the word says which thing.
    #[error("malformed {0}")]
    Malformed(&'static str),
    /// Argon2 refused its parameters.
    #[error("the password function refused its parameters")]
    Kdf,
    /// The operating system gave no random bytes.
    #[error("the operating system gave no random bytes")]
    Random,
    /// Recovery slips that cannot be joined.
    #[error(transparent)]
    Slips(#[from] SlipProblem),
}

/// What every act of this module answers.
pub type Result<T, E = Error> = std::result::Result<T, E>;
