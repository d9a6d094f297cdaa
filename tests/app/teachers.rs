//! Subject teachers: the names of the classes they teach, and of no file so much as that it is there.

use axum::http::StatusCode;
use yice::domain::words::{OfficeKind, Role};
use yice::service::{Finding, OfficeState};

use crate::people::{PASSWORD, TestApp};
use crate::support::both_backends;
use crate::support::cluster::Engine;

both_backends!(
    a_subject_teacher_sees_names_and_no_file,
    the_office_of_the_subject_teachers_holds_the_roster_and_nothing_else,
    whoever_teaches_the_class_no_longer_loses_the_list_and_its_key,
);

async fn a_subject_teacher_sees_names_and_no_file(engine: Engine) {
    let at = TestApp::on(engine).await;
    let (teacher, homeroom) = (at.person(Role::SubjectTeacher, "wu").await, at.homeroom("li").await);
    let students = at.students(at.class).await;
    at.open(students[0].row.student).await;
    let (list, file) = (format!("/classes/{}", at.class), format!("/files/{}", students[0].row.student));
    // One class only: its list comes at once.
    assert_eq!(teacher.get("/classes").await.location(), list);
    let page = teacher.get(&list).await;
    for one in &students {
        assert!(page.texts("main td").contains(&one.row.name), "the teacher knows who sits there");
    }
    assert!(
        page.attributes("main a", "href").iter().all(|href| !href.starts_with("/files")),
        "nothing leads to a file"
    );
    assert_eq!((page.texts(".mark").len(), homeroom.get(&list).await.texts(".mark").len()), (0, 1));
    for path in
        [file.clone(), format!("{file}/entry"), format!("{list}/verify"), format!("/classes/{}", at.other_class)]
    {
        assert_eq!(teacher.get(&path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    // A search finds in the own class alone, and leads nowhere.
    let name = students[0].row.name.as_str();
    let found = teacher.post("/search", &[("q", name)]).await;
    assert!(found.texts("main td").iter().any(|cell| cell == name));
    assert!(found.attributes("main td a", "href").is_empty() && found.texts(".mark").is_empty());
    let elsewhere = at.students(at.other_class).await[0].row.name.clone();
    assert!(!teacher.post("/search", &[("q", elsewhere.as_str())]).await.texts("main td").contains(&elsewhere));
}

fn teachers_of<'a>(at: &TestApp, offices: &'a [OfficeState]) -> &'a OfficeState {
    let of_class = |state: &&OfficeState| state.class.is_some_and(|class| class.id == at.class);
    offices.iter().filter(of_class).find(|state| state.office.kind == OfficeKind::Teachers).unwrap()
}

async fn the_office_of_the_subject_teachers_holds_the_roster_and_nothing_else(engine: Engine) {
    let at = TestApp::on(engine).await;
    let teacher = at.person(Role::SubjectTeacher, "wu").await;
    let offices = at.offices().await.offices;
    let office = teachers_of(&at, &offices);
    assert_eq!(office.members.iter().map(|member| member.id).collect::<Vec<_>>(), [teacher.id]);
    let mut conn = at.app.db.read().await.unwrap();
    let held = conn.keys_held_by(at.school.id, office.office.id.0).await.unwrap();
    assert_eq!(held.iter().map(|key| key.subject).collect::<Vec<_>>(), [at.class.0]);
    drop(conn);
    assert_eq!(at.app.key_check(at.school.id).await.unwrap(), []);
}

async fn whoever_teaches_the_class_no_longer_loses_the_list_and_its_key(engine: Engine) {
    let at = TestApp::on(engine).await;
    let teacher = at.person(Role::SubjectTeacher, "wu").await;
    let (stays, homeroom) = (at.person(Role::SubjectTeacher, "zheng").await, at.homeroom("li").await);
    let (admin, counsellor) = (at.person(Role::SysAdmin, "admin").await, at.counsellor("lin").await);
    let list = format!("/classes/{}", at.class);
    let duties = at.app.db.read().await.unwrap().school_duties(at.school.id, at.app.now()).await.unwrap();
    let duty = duties.iter().find(|(_, holder, _)| *holder == teacher.id).unwrap().0;
    let ended = admin.post(&format!("/staff/{}/duties/{duty}/end", teacher.id), &[]).await;
    assert_eq!(ended.status, StatusCode::SEE_OTHER);
    // The end of a duty ends the session; without any other there is nothing to sign in to.
    let back = teacher.post("/sign-in", &[("login", "wu"), ("password", PASSWORD), ("next", "")]).await;
    assert_eq!((back.status, back.source.contains("没有任何职务")), (StatusCode::FORBIDDEN, true));
    assert_eq!(teacher.get(&list).await.location(), format!("/sign-in?next={list}"));
    let due: Vec<Finding> = at.app.key_check(at.school.id).await.unwrap().iter().map(|found| found.finding).collect();
    assert!(due.contains(&Finding::RotationDue), "{due:?}");
    let offices = at.offices().await.offices;
    let id = teachers_of(&at, &offices).office.id;
    let rotated = counsellor.post(&format!("/offices/{id}/rotate"), &[]).await;
    assert_eq!(rotated.location(), "/offices?done=rotated");
    assert_eq!(at.app.key_check(at.school.id).await.unwrap(), []);
    for person in [&stays, &homeroom, &counsellor] {
        assert_eq!(person.get(&list).await.status, StatusCode::OK);
    }
    // The roster moved on to a key that whoever left never held.
    let mut conn = at.app.db.read().await.unwrap();
    let held = conn.keys_held_by(at.school.id, id.0).await.unwrap();
    assert_eq!(held.iter().map(|key| (key.subject, key.epoch)).collect::<Vec<_>>(), [(at.class.0, 2)]);
}
