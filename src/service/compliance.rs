//! The yearly compliance pack 合规审计, and the register of incidents. It opens no file and names nobody.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::{App, Error, FieldProblem, Result, Viewer};
use crate::domain::audit::Event;
use crate::domain::clock::{DAY, school_instant, school_time};
use crate::domain::compliance::{ClosedAge, IncidentKind, OpenFinding, RequestKind, UNDER, may_be_under};
use crate::domain::county::HalfYear;
use crate::domain::ids::{FormId, IncidentId, SchoolId};
use crate::domain::keeping::KeepingKind;
use crate::domain::process::ProcessFigure;
use crate::domain::words::{Kind, Role};
use crate::policy::{Manage, Permit, Read};
use crate::store::{AccessDay, ClosedFile, Conn, Incident, School, Tally};

/// What the district sees of accesses is rounded down to this many: it is to show that they are logged, not how many cases run.
const ROUND: i64 = 100;

/// Accesses of one role to one kind of thing, by month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accesses {
    /// In which role.
    pub role: Role,
    /// To what.
    pub kind: Kind,
    /// January to December.
    pub months: [i64; 12],
}

impl Accesses {
    /// Of the whole year.
    #[must_use]
    pub fn total(&self) -> i64 {
        self.months.iter().sum()
    }
}

/// The pack of one school and calendar year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pack {
    /// The calendar year.
    pub year: i16,
    /// The day on which it was made.
    pub day: String,
    /// The name of the school.
    pub school: String,
    /// Students on the roll.
    pub roll: i64,
    /// Of them those who can still be under 14, and under 18: estimated from the year of entry.
    pub under: [i64; 2],
    /// Who accessed what, by month.
    pub accesses: Vec<Accesses>,
    /// Acts that were refused.
    pub refused: i64,
    /// What was asked for or decided.
    pub requests: Vec<(RequestKind, i64)>,
    /// The incidents found in this year.
    pub incidents: Vec<Incident>,
    /// Closed files by how long they are closed.
    pub closed: Vec<(ClosedAge, i64)>,
    /// Staff trained in the school year in which the year ends.
    pub trained: i64,
    /// What is still to be done.
    pub findings: Vec<(OpenFinding, i64)>,
}

/// What the district sees of one school: sums, and nothing that counts cases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackSum {
    /// The name of the school.
    pub school: String,
    /// Students on the roll.
    pub roll: i64,
    /// Of them under 14, and under 18.
    pub under: [i64; 2],
    /// Logged accesses, rounded down to hundreds.
    pub accesses: i64,
    /// Incidents found in the year, and how many of them are not closed.
    pub incidents: [i64; 2],
    /// Staff trained.
    pub trained: i64,
}

/// The pack as the person may see it.
#[derive(Debug)]
pub enum Compliance {
    /// Of the own school, in full.
    School(Box<Pack>),
    /// Of all schools, as sums.
    District(Vec<PackSum>),
}

/// What was done about an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct IncidentDays {
    /// Reported to the authorities.
    pub reported: Option<Date>,
    /// Guardians and students told.
    pub told: Option<Date>,
    /// Closed.
    pub closed: Option<Date>,
}

/// What one question answers for all schools.
struct All {
    /// Students by school and cohort.
    rolls: Vec<(SchoolId, i64, i64)>,
    /// Totals of the school year in which the year ends.
    tallies: Vec<Tally>,
}

impl All {
    async fn of(conn: &mut Conn, year: i16) -> Result<Self> {
        let halves = [HalfYear { year: year - 1, second: true }, HalfYear { year, second: false }];
        Ok(Self { rolls: conn.rolls().await?, tallies: conn.tallies(halves).await? })
    }
}

impl App {
    /// The compliance pack of a calendar year: in full for the privacy officer of a school, as sums for the district.
    ///
    /// # Errors
    /// [`Error::NotFound`] for everybody else.
    pub async fn compliance(&self, viewer: &Viewer, year: i16) -> Result<Compliance> {
        let own = viewer.person.school_id;
        let permit = self.permit::<Read>(&viewer.at_school(), Kind::Compliance, own.0).await?;
        let mut conn = self.db.read().await?;
        let made = if viewer.school.has_students() {
            let all = All::of(&mut conn, year).await?;
            Compliance::School(Box::new(self.pack(&mut conn, &permit, &all, &viewer.school, year).await?))
        } else if viewer.has(Role::DistrictOfficer) {
            let all = All::of(&mut conn, year).await?;
            let mut sums = Vec::new();
            for school in conn.schools().await?.into_iter().filter(School::has_students) {
                sums.push(summed(&self.pack(&mut conn, &permit, &all, &school, year).await?));
            }
            Compliance::District(sums)
        } else {
            return Err(Error::NotFound);
        };
        drop(conn);
        self.leave_trace(&permit, Event::ComplianceRead, &format!("year={year}"), &[]).await?;
        Ok(made)
    }

