use tempfile::TempDir;

use super::*;
use crate::domain::ids::{ClassId, LetterId, WarningId};
use crate::domain::keeping::ErasureGround;
use crate::domain::record::{Card, NoteText, SessionForm, Standing as Basis};
use crate::domain::relation::Standing;
use crate::domain::session::Session;
use crate::domain::warning::{Brief, LetterKind, Severity};
use crate::domain::words::{FileStatus, GroupTag, Relation, Sex};
use crate::policy::{Append, Report};
use crate::service::cases::spot_of;
use crate::service::files::{card_spot, entry_spot, layer_spot};
use crate::service::keys::Spot;
use crate::service::letters::NewLetter;
use crate::service::testing::{School, running};
use crate::service::{Decision, FieldEdit};
use crate::store::{Db, Warning, WrapForm};
use crate::vault::{
    CompartmentKey, Identity, KeyName, LetterName, Slip, fast_unwrap_key, join, open_letter, unwrap_identity,
    unwrap_key,
};

pub(super) const NAME: &str = "田小禾";
pub(super) const OTHER: &str = "贺小雨";

/// One file in which something stands in every place, and everybody who ever held a key of it.
pub(super) struct Case {
    pub(super) school: School,
    pub(super) class: ClassId,
    pub(super) student: StudentId,
    pub(super) other: StudentId,
    pub(super) fact: Uuid,
    pub(super) warning: WarningId,
    pub(super) li: Viewer,
    pub(super) wang: Viewer,
    pub(super) zhang: Viewer,
    pub(super) bao: Viewer,
    pub(super) recovery: Identity,
}

/// What a helper is told.
pub(super) fn card() -> Card {
    let (name, purpose) = (NAME.to_owned(), "陪伴".to_owned());
    let (sex, class, seat) = (Sex::Female, (2020, 1), None);
    Card { name, sex, class, seat, purpose, condition: None, outside: None }
}

pub(super) fn wish(ground: ErasureGround, attends: bool) -> Wish {
    Wish { ground, attends, why: "已毕业满一年".to_owned() }
}

impl Case {
    pub(super) async fn new() -> Self {
        let (mut school, [first, _, third]): (School, [Slip; 3]) = School::found_with_slips().await;
        let (class, homeroom, students) = school.class(2020, 1, &[NAME, OTHER]).await;
        let [student, other] = students[..] else { panic!("two") };
        let li = school.hire("li", Role::Counsellor, None).await;
        let wang = school.hire("wang", Role::MoralEdDirector, None).await;
        let zhang = school.hire("zhang", Role::HomeroomTeacher, Some((class, &homeroom))).await;
        let bao = school.hire("bao", Role::Helper, None).await;
        for (one, text) in [(student, "奶奶照看"), (other, "外公照看")] {
            school.fill(&zhang, one, text).await;
        }
        let (tag, standing, basis) = (GroupTag::LeftBehind, Basis::Verified, "家访".to_owned());
        let decision = Decision { tag, standing, basis, since: None, until: None };
        school.app.decide(&zhang, student, decision).await.unwrap();
        let mut case = Self {
            recovery: join(&[first, third]).unwrap(),
            warning: school.warn(&li, student, Severity::Moderate).await,
            fact: Uuid::nil(),
            school,
            class,
            student,
            other,
            li,
            wang,
            zhang,
            bao,
        };
        case.note().await;
        case.letter().await;
        case.pair().await;
        case.fact = case.find_fact().await;
        let draft = serde_json::json!({ "happened": "还没写完" });
        let app = &case.school.app;
        app.keep_draft(&case.zhang, "entry", Compartment::Support, student, &draft).await.unwrap();
        case
    }

    async fn note(&self) {
        let text = NoteText {
            date: self.school.app.clock.today(),
            form: SessionForm::FaceToFace,
            minutes: 40,
            complaint: String::new(),
            process: "谈了睡眠".to_owned(),
            plan: String::new(),
            limits_told: true,
            session: Session::default(),
        };
        self.school.app.append_note(&self.li, self.student, Uuid::new_v4().into(), &text, None).await.unwrap();
    }

