//! 强制报告: any member of staff reports, the persons named read and act, and nobody can close a report without the police.
//!
//! A report has a key of its own, wrapped to the persons named and to the recovery identity, never to an office. Whoever
//! reports is written down inside it and nowhere else: not in the row, not in the audit line, not in the log.

use std::collections::BTreeSet;

use jiff::civil::DateTime;
use uuid::Uuid;

use super::crises::{collect, optional, text};
use super::error::again;
use super::keys::Spot;
use super::{App, Error, FieldProblem, Keys, Result, Viewer};
use crate::domain::audit::Event;
use crate::domain::clock::{DAY, HOUR, school_time};
use crate::domain::ids::{PersonId, ReportId, SchoolId};
use crate::domain::mandatory::{
    Bureau, LEAST_NAMED, MandatoryReport, Missing, OfSide, Police, Side, Situation, bureau_due, police_due,
};
use crate::domain::relation::{Facts, Standing};
use crate::domain::warning::Safe;
use crate::domain::words::{Action, Compartment, Kind, OfficeKind, Role};
use crate::policy::{Manage, Opens, Permit, Read, Report, Write};
use crate::store::{Conn, Key, NewWrap, Person, StoredReport, Tx};
use crate::vault::{CompartmentKey, KeyName, Recipient};

/// The longest text, in characters.
const TEXT: usize = 4_000;
/// The longest line, in characters.
const LINE: usize = 200;
/// So many reports an hour one school can make: a line of defence against a flood that keeps no count by person.
const HOURLY: i64 = 60;
/// Reports shown at once.
const SHOWN: i64 = 100;
/// Reports whose bell rings in one go.
const AT_ONCE: i64 = 200;
/// Once police and bureau know, those named are reminded of an open report this often.
const LATER: i64 = 7 * DAY;

/// A report about to be made.
#[derive(Clone)]
pub struct NewMandatory {
    /// Made with the form, so that a form sent twice is one report. Random.
    pub id: ReportId,
    /// Which situation.
    pub situation: Situation,
    /// Of bullying: serious.
    pub serious: bool,
    /// The student: name and class.
    pub who: String,
    /// What was seen and heard.
    pub seen: String,
    /// Where and when.
    pub place: String,
    /// What was kept as evidence.
    pub evidence: String,
    /// Is the child safe now.
    pub safe: Safe,
}

/// What follows a report.
#[derive(Debug, Clone)]
pub enum ReportStep {
    /// 报案
    Police(Police),
    /// 报教育局
    Bureau(Bureau),
    /// A family was told.
    Family(Side, String),
    /// A student was followed up.
    Followed(Side, String),
    /// Anything else worth keeping.
    Note(String),
    /// It is over.
    Close(String),
}

/// How far a report came, for whoever holds its receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReportState {
    /// When it was made, microseconds UTC.
    pub made_at: i64,
    /// When it was written down that the police were told.
    pub police_at: Option<i64>,
    /// When it was written down that the bureau was told.
    pub bureau_at: Option<i64>,
    /// When it was closed.
    pub closed_at: Option<i64>,
}

/// A report in the list of those named.
#[derive(Debug)]
pub struct ListedReport {
    /// Its row.
    pub stored: StoredReport,
    /// What it says; none for a person who was named after it was last changed.
    pub report: Option<MandatoryReport>,
}

/// The page of mandatory reports.
#[derive(Debug)]
pub struct Reports {
    /// Who receives them.
    pub named: Vec<Person>,
    /// Whether they were named, or stand in because fewer than two were.
    pub by_name: bool,
    /// Who could be named; for whoever may name.
    pub candidates: Vec<Person>,
    /// The reports, for those named.
    pub reports: Option<Vec<ListedReport>>,
}

/// A report, opened by a person named.
#[derive(Debug)]
pub struct OpenedReport {
    /// Its row.
    pub stored: StoredReport,
    /// What it says.
    pub report: MandatoryReport,
    /// What keeps it open.
    pub missing: Vec<Missing>,
}

