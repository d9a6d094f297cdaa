//! Joint meetings 联席会议: called by a school or the district, with what each school brings, and what was decided until when.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use uuid::Uuid;

use super::papers::{Papers, Place, Sent, ShownPaper, school_names};
use super::statistics::{Beside, beside};
use super::{App, Error, FieldProblem, Result, Viewer};
use crate::domain::audit::Event;
use crate::domain::county::{DecisionState, HalfYear, Part};
use crate::domain::ids::{DecisionId, FormId, MeetingId, PersonId, SchoolId};
use crate::domain::process::ProcessFigure;
use crate::domain::relation::{Facts, Standing};
use crate::domain::words::{Action, Kind, Role, SchoolKind};
use crate::policy::{Append, Manage, Read, Write};
use crate::store::{Conn, Meeting, StoredDecision, Tx};

/// The roles that can have to do a decision at a school.
pub const OWNERS: &[Role] = &[Role::MoralEdDirector, Role::SchoolLeader];

/// A joint meeting in the list.
#[derive(Debug)]
pub struct ListedMeeting {
    /// The meeting.
    pub meeting: Meeting,
    /// Who called it.
    pub host: String,
    /// How many schools take part.
    pub schools: usize,
    /// How many decisions are past their day and not done.
    pub overdue: usize,
}

/// The joint meetings that the person's school takes part in.
#[derive(Debug)]
pub struct Meetings {
    /// Newest first.
    pub list: Vec<ListedMeeting>,
    /// The schools that can be asked to take part; empty for whoever calls none.
    pub schools: Vec<(SchoolId, String)>,
}

/// A meeting that is to be called.
#[derive(Debug, Clone)]
pub struct NewJointMeeting {
    /// The form it came from.
    pub form: FormId,
    /// For which half year.
    pub half: HalfYear,
    /// The day.
    pub day: Date,
    /// Who takes part besides the own school.
    pub schools: Vec<SchoolId>,
    /// What it is about.
    pub agenda: String,
}

/// A decision with its words.
#[derive(Debug)]
pub struct ShownDecision {
    /// Who has to do it until when.
    pub decision: StoredDecision,
    /// The name of the school that has to.
    pub school: String,
    /// What it is.
    pub paper: Option<ShownPaper>,
    /// Whether its day is over and it is not done.
    pub overdue: bool,
    /// Whether the person can say how far it is.
    pub moves: bool,
}

/// What a school brings to a meeting.
#[derive(Debug)]
pub struct Contribution {
    /// The school.
    pub school: SchoolId,
    /// Its name.
    pub name: String,
    /// Its experience.
    pub paper: Option<ShownPaper>,
}

/// A joint meeting as the person can open it.
#[derive(Debug)]
pub struct OpenedMeeting {
    /// The meeting.
    pub meeting: Meeting,
    /// Who called it.
    pub host: String,
    /// What it is about.
    pub agenda: Option<ShownPaper>,
    /// What was said.
    pub minutes: Option<ShownPaper>,
    /// What each school brings.
    pub contributions: Vec<Contribution>,
    /// Their published figures: the numbers of a meeting come through the gate, and nobody types them in.
    pub beside: Beside,
    /// What was decided.
    pub decisions: Vec<ShownDecision>,
    /// Whether the person leads the meeting: writes minutes and decisions.
    pub convenes: bool,
    /// Whether the person writes what the own school brings.
    pub contributes: bool,
    /// The own school.
    pub own: SchoolId,
}

/// A decision that is to be noted.
#[derive(Debug, Clone)]
pub struct NewDecision {
    /// The form it came from.
    pub form: FormId,
    /// Which school has to do it.
    pub school: SchoolId,
    /// Who there.
    pub owner: Role,
    /// Until when.
    pub due: Date,
    /// What it is.
    pub text: String,
}

impl App {
    /// The joint meetings of the own school; all of them for the district.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anyone who has no part in them.
    pub async fn meetings(&self, viewer: &Viewer) -> Result<Meetings> {
        let school = viewer.person.school_id;
        let permit = self.permit::<Read>(&viewer.at_school(), Kind::Meeting, school.0).await?;
        let mut conn = self.db.read().await?;
        let names = school_names(&mut conn).await?;
        let attending = attending(&mut conn).await?;
        let mut list = Vec::new();
        for meeting in conn.joint_meetings().await? {
            let schools = attending.get(&meeting.id).cloned().unwrap_or_default();
            if !takes_part(viewer, &schools) {
                continue;
            }
            let today = self.today();
            let late = |d: &&StoredDecision| d.state != DecisionState::Done && d.due < today;
            let overdue = conn.decisions(meeting.id).await?.iter().filter(late).count();
            let host = names.get(&meeting.school_id).cloned().unwrap_or_default();
            list.push(ListedMeeting { meeting, host, schools: schools.len(), overdue });
        }
        let calls = self.policy.may(&viewer.at_school(), Kind::Meeting, Action::Manage);
        let schools = if calls { others(&mut conn, school).await? } else { Vec::new() };
        drop(conn);
        self.leave_trace(&permit, Event::MeetingRead, "list", &[]).await?;
        Ok(Meetings { list, schools })
    }

