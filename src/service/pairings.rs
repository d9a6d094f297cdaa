//! Pairings 结对帮扶: a helper gets the keys of two compartments of one file, for some days, and of nothing else.

use std::collections::{HashMap, HashSet};

use jiff::ToSpan as _;
use jiff::civil::Date;
use uuid::Uuid;

use super::files::{Approach, card_spot};
use super::sheets::merged;
use super::{App, Error, FieldProblem, Keys, Listed, Result, Viewer};
use crate::domain::audit::Event;
use crate::domain::ids::{ClassId, PairingId, PersonId, StudentId};
use crate::domain::record::{Card, SheetRow};
use crate::domain::relation::Facts;
use crate::domain::words::{Action, Compartment, Kind, Role};
use crate::policy::{Manage, Permit, Read};
use crate::store::{Class, Conn, NewWrap, Pairing, PairingState, Person, Student, Tx};
use crate::vault::Recipient;

/// The compartments whose keys a helper gets. The name comes from a card: the roster key would open the whole class.
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
    /// First day.
    pub starts: Date,
    /// Last day.
    pub ends: Date,
}

/// What the form for a new pairing shows.
#[derive(Debug)]
pub struct PairingForm {
    /// Whom it is about.
    pub row: SheetRow,
    /// The class.
    pub class: Class,
    /// Who can be asked: helpers with an accepted account, without the person who asks.
    pub helpers: Vec<Person>,
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
    /// The student; `None` without the key of the class.
    pub row: Option<SheetRow>,
    /// The class.
    pub class: Class,
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
        let (row, faster) = self.roster_row(&mut conn, viewer, &roster, &approach.student).await?;
        let mut helpers = conn.persons(approach.student.school_id).await?;
        let on_duty = self.on_duty(&mut conn, &approach).await?;
        helpers.retain(|p| p.id != viewer.person.id && p.active && p.recipient.is_some() && on_duty.contains(&p.id));
        let (starts, ends) = self.days_proposed(&mut conn, &approach).await?;
        drop(conn);
        self.leave_trace(&permit, Event::PairingsRead, "", &faster).await?;
        Ok(PairingForm { row, class: approach.class, helpers, starts, ends })
    }

    /// Who holds the role of a helper now.
    async fn on_duty(&self, conn: &mut Conn, approach: &Approach) -> Result<HashSet<PersonId>> {
        let duties = conn.school_duties(approach.student.school_id, self.now()).await?;
        Ok(duties.into_iter().filter(|(_, _, duty)| duty.role == Role::Helper).map(|(_, person, _)| person).collect())
    }

    /// From today to the end of the term, or for half a year where no term is running.
    async fn days_proposed(&self, conn: &mut Conn, approach: &Approach) -> Result<(Date, Date)> {
        let today = self.clock.today();
        let text = today.to_string();
        let terms = conn.terms(approach.student.school_id).await?;
        let term = terms.into_iter().find(|term| term.starts <= text && text < term.ends);
        let ends = term.and_then(|term| term.ends.parse().ok()).unwrap_or_else(|| today.saturating_add(6.months()));
        Ok((today, ends))
    }

    /// Starts a pairing: the helper gets the keys of `contact` and `support` of this file, and a card with the name.
    ///
    /// # Errors
    /// [`Error::Invalid`] with everything that is wrong; [`Error::NotFound`] for anyone who starts no pairings;
    /// [`Error::NoKey`] when the person does not hold the keys to be handed over.
    pub async fn start_pairing(&self, viewer: &Viewer, id: StudentId, new: NewPairing) -> Result<PairingId> {
        let mut tx = self.begin().await?;
        let approach = self.approach(&mut tx, viewer, id).await?;
        let Ok(permit) = self.policy.permit::<Manage>(&approach.standing, Kind::Pairing, id.0) else {
            drop(tx);
            self.permit::<Manage>(&approach.standing, Kind::Pairing, id.0).await?;
            return Err(Error::NotFound);
        };
        let roster = self.policy.permit::<Read>(&approach.standing, Kind::Roster, approach.class.id.0);
        let roster = roster.map_err(|_| Error::NotFound)?;
        let helper = self.check_pairing(&mut tx, viewer, &approach, &new).await?;
        make_way(&mut tx, &permit, &approach, new.helper).await?;
        let keys = self.keys_to_hand_over(&mut tx, viewer, &permit, &approach).await?;
        hand_over(self, &mut tx, &permit, &keys, &helper).await?;
        let (row, _) = self.roster_row(&mut tx, viewer, &roster, &approach.student).await?;
        let pairing = sealed_pairing(&keys, &approach, &new, row)?;
        tx.insert_pairing(&permit, &pairing).await.map_err(|error| {
            if error.is_taken("pairings") { Error::field("helper", "helper-already") } else { error.into() }
        })?;
        tx.record(&permit, Event::PairingStarted, &format!("helper={}", new.helper), self.now()).await?;
        tx.commit().await?;
        Ok(pairing.id)
    }

    /// Everything that can be wrong with a new pairing, at once; else the helper's public key.
    async fn check_pairing(
        &self,
        conn: &mut Conn,
        viewer: &Viewer,
        approach: &Approach,
        new: &NewPairing,
    ) -> Result<Recipient> {
        let today = self.clock.today();
        let mut problems = wrong_days(new, today);
        if let Some(code) = wrong_purpose(&new.purpose) {
            problems.push(FieldProblem { field: "purpose", code });
        }
        let already = |p: &Pairing| p.helper_id == new.helper && p.holds_keys(&today.to_string());
        let here = conn.person(new.helper).await?.is_some_and(|p| p.school_id == approach.student.school_id);
        let recipient = self.person_recipient(conn, new.helper).await?;
        let code = if new.helper == viewer.person.id {
            Some("helper-is-you")
        } else if !here || !self.on_duty(conn, approach).await?.contains(&new.helper) {
            Some("helper-has-no-such-role")
        } else if approach.pairings.iter().any(already) {
            Some("helper-already")
        } else if recipient.is_none() {
            Some("helper-not-ready")
        } else if !approach.student.status.is_open() {
            // Without an open file there is no reason for anybody to read where a child lives.
            Some("no-open-file")
        } else {
            None
        };
        problems.extend(code.map(|code| FieldProblem { field: "helper", code }));
        recipient.filter(|_| problems.is_empty()).ok_or(Error::Invalid(problems))
    }

    /// The keys of the file with those of both compartments, which are made where nobody has written there yet.
    async fn keys_to_hand_over(
        &self,
        tx: &mut Tx,
        viewer: &Viewer,
        permit: &Permit<Manage>,
        approach: &Approach,
    ) -> Result<Keys> {
        for compartment in HELPED {
            self.keys_for_writing(tx, viewer, permit, approach, compartment).await?;
        }
        let keys = Keys::of(tx, viewer, &self.secret, approach.student.id.0).await?;
        let complete = HELPED.iter().all(|compartment| keys.newest(*compartment, Uuid::nil()).is_some());
        if complete { Ok(keys) } else { Err(Error::NoKey) }
    }

    /// Ends a pairing. The two compartments get new keys and all wraps of the old ones are destroyed, so that even an old copy
    /// of the database opens nothing that is written from now on. Ending it twice is the same as once.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anyone who ends no pairings; [`Error::NoKey`] when the person cannot change the keys.
    pub async fn end_pairing(&self, viewer: &Viewer, id: PairingId) -> Result<()> {
        let now = self.now();
        let mut tx = self.begin().await?;
        let pairing = tx.pairing(id).await?.ok_or(Error::NotFound)?;
        let student = pairing.student_id;
        let mut approach = self.approach(&mut tx, viewer, student).await?;
        let Ok(permit) = self.policy.permit::<Manage>(&approach.standing, Kind::Pairing, student.0) else {
            drop(tx);
            return self.permit::<Manage>(&approach.standing, Kind::Pairing, student.0).await.map(drop);
        };
        if !tx.end_pairing(&permit, id).await? {
            return Ok(());
        }
        approach.pairings.retain(|p| p.id != id);
        for compartment in HELPED {
            let read = self.policy.permit::<Read>(&approach.standing, compartment.kind(), student.0);
            let read = read.map_err(|_| Error::NotFound)?;
            self.rotate_compartment(&mut tx, &permit, &read, viewer, &approach, compartment).await?;
        }
        tx.record(&permit, Event::PairingEnded, &format!("helper={}", pairing.helper_id), now).await?;
        Ok(tx.commit().await?)
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
            pairings.iter().filter(|p| p.holds_keys(&today)).map(|p| p.student_id).collect();
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
        let one = |pairing: Pairing| {
            let class = *classes.get(&students.get(&pairing.student_id)?.class_id)?;
            let (state, helper) = (pairing.state(&today), names.get(&pairing.helper_id).cloned().unwrap_or_default());
            Some(ListedPairing { state, helper, row: rows.get(&pairing.student_id).cloned(), class, pairing })
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

/// Wraps every opened key of both compartments to a helper.
async fn hand_over(app: &App, tx: &mut Tx, permit: &Permit<Manage>, keys: &Keys, helper: &Recipient) -> Result<()> {
    for compartment in HELPED {
        for (name, key) in keys.all(compartment, Uuid::nil()) {
            let wrap = app.wrap(key, name, helper)?;
            tx.insert_wrap(permit, &wrap).await?;
        }
    }
    Ok(())
}

/// The row of a new pairing, with its card.
fn sealed_pairing(keys: &Keys, approach: &Approach, new: &NewPairing, row: SheetRow) -> Result<Pairing> {
    let mut pairing = Pairing {
        id: PairingId(Uuid::now_v7()),
        school_id: approach.student.school_id,
        student_id: approach.student.id,
        helper_id: new.helper,
        starts: new.starts.to_string(),
        ends: new.ends.to_string(),
        ended: false,
        epoch: 0,
        version: 1,
        card: Vec::new(),
    };
    let card = Card {
        name: row.name,
        sex: row.sex,
        class: (approach.class.cohort, approach.class.number),
        seat: row.seat,
        purpose: new.purpose.trim().to_owned(),
    };
    let mut spot = card_spot(&pairing);
    pairing.card = keys.seal(&mut spot, &card)?;
    pairing.epoch = spot.epoch;
    Ok(pairing)
}

/// Ends pairings of the same two people that are past their last day: the new one takes their place, and their keys.
async fn make_way(tx: &mut Tx, permit: &Permit<Manage>, approach: &Approach, helper: PersonId) -> Result<()> {
    for over in approach.pairings.iter().filter(|p| p.helper_id == helper && !p.ended) {
        tx.end_pairing(permit, over.id).await?;
    }
    Ok(())
}

/// The days in order, not over already, and at most a year.
fn wrong_days(new: &NewPairing, today: Date) -> Vec<FieldProblem> {
    let code = if new.ends < new.starts {
        "ends-before-it-starts"
    } else if new.ends < today {
        "ends-in-the-past"
    } else if new.ends > new.starts.saturating_add(1.year()) {
        "longer-than-a-year"
    } else {
        return Vec::new();
    };
    vec![FieldProblem { field: "ends", code }]
}

fn wrong_purpose(purpose: &str) -> Option<&'static str> {
    match purpose.trim().chars().count() {
        0 => Some("required"),
        1..=PURPOSE => None,
        _ => Some("too-long"),
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
