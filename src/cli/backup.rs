//! `yice backup` and `yice restore`: the database as one age file, and back.

use std::fs::File;
use std::io::{BufWriter, ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use clap::Args;
use secrecy::SecretString;
use zeroize::Zeroizing;

use super::house::{DATABASE, Place, private_folder, private_writer};
use super::say::{Words, tell};
use super::{Failure, Outcome};
use crate::domain::words::Language;
use crate::store::{check_sqlite, copy_sqlite};
use crate::vault::{BackupBy, BackupFor, BackupProblem, open_backup, seal_backup};
use crate::web::ui::t;

/// Makes a backup.
#[derive(Debug, Args)]
#[command(after_help = "示例 · Examples:
  yice backup --dir /var/lib/yice --to age1… --out /backup/yice-2026-11-23.age
  yice backup --dir /var/lib/yice --passphrase-file /root/phrase --out yice.age

服务运行时也可备份。server.secret 不在备份中，请另行保存一份；没有它，备份打不开任何档案。
PostgreSQL：pg_dump yice | age -r age1… > yice.age
Works while the server runs. server.secret is not in it: keep a copy elsewhere, no file opens without it.")]
pub struct Backup {
    #[command(flatten)]
    place: Place,
    /// 写入的文件（须不存在）· file to write; must not exist
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// 收件公钥 age1…，可多次 · public key that can open it; may be repeated
    #[arg(long, value_name = "age1…", required_unless_present = "passphrase_file")]
    to: Vec<String>,
    /// 口令文件（第一行）· file whose first line is the passphrase
    #[arg(long, value_name = "FILE", conflicts_with = "to")]
    passphrase_file: Option<PathBuf>,
}

/// Brings a backup back.
#[derive(Debug, Args)]
#[command(after_help = "示例 · Examples:
  yice restore yice-2026-11-23.age --dir /var/lib/yice-new --identity key.txt
  yice restore yice.age --dir /var/lib/yice-new --passphrase-file /root/phrase

文件夹中不得已有数据库；恢复后请把 server.secret 放回同一文件夹
The folder must hold no database; afterwards put server.secret back into it")]
pub struct Restore {
    /// 备份文件 · the backup
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// 恢复到的文件夹 · folder to restore into
    #[arg(long, env = "YICE_DIR", value_name = "DIR")]
    dir: PathBuf,
    /// age 私钥文件 · identity file of age
    #[arg(long, value_name = "FILE", required_unless_present = "passphrase_file")]
    identity: Option<PathBuf>,
    /// 口令文件（第一行）· file whose first line is the passphrase
    #[arg(long, value_name = "FILE", conflicts_with = "identity")]
    passphrase_file: Option<PathBuf>,
}

impl Backup {
    /// Runs it.
    ///
    /// # Errors
    /// There is no installation, a key is none, or a file cannot be written. Nothing is left half written.
    pub async fn run(self, lang: Language) -> Result<Outcome, Failure> {
        if self.place.elsewhere.database.is_some() {
            return Err(Failure::BackupElsewhere);
        }
        let from = self.place.dir.join(DATABASE);
        if !from.exists() {
            return Err(Failure::NotFounded(self.place.dir));
        }
        let who = match &self.passphrase_file {
            Some(file) => BackupFor::Passphrase(first_line(file)?),
            None => BackupFor::keys(&self.to).map_err(|_| Failure::NoPublicKey)?,
        };
        // The copy is sealed field by field like the database itself; it lies beside it and goes in any case.
        let copy = Scratch(self.place.dir.join(format!("{DATABASE}.backup")));
        copy.clear();
        copy_sqlite(&from, &copy.0).await?;
        let writer = private_writer(&self.out).map_err(|cause| Failure::File(self.out.clone(), cause))?;
        let source = File::open(&copy.0).map_err(|cause| Failure::File(copy.0.clone(), cause))?;
        let done = seal_backup(source, BufWriter::new(&writer), who);
        let done = done.and_then(|()| writer.sync_all().map_err(BackupProblem::Io));
        if let Err(problem) = done {
            let _gone = std::fs::remove_file(&self.out);
            return Err(failure(self.out, problem));
        }
        tell(&t!(Words(lang), "cli-backup-done", path = self.out.display().to_string()));
        Ok(Outcome::Done)
    }
}

impl Restore {
    /// Runs it.
    ///
    /// # Errors
    /// The folder holds a database, or the backup does not open. Nothing is left half written.
    pub async fn run(self, lang: Language) -> Result<Outcome, Failure> {
        let place = self.dir.join(DATABASE);
        if place.exists() {
            return Err(Failure::Founded(self.dir));
        }
        let by = match (&self.identity, &self.passphrase_file) {
            (_, Some(file)) => BackupBy::Passphrase(first_line(file)?),
            (Some(file), None) => BackupBy::identity_file(&text_of(file)?).map_err(|_| Failure::NoSecretKey)?,
            (None, None) => return Err(Failure::NoSecretKey),
        };
        let source = File::open(&self.file).map_err(|cause| Failure::File(self.file.clone(), cause))?;
        private_folder(&self.dir).map_err(|cause| Failure::File(self.dir.clone(), cause))?;
        let part = Scratch(self.dir.join(format!("{DATABASE}.restore")));
        part.clear();
        let writer = private_writer(&part.0).map_err(|cause| Failure::File(part.0.clone(), cause))?;
        let done = open_backup(source, BufWriter::new(&writer), by);
        done.and_then(|()| Ok(writer.sync_all()?)).map_err(|problem| failure(self.file.clone(), problem))?;
        check_sqlite(&part.0).await.map_err(|_| failure(self.file, BackupProblem::Damaged))?;
        std::fs::rename(&part.0, &place).map_err(|cause| Failure::File(place, cause))?;
        tell(&t!(Words(lang), "cli-restored", path = self.dir.display().to_string()));
        Ok(Outcome::Done)
    }
}

/// A file that goes when this does.
struct Scratch(PathBuf);

impl Scratch {
    fn clear(&self) {
        let _gone = std::fs::remove_file(&self.0);
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        self.clear();
    }
}

fn text_of(file: &Path) -> Result<Zeroizing<String>, Failure> {
    let mut text = Zeroizing::new(String::with_capacity(64 * 1024));
    let read = File::open(file).and_then(|open| open.take(64 * 1024).read_to_string(&mut text));
    match read {
        Ok(_) => Ok(text),
        Err(cause) if cause.kind() == ErrorKind::InvalidData => Err(Failure::NoSecretKey),
        Err(cause) => Err(Failure::File(file.to_owned(), cause)),
    }
}

fn first_line(file: &Path) -> Result<SecretString, Failure> {
    let text = text_of(file)?;
    match text.lines().next().map(str::trim_end) {
        Some(line) if !line.is_empty() => Ok(SecretString::from(line.to_owned())),
        _ => Err(Failure::NoPassphrase(file.to_owned())),
    }
}

fn failure(file: PathBuf, problem: BackupProblem) -> Failure {
    match problem {
        BackupProblem::Damaged => Failure::BackupDamaged(file),
        BackupProblem::OtherKey => Failure::BackupOtherKey(file),
        BackupProblem::Io(cause) => Failure::File(file, cause),
    }
}
