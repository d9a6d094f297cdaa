//! Bounds on everything that is true, by linear programming.
//!
//! The unknowns are the counts of the first report and, for everybody who is known to have come or gone, in which cells: one or
//! not. What is known ties them together: a cohort or a sex is a part of its group, a child without a helper is a child, an exact
//! number is what it says, and one with noise is not further from the truth than [`FAR`] standard deviations. Nothing ties one
//! group to another, so each is a program of its own.

use std::collections::BTreeMap;

use good_lp::{
    Constraint, Expression, ProblemVariables, Solution as _, SolverModel as _, Variable, constraint, microlp, variable,
};
use yice::domain::gate::menu::{Cell, Table};

use super::planted::{Number, Report, Shown};
use super::world::{COHORTS, Event, ROLL, World};

/// So far from the truth noise comes less than once in a million numbers.
const FAR: f64 = 5.0;

/// What is bounded.
#[derive(Debug, Clone, Copy)]
enum What {
    /// The count of a cell in a report.
    Count(Cell, usize),
    /// What a cell changed by from one report to the next.
    Difference(Cell, usize),
    /// Whether this one who came or went counts in a cell.
    Joiner(Cell, u32),
}

/// The true value of something lies between two numbers.
#[derive(Debug, Clone, Copy)]
pub struct Finding {
    what: What,
    low: f64,
    high: f64,
    /// Whether what it is about was shown exactly: then it was given away and not found out.
    given: bool,
}

impl Finding {
    /// Whether it tells something: only one whole number lies between, and it was not given away anyway.
    pub fn tells(&self) -> bool {
        !self.given && (self.high + 1e-6).floor() <= (self.low - 1e-6).ceil()
    }

    /// Whether it is a count that was hidden.
    pub fn is_hidden_count(&self) -> bool {
        matches!(self.what, What::Count(..)) && self.high < 10.0
    }

    /// Whether it is about one who came or went.
    pub fn is_joiner(&self) -> bool {
        matches!(self.what, What::Joiner(..))
    }

    /// Whether it is a difference between two reports.
    pub fn is_difference(&self) -> bool {
        matches!(self.what, What::Difference(..))
    }

    /// Whether it is true.
    pub fn holds(&self, world: &World) -> bool {
        let count = |cell, report| f64::from(world.count(report, cell));
        let truth = match self.what {
            What::Count(cell, report) => count(cell, report),
            What::Difference(cell, report) => count(cell, report) - count(cell, report - 1),
            What::Joiner(cell, number) => f64::from(u8::from(world.child(number).cells().contains(&cell))),
        };
        self.low - 1e-6 <= truth && truth <= self.high + 1e-6
    }
}

/// What is published of the same children and others together, of whom nobody comes or goes.
#[derive(Debug, Clone, Copy)]
pub struct Beside<'a> {
    /// Of all together, report by report.
    pub all: &'a [Report],
    /// Of the others alone, as far as it is shown.
    pub others: &'a [Report],
}

/// Bounds of everything.
pub fn all(world: &World, reports: &[Report], beside: Option<Beside>) -> Vec<Finding> {
    let mut families: BTreeMap<String, Vec<Cell>> = BTreeMap::new();
    for cell in reports[0].keys() {
        families.entry(family(*cell)).or_default().push(*cell);
    }
    let published = Published { world, reports, beside };
    families.values().flat_map(|cells| published.of_family(cells)).collect()
}

/// The cells that hang together.
fn family(cell: Cell) -> String {
    match cell {
        Cell::Group(tag) | Cell::Unaided(tag) | Cell::GroupCohort(tag, _) | Cell::GroupSex(tag, _) => format!("{tag}"),
        Cell::Risk(level) | Cell::RiskCohort(level, _) => format!("{level}"),
        Cell::Step(_) | Cell::Visit(_) => cell.name(),
    }
}

/// What the attacker has.
struct Published<'a> {
    world: &'a World,
    reports: &'a [Report],
    beside: Option<Beside<'a>>,
}

