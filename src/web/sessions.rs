//! The counsellor's own work: groups, and how much there was in a month.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::Form;
use jiff::civil::Date;
use serde::Deserialize;

use super::files::once;
use super::problem::Problem;
use super::request::{Seen, done, page};
use super::ui::{Choice, Problems, Ui, t};
use super::{Web, Who, routes};
use crate::domain::ids::{GroupId, StudentId};
use crate::domain::session::GroupMeeting;
use crate::domain::words::Role;
use crate::service::{Error, GroupEdit, MonthCount, NewMeeting, OpenedGroup, ShownGroup};

const COUNSELLORS: Who = Who::Roles(&[Role::Counsellor]);

routes! {
    get "/sessions" show, COUNSELLORS;
    post "/sessions/groups" new_group, COUNSELLORS;
    get "/sessions/groups/{id}" group, COUNSELLORS;
    post "/sessions/groups/{id}" edit, COUNSELLORS;
    post "/sessions/groups/{id}/find" find, COUNSELLORS;
    post "/sessions/groups/{id}/members" join, COUNSELLORS;
    post "/sessions/groups/{id}/members/leave" leave, COUNSELLORS;
    post "/sessions/groups/{id}/meetings" meet, COUNSELLORS;
    post "/sessions/groups/{id}/end" end, COUNSELLORS;
}

#[derive(Template)]
#[template(path = "sessions.html")]
struct SessionsPage {
    ui: Ui,
    groups: Vec<ShownGroup>,
    counts: Vec<MonthCount>,
    columns: Vec<String>,
    typed: PlanForm,
    problems: Problems,
}

/// A plan as the form sends it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct PlanForm {
    once: String,
    topic: String,
    goals: String,
    plan: String,
    seen: i64,
}

impl PlanForm {
    fn edit(&self) -> GroupEdit {
        let text = |text: &str| text.replace("\r\n", "\n");
        let (topic, goals, plan) = (text(&self.topic), text(&self.goals), text(&self.plan));
        GroupEdit { topic, goals, plan, seen: self.seen }
    }
}

async fn show(State(web): State<Web>, seen: Seen) -> Result<Response, Problem> {
    page(&sessions_page(&web, seen, PlanForm::default(), Problems::default()).await?)
}

async fn sessions_page(
    web: &Web,
    Seen { viewer, ui }: Seen,
    mut typed: PlanForm,
    problems: Problems,
) -> Result<SessionsPage, Problem> {
    let groups = web.app.groups(&viewer).await?;
    let counts = web.app.month_counts(&viewer).await?;
    typed.once = once(&typed.once).to_string();
    let columns = vec![
        t!(ui, "sessions-month"),
        t!(ui, "sessions-single"),
        t!(ui, "sessions-group"),
        t!(ui, "sessions-students"),
    ];
    Ok(SessionsPage { ui, groups, counts, columns, typed, problems })
}

async fn new_group(State(web): State<Web>, seen: Seen, Form(typed): Form<PlanForm>) -> Result<Response, Problem> {
    match web.app.new_group(&seen.viewer, once(&typed.once), &typed.edit()).await {
        Ok(id) => Ok(done(&format!("/sessions/groups/{id}"), "saved")),
        Err(Error::Invalid(problems)) => {
            let problems = Problems::of(&seen.ui, &problems);
            let again = page(&sessions_page(&web, seen, typed, problems).await?)?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, again).into_response())
        }
        Err(other) => Err(other.into()),
    }
}

#[derive(Template)]
#[template(path = "group.html")]
struct GroupPage {
    ui: Ui,
    id: GroupId,
    opened: OpenedGroup,
    found: Option<Vec<(StudentId, String)>>,
    plan: PlanForm,
    meeting: Meeting,
    present: Vec<Choice>,
    stale: bool,
    problems: Problems,
}

