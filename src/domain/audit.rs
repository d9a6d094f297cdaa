//! What an audit line holds: ids and closed words, never a name and never a search text (design §5).

use uuid::Uuid;

use super::ids::{PersonId, SchoolId};
use super::words::{Kind, Relation, Role, words};

words! {
    /// What happened.
    Event {
        /// a person signed in
        SignedIn = "signed_in",
        /// a password did not fit, or the name is unknown
        SignInFailed = "sign_in_failed",
        /// a password was right, and a code was still asked for
        FirstStepPassed = "first_step_passed",
        /// a code of the second step was wrong
        CodeRefused = "code_refused",
        /// a rescue code was used up
        RescueCodeUsed = "rescue_code_used",
        /// a person switched the second step on
        TwoStepsOn = "two_steps_on",
        /// the second step was switched off, or fell away with the old identity
        TwoStepsOff = "two_steps_off",
        /// a person made new rescue codes
        RescueCodesMade = "rescue_codes_made",
        /// a person signed out
        SignedOut = "signed_out",
        /// a person ended all sessions
        SignedOutEverywhere = "signed_out_everywhere",
        /// a person changed the password
        PasswordChanged = "password_changed",
        /// an act was refused by policy
        Refused = "refused",
        /// a class list was read
        ClassListed = "class_listed",
        /// the names of a school were searched
        StudentsSearched = "students_searched",
        /// a file was opened
        FileOpened = "file_opened",
        /// a field of a file was changed
        FieldEdited = "field_edited",
        /// a circumstance was verified, changed or ended
        CircumstanceDecided = "circumstance_decided",
        /// the stage of a file changed
        StatusChanged = "status_changed",
        /// a tracking entry was added
        EntryAppended = "entry_appended",
        /// a tracking entry was corrected by a new one
        EntryCorrected = "entry_corrected",
        /// counselling notes were read by their author
        NotesOpened = "notes_opened",
        /// a counselling note was added
        NoteAppended = "note_appended",
        /// who opened a file was looked up
        ViewsRead = "views_read",
        /// a roster was checked without being taken in
        RosterChecked = "roster_checked",
        /// a roster was taken in
        RosterImported = "roster_imported",
        /// published counts were read
        StatisticsRead = "statistics_read",
        /// a report for leadership was published by the clock
        StatisticsPublished = "statistics_published",
        /// files were counted that somebody had changed who could not count them
        FactsCounted = "facts_counted",
        /// every file of a school was to be counted anew
        FactsRebuilt = "facts_rebuilt",
        /// the audit lines were read
        AuditRead = "audit_read",
        /// accounts and roles were read
        StaffRead = "staff_read",
        /// an account was made and invited
        PersonInvited = "person_invited",
        /// an invitation was accepted
        InvitationAccepted = "invitation_accepted",
        /// a role was given
        DutyGiven = "duty_given",
        /// a role was ended
        DutyEnded = "duty_ended",
        /// an account was closed
        PersonClosed = "person_closed",
        /// a forgotten password was put right with a new identity
        IdentityRenewed = "identity_renewed",
        /// a colleague was let into an office
        MemberAdmitted = "member_admitted",
        /// a member left an office
        MemberLeft = "member_left",
        /// a key was rotated
        KeyRotated = "key_rotated",
        /// a class was made or closed
        ClassChanged = "class_changed",
        /// a term was made or changed
        TermChanged = "term_changed",
        /// the school was made or renamed
        SchoolChanged = "school_changed",
        /// a pairing started
        PairingStarted = "pairing_started",
        /// a pairing ended
        PairingEnded = "pairing_ended",
        /// pairings were read
        PairingsRead = "pairings_read",
        /// somebody was made the leader of a crisis case, with the keys of that file
        LeaderAppointed = "leader_appointed",
        /// the leader of a crisis case lost the keys of that file
        LeaderEnded = "leader_ended",
        /// the leader of a crisis case looked at what is led
        LeadingRead = "leading_read",
        /// a crisis record was opened
        CrisisOpened = "crisis_opened",
        /// a crisis record was read
        CrisisRead = "crisis_read",
        /// team, plan, company or signatures of a crisis record changed
        CrisisChanged = "crisis_changed",
        /// a crisis record was closed by the second of two people
        CrisisClosed = "crisis_closed",
        /// the referrals of a case were read
        ReferralRead = "referral_read",
        /// a referral was begun
        ReferralBegun = "referral_begun",
        /// a referral moved on
        ReferralMoved = "referral_moved",
        /// a packet for a receiver was made, as a file or on paper
        PacketMade = "packet_made",
        /// a mandatory report was made; the line does not say by whom
        MandatoryReported = "mandatory_reported",
        /// a mandatory report was read
        MandatoryRead = "mandatory_read",
        /// a mandatory report was followed up
        MandatoryMoved = "mandatory_moved",
        /// a mandatory report was closed
        MandatoryClosed = "mandatory_closed",
        /// who receives mandatory reports was read
        NamedRead = "named_read",
        /// somebody was named for mandatory reports, or no longer is
        NamedChanged = "named_changed",
        /// the help-seeking box was opened or closed
        BoxChanged = "box_changed",
        /// somebody wrote to the help-seeking box; nobody knows who
        HelpAsked = "help_asked",
        /// a message in the help-seeking box was read
        HelpOpened = "help_opened",
        /// a message in the help-seeking box was answered
        HelpAnswered = "help_answered",
        /// an exchange in the help-seeking box was put aside or passed to the warnings
        HelpMoved = "help_moved",
        /// a message without an answer was passed on to the next duty holder
        HelpPassedOn = "help_passed_on",
        /// an appointment of the counselling room was made, changed or ended
        AppointmentChanged = "appointment_changed",
        /// appointments of the counselling room were read
        AppointmentsRead = "appointments_read",
        /// the hours of the counselling room were changed
        HoursChanged = "hours_changed",
        /// a counselling group was made, changed, met or ended
        GroupChanged = "group_changed",
        /// a counselling group was opened by its counsellor
        GroupOpened = "group_opened",
        /// somebody reported a concern
        ConcernReported = "concern_reported",
        /// reports, signals and running warnings were read
        InboxRead = "inbox_read",
        /// a report or signal was opened to be taken up
        LetterRead = "letter_read",
        /// a report or signal was taken up into a warning
        LetterTaken = "letter_taken",
        /// a report or signal was closed without a warning
        LetterClosed = "letter_closed",
        /// a warning was read
        WarningRead = "warning_read",
        /// a step was added to a warning
        StepAdded = "step_added",
        /// the level of a warning was set or raised
        LevelSet = "level_set",
        /// lowering was asked for
        LoweringAsked = "lowering_asked",
        /// lowering was signed or refused
        LoweringDecided = "lowering_decided",
        /// lifting was asked for
        ClosingAsked = "closing_asked",
        /// lifting was signed or refused
        ClosingDecided = "closing_decided",
        /// the watch period ended and the warning was closed
        WarningClosed = "warning_closed",
        /// somebody was told the least that they must know
        BriefSent = "brief_sent",
        /// a brief was read
        BriefRead = "brief_read",
        /// something overdue was passed on to the next duty holder
        DeadlinePassedOn = "deadline_passed_on",
        /// the list of what is due was read
        DueRead = "due_read",
        /// a case was handed over for a holiday
        CaseHandedOver = "case_handed_over",
        /// the school calendar was changed
        CalendarChanged = "calendar_changed",
        /// a way out for notices was set, changed or closed
        ChannelChanged = "channel_changed",
        /// a person gave, changed or removed the own mail address
        AddressChanged = "address_changed",
        /// a helper agreed to a pairing
        PairingAccepted = "pairing_accepted",
        /// a helper did not agree
        PairingDeclined = "pairing_declined",
        /// a pairing was paused
        PairingPaused = "pairing_paused",
        /// a paused pairing went on
        PairingResumed = "pairing_resumed",
        /// a stand-in took a pairing over for the time of a leave
        PairingHandedOver = "pairing_handed_over",
        /// a pairing went back from the stand-in
        PairingGivenBack = "pairing_given_back",
        /// a helper got the contact key after the pairing had started without it
        PairingCompleted = "pairing_completed",
        /// somebody from outside sent an entry
        EntryContributed = "entry_contributed",
        /// an entry from outside was taken into the file
        EntryTakenIn = "entry_taken_in",
        /// a review of help was added
        ReviewAppended = "review_appended",
        /// the tracking record of a file was opened
        RecordOpened = "record_opened",
        /// the mood log of a class was opened
        MoodsRead = "moods_read",
        /// the mood log of a class was kept
        MoodsKept = "moods_kept",
        /// a screening of a class was entered
        ScreeningNoted = "screening_noted",
        /// somebody said what they can help with
        StrengthsChanged = "strengths_changed",
        /// strengths and load of helpers were read
        HelpersRead = "helpers_read",
        /// the date of a background check was noted
        CheckNoted = "check_noted",
        /// what was decided about the keeping of a file was read
        KeepingRead = "keeping_read",
        /// somebody asked that a file be destroyed
        ErasureAsked = "erasure_asked",
        /// such a request was taken back
        ErasureWithdrawn = "erasure_withdrawn",
        /// a file was destroyed by the second of two people
        FileErased = "file_erased",
        /// a file was sealed away: nobody reads it until two people unseal it
        FileSealedAway = "file_sealed_away",
        /// somebody asked that a file be unsealed
        UnsealingAsked = "unsealing_asked",
        /// such a request was taken back
        UnsealingWithdrawn = "unsealing_withdrawn",
        /// a file was unsealed by the second of two people
        FileUnsealed = "file_unsealed",
        /// a counsellor's notes on a student went to a successor
        NotesHandedOver = "notes_handed_over",
        /// a colleague was let read a part of a file for some days
        ReadingGiven = "reading_given",
        /// a colleague may read that part of a file no more
        ReadingEnded = "reading_ended",
        /// a part of a file was read by such a grant
        ReadByGrant = "read_by_grant",
        /// who may read what of a file by grant was looked up
        GrantsRead = "grants_read",
        /// somebody decided that a file must not be destroyed
        HoldSet = "hold_set",
        /// a file may be destroyed again
        HoldLifted = "hold_lifted",
        /// what was written for a joint meeting was read
        MeetingRead = "meeting_read",
        /// a joint meeting was called
        MeetingCalled = "meeting_called",
        /// agenda, minutes, a decision or an experience of a joint meeting was written
        MeetingWritten = "meeting_written",
        /// a decision of a joint meeting moved on
        DecisionMoved = "decision_moved",
        /// a supervision was read
        SupervisionRead = "supervision_read",
        /// a supervision was opened by the district
        SupervisionOpened = "supervision_opened",
        /// a school answered in a supervision
        SupervisionAnswered = "supervision_answered",
        /// the district asked a school to put something right
        RectificationAsked = "rectification_asked",
        /// the district accepted an answer
        AnswerAccepted = "answer_accepted",
        /// which schools are behind with visits was read
        ProgressRead = "progress_read",
        /// how many visits are asked for was set
        QuotaSet = "quota_set",
        /// training that was held was noted
        TrainingNoted = "training_noted",
        /// the yearly compliance pack was read
        ComplianceRead = "compliance_read",
        /// something was entered in the register of incidents
        IncidentNoted = "incident_noted",
    }
}