    /// A brief to the homeroom.
    async fn letter(&self) {
        let app = &self.school.app;
        let mut tx = app.begin().await.unwrap();
        let office = tx.offices(self.school.founded.id).await.unwrap();
        let office = office.into_iter().find(|office| office.class_id == Some(self.class.0)).unwrap();
        let approach = app.approach(&mut tx, &self.li, self.student).await.unwrap();
        let permit = app.policy.permit::<Report>(&approach.standing, Kind::Brief, self.student.0).unwrap();
        let content = Brief { who: NAME.to_owned(), text: "多留意".to_owned() };
        let (id, student) = (LetterId(Uuid::new_v4()), Some(self.student));
        let new = NewLetter { id, kind: LetterKind::Brief, student, sender: None, content: &content };
        app.send_letter(&mut tx, &permit, &app.office_recipient(&office).unwrap(), new).await.unwrap();
        app.tell(
            &mut tx,
            permit.school(),
            &BTreeSet::from([self.zhang.person.id]),
            &format!("/files/{}", self.student),
        )
        .await
        .unwrap();
        tx.commit().await.unwrap();
    }

    async fn pair(&self) {
        let app = &self.school.app;
        let mut tx = app.begin().await.unwrap();
        let approach = app.approach(&mut tx, &self.li, self.student).await.unwrap();
        let permit = app.policy.permit::<Manage>(&approach.standing, Kind::Pairing, self.student.0).unwrap();
        let keys = Keys::of(&mut tx, &self.li, &app.secret, self.student.0).await.unwrap();
        let mut pairing = running(&self.school, self.student, &self.bao);
        let mut spot = card_spot(&pairing);
        pairing.card = keys.seal(&mut spot, &card()).unwrap();
        tx.insert_pairing(&permit, &pairing).await.unwrap();
        let to = app.person_recipient(&mut tx, self.bao.person.id).await.unwrap().unwrap();
        for compartment in [Compartment::Support, Compartment::Contact] {
            let (name, key) = keys.newest(compartment, Uuid::nil()).unwrap();
            tx.insert_wrap(&permit, &app.wrap(key, name, &to).unwrap()).await.unwrap();
        }
        tx.commit().await.unwrap();
    }

    async fn find_fact(&self) -> Uuid {
        let app = &self.school.app;
        let mut conn = app.db.read().await.unwrap();
        let keys = Keys::of(&mut conn, &self.li, &app.secret, self.student.0).await.unwrap();
        let records = conn.records(self.student).await.unwrap();
        let permit = self.permit(Compartment::Circumstance, self.student.0);
        layer(&keys, &permit, &records, Compartment::Circumstance, BY_PEOPLE).unwrap().unwrap().1.fact.unwrap()
    }

    /// Whoever has the keys asks no policy: they make themselves whatever permit they like.
    fn permit(&self, compartment: Compartment, subject: Uuid) -> Permit<Read> {
        self.permit_of(compartment.kind(), subject)
    }

    fn permit_of(&self, kind: Kind, subject: Uuid) -> Permit<Read> {
        let pairs = [Relation::Author, Relation::Granted, Relation::SameSchool].map(|r| (Role::Counsellor, r));
        let mut pairs = pairs.to_vec();
        pairs.push((Role::HomeroomTeacher, Relation::OwnClass));
        let standing = Standing {
            actor: self.li.person.id,
            school: self.school.founded.id,
            pairs,
            childless: false,
            sealed: false,
        };
        self.school.app.policy.permit(&standing, kind, subject).unwrap()
    }

