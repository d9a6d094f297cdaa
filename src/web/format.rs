//! Dates, times, names and numbers as people write them, in both languages. The only place that does so.
//!
//! Instants are microseconds UTC and are shown in the school's time zone; civil dates are `YYYY-MM-DD` text. What
//! cannot be read is shown as it stands, so that a wrong date in a file stays visible to the person who can correct it.

use i18n_embed_fl::fl;
use jiff::{Zoned, civil::Date};

use crate::{
    domain::{clock::school_time, words::Language},
    web::language::{loader, word},
};

/// A civil date: 2026年3月5日, 5 Mar 2026.
#[must_use]
pub fn date(language: Language, date: &str) -> String {
    date.parse::<Date>().map_or_else(|_| date.to_owned(), |date| long_date(language, date))
}

/// A civil date with its day of the week: 2026年3月5日 周四, Thu 5 Mar 2026.
#[must_use]
pub fn date_with_weekday(language: Language, date: &str) -> String {
    let Ok(date) = date.parse::<Date>() else { return date.to_owned() };
    let weekday = word(language, "weekday", &date.weekday().to_monday_one_offset().to_string());
    match language {
        Language::ZhCn => format!("{} {weekday}", long_date(language, date)),
        Language::En => format!("{weekday} {}", long_date(language, date)),
    }
}

/// The date of an instant: 2026年3月5日, 5 Mar 2026.
#[must_use]
pub fn day(language: Language, at: i64) -> String {
    long_date(language, school_time(at).date())
}

/// Date and time of an instant: 2026年3月5日 14:07, 5 Mar 2026, 14:07.
#[must_use]
pub fn moment(language: Language, at: i64) -> String {
    let there = school_time(at);
    match language {
        Language::ZhCn => format!("{} {}", long_date(language, there.date()), clock_face(&there)),
        Language::En => format!("{}, {}", long_date(language, there.date()), clock_face(&there)),
    }
}

/// The time of an instant, without its date: 14:07.
#[must_use]
pub fn time(at: i64) -> String {
    clock_face(&school_time(at))
}

/// An instant for `<time datetime="…">`, which machines read: 2026-03-05T14:07:00+08:00.
#[must_use]
pub fn datetime(at: i64) -> String {
    school_time(at).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

/// A wait that a person has to sit out, rounded up: 40 秒, 3 分钟; 40 seconds, 3 minutes.
#[must_use]
pub fn wait(language: Language, seconds: u32) -> String {
    if seconds < 60 {
        fl!(loader(language), "wait-seconds", count = seconds)
    } else {
        fl!(loader(language), "wait-minutes", count = seconds.div_ceil(60))
    }
}

/// The time left until something is due, or since it was, in microseconds: 还剩 3 小时, 已超时 2 天. Rounded down while time is
/// left, so that nobody counts on more than there is.
#[must_use]
pub fn left(language: Language, microseconds: i64) -> String {
    let minutes = microseconds.unsigned_abs() / 60_000_000;
    let (hours, days) = (minutes / 60, minutes / 1440);
    let (words, over) = (loader(language), microseconds < 0);
    match (minutes, over) {
        (0..=119, false) => fl!(words, "left-minutes", count = minutes),
        (0..=119, true) => fl!(words, "over-minutes", count = minutes),
        (120..=2879, false) => fl!(words, "left-hours", count = hours),
        (120..=2879, true) => fl!(words, "over-hours", count = hours),
        (_, false) => fl!(words, "left-days", count = days),
        (_, true) => fl!(words, "over-days", count = days),
    }
}

/// A count with its thousands apart: 1,200.
#[must_use]
pub fn number(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `part` of `whole` in per cent with one decimal, rounded half up: 12.5%. A dash when there is no whole.
#[must_use]
pub fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "–".to_owned();
    }
    let tenths = (u128::from(part) * 2000 + u128::from(whole)) / (u128::from(whole) * 2);
    format!("{}.{}%", tenths / 10, tenths % 10)
}

/// Several names or words after each other: 李老师、王老师; Li, Wang.
#[must_use]
pub fn list<T: AsRef<str>>(language: Language, items: &[T]) -> String {
    let separator = fl!(loader(language), "list-separator");
    items.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(&separator)
}

/// The grade of a school year, 1 to 12: 七年级, Grade 7. A number outside stands as it is.
#[must_use]
pub fn grade(language: Language, grade: u8) -> String {
    if (1..=12).contains(&grade) { word(language, "grade", &grade.to_string()) } else { grade.to_string() }
}

