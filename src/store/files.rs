//! Files: students, the sealed sheets of classes, the sealed records of compartments, and entries.

use uuid::Uuid;

use super::{Conn, Result, Tx, row, sql};
use crate::domain::ids::{ClassId, EntryId, PersonId, SchoolId, StudentId};
use crate::domain::words::{Compartment, FileStatus};
use crate::policy::{Act, Append, Permit, TakesIn, Write};

row! {
    /// What stands in clear about a student: where the file is kept and which stage it is in.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Student {
        /// The student, and the file.
        pub id: StudentId as Uuid,
        /// The school.
        pub school_id: SchoolId as Uuid,
        /// The class.
        pub class_id: ClassId as Uuid,
        /// The stage of the file.
        pub status: FileStatus as String,
        /// Edit version of the stage.
        pub version: i64,
    }
}

row! {
    /// Keyed hashes by which an import recognises a student; unreadable without the server secret.
    #[derive(Debug, Clone)]
    pub struct StudentMacs {
        /// The student.
        pub id: StudentId as Uuid,
        /// The class.
        pub class_id: ClassId as Uuid,
        /// Of the ID number.
        pub identity_mac: Vec<u8>,
        /// Of the student number 学籍号; empty without one.
        pub number_mac: Vec<u8>,
        /// Of ID number and name together: real registers hold two children under one ID number.
        pub person_mac: Vec<u8>,
        /// Of the whole imported row: equal means that nothing changed.
        pub row_mac: Vec<u8>,
    }
}

row! {
    /// One sealed part of a class's roster; later parts lie over earlier ones.
    #[derive(Debug, Clone)]
    pub struct SheetPart {
        /// The class.
        pub class_id: ClassId as Uuid,
        /// 0 for the sheet itself, higher for what imports laid on it.
        pub part: i64,
        /// The key epoch it is sealed in.
        pub epoch: i64,
        /// Edit version.
        pub version: i64,
        /// The sealed rows.
        pub sealed: Vec<u8>,
    }
}

row! {
    /// The sealed fields of one layer of one compartment.
    #[derive(Debug, Clone)]
    pub struct Record {
        /// The file.
        pub student_id: StudentId as Uuid,
        /// The compartment.
        pub compartment: Compartment as String,
        /// `roster` as imported, `people` as written by people.
        pub layer: String,
        /// The key epoch it is sealed in.
        pub epoch: i64,
        /// Edit version.
        pub version: i64,
        /// The sealed fields.
        pub sealed: Vec<u8>,
    }
}

/// A tracking entry or note, sealed.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its id.
    pub id: EntryId,
    /// The file.
    pub student_id: StudentId,
    /// `support` or `counselling`.
    pub compartment: Compartment,
    /// The counsellor, for counselling; nil otherwise.
    pub owner: Uuid,
    /// Who wrote it.
    pub author: PersonId,
    /// The entry that this one corrects.
    pub corrects: Option<Uuid>,
    /// When, microseconds UTC.
    pub written_at: i64,
    /// The key epoch it is sealed in.
    pub epoch: i64,
    /// The sealed text.
    pub sealed: Vec<u8>,
}

/// What the row of an entry says that was not asked for: id, author, the entry it corrects, when, epoch, sealed text. A file has
/// many of them, and every column of every row costs.
pub(super) type EntryRow = (Uuid, Uuid, Option<Uuid>, i64, i64, Vec<u8>);

/// An entry of the file, compartment and owner asked for.
pub(super) fn entry(row: EntryRow, student_id: StudentId, compartment: Compartment, owner: Uuid) -> Entry {
    let (id, author, corrects, written_at, epoch, sealed) = row;
    let (id, author) = (EntryId(id), PersonId(author));
    Entry { id, student_id, compartment, owner, author, corrects, written_at, epoch, sealed }
}

/// An entry to be added; its author and file come from the permit.
#[derive(Debug, Clone)]
pub struct NewEntry {
    /// Its id.
    pub id: EntryId,
    /// The counsellor, for counselling; nil otherwise.
    pub owner: Uuid,
    /// The entry that this one corrects.
    pub corrects: Option<EntryId>,
    /// When, microseconds UTC.
    pub written_at: i64,
    /// The key epoch it is sealed in.
    pub epoch: i64,
    /// The sealed text.
    pub sealed: Vec<u8>,
}

impl Conn {
    /// One student.
    ///
    /// # Errors
    /// The database.
    pub async fn student(&mut self, id: StudentId) -> Result<Option<Student>> {
        sql!(self, fetch_optional Student: "SELECT id, school_id, class_id, status, version FROM students WHERE id = $1", id.0)
    }

