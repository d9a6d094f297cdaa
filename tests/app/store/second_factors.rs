//! The second factor of a sign-in, sign-ins that wait for a code, browsers in which one was given.

use uuid::Uuid;
use yice::domain::clock::MINUTE;
use yice::domain::ids::{PersonId, SchoolId};
use yice::domain::words::{Kind, Relation, Role};
use yice::policy::Manage;

use crate::support::both_backends;
use crate::support::cluster::Engine;
use crate::support::house::{House, NOW, permit};

both_backends!(
    a_second_factor_is_switched_on_once_and_belongs_to_its_person,
    a_step_is_taken_once_and_none_before_it,
    a_rescue_code_is_used_once_and_replaced_by_new_ones,
    a_second_factor_goes_with_all_that_rests_on_it_and_not_at_the_word_of_another_school,
    a_sign_in_waits_under_its_own_name_until_its_time_is_over,
    a_browser_is_known_for_one_person_until_it_is_forgotten,
    what_waits_and_what_is_known_ends_with_the_sessions,
    one_session_stays_when_the_others_end,
    a_school_says_whether_it_demands_two_steps,
);

async fn a_second_factor_is_switched_on_once_and_belongs_to_its_person(engine: Engine) {
    let house = House::new(engine).await;
    let own = house.own(house.teacher).await;
    let mut tx = house.begin().await;
    assert!(tx.second_factor(house.teacher).await.unwrap().is_none());
    assert!(tx.hold_second_factor(&own).await.unwrap().is_none());
    assert!(tx.insert_second_factor(&own, vec![1, 2], 70, NOW).await.unwrap());
    assert!(!tx.insert_second_factor(&own, vec![3], 71, NOW + 1).await.unwrap(), "it is on");
    tx.commit().await.unwrap();

    let mut tx = house.begin().await;
    for found in [tx.second_factor(house.teacher).await.unwrap(), tx.hold_second_factor(&own).await.unwrap()] {
        let found = found.unwrap();
        assert_eq!((found.sealed, found.step, found.since, found.rescue_codes), (vec![1, 2], 70, NOW, 0));
    }
    assert!(tx.second_factor(house.helper).await.unwrap().is_none());
}

async fn a_step_is_taken_once_and_none_before_it(engine: Engine) {
    let house = House::new(engine).await;
    let (own, others) = (house.own(house.teacher).await, house.own(house.helper).await);
    let mut tx = house.begin().await;
    tx.insert_second_factor(&own, vec![1], 70, NOW).await.unwrap();
    assert!(!tx.take_step(&own, 70).await.unwrap(), "the one that switched it on");
    assert!(tx.take_step(&own, 72).await.unwrap());
    for taken in [71, 72] {
        assert!(!tx.take_step(&own, taken).await.unwrap());
    }
    assert!(!tx.take_step(&others, 80).await.unwrap(), "who has none takes none");
    assert!(tx.take_step(&own, 73).await.unwrap());
    assert_eq!(tx.second_factor(house.teacher).await.unwrap().unwrap().step, 73);
}

async fn a_rescue_code_is_used_once_and_replaced_by_new_ones(engine: Engine) {
    let house = House::new(engine).await;
    let (own, others) = (house.own(house.teacher).await, house.own(house.helper).await);
    let mut tx = house.begin().await;
    for whose in [&own, &others] {
        tx.insert_second_factor(whose, vec![1], 70, NOW).await.unwrap();
    }
    tx.put_rescue_codes(&own, &[[1; 32], [2; 32], [3; 32]]).await.unwrap();
    assert!(!tx.use_rescue_code(&others, &[1; 32]).await.unwrap(), "somebody else's");
    assert!(tx.use_rescue_code(&own, &[1; 32]).await.unwrap());
    assert!(!tx.use_rescue_code(&own, &[1; 32]).await.unwrap());
    assert_eq!(tx.second_factor(house.teacher).await.unwrap().unwrap().rescue_codes, 2);
    tx.put_rescue_codes(&own, &[[4; 32]]).await.unwrap();
    assert!(!tx.use_rescue_code(&own, &[2; 32]).await.unwrap(), "void");
    assert_eq!(tx.hold_second_factor(&own).await.unwrap().unwrap().rescue_codes, 1);
}

