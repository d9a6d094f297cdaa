//! Marks: texts that stand nowhere but in the one field that they were planted in, each with who may read it.

use std::collections::BTreeSet;

use super::finder::Finder;

/// Every mark begins with these; two digits of the base 36, or one character, say which one it is.
const LATIN: &str = "ZQ7VXKW";
const CHINESE: &str = "龘靐齉";
/// The characters that count Chinese marks.
const FIRST: u32 = 0x9ea0;
/// What is no secret and is planted to prove that the search finds something: the name of a member of staff.
pub const CONTROL: &str = "YJ3PWGC飝厵师";

/// One planted text.
pub struct Mark {
    /// Where it was planted.
    pub place: String,
    /// The people who may read it, and who must have read it once everything was driven.
    pub readers: Vec<&'static str>,
}

/// All that was planted.
#[derive(Default)]
pub struct Marks(pub Vec<Mark>);

impl Marks {
    /// A new mark in Latin and Chinese.
    pub fn text(&mut self, place: &str, readers: &[&'static str]) -> String {
        let latin = self.code(place, readers);
        let number = u32::try_from(self.0.len() - 1).unwrap();
        format!("{latin}{CHINESE}{}", char::from_u32(FIRST + number).unwrap())
    }

    /// A new mark for a field that takes only letters and digits.
    pub fn code(&mut self, place: &str, readers: &[&'static str]) -> String {
        let number = self.0.len();
        assert!(number < 36 * 36, "two digits of the base 36");
        self.0.push(Mark { place: place.to_owned(), readers: readers.to_vec() });
        let digit = |digit: usize| char::from(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[digit]);
        format!("{LATIN}{}{}", digit(number / 36), digit(number % 36))
    }

    /// Which marks stand in a text.
    pub fn within(text: &str) -> BTreeSet<usize> {
        let latin =
            text.match_indices(LATIN).filter_map(|(at, _)| usize::from_str_radix(text.get(at + 7..at + 9)?, 36).ok());
        let chinese = text.match_indices(CHINESE).filter_map(|(at, found)| {
            let number = u32::from(text[at + found.len()..].chars().next()?);
            usize::try_from(number.checked_sub(FIRST)?).ok()
        });
        latin.chain(chinese).collect()
    }

    /// Finds any of them.
    pub fn finder() -> Finder {
        Finder::of([LATIN, CHINESE])
    }
}

/// Finds what is no secret.
pub fn control() -> Finder {
    Finder::of([CONTROL])
}

/// A roster workbook: a header and rows.
pub fn workbook(header: &[&str], rows: &[Vec<&str>]) -> Vec<u8> {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write_row(0, 0, header.iter().copied()).unwrap();
    for (at, row) in (1..).zip(rows) {
        sheet.write_row(at, 0, row.iter().copied()).unwrap();
    }
    book.save_to_buffer().unwrap()
}

/// The day on which somebody of this age is born, for a roster of this school year.
pub fn birth(school_year: i16, age: i16) -> String {
    format!("{}-05-01", school_year - age)
}
