//! Groups that a counsellor meets with 团体辅导 (`requirements.md` A24): the plan and the meetings are sealed to the
//! counsellor; what concerns one member goes into that member's own note. And how much there was in a month, without names.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan as _;
use uuid::Uuid;

use super::approach::is_sealed_away;
use super::error::again;
use super::keys::Spot;
use super::{App, Error, FieldProblem, Keys, Result, Viewer};
use crate::domain::audit::Event;
use crate::domain::clock::{school_instant, school_time};
use crate::domain::ids::{FormId, GroupId, StudentId};
use crate::domain::record::{NoteText, SessionForm};
use crate::domain::session::{GroupMeeting, GroupMember, GroupPlan, NoteSource, Session};
use crate::domain::words::{Compartment, Kind};
use crate::policy::{Append, Permit, Read};
use crate::store::{CounselGroup, StoredMeeting, Tx};

/// The longest topic, in characters.
const TOPIC: usize = 60;
/// The longest of the other texts, in characters.
const TEXT: usize = 4_000;
/// The most members of a group.
const MEMBERS: usize = 40;
/// Months shown on the page of counts, the present one included.
const MONTHS: i32 = 12;

/// A group in the list of its counsellor.
#[derive(Debug)]
pub struct ShownGroup {
    /// The group.
    pub group: CounselGroup,
    /// Its topic.
    pub topic: String,
    /// How many take part.
    pub members: usize,
}

/// A group, opened.
#[derive(Debug)]
pub struct OpenedGroup {
    /// The group.
    pub group: CounselGroup,
    /// Its plan.
    pub plan: GroupPlan,
    /// Its meetings, newest first.
    pub meetings: Vec<GroupMeeting>,
}

/// A change of a plan, or a new one.
#[derive(Debug, Clone, Default)]
pub struct GroupEdit {
    /// 主题
    pub topic: String,
    /// 目标
    pub goals: String,
    /// 安排
    pub plan: String,
    /// The version the person saw; 0 for a new group.
    pub seen: i64,
}

/// A meeting about to be written down.
#[derive(Debug, Clone)]
pub struct NewMeeting {
    /// The form it came from: the same meeting sent again from it is no second one.
    pub form: FormId,
    /// What happened in the group.
    pub meeting: GroupMeeting,
    /// What was seen of single members: their own notes. Those who came and are not named here get the theme.
    pub notes: BTreeMap<StudentId, String>,
    /// Whether the exceptions to secrecy were explained.
    pub limits_told: bool,
}

/// How much there was in a month. No names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MonthCount {
    /// `YYYY-MM`.
    pub month: String,
    /// Sessions with one student.
    pub sessions: i64,
    /// Meetings of groups.
    pub meetings: i64,
    /// Students about whom there is a note, each counted once.
    pub students: usize,
}

impl App {
    /// The groups of the person, newest first.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anyone who keeps no notes.
    pub async fn groups(&self, viewer: &Viewer) -> Result<Vec<ShownGroup>> {
        let person = viewer.person.id;
        let permit = self.permit::<Read>(&viewer.as_author(), Kind::Counselling, person.0).await?;
        let mut conn = self.db.read().await?;
        let mut shown = Vec::new();
        for group in conn.groups_of(person).await? {
            let keys = Keys::of(&mut conn, viewer, &self.secret, group.id.0).await?;
            let plan = self.plan_of(viewer, &keys, &group)?;
            shown.push(ShownGroup { topic: plan.topic, members: plan.members.len(), group });
        }
        drop(conn);
        self.leave_trace(&permit, Event::GroupOpened, "list", &[]).await?;
        Ok(shown)
    }

    /// Opens a group of the person's own.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anybody else.
    pub async fn open_group(&self, viewer: &Viewer, id: GroupId) -> Result<OpenedGroup> {
        let mut conn = self.db.read().await?;
        let group = conn.group(id).await?.ok_or(Error::NotFound)?;
        let permit = self.group_permit(viewer, &group).await?;
        let keys = Keys::of(&mut conn, viewer, &self.secret, id.0).await?;
        let plan = self.plan_of(viewer, &keys, &group)?;
        let meetings = conn.meetings(id).await?;
        drop(conn);
        let open = |meeting: &StoredMeeting| {
            keys.read(&permit, &meeting_spot(viewer, meeting.id, meeting.epoch), &meeting.sealed)
        };
        let meetings = meetings.iter().map(open).collect::<Result<Vec<GroupMeeting>>>()?;
        self.leave_trace(&permit, Event::GroupOpened, "", &keys.faster).await?;
        Ok(OpenedGroup { group, plan, meetings })
    }

