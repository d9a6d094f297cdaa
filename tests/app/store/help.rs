//! The help-seeking box: what the store keeps of people who are not known.

use uuid::Uuid;
use yice::domain::help::HelpState;
use yice::domain::ids::{ExchangeId, LetterId, PersonId};
use yice::domain::warning::{LetterKind, LetterState};
use yice::domain::words::{Kind, Relation, Role};
use yice::policy::{Permit, Report};
use yice::store::{Error, Exchange, HelpBox, HelpLine, HelpTurn, Letter};

use crate::support::both_backends;
use crate::support::cluster::Engine;
use crate::support::house::{House, NOW, permit};

both_backends!(
    a_box_keeps_its_code_and_salt_when_it_is_closed_and_opened,
    a_school_has_so_many_turns_in_a_window_and_no_more,
    an_exchange_is_found_by_its_phrase_and_moves_for_who_saw_it_last,
    what_nobody_answered_is_passed_on_once,
    messages_stand_in_their_order_and_no_two_in_one_place,
    an_office_is_held_only_under_the_key_it_has,
);

async fn outside(house: &House) -> Permit<Report> {
    let pair = (Role::SysAdmin, Relation::SameSchool);
    permit(PersonId(Uuid::nil()), house.school, pair, Kind::Box, house.school.0).await
}

fn a_box(house: &House, code: &str) -> HelpBox {
    let costs = "m=64,t=1,p=1".to_owned();
    HelpBox { school_id: house.school, code: code.to_owned(), is_open: true, salt: vec![1; 16], costs }
}

fn exchange(house: &House, mac: u8, asked_at: i64) -> Exchange {
    Exchange {
        id: ExchangeId(Uuid::new_v4()),
        school_id: house.school,
        phrase_mac: vec![mac; 32],
        recipient: "age1x".to_owned(),
        recipient_mac: vec![2],
        state: HelpState::Waiting,
        asked_at,
        due_at: asked_at + 10,
        next_at: Some(asked_at + 10),
        rung: 0,
        version: 1,
    }
}

async fn a_box_keeps_its_code_and_salt_when_it_is_closed_and_opened(engine: Engine) {
    let house = House::new(engine).await;
    let manage = house.manage(Kind::Box).await;
    let first = a_box(&house, "ABC234");
    let mut tx = house.begin().await;
    assert_eq!(tx.help_box(house.school).await.unwrap(), None);
    tx.put_help_box(&manage, &first).await.unwrap();
    let other = HelpBox { is_open: false, salt: vec![9], costs: "other".to_owned(), ..a_box(&house, "OTHER2") };
    tx.put_help_box(&manage, &other).await.unwrap();
    let closed = HelpBox { is_open: false, ..first };
    assert_eq!(tx.help_box(house.school).await.unwrap(), Some(closed.clone()));
    assert_eq!(tx.help_box_by_code("ABC234").await.unwrap(), Some(closed));
    assert_eq!(tx.help_box_by_code("OTHER2").await.unwrap(), None);
}

async fn a_school_has_so_many_turns_in_a_window_and_no_more(engine: Engine) {
    let house = House::new(engine).await;
    let (manage, outside) = (house.manage(Kind::Box).await, outside(&house).await);
    let mut tx = house.begin().await;
    assert!(!tx.take_help_turn(&outside, HelpTurn::Letter, 7, 2).await.unwrap(), "no box, no turn");
    tx.put_help_box(&manage, &a_box(&house, "ABC234")).await.unwrap();
    for (turn, window, taken) in [
        (HelpTurn::Letter, 7, true),
        (HelpTurn::Letter, 7, true),
        (HelpTurn::Letter, 7, false),
        (HelpTurn::Look, 7, true),
        (HelpTurn::Look, 7, true),
        (HelpTurn::Look, 7, false),
        (HelpTurn::Letter, 8, true),
        (HelpTurn::Letter, 8, true),
        (HelpTurn::Letter, 8, false),
    ] {
        assert_eq!(tx.take_help_turn(&outside, turn, window, 2).await.unwrap(), taken, "{turn:?} in {window}");
    }
}

