//! The appointment book of the counselling room. Times and rooms stand in clear; whom an appointment is for is sealed to the
//! counselling office, so that a homeroom teacher who asks for a time does not read back for whom others asked.

use std::collections::BTreeSet;

use jiff::ToSpan as _;
use jiff::civil::Date;
use uuid::Uuid;

use super::approach::is_sealed_away;
use super::error::again;
use super::{App, Error, FieldProblem, Result, Viewer};
use crate::domain::audit::Event;
use crate::domain::clock::{DAY, MINUTE, school_instant};
use crate::domain::ids::{AppointmentId, FormId, LetterId, PersonId, SchoolId};
use crate::domain::relation::{Facts, Standing};
use crate::domain::room::{AppointmentFor, AppointmentState};
use crate::domain::warning::{LetterKind, LetterState};
use crate::domain::words::{Action, Kind, OfficeKind, Role};
use crate::policy::{Act, Manage, Permit, Read, Report};
use crate::store::{Appointment, Conn, Letter, RoomHours, Tx};

/// The longest appointment, in minutes.
const LONGEST: i64 = 240;
/// How far ahead an appointment can be made, in days.
const AHEAD: i64 = 180;
/// The longest name of a room, and of a person in words, in characters.
const SHORT: usize = 60;
/// The longest reason, in characters.
const ABOUT: usize = 500;

/// A week of one counsellor, as whoever may look at the book sees it: no names.
#[derive(Debug)]
pub struct Week {
    /// Its Monday.
    pub monday: Date,
    /// The counsellors of the school, by name.
    pub counsellors: Vec<(PersonId, String)>,
    /// Whose week it is; none where the school has no counsellor.
    pub of: Option<PersonId>,
    /// What there is, in order.
    pub slots: Vec<Slot>,
    /// Whether the person keeps the book, or only asks for times.
    pub keeps: bool,
}

/// One time of a week.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// From, microseconds UTC.
    pub starts_at: i64,
    /// To, microseconds UTC.
    pub ends_at: i64,
    /// Where.
    pub room: String,
    /// The appointment's state; none when the time is free.
    pub state: Option<AppointmentState>,
    /// Whether the person who looks asked for it.
    pub own_request: bool,
}

/// An appointment in the list of a day, for those who keep the book.
#[derive(Debug)]
pub struct Agenda {
    /// Time, room and state.
    pub appointment: Appointment,
    /// Whom it is for; none for a colleague's.
    pub whom: Option<AppointmentFor>,
}

/// An appointment about to be made.
#[derive(Debug, Clone)]
pub struct NewAppointment {
    /// The form it came from: the same appointment sent again from it is no second one.
    pub form: FormId,
    /// The counsellor.
    pub with: PersonId,
    /// The day.
    pub day: Date,
    /// Minutes after midnight.
    pub starts: i64,
    /// How long, minutes.
    pub minutes: i64,
    /// Where.
    pub room: String,
    /// Whom it is for.
    pub whom: AppointmentFor,
}

impl App {
    /// The week of a counsellor in which a day lies: times without names.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anyone who neither keeps the book nor may ask for a time.
    pub async fn week(&self, viewer: &Viewer, day: Date, of: Option<PersonId>) -> Result<Week> {
        let school = viewer.person.school_id;
        let keeps = self.policy.may(&viewer.at_school(), Kind::Appointment, Action::Read);
        if !keeps && !self.may_ask_for_a_time(viewer) {
            self.permit::<Read>(&viewer.at_school(), Kind::Appointment, school.0).await?;
        }
        let mut conn = self.db.read().await?;
        let counsellors = self.room_counsellors(&mut conn, school).await?;
        let own = counsellors.iter().find(|(id, _)| *id == viewer.person.id);
        let asked = of.and_then(|of| counsellors.iter().find(|(id, _)| *id == of));
        let of = asked.or(own).or(counsellors.first()).map(|(id, _)| *id);
        let monday = monday(day);
        let mut slots = Vec::new();
        if let Some(of) = of {
            let (from, until) = (school_instant(monday, 0), school_instant(monday.saturating_add(7.days()), 0));
            let mut taken = conn.appointments(school, from, until).await?;
            taken.retain(|appointment| appointment.person_id == of);
            let hours = conn.room_hours(school).await?;
            slots.extend(free(&hours, monday, of, &taken));
            for appointment in taken {
                let own_request = !keeps && asked_by(&mut conn, &appointment).await? == Some(viewer.person.id);
                slots.push(Slot {
                    starts_at: appointment.starts_at,
                    ends_at: appointment.ends_at,
                    room: appointment.room,
                    state: Some(appointment.state),
                    own_request,
                });
            }
            slots.sort_by_key(|slot| slot.starts_at);
        }
        Ok(Week { monday, counsellors, of, slots, keeps })
    }

