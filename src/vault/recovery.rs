//! The recovery identity of a school on three paper slips, of which any two bring it back (Shamir over GF(256)).
//!
//! One slip alone says nothing about the identity. Shamir has no integrity of its own, so a slip carries the fingerprint
//! of the identity's public half, a check character in every group (it points at the mistyped group) and a checksum of the
//! whole; and what two slips give is compared with the fingerprint before anybody uses it.

use getrandom::SysRng;
use getrandom::rand_core::UnwrapErr;
use secrecy::SecretString;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use vsss_rs::Gf256;
use zeroize::Zeroizing;

use super::alphabet::{Typed, five, from_symbols, letter, to_symbols, typed};
use super::sealing::{self, Key};
use super::{Error, Identity, Result, fingerprint, unprintable};

const DIGITS: usize = 24;
/// 256 bits in groups of four characters and their check character.
const GROUPS: usize = 13;
const CHECKSUM: usize = 7;
const LENGTH: usize = 1 + DIGITS + GROUPS * 5 + CHECKSUM;

/// Why slips do not bring the identity back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SlipProblem {
    /// Characters are missing or too many.
    #[error("a slip has {LENGTH} characters, this one has {found}")]
    Length {
        /// How many there are, spaces and dashes not counted.
        found: usize,
    },
    /// A character that no slip contains.
    #[error("character {position} does not occur on slips")]
    Character {
        /// 1-based, spaces and dashes not counted.
        position: usize,
    },
    /// A group of five characters was mistyped.
    #[error("group {group} of {GROUPS} is mistyped")]
    Group {
        /// 1-based, counted behind the fingerprint.
        group: usize,
    },
    /// The number, the fingerprint or the checksum was mistyped.
    #[error("the number, the fingerprint or the last group is mistyped")]
    Checksum,
    /// Fewer than two slips.
    #[error("two slips are needed")]
    TooFew,
    /// The same slip was given twice.
    #[error("slip {0} was given twice")]
    SameSlip(u8),
    /// Slips that were not printed together.
    #[error("these slips were not printed together")]
    DifferentSets,
}

impl SlipProblem {
    /// A stable word for the message of the page.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Length { .. } => "length",
            Self::Character { .. } => "character",
            Self::Group { .. } => "group",
            Self::Checksum => "checksum",
            Self::TooFew => "too_few",
            Self::SameSlip(_) => "same_slip",
            Self::DifferentSets => "different_sets",
        }
    }
}

/// One of the three slips.
pub struct Slip {
    number: u8,
    /// The digits of the fingerprint, without spaces.
    fingerprint: String,
    share: Key,
}

unprintable!(Slip);

impl Slip {
    /// Which of the three it is, from 1.
    #[must_use]
    pub const fn number(&self) -> u8 {
        self.number
    }

    /// The fingerprint of the recovery recipient, in groups of four digits as [`fingerprint`] shows it.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        groups(&self.fingerprint, 4).join(" ")
    }

    /// The text to print: number, fingerprint, thirteen groups of five characters, checksum.
    #[must_use]
    pub fn to_text(&self) -> SecretString {
        let mut text = Zeroizing::new(String::with_capacity(LENGTH + GROUPS + DIGITS));
        let symbols = to_symbols(self.share.as_slice());
        for (index, group) in symbols.chunks(4).enumerate() {
            text.push(if index == 0 { ' ' } else { '-' });
            text.extend(group.iter().chain([&check(index, group)]).map(|symbol| letter(*symbol)));
        }
        text.push(' ');
        text.extend(self.checksum().iter().map(|symbol| letter(*symbol)));
        format!("{} {}{}", self.number, groups(&self.fingerprint, 4).join("-"), *text).into()
    }

    /// Reads a slip however it was typed: either case, full width, any spaces and dashes, O for 0, I or L for 1.
    ///
    /// # Errors
    /// [`SlipProblem`], as exact as the checks allow.
    pub fn parse(text: &str) -> Result<Self, SlipProblem> {
        let symbols = read_symbols(text)?;
        let (front, rest) = symbols.split_at(1 + DIGITS);
        let (middle, checksum) = rest.split_at(GROUPS * 5);
        let share = read_share(middle)?;
        let (number, digits) = (front[0], &front[1..]);
        if !(1..=3).contains(&number) || digits.iter().any(|digit| *digit > 9) {
            return Err(SlipProblem::Checksum);
        }
        let slip = Self { number, fingerprint: digits.iter().map(|digit| letter(*digit)).collect(), share };
        if bool::from(slip.checksum().as_slice().ct_eq(checksum)) { Ok(slip) } else { Err(SlipProblem::Checksum) }
    }

    /// 35 bits over everything that the slip says.
    fn checksum(&self) -> [u8; CHECKSUM] {
        let digest = Sha256::new()
            .chain_update(b"yice slip v1\0")
            .chain_update([self.number])
            .chain_update(&self.fingerprint)
            .chain_update(self.share.as_slice())
            .finalize();
        std::array::from_fn(|index| digest[index] & 31)
    }
}

