//! The homeroom teacher lets the director see for some days how to reach a family, and ends it.

use super::house::House;
use super::window::{Seat, Window};

/// A student of 七年级1班 in the demonstration.
const STUDENT: &str = "熊远梓";

async fn file_of(window: &Window) -> String {
    window.goes("/search").await;
    window.writes("q", STUDENT).await;
    window.presses("查找").await;
    window.presses(STUDENT).await;
    window.sees("跟踪记录").await;
    window.path().await
}

#[tokio::test]
#[ignore = "needs Chromium"]
async fn the_homeroom_teacher_lets_the_director_reach_a_family_and_ends_it() {
    let house = House::enter().await;
    let sun = Window::of(&house, "director").await;
    let file = file_of(&sun).await;
    sun.sees("请他们在“让同事查看”里请您查看").await;
    assert_eq!(sun.count("#contact").await, 0);
    sun.picture("110-reading-closed").await;

    let zhang = Window::of(&house, "homeroom").await;
    zhang.goes(&file).await;
    zhang.presses("让同事查看").await;
    zhang.sees("请德育主任查看怎样联系家庭").await;
    zhang.clicks("[name=contact-person] option:last-child").await;
    zhang.writes("contact-reason", "家访之前要先打电话。").await;
    zhang.picture("111-reading-give").await;
    zhang.presses("让这位同事查看").await;
    zhang.sees("已经可以查看").await;
    zhang.picture("112-reading-given").await;
    let page = zhang.path().await;

    sun.goes("/notices").await;
    sun.presses("有一份记录请您阅览").await;
    sun.sees("家访之前要先打电话。").await;
    assert!(sun.count("#contact dd").await > 0 && sun.count("#contact a").await == 0);
    sun.picture("113-reading-reads").await;
    let phone = Window::at(&house, Seat::Telephone, "homeroom").await;
    phone.goes(&page).await;
    phone.sees("家访之前要先打电话。").await;
    let wide = phone.asks("return document.documentElement.scrollWidth").await;
    assert!(wide.as_u64() <= Some(360), "{wide}");
    phone.picture("114-reading-phone").await;

    zhang.clicks("#running button").await;
    zhang.sees("这位同事不能再打开").await;
    sun.goes(&file).await;
    sun.sees("请他们在“让同事查看”里请您查看").await;
    assert_eq!(sun.count("#contact").await, 0);
    assert_eq!((zhang.status(&page).await, sun.status(&page).await), (200, 404));
}
