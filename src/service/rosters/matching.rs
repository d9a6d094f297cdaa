//! Which row is which student: by keyed hashes alone, so that a glance at the tables tells nobody who is who.

use std::collections::{HashMap, HashSet};

use super::Outcome;
use crate::domain::ids::{ClassId, StudentId};
use crate::domain::roster::{ClassKey, Problem, Row};
use crate::store::{Class, StudentMacs};
use crate::vault::ServerSecret;

/// The keyed hashes of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Macs {
    /// Of the identity number.
    pub identity: [u8; 32],
    /// Of the student number; none without one.
    pub number: Option<[u8; 32]>,
    /// Of identity number and name.
    pub person: [u8; 32],
    /// Of everything the row says.
    pub row: [u8; 32],
}

impl Macs {
    /// The hashes of a row.
    pub fn of(secret: &ServerSecret, row: &Row) -> Self {
        let student = &row.student;
        let (id, number) = (student.id_number.expose().as_bytes(), student.student_number.as_bytes());
        let ClassKey { cohort, number: class } = row.class;
        let canonical = zeroize::Zeroizing::new(student.canonical());
        Self {
            identity: secret.mac("roster identity", &[id]),
            number: (!number.is_empty()).then(|| secret.mac("roster number", &[number])),
            person: secret.mac("roster person", &[id, student.name.as_bytes()]),
            row: secret.mac("roster row", &[&canonical, &cohort.to_be_bytes(), &[class]]),
        }
    }

    /// The hashes as they are stored for a student.
    pub fn stored(&self, id: StudentId, class_id: ClassId) -> StudentMacs {
        StudentMacs {
            id,
            class_id,
            identity_mac: self.identity.to_vec(),
            number_mac: self.number.map_or_else(Vec::new, |mac| mac.to_vec()),
            person_mac: self.person.to_vec(),
            row_mac: self.row.to_vec(),
        }
    }
}

/// What was found for one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Match {
    /// What becomes of the row.
    pub outcome: Outcome,
    /// The class, if the school has it.
    pub class: Option<ClassId>,
    /// The class in which the student is now; none for a new one.
    pub from: Option<ClassId>,
    /// Whether the name changes.
    pub renamed: bool,
}

impl Match {
    /// Whether the student changes class.
    pub fn moved(&self) -> bool {
        self.from.is_some() && self.from != self.class
    }
}

/// Finds the student of every row among those on the roll, or the reason why the row cannot be taken in.
///
/// 1. The same identity number and name is the same student.
/// 2. Of those left over, one row and one student who alone share an identity number are the same student, whose name was
///    corrected. With several on either side nobody can say who is who: real registers hold two children under one number.
/// 3. Everybody else is new.
pub(super) fn matched(
    rows: &[(ClassKey, &Macs)],
    known: &[StudentMacs],
    classes: &[Class],
    only: Option<&[ClassId]>,
) -> Vec<Result<Match, Problem>> {
    let classes: HashMap<(i64, i64), &Class> = classes.iter().map(|c| ((c.cohort, c.number), c)).collect();
    let students = students(rows, known);
    let mut numbers: HashMap<&[u8], Vec<&StudentMacs>> = HashMap::new();
    for student in known.iter().filter(|student| !student.number_mac.is_empty()) {
        numbers.entry(&student.number_mac).or_default().push(student);
    }
    let one = |((key, macs), student): (&(ClassKey, &Macs), Option<&StudentMacs>)| {
        let class = classes.get(&(i64::from(key.cohort), i64::from(key.number))).copied();
        if class.is_some_and(|class| class.closed) {
            return Err(Problem::ClassClosed);
        }
        let class = class.map(|class| class.id);
        let in_charge = |id: Option<ClassId>| only.is_none_or(|only| id.is_some_and(|id| only.contains(&id)));
        if !in_charge(class) {
            return Err(Problem::ForeignClass);
        }
        let of_the_number = macs.number.as_ref().and_then(|mac| numbers.get(mac.as_slice()));
        if of_the_number.is_some_and(|all| all.iter().any(|other| other.identity_mac != macs.identity)) {
            return Err(Problem::NumberElsewhere);
        }
        let Some(student) = student else {
            return Ok(Match { outcome: Outcome::Create, class, from: None, renamed: false });
        };
        // Or a workbook made by hand would bring any child of the school under the eyes of whoever sends it.
        if !in_charge(Some(student.class_id)) {
            return Err(Problem::InAnotherClass);
        }
        let same = student.row_mac == macs.row && Some(student.class_id) == class;
        let outcome = if same { Outcome::Same } else { Outcome::Change(student.id) };
        Ok(Match { outcome, class, from: Some(student.class_id), renamed: student.person_mac != macs.person })
    };
    rows.iter().zip(students).map(one).collect()
}

