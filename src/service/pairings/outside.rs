//! Helpers from outside 社会帮扶人员: they hold no key. They read one card with an alias, sealed to them alone, and what they
//! write goes, unreadable to themselves, to the homeroom of the class; whoever opens the file next takes it in.

use jiff::ToSpan as _;
use jiff::civil::Date;
use uuid::Uuid;

use super::{NewPairing, PURPOSE, wrong_text};
use crate::domain::audit::Event;
use crate::domain::clock::DAY;
use crate::domain::county::HalfYear;
use crate::domain::helping::NeedsCard;
use crate::domain::ids::{EntryId, LetterId, PairingId, PersonId, StudentId};
use crate::domain::process::ProcessFigure;
use crate::domain::record::{EntryText, SheetRow};
use crate::domain::relation::Standing;
use crate::domain::warning::{LetterKind, LetterState};
use crate::domain::words::{Compartment, Kind, OfficeKind, Role, Way};
use crate::policy::{Append, Manage, Permit, Read, Report};
use crate::service::approach::Approach;
use crate::service::error::again;
use crate::service::facts::Part;
use crate::service::files::entry_spot;
use crate::service::letters::NewLetter;
use crate::service::{App, Error, FieldProblem, Keys, Result, Told, Viewer};
use crate::store::{Conn, Entry, Letter, NewEntry, Pairing, Tx};
use crate::vault::{LetterName, OfficeKey, Recipient, open_letter, seal_letter};

/// The longest alias, in characters.
pub const ALIAS: usize = 20;
/// The longest text about needs and measures, in characters.
pub const NEEDS: usize = 500;
/// Entries that somebody from outside can send in a day.
const A_DAY: i64 = 40;

impl App {
    /// Whether the background of a person was checked less than a year ago (未成年人保护法 §62).
    ///
    /// # Errors
    /// The database.
    pub(crate) async fn is_checked(&self, conn: &mut Conn, person: PersonId) -> Result<bool> {
        Ok(self.check_stands(conn.check_of(person).await?.as_deref()))
    }

    /// Whether a check of this day (`YYYY-MM-DD`) still counts.
    pub(crate) fn check_stands(&self, day: Option<&str>) -> bool {
        let day = day.and_then(|day| day.parse::<Date>().ok());
        day.is_some_and(|day| check_holds(day, self.clock.today()))
    }

    /// Notes when the background of somebody was checked.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a day that is not of the last year; [`Error::NotFound`] for anyone but an administrator, or when
    /// there is no such person.
    pub async fn note_check(&self, standing: &Standing, person: PersonId, day: Date) -> Result<()> {
        let permit = self.permit::<Manage>(standing, Kind::Staff, standing.school.0).await?;
        let mut tx = self.begin().await?;
        tx.person(person).await?.filter(|p| p.school_id == standing.school).ok_or(Error::NotFound)?;
        self.put_check(&mut tx, &permit, person, day).await?;
        Ok(tx.commit().await?)
    }

    /// Stores the day of a background check, with its line.
    pub(crate) async fn put_check(
        &self,
        tx: &mut Tx,
        permit: &Permit<Manage>,
        person: PersonId,
        day: Date,
    ) -> Result<()> {
        if day > self.clock.today() {
            return Err(Error::field("checked", "date-in-the-future"));
        }
        if !check_holds(day, self.clock.today()) {
            return Err(Error::field("checked", "check-out-of-date"));
        }
        tx.put_check(permit, person, &day.to_string(), self.now()).await?;
        Ok(tx.record_about(permit, Event::CheckNoted, person.0, &format!("day={day}"), self.now()).await?)
    }

    /// What somebody from outside is told of a child.
    pub(super) fn needs_card(&self, approach: &Approach, new: &NewPairing) -> NeedsCard {
        let Told { alias, needs, measures } = &new.told;
        let grade = u8::try_from(i64::from(self.school_year()) - approach.class.cohort + 1).unwrap_or(0);
        NeedsCard {
            alias: alias.trim().to_owned(),
            grade,
            purpose: new.purpose.trim().to_owned(),
            needs: needs.trim().to_owned(),
            measures: measures.trim().to_owned(),
        }
    }