    /// Calls a joint meeting, and tells those who take part. A form sent twice calls one.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every wrong field; [`Error::Named`] for an agenda that names somebody; [`Error::NotFound`] for anyone
    /// who calls none.
    pub async fn call_meeting(&self, viewer: &Viewer, new: &NewJointMeeting) -> Result<MeetingId> {
        let school = viewer.person.school_id;
        let permit = self.permit::<Manage>(&viewer.at_school(), Kind::Meeting, school.0).await?;
        self.check_paper(viewer, "agenda", &new.agenda).await?;
        let id =
            MeetingId(self.letter_from("meeting called", &[viewer.person.id.0.as_bytes(), new.form.0.as_bytes()]).0);
        let mut tx = self.begin().await?;
        if tx.meeting(id).await?.is_some() {
            tx.leave().await?;
            return Ok(id);
        }
        let known: BTreeSet<SchoolId> = others(&mut tx, school).await?.into_iter().map(|(id, _)| id).collect();
        let mut schools: BTreeSet<SchoolId> = new.schools.iter().copied().filter(|id| known.contains(id)).collect();
        if schools.is_empty() {
            return Err(Error::field("schools", "choose"));
        }
        if viewer.school.has_students() {
            schools.insert(school);
        }
        let (half, day, made_at) = (new.half, new.day.to_string(), self.now());
        let meeting = Meeting { id, school_id: school, half, day, held: false, made_at, version: 1 };
        match tx.insert_joint_meeting(&permit, &meeting).await {
            Err(error) if error.is_taken("half") => return Err(Error::field("half", "meeting-exists")),
            done => done?,
        }
        for id in &schools {
            tx.attend(&permit, meeting.id, *id).await?;
        }
        let readers = self.readers(&mut tx, &schools).await?;
        let sent = Sent { about: id.0, place: Place::of(school, Part::Agenda), text: &new.agenda, seen: 0 };
        self.write_paper(&mut tx, viewer, &permit, sent, &readers).await?;
        self.tell_all_of(&mut tx, viewer, &schools, &format!("/meetings/{id}")).await?;
        tx.record_about(&permit, Event::MeetingCalled, id.0, &format!("schools={}", schools.len()), made_at).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// One joint meeting, with everything that the person's copies say.
    ///
    /// # Errors
    /// [`Error::NotFound`] for schools that do not take part.
    pub async fn open_meeting(&self, viewer: &Viewer, id: MeetingId) -> Result<OpenedMeeting> {
        let mut conn = self.db.read().await?;
        let (meeting, schools, standing) = self.meeting_for(&mut conn, viewer, id).await?;
        let permit = self.permit::<Read>(&standing, Kind::Meeting, id.0).await?;
        let names = school_names(&mut conn).await?;
        let papers = self.open_papers(&mut conn, viewer, id.0).await?;
        let stored = conn.decisions(id).await?;
        let attending = conn.schools().await?.into_iter().filter(|school| schools.contains(&school.id)).collect();
        let beside = beside(&mut conn, attending).await?;
        drop(conn);
        self.leave_trace(&permit, Event::MeetingRead, "", &[]).await?;
        let name = |school: &SchoolId| names.get(school).cloned().unwrap_or_default();
        let own = viewer.person.school_id;
        let host = meeting.school_id;
        let contribution = |school: &SchoolId| Contribution {
            school: *school,
            name: name(school),
            paper: papers.get(&Place::of(*school, Part::Experience)).cloned(),
        };
        let (convenes, contributes) = (self.convenes(viewer, &meeting), self.contributes(viewer, &schools));
        Ok(OpenedMeeting {
            host: name(&host),
            agenda: papers.get(&Place::of(host, Part::Agenda)).cloned(),
            minutes: papers.get(&Place::of(host, Part::Minutes)).cloned(),
            contributions: schools.iter().map(contribution).collect(),
            beside,
            decisions: self.shown_decisions(viewer, &meeting, stored, &names, &papers),
            convenes,
            contributes,
            own,
            meeting,
        })
    }

    fn shown_decisions(
        &self,
        viewer: &Viewer,
        meeting: &Meeting,
        stored: Vec<StoredDecision>,
        names: &BTreeMap<SchoolId, String>,
        papers: &Papers,
    ) -> Vec<ShownDecision> {
        let today = self.today();
        let shown = |decision: StoredDecision| {
            let place = Place { school: meeting.school_id, part: Part::Decision, item: decision.id.to_string() };
            ShownDecision {
                school: names.get(&decision.school_id).cloned().unwrap_or_default(),
                paper: papers.get(&place).cloned(),
                overdue: decision.state != DecisionState::Done && decision.due < today,
                moves: owns(viewer, &decision) || self.convenes(viewer, meeting),
                decision,
            }
        };
        stored.into_iter().map(shown).collect()
    }

    fn convenes(&self, viewer: &Viewer, meeting: &Meeting) -> bool {
        meeting.school_id == viewer.person.school_id
            && self.policy.may(&viewer.at_school(), Kind::Meeting, Action::Manage)
    }

    fn contributes(&self, viewer: &Viewer, schools: &BTreeSet<SchoolId>) -> bool {
        schools.contains(&viewer.person.school_id) && self.policy.may(&viewer.at_school(), Kind::Meeting, Action::Write)
    }

    /// A meeting, who takes part, and how the person stands to it: those who do not take part stand in no relation.
    async fn meeting_for(
        &self,
        conn: &mut Conn,
        viewer: &Viewer,
        id: MeetingId,
    ) -> Result<(Meeting, BTreeSet<SchoolId>, Standing)> {
        let meeting = conn.meeting(id).await?.ok_or(Error::NotFound)?;
        let schools = attending(conn).await?.remove(&id).unwrap_or_default();
        let standing = if takes_part(viewer, &schools) {
            viewer.at_school()
        } else {
            let elsewhere = schools.iter().find(|school| **school != viewer.person.school_id);
            viewer.standing(&Facts::school(*elsewhere.ok_or(Error::NotFound)?))
        };
        Ok((meeting, schools, standing))
    }

    /// A meeting that the person leads.
    async fn led_meeting(
        &self,
        tx: Tx,
        viewer: &Viewer,
        id: MeetingId,
    ) -> Result<(Tx, crate::policy::Permit<Manage>, Meeting, BTreeSet<SchoolId>)> {
        let mut tx = tx;
        let (meeting, schools, _) = self.meeting_for(&mut tx, viewer, id).await?;
        // Only who called it leads it.
        let standing = viewer.standing(&Facts::school(meeting.school_id));
        let (tx, permit) = self.permit_in::<Manage>(tx, &standing, Kind::Meeting, id.0).await?;
        Ok((tx, permit, meeting, schools))
    }

    /// Asks whether the person calls meetings, before anything is said about a form.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anyone who calls none.
    pub async fn may_call_meetings(&self, viewer: &Viewer) -> Result<()> {
        let school = viewer.person.school_id;
        self.permit::<Manage>(&viewer.at_school(), Kind::Meeting, school.0).await.map(drop)
    }

    /// Asks whether the person leads a meeting, before anything is said about a form.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anyone but those who called it.
    pub async fn may_lead_meeting(&self, viewer: &Viewer, id: MeetingId) -> Result<()> {
        self.led_meeting(self.begin().await?, viewer, id).await.map(drop)
    }

    /// Writes what was said, and when the meeting was held: from then on it counts as held.
    ///
    /// # Errors
    /// [`Error::Invalid`]; [`Error::Named`]; [`Error::Stale`]; [`Error::NotFound`] for anyone but those who called it.
    pub async fn write_minutes(&self, viewer: &Viewer, id: MeetingId, day: Date, text: &str, seen: i64) -> Result<()> {
        let (mut tx, permit, meeting, schools) = self.led_meeting(self.begin().await?, viewer, id).await?;
        if day > self.clock.today() {
            return Err(Error::field("day", "date-in-the-future"));
        }
        self.check_paper(viewer, "minutes", text).await?;
        let readers = self.readers(&mut tx, &schools).await?;
        let place = Place::of(meeting.school_id, Part::Minutes);
        let sent = Sent { about: id.0, place, text, seen };
        self.write_paper(&mut tx, viewer, &permit, sent, &readers).await?;
        tx.set_meeting(&permit, id, &day.to_string(), true).await?;
        if !meeting.held {
            for school in &schools {
                tx.tally(&permit, *school, meeting.half, ProcessFigure::MeetingsHeld, 1).await?;
            }
            self.tell_all_of(&mut tx, viewer, &schools, &format!("/meetings/{id}")).await?;
        }
        tx.record_about(&permit, Event::MeetingWritten, id.0, Part::Minutes.as_str(), self.now()).await?;
        Ok(tx.commit().await?)
    }

    /// Writes what the own school brings: experience without names. Its numbers come through the gate.
    ///
    /// # Errors
    /// As [`App::write_minutes`], for directors of schools that take part.
    pub async fn write_experience(&self, viewer: &Viewer, id: MeetingId, text: &str, seen: i64) -> Result<()> {
        let mut tx = self.begin().await?;
        let (_, schools, standing) = self.meeting_for(&mut tx, viewer, id).await?;
        let (mut tx, permit) = self.permit_in::<Write>(tx, &standing, Kind::Meeting, id.0).await?;
        self.check_paper(viewer, "experience", text).await?;
        let readers = self.readers(&mut tx, &schools).await?;
        let place = Place::of(viewer.person.school_id, Part::Experience);
        let sent = Sent { about: id.0, place, text, seen };
        self.write_paper(&mut tx, viewer, &permit, sent, &readers).await?;
        tx.record_about(&permit, Event::MeetingWritten, id.0, Part::Experience.as_str(), self.now()).await?;
        Ok(tx.commit().await?)
    }

    /// Notes a decision, and tells who has to do it.
    ///
    /// # Errors
    /// As [`App::write_minutes`].
    pub async fn decide_jointly(&self, viewer: &Viewer, id: MeetingId, new: &NewDecision) -> Result<DecisionId> {
        let (mut tx, permit, meeting, schools) = self.led_meeting(self.begin().await?, viewer, id).await?;
        let mut problems = Vec::new();
        if !schools.contains(&new.school) {
            problems.push(FieldProblem { field: "school", code: "choose" });
        }
        if !OWNERS.contains(&new.owner) {
            problems.push(FieldProblem { field: "owner", code: "choose" });
        }
        if !problems.is_empty() {
            return Err(Error::Invalid(problems));
        }
        self.check_paper(viewer, "decision", &new.text).await?;
        let decision_id = self.letter_from("decision", &[viewer.person.id.0.as_bytes(), new.form.0.as_bytes()]).0;
        let decision = StoredDecision {
            id: DecisionId(decision_id),
            meeting_id: id,
            school_id: new.school,
            owner: new.owner,
            due: new.due.to_string(),
            state: DecisionState::Open,
            version: 1,
        };
        if !tx.insert_decision(&permit, &decision).await? {
            tx.leave().await?;
            return Ok(decision.id);
        }
        let readers = self.readers(&mut tx, &schools).await?;
        let place = Place { school: meeting.school_id, part: Part::Decision, item: decision.id.to_string() };
        let sent = Sent { about: id.0, place, text: &new.text, seen: 0 };
        self.write_paper(&mut tx, viewer, &permit, sent, &readers).await?;
        let owners = self.holders_of_role(&mut tx, new.school, new.owner, None).await?;
        self.tell(&mut tx, new.school, &owners, &format!("/meetings/{id}")).await?;
        tx.record_about(&permit, Event::MeetingWritten, id.0, Part::Decision.as_str(), self.now()).await?;
        tx.commit().await?;
        Ok(decision.id)
    }

    /// Says how far a decision is: who has to do it, or who called the meeting.
    ///
    /// # Errors
    /// [`Error::Stale`] where a colleague said it meanwhile; [`Error::NotFound`] for everybody else.
    pub async fn move_decision(
        &self,
        viewer: &Viewer,
        id: MeetingId,
        decision: DecisionId,
        state: DecisionState,
        seen: i64,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        let (meeting, _, standing) = self.meeting_for(&mut tx, viewer, id).await?;
        let (mut tx, permit) = self.permit_in::<Append>(tx, &standing, Kind::Meeting, id.0).await?;
        let stands = tx.decisions(id).await?.into_iter().find(|d| d.id == decision).ok_or(Error::NotFound)?;
        if !owns(viewer, &stands) && !self.convenes(viewer, &meeting) {
            return Err(Error::NotFound);
        }
        if stands.state == state {
            return Ok(tx.leave().await?);
        }
        if !tx.move_decision(&permit, decision, state, seen).await? {
            return Err(Error::Stale(Vec::new()));
        }
        tx.record_about(&permit, Event::DecisionMoved, decision.0, state.as_str(), self.now()).await?;
        Ok(tx.commit().await?)
    }

    /// Gives leaders and officers who came later a copy of what was written for a meeting.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anyone but those who called it.
    pub async fn share_meeting(&self, viewer: &Viewer, id: MeetingId) -> Result<()> {
        let (mut tx, permit, _, schools) = self.led_meeting(self.begin().await?, viewer, id).await?;
        let readers = self.readers(&mut tx, &schools).await?;
        let given = self.hand_round(&mut tx, viewer, &permit, id.0, &readers).await?;
        tx.record_about(&permit, Event::MeetingWritten, id.0, &format!("copies={given}"), self.now()).await?;
        Ok(tx.commit().await?)
    }

    /// Leaves a notice for those at these schools, and at the district, who have to do with them; not for who acts.
    pub(crate) async fn tell_all_of(
        &self,
        tx: &mut Tx,
        viewer: &Viewer,
        schools: &BTreeSet<SchoolId>,
        place: &str,
    ) -> Result<()> {
        for school in tx.schools().await? {
            let roles: &[Role] = match school.kind {
                SchoolKind::District => &[Role::DistrictOfficer],
                SchoolKind::School if schools.contains(&school.id) => OWNERS,
                SchoolKind::School => continue,
            };
            let mut people: BTreeSet<PersonId> = BTreeSet::new();
            for role in roles {
                people.extend(self.holders_of_role(tx, school.id, *role, None).await?);
            }
            people.remove(&viewer.person.id);
            self.tell(tx, school.id, &people, place).await?;
        }
        Ok(())
    }

    /// Reminds those who have to do a decision or an answer whose day is over: once for each day that was set.
    ///
    /// # Errors
    /// The database; the next round tries again.
    pub async fn remind_of_the_county(&self) -> Result<usize> {
        let today = self.today();
        let mut conn = self.db.read().await?;
        if conn.decisions_overdue(&today).await?.is_empty() && conn.answers_overdue(&today).await?.is_empty() {
            return Ok(0);
        }
        drop(conn);
        let mut tx = self.begin().await?;
        let mut told = 0;
        for decision in tx.decisions_overdue(&today).await? {
            if tx.remind_of_decision(decision.id).await? {
                let owners = self.holders_of_role(&mut tx, decision.school_id, decision.owner, None).await?;
                self.tell(&mut tx, decision.school_id, &owners, &format!("/meetings/{}", decision.meeting_id)).await?;
                told += 1;
            }
        }
        for answer in tx.answers_overdue(&today).await? {
            if tx.remind_of_answer(&answer).await? {
                let mut owners = BTreeSet::new();
                for role in OWNERS {
                    owners.extend(self.holders_of_role(&mut tx, answer.school_id, *role, None).await?);
                }
                let place = format!("/supervisions/{}", answer.supervision_id);
                self.tell(&mut tx, answer.school_id, &owners, &place).await?;
                told += 1;
            }
        }
        tx.commit().await?;
        Ok(told)
    }
}

/// Whether the person has to do a decision.
fn owns(viewer: &Viewer, decision: &StoredDecision) -> bool {
    decision.school_id == viewer.person.school_id && viewer.has(decision.owner)
}

/// Whether the person's school takes part, or is the district, which reads all of them.
fn takes_part(viewer: &Viewer, schools: &BTreeSet<SchoolId>) -> bool {
    viewer.school.kind == SchoolKind::District || schools.contains(&viewer.person.school_id)
}

/// Who takes part in which meeting.
async fn attending(conn: &mut Conn) -> Result<BTreeMap<MeetingId, BTreeSet<SchoolId>>> {
    let mut attending: BTreeMap<MeetingId, BTreeSet<SchoolId>> = BTreeMap::new();
    for (meeting, school) in conn.attendances().await? {
        attending.entry(MeetingId(meeting)).or_default().insert(SchoolId(school));
    }
    Ok(attending)
}

/// The schools besides one, by name.
pub(crate) async fn others(conn: &mut Conn, own: SchoolId) -> Result<Vec<(SchoolId, String)>> {
    let schools = conn.schools().await?.into_iter().filter(|school| school.has_students() && school.id != own);
    Ok(schools.map(|school| (school.id, school.name)).collect())
}

/// A fresh form.
#[must_use]
pub fn fresh_form() -> FormId {
    FormId(Uuid::new_v4())
}

#[cfg(test)]
mod tests;
