//! The same work by other ways: without a mouse, without JavaScript, in English, on a telephone, on a shared computer.

use fantoccini::key::Key;

use crate::harness::{Setup, journey};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium"]
async fn an_entry_can_be_logged_with_the_keyboard_alone() {
    journey(Setup::default(), async |page| {
        let (login, password) = page.account("homeroom_teacher");
        let (login, password) = (login.to_owned(), password.to_owned());
        let (enter, space) = (Key::Enter.to_string(), " ".to_owned());
        page.open("/sign-in").await;
        page.tab_to("[name=login]").await;
        page.keys(&login).await;
        page.tab_to("[name=password]").await;
        page.keys(&format!("{password}{enter}")).await;
        page.sees(".who").await;
        page.sees("table a[href$='/entry']").await;
        page.tab_to("table a[href$='/entry']").await;
        page.keys(&enter).await;
        page.sees("textarea[name=happened]").await;
        page.tab_to("[name=way]").await;
        page.keys(&space).await;
        page.keys(&Key::Right.to_string()).await;
        page.tab_to("[name=happened]").await;
        page.keys("只用键盘写下的一条记录。").await;
        page.tab_to("[name=effect]").await;
        page.keys(&space).await;
        page.shot("keyboard-entry").await;
        page.tab_to("button.main").await;
        page.keys(&enter).await;
        page.reads("只用键盘写下的一条记录。").await;
        page.shot("keyboard-saved").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium"]
async fn an_entry_can_be_logged_without_javascript() {
    journey(Setup { no_script: true, ..Setup::default() }, async |page| {
        page.sign_in("homeroom_teacher").await;
        assert_eq!(page.count("[data-privacy]:not([hidden])").await, 0, "nothing is offered that would not work");
        page.press("table a[href$='/entry']").await;
        page.choose("way", "phone").await;
        page.fill("happened", "没有脚本也能保存。").await;
        page.choose("effect", "unchanged").await;
        page.shot("no-script-entry").await;
        page.press("main form button.main").await;
        page.reads("没有脚本也能保存。").await;
        page.sign_out().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium"]
async fn the_pages_are_complete_in_english() {
    journey(Setup { english: true, ..Setup::default() }, async |page| {
        page.open("/sign-in").await;
        page.shot("english-sign-in").await;
        let text = page.text().await.replace("中文", "").replace("简体中文", "").replace('册', "").replace('一', "");
        assert!(!text.chars().any(is_chinese), "{text}");
        page.sign_in("school_leader").await;
        if page.count("button[name=to][value=en]").await > 0 {
            page.press("button[name=to][value=en]").await;
        }
        page.reads("Sign out").await;
        page.open("/statistics").await;
        page.sees("table").await;
        page.shot("english-statistics").await;
        let main = page.sees("main").await.text().await.unwrap();
        assert!(!main.chars().any(is_chinese), "{main}");
    })
    .await;
}

fn is_chinese(c: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&c)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium"]
async fn the_pages_fit_a_telephone() {
    journey(Setup { narrow: true, ..Setup::default() }, async |page| {
        page.client.set_window_size(390, 844).await.unwrap();
        page.sign_in("homeroom_teacher").await;
        page.shot("telephone-class").await;
        page.press("table a[href$='/entry']").await;
        page.sees("textarea[name=happened]").await;
        page.shot("telephone-entry").await;
        let wider = "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
        let wider = page.client.execute(wider, Vec::new()).await.unwrap();
        assert_eq!(wider, serde_json::json!(0), "the form is as wide as the screen");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium"]
async fn the_back_button_shows_nothing_after_signing_out() {
    journey(Setup::default(), async |page| {
        page.sign_in("homeroom_teacher").await;
        page.sees("table a[href^='/files/']").await;
        page.sign_out().await;
        page.client.back().await.unwrap();
        page.sees("form[action='/sign-in']").await;
        assert_eq!(page.count("table a[href^='/files/']").await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium"]
async fn the_privacy_key_covers_the_page_at_once() {
    journey(Setup::default(), async |page| {
        page.sign_in("homeroom_teacher").await;
        page.press("[data-privacy]").await;
        page.sees("body.veiled .veil:not([hidden])").await;
        page.shot("veiled").await;
        page.press("[data-unveil]").await;
        page.sees("body:not(.veiled)").await;
    })
    .await;
}
