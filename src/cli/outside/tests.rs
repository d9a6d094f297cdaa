//! Messages on their way, against real servers on this machine: some that answer, some that hang, refuse or lie.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::domain::clock::{DAY, HOUR, MINUTE};
use crate::domain::outside::{Channel, Sending, WebAddress};
use crate::domain::words::Role;
use crate::service::testing::School;
use crate::service::{MailEdit, Viewer};
use crate::store::Message;

/// What a server was told.
type Heard = Arc<Mutex<Vec<String>>>;

/// A server that reads a request and answers with these bytes; without any it keeps silent, and holds the line.
async fn robot(answer: Option<&'static str>) -> (String, Heard) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/hook?key=k-1", listener.local_addr().unwrap());
    let heard = Heard::default();
    let told = Arc::clone(&heard);
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 4096];
            let mut length = 0;
            while !request[..length].ends_with(b"}}") {
                match stream.read(&mut request[length..]).await {
                    Ok(0) | Err(_) => break,
                    Ok(more) => length += more,
                }
            }
            told.lock().unwrap().push(String::from_utf8_lossy(&request[..length]).into_owned());
            match answer {
                Some(answer) => stream.write_all(answer.as_bytes()).await.unwrap(),
                None => held.push(stream),
            }
        }
    });
    (address, heard)
}

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 27\r\n\r\n{\"errcode\":0,\"errmsg\":\"ok\"}";

async fn to(address: &str) -> Result<(), Fault> {
    robot::send(&WebAddress::parse(address).unwrap(), "一册").await
}

#[tokio::test]
async fn a_robot_is_told_one_sentence_in_one_post() {
    let (address, heard) = robot(Some(OK)).await;
    assert_eq!(to(&address).await, Ok(()));
    let heard = heard.lock().unwrap().join("");
    assert!(heard.starts_with("POST /hook?key=k-1 HTTP/1.1\r\nhost: 127.0.0.1:"), "{heard}");
    assert!(heard.contains("content-type: application/json"), "{heard}");
    assert!(heard.ends_with("\r\n\r\n{\"msgtype\":\"text\",\"text\":{\"content\":\"一册\"}}"), "{heard}");
}

#[tokio::test]
async fn what_a_robot_answers_is_told_apart() {
    for (answer, expected) in [
        ("HTTP/1.1 500 no\r\ncontent-length: 0\r\n\r\n", Fault::ServerError),
        ("HTTP/1.1 404 no\r\ncontent-length: 0\r\n\r\n", Fault::Refused),
        ("HTTP/1.1 302 go\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n", Fault::Redirect),
        ("HTTP/1.1 200 OK\r\ncontent-length: 18\r\n\r\n{\"errcode\": 93000}", Fault::Refused),
        ("nonsense\r\n\r\n", Fault::ServerError),
        ("", Fault::ServerError),
    ] {
        let (address, _) = robot(Some(answer)).await;
        assert_eq!(to(&address).await, Err(expected), "{answer}");
    }
    let plain = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("https://{}/", plain.local_addr().unwrap());
    let greeting = tokio::spawn(async move { plain.accept().await.unwrap().0.write_all(OK.as_bytes()).await.unwrap() });
    assert_eq!(to(&address).await, Err(Fault::Encryption), "no TLS is spoken there");
    greeting.await.unwrap();
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    assert_eq!(to(&format!("http://{closed}/")).await, Err(Fault::Unreachable));
}

/// A mail server that takes everything, or answers `rcpt` to the receiver's name.
async fn post_office(rcpt: &'static str) -> (u16, Heard) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = Heard::default();
    let told = Arc::clone(&heard);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _gone = take_mail(stream, rcpt, &told).await;
        }
    });
    (port, heard)
}

async fn take_mail(stream: TcpStream, rcpt: &str, heard: &Heard) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 here\r\n").await?;
    let (mut line, mut in_data) = (String::new(), false);
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        heard.lock().unwrap().push(line.trim_end().to_owned());
        let answer = match line.get(..4).unwrap_or_default() {
            _ if in_data => {
                in_data = line != ".\r\n";
                if in_data {
                    continue;
                }
                "250 taken"
            }
            "EHLO" => "250-here\r\n250 AUTH PLAIN LOGIN",
            "AUTH" if line.contains("AGxpAHdyb25n") => "535 no",
            "AUTH" => "235 welcome",
            "RCPT" => rcpt,
            "DATA" => {
                in_data = true;
                "354 go on"
            }
            "QUIT" => "221 bye",
            _ => "250 ok",
        };
        stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
}

fn server(port: u16, password: &str) -> MailEdit {
    let text = |text: &str| text.to_owned();
    let (host, sender, user) = (text("127.0.0.1"), text("yice@school.example"), text("li"));
    MailEdit { host, port: port.to_string(), encryption: text("tls"), sender, user, password: text(password), seen: 0 }
}

