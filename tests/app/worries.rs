//! Reports and warnings as people meet them: forms that come back whole, pages that say what a colleague did meanwhile.

use axum::http::StatusCode;
use yice::domain::audit::Event;
use yice::domain::words::Role;
use yice::store::AuditFilter;

use crate::people::{Page, Person, TestApp};

const SEEN: &str = "午休时独自坐在楼梯间，说不想回家。";

fn form<'a>(changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let whole = [("who", "王小明"), ("class", "三年级"), ("seen", SEEN), ("urgency", "today"), ("safe", "yes")];
    let kept = whole.into_iter().filter(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
    kept.chain(changes.iter().copied()).collect()
}

/// The form that came back holds what was typed.
fn comes_back_whole(page: &Page) {
    assert_eq!(page.text("textarea[name=seen]"), SEEN);
    assert_eq!(page.attributes("input[name=class]", "value"), ["三年级"]);
    assert!(!page.text(".error").is_empty());
}

#[tokio::test]
async fn a_report_with_something_missing_comes_back_with_everything_typed() {
    let at = TestApp::new().await;
    let zhang = at.homeroom("zhang").await;
    let elsewhere = at.students(at.other_class).await[0].row.student.to_string();
    for (changes, field) in [
        (vec![("who", "")], "who"),
        (vec![("urgency", "")], "urgency"),
        (vec![("safe", "perhaps")], "safe"),
        (vec![("student", elsewhere.as_str())], "student"),
        (vec![("student", "nobody")], "student"),
        (vec![("given", elsewhere.as_str())], "student"),
    ] {
        let page = zhang.post("/concerns", &form(&changes)).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{changes:?}");
        comes_back_whole(&page);
        let marked = page.texts(&format!("#f-{field}-error"));
        assert_eq!(marked.len(), 1, "{changes:?} is said at {field}");
    }
    let empty = zhang.post("/concerns", &form(&[("seen", "  ")])).await;
    assert_eq!(empty.text("#f-seen-error"), "请填写这一项。");
    assert_eq!(zhang.get("/receipts").await.texts("tbody tr").len(), 0, "nothing of it was sent");
}

#[tokio::test]
async fn a_flood_gets_a_clear_answer_and_loses_nothing() {
    let at = TestApp::new().await;
    let he = at.person(Role::AidOfficer, "he").await;
    for _ in 0..30 {
        assert_eq!(he.post("/concerns", &form(&[])).await.status, StatusCode::SEE_OTHER);
    }
    let page = he.post("/concerns", &form(&[])).await;
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
    comes_back_whole(&page);
    assert!(page.text(".error").contains("请马上打电话"), "{}", page.text(".error"));
    assert_eq!(
        he.post("/concerns", &form(&[("urgency", "now")])).await.status,
        StatusCode::OK,
        "a call for help passes"
    );
}

#[tokio::test]
async fn danger_says_first_what_to_do_and_no_address_says_that_there_is_danger() {
    let at = TestApp::new().await;
    let he = at.person(Role::SchoolDoctor, "he").await;
    let shown = he.get("/concerns/new").await;
    assert!(shown.text("main .summary").starts_with("孩子现在有危险？先做这三件事"), "the form says it too");
    let id = shown.attributes("input[name=id]", "value").remove(0);
    for _ in 0..2 {
        let page = he.post("/concerns", &form(&[("id", &id), ("safe", "no")])).await;
        assert_eq!((page.status, page.location()), (StatusCode::OK, String::new()));
        assert!(page.text("main section li:nth-child(3)").contains("钱老师"), "whom to call");
        assert!(page.text("main p").starts_with("回执号"));
    }
    assert_eq!(he.get("/receipts").await.texts("tbody tr").len(), 1, "loaded again, it is the same report");
    let calm = he.post("/concerns", &form(&[])).await;
    assert_eq!(calm.location(), "/receipts?done=concern-sent");
}

