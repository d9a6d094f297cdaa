//! Grades and classes as schools write them.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::{Problem, text};

/// A class of one entry cohort. It keeps its key as it moves up through the grades.
/// Classes stand in the order in which schools list them: the lowest grade first, then by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ClassKey {
    /// The autumn in which this class entered grade 1, or would have: a class 7 of 2026 has the cohort 2020.
    pub cohort: i16,
    /// The number of the class within its cohort.
    pub number: u8,
}

impl ClassKey {
    /// The class `number` of `grade` (1 to 9) in the school year that started in autumn `school_year`.
    #[must_use]
    pub const fn new(grade: u8, number: u8, school_year: i16) -> Self {
        Self { cohort: school_year - grade as i16 + 1, number }
    }

    /// The grade of this class in the school year that started in autumn `school_year`; 0 before it entered.
    #[must_use]
    pub fn grade(self, school_year: i16) -> u8 {
        u8::try_from(i32::from(school_year) - i32::from(self.cohort) + 1).unwrap_or(0)
    }
}

impl Ord for ClassKey {
    fn cmp(&self, other: &Self) -> Ordering {
        other.cohort.cmp(&self.cohort).then(self.number.cmp(&other.number))
    }
}

impl PartialOrd for ClassKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The grade from 1 to 9 in 年级: `七年级`, `7年级`, `初一`, `初中一年级`, `七`, `7`, `小学一年级`.
pub(super) fn parse_grade(grade: &str) -> Result<u8, Problem> {
    let grade = text::code(grade);
    if grade.is_empty() {
        return Err(Problem::GradeMissing);
    }
    take_grade(&grade).filter(|(_, rest)| rest.is_empty()).map(|(grade, _)| grade).ok_or(Problem::GradeUnknown)
}

/// A grade at the start of the text, and what follows it.
fn take_grade(text: &str) -> Option<(u8, &str)> {
    let (offset, most, rest) = match (text.strip_prefix("初中"), text.strip_prefix('初'), text.strip_prefix("小学"))
    {
        (Some(rest), ..) | (None, Some(rest), _) => (6, 3, rest),
        (None, None, Some(rest)) => (0, 6, rest),
        _ => (0, 9, text),
    };
    let (number, rest) = take_number(rest)?;
    let middle = offset == 6;
    // 初中七年级 counts on from the primary grades, 初中一年级 starts again: both are in use.
    let grade = match number {
        7..=9 if middle => number,
        1.. if number <= most => number + offset,
        _ => return None,
    };
    Some((grade, rest.strip_prefix("年级").or_else(|| rest.strip_prefix('级')).unwrap_or(rest)))
}

/// The number of the class from 1 to 99 in 班级: `3班`, `(3)班`, `三班`, `3`, `03`, `七(3)班`, `七年级3班`, `初一（3）班`, `703`.
pub(super) fn parse_class(class: &str, grade: u8) -> Result<u8, Problem> {
    let class = text::code(class);
    if class.is_empty() {
        return Err(Problem::ClassMissing);
    }
    let class = class.strip_suffix('班').unwrap_or(&class);
    let class = class.strip_prefix('第').unwrap_or(class);
    if let Some(number) = whole_number(class) {
        return match number {
            1..=99 => small(number),
            // 703 is class 3 of grade 7; three digits have no other meaning in a school.
            101..=999 if number / 100 == u16::from(grade) => small(number % 100),
            101..=999 if number / 100 <= 9 && number % 100 > 0 => Err(Problem::ClassOfAnotherGrade),
            _ => Err(Problem::ClassUnknown),
        };
    }
    let (named, rest) = take_grade(class).ok_or(Problem::ClassUnknown)?;
    let number = whole_number(rest).filter(|number| (1..=99).contains(number)).ok_or(Problem::ClassUnknown)?;
    if named == grade { small(number) } else { Err(Problem::ClassOfAnotherGrade) }
}

fn small(number: u16) -> Result<u8, Problem> {
    u8::try_from(number).ok().filter(|number| *number > 0).ok_or(Problem::ClassUnknown)
}

/// A number that is the whole text, with or without brackets, in digits or Chinese numerals.
fn whole_number(text: &str) -> Option<u16> {
    let inner = [('(', ')'), ('[', ']'), ('【', '】'), ('〔', '〕')]
        .into_iter()
        .find_map(|(open, close)| text.strip_prefix(open)?.strip_suffix(close))
        .unwrap_or(text);
    if !inner.is_empty() && inner.len() <= 3 && inner.bytes().all(|b| b.is_ascii_digit()) {
        return inner.parse().ok();
    }
    take_number(inner).filter(|(_, rest)| rest.is_empty()).map(|(number, _)| u16::from(number))
}

