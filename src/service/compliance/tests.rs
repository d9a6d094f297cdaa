use jiff::civil::date;

use super::*;
use crate::service::testing::School;

fn day(role: &str, kind: &str, event: &str, day: i64, count: i64) -> AccessDay {
    AccessDay { role: role.to_owned(), kind: kind.to_owned(), event: event.to_owned(), day, count }
}

/// Days since 1970.
fn of(year: i16, month: i8, of_month: i8) -> i64 {
    let span = date(year, month, of_month).since(date(1970, 1, 1)).unwrap();
    i64::from(span.get_days())
}

#[test]
fn accesses_are_counted_by_month_and_only_those_to_something_about_a_child() {
    let days = [
        day("counsellor", "support", "file_opened", of(2026, 1, 31), 2),
        day("counsellor", "support", "entry_appended", of(2026, 2, 1), 3),
        day("counsellor", "support", "refused", of(2026, 2, 1), 5),
        day("sys_admin", "staff", "staff_read", of(2026, 2, 1), 7),
        day("", "support", "file_opened", of(2026, 2, 1), 7),
    ];
    let counted = accesses(&days);
    assert_eq!(counted.len(), 1);
    assert_eq!((counted[0].role, counted[0].kind), (Role::Counsellor, Kind::Support));
    assert_eq!((counted[0].months[0], counted[0].months[1], counted[0].total()), (2, 3, 5));
}

#[test]
fn the_district_gets_sums_from_which_no_case_can_be_told() {
    let months = [17, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 382];
    let incident = incident(
        IncidentId(uuid::Uuid::nil()),
        IncidentKind::Attack,
        "2026-03-01",
        &IncidentDays { closed: Some(date(2026, 3, 2)), ..IncidentDays::default() },
        1,
    );
    let pack = Pack {
        year: 2026,
        day: "2026-11-23".to_owned(),
        school: "石门".to_owned(),
        roll: 26,
        under: [12, 26],
        accesses: vec![Accesses { role: Role::Counsellor, kind: Kind::Restricted, months }],
        refused: 3,
        requests: vec![(RequestKind::ErasureAsked, 1)],
        incidents: vec![incident],
        closed: vec![(ClosedAge::Older, 1)],
        trained: 14,
        findings: vec![(OpenFinding::RetentionDue, 1)],
    };
    let school = "石门".to_owned();
    let expected = PackSum { school, roll: 26, under: [12, 26], accesses: 300, incidents: [1, 0], trained: 14 };
    assert_eq!(summed(&pack), expected);
    // One child more or less in care moves nothing that the district sees.
    let mut neighbour = pack.clone();
    neighbour.requests[0].1 = 2;
    neighbour.closed[0].1 = 2;
    neighbour.findings[0].1 = 2;
    neighbour.refused = 9;
    assert_eq!(summed(&neighbour), expected);
}

#[tokio::test]
async fn a_form_sent_twice_is_one_incident_and_days_must_follow_each_other() {
    let mut school = School::found().await;
    let officer = school.hire("zhao", Role::PrivacyOfficer, None).await;
    let app = &school.app;
    let (form, kind, found) = (FormId(uuid::Uuid::new_v4()), IncidentKind::LostPaper, date(2026, 11, 20));
    let days = IncidentDays::default();
    let id = app.note_incident(&officer, form, kind, found, days).await.unwrap();
    assert_eq!(app.note_incident(&officer, form, kind, found, days).await.unwrap(), id);
    assert_eq!(app.incidents(&officer).await.unwrap().len(), 1);
    let early = IncidentDays { told: Some(date(2026, 11, 19)), closed: Some(date(2026, 11, 24)), ..days };
    let refused = app.follow_incident(&officer, id, early, 1).await;
    let Err(Error::Invalid(problems)) = refused else { panic!("{refused:?}") };
    let problems: Vec<_> = problems.iter().map(|p| (p.field, p.code)).collect();
    assert_eq!(problems, [("told", "before-it-was-found"), ("closed", "date-in-the-future")]);
    let told = IncidentDays { told: Some(date(2026, 11, 21)), ..days };
    app.follow_incident(&officer, id, told, 1).await.unwrap();
    let Compliance::School(pack) = app.compliance(&officer, 2026).await.unwrap() else { panic!("a school") };
    assert_eq!(pack.incidents[0].told.as_deref(), Some("2026-11-21"));
    let findings = [(OpenFinding::IncidentOpen, 1), (OpenFinding::IncidentNotReported, 1)];
    assert_eq!(pack.findings, findings);
    let Compliance::School(before) = app.compliance(&officer, 2025).await.unwrap() else { panic!("a school") };
    assert!(before.incidents.is_empty() && before.accesses.is_empty());
}
