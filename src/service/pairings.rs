//! Pairings 结对帮扶: a helper gets the keys of two compartments of one file, for some days, and of nothing else.

mod life;
mod outside;
mod register;

use std::collections::{BTreeSet, HashMap, HashSet};

use jiff::ToSpan as _;
use jiff::civil::Date;
use uuid::Uuid;

use super::approach::Approach;
use super::error::again;
use super::files::{BY_PEOPLE, card_spot, layer};
use super::sheets::merged;
use super::{App, Error, FieldProblem, Keys, Listed, Result, Viewer};
use crate::domain::audit::Event;
use crate::domain::helping::{Condition, NeedsCard, Reason};
use crate::domain::ids::{ClassId, PairingId, PersonId, SchoolId, StudentId};
use crate::domain::record::{Card, Field, Layer, SheetRow};
use crate::domain::relation::Facts;
use crate::domain::words::{Action, Compartment, FileStatus, Kind, Role};
use crate::policy::{Manage, Permit, Read};
use crate::store::{Class, Conn, NewWrap, Pairing, PairingState, Person, Record, Student, Tx};
use crate::vault::Recipient;
pub use life::HandOver;
use outside::wrong_card;
pub use register::{ClassHelp, ListedHelper};

/// The compartments whose keys a helper gets, the one that every helper gets first. The name comes from a card: the roster key would open the whole class.
pub const HELPED: [Compartment; 2] = [Compartment::Support, Compartment::Contact];
/// The longest purpose, in characters.
pub const PURPOSE: usize = 200;
/// Ended pairings shown at most; all are in the database.
const ENDED: usize = 50;

/// A pairing to be started.
#[derive(Debug, Clone)]
pub struct NewPairing {
    /// Who helps.
    pub helper: PersonId,
    /// What for, in words for the helper.
    pub purpose: String,
    /// 帮扶类别
    pub condition: Condition,
    /// First day.
    pub starts: Date,
    /// Last day.
    pub ends: Date,
    /// What a helper from outside is told; not looked at for a member of staff.
    pub told: Told,
}

/// What a helper from outside is told besides the purpose.
#[derive(Debug, Clone, Default)]
pub struct Told {
    /// 化名
    pub alias: String,
    /// What the child needs.
    pub needs: String,
    /// What was agreed.
    pub measures: String,
}

/// Somebody who can be asked to help.
#[derive(Debug)]
pub struct Candidate {
    /// Who it is.
    pub person: Person,
    /// Whether they are from outside the school.
    pub outside: bool,
    /// How many students they help now, or were asked to.
    pub load: i64,
    /// How many at most.
    pub capacity: i64,
    /// What they can do that was asked for.
    pub reasons: Vec<Reason>,
    /// Whether a background check is wanting or older than a year.
    pub unchecked: bool,
}

/// What the form for a new pairing shows.
#[derive(Debug)]
pub struct PairingForm {
    /// Whom it is about.
    pub row: SheetRow,
    /// The class.
    pub class: Class,
    /// Who can be asked, those who fit best first: helpers with an accepted account, without the person who asks.
    pub helpers: Vec<Candidate>,
    /// What the student asked for, as it stands in the file.
    pub wanted: String,
    /// The first day proposed: today.
    pub starts: Date,
    /// The last day proposed: that of the term, or else half a year from now.
    pub ends: Date,
}

/// A pairing in the list of the school.
#[derive(Debug)]
pub struct ListedPairing {
    /// The pairing.
    pub pairing: Pairing,
    /// Where it stands today.
    pub state: PairingState,
    /// The name of the helper.
    pub helper: String,
    /// Whom the helper stands in for.
    pub stands_in: Option<String>,
    /// Whether a stand-in has this pairing now.
    pub handed_over: bool,
    /// The student; `None` without the key of the class.
    pub row: Option<SheetRow>,
    /// The class.
    pub class: Class,
}

/// A pairing on the page that changes it.
#[derive(Debug)]
pub struct ManagedPairing {
    /// The pairing.
    pub one: ListedPairing,
    /// What its helper was told; `None` without the key.
    pub card: Option<Card>,
    /// Who could stand in.
    pub candidates: Vec<Candidate>,
    /// Whether the person may hand over the contact key that the helper lacks.
    pub may_complete: bool,
}

