//! What the pages that are opened most often need, read in one look each. The texts are those of the nouns, with the class taken
//! from the student.

use uuid::Uuid;

use super::Grant;
use super::files::{Entry, EntryRow, Record, SheetPart, Student, entry};
use super::house::Class;
use super::keys::Wrap;
use super::pairings::Pairing;
use super::people::DutyRow;
use super::{Conn, Key, Person, Result, School, Session, Tx, row, sql_all};
use crate::domain::ids::{ClassId, OfficeId, PersonId, SchoolId, StudentId};
use crate::domain::relation::Duty;
use crate::domain::warning::LabelScheme;
use crate::domain::words::{Compartment, FileStatus, Language, SchoolKind};
use crate::policy::{Act, Permit};

/// The person behind a running session.
#[derive(Debug, Clone)]
pub struct Present {
    /// The session.
    pub session: Session,
    /// Whose it is.
    pub person: Person,
    /// At which school.
    pub school: School,
    /// The duties the person holds.
    pub duties: Vec<Duty>,
    /// The offices the person belongs to, with the current epoch of each.
    pub offices: Vec<(OfficeId, i64)>,
    /// How many notices the person has not looked at.
    pub unseen: i64,
    /// When the person's background was checked last, `YYYY-MM-DD`.
    pub checked_on: Option<String>,
    /// Whether the person signs in with two steps.
    pub two_steps: bool,
}

/// Where a student's file is kept, and who helps.
#[derive(Debug, Clone)]
pub struct Seat {
    /// The student.
    pub student: Student,
    /// The class.
    pub class: Class,
    /// All pairings of the student, newest first.
    pub pairings: Vec<Pairing>,
    /// All grants on the file, newest first.
    pub grants: Vec<Grant>,
}

/// A file as one person can open it.
#[derive(Debug, Clone)]
pub struct WholeFile {
    /// Student, class, pairings.
    pub seat: Seat,
    /// The wraps of student and class that the person can open, directly or through an office.
    pub wraps: Vec<Wrap>,
    /// The sealed roster parts of the class, oldest first.
    pub sheets: Vec<SheetPart>,
    /// The sealed records.
    pub records: Vec<Record>,
    /// The sealed entries of the support compartment, newest first.
    pub entries: Vec<Entry>,
    /// The names of those who wrote an entry or help.
    pub names: Vec<(PersonId, String)>,
    /// Entries from outside that wait to be taken in.
    pub contributed: i64,
}

/// A class as one person can open it.
#[derive(Debug, Clone)]
pub struct WholeClass {
    /// The class.
    pub class: Class,
    /// The wraps of the class that the person can open, directly or through an office.
    pub wraps: Vec<Wrap>,
    /// Its sealed roster parts, oldest first.
    pub sheets: Vec<SheetPart>,
    /// Its students.
    pub students: Vec<Student>,
}

row! {
    struct SignedInRow {
        person_id: PersonId as Uuid,
        ring: Vec<u8>,
        created_at: i64,
        seen_at: i64,
        school_id: SchoolId as Uuid,
        login: String,
        name: String,
        language: Language as String,
        active: bool,
        recipient: Option<String>,
        recipient_mac: Option<Vec<u8>>,
        version: i64,
        school_name: String,
        leads: bool,
        unseen: i64,
        checked_on: Option<String>,
        two_steps: bool,
        demanded: bool,
        labels: LabelScheme as String,
        kind: SchoolKind as String,
    }
}

row! {
    /// What the row of a student says that the class does not.
    struct StudentRow {
        id: StudentId as Uuid,
        status: FileStatus as String,
        version: i64,
    }
}

row! {
    /// A student with the class.
    pub(super) struct Seated {
        student: Student [flat],
        cohort: i64,
        number: i64,
        closed: bool,
    }
}

row! {
    /// And how many entries from outside wait to be taken in.
    struct SeatedFile {
        seated: Seated [flat],
        contributed: i64,
    }
}

impl SignedInRow {
    fn apart(self) -> (Session, Person, School) {
        let Self { person_id: id, ring, created_at, seen_at, school_id, login, name, language, .. } = self;
        let Self { active, recipient, recipient_mac, version, school_name, labels, kind, leads, demanded, .. } = self;
        let session = Session { person_id: id, ring, created_at, seen_at, leads };
        let person = Person { id, school_id, login, name, language, active, recipient, recipient_mac, version };
        (session, person, School { id: school_id, name: school_name, labels, kind, two_steps: demanded })
    }
}

