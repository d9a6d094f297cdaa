//! The appointment book of the counselling room: times and rooms. Whom they are for lies in letters.

use uuid::Uuid;

use super::{Conn, Result, Tx, row, sql};
use crate::domain::ids::{AppointmentId, LetterId, PersonId, SchoolId};
use crate::domain::room::AppointmentState;
use crate::policy::{Act, Manage, Permit};

row! {
    /// When a counsellor receives people, every week.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct RoomHours {
        /// Its id.
        pub id: Uuid,
        /// The school.
        pub school_id: SchoolId as Uuid,
        /// The counsellor.
        pub person_id: PersonId as Uuid,
        /// 1 for Monday to 7 for Sunday.
        pub weekday: i64,
        /// Minutes after midnight at the school.
        pub starts: i64,
        /// How long, minutes.
        pub minutes: i64,
        /// Where.
        pub room: String,
    }
}

row! {
    /// An appointment.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Appointment {
        /// Its id, random.
        pub id: AppointmentId as Uuid,
        /// The school.
        pub school_id: SchoolId as Uuid,
        /// The counsellor.
        pub person_id: PersonId as Uuid,
        /// From, microseconds UTC.
        pub starts_at: i64,
        /// To, microseconds UTC.
        pub ends_at: i64,
        /// Where.
        pub room: String,
        /// Where it stands.
        pub state: AppointmentState as String,
        /// The sealed [`AppointmentFor`](crate::domain::room::AppointmentFor).
        pub letter_id: LetterId as Uuid,
        /// Edit version.
        pub version: i64,
    }
}

impl Conn {
    /// The weekly hours of all counsellors of a school.
    ///
    /// # Errors
    /// The database.
    pub async fn room_hours(&mut self, school: SchoolId) -> Result<Vec<RoomHours>> {
        sql!(
            self,
            fetch_all RoomHours: "SELECT * FROM room_hours WHERE school_id = $1 ORDER BY weekday, starts, id",
            school.0
        )
    }

    /// The appointments of a school that begin within a span and were not called off, in their order.
    ///
    /// # Errors
    /// The database.
    pub async fn appointments(&mut self, school: SchoolId, from: i64, until: i64) -> Result<Vec<Appointment>> {
        sql!(
            self,
            fetch_all Appointment: "SELECT * FROM appointments
             WHERE school_id = $1 AND starts_at >= $2 AND starts_at < $3 AND state <> 'cancelled' ORDER BY starts_at, id",
            school.0,
            from,
            until
        )
    }

    /// One appointment.
    ///
    /// # Errors
    /// The database.
    pub async fn appointment(&mut self, id: AppointmentId) -> Result<Option<Appointment>> {
        sql!(self, fetch_optional Appointment: "SELECT * FROM appointments WHERE id = $1", id.0)
    }
}

impl Tx {
    /// Adds weekly hours.
    ///
    /// # Errors
    /// [`super::Error::Taken`] when the counsellor has hours that start at this time.
    pub async fn insert_room_hours(&mut self, permit: &Permit<Manage>, hours: &RoomHours) -> Result<()> {
        sql!(
            self,
            run "INSERT INTO room_hours (id, school_id, person_id, weekday, starts, minutes, room) VALUES ($1, $2, $3, $4, $5, $6, $7)",
            hours.id,
            permit.school().0,
            permit.actor().0,
            hours.weekday,
            hours.starts,
            hours.minutes,
            hours.room.as_str()
        )
        .map(drop)
    }

    /// Takes weekly hours of the permit's person away.
    ///
    /// # Errors
    /// The database.
    pub async fn delete_room_hours(&mut self, permit: &Permit<Manage>, id: Uuid) -> Result<bool> {
        let done = sql!(
            self,
            run "DELETE FROM room_hours WHERE id = $1 AND person_id = $2",
            id,
            permit.actor().0
        )?;
        Ok(done == 1)
    }

    /// Writes an appointment into the book.
    ///
    /// # Errors
    /// The database.
    pub async fn insert_appointment<A: Act>(&mut self, permit: &Permit<A>, new: &Appointment) -> Result<()> {
        sql!(
            self,
            run "INSERT INTO appointments (id, school_id, person_id, starts_at, ends_at, room, state, letter_id, version)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1)",
            new.id.0,
            permit.school().0,
            new.person_id.0,
            new.starts_at,
            new.ends_at,
            new.room.as_str(),
            new.state.as_str(),
            new.letter_id.0
        )
        .map(drop)
    }

    /// Moves an appointment on, if it still has the version that was seen.
    ///
    /// # Errors
    /// The database.
    pub async fn move_appointment<A: Act>(
        &mut self,
        permit: &Permit<A>,
        id: AppointmentId,
        seen: i64,
        state: AppointmentState,
    ) -> Result<bool> {
        let done = sql!(
            self,
            run "UPDATE appointments SET state = $4, version = version + 1 WHERE id = $1 AND school_id = $2 AND version = $3",
            id.0,
            permit.school().0,
            seen,
            state.as_str()
        )?;
        Ok(done == 1)
    }
}
