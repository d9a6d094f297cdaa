//! Everything that somebody of the leadership can fetch, and what of it is not as in another school.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Cursor, Read as _};

use axum::http::StatusCode;
use uuid::Uuid;
use yice::domain::words::Role;
use yice::web::{ROUTES, Route, Who};

use super::reading;
use super::school::RealSchool;
use crate::people::Page;

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers, but for cookies.
    pub headers: BTreeMap<String, String>,
    /// Its text; empty for a file.
    pub source: String,
    /// What came.
    pub bytes: Vec<u8>,
}

impl Answer {
    fn of(page: Page) -> Self {
        let Page { status, headers, source, bytes } = page;
        let named = headers.iter().filter(|(name, _)| *name != "set-cookie");
        let headers = named.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
        Self { status, headers, source, bytes: bytes.to_vec() }
    }
}

/// Answers by what was asked for.
pub type Harvest = BTreeMap<String, Answer>;

/// Pages that show something of all children, and files of them.
const LISTS: [&str; 9] = [
    "/statistics",
    "/statistics.xlsx",
    "/statistics/help",
    "/progress",
    "/progress/xlsx",
    "/compliance",
    "/compliance/xlsx",
    "/meetings",
    "/supervisions",
];

/// What no page asks for, and what a page with another half year or year asks for.
const FILTERS: [&str; 10] = [
    "class=1",
    "cohort=2020&sex=female",
    "report=2",
    "epoch=9",
    "school=a",
    "student=a",
    "tag=orphan&level=critical",
    "half=2025-2",
    "half=2026-2",
    "year=2026",
];

/// What is at no address.
const NOWHERE: [&str; 9] = [
    "/nowhere",
    "/statistics/1",
    "/statistics/2",
    "/statistics/risk",
    "/statistics/orphan.svg",
    "/statistics.csv",
    "/statistics.xlsx/1",
    "/files/a",
    "/progress/2026-1",
];

/// Whose things are asked for.
#[derive(Debug, Clone, Copy)]
enum Whose {
    Own,
    Neighbours,
    Nobodys,
}

impl RealSchool {
    /// The address of a route. There is something real behind each own one where the school has it.
    fn address(&self, route: &Route, whose: Whose) -> String {
        let thing = |name: &str| match (whose, name) {
            (_, "{compartment}") => "support".to_owned(),
            (_, "{topic}") => "visits".to_owned(),
            (_, "{channel}") => "mail".to_owned(),
            (_, "{step}") => "interview".to_owned(),
            (_, "{move}") => "talk".to_owned(),
            (Whose::Nobodys, _) => Uuid::from_u128(7).to_string(),
            (_, "{meeting}") => self.county.meeting.to_string(),
            (_, "{decision}") => self.county.decision.to_string(),
            (_, "{supervision}") => self.county.supervision.to_string(),
            (_, "{incident}") => self.county.incident.to_string(),
            (Whose::Neighbours, _) => self.county.neighbour.id.to_string(),
            (Whose::Own, "{class}") => self.at.class.to_string(),
            (Whose::Own, "{school}") => self.at.school.id.to_string(),
            (Whose::Own, _) => self.leaver.to_string(),
        };
        let parts = route.path.split('/').map(|part| if part.starts_with('{') { thing(part) } else { part.to_owned() });
        parts.collect::<Vec<_>>().join("/")
    }

