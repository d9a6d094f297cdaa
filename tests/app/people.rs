//! A school with pages, and people who use them: each has a browser with cookies, and sees what a browser would show.
//!
//! Real database, real keys, real router; only the clock stands still and passwords are stretched cheaply.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use scraper::{Html, Selector};
use secrecy::SecretString;
use tower::ServiceExt as _;
use yice::domain::audit::Event;
use yice::domain::clock::{Clock, HOUR};
use yice::domain::crisis::{Member, TeamDuty};
use yice::domain::gate::menu::Profile;
use yice::domain::help::{HelpMessage, HelpState};
use yice::domain::helping::Condition;
use yice::domain::ids::{
    AppointmentId, ClassId, ExchangeId, FormId, GroupId, LetterId, PairingId, PersonId, ReadingGrantId, ReferralId,
    ReportId, SchoolId, StepId, StudentId, WarningId,
};
use yice::domain::mandatory::Situation;
use yice::domain::reading::ReadingKind;
use yice::domain::referral::Receiver;
use yice::domain::relation::{Duty, Facts, Standing};
use yice::domain::room::AppointmentFor;
use yice::domain::roster;
use yice::domain::warning::{Concern, Safe, Severity, StepKind, Urgency};
use yice::domain::words::{FileStatus, Kind, Role};
use yice::policy::{Permit, Policy, Read, Report};
use yice::service::{
    App, Bell, FoundedSchool, Grading, GroupEdit, KdfGate, Listed, NewAppointment, NewItem, NewLeader, NewMandatory,
    NewPairing, NewReading, NewReferral, NewReport, NewShift, NewStep, Newcomer, Offices, Told, Viewer,
};
use yice::store::AuditFilter;
use yice::vault::{Kdf, KdfParams, OfficeKey, ServerSecret};
use yice::web;
use yice::web::headers::Frame;

use crate::support::cluster::{Engine, TestDb};

/// 2026-11-23 08:00 in Shanghai, microseconds UTC.
const MORNING: i64 = 1_795_392_000_000_000;
/// Everybody's password.
pub const PASSWORD: &str = "a horse in the rain";
/// How a form travels.
const FORM: &str = "application/x-www-form-urlencoded";
/// A teaching point with 26 students: the smallest bundled roster.
pub const ROSTER: &[u8] = include_bytes!("../data/roster_shimen_tiny.xlsx");

/// A school in a test.
pub struct TestApp {
    /// The service behind the pages.
    pub app: Arc<App>,
    /// The school and the keys of its offices.
    pub school: FoundedSchool,
    /// A class with students, the one of [`TestApp::homeroom`].
    pub class: ClassId,
    /// Another class with students.
    pub other_class: ClassId,
    /// The first counsellor, who lets the others in.
    keeper: Viewer,
    /// The database below the service, for those who come in that way.
    pub database: TestDb,
    /// The bell of this node.
    pub bell: Bell,
    router: Router,
}

impl TestApp {
    /// A school in a SQLite file.
    pub async fn new() -> Self {
        Self::on(Engine::Sqlite).await
    }

    /// A school on either engine.
    pub async fn on(engine: Engine) -> Self {
        let database = TestDb::new(engine).await;
        let kdf = Kdf::new(KdfParams { memory_kib: 64, time: 1, lanes: 1 }).unwrap();
        let app = Arc::new(App {
            db: database.db.clone(),
            policy: Policy::load().await.unwrap(),
            secret: ServerSecret::generate().unwrap(),
            clock: Clock::fixed(MORNING),
            kdf: KdfGate::new(kdf, 2),
            noise: Profile::Standard,
        });
        app.found_installation().await.unwrap();
        let school = app.found_school("石门村教学点").await.unwrap();
        take_in_roster(&app, &school).await;
        let duty = Duty { role: Role::Counsellor, school: school.id, class: None };
        let offices = [&school.counselling];
        app.found_person(school.id, "keeper", "钱老师", password(), &[duty], &offices).await.unwrap();
        let keeper = signed_in(&app, "keeper").await;
        let mut classes = app.classes(&keeper).await.unwrap();
        classes.retain(|size| size.students > 1);
        let (class, other_class) = (classes[0].class.id, classes[1].class.id);
        let bell = Bell::default();
        let router = web::router_with(Arc::clone(&app), Frame { secure: false }, bell.clone());
        Self { app, school, class, other_class, keeper, database, bell, router }
    }

