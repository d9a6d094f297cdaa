//! 转介: from the first talk with the family to the day the student is back, each step on the timeline and none forgotten.

mod packets;

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use uuid::Uuid;

pub use packets::{MadePacket, NewPacket, OfferedPart, PacketForm, PartValue};

use super::approach::Who;
use super::cases::{NewDeadline, cell_spot, read_due};
use super::crises::{optional, text};
use super::error::again;
use super::{App, Approach, Due, Error, FieldProblem, Keys, Result, Viewer};
use crate::domain::audit::Event;
use crate::domain::ids::{PersonId, ReferralId, StepId, WarningId};
use crate::domain::referral::{
    Consent, Feedback, Ground, GuardianSaid, Receiver, Referral, ReferralStage, ReturnDone, ReturnStep, next_return,
};
use crate::domain::warning::{Step, StepKind, Task};
use crate::domain::words::{Kind, Role};
use crate::policy::{Act, Append, Opens, Permit, Read};
use crate::store::{CellTable, Person, StoredReferral, Tx, Warning};

/// The longest text, in characters.
const TEXT: usize = 2_000;
/// The longest line, in characters.
const LINE: usize = 200;

/// A referral, opened.
#[derive(Debug)]
pub struct ShownReferral {
    /// The row it stands in.
    pub stored: StoredReferral,
    /// What it says.
    pub referral: Referral,
}

/// The referrals of a warning, opened.
#[derive(Debug)]
pub struct OpenedReferrals {
    /// The student, the class and how the person stands to the file.
    pub approach: Approach,
    /// Whom they are about.
    pub who: Who,
    /// The warning.
    pub warning: Warning,
    /// Oldest first.
    pub referrals: Vec<ShownReferral>,
    /// The colleagues who can keep an eye on one.
    pub staff: Vec<Person>,
}

/// A referral to be begun.
#[derive(Debug, Clone)]
pub struct NewReferral {
    /// Made with the form, so that a form sent twice is one referral.
    pub id: ReferralId,
    /// To whom.
    pub to: Receiver,
    /// The institution, and whom to ask for there.
    pub contact: String,
    /// What was seen, and for how long.
    pub reason: String,
    /// What the school did.
    pub done: String,
    /// Whether the student knows.
    pub student_knows: bool,
    /// Who keeps an eye on it.
    pub follower: PersonId,
}

/// A step of a referral.
#[derive(Debug, Clone)]
pub enum Move {
    /// The school talks with the family.
    Talk,
    /// The guardian consented or refused.
    Guardian {
        /// Which of the two.
        consent: Consent,
        /// How they were asked.
        way: String,
        /// When, as the form has it.
        at: String,
        /// Who.
        who: String,
        /// Their words; after a refusal, what the school does instead.
        note: String,
    },
    /// The student was handed over.
    Send {
        /// On what ground.
        ground: Ground,
        /// How and with whom; without consent, why.
        how: String,
    },
    /// The receiver confirmed.
    Receipt {
        /// Who, and how.
        who: String,
    },
    /// Somebody told the school how it goes, or nobody did.
    Answer {
        /// What they said, or why nobody said anything.
        text: String,
        /// Whether anything was given.
        given: bool,
        /// When the school calls next.
        next_call: Option<Date>,
    },
    /// The student is to come back: an assessment begins.
    Return,
    /// The next step of the assessment.
    Assess {
        /// What was found.
        text: String,
        /// The decision, in the step that asks for one.
        passed: Option<bool>,
        /// The support plan that goes with it.
        plan: String,
    },
    /// The student does not come back yet.
    Back,
    /// It is over.
    End {
        /// How it came out.
        outcome: String,
    },
}

/// A referral inside an act: permits, keys and content, all of one transaction.
struct Slip<A: Act> {
    approach: Approach,
    permit: Permit<A>,
    read: Permit<Read>,
    keys: Keys,
    warning: Warning,
    stored: StoredReferral,
    referral: Referral,
}

impl App {
    /// The referrals of a warning.
    ///
    /// # Errors
    /// [`Error::NotFound`] when policy refuses; [`Error::NoKey`] when nobody let the person into the office yet.
    pub async fn referrals(&self, viewer: &Viewer, id: WarningId) -> Result<OpenedReferrals> {
        let mut conn = self.db.read().await?;
        let (warning, approach) = self.case_of(&mut conn, viewer, id).await?;
        let student = approach.student.id;
        let permit = self.permit::<Read>(&approach.standing, Kind::Warning, student.0).await?;
        let keys = Keys::of(&mut conn, viewer, &self.secret, student.0).await?;
        let (who, mut faster) = self.who_now(&mut conn, viewer, &approach, &keys).await?;
        let stored = conn.referrals_of_warning(id).await?;
        let here = self.may_lead(&mut conn, approach.student.school_id).await?;
        let mut staff = conn.persons(approach.student.school_id).await?;
        staff.retain(|person| person.active && here.contains(&person.id));
        drop(conn);
        let open = |stored: StoredReferral| {
            let referral = read_referral(&keys, &permit, &stored)?;
            Ok(ShownReferral { stored, referral })
        };
        let referrals = stored.into_iter().map(open).collect::<Result<_>>()?;
        faster.extend(keys.faster);
        self.leave_trace(&permit, Event::ReferralRead, "", &faster).await?;
        Ok(OpenedReferrals { approach, who, warning, referrals, staff })
    }

