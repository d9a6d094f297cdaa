//! The help-seeking box 心理信箱: what a student writes without an account, and how an exchange stands.

use super::unprintable::unprintable;
use super::words::words;

words! {
    /// Where an exchange in the box stands. In clear: it says who is to act, not what it is about.
    HelpState {
        /// the last word is the student's
        Waiting = "waiting",
        /// the last word is a counsellor's
        Answered = "answered",
        /// put aside by a counsellor; opens again when the student writes
        Closed = "closed",
    }
}

/// One message, from either side, as it stands sealed. What the other side does not fill in stays empty.
#[derive(Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct HelpMessage {
    /// What it says.
    pub text: String,
    /// The student's name, if the student gave it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The class, if the student named it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub class: String,
    /// How to reach the student; empty for "answer me here".
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reach: String,
    /// The student is in danger now.
    pub danger: bool,
    /// The student would like to come and talk.
    pub wants_talk: bool,
    /// The counsellor asks who it is; the student need not say.
    pub asks_who: bool,
}

unprintable!(HelpMessage);
