//! The administrator's work, and how a new colleague gets to the keys without ever passing them through the administrator.

use crate::harness::{Setup, journey};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium"]
async fn a_new_homeroom_teacher_is_invited_accepts_and_is_let_in() {
    journey(Setup::default(), async |page| {
        page.sign_in("sys_admin").await;
        page.open("/structure").await;
        page.shot("admin-structure").await;
        page.open("/staff").await;
        page.shot("admin-staff").await;
        page.open("/staff/new").await;
        page.fill("name", "吴芳").await;
        page.fill("login", "wufang").await;
        page.choose("role", "homeroom_teacher").await;
        page.press("select[name=class] option:nth-child(3)").await;
        page.shot("admin-invites").await;
        page.press("main form button.main").await;
        page.reads("邀请码").await;
        let code = page.sees("dl.facts div:nth-child(3) dd").await.text().await.unwrap();
        page.shot("admin-invited").await;
        page.sign_out().await;

        page.press("a[href='/invitation']").await;
        page.fill("code", &code.to_lowercase()).await;
        for field in ["new", "again"] {
            page.fill(field, "玉米地里的风筝飞得很高").await;
        }
        page.shot("invitation").await;
        page.press("main form button.main").await;
        page.sees(".who").await;
        page.shot("invitation-accepted").await;
        page.open("/classes").await;
        assert_eq!(page.count("table a[href^='/files/']").await, 0, "no key yet, no names");
        page.shot("newcomer-without-key").await;
        page.open("/account").await;
        page.sign_out().await;

        page.sign_in("counsellor").await;
        page.open("/offices").await;
        page.reads("吴芳").await;
        page.shot("counsellor-admits").await;
        page.press("input[name=compared]").await;
        page.press("form.sheet button.main").await;
        page.sees(".notice").await;
        page.sign_out().await;

        page.sign_in_as("wufang", "玉米地里的风筝飞得很高").await;
        page.open("/classes").await;
        page.sees("table a[href^='/files/']").await;
        page.shot("newcomer-class").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium"]
async fn an_administrator_finds_no_student() {
    journey(Setup::default(), async |page| {
        page.sign_in("sys_admin").await;
        for path in ["/classes", "/search", "/statistics", "/audit", "/helping", "/import"] {
            page.open(path).await;
            page.reads("没有找到这个页面").await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium"]
async fn a_changed_password_ends_the_old_one() {
    journey(Setup::default(), async |page| {
        page.sign_in("school_leader").await;
        let (login, old) = page.account("school_leader");
        let (login, old) = (login.to_owned(), old.to_owned());
        page.open("/account").await;
        page.shot("account").await;
        page.fill("old", &old).await;
        for field in ["new", "again"] {
            page.fill(field, "操场边的梧桐树下有风").await;
        }
        page.press("form[action='/account/password'] button.main").await;
        page.sees(".notice").await;
        page.sign_out().await;
        page.fill("login", &login).await;
        page.fill("password", &old).await;
        page.press("form[action='/sign-in'] button.main").await;
        page.sees(".error").await;
        page.shot("sign-in-wrong").await;
        page.sign_in_as(&login, "操场边的梧桐树下有风").await;
    })
    .await;
}
