//! The help-seeking box: its code, exchanges with people who are not known, and the order of their messages.

use uuid::Uuid;

use super::{Conn, Result, Tx, row, sql};
use crate::domain::help::HelpState;
use crate::domain::ids::{ExchangeId, LetterId, SchoolId};
use crate::policy::{Act, Manage, Permit, Report};

row! {
    /// The box of a school.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct HelpBox {
        /// The school.
        pub school_id: SchoolId as Uuid,
        /// The public code in its address.
        pub code: String,
        /// Whether it takes letters.
        pub is_open: bool,
        /// The salt of its phrases.
        pub salt: Vec<u8>,
        /// What stretching a phrase costs, such as `m=65536,t=3,p=1`: as it was when the box was made, for ever.
        pub costs: String,
    }
}

/// What is counted within a window of time, for a whole school.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HelpTurn {
    /// A letter is sent.
    Letter,
    /// Somebody looks for an answer.
    Look,
}

row! {
    /// An exchange with somebody who is not known.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Exchange {
        /// Its id, random; answers are sealed to it as their holder.
        pub id: ExchangeId as Uuid,
        /// The school.
        pub school_id: SchoolId as Uuid,
        /// The keyed hash by which the phrase finds it.
        pub phrase_mac: Vec<u8>,
        /// The public half of what grew from the phrase.
        pub recipient: String,
        /// Proof that this installation enrolled it.
        pub recipient_mac: Vec<u8>,
        /// Who is to act.
        pub state: HelpState as String,
        /// The hour in which the student last wrote, microseconds UTC.
        pub asked_at: i64,
        /// Until when an answer is due, microseconds UTC.
        pub due_at: i64,
        /// When somebody is reminded next; none once it was answered or the last rung was.
        pub next_at: Option<i64>,
        /// How often it was passed on.
        pub rung: i64,
        /// Edit version.
        pub version: i64,
    }
}

row! {
    /// One message of an exchange.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct HelpLine {
        /// The exchange.
        pub exchange_id: ExchangeId as Uuid,
        /// Its number, from 1.
        pub seq: i64,
        /// The letter to the counselling office.
        pub letter_id: LetterId as Uuid,
        /// The letter to the phrase; of answers only.
        pub answer_id: Option<Uuid>,
    }
}

impl Conn {
    /// The box of a school, if it ever had one.
    ///
    /// # Errors
    /// The database.
    pub async fn help_box(&mut self, school: SchoolId) -> Result<Option<HelpBox>> {
        sql!(self, fetch_optional HelpBox: "SELECT * FROM help_boxes WHERE school_id = $1", school.0)
    }

    /// The box with a code.
    ///
    /// # Errors
    /// The database.
    pub async fn help_box_by_code(&mut self, code: &str) -> Result<Option<HelpBox>> {
        sql!(self, fetch_optional HelpBox: "SELECT * FROM help_boxes WHERE code = $1", code)
    }

    /// One exchange.
    ///
    /// # Errors
    /// The database.
    pub async fn exchange(&mut self, id: ExchangeId) -> Result<Option<Exchange>> {
        sql!(self, fetch_optional Exchange: "SELECT * FROM help_exchanges WHERE id = $1", id.0)
    }

    /// The exchange that a phrase finds.
    ///
    /// # Errors
    /// The database.
    pub async fn exchange_by_phrase(&mut self, school: SchoolId, mac: &[u8]) -> Result<Option<Exchange>> {
        sql!(
            self,
            fetch_optional Exchange: "SELECT * FROM help_exchanges WHERE phrase_mac = $1 AND school_id = $2",
            mac.to_vec(),
            school.0
        )
    }

    /// The exchanges of a school in one state, the longest waiting first.
    ///
    /// # Errors
    /// The database.
    pub async fn exchanges(&mut self, school: SchoolId, state: HelpState, limit: i64) -> Result<Vec<Exchange>> {
        sql!(
            self,
            fetch_all Exchange: "SELECT * FROM help_exchanges WHERE school_id = $1 AND state = $2 ORDER BY asked_at, id LIMIT $3",
            school.0,
            state.as_str(),
            limit
        )
    }

    /// The exchanges of all schools whose next reminder has come, earliest first.
    ///
    /// # Errors
    /// The database.
    pub async fn exchanges_to_pass_on(&mut self, now: i64, limit: i64) -> Result<Vec<Exchange>> {
        sql!(
            self,
            fetch_all Exchange: "SELECT * FROM help_exchanges WHERE next_at <= $1 ORDER BY next_at, id LIMIT $2",
            now,
            limit
        )
    }

    /// The messages of an exchange in their order.
    ///
    /// # Errors
    /// The database.
    pub async fn help_lines(&mut self, exchange: ExchangeId) -> Result<Vec<HelpLine>> {
        sql!(
            self,
            fetch_all HelpLine: "SELECT * FROM help_messages WHERE exchange_id = $1 ORDER BY seq",
            exchange.0
        )
    }
}

