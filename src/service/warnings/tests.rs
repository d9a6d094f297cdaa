//! The life of a warning: taken up, graded by one, lowered by two, lifted by two, reviewed.

use uuid::Uuid;

use super::*;
use crate::domain::clock::{DAY, HOUR};
use crate::domain::ids::{ClassId, LetterId, StudentId};
use crate::domain::steps::CloseReason;
use crate::domain::warning::{LetterState, Rule, Severity, Signal, Stage, Task, Urgency};
use crate::domain::words::{OfficeKind, Role};
use crate::policy::Report;
use crate::service::concerns::tests::a_report;
use crate::service::letters::NewLetter;
use crate::service::testing::School;
use crate::service::{FieldProblem, NewReport};
use crate::vault::OfficeKey;

/// A school with a class, its teacher, two counsellors and the director.
struct House {
    school: School,
    class: ClassId,
    homeroom: OfficeKey,
    students: Vec<StudentId>,
    teacher: Viewer,
    li: Viewer,
    wu: Viewer,
    director: Viewer,
}

impl House {
    async fn new() -> Self {
        let mut school = School::found().await;
        let (class, homeroom, students) = school.class(2020, 1, &["林小满", "贺小雨"]).await;
        let teacher = school.hire("zhang", Role::HomeroomTeacher, Some((class, &homeroom))).await;
        let li = school.hire("li", Role::Counsellor, None).await;
        let wu = school.hire("wu", Role::Counsellor, None).await;
        let director = school.hire("wang", Role::MoralEdDirector, None).await;
        Self { school, class, homeroom, students, teacher, li, wu, director }
    }

    /// Reports and takes up.
    async fn warn(&self, urgency: Urgency) -> WarningId {
        let letter = self.report(urgency, "睡不着，说没意思").await;
        self.school.app.take_letter(&self.li, letter, self.students[0]).await.unwrap()
    }

    async fn report(&self, urgency: Urgency, seen: &str) -> LetterId {
        let mut report = a_report(Some(self.students[0]), seen);
        report.concern.urgency = urgency;
        self.school.app.report(&self.teacher, &report).await.unwrap();
        report.id
    }

    async fn opened(&self, id: WarningId) -> OpenedWarning {
        self.school.app.open_warning(&self.li, id).await.unwrap()
    }

    async fn grade(&self, viewer: &Viewer, id: WarningId, severity: Severity) -> Result<bool> {
        let seen = self.opened(id).await.warning.version;
        let grading = Grading { id: StepId(Uuid::now_v7()), severity, reason: "依据访谈".to_owned(), seen };
        self.school.app.grade(viewer, id, &grading).await
    }

    async fn step(&self, viewer: &Viewer, id: WarningId, kind: StepKind, answers: &[(&str, &str)]) -> Result<()> {
        let fields = answers.iter().map(|(field, text)| ((*field).to_owned(), (*text).to_owned())).collect();
        let new = NewStep { id: StepId(Uuid::now_v7()), kind, fields, persons: Vec::new() };
        self.school.app.write_step(viewer, id, &new).await
    }

    async fn interview(&self, id: WarningId, risk: &str) {
        let answers = [("at", "2026-11-23T07:30"), ("found", "两周来睡不好"), ("risk", risk)];
        self.step(&self.li, id, StepKind::Interview, &answers).await.unwrap();
    }

    /// The open tasks, with the hours until they are due.
    async fn open(&self, id: WarningId) -> Vec<(Task, i64)> {
        let now = self.school.app.now();
        let due = self.opened(id).await.due;
        due.iter().filter(|d| d.done_at.is_none()).map(|d| (d.due.task, (d.due_at - now) / HOUR)).collect()
    }

    async fn kinds(&self, id: WarningId) -> Vec<StepKind> {
        self.opened(id).await.steps.iter().map(|shown| shown.step.kind).collect()
    }

    async fn state_of(&self, letter: LetterId) -> LetterState {
        self.school.app.db.read().await.unwrap().letter(letter).await.unwrap().unwrap().state
    }
}