    /// Seals the card of a pairing to its helper alone.
    pub(super) fn hand_card(&self, pairing: &mut Pairing, card: &NeedsCard, to: &Recipient) -> Result<()> {
        let (sealed, mark) = seal_letter(&serde_json::to_vec(card)?, card_name(pairing), to, &self.secret)?;
        (pairing.handed, pairing.handed_mark) = (Some(sealed), Some(mark.to_vec()));
        Ok(())
    }

    /// The card that was handed to somebody from outside, if the person is who it was handed to and the pairing runs.
    ///
    /// # Errors
    /// [`Error::NotFound`] otherwise (not recorded: the caller decides whether it was asked for).
    pub(crate) fn read_handed(
        &self,
        viewer: &Viewer,
        standing: &Standing,
        pairing: &Pairing,
    ) -> Result<(Permit<Read>, NeedsCard)> {
        let permit = self.policy.permit::<Read>(standing, Kind::Pairing, pairing.id.0).map_err(|_| Error::NotFound)?;
        let (Some(sealed), Some(mark)) = (&pairing.handed, &pairing.handed_mark) else { return Err(Error::NotFound) };
        let (identity, holder) = (&viewer.ring.identity, viewer.person.id.0);
        let opened = open_letter(&permit, identity, holder, card_name(pairing), sealed, mark, &self.secret)?;
        Ok((permit, serde_json::from_slice(&opened)?))
    }

    /// The card of one's own pairing, for the head of the form in which somebody from outside writes.
    ///
    /// # Errors
    /// [`Error::NotFound`] unless the person is its helper from outside, it runs, and the background check is not out of date.
    pub async fn needs(&self, viewer: &Viewer, id: PairingId) -> Result<NeedsCard> {
        let mut conn = self.db.read().await?;
        let (pairing, approach) = self.own_outside(&mut conn, viewer, id).await?;
        drop(conn);
        self.permit::<Report>(&approach.standing, Kind::Support, pairing.student_id.0).await?;
        let (permit, card) = self.read_handed(viewer, &approach.standing, &pairing)?;
        self.leave_trace(&permit, Event::PairingsRead, "", &[]).await?;
        Ok(card)
    }

    /// A pairing of which the person is the helper from outside.
    async fn own_outside(&self, conn: &mut Conn, viewer: &Viewer, id: PairingId) -> Result<(Pairing, Approach)> {
        let mine = |p: &Pairing| p.outside && p.helper_id == viewer.person.id && viewer.has(Role::ExternalHelper);
        let pairing = conn.pairing(id).await?.filter(mine).ok_or(Error::NotFound)?;
        let approach = self.approach(conn, viewer, pairing.student_id).await?;
        Ok((pairing, approach))
    }

