use secrecy::SecretString;

use super::*;
use crate::domain::ids::FormId;
use crate::domain::record::{NoteText, SessionForm};
use crate::domain::session::Session;
use crate::service::GroupEdit;
use crate::service::testing::School;
use crate::vault;

/// A counsellor with notes on two students, two colleagues, and a teacher.
struct Room {
    school: School,
    slips: [Slip; 3],
    students: Vec<StudentId>,
    li: Viewer,
    wang: Viewer,
    qian: Viewer,
    zhang: Viewer,
}

fn text(process: &str, app: &App) -> NoteText {
    NoteText {
        date: app.clock.today(),
        form: SessionForm::FaceToFace,
        minutes: 40,
        complaint: String::new(),
        process: process.to_owned(),
        plan: String::new(),
        limits_told: true,
        session: Session::default(),
    }
}

impl Room {
    async fn new() -> Self {
        let (mut school, slips) = School::found_with_slips().await;
        let (class, homeroom, students) = school.class(2020, 1, &["田小禾", "贺小雨", "宋小满"]).await;
        let li = school.hire("li", Role::Counsellor, None).await;
        let wang = school.hire("wang", Role::Counsellor, None).await;
        let qian = school.hire("qian", Role::Counsellor, None).await;
        let zhang = school.hire("zhang", Role::HomeroomTeacher, Some((class, &homeroom))).await;
        let room = Self { school, slips, students, li, wang, qian, zhang };
        for (student, process) in [(0, "谈了睡眠"), (1, "谈了同桌")] {
            room.note(&room.li, student, process).await;
        }
        room
    }

    async fn note(&self, viewer: &Viewer, student: usize, process: &str) {
        let (app, form) = (&self.school.app, FormId(Uuid::new_v4()));
        app.append_note(viewer, self.students[student], form, &text(process, app), None).await.unwrap();
    }

    /// What a person reads of predecessors on a student.
    async fn inherited(&self, viewer: &Viewer, student: usize) -> Vec<(String, Vec<String>)> {
        let read = self.school.app.inherited_notes(viewer, self.students[student]).await.unwrap();
        let texts = |notes: Vec<ShownNote>| notes.into_iter().map(|note| note.text.process).collect();
        read.into_iter().map(|one| (one.by, texts(one.notes))).collect()
    }

    async fn own(&self, viewer: &Viewer, student: usize) -> Vec<String> {
        let notes = self.school.app.notes(viewer, self.students[student]).await.unwrap();
        notes.into_iter().map(|note| note.text.process).collect()
    }

    async fn agree(&self) {
        assert_eq!(self.school.app.key_check(self.school.founded.id).await.unwrap(), []);
    }
}

fn of_li(process: &str) -> Vec<(String, Vec<String>)> {
    vec![("li".to_owned(), vec![process.to_owned()])]
}

#[tokio::test]
async fn a_successor_reads_what_was_handed_over_and_nothing_else_and_goes_on_in_an_own_record() {
    let room = Room::new().await;
    let app = &room.school.app;
    let held = app.held_notes(&room.li).await.unwrap();
    let names: Vec<&str> = held.students.iter().map(|one| one.name.as_str()).collect();
    assert_eq!((names.len(), held.colleagues.len()), (2, 2), "{names:?}");
    assert_eq!(room.inherited(&room.wang, 0).await, []);

    let first = room.students[0];
    assert_eq!(app.hand_over_notes(&room.li, room.wang.person.id, &[first]).await.unwrap(), 1);
    assert_eq!(app.hand_over_notes(&room.li, room.wang.person.id, &[first]).await.unwrap(), 0, "sent twice");
    assert_eq!(room.inherited(&room.wang, 0).await, of_li("谈了睡眠"));
    assert_eq!(room.inherited(&room.wang, 1).await, [], "the other student was not handed over");
    assert_eq!(room.inherited(&room.qian, 0).await, [], "nor was this one to anybody else");
    assert_eq!(room.own(&room.wang, 0).await, [""; 0]);
    room.note(&room.wang, 0, "接着谈").await;
    assert_eq!(room.own(&room.wang, 0).await, ["接着谈"]);
    assert_eq!(room.inherited(&room.wang, 0).await, of_li("谈了睡眠"));
    assert_eq!(room.own(&room.li, 0).await, ["谈了睡眠"], "the successor's record is not the predecessor's");
    room.agree().await;

    // The successor leaves in turn: what was written and what was taken over goes on.
    assert_eq!(app.hand_over_notes(&room.wang, room.qian.person.id, &[first]).await.unwrap(), 2);
    let both = room.inherited(&room.qian, 0).await;
    assert_eq!(both.len(), 2);
    assert!(both.contains(&of_li("谈了睡眠")[0]) && both.contains(&("wang".to_owned(), vec!["接着谈".to_owned()])));
    let held = app.held_notes(&room.qian).await.unwrap();
    assert_eq!(held.students.len(), 1);
    assert_eq!(held.students[0].of.len(), 2);
    room.agree().await;
}

