//! Offices, members, keys, wraps.

use uuid::Uuid;
use yice::domain::ids::{ClassId, KeyId, OfficeId, PersonId};
use yice::domain::words::{Compartment, Kind, OfficeKind};
use yice::store::{Key, NewWrap, Office, WrapForm};

use crate::support::both_backends;
use crate::support::cluster::Engine;
use crate::support::house::{House, NOW};

both_backends!(
    a_class_knows_its_homeroom_and_the_offices_of_the_school,
    a_rotated_office_has_its_next_key,
    a_member_opens_through_the_office_and_no_longer_after_leaving,
    a_closed_account_loses_every_wrap_and_every_office,
    a_key_moves_to_its_next_epoch_and_the_old_wraps_go,
    a_wrap_takes_the_place_of_the_one_before,
    one_holder_finds_the_keys_of_a_whole_school,
    a_key_advances_once_from_each_epoch,
    a_key_that_was_stepped_over_is_due_if_somebody_lost_it,
    keys_that_a_helper_held_are_due_and_the_own_notes_are_not,
    a_class_opens_to_its_members_compartment_by_compartment,
);

fn office(house: &House, kind: OfficeKind, class: Option<ClassId>) -> Office {
    Office {
        id: OfficeId(Uuid::now_v7()),
        school_id: house.school,
        kind,
        class_id: class.map(|id| id.0),
        rotation_due: false,
        epoch: 1,
        recipient: "age1office".to_owned(),
        recipient_mac: vec![1, 2],
    }
}

fn key(subject: Uuid, compartment: Compartment) -> Key {
    Key { id: KeyId(Uuid::now_v7()), subject, compartment, owner: Uuid::nil(), epoch: 1 }
}

fn wrap(key: Uuid, epoch: i64, holder: Uuid, form: WrapForm) -> NewWrap {
    let mark = if form == WrapForm::Age { vec![7] } else { Vec::new() };
    NewWrap { key, epoch, holder, form, sealed: vec![9, 9], mark }
}

async fn a_class_knows_its_homeroom_and_the_offices_of_the_school(engine: Engine) {
    let house = House::new(engine).await;
    let manage = house.manage(Kind::Structure).await;
    let [first, second] = house.classes;
    let counselling = office(&house, OfficeKind::Counselling, None);
    let own = office(&house, OfficeKind::Homeroom, Some(first));
    let neighbour = office(&house, OfficeKind::Homeroom, Some(second));
    let mut tx = house.begin().await;
    for office in [&counselling, &own, &neighbour] {
        tx.insert_office(&manage, office).await.unwrap();
    }
    let mut ids: Vec<OfficeId> =
        tx.offices_of_class(house.school, first).await.unwrap().iter().map(|office| office.id).collect();
    ids.sort_unstable();
    assert_eq!(ids, [counselling.id, own.id]);
    let all = tx.offices(house.school).await.unwrap();
    assert_eq!(all.len(), 3);
    let found = all.iter().find(|office| office.id == own.id).unwrap();
    assert_eq!((found.kind, found.class_id, found.school_id), (OfficeKind::Homeroom, Some(first.0), house.school));
    assert_eq!((found.recipient.as_str(), &found.recipient_mac), ("age1office", &vec![1, 2]));
}

async fn a_rotated_office_has_its_next_key(engine: Engine) {
    let house = House::new(engine).await;
    let manage = house.manage(Kind::Structure).await;
    let before = office(&house, OfficeKind::MoralEd, None);
    let mut tx = house.begin().await;
    tx.insert_office(&manage, &before).await.unwrap();
    tx.mark_rotation(&manage, before.id).await.unwrap();
    assert!(tx.offices(house.school).await.unwrap()[0].rotation_due);
    let next = Office { epoch: 2, recipient: "age1next".to_owned(), recipient_mac: vec![3], ..before };
    assert!(tx.rotate_office(&manage, &next).await.unwrap());
    let late = Office { recipient: "age1late".to_owned(), ..next.clone() };
    assert!(!tx.rotate_office(&manage, &late).await.unwrap(), "a colleague rotated it at the same time");
    let found = tx.offices(house.school).await.unwrap().remove(0);
    assert_eq!((found.epoch, found.rotation_due), (2, false));
    assert_eq!((found.recipient.as_str(), found.recipient_mac), ("age1next", vec![3]));
}

