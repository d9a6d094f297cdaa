//! What forms ask for, and what steps bring about.

use super::*;

const NOW: DateTime = jiff::civil::datetime(2026, 11, 23, 8, 0, 0, 0);

fn answers(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(field, text)| ((*field).to_owned(), (*text).to_owned())).collect()
}

fn step(kind: StepKind, pairs: &[(&str, &str)]) -> Step {
    Step { kind, fields: answers(pairs), severity: None, persons: Vec::new(), letter: None }
}

#[test]
fn an_interview_keeps_what_was_asked_and_nothing_else() {
    let given = answers(&[
        ("at", "2026-11-23T07:30"),
        ("found", " 两周来睡不好 "),
        ("risk", "symptoms ideation"),
        ("severity", "none"),
    ]);
    let kept = checked(StepKind::Interview, &given, NOW).unwrap();
    let expected = answers(&[("at", "2026-11-23T07:30"), ("found", "两周来睡不好"), ("risk", "ideation symptoms")]);
    assert_eq!(kept, expected);
}

#[test]
fn everything_wrong_with_a_form_is_said_at_once() {
    let given = answers(&[
        ("at", "2026-11-23T08:01"),
        ("way", "owl"),
        ("guardian", &"长".repeat(LINE + 1)),
        ("told", "hotlines gossip"),
        ("reaction", ""),
    ]);
    let problems = checked(StepKind::GuardianInformed, &given, NOW).unwrap_err();
    assert_eq!(
        problems,
        [
            ("at", "moment-in-the-future"),
            ("way", "choose"),
            ("guardian", "too-long"),
            ("said", "required"),
            ("told", "choose"),
            ("reaction", "choose")
        ]
    );
    let scale = answers(&[("scale", "PHQ-9"), ("on", "昨天"), ("total", "1000"), ("flag", "positive")]);
    let problems = checked(StepKind::Scale, &scale, NOW).unwrap_err();
    assert_eq!(problems, [("on", "date-invalid"), ("total", "number-out-of-range")]);
}

#[test]
fn each_sign_of_self_harm_counts_and_no_other_sign_does() {
    for risk in RiskFactor::ALL {
        let one = step(StepKind::Interview, &[("risk", risk.as_str())]);
        assert_eq!(tells_of_self_harm(&one), risk.is_self_harm(), "{risk}");
        let two = format!("harmed {risk}");
        assert_eq!(tells_of_self_harm(&step(StepKind::Interview, &[("risk", &two)])), risk.is_self_harm());
    }
    assert!(!tells_of_self_harm(&step(StepKind::Interview, &[("found", "ideation")])));
}

#[test]
fn a_guardian_who_was_not_reached_was_not_informed() {
    let informed = |reaction, told| {
        let step = step(StepKind::GuardianInformed, &[("reaction", reaction), ("told", told)]);
        (fulfils(&step), prevents(&step))
    };
    assert_eq!(informed("cooperates", ""), (vec![Task::InformGuardian], true));
    let both = vec![Task::InformGuardian, Task::OfferReferral];
    assert_eq!(informed("refuses", "hotlines referral_offered"), (both, true));
    assert_eq!(informed("not_reached", "referral_offered"), (Vec::new(), false));
}

#[test]
fn every_task_of_a_level_can_be_fulfilled() {
    let reached = [("reaction", "cooperates"), ("told", "referral_offered")];
    let done: Vec<Task> = WRITTEN.iter().flat_map(|kind| fulfils(&step(*kind, &reached))).collect();
    for severity in crate::domain::warning::Severity::ALL {
        for (task, ..) in crate::domain::warning::tasks(*severity) {
            assert!(done.contains(task), "{task}");
        }
    }
}

#[test]
fn a_field_stands_once_in_a_form() {
    for kind in StepKind::ALL {
        let fields: Vec<_> = asks(*kind).iter().map(|ask| ask.field).collect();
        let once: std::collections::HashSet<_> = fields.iter().collect();
        assert_eq!(once.len(), fields.len(), "{kind}");
    }
}
