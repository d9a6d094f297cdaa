use super::*;
use crate::domain::clock::HOUR;
use crate::domain::ids::{LetterId, StudentId};
use crate::service::fresh;
use crate::service::testing::School;

/// A school with a counsellor, a homeroom teacher and a student of the teacher's class.
async fn school() -> (School, Viewer, Viewer, StudentId) {
    let mut school = School::found().await;
    let li = school.hire("li", Role::Counsellor, None).await;
    let (class, key, students) = school.class(2020, 1, &["王小雨"]).await;
    let zhou = school.hire("zhou", Role::HomeroomTeacher, Some((class, &key))).await;
    (school, li, zhou, students[0])
}

/// For somebody, on the Tuesday after the test's Monday.
fn at(with: &Viewer, starts: i64, minutes: i64, room: &str, student: Option<StudentId>) -> NewAppointment {
    let whom =
        AppointmentFor { student, who: "王小雨".to_owned(), about: "睡得不好".to_owned(), exchange: None };
    let day = "2026-11-24".parse().unwrap();
    let room = room.to_owned();
    NewAppointment { form: FormId(fresh()), with: with.person.id, day, starts, minutes, room, whom }
}

fn problem(result: Result<impl std::fmt::Debug>) -> (&'static str, &'static str) {
    match result {
        Err(Error::Invalid(problems)) => (problems[0].field, problems[0].code),
        other => panic!("{other:?}"),
    }
}

async fn week(app: &App, viewer: &Viewer) -> Vec<(i64, Option<AppointmentState>, bool)> {
    let day = "2026-11-26".parse().unwrap();
    let week = app.week(viewer, day, None).await.unwrap();
    assert_eq!(week.monday.to_string(), "2026-11-23");
    let minute = |slot: &Slot| (slot.starts_at - school_instant(week.monday, 0)) / MINUTE;
    week.slots.iter().map(|slot| (minute(slot), slot.state, slot.own_request)).collect()
}

const TUESDAY: i64 = 24 * 60;

#[tokio::test]
async fn a_time_is_given_once_and_a_room_too() {
    let (mut school, li, _, _) = school().await;
    let wang = school.hire("wang", Role::Counsellor, None).await;
    let app = &school.app;
    app.make_appointment(&li, &at(&li, 600, 45, "心理室", None)).await.unwrap();
    for (starts, minutes) in [(600, 45), (580, 21), (644, 45), (610, 10), (590, 120)] {
        let again = app.make_appointment(&wang, &at(&li, starts, minutes, "", None)).await;
        assert_eq!(problem(again), ("starts", "time-taken"), "{starts}");
    }
    let same_room = app.make_appointment(&wang, &at(&wang, 620, 45, " 心理室 ", None)).await;
    assert_eq!(problem(same_room), ("room", "room-taken"));
    for (with, starts, minutes, room) in [(&li, 645, 45, "心理室"), (&li, 555, 45, ""), (&wang, 600, 45, "沙盘室")]
    {
        app.make_appointment(&li, &at(with, starts, minutes, room, None)).await.unwrap();
    }
    let same_form = at(&li, 900, 30, "", None);
    let first = app.make_appointment(&li, &same_form).await.unwrap();
    assert_eq!(app.make_appointment(&li, &same_form).await.unwrap(), first, "a form sent twice is one appointment");
    assert_eq!(week(app, &li).await.len(), 4);
}

#[tokio::test]
async fn what_cannot_be_is_said_where_it_is_wrong() {
    let (school, li, zhou, _) = school().await;
    let app = &school.app;
    let good = at(&li, 600, 45, "", None);
    let day = |text: &str| text.parse().unwrap();
    let nobody = AppointmentFor { who: " ".to_owned(), ..good.whom.clone() };
    for (new, expected) in [
        (NewAppointment { starts: 24 * 60, ..good.clone() }, ("starts", "time-invalid")),
        (NewAppointment { minutes: 4, ..good.clone() }, ("minutes", "minutes")),
        (NewAppointment { minutes: 241, ..good.clone() }, ("minutes", "minutes")),
        (NewAppointment { starts: 1430, ..good.clone() }, ("minutes", "minutes")),
        (NewAppointment { day: day("2026-11-20"), ..good.clone() }, ("day", "day-out-of-range")),
        (NewAppointment { day: day("2027-11-20"), ..good.clone() }, ("day", "day-out-of-range")),
        (NewAppointment { whom: nobody, ..good.clone() }, ("who", "required")),
        // A homeroom teacher receives nobody.
        (NewAppointment { with: zhou.person.id, ..good.clone() }, ("with", "choose")),
    ] {
        assert_eq!(problem(app.make_appointment(&li, &new).await), expected);
    }
    assert_eq!(problem(app.make_appointment(&zhou, &good).await), ("student", "choose"));
    assert!(week(app, &li).await.is_empty());
}

