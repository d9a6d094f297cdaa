//! Briefs 知会: the least that a homeroom teacher or the school doctor must know, sealed to them.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::Case;
use crate::domain::audit::Event;
use crate::domain::ids::{ClassId, LetterId, PersonId, StepId, StudentId, WarningId};
use crate::domain::relation::Facts;
use crate::domain::routing::{Arrival, arrival};
use crate::domain::steps::{StepField, TEXT};
use crate::domain::warning::{Brief, LetterKind, LetterState, Severity, Stage, Step, StepKind};
use crate::domain::words::{Kind, OfficeKind, Relation, Role};
use crate::policy::{Act, Append, Permit, Read, Report};
use crate::service::error::again;
use crate::service::letters::{Bound, NewLetter};
use crate::service::{App, Error, Result, Viewer};
use crate::store::{Class, Letter, Tx};
use crate::vault::Recipient;

/// Briefs looked at once.
const BRIEFS: i64 = 200;

/// A brief as its reader sees it.
pub struct ShownBrief {
    /// The student.
    pub student: StudentId,
    /// The class of today.
    pub class: Class,
    /// When it was sent, microseconds UTC.
    pub sent_at: i64,
    /// Who sent it.
    pub sender: Option<PersonId>,
    /// What it says; none where it cannot be opened.
    pub brief: Option<Brief>,
}

impl App {
    /// Tells those whom the routing table names at the level that holds the least they must know.
    ///
    /// # Errors
    /// [`Error::Invalid`] without a text, before a level was set, or where the table names nobody to brief;
    /// [`Error::NotFound`] when the person may not.
    pub async fn brief(&self, viewer: &Viewer, id: WarningId, step: StepId, text: &str) -> Result<()> {
        self.may_with_warning::<Append>(viewer, id).await?;
        match text.trim().chars().count() {
            0 => return Err(Error::field("brief", "required")),
            n if n > TEXT => return Err(Error::field("brief", "too-long")),
            _ => {}
        }
        again(|| self.try_brief(viewer, id, step, text.trim())).await
    }

    async fn try_brief(&self, viewer: &Viewer, id: WarningId, step: StepId, text: &str) -> Result<()> {
        let mut tx = self.begin().await?;
        let case = self.case::<Append>(&mut tx, viewer, id).await?;
        if case.warning.stage == Stage::Closed {
            return Err(Error::field("brief", "warning-closed"));
        }
        let Some(severity) = case.state.severity else { return Err(Error::field("brief", "no-level-yet")) };
        let (school, class) = (case.warning.school_id, case.approach.class.id);
        let mut told = Vec::new();
        for role in briefed_at(severity) {
            let people = self.holders_of_role(&mut tx, school, role, Some(class)).await?;
            let holders = self.brief_holders(&mut tx, &case, role, &people).await?;
            if !holders.is_empty() {
                told.push((people, holders));
            }
        }
        if told.is_empty() {
            return Err(Error::field("brief", "nobody-to-brief"));
        }
        let field = StepField::Brief.as_str().to_owned();
        let persons = told.iter().flat_map(|(people, _)| people.iter().copied()).collect();
        let written = Step {
            kind: StepKind::Briefed,
            fields: [(field, text.to_owned())].into(),
            severity: None,
            persons,
            letter: None,
        };
        if !self.add_step(&mut tx, &case.permit, &case.keys, &case.warning, step, &written).await? {
            return Ok(tx.leave().await?);
        }
        let who = self.called(&mut tx, viewer, &case).await?;
        for (people, holders) in told {
            self.send_briefs(&mut tx, &case, &holders, &Brief { who: who.clone(), text: text.to_owned() }).await?;
            self.tell(&mut tx, school, &people, "/briefs").await?;
        }
        self.put_case(&mut tx, case, Event::BriefSent, "").await?;
        Ok(tx.commit().await?)
    }

    /// Sends the sentence that every brief has to those of a role who have no brief about this warning yet, and rings.
    pub(super) async fn send_standard_brief<A: Act>(
        &self,
        tx: &mut Tx,
        viewer: &Viewer,
        case: &Case<A>,
        role: Role,
        people: &BTreeSet<PersonId>,
    ) -> Result<()> {
        let mut holders = self.brief_holders(tx, case, role, people).await?;
        let sent = tx.letters_of_warning(case.warning.id, LetterKind::Brief).await?;
        let has = |holder: Uuid| sent.iter().any(|brief| brief.holder == holder && brief.state == LetterState::Sent);
        holders.retain(|holder| !has(holder.holder()));
        if holders.is_empty() {
            return Ok(());
        }
        let who = self.called(tx, viewer, case).await?;
        self.send_briefs(tx, case, &holders, &Brief { who, text: String::new() }).await?;
        self.tell(tx, case.warning.school_id, people, "/briefs").await
    }