async fn an_exchange_is_found_by_its_phrase_and_moves_for_who_saw_it_last(engine: Engine) {
    let house = House::new(engine).await;
    let permit = outside(&house).await;
    let (first, second) = (exchange(&house, 1, NOW), exchange(&house, 2, NOW - 5));
    let mut tx = house.begin().await;
    for exchange in [&first, &second] {
        tx.insert_exchange(&permit, exchange).await.unwrap();
    }
    assert_eq!(tx.exchange_by_phrase(house.school, &[1; 32]).await.unwrap(), Some(first.clone()));
    assert_eq!(tx.exchange_by_phrase(Uuid::nil().into(), &[1; 32]).await.unwrap(), None, "another school's box");
    assert_eq!(tx.exchange_by_phrase(house.school, &[3; 32]).await.unwrap(), None);
    let waiting = tx.exchanges(house.school, HelpState::Waiting, 9).await.unwrap();
    assert_eq!(waiting, [second.clone(), first.clone()], "who waits longest stands first");
    assert_eq!(tx.exchanges(house.school, HelpState::Waiting, 1).await.unwrap().len(), 1);
    let moved = Exchange {
        state: HelpState::Answered,
        asked_at: NOW + 1,
        due_at: NOW + 2,
        next_at: None,
        rung: 1,
        ..first.clone()
    };
    assert!(tx.move_exchange(&permit, &moved).await.unwrap());
    assert!(!tx.move_exchange(&permit, &moved).await.unwrap(), "somebody came first");
    assert_eq!(tx.exchange(first.id).await.unwrap(), Some(Exchange { version: 2, ..moved }));
    tx.commit().await.unwrap();
    let mut tx = house.begin().await;
    let again = Exchange { id: ExchangeId(Uuid::new_v4()), ..first };
    assert!(matches!(tx.insert_exchange(&permit, &again).await, Err(Error::Taken(_))), "one phrase, one exchange");
}

async fn what_nobody_answered_is_passed_on_once(engine: Engine) {
    let house = House::new(engine).await;
    let permit = outside(&house).await;
    let waiting = exchange(&house, 1, NOW);
    let mut tx = house.begin().await;
    tx.insert_exchange(&permit, &waiting).await.unwrap();
    assert!(tx.exchanges_to_pass_on(NOW + 9, 9).await.unwrap().is_empty());
    assert_eq!(tx.exchanges_to_pass_on(NOW + 10, 9).await.unwrap(), std::slice::from_ref(&waiting));
    assert!(tx.pass_on_exchange(&permit, &waiting, Some(NOW + 20)).await.unwrap());
    assert!(!tx.pass_on_exchange(&permit, &waiting, Some(NOW + 20)).await.unwrap(), "another node came first");
    let later = tx.exchanges_to_pass_on(NOW + 20, 9).await.unwrap().remove(0);
    assert_eq!((later.rung, later.version), (1, 1), "whoever writes an answer at this moment is not disturbed");
    assert!(tx.pass_on_exchange(&permit, &later, None).await.unwrap());
    assert!(tx.exchanges_to_pass_on(i64::MAX, 9).await.unwrap().is_empty());
}

async fn messages_stand_in_their_order_and_no_two_in_one_place(engine: Engine) {
    let house = House::new(engine).await;
    let permit = outside(&house).await;
    let exchange = exchange(&house, 1, NOW);
    let mut tx = house.begin().await;
    tx.insert_exchange(&permit, &exchange).await.unwrap();
    let mut lines = Vec::new();
    for seq in [2, 1] {
        let letter = Letter {
            id: LetterId(Uuid::new_v4()),
            school_id: house.school,
            kind: LetterKind::Help,
            student_id: None,
            sender: None,
            holder: Uuid::nil(),
            state: LetterState::Taken,
            sent_at: NOW,
            next_at: None,
            rung: 0,
            warning_id: None,
            version: 1,
            sealed: vec![1],
            mark: vec![2],
        };
        tx.insert_letter(&permit, &letter).await.unwrap();
        let answer_id = (seq == 2).then_some(letter.id.0);
        let line = HelpLine { exchange_id: exchange.id, seq, letter_id: letter.id, answer_id };
        tx.add_help_line(&permit, &line).await.unwrap();
        lines.insert(0, line);
    }
    assert_eq!(tx.help_lines(exchange.id).await.unwrap(), lines);
    assert!(tx.help_lines(ExchangeId(Uuid::nil())).await.unwrap().is_empty());
    assert!(matches!(tx.add_help_line(&permit, &lines[0]).await, Err(Error::Taken(_))));
}

async fn an_office_is_held_only_under_the_key_it_has(engine: Engine) {
    use yice::domain::words::OfficeKind;
    use yice::store::Office;
    let house = House::new(engine).await;
    let (manage, permit) = (house.manage(Kind::Structure).await, outside(&house).await);
    let office = Office {
        id: Uuid::now_v7().into(),
        school_id: house.school,
        kind: OfficeKind::Counselling,
        class_id: None,
        rotation_due: false,
        epoch: 1,
        recipient: "age1one".to_owned(),
        recipient_mac: vec![1],
    };
    let mut tx = house.begin().await;
    tx.insert_office(&manage, &office).await.unwrap();
    assert!(tx.hold_office(&permit, office.id.0, "age1one").await.unwrap());
    assert!(!tx.hold_office(&permit, office.id.0, "age1two").await.unwrap());
    assert!(!tx.hold_office(&permit, Uuid::nil(), "age1one").await.unwrap());
}
