//! Every route, walked from the table it is declared in: as nobody, as every role that has no business there, as the right
//! role in the wrong relation, and as those who have. Every form is a whole one: a refusal is never for want of a field.

use axum::http::StatusCode;
use uuid::Uuid;
use yice::domain::ids::{ClassId, StudentId};
use yice::domain::relation::Standing;
use yice::domain::words::{Kind, Role};
use yice::policy::Manage;
use yice::store::Term;
use yice::web::{ROUTES, Route, Who};

use crate::county::County;
use crate::people::{Page, Person, ROSTER, TestApp, Trouble};
use crate::support::both_backends;
use crate::support::cluster::Engine;
use crate::two_steps::{enrol, first_step};

both_backends!(
    nobody_gets_through_a_route_that_is_for_somebody,
    a_sign_in_that_waits_for_its_code_gets_through_no_route,
    a_role_that_is_not_named_finds_nothing,
    the_right_role_in_the_wrong_relation_finds_nothing,
    the_roles_that_are_named_get_through,
);

/// What the placeholders of the routes stand for. Everything exists: a refusal is never for want of a thing.
pub struct Things {
    class: ClassId,
    pub student: StudentId,
    person: Uuid,
    duty: Uuid,
    office: Uuid,
    fingerprint: String,
    helper: Uuid,
    pub pairing: Uuid,
    term: Uuid,
    help_box: String,
    exchange: Uuid,
    appointment: Uuid,
    hours: Uuid,
    group: Uuid,
    keeper: Uuid,
    pub letter: Uuid,
    pub warning: Uuid,
    pub notice: Uuid,
    pub trouble: Trouble,
    county: County,
    /// A grant to read, and a colleague who could get another one.
    pub reading: [Uuid; 2],
}

impl Things {
    pub async fn of(at: &TestApp) -> Self {
        let students = at.students(at.class).await;
        at.open(students[0].row.student).await;
        let newcomer = at.newcomer(Role::HomeroomTeacher, "newcomer").await;
        let (helper, free_helper) =
            (at.newcomer(Role::Helper, "paired").await, at.newcomer(Role::Helper, "free").await);
        let pairing = at.pair(students[1].row.student, helper).await;
        let waiting = at.waiting().await.into_iter().find(|one| one.person.id == newcomer).unwrap();
        let (warning, notice) = at.warn(students[1].row.student).await;
        let trouble = at.trouble(warning, newcomer).await;
        let readers =
            [at.newcomer(Role::MoralEdDirector, "reader").await, at.newcomer(Role::MoralEdDirector, "asked").await];
        let reading = at.lend_contact(students[0].row.student, readers[0]).await;
        let duties = at.app.db.read().await.unwrap().school_duties(at.school.id, at.app.now()).await.unwrap();
        Self {
            class: at.class,
            student: students[0].row.student,
            person: newcomer.0,
            duty: duties.iter().find(|(_, holder, _)| *holder == newcomer).unwrap().0,
            office: waiting.office.id.0,
            fingerprint: waiting.fingerprint,
            helper: free_helper.0,
            pairing: pairing.0,
            term: a_term(at).await,
            help_box: at.help_box().await,
            exchange: at.exchange().await.0,
            appointment: at.appointment().await.0,
            hours: at.hours().await,
            group: at.group().await.0,
            keeper: trouble.keeper.0,
            letter: at.report(students[0].row.student).await.0,
            warning: warning.0,
            notice: notice.0,
            trouble,
            county: County::of(at).await,
            reading: [reading.0, readers[1].0],
        }
    }

