//! Exact totals of what schools did, the roll they are compared with, and how many visits the district asks for.

use uuid::Uuid;

use super::{Conn, Result, Tx, row, sql};
use crate::domain::county::HalfYear;
use crate::domain::ids::SchoolId;
use crate::domain::process::ProcessFigure;
use crate::policy::{Act, Manage, Permit, Write};

row! {
    /// A total of one school and half year.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Tally {
        /// The school.
        pub school_id: SchoolId as Uuid,
        /// The half year.
        pub half: HalfYear as String,
        /// What was counted.
        pub figure: ProcessFigure as String,
        /// How often.
        pub total: i64,
    }
}

row! {
    /// Training that was held.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Training {
        /// Its id.
        pub id: Uuid,
        /// The day.
        pub day: String,
        /// How many of the staff were there.
        pub staff: i64,
        /// When it was noted, microseconds UTC.
        pub noted_at: i64,
    }
}

impl Conn {
    /// The totals of all schools in these two half years.
    ///
    /// # Errors
    /// The database.
    pub async fn tallies(&mut self, halves: [HalfYear; 2]) -> Result<Vec<Tally>> {
        sql!(
            self,
            fetch_all Tally: "SELECT school_id, half, figure, total FROM tallies WHERE half IN ($1, $2) ORDER BY school_id, half, figure",
            halves[0].to_string(),
            halves[1].to_string()
        )
    }

    /// How many visits per student and school year the district asks for.
    ///
    /// # Errors
    /// The database.
    pub async fn visits_quota(&mut self) -> Result<i64> {
        let row = sql!(self, fetch_optional (i64,): "SELECT visits FROM schools WHERE kind = 'district'")?;
        Ok(row.map_or(1, |(visits,)| visits))
    }

    /// Training of a school, newest first.
    ///
    /// # Errors
    /// The database.
    pub async fn trainings(&mut self, school: SchoolId) -> Result<Vec<Training>> {
        sql!(
            self,
            fetch_all Training: "SELECT id, day, staff, noted_at FROM trainings WHERE school_id = $1 ORDER BY day DESC, id DESC",
            school.0
        )
    }
}

impl Tx {
    /// Adds to a total of a school, in the transaction of the act that is counted.
    ///
    /// # Errors
    /// The database.
    pub async fn tally<A: Act>(
        &mut self,
        _permit: &Permit<A>,
        school: SchoolId,
        half: HalfYear,
        figure: ProcessFigure,
        by: i64,
    ) -> Result<()> {
        sql!(
            self,
            run "INSERT INTO tallies (school_id, half, figure, total) VALUES ($1, $2, $3, $4)
             ON CONFLICT (school_id, half, figure) DO UPDATE SET total = tallies.total + excluded.total",
            school.0,
            half.to_string(),
            figure.as_str(),
            by
        )
        .map(drop)
    }

    /// Says how many visits per student and school year the district asks for.
    ///
    /// # Errors
    /// The database.
    pub async fn set_visits_quota(&mut self, permit: &Permit<Manage>, visits: i64) -> Result<bool> {
        let done = sql!(
            self,
            run "UPDATE schools SET visits = $2 WHERE id = $1 AND kind = 'district'",
            permit.school().0,
            visits
        )?;
        Ok(done == 1)
    }

    /// Notes training that was held; a second time with the same id changes nothing and gives `false`.
    ///
    /// # Errors
    /// The database.
    pub async fn insert_training(
        &mut self,
        permit: &Permit<Write>,
        half: HalfYear,
        training: &Training,
    ) -> Result<bool> {
        let done = sql!(
            self,
            run "INSERT INTO trainings (id, school_id, half, day, staff, noted_at) VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (id) DO NOTHING",
            training.id,
            permit.school().0,
            half.to_string(),
            training.day.as_str(),
            training.staff,
            training.noted_at
        )?;
        Ok(done == 1)
    }
}