#[tokio::test]
async fn a_report_from_a_students_page_is_about_that_student() {
    let at = TestApp::new().await;
    let zhang = at.homeroom("zhang").await;
    let student = at.students(at.class).await.remove(1).row;
    let link = format!("/concerns/new?student={}", student.student);
    let file = zhang.get(&format!("/files/{}", student.student)).await;
    assert!(file.attributes("main a", "href").contains(&link));
    let page = zhang.get(&link).await;
    assert!(page.text(".heading").contains(&student.name));
    assert!(!page.text("title").contains(&student.name));
    assert_eq!(page.texts("select[name=student]").len(), 0);
    let given = student.student.to_string();
    zhang.post_and_follow("/concerns", &form(&[("given", &given), ("who", "")])).await;
    let inbox = at.counsellor("li").await.get("/warnings").await;
    assert!(inbox.text("article").contains(&student.name), "{}", inbox.text("article"));
    let other = at.homeroom_of_the_other_class("zhou").await;
    assert_eq!(other.get(&link).await.status, StatusCode::NOT_FOUND);
}

async fn level(person: &Person<'_>, page: &str, severity: &str, seen: &str) -> Page {
    let fields = [("level-severity", severity), ("level-reason", "访谈后判断"), ("seen", seen)];
    person.post(&format!("{page}/level"), &fields).await
}

#[tokio::test]
async fn of_two_who_grade_at_once_the_second_sees_the_level_of_the_first_and_keeps_the_own_words() {
    let at = TestApp::new().await;
    let (li, wu) = (at.counsellor("li").await, at.counsellor("wu").await);
    let page = format!("/warnings/{}", at.warn(at.student().await).await.0);
    let seen = li.get(&page).await.attributes("input[name=seen]", "value").remove(0);
    assert_eq!(level(&li, &page, "high", &seen).await.status, StatusCode::SEE_OTHER);
    let stale = level(&wu, &page, "critical", &seen).await;
    assert_eq!(stale.status, StatusCode::CONFLICT);
    assert!(stale.text(".summary").contains("同事刚刚更新过"));
    assert_eq!(stale.text(".heading .mark"), "二级", "what the first set");
    assert_eq!(stale.text("textarea[name=level-reason]"), "访谈后判断", "what the second wrote");
    assert_eq!(stale.attributes("input[name=level-severity][checked]", "value"), ["critical"]);
    let now = stale.attributes("input[name=seen]", "value").remove(0);
    assert_eq!(level(&wu, &page, "critical", &now).await.status, StatusCode::SEE_OTHER);
    assert_eq!(wu.get(&page).await.text(".heading .mark"), "一级");
}

