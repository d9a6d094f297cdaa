//! The help-seeking box from the side of the counselling office, and the switch that the administrator holds.

use uuid::Uuid;

use super::error::again;
use super::letters::NewLetter;
use super::{App, Error, Result, Viewer, fresh};
use crate::domain::audit::Event;
use crate::domain::help::{HelpMessage, HelpState};
use crate::domain::ids::{ExchangeId, LetterId, PersonId};
use crate::domain::relation::{Facts, Standing};
use crate::domain::warning::{LetterKind, Rule, Signal};
use crate::domain::words::{Kind, OfficeKind};
use crate::policy::{Append, Manage, Permit, Read, Report};
use crate::store::{Exchange, HelpBox, HelpLine, Tx};
use crate::vault::{Recipient, phrase_salt};

/// Exchanges shown at once, of each state.
const SHOWN: i64 = 200;
/// The longest answer, in characters.
const ANSWER: usize = 4_000;

/// One message as a counsellor reads it.
#[derive(Debug)]
pub struct ShownHelp {
    /// The colleague who answered; none for the student.
    pub from: Option<PersonId>,
    /// The hour, microseconds UTC.
    pub at: i64,
    /// What it says.
    pub message: HelpMessage,
}

/// An exchange as a counsellor reads it.
#[derive(Debug)]
pub struct OpenedHelp {
    /// How it stands.
    pub exchange: Exchange,
    /// Its messages, oldest first.
    pub messages: Vec<ShownHelp>,
}

impl App {
    /// The exchanges of the box in one state, the longest waiting first; closed ones too. Nothing of it is opened.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anyone but a counsellor.
    pub async fn exchanges(&self, viewer: &Viewer, state: HelpState) -> Result<Vec<Exchange>> {
        let school = viewer.person.school_id;
        self.permit::<Read>(&viewer.at_school(), Kind::Box, school.0).await?;
        Ok(self.db.read().await?.exchanges(school, state, SHOWN).await?)
    }

    /// Opens an exchange.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anyone but a counsellor of the school; [`Error::NoKey`] before a colleague let them in.
    pub async fn open_help(&self, viewer: &Viewer, id: ExchangeId) -> Result<OpenedHelp> {
        let mut conn = self.db.read().await?;
        let exchange = conn.exchange(id).await?.ok_or(Error::NotFound)?;
        let standing = at_school_of(viewer, &exchange);
        let permit = self.permit::<Read>(&standing, Kind::Box, id.0).await?;
        let mut messages = Vec::new();
        for line in conn.help_lines(id).await? {
            let letter = conn.letter(line.letter_id).await?.ok_or(Error::NotFound)?;
            let message = self.read_letter(viewer, &standing, &letter)?;
            messages.push(ShownHelp { from: letter.sender.map(PersonId), at: letter.sent_at, message });
        }
        drop(conn);
        self.leave_trace(&permit, Event::HelpOpened, "", &[]).await?;
        Ok(OpenedHelp { exchange, messages })
    }

    /// Answers: once for the phrase, which the server cannot read, and once for the office. `form` is the id of the form,
    /// `seen` the version that the counsellor saw.
    ///
    /// # Errors
    /// [`Error::Invalid`] for an empty or too long answer; [`Error::Stale`] when the student or a colleague wrote meanwhile;
    /// [`Error::NotFound`] for anyone but a counsellor of the school.
    pub async fn answer_help(
        &self,
        viewer: &Viewer,
        id: ExchangeId,
        form: LetterId,
        seen: i64,
        message: &HelpMessage,
    ) -> Result<()> {
        if let Some(code) = wrong(&message.text) {
            return Err(Error::field("text", code));
        }
        again(|| self.try_answer(viewer, id, form, seen, message)).await
    }

    async fn try_answer(
        &self,
        viewer: &Viewer,
        id: ExchangeId,
        form: LetterId,
        seen: i64,
        message: &HelpMessage,
    ) -> Result<()> {
        let (mut tx, exchange, permit) = self.to_act_on(viewer, id).await?;
        if tx.letter(form).await?.is_some() {
            return Ok(tx.leave().await?);
        }
        let (_, office) = self.school_office(&mut tx, exchange.school_id, OfficeKind::Counselling).await?;
        let phrase = Recipient::genuine(&exchange.recipient, id.0, &exchange.recipient_mac, &self.secret)?;
        let sender = Some(viewer.person.id);
        let answer = LetterId(fresh());
        self.put_help_letter(&mut tx, &permit, &office, (form, LetterKind::Help), sender, message).await?;
        self.put_help_letter(&mut tx, &permit, &phrase, (answer, LetterKind::Answer), None, message).await?;
        let seq = self.next_line(&mut tx, id).await?;
        let line = HelpLine { exchange_id: id, seq, letter_id: form, answer_id: Some(answer.0) };
        tx.add_help_line(&permit, &line).await?;
        self.move_to(tx, &permit, &exchange, HelpState::Answered, seen, (Event::HelpAnswered, "")).await
    }

    /// Puts an exchange aside that needs no answer; it comes back when the student writes.
    ///
    /// # Errors
    /// [`Error::Stale`] when somebody wrote meanwhile; [`Error::NotFound`] for anyone but a counsellor of the school.
    pub async fn close_help(&self, viewer: &Viewer, id: ExchangeId, seen: i64) -> Result<()> {
        let (tx, exchange, permit) = self.to_act_on(viewer, id).await?;
        self.move_to(tx, &permit, &exchange, HelpState::Closed, seen, (Event::HelpMoved, "closed")).await
    }

