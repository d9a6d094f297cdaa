//! The keys that a person can open for one file or class, and the making and changing of keys.

use std::collections::HashMap;

use uuid::Uuid;
use zeroize::Zeroizing;

use super::{App, Error, Result, Viewer};
use crate::domain::ids::{ClassId, KeyId, SchoolId};
use crate::domain::words::{Compartment, OfficeKind};
use crate::policy::{Act, Opens, Permit};
use crate::store::{Conn, Key, NewWrap, Office, Tx, Wrap, WrapForm};
use crate::vault::{
    CompartmentKey, KeyName, Place, Recipient, ServerSecret, fast_unwrap_key, fast_wrap_key, is_genuine, mark,
    unwrap_key, wrap_key,
};

/// The offices that hold the key of a compartment. `counselling` and `restricted` are wrapped to persons only.
#[must_use]
pub const fn offices_holding(compartment: Compartment) -> &'static [OfficeKind] {
    match compartment {
        Compartment::Roster => {
            &[OfficeKind::Homeroom, OfficeKind::Counselling, OfficeKind::MoralEd, OfficeKind::Teachers]
        }
        Compartment::Circumstance | Compartment::Support => {
            &[OfficeKind::Homeroom, OfficeKind::Counselling, OfficeKind::MoralEd]
        }
        Compartment::Contact => &[OfficeKind::Homeroom, OfficeKind::Counselling],
        Compartment::Warning => &[OfficeKind::Counselling, OfficeKind::MoralEd],
        Compartment::Counselling | Compartment::Restricted => &[],
    }
}

/// The opened keys of one class or student.
#[derive(Debug)]
pub struct Keys {
    school: SchoolId,
    subject: Uuid,
    opened: HashMap<(Compartment, Uuid, i64), (KeyId, CompartmentKey)>,
    current: HashMap<(Compartment, Uuid), i64>,
    /// Fast wraps to be added for age files that had to be opened.
    pub faster: Vec<NewWrap>,
}

impl Keys {
    /// Opens every wrap of a class or student that the person holds, directly or through an office. Whether anything is
    /// opened with these keys is for a permit to say.
    ///
    /// # Errors
    /// The database.
    pub async fn of(conn: &mut Conn, viewer: &Viewer, secret: &ServerSecret, subject: Uuid) -> Result<Self> {
        let wraps = conn.wraps_for(subject, viewer.person.id).await?;
        Ok(Self::open(viewer, secret, viewer.person.school_id, subject, &wraps))
    }

    /// Opens the wraps given, all of one class or student.
    #[must_use]
    pub fn open(viewer: &Viewer, secret: &ServerSecret, school: SchoolId, subject: Uuid, wraps: &[Wrap]) -> Self {
        let mut keys = Self { school, subject, opened: HashMap::new(), current: HashMap::new(), faster: Vec::new() };
        for wrap in wraps.iter().filter(|w| w.form() == WrapForm::Fast) {
            keys.take(viewer, secret, wrap);
        }
        // Only what no fast wrap opened needs the hundred times slower age file.
        for wrap in wraps.iter().filter(|w| w.form() == WrapForm::Age) {
            keys.take(viewer, secret, wrap);
        }
        keys
    }

    fn take(&mut self, viewer: &Viewer, secret: &ServerSecret, wrap: &Wrap) {
        let slot = (wrap.compartment, wrap.owner, wrap.epoch);
        let current = self.current.entry((wrap.compartment, wrap.owner)).or_insert(wrap.current);
        *current = wrap.current.max(*current);
        if self.opened.contains_key(&slot) {
            return;
        }
        let Some(identity) = viewer.ring.holder(wrap.holder) else { return };
        let name = KeyName { key: wrap.key_id, epoch: wrap.epoch };
        let opened = match wrap.form() {
            WrapForm::Fast => fast_unwrap_key(identity, wrap.holder, name, &wrap.sealed),
            WrapForm::Age if is_genuine(name, wrap.holder, &wrap.sealed, &wrap.mark, secret) => {
                unwrap_key(identity, wrap.holder, name, &wrap.sealed)
            }
            WrapForm::Age => return,
        };
        let Ok(key) = opened else { return };
        if wrap.form() == WrapForm::Age
            && let Ok(sealed) = fast_wrap_key(&key, identity, wrap.holder, name)
        {
            let (key, epoch, holder) = (wrap.key_id.0, wrap.epoch, wrap.holder);
            self.faster.push(NewWrap { key, epoch, holder, form: WrapForm::Fast, sealed, mark: Vec::new() });
        }
        self.opened.insert(slot, (wrap.key_id, key));
    }

