//! Letters, warnings, due times and notices.

use uuid::Uuid;
use yice::domain::ids::{DeadlineId, LetterId, NoticeId, StepId, StudentId, WarningId};
use yice::domain::warning::{LetterKind, LetterState, Stage};
use yice::domain::words::{Kind, Relation, Role};
use yice::policy::{Append, Permit};
use yice::store::{CellTable, Deadline, Error, Letter, Notice, StoredStep, Tx, Warning};

use super::crisis;
use crate::support::both_backends;
use crate::support::cluster::Engine;
use crate::support::house::{House, NOW, permit};

both_backends!(
    a_letter_is_sent_once_and_found_by_holder_and_writer,
    a_letter_moves_on_for_whoever_saw_its_last_version,
    the_letters_of_a_warning_end_with_it_by_kind,
    a_letter_that_nobody_takes_up_is_passed_on_once,
    a_student_has_one_running_warning,
    a_warning_changes_for_whoever_saw_its_last_version,
    steps_stay_in_order_and_a_form_sent_twice_is_one_step,
    a_due_time_is_met_once_and_passed_on_once,
    what_is_sealed_about_a_warning_is_sealed_anew_in_its_place,
    notices_are_seen_by_whom_they_are_for,
);

async fn act(house: &House) -> Permit<Append> {
    permit(house.teacher, house.school, (Role::Counsellor, Relation::SameSchool), Kind::Warning, house.student.0).await
}

pub fn letter(house: &House, holder: Uuid, sent_at: i64) -> Letter {
    Letter {
        id: LetterId(Uuid::new_v4()),
        school_id: house.school,
        kind: LetterKind::Concern,
        student_id: None,
        sender: Some(house.teacher.0),
        holder,
        state: LetterState::Sent,
        sent_at,
        warning_id: None,
        version: 1,
        sealed: vec![1],
        mark: vec![2],
        next_at: None,
        rung: 0,
    }
}

pub fn warning(house: &House, student: StudentId) -> Warning {
    Warning {
        id: WarningId(Uuid::now_v7()),
        school_id: house.school,
        student_id: student,
        stage: Stage::Reported,
        reported_at: NOW,
        acknowledged_at: None,
        assessed_at: None,
        prevented_at: None,
        controlled_at: None,
        closed_at: None,
        epoch: 1,
        version: 1,
        sealed: vec![3],
    }
}

pub fn deadline(house: &House, warning: &Warning, due_at: i64) -> Deadline {
    Deadline {
        id: DeadlineId(Uuid::now_v7()),
        school_id: house.school,
        student_id: house.student,
        warning_id: Some(warning.id.0),
        owner: Role::Counsellor,
        due_at,
        next_at: Some(due_at),
        rung: 0,
        done_at: None,
        done_by: None,
        epoch: 1,
        version: 1,
        sealed: vec![4],
    }
}

pub fn step(house: &House, warning: &Warning, written_at: i64) -> StoredStep {
    StoredStep {
        warning_id: warning.id,
        id: StepId(Uuid::now_v7()),
        student_id: house.student,
        author: house.teacher,
        written_at,
        epoch: 1,
        sealed: vec![5],
    }
}

