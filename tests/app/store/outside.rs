//! The school calendar, leases, hand-overs, and messages on their way out.

use uuid::Uuid;
use yice::domain::audit::Event;
use yice::domain::calendar::DayKind;
use yice::domain::clock::MINUTE;
use yice::domain::ids::{DeadlineId, PersonId, SchoolId};
use yice::domain::outside::{Channel, Fault, Sending};
use yice::domain::words::{Kind, Relation, Role};
use yice::policy::Append;
use yice::store::{AuditFilter, Handover, Lease, MarkedDay, StoredChannel};

use crate::support::both_backends;
use crate::support::cluster::Engine;
use crate::support::house::{House, NOW, permit};

both_backends!(
    a_day_is_marked_once_and_unmarked_by_range,
    a_lease_is_taken_by_whoever_saw_it_as_it_stands,
    something_is_said_once_to_each_school,
    a_case_is_handed_over_and_kept_again,
    what_the_clock_passed_on_stands_in_the_chain,
    a_channel_changes_for_whoever_saw_its_last_version,
    a_mail_is_laid_out_where_it_can_arrive_and_none_waits,
    a_message_is_taken_once_settled_and_swept,
    a_session_is_found_while_its_account_is_open,
);

fn day(day: &str, kind: DayKind) -> MarkedDay {
    MarkedDay { day: day.to_owned(), kind }
}

async fn a_day_is_marked_once_and_unmarked_by_range(engine: Engine) {
    let house = House::new(engine).await;
    let permit = house.manage(Kind::Structure).await;
    let mut tx = house.begin().await;
    for marked in [day("2027-01-04", DayKind::Off), day("2027-01-01", DayKind::Off), day("2027-01-04", DayKind::School)]
    {
        tx.mark_day(&permit, &marked).await.unwrap();
    }
    let stand = [day("2027-01-01", DayKind::Off), day("2027-01-04", DayKind::School)];
    assert_eq!(tx.marked_days(house.school).await.unwrap(), stand);
    assert!(tx.marked_days(SchoolId(Uuid::nil())).await.unwrap().is_empty());
    assert_eq!(tx.unmark_days(&permit, "2027-01-02", "2027-01-04").await.unwrap(), 1);
    assert_eq!(tx.marked_days(house.school).await.unwrap(), [day("2027-01-01", DayKind::Off)]);
}

async fn a_lease_is_taken_by_whoever_saw_it_as_it_stands(engine: Engine) {
    let house = House::new(engine).await;
    let (one, two) = (Uuid::new_v4(), Uuid::new_v4());
    let mut tx = house.begin().await;
    assert_eq!(tx.lease("sweep").await.unwrap(), None);
    assert!(tx.take_lease("sweep", one, None).await.unwrap());
    assert!(!tx.take_lease("sweep", two, None).await.unwrap());
    let first = Lease { holder: one, beat: 1 };
    assert_eq!(tx.lease("sweep").await.unwrap(), Some(first));
    assert!(tx.take_lease("sweep", one, Some(first)).await.unwrap());
    assert!(!tx.take_lease("sweep", two, Some(first)).await.unwrap(), "its holder was there meanwhile");
    assert!(tx.take_lease("sweep", two, Some(Lease { beat: 2, ..first })).await.unwrap());
    assert_eq!(tx.lease("sweep").await.unwrap(), Some(Lease { holder: two, beat: 3 }));
    assert_eq!(tx.lease("another").await.unwrap(), None);
}

async fn something_is_said_once_to_each_school(engine: Engine) {
    let house = House::new(engine).await;
    let mut tx = house.begin().await;
    assert!(!tx.was_said(house.school, "holiday 2027-01-23").await.unwrap());
    assert!(tx.first_time(house.school, "holiday 2027-01-23").await.unwrap());
    assert!(!tx.first_time(house.school, "holiday 2027-01-23").await.unwrap());
    assert!(tx.first_time(house.school, "holiday 2027-07-01").await.unwrap());
    assert!(tx.was_said(house.school, "holiday 2027-01-23").await.unwrap());
}