/// The pairings of a school.
#[derive(Debug)]
pub struct SchoolPairings {
    /// Pairings, those that ask for something to be done first.
    pub pairings: Vec<ListedPairing>,
    /// Students with an open file for whom no helper is there or arranged.
    pub without_helper: Vec<Listed>,
    /// How many such students there are, those whose name this person cannot open included.
    pub without_helper_count: usize,
    /// Whether the person may start and end pairings.
    pub may_manage: bool,
}

impl App {
    /// What the form for a new pairing shows.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anyone who starts no pairings; [`Error::NoKey`] without the key of the class.
    pub async fn pairing_form(&self, viewer: &Viewer, id: StudentId) -> Result<PairingForm> {
        let mut conn = self.db.read().await?;
        let approach = self.approach(&mut conn, viewer, id).await?;
        self.permit::<Manage>(&approach.standing, Kind::Pairing, id.0).await?;
        let permit = self.permit::<Read>(&approach.standing, Kind::Pairing, id.0).await?;
        let roster = self.permit::<Read>(&approach.standing, Kind::Roster, approach.class.id.0).await?;
        let support = self.permit::<Read>(&approach.standing, Kind::Support, id.0).await?;
        let (row, faster) = self.roster_row(&mut conn, viewer, &roster, &approach.class, approach.student.id).await?;
        let keys = Keys::of(&mut conn, viewer, &self.secret, id.0).await?;
        let wanted = wanted(&keys, &support, &conn.records(id).await?)?;
        let helpers = self.candidates(&mut conn, viewer, &wanted).await?;
        let (starts, ends) = self.days_proposed(&mut conn, &approach).await?;
        drop(conn);
        self.leave_trace(&permit, Event::PairingsRead, "", &faster).await?;
        Ok(PairingForm { row, class: approach.class, helpers, wanted, starts, ends })
    }

    /// From today to the end of the term, or for half a year where no term is running.
    async fn days_proposed(&self, conn: &mut Conn, approach: &Approach) -> Result<(Date, Date)> {
        let today = self.clock.today();
        Ok((today, self.last_day(conn, approach.student.school_id, today).await?))
    }

    /// The end of the term in which a day lies; half a year later where it lies in none, or is the last one.
    async fn last_day(&self, conn: &mut Conn, school: SchoolId, day: Date) -> Result<Date> {
        let text = day.to_string();
        let terms = conn.terms(school).await?;
        let term = terms.into_iter().find(|term| term.starts <= text && text < term.ends);
        Ok(term.and_then(|term| term.ends.parse().ok()).unwrap_or_else(|| day.saturating_add(6.months())))
    }

    /// Starts a pairing: it opens nothing before the helper accepts. A member of staff gets the keys of `contact` and `support`
    /// of this file, as far as the person who starts it may read them, and a card with the name; somebody from outside gets no
    /// key, and a card with an alias and the needs, sealed to them alone.
    ///
    /// # Errors
    /// [`Error::Invalid`] with everything that is wrong; [`Error::NotFound`] for anyone who starts no pairings;
    /// [`Error::NoKey`] when the person does not hold the keys to be handed over.
    pub async fn start_pairing(&self, viewer: &Viewer, id: StudentId, new: NewPairing) -> Result<PairingId> {
        again(|| self.try_start_pairing(viewer, id, &new)).await
    }

    async fn try_start_pairing(&self, viewer: &Viewer, id: StudentId, new: &NewPairing) -> Result<PairingId> {
        let mut tx = self.begin().await?;
        let approach = self.approach(&mut tx, viewer, id).await?;
        let (mut tx, permit) = self.permit_in::<Manage>(tx, &approach.standing, Kind::Pairing, id.0).await?;
        let roster = self.policy.permit::<Read>(&approach.standing, Kind::Roster, approach.class.id.0);
        let roster = roster.map_err(|_| Error::NotFound)?;
        let (row, _) = self.roster_row(&mut tx, viewer, &roster, &approach.class, approach.student.id).await?;
        let (helper, outside) = self.check_pairing(&mut tx, viewer, &approach, new, &row).await?;
        make_way(&mut tx, &permit, &approach, new.helper).await?;
        let handed_over = self.handed_over_by(&approach);
        let keys = self.keys_to_hand_over(&mut tx, viewer, &permit, &approach, handed_over).await?;
        let needs = outside.then(|| self.needs_card(&approach, new));
        let contact = !outside && handed_over.contains(&Compartment::Contact);
        let card = card(row, &approach, new, needs.clone());
        let mut pairing = blank(&approach, new.helper, new.starts, new.ends);
        (pairing.outside, pairing.contact) = (outside, contact);
        match &needs {
            Some(needs) => self.hand_card(&mut pairing, needs, &helper)?,
            None => hand_over(self, &mut tx, &permit, &keys, &helper, handed_over).await?,
        }
        seal_card(&keys, &mut pairing, &card)?;
        self.insert_pairing(&mut tx, &permit, &pairing).await?;
        tx.record(&permit, Event::PairingStarted, &format!("helper={}", new.helper), self.now()).await?;
        tx.commit().await?;
        Ok(pairing.id)
    }

