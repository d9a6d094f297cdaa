//! Mandatory reports 强制报告, and who is named to receive them.

use uuid::Uuid;

use super::{Conn, Result, Tx, row, sql};
use crate::domain::ids::{PersonId, ReportId, SchoolId};
use crate::policy::{Act, Permit};

row! {
    /// A mandatory report as it stands sealed: neither the student nor the writer stands in clear.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct StoredReport {
        /// Its id, random.
        pub id: ReportId as Uuid,
        /// The school.
        pub school_id: SchoolId as Uuid,
        /// When it was made, microseconds UTC.
        pub made_at: i64,
        /// Until when the police must be told.
        pub police_due: i64,
        /// Until when the education bureau must be told.
        pub bureau_due: i64,
        /// When it was written down that the police were told.
        pub police_at: Option<i64>,
        /// When it was written down that the bureau was told.
        pub bureau_at: Option<i64>,
        /// When it was closed.
        pub closed_at: Option<i64>,
        /// When the bell rings next.
        pub next_at: Option<i64>,
        /// How often it rang.
        pub rung: i64,
        /// The keyed hash of the phrase on the receipt.
        pub receipt: Vec<u8>,
        /// The epoch of its key.
        pub epoch: i64,
        /// Edit version: of the row and of its seal.
        pub version: i64,
        /// The sealed [`MandatoryReport`](crate::domain::mandatory::MandatoryReport).
        pub sealed: Vec<u8>,
    }
}

impl Conn {
    /// The persons named for mandatory reports, since when, longest first.
    ///
    /// # Errors
    /// The database.
    pub async fn named(&mut self, school: SchoolId) -> Result<Vec<(PersonId, i64)>> {
        let rows: Vec<(Uuid, i64)> = sql!(
            self,
            fetch_all(Uuid, i64): "SELECT person_id, since FROM named WHERE school_id = $1 ORDER BY since, person_id",
            school.0
        )?;
        Ok(rows.into_iter().map(|(person, since)| (PersonId(person), since)).collect())
    }

    /// One report.
    ///
    /// # Errors
    /// The database.
    pub async fn report(&mut self, id: ReportId) -> Result<Option<StoredReport>> {
        sql!(self, fetch_optional StoredReport: "SELECT * FROM mandatory WHERE id = $1", id.0)
    }

    /// The report with this receipt.
    ///
    /// # Errors
    /// The database.
    pub async fn report_with_receipt(&mut self, receipt: &[u8]) -> Result<Option<StoredReport>> {
        sql!(self, fetch_optional StoredReport: "SELECT * FROM mandatory WHERE receipt = $1", receipt.to_vec())
    }

    /// The reports of a school: open ones first, newest first.
    ///
    /// # Errors
    /// The database.
    pub async fn reports(&mut self, school: SchoolId, limit: i64) -> Result<Vec<StoredReport>> {
        sql!(
            self,
            fetch_all StoredReport: "SELECT * FROM mandatory WHERE school_id = $1
             ORDER BY closed_at IS NOT NULL, made_at DESC, id LIMIT $2",
            school.0,
            limit
        )
    }

    /// How many reports of a school were made since an instant.
    ///
    /// # Errors
    /// The database.
    pub async fn reports_made_since(&mut self, school: SchoolId, since: i64) -> Result<i64> {
        let (count,) = sql!(
            self,
            fetch_one (i64,): "SELECT count(*) FROM mandatory WHERE school_id = $1 AND made_at >= $2",
            school.0,
            since
        )?;
        Ok(count)
    }

    /// The open reports whose bell rings now, of all schools, earliest first.
    ///
    /// # Errors
    /// The database.
    pub async fn reports_to_ring(&mut self, now: i64, limit: i64) -> Result<Vec<StoredReport>> {
        sql!(
            self,
            fetch_all StoredReport: "SELECT * FROM mandatory WHERE next_at <= $1 AND closed_at IS NULL ORDER BY next_at, id LIMIT $2",
            now,
            limit
        )
    }
}

impl Tx {
    /// Names somebody for mandatory reports. Naming them twice is the same as once.
    ///
    /// # Errors
    /// The database.
    pub async fn name_person<A: Act>(&mut self, permit: &Permit<A>, person: PersonId, now: i64) -> Result<bool> {
        let done = sql!(
            self,
            run "INSERT INTO named (school_id, person_id, named_by, since) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
            permit.school().0,
            person.0,
            permit.actor().0,
            now
        )?;
        Ok(done == 1)
    }

    /// Takes somebody off the list of those named.
    ///
    /// # Errors
    /// The database.
    pub async fn unname_person<A: Act>(&mut self, permit: &Permit<A>, person: PersonId) -> Result<bool> {
        let done = sql!(
            self,
            run "DELETE FROM named WHERE school_id = $1 AND person_id = $2",
            permit.school().0,
            person.0
        )?;
        Ok(done == 1)
    }

    /// Destroys the wraps that a person holds of the keys of mandatory reports.
    ///
    /// # Errors
    /// The database.
    pub async fn delete_report_wraps_of<A: Act>(&mut self, permit: &Permit<A>, person: PersonId) -> Result<u64> {
        sql!(
            self,
            run "DELETE FROM wraps WHERE holder = $1 AND key_id IN (SELECT id FROM keys WHERE school_id = $2 AND compartment = 'restricted')",
            person.0,
            permit.school().0
        )
    }

    /// Stores a new report. A second one with the same id changes nothing and gives `false`.
    ///
    /// # Errors
    /// The database.
    pub async fn insert_report<A: Act>(&mut self, permit: &Permit<A>, report: &StoredReport) -> Result<bool> {
        let done = sql!(
            self,
            run "INSERT INTO mandatory (id, school_id, made_at, police_due, bureau_due, next_at, rung, receipt, epoch, version, sealed)
             VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8, 1, $9) ON CONFLICT (id) DO NOTHING",
            report.id.0,
            permit.school().0,
            report.made_at,
            report.police_due,
            report.bureau_due,
            report.next_at,
            report.receipt.clone(),
            report.epoch,
            report.sealed.clone()
        )?;
        Ok(done == 1)
    }

    /// Stores a report as it stands after a step: `report.version` is the new one, which must follow the stored one.
    ///
    /// # Errors
    /// The database.
    pub async fn put_report<A: Act>(&mut self, permit: &Permit<A>, report: &StoredReport) -> Result<bool> {
        let done = sql!(
            self,
            run "UPDATE mandatory SET police_at = $4, bureau_at = $5, closed_at = $6, next_at = $7, epoch = $8, version = $3, sealed = $9
             WHERE id = $1 AND school_id = $2 AND version = $3 - 1 AND closed_at IS NULL",
            report.id.0,
            permit.school().0,
            report.version,
            report.police_at,
            report.bureau_at,
            report.closed_at,
            report.next_at,
            report.epoch,
            report.sealed.clone()
        )?;
        Ok(done == 1)
    }

    /// Notes that the bell of a report rang, once: `seen` is the row as it was read. Needs no permit: it moves a time and
    /// gives nobody anything to read.
    ///
    /// # Errors
    /// The database.
    pub async fn ring_report(&mut self, seen: &StoredReport, next_at: Option<i64>) -> Result<bool> {
        let done = sql!(
            self,
            run "UPDATE mandatory SET rung = rung + 1, next_at = $3 WHERE id = $1 AND rung = $2 AND closed_at IS NULL",
            seen.id.0,
            seen.rung,
            next_at
        )?;
        Ok(done == 1)
    }
}
