//! Accounts, duties, invitations, sessions, the slow-down of sign-in, drafts.

use uuid::Uuid;
use yice::domain::clock::{DAY, MINUTE};
use yice::domain::ids::{DraftId, InvitationId, PersonId, SchoolId};
use yice::domain::relation::Duty;
use yice::domain::words::{Kind, Language, Relation, Role};
use yice::policy::Manage;
use yice::store::{Account, Draft, Invitation, Throttle};

use crate::support::both_backends;
use crate::support::cluster::Engine;
use crate::support::house::{House, NOW, permit};

both_backends!(
    a_sign_in_name_is_taken_once,
    an_account_can_sign_in_once_it_has_keys_and_while_it_is_open,
    an_administrator_of_another_school_closes_nobody,
    a_duty_counts_from_its_first_moment_to_its_last,
    an_invitation_opens_once_and_before_it_expires,
    an_invitation_is_listed_and_taken_back,
    a_cleared_account_has_no_keys_until_the_next_invitation,
    a_session_is_touched_resealed_and_ended_by_its_own_person,
    signing_out_everywhere_ends_every_session,
    what_ended_by_itself_is_swept_away,
    a_slow_down_is_kept_until_it_changes,
    a_draft_replaces_the_earlier_one_of_the_same_form,
);

fn account(house: &House, person: PersonId, seed: u8) -> Account {
    Account {
        id: person,
        school_id: house.school,
        salt: vec![seed, 1],
        kdf: "argon2id".to_owned(),
        auth: vec![seed, 2],
        identity: vec![seed, 3],
        recipient: format!("age1{seed}"),
        recipient_mac: vec![seed, 4],
    }
}

async fn a_sign_in_name_is_taken_once(engine: Engine) {
    let house = House::new(engine).await;
    let mut tx = house.begin().await;
    let newcomer = house.a_person(PersonId(Uuid::now_v7()), "li");
    let refused = tx.insert_person(&house.manage(Kind::Staff).await, &newcomer, NOW).await;
    assert!(matches!(refused, Err(error) if error.is_taken("login")));
    drop(tx);
    let staff = house.on.db.read().await.unwrap().persons(house.school).await.unwrap();
    let logins: Vec<&str> = staff.iter().map(|person| person.login.as_str()).collect();
    assert_eq!(logins, ["li", "zhao"], "by name, and nobody twice");
}

async fn an_account_can_sign_in_once_it_has_keys_and_while_it_is_open(engine: Engine) {
    let house = House::new(engine).await;
    let (person, staff) = (house.teacher, house.manage(Kind::Staff).await);
    let mut tx = house.begin().await;
    assert!(tx.account("li").await.unwrap().is_none(), "the invitation was not accepted yet");
    tx.put_account(&house.own(person).await, &account(&house, person, 9)).await.unwrap();
    tx.set_language(&house.own(person).await, Language::En).await.unwrap();
    tx.commit().await.unwrap();

    let mut conn = house.on.db.read().await.unwrap();
    let found = conn.account("li").await.unwrap().unwrap();
    let expected = account(&house, person, 9);
    assert_eq!((found.id, found.school_id, found.kdf), (person, house.school, expected.kdf));
    assert_eq!((found.salt, found.auth, found.identity), (expected.salt, expected.auth, expected.identity));
    assert_eq!((found.recipient, found.recipient_mac), (expected.recipient, expected.recipient_mac));
    let known = conn.person(person).await.unwrap().unwrap();
    assert_eq!((known.recipient.as_deref(), known.language), (Some("age19"), Language::En));
    assert_eq!(known.version, 2);
    assert!(conn.account("zhao").await.unwrap().is_none());
    assert!(conn.person(PersonId(Uuid::nil())).await.unwrap().is_none());
    drop(conn);

    let mut tx = house.begin().await;
    assert!(tx.set_active(&staff, person, false).await.unwrap());
    tx.commit().await.unwrap();
    assert!(house.on.db.read().await.unwrap().account("li").await.unwrap().is_none());
}

