//! What each role does on an ordinary day, from sign-in to sign-out.

use axum::http::StatusCode;
use yice::domain::clock::MINUTE;
use yice::domain::words::Role;

use crate::people::{PASSWORD, TestApp};
use crate::support::both_backends;
use crate::support::cluster::Engine;

both_backends!(
    a_problem_leaves_a_signed_in_person_navigation_and_the_way_out,
    a_homeroom_teacher_finds_a_student_and_logs_an_entry,
    a_colleague_from_another_class_cannot_see_the_file,
    a_note_is_read_by_its_author_and_nobody_else,
    a_leader_and_an_administrator_find_no_way_to_a_student,
);

const ENTRY: [(&str, &str); 6] = [
    ("date", "2026-11-20"),
    ("way", "talk"),
    ("happened", "课间谈话，近来练习长跑。"),
    ("effect", "better"),
    ("next", "两周后再谈。"),
    ("corrects", ""),
];

async fn a_homeroom_teacher_finds_a_student_and_logs_an_entry(engine: Engine) {
    let at = TestApp::on(engine).await;
    let li = at.homeroom("li").await;
    let students = at.students(at.class).await;
    let list = li.get(&format!("/classes/{}", at.class)).await;
    for student in &students {
        assert!(list.source.contains(&student.row.name), "everybody of the class stands in the list");
    }
    let name = &students[0].row.name;
    let found = li.post("/search", &[("q", name)]).await;
    let file = format!("/files/{}", students[0].row.student);
    assert!(found.attributes("main a", "href").contains(&file), "{:?}", found.texts("main a"));

    let saved = li.post_and_follow(&format!("{file}/entry"), &ENTRY).await;
    assert_eq!(saved.status, StatusCode::OK);
    assert!(saved.text("main").contains("近来练习长跑"), "{}", saved.text("main"));
    assert!(!saved.text("title").contains(name.as_str()), "a title is read over the shoulder");
}

