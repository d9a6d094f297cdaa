//! Process figures: what schools did, exactly, against what the district asks for. No figure here is about a child.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::{App, Error, FieldProblem, Result, Viewer};
use crate::domain::audit::Event;
use crate::domain::county::HalfYear;
use crate::domain::ids::{FormId, SchoolId};
use crate::domain::process::{ProcessFigure, visits_asked};
use crate::domain::words::Kind;
use crate::policy::{Manage, Read, Write};
use crate::store::{School, Tally, Training};

/// The most visits per student and school year that can be asked for.
const MOST_VISITS: i64 = 10;
/// The most people of a school in one training.
const MOST_STAFF: i64 = 2_000;

/// How far one school is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchoolProgress {
    /// The school.
    pub school: SchoolId,
    /// Its name.
    pub name: String,
    /// Students on the roll.
    pub roll: i64,
    /// Home visits made in this school year until the end of the half year.
    pub visits: i64,
    /// How many were asked for until then.
    pub asked: i64,
    /// Staff trained in the half year.
    pub trained: i64,
    /// Joint meetings held in the half year.
    pub meetings: i64,
}

impl SchoolProgress {
    /// How many visits are missing.
    #[must_use]
    pub const fn missing(&self) -> i64 {
        if self.visits < self.asked { self.asked - self.visits } else { 0 }
    }

    /// How much of what was asked for was done, in whole percent, at most 100.
    #[must_use]
    pub const fn percent(&self) -> i64 {
        if self.visits >= self.asked { 100 } else { self.visits * 100 / self.asked }
    }
}

/// How far all schools are in one half year.
#[derive(Debug)]
pub struct Progress {
    /// The half year.
    pub half: HalfYear,
    /// Visits asked for per student and school year.
    pub quota: i64,
    /// Those who are furthest behind first.
    pub schools: Vec<SchoolProgress>,
}

impl App {
    /// Which schools are behind with visits: made in total, against the quota for the exact roll.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anyone but the district's officers.
    pub async fn school_progress(&self, viewer: &Viewer, half: HalfYear) -> Result<Progress> {
        let district = viewer.person.school_id;
        // A school reads supervisions too; whoever leads them sees all schools.
        self.permit::<Manage>(&viewer.at_school(), Kind::Supervision, district.0).await?;
        let read = self.permit::<Read>(&viewer.at_school(), Kind::Supervision, district.0).await?;
        let mut conn = self.db.read().await?;
        let quota = conn.visits_quota().await?;
        let mut rolls: BTreeMap<SchoolId, i64> = BTreeMap::new();
        for (school, _, count) in conn.rolls().await? {
            *rolls.entry(school).or_default() += count;
        }
        let tallies = conn.tallies(half.year_of()).await?;
        let schools = conn.schools().await?;
        drop(conn);
        let total = |school: SchoolId, figure, until: bool| -> i64 {
            let of = |tally: &&Tally| {
                let when = if until { tally.half <= half } else { tally.half == half };
                tally.school_id == school && tally.figure == figure && when
            };
            tallies.iter().filter(of).map(|tally| tally.total).sum()
        };
        let mut schools: Vec<SchoolProgress> = schools
            .into_iter()
            .filter(School::has_students)
            .map(|school| {
                let roll = rolls.get(&school.id).copied().unwrap_or(0);
                SchoolProgress {
                    school: school.id,
                    name: school.name,
                    roll,
                    visits: total(school.id, ProcessFigure::VisitsMade, true),
                    asked: visits_asked(quota, roll, half.second),
                    trained: total(school.id, ProcessFigure::StaffTrained, false),
                    meetings: total(school.id, ProcessFigure::MeetingsHeld, false),
                }
            })
            .collect();
        schools.sort_by(|a, b| (a.percent(), &a.name).cmp(&(b.percent(), &b.name)));
        self.leave_trace(&read, Event::ProgressRead, &half.to_string(), &[]).await?;
        Ok(Progress { half, quota, schools })
    }

    /// Says how many visits per student and school year the district asks for.
    ///
    /// # Errors
    /// [`Error::Invalid`] on `quota`; [`Error::NotFound`] for anyone but the district's officers.
    pub async fn set_visits_quota(&self, viewer: &Viewer, quota: i64) -> Result<()> {
        let district = viewer.person.school_id;
        let permit = self.permit::<Manage>(&viewer.at_school(), Kind::Supervision, district.0).await?;
        if !(1..=MOST_VISITS).contains(&quota) {
            return Err(Error::field("quota", "number-out-of-range"));
        }
        let mut tx = self.begin().await?;
        tx.set_visits_quota(&permit, quota).await?;
        tx.record(&permit, Event::QuotaSet, &format!("visits={quota}"), self.now()).await?;
        Ok(tx.commit().await?)
    }

    /// Training that the own school held, newest first.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anyone but the moral-education director.
    pub async fn trainings(&self, viewer: &Viewer) -> Result<Vec<Training>> {
        let school = viewer.person.school_id;
        self.permit::<Write>(&viewer.at_school(), Kind::Supervision, school.0).await?;
        Ok(self.db.read().await?.trainings(school).await?)
    }

    /// Notes training that was held, and how many of the staff were there. A form sent twice notes it once.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every wrong field; [`Error::NotFound`] for anyone but the moral-education director.
    pub async fn note_training(&self, viewer: &Viewer, form: FormId, day: Date, staff: i64) -> Result<()> {
        let school = viewer.person.school_id;
        let permit = self.permit::<Write>(&viewer.at_school(), Kind::Supervision, school.0).await?;
        let mut problems = Vec::new();
        if day > self.clock.today() {
            problems.push(FieldProblem { field: "day", code: "date-in-the-future" });
        }
        if !(1..=MOST_STAFF).contains(&staff) {
            problems.push(FieldProblem { field: "staff", code: "number-out-of-range" });
        }
        if !problems.is_empty() {
            return Err(Error::Invalid(problems));
        }
        let id = self.letter_from("training", &[viewer.person.id.0.as_bytes(), form.0.as_bytes()]).0;
        let half = HalfYear::of(day);
        let training = Training { id, day: day.to_string(), staff, noted_at: self.now() };
        let mut tx = self.begin().await?;
        if !tx.insert_training(&permit, half, &training).await? {
            return Ok(tx.leave().await?);
        }
        tx.tally(&permit, school, half, ProcessFigure::StaffTrained, staff).await?;
        tx.record(&permit, Event::TrainingNoted, &format!("staff={staff}"), self.now()).await?;
        Ok(tx.commit().await?)
    }
}
