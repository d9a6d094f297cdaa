//! Planting: one ordinary term, in which every field that may be sensitive is written once, through the pages, by the people
//! who may write it, with a mark in it.

use scraper::{Html, Selector};
use yice::domain::ids::PersonId;
use yice::domain::record::Field;
use yice::domain::words::Compartment;

use super::house::{House, SCHOOL};
use super::marks::{CONTROL, birth, workbook};
use super::room::Room;
use super::trouble::{Troubles, trouble};
use super::worry::{Worries, worry};
use crate::support::http::Answer;

/// The parts of a note that every note has.
const NOTE: [&str; 3] = ["complaint", "process", "plan"];
/// The further parts of a session.
const SESSION: [&str; 6] = ["place", "goals", "observed", "risk", "disclosed_to", "disclosed_why"];
/// Who reads the roster of the first class.
const ROSTER: &[&str] = &["director", "li", "wang", "homeroom"];
/// Who knows the name of a student who has a helper.
const NAMES: &[&str] = &["director", "li", "wang", "homeroom", "helper"];
/// Who may know how to reach a family.
const CONTACT: &[&str] = &["li", "wang", "homeroom", "helper"];
/// Who may know why a student is cared for.
const CIRCUMSTANCE: &[&str] = &["director", "li", "wang", "homeroom"];
/// Who follows how a student is helped.
const SUPPORT: &[&str] = &["director", "li", "wang", "homeroom", "helper"];
/// What somebody from outside is told of a child, and who keeps the file.
const TOLD: &[&str] = &["director", "li", "wang", "guest"];
/// Fields that nobody reads, and what is never kept.
const NOBODY: &[&str] = &[];

const HEADER: &[&str] = &[
    "年级",
    "班级",
    "班内学号",
    "姓名",
    "性别",
    "出生日期",
    "民族",
    "身份证件类型",
    "身份证件号",
    "全国学籍号",
    "户口性质",
    "现住址",
    "联系电话",
    "家庭结构",
    "成员1姓名",
    "成员1关系",
    "成员1联系电话",
    "成员1务工地",
    "成员2姓名",
    "成员2关系",
    "成员2联系电话",
    "成员2务工地",
    "备注",
];

/// What the addresses of pages are about.
pub struct Ids {
    /// The class of the homeroom teacher, and another one.
    pub classes: [String; 2],
    /// The student whose roster row is marked, and the one whose file is.
    pub students: [String; 2],
    /// The roster that the director sent.
    pub import: String,
    /// A pairing of the helper with the first student.
    pub pairing: String,
    /// A pairing of somebody from outside with the second student.
    pub outside: String,
    /// The office of the first class.
    pub office: String,
    /// Somebody on the staff of whom nothing more is needed, and a duty of theirs.
    pub spare: [String; 2],
    /// The helper.
    pub helper: String,
    /// A term.
    pub term: String,
    /// The workbook that was sent.
    pub workbook: Vec<u8>,
    /// The end of the marked name: enough to find the student by, and no mark in itself.
    pub part_of_name: String,
    /// Today.
    pub today: String,
    /// What was reported, and what became of it.
    pub worries: Worries,
    /// The counselling room.
    pub room: Room,
    /// A crisis, a referral, a mandatory report.
    pub troubles: Troubles,
    /// A joint meeting and a supervision.
    pub county: super::county::County,
}