async fn a_member_opens_through_the_office_and_no_longer_after_leaving(engine: Engine) {
    let house = House::new(engine).await;
    let manage = house.manage(Kind::Structure).await;
    let homeroom = office(&house, OfficeKind::Homeroom, Some(house.classes[0]));
    let support = key(house.student.0, Compartment::Support);
    let mut tx = house.begin().await;
    tx.insert_office(&manage, &homeroom).await.unwrap();
    tx.put_key(&manage, &support).await.unwrap();
    tx.insert_wrap(&manage, &wrap(support.id.0, 1, homeroom.id.0, WrapForm::Age)).await.unwrap();
    tx.insert_wrap(&manage, &wrap(homeroom.id.0, 1, house.teacher.0, WrapForm::Age)).await.unwrap();
    assert!(tx.wraps_for(house.student.0, house.teacher).await.unwrap().is_empty(), "a wrap without membership");
    for _ in 0..2 {
        tx.insert_member(&manage, homeroom.id, house.teacher, NOW).await.unwrap();
    }

    assert_eq!(tx.memberships(house.teacher).await.unwrap(), [(homeroom.id, 1)]);
    assert_eq!(tx.members(house.school).await.unwrap(), [(homeroom.id, house.teacher)]);
    assert_eq!(tx.office_wrap(homeroom.id, 1, house.teacher.0).await.unwrap(), Some((vec![9, 9], vec![7])));
    assert!(tx.office_wrap(homeroom.id, 2, house.teacher.0).await.unwrap().is_none());
    let wraps = tx.wraps_for(house.student.0, house.teacher).await.unwrap();
    assert_eq!(wraps.len(), 1);
    let found = &wraps[0];
    assert_eq!((found.key_id, found.subject, found.holder), (support.id, house.student.0, homeroom.id.0));
    assert_eq!((found.compartment, found.owner), (Compartment::Support, Uuid::nil()));
    assert_eq!((found.current, found.epoch, found.form()), (1, 1, WrapForm::Age));
    assert_eq!((&found.sealed, &found.mark), (&vec![9, 9], &vec![7]));
    assert!(tx.wraps_for(house.student.0, house.helper).await.unwrap().is_empty());

    tx.delete_member(&manage, homeroom.id, house.teacher).await.unwrap();
    assert!(tx.memberships(house.teacher).await.unwrap().is_empty());
    assert!(tx.wraps_for(house.student.0, house.teacher).await.unwrap().is_empty());
    assert!(tx.office_wrap(homeroom.id, 1, house.teacher.0).await.unwrap().is_none());
}

async fn a_closed_account_loses_every_wrap_and_every_office(engine: Engine) {
    let house = House::new(engine).await;
    let manage = house.manage(Kind::Structure).await;
    let counselling = office(&house, OfficeKind::Counselling, None);
    let notes = Key { owner: house.teacher.0, ..key(house.student.0, Compartment::Counselling) };
    let mut tx = house.begin().await;
    tx.insert_office(&manage, &counselling).await.unwrap();
    tx.put_key(&manage, &notes).await.unwrap();
    for person in [house.teacher, house.helper] {
        tx.insert_member(&manage, counselling.id, person, NOW).await.unwrap();
        tx.insert_wrap(&manage, &wrap(counselling.id.0, 1, person.0, WrapForm::Age)).await.unwrap();
    }
    tx.insert_wrap(&manage, &wrap(notes.id.0, 1, house.teacher.0, WrapForm::Age)).await.unwrap();
    tx.delete_wraps_of(&manage, house.teacher).await.unwrap();
    assert_eq!(tx.wrap_holders(house.school).await.unwrap(), [(counselling.id.0, house.helper.0, 1)]);
    assert_eq!(tx.members(house.school).await.unwrap(), [(counselling.id, house.helper)]);
}

async fn a_key_moves_to_its_next_epoch_and_the_old_wraps_go(engine: Engine) {
    let house = House::new(engine).await;
    let manage = house.manage(Kind::Structure).await;
    let before = key(house.student.0, Compartment::Warning);
    let (id, holder) = (before.id.0, house.teacher.0);
    let mut tx = house.begin().await;
    tx.put_key(&manage, &before).await.unwrap();
    tx.insert_wrap(&manage, &wrap(id, 1, holder, WrapForm::Age)).await.unwrap();
    tx.put_key(&manage, &Key { epoch: 2, ..before }).await.unwrap();
    tx.insert_wrap(&manage, &wrap(id, 2, holder, WrapForm::Age)).await.unwrap();
    let mut wraps = tx.wraps_for(house.student.0, house.teacher).await.unwrap();
    wraps.sort_by_key(|wrap| wrap.epoch);
    assert_eq!(wraps.iter().map(|wrap| (wrap.epoch, wrap.current)).collect::<Vec<_>>(), [(1, 2), (2, 2)]);

    tx.delete_old_wraps(&manage, id, 2).await.unwrap();
    assert_eq!(tx.wrap_holders(house.school).await.unwrap(), [(id, holder, 2)]);
    assert_eq!(tx.keys_of(house.student.0).await.unwrap(), [Key { epoch: 2, ..before }]);
    assert_eq!(tx.keys_of_school(house.school).await.unwrap(), [Key { epoch: 2, ..before }]);
    assert!(tx.keys_of(house.classes[0].0).await.unwrap().is_empty());
}

