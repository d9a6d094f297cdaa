//! Screening 测评: a counsellor enters whom a scale flagged, and each student becomes a signal.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::error::again;
use super::{App, Error, Result, Viewer};
use crate::domain::audit::Event;
use crate::domain::ids::{ClassId, StudentId};
use crate::domain::warning::{Rule, Signal};
use crate::domain::words::Kind;
use crate::policy::Write;

/// The longest name of a scale, in characters.
const SCALE: usize = 40;

/// What a screening found in a class.
#[derive(Debug, Clone)]
pub struct Screening {
    /// The day it was done.
    pub day: Date,
    /// The scale 量表.
    pub scale: String,
    /// Whom it flagged 阳性.
    pub flagged: BTreeSet<StudentId>,
}

impl App {
    /// Whether the person enters screenings.
    ///
    /// # Errors
    /// [`Error::NotFound`] for everybody but counsellors.
    pub async fn may_screen(&self, viewer: &Viewer) -> Result<()> {
        self.permit::<Write>(&viewer.at_school(), Kind::Warning, viewer.person.school_id.0).await.map(drop)
    }

    /// Leaves a signal for each student of a class whom a screening flagged. Scores are not kept: the counsellor talks with the
    /// student first (`forms.md` §2.6). Entered twice it is one signal.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every wrong field; [`Error::NotFound`] for everybody but counsellors of the school.
    pub async fn note_screening(&self, viewer: &Viewer, class: ClassId, screening: &Screening) -> Result<()> {
        self.may_screen(viewer).await?;
        let scale = screening.scale.trim();
        let problems: Vec<_> = [
            (scale.is_empty(), "scale", "required"),
            (scale.chars().count() > SCALE, "scale", "too-long"),
            (screening.day > self.clock.today(), "day", "date-in-the-future"),
            (screening.flagged.is_empty(), "flagged", "choose"),
        ]
        .into_iter()
        .filter(|(wrong, ..)| *wrong)
        .map(|(_, field, code)| super::FieldProblem { field, code })
        .collect();
        if !problems.is_empty() {
            return Err(Error::Invalid(problems));
        }
        again(|| self.try_note_screening(viewer, class, scale, screening)).await
    }

    async fn try_note_screening(
        &self,
        viewer: &Viewer,
        class: ClassId,
        scale: &str,
        screening: &Screening,
    ) -> Result<()> {
        let tx = self.begin().await?;
        let school = viewer.person.school_id;
        let (mut tx, permit) = self.permit_in::<Write>(tx, &viewer.at_school(), Kind::Warning, school.0).await?;
        let found = tx.class(class).await?.filter(|found| found.school_id == school).ok_or(Error::NotFound)?;
        let own: BTreeSet<StudentId> =
            tx.students_of_class(found.id).await?.into_iter().map(|student| student.id).collect();
        if !screening.flagged.is_subset(&own) {
            return Err(Error::field("flagged", "student-unknown"));
        }
        let day = screening.day.to_string();
        for student in &screening.flagged {
            let id = self.letter_from("screening", &[student.0.as_bytes(), day.as_bytes(), scale.as_bytes()]);
            let signal = Signal { rule: Rule::ScreeningFlag, facts: format!("{scale} {day}") };
            self.leave_signal(&mut tx, &permit, id, Some(*student), &signal).await?;
        }
        tx.record(&permit, Event::ScreeningNoted, "", self.now()).await?;
        Ok(tx.commit().await?)
    }
}

#[cfg(test)]
mod tests;