/// Splits a recovery identity into three slips; any two of them give it back.
///
/// # Errors
/// [`Error::Random`]; [`Error::Malformed`] should the identity be refused.
pub fn split(identity: &Identity) -> Result<[Slip; 3]> {
    let fingerprint: String = fingerprint(&identity.recipient()?).split(' ').collect();
    // UnwrapErr below would panic where the operating system has no random bytes; this asks it first.
    sealing::random::<1>()?;
    let shares = Gf256::split_bytes(2, 3, identity.bytes(), UnwrapErr(SysRng)).map_err(|_| Error::Random)?;
    let slips = shares.into_iter().map(Zeroizing::new).map(|share| {
        let (number, share) = share.split_first().ok_or(Error::Malformed("share"))?;
        let share = <[u8; 32]>::try_from(share).map_err(|_| Error::Malformed("share"))?;
        Ok(Slip { number: *number, fingerprint: fingerprint.clone(), share: Zeroizing::new(share) })
    });
    let slips = slips.collect::<Result<Vec<_>>>()?;
    slips.try_into().map_err(|_| Error::Malformed("share"))
}

/// Brings the recovery identity back from two or three slips of one set.
///
/// # Errors
/// [`Error::Slips`] with the reason.
pub fn join(slips: &[Slip]) -> Result<Identity> {
    let [first, others @ ..] = slips else { return Err(SlipProblem::TooFew.into()) };
    if others.is_empty() {
        return Err(SlipProblem::TooFew.into());
    }
    for (index, slip) in slips.iter().enumerate() {
        if slip.fingerprint != first.fingerprint {
            return Err(SlipProblem::DifferentSets.into());
        }
        if slips[..index].iter().any(|earlier| earlier.number == slip.number) {
            return Err(SlipProblem::SameSlip(slip.number).into());
        }
    }
    let shares = slips.iter().map(|slip| [&[slip.number], slip.share.as_slice()].concat());
    let shares = Zeroizing::new(shares.collect::<Vec<_>>());
    let joined = Gf256::combine_bytes(&*shares).map(Zeroizing::new).map_err(|_| SlipProblem::DifferentSets)?;
    let secret = <[u8; 32]>::try_from(joined.as_slice()).map_err(|_| SlipProblem::DifferentSets)?;
    let identity = Identity::from_bytes(Zeroizing::new(secret));
    // Two printings of one identity carry one fingerprint and yet do not fit together.
    if fingerprint(&identity.recipient()?) == first.fingerprint() {
        Ok(identity)
    } else {
        Err(SlipProblem::DifferentSets.into())
    }
}

fn groups(text: &str, length: usize) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    characters.chunks(length).map(|group| group.iter().collect()).collect()
}

/// The check character of a group; it depends on the position, so swapped groups are noticed too.
fn check(index: usize, group: &[u8]) -> u8 {
    let digest = Sha256::new()
        .chain_update(b"yice slip group v1\0")
        .chain_update((index as u64).to_be_bytes())
        .chain_update(group)
        .finalize();
    five(u32::from(digest[0]))
}

/// The symbols of a typed slip, without what stands between them.
fn read_symbols(text: &str) -> Result<Zeroizing<Vec<u8>>, SlipProblem> {
    let mut symbols = Zeroizing::new(Vec::with_capacity(LENGTH));
    let mut found = 0;
    for character in text.chars() {
        match typed(character) {
            Typed::Gap => continue,
            Typed::Strange => return Err(SlipProblem::Character { position: found + 1 }),
            Typed::Symbol(symbol) if found < LENGTH => symbols.push(symbol),
            Typed::Symbol(_) => {}
        }
        found += 1;
    }
    if found == LENGTH { Ok(symbols) } else { Err(SlipProblem::Length { found }) }
}