impl App {
    /// Makes a mandatory report. The clock runs from now on. Gives the phrase of its receipt; a form sent twice gives the
    /// same one.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every wrong field; [`Error::TooMany`] in a flood; [`Error::NotFound`] for anyone who is no
    /// member of staff.
    pub async fn report_mandatory(&self, viewer: &Viewer, new: &NewMandatory) -> Result<String> {
        let school = viewer.person.school_id;
        let permit = self.permit::<Report>(&viewer.at_school(), Kind::Restricted, school.0).await?;
        let report = checked(new, viewer.person.id)?;
        again(|| self.try_report_mandatory(viewer, &permit, new.id, &report)).await?;
        Ok(self.receipt_phrase(new.id))
    }

    async fn try_report_mandatory(
        &self,
        viewer: &Viewer,
        permit: &Permit<Report>,
        id: ReportId,
        report: &MandatoryReport,
    ) -> Result<()> {
        let (school, now) = (permit.school(), self.now());
        let mut tx = self.begin().await?;
        if tx.report(id).await?.is_some() {
            return Ok(tx.leave().await?);
        }
        if tx.reports_made_since(school, now - HOUR).await? >= HOURLY {
            return Err(Error::TooMany { retry: 600 });
        }
        let named = self.named_now(&mut tx, school).await?;
        let holders = self.report_holders(&mut tx, &named).await?;
        let mut keys = Keys::open(viewer, &self.secret, school, id.0, &[]);
        let made = self.make_key(&mut tx, permit, id.0, Compartment::Restricted, Uuid::nil(), &holders).await?;
        let (key, secret) = made;
        keys.put(&key, secret);
        let due = police_due(now, report.safe);
        let mut stored = StoredReport {
            id,
            school_id: school,
            made_at: now,
            police_due: due,
            bureau_due: bureau_due(now),
            police_at: None,
            bureau_at: None,
            closed_at: None,
            next_at: Some(due),
            rung: 0,
            receipt: self.receipt_hash(&self.receipt_phrase(id)),
            epoch: 0,
            version: 1,
            sealed: Vec::new(),
        };
        seal_report(&keys, &mut stored, report)?;
        tx.insert_report(permit, &stored).await?;
        self.tell(&mut tx, school, &named, "/reports/mandatory").await?;
        tx.record_unnamed(permit, Event::MandatoryReported, id.0, now).await?;
        Ok(tx.commit().await?)
    }

    /// The phrase on the receipt of a report: four groups of five signs, made from its id under the server secret. It says
    /// nothing about who reported.
    fn receipt_phrase(&self, id: ReportId) -> String {
        const SIGNS: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
        let mac = self.secret.mac("mandatory receipt", &[id.0.as_bytes()]);
        let signs = mac.iter().take(20).map(|byte| char::from(SIGNS[usize::from(byte & 31)]));
        let signs: Vec<char> = signs.collect();
        signs.chunks(5).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join("-")
    }

    /// Under which hash a report is found by its phrase, however the phrase was typed.
    fn receipt_hash(&self, phrase: &str) -> Vec<u8> {
        let plain: String =
            phrase.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect();
        self.secret.mac("mandatory receipt hash", &[plain.as_bytes()]).to_vec()
    }

    /// How far a report came, by the phrase of its receipt; none for a phrase that belongs to no report of the school. Leaves
    /// no line: it would tell who asked.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anyone who is no member of staff.
    pub async fn report_state(&self, viewer: &Viewer, phrase: &str) -> Result<Option<ReportState>> {
        let school = viewer.person.school_id;
        self.permit::<Report>(&viewer.at_school(), Kind::Restricted, school.0).await?;
        let found = self.db.read().await?.report_with_receipt(&self.receipt_hash(phrase)).await?;
        let found = found.filter(|stored| stored.school_id == school);
        Ok(found.map(|StoredReport { made_at, police_at, bureau_at, closed_at, .. }| ReportState {
            made_at,
            police_at,
            bureau_at,
            closed_at,
        }))
    }

