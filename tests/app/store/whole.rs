//! What the pages opened most often read in one look: the same as the nouns say one by one.

use uuid::Uuid;
use yice::domain::audit::Event;
use yice::domain::ids::{ClassId, DraftId, EntryId, KeyId, OfficeId, PairingId, PersonId, StudentId};
use yice::domain::relation::Duty;
use yice::domain::words::{Compartment, Kind, OfficeKind, Role};
use yice::store::{Added, Draft, Key, NewEntry, NewWrap, Office, Pairing, Record, SheetPart, Tx, WrapForm};

use crate::support::both_backends;
use crate::support::cluster::Engine;
use crate::support::house::{House, NOW};

both_backends!(
    a_request_learns_in_one_look_who_it_is_from,
    names_are_found_by_id_and_nobody_is_left_out,
    a_file_is_read_in_one_look_with_what_its_reader_can_open,
    a_class_is_read_in_one_look_with_what_its_reader_can_open,
    questions_that_travel_together_see_the_same_moment,
    an_entry_is_added_with_its_line_or_not_at_all,
);

fn office(house: &House, id: OfficeId, kind: OfficeKind, class: Option<ClassId>) -> Office {
    let (recipient, recipient_mac) = ("age1office".to_owned(), vec![1]);
    let (school_id, class_id) = (house.school, class.map(|id| id.0));
    Office { id, school_id, kind, class_id, rotation_due: false, epoch: 3, recipient, recipient_mac }
}

/// A key with one wrap for each holder.
async fn key(tx: &mut Tx, house: &House, subject: Uuid, compartment: Compartment, holders: &[Uuid]) -> KeyId {
    let manage = house.manage(Kind::Structure).await;
    let key = Key { id: KeyId(Uuid::now_v7()), subject, compartment, owner: Uuid::nil(), epoch: 1 };
    tx.put_key(&manage, &key).await.unwrap();
    for holder in holders {
        let (sealed, mark) = (holder.as_bytes().to_vec(), vec![7]);
        let wrap = NewWrap { key: key.id.0, epoch: 1, holder: *holder, form: WrapForm::Age, sealed, mark };
        tx.insert_wrap(&manage, &wrap).await.unwrap();
    }
    key.id
}

async fn a_request_learns_in_one_look_who_it_is_from(engine: Engine) {
    let house = House::new(engine).await;
    let (manage, staff) = (house.manage(Kind::Structure).await, house.manage(Kind::Staff).await);
    let (mine, others) = (OfficeId(Uuid::now_v7()), OfficeId(Uuid::now_v7()));
    let teaches = |class| Duty { role: Role::HomeroomTeacher, school: house.school, class: Some(class) };
    let mut tx = house.begin().await;
    for (id, kind, class) in [(mine, OfficeKind::Homeroom, Some(house.classes[0])), (others, OfficeKind::MoralEd, None)]
    {
        tx.insert_office(&manage, &office(&house, id, kind, class)).await.unwrap();
    }
    tx.insert_member(&manage, mine, house.teacher, NOW).await.unwrap();
    tx.insert_member(&manage, others, house.helper, NOW).await.unwrap();
    tx.insert_duty(&staff, house.teacher, &teaches(house.classes[0]), NOW).await.unwrap();
    tx.insert_duty(&staff, house.teacher, &teaches(house.classes[1]), NOW + 10).await.unwrap();
    tx.insert_duty(&staff, house.helper, &teaches(house.classes[1]), NOW).await.unwrap();
    tx.insert_session(&house.own(house.teacher).await, b"token", vec![5], NOW).await.unwrap();
    tx.commit().await.unwrap();

    let mut conn = house.on.db.look().await.unwrap();
    let present = conn.signed_in(b"token", NOW + 5).await.unwrap().unwrap();
    assert_eq!((present.person.id, present.person.login.as_str()), (house.teacher, "li"));
    assert_eq!(Some(present.person), conn.person(house.teacher).await.unwrap());
    assert_eq!(Some(present.school), conn.school(house.school).await.unwrap());
    assert_eq!((present.session.ring, present.session.created_at), (vec![5], NOW));
    assert_eq!(present.duties, [teaches(house.classes[0])], "the other begins later");
    assert_eq!(present.duties, conn.duties(house.teacher, NOW + 5).await.unwrap());
    assert_eq!(present.offices, [(mine, 3)]);
    assert_eq!(present.offices, conn.memberships(house.teacher).await.unwrap());
    let later = conn.signed_in(b"token", NOW + 10).await.unwrap().unwrap();
    assert_eq!(later.duties, [teaches(house.classes[0]), teaches(house.classes[1])]);
    assert!(conn.signed_in(b"nothing", NOW).await.unwrap().is_none());
}

