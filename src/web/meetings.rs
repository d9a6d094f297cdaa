//! Joint meetings 联席会议: the list, one meeting, and its record on paper.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use axum_extra::extract::Form;

use super::county::{Back, Fields, half_choices, half_word, with_status};
use super::problem::Problem;
use super::request::{Seen, done, page};
use super::statistics::{Sheet, beside};
use super::ui::{Choice, Ui, t};
use super::{Web, Who, routes};
use crate::domain::county::DecisionState;
use crate::domain::ids::{DecisionId, MeetingId};
use crate::domain::words::Role;
use crate::service::{
    DECISION_OWNERS, Error, Meetings, NewDecision, NewJointMeeting, OpenedMeeting, ShownDecision, ShownPaper, Viewer,
    fresh_form,
};

/// Roles that read joint meetings.
const READERS: Who = Who::Roles(&[Role::DistrictOfficer, Role::MoralEdDirector, Role::SchoolLeader]);
/// Roles that call joint meetings.
const CALLERS: Who = Who::Roles(&[Role::DistrictOfficer, Role::MoralEdDirector]);
/// Roles that bring the experience of a school.
const WRITERS: Who = Who::Roles(&[Role::MoralEdDirector]);

routes! {
    get "/meetings" index, READERS;
    post "/meetings" call, CALLERS;
    get "/meetings/{meeting}" show, READERS;
    get "/meetings/{meeting}/print" print, READERS;
    post "/meetings/{meeting}/minutes" minutes, CALLERS;
    post "/meetings/{meeting}/experience" experience, WRITERS;
    post "/meetings/{meeting}/decisions" decide, CALLERS;
    post "/meetings/{meeting}/decisions/{decision}" follow, READERS;
    post "/meetings/{meeting}/share" share, CALLERS;
}

#[derive(Template)]
#[template(path = "meetings.html")]
struct MeetingsPage {
    ui: Ui,
    meetings: Meetings,
    columns: Vec<String>,
    form: String,
    halves: Vec<Choice>,
    schools: Vec<Choice>,
    today: String,
    back: Back,
}

#[derive(Template)]
#[template(path = "meeting.html")]
struct MeetingPage {
    ui: Ui,
    opened: OpenedMeeting,
    figures: Option<(Sheet, String)>,
    columns: Vec<String>,
    form: String,
    schools: Vec<Choice>,
    owners: Vec<Choice>,
    today: String,
    back: Back,
}

#[derive(Template)]
#[template(path = "meeting_print.html")]
struct PrintPage {
    ui: Ui,
    opened: OpenedMeeting,
    figures: Option<(Sheet, String)>,
    columns: Vec<String>,
}

async fn index(State(web): State<Web>, seen: Seen) -> Result<Response, Problem> {
    meetings_page(&web, seen, Back::default()).await
}

async fn call(State(web): State<Web>, seen: Seen, Form(fields): Form<Fields>) -> Result<Response, Problem> {
    match called(&web, &seen.viewer, &fields).await {
        Ok(id) => Ok(done(&format!("/meetings/{id}"), "meeting-called")),
        Err(error) => {
            let back = Back::of(&seen.ui, "call", fields, error)?;
            meetings_page(&web, seen, back).await
        }
    }
}

async fn called(web: &Web, viewer: &Viewer, fields: &Fields) -> Result<MeetingId, Error> {
    web.app.may_call_meetings(viewer).await?;
    let (half, day, agenda) = (fields.half()?, fields.day("day")?, fields.get("agenda").to_owned());
    let new = NewJointMeeting { form: fields.form(), half, day, schools: fields.schools(), agenda };
    web.app.call_meeting(viewer, &new).await
}

async fn meetings_page(web: &Web, Seen { viewer, ui }: Seen, back: Back) -> Result<Response, Problem> {
    let meetings = web.app.meetings(&viewer).await?;
    let columns = vec![
        t!(ui, "meeting-half"),
        t!(ui, "meeting-host"),
        t!(ui, "meeting-day"),
        t!(ui, "meeting-schools"),
        t!(ui, "meeting-overdue"),
    ];
    let halves = half_choices(&ui, web.app.clock.today(), back.text("call", "half", ""));
    let schools = back.schools("call", &meetings.schools);
    let form = back.text("call", "form", &fresh_form().to_string()).to_owned();
    let today = web.app.today();
    let status = back.status;
    Ok(with_status(status, page(&MeetingsPage { ui, meetings, columns, form, halves, schools, today, back })?))
}

async fn show(State(web): State<Web>, seen: Seen, Path(id): Path<MeetingId>) -> Result<Response, Problem> {
    meeting_page(&web, seen, id, Back::default()).await
}

async fn print(State(web): State<Web>, seen: Seen, Path(id): Path<MeetingId>) -> Result<Response, Problem> {
    let Seen { viewer, ui } = seen;
    let opened = web.app.open_meeting(&viewer, id).await?;
    let columns =
        vec![t!(ui, "meeting-decision"), t!(ui, "meeting-owner"), t!(ui, "meeting-due"), t!(ui, "meeting-state")];
    let figures = figures(&ui, &opened);
    page(&PrintPage { ui, opened, figures, columns })
}

async fn minutes(
    State(web): State<Web>,
    seen: Seen,
    Path(id): Path<MeetingId>,
    Form(fields): Form<Fields>,
) -> Result<Response, Problem> {
    web.app.may_lead_meeting(&seen.viewer, id).await?;
    let written = match fields.day("day") {
        Ok(day) => web.app.write_minutes(&seen.viewer, id, day, fields.get("minutes"), fields.seen()).await,
        Err(error) => Err(error),
    };
    answer(&web, seen, id, written, "minutes", fields, "written").await
}

