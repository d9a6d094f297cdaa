//! The marks of the publisher: a file beside the server secret that only grows. It says which report was published, so that a
//! database that was taken back from an older copy does not publish it a second time from other facts: two numbers with the same
//! noise would tell the difference exactly.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use jiff::civil::Date;

/// Its name.
const FILE: &str = "reports.mark";

/// What the file says.
#[derive(Debug)]
pub(super) struct Marks {
    file: PathBuf,
    /// Whether there was none.
    pub missing: bool,
    /// The latest day of all lines: nothing is published for it or a day before.
    latest: Option<Date>,
    /// The latest epoch of all lines.
    pub epoch: i64,
}

impl Marks {
    /// Reads the marks of an installation.
    ///
    /// # Errors
    /// The file cannot be read, or says something else than marks: then nothing may be published.
    pub fn read(dir: &Path) -> std::io::Result<Self> {
        let file = dir.join(FILE);
        let (text, missing) = match std::fs::read_to_string(&file) {
            Err(error) if error.kind() == ErrorKind::NotFound => (String::new(), true),
            read => (read?, false),
        };
        let mut marks = Self { file, missing, latest: None, epoch: 0 };
        for line in text.lines() {
            let (day, epoch) = parse(line).ok_or_else(|| std::io::Error::other("reports.mark says no mark"))?;
            marks.latest = marks.latest.max(Some(day));
            marks.epoch = marks.epoch.max(epoch);
        }
        Ok(marks)
    }

    /// Whether a report that stands for this day may be published.
    pub fn allow(&self, day: Date) -> bool {
        self.latest.is_none_or(|latest| latest < day)
    }

    /// Notes that everything up to this day is published, or never will be; on the disk before it returns.
    ///
    /// # Errors
    /// The file cannot be written: then nothing may be published.
    pub fn add(&mut self, day: Date, epoch: i64, report: i64) -> std::io::Result<()> {
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut open = options.open(&self.file)?;
        open.write_all(format!("{day} epoch={epoch} report={report}\n").as_bytes())?;
        open.sync_all()?;
        (self.latest, self.epoch) = (self.latest.max(Some(day)), self.epoch.max(epoch));
        self.missing = false;
        Ok(())
    }
}

fn parse(line: &str) -> Option<(Date, i64)> {
    let mut words = line.split(' ');
    let day = words.next()?.parse().ok()?;
    let epoch = words.next()?.strip_prefix("epoch=")?.parse().ok()?;
    words.next()?.strip_prefix("report=")?.parse::<i64>().ok()?;
    words.next().is_none().then_some((day, epoch))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn what_was_marked_is_not_published_again() {
        let dir = tempfile::tempdir().unwrap();
        let mut marks = Marks::read(dir.path()).unwrap();
        assert!(marks.missing && marks.allow(date(2026, 11, 1)));
        marks.add(date(2026, 12, 1), 1, 2).unwrap();
        marks.add(date(2026, 11, 23), 1, 1).unwrap();
        let marks = Marks::read(dir.path()).unwrap();
        assert!(!marks.missing && marks.epoch == 1);
        assert!(!marks.allow(date(2026, 11, 30)) && !marks.allow(date(2026, 12, 1)) && marks.allow(date(2026, 12, 2)));
    }

    #[test]
    fn a_file_that_says_something_else_allows_nothing() {
        for text in
            ["x", "2026-12-01", "2026-12-01 epoch=1", "2026-12-01 epoch=1 report=2 more", "2026-13-01 epoch=1 report=1"]
        {
            let dir = tempfile::tempdir().unwrap();
            std::fs::write(dir.path().join(FILE), text).unwrap();
            assert!(Marks::read(dir.path()).is_err(), "{text}");
        }
    }
}
