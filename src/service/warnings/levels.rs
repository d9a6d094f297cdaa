//! Levels: one person raises, two lower. A level brings its due times and tells those whom the routing table names.

use std::collections::BTreeSet;

use super::{Case, checked_reason, reasoned};
use crate::domain::audit::Event;
use crate::domain::ids::{PersonId, SchoolId, StepId, WarningId};
use crate::domain::routing::{Arrival, arrival};
use crate::domain::warning::{Limit, Severity, Stage, State, StepKind, Task, follow_up, tasks};
use crate::domain::words::Role;
use crate::policy::{Act, Sign, Write};
use crate::service::cases::{NewDeadline, read_due};
use crate::service::error::again;
use crate::service::{App, Due, Error, Result, Stale, Viewer};
use crate::store::{Deadline, Tx};

/// The tasks that levels bring; all others belong to what brought them.
const OF_LEVELS: &[Task] = &[
    Task::Acknowledge,
    Task::Attend,
    Task::Assess,
    Task::InformGuardian,
    Task::InformBureau,
    Task::Confer,
    Task::Plan,
    Task::OfferReferral,
    Task::Talk,
    Task::FollowUp,
];

/// A level as its form sends it.
#[derive(Debug, Clone)]
pub struct Grading {
    /// Made with the form, so that a form sent twice is one step.
    pub id: StepId,
    /// The level.
    pub severity: Severity,
    /// Why.
    pub reason: String,
    /// The version of the warning that the person saw.
    pub seen: i64,
}

impl App {
    /// Sets or raises the level of a warning at once; a lower one is asked for and waits for a second person.
    /// Gives whether it holds already.
    ///
    /// # Errors
    /// [`Error::Stale`] when a colleague changed the warning meanwhile; [`Error::Invalid`] without a reason or for the level
    /// that holds; [`Error::NotFound`] when the person may not set levels.
    pub async fn grade(&self, viewer: &Viewer, id: WarningId, grading: &Grading) -> Result<bool> {
        self.may_with_warning::<Write>(viewer, id).await?;
        checked_reason(&grading.reason)?;
        again(|| self.try_grade(viewer, id, grading)).await
    }

    async fn try_grade(&self, viewer: &Viewer, id: WarningId, grading: &Grading) -> Result<bool> {
        let mut tx = self.begin().await?;
        let mut case = self.case::<Write>(&mut tx, viewer, id).await?;
        let lowers = case.state.severity.is_some_and(|stands| grading.severity < stands);
        let kind = if lowers { StepKind::LoweringAsked } else { StepKind::Graded };
        if tx.steps(id).await?.iter().any(|step| step.id == grading.id) {
            tx.leave().await?;
            return Ok(!lowers);
        }
        if case.warning.version != grading.seen {
            return Err(stale(&case.state, grading, case.warning.version));
        }
        if case.warning.stage == Stage::Closed {
            return Err(Error::field("severity", "warning-closed"));
        }
        if case.state.severity == Some(grading.severity) {
            return Err(Error::field("severity", "level-holds"));
        }
        let step = crate::domain::warning::Step { severity: Some(grading.severity), ..reasoned(kind, &grading.reason) };
        self.add_step(&mut tx, &case.permit, &case.keys, &case.warning, grading.id, &step).await?;
        let event = if lowers {
            case.state.lowering = Some((grading.severity, viewer.person.id));
            self.tell_signers(&mut tx, &case).await?;
            Event::LoweringAsked
        } else {
            self.set_level(&mut tx, viewer, &mut case, grading.severity).await?;
            Event::LevelSet
        };
        self.put_case(&mut tx, case, event, "").await?;
        tx.commit().await?;
        Ok(!lowers)
    }

    /// Signs or refuses a lowering that a colleague asked for.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the person asked for it, or refuses without a reason, or nothing waits; [`Error::NotFound`]
    /// when the person signs nothing.
    pub async fn decide_lowering(&self, viewer: &Viewer, id: WarningId, signs: bool, reason: &str) -> Result<()> {
        self.may_with_warning::<Sign>(viewer, id).await?;
        if !signs {
            checked_reason(reason)?;
        }
        again(|| self.try_decide_lowering(viewer, id, signs, reason)).await
    }

    async fn try_decide_lowering(&self, viewer: &Viewer, id: WarningId, signs: bool, reason: &str) -> Result<()> {
        let mut tx = self.begin().await?;
        let mut case = self.case::<Sign>(&mut tx, viewer, id).await?;
        let Some((severity, asker)) = case.state.lowering else {
            return Err(Error::field("sign", "nothing-to-sign"));
        };
        if asker == viewer.person.id {
            return Err(Error::field("sign", "asked-yourself"));
        }
        let kind = if signs { StepKind::LoweringSigned } else { StepKind::LoweringRefused };
        let mut step = reasoned(kind, reason);
        (step.severity, step.persons) = (Some(severity), vec![asker]);
        let step_id = StepId(uuid::Uuid::now_v7());
        self.add_step(&mut tx, &case.permit, &case.keys, &case.warning, step_id, &step).await?;
        if signs {
            self.set_level(&mut tx, viewer, &mut case, severity).await?;
        }
        case.state.lowering = None;
        self.tell(&mut tx, case.warning.school_id, &[asker].into(), &format!("/warnings/{id}")).await?;
        let detail = if signs { "signed" } else { "refused" };
        self.put_case(&mut tx, case, Event::LoweringDecided, detail).await?;
        Ok(tx.commit().await?)
    }

