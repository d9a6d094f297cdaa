//! A day at the district, and what comes of it at the school.

use super::house::House;
use super::window::Window;

#[tokio::test]
#[ignore = "needs Chromium"]
async fn an_officer_finds_who_is_behind_with_visits_opens_a_supervision_and_the_school_answers() {
    let house = House::enter().await;
    let zhou = Window::of(&house, "officer").await;
    assert_eq!(zhou.path().await, "/progress");
    zhou.sees("柳溪镇初级中学").await;
    let cells = zhou.texts("main tbody td").await;
    let (roll, visits, asked): (i64, i64, i64) =
        (cells[0].parse().unwrap(), cells[1].parse().unwrap(), cells[2].parse().unwrap());
    assert_eq!(asked, (roll + 1) / 2, "half of one visit for each student on the roll");
    assert_eq!(cells[3], (asked - visits).to_string(), "the school is behind by the rest");
    zhou.picture("70-progress").await;
    assert!(zhou.prints("70-progress").await.len() > 1_000);

    zhou.goes("/meetings").await;
    zhou.clicks("main tbody th a").await;
    zhou.sees("放假前走访所有还没有走访过的家庭").await;
    zhou.picture("75-meeting").await;

    zhou.goes("/supervisions").await;
    zhou.sees("家访开展").await;
    zhou.picks("topics", "visits").await;
    // A keyboard of each language writes a day in its own way.
    zhou.asks("document.querySelector('[name=due]').value = '2099-12-31'").await;
    zhou.writes("note", "请说明家访安排。\n李明、张小燕、陈伟").await;
    zhou.clicks("main form button.main").await;
    zhou.sees("第 2 行：像一份名单").await;
    assert!(zhou.value("note").await.contains("请说明家访安排"), "what was typed is still there");
    zhou.writes("note", "请说明家访安排。").await;
    zhou.clicks("main form button.main").await;
    zhou.sees("督查已发起").await;
    zhou.picture("71-supervision").await;
    let supervision = zhou.path().await;
    let supervision = supervision.split('?').next().unwrap().to_owned();

    let wang = Window::of(&house, "director").await;
    wang.goes("/notices").await;
    wang.clicks(&format!("main a[href='{supervision}']")).await;
    wang.sees("请说明家访安排。").await;
    wang.writes("text", "本月已排好每班的家访表。").await;
    wang.presses("已完成").await;
    wang.sees("答复已送出").await;
    wang.picture("72-answer").await;

    zhou.goes(&supervision).await;
    zhou.sees("本月已排好每班的家访表。").await;
    zhou.clicks("main details summary").await;
    zhou.presses("认可答复").await;
    zhou.sees("已认可这项答复").await;
    assert!(zhou.prints("73-supervision").await.len() > 1_000);
    // Nothing leads from here to a child.
    for path in ["/classes", "/search", "/warnings", "/pairings", "/box", "/staff", "/audit"] {
        assert_eq!(zhou.status(path).await, 404, "{path}");
    }
    zhou.presses("English").await;
    zhou.sees("Supervision").await;
    zhou.goes("/compliance").await;
    zhou.sees("Compliance audit of minors’ personal information").await;
    zhou.picture("74-compliance-en").await;
    zhou.presses("中文").await;
}