async fn an_administrator_of_another_school_closes_nobody(engine: Engine) {
    let house = House::new(engine).await;
    let elsewhere = SchoolId(Uuid::now_v7());
    let pair = (Role::SysAdmin, Relation::SameSchool);
    let foreign = permit::<Manage>(house.helper, elsewhere, pair, Kind::Staff, elsewhere.0).await;
    let mut tx = house.begin().await;
    assert!(!tx.set_active(&foreign, house.teacher, false).await.unwrap());
    assert!(tx.person(house.teacher).await.unwrap().unwrap().active);
    let duty = Duty { role: Role::Helper, school: house.school, class: None };
    tx.insert_duty(&house.manage(Kind::Staff).await, house.helper, &duty, NOW).await.unwrap();
    let (id, ..) = tx.school_duties(house.school, NOW).await.unwrap()[0];
    assert!(tx.end_duty(&foreign, id, NOW).await.unwrap().is_none());
}

async fn a_duty_counts_from_its_first_moment_to_its_last(engine: Engine) {
    let house = House::new(engine).await;
    let staff = house.manage(Kind::Staff).await;
    let homeroom = Duty { role: Role::HomeroomTeacher, school: house.school, class: Some(house.classes[0]) };
    let mut tx = house.begin().await;
    tx.insert_duty(&staff, house.teacher, &homeroom, NOW).await.unwrap();
    tx.commit().await.unwrap();

    let mut tx = house.begin().await;
    assert!(tx.duties(house.teacher, NOW - 1).await.unwrap().is_empty(), "it has not begun");
    assert_eq!(tx.duties(house.teacher, NOW).await.unwrap(), [homeroom]);
    assert!(tx.duties(house.helper, NOW).await.unwrap().is_empty());
    let (id, holder, duty) = tx.school_duties(house.school, NOW).await.unwrap()[0];
    assert_eq!((holder, duty), (house.teacher, homeroom));

    assert_eq!(tx.end_duty(&staff, id, NOW + 10).await.unwrap(), Some((house.teacher, homeroom)));
    assert_eq!(tx.end_duty(&staff, id, NOW + 20).await.unwrap(), None, "it ended before");
    assert_eq!(tx.duties(house.teacher, NOW + 9).await.unwrap(), [homeroom]);
    assert!(tx.duties(house.teacher, NOW + 10).await.unwrap().is_empty());
    assert!(tx.school_duties(house.school, NOW + 10).await.unwrap().is_empty());
}

async fn an_invitation_opens_once_and_before_it_expires(engine: Engine) {
    let house = House::new(engine).await;
    let staff = house.manage(Kind::Staff).await;
    let invitation = |expires_at| Invitation {
        id: InvitationId(Uuid::now_v7()),
        person_id: house.helper,
        offices: Some(vec![5, 5]),
        expires_at,
    };
    let (first, second) = (invitation(NOW + DAY), invitation(NOW + DAY));
    let mut tx = house.begin().await;
    tx.insert_invitation(&staff, &first, b"first code").await.unwrap();
    tx.insert_invitation(&staff, &second, b"second code").await.unwrap();
    tx.commit().await.unwrap();

    let mut tx = house.begin().await;
    assert!(tx.invitation(b"first code", NOW).await.unwrap().is_none(), "the second one took its place");
    assert!(tx.invitation(b"second code", NOW + DAY).await.unwrap().is_none(), "it expired");
    let found = tx.invitation(b"second code", NOW).await.unwrap().unwrap();
    assert_eq!((found.id, found.person_id, found.expires_at), (second.id, house.helper, NOW + DAY));
    assert_eq!(found.offices, Some(vec![5, 5]));
    assert!(tx.use_invitation(&staff, second.id).await.unwrap());
    assert!(!tx.use_invitation(&staff, second.id).await.unwrap(), "it was used up");
    assert!(tx.invitation(b"second code", NOW).await.unwrap().is_none());
}

