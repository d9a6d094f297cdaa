//! The audit chain: no gap under contention, and a broken line is found.

use sqlx::Connection as _;
use uuid::Uuid;
use yice::domain::audit::{Event, Outcome};
use yice::domain::ids::{PersonId, SchoolId};
use yice::domain::words::{Action, Kind, Relation, Role};
use yice::policy::{Read, Refused};
use yice::store::{AuditFilter, Broken, NewWrap, WrapForm};

use crate::support::both_backends;
use crate::support::cluster::Engine;
use crate::support::house::{House, NOW, permit};

both_backends!(
    sixteen_people_at_once_leave_no_gap_and_no_fork,
    an_act_that_was_not_committed_leaves_no_line,
    the_line_that_commits_is_there_with_what_stood_before_it,
    whoever_waits_for_the_line_of_a_school_stands_in_its_queue,
    a_hundred_readings_at_once_leave_a_hundred_lines_in_one_chain,
    a_reading_whose_line_cannot_be_kept_is_told_and_its_neighbours_stay,
    when_nothing_can_be_kept_every_reading_is_told,
    lines_say_who_what_and_how_it_ended,
    the_filter_of_the_privacy_officer_filters,
    who_opened_a_file_is_told_without_the_refusals,
    files_that_were_opened_are_counted_by_person,
    every_chain_is_known_and_every_line_found,
    a_changed_a_removed_and_a_cut_off_line_are_found,
);

async fn sixteen_people_at_once_leave_no_gap_and_no_fork(engine: Engine) {
    let house = House::new(engine).await;
    let mut people = tokio::task::JoinSet::new();
    for person in 0..16_u128 {
        let db = house.on.db.clone();
        let pair = (Role::PrivacyOfficer, Relation::SameSchool);
        let actor = PersonId(Uuid::from_u128(100 + person));
        let permit = permit::<Read>(actor, house.school, pair, Kind::Audit, house.school.0).await;
        people.spawn(async move {
            for act in 0..25 {
                // Lines that come alone and lines that come together hang on the same head.
                if act % 2 == 1 {
                    db.leave_trace(&permit, Event::AuditRead, "", NOW + act, Vec::new()).await?;
                    continue;
                }
                let mut tx = db.begin().await?;
                tx.installation().await?;
                tx.record(&permit, Event::AuditRead, &format!("act={act}"), NOW + act).await?;
                tx.commit().await?;
            }
            Ok::<_, yice::store::Error>(())
        });
    }
    while let Some(done) = people.join_next().await {
        done.unwrap().expect("nobody is told that the database is busy");
    }
    let mut conn = house.on.db.read().await.unwrap();
    let (school, lines, _) = conn.audit_heads().await.unwrap().remove(0);
    assert_eq!((school, lines), (house.school, 400));
    assert_eq!(conn.verify_chain(house.school).await.unwrap(), None);
    let all = conn.audit_lines(&house.audit().await, &AuditFilter::default(), 1000).await.unwrap();
    assert!(all.iter().map(|stored| stored.line.seq).eq((1..=400).rev()));
}

