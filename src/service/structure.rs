//! The structure of a school: its name, classes and terms.

use jiff::civil::Date;
use uuid::Uuid;

use super::error::again;
use super::{App, Error, FieldProblem, Result, Stale, Viewer};
use crate::domain::audit::Event;
use crate::domain::ids::{ClassId, SchoolId, TermId};
use crate::domain::roster::ClassKey;
use crate::domain::warning::LabelScheme;
use crate::domain::words::{Kind, SchoolKind};
use crate::policy::{Act, Manage, Permit, Read};
use crate::store::{Class, Conn, School, Term, Tx};
use crate::vault::{CompartmentKey, OfficeKey};

/// The longest name of a school or term, in characters.
pub const NAME: usize = 40;
/// The highest grade: the third year of senior secondary school.
const GRADES: u8 = 12;
/// The highest number of a class within its cohort.
const CLASSES: u8 = 99;

/// The structure of a school.
#[derive(Debug)]
pub struct Structure {
    /// The school.
    pub school: School,
    /// Its classes, youngest cohort first, closed ones too.
    pub classes: Vec<Class>,
    /// Its terms, newest first.
    pub terms: Vec<Term>,
}

/// A term as a person wrote it.
#[derive(Debug, Clone, Default)]
pub struct TermEdit {
    /// Its name.
    pub name: String,
    /// First day, `YYYY-MM-DD`.
    pub starts: String,
    /// Last day, `YYYY-MM-DD`.
    pub ends: String,
    /// The version the person saw; 0 for a new term.
    pub seen: i64,
}

impl App {
    /// Makes a class with what every class needs before its first student: the homeroom office, and the key of its roster
    /// wrapped to those who hold rosters. Gives both keys, which exist in clear only in this moment.
    ///
    /// # Errors
    /// [`crate::store::Error::Taken`] inside when the cohort has a class of this number.
    pub(crate) async fn make_class<A: Act>(
        &self,
        tx: &mut Tx,
        permit: &Permit<A>,
        school: SchoolId,
        cohort: i64,
        number: i64,
    ) -> Result<(Class, CompartmentKey, OfficeKey)> {
        let new = self.class_in_the_making(school, cohort, number)?;
        let roster = self.store_class(tx, permit, &new).await?;
        Ok((new.class, roster, new.homeroom))
    }
    /// The school with its classes and terms.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anyone but an administrator.
    pub async fn structure(&self, viewer: &Viewer) -> Result<Structure> {
        let school = viewer.person.school_id;
        self.permit::<Read>(&viewer.at_school(), Kind::Structure, school.0).await?;
        let mut conn = self.db.read().await?;
        Ok(Structure {
            school: conn.school(school).await?.ok_or(Error::NotFound)?,
            classes: conn.classes(school).await?,
            terms: conn.terms(school).await?,
        })
    }

    /// Names the school.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a name that is empty, too long or taken; [`Error::NotFound`] for anyone but an administrator.
    pub async fn rename_school(&self, viewer: &Viewer, name: &str) -> Result<()> {
        let permit = self.structure_permit(viewer).await?;
        let name = name.trim();
        if let Some(code) = wrong_name(name) {
            return Err(Error::field("school", code));
        }
        let mut tx = self.begin().await?;
        match tx.rename_school(&permit, name).await {
            Err(error) if error.is_taken("name") => return Err(Error::field("school", "name-taken")),
            done => done?,
        }
        tx.record(&permit, Event::SchoolChanged, "renamed", self.now()).await?;
        Ok(tx.commit().await?)
    }

