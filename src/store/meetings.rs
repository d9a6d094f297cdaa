//! Joint meetings 联席会议: who called them, who takes part, and what was decided until when.

use uuid::Uuid;

use super::{Conn, Result, Tx, row, sql};
use crate::domain::county::{DecisionState, HalfYear};
use crate::domain::ids::{DecisionId, MeetingId, SchoolId};
use crate::domain::words::Role;
use crate::policy::{Act, Manage, Permit};

row! {
    /// A joint meeting.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Meeting {
        /// Its id.
        pub id: MeetingId as Uuid,
        /// Who called it: a school, or the district.
        pub school_id: SchoolId as Uuid,
        /// For which half of a school year.
        pub half: HalfYear as String,
        /// The day.
        pub day: String,
        /// Whether it was held.
        pub held: bool,
        /// When it was called, microseconds UTC.
        pub made_at: i64,
        /// Edit version.
        pub version: i64,
    }
}

row! {
    /// What was decided, without its words.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct StoredDecision {
        /// Its id.
        pub id: DecisionId as Uuid,
        /// The meeting.
        pub meeting_id: MeetingId as Uuid,
        /// The school that has to do it.
        pub school_id: SchoolId as Uuid,
        /// The role there that has to do it.
        pub owner: Role as String,
        /// Until when.
        pub due: String,
        /// How far it came.
        pub state: DecisionState as String,
        /// Edit version.
        pub version: i64,
    }
}

impl Conn {
    /// All joint meetings, newest first.
    ///
    /// # Errors
    /// The database.
    pub async fn joint_meetings(&mut self) -> Result<Vec<Meeting>> {
        sql!(
            self,
            fetch_all Meeting: "SELECT id, school_id, half, day, held, made_at, version FROM meetings ORDER BY day DESC, id"
        )
    }

    /// One joint meeting.
    ///
    /// # Errors
    /// The database.
    pub async fn meeting(&mut self, id: MeetingId) -> Result<Option<Meeting>> {
        sql!(
            self,
            fetch_optional Meeting: "SELECT id, school_id, half, day, held, made_at, version FROM meetings WHERE id = $1",
            id.0
        )
    }

    /// Which schools take part in which meeting.
    ///
    /// # Errors
    /// The database.
    pub async fn attendances(&mut self) -> Result<Vec<(Uuid, Uuid)>> {
        sql!(self, fetch_all (Uuid, Uuid): "SELECT meeting_id, school_id FROM attendances")
    }

    /// The decisions of a meeting, earliest first.
    ///
    /// # Errors
    /// The database.
    pub async fn decisions(&mut self, meeting: MeetingId) -> Result<Vec<StoredDecision>> {
        sql!(
            self,
            fetch_all StoredDecision: "SELECT id, meeting_id, school_id, owner, due, state, version FROM decisions
             WHERE meeting_id = $1 ORDER BY due, id",
            meeting.0
        )
    }

    /// The decisions that were due before a day, are not done, and of which nobody was reminded.
    ///
    /// # Errors
    /// The database.
    pub async fn decisions_overdue(&mut self, today: &str) -> Result<Vec<StoredDecision>> {
        sql!(
            self,
            fetch_all StoredDecision: "SELECT id, meeting_id, school_id, owner, due, state, version FROM decisions
             WHERE due < $1 AND NOT reminded AND state <> 'done' ORDER BY due, id",
            today
        )
    }
}

impl Tx {
    /// Calls a meeting.
    ///
    /// # Errors
    /// [`super::Error::Taken`] when who calls it has one in this half year.
    pub async fn insert_joint_meeting(&mut self, permit: &Permit<Manage>, meeting: &Meeting) -> Result<()> {
        sql!(
            self,
            run "INSERT INTO meetings (id, school_id, half, day, held, made_at, version) VALUES ($1, $2, $3, $4, $5, $6, 1)",
            meeting.id.0,
            permit.school().0,
            meeting.half.to_string(),
            meeting.day.as_str(),
            meeting.held,
            meeting.made_at
        )
        .map(drop)
    }

    /// Lets a school take part.
    ///
    /// # Errors
    /// The database.
    pub async fn attend(&mut self, _permit: &Permit<Manage>, meeting: MeetingId, school: SchoolId) -> Result<()> {
        sql!(
            self,
            run "INSERT INTO attendances (meeting_id, school_id) VALUES ($1, $2) ON CONFLICT (meeting_id, school_id) DO NOTHING",
            meeting.0,
            school.0
        )
        .map(drop)
    }

    /// Notes when the meeting was, or is to be, and whether it was held.
    ///
    /// # Errors
    /// The database.
    pub async fn set_meeting(&mut self, permit: &Permit<Manage>, id: MeetingId, day: &str, held: bool) -> Result<bool> {
        let done = sql!(
            self,
            run "UPDATE meetings SET day = $3, held = $4, version = version + 1 WHERE id = $1 AND school_id = $2",
            id.0,
            permit.school().0,
            day,
            held
        )?;
        Ok(done == 1)
    }

    /// Notes a decision; a second one with the same id changes nothing and gives `false`.
    ///
    /// # Errors
    /// The database.
    pub async fn insert_decision(&mut self, _permit: &Permit<Manage>, decision: &StoredDecision) -> Result<bool> {
        let done = sql!(
            self,
            run "INSERT INTO decisions (id, meeting_id, school_id, owner, due, state, reminded, version)
             VALUES ($1, $2, $3, $4, $5, $6, $7, 1) ON CONFLICT (id) DO NOTHING",
            decision.id.0,
            decision.meeting_id.0,
            decision.school_id.0,
            decision.owner.as_str(),
            decision.due.as_str(),
            decision.state.as_str(),
            false
        )?;
        Ok(done == 1)
    }

    /// Notes how far a decision came, where it still has the version that the person saw.
    ///
    /// # Errors
    /// The database.
    pub async fn move_decision<A: Act>(
        &mut self,
        _permit: &Permit<A>,
        id: DecisionId,
        state: DecisionState,
        seen: i64,
    ) -> Result<bool> {
        let done = sql!(
            self,
            run "UPDATE decisions SET state = $2, version = version + 1 WHERE id = $1 AND version = $3",
            id.0,
            state.as_str(),
            seen
        )?;
        Ok(done == 1)
    }

    /// Notes that whoever has to do a decision was reminded. By the clock: it gives nobody anything to read.
    ///
    /// # Errors
    /// The database.
    pub async fn remind_of_decision(&mut self, id: DecisionId) -> Result<bool> {
        let done = sql!(self, run "UPDATE decisions SET reminded = $2 WHERE id = $1 AND NOT reminded", id.0, true)?;
        Ok(done == 1)
    }
}
