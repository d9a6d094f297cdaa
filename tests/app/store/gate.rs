//! Facts, epochs and releases.

use sqlx::{Connection as _, PgConnection};
use uuid::Uuid;
use yice::domain::audit::Event;
use yice::domain::gate::menu::{Profile, Tier};
use yice::domain::ids::StudentId;
use yice::domain::words::{FileStatus, Kind, Relation, Role};
use yice::policy::{Append, Manage, Permit};
use yice::store::{AuditFilter, Epoch, Error, Release};

use super::early::{deadline, warning};
use super::pairings::pairing;
use crate::support::both_backends;
use crate::support::cluster::Engine;
use crate::support::house::{House, NOW, permit};

both_backends!(
    a_fact_is_replaced_and_removed_in_its_school_only,
    no_order_of_the_facts_tells_when_they_were_written,
    files_that_are_to_be_counted_stand_there_once_until_they_are,
    due_times_are_counted_by_school,
    an_epoch_takes_the_noise_key_of_the_last_one_away,
    a_release_is_added_once_and_stays,
);

async fn structure(house: &House) -> Permit<Manage> {
    house.manage(Kind::Structure).await
}

async fn a_fact_is_replaced_and_removed_in_its_school_only(engine: Engine) {
    let house = House::new(engine).await;
    let write = house.write(Kind::Circumstance).await;
    let (one, other) = (Uuid::from_u128(5), Uuid::from_u128(6));
    let mut tx = house.begin().await;
    assert_eq!(tx.put_facts(&write, &[(one, vec![1]), (other, vec![2])], &[]).await.unwrap(), 0);
    assert_eq!(tx.put_facts(&write, &[(one, vec![3])], &[]).await.unwrap(), 0);
    let mut facts = tx.facts(house.school).await.unwrap();
    facts.sort();
    assert_eq!(facts, [(one, vec![3]), (other, vec![2])]);
    assert_eq!(tx.put_facts(&write, &[], &[one, Uuid::nil()]).await.unwrap(), 1);
    assert_eq!(tx.fact_ids(house.school).await.unwrap(), [other]);
    assert!(tx.facts(Uuid::nil().into()).await.unwrap().is_empty());
}

/// Facts of 60 acts, one after the other, and the order in which the database keeps them.
async fn no_order_of_the_facts_tells_when_they_were_written(engine: Engine) {
    let house = House::new(engine).await;
    let write = house.write(Kind::Circumstance).await;
    let written: Vec<Uuid> = (0..60).map(|_| Uuid::new_v4()).collect();
    let mut moments = Vec::new();
    for id in &written {
        let mut tx = house.begin().await;
        tx.put_facts(&write, &[(*id, vec![0; 45])], &[]).await.unwrap();
        tx.commit().await.unwrap();
        if engine == Engine::Postgres {
            moments.push(of_one_moment(&house, *id).await);
        }
    }
    let mut conn = house.on.db.read().await.unwrap();
    let kept = conn.fact_ids(house.school).await.unwrap();
    drop(conn);
    assert_eq!(kept.len(), written.len());
    if engine == Engine::Sqlite {
        // The table is its index: rows lie in the order of their random ids, and there is no row number beside it.
        assert!(kept.is_sorted());
        return;
    }
    // Each act wrote fifteen rows at least, wherever its own stands among them, or all there were.
    let too_few: Vec<_> = (1i64..).zip(&moments).filter(|(stood, rows)| **rows < (*stood).min(15)).collect();
    assert!(too_few.is_empty(), "rows that stood there, and how many of them one act wrote: {too_few:?}");
    let mut conn = PgConnection::connect(&house.on.place).await.unwrap();
    let rows: Vec<Uuid> = sqlx::query_scalar("SELECT id FROM facts ORDER BY ctid").fetch_all(&mut conn).await.unwrap();
    let in_order = rows.windows(2).filter(|two| place(&written, two[0]) < place(&written, two[1])).count();
    assert!((12..48).contains(&in_order), "{in_order} of 59 neighbours lie in the order in which they were written");
}

/// How many rows bear the mark of the act that wrote this one last.
async fn of_one_moment(house: &House, id: Uuid) -> i64 {
    let mut conn = PgConnection::connect(&house.on.place).await.unwrap();
    let text = "SELECT count(*) FROM facts WHERE xmin = (SELECT xmin FROM facts WHERE id = $1)";
    sqlx::query_scalar(text).bind(id).fetch_one(&mut conn).await.unwrap()
}

