//! Keys: offices, their members, compartment keys and the wraps that open them.

use uuid::Uuid;

use super::{Conn, Error, Result, Tx, row, sql};
use crate::domain::ids::{ClassId, KeyId, OfficeId, PersonId, SchoolId};
use crate::domain::words::{Compartment, OfficeKind};
use crate::policy::{Act, Permit};

row! {
    /// A group of key holders.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Office {
        /// Its id, which is also its holder id in wraps.
        pub id: OfficeId as Uuid,
        /// Its school.
        pub school_id: SchoolId as Uuid,
        /// What it is.
        pub kind: OfficeKind as String,
        /// The class, for a homeroom.
        pub class_id: Option<Uuid>,
        /// Someone left; the next holder must rotate.
        pub rotation_due: bool,
        /// Which of its keys is current.
        pub epoch: i64,
        /// The public half of its current key.
        pub recipient: String,
        /// Its MAC under the server secret.
        pub recipient_mac: Vec<u8>,
    }
}

row! {
    /// A compartment key; the secret itself stands only in wraps.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Key {
        /// Its id.
        pub id: KeyId as Uuid,
        /// The class (roster) or student it belongs to.
        pub subject: Uuid,
        /// Which compartment it opens.
        pub compartment: Compartment as String,
        /// The counsellor, for counselling; nil otherwise.
        pub owner: Uuid,
        /// The epoch in which new fields are sealed.
        pub epoch: i64,
    }
}

/// How a wrap is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WrapForm {
    /// An age file to the holder's public key: anybody can make one.
    Age,
    /// A symmetric wrap that the holder adds after opening the age file, for pages that need many keys.
    Fast,
}

impl WrapForm {
    const fn code(self) -> i64 {
        match self {
            Self::Age => 0,
            Self::Fast => 1,
        }
    }
}

row! {
    /// A wrap that a person may be able to open.
    #[derive(Debug, Clone)]
    pub struct Wrap {
        /// The key inside.
        pub key_id: KeyId as Uuid,
        /// Its class or student.
        pub subject: Uuid,
        /// Its compartment.
        pub compartment: Compartment as String,
        /// The counsellor, for counselling; nil otherwise.
        pub owner: Uuid,
        /// The current epoch of the key.
        pub current: i64,
        /// The epoch of the key inside.
        pub epoch: i64,
        /// The office or person that can open it.
        pub holder: Uuid,
        /// 0 age, 1 fast.
        pub form: i64,
        /// The wrap.
        pub sealed: Vec<u8>,
        /// Proof that this installation made an age file; empty for a fast wrap, which proves itself.
        pub mark: Vec<u8>,
    }
}

impl Wrap {
    /// How it is made.
    #[must_use]
    pub const fn form(&self) -> WrapForm {
        if self.form == 1 { WrapForm::Fast } else { WrapForm::Age }
    }
}

/// A wrap to be stored.
#[derive(Debug, Clone)]
pub struct NewWrap {
    /// The key (or office) inside.
    pub key: Uuid,
    /// Its epoch.
    pub epoch: i64,
    /// Who can open it.
    pub holder: Uuid,
    /// How it is made.
    pub form: WrapForm,
    /// The wrap.
    pub sealed: Vec<u8>,
    /// Proof that this installation made an age file; empty for a fast wrap.
    pub mark: Vec<u8>,
}

impl Conn {
    /// The offices of a school.
    ///
    /// # Errors
    /// The database.
    pub async fn offices(&mut self, school: SchoolId) -> Result<Vec<Office>> {
        sql!(
            self,
            fetch_all Office: "SELECT id, school_id, kind, class_id, rotation_due, epoch, recipient, recipient_mac FROM offices WHERE school_id = $1",
            school.0
        )
    }

    /// The offices that hold keys of a class: its homeroom and those of the school.
    ///
    /// # Errors
    /// The database.
    pub async fn offices_of_class(&mut self, school: SchoolId, class: ClassId) -> Result<Vec<Office>> {
        sql!(
            self,
            fetch_all Office: "SELECT id, school_id, kind, class_id, rotation_due, epoch, recipient, recipient_mac FROM offices
             WHERE school_id = $1 AND (class_id IS NULL OR class_id = $2)",
            school.0,
            class.0
        )
    }

