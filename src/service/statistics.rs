//! Numbers for leadership: what the gate published for today. The only act that reads facts.

use super::{App, Result, Viewer};
use crate::domain::audit::Event;
use crate::domain::gate::{Counts, Published, publish};
use crate::domain::words::Kind;
use crate::policy::{Permit, Read};
use crate::store::{Conn, Tx};

/// What leadership sees on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statistics {
    /// The day for which it is frozen, `YYYY-MM-DD`.
    pub day: String,
    /// The table.
    pub published: Published,
}

impl App {
    /// The table of the viewer's school. It is made at the first look of a day and then stays: two looks before and after a
    /// decision about one student would tell what was decided, and a page that many people open must not count again.
    ///
    /// # Errors
    /// [`super::Error::NotFound`] when the person is not of the school's leadership.
    pub async fn statistics(&self, viewer: &Viewer) -> Result<Statistics> {
        let permit = self.permit::<Read>(&viewer.at_school(), Kind::Statistics, viewer.person.school_id.0).await?;
        let day = self.today();
        let detail = format!("day={day}");
        if let Some(published) = self.db.look().await?.release(&permit, &day).await? {
            self.leave_trace(&permit, Event::StatisticsRead, &detail, &[]).await?;
            return Ok(Statistics { day, published });
        }
        let mut tx = self.begin().await?;
        let published = match tx.release(&permit, &day).await? {
            Some(published) => published,
            None => freeze(&mut tx, &permit, &day).await?,
        };
        tx.record_last(&permit, Event::StatisticsRead, &detail, self.now()).await?;
        Ok(Statistics { day, published })
    }
}

/// Publishes what the gate gives at this moment, for the rest of the day.
async fn freeze(tx: &mut Tx, permit: &Permit<Read>, day: &str) -> Result<Published> {
    let published = publish(&counts(tx, permit).await?);
    tx.insert_release(permit, day, &published).await?;
    // Read again what stands there: on several servers the first look of a day may happen twice at once.
    Ok(tx.release(permit, day).await?.unwrap_or(published))
}

async fn counts(conn: &mut Conn, permit: &Permit<Read>) -> Result<Counts> {
    let number = |count: i64| u32::try_from(count).unwrap_or(u32::MAX);
    let roll = conn.roll(permit.school()).await?;
    let mut counts = Counts::new(roll.into_iter().map(|(cohort, count)| (cohort, number(count))));
    for fact in conn.facts(permit).await? {
        counts.add(fact.cohort, fact.tags, 1);
    }
    Ok(counts)
}

#[cfg(test)]
mod tests;
