//! A crisis that runs to its end, and a student who comes back from hospital: at a school whose clock the test moves.

use std::net::SocketAddr;

use secrecy::SecretString;
use serde_json::Value;
use yice::domain::clock::DAY;
use yice::domain::words::Role;

use super::house::House;
use super::window::{Seat, Window};
use crate::people::{PASSWORD, TestApp};

/// A browser of somebody at the school of the test.
async fn sits_down(house: &House, address: SocketAddr, login: &str) -> Window {
    let window = Window::open_at(house, address, Seat::Desk).await;
    window.signs_in(login, PASSWORD).await;
    window
}

/// Puts a date or a time into its field, which a keyboard of each language does in its own way.
async fn sets(window: &Window, name: &str, value: &str) {
    window.finds(&format!("[name={name}]")).await;
    window.asks(&format!("document.querySelector('[name={name}]').value = '{value}'")).await;
}

async fn hire(at: &TestApp) {
    for (role, login) in [
        (Role::Counsellor, "li"),
        (Role::MoralEdDirector, "director"),
        (Role::SchoolLeader, "leader"),
        (Role::HomeroomTeacher, "zhang"),
    ] {
        at.person(role, login).await;
    }
}

#[tokio::test]
#[ignore = "needs Chromium"]
async fn a_crisis_runs_to_its_end_with_two_signatures() {
    let (house, at) = (House::enter().await, TestApp::new().await);
    let (address, student) = (at.serve().await, at.student().await);
    hire(&at).await;
    let (warning, _) = at.warn(student).await;
    let name = at.students(at.class).await[0].row.name.clone();
    let (page, crisis) = (format!("/warnings/{warning}"), format!("/warnings/{warning}/crisis"));

    let li = sits_down(&house, address, "li").await;
    li.goes(&page).await;
    grades(&li, "critical", "有计划，有工具").await;
    li.goes(&crisis).await;
    li.sees("系统自动建立").await;
    li.sees("接下来 24 小时里，这些时间没有人陪").await;
    assert_eq!(li.texts("#open li").await.len(), 4, "level, leader, team and plan");
    li.selects("leader-person", "leader老师").await;
    li.writes("leader-reason", "分管副校长").await;
    li.clicks("form[action$='/leader'] button").await;
    li.sees("分管副校长").await;
    li.picture("90-crisis-open").await;

    let leader = sits_down(&house, address, "leader").await;
    leader.presses("我包案的学生").await;
    leader.sees(&name).await;
    leader.picture("91-leading").await;
    leader.presses("打开危机记录").await;
    leader.presses("加入成员").await;
    leader.selects("team-person", "zhang老师").await;
    leader.picks("team-duty", "family").await;
    leader.clicks("form[action$='/team'] button").await;
    leader.sees("家校联络").await;
    leader.presses("添加一项").await;
    leader.writes("plan-what", "把家里的危险物品收好").await;
    leader.selects("plan-person", "zhang老师").await;
    sets(&leader, "plan-until", "2026-11-25").await;
    leader.clicks("form[action$='/plan'] button").await;
    leader.sees("把家里的危险物品收好").await;
    leader.presses("添加一班").await;
    sets(&leader, "shift-from", "2026-11-23T08:00").await;
    sets(&leader, "shift-to", "2026-11-24T08:00").await;
    leader.writes("shift-who", "妈妈（家中）").await;
    leader.clicks("form[action$='/shifts'] button").await;
    leader.sees("妈妈（家中）").await;
    assert!(!leader.shows("这些时间没有人陪").await);
    leader.clicks("form[action$='/plan/done'] button").await;
    leader.sees("已完成：leader老师").await;
    leader.picture("92-crisis-run-by-its-leader").await;

    li.goes(&page).await;
    grades(&li, "moderate", "两天来平稳").await;
    let director = sits_down(&house, address, "director").await;
    director.goes(&page).await;
    director.clicks("button[name=decision][value=sign]").await;
    director.finds(".notice[role=status]").await;

    li.goes(&crisis).await;
    asks_for_closing(&li).await;
    li.sees("还有事项没有完成，不能结束").await;
    li.sees("降级后第 1 周").await;
    assert_eq!(li.texts("#open li").await.len(), 4, "four weeks are still to come");
    li.picture("93-crisis-cannot-be-closed").await;

    for week in 1..=4 {
        at.app.clock.advance(7 * DAY);
        li.signs_in("li", PASSWORD).await;
        li.goes(&page).await;
        li.presses("随访").await;
        li.picks("follow_up-effect", "better").await;
        li.writes("follow_up-found", &format!("第 {week} 周，睡得好些")).await;
        li.clicks("form[action$='/steps/follow_up'] button").await;
        li.sees(&format!("第 {week} 周，睡得好些")).await;
    }
    li.goes(&crisis).await;
    li.sees("都完成了，可以由两人签字结束").await;
    asks_for_closing(&li).await;
    li.sees("等待另一位同事签字").await;
    assert_eq!(li.count("button[value=sign]").await, 0, "nobody signs twice");
    director.signs_in("director", PASSWORD).await;
    director.goes(&crisis).await;
    director.presses("签字，结束危机记录").await;
    director.sees("签字结束").await;
    director.picture("94-crisis-closed").await;

    leader.signs_in("leader", PASSWORD).await;
    assert_eq!(leader.status(&crisis).await, 404);
    assert_eq!(leader.status(&format!("/files/{student}")).await, 404);
    assert!(!leader.texts(".nav a").await.contains(&"我包案的学生".to_owned()));
}

