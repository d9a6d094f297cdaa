use std::collections::BTreeMap;

use jiff::civil::date;
use scraper::{Html, Selector};

use super::*;
use crate::domain::gate::menu::{Cell, Tier, Visit};
use crate::domain::gate::release::Released;
use crate::domain::process::Process;
use crate::domain::warning::{LabelScheme, Severity, Stage};
use crate::domain::words::{GroupTag, Language};
use crate::service::SchoolBeside;

/// A report of a school of 600 in two grades.
fn report(nth: usize, tier: Tier, left_behind: i64) -> Released {
    let menu = Menu::of(LATEST, Profile::Standard).unwrap();
    let roll = vec![(2020, 300), (2019, 300)];
    let mut cells: BTreeMap<Cell, i64> = menu.cells(tier, &[2020, 2019]).into_iter().map(|cell| (cell, 3)).collect();
    for (cell, number) in [
        (Cell::Group(GroupTag::LeftBehind), left_behind),
        (Cell::Unaided(GroupTag::LeftBehind), 15),
        (Cell::Risk(Severity::High), 12),
        (Cell::Step(Stage::Acting), -2),
        (Cell::Visit(Visit::Done), 44),
    ] {
        cells.insert(cell, number);
    }
    let day = crate::domain::gate::calendar::day_of(date(2026, 11, 23), nth);
    let (version, profile) = (LATEST, Profile::Standard);
    let process = Process::of(|_| 81, 190, 200);
    Released {
        epoch: 1,
        report: nth,
        day,
        version,
        profile,
        menu_hash: String::new(),
        tier,
        county: false,
        roll,
        process,
        cells,
    }
}

fn statistics(reports: Vec<Released>) -> Numbers {
    let name = "柳溪镇初级中学".to_owned();
    Numbers { name, reports, beside: None, next: date(2027, 1, 1), county: false }
}

fn shown(language: Language, reports: Vec<Released>) -> Html {
    let ui = Ui::anonymous(language, "/statistics");
    let page = StatisticsPage::new(ui, &statistics(reports), LabelScheme::Three);
    Html::parse_document(&page.render().unwrap())
}

fn texts(page: &Html, selector: &str) -> Vec<String> {
    let selector = Selector::parse(selector).unwrap();
    page.select(&selector).map(|element| element.text().collect::<String>().trim().to_owned()).collect()
}

#[test]
fn a_table_shows_numbers_with_their_bands_and_small_ones_not_at_all() {
    let page = shown(Language::ZhCn, vec![report(1, Tier::All, 37)]);
    assert_eq!(
        texts(&page, "section:first-of-type thead th"),
        ["类别", "全校", "没有帮扶教师", "有帮扶教师（由前两数推算）"]
    );
    let first = texts(&page, "section:first-of-type tbody tr:first-child > *");
    assert_eq!(first, ["留守", "约 37（可能 32–42）", "约 15（可能 10–21）", "约 22（可能 14–30）"]);
    assert_eq!(texts(&page, "section:first-of-type tbody tr:nth-child(3) > *")[1..], ["少于10", "少于10", "少于10"]);
    let said = texts(&page, "section .hint");
    assert_eq!(said.len(), texts(&page, "table").len(), "a statement under every table");
    assert!(said[0].contains("这些是估计数") && said[0].contains("2026年11月23日"), "{}", said[0]);
    assert!(!page.html().contains("-2"), "a stored number under zero is shown nowhere");
}

#[test]
fn charts_say_what_their_tables_say() {
    let page = shown(Language::En, vec![report(1, Tier::All, 37)]);
    let values = texts(&page, "svg .value");
    let cells = texts(&page, "td");
    assert!(values.iter().filter(|value| value.contains("likely")).all(|value| cells.contains(value)));
    assert!(values.contains(&"about 37 (likely 32–42)".to_owned()), "{values:?}");
    assert_eq!(texts(&page, "svg").len(), 7);
    assert_eq!(texts(&page, "svg > title").len(), 7);
}

#[test]
fn a_small_school_has_no_breakdown_and_one_report_no_trend() {
    let small = shown(Language::ZhCn, vec![report(1, Tier::Totals, 37)]);
    assert_eq!(
        texts(&small, "h2"),
        ["关爱对象的类别与帮扶", "预警级别", "预警进展", "本学期家访", "在册学生", "工作情况"]
    );
    let page = shown(Language::ZhCn, vec![report(1, Tier::All, 37), report(2, Tier::All, 41)]);
    let trend = texts(&page, "section:nth-of-type(8) tbody tr > :nth-child(2)");
    assert_eq!(trend, ["约 41（可能 35–47）", "约 37（可能 32–42）"], "the newest first, each with its own band");
    assert!(texts(&page, "svg desc").iter().any(|desc| desc.contains("大约 6 以内的变化只是误差")));
    assert!(texts(&page, "main p").iter().all(|text| !text.contains("没有生成")));
}

