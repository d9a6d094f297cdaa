//! Installation, schools, classes, terms.

use uuid::Uuid;
use yice::domain::ids::{ClassId, SchoolId, TermId};
use yice::domain::warning::LabelScheme;
use yice::domain::words::{Kind, Relation, Role, SchoolKind};
use yice::policy::Manage;
use yice::store::{Error, Installation, Term};

use crate::support::both_backends;
use crate::support::cluster::{Engine, TestDb};
use crate::support::house::{House, NOW, permit};

both_backends!(
    a_school_speaks_of_levels_in_its_own_way,
    an_installation_is_founded_once,
    a_school_name_is_taken_once,
    a_class_number_is_taken_once_in_its_cohort,
    an_administrator_closes_classes_of_the_own_school_only,
    a_term_changes_for_whoever_saw_its_last_version,
);

async fn an_installation_is_founded_once(engine: Engine) {
    let on = TestDb::new(engine).await;
    assert!(on.db.read().await.unwrap().installation().await.unwrap().is_none());
    let made = Installation {
        secret_check: vec![1, 2],
        recovery_id: Uuid::from_u128(7),
        recovery_recipient: "age1recovery".to_owned(),
        recovery_mac: vec![3, 4],
    };
    let mut tx = on.db.begin().await.unwrap();
    tx.found_installation(&made, NOW).await.unwrap();
    tx.commit().await.unwrap();

    let mut tx = on.db.begin().await.unwrap();
    assert!(matches!(tx.found_installation(&made, NOW).await, Err(Error::Taken(_))));
    drop(tx);

    let kept = on.db.read().await.unwrap().installation().await.unwrap().unwrap();
    assert_eq!(kept.secret_check, made.secret_check);
    assert_eq!(kept.recovery_id, made.recovery_id);
    assert_eq!(kept.recovery_recipient, made.recovery_recipient);
    assert_eq!(kept.recovery_mac, made.recovery_mac);
}

async fn a_school_name_is_taken_once(engine: Engine) {
    let house = House::new(engine).await;
    let other = SchoolId(Uuid::now_v7());
    let pair = (Role::SysAdmin, Relation::SameSchool);
    let manage = permit::<Manage>(house.teacher, other, pair, Kind::Structure, other.0).await;

    let mut tx = house.begin().await;
    let again = tx.insert_school(&manage, "柳溪镇初级中学", SchoolKind::School, NOW).await;
    assert!(matches!(again, Err(error) if error.is_taken("name")));
    drop(tx);

    let mut tx = house.begin().await;
    tx.insert_school(&manage, "城关中心小学", SchoolKind::School, NOW).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = house.begin().await;
    let renamed = tx.rename_school(&manage, "柳溪镇初级中学").await;
    assert!(matches!(renamed, Err(error) if error.is_taken("name")));
    drop(tx);

    let mut tx = house.begin().await;
    tx.rename_school(&manage, "石门小学").await.unwrap();
    tx.commit().await.unwrap();
    let mut conn = house.on.db.read().await.unwrap();
    assert_eq!(conn.school(other).await.unwrap().unwrap().name, "石门小学");
    assert!(conn.school(SchoolId(Uuid::nil())).await.unwrap().is_none());
    let all: Vec<SchoolId> = conn.schools().await.unwrap().into_iter().map(|school| school.id).collect();
    assert_eq!(all.len(), 2);
    assert!(all.contains(&house.school) && all.contains(&other));
}

async fn a_school_speaks_of_levels_in_its_own_way(engine: Engine) {
    let house = House::new(engine).await;
    let manage = house.manage(Kind::Structure).await;
    let mut tx = house.begin().await;
    assert_eq!(tx.school(house.school).await.unwrap().unwrap().labels, LabelScheme::Three);
    tx.set_labels(&manage, LabelScheme::Four).await.unwrap();
    assert_eq!(tx.school(house.school).await.unwrap().unwrap().labels, LabelScheme::Four);
}

