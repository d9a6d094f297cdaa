//! Acceptance, pauses, leaves and ends; and what somebody can do who kept a copy of the database and still has their password.

use secrecy::{ExposeSecret as _, SecretString};
use tempfile::TempDir;

use super::*;
use crate::domain::clock::Clock;
use crate::domain::gate::menu::Profile;
use crate::domain::helping::ReviewKind;
use crate::policy::Policy;
use crate::service::key_check::Finding;
use crate::service::testing::PASSWORD;
use crate::service::{HandOver, KdfGate};
use crate::vault::{CompartmentKey, Kdf, KdfParams, ServerSecret};

/// Somebody with a copy of the database file as it was, the password of that day, and even the secret of the server.
struct Thief {
    keys: Vec<CompartmentKey>,
    _copy: TempDir,
}

impl Thief {
    /// Copies the file and signs in to the copy.
    async fn takes(house: &House, login: &str) -> Self {
        let (copy, db) = house.school.copy().await;
        let secret = ServerSecret::parse(house.school.app.secret.to_text().expose_secret()).unwrap();
        let kdf = Kdf::new(KdfParams { memory_kib: 64, time: 1, lanes: 1 }).unwrap();
        let (policy, clock) = (Policy::load().await.unwrap(), Clock::fixed(house.school.app.now()));
        let app = App { db, policy, secret, clock, kdf: KdfGate::new(kdf, 2), noise: Profile::Standard };
        let token = app.sign_in(login, SecretString::from(PASSWORD), "::1").await.unwrap().token;
        let viewer = app.viewer(&token).await.unwrap();
        let mut conn = app.db.read().await.unwrap();
        let student = house.students[0].0;
        let opened = Keys::of(&mut conn, &viewer, &app.secret, student).await.unwrap();
        let mut keys = Vec::new();
        for compartment in Compartment::ALL {
            let found: Vec<_> = opened.all(*compartment, Uuid::nil()).map(|(name, _)| name).collect();
            for name in found {
                let again = Keys::of(&mut conn, &viewer, &app.secret, student).await.unwrap();
                keys.extend(again.into_key(*compartment, name.epoch));
            }
        }
        Self { keys, _copy: copy }
    }

    /// Of everything sealed about the student today, how much opens with any of the keys, and how much there is. The thief asks
    /// no policy, and makes themself whatever permit they like.
    async fn opens(&self, house: &House) -> (usize, usize) {
        let app = &house.school.app;
        let mut conn = app.db.read().await.unwrap();
        let student = house.students[0];
        let approach = app.approach(&mut conn, &house.counsellor, student).await.unwrap();
        let records = conn.records(student).await.unwrap();
        let helped = records.iter().filter(|record| HELPED.contains(&record.compartment));
        let mut all: Vec<(Spot<'_>, &[u8])> = helped.map(|record| (spot_of(record), &*record.sealed)).collect();
        let entries = house.entries().await;
        all.extend(entries.iter().map(|entry| (entry_spot(entry), &*entry.sealed)));
        let pairings = conn.pairings_of_student(student).await.unwrap();
        all.extend(pairings.iter().map(|pairing| (card_spot(pairing), &*pairing.card)));
        let reviews = conn.reviews(student).await.unwrap();
        all.extend(reviews.iter().map(|review| (crate::service::progress::review_spot(review), &*review.sealed)));
        let opens = |(spot, sealed): &&(Spot<'_>, &[u8])| {
            let place = spot.place(house.school.founded.id, student.0);
            let kind = spot.compartment.kind();
            let permit = app.policy.permit::<Read>(&approach.standing, kind, student.0).unwrap();
            self.keys.iter().any(|key| key.open(&permit, &place, sealed).is_ok())
        };
        (all.iter().filter(opens).count(), all.len())
    }
}

impl House {
    fn student(&self) -> StudentId {
        self.students[0]
    }

    async fn opens(&self, who: &Viewer) -> bool {
        match self.school.app.open_file(who, self.student()).await {
            Ok(_) => true,
            Err(Error::NotFound) => false,
            Err(other) => panic!("{other:?}"),
        }
    }

    async fn hand_over(&self, pairing: PairingId) -> PairingId {
        let to = HandOver { helper: self.other_helper.person.id, until: date(2026, 12, 4) };
        let stand_in = self.school.app.hand_pairing_over(&self.counsellor, pairing, to).await.unwrap();
        self.school.app.accept_pairing(&self.other_helper, stand_in).await.unwrap();
        stand_in
    }

    async fn state(&self, pairing: PairingId) -> PairingState {
        let mut conn = self.school.app.db.read().await.unwrap();
        conn.pairing(pairing).await.unwrap().unwrap().state(&self.school.app.today())
    }

