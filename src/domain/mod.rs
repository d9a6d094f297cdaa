//! Values and rules. No IO, no async, no clock of its own: time and chance come in as arguments.

pub mod audit;
pub mod clock;
pub mod gate;
pub mod helping;
pub mod ids;
pub mod mood;
pub mod record;
pub mod relation;
pub mod roster;
pub mod search;
pub mod warning;
pub mod words;
