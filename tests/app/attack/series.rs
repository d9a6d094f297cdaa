//! Whole series of reports, asked whether one child has a tag.
//!
//! The attacker knows every other child: he takes their counts away, and what is left is noise, or noise and one child. He takes
//! the best of several tests, each of which raises a false alarm in at most five of a hundred series without the child.

use std::collections::BTreeMap;

use yice::domain::gate::REPORTS;
use yice::domain::gate::limits::Limits;
use yice::domain::gate::menu::Cell;
use yice::domain::warning::{Severity, Stage};
use yice::domain::words::{GroupTag, Sex};

use super::planted::{Number, Planted, Report, menu, scale};
use super::world::{COHORTS, Child, World};

/// So many keys are tried.
const TRIES: u64 = 300;
/// What chance adds to a share of so many tries, three times its standard deviation.
pub const CHANCE: f64 = 0.085;
/// The report from which on the child is there.
const FROM: usize = 4;

/// What the attacker asks of a child of whom he knows everything else.
#[derive(Debug, Clone, Copy)]
pub enum Question {
    /// Whether a child with a file, who has no helper, came into a group.
    OneTag,
    /// Whether there is a file of a child who joined, with two groups and a warning.
    TwoTags,
}

/// The figures that our help page says.
pub fn limits() -> Limits {
    Limits::check(&menu()).unwrap()
}

/// How often the best test notices the child.
pub fn power(publisher: fn(u64) -> Planted, question: Question) -> f64 {
    let plain =
        Child { tags: Vec::new(), cohort: COHORTS[2], sex: Sex::Male, helped: false, warning: None, visited: false };
    let (child, before) = match question {
        Question::OneTag => (Child { tags: vec![GroupTag::LeftBehind], ..plain.clone() }, Some(plain)),
        Question::TwoTags => {
            let (tags, warning) = (vec![GroupTag::LeftBehind, GroupTag::Poor], Some((Severity::High, Stage::Acting)));
            (Child { tags, warning, ..plain }, None)
        }
    };
    let (with, without) =
        (World::with_one_more(REPORTS, FROM, Some(&child)), World::with_one_more(REPORTS, FROM, before.as_ref()));
    let counted: Vec<Cell> = before.iter().flat_map(Child::cells).collect();
    let tell: Vec<Cell> = child.cells().into_iter().filter(|cell| !counted.contains(cell)).collect();
    let seen = |world: &World, key: u64| -> Vec<Residual> {
        let of = |report| residual(&without, report, &publisher(key).publish_cells(world, report, &tell));
        (1..=REPORTS).map(of).collect()
    };
    let (mut luck, mut signal): (Vec<_>, Vec<_>) =
        (0..TRIES).map(|key| (tests(&seen(&without, key), &tell), tests(&seen(&with, key), &tell))).unzip();
    (0..luck[0].len()).map(|test| noticed(&mut luck, &mut signal, test)).fold(0.0, f64::max)
}

/// What is left of a report without the children who are known.
type Residual = BTreeMap<Cell, f64>;

fn residual(known: &World, report: usize, published: &Report) -> Residual {
    let left = |(cell, number): (&Cell, &Number)| {
        let known = f64::from(known.count(report, *cell));
        #[expect(clippy::cast_precision_loss, reason = "counts are small")]
        let stored = number.stored.map_or(known, |stored| stored as f64);
        (*cell, stored - known)
    };
    published.iter().map(left).collect()
}

/// The share of series with the child that exceed nearly all series without.
fn noticed(luck: &mut [[f64; 3]], signal: &mut [[f64; 3]], test: usize) -> f64 {
    luck.sort_by(|a, b| b[test].total_cmp(&a[test]));
    let alarms = luck.len() / 20;
    let threshold = luck[alarms][test];
    let over = signal.iter().filter(|values| values[test] > threshold).count();
    #[expect(clippy::cast_precision_loss, reason = "some hundred")]
    let share = over as f64 / signal.len() as f64;
    share
}

/// Three tests: for noise that is correlated as ours is, for noise that is drawn anew, and whether numbers stand still until the
/// child comes.
fn tests(series: &[Residual], tell: &[Cell]) -> [f64; 3] {
    let weight = |cell: &Cell| scale(*cell).value().powi(-2);
    let of = |cell: &Cell| series.iter().map(|report| report[cell]).collect::<Vec<f64>>();
    let shape: Vec<f64> = (1..=series.len()).map(|report| f64::from(u8::from(report >= FROM))).collect();
    let whitened = tell.iter().map(|cell| weight(cell) * product(&white(&of(cell)), &white(&shape))).sum();
    let mean = tell.iter().map(|cell| weight(cell) * product(&of(cell), &shape)).sum();
    let moved = |values: &[f64], report: usize| (values[report] - values[report - 1]).abs() > 0.5;
    let still =
        |values: &[f64]| (1..values.len()).filter(|report| *report != FROM - 1).all(|report| !moved(values, report));
    let jumps = tell.iter().filter(|cell| still(&of(cell)) && moved(&of(cell), FROM - 1)).count();
    [whitened, mean, f64::from(u32::try_from(jumps).unwrap())]
}

fn product(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// A series in which our noise would be independent from report to report: multiplied by the root of the differences, whose
/// inverse it was made with.
fn white(values: &[f64]) -> Vec<f64> {
    let mut roots = vec![1.0_f64];
    for k in 1..values.len() {
        let k = f64::from(u32::try_from(k).unwrap());
        roots.push(roots.last().unwrap() * (2.0 * k - 3.0) / (2.0 * k));
    }
    let at = |report: usize| (0..=report).map(|back| roots[back] * values[report - back]).sum();
    (0..values.len()).map(at).collect()
}
