//! The counselling room through its pages: the help-seeking box, on both engines.

use axum::http::{StatusCode, header};
use yice::domain::words::Role;

use crate::people::{Page, TestApp};
use crate::support::both_backends;
use crate::support::cluster::Engine;

both_backends!(
    a_student_without_an_account_writes_and_reads_the_answer_with_the_phrase,
    a_form_that_is_not_taken_comes_back_whole_and_with_the_numbers_to_call,
    no_page_of_a_student_sets_a_cookie_runs_a_script_or_lacks_the_numbers,
    the_administrator_opens_the_box_and_prints_its_address_and_reads_nothing,
    a_homeroom_teacher_asks_for_a_time_and_the_counsellor_agrees,
);

/// The hidden fields of the form on a page of the box.
fn hidden(page: &Page, name: &str) -> String {
    page.attributes(&format!("input[type=hidden][name={name}]"), "value").remove(0)
}

async fn write(at: &TestApp, code: &str, text: &str) -> Page {
    let student = at.nobody();
    let form = student.get(&format!("/help/{code}")).await;
    let (ticket, phrase) = (hidden(&form, "ticket"), hidden(&form, "phrase"));
    at.app.clock.advance(3_000_000);
    let fields = [("ticket", ticket.as_str()), ("phrase", &phrase), ("text", text)];
    student.post(&format!("/help/{code}?lang=zh-CN"), &fields).await
}

async fn a_student_without_an_account_writes_and_reads_the_answer_with_the_phrase(engine: Engine) {
    let at = TestApp::on(engine).await;
    let code = at.help_box().await;
    let sent = write(&at, &code, "最近总睡不着").await;
    assert_eq!((sent.status, sent.text("h1").as_str()), (StatusCode::OK, "信已经送到"));
    let phrase = sent.text("#phrase");
    assert_eq!(phrase.split(' ').count(), 7);
    assert!(sent.headers.get(header::LOCATION).is_none(), "the phrase is in no address");

    let li = at.counsellor("li").await;
    let list = li.get("/box").await;
    assert!(!list.source.contains("睡不着"), "a list is read over the shoulder");
    let letter = list.attributes("tbody th a", "href").remove(0);
    let opened = li.get(&letter).await;
    assert!(opened.text("main").contains("最近总睡不着"));
    let (form, seen) = (hidden(&opened, "form"), hidden(&opened, "seen"));
    let answer = [("form", form.as_str()), ("seen", &seen), ("text", "愿意周四来聊聊吗"), ("asks_who", "yes")];
    let answered = li.post_and_follow(&format!("{letter}/answer"), &answer).await;
    assert!(answered.text("main").contains("愿意周四来聊聊吗"));

    let (student, place) = (at.nobody(), format!("/help/{code}/answer"));
    let wrong = student.post(&place, &[("phrase", "太阳小河苹果老虎书包春天希望")]).await;
    let none = student.post(&place, &[("phrase", "不知道")]).await;
    assert_eq!((wrong.status, none.status), (StatusCode::UNPROCESSABLE_ENTITY, StatusCode::UNPROCESSABLE_ENTITY));
    assert_eq!(wrong.text(".error"), none.text(".error"));
    assert_eq!(wrong.text(".error"), "没有找到对应的来信。请检查七个词和它们的顺序。");
    let right = student.post(&place, &[("phrase", &phrase)]).await;
    assert_eq!(right.texts(".entries .text"), ["愿意周四来聊聊吗"]);
    assert!(right.text("main").contains("老师想知道你是谁"));

    let ticket = hidden(&right, "ticket");
    at.app.clock.advance(3_000_000);
    let more = [("ticket", ticket.as_str()), ("phrase", &phrase), ("text", "好的，我是小雨"), ("name", "小雨")];
    let sent = student.post(&format!("/help/{code}/more"), &more).await;
    assert_eq!(sent.text("[role=status]"), "已经送到。用同一个口令看回复。");
    let stale = li.post(&format!("{letter}/answer"), &[("form", ""), ("seen", "2"), ("text", "周四见")]).await;
    assert_eq!(stale.status, StatusCode::CONFLICT);
    assert!(stale.text("main").contains("好的，我是小雨") && stale.text("textarea").contains("周四见"));
}