    /// Ten students at a time, for lists that are put together from sealed rosters. Nil stands for nobody.
    ///
    /// # Errors
    /// The database.
    pub async fn students_among(&mut self, ids: &[StudentId; 10]) -> Result<Vec<Student>> {
        sql!(
            self,
            fetch_all Student: "SELECT id, school_id, class_id, status, version FROM students WHERE id IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            ids[0].0,
            ids[1].0,
            ids[2].0,
            ids[3].0,
            ids[4].0,
            ids[5].0,
            ids[6].0,
            ids[7].0,
            ids[8].0,
            ids[9].0
        )
    }

    /// The students of a class.
    ///
    /// # Errors
    /// The database.
    pub async fn students_of_class(&mut self, class: ClassId) -> Result<Vec<Student>> {
        sql!(self, fetch_all Student: "SELECT id, school_id, class_id, status, version FROM students WHERE class_id = $1", class.0)
    }

    /// The students of a school whose file is open (being verified, in support, under review or watched).
    ///
    /// # Errors
    /// The database.
    pub async fn open_files(&mut self, school: SchoolId) -> Result<Vec<Student>> {
        sql!(
            self,
            fetch_all Student: "SELECT id, school_id, class_id, status, version FROM students
             WHERE school_id = $1 AND status IN ('verifying', 'in_support', 'review', 'watch')",
            school.0
        )
    }

    /// How many students each class of a school has: class, all, with an open file.
    ///
    /// # Errors
    /// The database.
    pub async fn class_sizes(&mut self, school: SchoolId) -> Result<Vec<(ClassId, i64, i64)>> {
        let rows: Vec<(Uuid, i64, i64)> = sql!(
            self,
            fetch_all(Uuid, i64, i64): "SELECT class_id, count(*), count(CASE WHEN status IN ('verifying', 'in_support', 'review', 'watch') THEN 1 END)
             FROM students WHERE school_id = $1 GROUP BY class_id",
            school.0
        )?;
        Ok(rows.into_iter().map(|(class, all, open)| (ClassId(class), all, open)).collect())
    }

    /// The keyed hashes of all students of a school, for an import to compare with.
    ///
    /// # Errors
    /// The database.
    pub async fn student_macs(&mut self, school: SchoolId) -> Result<Vec<StudentMacs>> {
        sql!(
            self,
            fetch_all StudentMacs: "SELECT id, class_id, identity_mac, number_mac, person_mac, row_mac FROM students WHERE school_id = $1",
            school.0
        )
    }

    /// The sealed roster parts of a class, oldest first.
    ///
    /// # Errors
    /// The database.
    pub async fn sheets(&mut self, class: ClassId) -> Result<Vec<SheetPart>> {
        sql!(
            self,
            fetch_all SheetPart: "SELECT class_id, part, epoch, version, sealed FROM sheets WHERE class_id = $1 ORDER BY part",
            class.0
        )
    }

    /// The sealed roster parts of a whole school, by class, oldest first.
    ///
    /// # Errors
    /// The database.
    pub async fn sheets_of_school(&mut self, school: SchoolId) -> Result<Vec<SheetPart>> {
        sql!(
            self,
            fetch_all SheetPart: "SELECT s.class_id, s.part, s.epoch, s.version, s.sealed FROM sheets s
             JOIN classes c ON c.id = s.class_id WHERE c.school_id = $1 ORDER BY s.class_id, s.part",
            school.0
        )
    }

    /// Where every student of a school is now: student, class, stage.
    ///
    /// # Errors
    /// The database.
    pub async fn students_of_school(&mut self, school: SchoolId) -> Result<Vec<Student>> {
        sql!(self, fetch_all Student: "SELECT id, school_id, class_id, status, version FROM students WHERE school_id = $1", school.0)
    }

    /// All sealed records of a file.
    ///
    /// # Errors
    /// The database.
    pub async fn records(&mut self, student: StudentId) -> Result<Vec<Record>> {
        sql!(
            self,
            fetch_all Record: "SELECT student_id, compartment, layer, epoch, version, sealed FROM records WHERE student_id = $1",
            student.0
        )
    }

    /// The versions of what rosters said, over a school: student, compartment, version.
    ///
    /// # Errors
    /// The database.
    pub async fn layer_versions(
        &mut self,
        school: SchoolId,
        layer: &str,
    ) -> Result<Vec<(StudentId, Compartment, i64)>> {
        let rows: Vec<(Uuid, String, i64)> = sql!(
            self,
            fetch_all(Uuid, String, i64): "SELECT r.student_id, r.compartment, r.version FROM records r
             JOIN students s ON s.id = r.student_id WHERE s.school_id = $1 AND r.layer = $2",
            school.0,
            layer
        )?;
        let read = |(student, compartment, version): (Uuid, String, i64)| {
            let compartment = Compartment::parse(&compartment).ok_or(super::Error::Corrupt("records.compartment"))?;
            Ok((StudentId(student), compartment, version))
        };
        rows.into_iter().map(read).collect()
    }

