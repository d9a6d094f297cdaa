mod life;
mod outside;

use jiff::civil::date;

use super::*;
use crate::domain::clock::DAY;
use crate::domain::record::{EntryText, Field, Layer, Standing};
use crate::domain::words::{Effect, FileStatus, GroupTag, Way};
use crate::service::files::{entry_spot, layer_spot};
use crate::service::keys::Spot;
use crate::service::testing::School;
use crate::service::{Decision, FieldEdit, Who};
use crate::store::{AuditFilter, Entry, Record};
use crate::vault;

/// A class of three, of whom the first two have open files; a counsellor, a homeroom teacher, two helpers.
pub(super) struct House {
    pub school: School,
    pub counsellor: Viewer,
    pub helper: Viewer,
    pub other_helper: Viewer,
    pub class: ClassId,
    pub students: Vec<StudentId>,
}

impl House {
    async fn new() -> Self {
        let mut school = School::found().await;
        let (class, homeroom, students) = school.class(2020, 3, &["沈一诺", "韩小满", "方可"]).await;
        let counsellor = school.hire("counsellor", Role::Counsellor, None).await;
        let homeroom = school.hire("homeroom", Role::HomeroomTeacher, Some((class, &homeroom))).await;
        let helper = school.hire("helper", Role::Helper, None).await;
        let other_helper = school.hire("helper2", Role::Helper, None).await;
        for student in &students[..2] {
            school.app.set_status(&counsellor, *student, FileStatus::InSupport, 1).await.unwrap();
            let address = FieldEdit { field: Field::Address, text: "柳溪镇河东路三号".to_owned(), seen: 0 };
            school.app.edit_fields(&homeroom, *student, Compartment::Contact, vec![address]).await.unwrap();
            let strengths = FieldEdit { field: Field::Strengths, text: "爱画画".to_owned(), seen: 0 };
            school.app.edit_fields(&homeroom, *student, Compartment::Support, vec![strengths]).await.unwrap();
            let tag = Decision {
                tag: GroupTag::LeftBehind,
                standing: Standing::Verified,
                basis: "家访核实".to_owned(),
                since: None,
                until: None,
            };
            school.app.decide(&homeroom, *student, tag).await.unwrap();
        }
        Self { school, counsellor, helper, other_helper, class, students }
    }

    fn new_pairing(&self) -> NewPairing {
        NewPairing {
            helper: self.helper.person.id,
            purpose: "每周辅导一次数学".to_owned(),
            condition: Condition::Learning,
            starts: date(2026, 11, 23),
            ends: date(2027, 1, 31),
            told: Told::default(),
        }
    }

    async fn start(&self, new: NewPairing) -> Result<PairingId> {
        self.school.app.start_pairing(&self.counsellor, self.students[0], new).await
    }

    /// Starts a pairing that its helper accepts.
    async fn agree(&self, new: NewPairing, helper: &Viewer) -> Result<PairingId> {
        let id = self.start(NewPairing { helper: helper.person.id, ..new }).await?;
        self.school.app.accept_pairing(helper, id).await?;
        Ok(id)
    }

    async fn pair(&self) -> PairingId {
        self.agree(self.new_pairing(), &self.helper).await.unwrap()
    }

    async fn end(&self, pairing: PairingId) {
        self.school.app.end_pairing(&self.counsellor, pairing, "目标基本达到。").await.unwrap();
    }

    async fn write(&self, who: &Viewer, next: &str) -> Result<()> {
        let (way, effect, happened) = (Way::Talk, Effect::Better, "谈了半小时".to_owned());
        let text = EntryText { date: self.school.app.clock.today(), way, happened, effect, next: next.to_owned() };
        self.school.app.append_entry(who, self.students[0], uuid::Uuid::new_v4().into(), &text, None).await.map(drop)
    }

    async fn entries(&self) -> Vec<Entry> {
        let mut conn = self.school.app.db.read().await.unwrap();
        conn.entries(self.students[0], Compartment::Support, Uuid::nil(), 100).await.unwrap()
    }

