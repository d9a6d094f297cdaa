use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::super::testing::{School, running};
use super::super::{App, Error, FieldEdit, Viewer};
use super::taking::Run;
use super::*;
use crate::domain::audit::Event;
use crate::domain::record::Field;
use crate::domain::relation::{Facts, Standing};
use crate::domain::roster::{self, Problem};
use crate::domain::words::{Compartment, Kind, OfficeKind, Role};
use crate::policy::{Manage, Permit, Report};
use crate::store::ImportState;
use crate::vault::OfficeKey;

const TINY: &str = "roster_shimen_tiny.xlsx";

fn bytes(file: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests/data/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn read(file: &str) -> Roster {
    roster::read(&bytes(file), 2026).unwrap()
}

/// As the command line imports: nobody is signed in.
async fn installation(school: &School) -> Permit<Report> {
    let id = school.founded.id;
    school.app.permit::<Report>(&Standing::installation(id), Kind::Roster, id.0).await.unwrap()
}

async fn import(school: &School, roster: Roster) -> Taken {
    let plan = school.app.plan_roster(school.founded.id, roster, None).await.unwrap();
    school.app.take_in_roster(&installation(school).await, &plan, &|_| ()).await.unwrap()
}

fn taken(created: usize, changed: usize, unchanged: usize, refused: usize) -> Taken {
    Taken { created, changed, unchanged, refused }
}

async fn class_of(school: &School, key: ClassKey) -> ClassId {
    let classes = school.app.db.read().await.unwrap().classes(school.founded.id).await.unwrap();
    let is_it = |c: &&crate::store::Class| (c.cohort, c.number) == (key.cohort.into(), key.number.into());
    classes.iter().find(is_it).unwrap().id
}

/// The key of a homeroom, as a counsellor opens it to let the teacher in.
async fn homeroom_key(school: &School, class: ClassId) -> OfficeKey {
    let mut conn = school.app.db.read().await.unwrap();
    let offices = conn.offices(school.founded.id).await.unwrap();
    let office = offices.iter().find(|o| o.kind == OfficeKind::Homeroom && o.class_id == Some(class.0)).unwrap();
    let counselling = &school.founded.counselling;
    let key = school.app.office_key(&mut conn, &counselling.identity, counselling.office.0, office.id, office.epoch);
    key.await.unwrap().unwrap()
}

async fn hire_homeroom(school: &mut School, login: &str, class: ClassId) -> Viewer {
    let key = homeroom_key(school, class).await;
    school.hire(login, Role::HomeroomTeacher, Some((class, &key))).await
}

/// How much stands in the database: classes, students, keys, holders of wraps, audit lines about imports.
async fn size(school: &School) -> [usize; 5] {
    let id = school.founded.id;
    let officer = Standing {
        actor: crate::domain::ids::PersonId(Uuid::nil()),
        school: id,
        pairs: vec![(Role::PrivacyOfficer, crate::domain::words::Relation::SameSchool)],
        childless: false,
        sealed: false,
    };
    let permit = school.app.permit(&officer, Kind::Audit, id.0).await.unwrap();
    let mut conn = school.app.db.read().await.unwrap();
    let counts = conn.audit_counts(&permit, 0).await.unwrap();
    let lines = counts.iter().find(|(event, _)| *event == Event::RosterImported).map_or(0, |(_, count)| *count);
    [
        conn.classes(id).await.unwrap().len(),
        conn.student_macs(id).await.unwrap().len(),
        conn.keys_of_school(id).await.unwrap().len(),
        conn.wrap_holders(id).await.unwrap().len(),
        usize::try_from(lines).unwrap(),
    ]
}

fn position_in_another_class(roster: &Roster) -> usize {
    roster.rows.iter().position(|row| row.class != roster.rows[0].class).unwrap()
}

async fn find(app: &App, viewer: &Viewer, name: &str) -> StudentId {
    let found = app.search(viewer, name).await.unwrap();
    found.iter().find(|listed| listed.row.name == name).unwrap().row.student
}

fn shown(opened: &super::super::OpenedFile, field: Field) -> Option<&str> {
    let fields = opened.compartments.iter().flat_map(|compartment| &compartment.fields);
    fields.filter(|shown| shown.field == field).find_map(|shown| Some(shown.value.as_ref()?.text.as_str()))
}

#[tokio::test]
async fn the_same_roster_a_second_time_changes_nothing() {
    let school = School::found().await;
    assert_eq!(import(&school, read(TINY)).await, taken(26, 0, 0, 0));
    let [classes, students, keys, wraps, _] = size(&school).await;
    assert_eq!((students, keys), (26, classes + 2 * 26));
    assert_eq!(import(&school, read(TINY)).await, taken(0, 0, 26, 0));
    assert_eq!(size(&school).await, [classes, students, keys, wraps, 2]);
    assert!(school.app.db.read().await.unwrap().verify_chain(school.founded.id).await.unwrap().is_none());
}

#[tokio::test]
async fn nothing_about_a_students_id_follows_the_order_of_the_roster() {
    let mut school = School::found().await;
    import(&school, read(TINY)).await;
    let counsellor = school.hire("li", Role::Counsellor, None).await;
    let mut in_order = 0;
    let mut pairs = 0;
    for size in school.app.classes(&counsellor).await.unwrap() {
        let list = school.app.class_list(&counsellor, size.class.id).await.unwrap();
        let ids: Vec<uuid::Uuid> = list.students.iter().map(|one| one.row.student.0).collect();
        assert!(ids.iter().all(|id| id.get_version_num() == 4));
        in_order += ids.windows(2).filter(|pair| pair[0] < pair[1]).count();
        pairs += ids.len().saturating_sub(1);
    }
    assert!(in_order < pairs, "{in_order} of {pairs} neighbours stand in the order of the class list");
}

#[tokio::test]
async fn an_import_on_top_of_another_leaves_nothing_for_the_key_check() {
    let school = School::found().await;
    let mut first = read(TINY);
    let late = first.rows.split_off(20);
    import(&school, first).await;
    let mut second = read(TINY);
    second.rows = late;
    assert_eq!(import(&school, second).await.created, 6);
    assert_eq!(school.app.key_check(school.founded.id).await.unwrap(), []);
}

#[tokio::test]
async fn what_nobody_signed_in_brought_in_is_read_by_those_who_may() {
    let mut school = School::found().await;
    let roster = read(TINY);
    import(&school, roster.clone()).await;
    let counsellor = school.hire("counsellor", Role::Counsellor, None).await;
    let director = school.hire("director", Role::MoralEdDirector, None).await;
    let first = roster.rows[0].clone();
    let class = class_of(&school, first.class).await;
    let teacher = hire_homeroom(&mut school, "teacher", class).await;
    let app = &school.app;

    let list = app.class_list(&teacher, class).await.unwrap();
    let expected: BTreeSet<&str> =
        roster.rows.iter().filter(|row| row.class == first.class).map(|row| row.student.name.as_str()).collect();
    assert_eq!(list.students.iter().map(|l| l.row.name.as_str()).collect::<BTreeSet<_>>(), expected);

    let tagged = roster.rows.iter().find(|row| !row.student.tags.is_empty() && !row.student.carers.is_empty()).unwrap();
    let id = find(app, &counsellor, &tagged.student.name).await;
    let opened = app.open_file(&counsellor, id).await.unwrap();
    assert_eq!(shown(&opened, Field::BirthDate), Some(tagged.student.birth.to_string().as_str()));
    assert_eq!(shown(&opened, Field::Address), Some(tagged.student.address.as_str()));
    assert!(shown(&opened, Field::CarerOne).unwrap().starts_with(&tagged.student.carers[0].name));
    let proposed =
        &opened.compartments.iter().find(|c| c.compartment == Compartment::Circumstance).unwrap().circumstances;
    assert_eq!(proposed.len(), tagged.student.tags.len());
    assert!(proposed.iter().all(|c| c.standing == crate::domain::record::Standing::Proposed && c.by.0.is_nil()));

    // The director's office holds no key of how to reach a family.
    let opened = app.open_file(&director, id).await.unwrap();
    assert_eq!(shown(&opened, Field::Address), None);
    let wraps = app.db.read().await.unwrap().wraps_for(id.0, director.person.id).await.unwrap();
    assert!(wraps.iter().all(|wrap| wrap.compartment == Compartment::Circumstance));
}

#[tokio::test]
async fn the_rows_of_a_child_in_need_look_like_those_of_any_other() {
    let school = School::found().await;
    let roster = read(TINY);
    let tags: BTreeSet<usize> = roster.rows.iter().map(|row| row.student.tags.len()).collect();
    assert!(tags.len() > 1, "the roster tells nobody apart");
    import(&school, roster).await;
    let mut conn = school.app.db.read().await.unwrap();
    let mut lengths: BTreeMap<Compartment, BTreeSet<usize>> = BTreeMap::new();
    let mut records = 0;
    for class in conn.classes(school.founded.id).await.unwrap() {
        for compartment in [Compartment::Contact, Compartment::Circumstance] {
            for record in conn.records_of_class(class.id, compartment).await.unwrap() {
                lengths.entry(compartment).or_default().insert(record.sealed.len());
                records += 1;
            }
        }
    }
    assert_eq!(records, 2 * 26);
    assert!(lengths.values().all(|lengths| lengths.len() == 1), "{lengths:?}");
}

#[tokio::test]
async fn a_corrected_name_stays_the_same_student_and_what_people_wrote_stays_too() {
    let mut school = School::found().await;
    let mut roster = read(TINY);
    import(&school, roster.clone()).await;
    let class = class_of(&school, roster.rows[0].class).await;
    let teacher = hire_homeroom(&mut school, "teacher", class).await;
    let counsellor = school.hire("counsellor", Role::Counsellor, None).await;
    let app = &school.app;
    let id = find(app, &teacher, &roster.rows[0].student.name).await;
    let edit = FieldEdit { field: Field::MainCarer, text: "外婆".into(), seen: 0 };
    app.edit_fields(&teacher, id, Compartment::Contact, vec![edit]).await.unwrap();

    roster.rows[0].student.name = "欧阳更名".into();
    roster.rows[0].student.address = "新村1组".into();
    let plan = app.plan_roster(school.founded.id, roster.clone(), None).await.unwrap();
    assert_eq!((plan.items[0].outcome, plan.items[0].renamed, plan.items[0].moved), (Outcome::Change(id), true, false));
    assert_eq!(import(&school, roster.clone()).await, taken(0, 1, 25, 0));
    for viewer in [&teacher, &counsellor] {
        assert_eq!(find(app, viewer, "欧阳更名").await, id);
        let opened = app.open_file(viewer, id).await.unwrap();
        assert_eq!(opened.who.name(), "欧阳更名");
        assert_eq!((shown(&opened, Field::Address), shown(&opened, Field::MainCarer)), (Some("新村1组"), Some("外婆")));
    }
    // And once more, on what is now the third epoch.
    roster.rows[0].student.address = "新村2组".into();
    assert_eq!(import(&school, roster).await, taken(0, 1, 25, 0));
    assert_eq!(shown(&app.open_file(&teacher, id).await.unwrap(), Field::Address), Some("新村2组"));
    assert_eq!(
        app.class_list(&teacher, class).await.unwrap().students.iter().filter(|l| l.row.student == id).count(),
        1
    );
}

#[tokio::test]
async fn a_student_who_changes_class_is_read_in_the_new_one_and_lost_to_the_old_one() {
    let mut school = School::found().await;
    let mut roster = read(TINY);
    import(&school, roster.clone()).await;
    let (from, to) = (roster.rows[0].class, roster.rows[position_in_another_class(&roster)].class);
    let (old, new) = (class_of(&school, from).await, class_of(&school, to).await);
    let before = hire_homeroom(&mut school, "before", old).await;
    let after = hire_homeroom(&mut school, "after", new).await;
    let app = &school.app;
    let id = find(app, &before, &roster.rows[0].student.name).await;
    app.open_file(&before, id).await.unwrap();

    roster.rows[0].class = to;
    assert_eq!(import(&school, roster.clone()).await, taken(0, 1, 25, 0));
    assert!(matches!(app.open_file(&before, id).await, Err(Error::NotFound)));
    let left = app.db.read().await.unwrap().wraps_for(id.0, before.person.id).await.unwrap();
    assert!(left.is_empty(), "the old homeroom keeps {} wraps", left.len());
    assert!(app.class_list(&before, old).await.unwrap().students.iter().all(|l| l.row.student != id));
    assert!(app.class_list(&after, new).await.unwrap().students.iter().any(|l| l.row.student == id));
    let opened = app.open_file(&after, id).await.unwrap();
    assert_eq!(shown(&opened, Field::BirthDate), Some(roster.rows[0].student.birth.to_string().as_str()));
    // Somebody lost the keys, so the next holder rotates them.
    assert_eq!(app.db.read().await.unwrap().keys_due(school.founded.id).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_helper_keeps_the_contact_key_of_a_student_whose_row_changed() {
    let mut school = School::found().await;
    let mut roster = read(TINY);
    import(&school, roster.clone()).await;
    let counsellor = school.hire("counsellor", Role::Counsellor, None).await;
    let helper = school.hire("helper", Role::Helper, None).await;
    let id = find(&school.app, &counsellor, &roster.rows[0].student.name).await;
    let permit = school.app.permit::<Manage>(&counsellor.at_school(), Kind::Pairing, id.0).await.unwrap();
    let pairing = running(&school, id, &helper);
    let mut tx = school.app.begin().await.unwrap();
    tx.insert_pairing(&permit, &pairing).await.unwrap();
    tx.commit().await.unwrap();
    roster.rows[0].student.telephone = "10011112222".into();
    import(&school, roster).await;
    let wraps = school.app.db.read().await.unwrap().wraps_for(id.0, helper.person.id).await.unwrap();
    assert_eq!(
        wraps.iter().map(|wrap| (wrap.compartment, wrap.epoch)).collect::<Vec<_>>(),
        [(Compartment::Contact, 2)]
    );
}

#[tokio::test]
async fn a_student_number_of_somebody_else_on_the_roll_refuses_the_row() {
    let school = School::found().await;
    let mut first = read(TINY);
    let mut second = first.clone();
    first.rows.truncate(1);
    second.rows.truncate(2);
    import(&school, first.clone()).await;
    second.rows[1].student.student_number.clone_from(&first.rows[0].student.student_number);
    let plan = school.app.plan_roster(school.founded.id, second, None).await.unwrap();
    assert_eq!((plan.unchanged(), plan.created(), plan.refused_rows()), (1, 0, 1));
    assert_eq!((plan.refused[0].column, plan.refused[0].problem), ("全国学籍号", Problem::NumberElsewhere));
}

#[tokio::test]
async fn a_homeroom_teacher_takes_in_the_own_class_only() {
    let mut school = School::found().await;
    let mut roster = read(TINY);
    let own = roster.rows[0].class;
    let mine = roster.rows.iter().filter(|row| row.class == own).count();
    let mut start = roster.clone();
    start.rows.retain(|row| row.class == own);
    start.rows.truncate(1);
    import(&school, start).await;
    let class = class_of(&school, own).await;
    let teacher = hire_homeroom(&mut school, "teacher", class).await;
    let plan = school.app.plan_roster(school.founded.id, roster.clone(), Some(&[class])).await.unwrap();
    assert_eq!((plan.created(), plan.unchanged(), plan.refused_rows()), (mine - 1, 1, roster.rows.len() - mine));
    assert!(plan.refused.iter().all(|r| r.problem == Problem::ForeignClass && r.column == "班级"));
    assert!(plan.new_classes.is_empty());

    let own_class = teacher.standing(&Facts::class(school.founded.id, class));
    let permit = school.app.permit::<crate::policy::Import>(&own_class, Kind::Roster, class.0).await.unwrap();
    let done = school.app.take_in_roster(&permit, &plan, &|_| ()).await.unwrap();
    assert_eq!(done.created, mine - 1);
    assert_eq!(school.app.class_list(&teacher, class).await.unwrap().students.len(), mine);
    // The permit for one class does not carry a plan for the whole school.
    roster.rows.retain(|row| row.class != own);
    let plan = school.app.plan_roster(school.founded.id, roster, None).await.unwrap();
    assert!(matches!(school.app.take_in_roster(&permit, &plan, &|_| ()).await, Err(Error::NotFound)));
}

#[tokio::test]
async fn a_failure_at_the_very_end_leaves_nothing_behind() {
    let school = School::found().await;
    let before = size(&school).await;
    let plan = school.app.plan_roster(school.founded.id, read(TINY), None).await.unwrap();
    let permit = installation(&school).await;
    // The last write of the transaction finds that another run has taken its place.
    let run = Run { id: Uuid::new_v4(), refusals: Vec::new() };
    let done = school.app.take_in(&permit, &plan, &|_| (), Some(run)).await;
    assert!(matches!(done, Err(Error::Stale(_))));
    assert_eq!(size(&school).await, before);
    assert_eq!(school.app.take_in_roster(&permit, &plan, &|_| ()).await.unwrap(), taken(26, 0, 0, 0));
}

#[tokio::test]
async fn an_old_plan_is_refused_and_no_student_stands_twice() {
    let school = School::found().await;
    let permit = installation(&school).await;
    let plan = || school.app.plan_roster(school.founded.id, read(TINY), None);
    let (one, other) = (plan().await.unwrap(), plan().await.unwrap());
    school.app.take_in_roster(&permit, &one, &|_| ()).await.unwrap();
    let after = size(&school).await;
    assert!(matches!(school.app.take_in_roster(&permit, &other, &|_| ()).await, Err(Error::Stale(_))));
    assert_eq!(size(&school).await, after);
}

#[tokio::test]
async fn a_roster_is_checked_confirmed_once_and_then_forgotten_but_for_its_refusals() {
    let mut school = School::found().await;
    let director = school.hire("director", Role::MoralEdDirector, None).await;
    let counsellor = school.hire("counsellor", Role::Counsellor, None).await;
    let app = &school.app;
    assert!(matches!(app.check_roster(&counsellor, bytes(TINY)).await, Err(Error::NotFound)));
    let RosterUpload::Unreadable(why) = app.check_roster(&director, b"name,class".to_vec()).await.unwrap() else {
        panic!("text was taken for a workbook")
    };
    assert_eq!(why.code(), "text-file");

    let RosterUpload::Kept(id) = app.check_roster(&director, bytes(TINY)).await.unwrap() else { panic!("refused") };
    let kept = app.kept_roster(&director, id).await.unwrap();
    let plan = kept.plan.unwrap();
    assert_eq!(
        (kept.state, plan.created(), plan.new_classes.len()),
        (ImportState::Checked, 26, size_of_classes(&plan))
    );
    assert_eq!(plan.other_schools, [plan_school(&read(TINY))]);
    assert_eq!(size(&school).await[1], 0);
    assert!(matches!(app.kept_roster(&counsellor, id).await, Err(Error::NotFound)));

    let started = app.start_import(&director, id).await.unwrap().unwrap();
    assert!(app.start_import(&director, id).await.unwrap().is_none());
    assert_eq!(app.kept_roster(&director, id).await.unwrap().state, ImportState::Running);
    assert_eq!(app.run_import(started).await.unwrap(), taken(26, 0, 0, 0));
    assert!(app.start_import(&director, id).await.unwrap().is_none());
    let kept = app.kept_roster(&director, id).await.unwrap();
    assert_eq!((kept.state, kept.taken, kept.plan.is_none()), (ImportState::Done, Some(taken(26, 0, 0, 0)), true));
    let sealed = app.db.read().await.unwrap().import(id).await.unwrap().unwrap().sealed;
    assert!(sealed.len() < 2_048, "the rows are still there: {} bytes", sealed.len());
}

fn size_of_classes(plan: &Plan) -> usize {
    plan.items.iter().map(|item| item.class).collect::<BTreeSet<_>>().len()
}

fn plan_school(roster: &Roster) -> String {
    roster.rows[0].school.clone().unwrap()
}

#[tokio::test]
async fn an_import_whose_process_died_took_nothing_in_and_can_be_started_again() {
    let mut school = School::found().await;
    let director = school.hire("director", Role::MoralEdDirector, None).await;
    let app = &school.app;
    let RosterUpload::Kept(id) = app.check_roster(&director, bytes(TINY)).await.unwrap() else { panic!("refused") };
    let dead = app.start_import(&director, id).await.unwrap().unwrap();
    app.clock.advance(crate::domain::clock::MINUTE);
    let kept = app.kept_roster(&director, id).await.unwrap();
    assert_eq!((kept.state, kept.plan.is_some()), (ImportState::Failed, true));
    let again = app.start_import(&director, id).await.unwrap().unwrap();
    // Should the one that was thought dead come back, it finds that its place is taken.
    assert!(matches!(app.run_import(dead).await, Err(Error::Stale(_))));
    assert_eq!(size(&school).await[1], 0);
    assert_eq!(app.run_import(again).await.unwrap(), taken(26, 0, 0, 0));
    app.clock.advance(crate::domain::clock::DAY);
    assert!(matches!(app.kept_roster(&director, id).await, Err(Error::NotFound)));
}

#[tokio::test]
async fn a_whole_school_with_children_under_one_number_and_a_messy_second_workbook() {
    let school = School::found().await;
    let clean = read("roster_liuxi_middle.xlsx");
    let shared = clean.cautions.iter().filter(|c| c.doubt.code() == "id-shared").count();
    assert!(shared > 0, "no two children share a number in this roster");
    let plan = school.app.plan_roster(school.founded.id, clean.clone(), None).await.unwrap();
    assert!(plan.other_schools.is_empty());
    let seen = std::sync::atomic::AtomicUsize::new(0);
    let progress = |count| seen.store(count, std::sync::atomic::Ordering::Relaxed);
    let permit = installation(&school).await;
    let done = school.app.take_in_roster(&permit, &plan, &progress).await.unwrap();
    assert_eq!((done, seen.into_inner()), (taken(1_233, 0, 0, 0), 1_233));
    assert_eq!(import(&school, clean).await, taken(0, 0, 1_233, 0));
    let messy = read("roster_liuxi_middle_messy.xlsx");
    let done = import(&school, messy).await;
    assert_eq!((done.created + done.changed + done.unchanged, done.refused), (1_227, 8), "{done:?}");
    assert_eq!(done.created, 0, "{done:?}");
}

#[tokio::test]
async fn a_messy_workbook_is_taken_in_but_for_its_faulty_rows() {
    let school = School::found().await;
    let plan = school.app.plan_roster(school.founded.id, read("roster_liuxi_middle_messy.xlsx"), None).await.unwrap();
    assert_eq!(plan.counts(), taken(1_227, 0, 0, 8));
    assert!(plan.refused.is_sorted_by_key(|refusal| refusal.line));
}

#[test]
fn counts_survive_their_text() {
    let counts = taken(1, 20, 300, 4);
    assert_eq!(counts.detail(), "created=1 changed=20 unchanged=300 refused=4");
    assert_eq!(Taken::parse(&counts.detail()), Some(counts));
    for broken in ["", "created=1", "created=x changed=0 unchanged=0 refused=0"] {
        assert_eq!(Taken::parse(broken), None, "{broken}");
    }
}