async fn a_wrap_takes_the_place_of_the_one_before(engine: Engine) {
    let house = House::new(engine).await;
    let manage = house.manage(Kind::Structure).await;
    let contact = key(house.student.0, Compartment::Contact);
    let mut tx = house.begin().await;
    tx.put_key(&manage, &contact).await.unwrap();
    for person in [house.teacher, house.helper] {
        tx.insert_wrap(&manage, &wrap(contact.id.0, 1, person.0, WrapForm::Age)).await.unwrap();
    }
    let anew = NewWrap { sealed: vec![4], mark: vec![5], ..wrap(contact.id.0, 1, house.teacher.0, WrapForm::Age) };
    tx.insert_wrap(&manage, &anew).await.unwrap();
    tx.insert_wrap(&manage, &wrap(contact.id.0, 1, house.teacher.0, WrapForm::Fast)).await.unwrap();

    let wraps = tx.wraps_for(house.student.0, house.teacher).await.unwrap();
    assert_eq!(wraps.len(), 2, "one of each form");
    let age = wraps.iter().find(|wrap| wrap.form() == WrapForm::Age).unwrap();
    assert_eq!((&age.sealed, &age.mark), (&vec![4], &vec![5]));
    let mut holders = tx.wrap_holders(house.school).await.unwrap();
    holders.sort_unstable();
    let mut expected = [(contact.id.0, house.teacher.0, 1), (contact.id.0, house.helper.0, 1)];
    expected.sort_unstable();
    assert_eq!(holders, expected, "whatever the form, once");

    tx.delete_wraps(&manage, contact.id, house.teacher.0).await.unwrap();
    assert!(tx.wraps_for(house.student.0, house.teacher).await.unwrap().is_empty());
    assert_eq!(tx.wraps_for(house.student.0, house.helper).await.unwrap().len(), 1);
}

async fn one_holder_finds_the_keys_of_a_whole_school(engine: Engine) {
    let house = House::new(engine).await;
    let manage = house.manage(Kind::Structure).await;
    let holder = PersonId(Uuid::now_v7()).0;
    let rosters = house.classes.map(|class| key(class.0, Compartment::Roster));
    let support = key(house.student.0, Compartment::Support);
    let mut tx = house.begin().await;
    for key in rosters.iter().chain([&support]) {
        tx.put_key(&manage, key).await.unwrap();
        tx.insert_wrap(&manage, &wrap(key.id.0, 1, holder, WrapForm::Age)).await.unwrap();
    }
    tx.insert_wrap(&manage, &wrap(rosters[0].id.0, 1, house.helper.0, WrapForm::Age)).await.unwrap();
    let found = tx.wraps_of_holder(house.school, holder, Compartment::Roster).await.unwrap();
    let mut keys: Vec<KeyId> = found.iter().map(|wrap| wrap.key_id).collect();
    keys.sort_unstable();
    assert_eq!(keys, rosters.map(|key| key.id));
    assert!(found.iter().all(|wrap| wrap.holder == holder));
}

async fn a_key_advances_once_from_each_epoch(engine: Engine) {
    let house = House::new(engine).await;
    let manage = house.manage(Kind::Structure).await;
    let before = key(house.student.0, Compartment::Support);
    let next = Key { epoch: 2, ..before };
    let mut tx = house.begin().await;
    tx.put_key(&manage, &before).await.unwrap();
    let (held, wraps) = tx.hold_key(&manage, house.student.0, Compartment::Support, Uuid::nil()).await.unwrap();
    assert_eq!((held, wraps.len()), (Some(before), 0), "held, and unchanged");
    let (none, _) = tx.hold_key(&manage, house.student.0, Compartment::Contact, Uuid::nil()).await.unwrap();
    assert_eq!(none, None);
    assert!(tx.advance_key(&manage, &next).await.unwrap());
    assert!(!tx.advance_key(&manage, &next).await.unwrap(), "a colleague rotated it at the same time");
    assert_eq!(tx.keys_of(house.student.0).await.unwrap(), [next]);
}