    /// The newest key of a compartment, with its id and epoch, if the person holds it.
    #[must_use]
    pub fn newest(&self, compartment: Compartment, owner: Uuid) -> Option<(KeyName, &CompartmentKey)> {
        let epoch = *self.current.get(&(compartment, owner))?;
        let (id, key) = self.opened.get(&(compartment, owner, epoch))?;
        Some((KeyName { key: *id, epoch }, key))
    }

    /// Every opened key of a compartment, of the current epoch and of those before it: what a newcomer needs to read all
    /// that stands there.
    pub fn all(&self, compartment: Compartment, owner: Uuid) -> impl Iterator<Item = (KeyName, &CompartmentKey)> {
        let of_it = self.opened.iter().filter(move |((c, o, _), _)| *c == compartment && *o == owner);
        of_it.map(|((_, _, epoch), (id, key))| (KeyName { key: *id, epoch: *epoch }, key))
    }

    /// One opened key, for tests that show what somebody can do with it.
    #[cfg(test)]
    pub(crate) fn into_key(mut self, compartment: Compartment, epoch: i64) -> Option<CompartmentKey> {
        self.opened.remove(&(compartment, Uuid::nil(), epoch)).map(|(_, key)| key)
    }

    /// Opens and reads something of this class or student.
    ///
    /// # Errors
    /// [`Error::NoKey`] without the key; an internal error when it was tampered with.
    pub fn read<A: Opens, T: serde::de::DeserializeOwned>(
        &self,
        permit: &Permit<A>,
        spot: &Spot<'_>,
        sealed: &[u8],
    ) -> Result<T> {
        Ok(serde_json::from_slice(&self.open_bytes(permit, spot, sealed)?)?)
    }

    /// Opens something of this class or student without reading it.
    pub(crate) fn open_bytes<A: Opens>(
        &self,
        permit: &Permit<A>,
        spot: &Spot<'_>,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>> {
        let (_, key) = self.opened.get(&(spot.compartment, spot.owner, spot.epoch)).ok_or(Error::NoKey)?;
        Ok(key.open(permit, &spot.place(self.school, self.subject), sealed)?)
    }

    /// Seals something anew, as it is and where it is, under the next epoch of its key.
    ///
    /// # Errors
    /// [`Error::NoKey`] without the key of the epoch in which it stands.
    pub(crate) fn reseal<A: Opens>(
        &self,
        permit: &Permit<A>,
        spot: &Spot<'_>,
        sealed: &[u8],
        next: &CompartmentKey,
        epoch: i64,
    ) -> Result<Vec<u8>> {
        let content = self.open_bytes(permit, spot, sealed)?;
        let place = Place { epoch, ..spot.place(self.school, self.subject) };
        Ok(next.seal_padded(&place, &content)?)
    }

    /// Seals something into this class or student under the newest key. The epoch of `spot` is set to that key's.
    ///
    /// # Errors
    /// [`Error::NoKey`] without the key.
    pub fn seal<T: serde::Serialize>(&self, spot: &mut Spot<'_>, content: &T) -> Result<Vec<u8>> {
        self.seal_at_least(spot, content, 0)
    }

    /// Seals as [`Keys::seal`] does, as if the content were at least this long, in bytes.
    ///
    /// # Errors
    /// [`Error::NoKey`] without the key.
    pub(crate) fn seal_at_least<T: serde::Serialize>(
        &self,
        spot: &mut Spot<'_>,
        content: &T,
        least: usize,
    ) -> Result<Vec<u8>> {
        let (name, key) = self.newest(spot.compartment, spot.owner).ok_or(Error::NoKey)?;
        spot.epoch = name.epoch;
        seal_at_least(key, &spot.place(self.school, self.subject), content, least)
    }

    /// Puts a key that was just made where [`Keys::seal`] finds it.
    pub fn put(&mut self, key: &Key, secret: CompartmentKey) {
        self.current.insert((key.compartment, key.owner), key.epoch);
        self.opened.insert((key.compartment, key.owner, key.epoch), (key.id, secret));
    }
}

