//! A school over eight reports: who is there, and what the attacker knows of it.

use std::collections::BTreeMap;

use jiff::civil::{Date, date};
use yice::domain::gate::fact::Fact;
use yice::domain::gate::menu::{Cell, LEVELS, STEPS, Visit};
use yice::domain::warning::{Severity, Stage};
use yice::domain::words::{GroupTag, Sex};

/// The cohorts of the school, with an exact roll of 100 each.
pub const COHORTS: [i64; 6] = [2026, 2025, 2024, 2023, 2022, 2021];
/// Pupils of a cohort, half of them girls.
pub const ROLL: u32 = 100;

/// The numbers of those who join.
pub const JOINERS: [u32; 2] = [1_000, 1_001];
/// The number of the one who leaves.
pub const LEAVER: u32 = 17;

/// A child with a file.
#[derive(Debug, Clone)]
pub struct Child {
    pub tags: Vec<GroupTag>,
    pub cohort: i64,
    pub sex: Sex,
    pub helped: bool,
    pub warning: Option<(Severity, Stage)>,
    pub visited: bool,
}

/// A child who came or went, as everybody in the street knows: when, grade and sex, and not why there is a file.
#[derive(Debug, Clone)]
pub struct Event {
    pub number: u32,
    /// The first report that counts the child, or the first that does not.
    pub report: usize,
    pub joins: bool,
}

/// The children of each report, by number.
#[derive(Debug)]
pub struct World {
    children: Vec<BTreeMap<u32, Child>>,
    /// Who counts in each cell of each report.
    members: Vec<BTreeMap<Cell, Vec<u32>>>,
    pub events: Vec<Event>,
}

impl World {
    /// Eight reports with two who join and one who leaves.
    pub fn of_eight_reports() -> Self {
        let joiners = [
            Child { tags: vec![GroupTag::LeftBehind, GroupTag::Emotional], helped: false, ..a_child(6) },
            Child { tags: vec![GroupTag::Orphan], helped: true, ..a_child(13) },
        ];
        Self::with_joiners((0..180).map(|number| (number, a_child(number))).collect(), &joiners)
    }

    /// The same, and the second who joins has a warning.
    pub fn fetched() -> Self {
        let joiners = [
            Child { tags: vec![GroupTag::LeftBehind, GroupTag::Emotional], helped: false, ..a_child(6) },
            Child {
                tags: vec![GroupTag::Orphan],
                helped: true,
                warning: Some((Severity::Moderate, Stage::Acting)),
                ..a_child(13)
            },
        ];
        Self::with_joiners((0..180).map(|number| (number, a_child(number))).collect(), &joiners)
    }

    /// A school in which the same came and went, and nothing else is as in [`World::fetched`].
    pub fn twin() -> Self {
        let joiners = [
            Child { tags: vec![GroupTag::Disabled], ..a_child(6) },
            Child { tags: Vec::new(), helped: false, warning: None, ..a_child(13) },
        ];
        let mut first: BTreeMap<u32, Child> = (0..150).map(|number| (number, another_child(number))).collect();
        first.insert(LEAVER, Child { warning: None, ..another_child(LEAVER) });
        Self::with_joiners(first, &joiners)
    }

    /// A school of two cohorts, in which nobody comes and goes.
    pub fn neighbour(child: fn(u32) -> Child) -> Self {
        let in_two = |number: u32| Child { cohort: COHORTS[number as usize % 2], ..child(number) };
        let children: BTreeMap<u32, Child> = (0..60).map(|number| (10_000 + number, in_two(number))).collect();
        Self::of(vec![children; 8], Vec::new())
    }

    /// Both together.
    pub fn and(&self, other: &Self) -> Self {
        let both = |(one, other): (&BTreeMap<u32, Child>, &BTreeMap<u32, Child>)| {
            one.iter().chain(other).map(|(number, child)| (*number, child.clone())).collect()
        };
        Self::of(self.children.iter().zip(&other.children).map(both).collect(), self.events.clone())
    }

    fn with_joiners(mut children: BTreeMap<u32, Child>, joiners: &[Child; 2]) -> Self {
        let events = vec![
            Event { number: JOINERS[0], report: 3, joins: true },
            Event { number: JOINERS[1], report: 5, joins: true },
            Event { number: LEAVER, report: 7, joins: false },
        ];
        let mut all = Vec::new();
        for report in 1..=8 {
            for event in events.iter().filter(|event| event.report == report) {
                if event.joins {
                    children.insert(event.number, joiners[(event.number - JOINERS[0]) as usize].clone());
                } else {
                    children.remove(&event.number);
                }
            }
            all.push(children.clone());
        }
        Self::of(all, events)
    }

    fn of(children: Vec<BTreeMap<u32, Child>>, events: Vec<Event>) -> Self {
        let members = |children: &BTreeMap<u32, Child>| {
            let mut members: BTreeMap<Cell, Vec<u32>> = BTreeMap::new();
            for (number, child) in children {
                for cell in child.cells() {
                    members.entry(cell).or_default().push(*number);
                }
            }
            members
        };
        Self { members: children.iter().map(members).collect(), children, events }
    }

