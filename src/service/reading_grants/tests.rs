mod leaving;

use std::collections::HashSet;

use jiff::ToSpan as _;

use super::*;
use crate::domain::clock::DAY;
use crate::domain::reading::LONGEST;
use crate::domain::record::{Field, NoteText, SessionForm};
use crate::domain::session::Session;
use crate::domain::words::{Action, Compartment, Role};
use crate::service::files::{entry_spot, layer_spot};
use crate::service::testing::School;
use crate::service::{FieldEdit, Finding, KeyFinding};
use crate::store::{NewWrap, WrapForm};
use crate::vault::{CompartmentKey, KeyName, wrap_key};

const STREET: &str = "柳溪镇河东路三号";

/// Two students of a class, each with notes of one counsellor and with how to reach the family; two colleagues of the counsellor,
/// the homeroom teacher, two directors.
struct House {
    school: School,
    students: Vec<StudentId>,
    li: Viewer,
    wang: Viewer,
    qian: Viewer,
    zhang: Viewer,
    sun: Viewer,
    lu: Viewer,
}

fn note(process: &str, app: &App) -> NoteText {
    NoteText {
        date: app.clock.today(),
        form: SessionForm::FaceToFace,
        minutes: 40,
        complaint: String::new(),
        process: process.to_owned(),
        plan: String::new(),
        limits_told: true,
        session: Session::default(),
    }
}

impl House {
    async fn new() -> Self {
        let mut school = School::found().await;
        let (class, homeroom, students) = school.class(2020, 1, &["田小禾", "贺小雨"]).await;
        let li = school.hire("li", Role::Counsellor, None).await;
        let wang = school.hire("wang", Role::Counsellor, None).await;
        let qian = school.hire("qian", Role::Counsellor, None).await;
        let zhang = school.hire("zhang", Role::HomeroomTeacher, Some((class, &homeroom))).await;
        let sun = school.hire("sun", Role::MoralEdDirector, None).await;
        let lu = school.hire("lu", Role::MoralEdDirector, None).await;
        let house = Self { school, students, li, wang, qian, zhang, sun, lu };
        for (student, process) in [(0, "谈了睡眠"), (1, "谈了同桌")] {
            house.school.fill(&house.zhang, house.students[student], STREET).await;
            house.note(&house.li, student, process).await;
        }
        house
    }

    const fn app(&self) -> &App {
        &self.school.app
    }

    async fn note(&self, viewer: &Viewer, student: usize, process: &str) {
        let form = FormId(Uuid::new_v4());
        let text = note(process, self.app());
        self.app().append_note(viewer, self.students[student], form, &text, None).await.unwrap();
    }

    fn new_reading(&self, kind: ReadingKind, person: &Viewer) -> NewReading {
        let until = Some(self.app().clock.today().saturating_add(7.days()));
        NewReading { kind, person: person.person.id, reason: "想一起看看怎么帮".to_owned(), until }
    }

    async fn give(&self, by: &Viewer, student: usize, kind: ReadingKind, to: &Viewer) -> ReadingGrantId {
        let (form, new) = (FormId(Uuid::new_v4()), self.new_reading(kind, to));
        self.app().give_reading(by, self.students[student], form, &new).await.unwrap()
    }

    async fn end(&self, by: &Viewer, student: usize, grant: ReadingGrantId) {
        self.app().end_reading(by, self.students[student], grant).await.unwrap();
    }

    /// What a person reads of colleagues' notes on a student: whose, and the texts.
    async fn supervised(&self, viewer: &Viewer, student: usize) -> Vec<(String, Vec<String>)> {
        let read = self.app().supervised_notes(viewer, self.students[student]).await.unwrap();
        let texts = |notes: Vec<crate::service::ShownNote>| notes.into_iter().map(|note| note.text.process).collect();
        read.into_iter().map(|one| (one.grant.by, texts(one.notes))).collect()
    }

    async fn own(&self, viewer: &Viewer, student: usize) -> Vec<String> {
        let notes = self.app().notes(viewer, self.students[student]).await.unwrap();
        notes.into_iter().map(|note| note.text.process).collect()
    }

