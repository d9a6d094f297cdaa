//! A process that is killed in the middle of work leaves a database that opens and a chain that verifies.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use crate::support::demo;
use crate::support::http::Client;
use crate::support::installation::{Installation, PASSWORD, PEOPLE};
use crate::support::program::{Server, command, path, yice};

/// That the chains of an installation are whole, and how many lines the longest has.
#[track_caller]
fn whole_chain(dir: &Path) -> u32 {
    let said = yice(&["--lang", "en", "audit", "verify", "--dir", path(dir)]);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{said:?}");
    let numbers = said.out.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse().ok());
    numbers.max().unwrap_or(0)
}

#[test]
fn a_server_killed_in_a_stream_of_acts_keeps_every_act_it_answered() {
    let house = Installation::found();
    let mut answered = 0;
    // Later and later, so that the end falls into different places of an act.
    for round in 0..6_u64 {
        let server = Server::serve(&house.dir);
        let address = server.address;
        let (count, over) = (AtomicU32::new(0), AtomicBool::new(false));
        std::thread::scope(|scope| {
            for (login, _) in PEOPLE {
                let (count, over) = (&count, &over);
                scope.spawn(move || {
                    let mut client = Client::new(address);
                    while !over.load(Ordering::Relaxed) {
                        let fields = [("login", *login), ("password", PASSWORD)];
                        match client.try_post("/sign-in", &fields) {
                            Ok(answer) if answer.status == 303 => count.fetch_add(1, Ordering::Relaxed),
                            Ok(answer) => panic!("{login}: {}", answer.status),
                            Err(_) => break,
                        };
                    }
                });
            }
            std::thread::sleep(Duration::from_millis(150 + 37 * round));
            server.kill();
            over.store(true, Ordering::Relaxed);
        });
        answered += count.into_inner();
        let kept = whole_chain(&house.dir);
        assert!(kept >= answered, "{answered} sign-ins were answered, {kept} lines are kept");
    }
    assert!(answered > 10, "only {answered} acts were done before the ends");
}

const SCHOOL: &str = "柳溪镇初级中学";
const ROSTER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/roster_liuxi_middle.xlsx");

/// The arguments of an import into a folder.
fn import(dir: &Path) -> [&str; 7] {
    ["import", ROSTER, "--dir", path(dir), "--school", SCHOOL, "--json"]
}

/// How many students of the roster are there, and how many are not.
fn there_and_missing(dir: &Path) -> (u64, u64) {
    let said = yice(&[&import(dir)[..], &["--dry-run"]].concat());
    let plan: serde_json::Value = serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {said:?}"));
    let count = |name: &str| plan[name].as_u64().unwrap_or_else(|| panic!("{name}: {plan}"));
    assert_eq!(count("changed"), 0, "half of a student is there");
    (count("unchanged"), count("created"))
}

#[test]
fn an_import_killed_at_any_moment_took_in_everything_or_nothing() {
    let above = tempfile::tempdir().unwrap();
    let empty = above.path().join("empty");
    assert_eq!(yice(&["init", "--dir", path(&empty), "--school", SCHOOL]).code, Some(0));
    let (_, all) = there_and_missing(&empty);
    assert!(all > 1_000, "{all} students in the roster");

    let copy = |name: &str| {
        let dir = above.path().join(name);
        demo::copy_folder(&empty, &dir);
        dir
    };
    // How long it takes here, for putting the ends into every part of it.
    let dir = copy("whole");
    let started = Instant::now();
    assert_eq!(yice(&import(&dir)).code, Some(0));
    let whole = started.elapsed();
    assert_eq!(there_and_missing(&dir), (all, 0));

    let mut outcomes = Vec::new();
    for part in 1..=5_u32 {
        let dir = copy(&format!("killed-{part}"));
        let mut running = command(&import(&dir)).stdout(std::process::Stdio::null()).spawn().unwrap();
        std::thread::sleep(whole * part / 6);
        running.kill().unwrap();
        running.wait().unwrap();
        whole_chain(&dir);
        let found = there_and_missing(&dir);
        assert!(found == (0, all) || found == (all, 0), "killed at {part}/6: {found:?}");
        outcomes.push((found.0, dir));
    }
    let (_, killed) = outcomes.into_iter().rfind(|(there, _)| *there == 0).expect("one was killed before its end");
    assert_eq!(yice(&import(&killed)).code, Some(0), "the next one takes in all of it");
    assert_eq!(there_and_missing(&killed), (all, 0));
    whole_chain(&killed);
}

