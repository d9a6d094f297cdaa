//! How a person stands to one file, and whom it is about.

use super::cases::cell_spot;
use super::files::card_spot;
use super::sheets::row_of;
use super::{App, Error, Keys, Result, Viewer};
use crate::domain::audit::Event;
use crate::domain::crisis::GrantKind;
use crate::domain::ids::StudentId;
use crate::domain::record::{Card, SheetRow};
use crate::domain::relation::{Facts, Standing};
use crate::domain::words::{Action, Compartment, FileStatus, Kind};
use crate::policy::{Policy, Read};
use crate::store::{CellTable, Class, Conn, Grant, NewWrap, Pairing, Seat, SheetPart, Student};

/// How a person stands to one file, and what the database says of it in clear.
#[derive(Debug)]
pub struct Approach {
    /// The student.
    pub student: Student,
    /// The class.
    pub class: Class,
    /// The pairings of the student.
    pub pairings: Vec<Pairing>,
    /// The grants on the file.
    pub grants: Vec<Grant>,
    /// How the person stands to the file.
    pub standing: Standing,
}

impl Approach {
    /// What is known of the file before anything is known of who asks.
    #[must_use]
    pub const fn known(&self) -> Facts {
        Facts::file(self.student.school_id, self.class.id, self.student.status)
    }

    /// Who leads the case of this student on this day (`YYYY-MM-DD`).
    #[must_use]
    pub fn leader(&self, today: &str) -> Option<&Grant> {
        self.grants.iter().find(|grant| grant.kind == GrantKind::CaseLeader && grant.is_running(today))
    }

    /// Asks policy without recording a refusal: for deciding which parts of the page to show.
    #[must_use]
    pub fn may(&self, policy: &Policy, compartment: Compartment, action: Action) -> bool {
        policy.may(&self.standing, compartment.kind(), action)
    }
}

/// Whom the file is about: the roster row, or a helper's card.
#[derive(Debug)]
pub enum Who {
    /// The whole roster row.
    Row(SheetRow),
    /// What a helper may know of it.
    Card(Card),
}

impl Who {
    /// 姓名
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Row(row) => &row.name,
            Self::Card(card) => &card.name,
        }
    }
}

/// Whether the file of a student is sealed away: for what lies beside the file and is about this student.
pub(crate) async fn is_sealed_away(conn: &mut Conn, id: StudentId) -> Result<bool> {
    Ok(conn.student(id).await?.is_some_and(|student| student.status == FileStatus::SealedAway))
}

impl App {
    /// What stands in clear about a file, and how the person stands to it.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is no such student.
    pub async fn approach(&self, conn: &mut Conn, viewer: &Viewer, id: StudentId) -> Result<Approach> {
        Ok(self.standing_at(viewer, conn.seat(id).await?.ok_or(Error::NotFound)?))
    }

    /// How a person stands to the file of a student.
    pub(crate) fn standing_at(&self, viewer: &Viewer, Seat { student, class, pairings, grants }: Seat) -> Approach {
        let today = self.today();
        let mine = pairings.iter().filter(|p| p.helper_id == viewer.person.id && p.is_active(&today));
        let (paired, from_outside) = mine.fold((false, false), |(a, b), p| (a || !p.outside, b || p.outside));
        let outside = from_outside && viewer.checked;
        let leads = grants.iter().any(|g| g.person_id == viewer.person.id && g.is_running(&today));
        let facts =
            Facts { paired, outside, leads, ..Facts::file(student.school_id, student.class_id, student.status) };
        Approach { student, class, pairings, grants, standing: viewer.standing(&facts) }
    }

    /// Whom a file is about, and the class: for the head of a form.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the person may not open the file.
    pub async fn whom(&self, viewer: &Viewer, id: StudentId) -> Result<(Who, Class)> {
        let mut conn = self.db.read().await?;
        let approach = self.approach(&mut conn, viewer, id).await?;
        let permit = self.permit::<Read>(&approach.standing, Kind::Support, id.0).await?;
        let keys = Keys::of(&mut conn, viewer, &self.secret, id.0).await?;
        let (class_keys, sheets) = self.roster_keys(&mut conn, viewer, &approach.class).await?;
        drop(conn);
        let who = self.who(viewer, &approach, &keys, &class_keys, &sheets)?;
        self.leave_trace(&permit, Event::FileOpened, "head", &class_keys.faster).await?;
        Ok((who, approach.class))
    }

    /// Whom a file is about, by the roster as it stands now, and the fast wraps that reading it earned.
    ///
    /// # Errors
    /// As [`App::who`].
    pub(crate) async fn who_now(
        &self,
        conn: &mut Conn,
        viewer: &Viewer,
        approach: &Approach,
        keys: &Keys,
    ) -> Result<(Who, Vec<NewWrap>)> {
        let (class_keys, sheets) = self.roster_keys(conn, viewer, &approach.class).await?;
        let who = self.who(viewer, approach, keys, &class_keys, &sheets)?;
        Ok((who, class_keys.faster))
    }

    /// Whom a file is about: from the class roster for those who hold it, from the pairing's card for a helper, from that of
    /// the grant for who leads the case.
    pub(crate) fn who(
        &self,
        viewer: &Viewer,
        approach: &Approach,
        keys: &Keys,
        class_keys: &Keys,
        sheets: &[SheetPart],
    ) -> Result<Who> {
        let Ok(permit) = self.policy.permit::<Read>(&approach.standing, Kind::Roster, approach.class.id.0) else {
            return Err(Error::NotFound);
        };
        match row_of(class_keys, &permit, sheets, approach.student.id) {
            Ok(row) => Ok(Who::Row(row)),
            Err(Error::NoKey) => {
                let today = self.today();
                let mine = |grant: &&Grant| grant.person_id == viewer.person.id && grant.is_running(&today);
                if let Some(grant) = approach.grants.iter().find(mine) {
                    let warning = self.policy.permit::<Read>(&approach.standing, Kind::Warning, approach.student.id.0);
                    let warning = warning.map_err(|_| Error::NotFound)?;
                    let spot = cell_spot(CellTable::Grants, grant.id.0, grant.epoch, 1);
                    return Ok(Who::Card(keys.read(&warning, &spot, &grant.sealed)?));
                }
                let mut mine = approach.pairings.iter().filter(|p| p.helper_id == viewer.person.id);
                let card = mine.find(|p| p.is_active(&today)).ok_or(Error::NoKey)?;
                let support = self.policy.permit::<Read>(&approach.standing, Kind::Support, approach.student.id.0);
                let support = support.map_err(|_| Error::NotFound)?;
                Ok(Who::Card(keys.read(&support, &card_spot(card), &card.card)?))
            }
            Err(other) => Err(other),
        }
    }
}