    /// The address of a route, for somebody of a role.
    pub fn path(&self, route: &Route, role: Role) -> String {
        // A director changes what is known of the circumstances; the support plan is the others' work.
        let compartment = if role == Role::MoralEdDirector { "circumstance" } else { "support" };
        let id = match route.path.split('/').nth(1) {
            Some("staff") => self.person,
            Some("pairings" | "helping") => self.pairing,
            Some("files") => self.student.0,
            Some("box") => self.exchange,
            Some("appointments") if route.path.contains("hours") => self.hours,
            Some("appointments") => self.appointment,
            Some("sessions") => self.group,
            Some("structure") if route.path.contains("terms") => self.term,
            Some("structure") => self.class.0,
            Some("warnings") => self.notice,
            // One's own upload, which the walk as the right role makes first.
            _ => Uuid::nil(),
        };
        let path =
            route.path.replace("{class}", &self.class.to_string()).replace("{student}", &self.student.to_string());
        let path = path.replace("{compartment}", compartment).replace("{id}", &id.to_string());
        let path = path.replace("{person}", &self.person.to_string()).replace("{duty}", &self.duty.to_string());
        let path = path.replace("{code}", &self.help_box);
        let path = path.replace("{letter}", &self.letter.to_string()).replace("{step}", "interview");
        let path = path.replace("{warning}", &self.warning.to_string());
        let path = path.replace("{office}", &self.office.to_string()).replace("{channel}", "wecom");
        let path = path.replace("{referral}", &self.trouble.referral.to_string());
        let path = path.replace("{report}", &self.trouble.report.to_string());
        let path = path.replace("{move}", if path.starts_with("/referrals") { "talk" } else { "note" });
        let path = path.replace("{meeting}", &self.county.meeting.to_string());
        let path = path.replace("{decision}", &self.county.decision.to_string()).replace("{topic}", "visits");
        let path = path.replace("{supervision}", &self.county.supervision.to_string());
        let path = path.replace("{school}", &self.county.neighbour.id.to_string());
        let path = path.replace("{incident}", &self.county.incident.to_string());
        assert!(!path.contains('{'), "say in Things what {path} stands for");
        path
    }

