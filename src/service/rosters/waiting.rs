//! A roster between dry run and import: kept sealed to the person who sent it, at most for a day.
//!
//! What was read is kept and not the workbook: the columns that nobody asked for are gone before anything is written. Once
//! the import is done, only the refusals stay, so that the person can put them right.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Semaphore;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::super::{App, Error, Result, Viewer};
use super::taking::Run;
use super::{Plan, Taken};
use crate::domain::audit::Event;
use crate::domain::clock::{DAY, MINUTE};
use crate::domain::ids::{ClassId, ImportId};
use crate::domain::relation::Facts;
use crate::domain::roster::{self, Caution, Refusal, Roster, Unreadable};
use crate::domain::words::{Action, Kind};
use crate::policy::{Import, Permit};
use crate::store::{ImportState, StoredImport};

/// What nobody confirmed is forgotten after this long.
const KEPT: i64 = DAY;
/// A run that gave no sign of life for this long has died with its process; nothing of it was taken in.
const SILENT: i64 = MINUTE / 2;
/// How often a run gives a sign of life.
const BEAT: Duration = Duration::from_millis(500);
/// For what the kept rows are sealed.
const PURPOSE: &str = "roster";

/// Workbooks are unpacked one after the other: each may take a hundred megabytes of memory.
static READING: Semaphore = Semaphore::const_new(1);

/// What became of a workbook that was sent.
#[derive(Debug)]
pub enum RosterUpload {
    /// It was read and is kept for the person to look at.
    Kept(ImportId),
    /// It is no roster.
    Unreadable(Unreadable),
}

/// A roster that was sent, as its sender sees it.
#[derive(Debug)]
pub struct KeptRoster {
    /// Its id.
    pub id: ImportId,
    /// When it was sent, microseconds UTC.
    pub sent_at: i64,
    /// Where it stands. A run whose process died counts as failed.
    pub state: ImportState,
    /// Rows sealed so far.
    pub done: i64,
    /// Rows in all.
    pub total: i64,
    /// What taking it in would do; while it waits or after it failed.
    pub plan: Option<Plan>,
    /// What came of it, once it is done.
    pub taken: Option<Taken>,
    /// The refusals, once it is done.
    pub refused: Vec<Refusal>,
    /// The cautions, once it is done.
    pub cautions: Vec<Caution>,
}

/// An import under way. It holds the rows and no key.
#[derive(Debug)]
pub struct StartedImport {
    permit: Permit<Import>,
    plan: Plan,
    run: Run,
}

impl App {
    /// Reads a workbook and keeps its rows for the person to look at. Nothing is taken in.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a person who may import nothing.
    pub async fn check_roster(&self, viewer: &Viewer, workbook: Vec<u8>) -> Result<RosterUpload> {
        let (permit, only) = self.import_permit(viewer).await?;
        let year = self.school_year();
        let turn = READING.acquire().await.map_err(|closed| Error::Internal(closed.into()))?;
        let read = tokio::task::spawn_blocking(move || roster::read(&workbook, year));
        let read = read.await.map_err(|died| Error::Internal(died.into()))?;
        drop(turn);
        let roster = match read {
            Ok(roster) => roster,
            Err(unreadable) => {
                let mut tx = self.begin().await?;
                let detail = format!("unreadable={}", unreadable.code());
                tx.record(&permit, Event::RosterChecked, &detail, self.now()).await?;
                tx.commit().await?;
                return Ok(RosterUpload::Unreadable(unreadable));
            }
        };
        let id = ImportId(Uuid::new_v4());
        let now = self.now();
        let import = StoredImport {
            id,
            school_id: viewer.person.school_id,
            person_id: viewer.person.id,
            state: ImportState::Checked,
            done: 0,
            total: i64::try_from(roster.rows.len()).unwrap_or(i64::MAX),
            sealed: seal(viewer, id, &roster)?,
            result: String::new(),
            run: Uuid::nil(),
            seen_at: now,
            created_at: now,
        };
        let plan = self.plan_roster(viewer.person.school_id, roster, only.as_deref()).await?;
        let mut tx = self.begin().await?;
        tx.insert_import(&permit, &import, now - KEPT, now - SILENT).await?;
        tx.record(&permit, Event::RosterChecked, &plan.counts().detail(), now).await?;
        tx.commit().await?;
        Ok(RosterUpload::Kept(id))
    }

    /// The person's latest roster that is still kept, with when it was sent and where it stands.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a person who may import nothing.
    pub async fn latest_roster(&self, viewer: &Viewer) -> Result<Option<(ImportId, i64, ImportState)>> {
        self.import_permit(viewer).await?;
        let kept = self.db.read().await?.imports_of(viewer.person.id).await?;
        let now = self.now();
        let kept = kept.into_iter().find(|import| now - import.created_at < KEPT);
        Ok(kept.map(|import| (import.id, import.created_at, self.state_of(&import))))
    }

    /// One roster that the person sent: what taking it in would do, how far it is, or what came of it.
    ///
    /// # Errors
    /// [`Error::NotFound`] for somebody else's, or when it is no longer kept.
    pub async fn kept_roster(&self, viewer: &Viewer, id: ImportId) -> Result<KeptRoster> {
        let (_, only) = self.import_permit(viewer).await?;
        let import = self.own_import(viewer, id).await?;
        let state = self.state_of(&import);
        let mut kept = KeptRoster {
            id,
            sent_at: import.created_at,
            state,
            done: import.done,
            total: import.total,
            plan: None,
            taken: Taken::parse(&import.result),
            refused: Vec::new(),
            cautions: Vec::new(),
        };
        match state {
            ImportState::Running => {}
            ImportState::Done => {
                let roster = open(viewer, &import)?;
                (kept.refused, kept.cautions) = (roster.refused, roster.cautions);
            }
            ImportState::Checked | ImportState::Failed => {
                let roster = open(viewer, &import)?;
                kept.plan = Some(self.plan_roster(import.school_id, roster, only.as_deref()).await?);
            }
        }
        Ok(kept)
    }

