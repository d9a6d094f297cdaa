//! Taking a letter up: it becomes the first step of a warning or joins the one that runs, and its writer learns so.

use super::Case;
use crate::domain::audit::Event;
use crate::domain::ids::{LetterId, PersonId, StepId, StudentId, WarningId};
use crate::domain::relation::{Duty, Standing};
use crate::domain::steps::{CloseReason, StepField, TEXT};
use crate::domain::warning::{
    Concern, FIRST_TASK, LetterKind, LetterState, Limit, Signal, Stage, State, Step, StepKind, Task, Urgency,
};
use crate::domain::words::{Action, Kind, Role};
use crate::policy::{Read, Write};
use crate::service::approach::is_sealed_away;
use crate::service::cases::{NewDeadline, read_due, read_state, seal_state};
use crate::service::error::again;
use crate::service::{App, Due, Error, Listed, Result, Viewer};
use crate::store::{Letter, Tx, Warning};

/// What a letter says.
#[derive(Clone)]
pub enum LetterContent {
    /// A report.
    Concern(Concern),
    /// A signal.
    Signal(Signal),
}

impl LetterContent {
    /// The place in the list: danger first, then by urgency, signals last.
    #[must_use]
    pub fn rank(&self) -> usize {
        match self {
            Self::Concern(concern) if concern.is_danger() => 0,
            Self::Concern(concern) => 1 + concern.urgency.index(),
            Self::Signal(_) => 1 + Urgency::ALL.len(),
        }
    }

    /// What is due first once it was taken up.
    const fn first_task(&self) -> (Task, Limit) {
        match self {
            Self::Concern(concern) => concern.urgency.first_task(),
            Self::Signal(_) => FIRST_TASK,
        }
    }
}

/// A letter, opened to be taken up.
pub struct OpenedLetter {
    /// The letter.
    pub letter: Letter,
    /// What it says.
    pub content: LetterContent,
    /// The students whom it may be about: the one it names, or those who were found.
    pub candidates: Vec<Listed>,
}

/// Opens a letter by its kind.
pub(super) fn content_of(app: &App, viewer: &Viewer, standing: &Standing, letter: &Letter) -> Result<LetterContent> {
    match letter.kind {
        LetterKind::Concern => app.read_letter(viewer, standing, letter).map(LetterContent::Concern),
        LetterKind::Signal => app.read_letter(viewer, standing, letter).map(LetterContent::Signal),
        _ => Err(Error::NotFound),
    }
}

impl App {
    /// Opens a letter that nobody took up yet, with the students whom it may be about: found by `search`, or else by the
    /// name that the writer put.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anyone who takes no letters up, and once it was taken up.
    pub async fn open_letter(&self, viewer: &Viewer, id: LetterId, search: Option<&str>) -> Result<OpenedLetter> {
        let school = viewer.person.school_id;
        self.permit::<Write>(&viewer.at_school(), Kind::Warning, school.0).await?;
        let permit = self.permit::<Read>(&viewer.at_school(), Kind::Warning, school.0).await?;
        let mut conn = self.db.read().await?;
        let letter = conn.letter(id).await?.filter(|letter| letter.school_id == school);
        let letter = letter.filter(|letter| letter.state == LetterState::Sent).ok_or(Error::NotFound)?;
        let content = content_of(self, viewer, &viewer.at_school(), &letter)?;
        let mut candidates = Vec::new();
        let mut faster = Vec::new();
        if let Some(student) = letter.student_id.map(StudentId) {
            let (names, earned) = self.names_of(&mut conn, viewer, [student].into()).await?;
            let status = conn.student(student).await?.map(|student| student.status);
            let known = names.into_values().zip(status);
            candidates.extend(known.map(|((row, class), status)| Listed { row, class, status }));
            faster = earned;
        }
        drop(conn);
        if letter.student_id.is_none() {
            let written = match &content {
                LetterContent::Concern(concern) => concern.who.as_str(),
                LetterContent::Signal(_) => "",
            };
            candidates = self.search(viewer, search.unwrap_or(written)).await?;
        }
        self.leave_trace(&permit, Event::LetterRead, "", &faster).await?;
        Ok(OpenedLetter { letter, content, candidates })
    }

    /// Takes a letter up: opens a warning about this student, or joins the letter to the one that runs. What it said becomes
    /// a step of the timeline and is wiped where it lay. Taking it up twice is the same as once.
    ///
    /// # Errors
    /// [`Error::Invalid`] while the file is sealed away: it must be unsealed first; [`Error::NotFound`] when the person may not, or
    /// there is no such letter or student.
    pub async fn take_letter(&self, viewer: &Viewer, id: LetterId, student: StudentId) -> Result<WarningId> {
        let approach = self.approach(&mut self.db.read().await?, viewer, student).await?;
        let takes_up = self.policy.may(&viewer.at_school(), Kind::Warning, Action::Write);
        if approach.standing.sealed && takes_up && approach.student.school_id == viewer.person.school_id {
            return Err(Error::field("student", "file-sealed-away"));
        }
        self.permit::<Write>(&approach.standing, Kind::Warning, student.0).await?;
        again(|| self.try_take(viewer, id, student)).await
    }

