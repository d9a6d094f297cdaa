//! Two recovery slips let a person into an office when nobody is left who could.

use super::{App, Error, Result};
use crate::domain::ids::{ClassId, PersonId};
use crate::domain::relation::Standing;
use crate::domain::words::{Kind, OfficeKind};
use crate::policy::Manage;
use crate::vault::{Slip, join};

impl App {
    /// Joins slips to the recovery identity, opens an office with it and lets a person in. Run by `yice key recover` only:
    /// whoever holds two slips and the server has no need to be signed in. Gives false when the person was in already.
    ///
    /// # Errors
    /// The slips do not join ([`Error::Internal`] with [`crate::vault::Error::Slips`]); [`Error::NotFound`] when they are
    /// of another installation, or there is no such person or office; [`Error::NoKey`] when the person has no key pair yet.
    pub async fn recover_into(
        &self,
        slips: &[Slip],
        person: PersonId,
        kind: OfficeKind,
        class: Option<ClassId>,
    ) -> Result<bool> {
        let recovery = join(slips)?;
        let mut conn = self.db.read().await?;
        let made = conn.installation().await?.ok_or(Error::NotFound)?;
        if recovery.recipient()? != made.recovery_recipient {
            return Err(Error::NotFound);
        }
        let school = conn.person(person).await?.filter(|person| person.active).ok_or(Error::NotFound)?.school_id;
        let offices = conn.offices(school).await?;
        let wanted = |office: &&crate::store::Office| office.kind == kind && office.class_id == class.map(|id| id.0);
        let office = offices.iter().find(wanted).ok_or(Error::NotFound)?;
        if conn.members(school).await?.contains(&(office.id, person)) {
            return Ok(false);
        }
        let recipient = self.person_recipient(&mut conn, person).await?.ok_or(Error::NoKey)?;
        let key = self.office_key(&mut conn, &recovery, made.recovery_id, office.id, office.epoch).await?;
        let key = key.ok_or(Error::NoKey)?;
        drop(conn);
        let permit = self.permit::<Manage>(&Standing::installation(school), Kind::Staff, school.0).await?;
        let mut tx = self.begin().await?;
        self.let_in(&mut tx, &permit, &key, person, &recipient).await?;
        tx.commit().await?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;
    use crate::domain::relation::Duty;
    use crate::domain::words::Role;
    use crate::service::testing::{PASSWORD, School};
    use crate::vault::{self, Identity, split};

    /// A counsellor whom nobody let into the counselling office.
    async fn alone(school: &School) -> PersonId {
        let duty = Duty { role: Role::Counsellor, school: school.founded.id, class: None };
        let password = SecretString::from(PASSWORD);
        school.app.found_person(school.founded.id, "zhou", "周老师", password, &[duty], &[]).await.unwrap()
    }

    #[tokio::test]
    async fn two_slips_let_a_counsellor_into_the_office_that_nobody_else_can_open() {
        let (mut school, slips) = School::found_with_slips().await;
        let person = alone(&school).await;
        let [first, _, third] = slips;
        let let_in = school.app.recover_into(&[first, third], person, OfficeKind::Counselling, None).await.unwrap();
        assert!(let_in);
        let viewer = school.sign_in("zhou").await;
        assert_eq!(viewer.ring.offices.len(), 1);
        assert_eq!(viewer.ring.offices[0].office, school.founded.counselling.office);
    }

    #[tokio::test]
    async fn one_slip_and_the_slips_of_another_installation_let_nobody_in() {
        let (mut school, [first, ..]) = School::found_with_slips().await;
        let person = alone(&school).await;
        let one = school.app.recover_into(&[first], person, OfficeKind::Counselling, None).await;
        let Err(Error::Internal(cause)) = one else { panic!("{one:?}") };
        assert!(matches!(cause.downcast_ref(), Some(vault::Error::Slips(vault::SlipProblem::TooFew))));
        let [a, b, _] = split(&Identity::generate().unwrap()).unwrap();
        let other = school.app.recover_into(&[a, b], person, OfficeKind::Counselling, None).await;
        assert!(matches!(other, Err(Error::NotFound)));
        assert!(school.sign_in("zhou").await.ring.offices.is_empty());
    }
}
