//! Planting troubles: a crisis record, a referral and a mandatory report, with every kind of text that people write there.

use yice::domain::ids::PersonId;

use super::house::House;

/// Who reads what stands in a warning, and who receives mandatory reports while nobody was named.
const READERS: &[&str] = &["li", "wang", "director"];

/// What the addresses of pages are about.
pub struct Troubles {
    /// A referral of the marked student.
    pub referral: String,
    /// A mandatory report.
    pub report: String,
}

/// Writes whatever can be written, on the warning with marks; on the other one a leader comes and goes.
pub async fn trouble(house: &mut House, warnings: &[String; 2], today: &str) -> Troubles {
    let [calm, marked] = warnings;
    let page = format!("/warnings/{calm}/crisis");
    let text = |house: &mut House, what: &str| house.marks.text(what, READERS);
    let reason = text(house, "why a crisis record was opened");
    house.done("li", &page, &[("open-reason", &reason)]);
    let (leader, reason) = (person(house, "leader").await, text(house, "why this leader"));
    house.done("li", &format!("{page}/leader"), &[("leader-person", &leader), ("leader-reason", &reason)]);
    // The marked reason is seen as long as the leader leads; then the keys of the file change.
    for who in READERS {
        house.get(who, &page);
    }
    let grant = house.app.db.read().await.unwrap().grants_of_person(leader.parse().unwrap()).await.unwrap();
    house.done("li", &format!("{page}/leader/end"), &[("end-grant", &grant[0].id.to_string())]);

    let (page, teacher) = (format!("/warnings/{marked}/crisis"), person(house, "homeroom").await);
    house.done("li", &format!("{page}/team"), &[("team-person", &teacher), ("team-duty", "family")]);
    let what = text(house, "an item of a crisis plan");
    let item = [("plan-what", what.as_str()), ("plan-person", &teacher), ("plan-until", today)];
    house.done("director", &format!("{page}/plan"), &item);
    let note = text(house, "how an item was done");
    house.done("li", &format!("{page}/plan/done"), &[("done-number", "1"), ("done-note", &note)]);
    let who = text(house, "who stays with the student");
    let (from, to) = (format!("{today}T12:00"), format!("{today}T23:59"));
    let shift = [("shift-from", from.as_str()), ("shift-to", &to), ("shift-who", &who)];
    house.done("wang", &format!("{page}/shifts"), &shift);

    let referral = refer(house, marked).await;
    Troubles { referral, report: report(house).await }
}

async fn refer(house: &mut House, warning: &str) -> String {
    let follower = person(house, "li").await;
    let texts =
        ["contact", "reason", "done"].map(|field| (field, house.marks.text(&format!("referral, {field}"), READERS)));
    let mut form = vec![("to", "hospital"), ("knows", "yes"), ("follower", follower.as_str())];
    form.extend(texts.iter().map(|(field, text)| (*field, text.as_str())));
    house.done("li", &format!("/warnings/{warning}/referrals"), &form);
    let warning = warning.parse().unwrap();
    let referral = house.app.db.read().await.unwrap().referrals_of_warning(warning).await.unwrap().remove(0).id;
    let page = format!("/referrals/{referral}/steps");
    house.done("li", &format!("{page}/talk"), &[("seen", "1")]);
    let [who, way, note] = ["who", "way", "note"].map(|field| house.marks.text(&format!("guardian, {field}"), READERS));
    let said = [("seen", "2"), ("consent", "refused"), ("who", &who), ("way", &way), ("note", &note)];
    house.done("director", &format!("{page}/guardian"), &[&said[..], &[("at", "2026-11-20T08:00")]].concat());
    let how = house.marks.text("how a student went", READERS);
    house.done("li", &format!("{page}/send"), &[("seen", "3"), ("ground", "emergency"), ("how", &how)]);
    let to = house.marks.text("whom a packet is for", READERS);
    let packet = [("parts", "p-sex"), ("to", to.as_str()), ("ground", "emergency"), ("way", "print")];
    house.done("wang", &format!("/referrals/{referral}/packet"), &packet);
    let receipt = house.marks.text("who received a student", READERS);
    house.done("li", &format!("{page}/receipt"), &[("seen", "5"), ("receipt", &receipt)]);
    let answer = house.marks.text("what the hospital said", READERS);
    house.done("wang", &format!("{page}/answer"), &[("seen", "6"), ("given", "yes"), ("text", &answer)]);
    house.done("li", &format!("{page}/return"), &[("seen", "7")]);
    let found = house.marks.text("assessment of the return", READERS);
    house.done("li", &format!("{page}/assess"), &[("seen", "8"), ("found", &found)]);
    referral.to_string()
}

async fn report(house: &mut House) -> String {
    let fields = ["who", "seen", "place", "evidence"];
    let texts = fields.map(|field| (field, house.marks.text(&format!("mandatory report, {field}"), READERS)));
    let mut form = vec![("situation", "injured"), ("safe", "no")];
    form.extend(texts.iter().map(|(field, text)| (*field, text.as_str())));
    house.done("homeroom", "/reports/mandatory", &form);
    let mut conn = house.app.db.read().await.unwrap();
    let teacher: PersonId = conn.account("homeroom").await.unwrap().expect("an account").id;
    let school = conn.person(teacher).await.unwrap().expect("a person").school_id;
    let report = conn.reports(school, 1).await.unwrap().remove(0).id;
    drop(conn);
    let page = format!("/reports/mandatory/{report}/steps");
    let [unit, officer, reference] =
        ["unit", "officer", "reference"].map(|field| house.marks.text(&format!("police, {field}"), READERS));
    let police = [("police-unit", unit.as_str()), ("police-officer", &officer), ("police-reference", &reference)];
    house.done(
        "li",
        &format!("{page}/police"),
        &[&police[..], &[("seen", "1"), ("police-at", "2026-01-01T08:00")]].concat(),
    );
    let who = house.marks.text("whom the bureau is", READERS);
    let bureau = [("seen", "2"), ("bureau-at", "2026-01-01T08:00"), ("bureau-who", who.as_str())];
    house.done("director", &format!("{page}/bureau"), &bureau);
    let note = house.marks.text("a note of a mandatory report", READERS);
    house.done("wang", &format!("{page}/note"), &[("seen", "3"), ("note-text", &note)]);
    report.to_string()
}

async fn person(house: &House, login: &str) -> String {
    house.app.db.read().await.unwrap().account(login).await.unwrap().expect("an account").id.to_string()
}