#[test]
fn entries_that_were_answered_before_a_kill_stand_in_the_file_once() {
    let (_above, dir) = demo::copy();
    let mut server = demo::start(&dir);
    let account = server.lines.iter().find(|line| line.starts_with("homeroom_teacher\t")).unwrap().clone();
    let (login, password) = account.split_once('\t').and_then(|(_, rest)| rest.split_once('\t')).unwrap();
    let sent = AtomicU32::new(0);
    let mut answered = Vec::new();
    let mut file = String::new();
    for round in 0..4_u64 {
        let mut teacher = server.client();
        assert_eq!(teacher.sign_in(login, password).status, 303);
        if file.is_empty() {
            file = first_file(&mut teacher);
        }
        // Several at once, whose entries wait for each other and become permanent together.
        let mut several: Vec<Client> = (0..3).map(|_| server.client()).collect();
        for client in &mut several {
            assert_eq!(client.sign_in(login, password).status, 303);
        }
        several.push(teacher);
        let end = Instant::now() + Duration::from_millis(250 + 61 * round);
        let (sent, file) = (&sent, &file);
        let entries = std::thread::scope(|scope| {
            scope.spawn(move || {
                std::thread::sleep(end - Instant::now());
                server.kill();
            });
            let write = |teacher| scope.spawn(move || write_until_the_end(teacher, file, sent));
            let writing: Vec<_> = several.into_iter().map(write).collect();
            writing.into_iter().flat_map(|one| one.join().unwrap()).collect::<Vec<_>>()
        });
        answered.extend(entries);
        whole_chain(&dir);
        server = demo::start(&dir);
    }
    assert!(answered.len() > 4, "only {} entries were answered", answered.len());
    let mut teacher = server.client();
    assert_eq!(teacher.sign_in(login, password).status, 303);
    let page = teacher.get(&file).body;
    answered.sort_unstable();
    for number in &answered[answered.len().saturating_sub(40)..] {
        let entry = format!("第{number}条记录");
        assert_eq!(page.matches(&format!("{entry}<")).count(), 1, "{entry}");
    }
}

/// Writes entries until the server is gone; gives the numbers of those that were answered.
fn write_until_the_end(mut teacher: Client, file: &str, sent: &AtomicU32) -> Vec<u32> {
    let mut answered = Vec::new();
    loop {
        let number = sent.fetch_add(1, Ordering::Relaxed);
        let happened = format!("第{number}条记录");
        let fields = [
            ("date", "2026-11-20"),
            ("way", "talk"),
            ("happened", happened.as_str()),
            ("effect", "better"),
            ("next", ""),
            ("corrects", ""),
        ];
        match teacher.try_post(&format!("{file}/entry"), &fields) {
            Ok(answer) if answer.status == 303 => answered.push(number),
            Ok(answer) => panic!("{}: {}", answer.status, answer.body),
            Err(_) => return answered,
        }
    }
}

/// The address of the first file in the list of the own class.
fn first_file(teacher: &mut Client) -> String {
    let start = teacher.get("/classes");
    let list = if start.status == 303 { teacher.get(start.location()) } else { start };
    let at = list.body.find("/files/").unwrap_or_else(|| panic!("no student: {}", list.body));
    list.body[at..at + "/files/".len() + 36].to_owned()
}
