use super::*;
use crate::domain::words::Role;
use crate::service::Error;
use crate::service::testing::School;
use crate::store::chain::tamper;

#[tokio::test]
async fn the_privacy_officer_sees_who_did_what_and_nobody_else_does() {
    let mut school = School::found().await;
    let officer = school.hire("sun", Role::PrivacyOfficer, None).await;
    let admin = school.hire("shi", Role::SysAdmin, None).await;
    let lines = school.app.audit(&officer, &AuditFilter::default()).await.unwrap().lines;
    assert!(lines.iter().any(|stored| stored.line.actor == admin.person.id && stored.line.event == Event::SignedIn));
    assert!(matches!(school.app.audit(&admin, &AuditFilter::default()).await, Err(Error::NotFound)));
    assert!(matches!(school.app.access_counts(&admin).await, Err(Error::NotFound)));
    assert!(matches!(school.app.verify_own_chain(&admin).await, Err(Error::NotFound)));
    let refused = AuditFilter { refused: true, actor: Some(admin.person.id), ..AuditFilter::default() };
    assert_eq!(school.app.audit(&officer, &refused).await.unwrap().lines.len(), 3);
}

#[tokio::test]
async fn access_is_counted_over_seven_and_thirty_days() {
    let mut school = School::found().await;
    school.hire("sun", Role::PrivacyOfficer, None).await;
    school.app.clock.advance(10 * DAY);
    let wrong = secrecy::SecretString::from("not the password");
    assert!(school.app.sign_in("sun", wrong, "::1").await.is_err());
    let officer = school.sign_in("sun").await;
    let counts = school.app.access_counts(&officer).await.unwrap();
    let of = |n: usize, event| counts[n].events.iter().find(|(e, _)| *e == event).map_or(0, |(_, count)| *count);
    assert_eq!([counts[0].days, counts[1].days], SPANS);
    assert_eq!((of(0, Event::SignedIn), of(1, Event::SignedIn)), (1, 2));
    assert_eq!((counts[0].refusals, counts[1].refusals), (1, 1));
    assert_eq!((of(0, Event::PersonInvited), of(1, Event::PersonInvited)), (0, 1));
}

#[tokio::test]
async fn an_untouched_trail_is_sound_with_and_without_signed_heads() {
    let mut school = School::found().await;
    let officer = school.hire("sun", Role::PrivacyOfficer, None).await;
    let heads = school.app.sign_heads().await.unwrap();
    school.app.audit(&officer, &AuditFilter::default()).await.unwrap();
    let report = school.app.verify_audit(&[heads]).await.unwrap();
    assert!(report.is_sound(), "{report:?}");
    assert_eq!(report.heads, 1);
    let own = school.app.verify_own_chain(&officer).await.unwrap();
    assert_eq!((own.lines, own.broken_at), (report.lines(), None));
}

#[tokio::test]
async fn a_chain_written_anew_is_found_by_the_signed_heads() {
    let mut school = School::found().await;
    school.hire("sun", Role::PrivacyOfficer, None).await;
    let heads = school.app.sign_heads().await.unwrap();
    let signed: i64 = heads.split(' ').nth(2).unwrap().parse().unwrap();
    school.hire("li", Role::Counsellor, None).await;
    tamper::rewrite_without(&school.app.db, school.founded.id, 2).await;
    assert!(school.app.verify_audit(&[]).await.unwrap().is_sound(), "the attacker's chain fits in itself");
    let report = school.app.verify_audit(&[heads]).await.unwrap();
    assert!(!report.is_sound());
    let bad = &report.bad_heads[0];
    assert_eq!((bad.names, bad.fault), (Some((school.founded.id, signed)), HeadFault::Differs));
}

#[tokio::test]
async fn a_chain_cut_short_is_found_by_the_signed_heads() {
    let mut school = School::found().await;
    school.hire("sun", Role::PrivacyOfficer, None).await;
    let heads = school.app.sign_heads().await.unwrap();
    let last: i64 = heads.split(' ').nth(2).unwrap().parse().unwrap();
    tamper::rewrite_without(&school.app.db, school.founded.id, last).await;
    let report = school.app.verify_audit(&[heads]).await.unwrap();
    assert_eq!(report.bad_heads[0].fault, HeadFault::Missing);
}

#[tokio::test]
async fn a_head_that_was_forged_or_spoiled_is_not_believed() {
    let mut school = School::found().await;
    school.hire("sun", Role::PrivacyOfficer, None).await;
    let heads = school.app.sign_heads().await.unwrap();
    let seq = heads.split(' ').nth(2).unwrap();
    let other = School::found().await;
    let fault = async |text: String| {
        let (heads, bad) = school.app.verify_heads(&text).await.unwrap();
        assert_eq!(heads, 1);
        bad.first().map(|bad| bad.fault)
    };
    assert_eq!(fault(heads.clone()).await, None);
    assert_eq!(fault(heads.replacen(&format!(" {seq} "), " 1 ", 1)).await, Some(HeadFault::NotOurs));
    assert_eq!(fault(heads.replacen("2026-11-23", "2026-11-22", 1)).await, Some(HeadFault::NotOurs));
    assert_eq!(fault(other.app.sign_heads().await.unwrap()).await, Some(HeadFault::NotOurs));
    assert_eq!(fault("rubbish".to_owned()).await, Some(HeadFault::Malformed));
    assert_eq!(fault(heads.trim_end()[..heads.len() - 2].to_owned()).await, Some(HeadFault::Malformed));
}

#[tokio::test]
async fn the_daily_file_is_private_and_never_overwritten() {
    let mut school = School::found().await;
    school.hire("sun", Role::PrivacyOfficer, None).await;
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(signed_heads(folder.path()).unwrap(), Vec::<String>::new());
    assert!(school.app.daily(folder.path()).await.unwrap());
    let first = signed_heads(folder.path()).unwrap();
    let file = folder.path().join(HEADS).join("2026-11-23.txt");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    school.hire("li", Role::Counsellor, None).await;
    assert!(!school.app.daily(folder.path()).await.unwrap());
    assert_eq!(signed_heads(folder.path()).unwrap(), first);
    school.app.clock.advance(DAY);
    assert!(school.app.daily(folder.path()).await.unwrap());
    let both = signed_heads(folder.path()).unwrap();
    assert_eq!((both.len(), &both[0]), (2, &first[0]));
    assert!(school.app.verify_audit(&both).await.unwrap().is_sound());
}