impl Event {
    /// The events that end refused.
    pub const REFUSALS: &'static [Self] = &[Self::Refused, Self::SignInFailed, Self::CodeRefused];
}

words! {
    /// How an act ended.
    Outcome {
        /// it happened
        Done = "done",
        /// policy or sign-in refused it
        Refused = "refused",
    }
}

/// One line of a school's audit chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The school whose chain it stands in.
    pub school: SchoolId,
    /// Its number in the chain, from 1 without gaps.
    pub seq: i64,
    /// When, in microseconds UTC.
    pub at: i64,
    /// Who acted; nil when nobody was signed in or the installation itself acted.
    pub actor: PersonId,
    /// In which role, if any.
    pub role: Option<Role>,
    /// In which relation to the object.
    pub relation: Relation,
    /// What kind of thing it was about.
    pub kind: Kind,
    /// What happened.
    pub event: Event,
    /// How it ended.
    pub outcome: Outcome,
    /// The student, class, person or school it was about.
    pub object: Uuid,
    /// Coded detail such as `version=3`; never a name.
    pub detail: String,
}

impl Line {
    /// The bytes that the chain hashes: every field, length-prefixed where its length varies.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(192);
        out.extend(self.school.0.as_bytes());
        out.extend(self.seq.to_be_bytes());
        out.extend(self.rest());
        out
    }

    /// The bytes behind the school and the number: what is known of a line before it has its place.
    #[must_use]
    pub fn rest(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(160);
        out.extend(self.at.to_be_bytes());
        out.extend(self.actor.0.as_bytes());
        let role = self.role.map_or("", Role::as_str);
        let words = [role, self.relation.as_str(), self.kind.as_str(), self.event.as_str(), self.outcome.as_str()];
        for text in words.into_iter().chain([self.detail.as_str()]) {
            out.extend(u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes());
            out.extend(text.as_bytes());
        }
        out.extend(self.object.as_bytes());
        out
    }
}
