//! The publisher: makes the report of a month from the facts, once. The only act that opens a fact or the noise key.
//!
//! It runs on every node; whoever comes first publishes, and the others find it. What it reads is a snapshot, and nobody waits
//! while it counts; then one transaction of its own, in which it has its turn, looks once more and adds the releases.

mod marks;

use std::collections::BTreeMap;
use std::path::Path;

use jiff::civil::Date;
use uuid::Uuid;

use self::marks::Marks;
use super::facts::term_of;
use super::{App, Error, Result};
use crate::domain::clock::school_instant;
use crate::domain::county::HalfYear;
use crate::domain::gate::REPORTS;
use crate::domain::gate::calendar::{Due, can_begin, day_of, due};
use crate::domain::gate::limits::Limits;
use crate::domain::gate::menu::{LATEST, Menu, Profile, Tier};
use crate::domain::gate::release::{COUNTY, Counts, Released, Scope, publish};
use crate::domain::ids::SchoolId;
use crate::domain::process::Process;
use crate::store::{Conn, Epoch, Release, School, Tally};
use crate::vault::{FactKey, NoiseKey};

/// The name of the turn.
const TURN: &str = "publish";
/// From so many schools on their sum is published too.
const COUNTY_FROM: usize = 2;

/// A report that was published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublishedReport {
    /// The epoch.
    pub epoch: i64,
    /// The report.
    pub report: usize,
    /// Of how many schools, and of all together.
    pub scopes: usize,
}

/// A school or the county, before it is counted.
struct Place {
    id: Uuid,
    roll: Vec<(i64, u32)>,
    tier: Tier,
    /// Whether the tier is decided only now.
    decided_now: bool,
    /// When the term of the school began.
    term: Date,
    facts: Vec<(Uuid, Vec<u8>)>,
    process: Vec<Process>,
}

/// What is to be published.
struct Work {
    epoch: Epoch,
    is_new: bool,
    report: usize,
    day: Date,
    menu: Menu,
    key: NoiseKey,
}

impl App {
    /// Refuses to start with a menu that tells too much about one child.
    ///
    /// # Errors
    /// It does.
    pub fn check_limits(&self) -> Result<()> {
        for version in 1..=LATEST {
            for profile in Profile::ALL {
                let menu = Menu::of(version, *profile).ok_or(Error::NotFound)?;
                Limits::check(&menu).map_err(|too_much| Error::Internal(too_much.into()))?;
            }
        }
        Ok(())
    }

    /// Publishes the report whose time it is, if there is one that was not published. `dir` holds the marks; `starts` says that
    /// the program has just started: then the first report of an installation does not wait for the next month.
    ///
    /// # Errors
    /// The database or the marks; the next round tries again.
    pub async fn publish_what_is_due(&self, dir: &Path, starts: bool) -> Result<Option<PublishedReport>> {
        let today = self.clock.today();
        let mut marks = Marks::read(dir).map_err(broken)?;
        let mut conn = self.db.read().await?;
        let last = conn.last_epoch().await?;
        self.keep_marks(&mut conn, &mut marks, last.as_ref(), today).await?;
        let Some((epoch, is_new, report)) = self.next_report(&mut conn, &marks, last, today, starts).await? else {
            return Ok(None);
        };
        let begins: Date =
            epoch.begins.parse().map_err(|_| Error::Internal(anyhow::anyhow!("an epoch begins nowhere")))?;
        let day = day_of(begins, report);
        if !marks.allow(day) {
            return Ok(None);
        }
        let places = places(&mut conn, &epoch, day).await?;
        drop(conn);
        if places.iter().all(|place| place.tier == Tier::Nothing) {
            return Ok(None);
        }
        let menu = Menu::of(epoch.menu, epoch.profile).ok_or(Error::NotFound)?;
        let Some(sealed) = &epoch.noise else { return Ok(None) };
        let key = NoiseKey::open(&self.secret, epoch.id, sealed)?;
        let facts = self.secret.fact_key();
        let work = Work { epoch, is_new, report, day, menu, key };
        let hash = self.secret.stamp("menu", &[menu.text().as_bytes()]);
        let counted = tokio::task::spawn_blocking(move || {
            let texts = texts(&work, &places, &facts, &hash)?;
            Ok::<_, Error>((work, places, texts))
        });
        let (work, places, texts) = counted.await.map_err(|error| Error::Internal(error.into()))??;
        self.put_report(&mut marks, &work, &places, &texts).await
    }

    /// Brings the marks up to what the database says. Where there are none beside a database that has published, it may be an old
    /// copy: what would be due today is skipped.
    async fn keep_marks(&self, conn: &mut Conn, marks: &mut Marks, last: Option<&Epoch>, today: Date) -> Result<()> {
        if marks.missing
            && let Some(epoch) = last
        {
            marks.add(today, epoch.number, 0).map_err(broken)?;
        }
        if let Some((epoch, report, day)) = conn.last_release().await?
            && let Ok(day) = day.parse::<Date>()
            && marks.allow(day)
        {
            marks.add(day, epoch, report).map_err(broken)?;
        }
        Ok(())
    }

