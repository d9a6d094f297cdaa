use std::path::Path;

use secrecy::SecretString;

use super::*;
use crate::domain::ids::OfficeId;
use crate::domain::record::Field;
use crate::domain::relation::{Facts, Standing};
use crate::domain::words::{Kind, OfficeKind, Role};
use crate::service::key_check::Finding;
use crate::service::testing::{MadeClass, PASSWORD, School};
use crate::service::{FieldEdit, Who};
use crate::store::{Conn, Db, WrapForm};
use crate::vault::{Identity, Place, fast_unwrap_key, unwrap_identity, unwrap_key};

/// Everything sealed about one student and class: where it stands, and the bytes.
async fn everything(
    conn: &mut Conn,
    class: ClassId,
    student: StudentId,
) -> Vec<(super::super::keys::Spot<'static>, uuid::Uuid, Vec<u8>)> {
    let mut found = Vec::new();
    for part in conn.sheets(class).await.unwrap() {
        found.push((sheet_spot(&part), class.0, part.sealed));
    }
    for record in conn.records(student).await.unwrap() {
        let layer = if record.layer == "people" { "people" } else { "roster" };
        let spot = layer_spot(student, record.compartment, layer, record.epoch, record.version);
        found.push((spot, student.0, record.sealed));
    }
    for entry in conn.entries(student, Compartment::Support, uuid::Uuid::nil(), 1000).await.unwrap() {
        found.push((entry_spot(&entry), student.0, entry.sealed));
    }
    found
}

/// What somebody who kept a copy of the database and the keys of that day can do.
struct Leaver {
    viewer: Viewer,
    keys: Vec<CompartmentKey>,
    identities: Vec<(uuid::Uuid, Identity)>,
}

impl Leaver {
    /// Takes every key out of the copy that the ring opens, directly or through offices that offices open.
    async fn with(school: &School, viewer: Viewer, copy: &Path) -> Self {
        let db = Db::open_sqlite(copy).await.unwrap();
        let mut conn = db.read().await.unwrap();
        let mut leaver = Self { viewer, keys: Vec::new(), identities: Vec::new() };
        leaver.collect(&mut conn, school).await;
        leaver
    }

    fn holders(&self) -> Vec<(uuid::Uuid, &Identity)> {
        let ring = &self.viewer.ring;
        let own = [(ring.person.0, &ring.identity)];
        let offices = ring.offices.iter().map(|key| (key.office.0, &key.identity));
        own.into_iter().chain(offices).chain(self.identities.iter().map(|(id, key)| (*id, key))).collect()
    }

    async fn collect(&mut self, conn: &mut Conn, school: &School) {
        let school = school.founded.id;
        let mut opened = Vec::new();
        for office in conn.offices(school).await.unwrap() {
            for (holder, identity) in self.holders() {
                let Some((sealed, _)) = conn.office_wrap(office.id, office.epoch, holder).await.unwrap() else {
                    continue;
                };
                let name = KeyName { key: office.id.0.into(), epoch: office.epoch };
                opened.extend(unwrap_identity(identity, holder, name, &sealed).ok().map(|key| (office.id.0, key)));
            }
        }
        self.identities.extend(opened);
        let mut keys = Vec::new();
        for compartment in Compartment::ALL {
            for (holder, identity) in self.holders() {
                for wrap in conn.wraps_of_holder(school, holder, *compartment).await.unwrap() {
                    let name = KeyName { key: wrap.key_id, epoch: wrap.epoch };
                    let key = match wrap.form() {
                        WrapForm::Age => unwrap_key(identity, holder, name, &wrap.sealed),
                        WrapForm::Fast => fast_unwrap_key(identity, holder, name, &wrap.sealed),
                    };
                    keys.extend(key.ok());
                }
            }
        }
        self.keys.extend(keys);
    }

