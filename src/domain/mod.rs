//! Values and rules. No IO, no async, no clock of its own: time and chance come in as arguments.

pub mod audit;
pub mod calendar;
pub mod clock;
pub mod gate;
pub mod ids;
pub mod outside;
pub mod record;
pub mod relation;
pub mod roster;
pub mod routing;
pub mod search;
pub mod steps;
pub mod warning;
pub mod words;
