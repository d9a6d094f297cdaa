use jiff::civil::date;

use super::company::AT_ONCE;
use super::*;
use crate::domain::clock::HOUR;
use crate::domain::crisis::TeamDuty;
use crate::domain::crisis::Week;
use crate::domain::ids::StudentId;
use crate::domain::warning::Task;
use crate::domain::words::Role;
use crate::service::NewLeader;
use crate::service::cases::read_due;
use crate::service::testing::School;

/// A student at the highest level; a counsellor, a colleague, the director, a leader, the homeroom teacher.
struct House {
    school: School,
    li: Viewer,
    wang: Viewer,
    director: Viewer,
    leader: Viewer,
    homeroom: Viewer,
    student: StudentId,
    id: WarningId,
}

impl House {
    async fn new() -> Self {
        let mut school = School::found().await;
        let (class, key, students) = school.class(2020, 3, &["沈一诺"]).await;
        let li = school.hire("li", Role::Counsellor, None).await;
        let wang = school.hire("wang", Role::Counsellor, None).await;
        let director = school.hire("director", Role::MoralEdDirector, None).await;
        let leader = school.hire("leader", Role::SchoolLeader, None).await;
        let homeroom = school.hire("homeroom", Role::HomeroomTeacher, Some((class, &key))).await;
        school.fill(&homeroom, students[0], "柳溪镇河东路三号").await;
        let id = school.warn(&li, students[0], Severity::Critical).await;
        school.app.open_crisis(&li, id, "说过不想活，有计划").await.unwrap();
        Self { school, li, wang, director, leader, homeroom, student: students[0], id }
    }

    fn app(&self) -> &App {
        &self.school.app
    }

    async fn shown(&self) -> OpenedCrisis {
        self.app().crisis(&self.li, self.id).await.unwrap()
    }

    async fn appoint(&self) {
        let new = NewLeader { person: self.leader.person.id, reason: "分管副校长".to_owned(), until: None };
        self.app().appoint_leader(&self.li, self.id, &new).await.unwrap();
    }

    fn item(&self) -> NewItem {
        NewItem { what: "移开危险物品".to_owned(), who: self.homeroom.person.id, until: date(2026, 11, 24) }
    }

    fn shift(from: i64, hours: i64) -> NewShift {
        NewShift { from, to: from + hours * HOUR, who: "妈妈（家中）".to_owned() }
    }

    /// Leader, team, plan with its one item done, lowered after two days, and a follow-up for every day and week: what a
    /// crisis needs to end.
    async fn run_to_the_end(&self) {
        self.appoint().await;
        let member = Member { person: self.homeroom.person.id, duty: TeamDuty::Family };
        self.app().join_team(&self.li, self.id, member).await.unwrap();
        self.app().plan(&self.leader, self.id, &self.item()).await.unwrap();
        self.app().plan_done(&self.leader, self.id, 1, "已交给家长").await.unwrap();
        self.app().clock.advance(2 * DAY);
        self.set_level(Severity::High).await;
        for day in [date(2026, 11, 24), date(2026, 11, 26), date(2026, 12, 3), date(2026, 12, 10), date(2026, 12, 17)] {
            self.follow_up(day).await;
        }
    }

    async fn set_level(&self, severity: Severity) {
        let (fields, severity, persons) = (BTreeMap::new(), Some(severity), Vec::new());
        let step = Step { kind: StepKind::LoweringSigned, fields, severity, persons, letter: None };
        self.school.step(&self.li, self.id, step).await;
    }

    async fn follow_up(&self, day: Date) {
        let fields = BTreeMap::from([("on".to_owned(), day.to_string())]);
        let step = Step { kind: StepKind::FollowUp, fields, severity: None, persons: Vec::new(), letter: None };
        self.school.step(&self.li, self.id, step).await;
    }

    async fn ask(&self, viewer: &Viewer) -> Result<()> {
        self.app().ask_crisis_closing(viewer, self.id, "情绪平稳，家人陪伴").await
    }

    async fn sign(&self, viewer: &Viewer) -> Result<()> {
        let seen = self.shown().await.record.unwrap().0.version;
        self.app().decide_crisis_closing(viewer, self.id, true, "", seen).await
    }

    /// The open due times of the company roster.
    async fn company(&self) -> Vec<i64> {
        let mut conn = self.app().db.read().await.unwrap();
        let (_, approach) = self.app().case_of(&mut conn, &self.li, self.id).await.unwrap();
        let permit = self.app().policy.permit::<Read>(&approach.standing, Kind::Warning, self.student.0).unwrap();
        let keys = Keys::of(&mut conn, &self.li, &self.app().secret, self.student.0).await.unwrap();
        let mut due = Vec::new();
        for deadline in conn.deadlines_of_warning(self.id).await.unwrap().iter().filter(|d| d.done_at.is_none()) {
            assert_eq!(read_due(&keys, &permit, deadline).unwrap().task, Task::Company);
            due.push(deadline.due_at);
        }
        due
    }
}

fn problem(answer: Result<()>) -> (&'static str, &'static str) {
    match answer {
        Err(Error::Invalid(problems)) if problems.len() == 1 => (problems[0].field, problems[0].code),
        other => panic!("expected one problem, got {other:?}"),
    }
}

