//! The district beside a school: joint meetings, supervision, progress and compliance, as their people use them.

use axum::http::StatusCode;
use jiff::civil::date;
use uuid::Uuid;
use yice::domain::compliance::IncidentKind;
use yice::domain::county::{HalfYear, Topic};
use yice::domain::ids::{FormId, SchoolId};
use yice::domain::relation::Duty;
use yice::domain::words::Role;
use yice::service::{FoundedSchool, IncidentDays, NewDecision, NewJointMeeting, NewSupervision, Viewer};
use yice::web::{ROUTES, Who};

use crate::people::{Page, Person, TestApp};
use crate::support::both_backends;
use crate::support::cluster::Engine;
use crate::support::demo;

both_backends!(
    an_officer_finds_the_own_pages_and_nothing_about_a_child,
    a_meeting_goes_from_the_agenda_to_a_decision_that_is_done,
    a_meeting_exchanges_what_was_published_and_nothing_else,
    a_text_that_names_a_child_does_not_leave_the_school_and_says_which_line,
    a_school_that_takes_no_part_finds_no_meeting_and_no_supervision,
    an_officer_sees_who_is_behind_and_a_supervision_goes_round,
    a_privacy_officer_has_the_pack_and_the_district_has_sums,
    the_administrator_of_the_district_gives_its_roles_and_no_others,
);

#[test]
fn the_demonstration_has_a_meeting_with_a_decision_and_a_supervision_of_two_topics() {
    let (_folder, dir) = demo::copy();
    let server = demo::start(&dir);
    let browser = |login: &str| {
        let line = server.lines.iter().find(|line| line.split('\t').nth(1) == Some(login)).unwrap();
        let mut browser = server.client();
        assert_eq!(browser.sign_in(login, line.split('\t').nth(2).unwrap()).status, 303, "{login}");
        browser
    };
    let link = |page: &str, list: &str| {
        let (_, rest) = page.split_once(&format!("<a href=\"{list}/")).expect("something in the list");
        format!("{list}/{}", &rest[..36])
    };
    for login in ["officer", "director", "leader"] {
        let mut browser = browser(login);
        let list = browser.get("/meetings").body;
        let meeting = browser.get(&link(&list, "/meetings")).body;
        for text in ["交流家访和结对帮扶的做法", "先说孩子的长处", "放假前走访所有还没有走访过的家庭"]
        {
            assert!(meeting.contains(text), "{login}: {text}");
        }
        let list = browser.get("/supervisions").body;
        let supervision = browser.get(&link(&list, "/supervisions")).body;
        for text in ["请说明本学期家访的安排", "家访开展", "教师培训", "每周走访三户"] {
            assert!(supervision.contains(text), "{login}: {text}");
        }
    }
}

/// A neighbour school, the district, and what they have with the school of the test.
pub struct County {
    /// The other school.
    pub neighbour: FoundedSchool,
    /// The district.
    pub district: yice::service::FoundedDistrict,
    /// A meeting that the school called.
    pub meeting: Uuid,
    /// A decision in it, for the leader of the school.
    pub decision: Uuid,
    /// A supervision of both schools.
    pub supervision: Uuid,
    /// An incident of the school.
    pub incident: Uuid,
}

fn form() -> FormId {
    FormId(Uuid::new_v4())
}

impl County {
    /// Founds it.
    pub async fn of(at: &TestApp) -> Self {
        let neighbour = at.app.found_school("河湾镇中心小学").await.unwrap();
        let district = at.app.found_district("柳溪县教育局").await.unwrap();
        let officer = at.colleague(district.id, Role::DistrictOfficer, "c-officer", &[&district.office]).await;
        let director = at.colleague(at.school.id, Role::MoralEdDirector, "c-director", &[&at.school.moral_ed]).await;
        let privacy = at.colleague(at.school.id, Role::PrivacyOfficer, "c-privacy", &[]).await;
        let half = HalfYear::of(at.app.clock.today());
        let (day, agenda) = (date(2026, 11, 30), "交流家访经验".to_owned());
        let new = NewJointMeeting { form: form(), half, day, schools: vec![neighbour.id], agenda };
        let meeting = at.app.call_meeting(&director, &new).await.unwrap();
        let (school, owner, due) = (at.school.id, Role::SchoolLeader, date(2026, 12, 31));
        let new = NewDecision { form: form(), school, owner, due, text: "寒假前完成全员家访".to_owned() };
        let decision = at.app.decide_jointly(&director, meeting, &new).await.unwrap();
        let supervision = Self::supervise(at, &officer, &[at.school.id, neighbour.id]).await;
        let days = IncidentDays::default();
        let found = date(2026, 11, 20);
        let incident = at.app.note_incident(&privacy, form(), IncidentKind::LostPaper, found, days).await.unwrap();
        let (meeting, decision, incident) = (meeting.0, decision.0, incident.0);
        Self { neighbour, district, meeting, decision, supervision, incident }
    }

