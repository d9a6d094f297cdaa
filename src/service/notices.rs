//! Telling people that something waits, without saying what.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::{App, Result, Viewer};
use crate::domain::ids::{ClassId, NoticeId, PersonId, SchoolId};
use crate::domain::outside::Channel;
use crate::domain::words::{Kind, Role};
use crate::policy::Manage;
use crate::store::{Conn, Notice, Tx};

/// Notices shown at once.
const SHOWN: i64 = 50;

impl App {
    /// Leaves a notice for each of these people: that something waits on the page `place`. By the ways that the school has
    /// opened, it leaves the house too: that something waits, and nothing else.
    ///
    /// # Errors
    /// The database.
    pub(crate) async fn tell(
        &self,
        tx: &mut Tx,
        school: SchoolId,
        people: &BTreeSet<PersonId>,
        place: &str,
    ) -> Result<()> {
        if people.is_empty() {
            return Ok(());
        }
        let ways = tx.channels(school).await?.into_iter().map(|channel| (school, channel.kind)).collect();
        self.tell_all(tx, &BTreeMap::from([((school, place), people.clone())]), &ways).await
    }

    /// Leaves a notice for each of these people, of several schools whose ways out are `ways`.
    ///
    /// # Errors
    /// The database.
    pub(crate) async fn tell_all(
        &self,
        tx: &mut Tx,
        told: &BTreeMap<(SchoolId, &str), BTreeSet<PersonId>>,
        ways: &BTreeSet<(SchoolId, Channel)>,
    ) -> Result<()> {
        let made_at = self.now();
        let mut notices = Vec::new();
        for ((school_id, place), people) in told {
            notices.extend(people.iter().map(|person| Notice {
                id: NoticeId(Uuid::now_v7()),
                school_id: *school_id,
                person_id: *person,
                place: (*place).to_owned(),
                made_at,
                seen_at: None,
            }));
        }
        tx.leave_notices(&notices).await?;
        for Notice { school_id, person_id, .. } in &notices {
            if ways.contains(&(*school_id, Channel::Mail)) {
                tx.lay_out_mail(Uuid::now_v7(), *school_id, *person_id, made_at).await?;
            }
        }
        let told: BTreeSet<SchoolId> = notices.iter().map(|notice| notice.school_id).collect();
        for (school, robot) in ways.iter().filter(|(school, _)| told.contains(school)) {
            if Channel::ROBOTS.contains(robot) {
                tx.lay_out_robot(Uuid::now_v7(), *school, *robot, made_at).await?;
            }
        }
        Ok(())
    }

    /// Who holds a role now; for a role held for a class, in this class.
    ///
    /// # Errors
    /// The database.
    pub(crate) async fn holders_of_role(
        &self,
        conn: &mut Conn,
        school: SchoolId,
        role: Role,
        class: Option<ClassId>,
    ) -> Result<BTreeSet<PersonId>> {
        let duties = conn.school_duties(school, self.now()).await?;
        let here = duties.into_iter().filter(|(_, _, duty)| {
            duty.role == role && (!role.is_for_a_class() || (class.is_some() && duty.class == class))
        });
        Ok(here.map(|(_, person, _)| person).collect())
    }

    /// The person's notices, newest first; they count as seen from now on.
    ///
    /// # Errors
    /// The database.
    pub async fn notices(&self, viewer: &Viewer) -> Result<Vec<Notice>> {
        let own = self.permit::<Manage>(&viewer.at_own(), Kind::Account, viewer.person.id.0).await?;
        let mut tx = self.begin().await?;
        let notices = tx.notices(viewer.person.id, SHOWN).await?;
        tx.see_notices(&own, self.now()).await?;
        tx.commit().await?;
        Ok(notices)
    }
}
