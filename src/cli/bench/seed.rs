//! The school that is measured: made through the same services as a real one, from invented people.

use std::time::Instant;

use anyhow::{Context as _, Result};
use secrecy::SecretString;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Bench;
use crate::domain::audit::Event;
use crate::domain::ids::{ClassId, SchoolId, StudentId};
use crate::domain::record::{EntryText, Field, Standing};
use crate::domain::relation::{Duty, Standing as Towards};
use crate::domain::roster::{self, Row};
use crate::domain::words::{Compartment, Effect, GroupTag, Kind, Role, Way};
use crate::policy::{Append, Manage, Report};
use crate::service::{App, Decision, FieldEdit, Viewer};

/// Everybody's password in the benchmark.
pub const PASSWORD: &str = "measured not hoped";
/// Entries of an open file.
const ENTRIES: usize = 50;
/// Counsellors and leaders who ask.
const ASKERS: usize = 4;
/// The roster whose rows are multiplied.
const SAMPLE: &[u8] = include_bytes!("../../../tests/data/roster_liuxi_middle.xlsx");

/// What was made.
pub struct Seeded {
    /// Students with an open file.
    pub files: Vec<StudentId>,
    /// All classes.
    pub classes: Vec<ClassId>,
    /// Sign-in names of the counsellors.
    pub counsellors: Vec<String>,
    /// Sign-in names of the leaders.
    pub leaders: Vec<String>,
}

/// Makes the school of the pages.
pub async fn school(app: &App, args: &Bench) -> Result<Seeded> {
    let founded = app.found_school("基准学校").await?;
    let rows = rows(args.students, app.school_year())?;
    let duty = |role| [Duty { role, school: founded.id, class: None }];
    let password = || SecretString::from(PASSWORD);
    let mut counsellors = Vec::new();
    let mut leaders = Vec::new();
    for n in 0..ASKERS {
        let (counsellor, leader) = (format!("counsellor{n}"), format!("leader{n}"));
        app.found_person(
            founded.id,
            &counsellor,
            "心理教师",
            password(),
            &duty(Role::Counsellor),
            &[&founded.counselling],
        )
        .await?;
        app.found_person(founded.id, &leader, "校领导", password(), &duty(Role::SchoolLeader), &[]).await?;
        counsellors.push(counsellor);
        leaders.push(leader);
    }
    app.found_person(
        founded.id,
        "director",
        "德育主任",
        password(),
        &duty(Role::MoralEdDirector),
        &[&founded.moral_ed],
    )
    .await?;

    let started = Instant::now();
    take_in(app, founded.id, rows).await?;
    let import = started.elapsed();

    let counsellor = signed_in(app, "counsellor0").await?;
    let director = signed_in(app, "director").await?;
    let classes: Vec<ClassId> = app.classes(&counsellor).await?.into_iter().map(|size| size.class.id).collect();
    let files = open_files(app, &counsellor, &director, &classes, args.files).await?;
    grow_audit(app, founded.id, args.audit_lines).await?;
    println!(
        "seeded: {} students, {} files; import of the roster took {:.2} s",
        args.students,
        files.len(),
        import.as_secs_f64()
    );
    Ok(Seeded { files, classes, counsellors, leaders })
}

/// Takes a roster in.
pub async fn take_in(app: &App, school: SchoolId, rows: Vec<Row>) -> Result<()> {
    let roster = roster::Roster {
        rows,
        refused: Vec::new(),
        cautions: Vec::new(),
        skipped: 0,
        ignored_columns: Vec::new(),
        absent_columns: Vec::new(),
    };
    let plan = app.plan_roster(school, roster, None).await?;
    let permit = app.permit::<Report>(&Towards::installation(school), Kind::Roster, school.0).await?;
    app.take_in_roster(&permit, &plan, &|_| ()).await?;
    Ok(())
}

async fn signed_in(app: &App, login: &str) -> Result<Viewer> {
    let session = app.sign_in(login, SecretString::from(PASSWORD), "127.0.0.1").await?;
    Ok(app.viewer(&session.token).await?)
}

/// Rows of as many students as asked for: the sample's, with names put together anew and ID numbers of their own.
pub fn rows(students: usize, school_year: i16) -> Result<Vec<Row>> {
    let sample =
        roster::read(SAMPLE, school_year).map_err(|e| anyhow::anyhow!("the bundled roster: {}", e.code()))?.rows;
    let names: Vec<Vec<char>> = sample.iter().map(|row| row.student.name.chars().collect()).collect();
    let per_class = 45;
    (0..students)
        .map(|n| {
            let row = sample.get(n % sample.len()).context("an empty sample")?;
            let (family, given) = (&names[(n * 7 + n / 1_233) % names.len()], &names[(n * 13 + 5) % names.len()]);
            let name: String = family.iter().take(1).chain(given.iter().skip(1)).collect();
            let (class, seat) = (n / per_class, n % per_class + 1);
            let id = id_number(n, &row.student.birth.strftime("%Y%m%d").to_string());
            let mut value: Value = serde_json::to_value(row)?;
            value["line"] = json!(n + 2);
            value["class"] = serde_json::to_value(roster::ClassKey {
                cohort: school_year - 6 - i16::try_from(class % 3)?,
                number: u8::try_from(class / 3 + 1)?,
            })?;
            value["student"]["name"] = json!(name);
            value["student"]["seat"] = json!(seat);
            value["student"]["student_number"] = json!(format!("G{id}"));
            value["student"]["id_number"] = with_number(&value["student"]["id_number"], &id);
            Ok(serde_json::from_value(value)?)
        })
        .collect()
}

