//! Who learns of a warning at which level, and how much (`forms.md` §3.2). A table, so that it can be read and checked.

use super::warning::Severity;
use super::words::{Action, Kind, Relation, Role};

/// How much arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// A notice that leads to the warning itself.
    Content,
    /// The least that must be known in order to act 知会.
    Brief,
    /// That something waits, and nothing else.
    Bell,
}

/// What arrives with a role at a level; nothing for a role that is not told.
#[must_use]
pub const fn arrival(severity: Severity, role: Role) -> Option<Arrival> {
    use Severity::{Critical, High, Moderate, None as Calm, Watch};
    match (role, severity) {
        (Role::Counsellor, _) | (Role::MoralEdDirector | Role::CaseLeader, High | Critical) => Some(Arrival::Content),
        (Role::HomeroomTeacher, Watch | Moderate | High | Critical) | (Role::SchoolDoctor, Critical) => {
            Some(Arrival::Brief)
        }
        (Role::SchoolLeader, Critical) => Some(Arrival::Bell),
        (_, Calm | Watch | Moderate | High | Critical) => None,
    }
}

/// The relation in which a role stands to a student of whom it is told.
#[must_use]
pub const fn relation(role: Role) -> Relation {
    match role {
        Role::HomeroomTeacher => Relation::OwnClass,
        Role::SchoolDoctor | Role::SchoolLeader => Relation::Own,
        Role::CaseLeader => Relation::CaseLeader,
        _ => Relation::SameSchool,
    }
}

/// What policy must allow for this to arrive: the warning itself, a brief, or an account in which a bell rings.
#[must_use]
pub const fn needs(arrival: Arrival) -> (Kind, Action) {
    match arrival {
        Arrival::Content => (Kind::Warning, Action::Read),
        Arrival::Brief => (Kind::Brief, Action::Read),
        Arrival::Bell => (Kind::Account, Action::Manage),
    }
}

/// The first entry of the table that policy does not allow.
///
/// `allows` answers for a role in a relation.
pub fn astray(allows: impl Fn(Role, Relation, Kind, Action) -> bool) -> Option<(Severity, Role)> {
    let entries = Severity::ALL.iter().flat_map(|severity| Role::ALL.iter().map(move |role| (*severity, *role)));
    entries.into_iter().find(|(severity, role)| {
        arrival(*severity, *role).is_some_and(|arrival| {
            let (kind, action) = needs(arrival);
            !allows(*role, relation(*role), kind, action)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_learns_less_at_a_higher_level() {
        let rank = |arrival: Option<Arrival>| match arrival {
            None => 0,
            Some(Arrival::Bell) => 1,
            Some(Arrival::Brief) => 2,
            Some(Arrival::Content) => 3,
        };
        for role in Role::ALL {
            for pair in Severity::ALL.windows(2) {
                assert!(rank(arrival(pair[0], *role)) <= rank(arrival(pair[1], *role)), "{role} at {}", pair[1]);
            }
        }
    }

    #[test]
    fn only_those_named_in_the_forms_are_told() {
        let told = |severity| -> Vec<Role> {
            Role::ALL.iter().copied().filter(|role| arrival(severity, *role).is_some()).collect()
        };
        assert_eq!(told(Severity::None), [Role::Counsellor]);
        assert_eq!(told(Severity::Watch), [Role::Counsellor, Role::HomeroomTeacher]);
        assert_eq!(
            told(Severity::Critical),
            [
                Role::Counsellor,
                Role::HomeroomTeacher,
                Role::MoralEdDirector,
                Role::CaseLeader,
                Role::SchoolDoctor,
                Role::SchoolLeader
            ]
        );
    }

    #[test]
    fn an_entry_that_policy_refuses_is_named() {
        assert_eq!(astray(|_, _, _, _| true), None);
        let refuses =
            |role: Role, _: Relation, kind: Kind, _: Action| role != Role::SchoolDoctor || kind != Kind::Brief;
        assert_eq!(astray(refuses), Some((Severity::Critical, Role::SchoolDoctor)));
    }
}
