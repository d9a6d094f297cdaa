//! 阅览授权: that a colleague may read one part of one file for some days.

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::words::{Compartment, Role, words};

/// How many days are proposed.
pub const DAYS: i64 = 14;
/// How many days at most.
pub const LONGEST: i64 = 90;
/// The longest reason, in characters.
pub const REASON: usize = 200;

words! {
    /// What a colleague may read by a grant.
    ReadingKind {
        /// 督导: what one counsellor wrote about a student, read by another
        Supervision = "supervision",
        /// 联系方式 of one family, read by the moral-education director
        Contact = "contact",
    }
}

impl ReadingKind {
    /// The one compartment that it opens.
    #[must_use]
    pub const fn compartment(self) -> Compartment {
        match self {
            Self::Supervision => Compartment::Counselling,
            Self::Contact => Compartment::Contact,
        }
    }

    /// The role in which it is read.
    #[must_use]
    pub const fn reader(self) -> Role {
        match self {
            Self::Supervision => Role::Counsellor,
            Self::Contact => Role::MoralEdDirector,
        }
    }
}

/// The last day that is proposed.
#[must_use]
pub fn proposed(today: Date) -> Date {
    today.saturating_add(DAYS.days())
}

/// What is wrong with the last day of a grant that is given today.
#[must_use]
pub fn wrong_last_day(last: Option<Date>, today: Date) -> Option<&'static str> {
    match last {
        None => Some("date-invalid"),
        Some(last) if last < today => Some("date-in-the-past"),
        Some(last) if last > today.saturating_add(LONGEST.days()) => Some("reading-too-long"),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_grant_ends_today_at_the_earliest_and_after_ninety_days_at_the_latest() {
        let today = date(2026, 11, 23);
        for (last, wrong) in [
            (None, Some("date-invalid")),
            (Some(date(2026, 11, 22)), Some("date-in-the-past")),
            (Some(today), None),
            (Some(proposed(today)), None),
            (Some(date(2027, 2, 21)), None),
            (Some(date(2027, 2, 22)), Some("reading-too-long")),
        ] {
            assert_eq!(wrong_last_day(last, today), wrong, "{last:?}");
        }
        assert_eq!(proposed(today), date(2026, 12, 7));
    }

    #[test]
    fn nothing_but_notes_and_contact_is_ever_read_by_such_a_grant() {
        let opened: Vec<Compartment> = ReadingKind::ALL.iter().map(|kind| kind.compartment()).collect();
        assert_eq!(opened, [Compartment::Counselling, Compartment::Contact]);
    }
}
