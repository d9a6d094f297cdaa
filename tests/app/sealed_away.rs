//! A file that was sealed away, through every page: what everybody reads before, nobody reads or writes afterwards, and all of it is
//! there again when two people have unsealed it.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use sqlx::{Connection as _, PgConnection, SqliteConnection};
use uuid::Uuid;
use yice::domain::ids::{StudentId, WarningId};
use yice::domain::words::{FileStatus, OfficeKind, Role};
use yice::web::{Route, Who};

use crate::people::{Page, Person, TestApp};
use crate::routes::{Things, every_route};
use crate::support::both_backends;
use crate::support::cluster::Engine;

both_backends!(
    nothing_of_a_sealed_file_is_found_on_any_route_by_any_role_and_all_of_it_was_found_before,
    a_sealed_file_outlives_a_rotation_and_reads_as_before_when_two_have_unsealed_it,
    a_teacher_reports_a_worry_as_ever_and_the_office_is_led_to_the_unsealing,
);

/// What stands in every part of the file.
const MARK: &str = "青石桥下的约定";
/// So starts the address of what is about a file by another id than the student's.
const BY_ANOTHER_ID: [&str; 4] = ["/warnings/{warning}", "/referrals/", "/pairings/{id}", "/helping/{id}"];

/// Everybody at the school, one of each role, and a file in which something stands in every place.
struct School<'a> {
    at: &'a TestApp,
    people: Vec<(Role, Person<'a>)>,
}

/// A file, and what leads to it.
#[derive(Clone)]
struct File {
    student: StudentId,
    name: String,
    /// The pairing of the helper, and that of somebody from outside.
    pairings: [Uuid; 2],
    warning: WarningId,
    step: Uuid,
    referral: Uuid,
    /// The director reads how to reach the family.
    grant: Uuid,
}

impl<'a> School<'a> {
    async fn of(at: &'a TestApp) -> Self {
        let mut people = Vec::new();
        for role in Role::ASSIGNABLE {
            people.push((*role, at.person(*role, role.as_str()).await));
        }
        let school = Self { at, people };
        at.check(school.who(Role::ExternalHelper).id).await;
        school
    }

    fn who(&self, role: Role) -> &Person<'a> {
        &self.people.iter().find(|(of, _)| *of == role).unwrap().1
    }

    /// The file of a student of the class, by place in the list, with this in every part of it.
    async fn file(&self, place: usize, mark: &str) -> File {
        let row = self.at.students(self.at.class).await[place].row.clone();
        let (student, teacher, li) = (row.student, self.who(Role::HomeroomTeacher), self.who(Role::Counsellor));
        self.at.open(student).await;
        let mut pairings = [Uuid::nil(); 2];
        for (pairing, role) in pairings.iter_mut().zip([Role::Helper, Role::ExternalHelper]) {
            *pairing = self.at.pair(student, self.who(role).id).await.0;
        }
        let day = ("date", "2026-11-20");
        let entry = [day, ("way", "talk"), ("happened", mark), ("effect", "better"), ("next", "")];
        let note = [day, ("form", "face_to_face"), ("minutes", "40"), ("process", mark)];
        let review = [day, ("kind", "month"), ("text", mark), ("effect", "better")];
        let group = [("tag", "poor"), ("standing", "verified"), ("basis", mark)];
        let files = format!("/files/{student}");
        done(teacher, &format!("{files}/entry"), &entry).await;
        done(teacher, &format!("{files}/edit/support"), &[("needs", mark), ("needs_seen", "0")]).await;
        done(teacher, &format!("{files}/circumstance"), &group).await;
        done(teacher, &format!("{files}/record"), &review).await;
        done(li, &format!("{files}/notes"), &note).await;
        let (warning, step) = self.at.warn(student).await;
        done(li, &format!("/warnings/{warning}/steps/remark"), &[("remark-note", mark)]).await;
        let follower = li.id.to_string();
        let referral = [
            ("to", "hospital"),
            ("contact", "市第三医院"),
            ("reason", mark),
            ("knows", "yes"),
            ("follower", &follower),
        ];
        done(li, &format!("/warnings/{warning}/referrals"), &referral).await;
        let referrals = self.at.app.db.read().await.unwrap().referrals_of_warning(warning).await.unwrap();
        let referral = referrals[0].id.0;
        let grant = self.at.lend_contact(student, self.who(Role::MoralEdDirector).id).await.0;
        File { student, name: row.name, pairings, warning, step: step.0, referral, grant }
    }

    /// All that runs about a file comes to its end, as if months had passed, and the homeroom teacher closes it.
    async fn close(&self, file: &File) {
        let id = file.student.0;
        for end in [
            "UPDATE warnings SET closed_at = 1 WHERE student_id = $1",
            "UPDATE referrals SET stage = 'ended' WHERE student_id = $1",
            "DELETE FROM deadlines WHERE student_id = $1",
        ] {
            match self.at.database.engine {
                Engine::Sqlite => {
                    let mut conn = SqliteConnection::connect(&self.at.database.place).await.unwrap();
                    sqlx::query(end).bind(id).execute(&mut conn).await.unwrap();
                }
                Engine::Postgres => {
                    let mut conn = PgConnection::connect(&self.at.database.place).await.unwrap();
                    sqlx::query(end).bind(id).execute(&mut conn).await.unwrap();
                }
            }
        }
        let seen = self.at.app.db.read().await.unwrap().student(file.student).await.unwrap().unwrap().version;
        let form = [("status", "closed"), ("seen", &*seen.to_string())];
        done(self.who(Role::HomeroomTeacher), &format!("/files/{}/status", file.student), &form).await;
    }

    async fn status(&self, file: &File) -> FileStatus {
        self.at.app.db.read().await.unwrap().student(file.student).await.unwrap().unwrap().status
    }

    /// What a counsellor reads of a file.
    async fn pages(&self, file: &File) -> Vec<String> {
        let li = self.who(Role::Counsellor);
        let mut texts = Vec::new();
        for place in file.places() {
            let page = li.get(&place).await;
            assert_eq!(page.status, StatusCode::OK, "{place}");
            assert!(page.source.contains(MARK), "{place}");
            texts.push(page.text("main"));
        }
        texts
    }
}

