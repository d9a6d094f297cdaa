use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt as _;
use scraper::{Html, Selector};
use secrecy::{ExposeSecret as _, SecretString};
use tower::ServiceExt as _;

use super::*;
use crate::domain::record::EntryText;
use crate::domain::words::{Effect, FileStatus, Language, Way};
use crate::service::testing::{PASSWORD, School};
use crate::service::{App, Viewer};
use crate::web::headers::Frame;
use crate::web::language::loader;

/// A running server with a counsellor, a helper and two open files.
struct House {
    app: Arc<App>,
    pages: Router,
    counsellor: Viewer,
    helper: Viewer,
    students: Vec<StudentId>,
    _folder: tempfile::TempDir,
}

impl House {
    async fn new() -> Self {
        let mut school = School::found().await;
        let (_, _, students) = school.class(2020, 3, &["沈一诺", "韩<小>满"]).await;
        let counsellor = school.hire("counsellor", Role::Counsellor, None).await;
        let helper = school.hire("helper", Role::Helper, None).await;
        for student in &students {
            school.app.set_status(&counsellor, *student, FileStatus::InSupport, 1).await.unwrap();
        }
        let School { app, folder, .. } = school;
        let app = Arc::new(app);
        let pages = crate::web::router(Arc::clone(&app), Frame { secure: false });
        Self { app, pages, counsellor, helper, students, _folder: folder }
    }

    async fn cookie(&self, login: &str) -> String {
        let signed_in = self.app.sign_in(login, SecretString::from(PASSWORD), "127.0.0.1").await.unwrap();
        format!("yice={}", signed_in.token.to_cookie().expose_secret())
    }

    async fn ask(&self, login: &str, request: axum::http::request::Builder, body: String) -> Response {
        let request = request.header("host", "yice.example").header("cookie", self.cookie(login).await);
        self.pages.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap()
    }

    async fn get(&self, login: &str, path: &str) -> (u16, Html) {
        read(self.ask(login, Request::get(path), String::new()).await).await
    }

    async fn post(&self, login: &str, path: &str, form: &str) -> Response {
        let request = Request::post(path)
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "application/x-www-form-urlencoded");
        self.ask(login, request, form.to_owned()).await
    }

    /// The helper accepts whatever waits.
    async fn agree(&self) {
        let (_, page) = self.get("helper", "/helping").await;
        for action in values(&page, "form[action$='/accept']", "action") {
            assert_eq!(self.post("helper", &action, "").await.status().as_u16(), 303);
        }
    }

    fn form(&self) -> String {
        format!("helper={}&condition=learning&purpose=weekly&starts=2026-11-23&ends=2027-01-31", self.helper.person.id)
    }
}

async fn read(response: Response) -> (u16, Html) {
    let status = response.status().as_u16();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, Html::parse_document(std::str::from_utf8(&bytes).unwrap()))
}

fn texts(page: &Html, selector: &str) -> Vec<String> {
    let selector = Selector::parse(selector).unwrap();
    let found = page.select(&selector).map(|e| e.text().collect::<String>());
    found.map(|text| text.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

fn values(page: &Html, selector: &str, attribute: &str) -> Vec<String> {
    let selector = Selector::parse(selector).unwrap();
    let found = page.select(&selector);
    found.map(|e| e.attr(attribute).unwrap_or_default().to_owned()).collect()
}

#[tokio::test]
async fn a_counsellor_pairs_a_student_and_ends_it_by_the_pages_alone() {
    let house = House::new().await;
    let path = format!("/files/{}/pairing", house.students[0]);
    let (status, page) = house.get("counsellor", &path).await;
    assert_eq!((status, texts(&page, "title")), (200, vec!["安排帮扶老师 · 一册".to_owned()]));
    assert_eq!(texts(&page, "dl.facts dd"), ["沈一诺", "七年级3班"]);
    assert_eq!(texts(&page, "select[name=helper] option"), ["请选择", "helper（helper）"]);
    assert_eq!(values(&page, "input[type=date]", "value"), ["2026-11-23", "2027-05-23"]);

    let answer = house.post("counsellor", &path, &house.form()).await;
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["location"]),
        (303, &"/pairings?done=pairing-started".parse().unwrap())
    );
    let (_, list) = house.get("counsellor", "/pairings?done=pairing-started").await;
    assert_eq!(texts(&list, ".notice").len(), 1);
    assert_eq!(texts(&list, "tbody th"), ["沈一诺", "韩<小>满"]);
    let state = "等待老师接受";
    assert_eq!(texts(&list, "tbody td")[..4], ["七年级3班", "helper", "2026年11月23日至2027年1月31日", state]);
    assert_eq!(texts(&list, "h2"), ["已建档、还没有帮扶老师的学生：1 名"]);

    house.agree().await;
    let one = values(&list, "tbody a[href^='/pairings/']", "href").remove(0);
    let (status, page) = house.get("counsellor", &one).await;
    assert_eq!((status, texts(&page, "title")), (200, vec!["调整结对 · 一册".to_owned()]));
    let acts = values(&page, "main form", "action");
    assert_eq!(acts, ["hand-over", "pause", "end"].map(|act| format!("{one}/{act}")));
    let (status, page) = read(house.post("counsellor", &acts[2], "note=").await).await;
    assert_eq!((status, texts(&page, "#f-note-error")), (422, vec!["请填写这一项。".to_owned()]));
    assert_eq!(house.post("counsellor", &acts[2], "note=done").await.status().as_u16(), 303);
    let (_, list) = house.get("counsellor", "/pairings").await;
    assert!(texts(&list, "tbody td").contains(&"已结束".to_owned()));
    assert!(values(&list, "tbody a[href^='/pairings/']", "href").is_empty());
    assert_eq!(texts(&list, "h2"), ["已建档、还没有帮扶老师的学生：2 名"]);
}

