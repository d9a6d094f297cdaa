//! Identity numbers: GB 11643-1999 for residents, anything plausible for other papers.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::Problem;
use crate::domain::words::Sex;

/// What kind of paper the number is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum IdKind {
    /// 居民身份证 or 户口簿: 18 characters with a check character.
    Resident,
    /// 护照, 通行证, 出生证明 and the like: no common rule.
    Other,
}

/// An identity number in its normal form. It serves to match a student with the one taken in before, as a keyed hash,
/// and is never stored readable; so it cannot be printed and is wiped when dropped.
#[derive(Clone, PartialEq, Eq, Hash, Zeroize, ZeroizeOnDrop, Serialize, Deserialize)]
pub struct IdNumber {
    #[zeroize(skip)]
    kind: IdKind,
    number: String,
}

impl std::fmt::Debug for IdNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("‹sealed›")
    }
}

impl IdNumber {
    /// Reads a number of the paper `kind` (身份证件类型; empty means the resident card) from text without spaces.
    pub(super) fn parse(kind: &str, number: &str) -> Result<Self, Problem> {
        let kind = parse_kind(kind)?;
        let number = number.trim_start_matches('\'').to_ascii_uppercase();
        if number.is_empty() {
            return Err(Problem::IdMissing);
        }
        match kind {
            IdKind::Resident => check_resident(&number)?,
            IdKind::Other => {
                // The brackets and dashes of permits are part of the number as printed.
                let plausible = number.chars().all(|c| c.is_alphanumeric() || matches!(c, '(' | ')' | '-' | '/'));
                if !plausible || !(4..=30).contains(&number.chars().count()) {
                    return Err(Problem::IdFormat);
                }
            }
        }
        Ok(Self { kind, number })
    }

    /// The kind of paper.
    #[must_use]
    pub const fn kind(&self) -> IdKind {
        self.kind
    }

    /// The number itself, for the keyed hash and for nothing else.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.number
    }

    /// The birth date within a resident's number.
    #[must_use]
    pub fn birth(&self) -> Option<Date> {
        if self.kind == IdKind::Resident { birth_within(&self.number) } else { None }
    }

    /// The sex within a resident's number: the 17th digit is odd for 男.
    #[must_use]
    pub fn sex(&self) -> Option<Sex> {
        let digit = self.number.as_bytes().get(16).filter(|_| self.kind == IdKind::Resident)?;
        Some(if digit % 2 == 1 { Sex::Male } else { Sex::Female })
    }
}

fn parse_kind(kind: &str) -> Result<IdKind, Problem> {
    // 户口簿 carries the same number as the card that a child does not have yet.
    const RESIDENT: &[&str] = &["", "居民身份证", "身份证", "居民户口簿", "户口簿", "户口本", "1", "01"];
    const OTHER: &[&str] =
        &["护照", "通行证", "居住证", "居留", "出生", "军", "港", "澳", "台", "外国人", "其他", "其它"];
    if RESIDENT.contains(&kind) || kind.contains("居民身份证") && !kind.contains(['港', '澳', '台']) {
        Ok(IdKind::Resident)
    } else if OTHER.iter().any(|known| kind.contains(known)) {
        Ok(IdKind::Other)
    } else {
        Err(Problem::IdKindUnknown)
    }
}

fn check_resident(number: &str) -> Result<(), Problem> {
    let bytes = number.as_bytes();
    if bytes.len() == 15 && bytes.iter().all(u8::is_ascii_digit) {
        return Err(Problem::IdFifteen);
    }
    if number.chars().count() != 18 {
        return Err(Problem::IdLength);
    }
    let Some((check, digits)) = bytes.split_last() else { return Err(Problem::IdLength) };
    let well_formed = digits.iter().all(u8::is_ascii_digit) && (check.is_ascii_digit() || *check == b'X');
    if !well_formed || birth_within(number).is_none() {
        return Err(Problem::IdFormat);
    }
    if check_character(digits) == *check { Ok(()) } else { Err(Problem::IdChecksum) }
}

