//! What people do, done in a real Chromium against the real program: `yice demo`, a page, a click. The pictures that a
//! journey takes stay in `target/screenshots/`.

#[path = "../support"]
#[expect(dead_code, reason = "shared with the tests without a browser, which use the rest")]
mod support {
    pub mod demo;
    pub mod http;
    pub mod program;
}

mod everyday;
mod harness;
mod house;
mod other_ways;
