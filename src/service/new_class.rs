//! A class in the making. The public keys of its offices must exist before the class does: an import seals to them beforehand.

use uuid::Uuid;

use super::{App, Result};
use crate::domain::ids::{ClassId, OfficeId, SchoolId};
use crate::domain::words::{Compartment, OfficeKind};
use crate::policy::{Act, Permit};
use crate::store::{Class, Office, Tx};
use crate::vault::{CompartmentKey, Identity, OfficeKey};

/// A class and its offices, not yet stored.
#[derive(Debug)]
pub(crate) struct NewClass {
    /// The class.
    pub class: Class,
    /// Its offices, with their public keys: the homeroom, and that of the subject teachers.
    pub offices: [Office; 2],
    /// The key of the homeroom, which exists in clear only in this moment.
    pub homeroom: OfficeKey,
    /// The key of the subject teachers' office, likewise.
    pub teachers: OfficeKey,
}

impl App {
    /// Thinks up a class with its offices. Nothing is stored yet.
    ///
    /// # Errors
    /// No random bytes.
    pub(crate) fn class_in_the_making(&self, school: SchoolId, cohort: i64, number: i64) -> Result<NewClass> {
        let class = Class { id: ClassId(Uuid::now_v7()), school_id: school, cohort, number, closed: false };
        let office = |kind| -> Result<_> {
            let (id, identity) = (OfficeId(Uuid::now_v7()), Identity::generate()?);
            let office = self.office_row(id, school, kind, Some(class.id), 1, &identity)?;
            Ok((office, OfficeKey { office: id, epoch: 1, identity }))
        };
        let (homeroom_row, homeroom) = office(OfficeKind::Homeroom)?;
        let (teachers_row, teachers) = office(OfficeKind::Teachers)?;
        Ok(NewClass { class, offices: [homeroom_row, teachers_row], homeroom, teachers })
    }

    /// Stores a class with what every class needs before its first student: the homeroom and the office of
    /// its subject teachers, and the key of its roster wrapped to those who hold rosters.
    ///
    /// # Errors
    /// [`crate::store::Error::Taken`] inside when the cohort has a class of this number.
    pub(crate) async fn store_class<A: Act>(
        &self,
        tx: &mut Tx,
        permit: &Permit<A>,
        new: &NewClass,
    ) -> Result<CompartmentKey> {
        let NewClass { class, offices, homeroom, teachers } = new;
        tx.insert_class(permit, class, self.now()).await?;
        for (office, key) in offices.iter().zip([homeroom, teachers]) {
            tx.insert_office(permit, office).await?;
            self.wrap_office_to_keepers(tx, permit, office, key).await?;
        }
        let offices = tx.offices_of_class(class.school_id, class.id).await?;
        let holders = self.holders(&offices, class.id, Compartment::Roster)?;
        let (_, roster) = self.make_key(tx, permit, class.id.0, Compartment::Roster, Uuid::nil(), &holders).await?;
        Ok(roster)
    }
}