    /// The address that a person reads in a file, and by whose grant.
    async fn address(&self, viewer: &Viewer, student: usize) -> (Option<String>, Option<String>) {
        let file = self.app().open_file(viewer, self.students[student]).await.unwrap();
        let contact = file.compartments.iter().find(|part| part.compartment == Compartment::Contact);
        assert!(contact.is_none_or(|part| !part.may_write || viewer.has(Role::HomeroomTeacher)));
        let mut shown = contact.into_iter().flat_map(|part| &part.fields);
        let address = shown.find(|shown| shown.field == Field::Address).and_then(|shown| shown.value.as_ref());
        (address.map(|value| value.text.clone()), file.contact_by.map(|grant| grant.by))
    }

    /// The subjects and compartments of the keys that a person holds directly.
    async fn holds(&self, viewer: &Viewer) -> HashSet<(Uuid, Compartment)> {
        let mut conn = self.app().db.read().await.unwrap();
        let keys = conn.keys_held_by(self.school.founded.id, viewer.person.id.0).await.unwrap();
        keys.into_iter().map(|key| (key.subject, key.compartment)).collect()
    }

    async fn epoch(&self, student: usize, kind: ReadingKind) -> i64 {
        let mut conn = self.app().db.read().await.unwrap();
        let keys = conn.keys_of(self.students[student].0).await.unwrap();
        let owner = self.li.owner_of(kind.compartment());
        keys.into_iter().find(|key| key.compartment == kind.compartment() && key.owner == owner).unwrap().epoch
    }

    async fn findings(&self) -> Vec<KeyFinding> {
        self.app().key_check(self.school.founded.id).await.unwrap()
    }

    /// How often an event stands in the trail of a student's file, as those of its office see it.
    async fn lines(&self, student: usize, event: Event) -> usize {
        let (lines, _) = self.app().views(&self.zhang, self.students[student]).await.unwrap();
        lines.iter().filter(|stored| stored.line.event == event).count()
    }

    async fn sign_in(&mut self, login: &str) -> Viewer {
        self.school.sign_in(login).await
    }
}

const NOTES: ReadingKind = ReadingKind::Supervision;
const CONTACT: ReadingKind = ReadingKind::Contact;

fn of_li(texts: &[&str]) -> Vec<(String, Vec<String>)> {
    vec![("li".to_owned(), texts.iter().map(|text| (*text).to_owned()).collect())]
}

fn none() -> (Option<String>, Option<String>) {
    (None, None)
}

#[tokio::test]
async fn a_supervisor_reads_the_notes_of_the_one_who_asked_on_the_one_student_and_writes_nothing_there() {
    let house = House::new().await;
    assert_eq!(house.supervised(&house.wang, 0).await, []);
    let grant = house.give(&house.li, 0, NOTES, &house.wang).await;
    assert_eq!(house.supervised(&house.wang, 0).await, of_li(&["谈了睡眠"]));
    assert_eq!(house.holds(&house.wang).await, HashSet::from([(house.students[0].0, Compartment::Counselling)]));
    assert_eq!(house.supervised(&house.wang, 1).await, [], "the other student");
    assert_eq!(house.supervised(&house.qian, 0).await, [], "the other colleague");
    assert_eq!(house.own(&house.wang, 0).await, [""; 0], "they are nobody else's own");
    house.note(&house.li, 0, "又谈了一次").await;
    house.note(&house.wang, 0, "我也谈了").await;
    assert_eq!(house.supervised(&house.wang, 0).await, of_li(&["又谈了一次", "谈了睡眠"]));
    assert_eq!(
        house.own(&house.li, 0).await,
        ["又谈了一次", "谈了睡眠"],
        "what the supervisor writes is an own record"
    );
    assert_eq!(house.findings().await, []);

    house.end(&house.li, 0, grant).await;
    assert_eq!(house.supervised(&house.wang, 0).await, []);
    assert_eq!(house.epoch(0, NOTES).await, 2);
    house.end(&house.li, 0, grant).await;
    assert_eq!(house.epoch(0, NOTES).await, 2, "ending twice changes no key");
    house.note(&house.li, 0, "之后").await;
    assert_eq!(house.own(&house.li, 0).await, ["之后", "又谈了一次", "谈了睡眠"]);
    assert_eq!(house.own(&house.wang, 0).await, ["我也谈了"]);
    assert_eq!(house.findings().await, []);
    let seen = [Event::ReadingGiven, Event::ReadByGrant, Event::ReadingEnded];
    for (event, times) in seen.into_iter().zip([1, 2, 1]) {
        assert_eq!(house.lines(0, event).await, times, "{event}");
        assert_eq!(house.lines(1, event).await, 0, "{event}");
    }
}

