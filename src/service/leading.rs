//! 包案领导: who leads a crisis case gets the keys of one file, from start to end, and of nothing else. The role of a school
//! leader opens nothing.

use jiff::civil::Date;
use uuid::Uuid;

use super::cases::cell_spot;
use super::error::again;
use super::{App, Approach, Error, FieldProblem, Keys, Result, Viewer};
use crate::domain::audit::Event;
use crate::domain::crisis::{CrisisAct, GrantKind};
use crate::domain::ids::{GrantId, PersonId, SchoolId, StudentId, WarningId};
use crate::domain::record::{Card, SheetRow};
use crate::domain::words::{Compartment, Kind, Role};
use crate::policy::{Act, Manage, Permit, Read};
use crate::store::{CellTable, Class, Conn, Grant, NewWrap, Tx, Warning};
use crate::vault::Recipient;

/// The compartments whose keys the leader of a case gets. The name comes from a card: the roster key would open the class.
pub const LED: [Compartment; 4] =
    [Compartment::Contact, Compartment::Circumstance, Compartment::Support, Compartment::Warning];
/// The longest reason, in characters.
pub const REASON: usize = 200;

/// A leader to be appointed.
#[derive(Debug, Clone)]
pub struct NewLeader {
    /// Who.
    pub person: PersonId,
    /// Why they, in words for the leader.
    pub reason: String,
    /// The last day, where somebody only stands in; else as long as the case.
    pub until: Option<Date>,
}

/// A case as its leader's own page shows it.
#[derive(Debug)]
pub struct Led {
    /// The grant.
    pub grant: Grant,
    /// The class of today.
    pub class: Class,
    /// Whom it is about; none while the key has not been handed over again.
    pub card: Option<Card>,
}

impl App {
    /// A warning, and how the person stands to the file it is about.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is no such warning.
    pub(crate) async fn case_of(&self, conn: &mut Conn, viewer: &Viewer, id: WarningId) -> Result<(Warning, Approach)> {
        let warning = conn.warning(id).await?.ok_or(Error::NotFound)?;
        let approach = self.approach(conn, viewer, warning.student_id).await?;
        Ok((warning, approach))
    }

    /// Makes a member of staff the leader of a case, in place of an earlier one. They get the keys of this file.
    ///
    /// # Errors
    /// [`Error::Invalid`] with everything that is wrong; [`Error::NotFound`] for anyone who appoints nobody;
    /// [`Error::NoKey`] when the person does not hold the keys to be handed over.
    pub async fn appoint_leader(&self, viewer: &Viewer, id: WarningId, new: &NewLeader) -> Result<GrantId> {
        again(|| self.try_appoint(viewer, id, new)).await
    }

    async fn try_appoint(&self, viewer: &Viewer, id: WarningId, new: &NewLeader) -> Result<GrantId> {
        let mut tx = self.begin().await?;
        let (warning, mut approach) = self.case_of(&mut tx, viewer, id).await?;
        let student = approach.student.id;
        let Ok(permit) = self.policy.permit::<Manage>(&approach.standing, Kind::Warning, student.0) else {
            drop(tx);
            self.permit::<Manage>(&approach.standing, Kind::Warning, student.0).await?;
            return Err(Error::NotFound);
        };
        if !tx.crises_of_warning(id).await?.iter().any(|crisis| crisis.closed_at.is_none()) {
            return Err(Error::field("person", "no-crisis"));
        }
        let leader = self.check_leader(&mut tx, viewer, &approach, new).await?;
        let earlier = approach.grants.iter().find(|g| g.warning_id == id && g.ended_at.is_none()).cloned();
        if let Some(earlier) = earlier {
            self.end_lead(&mut tx, &permit, viewer, &mut approach, &earlier).await?;
        }
        let roster = self.policy.permit::<Read>(&approach.standing, Kind::Roster, approach.class.id.0);
        let roster = roster.map_err(|_| Error::NotFound)?;
        let (row, _) = self.roster_row(&mut tx, viewer, &roster, &approach.class, approach.student.id).await?;
        let keys = self.keys_of_led(&mut tx, viewer, &permit, &approach).await?;
        for compartment in LED {
            for (name, key) in keys.all(compartment, Uuid::nil()) {
                tx.insert_wrap(&permit, &self.wrap(key, name, &leader)?).await?;
            }
        }
        let grant = sealed_grant(&keys, &approach, &warning, new, row, viewer.person.id, self.now())?;
        tx.insert_grant(&permit, &grant).await?;
        self.say_leader(&mut tx, &permit, &keys, &warning, CrisisAct::LeaderAppointed, new.person).await?;
        tx.record(&permit, Event::LeaderAppointed, &format!("leader={}", new.person), self.now()).await?;
        self.tell(&mut tx, permit.school(), &[new.person].into(), "/leading").await?;
        tx.commit().await?;
        Ok(grant.id)
    }

