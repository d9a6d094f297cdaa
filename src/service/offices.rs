//! Offices: groups of colleagues who hold a key together.

use uuid::Uuid;

use super::{App, Error, Result};
use crate::domain::audit::Event;
use crate::domain::ids::{ClassId, OfficeId, PersonId, SchoolId};
use crate::domain::words::OfficeKind;
use crate::policy::{Act, Permit};
use crate::store::{Conn, Office, Tx};
use crate::vault::{Identity, KeyName, OfficeKey, Recipient, wrap_identity};

impl App {
    /// The public key of the recovery identity, checked for genuineness.
    ///
    /// # Errors
    /// There is no installation, or its row was tampered with.
    pub(crate) async fn recovery_recipient(&self, conn: &mut Conn) -> Result<Recipient> {
        let made = conn.installation().await?.ok_or(Error::NotFound)?;
        Ok(Recipient::genuine(&made.recovery_recipient, made.recovery_id, &made.recovery_mac, &self.secret)?)
    }

    /// Makes an office with a new key pair, wrapped to the recovery identity and, but for the counselling office itself, to
    /// the counselling office: its members see all that the others see, so they are the ones who let newcomers in.
    ///
    /// # Errors
    /// The database.
    pub(crate) async fn make_office<A: Act>(
        &self,
        tx: &mut Tx,
        permit: &Permit<A>,
        school: SchoolId,
        kind: OfficeKind,
        class: Option<ClassId>,
    ) -> Result<OfficeKey> {
        let id = OfficeId(Uuid::now_v7());
        let identity = Identity::generate()?;
        let office = self.office_row(id, school, kind, class, 1, &identity)?;
        tx.insert_office(permit, &office).await?;
        let key = OfficeKey { office: id, epoch: 1, identity };
        self.wrap_office_to_keepers(tx, permit, &office, &key).await?;
        Ok(key)
    }

    /// The row of an office under a key pair, with the mark that makes its public half genuine.
    pub(crate) fn office_row(
        &self,
        id: OfficeId,
        school_id: SchoolId,
        kind: OfficeKind,
        class: Option<ClassId>,
        epoch: i64,
        identity: &Identity,
    ) -> Result<Office> {
        let recipient = identity.recipient()?;
        let (_, mac) = Recipient::enrol(&recipient, id.0, &self.secret)?;
        let class_id = class.map(|id| id.0);
        Ok(Office { id, school_id, kind, class_id, rotation_due: false, epoch, recipient, recipient_mac: mac.to_vec() })
    }

    /// Wraps an office key to those who keep it besides its members.
    pub(crate) async fn wrap_office_to_keepers<A: Act>(
        &self,
        tx: &mut Tx,
        permit: &Permit<A>,
        office: &Office,
        key: &OfficeKey,
    ) -> Result<()> {
        let mut keepers = vec![self.recovery_recipient(tx).await?];
        if office.kind != OfficeKind::Counselling {
            let offices = tx.offices(office.school_id).await?;
            let counselling = offices.iter().find(|o| o.kind == OfficeKind::Counselling).ok_or(Error::NotFound)?;
            keepers.push(self.office_recipient(counselling)?);
        }
        for keeper in &keepers {
            self.wrap_office(tx, permit, key, keeper).await?;
        }
        Ok(())
    }

    /// Wraps an office key to one holder.
    pub(crate) async fn wrap_office<A: Act>(
        &self,
        tx: &mut Tx,
        permit: &Permit<A>,
        key: &OfficeKey,
        to: &Recipient,
    ) -> Result<()> {
        let name = KeyName { key: key.office.0.into(), epoch: key.epoch };
        let sealed = wrap_identity(&key.identity, name, to)?;
        Ok(tx.insert_wrap(permit, &self.marked(name, to, sealed)).await?)
    }

    /// Lets a person into an office: one wrap, one membership, one line.
    ///
    /// # Errors
    /// The database.
    pub(crate) async fn let_in<A: Act>(
        &self,
        tx: &mut Tx,
        permit: &Permit<A>,
        key: &OfficeKey,
        person: PersonId,
        to: &Recipient,
    ) -> Result<()> {
        let now = self.now();
        self.wrap_office(tx, permit, key, to).await?;
        tx.insert_member(permit, key.office, person, now).await?;
        tx.record_about(permit, Event::MemberAdmitted, person.0, &format!("office={}", key.office), now).await?;
        Ok(())
    }
}
