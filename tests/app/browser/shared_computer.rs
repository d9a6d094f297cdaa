//! A computer in a staff room: others look over the shoulder, sit down afterwards, and know old passwords.

use yice::domain::clock::Clock;

use super::house::House;
use super::window::{Seat, Window};
use crate::two_steps::Telephone;

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

#[tokio::test]
#[ignore = "needs Chromium"]
async fn whoever_knows_the_password_is_asked_for_the_code_of_a_telephone() {
    let house = House::enter().await;
    let password = house.password("privacy");
    let zhao = Window::of(&house, "privacy").await;
    zhao.goes("/account").await;
    zhao.clicks("a[href='/account/two-steps']").await;
    zhao.picture("92-two-steps").await;
    let square = "const box = document.querySelector('svg.square').getBoundingClientRect(); return box.width";
    assert_eq!(zhao.asks(square).await, 220);
    let telephone = Telephone::with_key(&zhao.texts(".key").await[0]);
    zhao.writes("code", &telephone.code_at(Clock::System.now())).await;
    zhao.writes("password", password).await;
    zhao.clicks("main button.main").await;
    zhao.finds(".codes").await;
    zhao.picture("93-rescue-codes").await;
    let rescue = zhao.texts(".codes li").await;
    assert_eq!(rescue.len(), 10);

    let stranger = Window::open(&house, Seat::Desk).await;
    stranger.goes("/sign-in").await;
    stranger.writes("login", "privacy").await;
    stranger.writes("password", password).await;
    stranger.clicks("main button.main").await;
    stranger.finds("input[autocomplete='one-time-code']").await;
    stranger.picture("94-code").await;
    stranger.goes("/audit").await;
    stranger.finds("form[action='/sign-in']").await;
    stranger.goes("/sign-in/code").await;
    // The code that switched it on is used up; the next one counts half a minute early.
    stranger.writes("code", &telephone.code_at(Clock::System.now() + 30_000_000)).await;
    stranger.clicks("main button.main").await;
    stranger.finds("body[data-idle-seconds]").await;

    // The journeys after this one know the password alone.
    zhao.goes("/account/two-steps").await;
    zhao.picture("95-two-steps-on").await;
    zhao.writes("code", &rescue[0]).await;
    zhao.writes("password", password).await;
    zhao.clicks("button[formaction='/account/two-steps/off']").await;
    zhao.finds(".notice").await;
}

async fn change(window: &Window, from: &str, to: &str) {
    window.goes("/account").await;
    window.writes("old", from).await;
    window.writes("new", to).await;
    window.writes("again", to).await;
    window.clicks("form[action='/account/password'] button.main").await;
    window.finds(".notice").await;
}
