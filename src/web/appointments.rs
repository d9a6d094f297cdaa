//! The appointment book of the counselling room: a week without names, the day of a counsellor, and the weekly hours.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::Form;
use jiff::ToSpan as _;
use jiff::civil::{Date, Time};
use serde::Deserialize;
use uuid::Uuid;

use super::files::once;
use super::problem::Problem;
use super::request::{Seen, done, page};
use super::ui::{Choice, Problems, Ui, t};
use super::{Web, Who, format, language, routes};
use crate::domain::clock::school_time;
use crate::domain::ids::{AppointmentId, ExchangeId, LetterId, PersonId, StudentId};
use crate::domain::room::{AppointmentFor, AppointmentState};
use crate::domain::words::Role;
use crate::service::{Agenda, Error, NewAppointment, Slot, Viewer, Week, receipt_number};

const KEEPERS: Who = Who::Roles(&[Role::Counsellor]);
const LOOKERS: Who = Who::Roles(&[Role::Counsellor, Role::HomeroomTeacher]);

routes! {
    get "/appointments" show, LOOKERS;
    post "/appointments" make, LOOKERS;
    get "/appointments/new" new, LOOKERS;
    post "/appointments/{id}" change, KEEPERS;
    get "/appointments/hours" hours, KEEPERS;
    post "/appointments/hours" add_hours, KEEPERS;
    post "/appointments/hours/{id}/remove" remove_hours, KEEPERS;
}

#[derive(Template)]
#[template(path = "appointments.html")]
struct BookPage {
    ui: Ui,
    keeps: bool,
    title: String,
    with: Option<PersonId>,
    others: Vec<(String, String)>,
    monday: String,
    before: String,
    after: String,
    columns: Vec<String>,
    rows: Vec<(String, Vec<Cell>)>,
    days: Vec<(String, String)>,
    day: String,
    agenda: Vec<Row>,
}

/// One time on one day; empty when there is none.
#[derive(Clone, Default)]
struct Cell {
    href: String,
    text: String,
}

/// One appointment of a day.
struct Row {
    action: String,
    seen: i64,
    day: String,
    time: String,
    room: String,
    who: String,
    about: String,
    link: String,
    state: AppointmentState,
    next: &'static [AppointmentState],
}

/// Which week, whose, and which day of it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Wanted {
    week: String,
    with: String,
    day: String,
}