    async fn try_take(&self, viewer: &Viewer, id: LetterId, student: StudentId) -> Result<WarningId> {
        let mut tx = self.begin().await?;
        let letter = tx.letter(id).await?.filter(|l| l.school_id == viewer.person.school_id).ok_or(Error::NotFound)?;
        if letter.state != LetterState::Sent {
            tx.leave().await?;
            return letter.warning_id.map(WarningId).ok_or(Error::NotFound);
        }
        // A letter that names a student is about nobody else.
        if letter.student_id.is_some_and(|named| named != student.0) {
            return Err(Error::field("student", "student-unknown"));
        }
        let content = content_of(self, viewer, &viewer.at_school(), &letter)?;
        let mut case = self.case_of_student(&mut tx, viewer, student, letter.sent_at).await?;
        self.add_found(&mut tx, &case, &letter, &content).await?;
        self.set_first_task(&mut tx, &case, content.first_task()).await?;
        if self.is_homeroom_teacher_of(&mut tx, &letter, &case).await? {
            let (warning, task) = (case.warning.id, Task::Talk);
            self.meet_task(&mut tx, &case.permit, &case.read, &case.keys, warning, task).await?;
        }
        if case.warning.stage == Stage::Watching {
            // Something new while a student is watched: it is no longer under control.
            (case.warning.stage, case.warning.controlled_at) = (Stage::Assessing, None);
        }
        let (taken, warning) = (LetterState::Taken, case.warning.id);
        if !tx.move_letter(&case.permit, &letter, taken, Some(warning), Some(student), true).await? {
            return Err(Error::Raced);
        }
        let mut others = self.holders_of_role(&mut tx, letter.school_id, Role::Counsellor, None).await?;
        others.remove(&viewer.person.id);
        self.tell(&mut tx, letter.school_id, &others, &format!("/warnings/{warning}")).await?;
        self.put_case(&mut tx, case, Event::LetterTaken, "").await?;
        tx.commit().await?;
        Ok(warning)
    }

    /// The running warning of a student inside a transaction; opens one where there is none.
    async fn case_of_student(
        &self,
        tx: &mut Tx,
        viewer: &Viewer,
        student: StudentId,
        reported_at: i64,
    ) -> Result<Case<Write>> {
        if let Some(running) = tx.running_warning(student).await? {
            return self.case(tx, viewer, running.id).await;
        }
        let approach = self.approach(tx, viewer, student).await?;
        let refused = |_| Error::NotFound;
        let permit = self.policy.permit::<Write>(&approach.standing, Kind::Warning, student.0).map_err(refused)?;
        let read = self.policy.permit::<Read>(&approach.standing, Kind::Warning, student.0).map_err(refused)?;
        let keys = self.case_keys(tx, viewer, &permit, &approach).await?;
        let mut warning = Warning {
            id: WarningId(uuid::Uuid::now_v7()),
            school_id: approach.student.school_id,
            student_id: student,
            stage: Stage::Acknowledged,
            reported_at,
            acknowledged_at: Some(self.now()),
            assessed_at: None,
            prevented_at: None,
            controlled_at: None,
            closed_at: None,
            epoch: 0,
            version: 1,
            sealed: Vec::new(),
        };
        let state = State::default();
        seal_state(&keys, &mut warning, &state)?;
        tx.insert_warning(&permit, &warning).await?;
        // Sealed away by a colleague in this moment: asked again, the file is shut.
        if is_sealed_away(tx, student).await? {
            return Err(Error::Raced);
        }
        let state = read_state(&keys, &read, &warning)?;
        Ok(Case { approach, permit, read, keys, warning, state })
    }

    /// The step that says what a letter said. Its id is that of the letter: it stands there once.
    async fn add_found(
        &self,
        tx: &mut Tx,
        case: &Case<Write>,
        letter: &Letter,
        content: &LetterContent,
    ) -> Result<bool> {
        let sent_at = letter.sent_at.to_string();
        let pairs: Vec<(StepField, &str)> = match content {
            LetterContent::Concern(concern) => vec![
                (StepField::Seen, concern.seen.trim()),
                (StepField::Urgency, concern.urgency.as_str()),
                (StepField::Safe, concern.safe.as_str()),
                (StepField::Place, concern.place.trim()),
                (StepField::Who, concern.who.trim()),
            ],
            LetterContent::Signal(signal) => {
                vec![(StepField::Rule, signal.rule.as_str()), (StepField::Facts, signal.facts.trim())]
            }
        };
        let pairs =
            pairs.into_iter().chain([(StepField::SentAt, sent_at.as_str())]).filter(|(_, text)| !text.is_empty());
        let fields = pairs.map(|(field, text)| (field.as_str().to_owned(), text.to_owned())).collect();
        let persons = letter.sender.map(PersonId).into_iter().collect();
        let step = Step { kind: StepKind::Found, fields, severity: None, persons, letter: Some(letter.id) };
        self.add_step(tx, &case.permit, &case.keys, &case.warning, StepId(letter.id.0), &step).await
    }