    /// A whole form for a route.
    #[expect(clippy::match_same_arms, clippy::too_many_lines, reason = "a table: an arm for each form")]
    fn form(&self, route: &Route, role: Role) -> Vec<(&'static str, String)> {
        let fixed: &[(&'static str, &str)] = match route.path {
            "/sign-in" => &[("login", "nobody"), ("password", "no password"), ("next", "")],
            "/sign-in/code" => &[("code", "000000"), ("next", "")],
            "/account/two-steps" | "/account/two-steps/off" | "/account/two-steps/codes" => {
                &[("code", "000000"), ("password", "wrong"), ("offer", "")]
            }
            "/invitation" => &[("code", "nothing"), ("new", "rain on the horse"), ("again", "rain on the horse")],
            "/language" => &[("to", "zh-CN"), ("back", "/")],
            "/account/password" => &[("old", "wrong"), ("new", "rain on the horse"), ("again", "rain on the horse")],
            "/search" => &[("q", "王")],
            "/files/{student}/entry" | "/files/{student}/entry/draft" => {
                &[("date", "2026-11-20"), ("way", "talk"), ("happened", "谈话"), ("effect", "better"), ("next", "")]
            }
            "/files/{student}/edit/{compartment}" => &[("needs", "一盏台灯"), ("seen-needs", "0")],
            "/files/{student}/circumstance" => &[("tag", "poor"), ("standing", "verified"), ("basis", "家访核实")],
            "/files/{student}/status" => &[("status", "review"), ("seen", "2")],
            "/files/{student}/notes" | "/files/{student}/notes/draft" => &[
                ("date", "2026-11-20"),
                ("form", "face_to_face"),
                ("minutes", "40"),
                ("complaint", ""),
                ("process", "回顾作息"),
                ("plan", ""),
            ],
            "/files/{student}/erasure" => &[("ground", "left"), ("why", "毕业")],
            "/files/{student}/erasure/sign" => &[("name", "王小雨")],
            "/files/{student}/hold" => &[("hold", "有投诉")],
            "/files/{student}/reading" => {
                &[("kind", "contact"), ("contact-until", "2026-11-30"), ("contact-reason", "家访之前联系")]
            }
            "/files/{student}/reading/end"
            | "/files/{student}/erasure/withdraw"
            | "/files/{student}/hold/lift"
            | "/files/{student}/seal"
            | "/files/{student}/unseal/sign"
            | "/files/{student}/unseal/withdraw" => &[],
            "/files/{student}/unseal" => &[("unseal", "family"), ("need", "家长要求查看")],
            "/files/{id}/pairing" => &[
                ("purpose", "每周辅导一次"),
                ("condition", "learning"),
                ("starts", "2026-11-23"),
                ("ends", "2026-12-23"),
            ],
            // Stage reviews are of those who keep the plan, the opinion is of the office.
            "/files/{student}/record" if role == Role::MoralEdDirector => {
                &[("kind", "office"), ("date", "2026-11-20"), ("text", "同意继续")]
            }
            "/files/{student}/record" => {
                &[("kind", "month"), ("date", "2026-11-20"), ("text", "有进步"), ("effect", "better")]
            }
            "/pairings/{id}/hand-over" => &[("until", "2026-12-01")],
            "/pairings/{id}/end" => &[("note", "目标达成")],
            "/helping/{id}/entry" => &[
                ("form", "5b1f8f6e-9f0e-4b53-8a4e-0d5a8d5a0c11"),
                ("date", "2026-11-20"),
                ("way", "talk"),
                ("happened", "读书"),
                ("effect", "better"),
                ("next", ""),
            ],
            "/classes/{class}/screening" => &[("day", "2026-11-23"), ("scale", "普查")],
            "/classes/{class}/mood" => &[("day", "2026-11-23"), ("seen", "0")],
            "/account/strengths" => &[("subject", "数学"), ("capacity", "20")],
            "/staff/{id}/check" => &[("checked", "2026-11-20")],
            "/offices/{office}/admit/{person}" => &[("compared", "on")],
            "/help/{code}" | "/help/{code}/more" => &[("text", "睡不着"), ("ticket", "0.0.0"), ("phrase", "")],
            "/help/{code}/answer" => &[("phrase", "太阳 小河 苹果 老虎 书包 春天 希望")],
            "/box/{id}/answer" => &[("text", "愿意聊聊吗"), ("seen", "1")],
            "/box/{id}/warn" => &[("facts", "来信说连续两周失眠"), ("seen", "1")],
            "/box/{id}/close" => &[("seen", "1")],
            "/structure/box" => &[("open", "yes")],
            "/appointments" => &[("who", "王小雨"), ("day", "2026-11-25"), ("starts", "10:00"), ("minutes", "45")],
            "/appointments/{id}" => &[("state", "held"), ("seen", "1"), ("day", "2026-11-24")],
            "/appointments/hours" => &[("weekday", "2"), ("starts", "10:00"), ("minutes", "45"), ("room", "心理室")],
            "/appointments/hours/{id}/remove" => &[],
            "/sessions/groups" | "/sessions/groups/{id}" => &[("topic", "新生适应"), ("plan", "六次"), ("seen", "1")],
            "/sessions/hand-over" => &[],
            "/sessions/groups/{id}/find" => &[("q", "王")],
            "/sessions/groups/{id}/members" | "/sessions/groups/{id}/members/leave" => &[],
            "/sessions/groups/{id}/meetings" => &[("date", "2026-11-20"), ("minutes", "45"), ("theme", "认识彼此")],
            "/sessions/groups/{id}/end" => &[("ended", "yes")],
            "/staff" => &[("login", "another"), ("name", "周敏"), ("role", "helper"), ("class", "")],
            "/staff/{id}/duties" => &[("role", "helper"), ("class", "")],
            "/concerns" => &[
                ("who", "王小明"),
                ("class", "七年级3班"),
                ("seen", "课间独自哭"),
                ("urgency", "today"),
                ("safe", "yes"),
            ],
            "/warnings/letters/{letter}/find" => &[("q", "王")],
            "/warnings/letters/{letter}/close" => &[("reason", "no_concern"), ("note", "已核实")],
            "/warnings/{warning}/steps/{step}" => {
                &[("interview-at", "2026-11-23T07:30"), ("interview-found", "愿意谈"), ("interview-risk", "loss")]
            }
            "/warnings/{warning}/level" => &[("level-severity", "critical"), ("level-reason", "有计划"), ("seen", "0")],
            "/warnings/{warning}/level/sign" | "/warnings/{warning}/closing/sign" => {
                &[("decision", "refuse"), ("reason", "再观察一周")]
            }
            "/warnings/{warning}/brief" => &[("brief-brief", "这几天多留意出勤")],
            "/warnings/{warning}/closing" => &[("closing-reason", "情况稳定")],
            "/structure/labels" => &[("labels", "four")],
            "/structure/two-steps" => &[("two_steps", "own-choice")],
            "/account/mail" => &[("address", "li@school.example")],
            "/channels/mail" => &[
                ("host", "smtp.school.example"),
                ("port", "465"),
                ("encryption", "tls"),
                ("sender", "yice@school.example"),
                ("seen", "0"),
            ],
            "/channels/{channel}/robot" => &[("address", "https://robot.example/hook"), ("seen", "0")],
            "/due/handover" => &[("first", "2026-12-05")],
            "/structure/calendar" => &[("first", "2027-01-01"), ("last", ""), ("kind", "off")],
            "/structure/calendar/lines" => &[("lines", "2027-01-04 班")],
            "/structure/calendar/remove" => &[("first", "2027-01-01"), ("last", "2027-01-01")],
            "/warnings/{warning}/crisis" => &[("open-reason", "说过不想活")],
            "/warnings/{warning}/crisis/leader" => &[("leader-reason", "分管安全")],
            "/warnings/{warning}/crisis/team" => &[("team-duty", "company")],
            "/warnings/{warning}/crisis/plan" => &[("plan-what", "约家长"), ("plan-until", "2026-12-01")],
            "/warnings/{warning}/crisis/plan/done" => &[("done-number", "1"), ("done-note", "")],
            "/warnings/{warning}/crisis/shifts" => {
                &[("shift-from", "2026-11-23T10:00"), ("shift-to", "2026-11-23T18:00"), ("shift-who", "王老师")]
            }
            "/warnings/{warning}/crisis/shifts/remove" => &[("remove-number", "2")],
            "/warnings/{warning}/crisis/closing" => &[("closing-outcome", "平稳")],
            "/warnings/{warning}/crisis/closing/sign" => {
                &[("sign-decision", "refuse"), ("sign-reason", "再看一周"), ("sign-seen", "1")]
            }
            "/warnings/{warning}/referrals" => {
                &[("to", "hospital"), ("contact", "市第三医院"), ("reason", "两周睡不好"), ("knows", "yes")]
            }
            "/referrals/{referral}/steps/{move}" => &[("seen", "1")],
            "/referrals/{referral}/packet/check" | "/referrals/{referral}/packet" => {
                &[("parts", "p-reason"), ("to", "市第三医院"), ("ground", "emergency"), ("way", "print")]
            }
            "/reports/mandatory" => &[
                ("situation", "injured"),
                ("who", "某同学"),
                ("seen", "手臂淤伤"),
                ("place", "教室"),
                ("safe", "unknown"),
            ],
            "/reports/mandatory/receipt" => &[("phrase", "AAAAA")],
            "/reports/mandatory/{report}/steps/{move}" => &[("seen", "1"), ("note-text", "校医看过")],
            "/meetings" => &[("half", "2026-2"), ("day", "2026-11-30"), ("agenda", "交流")],
            "/meetings/{meeting}/minutes" => &[("day", "2026-11-23"), ("minutes", "形成决议"), ("seen", "0")],
            "/meetings/{meeting}/experience" => &[("experience", "先夸孩子"), ("seen", "0")],
            "/meetings/{meeting}/decisions" => {
                &[("owner", "school_leader"), ("due", "2026-12-31"), ("decision", "完成家访")]
            }
            "/meetings/{meeting}/decisions/{decision}" => &[("state", "under_way"), ("seen", "1")],
            "/supervisions" => &[("half", "2026-1"), ("topics", "visits"), ("due", "2026-12-01"), ("note", "")],
            "/supervisions/{supervision}/answers/{topic}" => &[("state", "done"), ("text", "已完成"), ("seen", "1")],
            "/supervisions/{supervision}/schools/{school}/{topic}/rectify" => {
                &[("until", "2026-12-01"), ("text", "请补齐"), ("seen", "1")]
            }
            "/supervisions/{supervision}/schools/{school}/{topic}/accept" => &[("seen", "1")],
            "/progress/quota" => &[("quota", "2")],
            "/trainings" => &[("day", "2026-11-20"), ("staff", "14")],
            "/compliance/incidents" => &[("kind", "lost_device"), ("found", "2026-11-20")],
            "/compliance/incidents/{incident}" => &[("reported", "2026-11-21"), ("seen", "1")],
            "/meetings/{meeting}/share" | "/supervisions/{supervision}/share" => &[],
            "/structure/name" => &[("school", "石门村小学")],
            "/structure/classes" => &[("grade", "5"), ("number", "9")],
            "/structure/terms" => {
                &[("name", "下学期"), ("starts", "2027-03-01"), ("ends", "2027-07-01"), ("seen", "0")]
            }
            "/structure/terms/{id}" => {
                &[("name", "上学期"), ("starts", "2026-09-01"), ("ends", "2027-01-21"), ("seen", "1")]
            }
            "/warnings/{warning}/crisis/leader/end"
            | "/warnings/{warning}/crisis/team/leave"
            | "/reports/mandatory/named"
            | "/reports/mandatory/named/end"
            | "/sign-out"
            | "/account/sign-out-everywhere"
            | "/channels/{channel}/close"
            | "/channels/{channel}/try"
            | "/pairings/{id}/pause"
            | "/pairings/{id}/resume"
            | "/pairings/{id}/give-back"
            | "/pairings/{id}/complete"
            | "/helping/{id}/accept"
            | "/helping/{id}/decline"
            | "/offices/{office}/rotate"
            | "/offices/lost-keys/rotate"
            | "/offices/counts"
            | "/staff/{id}/duties/{duty}/end"
            | "/staff/{id}/invite"
            | "/staff/{id}/close"
            | "/structure/classes/{id}/close"
            | "/structure/classes/{id}/reopen"
            | "/warnings/letters/{letter}/take"
            | "/imports/{id}"
            | "/import" => &[],
            other => panic!("give {other} a whole form here"),
        };
        let mut form: Vec<(&'static str, String)> =
            fixed.iter().map(|(name, text)| (*name, (*text).to_owned())).collect();
        match route.path {
            "/files/{id}/pairing" | "/pairings/{id}/hand-over" => form.push(("helper", self.helper.to_string())),
            "/files/{student}/reading" => form.push(("contact-person", self.reading[1].to_string())),
            "/files/{student}/reading/end" => form.push(("grant", self.reading[0].to_string())),
            "/offices/{office}/admit/{person}" => form.push(("fingerprint", self.fingerprint.clone())),
            "/appointments" => {
                form.push(("with", self.keeper.to_string()));
                form.push(("student", self.student.to_string()));
            }
            "/sessions/groups/{id}/members" | "/sessions/groups/{id}/members/leave" => {
                form.push(("student", self.student.to_string()));
            }
            "/sessions/groups/{id}/meetings" => form.push(("present", self.student.to_string())),
            "/meetings" | "/supervisions" => form.push(("schools", self.county.neighbour.id.to_string())),
            "/meetings/{meeting}/decisions" => form.push(("school", self.county.neighbour.id.to_string())),
            "/warnings/letters/{letter}/take" => form.push(("student", self.student.to_string())),
            "/warnings/{warning}/crisis/leader" => form.push(("leader-person", self.helper.to_string())),
            "/warnings/{warning}/crisis/leader/end" => form.push(("end-grant", self.trouble.grant.to_string())),
            "/warnings/{warning}/crisis/team" => form.push(("team-person", self.person.to_string())),
            "/warnings/{warning}/crisis/team/leave" => form.push(("leave-person", self.person.to_string())),
            "/warnings/{warning}/crisis/plan" => form.push(("plan-person", self.person.to_string())),
            "/warnings/{warning}/referrals" => form.push(("follower", self.person.to_string())),
            "/reports/mandatory/named" | "/reports/mandatory/named/end" => {
                form.push(("person", self.trouble.keeper.to_string()));
            }
            _ => {}
        }
        form
    }

    pub async fn call(&self, person: &Person<'_>, route: &Route, path: &str, role: Role) -> Page {
        match (route.method, route.path) {
            ("get", _) => person.get(path).await,
            ("post", "/import") => person.upload(path, "file", ROSTER).await,
            ("post", _) => {
                let form = self.form(route, role);
                let fields: Vec<(&str, &str)> = form.iter().map(|(name, text)| (*name, text.as_str())).collect();
                person.post(path, &fields).await
            }
            (other, _) => panic!("the walk does not know the method {other}"),
        }
    }
}

async fn a_term(at: &TestApp) -> Uuid {
    let standing = Standing::installation(at.school.id);
    let permit = at.app.permit::<Manage>(&standing, Kind::Structure, at.school.id.0).await.unwrap();
    let id = Uuid::now_v7();
    let (name, starts, ends) = ("上学期".to_owned(), "2026-09-01".to_owned(), "2027-01-20".to_owned());
    let mut tx = at.app.begin().await.unwrap();
    tx.insert_term(&permit, &Term { id: id.into(), name, starts, ends, version: 1 }).await.unwrap();
    tx.commit().await.unwrap();
    id
}

/// What only its counsellor may touch, made by the person: weekly hours, or a group.
async fn own_room(person: &Person<'_>, route: &Route) -> Option<String> {
    if route.path.starts_with("/sessions/groups/{id}") {
        let made = person.post("/sessions/groups", &[("topic", "新生适应")]).await.location();
        return made.split(['/', '?']).nth(3).map(str::to_owned);
    }
    if route.path != "/appointments/hours/{id}/remove" {
        return None;
    }
    let hours = [("weekday", "4"), ("starts", "15:00"), ("minutes", "45")];
    let page = person.post_and_follow("/appointments/hours", &hours).await;
    page.attributes(".entries form", "action")[0].split('/').nth(3).map(str::to_owned)
}

pub fn every_route() -> impl Iterator<Item = &'static Route> {
    ROUTES.iter().copied().flatten()
}

async fn nobody_gets_through_a_route_that_is_for_somebody(engine: Engine) {
    let at = TestApp::on(engine).await;
    let things = Things::of(&at).await;
    let mut walked = 0;
    for route in every_route() {
        let page = things.call(&at.nobody(), route, &things.path(route, Role::Counsellor), Role::Counsellor).await;
        let name = format!("{} {}: {}", route.method, route.path, page.status);
        match (route.who, route.method) {
            (Who::Anyone, _) => assert_ne!(page.status, StatusCode::UNAUTHORIZED, "{name}"),
            (_, "get") => assert!(page.location().starts_with("/sign-in"), "{name}"),
            // Signing out twice is no problem.
            _ if route.path == "/sign-out" => assert_eq!(page.location(), "/sign-in", "{name}"),
            _ => assert_eq!(page.status, StatusCode::UNAUTHORIZED, "{name}"),
        }
        walked += 1;
    }
    assert!(walked > 40, "the table lost its routes: {walked}");
}

/// The cookie of a sign-in whose code is still to come is worth no more than none: every route answers as it answers nobody,
/// but for the one that takes the code.
async fn a_sign_in_that_waits_for_its_code_gets_through_no_route(engine: Engine) {
    let at = TestApp::on(engine).await;
    let things = Things::of(&at).await;
    let li = at.counsellor("li").await;
    let telephone = enrol(&at, &li).await;
    li.post("/sign-out", &[]).await;
    for route in every_route().filter(|route| route.path != "/sign-in/code") {
        let path = things.path(route, Role::Counsellor);
        // Some of the routes take the cookie away.
        assert_eq!(first_step(&li, "li", "").await.location(), "/sign-in/code");
        let page = things.call(&li, route, &path, Role::Counsellor).await;
        let nobodys = things.call(&at.nobody(), route, &path, Role::Counsellor).await;
        let answer = |page: &Page| (page.status, page.location(), page.texts("nav, .who").len());
        assert_eq!(answer(&page), answer(&nobodys), "{} {}", route.method, route.path);
        assert!(route.who == Who::Anyone || !page.status.is_success(), "{} {}", route.method, route.path);
    }
    // It was a waiting sign-in all the time: with the code it is a session.
    first_step(&li, "li", "").await;
    li.post("/sign-in/code", &[("code", &telephone.code(&at)), ("next", "")]).await;
    assert_eq!(li.get("/warnings").await.status, StatusCode::OK);
}

async fn a_role_that_is_not_named_finds_nothing(engine: Engine) {
    let at = TestApp::on(engine).await;
    let things = Things::of(&at).await;
    let mut open = Vec::new();
    for role in Role::ASSIGNABLE {
        let person = at.person(*role, role.as_str()).await;
        for route in every_route() {
            let Who::Roles(named) = route.who else { continue };
            if !named.contains(role) {
                let status = things.call(&person, route, &things.path(route, *role), *role).await.status;
                if status != StatusCode::NOT_FOUND {
                    open.push(format!("{role} at {} {}: {status}", route.method, route.path));
                }
            }
        }
    }
    assert!(open.is_empty(), "{open:#?}");
}

async fn the_right_role_in_the_wrong_relation_finds_nothing(engine: Engine) {
    let at = TestApp::on(engine).await;
    let things = Things::of(&at).await;
    let others = [
        at.homeroom_of_the_other_class("zhou").await,
        at.teacher_of_the_other_class("wu").await,
        at.person(Role::Helper, "unpaired").await,
    ];
    let mut open = Vec::new();
    for (person, role) in others.iter().zip([Role::HomeroomTeacher, Role::SubjectTeacher, Role::Helper]) {
        for route in every_route() {
            let is_about_a_child = ["/files/", "/classes/", "/warnings/"].iter().any(|of| route.path.starts_with(of));
            let named = matches!(route.who, Who::Roles(named) if named.contains(&role));
            if named && is_about_a_child {
                let status = things.call(person, route, &things.path(route, role), role).await.status;
                if status != StatusCode::NOT_FOUND {
                    open.push(format!("{role} at {} {}: {status}", route.method, route.path));
                }
            }
        }
    }
    assert!(open.is_empty(), "{open:#?}");
}

async fn the_roles_that_are_named_get_through(engine: Engine) {
    for role in Role::ASSIGNABLE {
        // Each in a school of its own: some of the forms end what the next one needs.
        let at = TestApp::on(engine).await;
        // Before anything happens: what is restricted is sealed to those who are named on that day.
        let person = at.person(*role, role.as_str()).await;
        let things = Things::of(&at).await;
        if *role == Role::ExternalHelper {
            at.check(person.id).await;
        }
        let mut own_pairing = None;
        if matches!(role, Role::Helper | Role::ExternalHelper) {
            own_pairing = Some(at.pair(things.student, person.id).await);
        }
        let mut shut = Vec::new();
        for route in every_route() {
            let may = match route.who {
                Who::Anyone => false,
                // These end the session; they have tests of their own.
                Who::SignedIn => !route.path.contains("sign-out"),
                Who::Roles(named) => named.contains(role),
            };
            if !may {
                continue;
            }
            // The key of the class list comes with the office of the teachers of a class.
            if *role == Role::SubjectTeacher && route.path == "/classes/{class}" {
                continue;
            }
            let mut path = things.path(route, *role);
            if route.path.starts_with("/imports/") {
                path = person.upload("/import", "file", ROSTER).await.location();
            }
            if let (Some(own), true) = (own_pairing, route.path.starts_with("/helping/")) {
                // An answer is given to what waits for one.
                let answers = route.path.ends_with("/accept") || route.path.ends_with("/decline");
                let other = at.students(at.other_class).await[0].row.student;
                let id = if answers { at.ask(other, person.id).await } else { own };
                path = route.path.replace("{id}", &id.to_string());
                let status = things.call(&person, route, &path, *role).await.status;
                assert!(status.is_success() || status == StatusCode::SEE_OTHER, "{role} at {path}: {status}");
                if route.path.ends_with("/accept") {
                    at.end(id).await;
                }
                continue;
            }
            if let Some(own) = own_room(&person, route).await {
                path = route.path.replace("{id}", &own);
            }
            let status = things.call(&person, route, &path, *role).await.status;
            if [StatusCode::NOT_FOUND, StatusCode::FORBIDDEN, StatusCode::UNAUTHORIZED].contains(&status)
                || status.is_server_error()
            {
                shut.push(format!("{role} at {} {path}: {status}", route.method));
            }
        }
        assert!(shut.is_empty(), "{shut:#?}");
    }
}