    /// The permit that the helper gets while the pairing runs.
    async fn read_permit(&self, kind: Kind) -> Permit<Read> {
        let mut conn = self.school.app.db.read().await.unwrap();
        let approach = self.school.app.approach(&mut conn, &self.helper, self.students[0]).await.unwrap();
        self.school.app.policy.permit(&approach.standing, kind, self.students[0].0).unwrap()
    }

    /// The compartments of which a holder has wraps, by subject.
    async fn held_by(&self, holder: PersonId) -> HashSet<(Uuid, Compartment)> {
        let mut conn = self.school.app.db.read().await.unwrap();
        let keys = conn.keys_of_school(self.school.founded.id).await.unwrap();
        let wraps = conn.wrap_holders(self.school.founded.id).await.unwrap();
        let mut held: Vec<Uuid> = wraps.into_iter().filter(|w| w.1 == holder.0).map(|w| w.0).collect();
        let keys: HashSet<_> =
            keys.iter().filter(|k| held.contains(&k.id.0)).map(|k| (k.subject, k.compartment)).collect();
        held.sort_unstable();
        held.dedup();
        assert_eq!(held.len(), keys.len(), "a wrap of something that is no compartment key");
        keys
    }
}

fn spot_of(record: &Record) -> Spot<'_> {
    layer_spot(record.student_id, record.compartment, &record.layer, record.epoch, record.version)
}

fn is_not_found<T>(answer: &Result<T>) -> bool {
    matches!(answer, Err(Error::NotFound))
}

fn codes(answer: Result<PairingId>) -> Vec<(&'static str, &'static str)> {
    match answer {
        Err(Error::Invalid(problems)) => problems.into_iter().map(|p| (p.field, p.code)).collect(),
        other => panic!("expected problems, got {other:?}"),
    }
}

#[tokio::test]
async fn a_helper_opens_contact_and_support_of_the_one_student_and_knows_the_name_from_the_card() {
    let house = House::new().await;
    house.write(&house.counsellor, "约家长").await.unwrap();
    house.pair().await;
    let file = house.school.app.open_file(&house.helper, house.students[0]).await.unwrap();
    let Who::Card(card) = &file.who else { panic!("the helper read the roster") };
    assert_eq!((card.name.as_str(), card.seat, card.class), ("沈一诺", Some(1), (2020, 3)));
    assert_eq!(card.purpose, "每周辅导一次数学");
    let shown: Vec<Compartment> = file.compartments.iter().map(|c| c.compartment).collect();
    assert_eq!(shown, [Compartment::Contact, Compartment::Support]);
    let texts: Vec<&str> = file
        .compartments
        .iter()
        .flat_map(|c| &c.fields)
        .filter_map(|f| f.value.as_ref())
        .map(|v| v.text.as_str())
        .collect();
    assert_eq!(texts, ["柳溪镇河东路三号", "爱画画"]);
    assert!(file.compartments.iter().all(|c| !c.may_write && c.circumstances.is_empty()));
    assert_eq!(file.entries[0].text.next, "约家长");
}

#[tokio::test]
async fn a_helper_finds_nobody_else_and_no_class_list() {
    let house = House::new().await;
    house.pair().await;
    let app = &house.school.app;
    assert!(is_not_found(&app.open_file(&house.helper, house.students[1]).await));
    assert!(is_not_found(&app.open_file(&house.other_helper, house.students[0]).await));
    assert!(is_not_found(&app.class_list(&house.helper, house.class).await));
    assert!(is_not_found(&app.search(&house.helper, "沈").await));
    assert!(is_not_found(&app.classes(&house.helper).await));
    assert!(is_not_found(&app.pairings(&house.helper).await));
    assert!(is_not_found(&app.edit_form(&house.helper, house.students[0], Compartment::Circumstance).await));
}

