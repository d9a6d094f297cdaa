//! Somebody is worried about a student: reporting, taking up, grading, informing the guardian, lowering with two signatures.

use super::house::House;
use super::paper::sheets;
use super::window::{Seat, Window};

/// A student of 七年级1班 in the demonstration.
const STUDENT: &str = "薛志强";

/// Invites somebody as a subject teacher of 七年级1班 and lets them accept.
async fn a_subject_teacher(house: &House) -> Window {
    let liu = Window::of(house, "admin").await;
    liu.goes("/staff/new").await;
    liu.writes("name", "何静").await;
    liu.writes("login", "he.jing").await;
    liu.picks("role", "subject_teacher").await;
    liu.selects("class", "七年级1班").await;
    liu.presses("开设账户并生成邀请码").await;
    liu.sees("它只显示这一次").await;
    let code = liu.texts("main dd").await[2].clone();
    let he = Window::open(house, Seat::Desk).await;
    he.goes("/invitation").await;
    he.writes("code", &code).await;
    he.writes("new", "窗外有一棵很高的银杏树").await;
    he.writes("again", "窗外有一棵很高的银杏树").await;
    he.presses("接受并登录").await;
    he.sees("账户已经开通").await;
    he
}

#[tokio::test]
#[ignore = "needs Chromium"]
async fn a_subject_teacher_reports_and_a_warning_runs_until_two_people_lowered_it() {
    let house = House::enter().await;
    let he = a_subject_teacher(&house).await;
    let li = Window::of(&house, "counsellor").await;
    li.goes("/classes").await;
    let bell = li.asks("return document.querySelector('[data-bell]').textContent").await;
    let before = bell.as_str().unwrap_or_default().parse::<u32>().unwrap_or(0);
    he.presses("报告情况").await;
    he.sees("先做这三件事").await;
    assert!(he.shows("李婷").await, "whom to call");
    let below = he.asks("return document.querySelector('main button.main').getBoundingClientRect().bottom").await;
    let height = he.asks("return innerHeight").await;
    assert!(below.as_f64() <= height.as_f64(), "the button ends at {below}, the window at {height}");
    he.writes("who", STUDENT).await;
    he.writes("class", "七年级1班").await;
    he.writes("seen", "语文课一直趴着，说“没意思”。").await;
    he.picks("urgency", "today").await;
    he.picks("safe", "yes").await;
    he.picture("90-report").await;
    he.presses("送出报告").await;
    he.sees("报告已送达").await;
    assert_eq!(he.texts("tbody td:last-child").await, ["已送达"]);
    let number = he.texts("tbody th").await[0].clone();
    assert_eq!(number.chars().filter(|c| *c != '-').count(), 10, "{number}");
    assert!(!he.shows("没意思").await && !he.shows(STUDENT).await, "what was written is not to be read again");
    he.picture("91-receipts").await;

    li.sees(&format!("待办 {}", before + 1)).await;
    assert_eq!(li.path().await, "/classes", "the page rings where it is");
    li.goes("/warnings").await;
    li.sees("语文课一直趴着").await;
    li.picture("92-inbox").await;
    li.presses_beside("语文课一直趴着", "接报").await;
    li.sees("说的是哪一名学生").await;
    li.picture("93-letter").await;
    li.sees(STUDENT).await;
    li.clicks("input[name=student]").await;
    li.presses("接报并打开预警").await;
    li.sees("已接报，报告人会看到进度。").await;
    he.goes("/receipts").await;
    assert_eq!(he.texts("tbody td:last-child").await, ["已接报，处理中"]);

    grade(&li, "high", "两周来睡不好，说没意思").await;
    li.sees("关注等级已生效").await;
    assert_eq!(li.texts("h1").await, [STUDENT]);
    assert_eq!(li.texts(".heading .mark").await, ["二级"]);
    li.picture("94-warning").await;
    inform(&li).await;
    grade(&li, "moderate", "家长配合，睡眠好转").await;
    li.sees("申请把关注等级降为“三级”").await;
    li.sees("申请人自己不能签字").await;
    assert_eq!(li.texts(".heading .mark").await, ["二级"], "asked for, not lowered");

    let wang = Window::of(&house, "director").await;
    wang.goes("/warnings").await;
    wang.sees("等您签字").await;
    wang.picture("95-directors-list").await;
    wang.presses_beside("等您签字", &wang.texts("tbody th a").await[0]).await;
    wang.sees("家长配合，睡眠好转").await;
    wang.picture("96-signature").await;
    wang.presses("同意并签字").await;
    wang.sees("您的决定已记录。").await;
    assert_eq!(wang.texts(".heading .mark").await, ["三级"]);

    let zhang = Window::of(&house, "homeroom").await;
    zhang.goes("/briefs").await;
    zhang.sees("心理教师正在关心这名学生").await;
    assert!(zhang.shows(STUDENT).await);
    for hidden in ["二级", "三级", "没意思", "睡眠", "语文"] {
        assert!(!zhang.shows(hidden).await, "a homeroom teacher is told what to do and not {hidden}");
    }
    zhang.picture("97-briefs").await;
    in_english(&li).await;
}