async fn a_session_is_touched_resealed_and_ended_by_its_own_person(engine: Engine) {
    let house = House::new(engine).await;
    let (own, others) = (house.own(house.teacher).await, house.own(house.helper).await);
    let mut tx = house.begin().await;
    tx.insert_session(&own, b"token", vec![1], NOW).await.unwrap();
    tx.touch_session(&own, b"token", NOW + MINUTE).await.unwrap();
    tx.put_ring(&others, b"token", vec![6]).await.unwrap();
    tx.end_session(&others, b"token").await.unwrap();
    let kept = tx.signed_in(b"token", NOW).await.unwrap().map(|present| present.session).unwrap();
    assert_eq!((kept.person_id, kept.created_at, kept.seen_at), (house.teacher, NOW, NOW + MINUTE));
    assert_eq!(kept.ring, [1], "somebody else can neither reseal nor end it");

    tx.put_ring(&own, b"token", vec![2]).await.unwrap();
    assert_eq!(tx.signed_in(b"token", NOW).await.unwrap().map(|present| present.session).unwrap().ring, [2]);
    tx.end_session(&own, b"token").await.unwrap();
    assert!(tx.signed_in(b"token", NOW).await.unwrap().map(|present| present.session).is_none());
}

async fn signing_out_everywhere_ends_every_session(engine: Engine) {
    let house = House::new(engine).await;
    let own = house.own(house.teacher).await;
    let mut tx = house.begin().await;
    for token in [b"desk", b"home"] {
        tx.insert_session(&own, token, vec![1], NOW).await.unwrap();
    }
    tx.insert_session(&house.own(house.helper).await, b"other", vec![1], NOW).await.unwrap();
    tx.end_sessions(&own, house.teacher).await.unwrap();
    assert!(tx.signed_in(b"desk", NOW).await.unwrap().map(|present| present.session).is_none());
    assert!(tx.signed_in(b"home", NOW).await.unwrap().map(|present| present.session).is_none());
    assert!(tx.signed_in(b"other", NOW).await.unwrap().map(|present| present.session).is_some());
}

async fn what_ended_by_itself_is_swept_away(engine: Engine) {
    let house = House::new(engine).await;
    let own = house.own(house.teacher).await;
    let staff = house.manage(Kind::Staff).await;
    let invitation =
        Invitation { id: InvitationId(Uuid::now_v7()), person_id: house.helper, offices: None, expires_at: NOW - 1 };
    let mut tx = house.begin().await;
    tx.insert_session(&own, b"idle", vec![1], NOW - 50).await.unwrap();
    tx.insert_session(&own, b"old", vec![1], NOW - 100).await.unwrap();
    tx.touch_session(&own, b"old", NOW).await.unwrap();
    tx.insert_session(&own, b"running", vec![1], NOW - 50).await.unwrap();
    tx.touch_session(&own, b"running", NOW).await.unwrap();
    tx.put_throttle(b"over", Throttle { failures: 3, until: NOW - DAY - 1 }).await.unwrap();
    tx.put_throttle(b"recent", Throttle { failures: 3, until: NOW - DAY }).await.unwrap();
    tx.insert_invitation(&staff, &invitation, b"expired").await.unwrap();

    assert_eq!(tx.sweep_sign_in(NOW - 10, NOW - 90, NOW).await.unwrap(), 2);
    assert!(tx.signed_in(b"idle", NOW).await.unwrap().map(|present| present.session).is_none());
    assert!(tx.signed_in(b"old", NOW).await.unwrap().map(|present| present.session).is_none());
    assert!(tx.signed_in(b"running", NOW).await.unwrap().map(|present| present.session).is_some());
    assert_eq!(tx.throttle(b"over").await.unwrap().failures, 0);
    assert_eq!(tx.throttle(b"recent").await.unwrap().failures, 3);
    assert!(tx.invitation(b"expired", NOW - 10).await.unwrap().is_none());
}

