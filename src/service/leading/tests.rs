use std::collections::HashSet;

use jiff::civil::date;

use super::*;
use crate::domain::clock::DAY;
use crate::domain::ids::ClassId;
use crate::domain::record::EntryText;
use crate::domain::warning::{Severity, Step};
use crate::domain::words::Effect;
use crate::service::cases::{read_step, spot_of};
use crate::service::files::{entry_spot, layer_spot};
use crate::service::keys::Spot;
use crate::service::testing::School;
use crate::service::{Finding, Who};
use crate::vault;

/// A class of two with a warning about the first; a counsellor, a homeroom teacher, two school leaders.
struct House {
    school: School,
    counsellor: Viewer,
    homeroom: Viewer,
    leader: Viewer,
    other: Viewer,
    class: ClassId,
    students: Vec<StudentId>,
    warning: WarningId,
}

impl House {
    async fn new() -> Self {
        let mut school = School::found().await;
        let (class, key, students) = school.class(2020, 3, &["沈一诺", "韩小满"]).await;
        let counsellor = school.hire("counsellor", Role::Counsellor, None).await;
        let homeroom = school.hire("homeroom", Role::HomeroomTeacher, Some((class, &key))).await;
        let leader = school.hire("leader", Role::SchoolLeader, None).await;
        let other = school.hire("leader2", Role::SchoolLeader, None).await;
        for student in &students {
            school.fill(&homeroom, *student, "柳溪镇河东路三号").await;
        }
        let warning = school.warn(&counsellor, students[0], Severity::Critical).await;
        school.app.open_crisis(&counsellor, warning, "说过不想活").await.unwrap();
        school.warn(&counsellor, students[1], Severity::High).await;
        Self { school, counsellor, homeroom, leader, other, class, students, warning }
    }

    fn new_leader(&self) -> NewLeader {
        NewLeader { person: self.leader.person.id, reason: "分管副校长".to_owned(), until: None }
    }

    async fn appoint(&self) -> GrantId {
        self.school.app.appoint_leader(&self.counsellor, self.warning, &self.new_leader()).await.unwrap()
    }

    async fn read_permit(&self, viewer: &Viewer, kind: Kind) -> Permit<Read> {
        let mut conn = self.school.app.db.read().await.unwrap();
        let approach = self.school.app.approach(&mut conn, viewer, self.students[0]).await.unwrap();
        self.school.app.policy.permit(&approach.standing, kind, self.students[0].0).unwrap()
    }

    /// The compartments of which a holder has wraps, by subject.
    async fn held_by(&self, holder: PersonId) -> HashSet<(Uuid, Compartment)> {
        let mut conn = self.school.app.db.read().await.unwrap();
        let keys = conn.keys_held_by(self.school.founded.id, holder.0).await.unwrap();
        keys.into_iter().map(|key| (key.subject, key.compartment)).collect()
    }

    /// Whether the leader reads the file and the card.
    async fn opens(&self, viewer: &Viewer) -> bool {
        match self.school.app.open_file(viewer, self.students[0]).await {
            Ok(file) => matches!(file.who, Who::Card(card) if card.name == "沈一诺"),
            Err(Error::NotFound) => false,
            Err(other) => panic!("{other:?}"),
        }
    }

    async fn findings(&self) -> Vec<crate::service::KeyFinding> {
        self.school.app.key_check(self.school.founded.id).await.unwrap()
    }
}

#[tokio::test]
async fn a_school_leader_opens_the_one_file_while_leading_its_case_and_nothing_without_the_grant() {
    let house = House::new().await;
    let app = &house.school.app;
    assert!(!house.opens(&house.leader).await);
    let four: HashSet<_> = LED.iter().map(|compartment| (house.students[0].0, *compartment)).collect();
    let grant = house.appoint().await;
    assert_eq!(house.held_by(house.leader.person.id).await, four);
    let file = app.open_file(&house.leader, house.students[0]).await.unwrap();
    let Who::Card(card) = &file.who else { panic!("the leader read the roster") };
    assert_eq!((card.name.as_str(), card.class, card.purpose.as_str()), ("沈一诺", (2020, 3), "分管副校长"));
    let shown: Vec<Compartment> = file.compartments.iter().map(|c| c.compartment).collect();
    assert_eq!(shown, [Compartment::Contact, Compartment::Circumstance, Compartment::Support]);
    assert!(file.compartments.iter().all(|c| !c.may_write));
    let led = app.leading(&house.leader).await.unwrap();
    assert_eq!((led.len(), led[0].grant.id, led[0].card.as_ref().unwrap().name.as_str()), (1, grant, "沈一诺"));
    assert!(!house.opens(&house.other).await, "the role alone opens nothing");
    assert!(app.leading(&house.other).await.unwrap().is_empty());
    for refused in [
        app.open_file(&house.leader, house.students[1]).await.map(drop),
        app.class_list(&house.leader, house.class).await.map(drop),
        app.search(&house.leader, "沈").await.map(drop),
        app.edit_fields(&house.leader, house.students[0], Compartment::Support, Vec::new()).await,
    ] {
        assert!(matches!(refused, Err(Error::NotFound)), "{refused:?}");
    }
    assert_eq!(house.findings().await, []);
}