    /// The keys of a file with those of all led compartments, which are made where nobody has written there yet.
    async fn keys_of_led<A: Act>(
        &self,
        tx: &mut Tx,
        viewer: &Viewer,
        permit: &Permit<A>,
        approach: &Approach,
    ) -> Result<Keys> {
        for compartment in LED {
            self.keys_for_writing(tx, viewer, permit, approach, compartment).await?;
        }
        let keys = Keys::of(tx, viewer, &self.secret, approach.student.id.0).await?;
        let complete = LED.iter().all(|compartment| keys.newest(*compartment, Uuid::nil()).is_some());
        if complete { Ok(keys) } else { Err(Error::NoKey) }
    }

    /// Everything that can be wrong with a new leader, at once; else their public key.
    async fn check_leader(
        &self,
        conn: &mut Conn,
        viewer: &Viewer,
        approach: &Approach,
        new: &NewLeader,
    ) -> Result<Recipient> {
        let mut problems = Vec::new();
        let reason = match new.reason.trim().chars().count() {
            0 => Some("required"),
            1..=REASON => None,
            _ => Some("too-long"),
        };
        problems.extend(reason.map(|code| FieldProblem { field: "reason", code }));
        if new.until.is_some_and(|last| last < self.clock.today()) {
            problems.push(FieldProblem { field: "until", code: "ends-in-the-past" });
        }
        let today = self.today();
        let may_lead = self.may_lead(conn, approach.student.school_id).await?.contains(&new.person);
        let recipient = self.person_recipient(conn, new.person).await?;
        let code = if new.person == viewer.person.id {
            Some("leader-is-you")
        } else if !may_lead {
            Some("choose")
        } else if approach.leader(&today).is_some_and(|grant| grant.person_id == new.person) {
            Some("leader-already")
        } else if recipient.is_none() {
            Some("helper-not-ready")
        } else {
            None
        };
        problems.extend(code.map(|code| FieldProblem { field: "person", code }));
        recipient.filter(|_| problems.is_empty()).ok_or(Error::Invalid(problems))
    }

    /// The members of staff of a school: whoever holds a duty there that is not an outsider's.
    pub(crate) async fn may_lead(
        &self,
        conn: &mut Conn,
        school: SchoolId,
    ) -> Result<std::collections::BTreeSet<PersonId>> {
        let duties = conn.school_duties(school, self.now()).await?;
        let inside = |role| !matches!(role, Role::ExternalHelper | Role::DistrictOfficer);
        Ok(duties.into_iter().filter(|(_, _, duty)| inside(duty.role)).map(|(_, person, _)| person).collect())
    }

    /// Ends the grant of the leader of a case, while the case goes on. Ending it twice is the same as once.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anyone who appoints nobody, or when there is no such grant.
    pub async fn end_leading(&self, viewer: &Viewer, id: GrantId) -> Result<WarningId> {
        let mut tx = self.begin().await?;
        let grant = tx.grant(id).await?.ok_or(Error::NotFound)?;
        let student = grant.student_id;
        let (warning, mut approach) = self.case_of(&mut tx, viewer, grant.warning_id).await?;
        let Ok(permit) = self.policy.permit::<Manage>(&approach.standing, Kind::Warning, student.0) else {
            drop(tx);
            self.permit::<Manage>(&approach.standing, Kind::Warning, student.0).await?;
            return Err(Error::NotFound);
        };
        if grant.ended_at.is_some() {
            tx.leave().await?;
            return Ok(warning.id);
        }
        let keys = self.case_keys(&mut tx, viewer, &permit, &approach).await?;
        self.say_leader(&mut tx, &permit, &keys, &warning, CrisisAct::LeaderEnded, grant.person_id).await?;
        self.end_lead(&mut tx, &permit, viewer, &mut approach, &grant).await?;
        tx.commit().await?;
        Ok(warning.id)
    }

    /// Ends a grant within an act: the keys it gave move on, so that an old copy of the database opens nothing written from
    /// now on. Where the person who ends it cannot change a key, the key is marked and whoever can finishes it on the page
    /// of the offices. Gives `false` where it had ended before.
    ///
    /// # Errors
    /// [`Error::NoKey`] when something stands under an earlier key that the person does not hold.
    pub(crate) async fn end_lead<A: Act>(
        &self,
        tx: &mut Tx,
        permit: &Permit<A>,
        viewer: &Viewer,
        approach: &mut Approach,
        grant: &Grant,
    ) -> Result<bool> {
        if !tx.end_grant(permit, grant.id, self.now()).await? {
            return Ok(false);
        }
        approach.grants.retain(|g| g.id != grant.id);
        let student = approach.student.id;
        for compartment in LED {
            let mine = |key: &crate::store::Key| key.compartment == compartment && key.owner.is_nil();
            let Some(key) = tx.keys_of(student.0).await?.into_iter().find(mine) else { continue };
            let keys = Keys::of(tx, viewer, &self.secret, student.0).await?;
            let read = self.policy.permit::<Read>(&approach.standing, compartment.kind(), student.0);
            match read {
                Ok(read) if keys.newest(compartment, Uuid::nil()).is_some() => {
                    self.rotate_compartment(tx, permit, &read, viewer, approach, compartment).await?;
                }
                _ => {
                    let holders = self.compartment_holders(tx, approach, compartment).await?;
                    if !holders.iter().any(|holder| holder.holder() == grant.person_id.0) {
                        tx.delete_wraps(permit, key.id, grant.person_id.0).await?;
                    }
                    tx.mark_key(permit, key.id).await?;
                }
            }
        }
        tx.record_about(permit, Event::LeaderEnded, student.0, &format!("leader={}", grant.person_id), self.now())
            .await?;
        Ok(true)
    }

