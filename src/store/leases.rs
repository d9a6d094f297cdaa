//! Who does what is to be done by one node alone, and what is said once.
//!
//! No clock stands in a lease: the holder moves its beat on at each round, and whoever sees a beat stand still for some rounds
//! of their own takes over. A clock that is set back neither ends a lease nor keeps it for ever.

use uuid::Uuid;

use super::{Conn, Result, Tx, row, sql};
use crate::domain::ids::SchoolId;

row! {
    /// A lease as it stands.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Lease {
        /// The node that holds it.
        pub holder: Uuid,
        /// How often it was renewed or taken.
        pub beat: i64,
    }
}

impl Conn {
    /// Who holds a lease.
    ///
    /// # Errors
    /// The database.
    pub async fn lease(&mut self, name: &str) -> Result<Option<Lease>> {
        sql!(self, fetch_optional Lease: "SELECT holder, beat FROM leases WHERE name = $1", name)
    }

    /// Whether something was said to a school that is said once.
    ///
    /// # Errors
    /// The database.
    pub async fn was_said(&mut self, school: SchoolId, name: &str) -> Result<bool> {
        let found = sql!(
            self,
            fetch_optional(i64,): "SELECT CAST(1 AS BIGINT) FROM occasions WHERE school_id = $1 AND name = $2",
            school.0,
            name
        )?;
        Ok(found.is_some())
    }
}

impl Tx {
    /// Takes or renews a lease that still stands as it was `seen`; tells whether it did. Needs no permit: it orders nodes of
    /// the installation and gives nobody anything.
    ///
    /// # Errors
    /// The database.
    pub async fn take_lease(&mut self, name: &str, holder: Uuid, seen: Option<Lease>) -> Result<bool> {
        let done = match seen {
            None => sql!(
                self,
                run "INSERT INTO leases (name, holder, beat) VALUES ($1, $2, 1) ON CONFLICT (name) DO NOTHING",
                name,
                holder
            )?,
            Some(seen) => sql!(
                self,
                run "UPDATE leases SET holder = $2, beat = beat + 1 WHERE name = $1 AND holder = $3 AND beat = $4",
                name,
                holder,
                seen.holder,
                seen.beat
            )?,
        };
        Ok(done == 1)
    }

    /// Notes that something was said to a school; tells whether it is the first time. Needs no permit: it says nothing itself.
    ///
    /// # Errors
    /// The database.
    pub async fn first_time(&mut self, school: SchoolId, name: &str) -> Result<bool> {
        let done = sql!(
            self,
            run "INSERT INTO occasions (school_id, name) VALUES ($1, $2) ON CONFLICT (school_id, name) DO NOTHING",
            school.0,
            name
        )?;
        Ok(done == 1)
    }
}
