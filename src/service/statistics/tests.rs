use super::*;
use crate::domain::relation::Duty;
use crate::service::testing::School;

#[tokio::test]
async fn nobody_outside_leadership_reads_the_numbers_and_every_reading_is_recorded() {
    let mut school = School::found().await;
    let leader = school.hire("zhou", Role::SchoolLeader, None).await;
    assert!(school.app.statistics(&leader).await.unwrap().reports.is_empty());
    for (login, role) in [
        ("li", Role::Counsellor),
        ("he", Role::Helper),
        ("shi", Role::SysAdmin),
        ("qian", Role::HomeroomTeacher),
        ("sun", Role::PrivacyOfficer),
    ] {
        let viewer = school.hire(login, role, None).await;
        assert!(matches!(school.app.statistics(&viewer).await, Err(Error::NotFound)), "{role}");
        assert!(matches!(school.app.county_statistics(&viewer).await, Err(Error::NotFound)), "{role}");
    }
    assert!(matches!(school.app.county_statistics(&leader).await, Err(Error::NotFound)), "the own school is no county");
    let officer = school.sign_in("sun").await;
    let wanted = crate::store::AuditFilter { event: Some(Event::StatisticsRead), ..Default::default() };
    let lines = school.app.audit(&officer, &wanted).await.unwrap().lines;
    assert_eq!((lines.len(), lines[0].line.actor), (1, leader.person.id));
    let refused = crate::store::AuditFilter { refused: true, ..Default::default() };
    assert_eq!(school.app.audit(&officer, &refused).await.unwrap().lines.len(), 11);
}

#[tokio::test]
async fn a_district_officer_sees_large_schools_beside_each_other_and_the_others_in_the_sum() {
    let mut school = School::found().await;
    let viewer = school.hire("zhou", Role::SchoolLeader, None).await;
    let duty = Duty { role: Role::DistrictOfficer, school: school.founded.id, class: None };
    let officer = Viewer { duties: vec![duty], ..viewer };
    let app = &school.app;
    let large = app.found_school("乙校").await.unwrap().id;
    let another = app.found_school("甲校").await.unwrap().id;
    app.found_school("丙校").await.unwrap();
    for (of, students) in [(large, 400), (another, 120), (school.founded.id, 60)] {
        crate::service::publisher::tests::enrol(app, of, 2024, students).await;
    }
    let dir = tempfile::tempdir().unwrap();
    let none = app.county_statistics(&officer).await.unwrap();
    assert_eq!((none.reports.len(), none.beside.schools.len(), none.beside.others), (0, 0, 4));
    app.publish_what_is_due(dir.path(), true).await.unwrap().unwrap();
    let seen = app.county_statistics(&officer).await.unwrap();
    let names: Vec<&str> = seen.beside.schools.iter().map(|school| school.name.as_str()).collect();
    assert_eq!(
        (names, seen.beside.others),
        (vec!["乙校", "甲校"], 2),
        "those of sixty and of nobody are in the sum only"
    );
    assert_eq!((seen.reports.len(), seen.reports[0].county, seen.reports[0].roll_in_all()), (1, true, 580));
    assert_eq!(seen.beside.schools[0].report.roll_in_all(), 400);
}