    /// Who receives mandatory reports now: those who were named, or, while fewer than two are, every counsellor and director
    /// whom a colleague let into the office. An account made by an administrator alone receives nothing.
    ///
    /// # Errors
    /// The database.
    pub(crate) async fn named_now(&self, conn: &mut Conn, school: SchoolId) -> Result<BTreeSet<PersonId>> {
        let can = self.can_be_named(conn, school).await?;
        let named: BTreeSet<PersonId> = conn.named(school).await?.into_iter().map(|(person, _)| person).collect();
        let named: BTreeSet<PersonId> = named.intersection(&can).copied().collect();
        Ok(if named.len() >= LEAST_NAMED { named } else { can })
    }

    /// Counsellors and directors with an account in use, whom a colleague let into the office of their role.
    async fn can_be_named(&self, conn: &mut Conn, school: SchoolId) -> Result<BTreeSet<PersonId>> {
        let offices = conn.offices(school).await?;
        let admitted = |kind: OfficeKind, members: &[(crate::domain::ids::OfficeId, PersonId)], person: PersonId| {
            offices.iter().any(|office| office.kind == kind && members.contains(&(office.id, person)))
        };
        let members = conn.members(school).await?;
        let persons = conn.persons(school).await?;
        let ready = |id| persons.iter().any(|p| p.id == id && p.active && p.recipient.is_some());
        let mut can = BTreeSet::new();
        for (_, person, duty) in conn.school_duties(school, self.now()).await? {
            let office = match duty.role {
                Role::Counsellor => OfficeKind::Counselling,
                Role::MoralEdDirector => OfficeKind::MoralEd,
                _ => continue,
            };
            if admitted(office, &members, person) && ready(person) {
                can.insert(person);
            }
        }
        Ok(can)
    }

    /// The public keys of those named, and of the recovery identity.
    async fn report_holders(&self, tx: &mut Tx, named: &BTreeSet<PersonId>) -> Result<Vec<Recipient>> {
        let mut holders = vec![self.recovery_recipient(tx).await?];
        for person in named {
            holders.extend(self.person_recipient(tx, *person).await?);
        }
        Ok(holders)
    }

    /// How the person stands to mandatory reports.
    async fn at_reports(&self, conn: &mut Conn, viewer: &Viewer) -> Result<Standing> {
        let granted = self.named_now(conn, viewer.person.school_id).await?.contains(&viewer.person.id);
        Ok(viewer.standing(&Facts { granted, ..Facts::school(viewer.person.school_id) }))
    }

    /// The page of mandatory reports: who receives them, and for those named the reports themselves.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anyone who is no member of staff.
    pub async fn reports(&self, viewer: &Viewer) -> Result<Reports> {
        let school = viewer.person.school_id;
        self.permit::<Report>(&viewer.at_school(), Kind::Restricted, school.0).await?;
        let mut conn = self.db.read().await?;
        let standing = self.at_reports(&mut conn, viewer).await?;
        let named = self.named_now(&mut conn, school).await?;
        let by_name = conn.named(school).await?.len() >= LEAST_NAMED;
        let may_name = self.policy.may(&viewer.at_school(), Kind::Restricted, Action::Manage);
        let mut candidates = if may_name { self.can_be_named(&mut conn, school).await? } else { BTreeSet::new() };
        if by_name {
            candidates.retain(|person| !named.contains(person));
        }
        let persons = conn.persons(school).await?;
        let of = |ids: &BTreeSet<PersonId>| persons.iter().filter(|p| ids.contains(&p.id)).cloned().collect::<Vec<_>>();
        let (named, candidates) = (of(&named), of(&candidates));
        let Ok(permit) = self.policy.permit::<Read>(&standing, Kind::Restricted, school.0) else {
            return Ok(Reports { named, by_name, candidates, reports: None });
        };
        let (mut reports, mut faster) = (Vec::new(), Vec::new());
        for stored in conn.reports(school, SHOWN).await? {
            let read = self.policy.permit::<Read>(&standing, Kind::Restricted, stored.id.0);
            let read = read.map_err(|_| Error::NotFound)?;
            let keys = Keys::of(&mut conn, viewer, &self.secret, stored.id.0).await?;
            let report = match read_report(&keys, &read, &stored) {
                Ok(report) => Some(report),
                Err(Error::NoKey) => None,
                Err(other) => return Err(other),
            };
            faster.extend(keys.faster);
            reports.push(ListedReport { stored, report });
        }
        drop(conn);
        self.leave_trace(&permit, Event::MandatoryRead, "list", &faster).await?;
        Ok(Reports { named, by_name, candidates, reports: Some(reports) })
    }

