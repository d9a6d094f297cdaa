//! The helper's own page: the students of today's pairings, and what comes next for each.

use std::collections::HashSet;

use uuid::Uuid;

use super::files::{card_spot, entry_spot};
use super::{App, Error, Keys, Result, Viewer};
use crate::domain::audit::Event;
use crate::domain::ids::StudentId;
use crate::domain::record::{Card, EntryText};
use crate::domain::words::{Action, Compartment, Kind, Relation, Role};
use crate::policy::{Permit, Read, Refused};
use crate::store::{Class, Conn, NewWrap};

/// Entries among which the last one is looked for: the newest written may correct an older one.
const RECENT: i64 = 20;

/// A student as the helper's own page shows them.
#[derive(Debug)]
pub struct Helped {
    /// The student.
    pub student: StudentId,
    /// The class of today.
    pub class: Class,
    /// What the helper may know of the roster row; `None` while the key has not been handed over again.
    pub card: Option<Card>,
    /// Last day of the pairing, `YYYY-MM-DD`.
    pub ends: String,
    /// The last entry.
    pub last: Option<EntryText>,
}

impl App {
    /// The students whom the person helps today. Leaves one line in the file of each.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anyone who is no helper.
    pub async fn helping(&self, viewer: &Viewer) -> Result<Vec<Helped>> {
        if !viewer.has(Role::Helper) {
            return self.refuse_helping(viewer).await;
        }
        let today = self.today();
        let mut conn = self.db.read().await?;
        let (mut helped, mut traces) = (Vec::new(), Vec::new());
        for pairing in conn.pairings_of_helper(viewer.person.id).await?.iter().filter(|p| p.is_active(&today)) {
            let approach = self.approach(&mut conn, viewer, pairing.student_id).await?;
            let permit = self.policy.permit::<Read>(&approach.standing, Kind::Support, pairing.student_id.0);
            let Ok(permit) = permit else { continue };
            let keys = Keys::of(&mut conn, viewer, &self.secret, pairing.student_id.0).await?;
            let card = if_held(keys.read(&permit, &card_spot(pairing), &pairing.card))?;
            let last = if_held(last_entry(&mut conn, &permit, &keys, pairing.student_id).await)?.flatten();
            let (student, ends) = (pairing.student_id, pairing.ends.clone());
            helped.push(Helped { student, class: approach.class, card, ends, last });
            traces.push((permit, keys.faster));
        }
        drop(conn);
        self.leave_traces(&traces).await?;
        Ok(helped)
    }

    /// One line in each file that was looked into, in one transaction.
    async fn leave_traces(&self, traces: &[(Permit<Read>, Vec<NewWrap>)]) -> Result<()> {
        if traces.is_empty() {
            return Ok(());
        }
        let mut tx = self.begin().await?;
        for (permit, faster) in traces {
            tx.record(permit, Event::PairingsRead, "", self.now()).await?;
            for wrap in faster {
                tx.insert_wrap(permit, wrap).await?;
            }
        }
        Ok(tx.commit().await?)
    }

    /// Records that somebody who is no helper asked for the helper's page.
    async fn refuse_helping(&self, viewer: &Viewer) -> Result<Vec<Helped>> {
        let role = viewer.duties.first().map(|duty| duty.role);
        let (kind, action, object) = (Kind::Pairing, Action::Read, viewer.person.id.0);
        let refused = Refused { role, relation: Relation::SameSchool, kind, action, object };
        let mut tx = self.begin().await?;
        tx.record_refusal(&refused, viewer.person.id, viewer.person.school_id, self.now()).await?;
        tx.commit().await?;
        Err(Error::NotFound)
    }
}

/// The latest day that an uncorrected entry tells of.
async fn last_entry(
    conn: &mut Conn,
    permit: &Permit<Read>,
    keys: &Keys,
    student: StudentId,
) -> Result<Option<EntryText>> {
    let entries = conn.entries(student, Compartment::Support, Uuid::nil(), RECENT).await?;
    let corrected: HashSet<Uuid> = entries.iter().filter_map(|entry| entry.corrects).collect();
    let mut last: Option<EntryText> = None;
    for entry in entries.iter().filter(|entry| !corrected.contains(&entry.id.0)) {
        let text: EntryText = keys.read(permit, &entry_spot(entry), &entry.sealed)?;
        // Newest written first: of two entries of one day the one written later stays.
        if last.as_ref().is_none_or(|last| text.date > last.date) {
            last = Some(text);
        }
    }
    Ok(last)
}

/// What the person holds the key for; a missing key is no failure here.
fn if_held<T>(read: Result<T>) -> Result<Option<T>> {
    match read {
        Ok(content) => Ok(Some(content)),
        Err(Error::NoKey) => Ok(None),
        Err(other) => Err(other),
    }
}
