//! Joint meetings, supervision, process figures, papers and the register of incidents, on both engines.

use uuid::Uuid;
use yice::domain::compliance::IncidentKind;
use yice::domain::county::{AnswerState, DecisionState, HalfYear, Part, Topic};
use yice::domain::ids::{DecisionId, IncidentId, MeetingId, PaperId, SchoolId, StudentId, SupervisionId};
use yice::domain::keeping::KeepingKind;
use yice::domain::process::ProcessFigure;
use yice::domain::words::{Kind, Relation, Role, SchoolKind};
use yice::policy::{Append, Manage, Permit, Read, Write};
use yice::store::{ClosedFile, Copy, Incident, Meeting, Paper, StoredAnswer, StoredDecision, Supervision, Training};

use crate::support::both_backends;
use crate::support::cluster::Engine;
use crate::support::house::{House, NOW, permit};

both_backends!(
    there_is_one_district_and_its_quota_counts,
    a_meeting_has_its_schools_and_its_decisions_and_each_is_reminded_of_once,
    an_answer_moves_on_once_for_each_version_and_a_new_day_is_a_new_reminder,
    a_paper_is_written_over_the_version_that_was_seen_and_its_copies_go_with_it,
    totals_add_up_by_school_half_year_and_figure,
    an_incident_is_noted_once_and_followed_by_version,
    what_a_pack_counts_is_counted_by_school,
);

const HALF: HalfYear = HalfYear { year: 2026, second: false };

async fn of<A: yice::policy::Act>(house: &House, role: Role, kind: Kind) -> Permit<A> {
    permit::<A>(house.teacher, house.school, (role, Relation::SameSchool), kind, house.school.0).await
}

async fn director(house: &House) -> Permit<Manage> {
    of(house, Role::MoralEdDirector, Kind::Meeting).await
}

async fn there_is_one_district_and_its_quota_counts(engine: Engine) {
    let house = House::new(engine).await;
    assert_eq!(
        house.on.db.read().await.unwrap().visits_quota().await.unwrap(),
        1,
        "without a district one is asked for"
    );
    let pair = (Role::SysAdmin, Relation::SameSchool);
    let (one, two) = (SchoolId(Uuid::now_v7()), SchoolId(Uuid::now_v7()));
    let first = permit::<Manage>(house.teacher, one, pair, Kind::Structure, one.0).await;
    let second = permit::<Manage>(house.teacher, two, pair, Kind::Structure, two.0).await;
    let mut tx = house.begin().await;
    tx.insert_school(&first, "教育局", SchoolKind::District, NOW).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = house.begin().await;
    assert!(tx.insert_school(&second, "第二教育局", SchoolKind::District, NOW).await.is_err());
    drop(tx);
    let mut tx = house.begin().await;
    assert!(tx.set_visits_quota(&first, 2).await.unwrap());
    let school = of::<Manage>(&house, Role::SysAdmin, Kind::Structure).await;
    assert!(!tx.set_visits_quota(&school, 9).await.unwrap(), "a school sets none");
    tx.commit().await.unwrap();
    let mut conn = house.on.db.read().await.unwrap();
    assert_eq!(conn.visits_quota().await.unwrap(), 2);
    assert_eq!(conn.school(one).await.unwrap().unwrap().kind, SchoolKind::District);
    assert_eq!(conn.school(house.school).await.unwrap().unwrap().kind, SchoolKind::School);
}

