use std::collections::BTreeSet;

use jiff::civil::date;

use super::*;
use crate::domain::clock::DAY;
use crate::domain::ids::StudentId;
use crate::domain::record::Field;
use crate::domain::referral::{ANSWER_WITHIN, PacketWay, Part, RECEIPT_WITHIN};
use crate::domain::warning::Severity;
use crate::service::cases::read_step;
use crate::service::testing::School;

/// A student with a warning; a counsellor, the director, the homeroom teacher, a helper without a pairing.
struct House {
    school: School,
    li: Viewer,
    director: Viewer,
    homeroom: Viewer,
    outsider: Viewer,
    student: StudentId,
    warning: WarningId,
}

impl House {
    async fn new() -> Self {
        let mut school = School::found().await;
        let (class, key, students) = school.class(2020, 3, &["沈一诺"]).await;
        let li = school.hire("li", Role::Counsellor, None).await;
        let director = school.hire("director", Role::MoralEdDirector, None).await;
        let homeroom = school.hire("homeroom", Role::HomeroomTeacher, Some((class, &key))).await;
        let outsider = school.hire("helper", Role::Helper, None).await;
        school.fill(&homeroom, students[0], "柳溪镇河东路三号").await;
        let warning = school.warn(&li, students[0], Severity::High).await;
        Self { school, li, director, homeroom, outsider, student: students[0], warning }
    }

    fn app(&self) -> &App {
        &self.school.app
    }

    fn new_referral(&self, to: Receiver) -> NewReferral {
        NewReferral {
            id: ReferralId(Uuid::now_v7()),
            to,
            contact: "市第三医院 青少年门诊".to_owned(),
            reason: "两周睡不好".to_owned(),
            done: "谈话三次".to_owned(),
            student_knows: true,
            follower: self.li.person.id,
        }
    }

    async fn begin(&self, to: Receiver) -> ReferralId {
        let new = self.new_referral(to);
        self.app().begin_referral(&self.li, self.warning, &new).await.unwrap();
        new.id
    }

    async fn shown(&self, id: ReferralId) -> ShownReferral {
        let opened = self.app().referrals(&self.li, self.warning).await.unwrap();
        opened.referrals.into_iter().find(|shown| shown.stored.id == id).unwrap()
    }

    async fn go(&self, id: ReferralId, step: Move) -> Result<()> {
        let seen = self.shown(id).await.stored.version;
        self.app().move_referral(&self.li, id, &step, seen).await
    }

    /// When the referral is chased next.
    async fn chased(&self) -> Vec<i64> {
        let mut conn = self.app().db.read().await.unwrap();
        let (_, approach) = self.app().case_of(&mut conn, &self.li, self.warning).await.unwrap();
        let permit = self.app().policy.permit::<Read>(&approach.standing, Kind::Warning, self.student.0).unwrap();
        let keys = Keys::of(&mut conn, &self.li, &self.app().secret, self.student.0).await.unwrap();
        let mut due = Vec::new();
        for deadline in conn.deadlines_of_warning(self.warning).await.unwrap().iter().filter(|d| d.done_at.is_none()) {
            assert_eq!(read_due(&keys, &permit, deadline).unwrap().task, Task::ChaseReferral);
            due.push(deadline.due_at - self.app().now());
        }
        due
    }

    /// What the timeline says of referrals: step and act.
    async fn told(&self) -> Vec<(StepKind, String)> {
        let mut conn = self.app().db.read().await.unwrap();
        let (_, approach) = self.app().case_of(&mut conn, &self.li, self.warning).await.unwrap();
        let permit = self.app().policy.permit::<Read>(&approach.standing, Kind::Warning, self.student.0).unwrap();
        let keys = Keys::of(&mut conn, &self.li, &self.app().secret, self.student.0).await.unwrap();
        let steps = conn.steps(self.warning).await.unwrap();
        let steps = steps.iter().map(|step| read_step(&keys, &permit, step).unwrap());
        steps.filter_map(|step| Some((step.kind, step.fields.get("act")?.clone()))).collect()
    }
}

fn guardian_said(consent: Consent, note: &str) -> Move {
    let (way, at, who) = ("面谈".to_owned(), "2026-11-23T07:30".to_owned(), "母亲".to_owned());
    Move::Guardian { consent, way, at, who, note: note.to_owned() }
}