impl File {
    fn places(&self) -> Vec<String> {
        let files = format!("/files/{}", self.student);
        vec![
            files.clone(),
            format!("{files}/notes"),
            format!("{files}/record"),
            format!("/warnings/{}", self.warning),
            format!("/referrals/{}", self.referral),
        ]
    }

    /// The address of a route about the file, for somebody of a role.
    fn path(&self, route: &Route, role: Role) -> String {
        let pairing = self.pairings[usize::from(role == Role::ExternalHelper)];
        let id = match route.path.split('/').nth(1) {
            Some("files") => self.student.0,
            Some("warnings") => self.step,
            _ => pairing,
        };
        let compartment = if role == Role::MoralEdDirector { "circumstance" } else { "support" };
        let path = route.path.replace("{student}", &self.student.to_string()).replace("{id}", &id.to_string());
        let path = path.replace("{compartment}", compartment).replace("{warning}", &self.warning.to_string());
        path.replace("{referral}", &self.referral.to_string())
    }

    /// The things of the other routes, with those of this file in their places.
    fn lead(&self, things: &mut Things, role: Role) {
        (things.student, things.warning, things.notice) = (self.student, self.warning.0, self.step);
        things.pairing = self.pairings[usize::from(role == Role::ExternalHelper)];
        things.reading[0] = self.grant;
        // Nobody leads a case that is over: there is no grant to end.
        (things.trouble.referral, things.trouble.grant) = (self.referral, Uuid::nil());
    }
}

async fn done(person: &Person<'_>, path: &str, form: &[(&str, &str)]) -> Page {
    let page = person.post(path, form).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{path}: {}", page.text("main"));
    page
}

/// The routes about a file.
fn about_a_file() -> impl Iterator<Item = &'static Route> {
    every_route().filter(|route| {
        route.path.starts_with("/files/") || BY_ANOTHER_ID.iter().any(|start| route.path.starts_with(start))
    })
}

/// Whether a route is about the keeping of a file.
fn is_keeping(route: &Route) -> bool {
    let of = ["erasure", "hold", "seal", "unseal"];
    route.path.strip_prefix("/files/{student}/").is_some_and(|rest| of.contains(&rest.split('/').next().unwrap()))
}

fn is_named(route: &Route, role: Role) -> bool {
    matches!(route.who, Who::Roles(named) if named.contains(&role))
}

fn name_of(role: Role, route: &Route) -> String {
    format!("{role} {} {}", route.method, route.path)
}

