//! The school calendar: school days, holidays, and when a limit ends.

use jiff::civil::Date;

use super::{App, Error, Result, Viewer};
use crate::domain::audit::Event;
use crate::domain::calendar::{Calendar, DayRange, Holiday, LONGEST_RANGE, ranges};
use crate::domain::ids::SchoolId;
use crate::domain::warning::Limit;
use crate::domain::words::Kind;
use crate::policy::{Manage, Permit, Read};
use crate::store::{Conn, MarkedDay};

/// A holiday is shown so many days ahead.
const AHEAD: usize = 120;

/// The calendar of a school, as the administrator sees it.
#[derive(Debug)]
pub struct SchoolCalendar {
    /// The days that are not what their weekday says, put together, earliest first.
    pub marked: Vec<DayRange>,
    /// The holiday that has begun, or the next one.
    pub holiday: Option<Holiday>,
    /// Whether there is a term at all.
    pub has_terms: bool,
}

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

    /// The calendar, for its page.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anyone but an administrator.
    pub async fn school_calendar(&self, viewer: &Viewer) -> Result<SchoolCalendar> {
        let school = viewer.person.school_id;
        self.permit::<Read>(&viewer.at_school(), Kind::Structure, school.0).await?;
        let mut conn = self.db.read().await?;
        let calendar = self.calendar(&mut conn, school).await?;
        let has_terms = !conn.terms(school).await?.is_empty();
        let holiday = calendar.holiday(self.clock.today(), AHEAD);
        Ok(SchoolCalendar { marked: ranges(calendar.marked()), holiday, has_terms })
    }

    /// Marks days that are not what their weekday says.
    ///
    /// # Errors
    /// [`Error::Invalid`] for days that end before they start, or too many of them; [`Error::NotFound`] for anyone but an
    /// administrator.
    pub async fn mark_days(&self, viewer: &Viewer, ranges: &[DayRange]) -> Result<()> {
        let permit = self.calendar_permit(viewer).await?;
        let mut days = Vec::new();
        for (first, last, kind) in ranges {
            if last < first {
                return Err(Error::field("last", "ends-before-it-starts"));
            }
            if first.until(*last).map_or(i64::MAX, |span| i64::from(span.get_days())) >= LONGEST_RANGE {
                return Err(Error::field("last", "too-many-days"));
            }
            let of_range = first.series(jiff::Span::new().days(1)).take_while(|day| day <= last);
            days.extend(of_range.map(|day| MarkedDay { day: day.to_string(), kind: *kind }));
        }
        let mut tx = self.begin().await?;
        for day in &days {
            tx.mark_day(&permit, day).await?;
        }
        let detail = format!("marked={}", days.len());
        tx.record(&permit, Event::CalendarChanged, &detail, self.now()).await?;
        Ok(tx.commit().await?)
    }

    /// Takes the marks of days away: they are again what their weekday says.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anyone but an administrator.
    pub async fn unmark_days(&self, viewer: &Viewer, first: Date, last: Date) -> Result<()> {
        let permit = self.calendar_permit(viewer).await?;
        let mut tx = self.begin().await?;
        let gone = tx.unmark_days(&permit, &first.to_string(), &last.to_string()).await?;
        tx.record(&permit, Event::CalendarChanged, &format!("unmarked={gone}"), self.now()).await?;
        Ok(tx.commit().await?)
    }

    async fn calendar_permit(&self, viewer: &Viewer) -> Result<Permit<Manage>> {
        self.permit(&viewer.at_school(), Kind::Structure, viewer.person.school_id.0).await
    }
}