async fn a_second_factor_goes_with_all_that_rests_on_it_and_not_at_the_word_of_another_school(engine: Engine) {
    let house = House::new(engine).await;
    let own = house.own(house.teacher).await;
    let elsewhere = SchoolId(Uuid::now_v7());
    let pair = (Role::SysAdmin, Relation::SameSchool);
    let foreign = permit::<Manage>(house.helper, elsewhere, pair, Kind::Staff, elsewhere.0).await;
    let mut tx = house.begin().await;
    tx.insert_second_factor(&own, vec![1], 70, NOW).await.unwrap();
    tx.put_rescue_codes(&own, &[[1; 32]]).await.unwrap();
    tx.insert_half_session(&own, b"half", vec![2], NOW + MINUTE).await.unwrap();
    tx.insert_known_browser(&own, b"desk", NOW + MINUTE).await.unwrap();
    tx.insert_session(&own, b"here", vec![2], NOW).await.unwrap();
    assert!(!tx.delete_second_factor(&foreign, house.teacher).await.unwrap());
    tx.end_sessions(&foreign, house.teacher).await.unwrap();
    assert_eq!(tx.second_factor(house.teacher).await.unwrap().unwrap().rescue_codes, 1);
    assert!(tx.half_session(b"half", NOW).await.unwrap().is_some());
    assert!(tx.knows_browser(b"desk", house.teacher, NOW).await.unwrap());
    assert!(tx.session(b"here").await.unwrap().is_some());

    let staff = house.manage(Kind::Staff).await;
    assert!(tx.delete_second_factor(&staff, house.teacher).await.unwrap());
    assert!(!tx.delete_second_factor(&staff, house.teacher).await.unwrap(), "there is none any more");
    assert!(tx.second_factor(house.teacher).await.unwrap().is_none());
    assert!(tx.half_session(b"half", NOW).await.unwrap().is_none());
    assert!(!tx.knows_browser(b"desk", house.teacher, NOW).await.unwrap());
    tx.insert_second_factor(&own, vec![1], 70, NOW).await.unwrap();
    assert!(!tx.use_rescue_code(&own, &[1; 32]).await.unwrap(), "the old codes went along");
}

async fn a_sign_in_waits_under_its_own_name_until_its_time_is_over(engine: Engine) {
    let house = House::new(engine).await;
    let (own, others) = (house.own(house.teacher).await, house.own(house.helper).await);
    let mut tx = house.begin().await;
    tx.insert_half_session(&own, b"half", vec![2, 2], NOW + MINUTE).await.unwrap();
    let found = tx.half_session(b"half", NOW + MINUTE - 1).await.unwrap().unwrap();
    assert_eq!((found.person_id, found.ring), (house.teacher, vec![2, 2]));
    assert!(tx.half_session(b"half", NOW + MINUTE).await.unwrap().is_none(), "too late");
    assert!(tx.half_session(b"other", NOW).await.unwrap().is_none());
    assert!(tx.signed_in(b"half", NOW).await.unwrap().is_none(), "it is no session");
    assert!(tx.session(b"half").await.unwrap().is_none());
    assert!(!tx.end_half_session(&others, b"half").await.unwrap(), "somebody else's");
    assert!(tx.end_half_session(&own, b"half").await.unwrap());
    assert!(!tx.end_half_session(&own, b"half").await.unwrap(), "once");
    assert!(tx.half_session(b"half", NOW).await.unwrap().is_none());

    tx.insert_half_session(&own, b"late", vec![2], NOW - 1).await.unwrap();
    tx.insert_half_session(&own, b"waits", vec![2], NOW + 1).await.unwrap();
    tx.insert_known_browser(&own, b"over", NOW - 1).await.unwrap();
    tx.insert_known_browser(&own, b"known", NOW + 1).await.unwrap();
    tx.sweep_sign_in(NOW, NOW, NOW).await.unwrap();
    assert!(tx.half_session(b"late", NOW - MINUTE).await.unwrap().is_none(), "swept");
    assert!(tx.half_session(b"waits", NOW).await.unwrap().is_some());
    assert!(!tx.knows_browser(b"over", house.teacher, NOW - MINUTE).await.unwrap(), "swept");
    assert!(tx.knows_browser(b"known", house.teacher, NOW).await.unwrap());
}

