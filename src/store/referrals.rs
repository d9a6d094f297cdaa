//! Referrals 转介.

use uuid::Uuid;

use super::{Conn, Result, Tx, row, sql};
use crate::domain::ids::{ReferralId, SchoolId, StudentId, WarningId};
use crate::domain::referral::ReferralStage;
use crate::policy::{Act, Permit};

row! {
    /// A referral as it stands sealed.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct StoredReferral {
        /// Its id.
        pub id: ReferralId as Uuid,
        /// The school.
        pub school_id: SchoolId as Uuid,
        /// The student.
        pub student_id: StudentId as Uuid,
        /// The warning.
        pub warning_id: WarningId as Uuid,
        /// How far it came.
        pub stage: ReferralStage as String,
        /// When it was begun, microseconds UTC.
        pub made_at: i64,
        /// When it last moved on.
        pub moved_at: i64,
        /// The key epoch.
        pub epoch: i64,
        /// Edit version: of the row and of its seal.
        pub version: i64,
        /// The sealed [`Referral`](crate::domain::referral::Referral).
        pub sealed: Vec<u8>,
    }
}

impl Conn {
    /// One referral.
    ///
    /// # Errors
    /// The database.
    pub async fn referral(&mut self, id: ReferralId) -> Result<Option<StoredReferral>> {
        sql!(self, fetch_optional StoredReferral: "SELECT * FROM referrals WHERE id = $1", id.0)
    }

    /// The referrals of a warning, oldest first.
    ///
    /// # Errors
    /// The database.
    pub async fn referrals_of_warning(&mut self, warning: WarningId) -> Result<Vec<StoredReferral>> {
        sql!(
            self,
            fetch_all StoredReferral: "SELECT * FROM referrals WHERE warning_id = $1 ORDER BY made_at, id",
            warning.0
        )
    }
}

impl Tx {
    /// Begins a referral. A second one with the same id changes nothing and gives `false`.
    ///
    /// # Errors
    /// The database.
    pub async fn insert_referral<A: Act>(&mut self, permit: &Permit<A>, referral: &StoredReferral) -> Result<bool> {
        let done = sql!(
            self,
            run "INSERT INTO referrals (id, school_id, student_id, warning_id, stage, made_at, moved_at, epoch, version, sealed)
             VALUES ($1, $2, $3, $4, $5, $6, $6, $7, 1, $8) ON CONFLICT (id) DO NOTHING",
            referral.id.0,
            permit.school().0,
            referral.student_id.0,
            referral.warning_id.0,
            referral.stage.as_str(),
            referral.made_at,
            referral.epoch,
            referral.sealed.clone()
        )?;
        Ok(done == 1)
    }

    /// Stores a referral as it stands after a step: `referral.version` is the new one, which must follow the stored one.
    ///
    /// # Errors
    /// The database.
    pub async fn put_referral<A: Act>(&mut self, permit: &Permit<A>, referral: &StoredReferral) -> Result<bool> {
        let done = sql!(
            self,
            run "UPDATE referrals SET stage = $4, moved_at = $5, epoch = $6, version = $3, sealed = $7
             WHERE id = $1 AND school_id = $2 AND version = $3 - 1",
            referral.id.0,
            permit.school().0,
            referral.version,
            referral.stage.as_str(),
            referral.moved_at,
            referral.epoch,
            referral.sealed.clone()
        )?;
        Ok(done == 1)
    }
}