    /// The warning ends, as if its watch period were over.
    pub(super) async fn calm(&self) {
        let app = &self.school.app;
        let mut tx = app.begin().await.unwrap();
        let (warning, approach) = app.case_of(&mut tx, &self.li, self.warning).await.unwrap();
        let permit = app.policy.permit::<Append>(&approach.standing, Kind::Warning, self.student.0).unwrap();
        let read = app.policy.permit::<Read>(&approach.standing, Kind::Warning, self.student.0).unwrap();
        let keys = app.case_keys(&mut tx, &self.li, &permit, &approach).await.unwrap();
        let state = crate::service::cases::read_state(&keys, &read, &warning).unwrap();
        let over = Warning { closed_at: Some(app.now()), ..warning };
        app.put_state(&mut tx, &permit, &keys, over, &state).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn ask(&self, ground: ErasureGround, attends: bool) -> Uuid {
        self.school.app.ask_erasure(&self.wang, self.student, &wish(ground, attends)).await.unwrap();
        self.school.app.file_keeping(&self.li, self.student).await.unwrap().asked.unwrap().0.id
    }

    /// Every identity there is: of all persons, of all offices as their members and as the recovery identity opens them.
    async fn identities(&self, conn: &mut Conn) -> Vec<(Uuid, Identity)> {
        let copied = |identity: &Identity| {
            let text = identity.to_secret().unwrap();
            Identity::from_secret(secrecy::ExposeSecret::expose_secret(&text)).unwrap()
        };
        let made = conn.installation().await.unwrap().unwrap();
        let mut all = vec![(made.recovery_id, copied(&self.recovery))];
        for viewer in [&self.li, &self.wang, &self.zhang, &self.bao] {
            all.push((viewer.person.id.0, copied(&viewer.ring.identity)));
            all.extend(viewer.ring.offices.iter().map(|office| (office.office.0, copied(&office.identity))));
        }
        for office in conn.offices(self.school.founded.id).await.unwrap() {
            let wrap = conn.office_wrap(office.id, office.epoch, made.recovery_id).await.unwrap().unwrap();
            let name = KeyName { key: office.id.0.into(), epoch: office.epoch };
            all.push((office.id.0, unwrap_identity(&self.recovery, made.recovery_id, name, &wrap.0).unwrap()));
        }
        all
    }

    /// Every compartment key that all of them together can open in a database.
    async fn keys(&self, db: &Db) -> Vec<(Uuid, CompartmentKey)> {
        let mut conn = db.read().await.unwrap();
        let mut keys = Vec::new();
        for (holder, identity) in self.identities(&mut conn).await {
            for compartment in Compartment::ALL {
                for wrap in conn.wraps_of_holder(self.school.founded.id, holder, *compartment).await.unwrap() {
                    let name = KeyName { key: wrap.key_id, epoch: wrap.epoch };
                    let key = match wrap.form() {
                        WrapForm::Age => unwrap_key(&identity, holder, name, &wrap.sealed),
                        WrapForm::Fast => fast_unwrap_key(&identity, holder, name, &wrap.sealed),
                    };
                    keys.extend(key.ok().map(|key| (wrap.subject, key)));
                }
            }
        }
        keys
    }

    /// Everything sealed about a student in a database, and where it stands.
    async fn sealed(&self, db: &Db, student: StudentId) -> Vec<(Spot<'static>, Vec<u8>)> {
        let mut conn = db.read().await.unwrap();
        let mut found = Vec::new();
        for record in conn.records(student).await.unwrap() {
            let at = if record.layer == BY_PEOPLE { BY_PEOPLE } else { "roster" };
            found.push((layer_spot(student, record.compartment, at, record.epoch, record.version), record.sealed));
        }
        for (compartment, owner) in
            [(Compartment::Support, Uuid::nil()), (Compartment::Counselling, self.li.person.id.0)]
        {
            let entries = conn.entries(student, compartment, owner, 1000).await.unwrap();
            found.extend(entries.into_iter().map(|entry| (entry_spot(&entry), entry.sealed)));
        }
        let pairings = conn.pairings_of_student(student).await.unwrap();
        found.extend(pairings.into_iter().map(|pairing| (card_spot(&pairing), pairing.card)));
        let cells = conn.warning_cells(student).await.unwrap();
        found.extend(cells.into_iter().map(|cell| (spot_of(&cell), cell.sealed)));
        found
    }

    /// The tables of what opens with any of these keys.
    fn opens(&self, keys: &[(Uuid, CompartmentKey)], sealed: &[(Spot<'static>, Vec<u8>)]) -> BTreeSet<String> {
        let opens = |(spot, bytes): &&(Spot<'static>, Vec<u8>)| {
            let permit = self.permit(spot.compartment, self.student.0);
            let place = spot.place(self.school.founded.id, self.student.0);
            keys.iter().any(|(_, key)| key.open(&permit, &place, bytes).is_ok())
        };
        sealed.iter().filter(opens).map(|(spot, _)| format!("{} {}", spot.table, spot.compartment)).collect()
    }

    /// The letters about the student that all of them together can open in a database.
    async fn letters(&self, db: &Db) -> BTreeSet<LetterId> {
        let mut conn = db.read().await.unwrap();
        let mut open = BTreeSet::new();
        for (holder, identity) in self.identities(&mut conn).await {
            for letter in conn.letters_held_by(holder).await.unwrap() {
                let name = LetterName { school: letter.school_id, letter: letter.id, kind: letter.kind };
                let permit = self.permit_of(letter.kind.kind(), letter.id.0);
                let secret = &self.school.app.secret;
                if open_letter(&permit, &identity, holder, name, &letter.sealed, &letter.mark, secret).is_ok() {
                    open.insert(letter.id);
                }
            }
        }
        open
    }

    /// The names on the roster of the class that all of them together can read in a database.
    async fn names(&self, db: &Db, keys: &[(Uuid, CompartmentKey)]) -> BTreeSet<String> {
        let mut conn = db.read().await.unwrap();
        let permit = self.permit(Compartment::Roster, self.class.0);
        let mut names = BTreeSet::new();
        for part in conn.sheets(self.class).await.unwrap() {
            let place = sheet_spot(&part).place(self.school.founded.id, self.class.0);
            for (_, key) in keys {
                let Ok(json) = key.open(&permit, &place, &part.sealed) else { continue };
                let rows: Vec<SheetRow> = serde_json::from_slice(&json).unwrap();
                names.extend(rows.into_iter().map(|row| row.name));
            }
        }
        names
    }
}

/// Which of these bytes stand anywhere in the files of a copied database.
fn stand_in(folder: &TempDir, wanted: &[Vec<u8>]) -> usize {
    let files = std::fs::read_dir(folder.path()).unwrap();
    let bytes: Vec<Vec<u8>> = files.map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect();
    let anywhere = |part: &[u8]| bytes.iter().any(|file| file.windows(part.len()).any(|window| window == part));
    wanted.iter().filter(|one| anywhere(&one[..one.len().min(24)])).count()
}

#[tokio::test]
async fn of_a_destroyed_file_nothing_opens_in_a_copy_made_later_whoever_holds_which_key() {
    let case = Case::new().await;
    case.calm().await;
    let app = &case.school.app;
    let request = case.ask(ErasureGround::KeptLongEnough, false).await;

    // Before: the same people with the same keys open all of it.
    let (folder, before) = case.school.copy().await;
    let (keys, sealed) = (case.keys(&before).await, case.sealed(&before, case.student).await);
    let tables: Vec<String> = case.opens(&keys, &sealed).into_iter().collect();
    assert_eq!(
        tables,
        [
            "entries counselling",
            "entries support",
            "keepings warning",
            "pairings support",
            "records circumstance",
            "records contact",
            "records support",
            "steps warning",
            "warnings warning",
        ]
    );
    assert_eq!(case.letters(&before).await.len(), 1);
    assert_eq!(case.names(&before, &keys).await, BTreeSet::from([NAME.to_owned(), OTHER.to_owned()]));
    let held = keys.iter().filter(|(subject, _)| *subject == case.student.0).count();
    assert!(held > 20, "{held}");
    let mut bytes: Vec<Vec<u8>> = sealed.iter().map(|(_, sealed)| sealed.clone()).collect();
    bytes.push(case.fact.as_bytes().to_vec());
    for holder in [case.li.person.id.0, case.school.founded.counselling.office.0, case.bao.person.id.0] {
        let mut conn = before.read().await.unwrap();
        for compartment in Compartment::ALL {
            let wraps = conn.wraps_of_holder(case.school.founded.id, holder, *compartment).await.unwrap();
            let of_file = wraps.into_iter().filter(|wrap| wrap.subject == case.student.0);
            bytes.extend(of_file.map(|wrap| wrap.sealed[wrap.sealed.len() - 32..].to_vec()));
        }
    }
    drop(before);
    assert_eq!(stand_in(&folder, &bytes), bytes.len());

    let erased = app.sign_erasure(&case.li, case.student, request, NAME).await.unwrap();
    // Contact, circumstance, support, warning, counselling.
    assert_eq!(erased.keys, 5);
    assert!(erased.wraps > 10 && erased.rows > 12, "{erased:?}");

    // After: neither does anything of it stand there, nor does a key that is left open what stood there.
    let (folder, after) = case.school.copy().await;
    let left = case.keys(&after).await;
    assert!(left.iter().all(|(subject, _)| *subject != case.student.0));
    assert!(left.iter().any(|(subject, _)| *subject == case.other.0), "a classmate's file is as it was");
    assert_eq!(case.opens(&left, &sealed), BTreeSet::new());
    assert_eq!(case.sealed(&after, case.student).await.len(), 0);
    assert_eq!(case.letters(&after).await.len(), 0);
    assert_eq!(case.names(&after, &left).await, BTreeSet::from([OTHER.to_owned()]));
    drop(after);
    assert_eq!(stand_in(&folder, &bytes), 0);

    // The file is nobody's any more, and its neighbour is as it was.
    for viewer in [&case.li, &case.wang, &case.zhang, &case.bao] {
        assert!(matches!(app.open_file(viewer, case.student).await, Err(Error::NotFound)));
        assert!(matches!(app.file_keeping(viewer, case.student).await, Err(Error::NotFound)));
    }
    assert!(app.search(&case.li, "田小").await.unwrap().is_empty());
    assert_eq!(app.search(&case.li, "贺小").await.unwrap().len(), 1);
    assert_eq!(app.open_file(&case.zhang, case.other).await.unwrap().entries.len(), 1);
    assert_eq!(app.key_check(case.school.founded.id).await.unwrap(), []);
}

#[tokio::test]
async fn one_line_of_proof_remains_and_names_nobody() {
    let case = Case::new().await;
    case.calm().await;
    let request = case.ask(ErasureGround::Left, false).await;
    let app = &case.school.app;
    let erased = app.sign_erasure(&case.li, case.student, request, &format!(" {NAME} ")).await.unwrap();
    let officer = Standing {
        actor: case.li.person.id,
        school: case.school.founded.id,
        pairs: vec![(Role::PrivacyOfficer, Relation::SameSchool)],
        childless: false,
        sealed: false,
    };
    let permit = app.permit::<Read>(&officer, Kind::Audit, case.school.founded.id.0).await.unwrap();
    let filter = crate::store::AuditFilter { event: Some(Event::FileErased), ..Default::default() };
    let lines = app.db.read().await.unwrap().audit_lines(&permit, &filter, 9).await.unwrap();
    let [line] = &lines[..] else { panic!("{lines:?}") };
    assert_eq!((line.line.actor, line.line.object), (case.li.person.id, case.student.0));
    let Erased { keys, wraps, rows } = erased;
    let proof = format!("asked={} ground=left keys={keys} wraps={wraps} rows={rows}", case.wang.person.id);
    assert_eq!(line.line.detail, proof);
}

#[tokio::test]
async fn nobody_destroys_a_file_alone_by_mistake_or_while_something_runs() {
    let case = Case::new().await;
    let app = &case.school.app;
    let id = case.student;
    let refused = |result: Result<Erased>, code: &str| match result {
        Err(Error::Invalid(problems)) => assert_eq!(problems[0].code, code),
        other => panic!("{other:?}"),
    };
    let running = app.ask_erasure(&case.wang, id, &wish(ErasureGround::Left, false)).await;
    assert!(matches!(&running, Err(Error::Invalid(p)) if p[0].code == "erasure-hindered"), "{running:?}");
    assert_eq!(app.file_keeping(&case.wang, id).await.unwrap().hindrances, [Hindrance::Warning]);
    case.calm().await;
    let empty = Wish { why: " ".to_owned(), ..wish(ErasureGround::Left, false) };
    assert!(matches!(app.ask_erasure(&case.wang, id, &empty).await, Err(Error::Invalid(_))));
    let request = case.ask(ErasureGround::Left, false).await;
    let kept = app.file_keeping(&case.wang, id).await.unwrap();
    assert_eq!(kept.asked.unwrap().1, wish(ErasureGround::Left, false));

    refused(app.sign_erasure(&case.wang, id, request, NAME).await, "own-request");
    refused(app.sign_erasure(&case.li, id, request, OTHER).await, "not-the-name");
    assert!(matches!(app.sign_erasure(&case.li, id, Uuid::new_v4(), NAME).await, Err(Error::Stale(_))));
    for viewer in [&case.zhang, &case.bao] {
        assert!(matches!(app.sign_erasure(viewer, id, request, NAME).await, Err(Error::NotFound)));
        assert!(matches!(app.ask_erasure(viewer, id, &wish(ErasureGround::Left, false)).await, Err(Error::NotFound)));
        assert!(matches!(app.hold_file(viewer, id, "x").await, Err(Error::NotFound)));
    }
    app.hold_file(&case.wang, id, "家长已起诉").await.unwrap();
    refused(app.sign_erasure(&case.li, id, request, NAME).await, "erasure-hindered");
    let (hold, why) = app.file_keeping(&case.li, id).await.unwrap().hold.unwrap();
    assert_eq!(why, "家长已起诉");
    app.withdraw_erasure(&case.li, id, hold.id).await.unwrap();
    assert!(app.file_keeping(&case.li, id).await.unwrap().hold.is_some(), "a hold is no request");
    app.lift_hold(&case.li, id, hold.id).await.unwrap();
    app.withdraw_erasure(&case.li, id, request).await.unwrap();
    assert!(matches!(app.sign_erasure(&case.li, id, request, NAME).await, Err(Error::Stale(_))));
    assert_eq!(app.open_file(&case.zhang, id).await.unwrap().entries.len(), 1, "all of it still stands");
}

#[tokio::test]
async fn a_file_destroyed_at_the_guardians_wish_leaves_who_still_attends_on_the_roll_and_can_be_begun_anew() {
    let case = Case::new().await;
    case.calm().await;
    let app = &case.school.app;
    let request = case.ask(ErasureGround::Guardian, true).await;
    app.sign_erasure(&case.li, case.student, request, NAME).await.unwrap();
    let list = app.class_list(&case.zhang, case.class).await.unwrap();
    let row = list.students.iter().find(|one| one.row.student == case.student).unwrap();
    assert_eq!((row.row.name.as_str(), row.status), (NAME, FileStatus::Enrolled));
    let opened = app.open_file(&case.zhang, case.student).await.unwrap();
    let fields = opened.compartments.iter().flat_map(|part| &part.fields);
    assert!(opened.entries.is_empty() && fields.into_iter().all(|field| field.value.is_none()));
    assert!(matches!(app.open_file(&case.bao, case.student).await, Err(Error::NotFound)));
    assert_eq!(app.notes(&case.li, case.student).await.unwrap().len(), 0);

    let field = crate::domain::record::Field::Needs;
    let edit = FieldEdit { field, text: "一盏台灯".to_owned(), seen: 0 };
    app.edit_fields(&case.zhang, case.student, Compartment::Support, vec![edit]).await.unwrap();
    assert_eq!(app.open_file(&case.li, case.student).await.unwrap().approach.student.id, case.student);
    assert_eq!(app.key_check(case.school.founded.id).await.unwrap(), []);
}
