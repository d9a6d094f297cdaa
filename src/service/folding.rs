//! Folding: the parts of a class's roster become one.
//!
//! An import is blind and can only lay a further part on what stands there. Whoever opens the class list holds the key and
//! has all of it open; when many parts lie there, one takes their place. Names of students who left the class stay behind.

use uuid::Uuid;

use super::sheets::sheet_spot;
use super::{App, ClassList, Keys, Result};
use crate::domain::record::SheetRow;
use crate::domain::words::Compartment;
use crate::policy::{Permit, Read};
use crate::store::SheetPart;

/// So many parts may lie on each other; each costs a reading some microseconds.
const PARTS: usize = 4;

impl App {
    /// Lays one part in the place of `parts`, which are all there were, if there are many and nobody else writes to the
    /// roster meanwhile. A transaction of its own, after the reading is on record: a list is not lost for it.
    pub(crate) async fn fold(&self, permit: &Permit<Read>, keys: &Keys, parts: &[SheetPart], list: &ClassList) {
        if parts.len() > PARTS
            && let Err(error) = self.try_fold(permit, keys, parts, list).await
        {
            tracing::warn!(class = %list.class.id, %error, "the parts of a roster were not folded");
        }
    }

    async fn try_fold(&self, permit: &Permit<Read>, keys: &Keys, parts: &[SheetPart], list: &ClassList) -> Result<()> {
        let Some(top) = parts.last() else { return Ok(()) };
        let rows: Vec<&SheetRow> = list.students.iter().map(|one| &one.row).collect();
        let mut folded = SheetPart { version: top.version + 1, ..top.clone() };
        let mut spot = sheet_spot(&folded);
        let sealed = keys.seal(&mut spot, &rows)?;
        (folded.epoch, folded.sealed) = (spot.epoch, sealed);
        let mut tx = self.begin().await?;
        let (held, _) = tx.hold_key(permit, folded.class_id.0, Compartment::Roster, Uuid::nil()).await?;
        // Under an epoch that has passed it would be lost to everybody.
        if held.is_some_and(|held| held.epoch == folded.epoch)
            && tx.replace_sheets(permit, &folded, top.part, top.version).await?
        {
            tx.commit().await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::ClassId;
    use crate::domain::relation::Facts;
    use crate::domain::words::{Kind, Role};
    use crate::service::testing::School;
    use crate::service::{Error, Viewer};

    async fn parts(school: &School, class: ClassId) -> Vec<SheetPart> {
        school.app.db.read().await.unwrap().sheets(class).await.unwrap()
    }

    async fn names(school: &School, viewer: &Viewer, class: ClassId) -> Vec<String> {
        let list = school.app.class_list(viewer, class).await.unwrap();
        let mut names: Vec<String> = list.students.into_iter().map(|one| one.row.name).collect();
        names.sort();
        names
    }

    #[tokio::test]
    async fn a_roster_of_many_parts_is_one_after_somebody_opened_the_list() {
        let mut school = School::found().await;
        let mut class = school.empty_class(1).await;
        let li = school.hire("li", Role::Counsellor, None).await;
        let zhang = school.hire("zhang", Role::HomeroomTeacher, Some((class.id, &class.homeroom))).await;
        let moral = school.hire("wang", Role::MoralEdDirector, None).await;
        for name in ["甲", "乙", "丙", "丁"] {
            school.enrol(&mut class, name).await;
        }
        let all = ["丁", "丙", "乙", "甲"].map(str::to_owned);
        assert_eq!(names(&school, &li, class.id).await, all);
        assert_eq!(parts(&school, class.id).await.len(), 4, "so many may lie there");
        school.enrol(&mut class, "戊").await;
        let all = ["丁", "丙", "乙", "戊", "甲"].map(str::to_owned);
        assert_eq!(names(&school, &zhang, class.id).await, all);
        let folded = parts(&school, class.id).await;
        assert_eq!(folded.iter().map(|part| (part.part, part.version)).collect::<Vec<_>>(), [(4, 2)]);
        for viewer in [&li, &zhang, &moral] {
            assert_eq!(names(&school, viewer, class.id).await, all);
        }
        assert_eq!(parts(&school, class.id).await[0].sealed, folded[0].sealed, "one part stays as it is");

        // A roster that comes later lies on the one part, and a rotation takes it along.
        school.enrol(&mut class, "己").await;
        assert_eq!(names(&school, &moral, class.id).await.len(), 6);
        let homeroom = school.app.offices(&li).await.unwrap().offices;
        let homeroom = homeroom.into_iter().find(|office| office.office.class_id == Some(class.id.0)).unwrap();
        school.app.rotate_office(&li, homeroom.office.id).await.unwrap();
        assert_eq!(names(&school, &li, class.id).await.len(), 6);
        assert_eq!(school.app.key_check(school.founded.id).await.unwrap(), []);
    }

    #[tokio::test]
    async fn what_was_laid_or_moved_on_meanwhile_is_not_folded_away() {
        let mut school = School::found().await;
        let mut class = school.empty_class(1).await;
        let li = school.hire("li", Role::Counsellor, None).await;
        for name in ["甲", "乙", "丙"] {
            school.enrol(&mut class, name).await;
        }
        let mut conn = school.app.db.read().await.unwrap();
        let keys = Keys::of(&mut conn, &li, &school.app.secret, class.id.0).await.unwrap();
        drop(conn);
        let standing = li.standing(&Facts::class(school.founded.id, class.id));
        let permit = school.app.permit::<Read>(&standing, Kind::Roster, class.id.0).await.unwrap();
        let (seen, list) = (parts(&school, class.id).await, school.app.class_list(&li, class.id).await.unwrap());

        school.enrol(&mut class, "丁").await;
        school.app.try_fold(&permit, &keys, &seen, &list).await.unwrap();
        assert_eq!(parts(&school, class.id).await.len(), 4, "the list knows nothing of 丁");
        let (seen, list) = (parts(&school, class.id).await, school.app.class_list(&li, class.id).await.unwrap());
        let counselling = school.founded.counselling.office;
        school.app.rotate_office(&li, counselling).await.unwrap();
        school.app.try_fold(&permit, &keys, &seen, &list).await.unwrap();
        assert_eq!(parts(&school, class.id).await.len(), 4, "the key has moved on");
        let li = school.sign_in("li").await;
        assert_eq!(names(&school, &li, class.id).await.len(), 4);
        assert!(matches!(school.app.class_list(&li, ClassId(li.person.id.0)).await, Err(Error::NotFound)));
    }
}
