//! The pages.

pub mod assets;
pub mod chart;
pub mod format;
pub mod headers;
pub mod language;
pub mod problem;
pub mod ui;