/// The serialized ID number with another number in it, whatever its shape.
fn with_number(old: &Value, id: &str) -> Value {
    match old {
        Value::Object(map) => {
            Value::Object(map.iter().map(|(key, value)| (key.clone(), with_number(value, id))).collect())
        }
        Value::String(text) if text.len() == 18 => json!(id),
        other => other.clone(),
    }
}

/// An invented ID number (region 990102 does not exist) with its check character (GB 11643).
fn id_number(n: usize, birth: &str) -> String {
    let body = format!("99{:04}{birth}{:03}", 100 + n / 900, n % 900 + 100);
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: usize = body.bytes().zip(weights).map(|(digit, weight)| usize::from(digit - b'0') * weight).sum();
    let check = b"10X98765432"[sum % 11];
    format!("{body}{}", char::from(check))
}

/// Opens files: twenty fields and fifty entries each, and a verified circumstance so that the gate counts them.
async fn open_files(
    app: &App,
    counsellor: &Viewer,
    director: &Viewer,
    classes: &[ClassId],
    count: usize,
) -> Result<Vec<StudentId>> {
    let mut students = Vec::new();
    for class in classes {
        students.extend(app.class_list(counsellor, *class).await?.students.into_iter().map(|one| one.row.student));
    }
    let step = (students.len() / count.max(1)).max(1);
    let files: Vec<StudentId> = students.into_iter().step_by(step).take(count).collect();
    for (n, id) in files.iter().enumerate() {
        let tag = GroupTag::ALL[n % GroupTag::ALL.len()];
        let decision =
            Decision { tag, standing: Standing::Verified, basis: "家访核实".to_owned(), since: None, until: None };
        app.decide(director, *id, decision).await?;
        app.edit_fields(director, *id, Compartment::Circumstance, edits(Compartment::Circumstance)).await?;
        app.edit_fields(counsellor, *id, Compartment::Support, edits(Compartment::Support)).await?;
        add_entries(app, counsellor, *id).await?;
    }
    Ok(files)
}

fn edits(compartment: Compartment) -> Vec<FieldEdit> {
    let text = "喜欢画画和打篮球,愿意帮助同学;与祖父母同住,每周与父母通话一次。";
    Field::of(compartment).map(|field| FieldEdit { field, text: text.to_owned(), seen: 0 }).collect()
}

/// Fifty entries of one file in one transaction: seeding is not what is measured.
async fn add_entries(app: &App, viewer: &Viewer, id: StudentId) -> Result<()> {
    let mut tx = app.begin().await?;
    let approach = app.approach(&mut tx, viewer, id).await?;
    let permit = app.policy.permit::<Append>(&approach.standing, Kind::Support, id.0)?;
    let keys = app.keys_for_writing(&mut tx, viewer, &permit, &approach, Compartment::Support).await?;
    for n in 0..ENTRIES {
        let text = EntryText {
            date: "2026-09-01".parse::<jiff::civil::Date>()?,
            way: Way::ALL[n % Way::ALL.len()],
            happened: "课间与学生谈心,了解到近期作业完成情况有进步,与同桌相处融洽,午休时主动帮助值日。".to_owned(),
            effect: Effect::ALL[n % Effect::ALL.len()],
            next: "下周与家长电话沟通,继续鼓励。".to_owned(),
        };
        let entry = app.sealed_entry(&keys, &permit, Compartment::Support, Uuid::nil(), None, &text)?;
        tx.insert_entry(&permit, Compartment::Support, &entry).await?;
    }
    tx.record(&permit, Event::EntryAppended, "", app.now()).await?;
    Ok(tx.commit().await?)
}

/// Adds audit lines in large transactions.
async fn grow_audit(app: &App, school: SchoolId, lines: u64) -> Result<()> {
    let permit = app.permit::<Manage>(&Towards::installation(school), Kind::Structure, school.0).await?;
    let mut left = lines;
    while left > 0 {
        let mut tx = app.begin().await?;
        for _ in 0..left.min(20_000) {
            tx.record_about(&permit, Event::FileOpened, Uuid::new_v4(), "", app.now()).await?;
        }
        tx.commit().await?;
        left = left.saturating_sub(20_000);
    }
    Ok(())
}
