//! The counselling room: appointments.

use super::ids::{ExchangeId, StudentId};
use super::unprintable::unprintable;
use super::words::words;

words! {
    /// Where an appointment stands.
    AppointmentState {
        /// asked for by a homeroom teacher, not yet agreed to
        Requested = "requested",
        /// agreed
        Booked = "booked",
        /// it took place
        Held = "held",
        /// nobody came
        Missed = "missed",
        /// called off or declined: the time is free again
        Cancelled = "cancelled",
    }
}

impl AppointmentState {
    /// The states that a counsellor may move it to from here.
    #[must_use]
    pub const fn next(self) -> &'static [Self] {
        match self {
            Self::Requested => &[Self::Booked, Self::Cancelled],
            Self::Booked => &[Self::Held, Self::Missed, Self::Cancelled],
            Self::Held | Self::Missed | Self::Cancelled => &[],
        }
    }
}

/// Whom an appointment is for. Sealed to the counselling office.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct AppointmentFor {
    /// The student, where one was chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub student: Option<StudentId>,
    /// Whom, in words.
    pub who: String,
    /// What it is about; may be empty.
    #[serde(default)]
    pub about: String,
    /// The exchange of the help-seeking box from which it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange: Option<ExchangeId>,
}

unprintable!(AppointmentFor);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_over_stays_over() {
        for state in AppointmentState::ALL {
            for next in state.next() {
                assert!(next.index() > state.index(), "{state} goes back to {next}");
            }
        }
        assert!(AppointmentState::Cancelled.next().is_empty());
    }
}
