//! The noise key: with it, published numbers give exact counts. Only the publisher ever opens it.

use hkdf::HmacImpl as _;
use hmac::Hmac;
use sha2::Sha256;
use zeroize::{Zeroize as _, Zeroizing};

use super::sealing::{self, Key};
use super::{Error, Result, ServerSecret, unprintable};
use crate::domain::gate::noise::Bytes;

/// 32 random bytes, made for one epoch and destroyed at its end.
pub struct NoiseKey(Key);

unprintable!(NoiseKey, NoiseStream);

/// Under which name it is sealed: that of its epoch.
fn purpose(epoch: uuid::Uuid) -> String {
    format!("noise key of epoch {epoch}")
}

impl NoiseKey {
    /// A new key.
    ///
    /// # Errors
    /// [`Error::Random`].
    pub fn generate() -> Result<Self> {
        sealing::random().map(Self)
    }

    /// A key of given bytes, for whoever makes noise to see what it does.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Seals it under the server secret, for one epoch.
    ///
    /// # Errors
    /// [`Error::Random`].
    pub fn seal(&self, secret: &ServerSecret, epoch: uuid::Uuid) -> Result<Vec<u8>> {
        secret.seal(&purpose(epoch), self.0.as_slice())
    }

    /// Opens what [`NoiseKey::seal`] made for the same epoch.
    ///
    /// # Errors
    /// [`Error::Sealed`], [`Error::UnknownAlgorithm`].
    pub fn open(secret: &ServerSecret, epoch: uuid::Uuid, sealed: &[u8]) -> Result<Self> {
        let opened = secret.open(&purpose(epoch), sealed)?;
        let bytes: &[u8; 32] = opened.as_slice().try_into().map_err(|_| Error::Sealed)?;
        Ok(Self(Zeroizing::new(*bytes)))
    }

    /// The bytes of a label, always the same.
    #[must_use]
    pub fn stream(&self, label: &str) -> NoiseStream {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.as_slice());
        mac.update(b"sdc-noise-v1|");
        mac.update(label.as_bytes());
        let of_label: Zeroizing<[u8; 32]> = Zeroizing::new(mac.finalize().into());
        NoiseStream { mac: Hmac::<Sha256>::new_from_slice(of_label.as_slice()), block: [0; 32], next: 0, used: 32 }
    }
}

/// The bytes of one label.
pub struct NoiseStream {
    mac: Hmac<Sha256>,
    block: [u8; 32],
    next: u64,
    used: usize,
}

impl Bytes for NoiseStream {
    fn byte(&mut self) -> u8 {
        if self.used == self.block.len() {
            let mut mac = self.mac.clone();
            mac.update(&self.next.to_be_bytes());
            self.block = mac.finalize().into();
            (self.next, self.used) = (self.next + 1, 0);
        }
        self.used += 1;
        self.block[self.used - 1]
    }
}

impl Drop for NoiseStream {
    fn drop(&mut self) {
        self.block.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::gate::noise::{Scale, below, dgauss, noise, rounded};

    #[derive(serde::Deserialize)]
    struct Vectors {
        key: String,
        dgauss_sigma2_9: Vec<i128>,
        dgauss_sigma2_9_2p40: Vec<i128>,
        below_1000003: Vec<u128>,
        label: String,
        noise_2p60: Vec<String>,
        published_for_true_37: Vec<i64>,
    }

    fn vectors() -> (Vectors, NoiseKey) {
        let read: Vectors = serde_json::from_str(include_str!("../../tests/data/noise_vectors.json")).unwrap();
        let key = super::super::alphabet::from_hex_exactly::<32>(&read.key).unwrap();
        (read, NoiseKey(key))
    }

    #[test]
    fn the_noise_of_every_report_is_that_of_the_vectors() {
        let (read, key) = vectors();
        let made = |report| noise(|label| key.stream(label), &read.label, Scale::halves(6), report);
        let first: Vec<String> = (1..=read.noise_2p60.len()).map(|report| made(report).to_string()).collect();
        assert_eq!(first, read.noise_2p60);
        let published: Vec<i64> = (1..=24).map(|report| rounded(37, made(report))).collect();
        assert_eq!(published, read.published_for_true_37);
    }

    #[test]
    fn single_draws_are_those_of_the_vectors() {
        let (read, key) = vectors();
        // Each draw has a stream of its own: a letter for the list, and the place in it.
        let stream = |list: char, nth: usize| key.stream(&format!("{list}{nth}"));
        let drawn = |list, variance, many| -> Vec<i128> {
            (0..many).map(|nth| dgauss(&mut stream(list, nth), variance)).collect()
        };
        assert_eq!(drawn('v', 9, 24), read.dgauss_sigma2_9);
        assert_eq!(drawn('w', 9 << 40, 8), read.dgauss_sigma2_9_2p40);
        let chosen: Vec<u128> = (0..8).map(|nth| below(&mut stream('b', nth), 1_000_003)).collect();
        assert_eq!(chosen, read.below_1000003);
    }

    #[test]
    fn a_stream_belongs_to_its_label_and_key() {
        let (_, key) = vectors();
        let drawn = |key: &NoiseKey, label: &str| dgauss(&mut key.stream(label), 9 << 40);
        assert_eq!(drawn(&key, "a"), drawn(&key, "a"));
        assert_ne!(drawn(&key, "a"), drawn(&key, "b"));
        assert_ne!(drawn(&key, "a"), drawn(&NoiseKey::generate().unwrap(), "a"));
    }

    #[test]
    fn a_key_opens_for_its_epoch_and_its_installation_only() {
        let (secret, key) = (ServerSecret::generate().unwrap(), NoiseKey::generate().unwrap());
        let (epoch, other) = (Uuid::new_v4(), Uuid::new_v4());
        let sealed = key.seal(&secret, epoch).unwrap();
        assert_eq!(*NoiseKey::open(&secret, epoch, &sealed).unwrap().0, *key.0);
        assert!(NoiseKey::open(&secret, other, &sealed).is_err());
        assert!(NoiseKey::open(&ServerSecret::generate().unwrap(), epoch, &sealed).is_err());
        assert_eq!(format!("{key:?} {:?}", key.stream("a")), "NoiseKey(‹sealed›) NoiseStream(‹sealed›)");
    }
}
