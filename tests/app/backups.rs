//! Backups as an administrator makes and uses them, with the real program.

use std::fs;
use std::path::{Path, PathBuf};

use age::secrecy::ExposeSecret as _;
use age::x25519::Identity;
use tempfile::TempDir;

use crate::support::installation::Installation;
use crate::support::program::{Said, Server, yice};

/// An installation, and beside it a folder with a key pair and a passphrase.
struct Desk {
    house: Installation,
    folder: TempDir,
    key: Identity,
}

impl Desk {
    fn new() -> Self {
        let (house, folder, key) = (Installation::found(), tempfile::tempdir().unwrap(), Identity::generate());
        let desk = Self { house, folder, key };
        fs::write(desk.path("key.txt"), format!("# a key\n{}\n", desk.key.to_string().expose_secret())).unwrap();
        fs::write(desk.path("other.txt"), format!("{}\n", Identity::generate().to_string().expose_secret())).unwrap();
        fs::write(desk.path("phrase"), "a horse in the rain\n").unwrap();
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    fn backup(&self, out: &str) -> Said {
        let to = self.key.to_public().to_string();
        yice(&["backup", "--dir", &dir(&self.house.dir), "--to", &to, "--out", &self.text(out)])
    }

    fn restore(&self, from: &str, into: &str, key: &str) -> Said {
        yice(&["restore", &self.text(from), "--dir", &self.text(into), "--identity", &self.text(key)])
    }

    /// The names in a folder of the desk; none where there is no such folder.
    fn names(&self, folder: &str) -> Vec<String> {
        let found = fs::read_dir(self.path(folder)).into_iter().flatten();
        found.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
}

fn dir(path: &Path) -> String {
    path.display().to_string()
}

#[test]
fn a_backup_taken_while_people_work_comes_back_whole() {
    let desk = Desk::new();
    let server = Server::serve(&desk.house.dir);
    let said = desk.backup("yice.age");
    assert_eq!(said.code, Some(0), "{said:?}");
    drop(server);
    let before: Vec<_> = fs::read_dir(&desk.house.dir).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(!before.iter().any(|name| name.to_string_lossy().contains("backup")), "no copy is left: {before:?}");

    // The standard tool would read the same bytes.
    let sealed = fs::read(desk.path("yice.age")).unwrap();
    assert!(sealed.starts_with(b"age-encryption.org/v1\n"));
    assert!(age::decrypt(&desk.key, &sealed).unwrap().starts_with(b"SQLite format 3\0"));

    let said = desk.restore("yice.age", "new", "key.txt");
    assert_eq!(said.code, Some(0), "{said:?}");
    assert_eq!(desk.names("new"), ["yice.db"]);
    yice(&["audit", "verify", "--dir", &desk.text("new")]).refused_because("server.secret");
    fs::copy(desk.house.dir.join("server.secret"), desk.path("new").join("server.secret")).unwrap();
    for command in [["audit", "verify"], ["key", "check"]] {
        let said = yice(&[&command[..], &["--dir", &desk.text("new")]].concat());
        assert_eq!(said.code, Some(0), "{said:?}");
    }
    let people = |dir: &str| yice(&["person", "list", "--dir", dir]).out;
    assert_eq!(people(&desk.text("new")), people(&dir(&desk.house.dir)));
    desk.restore("yice.age", "new", "key.txt").refused_because("已有系统");
}

#[test]
fn a_passphrase_does_as_well_and_nothing_is_written_over() {
    let desk = Desk::new();
    let (house, phrase, out) = (dir(&desk.house.dir), desk.text("phrase"), desk.text("yice.age"));
    let backup = ["backup", "--dir", &house, "--passphrase-file", &phrase, "--out", &out];
    assert_eq!(yice(&backup).code, Some(0));
    let made = fs::read(&out).unwrap();
    yice(&backup).refused_because("yice.age");
    assert_eq!(fs::read(&out).unwrap(), made);
    let said = yice(&["restore", &out, "--dir", &desk.text("new"), "--passphrase-file", &phrase]);
    assert_eq!(said.code, Some(0), "{said:?}");
    desk.restore("yice.age", "other", "key.txt").refused_because("打不开");
    assert!(desk.names("other").is_empty());
}

#[test]
fn what_does_not_open_leaves_nothing_behind() {
    let desk = Desk::new();
    assert_eq!(desk.backup("yice.age").code, Some(0));
    let sealed = fs::read(desk.path("yice.age")).unwrap();
    let mut changed = sealed.clone();
    let middle = changed.len() / 2;
    changed[middle] ^= 1;
    fs::write(desk.path("changed.age"), changed).unwrap();
    fs::write(desk.path("short.age"), &sealed[..sealed.len() - 40_000]).unwrap();
    fs::write(desk.path("none.age"), "a letter").unwrap();
    let mut other = Vec::new();
    for (name, content) in [("strange.age", &b"no database at all"[..]), ("empty.age", b"")] {
        other = age::encrypt(&desk.key.to_public(), content).unwrap();
        fs::write(desk.path(name), &other).unwrap();
    }
    assert!(!other.is_empty());
    for name in ["changed.age", "short.age", "none.age", "strange.age", "empty.age"] {
        desk.restore(name, "new", "key.txt").refused_because("没有恢复任何内容");
        assert!(desk.names("new").is_empty(), "{name}: {:?}", desk.names("new"));
    }
    desk.restore("yice.age", "new", "other.txt").refused_because("打不开");
    desk.restore("yice.age", "new", "phrase").refused_because("AGE-SECRET-KEY-1");
    desk.restore("missing.age", "new", "key.txt").refused_because("missing.age");
    assert!(desk.names("new").is_empty());
}

#[test]
fn what_cannot_be_backed_up_says_so() {
    let desk = Desk::new();
    let (house, out) = (dir(&desk.house.dir), desk.text("yice.age"));
    yice(&["backup", "--dir", &house, "--to", "age1nobody", "--out", &out]).refused_because("age1");
    let to = desk.key.to_public().to_string();
    let elsewhere = ["--database", "postgres://yice@localhost/yice"];
    yice(&[&["backup", "--dir", &house, "--to", &to, "--out", &out], &elsewhere[..]].concat())
        .refused_because("pg_dump");
    yice(&["backup", "--dir", &desk.text("nowhere"), "--to", &to, "--out", &out]).refused_because("nowhere");
    assert!(!Path::new(&out).exists());
}
