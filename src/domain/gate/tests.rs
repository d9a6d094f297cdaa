//! An attacker against the gate: a linear program that knows the roll and all that is shown, and bounds what is hidden.

use good_lp::{Expression, ProblemVariables, Solution as _, SolverModel as _, Variable, constraint, microlp, variable};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;

use super::*;

/// What a publisher shows of a school: `figures[row][grade]`, the row of all files last, and the totals.
struct Shown {
    roll: Vec<u32>,
    figures: Vec<Vec<Figure>>,
    totals: Vec<Figure>,
}

impl Shown {
    fn by_the_gate(counts: &Counts) -> Self {
        let published = publish(counts);
        let rows: Vec<Row> = published.groups.into_iter().chain([published.files]).collect();
        Self {
            roll: published.roll.iter().map(|(_, roll)| *roll).collect(),
            totals: rows.iter().map(|row| row.total).collect(),
            figures: rows.into_iter().map(|row| row.cells).collect(),
        }
    }

    /// Primary suppression only: what most products call anonymised.
    fn by_hiding_small_cells(counts: &Counts) -> Self {
        let grades: Vec<&Grade> = counts.grades.values().rev().collect();
        let table = Table { grades };
        let figure = |count| if count < NARROWEST { Figure::Hidden } else { Figure::Shown(count) };
        let grades = || 0..table.grades.len();
        Self {
            roll: table.grades.iter().map(|grade| grade.roll).collect(),
            figures: (0..=FILES).map(|row| grades().map(|g| figure(table.count(row, g))).collect()).collect(),
            totals: (0..=FILES).map(|row| figure(table.total(row))).collect(),
        }
    }

    /// Everything the attacker knows, as a linear program with one variable per count.
    fn known(&self) -> (ProblemVariables, Vec<Vec<Variable>>, Vec<good_lp::Constraint>) {
        let mut problem = ProblemVariables::new();
        let mut known = Vec::new();
        let count = |figure: &Figure, roll: &u32, problem: &mut ProblemVariables| match figure {
            Figure::Shown(count) => problem.add(variable().min(*count).max(*count)),
            Figure::Hidden => problem.add(variable().min(0).max(*roll)),
        };
        let mut counts = Vec::new();
        for row in &self.figures {
            let row = row.iter().zip(&self.roll).map(|(figure, roll)| count(figure, roll, &mut problem));
            counts.push(row.collect::<Vec<Variable>>());
        }
        for (row, total) in counts.iter().zip(&self.totals) {
            if let Figure::Shown(total) = total {
                known.push(constraint!(row.iter().sum::<Expression>() == *total));
            }
        }
        for grade in 0..self.roll.len() {
            let files = counts[FILES][grade];
            known.extend(counts[..FILES].iter().map(|row| constraint!(row[grade] <= files)));
            known.push(constraint!(files <= counts[..FILES].iter().map(|row| row[grade]).sum::<Expression>()));
        }
        (problem, counts, known)
    }

    /// The bounds that follow for an expression over the counts.
    fn bounds(&self, of: impl Fn(&[Vec<Variable>]) -> Expression) -> (f64, f64) {
        let end = |up: bool| {
            let (problem, counts, known) = self.known();
            let goal = of(&counts);
            let problem = if up { problem.maximise(goal.clone()) } else { problem.minimise(goal.clone()) };
            problem.using(microlp).with_all(known).solve().unwrap().eval(goal)
        };
        (end(false), end(true))
    }

    /// The hidden counts and totals that follow too closely: row, grade (none for the total) and bounds.
    fn broken(&self) -> Vec<(usize, Option<usize>, f64, f64)> {
        let mut broken = Vec::new();
        for (row, figures) in self.figures.iter().enumerate() {
            for (grade, roll) in self.roll.iter().enumerate().filter(|(grade, _)| figures[*grade] == Figure::Hidden) {
                let (low, high) = self.bounds(|counts| counts[row][grade].into());
                if high - low < f64::from(NARROWEST.min(*roll)) - 1e-6 {
                    broken.push((row, Some(grade), low, high));
                }
            }
            if self.totals[row] == Figure::Hidden {
                let (low, high) = self.bounds(|counts| counts[row].iter().sum());
                if high - low < f64::from(NARROWEST.min(self.roll.iter().sum())) - 1e-6 {
                    broken.push((row, None, low, high));
                }
            }
        }
        broken
    }
}

/// A school with the same number of files of each given set of tags in each grade.
fn school(roll: &[u32], files: &[(usize, i64, u32)]) -> Counts {
    let cohort = |grade: usize| 2025 - i64::try_from(grade).unwrap();
    let mut counts = Counts::new(roll.iter().enumerate().map(|(grade, roll)| (cohort(grade), *roll)));
    for (grade, tags, files) in files {
        counts.add(cohort(*grade), *tags, *files);
    }
    counts
}

/// Random schools of one to six grades: many small ones, since that is where counts leak.
fn schools() -> impl Strategy<Value = Counts> {
    let grade = prop_oneof![1 => 1u32..12, 2 => 12u32..60, 2 => 60u32..260];
    let files =
        prop::collection::vec((0usize..6, tags(), prop_oneof![3 => 0u32..6, 2 => 0u32..18, 1 => 0u32..70]), 0..40);
    (prop::collection::vec(grade, 1..=6), files).prop_map(|(roll, files)| {
        let files: Vec<_> = files.into_iter().map(|(grade, tags, n)| (grade % roll.len(), tags, n)).collect();
        school(&roll, &files)
    })
}

