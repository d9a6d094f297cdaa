//! Supervision 督查: what the district asks, what the schools answer, and who is behind.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use axum_extra::extract::Form;

use super::county::{Back, Fields, half_choices, half_word, with_status};
use super::problem::{Problem, ProblemKind};
use super::request::{Seen, done, page};
use super::ui::{Choice, Ui, t};
use super::{Web, Who, format, routes};
use crate::domain::county::{AnswerState, Topic};
use crate::domain::ids::{SchoolId, SupervisionId};
use crate::domain::words::Role;
use crate::service::{
    Error, ListedSupervision, NewSupervision, OpenedSupervision, ShownAnswer, SupervisedSchool, Supervisions, Viewer,
    fresh_form,
};

/// Roles that read supervisions.
const READERS: Who = Who::Roles(&[Role::DistrictOfficer, Role::MoralEdDirector, Role::SchoolLeader]);
/// Who opens them and follows them up.
const OFFICERS: Who = Who::Roles(&[Role::DistrictOfficer]);
/// Who answers for a school.
const ANSWERERS: Who = Who::Roles(&[Role::MoralEdDirector, Role::SchoolLeader]);

routes! {
    get "/supervisions" index, READERS;
    post "/supervisions" open, OFFICERS;
    get "/supervisions/{supervision}" show, READERS;
    post "/supervisions/{supervision}/answers/{topic}" answer, ANSWERERS;
    post "/supervisions/{supervision}/share" share, ANSWERERS;
    post "/supervisions/{supervision}/schools/{school}/{topic}/rectify" rectify, OFFICERS;
    post "/supervisions/{supervision}/schools/{school}/{topic}/accept" accept, OFFICERS;
}

#[derive(Template)]
#[template(path = "supervisions.html")]
struct SupervisionsPage {
    ui: Ui,
    supervisions: Supervisions,
    columns: Vec<String>,
    form: String,
    halves: Vec<Choice>,
    topics: Vec<Choice>,
    schools: Vec<Choice>,
    back: Back,
}

#[derive(Template)]
#[template(path = "supervision.html")]
struct SupervisionPage {
    ui: Ui,
    opened: OpenedSupervision,
    columns: Vec<String>,
    back: Back,
}

async fn index(State(web): State<Web>, seen: Seen) -> Result<Response, Problem> {
    supervisions_page(&web, seen, Back::default()).await
}

async fn open(State(web): State<Web>, seen: Seen, Form(fields): Form<Fields>) -> Result<Response, Problem> {
    match opened(&web, &seen.viewer, &fields).await {
        Ok(id) => Ok(done(&format!("/supervisions/{id}"), "supervision-opened")),
        Err(error) => {
            let back = Back::of(&seen.ui, "open", fields, error)?;
            supervisions_page(&web, seen, back).await
        }
    }
}

async fn opened(web: &Web, viewer: &Viewer, fields: &Fields) -> Result<SupervisionId, Error> {
    web.app.may_supervise(viewer).await?;
    let topics = fields.all("topics").filter_map(Topic::parse).collect();
    let (half, due, note) = (fields.half()?, fields.day("due")?, fields.get("note").to_owned());
    let new = NewSupervision { form: fields.form(), half, topics, due, schools: fields.schools(), note };
    web.app.open_supervision(viewer, &new).await
}

async fn supervisions_page(web: &Web, Seen { viewer, ui }: Seen, back: Back) -> Result<Response, Problem> {
    let supervisions = web.app.supervisions(&viewer).await?;
    let columns = vec![
        t!(ui, "meeting-half"),
        t!(ui, "supervision-topics"),
        t!(ui, "supervision-given"),
        t!(ui, "supervision-behind"),
    ];
    let halves = half_choices(&ui, web.app.clock.today(), back.text("open", "half", ""));
    let topic = |topic: &Topic| {
        let (value, label) = (topic.to_string(), ui.word(*topic));
        let chosen = back.is("open") && back.fields.all("topics").any(|code| code == value);
        Choice { value, label, chosen }
    };
    let topics = Topic::ALL.iter().map(topic).collect();
    let schools = back.schools("open", &supervisions.schools);
    let form = back.text("open", "form", &fresh_form().to_string()).to_owned();
    let status = back.status;
    let shown = page(&SupervisionsPage { ui, supervisions, columns, form, halves, topics, schools, back })?;
    Ok(with_status(status, shown))
}

async fn show(State(web): State<Web>, seen: Seen, Path(id): Path<SupervisionId>) -> Result<Response, Problem> {
    supervision_page(&web, seen, id, Back::default()).await
}

async fn answer(
    State(web): State<Web>,
    seen: Seen,
    Path((id, topic)): Path<(SupervisionId, String)>,
    Form(fields): Form<Fields>,
) -> Result<Response, Problem> {
    web.app.may_answer(&seen.viewer).await?;
    let of = topic_of(&topic)?;
    let answered = match AnswerState::parse(fields.get("state")) {
        Some(state) => web.app.answer_topic(&seen.viewer, id, of, state, fields.get("text"), fields.seen()).await,
        None => Err(Error::field("text", "choose")),
    };
    came_to(&web, seen, id, answered, &topic, fields, "answer-sent").await
}

