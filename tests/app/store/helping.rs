//! The life of a pairing, strengths and checks, reviews, the mood log, and entries from outside.

use uuid::Uuid;
use yice::domain::helping::Strengths;
use yice::domain::ids::{EntryId, KeyId, LetterId, PairingId, ReviewId};
use yice::domain::warning::{LetterKind, LetterState};
use yice::domain::words::{Compartment, Kind, Relation, Role, Sex};
use yice::policy::{Report, Sign, Write};
use yice::store::{Key, Letter, MoodSheet, NewEntry, NewWrap, Pairing, PairingState, StoredReview, Tx, WrapForm};

use crate::support::both_backends;
use crate::support::cluster::Engine;
use crate::support::house::{House, NOW, permit};

both_backends!(
    a_pairing_is_accepted_once_and_by_its_helper_alone,
    a_helper_who_declines_loses_the_wraps_and_the_keys_are_due,
    a_pairing_rests_goes_on_and_is_completed,
    what_was_handed_goes_with_the_end,
    strengths_and_checks_are_of_one_person_and_the_last_word_holds,
    reviews_stay_in_order_and_are_sealed_anew_in_their_place,
    a_day_of_the_mood_log_changes_for_whoever_saw_its_last_version,
    an_entry_from_outside_waits_and_stands_under_the_name_of_its_author,
);

pub fn pairing(house: &House) -> Pairing {
    Pairing {
        id: PairingId(Uuid::now_v7()),
        school_id: house.school,
        student_id: house.student,
        helper_id: house.helper,
        starts: "2026-09-01".to_owned(),
        ends: "2027-06-30".to_owned(),
        ended: false,
        epoch: 1,
        version: 1,
        card: vec![1],
        accepted_at: None,
        paused: false,
        declined: false,
        contact: true,
        outside: false,
        handed: None,
        handed_mark: None,
        started_by: None,
        stands_in_for: None,
    }
}

/// The permit of somebody to answer a pairing.
async fn answer(house: &House, who: yice::domain::ids::PersonId, id: PairingId) -> yice::policy::Permit<Sign> {
    permit(who, house.school, (Role::Helper, Relation::Own), Kind::Pairing, id.0).await
}

async fn state(tx: &mut Tx, id: PairingId) -> PairingState {
    tx.pairing(id).await.unwrap().unwrap().state("2026-11-23")
}

async fn a_pairing_is_accepted_once_and_by_its_helper_alone(engine: Engine) {
    let house = House::new(engine).await;
    let manage = house.pair().await;
    let new = pairing(&house);
    let mut tx = house.begin().await;
    tx.insert_pairing(&manage, &new).await.unwrap();
    assert_eq!(state(&mut tx, new.id).await, PairingState::Proposed);
    assert_eq!(tx.pairing(new.id).await.unwrap().unwrap().started_by, Some(house.teacher.0));
    assert!(!tx.accept_pairing(&answer(&house, house.teacher, new.id).await, NOW).await.unwrap());
    let own = answer(&house, house.helper, new.id).await;
    assert!(tx.accept_pairing(&own, NOW).await.unwrap());
    assert!(!tx.accept_pairing(&own, NOW + 1).await.unwrap());
    assert_eq!(state(&mut tx, new.id).await, PairingState::Running);
    assert_eq!(tx.pairing(new.id).await.unwrap().unwrap().accepted_at, Some(NOW));
    assert!(!tx.decline_pairing(&own, house.student).await.unwrap(), "it was accepted");
}

async fn a_helper_who_declines_loses_the_wraps_and_the_keys_are_due(engine: Engine) {
    let house = House::new(engine).await;
    let manage = house.pair().await;
    let new = pairing(&house);
    let mut tx = house.begin().await;
    tx.insert_pairing(&manage, &new).await.unwrap();
    let mut keys = Vec::new();
    for compartment in [Compartment::Support, Compartment::Contact, Compartment::Circumstance] {
        let (id, subject, owner) = (KeyId(Uuid::new_v4()), house.student.0, Uuid::nil());
        tx.put_key(&manage, &Key { id, subject, compartment, owner, epoch: 1 }).await.unwrap();
        for holder in [house.helper.0, house.teacher.0] {
            let (form, sealed, mark) = (WrapForm::Age, vec![1], vec![2]);
            tx.insert_wrap(&manage, &NewWrap { key: id.0, epoch: 1, holder, form, sealed, mark }).await.unwrap();
        }
        keys.push(id);
    }
    let own = answer(&house, house.helper, new.id).await;
    assert!(tx.decline_pairing(&own, house.student).await.unwrap());
    assert_eq!(state(&mut tx, new.id).await, PairingState::Declined);
    let mut due: Vec<KeyId> = tx.keys_due(house.school).await.unwrap().into_iter().map(|key| key.id).collect();
    due.sort_unstable();
    let mut expected = keys[..2].to_vec();
    expected.sort_unstable();
    assert_eq!(due, expected);
    let held = |wraps: Vec<(Uuid, Uuid, i64)>, who: Uuid| wraps.iter().filter(|wrap| wrap.1 == who).count();
    let wraps = tx.wrap_holders(house.school).await.unwrap();
    assert_eq!((held(wraps.clone(), house.helper.0), held(wraps, house.teacher.0)), (1, 3));
    tx.take_key_back(&manage, house.student, Compartment::Circumstance, house.helper).await.unwrap();
    assert_eq!(held(tx.wrap_holders(house.school).await.unwrap(), house.helper.0), 0);
    assert_eq!(tx.keys_due(house.school).await.unwrap().len(), 3);
}

