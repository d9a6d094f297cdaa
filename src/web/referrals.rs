//! Referrals 转介: those of a warning, one with its steps, and the packet for the receiver.

pub mod packets;

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::Form;

use super::files::shown_class;
use super::problem::{Problem, ProblemKind};
use super::request::{Seen, done, not_taken, page};
use super::ui::{Choice, Problems, Ui, t};
use super::warnings::view::Filled;
use super::{Web, Who, routes};
use crate::domain::ids::{PersonId, ReferralId, WarningId};
use crate::domain::referral::{Consent, Ground, Receiver, Referral, ReferralStage, ReturnStep, next_return};
use crate::domain::words::{Action, Kind, Role};
use crate::service::{Error, Move, NewReferral, OpenedReferrals, Result as Done, ShownReferral};

/// Roles that read warnings of the whole school; the leader of a case stands beside them by grant.
const READERS: Who = Who::Roles(&[Role::Counsellor, Role::MoralEdDirector]);

routes! {
    get "/warnings/{warning}/referrals" list, READERS;
    post "/warnings/{warning}/referrals" begin, READERS;
    get "/referrals/{referral}" show, READERS;
    post "/referrals/{referral}/steps/{move}" go, READERS;
}

type Answers = Form<HashMap<String, String>>;

#[derive(Template)]
#[template(path = "referrals.html")]
struct ListPage {
    ui: Ui,
    id: WarningId,
    name: String,
    class: String,
    listed: Vec<(ReferralId, String, String, i64)>,
    fresh: String,
    may_begin: bool,
    receivers: Vec<Choice>,
    followers: Vec<Choice>,
    knows: Vec<Choice>,
    filled: Filled,
}

/// One line of what happened: label, words, and who wrote it when.
type Line = (String, String);

#[derive(Template)]
#[template(path = "referral.html")]
struct ReferralPage {
    ui: Ui,
    id: ReferralId,
    warning: WarningId,
    name: String,
    class: String,
    stage: String,
    version: i64,
    facts: Vec<Line>,
    guardian: Vec<Line>,
    packets: Vec<Line>,
    feedback: Vec<Line>,
    returns: Vec<Vec<Line>>,
    moves: Vec<ReferralStage>,
    step: Option<ReturnStep>,
    stage_is_returning: bool,
    may_send: bool,
    consents: Vec<Choice>,
    grounds: Vec<Choice>,
    given: Vec<Choice>,
    passed: Vec<Choice>,
    filled: Filled,
}

impl ReferralPage {
    fn may(&self, stage: ReferralStage) -> bool {
        self.moves.contains(&stage)
    }
}

fn said<'a>(answers: &'a HashMap<String, String>, field: &str) -> &'a str {
    answers.get(field).map_or("", String::as_str)
}

async fn list(State(web): State<Web>, seen: Seen, Path(id): Path<WarningId>) -> Result<Response, Problem> {
    page(&list_page(&web, seen, id, Filled::default()).await?)
}

