//! What is due, for those who must act; and who looks after it in a holiday.

use axum::http::StatusCode;
use uuid::Uuid;
use yice::domain::clock::{DAY, HOUR};
use yice::domain::ids::PersonId;
use yice::domain::relation::Standing;
use yice::domain::words::{Kind, Role};
use yice::policy::Manage;
use yice::store::Term;

use crate::escalation::due;
use crate::people::TestApp;
use crate::support::both_backends;
use crate::support::cluster::Engine;

both_backends!(
    a_counsellor_sees_what_is_due_with_the_overdue_first,
    a_homeroom_teacher_sees_that_something_is_due_and_not_what,
    a_case_is_handed_over_for_a_holiday_and_its_taker_is_told,
);

async fn a_counsellor_sees_what_is_due_with_the_overdue_first(engine: Engine) {
    let at = TestApp::on(engine).await;
    let counsellor = at.counsellor("lin").await;
    let student = &at.students(at.class).await[0].row;
    let (warning, _) = at.warn(student.student).await;
    let page = counsellor.get("/due").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.texts("main tbody th").iter().all(|about| about.ends_with(&student.name)), "{}", page.text("main"));
    assert!(page.attributes("main tbody a", "href").iter().all(|href| *href == format!("/warnings/{warning}")));
    let tasks = page.texts("main tbody td:nth-child(2)");
    assert!(tasks.contains(&"访谈评估".to_owned()) && tasks.contains(&"制定方案".to_owned()), "{tasks:?}");
    assert!(page.texts("main tbody .failed").is_empty());
    assert!(!page.text("title").contains(&student.name));
    // Five school days and a bit: two of them are past their time, and stand first.
    at.app.clock.advance(7 * DAY + 10 * HOUR);
    let again = at.counsellor("qin").await.get("/due").await;
    let over: Vec<bool> =
        again.attributes("main tbody td:nth-child(4) span", "class").iter().map(|c| c == "failed").collect();
    assert!(over[0] && over.is_sorted_by(|a, b| a >= b), "{over:?}");
    assert!(again.texts("main tbody .failed")[0].contains("超"), "{:?}", again.texts("main tbody .failed"));
}

async fn a_homeroom_teacher_sees_that_something_is_due_and_not_what(engine: Engine) {
    let at = TestApp::on(engine).await;
    let (homeroom, other) = (at.homeroom("li").await, at.homeroom_of_the_other_class("zhou").await);
    let student = &at.students(at.class).await[0].row;
    due(&at, student.student, Role::HomeroomTeacher, at.app.now() + 3 * DAY).await;
    due(&at, at.students(at.class).await[1].row.student, Role::Counsellor, at.app.now()).await;
    let page = homeroom.get("/due").await;
    assert_eq!(page.texts("main tbody td:nth-child(2)"), ["有一件事要做"]);
    assert!(page.text("main tbody th").ends_with(&student.name), "and for the counsellor's one nothing shows");
    assert!(page.attributes("main tbody a", "href").is_empty());
    let page = other.get("/due").await;
    assert_eq!((page.status, page.texts("main tbody tr").len()), (StatusCode::OK, 0));
    assert_eq!(homeroom.get("/due/handover").await.status, StatusCode::NOT_FOUND);
    assert_eq!(at.person(Role::SubjectTeacher, "wu").await.get("/due").await.status, StatusCode::NOT_FOUND);
}

async fn set_terms(at: &TestApp, terms: &[(&str, &str)]) {
    let standing = Standing::installation(at.school.id);
    let permit = at.app.permit::<Manage>(&standing, Kind::Structure, at.school.id.0).await.unwrap();
    let mut tx = at.app.begin().await.unwrap();
    for (starts, ends) in terms {
        let (id, name) = (Uuid::now_v7().into(), format!("{starts}起的学期"));
        let (starts, ends) = ((*starts).to_owned(), (*ends).to_owned());
        tx.insert_term(&permit, &Term { id, name, starts, ends, version: 1 }).await.unwrap();
    }
    tx.commit().await.unwrap();
}

async fn notices(at: &TestApp, person: PersonId) -> Vec<String> {
    let notices = at.app.db.read().await.unwrap().notices(person, 99).await.unwrap();
    notices.into_iter().map(|notice| notice.place).collect()
}

async fn a_case_is_handed_over_for_a_holiday_and_its_taker_is_told(engine: Engine) {
    let at = TestApp::on(engine).await;
    let (lin, qin) = (at.counsellor("lin").await, at.counsellor("qin").await);
    let leader = at.leader("sun").await;
    let students = at.students(at.class).await;
    let (first, _) = at.warn(students[0].row.student).await;
    let (second, _) = at.warn(students[1].row.student).await;
    assert!(lin.get("/due/handover").await.text("main").contains("没有 7 天以上的假期"));
    // Friday 27 November is the last day; school begins again on 14 December.
    set_terms(&at, &[("2026-09-01", "2026-11-27"), ("2026-12-14", "2027-07-01")]).await;
    let page = lin.get("/due/handover").await;
    let rows = page.texts("main tbody th");
    assert_eq!(rows.len(), 2, "{}", page.text("main"));
    assert!(page.texts("main tbody td:nth-child(3)").iter().all(|taker| taker == "原负责人"));
    let field = format!("taker-{first}");
    let (seen, other, other_seen) = (format!("seen-{first}"), format!("taker-{second}"), format!("seen-{second}"));
    let (day, taker) = (("first", "2026-11-28"), qin.id.to_string());
    let saved = lin.post("/due/handover", &[day, (&field, &taker), (&seen, ""), (&other, ""), (&other_seen, "")]).await;
    assert_eq!(saved.location(), "/due/handover?done=handed-over", "{}", saved.text("main"));
    // A colleague whose page is older changes the other case; what lin chose stays.
    let of_lin = lin.id.to_string();
    let again = [day, (&field, ""), (&seen, ""), (&other, of_lin.as_str()), (&other_seen, "")];
    assert_eq!(qin.post("/due/handover", &again).await.status, StatusCode::SEE_OTHER);
    let mut takers = lin.get("/due/handover").await.texts("main tbody td:nth-child(3)");
    takers.sort();
    assert_eq!(takers, ["lin老师", "qin老师"]);
    assert!(notices(&at, qin.id).await.contains(&"/due/handover".to_owned()));
    assert_eq!(notices(&at, lin.id).await.iter().filter(|place| *place == "/due/handover").count(), 1);
    // Nobody but those who keep cases takes one over, and nobody hands over what is none of the school's.
    let wrong = lin.post("/due/handover", &[day, (&field, &leader.id.to_string()), (&seen, &taker)]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let unknown = format!("taker-{}", Uuid::now_v7());
    assert_eq!(lin.post("/due/handover", &[day, (&unknown, &taker)]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(lin.post("/due/handover", &[("first", "soon")]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(at.app.key_check(at.school.id).await.unwrap().is_empty());
}