async fn a_letter_is_sent_once_and_found_by_holder_and_writer(engine: Engine) {
    let house = House::new(engine).await;
    let (permit, office) = (act(&house).await, Uuid::now_v7());
    let (older, newer, elsewhere) =
        (letter(&house, office, NOW), letter(&house, office, NOW + 5), letter(&house, house.helper.0, NOW));
    let mut tx = house.begin().await;
    for letter in [&newer, &older, &elsewhere] {
        assert!(tx.insert_letter(&permit, letter).await.unwrap());
    }
    assert!(!tx.insert_letter(&permit, &Letter { sealed: vec![9], ..older.clone() }).await.unwrap());
    assert_eq!(tx.letters_to(office, LetterState::Sent, 10).await.unwrap(), [older.clone(), newer.clone()]);
    assert_eq!(tx.letters_to(office, LetterState::Sent, 1).await.unwrap(), std::slice::from_ref(&older));
    assert!(tx.letters_to(office, LetterState::Taken, 10).await.unwrap().is_empty());
    assert_eq!(tx.letters_from(house.teacher, 1).await.unwrap(), std::slice::from_ref(&newer));
    assert!(tx.letters_from(house.helper, 9).await.unwrap().is_empty());
    let concern = LetterKind::Concern;
    assert_eq!(tx.letters_sent_since(house.teacher, concern, NOW).await.unwrap(), 3);
    assert_eq!(tx.letters_sent_since(house.teacher, concern, NOW + 1).await.unwrap(), 1);
    assert_eq!(tx.letters_sent_since(house.teacher, LetterKind::Brief, NOW).await.unwrap(), 0);
    assert_eq!(tx.letter(elsewhere.id).await.unwrap(), Some(elsewhere));
    assert_eq!(tx.letter(LetterId(Uuid::nil())).await.unwrap(), None);
    tx.reseal_letter(&permit, &Letter { sealed: vec![7], mark: vec![8], ..older.clone() }).await.unwrap();
    let held = tx.letters_held_by(office).await.unwrap();
    let mut sealed: Vec<_> = held.iter().map(|l| (l.id, l.sealed.clone(), l.mark.clone())).collect();
    sealed.sort_by_key(|(id, ..)| *id != older.id);
    assert_eq!(sealed, [(older.id, vec![7], vec![8]), (newer.id, vec![1], vec![2])]);
}

async fn a_letter_moves_on_for_whoever_saw_its_last_version(engine: Engine) {
    let house = House::new(engine).await;
    let (permit, office) = (act(&house).await, Uuid::now_v7());
    let (sent, other) = (letter(&house, office, NOW), letter(&house, office, NOW));
    let warning = warning(&house, house.student);
    let mut tx = house.begin().await;
    for letter in [&sent, &other] {
        tx.insert_letter(&permit, letter).await.unwrap();
    }
    let (taken, student) = (LetterState::Taken, Some(house.student));
    assert!(tx.move_letter(&permit, &sent, taken, Some(warning.id), student, true).await.unwrap());
    assert!(!tx.move_letter(&permit, &sent, taken, None, None, false).await.unwrap(), "somebody came first");
    let moved = tx.letter(sent.id).await.unwrap().unwrap();
    assert_eq!((moved.state, moved.version, moved.sealed.len()), (taken, 2, 0));
    assert_eq!((moved.warning_id, moved.student_id), (Some(warning.id.0), Some(house.student.0)));
    assert_eq!(tx.letters_held_by(office).await.unwrap(), std::slice::from_ref(&other), "nothing is left of the first");
    assert!(tx.move_letter(&permit, &other, LetterState::Done, None, None, false).await.unwrap());
    assert_eq!(tx.letter(other.id).await.unwrap().unwrap().sealed, other.sealed);
}

async fn the_letters_of_a_warning_end_with_it_by_kind(engine: Engine) {
    let house = House::new(engine).await;
    let (permit, office) = (act(&house).await, Uuid::now_v7());
    let warning = warning(&house, house.student);
    let of = |kind| Letter { kind, warning_id: Some(warning.id.0), ..letter(&house, office, NOW) };
    let (concern, brief) = (of(LetterKind::Concern), of(LetterKind::Brief));
    let mut tx = house.begin().await;
    for letter in [&concern, &brief, &letter(&house, office, NOW)] {
        tx.insert_letter(&permit, letter).await.unwrap();
    }
    assert_eq!(tx.letters_of_warning(warning.id, LetterKind::Brief).await.unwrap(), std::slice::from_ref(&brief));
    assert_eq!(tx.end_letters_of(&permit, warning.id, LetterKind::Brief, LetterState::Done).await.unwrap(), 1);
    assert_eq!(tx.end_letters_of(&permit, warning.id, LetterKind::Brief, LetterState::Done).await.unwrap(), 0);
    let ended = tx.letters_of_warning(warning.id, LetterKind::Brief).await.unwrap().remove(0);
    assert_eq!((ended.state, ended.sealed.len()), (LetterState::Done, 0), "nobody reads it any more");
    assert_eq!(tx.letters_of_warning(warning.id, LetterKind::Concern).await.unwrap(), [concern]);
}

