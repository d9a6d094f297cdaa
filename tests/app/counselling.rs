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
    of_two_who_book_one_time_at_once_one_is_told_that_it_is_taken,
    a_session_is_kept_in_its_parts_and_a_broken_secret_is_not_recorded_by_halves,
    a_group_meets_and_each_member_has_a_note_that_its_counsellor_alone_reads,
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
    let (key, day, starts, room) = (value("once"), value("day"), value("starts"), value("room"));
    assert_eq!((day.as_str(), starts.as_str(), room.as_str()), ("2026-11-24", "10:00", "心理室"));
    let mut fields = vec![("once", key.as_str()), ("with", with.as_str()), ("day", &day), ("minutes", "45")];
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
    let agreed = [("seen", seen.as_str()), ("state", "booked"), ("day", "2026-11-24")];
    let back = li.post_and_follow(&action, &agreed).await;
    assert!(back.text(".entries .mark").contains("已约定"), "back on the day of the appointment");
    let late = li.post(&action, &[("seen", seen.as_str()), ("state", "held")]).await;
    assert_eq!(late.status, StatusCode::CONFLICT, "in another window it was agreed to already");
    let again =
        [("who", "别人"), ("with", with.as_str()), ("day", "2026-11-24"), ("starts", "10:20"), ("minutes", "45")];
    let taken = li.post("/appointments", &again).await;
    assert_eq!(taken.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(taken.texts("p.error:not(.summary)"), ["这个时间心理教师已有安排，请换一个时间。"]);
    let wang = at.counsellor("wang").await;
    let theirs = wang.get("/appointments?day=2026-11-24").await;
    assert!(!theirs.source.contains(&student.name), "a colleague's day has times and no names");
}

async fn of_two_who_book_one_time_at_once_one_is_told_that_it_is_taken(engine: Engine) {
    let at = TestApp::on(engine).await;
    let (li, wang) = (at.counsellor("li").await, at.counsellor("wang").await);
    let with = li.id.to_string();
    for starts in ["08:00", "09:00", "10:00", "11:00", "14:00", "15:00"] {
        let fields = |who: &'static str| {
            [("who", who), ("with", with.as_str()), ("day", "2026-11-24"), ("starts", starts), ("minutes", "45")]
        };
        let (one, other) = (fields("甲"), fields("乙"));
        let (one, other) = tokio::join!(li.post("/appointments", &one), wang.post("/appointments", &other));
        let mut told = [one.status.as_u16(), other.status.as_u16()];
        told.sort_unstable();
        assert_eq!(told, [303, 422], "{starts}");
    }
    let day = li.get("/appointments?day=2026-11-24").await;
    assert_eq!(day.texts(".entries > li").len(), 6);
}