async fn a_slow_down_is_kept_until_it_changes(engine: Engine) {
    let house = House::new(engine).await;
    let mut tx = house.begin().await;
    let none = tx.throttle(b"name").await.unwrap();
    assert_eq!((none.failures, none.until), (0, 0));
    for failures in [1, 2] {
        tx.put_throttle(b"name", Throttle { failures, until: NOW + failures }).await.unwrap();
    }
    let kept = tx.throttle(b"name").await.unwrap();
    assert_eq!((kept.failures, kept.until), (2, NOW + 2));
}

async fn a_draft_replaces_the_earlier_one_of_the_same_form(engine: Engine) {
    let house = House::new(engine).await;
    let (own, others) = (house.own(house.teacher).await, house.own(house.helper).await);
    let draft = |sealed: u8, updated_at| Draft { id: DraftId(Uuid::now_v7()), sealed: vec![sealed], updated_at };
    let (earlier, later) = (draft(1, NOW), draft(2, NOW + 1));
    let mut tx = house.begin().await;
    tx.put_draft(&own, b"entry", &earlier).await.unwrap();
    tx.put_draft(&own, b"entry", &later).await.unwrap();
    tx.put_draft(&own, b"note", &draft(3, NOW)).await.unwrap();
    tx.put_draft(&others, b"entry", &draft(4, NOW)).await.unwrap();

    let kept = tx.draft(house.teacher, b"entry").await.unwrap().unwrap();
    assert_eq!((kept.id, kept.sealed, kept.updated_at), (later.id, vec![2], NOW + 1));
    tx.delete_draft(&own, b"entry").await.unwrap();
    assert!(tx.draft(house.teacher, b"entry").await.unwrap().is_none());
    assert!(tx.draft(house.teacher, b"note").await.unwrap().is_some());
    assert!(tx.draft(house.helper, b"entry").await.unwrap().is_some());
}

async fn an_invitation_is_listed_and_taken_back(engine: Engine) {
    let house = House::new(engine).await;
    let staff = house.manage(Kind::Staff).await;
    let invitation =
        |person_id, expires_at| Invitation { id: InvitationId(Uuid::now_v7()), person_id, offices: None, expires_at };
    let expired = invitation(house.helper, NOW - 1);
    let mut tx = house.begin().await;
    tx.insert_invitation(&staff, &expired, b"one").await.unwrap();
    tx.insert_invitation(&staff, &invitation(house.teacher, NOW + DAY), b"two").await.unwrap();
    let mut listed = tx.invitations(house.school).await.unwrap();
    listed.sort_unstable();
    let mut expected = [(house.helper, NOW - 1), (house.teacher, NOW + DAY)];
    expected.sort_unstable();
    assert_eq!(listed, expected);
    assert!(tx.invitations(SchoolId(Uuid::nil())).await.unwrap().is_empty());
    assert_eq!(tx.invitation_of(house.helper).await.unwrap().unwrap().id, expired.id, "also an expired one");

    tx.delete_invitation(&staff, house.helper).await.unwrap();
    assert!(tx.invitation_of(house.helper).await.unwrap().is_none());
    assert!(tx.invitation_of(house.teacher).await.unwrap().is_some());
}

async fn a_cleared_account_has_no_keys_until_the_next_invitation(engine: Engine) {
    let house = House::new(engine).await;
    let person = house.teacher;
    let elsewhere = SchoolId(Uuid::now_v7());
    let pair = (Role::SysAdmin, Relation::SameSchool);
    let foreign = permit::<Manage>(house.helper, elsewhere, pair, Kind::Staff, elsewhere.0).await;
    let mut tx = house.begin().await;
    tx.put_account(&house.own(person).await, &account(&house, person, 9)).await.unwrap();
    tx.clear_account(&foreign, person).await.unwrap();
    assert!(tx.account("li").await.unwrap().is_some(), "an administrator of another school clears nobody");
    tx.clear_account(&house.manage(Kind::Staff).await, person).await.unwrap();
    assert!(tx.account("li").await.unwrap().is_none());
    let cleared = tx.person(person).await.unwrap().unwrap();
    assert_eq!((cleared.recipient, cleared.recipient_mac, cleared.version), (None, None, 3));
    assert!(cleared.active, "only the keys are gone");
}