async fn names_are_found_by_id_and_nobody_is_left_out(engine: Engine) {
    let house = House::new(engine).await;
    let mut ids = [PersonId(Uuid::nil()); 10];
    (ids[3], ids[9]) = (house.teacher, house.helper);
    let mut names = house.on.db.look().await.unwrap().names_among(&ids).await.unwrap();
    names.sort();
    let mut expected = [(house.teacher, "li老师".to_owned()), (house.helper, "zhao老师".to_owned())];
    expected.sort();
    assert_eq!(names, expected);
}

async fn a_file_is_read_in_one_look_with_what_its_reader_can_open(engine: Engine) {
    let house = House::new(engine).await;
    let manage = house.manage(Kind::Structure).await;
    let [class, neighbour] = house.classes;
    let other = StudentId(Uuid::now_v7());
    let homeroom = OfficeId(Uuid::now_v7());
    let mut tx = house.begin().await;
    tx.insert_student(&house.import().await, &house.macs(other, 9), NOW).await.unwrap();
    tx.insert_office(&manage, &office(&house, homeroom, OfficeKind::Homeroom, Some(class))).await.unwrap();
    tx.insert_member(&manage, homeroom, house.teacher, NOW).await.unwrap();
    let roster = key(&mut tx, &house, class.0, Compartment::Roster, &[homeroom.0]).await;
    let support = key(&mut tx, &house, house.student.0, Compartment::Support, &[homeroom.0, house.helper.0]).await;
    key(&mut tx, &house, neighbour.0, Compartment::Roster, &[homeroom.0]).await;
    key(&mut tx, &house, other.0, Compartment::Support, &[homeroom.0]).await;
    for (class_id, part) in [(class, 1), (class, 0), (neighbour, 0)] {
        let sheet = SheetPart { class_id, part, epoch: 1, version: 1, sealed: vec![u8::try_from(part).unwrap()] };
        tx.insert_sheet(&manage, &sheet).await.unwrap();
    }
    for student_id in [house.student, other] {
        let (compartment, layer, sealed) = (Compartment::Support, "people".to_owned(), vec![4]);
        let record = Record { student_id, compartment, layer, epoch: 1, version: 1, sealed };
        tx.insert_record(&manage, &record).await.unwrap();
    }
    let mut ids = Vec::new();
    for seed in 0..3 {
        let (id, owner, corrects, written_at) = (EntryId(Uuid::now_v7()), Uuid::nil(), None, NOW + i64::from(seed));
        let entry = NewEntry { id, owner, corrects, written_at, epoch: 1, sealed: vec![seed] };
        tx.insert_entry(&house.append().await, Compartment::Support, &entry).await.unwrap();
        ids.insert(0, id);
    }
    let (id, starts, ends) = (PairingId(Uuid::now_v7()), "2026-09-01".to_owned(), "2027-01-31".to_owned());
    let (school_id, student_id, helper_id) = (house.school, house.student, house.helper);
    let (ended, epoch, version, card) = (false, 1, 1, vec![1]);
    let pairing = Pairing {
        id,
        school_id,
        student_id,
        helper_id,
        starts,
        ends,
        ended,
        epoch,
        version,
        card,
        accepted_at: Some(NOW),
        paused: false,
        declined: false,
        contact: true,
        outside: false,
        handed: None,
        handed_mark: None,
        started_by: None,
        stands_in_for: None,
    };
    tx.insert_pairing(&house.pair().await, &pairing).await.unwrap();
    tx.commit().await.unwrap();

    let mut conn = house.on.db.look().await.unwrap();
    let file = conn.whole_file(house.student, house.teacher, 2).await.unwrap().unwrap();
    assert_eq!(Some(file.seat.student), conn.student(house.student).await.unwrap());
    assert_eq!(Some(file.seat.class), conn.class(class).await.unwrap());
    assert_eq!(file.seat.pairings.iter().map(|found| found.id).collect::<Vec<_>>(), [pairing.id]);
    let mut wraps: Vec<(Uuid, KeyId)> = file.wraps.iter().map(|wrap| (wrap.subject, wrap.key_id)).collect();
    wraps.sort();
    let mut expected = [(class.0, roster), (house.student.0, support)];
    expected.sort();
    assert_eq!(wraps, expected, "of the student and of the class, through the homeroom");
    assert_eq!(
        file.sheets.iter().map(|sheet| (sheet.class_id, sheet.part)).collect::<Vec<_>>(),
        [(class, 0), (class, 1)]
    );
    assert_eq!(file.records.iter().map(|record| record.student_id).collect::<Vec<_>>(), [house.student]);
    assert_eq!(file.entries.iter().map(|entry| entry.id).collect::<Vec<_>>(), ids[..2], "the newest, newest first");
    let mut names = file.names;
    names.sort();
    let mut expected = [(house.teacher, "li老师".to_owned()), (house.helper, "zhao老师".to_owned())];
    expected.sort();
    assert_eq!(names, expected, "who wrote and who helps");

    let helpers = conn.whole_file(house.student, house.helper, 2).await.unwrap().unwrap();
    assert_eq!(helpers.wraps.iter().map(|wrap| wrap.key_id).collect::<Vec<_>>(), [support]);
    let seat = conn.seat(house.student).await.unwrap().unwrap();
    assert_eq!((seat.student, seat.class, seat.pairings.len()), (file.seat.student, file.seat.class, 1));
    assert!(conn.seat(StudentId(Uuid::nil())).await.unwrap().is_none());
    assert!(conn.whole_file(StudentId(Uuid::nil()), house.teacher, 2).await.unwrap().is_none());
}

