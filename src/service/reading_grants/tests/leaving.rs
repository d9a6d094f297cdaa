//! People leave, change their role or forget a password; offices change their keys; notes go to a successor.

use secrecy::{ExposeSecret as _, SecretString};

use super::*;
use crate::domain::keeping::{Unsealing, UnsealingGround};
use crate::domain::relation::Standing;
use crate::domain::words::FileStatus;
use crate::policy::Sign;

impl House {
    async fn admin(&mut self) -> Viewer {
        self.school.hire("admin", Role::SysAdmin, None).await
    }

    async fn duty(&self, of: &Viewer) -> Uuid {
        let mut conn = self.app().db.read().await.unwrap();
        let duties = conn.school_duties(self.school.founded.id, self.app().now()).await.unwrap();
        duties.into_iter().find(|(_, holder, _)| *holder == of.person.id).unwrap().0
    }

    async fn both(&self) {
        self.give(&self.li, 0, NOTES, &self.wang).await;
        self.give(&self.li, 0, CONTACT, &self.sun).await;
    }

    async fn running(&self) -> Vec<ReadingKind> {
        let mut conn = self.app().db.read().await.unwrap();
        let grants = conn.reading_grants(self.school.founded.id).await.unwrap();
        let mut kinds: Vec<ReadingKind> = grants.into_iter().map(|one| one.kind).collect();
        kinds.sort_unstable();
        kinds
    }

    /// The counselling office, and all others with it, gets a new key.
    async fn rotate_offices(&mut self) {
        self.app().rotate_office(&self.qian, self.school.founded.counselling.office).await.unwrap();
        self.qian = self.sign_in("qian").await;
        self.zhang = self.sign_in("zhang").await;
        self.sun = self.sign_in("sun").await;
        self.lu = self.sign_in("lu").await;
    }

    /// Who is left does what is due: a counsellor on the page of the offices, the author by a sign-in.
    async fn settle(&mut self) {
        self.app().rotate_office(&self.qian, self.school.founded.counselling.office).await.unwrap();
        self.li = self.sign_in("li").await;
        assert_eq!(self.findings().await, []);
    }
}

#[tokio::test]
async fn a_reader_whose_account_closes_reads_no_more_and_the_keys_change() {
    let mut house = House::new().await;
    let admin = house.admin().await;
    house.both().await;
    for gone in [house.wang.person.id, house.sun.person.id] {
        house.app().close_account(&admin, gone).await.unwrap();
    }
    assert_eq!(house.running().await, []);
    assert_eq!((house.holds(&house.wang).await, house.holds(&house.sun).await), (HashSet::new(), HashSet::new()));
    assert_eq!(house.lines(0, Event::ReadingEnded).await, 2);
    house.settle().await;
    assert!(house.epoch(0, NOTES).await == 2 && house.epoch(0, CONTACT).await > 1);
    assert_eq!(house.own(&house.li, 0).await, ["谈了睡眠"]);
}

#[tokio::test]
async fn a_reader_who_loses_the_role_reads_no_more() {
    let mut house = House::new().await;
    let admin = house.admin().await;
    house.both().await;
    for (reader, left) in [(house.wang.clone(), vec![CONTACT]), (house.sun.clone(), vec![])] {
        house.app().give_duty(&admin, reader.person.id, Role::SchoolDoctor, None).await.unwrap();
        let duty = house.duty(&reader).await;
        house.app().end_duty(&admin, reader.person.id, duty).await.unwrap();
        assert_eq!(house.running().await, left);
        assert_eq!(house.holds(&reader).await, HashSet::new());
    }
    house.settle().await;
    assert_eq!(house.epoch(0, NOTES).await, 2);
}

#[tokio::test]
async fn a_reader_with_a_new_identity_must_be_asked_again() {
    let mut house = House::new().await;
    house.both().await;
    let standing = Standing::installation(house.school.founded.id);
    for reader in [house.wang.person.id, house.sun.person.id] {
        let invited = house.app().renew(&standing, reader).await.unwrap();
        let code = invited.code.expose_secret().to_owned();
        let password = SecretString::from(crate::service::testing::PASSWORD);
        house.app().accept_invitation(&code, password, "127.0.0.1").await.unwrap();
    }
    assert_eq!(house.running().await, []);
    house.wang = house.sign_in("wang").await;
    assert_eq!(house.supervised(&house.wang, 0).await, []);
    house.app().rotate_lost_keys(&house.qian).await.unwrap();
    house.li = house.sign_in("li").await;
    assert_eq!(house.epoch(0, NOTES).await, 2);
    assert_eq!(house.holds(&house.wang).await, HashSet::new(), "a rotation gives it to no new identity");
    house.give(&house.li, 0, NOTES, &house.wang).await;
    assert_eq!(house.supervised(&house.wang, 0).await, of_li(&["谈了睡眠"]));
}

