//! What schools and district write to each other: checked for names, sealed once for each office or person that may read it.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::{App, Error, FieldProblem, Result, Viewer};
use crate::domain::county::Part;
use crate::domain::deidentify::findings;
use crate::domain::ids::{LetterId, PaperId, SchoolId};
use crate::domain::relation::Standing;
use crate::domain::words::{Action, Kind, OfficeKind, Role, SchoolKind};
use crate::policy::{Act, Opens, Permit, Read, Sign};
use crate::store::{Conn, Copy, Paper, Tx};
use crate::vault::{Identity, LetterName, Recipient, open_letter, seal_letter};
use zeroize::Zeroizing;

/// The longest text, in characters.
const TEXT: usize = 6_000;

/// Which text of a meeting or supervision: of which school, what, and about which decision or topic.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The school that wrote it, or that it is for.
    pub school: SchoolId,
    /// What it is.
    pub part: Part,
    /// The decision or topic; empty where there is one text of its part.
    pub item: String,
}

impl Place {
    /// The one text of a part that a school has.
    #[must_use]
    pub const fn of(school: SchoolId, part: Part) -> Self {
        Self { school, part, item: String::new() }
    }
}

/// A text as the person reads it.
#[derive(Clone, PartialEq, Eq)]
pub struct ShownPaper {
    /// What it says; none for whoever has no copy.
    pub text: Option<String>,
    /// When it was written, microseconds UTC.
    pub written_at: i64,
    /// Edit version.
    pub version: i64,
}

impl std::fmt::Debug for ShownPaper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ShownPaper(v{})", self.version)
    }
}

/// The texts of one meeting or supervision, by their places.
pub type Papers = BTreeMap<Place, ShownPaper>;

/// What was sent to be written in a place, over the version that the person saw (0 for a new one).
pub(crate) struct Sent<'a> {
    pub about: Uuid,
    pub place: Place,
    pub text: &'a str,
    pub seen: i64,
}

impl App {
    /// Whether a text may leave the school: not empty, not too long, and no line that names somebody. Names of the own roster are
    /// compared where the writer can open it.
    ///
    /// # Errors
    /// [`Error::Invalid`] on `field`; [`Error::Named`] with every line that names somebody.
    pub(crate) async fn check_paper(&self, viewer: &Viewer, field: &'static str, text: &str) -> Result<()> {
        let code = match text.trim().chars().count() {
            0 => Some("required"),
            1..=TEXT => None,
            _ => Some("too-long"),
        };
        if let Some(code) = code {
            return Err(Error::Invalid(vec![FieldProblem { field, code }]));
        }
        let names = if self.policy.may(&viewer.at_school(), Kind::Roster, Action::Read) {
            self.roster_names(viewer).await?
        } else {
            Vec::new()
        };
        let found = findings(text, &names);
        if found.is_empty() { Ok(()) } else { Err(Error::Named(found)) }
    }

    /// Who reads what is written for these schools: their moral-education offices, their leaders, and the district's office.
    ///
    /// # Errors
    /// The database; a row was tampered with.
    pub(crate) async fn readers(
        &self,
        conn: &mut Conn,
        schools: &BTreeSet<SchoolId>,
    ) -> Result<Vec<(SchoolId, Recipient)>> {
        let mut readers = Vec::new();
        for school in conn.schools().await? {
            let kind = match school.kind {
                SchoolKind::District => OfficeKind::District,
                SchoolKind::School if schools.contains(&school.id) => OfficeKind::MoralEd,
                SchoolKind::School => continue,
            };
            readers.push((school.id, self.school_office(conn, school.id, kind).await?.1));
            if kind == OfficeKind::MoralEd {
                for leader in self.holders_of_role(conn, school.id, Role::SchoolLeader, None).await? {
                    let recipient = self.person_recipient(conn, leader).await?;
                    readers.extend(recipient.map(|recipient| (school.id, recipient)));
                }
            }
        }
        Ok(readers)
    }

    /// Writes a text in its place, with a copy for each reader. The same form sent twice finds its text there.
    ///
    /// # Errors
    /// [`Error::Stale`] where a colleague wrote another text meanwhile.
    pub(crate) async fn write_paper<A: Act>(
        &self,
        tx: &mut Tx,
        viewer: &Viewer,
        permit: &Permit<A>,
        sent: Sent<'_>,
        readers: &[(SchoolId, Recipient)],
    ) -> Result<()> {
        let Sent { about, place, text, seen } = sent;
        let stands = tx.papers(about).await?;
        let there = stands
            .into_iter()
            .find(|paper| (paper.school_id, paper.part, &paper.item) == (place.school, place.part, &place.item));
        let id = there.as_ref().map_or_else(|| PaperId(Uuid::now_v7()), |paper| paper.id);
        let paper = Paper {
            id,
            about,
            school_id: place.school,
            part: place.part,
            item: place.item.clone(),
            written_by: viewer.person.id,
            written_at: self.now(),
            version: 1,
        };
        if !tx.put_paper(permit, &paper, seen).await? {
            let papers = self.open_papers(tx, viewer, about).await?;
            let same = papers.get(&place).and_then(|paper| paper.text.as_deref()) == Some(text.trim());
            return if same { Ok(()) } else { Err(Error::Stale(Vec::new())) };
        }
        for (school, reader) in readers {
            let copy = self.sealed_copy(&paper, *school, reader, text.trim().as_bytes())?;
            tx.put_copy(permit, &copy).await?;
        }
        Ok(())
    }

