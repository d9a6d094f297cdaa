//! The appointment book: hours, times, and states that move for who saw them last.

use uuid::Uuid;
use yice::domain::ids::{AppointmentId, LetterId};
use yice::domain::room::AppointmentState;
use yice::domain::warning::{LetterKind, LetterState};
use yice::domain::words::{Kind, Relation, Role};
use yice::policy::{Manage, Permit};
use yice::store::{Appointment, Error, Letter, RoomHours};

use crate::support::both_backends;
use crate::support::cluster::Engine;
use crate::support::house::{House, NOW, permit};

both_backends!(
    hours_belong_to_a_counsellor_and_no_two_start_at_once,
    appointments_stand_in_their_order_and_what_was_called_off_does_not,
);

async fn keeper(house: &House) -> Permit<Manage> {
    let pair = (Role::Counsellor, Relation::SameSchool);
    permit(house.teacher, house.school, pair, Kind::Appointment, house.school.0).await
}

async fn hours_belong_to_a_counsellor_and_no_two_start_at_once(engine: Engine) {
    let house = House::new(engine).await;
    let keeper = keeper(&house).await;
    let hours = |weekday, starts| RoomHours {
        id: Uuid::now_v7(),
        school_id: house.school,
        person_id: house.teacher,
        weekday,
        starts,
        minutes: 45,
        room: "心理室".to_owned(),
    };
    let (tuesday, monday) = (hours(2, 600), hours(1, 900));
    let mut tx = house.begin().await;
    for hours in [&tuesday, &monday] {
        tx.insert_room_hours(&keeper, hours).await.unwrap();
    }
    assert_eq!(tx.room_hours(house.school).await.unwrap(), [monday.clone(), tuesday]);
    let pair = (Role::Counsellor, Relation::SameSchool);
    let other = permit::<Manage>(house.helper, house.school, pair, Kind::Appointment, house.school.0).await;
    assert!(!tx.delete_room_hours(&other, monday.id).await.unwrap(), "a colleague's");
    assert!(tx.delete_room_hours(&keeper, monday.id).await.unwrap());
    assert_eq!(tx.room_hours(house.school).await.unwrap().len(), 1);
    let taken = tx.insert_room_hours(&keeper, &hours(2, 600)).await;
    assert!(matches!(taken, Err(ref error @ Error::Taken(_)) if error.is_taken("start")), "{taken:?}");
}

async fn appointments_stand_in_their_order_and_what_was_called_off_does_not(engine: Engine) {
    let house = House::new(engine).await;
    let keeper = keeper(&house).await;
    let mut tx = house.begin().await;
    let mut made = Vec::new();
    for starts_at in [NOW + 50, NOW] {
        let id = Uuid::new_v4();
        let letter = Letter {
            id: LetterId(id),
            school_id: house.school,
            kind: LetterKind::Appointment,
            student_id: None,
            sender: Some(house.teacher.0),
            holder: Uuid::nil(),
            state: LetterState::Taken,
            sent_at: NOW,
            next_at: None,
            rung: 0,
            warning_id: None,
            version: 1,
            sealed: vec![1],
            mark: vec![2],
        };
        tx.insert_letter(&keeper, &letter).await.unwrap();
        let appointment = Appointment {
            id: AppointmentId(id),
            school_id: house.school,
            person_id: house.teacher,
            starts_at,
            ends_at: starts_at + 10,
            room: "心理室".to_owned(),
            state: AppointmentState::Booked,
            letter_id: letter.id,
            version: 1,
        };
        tx.insert_appointment(&keeper, &appointment).await.unwrap();
        made.insert(0, appointment);
    }
    assert_eq!(tx.letters_from(house.teacher, 9).await.unwrap(), [], "an appointment is no report with a receipt");
    assert_eq!(tx.appointments(house.school, NOW, NOW + 51).await.unwrap(), made);
    assert_eq!(tx.appointments(house.school, NOW + 1, NOW + 50).await.unwrap(), []);
    assert_eq!(tx.appointment(made[0].id).await.unwrap(), Some(made[0].clone()));
    assert!(tx.move_appointment(&keeper, made[0].id, 1, AppointmentState::Cancelled).await.unwrap());
    assert!(!tx.move_appointment(&keeper, made[0].id, 1, AppointmentState::Held).await.unwrap(), "seen too early");
    assert_eq!(tx.appointments(house.school, NOW, NOW + 51).await.unwrap(), [made[1].clone()]);
    let cancelled = tx.appointment(made[0].id).await.unwrap().unwrap();
    assert_eq!((cancelled.state, cancelled.version), (AppointmentState::Cancelled, 2));
}
