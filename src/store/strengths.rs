//! What members of staff can help with, and when the background of somebody from outside was checked.

use uuid::Uuid;

use super::{Conn, Error, Result, Tx, row, sql};
use crate::domain::helping::Strengths;
use crate::domain::ids::{PersonId, SchoolId};
use crate::domain::words::Sex;
use crate::policy::{Manage, Permit};

row! {
    struct Row {
        person_id: Uuid,
        subject: String,
        interests: String,
        languages: String,
        sex: Option<String>,
        capacity: i64,
    }
}

impl Row {
    fn read(self) -> Result<(PersonId, Strengths)> {
        let Self { person_id, subject, interests, languages, sex, capacity } = self;
        let sex = match sex {
            Some(code) => Some(Sex::parse(&code).ok_or(Error::Corrupt("strengths.sex"))?),
            None => None,
        };
        Ok((PersonId(person_id), Strengths { subject, interests, languages, sex, capacity }))
    }
}

impl Conn {
    /// What the staff of a school can help with, by those who said something.
    ///
    /// # Errors
    /// The database.
    pub async fn strengths(&mut self, school: SchoolId) -> Result<Vec<(PersonId, Strengths)>> {
        let rows = sql!(
            self,
            fetch_all Row: "SELECT person_id, subject, interests, languages, sex, capacity FROM strengths WHERE school_id = $1",
            school.0
        )?;
        rows.into_iter().map(Row::read).collect()
    }

    /// When somebody's background was checked last, `YYYY-MM-DD`.
    ///
    /// # Errors
    /// The database.
    pub async fn check_of(&mut self, person: PersonId) -> Result<Option<String>> {
        let found = sql!(
            self,
            fetch_optional(String,): "SELECT checked_on FROM checks WHERE person_id = $1",
            person.0
        )?;
        Ok(found.map(|(day,)| day))
    }
}

impl Tx {
    /// Notes what the person can help with, in place of what they said before.
    ///
    /// # Errors
    /// The database.
    pub async fn put_strengths(&mut self, own: &Permit<Manage>, strengths: &Strengths) -> Result<()> {
        sql!(
            self,
            run "INSERT INTO strengths (person_id, school_id, subject, interests, languages, sex, capacity)
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (person_id) DO UPDATE SET subject = excluded.subject,
               interests = excluded.interests, languages = excluded.languages, sex = excluded.sex, capacity = excluded.capacity",
            own.object(),
            own.school().0,
            strengths.subject.as_str(),
            strengths.interests.as_str(),
            strengths.languages.as_str(),
            strengths.sex.map(Sex::as_str),
            strengths.capacity
        )
        .map(drop)
    }

    /// Notes when the background of a person was checked (`YYYY-MM-DD`).
    ///
    /// # Errors
    /// The database.
    pub async fn put_check(&mut self, permit: &Permit<Manage>, person: PersonId, day: &str, now: i64) -> Result<()> {
        sql!(
            self,
            run "INSERT INTO checks (person_id, checked_on, noted_by, noted_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (person_id) DO UPDATE SET checked_on = excluded.checked_on, noted_by = excluded.noted_by,
               noted_at = excluded.noted_at",
            person.0,
            day,
            permit.actor().0,
            now
        )
        .map(drop)
    }
}