    /// Of everything sealed, how many open with any of the collected keys, and how many there are.
    async fn opens(&self, school: &School, db: &Db, class: ClassId, student: StudentId) -> (usize, usize) {
        let mut conn = db.read().await.unwrap();
        let all = everything(&mut conn, class, student).await;
        // The thief's own program asks no policy: it makes itself whatever permit it likes.
        let standing = Standing::of(
            self.viewer.person.id,
            &[crate::domain::relation::Duty { role: Role::Counsellor, school: school.founded.id, class: None }],
            &Facts::class(school.founded.id, class),
        );
        let opens = |(spot, subject, sealed): &&(super::super::keys::Spot<'static>, uuid::Uuid, Vec<u8>)| {
            let place: Place<'_> = spot.place(school.founded.id, *subject);
            let permit = school.app.policy.permit::<Read>(&standing, spot.compartment.kind(), *subject).unwrap();
            self.keys.iter().any(|key| key.open(&permit, &place, sealed).is_ok())
        };
        (all.iter().filter(opens).count(), all.len())
    }
}

/// A copy of the database file as it is now, its log included.
fn copy(school: &School) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for end in ["", "-wal"] {
        let from = school.file().with_file_name(format!("yice.db{end}"));
        if from.exists() {
            std::fs::copy(&from, folder.path().join(format!("yice.db{end}"))).unwrap();
        }
    }
    folder
}

/// A class with one filled file, its two homeroom teachers, a counsellor and an administrator.
struct Case {
    school: School,
    class: MadeClass,
    student: StudentId,
    admin: Viewer,
    lin: Viewer,
    zhao: Viewer,
    wang: Viewer,
}

impl Case {
    async fn new() -> Self {
        let mut school = School::found().await;
        let mut class = school.empty_class(1).await;
        let student = school.enrol(&mut class, "田小禾").await;
        let admin = school.hire("admin", Role::SysAdmin, None).await;
        let lin = school.hire("lin", Role::Counsellor, None).await;
        let zhao = school.hire("zhao", Role::HomeroomTeacher, Some((class.id, &class.homeroom))).await;
        let wang = school.hire("wang", Role::HomeroomTeacher, Some((class.id, &class.homeroom))).await;
        school.fill(&zhao, student, "从前写的").await;
        Self { school, class, student, admin, lin, zhao, wang }
    }

    async fn office(&self, kind: OfficeKind) -> OfficeId {
        let mut conn = self.school.app.db.read().await.unwrap();
        conn.offices(self.school.founded.id).await.unwrap().into_iter().find(|o| o.kind == kind).unwrap().id
    }

    async fn dismiss(&self, viewer: &Viewer) {
        let duty = self.school.app.staff_member(&self.admin, viewer.person.id).await.unwrap().member.duties[0].id;
        self.school.app.end_duty(&self.admin, viewer.person.id, duty).await.unwrap();
    }

    async fn findings(&self) -> Vec<Finding> {
        let findings = self.school.app.key_check(self.school.founded.id).await.unwrap();
        findings.into_iter().map(|f| f.finding).collect()
    }
}

#[tokio::test]
async fn a_leaver_with_an_old_copy_reads_the_past_and_nothing_written_later() {
    let mut case = Case::new().await;
    let old = copy(&case.school);
    let leaver = Leaver::with(&case.school, case.wang.clone(), &old.path().join("yice.db")).await;
    let (class, student) = (case.class.id, case.student);
    let db = Db::open_sqlite(&old.path().join("yice.db")).await.unwrap();
    assert_eq!(leaver.opens(&case.school, &db, class, student).await, (5, 5));
    // Before the rotation the old keys still fit what is written: this is why it is due.
    case.dismiss(&case.wang).await;
    case.school.entry(&case.zhao, student, "离开之后、换钥匙之前").await;
    assert_eq!(leaver.opens(&case.school, &case.school.app.db, class, student).await, (6, 6));
    assert_eq!(case.findings().await, [Finding::RotationDue]);

    let homeroom = case.office(OfficeKind::Homeroom).await;
    case.school.app.rotate_office(&case.lin, homeroom).await.unwrap();
    let zhao = case.school.sign_in("zhao").await;
    case.school.entry(&zhao, student, "换钥匙之后写的").await;
    let mut leaver = leaver;
    let mut conn = case.school.app.db.read().await.unwrap();
    leaver.collect(&mut conn, &case.school).await;
    drop(conn);
    assert_eq!(leaver.opens(&case.school, &case.school.app.db, class, student).await, (0, 7));
    assert_eq!(leaver.opens(&case.school, &db, class, student).await, (5, 5));
    assert!(case.findings().await.is_empty());
}