async fn keys_that_a_helper_held_are_due_and_the_own_notes_are_not(engine: Engine) {
    let house = House::new(engine).await;
    let manage = house.manage(Kind::Structure).await;
    let helper = house.helper.0;
    let shared = key(house.student.0, Compartment::Support);
    let notes = Key { owner: helper, ..key(house.student.0, Compartment::Counselling) };
    let untouched = key(house.student.0, Compartment::Contact);
    let mut tx = house.begin().await;
    for key in [&shared, &notes, &untouched] {
        tx.put_key(&manage, key).await.unwrap();
    }
    for key in [&shared, &notes] {
        tx.insert_wrap(&manage, &wrap(key.id.0, 1, helper, WrapForm::Age)).await.unwrap();
    }
    tx.insert_wrap(&manage, &wrap(untouched.id.0, 1, house.teacher.0, WrapForm::Age)).await.unwrap();
    let mut held = tx.keys_held_by(house.school, helper).await.unwrap();
    held.sort_by_key(|key| key.id);
    assert_eq!(held, [shared, notes]);
    assert!(tx.keys_due(house.school).await.unwrap().is_empty());

    tx.mark_keys_held_by(&manage, house.helper).await.unwrap();
    assert_eq!(tx.keys_due(house.school).await.unwrap(), [shared]);
    tx.delete_shared_wraps_of(&manage, house.helper).await.unwrap();
    assert_eq!(tx.keys_held_by(house.school, helper).await.unwrap(), [notes]);
    assert_eq!(tx.keys_held_by(house.school, house.teacher.0).await.unwrap(), [untouched]);
    assert!(tx.advance_key(&manage, &Key { epoch: 2, ..shared }).await.unwrap());
    assert!(tx.keys_due(house.school).await.unwrap().is_empty(), "rotated");
}

async fn a_class_opens_to_its_members_compartment_by_compartment(engine: Engine) {
    let house = House::new(engine).await;
    let manage = house.manage(Kind::Structure).await;
    let [first, second] = house.classes;
    let homeroom = office(&house, OfficeKind::Homeroom, Some(first));
    let circumstance = key(house.student.0, Compartment::Circumstance);
    let support = key(house.student.0, Compartment::Support);
    let mut tx = house.begin().await;
    tx.insert_office(&manage, &homeroom).await.unwrap();
    tx.insert_member(&manage, homeroom.id, house.teacher, NOW).await.unwrap();
    for key in [&circumstance, &support] {
        tx.put_key(&manage, key).await.unwrap();
        tx.insert_wrap(&manage, &wrap(key.id.0, 1, homeroom.id.0, WrapForm::Age)).await.unwrap();
    }
    tx.insert_wrap(&manage, &wrap(support.id.0, 1, house.helper.0, WrapForm::Age)).await.unwrap();
    let wraps = tx.wraps_of_class(first, house.teacher, Compartment::Circumstance).await.unwrap();
    let opened: Vec<_> = wraps.iter().map(|wrap| (wrap.key_id, wrap.subject, wrap.holder)).collect();
    assert_eq!(opened, [(circumstance.id, house.student.0, homeroom.id.0)]);
    let direct = tx.wraps_of_class(first, house.helper, Compartment::Support).await.unwrap();
    assert_eq!(direct.len(), 1);
    assert!(tx.wraps_of_class(first, house.helper, Compartment::Circumstance).await.unwrap().is_empty());
    assert!(tx.wraps_of_class(second, house.teacher, Compartment::Circumstance).await.unwrap().is_empty());
}

async fn a_key_that_was_stepped_over_is_due_if_somebody_lost_it(engine: Engine) {
    let house = House::new(engine).await;
    let manage = house.manage(Kind::Structure).await;
    let first = key(house.student.0, Compartment::Support);
    let [second, third, fourth] = [2, 3, 4].map(|epoch| Key { epoch, ..first });
    let mut tx = house.begin().await;
    tx.put_key(&manage, &first).await.unwrap();
    assert!(tx.step_key(&manage, &second, false).await.unwrap());
    assert!(!tx.step_key(&manage, &second, true).await.unwrap(), "another import was faster");
    assert!(tx.keys_due(house.school).await.unwrap().is_empty());
    assert!(tx.step_key(&manage, &third, true).await.unwrap());
    assert!(tx.step_key(&manage, &fourth, false).await.unwrap());
    assert_eq!(tx.keys_due(house.school).await.unwrap(), [fourth], "due until it is rotated");
}