async fn a_pairing_rests_goes_on_and_is_completed(engine: Engine) {
    let house = House::new(engine).await;
    let manage = house.pair().await;
    let new = Pairing { contact: false, accepted_at: Some(NOW), ..pairing(&house) };
    let mut tx = house.begin().await;
    tx.insert_pairing(&manage, &new).await.unwrap();
    assert!(tx.pause_pairing(&manage, new.id, true, false).await.unwrap());
    assert!(!tx.pause_pairing(&manage, new.id, true, false).await.unwrap(), "it rests already");
    assert_eq!(state(&mut tx, new.id).await, PairingState::Paused);
    assert!(tx.pause_pairing(&manage, new.id, false, false).await.unwrap());
    assert!(tx.complete_pairing(&manage, new.id).await.unwrap());
    assert!(!tx.complete_pairing(&manage, new.id).await.unwrap());
    let found = tx.pairing(new.id).await.unwrap().unwrap();
    assert!(found.contact && !found.paused && found.version == 4);
    assert!(tx.end_pairing(&manage, new.id).await.unwrap());
    assert!(!tx.pause_pairing(&manage, new.id, true, true).await.unwrap(), "it ended");
}

async fn what_was_handed_goes_with_the_end(engine: Engine) {
    let house = House::new(engine).await;
    let manage = house.pair().await;
    let new = Pairing { outside: true, handed: Some(vec![7]), handed_mark: Some(vec![8]), ..pairing(&house) };
    let mut tx = house.begin().await;
    tx.insert_pairing(&manage, &new).await.unwrap();
    let found = tx.pairing(new.id).await.unwrap().unwrap();
    assert_eq!((found.outside, found.handed, found.handed_mark), (true, Some(vec![7]), Some(vec![8])));
    assert!(!tx.complete_pairing(&manage, new.id).await.unwrap(), "nobody from outside holds a key");
    tx.end_pairing(&manage, new.id).await.unwrap();
    let found = tx.pairing(new.id).await.unwrap().unwrap();
    assert_eq!((found.handed, found.handed_mark), (None, None));
}

async fn strengths_and_checks_are_of_one_person_and_the_last_word_holds(engine: Engine) {
    let house = House::new(engine).await;
    let own = house.own(house.teacher).await;
    let said = |subject: &str, sex| Strengths { subject: subject.to_owned(), sex, ..Strengths::default() };
    let mut tx = house.begin().await;
    assert!(tx.strengths(house.school).await.unwrap().is_empty());
    tx.put_strengths(&own, &said("数学", Some(Sex::Female))).await.unwrap();
    tx.put_strengths(&own, &said("语文", None)).await.unwrap();
    assert_eq!(tx.strengths(house.school).await.unwrap(), [(house.teacher, said("语文", None))]);
    let manage = house.manage(Kind::Staff).await;
    assert_eq!(tx.check_of(house.helper).await.unwrap(), None);
    for day in ["2025-09-01", "2026-09-01"] {
        tx.put_check(&manage, house.helper, day, NOW).await.unwrap();
    }
    assert_eq!(tx.check_of(house.helper).await.unwrap().as_deref(), Some("2026-09-01"));
    assert_eq!(tx.check_of(house.teacher).await.unwrap(), None);
}

async fn reviews_stay_in_order_and_are_sealed_anew_in_their_place(engine: Engine) {
    let house = House::new(engine).await;
    let permit = house.append().await;
    let review = |sealed: u8| StoredReview {
        id: ReviewId(Uuid::now_v7()),
        student_id: house.student,
        author: house.teacher,
        written_at: NOW,
        epoch: 1,
        sealed: vec![sealed],
    };
    let (first, second) = (review(1), review(2));
    let mut tx = house.begin().await;
    for review in [&first, &second] {
        tx.insert_review(&permit, review).await.unwrap();
    }
    assert_eq!(tx.reviews(house.student).await.unwrap(), [second.clone(), first.clone()]);
    tx.reseal_review(&permit, &StoredReview { epoch: 2, sealed: vec![9], ..first.clone() }).await.unwrap();
    let found = tx.reviews(house.student).await.unwrap();
    assert_eq!(found, [second, StoredReview { epoch: 2, sealed: vec![9], ..first }]);
    let used = tx.epochs_in_use(house.school).await.unwrap();
    assert!(used.contains(&(house.student.0, Compartment::Support, 2)), "{used:?}");
}

