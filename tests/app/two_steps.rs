//! Signing in with two steps, as people see it: codes are computed here as an app on a telephone does, from the key on the page.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::{Connection as _, SqliteConnection};
use totp_rs::{Builder, Secret, Totp};
use yice::domain::clock::MINUTE;
use yice::domain::words::Role;
use yice::vault::{OneTimeCode, ServerSecret, TotpKey};

use crate::people::{PASSWORD, Page, Person, TestApp};
use crate::support::both_backends;
use crate::support::cluster::Engine;

both_backends!(
    a_teacher_switches_it_on_and_signs_in_with_password_and_code,
    a_mistyped_form_keeps_the_key_and_says_what_is_wrong,
    after_an_idle_lock_the_password_is_enough_and_after_a_sign_out_it_is_not,
    whoever_must_switch_it_on_is_led_there_and_gets_nowhere_else,
);

const HALF_MINUTE: i64 = 30_000_000;

/// The app on a telephone, and the rescue codes on paper.
pub struct Telephone {
    app: Totp,
    pub rescue: Vec<String>,
}

impl Telephone {
    /// The code that the app shows now.
    pub fn code(&self, at: &TestApp) -> String {
        self.code_at(at.app.now())
    }

    /// The code that the app shows at an instant, microseconds UTC.
    pub fn code_at(&self, at: i64) -> String {
        self.app.generate(u64::try_from(at / 1_000_000).unwrap()).to_string()
    }

    /// Types the key that a page shows into an app.
    pub fn with_key(text: &str) -> Self {
        let key = text.replace(' ', "");
        let app = Builder::new().with_secret(Secret::try_from_base32(key).unwrap()).build().unwrap();
        Self { app, rescue: Vec::new() }
    }
}

/// Switches the second factor of a signed-in person on, by the pages.
pub async fn enrol(at: &TestApp, person: &Person<'_>) -> Telephone {
    let page = person.get("/account/two-steps").await;
    let mut telephone = Telephone::with_key(&page.text(".key"));
    let offer = page.attributes("input[name=offer]", "value").remove(0);
    let code = telephone.code(at);
    let form = [("offer", offer.as_str()), ("code", &code), ("password", PASSWORD)];
    let on = person.post("/account/two-steps", &form).await;
    assert_eq!(on.status, StatusCode::OK, "{}", on.text("main"));
    telephone.rescue = on.texts(".codes li");
    at.app.clock.advance(HALF_MINUTE);
    telephone
}

/// Gives name and password.
pub async fn first_step(person: &Person<'_>, login: &str, next: &str) -> Page {
    person.post("/sign-in", &[("login", login), ("password", PASSWORD), ("next", next)]).await
}