impl Tx {
    /// Makes the box of a school, or opens and closes it. What its phrases are stretched with stays as it was made.
    ///
    /// # Errors
    /// [`super::Error::Taken`] when another school has this code.
    pub async fn put_help_box(&mut self, permit: &Permit<Manage>, new: &HelpBox) -> Result<()> {
        sql!(
            self,
            run "INSERT INTO help_boxes (school_id, code, is_open, salt, costs, letter_window, letters, look_window, looks)
             VALUES ($1, $2, $3, $4, $5, 0, 0, 0, 0) ON CONFLICT (school_id) DO UPDATE SET is_open = excluded.is_open",
            permit.school().0,
            new.code.as_str(),
            new.is_open,
            new.salt.clone(),
            new.costs.as_str()
        )
        .map(drop)
    }

    /// Takes one of the turns that a school has within a window of time; `false` when there are no more.
    ///
    /// # Errors
    /// The database.
    pub async fn take_help_turn(
        &mut self,
        permit: &Permit<Report>,
        turn: HelpTurn,
        window: i64,
        most: i64,
    ) -> Result<bool> {
        let school = permit.school().0;
        let done = match turn {
            HelpTurn::Letter => sql!(
                self,
                run "UPDATE help_boxes SET letters = CASE WHEN letter_window = $2 THEN letters + 1 ELSE 1 END, letter_window = $2
                 WHERE school_id = $1 AND (letter_window <> $2 OR letters < $3)",
                school,
                window,
                most
            ),
            HelpTurn::Look => sql!(
                self,
                run "UPDATE help_boxes SET looks = CASE WHEN look_window = $2 THEN looks + 1 ELSE 1 END, look_window = $2
                 WHERE school_id = $1 AND (look_window <> $2 OR looks < $3)",
                school,
                window,
                most
            ),
        }?;
        Ok(done == 1)
    }

    /// Begins an exchange.
    ///
    /// # Errors
    /// [`super::Error::Taken`] when this phrase has one.
    pub async fn insert_exchange(&mut self, permit: &Permit<Report>, exchange: &Exchange) -> Result<()> {
        sql!(
            self,
            run "INSERT INTO help_exchanges (id, school_id, phrase_mac, recipient, recipient_mac, state, asked_at, due_at, next_at, rung, version)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1)",
            exchange.id.0,
            permit.school().0,
            exchange.phrase_mac.clone(),
            exchange.recipient.as_str(),
            exchange.recipient_mac.clone(),
            exchange.state.as_str(),
            exchange.asked_at,
            exchange.due_at,
            exchange.next_at,
            exchange.rung
        )
        .map(drop)
    }

    /// Stores how an exchange stands after a message or a decision: `exchange.version` is the one that was seen.
    ///
    /// # Errors
    /// The database.
    pub async fn move_exchange<A: Act>(&mut self, permit: &Permit<A>, exchange: &Exchange) -> Result<bool> {
        let done = sql!(
            self,
            run "UPDATE help_exchanges SET state = $4, asked_at = $5, due_at = $6, next_at = $7, rung = $8, version = version + 1
             WHERE id = $1 AND school_id = $2 AND version = $3",
            exchange.id.0,
            permit.school().0,
            exchange.version,
            exchange.state.as_str(),
            exchange.asked_at,
            exchange.due_at,
            exchange.next_at,
            exchange.rung
        )?;
        Ok(done == 1)
    }

    /// Puts a message at the end of an exchange.
    ///
    /// # Errors
    /// [`super::Error::Taken`] when another one came in at the same moment.
    pub async fn add_help_line<A: Act>(&mut self, _permit: &Permit<A>, line: &HelpLine) -> Result<()> {
        sql!(
            self,
            run "INSERT INTO help_messages (exchange_id, seq, letter_id, answer_id) VALUES ($1, $2, $3, $4)",
            line.exchange_id.0,
            line.seq,
            line.letter_id.0,
            line.answer_id
        )
        .map(drop)
    }

    /// Passes a message without an answer on to the next rung, once: `seen` is the row as it was read.
    ///
    /// # Errors
    /// The database.
    pub async fn pass_on_exchange(
        &mut self,
        permit: &Permit<Report>,
        seen: &Exchange,
        next_at: Option<i64>,
    ) -> Result<bool> {
        let done = sql!(
            self,
            run "UPDATE help_exchanges SET rung = rung + 1, next_at = $3
             WHERE id = $1 AND school_id = $4 AND rung = $2 AND next_at IS NOT NULL",
            seen.id.0,
            seen.rung,
            next_at,
            permit.school().0
        )?;
        Ok(done == 1)
    }

    /// Waits for a change of an office's key that is under way, and holds off the next one until this transaction ends;
    /// `false` when the office has another key by now. Without it a letter could be sealed to a key that nobody keeps.
    ///
    /// # Errors
    /// The database.
    pub async fn hold_office<A: Act>(&mut self, permit: &Permit<A>, office: Uuid, recipient: &str) -> Result<bool> {
        let held = sql!(
            self,
            run "UPDATE offices SET epoch = epoch WHERE id = $1 AND school_id = $2 AND recipient = $3",
            office,
            permit.school().0,
            recipient
        )?;
        Ok(held == 1)
    }
}