impl Seat {
    pub(super) fn of(seated: Vec<Seated>, pairings: Vec<Pairing>, grants: Vec<Grant>) -> Option<Self> {
        let Seated { student, cohort, number, closed } = seated.into_iter().next()?;
        let class = Class { id: student.class_id, school_id: student.school_id, cohort, number, closed };
        Some(Self { student, class, pairings, grants })
    }
}

impl Conn {
    /// The session with this token hash and all that every request needs of its person, in one look.
    ///
    /// # Errors
    /// The database.
    pub async fn signed_in(&mut self, token_hash: &[u8], now: i64) -> Result<Option<Present>> {
        let (rows, duties, offices) = sql_all!(
            self,
            [token_hash.to_vec(), now],
            SignedInRow: "SELECT s.person_id, s.ring, s.created_at, s.seen_at, p.school_id, p.login, p.name, p.language,
               p.active, p.recipient, p.recipient_mac, p.version, c.name AS school_name, c.labels, c.kind, c.two_steps AS demanded,
               EXISTS (SELECT 1 FROM grants g WHERE g.person_id = p.id AND g.ended_at IS NULL) AS leads,
               (SELECT count(*) FROM notices n WHERE n.person_id = p.id AND n.seen_at IS NULL) AS unseen,
               (SELECT k.checked_on FROM checks k WHERE k.person_id = p.id) AS checked_on,
               EXISTS (SELECT 1 FROM second_factors f WHERE f.person_id = p.id) AS two_steps
             FROM sessions s JOIN persons p ON p.id = s.person_id JOIN schools c ON c.id = p.school_id WHERE s.token_hash = $1",
            DutyRow: "SELECT d.id, d.person_id, d.school_id, d.role, d.class_id FROM sessions s JOIN duties d ON d.person_id = s.person_id
             WHERE s.token_hash = $1 AND d.since <= $2 AND (d.until IS NULL OR d.until > $2) ORDER BY d.since, d.id",
            (Uuid, i64): "SELECT o.id, o.epoch FROM sessions s JOIN members m ON m.person_id = s.person_id
             JOIN offices o ON o.id = m.office_id WHERE s.token_hash = $1",
        )?;
        let Some(mut row) = rows.into_iter().next() else { return Ok(None) };
        let (unseen, checked_on, two_steps) = (row.unseen, row.checked_on.take(), row.two_steps);
        let (session, person, school) = row.apart();
        let duties = duties.iter().map(DutyRow::duty).collect();
        let offices = offices.into_iter().map(|(office, epoch)| (OfficeId(office), epoch)).collect();
        Ok(Some(Present { session, person, school, duties, offices, unseen, checked_on, two_steps }))
    }

    /// Where a student's file is kept.
    ///
    /// # Errors
    /// The database.
    pub async fn seat(&mut self, id: StudentId) -> Result<Option<Seat>> {
        let (seated, pairings, grants) = sql_all!(
            self,
            [id.0],
            Seated: "SELECT s.id, s.school_id, s.class_id, s.status, s.version, c.cohort, c.number, c.closed
             FROM students s JOIN classes c ON c.id = s.class_id WHERE s.id = $1",
            Pairing: "SELECT * FROM pairings WHERE student_id = $1 ORDER BY starts DESC, id DESC",
            Grant: "SELECT * FROM grants WHERE student_id = $1 ORDER BY given_at DESC, id DESC",
        )?;
        Ok(Seat::of(seated, pairings, grants))
    }