    /// A counsellor with a browser, signed in.
    pub async fn counsellor(&self, login: &str) -> Person<'_> {
        self.person(Role::Counsellor, login).await
    }

    /// The homeroom teacher of [`TestApp::class`].
    pub async fn homeroom(&self, login: &str) -> Person<'_> {
        self.person(Role::HomeroomTeacher, login).await
    }

    /// The homeroom teacher of [`TestApp::other_class`].
    pub async fn homeroom_of_the_other_class(&self, login: &str) -> Person<'_> {
        self.hire(Role::HomeroomTeacher, Some(self.other_class), login).await
    }

    /// Somebody who teaches a subject in [`TestApp::other_class`].
    pub async fn teacher_of_the_other_class(&self, login: &str) -> Person<'_> {
        self.hire(Role::SubjectTeacher, Some(self.other_class), login).await
    }

    /// A school leader.
    pub async fn leader(&self, login: &str) -> Person<'_> {
        self.person(Role::SchoolLeader, login).await
    }

    /// Somebody with one role, let into the office that goes with it, and signed in.
    pub async fn person(&self, role: Role, login: &str) -> Person<'_> {
        self.hire(role, role.is_for_a_class().then_some(self.class), login).await
    }

    async fn hire(&self, role: Role, class: Option<ClassId>, login: &str) -> Person<'_> {
        let duty = Duty { role, school: self.school.id, class };
        let name = format!("{login}老师");
        let id = self.app.found_person(self.school.id, login, &name, password(), &[duty], &[]).await.unwrap();
        let waiting = self.waiting().await;
        for newcomer in waiting.iter().filter(|newcomer| newcomer.person.id == id) {
            self.app.admit(&self.keeper, newcomer.office.id, id, &newcomer.fingerprint).await.unwrap();
        }
        let person = Person { at: self, id, cookies: Mutex::default() };
        let home = person.post("/sign-in", &[("login", login), ("password", PASSWORD), ("next", "")]).await;
        assert_eq!(home.status, StatusCode::SEE_OTHER, "{login} signs in");
        person
    }

    /// Somebody of any school or of the district, who holds the keys of these offices from the start.
    pub async fn someone(&self, school: SchoolId, role: Role, login: &str, offices: &[&OfficeKey]) -> Person<'_> {
        let duty = Duty { role, school, class: None };
        let name = format!("{login}老师");
        self.app.found_person(school, login, &name, password(), &[duty], offices).await.unwrap();
        self.sign_in_as(login).await
    }

    /// Somebody who has an account, with a browser.
    pub async fn sign_in_as(&self, login: &str) -> Person<'_> {
        let id = self.app.db.read().await.unwrap().account(login).await.unwrap().unwrap().id;
        let person = Person { at: self, id, cookies: Mutex::default() };
        let home = person.post("/sign-in", &[("login", login), ("password", PASSWORD), ("next", "")]).await;
        assert_eq!(home.status, StatusCode::SEE_OTHER, "{login} signs in");
        person
    }

    /// Somebody of any school or of the district, without a browser.
    pub async fn colleague(&self, school: SchoolId, role: Role, login: &str, offices: &[&OfficeKey]) -> Viewer {
        let duty = Duty { role, school, class: None };
        self.app.found_person(school, login, login, password(), &[duty], offices).await.unwrap();
        signed_in(&self.app, login).await
    }

    /// How many audit lines of the school are about an event.
    pub async fn audit_events(&self, event: &str) -> usize {
        let duty = Duty { role: Role::PrivacyOfficer, school: self.school.id, class: None };
        let standing = Standing::of(self.keeper.person.id, &[duty], &Facts::school(self.school.id));
        let permit = self.app.permit::<Read>(&standing, Kind::Audit, self.school.id.0).await.unwrap();
        let filter = AuditFilter { event: Event::parse(event), ..AuditFilter::default() };
        self.app.db.read().await.unwrap().audit_lines(&permit, &filter, 1000).await.unwrap().len()
    }

    /// Somebody with one role whom nobody has let into an office yet.
    pub async fn newcomer(&self, role: Role, login: &str) -> PersonId {
        let class = role.is_for_a_class().then_some(self.class);
        let duty = Duty { role, school: self.school.id, class };
        self.app.found_person(self.school.id, login, login, password(), &[duty], &[]).await.unwrap()
    }

    /// Who waits to be let into an office.
    pub async fn waiting(&self) -> Vec<Newcomer> {
        self.offices().await.waiting
    }

    /// The offices of the school, as their keeper sees them.
    pub async fn offices(&self) -> Offices {
        self.app.offices(&self.keeper).await.unwrap()
    }

    /// Somebody at a browser who has not signed in.
    pub fn nobody(&self) -> Person<'_> {
        Person { at: self, id: PersonId(uuid::Uuid::nil()), cookies: Mutex::default() }
    }

    /// The students of a class, by class number.
    pub async fn students(&self, class: ClassId) -> Vec<Listed> {
        self.app.class_list(&self.keeper, class).await.unwrap().students
    }

    /// The whole server at an address of this machine, until the test ends.
    pub async fn serve(&self) -> std::net::SocketAddr {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = self.router.clone();
        tokio::spawn(async move { axum::serve(listener, router).await });
        address
    }

    /// A student of the homeroom teacher's class.
    pub async fn student(&self) -> StudentId {
        self.students(self.class).await[0].row.student
    }

    /// Opens the file of a student, as a counsellor does, unless it is open.
    pub async fn open(&self, student: StudentId) {
        let found = self.app.db.read().await.unwrap().student(student).await.unwrap().unwrap();
        if !found.status.is_open() {
            let status = FileStatus::InSupport;
            self.app.set_status(&self.keeper, student, status, found.version).await.unwrap();
        }
    }

    /// Opens the help-seeking box, as an administrator does. Gives its code.
    pub async fn help_box(&self) -> String {
        let duty = Duty { role: Role::SysAdmin, school: self.school.id, class: None };
        self.app.found_person(self.school.id, "opener", "opener", password(), &[duty], &[]).await.unwrap();
        let opener = signed_in(&self.app, "opener").await;
        self.app.set_help_box(&opener, true).await.unwrap();
        self.app.own_help_box(&opener).await.unwrap().unwrap().code
    }

    /// Somebody writes to the box, which must be open.
    pub async fn exchange(&self) -> ExchangeId {
        let found = self.app.db.read().await.unwrap().help_box(self.school.id).await.unwrap().unwrap();
        let form = self.app.help_form(&found.code, true).await.unwrap();
        self.app.clock.advance(3_000_000);
        let message = HelpMessage { text: "最近总睡不着".to_owned(), ..HelpMessage::default() };
        self.app.ask_for_help(&found.code, &form, &message).await.unwrap();
        self.app.exchanges(&self.keeper, HelpState::Waiting).await.unwrap()[0].id
    }

    /// The permit of a privacy officer to read the audit.
    pub async fn audit_permit(&self, officer: &Person<'_>) -> Permit<Read> {
        let duty = Duty { role: Role::PrivacyOfficer, school: self.school.id, class: None };
        let standing = Standing::of(officer.id, &[duty], &Facts::school(self.school.id));
        self.app.permit(&standing, Kind::Audit, self.school.id.0).await.unwrap()
    }

    /// A report about a student, waiting to be taken up.
    pub async fn report(&self, student: StudentId) -> LetterId {
        let (who, class, place) = (String::new(), String::new(), String::new());
        let seen = "课间独自哭".to_owned();
        let concern = Concern { who, class, seen, urgency: Urgency::Today, safe: Safe::Yes, place };
        let id = LetterId(uuid::Uuid::new_v4());
        self.app.report(&self.keeper, &NewReport { id, student: Some(student), concern }).await.unwrap();
        id
    }

    /// A warning about a student with a level, and the step that says how the guardian was informed.
    pub async fn warn(&self, student: StudentId) -> (WarningId, StepId) {
        let letter = self.report(student).await;
        let warning = self.app.take_letter(&self.keeper, letter, student).await.unwrap();
        let seen = self.app.db.read().await.unwrap().warning(warning).await.unwrap().unwrap().version;
        let (id, reason) = (StepId(uuid::Uuid::now_v7()), "持续两周".to_owned());
        let grading = Grading { id, severity: Severity::Moderate, reason, seen };
        self.app.grade(&self.keeper, warning, &grading).await.unwrap();
        let answers = [
            ("at", "2026-11-23T07:00"),
            ("way", "phone"),
            ("guardian", "母亲"),
            ("said", "近来睡得不好"),
            ("reaction", "cooperates"),
        ];
        let fields = answers.map(|(field, text)| (field.to_owned(), text.to_owned())).into();
        let id = StepId(uuid::Uuid::now_v7());
        let step = NewStep { id, kind: StepKind::GuardianInformed, fields, persons: Vec::new() };
        self.app.write_step(&self.keeper, warning, &step).await.unwrap();
        (warning, id)
    }

    /// A crisis record of a warning, with a leader, a member of the team, an item of the plan (1) and a shift (2); a referral,
    /// and a mandatory report.
    pub async fn trouble(&self, warning: WarningId, person: PersonId) -> Trouble {
        let (app, keeper) = (&self.app, &self.keeper);
        app.open_crisis(keeper, warning, "说过不想活").await.unwrap();
        let leader = NewLeader { person, reason: "分管安全".to_owned(), until: None };
        let grant = app.appoint_leader(keeper, warning, &leader).await.unwrap();
        app.join_team(keeper, warning, Member { person, duty: TeamDuty::Family }).await.unwrap();
        let until = app.clock.today();
        app.plan(keeper, warning, &NewItem { what: "移开危险物品".to_owned(), who: person, until }).await.unwrap();
        let (from, to) = (app.now(), app.now() + HOUR);
        app.add_shift(keeper, warning, &NewShift { from, to, who: "妈妈".to_owned() }).await.unwrap();
        let referral = ReferralId(uuid::Uuid::now_v7());
        let new = NewReferral {
            id: referral,
            to: Receiver::Hospital,
            contact: "市第三医院".to_owned(),
            reason: "两周睡不好".to_owned(),
            done: String::new(),
            student_knows: true,
            follower: person,
        };
        app.begin_referral(keeper, warning, &new).await.unwrap();
        let report = ReportId(uuid::Uuid::new_v4());
        let new = NewMandatory {
            id: report,
            situation: Situation::Injured,
            serious: false,
            who: "某同学".to_owned(),
            seen: "手臂淤伤".to_owned(),
            place: "教室".to_owned(),
            evidence: String::new(),
            safe: Safe::Unknown,
        };
        app.report_mandatory(keeper, &new).await.unwrap();
        Trouble { grant: grant.0, referral: referral.0, report: report.0, keeper: keeper.person.id }
    }

    /// An appointment of the first counsellor, tomorrow at nine.
    pub async fn appointment(&self) -> AppointmentId {
        let whom = AppointmentFor { student: None, who: "王小雨".to_owned(), about: String::new(), exchange: None };
        let day = self.app.clock.today().saturating_add(jiff::ToSpan::day(1));
        let (form, with, room) = (FormId(uuid::Uuid::new_v4()), self.keeper.person.id, String::new());
        let new = NewAppointment { form, with, day, starts: 540, minutes: 45, room, whom };
        self.app.make_appointment(&self.keeper, &new).await.unwrap()
    }

    /// Weekly hours of the first counsellor.
    pub async fn hours(&self) -> uuid::Uuid {
        self.app.add_hours(&self.keeper, 2, 540, 45, "心理室").await.unwrap();
        self.app.own_hours(&self.keeper).await.unwrap()[0].id
    }

    /// A group of the first counsellor.
    pub async fn group(&self) -> GroupId {
        let edit = GroupEdit { topic: "新生适应".to_owned(), ..GroupEdit::default() };
        self.app.new_group(&self.keeper, FormId(uuid::Uuid::new_v4()), &edit).await.unwrap()
    }

    /// Asks a helper to help a student for a month.
    pub async fn ask(&self, student: StudentId, helper: PersonId) -> PairingId {
        self.open(student).await;
        let starts = self.app.clock.today();
        let ends = starts.saturating_add(jiff::ToSpan::month(1));
        let told =
            Told {
                alias: "小树".to_owned(), needs: "有人听他读书".to_owned(), measures: "每周六上午".to_owned()
            };
        let (purpose, condition) = ("每周辅导一次".to_owned(), Condition::Learning);
        let new = NewPairing { helper, purpose, condition, starts, ends, told };
        self.app.start_pairing(&self.keeper, student, new).await.unwrap()
    }

    /// Pairs a student with a helper for a month, who agrees.
    pub async fn pair(&self, student: StudentId, helper: PersonId) -> PairingId {
        let pairing = self.ask(student, helper).await;
        let login = self.app.db.read().await.unwrap().person(helper).await.unwrap().unwrap().login;
        let viewer = signed_in(&self.app, &login).await;
        self.app.accept_pairing(&viewer, pairing).await.unwrap();
        pairing
    }

    /// Ends a pairing.
    pub async fn end(&self, pairing: PairingId) {
        self.app.end_pairing(&self.keeper, pairing, "小结").await.unwrap();
    }

    /// Lets a director read today how to reach a student's family.
    pub async fn lend_contact(&self, student: StudentId, person: PersonId) -> ReadingGrantId {
        let (kind, reason) = (ReadingKind::Contact, "家访之前联系".to_owned());
        let new = NewReading { kind, person, reason, until: Some(self.app.clock.today()) };
        self.app.give_reading(&self.keeper, student, FormId(uuid::Uuid::new_v4()), &new).await.unwrap()
    }

    /// Notes a background check of today.
    pub async fn check(&self, person: PersonId) {
        let standing = Standing::installation(self.school.id);
        self.app.note_check(&standing, person, self.app.clock.today()).await.unwrap();
    }
}

