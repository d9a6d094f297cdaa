//! The crisis record 五个一 on one page: the five, what is still open, who is with the student, and the two signatures.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum_extra::extract::Form;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use super::timeline::{Answers, answers, said};
use super::view::Filled;
use super::{COUNSELLORS, READERS};
use crate::domain::clock::DAY;
use crate::domain::crisis::{Crisis, Member, Open, TeamDuty};
use crate::domain::ids::{PersonId, WarningId};
use crate::domain::words::Action;
use crate::service::{Error, NewItem, NewLeader, NewShift, OpenedCrisis, Result as Done};
use crate::web::files::shown_class;
use crate::web::format;
use crate::web::problem::Problem;
use crate::web::request::{Seen, done, not_taken, page};
use crate::web::ui::{Choice, Ui, t};
use crate::web::{Web, routes};

routes! {
    get "/warnings/{warning}/crisis" show, READERS;
    post "/warnings/{warning}/crisis" open, COUNSELLORS;
    post "/warnings/{warning}/crisis/leader" appoint, COUNSELLORS;
    post "/warnings/{warning}/crisis/leader/end" end_leading, COUNSELLORS;
    post "/warnings/{warning}/crisis/team" join, READERS;
    post "/warnings/{warning}/crisis/team/leave" leave, READERS;
    post "/warnings/{warning}/crisis/plan" plan, READERS;
    post "/warnings/{warning}/crisis/plan/done" plan_done, READERS;
    post "/warnings/{warning}/crisis/shifts" add_shift, READERS;
    post "/warnings/{warning}/crisis/shifts/remove" remove_shift, READERS;
    post "/warnings/{warning}/crisis/closing" ask, READERS;
    post "/warnings/{warning}/crisis/closing/sign" sign, READERS;
}

/// An item of the plan as it is shown.
struct ItemView {
    number: u32,
    what: String,
    who: String,
    until: Date,
    done: String,
    overdue: bool,
}

/// A shift as it is shown.
struct ShiftView {
    number: u32,
    from: i64,
    to: i64,
    who: String,
}

#[derive(Template)]
#[template(path = "crisis.html")]
#[expect(clippy::struct_excessive_bools, reason = "each shows or hides a part of the page")]
struct CrisisPage {
    ui: Ui,
    id: WarningId,
    name: String,
    class: String,
    reason: String,
    opened_at: Option<i64>,
    closed: String,
    outcome: String,
    version: i64,
    running: bool,
    leader: Option<(String, String, String)>,
    grant: String,
    team: Vec<(String, String, String)>,
    items: Vec<ItemView>,
    shifts: Vec<ShiftView>,
    gaps: Vec<(String, String)>,
    follow_ups: String,
    open: Vec<String>,
    asked: Option<(String, String)>,
    may_manage: bool,
    may_write: bool,
    may_sign: bool,
    may_second: bool,
    staff: Vec<Choice>,
    duties: Vec<Choice>,
    filled: Filled,
}

async fn show(State(web): State<Web>, seen: Seen, Path(id): Path<WarningId>) -> Result<Response, Problem> {
    page(&crisis_page(&web, seen, id, Filled::default()).await?)
}

async fn open(
    State(web): State<Web>,
    seen: Seen,
    Path(id): Path<WarningId>,
    Form(pairs): Answers,
) -> Result<Response, Problem> {
    let answers = answers("open", pairs);
    let opened = web.app.open_crisis(&seen.viewer, id, said(&answers, "reason")).await;
    answer(&web, seen, id, opened, "open", answers).await
}

async fn appoint(
    State(web): State<Web>,
    seen: Seen,
    Path(id): Path<WarningId>,
    Form(pairs): Answers,
) -> Result<Response, Problem> {
    let answers = answers("leader", pairs);
    let new = person(&answers).and_then(|person| {
        let until = said(&answers, "until");
        let last = if until.is_empty() { None } else { Some(day(&answers, "until")?) };
        Ok(NewLeader { person, reason: said(&answers, "reason").to_owned(), until: last })
    });
    let appointed = match new {
        Ok(new) => web.app.appoint_leader(&seen.viewer, id, &new).await.map(drop),
        Err(wrong) => Err(wrong),
    };
    answer(&web, seen, id, appointed, "leader", answers).await
}

