//! Time as an argument.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{Timestamp, Zoned, civil::Date, tz::TimeZone};

/// Where the present comes from: the system in production, a hand-moved value in tests.
#[derive(Debug)]
pub enum Clock {
    /// The clock of the machine.
    System,
    /// A clock that stands still until a test moves it; microseconds UTC.
    Fixed(AtomicI64),
}

impl Clock {
    /// A clock that stands at `at` (microseconds UTC).
    #[must_use]
    pub const fn fixed(at: i64) -> Self {
        Self::Fixed(AtomicI64::new(at))
    }

    /// The present in microseconds UTC, as the database stores it.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the Clock that everything else asks")]
    pub fn now(&self) -> i64 {
        match self {
            Self::System => Timestamp::now().as_microsecond(),
            Self::Fixed(at) => at.load(Ordering::Relaxed),
        }
    }

    /// Moves a fixed clock forward; the system clock stays as it is.
    pub fn advance(&self, microseconds: i64) {
        if let Self::Fixed(at) = self {
            at.fetch_add(microseconds, Ordering::Relaxed);
        }
    }

    /// The civil date of the present in the school's time zone.
    #[must_use]
    pub fn today(&self) -> Date {
        school_time(self.now()).date()
    }
}

/// One minute, hour and day in the microseconds that the database stores.
pub const MINUTE: i64 = 60_000_000;
/// One hour in microseconds.
pub const HOUR: i64 = 60 * MINUTE;
/// One day in microseconds.
pub const DAY: i64 = 24 * HOUR;

/// An instant of the database, in the time zone of Chinese schools (`Asia/Shanghai`).
#[must_use]
pub fn school_time(at: i64) -> Zoned {
    // Looked up once: a page asks a hundred times.
    static SCHOOLS: LazyLock<TimeZone> = LazyLock::new(|| TimeZone::get("Asia/Shanghai").unwrap_or(TimeZone::UTC));
    let timestamp = Timestamp::from_microsecond(at).unwrap_or(Timestamp::UNIX_EPOCH);
    timestamp.to_zoned(SCHOOLS.clone())
}

/// The instant at which the clock of the school shows this many minutes after midnight on a day, microseconds UTC.
#[must_use]
pub fn school_instant(day: Date, minutes: i64) -> i64 {
    let zone = school_time(0).time_zone().clone();
    let midnight = day.to_zoned(zone).map_or(0, |at| at.timestamp().as_microsecond());
    midnight + minutes * MINUTE
}
