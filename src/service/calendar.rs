//! The school calendar: school days, holidays, and when a limit ends.

use super::{App, Result};
use crate::domain::calendar::Calendar;
use crate::domain::ids::SchoolId;
use crate::domain::warning::Limit;
use crate::store::Conn;

impl App {
    /// When a limit that starts now ends, microseconds UTC: on the wall clock, or on the calendar of the school.
    ///
    /// # Errors
    /// The database.
    pub(crate) async fn due_at(&self, conn: &mut Conn, school: SchoolId, limit: Limit) -> Result<i64> {
        let calendar = match limit {
            Limit::Clock(_) => Calendar::default(),
            Limit::SchoolDays(_) => self.calendar(conn, school).await?,
        };
        Ok(calendar.due(limit, self.now()))
    }

    /// The calendar of a school.
    ///
    /// # Errors
    /// The database.
    pub(crate) async fn calendar(&self, conn: &mut Conn, school: SchoolId) -> Result<Calendar> {
        let terms = conn.terms(school).await?;
        let terms = terms.iter().filter_map(|term| Some((term.starts.parse().ok()?, term.ends.parse().ok()?)));
        let marked = conn.marked_days(school).await?;
        let marked = marked.iter().filter_map(|day| Some((day.day.parse().ok()?, day.kind)));
        Ok(Calendar::new(terms, marked))
    }
}
