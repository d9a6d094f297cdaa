use super::*;
use crate::domain::words::OfficeKind;
use crate::service::Viewer;
use crate::service::testing::School;

/// A school whose box is open, with a counsellor; the code of the box.
async fn school() -> (School, Viewer, String) {
    let mut school = School::found().await;
    let li = school.hire("li", Role::Counsellor, None).await;
    let admin = school.hire("admin", Role::SysAdmin, None).await;
    school.app.set_help_box(&admin, true).await.unwrap();
    let code = school.app.own_help_box(&admin).await.unwrap().unwrap().code;
    (school, li, code)
}

fn says(text: &str) -> HelpMessage {
    HelpMessage { text: text.to_owned(), ..HelpMessage::default() }
}

/// Shows a form, waits as a person does, and sends it. Gives the phrase.
async fn write(app: &App, code: &str, message: &HelpMessage) -> Result<String> {
    let form = app.help_form(code, true).await?;
    app.clock.advance(SOONEST);
    app.ask_for_help(code, &form, message).await?;
    Ok(form.phrase)
}

async fn only(app: &App, li: &Viewer, state: HelpState) -> Exchange {
    let mut all = app.exchanges(li, state).await.unwrap();
    assert_eq!(all.len(), 1, "{state}");
    all.remove(0)
}

fn answer(text: &str, asks_who: bool) -> HelpMessage {
    HelpMessage { asks_who, ..says(text) }
}

