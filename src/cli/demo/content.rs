//! What the people of the demonstration have done before anybody looks: written by them, through the same acts as always.

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::room::{self, ROOM};
use super::staff::Colleague;
use crate::cli::Failure;
use crate::domain::helping::Condition;
use crate::domain::ids::{ClassId, SchoolId, StudentId};
use crate::domain::record::{EntryText, Field, NoteText, SessionForm, Standing as Decided};
use crate::domain::relation::Standing;
use crate::domain::roster;
use crate::domain::session::{Gravity, NoteSource, ProblemType, Session};
use crate::domain::words::{Compartment, Effect, Kind, Role, Way};
use crate::policy::Report;
use crate::service::{App, Decision, FieldEdit, NewPairing, Told, Viewer};

/// The bundled roster, in the layout of the national student-record export; everybody in it is invented.
const ROSTER: &[u8] = include_bytes!("../../../tests/data/roster_liuxi_middle.xlsx");
/// One student in this many waits for somebody to look at what the roster says.
const LEFT_OPEN: usize = 8;

/// A tracking entry: days ago, way, what happened, effect, next step.
type Line = (i32, Way, &'static str, Effect, &'static str);

const ENTRIES: [Line; 6] = [
    (
        27,
        Way::Talk,
        "课间谈话，说起最近在练习长跑，希望参加校运会。",
        Effect::Unchanged,
        "两周后再谈一次，了解训练情况。",
    ),
    (20, Way::Phone, "与家长通话，约定每周日晚视频联系一次。", Effect::Better, "下周了解约定是否做到。"),
    (16, Way::Activity, "参加班级图书角整理，主动承担登记工作。", Effect::MuchBetter, "邀请担任图书角管理员。"),
    (11, Way::Tutoring, "自习课讲解两道错题，能自己说出思路。", Effect::Better, "下次测验前再看一遍错题本。"),
    (8, Way::HomeVisit, "到家中走访，祖母身体尚好，书桌已布置好。", Effect::Better, "向学校申请一盏台灯。"),
    (3, Way::Talk, "谈到期中考试的准备，情绪平稳，有自己的复习计划。", Effect::Better, "考试后一起看计划完成情况。"),
];

/// What the helper wrote.
const TUTORING: Line =
    (0, Way::Tutoring, "放学后辅导数学一元一次方程，能独立完成练习。", Effect::Better, "每周三继续辅导半小时。");

/// What the counsellor wrote into the support plan of one student.
const PLAN: [(Field, &str); 6] = [
    (Field::Strengths, "喜欢画画和长跑，做事有耐心，愿意帮助同学。"),
    (Field::Observed, "上学期末以来课堂发言减少，作业按时完成。"),
    (Field::Needs, "希望多和家人联系；需要固定的学习时间和地点。"),
    (Field::Goals, "本学期每周与家人视频一次；课堂上每天至少发言一次。"),
    (Field::Measures, "班主任每周谈话一次，结对教师每周辅导一次，心理教师每月回访。"),
    (Field::StudentView, "想参加校运会的长跑，也想当图书角管理员。"),
];

/// Takes the roster in as `yice import` does, and gives the class of the homeroom teacher.
///
/// # Errors
/// The database.
pub async fn take_in_roster(app: &App, school: SchoolId) -> Result<ClassId, Failure> {
    let roster = roster::read(ROSTER, app.school_year()).map_err(Failure::Unreadable)?;
    let plan = app.plan_roster(school, roster, None).await?;
    let permit = app.permit::<Report>(&Standing::installation(school), Kind::Roster, school.0).await?;
    app.take_in_roster(&permit, &plan, &|_| ()).await?;
    crate::cli::person::class_named(app, school, "7-1").await
}

/// Lets the staff do their work.
///
/// # Errors
/// The database.
pub async fn write(app: &App, staff: &[Colleague], class: ClassId) -> Result<(), Failure> {
    let of = |role: Role| super::staff::of(staff, role);
    let counsellor = of(Role::Counsellor)?.sign_in(app).await?;
    for newcomer in app.offices(&counsellor).await?.waiting {
        app.admit(&counsellor, newcomer.office.id, newcomer.person.id, &newcomer.fingerprint).await?;
    }
    verify(app, &of(Role::MoralEdDirector)?.sign_in(app).await?).await?;

    let homeroom = of(Role::HomeroomTeacher)?.sign_in(app).await?;
    let own_class = app.class_list(&homeroom, class).await?;
    let open = own_class.students.iter().filter(|one| one.status.is_open()).map(|one| one.row.student);
    let open: Vec<StudentId> = open.take(4).collect();
    let [first, second, ..] = open[..] else {
        return Err(Failure::Other(anyhow::anyhow!("the bundled roster names too few students to look after")));
    };
    keep_track(app, &homeroom, &open).await?;
    plan_support(app, &counsellor, first).await?;
    append_note(app, &counsellor, second).await?;
    room::furnish(app, &counsellor, &homeroom, &open).await?;
    pair(app, &counsellor, first, of(Role::Helper)?).await?;
    let helper = of(Role::Helper)?.sign_in(app).await?;
    app.append_entry(&helper, first, uuid::Uuid::new_v4().into(), &entry(app.clock.today(), TUTORING), None).await?;
    for viewer in [&counsellor, &homeroom, &helper] {
        app.sign_out(viewer, None).await?;
    }
    Ok(())
}