    /// Sets what is due first, unless a person has set a level already or the same is due earlier.
    async fn set_first_task(&self, tx: &mut Tx, case: &Case<Write>, (task, limit): (Task, Limit)) -> Result<()> {
        if case.state.severity.is_some() {
            return Ok(());
        }
        let due_at = self.due_at(tx, case.warning.school_id, limit).await?;
        for open in tx.deadlines_of_warning(case.warning.id).await?.iter().filter(|d| d.done_at.is_none()) {
            if open.due_at <= due_at && read_due(&case.keys, &case.read, open)?.task == task {
                return Ok(());
            }
        }
        let new = NewDeadline { due: Due { task, about: String::new() }, due_at, owner: Role::Counsellor };
        self.set_deadline(tx, &case.permit, &case.keys, &case.warning, &new).await.map(drop)
    }

    /// Whether the letter is from the homeroom teacher of the student: then somebody has talked.
    async fn is_homeroom_teacher_of(&self, tx: &mut Tx, letter: &Letter, case: &Case<Write>) -> Result<bool> {
        let Some(sender) = letter.sender.map(PersonId) else { return Ok(false) };
        let duties = tx.duties(sender, self.now()).await?;
        let class = Some(case.approach.class.id);
        Ok(duties.iter().any(|Duty { role, class: of, .. }| *role == Role::HomeroomTeacher && *of == class))
    }

    /// Closes a letter that needs no following up. Where the student is known, what it said and why it was closed stay in
    /// the file; else only the line says that there was one.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a note that is too long, and while the file is sealed away; [`Error::NotFound`] when the person may not.
    pub async fn close_letter(&self, viewer: &Viewer, id: LetterId, reason: CloseReason, note: &str) -> Result<()> {
        self.permit::<Write>(&viewer.at_school(), Kind::Warning, viewer.person.school_id.0).await?;
        if note.chars().count() > TEXT {
            return Err(Error::field("note", "too-long"));
        }
        again(|| self.try_close_letter(viewer, id, reason, note)).await
    }

    async fn try_close_letter(&self, viewer: &Viewer, id: LetterId, reason: CloseReason, note: &str) -> Result<()> {
        let school = viewer.person.school_id;
        let refused = |_| Error::NotFound;
        let mut tx = self.begin().await?;
        let letter = tx.letter(id).await?.filter(|letter| letter.school_id == school).ok_or(Error::NotFound)?;
        if letter.state != LetterState::Sent {
            return Ok(tx.leave().await?);
        }
        let detail = format!("reason={reason}");
        let Some(student) = letter.student_id.map(StudentId) else {
            let permit = self.policy.permit::<Write>(&viewer.at_school(), Kind::Warning, school.0).map_err(refused)?;
            // Only what this person can open: a letter must not vanish unread.
            content_of(self, viewer, &viewer.at_school(), &letter)?;
            if !tx.move_letter(&permit, &letter, LetterState::Done, None, None, true).await? {
                return Err(Error::Raced);
            }
            tx.record_about(&permit, Event::LetterClosed, id.0, &detail, self.now()).await?;
            return Ok(tx.commit().await?);
        };
        if is_sealed_away(&mut tx, student).await? {
            return Err(Error::field("reason", "file-sealed-away"));
        }
        let content = content_of(self, viewer, &viewer.at_school(), &letter)?;
        let runs = tx.running_warning(student).await?.is_some();
        let mut case = self.case_of_student(&mut tx, viewer, student, letter.sent_at).await?;
        self.add_found(&mut tx, &case, &letter, &content).await?;
        let mut step = Step {
            kind: StepKind::Remark,
            fields: [(StepField::Closed.as_str().to_owned(), reason.as_str().to_owned())].into(),
            severity: None,
            persons: Vec::new(),
            letter: Some(id),
        };
        if !note.trim().is_empty() {
            step.fields.insert(StepField::Note.as_str().to_owned(), note.trim().to_owned());
        }
        let remark = StepId(uuid::Uuid::now_v7());
        self.add_step(&mut tx, &case.permit, &case.keys, &case.warning, remark, &step).await?;
        if !runs {
            (case.warning.stage, case.warning.closed_at) = (Stage::Closed, Some(self.now()));
        }
        let (done, warning) = (LetterState::Done, Some(case.warning.id));
        if !tx.move_letter(&case.permit, &letter, done, warning, Some(student), true).await? {
            return Err(Error::Raced);
        }
        self.put_case(&mut tx, case, Event::LetterClosed, &detail).await?;
        Ok(tx.commit().await?)
    }
}
