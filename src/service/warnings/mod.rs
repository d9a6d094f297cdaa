//! Warnings 五早: from the letters that wait to the review of what worked. One act of a person is one method in the file of
//! its part.

mod briefs;
mod closing;
mod inbox;
mod levels;
mod steps;
mod taking;
#[cfg(test)]
mod tests;

pub use briefs::ShownBrief;
pub use inbox::{Inbox, ListedWarning, WaitingLetter};
pub use levels::Grading;
pub use steps::NewStep;
pub use taking::{LetterContent, OpenedLetter};

use super::approach::Who;
use super::cases::{read_due, read_state, read_step};
use super::{App, Approach, Due, Error, Keys, Result, Viewer};
use crate::domain::audit::Event;
use crate::domain::ids::{PersonId, StepId, WarningId};
use crate::domain::warning::{LetterKind, State, Step, StepKind};
use crate::domain::words::{Action, Kind, Role};
use crate::policy::{Act, Permit, Read};
use crate::store::{Deadline, Tx, Warning};

/// A step as the timeline shows it.
#[derive(Clone)]
pub struct ShownStep {
    /// Its id.
    pub id: StepId,
    /// Who wrote it down.
    pub author: PersonId,
    /// When, microseconds UTC.
    pub written_at: i64,
    /// What it says.
    pub step: Step,
}

/// Something due, or done.
#[derive(Clone)]
pub struct ShownDue {
    /// What.
    pub due: Due,
    /// Until when, microseconds UTC.
    pub due_at: i64,
    /// Who must do it.
    pub owner: Role,
    /// When it was done.
    pub done_at: Option<i64>,
}

/// A warning, opened.
pub struct OpenedWarning {
    /// The student, the class and how the person stands to the file.
    pub approach: Approach,
    /// Whom it is about.
    pub who: Who,
    /// Stage and times.
    pub warning: Warning,
    /// Level, and what waits for a second signature.
    pub state: State,
    /// The timeline, oldest first.
    pub steps: Vec<ShownStep>,
    /// What is due and what was done, earliest first.
    pub due: Vec<ShownDue>,
    /// How many people were told the least they must know.
    pub briefed: usize,
}

/// A warning inside an act: permits, keys and state, all of one transaction.
pub(crate) struct Case<A: Act> {
    /// Student, class, standing.
    pub approach: Approach,
    /// The permit of the act.
    pub permit: Permit<A>,
    /// The permit to see what stands there.
    pub read: Permit<Read>,
    /// The keys of the file.
    pub keys: Keys,
    /// The row.
    pub warning: Warning,
    /// The opened state.
    pub state: State,
}

impl App {
    /// Opens a warning: its whole timeline on one page.
    ///
    /// # Errors
    /// [`Error::NotFound`] when policy refuses; [`Error::NoKey`] when nobody let the person into the office yet.
    pub async fn open_warning(&self, viewer: &Viewer, id: WarningId) -> Result<OpenedWarning> {
        let mut conn = self.db.read().await?;
        let warning = conn.warning(id).await?.ok_or(Error::NotFound)?;
        let student = warning.student_id;
        let approach = self.approach(&mut conn, viewer, student).await?;
        let permit = self.permit::<Read>(&approach.standing, Kind::Warning, student.0).await?;
        let keys = Keys::of(&mut conn, viewer, &self.secret, student.0).await?;
        let (who, mut faster) = self.who_now(&mut conn, viewer, &approach, &keys).await?;
        let stored = conn.steps(id).await?;
        let deadlines = conn.deadlines_of_warning(id).await?;
        let briefed = conn.letters_of_warning(id, LetterKind::Brief).await?.len();
        drop(conn);
        let state = read_state(&keys, &permit, &warning)?;
        let step = |stored: &crate::store::StoredStep| {
            let (id, author, written_at) = (stored.id, stored.author, stored.written_at);
            Ok(ShownStep { id, author, written_at, step: read_step(&keys, &permit, stored)? })
        };
        let mut steps = stored.iter().map(step).collect::<Result<Vec<_>>>()?;
        // Of steps of one instant the one that comes first in the work.
        steps.sort_by_key(|shown| (shown.written_at, shown.step.kind));
        let due = |deadline: &Deadline| {
            let Deadline { due_at, owner, done_at, .. } = *deadline;
            Ok(ShownDue { due: read_due(&keys, &permit, deadline)?, due_at, owner, done_at })
        };
        let due = deadlines.iter().map(due).collect::<Result<Vec<_>>>()?;
        faster.extend(keys.faster);
        self.leave_trace(&permit, Event::WarningRead, "", &faster).await?;
        Ok(OpenedWarning { approach, who, warning, state, steps, due, briefed })
    }

