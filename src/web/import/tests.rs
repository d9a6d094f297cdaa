use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use http_body_util::BodyExt as _;
use scraper::{Html, Selector};
use secrecy::{ExposeSecret as _, SecretString};
use tower::ServiceExt as _;

use crate::domain::words::Role;
use crate::service::testing::{PASSWORD, School};
use crate::web::headers::Frame;

/// A browser at the server, signed in as one person.
struct Browser {
    server: Router,
    cookie: String,
}

/// An answer: status, where to, whether it reloads, and the page.
struct Answer {
    status: StatusCode,
    location: String,
    refresh: String,
    page: String,
}

impl Browser {
    async fn ask(&self, request: axum::http::request::Builder, body: Vec<u8>) -> Answer {
        let request = request.header(header::COOKIE, &self.cookie).header("sec-fetch-site", "same-origin");
        let response = self.server.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
        let head = |name| response.headers().get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
        let (status, location, refresh) = (response.status(), head(header::LOCATION), head(header::REFRESH));
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        Answer { status, location, refresh, page: String::from_utf8(bytes.to_vec()).unwrap() }
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask(Request::get(path), Vec::new()).await
    }

    async fn post(&self, path: &str) -> Answer {
        self.ask(Request::post(path), Vec::new()).await
    }

    async fn send(&self, file: &[u8]) -> Answer {
        let mut body = b"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x.xlsx\"\r\n\r\n".to_vec();
        body.extend_from_slice(file);
        body.extend_from_slice(b"\r\n--b--\r\n");
        let request = Request::post("/import").header(header::CONTENT_TYPE, "multipart/form-data; boundary=b");
        self.ask(request, body).await
    }
}

fn texts(page: &str, selector: &str) -> Vec<String> {
    let page = Html::parse_document(page);
    let selector = Selector::parse(selector).unwrap();
    page.select(&selector).map(|element| element.text().collect::<String>().trim().to_owned()).collect()
}

async fn served(roles: &[(&str, Role)]) -> (School, Vec<Browser>) {
    let mut school = School::found().await;
    let mut cookies = Vec::new();
    for (login, role) in roles {
        school.hire(login, *role, None).await;
        let token = school.app.sign_in(login, SecretString::from(PASSWORD), "127.0.0.1").await.unwrap().token;
        cookies.push(format!("yice={}", token.to_cookie().expose_secret()));
    }
    let empty = School::found().await;
    let app = std::mem::replace(&mut school.app, empty.app);
    let server = crate::web::router(Arc::new(app), Frame { secure: false });
    (school, cookies.into_iter().map(|cookie| Browser { server: server.clone(), cookie }).collect())
}

fn workbook(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests/data/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

#[tokio::test]
async fn a_director_checks_a_roster_confirms_it_and_reads_what_came_of_it() {
    let (_school, browsers) = served(&[("director", Role::MoralEdDirector), ("counsellor", Role::Counsellor)]).await;
    let (director, counsellor) = (&browsers[0], &browsers[1]);
    assert_eq!(texts(&director.get("/import").await.page, "h1"), ["导入名册"]);
    for path in ["/import", "/imports/00000000-0000-0000-0000-000000000000"] {
        assert_eq!(counsellor.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(counsellor.send(&workbook("roster_shimen_tiny.xlsx")).await.status, StatusCode::NOT_FOUND);

    let sent = director.send(&workbook("roster_shimen_tiny.xlsx")).await;
    assert_eq!((sent.status, sent.location.starts_with("/imports/")), (StatusCode::SEE_OTHER, true), "{}", sent.page);
    let path = sent.location.as_str();
    assert_eq!(counsellor.get(path).await.status, StatusCode::NOT_FOUND);
    let check = director.get(path).await.page;
    assert_eq!(texts(&check, "dl.facts dd"), ["26", "0", "0", "0"]);
    assert_eq!(texts(&check, "details tbody tr").len(), 26);
    let classes = texts(&check, "details summary");
    let grades: Vec<char> = classes.iter().filter_map(|summary| summary.chars().next()).collect();
    assert_eq!(grades, ['一', '二', '三'], "the lowest grade first: {classes:?}");
    assert!(texts(&check, ".error.summary")[0].contains("学校名称与本校不同"));
    assert_eq!(texts(&check, "title"), ["核对名册 · 一册"]);

    assert_eq!(director.post(path).await.location, path);
    let mut page = director.get(path).await;
    for _ in 0..400 {
        if page.refresh.is_empty() {
            break;
        }
        assert_eq!((page.refresh.as_str(), texts(&page.page, "progress").len()), (&*format!("1; url={path}"), 1));
        tokio::time::sleep(Duration::from_millis(50)).await;
        page = director.get(path).await;
    }
    assert_eq!(
        (texts(&page.page, "h1"), texts(&page.page, "dl.facts dd").concat()),
        (vec!["导入完成".into()], "26000".into())
    );

    let again = director.post(path).await;
    assert_eq!(again.location, format!("{path}?done=import-already"));
    assert!(director.get(&again.location).await.page.contains("不会重复导入"));
    let second = director.send(&workbook("roster_shimen_tiny.xlsx")).await.location;
    let check = director.get(&second).await.page;
    assert_eq!(texts(&check, "dl.facts dd"), ["0", "0", "26", "0"]);
    assert!(texts(&check, "form.confirm, form[action^='/imports/']").is_empty(), "nothing is left to confirm");
}

#[tokio::test]
async fn refused_rows_stand_first_with_line_column_and_reason() {
    let (_school, browsers) = served(&[("director", Role::MoralEdDirector)]).await;
    let sent = browsers[0].send(&workbook("roster_liuxi_middle_messy.xlsx")).await;
    let check = browsers[0].get(&sent.location).await.page;
    assert_eq!(texts(&check, "dl.facts dd"), ["1227", "0", "0", "8"]);
    let headings = texts(&check, "h2");
    assert_eq!(headings[0], "不能导入的行");
    let page = Html::parse_document(&check);
    let section = page.select(&Selector::parse("section").unwrap()).next().unwrap();
    let rows: Vec<Vec<String>> = section
        .select(&Selector::parse("tbody tr").unwrap())
        .map(|row| row.text().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned).collect())
        .collect();
    assert!(rows.len() >= 8 && rows.iter().all(|row| row.len() == 3 && row[0].parse::<u32>().is_ok()), "{rows:?}");
    // A cause without a text would show its id.
    assert!(
        !check.contains("roster-problem") && !check.contains("roster-caution") && !check.contains("No localization")
    );
}

#[tokio::test]
async fn what_is_no_roster_is_said_beside_the_field() {
    let (_school, browsers) = served(&[("director", Role::MoralEdDirector)]).await;
    for (file, said) in [
        (b"name,class\nx,y\n".as_slice(), "CSV"),
        (b"".as_slice(), "请选择一个名册文件"),
        (&[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1], "xls"),
    ] {
        let answer = browsers[0].send(file).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(
            texts(&answer.page, "#f-file-error")[0].contains(said),
            "{said}: {:?}",
            texts(&answer.page, "#f-file-error")
        );
    }
    let large = vec![b'x'; crate::domain::roster::MAX_FILE_BYTES + 128 * 1024];
    assert_eq!(browsers[0].send(&large).await.status, StatusCode::PAYLOAD_TOO_LARGE);
}
