//! Rosters as people read them: one class, or a search over the school.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::keys::Spot;
use super::{App, Error, Keys, Result, Viewer};
use crate::domain::audit::Event;
use crate::domain::ids::{ClassId, StudentId};
use crate::domain::record::SheetRow;
use crate::domain::relation::{Facts, Standing};
use crate::domain::search::{Needle, Rank};
use crate::domain::words::{Action, Boarding, Compartment, FileStatus, Kind, Sex};
use crate::policy::{Permit, Read};
use crate::store::{Class, Conn, NewWrap, SheetPart, Student, WholeClass, Wrap};

/// Found students at most; a longer list helps nobody.
const MOST: usize = 50;

/// A class that a person may look into.
#[derive(Debug, Clone, Copy)]
pub struct ClassSize {
    /// The class.
    pub class: Class,
    /// Students on the roll.
    pub students: i64,
    /// Students with an open file; none for whoever may open no file of the class.
    pub open: Option<i64>,
}

/// A student in a list: neutral, the same for every reason of care.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The roster row.
    pub row: SheetRow,
    /// The class.
    pub class: Class,
    /// The stage of the file.
    pub status: FileStatus,
}

/// A class list.
#[derive(Debug)]
pub struct ClassList {
    /// The class.
    pub class: Class,
    /// Its students by class number.
    pub students: Vec<Listed>,
}

impl App {
    /// The classes that the person may look into: the own ones, or all of the school.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a role that has no business with classes.
    pub async fn classes(&self, viewer: &Viewer) -> Result<Vec<ClassSize>> {
        self.permit::<Read>(&any_class(viewer), Kind::Roster, viewer.person.school_id.0).await?;
        let mut conn = self.db.read().await?;
        let classes = conn.classes(viewer.person.school_id).await?;
        let sizes: HashMap<ClassId, (i64, i64)> = conn
            .class_sizes(viewer.person.school_id)
            .await?
            .into_iter()
            .map(|(id, all, open)| (id, (all, open)))
            .collect();
        drop(conn);
        let may = |class: &Class| {
            let standing = viewer.standing(&Facts::class(class.school_id, class.id));
            self.policy.may(&standing, Kind::Roster, Action::Read)
        };
        let size = |class: Class| {
            let (students, open) = sizes.get(&class.id).copied().unwrap_or_default();
            ClassSize { class, students, open: self.sees_files(viewer, &class).then_some(open) }
        };
        Ok(classes.into_iter().filter(|class| !class.closed && may(class)).map(size).collect())
    }

    /// The list of one class.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the person may not see it; [`Error::NoKey`] when nobody let the person into the office yet.
    pub async fn class_list(&self, viewer: &Viewer, id: ClassId) -> Result<ClassList> {
        let whole = self.db.look().await?.whole_class(id, viewer.person.id).await?.ok_or(Error::NotFound)?;
        let WholeClass { class, wraps, sheets, students } = whole;
        let standing = viewer.standing(&Facts::class(class.school_id, class.id));
        let permit = self.permit::<Read>(&standing, Kind::Roster, id.0).await?;
        let keys = Keys::open(viewer, &self.secret, viewer.person.school_id, id.0, &wraps);
        let rows = if students.is_empty() { HashMap::new() } else { merged(&keys, &permit, &sheets)? };
        self.leave_trace(&permit, Event::ClassListed, "", &keys.faster).await?;
        let mut list = ClassList { class, students: listed(class, rows, &students) };
        self.fold(&permit, &keys, &sheets, &list).await;
        self.hide_stages(viewer, &mut list.students);
        Ok(list)
    }

    /// Whoever may read nothing of a file does not learn that there is one: a subject teacher sees a list of names.
    fn hide_stages(&self, viewer: &Viewer, students: &mut [Listed]) {
        for one in students.iter_mut().filter(|one| !self.sees_files(viewer, &one.class)) {
            one.status = FileStatus::Enrolled;
        }
    }

    /// Whether the person may open files of a class.
    fn sees_files(&self, viewer: &Viewer, class: &Class) -> bool {
        let standing = viewer.standing(&Facts::class(class.school_id, class.id));
        self.policy.may(&standing, Kind::Support, Action::Read)
    }

