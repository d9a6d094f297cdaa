//! Reporting a concern 早报告: any member of staff writes, the counselling office reads, and the writer keeps a number.

use std::collections::BTreeSet;

use super::approach::Who;
use super::error::again;
use super::letters::{Bound, NewLetter};
use super::{App, Approach, Error, FieldProblem, Keys, Listed, Result, Viewer, merged};
use crate::domain::audit::Event;
use crate::domain::clock::HOUR;
use crate::domain::ids::{LetterId, StudentId};
use crate::domain::record::Card;
use crate::domain::relation::Facts;
use crate::domain::steps::{LINE, TEXT};
use crate::domain::warning::{Concern, LetterKind, LetterState, Urgency, rungs};
use crate::domain::words::{Action, Kind, OfficeKind, Role};
use crate::policy::{Permit, Read, Report};
use crate::store::{Class, Conn, Letter, NewWrap, Tx};

/// So many reports an hour one account may send.
const HOURLY: i64 = 30;
/// So many where somebody is in danger now: an attacker must not be able to use up a teacher's only call for help.
const HOURLY_NOW: i64 = 60;
/// Receipts shown at once.
const RECEIPTS: i64 = 100;
/// Letters passed on at once.
const PASSED_ON: i64 = 200;

/// A report about to be sent.
#[derive(Clone)]
pub struct NewReport {
    /// Made with the form, so that a form sent twice is one report.
    pub id: LetterId,
    /// A student whom the writer may see, if one was chosen.
    pub student: Option<StudentId>,
    /// What was seen.
    pub concern: Concern,
}

/// Whom a report can be about, as far as the writer may see names.
#[derive(Debug, Default)]
pub struct Reportable {
    /// Students of the own classes.
    pub students: Vec<Listed>,
    /// Students of today's pairings.
    pub helped: Vec<(StudentId, Card)>,
    /// The student from whose page the writer came.
    pub given: Option<(StudentId, String, Class)>,
    /// The names of the counsellors, for whoever must call one.
    pub counsellors: Vec<String>,
}

/// What the writer of a report keeps: its number and how far it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The report.
    pub id: LetterId,
    /// When it was sent, microseconds UTC.
    pub sent_at: i64,
    /// How far it came.
    pub state: LetterState,
}

impl App {
    /// Whom the person can report about by name. Reading the names of a class leaves a line.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the person may not report, or not about `given`.
    pub async fn reportable(&self, viewer: &Viewer, given: Option<StudentId>) -> Result<Reportable> {
        let school = viewer.person.school_id;
        let mut conn = self.db.read().await?;
        let mut shown = Reportable::default();
        let mut traces: Vec<(Permit<Read>, Event, Vec<NewWrap>)> = Vec::new();
        if let Some(id) = given {
            let approach = self.approach(&mut conn, viewer, id).await?;
            self.permit::<Report>(&approach.standing, Kind::Warning, id.0).await?;
            let permit = self.permit::<Read>(&approach.standing, Kind::Roster, id.0).await?;
            let (who, faster) = self.known_name(&mut conn, viewer, &approach).await?;
            shown.given = Some((id, who.name().to_owned(), approach.class));
            traces.push((permit, Event::FileOpened, faster));
        } else {
            self.permit::<Report>(&viewer.at_school(), Kind::Warning, school.0).await?;
            let classes: BTreeSet<_> = viewer.own_classes().collect();
            for id in classes {
                let standing = viewer.standing(&Facts::class(school, id));
                let Ok(permit) = self.policy.permit::<Read>(&standing, Kind::Roster, id.0) else { continue };
                let Some(class) = conn.class(id).await?.filter(|class| !class.closed) else { continue };
                let keys = Keys::of(&mut conn, viewer, &self.secret, id.0).await?;
                let mut rows = match merged(&keys, &permit, &conn.sheets(id).await?) {
                    Ok(rows) => rows,
                    // Not let into the office yet: this person writes the name.
                    Err(Error::NoKey) => continue,
                    Err(other) => return Err(other),
                };
                let here = conn.students_of_class(id).await?;
                let listed = here.iter().filter_map(|student| {
                    Some(Listed { row: rows.remove(&student.id)?, class, status: student.status })
                });
                shown.students.extend(listed);
                traces.push((permit, Event::ClassListed, keys.faster));
            }
            shown.students.sort_by_key(|one| (one.class.cohort, one.class.number, one.row.seat));
        }
        shown.counsellors = self.counsellors(&mut conn, viewer).await?;
        drop(conn);
        if given.is_none() && viewer.has(Role::Helper) {
            let helped = self.helping(viewer).await?;
            shown.helped = helped.helped.into_iter().filter_map(|one| Some((one.student, one.card?))).collect();
        }
        if !traces.is_empty() {
            let mut tx = self.begin().await?;
            for (permit, event, faster) in &traces {
                tx.record(permit, *event, "report", self.now()).await?;
                for wrap in faster {
                    tx.insert_wrap(permit, wrap).await?;
                }
            }
            tx.commit().await?;
        }
        Ok(shown)
    }

