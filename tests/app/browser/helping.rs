//! Help that people give and ask for: a whole day of somebody from outside, a pairing while its helper is away, the box.

use yice::domain::clock::MINUTE;
use yice::domain::words::Role;

use super::house::House;
use super::window::{Seat, Window};
use crate::people::{PASSWORD, TestApp};

/// What the counsellor tells somebody from outside.
const TOLD: [(&str, &str); 4] = [
    ("purpose", "周末陪伴阅读"),
    ("alias", "小树"),
    ("needs", "希望有人听孩子读书"),
    ("measures", "每周六上午在村图书室"),
];

#[tokio::test]
#[ignore = "needs Chromium"]
async fn a_helper_from_outside_sees_an_alias_all_day_and_sends_what_happened() {
    let (house, at) = (House::enter().await, TestApp::new().await);
    let (address, student) = (at.serve().await, at.student().await);
    let zhao = at.person(Role::ExternalHelper, "zhao").await;
    at.person(Role::Counsellor, "li").await;
    at.check(zhao.id).await;
    at.open(student).await;
    let name = at.students(at.class).await[0].row.name.clone();
    let sits_down = async |seat: Seat, login: &str| {
        let window = Window::open_at(&house, address, seat).await;
        window.signs_in(login, PASSWORD).await;
        window
    };

    let li = sits_down(Seat::Desk, "li").await;
    li.goes(&format!("/files/{student}/pairing")).await;
    li.selects("helper", "zhao老师").await;
    li.selects("condition", "学习状况").await;
    for (field, text) in TOLD {
        li.writes(field, text).await;
    }
    li.picture("b0-pairing-with-somebody-from-outside").await;
    li.presses("开始结对").await;
    li.sees("已经请帮扶老师结对").await;

    let zhao = sits_down(Seat::Telephone, "zhao").await;
    zhao.sees("学校请您结对帮扶一名学生").await;
    assert!(!zhao.shows("小树").await, "nothing before it is accepted");
    zhao.presses("接受").await;
    zhao.sees("小树").await;
    zhao.sees("希望有人听孩子读书").await;
    zhao.picture("b1-outside-helper").await;
    zhao.presses("记一笔").await;
    zhao.picks("way", "activity").await;
    zhao.writes("happened", "读完一本绘本，讲给我听。").await;
    zhao.picks("effect", "better").await;
    zhao.picture("b2-outside-entry").await;
    zhao.presses("送出记录").await;
    zhao.sees("已送达").await;
    assert!(!zhao.shows("读完一本绘本").await, "what was sent is not read again");
    zhao.picture("b3-outside-sent").await;
    for page in ["/", "/helping", "/receipts", "/notices", "/account"] {
        zhao.goes(page).await;
        assert!(!zhao.source().await.contains(&name), "{page} names the child");
    }
    assert_eq!(zhao.status(&format!("/files/{student}")).await, 404);

    li.goes(&format!("/files/{student}")).await;
    li.sees("读完一本绘本，讲给我听。").await;
    zhao.goes("/helping").await;
    zhao.sees("已收入档案").await;
}