#[tokio::test]
async fn a_former_leader_with_an_old_copy_of_the_database_reads_nothing_written_later() {
    let house = House::new().await;
    let (student, app) = (house.students[0], &house.school.app);
    let grant = house.appoint().await;
    assert!(house.opens(&house.leader).await);
    let (_folder, copy) = house.school.copy().await;
    let mut permits = std::collections::HashMap::new();
    for compartment in LED {
        permits.insert(compartment, house.read_permit(&house.leader, compartment.kind()).await);
    }

    app.end_leading(&house.counsellor, grant).await.unwrap();
    house.school.entry(&house.homeroom, student, "之后").await;

    // What the copy opens is what stood there: the keys in it are real.
    let mut old = copy.read().await.unwrap();
    let keys = Keys::of(&mut old, &house.leader, &app.secret, student.0).await.unwrap();
    let before = old.entries(student, Compartment::Support, Uuid::nil(), 9).await.unwrap();
    let text: EntryText =
        keys.read(&permits[&Compartment::Support], &entry_spot(&before[0]), &before[0].sealed).unwrap();
    assert_eq!((text.happened.as_str(), text.effect), ("柳溪镇河东路三号", Effect::Unchanged));
    let steps = old.steps(house.warning).await.unwrap();
    let step: Step = read_step(&keys, &permits[&Compartment::Warning], &steps[0]).unwrap();
    assert_eq!(step.severity, Some(Severity::Critical));

    // Nothing in the database of today opens with them: not what was written later, not what was sealed anew.
    let mut conn = app.db.read().await.unwrap();
    let (records, entries) = (
        conn.records(student).await.unwrap(),
        conn.entries(student, Compartment::Support, Uuid::nil(), 9).await.unwrap(),
    );
    let cells = conn.warning_cells(student).await.unwrap();
    let mut tries: Vec<(Spot<'_>, &[u8])> = Vec::new();
    tries.extend(entries.iter().map(|entry| (entry_spot(entry), entry.sealed.as_slice())));
    tries.extend(cells.iter().map(|cell| (spot_of(cell), cell.sealed.as_slice())));
    for record in &records {
        let spot = layer_spot(record.student_id, record.compartment, &record.layer, record.epoch, record.version);
        tries.push((spot, &record.sealed));
    }
    assert_eq!(cells.len(), 8, "state, four steps, due time, card and crisis record");
    assert_eq!(tries.len(), 2 + 3 + 8, "two entries, a record in each of three compartments, and those");
    for (spot, sealed) in tries {
        let permit = &permits[&spot.compartment];
        assert!(matches!(keys.read::<_, serde_json::Value>(permit, &spot, sealed), Err(Error::NoKey)));
        for (_, key) in keys.all(spot.compartment, Uuid::nil()) {
            let place = spot.place(house.school.founded.id, student.0);
            assert_eq!(key.open(permit, &place, sealed).unwrap_err(), vault::Error::Sealed);
        }
    }
    drop(conn);
    assert!(house.held_by(house.leader.person.id).await.is_empty());
    assert!(!house.opens(&house.leader).await);
    assert!(app.leading(&house.leader).await.unwrap().is_empty());
    assert_eq!(app.open_file(&house.counsellor, student).await.unwrap().entries.len(), 2);
    assert_eq!(house.findings().await, []);
    app.end_leading(&house.counsellor, grant).await.unwrap();
    assert_eq!(conn_epoch(&house).await, 2, "ending twice changes no key");
}

async fn conn_epoch(house: &House) -> i64 {
    let mut conn = house.school.app.db.read().await.unwrap();
    conn.keys_of(house.students[0].0).await.unwrap().iter().map(|key| key.epoch).max().unwrap()
}

#[tokio::test]
async fn a_grant_past_its_last_day_opens_nothing_and_the_check_names_its_keys() {
    let house = House::new().await;
    let app = &house.school.app;
    let until = Some(date(2026, 11, 24));
    let stand_in = NewLeader { until, ..house.new_leader() };
    let grant = app.appoint_leader(&house.counsellor, house.warning, &stand_in).await.unwrap();
    app.clock.advance(DAY);
    assert!(house.opens(&house.leader).await);
    app.clock.advance(DAY);
    assert!(!house.opens(&house.leader).await);
    assert!(app.leading(&house.leader).await.unwrap().is_empty());
    let findings = house.findings().await;
    assert_eq!(findings.len(), LED.len());
    let over = |f: &crate::service::KeyFinding| f.finding == Finding::OverGrant && f.holder == house.leader.person.id.0;
    assert!(findings.iter().all(over), "{findings:?}");
    app.end_leading(&house.counsellor, grant).await.unwrap();
    assert_eq!(house.findings().await, []);
}

#[tokio::test]
async fn a_new_leader_takes_the_place_of_the_former_one() {
    let house = House::new().await;
    let app = &house.school.app;
    house.appoint().await;
    let next = NewLeader { person: house.other.person.id, ..house.new_leader() };
    app.appoint_leader(&house.counsellor, house.warning, &next).await.unwrap();
    assert!(!house.opens(&house.leader).await && house.opens(&house.other).await);
    assert!(house.held_by(house.leader.person.id).await.is_empty());
    assert_eq!(house.findings().await, []);
    let told = app.notices(&house.other).await.unwrap();
    assert_eq!(told.iter().map(|n| n.place.as_str()).collect::<Vec<_>>(), ["/leading"]);
}

#[tokio::test]
async fn a_leader_that_cannot_be_is_refused_with_the_reason() {
    let mut house = House::new().await;
    let outsider = house.school.hire("outsider", Role::ExternalHelper, None).await;
    let good = house.new_leader();
    let nobody = PersonId(Uuid::now_v7());
    for (new, problem) in [
        (NewLeader { person: house.counsellor.person.id, ..good.clone() }, ("person", "leader-is-you")),
        (NewLeader { person: outsider.person.id, ..good.clone() }, ("person", "choose")),
        (NewLeader { person: nobody, ..good.clone() }, ("person", "choose")),
        (NewLeader { reason: " ".to_owned(), ..good.clone() }, ("reason", "required")),
        (NewLeader { reason: "因".repeat(REASON + 1), ..good.clone() }, ("reason", "too-long")),
        (NewLeader { until: Some(date(2026, 11, 22)), ..good.clone() }, ("until", "ends-in-the-past")),
    ] {
        match house.school.app.appoint_leader(&house.counsellor, house.warning, &new).await {
            Err(Error::Invalid(problems)) => {
                assert_eq!(problems.iter().map(|p| (p.field, p.code)).collect::<Vec<_>>(), [problem]);
            }
            other => panic!("{problem:?}: {other:?}"),
        }
    }
    house.appoint().await;
    let twice = house.school.app.appoint_leader(&house.counsellor, house.warning, &good).await;
    assert!(matches!(twice, Err(Error::Invalid(p)) if p[0].code == "leader-already"));
    for viewer in [&house.homeroom, &house.leader, &house.other] {
        let refused = house.school.app.appoint_leader(viewer, house.warning, &good).await;
        assert!(matches!(refused, Err(Error::NotFound)), "{refused:?}");
    }
}

#[tokio::test]
async fn a_leader_whose_account_closes_leads_no_more_and_the_keys_change() {
    let mut house = House::new().await;
    let admin = house.school.hire("admin", Role::SysAdmin, None).await;
    house.appoint().await;
    let app = &house.school.app;
    app.close_account(&admin, house.leader.person.id).await.unwrap();
    assert!(house.held_by(house.leader.person.id).await.is_empty());
    let place = format!("/warnings/{}/crisis", house.warning);
    assert!(app.notices(&house.counsellor).await.unwrap().iter().any(|notice| notice.place == place));
    assert_eq!(app.db.read().await.unwrap().keys_due(house.school.founded.id).await.unwrap().len(), LED.len());
    app.rotate_lost_keys(&house.counsellor).await.unwrap();
    assert_eq!(house.findings().await, []);
    assert_eq!(conn_epoch(&house).await, 2);
}

#[tokio::test]
async fn a_change_of_the_offices_keys_leaves_the_leader_the_case() {
    let house = House::new().await;
    house.appoint().await;
    house.school.app.rotate_office(&house.counsellor, house.school.founded.counselling.office).await.unwrap();
    assert!(house.opens(&house.leader).await);
    assert_eq!(house.findings().await, []);
}

#[tokio::test]
async fn a_leader_who_is_also_the_helper_keeps_the_helpers_keys() {
    let mut house = House::new().await;
    let duty = crate::domain::relation::Duty { role: Role::Helper, school: house.school.founded.id, class: None };
    let standing = crate::domain::relation::Standing::installation(house.school.founded.id);
    let staff = house.school.app.permit::<Manage>(&standing, Kind::Staff, house.school.founded.id.0).await.unwrap();
    let mut tx = house.school.app.begin().await.unwrap();
    tx.insert_duty(&staff, house.leader.person.id, &duty, house.school.app.now()).await.unwrap();
    tx.commit().await.unwrap();
    house.leader = house.school.sign_in("leader").await;
    let app = &house.school.app;
    app.set_status(&house.counsellor, house.students[0], crate::domain::words::FileStatus::InSupport, 1).await.unwrap();
    let new = crate::service::NewPairing {
        helper: house.leader.person.id,
        purpose: "辅导".to_owned(),
        condition: crate::domain::helping::Condition::Learning,
        told: crate::service::Told::default(),
        starts: date(2026, 11, 23),
        ends: date(2026, 12, 23),
    };
    app.start_pairing(&house.counsellor, house.students[0], new).await.unwrap();
    let grant = house.appoint().await;
    app.end_leading(&house.counsellor, grant).await.unwrap();
    let two = HashSet::from([(house.students[0].0, Compartment::Contact), (house.students[0].0, Compartment::Support)]);
    assert_eq!(house.held_by(house.leader.person.id).await, two);
    assert_eq!(house.findings().await, []);
}