async fn a_class_number_is_taken_once_in_its_cohort(engine: Engine) {
    let house = House::new(engine).await;
    let third = house.a_class(ClassId(Uuid::now_v7()), 3);
    let mut tx = house.begin().await;
    tx.insert_class(&house.report().await, &third, NOW).await.unwrap();
    tx.commit().await.unwrap();

    for again in [house.a_class(ClassId(Uuid::now_v7()), 3), house.a_class(ClassId(Uuid::now_v7()), 1)] {
        let mut tx = house.begin().await;
        let refused = tx.insert_class(&house.manage(Kind::Structure).await, &again, NOW).await;
        assert!(matches!(refused, Err(Error::Taken(_))), "{refused:?}");
    }

    let mut older = house.a_class(ClassId(Uuid::now_v7()), 1);
    older.cohort = 2019;
    let mut tx = house.begin().await;
    tx.insert_class(&house.manage(Kind::Structure).await, &older, NOW).await.unwrap();
    tx.commit().await.unwrap();

    let mut conn = house.on.db.read().await.unwrap();
    assert_eq!(conn.class(third.id).await.unwrap(), Some(third));
    let [first, second] = house.classes;
    let listed: Vec<ClassId> = conn.classes(house.school).await.unwrap().into_iter().map(|class| class.id).collect();
    assert_eq!(listed, [first, second, third.id, older.id], "youngest cohort first, then by number");
}

async fn an_administrator_closes_classes_of_the_own_school_only(engine: Engine) {
    let house = House::new(engine).await;
    let class = house.classes[0];
    let elsewhere = SchoolId(Uuid::now_v7());
    let pair = (Role::SysAdmin, Relation::SameSchool);
    let foreign = permit::<Manage>(house.teacher, elsewhere, pair, Kind::Structure, elsewhere.0).await;

    let mut tx = house.begin().await;
    assert!(!tx.close_class(&foreign, class, true).await.unwrap());
    assert!(!tx.class(class).await.unwrap().unwrap().closed);
    assert!(tx.close_class(&house.manage(Kind::Structure).await, class, true).await.unwrap());
    tx.commit().await.unwrap();
    assert!(house.on.db.read().await.unwrap().class(class).await.unwrap().unwrap().closed);
}

async fn a_term_changes_for_whoever_saw_its_last_version(engine: Engine) {
    let house = House::new(engine).await;
    let manage = house.manage(Kind::Structure).await;
    let term = |name: &str, starts: &str| Term {
        id: TermId(Uuid::now_v7()),
        name: name.to_owned(),
        starts: starts.to_owned(),
        ends: "2027-01-24".to_owned(),
        version: 1,
    };
    let autumn = term("2026—2027学年第一学期", "2026-09-01");
    let spring = term("2026—2027学年第二学期", "2027-02-22");
    let mut tx = house.begin().await;
    tx.insert_term(&manage, &autumn).await.unwrap();
    tx.insert_term(&manage, &spring).await.unwrap();
    tx.commit().await.unwrap();

    let mut tx = house.begin().await;
    let twice = tx.insert_term(&manage, &term("2026—2027学年第一学期", "2026-09-02")).await;
    assert!(matches!(twice, Err(Error::Taken(_))), "{twice:?}");
    drop(tx);

    let mut tx = house.begin().await;
    let edited = Term { starts: "2026-08-31".to_owned(), ..autumn.clone() };
    assert!(tx.update_term(&manage, &edited).await.unwrap());
    assert!(!tx.update_term(&manage, &autumn).await.unwrap(), "it was written by somebody who saw version 1");
    tx.commit().await.unwrap();

    let mut tx = house.begin().await;
    let taken = Term { name: spring.name.clone(), version: 2, ..edited.clone() };
    assert!(matches!(tx.update_term(&manage, &taken).await, Err(Error::Taken(_))));
    drop(tx);

    let mut conn = house.on.db.read().await.unwrap();
    assert_eq!(conn.terms(house.school).await.unwrap(), [spring, Term { version: 2, ..edited }]);
}
