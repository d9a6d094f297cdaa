//! The attack on the real program: from what a leader, a deputy and a district officer fetch over eight reports.

use axum::http::StatusCode;
use yice::domain::gate::figure::Figure;
use yice::domain::gate::menu::{Cell, Profile, Table};
use yice::domain::gate::release::{Released, scale};
use yice::domain::process::ProcessFigure;
use yice::domain::words::{GroupTag, Language};

use super::bounds::{self, Beside, Finding};
use super::harvest::{Answer, Harvest, assert_nothing_is_nothing, differences, part};
use super::planted::Report;
use super::reading::{self, Numbers, Read, charts_that_say_something_else};
use super::school::{DAYS, LEADERS, RealSchool};
use super::world::{World, a_child, another_child};
use crate::support::both_backends;
use crate::support::cluster::Engine;

both_backends!(what_leaders_and_the_district_fetch_leaves_every_count_every_difference_and_every_joiner_open);

/// What was read, report by report.
#[derive(Default)]
struct Series {
    /// The school, as its leader reads it.
    own: Vec<Numbers>,
    /// The pages that it was read from.
    pages: Vec<Answer>,
    /// All together, as the district reads it.
    county: Vec<Numbers>,
    /// The neighbour, as the district reads it.
    neighbour: Vec<Report>,
}

async fn what_leaders_and_the_district_fetch_leaves_every_count_every_difference_and_every_joiner_open(engine: Engine) {
    let mut school = RealSchool::of(engine, World::fetched(), World::neighbour(a_child)).await;
    let mut twin = RealSchool::of(engine, World::twin(), World::neighbour(another_child)).await;
    assert_nothing_in_common(&school, &twin);
    let (mut series, mut last) = (Series::default(), Vec::new());
    let reports = if engine == Engine::Sqlite { DAYS.len() } else { 3 };
    for report in 1..=reports {
        school.publish(report).await;
        twin.publish(report).await;
        let stored = school.stored(report).await;
        twin.stored(report).await;
        last.clear();
        for (login, role) in LEADERS {
            // What is refused is asked for once, when all has happened that happens.
            let refused = report == reports && login != "wu";
            let (fetched, other) =
                (school.harvest(login, role, refused).await, twin.harvest(login, role, refused).await);
            let differ = differences(&fetched, &other);
            assert!(differ.is_empty(), "{login} finds out in report {report} which school it is: {differ:#?}");
            assert_opened(&fetched, login);
            for (asked, book) in fetched.iter().filter(|(_, answer)| answer.bytes.starts_with(b"PK")) {
                let core = part(book, "docProps/core.xml");
                assert_eq!(core.matches(&format!(">{}T00:00:00Z<", DAYS[report - 1])).count(), 2, "{asked}: {core}");
            }
            if refused {
                assert_filters_change_nothing(&fetched);
                assert_nothing_is_nothing(&fetched);
            }
            last.push((fetched, other));
        }
        for (login, _) in LEADERS {
            let numbers = school.numbers(login).await;
            let county = login == "zheng";
            let read = read(&numbers, report, county, &stored);
            let english = reading::page(&school.in_english(login).await.source);
            let english = reading::numbers(&english, Language::En, report, county);
            assert_eq!(english.figures, read.figures, "both languages say the same");
            match login {
                "zheng" => {
                    assert_eq!(read.roll.iter().map(|(_, count)| count).sum::<u32>(), school.roll(report) + 120);
                    series.neighbour.push(of_neighbour(&read, &stored, &school, report));
                    series.county.push(read);
                }
                "zhou" => {
                    assert_exact(&read, &school, report);
                    series.own.push(read);
                    series.pages.push(numbers[0].clone());
                }
                _ => assert_eq!(read.figures, series.own[report - 1].figures, "a deputy sees what the leader sees"),
            }
        }
        assert_as_it_was(&series, report);
    }
    assert_open(&school, &series);
    shows_that_the_chain_can_break(&school, &series, &last[0]);
}

/// The two schools have nothing in common that the pages should not say.
fn assert_nothing_in_common(school: &RealSchool, twin: &RealSchool) {
    for cell in super::planted::menu().cells(yice::domain::gate::menu::Tier::All, &super::world::COHORTS) {
        if matches!(cell.table(), Table::Group | Table::Risk | Table::Visit) {
            assert_ne!(school.world.count(1, cell), twin.world.count(1, cell), "{}", cell.name());
        }
    }
}

