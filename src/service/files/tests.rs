use super::*;
use crate::domain::ids::ClassId;
use crate::domain::words::Role;
use crate::service::testing::School;
use crate::store::chain::tamper;

/// A school with a class of two, a homeroom teacher, and the file of the first student filled.
async fn with_a_file() -> (School, Viewer, ClassId, StudentId) {
    let mut school = School::found().await;
    let (class, homeroom, students) = school.class(2020, 1, &["赵一", "钱二"]).await;
    let teacher = school.hire("li", Role::HomeroomTeacher, Some((class, &homeroom))).await;
    school.fill(&teacher, students[0], "每周一次谈话").await;
    (school, teacher, class, students[0])
}

#[tokio::test]
async fn no_page_comes_without_its_line() {
    let (school, teacher, class, student) = with_a_file().await;
    let app = &school.app;
    app.open_file(&teacher, student).await.unwrap();
    let strange = "CREATE TRIGGER strange BEFORE INSERT ON audit_lines BEGIN SELECT RAISE(ABORT, 'strange'); END";
    tamper::run(&app.db, strange).await;
    assert!(app.open_file(&teacher, student).await.is_err(), "a file");
    assert!(app.whom(&teacher, student).await.is_err(), "its head");
    assert!(app.edit_form(&teacher, student, Compartment::Support).await.is_err(), "a form");
    assert!(app.class_list(&teacher, class).await.is_err(), "a class");
    assert!(app.search(&teacher, "赵").await.is_err(), "a search");
    tamper::run(&app.db, "DROP TRIGGER strange").await;
    assert_eq!(app.open_file(&teacher, student).await.unwrap().who.name(), "赵一");
    assert_eq!(app.search(&teacher, "赵").await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_file_names_whoever_wrote_in_it_and_nobody_else() {
    let (mut school, teacher, _, student) = with_a_file().await;
    let counsellor = school.hire("wang", Role::Counsellor, None).await;
    let opened = school.app.open_file(&teacher, student).await.unwrap();
    assert_eq!(opened.names.into_iter().collect::<Vec<_>>(), [(teacher.person.id, "li".to_owned())]);
    // Wrote a field and no entry: not known before the field is opened.
    let edit = FieldEdit { field: Field::Strengths, text: "喜欢画画".to_owned(), seen: 0 };
    school.app.edit_fields(&counsellor, student, edit.field.compartment(), vec![edit]).await.unwrap();
    let opened = school.app.open_file(&teacher, student).await.unwrap();
    assert_eq!(opened.names.get(&counsellor.person.id).map(String::as_str), Some("wang"));
    assert_eq!(opened.names.len(), 2);
}
