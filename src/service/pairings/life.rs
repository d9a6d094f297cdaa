//! The life of a pairing after it was asked for: accepted or not, paused, handed over during a leave and back, ended.
//!
//! Whoever may hold a key no longer has it taken away at once, by a rotation where the person who acts may read the
//! compartment. A director reads no contact: there the wraps are destroyed, and the next holder of the key rotates it.

use std::collections::BTreeSet;

use jiff::civil::Date;
use uuid::Uuid;

use super::{HELPED, blank, hand_over, seal_card, wrong_days, wrong_text};
use crate::domain::audit::Event;
use crate::domain::helping::{Review, ReviewKind};
use crate::domain::ids::{PairingId, PersonId};
use crate::domain::record::Card;
use crate::domain::words::{Compartment, Kind, Role};
use crate::policy::{Manage, Permit, Read, Sign};
use crate::service::approach::{Approach, is_sealed_away};
use crate::service::facts::Part;
use crate::service::files::card_spot;
use crate::service::{App, Error, FieldProblem, Result, Viewer};
use crate::store::{Pairing, PairingState, Tx};

/// The longest closing note, in characters.
const NOTE: usize = 2_000;

/// To whom a pairing is handed over during a leave.
#[derive(Debug, Clone, Copy)]
pub struct HandOver {
    /// Who stands in.
    pub helper: PersonId,
    /// Until when.
    pub until: Date,
}

/// A pairing in an open transaction, with how the person stands to the file and the permit to change it.
struct Managed {
    tx: Tx,
    pairing: Pairing,
    approach: Approach,
    permit: Permit<Manage>,
}

impl App {
    async fn managed(&self, viewer: &Viewer, id: PairingId) -> Result<Managed> {
        let mut tx = self.begin().await?;
        let pairing = tx.pairing(id).await?.ok_or(Error::NotFound)?;
        let student = pairing.student_id;
        let approach = self.approach(&mut tx, viewer, student).await?;
        let Ok(permit) = self.policy.permit::<Manage>(&approach.standing, Kind::Pairing, student.0) else {
            drop(tx);
            self.permit::<Manage>(&approach.standing, Kind::Pairing, student.0).await?;
            return Err(Error::NotFound);
        };
        Ok(Managed { tx, pairing, approach, permit })
    }

    /// The helper agrees: from now on, on its days, the pairing opens what it is to open. Agreeing twice is the same as once.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anyone but the helper who was asked; [`Error::Stale`] when it was withdrawn or is over;
    /// [`Error::Invalid`] for somebody from outside whose background check is out of date.
    pub async fn accept_pairing(&self, viewer: &Viewer, id: PairingId) -> Result<()> {
        let (mut tx, pairing, own) = self.asked(viewer, id).await?;
        match pairing.state(&self.today()) {
            PairingState::Proposed => {}
            PairingState::Running | PairingState::Planned => return Ok(tx.leave().await?),
            _ => return Err(Error::Stale(Vec::new())),
        }
        if pairing.outside && !self.is_checked(&mut tx, viewer.person.id).await? {
            return Err(Error::field("helper", "check-out-of-date"));
        }
        if !tx.accept_pairing(&own, self.now()).await? {
            return Err(Error::Stale(Vec::new()));
        }
        // The helper holds no key of what is counted.
        tx.owe_facts(&own, pairing.student_id).await?;
        self.answered(tx, &own, &pairing, Event::PairingAccepted).await
    }

    /// The helper does not agree. The wraps made for them are destroyed, and those two keys move on with the next rotation.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anyone but the helper who was asked; [`Error::Stale`] when they agreed already.
    pub async fn decline_pairing(&self, viewer: &Viewer, id: PairingId) -> Result<()> {
        let (mut tx, pairing, own) = self.asked(viewer, id).await?;
        if pairing.declined {
            return Ok(tx.leave().await?);
        }
        if !tx.decline_pairing(&own, pairing.student_id).await? {
            return Err(Error::Stale(Vec::new()));
        }
        self.answered(tx, &own, &pairing, Event::PairingDeclined).await
    }