fn send(ground: Ground) -> Move {
    Move::Send { ground, how: "母亲陪同前往".to_owned() }
}

fn answer(next_call: Option<Date>) -> Move {
    Move::Answer { text: "门诊一次，建议休息".to_owned(), given: true, next_call }
}

fn assess(passed: Option<bool>, plan: &str) -> Move {
    Move::Assess { text: "见材料".to_owned(), passed, plan: plan.to_owned() }
}

fn receipt() -> Move {
    Move::Receipt { who: "导医台 电话确认".to_owned() }
}

fn problems<T: std::fmt::Debug>(answer: Result<T>) -> Vec<(&'static str, &'static str)> {
    match answer {
        Err(Error::Invalid(problems)) => problems.into_iter().map(|p| (p.field, p.code)).collect(),
        other => panic!("expected problems, got {other:?}"),
    }
}

#[tokio::test]
async fn a_referral_goes_to_the_hospital_and_comes_back_to_school() {
    let house = House::new().await;
    let id = house.begin(Receiver::Hospital).await;
    house.go(id, Move::Talk).await.unwrap();
    house.go(id, guardian_said(Consent::Given, "愿意去")).await.unwrap();
    house.go(id, send(Ground::Consent)).await.unwrap();
    house.go(id, receipt()).await.unwrap();
    house.go(id, answer(None)).await.unwrap();
    house.go(id, Move::Return).await.unwrap();
    assert_eq!(
        problems(house.go(id, Move::End { outcome: "回来了".to_owned() }).await),
        [("move", "move-does-not-follow")]
    );
    for _ in 0..3 {
        house.go(id, assess(None, "")).await.unwrap();
    }
    assert_eq!(problems(house.go(id, assess(None, "")).await), [("passed", "choose"), ("plan", "required")]);
    house.go(id, assess(Some(true), "每周谈一次，免早操")).await.unwrap();
    house.go(id, assess(None, "")).await.unwrap();
    assert_eq!(problems(house.go(id, assess(None, "")).await), [("move", "move-does-not-follow")]);
    house.go(id, Move::End { outcome: "已返校，情况平稳".to_owned() }).await.unwrap();
    let shown = house.shown(id).await;
    assert_eq!((shown.stored.stage, shown.referral.outcome.as_str()), (ReferralStage::Ended, "已返校，情况平稳"));
    assert!(house.chased().await.is_empty(), "what has ended is chased no more");
    let acts: Vec<String> = house.told().await.into_iter().map(|(_, act)| act).collect();
    let expected = [
        "proposed",
        "talking",
        "consented",
        "sent",
        "received",
        "answered",
        "returning",
        "submitted",
        "reviewed",
        "assessed",
        "decided",
        "followed",
        "ended",
    ];
    assert_eq!(acts, expected);
}

#[tokio::test]
async fn who_is_not_ready_yet_goes_on_outside_and_tries_again() {
    let house = House::new().await;
    let id = house.begin(Receiver::Hospital).await;
    for step in
        [Move::Talk, guardian_said(Consent::Given, ""), send(Ground::Consent), receipt(), answer(None), Move::Return]
    {
        house.go(id, step).await.unwrap();
    }
    for _ in 0..3 {
        house.go(id, assess(None, "")).await.unwrap();
    }
    house.go(id, assess(Some(false), "继续治疗，每两周联系一次")).await.unwrap();
    assert_eq!(problems(house.go(id, assess(None, "")).await), [("move", "move-does-not-follow")]);
    assert!(house.go(id, Move::End { outcome: "结束".to_owned() }).await.is_err(), "not back, so not over");
    house.go(id, Move::Back).await.unwrap();
    house.go(id, Move::Return).await.unwrap();
    let shown = house.shown(id).await;
    let rounds: Vec<usize> = shown.referral.returns.iter().map(Vec::len).collect();
    assert_eq!((shown.stored.stage, rounds), (ReferralStage::Returning, vec![4, 0]));
}

