//! From an empty staff list to a teacher who opens the class list, through the pages alone.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, header};
use http_body_util::BodyExt as _;
use scraper::{Html, Selector};
use tower::ServiceExt as _;

use super::*;
use crate::service::testing::{PASSWORD, School};
use crate::web::headers::Frame;

/// A browser: a cookie, and the address it asks from.
struct Browser {
    router: Router,
    cookie: String,
}

/// What came back.
struct Answer {
    status: StatusCode,
    to: String,
    text: String,
}

impl Browser {
    fn new(router: &Router) -> Self {
        Self { router: router.clone(), cookie: String::new() }
    }

    async fn send(&mut self, request: axum::http::request::Builder, body: String) -> Answer {
        let request = request.header(header::COOKIE, &self.cookie).header("sec-fetch-site", "same-origin");
        let response = self.router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
        if let Some(cookie) = response.headers().get(header::SET_COOKIE) {
            self.cookie = cookie.to_str().unwrap().split(';').next().unwrap().to_owned();
        }
        let to = response.headers().get(header::LOCATION).map_or("", |to| to.to_str().unwrap()).to_owned();
        let status = response.status();
        let text = response.into_body().collect().await.unwrap().to_bytes();
        Answer { status, to, text: String::from_utf8(text.to_vec()).unwrap() }
    }

    async fn get(&mut self, path: &str) -> Answer {
        self.send(Request::get(path), String::new()).await
    }

    async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let encode = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat();
        let pairs = fields.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value)));
        let form = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(form, pairs.collect::<Vec<_>>().join("&")).await
    }

    async fn signed_in(router: &Router, login: &str) -> Self {
        let mut browser = Self::new(router);
        let answer = browser.post("/sign-in", &[("login", login), ("password", PASSWORD)]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{login}");
        browser
    }
}

impl Answer {
    /// The text of every element that fits.
    fn all(&self, selector: &str) -> Vec<String> {
        let page = Html::parse_document(&self.text);
        let selector = Selector::parse(selector).unwrap();
        page.select(&selector).map(|found| found.text().collect::<String>().trim().to_owned()).collect()
    }

    /// An attribute of the first element that fits.
    fn attr(&self, selector: &str, name: &str) -> String {
        let page = Html::parse_document(&self.text);
        page.select(&Selector::parse(selector).unwrap()).next().unwrap().attr(name).unwrap().to_owned()
    }
}