    /// The pairing that the person was asked for, and the permit to answer.
    async fn asked(&self, viewer: &Viewer, id: PairingId) -> Result<(Tx, Pairing, Permit<Sign>)> {
        let own = self.permit::<Sign>(&viewer.at_own(), Kind::Pairing, id.0).await?;
        let mut tx = self.begin().await?;
        let pairing = tx.pairing(id).await?.filter(|pairing| pairing.helper_id == viewer.person.id);
        let pairing = pairing.ok_or(Error::NotFound)?;
        if is_sealed_away(&mut tx, pairing.student_id).await? {
            return Err(Error::NotFound);
        }
        Ok((tx, pairing, own))
    }

    /// Records an answer, and tells whoever asked that there is one.
    async fn answered(&self, mut tx: Tx, own: &Permit<Sign>, pairing: &Pairing, event: Event) -> Result<()> {
        tx.record_about(own, event, pairing.student_id.0, "", self.now()).await?;
        let asked_by = pairing.started_by.map(PersonId).into_iter().collect();
        self.tell(&mut tx, pairing.school_id, &asked_by, "/pairings").await?;
        Ok(tx.commit().await?)
    }

    /// Lets a pairing rest: it opens nothing, and its helper holds no key, until it goes on.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anyone who manages no pairings; [`Error::Stale`] when it is not running; [`Error::NoKey`] when
    /// the person cannot change the keys.
    pub async fn pause_pairing(&self, viewer: &Viewer, id: PairingId) -> Result<()> {
        let mut managed = self.managed(viewer, id).await?;
        self.rest(&mut managed).await?;
        self.take_keys_back(viewer, &mut managed).await?;
        self.done(viewer, managed, Event::PairingPaused).await
    }

    /// Notes that a pairing rests; its helper's keys are still to be taken back.
    async fn rest(&self, managed: &mut Managed) -> Result<()> {
        let Managed { tx, pairing, permit, .. } = managed;
        let state = pairing.state(&self.today());
        let rests = matches!(state, PairingState::Running | PairingState::Planned)
            && tx.pause_pairing(permit, pairing.id, true, pairing.contact).await?;
        if rests { Ok(()) } else { Err(Error::Stale(Vec::new())) }
    }

    /// Lets a paused pairing go on: the helper gets the keys again, as far as the person may hand them over.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anyone who manages no pairings; [`Error::Stale`] when it does not rest, or a stand-in has it;
    /// [`Error::Invalid`] when the helper has no account any more; [`Error::NoKey`] when the person holds no keys.
    pub async fn resume_pairing(&self, viewer: &Viewer, id: PairingId) -> Result<()> {
        let mut managed = self.managed(viewer, id).await?;
        if managed.stand_ins().next().is_some() || managed.pairing.state(&self.today()) != PairingState::Paused {
            return Err(Error::Stale(Vec::new()));
        }
        let handed_over = self.goes_on(&mut managed).await?;
        let Managed { tx, pairing, approach, permit } = &mut managed;
        if !pairing.outside {
            let keys = self.keys_to_hand_over(tx, viewer, permit, approach, handed_over).await?;
            let helper = self.person_recipient(tx, pairing.helper_id).await?;
            let helper = helper.ok_or_else(|| Error::field("helper", "helper-not-ready"))?;
            hand_over(self, tx, permit, &keys, &helper, handed_over).await?;
        }
        self.done(viewer, managed, Event::PairingResumed).await
    }

