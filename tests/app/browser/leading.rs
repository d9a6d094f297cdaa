//! Those who see no student: the school leader, the administrator, the privacy officer.

use super::house::House;
use super::window::Window;

/// Names, the class and a file, as a counsellor sees them.
struct Known {
    names: Vec<String>,
    class: String,
    file: String,
}

async fn what_a_counsellor_knows(house: &House) -> Known {
    let li = Window::of(house, "counsellor").await;
    li.presses("七年级1班").await;
    li.sees("本班").await;
    let names = li.texts("td a[href^='/files/']:not([href$='/entry'])").await;
    assert!(names.len() == 50 && names.contains(&"薛志强".to_owned()), "{names:?}");
    Known { names, class: li.path().await, file: li.attribute("td a[href^='/files/']", "href").await }
}

#[tokio::test]
#[ignore = "needs Chromium"]
async fn a_school_leader_sees_tables_and_charts_and_nothing_else_of_the_school() {
    let house = House::enter().await;
    let known = what_a_counsellor_knows(&house).await;
    let chen = Window::of(&house, "leader").await;
    assert_eq!(chen.path().await, "/statistics");
    chen.sees("七年级").await;
    assert!(chen.count("main table").await >= 1 && chen.count("main svg.chart").await >= 1, "tables and charts");
    chen.picture("60-statistics").await;
    assert_eq!(chen.texts(".nav a").await, ["统计", "联席会议", "督查", "报告情况", "强制报告", "我的账户"]);
    let elsewhere = ["/classes", "/search", "/helping", "/pairings", "/import", "/offices", "/staff", "/structure"];
    let below = ["", "/entry", "/edit/support", "/edit/circumstance", "/notes", "/views", "/pairing"];
    let audit = ["/audit", "/audit/counts", "/audit/verify", "/staff/new"].map(str::to_owned);
    let of_one = below.map(|page| format!("{}{page}", known.file));
    let of_a_class = [known.class.clone(), format!("{}/verify", known.class)];
    for path in elsewhere.map(str::to_owned).iter().chain(&audit).chain(&of_one).chain(&of_a_class) {
        assert_eq!(chen.status(path).await, 404, "{path}");
    }
    for page in ["/statistics", "/account"] {
        chen.goes(page).await;
        names_nobody(&chen, &known).await;
    }
}

#[tokio::test]
#[ignore = "needs Chromium"]
async fn a_school_leader_finds_what_a_term_report_needs_and_prints_it() {
    let house = House::enter().await;
    let chen = Window::of(&house, "leader").await;
    for heading in
        ["关爱对象的类别与帮扶", "预警级别", "预警进展", "本学期家访", "各类别、各年级", "各类别，按性别", "工作情况"]
    {
        chen.sees(heading).await;
    }
    let first = chen.texts("main section:first-of-type tbody tr:first-child > *").await;
    assert_eq!(first[0], "留守");
    assert!(first[1].starts_with("约 ") && first[1].contains("可能"), "{first:?}");
    assert_eq!(chen.count("main .hint").await, chen.count("main table").await, "a statement under every table");
    let printed = chen.prints("66-statistics").await;
    assert!(printed.starts_with(b"%PDF") && printed.len() > 20_000, "{} bytes", printed.len());
    assert_eq!(chen.status("/statistics.xlsx").await, 200);
    chen.clicks("a[href='/statistics/help']").await;
    chen.sees("约 37（可能 32–42）").await;
    chen.sees("我们承诺一个限度").await;
    chen.picture("67-statistics-help").await;
    chen.clicks("main a[href='/statistics']").await;
    chen.sees("关爱对象的类别与帮扶").await;
}

#[tokio::test]
#[ignore = "needs Chromium"]
async fn an_administrator_sees_no_student() {
    let house = House::enter().await;
    let known = what_a_counsellor_knows(&house).await;
    let liu = Window::of(&house, "admin").await;
    assert_eq!(liu.texts(".nav a").await, ["教职工", "班级与学期", "对外提醒", "报告情况", "强制报告", "我的账户"]);
    for page in ["/staff", "/structure", "/account"] {
        liu.goes(page).await;
        names_nobody(&liu, &known).await;
    }
    liu.goes("/structure").await;
    liu.picture("61-structure").await;
    for path in ["/classes", "/search", "/statistics", "/offices", "/audit", known.class.as_str(), known.file.as_str()]
    {
        assert_eq!(liu.status(path).await, 404, "{path}");
    }
}

async fn names_nobody(window: &Window, known: &Known) {
    let source = window.source().await;
    assert!(source.contains("柳溪镇初级中学"), "a page of the school");
    let named: Vec<_> = known.names.iter().filter(|name| source.contains(name.as_str())).collect();
    assert!(named.is_empty(), "{} names {named:?}", window.path().await);
}

#[tokio::test]
#[ignore = "needs Chromium"]
async fn a_privacy_officer_picks_lines_out_and_finds_the_chain_whole() {
    let house = House::enter().await;
    let zhao = Window::of(&house, "privacy").await;
    zhao.goes("/audit").await;
    zhao.sees("审计").await;
    zhao.picture("62-audit").await;
    zhao.selects("event", "写跟踪记录").await;
    zhao.selects("person", "孙丽").await;
    zhao.clicks("main form button.main").await;
    zhao.finds("select[name=event] option[selected]:not([value=''])").await;
    let (who, what) = (zhao.texts("tbody td:nth-child(2)").await, zhao.texts("tbody td:nth-child(4)").await);
    assert!(!who.is_empty() && who.iter().all(|name| name == "孙丽"), "{who:?}");
    assert!(what.iter().all(|act| act == "写跟踪记录"), "{what:?}");
    zhao.picture("63-audit-filtered").await;
    zhao.clicks("nav a[href='/audit/verify']").await;
    zhao.sees("审计链完整").await;
    zhao.picture("64-chain").await;
    zhao.clicks("nav a[href='/audit/counts']").await;
    zhao.finds("main table").await;
    zhao.picture("65-audit-counts").await;
}
