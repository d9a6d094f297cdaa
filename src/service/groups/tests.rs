use super::*;
use crate::domain::clock::DAY;
use crate::domain::words::Role;
use crate::service::ShownNote;
use crate::service::testing::School;

/// A school with two counsellors and three students.
async fn school() -> (School, Viewer, Viewer, Vec<StudentId>) {
    let mut school = School::found().await;
    let li = school.hire("li", Role::Counsellor, None).await;
    let wang = school.hire("wang", Role::Counsellor, None).await;
    let (_, _, students) = school.class(2020, 1, &["王小雨", "赵明", "孙青"]).await;
    (school, li, wang, students)
}

fn form() -> FormId {
    FormId(Uuid::new_v4())
}

fn plan(topic: &str, seen: i64) -> GroupEdit {
    GroupEdit { topic: topic.to_owned(), goals: "敢开口".to_owned(), plan: "六次，周三".to_owned(), seen }
}

fn meeting(form: FormId, present: &[StudentId]) -> NewMeeting {
    let meeting = GroupMeeting {
        date: "2026-11-20".parse().unwrap(),
        minutes: 45,
        place: "团体室".to_owned(),
        theme: "认识彼此".to_owned(),
        process: "自我介绍".to_owned(),
        present: present.to_vec(),
    };
    let notes = present.first().map(|first| (*first, "第一个开口".to_owned())).into_iter().collect();
    NewMeeting { form, meeting, notes, limits_told: true }
}

/// A group of a counsellor with two members.
async fn group(school: &School, li: &Viewer, students: &[StudentId]) -> GroupId {
    let id = school.app.new_group(li, form(), &plan("新生适应", 0)).await.unwrap();
    for student in &students[..2] {
        school.app.join_group(li, id, *student).await.unwrap();
    }
    id
}