    /// Finds students of all classes the person may look into by name, part of a name, pinyin initials or class number.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a role that may look into no class.
    pub async fn search(&self, viewer: &Viewer, text: &str) -> Result<Vec<Listed>> {
        let school = viewer.person.school_id;
        let mut conn = self.db.read().await?;
        let whole = self.permit::<Read>(&any_class(viewer), Kind::Roster, school.0).await?;
        let Some(needle) = Needle::parse(text) else { return Ok(Vec::new()) };
        let classes: HashMap<ClassId, Class> = conn.classes(school).await?.into_iter().map(|c| (c.id, c)).collect();
        let parts = conn.sheets_of_school(school).await?;
        let mut wraps: HashMap<Uuid, Vec<Wrap>> = HashMap::new();
        for holder in viewer.ring.offices.iter().map(|key| key.office.0).chain([viewer.person.id.0]) {
            for wrap in conn.wraps_of_holder(school, holder, Compartment::Roster).await? {
                wraps.entry(wrap.subject).or_default().push(wrap);
            }
        }
        let mut found = Vec::new();
        let mut faster = Vec::new();
        for of_class in parts.chunk_by(|a, b| a.class_id == b.class_id) {
            let Some(class) = of_class.first().and_then(|part| classes.get(&part.class_id)) else { continue };
            let standing = viewer.standing(&Facts::class(class.school_id, class.id));
            let Ok(permit) = self.policy.permit::<Read>(&standing, Kind::Roster, class.id.0) else { continue };
            let Some(wraps) = wraps.get(&class.id.0) else { continue };
            let mut keys = Keys::open(viewer, &self.secret, school, class.id.0, wraps);
            let hits = matching(&keys, &permit, of_class, &needle)?;
            found.extend(hits.into_iter().map(|(rank, row)| (rank, *class, row)));
            faster.append(&mut keys.faster);
        }
        found.sort_by(|a, b| (&a.0, b.1.cohort, a.1.number, a.2.seat).cmp(&(&b.0, a.1.cohort, b.1.number, b.2.seat)));
        let mut found = still_there(&mut conn, found, MOST).await?;
        self.hide_stages(viewer, &mut found);
        drop(conn);
        self.leave_trace(&whole, Event::StudentsSearched, "", &faster).await?;
        Ok(found)
    }

    /// Every name on the rosters that the person can open: to be compared with, and never shown.
    ///
    /// # Errors
    /// The database; a sheet was tampered with.
    pub(crate) async fn roster_names(&self, viewer: &Viewer) -> Result<Vec<String>> {
        let school = viewer.person.school_id;
        let mut conn = self.db.read().await?;
        let parts = conn.sheets_of_school(school).await?;
        let mut wraps: HashMap<Uuid, Vec<Wrap>> = HashMap::new();
        for holder in viewer.ring.offices.iter().map(|key| key.office.0).chain([viewer.person.id.0]) {
            for wrap in conn.wraps_of_holder(school, holder, Compartment::Roster).await? {
                wraps.entry(wrap.subject).or_default().push(wrap);
            }
        }
        drop(conn);
        let mut names = Vec::new();
        for of_class in parts.chunk_by(|a, b| a.class_id == b.class_id) {
            let Some(class) = of_class.first().map(|part| part.class_id) else { continue };
            let standing = viewer.standing(&Facts::class(school, class));
            let Ok(permit) = self.policy.permit::<Read>(&standing, Kind::Roster, class.0) else { continue };
            let Some(wraps) = wraps.get(&class.0) else { continue };
            let keys = Keys::open(viewer, &self.secret, school, class.0, wraps);
            names.extend(merged(&keys, &permit, of_class)?.into_values().map(|row| row.name));
        }
        Ok(names)
    }

    /// Writes the audit line of a reading act, and the fast wraps that the reading earned, in one transaction, which others
    /// that read at the same moment may share.
    pub(crate) async fn leave_trace(
        &self,
        permit: &Permit<Read>,
        event: Event,
        detail: &str,
        faster: &[NewWrap],
    ) -> Result<()> {
        Ok(self.db.leave_trace(permit, event, detail, self.now(), faster.to_vec()).await?)
    }

    /// The roster row of one student.
    ///
    /// # Errors
    /// [`Error::NoKey`] without the key of the class.
    pub(crate) async fn roster_row(
        &self,
        conn: &mut Conn,
        viewer: &Viewer,
        permit: &Permit<Read>,
        class: &Class,
        student: StudentId,
    ) -> Result<(SheetRow, Vec<NewWrap>)> {
        let (keys, parts) = self.roster_keys(conn, viewer, class).await?;
        Ok((row_of(&keys, permit, &parts, student)?, keys.faster))
    }

    /// The keys that the person holds of a class, and its sealed roster.
    pub(crate) async fn roster_keys(
        &self,
        conn: &mut Conn,
        viewer: &Viewer,
        class: &Class,
    ) -> Result<(Keys, Vec<SheetPart>)> {
        let parts = conn.sheets(class.id).await?;
        Ok((Keys::of(conn, viewer, &self.secret, class.id.0).await?, parts))
    }
}

/// The row of one student in the roster of the class.
pub(crate) fn row_of(keys: &Keys, permit: &Permit<Read>, parts: &[SheetPart], student: StudentId) -> Result<SheetRow> {
    merged(keys, permit, parts)?.remove(&student).ok_or(Error::NotFound)
}