async fn show(
    State(web): State<Web>,
    Seen { viewer, ui }: Seen,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Problem> {
    let today: Date = web.app.clock.today();
    let week = wanted.week.parse().or_else(|_| wanted.day.parse()).unwrap_or(today);
    let week = web.app.week(&viewer, week, wanted.with.parse().ok()).await?;
    let in_week = |day: &Date| crate::service::monday(*day) == week.monday;
    let day = wanted.day.parse().ok().filter(in_week).or(Some(today).filter(in_week)).unwrap_or(week.monday);
    let agenda = if week.keeps { web.app.agenda(&viewer, day).await? } else { Vec::new() };
    page(&book_page(ui, &viewer, &week, day, agenda, web.app.now()))
}

fn book_page(ui: Ui, viewer: &Viewer, week: &Week, day: Date, agenda: Vec<Agenda>, now: i64) -> BookPage {
    let at = |monday: Date, with: Option<PersonId>| {
        let with = with.map_or_else(String::new, |with| format!("&with={with}"));
        format!("/appointments?week={monday}{with}")
    };
    let (before, after) = (week.monday.saturating_sub(7.days()), week.monday.saturating_add(7.days()));
    let name = |id: PersonId| week.counsellors.iter().find(|(other, _)| *other == id).map(|(_, name)| name.as_str());
    let title = week.of.and_then(name).unwrap_or_default().to_owned();
    let others = week.counsellors.iter().filter(|(id, _)| Some(*id) != week.of);
    let others = others.map(|(id, name)| (at(week.monday, Some(*id)), name.clone())).collect();
    let last = week.slots.iter().map(weekday).max().unwrap_or(0).max(5);
    let dates: Vec<Date> = (0..last).map(|n| week.monday.saturating_add(n.days())).collect();
    let columns = std::iter::once(t!(ui, "room-time")).chain(dates.iter().map(|date| head(&ui, *date))).collect();
    let days = dates.iter().map(|date| (format!("/appointments?day={date}"), head(&ui, *date))).collect();
    let agenda = agenda.into_iter().map(|one| row(viewer, &week.counsellors, one)).collect();
    BookPage {
        keeps: week.keeps,
        title,
        with: week.of,
        others,
        monday: ui.date(week.monday.to_string().as_str()),
        before: at(before, week.of),
        after: at(after, week.of),
        columns,
        rows: rows(&ui, week, dates.len(), now),
        days: if week.keeps { days } else { Vec::new() },
        day: format::date_with_weekday(ui.language, &day.to_string()),
        agenda,
        ui,
    }
}

/// The day of the week of a slot, 1 for Monday.
fn weekday(slot: &Slot) -> i32 {
    i32::from(school_time(slot.starts_at).date().weekday().to_monday_one_offset())
}

/// The head of a day's column: short enough for seven on a telephone.
fn head(ui: &Ui, date: Date) -> String {
    let weekday = language::word(ui.language, "weekday", &date.weekday().to_monday_one_offset().to_string());
    format!("{weekday} {}/{}", date.month(), date.day())
}

/// The slots of a week by the time at which they start.
fn rows(ui: &Ui, week: &Week, days: usize, now: i64) -> Vec<(String, Vec<Cell>)> {
    let mut rows: Vec<(String, Vec<Cell>)> = Vec::new();
    let mut slots: Vec<(String, &Slot)> = week.slots.iter().map(|slot| (format::time(slot.starts_at), slot)).collect();
    slots.sort_by(|a, b| a.0.cmp(&b.0));
    for (time, slot) in slots {
        if rows.last().is_none_or(|(last, _)| *last != time) {
            rows.push((time, vec![Cell::default(); days]));
        }
        let place = usize::try_from(weekday(slot) - 1).unwrap_or(0);
        if let Some(cell) = rows.last_mut().and_then(|(_, cells)| cells.get_mut(place)) {
            *cell = one_cell(ui, week, slot, now);
        }
    }
    rows
}

fn one_cell(ui: &Ui, week: &Week, slot: &Slot, now: i64) -> Cell {
    let there = school_time(slot.starts_at);
    let day = there.date();
    match (slot.state, week.of) {
        (None, Some(with)) if slot.starts_at > now => {
            let minutes = (slot.ends_at - slot.starts_at) / 60_000_000;
            let (at, room) = (there.strftime("%H:%M"), percent(&slot.room));
            let href = format!("/appointments/new?with={with}&day={day}&at={at}&minutes={minutes}&room={room}");
            Cell { href, text: t!(ui, "room-free") }
        }
        (None, _) => Cell { href: String::new(), text: "–".to_owned() },
        (Some(_), _) if week.keeps => Cell { href: format!("/appointments?day={day}"), text: t!(ui, "room-taken") },
        (Some(state), _) if slot.own_request => Cell { href: String::new(), text: ui.word(state) },
        (Some(_), _) => Cell { href: String::new(), text: t!(ui, "room-taken") },
    }
}

/// A text for an address.
fn percent(text: &str) -> String {
    let digit = |half: u8| char::from_digit(half.into(), 16).unwrap_or_default();
    text.bytes().flat_map(|byte| ['%', digit(byte >> 4), digit(byte & 15)]).collect()
}

fn row(viewer: &Viewer, counsellors: &[(PersonId, String)], Agenda { appointment, whom }: Agenda) -> Row {
    let time = format!("{}–{}", format::time(appointment.starts_at), format::time(appointment.ends_at));
    let own = appointment.person_id == viewer.person.id;
    let link = whom.as_ref().map_or_else(String::new, |whom| match (whom.student, whom.exchange) {
        (Some(student), _) => format!("/files/{student}/notes"),
        (None, Some(exchange)) => format!("/box/{exchange}"),
        _ => String::new(),
    });
    // Of a colleague's day there is the colleague's name, and no other.
    let with = counsellors.iter().find(|(id, _)| *id == appointment.person_id).map_or("", |(_, name)| name);
    let (who, about) = whom.map_or_else(|| (with.to_owned(), String::new()), |whom| (whom.who, whom.about));
    Row {
        action: format!("/appointments/{}", appointment.id),
        seen: appointment.version,
        day: school_time(appointment.starts_at).date().to_string(),
        time,
        room: appointment.room,
        who,
        about,
        link,
        state: appointment.state,
        next: if own { appointment.state.next() } else { &[] },
    }
}

#[derive(Template)]
#[template(path = "appointment.html")]
struct FormPage {
    ui: Ui,
    keeps: bool,
    counsellors: Vec<Choice>,
    students: Vec<Choice>,
    typed: Typed,
    problems: Problems,
}

/// An appointment as the form sends it, and as a link to the form says it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Typed {
    once: String,
    with: String,
    day: String,
    #[serde(alias = "at")]
    starts: String,
    minutes: String,
    room: String,
    student: String,
    who: String,
    about: String,
    exchange: String,
}

