//! The hash chain of the audit log.

use sha2::{Digest, Sha256};

/// What the first line of a chain follows.
pub const ORIGIN: [u8; 32] = [0; 32];

/// The hash of a line that follows `previous`.
#[must_use]
pub fn link(previous: &[u8; 32], line: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"yice audit line v1");
    hash.update(previous);
    hash.update(line);
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_line_or_predecessor_changes_the_hash() {
        let hash = link(&ORIGIN, b"line");
        assert_ne!(hash, link(&ORIGIN, b"lime"));
        assert_ne!(hash, link(&hash, b"line"));
        assert_eq!(hash, link(&ORIGIN, b"line"));
    }
}