    /// Stores a new pairing and tells its helper that something waits.
    async fn insert_pairing(&self, tx: &mut Tx, permit: &Permit<Manage>, pairing: &Pairing) -> Result<()> {
        tx.insert_pairing(permit, pairing).await.map_err(|error| {
            if error.is_taken("pairings") { Error::field("helper", "helper-already") } else { error.into() }
        })?;
        self.tell(tx, pairing.school_id, &BTreeSet::from([pairing.helper_id]), "/helping").await
    }

    /// Everything that can be wrong with a new pairing, at once; else the helper's public key, and whether the helper is from
    /// outside.
    async fn check_pairing(
        &self,
        conn: &mut Conn,
        viewer: &Viewer,
        approach: &Approach,
        new: &NewPairing,
        row: &SheetRow,
    ) -> Result<(Recipient, bool)> {
        let today = self.clock.today();
        let mut problems = wrong_days(new.starts, new.ends, today);
        if let Some(code) = wrong_text(&new.purpose, PURPOSE, true) {
            problems.push(FieldProblem { field: "purpose", code });
        }
        let role = self.helping_role(conn, approach.student.school_id, new.helper).await?;
        let (code, recipient) = self.wrong_helper(conn, viewer, approach, new.helper, role).await?;
        problems.extend(code.map(|code| FieldProblem { field: "helper", code }));
        let outside = role == Some(Role::ExternalHelper);
        if outside {
            problems.extend(wrong_card(new, row, approach.class.number));
            let latest = self.last_day(conn, approach.student.school_id, new.starts).await?;
            if new.ends > latest && problems.iter().all(|problem| problem.field != "ends") {
                problems.push(FieldProblem { field: "ends", code: "longer-than-a-term" });
            }
            if !self.is_checked(conn, new.helper).await? {
                problems.push(FieldProblem { field: "helper", code: "check-out-of-date" });
            }
        }
        let recipient = recipient.filter(|_| problems.is_empty()).ok_or(Error::Invalid(problems))?;
        Ok((recipient, outside))
    }

    /// In which role a person helps; none for somebody who has neither. Who is from outside is nothing else.
    async fn helping_role(&self, conn: &mut Conn, school: SchoolId, person: PersonId) -> Result<Option<Role>> {
        let duties = conn.duties(person, self.now()).await?;
        let holds = |role| duties.iter().any(|duty| duty.school == school && duty.role == role);
        Ok([Role::ExternalHelper, Role::Helper].into_iter().find(|role| holds(*role)))
    }

    /// Why somebody cannot be asked to help this student; and their public key.
    async fn wrong_helper(
        &self,
        conn: &mut Conn,
        viewer: &Viewer,
        approach: &Approach,
        helper: PersonId,
        role: Option<Role>,
    ) -> Result<(Option<&'static str>, Option<Recipient>)> {
        let today = self.today();
        let already = |p: &Pairing| p.helper_id == helper && !p.ended && p.ends.as_str() >= today.as_str();
        let here = conn.person(helper).await?.is_some_and(|p| p.school_id == approach.student.school_id);
        let recipient = if here { self.person_recipient(conn, helper).await? } else { None };
        let code = if helper == viewer.person.id {
            Some("helper-is-you")
        } else if !here || role.is_none() {
            Some("helper-has-no-such-role")
        } else if approach.pairings.iter().any(already) {
            Some("helper-already")
        } else if recipient.is_none() {
            Some("helper-not-ready")
        } else if !approach.student.status.is_open() {
            // Without an open file there is no reason for anybody to read where a child lives.
            Some("no-open-file")
        } else if self.is_full(conn, approach.student.school_id, helper).await? {
            Some("helper-full")
        } else {
            None
        };
        Ok((code, recipient))
    }