    /// Makes a class by hand: the class `number` of a grade in the present school year.
    ///
    /// # Errors
    /// [`Error::Invalid`] for numbers out of range or a class that exists; [`Error::NotFound`] for anyone but an
    /// administrator.
    pub async fn new_class(&self, viewer: &Viewer, grade: u8, number: u8) -> Result<ClassId> {
        let permit = self.structure_permit(viewer).await?;
        if viewer.school.kind == SchoolKind::District {
            return Err(Error::NotFound);
        }
        let in_range = |value, most, field| {
            (!(1..=most).contains(&value)).then_some(FieldProblem { field, code: "number-out-of-range" })
        };
        let grade_wrong = in_range(grade, GRADES, "grade");
        let problems: Vec<FieldProblem> = grade_wrong.into_iter().chain(in_range(number, CLASSES, "number")).collect();
        if !problems.is_empty() {
            return Err(Error::Invalid(problems));
        }
        again(|| self.try_new_class(&permit, ClassKey::new(grade, number, self.school_year()))).await
    }

    async fn try_new_class(&self, permit: &Permit<Manage>, key: ClassKey) -> Result<ClassId> {
        let (cohort, number) = (i64::from(key.cohort), i64::from(key.number));
        let mut tx = self.begin().await?;
        let classes = tx.classes(permit.school()).await?;
        if classes.iter().any(|class| (class.cohort, class.number) == (cohort, number)) {
            return Err(Error::field("number", "class-exists"));
        }
        let (class, ..) = self.make_class(&mut tx, permit, permit.school(), cohort, number).await?;
        tx.record_about(permit, Event::ClassChanged, class.id.0, "made", self.now()).await?;
        tx.commit().await?;
        Ok(class.id)
    }

    /// Says how the school speaks of levels of concern.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anyone but an administrator.
    pub async fn set_labels(&self, viewer: &Viewer, labels: LabelScheme) -> Result<()> {
        let permit = self.structure_permit(viewer).await?;
        let mut tx = self.begin().await?;
        tx.set_labels(&permit, labels).await?;
        tx.record(&permit, Event::SchoolChanged, "labels", self.now()).await?;
        Ok(tx.commit().await?)
    }

    /// Says whether the school demands two steps at a sign-in of those with a confidential office or an administrative role.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anyone but an administrator.
    pub async fn demand_two_steps(&self, viewer: &Viewer, demanded: bool) -> Result<()> {
        let permit = self.structure_permit(viewer).await?;
        let mut tx = self.begin().await?;
        tx.set_two_steps(&permit, demanded).await?;
        let detail = if demanded { "two_steps=on" } else { "two_steps=off" };
        tx.record(&permit, Event::SchoolChanged, detail, self.now()).await?;
        Ok(tx.commit().await?)
    }

    /// Closes a class that has left the school, or opens it again.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anyone but an administrator, or when there is no such class.
    pub async fn close_class(&self, viewer: &Viewer, id: ClassId, closed: bool) -> Result<()> {
        let permit = self.structure_permit(viewer).await?;
        let mut tx = self.begin().await?;
        if !tx.close_class(&permit, id, closed).await? {
            return Err(Error::NotFound);
        }
        tx.owe_facts_of_class(&permit, id).await?;
        let detail = if closed { "closed" } else { "reopened" };
        tx.record_about(&permit, Event::ClassChanged, id.0, detail, self.now()).await?;
        Ok(tx.commit().await?)
    }

    /// One term, for its form.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anyone but an administrator, or when there is no such term.
    pub async fn term(&self, viewer: &Viewer, id: TermId) -> Result<Term> {
        let school = viewer.person.school_id;
        self.permit::<Read>(&viewer.at_school(), Kind::Structure, school.0).await?;
        let mut conn = self.db.read().await?;
        find_term(&mut conn, school, id).await
    }

    /// Makes a term.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every wrong field; [`Error::NotFound`] for anyone but an administrator.
    pub async fn new_term(&self, viewer: &Viewer, edit: &TermEdit) -> Result<TermId> {
        let permit = self.structure_permit(viewer).await?;
        let term = checked(TermId(Uuid::now_v7()), edit)?;
        let mut tx = self.begin().await?;
        match tx.insert_term(&permit, &term).await {
            Err(error) if error.is_taken("name") => return Err(Error::field("name", "name-taken")),
            done => done?,
        }
        tx.record_about(&permit, Event::TermChanged, term.id.0, "made", self.now()).await?;
        tx.commit().await?;
        Ok(term.id)
    }