async fn share(State(web): State<Web>, seen: Seen, Path(id): Path<SupervisionId>) -> Result<Response, Problem> {
    web.app.share_supervision(&seen.viewer, id).await?;
    Ok(done(&format!("/supervisions/{id}"), "handed-round"))
}

async fn rectify(
    State(web): State<Web>,
    seen: Seen,
    Path((id, school, topic)): Path<(SupervisionId, SchoolId, String)>,
    Form(fields): Form<Fields>,
) -> Result<Response, Problem> {
    web.app.may_supervise(&seen.viewer).await?;
    let of = (school, topic_of(&topic)?);
    let asked = match fields.day("until") {
        Ok(day) => web.app.ask_rectification(&seen.viewer, id, of, day, fields.get("text"), fields.seen()).await,
        Err(error) => Err(error),
    };
    came_to(&web, seen, id, asked, &which(school, of.1), fields, "rectification-asked").await
}

async fn accept(
    State(web): State<Web>,
    seen: Seen,
    Path((id, school, topic)): Path<(SupervisionId, SchoolId, String)>,
    Form(fields): Form<Fields>,
) -> Result<Response, Problem> {
    let of = (school, topic_of(&topic)?);
    let accepted = web.app.accept_answer(&seen.viewer, id, of, fields.seen()).await;
    came_to(&web, seen, id, accepted, &which(school, of.1), fields, "answer-accepted").await
}

fn topic_of(code: &str) -> Result<Topic, Problem> {
    Topic::parse(code).ok_or_else(|| ProblemKind::NotFound.into())
}

/// The name of the officer's form about one answer.
fn which(school: SchoolId, topic: Topic) -> String {
    format!("{school}-{topic}")
}

/// Back to the supervision: with the news, or with the form and what is wrong in it.
async fn came_to(
    web: &Web,
    seen: Seen,
    id: SupervisionId,
    result: Result<(), Error>,
    which: &str,
    fields: Fields,
    code: &str,
) -> Result<Response, Problem> {
    match result {
        Ok(()) => Ok(done(&format!("/supervisions/{id}"), code)),
        Err(error) => {
            let back = Back::of(&seen.ui, which, fields, error)?;
            supervision_page(web, seen, id, back).await
        }
    }
}

async fn supervision_page(
    web: &Web,
    Seen { viewer, mut ui }: Seen,
    id: SupervisionId,
    back: Back,
) -> Result<Response, Problem> {
    let opened = web.app.supervision(&viewer, id).await?;
    ui.path = format!("/supervisions/{id}");
    let columns = vec![t!(ui, "county-school"), t!(ui, "supervision-given"), t!(ui, "supervision-behind")];
    let status = back.status;
    Ok(with_status(status, page(&SupervisionPage { ui, opened, columns, back })?))
}

impl SupervisionsPage {
    fn half(&self, one: &ListedSupervision) -> String {
        half_word(&self.ui, one.supervision.half)
    }

    fn topics(&self, one: &ListedSupervision) -> String {
        let words: Vec<String> =
            one.supervision.topics.split(' ').filter_map(Topic::parse).map(|topic| self.ui.word(topic)).collect();
        format::list(self.ui.language, &words)
    }
}

impl SupervisionPage {
    fn half(&self) -> String {
        half_word(&self.ui, self.opened.supervision.half)
    }

    #[expect(clippy::unused_self, reason = "templates call methods")]
    fn given(&self, school: &SupervisedSchool) -> usize {
        school.answers.iter().filter(|one| !one.answer.state.is_open()).count()
    }

    fn until(&self, one: &ShownAnswer) -> String {
        self.ui.date(one.answer.until())
    }

    fn figure(&self, one: &ShownAnswer) -> String {
        one.answer.topic.figure().map_or_else(String::new, |figure| self.ui.word(figure))
    }

    #[expect(clippy::unused_self, reason = "templates call methods")]
    fn open(&self, one: &ShownAnswer) -> bool {
        one.answer.state != AnswerState::Accepted
    }

    #[expect(clippy::unused_self, reason = "templates call methods")]
    fn done(&self, one: &ShownAnswer) -> bool {
        one.answer.state == AnswerState::Done
    }

    #[expect(clippy::unused_self, reason = "templates call methods")]
    fn which(&self, one: &ShownAnswer) -> String {
        which(one.answer.school_id, one.answer.topic)
    }

    /// What the officer's form about an answer held when it came back.
    fn sent(&self, one: &ShownAnswer, field: &str) -> String {
        self.back.text(&self.which(one), field, "").to_owned()
    }

    /// What is wrong with a field of it.
    fn wrong(&self, one: &ShownAnswer, field: &str) -> String {
        self.back.wrong(&self.which(one), field).to_owned()
    }

    /// What the form holds: as it was sent, or the text that stands.
    fn answer<'a>(&'a self, one: &'a ShownAnswer) -> &'a str {
        let stands = one.paper.as_ref().and_then(|paper| paper.text.as_deref()).unwrap_or_default();
        self.back.text(one.answer.topic.as_str(), "text", stands)
    }
}
