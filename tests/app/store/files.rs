//! Students, sheets, records, entries.

use uuid::Uuid;
use yice::domain::ids::{EntryId, StudentId};
use yice::domain::words::{Compartment, FileStatus, Kind};
use yice::store::{Entry, Error, NewEntry, Record, SheetPart, StudentMacs};

use crate::support::both_backends;
use crate::support::cluster::Engine;
use crate::support::house::{House, NOW};

both_backends!(
    an_import_moves_a_student_and_keeps_the_stage_of_the_file,
    a_stage_moves_for_whoever_saw_the_last_one,
    open_files_are_counted_by_class,
    a_part_of_a_roster_is_laid_once,
    a_roster_is_folded_only_by_whoever_saw_all_parts,
    a_record_is_replaced_by_its_next_version_only,
    entries_stay_in_order_and_with_their_author,
    an_entry_is_resealed_without_changing_place_or_author,
    what_is_resealed_keeps_its_place_and_its_version,
);

async fn an_import_moves_a_student_and_keeps_the_stage_of_the_file(engine: Engine) {
    let house = House::new(engine).await;
    let [first, second] = house.classes;
    let mut tx = house.begin().await;
    assert!(tx.set_status(&house.write(Kind::Support).await, FileStatus::InSupport, 1).await.unwrap());
    let moved = StudentMacs { class_id: second, ..house.macs(house.student, 8) };
    tx.update_student(&house.import().await, &moved).await.unwrap();
    tx.commit().await.unwrap();

    let mut conn = house.on.db.read().await.unwrap();
    let student = conn.student(house.student).await.unwrap().unwrap();
    assert_eq!((student.class_id, student.status, student.version), (second, FileStatus::InSupport, 2));
    assert!(conn.students_of_class(first).await.unwrap().is_empty());
    assert_eq!(conn.students_of_class(second).await.unwrap(), [student]);
    assert_eq!(conn.students_of_school(house.school).await.unwrap(), [student]);
    let macs = conn.student_macs(house.school).await.unwrap();
    assert_eq!(macs.len(), 1);
    assert_eq!((macs[0].id, macs[0].class_id), (house.student, second));
    assert_eq!((&macs[0].identity_mac, &macs[0].number_mac), (&vec![8, 1], &vec![8, 2]));
    assert_eq!((&macs[0].person_mac, &macs[0].row_mac), (&vec![8, 3], &vec![8, 4]));
    assert!(conn.student(StudentId(Uuid::nil())).await.unwrap().is_none());
}

async fn a_stage_moves_for_whoever_saw_the_last_one(engine: Engine) {
    let house = House::new(engine).await;
    let write = house.write(Kind::Support).await;
    let mut tx = house.begin().await;
    assert!(tx.set_status(&write, FileStatus::Verifying, 1).await.unwrap());
    assert!(!tx.set_status(&write, FileStatus::NotTaken, 1).await.unwrap(), "a colleague was faster");
    assert_eq!(tx.student(house.student).await.unwrap().unwrap().status, FileStatus::Verifying);
}

async fn open_files_are_counted_by_class(engine: Engine) {
    let house = House::new(engine).await;
    let [first, second] = house.classes;
    let (import, write) = (house.import().await, house.write(Kind::Support).await);
    let mut tx = house.begin().await;
    for seed in 2..5 {
        let class_id = if seed == 4 { second } else { first };
        let macs = StudentMacs { class_id, ..house.macs(StudentId(Uuid::now_v7()), seed) };
        tx.insert_student(&import, &macs, NOW).await.unwrap();
    }
    for (version, status) in (1..).zip(FileStatus::ALL) {
        assert!(tx.set_status(&write, *status, version).await.unwrap());
        let open: Vec<StudentId> = tx.open_files(house.school).await.unwrap().iter().map(|s| s.id).collect();
        assert_eq!(!open.is_empty(), status.is_open(), "{status}");
        let mut sizes = tx.class_sizes(house.school).await.unwrap();
        sizes.sort_unstable();
        assert_eq!(sizes, [(first, 3, i64::from(status.is_open())), (second, 1, 0)], "{status}");
    }
    let mut ten = [StudentId(Uuid::nil()); 10];
    ten[3] = house.student;
    let among = tx.students_among(&ten).await.unwrap();
    assert_eq!(among.iter().map(|student| student.id).collect::<Vec<_>>(), [house.student]);
    assert_eq!(tx.rolls().await.unwrap(), [(house.school, 2020, 4)]);
}

fn part(house: &House, part: i64, version: i64) -> SheetPart {
    SheetPart { class_id: house.classes[0], part, epoch: 1, version, sealed: vec![0xAB, 0] }
}