    /// The sealed records of one compartment over a class.
    ///
    /// # Errors
    /// The database.
    pub async fn records_of_class(&mut self, class: ClassId, compartment: Compartment) -> Result<Vec<Record>> {
        sql!(
            self,
            fetch_all Record: "SELECT r.student_id, r.compartment, r.layer, r.epoch, r.version, r.sealed FROM records r
             JOIN students s ON s.id = r.student_id WHERE s.class_id = $1 AND r.compartment = $2",
            class.0,
            compartment.as_str()
        )
    }

    /// The sealed entries of one compartment of a file, newest first, at most `limit`.
    ///
    /// # Errors
    /// The database.
    pub async fn entries(
        &mut self,
        student: StudentId,
        compartment: Compartment,
        owner: Uuid,
        limit: i64,
    ) -> Result<Vec<Entry>> {
        let rows = sql!(
            self,
            fetch_all EntryRow: "SELECT id, author, corrects, written_at, epoch, sealed FROM entries
             WHERE student_id = $1 AND compartment = $2 AND owner = $3 ORDER BY id DESC LIMIT $4",
            student.0,
            compartment.as_str(),
            owner,
            limit
        )?;
        Ok(rows.into_iter().map(|row| entry(row, student, compartment, owner)).collect())
    }

    /// The ids of all entries of one compartment of a file, newest first.
    ///
    /// # Errors
    /// The database.
    pub async fn entry_ids(
        &mut self,
        student: StudentId,
        compartment: Compartment,
        owner: Uuid,
    ) -> Result<Vec<EntryId>> {
        let ids = sql!(
            self,
            fetch_all (Uuid,): "SELECT id FROM entries WHERE student_id = $1 AND compartment = $2 AND owner = $3 ORDER BY id DESC",
            student.0,
            compartment.as_str(),
            owner
        )?;
        Ok(ids.into_iter().map(|(id,)| EntryId(id)).collect())
    }
}

impl Tx {
    /// Puts a new student on the roll.
    ///
    /// # Errors
    /// The database.
    pub async fn insert_student<A: TakesIn>(&mut self, permit: &Permit<A>, macs: &StudentMacs, now: i64) -> Result<()> {
        sql!(
            self,
            run "INSERT INTO students (id, school_id, class_id, status, identity_mac, number_mac, person_mac, row_mac, version, created_at)
             VALUES ($1, $2, $3, 'enrolled', $4, $5, $6, $7, 1, $8)",
            macs.id.0,
            permit.school().0,
            macs.class_id.0,
            macs.identity_mac.clone(),
            macs.number_mac.clone(),
            macs.person_mac.clone(),
            macs.row_mac.clone(),
            now
        )
        .map(drop)
    }

    /// Notes what the roster now says of a student, and the class it puts them in.
    ///
    /// # Errors
    /// The database.
    pub async fn update_student<A: TakesIn>(&mut self, permit: &Permit<A>, macs: &StudentMacs) -> Result<()> {
        sql!(
            self,
            run "UPDATE students SET class_id = $3, identity_mac = $4, number_mac = $5, person_mac = $6, row_mac = $7 WHERE id = $1 AND school_id = $2",
            macs.id.0,
            permit.school().0,
            macs.class_id.0,
            macs.identity_mac.clone(),
            macs.number_mac.clone(),
            macs.person_mac.clone(),
            macs.row_mac.clone()
        )
        .map(drop)
    }

    /// Moves a file to its next stage if it still has the version the person saw.
    ///
    /// # Errors
    /// The database.
    pub async fn set_status(&mut self, permit: &Permit<Write>, status: FileStatus, seen: i64) -> Result<bool> {
        let done = sql!(
            self,
            run "UPDATE students SET status = $2, version = version + 1 WHERE id = $1 AND version = $3",
            permit.object(),
            status.as_str(),
            seen
        )?;
        Ok(done == 1)
    }

    /// Lays a sealed part on a class's roster.
    ///
    /// # Errors
    /// [`super::Error::Taken`] when another import laid the same part at the same time.
    pub async fn insert_sheet<A: Act>(&mut self, _permit: &Permit<A>, part: &SheetPart) -> Result<()> {
        sql!(
            self,
            run "INSERT INTO sheets (class_id, part, epoch, version, sealed) VALUES ($1, $2, $3, $4, $5)",
            part.class_id.0,
            part.part,
            part.epoch,
            part.version,
            part.sealed.clone()
        )
        .map(drop)
    }