async fn a_case_is_handed_over_and_kept_again(engine: Engine) {
    let house = House::new(engine).await;
    let pair = (Role::Counsellor, Relation::SameSchool);
    let permit = permit::<Append>(house.teacher, house.school, pair, Kind::Warning, house.school.0).await;
    let (subject, other) = (Uuid::now_v7(), Uuid::now_v7());
    let mut tx = house.begin().await;
    for (subject, taker) in [(subject, house.teacher), (other, house.teacher), (subject, house.helper)] {
        tx.hand_over(&permit, "2027-01-23", Handover { subject, taker }, NOW).await.unwrap();
    }
    let (first, second) =
        (Handover { subject, taker: house.helper }, Handover { subject: other, taker: house.teacher });
    assert_eq!(tx.handovers(house.school, "2027-01-23").await.unwrap(), [first, second]);
    assert!(tx.handovers(house.school, "2027-07-01").await.unwrap().is_empty());
    tx.keep_case(&permit, "2027-01-23", subject).await.unwrap();
    assert_eq!(tx.handovers(house.school, "2027-01-23").await.unwrap(), [second]);
}

async fn what_the_clock_passed_on_stands_in_the_chain(engine: Engine) {
    let house = House::new(engine).await;
    let id = DeadlineId(Uuid::now_v7());
    let mut tx = house.begin().await;
    tx.record_passed_on(house.school, id.0, 2, NOW).await.unwrap();
    tx.commit().await.unwrap();
    let filter = AuditFilter { event: Some(Event::DeadlinePassedOn), ..Default::default() };
    let mut conn = house.on.db.read().await.unwrap();
    let lines = conn.audit_lines(&house.audit().await, &filter, 9).await.unwrap();
    let [stored] = &lines[..] else { panic!("{lines:?}") };
    assert_eq!(
        (stored.line.actor, stored.line.object, stored.line.detail.as_str()),
        (PersonId(Uuid::nil()), id.0, "rung=2")
    );
}

fn channel(house: &House, kind: Channel, version: i64) -> StoredChannel {
    StoredChannel { school_id: house.school, kind, version, sealed: vec![u8::try_from(version).unwrap()] }
}

async fn a_channel_changes_for_whoever_saw_its_last_version(engine: Engine) {
    let house = House::new(engine).await;
    let permit = house.manage(Kind::Structure).await;
    let mut tx = house.begin().await;
    assert!(tx.put_channel(&permit, &channel(&house, Channel::Wecom, 1)).await.unwrap());
    assert!(!tx.put_channel(&permit, &channel(&house, Channel::Wecom, 1)).await.unwrap());
    assert!(tx.put_channel(&permit, &channel(&house, Channel::Wecom, 2)).await.unwrap());
    assert!(tx.put_channel(&permit, &channel(&house, Channel::Mail, 1)).await.unwrap());
    let stand = [channel(&house, Channel::Mail, 1), channel(&house, Channel::Wecom, 2)];
    assert_eq!(tx.channels(house.school).await.unwrap(), stand);
    assert!(tx.lay_out_robot(Uuid::now_v7(), house.school, Channel::Wecom, NOW).await.unwrap());
    assert!(tx.close_channel(&permit, Channel::Wecom).await.unwrap());
    assert!(!tx.close_channel(&permit, Channel::Wecom).await.unwrap());
    assert_eq!(tx.channels(house.school).await.unwrap().len(), 1);
    assert!(tx.messages_in(house.school, Sending::Waiting, 9).await.unwrap().is_empty());
    assert!(!tx.lay_out_robot(Uuid::now_v7(), house.school, Channel::Wecom, NOW).await.unwrap(), "it is closed");
}