#[tokio::test]
async fn a_teacher_is_invited_accepts_is_let_in_and_can_work() {
    let mut school = School::found().await;
    school.hire("admin", Role::SysAdmin, None).await;
    school.hire("lin", Role::Counsellor, None).await;
    let router = crate::web::router(Arc::new(school.app), Frame { secure: false });
    let mut admin = Browser::signed_in(&router, "admin").await;

    let made = admin.post("/structure/classes", &[("grade", "7"), ("number", "3")]).await;
    assert_eq!(made.to, "/structure?done=class-made", "{:?}", made.all(".error"));
    assert!(admin.get(&made.to).await.all("th[scope=row]").contains(&"七年级3班".to_owned()));

    let class = admin.get("/staff/new").await.attr("select[name=class] option:nth-child(2)", "value");
    let form = [("name", "赵老师"), ("login", "zhao"), ("role", "homeroom_teacher"), ("class", class.as_str())];
    let wrong = admin.post("/staff", &form[..3]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(["#f-login", "#f-name"].map(|field| wrong.attr(field, "value")), ["zhao", "赵老师"]);
    assert_eq!(wrong.attr("#f-role-homeroom_teacher", "checked"), "");
    let invited = admin.post("/staff", &form).await;
    assert_eq!(invited.status, StatusCode::OK);
    let code = invited.all("dd")[2].clone();
    assert_eq!(code.len(), 29, "{code}");
    let back = invited.attr("main a.button", "href");
    assert!(!admin.get(&back).await.text.contains(&code), "the code is shown once");

    let mut zhao = Browser::new(&router);
    let password = "操场边的老榕树开花了";
    let accept = async |browser: &mut Browser, code: &str, again: &str| {
        browser.post("/invitation", &[("code", code), ("new", password), ("again", again)]).await
    };
    assert_eq!(accept(&mut zhao, &code, "别的").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let unknown = accept(&mut zhao, "AAAAA", password).await;
    assert_eq!(unknown.all("#f-code-error").len(), 1);
    let welcome = accept(&mut zhao, &code, password).await;
    assert_eq!(welcome.to, "/account?done=invitation-accepted");
    let account = zhao.get(&welcome.to).await;
    let fingerprint = account.all("dd")[1].clone();

    let mut lin = Browser::signed_in(&router, "lin").await;
    let offices = lin.get("/offices").await;
    assert_eq!(offices.all("dd"), ["班主任办公室（七年级3班）", &fingerprint]);
    let action = offices.attr("form.sheet", "action");
    let unticked = lin.post(&action, &[("fingerprint", &fingerprint)]).await;
    assert_eq!(unticked.status, StatusCode::UNPROCESSABLE_ENTITY);
    let other = lin.post(&action, &[("fingerprint", "0000 0000"), ("compared", "yes")]).await;
    assert_eq!(other.status, StatusCode::UNPROCESSABLE_ENTITY);
    let admitted = lin.post(&action, &[("fingerprint", &fingerprint), ("compared", "yes")]).await;
    assert_eq!(admitted.to, "/offices?done=admitted");
    assert!(lin.get("/offices").await.all("td").contains(&"赵老师".to_owned()));

    let ended = admin.get(&back).await.attr("form[action$='/end']", "action");
    assert!(admin.post(&ended, &[]).await.to.ends_with("?done=duty-ended"));
    let due = lin.get("/offices").await;
    let rotate = due.attr("form[action$='/rotate']", "action");
    assert_eq!(lin.post(&rotate, &[]).await.to, "/offices?done=rotated");
    assert!(lin.get("/offices").await.all("form[action$='/rotate']").is_empty());
    assert!(admin.post(&format!("{back}/close"), &[]).await.to.ends_with("?done=person-closed"));
    assert_eq!(zhao.get("/account").await.status, StatusCode::SEE_OTHER, "the session is over");
}

#[tokio::test]
async fn every_page_is_there_for_the_right_role_and_for_nobody_else() {
    let mut school = School::found().await;
    let admin_id = school.hire("admin", Role::SysAdmin, None).await.person.id;
    school.hire("lin", Role::Counsellor, None).await;
    school.hire("he", Role::Helper, None).await;
    let router = crate::web::router(Arc::new(school.app), Frame { secure: false });
    let mut admin = Browser::signed_in(&router, "admin").await;
    let mut lin = Browser::signed_in(&router, "lin").await;
    let mut he = Browser::signed_in(&router, "he").await;
    let person = format!("/staff/{admin_id}");
    for path in ["/staff", "/staff/new", person.as_str(), "/structure"] {
        assert_eq!(admin.get(path).await.status, StatusCode::OK, "{path}");
        assert_eq!(lin.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(he.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
        assert!(Browser::new(&router).get(path).await.to.starts_with("/sign-in"), "{path}");
    }
    assert_eq!(lin.get("/offices").await.status, StatusCode::OK);
    assert_eq!(admin.get("/offices").await.status, StatusCode::NOT_FOUND);
    assert_eq!(he.get("/offices").await.status, StatusCode::NOT_FOUND);
    assert_eq!(Browser::new(&router).get("/invitation").await.status, StatusCode::OK);
    let own = admin.post(&format!("{person}/close"), &[]).await;
    assert_eq!(own.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(own.all(".error").iter().any(|text| text.contains("另一位管理员")));
}

#[tokio::test]
async fn a_term_that_a_colleague_changed_comes_back_with_both_texts() {
    let mut school = School::found().await;
    school.hire("admin", Role::SysAdmin, None).await;
    let router = crate::web::router(Arc::new(school.app), Frame { secure: false });
    let mut admin = Browser::signed_in(&router, "admin").await;
    let term = |ends, seen| [("name", "第一学期"), ("starts", "2026-09-01"), ("ends", ends), ("seen", seen)];
    admin.post("/structure/terms", &term("2027-01-22", "0")).await;
    let path = admin.get("/structure").await.attr("th a[href^='/structure/terms/']", "href");
    assert_eq!(admin.post(&path, &term("2027-01-29", "1")).await.to, "/structure?done=term-saved");
    let stale = admin.post(&path, &term("2027-01-15", "1")).await;
    assert_eq!(stale.status, StatusCode::CONFLICT);
    assert_eq!(stale.all("[role=alert] dd"), ["2027年1月29日"]);
    assert_eq!((stale.attr("#f-ends", "value"), stale.attr("[name=seen]", "value")), ("2027-01-15".into(), "2".into()));
    assert_eq!(admin.post(&path, &term("2027-01-15", "2")).await.to, "/structure?done=term-saved");
}

#[test]
fn everything_these_pages_report_has_a_message() {
    let codes = [
        "login-taken",
        "login-invalid",
        "not-yourself",
        "role-held",
        "name-taken",
        "number-out-of-range",
        "class-exists",
        "invitation-unknown",
        "fingerprint-changed",
        "fingerprint-not-compared",
        "choose",
        "required",
        "too-long",
    ];
    for language in crate::domain::words::Language::ALL {
        let ids = codes.iter().map(|code| format!("field-problem-{code}"));
        let ids = ids.chain(crate::web::ui::DONE.iter().map(|code| format!("done-{code}")));
        let ids = ids.chain(AccountState::ALL.iter().map(|state| format!("account-state-{state}")));
        for id in ids.chain(KeyState::ALL.iter().map(|state| format!("key-state-{state}"))) {
            assert!(crate::web::language::loader(*language).has(&id), "{id} in {language}");
        }
    }
}