    /// Puts what the counsellor took from an exchange into the inbox of the warnings, as a signal whose rule says where it
    /// comes from. Who the student is, if it is known by then, is decided there.
    ///
    /// # Errors
    /// [`Error::Invalid`] for an empty or too long text; [`Error::NotFound`] for anyone but a counsellor of the school.
    pub async fn pass_to_warnings(&self, viewer: &Viewer, id: ExchangeId, form: LetterId, facts: &str) -> Result<()> {
        if let Some(code) = wrong(facts) {
            return Err(Error::field("facts", code));
        }
        let (mut tx, exchange, permit) = self.to_act_on(viewer, id).await?;
        let standing = at_school_of(viewer, &exchange);
        let report = self.policy.permit::<Report>(&standing, Kind::Warning, exchange.school_id.0);
        let report = report.map_err(|_| Error::NotFound)?;
        let (_, office) = self.school_office(&mut tx, exchange.school_id, OfficeKind::Counselling).await?;
        let content = Signal { rule: Rule::AskedForHelp, facts: facts.trim().to_owned() };
        let sender = Some(viewer.person.id);
        let new = NewLetter { id: form, kind: LetterKind::Signal, student: None, sender, content: &content };
        if self.send_letter(&mut tx, &report, &office, new).await? {
            tx.record(&permit, Event::HelpMoved, "to_warnings", self.now()).await?;
        }
        Ok(tx.commit().await?)
    }

    /// A transaction in which the person may act on an exchange.
    async fn to_act_on(&self, viewer: &Viewer, id: ExchangeId) -> Result<(Tx, Exchange, Permit<Append>)> {
        let mut tx = self.begin().await?;
        let exchange = tx.exchange(id).await?.ok_or(Error::NotFound)?;
        let standing = at_school_of(viewer, &exchange);
        let Ok(permit) = self.policy.permit::<Append>(&standing, Kind::Box, id.0) else {
            drop(tx);
            self.permit::<Append>(&standing, Kind::Box, id.0).await?;
            return Err(Error::NotFound);
        };
        Ok((tx, exchange, permit))
    }

    async fn move_to(
        &self,
        mut tx: Tx,
        permit: &Permit<Append>,
        exchange: &Exchange,
        state: HelpState,
        seen: i64,
        (event, detail): (Event, &str),
    ) -> Result<()> {
        let moved = Exchange { state, next_at: None, version: seen, ..exchange.clone() };
        if !tx.move_exchange(permit, &moved).await? {
            return Err(Error::Stale(Vec::new()));
        }
        tx.record(permit, event, detail, self.now()).await?;
        Ok(tx.commit().await?)
    }

    /// The box of the school as its administrator sees it, if it was ever opened.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anyone but an administrator.
    pub async fn own_help_box(&self, viewer: &Viewer) -> Result<Option<HelpBox>> {
        let school = viewer.person.school_id;
        self.permit::<Manage>(&viewer.at_school(), Kind::Box, school.0).await?;
        Ok(self.db.read().await?.help_box(school).await?)
    }

    /// Opens or closes the box of the school. A closed one keeps its address, and what was written stays with the
    /// counsellors.
    ///
    /// # Errors
    /// [`Error::Invalid`] on `box` when no counsellor holds the key of the office: nobody could read what comes in;
    /// [`Error::NotFound`] for anyone but an administrator.
    pub async fn set_help_box(&self, viewer: &Viewer, is_open: bool) -> Result<()> {
        again(|| self.try_set_help_box(viewer, is_open)).await
    }

    async fn try_set_help_box(&self, viewer: &Viewer, is_open: bool) -> Result<()> {
        let school = viewer.person.school_id;
        let permit = self.permit::<Manage>(&viewer.at_school(), Kind::Box, school.0).await?;
        let mut tx = self.begin().await?;
        let (office, _) = self.school_office(&mut tx, school, OfficeKind::Counselling).await?;
        let reads = tx.members(school).await?.iter().any(|(id, _)| *id == office.id);
        if is_open && !reads {
            return Err(Error::field("box", "help-nobody-reads"));
        }
        let new = match tx.help_box(school).await? {
            Some(there) => HelpBox { is_open, ..there },
            None => HelpBox {
                school_id: school,
                code: new_code(),
                is_open,
                salt: phrase_salt()?,
                costs: self.kdf.costs().to_string(),
            },
        };
        tx.put_help_box(&permit, &new).await?;
        let detail = if is_open { "opened" } else { "closed" };
        tx.record(&permit, Event::BoxChanged, detail, self.now()).await?;
        Ok(tx.commit().await?)
    }
}

fn at_school_of(viewer: &Viewer, exchange: &Exchange) -> Standing {
    viewer.standing(&Facts::school(exchange.school_id))
}

fn wrong(text: &str) -> Option<&'static str> {
    match text.trim().chars().count() {
        0 => Some("required"),
        1..=ANSWER => None,
        _ => Some("too-long"),
    }
}

/// Six signs that a child copies from a poster without a mistake. No secret.
fn new_code() -> String {
    const SIGNS: &[u8; 24] = b"ABCDEFGHKMNPRSTWXY346789";
    let bytes = *Uuid::new_v4().as_bytes();
    bytes.iter().rev().take(6).map(|byte| char::from(SIGNS[usize::from(*byte) % SIGNS.len()])).collect()
}
