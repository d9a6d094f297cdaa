//! A school of the attack in the real program: the many are counted at once, whoever comes or goes does so by the acts of the
//! people who may, and reports are published by the calendar.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::http::StatusCode;
use jiff::ToSpan as _;
use jiff::civil::{Date, date};
use tempfile::TempDir;
use uuid::Uuid;
use yice::domain::clock::school_instant;
use yice::domain::county::HalfYear;
use yice::domain::gate::fact::Fact;
use yice::domain::gate::release::{COUNTY, Released, Scope, publish};
use yice::domain::ids::{ClassId, PersonId, SchoolId, StudentId};
use yice::domain::relation::{Duty, Facts, Standing};
use yice::domain::words::{Kind, Role, Sex};
use yice::policy::{Report, Write};
use yice::store::{Class, StudentMacs};
use yice::vault::NoiseKey;

use super::planted::menu;
use super::world::{COHORTS, Child, Event, LEAVER, ROLL, World};
use crate::county::County;
use crate::people::TestApp;
use crate::support::cluster::Engine;

/// The days of the reports.
pub const DAYS: [Date; 8] = [
    date(2026, 11, 23),
    date(2026, 12, 1),
    date(2027, 1, 1),
    date(2027, 2, 1),
    date(2027, 3, 1),
    date(2027, 4, 1),
    date(2027, 5, 1),
    date(2027, 6, 1),
];

/// Who of the leadership fetches, and in which role.
pub const LEADERS: [(&str, Role); 3] =
    [("zhou", Role::SchoolLeader), ("wu", Role::SchoolLeader), ("zheng", Role::DistrictOfficer)];

/// A school with a neighbour and a district.
pub struct RealSchool {
    /// The program.
    pub at: TestApp,
    /// The neighbour, the district and what they have with the school.
    pub county: County,
    /// What is true of the school.
    pub world: World,
    /// What is true of the neighbour.
    pub neighbour: World,
    /// Somebody with a file, who leaves in the seventh report.
    pub leaver: StudentId,
    dir: TempDir,
    /// The facts that say when a family was visited, of those who were.
    visited: Vec<(SchoolId, Uuid)>,
    /// Those who came, and whether their families are visited.
    came: Vec<(StudentId, bool)>,
    /// The days of the visits that a teacher wrote down.
    pub visits: Vec<Date>,
}

impl RealSchool {
    /// Founds it.
    pub async fn of(engine: Engine, world: World, neighbour: World) -> Self {
        let at = TestApp::on(engine).await;
        at.leader("zhou").await;
        at.leader("wu").await;
        let county = County::of(&at).await;
        let (district, office) = (county.district.id, &county.district.office);
        at.someone(district, Role::DistrictOfficer, "zheng", &[office]).await;
        at.counsellor("li").await;
        at.person(Role::MoralEdDirector, "wang").await;
        at.person(Role::Helper, "chen").await;
        let (dir, leaver) = (tempfile::tempdir().unwrap(), StudentId(Uuid::nil()));
        let (visited, came, visits) = (Vec::new(), Vec::new(), Vec::new());
        let mut school = Self { at, county, world, neighbour, leaver, dir, visited, came, visits };
        school.leaver = school.comes(LEAVER).await;
        let (own, other) = (school.at.school.id, school.county.neighbour.id);
        school.enrol(own, &COHORTS.map(|cohort| (cohort, ROLL))).await;
        school.enrol(other, &[(COHORTS[0], 60), (COHORTS[1], 60)]).await;
        let many: Vec<Child> = school
            .world
            .first()
            .iter()
            .filter(|(number, _)| **number != LEAVER)
            .map(|(_, child)| child.clone())
            .collect();
        school.count(own, &many).await;
        let many: Vec<Child> = school.neighbour.first().values().cloned().collect();
        school.count(other, &many).await;
        school
    }

    /// Puts as many on the roll as each cohort is to have.
    async fn enrol(&self, school: SchoolId, roll: &[(i64, u32)]) {
        let app = &self.at.app;
        let permit = app.permit::<Report>(&Standing::installation(school), Kind::Roster, school.0).await.unwrap();
        let stands = app.db.read().await.unwrap().rolls().await.unwrap();
        let mut tx = app.begin().await.unwrap();
        for (cohort, asked) in roll {
            let class =
                Class { id: ClassId(Uuid::now_v7()), school_id: school, cohort: *cohort, number: 9, closed: false };
            tx.insert_class(&permit, &class, app.now()).await.unwrap();
            let there =
                stands.iter().find(|(of, entered, _)| (of, entered) == (&school, cohort)).map_or(0, |(_, _, n)| *n);
            for _ in there..i64::from(*asked) {
                let mac = || Uuid::new_v4().as_bytes().to_vec();
                let (identity_mac, number_mac, person_mac, row_mac) = (mac(), mac(), mac(), mac());
                let id = StudentId(Uuid::now_v7());
                let macs = StudentMacs { id, class_id: class.id, identity_mac, number_mac, person_mac, row_mac };
                tx.insert_student(&permit, &macs, app.now()).await.unwrap();
            }
        }
        tx.commit().await.unwrap();
    }

