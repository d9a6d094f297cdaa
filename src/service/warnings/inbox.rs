//! What waits for the counselling office: letters that nobody took up, and warnings that run.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::taking::{LetterContent, content_of};
use crate::domain::audit::Event;
use crate::domain::clock::DAY;
use crate::domain::ids::{PersonId, StudentId, WarningId};
use crate::domain::record::SheetRow;
use crate::domain::warning::{LetterKind, LetterState, Severity, Task};
use crate::domain::words::{Action, Compartment, Kind, OfficeKind};
use crate::policy::Read;
use crate::service::cases::{read_due, read_state};
use crate::service::{App, Error, Keys, Result, Viewer};
use crate::store::{Class, Conn, Letter, NewWrap, Student, Warning, Wrap};

/// Letters looked at once.
const LETTERS: i64 = 300;
/// Open due times of a school looked at once.
const DEADLINES: i64 = 2_000;

/// A letter that nobody took up yet.
pub struct WaitingLetter {
    /// The letter.
    pub letter: Letter,
    /// What it says; none where it cannot be opened, because it was tampered with.
    pub content: Option<LetterContent>,
    /// Whom it is about, where the letter names a student.
    pub student: Option<(SheetRow, Class)>,
    /// Whether that student has a running warning that it can be joined to.
    pub running: Option<WarningId>,
}

/// A running warning in the list.
pub struct ListedWarning {
    /// Stage and times.
    pub warning: Warning,
    /// Whom it is about.
    pub student: Option<(SheetRow, Class)>,
    /// The level; none until a person set it.
    pub severity: Option<Severity>,
    /// Whether something waits for a second signature that this person may give.
    pub to_sign: bool,
    /// What is due next, and until when.
    pub next: Option<(Task, i64)>,
}

/// What waits.
pub struct Inbox {
    /// Letters to be taken up, the most urgent first.
    pub letters: Vec<WaitingLetter>,
    /// Signals that decayed before anybody took them up.
    pub older: Vec<WaitingLetter>,
    /// How many letters wait that this person cannot open.
    pub closed_to: usize,
    /// Running warnings, the highest level first.
    pub running: Vec<ListedWarning>,
    /// Whether the person may take letters up.
    pub may_take: bool,
}

impl App {
    /// The inbox of the school.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anyone who reads no warnings of the whole school.
    pub async fn inbox(&self, viewer: &Viewer) -> Result<Inbox> {
        let school = viewer.person.school_id;
        let standing = viewer.at_school();
        let permit = self.permit::<Read>(&standing, Kind::Warning, school.0).await?;
        let now = self.now();
        let mut conn = self.db.read().await?;
        let (office, _) = self.school_office(&mut conn, school, OfficeKind::Counselling).await?;
        let mut letters = conn.letters_to(office.id.0, LetterState::Sent, LETTERS).await?;
        letters.retain(|letter| matches!(letter.kind, LetterKind::Concern | LetterKind::Signal));
        let opens = viewer.ring.holder(office.id.0).is_some();
        let closed_to = if opens { 0 } else { letters.len() };
        letters.retain(|_| opens);
        let running = conn.running_warnings(school).await?;
        let of_student: HashMap<StudentId, WarningId> = running.iter().map(|w| (w.student_id, w.id)).collect();
        let about = letters.iter().filter_map(|l| l.student_id).map(StudentId).chain(of_student.keys().copied());
        let (names, mut faster) = self.names_of(&mut conn, viewer, about.collect()).await?;
        let running = self.listed(&mut conn, viewer, running, &names, &mut faster).await?;
        drop(conn);
        let mut waiting = Vec::with_capacity(letters.len());
        for letter in letters {
            let content = match content_of(self, viewer, &standing, &letter) {
                Ok(content) => Some(content),
                // One letter that somebody planted or spoiled must not hide the others.
                Err(Error::Internal(_)) => None,
                Err(other) => return Err(other),
            };
            let student = letter.student_id.map(StudentId);
            let running = student.and_then(|id| of_student.get(&id).copied());
            let student = student.and_then(|id| names.get(&id).cloned());
            waiting.push(WaitingLetter { letter, content, student, running });
        }
        waiting.sort_by_key(|one| (one.content.as_ref().map(LetterContent::rank), one.letter.sent_at));
        let (older, letters) = waiting.into_iter().partition(|one| one.is_decayed(now));
        self.leave_trace(&permit, Event::InboxRead, "", &faster).await?;
        let may_take = self.policy.may(&standing, Kind::Warning, Action::Write);
        Ok(Inbox { letters, older, closed_to, running, may_take })
    }

