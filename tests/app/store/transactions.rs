//! Transactions: nothing half done, nothing written by a reader, nobody told "busy" without need.

use uuid::Uuid;
use yice::domain::ids::PersonId;
use yice::domain::words::Kind;
use yice::store::Throttle;

use crate::support::both_backends;
use crate::support::cluster::Engine;
use crate::support::house::{House, NOW};

both_backends!(
    what_is_not_committed_never_happened,
    what_is_left_never_happened,
    a_long_act_is_an_act,
    a_snapshot_does_not_see_what_is_committed_after_it,
    sixteen_people_who_read_first_and_write_later_are_never_told_busy,
    a_row_for_nobody_is_refused,
    what_is_committed_is_there_when_the_database_is_opened_again,
);

async fn what_is_not_committed_never_happened(engine: Engine) {
    let house = House::new(engine).await;
    let staff = house.manage(Kind::Staff).await;
    let mut tx = house.begin().await;
    tx.insert_person(&staff, &house.a_person(PersonId(Uuid::now_v7()), "wang"), NOW).await.unwrap();
    tx.rename_school(&house.manage(Kind::Structure).await, "另一个名字").await.unwrap();
    assert_eq!(tx.persons(house.school).await.unwrap().len(), 3, "seen inside");
    drop(tx);
    let mut conn = house.on.db.read().await.unwrap();
    assert_eq!(conn.persons(house.school).await.unwrap().len(), 2);
    assert_eq!(conn.school(house.school).await.unwrap().unwrap().name, "柳溪镇初级中学");
}

async fn what_is_left_never_happened(engine: Engine) {
    let house = House::new(engine).await;
    let mut tx = house.begin().await;
    tx.put_throttle(b"left", Throttle { failures: 1, until: 0 }).await.unwrap();
    tx.leave().await.unwrap();
    assert_eq!(house.begin().await.throttle(b"left").await.unwrap().failures, 0);
}

async fn a_long_act_is_an_act(engine: Engine) {
    let house = House::new(engine).await;
    let mut tx = house.on.db.begin_long().await.unwrap();
    tx.put_throttle(b"long", Throttle { failures: 1, until: 0 }).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(house.begin().await.throttle(b"long").await.unwrap().failures, 1);
    let mut tx = house.on.db.begin_long().await.unwrap();
    tx.put_throttle(b"long", Throttle { failures: 2, until: 0 }).await.unwrap();
    drop(tx);
    assert_eq!(house.begin().await.throttle(b"long").await.unwrap().failures, 1);
}

async fn a_snapshot_does_not_see_what_is_committed_after_it(engine: Engine) {
    let house = House::new(engine).await;
    let mut before = house.on.db.read().await.unwrap();
    assert_eq!(before.persons(house.school).await.unwrap().len(), 2);
    let staff = house.manage(Kind::Staff).await;
    let mut tx = house.begin().await;
    tx.insert_person(&staff, &house.a_person(PersonId(Uuid::now_v7()), "wang"), NOW).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(before.persons(house.school).await.unwrap().len(), 2, "the snapshot stays what it was");
    drop(before);
    assert_eq!(house.on.db.read().await.unwrap().persons(house.school).await.unwrap().len(), 3);
}

async fn sixteen_people_who_read_first_and_write_later_are_never_told_busy(engine: Engine) {
    let house = House::new(engine).await;
    let mut people = tokio::task::JoinSet::new();
    for person in 0..16_u8 {
        let db = house.on.db.clone();
        people.spawn(async move {
            for _ in 0..10 {
                let mut tx = db.begin().await?;
                let failures = tx.throttle(&[person]).await?.failures + 1;
                tokio::task::yield_now().await;
                tx.put_throttle(&[person], Throttle { failures, until: 0 }).await?;
                tx.commit().await?;
            }
            Ok::<_, yice::store::Error>(())
        });
    }
    while let Some(done) = people.join_next().await {
        done.unwrap().expect("nobody is told that the database is busy");
    }
    let mut conn = house.on.db.read().await.unwrap();
    for person in 0..16_u8 {
        assert_eq!(conn.throttle(&[person]).await.unwrap().failures, 10);
    }
}

async fn a_row_for_nobody_is_refused(engine: Engine) {
    let house = House::new(engine).await;
    let mut tx = house.begin().await;
    let session = tx.insert_session(&house.own(PersonId(Uuid::from_u128(1))).await, b"token", vec![1], NOW).await;
    assert!(session.is_err(), "there is no such person");
}

async fn what_is_committed_is_there_when_the_database_is_opened_again(engine: Engine) {
    let house = House::new(engine).await;
    house.on.db.close().await;
    let again = house.on.open_again().await.unwrap();
    assert_eq!(again.read().await.unwrap().persons(house.school).await.unwrap().len(), 2);
}