/// Seals JSON, padded, so that the stored length says little.
///
/// # Errors
/// No random bytes.
pub fn seal<T: serde::Serialize>(key: &CompartmentKey, place: &Place<'_>, content: &T) -> Result<Vec<u8>> {
    seal_at_least(key, place, content, 0)
}

/// Seals as [`seal`] does; the stored length says nothing about content that is shorter than `least` bytes.
///
/// # Errors
/// No random bytes.
pub(crate) fn seal_at_least<T: serde::Serialize>(
    key: &CompartmentKey,
    place: &Place<'_>,
    content: &T,
    least: usize,
) -> Result<Vec<u8>> {
    let mut json = Zeroizing::new(Vec::with_capacity(256.max(2 * least)));
    serde_json::to_writer(&mut *json, content)?;
    // White space after JSON says nothing.
    let length = json.len().max(least);
    json.resize(length, b' ');
    Ok(key.seal_padded(place, &json)?)
}

/// Where within a class or student something stands.
#[derive(Debug, Clone, Copy)]
pub struct Spot<'a> {
    /// Table.
    pub table: &'a str,
    /// Row.
    pub row: Uuid,
    /// Column, or layer.
    pub column: &'a str,
    /// Compartment.
    pub compartment: Compartment,
    /// The counsellor, for counselling; nil otherwise.
    pub owner: Uuid,
    /// Key epoch.
    pub epoch: i64,
    /// Version.
    pub version: i64,
}

impl<'a> Spot<'a> {
    /// The full place of the spot.
    #[must_use]
    pub const fn place(&self, school: SchoolId, subject: Uuid) -> Place<'a> {
        let Self { table, row, column, compartment, epoch, version, .. } = *self;
        Place { school, table, subject, row, column, compartment, epoch, version }
    }
}

impl App {
    /// Wraps a key to a holder, with the mark that this installation made the wrap.
    ///
    /// # Errors
    /// age refuses.
    pub(crate) fn wrap(&self, key: &CompartmentKey, name: KeyName, to: &Recipient) -> Result<NewWrap> {
        let sealed = wrap_key(key, name, to)?;
        Ok(self.marked(name, to, sealed))
    }

    /// A wrap with its mark, ready to be stored.
    pub(crate) fn marked(&self, name: KeyName, to: &Recipient, sealed: Vec<u8>) -> NewWrap {
        let mark = mark(name, to.holder(), &sealed, &self.secret).to_vec();
        NewWrap { key: name.key.0, epoch: name.epoch, holder: to.holder(), form: WrapForm::Age, sealed, mark }
    }

    /// The public keys of the offices that hold a compartment, checked for genuineness.
    ///
    /// # Errors
    /// An office row was tampered with.
    pub(crate) fn holders(
        &self,
        offices: &[Office],
        class: ClassId,
        compartment: Compartment,
    ) -> Result<Vec<Recipient>> {
        let holds = offices_holding(compartment);
        let offices = offices.iter().filter(|o| holds.contains(&o.kind) && o.class_id.is_none_or(|id| id == class.0));
        offices.map(|office| self.office_recipient(office)).collect()
    }

    /// The public key of an office, checked for genuineness.
    ///
    /// # Errors
    /// The row was tampered with.
    pub(crate) fn office_recipient(&self, office: &Office) -> Result<Recipient> {
        let Office { id, epoch, recipient, recipient_mac, .. } = office;
        Ok(Recipient::genuine_of_office(recipient, id.0, *epoch, recipient_mac, &self.secret)?)
    }

    /// Makes the first key of a compartment of a student, and its wraps.
    ///
    /// # Errors
    /// The database.
    pub(crate) async fn make_key<A: Act>(
        &self,
        tx: &mut Tx,
        permit: &Permit<A>,
        subject: Uuid,
        compartment: Compartment,
        owner: Uuid,
        holders: &[Recipient],
    ) -> Result<(Key, CompartmentKey)> {
        let key = Key { id: Uuid::new_v4().into(), subject, compartment, owner, epoch: 1 };
        let secret = CompartmentKey::generate()?;
        tx.put_key(permit, &key).await?;
        for holder in holders {
            let wrap = self.wrap(&secret, KeyName { key: key.id, epoch: key.epoch }, holder)?;
            tx.insert_wrap(permit, &wrap).await?;
        }
        Ok((key, secret))
    }
}
