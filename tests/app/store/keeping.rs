//! What is decided about the keeping of a file, and its destruction.

use uuid::Uuid;
use yice::domain::ids::{EntryId, NoticeId, ReportId, ReviewId, StudentId};
use yice::domain::keeping::KeepingKind;
use yice::domain::words::{Compartment, FileStatus, Kind, Relation, Role};
use yice::policy::{Append, Manage, Permit, Sign};
use yice::store::{
    Draft, Erased, Keeping, Key, Letter, NewEntry, NewWrap, Notice, Record, StillRunning, StoredReport, StoredReview,
    Succession, Warning, WrapForm,
};

use super::early::{deadline, letter, step, warning};
use crate::support::both_backends;
use crate::support::cluster::Engine;
use crate::support::house::{House, NOW, permit};

both_backends!(
    one_thing_of_a_kind_is_decided_at_a_time_and_taken_back_by_its_id,
    what_still_runs_is_counted,
    of_a_destroyed_file_no_row_is_left_and_of_its_neighbour_every_one,
    a_student_who_attends_stays_on_the_roll,
    only_a_closed_file_is_sealed_away_and_only_a_sealed_one_unsealed,
    drafts_and_notices_go_one_by_one,
    notes_are_taken_over_once_and_go_with_the_file,
);

const COUNSELLOR: (Role, Relation) = (Role::Counsellor, Relation::SameSchool);

async fn sign(house: &House) -> Permit<Sign> {
    permit(house.teacher, house.school, COUNSELLOR, Kind::Erasure, house.student.0).await
}

async fn manage(house: &House) -> Permit<Manage> {
    permit(house.teacher, house.school, COUNSELLOR, Kind::Erasure, house.student.0).await
}

async fn act(house: &House) -> Permit<Append> {
    permit(house.teacher, house.school, COUNSELLOR, Kind::Warning, house.student.0).await
}

pub fn keeping(house: &House, kind: KeepingKind) -> Keeping {
    Keeping {
        id: Uuid::new_v4(),
        school_id: house.school,
        student_id: house.student,
        kind,
        made_by: house.teacher,
        made_at: NOW,
        epoch: 1,
        sealed: vec![10],
    }
}

async fn one_thing_of_a_kind_is_decided_at_a_time_and_taken_back_by_its_id(engine: Engine) {
    let house = House::new(engine).await;
    let (manage, erasure) = (manage(&house).await, keeping(&house, KeepingKind::Erasure));
    let mut tx = house.begin().await;
    assert!(tx.insert_keeping(&manage, &erasure).await.unwrap());
    assert!(!tx.insert_keeping(&manage, &keeping(&house, KeepingKind::Erasure)).await.unwrap());
    let hold = Keeping { made_at: NOW + 1, ..keeping(&house, KeepingKind::Hold) };
    assert!(tx.insert_keeping(&manage, &hold).await.unwrap());
    assert_eq!(tx.keepings(house.student).await.unwrap(), [erasure.clone(), hold.clone()]);
    assert!(tx.keepings(StudentId(Uuid::nil())).await.unwrap().is_empty());
    assert!(!tx.delete_keeping(&manage, Uuid::nil()).await.unwrap());
    assert!(tx.delete_keeping(&manage, erasure.id).await.unwrap());
    assert_eq!(tx.keepings(house.student).await.unwrap(), [hold]);
}

async fn what_still_runs_is_counted(engine: Engine) {
    let house = House::new(engine).await;
    let act = act(&house).await;
    let nothing = StillRunning { warnings: 0, crises: 0, referrals: 0, letters: 0, mandatory: 0 };
    let mut tx = house.begin().await;
    assert_eq!(tx.still_running(house.school, house.student).await.unwrap(), nothing);
    let warning = warning(&house, house.student);
    tx.insert_warning(&act, &warning).await.unwrap();
    super::crisis::insert_cells(&mut tx, &act, &house, warning.id).await;
    tx.insert_letter(&act, &Letter { student_id: Some(house.student.0), ..letter(&house, house.helper.0, NOW) })
        .await
        .unwrap();
    tx.insert_letter(&act, &letter(&house, house.helper.0, NOW)).await.unwrap();
    let report = StoredReport {
        id: ReportId(Uuid::new_v4()),
        school_id: house.school,
        made_at: NOW,
        police_due: NOW,
        bureau_due: NOW,
        police_at: None,
        bureau_at: None,
        closed_at: None,
        next_at: None,
        rung: 0,
        receipt: vec![1],
        epoch: 1,
        version: 1,
        sealed: vec![2],
    };
    tx.insert_report(&act, &report).await.unwrap();
    let all = StillRunning { warnings: 1, crises: 1, referrals: 1, letters: 1, mandatory: 1 };
    assert_eq!(tx.still_running(house.school, house.student).await.unwrap(), all);
    let other = tx.still_running(house.school, StudentId(Uuid::nil())).await.unwrap();
    assert_eq!(other, StillRunning { mandatory: 1, ..nothing }, "whom a report is about stands in no column");
    let over = Warning { closed_at: Some(NOW), version: 2, ..warning };
    assert!(tx.put_warning(&act, &over).await.unwrap());
    assert_eq!(tx.still_running(house.school, house.student).await.unwrap().warnings, 0);
}