    /// Changes a term that still has the version the person saw.
    ///
    /// # Errors
    /// [`Error::Stale`] with both texts of every field that differs; [`Error::Invalid`] with every wrong field;
    /// [`Error::NotFound`] for anyone but an administrator, or when there is no such term.
    pub async fn edit_term(&self, viewer: &Viewer, id: TermId, edit: &TermEdit) -> Result<()> {
        let permit = self.structure_permit(viewer).await?;
        let term = checked(id, edit)?;
        let mut tx = self.begin().await?;
        let stands = find_term(&mut tx, permit.school(), id).await?;
        match tx.update_term(&permit, &term).await {
            Err(error) if error.is_taken("name") => return Err(Error::field("name", "name-taken")),
            Ok(false) => {
                // A colleague who wrote the same is no conflict.
                let differences = differences(&stands, &term);
                return if differences.is_empty() { Ok(tx.leave().await?) } else { Err(Error::Stale(differences)) };
            }
            done => done?,
        };
        tx.record_about(&permit, Event::TermChanged, id.0, "changed", self.now()).await?;
        Ok(tx.commit().await?)
    }

    async fn structure_permit(&self, viewer: &Viewer) -> Result<Permit<Manage>> {
        self.permit(&viewer.at_school(), Kind::Structure, viewer.person.school_id.0).await
    }
}

async fn find_term(conn: &mut Conn, school: SchoolId, id: TermId) -> Result<Term> {
    conn.terms(school).await?.into_iter().find(|term| term.id == id).ok_or(Error::NotFound)
}

/// What is wrong with a name, if anything.
fn wrong_name(name: &str) -> Option<&'static str> {
    match name.chars().count() {
        0 => Some("required"),
        1..=NAME => None,
        _ => Some("too-long"),
    }
}

/// The term that a form describes, if all of it can be.
fn checked(id: TermId, edit: &TermEdit) -> Result<Term> {
    let name = edit.name.trim();
    let (starts, ends) = (edit.starts.trim().parse::<Date>(), edit.ends.trim().parse::<Date>());
    let mut problems = Vec::new();
    let mut wrong = |field, code| problems.push(FieldProblem { field, code });
    if let Some(code) = wrong_name(name) {
        wrong("name", code);
    }
    match (&starts, &ends) {
        (Ok(starts), Ok(ends)) if ends < starts => wrong("ends", "ends-before-it-starts"),
        (Ok(_), Ok(_)) => {}
        (Ok(_), Err(_)) => wrong("ends", "date-invalid"),
        (Err(_), Ok(_)) => wrong("starts", "date-invalid"),
        (Err(_), Err(_)) => {
            wrong("starts", "date-invalid");
            wrong("ends", "date-invalid");
        }
    }
    let (Ok(starts), Ok(ends), true) = (starts, ends, problems.is_empty()) else {
        return Err(Error::Invalid(problems));
    };
    Ok(Term { id, name: name.to_owned(), starts: starts.to_string(), ends: ends.to_string(), version: edit.seen })
}

/// Both texts of every field in which what stands differs from what the person wrote.
fn differences(stands: &Term, mine: &Term) -> Vec<Stale> {
    let fields = [
        ("name", &stands.name, &mine.name),
        ("starts", &stands.starts, &mine.starts),
        ("ends", &stands.ends, &mine.ends),
    ];
    let differs = |(field, theirs, mine): (&'static str, &String, &String)| {
        let version = stands.version;
        (theirs != mine).then(|| Stale { field, theirs: theirs.clone(), mine: mine.clone(), version })
    };
    fields.into_iter().filter_map(differs).collect()
}

#[cfg(test)]
mod tests;
