use super::*;
use crate::domain::words::Role;
use crate::service::testing::School;

fn autumn(seen: i64) -> TermEdit {
    let (starts, ends) = ("2026-09-01".to_owned(), "2027-01-22".to_owned());
    TermEdit { name: "2026—2027学年第一学期".to_owned(), starts, ends, seen }
}

fn code_of<T: std::fmt::Debug>(result: Result<T>) -> Vec<(&'static str, &'static str)> {
    match result.unwrap_err() {
        Error::Invalid(problems) => problems.iter().map(|p| (p.field, p.code)).collect(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_new_class_has_a_homeroom_and_an_empty_roster_that_its_holders_open() {
    let mut school = School::found().await;
    let admin = school.hire("admin", Role::SysAdmin, None).await;
    let id = school.app.new_class(&admin, 7, 2).await.unwrap();
    let class = school.app.structure(&admin).await.unwrap().classes[0];
    assert_eq!((class.id, class.cohort, class.number, class.closed), (id, 2020, 2, false));
    assert!(school.app.key_check(school.founded.id).await.unwrap().is_empty());
    assert_eq!(code_of(school.app.new_class(&admin, 7, 2).await), [("number", "class-exists")]);
    let wrong = school.app.new_class(&admin, 0, 100).await;
    assert_eq!(code_of(wrong), [("grade", "number-out-of-range"), ("number", "number-out-of-range")]);
    let lin = school.hire("lin", Role::Counsellor, None).await;
    assert!(school.app.class_list(&lin, id).await.unwrap().students.is_empty());
    school.app.close_class(&admin, id, true).await.unwrap();
    assert!(school.app.classes(&lin).await.unwrap().is_empty());
    school.app.close_class(&admin, id, false).await.unwrap();
    assert_eq!(school.app.classes(&lin).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_term_that_a_colleague_changed_shows_both_texts_and_loses_none() {
    let mut school = School::found().await;
    let admin = school.hire("admin", Role::SysAdmin, None).await;
    let id = school.app.new_term(&admin, &autumn(0)).await.unwrap();
    let longer = TermEdit { ends: "2027-01-29".to_owned(), ..autumn(1) };
    school.app.edit_term(&admin, id, &longer).await.unwrap();
    let mine = TermEdit { ends: "2027-01-15".to_owned(), ..autumn(1) };
    let Err(Error::Stale(stale)) = school.app.edit_term(&admin, id, &mine).await else { panic!("not stale") };
    let [Stale { field, theirs, mine, version }] = &stale[..] else { panic!("{stale:?}") };
    assert_eq!((*field, theirs.as_str(), mine.as_str(), *version), ("ends", "2027-01-29", "2027-01-15", 2));
    assert_eq!(school.app.term(&admin, id).await.unwrap().ends, "2027-01-29");
    // Who wrote the same as the colleague has nothing to decide.
    school.app.edit_term(&admin, id, &longer).await.unwrap();
}

#[tokio::test]
async fn a_term_must_be_named_once_and_end_after_it_starts() {
    let mut school = School::found().await;
    let admin = school.hire("admin", Role::SysAdmin, None).await;
    school.app.new_term(&admin, &autumn(0)).await.unwrap();
    assert_eq!(code_of(school.app.new_term(&admin, &autumn(0)).await), [("name", "name-taken")]);
    let backwards = TermEdit { ends: "2026-08-31".to_owned(), ..autumn(0) };
    assert_eq!(code_of(school.app.new_term(&admin, &backwards).await), [("ends", "ends-before-it-starts")]);
    let empty = school.app.new_term(&admin, &TermEdit::default()).await;
    assert_eq!(code_of(empty), [("name", "required"), ("starts", "date-invalid"), ("ends", "date-invalid")]);
    let two = TermEdit {
        name: "第二学期".to_owned(),
        starts: "2027-02-22".to_owned(),
        ends: "2027-07-09".to_owned(),
        seen: 0,
    };
    let two = school.app.new_term(&admin, &two).await.unwrap();
    assert_eq!(code_of(school.app.edit_term(&admin, two, &autumn(1)).await), [("name", "name-taken")]);
}

#[tokio::test]
async fn the_school_is_renamed_to_a_name_that_is_free() {
    let mut school = School::found().await;
    let admin = school.hire("admin", Role::SysAdmin, None).await;
    school.app.found_school("石门小学").await.unwrap();
    assert_eq!(code_of(school.app.rename_school(&admin, "石门小学").await), [("school", "name-taken")]);
    assert_eq!(code_of(school.app.rename_school(&admin, "  ").await), [("school", "required")]);
    school.app.rename_school(&admin, " 柳溪中学 ").await.unwrap();
    assert_eq!(school.app.structure(&admin).await.unwrap().school.name, "柳溪中学");
}

#[tokio::test]
async fn nobody_but_an_administrator_changes_the_structure() {
    let mut school = School::found().await;
    let class = school.empty_class(1).await;
    let lin = school.hire("lin", Role::Counsellor, None).await;
    let zhao = school.hire("zhao", Role::HomeroomTeacher, Some((class.id, &class.homeroom))).await;
    for viewer in [&lin, &zhao] {
        let app = &school.app;
        assert!(matches!(app.structure(viewer).await, Err(Error::NotFound)));
        assert!(matches!(app.rename_school(viewer, "别的").await, Err(Error::NotFound)));
        assert!(matches!(app.new_class(viewer, 7, 3).await, Err(Error::NotFound)));
        assert!(matches!(app.close_class(viewer, class.id, true).await, Err(Error::NotFound)));
        assert!(matches!(app.new_term(viewer, &autumn(0)).await, Err(Error::NotFound)));
    }
}

#[tokio::test]
async fn another_school_is_out_of_reach() {
    let mut school = School::found().await;
    let class = school.empty_class(1).await;
    let other = school.app.found_school("石门小学").await.unwrap();
    let duty = crate::domain::relation::Duty { role: Role::SysAdmin, school: other.id, class: None };
    let password = crate::service::testing::PASSWORD.into();
    school.app.found_person(other.id, "stranger", "石老师", password, &[duty], &[]).await.unwrap();
    let stranger = school.sign_in("stranger").await;
    assert!(matches!(school.app.close_class(&stranger, class.id, true).await, Err(Error::NotFound)));
    assert!(school.app.structure(&stranger).await.unwrap().classes.is_empty());
}