#[test]
fn without_a_report_the_page_says_when_there_will_be_one() {
    let page = shown(Language::ZhCn, Vec::new());
    assert!(texts(&page, "table").is_empty() && texts(&page, "svg").is_empty());
    assert!(texts(&page, ".empty p")[1].contains("2027年1月1日"));
    let missed = shown(Language::ZhCn, vec![report(1, Tier::All, 37)]);
    assert!(texts(&missed, "main p").iter().any(|text| text.contains("最近一期报告没有生成")));
}

#[test]
fn the_help_page_says_the_figures_that_were_computed() {
    let menu = Menu::of(LATEST, Profile::Standard).unwrap();
    let page = |language, county| {
        let (limits, with_county) = (Limits::of(&menu, false), Limits::of(&menu, true));
        let (reports, all_from, totals_from, least) = (REPORTS, ALL_FROM, TOTALS_FROM, LEAST);
        let ui = Ui::anonymous(language, "/statistics/help");
        HelpPage { reports, county, limits, with_county, all_from, totals_from, least, ui }.render().unwrap()
    };
    let plain = |text: &str| texts(&Html::parse_document(text), "main").concat().replace(['\u{2068}', '\u{2069}'], "");
    let english = plain(&page(Language::En, true));
    for part in [
        "at most 21 times in 100 (26 if",
        "figure is 38 (49 if",
        "51 (65)",
        "one fact to 23",
        "to 59",
        "up to 24",
        "32–42",
    ] {
        assert!(english.contains(part), "{part}: {english}");
    }
    for word in ["anonymous", "impossible", "zero risk"] {
        assert!(!english.contains(word));
    }
    let chinese = plain(&page(Language::ZhCn, false));
    for part in ["最多看出 21 次", "26 次", "这个数是 38", "49", "51（65）", "约 37（可能 32–42）"] {
        assert!(chinese.contains(part), "{part}: {chinese}");
    }
    assert!(!chinese.contains("59"));
}

#[test]
fn the_workbook_of_a_report_is_the_same_file_each_time() {
    let (ui, reports) = (Ui::anonymous(Language::ZhCn, "/statistics"), vec![report(1, Tier::All, 37)]);
    let sheets = sheets(&ui, &reports, LabelScheme::Three);
    let made = || workbook::file(&ui, "柳溪镇初级中学", Some(reports[0].day), &sheets).unwrap();
    assert_eq!(made(), made());
    assert!(made().starts_with(b"PK"));
    let other = [report(1, Tier::All, 38)];
    let other = super::sheets::sheets(&ui, &other, LabelScheme::Three);
    assert_ne!(workbook::file(&ui, "柳溪镇初级中学", Some(reports[0].day), &other).unwrap(), made());
    workbook::file(&ui, "柳溪镇初级中学", None, &[]).unwrap();
}

#[test]
fn the_district_sees_large_schools_beside_each_other_and_how_many_are_in_the_sum_only() {
    let large = SchoolBeside {
        id: crate::domain::ids::SchoolId(uuid::Uuid::nil()),
        name: "城关镇中心小学".to_owned(),
        report: report(1, Tier::All, 37),
    };
    let county = Released { county: true, ..report(1, Tier::All, 90) };
    let beside = Some(Beside { schools: vec![large], others: 2 });
    let numbers = Numbers { beside, county: true, ..statistics(vec![county]) };
    let ui = Ui::anonymous(Language::ZhCn, "/statistics");
    let page = StatisticsPage::new(ui, &numbers, LabelScheme::Three).render().unwrap();
    let page = Html::parse_document(&page);
    assert_eq!(texts(&page, "h2")[..2], ["各校并列", "关爱对象的类别与帮扶"]);
    let heads = texts(&page, "section:first-of-type thead th");
    assert_eq!(heads[..3], ["学校", "在册学生（准确数）", "留守"], "what is exact among estimates says so");
    let first = texts(&page, "section:first-of-type tbody tr");
    let words = |row: &str| row.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words(&first[0]).starts_with("城关镇中心小学600约 37"), "{}", words(&first[0]));
    assert!(words(&first[1]).starts_with("其他学校 2 所（不足 100 人，只计入合计）–"), "{}", words(&first[1]));
    assert_eq!(first.len(), 2);
    assert!(texts(&page, "th").contains(&"全县".to_owned()));
}
