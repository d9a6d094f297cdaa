//! A new colleague: invited by the administrator, let in by the counsellor, who compares fingerprints.

use super::house::House;
use super::window::{Seat, Window};

#[tokio::test]
#[ignore = "needs Chromium"]
async fn a_new_homeroom_teacher_is_invited_compared_and_let_in() {
    let house = House::enter().await;
    let liu = Window::of(&house, "admin").await;
    liu.goes("/staff").await;
    liu.picture("70-staff").await;
    liu.presses("新增教职工").await;
    liu.writes("name", "周敏").await;
    liu.writes("login", "zhou.min").await;
    liu.picks("role", "homeroom_teacher").await;
    liu.selects("class", "七年级2班").await;
    liu.picture("71-staff-new").await;
    liu.presses("开设账户并生成邀请码").await;
    liu.sees("它只显示这一次").await;
    let code = liu.texts("main dd").await[2].clone();
    liu.picture("72-invited").await;

    let zhou = Window::open(&house, Seat::Desk).await;
    zhou.goes("/sign-in").await;
    zhou.picture("73-sign-in").await;
    zhou.presses("我收到了邀请码，第一次使用").await;
    zhou.writes("code", &code).await;
    zhou.writes("new", "雨后的操场很干净").await;
    zhou.writes("again", "雨后的操场很干净啊").await;
    zhou.presses("接受并登录").await;
    zhou.sees("两次输入的新密码不一样。").await;
    zhou.picture("74-invitation").await;
    zhou.writes("code", &code).await;
    zhou.writes("new", "雨后的操场很干净，很安静").await;
    zhou.writes("again", "雨后的操场很干净，很安静").await;
    zhou.presses("接受并登录").await;
    zhou.sees("账户已经开通").await;
    zhou.goes("/account").await;
    zhou.picture("75-account").await;
    let own = zhou.texts("main .facts dd").await[1].clone();

    let li = Window::of(&house, "counsellor").await;
    li.goes("/offices").await;
    li.sees("周敏").await;
    li.picture("76-offices").await;
    assert_eq!(li.texts("form.sheet dd").await[1], own, "both see the same fingerprint");
    li.picks("compared", "yes").await;
    li.presses("确认并交给钥匙").await;
    li.sees("已交给钥匙").await;

    zhou.goes("/classes").await;
    zhou.sees("本班").await;
    assert_eq!(zhou.texts("main h1").await, ["七年级2班"]);
    assert!(zhou.count("td a[href$='/entry']").await > 30, "the whole class");
    zhou.picture("77-new-teacher").await;
    assert!(!zhou.shows("七年级1班").await, "and no other");
}