#[tokio::test]
async fn those_who_stay_read_everything_after_a_rotation() {
    let mut case = Case::new().await;
    let director = case.school.hire("du", Role::MoralEdDirector, None).await;
    case.dismiss(&case.wang).await;
    case.school.app.rotate_office(&case.lin, case.office(OfficeKind::Homeroom).await).await.unwrap();
    for login in ["zhao", "lin", "du"] {
        let viewer = case.school.sign_in(login).await;
        let file = case.school.app.open_file(&viewer, case.student).await.unwrap();
        assert!(matches!(&file.who, Who::Row(row) if row.name == "田小禾"), "{login}");
        assert_eq!(file.entries[0].text.happened, "从前写的", "{login}");
        let compartments = if login == "du" { 2 } else { 3 };
        assert_eq!(file.compartments.len(), compartments, "{login}");
        let texts = file.compartments.iter().flat_map(|c| &c.fields).filter_map(|f| f.value.as_ref());
        assert!(texts.clone().count() == compartments && texts.clone().all(|v| v.text == "从前写的"), "{login}");
    }
    // A page that was open meanwhile holds the old key of the counselling office, which was not rotated.
    assert!(case.school.app.open_file(&director, case.student).await.is_ok());
    let edit = FieldEdit { field: Field::Needs, text: "改过".to_owned(), seen: 1 };
    case.school.app.edit_fields(&case.lin, case.student, Compartment::Support, vec![edit]).await.unwrap();
}

#[tokio::test]
async fn a_counsellor_who_left_opens_no_homeroom_either() {
    let mut case = Case::new().await;
    let mo = case.school.hire("mo", Role::Counsellor, None).await;
    let old = copy(&case.school);
    let mut leaver = Leaver::with(&case.school, mo.clone(), &old.path().join("yice.db")).await;
    assert_eq!(
        leaver.identities.len(),
        4,
        "the counselling office opens itself, the homeroom, its subject teachers and moral education"
    );
    case.dismiss(&mo).await;
    case.school.app.rotate_office(&case.lin, case.office(OfficeKind::Counselling).await).await.unwrap();
    let mut conn = case.school.app.db.read().await.unwrap();
    leaver.collect(&mut conn, &case.school).await;
    drop(conn);
    let db = &case.school.app.db;
    assert_eq!(leaver.opens(&case.school, db, case.class.id, case.student).await, (0, 5));
    for login in ["zhao", "lin"] {
        let viewer = case.school.sign_in(login).await;
        assert!(case.school.app.open_file(&viewer, case.student).await.is_ok(), "{login}");
    }
    assert!(case.findings().await.is_empty());
}

#[tokio::test]
async fn an_open_session_finds_its_new_keys_with_the_next_request() {
    let case = Case::new().await;
    let password = SecretString::from(PASSWORD);
    let token = case.school.app.sign_in("zhao", password, "::1").await.unwrap().token;
    case.school.app.rotate_office(&case.lin, case.office(OfficeKind::Homeroom).await).await.unwrap();
    let zhao = case.school.app.viewer(&token).await.unwrap();
    assert_eq!(zhao.ring.offices.len(), 1);
    assert_eq!(zhao.ring.offices[0].epoch, 2);
    assert!(case.school.app.open_file(&zhao, case.student).await.is_ok());
}