    /// The offices a person belongs to, with the current epoch of each.
    ///
    /// # Errors
    /// The database.
    pub async fn memberships(&mut self, person: PersonId) -> Result<Vec<(OfficeId, i64)>> {
        let rows: Vec<(Uuid, i64)> = sql!(
            self,
            fetch_all(Uuid, i64): "SELECT o.id, o.epoch FROM members m JOIN offices o ON o.id = m.office_id WHERE m.person_id = $1",
            person.0
        )?;
        Ok(rows.into_iter().map(|(office, epoch)| (OfficeId(office), epoch)).collect())
    }

    /// Who belongs to the offices of a school: office, person.
    ///
    /// # Errors
    /// The database.
    pub async fn members(&mut self, school: SchoolId) -> Result<Vec<(OfficeId, PersonId)>> {
        let rows: Vec<(Uuid, Uuid)> = sql!(
            self,
            fetch_all(Uuid, Uuid): "SELECT m.office_id, m.person_id FROM members m JOIN offices o ON o.id = m.office_id WHERE o.school_id = $1",
            school.0
        )?;
        Ok(rows.into_iter().map(|(office, person)| (OfficeId(office), PersonId(person))).collect())
    }

    /// Every compartment key of a class or student.
    ///
    /// # Errors
    /// The database.
    pub async fn keys_of(&mut self, subject: Uuid) -> Result<Vec<Key>> {
        sql!(self, fetch_all Key: "SELECT id, subject, compartment, owner, epoch FROM keys WHERE subject = $1", subject)
    }

    /// All keys of a school.
    ///
    /// # Errors
    /// The database.
    pub async fn keys_of_school(&mut self, school: SchoolId) -> Result<Vec<Key>> {
        sql!(self, fetch_all Key: "SELECT id, subject, compartment, owner, epoch FROM keys WHERE school_id = $1", school.0)
    }

    /// The keys of a school that someone lost without an office being rotated for it.
    ///
    /// # Errors
    /// The database.
    pub async fn keys_due(&mut self, school: SchoolId) -> Result<Vec<Key>> {
        sql!(
            self,
            fetch_all Key: "SELECT id, subject, compartment, owner, epoch FROM keys WHERE school_id = $1 AND rotation_due",
            school.0
        )
    }

    /// The keys of a school for which one holder has a wrap.
    ///
    /// # Errors
    /// The database.
    pub async fn keys_held_by(&mut self, school: SchoolId, holder: Uuid) -> Result<Vec<Key>> {
        sql!(
            self,
            fetch_all Key: "SELECT id, subject, compartment, owner, epoch FROM keys
             WHERE school_id = $1 AND id IN (SELECT key_id FROM wraps WHERE holder = $2)",
            school.0,
            holder
        )
    }

    /// Who has a wrap of a key, of whatever epoch.
    ///
    /// # Errors
    /// The database.
    pub async fn holders_of_key(&mut self, key: KeyId) -> Result<Vec<Uuid>> {
        let rows: Vec<(Uuid,)> =
            sql!(self, fetch_all(Uuid,): "SELECT DISTINCT holder FROM wraps WHERE key_id = $1", key.0)?;
        Ok(rows.into_iter().map(|(holder,)| holder).collect())
    }

    /// The wraps of one class or student that a person can open, directly or through an office.
    ///
    /// # Errors
    /// The database.
    pub async fn wraps_for(&mut self, subject: Uuid, person: PersonId) -> Result<Vec<Wrap>> {
        sql!(
            self,
            fetch_all Wrap: "SELECT w.key_id, k.subject, k.compartment, k.owner, k.epoch AS current, w.epoch, w.holder, w.form, w.sealed, w.mark
             FROM keys k JOIN wraps w ON w.key_id = k.id
             WHERE k.subject = $1 AND (w.holder = $2 OR w.holder IN (SELECT office_id FROM members WHERE person_id = $2))",
            subject,
            person.0
        )
    }

