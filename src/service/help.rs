//! The help-seeking box 心理信箱, from the side of those who write: no account, no name needed, nothing kept of who it was.
//!
//! What a student writes is sealed to the counselling office in the same request. The receipt phrase stands on the form
//! before it is sent, because a form that is sent twice must not lose it; the server keeps what grew from it as a keyed hash
//! and a public key, so it can find the exchange for whoever has the phrase and seal answers that it cannot read.

use std::collections::BTreeSet;

use serde::Serialize;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::error::again;
use super::{App, Error, FieldProblem, Result, fresh};
use crate::domain::audit::Event;
use crate::domain::clock::{DAY, HOUR, MINUTE};
use crate::domain::help::{HelpMessage, HelpState};
use crate::domain::ids::{ExchangeId, LetterId, PersonId, SchoolId};
use crate::domain::relation::Standing;
use crate::domain::unprintable::unprintable;
use crate::domain::warning::{LetterKind, LetterState, Limit, rungs};
use crate::domain::words::{Kind, OfficeKind, Role};
use crate::policy::{Act, Permit, Report};
use crate::store::{Conn, Exchange, HelpBox, HelpLine, HelpTurn, Letter, Tx};
use crate::vault::{LetterName, Phrase, PhraseKeys, Recipient, seal_letter};

/// The longest message, in characters.
pub const HELP_TEXT: usize = 4_000;
/// The longest of the short fields, in characters.
const SHORT: usize = 100;
/// A form is not sent sooner than this after it was shown: a program is faster than a child.
const SOONEST: i64 = 3_000_000;
/// Nor later than this.
const LATEST: i64 = 8 * HOUR;
/// Letters and looks are counted for this long, for the whole school.
const WINDOW: i64 = 10 * MINUTE;
/// Letters that a school's box takes within a window.
pub const LETTERS: i64 = 30;
/// Looks for an answer within a window.
pub const LOOKS: i64 = 90;
/// An answer to somebody in danger is due after this; it is passed on in the same steps.
const DANGER: i64 = 30 * MINUTE;
/// An answer is due after a school day, in holidays after this at the latest.
const AT_LATEST: i64 = 3 * DAY;
/// Overdue messages passed on in one round.
const ROUND: i64 = 200;

/// The box of a school as those who write see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenBox {
    /// The code in its address.
    pub code: String,
    /// The name of the school.
    pub school: String,
}

/// What a form carries besides what is typed into it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct HelpForm {
    /// When it was shown and which letter it makes, signed.
    pub ticket: String,
    /// The receipt phrase; empty on a form that goes on with an exchange.
    pub phrase: String,
}

unprintable!(HelpForm);

/// What somebody with the right phrase is shown.
#[derive(Debug)]
pub struct Answers {
    /// Who is to act.
    pub state: HelpState,
    /// The answers, oldest first, with their hour in microseconds UTC.
    pub answers: Vec<(i64, HelpMessage)>,
}

impl Answers {
    /// Whether the last answer asks who it is.
    #[must_use]
    pub fn asks_who(&self) -> bool {
        self.answers.last().is_some_and(|(_, message)| message.asks_who)
    }
}

impl App {
    /// The open box with this code, however it was typed.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none.
    pub async fn help_box(&self, code: &str) -> Result<OpenBox> {
        let mut conn = self.db.read().await?;
        let found = open_box(&mut conn, code).await?;
        let school = conn.school(found.school_id).await?.ok_or(Error::NotFound)?;
        Ok(OpenBox { code: found.code, school: school.name })
    }

    /// A fresh form of a box, with a receipt phrase for a first letter.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is no such box.
    pub async fn help_form(&self, code: &str, first: bool) -> Result<HelpForm> {
        let found = open_box(&mut self.db.read().await?, code).await?;
        let phrase = if first { Phrase::generate()?.text().to_owned() } else { String::new() };
        let (shown, letter) = (self.now(), fresh());
        let stamp = self.secret.stamp("help form", &stamped(&found.school_id, &shown.to_be_bytes(), &letter, &phrase));
        Ok(HelpForm { ticket: format!("{shown}.{letter}.{stamp}"), phrase })
    }

