//! One act of a person: one function, one transaction, one audit line.
//!
//! Every act is a method of [`App`] in the file of its noun. It asks [`App::permit`] first, reads through a snapshot, writes
//! and records in one transaction. Nothing here knows about HTTP or HTML.

mod account;
mod appointments;
mod approach;
mod audits;
mod bell;
mod calendar;
mod cases;
mod channels;
mod circumstances;
mod compliance;
mod concerns;
mod crises;
mod due;
mod entries;
mod erasure;
mod error;
mod facts;
mod files;
mod folding;
mod groups;
mod hand_over;
mod help;
mod help_desk;
mod helping;
mod invitations;
mod kdf_gate;
mod key_check;
mod keys;
mod leading;
mod letters;
mod mandatory;
mod meetings;
mod moods;
mod new_class;
mod notices;
mod offices;
mod outbox;
mod pairings;
mod papers;
mod process;
mod progress;
mod publisher;
mod reading_grants;
mod recovery;
mod referrals;
mod rosters;
mod rotation;
mod screenings;
mod setup;
mod sheets;
mod staff;
mod statistics;
mod structure;
mod supervisions;
mod sweep;
#[cfg(test)]
pub(crate) mod testing;
mod tidy;
mod two_steps;
mod viewer;
mod views;
mod warnings;

pub use account::SignedIn;
pub use appointments::{Agenda, NewAppointment, Slot, Week, monday};
pub use approach::{Approach, Who};
pub use audits::{AccessCounts, BadHead, HeadFault, LINES as AUDIT_LINES, Report, Trail, Walked, signed_heads};
pub use bell::{Bell, Listening, PAGES as LISTENING_PAGES};
pub use calendar::SchoolCalendar;
pub use cases::Due;
pub use channels::{Channels, MailEdit, MailServer, RobotState};
pub use circumstances::Decision;
pub use compliance::{Accesses, Compliance, IncidentDays, Pack, PackSum};
pub use concerns::{NewReport, Receipt, Reportable};
pub use crises::{NewItem, NewShift, OpenedCrisis};
pub use due::{DueList, HolidayCase, HolidayList, ListedDue, Taking};
pub use entries::ShownNote;
pub use erasure::FileKeeping;
pub use error::{Error, FieldProblem, Result, Stale};
pub use files::{FieldEdit, OpenedFile, ShownCompartment, ShownEntry, ShownField};
pub(crate) use files::{entry_spot, layer_spot};
pub use groups::{GroupEdit, MonthCount, NewMeeting, OpenedGroup, ShownGroup};
pub use hand_over::{HeldNotes, InheritedNotes, NotesHeld};
pub use help::{Answers, HELP_TEXT, HelpForm, LETTERS as HELP_LETTERS, LOOKS as HELP_LOOKS, OpenBox};
pub use help_desk::{OpenedHelp, ShownHelp};
pub use helping::{Asked, Helped, HelpedOutside, Helping};
pub use invitations::DAYS as INVITATION_DAYS;
pub use invitations::VALID as INVITATION_VALID;
pub use kdf_gate::KdfGate;
pub use key_check::{Finding, KeyFinding};
pub use keys::Keys;
pub use leading::{Led, NewLeader};
pub use letters::{fresh, receipt_number};
pub use mandatory::{ListedReport, NewMandatory, OpenedReport, ReportState, ReportStep, Reports};
pub use meetings::{
    Contribution, ListedMeeting, Meetings, NewDecision, NewJointMeeting, OWNERS as DECISION_OWNERS, OpenedMeeting,
    ShownDecision, fresh_form,
};
pub use moods::MoodLog;
pub use offices::{Newcomer, OfficeState, Offices, office_of};
pub use outbox::{Destination, Outgoing};
pub use pairings::{
    Candidate, ClassHelp, HandOver, ListedHelper, ListedPairing, ManagedPairing, NewPairing, PairingForm,
    SchoolPairings, Told,
};
pub use papers::ShownPaper;
pub use process::{Progress, SchoolProgress};
pub use progress::{ShownReview, TrackingRecord};
pub use publisher::PublishedReport;
pub use reading_grants::{ByGrant, NewReading, Readings, ShownReading, SupervisedNotes};
pub use referrals::{
    MadePacket, Move, NewPacket, NewReferral, OfferedPart, OpenedReferrals, PacketForm, PartValue, ShownReferral,
};
pub use rosters::{Item, KeptRoster, Outcome, Plan, RosterUpload, StartedImport, Taken};
pub use screenings::Screening;
pub use setup::{FoundedDistrict, FoundedSchool};
pub(crate) use sheets::merged;
pub use sheets::{ClassList, ClassSize, Listed};
pub use staff::{AccountState, GivenDuty, Invited, KeyState, NewPerson, Staff, StaffDetail, StaffMember};
pub use statistics::{Beside, CountyStatistics, SchoolBeside, Statistics};
pub use structure::{Structure, TermEdit};
pub use supervisions::{
    ListedSupervision, NewSupervision, OpenedSupervision, ShownAnswer, SupervisedSchool, Supervisions,
};
pub use sweep::Sweeper;
pub use two_steps::{Offer, Passed, Proof, TwoSteps};
pub use viewer::Viewer;
pub use warnings::{
    Grading, Inbox, LetterContent, ListedWarning, NewStep, OpenedLetter, OpenedWarning, ShownBrief, ShownDue,
    ShownStep, WaitingLetter,
};

