//! Forms that no browser of ours would send: each gets a page that says what to do, and changes nothing.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use crate::support::http::{Client, FORM, exchange};
use crate::support::installation::{Installation, PASSWORD};
use crate::support::program::Server;

struct Desk {
    server: Server,
    client: Client,
    _house: Installation,
}

/// A counsellor who is signed in.
fn desk() -> Desk {
    let house = Installation::found();
    let server = Server::serve(&house.dir);
    let mut client = server.client();
    assert_eq!(client.sign_in("counsellor", PASSWORD).status, 303);
    assert_eq!(client.get("/account").status, 200);
    Desk { server, client, _house: house }
}

impl Desk {
    /// Posts a body as our own page would, and gives status and page.
    fn post(&mut self, path: &str, kind: &str, body: &[u8]) -> (u16, String) {
        let headers = [("content-type", kind), ("sec-fetch-site", "same-origin")];
        let answer = self.client.send("POST", path, &headers, body).unwrap();
        (answer.status, answer.body)
    }

    /// That the person is still signed in and the server answers.
    #[track_caller]
    fn assert_unharmed(&mut self) {
        assert_eq!(self.client.get("/account").status, 200);
        assert!(!self.server.log().contains("panicked"), "{}", self.server.log());
    }
}

#[test]
fn a_field_of_ten_megabytes_is_too_large() {
    let mut desk = desk();
    let mut body = b"old=".to_vec();
    body.extend(std::iter::repeat_n(b'a', 10 << 20));
    let (status, page) = desk.post("/account/password", FORM, &body);
    assert_eq!(status, 413);
    assert!(page.contains("提交的内容太大"), "{page}");
    desk.assert_unharmed();
}

/// What the server says before it has got a whole request.
fn answer_to(desk: &Desk, start: &str, body: &[u8]) -> (TcpStream, String) {
    let (name, value) = desk.client.cookies.iter().find(|(name, _)| *name == "yice").expect("a session");
    let head = format!(
        "{start}host: {}\r\ncookie: {name}={value}\r\ncontent-type: {FORM}\r\nsec-fetch-site: same-origin\r\n\r\n",
        desk.server.address
    );
    let mut stream = TcpStream::connect(desk.server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    let answer = one_answer(&mut stream);
    (stream, answer)
}

/// One answer on a connection that stays open.
fn one_answer(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let mut byte = [0];
    while !answer.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).expect("a head");
        answer.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&answer).into_owned();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("a length");
    let mut body = vec![0; length.trim().parse().unwrap()];
    stream.read_exact(&mut body).expect("a whole page");
    head + String::from_utf8_lossy(&body).as_ref()
}

/// Neither sends the rest, nor goes away: whoever waits for it says something else than this.
#[test]
fn a_body_that_says_it_is_too_large_is_refused_before_it_comes() {
    let mut desk = desk();
    let sixteen = 16 << 20;
    for (path, length) in
        [("/account/password", 300 << 10), ("/language", 1_u64 << 40), ("/import", sixteen + (200 << 10))]
    {
        let (stream, answer) =
            answer_to(&desk, &format!("POST {path} HTTP/1.1\r\ncontent-length: {length}\r\n"), b"old=");
        assert!(answer.starts_with("HTTP/1.1 413 "), "{path}: {answer}");
        assert!(answer.contains("提交的内容太大") && answer.contains("退出登录"), "{path}: {answer}");
        drop(stream);
    }
    let (_stream, answer) = answer_to(&desk, "POST /language HTTP/1.1\r\ncontent-length: 30\r\n", &[b'a'; 30]);
    assert!(answer.starts_with("HTTP/1.1 4") && !answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert_eq!(desk.client.post("/language", &[("to", "en"), ("back", "/account")]).status, 303);
    let (_stream, answer) = answer_to(&desk, "POST /account/password HTTP/1.1\r\ncontent-length: 999999\r\n", b"");
    assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("<html lang=\"en\""), "{answer}");
    desk.assert_unharmed();
}

#[test]
fn a_body_of_unknown_length_is_refused_when_it_has_passed_the_limit() {
    let mut desk = desk();
    let chunk = [format!("{:x}\r\n", 300 << 10).into_bytes(), vec![b'a'; 300 << 10], b"\r\n".to_vec()].concat();
    let start = "POST /account/password HTTP/1.1\r\ntransfer-encoding: chunked\r\n";
    let (_stream, answer) = answer_to(&desk, start, &chunk);
    assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("提交的内容太大"), "{answer}");
    desk.assert_unharmed();
}

/// A browser looks at the answer when it has sent everything.
#[test]
fn whoever_sends_all_of_a_body_that_is_too_large_reads_why_and_goes_on() {
    let mut desk = desk();
    for _ in 0..3 {
        let length = 12 << 20;
        let start = format!("POST /account/password HTTP/1.1\r\ncontent-length: {length}\r\n");
        let (mut stream, answer) = answer_to(&desk, &start, &vec![b'a'; length]);
        assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
        stream.write_all(format!("GET /sign-in HTTP/1.1\r\nhost: {}\r\n\r\n", desk.server.address).as_bytes()).unwrap();
        assert!(one_answer(&mut stream).starts_with("HTTP/1.1 200 "), "the connection is as good as before");
    }
    desk.assert_unharmed();
}