    async fn findings(&self) -> Vec<Finding> {
        let findings = self.school.app.key_check(self.school.founded.id).await.unwrap();
        findings.into_iter().map(|finding| finding.finding).collect()
    }
}

fn is_stale<T: std::fmt::Debug>(answer: &Result<T>) -> bool {
    matches!(answer, Err(Error::Stale(_)))
}

#[tokio::test]
async fn nothing_opens_before_the_helper_accepts_and_nobody_accepts_for_them() {
    let house = House::new().await;
    let app = &house.school.app;
    let pairing = house.start(house.new_pairing()).await.unwrap();
    assert_eq!(house.state(pairing).await, PairingState::Proposed);
    assert!(!house.opens(&house.helper).await);
    assert!(is_not_found(&house.write(&house.helper, "").await));
    let page = app.helping(&house.helper).await.unwrap();
    assert_eq!((page.asked.len(), page.helped.len()), (1, 0));
    assert_eq!((page.asked[0].pairing, page.asked[0].by.as_str()), (pairing, "counsellor"));
    for nobody in [&house.counsellor, &house.other_helper] {
        assert!(is_not_found(&app.accept_pairing(nobody, pairing).await));
        assert!(is_not_found(&app.decline_pairing(nobody, pairing).await));
    }
    app.accept_pairing(&house.helper, pairing).await.unwrap();
    app.accept_pairing(&house.helper, pairing).await.unwrap();
    assert!(house.opens(&house.helper).await);
    assert!(is_stale(&app.decline_pairing(&house.helper, pairing).await), "too late to say no");
    let told = app.notices(&house.counsellor).await.unwrap();
    assert_eq!(told.iter().map(|notice| notice.place.as_str()).collect::<Vec<_>>(), ["/pairings"]);
    assert_eq!(app.notices(&house.helper).await.unwrap()[0].place, "/helping");
}

#[tokio::test]
async fn a_helper_who_declines_keeps_no_key_and_an_old_copy_reads_nothing_later() {
    let house = House::new().await;
    let app = &house.school.app;
    house.write(&house.counsellor, "之前").await.unwrap();
    let pairing = house.start(house.new_pairing()).await.unwrap();
    let thief = Thief::takes(&house, "helper").await;
    assert_eq!(thief.opens(&house).await, (4, 4), "an entry, two records and the card: the keys of the copy are real");
    app.decline_pairing(&house.helper, pairing).await.unwrap();
    app.decline_pairing(&house.helper, pairing).await.unwrap();
    assert_eq!(house.state(pairing).await, PairingState::Declined);
    assert!(house.held_by(house.helper.person.id).await.is_empty());
    assert_eq!(house.findings().await, [Finding::RotationDue, Finding::RotationDue]);
    app.rotate_lost_keys(&house.counsellor).await.unwrap();
    house.write(&house.counsellor, "之后").await.unwrap();
    assert_eq!(thief.opens(&house).await, (0, 5));
    assert!(house.findings().await.is_empty());
    assert!(is_stale(&app.accept_pairing(&house.helper, pairing).await));
    // The same two can be paired again.
    house.pair().await;
    assert!(house.opens(&house.helper).await);
}

#[tokio::test]
async fn a_former_helper_with_the_old_file_and_the_real_password_reads_nothing_written_later() {
    let mut house = House::new().await;
    house.write(&house.counsellor, "之前").await.unwrap();
    let pairing = house.pair().await;
    let thief = Thief::takes(&house, "helper").await;
    assert_eq!(thief.opens(&house).await, (4, 4));
    house.end(pairing).await;
    house.write(&house.counsellor, "之后").await.unwrap();
    let homeroom = house.school.sign_in("homeroom").await;
    let number = vec![FieldEdit { field: Field::Telephone, text: "10011112222".to_owned(), seen: 0 }];
    house.school.app.edit_fields(&homeroom, house.student(), Compartment::Contact, number).await.unwrap();
    assert_eq!(thief.opens(&house).await, (0, 6), "two entries, two records, the card, the closing note");
    assert!(house.findings().await.is_empty());
}

#[tokio::test]
async fn a_paused_pairing_opens_nothing_and_goes_on_with_everything_written_meanwhile() {
    let house = House::new().await;
    let app = &house.school.app;
    let pairing = house.pair().await;
    let thief = Thief::takes(&house, "helper").await;
    app.pause_pairing(&house.counsellor, pairing).await.unwrap();
    assert!(is_stale(&app.pause_pairing(&house.counsellor, pairing).await));
    assert_eq!(house.state(pairing).await, PairingState::Paused);
    assert!(!house.opens(&house.helper).await);
    assert!(house.held_by(house.helper.person.id).await.is_empty());
    house.write(&house.counsellor, "暂停期间").await.unwrap();
    assert_eq!(thief.opens(&house).await, (0, 4));
    assert_eq!(app.helping(&house.helper).await.unwrap().resting, 1);
    app.resume_pairing(&house.counsellor, pairing).await.unwrap();
    assert!(is_stale(&app.resume_pairing(&house.counsellor, pairing).await));
    let file = app.open_file(&house.helper, house.student()).await.unwrap();
    assert_eq!(file.entries[0].text.next, "暂停期间");
    assert_eq!(file.compartments.len(), 2);
    assert!(house.findings().await.is_empty());
}

#[tokio::test]
async fn a_pairing_goes_to_a_stand_in_for_a_leave_and_back_and_each_holds_the_keys_for_that_time_only() {
    let house = House::new().await;
    let app = &house.school.app;
    house.write(&house.counsellor, "之前").await.unwrap();
    let pairing = house.pair().await;
    let on_leave = Thief::takes(&house, "helper").await;

    let to = HandOver { helper: house.other_helper.person.id, until: date(2026, 12, 4) };
    let stand_in = app.hand_pairing_over(&house.counsellor, pairing, to).await.unwrap();
    assert!(!house.opens(&house.helper).await && !house.opens(&house.other_helper).await, "nobody has accepted yet");
    app.accept_pairing(&house.other_helper, stand_in).await.unwrap();
    house.write(&house.counsellor, "请假期间").await.unwrap();
    let file = app.open_file(&house.other_helper, house.student()).await.unwrap();
    assert_eq!((file.who.name(), file.entries.len(), file.compartments.len()), ("沈一诺", 2, 2));
    assert_eq!(on_leave.opens(&house).await.0, 0);
    let standing_in = Thief::takes(&house, "helper2").await;
    let (opens, all) = standing_in.opens(&house).await;
    assert_eq!(opens, all);
    let listed = app.pairings(&house.counsellor).await.unwrap().pairings;
    let original = listed.iter().find(|one| one.pairing.id == pairing).unwrap();
    let covering = listed.iter().find(|one| one.pairing.id == stand_in).unwrap();
    assert!(original.handed_over && original.state == PairingState::Paused);
    assert_eq!(covering.stands_in.as_deref(), Some("helper"));
    assert!(is_stale(&app.resume_pairing(&house.counsellor, pairing).await), "somebody stands in");

    app.give_pairing_back(&house.counsellor, pairing).await.unwrap();
    assert!(is_stale(&app.give_pairing_back(&house.counsellor, pairing).await));
    house.write(&house.counsellor, "回来以后").await.unwrap();
    assert!(house.opens(&house.helper).await && !house.opens(&house.other_helper).await);
    assert_eq!(app.open_file(&house.helper, house.student()).await.unwrap().entries.len(), 3);
    assert_eq!((on_leave.opens(&house).await.0, standing_in.opens(&house).await.0), (0, 0));
    assert!(house.held_by(house.other_helper.person.id).await.is_empty());
    assert!(house.findings().await.is_empty());
}

#[tokio::test]
async fn a_stand_in_opens_nothing_after_the_last_day_even_before_it_is_given_back() {
    let house = House::new().await;
    let pairing = house.pair().await;
    house.hand_over(pairing).await;
    house.school.app.clock.advance(12 * DAY);
    assert!(!house.opens(&house.other_helper).await && !house.opens(&house.helper).await);
    house.school.app.give_pairing_back(&house.counsellor, pairing).await.unwrap();
    assert!(house.opens(&house.helper).await);
    assert!(house.findings().await.is_empty());
}

#[tokio::test]
async fn a_leave_that_cannot_be_covered_so_is_refused_with_the_reason() {
    let house = House::new().await;
    let app = &house.school.app;
    let pairing = house.pair().await;
    let good = HandOver { helper: house.other_helper.person.id, until: date(2026, 12, 4) };
    for (to, problem) in [
        (HandOver { helper: house.helper.person.id, ..good }, ("helper", "helper-already")),
        (HandOver { helper: house.counsellor.person.id, ..good }, ("helper", "helper-is-you")),
        (HandOver { helper: PersonId(Uuid::now_v7()), ..good }, ("helper", "helper-has-no-such-role")),
        (HandOver { until: date(2027, 2, 1), ..good }, ("until", "after-the-pairing")),
        (HandOver { until: date(2026, 11, 22), ..good }, ("until", "ends-before-it-starts")),
    ] {
        assert_eq!(codes(app.hand_pairing_over(&house.counsellor, pairing, to).await), [problem]);
    }
    assert!(house.opens(&house.helper).await, "a refused leave changes nothing");
    house.hand_over(pairing).await;
    assert!(is_stale(&app.pause_pairing(&house.counsellor, pairing).await));
    house.end(pairing).await;
    assert!(!house.opens(&house.other_helper).await, "with the pairing its stand-in ends");
    assert!(house.held_by(house.other_helper.person.id).await.is_empty());
}

#[tokio::test]
async fn a_director_hands_over_support_alone_and_a_counsellor_completes_it() {
    let mut house = House::new().await;
    let director = house.school.hire("director", Role::MoralEdDirector, None).await;
    let app = &house.school.app;
    let student = house.student();
    let pairing = app.start_pairing(&director, student, house.new_pairing()).await.unwrap();
    app.accept_pairing(&house.helper, pairing).await.unwrap();
    let held = async || house.held_by(house.helper.person.id).await;
    assert_eq!(held().await, HashSet::from([(student.0, Compartment::Support)]));
    let file = app.open_file(&house.helper, student).await.unwrap();
    assert_eq!(file.compartments.iter().map(|part| part.compartment).collect::<Vec<_>>(), [Compartment::Support]);
    assert!(house.findings().await.is_empty());
    assert!(is_not_found(&app.complete_pairing(&director, pairing).await));
    app.complete_pairing(&house.counsellor, pairing).await.unwrap();
    assert!(is_stale(&app.complete_pairing(&house.counsellor, pairing).await));
    assert_eq!(app.open_file(&house.helper, student).await.unwrap().compartments.len(), 2);

    // What the director cannot rotate, the next holder of the key does; the helper has lost it at once.
    let thief = Thief::takes(&house, "helper").await;
    app.end_pairing(&director, pairing, "已达成目标").await.unwrap();
    assert!(held().await.is_empty());
    assert_eq!(house.findings().await, [Finding::RotationDue]);
    app.rotate_lost_keys(&house.counsellor).await.unwrap();
    assert_eq!(thief.opens(&house).await.0, 0);
    assert!(house.findings().await.is_empty());
}

#[tokio::test]
async fn nobody_helps_more_students_than_they_said_they_can() {
    let house = House::new().await;
    let app = &house.school.app;
    let can = crate::domain::helping::Strengths { capacity: 1, ..Default::default() };
    app.set_strengths(&house.helper, &can).await.unwrap();
    let first = house.start(house.new_pairing()).await.unwrap();
    let second = app.start_pairing(&house.counsellor, house.students[1], house.new_pairing()).await;
    assert_eq!(codes(second), [("helper", "helper-full")]);
    app.decline_pairing(&house.helper, first).await.unwrap();
    app.start_pairing(&house.counsellor, house.students[1], house.new_pairing()).await.unwrap();
}

#[tokio::test]
async fn an_end_asks_for_a_note_which_stays_in_the_record() {
    let house = House::new().await;
    let app = &house.school.app;
    let pairing = house.pair().await;
    for (note, code) in [(" ".to_owned(), "required"), ("长".repeat(2_001), "too-long")] {
        let refused = app.end_pairing(&house.counsellor, pairing, &note).await;
        assert!(matches!(refused, Err(Error::Invalid(problems)) if problems[0].code == code));
    }
    assert!(house.opens(&house.helper).await);
    house.end(pairing).await;
    let record = app.tracking_record(&house.counsellor, house.student()).await.unwrap();
    let said: Vec<_> = record.reviews.iter().map(|one| (one.review.kind, one.review.text.as_str())).collect();
    assert_eq!(said, [(ReviewKind::Closing, "目标基本达到。")]);
    // One that nobody accepted is withdrawn without a word.
    let asked = house.start(house.new_pairing()).await.unwrap();
    app.end_pairing(&house.counsellor, asked, "").await.unwrap();
    assert_eq!(house.state(asked).await, PairingState::Ended);
    assert!(house.held_by(house.helper.person.id).await.is_empty());
}

#[tokio::test]
async fn a_rotation_of_an_office_keeps_every_helper_what_they_hold_and_gives_nobody_more() {
    let house = House::new().await;
    let app = &house.school.app;
    house.start(house.new_pairing()).await.unwrap();
    let before = house.held_by(house.helper.person.id).await;
    let mut conn = app.db.read().await.unwrap();
    let offices = conn.offices(house.school.founded.id).await.unwrap();
    drop(conn);
    let counselling = offices.iter().find(|o| o.kind == crate::domain::words::OfficeKind::Counselling).unwrap().id;
    app.rotate_office(&house.counsellor, counselling).await.unwrap();
    assert_eq!(house.held_by(house.helper.person.id).await, before, "who was asked goes on holding what is to open");
    assert!(house.findings().await.is_empty());
}