/// A school with an administrator, and a counsellor who gave an address.
async fn school() -> (School, Viewer, Viewer) {
    let mut school = School::found().await;
    let admin = school.hire("admin", Role::SysAdmin, None).await;
    let lin = school.hire("lin", Role::Counsellor, None).await;
    school.app.set_own_address(&lin, " lin@school.example ").await.unwrap();
    (school, admin, lin)
}

async fn tell(school: &School, viewer: &Viewer) {
    let mut tx = school.app.begin().await.unwrap();
    let people = [viewer.person.id].into_iter().collect();
    school.app.tell(&mut tx, school.founded.id, &people, "/due").await.unwrap();
    tx.commit().await.unwrap();
}

/// One look of the worker. Gives how many messages were tried.
async fn carry_once(app: &App) -> usize {
    let taken = app.take_messages(AT_ONCE).await.unwrap();
    for outgoing in &taken {
        send_and_settle(app, outgoing).await;
    }
    taken.len()
}

async fn messages(school: &School, state: Sending) -> Vec<Message> {
    school.app.db.read().await.unwrap().messages_in(school.founded.id, state, 99).await.unwrap()
}

#[tokio::test]
async fn a_mail_says_that_something_waits_and_nothing_else() {
    let (school, admin, lin) = school().await;
    let (port, heard) = post_office("250 ok").await;
    school.app.set_mail(&admin, &server(port, "secret")).await.unwrap();
    tell(&school, &lin).await;
    tell(&school, &admin).await;
    assert_eq!(carry_once(&school.app).await, 1, "the administrator gave no address");
    assert_eq!(messages(&school, Sending::Sent).await.len(), 1);
    let heard = heard.lock().unwrap().join("\n");
    for line in ["MAIL FROM:<yice@school.example>", "RCPT TO:<lin@school.example>", "From: yice@school.example"] {
        assert!(heard.contains(line), "{line}: {heard}");
    }
    // 一册：您有一条新的待办，请登录查看。
    assert!(heard.contains("5LiA5YaM77ya5oKo5pyJ5LiA5p2h5paw55qE5b6F5Yqe77yM6K+355m75b2V5p+l55yL44CCDQo="), "{heard}");
    assert!(!heard.contains("due"), "no place: {heard}");
}

#[tokio::test]
async fn mail_that_is_refused_says_why() {
    let (school, admin, lin) = school().await;
    for (rcpt, password, expected) in [
        ("550 unknown", "secret", Fault::Refused),
        ("451 later", "secret", Fault::ServerError),
        ("250 ok", "wrong", Fault::Password),
    ] {
        let (port, _) = post_office(rcpt).await;
        let stands = school.app.channels(&admin).await.unwrap().mail.map_or(0, |(_, version)| version);
        school.app.set_mail(&admin, &MailEdit { seen: stands, ..server(port, password) }).await.unwrap();
        tell(&school, &lin).await;
        school.app.clock.advance(2 * HOUR);
        assert_eq!(carry_once(&school.app).await, 1);
        assert_eq!(messages(&school, Sending::Waiting).await[0].fault, expected.as_str());
    }
}

#[tokio::test]
async fn a_robot_out_of_order_is_tried_five_times_and_then_given_up_visibly() {
    let (school, admin, lin) = school().await;
    let (address, heard) = robot(Some("HTTP/1.1 500 no\r\ncontent-length: 0\r\n\r\n")).await;
    school.app.set_robot(&admin, Channel::Wecom, &address, 0).await.unwrap();
    tell(&school, &lin).await;
    tell(&school, &lin).await;
    assert_eq!(messages(&school, Sending::Waiting).await.len(), 1, "one that waits says it for all");
    let mut tries = Vec::new();
    for minute in 0..120 {
        if carry_once(&school.app).await > 0 {
            tries.push(minute);
        }
        school.app.clock.advance(MINUTE);
    }
    assert_eq!(tries, [0, 1, 6, 21, 81]);
    assert_eq!(heard.lock().unwrap().len(), 5);
    let seen = school.app.channels(&admin).await.unwrap();
    assert!(seen.waiting.is_empty());
    let dead: Vec<_> = seen.dead.iter().map(|m| (m.kind, m.tries, m.fault.as_str(), m.person_id)).collect();
    assert_eq!(dead, [(Channel::Wecom, 5, "server_error", None)]);
    // The next notice is a new message.
    tell(&school, &lin).await;
    assert_eq!(carry_once(&school.app).await, 1);
    school.app.clock.advance(91 * DAY);
    assert_eq!(school.app.tidy_outbox().await.unwrap(), 1);
}

#[tokio::test]
async fn a_robot_that_hangs_is_left() {
    let (address, heard) = robot(None).await;
    let to = Destination::Robot(WebAddress::parse(&address).unwrap());
    let message = Message {
        id: uuid::Uuid::nil(),
        school_id: uuid::Uuid::nil().into(),
        kind: Channel::Wecom,
        person_id: None,
        state: Sending::Waiting,
        tries: 1,
        next_at: 0,
        fault: String::new(),
        changed_at: 0,
    };
    assert_eq!(send(&Outgoing { message, to }, Duration::from_millis(50)).await, Err(Fault::Timeout));
    assert!(heard.lock().unwrap().len() <= 1);
}