/// Sets or asks for a level.
async fn grade(window: &Window, severity: &str, reason: &str) {
    window.presses("定级、升级或申请降级").await;
    window.picks("level-severity", severity).await;
    window.writes("level-reason", reason).await;
    window.clicks("form[action$='/level'] .actions button").await;
}

/// Informs the guardian, and prints the notice on one sheet that names no level.
async fn inform(li: &Window) {
    li.presses("告知监护人").await;
    li.picks("guardian_informed-way", "phone").await;
    li.writes("guardian_informed-guardian", "母亲").await;
    li.writes("guardian_informed-said", "孩子近两周睡得不好，情绪低落。").await;
    li.picks("guardian_informed-told", "hotlines").await;
    li.picks("guardian_informed-reaction", "cooperates").await;
    li.writes("guardian_informed-agreed", "晚上十点前睡觉；周三到校一起谈。").await;
    li.picture("98-guardian-form").await;
    li.clicks("form[action$='/guardian_informed'] .actions button").await;
    li.sees("已记入时间线。").await;
    li.presses("打印告知书和回执").await;
    li.sees("家长签名").await;
    assert!(li.shows("周三到校一起谈").await && li.shows("12356").await);
    assert!(!li.shows("二级").await && !li.shows("趴着").await, "no level, and not what somebody reported");
    li.picture("99-guardian-letter").await;
    assert_eq!(sheets(&li.prints("99-guardian-letter").await), 1);
    li.presses("返回预警").await;
    li.sees("时间线").await;
}

/// The same pages in English.
async fn in_english(li: &Window) {
    li.presses("English").await;
    li.finds("html[lang=en]").await;
    for (page, said) in
        [("/concerns/new", "Report a concern"), ("/receipts", "My receipts"), ("/warnings", "Running warnings")]
    {
        li.goes(page).await;
        li.sees(said).await;
    }
    li.clicks("tbody th a").await;
    li.sees("Timeline").await;
    li.sees("Level III").await;
    li.picture("9a-english-warning").await;
    li.presses("中文").await;
    li.finds("html[lang=zh-CN]").await;
}

#[tokio::test]
#[ignore = "needs Chromium"]
async fn a_report_is_one_screen_without_script_and_on_a_telephone_and_danger_says_first_what_to_do() {
    let house = House::enter().await;
    let zhang = Window::at(&house, Seat::WithoutScript, "homeroom").await;
    zhang.presses("报告情况").await;
    zhang.selects("student", &zhang.texts("select[name=student] option").await[3]).await;
    zhang.writes("seen", "课间独自坐在楼梯间。").await;
    zhang.picks("urgency", "now").await;
    zhang.picks("safe", "no").await;
    zhang.picture("9b-report-without-script").await;
    zhang.presses("送出报告").await;
    zhang.sees("报告已送达").await;
    let first = zhang.texts("main h2, main h1").await;
    assert_eq!(first[0], "孩子现在有危险？先做这三件事");
    zhang.sees("李婷").await;
    zhang.picture("9c-danger").await;

    let sun = Window::at(&house, Seat::Telephone, "helper").await;
    sun.goes("/concerns/new").await;
    sun.finds("[name=seen]").await;
    let wide = sun.asks("return document.documentElement.scrollWidth").await;
    assert!(wide.as_u64() <= Some(360), "{wide}");
    sun.picture("9d-report-on-a-telephone").await;
}