fn code(refused: Result<impl std::fmt::Debug>) -> &'static str {
    match refused {
        Err(Error::Invalid(problems)) => match problems[..] {
            [FieldProblem { code, .. }] => code,
            _ => panic!("{problems:?}"),
        },
        other => panic!("{other:?}"),
    }
}

const GUARDIAN: &[(&str, &str)] = &[
    ("at", "2026-11-23T07:40"),
    ("way", "phone"),
    ("guardian", "母亲"),
    ("said", "近来睡不好"),
    ("told", "referral_offered"),
    ("reaction", "cooperates"),
];
const CONFERENCE: &[(&str, &str)] =
    &[("at", "2026-11-23T07:50"), ("conclusion", "需要关注"), ("decisions", "每周谈一次")];
const PLAN: &[(&str, &str)] = &[("goals", "睡好"), ("measures", "每周谈一次"), ("responsible", "李老师")];
const FOLLOW_UP: &[(&str, &str)] = &[("on", "2026-11-23"), ("effect", "better"), ("found", "睡得好些")];

#[tokio::test]
async fn several_letters_about_one_student_join_into_one_warning_and_their_content_goes() {
    let house = House::new().await;
    let app = &house.school.app;
    let first = house.report(Urgency::ThisWeek, "上课走神").await;
    let second = house.report(Urgency::Today, "手臂有新伤").await;
    let by_name = a_report(None, "听说要转学");
    app.report(&house.director, &by_name).await.unwrap();

    let warning = app.take_letter(&house.li, first, house.students[0]).await.unwrap();
    for letter in [second, by_name.id] {
        assert_eq!(app.take_letter(&house.wu, letter, house.students[0]).await.unwrap(), warning);
    }
    // Taken up twice is taken up once, whoever comes later is led to the same warning.
    assert_eq!(app.take_letter(&house.wu, first, house.students[0]).await.unwrap(), warning);
    let opened = house.opened(warning).await;
    let seen: Vec<&str> = opened.steps.iter().map(|shown| shown.step.fields["seen"].as_str()).collect();
    assert_eq!(seen.len(), 3);
    assert!(["上课走神", "手臂有新伤", "听说要转学"].iter().all(|text| seen.contains(text)), "{seen:?}");
    assert_eq!(opened.warning.stage, Stage::Acknowledged);
    assert!(opened.steps[0].step.persons == [house.teacher.person.id] || opened.steps.len() == 3);
    for letter in [first, second, by_name.id] {
        let kept = app.db.read().await.unwrap().letter(letter).await.unwrap().unwrap();
        assert_eq!((kept.state, kept.sealed.len()), (LetterState::Taken, 0), "its content stands in the file");
        assert_eq!(kept.student_id, Some(house.students[0].0));
    }
    assert!(app.inbox(&house.li).await.unwrap().letters.is_empty());
    // The most urgent of the three says what is due first.
    assert_eq!(house.open(warning).await[0], (Task::Assess, 24));
}

#[tokio::test]
async fn a_letter_that_names_a_student_is_about_nobody_else() {
    let house = House::new().await;
    let letter = house.report(Urgency::Today, "哭了").await;
    let other = house.school.app.take_letter(&house.li, letter, house.students[1]).await;
    assert_eq!(code(other), "student-unknown");
    assert_eq!(house.state_of(letter).await, LetterState::Sent);
}

#[tokio::test]
async fn a_letter_closed_with_a_reason_stays_in_the_file_only_where_the_student_is_known() {
    let house = House::new().await;
    let app = &house.school.app;
    let known = house.report(Urgency::ThisWeek, "和同桌吵架").await;
    let unknown = a_report(None, "不知道是谁");
    app.report(&house.teacher, &unknown).await.unwrap();
    for letter in [known, unknown.id] {
        app.close_letter(&house.li, letter, CloseReason::NoConcern, "已谈过").await.unwrap();
        app.close_letter(&house.li, letter, CloseReason::NoConcern, "已谈过").await.unwrap();
        assert_eq!(house.state_of(letter).await, LetterState::Done);
    }
    let of_student = app.db.read().await.unwrap().warnings_of_student(house.students[0]).await.unwrap();
    assert_eq!(of_student.len(), 1);
    assert_eq!(of_student[0].stage, Stage::Closed);
    let opened = house.opened(of_student[0].id).await;
    let fields: Vec<_> = opened.steps.iter().map(|shown| (shown.step.kind, shown.step.fields.clone())).collect();
    assert_eq!(fields[0].0, StepKind::Found);
    assert_eq!(fields[1].1["closed"], "no_concern");
    assert_eq!(fields[1].1["note"], "已谈过");
    assert!(app.inbox(&house.li).await.unwrap().running.is_empty());
    assert!(app.receipts(&house.teacher).await.unwrap().iter().all(|one| one.state == LetterState::Done));
}

