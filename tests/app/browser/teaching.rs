//! Homeroom teachers and helpers: finding a student, logging what happened, in Chinese and in English, with a mouse, with
//! keys only, on a telephone.

use super::house::House;
use super::window::{Seat, Window};

/// Presses of Tab that reach anything on a page.
const ENOUGH: usize = 60;

#[tokio::test]
#[ignore = "needs Chromium"]
async fn a_homeroom_teacher_finds_a_student_by_initials_logs_an_entry_on_one_screen_and_corrects_it() {
    let house = House::enter().await;
    let zhang = Window::of(&house, "homeroom").await;
    zhang.picture("01-classes").await;
    zhang.writes("q", "jhk").await;
    zhang.presses("查找").await;
    zhang.sees("找到 1 名学生").await;
    zhang.picture("02-search").await;
    zhang.presses("金涵康").await;
    zhang.sees("写跟踪记录").await;
    zhang.picture("03-file").await;

    zhang.presses("写跟踪记录").await;
    zhang.finds("main button.main").await;
    let below = zhang.asks("return document.querySelector('main button.main').getBoundingClientRect().bottom").await;
    let height = zhang.asks("return innerHeight").await;
    assert!(below.as_f64() <= height.as_f64(), "the button ends at {below}, the window at {height}");
    zhang.picks("way", "phone").await;
    zhang.writes("happened", "与父亲通话，约好周末一起整理书桌。").await;
    zhang.picks("effect", "better").await;
    zhang.writes("next", "下周一问一问整理得怎样。").await;
    zhang.picture("04-entry").await;
    zhang.presses("保存记录").await;
    zhang.sees("记录已保存。").await;
    zhang.sees("与父亲通话，约好周末一起整理书桌。").await;

    zhang.presses_beside("与父亲通话，约好周末", "更正这一条").await;
    zhang.sees("您在更正一条记录").await;
    zhang.writes("happened", "与母亲通话，约好周末一起整理书桌。").await;
    zhang.picks("way", "phone").await;
    zhang.picks("effect", "better").await;
    zhang.picture("05-correction").await;
    zhang.presses("保存记录").await;
    zhang.sees("与母亲通话，约好周末一起整理书桌。").await;
    let struck = zhang.texts("li.struck").await;
    assert!(struck.len() == 1 && struck[0].contains("与父亲通话"), "the first stays, marked: {struck:?}");
    zhang.picture("06-corrected").await;
}

#[tokio::test]
#[ignore = "needs Chromium"]
async fn what_a_teacher_was_writing_is_still_there_after_signing_out_and_in() {
    let house = House::enter().await;
    let zhang = Window::of(&house, "homeroom").await;
    zhang.presses_beside("肖俊", "写记录").await;
    let unfinished = "课间谈话，说起周末去看望外婆，";
    zhang.writes("happened", unfinished).await;
    zhang.sees("草稿已保存").await;
    zhang.picture("07-draft").await;
    let form = zhang.path().await;
    zhang.presses("退出登录").await;
    zhang.finds("input[name=password]").await;
    zhang.signs_in("homeroom", house.password("homeroom")).await;
    zhang.goes(&form).await;
    zhang.sees("这是您上次没有写完的内容").await;
    assert_eq!(zhang.value("happened").await, unfinished);

    zhang.writes("happened", "课间谈话，说起周末去看望外婆，很高兴。").await;
    zhang.picks("way", "talk").await;
    zhang.picks("effect", "better").await;
    zhang.presses("保存记录").await;
    zhang.sees("很高兴").await;
    zhang.goes(&form).await;
    assert_eq!(zhang.value("happened").await, "", "what was sent is no draft any more");
}

#[tokio::test]
#[ignore = "needs Chromium"]
async fn a_helper_writes_about_todays_student_on_a_telephone() {
    let house = House::enter().await;
    let sun = Window::at(&house, Seat::Telephone, "helper").await;
    assert_eq!(sun.asks("return innerWidth").await, 360);
    sun.goes("/helping").await;
    sun.sees("帮扶内容").await;
    fits(&sun).await;
    sun.picture("20-helping").await;
    sun.presses("记一笔").await;
    sun.finds("[name=happened]").await;
    fits(&sun).await;
    sun.picks("way", "tutoring").await;
    sun.writes("happened", "辅导应用题，独立完成了三道。").await;
    sun.picks("effect", "better").await;
    sun.picture("21-helping-entry").await;
    sun.presses("保存记录").await;
    sun.sees("辅导应用题，独立完成了三道。").await;
    fits(&sun).await;
    sun.picture("22-helping-file").await;
    assert_eq!(sun.count("#circumstance").await, 0, "what kind of help the student gets is not a helper's to know");
}

/// That nothing stands beside the screen.
async fn fits(window: &Window) {
    let wide = window.asks("return document.documentElement.scrollWidth").await;
    assert!(wide.as_u64() <= Some(360), "{} is {wide} wide", window.path().await);
}