fn problem<T: std::fmt::Debug>(result: Result<T>) -> (&'static str, &'static str) {
    match result {
        Err(Error::Invalid(problems)) => (problems[0].field, problems[0].code),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_meeting_gives_each_member_who_came_a_note_of_the_own() {
    let (school, li, wang, students) = school().await;
    let app = &school.app;
    let id = group(&school, &li, &students).await;
    let form = form();
    app.record_meeting(&li, id, &meeting(form, &students[..2])).await.unwrap();
    app.record_meeting(&li, id, &meeting(form, &students[..2])).await.unwrap();
    let opened = app.open_group(&li, id).await.unwrap();
    assert_eq!(opened.plan.members.iter().map(|m| m.name.as_str()).collect::<Vec<_>>(), ["王小雨", "赵明"]);
    assert_eq!(opened.meetings.len(), 1, "a form sent twice is one meeting");
    assert_eq!(opened.meetings[0].process, "自我介绍");
    for (student, process) in [(students[0], "第一个开口"), (students[1], "认识彼此")] {
        let notes = app.notes(&li, student).await.unwrap();
        let [ShownNote { text, .. }] = notes.as_slice() else { panic!("{notes:?}") };
        assert_eq!((text.process.as_str(), text.minutes, text.session.group), (process, 45, Some(id)));
        assert_eq!((text.session.source, text.session.place.as_str()), (Some(NoteSource::Group), "团体室"));
        assert!(text.limits_told);
        assert!(app.notes(&wang, student).await.unwrap().is_empty(), "a colleague's notes are the colleague's");
    }
    assert!(app.notes(&li, students[2]).await.unwrap().is_empty());
    let corrected = NewMeeting { limits_told: false, ..meeting(form, &students[..1]) };
    app.record_meeting(&li, id, &corrected).await.unwrap();
    assert_eq!(app.open_group(&li, id).await.unwrap().meetings.len(), 2, "another text is another meeting");
    assert_eq!(app.key_check(school.founded.id).await.unwrap(), []);
}

#[tokio::test]
async fn a_group_is_not_there_for_anybody_but_its_counsellor() {
    let (mut school, li, wang, students) = school().await;
    let id = group(&school, &li, &students).await;
    let director = school.hire("director", Role::MoralEdDirector, None).await;
    let app = &school.app;
    for other in [&wang, &director] {
        assert!(matches!(app.open_group(other, id).await, Err(Error::NotFound)));
        assert!(matches!(app.edit_group(other, id, &plan("别的", 3)).await, Err(Error::NotFound)));
        assert!(matches!(app.join_group(other, id, students[2]).await, Err(Error::NotFound)));
        assert!(matches!(app.leave_group(other, id, students[0]).await, Err(Error::NotFound)));
        assert!(matches!(app.end_group(other, id, true).await, Err(Error::NotFound)));
        let met = app.record_meeting(other, id, &meeting(form(), &students[..1])).await;
        assert!(matches!(met, Err(Error::NotFound)), "{met:?}");
    }
    assert!(app.groups(&wang).await.unwrap().is_empty());
    assert!(matches!(app.groups(&director).await, Err(Error::NotFound)));
    assert!(matches!(app.month_counts(&director).await, Err(Error::NotFound)));
    assert!(matches!(app.new_group(&director, form(), &plan("别的", 0)).await, Err(Error::NotFound)));
    let opened = app.open_group(&li, id).await.unwrap();
    assert_eq!((opened.plan.topic.as_str(), opened.plan.members.len()), ("新生适应", 2));
}

#[tokio::test]
async fn a_plan_changes_for_who_saw_it_last_and_a_group_ends_and_goes_on() {
    let (school, li, _, students) = school().await;
    let app = &school.app;
    let same = form();
    let id = app.new_group(&li, same, &plan("新生适应", 0)).await.unwrap();
    assert_eq!(app.new_group(&li, same, &plan("新生适应", 0)).await.unwrap(), id, "a form sent twice is one group");
    assert_ne!(app.new_group(&li, same, &plan("考前放松", 0)).await.unwrap(), id);
    app.edit_group(&li, id, &plan("初一新生", 1)).await.unwrap();
    let stale = app.edit_group(&li, id, &plan("不该在", 1)).await;
    assert!(matches!(stale, Err(Error::Stale(_))), "{stale:?}");
    app.end_group(&li, id, true).await.unwrap();
    assert!(app.open_group(&li, id).await.unwrap().group.ended);
    app.end_group(&li, id, false).await.unwrap();
    app.join_group(&li, id, students[0]).await.unwrap();
    app.join_group(&li, id, students[0]).await.unwrap();
    let shown = app.groups(&li).await.unwrap();
    let shown: Vec<_> = shown.iter().map(|one| (one.topic.as_str(), one.members, one.group.ended)).collect();
    assert!(shown.contains(&("初一新生", 1, false)) && shown.contains(&("考前放松", 0, false)), "{shown:?}");
    app.leave_group(&li, id, students[0]).await.unwrap();
    assert!(app.open_group(&li, id).await.unwrap().plan.members.is_empty());
}

#[tokio::test]
async fn what_is_missing_or_too_much_is_said_where_it_is() {
    let (school, li, _, students) = school().await;
    let app = &school.app;
    let id = group(&school, &li, &students).await;
    assert_eq!(problem(app.new_group(&li, form(), &plan(" ", 0)).await), ("topic", "required"));
    assert_eq!(problem(app.new_group(&li, form(), &plan(&"长".repeat(61), 0)).await), ("topic", "too-long"));
    assert_eq!(problem(app.record_meeting(&li, id, &meeting(form(), &students[2..])).await), ("present", "choose"));
    assert_eq!(problem(app.record_meeting(&li, id, &meeting(form(), &[])).await), ("present", "choose"));
    let good = meeting(form(), &students[..1]);
    let with = |change: &dyn Fn(&mut NewMeeting)| {
        let mut new = good.clone();
        change(&mut new);
        new
    };
    let tomorrow = app.clock.today().saturating_add(1.days());
    for (new, expected) in [
        (with(&|new| new.meeting.date = tomorrow), ("date", "date-in-the-future")),
        (with(&|new| new.meeting.theme.clear()), ("theme", "required")),
        (with(&|new| new.meeting.process = "长".repeat(4_001)), ("process", "too-long")),
        (with(&|new| drop(new.notes.insert(students[0], "长".repeat(4_001)))), ("notes", "too-long")),
    ] {
        assert_eq!(problem(app.record_meeting(&li, id, &new).await), expected);
    }
    assert!(app.open_group(&li, id).await.unwrap().meetings.is_empty());
    assert!(app.notes(&li, students[0]).await.unwrap().is_empty(), "nothing of it is kept");
}

#[tokio::test]
async fn a_group_of_forty_is_full() {
    let (school, li, _, _) = school().await;
    let names: Vec<String> = (0..41).map(|n| format!("学生{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let (_, _, many) = school.class(2020, 2, &names).await;
    let id = school.app.new_group(&li, form(), &plan("新生适应", 0)).await.unwrap();
    for student in &many[..40] {
        school.app.join_group(&li, id, *student).await.unwrap();
    }
    assert_eq!(problem(school.app.join_group(&li, id, many[40]).await), ("student", "group-full"));
}

#[tokio::test]
async fn a_month_is_counted_by_times_alone() {
    let (school, li, wang, students) = school().await;
    let app = &school.app;
    let id = group(&school, &li, &students).await;
    let note = |process: &str| NoteText {
        date: "2026-11-20".parse().unwrap(),
        form: SessionForm::Phone,
        minutes: 20,
        complaint: String::new(),
        process: process.to_owned(),
        plan: String::new(),
        limits_told: false,
        session: Session::default(),
    };
    let first = app.append_note(&li, students[0], form(), &note("通话"), None).await.unwrap();
    app.append_note(&li, students[0], form(), &note("通话，改"), Some(first)).await.unwrap();
    app.record_meeting(&li, id, &meeting(form(), &students[..2])).await.unwrap();
    app.append_note(&wang, students[2], form(), &note("面谈"), None).await.unwrap();
    app.clock.advance(10 * DAY);
    app.append_note(&li, students[2], form(), &note("面谈"), None).await.unwrap();
    let month = |month: &str, sessions, meetings, students| MonthCount {
        month: month.to_owned(),
        sessions,
        meetings,
        students,
    };
    assert_eq!(
        app.month_counts(&li).await.unwrap(),
        [month("2026-12", 1, 0, 1), month("2026-11", 1, 1, 2)],
        "a correction is no session, and the notes of a meeting are one meeting"
    );
    assert_eq!(app.month_counts(&wang).await.unwrap(), [month("2026-11", 1, 0, 1)]);
    app.clock.advance(390 * DAY);
    assert_eq!(app.month_counts(&li).await.unwrap(), []);
}

#[tokio::test]
async fn an_exception_to_secrecy_names_whom_and_why() {
    let (school, li, wang, students) = school().await;
    let app = &school.app;
    let disclosed = |day: &str, to: &str, why: &str| crate::domain::session::Disclosure {
        day: day.parse().unwrap(),
        to: to.to_owned(),
        why: why.to_owned(),
    };
    let note = |disclosed| NoteText {
        date: "2026-11-20".parse().unwrap(),
        form: SessionForm::FaceToFace,
        minutes: 40,
        complaint: "“不想活了”".to_owned(),
        process: "一起定了安全约定".to_owned(),
        plan: String::new(),
        limits_told: true,
        session: Session {
            goals: "先保证安全".to_owned(),
            observed: "说话很轻".to_owned(),
            risk: "有想法，没有计划".to_owned(),
            problems: vec![crate::domain::session::ProblemType::LowMood],
            disclosed,
            ..Session::default()
        },
    };
    let (to, why) = ("母亲、班主任", "有伤害自己的想法");
    for (disclosed, expected) in [
        (disclosed("2026-11-20", " ", why), ("disclosed_to", "required")),
        (disclosed("2026-11-20", to, ""), ("disclosed_why", "required")),
        (disclosed("2026-11-24", to, why), ("disclosed_on", "date-in-the-future")),
        (disclosed("2026-11-20", to, &"长".repeat(4_001)), ("disclosed_why", "too-long")),
    ] {
        assert_eq!(problem(app.append_note(&li, students[0], form(), &note(Some(disclosed)), None).await), expected);
    }
    let good = note(Some(disclosed("2026-11-20", to, why)));
    app.append_note(&li, students[0], form(), &good, None).await.unwrap();
    let notes = app.notes(&li, students[0]).await.unwrap();
    assert!(notes.len() == 1 && notes[0].text == good, "every part is kept");
    assert!(app.notes(&wang, students[0]).await.unwrap().is_empty());
}
