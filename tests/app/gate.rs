//! What a leader can fetch: what was published, whatever else is asked for.

use std::collections::BTreeMap;
use std::io::Cursor;

use axum::http::StatusCode;
use calamine::{Reader as _, Xlsx};
use uuid::Uuid;
use yice::domain::gate::calendar;
use yice::domain::relation::Standing;
use yice::domain::words::{GroupTag, Kind, Role};
use yice::policy::Report;
use yice::store::StudentMacs;
use yice::web::ROUTES;

use crate::people::{Person, TestApp};
use crate::support::both_backends;
use crate::support::cluster::Engine;

both_backends!(
    nothing_that_a_request_asks_for_changes_what_is_answered,
    what_changes_after_a_report_changes_no_byte_of_it,
    with_one_child_more_everything_else_is_the_same,
    page_and_workbook_say_the_same,
    counting_anew_shows_how_far_it_is_and_how_it_ended,
);

/// A school with a report of today.
async fn published(engine: Engine) -> (TestApp, tempfile::TempDir) {
    let at = TestApp::on(engine).await;
    enrol(&at).await;
    let dir = tempfile::tempdir().unwrap();
    at.app.publish_what_is_due(dir.path(), true).await.unwrap().expect("the first report");
    (at, dir)
}

/// As many students beside the few of the other tests as make a school with all tables.
pub async fn enrol(at: &TestApp) {
    let standing = Standing::installation(at.school.id);
    let permit = at.app.permit::<Report>(&standing, Kind::Roster, at.school.id.0).await.unwrap();
    let mut tx = at.app.begin().await.unwrap();
    for _ in 0..120 {
        let mac = || Uuid::new_v4().as_bytes().to_vec();
        let (identity_mac, number_mac, person_mac, row_mac) = (mac(), mac(), mac(), mac());
        let (id, class_id) = (Uuid::now_v7().into(), at.other_class);
        let macs = StudentMacs { id, class_id, identity_mac, number_mac, person_mac, row_mac };
        tx.insert_student(&permit, &macs, at.app.now()).await.unwrap();
    }
    tx.commit().await.unwrap();
}

