//! Crisis records, referrals, and mandatory reports with those named for them.

use uuid::Uuid;
use yice::domain::audit::Event;
use yice::domain::ids::{CrisisId, PersonId, ReferralId, ReportId, StudentId, WarningId};
use yice::domain::keeping::KeepingKind;
use yice::domain::referral::ReferralStage;
use yice::domain::words::{Compartment, Kind, Relation, Role};
use yice::policy::{Append, Permit, Report};
use yice::store::{AuditFilter, Error, Key, NewWrap, StoredCrisis, StoredReferral, StoredReport, Tx, WrapForm};

use super::grants::{act, with_warning};
use crate::support::both_backends;
use crate::support::cluster::Engine;
use crate::support::house::{House, NOW, permit};

both_backends!(
    a_warning_has_one_open_crisis_record_and_a_closed_one_changes_no_more,
    a_referral_changes_for_whoever_saw_its_last_version,
    people_are_named_once_and_taken_off,
    a_report_is_found_by_its_receipt_and_rings_once,
    a_line_can_keep_its_doer_secret,
);

async fn reports(house: &House) -> Permit<Report> {
    let pair = (Role::HomeroomTeacher, Relation::SameSchool);
    permit(house.teacher, house.school, pair, Kind::Restricted, house.school.0).await
}

fn crisis(house: &House, warning_id: WarningId, opened_at: i64) -> StoredCrisis {
    StoredCrisis {
        id: CrisisId(Uuid::now_v7()),
        school_id: house.school,
        student_id: house.student,
        warning_id,
        opened_at,
        closed_at: None,
        epoch: 1,
        version: 1,
        sealed: vec![8],
    }
}

fn referral(house: &House, warning_id: WarningId, made_at: i64) -> StoredReferral {
    StoredReferral {
        id: ReferralId(Uuid::now_v7()),
        school_id: house.school,
        student_id: house.student,
        warning_id,
        stage: ReferralStage::Proposed,
        made_at,
        moved_at: made_at,
        epoch: 1,
        version: 1,
        sealed: vec![9],
    }
}

/// One of each sealed thing of this file that stands in the compartment of warnings.
pub async fn insert_cells(tx: &mut Tx, permit: &Permit<Append>, house: &House, warning: WarningId) {
    tx.insert_grant(permit, &super::grants::grant(house, warning, NOW)).await.unwrap();
    tx.insert_crisis(permit, &crisis(house, warning, NOW)).await.unwrap();
    tx.insert_referral(permit, &referral(house, warning, NOW)).await.unwrap();
    tx.insert_keeping(permit, &super::keeping::keeping(house, KeepingKind::Hold)).await.unwrap();
}

async fn a_warning_has_one_open_crisis_record_and_a_closed_one_changes_no_more(engine: Engine) {
    let house = House::new(engine).await;
    let permit = act(&house).await;
    let (mut tx, warning) = with_warning(&house, &permit).await;
    let first = crisis(&house, warning, NOW);
    tx.insert_crisis(&permit, &first).await.unwrap();
    tx.commit().await.unwrap();

    let mut tx = house.begin().await;
    let second = crisis(&house, warning, NOW + 1);
    assert!(matches!(tx.insert_crisis(&permit, &second).await, Err(Error::Taken(_))));
    drop(tx);

    let mut tx = house.begin().await;
    let changed = StoredCrisis { version: 2, epoch: 2, sealed: vec![9], ..first.clone() };
    assert!(tx.put_crisis(&permit, &changed).await.unwrap());
    assert!(!tx.put_crisis(&permit, &changed).await.unwrap(), "the same version twice");
    let closed = StoredCrisis { version: 3, closed_at: Some(NOW + 5), ..changed };
    assert!(tx.put_crisis(&permit, &closed).await.unwrap());
    assert!(!tx.put_crisis(&permit, &StoredCrisis { version: 4, ..closed.clone() }).await.unwrap());
    tx.insert_crisis(&permit, &second).await.unwrap();
    assert_eq!(tx.crises_of_warning(warning).await.unwrap(), [second, closed]);
    assert!(tx.crises_of_warning(WarningId(Uuid::nil())).await.unwrap().is_empty());
}

async fn a_referral_changes_for_whoever_saw_its_last_version(engine: Engine) {
    let house = House::new(engine).await;
    let permit = act(&house).await;
    let (mut tx, warning) = with_warning(&house, &permit).await;
    let (older, newer) = (referral(&house, warning, NOW), referral(&house, warning, NOW + 1));
    assert!(tx.insert_referral(&permit, &newer).await.unwrap());
    assert!(tx.insert_referral(&permit, &older).await.unwrap());
    assert!(!tx.insert_referral(&permit, &older).await.unwrap(), "the same form twice");
    let (stage, moved_at) = (ReferralStage::Talking, NOW + 9);
    let moved = StoredReferral { stage, moved_at, epoch: 2, version: 2, sealed: vec![5], ..older };
    assert!(tx.put_referral(&permit, &moved).await.unwrap());
    assert!(!tx.put_referral(&permit, &moved).await.unwrap(), "somebody came first");
    assert_eq!(tx.referral(moved.id).await.unwrap(), Some(moved.clone()));
    assert_eq!(tx.referrals_of_warning(warning).await.unwrap(), [moved, newer]);
    assert_eq!(tx.referral(ReferralId(Uuid::nil())).await.unwrap(), None);
    assert!(tx.warning_cells(StudentId(Uuid::nil())).await.unwrap().is_empty());
}