    /// The appointments of a day: the own ones with whom they are for, those of colleagues without.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anyone but a counsellor; [`Error::NoKey`] before a colleague let them into the office.
    pub async fn agenda(&self, viewer: &Viewer, day: Date) -> Result<Vec<Agenda>> {
        let school = viewer.person.school_id;
        let standing = viewer.at_school();
        let permit = self.permit::<Read>(&standing, Kind::Appointment, school.0).await?;
        let mut conn = self.db.read().await?;
        let from = school_instant(day, 0);
        let mut agenda = Vec::new();
        for appointment in conn.appointments(school, from, from + DAY).await? {
            let mut whom = None;
            if appointment.person_id == viewer.person.id {
                let letter = conn.letter(appointment.letter_id).await?.ok_or(Error::NotFound)?;
                whom = self.whom_to_show(&mut conn, viewer, &letter).await?;
            }
            agenda.push(Agenda { appointment, whom });
        }
        drop(conn);
        self.leave_trace(&permit, Event::AppointmentsRead, "", &[]).await?;
        Ok(agenda)
    }

    /// Whom an own appointment is for; nobody where that student's file is sealed away.
    async fn whom_to_show(&self, conn: &mut Conn, viewer: &Viewer, letter: &Letter) -> Result<Option<AppointmentFor>> {
        let whom: AppointmentFor = self.read_letter(viewer, &viewer.at_school(), letter)?;
        match whom.student {
            Some(student) if is_sealed_away(conn, student).await? => Ok(None),
            _ => Ok(Some(whom)),
        }
    }

    /// Makes an appointment: a counsellor books it, a homeroom teacher asks for it, for a student of the own class.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every wrong field, on `starts` when the counsellor or the room is taken, on the student while the
    /// file is sealed away;
    /// [`Error::NotFound`] for anyone who may neither book nor ask.
    pub async fn make_appointment(&self, viewer: &Viewer, new: &NewAppointment) -> Result<AppointmentId> {
        let keeps = self.policy.may(&viewer.at_school(), Kind::Appointment, Action::Manage);
        self.check_appointment(new, keeps)?;
        if keeps {
            again(|| self.try_make::<Manage>(viewer, new, AppointmentState::Booked)).await
        } else {
            again(|| self.try_make::<Report>(viewer, new, AppointmentState::Requested)).await
        }
    }

    async fn try_make<A: Act>(
        &self,
        viewer: &Viewer,
        new: &NewAppointment,
        state: AppointmentState,
    ) -> Result<AppointmentId> {
        let school = viewer.person.school_id;
        let mut tx = self.begin().await?;
        let (standing, object) = match new.whom.student {
            Some(student) => (self.approach(&mut tx, viewer, student).await?.standing, student.0),
            None => (viewer.at_school(), school.0),
        };
        let otherwise = Standing { sealed: false, ..standing.clone() };
        if standing.sealed && self.policy.may(&otherwise, Kind::Appointment, A::ACTION) {
            // Whoever may ask for a time is told whom to talk to, and not why.
            let keeps = state == AppointmentState::Booked;
            return Err(Error::field(if keeps { "who" } else { "student" }, "no-appointment-now"));
        }
        let (mut tx, permit) = self.permit_in::<A>(tx, &standing, Kind::Appointment, object).await?;
        let content = (new.with, new.day, new.starts, new.minutes, &new.room, &new.whom);
        let id = LetterId(self.id_of_sent(viewer, new.form, &content)?);
        if !self.room_counsellors(&mut tx, school).await?.iter().any(|(id, _)| *id == new.with) {
            return Err(Error::field("with", "choose"));
        }
        let (_, office) = self.school_office(&mut tx, school, OfficeKind::Counselling).await?;
        // Holding the office is also the lock of the book: nobody else writes into it until this one is in.
        let name = (id, LetterKind::Appointment);
        if !self.put_help_letter(&mut tx, &permit, &office, name, Some(viewer.person.id), &new.whom).await? {
            tx.leave().await?;
            return Ok(AppointmentId(id.0));
        }
        let appointment = self.free_appointment(&mut tx, id, school, new, state).await?;
        tx.insert_appointment(&permit, &appointment).await?;
        if state == AppointmentState::Requested {
            self.tell(&mut tx, school, &BTreeSet::from([new.with]), "/appointments").await?;
        }
        let detail = state.as_str();
        tx.record_about(&permit, Event::AppointmentChanged, appointment.id.0, detail, self.now()).await?;
        tx.commit().await?;
        Ok(appointment.id)
    }