async fn begin(
    State(web): State<Web>,
    seen: Seen,
    Path(id): Path<WarningId>,
    Form(answers): Answers,
) -> Result<Response, Problem> {
    let new = parse(&answers);
    let begun = match &new {
        Ok(new) => web.app.begin_referral(&seen.viewer, id, new).await.map(|()| new.id),
        Err(Error::Invalid(problems)) => Err(Error::Invalid(problems.clone())),
        Err(_) => Err(Error::NotFound),
    };
    match begun {
        Ok(referral) => Ok(done(&format!("/referrals/{referral}"), "saved")),
        Err(Error::Invalid(problems)) => {
            let problems = Problems::of(&seen.ui, &problems);
            let filled = Filled { form: "begin".to_owned(), answers, problems, stale: false };
            let page = page(&list_page(&web, seen, id, filled).await?)?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
        Err(other) => Err(other.into()),
    }
}

/// The referral that a form describes.
fn parse(answers: &HashMap<String, String>) -> Done<NewReferral> {
    let to = Receiver::parse(said(answers, "to")).ok_or(Error::field("to", "choose"))?;
    let follower: PersonId = said(answers, "follower").parse().map_err(|_| Error::field("follower", "choose"))?;
    let student_knows = match said(answers, "knows") {
        "yes" => true,
        "no" => false,
        _ => return Err(Error::field("knows", "choose")),
    };
    let text = |field: &str| said(answers, field).replace("\r\n", "\n");
    Ok(NewReferral {
        id: ReferralId(said(answers, "id").parse().unwrap_or_else(|_| uuid::Uuid::now_v7())),
        to,
        contact: text("contact"),
        reason: text("reason"),
        done: text("done"),
        student_knows,
        follower,
    })
}

async fn list_page(
    web: &Web,
    Seen { viewer, mut ui }: Seen,
    id: WarningId,
    filled: Filled,
) -> Result<ListPage, Problem> {
    let opened = web.app.referrals(&viewer, id).await?;
    ui.path = format!("/warnings/{id}/referrals");
    let row = |shown: &ShownReferral| {
        let (stored, referral) = (&shown.stored, &shown.referral);
        let to = format!("{} {}", ui.word(referral.to), referral.contact);
        (stored.id, to, ui.word(stored.stage), stored.moved_at)
    };
    let follower = filled.value("begin", "follower");
    let followers = opened.staff.iter().map(|person| {
        let value = person.id.to_string();
        let mine = follower.is_empty() && person.id == viewer.person.id;
        Choice { chosen: mine || value == follower, value, label: person.name.clone() }
    });
    Ok(ListPage {
        id,
        name: opened.who.name().to_owned(),
        class: shown_class(web, &ui, &opened.approach.class),
        listed: opened.referrals.iter().map(row).collect(),
        fresh: uuid::Uuid::now_v7().to_string(),
        may_begin: may_append(web, &opened) && opened.warning.closed_at.is_none(),
        receivers: ui.choices(Receiver::ALL, Receiver::parse(filled.value("begin", "to"))),
        followers: followers.collect(),
        knows: yes_no(&ui, filled.value("begin", "knows")),
        filled,
        ui,
    })
}

fn may_append(web: &Web, opened: &OpenedReferrals) -> bool {
    web.app.policy.may(&opened.approach.standing, Kind::Warning, Action::Append)
}

/// Yes and no as answers of a form.
fn yes_no(ui: &Ui, chosen: &str) -> Vec<Choice> {
    let words = [("yes", t!(ui, "answer-yes")), ("no", t!(ui, "answer-no"))];
    words.map(|(value, label)| Choice { value: value.to_owned(), label, chosen: value == chosen }).to_vec()
}

async fn show(State(web): State<Web>, seen: Seen, Path(id): Path<ReferralId>) -> Result<Response, Problem> {
    page(&referral_page(&web, seen, id, Filled::default()).await?)
}

async fn go(
    State(web): State<Web>,
    seen: Seen,
    Path((id, name)): Path<(ReferralId, String)>,
    Form(answers): Answers,
) -> Result<Response, Problem> {
    let step = match step(&name, &answers) {
        Ok(Some(step)) => Ok(step),
        Ok(None) => return Err(ProblemKind::NotFound.into()),
        Err(wrong) => Err(wrong),
    };
    let version = said(&answers, "seen").parse().unwrap_or(0);
    let moved = match step {
        Ok(step) => web.app.move_referral(&seen.viewer, id, &step, version).await,
        Err(wrong) => Err(wrong),
    };
    let (status, problems, stale) = match moved {
        Ok(()) => return Ok(done(&format!("/referrals/{id}"), "saved")),
        Err(error) => not_taken(&seen.ui, error)?,
    };
    let page = page(&referral_page(&web, seen, id, Filled { form: name, answers, problems, stale }).await?)?;
    Ok((status, page).into_response())
}

/// The step that a form describes; none for a word that is no step.
fn step(name: &str, answers: &HashMap<String, String>) -> Done<Option<Move>> {
    let text = |field: &str| said(answers, field).replace("\r\n", "\n");
    Ok(Some(match name {
        "talk" => Move::Talk,
        "guardian" => {
            let consent = Consent::parse(said(answers, "consent")).ok_or(Error::field("consent", "choose"))?;
            Move::Guardian { consent, way: text("way"), at: text("at"), who: text("who"), note: text("note") }
        }
        "send" => {
            let ground = Ground::parse(said(answers, "ground")).ok_or(Error::field("ground", "choose"))?;
            Move::Send { ground, how: text("how") }
        }
        "receipt" => Move::Receipt { who: text("receipt") },
        "answer" => {
            let day = said(answers, "next_call");
            let next_call = match day {
                "" => None,
                day => Some(day.parse().map_err(|_| Error::field("next_call", "date-invalid"))?),
            };
            Move::Answer { text: text("text"), given: said(answers, "given") != "no", next_call }
        }
        "return" => Move::Return,
        "assess" => {
            let passed = match said(answers, "passed") {
                "yes" => Some(true),
                "no" => Some(false),
                _ => None,
            };
            Move::Assess { text: text("found"), passed, plan: text("plan") }
        }
        "back" => Move::Back,
        "end" => Move::End { outcome: text("outcome") },
        _ => return Ok(None),
    }))
}

async fn referral_page(
    web: &Web,
    Seen { viewer, mut ui }: Seen,
    id: ReferralId,
    filled: Filled,
) -> Result<ReferralPage, Problem> {
    let warning = web.app.warning_of_referral(id).await?;
    let opened = web.app.referrals(&viewer, warning).await?;
    let names = web.app.colleagues(&viewer).await?;
    ui.path = format!("/referrals/{id}");
    let may = may_append(web, &opened) && opened.warning.closed_at.is_none();
    let shown = opened.referrals.iter().find(|shown| shown.stored.id == id).ok_or(ProblemKind::NotFound)?;
    let (stored, referral) = (&shown.stored, &shown.referral);
    let name = |id: &PersonId| names.get(id).cloned().unwrap_or_else(|| "—".to_owned());
    let grounds: Vec<Ground> = referral.grounds(stored.stage).into_iter().collect();
    let step = referral.returns.last().filter(|_| stored.stage == ReferralStage::Returning);
    Ok(ReferralPage {
        id,
        warning,
        name: opened.who.name().to_owned(),
        class: shown_class(web, &ui, &opened.approach.class),
        stage: ui.word(stored.stage),
        version: stored.version,
        facts: facts(&ui, referral, &name),
        guardian: guardian(&ui, referral),
        packets: packets(&ui, referral, &name),
        feedback: feedback(&ui, referral, &name),
        returns: returns(&ui, referral, &name),
        moves: if may { referral.moves(stored.stage) } else { Vec::new() },
        step: step.and_then(|done| next_return(done)).filter(|_| may),
        stage_is_returning: stored.stage == ReferralStage::Returning,
        may_send: may && !grounds.is_empty(),
        consents: ui.choices(Consent::ALL, Consent::parse(filled.value("guardian", "consent"))),
        grounds: ui.choices(&grounds, Ground::parse(filled.value("send", "ground"))),
        given: yes_no(&ui, filled.value("answer", "given")),
        passed: yes_no(&ui, filled.value("assess", "passed")),
        filled,
        ui,
    })
}

/// What was written when it began, and how it went out, arrived and ended.
fn facts(ui: &Ui, referral: &Referral, name: &impl Fn(&PersonId) -> String) -> Vec<Line> {
    let knows = if referral.student_knows { t!(ui, "answer-yes") } else { t!(ui, "answer-no") };
    let lines = [
        (t!(ui, "referral-to"), format!("{} {}", ui.word(referral.to), referral.contact)),
        (t!(ui, "referral-reason"), referral.reason.clone()),
        (t!(ui, "referral-done"), referral.done.clone()),
        (t!(ui, "referral-knows"), knows),
        (t!(ui, "referral-follower"), name(&referral.follower)),
        (t!(ui, "referral-ground"), referral.ground.map_or_else(String::new, |ground| ui.word(ground))),
        (t!(ui, "referral-how"), referral.sent.clone()),
        (t!(ui, "referral-receipt"), referral.receipt.clone()),
        (t!(ui, "referral-outcome"), referral.outcome.clone()),
    ];
    lines.into_iter().filter(|(_, text)| !text.is_empty()).collect()
}

fn guardian(ui: &Ui, referral: &Referral) -> Vec<Line> {
    let line = |said: &crate::domain::referral::GuardianSaid| {
        let at = said.at.split_once('T').map_or_else(String::new, |(day, time)| format!("{} {time}", ui.date(day)));
        let head = t!(ui, "referral-guardian-line", who = said.who.as_str(), consent = ui.word(said.consent), at = at);
        (head, format!("{} {}", said.way, said.note).trim().to_owned())
    };
    referral.guardian.iter().map(line).collect()
}

fn packets(ui: &Ui, referral: &Referral, name: &impl Fn(&PersonId) -> String) -> Vec<Line> {
    let line = |packet: &crate::domain::referral::Packet| {
        let parts: Vec<String> = packet.parts.iter().map(|part| packets::part_word(ui, *part)).collect();
        let head = t!(ui, "referral-by", who = name(&packet.by), at = ui.moment(packet.at));
        (head, format!("{} · {} · {}", packet.to, ui.word(packet.way), super::format::list(ui.language, &parts)))
    };
    referral.packets.iter().map(line).collect()
}

fn feedback(ui: &Ui, referral: &Referral, name: &impl Fn(&PersonId) -> String) -> Vec<Line> {
    let line = |answer: &crate::domain::referral::Feedback| {
        let head = t!(ui, "referral-by", who = name(&answer.by), at = ui.moment(answer.at));
        let call = answer.next_call.map_or_else(String::new, |day| {
            format!(" · {} {}", t!(ui, "referral-next-call"), ui.date(&day.to_string()))
        });
        let none = if answer.given { String::new() } else { format!("{}：", t!(ui, "referral-no-answer")) };
        (head, format!("{none}{}{call}", answer.text))
    };
    referral.feedback.iter().map(line).collect()
}

/// The assessments, each with the steps that were taken.
fn returns(ui: &Ui, referral: &Referral, name: &impl Fn(&PersonId) -> String) -> Vec<Vec<Line>> {
    let line = |done: &crate::domain::referral::ReturnDone| {
        let verdict = match done.passed {
            Some(true) => format!("{}：", t!(ui, "referral-passed")),
            Some(false) => format!("{}：", t!(ui, "referral-not-passed")),
            None => String::new(),
        };
        let plan = if done.plan.is_empty() {
            String::new()
        } else {
            format!(" · {}：{}", t!(ui, "referral-plan"), done.plan)
        };
        let by = t!(ui, "referral-by", who = name(&done.by), at = ui.moment(done.at));
        (ui.word(done.step), format!("{verdict}{}{plan} · {by}", done.text))
    };
    referral.returns.iter().filter(|done| !done.is_empty()).map(|done| done.iter().map(line).collect()).collect()
}