    /// Starts taking a roster in; the plan is made anew, so that what happened since the dry run counts. None when it is
    /// done or under way already.
    ///
    /// # Errors
    /// [`Error::NotFound`] as in [`App::kept_roster`].
    pub async fn start_import(&self, viewer: &Viewer, id: ImportId) -> Result<Option<StartedImport>> {
        let (permit, only) = self.import_permit(viewer).await?;
        let import = self.own_import(viewer, id).await?;
        if matches!(self.state_of(&import), ImportState::Done | ImportState::Running) {
            return Ok(None);
        }
        let roster = open(viewer, &import)?;
        let plan = self.plan_roster(import.school_id, roster, only.as_deref()).await?;
        let refusals = Roster {
            rows: Vec::new(),
            refused: plan.refused.clone(),
            cautions: plan.cautions.clone(),
            skipped: plan.skipped,
            ignored_columns: plan.ignored_columns.clone(),
            absent_columns: plan.absent_columns.clone(),
        };
        let run = Run { id: Uuid::new_v4(), refusals: seal(viewer, id, &refusals)? };
        let now = self.now();
        let mut tx = self.begin().await?;
        let started = tx.start_import(&permit, id, run.id, now, now - SILENT).await?;
        tx.commit().await?;
        Ok(started.then_some(StartedImport { permit, plan, run }))
    }

    /// Takes a started roster in, and keeps saying how far it is. Needs nobody signed in.
    ///
    /// # Errors
    /// As [`App::take_in_roster`]; then the import stands as failed and nothing was taken in.
    pub async fn run_import(&self, started: StartedImport) -> Result<Taken> {
        let StartedImport { permit, plan, run } = started;
        let id = run.id;
        let sealed = AtomicUsize::new(0);
        let progress = |count| sealed.store(count, Ordering::Relaxed);
        let idle = plan.unchanged();
        let taken = tokio::select! {
            taken = self.take_in(&permit, &plan, &progress, Some(run)) => taken,
            never = self.beat(&permit, id, || idle + sealed.load(Ordering::Relaxed)) => match never {},
        };
        if taken.is_err() {
            let mut tx = self.begin().await?;
            tx.fail_import(&permit, id).await?;
            tx.commit().await?;
        }
        taken
    }

    /// Gives signs of life for ever.
    async fn beat(&self, permit: &Permit<Import>, run: Uuid, done: impl Fn() -> usize) -> std::convert::Infallible {
        loop {
            tokio::time::sleep(BEAT).await;
            let count = i64::try_from(done()).unwrap_or(i64::MAX);
            // A sign of life that cannot be given must not end the import; the next one may.
            if let Ok(mut tx) = self.begin().await
                && tx.progress_import(permit, run, count, self.now()).await.is_ok()
            {
                tx.commit().await.ok();
            }
        }
    }

    /// The permit to import, and the classes to which it is limited: none for the whole school, else the own ones.
    async fn import_permit(&self, viewer: &Viewer) -> Result<(Permit<Import>, Option<Vec<ClassId>>)> {
        let school = viewer.person.school_id;
        let of_class = |class| viewer.standing(&Facts::class(school, class));
        let may = |class: &ClassId| self.policy.may(&of_class(*class), Kind::Roster, Action::Import);
        let at_school = viewer.at_school();
        let own: Vec<ClassId> = viewer.own_classes().filter(may).collect();
        match own.first() {
            Some(first) if !self.policy.may(&at_school, Kind::Roster, Action::Import) => {
                Ok((self.permit::<Import>(&of_class(*first), Kind::Roster, first.0).await?, Some(own)))
            }
            _ => Ok((self.permit::<Import>(&at_school, Kind::Roster, school.0).await?, None)),
        }
    }

    async fn own_import(&self, viewer: &Viewer, id: ImportId) -> Result<StoredImport> {
        let import = self.db.read().await?.import(id).await?;
        let now = self.now();
        import.filter(|i| i.person_id == viewer.person.id && now - i.created_at < KEPT).ok_or(Error::NotFound)
    }

    /// Where an import stands, knowing that the dead give no signs of life.
    fn state_of(&self, import: &StoredImport) -> ImportState {
        let died = import.state == ImportState::Running && self.now() - import.seen_at > SILENT;
        if died { ImportState::Failed } else { import.state }
    }
}

fn seal(viewer: &Viewer, id: ImportId, roster: &Roster) -> Result<Vec<u8>> {
    let json = Zeroizing::new(serde_json::to_vec(roster)?);
    Ok(viewer.ring.identity.seal_own(PURPOSE, id.0, &json)?)
}

fn open(viewer: &Viewer, import: &StoredImport) -> Result<Roster> {
    // Sealed to an identity that was renewed since: to the person it is gone.
    let json = viewer.ring.identity.open_own(PURPOSE, import.id.0, &import.sealed).map_err(|_| Error::NotFound)?;
    Ok(serde_json::from_slice(&json)?)
}