#[tokio::test]
async fn the_inbox_puts_danger_first_and_decayed_signals_apart() {
    let house = House::new().await;
    let app = &house.school.app;
    for (rule, student) in [(Rule::LowTwoDays, house.students[0]), (Rule::ScreeningFlag, house.students[1])] {
        let permit = app.permit::<Report>(&house.director.at_school(), Kind::Warning, student.0).await.unwrap();
        let mut tx = app.begin().await.unwrap();
        let (_, office) = app.school_office(&mut tx, permit.school(), OfficeKind::Counselling).await.unwrap();
        let content = Signal { rule, facts: "11月20日、21日".to_owned() };
        let (id, kind) = (LetterId(Uuid::new_v4()), LetterKind::Signal);
        let letter = NewLetter { id, kind, student: Some(student), sender: None, content: &content };
        app.send_letter(&mut tx, &permit, &office, letter).await.unwrap();
        tx.commit().await.unwrap();
    }
    house.school.app.clock.advance(8 * DAY);
    house.report(Urgency::ThisWeek, "慢").await;
    house.report(Urgency::Now, "快").await;
    let inbox = app.inbox(&house.li).await.unwrap();
    let order: Vec<String> = inbox.letters.iter().map(|one| said(one.content.as_ref().unwrap())).collect();
    assert_eq!(order, ["快", "慢", "screening_flag"]);
    assert_eq!(inbox.older.iter().map(|one| said(one.content.as_ref().unwrap())).collect::<Vec<_>>(), ["low_two_days"]);
    assert_eq!(inbox.letters[0].student.as_ref().unwrap().0.name, "林小满");
    // The director sees that letters wait and opens none of them.
    let directors = app.inbox(&house.director).await.unwrap();
    assert_eq!((directors.letters.len(), directors.closed_to, directors.may_take), (0, 4, false));
}

fn said(content: &LetterContent) -> String {
    match content {
        LetterContent::Concern(concern) => concern.seen.clone(),
        LetterContent::Signal(signal) => signal.rule.to_string(),
    }
}

#[tokio::test]
async fn a_letter_that_somebody_spoiled_does_not_hide_the_others() {
    let house = House::new().await;
    let app = &house.school.app;
    let letter = house.report(Urgency::Today, "坏").await;
    house.report(Urgency::Today, "好").await;
    let permit = app.permit::<crate::policy::Write>(&house.li.at_school(), Kind::Warning, letter.0).await.unwrap();
    let mut tx = app.begin().await.unwrap();
    let mut spoiled = tx.letter(letter).await.unwrap().unwrap();
    spoiled.sealed[100] ^= 1;
    tx.reseal_letter(&permit, &spoiled).await.unwrap();
    tx.commit().await.unwrap();
    let inbox = app.inbox(&house.li).await.unwrap();
    assert_eq!(
        inbox.letters.iter().map(|one| one.content.as_ref().map(said)).collect::<Vec<_>>(),
        [None, Some("好".to_owned())]
    );
}