async fn a_session_is_kept_in_its_parts_and_a_broken_secret_is_not_recorded_by_halves(engine: Engine) {
    let at = TestApp::on(engine).await;
    let (li, wang) = (at.counsellor("li").await, at.counsellor("wang").await);
    let notes = format!("/files/{}/notes", at.student().await);
    let mut note = vec![
        ("date", "2026-11-20"),
        ("form", "face_to_face"),
        ("minutes", "50"),
        ("place", "心理室"),
        ("source", "homeroom"),
        ("complaint", "“总觉得没人懂我。”"),
        ("goals", "能说出一个可以找的人"),
        ("process", "画了关系图"),
        ("observed", "说到家里时流泪"),
        ("problems", "low_mood"),
        ("problems", "family"),
        ("gravity", "moderate"),
        ("risk", "有过念头，没有计划"),
        ("plan", "写情绪日记"),
        ("next", "2026-11-27"),
        ("limits_told", "yes"),
        ("disclosed_to", "母亲"),
        ("disclosed_why", "有伤害自己的念头"),
    ];
    let half = li.post(&notes, &note).await;
    assert_eq!(half.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(half.texts("#f-disclosed_on-error").len(), 1, "the day is missing");
    assert_eq!(half.attributes("input[name=disclosed_to]", "value"), ["母亲"]);
    assert_eq!(half.attributes("input[name=problems][checked]", "value"), ["family", "low_mood"]);
    assert_eq!(half.attributes("select[name=source] option[selected]", "value"), ["homeroom"]);
    note.push(("disclosed_on", "2026-11-20"));
    let kept = li.post_and_follow(&notes, &note).await;
    let entry = kept.text(".entries");
    for part in ["“总觉得没人懂我。”", "能说出一个可以找的人", "画了关系图", "说到家里时流泪", "有过念头，没有计划"]
    {
        assert!(entry.contains(part), "{part}: {entry}");
    }
    for part in ["心理室", "班主任转来", "亲子家庭", "情绪低落", "中", "写情绪日记", "母亲", "有伤害自己的念头"]
    {
        assert!(entry.contains(part), "{part}: {entry}");
    }
    let colleagues = wang.get(&notes).await.source;
    assert!(!colleagues.contains("画了关系图") && !colleagues.contains("情绪日记"));
}

async fn a_group_meets_and_each_member_has_a_note_that_its_counsellor_alone_reads(engine: Engine) {
    let at = TestApp::on(engine).await;
    let (li, wang) = (at.counsellor("li").await, at.counsellor("wang").await);
    let students = at.students(at.class).await;
    let [first, second] = [&students[0].row, &students[1].row];
    let nothing = li.post("/sessions/groups", &[("topic", " "), ("goals", "敢开口")]).await;
    assert_eq!((nothing.status, nothing.text("textarea").as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "敢开口"));
    let made = li.post("/sessions/groups", &[("topic", "新生适应"), ("plan", "六次")]).await;
    let place = made.location().split('?').next().unwrap().to_owned();
    let find = li.post(&format!("{place}/find"), &[("q", &first.name)]).await;
    assert!(find.attributes("form[action$='/members'] input", "value").contains(&first.student.to_string()));
    for student in [first, second] {
        li.post_and_follow(&format!("{place}/members"), &[("student", &student.student.to_string())]).await;
    }
    let page = li.get(&place).await;
    assert_eq!((page.text("h1").as_str(), page.text("title").contains("新生适应")), ("新生适应", false));
    let (once, note) = (hidden(&page, "once"), format!("note-{}", first.student));
    let present = [first.student.to_string(), second.student.to_string()];
    let mut meeting = vec![("once", once.as_str()), ("date", "2026-11-20"), ("minutes", "45"), (&note, "第一个开口")];
    meeting.extend([("present", present[0].as_str()), ("present", &present[1])]);
    let unsaid = li.post(&format!("{place}/meetings"), &meeting).await;
    assert_eq!((unsaid.status, unsaid.texts("#f-theme-error").len()), (StatusCode::UNPROCESSABLE_ENTITY, 1));
    assert!(unsaid.texts("textarea").contains(&"第一个开口".to_owned()), "what was typed is there");
    meeting.push(("theme", "认识彼此"));
    li.post_and_follow(&format!("{place}/meetings"), &meeting).await;
    let page = li.post_and_follow(&format!("{place}/meetings"), &meeting).await;
    assert_eq!(page.texts(".entries > li").len(), 1, "a form sent twice is one meeting");
    assert!(page.text(".entries").contains(&first.name) && page.text(".entries").contains(&second.name));
    for (student, process) in [(first, "第一个开口"), (second, "认识彼此")] {
        let notes = format!("/files/{}/notes", student.student);
        let own = li.get(&notes).await;
        assert_eq!(own.texts(".entries > li").len(), 1);
        assert!(own.text(".entries").contains(process) && own.text(".entries").contains("团体辅导"));
        assert!(wang.get(&notes).await.texts(".entries > li").is_empty());
    }
    assert_eq!(wang.get(&place).await.status, StatusCode::NOT_FOUND);
    let counts = li.get("/sessions").await;
    assert_eq!(counts.texts("tbody tr > *"), ["2026-11", "0", "1", "2"]);
    assert!(!counts.text("table").contains(&first.name));
    let stale = li.post(&place, &[("topic", "初一新生"), ("seen", "1")]).await;
    assert_eq!(
        (stale.status, stale.attributes("input[name=topic]", "value")),
        (StatusCode::CONFLICT, vec!["初一新生".to_owned()])
    );
}