    /// Every page that somebody can fetch. With `refused` also what no page leads to: pages with ids of another school and of
    /// nobody, every form of another role, what no page asks for, and what is nowhere.
    pub async fn harvest(&self, login: &str, role: Role, refused: bool) -> Harvest {
        let person = self.at.sign_in_as(login).await;
        let mut all = Harvest::new();
        // Once looked at, no bell rings while the others are fetched.
        person.get("/notices").await;
        for route in ROUTES.iter().copied().flatten() {
            let Route { method, path, who } = *route;
            // One goes on for ever, one ends the session, one shows a new key each time.
            if ["/notices/stream", "/locked", "/account/two-steps"].contains(&path) {
                continue;
            }
            let named = match who {
                Who::Roles(roles) => roles.contains(&role),
                Who::Anyone | Who::SignedIn => true,
            };
            // Offices are for whoever holds the key of one, in whatever role.
            let offices = path.starts_with("/offices");
            let asked = match method {
                "get" => refused || named || !path.contains('{'),
                _ => refused && !named && !offices,
            };
            if !asked {
                continue;
            }
            let every_id = refused && path.contains('{');
            let whose = if every_id { &[Whose::Own, Whose::Neighbours, Whose::Nobodys][..] } else { &[Whose::Own] };
            for whose in whose {
                let address = self.address(route, *whose);
                let page = match method {
                    "get" => person.get(&address).await,
                    _ => person.post(&address, &[]).await,
                };
                all.insert(format!("{method} {path} {whose:?}"), Answer::of(page));
            }
        }
        if !refused {
            return all;
        }
        for path in LISTS {
            for filter in FILTERS {
                let asked = format!("{path}?{filter}");
                all.insert(format!("get {asked}"), Answer::of(person.get(&asked).await));
            }
        }
        for path in NOWHERE {
            all.insert(format!("get {path}"), Answer::of(person.get(path).await));
        }
        all.insert("get /search?q".to_owned(), Answer::of(person.get("/search?q=%E8%B4%BA").await));
        all.insert("post /search".to_owned(), Answer::of(person.post("/search", &[("q", "贺")]).await));
        all
    }

    /// Only the numbers.
    pub async fn numbers(&self, login: &str) -> [Answer; 2] {
        let person = self.at.sign_in_as(login).await;
        [Answer::of(person.get("/statistics").await), Answer::of(person.get("/statistics.xlsx").await)]
    }

    /// The page of numbers in the other language.
    pub async fn in_english(&self, login: &str) -> Answer {
        let person = self.at.sign_in_as(login).await;
        person.post("/language", &[("to", "en"), ("back", "/")]).await;
        let page = Answer::of(person.get("/statistics").await);
        person.post("/language", &[("to", "zh-CN"), ("back", "/")]).await;
        page
    }
}

/// What of two harvests is not the same, when estimates are left out: everything else says nothing about a child.
pub fn differences(one: &Harvest, other: &Harvest) -> Vec<String> {
    assert!(one.keys().eq(other.keys()));
    let differs = |(asked, answer): (&String, &Answer)| {
        let other = &other[asked];
        if (answer.status, &answer.headers, &answer.bytes) == (other.status, &other.headers, &other.bytes) {
            return None;
        }
        let (one, other) = (told(answer), told(other));
        if one == other { None } else { Some(format!("{asked}: {}", first_difference(&one, &other))) }
    };
    one.iter().filter_map(differs).collect()
}

fn first_difference(one: &[String], other: &[String]) -> String {
    let pair = one.iter().zip(other).find(|(one, other)| one != other);
    pair.map_or_else(|| format!("{} and {} lines", one.len(), other.len()), |(one, other)| format!("{one} / {other}"))
}

/// What an answer says line by line, with ids numbered as they come and estimates left out.
fn told(answer: &Answer) -> Vec<String> {
    // The page of the numbers, and a meeting that shows those of its schools under the same words.
    let is_page = answer.source.contains("/statistics.xlsx") || answer.source.contains("这些是估计数");
    let is_book = answer.headers.get("content-disposition").is_some_and(|name| name.contains("yice-statistics"));
    let headers = answer.headers.iter().filter(|(name, _)| *name != "content-length" || !(is_page || is_book));
    let mut lines = vec![answer.status.to_string()];
    lines.extend(headers.map(|(name, value)| format!("{name}: {value}")));
    if answer.bytes.starts_with(b"PK") {
        lines.extend(parts(answer, is_book));
    } else if is_page {
        lines.extend(reading::without_estimates(&answer.source).lines().map(str::to_owned));
    } else {
        lines.extend(answer.source.lines().map(str::to_owned));
    }
    let mut ids = Vec::new();
    lines.iter().map(|line| without_ids(line, &mut ids)).collect()
}

/// A part of a workbook.
pub fn part(answer: &Answer, name: &str) -> String {
    let mut book = zip::ZipArchive::new(Cursor::new(&answer.bytes)).unwrap();
    let mut text = String::new();
    book.by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}