/// The name of a class: 七年级3班; Grade 7, Class 3.
#[must_use]
pub fn class_name(language: Language, grade: u8, number: u16) -> String {
    let grade = self::grade(language, grade);
    fl!(loader(language), "class-name", grade = grade, number = number)
}

fn long_date(language: Language, date: Date) -> String {
    let pattern = match language {
        Language::ZhCn => "%-Y年%-m月%-d日",
        Language::En => "%-d %b %-Y",
    };
    date.strftime(pattern).to_string()
}

fn clock_face(there: &Zoned) -> String {
    there.strftime("%H:%M").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use Language::{En, ZhCn};

    /// 2026-03-05 06:07:08 UTC, 14:07:08 at the school.
    const AT: i64 = 1_772_690_828_000_000;

    #[test]
    fn a_civil_date_is_written_as_people_write_it() {
        assert_eq!(date(ZhCn, "2026-03-05"), "2026年3月5日");
        assert_eq!(date(En, "2026-03-05"), "5 Mar 2026");
        assert_eq!(date_with_weekday(ZhCn, "2026-03-05"), "2026年3月5日 周四");
        assert_eq!(date_with_weekday(En, "2026-03-08"), "Sun 8 Mar 2026");
    }

    #[test]
    fn a_date_that_cannot_be_read_stays_visible() {
        assert_eq!(date(ZhCn, "2026-02-30"), "2026-02-30");
        assert_eq!(date_with_weekday(En, "约三月"), "约三月");
    }

    #[test]
    fn an_instant_is_shown_in_the_time_of_the_school() {
        assert_eq!(moment(ZhCn, AT), "2026年3月5日 14:07");
        assert_eq!(moment(En, AT), "5 Mar 2026, 14:07");
        assert_eq!(datetime(AT), "2026-03-05T14:07:08+08:00");
        // 17:00 UTC is already tomorrow at the school.
        assert_eq!(day(ZhCn, AT + 11 * 3_600_000_000), "2026年3月6日");
        assert_eq!(time(AT), "14:07");
    }

    #[test]
    fn a_wait_is_never_rounded_down() {
        assert_eq!(wait(ZhCn, 40), "40 秒");
        assert_eq!(wait(En, 1), "1 second");
        assert_eq!(wait(En, 60), "1 minute");
        assert_eq!(wait(En, 61), "2 minutes");
    }

    #[test]
    fn the_time_left_is_never_rounded_up() {
        const MINUTE: i64 = 60_000_000;
        assert_eq!(left(ZhCn, 30 * MINUTE - 1), "还剩 29 分钟");
        assert_eq!(left(ZhCn, 0), "还剩 0 分钟");
        assert_eq!(left(ZhCn, 180 * MINUTE - 1), "还剩 2 小时");
        assert_eq!(left(ZhCn, 72 * 60 * MINUTE), "还剩 3 天");
        assert_eq!(left(ZhCn, -1), "已超时 0 分钟");
        assert_eq!(left(ZhCn, -90 * MINUTE), "已超时 90 分钟");
        assert_eq!(left(En, -47 * 60 * MINUTE), "47 hours overdue");
        assert_eq!(left(En, 1_440 * 2 * MINUTE), "2 days left");
    }

    #[test]
    fn numbers_and_shares_are_readable() {
        assert_eq!([0, 999, 1200, 300_000, 1_234_567].map(number), ["0", "999", "1,200", "300,000", "1,234,567"]);
        assert_eq!(percent(1, 8), "12.5%");
        assert_eq!(percent(2, 3), "66.7%");
        assert_eq!(percent(0, 0), "–");
        assert_eq!(percent(u64::MAX, u64::MAX), "100.0%");
    }

    #[test]
    fn names_and_classes_follow_the_language() {
        assert_eq!(list(ZhCn, &["班主任", "结对帮扶教师"]), "班主任、结对帮扶教师");
        assert_eq!(list(En, &["Helper", "Counsellor"]), "Helper, Counsellor");
        assert_eq!(class_name(ZhCn, 7, 3), "七年级3班");
        assert_eq!(class_name(En, 7, 3), "Grade 7, Class 3");
        assert_eq!(grade(ZhCn, 13), "13");
    }

    #[test]
    fn every_grade_and_weekday_has_a_word_in_both_languages() {
        for &language in Language::ALL {
            assert!((1..=12).all(|n| loader(language).has(&format!("grade-{n}"))));
            assert!((1..=7).all(|n| loader(language).has(&format!("weekday-{n}"))));
        }
    }
}