    /// The wraps of one compartment over a whole school that one holder can open.
    ///
    /// # Errors
    /// The database.
    pub async fn wraps_of_holder(
        &mut self,
        school: SchoolId,
        holder: Uuid,
        compartment: Compartment,
    ) -> Result<Vec<Wrap>> {
        sql!(
            self,
            fetch_all Wrap: "SELECT w.key_id, k.subject, k.compartment, k.owner, k.epoch AS current, w.epoch, w.holder, w.form, w.sealed, w.mark
             FROM keys k JOIN wraps w ON w.key_id = k.id
             WHERE k.school_id = $1 AND k.compartment = $3 AND w.holder = $2",
            school.0,
            holder,
            compartment.as_str()
        )
    }

    /// The wraps of one compartment over the students of a class that a person can open, directly or through an office.
    ///
    /// # Errors
    /// The database.
    pub async fn wraps_of_class(
        &mut self,
        class: ClassId,
        person: PersonId,
        compartment: Compartment,
    ) -> Result<Vec<Wrap>> {
        sql!(
            self,
            fetch_all Wrap: "SELECT w.key_id, k.subject, k.compartment, k.owner, k.epoch AS current, w.epoch, w.holder, w.form, w.sealed, w.mark
             FROM students s JOIN keys k ON k.subject = s.id JOIN wraps w ON w.key_id = k.id
             WHERE s.class_id = $1 AND k.compartment = $3
               AND (w.holder = $2 OR w.holder IN (SELECT office_id FROM members WHERE person_id = $2))",
            class.0,
            person.0,
            compartment.as_str()
        )
    }

    /// One wrap of an office key to one holder, in the epoch asked for, and its mark.
    ///
    /// # Errors
    /// The database.
    pub async fn office_wrap(
        &mut self,
        office: OfficeId,
        epoch: i64,
        holder: Uuid,
    ) -> Result<Option<(Vec<u8>, Vec<u8>)>> {
        sql!(
            self,
            fetch_optional(Vec<u8>, Vec<u8>): "SELECT sealed, mark FROM wraps WHERE key_id = $1 AND epoch = $2 AND holder = $3 AND form = 0",
            office.0,
            epoch,
            holder
        )
    }

    /// In which epochs of which keys something of a school is sealed: class or student, compartment, epoch.
    ///
    /// # Errors
    /// The database.
    pub async fn epochs_in_use(&mut self, school: SchoolId) -> Result<Vec<(Uuid, Compartment, i64)>> {
        let rows: Vec<(Uuid, String, i64)> = sql!(
            self,
            fetch_all(Uuid, String, i64): "SELECT r.student_id, r.compartment, r.epoch FROM records r JOIN students s ON s.id = r.student_id WHERE s.school_id = $1
             UNION SELECT e.student_id, e.compartment, e.epoch FROM entries e JOIN students s ON s.id = e.student_id WHERE s.school_id = $1
             UNION SELECT p.student_id, 'support', p.epoch FROM pairings p WHERE p.school_id = $1
             UNION SELECT v.student_id, 'support', v.epoch FROM reviews v JOIN students s ON s.id = v.student_id WHERE s.school_id = $1
             UNION SELECT m.class_id, 'support', m.epoch FROM moods m JOIN classes c ON c.id = m.class_id WHERE c.school_id = $1
             UNION SELECT g.student_id, CASE g.kind WHEN 'contact' THEN 'contact' ELSE 'counselling' END, g.epoch
               FROM reading_grants g WHERE g.school_id = $1
             UNION SELECT t.class_id, 'roster', t.epoch FROM sheets t JOIN classes c ON c.id = t.class_id WHERE c.school_id = $1",
            school.0
        )?;
        let known = |(subject, code, epoch): (Uuid, String, i64)| Some((subject, Compartment::parse(&code)?, epoch));
        rows.into_iter().map(|row| known(row).ok_or(Error::Corrupt("compartment"))).collect()
    }

