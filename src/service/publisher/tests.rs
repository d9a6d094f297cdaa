use jiff::ToSpan as _;
use jiff::civil::date;
use tempfile::TempDir;

use super::*;
use crate::domain::clock::school_instant;
use crate::domain::gate::fact::{Fact, Tags};
use crate::domain::gate::menu::{Cell, Table, Visit};
use crate::domain::ids::{ClassId, StudentId};
use crate::domain::relation::{Duty, Facts, Standing};
use crate::domain::words::{GroupTag, Kind, Role, Sex};
use crate::policy::{Report, Write};
use crate::service::testing::School;
use crate::service::{Statistics, Viewer};
use crate::store::{Class, StudentMacs};

/// A school, its leader, and the folder of the marks.
struct House {
    school: School,
    leader: Viewer,
    dir: TempDir,
}

/// Makes the permits that somebody has who decides about circumstances of a school.
async fn decide(app: &App, school: SchoolId) -> crate::policy::Permit<Write> {
    let duty = Duty { role: Role::MoralEdDirector, school, class: None };
    let standing = Standing::of(crate::domain::ids::PersonId(Uuid::nil()), &[duty], &Facts::school(school));
    app.permit::<Write>(&standing, Kind::Circumstance, school.0).await.unwrap()
}

/// Puts so many on the roll of a school, in one cohort.
pub(crate) async fn enrol(app: &App, school: SchoolId, cohort: i64, students: usize) {
    let standing = Standing::installation(school);
    let roster = app.permit::<Report>(&standing, Kind::Roster, school.0).await.unwrap();
    let mut tx = app.begin().await.unwrap();
    let number = i64::try_from(tx.classes(school).await.unwrap().len()).unwrap() + 1;
    let class = Class { id: ClassId(Uuid::now_v7()), school_id: school, cohort, number, closed: false };
    tx.insert_class(&roster, &class, 0).await.unwrap();
    for _ in 0..students {
        let mac = || Uuid::new_v4().as_bytes().to_vec();
        let (identity_mac, number_mac, person_mac, row_mac) = (mac(), mac(), mac(), mac());
        let id = StudentId(Uuid::now_v7());
        let macs = StudentMacs { id, class_id: class.id, identity_mac, number_mac, person_mac, row_mac };
        tx.insert_student(&roster, &macs, 0).await.unwrap();
    }
    tx.commit().await.unwrap();
}

/// Counts so many children in a group.
async fn add(app: &App, school: SchoolId, tag: GroupTag, cohort: i64, children: usize) {
    let (permit, key) = (decide(app, school).await, app.secret.fact_key());
    let tags: Tags = [tag].into_iter().collect();
    let of_one = [Fact::Groups { tags, cohort, sex: Sex::Male }, Fact::Unaided { tags, from: None }, Fact::Visit(None)];
    let rows = of_one.iter().cycle().take(3 * children).map(|fact| {
        let id = Uuid::new_v4();
        (id, key.seal(school, id, fact).unwrap())
    });
    let rows: Vec<_> = rows.collect();
    let mut tx = app.begin().await.unwrap();
    tx.put_facts(&permit, &rows, &[]).await.unwrap();
    tx.commit().await.unwrap();
}

impl House {
    /// A school of so many, without anybody counted.
    async fn of(students: usize) -> Self {
        let mut school = School::found().await;
        let leader = school.hire("zhou", Role::SchoolLeader, None).await;
        enrol(&school.app, school.founded.id, 2020, students).await;
        Self { school, leader, dir: tempfile::tempdir().unwrap() }
    }

    async fn with(students: usize, left_behind: usize) -> Self {
        let house = Self::of(students).await;
        add(&house.school.app, house.school.founded.id, GroupTag::LeftBehind, 2020, left_behind).await;
        house
    }

    async fn publish(&self, starts: bool) -> Option<PublishedReport> {
        self.school.app.publish_what_is_due(self.dir.path(), starts).await.unwrap()
    }

    /// Moves the clock to the morning of a day.
    async fn on(&mut self, day: Date) {
        let clock = &self.school.app.clock;
        clock.advance(school_instant(day, 8 * 60) - clock.now());
        self.leader = self.school.sign_in("zhou").await;
    }