#[tokio::test]
async fn a_robot_that_hangs_holds_nobody_else_up() {
    let (school, admin, lin) = school().await;
    let ((hanging, _), (quick, heard)) = (robot(None).await, robot(Some(OK)).await);
    school.app.set_robot(&admin, Channel::Wecom, &hanging, 0).await.unwrap();
    school.app.set_robot(&admin, Channel::Dingtalk, &quick, 0).await.unwrap();
    tell(&school, &lin).await;
    let (app, places) = (Arc::new(school.app), Arc::new(Semaphore::new(AT_ONCE)));
    round(&app, &places).await.unwrap();
    while heard.lock().unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    assert!(places.available_permits() >= AT_ONCE - 2);
}

#[tokio::test]
async fn a_message_is_carried_by_one_node_and_outlives_a_process_that_ended() {
    let (school, admin, lin) = school().await;
    let (address, heard) = robot(Some(OK)).await;
    school.app.set_robot(&admin, Channel::Dingtalk, &address, 0).await.unwrap();
    tell(&school, &lin).await;
    let taken = school.app.take_messages(8).await.unwrap();
    assert_eq!(taken.len(), 1);
    assert!(school.app.take_messages(8).await.unwrap().is_empty(), "another node finds it taken");
    // The process ends here. After a minute it is tried again; after the last try it is given up, not tried for ever.
    drop(taken);
    school.app.clock.advance(MINUTE);
    for _ in 1..5 {
        assert_eq!(school.app.take_messages(8).await.unwrap().len(), 1);
        school.app.clock.advance(HOUR);
    }
    assert!(school.app.take_messages(8).await.unwrap().is_empty());
    assert_eq!(messages(&school, Sending::Dead).await[0].fault, "interrupted");
    assert!(heard.lock().unwrap().is_empty());
}

#[tokio::test]
async fn messages_to_the_same_reader_keep_a_minute_apart() {
    let (school, admin, lin) = school().await;
    let (address, heard) = robot(Some(OK)).await;
    school.app.set_robot(&admin, Channel::Wecom, &address, 0).await.unwrap();
    for _ in 0..3 {
        tell(&school, &lin).await;
        carry_once(&school.app).await;
    }
    assert_eq!(heard.lock().unwrap().len(), 1);
    school.app.clock.advance(MINUTE);
    assert_eq!(carry_once(&school.app).await, 1, "the one that waited says it for both");
    assert_eq!(heard.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn what_is_closed_or_forgotten_is_told_no_more() {
    let (school, admin, lin) = school().await;
    let (address, heard) = robot(Some(OK)).await;
    let (port, mails) = post_office("250 ok").await;
    school.app.set_robot(&admin, Channel::Wecom, &address, 0).await.unwrap();
    school.app.set_mail(&admin, &server(port, "secret")).await.unwrap();
    tell(&school, &lin).await;
    school.app.close_channel(&admin, Channel::Wecom).await.unwrap();
    school.app.set_own_address(&lin, "").await.unwrap();
    assert_eq!(carry_once(&school.app).await, 0);
    tell(&school, &lin).await;
    assert_eq!(carry_once(&school.app).await, 0);
    assert!(heard.lock().unwrap().is_empty() && mails.lock().unwrap().is_empty());
}

#[tokio::test]
async fn neither_password_nor_key_nor_address_stands_in_the_database_or_comes_back() {
    let (school, admin, lin) = school().await;
    let (address, _) = robot(Some(OK)).await;
    school.app.set_robot(&admin, Channel::Wecom, &address, 0).await.unwrap();
    school.app.set_mail(&admin, &server(2525, "a secret word")).await.unwrap();
    tell(&school, &lin).await;
    let seen = school.app.channels(&admin).await.unwrap();
    let (mail, version) = seen.mail.unwrap();
    assert_eq!((mail.password.as_str(), mail.user.as_str(), version), ("", "li", 1));
    assert_eq!(seen.robots[0].host, "127.0.0.1");
    let (folder, db) = school.copy().await;
    db.close().await;
    let bytes = std::fs::read(folder.path().join("yice.db")).unwrap();
    for secret in ["a secret word", "k-1", "lin@school", "127.0.0.1"] {
        assert!(!bytes.windows(secret.len()).any(|part| part == secret.as_bytes()), "{secret}");
    }
    // Saved again with an empty password, the one that stands is kept; who saw an older state is told.
    let again = MailEdit { seen: 1, password: String::new(), ..server(2526, "") };
    school.app.set_mail(&admin, &again).await.unwrap();
    assert!(school.app.set_mail(&admin, &again).await.is_err());
    let taken = school.app.take_messages(8).await.unwrap();
    let kept = taken.iter().find_map(|outgoing| match &outgoing.to {
        Destination::Mail { server, .. } => Some((server.password.as_str(), server.port)),
        Destination::Robot(_) => None,
    });
    assert_eq!(kept, Some(("a secret word", 2526)));
}
