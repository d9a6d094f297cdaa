//! The days of a school that are not what their weekday says.

use super::{Conn, Result, Tx, row, sql};
use crate::domain::calendar::DayKind;
use crate::domain::ids::SchoolId;
use crate::policy::{Manage, Permit};

row! {
    /// A day that is not what its weekday says.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct MarkedDay {
        /// The day, `YYYY-MM-DD`.
        pub day: String,
        /// What it is.
        pub kind: DayKind as String,
    }
}

impl Conn {
    /// The marked days of a school, earliest first.
    ///
    /// # Errors
    /// The database.
    pub async fn marked_days(&mut self, school: SchoolId) -> Result<Vec<MarkedDay>> {
        sql!(self, fetch_all MarkedDay: "SELECT day, kind FROM days WHERE school_id = $1 ORDER BY day", school.0)
    }
}

impl Tx {
    /// Marks a day, whatever it was marked as before.
    ///
    /// # Errors
    /// The database.
    pub async fn mark_day(&mut self, permit: &Permit<Manage>, day: &MarkedDay) -> Result<()> {
        sql!(
            self,
            run "INSERT INTO days (school_id, day, kind) VALUES ($1, $2, $3)
             ON CONFLICT (school_id, day) DO UPDATE SET kind = excluded.kind",
            permit.school().0,
            day.day.as_str(),
            day.kind.as_str()
        )
        .map(drop)
    }

    /// Takes the marks of all days from `first` to `last` away. Gives how many there were.
    ///
    /// # Errors
    /// The database.
    pub async fn unmark_days(&mut self, permit: &Permit<Manage>, first: &str, last: &str) -> Result<u64> {
        sql!(
            self,
            run "DELETE FROM days WHERE school_id = $1 AND day >= $2 AND day <= $3",
            permit.school().0,
            first,
            last
        )
    }
}
