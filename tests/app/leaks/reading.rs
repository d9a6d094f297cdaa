//! Planting what a colleague is let read: notes for a supervisor, how to reach a family for the director, and why.

use super::house::House;
use super::plant::staff_id;

/// Lets two colleagues read in the file of a student of the second class, and opens it as everybody.
pub async fn plant(house: &mut House, student: &str, today: &str) {
    let file = format!("/files/{student}");
    let note = house.marks.text("note that a supervisor may read", &["li", "wang"]);
    let session =
        [("date", today), ("form", "phone"), ("minutes", "20"), ("limits_told", "yes"), ("process", note.as_str())];
    house.done("li", &format!("{file}/notes"), &session);
    let contact =
        house.marks.text("contact that the director may read", &["colleague", "li", "wang", "aide", "director"]);
    house.done("colleague", &format!("{file}/edit/contact"), &[("main_carer", &contact), ("main_carer_seen", "0")]);
    for (giver, kind, reader, readers) in [
        ("li", "supervision", "wang", &["li", "wang"][..]),
        ("colleague", "contact", "director", &["colleague", "li", "wang", "director"]),
    ] {
        let reason = house.marks.text("why a colleague may read", readers);
        let person = staff_id(house, reader).await.to_string();
        let fields = ["person", "until", "reason"].map(|field| format!("{kind}-{field}"));
        let texts = [person.as_str(), today, &reason];
        let mut form: Vec<(&str, &str)> = fields.iter().map(String::as_str).zip(texts).collect();
        form.push(("kind", kind));
        house.done(giver, &format!("{file}/reading"), &form);
        // One that comes back with what was typed, to who typed it alone.
        form[0].1 = "";
        assert_eq!(house.post(giver, &format!("{file}/reading"), &form).status, 422);
    }
    for who in ["director", "li", "wang", "colleague", "aide", "homeroom", "helper", "leader", "admin", "stranger"] {
        let keeps = ["li", "wang", "colleague"].contains(&who);
        let opens = keeps || ["director", "aide"].contains(&who);
        for (path, may) in [("", opens), ("/notes", ["li", "wang"].contains(&who)), ("/reading", keeps)] {
            let answer = house.get(who, &format!("{file}{path}"));
            assert_eq!(answer.status, if may { 200 } else { 404 }, "{who} at {path}");
        }
        house.get(who, "/notices");
    }
}