async fn a_colleague_from_another_class_cannot_see_the_file(engine: Engine) {
    let at = TestApp::on(engine).await;
    let zhou = at.homeroom_of_the_other_class("zhou").await;
    let student = at.student().await;
    for path in [format!("/files/{student}"), format!("/files/{student}/entry"), format!("/classes/{}", at.class)] {
        assert_eq!(zhou.get(&path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let answer = zhou.post(&format!("/files/{student}/entry"), &ENTRY).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    let name = &at.students(at.class).await[0].row.name;
    assert!(!zhou.post("/search", &[("q", name)]).await.text("main ul, main table").contains(name.as_str()));
}

async fn a_note_is_read_by_its_author_and_nobody_else(engine: Engine) {
    let at = TestApp::on(engine).await;
    let (li, wang) = (at.counsellor("li").await, at.counsellor("wang").await);
    let notes = format!("/files/{}/notes", at.student().await);
    let note = [
        ("date", "2026-11-20"),
        ("form", "face_to_face"),
        ("minutes", "40"),
        ("complaint", "最近睡得晚。"),
        ("process", "一起回顾了一周的作息。"),
        ("plan", "记录一周作息。"),
        ("limits_told", "on"),
        ("corrects", ""),
    ];
    let saved = li.post_and_follow(&notes, &note).await;
    assert!(saved.text("main").contains("回顾了一周的作息"), "{}", saved.text("main"));
    assert!(!wang.get(&notes).await.source.contains("回顾了一周的作息"));
}

/// Whoever waits for a colleague's key must be able to go elsewhere, or to leave.
async fn a_problem_leaves_a_signed_in_person_navigation_and_the_way_out(engine: Engine) {
    let at = TestApp::on(engine).await;
    at.newcomer(Role::HomeroomTeacher, "zhou").await;
    let zhou = at.nobody();
    let class = format!("/classes/{}", at.class);
    let file = format!("/files/{}", at.student().await);
    let nobody = zhou.get("/nowhere").await;
    assert_eq!((nobody.status, nobody.texts("nav a, form[action='/sign-out']").len()), (StatusCode::NOT_FOUND, 0));

    zhou.post("/sign-in", &[("login", "zhou"), ("password", PASSWORD), ("next", "")]).await;
    let nav = zhou.get("/account").await.texts("nav a");
    assert!(nav.len() > 2, "{nav:?}");
    for (language, heading) in [("zh-CN", "您的钥匙还没有准备好"), ("en", "Your key is not ready yet")] {
        zhou.post("/language", &[("to", language), ("back", "/account")]).await;
        let links = zhou.get("/account").await.attributes("nav a", "href");
        for (method, path, status) in [
            ("get", class.as_str(), StatusCode::FORBIDDEN),
            ("get", &file, StatusCode::FORBIDDEN),
            ("get", "/nowhere?done=saved", StatusCode::NOT_FOUND),
            ("get", "/staff?done=saved", StatusCode::NOT_FOUND),
            ("get", "/files/1", StatusCode::BAD_REQUEST),
            ("get", "/sign-out", StatusCode::METHOD_NOT_ALLOWED),
            ("post", "/account/password", StatusCode::UNPROCESSABLE_ENTITY),
        ] {
            let page = if method == "get" { zhou.get(path).await } else { zhou.post(path, &[]).await };
            assert_eq!(page.status, status, "{path}");
            assert_eq!(page.attributes("html", "lang"), [language], "{path}");
            assert_eq!(page.attributes("nav a", "href"), links, "{path}");
            assert_eq!(page.attributes("header form", "action"), ["/language", "/sign-out"], "{path}");
            assert_eq!(page.texts(".notice").len(), 0, "{path}");
            assert!(page.texts("h1").len() == 1 && page.texts(".incident").len() == 1, "{path}");
        }
        assert_eq!(zhou.get(&class).await.text("h1"), heading);
    }
    zhou.post("/sign-out", &[]).await;
    assert_eq!(zhou.get("/nowhere").await.texts("nav a, form[action='/sign-out']").len(), 0);
}

async fn a_leader_and_an_administrator_find_no_way_to_a_student(engine: Engine) {
    let at = TestApp::on(engine).await;
    let students = at.students(at.class).await;
    let file = format!("/files/{}", students[0].row.student);
    for role in [Role::SchoolLeader, Role::SysAdmin, Role::PrivacyOfficer] {
        let person = at.person(role, role.as_str()).await;
        let mut seen = vec![person.get("/account").await];
        for link in seen[0].attributes("nav a", "href") {
            seen.push(person.get(&link).await);
        }
        for page in &seen {
            assert!(students.iter().all(|student| !page.source.contains(&student.row.name)), "{role}");
            assert!(page.attributes("a", "href").iter().all(|link| !link.starts_with("/files")), "{role}");
        }
        for path in [&file, "/classes", &format!("/classes/{}", at.class)] {
            assert_eq!(person.get(path).await.status, StatusCode::NOT_FOUND, "{role} at {path}");
        }
    }
}

#[tokio::test]
async fn a_session_ends_by_itself_and_leads_back_to_where_it_was() {
    let at = TestApp::new().await;
    let li = at.homeroom("li").await;
    let path = format!("/classes/{}", at.class);
    assert_eq!(li.get(&path).await.status, StatusCode::OK);
    at.app.clock.advance(16 * MINUTE);
    assert_eq!(li.get(&path).await.location(), format!("/sign-in?next={path}"));
    let back = li.post("/sign-in", &[("login", "li"), ("password", PASSWORD), ("next", &path)]).await;
    assert_eq!(back.location(), path);
    assert_eq!(li.get(&path).await.status, StatusCode::OK);
}

#[tokio::test]
async fn whoever_signs_out_is_out_and_a_wrong_password_says_so() {
    let at = TestApp::new().await;
    let li = at.leader("li").await;
    assert_eq!(li.post("/sign-out", &[]).await.location(), "/sign-in");
    assert!(li.get("/account").await.location().starts_with("/sign-in"));
    let wrong = li.post("/sign-in", &[("login", "li"), ("password", "something else"), ("next", "")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let unknown = li.post("/sign-in", &[("login", "nobody"), ("password", "something else"), ("next", "")]).await;
    assert_eq!(wrong.text(".error"), unknown.text(".error"), "names cannot be tried out");
    assert!(!wrong.text(".error").is_empty());
}