fn is_not_found(answer: &Result<()>) -> bool {
    matches!(answer, Err(Error::NotFound))
}

#[tokio::test]
async fn a_crisis_runs_to_its_end_with_two_signatures_and_the_leader_loses_the_keys() {
    let house = House::new().await;
    house.run_to_the_end().await;
    assert_eq!(house.shown().await.open, []);
    assert!(house.app().open_file(&house.leader, house.student).await.is_ok());
    house.ask(&house.leader).await.unwrap();
    assert_eq!(problem(house.sign(&house.leader).await), ("sign", "second-person"));
    assert_eq!(problem(house.sign(&house.director).await), ("sign", "one-counsellor"));
    house.sign(&house.wang).await.unwrap();
    let shown = house.shown().await;
    let (stored, crisis) = shown.record.as_ref().unwrap();
    assert_eq!(stored.closed_at, Some(house.app().now()));
    assert_eq!(crisis.signed.map(|(by, _)| by), Some(house.wang.person.id));
    assert!(shown.running().is_none() && shown.leader.is_none());
    assert!(is_not_found(&house.app().open_file(&house.leader, house.student).await.map(drop)));
    assert!(is_not_found(&house.app().crisis(&house.leader, house.id).await.map(drop)));
    assert!(
        is_not_found(&house.app().plan(&house.li, house.id, &house_item_later(&house)).await),
        "it is closed for good"
    );
    assert_eq!(house.app().key_check(house.school.founded.id).await.unwrap(), []);
    assert!(house.company().await.is_empty());
}

#[tokio::test]
async fn each_thing_that_is_open_is_named_and_keeps_the_record_open() {
    let house = House::new().await;
    let shown = house.shown().await;
    assert_eq!(shown.open, [Open::Critical, Open::Leader, Open::Team, Open::Plan]);
    assert_eq!(problem(house.ask(&house.li).await), ("outcome", "crisis-open-items"));
    house.app().plan(&house.li, house.id, &house.item()).await.unwrap();
    house.app().clock.advance(3 * DAY);
    house.follow_up(date(2026, 11, 25)).await;
    let expected = [Open::Critical, Open::Leader, Open::Team, Open::Item(1), Open::Day(date(2026, 11, 24))];
    assert_eq!(house.shown().await.open, expected);
    house.set_level(Severity::Moderate).await;
    let open = house.shown().await.open;
    let week = |number, from, to| Open::Week(Week { number, from, to });
    assert_eq!(open[0], Open::Leader);
    assert_eq!(
        open[4..6],
        [week(1, date(2026, 11, 27), date(2026, 12, 3)), week(2, date(2026, 12, 4), date(2026, 12, 10))]
    );
}

#[tokio::test]
async fn what_is_open_again_after_the_first_signature_stops_the_second() {
    let house = House::new().await;
    house.run_to_the_end().await;
    house.ask(&house.li).await.unwrap();
    let seen = house.shown().await.record.unwrap().0.version;
    house.app().plan(&house.leader, house.id, &house_item_later(&house)).await.unwrap();
    let stale = house.app().decide_crisis_closing(&house.wang, house.id, true, "", seen).await;
    assert!(matches!(stale, Err(Error::Stale(_))), "{stale:?}");
    assert_eq!(problem(house.sign(&house.wang).await), ("sign", "crisis-not-asked"));
    house.app().plan_done(&house.li, house.id, 2, "").await.unwrap();
    house.ask(&house.li).await.unwrap();
    house.set_level(Severity::Critical).await;
    assert_eq!(problem(house.sign(&house.wang).await), ("sign", "crisis-open-items"));
}

fn house_item_later(house: &House) -> NewItem {
    NewItem { what: "再约家长".to_owned(), until: date(2026, 12, 31), ..house.item() }
}

#[tokio::test]
async fn a_refusal_needs_a_reason_and_the_first_person_may_ask_again() {
    let house = House::new().await;
    house.run_to_the_end().await;
    house.ask(&house.li).await.unwrap();
    let seen = house.shown().await.record.unwrap().0.version;
    let refuse = |reason| house.app().decide_crisis_closing(&house.director, house.id, false, reason, seen);
    assert_eq!(problem(refuse(" ").await), ("reason", "required"));
    refuse("再看一周").await.unwrap();
    assert_eq!(problem(house.sign(&house.wang).await), ("sign", "crisis-not-asked"));
    house.ask(&house.li).await.unwrap();
    house.sign(&house.director).await.unwrap();
    // The director holds no key of contact: it is marked, and a counsellor finishes what the signature began.
    let due = house.app().db.read().await.unwrap().keys_due(house.school.founded.id).await.unwrap();
    assert_eq!(due.len(), 1);
    assert!(house.app().open_file(&house.leader, house.student).await.is_err());
    house.app().rotate_lost_keys(&house.li).await.unwrap();
    assert_eq!(house.app().key_check(house.school.founded.id).await.unwrap(), []);
}

