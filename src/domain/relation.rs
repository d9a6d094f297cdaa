//! How a person stands to a file: computed from facts, never stored as policy.

use super::ids::{ClassId, PersonId, SchoolId};
use super::words::{FileStatus, Relation, Role};

/// One role that a person holds, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Duty {
    /// What the person is.
    pub role: Role,
    /// The school where the role is held.
    pub school: SchoolId,
    /// The class, for roles held for one class.
    pub class: Option<ClassId>,
}

/// What is known about a person and the thing asked for, before policy speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is one fact, and any set of them can hold")]
pub struct Facts {
    /// The school of the thing.
    pub school: SchoolId,
    /// The class of the student, where there is one.
    pub class: Option<ClassId>,
    /// An active pairing of this person with the student.
    pub paired: bool,
    /// An active pairing as a helper from outside, whose background check is not out of date.
    pub outside: bool,
    /// A running grant on this compartment of this file.
    pub granted: bool,
    /// The person leads this student's crisis case (五个一), by a running grant.
    pub leads: bool,
    /// The record was written by this person.
    pub author: bool,
    /// The thing is the person's own account, session or draft.
    pub own: bool,
    /// It is a file that was sealed away.
    pub sealed: bool,
}

impl Facts {
    /// Facts about a thing of the school that is not a file.
    #[must_use]
    pub const fn school(school: SchoolId) -> Self {
        Self {
            school,
            class: None,
            paired: false,
            outside: false,
            granted: false,
            leads: false,
            author: false,
            own: false,
            sealed: false,
        }
    }

    /// Facts about a class.
    #[must_use]
    pub const fn class(school: SchoolId, class: ClassId) -> Self {
        Self { class: Some(class), ..Self::school(school) }
    }

    /// Facts about the file of a student of a class, where it stands at this stage.
    #[must_use]
    pub const fn file(school: SchoolId, class: ClassId, status: FileStatus) -> Self {
        Self { sealed: matches!(status, FileStatus::SealedAway), ..Self::class(school, class) }
    }

    /// Facts about the person's own account.
    #[must_use]
    pub const fn own(school: SchoolId) -> Self {
        Self { own: true, ..Self::school(school) }
    }
}

/// Every (role, relation) pair in which a person stands to one thing. Policy is asked for each until one allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Who asks.
    pub actor: PersonId,
    /// The school of the thing.
    pub school: SchoolId,
    /// The pairs, most specific relation of each role first.
    pub pairs: Vec<(Role, Relation)>,
    /// The person belongs to the district, which has no students: nothing about a child is allowed, whatever a row says.
    pub childless: bool,
    /// It is a file that was sealed away: nothing of it is read or written, by nobody, until it is unsealed.
    pub sealed: bool,
}

impl Standing {
    /// The standing of a person with these duties towards a thing with these facts.
    #[must_use]
    pub fn of(actor: PersonId, duties: &[Duty], facts: &Facts) -> Self {
        let pairs = duties.iter().flat_map(|duty| relations(*duty, facts).map(|relation| (duty.role, relation)));
        let mut pairs: Vec<_> = pairs.collect();
        // No duty makes a case leader, only the grant; and a grant is worth nothing to who left the school.
        if facts.leads && duties.iter().any(|duty| duty.school == facts.school) {
            pairs.push((Role::CaseLeader, Relation::CaseLeader));
        }
        Self { actor, school: facts.school, pairs, childless: false, sealed: facts.sealed }
    }

    /// The standing of whoever runs the installation's own commands: an administrator of the school, nobody else.
    #[must_use]
    pub fn installation(school: SchoolId) -> Self {
        let pairs = vec![(Role::SysAdmin, Relation::SameSchool), (Role::SysAdmin, Relation::Own)];
        Self { actor: PersonId(uuid::Uuid::nil()), school, pairs, childless: false, sealed: false }
    }
}