    /// The compartments whose keys a person hands over: those that the person may read. A director reads no contact without a
    /// grant, so a pairing that a director starts is one of `support` alone until a counsellor completes it.
    fn handed_over_by(&self, approach: &Approach) -> &'static [Compartment] {
        if approach.may(&self.policy, Compartment::Contact, Action::Read) { &HELPED } else { &HELPED[..1] }
    }

    /// The keys of the file with those of these compartments, which are made where nobody has written there yet.
    async fn keys_to_hand_over(
        &self,
        tx: &mut Tx,
        viewer: &Viewer,
        permit: &Permit<Manage>,
        approach: &Approach,
        compartments: &[Compartment],
    ) -> Result<Keys> {
        for compartment in compartments {
            self.keys_for_writing(tx, viewer, permit, approach, *compartment).await?;
        }
        let keys = Keys::of(tx, viewer, &self.secret, approach.student.id.0).await?;
        let complete = compartments.iter().all(|compartment| keys.newest(*compartment, Uuid::nil()).is_some());
        if complete { Ok(keys) } else { Err(Error::NoKey) }
    }

    /// The pairings of the school, and who has an open file but no helper.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a role that has no business with pairings.
    pub async fn pairings(&self, viewer: &Viewer) -> Result<SchoolPairings> {
        let school = viewer.person.school_id;
        let permit = self.permit::<Read>(&viewer.at_school(), Kind::Pairing, school.0).await?;
        let today = self.today();
        let mut conn = self.db.read().await?;
        let mut pairings = conn.pairings(school).await?;
        let running = pairings.iter().filter(|p| !p.ended).count();
        pairings.truncate(running + ENDED);
        let open = conn.open_files(school).await?;
        let arranged: HashSet<StudentId> =
            pairings.iter().filter(|p| p.is_arranged(&today) || p.paused).map(|p| p.student_id).collect();
        let alone: Vec<Student> = open.iter().copied().filter(|s| !arranged.contains(&s.id)).collect();
        let students = students_of(&mut conn, &pairings, open).await?;
        let classes: HashMap<ClassId, Class> = conn.classes(school).await?.into_iter().map(|c| (c.id, c)).collect();
        let shown = pairings.iter().filter_map(|p| students.get(&p.student_id)).chain(&alone);
        let involved: HashSet<ClassId> = shown.map(|student| student.class_id).collect();
        let involved: Vec<Class> = involved.iter().filter_map(|id| classes.get(id)).copied().collect();
        let (rows, faster) = self.rows_of(&mut conn, viewer, &involved).await?;
        let names: HashMap<PersonId, String> =
            conn.persons(school).await?.into_iter().map(|p| (p.id, p.name)).collect();
        drop(conn);
        let helpers: HashMap<Uuid, PersonId> = pairings.iter().map(|p| (p.id.0, p.helper_id)).collect();
        let away: HashSet<Uuid> = pairings.iter().filter(|p| !p.ended).filter_map(|p| p.stands_in_for).collect();
        let one = |pairing: Pairing| {
            let student = students.get(&pairing.student_id).filter(|one| one.status != FileStatus::SealedAway)?;
            let class = *classes.get(&student.class_id)?;
            let (state, helper) = (pairing.state(&today), names.get(&pairing.helper_id).cloned().unwrap_or_default());
            let stands_in = pairing.stands_in_for.and_then(|id| names.get(helpers.get(&id)?).cloned());
            let handed_over = pairing.paused && away.contains(&pairing.id.0);
            let row = rows.get(&pairing.student_id).cloned();
            Some(ListedPairing { pairing, state, helper, stands_in, handed_over, row, class })
        };
        let mut pairings: Vec<ListedPairing> = pairings.into_iter().filter_map(one).collect();
        // Stable: within a state the store's order, newest first, remains.
        pairings.sort_by_key(|listed| listed.state);
        let without_helper_count = alone.len();
        let may_manage = self.policy.may(&viewer.at_school(), Kind::Pairing, Action::Manage);
        self.leave_trace(&permit, Event::PairingsRead, "", &faster).await?;
        let without_helper = listed(&alone, &rows, &classes);
        Ok(SchoolPairings { pairings, without_helper, without_helper_count, may_manage })
    }

    /// One pairing for the page that changes it.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anyone who manages no pairings.
    pub async fn managed_pairing(&self, viewer: &Viewer, id: PairingId) -> Result<ManagedPairing> {
        let mut conn = self.db.read().await?;
        let pairing = conn.pairing(id).await?.ok_or(Error::NotFound)?;
        let approach = self.approach(&mut conn, viewer, pairing.student_id).await?;
        self.permit::<Manage>(&approach.standing, Kind::Pairing, pairing.student_id.0).await?;
        let permit = self.permit::<Read>(&approach.standing, Kind::Pairing, pairing.student_id.0).await?;
        let roster = self.permit::<Read>(&approach.standing, Kind::Roster, approach.class.id.0).await?;
        let (row, faster) =
            match self.roster_row(&mut conn, viewer, &roster, &approach.class, approach.student.id).await {
                Err(Error::NoKey) => (None, Vec::new()),
                row => row.map(|(row, faster)| (Some(row), faster))?,
            };
        let support = self.permit::<Read>(&approach.standing, Kind::Support, pairing.student_id.0).await?;
        let keys = Keys::of(&mut conn, viewer, &self.secret, pairing.student_id.0).await?;
        let card = match keys.read::<_, Card>(&support, &card_spot(&pairing), &pairing.card) {
            Err(Error::NoKey) => None,
            card => Some(card?),
        };
        let mut candidates = self.candidates(&mut conn, viewer, "").await?;
        candidates.retain(|one| one.person.id != pairing.helper_id && one.load < one.capacity);
        let names: HashMap<PersonId, String> =
            conn.persons(pairing.school_id).await?.into_iter().map(|p| (p.id, p.name)).collect();
        drop(conn);
        let name = |id: &PersonId| names.get(id).cloned().unwrap_or_default();
        let others = &approach.pairings;
        let away = pairing.stands_in_for.and_then(|of| others.iter().find(|p| p.id.0 == of));
        let handed_over = pairing.paused && others.iter().any(|p| p.stands_in_for == Some(id.0) && !p.ended);
        let (state, helper) = (pairing.state(&self.today()), name(&pairing.helper_id));
        let stands_in = away.map(|p| name(&p.helper_id));
        let may_complete = !pairing.contact && approach.may(&self.policy, Compartment::Contact, Action::Read);
        self.leave_trace(&permit, Event::PairingsRead, "", &faster).await?;
        let class = approach.class;
        let one = ListedPairing { pairing, state, helper, stands_in, handed_over, row, class };
        Ok(ManagedPairing { one, card, candidates, may_complete })
    }

    /// The roster rows of classes, as far as policy and keys go, and the fast wraps that the reading earned.
    pub(crate) async fn rows_of(
        &self,
        conn: &mut Conn,
        viewer: &Viewer,
        classes: &[Class],
    ) -> Result<(HashMap<StudentId, SheetRow>, Vec<NewWrap>)> {
        let (mut rows, mut faster) = (HashMap::new(), Vec::new());
        for class in classes {
            let standing = viewer.standing(&Facts::class(class.school_id, class.id));
            let Ok(permit) = self.policy.permit::<Read>(&standing, Kind::Roster, class.id.0) else { continue };
            let keys = Keys::of(conn, viewer, &self.secret, class.id.0).await?;
            match merged(&keys, &permit, &conn.sheets(class.id).await?) {
                Ok(of_class) => rows.extend(of_class),
                Err(Error::NoKey) => continue,
                Err(other) => return Err(other),
            }
            faster.extend(keys.faster);
        }
        Ok((rows, faster))
    }
}

