//! How long a file is kept: what was decided about it, what still runs, and its destruction.

use uuid::Uuid;

use super::{Conn, Result, Tx, row, sql};
use crate::domain::ids::{PersonId, SchoolId, StudentId};
use crate::domain::keeping::KeepingKind;
use crate::policy::{Act, Manage, Permit, Sign};

row! {
    /// Something decided about the keeping of a file.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Keeping {
        /// Its id.
        pub id: Uuid,
        /// The school.
        pub school_id: SchoolId as Uuid,
        /// Whose file it is about.
        pub student_id: StudentId as Uuid,
        /// What was decided.
        pub kind: KeepingKind as String,
        /// By whom.
        pub made_by: PersonId as Uuid,
        /// When, microseconds UTC.
        pub made_at: i64,
        /// The key epoch of the reason.
        pub epoch: i64,
        /// The reason, sealed in the `warning` compartment.
        pub sealed: Vec<u8>,
    }
}

row! {
    /// What of a student still runs, as counts.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct StillRunning {
        /// Warnings that are not closed.
        pub warnings: i64,
        /// Crisis records that are not closed.
        pub crises: i64,
        /// Referrals that have not ended.
        pub referrals: i64,
        /// Reports and signals that nobody took up.
        pub letters: i64,
        /// Mandatory reports of the whole school that are not closed.
        pub mandatory: i64,
    }
}

/// What was destroyed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Erased {
    /// Compartment keys.
    pub keys: u64,
    /// Wraps of them, of all epochs and holders.
    pub wraps: u64,
    /// Rows of the file.
    pub rows: u64,
}

impl Conn {
    /// What was decided about the keeping of a file.
    ///
    /// # Errors
    /// The database.
    pub async fn keepings(&mut self, student: StudentId) -> Result<Vec<Keeping>> {
        sql!(self, fetch_all Keeping: "SELECT * FROM keepings WHERE student_id = $1 ORDER BY made_at, id", student.0)
    }

    /// What of a student still runs.
    ///
    /// # Errors
    /// The database.
    pub async fn still_running(&mut self, school: SchoolId, student: StudentId) -> Result<StillRunning> {
        sql!(
            self,
            fetch_one StillRunning: "SELECT
               (SELECT count(*) FROM warnings WHERE student_id = $1 AND closed_at IS NULL) AS warnings,
               (SELECT count(*) FROM crises WHERE student_id = $1 AND closed_at IS NULL) AS crises,
               (SELECT count(*) FROM referrals WHERE student_id = $1 AND stage <> 'ended') AS referrals,
               (SELECT count(*) FROM letters WHERE student_id = $1 AND state = 'sent' AND kind IN ('concern', 'signal')) AS letters,
               (SELECT count(*) FROM mandatory WHERE school_id = $2 AND closed_at IS NULL) AS mandatory",
            student.0,
            school.0
        )
    }
}

impl Tx {
    /// Notes something decided about the keeping of a file; `false` where the same stands there already.
    ///
    /// # Errors
    /// The database.
    pub async fn insert_keeping<A: Act>(&mut self, permit: &Permit<A>, keeping: &Keeping) -> Result<bool> {
        debug_assert_eq!(permit.object(), keeping.student_id.0);
        let done = sql!(
            self,
            run "INSERT INTO keepings (id, school_id, student_id, kind, made_by, made_at, epoch, sealed)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
            keeping.id,
            permit.school().0,
            keeping.student_id.0,
            keeping.kind.as_str(),
            permit.actor().0,
            keeping.made_at,
            keeping.epoch,
            keeping.sealed.clone()
        )?;
        Ok(done == 1)
    }

    /// Takes back something decided about the keeping of the permit's file; `false` where it does not stand there.
    ///
    /// # Errors
    /// The database.
    pub async fn delete_keeping<A: Act>(&mut self, permit: &Permit<A>, id: Uuid) -> Result<bool> {
        let done = sql!(self, run "DELETE FROM keepings WHERE id = $1 AND student_id = $2", id, permit.object())?;
        Ok(done == 1)
    }

    /// Removes the notices that lead to a page with this text in its address.
    ///
    /// # Errors
    /// The database.
    pub async fn delete_notices_to(&mut self, permit: &Permit<Sign>, text: &str) -> Result<u64> {
        sql!(
            self,
            run "DELETE FROM notices WHERE school_id = $1 AND place LIKE '%' || $2 || '%'",
            permit.school().0,
            text
        )
    }

