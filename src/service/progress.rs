//! How help goes: reviews, and what two entries running without progress bring about (`requirements.md` A15, A16).

use jiff::civil::Date;
use uuid::Uuid;

use super::approach::Approach;
use super::entries::TEXT;
use super::error::again;
use super::files::{card_spot, entry_spot};
use super::keys::Spot;
use super::letters::NewLetter;
use super::{App, Error, FieldProblem, Keys, OpenedFile, Result, Viewer, fresh};
use crate::domain::audit::Event;
use crate::domain::helping::{Condition, Review, ReviewKind, STALLED, without_progress};
use crate::domain::ids::{EntryId, LetterId, PersonId, ReviewId, StudentId};
use crate::domain::record::{Card, EntryText};
use crate::domain::warning::{LetterKind, Rule, Signal};
use crate::domain::words::{Action, Compartment, Effect, Kind, OfficeKind, Role};
use crate::policy::{Act, Permit, Read, Sign, Write};
use crate::store::{Pairing, StoredReview, Student, Tx};

/// Entries that the rule looks at.
const SEEN: i64 = 12;
/// Where signals wait for the counsellors.
const INBOX: &str = "/warnings";

/// The effects that entries and reviews of a file noted, by day.
#[derive(Debug)]
pub(crate) struct Progress(Vec<(Date, i64, Uuid, Effect)>);

impl Progress {
    /// Adds what is about to be written, in place of what it corrects. Tells whether it makes a run without progress long
    /// enough that was not so long before.
    pub fn add(&mut self, id: EntryId, corrects: Option<EntryId>, day: Date, effect: Effect) -> bool {
        let before = self.run();
        self.0.retain(|(_, _, old, _)| corrects.is_none_or(|corrected| corrected.0 != *old));
        self.0.push((day, i64::MAX, id.0, effect));
        self.0.sort_by_key(|one| std::cmp::Reverse((one.0, one.1)));
        before < STALLED && self.run() >= STALLED
    }

    fn run(&self) -> usize {
        without_progress(&self.0.iter().map(|(.., effect)| *effect).collect::<Vec<_>>())
    }

    /// The days of the run, the first one first.
    fn days(&self) -> Vec<String> {
        self.0[..self.run()].iter().rev().map(|(day, ..)| day.to_string()).collect()
    }
}

/// A review as a page shows it.
#[derive(Debug)]
pub struct ShownReview {
    /// Who wrote it.
    pub author: PersonId,
    /// When, microseconds UTC.
    pub written_at: i64,
    /// What it says.
    pub review: Review,
}

/// The tracking record 《学生关爱帮扶成长跟踪记录表》 of a student.
#[derive(Debug)]
pub struct TrackingRecord {
    /// The file.
    pub file: OpenedFile,
    /// The reviews, the oldest first.
    pub reviews: Vec<ShownReview>,
    /// The pairings with what they are about, those that were never accepted left out.
    pub pairings: Vec<(Pairing, Option<Condition>)>,
    /// Whether the person may add stage reviews and what parents say.
    pub may_review: bool,
    /// Whether the person may add the office's opinion.
    pub may_sign: bool,
}

impl App {
    /// What the newest entries and reviews say of the effect.
    pub(crate) async fn progress(
        &self,
        tx: &mut Tx,
        read: &Permit<Read>,
        keys: &Keys,
        id: StudentId,
    ) -> Result<Progress> {
        let entries = tx.entries(id, Compartment::Support, Uuid::nil(), SEEN).await?;
        let mut noted = Vec::new();
        for entry in entries.iter().filter(|entry| !entries.iter().any(|later| later.corrects == Some(entry.id.0))) {
            let text: EntryText = keys.read(read, &entry_spot(entry), &entry.sealed)?;
            noted.push((text.date, entry.written_at, entry.id.0, text.effect));
        }
        for stored in tx.reviews(id).await? {
            let review: Review = keys.read(read, &review_spot(&stored), &stored.sealed)?;
            noted.extend(review.effect.map(|effect| (review.date, stored.written_at, stored.id.0, effect)));
        }
        noted.sort_by_key(|one| std::cmp::Reverse((one.0, one.1, one.2)));
        Ok(Progress(noted))
    }

    /// Brings the moral-education office in, and leaves a signal with the counselling office: in the transaction of whatever
    /// completed the run.
    pub(crate) async fn bring_in_the_office<A: Act>(
        &self,
        tx: &mut Tx,
        permit: &Permit<A>,
        student: &Student,
        progress: &Progress,
    ) -> Result<()> {
        let signal = Signal { rule: Rule::NoProgressTwice, facts: progress.days().join("、") };
        self.leave_signal(tx, permit, fresh().into(), Some(student.id), &signal).await?;
        let directors = self.holders_of_role(tx, student.school_id, Role::MoralEdDirector, None).await?;
        self.tell(tx, student.school_id, &directors, &format!("/files/{}/record", student.id)).await
    }

    /// Seals a signal to the counselling office and tells the counsellors that something waits. Gives `false` where this
    /// signal was left before.
    pub(crate) async fn leave_signal<A: Act>(
        &self,
        tx: &mut Tx,
        permit: &Permit<A>,
        id: LetterId,
        student: Option<StudentId>,
        signal: &Signal,
    ) -> Result<bool> {
        let (_, to) = self.school_office(tx, permit.school(), OfficeKind::Counselling).await?;
        let new = NewLetter { id, kind: LetterKind::Signal, student, sender: None, content: signal };
        let left = self.send_letter(tx, permit, &to, new).await?;
        if left {
            let counsellors = self.holders_of_role(tx, permit.school(), Role::Counsellor, None).await?;
            self.tell(tx, permit.school(), &counsellors, INBOX).await?;
        }
        Ok(left)
    }