/// Plants everything.
pub async fn plant(house: &mut House) -> Ids {
    let name = house.marks.text("name of a student", NAMES);
    let workbook = roster(house, &name);
    let import = take_in(house, &workbook);
    let classes = classes(house).await;
    let today = house.app.today();
    let term = [("name", "本学期"), ("starts", &today), ("ends", &later(&today))];
    house.done("admin", "/structure/terms", &term);
    let first = students(house, &classes[0]);
    let other = students(house, &classes[1]);
    let students = [id_of(&first, &name), id_of(&first, "贺小雨")];
    hire(house, &classes);
    let spare = staff_id(house, "spare").await;
    let helper = staff_id(house, "helper").await;
    let aide = staff_id(house, "aide").await;
    for (student, to, reader) in
        [(&students[0], &helper, "helper"), (&students[1], &helper, "helper"), (&other[0].1, &aide, "aide")]
    {
        // Without an open file there is no pairing.
        let decision = [("tag", "poor"), ("standing", "verified"), ("basis", "资助名单"), ("since", &today)];
        house.done("director", &format!("/files/{student}/circumstance"), &decision);
        // Whoever arranges pairings looks at one of these.
        let readers = if student == &students[0] { &["director", "li", "wang", "helper"][..] } else { &[reader] };
        let purpose = house.marks.text("purpose of a pairing", readers);
        let form = [("helper", to.0.to_string()), ("purpose", purpose), ("starts", today.clone())];
        let form: Vec<(&str, &str)> = form.iter().map(|(key, text)| (*key, text.as_str())).collect();
        let more = [("ends", later(&today)), ("condition", "learning".to_owned())];
        let more: Vec<(&str, &str)> = more.iter().map(|(key, text)| (*key, text.as_str())).collect();
        house.done("li", &format!("/files/{student}/pairing"), &[&form[..], &more].concat());
        let pairing = pairing_of(house, student).await;
        house.done(reader, &format!("/helping/{pairing}/accept"), &[]);
    }
    let outside = outside(house, &students[1], &today).await;
    file(house, &students[1], &today);
    keep(house, &students[1]);
    super::reading::plant(house, &other[0].1, &today).await;
    let worries = worry(house, &students, &today).await;
    let troubles = trouble(house, &worries.warnings, &today).await;
    typed(house);
    let room = super::room::plant(house, &students[1]);
    let county = super::county::plant(house, &today).await;
    let terms = house.get("admin", "/structure").body;
    let duties = house.get("admin", &format!("/staff/{spare}")).body;
    Ids {
        office: office_of(house, &classes[0]).await,
        pairing: pairing_of(house, &students[0]).await,
        outside,
        term: between(&terms, "/structure/terms/", "\""),
        spare: [spare.to_string(), between(&duties, "/duties/", "/end")],
        helper: helper.to_string(),
        classes,
        students,
        import,
        workbook,
        room,
        part_of_name: name.chars().skip(name.chars().count() - 2).collect(),
        today,
        worries,
        troubles,
        county,
    }
}

/// A marked student, an ordinary one, one of another class, and a row that is refused.
fn roster(house: &mut House, name: &str) -> Vec<u8> {
    let born = birth(house.app.school_year(), 13);
    let marks = &mut house.marks;
    let elsewhere = marks.text("name of a student of another class", &["director", "li", "wang", "colleague", "aide"]);
    let refused = marks.text("name in a refused row", NOBODY);
    let refused_number = marks.code("identity number in a refused row", NOBODY);
    let refused_address = marks.text("address in a refused row", NOBODY);
    let id_number = marks.code("identity number", NOBODY);
    let number = marks.code("student number", ROSTER);
    let note = marks.text("remark in the roster, which is not taken in", NOBODY);
    let mut contact = |column: &&str| marks.text(&format!("{column} in the roster"), CONTACT);
    let ethnicity = contact(&HEADER[6]);
    let family: Vec<String> = HEADER[10..22].iter().map(&mut contact).collect();
    let mut marked = vec!["七年级", "1班", "1", name, "女", &born, &ethnicity, "护照", &id_number, &number];
    marked.extend(family.iter().map(String::as_str));
    marked.push(&note);
    let short = |class, seat, name, id| vec!["七年级", class, seat, name, "男", &born, "汉族", "护照", id];
    let mut spoiled = short("1班", "3", &refused, &refused_number);
    spoiled[7] = "居民身份证";
    spoiled.extend(["", "", &refused_address]);
    let rows = [marked, short("1班", "2", "贺小雨", "E1234567"), short("2班", "1", &elsewhere, "E1234568"), spoiled];
    workbook(HEADER, &rows)
}

