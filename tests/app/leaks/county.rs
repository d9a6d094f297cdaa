//! Planting what goes from one organisation to another: a joint meeting of two schools, and a supervision by the district.

use super::house::House;
use super::plant::Ids;

/// Who reads what is written for a meeting: the offices of the schools that take part, their leaders, and the district.
const MEETING: &[&str] = &["director", "leader", "partner", "district"];
/// Who reads what one school answers, and what it is asked to put right.
const ANSWER: &[&str] = &["director", "leader", "district"];

/// What the addresses of pages are about.
pub struct County {
    /// A meeting that the director called.
    pub meeting: String,
    /// A decision in it.
    pub decision: String,
    /// A supervision of both schools.
    pub supervision: String,
    /// An incident in the register.
    pub incident: String,
    /// The school of most people.
    pub school: String,
}

/// Plants one text of each kind.
pub async fn plant(house: &mut House, today: &str) -> County {
    let schools = house.app.db.read().await.unwrap().schools().await.unwrap();
    let id = |name: &str| schools.iter().find(|school| school.name == name).unwrap().id.to_string();
    let (school, partner) = (id(super::house::SCHOOL), id(super::house::NEIGHBOUR));
    let half = yice::domain::county::HalfYear::of(today.parse().unwrap()).to_string();
    let mut text = |what: &str, readers| house.marks.text(what, readers);
    let [agenda, own, other] =
        ["agenda", "experience", "experience of the other school"].map(|what| text(what, MEETING));
    let [minutes, decision, note] = ["minutes", "decision", "note of a supervision"].map(|what| text(what, MEETING));
    let [answer, rectify] = ["answer of a school", "what is to be put right"].map(|what| text(what, ANSWER));
    let refused = house.marks.text("experience that was refused", &["director"]);

    let called = [("half", half.as_str()), ("day", today), ("schools", &partner), ("agenda", &agenda)];
    let meeting = house.done("director", "/meetings", &called).location().to_owned();
    let meeting = part(&meeting, 2);
    let page = format!("/meetings/{meeting}");
    let named = format!("{refused}\n13800138000");
    let sent = house.post("director", &format!("{page}/experience"), &[("experience", &named), ("seen", "0")]);
    assert_eq!(sent.status, 422);
    house.done("director", &format!("{page}/experience"), &[("experience", &own), ("seen", "0")]);
    house.done("partner", &format!("{page}/experience"), &[("experience", &other), ("seen", "0")]);
    house.done("director", &format!("{page}/minutes"), &[("day", today), ("minutes", &minutes), ("seen", "0")]);
    let form = [("decision", decision.as_str()), ("school", &school), ("owner", "school_leader"), ("due", today)];
    house.done("director", &format!("{page}/decisions"), &form);
    let decision = house.get("leader", &page).body;
    let decision = decision.split("/decisions/").nth(1).unwrap().split('"').next().unwrap().to_owned();

    let form = [
        ("half", half.as_str()),
        ("topics", "visits"),
        ("due", today),
        ("schools", &school),
        ("schools", &partner),
        ("note", &note),
    ];
    let supervision = part(house.done("district", "/supervisions", &form).location(), 2);
    let page = format!("/supervisions/{supervision}");
    let form = [("state", "under_way"), ("text", answer.as_str()), ("seen", "1")];
    house.done("leader", &format!("{page}/answers/visits"), &form);
    let form = [("until", today), ("text", rectify.as_str()), ("seen", "2")];
    house.done("district", &format!("{page}/schools/{school}/visits/rectify"), &form);
    house.done("officer", "/compliance/incidents", &[("kind", "lost_paper"), ("found", today)]);
    let incident = house.get("officer", "/compliance").body;
    let incident = incident.split("/compliance/incidents/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    County { meeting, decision, supervision, incident, school }
}

fn part(path: &str, number: usize) -> String {
    path.split(['/', '?']).nth(number).unwrap().to_owned()
}

/// The address of a page of the county.
pub fn path(ids: &Ids, path: &str) -> String {
    let County { meeting, decision, supervision, incident, school } = &ids.county;
    let path = path.replace("{meeting}", meeting).replace("{decision}", decision).replace("{supervision}", supervision);
    path.replace("{topic}", "visits").replace("{school}", school).replace("{incident}", incident)
}

/// A form filled as a person fills it; what stands is not written over, because nobody ever saw that version.
pub fn form(path: &str) -> Option<Vec<(&'static str, String)>> {
    let form: &[(&'static str, &str)] = match path {
        "/meetings" => &[("half", "2030-1"), ("day", "2030-09-10"), ("agenda", "看看。")],
        "/meetings/{meeting}/minutes" => &[("day", "2026-01-01"), ("minutes", "看看。"), ("seen", "99")],
        "/meetings/{meeting}/experience" => &[("experience", "看看。"), ("seen", "99")],
        "/meetings/{meeting}/decisions" => &[("decision", "看看。"), ("owner", "school_leader"), ("due", "2030-01-01")],
        "/meetings/{meeting}/decisions/{decision}" => &[("state", "done"), ("seen", "99")],
        "/supervisions" => &[("half", "2030-1"), ("topics", "visits"), ("due", "2030-09-10")],
        "/supervisions/{supervision}/answers/{topic}" => &[("state", "done"), ("text", "看看。"), ("seen", "99")],
        "/supervisions/{supervision}/schools/{school}/{topic}/rectify" => {
            &[("until", "2030-01-01"), ("text", "看看。"), ("seen", "99")]
        }
        "/supervisions/{supervision}/schools/{school}/{topic}/accept" => &[("seen", "99")],
        "/progress/quota" => &[("quota", "1")],
        "/trainings" => &[("day", "2026-01-01"), ("staff", "3")],
        "/compliance/incidents" => &[("kind", "other"), ("found", "2026-01-01")],
        "/compliance/incidents/{incident}" => &[("closed", "2026-01-01"), ("seen", "99")],
        "/meetings/{meeting}/share" | "/supervisions/{supervision}/share" => &[],
        _ => return None,
    };
    Some(form.iter().map(|(name, text)| (*name, (*text).to_owned())).collect())
}