#[tokio::test]
async fn only_who_keeps_the_keys_rotates() {
    let mut case = Case::new().await;
    let homeroom = case.office(OfficeKind::Homeroom).await;
    for viewer in [&case.admin, &case.zhao, &case.wang] {
        let refused = case.school.app.rotate_office(viewer, homeroom).await;
        assert!(matches!(refused, Err(Error::NotFound)), "{}", viewer.person.login);
        assert!(matches!(case.school.app.rotate_lost_keys(viewer).await, Err(Error::NotFound)));
    }
    // A counsellor by duty whom nobody let in has the role and not the key.
    let new = Role::Counsellor;
    case.school.app.give_duty(&case.admin, case.zhao.person.id, new, None).await.unwrap();
    let zhao = case.school.sign_in("zhao").await;
    let counselling = case.office(OfficeKind::Counselling).await;
    assert!(case.school.app.rotate_office(&zhao, counselling).await.is_err());
    let mut conn = case.school.app.db.read().await.unwrap();
    assert!(conn.offices(case.school.founded.id).await.unwrap().iter().all(|office| office.epoch == 1));
}

#[tokio::test]
async fn one_compartment_rotates_and_the_others_stay() {
    let case = Case::new().await;
    let app = &case.school.app;
    let mut tx = app.begin().await.unwrap();
    let approach = app.approach(&mut tx, &case.lin, case.student).await.unwrap();
    let write = app.policy.permit::<crate::policy::Manage>(&approach.standing, Kind::Pairing, case.student.0).unwrap();
    let read = app.policy.permit::<Read>(&approach.standing, Kind::Support, case.student.0).unwrap();
    app.rotate_compartment(&mut tx, &write, &read, &case.lin, &approach, Compartment::Support).await.unwrap();
    // Nobody has written a warning yet: there is no key, and nothing to do.
    let warning = app.policy.permit::<Read>(&approach.standing, Kind::Warning, case.student.0).unwrap();
    app.rotate_compartment(&mut tx, &write, &warning, &case.lin, &approach, Compartment::Warning).await.unwrap();
    tx.commit().await.unwrap();
    let mut conn = app.db.read().await.unwrap();
    let mut epochs: Vec<(Compartment, i64)> =
        conn.keys_of(case.student.0).await.unwrap().iter().map(|key| (key.compartment, key.epoch)).collect();
    epochs.sort_unstable();
    assert_eq!(epochs, [(Compartment::Contact, 1), (Compartment::Circumstance, 1), (Compartment::Support, 2)]);
    drop(conn);
    assert!(app.open_file(&case.zhao, case.student).await.is_ok());
    assert!(case.findings().await.is_empty());
}

#[tokio::test]
async fn a_permit_for_another_compartment_does_not_rotate() {
    let case = Case::new().await;
    let app = &case.school.app;
    let mut tx = app.begin().await.unwrap();
    let approach = app.approach(&mut tx, &case.lin, case.student).await.unwrap();
    let contact = app.policy.permit::<Read>(&approach.standing, Kind::Contact, case.student.0).unwrap();
    let done = app.rotate_compartment(&mut tx, &contact, &contact, &case.lin, &approach, Compartment::Support).await;
    assert!(done.is_err());
}

#[tokio::test]
async fn a_rotation_that_fails_leaves_everything_as_it_was() {
    let case = Case::new().await;
    let app = &case.school.app;
    // A record that was tampered with cannot be sealed anew: the whole rotation must not have happened.
    let own = app.own(&case.lin).await.unwrap();
    let mut tx = app.begin().await.unwrap();
    let mut record = tx.records(case.student).await.unwrap().remove(0);
    let last = record.sealed.len() - 1;
    record.sealed[last] ^= 1;
    tx.reseal_record(&own, &record).await.unwrap();
    tx.commit().await.unwrap();
    let homeroom = case.office(OfficeKind::Homeroom).await;
    assert!(app.rotate_office(&case.lin, homeroom).await.is_err());
    let mut conn = app.db.read().await.unwrap();
    assert!(conn.offices(case.school.founded.id).await.unwrap().iter().all(|office| office.epoch == 1));
    assert!(conn.keys_of_school(case.school.founded.id).await.unwrap().iter().all(|key| key.epoch == 1));
    assert!(case.school.app.class_list(&case.zhao, case.class.id).await.is_ok());
}