async fn a_letter_that_nobody_takes_up_is_passed_on_once(engine: Engine) {
    let house = House::new(engine).await;
    let (permit, office) = (act(&house).await, Uuid::now_v7());
    let waits = |next_at| Letter { next_at: Some(next_at), ..letter(&house, office, NOW) };
    let (soon, later, never) = (waits(NOW + 10), waits(NOW + 20), letter(&house, office, NOW));
    let mut tx = house.begin().await;
    for letter in [&later, &never, &soon] {
        tx.insert_letter(&permit, letter).await.unwrap();
    }
    assert!(tx.letters_to_pass_on(NOW + 9, 9).await.unwrap().is_empty());
    assert_eq!(tx.letters_to_pass_on(NOW + 99, 9).await.unwrap(), [soon.clone(), later.clone()]);
    assert_eq!(tx.letters_to_pass_on(NOW + 99, 1).await.unwrap(), std::slice::from_ref(&soon));
    assert!(tx.pass_letter_on(&soon, 1, Some(NOW + 200)).await.unwrap());
    assert!(!tx.pass_letter_on(&soon, 1, Some(NOW + 200)).await.unwrap(), "another node came first");
    assert_eq!(tx.letters_to_pass_on(NOW + 99, 9).await.unwrap(), std::slice::from_ref(&later));
    tx.move_letter(&permit, &later, LetterState::Taken, None, None, false).await.unwrap();
    assert!(tx.letters_to_pass_on(NOW + 99, 9).await.unwrap().is_empty(), "somebody took it up");
    assert!(!tx.pass_letter_on(&later, 1, None).await.unwrap());
}

async fn a_student_has_one_running_warning(engine: Engine) {
    let house = House::new(engine).await;
    let permit = act(&house).await;
    let first = warning(&house, house.student);
    let mut tx = house.begin().await;
    tx.insert_warning(&permit, &first).await.unwrap();
    tx.commit().await.unwrap();

    let mut tx = house.begin().await;
    let second = Warning { reported_at: NOW + 1, ..warning(&house, house.student) };
    assert!(matches!(tx.insert_warning(&permit, &second).await, Err(Error::Taken(_))));
    drop(tx);

    let mut tx = house.begin().await;
    assert_eq!(tx.running_warning(house.student).await.unwrap(), Some(first.clone()));
    assert_eq!(tx.running_warnings(house.school).await.unwrap(), std::slice::from_ref(&first));
    let closed = Warning { stage: Stage::Closed, closed_at: Some(NOW), version: 2, ..first };
    assert!(tx.put_warning(&permit, &closed).await.unwrap());
    assert_eq!(tx.running_warning(house.student).await.unwrap(), None);
    assert!(tx.running_warnings(house.school).await.unwrap().is_empty());
    tx.insert_warning(&permit, &second).await.unwrap();
    assert_eq!(tx.warnings_of_student(house.student).await.unwrap(), [second, closed]);
}

async fn a_warning_changes_for_whoever_saw_its_last_version(engine: Engine) {
    let house = House::new(engine).await;
    let permit = act(&house).await;
    let first = warning(&house, house.student);
    let mut tx = house.begin().await;
    tx.insert_warning(&permit, &first).await.unwrap();
    let next = Warning {
        stage: Stage::Acting,
        acknowledged_at: Some(NOW + 1),
        assessed_at: Some(NOW + 2),
        prevented_at: Some(NOW + 3),
        controlled_at: Some(NOW + 4),
        closed_at: None,
        epoch: 2,
        version: 2,
        sealed: vec![6],
        ..first
    };
    assert!(tx.put_warning(&permit, &next).await.unwrap());
    assert!(!tx.put_warning(&permit, &next).await.unwrap(), "the same version twice");
    assert_eq!(tx.warning(next.id).await.unwrap(), Some(next));
    assert_eq!(tx.warning(WarningId(Uuid::nil())).await.unwrap(), None);
}

