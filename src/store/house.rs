//! The house: installation, schools, classes, terms.

use uuid::Uuid;

use super::{Conn, Result, Tx, row, sql};
use crate::domain::ids::{ClassId, SchoolId, TermId};
use crate::domain::warning::LabelScheme;
use crate::domain::words::SchoolKind;
use crate::policy::{Act, Manage, Permit};

row! {
    /// What one database belongs to.
    #[derive(Debug, Clone)]
    pub struct Installation {
        /// Proof that the server secret in use is the one this database was made with.
        pub secret_check: Vec<u8>,
        /// The holder id of the recovery identity in wraps.
        pub recovery_id: Uuid,
        /// The public half of the recovery identity (`age1…`).
        pub recovery_recipient: String,
        /// Its MAC under the server secret.
        pub recovery_mac: Vec<u8>,
    }
}

row! {
    /// A school.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct School {
        /// Its id.
        pub id: SchoolId as Uuid,
        /// Its name; empty until the first administrator or import names it.
        pub name: String,
        /// How it speaks of levels.
        pub labels: LabelScheme as String,
        /// Whether it is a school or the district.
        pub kind: SchoolKind as String,
        /// Whether those with a confidential office or an administrative role must sign in with two steps.
        pub two_steps: bool,
    }
}

impl School {
    /// Whether children are taught there: at the district none are.
    #[must_use]
    pub const fn has_students(&self) -> bool {
        matches!(self.kind, SchoolKind::School)
    }
}

row! {
    /// A class of one entry cohort.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Class {
        /// Its id.
        pub id: ClassId as Uuid,
        /// Its school.
        pub school_id: SchoolId as Uuid,
        /// The autumn in which it entered, or would have entered, grade 1.
        pub cohort: i64,
        /// Its number within the cohort.
        pub number: i64,
        /// Whether it has left the school.
        pub closed: bool,
    }
}

row! {
    /// A term of the school calendar, first and last day as `YYYY-MM-DD`.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Term {
        /// Its id.
        pub id: TermId as Uuid,
        /// Its name, such as 2026—2027学年第一学期.
        pub name: String,
        /// First day.
        pub starts: String,
        /// Last day.
        pub ends: String,
        /// Edit version.
        pub version: i64,
    }
}

impl Conn {
    /// The installation, once `yice init` or `yice demo` has made it.
    ///
    /// # Errors
    /// The database.
    pub async fn installation(&mut self) -> Result<Option<Installation>> {
        sql!(self, fetch_optional Installation: "SELECT secret_check, recovery_id, recovery_recipient, recovery_mac FROM installation")
    }

    /// All schools by name.
    ///
    /// # Errors
    /// The database.
    pub async fn schools(&mut self) -> Result<Vec<School>> {
        sql!(self, fetch_all School: "SELECT id, name, labels, kind, two_steps FROM schools ORDER BY name")
    }

    /// One school.
    ///
    /// # Errors
    /// The database.
    pub async fn school(&mut self, id: SchoolId) -> Result<Option<School>> {
        sql!(self, fetch_optional School: "SELECT id, name, labels, kind, two_steps FROM schools WHERE id = $1", id.0)
    }

    /// The classes of a school, youngest cohort first.
    ///
    /// # Errors
    /// The database.
    pub async fn classes(&mut self, school: SchoolId) -> Result<Vec<Class>> {
        sql!(
            self,
            fetch_all Class: "SELECT id, school_id, cohort, number, closed FROM classes WHERE school_id = $1 ORDER BY cohort DESC, number",
            school.0
        )
    }

    /// One class.
    ///
    /// # Errors
    /// The database.
    pub async fn class(&mut self, id: ClassId) -> Result<Option<Class>> {
        sql!(self, fetch_optional Class: "SELECT id, school_id, cohort, number, closed FROM classes WHERE id = $1", id.0)
    }

    /// The terms of a school, newest first.
    ///
    /// # Errors
    /// The database.
    pub async fn terms(&mut self, school: SchoolId) -> Result<Vec<Term>> {
        sql!(
            self,
            fetch_all Term: "SELECT id, name, starts, ends, version FROM terms WHERE school_id = $1 ORDER BY starts DESC",
            school.0
        )
    }
}

