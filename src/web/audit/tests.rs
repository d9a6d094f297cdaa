use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use scraper::{Html, Selector};
use secrecy::SecretString;
use tower::ServiceExt as _;

use super::*;
use crate::service::App;
use crate::service::testing::{PASSWORD, School};
use crate::web::headers::Frame;
use crate::web::request::session_cookie;

/// What somebody sees at an address.
async fn get(app: &Arc<App>, login: &str, path: &str) -> (StatusCode, Html) {
    let token = app.sign_in(login, SecretString::from(PASSWORD), "::1").await.unwrap().token;
    let cookie = session_cookie(&token, false).stripped().to_string();
    let request = Request::get(path).header("cookie", cookie).body(Body::empty()).unwrap();
    let answer = crate::web::router(Arc::clone(app), Frame { secure: false }).oneshot(request).await.unwrap();
    let status = answer.status();
    let body = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
    (status, Html::parse_document(std::str::from_utf8(&body).unwrap()))
}

fn texts(page: &Html, selector: &str) -> Vec<String> {
    let selector = Selector::parse(selector).unwrap();
    page.select(&selector).map(|element| element.text().collect::<String>().trim().to_owned()).collect()
}

#[tokio::test]
async fn every_line_is_a_sentence_about_colleagues_and_filters_find_it() {
    let mut school = School::found().await;
    let officer = school.hire("sun", Role::PrivacyOfficer, None).await;
    let admin = school.hire("shi", Role::SysAdmin, None).await;
    assert!(school.app.statistics(&admin).await.is_err());
    let app = Arc::new(school.app);
    let (status, page) = get(&app, "sun", "/audit?refused=1").await;
    assert_eq!(status, StatusCode::OK);
    let cells = texts(&page, "tbody tr:first-child > *");
    assert_eq!(cells[1..], ["shi", "系统管理员 · 本校", "越权访问被拒绝：查看「统计」", "本校", "被拒绝"]);
    let (_, page) = get(&app, "sun", &format!("/audit?person={}&event=signed_in", officer.person.id)).await;
    let whats: Vec<String> = texts(&page, "tbody td:nth-child(4)");
    assert!(!whats.is_empty() && whats.iter().all(|what| what == "登录"));
    assert_eq!(texts(&page, "option[selected]"), ["sun", "登录"]);
    let (_, page) = get(&app, "sun", &format!("/audit?object={}", admin.person.id)).await;
    assert!(texts(&page, "tbody td:nth-child(4)").contains(&"新建账号并邀请".to_owned()));
    let (_, page) = get(&app, "sun", "/audit?object=7f3a").await;
    assert_eq!(texts(&page, ".error").len(), 1);
}

#[tokio::test]
async fn a_long_trail_goes_on_page_by_page_without_a_gap() {
    let mut school = School::found().await;
    let officer = school.hire("sun", Role::PrivacyOfficer, None).await;
    for _ in 0..AUDIT_LINES {
        school.app.audit(&officer, &AuditFilter::default()).await.unwrap();
    }
    let app = Arc::new(school.app);
    let (_, page) = get(&app, "sun", "/audit?event=&person=&object=").await;
    let ids = |page: &Html| -> Vec<i64> {
        let rows = Selector::parse("tbody tr").unwrap();
        page.select(&rows).map(|row| row.attr("id").unwrap()["line-".len()..].parse().unwrap()).collect()
    };
    let first = ids(&page);
    let link = Selector::parse("a[rel=next]").unwrap();
    let next = page.select(&link).next().unwrap().attr("href").unwrap().to_owned();
    let (_, page) = get(&app, "sun", &next).await;
    let second = ids(&page);
    assert_eq!(first.len(), 100);
    assert_eq!(second[0], first.last().unwrap() - 1);
    assert_eq!(second.last(), Some(&1));
    assert!(page.select(&link).next().is_none());
}

#[tokio::test]
async fn the_officer_counts_accesses_and_verifies_the_chain_and_nobody_else() {
    let mut school = School::found().await;
    school.hire("sun", Role::PrivacyOfficer, None).await;
    school.hire("shi", Role::SysAdmin, None).await;
    let app = Arc::new(school.app);
    let (status, page) = get(&app, "sun", "/audit/counts").await;
    assert_eq!(
        (status, texts(&page, "section h2")),
        (StatusCode::OK, vec!["最近 7 天".to_owned(), "最近 30 天".to_owned()])
    );
    let (status, page) = get(&app, "sun", "/audit/verify").await;
    assert_eq!((status, texts(&page, ".notice").len(), texts(&page, ".error").len()), (StatusCode::OK, 1, 0));
    crate::store::chain::tamper::run(&app.db, "DELETE FROM audit_lines WHERE seq = 3").await;
    let (_, page) = get(&app, "sun", "/audit/verify").await;
    assert!(texts(&page, ".error")[0].contains("第 3 条"));
    for path in ["/audit", "/audit/counts", "/audit/verify"] {
        assert_eq!(get(&app, "shi", path).await.0, StatusCode::NOT_FOUND, "{path}");
    }
}
