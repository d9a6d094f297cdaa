//! 封存: a closed file is kept and read by nobody.
//!
//! One of those who keep files seals it away; two take it out again, one asks and another signs. What holds meanwhile is one line
//! of [`crate::policy`]; here is only how a file comes into that state and out of it.

use uuid::Uuid;

use super::{FileKeeping, REASON, hindrances, text};
use crate::domain::audit::Event;
use crate::domain::ids::StudentId;
use crate::domain::keeping::{Hindrance, KeepingKind, Unsealing};
use crate::domain::words::{Compartment, FileStatus};
use crate::policy::{Manage, Sign};
use crate::service::error::again;
use crate::service::{App, Error, Result, Viewer};

/// The stages from which a file is sealed away.
const CLOSED: [FileStatus; 2] = [FileStatus::Closed, FileStatus::NotTaken];

impl FileKeeping {
    /// Whether the file is sealed away.
    #[must_use]
    pub const fn is_sealed(&self) -> bool {
        self.approach.standing.sealed
    }

    /// Whether the file is at a stage from which it is sealed away.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        CLOSED.contains(&self.approach.student.status)
    }

    /// Whether something runs that needs the file open.
    #[must_use]
    pub fn is_needed(&self) -> bool {
        self.hindrances.iter().any(|one| one.keeps_open())
    }
}

impl App {
    /// Seals a closed file away: from now on nobody reads it, and nobody writes into it. Keys and rows stay as they are. Sealing it
    /// twice is the same as once.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a file that is not closed, or while something runs that needs it; [`Error::NotFound`] when policy
    /// refuses; [`Error::NoKey`] when nobody let the person into the office yet.
    pub async fn seal_away(&self, viewer: &Viewer, id: StudentId) -> Result<()> {
        again(|| self.try_seal_away(viewer, id)).await
    }

    async fn try_seal_away(&self, viewer: &Viewer, id: StudentId) -> Result<()> {
        let (mut tx, approach, permit) = self.keeping_act::<Manage>(viewer, id).await?;
        if approach.standing.sealed {
            return Ok(tx.leave().await?);
        }
        if !CLOSED.contains(&approach.student.status) {
            return Err(Error::field("seal", "file-not-closed"));
        }
        // Who writes under one of its keys at this moment is waited for, and what they began is seen.
        tx.hold_all_keys(&permit).await?;
        // The key of its warnings is made where there is none yet: it is the lock of whoever begins one.
        self.keys_for_writing(&mut tx, viewer, &permit, &approach, Compartment::Warning).await?;
        if hindrances(&mut tx, &approach).await?.into_iter().any(Hindrance::keeps_open) {
            return Err(Error::field("seal", "seal-hindered"));
        }
        self.count_out(&mut tx, viewer, &permit, &approach).await?;
        if !tx.seal_away(&permit, approach.student.version).await? {
            return Err(Error::Raced);
        }
        tx.record(&permit, Event::FileSealedAway, "", self.now()).await?;
        Ok(tx.commit().await?)
    }

    /// Asks that a file be unsealed. Another person signs; whoever could is told that something waits. Asking for what was asked
    /// already changes nothing.
    ///
    /// # Errors
    /// [`Error::Invalid`] without a reason, or for a file that is not sealed away; [`Error::NotFound`] when policy refuses.
    pub async fn ask_unsealing(&self, viewer: &Viewer, id: StudentId, wish: &Unsealing) -> Result<()> {
        let wish = Unsealing { why: text("need", &wish.why, REASON)?, ..wish.clone() };
        again(|| async {
            let (mut tx, approach, permit) = self.keeping_act::<Manage>(viewer, id).await?;
            if !approach.standing.sealed {
                return Err(Error::field("unseal", "file-not-sealed"));
            }
            if self.set_keeping(&mut tx, viewer, &permit, &approach, KeepingKind::Unsealing, &wish).await? {
                let others = self.other_keepers(&mut tx, viewer).await?;
                self.tell(&mut tx, viewer.person.school_id, &others, &format!("/files/{id}/erasure")).await?;
                tx.record(&permit, Event::UnsealingAsked, "", self.now()).await?;
            }
            Ok(tx.commit().await?)
        })
        .await
    }

    /// Takes such a request back: whoever asked, or whoever would have to sign.
    ///
    /// # Errors
    /// [`Error::NotFound`] when policy refuses.
    pub async fn withdraw_unsealing(&self, viewer: &Viewer, id: StudentId, request: Uuid) -> Result<()> {
        self.take_back(viewer, id, request, Event::UnsealingWithdrawn).await
    }

    /// Signs what somebody else asked for: the file is a closed one again, and whoever may read such a file reads it. Signing twice
    /// is the same as once.
    ///
    /// # Errors
    /// [`Error::Invalid`] for the person who asked; [`Error::Stale`] when the request is not the one that the person saw;
    /// [`Error::NotFound`] when policy refuses.
    pub async fn sign_unsealing(&self, viewer: &Viewer, id: StudentId, request: Uuid) -> Result<()> {
        again(|| self.try_sign_unsealing(viewer, id, request)).await
    }

    async fn try_sign_unsealing(&self, viewer: &Viewer, id: StudentId, request: Uuid) -> Result<()> {
        let (mut tx, approach, permit) = self.keeping_act::<Sign>(viewer, id).await?;
        if !approach.standing.sealed {
            return Ok(tx.leave().await?);
        }
        let asked = tx.keepings(id).await?.into_iter().find(|one| one.kind == KeepingKind::Unsealing);
        let asked = asked.filter(|one| one.id == request).ok_or_else(|| Error::Stale(Vec::new()))?;
        if asked.made_by == viewer.person.id {
            return Err(Error::field("unseal", "own-request"));
        }
        let unsealed = tx.unseal(&permit, approach.student.version).await?;
        if !unsealed || !tx.delete_keeping(&permit, request).await? {
            return Err(Error::Raced);
        }
        self.tell(&mut tx, permit.school(), &[asked.made_by].into(), &format!("/files/{id}")).await?;
        // Who asked, and not on what ground: that a child needs help again is nobody's to read in a line.
        tx.record(&permit, Event::FileUnsealed, &format!("asked={}", asked.made_by), self.now()).await?;
        Ok(tx.commit().await?)
    }
}

#[cfg(test)]
mod tests;