async fn a_day_of_the_mood_log_changes_for_whoever_saw_its_last_version(engine: Engine) {
    let house = House::new(engine).await;
    let class = house.classes[0];
    let pair = (Role::HomeroomTeacher, Relation::OwnClass);
    let write = permit::<Write>(house.teacher, house.school, pair, Kind::Support, class.0).await;
    let day = |day: &str, version: i64| MoodSheet {
        class_id: class,
        day: day.to_owned(),
        epoch: 1,
        version,
        sealed: vec![u8::try_from(version).unwrap()],
    };
    let mut tx = house.begin().await;
    assert!(!tx.put_mood(&write, &day("2026-11-23", 2)).await.unwrap(), "nobody wrote a first version");
    assert!(tx.put_mood(&write, &day("2026-11-23", 1)).await.unwrap());
    assert!(!tx.put_mood(&write, &day("2026-11-23", 1)).await.unwrap());
    assert!(!tx.put_mood(&write, &day("2026-11-23", 3)).await.unwrap());
    assert!(tx.put_mood(&write, &day("2026-11-23", 2)).await.unwrap());
    assert!(tx.put_mood(&write, &day("2026-11-20", 1)).await.unwrap());
    assert_eq!(tx.moods(class, 9).await.unwrap(), [day("2026-11-23", 2), day("2026-11-20", 1)]);
    assert_eq!(tx.moods(class, 1).await.unwrap(), [day("2026-11-23", 2)]);
    assert!(tx.moods(house.classes[1], 9).await.unwrap().is_empty());
    let anew = MoodSheet { epoch: 5, sealed: vec![9], ..day("2026-11-20", 1) };
    tx.reseal_mood(&write, &anew).await.unwrap();
    assert_eq!(tx.moods(class, 9).await.unwrap(), [day("2026-11-23", 2), anew]);
    assert!(tx.epochs_in_use(house.school).await.unwrap().contains(&(class.0, Compartment::Support, 5)));
}

async fn an_entry_from_outside_waits_and_stands_under_the_name_of_its_author(engine: Engine) {
    let house = House::new(engine).await;
    let report: yice::policy::Permit<Report> =
        permit(house.helper, house.school, (Role::ExternalHelper, Relation::Paired), Kind::Support, house.student.0)
            .await;
    let letter = |sent_at: i64, kind| Letter {
        id: LetterId(Uuid::new_v4()),
        school_id: house.school,
        kind,
        student_id: Some(house.student.0),
        sender: Some(house.helper.0),
        holder: Uuid::nil(),
        state: LetterState::Sent,
        sent_at,
        warning_id: None,
        next_at: None,
        rung: 0,
        version: 1,
        sealed: vec![1],
        mark: vec![2],
    };
    let (later, first) = (letter(NOW + 5, LetterKind::Contribution), letter(NOW, LetterKind::Contribution));
    let mut tx = house.begin().await;
    for letter in [&later, &first, &letter(NOW, LetterKind::Concern)] {
        assert!(tx.insert_letter(&report, letter).await.unwrap());
    }
    assert_eq!(tx.contributions(house.student).await.unwrap(), [first.clone(), later.clone()]);
    let append = house.append().await;
    let id = EntryId(Uuid::now_v7());
    let entry = NewEntry { id, owner: Uuid::nil(), corrects: None, written_at: NOW, epoch: 1, sealed: vec![3] };
    tx.take_in_entry(&append, &entry, house.helper).await.unwrap();
    assert!(tx.move_letter(&append, &first, LetterState::Done, None, Some(house.student), true).await.unwrap());
    assert_eq!(tx.contributions(house.student).await.unwrap(), [later]);
    let sent = tx.contributed(house.helper, house.student, 9).await.unwrap();
    assert_eq!(sent, [(NOW + 5, false), (NOW, true)]);
    assert_eq!(tx.contributed(house.helper, house.student, 1).await.unwrap(), [(NOW + 5, false)]);
    assert!(tx.contributed(house.teacher, house.student, 9).await.unwrap().is_empty());
    let entries = tx.entries(house.student, Compartment::Support, Uuid::nil(), 9).await.unwrap();
    assert_eq!(entries.iter().map(|entry| (entry.id, entry.author)).collect::<Vec<_>>(), [(id, house.helper)]);
}