    /// Seals the permit's file away, if it is closed and still has the version that was read; `false` where it is not.
    ///
    /// # Errors
    /// The database.
    pub async fn seal_away(&mut self, permit: &Permit<Manage>, version: i64) -> Result<bool> {
        let done = sql!(
            self,
            run "UPDATE students SET status = 'sealed_away', version = version + 1
             WHERE id = $1 AND version = $2 AND status IN ('closed', 'not_taken')",
            permit.object(),
            version
        )?;
        Ok(done == 1)
    }

    /// Makes the permit's file, which was sealed away, a closed one again, if it still has the version that was read.
    ///
    /// # Errors
    /// The database.
    pub async fn unseal(&mut self, permit: &Permit<Sign>, version: i64) -> Result<bool> {
        let done = sql!(
            self,
            run "UPDATE students SET status = 'closed', version = version + 1
             WHERE id = $1 AND version = $2 AND status = 'sealed_away'",
            permit.object(),
            version
        )?;
        Ok(done == 1)
    }

    /// Takes every key of the permit's file so that nobody writes under one until this transaction ends. Comes first.
    ///
    /// # Errors
    /// The database.
    pub async fn hold_all_keys<A: Act>(&mut self, permit: &Permit<A>) -> Result<u64> {
        sql!(self, run "UPDATE keys SET epoch = epoch WHERE subject = $1", permit.object())
    }

    /// Destroys a file: every key of it with its wraps of all epochs, and every row sealed under one. With `roll` the student
    /// goes off the roll; else only the stage of the file goes back to the beginning. The roster of the class is not touched.
    ///
    /// # Errors
    /// The database.
    pub async fn erase_file(&mut self, permit: &Permit<Sign>, roll: bool) -> Result<Erased> {
        let of = permit.object();
        let wraps = sql!(self, run "DELETE FROM wraps WHERE key_id IN (SELECT id FROM keys WHERE subject = $1)", of)?;
        let keys = sql!(self, run "DELETE FROM keys WHERE subject = $1", of)?;
        let mut rows = sql!(
            self,
            run "DELETE FROM handovers WHERE subject IN
               (SELECT id FROM warnings WHERE student_id = $1 UNION SELECT id FROM deadlines WHERE student_id = $1)",
            of
        )?;
        rows += sql!(
            self,
            run "DELETE FROM letters WHERE student_id = $1 OR warning_id IN (SELECT id FROM warnings WHERE student_id = $1)",
            of
        )?;
        rows += sql!(self, run "DELETE FROM referrals WHERE student_id = $1", of)?;
        rows += sql!(self, run "DELETE FROM crises WHERE student_id = $1", of)?;
        rows += sql!(self, run "DELETE FROM grants WHERE student_id = $1", of)?;
        rows += sql!(self, run "DELETE FROM deadlines WHERE student_id = $1", of)?;
        rows += sql!(self, run "DELETE FROM steps WHERE student_id = $1", of)?;
        rows += sql!(self, run "DELETE FROM warnings WHERE student_id = $1", of)?;
        rows += sql!(self, run "DELETE FROM reviews WHERE student_id = $1", of)?;
        rows += sql!(self, run "DELETE FROM pairings WHERE student_id = $1", of)?;
        rows += sql!(self, run "DELETE FROM entries WHERE student_id = $1", of)?;
        rows += sql!(self, run "DELETE FROM records WHERE student_id = $1", of)?;
        rows += sql!(self, run "DELETE FROM successions WHERE student_id = $1", of)?;
        rows += sql!(self, run "DELETE FROM keepings WHERE student_id = $1", of)?;
        if roll {
            // Something that a colleague added in this moment still points here: who calls tries again.
            rows += sql!(self, run "DELETE FROM students WHERE id = $1", of).map_err(super::Error::or_pointed_to)?;
        } else {
            sql!(self, run "UPDATE students SET status = 'enrolled', version = version + 1 WHERE id = $1", of)?;
        }
        Ok(Erased { keys, wraps, rows })
    }

    /// Removes one draft of anybody, by the keyed hash it stands under.
    ///
    /// # Errors
    /// The database.
    pub async fn delete_any_draft(&mut self, _permit: &Permit<Sign>, person: PersonId, form: &[u8]) -> Result<u64> {
        sql!(self, run "DELETE FROM drafts WHERE person_id = $1 AND form = $2", person.0, form.to_vec())
    }
}