fn place(written: &[Uuid], id: Uuid) -> usize {
    written.iter().position(|one| *one == id).unwrap()
}

async fn files_that_are_to_be_counted_stand_there_once_until_they_are(engine: Engine) {
    let house = House::new(engine).await;
    let (write, manage) = (house.write(Kind::Circumstance).await, structure(&house).await);
    let mut tx = house.begin().await;
    for _ in 0..2 {
        tx.owe_facts(&write, house.student).await.unwrap();
    }
    assert_eq!(tx.facts_due(house.school, 9).await.unwrap(), [house.student]);
    assert_eq!(tx.facts_due(house.school, 0).await.unwrap(), [], "at most so many");
    assert_eq!(tx.facts_due_count(house.school).await.unwrap(), 1);
    tx.settle_facts(&write, house.student).await.unwrap();
    assert_eq!(tx.facts_due_count(house.school).await.unwrap(), 0);

    // A student without a file has nothing to count, of a class as of a school.
    tx.owe_facts_of_class(&manage, house.classes[0]).await.unwrap();
    assert_eq!(tx.owe_all_facts(&manage).await.unwrap(), 0);
    assert_eq!(tx.facts_due_count(house.school).await.unwrap(), 0);
    assert!(tx.set_status(&house.write(Kind::Support).await, FileStatus::InSupport, 1).await.unwrap());
    tx.owe_facts_of_class(&manage, house.classes[1]).await.unwrap();
    assert_eq!(tx.facts_due_count(house.school).await.unwrap(), 0, "another class");
    tx.owe_facts_of_class(&manage, house.classes[0]).await.unwrap();
    assert_eq!(tx.facts_due_count(house.school).await.unwrap(), 1);
    assert_eq!(tx.owe_all_facts(&manage).await.unwrap(), 0, "it stands there");
    tx.settle_facts(&write, house.student).await.unwrap();

    // A helper who agreed, and one who did not.
    tx.insert_pairing(&house.pair().await, &pairing(&house, "2026-09-01")).await.unwrap();
    tx.owe_facts_of_helper(&manage, house.helper).await.unwrap();
    assert_eq!(tx.facts_due_count(house.school).await.unwrap(), 0, "nobody agreed");
    let agreed =
        yice::store::Pairing { accepted_at: Some(NOW), helper_id: house.teacher, ..pairing(&house, "2026-09-01") };
    tx.insert_pairing(&house.pair().await, &agreed).await.unwrap();
    tx.owe_facts_of_helper(&manage, house.teacher).await.unwrap();
    assert_eq!(tx.facts_due_count(house.school).await.unwrap(), 1);

    assert_eq!(tx.cohort_of(house.student).await.unwrap(), Some((2020, false)));
    assert!(tx.close_class(&manage, house.classes[0], true).await.unwrap());
    assert_eq!(tx.cohort_of(house.student).await.unwrap(), Some((2020, true)));
    assert_eq!(tx.cohort_of(StudentId(Uuid::nil())).await.unwrap(), None);
    assert_eq!(tx.rolls().await.unwrap(), [], "a class that left is not on the roll");
}

async fn due_times_are_counted_by_school(engine: Engine) {
    let house = House::new(engine).await;
    let mut tx = house.begin().await;
    let counsellor = (Role::Counsellor, Relation::SameSchool);
    let act: Permit<Append> = permit(house.teacher, house.school, counsellor, Kind::Warning, house.student.0).await;
    let warning = warning(&house, house.student);
    tx.insert_warning(&act, &warning).await.unwrap();
    for (due_at, done_at) in [(NOW, Some(NOW)), (NOW + 1, Some(NOW + 2)), (NOW + 2, None), (NOW + 9, Some(NOW))] {
        let due = deadline(&house, &warning, due_at);
        tx.insert_deadline(&act, &due).await.unwrap();
        if let Some(at) = done_at {
            assert!(tx.meet_deadline(&act, due.id, at).await.unwrap());
        }
    }
    assert_eq!(tx.deadlines_met(house.school, NOW, NOW + 9).await.unwrap(), (1, 3));
    assert_eq!(tx.deadlines_met(house.school, NOW + 10, NOW + 11).await.unwrap(), (0, 0));
}