/// The student of every row, if there is one.
fn students<'a>(rows: &[(ClassKey, &Macs)], known: &'a [StudentMacs]) -> Vec<Option<&'a StudentMacs>> {
    let persons: HashMap<&[u8], &StudentMacs> = known.iter().map(|s| (s.person_mac.as_slice(), s)).collect();
    let mut found: Vec<Option<&StudentMacs>> =
        rows.iter().map(|(_, macs)| persons.get(macs.person.as_slice()).copied()).collect();
    let taken: HashSet<StudentId> = found.iter().flatten().map(|student| student.id).collect();
    let mut left: HashMap<&[u8], Vec<&StudentMacs>> = HashMap::new();
    for student in known.iter().filter(|student| !taken.contains(&student.id)) {
        left.entry(&student.identity_mac).or_default().push(student);
    }
    let mut seekers: HashMap<&[u8], Vec<usize>> = HashMap::new();
    for (at, (_, macs)) in rows.iter().enumerate().filter(|(at, _)| found[*at].is_none()) {
        seekers.entry(&macs.identity).or_default().push(at);
    }
    for (identity, seekers) in seekers {
        if let ([row], Some([student])) = (seekers.as_slice(), left.get(identity).map(Vec::as_slice)) {
            found[*row] = Some(student);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::ids::SchoolId;

    const CLASS: ClassKey = ClassKey { cohort: 2020, number: 1 };
    const OTHER: ClassKey = ClassKey { cohort: 2020, number: 2 };

    fn mac(id: &str, text: &str) -> [u8; 32] {
        let mut mac = [0; 32];
        for (at, byte) in id.bytes().chain([b'/']).chain(text.bytes()).enumerate() {
            mac[at] = byte;
        }
        mac
    }

    /// A row: identity number, name, student number.
    fn row(id: &str, name: &str, number: &str) -> Macs {
        let number_mac = (!number.is_empty()).then(|| mac("number", number));
        Macs {
            identity: mac(id, ""),
            number: number_mac,
            person: mac(id, name),
            row: mac(&format!("{id}{name}"), number),
        }
    }

    fn id(number: u128) -> StudentId {
        StudentId(Uuid::from_u128(number))
    }

    fn class_id(key: ClassKey) -> ClassId {
        ClassId(Uuid::from_u128(100 + u128::from(key.number)))
    }

    fn classes() -> Vec<Class> {
        let class = |key: ClassKey| Class {
            id: class_id(key),
            school_id: SchoolId(Uuid::nil()),
            cohort: key.cohort.into(),
            number: key.number.into(),
            closed: false,
        };
        vec![class(CLASS), class(OTHER)]
    }

    fn on_the_roll(all: &[(&str, &str, &str)]) -> Vec<StudentMacs> {
        let stored = |(at, (number, name, x)): (usize, &(&str, &str, &str))| {
            row(number, name, x).stored(id(at as u128 + 1), class_id(CLASS))
        };
        all.iter().enumerate().map(stored).collect()
    }

    fn outcomes(roll: &[(&str, &str, &str)], rows: &[(&str, &str, &str)]) -> Vec<Result<Outcome, Problem>> {
        let rows: Vec<Macs> = rows.iter().map(|(id, name, number)| row(id, name, number)).collect();
        let rows: Vec<_> = rows.iter().map(|macs| (CLASS, macs)).collect();
        matched(&rows, &on_the_roll(roll), &classes(), None).into_iter().map(|m| m.map(|m| m.outcome)).collect()
    }

    #[test]
    fn the_same_row_is_the_same_and_another_one_is_new() {
        let found = outcomes(&[("1", "a", "x")], &[("1", "a", "x"), ("2", "b", "y")]);
        assert_eq!(found, [Ok(Outcome::Same), Ok(Outcome::Create)]);
    }

    #[test]
    fn one_row_and_one_student_of_one_identity_number_are_the_same_student() {
        assert_eq!(outcomes(&[("1", "a", "x")], &[("1", "b", "x")]), [Ok(Outcome::Change(id(1)))]);
    }

    #[test]
    fn two_children_under_one_number_stay_two() {
        let twins = [("1", "a", "x"), ("1", "b", "x")];
        assert_eq!(outcomes(&[], &twins), [Ok(Outcome::Create); 2]);
        assert_eq!(outcomes(&twins, &twins), [Ok(Outcome::Same); 2]);
        // The second of them joins later, or is renamed while the first stays.
        assert_eq!(outcomes(&twins[..1], &twins), [Ok(Outcome::Same), Ok(Outcome::Create)]);
        let renamed = [("1", "a", "x"), ("1", "c", "x")];
        assert_eq!(outcomes(&twins, &renamed), [Ok(Outcome::Same), Ok(Outcome::Change(id(2)))]);
    }

    #[test]
    fn with_two_on_either_side_nobody_is_taken_for_another() {
        let twins = [("1", "a", "x"), ("1", "b", "x")];
        assert_eq!(outcomes(&twins, &[("1", "c", "x")]), [Ok(Outcome::Create)]);
        assert_eq!(outcomes(&twins[..1], &[("1", "c", "x"), ("1", "d", "x")]), [Ok(Outcome::Create); 2]);
    }

    #[test]
    fn a_student_number_under_another_identity_is_refused() {
        let found = outcomes(&[("1", "a", "x")], &[("2", "b", "x"), ("3", "c", "")]);
        assert_eq!(found, [Err(Problem::NumberElsewhere), Ok(Outcome::Create)]);
    }

    #[test]
    fn a_teacher_brings_in_the_own_class_and_nobody_from_another_one() {
        let rows = [row("1", "a", "x"), row("2", "b", "y")];
        let only = [class_id(OTHER)];
        let judge = |key, macs| matched(&[(key, macs)], &on_the_roll(&[("1", "a", "x")]), &classes(), Some(&only))[0];
        assert_eq!(judge(CLASS, &rows[0]), Err(Problem::ForeignClass));
        assert_eq!(judge(OTHER, &rows[0]), Err(Problem::InAnotherClass));
        assert_eq!(judge(OTHER, &rows[1]).map(|m| m.outcome), Ok(Outcome::Create));
        assert_eq!(judge(ClassKey { cohort: 2021, number: 1 }, &rows[1]), Err(Problem::ForeignClass));
    }

    #[test]
    fn a_move_is_a_change_and_a_closed_class_takes_nobody() {
        let macs = row("1", "a", "x");
        let roll = on_the_roll(&[("1", "a", "x")]);
        let moved = matched(&[(OTHER, &macs)], &roll, &classes(), None)[0].unwrap();
        assert_eq!((moved.outcome, moved.moved(), moved.renamed), (Outcome::Change(id(1)), true, false));
        let closed: Vec<Class> = classes().into_iter().map(|class| Class { closed: true, ..class }).collect();
        assert_eq!(matched(&[(CLASS, &macs)], &roll, &closed, None), [Err(Problem::ClassClosed)]);
    }
}
