//! The structure of a school: its name, classes and terms.

use uuid::Uuid;

use super::{App, Result};
use crate::domain::ids::{ClassId, SchoolId};
use crate::domain::words::{Compartment, OfficeKind};
use crate::policy::{Act, Permit};
use crate::store::{Class, Tx};
use crate::vault::{CompartmentKey, OfficeKey};

impl App {
    /// Makes a class with what every class needs before its first student: the homeroom office, and the key of its roster
    /// wrapped to those who hold rosters. Gives both keys, which exist in clear only in this moment.
    ///
    /// # Errors
    /// [`crate::store::Error::Taken`] inside when the cohort has a class of this number.
    pub(crate) async fn make_class<A: Act>(
        &self,
        tx: &mut Tx,
        permit: &Permit<A>,
        school: SchoolId,
        cohort: i64,
        number: i64,
    ) -> Result<(Class, CompartmentKey, OfficeKey)> {
        let class = Class { id: ClassId(Uuid::now_v7()), school_id: school, cohort, number, closed: false };
        tx.insert_class(permit, &class, self.now()).await?;
        let homeroom = self.make_office(tx, permit, school, OfficeKind::Homeroom, Some(class.id)).await?;
        let offices = tx.offices_of_class(school, class.id).await?;
        let holders = self.holders(&offices, class.id, Compartment::Roster)?;
        let (_, roster) = self.make_key(tx, permit, class.id.0, Compartment::Roster, Uuid::nil(), &holders).await?;
        Ok((class, roster, homeroom))
    }
}
