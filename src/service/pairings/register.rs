//! Who can help whom: what members of staff say of themselves, how many they help, and who fits (`requirements.md` A20).

use std::collections::{BTreeMap, HashMap};

use super::Candidate;
use crate::domain::audit::Event;
use crate::domain::helping::{CAPACITY, Strengths, reasons};
use crate::domain::ids::{ClassId, PersonId, SchoolId};
use crate::domain::record::SheetRow;
use crate::domain::relation::Facts;
use crate::domain::words::{FileStatus, Kind, Role};
use crate::policy::Read;
use crate::service::sheets::merged;
use crate::service::{App, Error, FieldProblem, Keys, Result, Viewer};
use crate::store::{Class, Conn, PairingState, Person};

/// The longest of the texts, in characters.
const TEXT: usize = 100;
/// The most students that anybody can be trusted with at once.
pub const MOST: i64 = 20;

/// A helper, with what they can do and whom they help.
#[derive(Debug)]
pub struct ListedHelper {
    /// Who it is.
    pub person: Person,
    /// Whether they are from outside.
    pub outside: bool,
    /// What they say of themselves.
    pub strengths: Strengths,
    /// How many students they help now, or were asked to.
    pub load: i64,
    /// The day of the background check, for somebody from outside.
    pub checked: Option<String>,
}

/// Who helps in one class.
#[derive(Debug)]
pub struct ClassHelp {
    /// The class.
    pub class: Class,
    /// Student, name of the helper, state, last day.
    pub rows: Vec<(SheetRow, String, PairingState, String)>,
}

impl App {
    /// What the person said that they can help with.
    ///
    /// # Errors
    /// The database.
    pub async fn own_strengths(&self, viewer: &Viewer) -> Result<Strengths> {
        let all = self.db.read().await?.strengths(viewer.person.school_id).await?;
        Ok(all.into_iter().find(|(id, _)| *id == viewer.person.id).map_or_else(Strengths::default, |found| found.1))
    }

    /// Notes what the person can help with.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every wrong field.
    pub async fn set_strengths(&self, viewer: &Viewer, strengths: &Strengths) -> Result<()> {
        let own = self.own(viewer).await?;
        let texts =
            [("subject", &strengths.subject), ("interests", &strengths.interests), ("languages", &strengths.languages)];
        let long = texts.into_iter().filter(|(_, text)| text.chars().count() > TEXT);
        let mut problems: Vec<FieldProblem> = long.map(|(field, _)| FieldProblem { field, code: "too-long" }).collect();
        if !(0..=MOST).contains(&strengths.capacity) {
            problems.push(FieldProblem { field: "capacity", code: "number-out-of-range" });
        }
        if !problems.is_empty() {
            return Err(Error::Invalid(problems));
        }
        let mut tx = self.begin().await?;
        tx.put_strengths(&own, strengths).await?;
        tx.record(&own, Event::StrengthsChanged, "", self.now()).await?;
        Ok(tx.commit().await?)
    }

    /// Whether somebody helps as many students as they said they can.
    pub(super) async fn is_full(&self, conn: &mut Conn, school: SchoolId, helper: PersonId) -> Result<bool> {
        let today = self.today();
        let pairings = conn.pairings_of_helper(helper).await?;
        let load = pairings.iter().filter(|pairing| pairing.is_arranged(&today)).count();
        let said = conn.strengths(school).await?.into_iter().find(|(id, _)| *id == helper);
        Ok(i64::try_from(load).unwrap_or(i64::MAX) >= said.map_or(CAPACITY, |(_, strengths)| strengths.capacity))
    }

    /// Everybody who can be asked to help, those who fit best first.
    pub(super) async fn candidates(&self, conn: &mut Conn, viewer: &Viewer, wanted: &str) -> Result<Vec<Candidate>> {
        let helpers = self.listed_helpers(conn, viewer.person.school_id).await?;
        let today = self.clock.today();
        let fits = |helper: ListedHelper| {
            let ListedHelper { person, outside, strengths, load, checked } = helper;
            let day = checked.and_then(|day| day.parse().ok());
            let unchecked = outside && !day.is_some_and(|day| super::outside::check_holds(day, today));
            let (capacity, reasons) = (strengths.capacity, reasons(&strengths, wanted));
            Candidate { person, outside, load, capacity, reasons, unchecked }
        };
        let able = |p: &Person| p.id != viewer.person.id && p.active && p.recipient.is_some();
        let mut found: Vec<Candidate> = helpers.into_iter().filter(|h| able(&h.person)).map(fits).collect();
        // Stable: among equals the order by name remains.
        found
            .sort_by_key(|one| (one.outside, one.load >= one.capacity, std::cmp::Reverse(one.reasons.len()), one.load));
        Ok(found)
    }

