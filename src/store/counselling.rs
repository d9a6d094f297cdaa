//! Groups that a counsellor meets with, and how many notes a counsellor wrote.

use uuid::Uuid;

use super::{Conn, Result, Tx, row, sql};
use crate::domain::ids::{GroupId, PersonId, SchoolId};
use crate::policy::{Act, Permit};

row! {
    /// A group.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct CounselGroup {
        /// Its id.
        pub id: GroupId as Uuid,
        /// The school.
        pub school_id: SchoolId as Uuid,
        /// The counsellor.
        pub person_id: PersonId as Uuid,
        /// Whether it meets no more.
        pub ended: bool,
        /// When it was made, microseconds UTC.
        pub started_at: i64,
        /// The key epoch.
        pub epoch: i64,
        /// Edit version: of the row and of its seal.
        pub version: i64,
        /// The sealed [`GroupPlan`](crate::domain::session::GroupPlan).
        pub sealed: Vec<u8>,
    }
}

row! {
    /// A meeting of a group.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct StoredMeeting {
        /// Its id: that of the form it came from.
        pub id: Uuid,
        /// The group.
        pub group_id: GroupId as Uuid,
        /// When it was written down, microseconds UTC.
        pub written_at: i64,
        /// How many members' own notes came of it.
        pub notes: i64,
        /// The key epoch.
        pub epoch: i64,
        /// The sealed [`GroupMeeting`](crate::domain::session::GroupMeeting).
        pub sealed: Vec<u8>,
    }
}

impl Conn {
    /// One group.
    ///
    /// # Errors
    /// The database.
    pub async fn group(&mut self, id: GroupId) -> Result<Option<CounselGroup>> {
        sql!(self, fetch_optional CounselGroup: "SELECT * FROM counsel_groups WHERE id = $1", id.0)
    }

    /// The groups of a counsellor, newest first.
    ///
    /// # Errors
    /// The database.
    pub async fn groups_of(&mut self, person: PersonId) -> Result<Vec<CounselGroup>> {
        sql!(
            self,
            fetch_all CounselGroup: "SELECT * FROM counsel_groups WHERE person_id = $1 ORDER BY started_at DESC, id",
            person.0
        )
    }

    /// The meetings of a group, newest first.
    ///
    /// # Errors
    /// The database.
    pub async fn meetings(&mut self, group: GroupId) -> Result<Vec<StoredMeeting>> {
        sql!(
            self,
            fetch_all StoredMeeting: "SELECT * FROM group_meetings WHERE group_id = $1 ORDER BY written_at DESC, id",
            group.0
        )
    }

    /// The meetings of all groups of a counsellor since an instant: when each was written and how many notes came of it.
    ///
    /// # Errors
    /// The database.
    pub async fn meetings_of(&mut self, person: PersonId, since: i64) -> Result<Vec<(i64, i64)>> {
        sql!(
            self,
            fetch_all(i64, i64): "SELECT m.written_at, m.notes FROM group_meetings m JOIN counsel_groups g ON g.id = m.group_id
             WHERE g.person_id = $1 AND m.written_at >= $2 ORDER BY m.written_at, m.id",
            person.0,
            since
        )
    }

    /// A counsellor's notes since an instant, corrections left out: about whom and when each was written.
    ///
    /// # Errors
    /// The database.
    pub async fn notes_of(&mut self, person: PersonId, since: i64) -> Result<Vec<(Uuid, i64)>> {
        sql!(
            self,
            fetch_all(Uuid, i64): "SELECT student_id, written_at FROM entries
             WHERE author = $1 AND compartment = 'counselling' AND corrects IS NULL AND written_at >= $2 ORDER BY written_at, id",
            person.0,
            since
        )
    }
}

impl Tx {
    /// Makes a group.
    ///
    /// # Errors
    /// The database.
    pub async fn insert_group<A: Act>(&mut self, permit: &Permit<A>, group: &CounselGroup) -> Result<bool> {
        let done = sql!(
            self,
            run "INSERT INTO counsel_groups (id, school_id, person_id, ended, started_at, epoch, version, sealed)
             VALUES ($1, $2, $3, $4, $5, $6, 1, $7) ON CONFLICT (id) DO NOTHING",
            group.id.0,
            permit.school().0,
            permit.actor().0,
            group.ended,
            group.started_at,
            group.epoch,
            group.sealed.clone()
        )?;
        Ok(done == 1)
    }

    /// Stores a group as it stands now: `group.version` is the new one, which must follow the stored one.
    ///
    /// # Errors
    /// The database.
    pub async fn put_group<A: Act>(&mut self, permit: &Permit<A>, group: &CounselGroup) -> Result<bool> {
        let done = sql!(
            self,
            run "UPDATE counsel_groups SET ended = $3, epoch = $4, version = $5, sealed = $6
             WHERE id = $1 AND person_id = $2 AND version = $5 - 1",
            group.id.0,
            permit.actor().0,
            group.ended,
            group.epoch,
            group.version,
            group.sealed.clone()
        )?;
        Ok(done == 1)
    }

    /// Adds a meeting. A second one with the same id changes nothing and gives `false`.
    ///
    /// # Errors
    /// The database.
    pub async fn insert_meeting<A: Act>(&mut self, _permit: &Permit<A>, meeting: &StoredMeeting) -> Result<bool> {
        let done = sql!(
            self,
            run "INSERT INTO group_meetings (id, group_id, written_at, notes, epoch, sealed) VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (id) DO NOTHING",
            meeting.id,
            meeting.group_id.0,
            meeting.written_at,
            meeting.notes,
            meeting.epoch,
            meeting.sealed.clone()
        )?;
        Ok(done == 1)
    }
}
