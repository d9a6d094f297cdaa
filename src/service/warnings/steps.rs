//! Steps that are simply written down: an interview, a plan, the guardian informed. Each may fulfil what is due.

use std::collections::BTreeMap;

use super::Case;
use crate::domain::audit::Event;
use crate::domain::clock::school_time;
use crate::domain::ids::{PersonId, StepId, WarningId};
use crate::domain::steps::{WRITTEN, checked, fulfils, prevents, tells_of_self_harm};
use crate::domain::warning::{Severity, Stage, Step, StepKind, Task, follow_up};
use crate::domain::words::Role;
use crate::policy::Append;
use crate::service::cases::NewDeadline;
use crate::service::error::again;
use crate::service::{App, Due, Error, FieldProblem, Result, Viewer};
use crate::store::Tx;

/// A step as its form sends it.
#[derive(Clone)]
pub struct NewStep {
    /// Made with the form, so that a form sent twice is one step.
    pub id: StepId,
    /// What it is.
    pub kind: StepKind,
    /// The answers, by the code of their field.
    pub fields: BTreeMap<String, String>,
    /// Colleagues who took part.
    pub persons: Vec<PersonId>,
}

impl App {
    /// Adds a step to a warning. It meets what it fulfils, moves the stage on, and where it tells of self-harm the level is
    /// at least high until a person lowers it.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every wrong field, or when the warning is closed; [`Error::NotFound`] when the person may not
    /// write there.
    pub async fn write_step(&self, viewer: &Viewer, id: WarningId, new: &NewStep) -> Result<()> {
        self.may_with_warning::<Append>(viewer, id).await?;
        if !WRITTEN.contains(&new.kind) {
            return Err(Error::NotFound);
        }
        let now = school_time(self.now()).datetime();
        let fields = checked(new.kind, &new.fields, now).map_err(|problems| {
            Error::Invalid(problems.into_iter().map(|(field, code)| FieldProblem { field, code }).collect())
        })?;
        again(|| self.try_write_step(viewer, id, new, fields.clone())).await
    }

    async fn try_write_step(
        &self,
        viewer: &Viewer,
        id: WarningId,
        new: &NewStep,
        fields: BTreeMap<String, String>,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        let mut case = self.case::<Append>(&mut tx, viewer, id).await?;
        check_stage(new.kind, case.warning.stage)?;
        let colleagues = tx.persons(case.warning.school_id).await?;
        if new.persons.iter().any(|person| !colleagues.iter().any(|colleague| colleague.id == *person)) {
            return Err(Error::field("members", "choose"));
        }
        let danger = Step { kind: new.kind, fields, severity: None, persons: new.persons.clone(), letter: None };
        let raises = tells_of_self_harm(&danger) && case.state.severity < Some(Severity::High);
        let step = Step { severity: raises.then_some(Severity::High), ..danger };
        if !self.add_step(&mut tx, &case.permit, &case.keys, &case.warning, new.id, &step).await? {
            return Ok(tx.leave().await?);
        }
        let now = self.now();
        for task in fulfils(&step) {
            self.meet_task(&mut tx, &case.permit, &case.read, &case.keys, id, task).await?;
        }
        if prevents(&step) {
            case.warning.prevented_at.get_or_insert(now);
        }
        if case.warning.stage == Stage::Acknowledged && new.kind != StepKind::Remark {
            case.warning.stage = Stage::Assessing;
        }
        if raises {
            self.set_level(&mut tx, viewer, &mut case, Severity::High).await?;
        }
        if new.kind == StepKind::FollowUp && case.warning.stage != Stage::Watching {
            self.set_next_follow_up(&mut tx, &case).await?;
            self.weekly_follow_up(&mut tx, &case).await?;
        }
        let event = if new.kind == StepKind::Review {
            self.close_after_review(&mut tx, &mut case).await?;
            Event::WarningClosed
        } else {
            Event::StepAdded
        };
        self.put_case(&mut tx, case, event, "").await?;
        Ok(tx.commit().await?)
    }

    /// Sets when the next follow-up is due at the level that holds, unless one is open.
    async fn set_next_follow_up(&self, tx: &mut Tx, case: &Case<Append>) -> Result<()> {
        let Some(limit) = case.state.severity.and_then(follow_up) else { return Ok(()) };
        let due_at = self.due_at(tx, case.warning.school_id, limit).await?;
        let due = Due { task: Task::FollowUp, about: String::new() };
        let new = NewDeadline { due, due_at, owner: Role::Counsellor };
        self.set_deadline(tx, &case.permit, &case.keys, &case.warning, &new).await.map(drop)
    }
}

/// A closed warning takes no more steps, and what worked is asked for when the student is watched.
fn check_stage(kind: StepKind, stage: Stage) -> Result<()> {
    match (kind, stage) {
        (_, Stage::Closed) => Err(Error::field("step", "warning-closed")),
        (StepKind::Review, Stage::Watching) => Ok(()),
        (StepKind::Review, _) => Err(Error::field("step", "review-later")),
        _ => Ok(()),
    }
}
