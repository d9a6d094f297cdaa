//! Birth dates in the spellings of school spreadsheets.

use jiff::{ToSpan, civil::Date};

use super::{Problem, text, workbook::Cell};

/// The youngest and the oldest that a student of the nine grades can be when the school year starts, in years. Wide on
/// purpose: special education and late starts exist, a slip of the century does not.
const AGES: std::ops::RangeInclusive<i16> = 3..=30;

/// The birth date in a cell: a date of Excel, its serial number, `20130924` as a number, or text.
pub(super) fn parse(cell: &Cell, school_year: i16) -> Result<Date, Problem> {
    let date = match cell {
        Cell::Empty => return Err(Problem::BirthMissing),
        Cell::Date(date) => Some(*date),
        Cell::Number(number) => from_number(*number),
        Cell::Text(text) => {
            let text = text::code(text);
            if text.is_empty() {
                return Err(Problem::BirthMissing);
            }
            from_text(&text)
        }
        Cell::Bool(_) | Cell::Broken | Cell::TooLong => None,
    };
    let date = date.ok_or(Problem::BirthInvalid)?;
    let year = date.year();
    if AGES.contains(&school_year.saturating_sub(year)) { Ok(date) } else { Err(Problem::BirthImplausible) }
}

/// `20130924`, or days since 1899-12-30 as Excel counts them. The two do not overlap.
fn from_number(number: f64) -> Option<Date> {
    if !number.is_finite() || !(1.0..1e9).contains(&number) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "the range is checked above")]
    let whole = number.trunc() as i32;
    if whole >= 10_000_000 { from_digits(&whole.to_string()) } else { from_serial(whole) }
}

/// The serial numbers from 1927 to 2119: days before do not occur, and smaller numbers are years or ages.
fn from_serial(days: i32) -> Option<Date> {
    if !(10_000..80_000).contains(&days) {
        return None;
    }
    Date::constant(1899, 12, 30).checked_add(days.days()).ok()
}

fn from_digits(digits: &str) -> Option<Date> {
    if digits.len() != 8 {
        return None;
    }
    let part = |range| digits.get(range).and_then(|part: &str| part.parse().ok());
    Date::new(part(0..4)?, i8::try_from(part(4..6)?).ok()?, i8::try_from(part(6..8)?).ok()?).ok()
}

/// Year, month, day, with one separator between them; a time of day after it does not matter.
fn from_text(text: &str) -> Option<Date> {
    // A quote before a value is how Excel users force text; `text::code` has already joined "2013-09-24 00:00:00".
    let text = text.trim_matches(['\'', '"']);
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return match text.len() {
            8 => from_digits(text),
            5 => from_serial(text.parse().ok()?),
            _ => None,
        };
    }
    let mut rest = text;
    let year = take_number(&mut rest, 4, 4)?;
    let by_word = take_separator(&mut rest, '年')?;
    let month = take_number(&mut rest, 1, 2)?;
    if take_separator(&mut rest, '月')? != by_word {
        return None;
    }
    let day = take_number(&mut rest, 1, 2)?;
    let rest = rest.strip_prefix(['日', '号']).unwrap_or(rest);
    let rest = rest.strip_prefix('T').unwrap_or(rest);
    let tail_is_midnight = rest.chars().all(|c| matches!(c, '0' | ':' | '.' | 'Z'));
    if !tail_is_midnight {
        return None;
    }
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

fn take_number(rest: &mut &str, least: usize, most: usize) -> Option<i16> {
    let digits = rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
    if digits < least {
        return None;
    }
    let (number, after) = rest.split_at(digits);
    *rest = after;
    number.parse().ok()
}

/// Whether the separator is the Chinese word for the unit; `None` if there is no separator at all.
fn take_separator(rest: &mut &str, word: char) -> Option<bool> {
    let first = rest.chars().next()?;
    *rest = &rest[first.len_utf8()..];
    if first == word {
        return Some(true);
    }
    matches!(first, '-' | '/' | '.' | '。' | '、' | ',' | '\\').then_some(false)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn text(text: &str) -> Result<Date, Problem> {
        parse(&Cell::Text(text.to_owned()), 2026)
    }

    #[test]
    fn every_usual_spelling_is_the_same_day() {
        for spelling in [
            "2013-09-24",
            "2013/9/24",
            "2013.9.24",
            "2013。9。24",
            "2013年9月24日",
            "2013年09月24日",
            "2013年9月24",
            "2013年9月24号",
            "20130924",
            "２０１３－０９－２４",
            "２０１３年９月２４日",
            "２０１３．９．２４",
            "２０１３／９／２４",
            " 2013 年 9 月 24 日 ",
            "\u{3000}2013-9-24\u{a0}",
            "2013-09-24 00:00:00",
            "2013-09-24T00:00:00",
            "2013-09-24T00:00:00.000",
            "'2013-09-24",
            "41541",
            "2013–9–24",
            "2013\u{200b}-9-24",
        ] {
            assert_eq!(text(spelling), Ok(date(2013, 9, 24)), "{spelling}");
        }
        assert_eq!(parse(&Cell::Number(20_130_924.0), 2026), Ok(date(2013, 9, 24)));
        assert_eq!(parse(&Cell::Number(41_541.0), 2026), Ok(date(2013, 9, 24)));
        assert_eq!(parse(&Cell::Date(date(2013, 9, 24)), 2026), Ok(date(2013, 9, 24)));
    }

    #[test]
    fn days_that_do_not_exist_are_invalid() {
        for spelling in [
            "2014-02-30",
            "2031-02-30",
            "20140230",
            "2014年13月1日",
            "2014-0-1",
            "2013-09",
            "24/9/2013",
            "九月",
            "2013924",
            "2013年9-24",
            "2013-9-24x",
            "1",
            "2013-09-241",
        ] {
            assert_eq!(text(spelling), Err(Problem::BirthInvalid), "{spelling}");
        }
        for number in [0.0, 2013.0, f64::NAN, f64::INFINITY, -41_541.0, 1e300, 20_140_230.0] {
            assert_eq!(parse(&Cell::Number(number), 2026), Err(Problem::BirthInvalid), "{number}");
        }
        assert_eq!(parse(&Cell::Bool(true), 2026), Err(Problem::BirthInvalid));
    }

    #[test]
    fn an_empty_birth_date_is_missing() {
        assert_eq!(text(" \u{3000}"), Err(Problem::BirthMissing));
        assert_eq!(parse(&Cell::Empty, 2026), Err(Problem::BirthMissing));
    }

    #[test]
    fn nobody_in_school_was_born_next_year_or_in_another_century() {
        for spelling in ["2027-01-01", "2031-02-28", "1913-09-24", "2025-01-01"] {
            assert_eq!(text(spelling), Err(Problem::BirthImplausible), "{spelling}");
        }
        assert!(text("2021-08-31").is_ok());
        assert!(text("2005-01-01").is_ok());
    }
}
