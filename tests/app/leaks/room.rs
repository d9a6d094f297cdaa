//! What is planted in the counselling room, and how its pages are driven.

use scraper::{Html, Selector};

use super::house::House;
use crate::support::http::Answer;

/// Who reads what lies in the box.
const OFFICE: &[&str] = &["li", "wang"];
/// Who reads an answer: the office, and whoever has the phrase.
const ANSWERED: &[&str] = &["li", "wang", "nobody"];

/// A student who is not there.
const NOBODY: &str = "00000000-0000-0000-0000-000000000000";

/// What the addresses and forms of the room are about.
pub struct Room {
    /// The code of the help-seeking box.
    pub code: String,
    /// An exchange in it.
    pub exchange: String,
    /// An appointment.
    pub appointment: String,
    /// A counsellor's group.
    pub group: String,
    /// Its phrase, which "nobody" knows and nobody else.
    pub phrase: String,
}

/// Somebody without an account writes to the box, is answered, and writes again.
pub fn plant(house: &mut House, student: &str) -> Room {
    house.done("admin", "/structure/box", &[("open", "yes")]);
    let settings = house.get("admin", "/structure/box");
    let code = attribute(&settings, "a[href^='/help/']", "href").trim_start_matches("/help/").to_owned();
    let form = house.get("nobody", &format!("/help/{code}"));
    let (ticket, phrase) = (hidden(&form, "ticket"), hidden(&form, "phrase"));
    house.secrets.extend([phrase.clone(), phrase.replace(' ', "")]);
    patience();
    let text = ["text", "name", "class", "reach"]
        .map(|field| (field, house.marks.text(&format!("letter of the box, {field}"), OFFICE)));
    let mut letter = vec![("ticket", ticket.as_str()), ("phrase", phrase.as_str())];
    letter.extend(text.iter().map(|(field, text)| (*field, text.as_str())));
    house.done("nobody", &format!("/help/{code}"), &letter);

    let list = house.get("li", "/box");
    let place = attribute(&list, "tbody a[href^='/box/']", "href");
    let opened = house.get("li", &place);
    let answer = house.marks.text("answer of the box", ANSWERED);
    let seen = hidden(&opened, "seen");
    house.done("li", &format!("{place}/answer"), &[("seen", &seen), ("text", &answer), ("asks_who", "yes")]);

    let answers = house.done("nobody", &format!("/help/{code}/answer"), &[("phrase", &phrase)]);
    let ticket = hidden(&answers, "ticket");
    patience();
    let more = house.marks.text("second letter of the box", OFFICE);
    let form = [("ticket", ticket.as_str()), ("phrase", &phrase), ("text", &more)];
    house.done("nobody", &format!("/help/{code}/more"), &form);
    let (appointment, group) = (appointment(house), group(house, student));
    Room { code, exchange: place.trim_start_matches("/box/").to_owned(), appointment, group, phrase }
}

/// A counsellor writes an appointment into the book, for tomorrow.
fn appointment(house: &mut House) -> String {
    let tomorrow = house.app.clock.today().saturating_add(jiff::ToSpan::day(1)).to_string();
    let form = house.get("li", "/appointments/new");
    let with = attribute(&form, "select[name=with] option[selected]", "value");
    let who = house.marks.text("whom an appointment is for", &["li"]);
    let about = house.marks.text("why there is an appointment", &["li"]);
    let fields = [("with", with.as_str()), ("day", &tomorrow), ("starts", "23:00"), ("minutes", "30")];
    let fields = [&fields[..], &[("who", &who), ("about", &about)]].concat();
    house.done("li", "/appointments", &fields);
    let day = house.get("li", &format!("/appointments?day={tomorrow}"));
    attribute(&day, ".entries form", "action").trim_start_matches("/appointments/").to_owned()
}