/// The director sends the workbook, looks at it, and takes it in.
fn take_in(house: &mut House, workbook: &[u8]) -> String {
    let sent = house.upload("director", workbook);
    let path = sent.location().to_owned();
    assert!(path.starts_with("/imports/"), "{}", sent.body);
    house.get("director", &path);
    house.done("director", &path, &[]);
    for _ in 0..600 {
        let page = house.get("director", &path);
        if page.header("refresh").is_none() {
            assert_eq!(texts(&page, "dl.facts dd"), ["3", "0", "0", "1"], "taken and refused");
            return path.trim_start_matches("/imports/").to_owned();
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    panic!("the import does not end");
}

async fn classes(house: &House) -> [String; 2] {
    let mut conn = house.app.db.read().await.unwrap();
    let school = conn.schools().await.unwrap().into_iter().find(|school| school.name == SCHOOL).unwrap().id;
    let mut classes = conn.classes(school).await.unwrap();
    classes.sort_by_key(|class| class.number);
    let ids: Vec<String> = classes.iter().map(|class| class.id.to_string()).collect();
    ids.try_into().expect("two classes")
}

async fn office_of(house: &House, class: &str) -> String {
    let mut conn = house.app.db.read().await.unwrap();
    let school = conn.schools().await.unwrap().into_iter().find(|school| school.name == SCHOOL).unwrap().id;
    let offices = conn.offices(school).await.unwrap();
    offices.iter().find(|office| office.class_id.is_some_and(|id| id.to_string() == class)).unwrap().id.to_string()
}

async fn pairing_of(house: &House, student: &str) -> String {
    let student = student.parse().unwrap();
    let pairings = house.app.db.read().await.unwrap().pairings_of_student(student).await.unwrap();
    pairings[0].id.to_string()
}

/// Somebody from outside is told what a child needs, under another name, and writes about it.
async fn outside(house: &mut House, student: &str, today: &str) -> String {
    let guest = staff_id(house, "guest").await.to_string();
    let told = ["alias", "purpose", "needs", "measures"]
        .map(|part| (part, house.marks.text(&format!("{part}, as told to somebody from outside"), TOLD)));
    let mut form = vec![("helper", guest.as_str()), ("condition", "emotion"), ("starts", today)];
    form.extend(told.iter().map(|(part, text)| (*part, text.as_str())));
    let ends = later(today);
    form.push(("ends", &ends));
    house.done("li", &format!("/files/{student}/pairing"), &form);
    let pairing = pairing_of(house, student).await;
    house.done("guest", &format!("/helping/{pairing}/accept"), &[]);
    let happened = house.marks.text("entry from outside, what happened", SUPPORT);
    let next = house.marks.text("entry from outside, next step", SUPPORT);
    let entry = [
        ("form", "0e6f1c6e-2d68-4a2f-9a6e-7f2f5d1c2b3a"),
        ("date", today),
        ("way", "activity"),
        ("happened", &happened),
        ("effect", "better"),
        ("next", &next),
    ];
    house.done("guest", &format!("/helping/{pairing}/entry"), &entry);
    for (who, kind) in [("homeroom", "parents"), ("director", "office")] {
        let text = house.marks.text("review", SUPPORT);
        house.done(who, &format!("/files/{student}/record"), &[("kind", kind), ("date", today), ("text", &text)]);
    }
    pairing
}

/// Names and ids of the students of a class, from the list that the director sees.
fn students(house: &mut House, class: &str) -> Vec<(String, String)> {
    let page = house.get("director", &format!("/classes/{class}"));
    let page = Html::parse_document(&page.body);
    let link = Selector::parse("td a[href^='/files/']").unwrap();
    let student = |a: scraper::ElementRef<'_>| {
        let id = a.attr("href").unwrap().trim_start_matches("/files/").to_owned();
        (a.text().collect::<String>(), id)
    };
    page.select(&link).map(student).filter(|(_, id)| !id.contains('/')).collect()
}

fn id_of(students: &[(String, String)], name: &str) -> String {
    students.iter().find(|(known, _)| known == name).expect("a student of this name").1.clone()
}

pub async fn staff_id(house: &House, login: &str) -> PersonId {
    house.app.db.read().await.unwrap().account(login).await.unwrap().expect("an account").id
}

/// The administrator invites people, they come with passwords of their own, and a counsellor lets them in.
fn hire(house: &mut House, classes: &[String; 2]) {
    let newcomers = [
        ("homeroom", "homeroom_teacher", classes[0].as_str()),
        ("colleague", "homeroom_teacher", &classes[1]),
        ("helper", "helper", ""),
        ("aide", "helper", ""),
        ("doctor", "school_doctor", ""),
        ("spare", "helper", ""),
        ("guest", "external_helper", ""),
    ];
    let today = house.app.today();
    for (login, role, class) in newcomers {
        let name = if login == "spare" { CONTROL } else { login };
        let form = [("login", login), ("name", name), ("role", role), ("class", class), ("checked", &today)];
        let invited = house.done("admin", "/staff", &form);
        let code = texts(&invited, "dl.facts dd")[2].clone();
        assert!(code.contains('-') && code.len() > 25, "an invitation code: {code}");
        house.secrets.extend([code.clone(), code.replace('-', "")]);
        let password = house.marks.text("password", NOBODY);
        house.arrive(login, &password);
        let mistyped = [("code", code.as_str()), ("new", &password), ("again", "something else")];
        assert_eq!(house.post(login, "/invitation", &mistyped).status, 422);
        house.done(login, "/invitation", &[("code", &code), ("new", &password), ("again", &password)]);
    }
    let page = house.get("li", "/offices");
    let page = Html::parse_document(&page.body);
    let form = Selector::parse("form[action*='/admit/']").unwrap();
    let print = Selector::parse("input[name=fingerprint]").unwrap();
    let waiting = page.select(&form).map(|form| {
        let fingerprint = form.select(&print).next().unwrap().attr("value").unwrap();
        (form.attr("action").unwrap().to_owned(), fingerprint.to_owned())
    });
    let waiting: Vec<(String, String)> = waiting.collect();
    assert_eq!(waiting.len(), 2, "two homeroom teachers wait for their offices");
    for (action, fingerprint) in waiting {
        house.done("li", &action, &[("fingerprint", &fingerprint), ("compared", "yes")]);
    }
}

/// That a file is to be destroyed, and that it must not be: while nothing about the student runs yet.
fn keep(house: &mut House, student: &str) {
    let why = house.marks.text("why a file is to be destroyed", &["li", "wang", "director"]);
    house.done("director", &format!("/files/{student}/erasure"), &[("ground", "guardian"), ("why", &why)]);
    let why = house.marks.text("why a file must be kept", &["li", "wang", "director"]);
    house.done("wang", &format!("/files/{student}/hold"), &[("hold", &why)]);
}

/// Everything that is written into the file of one student.
fn file(house: &mut House, student: &str, today: &str) {
    let file = format!("/files/{student}");
    for compartment in [Compartment::Contact, Compartment::Circumstance, Compartment::Support] {
        let readers = match compartment {
            Compartment::Contact => CONTACT,
            Compartment::Circumstance => CIRCUMSTANCE,
            _ => SUPPORT,
        };
        let fields: Vec<(Field, String)> = Field::of(compartment)
            .map(|field| {
                let place = format!("field {field}");
                let short = field == Field::BirthDate;
                (field, if short { house.marks.code(&place, readers) } else { house.marks.text(&place, readers) })
            })
            .collect();
        let form: Vec<(&str, &str)> = fields.iter().map(|(field, text)| (field.as_str(), text.as_str())).collect();
        house.done("homeroom", &format!("{file}/edit/{compartment}"), &form);
    }
    // Two write at once: each sees both texts, and only what was saved first stands there for the others.
    let late = house.marks.text("text of a stale edit", &["wang"]);
    let stale = house.post("wang", &format!("{file}/edit/support"), &[("strengths", &late), ("strengths_seen", "0")]);
    assert_eq!(stale.status, 409);
    for (who, tag) in [("homeroom", "left_behind"), ("director", "emotional")] {
        let basis = house.marks.text("basis of a circumstance", CIRCUMSTANCE);
        let decision = [("tag", tag), ("standing", "verified"), ("basis", &basis), ("since", today)];
        house.done(who, &format!("{file}/circumstance"), &decision);
    }
    for who in ["homeroom", "helper", "li"] {
        let happened = house.marks.text("entry, what happened", SUPPORT);
        let next = house.marks.text("entry, next step", SUPPORT);
        let entry = [("date", today), ("way", "talk"), ("happened", &happened), ("effect", "better"), ("next", &next)];
        house.done(who, &format!("{file}/entry"), &entry);
    }
    for who in ["homeroom", "helper"] {
        let happened = house.marks.text("draft of an entry, what happened", &[who]);
        let next = house.marks.text("draft of an entry, next step", &[who]);
        house.done(who, &format!("{file}/entry/draft"), &[("date", today), ("happened", &happened), ("next", &next)]);
    }
    for (place, path) in [("note", "notes"), ("draft of a note", "notes/draft")] {
        let parts = [&NOTE[..], if place == "note" { &SESSION } else { &[] }].concat();
        let text: Vec<(&str, String)> =
            parts.iter().map(|part| (*part, house.marks.text(&format!("{place}, {part}"), &["li"]))).collect();
        let mut note = vec![("date", today), ("form", "face_to_face"), ("minutes", "40"), ("limits_told", "yes")];
        note.extend([("disclosed_on", today), ("problems", "grief"), ("problems", "exams")]);
        note.extend(text.iter().map(|(part, text)| (*part, text.as_str())));
        house.done("li", &format!("{file}/{path}"), &note);
    }
}

/// What people type and nobody keeps: search texts, wrong forms, passwords.
fn typed(house: &mut House) {
    let search = house.marks.text("search text", &["homeroom"]);
    house.done("homeroom", "/search", &[("q", &search)]);
    let login = house.marks.text("name typed at sign-in", &["nobody"]);
    let password = house.marks.text("password typed at sign-in", NOBODY);
    assert_eq!(house.post("nobody", "/sign-in", &[("login", &login), ("password", &password)]).status, 422);
    let new = house.marks.text("new password", NOBODY);
    let old = "a horse in the rain";
    let mistyped = [("old", old), ("new", &new), ("again", "something else")];
    assert_eq!(house.post("li", "/account/password", &mistyped).status, 422);
    house.remember("li", &new);
    house.done("li", "/account/password", &[("old", old), ("new", &new), ("again", &new)]);
}

/// A day in the next year.
fn later(today: &str) -> String {
    let day: jiff::civil::Date = today.parse().unwrap();
    day.saturating_add(jiff::ToSpan::days(100)).to_string()
}

/// The texts of all elements that fit a CSS selector.
fn texts(page: &Answer, selector: &str) -> Vec<String> {
    let selector = Selector::parse(selector).unwrap();
    let document = Html::parse_document(&page.body);
    document.select(&selector).map(|element| element.text().collect::<String>().trim().to_owned()).collect()
}

/// The text between two others.
#[track_caller]
fn between(text: &str, before: &str, after: &str) -> String {
    let parts = text.match_indices(before).filter_map(|(at, found)| text[at + found.len()..].split_once(after));
    let id = |(part, _): &(&str, &str)| part.len() == 36 && part.matches('-').count() == 4;
    parts.filter(id).map(|(part, _)| part.to_owned()).next().unwrap_or_else(|| panic!("no id after {before}"))
}
