use std::collections::BTreeMap;

use super::*;
use crate::domain::clock::DAY;
use crate::domain::compliance::{ClosedAge, OpenFinding};
use crate::domain::ids::{FormId, PairingId, WarningId};
use crate::domain::keeping::{ErasureGround, REASONS, UnsealingGround};
use crate::domain::record::{EntryText, Field, NoteText, SessionForm, Standing as Basis};
use crate::domain::relation::Standing;
use crate::domain::room::AppointmentFor;
use crate::domain::session::{GroupMeeting, Session};
use crate::domain::steps::CloseReason;
use crate::domain::words::{Effect, GroupTag, Kind, Relation, Role, Way};
use crate::policy::{Read, Write};
use crate::service::concerns::tests::a_report;
use crate::service::erasure::tests::{Case, NAME, card, wish};
use crate::service::testing::running;
use crate::service::{Compliance, Decision, FieldEdit, GroupEdit, Keys, NewAppointment, NewMeeting};
use crate::store::{AuditFilter, CellTable, Db, Pairing};

fn need() -> Unsealing {
    Unsealing { ground: UnsealingGround::NeedsHelp, why: "又开始缺课".to_owned() }
}

fn problem<T: std::fmt::Debug>(result: Result<T>) -> (&'static str, &'static str) {
    match result {
        Err(Error::Invalid(problems)) => (problems[0].field, problems[0].code),
        other => panic!("{other:?}"),
    }
}

fn is_nothing<T: std::fmt::Debug>(result: Result<T>) {
    match result {
        Err(Error::NotFound) => {}
        other => panic!("{other:?}"),
    }
}

fn entry(app: &App) -> EntryText {
    let (date, way, effect) = (app.clock.today(), Way::HomeVisit, Effect::Better);
    EntryText { date, way, happened: "家访".to_owned(), effect, next: String::new() }
}

fn note(app: &App) -> NoteText {
    NoteText {
        date: app.clock.today(),
        form: SessionForm::FaceToFace,
        minutes: 40,
        complaint: String::new(),
        process: "谈了作息".to_owned(),
        plan: String::new(),
        limits_told: true,
        session: Session::default(),
    }
}

fn form() -> FormId {
    Uuid::new_v4().into()
}

impl Case {
    /// A file on which nothing runs any more, closed by the homeroom teacher.
    async fn closed() -> Self {
        let case = Self::new().await;
        case.calm().await;
        case.stage(FileStatus::Closed).await;
        case
    }

    async fn stage(&self, status: FileStatus) {
        let app = &self.school.app;
        let version = app.db.read().await.unwrap().student(self.student).await.unwrap().unwrap().version;
        app.set_status(&self.zhang, self.student, status, version).await.unwrap();
    }

    async fn status(&self) -> FileStatus {
        self.school.app.db.read().await.unwrap().student(self.student).await.unwrap().unwrap().status
    }

    /// The director asks, the counsellor signs.
    async fn unseal(&self) {
        let app = &self.school.app;
        app.ask_unsealing(&self.wang, self.student, &need()).await.unwrap();
        let request = app.file_keeping(&self.li, self.student).await.unwrap().unsealing.unwrap().0.id;
        app.sign_unsealing(&self.li, self.student, request).await.unwrap();
    }

    /// Everything that somebody reads of the file; nothing where it is not there for them.
    async fn reads(&self, viewer: &Viewer) -> Option<Vec<String>> {
        let app = &self.school.app;
        let opened = match app.open_file(viewer, self.student).await {
            Err(Error::NotFound) => return None,
            opened => opened.unwrap(),
        };
        let mut texts = vec![opened.who.name().to_owned()];
        for part in opened.compartments {
            let fields = part.fields.into_iter().filter_map(|field| Some((field.field, field.value?.text)));
            texts.extend(fields.map(|(field, text)| format!("{field} {text}")));
            texts.extend(part.circumstances.into_iter().map(|one| format!("{} {}", one.tag, one.basis)));
        }
        texts.extend(opened.entries.into_iter().map(|entry| entry.text.happened));
        Some(texts)
    }

