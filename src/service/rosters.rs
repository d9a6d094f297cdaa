//! Taking in a roster: what would happen, and making it happen.
//!
//! The import is **blind**. It opens nothing and needs no reading key: whatever it writes is sealed under keys made for the
//! occasion and wrapped to the public keys of the offices. So the moral-education director, who may not read how to reach
//! a family, a homeroom teacher and the command line all use the same code. An existing student is recognised by keyed
//! hashes, which say nothing without the secret of the server.

mod facts;
mod matching;
mod sealing;
mod taking;
mod waiting;

#[cfg(test)]
mod tests;

pub use waiting::{KeptRoster, RosterUpload, StartedImport};

use std::collections::BTreeSet;

use matching::{Macs, Match};

use super::{App, Error, Result};
use crate::domain::ids::{ClassId, SchoolId, StudentId};
use crate::domain::roster::{Caution, ClassKey, ColumnName, Refusal, Roster, RosterStudent};

/// What becomes of one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The student is new.
    Create,
    /// The student is on the roll, and the row says something else than the last time.
    Change(StudentId),
    /// The row says what the last one said.
    Same,
}

/// One row of a plan.
#[derive(Debug, Clone)]
pub struct Item {
    /// The row number that Excel shows, from 1.
    pub line: u32,
    /// The class the row puts the student in.
    pub class: ClassKey,
    /// What becomes of the row.
    pub outcome: Outcome,
    /// For a change: whether the name is another one than before.
    pub renamed: bool,
    /// For a change: whether the student comes from another class.
    pub moved: bool,
    /// What the row says.
    pub student: RosterStudent,
    macs: Macs,
    found: Match,
}

/// What taking in a roster would do, row by row. Nothing has happened yet.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The school.
    pub school: SchoolId,
    /// The rows that can be taken in, in the order of the sheet.
    pub items: Vec<Item>,
    /// Why other rows cannot be, in the order of the sheet; a row with several faults has several entries.
    pub refused: Vec<Refusal>,
    /// What a person should look at although the row is taken in.
    pub cautions: Vec<Caution>,
    /// Rows that hold no student.
    pub skipped: usize,
    /// Columns that were not read.
    pub ignored_columns: Vec<String>,
    /// Known columns that the workbook does not have.
    pub absent_columns: Vec<ColumnName>,
    /// Names of other schools than this one that the workbook puts students in.
    pub other_schools: Vec<String>,
    /// Classes that the school does not have yet.
    pub new_classes: Vec<ClassKey>,
    only: Option<Vec<ClassId>>,
}

impl Plan {
    /// Rows that put a new student on the roll.
    #[must_use]
    pub fn created(&self) -> usize {
        self.count(|outcome| outcome == Outcome::Create)
    }

    /// Rows that change what is known of a student.
    #[must_use]
    pub fn changed(&self) -> usize {
        self.count(|outcome| matches!(outcome, Outcome::Change(_)))
    }

    /// Rows that say nothing new.
    #[must_use]
    pub fn unchanged(&self) -> usize {
        self.count(|outcome| outcome == Outcome::Same)
    }

    /// Rows that are refused; one with several faults counts once.
    #[must_use]
    pub fn refused_rows(&self) -> usize {
        self.refused.chunk_by(|a, b| a.line == b.line).count()
    }

    /// The four counts.
    #[must_use]
    pub fn counts(&self) -> Taken {
        Taken {
            created: self.created(),
            changed: self.changed(),
            unchanged: self.unchanged(),
            refused: self.refused_rows(),
        }
    }

    fn count(&self, is_meant: impl Fn(Outcome) -> bool) -> usize {
        self.items.iter().filter(|item| is_meant(item.outcome)).count()
    }
}

/// What came of taking in a roster, in rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Taken {
    /// New students.
    pub created: usize,
    /// Changed students.
    pub changed: usize,
    /// Students of whom the roster says nothing new.
    pub unchanged: usize,
    /// Refused rows.
    pub refused: usize,
}

impl Taken {
    /// The counts as an audit line and the table of imports hold them.
    #[must_use]
    pub fn detail(&self) -> String {
        let Self { created, changed, unchanged, refused } = self;
        format!("created={created} changed={changed} unchanged={unchanged} refused={refused}")
    }

    /// The counts within such a text; nothing in one that holds others.
    #[must_use]
    pub fn parse(detail: &str) -> Option<Self> {
        let of = |name: &str| {
            let text = detail.split(' ').find_map(|part| part.strip_prefix(name)?.strip_prefix('='))?;
            text.parse().ok()
        };
        Some(Self {
            created: of("created")?,
            changed: of("changed")?,
            unchanged: of("unchanged")?,
            refused: of("refused")?,
        })
    }
}

impl App {
    /// Compares a roster with who is on the roll. `only` limits it to classes that the importing person is in charge of.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is no such school.
    pub async fn plan_roster(&self, school: SchoolId, roster: Roster, only: Option<&[ClassId]>) -> Result<Plan> {
        let mut conn = self.db.read().await?;
        let name = conn.school(school).await?.ok_or(Error::NotFound)?.name;
        let classes = conn.classes(school).await?;
        let known = conn.student_macs(school).await?;
        drop(conn);
        let other_schools: BTreeSet<String> =
            roster.rows.iter().filter_map(|row| row.school.clone()).filter(|other| *other != name).collect();
        let mut plan = Plan {
            school,
            items: Vec::with_capacity(roster.rows.len()),
            refused: roster.refused,
            cautions: roster.cautions,
            skipped: roster.skipped,
            ignored_columns: roster.ignored_columns,
            absent_columns: roster.absent_columns,
            other_schools: other_schools.into_iter().collect(),
            new_classes: Vec::new(),
            only: only.map(<[ClassId]>::to_vec),
        };
        let macs: Vec<Macs> = roster.rows.iter().map(|row| Macs::of(&self.secret, row)).collect();
        let keys: Vec<(ClassKey, &Macs)> = roster.rows.iter().map(|row| row.class).zip(&macs).collect();
        let found = matching::matched(&keys, &known, &classes, only);
        for ((row, macs), found) in roster.rows.into_iter().zip(macs).zip(found) {
            match found {
                Ok(found) => plan.items.push(Item {
                    line: row.line,
                    class: row.class,
                    outcome: found.outcome,
                    renamed: found.renamed,
                    moved: found.moved(),
                    student: row.student,
                    macs,
                    found,
                }),
                Err(problem) => plan.refused.push(Refusal::by_the_school(row.line, problem)),
            }
        }
        plan.refused.sort_by_key(|refusal| refusal.line);
        let refused: BTreeSet<u32> = plan.refused.iter().map(|refusal| refusal.line).collect();
        plan.cautions.retain(|caution| !refused.contains(&caution.line));
        let fresh = plan.items.iter().filter(|item| item.found.class.is_none()).map(|item| item.class);
        plan.new_classes = fresh.collect::<BTreeSet<_>>().into_iter().collect();
        Ok(plan)
    }
}