/// One row of everything about the student of a permit.
async fn fill(house: &House, student: StudentId) -> Key {
    let permit = permit::<Append>(house.teacher, house.school, COUNSELLOR, Kind::Warning, student.0).await;
    let support = yice::domain::words::Kind::Support;
    let append =
        crate::support::house::permit::<Append>(house.teacher, house.school, COUNSELLOR, support, student.0).await;
    let key = Key {
        id: Uuid::new_v4().into(),
        subject: student.0,
        compartment: Compartment::Support,
        owner: Uuid::nil(),
        epoch: 2,
    };
    let mut tx = house.begin().await;
    tx.put_key(&permit, &key).await.unwrap();
    for (epoch, holder) in [(1, house.teacher.0), (2, house.teacher.0), (2, house.helper.0)] {
        let (sealed, mark) = (vec![1], vec![2]);
        let wrap = NewWrap { key: key.id.0, epoch, holder, form: WrapForm::Age, sealed, mark };
        tx.insert_wrap(&permit, &wrap).await.unwrap();
    }
    let warning = warning(house, student);
    tx.insert_warning(&permit, &warning).await.unwrap();
    let of = |id: StudentId| yice::store::StoredStep { student_id: id, ..step(house, &warning, NOW) };
    tx.insert_step(&permit, &of(student)).await.unwrap();
    let due = yice::store::Deadline { student_id: student, ..deadline(house, &warning, NOW) };
    tx.insert_deadline(&permit, &due).await.unwrap();
    let about = Letter { student_id: Some(student.0), ..letter(house, house.helper.0, NOW) };
    tx.insert_letter(&permit, &about).await.unwrap();
    let of_warning = Letter { warning_id: Some(warning.id.0), ..letter(house, house.helper.0, NOW) };
    tx.insert_letter(&permit, &of_warning).await.unwrap();
    let pair =
        crate::support::house::permit::<Manage>(house.teacher, house.school, COUNSELLOR, Kind::Pairing, student.0)
            .await;
    tx.insert_pairing(
        &pair,
        &yice::store::Pairing { student_id: student, id: Uuid::now_v7().into(), ..super::helping::pairing(house) },
    )
    .await
    .unwrap();
    let (layer, compartment) = ("people".to_owned(), Compartment::Support);
    let record = Record { student_id: student, compartment, layer, epoch: 2, version: 1, sealed: vec![3] };
    tx.insert_record(&permit, &record).await.unwrap();
    let (id, written_at) = (EntryId(Uuid::now_v7()), NOW);
    let entry = NewEntry { id, owner: Uuid::nil(), corrects: None, written_at, epoch: 2, sealed: vec![4] };
    tx.insert_entry(&append, Compartment::Support, &entry).await.unwrap();
    let (id, author) = (ReviewId(Uuid::now_v7()), house.teacher);
    let review = StoredReview { id, student_id: student, author, written_at, epoch: 2, sealed: vec![5] };
    tx.insert_review(&permit, &review).await.unwrap();
    tx.commit().await.unwrap();
    key
}

/// How many rows about a student there are: keys, wraps, rows of the file, letters, and the student.
async fn rows(house: &House, student: StudentId) -> [usize; 5] {
    let mut conn = house.on.db.read().await.unwrap();
    let held = conn.wraps_for(student.0, house.teacher).await.unwrap().len();
    let cells = conn.warning_cells(student).await.unwrap().len();
    let records = conn.records(student).await.unwrap().len() + conn.reviews(student).await.unwrap().len();
    let entries = conn.entries(student, Compartment::Support, Uuid::nil(), 9).await.unwrap().len();
    let pairings = conn.pairings_of_student(student).await.unwrap().len();
    let letters = conn.letters_held_by(house.helper.0).await.unwrap();
    let warnings: Vec<Uuid> = conn.warnings_of_student(student).await.unwrap().iter().map(|w| w.id.0).collect();
    let about = |letter: &&Letter| {
        letter.student_id == Some(student.0) || letter.warning_id.is_some_and(|id| warnings.contains(&id))
    };
    [
        conn.keys_of(student.0).await.unwrap().len(),
        held,
        cells + records + entries + pairings,
        letters.iter().filter(about).count(),
        usize::from(conn.student(student).await.unwrap().is_some()),
    ]
}

async fn of_a_destroyed_file_no_row_is_left_and_of_its_neighbour_every_one(engine: Engine) {
    let house = House::new(engine).await;
    let other = StudentId(Uuid::now_v7());
    let mut tx = house.begin().await;
    tx.insert_student(&house.import().await, &house.macs(other, 9), NOW).await.unwrap();
    tx.commit().await.unwrap();
    for student in [house.student, other] {
        fill(&house, student).await;
        // Warning, step, due time; record, review; entry; pairing.
        assert_eq!(rows(&house, student).await, [1, 2, 7, 2, 1]);
    }
    let sign = sign(&house).await;
    let mut tx = house.begin().await;
    assert_eq!(tx.hold_all_keys(&sign).await.unwrap(), 1);
    assert_eq!(tx.erase_file(&sign, true).await.unwrap(), Erased { keys: 1, wraps: 3, rows: 10 });
    tx.commit().await.unwrap();
    assert_eq!(rows(&house, house.student).await, [0, 0, 0, 0, 0]);
    assert_eq!(rows(&house, other).await, [1, 2, 7, 2, 1]);
    assert_eq!(house.on.db.read().await.unwrap().letters_held_by(house.helper.0).await.unwrap().len(), 2);
    house.on.db.settle().await.unwrap();
}