    async fn supervise(at: &TestApp, officer: &Viewer, schools: &[SchoolId]) -> Uuid {
        let half = HalfYear::of(at.app.clock.today());
        let topics = vec![Topic::Visits, Topic::Training];
        let (due, note) = (date(2026, 11, 27), "先看制度落实".to_owned());
        let new = NewSupervision { form: form(), half, topics, due, schools: schools.to_vec(), note };
        at.app.open_supervision(officer, &new).await.unwrap().0
    }

    /// Somebody of the district with a browser, let into its office where the role needs it.
    async fn of_district<'a>(&self, at: &'a TestApp, role: Role, login: &str) -> Person<'a> {
        let offices = if role == Role::DistrictOfficer { vec![&self.district.office] } else { Vec::new() };
        at.someone(self.district.id, role, login, &offices).await
    }

    /// A director of the other school with a browser.
    async fn neighbour<'a>(&self, at: &'a TestApp, login: &str) -> Person<'a> {
        at.someone(self.neighbour.id, Role::MoralEdDirector, login, &[&self.neighbour.moral_ed]).await
    }

    /// A director of the school of the test with a browser.
    async fn director<'a>(&self, at: &'a TestApp, login: &str) -> Person<'a> {
        at.someone(at.school.id, Role::MoralEdDirector, login, &[&at.school.moral_ed]).await
    }
}

