//! Bytes as text: hexadecimal for files and cookies, Crockford's base 32 for what people read aloud and type.

use zeroize::Zeroizing;

const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Lower-case hexadecimal.
pub(super) fn to_hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        for nibble in [byte >> 4, byte & 15] {
            text.push(char::from(b"0123456789abcdef"[usize::from(nibble)]));
        }
    }
    text
}

/// Reads hexadecimal in either case.
pub(super) fn from_hex(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut bytes = Zeroizing::new(Vec::with_capacity(pairs.len()));
    for [high, low] in pairs {
        bytes.push(digit(*high)? << 4 | digit(*low)?);
    }
    rest.is_empty().then_some(bytes)
}

/// Reads exactly `N` bytes of hexadecimal.
pub(super) fn from_hex_exactly<const N: usize>(text: &str) -> Option<Zeroizing<[u8; N]>> {
    let bytes = from_hex(text)?;
    <[u8; N]>::try_from(bytes.as_slice()).ok().map(Zeroizing::new)
}

/// The character of a five-bit symbol.
pub(super) fn letter(symbol: u8) -> char {
    char::from(CROCKFORD[usize::from(symbol & 31)])
}

/// What one typed character stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Typed {
    /// A five-bit symbol.
    Symbol(u8),
    /// A space, a dash or another mark between groups.
    Gap,
    /// Nothing that belongs here.
    Strange,
}

/// Reads one typed character, however it was typed: either case, full width, O for 0, I or L for 1.
pub(super) fn typed(character: char) -> Typed {
    let narrow = match u32::from(character) {
        full @ 0xFF01..=0xFF5E => char::from_u32(full - 0xFEE0).unwrap_or(character),
        _ => character,
    };
    let plain = match narrow.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    if let Some(symbol) = (0..32).find(|symbol| letter(*symbol) == plain) {
        return Typed::Symbol(symbol);
    }
    let gap = plain.is_whitespace() || matches!(plain, '-' | '_' | '.' | '·' | '—' | '–' | '‐' | '−');
    if gap { Typed::Gap } else { Typed::Strange }
}

/// Bytes as five-bit symbols; the last one is filled up with zero bits.
pub(super) fn to_symbols(bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut symbols = Zeroizing::new(Vec::with_capacity((bytes.len() * 8).div_ceil(5)));
    let (mut held, mut bits) = (0_u32, 0);
    for byte in bytes {
        held = (held << 8 | u32::from(*byte)) & 0xFFFF;
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            symbols.push(five(held >> bits));
        }
    }
    if bits > 0 {
        symbols.push(five(held << (5 - bits)));
    }
    symbols
}

/// Symbols as bytes; left-over bits must be zero, so that every text has one meaning.
pub(super) fn from_symbols(symbols: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(symbols.len() * 5 / 8));
    let (mut held, mut bits) = (0_u32, 0);
    for symbol in symbols {
        held = held << 5 | u32::from(symbol & 31);
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits & 0xFF).ok()?);
        }
        held &= (1 << bits) - 1;
    }
    (held == 0 && bits < 5).then_some(bytes)
}

/// The lowest five bits.
pub(super) fn five(value: u32) -> u8 {
    value.to_le_bytes()[0] & 31
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn people_may_type_it_as_they_like() {
        for (typed_as, meant) in [('a', 'A'), ('A', 'A'), ('o', '0'), ('I', '1'), ('l', '1'), ('3', '3'), ('z', 'Z')] {
            assert_eq!(typed(typed_as), typed(meant), "{typed_as}");
        }
        assert_eq!(typed('Ａ'), typed('A'));
        assert_eq!(typed('９'), typed('9'));
        for gap in [' ', '-', '\u{3000}', '－', '—', '\n'] {
            assert_eq!(typed(gap), Typed::Gap, "{gap:?}");
        }
        for strange in ['U', '!', '册', '。'] {
            assert_eq!(typed(strange), Typed::Strange, "{strange:?}");
        }
    }

    #[test]
    fn left_over_bits_must_be_zero() {
        assert_eq!(from_symbols(&[31, 28]).unwrap().as_slice(), [0xFF]);
        assert_eq!(from_symbols(&[31, 29]), None);
        assert_eq!(from_symbols(&[31, 28, 0]), None, "a whole symbol too many");
    }

    #[test]
    fn broken_hexadecimal_is_refused() {
        assert_eq!(from_hex("0g"), None);
        assert_eq!(from_hex("abc"), None);
        assert_eq!(from_hex_exactly::<2>("abcdef"), None);
        assert_eq!(*from_hex_exactly::<2>("aBcD").unwrap(), [0xab, 0xcd]);
    }

    proptest! {
        #[test]
        fn bytes_survive_both_alphabets(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            prop_assert_eq!(from_symbols(&to_symbols(&bytes)).unwrap().to_vec(), bytes.clone());
            prop_assert_eq!(from_hex(&to_hex(&bytes)).unwrap().to_vec(), bytes);
        }
    }
}
