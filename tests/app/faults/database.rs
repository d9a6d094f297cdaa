//! A database that is missing, foreign, damaged, held, read-only, full, or from the future.

use std::fs;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::PermissionsExt as _;

use sqlx::{Connection as _, SqliteConnection};

use crate::support::http::Client;
use crate::support::installation::{Installation, PASSWORD, PEOPLE, runtime};
use crate::support::program::{Server, command, path, yice, yice_unprivileged};

fn verify(house: &Installation) -> crate::support::program::Said {
    yice(&["audit", "verify", "--dir", path(&house.dir)])
}

/// That nothing was lost: the chain is whole and everybody can sign in.
fn assert_intact(house: &Installation) {
    let said = verify(house);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{said:?}");
    let server = Server::serve(&house.dir);
    for (login, _) in PEOPLE {
        assert_eq!(server.client().sign_in(login, PASSWORD).status, 303, "{login}");
    }
}

#[test]
fn a_folder_without_an_installation_is_named() {
    let above = tempfile::tempdir().unwrap();
    let missing = above.path().join("missing");
    for command in [&["serve"][..], &["audit", "verify"]] {
        let run = |dir| yice(&[command, &["--dir", path(dir)]].concat());
        run(&missing).refused_because(path(&missing));
        run(above.path()).refused_because("yice init");
    }
    assert!(!missing.exists(), "looking makes nothing");
    assert_eq!(fs::read_dir(above.path()).unwrap().count(), 0);
}

#[test]
fn a_missing_strange_or_wrong_secret_changes_nothing() {
    let house = Installation::found();
    let secret = house.dir.join("server.secret");
    let right = fs::read(&secret).unwrap();
    let before = fs::read(house.database()).unwrap();

    fs::remove_file(&secret).unwrap();
    verify(&house).refused_because("server.secret");
    let long = vec![b'0'; 100_000];
    for strange in [&b""[..], b"\xff\xfe\x00", b"0123", &long] {
        fs::write(&secret, strange).unwrap();
        verify(&house).refused_because("64");
    }
    fs::write(&secret, "0".repeat(64)).unwrap();
    verify(&house).refused_because("不配套");
    yice(&["--lang", "en", "serve", "--dir", path(&house.dir), "--listen", "127.0.0.1:0"])
        .refused_because("does not belong to this database");

    fs::write(&secret, right).unwrap();
    assert_eq!(fs::read(house.database()).unwrap(), before, "not a byte of the database changed");
    assert_intact(&house);
}

#[test]
fn a_database_from_a_newer_version_is_left_alone() {
    let house = Installation::found();
    runtime().block_on(async {
        let mut conn = SqliteConnection::connect(path(&house.database())).await.unwrap();
        let future = "INSERT INTO _sqlx_migrations VALUES (9999, 'of the future', '2030-01-01', true, x'00', 1)";
        sqlx::query(future).execute(&mut conn).await.unwrap();
        conn.close().await.unwrap();
    });
    verify(&house).refused_because("更新版本");
    yice(&["serve", "--dir", path(&house.dir), "--listen", "127.0.0.1:0"]).refused_because("更新版本");
}

#[test]
fn a_damaged_file_is_said_to_be_damaged() {
    let house = Installation::found();
    let file = house.database();
    let whole = fs::read(&file).unwrap();

    fs::write(&file, b"this was a letter to the parents, saved under the wrong name\n".repeat(200)).unwrap();
    verify(&house).refused_because("损坏");

    let mut first_page = fs::OpenOptions::new().write(true).truncate(true).open(&file).unwrap();
    first_page.write_all(&whole).unwrap();
    first_page.seek(SeekFrom::Start(100)).unwrap();
    first_page.write_all(&[0xA5; 8_000]).unwrap();
    drop(first_page);
    verify(&house).refused_because("损坏");

    fs::write(&file, &whole[..whole.len() / 3]).unwrap();
    verify(&house).refused_because("损坏");

    fs::write(&file, b"").unwrap();
    verify(&house).refused_because("yice init");

    fs::write(&file, &whole).unwrap();
    for rest in ["yice.db-wal", "yice.db-shm"] {
        let _ = fs::remove_file(house.dir.join(rest));
    }
    assert_intact(&house);
}

