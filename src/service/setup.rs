//! Founding: the installation, a school, the first accounts. Run by `yice init` and `yice demo`, never by a page.

use secrecy::SecretString;
use uuid::Uuid;

use super::{App, Error, Result};
use crate::domain::audit::Event;
use crate::domain::ids::{PersonId, SchoolId};
use crate::domain::relation::{Duty, Facts, Standing};
use crate::domain::words::{Kind, Language, OfficeKind, SchoolKind};
use crate::policy::Manage;
use crate::store::{Account, Installation, Person};
use crate::vault::{Identity, OfficeKey, Recipient, Slip, split};

/// Proves that a server secret belongs to a database.
const SECRET_CHECK: &str = "installation";

/// The district that was just founded, with the key of its office: it exists in clear only in this moment.
#[derive(Debug)]
pub struct FoundedDistrict {
    /// The district.
    pub id: SchoolId,
    /// Its office.
    pub office: OfficeKey,
}

/// A school that was just founded, with the keys of its offices: they exist in clear only in this moment.
#[derive(Debug)]
pub struct FoundedSchool {
    /// The school.
    pub id: SchoolId,
    /// The counselling office.
    pub counselling: OfficeKey,
    /// The moral-education office.
    pub moral_ed: OfficeKey,
}

impl App {
    /// Makes the installation: a recovery identity, of which only the public half stays, and its three slips.
    ///
    /// # Errors
    /// There is an installation already, or the database.
    pub async fn found_installation(&self) -> Result<[Slip; 3]> {
        let identity = Identity::generate()?;
        let recovery_id = Uuid::new_v4();
        let recovery_recipient = identity.recipient()?;
        let (_, mac) = Recipient::enrol(&recovery_recipient, recovery_id, &self.secret)?;
        let secret_check = self.secret.mac(SECRET_CHECK, &[]).to_vec();
        let made = Installation { secret_check, recovery_id, recovery_recipient, recovery_mac: mac.to_vec() };
        let mut tx = self.begin().await?;
        tx.found_installation(&made, self.now()).await?;
        tx.commit().await?;
        Ok(split(&identity)?)
    }

    /// Whether the server secret in use is the one that this database was made with; `None` without an installation.
    ///
    /// # Errors
    /// The database.
    pub async fn secret_fits(&self) -> Result<Option<bool>> {
        let made = self.db.read().await?.installation().await?;
        Ok(made.map(|made| self.secret.mac_is(SECRET_CHECK, &[], &made.secret_check)))
    }

    /// Founds a school with its counselling and moral-education offices.
    ///
    /// # Errors
    /// The name is taken, or the database.
    pub async fn found_school(&self, name: &str) -> Result<FoundedSchool> {
        let id = SchoolId(Uuid::now_v7());
        let standing = Standing::installation(id);
        let permit = self.permit::<Manage>(&standing, Kind::Structure, id.0).await?;
        let now = self.now();
        let mut tx = self.begin().await?;
        tx.insert_school(&permit, name, SchoolKind::School, now).await?;
        let counselling = self.make_office(&mut tx, &permit, id, OfficeKind::Counselling, None).await?;
        let moral_ed = self.make_office(&mut tx, &permit, id, OfficeKind::MoralEd, None).await?;
        tx.record(&permit, Event::SchoolChanged, "founded", now).await?;
        tx.commit().await?;
        Ok(FoundedSchool { id, counselling, moral_ed })
    }

    /// Founds the district with its one office. There is one district in an installation.
    ///
    /// # Errors
    /// [`Error::Invalid`] on `district` when there is one already, and on `school` when the name is taken; the database.
    pub async fn found_district(&self, name: &str) -> Result<FoundedDistrict> {
        let id = SchoolId(Uuid::now_v7());
        let permit = self.permit::<Manage>(&Standing::installation(id), Kind::Structure, id.0).await?;
        let now = self.now();
        let mut tx = self.begin().await?;
        if tx.schools().await?.iter().any(|school| school.kind == SchoolKind::District) {
            return Err(Error::field("district", "district-exists"));
        }
        match tx.insert_school(&permit, name, SchoolKind::District, now).await {
            Err(error) if error.is_taken("name") => return Err(Error::field("school", "name-taken")),
            done => done?,
        }
        let office = self.make_office(&mut tx, &permit, id, OfficeKind::District, None).await?;
        tx.record(&permit, Event::SchoolChanged, "founded district", now).await?;
        tx.commit().await?;
        Ok(FoundedDistrict { id, office })
    }

    /// Names a school that has no name yet: by the first import, which says whose roster it is.
    ///
    /// # Errors
    /// The name is taken, or the database.
    pub async fn name_school(&self, school: SchoolId, name: &str) -> Result<()> {
        let permit = self.permit::<Manage>(&Standing::installation(school), Kind::Structure, school.0).await?;
        let mut tx = self.begin().await?;
        tx.rename_school(&permit, name).await?;
        tx.record(&permit, Event::SchoolChanged, "named", self.now()).await?;
        Ok(tx.commit().await?)
    }

    /// Makes an account with keys at once, lets it into the offices given and gives it its duties.
    ///
    /// # Errors
    /// The sign-in name is taken, or the database.
    pub async fn found_person(
        &self,
        school: SchoolId,
        login: &str,
        name: &str,
        password: SecretString,
        duties: &[Duty],
        offices: &[&OfficeKey],
    ) -> Result<PersonId> {
        let id = PersonId(Uuid::now_v7());
        let standing = Standing::installation(school);
        let permit = self.permit::<Manage>(&standing, Kind::Staff, school.0).await?;
        let identity = Identity::generate()?;
        let (credentials, identity) = self.kdf.enrol(password, identity, id).await?;
        let (recipient, account) = self.new_account(id, school, &identity, credentials)?;
        let now = self.now();
        let own = Standing::of(
            id,
            &[Duty { role: crate::domain::words::Role::SysAdmin, school, class: None }],
            &Facts::own(school),
        );
        let own = self.permit::<Manage>(&own, Kind::Account, id.0).await?;
        let mut tx = self.begin().await?;
        let person = Person {
            id,
            school_id: school,
            login: login.to_owned(),
            name: name.to_owned(),
            language: Language::ZhCn,
            active: true,
            recipient: None,
            recipient_mac: None,
            version: 1,
        };
        tx.insert_person(&permit, &person, now).await?;
        tx.put_account(&own, &account).await?;
        for duty in duties {
            tx.insert_duty(&permit, id, duty, now).await?;
        }
        for key in offices {
            self.let_in(&mut tx, &permit, key, id, &recipient).await?;
        }
        tx.record_about(&permit, Event::PersonInvited, id.0, "", now).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// The account row of a new identity, and its public key.
    pub(crate) fn new_account(
        &self,
        id: PersonId,
        school_id: SchoolId,
        identity: &Identity,
        credentials: crate::vault::Credentials,
    ) -> Result<(Recipient, Account)> {
        let text = identity.recipient()?;
        let (recipient, mac) = Recipient::enrol(&text, id.0, &self.secret)?;
        let crate::vault::Credentials { salt, params, auth, identity } = credentials;
        let account =
            Account { id, school_id, salt, kdf: params, auth, identity, recipient: text, recipient_mac: mac.to_vec() };
        Ok((recipient, account))
    }
}