async fn end_leading(
    State(web): State<Web>,
    seen: Seen,
    Path(id): Path<WarningId>,
    Form(pairs): Answers,
) -> Result<Response, Problem> {
    let answers = answers("end", pairs);
    let ended = match said(&answers, "grant").parse() {
        Ok(grant) => web.app.end_leading(&seen.viewer, grant).await.map(drop),
        Err(_) => Err(Error::NotFound),
    };
    answer(&web, seen, id, ended, "end", answers).await
}

async fn join(
    State(web): State<Web>,
    seen: Seen,
    Path(id): Path<WarningId>,
    Form(pairs): Answers,
) -> Result<Response, Problem> {
    let answers = answers("team", pairs);
    let joined = match (person(&answers), TeamDuty::parse(said(&answers, "duty"))) {
        (Ok(person), Some(duty)) => web.app.join_team(&seen.viewer, id, Member { person, duty }).await,
        (Ok(_), None) => Err(Error::field("duty", "choose")),
        (Err(wrong), _) => Err(wrong),
    };
    answer(&web, seen, id, joined, "team", answers).await
}

async fn leave(
    State(web): State<Web>,
    seen: Seen,
    Path(id): Path<WarningId>,
    Form(pairs): Answers,
) -> Result<Response, Problem> {
    let answers = answers("leave", pairs);
    let left = match person(&answers) {
        Ok(person) => web.app.leave_team(&seen.viewer, id, person).await,
        Err(wrong) => Err(wrong),
    };
    answer(&web, seen, id, left, "team", answers).await
}

async fn plan(
    State(web): State<Web>,
    seen: Seen,
    Path(id): Path<WarningId>,
    Form(pairs): Answers,
) -> Result<Response, Problem> {
    let answers = answers("plan", pairs);
    let planned = match (person(&answers), day(&answers, "until")) {
        (Ok(who), Ok(until)) => {
            let new = NewItem { what: said(&answers, "what").to_owned(), who, until };
            web.app.plan(&seen.viewer, id, &new).await
        }
        (Err(wrong), _) | (_, Err(wrong)) => Err(wrong),
    };
    answer(&web, seen, id, planned, "plan", answers).await
}

async fn plan_done(
    State(web): State<Web>,
    seen: Seen,
    Path(id): Path<WarningId>,
    Form(pairs): Answers,
) -> Result<Response, Problem> {
    let answers = answers("done", pairs);
    let ticked = web.app.plan_done(&seen.viewer, id, number(&answers), said(&answers, "note")).await;
    answer(&web, seen, id, ticked, "done", answers).await
}

async fn add_shift(
    State(web): State<Web>,
    seen: Seen,
    Path(id): Path<WarningId>,
    Form(pairs): Answers,
) -> Result<Response, Problem> {
    let answers = answers("shift", pairs);
    let added = match (moment(&answers, "from"), moment(&answers, "to")) {
        (Ok(from), Ok(to)) => {
            let new = NewShift { from, to, who: said(&answers, "who").to_owned() };
            web.app.add_shift(&seen.viewer, id, &new).await
        }
        (Err(wrong), _) | (_, Err(wrong)) => Err(wrong),
    };
    answer(&web, seen, id, added, "shift", answers).await
}

async fn remove_shift(
    State(web): State<Web>,
    seen: Seen,
    Path(id): Path<WarningId>,
    Form(pairs): Answers,
) -> Result<Response, Problem> {
    let answers = answers("remove", pairs);
    let removed = web.app.remove_shift(&seen.viewer, id, number(&answers)).await;
    answer(&web, seen, id, removed, "shift", answers).await
}

async fn ask(
    State(web): State<Web>,
    seen: Seen,
    Path(id): Path<WarningId>,
    Form(pairs): Answers,
) -> Result<Response, Problem> {
    let answers = answers("closing", pairs);
    let asked = web.app.ask_crisis_closing(&seen.viewer, id, said(&answers, "outcome")).await;
    answer(&web, seen, id, asked, "closing", answers).await
}

