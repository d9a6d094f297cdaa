//! What is due while a crisis record is open: company by the hour at the highest level, a follow-up every week below.

use super::read_crisis;
use crate::domain::clock::{DAY, MINUTE};
use crate::domain::crisis::Crisis;
use crate::domain::warning::{Severity, Task};
use crate::domain::words::Role;
use crate::policy::{Act, Opens, Permit};
use crate::service::cases::{NewDeadline, read_due};
use crate::service::warnings::Case;
use crate::service::{App, Due, Keys, Result};
use crate::store::{Tx, Warning};

/// Within this time somebody must be with the student, where nobody is.
pub(super) const AT_ONCE: i64 = 30 * MINUTE;
/// The time between two follow-ups after lowering.
const WEEK: i64 = 7 * DAY;

impl App {
    /// What a level means for the crisis record: at the highest one it is open, with company by the hour; below, nobody needs
    /// to stay.
    ///
    /// # Errors
    /// [`NoKey`](crate::service::Error::NoKey); the database.
    pub(crate) async fn crisis_at_level<A: Act>(&self, tx: &mut Tx, case: &Case<A>, severity: Severity) -> Result<()> {
        let Case { permit, read, keys, warning, .. } = case;
        if severity != Severity::Critical {
            self.company_due(tx, permit, read, keys, warning, None).await?;
            return self.weekly_follow_up(tx, case).await;
        }
        if self.ensure_crisis(tx, permit, read, keys, warning, "").await? {
            return Ok(());
        }
        let stored = tx.crises_of_warning(warning.id).await?.into_iter().find(|crisis| crisis.closed_at.is_none());
        let Some(stored) = stored else { return Ok(()) };
        let crisis = read_crisis(keys, read, &stored)?;
        self.company_due(tx, permit, read, keys, warning, Some(&crisis)).await
    }

    /// After lowering, a student with a crisis record is followed up every week, whatever the level asks for.
    ///
    /// # Errors
    /// [`NoKey`](crate::service::Error::NoKey); the database.
    pub(crate) async fn weekly_follow_up<A: Act>(&self, tx: &mut Tx, case: &Case<A>) -> Result<()> {
        let Case { permit, read, keys, warning, state, .. } = case;
        let records = tx.crises_of_warning(warning.id).await?;
        if state.severity == Some(Severity::Critical) || records.iter().all(|crisis| crisis.closed_at.is_some()) {
            return Ok(());
        }
        let due_at = self.now() + WEEK;
        for deadline in tx.deadlines_of_warning(warning.id).await?.iter().filter(|d| d.done_at.is_none()) {
            if read_due(keys, read, deadline)?.task == Task::FollowUp && deadline.due_at <= due_at {
                return Ok(());
            }
        }
        let due = Due { task: Task::FollowUp, about: String::new() };
        let new = NewDeadline { due, due_at, owner: Role::Counsellor };
        self.set_deadline(tx, permit, keys, warning, &new).await.map(drop)
    }

    /// Keeps the due time of the company roster in step with it: somebody must be there when the last shift ends without
    /// another one. With `None` nobody needs to be with the student any more.
    ///
    /// # Errors
    /// [`NoKey`](crate::service::Error::NoKey); the database.
    pub(crate) async fn company_due<A: Act, R: Opens>(
        &self,
        tx: &mut Tx,
        permit: &Permit<A>,
        read: &Permit<R>,
        keys: &Keys,
        warning: &Warning,
        crisis: Option<&Crisis>,
    ) -> Result<()> {
        let now = self.now();
        let due_at = crisis.map(|crisis| crisis.accompanied_until(now)).map(|until| until.max(now + AT_ONCE));
        let mut stands = false;
        for deadline in tx.deadlines_of_warning(warning.id).await?.iter().filter(|d| d.done_at.is_none()) {
            if read_due(keys, read, deadline)?.task != Task::Company {
                continue;
            }
            if due_at == Some(deadline.due_at) {
                stands = true;
            } else if due_at.is_some_and(|later| later > deadline.due_at) {
                tx.meet_deadline(permit, deadline.id, now).await?;
            } else {
                tx.withdraw_deadline(permit, deadline.id).await?;
            }
        }
        if let Some(due_at) = due_at.filter(|_| !stands) {
            let due = Due { task: Task::Company, about: String::new() };
            let new = NewDeadline { due, due_at, owner: Role::MoralEdDirector };
            self.set_deadline(tx, permit, keys, warning, &new).await?;
        }
        Ok(())
    }
}
