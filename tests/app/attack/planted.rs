//! Publishers: ours, and those that others use or that a mistake would make of ours.

use std::collections::{BTreeMap, HashMap};
use std::sync::{LazyLock, Mutex};

use yice::domain::gate::figure::Figure;
use yice::domain::gate::menu::{Cell, LATEST, Menu, Profile, Table, Tier};
use yice::domain::gate::noise::{COEFFICIENTS, Scale, dgauss, noise, rounded};
use yice::vault::NoiseKey;

use super::world::{COHORTS, ROLL, World};

/// A publisher, with a number for its key.
#[derive(Debug, Clone, Copy)]
pub enum Planted {
    /// The one of this project.
    Ours(u64),
    /// Exact counts, those under ten hidden.
    Suppression,
    /// Noise that depends on who is in the cell.
    MemberKeyed(u64),
    /// Noise of the right size, drawn anew for each report.
    Redrawn(u64),
    /// Ours, with the exact total of each group in a corner of the page.
    ExactTotal(u64),
    /// Ours with half the scale.
    HalfScale(u64),
}

/// A published number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Number {
    /// What is stored; nothing where nothing is.
    pub stored: Option<i64>,
    /// What the page shows.
    pub shown: Shown,
    /// The standard deviation of its noise, which everybody knows: 0 where there is none.
    pub deviation: f64,
}

/// As it stands on a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// Fewer than ten.
    Few,
    /// So many, or about so many.
    Number(i32),
}

/// What is published in one report.
pub type Report = BTreeMap<Cell, Number>;

/// The menu of the attack.
pub fn menu() -> Menu {
    Menu::of(LATEST, Profile::Standard).unwrap()
}

fn key(number: u64) -> NoiseKey {
    let mut bytes = [0x5a; 32];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    NoiseKey::from_bytes(bytes)
}

/// The standard deviation of our noise in a report.
pub fn deviation(scale: Scale, report: usize) -> f64 {
    let variance: f64 = COEFFICIENTS[..report].iter().map(|l| unit(*l) * unit(*l)).sum();
    scale.value() * variance.sqrt()
}

/// A coefficient as a number.
#[expect(clippy::cast_precision_loss, reason = "forty bits")]
pub fn unit(coefficient: i128) -> f64 {
    coefficient as f64 / (1_u64 << 40) as f64
}

impl Planted {
    /// What it publishes.
    pub fn publish(&self, world: &World, report: usize) -> Report {
        self.publish_cells(world, report, &menu().cells(Tier::All, &COHORTS))
    }

    /// What it publishes in some cells.
    pub fn publish_cells(&self, world: &World, report: usize, cells: &[Cell]) -> Report {
        let cells = cells.iter().copied();
        let count = |cell: Cell| world.count(report, cell);
        match *self {
            Self::Ours(number) => {
                cells.map(|cell| (cell, ours(count(cell), number, cell, scale(cell), report))).collect()
            }
            Self::Suppression => cells.map(|cell| (cell, exact(count(cell)))).collect(),
            Self::ExactTotal(number) => {
                let of = |cell: Cell| match cell.table() {
                    Table::Group => Number { stored: Some(count(cell).into()), ..all(count(cell)) },
                    _ => ours(count(cell), number, cell, scale(cell), report),
                };
                cells.map(|cell| (cell, of(cell))).collect()
            }
            Self::MemberKeyed(number) => {
                let label = |cell: Cell| format!("{}|{:?}", cell.name(), world.members(report, cell));
                cells.map(|cell| (cell, noisy(count(cell), number, cell, &label(cell)))).collect()
            }
            Self::Redrawn(number) => {
                let of = |cell: Cell| noisy(count(cell), number, cell, &format!("{}|report {report}", cell.name()));
                cells.map(|cell| (cell, of(cell))).collect()
            }
            Self::HalfScale(number) => {
                let of = |cell: Cell| ours(count(cell), number, cell, half(scale(cell)), report);
                cells.map(|cell| (cell, of(cell))).collect()
            }
        }
    }
}

/// The scale that our menu gives a cell.
pub fn scale(cell: Cell) -> Scale {
    cell.table().scale(Profile::Standard)
}

fn half(scale: Scale) -> Scale {
    // Three and a half have no half in halves: one and a half is near enough.
    (1..=8).map(Scale::halves).find(|half| half.doubled() == scale).unwrap_or(Scale::halves(3))
}

/// What our publisher makes of a cell.
fn ours(count: u32, number: u64, cell: Cell, scale: Scale, report: usize) -> Number {
    number_of(rounded(count, drawn(number, &cell.label("school-1"), scale, report)), scale, report)
}

/// Our noise, with each draw made once for all reports: a series of them costs as much as its last.
fn drawn(number: u64, label: &str, scale: Scale, report: usize) -> i128 {
    static DRAWN: LazyLock<Mutex<HashMap<(u64, String), i128>>> = LazyLock::new(Mutex::default);
    let draw = |j: usize| {
        let label = format!("{label}|z{j}");
        let name = (number, format!("{} {label}", scale.text()));
        let stands = DRAWN.lock().unwrap().get(&name).copied();
        stands.unwrap_or_else(|| {
            let half = u128::from(halves(scale));
            let drawn = dgauss(&mut key(number).stream(&label), (half * half) << 38);
            DRAWN.lock().unwrap().insert(name, drawn);
            drawn
        })
    };
    (1..=report).map(|j| COEFFICIENTS[report - j] * draw(j)).sum()
}

fn halves(scale: Scale) -> u32 {
    (1..64).find(|halves| Scale::halves(*halves) == scale).unwrap()
}

/// Compares our noise with that of the publisher of the project.
pub fn assert_like_ours(report: usize) {
    let cell = Cell::Group(yice::domain::words::GroupTag::Poor);
    for halves in [3, 6, 7, 12] {
        let (scale, key) = (Scale::halves(halves), key(9));
        let theirs = noise(|label| key.stream(label), &cell.label("school-1"), scale, report);
        assert_eq!(drawn(9, &cell.label("school-1"), scale, report), theirs);
    }
}

/// A stored number and how our page shows it.
fn number_of(stored: i64, scale: Scale, report: usize) -> Number {
    let roll = ROLL * u32::try_from(COHORTS.len()).unwrap();
    let shown = Figure::of(stored, scale, report, roll).about().map_or(Shown::Few, shown);
    Number { stored: Some(stored), shown, deviation: deviation(scale, report) }
}

/// One draw of our noise under a label.
fn noisy(count: u32, number: u64, cell: Cell, label: &str) -> Number {
    number_of(rounded(count, drawn(number, label, scale(cell), 1)), scale(cell), 1)
}

/// A number as it stands on a page.
pub fn shown(number: u32) -> Shown {
    Shown::Number(i32::try_from(number).unwrap())
}

fn exact(count: u32) -> Number {
    if count < 10 { Number { stored: None, shown: Shown::Few, deviation: 0.0 } } else { all(count) }
}

fn all(count: u32) -> Number {
    Number { stored: None, shown: shown(count), deviation: 0.0 }
}