    fn sealed_copy(&self, paper: &Paper, school: SchoolId, to: &Recipient, text: &[u8]) -> Result<Copy> {
        let id = Uuid::new_v4();
        let name = LetterName { school, letter: LetterId(id), kind: paper.part.letter() };
        let (sealed, mark) = seal_letter(text, name, to, &self.secret)?;
        Ok(Copy { id, paper_id: paper.id, school_id: school, holder: to.holder(), sealed, mark: mark.to_vec() })
    }

    /// The texts of a meeting or supervision, opened where the person or an office of the person has a copy.
    ///
    /// # Errors
    /// The database; a copy was tampered with.
    pub(crate) async fn open_papers(&self, conn: &mut Conn, viewer: &Viewer, about: Uuid) -> Result<Papers> {
        let papers = conn.papers(about).await?;
        let mut copies: BTreeMap<PaperId, Copy> = BTreeMap::new();
        for holder in viewer.ring.offices.iter().map(|key| key.office.0).chain([viewer.person.id.0]) {
            copies.extend(conn.copies(about, holder).await?.into_iter().map(|copy| (copy.paper_id, copy)));
        }
        let mut opened = Papers::new();
        for paper in papers {
            let text = match copies.get(&paper.id) {
                Some(copy) => self.read_copy(viewer, &paper, copy)?,
                None => None,
            };
            let (written_at, version) = (paper.written_at, paper.version);
            let place = Place { school: paper.school_id, part: paper.part, item: paper.item };
            opened.insert(place, ShownPaper { text, written_at, version });
        }
        Ok(opened)
    }

    /// A copy in words; none where it is sealed to a key that is gone.
    fn read_copy(&self, viewer: &Viewer, paper: &Paper, copy: &Copy) -> Result<Option<String>> {
        let permit = self.policy.permit::<Read>(&viewer.at_school(), paper.part.letter().kind(), copy.id);
        let (Ok(permit), Some(identity)) = (permit, viewer.ring.holder(copy.holder)) else { return Ok(None) };
        match self.opened_copy(&permit, identity, paper.part, copy) {
            Ok(text) => Ok(Some(String::from_utf8_lossy(&text).into_owned())),
            // A person whose identity was renewed has copies that nobody opens any more, and is given new ones.
            Err(_) if copy.holder == viewer.person.id.0 => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn opened_copy<A: Opens>(
        &self,
        permit: &Permit<A>,
        identity: &Identity,
        part: Part,
        copy: &Copy,
    ) -> Result<Zeroizing<Vec<u8>>> {
        let name = LetterName { school: copy.school_id, letter: LetterId(copy.id), kind: part.letter() };
        Ok(open_letter(permit, identity, copy.holder, name, &copy.sealed, &copy.mark, &self.secret)?)
    }

    /// Gives everybody who may read the texts of a meeting or supervision by now a copy of what the person can open: leaders and
    /// officers who came later, and who has a new identity. `readers_of` says who reads the texts of which school.
    ///
    /// # Errors
    /// The database.
    pub(crate) async fn hand_round<A: Act>(
        &self,
        tx: &mut Tx,
        viewer: &Viewer,
        permit: &Permit<A>,
        about: Uuid,
        readers: &[(SchoolId, Recipient)],
    ) -> Result<usize> {
        let opened = self.open_papers(tx, viewer, about).await?;
        let mut given = 0;
        for paper in tx.papers(about).await? {
            let place = Place { school: paper.school_id, part: paper.part, item: paper.item.clone() };
            let Some(text) = opened.get(&place).and_then(|paper| paper.text.as_deref()) else { continue };
            for (school, reader) in readers {
                let copy = self.sealed_copy(&paper, *school, reader, text.as_bytes())?;
                tx.put_copy(permit, &copy).await?;
                given += 1;
            }
        }
        Ok(given)
    }

    /// Seals the copies of an office anew to its next key, in the transaction that changes it.
    ///
    /// # Errors
    /// [`Error::NotFound`] for whoever may not; the database.
    pub(crate) async fn reseal_copies<A: Act>(
        &self,
        tx: &mut Tx,
        permit: &Permit<A>,
        keeper: &Standing,
        old: &Identity,
        next: &Recipient,
    ) -> Result<()> {
        for (mut copy, part) in tx.copies_held_by(next.holder()).await? {
            let kind = part.letter().kind();
            let sign = self.policy.permit::<Sign>(keeper, kind, copy.id).map_err(|_| Error::NotFound)?;
            let text = self.opened_copy(&sign, old, part, &copy)?;
            let name = LetterName { school: copy.school_id, letter: LetterId(copy.id), kind: part.letter() };
            let (sealed, mark) = seal_letter(&text, name, next, &self.secret)?;
            (copy.sealed, copy.mark) = (sealed, mark.to_vec());
            tx.reseal_copy(permit, &copy).await?;
        }
        Ok(())
    }
}

/// The names of the schools and the district by id.
pub(crate) async fn school_names(conn: &mut Conn) -> Result<BTreeMap<SchoolId, String>> {
    Ok(conn.schools().await?.into_iter().map(|school| (school.id, school.name)).collect())
}
