//! The mood log of a class 心理晴雨表: one screen a day, and the signals that its rules make.
//!
//! The log stands under the support key of the class, held by the homeroom, the counselling office and the moral-education
//! office. The rules run when a day is saved, with the keys of whoever saves it: no server reads a log by itself.

use std::collections::{BTreeMap, HashMap};

use jiff::ToSpan as _;
use jiff::civil::Date;
use uuid::Uuid;

use super::error::again;
use super::keys::Spot;
use super::sheets::merged;
use super::{App, Error, Keys, Result, Viewer};
use crate::domain::audit::Event;
use crate::domain::ids::{ClassId, StudentId};
use crate::domain::mood::{Fired, Mood, SEEN, Sheet, fired};
use crate::domain::record::SheetRow;
use crate::domain::relation::{Facts, Standing};
use crate::domain::warning::Signal;
use crate::domain::words::{Action, Compartment, Kind};
use crate::policy::{Act, Opens, Permit, Read, Write};
use crate::store::{Class, Conn, MoodSheet, Tx};

/// A day can be filled in for so long afterwards, in days.
const LATE: i64 = 7;
/// The length of a day's log is at least that of a whole class with a mark each, in bytes: how many were marked does not show.
const WHOLE_CLASS: usize = 4_000;

/// The mood log of a class as its page shows it.
#[derive(Debug)]
pub struct MoodLog {
    /// The class.
    pub class: Class,
    /// The day.
    pub day: Date,
    /// The students by class number, with how each was.
    pub rows: Vec<(SheetRow, Mood)>,
    /// The version of the day that is shown; 0 when it was not kept yet.
    pub version: i64,
    /// The days that were kept of late, newest first.
    pub kept: Vec<Date>,
    /// The rules that this day completes.
    pub fired: Vec<Fired>,
    /// Whether the person may keep the log.
    pub may_write: bool,
}

impl App {
    /// The mood log of a class on a day.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anyone who does not read the class's support; [`Error::NoKey`] without the key of the class.
    pub async fn mood_log(&self, viewer: &Viewer, id: ClassId, day: Option<Date>) -> Result<MoodLog> {
        let mut conn = self.db.read().await?;
        let (class, standing) = class_of(&mut conn, viewer, id).await?;
        let permit = self.permit::<Read>(&standing, Kind::Support, id.0).await?;
        let roster = self.permit::<Read>(&standing, Kind::Roster, id.0).await?;
        let keys = Keys::of(&mut conn, viewer, &self.secret, id.0).await?;
        let day = day.unwrap_or_else(|| self.clock.today());
        let stored = conn.moods(id, SEEN).await?;
        let version = stored.iter().find(|sheet| sheet.day == day.to_string()).map_or(0, |sheet| sheet.version);
        let days = opened(&keys, &permit, &stored)?;
        let marks = days.iter().find(|(of, _)| *of == day).map(|(_, sheet)| sheet.marks.clone()).unwrap_or_default();
        let rows = self.class_rows(&mut conn, &keys, &roster, id).await?;
        drop(conn);
        let rows = rows.into_iter().map(|row| {
            let mood = marks.get(&row.student).copied().unwrap_or(Mood::Calm);
            (row, mood)
        });
        let rows = rows.collect();
        self.leave_trace(&permit, Event::MoodsRead, "", &keys.faster).await?;
        let kept = days.iter().rev().map(|(day, _)| *day).collect();
        let may_write = self.policy.may(&standing, Kind::Support, Action::Write);
        Ok(MoodLog { class, day, rows, version, kept, fired: fired(&days, day), may_write })
    }

    /// The roster rows of those who are in the class now, by class number.
    async fn class_rows(
        &self,
        conn: &mut Conn,
        keys: &Keys,
        roster: &Permit<Read>,
        id: ClassId,
    ) -> Result<Vec<SheetRow>> {
        let students = conn.students_of_class(id).await?;
        let parts = conn.sheets(id).await?;
        let mut rows: HashMap<StudentId, SheetRow> =
            if students.is_empty() { HashMap::new() } else { merged(keys, roster, &parts)? };
        let mut rows: Vec<SheetRow> = students.iter().filter_map(|student| rows.remove(&student.id)).collect();
        rows.sort_by(|a, b| (a.seat, &a.number).cmp(&(b.seat, &b.number)));
        Ok(rows)
    }

    /// Keeps the mood log of a class for a day, and leaves the signals that its rules make with the counselling office: one for
    /// each rule and run of days, however often the day is saved.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a day to come or more than a week ago; [`Error::Stale`] when a colleague kept the day meanwhile;
    /// [`Error::NotFound`] for anyone who does not write the class's support; [`Error::NoKey`].
    pub async fn keep_moods(
        &self,
        viewer: &Viewer,
        id: ClassId,
        day: Date,
        seen: i64,
        marks: &BTreeMap<StudentId, Mood>,
    ) -> Result<()> {
        let today = self.clock.today();
        if day > today {
            return Err(Error::field("day", "date-in-the-future"));
        }
        if day < today.saturating_sub(LATE.days()) {
            return Err(Error::field("day", "too-long-ago"));
        }
        again(|| self.try_keep_moods(viewer, id, day, seen, marks)).await
    }