    async fn put(&self, school: SchoolId, facts: &[(Uuid, Fact)]) {
        let app = &self.at.app;
        let duty = Duty { role: Role::MoralEdDirector, school, class: None };
        let standing = Standing::of(PersonId(Uuid::nil()), &[duty], &Facts::school(school));
        let permit = app.permit::<Write>(&standing, Kind::Circumstance, school.0).await.unwrap();
        let key = app.secret.fact_key();
        let rows: Vec<_> = facts.iter().map(|(id, fact)| (*id, key.seal(school, *id, fact).unwrap())).collect();
        let mut tx = app.begin().await.unwrap();
        tx.put_facts(&permit, &rows, &[]).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Counts many children.
    async fn count(&mut self, school: SchoolId, children: &[Child]) {
        let facts: Vec<(Uuid, Fact)> =
            children.iter().flat_map(|child| child.facts(DAYS[0])).map(|fact| (Uuid::new_v4(), fact)).collect();
        self.put(school, &facts).await;
        let was_visited = |(id, fact): &(Uuid, Fact)| matches!(fact, Fact::Visit(Some(_))).then_some((school, *id));
        self.visited.extend(facts.iter().filter_map(was_visited));
    }

    /// Moves the clock to the morning of a day.
    fn move_to(&self, day: Date) {
        let clock = &self.at.app.clock;
        clock.advance(school_instant(day, 8 * 60) - clock.now());
    }

    /// Somebody new comes to the school and gets a file: the director takes the child in and verifies what it needs, the
    /// counsellor opens the file and finds a helper, who agrees.
    async fn comes(&mut self, number: u32) -> StudentId {
        let child = self.world.child(number).clone();
        let student = self.takes_in(number, &child).await;
        let (li, wang) = (self.at.sign_in_as("li").await, self.at.sign_in_as("wang").await);
        self.moves(student, "in_support").await;
        for tag in &child.tags {
            let form = [("tag", tag.as_str()), ("standing", "verified"), ("basis", "走访"), ("since", "2026-09-01")];
            wang.post_and_follow(&format!("/files/{student}/circumstance"), &form).await;
        }
        if child.helped {
            let chen = self.at.sign_in_as("chen").await;
            let (helper, today) = (chen.id.to_string(), self.at.app.clock.today());
            let (starts, ends) = (today.to_string(), today.saturating_add(8.months()).to_string());
            let form = [
                ("helper", helper.as_str()),
                ("purpose", "每周辅导一次"),
                ("condition", "learning"),
                ("starts", &starts),
                ("ends", &ends),
            ];
            li.post_and_follow(&format!("/files/{student}/pairing"), &form).await;
            let pairings = self.at.app.db.read().await.unwrap().pairings(self.at.school.id).await.unwrap();
            let pairing = pairings.iter().find(|pairing| pairing.student_id == student).unwrap().id;
            chen.post_and_follow(&format!("/helping/{pairing}/accept"), &[]).await;
            // A helper holds no key of what is counted: the next counsellor who signs in counts it.
            self.at.sign_in_as("li").await;
        }
        if child.warning.is_some() {
            self.at.warn(student).await;
        }
        self.came.push((student, child.visited));
        student
    }

    /// The director sends a roster with one new child, looks at it and confirms it.
    async fn takes_in(&self, number: u32, child: &Child) -> StudentId {
        const GRADES: [&str; 6] = ["一年级", "二年级", "三年级", "四年级", "五年级", "六年级"];
        let (name, passport) = (format!("贺{}", ["来", "新", "走"][number as usize % 3]), format!("E{number:07}"));
        let grade = GRADES[COHORTS.iter().position(|cohort| *cohort == child.cohort).unwrap()];
        let sex = if child.sex == Sex::Female { "女" } else { "男" };
        let born = format!("{}-05-01", child.cohort - 6);
        let head = ["年级", "班级", "姓名", "性别", "出生日期", "身份证件类型", "身份证件号"];
        let mut book = rust_xlsxwriter::Workbook::new();
        let sheet = book.add_worksheet();
        sheet.write_row(0, 0, head).unwrap();
        sheet.write_row(1, 0, [grade, "1班", &name, sex, &born, "护照", &passport]).unwrap();
        let wang = self.at.sign_in_as("wang").await;
        let sent = wang.upload("/import", "file", &book.save_to_buffer().unwrap()).await;
        let path = sent.location();
        assert!(path.starts_with("/imports/"), "{}", sent.text("main"));
        assert_eq!(wang.post(&path, &[]).await.status, StatusCode::SEE_OTHER);
        let mut page = wang.get(&path).await;
        while page.headers.contains_key("refresh") {
            tokio::time::sleep(Duration::from_millis(20)).await;
            page = wang.get(&path).await;
        }
        let classes = self.at.app.db.read().await.unwrap().classes(self.at.school.id).await.unwrap();
        let class = classes.iter().find(|class| class.cohort == child.cohort && class.number == 1).unwrap();
        let students = self.at.students(class.id).await;
        students.iter().find(|one| one.row.name == name).unwrap().row.student
    }

    /// The counsellor moves a file to another stage.
    async fn moves(&self, student: StudentId, status: &str) {
        let li = self.at.sign_in_as("li").await;
        let version = self.at.app.db.read().await.unwrap().student(student).await.unwrap().unwrap().version;
        let form = [("status", status), ("seen", &version.to_string())];
        li.post_and_follow(&format!("/files/{student}/status"), &form).await;
    }

    /// Publishes a report: what comes before it happens, the day comes, and families are visited anew.
    pub async fn publish(&mut self, report: usize) {
        let day = DAYS[report - 1];
        let events: Vec<Event> = self.world.events.iter().filter(|event| event.report == report).cloned().collect();
        for event in events {
            self.move_to(day.saturating_sub(10.days()));
            if event.joins {
                self.comes(event.number).await;
            } else {
                self.moves(self.leaver, "closed").await;
                self.came.retain(|(student, _)| *student != self.leaver);
            }
        }
        self.move_to(day);
        for school in [self.at.school.id, self.county.neighbour.id] {
            let of_school = self.visited.iter().filter(|(of, _)| *of == school);
            let facts: Vec<_> = of_school.map(|(_, id)| (*id, Fact::Visit(Some(day)))).collect();
            self.put(school, &facts).await;
        }
        for (student, _) in self.came.iter().filter(|(_, visited)| *visited) {
            self.visit(*student).await;
        }
        let wanted = self.came.iter().filter(|(_, visited)| *visited).count();
        self.visits.extend(std::iter::repeat_n(day, wanted));
        let published = self.at.app.publish_what_is_due(self.dir.path(), report == 1).await.unwrap();
        assert_eq!(published.map(|published| (published.report, published.scopes)), Some((report, 3)));
    }

    /// The counsellor visits a family.
    async fn visit(&self, student: StudentId) {
        let li = self.at.sign_in_as("li").await;
        let (once, today) = (Uuid::new_v4().to_string(), self.at.app.today());
        let form = [
            ("once", once.as_str()),
            ("date", &today),
            ("way", "home_visit"),
            ("happened", "聊了作息"),
            ("effect", "better"),
            ("next", ""),
        ];
        li.post_and_follow(&format!("/files/{student}/entry"), &form).await;
    }

    /// How many are on the roll in a report.
    pub fn roll(&self, report: usize) -> u32 {
        let joined = self.world.events.iter().filter(|event| event.joins && event.report <= report).count();
        ROLL * u32::try_from(COHORTS.len()).unwrap() + u32::try_from(joined).unwrap()
    }

    /// How many visits were made in the half year of a report.
    pub fn visits_of(&self, report: usize) -> usize {
        let half = HalfYear::of(DAYS[report - 1]);
        self.visits.iter().filter(|day| HalfYear::of(**day) == half).count()
    }

    /// What was stored of the school, the neighbour and all together; each number is the true count of the world and the noise
    /// that the key of the epoch gives.
    pub async fn stored(&self, report: usize) -> [Released; 3] {
        let mut conn = self.at.app.db.read().await.unwrap();
        let epoch = conn.last_epoch().await.unwrap().unwrap();
        let key = NoiseKey::open(&self.at.app.secret, epoch.id, &epoch.noise.unwrap()).unwrap();
        let (own, other) = (self.at.school.id.0, self.county.neighbour.id.0);
        let both = self.world.and(&self.neighbour);
        let mut all = Vec::new();
        for (id, world) in [(own, &self.world), (other, &self.neighbour), (Uuid::nil(), &both)] {
            let text = conn.last_release_of(id).await.unwrap().unwrap().text;
            let released = Released::parse(&text).unwrap();
            let (county, tier, roll) = (id.is_nil(), released.tier, released.roll.clone());
            let label = if county { COUNTY.to_owned() } else { format!("school-{id}") };
            let truth: BTreeMap<_, _> = released.cells.keys().map(|cell| (*cell, world.count(report, *cell))).collect();
            let scope = Scope { label, county, tier, roll, counts: truth };
            let made = publish(|label| key.stream(label), &menu(), &scope, report);
            let wrong: Vec<_> = made.iter().filter(|(cell, number)| released.cells[cell] != **number).collect();
            assert!(wrong.is_empty(), "what is counted is not what is true: {wrong:?}");
            assert_eq!((released.report, released.day), (report, DAYS[report - 1]));
            all.push(released);
        }
        all.try_into().unwrap()
    }
}