    /// The same of notes and warning, which the counsellor reads.
    async fn reads_more(&self) -> Option<Vec<String>> {
        let app = &self.school.app;
        let notes = match app.notes(&self.li, self.student).await {
            Err(Error::NotFound) => return None,
            notes => notes.unwrap(),
        };
        let mut texts: Vec<String> = notes.into_iter().map(|note| note.text.process).collect();
        let warning = app.open_warning(&self.li, self.warning).await.unwrap();
        texts.extend(warning.steps.into_iter().map(|one| format!("{} {:?}", one.step.kind, one.step.fields)));
        texts.push(format!("{:?}", warning.state.severity));
        Some(texts)
    }

    /// How many rows the gate counts, and how many files are still to be counted.
    async fn counted(&self) -> (usize, i64) {
        let school = self.school.founded.id;
        let mut conn = self.school.app.db.read().await.unwrap();
        (conn.fact_ids(school).await.unwrap().len(), conn.facts_due_count(school).await.unwrap())
    }

    async fn lines(&self, event: Event) -> Vec<String> {
        let (actor, school) = (self.li.person.id, self.school.founded.id);
        let pairs = vec![(Role::PrivacyOfficer, Relation::SameSchool)];
        let officer = Standing { actor, school, pairs, childless: false, sealed: false };
        let permit = self.school.app.permit::<Read>(&officer, Kind::Audit, school.0).await.unwrap();
        let filter = AuditFilter { event: Some(event), ..AuditFilter::default() };
        let lines = self.school.app.db.read().await.unwrap().audit_lines(&permit, &filter, 99).await.unwrap();
        lines.into_iter().filter(|line| line.line.object == self.student.0).map(|line| line.line.detail).collect()
    }

    /// A pairing that waits for the helper's answer.
    async fn propose(&self, helper: &Viewer) -> PairingId {
        let app = &self.school.app;
        let mut tx = app.begin().await.unwrap();
        let approach = app.approach(&mut tx, &self.li, self.student).await.unwrap();
        let permit = app.policy.permit::<Manage>(&approach.standing, Kind::Pairing, self.student.0).unwrap();
        let keys = Keys::of(&mut tx, &self.li, &app.secret, self.student.0).await.unwrap();
        let mut pairing = Pairing { accepted_at: None, ..running(&self.school, self.student, helper) };
        let mut spot = crate::service::files::card_spot(&pairing);
        pairing.card = keys.seal(&mut spot, &card()).unwrap();
        pairing.epoch = spot.epoch;
        tx.insert_pairing(&permit, &pairing).await.unwrap();
        tx.commit().await.unwrap();
        pairing.id
    }
}

#[tokio::test]
async fn one_seals_a_closed_file_two_unseal_it_and_after_a_rotation_it_reads_as_before() {
    let mut case = Case::closed().await;
    let mut before = Vec::new();
    for viewer in [&case.li, &case.wang, &case.zhang, &case.bao] {
        let texts = case.reads(viewer).await.unwrap();
        assert!(texts.len() > 2, "{texts:?}");
        before.push(texts);
    }
    let more = case.reads_more().await.unwrap();
    assert!(more.len() > 2, "{more:?}");

    case.school.app.seal_away(&case.wang, case.student).await.unwrap();
    case.school.app.seal_away(&case.li, case.student).await.unwrap();
    assert_eq!(case.status().await, FileStatus::SealedAway);
    assert_eq!(case.lines(Event::FileSealedAway).await, [""], "sealed twice is sealed once");
    let office = case.school.founded.counselling.office;
    case.school.app.rotate_office(&case.li, office).await.unwrap();
    for (login, viewer) in [("li", &mut case.li), ("wang", &mut case.wang), ("zhang", &mut case.zhang)] {
        *viewer = case.school.sign_in(login).await;
    }
    let app = &case.school.app;
    for viewer in [&case.li, &case.wang, &case.zhang, &case.bao] {
        assert_eq!(case.reads(viewer).await, None);
    }
    assert_eq!(case.reads_more().await, None);
    for viewer in [&case.zhang, &case.bao] {
        is_nothing(app.file_keeping(viewer, case.student).await);
        is_nothing(app.ask_unsealing(viewer, case.student, &need()).await);
        is_nothing(app.sign_unsealing(viewer, case.student, Uuid::nil()).await);
    }

    let empty = Unsealing { why: " ".to_owned(), ..need() };
    assert_eq!(problem(app.ask_unsealing(&case.wang, case.student, &empty).await), ("need", "required"));
    app.ask_unsealing(&case.wang, case.student, &need()).await.unwrap();
    app.ask_unsealing(&case.li, case.student, &need()).await.unwrap();
    assert_eq!(case.lines(Event::UnsealingAsked).await.len(), 1, "asked for twice it is one request");
    let place = format!("/files/{}/erasure", case.student);
    assert!(app.notices(&case.li).await.unwrap().iter().any(|notice| notice.place == place));
    let kept = app.file_keeping(&case.li, case.student).await.unwrap();
    assert!(kept.is_sealed() && !kept.is_needed() && kept.asked.is_none());
    let (request, asked) = kept.unsealing.unwrap();
    assert_eq!((asked, request.made_by), (need(), case.wang.person.id));
    let own = app.sign_unsealing(&case.wang, case.student, request.id).await;
    assert_eq!(problem(own), ("unseal", "own-request"));
    assert!(matches!(app.sign_unsealing(&case.li, case.student, Uuid::nil()).await, Err(Error::Stale(_))));
    // Taken back, nobody can sign it.
    app.withdraw_unsealing(&case.li, case.student, request.id).await.unwrap();
    assert!(matches!(app.sign_unsealing(&case.li, case.student, request.id).await, Err(Error::Stale(_))));
    assert_eq!(case.status().await, FileStatus::SealedAway);
    case.unseal().await;
    assert_eq!(case.status().await, FileStatus::Closed);
    app.sign_unsealing(&case.li, case.student, Uuid::nil()).await.unwrap();
    let asked = format!("asked={}", case.wang.person.id);
    assert_eq!(case.lines(Event::FileUnsealed).await, [asked], "who asked, and not why");
    assert!(app.file_keeping(&case.li, case.student).await.unwrap().unsealing.is_none());

    for (viewer, texts) in [&case.li, &case.wang, &case.zhang, &case.bao].into_iter().zip(before) {
        assert_eq!(case.reads(viewer).await.unwrap(), texts);
    }
    assert_eq!(case.reads_more().await.unwrap(), more);
    assert_eq!(app.key_check(case.school.founded.id).await.unwrap(), []);
}