    /// A school that changes in one thing only, if at all: from the report `from` on, of `reports`, a child is there.
    pub fn with_one_more(reports: usize, from: usize, child: Option<&Child>) -> Self {
        let before: BTreeMap<u32, Child> = (0..180).map(|number| (number, a_child(number))).collect();
        let after: BTreeMap<u32, Child> =
            before.iter().map(|(n, c)| (*n, c.clone())).chain(child.map(|child| (1_000, child.clone()))).collect();
        let children = (1..=reports).map(|report| if report < from { before.clone() } else { after.clone() }).collect();
        Self::of(children, Vec::new())
    }

    /// The children of the first report.
    pub fn first(&self) -> &BTreeMap<u32, Child> {
        &self.children[0]
    }

    /// How many reports there are.
    pub fn reports(&self) -> usize {
        self.children.len()
    }

    /// Who counts in a cell of a report, from 1.
    pub fn members(&self, report: usize, cell: Cell) -> &[u32] {
        self.members[report - 1].get(&cell).map_or(&[], Vec::as_slice)
    }

    /// How many that are.
    pub fn count(&self, report: usize, cell: Cell) -> u32 {
        u32::try_from(self.members(report, cell).len()).unwrap()
    }

    /// A child who came or went, while there.
    pub fn child(&self, number: u32) -> &Child {
        self.children.iter().find_map(|children| children.get(&number)).unwrap()
    }
}

/// The days do not matter here: nobody's helper leaves, and a visit was this term or never.
const DAY: Date = date(2026, 12, 1);
const TERM: Date = date(2026, 9, 1);

impl Child {
    /// What is counted of the child; the last home visit, where there was one, was on `visit`.
    pub fn facts(&self, visit: Date) -> Vec<Fact> {
        let (tags, cohort, sex) = (self.tags.iter().copied().collect(), self.cohort, self.sex);
        let mut facts = vec![Fact::Groups { tags, cohort, sex }, Fact::Visit(self.visited.then_some(visit))];
        if !self.helped {
            facts.push(Fact::Unaided { tags, from: None });
        }
        if let Some((level, stage)) = self.warning {
            facts.extend([Fact::Risk { level, cohort }, Fact::Step(stage)]);
        }
        facts
    }

    /// The cells in which the child counts, as our own publisher counts.
    pub fn cells(&self) -> Vec<Cell> {
        self.facts(TERM).iter().flat_map(|fact| fact.cells(DAY, TERM)).collect()
    }

    /// Whether it is one of the cells that a child of this grade and sex can count in, whatever the file says.
    pub fn can_count_in(&self, cell: Cell) -> bool {
        match cell {
            Cell::GroupCohort(_, cohort) | Cell::RiskCohort(_, cohort) => cohort == self.cohort,
            Cell::GroupSex(_, sex) => sex == self.sex,
            Cell::Visit(Visit::Done | Visit::Open)
            | Cell::Group(_)
            | Cell::Unaided(_)
            | Cell::Risk(_)
            | Cell::Step(_) => true,
        }
    }
}

/// Children of all kinds: large groups and small ones, some in two.
pub fn a_child(number: u32) -> Child {
    let n = number as usize;
    let tag = match n % 20 {
        0..=8 => GroupTag::LeftBehind,
        9..=12 => GroupTag::Poor,
        13..=15 => GroupTag::SingleParent,
        16 | 17 => GroupTag::Emotional,
        18 => GroupTag::Disabled,
        _ => GroupTag::Orphan,
    };
    let second = n.is_multiple_of(7).then_some(GroupTag::Poor).filter(|second| *second != tag);
    let level = [Severity::Watch, Severity::Moderate, Severity::High][n % 3];
    let stage = [Stage::Assessing, Stage::Acting, Stage::Watching][n / 3 % 3];
    Child {
        tags: [tag].into_iter().chain(second).collect(),
        cohort: COHORTS[n % COHORTS.len()],
        sex: if (n / 6).is_multiple_of(2) { Sex::Female } else { Sex::Male },
        helped: n % 5 < 3,
        warning: n.is_multiple_of(9).then_some((level, stage)),
        visited: n.is_multiple_of(2),
    }
}

/// Children of the same grade and sex, and nothing else the same.
pub fn another_child(number: u32) -> Child {
    let child = a_child(number);
    let moved = |tag: &GroupTag| GroupTag::ALL[(tag.index() + 3) % GroupTag::ALL.len()];
    let tags = child.tags.iter().map(moved).collect();
    let warning = (number % 4 == 1).then(|| {
        let n = number as usize / 4;
        (LEVELS[n % LEVELS.len()], STEPS[n / LEVELS.len() % STEPS.len()])
    });
    Child { tags, helped: number.is_multiple_of(9), warning, visited: number.is_multiple_of(3), ..child }
}
