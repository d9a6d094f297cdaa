use super::*;

fn policy() -> Policy {
    tokio::runtime::Runtime::new().unwrap().block_on(Policy::load()).unwrap()
}

fn standing(pairs: &[(Role, Relation)]) -> Standing {
    Standing {
        actor: PersonId(Uuid::from_u128(1)),
        school: SchoolId(Uuid::from_u128(2)),
        pairs: pairs.to_vec(),
        childless: false,
        sealed: false,
    }
}

#[test]
fn the_matrix_that_was_reviewed_is_the_matrix_in_force() {
    assert_eq!(
        policy().matrix(),
        include_str!("../../policies/matrix.snap"),
        "run `yice policy matrix > policies/matrix.snap` and review the difference"
    );
}

#[test]
fn the_table_agrees_with_casbin_holding_all_rules_at_once() {
    let policy = policy();
    let whole = tokio::runtime::Runtime::new().unwrap().block_on(enforcer(MODEL, RULES)).unwrap();
    // Every allowed word, and for each role one whole relation of refused ones: 13,000 full walks take minutes unoptimised.
    for role in Role::ALL {
        for (relation, kind, action) in requests() {
            let answer = policy.allows(*role, relation, kind, action);
            if answer || relation == Relation::SameSchool {
                let asked = (role.as_str(), relation.as_str(), kind.as_str(), action.as_str());
                assert_eq!(answer, whole.enforce(asked).unwrap(), "{asked:?}");
            }
        }
    }
}

#[test]
fn a_misspelt_word_is_refused_at_the_start() {
    let load = |rules: &str| tokio::runtime::Runtime::new().unwrap().block_on(Policy::from_text(MODEL, rules));
    for rules in [
        "p, counsellor, same_school, rooster, read",
        "p, councellor, same_school, roster, read",
        "p, counsellor, roster, read",
        " p, counsellor, same_school, roster, read",
    ] {
        assert!(matches!(load(rules), Err(Error::Rule { line: 1, .. })), "{rules}");
    }
    assert!(load("p, counsellor, same_school, roster, read").is_ok());
}

#[test]
fn leaders_and_administrators_have_no_word_that_leads_to_a_student() {
    let policy = policy();
    for role in [Role::SchoolLeader, Role::SysAdmin, Role::PrivacyOfficer, Role::DistrictOfficer] {
        for (relation, kind, action) in requests().filter(|(_, kind, _)| kind.is_of_a_child()) {
            // A report goes one way: whoever writes it reads nothing back.
            let blind = action == Action::Report
                && (matches!(kind, Kind::Warning | Kind::Restricted) || (role, kind) == (Role::SysAdmin, Kind::Roster));
            // The administrator turns the box on and off; the installation takes letters in for whoever has no account.
            let outside =
                (role, kind) == (Role::SysAdmin, Kind::Box) && matches!(action, Action::Manage | Action::Report);
            assert!(
                blind || outside || !policy.allows(role, relation, kind, action),
                "{role} {relation} {kind} {action}"
            );
        }
    }
}

#[test]
fn nobody_of_the_district_gets_a_permit_for_anything_about_a_child_whatever_role_a_row_gives_them() {
    let policy = policy();
    let of_a_child = Kind::ALL.iter().filter(|kind| kind.is_of_a_child()).count();
    assert_eq!(of_a_child, 13);
    for role in Role::ALL {
        for (relation, kind, action) in requests().filter(|(_, kind, _)| kind.is_of_a_child()) {
            let here = Standing { childless: true, ..standing(&[(*role, relation)]) };
            assert!(!policy.may(&here, kind, action), "{role} {relation} {kind} {action}");
            assert!(policy.permit::<Read>(&here, kind, Uuid::from_u128(7)).is_err(), "{role} {relation} {kind}");
        }
    }
    let officer = Standing { childless: true, ..standing(&[(Role::DistrictOfficer, Relation::SameSchool)]) };
    assert!(policy.may(&officer, Kind::Supervision, Action::Manage));
}