async fn a_part_of_a_roster_is_laid_once(engine: Engine) {
    let house = House::new(engine).await;
    let import = house.import().await;
    let mut tx = house.begin().await;
    for number in [0, 1] {
        tx.insert_sheet(&import, &part(&house, number, 1)).await.unwrap();
    }
    tx.commit().await.unwrap();
    let mut tx = house.begin().await;
    assert!(matches!(tx.insert_sheet(&import, &part(&house, 1, 1)).await, Err(Error::Taken(_))));
    drop(tx);

    let mut conn = house.on.db.read().await.unwrap();
    let parts = conn.sheets(house.classes[0]).await.unwrap();
    assert_eq!(parts.iter().map(|sheet| sheet.part).collect::<Vec<_>>(), [0, 1]);
    assert_eq!((parts[1].epoch, parts[1].version, &parts[1].sealed), (1, 1, &vec![0xAB, 0]));
    assert!(conn.sheets(house.classes[1]).await.unwrap().is_empty());
    assert_eq!(conn.sheets_of_school(house.school).await.unwrap().len(), 2);
}

async fn a_roster_is_folded_only_by_whoever_saw_all_parts(engine: Engine) {
    let house = House::new(engine).await;
    let write = house.write(Kind::Roster).await;
    let folded = part(&house, 0, 7);
    let mut tx = house.begin().await;
    assert!(!tx.replace_sheets(&write, &folded, 0, 1).await.unwrap(), "there is nothing to fold");
    for number in [0, 1] {
        tx.insert_sheet(&write, &part(&house, number, 1)).await.unwrap();
    }
    assert!(!tx.replace_sheets(&write, &folded, 0, 1).await.unwrap(), "part 1 was laid meanwhile");
    assert!(!tx.replace_sheets(&write, &folded, 1, 2).await.unwrap(), "part 1 has another version");
    assert_eq!(tx.sheets(house.classes[0]).await.unwrap().len(), 2);
    assert!(tx.replace_sheets(&write, &folded, 1, 1).await.unwrap());
    let left = tx.sheets(house.classes[0]).await.unwrap();
    assert_eq!(left.iter().map(|sheet| (sheet.part, sheet.version)).collect::<Vec<_>>(), [(0, 7)]);
}

async fn a_record_is_replaced_by_its_next_version_only(engine: Engine) {
    let house = House::new(engine).await;
    let write = house.write(Kind::Circumstance).await;
    let record = |version: i64, sealed: u8| Record {
        student_id: house.student,
        compartment: Compartment::Circumstance,
        layer: "people".to_owned(),
        epoch: version,
        version,
        sealed: vec![sealed],
    };
    let mut tx = house.begin().await;
    assert!(!tx.update_record(&write, &record(2, 2)).await.unwrap(), "there is none yet");
    tx.insert_record(&write, &record(1, 1)).await.unwrap();
    tx.insert_record(&write, &Record { layer: "roster".to_owned(), ..record(1, 9) }).await.unwrap();
    tx.insert_record(&write, &Record { compartment: Compartment::Support, ..record(1, 8) }).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = house.begin().await;
    assert!(matches!(tx.insert_record(&write, &record(1, 1)).await, Err(Error::Taken(_))));
    drop(tx);

    let mut tx = house.begin().await;
    assert!(tx.update_record(&write, &record(2, 2)).await.unwrap());
    assert!(!tx.update_record(&write, &record(2, 3)).await.unwrap(), "a colleague was faster");
    tx.commit().await.unwrap();

    let mut conn = house.on.db.read().await.unwrap();
    let of_class = conn.records_of_class(house.classes[0], Compartment::Circumstance).await.unwrap();
    assert_eq!(of_class.len(), 2, "both layers, and not the other compartment");
    let mut used = conn.epochs_in_use(house.school).await.unwrap();
    used.sort_unstable();
    let of = |compartment, epoch| (house.student.0, compartment, epoch);
    let (circumstance, support) = (Compartment::Circumstance, Compartment::Support);
    assert_eq!(used, [of(circumstance, 1), of(circumstance, 2), of(support, 1)], "each epoch once, and no other");
    let mine = of_class.iter().find(|r| r.layer == "people").unwrap();
    assert_eq!((mine.student_id, mine.compartment), (house.student, Compartment::Circumstance));
    assert_eq!((mine.version, mine.epoch, &mine.sealed), (2, 2, &vec![2]));
    assert!(conn.records_of_class(house.classes[1], Compartment::Circumstance).await.unwrap().is_empty());
    assert_eq!(conn.records(house.student).await.unwrap().len(), 3);
}

fn entry(corrects: Option<EntryId>, seed: u8) -> NewEntry {
    NewEntry {
        id: EntryId(Uuid::now_v7()),
        owner: Uuid::nil(),
        corrects,
        written_at: NOW + i64::from(seed),
        epoch: 1,
        sealed: vec![seed],
    }
}