    /// Asks whether the person may do this with a warning, and records a refusal, before a transaction begins.
    pub(crate) async fn may_with_warning<A: Act>(&self, viewer: &Viewer, id: WarningId) -> Result<()> {
        let mut conn = self.db.read().await?;
        let warning = conn.warning(id).await?.ok_or(Error::NotFound)?;
        let approach = self.approach(&mut conn, viewer, warning.student_id).await?;
        drop(conn);
        self.permit::<A>(&approach.standing, Kind::Warning, warning.student_id.0).await.map(drop)
    }

    /// A warning inside a transaction. Ask [`App::may_with_warning`] before the transaction begins: a refusal in here is
    /// not recorded.
    pub(crate) async fn case<A: Act>(&self, tx: &mut Tx, viewer: &Viewer, id: WarningId) -> Result<Case<A>> {
        let warning = tx.warning(id).await?.ok_or(Error::NotFound)?;
        let student = warning.student_id;
        let approach = self.approach(tx, viewer, student).await?;
        let refused = |_| Error::NotFound;
        let permit = self.policy.permit::<A>(&approach.standing, Kind::Warning, student.0).map_err(refused)?;
        let read = self.policy.permit::<Read>(&approach.standing, Kind::Warning, student.0).map_err(refused)?;
        let keys = self.case_keys(tx, viewer, &permit, &approach).await?;
        let state = read_state(&keys, &read, &warning)?;
        Ok(Case { approach, permit, read, keys, warning, state })
    }

    /// Stores what an act made of a warning, with its line.
    async fn put_case<A: Act>(&self, tx: &mut Tx, case: Case<A>, event: Event, detail: &str) -> Result<()> {
        let Case { permit, keys, warning, state, .. } = case;
        let id = warning.id.0;
        self.put_state(tx, &permit, &keys, warning, &state).await?;
        Ok(tx.record_about(&permit, event, id, detail, self.now()).await?)
    }

    /// Every step of a warning, opened.
    async fn steps_of<A: Act>(&self, tx: &mut Tx, case: &Case<A>) -> Result<Vec<Step>> {
        let stored = tx.steps(case.warning.id).await?;
        stored.iter().map(|step| read_step(&case.keys, &case.read, step)).collect()
    }
}

impl OpenedWarning {
    /// Whether policy lets the person do this with the warning.
    #[must_use]
    pub fn may(&self, app: &App, action: Action) -> bool {
        app.policy.may(&self.approach.standing, Kind::Warning, action)
    }
}

/// A step of one kind with a reason.
fn reasoned(kind: StepKind, reason: &str) -> Step {
    let field = crate::domain::steps::StepField::Reason.as_str().to_owned();
    Step { kind, fields: [(field, reason.trim().to_owned())].into(), severity: None, persons: Vec::new(), letter: None }
}

/// Whether a reason was given and is not too long.
fn checked_reason(reason: &str) -> Result<()> {
    match reason.trim().chars().count() {
        0 => Err(Error::field("reason", "required")),
        n if n > crate::domain::steps::TEXT => Err(Error::field("reason", "too-long")),
        _ => Ok(()),
    }
}