#[tokio::test]
async fn one_person_raises_and_a_level_brings_its_due_times() {
    let house = House::new().await;
    let id = house.warn(Urgency::Now).await;
    assert_eq!(house.open(id).await, [(Task::Attend, 1)]);
    assert!(house.grade(&house.li, id, Severity::High).await.unwrap());
    let opened = house.opened(id).await;
    assert_eq!((opened.state.severity, opened.warning.stage), (Some(Severity::High), Stage::Acting));
    assert!(opened.warning.assessed_at.is_some());
    let mut open = house.open(id).await;
    open.sort();
    assert_eq!(
        open,
        [
            (Task::Assess, 24),
            (Task::InformGuardian, 24),
            (Task::Confer, 72),
            (Task::OfferReferral, 72),
            (Task::FollowUp, 168)
        ]
    );
    assert!(house.grade(&house.wu, id, Severity::Critical).await.unwrap());
    let mut open = house.open(id).await;
    open.sort();
    assert_eq!(
        open,
        [
            (Task::Attend, 1),
            (Task::InformGuardian, 0),
            (Task::InformBureau, 24),
            (Task::Confer, 24),
            (Task::Plan, 24),
            (Task::FollowUp, 24),
            (Task::Company, 0)
        ],
        "an earlier due time replaces the later one, and what this level does not ask for goes"
    );
}

#[tokio::test]
async fn a_step_meets_what_it_fulfils_and_stamps_the_five_early_times() {
    let house = House::new().await;
    let id = house.warn(Urgency::Today).await;
    house.interview(id, "symptoms").await;
    assert_eq!(house.opened(id).await.warning.stage, Stage::Assessing);
    assert!(house.open(id).await.is_empty(), "assessed");
    house.grade(&house.li, id, Severity::High).await.unwrap();
    let tasks = async || house.open(id).await.into_iter().map(|(task, _)| task).collect::<Vec<_>>();
    assert!(!tasks().await.contains(&Task::Assess), "the interview was before the level");

    let unreached: Vec<_> =
        GUARDIAN.iter().map(|(f, t)| (*f, if *f == "reaction" { "not_reached" } else { t })).collect();
    house.step(&house.li, id, StepKind::GuardianInformed, &unreached).await.unwrap();
    assert!(tasks().await.contains(&Task::InformGuardian), "nobody was reached");
    assert_eq!(house.opened(id).await.warning.prevented_at, None);
    house.step(&house.li, id, StepKind::GuardianInformed, GUARDIAN).await.unwrap();
    assert_eq!(tasks().await, [Task::Confer, Task::FollowUp]);
    assert!(house.opened(id).await.warning.prevented_at.is_some());
    house.step(&house.director, id, StepKind::Conference, CONFERENCE).await.unwrap();
    house.step(&house.li, id, StepKind::FollowUp, FOLLOW_UP).await.unwrap();
    assert_eq!(house.open(id).await, [(Task::FollowUp, 168)], "the next one is set");
}

#[tokio::test]
async fn a_sign_of_self_harm_raises_to_high_until_a_person_lowers_it() {
    let house = House::new().await;
    let id = house.warn(Urgency::ThisWeek).await;
    house.grade(&house.li, id, Severity::Watch).await.unwrap();
    house.interview(id, "loss ideation").await;
    let opened = house.opened(id).await;
    assert_eq!(opened.state.severity, Some(Severity::High));
    let interview = opened.steps.iter().find(|shown| shown.step.kind == StepKind::Interview).unwrap();
    assert_eq!(interview.step.severity, Some(Severity::High), "the step says so");
    assert!(house.open(id).await.iter().any(|(task, _)| *task == Task::InformGuardian));
    // Going down again takes two.
    assert!(!house.grade(&house.li, id, Severity::Moderate).await.unwrap());
    assert_eq!(house.opened(id).await.state.severity, Some(Severity::High));
    // What is higher already is not lowered by it.
    house.grade(&house.wu, id, Severity::Critical).await.unwrap();
    house.interview(id, "plan").await;
    assert_eq!(house.opened(id).await.state.severity, Some(Severity::Critical));
}

