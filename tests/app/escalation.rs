//! What is past its due time goes from one duty holder to the next: each step once, however many nodes look, across a restart,
//! and with a clock that was set back.

use std::collections::BTreeMap;
use std::sync::Arc;

use uuid::Uuid;
use yice::domain::clock::{Clock, DAY, HOUR, MINUTE};
use yice::domain::gate::menu::Profile;
use yice::domain::ids::{DeadlineId, PersonId, StudentId};
use yice::domain::relation::Standing;
use yice::domain::words::{Kind, Relation, Role};
use yice::policy::{Append, Manage, Policy};
use yice::service::{App, KdfGate, Sweeper};
use yice::store::{Deadline, Term};
use yice::vault::{Kdf, KdfParams, ServerSecret};

use crate::people::TestApp;
use crate::support::both_backends;
use crate::support::cluster::Engine;

both_backends!(
    each_reminder_goes_to_the_next_duty_holder_and_the_last_to_the_leader,
    what_runs_on_the_school_calendar_waits_for_a_school_day,
    a_rung_on_which_nobody_stands_is_passed_over,
    two_nodes_pass_on_everything_once,
    where_nobody_is_on_duty_nothing_is_lost,
    a_node_that_ended_is_replaced_and_a_clock_set_back_changes_nothing,
    a_holiday_is_announced_a_week_before_and_once,
);

/// A due time of a student of the first class, set by a counsellor.
pub async fn due(at: &TestApp, student: StudentId, owner: Role, due_at: i64) -> DeadlineId {
    let pairs = vec![(Role::Counsellor, Relation::SameSchool)];
    let standing =
        Standing { actor: PersonId(Uuid::nil()), school: at.school.id, pairs, childless: false, sealed: false };
    let permit = at.app.permit::<Append>(&standing, Kind::Warning, student.0).await.unwrap();
    let deadline = Deadline {
        id: DeadlineId(Uuid::now_v7()),
        school_id: at.school.id,
        student_id: student,
        warning_id: None,
        owner,
        due_at,
        next_at: Some(due_at),
        rung: 0,
        done_at: None,
        done_by: None,
        epoch: 1,
        version: 1,
        // Nobody opens it: what is overdue is passed on without any key.
        sealed: vec![0],
    };
    let mut tx = at.app.begin().await.unwrap();
    tx.insert_deadline(&permit, &deadline).await.unwrap();
    tx.commit().await.unwrap();
    deadline.id
}

/// Another node on the same database, with a clock of its own.
async fn node(at: &TestApp) -> App {
    let kdf = Kdf::new(KdfParams { memory_kib: 64, time: 1, lanes: 1 }).unwrap();
    App {
        db: at.database.open_again().await.unwrap(),
        policy: Policy::load().await.unwrap(),
        secret: ServerSecret::generate().unwrap(),
        clock: Clock::fixed(at.app.now()),
        kdf: KdfGate::new(kdf, 2),
        noise: Profile::Standard,
    }
}

/// The notices of these people: how many each has, and where the newest leads.
async fn told(at: &TestApp, people: &[PersonId]) -> Vec<(usize, String)> {
    let mut conn = at.app.db.read().await.unwrap();
    let mut told = Vec::new();
    for person in people {
        let notices = conn.notices(*person, 100).await.unwrap();
        told.push((notices.len(), notices.first().map_or_else(String::new, |notice| notice.place.clone())));
    }
    told
}

fn counts(told: &[(usize, String)]) -> Vec<usize> {
    told.iter().map(|(count, _)| *count).collect()
}

async fn each_reminder_goes_to_the_next_duty_holder_and_the_last_to_the_leader(engine: Engine) {
    let at = TestApp::on(engine).await;
    let homeroom = at.homeroom("li").await.id;
    let elsewhere = at.homeroom_of_the_other_class("zhou").await.id;
    let counsellor = at.counsellor("lin").await.id;
    let director = at.person(Role::MoralEdDirector, "he").await.id;
    let leader = at.leader("sun").await.id;
    let people = [homeroom, elsewhere, counsellor, director, leader];
    // A time that is nobody's evening: it runs on the wall clock.
    due(&at, at.student().await, Role::HomeroomTeacher, at.app.now() + 7 * MINUTE).await;
    let now = async |passed: usize, expected: [usize; 5]| {
        assert_eq!(at.app.pass_on_what_is_due().await.unwrap(), passed);
        assert_eq!(at.app.pass_on_what_is_due().await.unwrap(), 0, "once");
        assert_eq!(counts(&told(&at, &people).await), expected);
    };
    now(0, [0, 0, 0, 0, 0]).await;
    at.app.clock.advance(7 * MINUTE);
    now(1, [1, 0, 0, 0, 0]).await;
    at.app.clock.advance(30 * MINUTE - 1);
    now(0, [1, 0, 0, 0, 0]).await;
    at.app.clock.advance(1);
    now(1, [1, 0, 1, 0, 0]).await;
    at.app.clock.advance(2 * HOUR);
    now(1, [1, 0, 1, 1, 0]).await;
    at.app.clock.advance(2 * HOUR);
    now(1, [1, 0, 1, 1, 1]).await;
    at.app.clock.advance(30 * DAY);
    now(0, [1, 0, 1, 1, 1]).await;
    let places: Vec<String> = told(&at, &people).await.into_iter().map(|(_, place)| place).collect();
    assert_eq!(places, ["/due", "", "/due", "/due", "/notices"], "the leader has no page that could say more");
}