async fn a_meeting_has_its_schools_and_its_decisions_and_each_is_reminded_of_once(engine: Engine) {
    let house = House::new(engine).await;
    let permit = director(&house).await;
    let id = MeetingId(Uuid::now_v7());
    let day = "2026-11-30".to_owned();
    let meeting = Meeting { id, school_id: house.school, half: HALF, day, held: false, made_at: NOW, version: 1 };
    let mut tx = house.begin().await;
    tx.insert_joint_meeting(&permit, &meeting).await.unwrap();
    tx.attend(&permit, id, house.school).await.unwrap();
    tx.attend(&permit, id, house.school).await.unwrap();
    let decision = StoredDecision {
        id: DecisionId(Uuid::now_v7()),
        meeting_id: id,
        school_id: house.school,
        owner: Role::SchoolLeader,
        due: "2026-12-31".to_owned(),
        state: DecisionState::Open,
        version: 1,
    };
    assert!(tx.insert_decision(&permit, &decision).await.unwrap());
    assert!(!tx.insert_decision(&permit, &decision).await.unwrap());
    tx.commit().await.unwrap();
    let mut tx = house.begin().await;
    let again = Meeting { id: MeetingId(Uuid::now_v7()), ..meeting.clone() };
    assert!(matches!(tx.insert_joint_meeting(&permit, &again).await, Err(error) if error.is_taken("half")));
    drop(tx);

    let mut tx = house.begin().await;
    assert_eq!(tx.joint_meetings().await.unwrap(), vec![meeting.clone()]);
    assert_eq!(tx.attendances().await.unwrap(), vec![(id.0, house.school.0)]);
    assert_eq!(tx.decisions(id).await.unwrap(), vec![decision.clone()]);
    assert!(tx.decisions_overdue("2026-12-31").await.unwrap().is_empty());
    assert_eq!(tx.decisions_overdue("2027-01-01").await.unwrap(), vec![decision.clone()]);
    assert!(tx.remind_of_decision(decision.id).await.unwrap());
    assert!(!tx.remind_of_decision(decision.id).await.unwrap());
    assert!(tx.decisions_overdue("2027-01-01").await.unwrap().is_empty());
    assert!(tx.set_meeting(&permit, id, "2026-12-01", true).await.unwrap());
    assert!(tx.move_decision(&permit, decision.id, DecisionState::Done, 1).await.unwrap());
    assert!(!tx.move_decision(&permit, decision.id, DecisionState::Open, 1).await.unwrap(), "a stale one");
    tx.commit().await.unwrap();
    let mut conn = house.on.db.read().await.unwrap();
    let held = Meeting { day: "2026-12-01".to_owned(), held: true, version: 2, ..meeting };
    assert_eq!(conn.meeting(id).await.unwrap(), Some(held));
    let done = StoredDecision { state: DecisionState::Done, version: 2, ..decision };
    assert_eq!(conn.decisions(id).await.unwrap(), vec![done]);
}

async fn an_answer_moves_on_once_for_each_version_and_a_new_day_is_a_new_reminder(engine: Engine) {
    let house = House::new(engine).await;
    let officer = of::<Manage>(&house, Role::DistrictOfficer, Kind::Supervision).await;
    let school = of::<Append>(&house, Role::MoralEdDirector, Kind::Supervision).await;
    let id = SupervisionId(Uuid::now_v7());
    let new = Supervision { id, school_id: house.school, half: HALF, topics: "visits".to_owned(), made_at: NOW };
    let answer = StoredAnswer {
        supervision_id: id,
        school_id: house.school,
        topic: Topic::Visits,
        due: "2026-11-30".to_owned(),
        state: AnswerState::Open,
        rectify: None,
        version: 1,
    };
    let mut tx = house.begin().await;
    assert!(tx.insert_supervision(&officer, &new).await.unwrap());
    assert!(!tx.insert_supervision(&officer, &new).await.unwrap());
    tx.insert_answer(&officer, &answer).await.unwrap();
    assert_eq!(tx.supervisions().await.unwrap(), vec![new]);
    assert_eq!(tx.answers().await.unwrap(), vec![answer.clone()]);
    assert_eq!(tx.answers_overdue("2026-12-01").await.unwrap(), vec![answer.clone()]);
    assert!(tx.remind_of_answer(&answer).await.unwrap());
    assert!(!tx.remind_of_answer(&answer).await.unwrap());
    assert!(tx.answers_overdue("2026-12-01").await.unwrap().is_empty());
    let done = StoredAnswer { state: AnswerState::Done, ..answer.clone() };
    assert!(tx.move_answer(&school, &done).await.unwrap());
    assert!(!tx.move_answer(&school, &done).await.unwrap(), "a stale one");
    assert!(tx.answers_overdue("2027-12-01").await.unwrap().is_empty(), "nothing is asked for");
    let (state, rectify) = (AnswerState::Rectify, Some("2026-12-15".to_owned()));
    let asked = StoredAnswer { state, rectify, version: 2, ..answer };
    assert!(tx.move_answer(&officer, &asked).await.unwrap());
    assert!(tx.answers_overdue("2026-12-15").await.unwrap().is_empty());
    assert_eq!(tx.answers_overdue("2026-12-16").await.unwrap().len(), 1, "the new day is a new reminder");
    tx.commit().await.unwrap();
}

