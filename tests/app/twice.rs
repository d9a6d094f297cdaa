//! A tired hand clicks twice, a page is reloaded, a line breaks and the form is sent again: one act, not two.

use axum::http::StatusCode;
use uuid::Uuid;
use yice::domain::ids::StudentId;
use yice::domain::words::{Compartment, Role};

use crate::people::{Page, Person, TestApp};
use crate::support::both_backends;
use crate::support::cluster::Engine;

both_backends!(
    an_entry_sent_twice_is_one_entry,
    two_clicks_at_the_same_moment_are_one_entry,
    a_note_sent_twice_is_one_note,
    a_form_keeps_its_mark_through_mistakes_and_drafts,
    what_can_be_made_once_is_made_once,
);

const ENTRY: [(&str, &str); 5] =
    [("date", "2026-11-20"), ("way", "talk"), ("happened", "课间谈话。"), ("effect", "better"), ("next", "")];

/// The fields of a form with some of them changed or added.
fn with<'a>(fields: &[(&'a str, &'a str)], more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let kept = fields.iter().filter(|(name, _)| !more.iter().any(|(other, _)| other == name));
    kept.chain(more).copied().collect()
}

/// What tells two showings of a form apart.
fn once(page: &Page) -> String {
    let marks = page.attributes("main form input[name=once]", "value");
    assert_eq!(marks.len(), 1, "{}", page.source);
    assert!(marks[0].parse::<Uuid>().is_ok_and(|mark| !mark.is_nil()), "{marks:?}");
    marks[0].clone()
}

/// How many entries and how many audit lines of writing one there are.
async fn written(at: &TestApp, student: StudentId, by: &Person<'_>) -> (usize, usize) {
    let mut conn = at.app.db.read().await.unwrap();
    let entries = conn.entries(student, Compartment::Support, Uuid::nil(), 99).await.unwrap().len();
    drop(conn);
    let counsellor = by.get(&format!("/files/{student}/views")).await;
    (entries, counsellor.texts("main td").iter().filter(|text| text.contains("写跟踪记录")).count())
}

async fn an_entry_sent_twice_is_one_entry(engine: Engine) {
    let at = TestApp::on(engine).await;
    let zhang = at.homeroom("zhang").await;
    let student = at.student().await;
    let path = format!("/files/{student}/entry");
    let (mark, other) = (once(&zhang.get(&path).await), once(&zhang.get(&path).await));
    assert_ne!(mark, other, "each showing is its own");
    let form = with(&ENTRY, &[("once", &mark)]);
    let first = zhang.post(&path, &form).await;
    assert_eq!(first.status, StatusCode::SEE_OTHER);
    for _ in 0..2 {
        let again = zhang.post(&path, &form).await;
        assert_eq!(
            (again.status, again.location()),
            (first.status, first.location()),
            "the same page says it is saved"
        );
    }
    assert_eq!(written(&at, student, &zhang).await, (1, 1));

    // Other words from the same page, after going back to it, are another entry; so are the same words from another page.
    zhang.post_and_follow(&path, &with(&form, &[("happened", "又谈了一次。")])).await;
    zhang.post_and_follow(&path, &with(&form, &[("once", &other)])).await;
    assert_eq!(written(&at, student, &zhang).await, (3, 3));
    // A page from before an update says nothing.
    zhang.post_and_follow(&path, &ENTRY).await;
    zhang.post_and_follow(&path, &with(&ENTRY, &[("once", "1")])).await;
    assert_eq!(written(&at, student, &zhang).await, (5, 5));

    // The mark of a colleague is nobody else's.
    let li = at.counsellor("li").await;
    li.post_and_follow(&path, &form).await;
    assert_eq!(written(&at, student, &zhang).await, (6, 6));
    let ids = at.app.db.read().await.unwrap().entry_ids(student, Compartment::Support, Uuid::nil()).await.unwrap();
    assert!(ids.iter().all(|id| id.0.get_version_num() == 7), "{ids:?}");
    let shown = li.get(&format!("/files/{student}")).await.texts(".entries .text, .entries .happened");
    assert_eq!(shown.len(), 6, "{shown:?}");
}

async fn two_clicks_at_the_same_moment_are_one_entry(engine: Engine) {
    let at = TestApp::on(engine).await;
    let zhang = at.homeroom("zhang").await;
    let student = at.student().await;
    let path = format!("/files/{student}/entry");
    // The first round also makes the key of the compartment, the second finds it.
    for round in 1..=2 {
        let mark = once(&zhang.get(&path).await);
        let form = with(&ENTRY, &[("once", &mark)]);
        let answers = tokio::join!(zhang.post(&path, &form), zhang.post(&path, &form), zhang.post(&path, &form));
        for answer in [answers.0, answers.1, answers.2] {
            assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text("main"));
        }
        assert_eq!(written(&at, student, &zhang).await, (round, round));
    }
}

