//! The school calendar: which days are school days, and when a limit that is counted in them ends (`forms.md` §3.2).

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::{Date, Weekday};

use super::clock::{HOUR, MINUTE, school_time};
use super::warning::Limit;
use super::words::words;

words! {
    /// What a day is, where it is not what its weekday says.
    DayKind {
        /// 休: no school, although the week says so
        Off = "off",
        /// 班: school, although the week says otherwise (补课、调休上班)
        School = "school",
    }
}

/// The hour at which a school day ends for a limit, in the school's time zone.
const EVENING: i8 = 17;
/// So many days ahead a school day is looked for; a calendar in which there is none ends a limit there.
const HORIZON: usize = 500;
/// From so many days without school on it is a holiday that work is handed over for.
pub const HOLIDAY: i64 = 7;

/// The days of a school. Without terms every week of the year has school from Monday to Friday.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Calendar {
    /// First and last day of each term.
    terms: Vec<(Date, Date)>,
    /// The days that are not what their weekday says.
    marked: BTreeMap<Date, DayKind>,
}

/// A time without school.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holiday {
    /// Its first day without school.
    pub first: Date,
    /// Its last one; none where the next term does not stand in the calendar yet.
    pub last: Option<Date>,
}

impl Calendar {
    /// A calendar of terms (first and last day) and days that are not what their weekday says.
    #[must_use]
    pub fn new(
        terms: impl IntoIterator<Item = (Date, Date)>,
        marked: impl IntoIterator<Item = (Date, DayKind)>,
    ) -> Self {
        let mut terms: Vec<_> = terms.into_iter().filter(|(first, last)| first <= last).collect();
        terms.sort_unstable();
        Self { terms, marked: marked.into_iter().collect() }
    }

    /// The days that are not what their weekday says, earliest first.
    pub fn marked(&self) -> impl Iterator<Item = (Date, DayKind)> {
        self.marked.iter().map(|(day, kind)| (*day, *kind))
    }

    /// Whether there is school on a day. After the last term that is known the week alone decides: a limit that ends too
    /// early is a lesser evil than one that waits for a term that nobody entered.
    #[must_use]
    pub fn is_school_day(&self, day: Date) -> bool {
        match self.marked.get(&day) {
            Some(kind) => *kind == DayKind::School,
            None => {
                !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
                    && (self.in_term(day) || self.is_after_all(day))
            }
        }
    }

    /// When a limit that starts now ends, microseconds UTC. The day on which it starts does not count; a limit in school
    /// days ends at 17:00 of the last of them.
    #[must_use]
    pub fn due(&self, limit: Limit, now: i64) -> i64 {
        match limit {
            Limit::Clock(time) => now.saturating_add(time),
            Limit::SchoolDays(days) => self.end_of(usize::from(days), now),
        }
    }

    fn end_of(&self, days: usize, now: i64) -> i64 {
        let today = school_time(now).date();
        let ahead = || today.series(jiff::Span::new().days(1)).skip(1).take(HORIZON);
        let day = ahead().filter(|day| self.is_school_day(*day)).nth(days.saturating_sub(1));
        evening(day.or_else(|| ahead().last()).unwrap_or(today))
    }

    /// The holiday that has begun, or the next one that begins within `within` days: a time of at least [`HOLIDAY`] days
    /// without school.
    #[must_use]
    pub fn holiday(&self, today: Date, within: usize) -> Option<Holiday> {
        let mut first = today;
        // Back to the start of the holiday in which today may lie.
        for day in today.series(jiff::Span::new().days(-1)).skip(1).take(HORIZON) {
            if self.is_lesson(day) {
                break;
            }
            first = day;
        }
        let starts = first
            .series(jiff::Span::new().days(1))
            .take_while(|day| *day <= today || days_between(today, *day) <= i64::try_from(within).unwrap_or(i64::MAX));
        starts.filter(|day| self.begins_without_school(*day, first)).find_map(|day| self.holiday_from(day, today))
    }

    fn begins_without_school(&self, day: Date, earliest: Date) -> bool {
        !self.is_lesson(day) && (day == earliest || day.yesterday().is_ok_and(|before| self.is_lesson(before)))
    }