    async fn seen(&self) -> Statistics {
        self.school.app.statistics(&self.leader).await.unwrap()
    }

    async fn key(&self) -> NoiseKey {
        let epoch = self.school.app.db.read().await.unwrap().last_epoch().await.unwrap().unwrap();
        NoiseKey::open(&self.school.app.secret, epoch.id, &epoch.noise.unwrap()).unwrap()
    }
}

const LEFT_BEHIND: Cell = Cell::Group(GroupTag::LeftBehind);

#[tokio::test]
async fn the_first_report_comes_with_the_first_start_and_the_next_with_the_month() {
    let mut house = House::with(300, 60).await;
    assert!(house.seen().await.reports.is_empty());
    assert_eq!(house.publish(false).await, None, "only a start does not wait for the month");
    let first = house.publish(true).await.unwrap();
    assert_eq!(first, PublishedReport { epoch: 1, report: 1, scopes: 1 });
    assert_eq!(house.publish(true).await, None, "once");
    let seen = house.seen().await;
    assert_eq!((seen.reports.len(), seen.reports[0].day, seen.next), (1, date(2026, 11, 23), date(2026, 12, 1)));
    assert_eq!(seen.reports[0].roll, [(2020, 300)]);

    // Exactly what the noise of the vectors makes of the true counts.
    let menu = Menu::of(LATEST, Profile::Standard).unwrap();
    let counts = [
        LEFT_BEHIND,
        Cell::GroupCohort(GroupTag::LeftBehind, 2020),
        Cell::GroupSex(GroupTag::LeftBehind, Sex::Male),
        Cell::Unaided(GroupTag::LeftBehind),
        Cell::Visit(Visit::Open),
    ]
    .map(|cell| (cell, 60))
    .into();
    let label = format!("school-{}", house.school.founded.id);
    let scope = Scope { label, county: false, tier: Tier::All, roll: vec![(2020, 300)], counts };
    let key = house.key().await;
    assert_eq!(publish(|label| key.stream(label), &menu, &scope, 1), seen.reports[0].cells);

    for (day, report) in [(date(2026, 11, 30), None), (date(2026, 12, 1), Some(2)), (date(2026, 12, 31), None)] {
        house.on(day).await;
        assert_eq!(house.publish(true).await.map(|published| published.report), report, "{day}");
    }
    house.on(date(2027, 2, 3)).await;
    assert_eq!(house.publish(false).await.unwrap().report, 4, "that of January was missed and is skipped");
    let days: Vec<Date> = house.seen().await.reports.iter().map(|report| report.day).collect();
    assert_eq!(days, [date(2026, 11, 23), date(2026, 12, 1), date(2027, 2, 1)]);
}

#[tokio::test]
async fn what_was_published_stays_whatever_changes_and_nobody_else_reads_it() {
    let mut house = House::with(300, 60).await;
    house.publish(true).await.unwrap();
    let before = house.seen().await;
    add(&house.school.app, house.school.founded.id, GroupTag::Orphan, 2020, 40).await;
    enrol(&house.school.app, house.school.founded.id, 2019, 200).await;
    assert_eq!(house.publish(true).await, None);
    assert_eq!(house.seen().await, before);
    house.on(date(2026, 12, 1)).await;
    house.publish(false).await.unwrap();
    let after = house.seen().await;
    assert_eq!(after.reports[0], before.reports[0]);
    assert_eq!(after.reports[1].roll, [(2020, 300), (2019, 200)]);
    let orphans = |n: usize| after.reports[n].cells[&Cell::Group(GroupTag::Orphan)];
    assert!(orphans(1) - orphans(0) > 15, "{} {}", orphans(0), orphans(1));
}