impl Tx {
    /// Makes the installation row: once, by `yice init` or `yice demo`, before anybody exists who could hold a permit.
    ///
    /// # Errors
    /// [`super::Error::Taken`] when this database has one already.
    pub async fn found_installation(&mut self, made: &Installation, now: i64) -> Result<()> {
        sql!(
            self,
            run "INSERT INTO installation (id, secret_check, recovery_id, recovery_recipient, recovery_mac, created_at)
             VALUES (1, $1, $2, $3, $4, $5)",
            made.secret_check.clone(),
            made.recovery_id,
            made.recovery_recipient.as_str(),
            made.recovery_mac.clone(),
            now
        )?;
        Ok(())
    }

    /// Makes a school, or the district.
    ///
    /// # Errors
    /// [`super::Error::Taken`] when the name is, or when there is a district already.
    pub async fn insert_school(
        &mut self,
        permit: &Permit<Manage>,
        name: &str,
        kind: SchoolKind,
        now: i64,
    ) -> Result<()> {
        let sql = sql!(
            self,
            run "INSERT INTO schools (id, name, created_at, kind) VALUES ($1, $2, $3, $4)",
            permit.school().0,
            name,
            now,
            kind.as_str()
        );
        sql.map(drop)
    }

    /// Renames a school.
    ///
    /// # Errors
    /// [`super::Error::Taken`] when the name is.
    pub async fn rename_school(&mut self, permit: &Permit<Manage>, name: &str) -> Result<()> {
        sql!(self, run "UPDATE schools SET name = $2 WHERE id = $1", permit.school().0, name).map(drop)
    }

    /// Says how a school speaks of levels.
    ///
    /// # Errors
    /// The database.
    pub async fn set_labels(&mut self, permit: &Permit<Manage>, labels: LabelScheme) -> Result<()> {
        sql!(self, run "UPDATE schools SET labels = $2 WHERE id = $1", permit.school().0, labels.as_str()).map(drop)
    }

    /// Says whether a school demands two steps of those with a confidential office or an administrative role.
    ///
    /// # Errors
    /// The database.
    pub async fn set_two_steps(&mut self, permit: &Permit<Manage>, demanded: bool) -> Result<()> {
        sql!(self, run "UPDATE schools SET two_steps = $2 WHERE id = $1", permit.school().0, demanded).map(drop)
    }

    /// Makes a class: by hand, or because a roster names it.
    ///
    /// # Errors
    /// [`super::Error::Taken`] when cohort and number are.
    pub async fn insert_class<A: Act>(&mut self, permit: &Permit<A>, class: &Class, now: i64) -> Result<()> {
        debug_assert_eq!(permit.school(), class.school_id);
        sql!(
            self,
            run "INSERT INTO classes (id, school_id, cohort, number, created_at, closed) VALUES ($1, $2, $3, $4, $5, $6)",
            class.id.0,
            class.school_id.0,
            class.cohort,
            class.number,
            now,
            class.closed
        )
        .map(drop)
    }

    /// Closes or reopens a class.
    ///
    /// # Errors
    /// The database.
    pub async fn close_class(&mut self, permit: &Permit<Manage>, class: ClassId, closed: bool) -> Result<bool> {
        let done = sql!(
            self,
            run "UPDATE classes SET closed = $3 WHERE id = $1 AND school_id = $2",
            class.0,
            permit.school().0,
            closed
        )?;
        Ok(done == 1)
    }

    /// Makes a term.
    ///
    /// # Errors
    /// [`super::Error::Taken`] when the name is.
    pub async fn insert_term(&mut self, permit: &Permit<Manage>, term: &Term) -> Result<()> {
        sql!(
            self,
            run "INSERT INTO terms (id, school_id, name, starts, ends, version) VALUES ($1, $2, $3, $4, $5, 1)",
            term.id.0,
            permit.school().0,
            term.name.as_str(),
            term.starts.as_str(),
            term.ends.as_str()
        )
        .map(drop)
    }

    /// Changes a term that still has the version the person saw.
    ///
    /// # Errors
    /// [`super::Error::Taken`] when the name is.
    pub async fn update_term(&mut self, permit: &Permit<Manage>, term: &Term) -> Result<bool> {
        let done = sql!(
            self,
            run "UPDATE terms SET name = $3, starts = $4, ends = $5, version = version + 1
             WHERE id = $1 AND school_id = $2 AND version = $6",
            term.id.0,
            permit.school().0,
            term.name.as_str(),
            term.starts.as_str(),
            term.ends.as_str(),
            term.version
        )?;
        Ok(done == 1)
    }
}