    /// The appointment as it will stand, if neither the counsellor nor the room is taken at that time.
    async fn free_appointment(
        &self,
        conn: &mut Conn,
        id: LetterId,
        school: SchoolId,
        new: &NewAppointment,
        state: AppointmentState,
    ) -> Result<Appointment> {
        let starts_at = school_instant(new.day, new.starts);
        let ends_at = starts_at + new.minutes * MINUTE;
        let room = new.room.trim();
        for other in conn.appointments(school, starts_at - LONGEST * MINUTE, ends_at).await? {
            if other.ends_at <= starts_at {
                continue;
            }
            if other.person_id == new.with {
                return Err(Error::field("starts", "time-taken"));
            }
            if !room.is_empty() && other.room == room {
                return Err(Error::field("room", "room-taken"));
            }
        }
        Ok(Appointment {
            id: AppointmentId(id.0),
            school_id: school,
            person_id: new.with,
            starts_at,
            ends_at,
            room: room.to_owned(),
            state,
            letter_id: id,
            version: 1,
        })
    }

    /// Agrees to an appointment, calls it off, or notes whether it took place. Whoever asked for it is told that something
    /// changed. What is called off is forgotten: nobody needs to know for whom it was.
    ///
    /// # Errors
    /// [`Error::Stale`] when it was changed meanwhile; [`Error::Invalid`] on `state` for a step that does not follow;
    /// [`Error::NotFound`] for anyone but a counsellor of the school.
    pub async fn move_appointment(
        &self,
        viewer: &Viewer,
        id: AppointmentId,
        seen: i64,
        state: AppointmentState,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        let before = tx.appointment(id).await?.ok_or(Error::NotFound)?;
        let standing = viewer.standing(&Facts::school(before.school_id));
        let (mut tx, permit) = self.permit_in::<Manage>(tx, &standing, Kind::Appointment, id.0).await?;
        if !before.state.next().contains(&state) {
            return Err(Error::field("state", "status-does-not-follow"));
        }
        if !tx.move_appointment(&permit, id, seen, state).await? {
            return Err(Error::Stale(Vec::new()));
        }
        self.tell_whoever_asked(&mut tx, viewer, &permit, &before, state).await?;
        tx.record(&permit, Event::AppointmentChanged, state.as_str(), self.now()).await?;
        Ok(tx.commit().await?)
    }

    async fn tell_whoever_asked(
        &self,
        tx: &mut Tx,
        viewer: &Viewer,
        permit: &Permit<Manage>,
        before: &Appointment,
        state: AppointmentState,
    ) -> Result<()> {
        let letter = tx.letter(before.letter_id).await?.ok_or(Error::NotFound)?;
        let asked = letter.sender.map(PersonId).filter(|id| *id != viewer.person.id);
        self.tell(tx, before.school_id, &asked.into_iter().collect(), "/appointments").await?;
        if state == AppointmentState::Cancelled {
            tx.move_letter(permit, &letter, LetterState::Done, None, None, true).await?;
        }
        Ok(())
    }

    /// The person's own weekly hours.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anyone but a counsellor.
    pub async fn own_hours(&self, viewer: &Viewer) -> Result<Vec<RoomHours>> {
        let school = viewer.person.school_id;
        self.permit::<Manage>(&viewer.at_school(), Kind::Appointment, school.0).await?;
        let mut hours = self.db.read().await?.room_hours(school).await?;
        hours.retain(|hours| hours.person_id == viewer.person.id);
        Ok(hours)
    }

    /// Adds weekly hours of the person's own.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every wrong field, on `starts` when they overlap with others; [`Error::NotFound`] for anyone
    /// but a counsellor.
    pub async fn add_hours(&self, viewer: &Viewer, weekday: i64, starts: i64, minutes: i64, room: &str) -> Result<()> {
        let school = viewer.person.school_id;
        let permit = self.permit::<Manage>(&viewer.at_school(), Kind::Appointment, school.0).await?;
        let mut problems = span_problems(starts, minutes, room);
        if !(1..=7).contains(&weekday) {
            problems.push(FieldProblem { field: "weekday", code: "choose" });
        }
        if !problems.is_empty() {
            return Err(Error::Invalid(problems));
        }
        let mut tx = self.begin().await?;
        let there = tx.room_hours(school).await?;
        let overlaps = |other: &RoomHours| {
            other.person_id == viewer.person.id
                && other.weekday == weekday
                && other.starts < starts + minutes
                && starts < other.starts + other.minutes
        };
        if there.iter().any(overlaps) {
            return Err(Error::field("starts", "hours-overlap"));
        }
        let (id, room) = (Uuid::now_v7(), room.trim().to_owned());
        let hours = RoomHours { id, school_id: school, person_id: viewer.person.id, weekday, starts, minutes, room };
        match tx.insert_room_hours(&permit, &hours).await {
            Err(error) if error.is_taken("starts") || error.is_taken("start") => {
                return Err(Error::field("starts", "hours-overlap"));
            }
            done => done?,
        }
        tx.record(&permit, Event::HoursChanged, "added", self.now()).await?;
        Ok(tx.commit().await?)
    }