/// A warning of the student in an open transaction.
async fn with_warning(house: &House, permit: &Permit<Append>) -> (Tx, Warning) {
    let warning = warning(house, house.student);
    let mut tx = house.begin().await;
    tx.insert_warning(permit, &warning).await.unwrap();
    (tx, warning)
}

async fn steps_stay_in_order_and_a_form_sent_twice_is_one_step(engine: Engine) {
    let house = House::new(engine).await;
    let permit = act(&house).await;
    let (mut tx, warning) = with_warning(&house, &permit).await;
    let (first, second) = (step(&house, &warning, NOW), step(&house, &warning, NOW + 1));
    for step in [&second, &first] {
        assert!(tx.insert_step(&permit, step).await.unwrap());
    }
    assert!(!tx.insert_step(&permit, &StoredStep { sealed: vec![9], ..first.clone() }).await.unwrap());
    assert_eq!(tx.steps(warning.id).await.unwrap(), [first, second]);
    assert!(tx.steps(WarningId(Uuid::nil())).await.unwrap().is_empty());
}

async fn a_due_time_is_met_once_and_passed_on_once(engine: Engine) {
    let house = House::new(engine).await;
    let permit = act(&house).await;
    let (mut tx, warning) = with_warning(&house, &permit).await;
    let (soon, later) = (deadline(&house, &warning, NOW + 10), deadline(&house, &warning, NOW + 20));
    for deadline in [&later, &soon] {
        tx.insert_deadline(&permit, deadline).await.unwrap();
    }
    assert_eq!(tx.deadlines_of_warning(warning.id).await.unwrap(), [soon.clone(), later.clone()]);
    assert_eq!(tx.open_deadlines(house.school, 1).await.unwrap(), std::slice::from_ref(&soon));
    let of = async |tx: &mut Tx, owner| tx.open_deadlines_of(house.school, owner, 9).await.unwrap();
    assert_eq!(of(&mut tx, Role::Counsellor).await, [soon.clone(), later.clone()]);
    assert!(of(&mut tx, Role::HomeroomTeacher).await.is_empty());
    assert!(tx.deadlines_to_pass_on(NOW + 9, 10).await.unwrap().is_empty());
    assert_eq!(tx.deadlines_to_pass_on(NOW + 10, 10).await.unwrap(), std::slice::from_ref(&soon));

    assert_eq!(tx.pass_on(&[soon.id, later.id], 1, 2, None).await.unwrap(), [], "nobody saw them on that rung");
    assert_eq!(tx.pass_on(&[soon.id], 0, 2, Some(NOW + 30)).await.unwrap(), [soon.id]);
    assert_eq!(tx.pass_on(&[soon.id], 0, 2, Some(NOW + 30)).await.unwrap(), [], "another node came first");
    assert_eq!(
        tx.pass_on(&[soon.id], 0, 0, Some(NOW + 50)).await.unwrap(),
        [],
        "nor is it put off by who saw it before"
    );
    assert_eq!(tx.deadlines_to_pass_on(NOW + 20, 10).await.unwrap(), std::slice::from_ref(&later));
    assert_eq!(tx.pass_on(&[soon.id, later.id], 0, 0, Some(NOW + 21)).await.unwrap(), [later.id]);
    assert!(tx.deadlines_to_pass_on(NOW + 20, 10).await.unwrap().is_empty());
    assert_eq!(tx.pass_on(&[later.id], 0, 1, None).await.unwrap(), [later.id]);
    let passed = tx.deadlines_to_pass_on(NOW + 99, 10).await.unwrap();
    assert_eq!(passed.iter().map(|d| (d.id, d.rung)).collect::<Vec<_>>(), [(soon.id, 2)]);

    assert!(tx.withdraw_deadline(&permit, later.id).await.unwrap());
    assert!(!tx.withdraw_deadline(&permit, later.id).await.unwrap());
    assert_eq!(tx.deadlines_of_warning(warning.id).await.unwrap().len(), 1);
    assert!(tx.meet_deadline(&permit, soon.id, NOW + 40).await.unwrap());
    assert!(!tx.withdraw_deadline(&permit, soon.id).await.unwrap(), "what was done stays on the page");
    assert!(!tx.meet_deadline(&permit, soon.id, NOW + 41).await.unwrap());
    assert_eq!(tx.pass_on(&[soon.id], 2, 3, None).await.unwrap(), [], "what is done is not passed on");
    let met = tx.deadlines_of_warning(warning.id).await.unwrap().remove(0);
    assert_eq!((met.done_at, met.done_by, met.next_at), (Some(NOW + 40), Some(house.teacher.0), None));
    assert!(tx.open_deadlines(house.school, 9).await.unwrap().is_empty());
}