#[tokio::test]
#[ignore = "needs Chromium"]
async fn everything_from_signing_in_to_a_saved_entry_works_with_keys_only() {
    const ENTER: &str = "\u{e007}";
    const RIGHT: &str = "\u{e014}";
    let house = House::enter().await;
    let zhang = Window::open(&house, Seat::Desk).await;
    zhang.goes("/sign-in").await;
    tab_to(&zhang, "[name=login]").await;
    zhang.types("homeroom").await;
    tab_to(&zhang, "[name=password]").await;
    zhang.types(house.password("homeroom")).await;
    zhang.types(ENTER).await;
    zhang.finds("body[data-idle-seconds]").await;

    tab_to(&zhang, ".skip").await;
    zhang.picture("30-skip-link").await;
    zhang.types(ENTER).await;
    zhang.sees("本班").await;
    tab_to(&zhang, "a[href$='/entry']").await;
    zhang.types(ENTER).await;
    zhang.finds("[name=happened]").await;

    tab_to(&zhang, "[name=way]").await;
    zhang.types(" ").await;
    zhang.types(RIGHT).await;
    tab_to(&zhang, "[name=happened]").await;
    zhang.types("kan shu").await;
    tab_to(&zhang, "[name=effect]").await;
    zhang.types(" ").await;
    let (way, effect) = (chosen(&zhang, "way").await, chosen(&zhang, "effect").await);
    assert_eq!((way.as_str(), effect.as_str()), ("home_visit", "much_better"), "an arrow moves on, a space takes");
    zhang.picture("31-keys-entry").await;
    tab_to(&zhang, "main button.main").await;
    zhang.types(ENTER).await;
    zhang.sees("记录已保存。").await;
    zhang.sees("kan shu").await;
}

/// Presses Tab until an element of a kind has the focus, and that one can see where that is.
async fn tab_to(window: &Window, css: &str) {
    for _ in 0..ENOUGH {
        window.types("\u{e004}").await;
        // The big buttons draw it on the label, which follows.
        let unseen = "const at = document.activeElement; \
             const drawn = e => e && getComputedStyle(e).outlineStyle !== 'none'; \
             return drawn(at) || drawn(at.nextElementSibling) ? '' : at.outerHTML";
        assert_eq!(window.asks(unseen).await, "", "where the focus cannot be seen on the way to {css}");
        if window.asks(&format!("return document.activeElement.matches(\"{css}\")")).await == true {
            return;
        }
    }
    panic!("Tab does not reach {css}");
}

async fn chosen(window: &Window, name: &str) -> String {
    window.attribute(&format!("[name={name}]:checked"), "value").await
}

#[tokio::test]
#[ignore = "needs Chromium"]
async fn a_teacher_who_reads_english_meets_no_chinese_but_names_and_texts() {
    let house = House::enter().await;
    let zhang = Window::open(&house, Seat::EnglishDesk).await;
    zhang.goes("/sign-in").await;
    no_chinese(&zhang).await;
    zhang.signs_in("homeroom", house.password("homeroom")).await;
    assert_eq!(zhang.attribute("html", "lang").await, "zh-CN", "the setting of the person, not of the browser");
    zhang.presses("English").await;
    zhang.finds("html[lang=en]").await;
    no_chinese(&zhang).await;
    zhang.sees("王明豪").await;
    no_chinese(&zhang).await;
    zhang.picture("40-english-class").await;
    zhang.clicks("tbody tr:nth-child(8) a[href$='/entry']").await;
    zhang.finds("[name=happened]").await;
    no_chinese(&zhang).await;
    zhang.picks("way", "talk").await;
    zhang.writes("happened", "Talked about the school trip.").await;
    zhang.picks("effect", "unchanged").await;
    zhang.picture("41-english-entry").await;
    zhang.clicks("main button.main").await;
    zhang.sees("Talked about the school trip.").await;
    no_chinese(&zhang).await;
    zhang.picture("42-english-file").await;
    for page in ["/import", "/account", "/search"] {
        zhang.goes(page).await;
        no_chinese(&zhang).await;
    }
    zhang.presses("中文").await;
    zhang.finds("html[lang=zh-CN]").await;
}

/// That the page says it is English and is, apart from what people are called and wrote.
async fn no_chinese(window: &Window) {
    let rest = "const page = document.documentElement.cloneNode(true); \
         const data = '.school, .who strong, .watermark, .seal, [lang=zh-CN], h1 + .soft, .heading h1, td a[href^=\"/files/\"], dd, .tags, .by, .text'; \
         page.querySelectorAll(data).forEach(e => e.remove()); \
         const said = [...page.querySelectorAll('*')].flatMap(e => ['title', 'aria-label', 'placeholder', 'data-saved', 'data-failed'].map(a => e.getAttribute(a))); \
         return [page.textContent, ...said].join('\\n').split('\\n').filter(line => /[\\u3000-\\u9fff\\uff00-\\uffef]/.test(line))";
    assert_eq!(window.attribute("html", "lang").await, "en", "{}", window.path().await);
    assert_eq!(window.asks(rest).await, serde_json::json!([]), "{}", window.path().await);
}