/// Wraps every opened key of these compartments to a helper.
async fn hand_over(
    app: &App,
    tx: &mut Tx,
    permit: &Permit<Manage>,
    keys: &Keys,
    helper: &Recipient,
    compartments: &[Compartment],
) -> Result<()> {
    for compartment in compartments {
        for (name, key) in keys.all(*compartment, Uuid::nil()) {
            let wrap = app.wrap(key, name, helper)?;
            tx.insert_wrap(permit, &wrap).await?;
        }
    }
    Ok(())
}

/// A new pairing of a member of staff, without its card.
fn blank(approach: &Approach, helper_id: PersonId, starts: Date, ends: Date) -> Pairing {
    Pairing {
        id: PairingId(Uuid::now_v7()),
        school_id: approach.student.school_id,
        student_id: approach.student.id,
        helper_id,
        starts: starts.to_string(),
        ends: ends.to_string(),
        ended: false,
        epoch: 0,
        version: 1,
        card: Vec::new(),
        accepted_at: None,
        paused: false,
        declined: false,
        contact: true,
        outside: false,
        handed: None,
        handed_mark: None,
        started_by: None,
        stands_in_for: None,
    }
}

/// The card of a pairing.
fn card(row: SheetRow, approach: &Approach, new: &NewPairing, outside: Option<NeedsCard>) -> Card {
    Card {
        name: row.name,
        sex: row.sex,
        class: (approach.class.cohort, approach.class.number),
        seat: row.seat,
        purpose: new.purpose.trim().to_owned(),
        condition: Some(new.condition),
        outside,
    }
}

