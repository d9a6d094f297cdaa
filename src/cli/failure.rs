//! Why a command did not do what it was asked: one line for the person who typed it.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::say::Words;
use crate::domain::roster::Unreadable;
use crate::domain::words::Language;
use crate::vault::{self, SlipProblem};
use crate::web::language;
use crate::web::ui::t;
use crate::{service, store};

/// How a command that ran ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// All of it was done: exit 0.
    Done,
    /// Some rows of a roster were refused: exit 2.
    SomeRefused,
    /// Nothing was done, and the command itself said why: exit 1.
    Silent,
}

/// Why nothing was done: exit 1 and one line.
#[derive(Debug)]
pub enum Failure {
    /// There is no such folder.
    NoFolder(PathBuf),
    /// The folder holds no installation.
    NotFounded(PathBuf),
    /// The folder or database holds one already.
    Founded(PathBuf),
    /// The folder holds something else than a demonstration.
    NotDemo(PathBuf),
    /// The file of the server secret is missing.
    NoSecret(PathBuf),
    /// It holds something else.
    StrangeSecret(PathBuf),
    /// The secret is not the one that the database was made with.
    WrongSecret,
    /// The database is neither a file of the folder nor `postgres://…`.
    StrangeDatabase,
    /// The database is from a newer version.
    Newer,
    /// The database cannot be written.
    ReadOnly,
    /// Another process holds the database.
    Locked,
    /// The database cannot be reached, or its disk is full.
    Unreachable(String),
    /// The file is damaged, or no database.
    Damaged,
    /// A file or folder that cannot be used, and why.
    File(PathBuf, std::io::Error),
    /// The address cannot be listened on.
    Address(SocketAddr, std::io::Error),
    /// An address that others can reach, without TLS.
    Open(SocketAddr),
    /// No school has this name.
    NoSchool(String),
    /// A school has this name already.
    SchoolTaken(String),
    /// There is a district already.
    DistrictFounded,
    /// The name is the district's, which has no students.
    IsDistrict(String),
    /// There are several schools: the command must say which.
    WhichSchool,
    /// Nobody has this sign-in name.
    NoPerson(String),
    /// Somebody has this sign-in name already.
    LoginTaken(String),
    /// The account has no keys of its own: its invitation was never accepted.
    NoKeys(String),
    /// A class that the school does not have.
    NoClass(String),
    /// The role is held for one class: the command must say which.
    WhichClass,
    /// Somebody from outside is to be invited without a day of a background check.
    WhichDay,
    /// The workbook as a whole is no roster.
    Unreadable(Unreadable),
    /// A recovery slip that cannot be read or joined.
    Slip(SlipProblem),
    /// The slips are of another installation.
    OtherSlips,
    /// The slips are of another installation, or the successor is no counsellor of the school.
    NoSuccessor,
    /// A field of an act that is not acceptable.
    Field(&'static str),
    /// A database that is not a file of the folder is backed up by its own tools.
    BackupElsewhere,
    /// What was given is no public key of age.
    NoPublicKey,
    /// The identity file holds no secret key of age.
    NoSecretKey,
    /// The file holds no passphrase.
    NoPassphrase(PathBuf),
    /// The backup is damaged, or none.
    BackupDamaged(PathBuf),
    /// The key or passphrase does not open the backup.
    BackupOtherKey(PathBuf),
    /// Everything else: our fault, or the machine's.
    Other(anyhow::Error),
}

impl Failure {
    /// The one line.
    #[must_use]
    pub fn line(&self, lang: Language) -> String {
        format!("yice: {}", self.text(lang))
    }

    fn text(&self, lang: Language) -> String {
        let words = Words(lang);
        match self {
            Self::NoFolder(path) => t!(words, "cli-no-folder", path = shown(path)),
            Self::NotFounded(path) => t!(words, "cli-not-founded", path = shown(path)),
            Self::Founded(path) => t!(words, "cli-founded", path = shown(path)),
            Self::NotDemo(path) => t!(words, "cli-not-demo", path = shown(path)),
            Self::NoSecret(path) => t!(words, "cli-no-secret", path = shown(path)),
            Self::StrangeSecret(path) => t!(words, "cli-strange-secret", path = shown(path)),
            Self::WrongSecret => t!(words, "cli-wrong-secret"),
            Self::StrangeDatabase => t!(words, "cli-strange-database"),
            Self::Newer => t!(words, "cli-newer"),
            Self::ReadOnly => t!(words, "cli-read-only"),
            Self::Locked => t!(words, "cli-locked"),
            Self::Unreachable(cause) => t!(words, "cli-unreachable", cause = one_line(cause)),
            Self::Damaged => t!(words, "cli-damaged"),
            Self::File(path, cause) => t!(words, "cli-file", path = shown(path), cause = cause.to_string()),
            Self::Address(address, cause) if cause.kind() == std::io::ErrorKind::AddrInUse => {
                t!(words, "cli-port-taken", address = address.to_string())
            }
            Self::Address(address, cause) => {
                t!(words, "cli-address", address = address.to_string(), cause = cause.to_string())
            }
            Self::Open(address) => t!(words, "cli-open", address = address.to_string()),
            Self::BackupElsewhere => t!(words, "cli-backup-elsewhere"),
            Self::NoPublicKey => t!(words, "cli-no-public-key"),
            Self::NoSecretKey => t!(words, "cli-no-secret-key"),
            Self::NoPassphrase(path) => t!(words, "cli-no-passphrase", path = shown(path)),
            Self::BackupDamaged(path) => t!(words, "cli-backup-damaged", path = shown(path)),
            Self::BackupOtherKey(path) => t!(words, "cli-backup-other-key", path = shown(path)),
            other => other.text_about_people(words),
        }
    }