    /// Sends an entry about the child of one's own pairing. Its writer cannot read it back; sent twice, it is one entry.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every wrong field; [`Error::TooMany`] after forty a day; [`Error::NotFound`] unless the person is
    /// the helper from outside, the pairing runs, and the background check is not out of date.
    pub async fn contribute(
        &self,
        viewer: &Viewer,
        pairing: PairingId,
        letter: LetterId,
        text: &EntryText,
    ) -> Result<()> {
        self.check_entry(text)?;
        let mut tx = self.begin().await?;
        let (pairing, approach) = self.own_outside(&mut tx, viewer, pairing).await?;
        let student = approach.student.id;
        let Ok(permit) = self.policy.permit::<Report>(&approach.standing, Kind::Support, student.0) else {
            drop(tx);
            return self.permit::<Report>(&approach.standing, Kind::Support, student.0).await.map(drop);
        };
        if tx.letters_sent_since(viewer.person.id, LetterKind::Contribution, self.now() - DAY).await? >= A_DAY {
            return Err(Error::TooMany { retry: 3600 });
        }
        let offices = tx.offices_of_class(approach.student.school_id, approach.class.id).await?;
        let homeroom = offices.iter().find(|office| office.kind == OfficeKind::Homeroom);
        let to = self.office_recipient(homeroom.ok_or(Error::NotFound)?)?;
        let (kind, sender) = (LetterKind::Contribution, Some(viewer.person.id));
        let new = NewLetter { id: letter, kind, student: Some(student), sender, content: text };
        if self.send_letter(&mut tx, &permit, &to, new).await? {
            tx.record(&permit, Event::EntryContributed, "", self.now()).await?;
            let class = Some(approach.class.id);
            let teachers = self.holders_of_role(&mut tx, pairing.school_id, Role::HomeroomTeacher, class).await?;
            self.tell(&mut tx, pairing.school_id, &teachers, &format!("/files/{student}")).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Takes what people from outside sent into the file, as entries by their authors, if the person keeps the file. Whoever
    /// does not, leaves it where it is.
    ///
    /// # Errors
    /// The database.
    pub(crate) async fn take_in_contributions(&self, viewer: &Viewer, id: StudentId) -> Result<()> {
        again(|| self.try_take_in(viewer, id)).await
    }

    async fn try_take_in(&self, viewer: &Viewer, id: StudentId) -> Result<()> {
        let mut tx = self.begin().await?;
        let approach = self.approach(&mut tx, viewer, id).await?;
        let standing = &approach.standing;
        let Ok(permit) = self.policy.permit::<Append>(standing, Kind::Support, id.0) else { return Ok(()) };
        let Ok(read) = self.policy.permit::<Read>(standing, Kind::Support, id.0) else { return Ok(()) };
        let keys = self.keys_for_writing(&mut tx, viewer, &permit, &approach, Compartment::Support).await?;
        if keys.newest(Compartment::Support, Uuid::nil()).is_none() {
            return Ok(());
        }
        let (mut taken, mut visited) = (0, false);
        for letter in tx.contributions(id).await? {
            let Some(text) = self.contribution(&mut tx, viewer, standing, &letter).await? else { continue };
            let mut progress = self.progress(&mut tx, &read, &keys, id).await?;
            let entry = taken_in(&keys, &letter, id, &text)?;
            let author = PersonId(letter.sender.unwrap_or_default());
            tx.take_in_entry(&permit, &entry, author).await?;
            if text.way == Way::HomeVisit {
                visited = true;
                tx.tally(&permit, permit.school(), HalfYear::of(text.date), ProcessFigure::VisitsMade, 1).await?;
            }
            if !tx.move_letter(&permit, &letter, LetterState::Done, None, Some(id), true).await? {
                return Err(Error::Raced);
            }
            if progress.add(entry.id, None, text.date, text.effect) {
                self.bring_in_the_office(&mut tx, &permit, &approach.student, &progress).await?;
            }
            taken += 1;
        }
        if taken == 0 {
            return Ok(tx.leave().await?);
        }
        if visited {
            self.recount(&mut tx, viewer, &permit, id, Part::Visit).await?;
        }
        tx.record(&permit, Event::EntryTakenIn, &format!("entries={taken}"), self.now()).await?;
        Ok(tx.commit().await?)
    }

    /// What a contribution says, where the person holds the key of the homeroom it was sealed to. One that was tampered with
    /// stays where it is, for the log to tell of: it must not keep the file from opening.
    async fn contribution(
        &self,
        conn: &mut Conn,
        viewer: &Viewer,
        standing: &Standing,
        letter: &Letter,
    ) -> Result<Option<EntryText>> {
        let Ok(read) = self.policy.permit::<Read>(standing, letter.kind.kind(), letter.id.0) else { return Ok(None) };
        let office = conn.offices(letter.school_id).await?.into_iter().find(|office| office.id.0 == letter.holder);
        let Some(office) = office else { return Ok(None) };
        let key: OfficeKey = match self.held_office_key(conn, viewer, &office).await {
            Ok(key) => key,
            Err(Error::NoKey) => return Ok(None),
            Err(other) => return Err(other),
        };
        let opened = self.opened_letter(&read, &key.identity, letter).ok();
        let text = opened.and_then(|content| serde_json::from_slice(&content).ok());
        if text.is_none() {
            tracing::warn!(letter = %letter.id, "an entry from outside does not open");
        }
        Ok(text)
    }
}

/// Which letter the card of a pairing is.
fn card_name(pairing: &Pairing) -> LetterName {
    LetterName { school: pairing.school_id, letter: LetterId(pairing.id.0), kind: LetterKind::NeedsCard }
}

/// A check is worth something for less than a year.
pub(super) fn check_holds(day: Date, today: Date) -> bool {
    day <= today && today < day.saturating_add(1.year())
}

/// A contribution as an entry, in the place in the order of entries that its time gives it.
fn taken_in(keys: &Keys, letter: &Letter, student_id: StudentId, text: &EntryText) -> Result<NewEntry> {
    let micros = u64::try_from(letter.sent_at).unwrap_or(0);
    let nanos = u32::try_from(micros % 1_000_000 * 1_000).unwrap_or(0);
    let at = uuid::Timestamp::from_unix(uuid::NoContext, micros / 1_000_000, nanos);
    let entry = Entry {
        id: EntryId(Uuid::new_v7(at)),
        student_id,
        compartment: Compartment::Support,
        owner: Uuid::nil(),
        author: PersonId(letter.sender.unwrap_or_default()),
        corrects: None,
        written_at: letter.sent_at,
        epoch: 0,
        sealed: Vec::new(),
    };
    let mut spot = entry_spot(&entry);
    let sealed = keys.seal(&mut spot, text)?;
    let Entry { id, owner, written_at, .. } = entry;
    Ok(NewEntry { id, owner, corrects: None, written_at, epoch: spot.epoch, sealed })
}

/// What is wrong with what somebody from outside would be told: nothing in it may say who the child is.
pub(super) fn wrong_card(new: &NewPairing, row: &SheetRow, class: i64) -> Vec<FieldProblem> {
    let Told { alias, needs, measures } = &new.told;
    let texts = [
        ("alias", alias, ALIAS, true),
        ("purpose", &new.purpose, PURPOSE, true),
        ("needs", needs, NEEDS, true),
        ("measures", measures, NEEDS, false),
    ];
    let wrong = |(field, text, limit, required): (&'static str, &String, usize, bool)| {
        let length = wrong_text(text, limit, required).filter(|_| field != "purpose");
        let code = length.or_else(|| says_who(text, &row.name, class).then_some("names-the-child"));
        code.map(|code| FieldProblem { field, code })
    };
    texts.into_iter().filter_map(wrong).collect()
}

/// Whether a text names a child or the class: by the whole name, the given name, or the number of the class.
fn says_who(text: &str, name: &str, class: i64) -> bool {
    let given: String = name.chars().skip(1).collect();
    let mut telling = vec![name.to_owned(), format!("{class}班"), format!("（{class}）班"), format!("({class})班")];
    telling.extend((given.chars().count() > 1).then_some(given));
    telling.iter().any(|part| !part.is_empty() && text.contains(part.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_check_is_good_for_less_than_a_year() {
        let today = date(2026, 11, 23);
        for (day, holds) in [
            (date(2026, 11, 23), true),
            (date(2025, 11, 24), true),
            (date(2025, 11, 23), false),
            (date(2026, 11, 24), false),
        ] {
            assert_eq!(check_holds(day, today), holds, "{day}");
        }
    }

    #[test]
    fn a_text_that_names_the_child_or_the_class_is_noticed() {
        for text in ["沈一诺", "叫一诺的孩子", "七年级3班的孩子", "七（3）班"] {
            assert!(says_who(text, "沈一诺", 3), "{text}");
        }
        for text in ["小树", "一位喜欢画画的同学", "七年级13岁", "姓沈的远亲", "12班"] {
            assert!(!says_who(text, "沈一诺", 3), "{text}");
        }
        assert!(!says_who("方便的时候", "方可", 1), "one character of a name says nothing");
    }
}
