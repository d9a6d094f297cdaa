//! Epochs and releases of the gate. A release is added and never changed.

use uuid::Uuid;

use super::{Conn, Result, Tx, row, sql, sql_all};
use crate::domain::audit::{Event, Line, Outcome};
use crate::domain::gate::menu::{Profile, Tier};
use crate::domain::ids::{PersonId, SchoolId};
use crate::domain::words::{Kind, Relation};

row! {
    /// A series of reports.
    #[derive(Debug, Clone)]
    pub struct Epoch {
        /// Counted from 1.
        pub number: i64,
        /// A random id: the noise key is sealed for it.
        pub id: Uuid,
        /// Its first day, `YYYY-MM-DD`.
        pub begins: String,
        /// The version of its menu.
        pub menu: i64,
        /// How much noise.
        pub profile: Profile as String,
        /// The sealed noise key; none once it is over.
        pub noise: Option<Vec<u8>>,
    }
}

row! {
    /// What was published of a school, or of all together.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Release {
        /// The school; nil for all together.
        pub scope: Uuid,
        /// The epoch.
        pub epoch: i64,
        /// Which report of it.
        pub report: i64,
        /// The day it stands for, `YYYY-MM-DD`.
        pub day: String,
        /// What was published.
        pub text: String,
        /// The hash of this text and all before it.
        pub hash: Vec<u8>,
    }
}

impl Conn {
    /// The epoch that runs, or the last that did. It carries the noise key: for the publisher only.
    ///
    /// # Errors
    /// The database.
    pub async fn last_epoch(&mut self) -> Result<Option<Epoch>> {
        sql!(
            self,
            fetch_optional Epoch: "SELECT number, id, begins, menu, profile, noise FROM epochs ORDER BY number DESC LIMIT 1"
        )
    }

    /// The last report that was published at all: epoch, report, the day it stands for.
    ///
    /// # Errors
    /// The database.
    pub async fn last_release(&mut self) -> Result<Option<(i64, i64, String)>> {
        sql!(
            self,
            fetch_optional(i64, i64, String):
                "SELECT epoch, report, day FROM releases ORDER BY epoch DESC, report DESC LIMIT 1"
        )
    }

    /// What was decided to show of each scope in an epoch.
    ///
    /// # Errors
    /// The database.
    pub async fn epoch_scopes(&mut self, epoch: i64) -> Result<Vec<(Uuid, Tier)>> {
        let rows = sql!(self, fetch_all(Uuid, String): "SELECT scope, tier FROM epoch_scopes WHERE epoch = $1", epoch)?;
        let tier = |(scope, tier): (Uuid, String)| {
            let tier = Tier::parse(&tier).ok_or(super::Error::Corrupt("epoch_scopes.tier"))?;
            Ok((scope, tier))
        };
        rows.into_iter().map(tier).collect()
    }

    /// Everything that was published of a scope, oldest first, and whether anything was of all together: one question, because
    /// a page asks for nothing else.
    ///
    /// # Errors
    /// The database.
    pub async fn releases(&mut self, scope: Uuid) -> Result<(Vec<Release>, bool)> {
        let (releases, all) = sql_all!(
            self,
            [scope, Uuid::nil()],
            Release: "SELECT scope, epoch, report, day, text, hash FROM releases WHERE scope = $1 ORDER BY epoch, report",
            (i64,): "SELECT report FROM releases WHERE scope = $2 LIMIT 1",
        )?;
        let all: Vec<(i64,)> = all;
        Ok((releases, !all.is_empty()))
    }

    /// The last that was published of a scope.
    ///
    /// # Errors
    /// The database.
    pub async fn last_release_of(&mut self, scope: Uuid) -> Result<Option<Release>> {
        sql!(
            self,
            fetch_optional Release: "SELECT scope, epoch, report, day, text, hash FROM releases WHERE scope = $1
             ORDER BY epoch DESC, report DESC LIMIT 1",
            scope
        )
    }

    /// What was published of every scope in one report.
    ///
    /// # Errors
    /// The database.
    pub async fn releases_of_report(&mut self, epoch: i64, report: i64) -> Result<Vec<Release>> {
        sql!(
            self,
            fetch_all Release: "SELECT scope, epoch, report, day, text, hash FROM releases WHERE epoch = $1 AND report = $2",
            epoch,
            report
        )
    }
}

impl Tx {
    /// Begins an epoch; the noise keys of those before are taken away for ever. Needs no permit: the clock does it.
    ///
    /// # Errors
    /// The database.
    pub async fn begin_epoch(&mut self, epoch: &Epoch) -> Result<()> {
        sql!(self, run "UPDATE epochs SET noise = NULL WHERE number < $1", epoch.number)?;
        sql!(
            self,
            run "INSERT INTO epochs (number, id, begins, menu, profile, noise) VALUES ($1, $2, $3, $4, $5, $6)",
            epoch.number,
            epoch.id,
            epoch.begins.as_str(),
            epoch.menu,
            epoch.profile.as_str(),
            epoch.noise.clone()
        )
        .map(drop)
    }

    /// Decides what is shown of a scope in an epoch. Needs no permit: the roll decides it.
    ///
    /// # Errors
    /// The database; [`super::Error::Taken`] where it was decided.
    pub async fn insert_epoch_scope(&mut self, epoch: i64, scope: Uuid, tier: Tier) -> Result<()> {
        sql!(
            self,
            run "INSERT INTO epoch_scopes (epoch, scope, tier) VALUES ($1, $2, $3)",
            epoch,
            scope,
            tier.as_str()
        )
        .map(drop)
    }

    /// Adds a release. Needs no permit: the clock publishes, for whom policy lets in.
    ///
    /// # Errors
    /// The database; [`super::Error::Taken`] where one stands already.
    pub async fn insert_release(&mut self, release: &Release) -> Result<()> {
        sql!(
            self,
            run "INSERT INTO releases (scope, epoch, report, day, text, hash) VALUES ($1, $2, $3, $4, $5, $6)",
            release.scope,
            release.epoch,
            release.report,
            release.day.as_str(),
            release.text.as_str(),
            release.hash.clone()
        )
        .map(drop)
    }

    /// Writes the line of a report of a school that the clock published. Nobody acted.
    ///
    /// # Errors
    /// The database.
    pub async fn record_published(&mut self, school: SchoolId, detail: &str, now: i64) -> Result<()> {
        self.chain(Line {
            school,
            seq: 0,
            at: now,
            actor: PersonId(Uuid::nil()),
            role: None,
            relation: Relation::None,
            kind: Kind::Statistics,
            event: Event::StatisticsPublished,
            outcome: Outcome::Done,
            object: school.0,
            detail: detail.to_owned(),
        })
        .await
    }
}
