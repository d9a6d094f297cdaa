//! The structure of a school: its name, classes and terms.

use super::{App, Result};
use crate::domain::ids::SchoolId;
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
        let new = self.new_class(school, cohort, number)?;
        let roster = self.store_class(tx, permit, &new).await?;
        Ok((new.class, roster, new.homeroom))
    }
}
