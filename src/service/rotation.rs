//! Rotation: a key moves on, what it sealed is sealed anew, and its old wraps are destroyed.
//!
//! Whoever lost a key may have kept a copy of the database of that day. They go on reading that copy, and nothing that was
//! written after the rotation.

mod offices;

use super::cases::spot_of;
use super::files::{card_spot, entry_spot, layer_spot};
use super::keys::Spot;
use super::moods::mood_spot;
use super::progress::review_spot;
use super::reading_grants::reason_spot;
use super::sheets::sheet_spot;
use super::{App, Approach, Error, Keys, Result, Viewer};
use crate::domain::ids::{ClassId, StudentId};
use crate::domain::words::Compartment;
use crate::policy::{Act, Permit, Read};
use crate::store::{Cell, Entry, Key, MoodSheet, NewWrap, Pairing, ReadingGrant, Record, SheetPart, StoredReview, Tx};
use crate::vault::{CompartmentKey, KeyName, Recipient};

/// The next epoch of a compartment key, wrapped to everyone who shall hold it.
#[derive(Debug)]
pub(crate) struct NextKey {
    /// The key as it will stand.
    pub key: Key,
    secret: CompartmentKey,
    wraps: Vec<NewWrap>,
}

impl App {
    /// Rotates the key of one compartment of a file, after someone lost it in this same transaction: the holders are those
    /// whom offices and running pairings name now, so `approach` must have been read after the loss. `read` is the permit
    /// to read this compartment of this file. A compartment that was never written to has no key and nothing to rotate.
    ///
    /// # Errors
    /// [`Error::NoKey`] when the person does not hold the key; [`Error::Stale`] when somebody else rotated meanwhile.
    pub(crate) async fn rotate_compartment<A: Act>(
        &self,
        tx: &mut Tx,
        permit: &Permit<A>,
        read: &Permit<Read>,
        viewer: &Viewer,
        approach: &Approach,
        compartment: Compartment,
    ) -> Result<()> {
        let id = approach.student.id;
        let mine = |key: &Key| key.compartment == compartment && key.owner.is_nil();
        let Some(key) = tx.keys_of(id.0).await?.into_iter().find(mine) else { return Ok(()) };
        let keys = Keys::of(tx, viewer, &self.secret, id.0).await?;
        let holders = self.compartment_holders(tx, approach, compartment).await?;
        let next = self.next_key(key, &holders)?;
        self.move_on(tx, permit, &next).await?;
        self.reseal(tx, permit, read, &keys, &next).await
    }

    /// Makes the next epoch of a key and wraps it to its holders. Nothing is stored yet.
    ///
    /// # Errors
    /// No random bytes.
    pub(crate) fn next_key(&self, key: Key, holders: &[Recipient]) -> Result<NextKey> {
        let key = Key { epoch: key.epoch + 1, ..key };
        let name = KeyName { key: key.id, epoch: key.epoch };
        let secret = CompartmentKey::generate()?;
        let wraps = holders.iter().map(|holder| self.wrap(&secret, name, holder)).collect::<Result<_>>()?;
        Ok(NextKey { key, secret, wraps })
    }

    /// Moves a key on and changes its wraps. Comes before reading what is to be sealed anew: it is the lock.
    ///
    /// # Errors
    /// [`Error::Stale`] when somebody else rotated the key meanwhile.
    pub(crate) async fn move_on<A: Act>(&self, tx: &mut Tx, permit: &Permit<A>, next: &NextKey) -> Result<()> {
        if !tx.advance_key(permit, &next.key).await? {
            return Err(Error::Stale(Vec::new()));
        }
        tx.delete_old_wraps(permit, next.key.id.0, next.key.epoch).await?;
        for wrap in &next.wraps {
            tx.insert_wrap(permit, wrap).await?;
        }
        Ok(())
    }

    /// Seals anew all that a key sealed: the roster of a class, or what stands in one compartment of a file: both layers,
    /// entries or notes, reviews, the cards of pairings and the reasons of grants; of a class, its mood log.
    pub(crate) async fn reseal<A: Act>(
        &self,
        tx: &mut Tx,
        permit: &Permit<A>,
        read: &Permit<Read>,
        keys: &Keys,
        next: &NextKey,
    ) -> Result<()> {
        let Key { compartment, owner, epoch, subject, .. } = next.key;
        let anew = |spot: &Spot<'_>, sealed: &[u8]| keys.reseal(read, spot, sealed, &next.secret, epoch);
        if compartment == Compartment::Roster {
            for part in tx.sheets(ClassId(subject)).await? {
                let sealed = anew(&sheet_spot(&part), &part.sealed)?;
                tx.reseal_sheet(permit, &SheetPart { epoch, sealed, ..part }).await?;
            }
            return Ok(());
        }
        let id = StudentId(subject);
        for record in tx.records(id).await?.into_iter().filter(|r| r.compartment == compartment) {
            let spot = layer_spot(id, compartment, &record.layer, record.epoch, record.version);
            let sealed = anew(&spot, &record.sealed)?;
            tx.reseal_record(permit, &Record { epoch, sealed, ..record }).await?;
        }
        if matches!(compartment, Compartment::Contact | Compartment::Counselling) {
            let mut grants = tx.reading_grants_of_student(id).await?;
            grants.retain(|grant| grant.kind.compartment() == compartment && grant.owner == owner);
            for grant in grants {
                let sealed = anew(&reason_spot(&grant), &grant.sealed)?;
                tx.reseal_reading_grant(permit, &ReadingGrant { epoch, sealed, ..grant }).await?;
            }
        }
        if compartment == Compartment::Warning {
            for cell in tx.warning_cells(id).await? {
                let sealed = anew(&spot_of(&cell), &cell.sealed)?;
                tx.reseal_cell(permit, &Cell { epoch, sealed, ..cell }).await?;
            }
            return Ok(());
        }
        if !matches!(compartment, Compartment::Support | Compartment::Counselling) {
            return Ok(());
        }
        for entry in tx.entries(id, compartment, owner, i64::MAX).await? {
            let sealed = anew(&entry_spot(&entry), &entry.sealed)?;
            tx.reseal_entry(permit, &Entry { epoch, sealed, ..entry }).await?;
        }
        if compartment == Compartment::Counselling {
            return Ok(());
        }
        for pairing in tx.pairings_of_student(id).await? {
            let card = anew(&card_spot(&pairing), &pairing.card)?;
            tx.reseal_card(permit, &Pairing { epoch, card, ..pairing }).await?;
        }
        for review in tx.reviews(id).await? {
            let sealed = anew(&review_spot(&review), &review.sealed)?;
            tx.reseal_review(permit, &StoredReview { epoch, sealed, ..review }).await?;
        }
        for sheet in tx.moods(ClassId(subject), i64::MAX).await? {
            let sealed = anew(&mood_spot(&sheet), &sheet.sealed)?;
            tx.reseal_mood(permit, &MoodSheet { epoch, sealed, ..sheet }).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