#[tokio::test]
async fn a_director_reads_how_to_reach_the_one_family_and_changes_nothing() {
    let house = House::new().await;
    assert_eq!(house.address(&house.sun, 0).await, none());
    let grant = house.give(&house.zhang, 0, CONTACT, &house.sun).await;
    assert_eq!(house.address(&house.sun, 0).await, (Some(STREET.to_owned()), Some("zhang".to_owned())));
    assert_eq!(house.holds(&house.sun).await, HashSet::from([(house.students[0].0, Compartment::Contact)]));
    assert_eq!(house.address(&house.sun, 1).await, none(), "the other family");
    assert_eq!(house.address(&house.lu, 0).await, none(), "the other director");
    let printed = house.app().tracking_record(&house.sun, house.students[0]).await.unwrap();
    assert!(printed.file.compartments.iter().all(|part| part.compartment != Compartment::Contact), "not on paper");
    let edit = FieldEdit { field: Field::Address, text: "别处".to_owned(), seen: 1 };
    let changed = house.app().edit_fields(&house.sun, house.students[0], Compartment::Contact, vec![edit]).await;
    assert!(matches!(changed, Err(Error::NotFound)));
    // What the family says meanwhile is there too.
    let edit = FieldEdit { field: Field::Address, text: "搬到河西".to_owned(), seen: 1 };
    house.app().edit_fields(&house.zhang, house.students[0], Compartment::Contact, vec![edit]).await.unwrap();
    assert_eq!(house.address(&house.sun, 0).await.0.as_deref(), Some("搬到河西"));
    assert_eq!(house.findings().await, []);

    // Whoever keeps it may end it, not only who gave it.
    house.end(&house.qian, 0, grant).await;
    assert_eq!(house.address(&house.sun, 0).await, none());
    assert_eq!(house.holds(&house.sun).await, HashSet::new());
    assert_eq!((house.epoch(0, CONTACT).await, house.epoch(1, CONTACT).await), (2, 1));
    assert_eq!(house.address(&house.zhang, 0).await.0.as_deref(), Some("搬到河西"));
    assert_eq!(house.findings().await, []);
    assert_eq!((house.lines(0, Event::ReadByGrant).await, house.lines(0, Event::ReadingEnded).await), (2, 1));
    // And the reason is still there for those who keep the file.
    let shown = house.app().readings(&house.qian, house.students[0]).await.unwrap();
    let told: Vec<_> = shown.grants.iter().map(|one| (one.running, one.reason.as_deref())).collect();
    assert_eq!(told, [(false, Some("想一起看看怎么帮"))]);
}

/// The relation is made for one question: over all kinds and acts, nothing else changes for the two readers.
#[tokio::test]
async fn a_grant_makes_nobody_granted_for_anything_else() {
    let house = House::new().await;
    let app = house.app();
    let may = async |viewer: &Viewer, student: usize| {
        let approach = app.approach(&mut app.db.read().await.unwrap(), viewer, house.students[student]).await.unwrap();
        let words = Kind::ALL.iter().flat_map(|kind| Action::ALL.iter().map(move |action| (*kind, *action)));
        words.filter(|(kind, action)| app.policy.may(&approach.standing, *kind, *action)).collect::<Vec<_>>()
    };
    let before = [may(&house.wang, 0).await, may(&house.sun, 0).await];
    let ids = [house.give(&house.li, 0, NOTES, &house.wang).await, house.give(&house.li, 0, CONTACT, &house.sun).await];
    assert_eq!([may(&house.wang, 0).await, may(&house.sun, 0).await], before);
    for never in [Kind::Restricted, Kind::Counselling] {
        assert!(!before[1].contains(&(never, Action::Read)), "{never}");
    }
    assert!(
        !before[0].contains(&(Kind::Counselling, Action::Read))
            && !before[0].contains(&(Kind::Restricted, Action::Read))
    );

    let mut conn = app.db.read().await.unwrap();
    for (id, reader, kind) in [(ids[0], &house.wang, Kind::Counselling), (ids[1], &house.sun, Kind::Contact)] {
        let grant = conn.reading_grant(id).await.unwrap().unwrap();
        let here = app.approach(&mut conn, reader, house.students[0]).await.unwrap();
        let permit = app.by_grant(reader, &here, &grant).unwrap();
        assert_eq!((permit.kind(), permit.object()), (kind, house.students[0].0));
        let elsewhere = app.approach(&mut conn, reader, house.students[1]).await.unwrap();
        assert!(app.by_grant(reader, &elsewhere, &grant).is_none(), "another student");
        for other in [&house.qian, &house.lu, &house.zhang, &house.li] {
            assert!(app.by_grant(other, &here, &grant).is_none(), "another person");
        }
        // A role that policy does not let read by grant gets nothing, whatever the row says.
        let forged = ReadingGrant { person_id: house.zhang.person.id, ..grant };
        assert!(app.by_grant(&house.zhang, &here, &forged).is_none());
    }
}

