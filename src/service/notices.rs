//! Telling people that something waits, without saying what.

use std::collections::BTreeSet;

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
        for person in people {
            let notice = Notice {
                id: NoticeId(Uuid::now_v7()),
                school_id: school,
                person_id: *person,
                place: place.to_owned(),
                made_at: self.now(),
                seen_at: None,
            };
            tx.leave_notice(&notice).await?;
            tx.lay_out_mail(Uuid::now_v7(), school, *person, self.now()).await?;
        }
        if !people.is_empty() {
            for robot in Channel::ROBOTS {
                tx.lay_out_robot(Uuid::now_v7(), school, *robot, self.now()).await?;
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