impl Published<'_> {
    fn of_family(&self, cells: &[Cell]) -> Vec<Finding> {
        let Self { world, reports, .. } = self;
        let mut found = Vec::new();
        let mut ask = |what: What, given: bool| {
            let Some((low, high)) = self.bound(cells, what) else { return };
            found.push(Finding { what, low, high, given });
        };
        let given = |cell: &Cell, report: usize| {
            let number: &Number = &reports[report - 1][cell];
            number.deviation == 0.0 && number.shown != Shown::Few
        };
        for cell in cells {
            for report in [1, reports.len()] {
                ask(What::Count(*cell, report), given(cell, report));
            }
            for event in &world.events {
                // Elsewhere nothing changes, and everybody knows that.
                if world.child(event.number).can_count_in(*cell) {
                    ask(What::Difference(*cell, event.report), false);
                    ask(What::Joiner(*cell, event.number), false);
                }
            }
        }
        found
    }

    /// The least and the most that something can be; nothing where no world would have published this.
    fn bound(&self, cells: &[Cell], what: What) -> Option<(f64, f64)> {
        let world = self.world;
        let side = |least: bool| {
            let unknown = Unknown::of(world, cells);
            let goal = match what {
                What::Count(cell, report) => unknown.count(world, cell, report),
                What::Difference(cell, report) => {
                    unknown.count(world, cell, report) - unknown.count(world, cell, report - 1)
                }
                What::Joiner(cell, number) => Expression::from(unknown.events[&(number, cell)]),
            };
            let known = self.known(cells, &unknown);
            let Unknown { problem, .. } = unknown;
            let problem = if least { problem.minimise(goal.clone()) } else { problem.maximise(goal.clone()) };
            Some(problem.using(microlp).with_all(known).solve().ok()?.eval(goal))
        };
        Some((side(true)?, side(false)?))
    }

    /// What ties the unknowns together.
    fn known(&self, cells: &[Cell], unknown: &Unknown) -> Vec<Constraint> {
        let Self { world, reports, beside } = self;
        let mut known = Vec::new();
        for (index, report) in reports.iter().enumerate() {
            let count = |cell: Cell| unknown.count(world, cell, index + 1);
            for cell in cells {
                known.extend(within(&count(*cell), &report[cell]));
                let Some(Beside { all, others }) = beside else { continue };
                let rest = Expression::from(unknown.others[cell]);
                known.extend(others[index].get(cell).into_iter().flat_map(|number| within(&rest, number)));
                known.extend(within(&(count(*cell) + rest), &all[index][cell]));
            }
            known.extend(tied(cells, count));
        }
        if beside.is_some() {
            known.extend(tied(cells, |cell| unknown.others[&cell].into()));
        }
        for Event { number, .. } in &world.events {
            let counts = |cell: &Cell| unknown.events.get(&(*number, *cell)).copied();
            for (whole, parts) in parts(cells) {
                let sum: Expression = parts.iter().filter_map(counts).map(Expression::from).sum();
                known.extend(counts(&whole).map(|whole| constraint!(sum == whole)));
            }
            known.extend(unaided(cells).filter_map(|(w, p)| Some(constraint!(counts(&p)? <= counts(&w)?))));
        }
        known
    }
}

/// A count is not under nothing, and not far from what was published of it.
fn within(count: &Expression, number: &Number) -> Vec<Constraint> {
    let Number { shown, deviation, .. } = *number;
    let noise = if deviation == 0.0 { 0.0 } else { FAR * deviation + 0.5 };
    let mut known = vec![constraint!(count.clone() >= 0)];
    match shown {
        Shown::Few => known.push(constraint!(count.clone() <= 9.0 + noise)),
        Shown::Number(number) => {
            known.push(constraint!(count.clone() <= f64::from(number) + noise));
            known.push(constraint!(count.clone() >= f64::from(number) - noise));
        }
    }
    known
}

/// A whole is the sum of its parts.
fn tied(cells: &[Cell], count: impl Fn(Cell) -> Expression) -> Vec<Constraint> {
    let sums = parts(cells).into_iter().map(|(whole, parts)| {
        let sum: Expression = parts.iter().map(|cell| count(*cell)).sum();
        constraint!(sum == count(whole))
    });
    sums.chain(unaided(cells).map(|(whole, part)| constraint!(count(part) <= count(whole)))).collect()
}

/// The unknowns of a family.
struct Unknown {
    problem: ProblemVariables,
    first: BTreeMap<Cell, Variable>,
    events: BTreeMap<(u32, Cell), Variable>,
    others: BTreeMap<Cell, Variable>,
}

impl Unknown {
    fn of(world: &World, cells: &[Cell]) -> Self {
        let mut problem = ProblemVariables::new();
        let most = f64::from(ROLL) * f64::from(u32::try_from(COHORTS.len()).unwrap());
        let mut each = || cells.iter().map(|cell| (*cell, problem.add(variable().min(0).max(most)))).collect();
        let (first, others) = (each(), each());
        let mut events = BTreeMap::new();
        for Event { number, .. } in &world.events {
            for cell in cells.iter().filter(|cell| world.child(*number).can_count_in(**cell)) {
                events.insert((*number, *cell), problem.add(variable().min(0).max(1)));
            }
        }
        Self { problem, first, events, others }
    }

    /// The count of a cell in a report.
    fn count(&self, world: &World, cell: Cell, report: usize) -> Expression {
        let mut count = Expression::from(self.first[&cell]);
        for event in world.events.iter().filter(|event| event.report <= report) {
            if let Some(counts) = self.events.get(&(event.number, cell)) {
                count += if event.joins { Expression::from(*counts) } else { -*counts };
            }
        }
        count
    }
}

/// The cells that are the sum of others: a group by cohort, by sex, a level by cohort.
fn parts(cells: &[Cell]) -> Vec<(Cell, Vec<Cell>)> {
    let in_table = |table: Table| cells.iter().copied().filter(|cell| cell.table() == table).collect::<Vec<Cell>>();
    let pairs = [(Table::Group, Table::GroupCohort), (Table::Group, Table::GroupSex), (Table::Risk, Table::RiskCohort)];
    let sums = pairs.into_iter().filter_map(|(whole, part)| Some((*in_table(whole).first()?, in_table(part))));
    sums.filter(|(_, parts)| !parts.is_empty()).collect()
}

/// A group and its children without a helper.
fn unaided(cells: &[Cell]) -> impl Iterator<Item = (Cell, Cell)> {
    let of = |table: Table| cells.iter().copied().find(|cell| cell.table() == table);
    of(Table::Group).zip(of(Table::Unaided)).into_iter()
}
