//! The privacy officer's view of the audit lines, and the proof that they are complete.

use std::fmt::Write as _;
use std::path::Path;

use super::{App, Result, Viewer};
use crate::domain::audit::Event;
use crate::domain::clock::DAY;
use crate::domain::ids::{PersonId, SchoolId};
use crate::domain::words::Kind;
use crate::policy::{Permit, Read};
use crate::store::{AuditFilter, Class, Opened, StoredLine};
use crate::vault::verify;

/// Lines on one page.
pub const LINES: i64 = 100;
/// The folder of the signed heads, beside the database.
const HEADS: &str = "audit-heads";
/// The time spans of the access statistics, in days.
pub const SPANS: [i64; 2] = [7, 30];

/// Audit lines with what is needed to read them: an id says nothing to a person.
#[derive(Debug, Clone)]
pub struct Trail {
    /// The lines, newest first.
    pub lines: Vec<StoredLine>,
    /// The staff of the school by name.
    pub staff: Vec<(PersonId, String)>,
    /// The classes of the school.
    pub classes: Vec<Class>,
}

/// Access statistics of one time span up to now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessCounts {
    /// How many days.
    pub days: i64,
    /// How often each event happened, most frequent first.
    pub events: Vec<(Event, i64)>,
    /// Refused acts and failed sign-ins.
    pub refusals: i64,
    /// Who opened how many files, most first.
    pub opened: Vec<Opened>,
}

/// Why a line of a signed head file does not fit the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeadFault {
    /// It is no line of a head file.
    Malformed,
    /// It was not signed by this installation.
    NotOurs,
    /// The audit line it names is missing: the chain was cut.
    Missing,
    /// The audit line it names is another one: the chain was written anew.
    Differs,
}

/// A line of a signed head file that does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadHead {
    /// The line as it stands.
    pub text: String,
    /// The audit line that it names; none when it names nothing that can be trusted.
    pub names: Option<(SchoolId, i64)>,
    /// What is wrong.
    pub fault: HeadFault,
}

/// What a walk along one chain found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Walked {
    /// The school of the chain; nil for the installation's own.
    pub school: SchoolId,
    /// Lines that follow from each other, from the first on.
    pub lines: i64,
    /// The first line that is not as it was written, or is missing.
    pub broken_at: Option<i64>,
}

/// What a verification found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Every chain, and where it breaks.
    pub chains: Vec<Walked>,
    /// How many signed heads were compared.
    pub heads: usize,
    /// Those that do not fit.
    pub bad_heads: Vec<BadHead>,
}

impl Report {
    /// Whether every line is there as it was written.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.bad_heads.is_empty() && self.chains.iter().all(|chain| chain.broken_at.is_none())
    }

    /// How many lines follow from each other.
    #[must_use]
    pub fn lines(&self) -> i64 {
        self.chains.iter().map(|chain| chain.lines).sum()
    }
}

impl App {
    /// Audit lines of the own school, newest first, at most [`LINES`].
    ///
    /// # Errors
    /// [`super::Error::NotFound`] when the person is not the privacy officer.
    pub async fn audit(&self, viewer: &Viewer, wanted: &AuditFilter) -> Result<Trail> {
        let permit = self.officer(viewer).await?;
        let mut conn = self.db.read().await?;
        let lines = conn.audit_lines(&permit, wanted, LINES).await?;
        let staff = conn.persons(permit.school()).await?.into_iter().map(|person| (person.id, person.name)).collect();
        let classes = conn.classes(permit.school()).await?;
        drop(conn);
        self.leave_trace(&permit, Event::AuditRead, "lines", &[]).await?;
        Ok(Trail { lines, staff, classes })
    }

    /// How the files and accounts of the own school were used in the last days, for each of `SPANS`.
    ///
    /// # Errors
    /// [`super::Error::NotFound`] when the person is not the privacy officer.
    pub async fn access_counts(&self, viewer: &Viewer) -> Result<Vec<AccessCounts>> {
        let permit = self.officer(viewer).await?;
        let mut counts = Vec::new();
        let mut conn = self.db.read().await?;
        for days in SPANS {
            let since = self.now() - days * DAY;
            let events = conn.audit_counts(&permit, since).await?;
            let refused = events.iter().filter(|(event, _)| Event::REFUSALS.contains(event));
            let refusals = refused.map(|(_, count)| count).sum();
            counts.push(AccessCounts { days, events, refusals, opened: conn.opened_counts(&permit, since).await? });
        }
        drop(conn);
        self.leave_trace(&permit, Event::AuditRead, "counts", &[]).await?;
        Ok(counts)
    }

    /// Walks the chain of the own school.
    ///
    /// # Errors
    /// [`super::Error::NotFound`] when the person is not the privacy officer.
    pub async fn verify_own_chain(&self, viewer: &Viewer) -> Result<Walked> {
        let permit = self.officer(viewer).await?;
        let walked = self.walk(permit.school()).await?;
        self.leave_trace(&permit, Event::AuditRead, "verified", &[]).await?;
        Ok(walked)
    }