#[test]
fn a_read_only_database_is_said_to_be_read_only() {
    let house = Installation::found();
    // In the file system, the file: whoever runs this must be somebody whom permissions stop.
    for rest in ["yice.db-wal", "yice.db-shm"] {
        let _ = fs::remove_file(house.dir.join(rest));
    }
    let mode = |mode| fs::set_permissions(house.database(), fs::Permissions::from_mode(mode)).unwrap();
    mode(0o400);
    let said = yice_unprivileged(&house.dir, &["serve", "--dir", path(&house.dir), "--listen", "127.0.0.1:0"]);
    said.refused_because("只读");
    mode(0o600);
    assert_intact(&house);
}

#[test]
fn a_database_that_another_program_holds_is_waited_for_and_then_said_to_be_busy() {
    let house = Installation::found();
    let server = Server::serve(&house.dir);
    let runtime = runtime();
    let held = runtime.block_on(async {
        let mut conn = SqliteConnection::connect(path(&house.database())).await.unwrap();
        sqlx::query("BEGIN IMMEDIATE").execute(&mut conn).await.unwrap();
        conn
    });
    let busy = server.client().sign_in("counsellor", PASSWORD);
    assert_eq!(busy.status, 503);
    assert!(busy.body.contains("系统正忙") && busy.body.contains("什么都没有保存"), "{}", busy.body);
    assert_eq!(busy.header("retry-after"), Some("3"));
    assert_eq!(server.client().get("/sign-in").status, 200, "what needs no writing goes on");
    assert_eq!(server.client().get("/healthz").body, "ok\n");
    runtime.block_on(held.close()).unwrap();
    assert_eq!(server.client().sign_in("counsellor", PASSWORD).status, 303);
    drop(server);
    assert_intact(&house);
}

#[test]
fn a_full_disk_is_said_and_nothing_is_lost() {
    let house = Installation::found();
    let size = fs::metadata(house.database()).unwrap().len();
    // The same answer as from a full disk, without a disk: no file of the server may grow beyond this.
    let blocks = (size + 64 * 1024) / 512;
    let serve = command(&["serve", "--dir", path(&house.dir), "--listen", "127.0.0.1:0"]);
    let mut limited = std::process::Command::new("sh");
    limited.args(["-c", &format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"")]);
    limited.arg(serve.get_program()).args(serve.get_args());
    let server = Server::start(limited, &house.dir, 1);

    let mut client = server.client();
    assert_eq!(client.sign_in("counsellor", PASSWORD).status, 303, "there is room yet");
    let mut done = 1;
    let full = loop {
        let answer = client.post("/language", &[("to", if done % 2 == 0 { "zh-CN" } else { "en" })]);
        if answer.status != 303 {
            break answer;
        }
        let again = server.client().sign_in("counsellor", PASSWORD);
        if again.status != 303 {
            break again;
        }
        done += 1;
        assert!(done < 2_000, "the disk never became full");
    };
    assert!([503, 507].contains(&full.status), "{}", full.status);
    assert!(full.body.contains("<h1"), "a page and not a bare status: {}", full.body);
    assert_eq!(server.client().get("/sign-in").status, 200, "it still answers");
    drop(server);
    assert_intact(&house);
}

#[test]
fn a_taken_port_is_named() {
    let house = Installation::found();
    let server = Server::serve(&house.dir);
    let address = server.address.to_string();
    yice(&["serve", "--dir", path(&house.dir), "--listen", &address]).refused_because(&address);
    assert_eq!(Client::new(server.address).get("/healthz").status, 200);
}

#[test]
fn an_address_that_others_can_reach_needs_tls_or_a_clear_word() {
    let house = Installation::found();
    yice(&["serve", "--dir", path(&house.dir), "--listen", "0.0.0.0:0"]).refused_because("--behind-tls");
}

#[test]
fn a_stopped_server_ends_well_and_leaves_one_file() {
    let house = Installation::found();
    let server = Server::serve(&house.dir);
    assert_eq!(server.client().sign_in("counsellor", PASSWORD).status, 303);
    assert_eq!(server.stop(), Some(0));
    assert!(!house.dir.join("yice.db-wal").exists(), "the log was folded in");
    assert_intact(&house);
}