async fn new(State(web): State<Web>, seen: Seen, Query(mut typed): Query<Typed>) -> Result<Response, Problem> {
    typed.once = once("").to_string();
    if typed.minutes.is_empty() {
        "45".clone_into(&mut typed.minutes);
    }
    // A counsellor comes from a file or from a letter of the box: whom it is for is known then.
    if let Ok(student) = typed.student.parse::<StudentId>()
        && seen.viewer.has(Role::Counsellor)
    {
        let (who, _) = web.app.whom(&seen.viewer, student).await?;
        who.name().clone_into(&mut typed.who);
    } else if let Ok(exchange) = typed.exchange.parse::<ExchangeId>() {
        typed.who = t!(seen.ui, "room-from-box", number = receipt_number(LetterId(exchange.0)));
    }
    page(&form_page(&web, seen, typed, Problems::default()).await?)
}

async fn form_page(web: &Web, seen: Seen, typed: Typed, problems: Problems) -> Result<FormPage, Problem> {
    let week = web.app.week(&seen.viewer, web.app.clock.today(), None).await?;
    let chosen = typed.with.parse().ok().or(week.of);
    let choice = |(id, name): &(PersonId, String)| Choice {
        value: id.to_string(),
        label: name.clone(),
        chosen: Some(*id) == chosen,
    };
    let counsellors = week.counsellors.iter().map(choice).collect();
    let students = if week.keeps { Vec::new() } else { own_students(web, &seen.viewer, &typed.student).await? };
    Ok(FormPage { ui: seen.ui, keeps: week.keeps, counsellors, students, typed, problems })
}

/// The students of the own classes, for whom a homeroom teacher may ask.
async fn own_students(web: &Web, viewer: &Viewer, chosen: &str) -> Result<Vec<Choice>, Problem> {
    let mut students = Vec::new();
    for class in viewer.own_classes() {
        for listed in web.app.class_list(viewer, class).await?.students {
            let value = listed.row.student.to_string();
            students.push(Choice { chosen: value == chosen, value, label: listed.row.name });
        }
    }
    Ok(students)
}

async fn make(State(web): State<Web>, seen: Seen, Form(typed): Form<Typed>) -> Result<Response, Problem> {
    let form = form_page(&web, seen.clone(), typed, Problems::default()).await?;
    let problems = match form.appointment() {
        Err(problems) => problems,
        Ok(new) => match web.app.make_appointment(&seen.viewer, &new).await {
            Ok(_) => {
                let code = if form.keeps { "appointment-booked" } else { "appointment-requested" };
                return Ok(done(&format!("/appointments?day={}&with={}", new.day, new.with), code));
            }
            Err(Error::Invalid(problems)) => Problems::of(&seen.ui, &problems),
            Err(other) => return Err(other.into()),
        },
    };
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&FormPage { problems, ..form })?).into_response())
}

impl FormPage {
    /// The appointment that the form says, or what cannot be read.
    fn appointment(&self) -> Result<NewAppointment, Problems> {
        let typed = &self.typed;
        let of_class = self.students.iter().find(|choice| choice.value == typed.student);
        let who = if self.keeps { typed.who.trim() } else { of_class.map_or("", |choice| choice.label.as_str()) };
        let whom = AppointmentFor {
            student: typed.student.parse().ok(),
            who: who.to_owned(),
            about: typed.about.replace("\r\n", "\n").trim().to_owned(),
            exchange: typed.exchange.parse().ok(),
        };
        let day = typed.day.parse::<Date>().map_err(|_| Problems::one(&self.ui, "day", "date-invalid"))?;
        let starts = minutes_of(&typed.starts).ok_or_else(|| Problems::one(&self.ui, "starts", "time-invalid"))?;
        let with = typed.with.parse().map_err(|_| Problems::one(&self.ui, "with", "choose"))?;
        let (minutes, room) = (typed.minutes.trim().parse().unwrap_or(0), typed.room.clone());
        Ok(NewAppointment { form: once(&typed.once), with, day, starts, minutes, room, whom })
    }
}