async fn a_paper_is_written_over_the_version_that_was_seen_and_its_copies_go_with_it(engine: Engine) {
    let house = House::new(engine).await;
    let permit = director(&house).await;
    let (about, id, holder) = (Uuid::now_v7(), PaperId(Uuid::now_v7()), Uuid::now_v7());
    let paper = Paper {
        id,
        about,
        school_id: house.school,
        part: Part::Minutes,
        item: String::new(),
        written_by: permit.actor(),
        written_at: NOW,
        version: 1,
    };
    let copy = |holder, byte: u8| Copy {
        id: Uuid::now_v7(),
        paper_id: id,
        school_id: house.school,
        holder,
        sealed: vec![byte],
        mark: vec![byte],
    };
    let (mine, next, other) = (copy(holder, 1), copy(holder, 2), copy(Uuid::now_v7(), 3));
    let mut tx = house.begin().await;
    assert!(tx.put_paper(&permit, &paper, 0).await.unwrap());
    let second = Paper { id: PaperId(Uuid::now_v7()), ..paper.clone() };
    assert!(!tx.put_paper(&permit, &second, 0).await.unwrap(), "the place is taken");
    tx.put_copy(&permit, &mine).await.unwrap();
    tx.put_copy(&permit, &next).await.unwrap();
    tx.put_copy(&permit, &other).await.unwrap();
    assert_eq!(tx.copies(about, holder).await.unwrap(), vec![next.clone()], "one copy for each holder");
    assert_eq!(tx.copies_held_by(holder).await.unwrap(), vec![(next.clone(), Part::Minutes)]);
    assert_eq!(tx.copies(about, other.holder).await.unwrap(), vec![other.clone()]);
    let resealed = Copy { sealed: vec![7, 7], ..next };
    tx.reseal_copy(&permit, &resealed).await.unwrap();
    assert_eq!(tx.copies(about, holder).await.unwrap(), vec![resealed]);
    assert!(!tx.put_paper(&permit, &paper, 7).await.unwrap(), "nobody saw that version");
    assert!(tx.put_paper(&permit, &paper, 1).await.unwrap());
    assert!(tx.copies(about, holder).await.unwrap().is_empty(), "what was sealed before is gone");
    tx.commit().await.unwrap();
    let mut conn = house.on.db.read().await.unwrap();
    assert_eq!(conn.papers(about).await.unwrap(), vec![Paper { version: 2, ..paper }]);
}

async fn totals_add_up_by_school_half_year_and_figure(engine: Engine) {
    let house = House::new(engine).await;
    let permit = of::<Write>(&house, Role::MoralEdDirector, Kind::Supervision).await;
    let later = HalfYear { second: true, ..HALF };
    let mut tx = house.begin().await;
    for (half, figure, by) in [
        (HALF, ProcessFigure::VisitsMade, 1),
        (HALF, ProcessFigure::VisitsMade, 1),
        (later, ProcessFigure::VisitsMade, 1),
        (HALF, ProcessFigure::StaffTrained, 14),
    ] {
        tx.tally(&permit, house.school, half, figure, by).await.unwrap();
    }
    let training = Training { id: Uuid::now_v7(), day: "2026-11-20".to_owned(), staff: 14, noted_at: NOW };
    assert!(tx.insert_training(&permit, HALF, &training).await.unwrap());
    assert!(!tx.insert_training(&permit, HALF, &training).await.unwrap());
    tx.commit().await.unwrap();
    let mut conn = house.on.db.read().await.unwrap();
    let totals = |tallies: Vec<yice::store::Tally>| -> Vec<(ProcessFigure, i64)> {
        tallies.into_iter().map(|tally| (tally.figure, tally.total)).collect()
    };
    let first = totals(conn.tallies([HALF, HALF]).await.unwrap());
    assert_eq!(first, [(ProcessFigure::StaffTrained, 14), (ProcessFigure::VisitsMade, 2)]);
    assert_eq!(totals(conn.tallies([HALF, later]).await.unwrap()).len(), 3);
    assert_eq!(conn.trainings(house.school).await.unwrap(), vec![training]);
    assert_eq!(conn.trainings(SchoolId(Uuid::nil())).await.unwrap(), vec![]);
}