    async fn listed_helpers(&self, conn: &mut Conn, school: SchoolId) -> Result<Vec<ListedHelper>> {
        let today = self.today();
        let mut roles: HashMap<PersonId, bool> = HashMap::new();
        for (_, person, duty) in conn.school_duties(school, self.now()).await? {
            if matches!(duty.role, Role::Helper | Role::ExternalHelper) {
                *roles.entry(person).or_default() |= duty.role == Role::ExternalHelper;
            }
        }
        let mut load: HashMap<PersonId, i64> = HashMap::new();
        for pairing in conn.pairings(school).await?.iter().filter(|pairing| pairing.is_arranged(&today)) {
            *load.entry(pairing.helper_id).or_default() += 1;
        }
        let mut said: HashMap<PersonId, Strengths> = conn.strengths(school).await?.into_iter().collect();
        let mut helpers = Vec::new();
        for person in conn.persons(school).await?.into_iter().filter(|person| person.active) {
            let Some(outside) = roles.get(&person.id).copied() else { continue };
            let checked = if outside { conn.check_of(person.id).await? } else { None };
            let strengths = said.remove(&person.id).unwrap_or_default();
            let load = load.get(&person.id).copied().unwrap_or(0);
            helpers.push(ListedHelper { person, outside, strengths, load, checked });
        }
        Ok(helpers)
    }

    /// The helpers of the school: what they can do, and how many they help.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a role that has no business with pairings.
    pub async fn helper_register(&self, viewer: &Viewer) -> Result<Vec<ListedHelper>> {
        let school = viewer.person.school_id;
        let permit = self.permit::<Read>(&viewer.at_school(), Kind::Pairing, school.0).await?;
        let mut conn = self.db.read().await?;
        let helpers = self.listed_helpers(&mut conn, school).await?;
        drop(conn);
        self.leave_trace(&permit, Event::HelpersRead, "", &[]).await?;
        Ok(helpers)
    }

    /// Who helps in a class: for its homeroom teacher, and for those who arrange it.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anybody else; [`Error::NoKey`] without the key of the class.
    pub async fn class_help(&self, viewer: &Viewer, id: ClassId) -> Result<ClassHelp> {
        let mut conn = self.db.read().await?;
        let class = conn.class(id).await?.ok_or(Error::NotFound)?;
        let standing = viewer.standing(&Facts::class(class.school_id, id));
        let permit = self.permit::<Read>(&standing, Kind::Pairing, id.0).await?;
        let roster = self.permit::<Read>(&standing, Kind::Roster, id.0).await?;
        let keys = Keys::of(&mut conn, viewer, &self.secret, id.0).await?;
        let names = merged(&keys, &roster, &conn.sheets(id).await?)?;
        let today = self.today();
        let people: BTreeMap<PersonId, String> =
            conn.persons(class.school_id).await?.into_iter().map(|p| (p.id, p.name)).collect();
        let mut rows = Vec::new();
        for student in conn.students_of_class(id).await?.into_iter().filter(|one| one.status != FileStatus::SealedAway)
        {
            let Some(row) = names.get(&student.id) else { continue };
            for pairing in conn.pairings_of_student(student.id).await?.into_iter().filter(|p| !p.ended) {
                let helper = people.get(&pairing.helper_id).cloned().unwrap_or_default();
                rows.push((row.clone(), helper, pairing.state(&today), pairing.ends));
            }
        }
        drop(conn);
        rows.sort_by_key(|(row, ..)| row.seat);
        self.leave_trace(&permit, Event::PairingsRead, "", &keys.faster).await?;
        Ok(ClassHelp { class, rows })
    }
}
