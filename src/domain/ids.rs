//! Typed identifiers. All are opaque UUIDs; none says anything about the person behind it.

use uuid::Uuid;

/// Declares a typed id over a UUID.
macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { self.0.fmt(f) }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self { Self(id) }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> { Uuid::try_parse(text).map(Self) }
        }
    )+};
}

ids! {
    /// A school.
    SchoolId,
    /// A class of one entry cohort.
    ClassId,
    /// A term of the school calendar.
    TermId,
    /// A member of staff with an account.
    PersonId,
    /// A student, and the one file of that student (一人一册).
    StudentId,
    /// A group of key holders.
    OfficeId,
    /// A key: of an office, or of a compartment.
    KeyId,
    /// A tracking entry or counselling note.
    EntryId,
    /// A pairing of a helper with a student.
    PairingId,
    /// An uploaded roster between dry run and import.
    ImportId,
    /// An invitation to make an account.
    InvitationId,
    /// One showing of a form: what is sent from it twice is one thing.
    FormId,
    /// A draft that survives sign-out.
    DraftId,
    /// Something sealed to an office or a person, unreadable to its writer.
    LetterId,
    /// A joint meeting of schools 联席会议.
    MeetingId,
    /// A decision of a joint meeting.
    DecisionId,
    /// A supervision of the schools by the district 督查.
    SupervisionId,
    /// What somebody wrote for a meeting or a supervision.
    PaperId,
    /// An entry in the register of incidents.
    IncidentId,
    /// A warning about one student 预警.
    WarningId,
    /// A step on the timeline of a warning.
    StepId,
    /// A due time.
    DeadlineId,
    /// An exchange in the help-seeking box.
    ExchangeId,
    /// An appointment of the counselling room.
    AppointmentId,
    /// A group of students that a counsellor meets with 团体辅导.
    GroupId,
    /// A review of help.
    ReviewId,
    /// A notice without content.
    NoticeId,
    /// A grant on one file.
    GrantId,
    /// A grant to read one part of a file.
    ReadingGrantId,
    /// A crisis record.
    CrisisId,
    /// A referral 转介.
    ReferralId,
    /// A mandatory report 强制报告.
    ReportId,
}