    async fn pack(
        &self,
        conn: &mut Conn,
        permit: &Permit<Read>,
        all: &All,
        School { id: school, name, .. }: &School,
        year: i16,
    ) -> Result<Pack> {
        let (today, school) = (self.clock.today(), *school);
        let roll = || all.rolls.iter().filter(move |(of, _, _)| *of == school);
        let under = UNDER.map(|age| {
            let young = roll().filter(|(_, cohort, _)| may_be_under(age, *cohort, today));
            young.map(|(_, _, count)| count).sum()
        });
        let first = |year: i16| Date::new(year, 1, 1).map_or(0, |day| school_instant(day, 0));
        let shift = i64::from(school_time(self.now()).offset().seconds()) * 1_000_000;
        let days = conn.access_days(permit, school, (first(year), first(year + 1)), shift).await?;
        let refused = days.iter().filter(|day| day.event == Event::Refused.as_str()).map(|day| day.count).sum();
        let incidents: Vec<Incident> = conn.incidents(school).await?;
        let closed_files = conn.closed_since(school).await?;
        let findings = self.findings(conn, school, &incidents, &closed_files).await?;
        let of_year = format!("{year}-");
        let trained = all.tallies.iter().filter(|t| t.school_id == school && t.figure == ProcessFigure::StaffTrained);
        let mut closed: BTreeMap<ClosedAge, i64> = ClosedAge::ALL.iter().map(|age| (*age, 0)).collect();
        for ClosedFile { closed_at, .. } in closed_files {
            *closed.entry(ClosedAge::of((self.now() - closed_at) / DAY)).or_default() += 1;
        }
        Ok(Pack {
            year,
            day: today.to_string(),
            school: name.clone(),
            roll: roll().map(|(_, _, count)| count).sum(),
            under,
            accesses: accesses(&days),
            refused,
            requests: requests(&days),
            incidents: incidents.into_iter().filter(|incident| incident.found.starts_with(&of_year)).collect(),
            closed: closed.into_iter().collect(),
            trained: trained.map(|tally| tally.total).sum(),
            findings,
        })
    }

    /// What is still to be done; what is not is left out.
    async fn findings(
        &self,
        conn: &mut Conn,
        school: SchoolId,
        incidents: &[Incident],
        closed: &[ClosedFile],
    ) -> Result<Vec<(OpenFinding, i64)>> {
        let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        let open = incidents.iter().filter(|incident| incident.closed.is_none());
        let unreported = open.clone().filter(|incident| incident.reported.is_none());
        let offices = conn.offices(school).await?.iter().filter(|office| office.rotation_due).count();
        let keys = conn.keys_due(school).await?.len();
        let year_ago = self.now() - 365 * DAY;
        // A file that was sealed away was dealt with; it is looked at again when it has been kept so for a year.
        let old = closed.iter().filter(|file| file.sealed_at.unwrap_or(file.closed_at) <= year_ago).count();
        let checked = school_time(year_ago).date().to_string();
        let all = [
            (OpenFinding::IncidentOpen, count(open.clone().count())),
            (OpenFinding::IncidentNotReported, count(unreported.count())),
            (OpenFinding::KeysDue, count(offices + keys)),
            (OpenFinding::RetentionDue, count(old)),
            (OpenFinding::ErasureWaits, conn.keepings_waiting(school, KeepingKind::Erasure).await?),
            (OpenFinding::CheckMissing, conn.checks_missing(school, &checked, self.now()).await?),
        ];
        Ok(all.into_iter().filter(|(_, count)| *count > 0).collect())
    }

    /// The whole register of incidents of the own school, newest first.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anyone but the privacy officer.
    pub async fn incidents(&self, viewer: &Viewer) -> Result<Vec<Incident>> {
        let permit = self.incident_permit(viewer).await?;
        Ok(self.db.read().await?.incidents(permit.school()).await?)
    }

    /// Enters an incident: a word of the list and days. A form sent twice enters one.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every wrong field; [`Error::NotFound`] for anyone but the privacy officer.
    pub async fn note_incident(
        &self,
        viewer: &Viewer,
        form: FormId,
        kind: IncidentKind,
        found: Date,
        days: IncidentDays,
    ) -> Result<IncidentId> {
        let permit = self.incident_permit(viewer).await?;
        self.check_days(found, &days)?;
        let id = self.letter_from("incident", &[viewer.person.id.0.as_bytes(), form.0.as_bytes()]).0;
        let incident = incident(IncidentId(id), kind, &found.to_string(), &days, 1);
        let mut tx = self.begin().await?;
        if !tx.insert_incident(&permit, &incident, self.now()).await? {
            tx.leave().await?;
            return Ok(incident.id);
        }
        tx.record_about(&permit, Event::IncidentNoted, id, &format!("kind={kind}"), self.now()).await?;
        tx.commit().await?;
        Ok(incident.id)
    }