    /// Takes a first letter. A form that was sent before is as good as sent now.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every wrong field, on `form` when it came too soon, too late or not from us;
    /// [`Error::TooMany`] when the box is full for the moment; [`Error::NotFound`] when there is no such box.
    pub async fn ask_for_help(&self, code: &str, form: &HelpForm, message: &HelpMessage) -> Result<()> {
        let found = open_box(&mut self.db.read().await?, code).await?;
        check(message)?;
        let letter = self.letter_of(&found, form)?;
        let phrase = Phrase::parse(&form.phrase).map_err(|_| old_form())?;
        if self.db.read().await?.letter(letter).await?.is_some() {
            return Ok(());
        }
        let permit = self.help_permit(found.school_id).await?;
        self.take_turn(&permit, HelpTurn::Letter).await?;
        let keys = self.grow(&found, Some(phrase)).await?.ok_or(Error::NotFound)?;
        again(|| self.begin_exchange(&permit, &keys, letter, message)).await
    }

    /// What was answered to whoever has this phrase; none when there is no such exchange. It takes the same time for a
    /// phrase that is none, and nothing is written down but that somebody of this school looked.
    ///
    /// # Errors
    /// [`Error::TooMany`] when too many look at the moment; [`Error::NotFound`] when there is no such box.
    pub async fn look_for_answer(&self, code: &str, phrase: &str) -> Result<Option<Answers>> {
        let found = open_box(&mut self.db.read().await?, code).await?;
        let permit = self.help_permit(found.school_id).await?;
        self.take_turn(&permit, HelpTurn::Look).await?;
        let Some((keys, exchange)) = self.exchange_of(&found, phrase).await? else { return Ok(None) };
        let mut conn = self.db.read().await?;
        let mut answers = Vec::new();
        for line in conn.help_lines(exchange.id).await? {
            let Some(id) = line.answer_id else { continue };
            let letter = conn.letter(LetterId(id)).await?.ok_or(Error::NotFound)?;
            let name = LetterName { school: exchange.school_id, letter: letter.id, kind: letter.kind };
            let text = keys.open(exchange.id.0, name, &letter.sealed, &letter.mark, &self.secret)?;
            answers.push((letter.sent_at, serde_json::from_slice(&text)?));
        }
        Ok(Some(Answers { state: exchange.state, answers }))
    }

    /// Goes on with an exchange; `false` when the phrase finds none.
    ///
    /// # Errors
    /// As [`App::ask_for_help`].
    pub async fn write_again(&self, code: &str, phrase: &str, ticket: &str, message: &HelpMessage) -> Result<bool> {
        let found = open_box(&mut self.db.read().await?, code).await?;
        check(message)?;
        let letter = self.letter_of(&found, &HelpForm { ticket: ticket.to_owned(), phrase: String::new() })?;
        let permit = self.help_permit(found.school_id).await?;
        self.take_turn(&permit, HelpTurn::Letter).await?;
        let Some((_, exchange)) = self.exchange_of(&found, phrase).await? else { return Ok(false) };
        again(|| self.go_on(&permit, exchange.id, letter, message)).await?;
        Ok(true)
    }

    /// Reminds those on duty of messages that nobody answered in time, and then the next rung; says nothing of what they
    /// are about. Any node may do it at any time: each step happens once. Gives how many steps were taken.
    ///
    /// # Errors
    /// The database.
    pub async fn pass_on_help(&self) -> Result<usize> {
        let now = self.now();
        let due = self.db.read().await?.exchanges_to_pass_on(now, ROUND).await?;
        let mut steps = 0;
        for exchange in due {
            let permit = self.help_permit(exchange.school_id).await?;
            let ladder = rungs(Role::Counsellor);
            let rung = usize::try_from(exchange.rung).unwrap_or(usize::MAX);
            let Some(role) = ladder.get(rung) else { continue };
            let mut tx = self.begin().await?;
            let people = self.holders_of_role(&mut tx, exchange.school_id, *role, None).await?;
            let pause = if exchange.due_at - exchange.asked_at < 2 * HOUR { DANGER } else { DAY };
            // Where nobody holds the role, the next one does not wait for them.
            let next = now + if people.is_empty() { 0 } else { pause };
            if !tx.pass_on_exchange(&permit, &exchange, (rung + 1 < ladder.len()).then_some(next)).await? {
                continue;
            }
            let place = if *role == Role::Counsellor { "/box" } else { "/notices" };
            self.tell(&mut tx, exchange.school_id, &people, place).await?;
            let detail = format!("rung={rung} people={}", people.len());
            tx.record_about(&permit, Event::HelpPassedOn, exchange.id.0, &detail, now).await?;
            tx.commit().await?;
            steps += 1;
        }
        Ok(steps)
    }

    /// The permit under which the installation takes something in from somebody without an account.
    async fn help_permit(&self, school: SchoolId) -> Result<Permit<Report>> {
        self.permit(&Standing::installation(school), Kind::Box, school.0).await
    }