    fn text_about_people(&self, words: Words) -> String {
        match self {
            Self::NoSchool(name) => t!(words, "cli-no-school", name = name.clone()),
            Self::SchoolTaken(name) => t!(words, "cli-school-taken", name = name.clone()),
            Self::DistrictFounded => t!(words, "cli-district-founded"),
            Self::IsDistrict(name) => t!(words, "cli-is-district", name = name.clone()),
            Self::WhichSchool => t!(words, "cli-which-school"),
            Self::NoPerson(login) => t!(words, "cli-no-person", login = login.clone()),
            Self::LoginTaken(login) => t!(words, "cli-login-taken", login = login.clone()),
            Self::NoKeys(login) => t!(words, "cli-no-keys", login = login.clone()),
            Self::NoClass(class) => t!(words, "cli-no-class", class = class.clone()),
            Self::WhichClass => t!(words, "cli-which-class"),
            Self::WhichDay => t!(words, "cli-which-day"),
            Self::Unreadable(unreadable) => unreadable_text(words.0, unreadable),
            Self::Slip(problem) => t!(words, "cli-slip", problem = problem.to_string()),
            Self::OtherSlips => t!(words, "cli-other-slips"),
            Self::NoSuccessor => t!(words, "cli-hand-over-nobody"),
            Self::Field(code) => language::word(words.0, "field-problem", code),
            Self::Other(cause) => t!(words, "cli-other", cause = one_line(&format!("{cause:#}"))),
            _ => String::new(),
        }
    }
}

/// Why a workbook is no roster, in words.
fn unreadable_text(lang: Language, unreadable: &Unreadable) -> String {
    let id = format!("roster-unreadable-{}", unreadable.code());
    let detail = std::collections::HashMap::from([("detail", unreadable.detail())]);
    language::loader(lang).get_args(&id, detail)
}

fn shown(path: &std::path::Path) -> String {
    path.display().to_string()
}

/// A message of a driver may have several lines; ours is one.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text(Language::En))
    }
}

impl std::error::Error for Failure {}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        match error.downcast() {
            Ok(failure) => failure,
            Err(other) => Self::Other(other),
        }
    }
}

impl From<store::Error> for Failure {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Newer => Self::Newer,
            store::Error::Unavailable(cause) => {
                let code = cause.as_database_error().and_then(|e| e.code().map(std::borrow::Cow::into_owned));
                match code.as_deref().and_then(primary) {
                    Some(5 | 6) => Self::Locked,
                    Some(8) => Self::ReadOnly,
                    _ if code.as_deref() == Some("25006") => Self::ReadOnly,
                    _ => Self::Unreachable(cause.to_string()),
                }
            }
            store::Error::Sqlx(cause) => {
                let code = cause.as_database_error().and_then(|e| e.code().map(std::borrow::Cow::into_owned));
                match code.as_deref().and_then(primary) {
                    Some(11 | 26) => Self::Damaged,
                    Some(14) => Self::Unreachable(cause.to_string()),
                    _ => Self::Other(anyhow::Error::new(cause).context("the database")),
                }
            }
            other => Self::Other(other.into()),
        }
    }
}

/// The primary result code of SQLite; none for the five-character codes of PostgreSQL.
fn primary(code: &str) -> Option<u32> {
    (code.len() < 5).then(|| code.parse::<u32>().ok()).flatten().map(|code| code & 0xff)
}

impl From<service::Error> for Failure {
    fn from(error: service::Error) -> Self {
        match error {
            service::Error::Busy(cause) => cause.into(),
            service::Error::Invalid(problems) => problems
                .first()
                .map_or_else(|| Self::Other(anyhow::anyhow!("invalid")), |problem| Self::Field(problem.code)),
            service::Error::Internal(cause) => match cause.downcast::<store::Error>() {
                Ok(cause) => cause.into(),
                Err(cause) => Self::Other(cause),
            },
            other => Self::Other(other.into()),
        }
    }
}

impl From<vault::Error> for Failure {
    fn from(error: vault::Error) -> Self {
        match error {
            vault::Error::Slips(problem) => Self::Slip(problem),
            other => Self::Other(other.into()),
        }
    }
}

impl From<crate::policy::Error> for Failure {
    fn from(error: crate::policy::Error) -> Self {
        Self::Other(error.into())
    }
}