async fn entries_stay_in_order_and_with_their_author(engine: Engine) {
    let house = House::new(engine).await;
    let append = house.append().await;
    let first = entry(None, 1);
    let second = entry(Some(first.id), 2);
    let third = entry(None, 3);
    let mut tx = house.begin().await;
    for new in [&first, &second, &third] {
        tx.insert_entry(&append, Compartment::Support, new).await.unwrap();
    }
    let newest = tx.entries(house.student, Compartment::Support, Uuid::nil(), 2).await.unwrap();
    assert_eq!(newest.iter().map(|entry| entry.id).collect::<Vec<_>>(), [third.id, second.id]);
    let correction = &newest[1];
    assert_eq!((correction.student_id, correction.author), (house.student, house.teacher));
    assert_eq!(correction.corrects, Some(first.id.0));
    assert_eq!((correction.written_at, correction.epoch, &correction.sealed), (NOW + 2, 1, &vec![2]));
    assert_eq!((correction.compartment, correction.owner), (Compartment::Support, Uuid::nil()));
    let notes = tx.entries(house.student, Compartment::Counselling, Uuid::nil(), 9).await.unwrap();
    assert!(notes.is_empty());
    let of_a_colleague = tx.entries(house.student, Compartment::Support, Uuid::from_u128(3), 9).await.unwrap();
    assert!(of_a_colleague.is_empty());
    let ids = tx.entry_ids(house.student, Compartment::Support, Uuid::nil()).await.unwrap();
    assert_eq!(ids, [third.id, second.id, first.id]);
    assert!(tx.entry_ids(house.student, Compartment::Counselling, Uuid::nil()).await.unwrap().is_empty());
    assert!(tx.entry_ids(house.student, Compartment::Support, Uuid::from_u128(3)).await.unwrap().is_empty());
}

async fn an_entry_is_resealed_without_changing_place_or_author(engine: Engine) {
    let house = House::new(engine).await;
    let append = house.append().await;
    let (first, second) = (entry(None, 1), entry(None, 2));
    let mut tx = house.begin().await;
    for new in [&first, &second] {
        tx.insert_entry(&append, Compartment::Support, new).await.unwrap();
    }
    let before = tx.entries(house.student, Compartment::Support, Uuid::nil(), 9).await.unwrap();
    let resealed = Entry { epoch: 2, sealed: vec![7], ..before[1].clone() };
    tx.reseal_entry(&append, &resealed).await.unwrap();
    let after = tx.entries(house.student, Compartment::Support, Uuid::nil(), 9).await.unwrap();
    assert_eq!((after[1].epoch, &after[1].sealed), (2, &vec![7]));
    assert_eq!((after[1].author, after[1].written_at), (house.teacher, NOW + 1));
    assert_eq!((after[0].epoch, &after[0].sealed), (1, &vec![2]), "the other one is as it was");
}

async fn what_is_resealed_keeps_its_place_and_its_version(engine: Engine) {
    let house = House::new(engine).await;
    let write = house.write(Kind::Roster).await;
    let sheet = part(&house, 0, 3);
    let record = |layer: &str| Record {
        student_id: house.student,
        compartment: Compartment::Contact,
        layer: layer.to_owned(),
        epoch: 1,
        version: 3,
        sealed: vec![1],
    };
    let mut tx = house.begin().await;
    tx.insert_sheet(&write, &sheet).await.unwrap();
    for layer in ["people", "roster"] {
        tx.insert_record(&write, &record(layer)).await.unwrap();
    }
    tx.reseal_sheet(&write, &SheetPart { epoch: 2, sealed: vec![2], ..sheet }).await.unwrap();
    tx.reseal_record(&write, &Record { epoch: 2, sealed: vec![2], ..record("people") }).await.unwrap();

    let sheets = tx.sheets(house.classes[0]).await.unwrap();
    assert_eq!((sheets[0].epoch, sheets[0].version, &sheets[0].sealed), (2, 3, &vec![2]));
    let records = tx.records(house.student).await.unwrap();
    let find = |layer: &str| records.iter().find(|record| record.layer == layer).unwrap();
    assert_eq!((find("people").epoch, find("people").version, &find("people").sealed), (2, 3, &vec![2]));
    assert_eq!((find("roster").epoch, &find("roster").sealed), (1, &vec![1]), "the other one is as it was");

    let versions = tx.layer_versions(house.school, "roster").await.unwrap();
    assert_eq!(versions, [(house.student, Compartment::Contact, 3)]);
    assert!(tx.layer_versions(house.school, "nobody").await.unwrap().is_empty());
}
