use jiff::civil::date;

use super::*;
use crate::domain::clock::DAY;
use crate::domain::warning::{LetterKind, LetterState, Rule};
use crate::domain::words::{OfficeKind, Role};
use crate::service::testing::School;

struct Room {
    school: School,
    class: ClassId,
    students: Vec<StudentId>,
    homeroom: Viewer,
    neighbour: Viewer,
    counsellor: Viewer,
    director: Viewer,
}

impl Room {
    async fn new() -> Self {
        let mut school = School::found().await;
        let (class, key, students) = school.class(2020, 3, &["沈一诺", "韩小满"]).await;
        let (other, other_key, _) = school.class(2020, 4, &["方可"]).await;
        let homeroom = school.hire("homeroom", Role::HomeroomTeacher, Some((class, &key))).await;
        let neighbour = school.hire("neighbour", Role::HomeroomTeacher, Some((other, &other_key))).await;
        let counsellor = school.hire("counsellor", Role::Counsellor, None).await;
        let director = school.hire("director", Role::MoralEdDirector, None).await;
        Self { school, class, students, homeroom, neighbour, counsellor, director }
    }

    fn today(&self) -> Date {
        self.school.app.clock.today()
    }

    /// Keeps today with this mood of the first student.
    async fn keep(&self, mood: Mood, seen: i64) -> Result<()> {
        let marks = BTreeMap::from([(self.students[0], mood)]);
        self.school.app.keep_moods(&self.homeroom, self.class, self.today(), seen, &marks).await
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

#[tokio::test]
async fn a_day_is_kept_read_and_kept_again_and_a_stale_page_is_told() {
    let room = Room::new().await;
    let app = &room.school.app;
    let blank = app.mood_log(&room.homeroom, room.class, None).await.unwrap();
    assert_eq!((blank.version, blank.rows.len(), blank.may_write), (0, 2, true));
    assert!(blank.rows.iter().all(|(_, mood)| *mood == Mood::Calm));
    room.keep(Mood::Low, 0).await.unwrap();
    assert!(matches!(room.keep(Mood::Restless, 0).await, Err(Error::Stale(_))));
    assert!(matches!(room.keep(Mood::Restless, 7).await, Err(Error::Stale(_))));
    room.keep(Mood::Missing, 1).await.unwrap();
    for (who, may_write) in [(&room.homeroom, true), (&room.counsellor, true), (&room.director, false)] {
        let log = app.mood_log(who, room.class, None).await.unwrap();
        let moods: Vec<_> = log.rows.iter().map(|(row, mood)| (row.name.as_str(), *mood)).collect();
        assert_eq!(moods, [("沈一诺", Mood::Missing), ("韩小满", Mood::Calm)]);
        assert_eq!((log.version, log.may_write), (2, may_write));
    }
}

#[tokio::test]
async fn others_find_no_log_and_nobody_keeps_days_to_come_or_long_gone() {
    let room = Room::new().await;
    let app = &room.school.app;
    let marks = BTreeMap::from([(room.students[0], Mood::Low)]);
    for nobody in [&room.neighbour] {
        assert!(matches!(app.mood_log(nobody, room.class, None).await, Err(Error::NotFound)));
        let kept = app.keep_moods(nobody, room.class, room.today(), 0, &marks).await;
        assert!(matches!(kept, Err(Error::NotFound)));
    }
    let kept = app.keep_moods(&room.director, room.class, room.today(), 0, &marks).await;
    assert!(matches!(kept, Err(Error::NotFound)));
    for (day, code) in [(date(2026, 11, 24), "date-in-the-future"), (date(2026, 11, 15), "too-long-ago")] {
        let kept = app.keep_moods(&room.homeroom, room.class, day, 0, &marks).await;
        assert!(matches!(kept, Err(Error::Invalid(problems)) if problems[0].code == code), "{day}");
    }
    app.keep_moods(&room.homeroom, room.class, date(2026, 11, 16), 0, &marks).await.unwrap();
    // A child of another class has no place in this log.
    let stranger = BTreeMap::from([(StudentId(Uuid::now_v7()), Mood::Low)]);
    app.keep_moods(&room.homeroom, room.class, room.today(), 0, &stranger).await.unwrap();
    let log = app.mood_log(&room.homeroom, room.class, None).await.unwrap();
    assert!(log.rows.iter().all(|(_, mood)| *mood == Mood::Calm));
}

#[tokio::test]
async fn a_rule_leaves_one_signal_for_each_run_however_often_a_day_is_saved() {
    let room = Room::new().await;
    let app = &room.school.app;
    room.keep(Mood::Low, 0).await.unwrap();
    app.clock.advance(DAY);
    room.keep(Mood::Restless, 0).await.unwrap();
    let child = Some(room.students[0]);
    let two = (child, Rule::LowTwoDays, "2026-11-23、2026-11-24".to_owned());
    assert_eq!(room.signals().await, std::slice::from_ref(&two));
    room.keep(Mood::Low, 1).await.unwrap();
    room.keep(Mood::Calm, 2).await.unwrap();
    room.keep(Mood::Low, 3).await.unwrap();
    assert_eq!(room.signals().await, [two]);
    let shown = app.mood_log(&room.homeroom, room.class, None).await.unwrap().fired;
    assert_eq!(shown.iter().map(|fired| fired.rule).collect::<Vec<_>>(), [Rule::LowTwoDays]);
    for _ in 0..5 {
        app.clock.advance(DAY);
        room.keep(Mood::Low, 0).await.unwrap();
    }
    let rules: Vec<Rule> = room.signals().await.into_iter().map(|(_, rule, _)| rule).collect();
    assert_eq!(rules, [Rule::LowTwoDays, Rule::LowThreeDays, Rule::LowSevenDays]);
    // A new run is a new signal.
    for mood in [Mood::Calm, Mood::Low, Mood::Low] {
        app.clock.advance(DAY);
        room.keep(mood, 0).await.unwrap();
    }
    let two = room.signals().await.into_iter().filter(|(_, rule, _)| *rule == Rule::LowTwoDays).count();
    assert_eq!(two, 2);
    assert!(app.notices(&room.counsellor).await.unwrap().len() >= 4, "the counsellors are told that something waits");
}

#[tokio::test]
async fn fifteen_even_days_ask_about_the_log_of_the_class() {
    let room = Room::new().await;
    for _ in 0..16 {
        room.keep(Mood::Calm, 0).await.unwrap();
        room.school.app.clock.advance(DAY);
    }
    let facts = "2020级3班 2026-11-23—2026-12-07".to_owned();
    assert_eq!(room.signals().await, [(None, Rule::EvenFifteenDays, facts)]);
}

#[tokio::test]
async fn a_rotation_seals_the_log_anew_and_who_left_reads_nothing_of_it() {
    let mut room = Room::new().await;
    room.keep(Mood::Low, 0).await.unwrap();
    let offices = room.school.app.db.read().await.unwrap().offices(room.school.founded.id).await.unwrap();
    let homeroom = offices.iter().find(|office| office.class_id == Some(room.class.0)).unwrap().id;
    let stored =
        async |room: &Room| room.school.app.db.read().await.unwrap().moods(room.class, 9).await.unwrap().remove(0);
    let before = stored(&room).await;
    let old = {
        let mut conn = room.school.app.db.read().await.unwrap();
        Keys::of(&mut conn, &room.homeroom, &room.school.app.secret, room.class.0).await.unwrap()
    };
    room.school.app.rotate_office(&room.counsellor, homeroom).await.unwrap();
    let after = stored(&room).await;
    assert!(after.epoch == before.epoch + 1 && after.sealed != before.sealed);
    let permit = {
        let standing = room.homeroom.standing(&Facts::class(room.school.founded.id, room.class));
        room.school.app.policy.permit::<Read>(&standing, Kind::Support, room.class.0).unwrap()
    };
    assert!(old.read::<_, Sheet>(&permit, &mood_spot(&before), &before.sealed).is_ok());
    assert!(matches!(old.read::<_, Sheet>(&permit, &mood_spot(&after), &after.sealed), Err(Error::NoKey)));
    let homeroom = room.school.sign_in("homeroom").await;
    let log = room.school.app.mood_log(&homeroom, room.class, None).await.unwrap();
    assert_eq!(log.rows[0].1, Mood::Low);
    assert!(room.school.app.key_check(room.school.founded.id).await.unwrap().is_empty());
}

#[tokio::test]
async fn the_length_of_a_day_does_not_tell_how_many_were_marked() {
    let room = Room::new().await;
    room.keep(Mood::Calm, 0).await.unwrap();
    room.school.app.clock.advance(DAY);
    let marks = room.students.iter().map(|student| (*student, Mood::Missing)).collect();
    room.school.app.keep_moods(&room.homeroom, room.class, room.today(), 0, &marks).await.unwrap();
    let stored = room.school.app.db.read().await.unwrap().moods(room.class, 9).await.unwrap();
    assert_eq!(stored[0].sealed.len(), stored[1].sealed.len());
}