    /// Replaces all parts of a class's roster by one, if the newest part is still the one that was read.
    ///
    /// # Errors
    /// The database.
    pub async fn replace_sheets<A: Act>(
        &mut self,
        permit: &Permit<A>,
        sheet: &SheetPart,
        seen_part: i64,
        seen_version: i64,
    ) -> Result<bool> {
        let gone = sql!(
            self,
            run "DELETE FROM sheets WHERE class_id = $1 AND EXISTS
               (SELECT 1 FROM sheets t WHERE t.class_id = $1 AND t.part = $2 AND t.version = $3)
               AND NOT EXISTS (SELECT 1 FROM sheets t WHERE t.class_id = $1 AND t.part > $2)",
            sheet.class_id.0,
            seen_part,
            seen_version
        )?;
        if gone == 0 {
            return Ok(false);
        }
        self.insert_sheet(permit, sheet).await?;
        Ok(true)
    }

    /// Stores the first version of a record.
    ///
    /// # Errors
    /// [`super::Error::Taken`] when there is one already.
    pub async fn insert_record<A: Act>(&mut self, _permit: &Permit<A>, record: &Record) -> Result<()> {
        sql!(
            self,
            run "INSERT INTO records (student_id, compartment, layer, epoch, version, sealed) VALUES ($1, $2, $3, $4, $5, $6)",
            record.student_id.0,
            record.compartment.as_str(),
            record.layer.as_str(),
            record.epoch,
            record.version,
            record.sealed.clone()
        )
        .map(drop)
    }

    /// Replaces a record that still has the version before the new one.
    ///
    /// # Errors
    /// The database.
    pub async fn update_record<A: Act>(&mut self, _permit: &Permit<A>, record: &Record) -> Result<bool> {
        let done = sql!(
            self,
            run "UPDATE records SET epoch = $4, version = $5, sealed = $6
             WHERE student_id = $1 AND compartment = $2 AND layer = $3 AND version = $5 - 1",
            record.student_id.0,
            record.compartment.as_str(),
            record.layer.as_str(),
            record.epoch,
            record.version,
            record.sealed.clone()
        )?;
        Ok(done == 1)
    }

    /// Adds an entry to the file the permit is about.
    ///
    /// # Errors
    /// The database.
    pub async fn insert_entry(
        &mut self,
        permit: &Permit<Append>,
        compartment: Compartment,
        entry: &NewEntry,
    ) -> Result<()> {
        debug_assert_eq!(permit.kind(), compartment.kind());
        sql!(
            self,
            run "INSERT INTO entries (student_id, id, compartment, owner, author, corrects, written_at, epoch, sealed)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            permit.object(),
            entry.id.0,
            compartment.as_str(),
            entry.owner,
            permit.actor().0,
            entry.corrects.map(|id| id.0),
            entry.written_at,
            entry.epoch,
            entry.sealed.clone()
        )
        .map(drop)
    }

    /// Stores a roster part sealed under a new key epoch; its rows stay as they are.
    ///
    /// # Errors
    /// The database.
    pub async fn reseal_sheet<A: Act>(&mut self, _permit: &Permit<A>, part: &SheetPart) -> Result<()> {
        sql!(
            self,
            run "UPDATE sheets SET epoch = $3, sealed = $4 WHERE class_id = $1 AND part = $2",
            part.class_id.0,
            part.part,
            part.epoch,
            part.sealed.clone()
        )
        .map(drop)
    }

    /// Stores a record sealed under a new key epoch; its content and version stay as they are.
    ///
    /// # Errors
    /// The database.
    pub async fn reseal_record<A: Act>(&mut self, _permit: &Permit<A>, record: &Record) -> Result<()> {
        sql!(
            self,
            run "UPDATE records SET epoch = $4, sealed = $5 WHERE student_id = $1 AND compartment = $2 AND layer = $3",
            record.student_id.0,
            record.compartment.as_str(),
            record.layer.as_str(),
            record.epoch,
            record.sealed.clone()
        )
        .map(drop)
    }

    /// Stores an entry sealed under a new key epoch; text and place stay as they are.
    ///
    /// # Errors
    /// The database.
    pub async fn reseal_entry<A: Act>(&mut self, _permit: &Permit<A>, entry: &Entry) -> Result<()> {
        sql!(
            self,
            run "UPDATE entries SET epoch = $4, sealed = $5 WHERE student_id = $1 AND compartment = $2 AND id = $3",
            entry.student_id.0,
            entry.compartment.as_str(),
            entry.id.0,
            entry.epoch,
            entry.sealed.clone()
        )
        .map(drop)
    }
}
