use scraper::{Html, Selector};

use super::*;
use crate::domain::gate::{Counts, publish};
use crate::domain::words::Language;

/// Two grades in the school year 2026: 60 left behind in grade 7, 41 in grade 8 of which four are orphans.
fn shown(language: Language, files: u32) -> Html {
    let mut counts = Counts::new([(2020, 120), (2019, 1_100)]);
    counts.add(2020, 0b1, files);
    counts.add(2019, 0b1, files * 2 / 3);
    counts.add(2019, 0b101, files / 15);
    let statistics = Statistics { day: "2026-11-23".to_owned(), published: publish(&counts) };
    let page = StatisticsPage::new(Ui::anonymous(language, "/statistics"), &statistics, 2026);
    Html::parse_document(&page.render().unwrap())
}

fn texts(page: &Html, selector: &str) -> Vec<String> {
    let selector = Selector::parse(selector).unwrap();
    page.select(&selector).map(|element| element.text().collect::<String>().trim().to_owned()).collect()
}

#[test]
fn the_table_shows_large_counts_exactly_and_small_ones_not_at_all() {
    let page = shown(Language::ZhCn, 60);
    assert_eq!(texts(&page, "thead th"), ["类别", "七年级", "八年级", "全校"]);
    assert_eq!(texts(&page, "tbody tr:first-child > *"), ["留守", "60", "44", "104"]);
    assert_eq!(texts(&page, "tbody tr:nth-child(3) > *"), ["孤儿", "不公布", "不公布", "不公布"]);
    assert_eq!(texts(&page, "tr.sum > *"), ["档案总数", "60", "44", "104"]);
    assert_eq!(texts(&page, "tr.roll > *"), ["在册学生", "120", "1,100", "1,220"]);
    assert!(texts(&page, "main p").iter().any(|text| text.contains("2026年11月23日")));
    assert!(texts(&page, "main p").iter().any(|text| text.contains("少于 10 的数")));
}

#[test]
fn the_charts_show_what_the_table_shows_and_nothing_more() {
    let page = shown(Language::En, 60);
    let values: Vec<String> = texts(&page, "svg .value");
    assert_eq!(values.len(), 9 + 18);
    let mut shown: Vec<&str> = values.iter().map(String::as_str).filter(|value| *value != "–").collect();
    shown.sort_unstable();
    assert_eq!(shown, ["104", "104", "44", "44", "60", "60"]);
}

#[test]
fn a_school_with_hardly_any_file_reads_why_there_is_nothing() {
    let page = shown(Language::ZhCn, 3);
    assert!(texts(&page, "svg").is_empty());
    assert_eq!(texts(&page, ".empty p").len(), 2);
    assert_eq!(texts(&page, "tr.roll > *"), ["在册学生", "120", "1,100", "1,220"]);
}