impl GroupPage {
    /// The names of those who came to a meeting, as far as they still take part.
    fn names(&self, meeting: &GroupMeeting) -> String {
        let members = self.opened.plan.members.iter().filter(|member| meeting.present.contains(&member.student));
        let names: Vec<&str> = members.map(|member| member.name.as_str()).collect();
        super::format::list(self.ui.language, &names)
    }

    /// What was typed about a member.
    fn note(&self, member: &StudentId) -> &str {
        self.meeting.notes.get(member).map_or("", String::as_str)
    }
}

/// A meeting as the form sends it: ticks come several times, and each member has a field of the own.
#[derive(Default)]
struct Meeting {
    once: String,
    date: String,
    minutes: String,
    place: String,
    theme: String,
    process: String,
    limits_told: bool,
    present: Vec<StudentId>,
    notes: BTreeMap<StudentId, String>,
}

impl From<Vec<(String, String)>> for Meeting {
    fn from(pairs: Vec<(String, String)>) -> Self {
        let mut meeting = Self::default();
        for (name, text) in pairs {
            let text = text.replace("\r\n", "\n");
            match (name.as_str(), name.strip_prefix("note-").and_then(|id| id.parse().ok())) {
                (_, Some(member)) => drop(meeting.notes.insert(member, text)),
                ("once", _) => meeting.once = text,
                ("date", _) => meeting.date = text,
                ("minutes", _) => meeting.minutes = text,
                ("place", _) => meeting.place = text,
                ("theme", _) => meeting.theme = text,
                ("process", _) => meeting.process = text,
                ("limits_told", _) => meeting.limits_told = true,
                ("present", _) => meeting.present.extend(text.parse::<StudentId>().ok()),
                _ => {}
            }
        }
        meeting
    }
}

impl Meeting {
    fn new_meeting(&self, ui: &Ui) -> Result<NewMeeting, Problems> {
        let date: Date = self.date.parse().map_err(|_| Problems::one(ui, "date", "date-invalid"))?;
        let minutes = self.minutes.trim().parse().ok().filter(|minutes| (1..=600).contains(minutes));
        let minutes = minutes.ok_or_else(|| Problems::one(ui, "minutes", "minutes"))?;
        let text = |text: &str| text.trim().to_owned();
        let (place, theme, process) = (text(&self.place), text(&self.theme), text(&self.process));
        let meeting = GroupMeeting { date, minutes, place, theme, process, present: self.present.clone() };
        Ok(NewMeeting { form: once(&self.once), meeting, notes: self.notes.clone(), limits_told: self.limits_told })
    }
}

/// What a page of a group holds besides the group.
#[derive(Default)]
struct Filled {
    found: Option<Vec<(StudentId, String)>>,
    plan: Option<PlanForm>,
    meeting: Option<Meeting>,
    stale: bool,
    problems: Problems,
}

async fn group(State(web): State<Web>, seen: Seen, Path(id): Path<GroupId>) -> Result<Response, Problem> {
    page(&group_page(&web, seen, id, Filled::default()).await?)
}

async fn group_page(web: &Web, seen: Seen, id: GroupId, filled: Filled) -> Result<GroupPage, Problem> {
    let opened = web.app.open_group(&seen.viewer, id).await?;
    let Filled { found, plan, meeting, stale, problems } = filled;
    let stands = &opened.plan;
    let mut plan = plan.unwrap_or_else(|| PlanForm {
        topic: stands.topic.clone(),
        goals: stands.goals.clone(),
        plan: stands.plan.clone(),
        ..PlanForm::default()
    });
    plan.seen = opened.group.version;
    let blank = || Meeting {
        once: once("").to_string(),
        date: web.app.today(),
        minutes: "45".to_owned(),
        present: stands.members.iter().map(|member| member.student).collect(),
        ..Meeting::default()
    };
    let meeting = meeting.unwrap_or_else(blank);
    let choice = |member: &crate::domain::session::GroupMember| Choice {
        value: member.student.to_string(),
        label: member.name.clone(),
        chosen: meeting.present.contains(&member.student),
    };
    let present = stands.members.iter().map(choice).collect();
    Ok(GroupPage { ui: seen.ui, id, found, plan, present, meeting, stale, problems, opened })
}

