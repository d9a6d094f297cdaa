//! A colleague is let read a part of a file, through the pages.

use axum::http::StatusCode;
use yice::domain::ids::StudentId;
use yice::domain::words::Role;

use crate::people::{PASSWORD, Page, Person, TestApp};
use crate::support::both_backends;
use crate::support::cluster::Engine;

both_backends!(
    a_counsellor_asks_for_supervision_is_supervised_and_ends_it,
    a_director_is_told_whom_to_ask_reads_how_to_reach_a_family_and_no_more_after_the_last_day,
    a_form_that_is_not_taken_comes_back_whole_and_one_sent_twice_is_one_grant,
);

const DAY: i64 = 86_400_000_000;

async fn write_note(li: &Person<'_>, student: StudentId, process: &str) {
    let note =
        [("date", "2026-11-20"), ("form", "phone"), ("minutes", "20"), ("limits_told", "yes"), ("process", process)];
    li.post_and_follow(&format!("/files/{student}/notes"), &note).await;
}

async fn again(person: &Person<'_>, login: &str) {
    person.post("/sign-in", &[("login", login), ("password", PASSWORD), ("next", "")]).await;
}

/// What a file's office sees was done in it by somebody.
async fn seen_by(office: &Person<'_>, student: StudentId, who: &str) -> Vec<String> {
    let page = office.get(&format!("/files/{student}/views")).await;
    let rows = page.texts("tbody tr");
    rows.into_iter().filter(|row| row.contains(who)).collect()
}

fn forms(page: &Page) -> Vec<String> {
    page.attributes("form[action$='/reading'] input[name=kind]", "value")
}

async fn a_counsellor_asks_for_supervision_is_supervised_and_ends_it(engine: Engine) {
    let at = TestApp::on(engine).await;
    let (li, wang, qian) = (at.counsellor("li").await, at.counsellor("wang").await, at.counsellor("qian").await);
    let _director = at.person(Role::MoralEdDirector, "sun").await;
    let student = at.student().await;
    let (file, notes) = (format!("/files/{student}"), format!("/files/{student}/notes"));
    let place = format!("{file}/reading");
    assert!(li.get(&file).await.attributes("nav.actions a", "href").contains(&place));
    assert_eq!(forms(&li.get(&place).await), ["contact"], "no notes, no supervision");
    write_note(&li, student, "谈了睡眠").await;
    let page = li.get(&place).await;
    assert_eq!(forms(&page), ["supervision", "contact"]);
    assert!(page.attributes("main [id]", "id").iter().all(|id| !id.is_empty()));
    assert_eq!(page.attributes("#f-supervision-until", "value"), ["2026-12-07"], "a fortnight is proposed");
    let wangs = wang.id.to_string();
    assert!(page.attributes("#f-supervision-person option", "value").contains(&wangs));
    let asked = [
        ("kind", "supervision"),
        ("supervision-person", wangs.as_str()),
        ("supervision-until", "2026-11-30"),
        ("supervision-reason", "想请您看看我的判断"),
    ];
    let given = li.post_and_follow(&place, &asked).await;
    assert!(given.text(".notice").contains("已经可以查看"), "{}", given.text(".notice"));
    let running = given.text("#running li");
    assert!(running.contains("wang老师") && running.contains("想请您看看我的判断"), "{running}");
    assert!(
        li.get(&notes).await.text("main").contains("wang老师可以查看"),
        "the author's own page does not say otherwise"
    );

    let bell = wang.get("/notices").await;
    assert!(!bell.source.contains("li老师") && bell.text(".list li").contains("有一份记录请您阅览"));
    let read = wang.get(&bell.attributes(".list a", "href")[0]).await;
    let heading = read.text("#reading");
    assert!(heading.contains("li老师请您查看") && heading.contains("想请您看看我的判断"), "{heading}");
    assert!(read.text("main").contains("谈了睡眠"));
    assert_eq!(read.attributes("main form", "action"), [notes.as_str()], "the only form writes an own note");
    assert!(!read.text("title").contains("li"));
    assert!(!qian.get(&notes).await.source.contains("谈了睡眠"));
    let theirs = qian.get(&place).await;
    assert!(!theirs.source.contains("想请您看看") && theirs.texts("#running li").is_empty());
    // The supervisor cannot end it, nor pass on what is read.
    let grant = li.get(&place).await.attributes("input[name=grant]", "value").remove(0);
    for other in [&wang, &qian] {
        let end = other.post(&format!("{place}/end"), &[("grant", &grant)]).await;
        assert_eq!(end.status, StatusCode::NOT_FOUND);
    }
    let students = student.to_string();
    let handed = wang.post("/sessions/hand-over", &[("to", &qian.id.to_string()), ("students", &students)]).await;
    assert_eq!(handed.status, StatusCode::NOT_FOUND);
    let qians = qian.id.to_string();
    let lent = [&[("kind", "supervision"), ("supervision-person", qians.as_str())], &asked[2..]].concat();
    assert_eq!(wang.post(&place, &lent).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!qian.get(&notes).await.source.contains("谈了睡眠"));

    let ended = li.post_and_follow(&format!("{place}/end"), &[("grant", &grant)]).await;
    assert!(ended.texts("#running li").is_empty() && ended.text("#over li").contains("wang老师"));
    assert!(!wang.get(&notes).await.source.contains("谈了睡眠"));
    assert!(li.get(&notes).await.text("main").contains("谈了睡眠"));
    let zhang = at.homeroom("zhang").await;
    let lines = seen_by(&zhang, student, "wang老师").await;
    assert_eq!(lines.iter().filter(|line| line.contains("受托查看")).count(), 1, "{lines:?}");
    for event in ["reading_given", "read_by_grant", "reading_ended"] {
        assert_eq!(at.audit_events(event).await, 1, "{event}");
    }
}

