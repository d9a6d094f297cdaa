//! The counselling room: a counsellor makes an appointment, holds it and writes the session down; a homeroom teacher asks for
//! a time and sees no names; a group meets.

use jiff::ToSpan as _;
use jiff::civil::Date;
use yice::domain::clock::Clock;

use super::house::House;
use super::window::{Seat, Window};

/// Students of 七年级1班 in the demonstration.
const STUDENTS: [&str; 3] = ["熊远梓", "曹天琪", "孙梦诗"];

fn today() -> Date {
    Clock::System.today()
}

/// Days, times and long texts are set at once: keys would go through the browser's own pickers.
async fn sets(window: &Window, name: &str, value: &str) {
    window.finds(&format!("[name={name}]")).await;
    window.asks(&format!("document.querySelector('[name={name}]').value = '{value}'")).await;
}

async fn opens(window: &Window, name: &str) {
    window.goes("/search").await;
    window.writes("q", name).await;
    window.presses("查找").await;
    window.presses(name).await;
}

/// That nothing stands beside the screen of a telephone.
async fn fits(window: &Window) {
    let wide = window.asks("return document.documentElement.scrollWidth").await;
    assert!(wide.as_u64() <= Some(360), "{} is {wide} wide", window.path().await);
}

#[tokio::test]
#[ignore = "needs Chromium"]
async fn a_counsellor_makes_an_appointment_holds_it_and_writes_the_session() {
    let house = House::enter().await;
    let li = Window::of(&house, "counsellor").await;
    opens(&li, STUDENTS[0]).await;
    li.presses("辅导记录").await;
    li.presses("预约辅导").await;
    li.finds("input[name=who]").await;
    assert_eq!(li.value("who").await, STUDENTS[0]);
    sets(&li, "day", &today().to_string()).await;
    sets(&li, "starts", "07:10").await;
    li.writes("room", "沙盘室").await;
    li.writes("about", "上次说到睡眠。").await;
    li.picture("room-1-appointment").await;
    li.presses("保存预约").await;
    li.sees("上次说到睡眠。").await;
    li.picture("room-2-book").await;

    li.goes(&format!("/appointments/new?day={}&at=07:30", today())).await;
    li.writes("who", "别的同学").await;
    li.writes("about", "另一件事。").await;
    li.presses("保存预约").await;
    li.sees("这个时间心理教师已有安排").await;
    assert_eq!(li.value("about").await, "另一件事。", "what was typed is there");
    li.picture("room-3-taken").await;

    li.goes("/appointments").await;
    li.sees("沙盘室").await;
    li.clicks(".entries button[value=held]").await;
    li.sees("已进行").await;
    li.presses(STUDENTS[0]).await;
    li.finds("input[name=form]").await;
    li.picks("form", "face_to_face").await;
    li.writes("minutes", "40").await;
    li.writes("place", "沙盘室").await;
    li.selects("source", "班主任转来").await;
    li.writes("complaint", "“晚上总想着白天的事。”").await;
    li.writes("goals", "学会一种放松的方法。").await;
    li.writes("process", "摆了沙盘，说了三件担心的事。").await;
    li.writes("observed", "后半段放松下来。").await;
    li.picks("problems", "sleep_and_food").await;
    li.picks("gravity", "mild").await;
    li.picks("limits_told", "yes").await;
    li.writes("disclosed_to", "母亲").await;
    li.writes("disclosed_why", "一夜没回家").await;
    li.picture("room-4-session").await;
    li.presses("保存辅导记录").await;
    li.sees("有几处需要修改").await;
    sets(&li, "disclosed_on", &today().to_string()).await;
    li.presses("保存辅导记录").await;
    li.sees("说了三件担心的事").await;
    for part in ["班主任转来", "学会一种放松的方法", "睡眠饮食", "一夜没回家"] {
        assert!(li.shows(part).await, "{part}");
    }
    li.picture("room-5-notes").await;
    let notes = li.path().await;

    let phone = Window::at(&house, Seat::Telephone, "counsellor").await;
    for (path, picture) in [
        ("/appointments", "room-6-book"),
        ("/appointments/new", "room-7-new"),
        ("/appointments/hours", "room-8-hours"),
        (notes.as_str(), "room-9-notes"),
        ("/sessions", "room-10-sessions"),
    ] {
        phone.goes(path).await;
        phone.finds("h1").await;
        fits(&phone).await;
        phone.picture(picture).await;
    }
}

