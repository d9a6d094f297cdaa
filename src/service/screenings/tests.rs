use jiff::ToSpan as _;

use super::*;
use crate::domain::ids::FormId;
use crate::domain::record::EntryText;
use crate::domain::warning::{LetterKind, LetterState};
use crate::domain::words::{Effect, OfficeKind, Role, Way};
use crate::service::fresh;
use crate::service::testing::School;

struct Room {
    school: School,
    class: ClassId,
    students: Vec<StudentId>,
    stranger: StudentId,
    homeroom: Viewer,
    counsellor: Viewer,
}

impl Room {
    async fn new() -> Self {
        let mut school = School::found().await;
        let (class, key, students) = school.class(2020, 3, &["沈一诺", "韩小满"]).await;
        let (_, _, others) = school.class(2020, 4, &["方可"]).await;
        let homeroom = school.hire("homeroom", Role::HomeroomTeacher, Some((class, &key))).await;
        let counsellor = school.hire("counsellor", Role::Counsellor, None).await;
        Self { school, class, students, stranger: others[0], homeroom, counsellor }
    }

    fn screening(&self, flagged: &[StudentId]) -> Screening {
        let day = self.school.app.clock.today().saturating_sub(3.days());
        Screening { day, scale: " 秋季普查 ".to_owned(), flagged: flagged.iter().copied().collect() }
    }

    async fn note(&self, who: &Viewer, screening: &Screening) -> Result<()> {
        self.school.app.note_screening(who, self.class, screening).await
    }

    /// The signals, as a counsellor reads them: about whom, rule, facts.
    async fn signals(&self) -> Vec<(Option<StudentId>, Rule, String)> {
        let app = &self.school.app;
        let mut conn = app.db.read().await.unwrap();
        let offices = conn.offices(self.school.founded.id).await.unwrap();
        let office = offices.iter().find(|office| office.kind == OfficeKind::Counselling).unwrap();
        let letters = conn.letters_to(office.id.0, LetterState::Sent, 100).await.unwrap();
        let read = |letter: &crate::store::Letter| {
            assert_eq!((letter.kind, letter.sender), (LetterKind::Signal, None));
            let signal: Signal = app.read_letter(&self.counsellor, &self.counsellor.at_school(), letter).unwrap();
            (letter.student_id.map(StudentId), signal.rule, signal.facts)
        };
        letters.iter().map(read).collect()
    }
}

fn codes<T: std::fmt::Debug>(answer: &Result<T>) -> Vec<(&'static str, &'static str)> {
    let Err(Error::Invalid(problems)) = answer else { panic!("{answer:?}") };
    problems.iter().map(|problem| (problem.field, problem.code)).collect()
}

#[tokio::test]
async fn each_flagged_student_is_one_signal_however_often_it_is_entered() {
    let room = Room::new().await;
    let both = room.screening(&room.students);
    room.note(&room.counsellor, &both).await.unwrap();
    room.note(&room.counsellor, &both).await.unwrap();
    let mut found = room.signals().await;
    found.sort_by_key(|signal| signal.0);
    let facts = format!("秋季普查 {}", both.day);
    let mut expected: Vec<_> = room.students.iter().map(|id| (Some(*id), Rule::ScreeningFlag, facts.clone())).collect();
    expected.sort_by_key(|signal| signal.0);
    assert_eq!(found, expected);
}

#[tokio::test]
async fn a_screening_is_for_counsellors_and_for_students_of_the_class() {
    let room = Room::new().await;
    let own = room.screening(&room.students[..1]);
    assert!(matches!(room.note(&room.homeroom, &own).await, Err(Error::NotFound)));
    let strange = room.note(&room.counsellor, &room.screening(&[room.stranger])).await;
    assert_eq!(codes(&strange), [("flagged", "student-unknown")]);
    let tomorrow = room.school.app.clock.today().saturating_add(1.days());
    let wrong = Screening { day: tomorrow, scale: " ".to_owned(), flagged: BTreeSet::new() };
    let wrong = room.note(&room.counsellor, &wrong).await;
    assert_eq!(
        codes(&wrong),
        [("scale", "required"), ("day", "date-in-the-future"), ("flagged", "choose")],
        "everything that is wrong, at once"
    );
    assert!(room.signals().await.is_empty());
}

#[tokio::test]
async fn what_a_home_visit_found_reaches_the_counsellors_once() {
    let room = Room::new().await;
    let (app, student, form) = (&room.school.app, room.students[0], FormId(fresh()));
    let (date, happened) = (app.clock.today(), "祖母说孩子常在半夜醒来。".to_owned());
    let visit = EntryText { date, way: Way::HomeVisit, happened, effect: Effect::Unchanged, next: String::new() };
    let phone = EntryText { way: Way::Phone, ..visit.clone() };
    let refused = app.append_finding(&room.homeroom, student, form, &phone).await;
    assert_eq!(codes(&refused), [("finding", "no-home-visit")]);
    assert!(room.signals().await.is_empty());
    let first = app.append_finding(&room.homeroom, student, form, &visit).await.unwrap();
    let second = app.append_finding(&room.homeroom, student, form, &visit).await.unwrap();
    assert_eq!(first, second, "a second click");
    assert_eq!(room.signals().await, [(Some(student), Rule::VisitFinding, visit.happened.clone())]);
    assert_eq!(app.open_file(&room.homeroom, student).await.unwrap().entries.len(), 1);
}