/// SQLite has one writer. On PostgreSQL a row that changes all the time is taken by whoever wakes up first, a lock in turn.
async fn whoever_waits_for_the_line_of_a_school_stands_in_its_queue(engine: Engine) {
    if engine == Engine::Sqlite {
        return;
    }
    let house = House::new(engine).await;
    let ours = house.audit().await;
    let mut first = house.begin().await;
    first.record(&ours, Event::AuditRead, "first", NOW).await.unwrap();
    let mut others = tokio::task::JoinSet::new();
    for detail in ["second", "third"] {
        let (db, ours) = (house.on.db.clone(), house.audit().await);
        others.spawn(async move {
            let mut tx = db.begin().await.unwrap();
            tx.record(&ours, Event::AuditRead, detail, NOW).await.unwrap();
            tx.commit().await.unwrap();
        });
    }
    let mut conn = sqlx::PgConnection::connect(&house.on.place).await.unwrap();
    let queue = loop {
        let waiting: Vec<(String,)> = sqlx::query_as(
            "SELECT wait_event FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
        )
        .fetch_all(&mut conn)
        .await
        .unwrap();
        if waiting.len() == 2 {
            break waiting;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    };
    assert!(queue.iter().all(|(lock,)| lock == "advisory"), "{queue:?}");

    // Of another school nobody waits.
    let elsewhere = SchoolId(Uuid::now_v7());
    let pair = (Role::PrivacyOfficer, Relation::SameSchool);
    let theirs = permit::<Read>(house.teacher, elsewhere, pair, Kind::Audit, elsewhere.0).await;
    let mut tx = house.begin().await;
    tx.record(&theirs, Event::AuditRead, "", NOW).await.unwrap();
    tx.commit().await.unwrap();

    first.commit().await.unwrap();
    while let Some(done) = others.join_next().await {
        done.unwrap();
    }
    let mut conn = house.on.db.read().await.unwrap();
    assert_eq!(conn.verify_chain(house.school).await.unwrap(), None);
    assert_eq!(
        conn.audit_heads().await.unwrap().iter().find(|head| head.0 == house.school).map(|head| head.1),
        Some(3)
    );
}

async fn an_act_that_was_not_committed_leaves_no_line(engine: Engine) {
    let house = House::new(engine).await;
    let audit = house.audit().await;
    for commit in [true, false, true] {
        let mut tx = house.begin().await;
        tx.record(&audit, Event::AuditRead, "", NOW).await.unwrap();
        if commit {
            tx.commit().await.unwrap();
        }
    }
    let mut conn = house.on.db.read().await.unwrap();
    assert_eq!(conn.audit_heads().await.unwrap()[0].1, 2);
    assert_eq!(conn.verify_chain(house.school).await.unwrap(), None);
}

async fn the_line_that_commits_is_there_with_what_stood_before_it(engine: Engine) {
    let house = House::new(engine).await;
    let audit = house.audit().await;
    house.begin().await.record_last(&audit, Event::AuditRead, "alone", NOW).await.unwrap();
    let mut tx = house.begin().await;
    tx.rename_school(&house.manage(Kind::Structure).await, "另一个名字").await.unwrap();
    let after = "之后'; -- \\ \u{1F469}";
    tx.record_last(&audit, Event::AuditRead, after, NOW).await.unwrap();
    let mut conn = house.on.db.read().await.unwrap();
    assert_eq!(conn.school(house.school).await.unwrap().unwrap().name, "另一个名字");
    let lines = conn.audit_lines(&audit, &AuditFilter::default(), 10).await.unwrap();
    assert_eq!(lines.iter().map(|stored| stored.line.detail.as_str()).collect::<Vec<_>>(), [after, "alone"]);
    assert_eq!(conn.verify_chain(house.school).await.unwrap(), None);
}

/// Lets so many people read at once, each with its own number as the detail; gives how many were told that it is kept.
async fn read_at_once(house: &House, count: u128) -> usize {
    let mut people = tokio::task::JoinSet::new();
    for person in 0..count {
        let db = house.on.db.clone();
        let pair = (Role::HomeroomTeacher, Relation::OwnClass);
        let (actor, school) = (PersonId(Uuid::from_u128(1_000 + person)), house.school);
        let permit = permit::<Read>(actor, school, pair, Kind::Support, house.student.0).await;
        let (key, holder, epoch, form) = (house.student.0, actor.0, 1, WrapForm::Fast);
        let wrap = NewWrap { key, holder, epoch, form, sealed: vec![7], mark: Vec::new() };
        people.spawn(async move {
            db.leave_trace(&permit, Event::FileOpened, &format!("reader={person}"), NOW, vec![wrap]).await
        });
    }
    people.join_all().await.into_iter().flatten().count()
}

async fn a_hundred_readings_at_once_leave_a_hundred_lines_in_one_chain(engine: Engine) {
    let house = House::new(engine).await;
    assert_eq!(read_at_once(&house, 100).await, 100);
    let mut conn = house.on.db.read().await.unwrap();
    assert_eq!(conn.verify_chain(house.school).await.unwrap(), None);
    let mut lines = conn.audit_lines(&house.audit().await, &AuditFilter::default(), 1_000).await.unwrap();
    assert!(lines.iter().map(|stored| stored.line.seq).eq((1..=100).rev()));
    lines.sort_by_key(|stored| stored.line.actor);
    for (person, stored) in (0..100_u128).zip(&lines) {
        assert_eq!(stored.line.actor, PersonId(Uuid::from_u128(1_000 + person)));
        assert_eq!(stored.line.detail, format!("reader={person}"));
        assert_eq!((stored.line.event, stored.line.object), (Event::FileOpened, house.student.0));
        assert_eq!((stored.line.role, stored.line.at), (Some(Role::HomeroomTeacher), NOW));
    }
    assert_eq!(count(&house, "SELECT count(*) FROM wraps").await, 100, "each with what it earned");
}

async fn a_reading_whose_line_cannot_be_kept_is_told_and_its_neighbours_stay(engine: Engine) {
    let house = House::new(engine).await;
    let refuse = match engine {
        Engine::Sqlite => {
            "CREATE TRIGGER strange BEFORE INSERT ON audit_lines WHEN NEW.detail LIKE '%3'
             BEGIN SELECT RAISE(ABORT, 'strange'); END"
        }
        Engine::Postgres => "ALTER TABLE audit_lines ADD CHECK (detail NOT LIKE '%3')",
    };
    run(&house, refuse).await;
    assert_eq!(read_at_once(&house, 40).await, 36);
    let mut conn = house.on.db.read().await.unwrap();
    assert_eq!(conn.verify_chain(house.school).await.unwrap(), None);
    assert_eq!(conn.audit_heads().await.unwrap()[0].1, 36);
    assert_eq!(count(&house, "SELECT count(*) FROM wraps").await, 36, "nothing of a reading that was not kept");
}

async fn when_nothing_can_be_kept_every_reading_is_told(engine: Engine) {
    let house = House::new(engine).await;
    run(&house, "ALTER TABLE audit_lines RENAME TO elsewhere").await;
    assert_eq!(read_at_once(&house, 20).await, 0);
    run(&house, "ALTER TABLE elsewhere RENAME TO audit_lines").await;
    assert_eq!(count(&house, "SELECT count(*) FROM audit_heads").await, 0);
    assert_eq!(read_at_once(&house, 20).await, 20, "as soon as it can be written again");
    assert_eq!(house.on.db.read().await.unwrap().verify_chain(house.school).await.unwrap(), None);
}

async fn lines_say_who_what_and_how_it_ended(engine: Engine) {
    let house = House::new(engine).await;
    let audit = house.audit().await;
    let refused = Refused {
        role: Some(Role::Helper),
        relation: Relation::None,
        kind: Kind::Counselling,
        action: Action::Read,
        object: house.student.0,
    };
    let mut tx = house.begin().await;
    tx.record_about(&audit, Event::StaffRead, house.helper.0, "version=3", NOW).await.unwrap();
    tx.record_refusal(&refused, house.helper, house.school, NOW + 1).await.unwrap();
    let roleless = Refused { role: None, ..refused };
    tx.record_refusal(&roleless, house.helper, house.school, NOW + 2).await.unwrap();
    tx.record_failed_sign_in(Some((house.school, house.teacher)), Event::SignInFailed, NOW + 3).await.unwrap();
    tx.record_failed_sign_in(None, Event::SignInFailed, NOW + 4).await.unwrap();
    tx.commit().await.unwrap();

    let mut conn = house.on.db.read().await.unwrap();
    let lines = conn.audit_lines(&audit, &AuditFilter::default(), 10).await.unwrap();
    let [failed, nobody, refusal, done] = &lines[..] else { panic!("{} lines", lines.len()) };
    assert_eq!((done.line.actor, done.line.role), (house.teacher, Some(Role::PrivacyOfficer)));
    assert_eq!((done.line.relation, done.line.kind), (Relation::SameSchool, Kind::Audit));
    assert_eq!((done.line.event, done.line.outcome), (Event::StaffRead, Outcome::Done));
    assert_eq!((done.line.object, done.line.detail.as_str(), done.line.at), (house.helper.0, "version=3", NOW));
    assert_eq!((refusal.line.actor, refusal.line.role), (house.helper, Some(Role::Helper)));
    assert_eq!((refusal.line.kind, refusal.line.detail.as_str()), (Kind::Counselling, "read"));
    assert_eq!((refusal.line.event, refusal.line.outcome), (Event::Refused, Outcome::Refused));
    assert_eq!(nobody.line.role, None);
    assert_eq!((failed.line.event, failed.line.object), (Event::SignInFailed, house.teacher.0));

    let heads = conn.audit_heads().await.unwrap();
    assert_eq!(heads.len(), 2, "an unknown name stands in the chain of the installation");
    assert!(heads.iter().any(|(school, seq, _)| *school == SchoolId(Uuid::nil()) && *seq == 1));
    for (school, ..) in heads {
        assert_eq!(conn.verify_chain(school).await.unwrap(), None);
    }
}

async fn the_filter_of_the_privacy_officer_filters(engine: Engine) {
    let house = House::new(engine).await;
    let audit = house.audit().await;
    let refused = Refused {
        role: None,
        relation: Relation::None,
        kind: Kind::Support,
        action: Action::Read,
        object: house.student.0,
    };
    let mut tx = house.begin().await;
    tx.record(&audit, Event::AuditRead, "", NOW).await.unwrap();
    tx.record(&house.write(Kind::Support).await, Event::FieldEdited, "", NOW + 1).await.unwrap();
    tx.record_refusal(&refused, house.helper, house.school, NOW + 2).await.unwrap();
    tx.record(&audit, Event::AuditRead, "", NOW + 3).await.unwrap();

    let seen = async |tx: &mut yice::store::Tx, filter: AuditFilter| {
        let lines = tx.audit_lines(&audit, &filter, 10).await.unwrap();
        lines.into_iter().map(|stored| stored.line.seq).collect::<Vec<_>>()
    };
    let all = AuditFilter::default;
    assert_eq!(seen(&mut tx, all()).await, [4, 3, 2, 1]);
    assert_eq!(seen(&mut tx, AuditFilter { actor: Some(house.helper), ..all() }).await, [3]);
    assert_eq!(seen(&mut tx, AuditFilter { object: Some(house.student.0), ..all() }).await, [3, 2]);
    assert_eq!(seen(&mut tx, AuditFilter { event: Some(Event::AuditRead), ..all() }).await, [4, 1]);
    assert_eq!(seen(&mut tx, AuditFilter { refused: true, ..all() }).await, [3]);
    assert_eq!(seen(&mut tx, AuditFilter { before: Some(3), ..all() }).await, [2, 1]);
    let both = AuditFilter { event: Some(Event::AuditRead), before: Some(4), ..all() };
    assert_eq!(seen(&mut tx, both).await, [1]);

    let counts = tx.audit_counts(&audit, NOW).await.unwrap();
    assert_eq!(counts, [(Event::AuditRead, 2), (Event::FieldEdited, 1), (Event::Refused, 1)]);
    assert_eq!(tx.audit_counts(&audit, NOW + 3).await.unwrap(), [(Event::AuditRead, 1)]);
}

async fn who_opened_a_file_is_told_without_the_refusals(engine: Engine) {
    let house = House::new(engine).await;
    let pair = (Role::HomeroomTeacher, Relation::OwnClass);
    let views = permit::<Read>(house.teacher, house.school, pair, Kind::Views, house.student.0).await;
    let refused = Refused {
        role: None,
        relation: Relation::None,
        kind: Kind::Support,
        action: Action::Read,
        object: house.student.0,
    };
    let mut tx = house.begin().await;
    tx.record(&house.write(Kind::Support).await, Event::FileOpened, "", NOW).await.unwrap();
    tx.record(&house.write(Kind::Support).await, Event::FieldEdited, "", NOW).await.unwrap();
    tx.record_refusal(&refused, house.helper, house.school, NOW).await.unwrap();
    tx.record(&house.audit().await, Event::AuditRead, "", NOW).await.unwrap();
    let seen: Vec<Event> = tx.views(&views, 10).await.unwrap().into_iter().map(|stored| stored.line.event).collect();
    assert_eq!(seen, [Event::FieldEdited, Event::FileOpened]);
    assert_eq!(tx.views(&views, 1).await.unwrap().len(), 1);
}

async fn files_that_were_opened_are_counted_by_person(engine: Engine) {
    let house = House::new(engine).await;
    let pair = (Role::HomeroomTeacher, Relation::OwnClass);
    let open = async |actor, at| {
        let permit = permit::<Read>(actor, house.school, pair, Kind::Support, house.student.0).await;
        let mut tx = house.begin().await;
        tx.record(&permit, Event::FileOpened, "", at).await.unwrap();
        tx.commit().await.unwrap();
    };
    open(house.teacher, NOW).await;
    for at in 1..4 {
        open(house.helper, NOW + at).await;
    }
    let audit = house.audit().await;
    let mut conn = house.on.db.read().await.unwrap();
    let opened = |actor, times| yice::store::Opened { actor, times, files: 1 };
    let all = conn.opened_counts(&audit, NOW).await.unwrap();
    assert_eq!(all, [opened(house.helper, 3), opened(house.teacher, 1)]);
    assert_eq!(conn.opened_counts(&audit, NOW + 2).await.unwrap(), [opened(house.helper, 2)]);
    assert!(conn.opened_counts(&audit, NOW + 4).await.unwrap().is_empty());
}

async fn every_chain_is_known_and_every_line_found(engine: Engine) {
    let house = House::new(engine).await;
    let audit = house.audit().await;
    let mut tx = house.begin().await;
    for _ in 0..2 {
        tx.record(&audit, Event::AuditRead, "", NOW).await.unwrap();
    }
    let chains = tx.audited_schools().await.unwrap();
    assert_eq!(chains.into_iter().collect::<Vec<_>>(), [SchoolId(Uuid::nil()), house.school]);
    let (_, last, hash) = tx.audit_heads().await.unwrap().remove(0);
    assert_eq!(tx.line_hash(house.school, last).await.unwrap(), Some(hash.clone()));
    assert_ne!(tx.line_hash(house.school, 1).await.unwrap(), Some(hash));
    assert_eq!(tx.line_hash(house.school, 3).await.unwrap(), None);
}

/// Somebody who can write to the database behind the program's back; gives how many rows it touched.
async fn run(house: &House, statement: &'static str) -> u64 {
    match house.on.engine {
        Engine::Sqlite => {
            let mut conn = sqlx::SqliteConnection::connect(&house.on.place).await.unwrap();
            sqlx::query(statement).execute(&mut conn).await.unwrap().rows_affected()
        }
        Engine::Postgres => {
            let mut conn = sqlx::PgConnection::connect(&house.on.place).await.unwrap();
            sqlx::query(statement).execute(&mut conn).await.unwrap().rows_affected()
        }
    }
}

/// What a question that is a number answers.
async fn count(house: &House, question: &'static str) -> i64 {
    match house.on.engine {
        Engine::Sqlite => {
            let mut conn = sqlx::SqliteConnection::connect(&house.on.place).await.unwrap();
            sqlx::query_scalar(question).fetch_one(&mut conn).await.unwrap()
        }
        Engine::Postgres => {
            let mut conn = sqlx::PgConnection::connect(&house.on.place).await.unwrap();
            sqlx::query_scalar(question).fetch_one(&mut conn).await.unwrap()
        }
    }
}

async fn a_changed_a_removed_and_a_cut_off_line_are_found(engine: Engine) {
    for (statement, broken_at) in [
        ("UPDATE audit_lines SET detail = 'x' WHERE seq = 3", 3),
        ("UPDATE audit_lines SET event = 'file_opened' WHERE seq = 1", 1),
        ("UPDATE audit_lines SET event = 'no such event' WHERE seq = 2", 2),
        ("UPDATE audit_lines SET at = at + 1 WHERE seq = 5", 5),
        ("DELETE FROM audit_lines WHERE seq = 2", 2),
        ("DELETE FROM audit_lines WHERE seq = 5", 5),
        ("DELETE FROM audit_lines", 1),
        ("DELETE FROM audit_heads", 6),
        ("UPDATE audit_heads SET seq = 7", 6),
    ] {
        let house = House::new(engine).await;
        let audit = house.audit().await;
        let mut tx = house.begin().await;
        for _ in 0..5 {
            tx.record(&audit, Event::AuditRead, "", NOW).await.unwrap();
        }
        tx.commit().await.unwrap();
        let verified = house.on.db.read().await.unwrap().verify_chain(house.school).await.unwrap();
        assert_eq!(verified, None);
        assert!(run(&house, statement).await > 0);
        let verified = house.on.db.read().await.unwrap().verify_chain(house.school).await.unwrap();
        assert_eq!(verified, Some(Broken { school: house.school, seq: broken_at }), "{statement}");
    }
}
