//! Importing rosters, with and without JavaScript.

use super::house::{House, roster};
use super::window::{Seat, Window};
use crate::support::installation::{Installation, PASSWORD};
use crate::support::program::Server;

/// What is wrong with the bundled roster that is wrong on purpose: row as Excel counts, column.
const WRONG: [(&str, &str); 8] = [
    ("14", "姓名"),
    ("60", "出生日期"),
    ("96", "身份证件号"),
    ("143", "是否留守儿童"),
    ("174", "年级"),
    ("205", "残疾人类型"),
    ("233", "全国学籍号"),
    ("265", "全国学籍号"),
];

#[tokio::test]
#[ignore = "needs Chromium"]
async fn a_director_sees_what_is_wrong_with_a_roster_before_anything_happens_and_importing_again_changes_nothing() {
    let house = House::enter().await;
    let installation = tokio::task::spawn_blocking(Installation::found).await.expect("a school without students");
    let server = Server::serve(&installation.dir);
    let wang = Window::open_at(&house, server.address, Seat::Desk).await;
    wang.signs_in("director", PASSWORD).await;
    wang.goes("/import").await;
    wang.picture("50-import").await;
    wang.attaches("file", &roster("roster_liuxi_middle_messy")).await;
    wang.presses("检查名册").await;
    wang.sees("目前还没有导入任何内容").await;
    assert_eq!(wang.texts("main > .facts dd").await, ["1227", "0", "0", "8"]);
    wang.picture("51-dry-run").await;
    let (lines, columns, causes) = (
        wang.texts("main > section:first-of-type td:nth-child(1)").await,
        wang.texts("main > section:first-of-type td:nth-child(2)").await,
        wang.texts("main > section:first-of-type td:nth-child(3)").await,
    );
    let found: Vec<_> = lines.iter().zip(&columns).map(|(line, column)| (line.as_str(), column.as_str())).collect();
    assert_eq!(found, WRONG);
    assert_eq!(causes[2], "身份证件号校验位不对，请核对。");
    assert!(causes.iter().all(|cause| cause.ends_with('。')), "each says why: {causes:?}");

    wang.presses("确认导入").await;
    wang.sees("导入完成").await;
    assert_eq!(wang.texts("main > .facts dd").await, ["1227", "0", "0", "8"]);
    wang.picture("52-imported").await;

    wang.presses("换一个文件").await;
    wang.attaches("file", &roster("roster_liuxi_middle_messy")).await;
    wang.presses("检查名册").await;
    wang.sees("没有需要导入的内容").await;
    assert_eq!(wang.texts("main > .facts dd").await, ["0", "0", "1227", "8"]);
    assert_eq!(wang.count("main form[action^='/imports/']").await, 0, "there is nothing to confirm");
}

#[tokio::test]
#[ignore = "needs Chromium"]
async fn without_javascript_an_entry_is_logged_and_a_roster_imported() {
    let house = House::enter().await;
    let zhang = Window::at(&house, Seat::WithoutScript, "homeroom").await;
    assert!(!zhang.finds("[data-privacy]").await.is_displayed().await.unwrap(), "nothing is offered that needs it");
    zhang.writes("q", "崔一家").await;
    zhang.presses("查找").await;
    // The class list, on which the search was typed, has the name too.
    zhang.sees("找到 1 名学生").await;
    zhang.presses("崔一家").await;
    zhang.presses("写跟踪记录").await;
    zhang.picks("way", "activity").await;
    zhang.writes("happened", "参加了班级大扫除，主动擦窗户。").await;
    zhang.picks("effect", "better").await;
    zhang.presses("保存记录").await;
    zhang.sees("参加了班级大扫除，主动擦窗户。").await;
    drop(zhang);

    let wang = Window::at(&house, Seat::WithoutScript, "director").await;
    wang.goes("/import").await;
    wang.attaches("file", &roster("roster_shimen_tiny")).await;
    wang.presses("检查名册").await;
    wang.sees("将新建班级").await;
    wang.picture("53-without-javascript").await;
    wang.presses("确认导入").await;
    wang.sees("导入完成").await;
    assert_eq!(wang.texts("main > .facts dd").await[0], "26");
}
