//! The calendar of reports: the first day of each month, at most [`REPORTS`] of them in an epoch. The first one comes on the day
//! on which an epoch begins. A report that was missed is skipped, never made up for.

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::REPORTS;

/// So many days a report can come late, because a server was off over a holiday; then it is skipped.
pub const GRACE: i32 = 10;

/// The report whose time it is on a day, 1 to [`REPORTS`]; more when the epoch is over, 0 before it began.
#[must_use]
pub fn report_of(begins: Date, day: Date) -> usize {
    let months = |date: Date| i32::from(date.year()) * 12 + i32::from(date.month());
    usize::try_from(months(day) - months(begins) + 1).unwrap_or(0)
}

/// The day for which a report stands.
#[must_use]
pub fn day_of(begins: Date, report: usize) -> Date {
    match i32::try_from(report) {
        Ok(report @ 2..) => begins.first_of_month().saturating_add((report - 1).months()),
        _ => begins,
    }
}

/// What is due on a day in an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// This report, if it does not stand there yet.
    Report(usize),
    /// Nothing: before the first, or too late for one that was missed.
    Nothing,
    /// The epoch is over, and the next one can begin.
    Over,
}

/// What is due on a day in an epoch that began on another.
#[must_use]
pub fn due(begins: Date, day: Date) -> Due {
    let report = report_of(begins, day);
    if report == 0 || !is_on_time(day_of(begins, report), day) {
        Due::Nothing
    } else if report > REPORTS {
        Due::Over
    } else {
        Due::Report(report)
    }
}

/// Whether an epoch that begins with a month can begin on this day.
#[must_use]
pub fn can_begin(day: Date) -> bool {
    is_on_time(day.first_of_month(), day)
}

fn is_on_time(stands_for: Date, day: Date) -> bool {
    stands_for <= day && day < stands_for.saturating_add(GRACE.days())
}

/// The day on which the next report comes.
#[must_use]
pub fn next(day: Date) -> Date {
    day.first_of_month().saturating_add(1.month())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn reports_come_with_the_month_and_a_missed_one_is_skipped() {
        let begins = date(2026, 11, 23);
        for (day, expected) in [
            (date(2026, 11, 22), Due::Nothing),
            (date(2026, 11, 23), Due::Report(1)),
            (date(2026, 11, 30), Due::Report(1)),
            (date(2026, 12, 1), Due::Report(2)),
            (date(2026, 12, 10), Due::Report(2)),
            (date(2026, 12, 11), Due::Nothing),
            (date(2026, 12, 31), Due::Nothing),
            (date(2027, 1, 1), Due::Report(3)),
            (date(2028, 10, 1), Due::Report(24)),
            (date(2028, 11, 1), Due::Over),
            (date(2028, 11, 11), Due::Nothing),
            (date(2029, 2, 3), Due::Over),
        ] {
            assert_eq!(due(begins, day), expected, "{day}");
        }
        assert_eq!(due(date(2026, 11, 1), date(2026, 11, 11)), Due::Nothing);
        assert_eq!(due(date(2026, 11, 5), date(2026, 11, 14)), Due::Report(1));
        assert_eq!(due(date(2026, 11, 5), date(2026, 10, 6)), Due::Nothing);
    }

    #[test]
    fn a_report_stands_for_the_first_of_its_month() {
        let begins = date(2026, 11, 30);
        assert_eq!(day_of(begins, 1), begins);
        assert_eq!(day_of(begins, 2), date(2026, 12, 1));
        assert_eq!(day_of(begins, 24), date(2028, 10, 1));
        assert!(can_begin(date(2026, 12, 10)) && !can_begin(date(2026, 12, 11)));
        assert_eq!(next(date(2026, 12, 31)), date(2027, 1, 1));
    }
}
