//! Notices: an open page hears within a second that something waits, on whichever node it was written, and never what.

use axum::http::StatusCode;
use uuid::Uuid;
use yice::domain::clock::MINUTE;
use yice::domain::ids::{NoticeId, PersonId};
use yice::service::LISTENING_PAGES;
use yice::store::{Db, Notice};

use crate::people::{TestApp, next_part};
use crate::support::both_backends;
use crate::support::cluster::Engine;

both_backends!(
    a_page_hears_of_a_notice_that_another_node_left,
    a_page_that_listens_keeps_no_session_running,
    a_stream_ends_with_its_session_and_with_the_server,
    a_person_has_so_many_listening_pages_and_no_more,
    notices_wait_on_their_page_and_count_on_every_other,
);

async fn leave(at: &TestApp, db: &Db, person: PersonId, place: &str) {
    let (id, place, made_at) = (NoticeId(Uuid::now_v7()), place.to_owned(), at.app.now());
    let notice = Notice { id, school_id: at.school.id, person_id: person, place, made_at, seen_at: None };
    let mut tx = db.begin().await.unwrap();
    tx.leave_notices(&[notice]).await.unwrap();
    tx.commit().await.unwrap();
}

async fn a_page_hears_of_a_notice_that_another_node_left(engine: Engine) {
    let at = TestApp::on(engine).await;
    let (counsellor, leader) = (at.counsellor("lin").await, at.leader("sun").await);
    let other_node = at.database.open_again().await.unwrap();
    let (status, mut stream) = counsellor.listen("/notices/stream").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(next_part(&mut stream).await, "retry: 5000\n\n");
    assert_eq!(next_part(&mut stream).await, "data: 0\n\n");
    leave(&at, &other_node, leader.id, "/due").await;
    leave(&at, &other_node, counsellor.id, "/due").await;
    assert_eq!(next_part(&mut stream).await, "data: 1\n\n");
    leave(&at, &other_node, counsellor.id, "/files/7").await;
    assert_eq!(next_part(&mut stream).await, "data: 2\n\n");
    // A second page of the same person starts with what waits now.
    let (_, mut second) = counsellor.listen("/notices/stream").await;
    next_part(&mut second).await;
    assert_eq!(next_part(&mut second).await, "data: 2\n\n");
    other_node.close().await;
}

async fn a_page_that_listens_keeps_no_session_running(engine: Engine) {
    let at = TestApp::on(engine).await;
    let counsellor = at.counsellor("lin").await;
    at.app.clock.advance(14 * MINUTE);
    let (status, mut stream) = counsellor.listen("/notices/stream").await;
    assert_eq!(status, StatusCode::OK);
    next_part(&mut stream).await;
    at.app.clock.advance(2 * MINUTE);
    leave(&at, &at.app.db, counsellor.id, "/due").await;
    // Whatever was under way, the stream ends without telling, and does not begin again.
    while next_part(&mut stream).await == "data: 0\n\n" {}
    assert_eq!(next_part(&mut stream).await, "");
    let page = counsellor.get("/notices/stream").await;
    assert_eq!((page.status, page.location().as_str()), (StatusCode::SEE_OTHER, "/sign-in?next=/notices"));
}

async fn a_stream_ends_with_its_session_and_with_the_server(engine: Engine) {
    let at = TestApp::on(engine).await;
    let (counsellor, leader) = (at.counsellor("lin").await, at.leader("sun").await);
    let (_, mut of_the_leader) = leader.listen("/notices/stream").await;
    let (_, mut stream) = counsellor.listen("/notices/stream").await;
    next_part(&mut stream).await;
    assert_eq!(next_part(&mut stream).await, "data: 0\n\n");
    counsellor.post("/sign-out", &[]).await;
    leave(&at, &at.app.db, counsellor.id, "/due").await;
    assert_eq!(next_part(&mut stream).await, "");
    next_part(&mut of_the_leader).await;
    assert_eq!(next_part(&mut of_the_leader).await, "data: 0\n\n");
    at.bell.close();
    assert_eq!(next_part(&mut of_the_leader).await, "");
    assert_eq!(leader.listen("/notices/stream").await.0, StatusCode::NO_CONTENT);
}

async fn a_person_has_so_many_listening_pages_and_no_more(engine: Engine) {
    let at = TestApp::on(engine).await;
    let (counsellor, leader) = (at.counsellor("lin").await, at.leader("sun").await);
    let mut open = Vec::new();
    for _ in 0..LISTENING_PAGES {
        let (status, stream) = counsellor.listen("/notices/stream").await;
        assert_eq!(status, StatusCode::OK);
        open.push(stream);
    }
    assert_eq!(counsellor.listen("/notices/stream").await.0, StatusCode::NO_CONTENT);
    assert_eq!(leader.listen("/notices/stream").await.0, StatusCode::OK, "somebody else is not in the way");
    // A page that goes away makes room, as soon as its task has noticed.
    drop(open.pop());
    let mut status = StatusCode::NO_CONTENT;
    for _ in 0..200 {
        status = counsellor.listen("/notices/stream").await.0;
        if status == StatusCode::OK {
            break;
        }
        tokio::task::yield_now().await;
    }
    assert_eq!(status, StatusCode::OK);
}

async fn notices_wait_on_their_page_and_count_on_every_other(engine: Engine) {
    let at = TestApp::on(engine).await;
    let (counsellor, leader) = (at.counsellor("lin").await, at.leader("sun").await);
    assert_eq!(counsellor.get("/classes").await.text("[data-bell]"), "");
    leave(&at, &at.app.db, counsellor.id, "/due").await;
    leave(&at, &at.app.db, counsellor.id, "/notices").await;
    let page = counsellor.get("/classes").await;
    assert_eq!((page.text("[data-bell]"), page.attributes("[data-bell]", "data-bell")), ("2".into(), vec!["2".into()]));
    let page = counsellor.get("/notices").await;
    assert_eq!(page.attributes("main li a", "href"), ["/due"]);
    assert_eq!(page.texts("main li a"), ["您有一条新的待办"]);
    assert!(page.text("main").contains("请问一问心理辅导室和德育处"), "{}", page.text("main"));
    assert_eq!(page.texts("main li").iter().filter(|item| item.ends_with("新")).count(), 2);
    assert_eq!(page.text("[data-bell]"), "");
    // Seen once, they stay on the page but count no more.
    let page = counsellor.get("/notices").await;
    assert_eq!(page.texts("main li").iter().filter(|item| item.ends_with("新")).count(), 0);
    assert_eq!(counsellor.get("/classes").await.text("[data-bell]"), "");
    assert!(leader.get("/notices").await.texts("main li").is_empty(), "they are for one person");
}