async fn a_teacher_switches_it_on_and_signs_in_with_password_and_code(engine: Engine) {
    let at = TestApp::on(engine).await;
    let li = at.homeroom("li").await;
    assert!(li.get("/account").await.text("main").contains("未开启"));
    let offer = li.get("/account/two-steps").await;
    assert_eq!(offer.texts("svg.square path").len(), 2, "a white ground and the dark squares");
    assert!(offer.attributes("a", "href").iter().any(|link| link.starts_with("otpauth://totp/")));
    assert!(!offer.source.contains("data:") && !offer.source.contains("style="));
    let telephone = enrol(&at, &li).await;
    assert_eq!(telephone.rescue.iter().collect::<BTreeSet<_>>().len(), 10);
    assert!(
        telephone.rescue.iter().all(|code| code.len() == 14 && code.split(' ').count() == 3),
        "three groups of four"
    );
    let page = li.get("/account/two-steps").await;
    assert!(page.texts(".key").is_empty() && page.text(".facts").contains("10"), "the key is shown once");
    li.post("/sign-out", &[]).await;

    let path = format!("/classes/{}", at.class);
    let asked = first_step(&li, "li", &path).await;
    assert_eq!(asked.location(), format!("/sign-in/code?next={path}"));
    let page = li.get(&asked.location()).await;
    assert_eq!(page.attributes("#f-code", "autocomplete"), ["one-time-code"]);
    assert_eq!(page.attributes("#f-code", "inputmode"), ["numeric"]);
    assert_eq!(page.texts("nav").len(), 0, "nobody is signed in yet");
    assert!(!page.text("main").contains("li"), "it does not say who");
    assert_eq!(li.get(&path).await.location(), format!("/sign-in?next={path}"));

    let wrong = li.post("/sign-in/code", &[("code", "000000"), ("next", &path)]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text("#f-code-error").starts_with("验证码不对"));
    assert_eq!(wrong.attributes("input[name=next]", "value")[0], path);
    let wide: String =
        telephone.code(&at).chars().map(|c| char::from_u32(0xFF10 + c.to_digit(10).unwrap()).unwrap()).collect();
    let right = li.post("/sign-in/code", &[("code", &wide), ("next", &path)]).await;
    assert_eq!(right.location(), path);
    assert_eq!(li.get(&path).await.status, StatusCode::OK);

    // The same code once more, in another browser, with the right password.
    let thief = at.nobody();
    first_step(&thief, "li", "").await;
    assert_eq!(
        thief.post("/sign-in/code", &[("code", &wide), ("next", "")]).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    let rescue = [("code", telephone.rescue[0].as_str()), ("next", "")];
    assert_eq!(thief.post("/sign-in/code", &rescue).await.location(), "/", "a rescue code does");
    first_step(&at.nobody(), "li", "").await;
    assert_eq!(
        at.nobody().post("/sign-in/code", &rescue).await.location(),
        "/sign-in?done=code-late",
        "without a cookie"
    );
    for (event, times) in [("first_step_passed", 3), ("code_refused", 2), ("two_steps_on", 1), ("rescue_code_used", 1)]
    {
        assert_eq!(at.audit_events(event).await, times, "{event}");
    }
}

async fn a_mistyped_form_keeps_the_key_and_says_what_is_wrong(engine: Engine) {
    let at = TestApp::on(engine).await;
    let li = at.homeroom("li").await;
    let page = li.get("/account/two-steps").await;
    let telephone = Telephone::with_key(&page.text(".key"));
    let offer = page.attributes("input[name=offer]", "value").remove(0);
    let code = telephone.code(&at);
    for (code, password, field, says) in [
        ("12345", PASSWORD, "code", "六位数字"),
        ("000000", PASSWORD, "code", "验证码不对"),
        (&code, "something else", "password", "现在的密码不对"),
    ] {
        let form = [("offer", offer.as_str()), ("code", code), ("password", password)];
        let back = li.post("/account/two-steps", &form).await;
        assert_eq!(back.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(back.text(&format!("#f-{field}-error")).contains(says), "{}", back.text("main"));
        assert_eq!(back.text(".key"), page.text(".key"), "the app has it already");
    }
    let form = [("offer", offer.as_str()), ("code", &code), ("password", PASSWORD)];
    assert_eq!(li.post("/account/two-steps", &form).await.texts(".codes li").len(), 10);
    let twice = li.post("/account/two-steps", &form).await;
    assert!(twice.text("#f-code-error").contains("已经开启"), "{}", twice.text("main"));

    at.app.clock.advance(HALF_MINUTE);
    let form = [("code", &*telephone.code(&at)), ("password", PASSWORD)];
    let off = li.post_and_follow("/account/two-steps/off", &form).await;
    assert!(off.text(".notice").contains("已关闭") && off.texts(".key").len() == 1);
    assert_ne!(off.text(".key"), page.text(".key"), "and the next key is another one");
    li.post("/sign-out", &[]).await;
    assert_eq!(first_step(&li, "li", "").await.location(), "/");
}

async fn after_an_idle_lock_the_password_is_enough_and_after_a_sign_out_it_is_not(engine: Engine) {
    let at = TestApp::on(engine).await;
    let li = at.homeroom("li").await;
    let telephone = enrol(&at, &li).await;
    li.post("/sign-out", &[]).await;
    first_step(&li, "li", "").await;
    li.post("/sign-in/code", &[("code", &telephone.code(&at)), ("next", "")]).await;
    assert_eq!(li.get("/locked").await.status, StatusCode::OK);
    assert_eq!(li.get("/account").await.location(), "/sign-in?next=/account", "the session is over");
    assert_eq!(first_step(&li, "li", "/account").await.location(), "/account");
    at.app.clock.advance(16 * MINUTE);
    assert_eq!(first_step(&li, "li", "/account").await.location(), "/account", "without JavaScript as well");
    assert_eq!(li.get("/account").await.status, StatusCode::OK);
    assert_eq!(first_step(&at.nobody(), "li", "").await.location(), "/sign-in/code", "another browser");
    li.post("/sign-out", &[]).await;
    assert_eq!(first_step(&li, "li", "").await.location(), "/sign-in/code");
}

async fn whoever_must_switch_it_on_is_led_there_and_gets_nowhere_else(engine: Engine) {
    let at = TestApp::on(engine).await;
    let (admin, leader) = (at.person(Role::SysAdmin, "admin").await, at.leader("zhou").await);
    let counsellor = at.counsellor("li").await;
    admin.post("/structure/two-steps", &[("two_steps", "demanded")]).await;
    for (person, first) in [(&admin, "/staff"), (&counsellor, "/warnings")] {
        for path in [first, "/", "/account", "/notices"] {
            assert_eq!(person.get(path).await.location(), "/account/two-steps", "{path}");
        }
    }
    assert_eq!(admin.post("/structure/name", &[("school", "另一所学校")]).await.location(), "/account/two-steps");
    let school = at.app.db.read().await.unwrap().school(at.school.id).await.unwrap().unwrap();
    assert_eq!((school.name.as_str(), school.two_steps), ("石门村教学点", true), "nothing was written");
    assert_eq!(leader.get("/account").await.status, StatusCode::OK, "a leader sees published numbers alone");
    let page = counsellor.get("/account/two-steps").await;
    assert!(page.text(".notice").contains("学校要求"));
    assert_eq!(counsellor.post("/sign-out", &[]).await.location(), "/sign-in", "leaving is always possible");
    let telephone = enrol(&at, &admin).await;
    assert_eq!(admin.get("/staff").await.status, StatusCode::OK);
    assert_eq!(admin.get("/structure").await.attributes("#f-two_steps-demanded[checked]", "value"), ["demanded"]);
    // To another telephone: off, and on again at once.
    let form = [("code", telephone.rescue[0].as_str()), ("password", PASSWORD)];
    admin.post("/account/two-steps/off", &form).await;
    assert_eq!(admin.get("/staff").await.location(), "/account/two-steps");
}

/// The whole database, every value of every table, as one heap of bytes.
async fn everything_stored(at: &TestApp) -> Vec<u8> {
    let mut conn = SqliteConnection::connect(&at.database.place).await.unwrap();
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut conn).await.unwrap();
    let (file,): (String,) =
        sqlx::query_as("SELECT file FROM pragma_database_list WHERE name = 'main'").fetch_one(&mut conn).await.unwrap();
    std::fs::read(file).unwrap()
}

#[tokio::test]
async fn a_copy_of_the_database_shows_neither_the_key_nor_a_code_without_the_server_secret() {
    let at = TestApp::new().await;
    let li = at.homeroom("li").await;
    let telephone = enrol(&at, &li).await;
    let stored = everything_stored(&at).await;
    let contains = |part: &[u8]| stored.windows(part.len()).any(|window| window == part);
    let factor = at.app.db.read().await.unwrap().second_factor(li.id).await.unwrap().unwrap();
    assert!(contains(&factor.sealed), "the search finds what does stand there");
    assert!(!contains(telephone.app.secret().as_bytes()));
    assert!(!contains(telephone.app.secret().to_base32().as_bytes()));
    for code in &telephone.rescue {
        assert!(!contains(code.as_bytes()) && !contains(code.replace(' ', "").as_bytes()));
        let mac = |secret: &ServerSecret| OneTimeCode::parse(code).unwrap().rescue_mac(secret, li.id).unwrap();
        assert!(contains(&mac(&at.app.secret)), "with the secret a code can be recognised");
        assert!(!contains(&mac(&ServerSecret::generate().unwrap())), "and without it, it cannot");
    }
    assert!(TotpKey::open(&ServerSecret::generate().unwrap(), li.id, &factor.sealed).is_err());
    let opened = TotpKey::open(&at.app.secret, li.id, &factor.sealed).unwrap();
    let now: SecretString = opened.code_at(at.app.now() / 1_000_000).unwrap();
    assert_eq!(now.expose_secret(), telephone.code(&at), "what an app computes from the page");
}