/// The relations in which one duty stands to the facts. A duty held elsewhere stands in none.
fn relations(duty: Duty, facts: &Facts) -> impl Iterator<Item = Relation> {
    let here = duty.school == facts.school;
    let in_class = here && duty.class.is_some() && duty.class == facts.class;
    [
        (here && facts.own, Relation::Own),
        (in_class && duty.role == Role::HomeroomTeacher, Relation::OwnClass),
        (in_class && duty.role == Role::SubjectTeacher, Relation::Teaches),
        (here && facts.paired && duty.role == Role::Helper, Relation::Paired),
        (here && facts.outside && duty.role == Role::ExternalHelper, Relation::Paired),
        (here && facts.author, Relation::Author),
        (here && facts.granted, Relation::Granted),
        (here, Relation::SameSchool),
        (true, Relation::None),
    ]
    .into_iter()
    .filter_map(|(holds, relation)| holds.then_some(relation))
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const SCHOOL: SchoolId = SchoolId(Uuid::from_u128(1));
    const CLASS: ClassId = ClassId(Uuid::from_u128(2));

    fn relations_of(role: Role, class: Option<ClassId>, facts: &Facts) -> Vec<Relation> {
        let duty = Duty { role, school: SCHOOL, class };
        Standing::of(PersonId(Uuid::from_u128(9)), &[duty], facts).pairs.into_iter().map(|(_, r)| r).collect()
    }

    #[test]
    fn a_homeroom_teacher_has_the_own_class_and_not_the_neighbouring_one() {
        let own = relations_of(Role::HomeroomTeacher, Some(CLASS), &Facts::class(SCHOOL, CLASS));
        assert_eq!(own[0], Relation::OwnClass);
        let other = Facts::class(SCHOOL, ClassId(Uuid::from_u128(3)));
        assert!(!relations_of(Role::HomeroomTeacher, Some(CLASS), &other).contains(&Relation::OwnClass));
    }

    #[test]
    fn a_pairing_counts_for_the_helper_role_only() {
        let facts = Facts { paired: true, ..Facts::class(SCHOOL, CLASS) };
        assert!(relations_of(Role::Helper, None, &facts).contains(&Relation::Paired));
        assert!(!relations_of(Role::SchoolLeader, None, &facts).contains(&Relation::Paired));
    }

    #[test]
    fn a_pairing_of_one_kind_is_worth_nothing_in_the_other_role() {
        let staff = Facts { paired: true, ..Facts::class(SCHOOL, CLASS) };
        let outside = Facts { outside: true, ..Facts::class(SCHOOL, CLASS) };
        assert!(!relations_of(Role::ExternalHelper, None, &staff).contains(&Relation::Paired));
        assert!(relations_of(Role::ExternalHelper, None, &outside).contains(&Relation::Paired));
        assert!(!relations_of(Role::Helper, None, &outside).contains(&Relation::Paired));
    }

    #[test]
    fn a_leader_of_a_case_is_one_by_grant_and_only_while_on_duty_at_the_school() {
        let facts = Facts { leads: true, ..Facts::class(SCHOOL, CLASS) };
        let duty = Duty { role: Role::SchoolLeader, school: SCHOOL, class: None };
        let led = |duties: &[Duty], facts: &Facts| {
            Standing::of(PersonId(Uuid::from_u128(9)), duties, facts)
                .pairs
                .contains(&(Role::CaseLeader, Relation::CaseLeader))
        };
        assert!(led(&[duty], &facts));
        assert!(!led(&[duty], &Facts::class(SCHOOL, CLASS)));
        assert!(!led(&[], &facts));
    }

    #[test]
    fn only_the_last_stage_of_a_file_seals_it() {
        let sealed = |status: &&FileStatus| Facts::file(SCHOOL, CLASS, **status).sealed;
        let all: Vec<_> = FileStatus::ALL.iter().filter(sealed).collect();
        assert_eq!(all, [&FileStatus::SealedAway]);
        assert!(!Facts::class(SCHOOL, CLASS).sealed && !Facts::school(SCHOOL).sealed);
        let facts = Facts { author: true, ..Facts::file(SCHOOL, CLASS, FileStatus::SealedAway) };
        assert!(Standing::of(PersonId(Uuid::from_u128(9)), &[], &facts).sealed);
    }

    #[test]
    fn a_duty_at_another_school_stands_in_no_relation() {
        let elsewhere = Facts {
            paired: true,
            outside: true,
            author: true,
            own: true,
            granted: true,
            leads: true,
            ..Facts::class(SchoolId(Uuid::from_u128(7)), CLASS)
        };
        for role in Role::ALL {
            assert_eq!(relations_of(*role, Some(CLASS), &elsewhere), vec![Relation::None]);
        }
    }
}
