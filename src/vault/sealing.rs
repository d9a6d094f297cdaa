//! The one way in which bytes are sealed under a 32-byte key: AES-256-GCM-SIV (RFC 8452).
//!
//! Nonces are random; should one ever repeat, GCM-SIV gives away only whether two plaintexts were equal.

use aes_gcm_siv::{AeadInOut, Aes256GcmSiv, KeyInit, Nonce, Tag};
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{Error, Result};

/// AES-256-GCM-SIV.
pub(super) const GCM_SIV: u8 = 1;
/// AES-256-GCM-SIV over padded plaintext.
pub(super) const GCM_SIV_PADDED: u8 = 2;

pub(super) const NONCE: usize = 12;
pub(super) const TAG: usize = 16;

/// A symmetric key that wipes itself.
pub(super) type Key = Zeroizing<[u8; 32]>;

/// A key for one purpose, by HKDF-SHA256. The label ends with a zero byte, so that no label is the start of another.
#[expect(clippy::expect_used, reason = "HKDF-SHA256 gives up to 8160 bytes; 32 cannot be refused")]
pub(super) fn derive(secret: &[u8], label: &str, purpose: &str) -> Key {
    let mut key = Key::default();
    Hkdf::<Sha256>::new(None, secret)
        .expand_multi_info(&[label.as_bytes(), &[0], purpose.as_bytes()], key.as_mut())
        .expect("32 bytes from HKDF-SHA256");
    key
}

/// Random bytes of the operating system.
pub(super) fn random<const N: usize>() -> Result<Zeroizing<[u8; N]>> {
    let mut bytes = Zeroizing::new([0; N]);
    getrandom::fill(bytes.as_mut()).map_err(|_| Error::Random)?;
    Ok(bytes)
}

/// What a seal covers besides its content. Each part stands behind its length, so that no two lists of parts read alike.
pub(super) struct Context(Vec<u8>);

impl Context {
    pub(super) fn new(label: &str) -> Self {
        Self(Vec::with_capacity(256)).with(label.as_bytes())
    }

    pub(super) fn with(mut self, part: &[u8]) -> Self {
        self.0.extend_from_slice(&(part.len() as u64).to_be_bytes());
        self.0.extend_from_slice(part);
        self
    }
}

/// Seals behind a head that is stored in clear and covered by the seal: `head ‖ nonce ‖ ciphertext ‖ tag`.
pub(super) fn seal_behind(head: &[u8], key: &[u8; 32], context: Context, plaintext: &[u8]) -> Result<Vec<u8>> {
    seal_with(&*random::<NONCE>()?, head, key, context, plaintext)
}

/// The same with a given nonce: apart from [`seal_behind`] only the test vectors call it.
pub(super) fn seal_with(
    nonce: &[u8; NONCE],
    head: &[u8],
    key: &[u8; 32],
    context: Context,
    plaintext: &[u8],
) -> Result<Vec<u8>> {
    let start = head.len() + NONCE;
    let mut out = Vec::with_capacity(start + plaintext.len() + TAG);
    out.extend_from_slice(head);
    out.extend_from_slice(nonce);
    out.extend_from_slice(plaintext);
    let covered = context.with(head).0;
    let tag = Aes256GcmSiv::new(key.into())
        .encrypt_inout_detached(nonce.into(), &covered, (&mut out[start..]).into())
        .map_err(|_| Error::Malformed("plaintext"))?;
    out.extend_from_slice(&tag);
    Ok(out)
}

/// Opens what [`seal_behind`] made with a head of this length.
pub(super) fn open_behind(head: usize, key: &[u8; 32], context: Context, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    let (head, rest) = sealed.split_at_checked(head).ok_or(Error::Sealed)?;
    let (nonce, rest) = rest.split_first_chunk::<NONCE>().ok_or(Error::Sealed)?;
    let (body, tag) = rest.split_last_chunk::<TAG>().ok_or(Error::Sealed)?;
    let (nonce, tag): (&Nonce, &Tag) = (nonce.into(), tag.into());
    let mut plaintext = Zeroizing::new(body.to_vec());
    Aes256GcmSiv::new(key.into())
        .decrypt_inout_detached(nonce, &context.with(head).0, plaintext.as_mut_slice().into(), tag)
        .map_err(|_| Error::Sealed)?;
    Ok(plaintext)
}

/// Seals with the algorithm byte as the whole head.
pub(super) fn seal(key: &[u8; 32], context: Context, plaintext: &[u8]) -> Result<Vec<u8>> {
    seal_behind(&[GCM_SIV], key, context, plaintext)
}

/// Opens what [`seal`] made.
pub(super) fn open(key: &[u8; 32], context: Context, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    match sealed.first() {
        Some(&GCM_SIV) => open_behind(1, key, context, sealed),
        Some(&other) => Err(Error::UnknownAlgorithm(other)),
        None => Err(Error::Sealed),
    }
}

/// Takes fixed pieces from the front of opened bytes.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl Reader<'_> {
    pub(super) fn take<const N: usize>(&mut self) -> Result<Zeroizing<[u8; N]>> {
        let (piece, rest) = self.0.split_first_chunk::<N>().ok_or(Error::Sealed)?;
        self.0 = rest;
        Ok(Zeroizing::new(*piece))
    }

    /// Refuses bytes behind the last piece.
    pub(super) fn end(self) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::Sealed) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_context_cannot_flow_into_each_other() {
        let one = Context::new("x").with(b"ab").with(b"c").0;
        assert_ne!(one, Context::new("x").with(b"a").with(b"bc").0);
        assert_ne!(one, Context::new("x").with(b"abc").0);
        assert_ne!(one, Context::new("x").with(b"ab").with(b"c").with(b"").0);
    }

    #[test]
    fn purposes_lead_to_different_keys() {
        assert_ne!(derive(b"s", "a", "b"), derive(b"s", "a", "c"));
        assert_ne!(derive(b"s", "a", "b"), derive(b"s", "ab", ""));
        assert_eq!(derive(b"s", "a", "b"), derive(b"s", "a", "b"));
    }

    #[test]
    fn an_empty_blob_and_a_bare_head_do_not_open() {
        assert_eq!(open(&[1; 32], Context::new("x"), &[]), Err(Error::Sealed));
        assert_eq!(open(&[1; 32], Context::new("x"), &[GCM_SIV]), Err(Error::Sealed));
        assert_eq!(open(&[1; 32], Context::new("x"), &[9; 40]), Err(Error::UnknownAlgorithm(9)));
    }

    #[test]
    fn rfc_8452_appendix_c2() {
        // Key and nonce of the RFC's AES-256 examples; an 8-byte plaintext without associated data.
        let mut key = [0; 32];
        key[0] = 1;
        let mut nonce = [0; NONCE];
        nonce[0] = 3;
        let mut text = *b"\x01\0\0\0\0\0\0\0";
        let cipher = Aes256GcmSiv::new((&key).into());
        let tag = cipher.encrypt_inout_detached((&nonce).into(), &[], text.as_mut_slice().into()).unwrap();
        let expected = super::super::alphabet::from_hex("c2ef328e5c71c83b843122130f7364b761e0b97427e3df28").unwrap();
        assert_eq!([text.as_slice(), tag.as_slice()].concat(), *expected);
    }
}