async fn an_incident_is_noted_once_and_followed_by_version(engine: Engine) {
    let house = House::new(engine).await;
    let permit = of::<Manage>(&house, Role::PrivacyOfficer, Kind::Compliance).await;
    let incident = Incident {
        id: IncidentId(Uuid::now_v7()),
        kind: IncidentKind::LostDevice,
        found: "2026-11-20".to_owned(),
        reported: None,
        told: None,
        closed: None,
        version: 1,
    };
    let mut tx = house.begin().await;
    assert!(tx.insert_incident(&permit, &incident, NOW).await.unwrap());
    assert!(!tx.insert_incident(&permit, &incident, NOW).await.unwrap());
    let reported = Incident { reported: Some("2026-11-21".to_owned()), ..incident };
    assert!(tx.update_incident(&permit, &reported).await.unwrap());
    assert!(!tx.update_incident(&permit, &reported).await.unwrap(), "a stale one");
    tx.commit().await.unwrap();
    let mut conn = house.on.db.read().await.unwrap();
    assert_eq!(conn.incidents(house.school).await.unwrap(), vec![Incident { version: 2, ..reported }]);
    assert_eq!(conn.incidents(SchoolId(Uuid::nil())).await.unwrap(), vec![]);
}

async fn what_a_pack_counts_is_counted_by_school(engine: Engine) {
    let house = House::new(engine).await;
    let permit = of::<Manage>(&house, Role::PrivacyOfficer, Kind::Compliance).await;
    let read = of::<Read>(&house, Role::PrivacyOfficer, Kind::Compliance).await;
    let mut tx = house.begin().await;
    for _ in 0..3 {
        tx.record(&permit, yice::domain::audit::Event::IncidentNoted, "", NOW).await.unwrap();
    }
    tx.commit().await.unwrap();
    let mut conn = house.on.db.read().await.unwrap();
    let days = conn.access_days(&read, house.school, (NOW, NOW + 1), 0).await.unwrap();
    let here: Vec<_> = days.iter().filter(|day| day.event == "incident_noted").collect();
    assert_eq!(here.len(), 1);
    assert_eq!((here[0].role.as_str(), here[0].kind.as_str(), here[0].count), ("privacy_officer", "compliance", 3));
    assert_eq!(here[0].day, NOW / 86_400_000_000);
    assert!(conn.access_days(&read, house.school, (NOW + 1, NOW + 2), 0).await.unwrap().is_empty());
    assert!(conn.closed_since(house.school).await.unwrap().is_empty());
    drop(conn);
    since_when_files_are_closed(&house).await;
    let mut conn = house.on.db.read().await.unwrap();
    assert_eq!(conn.keepings_waiting(house.school, KeepingKind::Erasure).await.unwrap(), 0);
    assert_eq!(conn.checks_missing(house.school, "2025-11-23", NOW).await.unwrap(), 0);
}

/// The two students of a house: one closed by a line, one sealed away later and without a line of its closing.
async fn since_when_files_are_closed(house: &House) {
    use yice::domain::audit::Event;
    use yice::domain::words::FileStatus::{Closed, NotTaken};
    let other = StudentId(Uuid::now_v7());
    let keeps = |student: StudentId| {
        let pair = (Role::Counsellor, Relation::SameSchool);
        permit::<Manage>(house.teacher, house.school, pair, Kind::Erasure, student.0)
    };
    let write = house.write(Kind::Support).await;
    let other_write =
        permit::<Write>(house.teacher, house.school, (Role::Counsellor, Relation::SameSchool), Kind::Support, other.0)
            .await;
    let mut tx = house.begin().await;
    tx.insert_student(&house.import().await, &house.macs(other, 9), NOW + 5).await.unwrap();
    assert!(tx.set_status(&write, Closed, 1).await.unwrap());
    tx.record(&write, Event::StatusChanged, "closed", NOW + 1).await.unwrap();
    assert!(tx.set_status(&other_write, NotTaken, 1).await.unwrap());
    let of = |closed_at, sealed_at| ClosedFile { closed_at, sealed_at };
    assert_eq!(
        tx.closed_since(house.school).await.unwrap(),
        [of(NOW + 1, None)],
        "who was not taken in was never open"
    );
    assert!(tx.seal_away(&keeps(other).await, 2).await.unwrap());
    tx.record(&keeps(other).await, Event::FileSealedAway, "", NOW + 7).await.unwrap();
    assert_eq!(tx.closed_since(house.school).await.unwrap(), [of(NOW + 1, None), of(NOW + 5, Some(NOW + 7))]);
    assert!(tx.seal_away(&keeps(house.student).await, 2).await.unwrap());
    tx.record(&keeps(house.student).await, Event::FileSealedAway, "", NOW + 9).await.unwrap();
    assert_eq!(tx.closed_since(house.school).await.unwrap(), [of(NOW + 1, Some(NOW + 9)), of(NOW + 5, Some(NOW + 7))]);
    tx.commit().await.unwrap();
}