#[tokio::test]
async fn notes_go_to_counsellors_only_and_from_those_who_hold_them() {
    let room = Room::new().await;
    let app = &room.school.app;
    let all = &room.students;
    let refused = |result: Result<usize>, field: &str| match result {
        Err(Error::Invalid(problems)) => assert_eq!(problems[0].field, field),
        other => panic!("{other:?}"),
    };
    refused(app.hand_over_notes(&room.li, room.zhang.person.id, &all[..1]).await, "to");
    refused(app.hand_over_notes(&room.li, room.li.person.id, &all[..1]).await, "to");
    refused(app.hand_over_notes(&room.li, PersonId(Uuid::nil()), &all[..1]).await, "to");
    refused(app.hand_over_notes(&room.li, room.wang.person.id, &[]).await, "students");
    let unwritten = app.hand_over_notes(&room.li, room.wang.person.id, &all[..3]).await;
    assert!(matches!(unwritten, Err(Error::NotFound)), "{unwritten:?}");
    assert_eq!(room.inherited(&room.wang, 0).await, [], "all or nothing");
    let teacher = app.hand_over_notes(&room.zhang, room.wang.person.id, &all[..1]).await;
    assert!(matches!(teacher, Err(Error::NotFound)));
    assert!(matches!(app.held_notes(&room.zhang).await, Err(Error::NotFound)));
    let nothing = app.hand_over_notes(&room.qian, room.wang.person.id, &all[..1]).await;
    assert!(matches!(nothing, Err(Error::NotFound)), "somebody else's");
}

#[tokio::test]
async fn two_slips_give_a_lost_counsellors_notes_to_a_named_successor() {
    let room = Room::new().await;
    let app = &room.school.app;
    let (li, wang) = (room.li.person.id, room.wang.person.id);
    let one = app.recover_notes(&room.slips[..1], li, wang).await;
    let Err(Error::Internal(cause)) = one else { panic!("{one:?}") };
    assert!(matches!(cause.downcast_ref(), Some(vault::Error::Slips(vault::SlipProblem::TooFew))));
    let other = vault::split(&Identity::generate().unwrap()).unwrap();
    assert!(matches!(app.recover_notes(&other[..2], li, wang).await, Err(Error::NotFound)));
    assert!(matches!(app.recover_notes(&room.slips[1..], li, room.zhang.person.id).await, Err(Error::NotFound)));

    assert_eq!(app.recover_notes(&room.slips[1..], li, wang).await.unwrap(), 2);
    assert_eq!(room.inherited(&room.wang, 0).await, of_li("谈了睡眠"));
    assert_eq!(room.inherited(&room.wang, 1).await, of_li("谈了同桌"));
    assert_eq!(room.inherited(&room.qian, 0).await, []);
    room.agree().await;
}

#[tokio::test]
async fn two_slips_give_a_counsellor_with_a_new_password_the_own_notes_and_groups_back() {
    let mut room = Room::new().await;
    let li = room.li.person.id;
    let plan = GroupEdit { topic: "新生适应".to_owned(), ..GroupEdit::default() };
    let group = room.school.app.new_group(&room.li, FormId(Uuid::new_v4()), &plan).await.unwrap();
    let invited = room.school.app.renew(&Standing::installation(room.school.founded.id), li).await.unwrap();
    let password = SecretString::from("rain on the roof at night");
    let code = secrecy::ExposeSecret::expose_secret(&invited.code).to_owned();
    room.school.app.accept_invitation(&code, password.clone(), "127.0.0.1").await.unwrap();
    let signed_in = room.school.app.sign_in("li", password, "127.0.0.1").await.unwrap();
    room.li = room.school.app.viewer(&signed_in.token).await.unwrap();
    let lost = room.school.app.notes(&room.li, room.students[0]).await;
    assert!(matches!(lost, Err(Error::NoKey)), "{lost:?}");

    assert_eq!(room.school.app.recover_notes(&room.slips[..2], li, li).await.unwrap(), 3);
    assert_eq!(room.own(&room.li, 0).await, ["谈了睡眠"]);
    assert_eq!(room.school.app.open_group(&room.li, group).await.unwrap().plan.topic, "新生适应");
    assert_eq!(room.inherited(&room.li, 0).await, [], "nobody succeeds oneself");
}
