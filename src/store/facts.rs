//! Facts: what the gate counts, sealed. No query joins them to a student.

use uuid::Uuid;

use super::{Conn, Inner, Result, Tx, sql};
use crate::domain::ids::{ClassId, PersonId, SchoolId, StudentId};
use crate::policy::{Act, Manage, Permit};

impl Conn {
    /// The sealed facts of a school; for the publisher only.
    ///
    /// # Errors
    /// The database.
    pub async fn facts(&mut self, school: SchoolId) -> Result<Vec<(Uuid, Vec<u8>)>> {
        sql!(self, fetch_all(Uuid, Vec<u8>): "SELECT id, sealed FROM facts WHERE school_id = $1", school.0)
    }

    /// The ids of the facts of a school: to see after counting anew which of them no file knows.
    ///
    /// # Errors
    /// The database.
    pub async fn fact_ids(&mut self, school: SchoolId) -> Result<Vec<Uuid>> {
        let ids = sql!(self, fetch_all(Uuid,): "SELECT id FROM facts WHERE school_id = $1", school.0)?;
        Ok(ids.into_iter().map(|(id,)| id).collect())
    }

    /// Files of a school that somebody changed who could not count them, class by class, at most so many.
    ///
    /// # Errors
    /// The database.
    pub async fn facts_due(&mut self, school: SchoolId, most: usize) -> Result<Vec<StudentId>> {
        let due = sql!(
            self,
            fetch_all(Uuid,): "SELECT d.student_id FROM facts_due d JOIN students s ON s.id = d.student_id
             WHERE d.school_id = $1 ORDER BY s.class_id, s.id LIMIT $2",
            school.0,
            i64::try_from(most).unwrap_or(i64::MAX)
        )?;
        Ok(due.into_iter().map(|(id,)| StudentId(id)).collect())
    }

    /// How many such files a school has.
    ///
    /// # Errors
    /// The database.
    pub async fn facts_due_count(&mut self, school: SchoolId) -> Result<i64> {
        let (count,): (i64,) =
            sql!(self, fetch_one(i64,): "SELECT count(*) FROM facts_due WHERE school_id = $1", school.0)?;
        Ok(count)
    }

    /// The entry cohort of a student, and whether the class has left the school.
    ///
    /// # Errors
    /// The database.
    pub async fn cohort_of(&mut self, student: StudentId) -> Result<Option<(i64, bool)>> {
        sql!(
            self,
            fetch_optional(i64, bool):
                "SELECT c.cohort, c.closed FROM students s JOIN classes c ON c.id = s.class_id WHERE s.id = $1",
            student.0
        )
    }

    /// How many students of each school every cohort has, without those who left: a register figure that leadership knows.
    ///
    /// # Errors
    /// The database.
    pub async fn rolls(&mut self) -> Result<Vec<(SchoolId, i64, i64)>> {
        let rolls = sql!(
            self,
            fetch_all(Uuid, i64, i64):
                "SELECT s.school_id, c.cohort, count(*) FROM students s JOIN classes c ON c.id = s.class_id
             WHERE c.closed = $1 GROUP BY s.school_id, c.cohort ORDER BY s.school_id, c.cohort DESC",
            false
        )?;
        Ok(rolls.into_iter().map(|(school, cohort, count)| (SchoolId(school), cohort, count)).collect())
    }
}

/// So many other rows are written with one that changed, where the order of rows tells when they were written.
const AMONG: i64 = 15;

impl Tx {
    /// Puts facts in place of those with the same ids, and takes others away; gives how many went. On PostgreSQL, where a row
    /// shows when it was written, some others are written with them.
    ///
    /// # Errors
    /// The database.
    pub async fn put_facts<A: Act>(
        &mut self,
        permit: &Permit<A>,
        facts: &[(Uuid, Vec<u8>)],
        gone: &[Uuid],
    ) -> Result<u64> {
        let school = permit.school().0;
        let mut removed = 0;
        for id in gone {
            removed += sql!(self, run "DELETE FROM facts WHERE school_id = $1 AND id = $2", school, *id)?;
        }
        for (id, sealed) in facts {
            sql!(
                self,
                run "INSERT INTO facts (school_id, id, sealed) VALUES ($1, $2, $3)
                 ON CONFLICT (school_id, id) DO UPDATE SET sealed = excluded.sealed",
                school,
                *id,
                sealed.clone()
            )?;
        }
        if !facts.is_empty() && matches!(self.inner, Inner::Postgres(_)) {
            self.touch_facts(school).await?;
        }
        Ok(removed)
    }