    /// The keys to which a brief for a role is sealed: the homeroom's, or those of the persons.
    async fn brief_holders<A: Act>(
        &self,
        tx: &mut Tx,
        case: &Case<A>,
        role: Role,
        people: &BTreeSet<PersonId>,
    ) -> Result<Vec<Recipient>> {
        if role == Role::HomeroomTeacher {
            let class = case.approach.class.id;
            let offices = tx.offices_of_class(case.warning.school_id, class).await?;
            let homeroom = offices.iter().filter(|o| o.kind == OfficeKind::Homeroom && o.class_id == Some(class.0));
            return homeroom.map(|office| self.office_recipient(office)).collect();
        }
        let mut holders = Vec::with_capacity(people.len());
        for person in people {
            holders.extend(self.person_recipient(tx, *person).await?);
        }
        Ok(holders)
    }

    async fn send_briefs<A: Act>(
        &self,
        tx: &mut Tx,
        case: &Case<A>,
        holders: &[Recipient],
        brief: &Brief,
    ) -> Result<()> {
        let student = case.warning.student_id;
        let permit = self.policy.permit::<Report>(&case.approach.standing, Kind::Brief, student.0);
        let permit: Permit<Report> = permit.map_err(|_| Error::NotFound)?;
        for holder in holders {
            let (id, sender) = (LetterId(Uuid::new_v4()), Some(permit.actor()));
            let letter = NewLetter { id, kind: LetterKind::Brief, student: Some(student), sender, content: brief };
            let bound = Bound { warning: Some(case.warning.id), next_at: None };
            self.send_bound_letter(tx, &permit, holder, letter, bound).await?;
        }
        Ok(())
    }

    /// How a brief calls the student: by name, for somebody who holds no roster.
    async fn called<A: Act>(&self, tx: &mut Tx, viewer: &Viewer, case: &Case<A>) -> Result<String> {
        let (who, _) = self.who_now(tx, viewer, &case.approach, &case.keys).await?;
        Ok(who.name().to_owned())
    }

    /// The briefs for this person, newest first. Reading leaves a line about each student.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a role that gets no briefs.
    pub async fn briefs(&self, viewer: &Viewer) -> Result<Vec<ShownBrief>> {
        let school = viewer.person.school_id;
        self.permit::<Read>(&any_brief(viewer), Kind::Brief, viewer.person.id.0).await?;
        let mut conn = self.db.read().await?;
        let mut letters: Vec<Letter> = Vec::new();
        for holder in viewer.ring.offices.iter().map(|key| key.office.0).chain([viewer.person.id.0]) {
            letters.extend(conn.letters_to(holder, LetterState::Sent, BRIEFS).await?);
        }
        letters.retain(|letter| letter.kind == LetterKind::Brief && letter.school_id == school);
        letters.sort_by_key(|letter| std::cmp::Reverse(letter.sent_at));
        let (mut shown, mut traces) = (Vec::new(), Vec::new());
        for letter in letters {
            let Some(student) = letter.student_id.map(StudentId) else { continue };
            let approach = self.approach(&mut conn, viewer, student).await?;
            // What lies with the own person is the own; what lies with a homeroom is its class's.
            let own = letter.holder == viewer.person.id.0;
            let facts = Facts { own, ..approach.known() };
            let standing = viewer.standing(&facts);
            let Ok(permit) = self.policy.permit::<Read>(&standing, Kind::Brief, student.0) else { continue };
            let brief = match self.read_letter(viewer, &standing, &letter) {
                Ok(brief) => Some(brief),
                Err(Error::Internal(_) | Error::NoKey) => None,
                Err(other) => return Err(other),
            };
            let (sent_at, sender) = (letter.sent_at, letter.sender.map(PersonId));
            shown.push(ShownBrief { student, class: approach.class, sent_at, sender, brief });
            if !traces.iter().any(|known: &Permit<Read>| known.object() == student.0) {
                traces.push(permit);
            }
        }
        drop(conn);
        if !traces.is_empty() {
            let mut tx = self.begin().await?;
            for permit in &traces {
                tx.record(permit, Event::BriefRead, "", self.now()).await?;
            }
            tx.commit().await?;
        }
        Ok(shown)
    }
}

/// The roles that get a brief at a level.
fn briefed_at(severity: Severity) -> impl Iterator<Item = Role> {
    Role::ALL.iter().copied().filter(move |role| arrival(severity, *role) == Some(Arrival::Brief))
}

/// The standing in which a person could have a brief: of the own class, or sent to the own person.
fn any_brief(viewer: &Viewer) -> crate::domain::relation::Standing {
    let school = viewer.person.school_id;
    let class: Option<ClassId> = viewer.own_classes().next();
    let facts = class.map_or_else(|| Facts::school(school), |class| Facts::class(school, class));
    let mut standing = viewer.standing(&Facts { own: true, ..facts });
    // Whoever writes briefs gets none.
    standing.pairs.retain(|(_, relation)| matches!(relation, Relation::OwnClass | Relation::Own));
    standing
}