    /// The name of a student for somebody who may know it.
    async fn known_name(&self, conn: &mut Conn, viewer: &Viewer, approach: &Approach) -> Result<(Who, Vec<NewWrap>)> {
        let keys = Keys::of(conn, viewer, &self.secret, approach.student.id.0).await?;
        self.who_now(conn, viewer, approach, &keys).await
    }

    /// The names of the counsellors: whom to call when a child is in danger.
    ///
    /// # Errors
    /// The database.
    pub async fn counsellors_on_duty(&self, viewer: &Viewer) -> Result<Vec<String>> {
        self.counsellors(&mut self.db.read().await?, viewer).await
    }

    async fn counsellors(&self, conn: &mut Conn, viewer: &Viewer) -> Result<Vec<String>> {
        let holders = self.holders_of_role(conn, viewer.person.school_id, Role::Counsellor, None).await?;
        let persons = conn.persons(viewer.person.school_id).await?;
        Ok(persons.into_iter().filter(|p| p.active && holders.contains(&p.id)).map(|p| p.name).collect())
    }

    /// Sends a report, sealed to the counselling office. Sending the same form again changes nothing.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every wrong field; [`Error::TooMany`] past the hourly limit; [`Error::NotFound`] for anyone
    /// who may not report.
    pub async fn report(&self, viewer: &Viewer, new: &NewReport) -> Result<()> {
        again(|| self.try_report(viewer, new)).await
    }

    async fn try_report(&self, viewer: &Viewer, new: &NewReport) -> Result<()> {
        let now = self.now();
        let permit = match self.report_permit(viewer, new.student).await {
            Err(Error::Invalid(_)) => None,
            other => Some(other?),
        };
        check(new, permit.is_some())?;
        let permit = permit.ok_or(Error::NotFound)?;
        let school = viewer.person.school_id;
        let mut tx = self.begin().await?;
        if let Some(known) = tx.letter(new.id).await? {
            // The number of another letter is no report of this person: it must not be taken for sent.
            let own = known.sender == Some(viewer.person.id.0) && known.kind == LetterKind::Concern;
            return if own { Ok(tx.leave().await?) } else { Err(Error::field("id", "form-used")) };
        }
        let danger = new.concern.is_danger();
        let sent = tx.letters_sent_since(viewer.person.id, LetterKind::Concern, now - HOUR).await?;
        if sent >= if danger { HOURLY_NOW } else { HOURLY } {
            return Err(Error::TooMany { retry: u64::try_from(HOUR / 1_000_000).unwrap_or(3600) });
        }
        let (_, office) = self.school_office(&mut tx, school, OfficeKind::Counselling).await?;
        let letter = NewLetter {
            id: new.id,
            kind: LetterKind::Concern,
            student: new.student,
            sender: Some(viewer.person.id),
            content: &new.concern,
        };
        let urgency = if danger { Urgency::Now } else { new.concern.urgency };
        let bound = Bound { warning: None, next_at: Some(now + urgency.limit()) };
        if !self.send_bound_letter(&mut tx, &permit, &office, letter, bound).await? {
            return Ok(tx.leave().await?);
        }
        self.tell_of_letter(&mut tx, viewer, danger).await?;
        // About the letter, not about the student: who reported about whom is nobody's to look up.
        tx.record_about(&permit, Event::ConcernReported, new.id.0, "", now).await?;
        Ok(tx.commit().await?)
    }