    /// Writes [`AMONG`] facts of a school as they are, or all: those from a random id on, and behind the last one the first again.
    async fn touch_facts(&mut self, school: Uuid) -> Result<()> {
        let from = Uuid::new_v4();
        let mut left = AMONG;
        for (above, to) in [(from, Uuid::max()), (Uuid::nil(), from)] {
            let written = sql!(
                self,
                run "UPDATE facts SET sealed = sealed WHERE school_id = $1 AND id IN
                   (SELECT id FROM facts WHERE school_id = $1 AND id > $2 AND id <= $3 ORDER BY id LIMIT $4
                    FOR UPDATE SKIP LOCKED)",
                school,
                above,
                to,
                left
            )?;
            left -= i64::try_from(written).unwrap_or(left);
            if left <= 0 {
                break;
            }
        }
        Ok(())
    }

    /// Notes that a file is still to be counted by somebody who holds its keys.
    ///
    /// # Errors
    /// The database.
    pub async fn owe_facts<A: Act>(&mut self, permit: &Permit<A>, student: StudentId) -> Result<()> {
        sql!(
            self,
            run "INSERT INTO facts_due (student_id, school_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            student.0,
            permit.school().0
        )
        .map(drop)
    }

    /// Notes it of every file of a class with something to count.
    ///
    /// # Errors
    /// The database.
    pub async fn owe_facts_of_class(&mut self, permit: &Permit<Manage>, class: ClassId) -> Result<()> {
        sql!(
            self,
            run "INSERT INTO facts_due (student_id, school_id) SELECT id, school_id FROM students s
             WHERE class_id = $1 AND school_id = $2 AND (status <> 'enrolled'
               OR EXISTS (SELECT 1 FROM warnings w WHERE w.student_id = s.id AND w.closed_at IS NULL))
             ON CONFLICT DO NOTHING",
            class.0,
            permit.school().0
        )
        .map(drop)
    }

    /// Notes it of every file of a school with something to count.
    ///
    /// # Errors
    /// The database.
    pub async fn owe_all_facts<A: Act>(&mut self, permit: &Permit<A>) -> Result<u64> {
        sql!(
            self,
            run "INSERT INTO facts_due (student_id, school_id) SELECT id, school_id FROM students s
             WHERE school_id = $1 AND (status <> 'enrolled'
               OR EXISTS (SELECT 1 FROM warnings w WHERE w.student_id = s.id AND w.closed_at IS NULL))
             ON CONFLICT DO NOTHING",
            permit.school().0
        )
    }

    /// Notes it of every file with a pairing of a helper that has not ended.
    ///
    /// # Errors
    /// The database.
    pub async fn owe_facts_of_helper(&mut self, permit: &Permit<Manage>, helper: PersonId) -> Result<()> {
        sql!(
            self,
            run "INSERT INTO facts_due (student_id, school_id) SELECT DISTINCT student_id, school_id FROM pairings
             WHERE helper_id = $1 AND school_id = $2 AND NOT ended AND accepted_at IS NOT NULL ON CONFLICT DO NOTHING",
            helper.0,
            permit.school().0
        )
        .map(drop)
    }

    /// Notes that a file was counted.
    ///
    /// # Errors
    /// The database.
    pub async fn settle_facts<A: Act>(&mut self, _permit: &Permit<A>, student: StudentId) -> Result<()> {
        sql!(self, run "DELETE FROM facts_due WHERE student_id = $1", student.0).map(drop)
    }
}
