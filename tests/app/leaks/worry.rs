//! Planting worries: reports, a warning with every kind of text that people write into it, and briefs.

use yice::domain::ids::{PersonId, StudentId};
use yice::store::Letter;

use super::house::House;

/// Who reads what stands in a warning.
const WARNING: &[&str] = &["li", "wang", "director"];
/// Who reads a report that nobody took up.
const LETTER: &[&str] = &["li", "wang"];
/// Who reads a brief of the highest level, and where it came from.
const BRIEF: &[&str] = &["li", "wang", "director", "homeroom", "doctor"];

/// What the addresses of pages are about.
pub struct Worries {
    /// A report that says nothing in particular, for everybody to try.
    pub letter: String,
    /// A warning that says nothing in particular, about the first student, and the one in which the marks are.
    pub warnings: [String; 2],
    /// The step whose notice for the guardian can be printed.
    pub notice: String,
}

/// Reports, takes up, and writes whatever can be written.
pub async fn worry(house: &mut House, students: &[String; 2], today: &str) -> Worries {
    let [plain, marked] = students;
    report(house, "homeroom", &[("given", plain), ("seen", "上课走神")]);
    let calm = take(house, "homeroom", plain).await;

    let [seen, place] = ["what was seen", "place"].map(|what| house.marks.text(&format!("report, {what}"), WARNING));
    report(house, "homeroom", &[("given", marked), ("seen", &seen), ("place", &place)]);
    let warning = take(house, "homeroom", marked).await;
    let page = format!("/warnings/{warning}");
    let [who, class, unread] =
        ["name", "class", "what was seen"].map(|what| house.marks.text(&format!("unread report, {what}"), LETTER));
    report(house, "helper", &[("who", &who), ("class", &class), ("seen", &unread)]);
    let refused = house.marks.text("report that was refused", &["leader"]);
    let form = [("who", ""), ("seen", refused.as_str()), ("urgency", "today"), ("safe", "yes")];
    assert_eq!(house.post("leader", "/concerns", &form).status, 422);

    grade(house, &page, &warning, "critical").await;
    let at = format!("{today}T00:00");
    let mut step = |who: &'static str, kind: &str, plain: &[(&str, &str)], texts: &[&str]| {
        let marks: Vec<(String, String)> = texts
            .iter()
            .map(|field| (format!("{kind}-{field}"), house.marks.text(&format!("{kind}, {field}"), WARNING)))
            .collect();
        let plain: Vec<(String, &str)> = plain.iter().map(|(field, text)| (format!("{kind}-{field}"), *text)).collect();
        let mut form: Vec<(&str, &str)> = plain.iter().map(|(field, text)| (field.as_str(), *text)).collect();
        form.extend(marks.iter().map(|(field, text)| (field.as_str(), text.as_str())));
        house.done(who, &format!("{page}/steps/{kind}"), &form);
    };
    step("li", "interview", &[("at", &at), ("risk", "ideation")], &["found"]);
    let informed = [("at", at.as_str()), ("way", "phone"), ("reaction", "cooperates"), ("told", "hotlines")];
    step("li", "guardian_informed", &informed, &["guardian", "said", "agreed"]);
    step("director", "conference", &[("at", &at)], &["others", "conclusion", "decisions"]);
    step("wang", "plan", &[], &["goals", "measures", "responsible"]);
    step("wang", "scale", &[("on", today), ("total", "12"), ("flag", "positive")], &["scale"]);
    step("wang", "remark", &[], &["note"]);

    let brief = house.marks.text("brief", BRIEF);
    house.done("li", &format!("{page}/brief"), &[("brief-brief", &brief)]);
    grade(house, &page, &warning, "moderate").await;
    let opinion = house.marks.text("why lowering was refused", WARNING);
    house.done("director", &format!("{page}/level/sign"), &[("decision", "refuse"), ("reason", &opinion)]);
    report(house, "leader", &[("who", "没有这个人"), ("seen", "在校门口哭")]);
    Worries {
        letter: last_letter(house, "leader").await.id.to_string(),
        notice: notice(house, &page),
        warnings: [calm, warning],
    }
}

fn report(house: &mut House, who: &str, fields: &[(&str, &str)]) {
    let form = [fields, &[("urgency", "today"), ("safe", "yes")]].concat();
    house.done(who, "/concerns", &form);
}

async fn last_letter(house: &House, sender: &str) -> Letter {
    let mut conn = house.app.db.read().await.unwrap();
    let sender: PersonId = conn.account(sender).await.unwrap().expect("an account").id;
    conn.letters_from(sender, 1).await.unwrap().remove(0)
}

/// A counsellor takes up what this person reported last.
async fn take(house: &mut House, sender: &str, student: &str) -> String {
    let letter = last_letter(house, sender).await.id;
    house.done("li", &format!("/warnings/letters/{letter}/take"), &[("student", student)]);
    let student: StudentId = student.parse().unwrap();
    let warning = house.app.db.read().await.unwrap().running_warning(student).await.unwrap();
    warning.expect("a warning that runs").id.to_string()
}

/// A counsellor sets the level, with a marked reason.
async fn grade(house: &mut House, page: &str, warning: &str, severity: &str) {
    let reason = house.marks.text("reason of a level", WARNING);
    let stands = house.app.db.read().await.unwrap().warning(warning.parse().unwrap()).await.unwrap().unwrap();
    let seen = stands.version.to_string();
    let form = [("level-severity", severity), ("level-reason", &reason), ("seen", &seen)];
    house.done("li", &format!("{page}/level"), &form);
}

/// The step of the notice that can be printed.
fn notice(house: &mut House, page: &str) -> String {
    let body = house.get("li", page).body;
    let (_, rest) = body.split_once("/guardian/").expect("a notice to print");
    rest.split('"').next().unwrap_or_default().to_owned()
}