    /// Takes one of the school's turns, before anything costly is done.
    async fn take_turn(&self, permit: &Permit<Report>, turn: HelpTurn) -> Result<()> {
        let most = if turn == HelpTurn::Letter { LETTERS } else { LOOKS };
        let (window, passed) = (self.now() / WINDOW, self.now() % WINDOW);
        let mut tx = self.begin().await?;
        if !tx.take_help_turn(permit, turn, window, most).await? {
            let retry = u64::try_from((WINDOW - passed) / 1_000_000 + 1).unwrap_or(600);
            return Err(Error::TooMany { retry });
        }
        Ok(tx.commit().await?)
    }

    async fn grow(&self, found: &HelpBox, phrase: Option<Phrase>) -> Result<Option<PhraseKeys>> {
        self.kdf.grow(found.costs.parse()?, found.salt.clone(), phrase).await
    }

    /// The exchange of a phrase, and what grew from it.
    async fn exchange_of(&self, found: &HelpBox, phrase: &str) -> Result<Option<(PhraseKeys, Exchange)>> {
        let Some(keys) = self.grow(found, Phrase::parse(phrase).ok()).await? else { return Ok(None) };
        let mut conn = self.db.read().await?;
        let exchange = conn.exchange_by_phrase(found.school_id, &keys.mac(&self.secret)).await?;
        Ok(exchange.map(|exchange| (keys, exchange)))
    }

    /// The letter that a form makes, if the form is ours and of the right age.
    fn letter_of(&self, found: &HelpBox, form: &HelpForm) -> Result<LetterId> {
        let mut parts = form.ticket.splitn(3, '.');
        let mut next = || parts.next().unwrap_or_default();
        let (shown, letter, stamp) = (next().parse::<i64>(), Uuid::try_parse(next()), next());
        let (Ok(shown), Ok(letter)) = (shown, letter) else { return Err(old_form()) };
        let moment = shown.to_be_bytes();
        let parts = stamped(&found.school_id, &moment, &letter, &form.phrase);
        if !self.secret.stamp_is("help form", &parts, stamp) {
            return Err(old_form());
        }
        match self.now() - shown {
            age if age < SOONEST => Err(Error::field("form", "help-too-soon")),
            age if age > LATEST => Err(old_form()),
            _ => Ok(LetterId(letter)),
        }
    }

    async fn begin_exchange(
        &self,
        permit: &Permit<Report>,
        keys: &PhraseKeys,
        letter: LetterId,
        message: &HelpMessage,
    ) -> Result<()> {
        let school = permit.school();
        let mut tx = self.begin().await?;
        let id = ExchangeId(fresh());
        let (recipient, mac) = Recipient::enrol(&keys.recipient()?, id.0, &self.secret)?;
        let exchange = self.waiting(&mut tx, school, message).await?;
        let exchange = Exchange {
            id,
            phrase_mac: keys.mac(&self.secret).to_vec(),
            recipient: recipient.text(),
            recipient_mac: mac.to_vec(),
            ..exchange
        };
        let (_, office) = self.school_office(&mut tx, school, OfficeKind::Counselling).await?;
        if !self.put_help_letter(&mut tx, permit, &office, (letter, LetterKind::Help), None, message).await? {
            return Ok(tx.leave().await?);
        }
        tx.insert_exchange(permit, &exchange).await?;
        tx.add_help_line(permit, &HelpLine { exchange_id: id, seq: 1, letter_id: letter, answer_id: None }).await?;
        self.ring_for(tx, permit, &exchange).await
    }

    async fn go_on(
        &self,
        permit: &Permit<Report>,
        id: ExchangeId,
        letter: LetterId,
        message: &HelpMessage,
    ) -> Result<()> {
        let school = permit.school();
        let mut tx = self.begin().await?;
        let before = tx.exchange(id).await?.ok_or(Error::NotFound)?;
        let (_, office) = self.school_office(&mut tx, school, OfficeKind::Counselling).await?;
        if !self.put_help_letter(&mut tx, permit, &office, (letter, LetterKind::Help), None, message).await? {
            return Ok(tx.leave().await?);
        }
        let seq = self.next_line(&mut tx, id).await?;
        tx.add_help_line(permit, &HelpLine { exchange_id: id, seq, letter_id: letter, answer_id: None }).await?;
        let now = self.waiting(&mut tx, school, message).await?;
        // A second message does not put off the answer to the first.
        let due_at = if before.state == HelpState::Waiting { now.due_at.min(before.due_at) } else { now.due_at };
        let (rung, next_at) = match before.state {
            HelpState::Waiting => (before.rung, before.next_at.map(|at| at.min(due_at))),
            _ => (0, Some(due_at)),
        };
        let exchange = Exchange { state: HelpState::Waiting, asked_at: now.asked_at, due_at, rung, next_at, ..before };
        if !tx.move_exchange(permit, &exchange).await? {
            return Err(Error::Raced);
        }
        self.ring_for(tx, permit, &exchange).await
    }

