//! Facts: what the gate counts. No query joins them to a student.

use uuid::Uuid;

use super::{Conn, Result, Tx, sql};
use crate::domain::ids::SchoolId;
use crate::domain::words::Sex;
use crate::policy::{Permit, Read, Write};

/// One open file, as the gate counts it.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Fact {
    /// A random id that stands sealed in the file and nowhere else; never v7, which would tell when.
    pub id: Uuid,
    /// Entry cohort.
    pub cohort: i64,
    /// Sex.
    #[sqlx(try_from = "String")]
    pub sex: Sex,
    /// Group tags, one bit each in the order of [`crate::domain::words::GroupTag::ALL`].
    pub tags: i64,
}

impl Conn {
    /// The facts of a school; for the gate only.
    ///
    /// # Errors
    /// The database.
    pub async fn facts(&mut self, permit: &Permit<Read>) -> Result<Vec<Fact>> {
        debug_assert_eq!(permit.kind(), crate::domain::words::Kind::Statistics);
        sql!(self, fetch_all Fact: "SELECT id, cohort, sex, tags FROM facts WHERE school_id = $1", permit.school().0)
    }

    /// How many students of a school each cohort has: a register figure that leadership knows anyway.
    ///
    /// # Errors
    /// The database.
    pub async fn roll(&mut self, school: SchoolId) -> Result<Vec<(i64, i64)>> {
        sql!(
            self,
            fetch_all(i64, i64): "SELECT c.cohort, count(*) FROM students s JOIN classes c ON c.id = s.class_id
             WHERE s.school_id = $1 GROUP BY c.cohort ORDER BY c.cohort DESC",
            school.0
        )
    }
}

impl Tx {
    /// Puts a fact in place of the one with the same id.
    ///
    /// # Errors
    /// The database.
    pub async fn put_fact(&mut self, permit: &Permit<Write>, fact: &Fact) -> Result<()> {
        sql!(
            self,
            run "INSERT INTO facts (id, school_id, cohort, sex, tags) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (id) DO UPDATE SET cohort = excluded.cohort, sex = excluded.sex, tags = excluded.tags",
            fact.id,
            permit.school().0,
            fact.cohort,
            fact.sex.as_str(),
            fact.tags
        )
        .map(drop)
    }

    /// Removes a fact: the file was closed.
    ///
    /// # Errors
    /// The database.
    pub async fn delete_fact(&mut self, permit: &Permit<Write>, id: Uuid) -> Result<()> {
        sql!(self, run "DELETE FROM facts WHERE id = $1 AND school_id = $2", id, permit.school().0).map(drop)
    }
}