#[tokio::test]
async fn a_refusal_is_kept_and_says_what_the_school_does_instead() {
    let house = House::new().await;
    let id = house.begin(Receiver::Hospital).await;
    house.go(id, Move::Talk).await.unwrap();
    assert_eq!(problems(house.go(id, guardian_said(Consent::Refused, " ")).await), [("note", "required")]);
    house.go(id, guardian_said(Consent::Refused, "校内每周谈两次")).await.unwrap();
    assert_eq!(house.shown(id).await.stored.stage, ReferralStage::Refused);
    assert_eq!(house.chased().await, [ANSWER_WITHIN]);
    assert_eq!(problems(house.go(id, send(Ground::Consent)).await), [("ground", "ground-does-not-hold")]);
    assert_eq!(problems(house.go(id, send(Ground::Duty)).await), [("ground", "ground-does-not-hold")]);
    house.go(id, Move::Talk).await.unwrap();
    house.go(id, guardian_said(Consent::Given, "再谈后同意")).await.unwrap();
    let said: Vec<Consent> = house.shown(id).await.referral.guardian.iter().map(|said| said.consent).collect();
    assert_eq!(said, [Consent::Refused, Consent::Given]);
}

#[tokio::test]
async fn in_an_emergency_or_by_duty_nothing_waits_for_a_signature_but_the_ground_is_written_down() {
    let house = House::new().await;
    let emergency = house.begin(Receiver::Hospital).await;
    assert_eq!(
        problems(house.go(emergency, Move::Send { ground: Ground::Emergency, how: String::new() }).await),
        [("how", "required")]
    );
    house.go(emergency, send(Ground::Emergency)).await.unwrap();
    assert_eq!(house.shown(emergency).await.referral.ground, Some(Ground::Emergency));
    let duty = house.begin(Receiver::Police).await;
    house.go(duty, send(Ground::Duty)).await.unwrap();
    assert_eq!(house.shown(duty).await.stored.stage, ReferralStage::Sent);
}

#[tokio::test]
async fn without_receipt_answer_or_call_a_referral_is_chased_and_each_by_itself() {
    let house = House::new().await;
    let id = house.begin(Receiver::District).await;
    assert_eq!(house.chased().await, [RECEIPT_WITHIN]);
    for step in [Move::Talk, guardian_said(Consent::Given, ""), send(Ground::Consent)] {
        house.go(id, step).await.unwrap();
        assert_eq!(house.chased().await, [RECEIPT_WITHIN]);
    }
    house.app().clock.advance(DAY);
    house.go(id, receipt()).await.unwrap();
    assert_eq!(house.chased().await, [ANSWER_WITHIN]);
    let other = house.begin(Receiver::SocialWork).await;
    assert_eq!(house.chased().await, [RECEIPT_WITHIN, ANSWER_WITHIN], "one does not stand for the other");
    house.go(other, Move::End { outcome: "不需要了".to_owned() }).await.unwrap();
    // The clock stands at 8 in the morning of the 24th: the call is due at 6 in the evening of the 30th.
    house.go(id, answer(Some(date(2026, 11, 30)))).await.unwrap();
    assert_eq!(house.chased().await, [6 * DAY + 10 * crate::domain::clock::HOUR]);
    house.go(id, answer(None)).await.unwrap();
    assert_eq!(house.chased().await, [ANSWER_WITHIN], "an answer without a next call is followed up all the same");
}

#[tokio::test]
async fn two_people_who_move_a_referral_at_once_do_not_overwrite_each_other() {
    let house = House::new().await;
    let id = house.begin(Receiver::Hospital).await;
    let seen = house.shown(id).await.stored.version;
    house.app().move_referral(&house.li, id, &Move::Talk, seen).await.unwrap();
    let second = house.app().move_referral(&house.director, id, &send(Ground::Emergency), seen).await;
    assert!(matches!(second, Err(Error::Stale(_))), "{second:?}");
    assert_eq!(house.shown(id).await.stored.stage, ReferralStage::Talking);
}

#[tokio::test]
async fn a_form_sent_twice_begins_one_referral_and_a_bad_one_says_what_is_wrong() {
    let house = House::new().await;
    let new = house.new_referral(Receiver::Hospital);
    for _ in 0..2 {
        house.app().begin_referral(&house.li, house.warning, &new).await.unwrap();
    }
    assert_eq!(house.app().referrals(&house.li, house.warning).await.unwrap().referrals.len(), 1);
    let bad = NewReferral {
        id: ReferralId(Uuid::now_v7()),
        contact: " ".to_owned(),
        reason: "长".repeat(TEXT + 1),
        ..house.new_referral(Receiver::Hospital)
    };
    let answer = house.app().begin_referral(&house.li, house.warning, &bad).await;
    assert_eq!(problems(answer), [("contact", "required"), ("reason", "too-long")]);
    let nobody = NewReferral { follower: PersonId(Uuid::now_v7()), ..house.new_referral(Receiver::Hospital) };
    assert_eq!(problems(house.app().begin_referral(&house.li, house.warning, &nobody).await), [("follower", "choose")]);
}

