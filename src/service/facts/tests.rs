use std::collections::BTreeMap;

use jiff::civil::date;

use super::*;
use crate::domain::county::HalfYear;
use crate::domain::gate::fact::Tags;
use crate::domain::helping::Condition;
use crate::domain::ids::{PairingId, StepId, WarningId};
use crate::domain::process::ProcessFigure;
use crate::domain::record::Standing;
use crate::domain::words::{Effect, GroupTag, Role, Sex};
use crate::policy::Write;
use crate::service::testing::School;
use crate::service::{Decision, Grading, NewPairing, Told};

/// A school of one class, with everybody who changes what is counted.
struct House {
    school: School,
    li: Viewer,
    wang: Viewer,
    helper: Viewer,
    admin: Viewer,
    students: Vec<StudentId>,
}

impl House {
    async fn new(names: &[&str]) -> Self {
        let mut school = School::found().await;
        let (_, _, students) = school.class(2020, 1, names).await;
        let li = school.hire("li", Role::Counsellor, None).await;
        let wang = school.hire("wang", Role::MoralEdDirector, None).await;
        let helper = school.hire("helper", Role::Helper, None).await;
        let admin = school.hire("admin", Role::SysAdmin, None).await;
        Self { school, li, wang, helper, admin, students }
    }

    fn app(&self) -> &App {
        &self.school.app
    }

    /// Everything that is counted, opened.
    async fn counted(&self) -> BTreeMap<Uuid, Fact> {
        let (school, key) = (self.school.founded.id, self.app().secret.fact_key());
        let facts = self.app().db.read().await.unwrap().facts(school).await.unwrap();
        facts.into_iter().map(|(id, sealed)| (id, key.open_fact(school, id, &sealed).unwrap())).collect()
    }

    /// What should be counted, by what the opened files say: made here once more, from the words of the file.
    async fn said(&self) -> BTreeMap<Uuid, Fact> {
        let mut said = BTreeMap::new();
        for student in &self.students {
            said.extend(self.said_of(*student).await);
        }
        said
    }

    async fn said_of(&self, student: StudentId) -> Vec<(Uuid, Fact)> {
        let mut tx = self.app().begin().await.unwrap();
        let approach = self.app().approach(&mut tx, &self.li, student).await.unwrap();
        let keys = Keys::of(&mut tx, &self.li, &self.app().secret, student.0).await.unwrap();
        let permit = |kind| self.app().policy.permit::<Read>(&approach.standing, kind, student.0).unwrap();
        let records = tx.records(student).await.unwrap();
        let opened = |compartment: Compartment| {
            let found = layer(&keys, &permit(compartment.kind()), &records, compartment, BY_PEOPLE).unwrap();
            found.map_or_else(Layer::default, |found| found.1)
        };
        let (circumstance, support) = (opened(Compartment::Circumstance), opened(Compartment::Support));
        let open = approach.student.status.is_open();
        let mut said = Vec::new();
        let verified: Vec<_> = circumstance.circumstances.iter().filter(|c| c.standing == Standing::Verified).collect();
        assert!(verified.len() <= 4, "the histories stay under what counts");
        let tags: Tags = verified.iter().map(|c| c.tag).collect();
        if open && !tags.is_empty() {
            let helped = approach.pairings.iter().filter(|p| p.accepted_at.is_some() && !p.ended && !p.paused);
            let until: Option<Date> = helped.map(|p| p.ends.parse().unwrap()).max();
            let groups = Fact::Groups { tags, cohort: 2020, sex: Sex::Female };
            said.push((circumstance.fact.unwrap(), groups));
            said.push((circumstance.unaided.unwrap(), Fact::Unaided { tags, from: until.map(unaided_from) }));
        } else {
            assert_eq!((circumstance.fact, circumstance.unaided), (None, None), "no id without a row");
        }
        if open {
            let entries = tx.entries(student, Compartment::Support, Uuid::nil(), 999).await.unwrap();
            let read = |entry: &crate::store::Entry| -> EntryText {
                keys.read(&permit(Kind::Support), &entry_spot(entry), &entry.sealed).unwrap()
            };
            let corrected: Vec<Uuid> = entries.iter().filter_map(|entry| entry.corrects).collect();
            let stand = entries.iter().filter(|entry| !corrected.contains(&entry.id.0)).map(read);
            let last = stand.filter(|text| text.way == Way::HomeVisit).map(|text| text.date).max();
            said.push((support.fact.unwrap(), Fact::Visit(last)));
        } else {
            assert_eq!(support.fact, None);
        }
        for warning in tx.warnings_of_student(student).await.unwrap() {
            let state = read_state(&keys, &permit(Kind::Warning), &warning).unwrap();
            if warning.stage == Stage::Closed {
                assert_eq!((state.risk, state.step), (None, None));
                continue;
            }
            said.push((state.step.unwrap(), Fact::Step(warning.stage)));
            let level = state.severity.filter(|level| *level != Severity::None && warning.stage != Stage::Watching);
            assert_eq!(state.risk.is_some(), level.is_some());
            said.extend(state.risk.zip(level).map(|(id, level)| (id, Fact::Risk { level, cohort: 2020 })));
        }
        said
    }