/// A number from 0 to 99 at the start of the text: one digit or a Chinese numeral such as `三`, `十二`, `二十`.
///
/// Of several digits only the first is taken, so that `七3` and `73` do not become the same.
fn take_number(text: &str) -> Option<(u8, &str)> {
    const NUMERALS: &str = "零一二三四五六七八九";
    let numeral = |c: char| NUMERALS.chars().position(|n| n == c).and_then(|n| u8::try_from(n).ok());
    let mut value: Option<u8> = None;
    let mut used = 0;
    let mut after_ten = false;
    for c in text.chars() {
        match (c, numeral(c)) {
            (digit, None) if value.is_none() && digit.is_ascii_digit() => {
                let after = &text[1..];
                return if after.starts_with(|c: char| c.is_ascii_digit()) {
                    None
                } else {
                    Some((text.as_bytes()[0] - b'0', after))
                };
            }
            ('十', _) if !after_ten => {
                value = Some(value.map_or(10, |tens| tens * 10));
                after_ten = true;
            }
            (_, Some(n)) if value.is_none() => value = Some(n),
            (_, Some(n)) if after_ten && n > 0 && value.is_some_and(|v| v % 10 == 0) => value = value.map(|v| v + n),
            _ => break,
        }
        used += c.len_utf8();
    }
    value.map(|value| (value, &text[used..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_grade_is_understood() {
        for (spelling, grade) in [
            ("七年级", 7),
            ("7年级", 7),
            ("７年级", 7),
            ("七", 7),
            ("7", 7),
            ("初一", 7),
            ("初1", 7),
            ("初一年级", 7),
            ("初中一年级", 7),
            ("初中七年级", 7),
            ("初二", 8),
            ("初三", 9),
            ("八年级", 8),
            ("九年级", 9),
            ("一年级", 1),
            ("小学一年级", 1),
            ("小学六年级", 6),
            ("二年级", 2),
            ("三年级", 3),
            ("四年级", 4),
            ("五年级", 5),
            ("六年级", 6),
            (" 七 年\u{3000}级 ", 7),
            ("7级", 7),
        ] {
            assert_eq!(parse_grade(spelling), Ok(grade), "{spelling}");
        }
    }

    #[test]
    fn grades_outside_the_nine_are_unknown() {
        for spelling in [
            "十三年级",
            "13年级",
            "十年级",
            "零年级",
            "0",
            "初四",
            "初中四年级",
            "小学七年级",
            "高一",
            "学前班",
            "2026级",
            "年级",
            "七年级1班",
            "-7",
        ] {
            assert_eq!(parse_grade(spelling), Err(Problem::GradeUnknown), "{spelling}");
        }
        assert_eq!(parse_grade(" "), Err(Problem::GradeMissing));
    }

    #[test]
    fn classes_stand_by_grade_and_then_by_number() {
        let class = |grade, number| ClassKey::new(grade, number, 2026);
        let mut classes = [class(9, 1), class(7, 10), class(8, 2), class(7, 2), class(9, 12), class(1, 3)];
        classes.sort();
        assert_eq!(classes, [class(1, 3), class(7, 2), class(7, 10), class(8, 2), class(9, 1), class(9, 12)]);
    }

    #[test]
    fn every_spelling_of_a_class_is_understood() {
        for (spelling, number) in [
            ("3班", 3),
            ("(3)班", 3),
            ("（3）班", 3),
            ("（３）班", 3),
            ("三班", 3),
            ("3", 3),
            ("三", 3),
            ("七(3)班", 3),
            ("七（三）班", 3),
            ("7(3)班", 3),
            ("七3班", 3),
            ("七年级3班", 3),
            ("七年级(3)班", 3),
            ("初一(3)班", 3),
            ("初一3班", 3),
            ("第3班", 3),
            ("03", 3),
            ("03班", 3),
            ("703", 3),
            ("703班", 3),
            ("712", 12),
            ("12班", 12),
            ("十二班", 12),
            ("二十班", 20),
            ("二十一班", 21),
            ("十班", 10),
            ("七(12)班", 12),
            ("七十二班", 72),
            ("【3】班", 3),
            (" 3 班 ", 3),
            ("(三)", 3),
        ] {
            assert_eq!(parse_class(spelling, 7), Ok(number), "{spelling}");
        }
    }

    #[test]
    fn a_class_that_names_another_grade_is_refused() {
        for spelling in ["八(3)班", "803", "初二3班", "六年级3班", "三三班"] {
            assert_eq!(parse_class(spelling, 7), Err(Problem::ClassOfAnotherGrade), "{spelling}");
        }
    }

    #[test]
    fn classes_without_a_number_are_unknown() {
        for spelling in ["实验班", "A班", "0班", "(0)班", "班", "100", "1000", "3班4", "-3", "七班班", "(3", "700"]
        {
            assert_eq!(parse_class(spelling, 7), Err(Problem::ClassUnknown), "{spelling}");
        }
        assert_eq!(parse_class("", 7), Err(Problem::ClassMissing));
    }

    #[test]
    fn a_class_keeps_its_key_as_it_moves_up() {
        let class = ClassKey::new(7, 3, 2026);
        assert_eq!(class, ClassKey { cohort: 2020, number: 3 });
        assert_eq!(class.grade(2026), 7);
        assert_eq!(class.grade(2027), 8);
        assert_eq!(ClassKey::new(8, 3, 2027), class);
        assert_eq!(class.grade(2000), 0);
    }
}