/// Where a part of a class's roster stands.
#[must_use]
pub(crate) fn sheet_spot(part: &SheetPart) -> Spot<'static> {
    Spot {
        table: "sheets",
        row: part.class_id.0,
        column: "sheet",
        compartment: Compartment::Roster,
        owner: Uuid::nil(),
        epoch: part.epoch,
        version: part.part << 32 | part.version,
    }
}

/// The rows of a class: later parts lie over earlier ones.
pub(crate) fn merged<A: crate::policy::Opens>(
    keys: &Keys,
    permit: &Permit<A>,
    parts: &[SheetPart],
) -> Result<HashMap<StudentId, SheetRow>> {
    let mut rows = HashMap::with_capacity(64);
    for part in parts {
        let sheet: Vec<SheetRow> = keys.read(permit, &sheet_spot(part), &part.sealed)?;
        rows.extend(sheet.into_iter().map(|row| (row.student, row)));
    }
    Ok(rows)
}

/// A roster row as it lies in the opened sheet: a search looks at thousands and keeps a few, so it copies none.
#[derive(serde::Deserialize)]
struct Glance<'a> {
    #[serde(rename = "i")]
    student: StudentId,
    #[serde(rename = "n", borrow)]
    name: Cow<'a, str>,
    #[serde(rename = "p", borrow)]
    initials: Cow<'a, str>,
    #[serde(rename = "s")]
    sex: Sex,
    #[serde(rename = "k")]
    seat: Option<u16>,
    #[serde(rename = "x", borrow)]
    number: Cow<'a, str>,
    #[serde(rename = "b")]
    boarding: Option<Boarding>,
}

impl Glance<'_> {
    fn row(&self) -> SheetRow {
        let Self { student, sex, seat, boarding, .. } = *self;
        let owned = |text: &Cow<'_, str>| text.clone().into_owned();
        let (name, initials, number) = (owned(&self.name), owned(&self.initials), owned(&self.number));
        SheetRow { student, name, initials, sex, seat, number, boarding }
    }
}

/// The rows of a class that fit a search.
fn matching(keys: &Keys, permit: &Permit<Read>, parts: &[SheetPart], needle: &Needle) -> Result<Vec<(Rank, SheetRow)>> {
    if let [only] = parts {
        let opened = keys.open_bytes(permit, &sheet_spot(only), &only.sealed)?;
        let rows: Vec<Glance<'_>> = serde_json::from_slice(&opened)?;
        let hit = |row: &Glance<'_>| Some((needle.matches(&row.name, &row.initials, row.seat)?, row.row()));
        return Ok(rows.iter().filter_map(hit).collect());
    }
    let hit = |row: SheetRow| Some((needle.matches(&row.name, &row.initials, row.seat)?, row));
    Ok(merged(keys, permit, parts)?.into_values().filter_map(hit).collect())
}

/// The rows of those who are in the class now, by class number.
fn listed(class: Class, mut rows: HashMap<StudentId, SheetRow>, students: &[Student]) -> Vec<Listed> {
    let one = |student: &Student| Some(Listed { row: rows.remove(&student.id)?, class, status: student.status });
    let mut listed: Vec<Listed> = students.iter().filter_map(one).collect();
    listed.sort_by(|a, b| (a.row.seat, &a.row.number).cmp(&(b.row.seat, &b.row.number)));
    listed
}

/// The first `most` of the found rows whose student is still in that class.
async fn still_there<R>(conn: &mut Conn, found: Vec<(R, Class, SheetRow)>, most: usize) -> Result<Vec<Listed>> {
    let mut listed = Vec::new();
    let mut seen = HashSet::new();
    for ten in found.chunks(10) {
        if listed.len() >= most {
            break;
        }
        let mut ids = [StudentId(Uuid::nil()); 10];
        ids.iter_mut().zip(ten).for_each(|(id, (_, _, row))| *id = row.student);
        let students: HashMap<StudentId, Student> =
            conn.students_among(&ids).await?.into_iter().map(|student| (student.id, student)).collect();
        for (_, class, row) in ten {
            let Some(student) = students.get(&row.student) else { continue };
            if student.class_id == class.id && seen.insert(student.id) {
                listed.push(Listed { row: row.clone(), class: *class, status: student.status });
            }
        }
    }
    listed.truncate(most);
    Ok(listed)
}

/// The standing of a person towards the class they know best: for acts that are about any class.
fn any_class(viewer: &Viewer) -> Standing {
    let school = viewer.person.school_id;
    let facts = viewer.own_classes().next().map_or_else(|| Facts::school(school), |class| Facts::class(school, class));
    viewer.standing(&facts)
}