#[tokio::test]
#[ignore = "needs Chromium"]
async fn a_homeroom_teacher_asks_for_a_time_and_sees_no_names() {
    let house = House::enter().await;
    let zhang = Window::of(&house, "homeroom").await;
    zhang.presses("辅导预约").await;
    zhang.sees("可约").await;
    zhang.picture("room-11-homeroom").await;
    zhang.presses("为本班学生申请辅导").await;
    zhang.finds("select[name=student]").await;
    zhang.selects("student", STUDENTS[1]).await;
    let day = today().saturating_add(9.days()).to_string();
    sets(&zhang, "day", &day).await;
    sets(&zhang, "starts", "07:30").await;
    zhang.writes("about", "上课常常走神。").await;
    zhang.picture("room-12-request").await;
    zhang.presses("保存预约").await;
    zhang.sees("申请已送给心理教师").await;
    zhang.sees("待确认").await;
    assert!(!zhang.source().await.contains(STUDENTS[1]), "the book names nobody");

    let li = Window::of(&house, "counsellor").await;
    li.goes(&format!("/appointments?day={day}")).await;
    li.sees("上课常常走神。").await;
    li.clicks(".entries button[value=booked]").await;
    li.sees("已保存").await;
    zhang.goes(&format!("/appointments?day={day}")).await;
    zhang.sees("已约定").await;
}

#[tokio::test]
#[ignore = "needs Chromium"]
async fn a_group_of_two_meets_and_each_has_a_note_of_the_own() {
    let house = House::enter().await;
    let li = Window::of(&house, "counsellor").await;
    li.presses("辅导工作").await;
    li.sees("新学期，新朋友").await;
    li.picture("room-13-sessions").await;
    li.presses("新建小组").await;
    li.writes("topic", "考前放松").await;
    li.writes("plan", "三次，周五第八节。").await;
    li.presses("建立小组").await;
    for name in &STUDENTS[1..] {
        li.finds("input[name=q]").await;
        li.writes("q", name).await;
        li.clicks("form[action$='/find'] button").await;
        li.presses("加入").await;
        li.sees("移出").await;
        li.sees(name).await;
    }
    let group = li.path().await;
    li.presses("记录一次活动").await;
    li.writes("theme", "腹式呼吸").await;
    li.writes("process", "一起练习了三遍。").await;
    li.clicks("main textarea[name^=note-]").await;
    li.types("很快学会，愿意教别人。").await;
    li.picture("room-14-meeting").await;
    li.presses("保存活动记录").await;
    li.sees("一起练习了三遍。").await;
    li.picture("room-15-group").await;
    opens(&li, STUDENTS[1]).await;
    li.presses("辅导记录").await;
    li.sees("很快学会，愿意教别人。").await;
    opens(&li, STUDENTS[2]).await;
    li.presses("辅导记录").await;
    li.sees("腹式呼吸").await;
    assert!(!li.shows("很快学会").await, "what was seen of another one");

    let phone = Window::at(&house, Seat::Telephone, "counsellor").await;
    phone.goes(&group).await;
    phone.sees("腹式呼吸").await;
    fits(&phone).await;
    phone.picture("room-16-group").await;
    let zhang = Window::of(&house, "homeroom").await;
    assert_eq!((li.status(&group).await, zhang.status(&group).await), (200, 404));
}
