//! A student has left: two people destroy the file.

use super::house::House;
use super::window::Window;

/// The names in a class list.
const FILES: &str = "td a[href^='/files/']:not([href$='/entry'])";

#[tokio::test]
#[ignore = "needs Chromium"]
async fn the_director_asks_the_counsellor_signs_and_the_file_is_gone() {
    let house = House::enter().await;
    let sun = Window::of(&house, "director").await;
    let li = Window::of(&house, "counsellor").await;
    sun.goes("/classes").await;
    sun.clicks("main table tr:last-child a").await;
    sun.finds(FILES).await;
    let (class, names) = (sun.path().await, sun.texts(FILES).await);
    let (name, file) = (names.last().expect("somebody").clone(), last(&sun).await);
    sun.goes(&file).await;
    sun.presses("保存与销毁").await;
    sun.sees("签字之后无法恢复").await;
    let page = sun.path().await;
    sun.picks("ground", "left").await;
    sun.writes("why", "转学去了外地，保存期限已满。").await;
    sun.picture("100-erasure").await;
    sun.presses("提出申请").await;
    sun.sees("已提出申请，等另一位老师签字。").await;
    assert_eq!(sun.count("[name=name]").await, 0, "nobody signs the own request");

    li.goes(&page).await;
    li.sees("转学去了外地").await;
    li.writes("name", "别人").await;
    li.presses("签字并销毁，无法恢复").await;
    li.sees("和这名学生的姓名不一样").await;
    assert_eq!(li.value("name").await, "别人");
    li.picture("101-erasure-sign").await;
    li.writes("name", &name).await;
    li.presses("签字并销毁，无法恢复").await;
    li.sees("档案已销毁，无法恢复。").await;
    li.picture("102-erased").await;

    for window in [&sun, &li] {
        assert_eq!((window.status(&file).await, window.status(&page).await), (404, 404));
        window.goes(&class).await;
        window.finds(FILES).await;
        assert_eq!(window.texts(FILES).await, names[..names.len() - 1]);
        window.writes("q", &name).await;
        window.presses("查找").await;
        window.sees("没有找到").await;
        assert!(!window.source().await.contains(&file), "a search does not find the file");
    }
}

/// The address of the last file of a list.
async fn last(window: &Window) -> String {
    window.attribute("main table tr:last-child td a[href^='/files/']", "href").await
}
