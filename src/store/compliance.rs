//! What the yearly compliance pack counts, and the register of incidents.

use uuid::Uuid;

use super::{Conn, Result, Tx, row, sql};
use crate::domain::clock::DAY;
use crate::domain::compliance::IncidentKind;
use crate::domain::ids::{IncidentId, SchoolId};
use crate::domain::keeping::KeepingKind;
use crate::policy::{Manage, Permit, Read};

row! {
    /// An incident: a word and days.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Incident {
        /// Its id.
        pub id: IncidentId as Uuid,
        /// What happened.
        pub kind: IncidentKind as String,
        /// When it was found.
        pub found: String,
        /// When it was reported to the authorities.
        pub reported: Option<String>,
        /// When guardians and students were told.
        pub told: Option<String>,
        /// When it was closed.
        pub closed: Option<String>,
        /// Edit version.
        pub version: i64,
    }
}

row! {
    /// Accesses of one role to one kind of thing on one day.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct AccessDay {
        /// The code of the role.
        pub role: String,
        /// The code of the kind.
        pub kind: String,
        /// The code of the event.
        pub event: String,
        /// Days since 1970 in the school's time zone.
        pub day: i64,
        /// How many.
        pub count: i64,
    }
}

row! {
    /// Since when a file is closed.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct ClosedFile {
        /// When it was closed, microseconds UTC: by the audit line of its last change of stage, or when the student was entered where
        /// there is none.
        pub closed_at: i64,
        /// When it was sealed away, where it is.
        pub sealed_at: Option<i64>,
    }
}

impl Conn {
    /// What happened at a school between two instants, by role, kind, event and day; `shift` is the time zone.
    ///
    /// # Errors
    /// The database.
    pub async fn access_days(
        &mut self,
        _permit: &Permit<Read>,
        school: SchoolId,
        (from, to): (i64, i64),
        shift: i64,
    ) -> Result<Vec<AccessDay>> {
        sql!(
            self,
            fetch_all AccessDay: "SELECT role, kind, event, (at + $4) / $5 AS day, count(*) AS count FROM audit_lines
             WHERE school_id = $1 AND at >= $2 AND at < $3 GROUP BY role, kind, event, day
             ORDER BY role, kind, event, day",
            school.0,
            from,
            to,
            shift,
            DAY
        )
    }

    /// Every closed file of a school, those that were sealed away among them, the oldest first.
    ///
    /// # Errors
    /// The database.
    pub async fn closed_since(&mut self, school: SchoolId) -> Result<Vec<ClosedFile>> {
        sql!(
            self,
            fetch_all ClosedFile: "SELECT coalesce((SELECT max(l.at) FROM audit_lines l WHERE l.school_id = s.school_id AND l.object = s.id
                 AND l.event = 'status_changed'), s.created_at) AS closed_at,
               CASE WHEN s.status = 'sealed_away' THEN coalesce((SELECT max(l.at) FROM audit_lines l
                 WHERE l.school_id = s.school_id AND l.object = s.id AND l.event = 'file_sealed_away'), s.created_at) END AS sealed_at
             FROM students s WHERE s.school_id = $1 AND s.status IN ('closed', 'sealed_away') ORDER BY closed_at",
            school.0
        )
    }

    /// How many files of a school have something of this kind decided about their keeping.
    ///
    /// # Errors
    /// The database.
    pub async fn keepings_waiting(&mut self, school: SchoolId, kind: KeepingKind) -> Result<i64> {
        let (count,) = sql!(
            self,
            fetch_one (i64,): "SELECT count(*) FROM keepings WHERE school_id = $1 AND kind = $2",
            school.0,
            kind.as_str()
        )?;
        Ok(count)
    }

    /// How many helpers from outside of a school have no background check since a day.
    ///
    /// # Errors
    /// The database.
    pub async fn checks_missing(&mut self, school: SchoolId, since: &str, now: i64) -> Result<i64> {
        let (count,) = sql!(
            self,
            fetch_one (i64,): "SELECT count(DISTINCT d.person_id) FROM duties d LEFT JOIN checks k ON k.person_id = d.person_id
             WHERE d.school_id = $1 AND d.role = 'external_helper' AND d.since <= $3 AND (d.until IS NULL OR d.until > $3)
               AND (k.checked_on IS NULL OR k.checked_on < $2)",
            school.0,
            since,
            now
        )?;
        Ok(count)
    }

    /// The incidents of a school, newest first.
    ///
    /// # Errors
    /// The database.
    pub async fn incidents(&mut self, school: SchoolId) -> Result<Vec<Incident>> {
        sql!(
            self,
            fetch_all Incident: "SELECT id, kind, found, reported, told, closed, version FROM incidents WHERE school_id = $1
             ORDER BY found DESC, id DESC",
            school.0
        )
    }
}

impl Tx {
    /// Notes an incident; a second time with the same id changes nothing and gives `false`.
    ///
    /// # Errors
    /// The database.
    pub async fn insert_incident(&mut self, permit: &Permit<Manage>, incident: &Incident, now: i64) -> Result<bool> {
        let done = sql!(
            self,
            run "INSERT INTO incidents (id, school_id, kind, found, reported, told, closed, noted_at, version)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1) ON CONFLICT (id) DO NOTHING",
            incident.id.0,
            permit.school().0,
            incident.kind.as_str(),
            incident.found.as_str(),
            incident.reported.clone(),
            incident.told.clone(),
            incident.closed.clone(),
            now
        )?;
        Ok(done == 1)
    }

    /// Notes what was done about an incident that still has the version that the person saw.
    ///
    /// # Errors
    /// The database.
    pub async fn update_incident(&mut self, permit: &Permit<Manage>, incident: &Incident) -> Result<bool> {
        let done = sql!(
            self,
            run "UPDATE incidents SET reported = $3, told = $4, closed = $5, version = version + 1
             WHERE id = $1 AND school_id = $2 AND version = $6",
            incident.id.0,
            permit.school().0,
            incident.reported.clone(),
            incident.told.clone(),
            incident.closed.clone(),
            incident.version
        )?;
        Ok(done == 1)
    }
}