    /// Takes weekly hours of the person's own away; appointments that were made stay.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anyone but the counsellor whose they are.
    pub async fn remove_hours(&self, viewer: &Viewer, id: Uuid) -> Result<()> {
        let school = viewer.person.school_id;
        let permit = self.permit::<Manage>(&viewer.at_school(), Kind::Appointment, school.0).await?;
        let mut tx = self.begin().await?;
        if !tx.delete_room_hours(&permit, id).await? {
            return Err(Error::NotFound);
        }
        tx.record(&permit, Event::HoursChanged, "removed", self.now()).await?;
        Ok(tx.commit().await?)
    }

    /// Whether the person may ask for a time for somebody of an own class.
    #[must_use]
    pub fn may_ask_for_a_time(&self, viewer: &Viewer) -> bool {
        let may = |class| {
            let standing = viewer.standing(&Facts::class(viewer.person.school_id, class));
            self.policy.may(&standing, Kind::Appointment, Action::Report)
        };
        viewer.own_classes().any(may)
    }

    /// The counsellors of a school with their names.
    async fn room_counsellors(&self, conn: &mut Conn, school: SchoolId) -> Result<Vec<(PersonId, String)>> {
        let there = self.holders_of_role(conn, school, Role::Counsellor, None).await?;
        let persons = conn.persons(school).await?;
        Ok(persons.into_iter().filter(|p| p.active && there.contains(&p.id)).map(|p| (p.id, p.name)).collect())
    }

    fn check_appointment(&self, new: &NewAppointment, keeps: bool) -> Result<()> {
        let mut problems = span_problems(new.starts, new.minutes, &new.room);
        let mut wrong = |field, code| problems.push(FieldProblem { field, code });
        let starts_at = school_instant(new.day, new.starts);
        if starts_at < self.now() - DAY || starts_at > self.now() + AHEAD * DAY {
            wrong("day", "day-out-of-range");
        }
        if keeps && new.whom.who.trim().is_empty() {
            wrong("who", "required");
        }
        if !keeps && new.whom.student.is_none() {
            wrong("student", "choose");
        }
        if new.whom.who.chars().count() > SHORT {
            wrong("who", "too-long");
        }
        if new.whom.about.chars().count() > ABOUT {
            wrong("about", "too-long");
        }
        if problems.is_empty() { Ok(()) } else { Err(Error::Invalid(problems)) }
    }
}

/// The Monday of the week in which a day lies.
#[must_use]
pub fn monday(day: Date) -> Date {
    day.saturating_sub(i32::from(day.weekday().to_monday_zero_offset()).days())
}

fn span_problems(starts: i64, minutes: i64, room: &str) -> Vec<FieldProblem> {
    let checks = [
        ("starts", !(0..24 * 60).contains(&starts), "time-invalid"),
        ("minutes", !(5..=LONGEST).contains(&minutes) || starts + minutes > 24 * 60, "minutes"),
        ("room", room.chars().count() > SHORT, "too-long"),
    ];
    checks.into_iter().filter(|(_, wrong, _)| *wrong).map(|(field, _, code)| FieldProblem { field, code }).collect()
}

/// The times of a week at which a counsellor receives people and nobody comes yet.
fn free<'a>(
    hours: &'a [RoomHours],
    monday: Date,
    of: PersonId,
    taken: &'a [Appointment],
) -> impl Iterator<Item = Slot> + 'a {
    hours.iter().filter(move |hours| hours.person_id == of).filter_map(move |hours| {
        let day = monday.saturating_add(i32::try_from(hours.weekday - 1).unwrap_or(0).days());
        let starts_at = school_instant(day, hours.starts);
        let ends_at = starts_at + hours.minutes * MINUTE;
        let is_free = !taken.iter().any(|other| other.starts_at < ends_at && starts_at < other.ends_at);
        let (room, state, own_request) = (hours.room.clone(), None, false);
        is_free.then_some(Slot { starts_at, ends_at, room, state, own_request })
    })
}

/// Who wrote an appointment into the book.
async fn asked_by(conn: &mut Conn, appointment: &Appointment) -> Result<Option<PersonId>> {
    let letter = conn.letter(appointment.letter_id).await?;
    Ok(letter.and_then(|letter| letter.sender).map(PersonId))
}

#[cfg(test)]
mod tests;
