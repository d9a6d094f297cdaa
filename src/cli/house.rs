//! The folder of an installation: its secret, its database, and the service over them.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use clap::Args;
use secrecy::{ExposeSecret as _, SecretString};

use super::Failure;
use crate::domain::clock::Clock;
use crate::domain::gate::menu::Profile;
use crate::policy::Policy;
use crate::service::{App, KdfGate};
use crate::store::Db;
use crate::vault::{Kdf, KdfParams, ServerSecret};

/// The file of the server secret.
const SECRET: &str = "server.secret";
/// The embedded database.
pub const DATABASE: &str = "yice.db";
/// Passwords stretched at once: each takes 64 MiB and one core for a tenth of a second.
const AT_ONCE: usize = 2;

/// Where an installation is.
#[derive(Debug, Clone, Args)]
pub struct Place {
    /// 系统文件夹 · folder of the installation
    #[arg(long, env = "YICE_DIR", value_name = "DIR")]
    pub dir: PathBuf,
    #[command(flatten)]
    pub elsewhere: Elsewhere,
}

/// What need not be in the folder.
#[derive(Debug, Clone, Default, Args)]
pub struct Elsewhere {
    /// PostgreSQL 地址（默认用文件夹中的 yice.db）· PostgreSQL instead of the folder's yice.db
    #[arg(long, env = "YICE_DATABASE", value_name = "postgres://…", hide_env_values = true)]
    pub database: Option<String>,
    /// Instead of the file `server.secret`. Hidden: arguments can be seen by every user of the machine, so this is meant
    /// for the environment.
    #[arg(long, env = "YICE_SERVER_SECRET", hide = true, hide_env_values = true)]
    pub server_secret: Option<SecretString>,
}

impl Place {
    /// An installation in a folder, with a database elsewhere if one is given.
    #[must_use]
    pub fn at(dir: &Path, database: Option<&str>) -> Self {
        let elsewhere = Elsewhere { database: database.map(str::to_owned), server_secret: None };
        Self { dir: dir.to_owned(), elsewhere }
    }

    /// Opens the installation that is there.
    ///
    /// # Errors
    /// There is none, or its parts do not belong together.
    pub async fn open(&self) -> Result<App, Failure> {
        if !self.dir.is_dir() {
            return Err(Failure::NoFolder(self.dir.clone()));
        }
        let file = self.dir.join(DATABASE);
        if self.elsewhere.database.is_none() && !file.exists() {
            return Err(Failure::NotFounded(self.dir.clone()));
        }
        let app = self.app(self.secret()?).await?;
        match app.secret_fits().await? {
            None => Err(Failure::NotFounded(self.dir.clone())),
            Some(false) => Err(Failure::WrongSecret),
            Some(true) => Ok(app),
        }
    }

    /// Makes folder, secret and an empty database for an installation that is to be founded.
    ///
    /// # Errors
    /// There is one already.
    pub async fn make(&self) -> Result<App, Failure> {
        private_folder(&self.dir).map_err(|cause| Failure::File(self.dir.clone(), cause))?;
        if self.elsewhere.database.is_none() && self.dir.join(DATABASE).exists() {
            let app = self.app(self.secret()?).await?;
            return match app.secret_fits().await? {
                // An `init` that was interrupted before it founded anything: go on with its secret.
                None => Ok(app),
                Some(_) => Err(Failure::Founded(self.dir.clone())),
            };
        }
        let secret = match self.secret() {
            Err(Failure::NoSecret(file)) => {
                let secret = ServerSecret::generate()?;
                let text = format!("{}\n", secret.to_text().expose_secret());
                new_private_file(&file, text.as_bytes()).map_err(|cause| Failure::File(file, cause))?;
                secret
            }
            found => found?,
        };
        let app = self.app(secret).await?;
        match app.secret_fits().await? {
            None => Ok(app),
            Some(_) => Err(Failure::Founded(self.dir.clone())),
        }
    }

    /// The server secret, from the environment or from its file.
    fn secret(&self) -> Result<ServerSecret, Failure> {
        if let Some(text) = &self.elsewhere.server_secret {
            let read = ServerSecret::parse(text.expose_secret());
            return read.map_err(|_| Failure::StrangeSecret("YICE_SERVER_SECRET".into()));
        }
        let file = self.dir.join(SECRET);
        let mut text = zeroize::Zeroizing::new(String::new());
        let read = OpenOptions::new().read(true).open(&file).and_then(|open| open.take(4096).read_to_string(&mut text));
        match read {
            Ok(_) => ServerSecret::parse(&text).map_err(|_| Failure::StrangeSecret(file)),
            Err(cause) if cause.kind() == ErrorKind::NotFound => Err(Failure::NoSecret(file)),
            Err(cause) if cause.kind() == ErrorKind::InvalidData => Err(Failure::StrangeSecret(file)),
            Err(cause) => Err(Failure::File(file, cause)),
        }
    }

    async fn app(&self, secret: ServerSecret) -> Result<App, Failure> {
        let db = match &self.elsewhere.database {
            None => self.sqlite().await?,
            Some(url) if url.starts_with("postgres://") || url.starts_with("postgresql://") => {
                Db::open_postgres(url).await?
            }
            Some(_) => return Err(Failure::StrangeDatabase),
        };
        let policy = Policy::load().await?;
        let kdf = KdfGate::new(Kdf::new(KdfParams::default())?, AT_ONCE);
        Ok(App { db, policy, secret, clock: Clock::System, kdf, noise: Profile::Standard })
    }

    async fn sqlite(&self) -> Result<Db, Failure> {
        let file = self.dir.join(DATABASE);
        let db = Db::open_sqlite(&file).await?;
        // The driver makes the file with the mask of the process; only the owner has business with it.
        std::fs::set_permissions(&file, Permissions::from_mode(0o600)).map_err(|cause| Failure::File(file, cause))?;
        Ok(db)
    }
}

/// Makes a folder that only its owner can enter, or makes it so.
///
/// # Errors
/// It cannot be made.
pub fn private_folder(dir: &Path) -> std::io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    std::fs::set_permissions(dir, Permissions::from_mode(0o700))
}

/// Writes a file that only its owner can read, which did not exist before, and does not return before it is on the disk.
///
/// # Errors
/// It exists, or cannot be written.
pub fn new_private_file(file: &Path, content: &[u8]) -> std::io::Result<()> {
    let mut open = private_writer(file)?;
    open.write_all(content)?;
    open.sync_all()
}

/// Makes a file that only its owner can read, which did not exist before.
///
/// # Errors
/// It exists, or cannot be made.
pub fn private_writer(file: &Path) -> std::io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)
}
