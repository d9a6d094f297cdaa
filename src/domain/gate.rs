//! The gate: the only way from facts about students to a number that leadership sees.
//!
//! [`publish`] takes the facts of a school and gives a table of group tags by entry cohort in which every [`Figure`] is
//! either exact or hidden. The promise: whoever knows the roll of every grade and this table, but no child, cannot bound a
//! hidden count more closely than to an interval of width [`NARROWEST`] (or the whole roll of a grade with fewer pupils).
//!
//! # Method
//!
//! 1. Counts under [`NARROWEST`] are hidden, zero too: "nobody" is as much a statement about every child as "everybody".
//! 2. A grade whose number of files is hidden, or in which a hidden count could be bounded, is *closed*: none of its
//!    counts is shown. Closed grades hide each other, so one alone always takes another with it.
//! 3. In a row whose total is shown, further counts are hidden, smallest first, until the hidden ones vary enough
//!    against each other. If all of them together do not, the total is hidden instead.
//! 4. Every hidden count is then *proved* free, and what is not leads back to step 2. In the end there may be nothing left
//!    to show: then nothing is shown.
//!
//! A proof is a pair of other schools, both of which would have shown exactly the same figures, with counts that lie that
//! far apart. They are made of three moves that leave what is shown as it is: a tag moves between children of different
//! grades; a tag whose total is hidden comes or goes; a whole file moves between closed grades. A child in several groups
//! ties the rows together (the largest group ≤ files ≤ sum of all groups), which is why the moves keep count of the *slack*
//! of each grade: how many tags could go before some file would stand without any.
//!
//! # What it does not promise
//!
//! What is shown is exact, and a table of next week compared with this week's tells who joined. That is why a table is
//! frozen for a day, and why this method is to be replaced by one with a stated limit over all reports together; only this
//! file knows how it is done.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::words::GroupTag;

/// No hidden count can be bounded to an interval narrower than this, and no count under it is shown.
pub const NARROWEST: u32 = 10;

const TAGS: usize = GroupTag::ALL.len();

/// What is to be published about one school: counts only, no child.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    grades: BTreeMap<i64, Grade>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Grade {
    roll: u32,
    files: u32,
    tagged: [u32; TAGS],
}

impl Counts {
    /// The counts of a school without files; `roll` gives the pupils of each entry cohort.
    #[must_use]
    pub fn new(roll: impl IntoIterator<Item = (i64, u32)>) -> Self {
        let grade = |(cohort, roll)| (cohort, Grade { roll, ..Grade::default() });
        Self { grades: roll.into_iter().map(grade).collect() }
    }

    /// Counts `files` open files of one cohort with these tags (one bit each, in the order of [`GroupTag::ALL`]). Files
    /// without a tag, and files of a cohort that is not on the roll, do not count.
    pub fn add(&mut self, cohort: i64, tags: i64, files: u32) {
        let Some(grade) = self.grades.get_mut(&cohort).filter(|_| tags & ((1 << TAGS) - 1) != 0) else { return };
        grade.files += files;
        // A file is of a pupil: a roll read a moment earlier must not say otherwise.
        grade.roll = grade.roll.max(grade.files);
        for (bit, count) in grade.tagged.iter_mut().enumerate() {
            *count += if tags >> bit & 1 == 1 { files } else { 0 };
        }
    }
}

/// A number as leadership sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Figure {
    /// The count.
    Shown(u32),
    /// Under ten, or it would reveal another that is.
    Hidden,
}

impl Figure {
    /// The count, if it is shown.
    #[must_use]
    pub const fn shown(self) -> Option<u32> {
        match self {
            Self::Shown(count) => Some(count),
            Self::Hidden => None,
        }
    }
}

/// One row of the table: the open files with one tag, or all of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// The tag; none for all files.
    pub tag: Option<GroupTag>,
    /// One figure per cohort.
    pub cells: Vec<Figure>,
    /// The whole school. Rows do not add up: a child can be in two groups.
    pub total: Figure,
}

/// The table that leadership sees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// Entry cohorts, youngest first, with their roll. The roll is exact: it is the register's and says nothing sensitive.
    pub roll: Vec<(i64, u32)>,
    /// One row per tag, in the order of [`GroupTag::ALL`].
    pub groups: Vec<Row>,
    /// Files in all.
    pub files: Row,
}