async fn a_director_is_told_whom_to_ask_reads_how_to_reach_a_family_and_no_more_after_the_last_day(engine: Engine) {
    let at = TestApp::on(engine).await;
    let (zhang, sun) = (at.homeroom("zhang").await, at.person(Role::MoralEdDirector, "sun").await);
    let students = at.students(at.class).await;
    let (student, other) = (students[0].row.student, students[1].row.student);
    let (file, place) = (format!("/files/{student}"), format!("/files/{student}/reading"));
    for child in [student, other] {
        let carer = [("main_carer", "外婆带着他"), ("main_carer_seen", "0")];
        zhang.post_and_follow(&format!("/files/{child}/edit/contact"), &carer).await;
    }
    let ask = "请他们在“让同事查看”里请您查看";
    let closed = sun.get(&file).await;
    assert!(closed.text("main").contains(ask) && !closed.source.contains("外婆带着他"));
    assert!(!zhang.get(&file).await.source.contains(ask));
    assert_eq!(sun.get(&place).await.status, StatusCode::NOT_FOUND);

    let page = zhang.get(&place).await;
    assert_eq!(forms(&page), ["contact"]);
    let suns = sun.id.to_string();
    assert_eq!(page.attributes("#f-contact-person option", "value"), ["", suns.as_str()]);
    let given = [
        ("kind", "contact"),
        ("contact-person", suns.as_str()),
        ("contact-until", "2026-11-30"),
        ("contact-reason", "家访之前联系"),
    ];
    zhang.post_and_follow(&place, &given).await;
    let bell = sun.get("/notices").await;
    let open = sun.get(&bell.attributes(".list a", "href")[0]).await;
    let part = open.text("#contact");
    assert!(
        part.contains("外婆带着他") && part.contains("zhang老师请您查看") && part.contains("家访之前联系"),
        "{part}"
    );
    assert!(open.attributes("#contact a", "href").is_empty(), "nothing to change");
    assert!(!open.text("main").contains(ask));
    assert!(!sun.get(&format!("{file}/record")).await.source.contains("外婆带着他"), "not on paper");
    assert_eq!(sun.get(&format!("{file}/edit/contact")).await.status, StatusCode::NOT_FOUND);
    assert!(!sun.get(&format!("/files/{other}")).await.source.contains("外婆带着他"));

    at.app.clock.advance(8 * DAY);
    again(&sun, "sun").await;
    let late = sun.get(&file).await;
    assert!(late.text("main").contains(ask) && !late.source.contains("外婆带着他"));
    // The page names it until somebody who keeps the keys signs in, which ends it.
    assert_eq!(at.audit_events("reading_ended").await, 0);
    again(&zhang, "zhang").await;
    assert_eq!(at.audit_events("reading_ended").await, 1);
    let page = zhang.get(&place).await;
    assert!(page.texts("#running li").is_empty() && page.text("#over li").contains("sun老师"));
    assert!(zhang.get(&file).await.source.contains("外婆带着他"));
    assert_eq!(seen_by(&zhang, student, "sun老师").await.iter().filter(|line| line.contains("受托查看")).count(), 1);
}

async fn a_form_that_is_not_taken_comes_back_whole_and_one_sent_twice_is_one_grant(engine: Engine) {
    let at = TestApp::on(engine).await;
    let (li, sun) = (at.counsellor("li").await, at.person(Role::MoralEdDirector, "sun").await);
    let student = at.student().await;
    write_note(&li, student, "谈了睡眠").await;
    let place = format!("/files/{student}/reading");
    let suns = sun.id.to_string();
    let form = [
        ("kind", "contact"),
        ("contact-person", suns.as_str()),
        ("contact-until", "2027-03-01"),
        ("contact-reason", "家访之前联系"),
    ];
    let back = li.post(&place, &form).await;
    assert_eq!(back.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(back.text("#f-contact-until-error"), "最长 90 天，请把最后一天提前。");
    assert_eq!(back.attributes("#f-contact-until", "value"), ["2027-03-01"]);
    assert_eq!(back.attributes("#f-contact-person option[selected]", "value"), [suns.as_str()]);
    assert_eq!(back.text("#f-contact-reason"), "家访之前联系");
    assert_eq!(back.attributes("#f-supervision-until", "value"), ["2026-12-07"], "the other form is as it was");
    let once = back.attributes("#contact input[name=once]", "value").remove(0);
    let mended = [&form[..2], &[("contact-until", "2026-12-01"), ("once", once.as_str())], &form[3..]].concat();
    for _ in 0..2 {
        let page = li.post_and_follow(&place, &mended).await;
        assert_eq!(page.texts("#running li").len(), 1);
    }
    assert_eq!(at.audit_events("reading_given").await, 1);
    let (first, second) = tokio::join!(li.post(&place, &mended), li.post(&place, &mended));
    assert_eq!((first.status, second.status), (StatusCode::SEE_OTHER, StatusCode::SEE_OTHER));
    // From another showing of the form it is said that it stands already.
    let twice = li.post(&place, &[&form[..2], &[("contact-until", "2026-12-01")], &form[3..]].concat()).await;
    assert_eq!(twice.text("#f-contact-person-error"), "这位同事现在已经可以查看，不用再选。");
    assert_eq!(at.audit_events("reading_given").await, 1);
}