/// Seals the card into its pairing.
fn seal_card(keys: &Keys, pairing: &mut Pairing, card: &Card) -> Result<()> {
    let mut spot = card_spot(pairing);
    pairing.card = keys.seal(&mut spot, card)?;
    pairing.epoch = spot.epoch;
    Ok(())
}

/// What a student asked for, and what stands in the plan: what helpers are compared with.
fn wanted(keys: &Keys, permit: &Permit<Read>, records: &[Record]) -> Result<String> {
    let layer = match layer(keys, permit, records, Compartment::Support, BY_PEOPLE) {
        Ok(layer) => layer.map_or_else(Layer::default, |found| found.1),
        Err(Error::NoKey) => Layer::default(),
        Err(other) => return Err(other),
    };
    let texts = [Field::HelpWanted, Field::Needs, Field::Strengths];
    let texts: Vec<&str> = texts.iter().filter_map(|field| layer.fields.get(field)).map(|v| v.text.as_str()).collect();
    Ok(texts.join("\n"))
}

/// Ends pairings of the same two people that are past their last day: the new one takes their place, and their keys.
async fn make_way(tx: &mut Tx, permit: &Permit<Manage>, approach: &Approach, helper: PersonId) -> Result<()> {
    for over in approach.pairings.iter().filter(|p| p.helper_id == helper && !p.ended) {
        tx.end_pairing(permit, over.id).await?;
    }
    Ok(())
}

/// The days in order, not over already, and at most a year.
fn wrong_days(starts: Date, ends: Date, today: Date) -> Vec<FieldProblem> {
    let code = if ends < starts {
        "ends-before-it-starts"
    } else if ends < today {
        "ends-in-the-past"
    } else if ends > starts.saturating_add(1.year()) {
        "longer-than-a-year"
    } else {
        return Vec::new();
    };
    vec![FieldProblem { field: "ends", code }]
}

fn wrong_text(text: &str, limit: usize, required: bool) -> Option<&'static str> {
    match text.trim().chars().count() {
        0 if required => Some("required"),
        length if length > limit => Some("too-long"),
        _ => None,
    }
}

/// The students of pairings: those with an open file are at hand, the others are looked up.
async fn students_of(conn: &mut Conn, pairings: &[Pairing], open: Vec<Student>) -> Result<HashMap<StudentId, Student>> {
    let mut students: HashMap<StudentId, Student> = open.into_iter().map(|s| (s.id, s)).collect();
    for pairing in pairings {
        if !students.contains_key(&pairing.student_id)
            && let Some(student) = conn.student(pairing.student_id).await?
        {
            students.insert(student.id, student);
        }
    }
    Ok(students)
}

/// Students as neutral rows, by class and class number.
fn listed(students: &[Student], rows: &HashMap<StudentId, SheetRow>, classes: &HashMap<ClassId, Class>) -> Vec<Listed> {
    let one = |student: &Student| {
        let (row, class) = (rows.get(&student.id)?.clone(), *classes.get(&student.class_id)?);
        Some(Listed { row, class, status: student.status })
    };
    let mut listed: Vec<Listed> = students.iter().filter_map(one).collect();
    listed.sort_by_key(|l| (std::cmp::Reverse(l.class.cohort), l.class.number, l.row.seat));
    listed
}

#[cfg(test)]
mod tests;