    /// The warning that a referral belongs to.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is no such referral.
    pub async fn warning_of_referral(&self, id: ReferralId) -> Result<WarningId> {
        Ok(self.db.read().await?.referral(id).await?.ok_or(Error::NotFound)?.warning_id)
    }

    /// Begins a referral. A form sent twice begins one.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every wrong field; [`Error::NotFound`] for anyone who has no part in the case.
    pub async fn begin_referral(&self, viewer: &Viewer, id: WarningId, new: &NewReferral) -> Result<()> {
        self.may_with_warning::<Append>(viewer, id).await?;
        let mut problems = Vec::new();
        let mut take =
            |taken: Result<String>| taken.map_err(|e| super::crises::collect(&mut problems, e)).unwrap_or_default();
        let (contact, reason) = (take(text("contact", &new.contact, LINE)), take(text("reason", &new.reason, TEXT)));
        let done = take(optional("done", &new.done, TEXT));
        if !problems.is_empty() {
            return Err(Error::Invalid(problems));
        }
        let referral = Referral {
            to: new.to,
            contact,
            reason,
            done,
            student_knows: new.student_knows,
            follower: new.follower,
            guardian: Vec::new(),
            packets: Vec::new(),
            ground: None,
            sent: String::new(),
            receipt: String::new(),
            feedback: Vec::new(),
            returns: Vec::new(),
            outcome: String::new(),
        };
        again(|| self.try_begin_referral(viewer, id, new.id, &referral)).await
    }

    async fn try_begin_referral(
        &self,
        viewer: &Viewer,
        id: WarningId,
        referral_id: ReferralId,
        referral: &Referral,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        let case = self.case::<Append>(&mut tx, viewer, id).await?;
        if case.warning.closed_at.is_some() {
            return Err(Error::field("reason", "warning-closed"));
        }
        if !self.may_lead(&mut tx, case.warning.school_id).await?.contains(&referral.follower) {
            return Err(Error::field("follower", "choose"));
        }
        let now = self.now();
        let mut stored = StoredReferral {
            id: referral_id,
            school_id: case.warning.school_id,
            student_id: case.warning.student_id,
            warning_id: id,
            stage: ReferralStage::Proposed,
            made_at: now,
            moved_at: now,
            epoch: 0,
            version: 1,
            sealed: Vec::new(),
        };
        seal_referral(&case.keys, &mut stored, referral)?;
        if !tx.insert_referral(&case.permit, &stored).await? {
            return Ok(tx.leave().await?);
        }
        self.meet_task(&mut tx, &case.permit, &case.read, &case.keys, id, Task::OfferReferral).await?;
        let slip = Slip {
            approach: case.approach,
            permit: case.permit,
            read: case.read,
            keys: case.keys,
            warning: case.warning,
            stored,
            referral: referral.clone(),
        };
        self.chase(&mut tx, &slip, None).await?;
        let note = format!("{}：{}", slip.referral.contact, slip.referral.reason);
        self.note_referral(&mut tx, &slip, StepKind::Referral, ReferralStage::Proposed.as_str(), note).await?;
        tx.record(&slip.permit, Event::ReferralBegun, "", now).await?;
        Ok(tx.commit().await?)
    }

    /// Moves a referral on. `seen` is the version that the person saw.
    ///
    /// # Errors
    /// [`Error::Stale`] when a colleague moved it meanwhile; [`Error::Invalid`] with every wrong field, or for a step that
    /// does not follow; [`Error::NotFound`] for anyone who has no part in the case.
    pub async fn move_referral(&self, viewer: &Viewer, id: ReferralId, step: &Move, seen: i64) -> Result<()> {
        let warning = self.warning_of_referral(id).await?;
        self.may_with_warning::<Append>(viewer, warning).await?;
        again(|| self.try_move_referral(viewer, id, step, seen)).await
    }

