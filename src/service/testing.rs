//! A small school for the unit tests of services: real database, real keys, cheap passwords, a clock that stands still.

use std::collections::HashMap;

use secrecy::SecretString;
use tempfile::TempDir;

use super::{App, FoundedSchool, KdfGate, Viewer};
use crate::domain::clock::Clock;
use crate::domain::ids::ClassId;
use crate::domain::relation::Duty;
use crate::domain::words::Role;
use crate::policy::Policy;
use crate::store::Db;
use crate::vault::{Kdf, KdfParams, OfficeKey, ServerSecret, Slip};

/// 2026-11-23 08:00 in Shanghai.
pub const MORNING: i64 = 1_795_392_000_000_000;
/// Everybody's password.
pub const PASSWORD: &str = "a horse in the rain";

/// A school in a temporary folder.
pub struct School {
    /// The service.
    pub app: App,
    /// The school and the keys of its offices.
    pub founded: FoundedSchool,
    viewers: HashMap<String, Viewer>,
    _folder: TempDir,
}

impl School {
    /// An empty school without staff.
    pub async fn found() -> Self {
        Self::found_with_slips().await.0
    }

    /// An empty school without staff, and the recovery slips of its installation.
    pub async fn found_with_slips() -> (Self, [Slip; 3]) {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open_sqlite(&folder.path().join("yice.db")).await.unwrap();
        let kdf = Kdf::new(KdfParams { memory_kib: 64, time: 1, lanes: 1 }).unwrap();
        let app = App {
            db,
            policy: Policy::load().await.unwrap(),
            secret: ServerSecret::generate().unwrap(),
            clock: Clock::fixed(MORNING),
            kdf: KdfGate::new(kdf, 2),
        };
        let slips = app.found_installation().await.unwrap();
        let founded = app.found_school("柳溪镇初级中学").await.unwrap();
        (Self { app, founded, viewers: HashMap::new(), _folder: folder }, slips)
    }

    /// A member of staff with one role, let into the office of that role, and signed in.
    pub async fn hire(&mut self, login: &str, role: Role, class: Option<(ClassId, &OfficeKey)>) -> Viewer {
        let duty = Duty { role, school: self.founded.id, class: class.map(|(id, _)| id) };
        let office = match role {
            Role::Counsellor => Some(&self.founded.counselling),
            Role::MoralEdDirector => Some(&self.founded.moral_ed),
            _ => class.map(|(_, key)| key),
        };
        let offices: Vec<&OfficeKey> = office.into_iter().collect();
        self.app
            .found_person(self.founded.id, login, login, SecretString::from(PASSWORD), &[duty], &offices)
            .await
            .unwrap();
        self.sign_in(login).await
    }

    /// Signs somebody in.
    pub async fn sign_in(&mut self, login: &str) -> Viewer {
        let signed_in = self.app.sign_in(login, SecretString::from(PASSWORD), "127.0.0.1").await.unwrap();
        let viewer = self.app.viewer(&signed_in.token).await.unwrap();
        self.viewers.insert(login.to_owned(), viewer.clone());
        viewer
    }
}