#[tokio::test]
async fn a_level_is_lowered_by_two_people_and_never_by_one() {
    let house = House::new().await;
    let app = &house.school.app;
    let id = house.warn(Urgency::Today).await;
    house.grade(&house.li, id, Severity::High).await.unwrap();
    assert!(!house.grade(&house.li, id, Severity::Moderate).await.unwrap(), "asked for");
    assert_eq!(house.opened(id).await.state.severity, Some(Severity::High), "and not yet so");

    assert_eq!(code(app.decide_lowering(&house.li, id, true, "").await), "asked-yourself");
    assert!(matches!(app.decide_lowering(&house.teacher, id, true, "").await, Err(Error::NotFound)));
    assert_eq!(code(app.decide_lowering(&house.director, id, false, " ").await), "required");
    app.decide_lowering(&house.director, id, false, "再观察一周").await.unwrap();
    assert_eq!(house.opened(id).await.state.severity, Some(Severity::High));
    assert_eq!(code(app.decide_lowering(&house.director, id, true, "").await), "nothing-to-sign");

    house.grade(&house.li, id, Severity::Moderate).await.unwrap();
    app.decide_lowering(&house.wu, id, true, "").await.unwrap();
    assert_eq!(house.opened(id).await.state.severity, Some(Severity::Moderate));
    // The director may sign and not set.
    assert!(matches!(house.grade(&house.director, id, Severity::High).await, Err(Error::NotFound)));
    // Raising meanwhile takes back what was asked for.
    house.grade(&house.li, id, Severity::Watch).await.unwrap();
    house.grade(&house.wu, id, Severity::High).await.unwrap();
    assert_eq!(code(app.decide_lowering(&house.director, id, true, "").await), "nothing-to-sign");
    assert_eq!(house.opened(id).await.state.severity, Some(Severity::High));
    let reasons = house
        .opened(id)
        .await
        .steps
        .into_iter()
        .filter(|shown| matches!(shown.step.kind, StepKind::Graded | StepKind::LoweringAsked));
    assert!(
        reasons.into_iter().all(|shown| shown.step.fields["reason"] == "依据访谈"),
        "every change keeps its reason"
    );
}

