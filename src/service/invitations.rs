//! Invitations: from a code that one colleague hands to another to an account with an identity of its own.

use secrecy::{ExposeSecret as _, SecretString};
use uuid::Uuid;

use super::account::{FREE_BY_ADDRESS, after_failure};
use super::offices::implies;
use super::{App, Error, Result, SignedIn};
use crate::domain::audit::Event;
use crate::domain::clock::DAY;
use crate::domain::ids::PersonId;
use crate::domain::relation::{Facts, Standing};
use crate::domain::words::Kind;
use crate::policy::{Manage, Permit};
use crate::store::{Invitation, Person, Tx};
use crate::vault::{Identity, InvitationCode, OfficeKey, Recipient, acceptable};

/// An invitation can be accepted for this many days.
pub const DAYS: i64 = 7;
/// An invitation can be accepted this long.
pub const VALID: i64 = DAYS * DAY;

impl App {
    /// Invites a person who has no identity yet, with the keys of offices under the code. For founding a school: the first
    /// counsellor has no colleague who could let them in. Takes the place of an earlier invitation.
    ///
    /// # Errors
    /// [`Error::NotFound`] when policy refuses or there is no such open account without an identity.
    pub async fn invite_with_offices(
        &self,
        standing: &Standing,
        person: PersonId,
        offices: &[OfficeKey],
    ) -> Result<InvitationCode> {
        let permit = self.permit::<Manage>(standing, Kind::Staff, standing.school.0).await?;
        let mut tx = self.begin().await?;
        let found = tx.person(person).await?;
        found.filter(|p| p.school_id == standing.school && p.active && p.recipient.is_none()).ok_or(Error::NotFound)?;
        let code = self.open_invitation(&mut tx, &permit, person, offices).await?;
        tx.record_about(&permit, Event::PersonInvited, person.0, "", self.now()).await?;
        tx.commit().await?;
        Ok(code)
    }

    /// Opens an invitation in place of an earlier one.
    pub(crate) async fn open_invitation(
        &self,
        tx: &mut Tx,
        permit: &Permit<Manage>,
        person_id: PersonId,
        offices: &[OfficeKey],
    ) -> Result<InvitationCode> {
        let code = InvitationCode::generate()?;
        let sealed = if offices.is_empty() { None } else { Some(code.seal_offices(offices)?) };
        let id = Uuid::now_v7().into();
        let invitation = Invitation { id, person_id, offices: sealed, expires_at: self.now() + VALID };
        tx.insert_invitation(permit, &invitation, &code.hash()).await?;
        Ok(code)
    }

    /// Accepts an invitation: makes the identity, seals it under the password, lets it into the offices whose keys the code
    /// carries, and signs in.
    ///
    /// # Errors
    /// [`Error::Invalid`] on `code` for one that is unknown, used or expired, and on `new` for a password that is not
    /// acceptable; [`Error::TooMany`] after too many failures from this address.
    pub async fn accept_invitation(&self, code: &str, password: SecretString, address: &str) -> Result<SignedIn> {
        let address = self.address_key(address);
        let mut conn = self.db.read().await?;
        let throttle = conn.throttle(&address).await?;
        self.may_try(&[throttle])?;
        let code = InvitationCode::parse(code).ok();
        let found = match &code {
            Some(code) => conn.invitation(&code.hash(), self.now()).await?,
            None => None,
        };
        let person = match &found {
            Some(invitation) => conn.person(invitation.person_id).await?.filter(|p| p.active),
            None => None,
        };
        let (Some(code), Some(invitation), Some(person)) = (code, found, person) else {
            drop(conn);
            let mut tx = self.begin().await?;
            tx.put_throttle(&address, after_failure(throttle, FREE_BY_ADDRESS, self.now())).await?;
            tx.record_failed_sign_in(None, Event::SignInFailed, self.now()).await?;
            tx.commit().await?;
            return Err(unknown());
        };
        acceptable(password.expose_secret(), &person.login).map_err(|problem| Error::field("new", problem.code()))?;
        let duties = conn.duties(person.id, self.now()).await?;
        drop(conn);
        let standing = Standing::of(person.id, &duties, &Facts::own(person.school_id));
        let own = self.permit::<Manage>(&standing, Kind::Account, person.id.0).await?;
        let (credentials, identity) = self.kdf.enrol(password, Identity::generate()?, person.id).await?;
        let (recipient, account) = self.new_account(person.id, person.school_id, &identity, credentials)?;
        let mut tx = self.begin().await?;
        // Whoever comes second with the same code finds it used, and an account closed meanwhile has none.
        if !tx.use_invitation(&own, invitation.id).await? {
            return Err(unknown());
        }
        tx.put_account(&own, &account).await?;
        self.let_in_with(&mut tx, &own, &code, &invitation, &person, &recipient).await?;
        tx.record(&own, Event::InvitationAccepted, "", self.now()).await?;
        tx.commit().await?;
        self.open_session(identity, &account, &self.name_key(&person.login)).await
    }

    /// Lets a newcomer into the offices whose keys the code carries: those that a duty still needs and that were not
    /// rotated since. For the others the newcomer waits like everybody else.
    async fn let_in_with(
        &self,
        tx: &mut Tx,
        own: &Permit<Manage>,
        code: &InvitationCode,
        invitation: &Invitation,
        person: &Person,
        recipient: &Recipient,
    ) -> Result<()> {
        let Some(sealed) = &invitation.offices else { return Ok(()) };
        let duties = tx.duties(person.id, self.now()).await?;
        let offices = tx.offices(person.school_id).await?;
        for key in code.open_offices(sealed)? {
            let office = offices.iter().find(|o| o.id == key.office && o.epoch == key.epoch && implies(&duties, o));
            let Some(office) = office else { continue };
            if self.office_recipient(office)?.text() == key.identity.recipient()? {
                self.let_in(tx, own, &key, person.id, recipient).await?;
            }
        }
        Ok(())
    }
}

/// The one answer to a code that opens nothing, whatever the reason.
fn unknown() -> Error {
    Error::field("code", "invitation-unknown")
}

#[cfg(test)]
mod tests;