async fn a_mail_is_laid_out_where_it_can_arrive_and_none_waits(engine: Engine) {
    let house = House::new(engine).await;
    let (permit, own) = (house.manage(Kind::Structure).await, house.own(house.teacher).await);
    let mut tx = house.begin().await;
    assert!(!tx.lay_out_mail(Uuid::now_v7(), house.school, house.teacher, NOW).await.unwrap(), "no mail server");
    tx.put_channel(&permit, &channel(&house, Channel::Mail, 1)).await.unwrap();
    assert!(!tx.lay_out_mail(Uuid::now_v7(), house.school, house.teacher, NOW).await.unwrap(), "no address");
    tx.put_address(&own, vec![1]).await.unwrap();
    tx.put_address(&own, vec![2]).await.unwrap();
    assert_eq!(tx.address(house.teacher).await.unwrap(), Some(vec![2]));
    assert_eq!(tx.address(house.helper).await.unwrap(), None);
    let id = Uuid::now_v7();
    assert!(tx.lay_out_mail(id, house.school, house.teacher, NOW).await.unwrap());
    assert!(!tx.lay_out_mail(Uuid::now_v7(), house.school, house.teacher, NOW).await.unwrap(), "one waits");
    // After one that was just sent, the next waits a minute.
    tx.settle_message(id, Sending::Sent, None, NOW + 5).await.unwrap();
    assert!(tx.lay_out_mail(Uuid::now_v7(), house.school, house.teacher, NOW + 10).await.unwrap());
    let waiting = tx.messages_in(house.school, Sending::Waiting, 9).await.unwrap();
    assert_eq!(
        waiting.iter().map(|m| (m.next_at, m.person_id)).collect::<Vec<_>>(),
        [(NOW + 5 + MINUTE, Some(house.teacher.0))]
    );
    tx.forget_address(&own).await.unwrap();
    assert_eq!(tx.address(house.teacher).await.unwrap(), None);
    assert!(tx.messages_in(house.school, Sending::Waiting, 9).await.unwrap().is_empty());
}

async fn a_message_is_taken_once_settled_and_swept(engine: Engine) {
    let house = House::new(engine).await;
    let permit = house.manage(Kind::Structure).await;
    let (wecom, dingtalk) = (Uuid::now_v7(), Uuid::now_v7());
    let mut tx = house.begin().await;
    for (id, kind, at) in [(wecom, Channel::Wecom, NOW), (dingtalk, Channel::Dingtalk, NOW + 1)] {
        tx.put_channel(&permit, &channel(&house, kind, 1)).await.unwrap();
        assert!(tx.lay_out_robot(id, house.school, kind, at).await.unwrap());
        assert!(!tx.lay_out_robot(Uuid::now_v7(), house.school, kind, at).await.unwrap(), "one waits");
    }
    assert!(tx.messages_to_send(NOW - 1, 9).await.unwrap().is_empty());
    let due = tx.messages_to_send(NOW + 1, 9).await.unwrap();
    assert_eq!(due.iter().map(|m| (m.id, m.tries)).collect::<Vec<_>>(), [(wecom, 0), (dingtalk, 0)]);
    assert_eq!(tx.messages_to_send(NOW + 1, 1).await.unwrap().len(), 1);
    assert!(tx.take_message(&due[0], NOW + 60, NOW + 2).await.unwrap());
    assert!(!tx.take_message(&due[0], NOW + 60, NOW + 2).await.unwrap(), "another node has it");
    assert_eq!(tx.messages_to_send(NOW + 59, 9).await.unwrap().len(), 1);
    tx.settle_message(wecom, Sending::Dead, Some(Fault::Timeout), NOW + 3).await.unwrap();
    tx.settle_message(dingtalk, Sending::Sent, None, NOW + 4).await.unwrap();
    let dead = tx.messages_in(house.school, Sending::Dead, 9).await.unwrap();
    assert_eq!(dead.iter().map(|m| (m.id, m.tries, m.fault.as_str())).collect::<Vec<_>>(), [(wecom, 1, "timeout")]);
    assert_eq!(tx.sweep_messages(NOW + 4, NOW + 3).await.unwrap(), 0);
    assert_eq!(tx.sweep_messages(NOW + 5, NOW + 3).await.unwrap(), 1);
    assert_eq!(tx.sweep_messages(NOW, NOW + 4).await.unwrap(), 1);
}

async fn a_session_is_found_while_its_account_is_open(engine: Engine) {
    let house = House::new(engine).await;
    let mut tx = house.begin().await;
    tx.insert_session(&house.own(house.teacher).await, &[7; 32], vec![1], NOW).await.unwrap();
    let found = tx.session(&[7; 32]).await.unwrap().unwrap();
    assert_eq!((found.person_id, found.created_at, found.seen_at), (house.teacher, NOW, NOW));
    assert!(tx.session(&[8; 32]).await.unwrap().is_none());
    assert!(tx.set_active(&house.manage(Kind::Staff).await, house.teacher, false).await.unwrap());
    assert!(tx.session(&[7; 32]).await.unwrap().is_none());
}