#[tokio::test]
async fn a_screening_is_entered_by_ticking_and_says_that_it_was() {
    let at = TestApp::new().await;
    let li = at.counsellor("li").await;
    let (page, student) = (format!("/classes/{}/screening", at.class), at.student().await.to_string());
    let form = [("scale", "秋季普查"), ("day", "2026-11-20")];
    let nobody = li.post(&page, &form).await;
    assert_eq!(nobody.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(nobody.attributes("input[name=scale]", "value"), ["秋季普查"]);
    let ticked = [form[0], form[1], (student.as_str(), "yes")];
    let noted = li.post(&page, &ticked).await;
    assert_eq!((noted.status, noted.location().as_str()), (StatusCode::SEE_OTHER, "/warnings?done=screening-noted"));
    assert!(li.get(&noted.location()).await.text(".notice").contains("已放进预警收件箱。"));
}

#[tokio::test]
async fn lowering_and_lifting_take_two_people_and_say_so() {
    let at = TestApp::new().await;
    let li = at.counsellor("li").await;
    let wang = at.person(Role::MoralEdDirector, "wang").await;
    let page = format!("/warnings/{}", at.warn(at.student().await).await.0);
    let seen = li.get(&page).await.attributes("input[name=seen]", "value").remove(0);
    let asked = level(&li, &page, "watch", &seen).await;
    assert_eq!(asked.location(), format!("{page}?done=lowering-asked"));
    let own = li.get(&page).await;
    assert_eq!(own.text(".heading .mark"), "三级");
    assert!(
        own.attributes("form", "action").iter().all(|action| !action.ends_with("/sign")),
        "no form to sign oneself"
    );
    let cheat = li.post(&format!("{page}/level/sign"), &[("decision", "sign")]).await;
    assert_eq!(cheat.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(cheat.source.contains("这是您自己的申请，要由另一位同事签字。"));

    let without = wang.post(&format!("{page}/level/sign"), &[("decision", "refuse"), ("reason", "")]).await;
    assert_eq!(without.status, StatusCode::UNPROCESSABLE_ENTITY);
    wang.post_and_follow(&format!("{page}/level/sign"), &[("decision", "sign"), ("reason", "")]).await;
    assert_eq!(wang.get(&page).await.text(".heading .mark"), "一般关注");

    let early = li.post(&format!("{page}/closing"), &[("closing-reason", "好了")]).await;
    assert_eq!(early.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(early.source.contains("还有任务没有完成"), "what is open stands in the way");
    assert_eq!(early.text("textarea[name=closing-reason]"), "好了");
}

#[tokio::test]
async fn the_school_speaks_of_levels_in_its_own_words() {
    let at = TestApp::new().await;
    let (li, liu) = (at.counsellor("li").await, at.person(Role::SysAdmin, "liu").await);
    at.warn(at.student().await).await;
    let of_the_list = async || li.get("/warnings").await.text("tbody td");
    assert_eq!(of_the_list().await, "三级");
    liu.post_and_follow("/structure/labels", &[("labels", "four")]).await;
    assert_eq!(of_the_list().await, "黄色");
    assert_eq!(liu.post("/structure/labels", &[("labels", "seven")]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn a_step_with_a_wrong_field_comes_back_open_and_whole() {
    let at = TestApp::new().await;
    let li = at.counsellor("li").await;
    let page = format!("/warnings/{}", at.warn(at.student().await).await.0);
    let fields = [
        ("interview-at", "2026-11-24T09:00"),
        ("interview-found", "愿意谈，睡得不好"),
        ("interview-risk", "loss"),
        ("interview-risk", "symptoms"),
    ];
    let back = li.post(&format!("{page}/steps/interview"), &fields).await;
    assert_eq!(back.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(back.text("#f-interview-at-error"), "时间不能晚于现在。");
    assert_eq!(back.text("details[open] summary"), "访谈评估");
    assert_eq!(back.text("textarea[name=interview-found]"), "愿意谈，睡得不好");
    assert_eq!(back.attributes("input[name=interview-risk][checked]", "value"), ["loss", "symptoms"]);
    assert_eq!(li.post(&format!("{page}/steps/graded"), &fields).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn every_reading_leaves_a_line_and_a_refused_one_too() {
    let at = TestApp::new().await;
    let student = at.student().await;
    let (warning, notice) = at.warn(student).await;
    let (li, zhang) = (at.counsellor("li").await, at.homeroom("zhang").await);
    let page = format!("/warnings/{warning}");
    assert_eq!(li.get(&page).await.status, StatusCode::OK);
    assert_eq!(zhang.get("/briefs").await.status, StatusCode::OK);
    for refused in [page.clone(), format!("{page}/guardian/{notice}"), "/warnings".to_owned()] {
        assert_eq!(zhang.get(&refused).await.status, StatusCode::NOT_FOUND, "{refused}");
    }
    let zhao = at.person(Role::PrivacyOfficer, "zhao").await;
    let permit = at.audit_permit(&zhao).await;
    let mut conn = at.app.db.read().await.unwrap();
    let wanted = AuditFilter { object: Some(student.0), ..AuditFilter::default() };
    let lines = conn.audit_lines(&permit, &wanted, 50).await.unwrap();
    let events: Vec<(Event, _)> = lines.iter().map(|stored| (stored.line.event, stored.line.actor)).collect();
    for expected in [(Event::WarningRead, li.id), (Event::BriefRead, zhang.id), (Event::Refused, zhang.id)] {
        assert!(events.contains(&expected), "{expected:?} in {events:?}");
    }
    assert!(lines.iter().all(|stored| !stored.line.detail.contains("moderate")), "no level in a line");
}