#[tokio::test]
async fn a_helper_holds_two_keys_and_none_of_the_class_or_the_circumstances() {
    let house = House::new().await;
    assert!(house.held_by(house.helper.person.id).await.is_empty());
    house.pair().await;
    let student = house.students[0].0;
    let two = HashSet::from([(student, Compartment::Contact), (student, Compartment::Support)]);
    assert_eq!(house.held_by(house.helper.person.id).await, two);
    // Even with a permit that policy would never give, the second lock stays shut.
    let app = &house.school.app;
    let mut conn = app.db.read().await.unwrap();
    let approach = app.approach(&mut conn, &house.counsellor, house.students[0]).await.unwrap();
    let stolen = app.policy.permit::<Read>(&approach.standing, Kind::Circumstance, student).unwrap();
    let keys = Keys::of(&mut conn, &house.helper, &app.secret, student).await.unwrap();
    let records = conn.records(house.students[0]).await.unwrap();
    let record = records.iter().find(|r| r.compartment == Compartment::Circumstance).unwrap();
    assert!(matches!(keys.read::<_, Layer>(&stolen, &spot_of(record), &record.sealed), Err(Error::NoKey)));
}

#[tokio::test]
async fn a_pairing_opens_nothing_before_its_first_day_and_nothing_after_its_last() {
    let house = House::new().await;
    let app = &house.school.app;
    let later = NewPairing { starts: date(2026, 11, 25), ends: date(2026, 11, 27), ..house.new_pairing() };
    house.agree(later, &house.helper).await.unwrap();
    for (opens, day) in [(false, 23), (false, 24), (true, 25), (true, 26), (true, 27), (false, 28)] {
        assert_eq!(app.clock.today(), date(2026, 11, day));
        assert_eq!(app.open_file(&house.helper, house.students[0]).await.is_ok(), opens, "on {day}");
        assert_eq!(house.write(&house.helper, "").await.is_ok(), opens, "on {day}");
        assert_eq!(app.helping(&house.helper).await.unwrap().helped.len(), usize::from(opens), "on {day}");
        app.clock.advance(DAY);
    }
    let pairings = app.pairings(&house.counsellor).await.unwrap();
    assert_eq!(pairings.pairings[0].state, PairingState::Over);
}