#[tokio::test]
async fn of_several_nodes_one_publishes_and_the_others_find_it() {
    let house = House::with(300, 60).await;
    let other = tempfile::tempdir().unwrap();
    let app = &house.school.app;
    let (one, two, three) = tokio::join!(
        app.publish_what_is_due(house.dir.path(), true),
        app.publish_what_is_due(other.path(), true),
        app.publish_what_is_due(house.dir.path(), true)
    );
    let published = [one.unwrap(), two.unwrap(), three.unwrap()].into_iter().flatten().count();
    assert_eq!((published, house.seen().await.reports.len()), (1, 1));
    // Each node notes what another published, so that it would not do it again either.
    app.publish_what_is_due(other.path(), false).await.unwrap();
    app.publish_what_is_due(house.dir.path(), false).await.unwrap();
    for dir in [house.dir.path(), other.path()] {
        assert!(!Marks::read(dir).unwrap().allow(date(2026, 11, 23)));
    }
}

#[tokio::test]
async fn a_database_from_an_older_copy_publishes_nothing_twice() {
    let mut house = House::with(300, 60).await;
    house.publish(true).await.unwrap();
    let (_folder, older) = house.school.copy().await;
    house.on(date(2026, 12, 1)).await;
    house.publish(false).await.unwrap();
    let published = house.seen().await.reports.pop().unwrap();

    // The older copy, and other facts: the same report would tell their difference exactly.
    house.school.app.db = older;
    house.on(date(2026, 12, 2)).await;
    add(&house.school.app, house.school.founded.id, GroupTag::LeftBehind, 2020, 1).await;
    assert_eq!(house.publish(true).await, None, "the mark says that it was published");
    assert_eq!(house.seen().await.reports.len(), 1);

    // On another machine, where the mark is missing: what is due today may have been seen.
    let fresh = tempfile::tempdir().unwrap();
    assert_eq!(house.school.app.publish_what_is_due(fresh.path(), true).await.unwrap(), None);
    house.on(date(2027, 1, 1)).await;
    let next = house.school.app.publish_what_is_due(fresh.path(), true).await.unwrap().unwrap();
    assert_eq!(next.report, 3, "the series goes on without the second");
    assert_ne!(house.seen().await.reports.last(), Some(&published));
    assert!(house.publish(false).await.is_none());
}

#[tokio::test]
async fn without_a_place_for_the_mark_nothing_is_published() {
    let house = House::with(300, 60).await;
    std::fs::create_dir(house.dir.path().join("reports.mark")).unwrap();
    assert!(house.school.app.publish_what_is_due(house.dir.path(), true).await.is_err());
    assert!(house.seen().await.reports.is_empty());
}

#[tokio::test]
async fn a_new_epoch_begins_with_the_latest_menu_and_destroys_the_key_of_the_last() {
    let mut house = House::with(300, 60).await;
    let app = &house.school.app;
    let (id, key) = (Uuid::new_v4(), NoiseKey::generate().unwrap());
    let noise = Some(key.seal(&app.secret, id).unwrap());
    let begins = "2024-12-01".to_owned();
    let first = Epoch { number: 1, id, begins, menu: 1, profile: Profile::Standard, noise };
    let mut tx = app.begin().await.unwrap();
    tx.begin_epoch(&first).await.unwrap();
    tx.commit().await.unwrap();
    // A folder with marks from then on: it is no copy.
    Marks::read(house.dir.path()).unwrap().add(date(2024, 12, 1), 1, 1).unwrap();
    house.on(date(2026, 11, 1).saturating_add(1.month())).await;
    house.school.app.noise = Profile::Strict;
    assert_eq!(date(2024, 12, 1).saturating_add(24.months()), date(2026, 12, 1));
    let published = house.publish(false).await.unwrap();
    assert_eq!((published.epoch, published.report), (2, 1));
    let report = house.seen().await.reports.pop().unwrap();
    assert_eq!((report.version, report.epoch, report.profile), (LATEST, 2, Profile::Strict));
    assert_eq!(report.scale(LEFT_BEHIND), LEFT_BEHIND.table().scale(Profile::Strict));
    assert!(report.cells.keys().any(|cell| cell.table() == Table::Visit), "what is new enters the menu");
    let epoch = house.school.app.db.read().await.unwrap().last_epoch().await.unwrap().unwrap();
    assert!(epoch.number == 2 && NoiseKey::open(&house.school.app.secret, id, &epoch.noise.unwrap()).is_err());
}