/// A counsellor meets with a group, and a note about each member comes of it.
fn group(house: &mut House, student: &str) -> String {
    let parts = ["topic", "goals", "plan"];
    let plan = parts.map(|part| (part, house.marks.text(&format!("group, {part}"), &["li"])));
    let plan: Vec<(&str, &str)> = plan.iter().map(|(part, text)| (*part, text.as_str())).collect();
    let made = house.done("li", "/sessions/groups", &plan);
    let place = made.location().split('?').next().unwrap().to_owned();
    house.done("li", &format!("{place}/members"), &[("student", student)]);
    let parts = ["place", "theme", "process"];
    let said = parts.map(|part| (part.to_owned(), house.marks.text(&format!("meeting of a group, {part}"), &["li"])));
    let seen = house.marks.text("what was seen of a member of a group", &["li"]);
    let (today, note) = (house.app.today(), format!("note-{student}"));
    let mut meeting = vec![("date", today.as_str()), ("minutes", "45"), ("present", student), (&note, &seen)];
    meeting.extend(said.iter().map(|(part, text)| (part.as_str(), text.as_str())));
    house.done("li", &format!("{place}/meetings"), &meeting);
    place.trim_start_matches("/sessions/groups/").to_owned()
}

/// The form of a route of the room; none when it is no such route.
pub fn form(room: &Room, who: &str, path: &str) -> Option<Vec<(&'static str, String)>> {
    let phrase = if who == "nobody" { &room.phrase } else { "太阳 小河 苹果 老虎 书包 春天 希望" };
    let pairs: Vec<(&'static str, &str)> = match path {
        "/help/{code}" => vec![("text", "睡不着。"), ("ticket", "0.0.0")],
        "/help/{code}/answer" => vec![("phrase", phrase)],
        "/help/{code}/more" => vec![("phrase", phrase), ("text", "睡不着。"), ("ticket", "0.0.0")],
        "/box/{id}/answer" => vec![("text", "好。"), ("seen", "1")],
        "/box/{id}/warn" => vec![("facts", "睡不着。")],
        "/box/{id}/close" => vec![("seen", "1")],
        "/structure/box" => vec![("open", "yes")],
        "/appointments" => vec![("who", "某人"), ("day", "2020-01-01"), ("starts", "10:00"), ("minutes", "45")],
        "/appointments/{id}" => vec![("state", "held"), ("seen", "9")],
        "/appointments/hours" => vec![("weekday", "2"), ("starts", "10:00"), ("minutes", "45")],
        "/appointments/hours/{id}/remove" => Vec::new(),
        // Nothing that is done here changes what is planted: without a topic, a theme, a member.
        "/sessions/groups" | "/sessions/groups/{id}" => vec![("goals", "看看。"), ("seen", "99")],
        // To nobody whom there is: no key goes to anybody by it.
        "/sessions/hand-over" => vec![("to", NOBODY), ("students", NOBODY)],
        "/sessions/groups/{id}/find" => vec![("q", "没有这个人")],
        "/sessions/groups/{id}/members" | "/sessions/groups/{id}/members/leave" => vec![("student", NOBODY)],
        "/sessions/groups/{id}/meetings" => vec![("date", "2026-09-01"), ("minutes", "45")],
        "/sessions/groups/{id}/end" => vec![("ended", "no")],
        _ => return None,
    };
    Some(pairs.into_iter().map(|(key, text)| (key, text.to_owned())).collect())
}

/// As long as a person takes at least who writes a letter.
fn patience() {
    std::thread::sleep(std::time::Duration::from_millis(3_050));
}

fn hidden(page: &Answer, name: &str) -> String {
    attribute(page, &format!("input[type=hidden][name={name}]"), "value")
}

fn attribute(page: &Answer, selector: &str, name: &str) -> String {
    let (page, selector) = (Html::parse_document(&page.body), Selector::parse(selector).unwrap());
    let found = page.select(&selector).next().expect("an element of the page");
    found.attr(name).expect("its attribute").to_owned()
}