#[tokio::test]
#[ignore = "needs Chromium"]
async fn a_pairing_is_handed_over_while_its_helper_is_away_and_given_back() {
    let (house, at) = (House::enter().await, TestApp::new().await);
    let (address, student) = (at.serve().await, at.student().await);
    at.person(Role::MoralEdDirector, "wang").await;
    at.person(Role::Counsellor, "li").await;
    let (sun, _he) = (at.person(Role::Helper, "sun").await, at.person(Role::Helper, "he").await);
    let pairing = at.pair(student, sun.id).await;
    let name = at.students(at.class).await[0].row.name.clone();
    let sits_down = async |login: &str| {
        let window = Window::open_at(&house, address, Seat::Desk).await;
        window.signs_in(login, PASSWORD).await;
        window
    };
    let (sun, he, li) = (sits_down("sun").await, sits_down("he").await, sits_down("li").await);
    sun.goes("/helping").await;
    sun.sees(&name).await;

    li.goes("/pairings").await;
    li.presses("调整").await;
    li.selects("helper", "he老师").await;
    let until = at.app.clock.today().saturating_add(jiff::ToSpan::days(10)).to_string();
    li.finds("[name=until]").await;
    li.asks(&format!("document.querySelector('[name=until]').value = '{until}'")).await;
    li.picture("b4-hand-over").await;
    li.clicks("form[action$='/hand-over'] button").await;
    li.sees("交还给sun老师").await;

    sun.goes("/helping").await;
    sun.sees("有 1 个结对目前暂停").await;
    assert!(!sun.shows(&name).await, "whoever is away opens nothing");
    assert_eq!(sun.status(&format!("/files/{student}")).await, 404);
    he.goes("/helping").await;
    he.presses("接受").await;
    he.sees(&name).await;
    he.presses("记一笔").await;
    he.picks("way", "talk").await;
    he.writes("happened", "代为谈心，状态平稳。").await;
    he.picks("effect", "unchanged").await;
    he.presses("保存记录").await;
    he.sees("记录已保存。").await;

    li.goes(&format!("/pairings/{pairing}")).await;
    li.presses("交还给sun老师").await;
    li.sees("请假期间请人代").await;
    li.picture("b5-given-back").await;
    assert_eq!(he.status(&format!("/files/{student}")).await, 404);
    sun.goes("/helping").await;
    sun.presses("打开档案").await;
    sun.sees("代为谈心，状态平稳。").await;
}

#[tokio::test]
#[ignore = "needs Chromium"]
async fn a_student_writes_to_the_box_without_an_account_and_reads_the_answer_with_a_phrase() {
    let (house, at) = (House::enter().await, TestApp::new().await);
    let address = at.serve().await;
    at.person(Role::SysAdmin, "liu").await;
    at.person(Role::Counsellor, "li").await;
    let liu = Window::open_at(&house, address, Seat::Desk).await;
    liu.signs_in("liu", PASSWORD).await;
    liu.goes("/structure/box").await;
    liu.presses("开启信箱").await;
    liu.sees("信箱已开启").await;
    let page = liu.texts("main .sheet a").await[0].clone();

    let student = Window::open_at(&house, address, Seat::Telephone).await;
    student.goes(&page).await;
    student.sees("12356").await;
    // Whoever is faster than anybody can write is a program.
    at.app.clock.advance(MINUTE);
    student.writes("text", "最近总是睡不着，不知道跟谁说。").await;
    student.picture("b6-box").await;
    student.presses("发送").await;
    student.finds("#phrase").await;
    let phrase = student.texts("#phrase").await[0].clone();
    student.picture("b7-box-phrase").await;
    assert_eq!(student.asks("return document.cookie").await, "", "nothing stays on the telephone");

    let li = Window::open_at(&house, address, Seat::Desk).await;
    li.signs_in("li", PASSWORD).await;
    li.goes("/box").await;
    li.clicks("tbody th a").await;
    li.sees("最近总是睡不着").await;
    li.writes("text", "谢谢你写信来。周三中午我在辅导室，门开着。").await;
    li.picture("b8-box-answer").await;
    li.presses("送出回复").await;
    li.sees("谢谢你写信来").await;

    student.goes(&page).await;
    student.presses("我写过信，想看回复").await;
    student.writes("phrase", "这 不是 那个 口令").await;
    student.presses("看回复").await;
    assert!(!student.shows("谢谢你写信来").await, "a wrong phrase opens nothing");
    student.finds("input[name=phrase]").await;
    student.writes("phrase", &phrase).await;
    student.presses("看回复").await;
    student.sees("谢谢你写信来。周三中午我在辅导室，门开着。").await;
    student.picture("b9-box-read").await;
}
