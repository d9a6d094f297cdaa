//! The commands as scripts use them: what they print, how they end, what they leave on the disk.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use sqlx::Connection as _;
use tempfile::TempDir;

use crate::support::program::{Said, Server, command, yice};

const SCHOOL: &str = "柳溪镇初级中学";
const ROSTER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/roster_shimen_tiny.xlsx");
const MESSY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/roster_liuxi_middle_messy.xlsx");

/// An installation that `yice init` made, and what it said.
fn init(more: &[&str]) -> (TempDir, String, Said) {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("yice").display().to_string();
    let said = yice(&[&["init", "--dir", &dir], more].concat());
    assert_eq!(said.code, Some(0), "{said:?}");
    (folder, dir, said)
}

fn rows(said: &Said) -> Vec<Vec<&str>> {
    said.out.lines().map(|line| line.split('\t').collect()).collect()
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn init_prints_three_slips_and_two_codes_into_a_folder_that_only_its_owner_can_enter() {
    let (_folder, dir, said) = init(&["--school", SCHOOL]);
    let kinds: Vec<&str> = rows(&said).iter().map(|row| row[0]).collect();
    assert_eq!(kinds, ["slip", "slip", "slip", "sys_admin", "counsellor"]);
    let dir = Path::new(&dir);
    assert_eq!(mode(dir), 0o700);
    for file in ["server.secret", "yice.db"] {
        assert_eq!(mode(&dir.join(file)), 0o600, "{file}");
    }
    let database = std::fs::read(dir.join("yice.db")).unwrap();
    let secret = std::fs::read_to_string(dir.join("server.secret")).unwrap();
    assert!(
        !database.windows(32).any(|window| window == &secret.as_bytes()[..32]),
        "the secret is not in the database"
    );
}

#[test]
fn init_leaves_an_installation_that_is_there_as_it_is() {
    let (_folder, dir, _) = init(&[]);
    let secret = std::fs::read(Path::new(&dir).join("server.secret")).unwrap();
    yice(&["init", "--dir", &dir]).refused_because("已有系统");
    yice(&["--lang", "en", "init", "--dir", &dir]).refused_because("holds an installation already");
    assert_eq!(std::fs::read(Path::new(&dir).join("server.secret")).unwrap(), secret);
}

#[test]
fn the_first_import_names_the_school_and_the_second_changes_nothing() {
    let (_folder, dir, _) = init(&[]);
    let import = |more: &[&str]| {
        let said = yice(&[&["import", ROSTER, "--dir", &dir, "--school", "石门村教学点", "--json"], more].concat());
        assert_eq!(said.code, Some(0), "{said:?}");
        serde_json::from_str::<Value>(&said.out).unwrap()
    };
    let dry = import(&["--dry-run"]);
    assert_eq!((&dry["created"], &dry["dry_run"]), (&Value::from(26), &Value::from(true)));
    assert_eq!(rows(&yice(&["school", "list", "--dir", &dir]))[0][1], "", "a dry run names nothing");
    assert_eq!(import(&[])["created"], 26);
    let again = import(&[]);
    assert_eq!((&again["created"], &again["changed"], &again["unchanged"]), (&0.into(), &0.into(), &26.into()));
    let schools = yice(&["school", "list", "--dir", &dir]);
    assert_eq!(rows(&schools).iter().map(|row| row[1]).collect::<Vec<_>>(), ["石门村教学点"]);
}

#[test]
fn refused_rows_end_with_two_and_are_named_in_chinese() {
    let (_folder, dir, _) = init(&["--school", SCHOOL]);
    let said = yice(&["import", MESSY, "--dir", &dir, "--school", SCHOOL, "--dry-run"]);
    assert_eq!(said.code, Some(2));
    assert!(said.out.contains("第 14 行「姓名」：姓名未填写。"), "{}", said.out);
    let json = yice(&["import", MESSY, "--dir", &dir, "--school", SCHOOL, "--dry-run", "--json"]);
    let json: Value = serde_json::from_str(&json.out).unwrap();
    let refused: Vec<u64> =
        json["refused"].as_array().unwrap().iter().map(|one| one["row"].as_u64().unwrap()).collect();
    assert_eq!(refused, [14, 60, 96, 143, 174, 205, 233, 265]);
    assert_eq!((&json["refused"][0]["column"], &json["refused"][0]["code"]), (&"姓名".into(), &"name-missing".into()));
}

#[test]
fn a_file_that_is_no_roster_ends_with_one_and_founds_no_school() {
    let (_folder, dir, _) = init(&["--school", SCHOOL]);
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    yice(&["import", manifest, "--dir", &dir, "--school", "新学校"]).refused_because("文本");
    yice(&["import", "/nowhere.xlsx", "--dir", &dir, "--school", "新学校"]).refused_because("/nowhere.xlsx");
    assert_eq!(rows(&yice(&["school", "list", "--dir", &dir])).len(), 1);
}

#[test]
fn a_roster_of_another_school_founds_it_with_its_first_people() {
    let (_folder, dir, _) = init(&["--school", SCHOOL]);
    let said = yice(&["import", ROSTER, "--dir", &dir, "--school", "石门村教学点"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.err.contains("sys_admin\tadmin2\t") && said.err.contains("counsellor\tcounsellor2\t"), "{}", said.err);
    assert_eq!(rows(&yice(&["school", "list", "--dir", &dir])).len(), 2);
    yice(&["person", "list", "--dir", &dir]).refused_because("--school");
}

#[test]
fn accounts_are_made_listed_and_renewed() {
    let (_folder, dir, _) = init(&["--school", SCHOOL]);
    let invite =
        |login: &str, more: &[&str]| yice(&[&["person", "invite", login, "周敏", "--dir", &dir], more].concat());
    let invited = invite("zhoumin", &["--role", "privacy_officer"]);
    assert_eq!((invited.code, rows(&invited)[0][0]), (Some(0), "zhoumin"), "{invited:?}");
    invite("zhoumin", &["--role", "helper"]).refused_because("zhoumin");
    invite("another", &["--role", "homeroom_teacher"]).refused_because("--class");
    invite("another", &["--role", "homeroom_teacher", "--class", "7-1"]).refused_because("7-1");
    let renewed = yice(&["person", "renew", "zhoumin", "--dir", &dir]);
    assert_ne!(rows(&renewed)[0][1], rows(&invited)[0][1], "a new code");
    let list = yice(&["person", "list", "--dir", &dir]);
    assert!(list.out.contains("zhoumin\t周敏\tprivacy_officer\tinvited"), "{}", list.out);
    assert_eq!(yice(&["person", "invite", "x", "y", "--role", "emperor", "--dir", &dir]).code, Some(1));
}

#[test]
fn slips_are_asked_for_before_anybody_is_let_in() {
    let (_folder, dir, said) = init(&["--school", SCHOOL]);
    let recover = |login: &str, slips: &str| {
        let mut child = command(&["key", "recover", "--dir", &dir, "--person", login, "--office", "counselling"])
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(slips.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let slips: Vec<&str> = rows(&said).iter().filter(|row| row[0] == "slip").map(|row| row[1]).collect();
    let two = format!("{}\n\n{}\n", slips[0], slips[2]);
    let (code, err) = recover("counsellor", &two);
    assert!(code == Some(1) && err.contains("还没有接受邀请"), "{err}");
    let (code, err) = recover("counsellor", &format!("{}\n{}\n", slips[0], slips[0]));
    assert!(code == Some(1) && err.contains("恢复凭条"), "{err}");
    let (code, err) = recover("counsellor", &slips[1][..20]);
    assert!(code == Some(1) && err.contains("恢复凭条"), "{err}");
    let (code, err) = recover("nobody", &two);
    assert!(code == Some(1) && err.contains("nobody"), "{err}");
    let hand_over = |to: &str, slips: &str| {
        let mut child = command(&["key", "hand-over", "--dir", &dir, "--from", "counsellor", "--to", to])
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(slips.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, err) = hand_over("counsellor", &two);
    assert!(code == Some(1) && err.contains("还没有接受邀请"), "{err}");
    let (code, err) = hand_over("admin", &two);
    assert!(code == Some(1) && err.contains("接收人不是本校心理教师"), "{err}");
    let (code, err) = hand_over("counsellor", slips[0]);
    assert!(code == Some(1) && err.contains("恢复凭条"), "{err}");
    // Nobody was let in anywhere.
    assert_eq!(yice(&["key", "check", "--dir", &dir]).code, Some(0));
}

#[test]
fn the_printed_matrix_is_the_reviewed_one_and_help_has_examples_everywhere() {
    assert_eq!(yice(&["policy", "matrix"]).out, include_str!("../../policies/matrix.snap"));
    assert_eq!(yice(&["policy", "check"]).code, Some(0));
    for asked in [
        "demo",
        "init",
        "serve",
        "import",
        "bench",
        "school list",
        "school add",
        "person list",
        "person invite",
        "person renew",
        "audit verify",
        "key check",
        "key recover",
        "key hand-over",
        "policy matrix",
        "policy check",
    ] {
        let mut arguments: Vec<&str> = asked.split(' ').collect();
        arguments.push("--help");
        let said = yice(&arguments);
        assert_eq!(said.code, Some(0), "{asked}");
        assert!(said.out.contains("Example") && said.out.contains(&format!("yice {asked}")), "{asked}: {}", said.out);
    }
    assert_eq!(yice(&["no-such-command"]).code, Some(1), "2 is for refused rows");
}

#[test]
fn a_demonstration_finds_its_data_again() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("demo");
    let text = dir.display().to_string();
    let start = || Server::start(command(&["demo", "--dir", &text, "--listen", "127.0.0.1:0"]), &dir, 9).lines.clone();
    let first = start();
    let roles: Vec<&str> = first[1..].iter().filter_map(|line| line.split('\t').next()).collect();
    let all = [
        "counsellor",
        "homeroom_teacher",
        "moral_ed_director",
        "school_leader",
        "sys_admin",
        "privacy_officer",
        "helper",
        "district_officer",
    ];
    assert_eq!(roles, all);
    assert!(first[0].starts_with("http://127.0.0.1:"));
    assert_eq!(start()[1..], first[1..], "the same accounts");
    assert_eq!(yice(&["audit", "verify", "--dir", &text]).code, Some(0));
    assert_eq!(yice(&["key", "check", "--dir", &text]).code, Some(0));
    yice(&["demo", "--dir", folder.path().to_str().unwrap(), "--listen", "127.0.0.1:0"]).refused_because("示例学校");
}

#[tokio::test]
async fn verifying_names_the_first_line_that_was_changed_and_a_chain_that_was_cut() {
    let (_folder, dir, _) = init(&["--school", SCHOOL]);
    // A server that runs signs the heads of the day beside the database.
    let server = Server::serve(Path::new(&dir));
    while !Path::new(&dir).join("audit-heads").read_dir().is_ok_and(|mut files| files.next().is_some()) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(server.stop(), Some(0));
    let sound = yice(&["audit", "verify", "--dir", &dir]);
    assert_eq!(sound.code, Some(0), "{sound:?}");
    assert!(sound.out.contains("签名存证一致"), "{}", sound.out);

    let mut database = sqlx::SqliteConnection::connect(&format!("sqlite:{dir}/yice.db")).await.unwrap();
    let changed = sqlx::query("UPDATE audit_lines SET detail = 'renamed' WHERE seq = 3").execute(&mut database).await;
    assert_eq!(changed.unwrap().rows_affected(), 1);
    let broken = yice(&["audit", "verify", "--dir", &dir]);
    assert!(broken.code == Some(1) && broken.err.contains("从第 3 条起不完整"), "{broken:?}");

    // Whoever can write may also compute hashes anew; what was signed before tells.
    for cut in ["DELETE FROM audit_lines", "DELETE FROM audit_heads"] {
        sqlx::query(cut).execute(&mut database).await.unwrap();
    }
    let cut = yice(&["audit", "verify", "--dir", &dir]);
    assert!(cut.code == Some(1) && cut.err.contains("签名存证不一致"), "{cut:?}");
}
