//! The gate: from facts about students to the numbers that leadership sees.
//!
//! Whoever sees all reports of an epoch, and knew everything about every other child, learns little about one: a frozen menu of
//! cells ([`menu`]), a frozen calendar ([`calendar`]), noise that is correlated over time ([`noise`]), a limit that is checked
//! at the start of the program ([`limits`]), and a page that shows no number under ten ([`figure`]).

pub mod calendar;
pub mod fact;
pub mod figure;
pub mod limits;
pub mod menu;
pub mod noise;
pub mod release;

/// Reports in an epoch at most.
pub const REPORTS: usize = 24;

/// The roll from which a school is shown totals.
pub const TOTALS_FROM: u32 = 30;
/// The roll from which a school is shown breakdowns too.
pub const ALL_FROM: u32 = 100;
