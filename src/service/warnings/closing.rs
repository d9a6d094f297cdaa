//! Lifting and closing: asked for by one, signed by another, refused while something is open; then a time of watching and a
//! review of what worked.

use super::{Case, checked_reason, reasoned};
use crate::domain::audit::Event;
use crate::domain::ids::{StepId, WarningId};
use crate::domain::referral::ReferralStage;
use crate::domain::warning::{LetterKind, LetterState, Severity, Stage, StepKind, Task, watch_period};
use crate::domain::words::Role;
use crate::policy::{Act, Sign, Write};
use crate::service::cases::{NewDeadline, read_due};
use crate::service::error::again;
use crate::service::{App, Due, Error, Result, Viewer};
use crate::store::Tx;

impl App {
    /// Asks for lifting a warning.
    ///
    /// # Errors
    /// [`Error::Invalid`] without a reason, before a level was set, or while something is open; [`Error::NotFound`] when the
    /// person may not.
    pub async fn ask_closing(&self, viewer: &Viewer, id: WarningId, step: StepId, reason: &str) -> Result<()> {
        self.may_with_warning::<Write>(viewer, id).await?;
        checked_reason(reason)?;
        again(|| self.try_ask_closing(viewer, id, step, reason)).await
    }

    async fn try_ask_closing(&self, viewer: &Viewer, id: WarningId, step: StepId, reason: &str) -> Result<()> {
        let mut tx = self.begin().await?;
        let mut case = self.case::<Write>(&mut tx, viewer, id).await?;
        let asked = reasoned(StepKind::ClosingAsked, reason);
        if tx.steps(id).await?.iter().any(|stands| stands.id == step) {
            return Ok(tx.leave().await?);
        }
        if let Some(code) = self.obstacle(&mut tx, &case).await? {
            return Err(Error::field("closing", code));
        }
        self.add_step(&mut tx, &case.permit, &case.keys, &case.warning, step, &asked).await?;
        case.state.closing = Some(viewer.person.id);
        self.tell_signers(&mut tx, &case).await?;
        self.put_case(&mut tx, case, Event::ClosingAsked, "").await?;
        Ok(tx.commit().await?)
    }

    /// Why a warning cannot be lifted now, if anything stands in the way: the code of the message.
    pub(crate) async fn obstacle<A: Act>(&self, tx: &mut Tx, case: &Case<A>) -> Result<Option<&'static str>> {
        let code = match case.warning.stage {
            Stage::Closed => Some("warning-closed"),
            Stage::Watching => Some("lifted-already"),
            _ if case.state.severity.is_none() => Some("no-level-yet"),
            _ if case.state.lowering.is_some() => Some("lowering-waits"),
            _ => None,
        };
        if code.is_some() {
            return Ok(code);
        }
        if tx.crises_of_warning(case.warning.id).await?.iter().any(|crisis| crisis.closed_at.is_none()) {
            return Ok(Some("crisis-open"));
        }
        if tx.referrals_of_warning(case.warning.id).await?.iter().any(|one| one.stage != ReferralStage::Ended) {
            return Ok(Some("referral-open"));
        }
        let now = self.now();
        for open in tx.deadlines_of_warning(case.warning.id).await?.iter().filter(|d| d.done_at.is_none()) {
            // The next follow-up is always open; only one that is overdue stands in the way.
            let coming = open.due_at > now && read_due(&case.keys, &case.read, open)?.task == Task::FollowUp;
            if !coming {
                return Ok(Some("tasks-open"));
            }
        }
        Ok(None)
    }

    /// Signs or refuses lifting a warning that a colleague asked for. Once it is signed the student is watched for a while,
    /// those who reported learn that it was dealt with, and briefs are wiped.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the person asked for it, refuses without a reason, something is open or nothing waits;
    /// [`Error::NotFound`] when the person signs nothing.
    pub async fn decide_closing(&self, viewer: &Viewer, id: WarningId, signs: bool, reason: &str) -> Result<()> {
        self.may_with_warning::<Sign>(viewer, id).await?;
        if !signs {
            checked_reason(reason)?;
        }
        again(|| self.try_decide_closing(viewer, id, signs, reason)).await
    }

    async fn try_decide_closing(&self, viewer: &Viewer, id: WarningId, signs: bool, reason: &str) -> Result<()> {
        let mut tx = self.begin().await?;
        let mut case = self.case::<Sign>(&mut tx, viewer, id).await?;
        let Some(asker) = case.state.closing else { return Err(Error::field("sign", "nothing-to-sign")) };
        if asker == viewer.person.id {
            return Err(Error::field("sign", "asked-yourself"));
        }
        if signs && let Some(code) = self.obstacle(&mut tx, &case).await? {
            return Err(Error::field("sign", code));
        }
        let kind = if signs { StepKind::ClosingSigned } else { StepKind::ClosingRefused };
        let mut step = reasoned(kind, reason);
        step.persons = vec![asker];
        let step_id = StepId(uuid::Uuid::now_v7());
        self.add_step(&mut tx, &case.permit, &case.keys, &case.warning, step_id, &step).await?;
        case.state.closing = None;
        if signs {
            self.watch(&mut tx, &mut case).await?;
        }
        self.tell(&mut tx, case.warning.school_id, &[asker].into(), &format!("/warnings/{id}")).await?;
        let detail = if signs { "signed" } else { "refused" };
        self.put_case(&mut tx, case, Event::ClosingDecided, detail).await?;
        Ok(tx.commit().await?)
    }

    /// Lifted: watched from now on, until what worked is reviewed.
    async fn watch(&self, tx: &mut Tx, case: &mut Case<Sign>) -> Result<()> {
        let id = case.warning.id;
        case.warning.stage = Stage::Watching;
        case.warning.controlled_at = Some(self.now());
        for open in tx.deadlines_of_warning(id).await?.iter().filter(|d| d.done_at.is_none()) {
            tx.withdraw_deadline(&case.permit, open.id).await?;
        }
        let limit = watch_period(case.state.severity.unwrap_or(Severity::Watch));
        let due_at = self.due_at(tx, case.warning.school_id, limit).await?;
        let due = Due { task: Task::Review, about: String::new() };
        let review = NewDeadline { due, due_at, owner: Role::Counsellor };
        self.set_deadline(tx, &case.permit, &case.keys, &case.warning, &review).await?;
        for kind in [LetterKind::Concern, LetterKind::Signal, LetterKind::Brief] {
            tx.end_letters_of(&case.permit, id, kind, LetterState::Done).await?;
        }
        Ok(())
    }

    /// The review of what worked was written: the warning is closed, and nothing of it is due any more.
    pub(super) async fn close_after_review<A: Act>(&self, tx: &mut Tx, case: &mut Case<A>) -> Result<()> {
        let id = case.warning.id;
        (case.warning.stage, case.warning.closed_at) = (Stage::Closed, Some(self.now()));
        for open in tx.deadlines_of_warning(id).await?.iter().filter(|d| d.done_at.is_none()) {
            tx.withdraw_deadline(&case.permit, open.id).await?;
        }
        for kind in [LetterKind::Concern, LetterKind::Signal, LetterKind::Brief] {
            tx.end_letters_of(&case.permit, id, kind, LetterState::Done).await?;
        }
        Ok(())
    }
}