/// What the person is there for was fetched, and nothing about a child.
fn assert_opened(fetched: &Harvest, login: &str) {
    let opened = fetched.iter().filter(|(asked, answer)| asked.ends_with(" Own") && answer.status == StatusCode::OK);
    let opened: Vec<&str> = opened.filter_map(|(asked, _)| asked.strip_prefix("get ")?.strip_suffix(" Own")).collect();
    let both = [
        "/account",
        "/meetings",
        "/meetings/{meeting}",
        "/meetings/{meeting}/print",
        "/notices",
        "/statistics",
        "/statistics.xlsx",
        "/statistics/help",
        "/supervisions",
        "/supervisions/{supervision}",
    ];
    let district = ["/compliance", "/compliance/xlsx", "/offices", "/progress", "/progress/xlsx"];
    let district = if login == "zheng" { &district[..] } else { &[] };
    let missing: Vec<&&str> = both.iter().chain(district).filter(|path| !opened.contains(path)).collect();
    assert!(missing.is_empty(), "{login} does not get {missing:?}, but {opened:?}");
    let of_a_child =
        ["/files", "/classes", "/warnings", "/pairings", "/search", "/briefs", "/referrals", "/box", "/audit"];
    assert!(!opened.iter().any(|path| of_a_child.iter().any(|start| path.starts_with(start))), "{opened:?}");
}

/// Whatever is asked for, the numbers are those of the report.
fn assert_filters_change_nothing(fetched: &Harvest) {
    for path in ["/statistics", "/statistics.xlsx", "/statistics/help"] {
        let plain = &fetched[&format!("get {path} Own")];
        let asked = fetched.iter().filter(|(asked, _)| asked.starts_with(&format!("get {path}?")));
        let mut many = 0;
        for (asked, answer) in asked {
            let lines = |answer: &Answer| {
                let lines = answer.source.lines().filter(|line| !line.contains("name=\"back\""));
                lines.map(str::to_owned).collect::<Vec<_>>()
            };
            assert_eq!((answer.status, lines(answer)), (plain.status, lines(plain)), "{asked}");
            assert!(!plain.source.is_empty() || answer.bytes == plain.bytes, "{asked}");
            many += 1;
        }
        assert!(many >= 10, "{many}");
    }
}

/// Reads a page and its workbook: both and every chart say the same, and each number is what was stored, as it is shown.
fn read([page, book]: &[Answer; 2], report: usize, county: bool, stored: &[Released; 3]) -> Numbers {
    let sheets = reading::page(&page.source);
    assert_eq!(reading::workbook(&book.bytes), sheets, "page and workbook");
    assert_eq!(charts_that_say_something_else(&page.source), 0, "charts are drawn of nothing but the tables");
    assert_eq!(page.source.matches("<svg").count(), if report > 1 { 9 } else { 7 });
    for sheet in &sheets {
        let exact = ["在册学生", "工作情况"].contains(&sheet.title.as_str());
        assert_eq!(sheet.said.starts_with("这些数是准确的"), exact, "{}", sheet.title);
        assert_eq!(sheet.said.starts_with("这些是估计数"), !exact, "{}", sheet.title);
    }
    let numbers = reading::numbers(&sheets, Language::ZhCn, report, county);
    assert_eq!(numbers.plain(), [], "a number without noise");
    let released = &stored[if county { 2 } else { 0 }];
    assert_eq!(numbers.figures.len(), released.cells.len(), "a cell that is not of the menu");
    let roll = released.roll_in_all();
    for (cell, read) in &numbers.figures {
        let of =
            |number: i64| Read::Estimate(Figure::of(number, scale(Profile::Standard, *cell, county), report, roll));
        assert_eq!(*read, of(released.cells[cell]), "{}", cell.name());
        if let Read::Estimate(Figure::About { about, .. }) = read {
            assert_eq!(*read, of((*about).into()), "a band says no more than its number");
        }
    }
    for (tag, read) in &numbers.helped {
        let cells = [Cell::Group(*tag), Cell::Unaided(*tag)];
        let [all, alone] = cells.map(|cell| released.cells[&cell]);
        let scales = cells.map(|cell| scale(Profile::Standard, cell, county));
        assert_eq!(*read, Read::Estimate(Figure::derived(all - alone, &scales, report, roll)), "{tag}");
    }
    assert_eq!(numbers.roll, released.roll);
    numbers
}

/// What the district reads of the two schools: of the own one what its leader reads.
fn of_neighbour(read: &Numbers, stored: &[Released; 3], school: &RealSchool, report: usize) -> Report {
    let names: Vec<(&str, u32)> = read.schools.iter().map(|one| (one.name.as_str(), one.roll)).collect();
    assert_eq!(names, [("河湾镇中心小学", 120), ("石门村教学点", school.roll(report))]);
    for (reading::Beside { roll, groups, .. }, released) in read.schools.iter().zip([&stored[1], &stored[0]]) {
        for (tag, read) in groups {
            let cell = Cell::Group(*tag);
            let figure = Figure::of(released.cells[&cell], scale(Profile::Standard, cell, false), report, *roll);
            assert_eq!(*read, Read::Estimate(figure), "{tag}");
        }
    }
    let cell = |(tag, read): &(GroupTag, Read)| {
        let cell = Cell::Group(*tag);
        (cell, reading::published(cell, *read, report, false))
    };
    read.schools[0].groups.iter().map(cell).collect()
}

