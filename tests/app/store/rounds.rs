//! One round over what is past its time, of all schools at once.

use std::collections::BTreeMap;

use uuid::Uuid;
use yice::domain::audit::Event;
use yice::domain::calendar::DayKind;
use yice::domain::ids::{DeadlineId, NoticeId, SchoolId, TermId};
use yice::domain::outside::Channel;
use yice::domain::relation::Duty;
use yice::domain::words::{Kind, Relation, Role};
use yice::policy::Append;
use yice::store::{AuditFilter, Deadline, Handover, Lease, MarkedDay, Notice, StoredChannel, Term};

use crate::support::both_backends;
use crate::support::cluster::Engine;
use crate::support::house::{House, NOW, permit};

both_backends!(
    what_must_be_known_is_read_of_schools_where_something_is_past,
    more_than_one_statement_holds_is_passed_on_once,
    the_lines_of_a_round_stand_in_the_chain_of_their_school,
    notices_of_a_round_reach_everyone,
    a_turn_is_counted,
);

fn deadline(house: &House, due_at: i64) -> Deadline {
    Deadline {
        id: DeadlineId(Uuid::now_v7()),
        school_id: house.school,
        student_id: house.student,
        warning_id: None,
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

async fn what_must_be_known_is_read_of_schools_where_something_is_past(engine: Engine) {
    let house = House::new(engine).await;
    let pair = (Role::Counsellor, Relation::SameSchool);
    let append = permit::<Append>(house.teacher, house.school, pair, Kind::Warning, house.student.0).await;
    let (structure, staff) = (house.manage(Kind::Structure).await, house.manage(Kind::Staff).await);
    let duty = Duty { role: Role::Counsellor, school: house.school, class: None };
    let term = Term {
        id: TermId(Uuid::now_v7()),
        name: "2026—2027学年第一学期".to_owned(),
        starts: "2026-09-01".to_owned(),
        ends: "2027-01-22".to_owned(),
        version: 1,
    };
    let marked = MarkedDay { day: "2026-10-01".to_owned(), kind: DayKind::Off };
    let channel = StoredChannel { school_id: house.school, kind: Channel::Wecom, version: 1, sealed: vec![1] };
    let past = deadline(&house, NOW + 10);
    let mut tx = house.begin().await;
    tx.insert_duty(&staff, house.teacher, &duty, NOW).await.unwrap();
    tx.insert_term(&structure, &term).await.unwrap();
    tx.mark_day(&structure, &marked).await.unwrap();
    assert!(tx.put_channel(&structure, &channel).await.unwrap());
    tx.insert_deadline(&append, &past).await.unwrap();
    let handover = Handover { subject: past.id.0, taker: house.helper };
    tx.hand_over(&append, "2027-01-23", handover, NOW).await.unwrap();

    let before = tx.surroundings_of_due(NOW + 9).await.unwrap();
    assert!(before.duties.is_empty() && before.classes.is_empty() && before.terms.is_empty());
    assert!(before.days.is_empty() && before.handovers.is_empty() && before.ways.is_empty());
    let known = tx.surroundings_of_due(NOW + 10).await.unwrap();
    assert_eq!(known.duties, [(house.teacher, duty)]);
    assert_eq!(known.classes, [(house.student, house.classes[0])]);
    let days = |days: &[yice::store::SchoolDay]| {
        days.iter().map(|day| (day.school_id, day.day.clone(), day.more.clone())).collect::<Vec<_>>()
    };
    assert_eq!(days(&known.terms), [(house.school, term.starts, term.ends)]);
    assert_eq!(days(&known.days), [(house.school, marked.day, "off".to_owned())]);
    let taken: Vec<_> =
        known.handovers.iter().map(|taken| (taken.school_id, &*taken.holiday, taken.subject, taken.taker)).collect();
    assert_eq!(taken, [(house.school, "2027-01-23", past.id.0, house.helper)]);
    assert_eq!(known.ways, [(house.school, Channel::Wecom)]);
}

async fn more_than_one_statement_holds_is_passed_on_once(engine: Engine) {
    let house = House::new(engine).await;
    let pair = (Role::Counsellor, Relation::SameSchool);
    let append = permit::<Append>(house.teacher, house.school, pair, Kind::Warning, house.student.0).await;
    let all: Vec<_> = (0..70).map(|n| deadline(&house, NOW + n)).collect();
    let ids: Vec<_> = all.iter().map(|deadline| deadline.id).collect();
    let mut tx = house.begin().await;
    for deadline in &all {
        tx.insert_deadline(&append, deadline).await.unwrap();
    }
    assert_eq!(tx.pass_on(&[], 0, 1, None).await.unwrap(), []);
    assert_eq!(tx.pass_on(&ids[3..4], 0, 1, Some(NOW + 500)).await.unwrap(), &ids[3..4]);
    let mut moved = tx.pass_on(&ids, 0, 1, Some(NOW + 900)).await.unwrap();
    moved.sort();
    let others: Vec<_> = ids.iter().enumerate().filter(|(n, _)| *n != 3).map(|(_, id)| *id).collect();
    assert_eq!(moved, others);
    let due = tx.deadlines_to_pass_on(NOW + 500, 100).await.unwrap();
    assert_eq!(due.iter().map(|deadline| (deadline.id, deadline.rung)).collect::<Vec<_>>(), [(ids[3], 1)]);
    assert_eq!(tx.deadlines_to_pass_on(NOW + 900, 100).await.unwrap().len(), 70);
}

async fn the_lines_of_a_round_stand_in_the_chain_of_their_school(engine: Engine) {
    let house = House::new(engine).await;
    let elsewhere = SchoolId(Uuid::now_v7());
    let objects: Vec<(Uuid, i64)> = (0..70).map(|rung| (Uuid::new_v4(), rung)).collect();
    let lines = BTreeMap::from([(house.school, objects.clone()), (elsewhere, vec![(Uuid::new_v4(), 1)])]);
    let mut tx = house.begin().await;
    tx.record_all_passed_on(&BTreeMap::new(), NOW).await.unwrap();
    for _ in 0..2 {
        tx.record_all_passed_on(&lines, NOW).await.unwrap();
    }
    tx.record_passed_on(house.school, Uuid::nil(), 9, NOW).await.unwrap();
    tx.commit().await.unwrap();
    let mut conn = house.on.db.read().await.unwrap();
    for school in [house.school, elsewhere] {
        assert_eq!(conn.verify_chain(school).await.unwrap(), None);
    }
    let heads: BTreeMap<_, _> =
        conn.audit_heads().await.unwrap().into_iter().map(|(school, seq, _)| (school, seq)).collect();
    assert_eq!(heads.get(&elsewhere), Some(&2));
    let filter = AuditFilter { event: Some(Event::DeadlinePassedOn), ..Default::default() };
    let mut stored = conn.audit_lines(&house.audit().await, &filter, 1000).await.unwrap();
    stored.sort_by_key(|stored| stored.line.seq);
    let told: Vec<_> = stored.into_iter().map(|stored| (stored.line.object, stored.line.detail)).collect();
    let once = || objects.iter().map(|(object, rung)| (*object, format!("rung={rung}")));
    let expected: Vec<_> = once().chain(once()).chain([(Uuid::nil(), "rung=9".to_owned())]).collect();
    assert_eq!(told, expected);
}

async fn notices_of_a_round_reach_everyone(engine: Engine) {
    let house = House::new(engine).await;
    let notice = |n: i64| Notice {
        id: NoticeId(Uuid::now_v7()),
        school_id: house.school,
        person_id: if n % 2 == 0 { house.teacher } else { house.helper },
        place: "/due".to_owned(),
        made_at: NOW + n,
        seen_at: None,
    };
    let all: Vec<_> = (0..67).map(notice).collect();
    let mut tx = house.begin().await;
    tx.leave_notices(&[]).await.unwrap();
    tx.leave_notices(&all).await.unwrap();
    assert_eq!(tx.notices_since(NOW).await.unwrap(), all);
    assert_eq!(tx.unseen_notices(house.teacher).await.unwrap(), 34);
    assert_eq!(tx.unseen_notices(house.helper).await.unwrap(), 33);
}

async fn a_turn_is_counted(engine: Engine) {
    let house = House::new(engine).await;
    let mut tx = house.begin().await;
    for beat in 1..3 {
        tx.take_turn("pass on").await.unwrap();
        assert_eq!(tx.lease("pass on").await.unwrap(), Some(Lease { holder: Uuid::nil(), beat }));
    }
}
