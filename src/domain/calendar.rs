//! The school calendar: which days are school days, and when a limit that is counted in them ends (`forms.md` §3.2).

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::{Date, Weekday};

use super::clock::school_time;
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