    /// Opens a report.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anyone who is not named; [`Error::NoKey`] for who was named after its last change.
    pub async fn open_mandatory(&self, viewer: &Viewer, id: ReportId) -> Result<OpenedReport> {
        let mut conn = self.db.read().await?;
        let stored = conn.report(id).await?.filter(|s| s.school_id == viewer.person.school_id);
        let stored = stored.ok_or(Error::NotFound)?;
        let standing = self.at_reports(&mut conn, viewer).await?;
        let keys = Keys::of(&mut conn, viewer, &self.secret, id.0).await?;
        drop(conn);
        let permit = self.permit::<Read>(&standing, Kind::Restricted, id.0).await?;
        let report = read_report(&keys, &permit, &stored)?;
        self.leave_trace(&permit, Event::MandatoryRead, "", &keys.faster).await?;
        Ok(OpenedReport { missing: report.missing(), stored, report })
    }

    /// Adds what follows a report. Its key moves on to today's persons named. `seen` is the version that the person saw.
    ///
    /// # Errors
    /// [`Error::Stale`] when a colleague changed it meanwhile; [`Error::Invalid`] with every wrong field, and for closing
    /// while anything is missing; [`Error::NotFound`] for anyone who is not named.
    pub async fn move_report(&self, viewer: &Viewer, id: ReportId, step: &ReportStep, seen: i64) -> Result<()> {
        let mut conn = self.db.read().await?;
        let standing = self.at_reports(&mut conn, viewer).await?;
        drop(conn);
        self.permit::<Write>(&standing, Kind::Restricted, id.0).await?;
        again(|| self.try_move_report(viewer, id, step, seen)).await
    }

    async fn try_move_report(&self, viewer: &Viewer, id: ReportId, step: &ReportStep, seen: i64) -> Result<()> {
        let now = self.now();
        let mut tx = self.begin().await?;
        let stored = tx.report(id).await?.filter(|s| s.school_id == viewer.person.school_id);
        let mut stored = stored.ok_or(Error::NotFound)?;
        let standing = self.at_reports(&mut tx, viewer).await?;
        let permit = self.policy.permit::<Write>(&standing, Kind::Restricted, id.0).map_err(|_| Error::NotFound)?;
        if stored.version != seen || stored.closed_at.is_some() {
            return Err(Error::Stale(Vec::new()));
        }
        let mut keys = Keys::of(&mut tx, viewer, &self.secret, id.0).await?;
        let mut report = read_report(&keys, &permit, &stored)?;
        take(&mut report, &mut stored, step, viewer.person.id, now)?;
        stored.next_at = next_ring(&report, &stored, now);
        self.move_report_key(&mut tx, &permit, &mut keys, id).await?;
        stored.version += 1;
        seal_report(&keys, &mut stored, &report)?;
        if !tx.put_report(&permit, &stored).await? {
            return Err(Error::Raced);
        }
        let (event, detail) = match step {
            ReportStep::Police(_) => (Event::MandatoryMoved, "police"),
            ReportStep::Bureau(_) => (Event::MandatoryMoved, "bureau"),
            ReportStep::Close(_) => (Event::MandatoryClosed, ""),
            _ => (Event::MandatoryMoved, ""),
        };
        tx.record(&permit, event, detail, now).await?;
        Ok(tx.commit().await?)
    }

    /// Moves the key of a report on, to those who are named now: who was named since then can open it, who no longer is
    /// cannot.
    async fn move_report_key(&self, tx: &mut Tx, permit: &Permit<Write>, keys: &mut Keys, id: ReportId) -> Result<()> {
        let key = tx.keys_of(id.0).await?.into_iter().find(|key| key.compartment == Compartment::Restricted);
        let key = key.ok_or(Error::NoKey)?;
        let next = Key { epoch: key.epoch + 1, ..key };
        if !tx.advance_key(permit, &next).await? {
            return Err(Error::Raced);
        }
        tx.delete_old_wraps(permit, next.id.0, next.epoch).await?;
        let secret = CompartmentKey::generate()?;
        let named = self.named_now(tx, permit.school()).await?;
        for holder in self.report_holders(tx, &named).await? {
            let wrap: NewWrap = self.wrap(&secret, KeyName { key: next.id, epoch: next.epoch }, &holder)?;
            tx.insert_wrap(permit, &wrap).await?;
        }
        keys.put(&next, secret);
        Ok(())
    }