    /// Makes a level hold: due times, stage, and word to those who must know. The caller stores the case.
    pub(super) async fn set_level<A: Act>(
        &self,
        tx: &mut Tx,
        viewer: &Viewer,
        case: &mut Case<A>,
        severity: Severity,
    ) -> Result<()> {
        case.state.severity = Some(severity);
        (case.state.lowering, case.state.closing) = (None, None);
        case.warning.stage = Stage::Acting;
        case.warning.controlled_at = None;
        case.warning.assessed_at.get_or_insert(self.now());
        self.renew_deadlines(tx, case, severity).await?;
        self.crisis_at_level(tx, case, severity).await?;
        self.tell_by_level(tx, viewer, case, severity).await
    }

    /// The due times of a level: an earlier one that is open stays, what another level asked for goes.
    async fn renew_deadlines<A: Act>(&self, tx: &mut Tx, case: &Case<A>, severity: Severity) -> Result<()> {
        let school = case.warning.school_id;
        let interviewed = self.steps_of(tx, case).await?.iter().any(|step| step.kind == StepKind::Interview);
        let mut open: Vec<(Deadline, Task)> = Vec::new();
        for deadline in tx.deadlines_of_warning(case.warning.id).await? {
            if deadline.done_at.is_none() {
                let task = read_due(&case.keys, &case.read, &deadline)?.task;
                open.push((deadline, task));
            }
        }
        open.retain(|(_, task)| OF_LEVELS.contains(task));
        let regular: Option<(Task, Limit, Role)> =
            follow_up(severity).map(|limit| (Task::FollowUp, limit, Role::Counsellor));
        for (task, limit, owner) in tasks(severity).iter().copied().chain(regular) {
            if task == Task::Assess && interviewed {
                continue;
            }
            let due_at = self.due_at(tx, school, limit).await?;
            let earlier = open.iter().position(|(stands, of)| *of == task && stands.due_at <= due_at);
            if let Some(earlier) = earlier {
                open.swap_remove(earlier);
                continue;
            }
            let new = NewDeadline { due: Due { task, about: String::new() }, due_at, owner };
            self.set_deadline(tx, &case.permit, &case.keys, &case.warning, &new).await?;
        }
        for (replaced, _) in open {
            tx.withdraw_deadline(&case.permit, replaced.id).await?;
        }
        Ok(())
    }

    /// Tells whom the routing table names, each on the page that policy opens to them.
    async fn tell_by_level<A: Act>(
        &self,
        tx: &mut Tx,
        viewer: &Viewer,
        case: &Case<A>,
        severity: Severity,
    ) -> Result<()> {
        let (school, class) = (case.warning.school_id, case.approach.class.id);
        for role in Role::ALL {
            let Some(arrival) = arrival(severity, *role) else { continue };
            let mut people = self.holders_of_role(tx, school, *role, Some(class)).await?;
            people.remove(&case.permit.actor());
            match arrival {
                Arrival::Content => self.tell(tx, school, &people, &format!("/warnings/{}", case.warning.id)).await?,
                Arrival::Brief => self.send_standard_brief(tx, viewer, case, *role, &people).await?,
                Arrival::Bell => self.tell(tx, school, &people, "/notices").await?,
            }
        }
        Ok(())
    }

    /// Tells everybody who may give the second signature, but not the one who asked.
    pub(super) async fn tell_signers<A: Act>(&self, tx: &mut Tx, case: &Case<A>) -> Result<()> {
        let school = case.warning.school_id;
        let mut signers = self.signers(tx, school).await?;
        signers.remove(&case.permit.actor());
        self.tell(tx, school, &signers, &format!("/warnings/{}", case.warning.id)).await
    }

    async fn signers(&self, tx: &mut Tx, school: SchoolId) -> Result<BTreeSet<PersonId>> {
        let mut signers = self.holders_of_role(tx, school, Role::Counsellor, None).await?;
        signers.extend(self.holders_of_role(tx, school, Role::MoralEdDirector, None).await?);
        Ok(signers)
    }
}

/// What stands there now, and what the person chose: the page shows both.
fn stale(state: &State, grading: &Grading, version: i64) -> Error {
    let theirs = state.severity.map_or_else(String::new, |severity| severity.as_str().to_owned());
    Error::Stale(vec![Stale { field: "severity", theirs, mine: grading.severity.as_str().to_owned(), version }])
}