async fn nothing_of_a_sealed_file_is_found_on_any_route_by_any_role_and_all_of_it_was_found_before(engine: Engine) {
    let at = TestApp::on(engine).await;
    let school = School::of(&at).await;
    let (file, twin) = (school.file(2, MARK).await, school.file(3, "另一份里的话").await);
    let list = format!("/classes/{}", at.class);
    let li = school.who(Role::Counsellor);
    let named = |page: &Page| page.source.contains(&file.name);
    for place in ["/pairings", "/warnings", "/due", &format!("{list}/helpers")] {
        assert!(named(&li.get(place).await), "{place}");
    }

    // Before: whoever is named at a route finds the page, and nobody else does.
    let mut open = BTreeSet::new();
    for (role, person) in &school.people {
        for route in about_a_file().filter(|route| route.method == "get") {
            let page = person.get(&file.path(route, *role)).await;
            assert_eq!(
                page.status == StatusCode::OK,
                is_named(route, *role),
                "{}: {}",
                name_of(*role, route),
                page.status
            );
            if page.status == StatusCode::OK {
                open.insert(name_of(*role, route));
            }
        }
    }
    assert!(open.len() > 30, "{open:#?}");
    school.close(&file).await;
    school.pages(&file).await;

    done(li, &format!("/files/{}/seal", file.student), &[]).await;
    done(li, &format!("/files/{}/seal", file.student), &[]).await;
    assert_eq!(at.audit_events("file_sealed_away").await, 1);

    // Afterwards: nothing, on any route, with forms that a file beside it takes from the same people.
    let mut things = Things::of(&at).await;
    let (mut found, mut shut, mut marked) = (Vec::new(), Vec::new(), Vec::new());
    let mut people: Vec<&(Role, Person<'_>)> = school.people.iter().collect();
    // Some of the forms end what helpers have.
    people.sort_by_key(|(role, _)| !matches!(role, Role::Helper | Role::ExternalHelper));
    for (role, person) in people {
        file.lead(&mut things, *role);
        for route in about_a_file().filter(|route| !is_keeping(route)) {
            let status = things.call(person, route, &things.path(route, *role), *role).await.status;
            if status != StatusCode::NOT_FOUND {
                found.push(format!("{}: {status}", name_of(*role, route)));
            }
        }
        twin.lead(&mut things, *role);
        // What a crisis record has is not there where none was opened.
        let beside = |route: &&Route| !is_keeping(route) && !route.path.contains("/crisis/");
        for route in about_a_file().filter(beside).filter(|route| is_named(route, *role)) {
            let status = things.call(person, route, &things.path(route, *role), *role).await.status;
            if status == StatusCode::NOT_FOUND || status.is_server_error() {
                shut.push(format!("{}: {status}", name_of(*role, route)));
            }
        }
        file.lead(&mut things, *role);
        for route in every_route().filter(|route| route.method == "get" && route.who != Who::Anyone) {
            let path = things.path(route, *role);
            if !about_a_file().any(|of_file| of_file == route) && person.get(&path).await.source.contains(MARK) {
                marked.push(format!("{role} {path}"));
            }
        }
    }
    assert_eq!((found, shut), (Vec::<String>::new(), Vec::<String>::new()));
    assert_eq!(marked, Vec::<String>::new(), "what stands in the file is on no other page either");
    assert_eq!(school.status(&file).await, FileStatus::SealedAway);

    // What is kept: the place on the class list, and for two roles the page of its keeping.
    for (role, person) in &school.people {
        let page = person.get(&format!("/files/{}/erasure", file.student)).await;
        let keeps = matches!(role, Role::Counsellor | Role::MoralEdDirector);
        assert_eq!(page.status == StatusCode::OK, keeps, "{role}");
        assert!(!page.source.contains(MARK), "{role}");
    }
    for place in ["/pairings", "/warnings", "/due", &format!("{list}/helpers"), &format!("{list}/verify")] {
        assert!(!named(&li.get(place).await), "{place}");
    }
    let keeping = format!("/files/{}/erasure", file.student);
    for (role, place) in [
        (Role::Counsellor, keeping.clone()),
        (Role::MoralEdDirector, keeping.clone()),
        (Role::HomeroomTeacher, format!("/files/{}", file.student)),
    ] {
        let (listed, found) =
            (school.who(role).get(&list).await, school.who(role).post("/search", &[("q", &file.name)]).await);
        for page in [listed, found] {
            assert!(named(&page), "{role}");
            let links = page.attributes("td a", "href");
            assert!(links.contains(&place), "{role}: {links:?}");
        }
    }
}

async fn a_sealed_file_outlives_a_rotation_and_reads_as_before_when_two_have_unsealed_it(engine: Engine) {
    let at = TestApp::on(engine).await;
    let school = School::of(&at).await;
    let file = school.file(2, MARK).await;
    let (li, wang) = (school.who(Role::Counsellor), school.who(Role::MoralEdDirector));
    let path = |end: &str| format!("/files/{}/{end}", file.student);
    let early = wang.post(&path("seal"), &[]).await;
    assert_eq!(early.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(early.text("#f-seal-error"), "结案或不纳入之后才能封存，请先更新档案阶段。");
    school.close(&file).await;
    let before = school.pages(&file).await;
    let sealed = done(wang, &path("seal"), &[]).await;
    assert!(wang.get(&sealed.location()).await.text("p.notice").contains("档案已封存"));

    let offices = at.app.db.read().await.unwrap().offices(at.school.id).await.unwrap();
    let office = offices.into_iter().find(|office| office.kind == OfficeKind::Counselling).unwrap();
    done(li, &format!("/offices/{}/rotate", office.id), &[]).await;
    for place in file.places() {
        assert_eq!(li.get(&place).await.status, StatusCode::NOT_FOUND, "{place}");
    }

    let empty = wang.post(&path("unseal"), &[("unseal", "authority"), ("need", " ")]).await;
    assert_eq!(
        (empty.status, empty.text("#f-need-error")),
        (StatusCode::UNPROCESSABLE_ENTITY, "请填写这一项。".to_owned())
    );
    assert_eq!(empty.attributes("[name=unseal][checked]", "value"), ["authority"], "what was chosen stays chosen");
    let none = wang.post(&path("unseal"), &[("need", "派出所来函")]).await;
    assert_eq!(none.text("#f-unseal-error"), "请选择一项。");
    assert_eq!(none.text("[name=need]"), "派出所来函");
    let form = [("unseal", "authority"), ("need", "派出所来函")];
    for _ in 0..2 {
        done(wang, &path("unseal"), &form).await;
    }
    assert_eq!(at.audit_events("unsealing_asked").await, 1);
    assert_eq!(
        wang.get(&path("erasure")).await.texts("form[action$='/unseal/sign']").len(),
        0,
        "nobody signs the own request"
    );
    let page = li.get(&path("erasure")).await;
    assert!(page.text("#unsealing").contains("派出所来函") && page.text("#unsealing").contains("有关部门依法要求"));
    let request = page.attributes("form[action$='/unseal/sign'] [name=id]", "value").remove(0);
    let own = wang.post(&path("unseal/sign"), &[("id", &request)]).await;
    assert_eq!((own.status, own.text("#f-unseal-error").is_empty()), (StatusCode::UNPROCESSABLE_ENTITY, false));
    for _ in 0..2 {
        done(li, &path("unseal/sign"), &[("id", &request)]).await;
    }
    assert_eq!((at.audit_events("file_unsealed").await, school.status(&file).await), (1, FileStatus::Closed));
    assert_eq!(school.pages(&file).await, before);
    let helper = school.who(Role::Helper).get(&format!("/files/{}", file.student)).await;
    assert!(helper.source.contains(MARK), "the helper holds the next keys too");
}

async fn a_teacher_reports_a_worry_as_ever_and_the_office_is_led_to_the_unsealing(engine: Engine) {
    let at = TestApp::on(engine).await;
    let school = School::of(&at).await;
    let file = school.file(2, MARK).await;
    school.close(&file).await;
    let (li, zhang) = (school.who(Role::Counsellor), school.who(Role::HomeroomTeacher));
    done(li, &format!("/files/{}/seal", file.student), &[]).await;

    let another = at.students(at.class).await[4].row.clone();
    let mut answers = Vec::new();
    for (student, name) in [(file.student, &file.name), (another.student, &another.name)] {
        let place = format!("/concerns/new?student={student}");
        let form = zhang.get(&place).await;
        let given = form.attributes("[name=given]", "value");
        let sent = zhang
            .post("/concerns", &[("given", &given[0]), ("seen", "午休独自哭"), ("urgency", "today"), ("safe", "yes")])
            .await;
        let shown = form.source.replace(&student.to_string(), "").replace(name.as_str(), "");
        answers.push((form.status, sent.status, sent.location(), shown.len()));
    }
    assert_eq!(answers[0].2, "/receipts?done=concern-sent");
    assert_eq!(answers[0], answers[1], "the teacher sees no difference, not in a byte of the form");
    let receipts = zhang.get("/receipts").await.texts("tbody tr td:last-child");
    assert_eq!(receipts[0], receipts[1]);

    let keeping = format!("/files/{}/erasure", file.student);
    let inbox = li.get("/warnings").await;
    let mut led = 0;
    for letter in inbox.attributes("a.button.main", "href") {
        let page = li.get(&letter).await;
        let about_it = page.text("main").contains(&file.name);
        assert_eq!(page.attributes("#sealed a", "href").contains(&keeping), about_it);
        assert_eq!(page.texts("form[action$='/take']").is_empty(), about_it);
        let student = if about_it { file.student } else { another.student }.to_string();
        let taken = li.post(&format!("{letter}/take"), &[("student", &student)]).await;
        let expected = if about_it { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::SEE_OTHER };
        assert_eq!(taken.status, expected);
        if about_it {
            assert_eq!(taken.attributes("#sealed a", "href"), std::slice::from_ref(&keeping));
            let close = [("reason", "no_concern"), ("note", "看过")];
            let closed = li.post(&format!("{letter}/close"), &close).await;
            assert_eq!(closed.status, StatusCode::UNPROCESSABLE_ENTITY);
            assert!(closed.text("#f-reason-error").contains("解除封存"), "{}", closed.text("#f-reason-error"));
            assert_eq!(closed.text("[name=note]"), "看过");
            led += 1;
        }
    }
    assert_eq!(led, 1);
}