async fn a_student_who_attends_stays_on_the_roll(engine: Engine) {
    let house = House::new(engine).await;
    fill(&house, house.student).await;
    let mut tx = house.begin().await;
    assert!(tx.set_status(&house.write(Kind::Support).await, FileStatus::InSupport, 1).await.unwrap());
    assert_eq!(tx.erase_file(&sign(&house).await, false).await.unwrap(), Erased { keys: 1, wraps: 3, rows: 9 });
    let student = tx.student(house.student).await.unwrap().unwrap();
    assert_eq!((student.status, student.version), (FileStatus::Enrolled, 3));
    tx.commit().await.unwrap();
    assert_eq!(rows(&house, house.student).await, [0, 0, 0, 0, 1]);
}

async fn only_a_closed_file_is_sealed_away_and_only_a_sealed_one_unsealed(engine: Engine) {
    let house = House::new(engine).await;
    let (manage, sign, write) = (manage(&house).await, sign(&house).await, house.write(Kind::Support).await);
    let mut tx = house.begin().await;
    let mut version = 1;
    for status in FileStatus::ALL {
        if *status != FileStatus::Enrolled {
            assert!(tx.set_status(&write, *status, version).await.unwrap());
            version += 1;
        }
        let sealed = matches!(status, FileStatus::SealedAway);
        assert_eq!(tx.unseal(&sign, version).await.unwrap(), sealed, "{status}");
        version += i64::from(sealed);
        let closed = sealed || matches!(status, FileStatus::Closed | FileStatus::NotTaken);
        assert!(!tx.seal_away(&manage, version + 1).await.unwrap(), "a version that nobody saw");
        assert_eq!(tx.seal_away(&manage, version).await.unwrap(), closed, "{status}");
        version += i64::from(closed);
        let found = tx.student(house.student).await.unwrap().unwrap();
        assert_eq!((found.status == FileStatus::SealedAway, found.version), (closed, version), "{status}");
        assert!(!tx.unseal(&sign, version + 1).await.unwrap(), "a version that nobody saw");
    }
    tx.commit().await.unwrap();
}

async fn drafts_and_notices_go_one_by_one(engine: Engine) {
    let house = House::new(engine).await;
    let sign = sign(&house).await;
    let draft = Draft { id: Uuid::new_v4().into(), sealed: vec![1], updated_at: NOW };
    let notice = |place: &str| Notice {
        id: NoticeId(Uuid::now_v7()),
        school_id: house.school,
        person_id: house.teacher,
        place: place.to_owned(),
        made_at: NOW,
        seen_at: None,
    };
    let mut tx = house.begin().await;
    for form in [[7], [8]] {
        tx.put_draft(&house.own(house.teacher).await, &form, &draft).await.unwrap();
    }
    let places = [format!("/files/{}/record", house.student), "/due".to_owned()];
    tx.leave_notices(&places.map(|place| notice(&place))).await.unwrap();
    assert_eq!(tx.delete_notices_to(&sign, &house.student.to_string()).await.unwrap(), 1);
    assert_eq!(tx.notices(house.teacher, 9).await.unwrap()[0].place, "/due");
    assert_eq!(tx.delete_any_draft(&sign, house.helper, &[7]).await.unwrap(), 0, "somebody else's");
    assert_eq!(tx.delete_any_draft(&sign, house.teacher, &[7]).await.unwrap(), 1);
    assert!(tx.draft(house.teacher, &[7]).await.unwrap().is_none());
    assert!(tx.draft(house.teacher, &[8]).await.unwrap().is_some());
}

async fn notes_are_taken_over_once_and_go_with_the_file(engine: Engine) {
    let house = House::new(engine).await;
    let manage = manage(&house).await;
    let (student_id, owner, person_id) = (house.student, house.teacher, house.helper);
    let first = Succession { student_id, owner, person_id, given_by: house.teacher, given_at: NOW };
    let mut tx = house.begin().await;
    assert!(tx.insert_succession(&manage, &first).await.unwrap());
    assert!(!tx.insert_succession(&manage, &Succession { given_at: NOW + 1, ..first }).await.unwrap());
    assert_eq!(tx.successions_of(house.helper).await.unwrap(), [first]);
    assert_eq!(tx.successions_of(house.teacher).await.unwrap(), []);
    assert_eq!(tx.successions(house.school).await.unwrap(), [first]);
    tx.erase_file(&sign(&house).await, true).await.unwrap();
    assert_eq!(tx.successions(house.school).await.unwrap(), []);
}
