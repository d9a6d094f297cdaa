//! A school with two classes, some people and a student, made by store functions only, and permits for whoever asks.

use tokio::sync::OnceCell;
use uuid::Uuid;
use yice::domain::ids::{ClassId, PersonId, SchoolId, StudentId};
use yice::domain::relation::Standing;
use yice::domain::words::{Kind, Language, Relation, Role, SchoolKind};
use yice::policy::{Act, Append, Import, Manage, Permit, Policy, Read, Report, Write};
use yice::store::{Class, Person, StudentMacs, Tx};

use super::cluster::{Engine, TestDb};

/// 2026-11-23 08:00 in Shanghai, microseconds UTC.
pub const NOW: i64 = 1_795_392_000_000_000;

/// The policy in force, loaded once for all tests.
pub async fn policy() -> &'static Policy {
    static POLICY: OnceCell<Policy> = OnceCell::const_new();
    POLICY.get_or_init(|| async { Policy::load().await.expect("the policy loads") }).await
}

/// A permit as the policy in force gives it.
pub async fn permit<A: Act>(
    actor: PersonId,
    school: SchoolId,
    pair: (Role, Relation),
    kind: Kind,
    object: Uuid,
) -> Permit<A> {
    let standing = Standing { actor, school, pairs: vec![pair], childless: false, sealed: false };
    policy().await.permit(&standing, kind, object).expect("the policy allows it")
}

/// A school to work in.
pub struct House {
    /// Its database.
    pub on: TestDb,
    /// The school.
    pub school: SchoolId,
    /// 七年级1班 and 七年级2班.
    pub classes: [ClassId; 2],
    /// A homeroom teacher of the first class, without keys.
    pub teacher: PersonId,
    /// A helper, without keys.
    pub helper: PersonId,
    /// A student of the first class.
    pub student: StudentId,
}

impl House {
    /// Founds it.
    pub async fn new(engine: Engine) -> Self {
        let house = Self {
            on: TestDb::new(engine).await,
            school: SchoolId(Uuid::now_v7()),
            classes: [ClassId(Uuid::now_v7()), ClassId(Uuid::now_v7())],
            teacher: PersonId(Uuid::now_v7()),
            helper: PersonId(Uuid::now_v7()),
            student: StudentId(Uuid::now_v7()),
        };
        let mut tx = house.begin().await;
        let manage = house.manage(Kind::Structure).await;
        tx.insert_school(&manage, "柳溪镇初级中学", SchoolKind::School, NOW).await.unwrap();
        for (number, id) in (1..).zip(house.classes) {
            tx.insert_class(&manage, &house.a_class(id, number), NOW).await.unwrap();
        }
        let staff = house.manage(Kind::Staff).await;
        tx.insert_person(&staff, &house.a_person(house.teacher, "li"), NOW).await.unwrap();
        tx.insert_person(&staff, &house.a_person(house.helper, "zhao"), NOW).await.unwrap();
        tx.insert_student(&house.import().await, &house.macs(house.student, 1), NOW).await.unwrap();
        tx.commit().await.unwrap();
        house
    }

    /// A writing transaction.
    pub async fn begin(&self) -> Tx {
        self.on.db.begin().await.unwrap()
    }

    /// A class of the cohort of 2026.
    pub fn a_class(&self, id: ClassId, number: i64) -> Class {
        Class { id, school_id: self.school, cohort: 2020, number, closed: false }
    }

    /// An open account without keys.
    pub fn a_person(&self, id: PersonId, login: &str) -> Person {
        Person {
            id,
            school_id: self.school,
            login: login.to_owned(),
            name: format!("{login}老师"),
            language: Language::ZhCn,
            active: true,
            recipient: None,
            recipient_mac: None,
            version: 1,
        }
    }

    /// The hashes of a student of the first class.
    pub fn macs(&self, id: StudentId, seed: u8) -> StudentMacs {
        let mac = |kind: u8| vec![seed, kind];
        StudentMacs {
            id,
            class_id: self.classes[0],
            identity_mac: mac(1),
            number_mac: mac(2),
            person_mac: mac(3),
            row_mac: mac(4),
        }
    }

    /// The administrator's permit over the school.
    pub async fn manage(&self, kind: Kind) -> Permit<Manage> {
        permit(PersonId(Uuid::nil()), self.school, (Role::SysAdmin, Relation::SameSchool), kind, self.school.0).await
    }

    /// A person's permit over the own account.
    pub async fn own(&self, person: PersonId) -> Permit<Manage> {
        permit(person, self.school, (Role::HomeroomTeacher, Relation::Own), Kind::Account, person.0).await
    }

    /// The teacher's permit to take in the roster of the own class.
    pub async fn import(&self) -> Permit<Import> {
        let pair = (Role::HomeroomTeacher, Relation::OwnClass);
        permit(self.teacher, self.school, pair, Kind::Roster, self.classes[0].0).await
    }

    /// The permit of the installation's own command to take in a roster.
    pub async fn report(&self) -> Permit<Report> {
        let pair = (Role::SysAdmin, Relation::SameSchool);
        permit(PersonId(Uuid::nil()), self.school, pair, Kind::Roster, self.school.0).await
    }

    /// The teacher's permit to write a compartment of the student.
    pub async fn write(&self, kind: Kind) -> Permit<Write> {
        let pair = (Role::HomeroomTeacher, Relation::OwnClass);
        permit(self.teacher, self.school, pair, kind, self.student.0).await
    }

    /// The teacher's permit to add entries to the student's file.
    pub async fn append(&self) -> Permit<Append> {
        let pair = (Role::HomeroomTeacher, Relation::OwnClass);
        permit(self.teacher, self.school, pair, Kind::Support, self.student.0).await
    }

    /// A counsellor's permit to pair the student with a helper.
    pub async fn pair(&self) -> Permit<Manage> {
        let pair = (Role::Counsellor, Relation::SameSchool);
        permit(self.teacher, self.school, pair, Kind::Pairing, self.student.0).await
    }

    /// The privacy officer's permit to read the audit of the school.
    pub async fn audit(&self) -> Permit<Read> {
        let pair = (Role::PrivacyOfficer, Relation::SameSchool);
        permit(self.teacher, self.school, pair, Kind::Audit, self.school.0).await
    }
}