#[tokio::test]
async fn the_last_report_of_the_first_menu_has_no_home_visits() {
    let mut house = House::with(300, 60).await;
    let app = &house.school.app;
    let id = Uuid::new_v4();
    let noise = Some(NoiseKey::generate().unwrap().seal(&app.secret, id).unwrap());
    let begins = "2025-01-01".to_owned();
    let mut tx = app.begin().await.unwrap();
    tx.begin_epoch(&Epoch { number: 1, id, begins, menu: 1, profile: Profile::Standard, noise }).await.unwrap();
    tx.commit().await.unwrap();
    Marks::read(house.dir.path()).unwrap().add(date(2025, 1, 1), 1, 1).unwrap();
    house.on(date(2026, 12, 1)).await;
    house.school.app.noise = Profile::Strict;
    assert_eq!(house.publish(false).await.unwrap().report, 24);
    let report = house.seen().await.reports.pop().unwrap();
    assert_eq!(report.profile, Profile::Standard, "an epoch ends as it began");
    assert!(report.version == 1 && report.cells.keys().all(|cell| cell.table() != Table::Visit));
}

#[tokio::test]
async fn a_small_school_has_totals_and_a_tiny_one_nothing_for_the_whole_epoch() {
    let mut house = House::with(29, 12).await;
    assert_eq!(house.publish(true).await, None, "nobody is shown anything");
    enrol(&house.school.app, house.school.founded.id, 2019, 1).await;
    house.on(date(2026, 12, 1)).await;
    assert_eq!(house.publish(false).await.unwrap(), PublishedReport { epoch: 1, report: 1, scopes: 1 });
    let report = house.seen().await.reports.pop().unwrap();
    assert!(report.tier == Tier::Totals && report.cells.keys().all(|cell| !cell.table().is_breakdown()));
    enrol(&house.school.app, house.school.founded.id, 2018, 200).await;
    house.on(date(2027, 1, 1)).await;
    house.publish(false).await.unwrap();
    let report = house.seen().await.reports.pop().unwrap();
    assert_eq!((report.tier, report.roll_in_all()), (Tier::Totals, 230), "decided once");
}

#[tokio::test]
async fn all_schools_together_have_noise_of_their_own_and_count_the_tiny_ones_too() {
    let house = House::with(300, 60).await;
    let app = &house.school.app;
    let tiny = app.found_school("村小").await.unwrap().id;
    enrol(app, tiny, 2020, 20).await;
    add(app, tiny, GroupTag::LeftBehind, 2020, 15).await;
    assert_eq!(house.publish(true).await.unwrap().scopes, 2, "the school and the sum");
    let releases = app.db.read().await.unwrap().releases(Uuid::nil()).await.unwrap().0;
    let county = Released::parse(&releases[0].text).unwrap();
    assert!(county.county && county.roll == [(2020, 320)] && county.process.is_empty());
    assert!((county.cells[&LEFT_BEHIND] - 75).abs() < 40, "{}", county.cells[&LEFT_BEHIND]);
    let key = house.key().await;
    let menu = Menu::of(LATEST, Profile::Standard).unwrap();
    let of_both = [(LEFT_BEHIND, 75)].into();
    let scope =
        Scope { label: COUNTY.to_owned(), county: true, tier: Tier::All, roll: county.roll.clone(), counts: of_both };
    assert_eq!(publish(|label| key.stream(label), &menu, &scope, 1)[&LEFT_BEHIND], county.cells[&LEFT_BEHIND]);
}

#[tokio::test]
async fn a_release_that_somebody_wrote_into_the_database_is_not_shown() {
    let house = House::with(300, 60).await;
    house.publish(true).await.unwrap();
    let mut tx = house.school.app.begin().await.unwrap();
    let stands = tx.releases(house.school.founded.id.0).await.unwrap().0.pop().unwrap();
    tx.insert_release(&Release { report: 2, ..stands }).await.unwrap();
    tx.commit().await.unwrap();
    assert!(matches!(house.school.app.statistics(&house.leader).await, Err(Error::Internal(_))));
}

#[tokio::test]
async fn a_menu_in_force_keeps_within_the_limits() {
    let house = House::of(30).await;
    house.school.app.check_limits().unwrap();
}