async fn a_note_sent_twice_is_one_note(engine: Engine) {
    let at = TestApp::on(engine).await;
    let li = at.counsellor("li").await;
    let path = format!("/files/{}/notes", at.student().await);
    let mark = once(&li.get(&path).await);
    let note = [
        ("date", "2026-11-20"),
        ("form", "phone"),
        ("minutes", "20"),
        ("process", "通话。"),
        ("limits_told", "on"),
        ("once", &mark),
    ];
    li.post_and_follow(&path, &note).await;
    let page = li.post_and_follow(&path, &note).await;
    assert_eq!(page.texts("ol.entries > li").len(), 1);
    assert_ne!(once(&page), mark, "the next note is another one");
    let page = li.post_and_follow(&path, &with(&note, &[("minutes", "30")])).await;
    assert_eq!(page.texts("ol.entries > li").len(), 2);
}

async fn a_form_keeps_its_mark_through_mistakes_and_drafts(engine: Engine) {
    let at = TestApp::on(engine).await;
    let zhang = at.homeroom("zhang").await;
    let student = at.student().await;
    let path = format!("/files/{student}/entry");
    let mark = once(&zhang.get(&path).await);
    let form = with(&ENTRY, &[("once", &mark)]);
    for wrong in [("way", ""), ("happened", " "), ("date", "2027-01-01")] {
        let answer = zhang.post(&path, &with(&form, &[wrong])).await;
        assert_eq!((answer.status, once(&answer)), (StatusCode::UNPROCESSABLE_ENTITY, mark.clone()), "{wrong:?}");
    }
    assert_eq!(zhang.post(&format!("{path}/draft"), &form).await.status, StatusCode::NO_CONTENT);
    let restored = zhang.get(&path).await;
    assert_eq!(once(&restored), mark);
    assert_eq!(restored.text("textarea[name=happened]"), "课间谈话。");
    zhang.post_and_follow(&path, &form).await;
    zhang.post_and_follow(&path, &form).await;
    assert_eq!(written(&at, student, &zhang).await, (1, 1));
    let fresh = zhang.get(&path).await;
    assert_ne!(once(&fresh), mark, "what was sent is no draft any more");
}

async fn what_can_be_made_once_is_made_once(engine: Engine) {
    let at = TestApp::on(engine).await;
    let admin = at.person(Role::SysAdmin, "admin").await;
    let term = [("name", "2027 春"), ("starts", "2027-02-20"), ("ends", "2027-07-05")];
    let class = [("grade", "3"), ("number", "9")];
    let person = [("login", "zhou.min"), ("name", "周敏"), ("role", "helper")];
    for (path, form, page, shown) in [
        ("/structure/terms", &term[..], "/structure", "2027 春"),
        ("/structure/classes", &class, "/structure", "三年级9班"),
        ("/staff", &person, "/staff", "zhou.min"),
    ] {
        let (first, second) = tokio::join!(admin.post(path, form), admin.post(path, form));
        let taken =
            [&first, &second].into_iter().filter(|page| page.status != StatusCode::UNPROCESSABLE_ENTITY).count();
        assert_eq!(taken, 1, "{path}: {} and {}", first.status, second.status);
        let list = admin.get(page).await;
        let found = list.texts("main th, main td").into_iter().filter(|text| text.contains(shown)).count();
        assert_eq!(found, 1, "{path}");
    }

    let (li, helper) = (at.counsellor("li").await, at.person(Role::Helper, "helper").await);
    let student = at.student().await;
    at.open(student).await;
    let id = helper.id.to_string();
    let form = [
        ("helper", id.as_str()),
        ("purpose", "陪伴"),
        ("condition", "learning"),
        ("starts", "2026-11-23"),
        ("ends", "2026-12-23"),
    ];
    let path = format!("/files/{student}/pairing");
    let (first, second) = tokio::join!(li.post(&path, &form), li.post(&path, &form));
    let mut statuses = [first.status, second.status];
    statuses.sort();
    assert_eq!(statuses, [StatusCode::SEE_OTHER, StatusCode::UNPROCESSABLE_ENTITY], "one is told that it is so");
    let mut conn = at.app.db.read().await.unwrap();
    assert_eq!(conn.pairings_of_student(student).await.unwrap().len(), 1);
}