    /// The epoch and report whose time it is, where it was not published.
    async fn next_report(
        &self,
        conn: &mut Conn,
        marks: &Marks,
        last: Option<Epoch>,
        today: Date,
        starts: bool,
    ) -> Result<Option<(Epoch, bool, usize)>> {
        let number = last.as_ref().map_or(0, |epoch| epoch.number).max(marks.epoch) + 1;
        let Some(epoch) = last else {
            let first = starts && marks.allow(Date::MIN);
            let begins = if first { today } else { today.first_of_month() };
            let begin = first || can_begin(today);
            return if begin { Ok(Some((self.new_epoch(number, begins)?, true, 1))) } else { Ok(None) };
        };
        let begins = epoch.begins.parse().unwrap_or(Date::MAX);
        match due(begins, today) {
            Due::Nothing => Ok(None),
            Due::Over => Ok(Some((self.new_epoch(number, today.first_of_month())?, true, 1))),
            Due::Report(report) => {
                let stands = conn.releases_of_report(epoch.number, i64::try_from(report).unwrap_or(0)).await?;
                Ok(stands.is_empty().then_some((epoch, false, report)))
            }
        }
    }

    /// An epoch with a key of its own.
    fn new_epoch(&self, number: i64, begins: Date) -> Result<Epoch> {
        let id = Uuid::new_v4();
        let noise = Some(NoiseKey::generate()?.seal(&self.secret, id)?);
        Ok(Epoch { number, id, begins: begins.to_string(), menu: LATEST, profile: self.noise, noise })
    }

    /// Adds the releases of a report, if nobody else did meanwhile.
    async fn put_report(
        &self,
        marks: &mut Marks,
        work: &Work,
        places: &[Place],
        texts: &[(Uuid, String)],
    ) -> Result<Option<PublishedReport>> {
        let (epoch, report) = (work.epoch.number, i64::try_from(work.report).unwrap_or(0));
        let mut tx = self.begin_long().await?;
        tx.take_turn(TURN).await?;
        let stands = tx.last_epoch().await?;
        let same = stands.as_ref().map(|stands| stands.id) == Some(work.epoch.id);
        let overtaken = if work.is_new { stands.is_some_and(|stands| stands.number >= epoch) } else { !same };
        if overtaken || !tx.releases_of_report(epoch, report).await?.is_empty() {
            tx.leave().await?;
            return Ok(None);
        }
        if work.is_new {
            tx.begin_epoch(&work.epoch).await?;
        }
        for place in places.iter().filter(|place| place.decided_now) {
            tx.insert_epoch_scope(epoch, place.id, place.tier).await?;
        }
        for (scope, text) in texts {
            let before = tx.last_release_of(*scope).await?.map_or_else(Vec::new, |release| release.hash);
            let hash = self.release_hash(&before, *scope, text);
            let day = work.day.to_string();
            tx.insert_release(&Release { scope: *scope, epoch, report, day, text: text.clone(), hash }).await?;
        }
        for (scope, _) in texts.iter().filter(|(scope, _)| !scope.is_nil()) {
            tx.record_published(SchoolId(*scope), &format!("epoch={epoch} report={report}"), self.now()).await?;
        }
        // On the disk before anybody can see a number: if the commit fails now, the report is skipped.
        marks.add(work.day, epoch, report).map_err(broken)?;
        tx.commit().await?;
        Ok(Some(PublishedReport { epoch, report: work.report, scopes: texts.len() }))
    }

    /// The hash of a release, which holds those before it in the same scope.
    pub(super) fn release_hash(&self, before: &[u8], scope: Uuid, text: &str) -> Vec<u8> {
        self.secret.mac("release", &[before, scope.as_bytes(), text.as_bytes()]).to_vec()
    }
}

fn broken(error: std::io::Error) -> Error {
    Error::Internal(anyhow::Error::from(error).context("the marks of the reports"))
}

