//! A class in the making. Its homeroom's public key must exist before the class does: an import seals to it beforehand.

use uuid::Uuid;

use super::{App, Result};
use crate::domain::ids::{ClassId, OfficeId, SchoolId};
use crate::domain::words::{Compartment, OfficeKind};
use crate::policy::{Act, Permit};
use crate::store::{Class, Office, Tx};
use crate::vault::{CompartmentKey, Identity, OfficeKey};

/// A class and its homeroom, not yet stored.
#[derive(Debug)]
pub(crate) struct NewClass {
    /// The class.
    pub class: Class,
    /// Its homeroom, with the public key.
    pub office: Office,
    /// The key of the homeroom, which exists in clear only in this moment.
    pub homeroom: OfficeKey,
}

impl App {
    /// Thinks up a class with its homeroom. Nothing is stored yet.
    ///
    /// # Errors
    /// No random bytes.
    pub(crate) fn class_in_the_making(&self, school: SchoolId, cohort: i64, number: i64) -> Result<NewClass> {
        let class = Class { id: ClassId(Uuid::now_v7()), school_id: school, cohort, number, closed: false };
        let identity = Identity::generate()?;
        let id = OfficeId(Uuid::now_v7());
        let office = self.office_row(id, school, OfficeKind::Homeroom, Some(class.id), 1, &identity)?;
        Ok(NewClass { class, office, homeroom: OfficeKey { office: id, epoch: 1, identity } })
    }

    /// Stores a class with what every class needs before its first student: the homeroom office, and the key of its roster
    /// wrapped to those who hold rosters.
    ///
    /// # Errors
    /// [`crate::store::Error::Taken`] inside when the cohort has a class of this number.
    pub(crate) async fn store_class<A: Act>(
        &self,
        tx: &mut Tx,
        permit: &Permit<A>,
        new: &NewClass,
    ) -> Result<CompartmentKey> {
        let NewClass { class, office, homeroom } = new;
        tx.insert_class(permit, class, self.now()).await?;
        tx.insert_office(permit, office).await?;
        self.wrap_office_to_keepers(tx, permit, office, homeroom).await?;
        let offices = tx.offices_of_class(class.school_id, class.id).await?;
        let holders = self.holders(&offices, class.id, Compartment::Roster)?;
        let (_, roster) = self.make_key(tx, permit, class.id.0, Compartment::Roster, Uuid::nil(), &holders).await?;
        Ok(roster)
    }
}
