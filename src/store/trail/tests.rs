use tempfile::TempDir;

use super::*;
use crate::domain::ids::SchoolId;
use crate::domain::relation::{Duty, Facts, Standing};
use crate::domain::words::{Kind, Role};
use crate::policy::{Manage, Policy};
use crate::store::Db;

const SCHOOL: SchoolId = SchoolId(Uuid::from_u128(7));
const OFFICER: PersonId = PersonId(Uuid::from_u128(70));
const RARE: Uuid = Uuid::from_u128(9);

/// A chain of 60 lines, one a second: a rare object in line 20, a refusal in line 30, one file opening in every tenth.
async fn trail() -> (Db, Permit<Read>, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let db = Db::open_sqlite(&folder.path().join("yice.db")).await.unwrap();
    let policy = Policy::load().await.unwrap();
    let installation = Standing::installation(SCHOOL);
    let manage = policy.permit::<Manage>(&installation, Kind::Structure, SCHOOL.0).unwrap();
    let officer = Duty { role: Role::PrivacyOfficer, school: SCHOOL, class: None };
    let officer = Standing::of(OFFICER, &[officer], &Facts::school(SCHOOL));
    let read = policy.permit::<Read>(&officer, Kind::Audit, SCHOOL.0).unwrap();
    let refused = policy.permit::<Read>(&officer, Kind::Counselling, RARE).unwrap_err();
    let mut tx = db.begin().await.unwrap();
    for second in 1..=60 {
        match second {
            20 => tx.record_about(&manage, Event::ClassChanged, RARE, "", second).await.unwrap(),
            30 => tx.record_refusal(&refused, OFFICER, SCHOOL, second).await.unwrap(),
            31 => tx.record_failed_sign_in(Some((SCHOOL, OFFICER)), Event::SignInFailed, second).await.unwrap(),
            32 => tx.record_failed_sign_in(Some((SCHOOL, OFFICER)), Event::CodeRefused, second).await.unwrap(),
            _ if second % 10 == 0 => tx.record_about(&read, Event::FileOpened, RARE, "", second).await.unwrap(),
            _ => tx.record(&manage, Event::TermChanged, "", second).await.unwrap(),
        }
    }
    tx.commit().await.unwrap();
    (db, read, folder)
}

async fn found(db: &Db, permit: &Permit<Read>, wanted: AuditFilter) -> Vec<i64> {
    let lines = db.read().await.unwrap().audit_lines(permit, &wanted, 5).await.unwrap();
    lines.into_iter().map(|stored| stored.line.seq).collect()
}

#[tokio::test]
async fn lines_are_found_by_person_event_object_and_refusal_newest_first() {
    let (db, permit, _folder) = trail().await;
    let all = AuditFilter::default;
    assert_eq!(found(&db, &permit, all()).await, [60, 59, 58, 57, 56]);
    assert_eq!(found(&db, &permit, AuditFilter { before: Some(3), ..all() }).await, [2, 1]);
    assert_eq!(found(&db, &permit, AuditFilter { object: Some(RARE), ..all() }).await, [60, 50, 40, 30, 20]);
    assert_eq!(found(&db, &permit, AuditFilter { object: Some(RARE), before: Some(30), ..all() }).await, [20, 10]);
    assert_eq!(
        found(&db, &permit, AuditFilter { actor: Some(OFFICER), before: Some(41), ..all() }).await,
        [40, 30, 10]
    );
    assert_eq!(found(&db, &permit, AuditFilter { event: Some(Event::ClassChanged), ..all() }).await, [20]);
    assert_eq!(found(&db, &permit, AuditFilter { refused: true, ..all() }).await, [32, 31, 30]);
    let both = AuditFilter { actor: Some(OFFICER), refused: true, ..all() };
    assert_eq!(found(&db, &permit, both).await, [30]);
    let three = AuditFilter { object: Some(RARE), actor: Some(OFFICER), event: Some(Event::FileOpened), ..all() };
    assert_eq!(found(&db, &permit, AuditFilter { before: Some(40), ..three }).await, [10]);
}

#[tokio::test]
async fn another_school_sees_none_of_these_lines() {
    let (db, _, _folder) = trail().await;
    let elsewhere = SchoolId(Uuid::from_u128(8));
    let officer = Duty { role: Role::PrivacyOfficer, school: elsewhere, class: None };
    let standing = Standing::of(OFFICER, &[officer], &Facts::school(elsewhere));
    let permit = Policy::load().await.unwrap().permit::<Read>(&standing, Kind::Audit, elsewhere.0).unwrap();
    for wanted in [
        AuditFilter::default(),
        AuditFilter { object: Some(RARE), ..AuditFilter::default() },
        AuditFilter { actor: Some(OFFICER), ..AuditFilter::default() },
        AuditFilter { refused: true, ..AuditFilter::default() },
    ] {
        assert_eq!(found(&db, &permit, wanted).await, Vec::<i64>::new());
    }
}

