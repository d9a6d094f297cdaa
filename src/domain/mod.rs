//! Values and rules. No IO, no async, no clock of its own: time and chance come in as arguments.

pub mod audit;
pub mod calendar;
pub mod clock;
pub mod crisis;
pub mod gate;
pub mod help;
pub mod helping;
pub mod ids;
pub mod keeping;
pub mod mandatory;
pub mod mood;
pub mod outside;
pub mod process;
pub mod record;
pub mod referral;
pub mod relation;
pub mod room;
pub mod roster;
pub mod routing;
pub mod search;
pub mod session;
pub mod steps;
pub(crate) mod unprintable;
pub mod warning;
pub mod words;