async fn experience(
    State(web): State<Web>,
    seen: Seen,
    Path(id): Path<MeetingId>,
    Form(fields): Form<Fields>,
) -> Result<Response, Problem> {
    let written = web.app.write_experience(&seen.viewer, id, fields.get("experience"), fields.seen()).await;
    answer(&web, seen, id, written, "experience", fields, "written").await
}

async fn decide(
    State(web): State<Web>,
    seen: Seen,
    Path(id): Path<MeetingId>,
    Form(fields): Form<Fields>,
) -> Result<Response, Problem> {
    let noted = decided(&web, &seen.viewer, id, &fields).await;
    answer(&web, seen, id, noted, "decision", fields, "decision-noted").await
}

async fn decided(web: &Web, viewer: &Viewer, id: MeetingId, fields: &Fields) -> Result<(), Error> {
    web.app.may_lead_meeting(viewer, id).await?;
    let school = fields.get("school").parse().map_err(|_| Error::field("school", "choose"))?;
    let owner = Role::parse(fields.get("owner")).ok_or(Error::field("owner", "choose"))?;
    let (form, due, text) = (fields.form(), fields.day("due")?, fields.get("decision").to_owned());
    web.app.decide_jointly(viewer, id, &NewDecision { form, school, owner, due, text }).await.map(drop)
}

async fn follow(
    State(web): State<Web>,
    seen: Seen,
    Path((id, decision)): Path<(MeetingId, DecisionId)>,
    Form(fields): Form<Fields>,
) -> Result<Response, Problem> {
    let moved = match DecisionState::parse(fields.get("state")) {
        Some(state) => web.app.move_decision(&seen.viewer, id, decision, state, fields.seen()).await,
        None => Err(Error::field("state", "choose")),
    };
    answer(&web, seen, id, moved, &decision.to_string(), fields, "saved").await
}

async fn share(State(web): State<Web>, seen: Seen, Path(id): Path<MeetingId>) -> Result<Response, Problem> {
    web.app.share_meeting(&seen.viewer, id).await?;
    Ok(done(&format!("/meetings/{id}"), "handed-round"))
}

/// The published figures of the schools beside each other, and of which day they are.
fn figures(ui: &Ui, opened: &OpenedMeeting) -> Option<(Sheet, String)> {
    let day = opened.beside.schools.first()?.report.day;
    Some((beside(ui, &opened.beside), ui.civil(&day)))
}

/// Back to the meeting: with the news, or with the form and what is wrong in it.
async fn answer(
    web: &Web,
    seen: Seen,
    id: MeetingId,
    result: Result<(), Error>,
    which: &str,
    fields: Fields,
    code: &str,
) -> Result<Response, Problem> {
    match result {
        Ok(()) => Ok(done(&format!("/meetings/{id}"), code)),
        Err(error) => {
            let back = Back::of(&seen.ui, which, fields, error)?;
            meeting_page(web, seen, id, back).await
        }
    }
}

async fn meeting_page(
    web: &Web,
    Seen { viewer, mut ui }: Seen,
    id: MeetingId,
    back: Back,
) -> Result<Response, Problem> {
    let opened = web.app.open_meeting(&viewer, id).await?;
    ui.path = format!("/meetings/{id}");
    let columns = vec![
        t!(ui, "meeting-decision"),
        t!(ui, "meeting-owner"),
        t!(ui, "meeting-due"),
        t!(ui, "meeting-state"),
        String::new(),
    ];
    let chosen = back.text("decision", "school", "").to_owned();
    let school = |one: &crate::service::Contribution| {
        let value = one.school.to_string();
        Choice { label: one.name.clone(), chosen: value == chosen, value }
    };
    let schools = opened.contributions.iter().map(school).collect();
    let owners = ui.choices(DECISION_OWNERS, Role::parse(back.text("decision", "owner", "")));
    let form = back.text("decision", "form", &fresh_form().to_string()).to_owned();
    let (today, figures) = (web.app.today(), figures(&ui, &opened));
    let status = back.status;
    Ok(with_status(status, page(&MeetingPage { ui, opened, figures, columns, form, schools, owners, today, back })?))
}

impl MeetingPage {
    /// What a field of a form holds: as it was sent, or the text that stands.
    fn text<'a>(&'a self, which: &str, paper: Option<&'a ShownPaper>) -> &'a str {
        self.back.text(which, which, of(paper).0)
    }

    /// The version of a text, for a form over it; 0 where there is none.
    #[expect(clippy::unused_self, reason = "templates call methods")]
    fn version(&self, paper: Option<&ShownPaper>) -> i64 {
        of(paper).1
    }

    /// What the own school brings.
    fn own(&self) -> Option<&ShownPaper> {
        let own = self.opened.contributions.iter().find(|one| one.school == self.opened.own);
        own.and_then(|one| one.paper.as_ref())
    }

    fn half(&self) -> String {
        half_word(&self.ui, self.opened.meeting.half)
    }

    fn states(&self, decision: &ShownDecision) -> Vec<Choice> {
        self.ui.choices(DecisionState::ALL, Some(decision.decision.state))
    }
}

impl MeetingsPage {
    fn half(&self, meeting: &crate::service::ListedMeeting) -> String {
        half_word(&self.ui, meeting.meeting.half)
    }
}

impl PrintPage {
    fn half(&self) -> String {
        half_word(&self.ui, self.opened.meeting.half)
    }

    fn schools(&self) -> String {
        let names: Vec<String> = self.opened.contributions.iter().map(|one| one.name.clone()).collect();
        super::format::list(self.ui.language, &names)
    }
}

/// The text of a paper and its version, for a form.
fn of(paper: Option<&ShownPaper>) -> (&str, i64) {
    paper.map_or(("", 0), |paper| (paper.text.as_deref().unwrap_or_default(), paper.version))
}