    async fn due(&self) -> i64 {
        self.app().db.read().await.unwrap().facts_due_count(self.school.founded.id).await.unwrap()
    }

    async fn decide(&self, student: StudentId, tag: GroupTag, standing: Standing) {
        let decision = Decision { tag, standing, basis: "走访".to_owned(), since: None, until: None };
        self.app().decide(&self.wang, student, decision).await.unwrap();
    }

    async fn pair(&self, student: StudentId) -> Result<PairingId> {
        let new = NewPairing {
            helper: self.helper.person.id,
            purpose: "辅导".to_owned(),
            condition: Condition::Learning,
            starts: self.app().clock.today(),
            ends: date(2027, 1, 31),
            told: Told::default(),
        };
        let id = self.app().start_pairing(&self.li, student, new).await?;
        self.app().accept_pairing(&self.helper, id).await?;
        Ok(id)
    }

    async fn visit(&self, student: StudentId, day: Date, way: Way, corrects: Option<EntryId>) -> EntryId {
        let text =
            EntryText { date: day, way, happened: "谈".to_owned(), effect: Effect::Better, next: String::new() };
        self.app().append_entry(&self.li, student, Uuid::new_v4().into(), &text, corrects).await.unwrap()
    }

    /// Moves a warning: another level, or to a stage.
    async fn move_warning(&self, id: WarningId, severity: Severity, stage: Option<Stage>) {
        let mut tx = self.app().begin().await.unwrap();
        let mut case = self.app().case::<Write>(&mut tx, &self.li, id).await.unwrap();
        if let Some(stage) = stage {
            case.warning.stage = stage;
            case.warning.closed_at = (stage == Stage::Closed).then(|| self.app().now());
            self.app().put_state(&mut tx, &case.permit, &case.keys, case.warning, &case.state).await.unwrap();
            tx.commit().await.unwrap();
            return;
        }
        let seen = case.warning.version;
        drop(tx);
        let grading = Grading { id: StepId(Uuid::now_v7()), severity, reason: "依据".to_owned(), seen };
        // The level that holds is refused, a lower one waits for a second person: neither changes what is counted.
        drop(self.app().grade(&self.li, id, &grading).await);
    }

    /// One random act.
    async fn act(&self, chance: &mut u64, warnings: &mut Vec<(StudentId, WarningId)>, pairings: &mut Vec<PairingId>) {
        let mut pick = |of: u64| {
            *chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from((*chance >> 33) % of).unwrap()
        };
        let student = self.students[pick(self.students.len() as u64)];
        match pick(10) {
            0..=2 => {
                let tag = [GroupTag::LeftBehind, GroupTag::Poor, GroupTag::Disabled, GroupTag::Emotional][pick(4)];
                let standing = [Standing::Verified, Standing::Verified, Standing::Ended, Standing::Dismissed][pick(4)];
                self.decide(student, tag, standing).await;
            }
            3..=4 => {
                let file = self.app().db.read().await.unwrap().student(student).await.unwrap().unwrap();
                let next = file.status.next();
                let status = next[pick(next.len() as u64)];
                self.app().set_status(&self.li, student, status, file.version).await.unwrap();
            }
            5 => pairings.extend(self.pair(student).await),
            6 => {
                if let Some(pairing) = pairings.pop() {
                    match pick(3) {
                        0 => drop(self.app().pause_pairing(&self.wang, pairing).await),
                        _ => drop(self.app().end_pairing(&self.li, pairing, "完成").await),
                    }
                }
            }
            7 => {
                let day = date(2026, 11, 1 + i8::try_from(pick(20)).unwrap());
                let way = [Way::HomeVisit, Way::Talk][pick(2)];
                let first = self.visit(student, day, way, None).await;
                if pick(2) == 0 {
                    self.visit(student, day, [Way::HomeVisit, Way::Phone][pick(2)], Some(first)).await;
                }
            }
            _ => match warnings.iter().position(|(of, _)| *of == student) {
                None => warnings.push((student, self.school.warn(&self.li, student, Severity::Watch).await)),
                Some(at) => {
                    let severity = [Severity::Watch, Severity::Moderate, Severity::High][pick(3)];
                    let stage = [None, None, Some(Stage::Watching), Some(Stage::Closed)][pick(4)];
                    self.move_warning(warnings[at].1, severity, stage).await;
                    if stage == Some(Stage::Closed) {
                        warnings.swap_remove(at);
                    }
                }
            },
        }
    }
}