async fn what_runs_on_the_school_calendar_waits_for_a_school_day(engine: Engine) {
    let at = TestApp::on(engine).await;
    let (counsellor, director) = (at.counsellor("lin").await.id, at.person(Role::MoralEdDirector, "he").await.id);
    // Monday 23 November 2026, 08:00; due on Friday at 17:00.
    let friday_evening = at.app.now() + 4 * DAY + 9 * HOUR;
    due(&at, at.student().await, Role::Counsellor, friday_evening).await;
    at.app.clock.advance(4 * DAY + 9 * HOUR);
    assert_eq!(at.app.pass_on_what_is_due().await.unwrap(), 1);
    at.app.clock.advance(2 * DAY + 23 * HOUR);
    assert_eq!(at.app.pass_on_what_is_due().await.unwrap(), 0, "not at the weekend, and not on Monday morning");
    assert_eq!(counts(&told(&at, &[counsellor, director]).await), [1, 0]);
    at.app.clock.advance(HOUR);
    assert_eq!(at.app.pass_on_what_is_due().await.unwrap(), 1);
    assert_eq!(counts(&told(&at, &[counsellor, director]).await), [1, 1]);
}

async fn a_rung_on_which_nobody_stands_is_passed_over(engine: Engine) {
    let at = TestApp::on(engine).await;
    // No homeroom teacher, and no director: the keeper of the keys is the one counsellor.
    let leader = at.leader("sun").await.id;
    due(&at, at.student().await, Role::MoralEdDirector, at.app.now()).await;
    assert_eq!(at.app.pass_on_what_is_due().await.unwrap(), 1);
    assert_eq!(counts(&told(&at, &[leader]).await), [0], "first the counsellor");
    at.app.clock.advance(2 * HOUR);
    assert_eq!(at.app.pass_on_what_is_due().await.unwrap(), 1);
    assert_eq!(counts(&told(&at, &[leader]).await), [1]);
}

async fn two_nodes_pass_on_everything_once(engine: Engine) {
    let at = TestApp::on(engine).await;
    let counsellor = at.counsellor("lin").await.id;
    let student = at.student().await;
    for minute in 0..70 {
        due(&at, student, Role::Counsellor, at.app.now() - minute * MINUTE).await;
    }
    let mut nodes = tokio::task::JoinSet::new();
    for _ in 0..2 {
        let node = Arc::new(node(&at).await);
        for _ in 0..3 {
            let node = Arc::clone(&node);
            nodes.spawn(async move { node.pass_on_what_is_due().await.unwrap() });
        }
    }
    assert_eq!(nodes.join_all().await.into_iter().sum::<usize>(), 70);
    let lines = passed_on(&at).await;
    assert_eq!(lines.len(), 70);
    assert!(lines.values().all(|rungs| rungs == &["rung=1"]), "{lines:?}");
    assert_eq!(counts(&told(&at, &[counsellor]).await), [1], "one notice for all of a round");
    assert!(at.app.key_check(at.school.id).await.unwrap().is_empty());
}

/// The audit lines of what was passed on: by due time, the rungs.
async fn passed_on(at: &TestApp) -> BTreeMap<Uuid, Vec<String>> {
    use yice::domain::audit::Event;
    let pair = (Role::PrivacyOfficer, Relation::SameSchool);
    let standing = Standing {
        actor: PersonId(Uuid::nil()),
        school: at.school.id,
        pairs: vec![pair],
        childless: false,
        sealed: false,
    };
    let read = at.app.permit(&standing, Kind::Audit, at.school.id.0).await.unwrap();
    let mut conn = at.app.db.read().await.unwrap();
    let filter = yice::store::AuditFilter { event: Some(Event::DeadlinePassedOn), ..Default::default() };
    let mut lines: BTreeMap<Uuid, Vec<String>> = BTreeMap::new();
    for stored in conn.audit_lines(&read, &filter, 1000).await.unwrap() {
        lines.entry(stored.line.object).or_default().push(stored.line.detail);
    }
    lines
}