#[tokio::test]
async fn hours_without_company_are_shown_and_become_a_due_time() {
    let house = House::new().await;
    let now = house.app().now();
    assert_eq!(house.company().await, [now + AT_ONCE], "nobody is there: at once");
    assert_eq!(house.shown().await.gaps, [(now, now + DAY)]);
    house.app().add_shift(&house.leader_now().await, house.id, &House::shift(now - HOUR, 9)).await.unwrap();
    assert_eq!(house.company().await, [now + 8 * HOUR]);
    house.app().add_shift(&house.li, house.id, &House::shift(now + 8 * HOUR, 4)).await.unwrap();
    house.app().add_shift(&house.li, house.id, &House::shift(now + 14 * HOUR, 10)).await.unwrap();
    assert_eq!(house.company().await, [now + 12 * HOUR]);
    assert_eq!(house.shown().await.gaps, [(now + 12 * HOUR, now + 14 * HOUR)]);
    house.app().remove_shift(&house.director, house.id, 1).await.unwrap();
    assert_eq!(house.company().await, [now + AT_ONCE]);
    assert!(is_not_found(&house.app().remove_shift(&house.li, house.id, 1).await));
    house.set_level(Severity::High).await;
    house.app().remove_shift(&house.li, house.id, 2).await.unwrap();
    assert!(house.company().await.is_empty(), "below critical nobody needs to stay");
    assert_eq!(house.shown().await.gaps, []);
}

impl House {
    async fn leader_now(&self) -> Viewer {
        self.appoint().await;
        self.leader.clone()
    }
}

#[tokio::test]
async fn bad_shifts_items_and_members_are_refused_where_they_are_wrong() {
    let house = House::new().await;
    let now = house.app().now();
    for (shift, expected) in [
        (House::shift(now, -1), ("to", "ends-before-it-starts")),
        (House::shift(now, 25), ("to", "shift-too-long")),
        (House::shift(now - 9 * HOUR, 8), ("to", "ends-in-the-past")),
        (NewShift { who: String::new(), ..House::shift(now, 8) }, ("who", "required")),
        (NewShift { who: "名".repeat(NAME + 1), ..House::shift(now, 8) }, ("who", "too-long")),
    ] {
        assert_eq!(problem(house.app().add_shift(&house.li, house.id, &shift).await), expected);
    }
    for (item, expected) in [
        (NewItem { what: " ".to_owned(), ..house.item() }, ("what", "required")),
        (NewItem { until: date(2026, 11, 22), ..house.item() }, ("until", "ends-in-the-past")),
        (NewItem { who: PersonId(Uuid::now_v7()), ..house.item() }, ("person", "choose")),
    ] {
        assert_eq!(problem(house.app().plan(&house.li, house.id, &item).await), expected);
    }
    let stranger = Member { person: PersonId(Uuid::now_v7()), duty: TeamDuty::Other };
    assert_eq!(problem(house.app().join_team(&house.li, house.id, stranger).await), ("person", "choose"));
    assert_eq!(house.shown().await.running().unwrap().last, 0, "nothing of it was kept");
    assert_eq!(problem(house.app().open_crisis(&house.li, house.id, "又一次").await), ("reason", "crisis-already"));
}

#[tokio::test]
async fn a_member_has_one_duty_and_an_item_is_ticked_off_once() {
    let house = House::new().await;
    let join = |duty| house.app().join_team(&house.li, house.id, Member { person: house.wang.person.id, duty });
    join(TeamDuty::Company).await.unwrap();
    join(TeamDuty::Safety).await.unwrap();
    assert_eq!(
        house.shown().await.running().unwrap().team,
        [Member { person: house.wang.person.id, duty: TeamDuty::Safety }]
    );
    house.app().leave_team(&house.li, house.id, house.wang.person.id).await.unwrap();
    assert!(is_not_found(&house.app().leave_team(&house.li, house.id, house.wang.person.id).await));
    house.app().plan(&house.li, house.id, &house.item()).await.unwrap();
    house.app().plan_done(&house.li, house.id, 1, "先").await.unwrap();
    house.app().plan_done(&house.wang, house.id, 1, "后").await.unwrap();
    let done = house.shown().await.running().unwrap().plan[0].done.clone().unwrap();
    assert_eq!((done.by, done.note.as_str()), (house.li.person.id, "先"));
    assert!(is_not_found(&house.app().plan_done(&house.li, house.id, 9, "").await));
}

#[tokio::test]
async fn whoever_has_no_part_in_the_case_finds_nothing() {
    let house = House::new().await;
    for viewer in [&house.homeroom, &house.leader] {
        assert!(is_not_found(&house.app().crisis(viewer, house.id).await.map(drop)));
        assert!(is_not_found(&house.app().plan(viewer, house.id, &house.item()).await));
        assert!(is_not_found(&house.app().open_crisis(viewer, house.id, "理由").await));
        assert!(is_not_found(&house.ask(viewer).await));
        let signed = house.app().decide_crisis_closing(viewer, house.id, true, "", 1).await;
        assert!(is_not_found(&signed));
    }
    assert!(is_not_found(&house.app().open_crisis(&house.director, house.id, "理由").await));
}