#[tokio::test]
async fn a_former_reader_with_an_old_copy_of_the_database_reads_nothing_written_later() {
    let house = House::new().await;
    let (app, student) = (house.app(), house.students[0]);
    let grants =
        [house.give(&house.li, 0, NOTES, &house.wang).await, house.give(&house.zhang, 0, CONTACT, &house.sun).await];
    let (_folder, copy) = house.school.copy().await;
    let mut permits = Vec::new();
    for (id, reader) in grants.into_iter().zip([&house.wang, &house.sun]) {
        let mut conn = app.db.read().await.unwrap();
        let approach = app.approach(&mut conn, reader, student).await.unwrap();
        let grant = conn.reading_grant(id).await.unwrap().unwrap();
        permits.push(app.by_grant(reader, &approach, &grant).unwrap());
    }
    house.end(&house.li, 0, grants[0]).await;
    house.end(&house.zhang, 0, grants[1]).await;
    house.note(&house.li, 0, "之后").await;

    let own = house.li.person.id.0;
    let mut old = copy.read().await.unwrap();
    let notes = Keys::of(&mut old, &house.wang, &app.secret, student.0).await.unwrap();
    let contact = Keys::of(&mut old, &house.sun, &app.secret, student.0).await.unwrap();
    let before = old.entries(student, Compartment::Counselling, own, 9).await.unwrap();
    let text: NoteText = notes.read(&permits[0], &entry_spot(&before[0]), &before[0].sealed).unwrap();
    assert_eq!(text.process, "谈了睡眠", "the keys of the copy are real");

    let mut conn = app.db.read().await.unwrap();
    let entries = conn.entries(student, Compartment::Counselling, own, 9).await.unwrap();
    assert_eq!(entries.len(), 2);
    let mut tries: Vec<(&Keys, &Permit<Read>, Spot<'_>, &[u8])> = Vec::new();
    tries.extend(entries.iter().map(|one| (&notes, &permits[0], entry_spot(one), one.sealed.as_slice())));
    let records = conn.records(student).await.unwrap();
    for one in records.iter().filter(|one| one.compartment == Compartment::Contact) {
        let spot = layer_spot(student, one.compartment, &one.layer, one.epoch, one.version);
        tries.push((&contact, &permits[1], spot, &one.sealed));
    }
    let reasons = conn.reading_grants_of_student(student).await.unwrap();
    for one in &reasons {
        let (keys, permit) = if one.kind == NOTES { (&notes, &permits[0]) } else { (&contact, &permits[1]) };
        tries.push((keys, permit, reason_spot(one), &one.sealed));
    }
    assert_eq!(tries.len(), 2 + 1 + 2, "notes, a record, reasons");
    for (keys, permit, spot, sealed) in tries {
        assert!(matches!(keys.read::<_, serde_json::Value>(permit, &spot, sealed), Err(Error::NoKey)));
        let place = spot.place(house.school.founded.id, student.0);
        assert!(keys.all(spot.compartment, spot.owner).count() > 0);
        for (_, key) in keys.all(spot.compartment, spot.owner) {
            assert_eq!(key.open(permit, &place, sealed).unwrap_err(), crate::vault::Error::Sealed);
        }
    }
}

#[tokio::test]
async fn past_its_last_day_a_grant_opens_nothing_the_check_names_its_keys_and_a_sign_in_ends_it() {
    let mut house = House::new().await;
    house.give(&house.li, 0, NOTES, &house.wang).await;
    house.give(&house.li, 0, CONTACT, &house.sun).await;
    house.app().clock.advance(7 * DAY);
    (house.wang, house.sun) = (house.sign_in("wang").await, house.sign_in("sun").await);
    assert_eq!(house.supervised(&house.wang, 0).await.len(), 1, "the last day counts");
    assert!(house.address(&house.sun, 0).await.0.is_some());
    assert_eq!(house.findings().await, []);

    house.app().clock.advance(DAY);
    house.sun = house.sign_in("sun").await;
    assert_eq!(house.address(&house.sun, 0).await, none());
    assert_eq!(house.supervised(&house.wang, 0).await, []);
    let (finding, key, epoch) = (Finding::OverGrant, Uuid::nil(), 1);
    let over = |of: &Viewer| KeyFinding { finding, key, holder: of.person.id.0, epoch };
    let mut found: Vec<KeyFinding> =
        house.findings().await.into_iter().map(|one| KeyFinding { key: Uuid::nil(), ..one }).collect();
    found.sort_unstable();
    let mut expected = vec![over(&house.wang), over(&house.sun)];
    expected.sort_unstable();
    assert_eq!(found, expected);

    // A colleague's sign-in ends both: contact moves on, the notes wait for their author.
    house.qian = house.sign_in("qian").await;
    assert_eq!((house.holds(&house.wang).await, house.holds(&house.sun).await), (HashSet::new(), HashSet::new()));
    assert_eq!((house.epoch(0, CONTACT).await, house.epoch(0, NOTES).await), (2, 1));
    let waits: Vec<Finding> = house.findings().await.iter().map(|one| one.finding).collect();
    assert_eq!(waits, [Finding::RotationDue]);
    assert_eq!(house.app().offices(&house.qian).await.unwrap().keys_due, 0, "nobody but the author can do it");
    house.li = house.sign_in("li").await;
    assert_eq!(house.epoch(0, NOTES).await, 2);
    assert_eq!(house.own(&house.li, 0).await, ["谈了睡眠"]);
    assert_eq!(house.findings().await, []);
    assert_eq!(house.lines(0, Event::ReadingEnded).await, 2);
}

#[tokio::test]
async fn the_homeroom_teachers_sign_in_ends_contact_of_the_own_class_and_no_notes() {
    let mut house = House::new().await;
    house.give(&house.li, 0, NOTES, &house.wang).await;
    house.give(&house.li, 0, CONTACT, &house.sun).await;
    house.app().clock.advance(8 * DAY);
    house.sign_in("sun").await;
    assert_eq!(house.holds(&house.sun).await.len(), 1, "who keeps no keys ends nothing");
    house.zhang = house.sign_in("zhang").await;
    assert_eq!((house.holds(&house.sun).await.len(), house.holds(&house.wang).await.len()), (0, 1));
    assert_eq!(house.epoch(0, CONTACT).await, 2);
    house.li = house.sign_in("li").await;
    assert_eq!((house.holds(&house.wang).await.len(), house.epoch(0, NOTES).await), (0, 2));
    assert_eq!(house.findings().await, []);
    // Given again, it is a grant of its own.
    house.wang = house.sign_in("wang").await;
    house.give(&house.li, 0, NOTES, &house.wang).await;
    assert_eq!(house.supervised(&house.wang, 0).await, of_li(&["谈了睡眠"]));
}

#[tokio::test]
async fn what_is_past_its_day_and_was_not_ended_makes_way_for_a_new_grant() {
    let house = House::new().await;
    let first = house.give(&house.li, 0, NOTES, &house.wang).await;
    house.app().clock.advance(8 * DAY);
    let second = house.give(&house.li, 0, NOTES, &house.wang).await;
    assert_ne!(first, second);
    assert_eq!(house.epoch(0, NOTES).await, 2);
    assert_eq!(house.supervised(&house.wang, 0).await, of_li(&["谈了睡眠"]));
    assert_eq!(house.findings().await, []);
}

#[tokio::test]
async fn nobody_lets_read_what_is_not_theirs_to_give_and_a_reader_passes_nothing_on() {
    let house = House::new().await;
    let (app, student) = (house.app(), house.students[0]);
    let grant = house.give(&house.li, 0, NOTES, &house.wang).await;
    let contact = house.give(&house.li, 0, CONTACT, &house.sun).await;
    let refused = async |by: &Viewer, kind, to: &Viewer| {
        let new = house.new_reading(kind, to);
        let given = app.give_reading(by, student, FormId(Uuid::new_v4()), &new).await;
        assert!(matches!(given, Err(Error::NotFound)), "{} {kind}: {given:?}", by.person.login);
    };
    for by in [&house.sun, &house.lu] {
        refused(by, NOTES, &house.wang).await;
        refused(by, CONTACT, &house.lu).await;
        assert!(matches!(app.readings(by, student).await, Err(Error::NotFound)));
        assert!(matches!(app.end_reading(by, student, contact).await, Err(Error::NotFound)));
    }
    refused(&house.zhang, NOTES, &house.wang).await;
    for by in [&house.wang, &house.qian, &house.zhang] {
        assert!(matches!(app.end_reading(by, student, grant).await, Err(Error::NotFound)), "the author ends it");
    }
    assert!(matches!(app.end_reading(&house.li, house.students[1], grant).await, Err(Error::NotFound)));
    // The supervisor reads, and cannot hand on what was read, nor let anybody read it.
    let handed = app.hand_over_notes(&house.wang, house.qian.person.id, &[student]).await;
    assert!(matches!(handed, Err(Error::NotFound)), "{handed:?}");
    let new = house.new_reading(NOTES, &house.qian);
    let lent = app.give_reading(&house.wang, student, FormId(Uuid::new_v4()), &new).await;
    assert!(matches!(lent, Err(Error::Invalid(ref p)) if p[0].code == "no-notes-yet"), "{lent:?}");
    assert_eq!(house.supervised(&house.qian, 0).await, []);
    // Another counsellor sees who reads the contact, and nothing of who reads a colleague's notes.
    let kinds = async |viewer: &Viewer| -> Vec<ReadingKind> {
        let shown = app.readings(viewer, student).await.unwrap().grants;
        let mut kinds: Vec<ReadingKind> = shown.into_iter().map(|one| one.grant.kind).collect();
        kinds.sort_unstable();
        kinds
    };
    assert_eq!(kinds(&house.qian).await, [CONTACT]);
    assert_eq!(kinds(&house.zhang).await, [CONTACT]);
    assert_eq!(kinds(&house.li).await, [NOTES, CONTACT]);
}

#[tokio::test]
async fn what_is_wrong_with_a_grant_is_said_at_once() {
    let mut house = House::new().await;
    let qin = house.school.hire("qin", Role::Counsellor, None).await;
    let app = house.app();
    let good = house.new_reading(NOTES, &house.wang);
    let contact = house.new_reading(CONTACT, &house.sun);
    let today = app.clock.today();
    let nobody = PersonId(Uuid::now_v7());
    let cases = [
        (NewReading { person: house.li.person.id, ..good.clone() }, vec![("person", "choose")]),
        (NewReading { person: house.sun.person.id, ..good.clone() }, vec![("person", "choose")]),
        (NewReading { person: nobody, ..good.clone() }, vec![("person", "choose")]),
        (NewReading { person: house.wang.person.id, ..contact.clone() }, vec![("person", "choose")]),
        (
            NewReading { reason: " ".to_owned(), until: None, ..good.clone() },
            vec![("reason", "required"), ("until", "date-invalid")],
        ),
        (NewReading { reason: "因".repeat(REASON + 1), ..good.clone() }, vec![("reason", "too-long")]),
        (
            NewReading { until: Some(today.saturating_sub(1.day())), ..good.clone() },
            vec![("until", "date-in-the-past")],
        ),
        (
            NewReading { until: Some(today.saturating_add((LONGEST + 1).days())), ..contact.clone() },
            vec![("until", "reading-too-long")],
        ),
    ];
    let problems = async |by: &Viewer, new: &NewReading| match app
        .give_reading(by, house.students[0], FormId(Uuid::new_v4()), new)
        .await
    {
        Err(Error::Invalid(problems)) => problems.iter().map(|p| (p.field, p.code)).collect::<Vec<_>>(),
        other => panic!("{new:?}: {other:?}"),
    };
    for (new, expected) in &cases {
        assert_eq!(problems(&house.li, new).await, *expected, "{new:?}");
    }
    assert_eq!(problems(&qin, &good).await, [("person", "no-notes-yet")]);
    house.give(&house.li, 0, NOTES, &house.wang).await;
    assert_eq!(problems(&house.li, &good).await, [("person", "reading-already")]);
    assert_eq!(house.findings().await, []);
}

#[tokio::test]
async fn a_form_sent_again_is_one_grant_and_gives_nothing_back_that_was_ended() {
    let house = House::new().await;
    let (app, student) = (house.app(), house.students[0]);
    let (form, new) = (FormId(Uuid::new_v4()), house.new_reading(NOTES, &house.wang));
    let first = app.give_reading(&house.li, student, form, &new).await.unwrap();
    assert_eq!(app.give_reading(&house.li, student, form, &new).await.unwrap(), first);
    assert_eq!(house.lines(0, Event::ReadingGiven).await, 1);
    let told: Vec<String> = app.notices(&house.wang).await.unwrap().into_iter().map(|one| one.place).collect();
    assert_eq!(told, [format!("/files/{student}/notes#reading")]);
    house.end(&house.li, 0, first).await;
    assert_eq!(app.give_reading(&house.li, student, form, &new).await.unwrap(), first);
    assert_eq!(house.supervised(&house.wang, 0).await, []);
    assert_eq!(house.holds(&house.wang).await, HashSet::new());
}

/// Somebody who can write to the database, without the secret of the server.
#[tokio::test]
async fn a_grant_or_a_wrap_that_somebody_wrote_into_the_database_opens_nothing() {
    let house = House::new().await;
    let (app, student) = (house.app(), house.students[0]);
    let genuine = house.give(&house.li, 1, NOTES, &house.wang).await;
    let mut tx = app.begin().await.unwrap();
    let approach = app.approach(&mut tx, &house.li, student).await.unwrap();
    let permit = app.policy.permit::<Admit>(&approach.standing, Kind::Contact, student.0).unwrap();
    let template = tx.reading_grant(genuine).await.unwrap().unwrap();
    let mut planted = Vec::new();
    for (kind, owner, reader) in [(NOTES, house.li.person.id.0, &house.wang), (CONTACT, Uuid::nil(), &house.sun)] {
        let id = ReadingGrantId(Uuid::now_v7());
        let row =
            ReadingGrant { id, student_id: student, kind, owner, person_id: reader.person.id, ..template.clone() };
        tx.insert_reading_grant(&permit, &row).await.unwrap();
        planted.push((kind, owner, reader));
    }
    tx.commit().await.unwrap();
    let opens_nothing = async || {
        assert_eq!(house.supervised(&house.wang, 0).await, []);
        assert_eq!(house.address(&house.sun, 0).await, none());
    };
    opens_nothing().await;

    // With wraps of a key of their own, marked by another secret; and with the genuine wrap of the other student's key.
    let foreign = crate::vault::ServerSecret::generate().unwrap();
    let mut tx = app.begin().await.unwrap();
    for (kind, owner, reader) in planted {
        let key = tx.keys_of(student.0).await.unwrap().into_iter();
        let key = key.filter(|key| key.compartment == kind.compartment()).find(|key| key.owner == owner).unwrap();
        let to = app.person_recipient(&mut tx, reader.person.id).await.unwrap().unwrap();
        let name = KeyName { key: key.id, epoch: key.epoch };
        let sealed = wrap_key(&CompartmentKey::generate().unwrap(), name, &to).unwrap();
        let mark = crate::vault::mark(name, to.holder(), &sealed, &foreign).to_vec();
        let wrap = NewWrap { key: key.id.0, epoch: key.epoch, holder: to.holder(), form: WrapForm::Age, sealed, mark };
        tx.insert_wrap(&permit, &wrap).await.unwrap();
    }
    tx.commit().await.unwrap();
    opens_nothing().await;
    let mut tx = app.begin().await.unwrap();
    let wraps = tx.wraps_for(house.students[1].0, house.wang.person.id).await.unwrap();
    let other = wraps.into_iter().find(|wrap| wrap.compartment == Compartment::Counselling).unwrap();
    let mut keys = tx.keys_of(student.0).await.unwrap().into_iter();
    let key = keys.find(|key| key.compartment == Compartment::Counselling).unwrap();
    let moved = NewWrap {
        key: key.id.0,
        epoch: key.epoch,
        holder: other.holder,
        form: WrapForm::Age,
        sealed: other.sealed,
        mark: other.mark,
    };
    tx.insert_wrap(&permit, &moved).await.unwrap();
    tx.commit().await.unwrap();
    opens_nothing().await;
    assert_eq!(house.supervised(&house.wang, 1).await, of_li(&["谈了同桌"]), "where it belongs it opens");
}