async fn nothing_that_a_request_asks_for_changes_what_is_answered(engine: Engine) {
    let (at, _dir) = published(engine).await;
    let leader = at.leader("zhou").await;
    let plain = leader.get("/statistics").await;
    assert!(plain.status == StatusCode::OK && plain.source.contains("这些是估计数"));
    let other = Uuid::new_v4();
    for asked in [
        "class=1".to_owned(),
        "cohort=2020&sex=female".to_owned(),
        "report=2".to_owned(),
        "epoch=9".to_owned(),
        format!("school={other}"),
        format!("student={}", at.student().await),
        "tag=orphan&level=critical".to_owned(),
    ] {
        for path in ["/statistics", "/statistics.xlsx", "/statistics/help"] {
            let (asked, plain) = (leader.get(&format!("{path}?{asked}")).await, leader.get(path).await);
            assert_eq!(asked.status, plain.status);
            assert_eq!(without_address(&asked.source), without_address(&plain.source), "{path}");
            if plain.source.is_empty() {
                assert_eq!(asked.bytes, plain.bytes, "{path}");
            }
        }
    }
    // A report to come, another school, a cell of its own: there is no such page, whatever it is called.
    let beyond = [
        format!("/statistics/{other}"),
        "/statistics/2".to_owned(),
        "/statistics/risk".to_owned(),
        "/statistics/orphan.svg".to_owned(),
    ];
    let nothing = leader.get("/statistics/1").await;
    assert_eq!(nothing.status, StatusCode::NOT_FOUND);
    for path in beyond {
        let answer = leader.get(&path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(without_address(&answer.source).len(), without_address(&nothing.source).len(), "{path}");
    }
}

/// A page without the places where it repeats its own address, for the switch of the language.
fn without_address(source: &str) -> String {
    let lines = source.lines().filter(|line| !line.contains("name=\"next\"") && !line.contains("name=\"back\""));
    lines.collect::<Vec<_>>().join("\n")
}

async fn what_changes_after_a_report_changes_no_byte_of_it(engine: Engine) {
    let (at, dir) = published(engine).await;
    let leader = at.leader("zhou").await;
    let before = [leader.get("/statistics").await.bytes, leader.get("/statistics.xlsx").await.bytes];
    let director = at.person(Role::MoralEdDirector, "director").await;
    for one in at.students(at.class).await.iter().take(12) {
        let student = one.row.student;
        for tag in [GroupTag::Orphan, GroupTag::Poor] {
            let form = [("tag", tag.as_str()), ("standing", "verified"), ("basis", "走访"), ("since", "2026-09-01")];
            director.post_and_follow(&format!("/files/{student}/circumstance"), &form).await;
        }
    }
    at.warn(at.students(at.class).await[0].row.student).await;
    assert_eq!(at.app.publish_what_is_due(dir.path(), true).await.unwrap(), None);
    let after = [leader.get("/statistics").await.bytes, leader.get("/statistics.xlsx").await.bytes];
    assert!(before == after, "a page or a workbook changed after it was published");
    assert!(calendar::next(at.app.clock.today()) > at.app.clock.today());
}

/// What somebody gets at every address without a child's id in it: status and length, since forms carry ids of their own.
async fn everything(person: &Person<'_>) -> BTreeMap<&'static str, (StatusCode, usize)> {
    let mut seen = BTreeMap::new();
    for route in ROUTES.iter().copied().flatten() {
        // One goes on for ever, one ends the session, one shows a new key each time.
        let other = ["/notices/stream", "/locked", "/account/two-steps"].contains(&route.path);
        if route.method == "get" && !route.path.contains('{') && !other {
            let page = person.get(route.path).await;
            seen.insert(route.path, (page.status, page.bytes.len()));
        }
    }
    seen
}

async fn with_one_child_more_everything_else_is_the_same(engine: Engine) {
    let (at, _dir) = published(engine).await;
    let (leader, deputy) = (at.leader("zhou").await, at.leader("wu").await);
    let director = at.person(Role::MoralEdDirector, "director").await;
    let before = (everything(&leader).await, everything(&deputy).await);
    assert!(before.0.len() > 40, "{}", before.0.len());
    assert_eq!(before.0["/statistics"].0, StatusCode::OK);
    assert_eq!(before, (everything(&leader).await, everything(&deputy).await), "nothing changes by looking");
    let student = at.students(at.class).await[3].row.student;
    let form = [("tag", "orphan"), ("standing", "verified"), ("basis", "走访"), ("since", "2026-09-01")];
    director.post_and_follow(&format!("/files/{student}/circumstance"), &form).await;
    assert_eq!(before, (everything(&leader).await, everything(&deputy).await));
    let counted = everything(&director).await;
    assert_ne!(counted, everything(&leader).await, "who may know sees other pages");
}

async fn page_and_workbook_say_the_same(engine: Engine) {
    let (at, _dir) = published(engine).await;
    let leader = at.leader("zhou").await;
    let page = leader.get("/statistics").await;
    let mut book: Xlsx<_> =
        calamine::open_workbook_from_rs(Cursor::new(leader.get("/statistics.xlsx").await.bytes)).unwrap();
    let cells: Vec<String> = book
        .sheet_names()
        .iter()
        .flat_map(|name| {
            let range = book.worksheet_range(name).unwrap();
            let rows = range.rows().skip(4).map(|row| row.iter().map(ToString::to_string).collect::<Vec<_>>());
            rows.skip(1).flatten().filter(|text| !text.is_empty()).collect::<Vec<_>>()
        })
        .collect();
    let shown = page.texts("main tbody th, main tbody td");
    assert!(shown.len() > 40, "{}", shown.len());
    assert_eq!(cells, shown);
    assert_eq!(book.sheet_names().len(), page.texts("main h2").len());
}

/// Asks for a count, and goes on as a browser does until it is over. Gives how many pages showed how far it is, and what the last
/// one says.
async fn counted_anew(person: &Person<'_>) -> (usize, String) {
    let mut page = person.post_and_follow("/offices/counts", &[]).await;
    let mut watched = 0;
    while page.status == StatusCode::OK {
        assert_eq!(page.headers["refresh"], "1; url=/offices/counts");
        assert_eq!(page.texts("progress").len(), 1);
        watched += 1;
        page = person.get("/offices/counts").await;
    }
    (watched, person.get(&page.location()).await.text(".notice"))
}

async fn counting_anew_shows_how_far_it_is_and_how_it_ended(engine: Engine) {
    let at = TestApp::on(engine).await;
    let director = at.person(Role::MoralEdDirector, "director").await;
    for one in at.students(at.class).await.iter().take(3) {
        let form = [("tag", "poor"), ("standing", "verified"), ("basis", "走访"), ("since", "2026-09-01")];
        director.post_and_follow(&format!("/files/{}/circumstance", one.row.student), &form).await;
    }
    let facts = at.app.db.read().await.unwrap().fact_ids(at.school.id).await.unwrap().len();
    assert!(facts > 0);
    let counsellor = at.counsellor("li").await;
    assert_eq!(counted_anew(&counsellor).await.1, "提示 已重新统计。");
    assert_eq!(at.app.db.read().await.unwrap().fact_ids(at.school.id).await.unwrap().len(), facts);
    assert_eq!(counsellor.get("/offices/counts").await.location(), "/offices", "nothing is under way");
    // Somebody whom nobody let into the office yet.
    let newcomer = at.someone(at.school.id, Role::Counsellor, "new", &[]).await;
    let (_, said) = counted_anew(&newcomer).await;
    assert!(said.contains("没有它们的密钥"), "{said}");
    assert_eq!(director.get("/offices/counts").await.status, StatusCode::NOT_FOUND);
    assert_eq!(director.post("/offices/counts", &[]).await.status, StatusCode::NOT_FOUND);
}