async fn people_are_named_once_and_taken_off(engine: Engine) {
    let house = House::new(engine).await;
    let permit = reports(&house).await;
    let mut tx = house.begin().await;
    assert!(tx.name_person(&permit, house.helper, NOW + 1).await.unwrap());
    assert!(tx.name_person(&permit, house.teacher, NOW).await.unwrap());
    assert!(!tx.name_person(&permit, house.teacher, NOW + 9).await.unwrap());
    assert_eq!(tx.named(house.school).await.unwrap(), [(house.teacher, NOW), (house.helper, NOW + 1)]);
    assert!(tx.unname_person(&permit, house.teacher).await.unwrap());
    assert!(!tx.unname_person(&permit, house.teacher).await.unwrap());
    assert_eq!(tx.named(house.school).await.unwrap(), [(house.helper, NOW + 1)]);

    let mut held = Vec::new();
    for compartment in [Compartment::Restricted, Compartment::Support] {
        let key =
            Key { id: Uuid::new_v4().into(), subject: house.student.0, compartment, owner: Uuid::nil(), epoch: 1 };
        tx.put_key(&permit, &key).await.unwrap();
        let (key, form, sealed) = (key.id.0, WrapForm::Age, vec![1]);
        let wrap = NewWrap { key, epoch: 1, holder: house.helper.0, form, sealed, mark: vec![2] };
        tx.insert_wrap(&permit, &wrap).await.unwrap();
        held.push(key);
    }
    assert_eq!(tx.delete_report_wraps_of(&permit, house.teacher).await.unwrap(), 0);
    assert_eq!(tx.delete_report_wraps_of(&permit, house.helper).await.unwrap(), 1);
    let left: Vec<Uuid> = tx.wrap_holders(house.school).await.unwrap().into_iter().map(|(key, ..)| key).collect();
    assert_eq!(left, [held[1]], "the key of the file stays");
}

async fn a_report_is_found_by_its_receipt_and_rings_once(engine: Engine) {
    let house = House::new(engine).await;
    let permit = reports(&house).await;
    let report = |made_at: i64, receipt: u8| StoredReport {
        id: ReportId(Uuid::new_v4()),
        school_id: house.school,
        made_at,
        police_due: made_at + 10,
        bureau_due: made_at + 20,
        police_at: None,
        bureau_at: None,
        closed_at: None,
        next_at: Some(made_at + 10),
        rung: 0,
        receipt: vec![receipt],
        epoch: 1,
        version: 1,
        sealed: vec![6],
    };
    let (older, newer) = (report(NOW, 1), report(NOW + 5, 2));
    let mut tx = house.begin().await;
    assert!(tx.insert_report(&permit, &older).await.unwrap());
    assert!(tx.insert_report(&permit, &newer).await.unwrap());
    assert!(!tx.insert_report(&permit, &older).await.unwrap(), "the same form twice");
    assert_eq!(tx.report_with_receipt(&[2]).await.unwrap(), Some(newer.clone()));
    assert_eq!(tx.report_with_receipt(&[3]).await.unwrap(), None);
    assert_eq!(tx.report(older.id).await.unwrap(), Some(older.clone()));
    assert_eq!(tx.report(ReportId(Uuid::nil())).await.unwrap(), None);
    assert_eq!(tx.reports_made_since(house.school, NOW).await.unwrap(), 2);
    assert_eq!(tx.reports_made_since(house.school, NOW + 1).await.unwrap(), 1);
    assert_eq!(tx.reports(house.school, 9).await.unwrap(), [newer.clone(), older.clone()]);

    assert!(tx.reports_to_ring(NOW + 9, 9).await.unwrap().is_empty());
    assert_eq!(tx.reports_to_ring(NOW + 10, 9).await.unwrap(), std::slice::from_ref(&older));
    assert!(tx.ring_report(&older, Some(NOW + 30)).await.unwrap());
    assert!(!tx.ring_report(&older, Some(NOW + 30)).await.unwrap(), "another node came first");
    assert_eq!(tx.reports_to_ring(NOW + 20, 9).await.unwrap(), std::slice::from_ref(&newer));

    let told = StoredReport { police_at: Some(NOW + 3), version: 2, epoch: 2, sealed: vec![7], ..newer };
    assert!(tx.put_report(&permit, &told).await.unwrap());
    assert!(!tx.put_report(&permit, &told).await.unwrap(), "somebody came first");
    let (bureau_at, closed_at) = (Some(NOW + 4), Some(NOW + 8));
    let closed = StoredReport { bureau_at, closed_at, next_at: None, version: 3, ..told };
    assert!(tx.put_report(&permit, &closed).await.unwrap());
    assert!(!tx.put_report(&permit, &StoredReport { version: 4, ..closed.clone() }).await.unwrap());
    assert!(!tx.ring_report(&closed, None).await.unwrap(), "what is closed rings no more");
    let listed = tx.reports(house.school, 9).await.unwrap();
    assert_eq!((listed[0].id, &listed[1]), (older.id, &closed), "open ones first");
    assert_eq!(tx.reports(house.school, 1).await.unwrap().len(), 1);
}

async fn a_line_can_keep_its_doer_secret(engine: Engine) {
    let house = House::new(engine).await;
    let (permit, object) = (reports(&house).await, Uuid::new_v4());
    let mut tx = house.begin().await;
    tx.record_unnamed(&permit, Event::MandatoryReported, object, NOW).await.unwrap();
    let lines = tx.audit_lines(&house.audit().await, &AuditFilter::default(), 9).await.unwrap();
    let line = &lines[0].line;
    assert_eq!((line.actor, line.role, line.relation), (PersonId(Uuid::nil()), None, Relation::None));
    assert_eq!((line.event, line.object, line.detail.as_str()), (Event::MandatoryReported, object, ""));
}