/// Makes the table that may be shown.
#[must_use]
pub fn publish(counts: &Counts) -> Published {
    let grades: Vec<(i64, &Grade)> = counts.grades.iter().rev().map(|(cohort, grade)| (*cohort, grade)).collect();
    let table = Table { grades: grades.iter().map(|(_, grade)| *grade).collect() };
    let plan = table.plan();
    let row = |tag, group: usize| Row {
        tag,
        cells: (0..grades.len()).map(|g| plan.figure(group, g, table.count(group, g))).collect(),
        total: if plan.total[group] { Figure::Shown(table.total(group)) } else { Figure::Hidden },
    };
    Published {
        roll: grades.iter().map(|(cohort, grade)| (*cohort, grade.roll)).collect(),
        groups: GroupTag::ALL.iter().map(|tag| row(Some(*tag), tag.index())).collect(),
        files: row(None, FILES),
    }
}

/// The row of all files, behind those of the tags.
const FILES: usize = TAGS;

/// The true counts, by row (tags, then [`FILES`]) and grade.
struct Table<'a> {
    grades: Vec<&'a Grade>,
}

/// What is shown.
#[derive(Debug, Clone)]
struct Plan {
    /// Whether a grade is closed: none of its counts is shown.
    closed: Vec<bool>,
    /// `hidden[row][grade]`
    hidden: Vec<Vec<bool>>,
    /// Whether the total of a row is shown.
    total: Vec<bool>,
}

impl Plan {
    fn figure(&self, row: usize, grade: usize, count: u32) -> Figure {
        if self.hidden[row][grade] { Figure::Hidden } else { Figure::Shown(count) }
    }

    /// A row of a tag in which the total is hidden: its hidden counts move freely and one by one.
    fn is_free(&self, row: usize) -> bool {
        row != FILES && !self.total[row]
    }
}

/// How far a count can move down and up while everything shown stays as it is.
#[derive(Debug, Clone, Copy)]
struct Room {
    down: u32,
    up: u32,
}

/// Where a count stands that the rows share: one open grade, or all closed grades together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Open(usize),
    Closed,
}