    /// An exchange that waits for an answer to this message, still without its keys.
    async fn waiting(&self, conn: &mut Conn, school: SchoolId, message: &HelpMessage) -> Result<Exchange> {
        let now = self.now();
        let due_at = if message.danger {
            // On the minute, so that the row tells no more of the moment than that.
            now - now.rem_euclid(MINUTE) + DANGER
        } else {
            self.due_at(conn, school, Limit::SchoolDays(1)).await?.min(hour(now) + AT_LATEST)
        };
        Ok(Exchange {
            id: ExchangeId(Uuid::nil()),
            school_id: school,
            phrase_mac: Vec::new(),
            recipient: String::new(),
            recipient_mac: Vec::new(),
            state: HelpState::Waiting,
            asked_at: hour(now),
            due_at,
            next_at: Some(due_at),
            rung: 0,
            version: 1,
        })
    }

    /// Tells the counsellors that something waits, and ends the act.
    async fn ring_for(&self, mut tx: Tx, permit: &Permit<Report>, exchange: &Exchange) -> Result<()> {
        let people: BTreeSet<PersonId> = self.holders_of_role(&mut tx, permit.school(), Role::Counsellor, None).await?;
        self.tell(&mut tx, permit.school(), &people, "/box").await?;
        tx.record_about(permit, Event::HelpAsked, exchange.id.0, "", hour(self.now())).await?;
        Ok(tx.commit().await?)
    }

    /// The number of the next message of an exchange.
    pub(crate) async fn next_line(&self, conn: &mut Conn, id: ExchangeId) -> Result<i64> {
        Ok(conn.help_lines(id).await?.last().map_or(1, |line| line.seq + 1))
    }

    /// Seals and stores one message. It lies there as taken: the exchange says how it stands, and no other inbox shows it.
    pub(crate) async fn put_help_letter<A: Act, T: Serialize + Sync>(
        &self,
        tx: &mut Tx,
        permit: &Permit<A>,
        to: &Recipient,
        (id, kind): (LetterId, LetterKind),
        sender: Option<PersonId>,
        content: &T,
    ) -> Result<bool> {
        // An office that changes its key at this moment seals anew what it finds: wait for it, and take the new key.
        if kind != LetterKind::Answer && !tx.hold_office(permit, to.holder(), &to.text()).await? {
            return Err(Error::Raced);
        }
        let name = LetterName { school: permit.school(), letter: id, kind };
        let content = Zeroizing::new(serde_json::to_vec(content)?);
        let (sealed, mark) = seal_letter(&content, name, to, &self.secret)?;
        let letter = Letter {
            id,
            school_id: permit.school(),
            kind,
            student_id: None,
            sender: sender.map(|id| id.0),
            holder: to.holder(),
            state: LetterState::Taken,
            sent_at: hour(self.now()),
            next_at: None,
            rung: 0,
            warning_id: None,
            version: 1,
            sealed,
            mark: mark.to_vec(),
        };
        Ok(tx.insert_letter(permit, &letter).await?)
    }
}

/// The full hour in which an instant lies: enough to know how long somebody waits.
fn hour(at: i64) -> i64 {
    at - at.rem_euclid(HOUR)
}

/// What the stamp of a form covers.
fn stamped<'a>(school: &'a SchoolId, shown: &'a [u8; 8], letter: &'a Uuid, phrase: &'a str) -> [&'a [u8]; 4] {
    [school.0.as_bytes(), shown, letter.as_bytes(), phrase.as_bytes()]
}

async fn open_box(conn: &mut Conn, code: &str) -> Result<HelpBox> {
    let code = code.trim().to_ascii_uppercase();
    conn.help_box_by_code(&code).await?.filter(|found| found.is_open).ok_or(Error::NotFound)
}

fn old_form() -> Error {
    Error::field("form", "help-form-old")
}

fn check(message: &HelpMessage) -> Result<()> {
    let mut problems = Vec::new();
    let mut wrong = |field, code| problems.push(FieldProblem { field, code });
    if message.text.trim().is_empty() {
        wrong("text", "required");
    }
    if message.text.chars().count() > HELP_TEXT {
        wrong("text", "too-long");
    }
    for (field, text) in [("name", &message.name), ("class", &message.class), ("reach", &message.reach)] {
        if text.chars().count() > SHORT {
            wrong(field, "too-long");
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(Error::Invalid(problems)) }
}

#[cfg(test)]
mod tests;