async fn edit(
    State(web): State<Web>,
    seen: Seen,
    Path(id): Path<GroupId>,
    Form(form): Form<PlanForm>,
) -> Result<Response, Problem> {
    let edited = web.app.edit_group(&seen.viewer, id, &form.edit()).await;
    answer(&web, seen, id, edited, Filled { plan: Some(form), ..Filled::default() }).await
}

/// A search among the students of the school.
#[derive(Deserialize)]
struct Find {
    #[serde(default)]
    q: String,
}

async fn find(
    State(web): State<Web>,
    seen: Seen,
    Path(id): Path<GroupId>,
    Form(form): Form<Find>,
) -> Result<Response, Problem> {
    let found = web.app.search(&seen.viewer, &form.q).await?;
    let one = |listed: crate::service::Listed| {
        let class = super::files::shown_class(&web, &seen.ui, &listed.class);
        (listed.row.student, format!("{} {class}", listed.row.name))
    };
    let found = Some(found.into_iter().take(20).map(one).collect());
    page(&group_page(&web, seen.clone(), id, Filled { found, ..Filled::default() }).await?)
}

/// Somebody who joins or leaves.
#[derive(Deserialize)]
struct Member {
    student: StudentId,
}

async fn join(
    State(web): State<Web>,
    seen: Seen,
    Path(id): Path<GroupId>,
    Form(member): Form<Member>,
) -> Result<Response, Problem> {
    let joined = web.app.join_group(&seen.viewer, id, member.student).await;
    answer(&web, seen, id, joined, Filled::default()).await
}

async fn leave(
    State(web): State<Web>,
    seen: Seen,
    Path(id): Path<GroupId>,
    Form(member): Form<Member>,
) -> Result<Response, Problem> {
    let left = web.app.leave_group(&seen.viewer, id, member.student).await;
    answer(&web, seen, id, left, Filled::default()).await
}

async fn meet(
    State(web): State<Web>,
    seen: Seen,
    Path(id): Path<GroupId>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let meeting = Meeting::from(pairs);
    match meeting.new_meeting(&seen.ui) {
        Ok(new) => {
            let met = web.app.record_meeting(&seen.viewer, id, &new).await;
            answer(&web, seen, id, met, Filled { meeting: Some(meeting), ..Filled::default() }).await
        }
        Err(problems) => {
            let filled = Filled { meeting: Some(meeting), problems, ..Filled::default() };
            let again = page(&group_page(&web, seen, id, filled).await?)?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, again).into_response())
        }
    }
}

/// Whether it ends, or goes on.
#[derive(Deserialize)]
struct End {
    #[serde(default)]
    ended: String,
}

async fn end(
    State(web): State<Web>,
    seen: Seen,
    Path(id): Path<GroupId>,
    Form(form): Form<End>,
) -> Result<Response, Problem> {
    let ended = web.app.end_group(&seen.viewer, id, form.ended == "yes").await;
    answer(&web, seen, id, ended, Filled::default()).await
}

/// Back to the group: with the news, or with what is wrong and everything typed.
async fn answer(
    web: &Web,
    seen: Seen,
    id: GroupId,
    result: Result<(), Error>,
    mut filled: Filled,
) -> Result<Response, Problem> {
    let status = match result {
        Ok(()) => return Ok(done(&format!("/sessions/groups/{id}"), "saved")),
        Err(Error::Invalid(problems)) => {
            filled.problems = Problems::of(&seen.ui, &problems);
            StatusCode::UNPROCESSABLE_ENTITY
        }
        Err(Error::Stale(_)) => {
            filled.stale = true;
            StatusCode::CONFLICT
        }
        Err(other) => return Err(other.into()),
    };
    let again = page(&group_page(web, seen, id, filled).await?)?;
    Ok((status, again).into_response())
}
