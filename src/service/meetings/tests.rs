use jiff::civil::date;
use secrecy::SecretString;

use super::*;
use crate::domain::clock::DAY;
use crate::domain::relation::Duty;
use crate::domain::words::OfficeKind;
use crate::service::testing::{PASSWORD, School};
use crate::vault::OfficeKey;

/// A school with a meeting whose texts lie at two schools and the district.
struct Case {
    school: School,
    director: Viewer,
    officer: Viewer,
    partner: Viewer,
    meeting: MeetingId,
}

async fn hire(school: &mut School, at: SchoolId, role: Role, login: &str, office: Option<&OfficeKey>) -> Viewer {
    let duty = Duty { role, school: at, class: None };
    let offices: Vec<&OfficeKey> = office.into_iter().collect();
    let password = SecretString::from(PASSWORD);
    school.app.found_person(at, login, login, password, &[duty], &offices).await.unwrap();
    school.sign_in(login).await
}

impl Case {
    async fn new() -> Self {
        let mut school = School::found().await;
        let other = school.app.found_school("河湾镇中心小学").await.unwrap();
        let district = school.app.found_district("柳溪县教育局").await.unwrap();
        let own = school.founded.id;
        let director = school.hire("wang", Role::MoralEdDirector, None).await;
        let partner = hire(&mut school, other.id, Role::MoralEdDirector, "lin", Some(&other.moral_ed)).await;
        let officer = hire(&mut school, district.id, Role::DistrictOfficer, "zhou", Some(&district.office)).await;
        let new = NewJointMeeting {
            form: fresh_form(),
            half: HalfYear::of(school.app.clock.today()),
            day: date(2026, 11, 30),
            schools: vec![other.id, own],
            agenda: "交流".to_owned(),
        };
        let meeting = school.app.call_meeting(&director, &new).await.unwrap();
        assert_eq!(school.app.call_meeting(&director, &new).await.unwrap(), meeting, "a form sent twice calls one");
        Self { school, director, officer, partner, meeting }
    }

    async fn agenda(&self, viewer: &Viewer) -> Option<String> {
        self.school.app.open_meeting(viewer, self.meeting).await.unwrap().agenda.unwrap().text
    }

    async fn office(&self, at: SchoolId, kind: OfficeKind) -> crate::domain::ids::OfficeId {
        let mut conn = self.school.app.db.read().await.unwrap();
        conn.offices(at).await.unwrap().into_iter().find(|office| office.kind == kind).unwrap().id
    }
}

#[tokio::test]
async fn what_was_written_stays_readable_when_an_office_gets_its_next_key() {
    let mut case = Case::new().await;
    let own = case.school.founded.id;
    let counsellor = case.school.hire("li", Role::Counsellor, None).await;
    let office = case.office(own, OfficeKind::MoralEd).await;
    case.school.app.rotate_office(&counsellor, office).await.unwrap();
    let director = case.school.sign_in("wang").await;
    assert_eq!(case.agenda(&director).await.as_deref(), Some("交流"));
    assert_eq!(director.ring.offices[0].epoch, 2);
    // The counsellor rotated it and still reads no page of it.
    assert!(matches!(case.school.app.open_meeting(&counsellor, case.meeting).await, Err(Error::NotFound)));
    assert!(matches!(case.school.app.meetings(&counsellor).await, Err(Error::NotFound)));

    let district = case.officer.person.school_id;
    let office = case.office(district, OfficeKind::District).await;
    case.school.app.rotate_office(&case.officer, office).await.unwrap();
    let officer = case.school.sign_in("zhou").await;
    assert_eq!(case.agenda(&officer).await.as_deref(), Some("交流"));
    assert_eq!(case.agenda(&case.partner).await.as_deref(), Some("交流"));
}

#[tokio::test]
async fn officers_let_each_other_in_and_are_handed_nothing_of_a_school() {
    let mut case = Case::new().await;
    let district = case.officer.person.school_id;
    let second = hire(&mut case.school, district, Role::DistrictOfficer, "he", None).await;
    assert_eq!(case.agenda(&second).await, None, "not let in yet");
    let offices = case.school.app.offices(&case.officer).await.unwrap();
    assert_eq!((offices.waiting.len(), offices.offices.len(), offices.keys_due), (1, 1, 0));
    let waiting = &offices.waiting[0];
    let app = &case.school.app;
    app.admit(&case.officer, waiting.office.id, second.person.id, &waiting.fingerprint).await.unwrap();
    let second = case.school.sign_in("he").await;
    assert_eq!(case.agenda(&second).await.as_deref(), Some("交流"));
    assert_eq!(case.school.app.key_check(district).await.unwrap(), vec![]);
    assert!(matches!(case.school.app.classes(&second).await, Err(Error::NotFound)));
}

#[tokio::test]
async fn only_who_called_a_meeting_leads_it_and_there_is_one_for_each_half_year() {
    let case = Case::new().await;
    let app = &case.school.app;
    for other in [&case.partner, &case.officer] {
        let written = app.write_minutes(other, case.meeting, date(2026, 11, 23), "纪要", 0).await;
        assert!(matches!(written, Err(Error::NotFound)));
        assert!(matches!(app.share_meeting(other, case.meeting).await, Err(Error::NotFound)));
    }
    let future = app.write_minutes(&case.director, case.meeting, date(2026, 11, 24), "纪要", 0).await;
    assert!(matches!(future, Err(Error::Invalid(problems)) if problems[0].field == "day"));
    let again = NewJointMeeting {
        form: fresh_form(),
        half: HalfYear::of(app.clock.today()),
        day: date(2026, 12, 1),
        schools: vec![case.partner.person.school_id],
        agenda: "又一次".to_owned(),
    };
    let again = app.call_meeting(&case.director, &again).await;
    assert!(matches!(again, Err(Error::Invalid(problems)) if problems[0].code == "meeting-exists"));
}

#[tokio::test]
async fn who_has_to_do_a_decision_is_reminded_once_when_its_day_is_over() {
    let case = Case::new().await;
    let app = &case.school.app;
    let (school, owner) = (case.partner.person.school_id, Role::MoralEdDirector);
    let form = fresh_form();
    let new = NewDecision { form, school, owner, due: date(2026, 11, 25), text: "交换家访提纲".to_owned() };
    let decision = app.decide_jointly(&case.director, case.meeting, &new).await.unwrap();
    assert_eq!(app.decide_jointly(&case.director, case.meeting, &new).await.unwrap(), decision);
    let before = app.notices(&case.partner).await.unwrap().len();
    assert_eq!(app.remind_of_the_county().await.unwrap(), 0);
    app.clock.advance(3 * DAY);
    assert_eq!(app.remind_of_the_county().await.unwrap(), 1);
    assert_eq!(app.remind_of_the_county().await.unwrap(), 0);
    let notices = app.notices(&case.partner).await.unwrap();
    assert_eq!(notices.len(), before + 1);
    assert_eq!(notices[0].place, format!("/meetings/{}", case.meeting));
    let elsewhere = app.move_decision(&case.officer, case.meeting, decision, DecisionState::Done, 1).await;
    assert!(matches!(elsewhere, Err(Error::NotFound)), "it is not the district's to do");
    app.move_decision(&case.partner, case.meeting, decision, DecisionState::Done, 1).await.unwrap();
    let late = app.move_decision(&case.partner, case.meeting, decision, DecisionState::Open, 1).await;
    assert!(matches!(late, Err(Error::Stale(_))));
}