/// What [`TestApp::trouble`] made.
pub struct Trouble {
    /// The grant of the leader.
    pub grant: uuid::Uuid,
    /// The referral.
    pub referral: uuid::Uuid,
    /// The mandatory report.
    pub report: uuid::Uuid,
    /// A counsellor, whom the director can name.
    pub keeper: PersonId,
}

/// Everybody's password.
pub fn password() -> SecretString {
    SecretString::from(PASSWORD)
}

async fn signed_in(app: &App, login: &str) -> Viewer {
    let session = app.sign_in(login, password(), "127.0.0.1").await.unwrap();
    app.viewer(&session.token).await.unwrap()
}

/// As `yice import` does it: without anybody signed in.
async fn take_in_roster(app: &App, school: &FoundedSchool) {
    let roster = roster::read(ROSTER, app.school_year()).unwrap();
    let plan = app.plan_roster(school.id, roster, None).await.unwrap();
    let permit = app.permit::<Report>(&Standing::installation(school.id), Kind::Roster, school.id.0).await.unwrap();
    app.take_in_roster(&permit, &plan, &|_| ()).await.unwrap();
}

/// Somebody at a browser.
pub struct Person<'a> {
    at: &'a TestApp,
    /// Whose account it is; nil for nobody's.
    pub id: PersonId,
    cookies: Mutex<BTreeMap<String, String>>,
}

