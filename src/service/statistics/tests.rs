use uuid::Uuid;

use super::*;
use crate::domain::clock::DAY;
use crate::domain::gate::Figure;
use crate::domain::ids::{ClassId, StudentId};
use crate::domain::relation::{Duty, Facts, Standing};
use crate::domain::words::{GroupTag, Role, Sex};
use crate::policy::{Report, Write};
use crate::service::Error;
use crate::service::testing::School;
use crate::store::{Class, Fact, StudentMacs};

/// A class of so many students, the first of them with files: cohort, students, files, tags.
async fn class(school: &School, cohort: i64, students: usize, files: usize, tags: i64) {
    let app = &school.app;
    let installation = Standing::installation(school.founded.id);
    let roster = app.permit::<Report>(&installation, Kind::Roster, school.founded.id.0).await.unwrap();
    let director = Duty { role: Role::MoralEdDirector, school: school.founded.id, class: None };
    let director =
        Standing::of(crate::domain::ids::PersonId(Uuid::nil()), &[director], &Facts::school(school.founded.id));
    let decide = app.permit::<Write>(&director, Kind::Circumstance, school.founded.id.0).await.unwrap();
    let class = Class { id: ClassId(Uuid::now_v7()), school_id: school.founded.id, cohort, number: 1, closed: false };
    let mut tx = app.begin().await.unwrap();
    tx.insert_class(&roster, &class, 0).await.unwrap();
    for number in 0..students {
        tx.insert_student(&roster, &macs(class.id), 0).await.unwrap();
        if number < files {
            let fact = Fact { id: Uuid::new_v4(), cohort, sex: Sex::Female, tags };
            tx.put_fact(&decide, &fact).await.unwrap();
        }
    }
    tx.commit().await.unwrap();
}

fn macs(class_id: ClassId) -> StudentMacs {
    let mac = || Uuid::new_v4().as_bytes().repeat(2);
    StudentMacs {
        id: StudentId(Uuid::now_v7()),
        class_id,
        identity_mac: mac(),
        number_mac: mac(),
        person_mac: mac(),
        row_mac: mac(),
    }
}

const LEFT_BEHIND: i64 = 1;

#[tokio::test]
async fn a_school_leader_sees_exact_rolls_large_counts_and_no_small_ones() {
    let mut school = School::found().await;
    let leader = school.hire("zhou", Role::SchoolLeader, None).await;
    class(&school, 2024, 45, 30, LEFT_BEHIND).await;
    class(&school, 2023, 44, 25, LEFT_BEHIND | 4).await;
    let seen = school.app.statistics(&leader).await.unwrap();
    assert_eq!(seen.day, "2026-11-23");
    assert_eq!(seen.published.roll, [(2024, 45), (2023, 44)]);
    assert_eq!(seen.published.files.cells, [Figure::Shown(30), Figure::Shown(25)]);
    let orphans = &seen.published.groups[GroupTag::Orphan.index()];
    assert_eq!(orphans.cells[0], Figure::Hidden);
}

#[tokio::test]
async fn what_was_published_stays_for_the_day_and_follows_on_the_next() {
    let mut school = School::found().await;
    let leader = school.hire("zhou", Role::SchoolLeader, None).await;
    let director = school.hire("wu", Role::MoralEdDirector, None).await;
    class(&school, 2024, 45, 30, LEFT_BEHIND).await;
    let before = school.app.statistics(&leader).await.unwrap();
    class(&school, 2023, 45, 30, LEFT_BEHIND).await;
    assert_eq!(school.app.statistics(&director).await.unwrap(), before);
    school.app.clock.advance(DAY);
    let leader = school.sign_in("zhou").await;
    let after = school.app.statistics(&leader).await.unwrap();
    assert_eq!((before.published.roll.len(), after.published.roll.len()), (1, 2));
}

#[tokio::test]
async fn nobody_outside_leadership_reads_the_numbers_and_every_reading_is_recorded() {
    let mut school = School::found().await;
    let leader = school.hire("zhou", Role::SchoolLeader, None).await;
    school.app.statistics(&leader).await.unwrap();
    for (login, role) in [
        ("li", Role::Counsellor),
        ("he", Role::Helper),
        ("shi", Role::SysAdmin),
        ("qian", Role::HomeroomTeacher),
        ("sun", Role::PrivacyOfficer),
    ] {
        let viewer = school.hire(login, role, None).await;
        assert!(matches!(school.app.statistics(&viewer).await, Err(Error::NotFound)), "{role}");
    }
    let officer = school.sign_in("sun").await;
    let wanted = crate::store::AuditFilter { event: Some(Event::StatisticsRead), ..Default::default() };
    let lines = school.app.audit(&officer, &wanted).await.unwrap().lines;
    assert_eq!(lines.len(), 1);
    assert_eq!((lines[0].line.actor, lines[0].line.detail.as_str()), (leader.person.id, "day=2026-11-23"));
    let refused = crate::store::AuditFilter { refused: true, ..Default::default() };
    assert_eq!(school.app.audit(&officer, &refused).await.unwrap().lines.len(), 5);
}