#[tokio::test]
async fn a_form_with_mistakes_comes_back_as_it_was_with_each_mistake_marked() {
    let house = House::new().await;
    let path = format!("/files/{}/pairing", house.students[0]);
    let wrong =
        house.post("counsellor", &path, "helper=&condition=learning&purpose=weekly&starts=2026-11-23&ends=soon").await;
    let (status, page) = read(wrong).await;
    assert_eq!(status, 422);
    assert_eq!(
        texts(&page, ".error"),
        ["有几处需要修改，已在下面标出。", "请选择一项。", "日期不对，请写成 2026-09-01 这样。"]
    );
    assert_eq!(texts(&page, "textarea"), ["weekly"]);
    let too_long = house.form().replace("2027-01-31", "2028-01-31");
    let (status, page) = read(house.post("counsellor", &path, &too_long).await).await;
    assert_eq!((status, texts(&page, "#f-ends-error")), (422, vec!["一次结对最长一年，请把结束日期提前。".to_owned()]));
    let chosen = values(&page, "option[selected]", "value");
    assert_eq!(chosen, [house.helper.person.id.to_string(), "learning".to_owned()]);
}

#[tokio::test]
async fn the_helpers_page_names_the_student_and_leads_to_the_file_and_the_entry_form() {
    let house = House::new().await;
    let (status, page) = house.get("helper", "/helping").await;
    assert_eq!((status, texts(&page, ".empty p").remove(0)), (200, "今天没有与您结对的学生。".to_owned()));
    let student = house.students[1];
    house.post("counsellor", &format!("/files/{student}/pairing"), &house.form()).await;
    let (_, page) = house.get("helper", "/helping").await;
    assert_eq!(texts(&page, "article h2"), ["counsellor请您结对帮扶一名学生"]);
    assert!(!texts(&page, "main")[0].contains("韩"), "before the answer there is no name");
    house.agree().await;
    let (_, page) = house.get("helper", "/helping").await;
    assert_eq!(texts(&page, "article h2"), ["韩<小>满"]);
    assert_eq!(texts(&page, "article dd"), ["七年级3班", "weekly", "还没有记录", "2027年1月31日"]);
    let entry = EntryText {
        date: house.app.clock.today(),
        way: Way::Talk,
        happened: "谈心".to_owned(),
        effect: Effect::Better,
        next: "周五家访".to_owned(),
    };
    house.app.append_entry(&house.helper, student, uuid::Uuid::new_v4().into(), &entry, None).await.unwrap();
    let (_, page) = house.get("helper", "/helping").await;
    assert_eq!(texts(&page, "article dd")[2..4], ["2026年11月23日", "周五家访"]);
    let links = values(&page, "article a", "href");
    assert_eq!(links, [format!("/files/{student}/entry"), format!("/files/{student}")]);
    assert!(!texts(&page, "title")[0].contains('韩'));
}

#[tokio::test]
async fn the_wrong_person_finds_no_such_page() {
    let house = House::new().await;
    let path = format!("/files/{}/pairing", house.students[0]);
    for (login, page) in [("helper", path.as_str()), ("helper", "/pairings"), ("counsellor", "/helping")] {
        assert_eq!(house.get(login, page).await.0, 404, "{page}");
    }
    assert_eq!(house.post("helper", &path, &house.form()).await.status().as_u16(), 404);
    assert_eq!(house.post("helper", &path, "helper=&purpose=&starts=&ends=").await.status().as_u16(), 404);
    assert!(house.app.pairings(&house.counsellor).await.unwrap().pairings.is_empty());
}

#[test]
fn every_word_of_a_pairing_is_there_in_both_languages() {
    for &language in Language::ALL {
        for state in PairingState::ALL {
            assert!(loader(language).has(&format!("pairing-state-{state}")), "{state} in {language}");
        }
        for condition in Condition::ALL {
            assert!(loader(language).has(&format!("condition-{condition}")), "{condition} in {language}");
        }
        for kind in crate::domain::helping::ReviewKind::ALL {
            assert!(loader(language).has(&format!("review-kind-{kind}")), "{kind} in {language}");
        }
        for mood in crate::domain::mood::Mood::ALL {
            assert!(loader(language).has(&format!("mood-{mood}")), "{mood} in {language}");
        }
    }
}