    /// Notes that a pairing goes on, and with which keys.
    async fn goes_on(&self, managed: &mut Managed) -> Result<&'static [Compartment]> {
        let Managed { tx, pairing, approach, permit } = managed;
        let handed_over = self.handed_over_by(approach);
        let contact = handed_over.contains(&Compartment::Contact);
        if !tx.pause_pairing(permit, pairing.id, false, contact).await? {
            return Err(Error::Stale(Vec::new()));
        }
        Ok(handed_over)
    }

    /// Hands a pairing over to a colleague during a leave: it rests, its helper's keys are taken back, and the stand-in is asked
    /// with a pairing of their own up to a day.
    ///
    /// # Errors
    /// [`Error::Invalid`] with what is wrong with the stand-in or the day; else as [`App::pause_pairing`].
    pub async fn hand_pairing_over(&self, viewer: &Viewer, id: PairingId, to: HandOver) -> Result<PairingId> {
        let mut managed = self.managed(viewer, id).await?;
        let stand_in = self.checked_stand_in(viewer, &mut managed, to).await?;
        self.rest(&mut managed).await?;
        {
            let Managed { tx, pairing, approach, permit } = &mut managed;
            let read = self.policy.permit::<Read>(&approach.standing, Kind::Support, approach.student.id.0);
            let read = read.map_err(|_| Error::NotFound)?;
            let keys = self.keys_to_hand_over(tx, viewer, permit, approach, &HELPED[..1]).await?;
            let card: Card = keys.read(&read, &card_spot(pairing), &pairing.card)?;
            let mut new = stand_in;
            new.contact = self.handed_over_by(approach).contains(&Compartment::Contact);
            seal_card(&keys, &mut new, &card)?;
            self.insert_pairing(tx, permit, &new).await?;
        }
        // The rotation wraps the next keys to those who hold them from now on: not the one on leave, but the stand-in.
        self.take_keys_back(viewer, &mut managed).await?;
        let made = managed.tx.pairings_of_student(managed.pairing.student_id).await?;
        let made = made.iter().find(|p| p.stands_in_for == Some(id.0) && !p.ended).map(|p| p.id);
        self.done(viewer, managed, Event::PairingHandedOver).await?;
        made.ok_or(Error::NotFound)
    }

    /// The pairing of a stand-in, if there can be one.
    async fn checked_stand_in(&self, viewer: &Viewer, managed: &mut Managed, to: HandOver) -> Result<Pairing> {
        let Managed { tx, pairing, approach, .. } = managed;
        if pairing.outside {
            return Err(Error::Stale(Vec::new()));
        }
        let today = self.clock.today();
        let last: Date = pairing.ends.parse().unwrap_or(today);
        let mut problems = wrong_days(today, to.until, today);
        if to.until > last {
            problems.push(FieldProblem { field: "ends", code: "after-the-pairing" });
        }
        let role = self.helping_role(tx, approach.student.school_id, to.helper).await?;
        let role = role.filter(|role| *role == Role::Helper);
        let (code, _) = self.wrong_helper(tx, viewer, approach, to.helper, role).await?;
        problems.extend(code.map(|code| FieldProblem { field: "helper", code }));
        if !problems.is_empty() {
            for problem in &mut problems {
                problem.field = if problem.field == "ends" { "until" } else { problem.field };
            }
            return Err(Error::Invalid(problems));
        }
        // A pairing of the same two that is past its last day makes way, as at a start.
        super::make_way(tx, &managed.permit, approach, to.helper).await?;
        let starts = pairing.starts.parse().map_or(today, |first: Date| first.max(today));
        Ok(Pairing { stands_in_for: Some(pairing.id.0), ..blank(approach, to.helper, starts, to.until) })
    }

    /// Gives a pairing back from its stand-in, whose keys are taken away in the same transaction.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anyone who manages no pairings; [`Error::Stale`] when nobody stands in; [`Error::NoKey`] when the
    /// person cannot change the keys.
    pub async fn give_pairing_back(&self, viewer: &Viewer, id: PairingId) -> Result<()> {
        let mut managed = self.managed(viewer, id).await?;
        let stand_ins: Vec<Pairing> = managed.stand_ins().cloned().collect();
        if stand_ins.is_empty() || managed.pairing.ended {
            return Err(Error::Stale(Vec::new()));
        }
        for stand_in in &stand_ins {
            managed.tx.end_pairing(&managed.permit, stand_in.id).await?;
        }
        self.goes_on(&mut managed).await?;
        for stand_in in stand_ins {
            self.take_keys_of(viewer, &mut managed, stand_in.helper_id).await?;
        }
        self.done(viewer, managed, Event::PairingGivenBack).await
    }

    /// Gives a helper the contact key too: for pairings that somebody started who does not hold it.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anyone who may not read how to reach the family; [`Error::Stale`] when there is nothing to
    /// complete; [`Error::NoKey`].
    pub async fn complete_pairing(&self, viewer: &Viewer, id: PairingId) -> Result<()> {
        let mut managed = self.managed(viewer, id).await?;
        let Managed { tx, pairing, approach, permit } = &mut managed;
        let student = pairing.student_id.0;
        if self.policy.permit::<Read>(&approach.standing, Kind::Contact, student).is_err() {
            let standing = approach.standing.clone();
            drop(managed);
            return self.permit::<Read>(&standing, Kind::Contact, student).await.map(drop);
        }
        if !pairing.is_arranged(&self.today()) || !tx.complete_pairing(permit, id).await? {
            return Err(Error::Stale(Vec::new()));
        }
        let keys = self.keys_to_hand_over(tx, viewer, permit, approach, &[Compartment::Contact]).await?;
        let helper = self.person_recipient(tx, pairing.helper_id).await?;
        let helper = helper.ok_or_else(|| Error::field("helper", "helper-not-ready"))?;
        hand_over(self, tx, permit, &keys, &helper, &[Compartment::Contact]).await?;
        self.done(viewer, managed, Event::PairingCompleted).await
    }

    /// Ends a pairing with a closing note, and what a stand-in has of it. Its compartments get new keys and all wraps of the old
    /// ones are destroyed, so that even an old copy of the database opens nothing that is written from now on. Ending it twice
    /// is the same as once.
    ///
    /// # Errors
    /// [`Error::Invalid`] without a note, where the helper had agreed; [`Error::NotFound`] for anyone who ends no pairings;
    /// [`Error::NoKey`] when the person cannot change the keys.
    pub async fn end_pairing(&self, viewer: &Viewer, id: PairingId, note: &str) -> Result<()> {
        let mut managed = self.managed(viewer, id).await?;
        if managed.pairing.ended {
            return Ok(managed.tx.leave().await?);
        }
        let asked_for = managed.pairing.accepted_at.is_some();
        if let Some(code) = wrong_text(note, NOTE, asked_for) {
            return Err(Error::field("note", code));
        }
        let stand_ins: Vec<PairingId> = managed.stand_ins().map(|pairing| pairing.id).collect();
        for ending in stand_ins.into_iter().chain([id]) {
            managed.tx.end_pairing(&managed.permit, ending).await?;
        }
        if !note.trim().is_empty() {
            let Managed { tx, approach, permit, .. } = &mut managed;
            let (kind, text) = (ReviewKind::Closing, note.trim().to_owned());
            let review = Review { kind, date: self.clock.today(), text, effect: None, adjust: false };
            self.add_review(tx, viewer, permit, approach, &review).await?;
        }
        self.take_keys_back(viewer, &mut managed).await?;
        self.done(viewer, managed, Event::PairingEnded).await
    }

    /// Counts whether somebody helps, records the act, and keeps it.
    async fn done(&self, viewer: &Viewer, managed: Managed, event: Event) -> Result<()> {
        let Managed { mut tx, pairing, permit, .. } = managed;
        self.recount(&mut tx, viewer, &permit, pairing.student_id, Part::Groups).await?;
        tx.record(&permit, event, &format!("helper={}", pairing.helper_id), self.now()).await?;
        Ok(tx.commit().await?)
    }

    /// Takes the keys of the pairing's helper, and of everybody who stood in, away.
    async fn take_keys_back(&self, viewer: &Viewer, managed: &mut Managed) -> Result<()> {
        if managed.pairing.outside {
            return Ok(());
        }
        let helper = managed.pairing.helper_id;
        self.take_keys_of(viewer, managed, helper).await
    }

    /// Moves the keys of the file on, to those who are to hold them now; what the person may not read, the next holder moves on.
    async fn take_keys_of(&self, viewer: &Viewer, managed: &mut Managed, helper: PersonId) -> Result<()> {
        let Managed { tx, approach, permit, .. } = managed;
        let student = approach.student.id;
        approach.pairings = tx.pairings_of_student(student).await?;
        for compartment in HELPED {
            if let Ok(read) = self.policy.permit::<Read>(&approach.standing, compartment.kind(), student.0) {
                self.rotate_compartment(tx, permit, &read, viewer, approach, compartment).await?;
                continue;
            }
            // Whoever helped may hold the key by another title: as who leads the case, or by a grant to read.
            let holders = self.compartment_holders(tx, approach, compartment).await?;
            let holds = |id: PersonId| holders.iter().any(|holder| holder.holder() == id.0);
            let once = approach.pairings.iter().map(|p| p.helper_id).chain([helper]);
            let gone: BTreeSet<PersonId> = once.filter(|id| !holds(*id)).collect();
            for person in gone {
                tx.take_key_back(permit, student, compartment, person).await?;
            }
        }
        Ok(())
    }
}

impl Managed {
    /// The pairings of those who stand in for this one's helper.
    fn stand_ins(&self) -> impl Iterator<Item = &Pairing> {
        let id: Uuid = self.pairing.id.0;
        self.approach.pairings.iter().filter(move |p| p.stands_in_for == Some(id) && !p.ended)
    }
}
