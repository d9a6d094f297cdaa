//! Argon2id with memory that is used again.
//!
//! The allocator does not give 64 MiB blocks back, so a fresh block for each sign-in makes the process grow; a small pool
//! keeps it at what was once needed. The work area is wiped before it returns to the pool: what Argon2 leaves in it would
//! let its finder test passwords at no cost.

use std::fmt;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use secrecy::{ExposeSecret as _, SecretString};

use super::sealing::Key;
use super::{Error, Result};

/// Work areas kept for the next sign-in; more than this at once are given back to the allocator.
const KEPT: usize = 2;

/// What Argon2id costs. Written `m=65536,t=3,p=1`, as in PHC strings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KdfParams {
    /// Memory in KiB, 8 × lanes to 262,144 (256 MiB).
    pub memory_kib: u32,
    /// Passes over the memory, 1 to 16.
    pub time: u32,
    /// Lanes, 1 to 4; they run one after the other.
    pub lanes: u32,
}

impl Default for KdfParams {
    /// 64 MiB, three passes, one lane: the second choice of RFC 9106 §4 with one lane.
    fn default() -> Self {
        Self { memory_kib: 65_536, time: 3, lanes: 1 }
    }
}

impl KdfParams {
    /// Checked, because they also come from the database: a row must not be able to ask for a terabyte.
    fn checked(self) -> Result<Params> {
        let within = self.memory_kib <= 262_144 && self.time <= 16 && (1..=4).contains(&self.lanes);
        let params = Params::new(self.memory_kib, self.time, self.lanes, Some(32));
        if within { params.map_err(|_| Error::Kdf) } else { Err(Error::Kdf) }
    }
}

impl fmt::Display for KdfParams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "m={},t={},p={}", self.memory_kib, self.time, self.lanes)
    }
}

impl FromStr for KdfParams {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut parts = text.split(',');
        let mut next = |name: &str| parts.next()?.strip_prefix(name)?.parse().ok();
        let read = (next("m="), next("t="), next("p="));
        let (Some(memory_kib), Some(time), Some(lanes)) = read else { return Err(Error::Malformed("parameters")) };
        let params = Self { memory_kib, time, lanes };
        // One spelling only: no leading zeros, no plus signs, nothing behind.
        if params.to_string() == text { Ok(params) } else { Err(Error::Malformed("parameters")) }
    }
}

/// The password function of this installation, with its pool of memory. Blocking: about 0.1 s of one core per call; call
/// it off the async threads and behind a semaphore.
pub struct Kdf {
    params: KdfParams,
    pool: Mutex<Vec<Vec<Block>>>,
}

impl fmt::Debug for Kdf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Kdf({})", self.params)
    }
}

impl Kdf {
    /// A password function with these costs.
    ///
    /// # Errors
    /// [`Error::Kdf`] for costs outside the limits of [`KdfParams`].
    pub fn new(params: KdfParams) -> Result<Self> {
        params.checked()?;
        Ok(Self { params, pool: Mutex::default() })
    }

    /// The costs of new credentials.
    #[must_use]
    pub const fn params(&self) -> KdfParams {
        self.params
    }

    pub(super) fn stretch(&self, params: KdfParams, password: &SecretString, salt: &[u8]) -> Result<Key> {
        let params = params.checked()?;
        let mut memory = self.borrow(params.block_count());
        let mut key = Key::default();
        let done = Argon2::new(Algorithm::Argon2id, Version::V0x13, params).hash_password_into_with_memory(
            password.expose_secret().as_bytes(),
            salt,
            key.as_mut(),
            memory.as_mut_slice(),
        );
        self.give_back(memory);
        done.map_err(|_| Error::Kdf)?;
        Ok(key)
    }

    fn borrow(&self, blocks: usize) -> Vec<Block> {
        let kept = self.pool.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut memory = kept.unwrap_or_default();
        // Argon2 writes every block before it reads it, and takes no more of them than it needs.
        if memory.len() < blocks {
            memory = vec![Block::new(); blocks];
        }
        memory
    }

    fn give_back(&self, mut memory: Vec<Block>) {
        memory.fill(Block::new());
        // Keeps the compiler from leaving the wiping out when the area is dropped right after.
        let memory = std::hint::black_box(memory);
        let mut pool = self.pool.lock().unwrap_or_else(PoisonError::into_inner);
        if pool.len() < KEPT {
            pool.push(memory);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: KdfParams = KdfParams { memory_kib: 64, time: 1, lanes: 1 };

    #[test]
    fn parameters_have_one_spelling() {
        assert_eq!(KdfParams::default().to_string(), "m=65536,t=3,p=1");
        assert_eq!("m=65536,t=3,p=1".parse(), Ok(KdfParams::default()));
        for broken in ["", "m=65536", "m=65536,t=3,p=1,", "m=065536,t=3,p=1", "m=+1,t=3,p=1", "t=3,m=65536,p=1"] {
            assert_eq!(broken.parse::<KdfParams>(), Err(Error::Malformed("parameters")), "{broken}");
        }
    }

    #[test]
    fn a_row_cannot_ask_for_absurd_costs() {
        for params in [
            KdfParams { memory_kib: 1_000_000, ..SMALL },
            KdfParams { memory_kib: 7, ..SMALL },
            KdfParams { time: 17, ..SMALL },
            KdfParams { time: 0, ..SMALL },
            KdfParams { lanes: 0, ..SMALL },
            KdfParams { lanes: 5, ..SMALL },
        ] {
            assert_eq!(Kdf::new(params).unwrap_err(), Error::Kdf, "{params}");
        }
    }

    #[test]
    fn used_memory_gives_the_same_answer_and_comes_back_wiped() {
        let kdf = Kdf::new(SMALL).unwrap();
        let stretch = |params| kdf.stretch(params, &"一册一册一册".into(), b"salt salt").unwrap();
        let larger = KdfParams { memory_kib: 128, time: 2, lanes: 2 };
        let fresh = stretch(SMALL);
        assert_ne!(fresh, stretch(larger));
        assert_eq!(fresh, stretch(SMALL));
        let pool = kdf.pool.lock().unwrap();
        assert_eq!(pool.len(), 1);
        assert_eq!(pool[0].len(), 128);
        assert!(pool[0].iter().all(|block| block.as_ref().iter().all(|word| *word == 0)));
    }

    #[test]
    fn the_pool_keeps_no_more_than_it_should() {
        let kdf = Kdf::new(SMALL).unwrap();
        let areas: Vec<_> = (0..KEPT + 2).map(|_| kdf.borrow(8)).collect();
        for area in areas {
            kdf.give_back(area);
        }
        assert_eq!(kdf.pool.lock().unwrap().len(), KEPT);
    }

    #[test]
    fn it_is_argon2id_version_19() {
        // Reference: echo -n password | argon2 somesalt -id -t 2 -k 256 -p 1 (test suite of the reference implementation).
        let kdf = Kdf::new(KdfParams { memory_kib: 256, time: 2, lanes: 1 }).unwrap();
        let key = kdf.stretch(kdf.params(), &"password".into(), b"somesalt").unwrap();
        let expected = "9dfeb910e80bad0311fee20f9c0e2b12c17987b4cac90c2ef54d5b3021c68bfe";
        assert_eq!(super::super::alphabet::to_hex(key.as_ref()), expected);
    }
}