    async fn try_move_referral(&self, viewer: &Viewer, id: ReferralId, step: &Move, seen: i64) -> Result<()> {
        let mut tx = self.begin().await?;
        let mut slip = self.slip::<Append>(&mut tx, viewer, id).await?;
        if slip.stored.version != seen {
            return Err(Error::Stale(Vec::new()));
        }
        let moves = slip.referral.moves(slip.stored.stage);
        let by = viewer.person.id;
        let taken = take_step(&mut slip.referral, slip.stored.stage, step, by, self.now())?;
        if taken.stage != slip.stored.stage && !moves.contains(&taken.stage) {
            return Err(Error::field("move", "move-does-not-follow"));
        }
        (slip.stored.stage, slip.stored.moved_at) = (taken.stage, self.now());
        self.chase(&mut tx, &slip, taken.next_call).await?;
        let (kind, act) = taken.said;
        self.note_referral(&mut tx, &slip, kind, act, taken.note).await?;
        self.put_slip(&mut tx, slip, Event::ReferralMoved, taken.stage.as_str()).await?;
        Ok(tx.commit().await?)
    }

    /// A referral inside a transaction.
    async fn slip<A: Act>(&self, tx: &mut Tx, viewer: &Viewer, id: ReferralId) -> Result<Slip<A>> {
        let stored = tx.referral(id).await?.ok_or(Error::NotFound)?;
        let (warning, approach) = self.case_of(tx, viewer, stored.warning_id).await?;
        let student = approach.student.id.0;
        let refused = |_| Error::NotFound;
        let permit = self.policy.permit::<A>(&approach.standing, Kind::Warning, student).map_err(refused)?;
        let read = self.policy.permit::<Read>(&approach.standing, Kind::Warning, student).map_err(refused)?;
        let keys = self.case_keys(tx, viewer, &permit, &approach).await?;
        let referral = read_referral(&keys, &read, &stored)?;
        Ok(Slip { approach, permit, read, keys, warning, stored, referral })
    }

    /// Stores what an act made of a referral, with its line.
    async fn put_slip<A: Act>(&self, tx: &mut Tx, slip: Slip<A>, event: Event, detail: &str) -> Result<()> {
        let Slip { permit, keys, mut stored, referral, .. } = slip;
        stored.version += 1;
        seal_referral(&keys, &mut stored, &referral)?;
        if !tx.put_referral(&permit, &stored).await? {
            return Err(Error::Raced);
        }
        Ok(tx.record(&permit, event, detail, self.now()).await?)
    }

    /// A line on the timeline about a referral.
    async fn note_referral<A: Act>(
        &self,
        tx: &mut Tx,
        slip: &Slip<A>,
        kind: StepKind,
        act: &str,
        note: String,
    ) -> Result<()> {
        let mut fields = BTreeMap::from([("act".to_owned(), act.to_owned())]);
        if !note.is_empty() {
            fields.insert("note".to_owned(), note);
        }
        let step = Step { kind, fields, severity: None, persons: Vec::new(), letter: None };
        self.add_step(tx, &slip.permit, &slip.keys, &slip.warning, StepId(Uuid::now_v7()), &step).await.map(drop)
    }

    /// Sets when the referral is chased if nobody moves it on, in place of the last time.
    async fn chase<A: Act>(&self, tx: &mut Tx, slip: &Slip<A>, next_call: Option<Date>) -> Result<()> {
        let about = slip.stored.id.to_string();
        for deadline in tx.deadlines_of_warning(slip.warning.id).await?.iter().filter(|d| d.done_at.is_none()) {
            let due = read_due(&slip.keys, &slip.read, deadline)?;
            if due.task == Task::ChaseReferral && due.about == about {
                tx.meet_deadline(&slip.permit, deadline.id, self.now()).await?;
            }
        }
        let Some(within) = slip.stored.stage.chased_after() else { return Ok(()) };
        let due_at = next_call.and_then(afternoon).unwrap_or(self.now() + within);
        let due = Due { task: Task::ChaseReferral, about };
        let new = NewDeadline { due, due_at, owner: Role::Counsellor };
        self.set_deadline(tx, &slip.permit, &slip.keys, &slip.warning, &new).await.map(drop)
    }
}

/// Six in the evening of a day at the school.
fn afternoon(day: Date) -> Option<i64> {
    let zone = TimeZone::get("Asia/Shanghai").ok()?;
    day.at(18, 0, 0, 0).to_zoned(zone).ok().map(|at| at.timestamp().as_microsecond())
}