impl Person<'_> {
    /// Opens an address.
    pub async fn get(&self, path: &str) -> Page {
        self.ask(Method::GET, path, None).await
    }

    /// Sends a form from a page of this server.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let encode = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat();
        let pairs: Vec<String> =
            fields.iter().map(|(name, text)| format!("{}={}", encode(name), encode(text))).collect();
        self.ask(Method::POST, path, Some((FORM, pairs.join("&").into_bytes()))).await
    }

    /// Sends a file from a page of this server.
    pub async fn upload(&self, path: &str, field: &str, file: &[u8]) -> Page {
        let head =
            format!("--edge\r\ncontent-disposition: form-data; name=\"{field}\"; filename=\"roster.xlsx\"\r\n\r\n");
        let body = [head.as_bytes(), file, b"\r\n--edge--\r\n"].concat();
        self.ask(Method::POST, path, Some(("multipart/form-data; boundary=edge", body))).await
    }

    /// Sends a form and opens the page it leads to.
    pub async fn post_and_follow(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let answer = self.post(path, fields).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path} was not taken: {}", answer.text("main"));
        self.get(&answer.location()).await
    }

    /// Opens an address whose answer goes on, and gives what is still to come of it.
    pub async fn listen(&self, path: &str) -> (StatusCode, Body) {
        let cookies: Vec<String> =
            self.cookies.lock().unwrap().iter().map(|(name, text)| format!("{name}={text}")).collect();
        let request = Request::get(path).header(header::HOST, "yice.test").header(header::COOKIE, cookies.join("; "));
        let answer = self.at.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        (answer.status(), answer.into_body())
    }

    async fn ask(&self, method: Method, path: &str, form: Option<(&str, Vec<u8>)>) -> Page {
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, "yice.test");
        let cookies: Vec<String> =
            self.cookies.lock().unwrap().iter().map(|(name, text)| format!("{name}={text}")).collect();
        if !cookies.is_empty() {
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        if let Some((kind, _)) = form {
            request = request.header(header::CONTENT_TYPE, kind).header("sec-fetch-site", "same-origin");
        }
        let request = request.body(form.map_or_else(Body::empty, |(_, body)| Body::from(body))).unwrap();
        let (parts, body) = self.at.router.clone().oneshot(request).await.unwrap().into_parts();
        self.keep_cookies(&parts.headers);
        // What goes on until somebody goes away is looked at once.
        let goes_on = parts.headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream");
        let bytes = if goes_on { next_part(&mut { body }).await } else { body.collect().await.unwrap().to_bytes() };
        let is_page = parts.headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/"));
        let source = match String::from_utf8(bytes.to_vec()) {
            Ok(source) => source,
            Err(_) if !is_page => String::new(),
            Err(error) => panic!("pages are UTF-8: {error}"),
        };
        Page { status: parts.status, headers: parts.headers, source, bytes }
    }

    fn keep_cookies(&self, headers: &HeaderMap) {
        let mut jar = self.cookies.lock().unwrap();
        for cookie in headers.get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            let (pair, attributes) = cookie.split_once(';').unwrap_or((cookie, ""));
            let (name, value) = pair.split_once('=').unwrap();
            if attributes.to_lowercase().contains("max-age=0") {
                jar.remove(name);
            } else {
                jar.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

/// The next part of an answer that goes on; empty at its end.
pub async fn next_part(body: &mut Body) -> Bytes {
    let part = tokio::time::timeout(Duration::from_secs(20), body.frame()).await.expect("something is told");
    part.map_or_else(Bytes::new, |part| part.unwrap().into_data().unwrap())
}

/// What came back.
pub struct Page {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The source of the page; empty for a file that is no text.
    pub source: String,
    /// What came, byte by byte.
    pub bytes: Bytes,
}

impl Page {
    /// The text of the first element that fits a CSS selector; empty when none does.
    pub fn text(&self, selector: &str) -> String {
        self.texts(selector).into_iter().next().unwrap_or_default()
    }

    /// The texts of all elements that fit a CSS selector.
    pub fn texts(&self, selector: &str) -> Vec<String> {
        let one_line = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
        self.select(selector, |element| Some(one_line(element.text().collect())))
    }

    /// An attribute of all elements that fit a CSS selector and have it.
    pub fn attributes(&self, selector: &str, name: &str) -> Vec<String> {
        self.select(selector, |element| element.value().attr(name).map(str::to_owned))
    }

    fn select(&self, selector: &str, read: impl Fn(scraper::ElementRef<'_>) -> Option<String>) -> Vec<String> {
        let selector = Selector::parse(selector).unwrap();
        Html::parse_document(&self.source).select(&selector).filter_map(read).collect()
    }

    /// Where the answer sends the browser; empty when it does not.
    pub fn location(&self) -> String {
        self.headers.get(header::LOCATION).map_or_else(String::new, |place| place.to_str().unwrap().to_owned())
    }
}