/// The director goes through what the roster proposes and verifies most of it.
async fn verify(app: &App, director: &Viewer) -> Result<(), Failure> {
    let mut seen = 0_usize;
    for size in app.classes(director).await? {
        for one in app.to_verify(director, size.class.id).await?.students {
            seen += 1;
            if !seen.is_multiple_of(LEFT_OPEN) {
                verify_all_of(app, director, one.row.student).await?;
            }
        }
    }
    Ok(app.sign_out(director, None).await?)
}

async fn verify_all_of(app: &App, director: &Viewer, student: StudentId) -> Result<(), Failure> {
    let file = app.open_file(director, student).await?;
    let proposed = file.compartments.iter().flat_map(|shown| &shown.circumstances);
    for circumstance in proposed.filter(|circumstance| circumstance.standing == Decided::Proposed) {
        let decision = Decision {
            tag: circumstance.tag,
            standing: Decided::Verified,
            basis: "家访核实，与学籍登记一致".to_owned(),
            since: circumstance.since,
            until: None,
        };
        app.decide(director, student, decision).await?;
    }
    Ok(())
}

/// The homeroom teacher has written down what happened, with each student a different part of it.
async fn keep_track(app: &App, homeroom: &Viewer, students: &[StudentId]) -> Result<(), Failure> {
    for (position, student) in students.iter().enumerate() {
        for line in ENTRIES.into_iter().skip(position) {
            app.append_entry(homeroom, *student, uuid::Uuid::new_v4().into(), &entry(app.clock.today(), line), None)
                .await?;
        }
    }
    Ok(())
}

fn entry(today: Date, (days_ago, way, happened, effect, next): Line) -> EntryText {
    EntryText { date: before(today, days_ago), way, happened: happened.to_owned(), effect, next: next.to_owned() }
}

fn before(today: Date, days: i32) -> Date {
    today.saturating_sub(days.days())
}

async fn plan_support(app: &App, counsellor: &Viewer, student: StudentId) -> Result<(), Failure> {
    let edit = |(field, text): (Field, &str)| FieldEdit { field, text: text.to_owned(), seen: 0 };
    Ok(app.edit_fields(counsellor, student, Compartment::Support, PLAN.map(edit).into()).await?)
}

async fn append_note(app: &App, counsellor: &Viewer, student: StudentId) -> Result<(), Failure> {
    let note = NoteText {
        date: before(app.clock.today(), 6),
        form: SessionForm::FaceToFace,
        minutes: 40,
        complaint: "“最近晚上睡得晚，早上起不来。”".to_owned(),
        process: "一起回顾了一周的作息，找出两个可以调整的时间；谈话中放松，愿意尝试。".to_owned(),
        plan: "记录一周作息，下周同一时间再谈。".to_owned(),
        limits_told: true,
        session: Session {
            place: ROOM.to_owned(),
            source: Some(NoteSource::Homeroom),
            goals: "两周内，每晚十点半前放下手机。".to_owned(),
            observed: "有些疲倦，说到篮球时很有精神。".to_owned(),
            problems: vec![ProblemType::SleepAndFood, ProblemType::Study],
            gravity: Some(Gravity::Mild),
            next: Some(app.clock.today().saturating_add(1.days())),
            ..Session::default()
        },
    };
    app.append_note(counsellor, student, uuid::Uuid::new_v4().into(), &note, None).await?;
    Ok(())
}

async fn pair(app: &App, counsellor: &Viewer, student: StudentId, helper: &Colleague) -> Result<(), Failure> {
    let starts = app.clock.today();
    let new = NewPairing {
        helper: helper.id,
        purpose: "每周三放学后辅导半小时数学，关注学习习惯。".to_owned(),
        condition: Condition::Learning,
        starts,
        ends: starts.saturating_add(5.months()),
        told: Told::default(),
    };
    let pairing = app.start_pairing(counsellor, student, new).await?;
    let colleague = helper.sign_in(app).await?;
    app.accept_pairing(&colleague, pairing).await?;
    app.sign_out(&colleague, None).await?;
    // Who agreed holds no key of what is counted.
    app.count_what_is_due(counsellor).await?;
    Ok(())
}