async fn sign(
    State(web): State<Web>,
    seen: Seen,
    Path(id): Path<WarningId>,
    Form(pairs): Answers,
) -> Result<Response, Problem> {
    let answers = answers("sign", pairs);
    let (signs, reason) = (said(&answers, "decision") == "sign", said(&answers, "reason").to_owned());
    let version = said(&answers, "seen").parse().unwrap_or(0);
    let decided = web.app.decide_crisis_closing(&seen.viewer, id, signs, &reason, version).await;
    answer(&web, seen, id, decided, "sign", answers).await
}

fn person(answers: &HashMap<String, String>) -> Done<PersonId> {
    said(answers, "person").parse().map_err(|_| Error::field("person", "choose"))
}

fn day(answers: &HashMap<String, String>, field: &'static str) -> Done<Date> {
    said(answers, field).parse().map_err(|_| Error::field(field, "date-invalid"))
}

/// The number of an item or shift; 0, which none has, for anything else.
fn number(answers: &HashMap<String, String>) -> u32 {
    said(answers, "number").parse().unwrap_or(0)
}

/// A date and time at the school, as an instant.
fn moment(answers: &HashMap<String, String>, field: &'static str) -> Done<i64> {
    let at: Option<DateTime> = said(answers, field).parse().ok();
    let zone = TimeZone::get("Asia/Shanghai").ok();
    let at = at.zip(zone).and_then(|(at, zone)| at.to_zoned(zone).ok());
    at.map(|at| at.timestamp().as_microsecond()).ok_or(Error::field(field, "moment-invalid"))
}

/// Back to the page: with the news, or with the form as it was filled and what is wrong with it.
async fn answer(
    web: &Web,
    seen: Seen,
    id: WarningId,
    result: Done<()>,
    form: &str,
    answers: HashMap<String, String>,
) -> Result<Response, Problem> {
    let (status, problems, stale) = match result {
        Ok(()) => {
            // Whoever led the case and gave the second signature cannot open it any more.
            let open = web.app.may_read_case(&seen.viewer, id).await?;
            return Ok(done(&if open { format!("/warnings/{id}/crisis") } else { "/leading".to_owned() }, "saved"));
        }
        Err(error) => not_taken(&seen.ui, error)?,
    };
    let filled = Filled { form: form.to_owned(), answers, problems, stale };
    let page = page(&crisis_page(web, seen, id, filled).await?)?;
    Ok((status, page).into_response())
}