#[test]
fn of_a_file_that_was_sealed_away_only_its_place_its_keeping_and_a_new_worry_are_allowed_to_anybody() {
    let policy = policy();
    let mut left = std::collections::BTreeSet::new();
    for role in Role::ALL {
        for (relation, kind, action) in requests() {
            let open = standing(&[(*role, relation)]);
            let sealed = Standing { sealed: true, ..open.clone() };
            if policy.may(&sealed, kind, action) {
                assert!(
                    policy.may(&open, kind, action),
                    "sealing gives nobody anything: {role} {relation} {kind} {action}"
                );
                left.insert((kind, action));
            }
            if !matches!(kind, Kind::Roster | Kind::Erasure) {
                assert!(policy.permit::<Read>(&sealed, kind, Uuid::from_u128(7)).is_err(), "{role} {relation} {kind}");
                assert!(policy.permit::<Write>(&sealed, kind, Uuid::from_u128(7)).is_err(), "{role} {relation} {kind}");
            }
        }
    }
    let all = [
        (Kind::Roster, Action::Read),
        (Kind::Roster, Action::Write),
        (Kind::Roster, Action::Report),
        (Kind::Roster, Action::Import),
        (Kind::Warning, Action::Report),
        (Kind::Erasure, Action::Read),
        (Kind::Erasure, Action::Manage),
        (Kind::Erasure, Action::Sign),
    ];
    assert_eq!(left.into_iter().collect::<Vec<_>>(), all);
}

#[test]
fn nobody_reads_a_note_but_its_author_and_who_was_granted_it() {
    let policy = policy();
    for role in Role::ALL {
        for relation in Relation::ALL {
            let may = policy.allows(*role, *relation, Kind::Counselling, Action::Read);
            let rule = *role == Role::Counsellor && matches!(relation, Relation::Author | Relation::Granted);
            assert_eq!(may, rule, "{role} {relation}");
        }
    }
}

#[test]
fn a_permit_names_the_role_that_allowed_it_and_a_refusal_names_what_was_asked() {
    let policy = policy();
    let object = Uuid::from_u128(7);
    let both = standing(&[(Role::SchoolLeader, Relation::SameSchool), (Role::Counsellor, Relation::SameSchool)]);
    let permit = policy.permit::<Read>(&both, Kind::Support, object).unwrap();
    assert_eq!((permit.role(), permit.object(), permit.kind()), (Role::Counsellor, object, Kind::Support));

    let refused =
        policy.permit::<Read>(&standing(&[(Role::SchoolLeader, Relation::SameSchool)]), Kind::Support, object);
    let refused = refused.unwrap_err();
    assert_eq!((refused.role, refused.kind, refused.action), (Some(Role::SchoolLeader), Kind::Support, Action::Read));
    assert!(policy.permit::<Read>(&standing(&[]), Kind::Support, object).is_err());
}

#[test]
fn at_every_level_each_role_gets_what_policy_allows_it_and_nothing_more() {
    use crate::domain::routing::{Arrival, arrival, astray, relation};
    let policy = policy();
    for severity in Severity::ALL {
        for role in Role::ALL {
            let may = |kind, action| policy.allows(*role, relation(*role), kind, action);
            let (content, brief) = (may(Kind::Warning, Action::Read), may(Kind::Brief, Action::Read));
            match arrival(*severity, *role) {
                Some(Arrival::Content) => assert!(content, "{role} may not open a warning of level {severity}"),
                Some(Arrival::Brief) => assert!(brief && !content, "{role} at {severity}"),
                // A bell says nothing: it is for those who may open neither.
                Some(Arrival::Bell) => assert!(!content && !brief && may_have_bells(&policy, *role), "{role}"),
                None => {}
            }
        }
    }
    let all = |role, relation, kind, action| policy.allows(role, relation, kind, action);
    assert_eq!(astray(all), None);
    // Each rule on which a route stands is one without which the program does not start.
    for (role, relation, kind) in [
        (Role::Counsellor, Relation::SameSchool, Kind::Warning),
        (Role::MoralEdDirector, Relation::SameSchool, Kind::Warning),
        (Role::CaseLeader, Relation::CaseLeader, Kind::Warning),
        (Role::HomeroomTeacher, Relation::OwnClass, Kind::Brief),
        (Role::SchoolDoctor, Relation::Own, Kind::Brief),
    ] {
        let line = format!("p, {role}, {relation}, {kind}, read\n");
        assert!(RULES.contains(&line), "{line}");
        let without = RULES.replace(&line, "");
        let poorer = tokio::runtime::Runtime::new().unwrap().block_on(Policy::from_text(MODEL, &without)).unwrap();
        let found = astray(|role, relation, kind, action| poorer.allows(role, relation, kind, action));
        assert_eq!(found.map(|(_, role)| role), Some(role), "{line}");
    }
}

fn may_have_bells(policy: &Policy, role: Role) -> bool {
    policy.allows(role, Relation::Own, Kind::Account, Action::Manage)
}
