//! The helper's own page: who waits for an answer, the students of today's pairings, and what comes next for each.

use std::collections::HashSet;

use uuid::Uuid;

use super::approach::is_sealed_away;
use super::files::{card_spot, entry_spot};
use super::{App, Error, Keys, Result, Viewer};
use crate::domain::audit::Event;
use crate::domain::helping::NeedsCard;
use crate::domain::ids::{PairingId, PersonId, StudentId};
use crate::domain::record::{Card, EntryText};
use crate::domain::words::{Action, Compartment, Kind, Relation, Role};
use crate::policy::{Permit, Read, Refused};
use crate::store::{Class, Conn, NewWrap, Pairing, PairingState};

/// Entries among which the last one is looked for: the newest written may correct an older one.
const RECENT: i64 = 20;
/// Sent entries shown to somebody from outside.
const SENT: i64 = 10;

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

/// A child as somebody from outside sees them: an alias and the needs.
#[derive(Debug)]
pub struct HelpedOutside {
    /// The pairing.
    pub pairing: PairingId,
    /// What they were handed.
    pub card: NeedsCard,
    /// Last day of the pairing, `YYYY-MM-DD`.
    pub ends: String,
    /// When they sent an entry, and whether it stands in the file.
    pub sent: Vec<(i64, bool)>,
}

/// A pairing that waits for the helper's answer.
#[derive(Debug)]
pub struct Asked {
    /// The pairing.
    pub pairing: PairingId,
    /// The name of who asked.
    pub by: String,
    /// First and last day, `YYYY-MM-DD`.
    pub days: (String, String),
}

/// The helper's page.
#[derive(Debug, Default)]
pub struct Helping {
    /// What waits for an answer.
    pub asked: Vec<Asked>,
    /// Today's students.
    pub helped: Vec<Helped>,
    /// Today's children of somebody from outside.
    pub outside: Vec<HelpedOutside>,
    /// How many pairings rest.
    pub resting: usize,
    /// The background check of somebody from outside is wanting or older than a year: nothing opens.
    pub check_over: bool,
}

impl App {
    /// What waits for the person, and whom they help today. Leaves one line in the file of each.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anyone who is no helper.
    pub async fn helping(&self, viewer: &Viewer) -> Result<Helping> {
        if !viewer.has(Role::Helper) && !viewer.has(Role::ExternalHelper) {
            return self.refuse_helping(viewer).await;
        }
        let today = self.today();
        let mut conn = self.db.read().await?;
        let (mut page, mut traces) = (Helping::default(), Vec::new());
        page.check_over = viewer.has(Role::ExternalHelper) && !self.is_checked(&mut conn, viewer.person.id).await?;
        for pairing in conn.pairings_of_helper(viewer.person.id).await? {
            match pairing.state(&today) {
                PairingState::Proposed if is_sealed_away(&mut conn, pairing.student_id).await? => {}
                PairingState::Proposed => page.asked.push(asked(&mut conn, pairing).await?),
                PairingState::Paused => page.resting += 1,
                PairingState::Running if pairing.outside => {
                    self.helped_outside(&mut conn, viewer, &pairing, &mut page, &mut traces).await?;
                }
                PairingState::Running => self.helped(&mut conn, viewer, &pairing, &mut page, &mut traces).await?,
                _ => {}
            }
        }
        drop(conn);
        self.leave_traces(&traces).await?;
        Ok(page)
    }

    async fn helped(
        &self,
        conn: &mut Conn,
        viewer: &Viewer,
        pairing: &Pairing,
        page: &mut Helping,
        traces: &mut Vec<(Permit<Read>, Vec<NewWrap>)>,
    ) -> Result<()> {
        let approach = self.approach(conn, viewer, pairing.student_id).await?;
        let permit = self.policy.permit::<Read>(&approach.standing, Kind::Support, pairing.student_id.0);
        let Ok(permit) = permit else { return Ok(()) };
        let keys = Keys::of(conn, viewer, &self.secret, pairing.student_id.0).await?;
        let card = if_held(keys.read(&permit, &card_spot(pairing), &pairing.card))?;
        let last = if_held(last_entry(conn, &permit, &keys, pairing.student_id).await)?.flatten();
        let (student, ends) = (pairing.student_id, pairing.ends.clone());
        page.helped.push(Helped { student, class: approach.class, card, ends, last });
        traces.push((permit, keys.faster));
        Ok(())
    }

    async fn helped_outside(
        &self,
        conn: &mut Conn,
        viewer: &Viewer,
        pairing: &Pairing,
        page: &mut Helping,
        traces: &mut Vec<(Permit<Read>, Vec<NewWrap>)>,
    ) -> Result<()> {
        let approach = self.approach(conn, viewer, pairing.student_id).await?;
        let (permit, card) = match self.read_handed(viewer, &approach.standing, pairing) {
            Err(Error::NotFound) => return Ok(()),
            read => read?,
        };
        let sent = conn.contributed(viewer.person.id, pairing.student_id, SENT).await?;
        page.outside.push(HelpedOutside { pairing: pairing.id, card, ends: pairing.ends.clone(), sent });
        traces.push((permit, Vec::new()));
        Ok(())
    }

    /// One line for each pairing that was looked into, in one transaction.
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
    async fn refuse_helping(&self, viewer: &Viewer) -> Result<Helping> {
        let role = viewer.duties.first().map(|duty| duty.role);
        let (kind, action, object) = (Kind::Pairing, Action::Read, viewer.person.id.0);
        let refused = Refused { role, relation: Relation::SameSchool, kind, action, object };
        let mut tx = self.begin().await?;
        tx.record_refusal(&refused, viewer.person.id, viewer.person.school_id, self.now()).await?;
        tx.commit().await?;
        Err(Error::NotFound)
    }
}

/// What a helper learns of a pairing before the answer: who asks, and for which days.
async fn asked(conn: &mut Conn, pairing: Pairing) -> Result<Asked> {
    let by = match pairing.started_by {
        Some(id) => conn.person(PersonId(id)).await?.map_or_else(String::new, |person| person.name),
        None => String::new(),
    };
    Ok(Asked { pairing: pairing.id, by, days: (pairing.starts, pairing.ends) })
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
