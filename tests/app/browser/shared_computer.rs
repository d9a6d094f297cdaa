//! A computer in a staff room: others look over the shoulder, sit down afterwards, and know old passwords.

use super::house::House;
use super::window::{Seat, Window};

#[tokio::test]
#[ignore = "needs Chromium"]
async fn the_back_button_shows_nothing_after_signing_out() {
    let house = House::enter().await;
    let zhang = Window::of(&house, "homeroom").await;
    zhang.sees("本班").await;
    zhang.clicks("form[action='/sign-out'] button").await;
    zhang.finds("form[action='/sign-in']").await;
    zhang.goes_back().await;
    zhang.finds("form[action='/sign-in']").await;
    assert!(!zhang.source().await.contains("薛志强"), "a name is left in the page");
}

#[tokio::test]
#[ignore = "needs Chromium"]
async fn one_key_covers_the_page_before_somebody_looks() {
    let house = House::enter().await;
    let zhang = Window::of(&house, "homeroom").await;
    zhang.sees("薛志强").await;
    zhang.clicks("[data-privacy]").await;
    zhang.finds("body.veiled .veil:not([hidden])").await;
    let under = "const at = document.elementFromPoint(innerWidth / 2, innerHeight / 2); return !!at.closest('.veil')";
    assert_eq!(zhang.asks(under).await, true, "the veil covers the middle of the page");
    zhang.picture("90-veiled").await;
    zhang.clicks("[data-unveil]").await;
    zhang.finds("body:not(.veiled)").await;
}

#[tokio::test]
#[ignore = "needs Chromium"]
async fn a_changed_password_ends_the_old_one_and_the_other_session() {
    const NEW: &str = "操场边的梧桐树下有风";
    let house = House::enter().await;
    let old = house.password("leader");
    let forgotten = Window::of(&house, "leader").await;
    let chen = Window::of(&house, "leader").await;
    change(&chen, old, NEW).await;
    forgotten.goes("/statistics").await;
    forgotten.finds("form[action='/sign-in']").await;

    let guesser = Window::open(&house, Seat::Desk).await;
    guesser.goes("/sign-in").await;
    guesser.writes("login", "leader").await;
    guesser.writes("password", old).await;
    guesser.clicks("main button.main").await;
    guesser.finds(".error").await;
    guesser.picture("91-wrong-password").await;
    guesser.signs_in("leader", NEW).await;
    // The journeys after this one know the old one.
    change(&guesser, NEW, old).await;
}

async fn change(window: &Window, from: &str, to: &str) {
    window.goes("/account").await;
    window.writes("old", from).await;
    window.writes("new", to).await;
    window.writes("again", to).await;
    window.clicks("form[action='/account/password'] button.main").await;
    window.finds(".notice").await;
}
