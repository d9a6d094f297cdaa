//! Reports: who may send them, who reads them, and what happens when there are too many.

use uuid::Uuid;

use crate::domain::clock::{HOUR, MINUTE};
use crate::domain::ids::{LetterId, StudentId};
use crate::domain::warning::{Concern, LetterKind, LetterState, Safe, Urgency};
use crate::domain::words::Role;
use crate::service::testing::School;
use crate::service::{Error, FieldProblem, NewReport, Viewer};

pub(crate) fn concern(seen: &str) -> Concern {
    let empty = String::new;
    let (urgency, safe) = (Urgency::Today, Safe::Yes);
    Concern { who: "王小明".to_owned(), class: empty(), seen: seen.to_owned(), urgency, safe, place: empty() }
}

pub(crate) fn a_report(student: Option<StudentId>, seen: &str) -> NewReport {
    NewReport { id: LetterId(Uuid::new_v4()), student, concern: concern(seen) }
}

/// A report in danger.
fn now(seen: &str) -> NewReport {
    let report = a_report(None, seen);
    NewReport { concern: Concern { urgency: Urgency::Now, ..report.concern }, ..report }
}

fn problems(refused: Result<(), Error>) -> Vec<(&'static str, &'static str)> {
    match refused {
        Err(Error::Invalid(problems)) => {
            problems.into_iter().map(|FieldProblem { field, code }| (field, code)).collect()
        }
        other => panic!("{other:?}"),
    }
}

async fn sent_by(school: &School, viewer: &Viewer) -> Vec<crate::store::Letter> {
    school.app.db.read().await.unwrap().letters_from(viewer.person.id, 100).await.unwrap()
}

#[tokio::test]
async fn every_member_of_staff_reports_and_only_the_counselling_office_reads() {
    let mut school = School::found().await;
    let (class, homeroom, students) = school.class(2020, 1, &["林小满"]).await;
    let counsellor = school.hire("li", Role::Counsellor, None).await;
    let teacher = school.hire("zhang", Role::HomeroomTeacher, Some((class, &homeroom))).await;
    let mut writers = vec![(teacher.clone(), Some(students[0]))];
    for role in [Role::SubjectTeacher, Role::GradeHead, Role::SchoolDoctor, Role::AidOfficer, Role::SysAdmin] {
        writers.push((school.hire(role.as_str(), role, None).await, None));
    }
    for (writer, student) in &writers {
        school.app.report(writer, &a_report(*student, "趴在桌上不说话")).await.unwrap();
        let letter = sent_by(&school, writer).await.remove(0);
        assert_eq!((letter.kind, letter.state), (LetterKind::Concern, LetterState::Sent));
        assert!(letter.sealed.len() > 200);
        let read = school.app.read_letter::<Concern>(writer, &writer.at_school(), &letter);
        assert!(matches!(read, Err(Error::NotFound)), "{}", writer.person.name);
        let read: Concern = school.app.read_letter(&counsellor, &counsellor.at_school(), &letter).unwrap();
        assert_eq!(read.seen, "趴在桌上不说话");
        let receipts = school.app.receipts(writer).await.unwrap();
        assert_eq!(receipts.iter().map(|one| (one.id, one.state)).collect::<Vec<_>>(), [(letter.id, letter.state)]);
    }
    // A bell for each report with the counsellor, and none of them says more than the page.
    let notices = school.app.notices(&counsellor).await.unwrap();
    assert_eq!(notices.len(), writers.len());
    assert!(notices.iter().all(|notice| notice.place == "/warnings"));
}

#[tokio::test]
async fn a_form_sent_twice_is_one_report_and_the_number_of_somebody_elses_report_is_none() {
    let mut school = School::found().await;
    let (first, second) =
        (school.hire("a", Role::AidOfficer, None).await, school.hire("b", Role::GradeHead, None).await);
    let report = a_report(None, "两天没来吃饭");
    school.app.report(&first, &report).await.unwrap();
    school.app.report(&first, &report).await.unwrap();
    assert_eq!(sent_by(&school, &first).await.len(), 1);
    assert_eq!(problems(school.app.report(&second, &report).await), [("id", "form-used")]);
    assert!(sent_by(&school, &second).await.is_empty());
}

