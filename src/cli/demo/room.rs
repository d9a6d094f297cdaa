//! The counselling room of the demonstration: open hours, a few appointments, and a group that met once.

use std::collections::BTreeMap;

use jiff::ToSpan as _;
use jiff::civil::Date;
use uuid::Uuid;

use crate::cli::Failure;
use crate::domain::ids::{PersonId, StudentId};
use crate::domain::room::AppointmentFor;
use crate::domain::session::GroupMeeting;
use crate::service::{App, GroupEdit, NewAppointment, NewMeeting, Viewer};

/// Where counselling takes place.
pub const ROOM: &str = "心理辅导室";
/// Weekday from 1 for Monday, and minutes after midnight.
const HOURS: [(i64, i64); 6] = [(1, 960), (2, 960), (3, 720), (3, 960), (4, 960), (5, 960)];

/// Fills it, with students of the homeroom teacher's class.
///
/// # Errors
/// The database.
pub async fn furnish(app: &App, counsellor: &Viewer, homeroom: &Viewer, students: &[StudentId]) -> Result<(), Failure> {
    for (weekday, starts) in HOURS {
        app.add_hours(counsellor, weekday, starts, 45, ROOM).await?;
    }
    let (with, today) = (counsellor.person.id, app.clock.today());
    let [.., third, fourth] = students else { return Ok(()) };
    let name = app.whom(counsellor, *third).await?.0.name().to_owned();
    let whom =
        AppointmentFor {
            student: Some(*third), who: name, about: "约好的第二次谈话。".to_owned(), exchange: None
        };
    app.make_appointment(counsellor, &appointment(with, school_day(today, 1), 720, whom)).await?;
    let name = app.whom(homeroom, *fourth).await?.0.name().to_owned();
    let about = "最近课间总是一个人，想请您聊聊。".to_owned();
    let whom = AppointmentFor { student: Some(*fourth), who: name, about, exchange: None };
    app.make_appointment(homeroom, &appointment(with, school_day(today, 2), 960, whom)).await?;
    group(app, counsellor, &[*third, *fourth]).await
}

fn appointment(with: PersonId, day: Date, starts: i64, whom: AppointmentFor) -> NewAppointment {
    let form = Uuid::new_v4().into();
    NewAppointment { form, with, day, starts, minutes: 45, room: ROOM.to_owned(), whom }
}

/// So many days on, and on to Monday from a weekend.
fn school_day(today: Date, days: i32) -> Date {
    let day = today.saturating_add(days.days());
    let weekend = i32::from(day.weekday().to_monday_zero_offset()) - 5;
    if weekend < 0 { day } else { day.saturating_add((2 - weekend).days()) }
}

async fn group(app: &App, counsellor: &Viewer, members: &[StudentId]) -> Result<(), Failure> {
    let edit = GroupEdit {
        topic: "新学期，新朋友".to_owned(),
        goals: "每个人在班里至少有一位可以说话的同学。".to_owned(),
        plan: "共六次，每周四下午第四节：认识彼此、听别人说、说自己的话、一起做事、遇到不一样、告别。".to_owned(),
        seen: 0,
    };
    let id = app.new_group(counsellor, Uuid::new_v4().into(), &edit).await?;
    for member in members {
        app.join_group(counsellor, id, *member).await?;
    }
    let meeting = GroupMeeting {
        date: app.clock.today().saturating_sub(4.days()),
        minutes: 45,
        place: ROOM.to_owned(),
        theme: "认识彼此".to_owned(),
        process: "用三样东西介绍自己，再说出邻座的一样东西。开始有些拘谨，后来笑声多了。".to_owned(),
        present: members.to_vec(),
    };
    let seen = "主动介绍自己的画，愿意下次带来。".to_owned();
    let notes: BTreeMap<StudentId, String> = members.first().map(|first| (*first, seen)).into_iter().collect();
    let new = NewMeeting { form: Uuid::new_v4().into(), meeting, notes, limits_told: true };
    Ok(app.record_meeting(counsellor, id, &new).await?)
}
