//! What every act on a warning shares: its keys, its steps, its state, its due times.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::keys::Spot;
use super::{App, Approach, Error, Keys, Result, Viewer};
use crate::domain::ids::{DeadlineId, StepId, WarningId};
use crate::domain::warning::{State, Step, Task};
use crate::domain::words::{Compartment, Role};
use crate::policy::{Act, Opens, Permit};
use crate::store::{Cell, CellTable, Deadline, StoredStep, Tx, Warning};

/// What is due, as it stands sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    /// The task.
    pub task: Task,
    /// What it is about, where the task alone does not say it.
    #[serde(default)]
    pub about: String,
}

/// A value in the `warning` compartment: where it stands.
pub(crate) fn cell_spot(table: CellTable, row: Uuid, epoch: i64, version: i64) -> Spot<'static> {
    Spot {
        table: table.as_str(),
        row,
        column: "sealed",
        compartment: Compartment::Warning,
        owner: Uuid::nil(),
        epoch,
        version,
    }
}

/// Where a stored cell stands.
pub(crate) fn spot_of(cell: &Cell) -> Spot<'static> {
    cell_spot(cell.table, cell.row, cell.epoch, cell.version)
}

/// The state of a warning.
pub(crate) fn read_state<A: Opens>(keys: &Keys, permit: &Permit<A>, warning: &Warning) -> Result<State> {
    let spot = cell_spot(CellTable::Warnings, warning.id.0, warning.epoch, warning.version);
    keys.read(permit, &spot, &warning.sealed)
}

/// A step of a timeline.
pub(crate) fn read_step<A: Opens>(keys: &Keys, permit: &Permit<A>, step: &StoredStep) -> Result<Step> {
    keys.read(permit, &cell_spot(CellTable::Steps, step.id.0, step.epoch, 1), &step.sealed)
}

/// What is due.
pub(crate) fn read_due<A: Opens>(keys: &Keys, permit: &Permit<A>, deadline: &Deadline) -> Result<Due> {
    let spot = cell_spot(CellTable::Deadlines, deadline.id.0, deadline.epoch, deadline.version);
    keys.read(permit, &spot, &deadline.sealed)
}

/// Something due, about to be set.
#[derive(Debug, Clone)]
pub(crate) struct NewDeadline {
    /// What.
    pub due: Due,
    /// Until when, microseconds UTC.
    pub due_at: i64,
    /// Who must do it.
    pub owner: Role,
}

impl App {
    /// The keys of a file for writing into the `warning` compartment.
    ///
    /// # Errors
    /// The database.
    pub(crate) async fn case_keys<A: Act>(
        &self,
        tx: &mut Tx,
        viewer: &Viewer,
        permit: &Permit<A>,
        approach: &Approach,
    ) -> Result<Keys> {
        self.keys_for_writing(tx, viewer, permit, approach, Compartment::Warning).await
    }

    /// Adds a step to the timeline; `false` where the same form was sent before.
    ///
    /// # Errors
    /// [`Error::NoKey`]; the database.
    pub(crate) async fn add_step<A: Act>(
        &self,
        tx: &mut Tx,
        permit: &Permit<A>,
        keys: &Keys,
        warning: &Warning,
        id: StepId,
        step: &Step,
    ) -> Result<bool> {
        let mut spot = cell_spot(CellTable::Steps, id.0, 0, 1);
        let sealed = keys.seal(&mut spot, step)?;
        let stored = StoredStep {
            warning_id: warning.id,
            id,
            student_id: warning.student_id,
            author: permit.actor(),
            written_at: self.now(),
            epoch: spot.epoch,
            sealed,
        };
        Ok(tx.insert_step(permit, &stored).await?)
    }

    /// Stores a warning with its next state, if nobody else came first.
    ///
    /// # Errors
    /// [`Error::Raced`] when a colleague changed it meanwhile: the act is to be tried again; [`Error::NoKey`].
    pub(crate) async fn put_state<A: Act>(
        &self,
        tx: &mut Tx,
        permit: &Permit<A>,
        keys: &Keys,
        warning: Warning,
        state: &State,
    ) -> Result<Warning> {
        self.put_counted(tx, permit, keys, warning, state).await.map(|(warning, _)| warning)
    }

    /// As [`App::put_state`]; gives the ids of its facts too.
    pub(crate) async fn put_counted<A: Act>(
        &self,
        tx: &mut Tx,
        permit: &Permit<A>,
        keys: &Keys,
        mut warning: Warning,
        state: &State,
    ) -> Result<(Warning, Vec<Uuid>)> {
        let mut state = state.clone();
        let facts = self.count_warning(tx, permit, &warning, &mut state).await?;
        warning.version += 1;
        seal_state(keys, &mut warning, &state)?;
        if tx.put_warning(permit, &warning).await? { Ok((warning, facts)) } else { Err(Error::Raced) }
    }

    /// Sets a due time of a warning.
    ///
    /// # Errors
    /// [`Error::NoKey`]; the database.
    pub(crate) async fn set_deadline<A: Act>(
        &self,
        tx: &mut Tx,
        permit: &Permit<A>,
        keys: &Keys,
        warning: &Warning,
        new: &NewDeadline,
    ) -> Result<DeadlineId> {
        let id = DeadlineId(Uuid::now_v7());
        let mut spot = cell_spot(CellTable::Deadlines, id.0, 0, 1);
        let sealed = keys.seal(&mut spot, &new.due)?;
        let deadline = Deadline {
            id,
            school_id: warning.school_id,
            student_id: warning.student_id,
            warning_id: Some(warning.id.0),
            owner: new.owner,
            due_at: new.due_at,
            next_at: Some(new.due_at),
            rung: 0,
            done_at: None,
            done_by: None,
            epoch: spot.epoch,
            version: 1,
            sealed,
        };
        tx.insert_deadline(permit, &deadline).await?;
        Ok(id)
    }

    /// Notes that every open due time of this task on this warning was met. Gives how many there were.
    ///
    /// # Errors
    /// [`Error::NoKey`]; the database.
    pub(crate) async fn meet_task<A: Act, R: Opens>(
        &self,
        tx: &mut Tx,
        permit: &Permit<A>,
        read: &Permit<R>,
        keys: &Keys,
        warning: WarningId,
        task: Task,
    ) -> Result<usize> {
        let mut met = 0;
        for deadline in tx.deadlines_of_warning(warning).await?.iter().filter(|d| d.done_at.is_none()) {
            if read_due(keys, read, deadline)?.task == task && tx.meet_deadline(permit, deadline.id, self.now()).await?
            {
                met += 1;
            }
        }
        Ok(met)
    }
}

/// Seals a state into a warning that is about to be stored.
///
/// # Errors
/// [`Error::NoKey`].
pub(crate) fn seal_state(keys: &Keys, warning: &mut Warning, state: &State) -> Result<()> {
    let mut spot = cell_spot(CellTable::Warnings, warning.id.0, 0, warning.version);
    warning.sealed = keys.seal(&mut spot, state)?;
    warning.epoch = spot.epoch;
    Ok(())
}