    /// May the person report about this student, or about somebody of the school? A student whom the person may not see by
    /// name is as unknown as one who does not exist.
    async fn report_permit(&self, viewer: &Viewer, student: Option<StudentId>) -> Result<Permit<Report>> {
        let Some(id) = student else {
            return self.permit(&viewer.at_school(), Kind::Warning, viewer.person.school_id.0).await;
        };
        let mut conn = self.db.read().await?;
        let approach = self.approach(&mut conn, viewer, id).await;
        drop(conn);
        match approach {
            Ok(approach) if self.policy.may(&approach.standing, Kind::Roster, Action::Read) => {
                self.permit(&approach.standing, Kind::Warning, id.0).await
            }
            Ok(_) | Err(Error::NotFound) => {
                self.permit::<Report>(&viewer.at_school(), Kind::Warning, viewer.person.school_id.0).await?;
                Err(Error::field("student", "student-unknown"))
            }
            Err(other) => Err(other),
        }
    }

    /// Rings with the counsellors, and where somebody is in danger with the director as well.
    async fn tell_of_letter(&self, tx: &mut Tx, viewer: &Viewer, danger: bool) -> Result<()> {
        let school = viewer.person.school_id;
        let mut told = self.holders_of_role(tx, school, Role::Counsellor, None).await?;
        if danger || told.is_empty() {
            told.extend(self.holders_of_role(tx, school, Role::MoralEdDirector, None).await?);
        }
        self.tell(tx, school, &told, "/warnings").await
    }

    /// What the person reported: number, time and how far it came. Nothing of what it said.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anyone who may not report.
    pub async fn receipts(&self, viewer: &Viewer) -> Result<Vec<Receipt>> {
        self.permit::<Report>(&viewer.at_school(), Kind::Warning, viewer.person.school_id.0).await?;
        let mut conn = self.db.read().await?;
        let letters = conn.letters_from(viewer.person.id, RECEIPTS).await?;
        let own = letters.into_iter().filter(|letter| letter.kind == LetterKind::Concern);
        Ok(own.map(|Letter { id, sent_at, state, .. }| Receipt { id, sent_at, state }).collect())
    }

    /// Passes on the letters that nobody took up in time: a bell for the next duty holder, each once, however many nodes do
    /// this at once. Gives how many. Opens nothing.
    ///
    /// # Errors
    /// The database.
    pub async fn pass_on_letters(&self) -> Result<usize> {
        let waiting = self.db.read().await?.letters_to_pass_on(self.now(), PASSED_ON).await?;
        let mut passed = 0;
        for letter in waiting {
            passed += usize::from(self.pass_letter_on(&letter).await?);
        }
        Ok(passed)
    }

    async fn pass_letter_on(&self, letter: &Letter) -> Result<bool> {
        let (now, school) = (self.now(), letter.school_id);
        let mut tx = self.begin().await?;
        // A rung that nobody stands on is no rung.
        let mut ladder = (1..).zip(rungs(Role::Counsellor)).skip_while(|(rung, _)| *rung <= letter.rung);
        let mut reached = None;
        for (rung, role) in ladder.by_ref() {
            let people = self.holders_of_role(&mut tx, school, *role, None).await?;
            if !people.is_empty() {
                reached = Some((rung, *role, people));
                break;
            }
        }
        let Some((rung, role, people)) = reached else {
            // Nobody is there whom it could be told: somebody may be an hour later.
            tx.pass_letter_on(letter, letter.rung, Some(now + HOUR)).await?;
            tx.commit().await?;
            return Ok(false);
        };
        if !tx.pass_letter_on(letter, rung, ladder.next().map(|_| now + HOUR)).await? {
            return Ok(false);
        }
        let reads = matches!(role, Role::Counsellor | Role::MoralEdDirector);
        self.tell(&mut tx, school, &people, if reads { "/warnings" } else { "/notices" }).await?;
        tx.record_passed_on(school, letter.id.0, rung, now).await?;
        tx.commit().await?;
        Ok(true)
    }
}

/// Everything that is wrong with a report, at once.
fn check(new: &NewReport, known: bool) -> Result<()> {
    let NewReport { student, concern, .. } = new;
    let mut problems = Vec::new();
    let mut wrong = |field, code| problems.push(FieldProblem { field, code });
    if student.is_some() && !known {
        wrong("student", "student-unknown");
    }
    if student.is_none() && concern.who.trim().is_empty() {
        wrong("who", "whom");
    }
    if concern.seen.trim().is_empty() {
        wrong("seen", "required");
    }
    let texts = [("who", &concern.who, LINE), ("class", &concern.class, LINE), ("place", &concern.place, LINE)];
    for (field, text, limit) in texts.into_iter().chain([("seen", &concern.seen, TEXT)]) {
        if text.chars().count() > limit {
            wrong(field, "too-long");
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(Error::Invalid(problems)) }
}

#[cfg(test)]
pub(crate) mod tests;