    /// Running warnings with level and next due time. The keys of all files come with one question for each office.
    async fn listed(
        &self,
        conn: &mut Conn,
        viewer: &Viewer,
        running: Vec<Warning>,
        names: &HashMap<StudentId, (SheetRow, Class)>,
        faster: &mut Vec<NewWrap>,
    ) -> Result<Vec<ListedWarning>> {
        let school = viewer.person.school_id;
        let standing = viewer.at_school();
        let mut wraps: HashMap<Uuid, Vec<Wrap>> = HashMap::new();
        for holder in viewer.ring.offices.iter().map(|key| key.office.0).chain([viewer.person.id.0]) {
            for wrap in conn.wraps_of_holder(school, holder, Compartment::Warning).await? {
                wraps.entry(wrap.subject).or_default().push(wrap);
            }
        }
        let deadlines = conn.open_deadlines(school, DEADLINES).await?;
        let may_sign = self.policy.may(&standing, Kind::Warning, Action::Sign);
        let me = viewer.person.id;
        let mut listed = Vec::with_capacity(running.len());
        for warning in running {
            let student = warning.student_id;
            let read = self.policy.permit::<Read>(&standing, Kind::Warning, student.0);
            let read = read.map_err(|_| Error::NotFound)?;
            let of_file = wraps.get(&student.0).map_or(&[][..], Vec::as_slice);
            let mut keys = Keys::open(viewer, &self.secret, school, student.0, of_file);
            let state = match read_state(&keys, &read, &warning) {
                Err(Error::NoKey) => None,
                other => Some(other?),
            };
            let next = deadlines.iter().find(|deadline| deadline.warning_id == Some(warning.id.0));
            let next = match (&state, next) {
                (Some(_), Some(deadline)) => Some((read_due(&keys, &read, deadline)?.task, deadline.due_at)),
                _ => None,
            };
            let severity = state.as_ref().and_then(|state| state.severity);
            let asked = |asker: &PersonId| may_sign && *asker != me;
            let to_sign = state.as_ref().is_some_and(|state| {
                state.lowering.as_ref().is_some_and(|(_, asker)| asked(asker))
                    || state.closing.as_ref().is_some_and(asked)
            });
            faster.append(&mut keys.faster);
            listed.push(ListedWarning { student: names.get(&student).cloned(), warning, severity, to_sign, next });
        }
        listed.sort_by_key(|one| {
            let due = one.next.map_or(i64::MAX, |(_, due_at)| due_at);
            (one.severity.is_some(), std::cmp::Reverse(one.severity), due)
        });
        Ok(listed)
    }

    /// The roster rows of these students, as far as policy and keys go.
    pub(crate) async fn names_of(
        &self,
        conn: &mut Conn,
        viewer: &Viewer,
        ids: HashSet<StudentId>,
    ) -> Result<(HashMap<StudentId, (SheetRow, Class)>, Vec<NewWrap>)> {
        let mut students: Vec<Student> = Vec::with_capacity(ids.len());
        for id in &ids {
            students.extend(conn.student(*id).await?);
        }
        let involved: HashSet<_> = students.iter().map(|student| student.class_id).collect();
        let mut classes = conn.classes(viewer.person.school_id).await?;
        classes.retain(|class| involved.contains(&class.id));
        let (mut rows, faster) = self.rows_of(conn, viewer, &classes).await?;
        let of = |student: &Student| {
            let class = *classes.iter().find(|class| class.id == student.class_id)?;
            Some((student.id, (rows.remove(&student.id)?, class)))
        };
        Ok((students.iter().filter_map(of).collect(), faster))
    }
}

impl WaitingLetter {
    /// Whether it is a signal that nobody took up while it counted.
    #[must_use]
    pub fn is_decayed(&self, now: i64) -> bool {
        match &self.content {
            Some(LetterContent::Signal(signal)) => now - self.letter.sent_at > signal.rule.decays_after() * DAY,
            _ => false,
        }
    }
}
