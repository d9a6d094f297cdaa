//! The leak proof: what stands in a sensitive field is with those who may read it, and nowhere else: not in the files of the
//! database, not in the log, not in an answer to anybody else.
//!
//! Every such field gets a mark of its own, through the pages, from people who may write it. Then everybody drives every
//! page and command of the real program, with everything logged; and everything that came of it is searched. The same search
//! finds what is no secret, and everybody who may read a field must have read it: so it cannot pass by finding nothing.

mod county;
mod finder;
mod house;
mod marks;
mod plant;
mod reading;
mod room;
mod sizes;
mod thief;
mod trouble;
mod walk;
mod worry;

use std::collections::{BTreeMap, BTreeSet};

use finder::Finder;
use house::{ADDRESS, House, OPERATOR};
use marks::{CONTROL, Marks, control};
use yice::domain::record::Field;
use yice::domain::words::GroupTag;

use crate::support::both_backends;
use crate::support::cluster::Engine;

both_backends!(a_mark_in_a_sensitive_field_is_found_with_its_readers_and_nowhere_else);

async fn a_mark_in_a_sensitive_field_is_found_with_its_readers_and_nowhere_else(engine: Engine) {
    let mut house = House::found(engine).await;
    let ids = plant::plant(&mut house).await;
    walk::walk(&mut house, &ids);
    assert!(house.seen.len() > 500, "the walk became short: {}", house.seen.len());
    assert_read_by_its_readers_and_nobody_else(&house);
    assert_secrets_are_shown_once(&house);

    let marks = Marks::finder();
    let secrets = Finder::of(house.secrets.iter().map(String::as_str).chain(["AGE-SECRET-KEY-1", ADDRESS]));
    let log = house.log_and("");
    // What is said to PostgreSQL is in no log at all: its scripts hold their arguments.
    let statement = if engine == Engine::Sqlite { "INSERT INTO entries" } else { "TRACE" };
    for proof in ["TRACE", statement, "/files/{student}/notes"] {
        assert!(log.contains(proof), "not everything was logged: {proof}");
    }
    for finder in [&marks, &secrets] {
        assert_eq!(finder.find(log.as_bytes()), None, "in the log");
        assert_eq!(finder.find(house.rows().await.as_bytes()), None, "in a row of the database");
        assert_eq!(finder.in_house(&house).await, None, "in a file");
    }
    assert_lines_say_no_field(&house.rows().await);
    assert_the_search_finds_what_is_there(&house).await;

    // Once more at rest.
    house.close().await;
    for finder in [&marks, &secrets] {
        assert_eq!(finder.find(house.log_and("").as_bytes()), None, "in the log of the end");
        assert_eq!(finder.in_house(&house).await, None, "in a file at rest");
    }
    assert!(control().in_house(&house).await.is_some());
}

impl Finder {
    async fn in_house(&self, house: &House) -> Option<String> {
        house.in_files(self).await
    }
}

/// Both directions for every mark: nobody else saw it, and everybody who may did.
fn assert_read_by_its_readers_and_nobody_else(house: &House) {
    let mut read: BTreeMap<usize, BTreeSet<&str>> = BTreeMap::new();
    for sight in &house.seen {
        for number in Marks::within(&sight.text) {
            let mark = &house.marks.0[number];
            let may = mark.readers.contains(&sight.who);
            assert!(may, "{} saw the {} at {} ({})", sight.who, mark.place, sight.what, sight.status);
            read.entry(number).or_default().insert(sight.who);
        }
        let text = format!("{} {}", sight.what, sight.location);
        assert_eq!(
            Marks::finder().find(text.as_bytes()),
            None,
            "in an address: addresses end up in histories and logs"
        );
    }
    for (number, mark) in house.marks.0.iter().enumerate() {
        let readers: BTreeSet<&str> = mark.readers.iter().copied().collect();
        assert_eq!(read.remove(&number).unwrap_or_default(), readers, "who read the {}", mark.place);
    }
    // The operator and the people without any role at a file saw nothing at all, but did see something.
    for who in [OPERATOR, "leader", "officer", "admin", "stranger", "district", "partner", "nobody"] {
        assert!(house.seen.iter().any(|sight| sight.who == who && sight.text.len() > 500), "{who} saw pages");
    }
}

/// An invitation code is shown to whoever made it, once, and typed by the newcomer; a cookie goes to its browser only.
fn assert_secrets_are_shown_once(house: &House) {
    for secret in &house.secrets {
        let shown = house.seen.iter().filter(|sight| {
            let page = sight.text.split_once("\r\n\r\n").map_or(sight.text.as_str(), |(_, page)| page);
            page.contains(secret) || sight.location.contains(secret)
        });
        let shown: Vec<(&str, &str)> = shown.map(|sight| (sight.who, sight.what.as_str())).collect();
        let others: Vec<_> = shown
            .iter()
            // A form that was mistyped comes back with the code to the one who typed it.
            .filter(|(who, what)| {
                // So does the phrase of the help-seeking box: it stands on the pages of whoever wrote.
                let own = *who == "nobody" && what.contains(" /help/");
                !own && !matches!((*who, *what), ("admin", "post /staff") | (OPERATOR, _) | (_, "post /invitation"))
            })
            .collect();
        assert!(others.is_empty(), "a secret was shown at {others:?}");
    }
}

/// Audit lines tell that something was written into a compartment, not into which field and about which group: a line about
/// 残疾 or 委托照护 beside the id of a student would tell what the compartment hides.
fn assert_lines_say_no_field(rows: &str) {
    let lines: Vec<&str> = rows.lines().filter(|row| row.starts_with("audit_lines ")).collect();
    assert!(lines.len() > 200, "{}", lines.len());
    assert!(lines.iter().any(|line| line.contains("field_edited")));
    for line in lines {
        let words: Vec<&str> = line.split(|c: char| !c.is_ascii_lowercase() && c != '_').collect();
        let mut hidden =
            Field::ALL.iter().map(|field| field.as_str()).chain(GroupTag::ALL.iter().map(|tag| tag.as_str()));
        assert_eq!(hidden.find(|word| words.contains(word)), None, "{line}");
    }
}

/// The same search finds the name of a member of staff, which is no secret, wherever it looks.
async fn assert_the_search_finds_what_is_there(house: &House) {
    let control = control();
    assert!(house.seen.iter().any(|sight| sight.who == "admin" && sight.text.contains(CONTROL)));
    assert!(control.in_house(house).await.is_some(), "a name that stands there in clear is not found in the files");
    assert!(control.find(house.rows().await.as_bytes()).is_some(), "nor in the rows");
    assert!(control.find(house.log_and(&format!("name={CONTROL}")).as_bytes()).is_some(), "nor when it is logged");
    assert!(control.find(house.log_and("").as_bytes()).is_none(), "and nobody logged it");
}
