//! People at work in a real browser: the real program with its invented school, Chromium, and what they see.
//!
//! One school and one driver serve the whole run; the journeys take turns, since they act as the same eight people. Each
//! leaves pictures in `target/screenshots`.

mod house;
mod window;

mod county;
mod crisis;
mod helping;
mod leading;
mod letting_read;
mod looking_after;
mod many_hands;
mod paper;
mod parting;
mod room;
mod rosters;
mod shared_computer;
mod teaching;
mod worrying;