/// What a step makes of a referral.
struct Taken {
    stage: ReferralStage,
    said: (StepKind, &'static str),
    note: String,
    next_call: Option<Date>,
}

/// Takes a step: checks its fields and writes them down.
fn take_step(referral: &mut Referral, stage: ReferralStage, step: &Move, by: PersonId, at: i64) -> Result<Taken> {
    let taken = |stage: ReferralStage, note: String| Taken {
        stage,
        said: (StepKind::Referral, stage.as_str()),
        note,
        next_call: None,
    };
    match step {
        Move::Talk => Ok(taken(ReferralStage::Talking, String::new())),
        Move::Guardian { consent, way, at, who, note } => {
            let said = guardian(*consent, [way, at, who, note], by)?;
            let line = format!("{}（{}，{}）{}", said.who, said.way, said.at.replace('T', " "), said.note);
            let next = if *consent == Consent::Given { ReferralStage::Consented } else { ReferralStage::Refused };
            referral.guardian.push(said);
            Ok(taken(next, line))
        }
        Move::Send { ground, how } => {
            let how = text("how", how, TEXT)?;
            if !stage.may_send(*ground, referral.to) {
                return Err(Error::field("ground", "ground-does-not-hold"));
            }
            referral.ground = Some(*ground);
            referral.sent.clone_from(&how);
            Ok(taken(ReferralStage::Sent, how))
        }
        Move::Receipt { who } => {
            referral.receipt = text("receipt", who, LINE)?;
            Ok(taken(ReferralStage::Received, referral.receipt.clone()))
        }
        Move::Answer { text: given_text, given, next_call } => {
            let text = text("text", given_text, TEXT)?;
            referral.feedback.push(Feedback { text: text.clone(), given: *given, next_call: *next_call, by, at });
            Ok(Taken { next_call: *next_call, ..taken(ReferralStage::Answered, text) })
        }
        Move::Return => {
            referral.returns.push(Vec::new());
            Ok(taken(ReferralStage::Returning, String::new()))
        }
        Move::Assess { text, passed, plan } => assess(referral, stage, (text, *passed, plan), by, at),
        Move::Back => Ok(taken(ReferralStage::Answered, String::new())),
        Move::End { outcome } => {
            referral.outcome = text("outcome", outcome, TEXT)?;
            Ok(taken(ReferralStage::Ended, referral.outcome.clone()))
        }
    }
}

/// What the guardian said: way, time, who, and words; a refusal says what the school does instead.
fn guardian(consent: Consent, [way, at, who, note]: [&String; 4], by: PersonId) -> Result<GuardianSaid> {
    let mut problems = Vec::new();
    let mut take = |taken: Result<String>| match taken {
        Ok(text) => text,
        Err(error) => {
            super::crises::collect(&mut problems, error);
            String::new()
        }
    };
    let (way, who) = (take(text("way", way, LINE)), take(text("who", who, LINE)));
    let note = if consent == Consent::Refused { text("note", note, TEXT) } else { optional("note", note, TEXT) };
    let note = take(note);
    if at.parse::<jiff::civil::DateTime>().is_err() {
        problems.push(FieldProblem { field: "at", code: "moment-invalid" });
    }
    if !problems.is_empty() {
        return Err(Error::Invalid(problems));
    }
    Ok(GuardianSaid { consent, way, at: at.clone(), who, note, by })
}

/// The next of the five steps of an assessment.
fn assess(
    referral: &mut Referral,
    stage: ReferralStage,
    (given, passed, plan): (&String, Option<bool>, &String),
    by: PersonId,
    at: i64,
) -> Result<Taken> {
    let done = referral.returns.last_mut().filter(|_| stage == ReferralStage::Returning);
    let does_not_follow = || Error::field("move", "move-does-not-follow");
    let done = done.ok_or_else(does_not_follow)?;
    let step = next_return(done).ok_or_else(does_not_follow)?;
    let (mut problems, decides) = (Vec::new(), step == ReturnStep::Decided);
    let found = text("found", given, TEXT).map_err(|e| super::crises::collect(&mut problems, e)).unwrap_or_default();
    if decides && passed.is_none() {
        problems.push(FieldProblem { field: "passed", code: "choose" });
    }
    let plan = if decides { text("plan", plan, TEXT) } else { optional("plan", plan, TEXT) };
    let plan = plan.map_err(|error| super::crises::collect(&mut problems, error)).unwrap_or_default();
    if !problems.is_empty() {
        return Err(Error::Invalid(problems));
    }
    let passed = passed.filter(|_| decides);
    let note = match passed {
        Some(true) => format!("✓ {found}"),
        Some(false) => format!("✗ {found}"),
        None => found.clone(),
    };
    done.push(ReturnDone { step, text: found, passed, plan, by, at });
    Ok(Taken { stage, said: (StepKind::Return, step.as_str()), note, next_call: None })
}

fn read_referral<A: Opens>(keys: &Keys, permit: &Permit<A>, stored: &StoredReferral) -> Result<Referral> {
    keys.read(permit, &cell_spot(CellTable::Referrals, stored.id.0, stored.epoch, stored.version), &stored.sealed)
}

fn seal_referral(keys: &Keys, stored: &mut StoredReferral, referral: &Referral) -> Result<()> {
    let mut spot = cell_spot(CellTable::Referrals, stored.id.0, 0, stored.version);
    stored.sealed = keys.seal(&mut spot, referral)?;
    stored.epoch = spot.epoch;
    Ok(())
}

#[cfg(test)]
mod tests;