/// Everything that stands sealed in the file, in a copy of the database.
async fn sealed(db: &Db, case: &Case) -> Vec<Vec<u8>> {
    let mut conn = db.read().await.unwrap();
    let records = conn.records(case.student).await.unwrap().into_iter().map(|record| record.sealed);
    let cells = conn.warning_cells(case.student).await.unwrap().into_iter().map(|cell| cell.sealed);
    let mut all: Vec<Vec<u8>> = records.chain(cells).collect();
    for (compartment, owner) in [(Compartment::Support, Uuid::nil()), (Compartment::Counselling, case.li.person.id.0)] {
        let entries = conn.entries(case.student, compartment, owner, 99).await.unwrap();
        all.extend(entries.into_iter().map(|entry| entry.sealed));
    }
    all
}

#[tokio::test]
async fn nobody_writes_into_a_sealed_file_by_any_act_and_everybody_could_before() {
    let case = Case::closed().await;
    let (app, id) = (&case.school.app, case.student);
    let edits = || vec![FieldEdit { field: Field::HelpWanted, text: "一盏台灯".to_owned(), seen: 0 }];
    let (tag, standing) = (GroupTag::Poor, Basis::Proposed);
    let decision = || Decision { tag, standing, basis: "家访".to_owned(), since: None, until: None };
    app.seal_away(&case.li, id).await.unwrap();
    let (_folder, then) = case.school.copy().await;
    is_nothing(app.append_entry(&case.zhang, id, form(), &entry(app), None).await);
    is_nothing(app.append_entry(&case.bao, id, form(), &entry(app), None).await);
    is_nothing(app.append_note(&case.li, id, form(), &note(app), None).await);
    is_nothing(app.edit_fields(&case.zhang, id, Compartment::Support, edits()).await);
    is_nothing(app.decide(&case.zhang, id, decision()).await);
    is_nothing(app.set_status(&case.zhang, id, FileStatus::InSupport, 4).await);
    is_nothing(app.open_crisis(&case.li, case.warning, "看看").await);
    is_nothing(app.keep_draft(&case.zhang, "entry", Compartment::Support, id, &"半句").await);
    // But for the lines of the refusals, nothing about the student is another than it was.
    let (_later, now) = case.school.copy().await;
    let (then, now) = (sealed(&then, &case).await, sealed(&now, &case).await);
    assert!(then.len() > 6, "{}", then.len());
    assert_eq!(then, now);

    case.unseal().await;
    app.append_entry(&case.zhang, id, form(), &entry(app), None).await.unwrap();
    app.append_note(&case.li, id, form(), &note(app), None).await.unwrap();
    app.edit_fields(&case.zhang, id, Compartment::Support, edits()).await.unwrap();
    app.decide(&case.zhang, id, decision()).await.unwrap();
}