async fn grades(window: &Window, level: &str, reason: &str) {
    window.clicks("details:has(form[action$='/level']) summary").await;
    window.picks("level-severity", level).await;
    window.writes("level-reason", reason).await;
    window.clicks("form[action$='/level'] button").await;
    window.finds(".notice[role=status]").await;
}

async fn asks_for_closing(window: &Window) {
    window.presses("申请结束").await;
    window.writes("closing-outcome", "情绪平稳，家人陪伴").await;
    window.presses("申请，请另一人签字").await;
}

#[tokio::test]
#[ignore = "needs Chromium"]
async fn a_referral_comes_back_from_hospital() {
    let (house, at) = (House::enter().await, TestApp::new().await);
    let (address, student) = (at.serve().await, at.student().await);
    hire(&at).await;
    let (warning, _) = at.warn(student).await;
    let name = at.students(at.class).await[0].row.name.clone();

    let li = sits_down(&house, address, "li").await;
    li.goes(&format!("/warnings/{warning}")).await;
    li.presses("转介").await;
    li.picks("to", "hospital").await;
    li.writes("contact", "市第三医院 青少年门诊 周医生").await;
    li.writes("reason", "两周睡不好，吃得少").await;
    li.picks("knows", "yes").await;
    li.picture("95-referral-form").await;
    li.clicks("form[action$='/referrals'] button").await;
    li.sees("拟转介").await;
    li.presses("已开始与家长沟通").await;
    li.sees("家长沟通").await;
    li.presses("家长的意见").await;
    li.picks("consent", "given").await;
    li.writes("who", "母亲").await;
    li.writes("way", "面谈").await;
    sets(&li, "at", "2026-11-23T07:30").await;
    li.clicks("form[action$='/guardian'] button").await;
    li.sees("家长同意").await;
    let referral = li.path().await;

    li.presses("转介材料").await;
    assert_eq!(li.count("input[name=parts]:checked").await, 0, "nothing is ticked for anybody");
    li.picks("parts", "p-reason").await;
    li.picks("parts", "p-level").await;
    li.picks("ground", "consent").await;
    li.picks("way", "passphrase").await;
    li.picture("96-packet-form").await;
    li.presses("看看会带出什么").await;
    li.sees("两周睡不好，吃得少").await;
    let passphrase = li.texts("#passphrase").await.remove(0);
    li.picture("97-packet-check").await;
    let packet = opened(&downloads(&li).await, &passphrase);
    assert!(packet.contains("两周睡不好，吃得少"), "{packet}");
    assert!(!packet.contains(&name), "nobody ticked the name");

    li.goes(&referral).await;
    li.presses("转出").await;
    li.picks("ground", "consent").await;
    li.writes("how", "母亲陪同前往").await;
    li.presses("记为已转出").await;
    li.sees("已转出").await;
    li.presses("对方已接收").await;
    li.writes("receipt", "导医台李护士，电话确认").await;
    li.clicks("form[action$='/receipt'] button").await;
    li.sees("已接收").await;
    li.presses("记录反馈").await;
    li.picks("given", "yes").await;
    li.writes("text", "门诊两次，建议休息两周").await;
    li.clicks("form[action$='/answer'] button").await;
    li.sees("已有反馈").await;
    li.presses("学生要返校，开始复学评估").await;
    for (step, text) in [("提交材料", "医院建议书"), ("学校审核", "材料齐全"), ("综合评估", "访谈与老师观察")]
    {
        li.sees(&format!("复学评估：{step}")).await;
        assesses(&li, text).await;
    }
    li.sees("复学评估：是否通过").await;
    li.picks("passed", "yes").await;
    li.writes("plan", "先上半天课，每周谈一次").await;
    assesses(&li, "状态平稳").await;
    li.sees("复学评估：返校后跟踪").await;
    assesses(&li, "第一周到校正常").await;
    li.presses("结束转介").await;
    li.writes("outcome", "已返校").await;
    li.clicks("form[action$='/end'] button").await;
    li.sees("结束").await;
    assert_eq!(li.texts(".mark").await, ["结束"]);
    li.picture("98-referral-ended").await;
}

async fn assesses(window: &Window, text: &str) {
    window.writes("found", text).await;
    window.clicks("form[action$='/assess'] button").await;
    window.sees(text).await;
}

/// What the button of the page hands over.
async fn downloads(window: &Window) -> Vec<u8> {
    let script = "const form = document.querySelector('form[action$=\"/packet\"]');
        const ask = new XMLHttpRequest();
        ask.open('POST', form.action, false);
        ask.overrideMimeType('text/plain; charset=x-user-defined');
        ask.setRequestHeader('content-type', 'application/x-www-form-urlencoded');
        ask.send(new URLSearchParams(new FormData(form)).toString());
        return Array.from(ask.responseText, sign => sign.charCodeAt(0) & 255);";
    let Value::Array(bytes) = window.asks(script).await else { panic!("bytes") };
    bytes.iter().map(|byte| u8::try_from(byte.as_u64().unwrap()).unwrap()).collect()
}

/// The packet as the receiver reads it, with the standard format.
fn opened(file: &[u8], passphrase: &str) -> String {
    let identity = age::scrypt::Identity::new(SecretString::from(passphrase.to_owned()));
    String::from_utf8(age::decrypt(&identity, file).expect("an age file under the passphrase that was shown")).unwrap()
}