    /// Every (key or office, holder, epoch) of a school for which a wrap exists, whatever its form.
    ///
    /// # Errors
    /// The database.
    pub async fn wrap_holders(&mut self, school: SchoolId) -> Result<Vec<(Uuid, Uuid, i64)>> {
        sql!(
            self,
            fetch_all(Uuid, Uuid, i64): "SELECT DISTINCT key_id, holder, epoch FROM wraps
             WHERE key_id IN (SELECT id FROM keys WHERE school_id = $1) OR key_id IN (SELECT id FROM offices WHERE school_id = $1)",
            school.0
        )
    }
}

impl Tx {
    /// Makes an office.
    ///
    /// # Errors
    /// The database.
    pub async fn insert_office<A: Act>(&mut self, permit: &Permit<A>, office: &Office) -> Result<()> {
        debug_assert_eq!(permit.school(), office.school_id);
        sql!(
            self,
            run "INSERT INTO offices (id, school_id, kind, class_id, rotation_due, epoch, recipient, recipient_mac) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            office.id.0,
            office.school_id.0,
            office.kind.as_str(),
            office.class_id,
            office.rotation_due,
            office.epoch,
            office.recipient.as_str(),
            office.recipient_mac.clone()
        )
        .map(drop)
    }

    /// Notes that a person belongs to an office. The wrap is what gives the key; this row says whom to expect.
    ///
    /// # Errors
    /// The database.
    pub async fn insert_member<A: Act>(
        &mut self,
        permit: &Permit<A>,
        office: OfficeId,
        person: PersonId,
        now: i64,
    ) -> Result<()> {
        sql!(
            self,
            run "INSERT INTO members (office_id, person_id, since, admitted_by) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
            office.0,
            person.0,
            now,
            permit.actor().0
        )
        .map(drop)
    }

    /// Takes a person out of an office and destroys the wrap of its key.
    ///
    /// # Errors
    /// The database.
    pub async fn delete_member<A: Act>(
        &mut self,
        _permit: &Permit<A>,
        office: OfficeId,
        person: PersonId,
    ) -> Result<()> {
        sql!(self, run "DELETE FROM members WHERE office_id = $1 AND person_id = $2", office.0, person.0)?;
        sql!(self, run "DELETE FROM wraps WHERE key_id = $1 AND holder = $2", office.0, person.0).map(drop)
    }

    /// Destroys every wrap made to one person: the account closed or its identity was renewed.
    ///
    /// # Errors
    /// The database.
    pub async fn delete_wraps_of<A: Act>(&mut self, _permit: &Permit<A>, person: PersonId) -> Result<()> {
        sql!(self, run "DELETE FROM wraps WHERE holder = $1", person.0)?;
        sql!(self, run "DELETE FROM members WHERE person_id = $1", person.0).map(drop)
    }

    /// Destroys the wraps of one key that one holder has.
    ///
    /// # Errors
    /// The database.
    pub async fn delete_wraps<A: Act>(&mut self, _permit: &Permit<A>, key: KeyId, holder: Uuid) -> Result<()> {
        sql!(self, run "DELETE FROM wraps WHERE key_id = $1 AND holder = $2", key.0, holder).map(drop)
    }

    /// Destroys the wraps of epochs before the current one, once everything was sealed anew.
    ///
    /// # Errors
    /// The database.
    pub async fn delete_old_wraps<A: Act>(&mut self, _permit: &Permit<A>, key: Uuid, current: i64) -> Result<()> {
        sql!(self, run "DELETE FROM wraps WHERE key_id = $1 AND epoch < $2", key, current).map(drop)
    }

    /// Makes a compartment key, or moves an existing one to the epoch given.
    ///
    /// # Errors
    /// The database.
    pub async fn put_key<A: Act>(&mut self, permit: &Permit<A>, key: &Key) -> Result<()> {
        sql!(
            self,
            run "INSERT INTO keys (id, school_id, subject, compartment, owner, epoch) VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch",
            key.id.0,
            permit.school().0,
            key.subject,
            key.compartment.as_str(),
            key.owner,
            key.epoch
        )
        .map(drop)
    }