fn read_share(symbols: &[u8]) -> Result<Key, SlipProblem> {
    let mut plain = Zeroizing::new(Vec::with_capacity(GROUPS * 4));
    for (index, group) in symbols.chunks(5).enumerate() {
        let (checked, group) = group.split_last().ok_or(SlipProblem::Checksum)?;
        if check(index, group) != *checked {
            return Err(SlipProblem::Group { group: index + 1 });
        }
        plain.extend_from_slice(group);
    }
    let share = from_symbols(&plain).ok_or(SlipProblem::Checksum)?;
    <[u8; 32]>::try_from(share.as_slice()).map(Zeroizing::new).map_err(|_| SlipProblem::Checksum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret as _;

    fn texts(slips: &[Slip; 3]) -> [String; 3] {
        slips.each_ref().map(|slip| slip.to_text().expose_secret().to_owned())
    }

    fn read(text: &str) -> Slip {
        Slip::parse(text).unwrap()
    }

    #[test]
    fn any_two_slips_and_all_three_bring_the_identity_back() {
        let identity = Identity::generate().unwrap();
        let [a, b, c] = texts(&split(&identity).unwrap());
        for slips in [vec![&a, &b], vec![&c, &a], vec![&b, &c], vec![&c, &b, &a]] {
            let slips: Vec<Slip> = slips.into_iter().map(|text| read(text)).collect();
            assert_eq!(join(&slips).unwrap().bytes(), identity.bytes());
        }
    }

    #[test]
    fn a_slip_may_be_typed_as_people_type() {
        let identity = Identity::generate().unwrap();
        let [a, b, _] = texts(&split(&identity).unwrap());
        let wide: String =
            a.chars().filter_map(|c| char::from_u32(u32::from(c) + 0xFEE0).filter(|_| c > ' ')).collect();
        let sloppy = b.to_lowercase().replace('-', "  ").replace('0', "o").replace('1', "l");
        assert_eq!(join(&[read(&wide), read(&sloppy)]).unwrap().bytes(), identity.bytes());
    }

    #[test]
    fn a_slip_shows_its_number_and_the_fingerprint_of_the_recipient() {
        let identity = Identity::generate().unwrap();
        let slips = split(&identity).unwrap();
        let expected = fingerprint(&identity.recipient().unwrap());
        for (slip, number) in slips.iter().zip(1..) {
            assert_eq!((slip.number(), slip.fingerprint()), (number, expected.clone()));
            let start = format!("{number} {} ", expected.replace(' ', "-"));
            assert!(slip.to_text().expose_secret().starts_with(&start));
        }
    }

    #[test]
    fn one_slip_is_not_enough_and_the_same_twice_is_one() {
        let [a, ..] = texts(&split(&Identity::generate().unwrap()).unwrap());
        assert_eq!(join(&[]).unwrap_err(), SlipProblem::TooFew.into());
        assert_eq!(join(&[read(&a)]).unwrap_err(), SlipProblem::TooFew.into());
        assert_eq!(join(&[read(&a), read(&a)]).unwrap_err(), SlipProblem::SameSlip(1).into());
    }

    #[test]
    fn slips_that_were_not_printed_together_do_not_join() {
        let identity = Identity::generate().unwrap();
        let [a, ..] = split(&identity).unwrap();
        let [_, other_school, _] = split(&Identity::generate().unwrap()).unwrap();
        let [_, printed_again, _] = split(&identity).unwrap();
        assert_eq!(join(&[read(&texts(&split(&identity).unwrap())[0]), other_school]).unwrap_err(), different());
        assert_eq!(join(&[a, printed_again]).unwrap_err(), different());
    }

    fn different() -> Error {
        SlipProblem::DifferentSets.into()
    }

    #[test]
    fn slip_mistyped() {
        let [a, ..] = texts(&split(&Identity::generate().unwrap()).unwrap());
        let change = |at: usize| {
            let mut text = a.clone();
            text.replace_range(at..=at, if &a[at..=at] == "7" { "8" } else { "7" });
            Slip::parse(&text).unwrap_err()
        };
        let third_group = 1 + 1 + 29 + 1 + 2 * 6;
        // One group in 32 keeps its check character by chance; the checksum behind it does not.
        assert!(matches!(change(third_group), SlipProblem::Group { group: 3 } | SlipProblem::Checksum));
        assert_eq!(change(0), SlipProblem::Checksum, "the number");
        assert_eq!(change(5), SlipProblem::Checksum, "the fingerprint");
        assert_eq!(change(a.len() - 1), SlipProblem::Checksum, "the checksum");
        assert_eq!(Slip::parse(&a[2..]).unwrap_err(), SlipProblem::Length { found: LENGTH - 1 });
        assert_eq!(Slip::parse(&format!("{a}{a}")).unwrap_err(), SlipProblem::Length { found: 2 * LENGTH });
        assert_eq!(Slip::parse("").unwrap_err(), SlipProblem::Length { found: 0 });
        assert_eq!(
            Slip::parse(&format!("{}册{}", &a[..3], &a[3..])).unwrap_err(),
            SlipProblem::Character { position: 3 }
        );
    }

    #[test]
    fn swapped_groups_are_noticed() {
        let [a, ..] = texts(&split(&Identity::generate().unwrap()).unwrap());
        let (front, rest) = a.split_at(32);
        let swapped = format!("{front}{}{}{}", &rest[6..12], &rest[..6], &rest[12..]);
        assert_eq!(swapped.len(), a.len());
        assert!(swapped == a || Slip::parse(&swapped).is_err());
    }
}