#[tokio::test]
async fn counts_start_at_the_first_line_of_their_time() {
    let (db, permit, _folder) = trail().await;
    let mut conn = db.read().await.unwrap();
    for (since, first) in [(0, 1), (1, 1), (31, 31), (60, 60), (61, 61)] {
        assert_eq!(conn.first_line_since(&permit, since).await.unwrap(), first);
    }
    let counts = conn.audit_counts(&permit, 41).await.unwrap();
    assert_eq!(counts, [(Event::TermChanged, 18), (Event::FileOpened, 2)]);
    let opened = conn.opened_counts(&permit, 1).await.unwrap();
    assert_eq!(opened, [Opened { actor: OFFICER, times: 4, files: 1 }]);
}

/// Each question as `audit_lines` asks it, and the index that must answer it in order.
#[tokio::test]
async fn no_question_walks_the_whole_trail() {
    let (db, _permit, _folder) = trail().await;
    let questions = [
        (
            "EXPLAIN QUERY PLAN SELECT l.* FROM audit_lines f JOIN audit_lines l ON l.school_id = f.school_id AND l.seq = f.seq
             WHERE f.school_id = $1 AND f.object = $2 AND f.seq < $3 AND ($4 OR l.actor = $5) AND ($6 OR l.event = $7)
               AND ($8 OR l.outcome = 'refused') ORDER BY f.seq DESC LIMIT $9",
            "f USING COVERING INDEX audit_lines_by_object (school_id=? AND object=? AND seq<?)",
        ),
        (
            "EXPLAIN QUERY PLAN SELECT l.* FROM audit_lines f JOIN audit_lines l ON l.school_id = f.school_id AND l.seq = f.seq
             WHERE f.school_id = $1 AND f.actor = $2 AND f.seq < $3 AND ($4 OR l.event = $5)
               AND ($6 OR l.outcome = 'refused') ORDER BY f.seq DESC LIMIT $7",
            "f USING COVERING INDEX audit_lines_by_actor (school_id=? AND actor=? AND seq<?)",
        ),
        (
            "EXPLAIN QUERY PLAN SELECT l.* FROM audit_lines f JOIN audit_lines l ON l.school_id = f.school_id AND l.seq = f.seq
             WHERE f.school_id = $1 AND f.event = $2 AND f.seq < $3 AND ($4 OR l.outcome = 'refused')
             ORDER BY f.seq DESC LIMIT $5",
            "f USING COVERING INDEX audit_lines_by_event (school_id=? AND event=? AND seq<?)",
        ),
        (
            "EXPLAIN QUERY PLAN SELECT * FROM audit_lines WHERE school_id = $1 AND seq < $2 ORDER BY seq DESC LIMIT $3",
            "audit_lines USING PRIMARY KEY (school_id=? AND seq<?)",
        ),
        (
            "EXPLAIN QUERY PLAN SELECT l.* FROM audit_lines f JOIN audit_lines l ON l.school_id = f.school_id AND l.seq = f.seq
             WHERE f.school_id = $1 AND f.object = $2 AND l.event <> 'refused' ORDER BY f.seq DESC LIMIT $3",
            "f USING COVERING INDEX audit_lines_by_object (school_id=? AND object=?)",
        ),
        (
            "EXPLAIN QUERY PLAN SELECT * FROM audit_lines WHERE school_id = $1 AND seq > $2 ORDER BY seq LIMIT $3",
            "audit_lines USING PRIMARY KEY (school_id=? AND seq>?)",
        ),
    ];
    let source = concat!(include_str!("../trail.rs"), include_str!("../chain.rs"));
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>().join(" ");
    for (question, index) in questions {
        let asked = words(question.strip_prefix("EXPLAIN QUERY PLAN ").unwrap());
        assert!(words(source).contains(&asked), "the store no longer asks: {asked}");
        let plan = crate::store::chain::tamper::plan(&db, question).await;
        let fetches = "SEARCH l USING PRIMARY KEY (school_id=? AND seq=?)";
        assert_eq!(plan[0], format!("SEARCH {index}"), "{question}");
        assert!(plan[1..].iter().all(|step| step == fetches), "{plan:?}");
    }
}
