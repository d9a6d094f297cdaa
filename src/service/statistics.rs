//! Numbers for leadership: what the publisher stored, and nothing else. No act in here touches a fact or the noise key.

use jiff::civil::Date;
use uuid::Uuid;

use super::{App, Error, Result, Viewer};
use crate::domain::audit::Event;
use crate::domain::gate::ALL_FROM;
use crate::domain::gate::calendar;
use crate::domain::gate::release::Released;
use crate::domain::ids::SchoolId;
use crate::domain::relation::Standing;
use crate::domain::words::{Kind, Role};
use crate::policy::Read;
use crate::store::{Conn, Release, School};

/// The reports of a school.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statistics {
    /// The name of the school.
    pub school: String,
    /// Every report of the last epoch, oldest first; the last is the one in force. None: nothing was published yet.
    pub reports: Vec<Released>,
    /// The day of the next one.
    pub next: Date,
    /// Whether the sum of all schools is published beside them.
    pub county: bool,
}

/// One school among others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchoolBeside {
    /// Its id.
    pub id: SchoolId,
    /// Its name.
    pub name: String,
    /// Its last report.
    pub report: Released,
}

/// Schools beside each other in the report in force.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Beside {
    /// Those with a roll of 100 or more, by name.
    pub schools: Vec<SchoolBeside>,
    /// How many others there are, which are in the sum of all only.
    pub others: usize,
}

/// The reports of all schools.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountyStatistics {
    /// Every report of the sum, oldest first.
    pub reports: Vec<Released>,
    /// The schools.
    pub beside: Beside,
    /// The day of the next report.
    pub next: Date,
}

impl App {
    /// The reports of the viewer's school.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the person is not of the school's leadership.
    pub async fn statistics(&self, viewer: &Viewer) -> Result<Statistics> {
        let school = viewer.person.school_id;
        let permit = self.permit::<Read>(&viewer.at_school(), Kind::Statistics, school.0).await?;
        let (reports, county) = self.released(&mut self.db.look().await?, school.0).await?;
        self.leave_trace(&permit, Event::StatisticsRead, &detail(&reports), &[]).await?;
        let next = calendar::next(self.clock.today());
        Ok(Statistics { school: viewer.school.name.clone(), reports, next, county })
    }

    /// The reports of all schools of the installation, for the district.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anyone who is not of the district.
    pub async fn county_statistics(&self, viewer: &Viewer) -> Result<CountyStatistics> {
        let Standing { actor, school, pairs, childless, sealed } = viewer.at_school();
        let pairs = pairs.into_iter().filter(|(role, _)| *role == Role::DistrictOfficer).collect();
        let standing = Standing { actor, school, pairs, childless, sealed };
        let permit = self.permit::<Read>(&standing, Kind::Statistics, Uuid::nil()).await?;
        let mut conn = self.db.read().await?;
        let (reports, _) = self.released(&mut conn, Uuid::nil()).await?;
        let schools = conn.schools().await?.into_iter().filter(School::has_students).collect();
        let beside = beside(&mut conn, schools).await?;
        drop(conn);
        self.leave_trace(&permit, Event::StatisticsRead, &detail(&reports), &[]).await?;
        Ok(CountyStatistics { reports, beside, next: calendar::next(self.clock.today()) })
    }

    /// What was published of a scope in its last epoch, after a look whether anybody changed it since.
    async fn released(&self, conn: &mut Conn, scope: Uuid) -> Result<(Vec<Released>, bool)> {
        let (releases, county) = conn.releases(scope).await?;
        let mut before = Vec::new();
        for release in &releases {
            let hash = self.release_hash(&before, scope, &release.text);
            if hash != release.hash {
                return Err(Error::Internal(anyhow::anyhow!("a release was changed: epoch {}", release.epoch)));
            }
            before = hash;
        }
        let epoch = releases.last().map_or(0, |release| release.epoch);
        let reports: Result<_> = releases.iter().filter(|release| release.epoch == epoch).map(read).collect();
        Ok((reports?, county))
    }
}

fn read(release: &Release) -> Result<Released> {
    Released::parse(&release.text).ok_or_else(|| Error::Internal(anyhow::anyhow!("a release cannot be read")))
}

/// These schools beside each other, in the report in force.
pub(crate) async fn beside(conn: &mut Conn, among: Vec<School>) -> Result<Beside> {
    let of_report = match conn.last_release().await? {
        Some((epoch, report, _)) => conn.releases_of_report(epoch, report).await?,
        None => Vec::new(),
    };
    let mut beside = Beside::default();
    for School { id, name, .. } in among {
        let release = of_report.iter().find(|release| release.scope == id.0);
        match release.map(read).transpose()? {
            Some(report) if report.roll_in_all() >= ALL_FROM => beside.schools.push(SchoolBeside { id, name, report }),
            _ => beside.others += 1,
        }
    }
    beside.schools.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(beside)
}

fn detail(reports: &[Released]) -> String {
    reports.last().map_or_else(String::new, |last| format!("epoch={} report={}", last.epoch, last.report))
}

#[cfg(test)]
mod tests;
