//! The counsellor: support, two people at the same text, notes that nobody else opens, and who has looked.

use super::house::House;
use super::window::Window;

#[tokio::test]
#[ignore = "needs Chromium"]
async fn two_people_who_edit_the_same_text_lose_nothing() {
    let house = House::enter().await;
    let li = Window::of(&house, "counsellor").await;
    let zhang = Window::of(&house, "homeroom").await;
    li.writes("q", "宋瑞海").await;
    li.presses("查找").await;
    li.presses("宋瑞海").await;
    li.sees("困境情况").await;
    let file = li.path().await;
    li.picture("10-counsellor-file").await;

    li.clicks("#support a.button").await;
    zhang.goes(&format!("{file}/edit/support")).await;
    zhang.writes("strengths", "喜欢打篮球。").await;
    li.writes("strengths", "爱读历史故事。").await;
    li.presses("保存").await;
    li.sees("已保存。").await;
    li.sees("爱读历史故事。").await;

    zhang.presses("保存").await;
    zhang.sees("您修改期间，同事保存了新的内容").await;
    assert_eq!(zhang.value("strengths").await, "喜欢打篮球。", "the own text is still in the field");
    let theirs = zhang.texts(".theirs .text").await;
    assert_eq!(theirs, ["爱读历史故事。"], "and the colleague's beside it");
    zhang.picture("11-stale").await;
    zhang.writes("strengths", "爱读历史故事，喜欢打篮球。").await;
    zhang.presses("保存").await;
    zhang.sees("爱读历史故事，喜欢打篮球。").await;
    li.goes(&file).await;
    li.sees("爱读历史故事，喜欢打篮球。").await;
}

#[tokio::test]
#[ignore = "needs Chromium"]
async fn a_counsellors_notes_do_not_exist_for_the_homeroom_teacher_who_sees_who_has_looked() {
    let house = House::enter().await;
    let li = Window::of(&house, "counsellor").await;
    let zhang = Window::of(&house, "homeroom").await;
    li.writes("q", "xym").await;
    li.presses("查找").await;
    li.goes("/search").await;
    li.writes("q", "侯凤明").await;
    li.presses("查找").await;
    li.presses("侯凤明").await;
    li.presses("辅导记录").await;
    li.finds("input[name=form]").await;
    let notes = li.path().await;
    li.picks("form", "face_to_face").await;
    li.writes("minutes", "40").await;
    li.writes("complaint", "“想和同桌和好。”").await;
    li.writes("process", "一起想了三种开口的方式。").await;
    li.picks("limits_told", "yes").await;
    li.picture("12-note").await;
    li.presses("保存辅导记录").await;
    li.sees("一起想了三种开口的方式。").await;
    li.picture("13-notes").await;

    assert_eq!((li.status(&notes).await, zhang.status(&notes).await), (200, 404));
    zhang.goes(&notes).await;
    zhang.sees("没有找到这个页面").await;
    zhang.picture("14-not-found").await;
    let file = notes.strip_suffix("/notes").expect("below the file");
    zhang.goes(file).await;
    zhang.sees("侯凤明").await;
    assert!(!zhang.shows("辅导记录").await && !zhang.source().await.contains("三种开口"), "not a word of it");
    zhang.presses("谁看过").await;
    zhang.sees("李婷").await;
    zhang.sees("打开档案").await;
    zhang.picture("15-views").await;
}