/// The exact numbers are those of the list, and they are right.
fn assert_exact(read: &Numbers, school: &RealSchool, report: usize) {
    let visits = u32::try_from(school.visits_of(report)).unwrap();
    let meetings = 0;
    let expected = [
        (ProcessFigure::VisitsMade, Some(visits)),
        (ProcessFigure::StaffTrained, Some(0)),
        (ProcessFigure::MeetingsHeld, Some(meetings)),
        (ProcessFigure::DeadlinesMet, None),
    ];
    assert_eq!(read.process, expected);
    assert_eq!(read.roll.iter().map(|(_, count)| count).sum::<u32>(), school.roll(report));
}

/// What is shown again of earlier reports is what was shown then.
fn assert_as_it_was(series: &Series, report: usize) {
    for numbers in [&series.own, &series.county] {
        let shown = &numbers[report - 1].trends;
        assert_eq!(shown.len(), if report > 1 { report * 12 } else { 0 });
        for (of, cell, read) in shown {
            assert!(numbers[*of - 1].figures.contains(&(*cell, *read)), "{} in report {of}", cell.name());
        }
    }
}

/// The findings that tell something; all of them are true.
fn telling(world: &World, reports: &[Report], beside: Option<Beside>) -> Vec<Finding> {
    let bounds = bounds::all(world, reports, beside);
    assert!(bounds.len() >= 2 * reports[0].len(), "every cell is bounded: {}", bounds.len());
    for bound in &bounds {
        assert!(bound.holds(world), "an attack that is wrong proves nothing: {bound:?}");
    }
    bounds.into_iter().filter(Finding::tells).collect()
}

fn reports(numbers: &[Numbers]) -> Vec<Report> {
    numbers.iter().map(|one| one.report.clone()).collect()
}

/// Leader, deputy and officer put together what they have: nothing is told of the school, of the neighbour, of all together.
fn assert_open(school: &RealSchool, series: &Series) {
    let (own, county) = (reports(&series.own), reports(&series.county));
    let beside = Beside { all: &county, others: &series.neighbour };
    let both = school.world.and(&school.neighbour);
    for (world, reports, beside) in
        [(&school.world, &own, Some(beside)), (&school.neighbour, &series.neighbour, None), (&both, &county, None)]
    {
        let found = telling(world, reports, beside);
        assert!(found.is_empty(), "{found:?}");
    }
}

/// The same chain from bytes to bounds finds what is planted in the bytes: a total without noise, a longer bar, a number on
/// another page.
fn shows_that_the_chain_can_break(school: &RealSchool, series: &Series, last: &(Harvest, Harvest)) {
    let cell = Cell::Group(GroupTag::LeftBehind);
    let planted = |(nth, page): (usize, &Answer)| {
        const BEFORE: &str = "<th scope=\"row\">留守</th><td class=\"number\">";
        let (before, rest) = page.source.split_once(BEFORE).unwrap();
        let rest = &rest[rest.find("</td>").unwrap()..];
        format!("{before}{BEFORE}{}{rest}", school.world.count(nth + 1, cell))
    };
    let pages: Vec<String> = series.pages.iter().enumerate().map(planted).collect();
    let read = |(nth, page): (usize, &String)| {
        let numbers = reading::numbers(&reading::page(page), Language::ZhCn, nth + 1, false);
        assert_eq!(numbers.plain(), [cell]);
        assert_eq!(charts_that_say_something_else(page), 1, "the chart still says what the table does not");
        numbers
    };
    let read: Vec<Numbers> = pages.iter().enumerate().map(read).collect();
    let found = telling(&school.world, &reports(&read), None);
    assert!(found.iter().any(Finding::is_joiner) && found.iter().any(Finding::is_difference), "{found:?}");

    let page = &series.pages[0].source;
    let bar = page.find("<rect class=\"bar\"").unwrap();
    let width = bar + page[bar..].find("width=\"").unwrap() + "width=\"".len();
    let longer = format!("{}1{}", &page[..width], &page[width..]);
    assert_eq!(charts_that_say_something_else(&longer), 1);

    let (fetched, other) = last;
    for (asked, from, to) in [
        ("get /notices Own", "</main>", "<!-- 183 --></main>"),
        ("get /statistics Own", "<td class=\"number\">少于10</td>", "<td class=\"number\">7</td>"),
        ("get /statistics Own", "<section>", "<section data-of=\"183\">"),
    ] {
        let mut planted = fetched.clone();
        let answer = planted.get_mut(asked).unwrap();
        answer.source = answer.source.replacen(from, to, 1);
        answer.bytes = answer.source.clone().into_bytes();
        assert_eq!(differences(&planted, other).len(), 1, "{asked}");
    }
    let mut planted = fetched.clone();
    planted.get_mut("get /files/{student} Own").unwrap().headers.insert("etag".to_owned(), "183".to_owned());
    assert_eq!(differences(&planted, other).len(), 1);
}