async fn a_browser_is_known_for_one_person_until_it_is_forgotten(engine: Engine) {
    let house = House::new(engine).await;
    let (own, others) = (house.own(house.teacher).await, house.own(house.helper).await);
    let mut tx = house.begin().await;
    tx.insert_known_browser(&own, b"desk", NOW + MINUTE).await.unwrap();
    assert!(tx.knows_browser(b"desk", house.teacher, NOW + MINUTE - 1).await.unwrap());
    assert!(!tx.knows_browser(b"desk", house.teacher, NOW + MINUTE).await.unwrap(), "in the evening");
    assert!(!tx.knows_browser(b"desk", house.helper, NOW).await.unwrap());
    assert!(!tx.knows_browser(b"home", house.teacher, NOW).await.unwrap());
    tx.forget_browser(&others, b"desk").await.unwrap();
    assert!(tx.knows_browser(b"desk", house.teacher, NOW).await.unwrap(), "somebody else forgets nothing");
    tx.forget_browser(&own, b"desk").await.unwrap();
    assert!(!tx.knows_browser(b"desk", house.teacher, NOW).await.unwrap());
}

async fn what_waits_and_what_is_known_ends_with_the_sessions(engine: Engine) {
    let house = House::new(engine).await;
    let (own, others) = (house.own(house.teacher).await, house.own(house.helper).await);
    let mut tx = house.begin().await;
    for (whose, half, desk) in [(&own, b"half1", b"desk1"), (&others, b"half2", b"desk2")] {
        tx.insert_half_session(whose, half, vec![2], NOW + MINUTE).await.unwrap();
        tx.insert_known_browser(whose, desk, NOW + MINUTE).await.unwrap();
    }
    tx.end_sessions(&own, house.teacher).await.unwrap();
    assert!(tx.half_session(b"half1", NOW).await.unwrap().is_none());
    assert!(!tx.knows_browser(b"desk1", house.teacher, NOW).await.unwrap());
    assert!(tx.half_session(b"half2", NOW).await.unwrap().is_some(), "a colleague's stays");
    assert!(tx.knows_browser(b"desk2", house.helper, NOW).await.unwrap());
}

async fn one_session_stays_when_the_others_end(engine: Engine) {
    let house = House::new(engine).await;
    let own = house.own(house.teacher).await;
    let mut tx = house.begin().await;
    for token in [b"here", b"home"] {
        tx.insert_session(&own, token, vec![1], NOW).await.unwrap();
    }
    tx.insert_session(&house.own(house.helper).await, b"other", vec![1], NOW).await.unwrap();
    tx.end_other_sessions(&own, b"here").await.unwrap();
    let mut left: Vec<PersonId> = Vec::new();
    for token in [&b"here"[..], b"home", b"other"] {
        left.extend(tx.session(token).await.unwrap().map(|session| session.person_id));
    }
    assert_eq!(left, [house.teacher, house.helper]);
}

async fn a_school_says_whether_it_demands_two_steps(engine: Engine) {
    let house = House::new(engine).await;
    let (own, structure) = (house.own(house.teacher).await, house.manage(Kind::Structure).await);
    let mut tx = house.begin().await;
    tx.insert_session(&own, b"token", vec![1], NOW).await.unwrap();
    let seen = tx.signed_in(b"token", NOW).await.unwrap().unwrap();
    assert_eq!((seen.school.two_steps, seen.two_steps), (false, false));
    tx.set_two_steps(&structure, true).await.unwrap();
    tx.insert_second_factor(&own, vec![1], 70, NOW).await.unwrap();
    let seen = tx.signed_in(b"token", NOW).await.unwrap().unwrap();
    assert_eq!((seen.school.two_steps, seen.two_steps), (true, true));
    assert!(tx.school(house.school).await.unwrap().unwrap().two_steps);
    assert!(tx.schools().await.unwrap()[0].two_steps);
    tx.set_two_steps(&structure, false).await.unwrap();
    assert!(!tx.school(house.school).await.unwrap().unwrap().two_steps);
}