impl Table<'_> {
    fn count(&self, row: usize, grade: usize) -> u32 {
        let grade = self.grades[grade];
        if row == FILES { grade.files } else { grade.tagged[row] }
    }

    fn total(&self, row: usize) -> u32 {
        (0..self.grades.len()).map(|grade| self.count(row, grade)).sum()
    }

    fn plan(&self) -> Plan {
        if self.total(FILES) < NARROWEST {
            return self.nothing();
        }
        let mut closed: Vec<bool> = self.grades.iter().map(|grade| grade.files < NARROWEST).collect();
        loop {
            let plan = self.with_closed(&closed);
            let Some(bounded) = self.bounded(&plan) else { return plan };
            // An open grade is closed itself; closed ones need another, the smallest, to hide among.
            let open = (0..self.grades.len()).filter(|grade| !closed[*grade]);
            let next = if closed[bounded] { open.min_by_key(|grade| self.grades[*grade].files) } else { Some(bounded) };
            match next {
                Some(grade) => closed[grade] = true,
                None => return self.nothing(),
            }
        }
    }

    /// Shows no count at all; then only the roll bounds anything.
    fn nothing(&self) -> Plan {
        let grades = self.grades.len();
        Plan { closed: vec![true; grades], hidden: vec![vec![true; grades]; TAGS + 1], total: vec![false; TAGS + 1] }
    }

    /// The plan that shows as much as it can with these grades closed.
    fn with_closed(&self, closed: &[bool]) -> Plan {
        let grades = 0..self.grades.len();
        let small = |row| grades.clone().map(|g| closed[g] || self.count(row, g) < NARROWEST).collect();
        let hidden: Vec<Vec<bool>> = (0..=FILES).map(small).collect();
        let total = (0..=FILES).map(|row| self.total(row) >= NARROWEST).collect();
        let mut plan = Plan { closed: closed.to_vec(), hidden, total };
        for row in 0..TAGS {
            self.protect_row(&mut plan, row);
        }
        plan
    }

    /// Hides further counts of a row, smallest first, until its hidden ones are free; or else its total.
    fn protect_row(&self, plan: &mut Plan, row: usize) {
        let before = plan.hidden[row].clone();
        while plan.total[row] && !self.row_is_free(plan, row) {
            let shown = (0..self.grades.len()).filter(|grade| !plan.hidden[row][*grade]);
            if let Some(smallest) = shown.min_by_key(|grade| self.count(row, *grade)) {
                plan.hidden[row][smallest] = true;
            } else {
                plan.total[row] = false;
                plan.hidden[row].clone_from(&before);
            }
        }
    }

    fn row_is_free(&self, plan: &Plan, row: usize) -> bool {
        (0..self.grades.len()).all(|grade| !plan.hidden[row][grade] || self.is_wide(plan, row, grade))
    }

    /// A grade in which a hidden count is not free, if there is one.
    fn bounded(&self, plan: &Plan) -> Option<usize> {
        let hidden = |grade: usize| (0..=FILES).filter(move |row| plan.hidden[*row][grade]);
        (0..self.grades.len()).find(|grade| hidden(*grade).any(|row| !self.is_wide(plan, row, *grade)))
    }

    /// Whether a hidden count is free: the proof of step 4.
    fn is_wide(&self, plan: &Plan, row: usize, grade: usize) -> bool {
        let (low, high) = if plan.closed[grade] {
            self.range_among_closed(plan, row, grade)
        } else {
            let (count, room) = (self.count(row, grade), self.room(plan, row, Column::Open(grade)));
            (count - room.down, count + room.up)
        };
        high.saturating_sub(low) >= NARROWEST.min(self.grades[grade].roll)
    }

    /// The range of a count in a closed grade. Files move between closed grades as wholes, so of all children with the tag
    /// in closed grades as many can stand here as the roll holds, and as few as the other rolls do not hold.
    fn range_among_closed(&self, plan: &Plan, row: usize, grade: usize) -> (u32, u32) {
        let room = if row == FILES { Room { down: 0, up: 0 } } else { self.room(plan, row, Column::Closed) };
        let together = self.among(plan, row, Column::Closed);
        let here = self.grades[grade].roll;
        let elsewhere = self.members(plan, Column::Closed).map(|g| self.grades[g].roll).sum::<u32>() - here;
        ((together - room.down).saturating_sub(elsewhere), here.min(together + room.up))
    }

    /// How far a hidden count can move: alone where the total is hidden, else against the other hidden ones of its row.
    fn room(&self, plan: &Plan, row: usize, column: Column) -> Room {
        let alone = self.room_alone(plan, row, column);
        if plan.is_free(row) {
            return alone;
        }
        let others = self.hidden_columns(plan, row).filter(|other| *other != column);
        let others = others.map(|other| self.room_alone(plan, row, other));
        let (down, up) = others.fold((0, 0), |(down, up), room| (down + room.down, up + room.up));
        Room { down: alone.down.min(up), up: alone.up.min(down) }
    }

    /// How far a tag can spread to, or go from, the files of a column, whatever the total of its row says.
    fn room_alone(&self, plan: &Plan, row: usize, column: Column) -> Room {
        let (files, tagged) = (self.among(plan, FILES, column), self.among(plan, row, column));
        Room { down: tagged.min(self.slack(plan, row, column)), up: files - tagged }
    }

    /// How many tags of this row can go from a column without leaving a file bare: files with two tags, and those that
    /// could have a tag of a free row instead.
    fn slack(&self, plan: &Plan, row: usize, column: Column) -> u32 {
        let files = self.among(plan, FILES, column);
        let tagged = (0..TAGS).map(|tag| self.among(plan, tag, column)).sum::<u32>();
        let free = (0..TAGS).filter(|tag| *tag != row && plan.is_free(*tag) && Self::hides(plan, *tag, column));
        tagged - files + free.map(|tag| files - self.among(plan, tag, column)).sum::<u32>()
    }

    fn hides(plan: &Plan, row: usize, column: Column) -> bool {
        match column {
            Column::Open(grade) => plan.hidden[row][grade],
            Column::Closed => true,
        }
    }

    /// The columns in which a row hides something.
    fn hidden_columns(&self, plan: &Plan, row: usize) -> impl Iterator<Item = Column> {
        let open = (0..self.grades.len()).filter(move |grade| !plan.closed[*grade] && plan.hidden[row][*grade]);
        let closed = plan.closed.contains(&true).then_some(Column::Closed);
        open.map(Column::Open).chain(closed).collect::<Vec<_>>().into_iter()
    }

    fn members(&self, plan: &Plan, column: Column) -> impl Iterator<Item = usize> {
        let belongs = move |grade: &usize| match column {
            Column::Open(open) => *grade == open,
            Column::Closed => plan.closed[*grade],
        };
        (0..self.grades.len()).filter(belongs)
    }

    fn among(&self, plan: &Plan, row: usize, column: Column) -> u32 {
        self.members(plan, column).map(|grade| self.count(row, grade)).sum()
    }
}

#[cfg(test)]
mod tests;