#[tokio::test]
async fn only_a_closed_file_on_which_nothing_runs_is_sealed_away_and_a_hold_is_no_reason_against_it() {
    let case = Case::new().await;
    let (app, id) = (&case.school.app, case.student);
    is_nothing(app.seal_away(&case.zhang, id).await);
    assert_eq!(problem(app.seal_away(&case.li, id).await), ("seal", "file-not-closed"));
    assert_eq!(problem(app.ask_unsealing(&case.li, id, &need()).await), ("unseal", "file-not-sealed"));
    case.stage(FileStatus::Closed).await;
    assert_eq!(problem(app.seal_away(&case.li, id).await), ("seal", "seal-hindered"));
    let kept = app.file_keeping(&case.li, id).await.unwrap();
    assert!(kept.is_closed() && kept.is_needed() && !kept.is_sealed());
    case.calm().await;
    let letter = a_report(Some(id), "又哭了");
    app.report(&case.zhang, &letter).await.unwrap();
    assert_eq!(problem(app.seal_away(&case.li, id).await), ("seal", "seal-hindered"), "nobody took the report up");
    app.close_letter(&case.li, letter.id, CloseReason::NoConcern, "").await.unwrap();
    app.hold_file(&case.wang, id, "家长已起诉").await.unwrap();
    let kept = app.file_keeping(&case.li, id).await.unwrap();
    assert!(kept.hindrances == [Hindrance::Hold] && !kept.is_needed());
    app.seal_away(&case.li, id).await.unwrap();
    let kept = app.file_keeping(&case.li, id).await.unwrap();
    assert_eq!(kept.hold.unwrap().1, "家长已起诉", "the reason is the keeping's, and is read");
    assert_eq!(CellTable::Keepings.as_str(), REASONS);
}

#[tokio::test]
async fn nothing_of_a_sealed_file_is_counted_or_owed_and_it_counts_again_once_it_is_open_again() {
    let case = Case::new().await;
    let app = &case.school.app;
    let open = case.counted().await;
    // Groups, that somebody helps, the last visit, level and step of the warning.
    assert_eq!(open.0, 5);
    case.calm().await;
    assert_eq!(case.counted().await.0, 3);
    case.stage(FileStatus::Closed).await;
    assert_eq!(case.counted().await, (0, open.1));
    app.seal_away(&case.li, case.student).await.unwrap();
    assert_eq!(case.counted().await.0, 0);
    app.count_anew(&case.li, |_, _| ()).await.unwrap();
    assert_eq!(case.counted().await, (0, 0), "a count anew owes nothing to a sealed file, and ends");
    case.unseal().await;
    assert_eq!(case.counted().await, (0, 0));
    case.stage(FileStatus::InSupport).await;
    assert_eq!(case.counted().await, (3, 0));
}

#[tokio::test]
async fn what_was_not_counted_when_a_file_was_closed_is_counted_before_it_is_sealed_away() {
    let case = Case::new().await;
    case.calm().await;
    let app = &case.school.app;
    let mut tx = app.begin().await.unwrap();
    let approach = app.approach(&mut tx, &case.zhang, case.student).await.unwrap();
    let permit = app.policy.permit::<Write>(&approach.standing, Kind::Support, case.student.0).unwrap();
    assert!(tx.set_status(&permit, FileStatus::Closed, approach.student.version).await.unwrap());
    tx.owe_facts(&permit, case.student).await.unwrap();
    tx.commit().await.unwrap();
    let (facts, due) = case.counted().await;
    assert!(facts == 3 && due > 0);
    app.seal_away(&case.wang, case.student).await.unwrap();
    assert_eq!(case.counted().await.0, 0);
    let school = case.school.founded.id;
    let due = app.db.read().await.unwrap().facts_due(school, 9).await.unwrap();
    assert!(!due.contains(&case.student));
}