fn epoch(number: i64) -> Epoch {
    let (id, noise) = (Uuid::from_u128(7), Some(vec![1, 2]));
    Epoch { number, id, begins: "2026-11-23".to_owned(), menu: 2, profile: Profile::Standard, noise }
}

async fn an_epoch_takes_the_noise_key_of_the_last_one_away(engine: Engine) {
    let house = House::new(engine).await;
    let mut tx = house.begin().await;
    assert!(tx.last_epoch().await.unwrap().is_none());
    tx.begin_epoch(&epoch(1)).await.unwrap();
    let stands = tx.last_epoch().await.unwrap().unwrap();
    assert_eq!((stands.number, stands.menu, stands.profile, stands.noise), (1, 2, Profile::Standard, Some(vec![1, 2])));
    tx.insert_epoch_scope(1, house.school.0, Tier::Totals).await.unwrap();
    assert_eq!(tx.epoch_scopes(1).await.unwrap(), [(house.school.0, Tier::Totals)]);
    assert_eq!(tx.epoch_scopes(2).await.unwrap(), []);
    tx.begin_epoch(&epoch(2)).await.unwrap();
    assert_eq!(tx.last_epoch().await.unwrap().unwrap().number, 2);
    tx.commit().await.unwrap();
    let keys = keys(&house).await;
    assert_eq!(keys, [(1, false), (2, true)], "one key at a time");
    let mut tx = house.begin().await;
    assert!(matches!(tx.begin_epoch(&epoch(2)).await, Err(Error::Taken(_))));
}

/// Which epochs have a key.
async fn keys(house: &House) -> Vec<(i64, bool)> {
    let asked = "SELECT number, noise IS NOT NULL FROM epochs ORDER BY number";
    match house.on.engine {
        Engine::Sqlite => {
            let mut conn = sqlx::SqliteConnection::connect(&house.on.place).await.unwrap();
            sqlx::query_as(asked).fetch_all(&mut conn).await.unwrap()
        }
        Engine::Postgres => {
            let mut conn = PgConnection::connect(&house.on.place).await.unwrap();
            sqlx::query_as(asked).fetch_all(&mut conn).await.unwrap()
        }
    }
}

async fn a_release_is_added_once_and_stays(engine: Engine) {
    let house = House::new(engine).await;
    let scope = house.school.0;
    let release = |scope, report: i64| Release {
        scope,
        epoch: 1,
        report,
        day: format!("2026-1{report}-01"),
        text: format!("report {report}"),
        hash: vec![1],
    };
    let mut tx = house.begin().await;
    tx.begin_epoch(&epoch(1)).await.unwrap();
    assert_eq!(tx.last_release().await.unwrap(), None);
    for report in 1..3 {
        tx.insert_release(&release(scope, report)).await.unwrap();
    }
    let of_school = vec![release(scope, 1), release(scope, 2)];
    assert_eq!(tx.releases(scope).await.unwrap(), (of_school.clone(), false));
    tx.insert_release(&release(Uuid::nil(), 1)).await.unwrap();
    assert_eq!(tx.releases(scope).await.unwrap(), (of_school, true));
    assert_eq!(tx.last_release_of(scope).await.unwrap(), Some(release(scope, 2)));
    assert_eq!(tx.last_release_of(Uuid::max()).await.unwrap(), None);
    assert_eq!(tx.releases_of_report(1, 1).await.unwrap().len(), 2);
    assert_eq!(tx.last_release().await.unwrap(), Some((1, 2, "2026-12-01".to_owned())));
    tx.record_published(house.school, "epoch=1 report=2", NOW).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = house.begin().await;
    assert!(matches!(tx.insert_release(&release(scope, 2)).await, Err(Error::Taken(_))));
    drop(tx);
    let mut conn = house.on.db.read().await.unwrap();
    let wanted = AuditFilter { event: Some(Event::StatisticsPublished), ..AuditFilter::default() };
    let lines = conn.audit_lines(&house.audit().await, &wanted, 9).await.unwrap();
    assert_eq!((lines.len(), lines[0].line.detail.as_str()), (1, "epoch=1 report=2"));
}