#[tokio::test]
async fn a_homeroom_teacher_asks_for_the_own_class_and_sees_no_name() {
    let (mut school, li, zhou, student) = school().await;
    let (other, key, others) = school.class(2020, 2, &["别班"]).await;
    let _neighbour = school.hire("neighbour", Role::HomeroomTeacher, Some((other, &key))).await;
    let app = &school.app;
    let foreign = app.make_appointment(&zhou, &at(&li, 600, 45, "", Some(others[0]))).await;
    assert!(matches!(foreign, Err(Error::NotFound)), "{foreign:?}");
    let id = app.make_appointment(&zhou, &at(&li, 600, 45, "", Some(student))).await.unwrap();
    app.make_appointment(&li, &at(&li, 700, 45, "", None)).await.unwrap();
    assert_eq!(
        week(app, &zhou).await,
        [
            (TUESDAY + 600, Some(AppointmentState::Requested), true),
            (TUESDAY + 700, Some(AppointmentState::Booked), false)
        ]
    );
    let taken = app.make_appointment(&zhou, &at(&li, 610, 45, "", Some(student))).await;
    assert_eq!(problem(taken), ("starts", "time-taken"), "what was asked for is taken until it is declined");
    let day = "2026-11-24".parse().unwrap();
    assert!(matches!(app.agenda(&zhou, day).await, Err(Error::NotFound)));
    let agenda = app.agenda(&li, day).await.unwrap();
    let whom = agenda[0].whom.clone().unwrap();
    assert_eq!((whom.student, whom.about.as_str()), (Some(student), "睡得不好"));

    let unseen = async |who: &Viewer| app.db.read().await.unwrap().unseen_notices(who.person.id).await.unwrap();
    assert_eq!((unseen(&li).await, unseen(&zhou).await), (1, 0));
    assert!(matches!(app.move_appointment(&zhou, id, 1, AppointmentState::Booked).await, Err(Error::NotFound)));
    app.move_appointment(&li, id, 1, AppointmentState::Booked).await.unwrap();
    assert_eq!(unseen(&zhou).await, 1, "whoever asked is told that something changed");
}

#[tokio::test]
async fn a_colleagues_day_has_times_and_no_names() {
    let (mut school, li, _, _) = school().await;
    let wang = school.hire("wang", Role::Counsellor, None).await;
    let app = &school.app;
    app.make_appointment(&li, &at(&li, 600, 45, "", None)).await.unwrap();
    let agenda = app.agenda(&wang, "2026-11-24".parse().unwrap()).await.unwrap();
    assert!(agenda[0].whom.is_none());
    assert!(app.agenda(&wang, "2026-11-25".parse().unwrap()).await.unwrap().is_empty());
}

#[tokio::test]
async fn an_appointment_moves_by_its_steps_and_one_that_is_called_off_is_forgotten() {
    let (school, li, _, _) = school().await;
    let app = &school.app;
    let id = app.make_appointment(&li, &at(&li, 600, 45, "", None)).await.unwrap();
    let back = app.move_appointment(&li, id, 1, AppointmentState::Requested).await;
    assert_eq!(problem(back), ("state", "status-does-not-follow"));
    assert!(matches!(app.move_appointment(&li, id, 7, AppointmentState::Held).await, Err(Error::Stale(_))));
    app.move_appointment(&li, id, 1, AppointmentState::Cancelled).await.unwrap();
    assert!(week(app, &li).await.is_empty());
    let letter = app.db.read().await.unwrap().letter(LetterId(id.0)).await.unwrap().unwrap();
    assert!(letter.sealed.is_empty(), "nobody needs to know for whom it was");
    app.make_appointment(&li, &at(&li, 600, 45, "", None)).await.unwrap();
}

#[tokio::test]
async fn weekly_hours_are_free_until_somebody_comes_and_overlap_with_none() {
    let (school, li, zhou, _) = school().await;
    let app = &school.app;
    app.add_hours(&li, 2, 600, 45, "心理室").await.unwrap();
    for (weekday, starts, minutes, field) in
        [(2, 620, 45, "starts"), (8, 600, 45, "weekday"), (3, -1, 45, "starts"), (3, 600, 0, "minutes")]
    {
        assert_eq!(problem(app.add_hours(&li, weekday, starts, minutes, "").await).0, field);
    }
    assert!(matches!(app.add_hours(&zhou, 2, 600, 45, "").await, Err(Error::NotFound)));
    assert_eq!(week(app, &zhou).await, [(TUESDAY + 600, None, false)]);
    app.make_appointment(&li, &at(&li, 630, 45, "", None)).await.unwrap();
    assert_eq!(week(app, &zhou).await, [(TUESDAY + 630, Some(AppointmentState::Booked), false)]);
    let hours = app.own_hours(&li).await.unwrap();
    app.remove_hours(&li, hours[0].id).await.unwrap();
    assert!(matches!(app.remove_hours(&li, hours[0].id).await, Err(Error::NotFound)));
    assert!(app.own_hours(&li).await.unwrap().is_empty());
}

#[tokio::test]
async fn leaders_and_administrators_see_no_book_and_appointments_outlive_a_new_key() {
    let (mut school, li, _, _) = school().await;
    for role in [Role::SchoolLeader, Role::SysAdmin, Role::MoralEdDirector] {
        let other = school.hire(role.as_str(), role, None).await;
        assert!(matches!(school.app.week(&other, school.app.clock.today(), None).await, Err(Error::NotFound)));
        let made = school.app.make_appointment(&other, &at(&li, 600, 45, "", None)).await;
        assert!(made.is_err(), "{role}");
    }
    school.app.make_appointment(&li, &at(&li, 600, 45, "", None)).await.unwrap();
    let office = li.ring.offices[0].office;
    school.app.rotate_office(&li, office).await.unwrap();
    let li = school.sign_in("li").await;
    school.app.clock.advance(HOUR);
    let agenda = school.app.agenda(&li, "2026-11-24".parse().unwrap()).await.unwrap();
    assert_eq!(agenda[0].whom.as_ref().unwrap().who, "王小雨");
}