async fn an_officer_finds_the_own_pages_and_nothing_about_a_child(engine: Engine) {
    let at = TestApp::on(engine).await;
    let county = County::of(&at).await;
    let officer = county.of_district(&at, Role::DistrictOfficer, "zhou").await;
    let home = officer.get("/").await;
    assert_eq!(home.location(), "/progress");
    let links = officer.get("/progress").await.attributes(".nav a", "href");
    assert_eq!(
        links,
        ["/progress", "/statistics", "/meetings", "/supervisions", "/offices", "/compliance", "/account"]
    );

    let (meeting, supervision) = (county.meeting.to_string(), county.supervision.to_string());
    let student = at.student().await.to_string();
    let mut open = Vec::new();
    for route in ROUTES.iter().copied().flatten() {
        let path = route.path.replace("{meeting}", &meeting).replace("{supervision}", &supervision);
        let path = path.replace("{class}", &at.class.to_string()).replace("{student}", &student);
        let path = path.replace("{compartment}", "support").replace("{id}", &student).replace("{topic}", "visits");
        let path = path.replace("{school}", &at.school.id.to_string()).replace("{channel}", "mail");
        let path = path.split('/').map(|part| if part.starts_with('{') { student.as_str() } else { part });
        let path = path.collect::<Vec<_>>().join("/");
        let named = match route.who {
            Who::Roles(roles) => roles.contains(&Role::DistrictOfficer),
            Who::Anyone | Who::SignedIn => true,
        };
        if route.path.contains("sign-out") || named {
            continue;
        }
        let status = match route.method {
            "get" => officer.get(&path).await.status,
            _ => officer.post(&path, &[]).await.status,
        };
        // A form that lacks a field says so before anybody asks who sent it: it was not taken either way.
        let taken = status.is_success() || status.is_redirection();
        if taken || route.method == "get" && status != StatusCode::NOT_FOUND {
            open.push(format!("{} {path}: {status}", route.method));
        }
    }
    // Office keys: those who hold the office of the district let each other in.
    open.retain(|line| !line.contains(" /offices") && !line.contains(" /statistics"));
    assert!(open.is_empty(), "{open:#?}");
    for path in
        ["/progress", "/progress/xlsx", "/meetings", "/supervisions", "/compliance", "/compliance/xlsx", "/offices"]
    {
        assert_eq!(officer.get(path).await.status, StatusCode::OK, "{path}");
    }
    assert_eq!(officer.get(&format!("/meetings/{meeting}")).await.status, StatusCode::OK);
    assert_eq!(officer.get(&format!("/supervisions/{supervision}")).await.status, StatusCode::OK);

    // Whoever administers the district finds no classes, no box and nothing to report either.
    let admin = county.of_district(&at, Role::SysAdmin, "gao").await;
    let links = admin.get("/staff").await.attributes(".nav a", "href");
    assert_eq!(links, ["/staff", "/structure", "/channels", "/account"]);
    for path in ["/concerns/new", "/reports/mandatory", "/reports/mandatory/new", "/structure/box", "/classes"] {
        assert_eq!(admin.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let class = admin.post("/structure/classes", &[("grade", "7"), ("number", "1")]).await;
    assert_eq!(class.status, StatusCode::NOT_FOUND);
}

async fn a_meeting_goes_from_the_agenda_to_a_decision_that_is_done(engine: Engine) {
    let at = TestApp::on(engine).await;
    let county = County::of(&at).await;
    let (director, neighbour) = (county.director(&at, "wang").await, county.neighbour(&at, "lin").await);
    let officer = county.of_district(&at, Role::DistrictOfficer, "zhou").await;
    let path = format!("/meetings/{}", county.meeting);

    let written = neighbour
        .post_and_follow(&format!("{path}/experience"), &[("experience", "先夸孩子再谈困难"), ("seen", "0")])
        .await;
    assert_eq!(written.text(".notice"), "提示 已保存，并送给参加单位。");
    assert!(director.get(&path).await.source.contains("先夸孩子再谈困难"));
    assert!(officer.get(&path).await.source.contains("先夸孩子再谈困难"));
    // The host alone writes minutes; the district reads.
    let minutes = [("day", "2026-11-23"), ("minutes", "三校交流，形成一项决议"), ("seen", "0")];
    for other in [&neighbour, &officer] {
        let refused = other.post(&format!("{path}/minutes"), &minutes).await;
        assert_eq!(refused.status, StatusCode::NOT_FOUND);
    }
    director.post_and_follow(&format!("{path}/minutes"), &minutes).await;
    let stale =
        director.post(&format!("{path}/minutes"), &[("day", "2026-11-23"), ("minutes", "别的"), ("seen", "0")]).await;
    assert_eq!(stale.status, StatusCode::CONFLICT);
    assert!(stale.source.contains("别的"), "what was typed is still there");
    // A second click is one text.
    assert_eq!(director.post(&format!("{path}/minutes"), &minutes).await.status, StatusCode::SEE_OTHER);

    // A leader who came later reads once the texts were handed round, and says that the decision is done.
    let leader = at.someone(at.school.id, Role::SchoolLeader, "chen", &[]).await;
    let page = leader.get(&path).await;
    assert!(!page.source.contains("三校交流") && page.source.contains("您还没有这段文字的副本"));
    director.post_and_follow(&format!("{path}/share"), &[]).await;
    let page = leader.get(&path).await;
    assert!(page.source.contains("三校交流") && page.source.contains("寒假前完成全员家访"));
    let follow = format!("{path}/decisions/{}", county.decision);
    assert_eq!(neighbour.post(&follow, &[("state", "done"), ("seen", "1")]).await.status, StatusCode::NOT_FOUND);
    leader.post_and_follow(&follow, &[("state", "done"), ("seen", "1")]).await;
    let paper = officer.get(&format!("{path}/print")).await;
    for text in ["交流家访经验", "先夸孩子再谈困难", "三校交流，形成一项决议", "寒假前完成全员家访", "已落实"]
    {
        assert!(paper.source.contains(text), "{text}");
    }
    assert_eq!(paper.text("title"), "家校共育联席会议 · 一册");
    // Held once for each school that took part.
    let rows = officer.get("/progress").await.texts("tbody tr td:last-child");
    assert_eq!(rows, ["1", "1"]);
}

async fn a_meeting_exchanges_what_was_published_and_nothing_else(engine: Engine) {
    let at = TestApp::on(engine).await;
    let county = County::of(&at).await;
    let path = format!("/meetings/{}", county.meeting);
    let neighbour = county.neighbour(&at, "lin").await;
    assert!(neighbour.get(&path).await.texts("main table").len() == 1, "the decisions only: nothing was published yet");
    crate::gate::enrol(&at).await;
    let dir = tempfile::tempdir().unwrap();
    at.app.publish_what_is_due(dir.path(), true).await.unwrap().expect("the first report");
    let officer = county.of_district(&at, Role::DistrictOfficer, "zhou").await;
    let published = officer.get("/statistics").await.texts("main section:first-of-type tr");
    assert!(published.len() == 3 && published[1].starts_with("石门村教学点"), "{published:#?}");
    for path in [path.clone(), format!("{path}/print")] {
        for person in [&neighbour, &officer] {
            let page = person.get(&path).await;
            let shown = page.texts("main table:has(.number) tr");
            assert_eq!(shown, published, "{path}");
            assert!(page.source.contains("这些是估计数"), "{path}");
        }
    }
}

async fn a_text_that_names_a_child_does_not_leave_the_school_and_says_which_line(engine: Engine) {
    let at = TestApp::on(engine).await;
    let county = County::of(&at).await;
    let director = county.director(&at, "wang").await;
    let name = at.students(at.class).await[0].row.name.clone();
    let text = format!("家访 30 次\n{name}进步很大\n联系 13800138000");
    let path = format!("/meetings/{}/experience", county.meeting);
    let page = director.post(&path, &[("experience", &text), ("seen", "0")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    let lines = page.texts("form .error");
    assert_eq!(
        lines,
        [
            "第 2 行：有本校学籍表上的姓名。请改写这一行，其余内容都还在。",
            "第 3 行：像电话号码。请改写这一行，其余内容都还在。",
        ]
    );
    assert!(page.text("textarea[name=experience]").contains("家访 30 次"));
    let officer = county.of_district(&at, Role::DistrictOfficer, "zhou").await;
    assert!(!officer.get(&format!("/meetings/{}", county.meeting)).await.source.contains(&name));
    let note = [
        ("half", "2026-1"),
        ("topics", "visits"),
        ("due", "2026-12-01"),
        ("schools", &at.school.id.to_string()),
        ("note", "重点看：李明、张小燕、陈伟"),
    ];
    let page = officer.post("/supervisions", &note).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(page.texts("form .error"), ["第 1 行：像一份名单。请改写这一行，其余内容都还在。"]);
}

async fn a_school_that_takes_no_part_finds_no_meeting_and_no_supervision(engine: Engine) {
    let at = TestApp::on(engine).await;
    let county = County::of(&at).await;
    let third = at.app.found_school("山口小学").await.unwrap();
    let stranger = at.someone(third.id, Role::MoralEdDirector, "wu", &[&third.moral_ed]).await;
    let (meeting, supervision) =
        (format!("/meetings/{}", county.meeting), format!("/supervisions/{}", county.supervision));
    for path in [&meeting, &format!("{meeting}/print"), &supervision] {
        assert_eq!(stranger.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let written = stranger.post(&format!("{meeting}/experience"), &[("experience", "好"), ("seen", "0")]).await;
    assert_eq!(written.status, StatusCode::NOT_FOUND);
    let answer = [("state", "done"), ("text", "好"), ("seen", "1")];
    let answered = stranger.post(&format!("{supervision}/answers/visits"), &answer).await;
    assert_eq!(answered.status, StatusCode::NOT_FOUND);
    for list in ["/meetings", "/supervisions"] {
        assert!(stranger.get(list).await.texts("tbody tr").is_empty(), "{list}");
    }
}

async fn an_officer_sees_who_is_behind_and_a_supervision_goes_round(engine: Engine) {
    let at = TestApp::on(engine).await;
    let county = County::of(&at).await;
    let officer = county.of_district(&at, Role::DistrictOfficer, "zhou").await;
    let director = county.director(&at, "wang").await;
    // One visit is made, written down twice by a double click and corrected once: it is one visit.
    let homeroom = at.homeroom("zhang").await;
    let student = at.student().await;
    at.open(student).await;
    let visit = [
        ("once", "5b1f8f6e-9f0e-4b53-8a4e-0d5a8d5a0c11"),
        ("date", "2026-11-20"),
        ("way", "home_visit"),
        ("happened", "聊了作息"),
        ("effect", "better"),
        ("next", ""),
    ];
    for _ in 0..2 {
        let sent = homeroom.post(&format!("/files/{student}/entry"), &visit).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER);
    }
    let roll = at.app.db.read().await.unwrap().rolls().await.unwrap().iter().map(|r| r.2).sum::<i64>();
    let page = officer.get("/progress").await;
    let row = |page: &Page, name: &str| {
        let names = page.texts("tbody th");
        let place = names.iter().position(|one| one == name).unwrap();
        page.texts("tbody td")[place * 7..place * 7 + 7].to_vec()
    };
    let asked = (roll + 1) / 2;
    let expected = [roll, 1, asked, asked - 1].map(|n| n.to_string());
    assert_eq!(row(&page, "石门村教学点")[..4], expected);
    assert_eq!(row(&page, "河湾镇中心小学")[..5], ["0", "0", "0", "已达到", "100 %"]);
    assert_eq!(page.texts("tbody th")[0], "石门村教学点", "who is furthest behind comes first");
    officer.post_and_follow("/progress/quota", &[("quota", "2")]).await;
    assert_eq!(row(&officer.get("/progress").await, "石门村教学点")[2], roll.to_string());
    let wrong = officer.post("/progress/quota", &[("quota", "0")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);

    // Training is noted once.
    let training = [("form", "0b1f8f6e-9f0e-4b53-8a4e-0d5a8d5a0c11"), ("day", "2026-11-20"), ("staff", "14")];
    for _ in 0..2 {
        director.post_and_follow("/trainings", &training).await;
    }
    assert_eq!(row(&officer.get("/progress").await, "石门村教学点")[5], "14");

    // The school answers, the officer asks to put it right, the school answers again, the officer accepts.
    let path = format!("/supervisions/{}", county.supervision);
    let notices = director.get("/notices").await.attributes("main a", "href");
    assert!(!notices.contains(&path), "who came later was not told");
    director
        .post_and_follow(
            &format!("{path}/answers/visits"),
            &[("state", "under_way"), ("text", "已排好家访表"), ("seen", "1")],
        )
        .await;
    let seen = officer.get(&path).await;
    assert!(seen.source.contains("已排好家访表") && seen.source.contains("家访总次数：1"));
    let about = format!("{path}/schools/{}/visits", at.school.id);
    let early = officer.post(&format!("{about}/accept"), &[("seen", "2")]).await;
    assert_eq!(early.status, StatusCode::UNPROCESSABLE_ENTITY);
    officer
        .post_and_follow(
            &format!("{about}/rectify"),
            &[("until", "2026-12-01"), ("text", "请补齐七年级"), ("seen", "2")],
        )
        .await;
    assert!(director.get("/notices").await.attributes("main a", "href").contains(&path));
    let asked = director.get(&path).await;
    assert!(asked.source.contains("请补齐七年级") && asked.source.contains("2026年12月1日"));
    // A week later it is overdue: the officer sees it, and the school is reminded once.
    at.app.clock.advance(10 * 24 * 3_600_000_000);
    let (officer, director) =
        (county.of_district(&at, Role::DistrictOfficer, "zhou2").await, county.director(&at, "wang2").await);
    let behind = officer.get(&path).await;
    assert_eq!(behind.texts("tbody tr td:last-child"), ["2", "2"]);
    assert_eq!(at.app.remind_of_the_county().await.unwrap(), 4);
    assert_eq!(at.app.remind_of_the_county().await.unwrap(), 0);
    assert!(director.get("/notices").await.attributes("main a", "href").contains(&path));
    director
        .post_and_follow(&format!("{path}/answers/visits"), &[("state", "done"), ("text", "已补齐"), ("seen", "3")])
        .await;
    officer.post_and_follow(&format!("{about}/accept"), &[("seen", "4")]).await;
    assert!(officer.get(&path).await.texts("tbody tr td").contains(&"1 / 2".to_owned()));
    let late =
        director.post(&format!("{path}/answers/visits"), &[("state", "done"), ("text", "再"), ("seen", "5")]).await;
    assert_eq!(late.status, StatusCode::NOT_FOUND, "what is accepted is settled");
}

async fn a_privacy_officer_has_the_pack_and_the_district_has_sums(engine: Engine) {
    let at = TestApp::on(engine).await;
    let county = County::of(&at).await;
    let privacy = at.someone(at.school.id, Role::PrivacyOfficer, "zhao", &[]).await;
    at.students(at.class).await;
    let page = privacy.get("/compliance").await;
    assert_eq!(page.status, StatusCode::OK);
    let roll: i64 = at.app.db.read().await.unwrap().rolls().await.unwrap().iter().map(|r| r.2).sum();
    assert!(page.source.contains(&format!("<td class=\"number\">{roll}</td>")));
    // The roster was read by counsellors this month; months are columns.
    let rows = page.texts("tbody tr");
    assert!(rows.contains(&"心理教师 · 名册0000000000101".to_owned()), "{rows:#?}");
    let incident = format!("/compliance/incidents/{}", county.incident);
    let wrong = privacy.post(&incident, &[("reported", "2026-11-19"), ("seen", "1")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    privacy.post_and_follow(&incident, &[("reported", "2026-11-21"), ("seen", "1")]).await;
    assert_eq!(privacy.post(&incident, &[("closed", "2026-11-22"), ("seen", "1")]).await.status, StatusCode::CONFLICT);
    let findings = privacy.get("/compliance").await;
    assert!(findings.source.contains("未办结的事件") && !findings.source.contains("尚未报告的事件"));
    let accesses = at.audit_events("compliance_read").await;
    assert!(accesses >= 2, "reading the pack is itself on record");

    let officer = county.of_district(&at, Role::DistrictOfficer, "zhou").await;
    let sums = officer.get("/compliance").await;
    let names = sums.texts("tbody th");
    assert_eq!(names.len(), 2);
    for hidden in ["心理教师", "申请销毁", "结案", "纸质材料遗失"] {
        assert!(!sums.source.contains(hidden), "{hidden}");
    }
    let cells = sums.texts("tbody td");
    assert!(cells[3].parse::<i64>().unwrap() % 100 == 0, "accesses are rounded");
    // Nobody else of the school has either.
    for role in [Role::SchoolLeader, Role::SysAdmin, Role::MoralEdDirector, Role::Counsellor] {
        let other = at.person(role, &format!("x-{role}")).await;
        assert_eq!(other.get("/compliance").await.status, StatusCode::NOT_FOUND, "{role}");
    }
}

async fn the_administrator_of_the_district_gives_its_roles_and_no_others(engine: Engine) {
    let at = TestApp::on(engine).await;
    let county = County::of(&at).await;
    let admin = county.of_district(&at, Role::SysAdmin, "gao").await;
    let offered = admin.get("/staff/new").await.attributes("input[name=role]", "value");
    assert_eq!(offered, ["district_officer", "privacy_officer", "sys_admin"]);
    for (role, status) in [("district_officer", StatusCode::OK), ("counsellor", StatusCode::UNPROCESSABLE_ENTITY)] {
        let person = admin.post("/staff", &[("login", &format!("n-{role}")), ("name", "新人"), ("role", role)]).await;
        assert_eq!(person.status, status, "{role}");
    }
    // And a school does not give the district's.
    let school = at.person(Role::SysAdmin, "xu").await;
    assert!(
        !school
            .get("/staff/new")
            .await
            .attributes("input[name=role]", "value")
            .contains(&"district_officer".to_owned())
    );
    let given = school.post("/staff", &[("login", "nobody"), ("name", "新人"), ("role", "district_officer")]).await;
    assert_eq!(given.status, StatusCode::UNPROCESSABLE_ENTITY);
    // There is one district.
    assert!(at.app.found_district("另一个教育局").await.is_err());
    // A row that gives somebody of the district a role of a school gives them nothing.
    let duty = Duty { role: Role::Counsellor, school: county.district.id, class: None };
    let login = "forged";
    at.app.found_person(county.district.id, login, login, crate::people::password(), &[duty], &[]).await.unwrap();
    let forged = at.sign_in_as(login).await;
    for path in ["/classes", "/warnings", "/search", "/box"] {
        assert_eq!(forged.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}