async fn what_is_sealed_about_a_warning_is_sealed_anew_in_its_place(engine: Engine) {
    let house = House::new(engine).await;
    let permit = act(&house).await;
    let (mut tx, warning) = with_warning(&house, &permit).await;
    tx.insert_step(&permit, &step(&house, &warning, NOW)).await.unwrap();
    tx.insert_deadline(&permit, &deadline(&house, &warning, NOW)).await.unwrap();
    crisis::insert_cells(&mut tx, &permit, &house, warning.id).await;
    let cells = tx.warning_cells(house.student).await.unwrap();
    let tables: Vec<_> = cells.iter().map(|cell| (cell.table, cell.sealed.clone(), cell.epoch, cell.version)).collect();
    let here = [(CellTable::Warnings, 3), (CellTable::Steps, 5), (CellTable::Deadlines, 4)];
    let there = [(CellTable::Grants, 7), (CellTable::Crises, 8), (CellTable::Referrals, 9), (CellTable::Keepings, 10)];
    for (table, sealed) in here.into_iter().chain(there) {
        assert!(tables.contains(&(table, vec![sealed], 1, 1)), "{table}");
    }
    assert_eq!(cells.len(), CellTable::ALL.len(), "one of each");
    for mut cell in cells {
        cell.epoch = 2;
        cell.sealed.push(0);
        tx.reseal_cell(&permit, &cell).await.unwrap();
    }
    let again = tx.warning_cells(house.student).await.unwrap();
    assert!(again.iter().all(|cell| cell.epoch == 2 && cell.sealed.len() == 2 && cell.version == 1));
    assert!(tx.warning_cells(StudentId(Uuid::nil())).await.unwrap().is_empty());
}

async fn notices_are_seen_by_whom_they_are_for(engine: Engine) {
    let house = House::new(engine).await;
    let own = house.own(house.teacher).await;
    let notice = |person, made_at| Notice {
        id: NoticeId(Uuid::now_v7()),
        school_id: house.school,
        person_id: person,
        place: "/warnings".to_owned(),
        made_at,
        seen_at: None,
    };
    let (first, second, other) =
        (notice(house.teacher, NOW), notice(house.teacher, NOW + 5), notice(house.helper, NOW + 5));
    let mut tx = house.begin().await;
    for notice in [&first, &second, &other] {
        tx.leave_notices(std::slice::from_ref(notice)).await.unwrap();
    }
    assert_eq!(tx.notices(house.teacher, 9).await.unwrap(), [second.clone(), first.clone()]);
    assert_eq!(tx.notices(house.teacher, 1).await.unwrap(), std::slice::from_ref(&second));
    assert_eq!(tx.notices_since(NOW + 1).await.unwrap().len(), 2);
    assert_eq!(tx.unseen_notices(house.teacher).await.unwrap(), 2);
    assert_eq!(tx.see_notices(&own, NOW + 1).await.unwrap(), 1, "what came later was not on the page");
    assert_eq!(tx.unseen_notices(house.teacher).await.unwrap(), 1);
    assert_eq!(tx.unseen_notices(house.helper).await.unwrap(), 1);
    assert_eq!(tx.notices(house.teacher, 9).await.unwrap()[1].seen_at, Some(NOW + 1));
}