async fn crisis_page(
    web: &Web,
    Seen { viewer, mut ui }: Seen,
    id: WarningId,
    filled: Filled,
) -> Result<CrisisPage, Problem> {
    let opened = web.app.crisis(&viewer, id).await?;
    let names = web.app.colleagues(&viewer).await?;
    ui.path = format!("/warnings/{id}/crisis");
    let name = |id: PersonId| names.get(&id).cloned().unwrap_or_else(|| "—".to_owned());
    let may = |action| web.app.policy.may(&opened.approach.standing, crate::domain::words::Kind::Warning, action);
    let (running, today) = (opened.running().is_some(), web.app.clock.today());
    let blank = Crisis::default();
    let (stored, crisis) = opened.record.as_ref().map_or((None, &blank), |(stored, crisis)| (Some(stored), crisis));
    let chosen = filled.value(&filled.form, "person").to_owned();
    let staff = opened.staff.iter().map(|person| Choice {
        value: person.id.to_string(),
        label: person.name.clone(),
        chosen: person.id.to_string() == chosen,
    });
    let asked = crisis.closing.as_ref().filter(|_| running);
    Ok(CrisisPage {
        id,
        name: opened.who.name().to_owned(),
        class: shown_class(web, &ui, &opened.approach.class),
        reason: crisis.reason.clone(),
        opened_at: stored.map(|stored| stored.opened_at),
        closed: closed(&ui, &opened, &name),
        outcome: crisis.closing.as_ref().map_or_else(String::new, |asked| asked.outcome.clone()),
        version: stored.map_or(0, |stored| stored.version),
        running,
        leader: opened.leader.as_ref().map(|(grant, card)| {
            let until = grant.until.as_deref().map_or_else(String::new, |last| ui.date(last));
            (name(grant.person_id), card.purpose.clone(), until)
        }),
        grant: opened.leader.as_ref().map_or_else(String::new, |(grant, _)| grant.id.to_string()),
        team: crisis.team.iter().map(|m| (m.person.to_string(), name(m.person), ui.word(m.duty))).collect(),
        items: items(&ui, crisis, &name, today),
        shifts: shifts(crisis, web.app.now()),
        gaps: opened.gaps.iter().map(|(from, to)| (ui.moment(*from), ui.moment(*to))).collect(),
        follow_ups: format::list(ui.language, &opened.follow_ups.iter().map(|day| ui.civil(day)).collect::<Vec<_>>()),
        open: opened.open.iter().map(|open| open_text(&ui, open, crisis)).collect(),
        asked: asked.map(|asked| (name(asked.by), asked.outcome.clone())),
        may_manage: may(Action::Manage) && opened.warning.closed_at.is_none(),
        may_write: running && may(Action::Append),
        may_sign: running && may(Action::Sign) && asked.is_none(),
        may_second: may(Action::Sign) && asked.is_some_and(|asked| asked.by != viewer.person.id),
        staff: staff.collect(),
        duties: ui.choices(TeamDuty::ALL, TeamDuty::parse(filled.value("team", "duty"))),
        filled,
        ui,
    })
}

/// When and by whom a record was closed; empty while it runs.
fn closed(ui: &Ui, opened: &OpenedCrisis, name: &impl Fn(PersonId) -> String) -> String {
    let Some((stored, crisis)) = &opened.record else { return String::new() };
    let (Some(at), Some(asked), Some((by, _))) = (stored.closed_at, &crisis.closing, crisis.signed) else {
        return String::new();
    };
    t!(ui, "crisis-closed", at = ui.moment(at), first = name(asked.by), second = name(by))
}

fn items(ui: &Ui, crisis: &Crisis, name: &impl Fn(PersonId) -> String, today: Date) -> Vec<ItemView> {
    let view = |item: &crate::domain::crisis::PlanItem| ItemView {
        number: item.number,
        what: item.what.clone(),
        who: name(item.who),
        until: item.until,
        done: item.done.as_ref().map_or_else(String::new, |done| {
            t!(ui, "crisis-item-done", who = name(done.by), at = ui.moment(done.at), note = done.note.as_str())
        }),
        overdue: item.done.is_none() && item.until < today,
    };
    crisis.plan.iter().map(view).collect()
}

/// The shifts that are not long over, in order.
fn shifts(crisis: &Crisis, now: i64) -> Vec<ShiftView> {
    let recent = crisis.shifts.iter().filter(|shift| shift.to > now - DAY);
    let view = |shift: &crate::domain::crisis::Shift| ShiftView {
        number: shift.number,
        from: shift.from,
        to: shift.to,
        who: shift.who.clone(),
    };
    recent.map(view).collect()
}

/// Something open, in words that say what to do.
fn open_text(ui: &Ui, open: &Open, crisis: &Crisis) -> String {
    match open {
        Open::Critical => t!(ui, "crisis-open-critical"),
        Open::Leader => t!(ui, "crisis-open-leader"),
        Open::Team => t!(ui, "crisis-open-team"),
        Open::Plan => t!(ui, "crisis-open-plan"),
        Open::Item(number) => {
            let item = crisis.plan.iter().find(|item| item.number == *number);
            t!(ui, "crisis-open-item", what = item.map_or("", |item| item.what.as_str()))
        }
        Open::Day(day) => t!(ui, "crisis-open-day", day = ui.date(&day.to_string())),
        Open::Week(week) => t!(
            ui,
            "crisis-open-week",
            number = week.number,
            from = ui.date(&week.from.to_string()),
            to = ui.date(&week.to.to_string())
        ),
    }
}
