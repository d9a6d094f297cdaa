//! Supervision 督查: what the district looks at, and how far each school is with its answers.

use uuid::Uuid;

use super::{Conn, Result, Tx, row, sql};
use crate::domain::county::{AnswerState, HalfYear, Topic};
use crate::domain::ids::{SchoolId, SupervisionId};
use crate::policy::{Act, Manage, Permit};

row! {
    /// A supervision.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Supervision {
        /// Its id.
        pub id: SupervisionId as Uuid,
        /// The district.
        pub school_id: SchoolId as Uuid,
        /// For which half of a school year.
        pub half: HalfYear as String,
        /// The codes of its topics, with blanks between them.
        pub topics: String,
        /// When it was opened, microseconds UTC.
        pub made_at: i64,
    }
}

row! {
    /// How far one school is with one topic; the words stand in papers.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct StoredAnswer {
        /// The supervision.
        pub supervision_id: SupervisionId as Uuid,
        /// The school.
        pub school_id: SchoolId as Uuid,
        /// The topic.
        pub topic: Topic as String,
        /// Until when it is to be answered.
        pub due: String,
        /// How far it came.
        pub state: AnswerState as String,
        /// Until when something is to be put right.
        pub rectify: Option<String>,
        /// Edit version.
        pub version: i64,
    }
}

impl StoredAnswer {
    /// The day until which the school has to do something.
    #[must_use]
    pub fn until(&self) -> &str {
        self.rectify.as_deref().unwrap_or(&self.due)
    }

    /// Whether that day is over and it is not done.
    #[must_use]
    pub fn is_behind(&self, today: &str) -> bool {
        self.state.is_open() && self.until() < today
    }
}

impl Conn {
    /// All supervisions, newest first.
    ///
    /// # Errors
    /// The database.
    pub async fn supervisions(&mut self) -> Result<Vec<Supervision>> {
        sql!(self, fetch_all Supervision: "SELECT * FROM supervisions ORDER BY made_at DESC, id")
    }

    /// The answers of all schools in all supervisions.
    ///
    /// # Errors
    /// The database.
    pub async fn answers(&mut self) -> Result<Vec<StoredAnswer>> {
        sql!(
            self,
            fetch_all StoredAnswer: "SELECT supervision_id, school_id, topic, due, state, rectify, version FROM answers
             ORDER BY supervision_id, school_id, topic"
        )
    }

    /// The answers whose day was before this one, that are open, and of which nobody was reminded.
    ///
    /// # Errors
    /// The database.
    pub async fn answers_overdue(&mut self, today: &str) -> Result<Vec<StoredAnswer>> {
        sql!(
            self,
            fetch_all StoredAnswer: "SELECT supervision_id, school_id, topic, due, state, rectify, version FROM answers
             WHERE NOT reminded AND coalesce(rectify, due) < $1 AND state IN ('open', 'under_way', 'rectify')
             ORDER BY supervision_id, school_id, topic",
            today
        )
    }
}

impl Tx {
    /// Opens a supervision; a second one with the same id changes nothing and gives `false`.
    ///
    /// # Errors
    /// The database.
    pub async fn insert_supervision(&mut self, permit: &Permit<Manage>, new: &Supervision) -> Result<bool> {
        let done = sql!(
            self,
            run "INSERT INTO supervisions (id, school_id, half, topics, made_at) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (id) DO NOTHING",
            new.id.0,
            permit.school().0,
            new.half.to_string(),
            new.topics.as_str(),
            new.made_at
        )?;
        Ok(done == 1)
    }

    /// Asks a school about a topic.
    ///
    /// # Errors
    /// The database.
    pub async fn insert_answer(&mut self, _permit: &Permit<Manage>, answer: &StoredAnswer) -> Result<()> {
        sql!(
            self,
            run "INSERT INTO answers (supervision_id, school_id, topic, due, state, reminded, version)
             VALUES ($1, $2, $3, $4, $5, $6, 1)",
            answer.supervision_id.0,
            answer.school_id.0,
            answer.topic.as_str(),
            answer.due.as_str(),
            answer.state.as_str(),
            false
        )
        .map(drop)
    }

    /// Moves an answer on that still has the version that the person saw. A new day is a new reminder.
    ///
    /// # Errors
    /// The database.
    pub async fn move_answer<A: Act>(&mut self, _permit: &Permit<A>, answer: &StoredAnswer) -> Result<bool> {
        let done = sql!(
            self,
            run "UPDATE answers SET state = $4, rectify = $5, reminded = $6, version = version + 1
             WHERE supervision_id = $1 AND school_id = $2 AND topic = $3 AND version = $7",
            answer.supervision_id.0,
            answer.school_id.0,
            answer.topic.as_str(),
            answer.state.as_str(),
            answer.rectify.clone(),
            false,
            answer.version
        )?;
        Ok(done == 1)
    }

    /// Notes that a school was reminded. By the clock: it gives nobody anything to read.
    ///
    /// # Errors
    /// The database.
    pub async fn remind_of_answer(&mut self, answer: &StoredAnswer) -> Result<bool> {
        let done = sql!(
            self,
            run "UPDATE answers SET reminded = $4 WHERE supervision_id = $1 AND school_id = $2 AND topic = $3 AND NOT reminded",
            answer.supervision_id.0,
            answer.school_id.0,
            answer.topic.as_str(),
            true
        )?;
        Ok(done == 1)
    }
}
