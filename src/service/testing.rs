//! A small school for the unit tests of services: real database, real keys, cheap passwords, a clock that stands still.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use secrecy::SecretString;
use tempfile::TempDir;
use uuid::Uuid;

use super::cases::seal_state;
use super::keys::seal;
use super::sheets::sheet_spot;
use super::{App, FieldEdit, FoundedSchool, KdfGate, Keys, Viewer};
use crate::domain::clock::Clock;
use crate::domain::gate::menu::Profile;
use crate::domain::ids::{ClassId, StudentId, WarningId};
use crate::domain::record::{EntryText, Field, SheetRow};
use crate::domain::relation::{Duty, Standing};
use crate::domain::warning::{Severity, Stage, State, Step, StepKind};
use crate::domain::words::{Effect, Kind, Role, Sex, Way};
use crate::policy::{Append, Manage, Permit, Policy, Report};
use crate::store::{Db, Pairing, SheetPart, StudentMacs, Tx, Warning};
use crate::vault::{CompartmentKey, Kdf, KdfParams, OfficeKey, ServerSecret, Slip};

/// 2026-11-23 08:00 in Shanghai.
pub const MORNING: i64 = 1_795_392_000_000_000;
/// Everybody's password.
pub const PASSWORD: &str = "a horse in the rain";

/// A school in a temporary folder.
pub struct School {
    /// The service.
    pub app: App,
    /// The school and the keys of its offices.
    pub founded: FoundedSchool,
    viewers: HashMap<String, Viewer>,
    /// Where the database lies; it goes when this is dropped.
    pub folder: TempDir,
}

impl School {
    /// An empty school without staff.
    pub async fn found() -> Self {
        Self::found_with_slips().await.0
    }

    /// An empty school without staff, and the recovery slips of its installation.
    pub async fn found_with_slips() -> (Self, [Slip; 3]) {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open_sqlite(&folder.path().join("yice.db")).await.unwrap();
        let kdf = Kdf::new(KdfParams { memory_kib: 64, time: 1, lanes: 1 }).unwrap();
        let app = App {
            db,
            policy: Policy::load().await.unwrap(),
            secret: ServerSecret::generate().unwrap(),
            clock: Clock::fixed(MORNING),
            kdf: KdfGate::new(kdf, 2),
            noise: Profile::Standard,
        };
        let slips = app.found_installation().await.unwrap();
        let founded = app.found_school("柳溪镇初级中学").await.unwrap();
        (Self { app, founded, viewers: HashMap::new(), folder }, slips)
    }

    /// A member of staff with one role, let into the office of that role, and signed in.
    pub async fn hire(&mut self, login: &str, role: Role, class: Option<(ClassId, &OfficeKey)>) -> Viewer {
        let duty = Duty { role, school: self.founded.id, class: class.map(|(id, _)| id) };
        let office = match role {
            Role::Counsellor => Some(&self.founded.counselling),
            Role::MoralEdDirector => Some(&self.founded.moral_ed),
            _ => class.map(|(_, key)| key),
        };
        let offices: Vec<&OfficeKey> = office.into_iter().collect();
        self.app
            .found_person(self.founded.id, login, login, SecretString::from(PASSWORD), &[duty], &offices)
            .await
            .unwrap();
        self.sign_in(login).await
    }

    /// Signs somebody in.
    pub async fn sign_in(&mut self, login: &str) -> Viewer {
        let signed_in = self.app.sign_in(login, SecretString::from(PASSWORD), "127.0.0.1").await.unwrap();
        let viewer = self.app.viewer(&signed_in.token).await.unwrap();
        self.viewers.insert(login.to_owned(), viewer.clone());
        viewer
    }

    /// The database file.
    pub fn file(&self) -> PathBuf {
        self.folder.path().join("yice.db")
    }

    /// A class of grade 7 with its homeroom and an empty roster.
    pub async fn empty_class(&self, number: i64) -> MadeClass {
        let standing = Standing::installation(self.founded.id);
        let permit = self.app.permit::<Manage>(&standing, Kind::Structure, self.founded.id.0).await.unwrap();
        let mut tx = self.app.begin().await.unwrap();
        let (class, roster, homeroom) =
            self.app.make_class(&mut tx, &permit, self.founded.id, 2020, number).await.unwrap();
        tx.commit().await.unwrap();
        MadeClass { id: class.id, roster, homeroom, parts: 0 }
    }