#[tokio::test]
async fn everything_wrong_with_a_report_is_said_at_once() {
    let mut school = School::found().await;
    let (class, homeroom, students) = school.class(2020, 1, &["林小满"]).await;
    let (other, _, others) = school.class(2020, 2, &["贺小雨"]).await;
    assert_ne!(class, other);
    let teacher = school.hire("zhang", Role::HomeroomTeacher, Some((class, &homeroom))).await;
    let mut empty = a_report(None, "  ");
    empty.concern.who = String::new();
    empty.concern.place = "长".repeat(201);
    let said = problems(school.app.report(&teacher, &empty).await);
    assert_eq!(said, [("who", "whom"), ("seen", "required"), ("place", "too-long")]);
    let long = a_report(None, &"长".repeat(4_001));
    assert_eq!(problems(school.app.report(&teacher, &long).await), [("seen", "too-long")]);
    // A student of another class and one who does not exist are the same to this teacher.
    for unknown in [others[0], StudentId(Uuid::now_v7())] {
        let report = a_report(Some(unknown), "");
        let said = problems(school.app.report(&teacher, &report).await);
        assert_eq!(said, [("student", "student-unknown"), ("seen", "required")]);
    }
    assert!(sent_by(&school, &teacher).await.is_empty());
    school.app.report(&teacher, &a_report(Some(students[0]), "哭了")).await.unwrap();
    assert_eq!(sent_by(&school, &teacher).await[0].student_id, Some(students[0].0));
}

#[tokio::test]
async fn a_flood_is_stopped_and_a_call_for_help_still_passes() {
    let mut school = School::found().await;
    let writer = school.hire("a", Role::AidOfficer, None).await;
    for n in 0..30 {
        school.app.report(&writer, &a_report(None, &format!("第{n}份"))).await.unwrap();
    }
    let refused = school.app.report(&writer, &a_report(None, "再一份")).await;
    assert!(matches!(refused, Err(Error::TooMany { retry: 3600 })), "{refused:?}");
    for _ in 30..60 {
        school.app.report(&writer, &now("在楼顶")).await.unwrap();
    }
    assert!(matches!(school.app.report(&writer, &now("在楼顶")).await, Err(Error::TooMany { .. })));
    assert_eq!(sent_by(&school, &writer).await.len(), 60);
    // Somebody else is not held up by it, and after an hour nor is the writer.
    let other = school.hire("b", Role::GradeHead, None).await;
    school.app.report(&other, &a_report(None, "另一位")).await.unwrap();
    school.app.clock.advance(HOUR + 1);
    school.app.report(&writer, &a_report(None, "一小时后")).await.unwrap();
}

#[tokio::test]
async fn a_letter_that_nobody_takes_up_rings_higher_and_higher_each_time_once() {
    let mut school = School::found().await;
    let writer = school.hire("a", Role::AidOfficer, None).await;
    let counsellor = school.hire("li", Role::Counsellor, None).await;
    let director = school.hire("wang", Role::MoralEdDirector, None).await;
    let leader = school.hire("chen", Role::SchoolLeader, None).await;
    school.app.report(&writer, &a_report(None, "没吃饭")).await.unwrap();
    let rings = async |viewer: &Viewer| {
        let unseen = school.app.db.read().await.unwrap().notices(viewer.person.id, 99).await.unwrap();
        unseen.into_iter().map(|notice| notice.place).collect::<Vec<_>>()
    };
    assert_eq!(rings(&counsellor).await, ["/warnings"]);
    school.app.clock.advance(2 * HOUR - MINUTE);
    assert_eq!(school.app.pass_on_letters().await.unwrap(), 0);
    for (told, expected) in [(&counsellor, 2), (&director, 1), (&leader, 1)] {
        school.app.clock.advance(HOUR);
        assert_eq!(school.app.pass_on_letters().await.unwrap(), 1);
        assert_eq!(school.app.pass_on_letters().await.unwrap(), 0, "each once");
        assert_eq!(rings(told).await.len(), expected);
    }
    assert_eq!(rings(&leader).await, ["/notices"], "a leader learns that something waits, and nothing else");
    school.app.clock.advance(9 * HOUR);
    assert_eq!(school.app.pass_on_letters().await.unwrap(), 0, "the ladder has an end");
    assert_eq!(rings(&counsellor).await.len(), 2);
}

#[tokio::test]
async fn danger_rings_with_the_director_too() {
    let mut school = School::found().await;
    let writer = school.hire("a", Role::AidOfficer, None).await;
    let director = school.hire("wang", Role::MoralEdDirector, None).await;
    let _counsellor = school.hire("li", Role::Counsellor, None).await;
    school.app.report(&writer, &a_report(None, "没吃饭")).await.unwrap();
    assert!(school.app.notices(&director).await.unwrap().is_empty());
    let mut unsafe_now = a_report(None, "在楼顶");
    unsafe_now.concern.safe = Safe::No;
    school.app.report(&writer, &unsafe_now).await.unwrap();
    assert_eq!(school.app.notices(&director).await.unwrap().len(), 1);
}