    /// Names a person for mandatory reports, or takes the name back. Whoever is no longer among those who receive them loses
    /// the keys of all reports.
    ///
    /// # Errors
    /// [`Error::Invalid`] for somebody who cannot be named, or where fewer than two would be left; [`Error::NotFound`] for
    /// anyone who names nobody.
    pub async fn set_named(&self, viewer: &Viewer, person: PersonId, named: bool) -> Result<()> {
        let school = viewer.person.school_id;
        let permit = self.permit::<Manage>(&viewer.at_school(), Kind::Restricted, school.0).await?;
        let mut tx = self.begin().await?;
        let before = self.named_now(&mut tx, school).await?;
        if named {
            if !self.can_be_named(&mut tx, school).await?.contains(&person) {
                return Err(Error::field("person", "choose"));
            }
            tx.name_person(&permit, person, self.now()).await?;
        } else {
            let left = tx.named(school).await?.iter().filter(|(one, _)| *one != person).count();
            if left < LEAST_NAMED {
                return Err(Error::field("person", "at-least-two"));
            }
            tx.unname_person(&permit, person).await?;
        }
        let after = self.named_now(&mut tx, school).await?;
        for lost in before.difference(&after) {
            tx.delete_report_wraps_of(&permit, *lost).await?;
        }
        let detail = if named { "named" } else { "unnamed" };
        tx.record_about(&permit, Event::NamedChanged, person.0, detail, self.now()).await?;
        Ok(tx.commit().await?)
    }

    /// Takes a person who left off the list of those named, with the keys of all reports.
    pub(crate) async fn unname(&self, tx: &mut Tx, permit: &Permit<Manage>, person: PersonId) -> Result<()> {
        if tx.unname_person(permit, person).await? {
            tx.record_about(permit, Event::NamedChanged, person.0, "unnamed", self.now()).await?;
        }
        tx.delete_report_wraps_of(permit, person).await?;
        Ok(())
    }

    /// Rings for every open report whose time has come: those named first, then also the leaders of the school, every day
    /// until the police know. Each rings once, whichever node asks. Gives how many. Asked by the clock; opens nothing.
    ///
    /// # Errors
    /// The database.
    pub async fn ring_for_reports(&self) -> Result<usize> {
        let now = self.now();
        let waiting = self.db.read().await?.reports_to_ring(now, AT_ONCE).await?;
        let mut rang = 0;
        for stored in waiting {
            let mut tx = self.begin().await?;
            let next_at = if stored.rung == 0 { now + HOUR } else { now + DAY };
            if !tx.ring_report(&stored, Some(next_at)).await? {
                continue;
            }
            let named = self.named_now(&mut tx, stored.school_id).await?;
            self.tell(&mut tx, stored.school_id, &named, "/reports/mandatory").await?;
            if stored.rung > 0 || named.is_empty() {
                let leaders = self.holders_of_role(&mut tx, stored.school_id, Role::SchoolLeader, None).await?;
                self.tell(&mut tx, stored.school_id, &leaders, "/notices").await?;
            }
            tx.commit().await?;
            rang += 1;
        }
        Ok(rang)
    }
}

/// Where a report stands.
fn report_spot(stored: &StoredReport) -> Spot<'static> {
    Spot {
        table: "mandatory",
        row: stored.id.0,
        column: "sealed",
        compartment: Compartment::Restricted,
        owner: Uuid::nil(),
        epoch: stored.epoch,
        version: stored.version,
    }
}

fn read_report<A: Opens>(keys: &Keys, permit: &Permit<A>, stored: &StoredReport) -> Result<MandatoryReport> {
    keys.read(permit, &report_spot(stored), &stored.sealed)
}