    /// Notes what was done about an incident.
    ///
    /// # Errors
    /// [`Error::Invalid`]; [`Error::Stale`] where a colleague was faster; [`Error::NotFound`] for anyone but the privacy officer, or
    /// where there is no such incident.
    pub async fn follow_incident(&self, viewer: &Viewer, id: IncidentId, days: IncidentDays, seen: i64) -> Result<()> {
        let permit = self.incident_permit(viewer).await?;
        let mut tx = self.begin().await?;
        let all = tx.incidents(permit.school()).await?;
        let stands = all.into_iter().find(|one| one.id == id).ok_or(Error::NotFound)?;
        let found = stands.found.parse().map_err(|_| Error::NotFound)?;
        self.check_days(found, &days)?;
        let next = incident(id, stands.kind, &stands.found, &days, seen);
        if !tx.update_incident(&permit, &next).await? {
            return Err(Error::Stale(Vec::new()));
        }
        tx.record_about(&permit, Event::IncidentNoted, id.0, "followed", self.now()).await?;
        Ok(tx.commit().await?)
    }

    fn check_days(&self, found: Date, days: &IncidentDays) -> Result<()> {
        let today = self.clock.today();
        let mut problems = Vec::new();
        if found > today {
            problems.push(FieldProblem { field: "found", code: "date-in-the-future" });
        }
        for (field, day) in [("reported", days.reported), ("told", days.told), ("closed", days.closed)] {
            match day {
                Some(day) if day > today => problems.push(FieldProblem { field, code: "date-in-the-future" }),
                Some(day) if day < found => problems.push(FieldProblem { field, code: "before-it-was-found" }),
                _ => {}
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(Error::Invalid(problems)) }
    }

    async fn incident_permit(&self, viewer: &Viewer) -> Result<Permit<Manage>> {
        let school = viewer.person.school_id;
        self.permit(&viewer.at_school(), Kind::Compliance, school.0).await
    }
}

fn incident(id: IncidentId, kind: IncidentKind, found: &str, days: &IncidentDays, version: i64) -> Incident {
    let day = |day: Option<Date>| day.map(|day| day.to_string());
    let (reported, told, closed) = (day(days.reported), day(days.told), day(days.closed));
    Incident { id, kind, found: found.to_owned(), reported, told, closed, version }
}

/// Who accessed what about children, by month; refused acts are no accesses.
fn accesses(days: &[AccessDay]) -> Vec<Accesses> {
    let mut by: BTreeMap<(Role, Kind), [i64; 12]> = BTreeMap::new();
    for day in days.iter().filter(|day| day.event != Event::Refused.as_str()) {
        let (Some(role), Some(kind)) = (Role::parse(&day.role), Kind::parse(&day.kind)) else { continue };
        let month = jiff::civil::date(1970, 1, 1).checked_add(jiff::Span::new().days(day.day)).map(Date::month);
        let month = month.ok().and_then(|month| usize::try_from(month - 1).ok());
        if let Some(month) = month.filter(|_| kind.is_of_a_child()) {
            by.entry((role, kind)).or_default()[month] += day.count;
        }
    }
    by.into_iter().map(|((role, kind), months)| Accesses { role, kind, months }).collect()
}

/// What was asked for or decided, as far as audit lines tell.
fn requests(days: &[AccessDay]) -> Vec<(RequestKind, i64)> {
    let events = |kind: RequestKind| -> &[Event] {
        match kind {
            RequestKind::Correction => &[Event::FieldEdited, Event::EntryCorrected],
            RequestKind::Circumstance => &[Event::CircumstanceDecided],
            RequestKind::Providing => &[Event::PacketMade],
            RequestKind::ErasureAsked => &[Event::ErasureAsked],
            RequestKind::Erased => &[Event::FileErased],
            RequestKind::Hold => &[Event::HoldSet],
        }
    };
    let total = |kind: &RequestKind| {
        let of = days.iter().filter(|day| events(*kind).iter().any(|event| event.as_str() == day.event));
        (*kind, of.map(|day| day.count).sum())
    };
    RequestKind::ALL.iter().map(total).collect()
}

/// What the district may know of a pack.
fn summed(pack: &Pack) -> PackSum {
    let accesses: i64 = pack.accesses.iter().map(Accesses::total).sum();
    let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let open = pack.incidents.iter().filter(|incident| incident.closed.is_none()).count();
    PackSum {
        school: pack.school.clone(),
        roll: pack.roll,
        under: pack.under,
        accesses: accesses / ROUND * ROUND,
        incidents: [count(pack.incidents.len()), count(open)],
        trained: pack.trained,
    }
}

#[cfg(test)]
mod tests;