/// The check character of GB 11643: ISO 7064 MOD 11-2 over the seventeen digits.
fn check_character(digits: &[u8]) -> u8 {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    const CHECKS: &[u8; 11] = b"10X98765432";
    let sum: u32 = digits.iter().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    CHECKS[(sum % 11) as usize]
}

fn birth_within(number: &str) -> Option<Date> {
    let part = |range| number.get(range).and_then(|part: &str| part.parse::<i16>().ok());
    Date::new(part(6..10)?, i8::try_from(part(10..12)?).ok()?, i8::try_from(part(12..14)?).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn resident(number: &str) -> Result<IdNumber, Problem> {
        IdNumber::parse("居民身份证", number)
    }

    #[test]
    fn a_number_with_the_right_check_character_is_taken() {
        // The example of GB 11643-1999.
        assert!(resident("11010519491231002X").is_ok());
        assert_eq!(resident("99010120140507107x").unwrap().expose(), "99010120140507107X");
        assert_eq!(IdNumber::parse("", "990101201309242908").unwrap().kind(), IdKind::Resident);
        assert!(IdNumber::parse("户口簿", "990101201309242908").is_ok());
    }

    #[test]
    fn every_changed_digit_is_noticed() {
        let good = "990101201309242908";
        for position in 0..18 {
            for digit in '0'..='9' {
                let mut changed: Vec<char> = good.chars().collect();
                if changed[position] == digit {
                    continue;
                }
                changed[position] = digit;
                assert!(resident(&changed.into_iter().collect::<String>()).is_err(), "{position} {digit}");
            }
        }
        assert_eq!(resident("990101201309242909"), Err(Problem::IdChecksum));
    }

    #[test]
    fn each_other_fault_has_its_own_name() {
        assert_eq!(resident(""), Err(Problem::IdMissing));
        assert_eq!(resident("990101130924290"), Err(Problem::IdFifteen));
        assert_eq!(resident("99010120130924290"), Err(Problem::IdLength));
        assert_eq!(resident("9901012013092429081"), Err(Problem::IdLength));
        assert_eq!(resident("99010120130924290A"), Err(Problem::IdFormat));
        assert_eq!(resident("990101201313242908"), Err(Problem::IdFormat));
        assert_eq!(resident("九九零一零一二零一三零九二四二九零八"), Err(Problem::IdFormat));
        assert_eq!(IdNumber::parse("学生证", "990101201309242908"), Err(Problem::IdKindUnknown));
    }

    #[test]
    fn other_papers_have_no_check_character() {
        for (kind, number) in [
            ("护照", "E12345678"),
            ("港澳居民来往内地通行证", "H01234567"),
            ("港澳居民居住证", "810000201309240011"),
            ("外国人永久居留身份证", "FRA110105013001"),
            ("其他", "B(2013)-7"),
        ] {
            assert_eq!(IdNumber::parse(kind, number).unwrap().kind(), IdKind::Other, "{kind}");
        }
        assert_eq!(IdNumber::parse("护照", "?"), Err(Problem::IdFormat));
        assert_eq!(IdNumber::parse("护照", ""), Err(Problem::IdMissing));
    }

    #[test]
    fn a_number_knows_birth_and_sex() {
        let id = resident("990101201309242908").unwrap();
        assert_eq!((id.birth(), id.sex()), (Some(date(2013, 9, 24)), Some(Sex::Female)));
        assert_eq!(resident("99010120140507107X").unwrap().sex(), Some(Sex::Male));
        let passport = IdNumber::parse("护照", "990101201309242908").unwrap();
        assert_eq!((passport.birth(), passport.sex()), (None, None));
    }

    #[test]
    fn a_number_cannot_be_printed() {
        assert_eq!(format!("{:?}", resident("990101201309242908").unwrap()), "‹sealed›");
    }
}