    /// A student on the roll of a class, before the roster key was ever rotated.
    pub async fn enrol(&self, class: &mut MadeClass, name: &str) -> StudentId {
        let id = StudentId(Uuid::now_v7());
        let standing = Standing::installation(self.founded.id);
        let permit = self.app.permit::<Report>(&standing, Kind::Roster, class.id.0).await.unwrap();
        let mac = id.0.as_bytes().to_vec();
        let macs = StudentMacs {
            id,
            class_id: class.id,
            identity_mac: mac.clone(),
            number_mac: Vec::new(),
            person_mac: mac.clone(),
            row_mac: mac,
        };
        let row = SheetRow {
            student: id,
            name: name.to_owned(),
            initials: String::new(),
            sex: Sex::Female,
            seat: None,
            number: String::new(),
            boarding: None,
        };
        let mut part = SheetPart { class_id: class.id, part: class.parts, epoch: 1, version: 1, sealed: Vec::new() };
        part.sealed = seal(&class.roster, &sheet_spot(&part).place(self.founded.id, class.id.0), &vec![row]).unwrap();
        class.parts += 1;
        let mut tx = self.app.begin().await.unwrap();
        tx.insert_student(&permit, &macs, MORNING).await.unwrap();
        tx.insert_sheet(&permit, &part).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    /// Writes into three compartments of a file, so that they have keys, and one entry.
    pub async fn fill(&self, teacher: &Viewer, student: StudentId, text: &str) {
        for field in [Field::Address, Field::Aid, Field::Needs] {
            let edits = vec![FieldEdit { field, text: text.to_owned(), seen: 0 }];
            self.app.edit_fields(teacher, student, field.compartment(), edits).await.unwrap();
        }
        self.entry(teacher, student, text).await;
    }

    /// Opens a warning about a student at a level, as if a report had been taken up.
    pub async fn warn(&self, counsellor: &Viewer, student: StudentId, severity: Severity) -> WarningId {
        let app = &self.app;
        let mut tx = app.begin().await.unwrap();
        let approach = app.approach(&mut tx, counsellor, student).await.unwrap();
        let permit = app.policy.permit::<Append>(&approach.standing, Kind::Warning, student.0).unwrap();
        let keys = app.case_keys(&mut tx, counsellor, &permit, &approach).await.unwrap();
        let mut warning = Warning {
            id: WarningId(Uuid::now_v7()),
            school_id: self.founded.id,
            student_id: student,
            stage: Stage::Acting,
            reported_at: app.now(),
            acknowledged_at: Some(app.now()),
            assessed_at: None,
            prevented_at: None,
            controlled_at: None,
            closed_at: None,
            epoch: 0,
            version: 1,
            sealed: Vec::new(),
        };
        let mut state = State { severity: Some(severity), ..State::default() };
        app.count_warning(&mut tx, &permit, &warning, &mut state).await.unwrap();
        seal_state(&keys, &mut warning, &state).unwrap();
        tx.insert_warning(&permit, &warning).await.unwrap();
        self.grade(&mut tx, &permit, &keys, &warning, StepKind::Graded, severity).await;
        tx.commit().await.unwrap();
        warning.id
    }

    /// Adds a step to a warning that a level or a follow-up leaves behind.
    pub async fn step(&self, counsellor: &Viewer, id: WarningId, step: Step) {
        let app = &self.app;
        let mut tx = app.begin().await.unwrap();
        let (warning, approach) = app.case_of(&mut tx, counsellor, id).await.unwrap();
        let permit = app.policy.permit::<Append>(&approach.standing, Kind::Warning, warning.student_id.0).unwrap();
        let keys = app.case_keys(&mut tx, counsellor, &permit, &approach).await.unwrap();
        app.add_step(&mut tx, &permit, &keys, &warning, Uuid::now_v7().into(), &step).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn grade(
        &self,
        tx: &mut Tx,
        permit: &Permit<Append>,
        keys: &Keys,
        warning: &Warning,
        kind: StepKind,
        severity: Severity,
    ) {
        let (fields, persons, severity) = (BTreeMap::new(), Vec::new(), Some(severity));
        let step = Step { kind, fields, severity, persons, letter: None };
        self.app.add_step(tx, permit, keys, warning, Uuid::now_v7().into(), &step).await.unwrap();
    }

    /// Adds a tracking entry.
    pub async fn entry(&self, teacher: &Viewer, student: StudentId, text: &str) {
        let date = self.app.clock.today();
        let (way, effect) = (Way::Talk, Effect::Unchanged);
        let entry = EntryText { date, way, happened: text.to_owned(), effect, next: String::new() };
        self.app.append_entry(teacher, student, uuid::Uuid::new_v4().into(), &entry, None).await.unwrap();
    }
}

/// A class with its keys in clear.
pub struct MadeClass {
    /// The class.
    pub id: ClassId,
    /// The first epoch of its roster key.
    pub roster: CompartmentKey,
    /// The first key of its homeroom.
    pub homeroom: OfficeKey,
    parts: i64,
}

impl School {
    /// A class with these students on its roll, in this order, and the key of its homeroom.
    pub async fn class(&self, cohort: i64, number: i64, names: &[&str]) -> (ClassId, OfficeKey, Vec<StudentId>) {
        let standing = Standing::installation(self.founded.id);
        let manage = self.app.permit::<Manage>(&standing, Kind::Structure, self.founded.id.0).await.unwrap();
        let takes_in = self.app.permit::<Report>(&standing, Kind::Roster, self.founded.id.0).await.unwrap();
        let mut tx = self.app.begin().await.unwrap();
        let made = self.app.make_class(&mut tx, &manage, self.founded.id, cohort, number).await.unwrap();
        let (class, roster, homeroom) = made;
        let mut rows = Vec::new();
        for (seat, name) in (1..).zip(names) {
            let student = StudentId(Uuid::now_v7());
            let mac = || student.0.as_bytes().to_vec();
            let (identity_mac, number_mac, person_mac, row_mac) = (mac(), mac(), mac(), mac());
            let macs = StudentMacs { id: student, class_id: class.id, identity_mac, number_mac, person_mac, row_mac };
            tx.insert_student(&takes_in, &macs, self.app.now()).await.unwrap();
            let (name, initials, number) = ((*name).to_owned(), String::new(), format!("G{seat}"));
            rows.push(SheetRow { student, name, initials, sex: Sex::Female, seat: Some(seat), number, boarding: None });
        }
        let mut part = SheetPart { class_id: class.id, part: 0, epoch: 1, version: 1, sealed: Vec::new() };
        part.sealed = seal(&roster, &sheet_spot(&part).place(self.founded.id, class.id.0), &rows).unwrap();
        tx.insert_sheet(&takes_in, &part).await.unwrap();
        tx.commit().await.unwrap();
        (class.id, homeroom, rows.into_iter().map(|row| row.student).collect())
    }

    /// The database as it stands now, in another folder: what somebody has who copied the file.
    pub async fn copy(&self) -> (TempDir, Db) {
        let folder = tempfile::tempdir().unwrap();
        for name in ["yice.db", "yice.db-wal"] {
            let from = self.folder.path().join(name);
            if from.exists() {
                std::fs::copy(from, folder.path().join(name)).unwrap();
            }
        }
        let db = Db::open_sqlite(&folder.path().join("yice.db")).await.unwrap();
        (folder, db)
    }
}

/// A pairing of a term that its helper has accepted, without a card.
pub fn running(school: &School, student: StudentId, helper: &Viewer) -> Pairing {
    Pairing {
        id: Uuid::now_v7().into(),
        school_id: school.founded.id,
        student_id: student,
        helper_id: helper.person.id,
        starts: "2026-09-01".to_owned(),
        ends: "2027-01-31".to_owned(),
        ended: false,
        epoch: 1,
        version: 1,
        card: Vec::new(),
        accepted_at: Some(MORNING),
        paused: false,
        declined: false,
        contact: true,
        outside: false,
        handed: None,
        handed_mark: None,
        started_by: None,
        stands_in_for: None,
    }
}
