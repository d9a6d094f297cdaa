//! Notices: that something waits for a person, and on which page. Never what.

use uuid::Uuid;

use super::{Conn, Result, Tx, row, sql};
use crate::domain::ids::{NoticeId, PersonId, SchoolId};
use crate::policy::{Manage, Permit};

row! {
    /// A notice.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Notice {
        /// Its id.
        pub id: NoticeId as Uuid,
        /// The school.
        pub school_id: SchoolId as Uuid,
        /// Whom it is for.
        pub person_id: PersonId as Uuid,
        /// The path of the page where it waits.
        pub place: String,
        /// When, microseconds UTC.
        pub made_at: i64,
        /// When the person looked.
        pub seen_at: Option<i64>,
    }
}

impl Conn {
    /// A person's notices, newest first.
    ///
    /// # Errors
    /// The database.
    pub async fn notices(&mut self, person: PersonId, limit: i64) -> Result<Vec<Notice>> {
        sql!(
            self,
            fetch_all Notice: "SELECT * FROM notices WHERE person_id = $1 ORDER BY made_at DESC, id DESC LIMIT $2",
            person.0,
            limit
        )
    }

    /// How many notices a person has not looked at.
    ///
    /// # Errors
    /// The database.
    pub async fn unseen_notices(&mut self, person: PersonId) -> Result<i64> {
        let (count,) = sql!(
            self,
            fetch_one (i64,): "SELECT count(*) FROM notices WHERE person_id = $1 AND seen_at IS NULL",
            person.0
        )?;
        Ok(count)
    }

    /// The notices made since an instant, for whoever has a page open on this node.
    ///
    /// # Errors
    /// The database.
    pub async fn notices_since(&mut self, since: i64) -> Result<Vec<Notice>> {
        sql!(self, fetch_all Notice: "SELECT * FROM notices WHERE made_at >= $1 ORDER BY made_at, id", since)
    }
}

impl Tx {
    /// The person has looked at all notices made until now.
    ///
    /// # Errors
    /// The database.
    pub async fn see_notices(&mut self, own: &Permit<Manage>, now: i64) -> Result<u64> {
        sql!(
            self,
            run "UPDATE notices SET seen_at = $2 WHERE person_id = $1 AND seen_at IS NULL AND made_at <= $2",
            own.object(),
            now
        )
    }
}