    /// Walks one chain in a snapshot of its own, a piece at a time; others read and write meanwhile.
    async fn walk(&self, school: SchoolId) -> Result<Walked> {
        let mut conn = self.db.read().await?;
        let heads = conn.audit_heads().await?;
        let written = heads.iter().find(|head| head.0 == school).map_or(0, |head| head.1);
        let broken_at = conn.verify_chain(school).await?.map(|broken| broken.seq);
        Ok(Walked { school, lines: broken_at.map_or(written, |seq| seq - 1), broken_at })
    }

    async fn officer(&self, viewer: &Viewer) -> Result<Permit<Read>> {
        self.permit(&viewer.at_school(), Kind::Audit, viewer.person.school_id.0).await
    }

    /// The heads of all chains as text, one line each: `date school seq hash signature`, hexadecimal where it is bytes. Kept
    /// outside the database, it proves later that nothing up to these lines was written anew.
    ///
    /// # Errors
    /// The database.
    pub async fn sign_heads(&self) -> Result<String> {
        let today = self.today();
        let mut text = String::new();
        for (school, seq, hash) in self.db.read().await?.audit_heads().await? {
            let line = format!("{today} {school} {seq} {}", hex(&hash));
            let signature = self.secret.sign(&signed(&line))?;
            let _ = writeln!(text, "{line} {}", hex(&signature));
        }
        Ok(text)
    }

    /// Compares the lines of signed head files with the database; gives how many lines there were, and those that do not fit.
    ///
    /// # Errors
    /// The database.
    pub async fn verify_heads(&self, text: &str) -> Result<(usize, Vec<BadHead>)> {
        let key = self.secret.verifying_key()?;
        let mut conn = self.db.read().await?;
        let (mut heads, mut bad) = (0, Vec::new());
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            heads += 1;
            let mut say = |names, fault| bad.push(BadHead { text: line.to_owned(), names, fault });
            let Some((body, signature)) = line.rsplit_once(' ').and_then(|(body, hex)| Some((body, bytes(hex)?)))
            else {
                say(None, HeadFault::Malformed);
                continue;
            };
            if !verify(&key, &signed(body), &signature) {
                say(None, HeadFault::NotOurs);
                continue;
            }
            let Some((school, seq, hash)) = parts(body) else {
                say(None, HeadFault::Malformed);
                continue;
            };
            match conn.line_hash(school, seq).await? {
                None => say(Some((school, seq)), HeadFault::Missing),
                Some(stored) if stored != hash => say(Some((school, seq)), HeadFault::Differs),
                Some(_) => {}
            }
        }
        Ok((heads, bad))
    }

    /// Verifies every chain, and that each line of the signed head files still names the line that was signed.
    ///
    /// # Errors
    /// The database.
    pub async fn verify_audit(&self, head_files: &[String]) -> Result<Report> {
        let mut report = Report::default();
        let schools = self.db.read().await?.audited_schools().await?;
        for school in schools {
            report.chains.push(self.walk(school).await?);
        }
        for text in head_files {
            let (heads, bad) = self.verify_heads(text).await?;
            report.heads += heads;
            report.bad_heads.extend(bad);
        }
        Ok(report)
    }

    /// What the server does once a day, and at its start: it signs the heads into `DIR/audit-heads/YYYY-MM-DD.txt`. A file of
    /// today that is already there stays as it is: it may be the witness against a chain written anew since. Tells whether one
    /// was written.
    ///
    /// # Errors
    /// The database, or the folder cannot be written.
    pub async fn daily(&self, dir: &Path) -> Result<bool> {
        let heads = self.sign_heads().await?;
        write_heads(&dir.join(HEADS), &self.today(), &heads).map_err(|error| super::Error::Internal(error.into()))
    }
}

/// The texts of the signed head files below `dir`, oldest first; none when there is no such folder yet.
///
/// # Errors
/// A file that is there cannot be read.
pub fn signed_heads(dir: &Path) -> std::io::Result<Vec<String>> {
    let folder = match std::fs::read_dir(dir.join(HEADS)) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        folder => folder?,
    };
    let mut files = folder.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "txt"));
    files.sort();
    files.iter().map(std::fs::read_to_string).collect()
}

/// Writes the file beside its place and moves it there, so that a power cut leaves no half of it.
fn write_heads(folder: &Path, day: &str, heads: &str) -> std::io::Result<bool> {
    use std::io::Write as _;
    let file = folder.join(format!("{day}.txt"));
    if file.exists() {
        return Ok(false);
    }
    std::fs::create_dir_all(folder)?;
    let draft = folder.join(format!("{day}.draft"));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut opened = options.open(&draft)?;
    opened.write_all(heads.as_bytes())?;
    opened.sync_all()?;
    std::fs::rename(draft, file)?;
    Ok(true)
}

/// What is signed: the line behind a word that no other signature of this installation starts with.
fn signed(line: &str) -> Vec<u8> {
    format!("yice audit head v1\n{line}").into_bytes()
}

/// School, number and hash of a line that was signed.
fn parts(body: &str) -> Option<(SchoolId, i64, Vec<u8>)> {
    let words: Vec<&str> = body.split(' ').collect();
    let [_date, school, seq, hash] = words[..] else { return None };
    Some((school.parse().ok()?, seq.parse().ok()?, bytes(hash)?))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    (hex.len().is_multiple_of(2) && hex.is_ascii()).then(|| hex.as_bytes().chunks(2).map(pair).collect())?
}

#[cfg(test)]
mod tests;
