//! Groups that a counsellor meets with, and how many notes a counsellor wrote.

use uuid::Uuid;
use yice::domain::ids::{EntryId, GroupId, PersonId};
use yice::domain::words::{Compartment, Kind, Relation, Role};
use yice::policy::{Append, Permit};
use yice::store::{CounselGroup, NewEntry, StoredMeeting};

use crate::support::both_backends;
use crate::support::cluster::Engine;
use crate::support::house::{House, NOW, permit};

both_backends!(
    a_group_is_its_counsellors_and_changes_for_who_saw_its_last_version,
    a_meeting_is_written_once_and_counted_for_its_counsellor,
    notes_are_counted_for_their_author_and_corrections_are_not,
);

async fn author(house: &House, person: PersonId, object: Uuid) -> Permit<Append> {
    permit(person, house.school, (Role::Counsellor, Relation::Author), Kind::Counselling, object).await
}

fn group(house: &House, person: PersonId, started_at: i64) -> CounselGroup {
    CounselGroup {
        id: GroupId(Uuid::new_v4()),
        school_id: house.school,
        person_id: person,
        ended: false,
        started_at,
        epoch: 1,
        version: 1,
        sealed: vec![1, 2],
    }
}

fn meeting(group: GroupId, written_at: i64, notes: i64) -> StoredMeeting {
    StoredMeeting { id: Uuid::new_v4(), group_id: group, written_at, notes, epoch: 1, sealed: vec![3] }
}

async fn a_group_is_its_counsellors_and_changes_for_who_saw_its_last_version(engine: Engine) {
    let house = House::new(engine).await;
    let (older, newer, other) =
        (group(&house, house.teacher, NOW), group(&house, house.teacher, NOW + 1), group(&house, house.helper, NOW));
    let mut tx = house.begin().await;
    for group in [&older, &newer, &other] {
        let own = author(&house, group.person_id, group.id.0).await;
        assert!(tx.insert_group(&own, group).await.unwrap());
        assert!(!tx.insert_group(&own, group).await.unwrap(), "the same one again");
    }
    assert_eq!(tx.groups_of(house.teacher).await.unwrap(), [newer.clone(), older]);
    assert_eq!(tx.group(GroupId(Uuid::nil())).await.unwrap(), None);

    let changed = CounselGroup { ended: true, epoch: 2, version: 2, sealed: vec![9], ..newer.clone() };
    let colleague = author(&house, house.helper, newer.id.0).await;
    assert!(!tx.put_group(&colleague, &changed).await.unwrap(), "a colleague's");
    let own = author(&house, house.teacher, newer.id.0).await;
    assert!(tx.put_group(&own, &changed).await.unwrap());
    assert!(!tx.put_group(&own, &changed).await.unwrap(), "seen too early");
    assert_eq!(tx.group(newer.id).await.unwrap(), Some(changed));
    assert_eq!(tx.group(other.id).await.unwrap(), Some(other));
}

async fn a_meeting_is_written_once_and_counted_for_its_counsellor(engine: Engine) {
    let house = House::new(engine).await;
    let (mine, theirs) = (group(&house, house.teacher, NOW), group(&house, house.helper, NOW));
    let mut tx = house.begin().await;
    for group in [&mine, &theirs] {
        tx.insert_group(&author(&house, group.person_id, group.id.0).await, group).await.unwrap();
    }
    let own = author(&house, house.teacher, mine.id.0).await;
    let (first, second, other) = (meeting(mine.id, NOW, 2), meeting(mine.id, NOW + 5, 3), meeting(theirs.id, NOW, 7));
    for meeting in [&first, &second, &other] {
        assert!(tx.insert_meeting(&own, meeting).await.unwrap());
    }
    let again = StoredMeeting { notes: 9, ..first.clone() };
    assert!(!tx.insert_meeting(&own, &again).await.unwrap(), "the same form");
    assert_eq!(tx.meetings(mine.id).await.unwrap(), [second, first]);
    assert_eq!(tx.meetings_of(house.teacher, NOW).await.unwrap(), [(NOW, 2), (NOW + 5, 3)]);
    assert_eq!(tx.meetings_of(house.teacher, NOW + 1).await.unwrap(), [(NOW + 5, 3)]);
    assert_eq!(tx.meetings_of(house.helper, NOW).await.unwrap(), [(NOW, 7)]);
}

async fn notes_are_counted_for_their_author_and_corrections_are_not(engine: Engine) {
    let house = House::new(engine).await;
    let note = |owner: PersonId, written_at: i64, corrects: Option<EntryId>| NewEntry {
        id: EntryId(Uuid::now_v7()),
        owner: owner.0,
        corrects,
        written_at,
        epoch: 1,
        sealed: vec![1],
    };
    let mut tx = house.begin().await;
    let first = note(house.teacher, NOW, None);
    let notes = [
        (house.teacher, &first),
        (house.teacher, &note(house.teacher, NOW + 1, Some(first.id))),
        (house.teacher, &note(house.teacher, NOW + 2, None)),
        (house.helper, &note(house.helper, NOW, None)),
    ];
    for (person, note) in notes {
        let own = author(&house, person, house.student.0).await;
        tx.insert_entry(&own, Compartment::Counselling, note).await.unwrap();
    }
    let student = house.student.0;
    assert_eq!(tx.notes_of(house.teacher, NOW).await.unwrap(), [(student, NOW), (student, NOW + 2)]);
    assert_eq!(tx.notes_of(house.teacher, NOW + 1).await.unwrap(), [(student, NOW + 2)]);
    assert_eq!(tx.notes_of(house.helper, NOW).await.unwrap(), [(student, NOW)]);
}