    fn holiday_from(&self, first: Date, today: Date) -> Option<Holiday> {
        let next = first.series(jiff::Span::new().days(1)).take(HORIZON).find(|day| self.is_lesson(*day));
        match next {
            Some(next) if days_between(first, next) < HOLIDAY || next <= today => None,
            Some(next) => Some(Holiday { first, last: next.yesterday().ok() }),
            // Nothing but the end of the calendar: a holiday only where terms are kept at all.
            None => (!self.terms.is_empty()).then_some(Holiday { first, last: None }),
        }
    }

    /// Whether lessons are known to be given on a day: a school day of a term, a day marked so, or of a calendar without terms.
    fn is_lesson(&self, day: Date) -> bool {
        let known = self.terms.is_empty() || self.in_term(day) || self.marked.contains_key(&day);
        known && self.is_school_day(day)
    }

    fn in_term(&self, day: Date) -> bool {
        self.terms.iter().any(|(first, last)| (*first..=*last).contains(&day))
    }

    fn is_after_all(&self, day: Date) -> bool {
        self.terms.iter().all(|(_, last)| *last < day)
    }
}

/// Days from the first to the last that are all the same.
pub type DayRange = (Date, Date, DayKind);

/// So many days can be marked by one line.
pub const LONGEST_RANGE: i64 = 200;

/// Reads lines such as `2027-01-01 休`, `2027-01-04 班` or `2026-10-01 2026-10-07 休`, as one copies them from a notice.
///
/// # Errors
/// The numbers, from 1, of the lines that say something else.
pub fn read_lines(text: &str) -> Result<Vec<DayRange>, Vec<usize>> {
    let (mut ranges, mut wrong) = (Vec::new(), Vec::new());
    for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        match read_line(line) {
            Some(range) => ranges.push(range),
            None => wrong.push(number),
        }
    }
    if wrong.is_empty() { Ok(ranges) } else { Err(wrong) }
}

fn read_line(line: &str) -> Option<DayRange> {
    let words: Vec<&str> = line
        .split(|c: char| c.is_whitespace() || ",，、~～至到\u{3000}".contains(c))
        .filter(|word| !word.is_empty())
        .collect();
    let (first, last, kind) = match words[..] {
        [day, kind] => (day, day, kind),
        [first, last, kind] => (first, last, kind),
        _ => return None,
    };
    let kind = match kind {
        "休" | "假" | "off" => DayKind::Off,
        "班" | "课" | "school" => DayKind::School,
        _ => return None,
    };
    let (first, last) = (first.parse().ok()?, last.parse().ok()?);
    ((0..LONGEST_RANGE).contains(&days_between(first, last))).then_some((first, last, kind))
}

/// Marked days in order, put together where they follow each other and are the same.
#[must_use]
pub fn ranges(days: impl IntoIterator<Item = (Date, DayKind)>) -> Vec<DayRange> {
    let mut ranges: Vec<DayRange> = Vec::new();
    for (day, kind) in days {
        match ranges.last_mut() {
            Some((_, last, same)) if *same == kind && last.tomorrow().is_ok_and(|next| next == day) => *last = day,
            _ => ranges.push((day, day, kind)),
        }
    }
    ranges
}

/// When the next duty holder is reminded of something overdue, after the `rung`-th reminder that is made now. What runs on the
/// wall clock is passed on after half an hour, then after two hours; what runs on the school calendar in the evening of the
/// next school day.
#[must_use]
pub fn next_reminder(on_the_calendar: bool, rung: i64, now: i64, calendar: &Calendar) -> i64 {
    let limit = match (on_the_calendar, rung) {
        (true, _) => Limit::SchoolDays(1),
        (false, 1) => Limit::Clock(30 * MINUTE),
        (false, _) => Limit::Clock(2 * HOUR),
    };
    calendar.due(limit, now)
}

/// 17:00 of a day in the school's time zone, microseconds UTC.
#[must_use]
pub fn evening(day: Date) -> i64 {
    at_hour(day, EVENING)
}

/// The last moment of a day in the school's time zone, microseconds UTC.
#[must_use]
pub fn end_of_day(day: Date) -> i64 {
    day.tomorrow().map_or(i64::MAX, |next| at_hour(next, 0) - 1)
}

fn at_hour(day: Date, hour: i8) -> i64 {
    let zone = school_time(0).time_zone().clone();
    day.at(hour, 0, 0, 0).to_zoned(zone).map_or(0, |at| Timestamp::as_microsecond(at.timestamp()))
}

/// How many days `to` is after `from`.
fn days_between(from: Date, to: Date) -> i64 {
    from.until(to).map_or(0, |span| i64::from(span.get_days()))
}

#[cfg(test)]
mod tests;