    async fn try_keep_moods(
        &self,
        viewer: &Viewer,
        id: ClassId,
        day: Date,
        seen: i64,
        marks: &BTreeMap<StudentId, Mood>,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        let (class, standing) = class_of(&mut tx, viewer, id).await?;
        let Ok(permit) = self.policy.permit::<Write>(&standing, Kind::Support, id.0) else {
            drop(tx);
            return self.permit::<Write>(&standing, Kind::Support, id.0).await.map(drop);
        };
        let keys = self.class_keys(&mut tx, viewer, &permit, &class).await?;
        let own: Vec<StudentId> = tx.students_of_class(id).await?.into_iter().map(|student| student.id).collect();
        // Whoever is not named was calm; whoever is not in the class is not kept.
        let named = marks.iter().filter(|(student, mood)| **mood != Mood::Calm && own.contains(student));
        let sheet = Sheet { marks: named.map(|(student, mood)| (*student, *mood)).collect() };
        let mut stored =
            MoodSheet { class_id: id, day: day.to_string(), epoch: 0, version: seen + 1, sealed: Vec::new() };
        let mut spot = mood_spot(&stored);
        stored.sealed = keys.seal_at_least(&mut spot, &sheet, WHOLE_CLASS)?;
        stored.epoch = spot.epoch;
        if !tx.put_mood(&permit, &stored).await? {
            return Err(Error::Stale(Vec::new()));
        }
        let days = opened(&keys, &permit, &tx.moods(id, SEEN).await?)?;
        for fired in fired(&days, day) {
            self.signal(&mut tx, &permit, &class, &fired).await?;
        }
        tx.record(&permit, Event::MoodsKept, "", self.now()).await?;
        Ok(tx.commit().await?)
    }

    /// Leaves the signal of a rule that fired: once for the same rule, child and first day.
    async fn signal<A: Act>(&self, tx: &mut Tx, permit: &Permit<A>, class: &Class, fired: &Fired) -> Result<()> {
        let Fired { student, rule, days } = fired;
        let first = days.first().map_or_else(String::new, Date::to_string);
        let whom = student.map_or(class.id.0, |student| student.0);
        let id = self.letter_from("mood signal", &[rule.as_str().as_bytes(), whom.as_bytes(), first.as_bytes()]);
        let dates: Vec<String> = days.iter().map(Date::to_string).collect();
        let facts = match (student, dates.as_slice()) {
            // About the log of a class, whose name is no secret: who reads the signal must know which one.
            (None, [first, .., last]) => format!("{}级{}班 {first}—{last}", class.cohort, class.number),
            _ => dates.join("、"),
        };
        self.leave_signal(tx, permit, id, *student, &Signal { rule: *rule, facts }).await.map(drop)
    }

    /// The keys of a class with that of its support compartment, which is made where nobody has kept a log yet.
    async fn class_keys<A: Act>(
        &self,
        tx: &mut Tx,
        viewer: &Viewer,
        permit: &Permit<A>,
        class: &Class,
    ) -> Result<Keys> {
        let subject = class.id.0;
        let (stands, wraps) = tx.hold_key(permit, subject, Compartment::Support, Uuid::nil()).await?;
        let mut keys = Keys::open(viewer, &self.secret, class.school_id, subject, &wraps);
        if stands.is_none() {
            let offices = tx.offices_of_class(class.school_id, class.id).await?;
            let holders = self.holders(&offices, class.id, Compartment::Support)?;
            let (key, secret) = self.make_key(tx, permit, subject, Compartment::Support, Uuid::nil(), &holders).await?;
            keys.put(&key, secret);
        }
        Ok(keys)
    }
}

/// A class, and how the person stands to it.
async fn class_of(conn: &mut Conn, viewer: &Viewer, id: ClassId) -> Result<(Class, Standing)> {
    let class = conn.class(id).await?.ok_or(Error::NotFound)?;
    let standing = viewer.standing(&Facts::class(class.school_id, id));
    Ok((class, standing))
}

/// Where the log of a day stands.
pub(crate) fn mood_spot(sheet: &MoodSheet) -> Spot<'static> {
    // The day is part of the place: the version carries it, since a row has no id of its own.
    let day = sheet.day.bytes().filter(u8::is_ascii_digit).fold(0, |day, digit| day * 10 + i64::from(digit - b'0'));
    Spot {
        table: "moods",
        row: sheet.class_id.0,
        column: "sealed",
        compartment: Compartment::Support,
        owner: Uuid::nil(),
        epoch: sheet.epoch,
        version: day << 32 | sheet.version,
    }
}

/// The days in order.
fn opened<A: Opens>(keys: &Keys, permit: &Permit<A>, stored: &[MoodSheet]) -> Result<Vec<(Date, Sheet)>> {
    let mut days = Vec::with_capacity(stored.len());
    for sheet in stored.iter().rev() {
        let day = sheet.day.parse().map_err(|_| Error::Internal(anyhow::anyhow!("corrupt value in moods.day")))?;
        days.push((day, keys.read(permit, &mood_spot(sheet), &sheet.sealed)?));
    }
    Ok(days)
}

#[cfg(test)]
mod tests;