#[tokio::test]
async fn a_packet_holds_what_was_ticked_and_nothing_else() {
    let house = House::new().await;
    let id = house.begin(Receiver::Hospital).await;
    let form = house.app().packet_form(&house.li, id).await.unwrap();
    let offered: BTreeSet<Part> = form.parts.iter().map(|offered| offered.part).collect();
    for part in [Part::Name, Part::Reason, Part::Done, Part::Level, Part::Of(Field::Address), Part::Of(Field::Needs)] {
        assert!(offered.contains(&part), "{}", part.as_str());
    }
    assert!(!offered.contains(&Part::Of(Field::Telephone)), "what is empty is not offered");
    let new = NewPacket {
        parts: [Part::Reason, Part::Of(Field::Address), Part::Of(Field::Telephone)].into(),
        way: PacketWay::Print,
        to: "市第三医院".to_owned(),
        key: String::new(),
        passphrase: String::new(),
        ground: Ground::Consent,
    };
    assert_eq!(problems(house.app().check_packet(&house.li, id, &new).await), [("ground", "ground-does-not-hold")]);
    house.go(id, Move::Talk).await.unwrap();
    house.go(id, guardian_said(Consent::Given, "")).await.unwrap();
    let say = |parts: &[OfferedPart]| parts.iter().map(|offered| offered.part.as_str()).collect::<Vec<_>>().join(" ");
    let made = house.app().make_packet(&house.li, id, &new, say).await.unwrap();
    assert_eq!((say(&made.parts).as_str(), made.file), ("p-reason address", None));
    let kept = &house.shown(id).await.referral.packets;
    assert_eq!((kept.len(), kept[0].parts.len(), kept[0].to.as_str()), (1, 2, "市第三医院"));
    for (bad, expected) in [
        (NewPacket { parts: BTreeSet::new(), ..new.clone() }, vec![("parts", "choose")]),
        (NewPacket { to: String::new(), ..new.clone() }, vec![("to", "required")]),
        (
            NewPacket { way: PacketWay::Key, key: "age1x".to_owned(), ..new.clone() },
            vec![("key", "public-key-invalid")],
        ),
        (
            NewPacket { way: PacketWay::Passphrase, passphrase: "123".to_owned(), ..new.clone() },
            vec![("way", "passphrase-gone")],
        ),
    ] {
        assert_eq!(problems(house.app().make_packet(&house.li, id, &bad, say).await), expected);
    }
}

#[tokio::test]
async fn what_a_person_may_not_read_cannot_be_put_in_a_packet() {
    let house = House::new().await;
    let id = house.begin(Receiver::Hospital).await;
    let form = house.app().packet_form(&house.director, id).await.unwrap();
    let offered: BTreeSet<Part> = form.parts.iter().map(|offered| offered.part).collect();
    assert!(offered.contains(&Part::Of(Field::Needs)));
    assert!(!offered.contains(&Part::Of(Field::Address)), "the director holds no key of contact");
}

#[tokio::test]
async fn whoever_has_no_part_in_the_case_finds_no_referral() {
    let house = House::new().await;
    let id = house.begin(Receiver::Hospital).await;
    let not_found = |answer: Result<()>| assert!(matches!(answer, Err(Error::NotFound)), "{answer:?}");
    for viewer in [&house.homeroom, &house.outsider] {
        not_found(house.app().referrals(viewer, house.warning).await.map(drop));
        not_found(house.app().begin_referral(viewer, house.warning, &house.new_referral(Receiver::Police)).await);
        not_found(house.app().move_referral(viewer, id, &Move::Talk, 1).await);
        not_found(house.app().packet_form(viewer, id).await.map(drop));
    }
    not_found(house.app().move_referral(&house.li, ReferralId(Uuid::now_v7()), &Move::Talk, 1).await);
}