#[tokio::test]
async fn with_the_giver_ends_what_was_given() {
    let mut house = House::new().await;
    let admin = house.admin().await;
    house.both().await;
    house.app().close_account(&admin, house.li.person.id).await.unwrap();
    assert_eq!(house.running().await, []);
    assert_eq!((house.holds(&house.wang).await, house.holds(&house.sun).await), (HashSet::new(), HashSet::new()));
    assert_eq!(house.supervised(&house.wang, 0).await, []);
    house.app().rotate_office(&house.qian, house.school.founded.counselling.office).await.unwrap();
    // Nobody writes under the key of notes whose author is gone: nothing has to move on.
    assert_eq!(house.findings().await, []);
}

#[tokio::test]
async fn who_is_no_counsellor_any_more_lets_nobody_read_and_a_class_may_change_its_teacher() {
    let mut house = House::new().await;
    let admin = house.admin().await;
    house.give(&house.zhang, 1, CONTACT, &house.sun).await;
    house.both().await;
    for (giver, left) in [(house.zhang.clone(), vec![NOTES, CONTACT, CONTACT]), (house.li.clone(), vec![CONTACT])] {
        house.app().give_duty(&admin, giver.person.id, Role::SchoolDoctor, None).await.unwrap();
        let duty = house.duty(&giver).await;
        house.app().end_duty(&admin, giver.person.id, duty).await.unwrap();
        assert_eq!(house.running().await, left, "{}", giver.person.login);
    }
    assert!(house.address(&house.sun, 1).await.0.is_some(), "the class has another teacher, the director reads on");
    assert_eq!(house.address(&house.sun, 0).await, none());
}

#[tokio::test]
async fn offices_change_their_keys_and_readers_read_on() {
    let mut house = House::new().await;
    house.both().await;
    house.rotate_offices().await;
    assert_eq!(house.epoch(0, CONTACT).await, 2);
    assert_eq!(house.address(&house.sun, 0).await.0.as_deref(), Some(STREET));
    assert_eq!(house.supervised(&house.wang, 0).await, of_li(&["谈了睡眠"]));
    assert_eq!(house.findings().await, []);
    let shown = house.app().readings(&house.zhang, house.students[0]).await.unwrap();
    assert_eq!(shown.grants[0].reason.as_deref(), Some("想一起看看怎么帮"));
    // One reader goes and another stays.
    let other = house.give(&house.zhang, 0, CONTACT, &house.lu).await;
    house.end(&house.zhang, 0, other).await;
    assert_eq!((house.address(&house.sun, 0).await.0.is_some(), house.address(&house.lu, 0).await.0), (true, None));
    assert_eq!(house.findings().await, []);
}

#[tokio::test]
async fn a_successor_keeps_the_notes_when_a_reader_goes_and_gets_nothing_back_that_was_lost() {
    let mut house = House::new().await;
    house.app().hand_over_notes(&house.li, house.qian.person.id, &house.students).await.unwrap();
    let grant = house.give(&house.li, 0, NOTES, &house.wang).await;
    house.end(&house.li, 0, grant).await;
    let inherited = async |house: &House, student: usize| {
        let read = house.app().inherited_notes(&house.qian, house.students[student]).await;
        read.map(|read| read.into_iter().map(|one| one.notes.len()).collect::<Vec<_>>())
    };
    assert_eq!(inherited(&house, 0).await.unwrap(), [1]);
    assert_eq!(house.findings().await, []);

    // The successor's identity is made anew: the notes are lost to it, and a rotation does not hand them to whoever has it now.
    let standing = Standing::installation(house.school.founded.id);
    let invited = house.app().renew(&standing, house.qian.person.id).await.unwrap();
    let code = invited.code.expose_secret().to_owned();
    let password = SecretString::from(crate::service::testing::PASSWORD);
    house.app().accept_invitation(&code, password, "127.0.0.1").await.unwrap();
    house.qian = house.sign_in("qian").await;
    house.li = house.sign_in("li").await;
    assert_eq!((house.epoch(0, NOTES).await, house.epoch(1, NOTES).await), (3, 2), "what was lost moved on");
    assert_eq!(house.holds(&house.qian).await, HashSet::new());
    assert!(matches!(inherited(&house, 0).await, Err(Error::NoKey)));
    assert_eq!(house.own(&house.li, 0).await, ["谈了睡眠"]);
}