    /// Makes a group. The same plan sent again from the same `form` is no second one.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every wrong field; [`Error::NotFound`] for anyone who keeps no notes.
    pub async fn new_group(&self, viewer: &Viewer, form: FormId, edit: &GroupEdit) -> Result<GroupId> {
        check(edit)?;
        again(|| self.try_new_group(viewer, form, edit)).await
    }

    async fn try_new_group(&self, viewer: &Viewer, form: FormId, edit: &GroupEdit) -> Result<GroupId> {
        let id = GroupId(self.id_of_sent(viewer, form, &(&edit.topic, &edit.goals, &edit.plan))?);
        let (standing, owner) = (viewer.as_author(), viewer.person.id.0);
        let (mut tx, permit) =
            self.permit_in::<Append>(self.begin().await?, &standing, Kind::Counselling, id.0).await?;
        // The key is also the lock: a second click waits here for the first, and finds the group.
        if tx.hold_key(&permit, id.0, Compartment::Counselling, owner).await?.0.is_some() {
            tx.leave().await?;
            return Ok(id);
        }
        let holders = self.note_holders(&mut tx, viewer).await?;
        let (key, secret) = self.make_key(&mut tx, &permit, id.0, Compartment::Counselling, owner, &holders).await?;
        let mut keys = Keys::of(&mut tx, viewer, &self.secret, id.0).await?;
        keys.put(&key, secret);
        let plan = with(GroupPlan::default(), edit);
        let mut group = CounselGroup {
            id,
            school_id: permit.school(),
            person_id: viewer.person.id,
            ended: false,
            started_at: self.now(),
            epoch: 0,
            version: 1,
            sealed: Vec::new(),
        };
        seal_plan(viewer, &keys, &mut group, &plan)?;
        tx.insert_group(&permit, &group).await?;
        tx.record(&permit, Event::GroupChanged, "made", self.now()).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// Changes the texts of a plan.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every wrong field; [`Error::Stale`] when it was changed in another window meanwhile;
    /// [`Error::NotFound`] for anybody but its counsellor.
    pub async fn edit_group(&self, viewer: &Viewer, id: GroupId, edit: &GroupEdit) -> Result<()> {
        check(edit)?;
        self.change_group(viewer, id, Some(edit.seen), "changed", |_, plan| {
            *plan = with(std::mem::take(plan), edit);
            Ok(())
        })
        .await
    }

    /// Takes a student into a group.
    ///
    /// # Errors
    /// [`Error::Invalid`] on `student` when the group is full; [`Error::NotFound`] for anybody but its counsellor, and for a
    /// student whom the person may not know.
    pub async fn join_group(&self, viewer: &Viewer, id: GroupId, student: StudentId) -> Result<()> {
        let (who, _) = self.whom(viewer, student).await?;
        let name = who.name().to_owned();
        self.change_group(viewer, id, None, "joined", |_, plan| {
            if plan.members.iter().any(|member| member.student == student) {
                return Ok(());
            }
            if plan.members.len() >= MEMBERS {
                return Err(Error::field("student", "group-full"));
            }
            plan.members.push(GroupMember { student, name: name.clone() });
            Ok(())
        })
        .await
    }

    /// Takes a student out of a group; the notes of the meetings so far stay.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anybody but its counsellor.
    pub async fn leave_group(&self, viewer: &Viewer, id: GroupId, student: StudentId) -> Result<()> {
        self.change_group(viewer, id, None, "left", |_, plan| {
            plan.members.retain(|member| member.student != student);
            Ok(())
        })
        .await
    }

    /// Ends a group, or goes on with one that ended.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anybody but its counsellor.
    pub async fn end_group(&self, viewer: &Viewer, id: GroupId, ended: bool) -> Result<()> {
        let detail = if ended { "ended" } else { "resumed" };
        self.change_group(viewer, id, None, detail, |group, _| {
            group.ended = ended;
            Ok(())
        })
        .await
    }

    async fn change_group(
        &self,
        viewer: &Viewer,
        id: GroupId,
        seen: Option<i64>,
        detail: &str,
        change: impl Fn(&mut CounselGroup, &mut GroupPlan) -> Result<()>,
    ) -> Result<()> {
        again(|| async {
            let (mut tx, mut group, permit) = self.group_to_change(viewer, id).await?;
            if seen.is_some_and(|seen| seen != group.version) {
                return Err(Error::Stale(Vec::new()));
            }
            let keys = Keys::of(&mut tx, viewer, &self.secret, id.0).await?;
            let mut plan = self.plan_of(viewer, &keys, &group)?;
            change(&mut group, &mut plan)?;
            group.version += 1;
            seal_plan(viewer, &keys, &mut group, &plan)?;
            if !tx.put_group(&permit, &group).await? {
                return Err(Error::Raced);
            }
            tx.record(&permit, Event::GroupChanged, detail, self.now()).await?;
            Ok(tx.commit().await?)
        })
        .await
    }

    /// Writes a meeting down, and for each member who came a note of the own.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every wrong field; [`Error::NotFound`] for anybody but its counsellor.
    pub async fn record_meeting(&self, viewer: &Viewer, id: GroupId, new: &NewMeeting) -> Result<()> {
        self.check_meeting(new)?;
        again(|| self.try_record(viewer, id, new)).await
    }

    async fn try_record(&self, viewer: &Viewer, id: GroupId, new: &NewMeeting) -> Result<()> {
        let (mut tx, group, permit) = self.group_to_change(viewer, id).await?;
        let keys = Keys::of(&mut tx, viewer, &self.secret, id.0).await?;
        let plan = self.plan_of(viewer, &keys, &group)?;
        let members: BTreeSet<StudentId> = plan.members.iter().map(|member| member.student).collect();
        let present: Vec<StudentId> = new.meeting.present.iter().copied().filter(|id| members.contains(id)).collect();
        if present.is_empty() {
            return Err(Error::field("present", "choose"));
        }
        for student in &present {
            if is_sealed_away(&mut tx, *student).await? {
                return Err(Error::field("present", "member-sealed-away"));
            }
        }
        let meeting_id = self.id_of_sent(viewer, new.form, &(id, &new.meeting, &new.notes, new.limits_told))?;
        let mut spot = meeting_spot(viewer, meeting_id, 0);
        let notes = i64::try_from(present.len()).unwrap_or(0);
        let meeting = GroupMeeting { present, ..new.meeting.clone() };
        let sealed = keys.seal(&mut spot, &meeting)?;
        let written_at = self.now();
        let stored = StoredMeeting { id: meeting_id, group_id: id, written_at, notes, epoch: spot.epoch, sealed };
        if !tx.insert_meeting(&permit, &stored).await? {
            return Ok(tx.leave().await?);
        }
        for student in &meeting.present {
            self.note_of_member(&mut tx, viewer, id, *student, new).await?;
        }
        tx.record(&permit, Event::GroupChanged, "met", written_at).await?;
        Ok(tx.commit().await?)
    }

    /// The own note of one who came.
    async fn note_of_member(
        &self,
        tx: &mut Tx,
        viewer: &Viewer,
        group: GroupId,
        student: StudentId,
        new: &NewMeeting,
    ) -> Result<()> {
        let meeting = &new.meeting;
        let seen = new.notes.get(&student).map(|text| text.trim()).filter(|text| !text.is_empty());
        let text = NoteText {
            date: meeting.date,
            form: SessionForm::FaceToFace,
            minutes: meeting.minutes,
            complaint: String::new(),
            process: seen.unwrap_or(&meeting.theme).to_owned(),
            plan: String::new(),
            limits_told: new.limits_told,
            session: Session {
                place: meeting.place.clone(),
                source: Some(NoteSource::Group),
                group: Some(group),
                ..Session::default()
            },
        };
        self.note_of_group(tx, viewer, student, new.form, &text).await
    }

    /// How many sessions and meetings the person had in each of the last twelve months, newest first. Counted from times
    /// alone; no name is read.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anyone who keeps no notes.
    pub async fn month_counts(&self, viewer: &Viewer) -> Result<Vec<MonthCount>> {
        let person = viewer.person.id;
        self.permit::<Read>(&viewer.as_author(), Kind::Counselling, person.0).await?;
        let first = self.clock.today().first_of_month();
        let since = school_instant(first.saturating_sub((MONTHS - 1).months()), 0);
        let mut conn = self.db.read().await?;
        let (notes, meetings) = (conn.notes_of(person, since).await?, conn.meetings_of(person, since).await?);
        drop(conn);
        let mut months: BTreeMap<String, (MonthCount, BTreeSet<Uuid>)> = BTreeMap::new();
        for (student, at) in notes {
            let (count, students) = months.entry(month(at)).or_default();
            count.sessions += 1;
            students.insert(student);
        }
        for (at, of_members) in meetings {
            let (count, _) = months.entry(month(at)).or_default();
            count.meetings += 1;
            count.sessions -= of_members;
        }
        let shown = |(month, (count, students)): (String, (MonthCount, BTreeSet<Uuid>))| MonthCount {
            month,
            sessions: count.sessions.max(0),
            students: students.len(),
            ..count
        };
        Ok(months.into_iter().rev().map(shown).collect())
    }

    fn plan_of(&self, viewer: &Viewer, keys: &Keys, group: &CounselGroup) -> Result<GroupPlan> {
        let read = self.policy.permit::<Read>(&viewer.as_author(), Kind::Counselling, group.id.0);
        let read = read.map_err(|_| Error::NotFound)?;
        keys.read(&read, &plan_spot(viewer, group), &group.sealed)
    }

    /// The permit to read a group, for its counsellor.
    async fn group_permit(&self, viewer: &Viewer, group: &CounselGroup) -> Result<Permit<Read>> {
        let standing = if group.person_id == viewer.person.id { viewer.as_author() } else { viewer.at_school() };
        self.permit::<Read>(&standing, Kind::Counselling, group.id.0).await
    }

    /// A transaction in which the person changes a group of the own.
    async fn group_to_change(&self, viewer: &Viewer, id: GroupId) -> Result<(Tx, CounselGroup, Permit<Append>)> {
        let mut tx = self.begin().await?;
        let group = tx.group(id).await?.ok_or(Error::NotFound)?;
        if group.person_id != viewer.person.id {
            drop(tx);
            self.group_permit(viewer, &group).await?;
            return Err(Error::NotFound);
        }
        let (tx, permit) = self.permit_in::<Append>(tx, &viewer.as_author(), Kind::Counselling, id.0).await?;
        Ok((tx, group, permit))
    }

    fn check_meeting(&self, new: &NewMeeting) -> Result<()> {
        let mut problems = Vec::new();
        let mut wrong = |field, code| problems.push(FieldProblem { field, code });
        let meeting = &new.meeting;
        if meeting.date > self.clock.today() {
            wrong("date", "date-in-the-future");
        }
        if meeting.theme.trim().is_empty() {
            wrong("theme", "required");
        }
        let long = |text: &String| text.chars().count() > TEXT;
        for (field, text) in [("place", &meeting.place), ("theme", &meeting.theme), ("process", &meeting.process)] {
            if long(text) {
                wrong(field, "too-long");
            }
        }
        if new.notes.values().any(long) {
            wrong("notes", "too-long");
        }
        if meeting.present.is_empty() {
            wrong("present", "choose");
        }
        if problems.is_empty() { Ok(()) } else { Err(Error::Invalid(problems)) }
    }
}

fn check(edit: &GroupEdit) -> Result<()> {
    let mut problems = Vec::new();
    let mut wrong = |field, code| problems.push(FieldProblem { field, code });
    if edit.topic.trim().is_empty() {
        wrong("topic", "required");
    }
    if edit.topic.chars().count() > TOPIC {
        wrong("topic", "too-long");
    }
    for (field, text) in [("goals", &edit.goals), ("plan", &edit.plan)] {
        if text.chars().count() > TEXT {
            wrong(field, "too-long");
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(Error::Invalid(problems)) }
}

/// A plan with these texts and its members as they are.
fn with(plan: GroupPlan, edit: &GroupEdit) -> GroupPlan {
    let text = |text: &str| text.trim().to_owned();
    GroupPlan { topic: text(&edit.topic), goals: text(&edit.goals), plan: text(&edit.plan), members: plan.members }
}

fn month(at: i64) -> String {
    school_time(at).strftime("%Y-%m").to_string()
}

fn spot(viewer: &Viewer, table: &'static str, row: Uuid, epoch: i64, version: i64) -> Spot<'static> {
    let (compartment, owner) = (Compartment::Counselling, viewer.person.id.0);
    Spot { table, row, column: "sealed", compartment, owner, epoch, version }
}

fn plan_spot(viewer: &Viewer, group: &CounselGroup) -> Spot<'static> {
    spot(viewer, "counsel_groups", group.id.0, group.epoch, group.version)
}

fn meeting_spot(viewer: &Viewer, id: Uuid, epoch: i64) -> Spot<'static> {
    spot(viewer, "group_meetings", id, epoch, 1)
}

fn seal_plan(viewer: &Viewer, keys: &Keys, group: &mut CounselGroup, plan: &GroupPlan) -> Result<()> {
    let mut place = plan_spot(viewer, group);
    group.sealed = keys.seal(&mut place, plan)?;
    group.epoch = place.epoch;
    Ok(())
}

#[cfg(test)]
mod tests;