fn problem(result: Result<impl std::fmt::Debug>) -> &'static str {
    match result {
        Err(Error::Invalid(problems)) => problems[0].code,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_letter_without_a_name_is_answered_and_the_answer_read_with_the_phrase() {
    let (school, li, code) = school().await;
    let app = &school.app;
    let phrase = write(app, &code, &says("最近总睡不着")).await.unwrap();
    let waiting = only(app, &li, HelpState::Waiting).await;
    assert!(app.look_for_answer(&code, &phrase).await.unwrap().unwrap().answers.is_empty());

    let opened = app.open_help(&li, waiting.id).await.unwrap();
    assert_eq!(opened.messages[0].message, says("最近总睡不着"));
    assert_eq!((opened.messages[0].from, opened.messages[0].at), (None, hour(app.now())));
    let form = LetterId(fresh());
    app.answer_help(&li, waiting.id, form, waiting.version, &answer("愿意聊聊吗", true)).await.unwrap();

    let answers = app.look_for_answer(&code.to_lowercase(), &phrase.replace(' ', "，")).await.unwrap().unwrap();
    assert_eq!(answers.answers.iter().map(|(_, m)| m.text.as_str()).collect::<Vec<_>>(), ["愿意聊聊吗"]);
    assert!(answers.asks_who());
    let opened = app.open_help(&li, waiting.id).await.unwrap();
    assert_eq!(opened.messages[1].from, Some(li.person.id), "the office keeps what it answered");
    only(app, &li, HelpState::Answered).await;
}

#[tokio::test]
async fn a_wrong_phrase_and_no_phrase_find_the_same_nothing() {
    let (school, _, code) = school().await;
    let app = &school.app;
    let phrase = write(app, &code, &says("x")).await.unwrap();
    let mut words: Vec<&str> = phrase.split(' ').collect();
    words.reverse();
    for wrong in [words.join(" ").as_str(), "", "not a phrase", "太阳 小河 苹果 老虎 书包 春天 希望"] {
        assert!(app.look_for_answer(&code, wrong).await.unwrap().is_none(), "{wrong}");
    }
    assert!(matches!(app.look_for_answer("ABCDEF", &phrase).await, Err(Error::NotFound)));
}

#[tokio::test]
async fn a_form_sent_twice_is_one_letter_with_one_phrase() {
    let (school, li, code) = school().await;
    let app = &school.app;
    let form = app.help_form(&code, true).await.unwrap();
    app.clock.advance(SOONEST);
    for _ in 0..2 {
        app.ask_for_help(&code, &form, &says("x")).await.unwrap();
    }
    only(app, &li, HelpState::Waiting).await;
    assert!(app.look_for_answer(&code, &form.phrase).await.unwrap().is_some());
}

#[tokio::test]
async fn a_form_that_is_too_young_too_old_or_not_ours_is_not_taken() {
    let (school, li, code) = school().await;
    let app = &school.app;
    let form = app.help_form(&code, true).await.unwrap();
    app.clock.advance(SOONEST - 1);
    assert_eq!(problem(app.ask_for_help(&code, &form, &says("x")).await), "help-too-soon");
    let other = app.help_form(&code, true).await.unwrap();
    app.clock.advance(LATEST - SOONEST + 1);
    let chosen = HelpForm { phrase: other.phrase, ..form.clone() };
    assert_eq!(problem(app.ask_for_help(&code, &chosen, &says("x")).await), "help-form-old", "a phrase of their own");
    for ticket in ["", "0.0.0", "x.y.z", &form.ticket[1..], &form.ticket.replace('.', ",")] {
        let forged = HelpForm { ticket: ticket.to_owned(), ..form.clone() };
        assert_eq!(problem(app.ask_for_help(&code, &forged, &says("x")).await), "help-form-old", "{ticket}");
    }
    assert_eq!(problem(app.ask_for_help(&code, &form, &says(" \n")).await), "required");
    assert_eq!(problem(app.ask_for_help(&code, &form, &says(&"长".repeat(HELP_TEXT + 1))).await), "too-long");
    assert!(app.ask_for_help(&code, &form, &says(&"长".repeat(HELP_TEXT))).await.is_ok(), "at the last moment");
    app.clock.advance(1);
    let late = HelpForm { ticket: form.ticket.clone(), phrase: form.phrase.clone() };
    assert_eq!(problem(app.ask_for_help(&code, &late, &says("x")).await), "help-form-old");
    only(app, &li, HelpState::Waiting).await;
}

#[tokio::test]
async fn a_full_box_says_so_and_takes_letters_again_in_the_next_window() {
    let (school, li, code) = school().await;
    let app = &school.app;
    let form = app.help_form(&code, true).await.unwrap();
    app.clock.advance(SOONEST);
    let permit = app.help_permit(li.person.school_id).await.unwrap();
    for _ in 0..LETTERS {
        app.take_turn(&permit, HelpTurn::Letter).await.unwrap();
    }
    let full = app.ask_for_help(&code, &form, &says("x")).await;
    assert!(matches!(full, Err(Error::TooMany { retry: 1..=600 })), "{full:?}");
    assert!(app.look_for_answer(&code, &form.phrase).await.unwrap().is_none(), "who looks has turns of their own");
    app.clock.advance(WINDOW);
    app.ask_for_help(&code, &form, &says("x")).await.unwrap();
    for _ in 0..LOOKS {
        app.take_turn(&permit, HelpTurn::Look).await.unwrap();
    }
    assert!(matches!(app.look_for_answer(&code, &form.phrase).await, Err(Error::TooMany { .. })));
}

#[tokio::test]
async fn an_exchange_goes_on_and_an_answer_to_what_changed_meanwhile_comes_back() {
    let (school, li, code) = school().await;
    let app = &school.app;
    let phrase = write(app, &code, &says("一")).await.unwrap();
    let first = only(app, &li, HelpState::Waiting).await;
    let form = app.help_form(&code, false).await.unwrap();
    app.clock.advance(SOONEST);
    for _ in 0..2 {
        assert!(app.write_again(&code, &phrase, &form.ticket, &says("二")).await.unwrap());
    }
    let late = app.answer_help(&li, first.id, LetterId(fresh()), first.version, &answer("好", false)).await;
    assert!(matches!(late, Err(Error::Stale(_))), "{late:?}");
    let now = only(app, &li, HelpState::Waiting).await;
    assert_eq!(now.due_at, first.due_at, "a second message does not put off the answer to the first");
    let opened = app.open_help(&li, first.id).await.unwrap();
    assert_eq!(opened.messages.iter().map(|m| m.message.text.as_str()).collect::<Vec<_>>(), ["一", "二"]);

    app.close_help(&li, first.id, now.version).await.unwrap();
    assert_eq!(only(app, &li, HelpState::Closed).await.next_at, None);
    app.clock.advance(2 * DAY);
    let form = app.help_form(&code, false).await.unwrap();
    app.clock.advance(SOONEST);
    assert!(app.write_again(&code, &phrase, &form.ticket, &says("三")).await.unwrap());
    let again = only(app, &li, HelpState::Waiting).await;
    assert!(again.due_at > app.now() && again.next_at == Some(again.due_at));
    let unknown = app.write_again(&code, "nothing", &form.ticket, &says("三")).await.unwrap();
    assert!(!unknown);
}

#[tokio::test]
async fn what_is_not_answered_in_time_is_passed_on_step_by_step_and_says_nothing() {
    let (mut school, li, code) = school().await;
    let director = school.hire("director", Role::MoralEdDirector, None).await;
    let leader = school.hire("leader", Role::SchoolLeader, None).await;
    let app = &school.app;
    let danger = HelpMessage { danger: true, ..says("x") };
    write(app, &code, &danger).await.unwrap();
    let notices = async |person: PersonId| {
        let all = app.db.read().await.unwrap().notices(person, 50).await.unwrap();
        all.into_iter().map(|notice| notice.place).collect::<Vec<_>>()
    };
    assert_eq!(notices(li.person.id).await, ["/box"]);
    assert_eq!(app.pass_on_help().await.unwrap(), 0, "not before it is due");
    for (person, place) in [(&li, "/box"), (&director, "/notices"), (&leader, "/notices")] {
        let before = notices(person.person.id).await.len();
        app.clock.advance(DANGER);
        assert_eq!(app.pass_on_help().await.unwrap(), 1);
        assert_eq!(app.pass_on_help().await.unwrap(), 0, "once");
        let now = notices(person.person.id).await;
        assert_eq!((now.len(), now[0].as_str()), (before + 1, place));
    }
    app.clock.advance(9 * DAY);
    assert_eq!(app.pass_on_help().await.unwrap(), 0, "there is nobody after the leader");

    write(app, &code, &says("y")).await.unwrap();
    let waiting = app.exchanges(&li, HelpState::Waiting).await.unwrap().remove(1);
    assert!(waiting.due_at <= hour(app.now()) + AT_LATEST);
    app.answer_help(&li, waiting.id, LetterId(fresh()), 1, &answer("好", false)).await.unwrap();
    app.clock.advance(9 * DAY);
    assert_eq!(app.pass_on_help().await.unwrap(), 0, "what was answered waits for nobody");
}

#[tokio::test]
async fn a_step_that_nobody_holds_is_left_out_at_once() {
    let (mut school, _, code) = school().await;
    let leader = school.hire("leader", Role::SchoolLeader, None).await;
    let app = &school.app;
    write(app, &code, &HelpMessage { danger: true, ..says("x") }).await.unwrap();
    for _ in 0..2 {
        app.clock.advance(DANGER);
        app.pass_on_help().await.unwrap();
    }
    assert_eq!(app.pass_on_help().await.unwrap(), 1, "no director: the leader next");
    assert_eq!(app.db.read().await.unwrap().unseen_notices(leader.person.id).await.unwrap(), 1);
}

#[tokio::test]
async fn nobody_but_a_counsellor_of_the_school_opens_a_letter() {
    let (mut school, li, code) = school().await;
    write(&school.app, &code, &says("x")).await.unwrap();
    let id = only(&school.app, &li, HelpState::Waiting).await.id;
    for role in [Role::MoralEdDirector, Role::SchoolLeader, Role::SysAdmin, Role::PrivacyOfficer, Role::Helper] {
        let other = school.hire(role.as_str(), role, None).await;
        assert!(matches!(school.app.open_help(&other, id).await, Err(Error::NotFound)), "{role}");
        let answered = school.app.answer_help(&other, id, LetterId(fresh()), 1, &says("x")).await;
        assert!(matches!(answered, Err(Error::NotFound)), "{role}");
        assert!(matches!(school.app.pass_to_warnings(&other, id, LetterId(fresh()), "x").await, Err(Error::NotFound)));
    }
    let neighbour = school.app.found_school("河湾镇中心小学").await.unwrap();
    school.founded = neighbour;
    let stranger = school.hire("stranger", Role::Counsellor, None).await;
    assert!(matches!(school.app.open_help(&stranger, id).await, Err(Error::NotFound)));
    assert!(school.app.exchanges(&stranger, HelpState::Waiting).await.unwrap().is_empty());
}

#[tokio::test]
async fn letters_and_answers_outlive_a_change_of_the_offices_key() {
    let (mut school, li, code) = school().await;
    let phrase = write(&school.app, &code, &says("最近总睡不着")).await.unwrap();
    let waiting = only(&school.app, &li, HelpState::Waiting).await;
    school.app.answer_help(&li, waiting.id, LetterId(fresh()), 1, &answer("周四见", false)).await.unwrap();
    let offices = school.app.db.read().await.unwrap().offices(li.person.school_id).await.unwrap();
    let office = offices.iter().find(|office| office.kind == OfficeKind::Counselling).unwrap();
    school.app.rotate_office(&li, office.id).await.unwrap();
    let li = school.sign_in("li").await;
    let opened = school.app.open_help(&li, waiting.id).await.unwrap();
    assert_eq!(opened.messages.iter().map(|m| m.message.text.as_str()).collect::<Vec<_>>(), ["最近总睡不着", "周四见"]);
    let answers = school.app.look_for_answer(&code, &phrase).await.unwrap().unwrap();
    assert_eq!(answers.answers[0].1.text, "周四见");
    let app = &school.app;
    write(app, &code, &says("换钥匙以后")).await.unwrap();
    assert_eq!(app.exchanges(&li, HelpState::Waiting).await.unwrap().len(), 1);
}

#[tokio::test]
async fn what_a_counsellor_passes_on_lies_in_the_inbox_of_the_warnings_once() {
    use crate::domain::warning::{Rule, Signal};
    let (school, li, code) = school().await;
    let app = &school.app;
    write(app, &code, &says("x")).await.unwrap();
    let id = only(app, &li, HelpState::Waiting).await.id;
    let form = LetterId(fresh());
    for _ in 0..2 {
        app.pass_to_warnings(&li, id, form, "来信说连续两周失眠").await.unwrap();
    }
    let office = li.ring.offices[0].office.0;
    let inbox = app.db.read().await.unwrap().letters_to(office, LetterState::Sent, 9).await.unwrap();
    assert_eq!(inbox.iter().map(|letter| letter.id).collect::<Vec<_>>(), [form], "and no letter of the box is there");
    let signal: Signal = app.read_letter(&li, &li.at_school(), &inbox[0]).unwrap();
    assert_eq!((signal.rule, signal.facts.as_str()), (Rule::AskedForHelp, "来信说连续两周失眠"));
    assert_eq!(problem(app.pass_to_warnings(&li, id, LetterId(fresh()), " ").await), "required");
}

#[tokio::test]
async fn a_box_opens_only_where_somebody_can_read_and_a_closed_one_takes_nothing() {
    let mut school = School::found().await;
    let admin = school.hire("admin", Role::SysAdmin, None).await;
    assert_eq!(problem(school.app.set_help_box(&admin, true).await), "help-nobody-reads");
    let li = school.hire("li", Role::Counsellor, None).await;
    assert!(matches!(school.app.set_help_box(&li, true).await, Err(Error::NotFound)));
    school.app.set_help_box(&admin, true).await.unwrap();
    let code = school.app.own_help_box(&admin).await.unwrap().unwrap().code;
    assert_eq!(school.app.help_box(&format!(" {} ", code.to_lowercase())).await.unwrap().school, "柳溪镇初级中学");
    let phrase = write(&school.app, &code, &says("x")).await.unwrap();
    school.app.set_help_box(&admin, false).await.unwrap();
    assert!(matches!(school.app.help_box(&code).await, Err(Error::NotFound)));
    assert!(matches!(write(&school.app, &code, &says("x")).await, Err(Error::NotFound)));
    school.app.set_help_box(&admin, true).await.unwrap();
    assert_eq!(school.app.own_help_box(&admin).await.unwrap().unwrap().code, code, "posters stay true");
    assert!(school.app.look_for_answer(&code, &phrase).await.unwrap().is_some(), "and phrases");
}