#[tokio::test]
async fn a_sealed_file_is_destroyed_by_two_as_any_other() {
    let case = Case::closed().await;
    let (app, id) = (&case.school.app, case.student);
    app.seal_away(&case.li, id).await.unwrap();
    app.ask_unsealing(&case.li, id, &need()).await.unwrap();
    let wanted = wish(ErasureGround::KeptLongEnough, false);
    app.ask_erasure(&case.wang, id, &wanted).await.unwrap();
    let (request, read) = app.file_keeping(&case.li, id).await.unwrap().asked.unwrap();
    assert_eq!(read, wanted);
    let erased = app.sign_erasure(&case.li, id, request.id, NAME).await.unwrap();
    assert_eq!(erased.keys, 5);
    assert_eq!(case.counted().await.0, 0);
    is_nothing(app.file_keeping(&case.li, id).await);
    assert!(app.search(&case.li, "田小").await.unwrap().is_empty());
    assert_eq!(app.key_check(case.school.founded.id).await.unwrap(), []);
}

#[tokio::test]
async fn a_new_worry_reaches_the_office_which_must_have_the_file_unsealed_before_it_takes_it_up() {
    let case = Case::closed().await;
    let (app, id) = (&case.school.app, case.student);
    app.seal_away(&case.li, id).await.unwrap();
    let form = app.reportable(&case.zhang, Some(id)).await.unwrap();
    assert_eq!(form.given.unwrap().1, NAME);
    let names: Vec<_> = app.reportable(&case.zhang, None).await.unwrap().students;
    assert_eq!(names.len(), 2, "the list of the class is the class's");
    let (about_it, about_another) = (a_report(Some(id), "午休独自哭"), a_report(Some(case.other), "午休独自哭"));
    for report in [&about_it, &about_another] {
        app.report(&case.zhang, report).await.unwrap();
    }
    let states: Vec<_> = app.receipts(&case.zhang).await.unwrap().into_iter().map(|one| one.state).collect();
    assert_eq!(states[0], states[1], "the writer learns no more of the one than of the other");

    let opened = app.open_letter(&case.li, about_it.id, None).await.unwrap();
    assert_eq!(opened.candidates.iter().map(|one| one.status).collect::<Vec<_>>(), [FileStatus::SealedAway]);
    let taken = app.take_letter(&case.li, about_it.id, id).await;
    assert_eq!(problem(taken), ("student", "file-sealed-away"));
    let closed = app.close_letter(&case.li, about_it.id, CloseReason::NoConcern, "看过").await;
    assert_eq!(problem(closed), ("reason", "file-sealed-away"));
    is_nothing(app.take_letter(&case.zhang, about_it.id, id).await);
    is_nothing(app.take_letter(&case.wang, about_it.id, id).await);
    app.take_letter(&case.li, about_another.id, case.other).await.unwrap();
    case.unseal().await;
    let warning = app.take_letter(&case.li, about_it.id, id).await.unwrap();
    assert_ne!(warning, WarningId(case.warning.0), "the closed one stays closed");
    assert!(app.open_warning(&case.li, warning).await.unwrap().steps.len() == 1);
}