/// Mostly one tag, sometimes two, seldom any set.
fn tags() -> impl Strategy<Value = i64> {
    let one = || (0u32..8).prop_map(|bit| 1i64 << bit);
    prop_oneof![6 => one(), 2 => (one(), one()).prop_map(|(a, b)| a | b), 1 => 1i64..256]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn nobody_bounds_a_hidden_count_of_any_school(counts in schools()) {
        prop_assert_eq!(Shown::by_the_gate(&counts).broken(), vec![]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn what_is_shown_is_true_and_never_under_ten(counts in schools()) {
        let published = publish(&counts);
        let grades: Vec<&Grade> = counts.grades.values().rev().collect();
        let table = Table { grades };
        for (row, shown) in published.groups.iter().chain([&published.files]).enumerate() {
            prop_assert_eq!(shown.tag, GroupTag::ALL.get(row).copied());
            for (grade, figure) in shown.cells.iter().enumerate() {
                prop_assert!(figure.shown().is_none_or(|n| n >= NARROWEST && n == table.count(row, grade)));
            }
            prop_assert!(shown.total.shown().is_none_or(|n| n >= NARROWEST && n == table.total(row)));
        }
    }
}

/// 1,200 pupils in six grades, 400 files: the school of the budget.
fn budget_school() -> Counts {
    let mut files = Vec::new();
    for grade in 0..6 {
        files.extend([(grade, 0b1, 34), (grade, 0b10, 12), (grade, 0b11, 9), (grade, 0b10_0000, 8), (grade, 0b1, 1)]);
    }
    files.extend([(0, 0b100, 2), (3, 0b100, 1), (1, 0b1_0000, 4), (2, 0b1_0000, 5), (4, 0b1_0000, 6)]);
    school(&[200; 6], &files)
}

#[test]
fn hiding_small_cells_only_is_broken_by_subtraction() {
    // 20 + 15 + hidden = 38.
    let counts = school(&[100; 3], &[(0, 1, 20), (1, 1, 15), (2, 1, 3), (2, 2, 40)]);
    let naive = Shown::by_hiding_small_cells(&counts);
    assert!(naive.broken().iter().any(|b| b.1 == Some(2) && (b.2 - 3.0).abs() < 1e-6 && (b.3 - 3.0).abs() < 1e-6));
    assert_eq!(Shown::by_the_gate(&counts).broken(), vec![]);
}

#[test]
fn two_small_cells_that_hide_each_other_are_broken_by_their_sum() {
    // 20 + hidden + hidden = 26: neither can be more than 6.
    let counts = school(&[100; 3], &[(0, 1, 20), (1, 1, 4), (2, 1, 2), (1, 2, 40), (2, 2, 40)]);
    let naive = Shown::by_hiding_small_cells(&counts);
    assert!(naive.broken().iter().any(|b| b.0 == 0 && (b.3 - 6.0).abs() < 1e-6));
    assert_eq!(Shown::by_the_gate(&counts).broken(), vec![]);
}

#[test]
fn the_attacker_breaks_small_cell_hiding_in_most_schools() {
    // The property above would prove nothing if its attacker were weak.
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let broken = (0..20).filter(|_| {
        let counts = schools().new_tree(&mut runner).unwrap().current();
        !Shown::by_hiding_small_cells(&counts).broken().is_empty()
    });
    assert!(broken.count() > 10);
}

#[test]
fn a_school_of_ordinary_size_still_reads_something() {
    let published = publish(&budget_school());
    assert_eq!(Shown::by_the_gate(&budget_school()).broken(), vec![]);
    assert!(published.files.cells.iter().all(|figure| figure.shown().is_some()));
    let left_behind = &published.groups[GroupTag::LeftBehind.index()];
    assert_eq!((left_behind.cells[0], left_behind.total), (Figure::Shown(44), Figure::Shown(264)));
    let poor = &published.groups[GroupTag::Poor.index()];
    assert_eq!((poor.cells[0], poor.total), (Figure::Hidden, Figure::Shown(48)));
    assert_eq!(published.groups[GroupTag::Orphan.index()].total, Figure::Hidden);
}

#[test]
fn a_grade_with_few_files_takes_another_with_it() {
    let counts = school(&[100; 3], &[(0, 1, 40), (1, 1, 30), (2, 1, 4)]);
    let published = publish(&counts);
    assert_eq!(published.files.cells, [Figure::Shown(40), Figure::Hidden, Figure::Hidden]);
    assert_eq!(published.files.total, Figure::Shown(74));
}

#[test]
fn a_school_with_few_files_publishes_its_roll_and_nothing_else() {
    let counts = school(&[30, 40], &[(0, 1, 4), (1, 2, 5)]);
    let published = publish(&counts);
    assert_eq!(published.roll, [(2025, 30), (2024, 40)].into_iter().collect::<Vec<_>>());
    for row in published.groups.iter().chain([&published.files]) {
        assert!(row.cells.iter().chain([&row.total]).all(|figure| *figure == Figure::Hidden));
    }
}

#[test]
fn nobody_is_hidden_like_a_few() {
    let with = |orphans| publish(&school(&[200; 3], &[(0, 1, 60), (1, 1, 60), (2, 1, 60), (0, 0b101, orphans)]));
    assert_eq!(with(0).groups[2], with(7).groups[2]);
}

#[test]
fn files_without_a_known_tag_or_of_pupils_who_left_do_not_count() {
    let mut counts = school(&[50], &[(0, 1, 12)]);
    let before = counts.clone();
    counts.add(2025, 0, 5);
    counts.add(2025, 1 << 40, 5);
    counts.add(1999, 1, 5);
    assert_eq!(counts, before);
}
