//! Padding to few lengths, so that the stored length says little about a text.
//!
//! One byte `0x80` ends the text, zero bytes fill up to the next step: 256 bytes up to 1 KiB, 1 KiB up to 8 KiB, then
//! 4 KiB. It is applied inside the seal, so nothing can be learned by trying paddings.

use zeroize::Zeroizing;

use super::{Error, Result};

const END: u8 = 0x80;

/// The length to which a text and its end mark are filled up.
const fn bucket(length: usize) -> usize {
    let step = match length {
        0..=1024 => 256,
        1025..=8192 => 1024,
        _ => 4096,
    };
    length.next_multiple_of(step)
}

pub(super) fn pad(plaintext: &[u8]) -> Zeroizing<Vec<u8>> {
    let length = bucket(plaintext.len() + 1);
    let mut padded = Zeroizing::new(Vec::with_capacity(length));
    padded.extend_from_slice(plaintext);
    padded.push(END);
    padded.resize(length, 0);
    padded
}

pub(super) fn unpad(mut padded: Zeroizing<Vec<u8>>) -> Result<Zeroizing<Vec<u8>>> {
    let end = padded.iter().rposition(|byte| *byte != 0).ok_or(Error::Sealed)?;
    if padded[end] != END || padded.len() != bucket(end + 1) {
        return Err(Error::Sealed);
    }
    padded.truncate(end);
    Ok(padded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lengths_fall_into_steps() {
        for (length, stored) in [
            (0, 256),
            (255, 256),
            (256, 512),
            (1023, 1024),
            (1024, 2048),
            (8191, 8192),
            (8192, 12288),
            (12287, 12288),
            (12288, 16384),
        ] {
            assert_eq!(pad(&vec![7; length]).len(), stored, "{length}");
        }
    }

    #[test]
    fn broken_padding_is_refused() {
        let mut long = pad(b"text").to_vec();
        long.extend_from_slice(&[0; 256]);
        for broken in [vec![], vec![0; 256], vec![1; 256], pad(b"text")[..255].to_vec(), long] {
            assert_eq!(unpad(Zeroizing::new(broken)), Err(Error::Sealed));
        }
    }

    proptest! {
        #[test]
        fn what_is_padded_comes_back(text in proptest::collection::vec(prop_oneof![Just(0), Just(END), any::<u8>()], 0..3000)) {
            let padded = pad(&text);
            prop_assert_eq!(padded.len() % 256, 0);
            prop_assert_eq!(unpad(padded).unwrap().to_vec(), text);
        }
    }
}
