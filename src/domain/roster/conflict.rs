//! Rows of one workbook that claim the same number.

use std::collections::{HashMap, hash_map::Entry};

use super::{Caution, Doubt, Problem, Refusal, Row, column::Column};

/// What the comparison of all rows found.
#[derive(Default)]
pub(super) struct Conflicts {
    /// The rows that lost.
    pub refused: Vec<Refusal>,
    /// Rows that share an identity number and differ in name.
    pub cautions: Vec<Caution>,
}

/// Keeps the rows that stand, and says of each other one with which row it collides.
///
/// - A student number belongs to the row whose own identity number it is built on (the national number is `G` and the
///   identity number), else to the first row with it. Whoever carries it with another identity number is refused, also
///   when the rightful row comes later: the innocent row must not pay for a slip above it.
/// - The same identity number and name is the same student: the first row stands.
/// - The same identity number with another name and another student number is refused.
/// - The same identity number and student number under different names stays, with a caution: both numbers agree, so one
///   was copied from the other where the papers are wrong, and only a person can say whose they are.
pub(super) fn settle(rows: Vec<Row>) -> (Vec<Row>, Conflicts) {
    let mut conflicts = Conflicts::default();
    let verdicts: Vec<bool> = {
        let owners = owners(&rows);
        let mut persons: HashMap<(&str, &str), u32> = HashMap::new();
        let mut ids: HashMap<&str, &Row> = HashMap::new();
        rows.iter().map(|row| stands(row, &owners, &mut persons, &mut ids, &mut conflicts)).collect()
    };
    let kept = rows.into_iter().zip(verdicts).filter_map(|(row, stands)| stands.then_some(row)).collect();
    (kept, conflicts)
}

fn stands<'a>(
    row: &'a Row,
    owners: &HashMap<&str, &Row>,
    persons: &mut HashMap<(&'a str, &'a str), u32>,
    ids: &mut HashMap<&'a str, &'a Row>,
    conflicts: &mut Conflicts,
) -> bool {
    let student = &row.student;
    let id = student.id_number.expose();
    let mut refuse = |column: Column, problem| {
        conflicts.refused.push(Refusal { line: row.line, column: column.name(), problem });
        false
    };
    if let Some(owner) = owners.get(student.student_number.as_str())
        && owner.student.id_number.expose() != id
    {
        return refuse(Column::StudentNumber, Problem::StudentNumberTaken { first: owner.line });
    }
    if let Some(first) = persons.get(&(id, student.name.as_str())) {
        return refuse(Column::StudentNumber, Problem::DuplicateStudent { first: *first });
    }
    match ids.entry(id) {
        Entry::Vacant(place) => {
            place.insert(row);
        }
        Entry::Occupied(first) => {
            let (first, other) = (first.get().line, &first.get().student.student_number);
            let numbers_agree =
                *other == student.student_number || other.is_empty() || student.student_number.is_empty();
            if !numbers_agree {
                return refuse(Column::IdNumber, Problem::IdTaken { first });
            }
            conflicts.cautions.push(Caution {
                line: row.line,
                column: Column::IdNumber.name(),
                doubt: Doubt::IdShared { first },
            });
        }
    }
    persons.insert((id, student.name.as_str()), row.line);
    true
}

/// The rightful row of every student number.
fn owners(rows: &[Row]) -> HashMap<&str, &Row> {
    let mut owners = HashMap::with_capacity(rows.len());
    let built_on_own_id = |row: &&Row| row.student.student_number.get(1..) == Some(row.student.id_number.expose());
    let numbered = || rows.iter().filter(|row| !row.student.student_number.is_empty());
    for row in numbered().filter(built_on_own_id).chain(numbered()) {
        owners.entry(row.student.student_number.as_str()).or_insert(row);
    }
    owners
}