/// The schools with their sealed facts, and all of them together last.
async fn places(conn: &mut Conn, epoch: &Epoch, day: Date) -> Result<Vec<Place>> {
    let decided: BTreeMap<Uuid, Tier> = conn.epoch_scopes(epoch.number).await?.into_iter().collect();
    let mut rolls: BTreeMap<Uuid, Vec<(i64, u32)>> = BTreeMap::new();
    for (school, cohort, count) in conn.rolls().await? {
        rolls.entry(school.0).or_default().push((cohort, u32::try_from(count).unwrap_or(u32::MAX)));
    }
    let tallies = conn.tallies([HalfYear::of(day); 2]).await?;
    let schools: Vec<School> = conn.schools().await?.into_iter().filter(School::has_students).collect();
    let place = |id: Uuid, roll: Vec<(i64, u32)>, term: Date, facts, process| {
        let stands = decided.get(&id).copied();
        let tier = stands.unwrap_or_else(|| Tier::of_roll(roll.iter().map(|(_, count)| count).sum()));
        let decided_now = stands.is_none() && tier != Tier::Nothing;
        Place { id, roll, tier, decided_now, term, facts, process }
    };
    let mut places = Vec::with_capacity(schools.len() + 1);
    for school in &schools {
        let facts = conn.facts(school.id).await?;
        let terms = conn.terms(school.id).await?;
        let term = term_of(terms.iter().filter_map(|term| term.starts.parse().ok()), day);
        let roll = rolls.remove(&school.id.0).unwrap_or_default();
        let process = process(conn, &tallies, school.id, term, day).await?;
        places.push(place(school.id.0, roll, term, facts, process));
    }
    if schools.len() >= COUNTY_FROM || decided.contains_key(&Uuid::nil()) {
        let mut all: BTreeMap<i64, u32> = BTreeMap::new();
        for (cohort, count) in places.iter().flat_map(|place| &place.roll) {
            *all.entry(*cohort).or_default() += count;
        }
        places.push(place(Uuid::nil(), all.into_iter().rev().collect(), day, Vec::new(), Vec::new()));
    }
    Ok(places)
}

/// Numbers of the work of a school: totals of the half year, and due times from the beginning of the term to the day of the report.
async fn process(conn: &mut Conn, tallies: &[Tally], school: SchoolId, term: Date, day: Date) -> Result<Vec<Process>> {
    let total = |figure| tallies.iter().find(|t| t.school_id == school && t.figure == figure).map_or(0, |t| t.total);
    let (met, due) = conn.deadlines_met(school, school_instant(term, 0), school_instant(day, 0)).await?;
    Ok(Process::of(total, met, due))
}

/// The texts of a report: counted and made on all cores.
fn texts(work: &Work, places: &[Place], facts: &FactKey, hash: &str) -> Result<Vec<(Uuid, String)>> {
    let counts = on_all_cores(places, |place| count(place, facts, work.day))?;
    let mut all = Counts::new();
    for (cell, count) in counts.iter().flatten() {
        *all.entry(*cell).or_default() += count;
    }
    let paired: Vec<(&Place, Counts)> = places
        .iter()
        .zip(counts)
        .map(|(place, counts)| (place, if place.id.is_nil() { all.clone() } else { counts }))
        .filter(|(place, _)| place.tier != Tier::Nothing)
        .collect();
    on_all_cores(&paired, |(place, counts)| {
        let of_all = place.id.is_nil();
        let label = if of_all { COUNTY.to_owned() } else { format!("school-{}", place.id) };
        let scope = Scope { label, county: of_all, tier: place.tier, roll: place.roll.clone(), counts: counts.clone() };
        let cells = publish(|label| work.key.stream(label), &work.menu, &scope, work.report.min(REPORTS));
        let released = Released {
            epoch: work.epoch.number,
            report: work.report,
            day: work.day,
            version: work.menu.version,
            profile: work.menu.profile,
            menu_hash: hash.to_owned(),
            tier: place.tier,
            county: of_all,
            roll: scope.roll,
            process: place.process.clone(),
            cells,
        };
        Ok((place.id, released.text()))
    })
}

/// The true counts of a school.
fn count(place: &Place, key: &FactKey, day: Date) -> Result<Counts> {
    let mut counts = Counts::new();
    for (id, sealed) in &place.facts {
        for cell in key.open_fact(SchoolId(place.id), *id, sealed)?.cells(day, place.term) {
            *counts.entry(cell).or_default() += 1;
        }
    }
    Ok(counts)
}

/// Does something with each of many, on as many threads as there are cores; the answers stand in the same order.
fn on_all_cores<T: Sync, R: Send>(all: &[T], act: impl Fn(&T) -> Result<R> + Sync) -> Result<Vec<R>> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let size = all.len().div_ceil(threads * 8).max(1);
    let next = std::sync::atomic::AtomicUsize::new(0);
    let done = std::sync::Mutex::new(Vec::new());
    let work = || {
        loop {
            let nth = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let Some(part) = all.chunks(size).nth(nth) else { break };
            let answers: Result<Vec<R>> = part.iter().map(&act).collect();
            done.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push((nth, answers));
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    let mut done = done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    done.sort_by_key(|(nth, _)| *nth);
    let mut answers = Vec::with_capacity(all.len());
    for (_, part) in done {
        answers.extend(part?);
    }
    Ok(answers)
}

#[cfg(test)]
pub(crate) mod tests;
