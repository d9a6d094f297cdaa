//! A square code (QR) as one path of an inline picture: no file, no script, no other host.

use std::fmt::Write as _;

use qrcodegen::{QrCode, QrCodeEcc};

/// The white edge that readers need, in modules.
const EDGE: i32 = 4;

/// A square code to draw.
#[derive(Debug)]
pub struct Square {
    /// Modules along one side, the edge included.
    pub size: i32,
    /// The dark modules, as the path of an SVG; empty where the text is too long for a square.
    pub path: String,
}

impl Square {
    /// The square that says this text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let Ok(code) = QrCode::encode_text(text, QrCodeEcc::Medium) else {
            return Self { size: 0, path: String::new() };
        };
        let mut path = String::new();
        for y in 0..code.size() {
            for x in (0..code.size()).filter(|x| code.get_module(*x, y)) {
                // Writing into a string cannot fail.
                let _ = write!(path, "M{} {}h1v1h-1z", x + EDGE, y + EDGE);
            }
        }
        Self { size: code.size() + 2 * EDGE, path }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_square_has_its_three_corners_and_a_white_edge() {
        let square = Square::of("otpauth://totp/%E4%B8%80%E5%86%8C:li?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        let last = square.size - EDGE - 1;
        for (x, y) in [(EDGE, EDGE), (last, EDGE), (EDGE, last)] {
            assert!(square.path.contains(&format!("M{x} {y}h")), "{x} {y}");
        }
        for edge in ["M0 ", "M3 ", &format!("M{} ", last + 1)] {
            assert!(!square.path.contains(edge), "{edge}");
        }
        assert_eq!((square.size - 2 * EDGE - 17) % 4, 0, "a version of the standard");
    }

    #[test]
    fn what_is_too_long_has_no_square() {
        assert_eq!(Square::of(&"x".repeat(3000)).path, "");
    }
}