#[tokio::test]
async fn a_helper_who_reads_by_grant_too_loses_one_and_keeps_the_other() {
    let mut house = House::new().await;
    let duty = crate::domain::relation::Duty { role: Role::Helper, school: house.school.founded.id, class: None };
    let standing = Standing::installation(house.school.founded.id);
    let staff = house.app().permit::<crate::policy::Manage>(&standing, Kind::Staff, house.school.founded.id.0).await;
    let mut tx = house.app().begin().await.unwrap();
    tx.insert_duty(&staff.unwrap(), house.sun.person.id, &duty, house.app().now()).await.unwrap();
    tx.commit().await.unwrap();
    house.sun = house.sign_in("sun").await;
    let (app, student) = (house.app(), house.students[0]);
    app.set_status(&house.li, student, FileStatus::InSupport, 1).await.unwrap();
    let today = app.clock.today();
    let new = crate::service::NewPairing {
        helper: house.sun.person.id,
        purpose: "辅导".to_owned(),
        condition: crate::domain::helping::Condition::Learning,
        told: crate::service::Told::default(),
        starts: today,
        ends: today.saturating_add(30.days()),
    };
    let grant = house.give(&house.li, 0, CONTACT, &house.sun).await;
    let pairing = app.start_pairing(&house.li, student, new).await.unwrap();
    app.accept_pairing(&house.sun, pairing).await.unwrap();
    house.end(&house.li, 0, grant).await;
    assert!(house.holds(&house.sun).await.contains(&(student.0, Compartment::Contact)), "as a helper");
    house.give(&house.li, 0, CONTACT, &house.sun).await;
    // A director who may not read contact ends the pairing: what the grant gives stays.
    app.end_pairing(&house.lu, pairing, "目标达成").await.unwrap();
    assert_eq!(house.holds(&house.sun).await, HashSet::from([(student.0, Compartment::Contact)]));
    assert_eq!(house.address(&house.sun, 0).await.1.as_deref(), Some("li"));
    assert_eq!(house.findings().await, []);
}

#[tokio::test]
async fn with_a_file_go_its_grants_and_wraps() {
    let house = House::new().await;
    house.both().await;
    house.give(&house.li, 1, NOTES, &house.wang).await;
    let (app, student) = (house.app(), house.students[0]);
    let mut tx = app.begin().await.unwrap();
    let approach = app.approach(&mut tx, &house.li, student).await.unwrap();
    let sign = app.policy.permit::<Sign>(&approach.standing, Kind::Erasure, student.0).unwrap();
    tx.erase_file(&sign, false).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(house.running().await, [NOTES]);
    assert_eq!(house.holds(&house.sun).await, HashSet::new());
    assert_eq!(house.holds(&house.wang).await, HashSet::from([(house.students[1].0, Compartment::Counselling)]));
    assert_eq!(house.findings().await, []);
}

#[tokio::test]
async fn a_file_that_is_sealed_away_is_read_by_no_grant_and_the_day_passes_all_the_same() {
    let mut house = House::new().await;
    let student = house.students[0];
    house.both().await;
    assert_eq!(house.supervised(&house.wang, 0).await, of_li(&["谈了睡眠"]));
    assert!(house.address(&house.sun, 0).await.0.is_some());
    for status in [FileStatus::InSupport, FileStatus::Closed] {
        let seen = house.app().db.read().await.unwrap().student(student).await.unwrap().unwrap().version;
        house.app().set_status(&house.zhang, student, status, seen).await.unwrap();
    }
    house.app().seal_away(&house.li, student).await.unwrap();
    assert_eq!(house.supervised(&house.wang, 0).await, []);
    assert!(matches!(house.app().open_file(&house.sun, student).await, Err(Error::NotFound)));
    let again = house.new_reading(CONTACT, &house.lu);
    let given = house.app().give_reading(&house.li, student, FormId(Uuid::new_v4()), &again).await;
    assert!(matches!(given, Err(Error::NotFound)), "and nobody is let in");

    house.app().clock.advance(8 * DAY);
    (house.qian, house.li) = (house.sign_in("qian").await, house.sign_in("li").await);
    assert_eq!((house.holds(&house.wang).await, house.holds(&house.sun).await), (HashSet::new(), HashSet::new()));
    assert_eq!(house.running().await, []);

    let wish = Unsealing { ground: UnsealingGround::Family, why: "家长要求查看".to_owned() };
    house.app().ask_unsealing(&house.qian, student, &wish).await.unwrap();
    let asked = house.app().file_keeping(&house.li, student).await.unwrap().unsealing.unwrap().0.id;
    house.app().sign_unsealing(&house.li, student, asked).await.unwrap();
    house.li = house.sign_in("li").await;
    assert_eq!(house.epoch(0, NOTES).await, 2, "the key moved on as soon as it could");
    assert_eq!(house.own(&house.li, 0).await, ["谈了睡眠"]);
    assert_eq!(house.supervised(&house.wang, 0).await, []);
}