async fn a_class_is_read_in_one_look_with_what_its_reader_can_open(engine: Engine) {
    let house = House::new(engine).await;
    let manage = house.manage(Kind::Structure).await;
    let class = house.classes[0];
    let mut tx = house.begin().await;
    let mine = key(&mut tx, &house, class.0, Compartment::Roster, &[house.teacher.0, house.helper.0]).await;
    key(&mut tx, &house, house.classes[1].0, Compartment::Roster, &[house.teacher.0]).await;
    let sheet = SheetPart { class_id: class, part: 0, epoch: 1, version: 1, sealed: vec![6] };
    tx.insert_sheet(&manage, &sheet).await.unwrap();
    tx.commit().await.unwrap();

    let mut conn = house.on.db.look().await.unwrap();
    let found = conn.whole_class(class, house.teacher).await.unwrap().unwrap();
    assert_eq!(Some(found.class), conn.class(class).await.unwrap());
    assert_eq!(found.students, conn.students_of_class(class).await.unwrap());
    assert_eq!(found.students.len(), 1);
    let wraps: Vec<_> = found.wraps.iter().map(|wrap| (wrap.key_id, wrap.holder)).collect();
    assert_eq!(wraps, [(mine, house.teacher.0)]);
    assert_eq!(found.sheets.iter().map(|sheet| &sheet.sealed).collect::<Vec<_>>(), [&vec![6]]);
    assert!(conn.whole_class(ClassId(Uuid::nil()), house.teacher).await.unwrap().is_none());
}