async fn a_form_that_is_not_taken_comes_back_whole_and_with_the_numbers_to_call(engine: Engine) {
    let at = TestApp::on(engine).await;
    let code = at.help_box().await;
    let student = at.nobody();
    let form = student.get(&format!("/help/{code}")).await;
    let (ticket, phrase) = (hidden(&form, "ticket"), hidden(&form, "phrase"));
    let typed = [
        ("ticket", ticket.as_str()),
        ("phrase", &phrase),
        ("text", "写了很多很多"),
        ("name", "小雨"),
        ("class", "二班"),
        ("reach", "教室"),
        ("danger", "yes"),
        ("wants_talk", "yes"),
    ];
    let comes_back = |page: &Page, status: StatusCode, why: &str| {
        assert_eq!(page.status, status, "{why}");
        assert!(page.text(".summary").contains(why), "{}", page.text(".summary"));
        assert_eq!(page.text("textarea"), "写了很多很多");
        for (name, text) in [("name", "小雨"), ("class", "二班"), ("reach", "教室")] {
            assert_eq!(page.attributes(&format!("input[name={name}]"), "value"), [text]);
        }
        assert_eq!(page.attributes("input[type=checkbox][checked]", "name"), ["danger", "wants_talk"]);
        assert_eq!(page.texts("h2 a").len(), 3);
    };
    let page = student.post(&format!("/help/{code}"), &typed).await;
    comes_back(&page, StatusCode::UNPROCESSABLE_ENTITY, "发送得太快了");
    assert_eq!(hidden(&page, "ticket"), ticket, "after a few seconds the same form is good");
    at.app.clock.advance(9 * 3_600_000_000);
    let page = student.post(&format!("/help/{code}"), &typed).await;
    comes_back(&page, StatusCode::UNPROCESSABLE_ENTITY, "打开太久了");
    assert_ne!(hidden(&page, "ticket"), ticket);
    let (ticket, phrase) = (hidden(&page, "ticket"), hidden(&page, "phrase"));
    at.app.clock.advance(3_000_000);
    for _ in 0..yice::service::HELP_LETTERS {
        assert_eq!(write(&at, &code, "来信").await.status, StatusCode::OK);
        at.app.clock.advance(-3_000_000);
    }
    let again = [&[("ticket", ticket.as_str()), ("phrase", phrase.as_str())], &typed[2..]].concat();
    let page = student.post(&format!("/help/{code}"), &again).await;
    comes_back(&page, StatusCode::TOO_MANY_REQUESTS, "太多");
}

async fn no_page_of_a_student_sets_a_cookie_runs_a_script_or_lacks_the_numbers(engine: Engine) {
    let at = TestApp::on(engine).await;
    let code = at.help_box().await;
    let student = at.nobody();
    let mut pages = Vec::new();
    for lang in ["zh-CN", "en"] {
        for path in ["/help", "/help/NOBOX2", "/help/a/b/c", &format!("/help/{code}"), &format!("/help/{code}/answer")]
        {
            pages.push((path.to_owned(), student.get(&format!("{path}?lang={lang}")).await));
        }
        let wrong = student.post(&format!("/help/{code}/answer?lang={lang}"), &[("phrase", "x")]).await;
        pages.push(("a wrong phrase".to_owned(), wrong));
        let empty = student.post(&format!("/help/{code}?lang={lang}"), &[]).await;
        pages.push(("an empty letter".to_owned(), empty));
        let large = "长".repeat(40_000);
        pages.push(("a book".to_owned(), student.post(&format!("/help/{code}"), &[("text", &large)]).await));
    }
    let sent = write(&at, &code, "睡不着").await;
    let phrase = sent.text("#phrase");
    pages.push(("sent".to_owned(), sent));
    let answers = student.post(&format!("/help/{code}/answer"), &[("phrase", &phrase)]).await;
    pages.push(("answers".to_owned(), answers));
    for (what, page) in &pages {
        assert!(page.headers.get(header::SET_COOKIE).is_none(), "{what}");
        assert_eq!(page.headers[header::CACHE_CONTROL], "no-store", "{what}");
        let numbers = page.attributes("main > *:first-child a", "href");
        assert_eq!(numbers, ["tel:12356", "tel:110", "tel:120"], "first on {what}: {}", page.status);
        let is_problem = page.attributes(".incident", "class").len() == 1;
        assert!(is_problem || page.attributes("script", "src").is_empty(), "{what}");
        assert!(page.attributes("form", "action").iter().all(|action| !action.contains(&phrase)));
        assert!(!page.text("title").contains("心理"), "a title stays in the history: {what}");
    }
    assert_eq!(pages[0].1.attributes("html", "lang"), ["zh-CN"]);
    assert!(pages.iter().any(|(_, page)| page.status == StatusCode::PAYLOAD_TOO_LARGE));
    assert_eq!(student.get(&format!("/help?code={code}")).await.location(), format!("/help/{code}?lang=zh-CN"));
}

