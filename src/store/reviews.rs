//! Reviews of help, the mood log of classes, and entries that came from outside: what stands sealed beside the entries.

use uuid::Uuid;

use super::{Conn, Letter, NewEntry, Result, Tx, row, sql};
use crate::domain::ids::{ClassId, PersonId, ReviewId, StudentId};
use crate::policy::{Act, Append, Permit};

row! {
    /// A review, sealed in the support compartment of a file.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct StoredReview {
        /// Its id.
        pub id: ReviewId as Uuid,
        /// The file.
        pub student_id: StudentId as Uuid,
        /// Who wrote it.
        pub author: PersonId as Uuid,
        /// When, microseconds UTC.
        pub written_at: i64,
        /// The key epoch it is sealed in.
        pub epoch: i64,
        /// The sealed text.
        pub sealed: Vec<u8>,
    }
}

row! {
    /// The mood log of a class on a day, sealed under the support key of the class.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct MoodSheet {
        /// The class.
        pub class_id: ClassId as Uuid,
        /// The day, `YYYY-MM-DD`.
        pub day: String,
        /// The key epoch it is sealed in.
        pub epoch: i64,
        /// Edit version.
        pub version: i64,
        /// The sealed marks.
        pub sealed: Vec<u8>,
    }
}

impl Conn {
    /// The reviews of a file, newest first.
    ///
    /// # Errors
    /// The database.
    pub async fn reviews(&mut self, student: StudentId) -> Result<Vec<StoredReview>> {
        sql!(
            self,
            fetch_all StoredReview: "SELECT * FROM reviews WHERE student_id = $1 ORDER BY id DESC",
            student.0
        )
    }

    /// The newest days of the mood log of a class, newest first.
    ///
    /// # Errors
    /// The database.
    pub async fn moods(&mut self, class: ClassId, limit: i64) -> Result<Vec<MoodSheet>> {
        sql!(
            self,
            fetch_all MoodSheet: "SELECT * FROM moods WHERE class_id = $1 ORDER BY day DESC LIMIT $2",
            class.0,
            limit
        )
    }

    /// The entries about a student that somebody from outside sent and that stand in no file yet, oldest first.
    ///
    /// # Errors
    /// The database.
    pub async fn contributions(&mut self, student: StudentId) -> Result<Vec<Letter>> {
        sql!(
            self,
            fetch_all Letter: "SELECT * FROM letters WHERE student_id = $1 AND kind = 'contribution' AND state = 'sent'
             ORDER BY sent_at, id",
            student.0
        )
    }

    /// When a person sent entries about a student, newest first: time, and whether it stands in the file.
    ///
    /// # Errors
    /// The database.
    pub async fn contributed(&mut self, sender: PersonId, student: StudentId, limit: i64) -> Result<Vec<(i64, bool)>> {
        sql!(
            self,
            fetch_all(i64, bool): "SELECT sent_at, state <> 'sent' FROM letters
             WHERE sender = $1 AND student_id = $2 AND kind = 'contribution' ORDER BY sent_at DESC, id LIMIT $3",
            sender.0,
            student.0,
            limit
        )
    }
}

impl Tx {
    /// Adds a review to the file the permit is about.
    ///
    /// # Errors
    /// The database.
    pub async fn insert_review<A: Act>(&mut self, permit: &Permit<A>, review: &StoredReview) -> Result<()> {
        debug_assert_eq!(permit.object(), review.student_id.0);
        sql!(
            self,
            run "INSERT INTO reviews (id, student_id, author, written_at, epoch, sealed) VALUES ($1, $2, $3, $4, $5, $6)",
            review.id.0,
            permit.object(),
            permit.actor().0,
            review.written_at,
            review.epoch,
            review.sealed.clone()
        )
        .map(drop)
    }

    /// Stores a review sealed under a new key epoch.
    ///
    /// # Errors
    /// The database.
    pub async fn reseal_review<A: Act>(&mut self, _permit: &Permit<A>, review: &StoredReview) -> Result<()> {
        sql!(
            self,
            run "UPDATE reviews SET epoch = $2, sealed = $3 WHERE id = $1",
            review.id.0,
            review.epoch,
            review.sealed.clone()
        )
        .map(drop)
    }

    /// Takes an entry that somebody from outside sent into the file the permit is about, as an entry by that author.
    ///
    /// # Errors
    /// The database.
    pub async fn take_in_entry(&mut self, permit: &Permit<Append>, entry: &NewEntry, author: PersonId) -> Result<()> {
        sql!(
            self,
            run "INSERT INTO entries (student_id, id, compartment, owner, author, written_at, epoch, sealed)
             VALUES ($1, $2, 'support', $3, $4, $5, $6, $7)",
            permit.object(),
            entry.id.0,
            entry.owner,
            author.0,
            entry.written_at,
            entry.epoch,
            entry.sealed.clone()
        )
        .map(drop)
    }

    /// Stores the mood log of a day, if the one that stands there is the version before.
    ///
    /// # Errors
    /// The database.
    pub async fn put_mood<A: Act>(&mut self, permit: &Permit<A>, sheet: &MoodSheet) -> Result<bool> {
        debug_assert_eq!(permit.object(), sheet.class_id.0);
        let done = sql!(
            self,
            run "INSERT INTO moods (class_id, day, epoch, version, sealed)
             SELECT $1, $2, $3, $4, $5 WHERE $4 = 1 OR EXISTS (SELECT 1 FROM moods WHERE class_id = $1 AND day = $2)
             ON CONFLICT (class_id, day) DO UPDATE SET epoch = excluded.epoch, version = excluded.version, sealed = excluded.sealed
             WHERE moods.version = excluded.version - 1",
            permit.object(),
            sheet.day.as_str(),
            sheet.epoch,
            sheet.version,
            sheet.sealed.clone()
        )?;
        Ok(done == 1)
    }

    /// Stores a day of the mood log sealed under a new key epoch.
    ///
    /// # Errors
    /// The database.
    pub async fn reseal_mood<A: Act>(&mut self, _permit: &Permit<A>, sheet: &MoodSheet) -> Result<()> {
        sql!(
            self,
            run "UPDATE moods SET epoch = $3, sealed = $4 WHERE class_id = $1 AND day = $2",
            sheet.class_id.0,
            sheet.day.as_str(),
            sheet.epoch,
            sheet.sealed.clone()
        )
        .map(drop)
    }
}