    /// Ends every grant of a person who left or whose identity was renewed, and tells the counsellors that a case has lost
    /// its leader. The keys were marked and the wraps destroyed by whoever calls this.
    pub(crate) async fn end_leads_of(&self, tx: &mut Tx, permit: &Permit<Manage>, id: PersonId) -> Result<()> {
        let led = tx.grants_of_person(id).await?;
        if led.is_empty() {
            return Ok(());
        }
        tx.mark_keys_held_by(permit, id).await?;
        tx.delete_shared_wraps_of(permit, id).await?;
        let ended = tx.end_grants_of(permit, id, self.now()).await?;
        let counsellors = self.holders_of_role(tx, permit.school(), Role::Counsellor, None).await?;
        for grant in led {
            self.tell(tx, permit.school(), &counsellors, &format!("/warnings/{}/crisis", grant.warning_id)).await?;
        }
        tx.record_about(permit, Event::LeaderEnded, id.0, &format!("grants={ended}"), self.now()).await?;
        Ok(())
    }

    /// Who leads a case today, with their public keys, by student.
    pub(crate) async fn leaders(&self, conn: &mut Conn, school: SchoolId) -> Result<Vec<(StudentId, Recipient)>> {
        let today = self.today();
        let mut leaders = Vec::new();
        for grant in conn.grants(school).await?.into_iter().filter(|grant| grant.is_running(&today)) {
            if let Some(recipient) = self.person_recipient(conn, grant.person_id).await? {
                leaders.push((grant.student_id, recipient));
            }
        }
        Ok(leaders)
    }

    /// The cases that the person leads today. Leaves one line in the file of each.
    ///
    /// # Errors
    /// The database.
    pub async fn leading(&self, viewer: &Viewer) -> Result<Vec<Led>> {
        let today = self.today();
        let mut conn = self.db.read().await?;
        let (mut led, mut traces) = (Vec::new(), Vec::new());
        for grant in conn.grants_of_person(viewer.person.id).await?.into_iter().filter(|g| g.is_running(&today)) {
            let approach = self.approach(&mut conn, viewer, grant.student_id).await?;
            let permit = self.policy.permit::<Read>(&approach.standing, Kind::Warning, grant.student_id.0);
            let Ok(permit) = permit else { continue };
            let keys = Keys::of(&mut conn, viewer, &self.secret, grant.student_id.0).await?;
            let spot = cell_spot(CellTable::Grants, grant.id.0, grant.epoch, 1);
            let card = match keys.read(&permit, &spot, &grant.sealed) {
                Ok(card) => Some(card),
                Err(Error::NoKey) => None,
                Err(other) => return Err(other),
            };
            led.push(Led { class: approach.class, card, grant });
            traces.push((permit, keys.faster));
        }
        drop(conn);
        self.trace_led(&traces).await?;
        Ok(led)
    }

    async fn trace_led(&self, traces: &[(Permit<Read>, Vec<NewWrap>)]) -> Result<()> {
        if traces.is_empty() {
            return Ok(());
        }
        let mut tx = self.begin().await?;
        for (permit, faster) in traces {
            tx.record(permit, Event::LeadingRead, "", self.now()).await?;
            for wrap in faster {
                tx.insert_wrap(permit, wrap).await?;
            }
        }
        Ok(tx.commit().await?)
    }
}

/// The row of a new grant, with its card.
fn sealed_grant(
    keys: &Keys,
    approach: &Approach,
    warning: &Warning,
    new: &NewLeader,
    row: SheetRow,
    given_by: PersonId,
    now: i64,
) -> Result<Grant> {
    let id = GrantId(Uuid::now_v7());
    let card = Card {
        name: row.name,
        sex: row.sex,
        class: (approach.class.cohort, approach.class.number),
        seat: row.seat,
        purpose: new.reason.trim().to_owned(),
        condition: None,
        outside: None,
    };
    let mut spot = cell_spot(CellTable::Grants, id.0, 0, 1);
    let sealed = keys.seal(&mut spot, &card)?;
    Ok(Grant {
        id,
        school_id: approach.student.school_id,
        student_id: approach.student.id,
        person_id: new.person,
        warning_id: warning.id,
        kind: GrantKind::CaseLeader,
        given_by,
        given_at: now,
        until: new.until.map(|day| day.to_string()),
        ended_at: None,
        epoch: spot.epoch,
        sealed,
    })
}

#[cfg(test)]
mod tests;
