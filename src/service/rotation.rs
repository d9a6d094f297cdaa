//! Rotation: a key moves on, what it sealed is sealed anew, and its old wraps are destroyed.
//!
//! Whoever lost a key may have kept a copy of the database of that day. They go on reading that copy, and nothing that was
//! written after the rotation.

mod offices;

use super::cases::spot_of;
use super::files::{card_spot, entry_spot, layer_spot};
use super::moods::mood_spot;
use super::progress::review_spot;
use super::sheets::sheet_spot;
use super::{App, Approach, Error, Keys, Result, Viewer};
use crate::domain::ids::{ClassId, StudentId};
use crate::domain::words::Compartment;
use crate::policy::{Act, Permit, Read};
use crate::store::{Key, NewWrap, Tx};
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
        self.reseal_file(tx, permit, read, &keys, &next).await
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

    /// Seals anew what stands in one compartment of a file: both layers, entries, reviews, and the cards of pairings; of a
    /// class, its mood log.
    pub(crate) async fn reseal_file<A: Act>(
        &self,
        tx: &mut Tx,
        permit: &Permit<A>,
        read: &Permit<Read>,
        keys: &Keys,
        next: &NextKey,
    ) -> Result<()> {
        let Key { compartment, owner, epoch, subject, .. } = next.key;
        let id = StudentId(subject);
        for mut record in tx.records(id).await?.into_iter().filter(|r| r.compartment == compartment) {
            let spot = layer_spot(id, compartment, &record.layer, record.epoch, record.version);
            record.sealed = keys.reseal(read, &spot, &record.sealed, &next.secret, epoch)?;
            record.epoch = epoch;
            tx.reseal_record(permit, &record).await?;
        }
        if compartment == Compartment::Warning {
            return self.reseal_warnings(tx, permit, read, keys, next).await;
        }
        if compartment != Compartment::Support {
            return Ok(());
        }
        for mut entry in tx.entries(id, compartment, owner, i64::MAX).await? {
            entry.sealed = keys.reseal(read, &entry_spot(&entry), &entry.sealed, &next.secret, epoch)?;
            entry.epoch = epoch;
            tx.reseal_entry(permit, &entry).await?;
        }
        for mut pairing in tx.pairings_of_student(id).await? {
            pairing.card = keys.reseal(read, &card_spot(&pairing), &pairing.card, &next.secret, epoch)?;
            pairing.epoch = epoch;
            tx.reseal_card(permit, &pairing).await?;
        }
        for mut review in tx.reviews(id).await? {
            review.sealed = keys.reseal(read, &review_spot(&review), &review.sealed, &next.secret, epoch)?;
            review.epoch = epoch;
            tx.reseal_review(permit, &review).await?;
        }
        for mut sheet in tx.moods(ClassId(subject), i64::MAX).await? {
            sheet.sealed = keys.reseal(read, &mood_spot(&sheet), &sheet.sealed, &next.secret, epoch)?;
            sheet.epoch = epoch;
            tx.reseal_mood(permit, &sheet).await?;
        }
        Ok(())
    }

    /// Seals anew what stands in the `warning` compartment of a file.
    async fn reseal_warnings<A: Act>(
        &self,
        tx: &mut Tx,
        permit: &Permit<A>,
        read: &Permit<Read>,
        keys: &Keys,
        next: &NextKey,
    ) -> Result<()> {
        for mut cell in tx.warning_cells(StudentId(next.key.subject)).await? {
            cell.sealed = keys.reseal(read, &spot_of(&cell), &cell.sealed, &next.secret, next.key.epoch)?;
            cell.epoch = next.key.epoch;
            tx.reseal_cell(permit, &cell).await?;
        }
        Ok(())
    }

    /// Seals the roster of a class anew.
    pub(crate) async fn reseal_roster<A: Act>(
        &self,
        tx: &mut Tx,
        permit: &Permit<A>,
        read: &Permit<Read>,
        keys: &Keys,
        next: &NextKey,
    ) -> Result<()> {
        for mut part in tx.sheets(ClassId(next.key.subject)).await? {
            part.sealed = keys.reseal(read, &sheet_spot(&part), &part.sealed, &next.secret, next.key.epoch)?;
            part.epoch = next.key.epoch;
            tx.reseal_sheet(permit, &part).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