#[tokio::test]
async fn of_two_who_grade_at_once_the_second_sees_what_the_first_wrote() {
    let house = House::new().await;
    let app = &house.school.app;
    let id = house.warn(Urgency::Today).await;
    let seen = house.opened(id).await.warning.version;
    let grading = |severity| Grading { id: StepId(Uuid::now_v7()), severity, reason: "依据访谈".to_owned(), seen };
    let first = grading(Severity::High);
    app.grade(&house.li, id, &first).await.unwrap();
    match app.grade(&house.wu, id, &grading(Severity::Watch)).await {
        Err(Error::Stale(stale)) => {
            assert_eq!((stale[0].theirs.as_str(), stale[0].mine.as_str()), ("high", "watch"));
            assert_eq!(stale[0].version, house.opened(id).await.warning.version);
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(house.opened(id).await.state.severity, Some(Severity::High));
    // The same form twice is one step.
    assert!(app.grade(&house.li, id, &first).await.unwrap());
    assert_eq!(house.kinds(id).await, [StepKind::Found, StepKind::Graded]);
    assert_eq!(code(house.grade(&house.li, id, Severity::High).await), "level-holds");
    let no_reason = Grading { reason: " ".to_owned(), ..grading(Severity::Critical) };
    assert_eq!(code(app.grade(&house.li, id, &no_reason).await), "required");
}

#[tokio::test]
async fn lifting_waits_for_open_tasks_and_for_a_second_person() {
    let house = House::new().await;
    let app = &house.school.app;
    let letter = house.report(Urgency::Today, "哭了").await;
    let id = app.take_letter(&house.li, letter, house.students[0]).await.unwrap();
    let ask = async |viewer: &Viewer| app.ask_closing(viewer, id, StepId(Uuid::now_v7()), "情况稳定").await;
    assert_eq!(code(ask(&house.li).await), "no-level-yet");
    house.grade(&house.li, id, Severity::Moderate).await.unwrap();
    assert_eq!(code(ask(&house.li).await), "tasks-open");
    house.interview(id, "").await;
    house.step(&house.li, id, StepKind::GuardianInformed, GUARDIAN).await.unwrap();
    assert_eq!(code(ask(&house.li).await), "tasks-open");
    assert_eq!(code(house.step(&house.li, id, StepKind::Review, &[("worked", "谈心")]).await), "review-later");
    house.step(&house.li, id, StepKind::Plan, PLAN).await.unwrap();
    ask(&house.li).await.unwrap();
    assert_eq!(code(app.decide_closing(&house.li, id, true, "").await), "asked-yourself");
    assert_eq!(house.opened(id).await.warning.stage, Stage::Acting);
    app.decide_closing(&house.director, id, true, "").await.unwrap();
    let opened = house.opened(id).await;
    assert_eq!(opened.warning.stage, Stage::Watching);
    assert!(opened.warning.controlled_at.is_some() && opened.warning.closed_at.is_none());
    assert_eq!(house.open(id).await.iter().map(|(task, _)| *task).collect::<Vec<_>>(), [Task::Review]);
    assert_eq!(house.state_of(letter).await, LetterState::Done, "the writer learns that it was dealt with");
    assert!(app.briefs(&house.teacher).await.unwrap().is_empty(), "and the brief is gone");
    assert_eq!(code(ask(&house.li).await), "lifted-already");

    house.step(&house.li, id, StepKind::Review, &[("worked", "每周谈心；家里配合")]).await.unwrap();
    let opened = house.opened(id).await;
    assert_eq!((opened.warning.stage, opened.warning.closed_at.is_some()), (Stage::Closed, true));
    assert_eq!(opened.steps.last().unwrap().step.fields["worked"], "每周谈心；家里配合");
    assert!(house.open(id).await.is_empty());
    assert_eq!(code(house.step(&house.li, id, StepKind::Remark, &[("note", "晚了")]).await), "warning-closed");
    assert_eq!(code(house.grade(&house.li, id, Severity::High).await), "warning-closed");
    // Something new about the same student opens a new one.
    let again = house.warn(Urgency::Today).await;
    assert_ne!(again, id);
}

#[tokio::test]
async fn an_overdue_follow_up_stands_in_the_way_of_lifting_and_a_new_report_ends_the_watching() {
    let house = House::new().await;
    let app = &house.school.app;
    let id = house.warn(Urgency::Today).await;
    house.interview(id, "").await;
    house.grade(&house.li, id, Severity::Watch).await.unwrap();
    house.step(&house.li, id, StepKind::FollowUp, FOLLOW_UP).await.unwrap();
    let ask = async || app.ask_closing(&house.li, id, StepId(Uuid::now_v7()), "情况稳定").await;
    app.clock.advance(90 * DAY);
    assert_eq!(code(ask().await), "tasks-open");
    house.step(&house.li, id, StepKind::FollowUp, FOLLOW_UP).await.unwrap();
    ask().await.unwrap();
    app.decide_closing(&house.wu, id, true, "").await.unwrap();
    let letter = house.report(Urgency::Today, "又哭了").await;
    assert_eq!(app.take_letter(&house.li, letter, house.students[0]).await.unwrap(), id);
    let opened = house.opened(id).await;
    assert_eq!((opened.warning.stage, opened.warning.controlled_at), (Stage::Assessing, None));
}

#[tokio::test]
async fn those_named_in_the_routing_table_are_told_as_much_as_they_may_know() {
    let mut house = House::new().await;
    let doctor = house.school.hire("yi", Role::SchoolDoctor, None).await;
    let leader = house.school.hire("chen", Role::SchoolLeader, None).await;
    let (other, key, _) = house.school.class(2020, 2, &["贺小雪"]).await;
    let colleague = house.school.hire("zhou", Role::HomeroomTeacher, Some((other, &key))).await;
    assert_ne!(other, house.class);
    assert_ne!(key.office, house.homeroom.office);
    let app = &house.school.app;
    let id = house.warn(Urgency::Today).await;
    let places = async |viewer: &Viewer| {
        let mut conn = app.db.read().await.unwrap();
        let notices = conn.notices(viewer.person.id, 99).await.unwrap();
        notices.into_iter().map(|notice| notice.place).collect::<Vec<_>>()
    };
    let page = format!("/warnings/{id}");
    house.grade(&house.li, id, Severity::Moderate).await.unwrap();
    assert_eq!(places(&house.teacher).await, ["/briefs"]);
    assert!(places(&house.director).await.is_empty());
    assert!(places(&doctor).await.is_empty() && places(&leader).await.is_empty());
    house.grade(&house.li, id, Severity::Critical).await.unwrap();
    assert_eq!(places(&house.teacher).await, ["/briefs"], "once is enough");
    assert_eq!(places(&house.director).await, std::slice::from_ref(&page));
    assert_eq!(places(&house.wu).await[..2], [page.clone(), page.clone()]);
    assert!(!places(&house.li).await[..1].contains(&page), "nobody is told of the own act");
    assert_eq!(places(&doctor).await, ["/briefs"]);
    assert_eq!(places(&leader).await, ["/notices"]);
    assert!(places(&colleague).await.is_empty());

    app.brief(&house.li, id, StepId(Uuid::now_v7()), "课间请同学陪着").await.unwrap();
    for viewer in [&house.teacher, &doctor] {
        let briefs = app.briefs(viewer).await.unwrap();
        let texts: Vec<_> =
            briefs.iter().map(|one| one.brief.as_ref().map(|b| (b.who.as_str(), b.text.as_str()))).collect();
        assert_eq!(texts.len(), 2, "the sentence that every brief has, and the counsellor's own");
        assert!(texts.contains(&Some(("林小满", ""))) && texts.contains(&Some(("林小满", "课间请同学陪着"))));
    }
    assert!(app.briefs(&colleague).await.unwrap().is_empty(), "another class");
    for nobody in [&leader, &house.director] {
        assert!(matches!(app.briefs(nobody).await, Err(Error::NotFound)));
    }
    for other in [&house.teacher, &doctor, &leader, &colleague] {
        assert!(matches!(app.open_warning(other, id).await, Err(Error::NotFound)));
        assert!(matches!(app.inbox(other).await, Err(Error::NotFound)));
        assert!(matches!(app.brief(other, id, StepId(Uuid::now_v7()), "x").await, Err(Error::NotFound)));
    }
    let step = house.opened(id).await.steps.into_iter().rfind(|shown| shown.step.kind == StepKind::Briefed).unwrap();
    assert_eq!(step.step.persons.len(), 2, "who was told stands on the timeline");
}

#[tokio::test]
async fn the_homeroom_teachers_word_back_meets_the_talk() {
    let house = House::new().await;
    let id = house.warn(Urgency::ThisWeek).await;
    house.interview(id, "").await;
    house.grade(&house.li, id, Severity::Watch).await.unwrap();
    assert!(house.open(id).await.iter().any(|(task, _)| *task == Task::Talk));
    let back: NewReport = a_report(Some(house.students[0]), "已经谈过，最近好些");
    house.school.app.report(&house.teacher, &back).await.unwrap();
    house.school.app.take_letter(&house.li, back.id, house.students[0]).await.unwrap();
    assert!(!house.open(id).await.iter().any(|(task, _)| *task == Task::Talk));
}

#[tokio::test]
async fn what_stands_in_a_warning_moves_with_its_key() {
    let house = House::new().await;
    let app = &house.school.app;
    let id = house.warn(Urgency::Today).await;
    house.grade(&house.li, id, Severity::High).await.unwrap();
    let waiting = house.report(Urgency::Today, "还没接报").await;
    app.rotate_office(&house.li, house.school.founded.counselling.office).await.unwrap();
    let mut school = house.school;
    let li = school.sign_in("li").await;
    let director = school.sign_in("wang").await;
    let teacher = school.sign_in("zhang").await;
    for viewer in [&li, &director] {
        let opened = school.app.open_warning(viewer, id).await.unwrap();
        assert_eq!(opened.state.severity, Some(Severity::High));
        assert_eq!(opened.steps.len(), 2);
        assert_eq!(opened.due.len(), 5);
    }
    assert_eq!(school.app.briefs(&teacher).await.unwrap().iter().filter(|one| one.brief.is_some()).count(), 1);
    assert_eq!(school.app.take_letter(&li, waiting, house.students[0]).await.unwrap(), id);
}