/// The parts of a workbook. In that of the numbers texts are left out and looked at apart.
fn parts(answer: &Answer, numbers: bool) -> Vec<String> {
    let mut book = zip::ZipArchive::new(Cursor::new(&answer.bytes)).unwrap();
    let mut lines = Vec::new();
    for at in 0..book.len() {
        let mut file = book.by_index(at).unwrap();
        let (name, mut text) = (file.name().unwrap().into_owned(), String::new());
        file.read_to_string(&mut text).unwrap();
        lines.push(name.clone());
        match name.as_str() {
            "xl/sharedStrings.xml" if numbers => {
                for sheet in reading::workbook(&answer.bytes) {
                    lines.push(format!("{} {:?} {}", sheet.title, sheet.columns, sheet.said));
                    let masked = |text: &String| {
                        if reading::figure(text).is_estimate() { "‹figure›".to_owned() } else { text.clone() }
                    };
                    lines.extend(
                        sheet.rows.iter().map(|(label, cells)| {
                            format!("{label} {:?}", cells.iter().map(masked).collect::<Vec<_>>())
                        }),
                    );
                }
            }
            // A cell says which of the texts stands in it.
            _ if numbers && name.starts_with("xl/worksheets/") => {
                let cells = text.split("<v>").enumerate().map(|(nth, part)| match part.split_once("</v>") {
                    Some((_, rest)) if nth > 0 => rest.to_owned(),
                    _ => part.to_owned(),
                });
                lines.push(cells.collect());
            }
            _ => lines.push(text),
        }
    }
    lines
}

/// A line in which ids are numbered in the order in which they come. The number under which a problem is logged and the
/// fingerprint of a key are drawn anew each time.
fn without_ids(line: &str, ids: &mut Vec<String>) -> String {
    if line.contains("<p class=\"incident\">") {
        return line.chars().filter(|c| !c.is_ascii_hexdigit()).collect();
    }
    let (mut out, mut taken) = (String::with_capacity(line.len()), 0);
    for (dash, _) in line.match_indices('-') {
        let Some(from) = dash.checked_sub(8).filter(|from| *from >= taken) else { continue };
        let Some(id) = line.get(from..from + 36).filter(|text| Uuid::try_parse(text).is_ok()) else { continue };
        let nth = ids.iter().position(|known| known == id).unwrap_or_else(|| {
            ids.push(id.to_owned());
            ids.len() - 1
        });
        out.push_str(&line[taken..from]);
        let _ = write!(out, "‹{nth}›");
        taken = from + 36;
    }
    out.push_str(&line[taken..]);
    while let Some(at) = out.char_indices().map(|(at, _)| at).find(|at| is_fingerprint(&out, *at)) {
        out.replace_range(at..at + FINGERPRINT, "‹key›");
    }
    out
}

/// Six groups of four digits.
const FINGERPRINT: usize = 29;

fn is_fingerprint(text: &str, at: usize) -> bool {
    let fits = |(nth, byte): (usize, u8)| if nth % 5 == 4 { byte == b' ' } else { byte.is_ascii_digit() };
    text.get(at..at + FINGERPRINT).is_some_and(|text| text.bytes().enumerate().all(fits))
}

/// Whoever finds nothing finds the same nothing with ids of the own school, of another and of nobody.
pub fn assert_nothing_is_nothing(harvest: &Harvest) {
    let said = |answer: &Answer| {
        let lines = told(answer).into_iter().filter(|line| !line.contains("name=\"back\""));
        lines.collect::<Vec<_>>()
    };
    let mut compared = 0;
    for (asked, answer) in harvest.iter().filter(|(_, answer)| answer.status == StatusCode::NOT_FOUND) {
        let Some(route) = asked.strip_suffix(" Own").filter(|route| route.contains('{')) else { continue };
        let own = said(answer);
        for whose in [Whose::Neighbours, Whose::Nobodys] {
            assert_eq!(said(&harvest[&format!("{route} {whose:?}")]), own, "{route} {whose:?}");
        }
        compared += 1;
    }
    assert!(compared > 60, "{compared}");
}