    /// Moves a key to the epoch given, if it still stands in the one before. Do this before reading what is to be sealed
    /// anew: the row is the lock that [`Tx::hold_key`] waits for.
    ///
    /// # Errors
    /// The database.
    pub async fn advance_key<A: Act>(&mut self, _permit: &Permit<A>, key: &Key) -> Result<bool> {
        let done = sql!(
            self,
            run "UPDATE keys SET epoch = $2, rotation_due = $3 WHERE id = $1 AND epoch = $2 - 1",
            key.id.0,
            key.epoch,
            false
        )?;
        Ok(done == 1)
    }

    /// Moves a key to the epoch given, if it still stands in the one before, without sealing anew what older epochs sealed:
    /// an import cannot open it. With `lost`, someone no longer holds the key and the next holder rotates it.
    ///
    /// # Errors
    /// The database.
    pub async fn step_key<A: Act>(&mut self, _permit: &Permit<A>, key: &Key, lost: bool) -> Result<bool> {
        let done = sql!(
            self,
            run "UPDATE keys SET epoch = $2, rotation_due = rotation_due OR $3 WHERE id = $1 AND epoch = $2 - 1",
            key.id.0,
            key.epoch,
            lost
        )?;
        Ok(done == 1)
    }

    /// Notes that someone lost a key, so that the next holder rotates it.
    ///
    /// # Errors
    /// The database.
    pub async fn mark_key<A: Act>(&mut self, _permit: &Permit<A>, key: KeyId) -> Result<()> {
        sql!(self, run "UPDATE keys SET rotation_due = $2 WHERE id = $1", key.0, true).map(drop)
    }

    /// Notes that a person lost the keys they held directly, so that the next holder rotates them.
    ///
    /// # Errors
    /// The database.
    pub async fn mark_keys_held_by<A: Act>(&mut self, _permit: &Permit<A>, person: PersonId) -> Result<()> {
        sql!(
            self,
            run "UPDATE keys SET rotation_due = $2 WHERE owner <> $1 AND id IN (SELECT key_id FROM wraps WHERE holder = $1)",
            person.0,
            true
        )
        .map(drop)
    }

    /// Destroys the wraps that a person holds directly of shared keys; their own notes stay theirs.
    ///
    /// # Errors
    /// The database.
    pub async fn delete_shared_wraps_of<A: Act>(&mut self, _permit: &Permit<A>, person: PersonId) -> Result<()> {
        sql!(
            self,
            run "DELETE FROM wraps WHERE holder = $1 AND key_id IN (SELECT id FROM keys WHERE owner <> $1)",
            person.0
        )
        .map(drop)
    }

    /// Moves an office to its next key pair, if it still stands in the epoch before.
    ///
    /// # Errors
    /// The database.
    pub async fn rotate_office<A: Act>(&mut self, _permit: &Permit<A>, office: &Office) -> Result<bool> {
        let done = sql!(
            self,
            run "UPDATE offices SET epoch = $2, recipient = $3, recipient_mac = $4, rotation_due = $5 WHERE id = $1 AND epoch = $2 - 1",
            office.id.0,
            office.epoch,
            office.recipient.as_str(),
            office.recipient_mac.clone(),
            false
        )?;
        Ok(done == 1)
    }

    /// Notes that someone left an office, so that its next holder rotates it.
    ///
    /// # Errors
    /// The database.
    pub async fn mark_rotation<A: Act>(&mut self, _permit: &Permit<A>, office: OfficeId) -> Result<()> {
        sql!(self, run "UPDATE offices SET rotation_due = $2 WHERE id = $1", office.0, true).map(drop)
    }

    /// Stores a wrap.
    ///
    /// # Errors
    /// The database.
    pub async fn insert_wrap<A: Act>(&mut self, _permit: &Permit<A>, wrap: &NewWrap) -> Result<()> {
        self.put_wrap(wrap).await
    }

    pub(super) async fn put_wrap(&mut self, wrap: &NewWrap) -> Result<()> {
        sql!(
            self,
            run "INSERT INTO wraps (key_id, holder, epoch, form, sealed, mark) VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (key_id, holder, epoch, form) DO UPDATE SET sealed = excluded.sealed, mark = excluded.mark",
            wrap.key,
            wrap.holder,
            wrap.epoch,
            wrap.form.code(),
            wrap.sealed.clone(),
            wrap.mark.clone()
        )
        .map(drop)
    }
}