#[tokio::test]
async fn no_list_and_no_book_tells_of_a_sealed_file() {
    let mut case = Case::new().await;
    let ding = case.school.hire("ding", Role::Helper, None).await;
    let app = &case.school.app;
    let (id, class) = (case.student, case.class);
    let asked = case.propose(&ding).await;
    let decision =
        Decision {
            tag: GroupTag::Poor, standing: Basis::Proposed, basis: "申报".to_owned(), since: None, until: None
        };
    app.decide(&case.zhang, id, decision).await.unwrap();
    let plan = GroupEdit { topic: "交朋友".to_owned(), ..GroupEdit::default() };
    let group = app.new_group(&case.li, form(), &plan).await.unwrap();
    for student in [id, case.other] {
        app.join_group(&case.li, group, student).await.unwrap();
    }
    let day = app.clock.today();
    let whom = AppointmentFor { student: Some(id), who: NAME.to_owned(), about: "睡眠".to_owned(), exchange: None };
    let (with, room) = (case.li.person.id, String::new());
    let booked =
        || NewAppointment { form: form(), with, day, starts: 900, minutes: 45, room: room.clone(), whom: whom.clone() };
    app.make_appointment(&case.li, &booked()).await.unwrap();
    case.calm().await;
    case.stage(FileStatus::Closed).await;

    let seen = || async {
        let helping = (app.helping(&ding).await.unwrap(), app.helping(&case.bao).await.unwrap());
        [
            app.to_verify(&case.zhang, class).await.unwrap().students.len(),
            app.pairings(&case.li).await.unwrap().pairings.len(),
            app.class_help(&case.zhang, class).await.unwrap().rows.len(),
            helping.0.asked.len(),
            helping.1.helped.len(),
            app.briefs(&case.zhang).await.unwrap().len(),
            app.agenda(&case.li, day).await.unwrap().iter().filter(|one| one.whom.is_some()).count(),
        ]
    };
    assert_eq!(seen().await, [1, 2, 2, 1, 1, 1, 1]);
    app.seal_away(&case.li, id).await.unwrap();
    assert_eq!(seen().await, [0; 7]);
    is_nothing(app.accept_pairing(&ding, asked).await);
    is_nothing(app.decline_pairing(&ding, asked).await);
    is_nothing(app.pause_pairing(&case.li, asked).await);
    for (viewer, field) in [(&case.li, "who"), (&case.zhang, "student")] {
        let later = app.make_appointment(viewer, &NewAppointment { starts: 960, ..booked() }).await;
        assert_eq!(problem(later), (field, "no-appointment-now"));
    }
    is_nothing(app.make_appointment(&case.bao, &NewAppointment { starts: 960, ..booked() }).await);
    assert_eq!(app.agenda(&case.li, day).await.unwrap().len(), 1, "the time stays taken");

    // A group goes on without writing into the file; with the other member alone it meets.
    let meeting = |present: &[StudentId]| {
        let (place, theme) = (String::new(), "认识彼此".to_owned());
        let present = present.to_vec();
        let meeting = GroupMeeting { date: day, minutes: 45, place, theme, process: String::new(), present };
        NewMeeting { form: form(), meeting, notes: BTreeMap::new(), limits_told: true }
    };
    let both = app.record_meeting(&case.li, group, &meeting(&[id, case.other])).await;
    assert_eq!(problem(both), ("present", "member-sealed-away"));
    app.record_meeting(&case.li, group, &meeting(&[case.other])).await.unwrap();
    case.unseal().await;
    assert_eq!(seen().await, [1, 2, 2, 1, 1, 1, 1], "all of it was kept");
    app.record_meeting(&case.li, group, &meeting(&[id, case.other])).await.unwrap();
}

#[tokio::test]
async fn whoever_leaves_hands_over_the_key_of_sealed_notes_and_nobody_reads_them_before_the_file_is_unsealed() {
    let mut case = Case::closed().await;
    let xu = case.school.hire("xu", Role::Counsellor, None).await;
    let (app, id) = (&case.school.app, case.student);
    app.seal_away(&case.li, id).await.unwrap();
    assert_eq!(app.hand_over_notes(&case.li, xu.person.id, &[id]).await.unwrap(), 1);
    is_nothing(app.inherited_notes(&xu, id).await);
    case.unseal().await;
    let inherited = app.inherited_notes(&xu, id).await.unwrap();
    assert_eq!(inherited[0].notes[0].text.process, "谈了睡眠");
}

#[tokio::test]
async fn a_sealed_file_is_closed_in_the_pack_and_due_again_after_a_year() {
    let mut case = Case::closed().await;
    let officer = case.school.hire("zhao", Role::PrivacyOfficer, None).await;
    let app = &case.school.app;
    let pack = || async {
        let Compliance::School(pack) = app.compliance(&officer, 2026).await.unwrap() else { panic!("a school") };
        let due = pack.findings.iter().find(|(finding, _)| *finding == OpenFinding::RetentionDue).map(|one| one.1);
        (pack.closed.clone(), due)
    };
    let aged = |age: ClosedAge| ClosedAge::ALL.iter().map(|one| (*one, i64::from(*one == age))).collect::<Vec<_>>();
    assert_eq!(pack().await, (aged(ClosedAge::HalfYear), None));
    app.clock.advance(364 * DAY);
    assert_eq!(pack().await, (aged(ClosedAge::Year), None));
    app.clock.advance(DAY);
    assert_eq!(pack().await, (aged(ClosedAge::Older), Some(1)));
    app.seal_away(&case.li, case.student).await.unwrap();
    assert_eq!(pack().await, (aged(ClosedAge::Older), None), "it was dealt with");
    app.clock.advance(364 * DAY);
    assert_eq!(pack().await, (aged(ClosedAge::Older), None));
    app.clock.advance(DAY);
    assert_eq!(pack().await, (aged(ClosedAge::Older), Some(1)), "and is looked at again");
    case.unseal().await;
    assert_eq!(pack().await, (aged(ClosedAge::Older), Some(1)));
}
