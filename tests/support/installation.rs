//! An installation in a folder as `yice init` leaves it, with people who have cheap passwords, for the real program to run.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use secrecy::{ExposeSecret as _, SecretString};
use tempfile::TempDir;
use yice::domain::clock::Clock;
use yice::domain::gate::menu::Profile;
use yice::domain::relation::Duty;
use yice::domain::words::Role;
use yice::policy::Policy;
use yice::service::{App, KdfGate};
use yice::store::Db;
use yice::vault::{Kdf, KdfParams, ServerSecret};

/// Everybody's password.
pub const PASSWORD: &str = "a horse in the rain";

/// One person of each role that can sign in: sign-in name and role.
pub const PEOPLE: &[(&str, Role)] = &[
    ("counsellor", Role::Counsellor),
    ("director", Role::MoralEdDirector),
    ("leader", Role::SchoolLeader),
    ("officer", Role::PrivacyOfficer),
    ("admin", Role::SysAdmin),
];

/// A folder with a secret, a database and a school.
pub struct Installation {
    /// The folder.
    pub dir: PathBuf,
    _above: TempDir,
}

impl Installation {
    /// Founds it with one person of each of [`PEOPLE`].
    pub fn found() -> Self {
        runtime().block_on(async {
            let above = tempfile::tempdir().expect("a temporary folder");
            // A user who is not the one that runs the tests must be able to reach what is given to them.
            std::fs::set_permissions(above.path(), Permissions::from_mode(0o755)).unwrap();
            let dir = above.path().join("house");
            std::fs::create_dir(&dir).unwrap();
            let secret = ServerSecret::generate().unwrap();
            std::fs::write(dir.join("server.secret"), format!("{}\n", secret.to_text().expose_secret())).unwrap();
            let kdf = Kdf::new(KdfParams { memory_kib: 64, time: 1, lanes: 1 }).unwrap();
            let app = App {
                db: Db::open_sqlite(&dir.join("yice.db")).await.unwrap(),
                policy: Policy::load().await.unwrap(),
                secret,
                clock: Clock::System,
                kdf: KdfGate::new(kdf, 2),
                noise: Profile::Standard,
            };
            app.found_installation().await.unwrap();
            let founded = app.found_school("柳溪镇初级中学").await.unwrap();
            let school = founded.id;
            for (login, role) in PEOPLE {
                let offices = match role {
                    Role::Counsellor => vec![&founded.counselling],
                    Role::MoralEdDirector => vec![&founded.moral_ed],
                    _ => Vec::new(),
                };
                let duty = Duty { role: *role, school, class: None };
                let password = SecretString::from(PASSWORD);
                app.found_person(school, login, login, password, &[duty], &offices).await.unwrap();
            }
            app.db.close().await;
            Self { dir, _above: above }
        })
    }

    /// The database file.
    pub fn database(&self) -> PathBuf {
        self.dir.join("yice.db")
    }
}

/// A place for the asynchronous part of a test that is otherwise about processes.
pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime")
}