/// Minutes after midnight of `14:05`.
fn minutes_of(text: &str) -> Option<i64> {
    let time: Time = text.trim().replace('：', ":").parse().ok()?;
    Some(i64::from(time.hour()) * 60 + i64::from(time.minute()))
}

/// A step of an appointment.
#[derive(Deserialize)]
struct Step {
    #[serde(default)]
    seen: i64,
    #[serde(default)]
    state: String,
    #[serde(default)]
    day: String,
}

async fn change(
    State(web): State<Web>,
    seen: Seen,
    Path(id): Path<AppointmentId>,
    Form(step): Form<Step>,
) -> Result<Response, Problem> {
    let state = AppointmentState::parse(&step.state).ok_or(Error::field("state", "choose"))?;
    web.app.move_appointment(&seen.viewer, id, step.seen, state).await?;
    let back = step.day.parse::<Date>().map_or_else(|_| String::new(), |day| format!("?day={day}"));
    Ok(done(&format!("/appointments{back}"), "saved"))
}

#[derive(Template)]
#[template(path = "room_hours.html")]
struct HoursPage {
    ui: Ui,
    hours: Vec<(String, String)>,
    weekdays: Vec<Choice>,
    typed: HoursForm,
    problems: Problems,
}

/// Weekly hours as the form sends them.
#[derive(Default, Deserialize)]
#[serde(default)]
struct HoursForm {
    weekday: String,
    starts: String,
    minutes: String,
    room: String,
}

async fn hours(State(web): State<Web>, seen: Seen) -> Result<Response, Problem> {
    let typed = HoursForm { minutes: "45".to_owned(), ..HoursForm::default() };
    page(&hours_page(&web, seen, typed, Problems::default()).await?)
}

async fn hours_page(
    web: &Web,
    Seen { viewer, ui }: Seen,
    typed: HoursForm,
    problems: Problems,
) -> Result<HoursPage, Problem> {
    let weekday = |n: i64| language::word(ui.language, "weekday", &n.to_string());
    let clock = |minutes: i64| format!("{:02}:{:02}", minutes / 60, minutes % 60);
    let hours = web.app.own_hours(&viewer).await?;
    let line = |hours: &crate::store::RoomHours| {
        let (from, to) = (clock(hours.starts), clock(hours.starts + hours.minutes));
        let text = format!("{} {from}–{to} {}", weekday(hours.weekday), hours.room);
        (format!("/appointments/hours/{}/remove", hours.id), text)
    };
    let hours = hours.iter().map(line).collect();
    let choice = |n: i64| Choice { value: n.to_string(), label: weekday(n), chosen: typed.weekday == n.to_string() };
    let weekdays = (1..=7).map(choice).collect();
    Ok(HoursPage { ui, hours, weekdays, typed, problems })
}

async fn add_hours(State(web): State<Web>, seen: Seen, Form(typed): Form<HoursForm>) -> Result<Response, Problem> {
    let number = |text: &str| text.trim().parse().unwrap_or(0);
    let (weekday, starts) = (number(&typed.weekday), minutes_of(&typed.starts).unwrap_or(-1));
    match web.app.add_hours(&seen.viewer, weekday, starts, number(&typed.minutes), &typed.room).await {
        Ok(()) => Ok(done("/appointments/hours", "saved")),
        Err(Error::Invalid(problems)) => {
            let problems = Problems::of(&seen.ui, &problems);
            let again = page(&hours_page(&web, seen, typed, problems).await?)?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, again).into_response())
        }
        Err(other) => Err(other.into()),
    }
}

async fn remove_hours(State(web): State<Web>, seen: Seen, Path(id): Path<Uuid>) -> Result<Response, Problem> {
    web.app.remove_hours(&seen.viewer, id).await?;
    Ok(done("/appointments/hours", "saved"))
}