#[tokio::test]
async fn a_former_helper_with_an_old_copy_of_the_database_reads_nothing_written_later() {
    let house = House::new().await;
    house.write(&house.counsellor, "之前").await.unwrap();
    let pairing = house.pair().await;
    let (_folder, copy) = house.school.copy().await;
    let (student, app) = (house.students[0], &house.school.app);
    let support = house.read_permit(Kind::Support).await;
    let contact = house.read_permit(Kind::Contact).await;

    house.end(pairing).await;
    house.write(&house.counsellor, "之后").await.unwrap();

    // What the copy opens is what stood there: the keys in it are real.
    let mut old = copy.read().await.unwrap();
    let keys = Keys::of(&mut old, &house.helper, &app.secret, student.0).await.unwrap();
    let before = old.entries(student, Compartment::Support, Uuid::nil(), 100).await.unwrap();
    let text: EntryText = keys.read(&support, &entry_spot(&before[0]), &before[0].sealed).unwrap();
    assert_eq!(text.next, "之前");

    // Nothing in the database of today opens with them: not what was written later, not what was sealed anew.
    let entries = house.entries().await;
    assert_eq!(entries.len(), 2);
    let mut conn = app.db.read().await.unwrap();
    let records = conn.records(student).await.unwrap();
    let mut tries: Vec<(&Permit<Read>, Spot<'_>, &[u8])> = Vec::new();
    for entry in &entries {
        tries.push((&support, entry_spot(entry), &entry.sealed));
    }
    for record in records.iter().filter(|r| HELPED.contains(&r.compartment)) {
        let permit = if record.compartment == Compartment::Support { &support } else { &contact };
        tries.push((permit, spot_of(record), &record.sealed));
    }
    assert_eq!(tries.len(), 4, "two entries and a record in each compartment");
    for (permit, spot, sealed) in tries {
        assert!(matches!(keys.read::<_, serde_json::Value>(permit, &spot, sealed), Err(Error::NoKey)));
        for (_, key) in keys.all(spot.compartment, Uuid::nil()) {
            let place = spot.place(house.school.founded.id, student.0);
            assert_eq!(key.open(permit, &place, sealed).unwrap_err(), vault::Error::Sealed);
        }
    }
    // And today's database holds no wrap for them at all.
    assert!(house.held_by(house.helper.person.id).await.is_empty());
    assert!(is_not_found(&app.open_file(&house.helper, student).await));
    assert!(app.helping(&house.helper).await.unwrap().helped.is_empty());
    let file = app.open_file(&house.counsellor, student).await.unwrap();
    let nexts: Vec<&str> = file.entries.iter().map(|e| e.text.next.as_str()).collect();
    assert_eq!(nexts, ["之后", "之前"]);
}

#[tokio::test]
async fn ending_one_pairing_leaves_the_other_helpers_of_the_student_their_keys() {
    let mut house = House::new().await;
    let third = house.school.hire("helper3", Role::Helper, None).await;
    let ended = house.pair().await;
    house.agree(house.new_pairing(), &house.other_helper).await.unwrap();
    let tomorrow = NewPairing { helper: third.person.id, starts: date(2026, 11, 24), ..house.new_pairing() };
    let asked = house.start(tomorrow).await.unwrap();
    house.end(ended).await;
    house.write(&house.counsellor, "换了钥匙以后").await.unwrap();
    house.school.app.clock.advance(DAY);
    // Asked before the keys changed, and agrees after it: the next keys were wrapped to whoever was asked, too.
    assert!(is_not_found(&house.school.app.open_file(&third, house.students[0]).await));
    house.school.app.accept_pairing(&third, asked).await.unwrap();
    for helper in [&house.other_helper, &third] {
        let file = house.school.app.open_file(helper, house.students[0]).await.unwrap();
        assert_eq!(file.entries[0].text.next, "换了钥匙以后");
        assert_eq!(file.who.name(), "沈一诺");
    }
}

#[tokio::test]
async fn ending_a_pairing_twice_is_the_same_as_once() {
    let house = House::new().await;
    let pairing = house.pair().await;
    house.end(pairing).await;
    let epochs = |keys: Vec<crate::store::Key>| keys.iter().map(|k| k.epoch).max();
    let mut conn = house.school.app.db.read().await.unwrap();
    assert_eq!(epochs(conn.keys_of(house.students[0].0).await.unwrap()), Some(2));
    drop(conn);
    house.end(pairing).await;
    let mut conn = house.school.app.db.read().await.unwrap();
    assert_eq!(epochs(conn.keys_of(house.students[0].0).await.unwrap()), Some(2));
}

#[tokio::test]
async fn a_pairing_that_cannot_be_is_refused_with_the_reason() {
    let mut house = House::new().await;
    let standing = crate::domain::relation::Standing::installation(house.school.founded.id);
    let invited = invite(&house, &standing).await;
    let colleague = house.school.hire("counsellor2", Role::Counsellor, None).await;
    let myself = house.counsellor.person.id;
    let good = house.new_pairing();
    let refused = [
        (NewPairing { helper: myself, ..good.clone() }, ("helper", "helper-is-you")),
        (NewPairing { helper: colleague.person.id, ..good.clone() }, ("helper", "helper-has-no-such-role")),
        (NewPairing { helper: PersonId(Uuid::now_v7()), ..good.clone() }, ("helper", "helper-has-no-such-role")),
        (NewPairing { helper: invited, ..good.clone() }, ("helper", "helper-not-ready")),
        (NewPairing { ends: date(2026, 11, 22), ..good.clone() }, ("ends", "ends-before-it-starts")),
        (
            NewPairing { starts: date(2026, 9, 1), ends: date(2026, 11, 22), ..good.clone() },
            ("ends", "ends-in-the-past"),
        ),
        (NewPairing { ends: date(2027, 11, 24), ..good.clone() }, ("ends", "longer-than-a-year")),
        (NewPairing { purpose: " ".to_owned(), ..good.clone() }, ("purpose", "required")),
        (NewPairing { purpose: "学".repeat(201), ..good.clone() }, ("purpose", "too-long")),
    ];
    for (new, problem) in refused {
        assert_eq!(codes(house.start(new).await), [problem]);
    }
    let unopened = house.school.app.start_pairing(&house.counsellor, house.students[2], good.clone()).await;
    assert_eq!(codes(unopened), [("helper", "no-open-file")]);
    assert!(house.held_by(house.helper.person.id).await.is_empty(), "a refused pairing left a key behind");
    let longest = NewPairing { purpose: "学".repeat(200), ends: date(2027, 11, 23), ..good.clone() };
    house.start(longest).await.unwrap();
    assert_eq!(codes(house.start(good).await), [("helper", "helper-already")]);
}

/// An account with the role of a helper whose invitation was not accepted.
async fn invite(house: &House, standing: &crate::domain::relation::Standing) -> PersonId {
    let app = &house.school.app;
    let school = house.school.founded.id;
    let permit = app.permit::<Manage>(standing, Kind::Staff, school.0).await.unwrap();
    let id = PersonId(Uuid::now_v7());
    let mut person = house.helper.person.clone();
    (person.id, person.login) = (id, "invited".to_owned());
    let duty = crate::domain::relation::Duty { role: Role::Helper, school, class: None };
    let mut tx = app.begin().await.unwrap();
    tx.insert_person(&permit, &person, app.now()).await.unwrap();
    tx.insert_duty(&permit, id, &duty, app.now()).await.unwrap();
    tx.commit().await.unwrap();
    id
}

#[tokio::test]
async fn after_its_last_day_the_same_two_people_can_be_paired_again() {
    let house = House::new().await;
    house.agree(NewPairing { ends: date(2026, 11, 23), ..house.new_pairing() }, &house.helper).await.unwrap();
    house.school.app.clock.advance(2 * DAY);
    assert!(is_not_found(&house.school.app.open_file(&house.helper, house.students[0]).await));
    house.agree(NewPairing { starts: date(2026, 11, 25), ..house.new_pairing() }, &house.helper).await.unwrap();
    assert!(house.school.app.open_file(&house.helper, house.students[0]).await.is_ok());
    let listed = house.school.app.pairings(&house.counsellor).await.unwrap().pairings;
    let states: Vec<PairingState> = listed.iter().map(|l| l.state).collect();
    assert_eq!(states, [PairingState::Running, PairingState::Ended]);
}

#[tokio::test]
async fn a_counsellor_or_a_director_starts_and_ends_pairings_and_others_find_nothing() {
    let mut house = House::new().await;
    let director = house.school.hire("director", Role::MoralEdDirector, None).await;
    let leader = house.school.hire("leader", Role::SchoolLeader, None).await;
    let pairing = house.pair().await;
    let app = &house.school.app;
    for nobody in [&leader, &house.helper] {
        let new = NewPairing { helper: house.other_helper.person.id, ..house.new_pairing() };
        assert!(is_not_found(&app.start_pairing(nobody, house.students[0], new).await));
        assert!(is_not_found(&app.pairing_form(nobody, house.students[0]).await));
        assert!(is_not_found(&app.managed_pairing(nobody, pairing).await));
        assert!(is_not_found(&app.pause_pairing(nobody, pairing).await));
        assert!(is_not_found(&app.end_pairing(nobody, pairing, "小结").await));
    }
    assert!(is_not_found(&app.end_pairing(&house.counsellor, PairingId(Uuid::now_v7()), "小结").await));
    assert!(app.open_file(&house.helper, house.students[0]).await.is_ok());
    assert!(is_not_found(&app.helping(&house.counsellor).await));
    assert!(is_not_found(&app.pairings(&leader).await));
    assert!(app.pairings(&director).await.unwrap().may_manage);
}

#[tokio::test]
async fn the_store_refuses_a_second_running_pairing_and_a_permit_for_another_student() {
    let house = House::new().await;
    let id = house.pair().await;
    let app = &house.school.app;
    let mut tx = app.begin().await.unwrap();
    let pairing = tx.pairing(id).await.unwrap().unwrap();
    let standing = house.counsellor.at_school();
    let other = app.policy.permit::<Manage>(&standing, Kind::Pairing, house.students[1].0).unwrap();
    assert!(!tx.end_pairing(&other, id).await.unwrap());
    let permit = app.policy.permit::<Manage>(&standing, Kind::Pairing, house.students[0].0).unwrap();
    let again = Pairing { id: PairingId(Uuid::now_v7()), ..pairing };
    assert!(tx.insert_pairing(&permit, &again).await.unwrap_err().is_taken("pairings"));
}

#[tokio::test]
async fn the_list_names_pairings_and_those_without_a_helper_for_those_who_hold_the_roster() {
    let mut house = House::new().await;
    let director = house.school.hire("director", Role::MoralEdDirector, None).await;
    house.pair().await;
    let app = &house.school.app;
    for reader in [&house.counsellor, &director] {
        let list = app.pairings(reader).await.unwrap();
        let named: Vec<_> =
            list.pairings.iter().map(|l| (l.row.as_ref().unwrap().name.as_str(), l.helper.as_str())).collect();
        assert_eq!(named, [("沈一诺", "helper")]);
        let alone: Vec<&str> = list.without_helper.iter().map(|l| l.row.name.as_str()).collect();
        assert_eq!((alone, list.without_helper_count), (vec!["韩小满"], 1));
    }
    let keyless = Viewer { ring: house.helper.ring.clone(), ..house.counsellor.clone() };
    let list = app.pairings(&keyless).await.unwrap();
    assert!(list.pairings[0].row.is_none() && list.without_helper.is_empty());
    assert_eq!(list.without_helper_count, 1);
}

#[tokio::test]
async fn the_helpers_page_shows_the_last_day_written_about_and_a_correction_in_place_of_what_it_corrects() {
    let house = House::new().await;
    house.pair().await;
    let app = &house.school.app;
    assert!(app.helping(&house.helper).await.unwrap().helped[0].last.is_none());
    let entry = |day, next: &str| EntryText {
        date: date(2026, 11, day),
        way: Way::Phone,
        happened: "通电话".to_owned(),
        effect: Effect::Better,
        next: next.to_owned(),
    };
    let student = house.students[0];
    let newest = app
        .append_entry(&house.helper, student, uuid::Uuid::new_v4().into(), &entry(20, "写错了"), None)
        .await
        .unwrap();
    app.append_entry(&house.helper, student, uuid::Uuid::new_v4().into(), &entry(10, "补记的旧事"), None)
        .await
        .unwrap();
    app.append_entry(&house.helper, student, uuid::Uuid::new_v4().into(), &entry(20, "周五家访"), Some(newest))
        .await
        .unwrap();
    let helped = app.helping(&house.helper).await.unwrap().helped;
    assert_eq!(helped.len(), 1);
    let last = helped[0].last.as_ref().unwrap();
    assert_eq!((last.date, last.next.as_str()), (date(2026, 11, 20), "周五家访"));
    assert_eq!(helped[0].card.as_ref().unwrap().purpose, "每周辅导一次数学");
    assert!(app.helping(&house.other_helper).await.unwrap().helped.is_empty());
}

#[tokio::test]
async fn every_act_about_a_pairing_leaves_one_line_and_no_name() {
    let mut house = House::new().await;
    let officer = house.school.hire("officer", Role::PrivacyOfficer, None).await;
    let app = &house.school.app;
    app.pairing_form(&house.counsellor, house.students[0]).await.unwrap();
    let pairing = house.pair().await;
    app.helping(&house.helper).await.unwrap();
    app.pairings(&house.counsellor).await.unwrap();
    house.end(pairing).await;
    let _refused = app.helping(&house.counsellor).await;
    let permit = app.permit::<Read>(&officer.at_school(), Kind::Audit, house.school.founded.id.0).await.unwrap();
    let mut conn = app.db.read().await.unwrap();
    let mut lines = conn.audit_lines(&permit, &AuditFilter::default(), 7).await.unwrap();
    lines.reverse();
    let said: Vec<_> = lines.iter().map(|l| (l.line.event, l.line.actor, l.line.object)).collect();
    let (student, school) = (house.students[0].0, house.school.founded.id.0);
    let (counsellor, helper) = (house.counsellor.person.id, house.helper.person.id);
    let expected = [
        (Event::PairingsRead, counsellor, student),
        (Event::PairingStarted, counsellor, student),
        (Event::PairingAccepted, helper, student),
        (Event::PairingsRead, helper, student),
        (Event::PairingsRead, counsellor, school),
        (Event::PairingEnded, counsellor, student),
        (Event::Refused, counsellor, counsellor.0),
    ];
    assert_eq!(said, expected);
    assert!(lines.iter().all(|l| l.line.detail.is_ascii()));
    assert_eq!(conn.verify_chain(house.school.founded.id).await.unwrap(), None);
}