/// Somebody moves a student between two classes again and again; whoever looks sees student and class together.
async fn questions_that_travel_together_see_the_same_moment(engine: Engine) {
    let house = House::new(engine).await;
    let (db, student, [first, second]) = (house.on.db.clone(), house.student, house.classes);
    let import = house.import().await;
    let macs = [second, first].map(|class_id| yice::store::StudentMacs { class_id, ..house.macs(student, 1) });
    let moves = tokio::spawn(async move {
        for turn in 0..40 {
            let mut tx = db.begin().await.unwrap();
            tx.update_student(&import, &macs[turn % 2]).await.unwrap();
            tx.commit().await.unwrap();
        }
    });
    let mut looks = 0;
    while !moves.is_finished() {
        let seat = house.on.db.look().await.unwrap().seat(student).await.unwrap().unwrap();
        assert_eq!(seat.student.class_id, seat.class.id);
        assert!([first, second].contains(&seat.class.id));
        looks += 1;
    }
    moves.await.unwrap();
    assert!(looks > 1, "nobody looked meanwhile");
}

async fn an_entry_is_added_with_its_line_or_not_at_all(engine: Engine) {
    let house = House::new(engine).await;
    let (append, own) = (house.append().await, house.own(house.teacher).await);
    let (support, nobody) = (Compartment::Support, Uuid::nil());
    let mut tx = house.begin().await;
    key(&mut tx, &house, house.student.0, support, &[house.teacher.0, house.helper.0]).await;
    key(&mut tx, &house, house.student.0, Compartment::Contact, &[house.teacher.0]).await;
    for form in [&b"entry"[..], b"note"] {
        let draft = Draft { id: DraftId(Uuid::now_v7()), sealed: vec![1], updated_at: NOW };
        tx.put_draft(&own, form, &draft).await.unwrap();
    }
    tx.commit().await.unwrap();

    let spot = async || {
        let mut conn = house.on.db.look().await.unwrap();
        let spot = conn.spot(house.student, house.teacher, support, nobody).await.unwrap().unwrap();
        let seat = conn.seat(house.student).await.unwrap().unwrap();
        assert_eq!((spot.seat.student.id, spot.seat.class.id), (seat.student.id, seat.class.id));
        assert!(spot.seat.pairings.is_empty() && spot.seat.grants.is_empty());
        assert_eq!(spot.wraps.len(), 1, "the own one, of this compartment");
        assert_eq!((spot.wraps[0].holder, spot.wraps[0].compartment), (house.teacher.0, support));
        (spot.stands, conn.audit_heads().await.unwrap())
    };
    let entry = |epoch| NewEntry {
        id: EntryId(Uuid::now_v7()),
        owner: nobody,
        corrects: None,
        written_at: NOW,
        epoch,
        sealed: vec![9],
    };
    let add = async |entry: &NewEntry, after| {
        let event = Event::EntryAppended;
        let added = Added { compartment: support, entry, after, draft: b"entry", event, now: NOW };
        house.begin().await.append_last(&append, &own, added).await.unwrap()
    };
    let (first, second) = (entry(1), entry(1));
    let before = spot().await;
    assert!(!add(&entry(2), None).await, "the key is not of this epoch");
    assert!(!add(&first, Some(second.id)).await, "another one came between");
    assert_eq!(spot().await, before, "no entry and no line");
    assert!(house.begin().await.draft(house.teacher, b"entry").await.unwrap().is_some());

    assert!(add(&first, None).await);
    assert!(!add(&second, None).await, "the first one stands there");
    assert!(add(&second, Some(first.id)).await);
    let (stands, heads) = spot().await;
    assert_eq!(stands, [second.id, first.id]);
    assert_eq!(heads.iter().map(|head| (head.0, head.1)).collect::<Vec<_>>(), [(house.school, 2)]);
    let mut conn = house.on.db.look().await.unwrap();
    assert_eq!(conn.verify_chain(house.school).await.unwrap(), None);
    assert!(conn.draft(house.teacher, b"entry").await.unwrap().is_none());
    assert!(conn.draft(house.teacher, b"note").await.unwrap().is_some(), "another form");
    let kept = conn.entries(house.student, support, nobody, 9).await.unwrap();
    assert_eq!((kept[1].author, kept[1].epoch, &kept[1].sealed), (house.teacher, 1, &vec![9]));
}