#[tokio::test]
async fn after_any_history_the_facts_are_what_the_opened_files_say() {
    for seed in 1..=6 {
        let mut house = House::new(&["甲", "乙", "丙"]).await;
        let (mut chance, mut warnings, mut pairings) = (seed * 7_919, Vec::new(), Vec::new());
        let mut most = 0;
        for round in 0..6 {
            for _ in 0..8 {
                house.act(&mut chance, &mut warnings, &mut pairings).await;
            }
            // A helper who agreed is counted when a counsellor signs in.
            house.li = house.school.sign_in("li").await;
            assert_eq!(house.due().await, 0);
            let (counted, said) = (house.counted().await, house.said().await);
            most = most.max(counted.len());
            assert!(counted == said, "seed {seed}, round {round}: {} counted, {} said", counted.len(), said.len());
        }
        assert!(most > 3, "seed {seed}: the history made only {most} facts");
        let before = house.counted().await;
        house.app().count_anew(&house.li, |_, _| {}).await.unwrap();
        assert!(house.counted().await == before, "counting anew changes nothing that was right");
    }
}

#[tokio::test]
async fn whoever_holds_no_key_leaves_the_file_to_the_next_who_does() {
    let mut house = House::new(&["甲", "乙"]).await;
    let student = house.students[0];
    house.decide(student, GroupTag::Orphan, Standing::Verified).await;
    house.pair(student).await.unwrap();
    assert_eq!(house.due().await, 1, "the helper agreed");
    house.wang = house.school.sign_in("wang").await;
    assert_eq!(house.due().await, 0, "a director holds the keys");
    let unaided = |facts: &BTreeMap<Uuid, Fact>| {
        let found = facts.values().find_map(|fact| match fact {
            Fact::Unaided { from, .. } => Some(*from),
            _ => None,
        });
        found.unwrap()
    };
    assert_eq!(unaided(&house.counted().await), Some(date(2027, 2, 1)));

    let helper = house.app().staff_member(&house.admin, house.helper.person.id).await.unwrap();
    let duty = helper.member.duties[0].id;
    house.app().end_duty(&house.admin, house.helper.person.id, duty).await.unwrap();
    assert_eq!(house.due().await, 1, "an administrator opens nothing");
    house.li = house.school.sign_in("li").await;
    assert_eq!((house.due().await, unaided(&house.counted().await)), (0, None));
    assert!(house.counted().await == house.said().await);
}

#[tokio::test]
async fn a_class_that_leaves_is_not_counted_any_more() {
    let mut house = House::new(&["甲"]).await;
    house.decide(house.students[0], GroupTag::Orphan, Standing::Verified).await;
    house.school.warn(&house.li, house.students[0], Severity::High).await;
    assert_eq!(house.counted().await.len(), 5);
    let class = house.app().classes(&house.li).await.unwrap()[0].class.id;
    house.app().close_class(&house.admin, class, true).await.unwrap();
    house.li = house.school.sign_in("li").await;
    assert!(house.counted().await.is_empty());
    house.app().close_class(&house.admin, class, false).await.unwrap();
    house.li = house.school.sign_in("li").await;
    assert_eq!(house.counted().await.len(), 5);
}