    /// Everything about a file that a person can open, with at most `limit` entries.
    ///
    /// # Errors
    /// The database.
    pub async fn whole_file(&mut self, id: StudentId, person: PersonId, limit: i64) -> Result<Option<WholeFile>> {
        let (seated, pairings, grants, wraps, sheets, records, entries, names) = sql_all!(
            self,
            [id.0, person.0, limit, Uuid::nil()],
            SeatedFile: "SELECT s.id, s.school_id, s.class_id, s.status, s.version, c.cohort, c.number, c.closed,
               (SELECT count(*) FROM letters l WHERE l.student_id = $1 AND l.kind = 'contribution' AND l.state = 'sent') AS contributed
             FROM students s JOIN classes c ON c.id = s.class_id WHERE s.id = $1",
            Pairing: "SELECT * FROM pairings WHERE student_id = $1 ORDER BY starts DESC, id DESC",
            Grant: "SELECT * FROM grants WHERE student_id = $1 ORDER BY given_at DESC, id DESC",
            Wrap: "SELECT w.key_id, k.subject, k.compartment, k.owner, k.epoch AS current, w.epoch, w.holder, w.form, w.sealed, w.mark
             FROM keys k JOIN wraps w ON w.key_id = k.id
             WHERE k.subject IN ($1, (SELECT class_id FROM students WHERE id = $1))
               AND (w.holder = $2 OR w.holder IN (SELECT office_id FROM members WHERE person_id = $2))",
            SheetPart: "SELECT class_id, part, epoch, version, sealed FROM sheets
             WHERE class_id = (SELECT class_id FROM students WHERE id = $1) ORDER BY part",
            Record: "SELECT student_id, compartment, layer, epoch, version, sealed FROM records WHERE student_id = $1",
            EntryRow: "SELECT id, author, corrects, written_at, epoch, sealed FROM entries
             WHERE student_id = $1 AND compartment = 'support' AND owner = $4 ORDER BY id DESC LIMIT $3",
            (Uuid, String): "SELECT id, name FROM persons WHERE id IN
             (SELECT author FROM entries WHERE student_id = $1 AND compartment = 'support'
              UNION SELECT helper_id FROM pairings WHERE student_id = $1)",
        )?;
        let entry = |row| entry(row, id, Compartment::Support, Uuid::nil());
        let entries = entries.into_iter().map(entry).collect();
        let names = names.into_iter().map(|(id, name)| (PersonId(id), name)).collect();
        let seated: Vec<SeatedFile> = seated;
        let contributed = seated.first().map_or(0, |one| one.contributed);
        let seated = seated.into_iter().map(|one| one.seated).collect();
        let file = |seat| WholeFile { seat, wraps, sheets, records, entries, names, contributed };
        Ok(Seat::of(seated, pairings, grants).map(file))
    }

    /// Everything about a class that a person can open.
    ///
    /// # Errors
    /// The database.
    pub async fn whole_class(&mut self, id: ClassId, person: PersonId) -> Result<Option<WholeClass>> {
        let (class, wraps, sheets, students) = sql_all!(
            self,
            [id.0, person.0],
            Class: "SELECT id, school_id, cohort, number, closed FROM classes WHERE id = $1",
            Wrap: "SELECT w.key_id, k.subject, k.compartment, k.owner, k.epoch AS current, w.epoch, w.holder, w.form, w.sealed, w.mark
             FROM keys k JOIN wraps w ON w.key_id = k.id
             WHERE k.subject = $1 AND (w.holder = $2 OR w.holder IN (SELECT office_id FROM members WHERE person_id = $2))",
            SheetPart: "SELECT class_id, part, epoch, version, sealed FROM sheets WHERE class_id = $1 ORDER BY part",
            StudentRow: "SELECT id, status, version FROM students WHERE class_id = $1",
        )?;
        let Some(class) = class.into_iter().next() else { return Ok(None) };
        let student = |StudentRow { id, status, version }| Student {
            id,
            school_id: class.school_id,
            class_id: class.id,
            status,
            version,
        };
        let students = students.into_iter().map(student).collect();
        Ok(Some(WholeClass { class, wraps, sheets, students }))
    }
}

impl Tx {
    /// Keeps the key of a compartment of a class or file from being rotated until this transaction ends, and gives it with the
    /// wraps of that class or file that the permit's person can open. What is sealed under a key must be stored before the key
    /// moves on, or nobody opens it again: the wraps are read after the key is held.
    ///
    /// # Errors
    /// The database.
    pub async fn hold_key<A: Act>(
        &mut self,
        permit: &Permit<A>,
        subject: Uuid,
        compartment: Compartment,
        owner: Uuid,
    ) -> Result<(Option<Key>, Vec<Wrap>)> {
        let (keys, wraps) = sql_all!(
            self,
            [subject, permit.actor().0, compartment.as_str(), owner],
            Key: "UPDATE keys SET epoch = epoch WHERE subject = $1 AND compartment = $3 AND owner = $4
             RETURNING id, subject, compartment, owner, epoch",
            Wrap: "SELECT w.key_id, k.subject, k.compartment, k.owner, k.epoch AS current, w.epoch, w.holder, w.form, w.sealed, w.mark
             FROM keys k JOIN wraps w ON w.key_id = k.id
             WHERE k.subject = $1 AND (w.holder = $2 OR w.holder IN (SELECT office_id FROM members WHERE person_id = $2))",
        )?;
        Ok((keys.into_iter().next(), wraps))
    }
}