use uuid::Uuid;

use crate::domain::clock::Clock;
use crate::domain::gate::menu::Profile;
use crate::domain::relation::Standing;
use crate::domain::words::Kind;
use crate::policy::{Act, Permit, Policy, Refused};
use crate::store::{Db, Tx};
use crate::vault::ServerSecret;

/// Everything an act needs, shared by all requests.
#[derive(Debug)]
pub struct App {
    /// The database.
    pub db: Db,
    /// Who may do what.
    pub policy: Policy,
    /// The secret of this installation, from its file; never in the database.
    pub secret: ServerSecret,
    /// The present.
    pub clock: Clock,
    /// Password hashing, a few at a time.
    pub kdf: KdfGate,
    /// How much noise the numbers for leadership have, from the next epoch on.
    pub noise: Profile,
}

impl App {
    /// Asks policy; a refusal is recorded and answers as if there were nothing.
    ///
    /// # Errors
    /// [`Error::NotFound`] when policy refuses.
    pub async fn permit<A: Act>(&self, standing: &Standing, kind: Kind, object: Uuid) -> Result<Permit<A>> {
        match self.policy.permit(standing, kind, object) {
            Ok(permit) => Ok(permit),
            Err(refused) => self.refuse(self.begin().await?, &refused, standing).await,
        }
    }

    /// Asks policy within an act that has read and written nothing yet. Gives its transaction back; a refusal is recorded
    /// in it, and ends it.
    ///
    /// # Errors
    /// [`Error::NotFound`] when policy refuses.
    pub(crate) async fn permit_in<A: Act>(
        &self,
        tx: Tx,
        standing: &Standing,
        kind: Kind,
        object: Uuid,
    ) -> Result<(Tx, Permit<A>)> {
        match self.policy.permit(standing, kind, object) {
            Ok(permit) => Ok((tx, permit)),
            Err(refused) => self.refuse(tx, &refused, standing).await,
        }
    }

    async fn refuse<T>(&self, mut tx: Tx, refused: &Refused, standing: &Standing) -> Result<T> {
        tx.record_refusal(refused, standing.actor, standing.school, self.now()).await?;
        tx.commit().await?;
        Err(Error::NotFound)
    }

    /// Starts a writing transaction.
    ///
    /// # Errors
    /// The database is held by someone else for too long.
    pub async fn begin(&self) -> Result<Tx> {
        Ok(self.db.begin().await?)
    }

    /// Starts a writing transaction that takes long: nobody who has finished waits for its end.
    ///
    /// # Errors
    /// As [`App::begin`].
    pub async fn begin_long(&self) -> Result<Tx> {
        Ok(self.db.begin_long().await?)
    }

    /// Whether the database can be read.
    ///
    /// # Errors
    /// It cannot.
    pub async fn healthy(&self) -> Result<()> {
        self.db.look().await?.installation().await?;
        Ok(())
    }

    /// The present, microseconds UTC.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.clock.now()
    }

    /// Today in the school's time zone, `YYYY-MM-DD`.
    #[must_use]
    pub fn today(&self) -> String {
        self.clock.today().to_string()
    }

    /// The school year of today: the year in which it started in September.
    #[must_use]
    pub fn school_year(&self) -> i16 {
        let today = self.clock.today();
        if today.month() >= 9 { today.year() } else { today.year() - 1 }
    }
}