    /// Seals a review into the file that the permit is about.
    pub(crate) async fn add_review<A: Act>(
        &self,
        tx: &mut Tx,
        viewer: &Viewer,
        permit: &Permit<A>,
        approach: &Approach,
        review: &Review,
    ) -> Result<()> {
        let keys = self.keys_for_writing(tx, viewer, permit, approach, Compartment::Support).await?;
        let read = self.policy.permit::<Read>(&approach.standing, Kind::Support, approach.student.id.0);
        let read = read.map_err(|_| Error::NotFound)?;
        let mut progress = self.progress(tx, &read, &keys, approach.student.id).await?;
        let mut stored = StoredReview {
            id: ReviewId(Uuid::now_v7()),
            student_id: approach.student.id,
            author: permit.actor(),
            written_at: self.now(),
            epoch: 0,
            sealed: Vec::new(),
        };
        let mut spot = review_spot(&stored);
        stored.sealed = keys.seal(&mut spot, review)?;
        stored.epoch = spot.epoch;
        tx.insert_review(permit, &stored).await?;
        if let Some(effect) = review.effect
            && progress.add(EntryId(stored.id.0), None, review.date, effect)
        {
            self.bring_in_the_office(tx, permit, &approach.student, &progress).await?;
        }
        Ok(())
    }

    /// Adds a review: stage reviews and what parents say by those who write the support plan, the office's opinion by the
    /// moral-education office.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every wrong field; [`Error::NotFound`] for anybody else.
    pub async fn append_review(&self, viewer: &Viewer, id: StudentId, review: &Review) -> Result<()> {
        check(review, self.clock.today())?;
        again(|| self.try_append_review(viewer, id, review)).await
    }

    async fn try_append_review(&self, viewer: &Viewer, id: StudentId, review: &Review) -> Result<()> {
        let mut tx = self.begin().await?;
        let approach = self.approach(&mut tx, viewer, id).await?;
        let standing = &approach.standing;
        if review.kind == ReviewKind::Office {
            let Ok(permit) = self.policy.permit::<Sign>(standing, Kind::Support, id.0) else {
                drop(tx);
                return self.permit::<Sign>(standing, Kind::Support, id.0).await.map(drop);
            };
            self.add_review(&mut tx, viewer, &permit, &approach, review).await?;
            tx.record(&permit, Event::ReviewAppended, "", self.now()).await?;
        } else {
            let Ok(permit) = self.policy.permit::<Write>(standing, Kind::Support, id.0) else {
                drop(tx);
                return self.permit::<Write>(standing, Kind::Support, id.0).await.map(drop);
            };
            self.add_review(&mut tx, viewer, &permit, &approach, review).await?;
            tx.record(&permit, Event::ReviewAppended, "", self.now()).await?;
        }
        Ok(tx.commit().await?)
    }

    /// The tracking record of a student, as far as the person may read the file.
    ///
    /// # Errors
    /// As [`App::open_file`].
    pub async fn tracking_record(&self, viewer: &Viewer, id: StudentId) -> Result<TrackingRecord> {
        let (file, keys, support) = self.open_as(viewer, id, Event::RecordOpened).await?;
        let stored = self.db.read().await?.reviews(id).await?;
        let show = |stored: &StoredReview| {
            let review = keys.read(&support, &review_spot(stored), &stored.sealed)?;
            Ok(ShownReview { author: stored.author, written_at: stored.written_at, review })
        };
        let mut reviews = Vec::new();
        for stored in stored.iter().rev() {
            match show(stored) {
                // Written under a key that moved on between the two looks: the next one finds it.
                Err(Error::NoKey) => {}
                shown => reviews.push(shown?),
            }
        }
        let accepted = file.approach.pairings.iter().filter(|p| p.accepted_at.is_some()).cloned();
        let condition = |pairing: Pairing| {
            let card: Option<Card> = keys.read(&support, &card_spot(&pairing), &pairing.card).ok();
            (pairing, card.and_then(|card| card.condition))
        };
        let mut pairings: Vec<_> = accepted.map(condition).collect();
        pairings.sort_by(|a, b| a.0.starts.cmp(&b.0.starts));
        let standing = &file.approach.standing;
        let may = |action| self.policy.may(standing, Kind::Support, action);
        let (may_review, may_sign) = (may(Action::Write), may(Action::Sign));
        Ok(TrackingRecord { file, reviews, pairings, may_review, may_sign })
    }
}

/// Where a review stands.
pub(crate) const fn review_spot(review: &StoredReview) -> Spot<'static> {
    Spot {
        table: "reviews",
        row: review.id.0,
        column: "sealed",
        compartment: Compartment::Support,
        owner: Uuid::nil(),
        epoch: review.epoch,
        version: 1,
    }
}

fn check(review: &Review, today: Date) -> Result<()> {
    let mut problems = Vec::new();
    if review.date > today {
        problems.push(FieldProblem { field: "date", code: "date-in-the-future" });
    }
    if review.text.trim().is_empty() {
        problems.push(FieldProblem { field: "text", code: "required" });
    }
    if review.text.chars().count() > TEXT {
        problems.push(FieldProblem { field: "text", code: "too-long" });
    }
    let is_stage = matches!(review.kind, ReviewKind::Month | ReviewKind::Term);
    if is_stage && review.effect.is_none() {
        problems.push(FieldProblem { field: "effect", code: "choose" });
    }
    if review.kind == ReviewKind::Closing {
        problems.push(FieldProblem { field: "kind", code: "choose" });
    }
    if problems.is_empty() { Ok(()) } else { Err(Error::Invalid(problems)) }
}
