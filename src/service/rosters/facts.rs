//! What a row becomes in a file: a line of the class's roster, how to reach the family, and proposals of group tags.

use crate::domain::ids::{PersonId, StudentId};
use crate::domain::record::{Circumstance, Field, FieldValue, Layer, SheetRow, Standing};
use crate::domain::roster::{Carer, RosterStudent};
use crate::domain::search::initials;

/// Nobody: what comes with a roster was written by no person.
const NOBODY: PersonId = PersonId(uuid::Uuid::nil());

/// The line of the student in the roster of the class.
pub(super) fn sheet_row(id: StudentId, student: &RosterStudent) -> SheetRow {
    SheetRow {
        student: id,
        name: student.name.clone(),
        initials: initials(&student.name),
        sex: student.sex,
        seat: student.seat,
        number: student.student_number.clone(),
        boarding: student.boarding,
    }
}

/// Family and how to reach it.
pub(super) fn contact(student: &RosterStudent, at: i64) -> Layer {
    let carer = |at: usize| student.carers.get(at).map(carer_text).unwrap_or_default();
    let fields = [
        (Field::BirthDate, student.birth.to_string()),
        (Field::Ethnicity, student.ethnicity.clone()),
        (Field::Household, student.household.clone()),
        (Field::Address, student.address.clone()),
        (Field::Telephone, student.telephone.clone()),
        (Field::Family, student.family.clone()),
        (Field::CarerOne, carer(0)),
        (Field::CarerTwo, carer(1)),
    ];
    let value = |text| FieldValue { text, version: 0, by: NOBODY, at };
    let said = fields.into_iter().filter(|(_, text)| !text.is_empty());
    Layer { fields: said.map(|(field, text)| (field, value(text))).collect(), ..Layer::default() }
}

/// The groups that the roster says the student is in; a person has yet to verify them.
pub(super) fn circumstance(student: &RosterStudent, at: i64) -> Layer {
    let propose = |proposal: &crate::domain::roster::TagProposal| Circumstance {
        tag: proposal.tag,
        basis: proposal.basis.clone(),
        since: None,
        until: None,
        standing: Standing::Proposed,
        by: NOBODY,
        at,
    };
    Layer { circumstances: student.tags.iter().map(propose).collect(), ..Layer::default() }
}

/// A carer in one line, as a teacher would jot it down: `卢语永（父亲，监护人）10093849373，贵州省贵阳市`.
fn carer_text(carer: &Carer) -> String {
    let about: Vec<&str> = [carer.relation.as_str(), if carer.guardian { "监护人" } else { "" }]
        .into_iter()
        .filter(|t| !t.is_empty())
        .collect();
    let mut text = carer.name.clone();
    if !about.is_empty() {
        text.extend(["（", &about.join("，"), "）"]);
    }
    text.push_str(&carer.telephone);
    if !carer.away.is_empty() {
        if !text.is_empty() {
            text.push('，');
        }
        text.push_str(&carer.away);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn carer(name: &str, relation: &str, telephone: &str, guardian: bool, away: &str) -> Carer {
        let text = str::to_owned;
        Carer { name: text(name), relation: text(relation), telephone: text(telephone), guardian, away: text(away) }
    }

    #[test]
    fn a_carer_reads_like_a_line_of_an_address_book() {
        for (carer, text) in [
            (
                carer("卢语永", "父亲", "10093849373", true, "贵州省贵阳市"),
                "卢语永（父亲，监护人）10093849373，贵州省贵阳市",
            ),
            (carer("卢语永", "", "", false, ""), "卢语永"),
            (carer("", "母亲", "10093849373", false, ""), "（母亲）10093849373"),
            (carer("卢语永", "", "", true, ""), "卢语永（监护人）"),
            (carer("", "", "", false, "贵州省"), "贵州省"),
        ] {
            assert_eq!(carer_text(&carer), text);
        }
    }
}