#[tokio::test]
async fn counting_anew_takes_away_what_no_file_knows_and_makes_what_is_missing() {
    let house = House::new(&["甲", "乙", "丙"]).await;
    for student in &house.students {
        house.decide(*student, GroupTag::Poor, Standing::Verified).await;
    }
    let right = house.counted().await;
    let mut tx = house.app().begin().await.unwrap();
    let permit =
        house.app().permit::<Admit>(&house.li.at_school(), Kind::Keys, house.school.founded.id.0).await.unwrap();
    let stray = Uuid::new_v4();
    let sealed = house.app().secret.fact_key().seal(house.school.founded.id, stray, &Fact::Visit(None)).unwrap();
    let missing = *right.keys().next().unwrap();
    tx.put_facts(&permit, &[(stray, sealed)], &[missing]).await.unwrap();
    tx.commit().await.unwrap();
    let heard = std::sync::Mutex::new(Vec::new());
    let counted = house.app().count_anew(&house.li, |done, all| heard.lock().unwrap().push((done, all))).await.unwrap();
    assert_eq!((counted, heard.into_inner().unwrap()), (3, vec![(3, 3)]));
    assert!(house.counted().await == right);
    assert!(matches!(house.app().count_anew(&house.wang, |_, _| {}).await, Err(Error::NotFound)));
}

#[tokio::test]
async fn nothing_beside_the_rows_leads_to_them() {
    let house = House::new(&["甲", "乙", "丙", "丁", "戊", "己"]).await;
    for student in &house.students {
        house.decide(*student, GroupTag::Poor, Standing::Verified).await;
    }
    let school = house.school.founded.id;
    let facts = house.app().db.read().await.unwrap().facts(school).await.unwrap();
    assert_eq!(facts.len(), 18);
    for (id, sealed) in &facts {
        assert_eq!(id.get_version_num(), 4, "an id says nothing of when");
        assert_eq!(sealed.len(), crate::vault::SEALED_FACT, "and a row nothing of what");
    }
    // No id and no seal is anywhere else in the file, whatever table or index it might be.
    let bytes = std::fs::read(house.school.file()).unwrap();
    let wal = std::fs::read(house.school.file().with_extension("db-wal")).unwrap_or_default();
    let folded = [bytes, wal].concat();
    house.app().db.settle().await.unwrap();
    let settled = std::fs::read(house.school.file()).unwrap();
    for (id, _) in &facts {
        let times = |all: &[u8]| all.windows(16).filter(|window| *window == id.as_bytes()).count();
        assert_eq!(times(&settled), 1, "its own row");
        assert!(times(&folded) >= 1);
    }
    let mut ids: Vec<Uuid> = facts.iter().map(|(id, _)| *id).collect();
    ids.sort();
    for student in &house.students {
        assert!(!ids.contains(&student.0));
    }
}

#[tokio::test]
async fn a_home_visit_is_counted_for_the_term_once_however_it_is_corrected() {
    let house = House::new(&["甲"]).await;
    let student = house.students[0];
    house.decide(student, GroupTag::Poor, Standing::Verified).await;
    let first = house.visit(student, date(2026, 11, 20), Way::HomeVisit, None).await;
    house.visit(student, date(2026, 11, 21), Way::HomeVisit, Some(first)).await;
    house.visit(student, date(2026, 11, 22), Way::Talk, None).await;
    let half = HalfYear { year: 2026, second: false };
    let made = house.app().db.read().await.unwrap().tallies([half, half]).await.unwrap();
    assert_eq!(made.iter().map(|one| (one.figure, one.total)).collect::<Vec<_>>(), [(ProcessFigure::VisitsMade, 1)]);
    assert!(house.counted().await.values().any(|fact| *fact == Fact::Visit(Some(date(2026, 11, 21)))));
}

#[test]
fn a_day_lies_in_the_term_that_began_last() {
    let terms = [date(2026, 8, 31), date(2027, 2, 22)];
    for (day, begins) in [
        (date(2026, 11, 23), date(2026, 8, 31)),
        (date(2027, 1, 10), date(2026, 8, 31)),
        (date(2027, 3, 1), date(2027, 2, 22)),
        (date(2027, 9, 2), date(2027, 9, 1)),
    ] {
        assert_eq!(term_of(terms.into_iter(), day), begins, "{day}");
    }
}