async fn where_nobody_is_on_duty_nothing_is_lost(engine: Engine) {
    let at = TestApp::on(engine).await;
    due(&at, at.student().await, Role::Counsellor, at.app.now() - HOUR).await;
    // By this node's clock nobody has begun work yet.
    let early = node(&at).await;
    early.clock.advance(-MINUTE);
    assert_eq!(early.pass_on_what_is_due().await.unwrap(), 0);
    assert_eq!(at.app.pass_on_what_is_due().await.unwrap(), 0, "not at every look");
    at.app.clock.advance(30 * MINUTE);
    assert_eq!(at.app.pass_on_what_is_due().await.unwrap(), 1);
}

async fn a_node_that_ended_is_replaced_and_a_clock_set_back_changes_nothing(engine: Engine) {
    let at = TestApp::on(engine).await;
    let (first, second) = (node(&at).await, node(&at).await);
    let (mut one, mut two) = (Sweeper::default(), Sweeper::default());
    let student = at.student().await;
    for app in [&at.app, &first, &second] {
        app.clock.advance(3 * HOUR);
    }
    due(&at, student, Role::Counsellor, at.app.now()).await;
    assert_eq!(first.sweep(&mut one).await.unwrap(), 1);
    due(&at, student, Role::Counsellor, at.app.now()).await;
    // The second node sees the first one's beat move on, and keeps out however often it looks.
    for _ in 0..5 {
        assert_eq!(second.sweep(&mut two).await.unwrap(), 0);
        first.sweep(&mut one).await.unwrap();
    }
    assert_eq!(passed_on(&at).await.len(), 2);
    // The first node ends. The second one's clock is set back by an hour: it counts its own rounds, not the time.
    second.clock.advance(-HOUR);
    due(&at, student, Role::Counsellor, at.app.now() - 2 * HOUR).await;
    let rounds = [second.sweep(&mut two).await.unwrap(), second.sweep(&mut two).await.unwrap()];
    assert_eq!(rounds, [0, 0]);
    let mut passed = 0;
    for _ in 0..2 {
        passed += second.sweep(&mut two).await.unwrap();
    }
    assert_eq!(passed, 1, "the second node took over and passed on what was due by its clock, and nothing twice");
    let lines = passed_on(&at).await;
    assert!(lines.len() == 3 && lines.values().all(|rungs| rungs == &["rung=1"]), "{lines:?}");
    // A node that starts again under another name finds everything as it was left.
    let (again, mut three) = (node(&at).await, Sweeper::default());
    for _ in 0..5 {
        assert_eq!(again.sweep(&mut three).await.unwrap(), 0);
    }
}

async fn a_holiday_is_announced_a_week_before_and_once(engine: Engine) {
    let at = TestApp::on(engine).await;
    let (counsellor, director) = (at.counsellor("lin").await.id, at.person(Role::MoralEdDirector, "he").await.id);
    let teacher = at.homeroom("li").await.id;
    let standing = Standing::installation(at.school.id);
    let permit = at.app.permit::<Manage>(&standing, Kind::Structure, at.school.id.0).await.unwrap();
    let mut tx = at.app.begin().await.unwrap();
    for (name, starts, ends) in [("上", "2026-09-01", "2026-12-04"), ("下", "2026-12-21", "2027-07-01")] {
        let (name, starts, ends) = (name.to_owned(), starts.to_owned(), ends.to_owned());
        tx.insert_term(&permit, &Term { id: Uuid::now_v7().into(), name, starts, ends, version: 1 }).await.unwrap();
    }
    tx.commit().await.unwrap();
    let people = [counsellor, director, teacher];
    // Friday 27 November: the holiday begins on Saturday 5 December, eight days ahead.
    at.app.clock.advance(4 * DAY);
    let mut sweeper = Sweeper::default();
    at.app.sweep(&mut sweeper).await.unwrap();
    assert_eq!(counts(&told(&at, &people).await), [0, 0, 0]);
    for _ in 0..9 {
        at.app.clock.advance(DAY);
        at.app.sweep(&mut sweeper).await.unwrap();
        at.app.sweep(&mut Sweeper::default()).await.unwrap();
    }
    let told = told(&at, &people).await;
    assert_eq!(told, [(1, "/due/handover".to_owned()), (1, "/due/handover".to_owned()), (0, String::new())]);
}