async fn the_administrator_opens_the_box_and_prints_its_address_and_reads_nothing(engine: Engine) {
    let at = TestApp::on(engine).await;
    let admin = at.person(Role::SysAdmin, "admin").await;
    let _counsellor = at.counsellor("li").await;
    let open = admin.post_and_follow("/structure/box", &[("open", "yes")]).await;
    let address = open.attributes(".sheet a", "href").remove(0);
    let poster = admin.get("/structure/box/poster").await;
    assert!(poster.texts("h2").contains(&format!("http://yice.test{address}")), "{:?}", poster.texts("h2"));
    assert_eq!(at.nobody().get(&address).await.status, StatusCode::OK);
    assert_eq!(admin.get("/box").await.status, StatusCode::NOT_FOUND);
    admin.post_and_follow("/structure/box", &[("open", "no")]).await;
    assert_eq!(at.nobody().get(&address).await.status, StatusCode::NOT_FOUND);
}

async fn a_homeroom_teacher_asks_for_a_time_and_the_counsellor_agrees(engine: Engine) {
    let at = TestApp::on(engine).await;
    let (li, zhou) = (at.counsellor("li").await, at.homeroom("zhou").await);
    let hours = [("weekday", "2"), ("starts", "10:00"), ("minutes", "45"), ("room", "心理室")];
    li.post_and_follow("/appointments/hours", &hours).await;
    let book = zhou.get(&format!("/appointments?with={}", li.id)).await;
    assert_eq!(book.texts("tbody td a"), ["可约"]);
    let form = zhou.get(&book.attributes("tbody td a", "href")[0]).await;
    let student = &at.students(at.class).await[0].row;
    let (id, with) = (student.student.to_string(), li.id.to_string());
    assert!(form.attributes("select[name=student] option", "value").contains(&id));
    let value = |name: &str| form.attributes(&format!("input[name={name}]"), "value").remove(0);
    let (key, day, starts, room) = (value("form"), value("day"), value("starts"), value("room"));
    assert_eq!((day.as_str(), starts.as_str(), room.as_str()), ("2026-11-24", "10:00", "心理室"));
    let mut fields = vec![("form", key.as_str()), ("with", with.as_str()), ("day", &day), ("minutes", "45")];
    fields.extend([("starts", starts.as_str()), ("room", &room), ("about", "近来上课走神")]);
    let unsaid = zhou.post("/appointments", &fields).await;
    assert_eq!((unsaid.status, unsaid.text("textarea").as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "近来上课走神"));
    fields.push(("student", &id));
    let asked = zhou.post_and_follow("/appointments", &fields).await;
    assert!(asked.text(".notice").contains("申请已送给心理教师"));
    let book = zhou.get(&format!("/appointments?with={with}")).await;
    assert_eq!(book.texts("tbody td").into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>(), ["待确认"]);
    assert!(!book.source.contains(&student.name), "the book names nobody");

    let day = li.get("/appointments?day=2026-11-24").await;
    let entry = day.text(".entries li");
    assert!(entry.contains(&student.name) && entry.contains("近来上课走神"), "{entry}");
    let (action, seen) = (day.attributes(".entries form", "action").remove(0), hidden(&day, "seen"));
    li.post_and_follow(&action, &[("seen", &seen), ("state", "booked")]).await;
    let again =
        [("who", "别人"), ("with", with.as_str()), ("day", "2026-11-24"), ("starts", "10:20"), ("minutes", "45")];
    let taken = li.post("/appointments", &again).await;
    assert_eq!(taken.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(taken.texts("p.error:not(.summary)"), ["这个时间心理教师已有安排，请换一个时间。"]);
    let wang = at.counsellor("wang").await;
    let theirs = wang.get("/appointments?day=2026-11-24").await;
    assert!(!theirs.source.contains(&student.name), "a colleague's day has times and no names");
}