#[test]
fn bytes_that_are_no_text_are_answered_with_a_page() {
    let mut desk = desk();
    for body in [&b"old=%ff%fe&new=x&again=x"[..], b"old=\xff\xfe&new=x&again=x", b"to=%00%00", b"%=%&&&==", b""] {
        for path in ["/account/password", "/language", "/sign-in"] {
            let (status, page) = desk.post(path, FORM, body);
            assert!(status == 303 || (400..500).contains(&status), "{path} {body:?}: {status}");
            assert!(status == 303 || page.contains("<h1"), "{path} {body:?}: {page}");
        }
    }
    desk.assert_unharmed();
}

#[test]
fn a_form_of_another_kind_is_refused() {
    let mut desk = desk();
    for kind in ["application/json", "text/plain", "multipart/form-data", "application/octet-stream", ""] {
        let (status, page) = desk.post("/account/password", kind, b"{\"old\":\"x\"}");
        assert_eq!(status, 415, "{kind}");
        assert!(page.contains("不支持这种文件或数据"), "{kind}: {page}");
    }
    desk.assert_unharmed();
}

#[test]
fn a_form_from_another_site_does_nothing() {
    let mut desk = desk();
    for from in [
        &[("sec-fetch-site", "cross-site")][..],
        &[("sec-fetch-site", "same-site")],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
        &[],
    ] {
        let headers = [&[("content-type", FORM)], from].concat();
        let answer = desk.client.send("POST", "/account/sign-out-everywhere", &headers, b"").unwrap();
        assert_eq!(answer.status, 403, "{from:?}");
        assert!(answer.body.contains("不是从本系统页面发出的"), "{from:?}: {}", answer.body);
    }
    desk.assert_unharmed();
    let answer = desk.client.post("/account/sign-out-everywhere", &[]);
    assert_eq!(answer.status, 303, "our own page is heard");
    assert_eq!(desk.client.get("/account").status, 303);
}

#[test]
fn a_tampered_cookie_opens_nothing() {
    let mut desk = desk();
    let (name, value) = desk.client.cookies.iter().find(|(name, _)| *name == "yice").expect("a session");
    let (name, value) = (name.clone(), value.clone());
    let changed = |at: usize| {
        let mut bytes = value.clone().into_bytes();
        // Another digit, not the same one in capitals: hexadecimal reads both alike.
        bytes[at] = if bytes[at] == b'0' { b'1' } else { b'0' };
        String::from_utf8(bytes).unwrap()
    };
    let long = "A".repeat(8_000);
    for forged in [&changed(0), &changed(value.len() / 2), &value[..value.len() - 1], "", "null", &long] {
        let mut thief = desk.server.client();
        thief.cookies.insert(name.clone(), forged.to_owned());
        let answer = thief.get("/account");
        assert_eq!((answer.status, answer.location()), (303, "/sign-in?next=/account"), "{forged}");
        let answer = thief.post("/account/sign-out-everywhere", &[]);
        assert_eq!(answer.status, 401, "{forged}");
        assert!(answer.body.contains("请先登录"), "{}", answer.body);
    }
    desk.assert_unharmed();
}

#[test]
fn a_session_that_was_signed_out_cannot_be_used_again() {
    let mut desk = desk();
    let mut copy = desk.client.clone();
    assert_eq!(desk.client.post("/sign-out", &[]).status, 303);
    assert!(desk.client.cookies.is_empty(), "the cookie is taken away");
    assert_eq!(copy.get("/account").status, 303, "and a copy of it is worth nothing");
    assert_eq!(copy.post("/sign-out", &[]).status, 303, "twice is no problem");
}

#[test]
fn a_method_or_an_address_that_is_none_of_ours_gets_a_page() {
    let mut desk = desk();
    for (method, path, status) in [
        ("GET", "/nowhere", 404),
        ("GET", "/files/not-an-id", 400),
        ("GET", "/files/../../etc/passwd", 404),
        ("GET", "/%ff%fe", 404),
        ("DELETE", "/account", 405),
        ("PUT", "/account", 405),
        ("GET", "/sign-out", 405),
    ] {
        let answer = desk.client.send(method, path, &[("sec-fetch-site", "same-origin")], b"").unwrap();
        assert_eq!(answer.status, status, "{method} {path}");
        assert!(answer.body.contains("<h1"), "{method} {path}: {}", answer.body);
    }
    desk.assert_unharmed();
}

#[test]
fn a_request_that_is_no_http_harms_nobody() {
    let mut desk = desk();
    for bytes in [&b"\x16\x03\x01\x02\x00\x01\x00"[..], b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", &[0; 4096]] {
        let _ = exchange(desk.server.address, bytes);
    }
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "x-a: b\r\n".repeat(2_000));
    let answer = exchange(desk.server.address, many.as_bytes()).unwrap_or_default();
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 4"), "{}", String::from_utf8_lossy(&answer));
    desk.assert_unharmed();
}

#[test]
fn guessing_a_password_slows_down_and_says_for_how_long() {
    let desk = desk();
    let mut guesser = desk.server.client();
    let answers: Vec<_> = (0..7).map(|_| guesser.sign_in("leader", "wrong horse in the rain")).collect();
    assert_eq!(answers[0].status, 422);
    let slow = answers.iter().find(|answer| answer.status == 429).expect("it slows down");
    assert!(slow.header("retry-after").is_some());
    assert!(slow.body.contains("操作太频繁"), "{}", slow.body);
    assert_eq!(guesser.sign_in("admin", PASSWORD).status, 303, "a colleague at the same address gets in");
}