fn seal_report(keys: &Keys, stored: &mut StoredReport, report: &MandatoryReport) -> Result<()> {
    let mut spot = report_spot(stored);
    stored.sealed = keys.seal(&mut spot, report)?;
    stored.epoch = spot.epoch;
    Ok(())
}

/// When the bell rings next for a report that was changed.
fn next_ring(report: &MandatoryReport, stored: &StoredReport, now: i64) -> Option<i64> {
    if stored.closed_at.is_some() {
        return None;
    }
    let outside = report.goes_outside();
    if outside && report.police.is_none() {
        return stored.next_at;
    }
    Some(if outside && report.bureau.is_none() { stored.bureau_due.max(now + HOUR) } else { now + LATER })
}

/// The report that a form describes, or everything that is wrong with it.
fn checked(new: &NewMandatory, reporter: PersonId) -> Result<MandatoryReport> {
    let mut problems = Vec::new();
    let mut take = |taken: Result<String>| match taken {
        Ok(text) => text,
        Err(error) => {
            collect(&mut problems, error);
            String::new()
        }
    };
    let (who, seen) = (take(text("who", &new.who, LINE)), take(text("seen", &new.seen, TEXT)));
    let (place, evidence) = (take(text("place", &new.place, LINE)), take(optional("evidence", &new.evidence, TEXT)));
    if !problems.is_empty() {
        return Err(Error::Invalid(problems));
    }
    let serious = new.serious && new.situation == Situation::Bullying;
    Ok(MandatoryReport {
        situation: new.situation,
        serious,
        who,
        seen,
        place,
        evidence,
        safe: new.safe,
        reporter,
        police: None,
        bureau: None,
        families: Vec::new(),
        followed: Vec::new(),
        notes: Vec::new(),
        outcome: String::new(),
    })
}

/// Takes a step: checks its fields and writes them down.
fn take(
    report: &mut MandatoryReport,
    stored: &mut StoredReport,
    step: &ReportStep,
    by: PersonId,
    now: i64,
) -> Result<()> {
    let of = |side: Side, given: &str| text("text", given, TEXT).map(|text| OfSide { side, text, by, written_at: now });
    match step {
        ReportStep::Police(police) => {
            let mut problems = moment("at", &police.at, now);
            for (field, given) in [("unit", &police.unit), ("reference", &police.reference)] {
                text(field, given, LINE).map_err(|error| collect(&mut problems, error)).ok();
            }
            optional("officer", &police.officer, LINE).map_err(|error| collect(&mut problems, error)).ok();
            if !problems.is_empty() {
                return Err(Error::Invalid(problems));
            }
            report.police = Some(police.clone());
            stored.police_at.get_or_insert(now);
        }
        ReportStep::Bureau(bureau) => {
            let mut problems = moment("at", &bureau.at, now);
            text("who", &bureau.who, LINE).map_err(|error| collect(&mut problems, error)).ok();
            if !problems.is_empty() {
                return Err(Error::Invalid(problems));
            }
            report.bureau = Some(bureau.clone());
            stored.bureau_at.get_or_insert(now);
        }
        ReportStep::Family(side, given) => report.families.push(of(*side, given)?),
        ReportStep::Followed(side, given) => report.followed.push(of(*side, given)?),
        ReportStep::Note(given) => report.notes.push(of(Side::Harmed, given)?),
        ReportStep::Close(outcome) => {
            let outcome = text("outcome", outcome, TEXT)?;
            if !report.missing().is_empty() {
                return Err(Error::field("outcome", "report-open"));
            }
            report.outcome = outcome;
            stored.closed_at = Some(now);
        }
    }
    Ok(())
}

/// What is wrong with a date and time that has passed.
fn moment(field: &'static str, given: &str, now: i64) -> Vec<FieldProblem> {
    let code = match given.parse::<DateTime>() {
        Err(_) => "moment-invalid",
        Ok(at) if at > school_time(now).datetime() => "moment-in-the-future",
        Ok(_) => return Vec::new(),
    };
    vec![FieldProblem { field, code }]
}

#[cfg(test)]
mod tests;
