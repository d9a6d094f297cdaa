//! What the lengths of rows tell to somebody who reads the database: not how many groups a child is in.

use std::collections::BTreeSet;

use sqlx::{Connection as _, SqliteConnection};
use yice::domain::ids::StudentId;
use yice::domain::record::Field;
use yice::domain::relation::Standing;
use yice::domain::roster;
use yice::domain::words::{Compartment, GroupTag, Kind};
use yice::policy::Report;

use super::marks::{birth, workbook};
use crate::people::{Person, TestApp};

const HEADER: &[&str] = &[
    "年级",
    "班级",
    "姓名",
    "性别",
    "出生日期",
    "身份证件类型",
    "身份证件号",
    "是否留守儿童",
    "是否孤儿",
    "残疾人类型",
    "资助认定等级",
    "家庭结构",
    "现住址",
    "成员1姓名",
    "成员1联系电话",
    "成员2姓名",
];

/// A row of `records` or `entries` without its content.
type Size = (String, String, i64);

async fn sizes(at: &TestApp, sql: &'static str, student: StudentId) -> Vec<Size> {
    let mut conn = SqliteConnection::connect(&at.database.place).await.unwrap();
    sqlx::query_as(sql).bind(student.0).fetch_all(&mut conn).await.unwrap()
}

async fn record_sizes(at: &TestApp, student: StudentId) -> Vec<Size> {
    let sql = "SELECT compartment, layer, length(sealed) FROM records WHERE student_id = $1 ORDER BY 1, 2";
    sizes(at, sql, student).await
}

/// Two new students: of one the roster knows nothing but the name, of the other it says all it can.
async fn one_without_and_one_with_all(at: &TestApp) -> [StudentId; 2] {
    let born = birth(at.app.school_year(), 10);
    let rows = [
        vec!["四年级", "9班", "贺无", "男", &born, "护照", "E0000001", "否", "否", "", "", "", "", "", "", ""],
        vec![
            "四年级",
            "9班",
            "贺全",
            "男",
            &born,
            "护照",
            "E0000002",
            "是",
            "是",
            "听力残疾",
            "特别困难",
            "单亲家庭，随祖父母生活",
            "龙潭村八组",
            "贺浩文",
            "10030387950",
            "卢语永",
        ],
    ];
    let roster = roster::read(&workbook(HEADER, &rows), at.app.school_year()).unwrap();
    assert_eq!(roster.rows[1].student.tags.len(), 5, "all the groups that a roster knows");
    let plan = at.app.plan_roster(at.school.id, roster, None).await.unwrap();
    let standing = Standing::installation(at.school.id);
    let permit = at.app.permit::<Report>(&standing, Kind::Roster, at.school.id.0).await.unwrap();
    at.app.take_in_roster(&permit, &plan, &|_| ()).await.unwrap();
    let class = plan.items[0].class;
    let classes = at.app.db.read().await.unwrap().classes(at.school.id).await.unwrap();
    let is_it = |cohort: i64, number: i64| (cohort, number) == (class.cohort.into(), class.number.into());
    let class = classes.iter().find(|class| is_it(class.cohort, class.number)).unwrap();
    let students = at.students(class.id).await;
    ["贺无", "贺全"].map(|name| students.iter().find(|one| one.row.name == name).unwrap().row.student)
}

async fn decides(person: &Person<'_>, student: StudentId, tag: GroupTag, standing: &str, basis: &str) {
    let form = [("tag", tag.as_str()), ("standing", standing), ("basis", basis), ("since", "2026-09-01")];
    person.post_and_follow(&format!("/files/{student}/circumstance"), &form).await;
}

#[tokio::test]
async fn the_rows_of_a_child_in_no_group_are_as_long_as_those_of_a_child_in_five() {
    let at = TestApp::new().await;
    let [without, with] = one_without_and_one_with_all(&at).await;
    let (few, many) = (record_sizes(&at, without).await, record_sizes(&at, with).await);
    assert!(few.len() >= 2, "{few:?}");
    assert_eq!(few, many, "as the roster left them");

    let director = at.person(yice::domain::words::Role::MoralEdDirector, "director").await;
    decides(&director, without, GroupTag::Poor, "dismissed", "不在名单").await;
    for tag in &GroupTag::ALL[..5] {
        decides(&director, with, *tag, "verified", "入户核实，与班主任、村委会确认，材料已归档").await;
    }
    let (few, many) = (record_sizes(&at, without).await, record_sizes(&at, with).await);
    assert!(
        few.iter().any(|(compartment, layer, _)| (compartment.as_str(), layer.as_str()) == ("circumstance", "people"))
    );
    // That the file is open stands in clear, as its stage; the number of the last home visit comes with it.
    let beside =
        |sizes: Vec<Size>| sizes.into_iter().filter(|(compartment, ..)| compartment != "support").collect::<Vec<_>>();
    assert_eq!(beside(few), beside(many), "as people decided");
}

#[tokio::test]
async fn a_field_with_a_word_is_as_long_as_a_form_with_a_line_in_every_field() {
    let at = TestApp::new().await;
    let li = at.homeroom("li").await;
    let students = at.students(at.class).await;
    let [short, full] = [students[0].row.student, students[1].row.student];
    for compartment in [Compartment::Contact, Compartment::Circumstance, Compartment::Support] {
        let mut fields: Vec<Field> = Field::of(compartment).collect();
        for (student, count) in [(full, fields.len()), (short, 1)] {
            fields.truncate(count);
            let form: Vec<(&str, &str)> = fields.iter().map(|field| (field.as_str(), "几个字的一句话")).collect();
            li.post_and_follow(&format!("/files/{student}/edit/{compartment}"), &form).await;
        }
    }
    let (few, many) = (record_sizes(&at, short).await, record_sizes(&at, full).await);
    assert_eq!(few.iter().filter(|(_, layer, _)| layer == "people").count(), 3);
    assert_eq!(few, many);
}

/// The sizes are really measured: a text of another step is another length, and one of the same step is not.
#[tokio::test]
async fn a_long_entry_is_longer_than_a_short_one_by_whole_steps() {
    let at = TestApp::new().await;
    let li = at.homeroom("li").await;
    let student = at.student().await;
    for happened in ["谈话。".to_owned(), "谈话，家长也来了。".to_owned(), "谈话。".repeat(300)] {
        let entry =
            [("date", "2026-11-20"), ("way", "talk"), ("happened", &happened), ("effect", "better"), ("next", "")];
        li.post_and_follow(&format!("/files/{student}/entry"), &entry).await;
    }
    let sql = "SELECT compartment, '', length(sealed) FROM entries WHERE student_id = $1 ORDER BY id";
    let lengths: Vec<i64> = sizes(&at, sql, student).await.into_iter().map(|(.., length)| length).collect();
    assert_eq!(lengths.len(), 3);
    let steps: BTreeSet<i64> = lengths.iter().copied().collect();
    assert_eq!((lengths[0] == lengths[1], steps.len()), (true, 2), "{lengths:?}");
    assert_eq!((lengths[2] - lengths[0]) % 256, 0, "{lengths:?}");
}
