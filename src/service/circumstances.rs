//! Group tags: proposed by a roster or a colleague, decided by a person, counted only when verified.

use std::collections::{HashMap, HashSet};

use jiff::civil::Date;
use uuid::Uuid;

use super::error::again;
use super::facts::Part;
use super::files::{BY_PEOPLE, FROM_ROSTER, layer};
use super::{App, ClassList, Error, Keys, Result, Viewer};
use crate::domain::audit::Event;
use crate::domain::ids::{ClassId, StudentId};
use crate::domain::record::{Circumstance, Layer, Standing};
use crate::domain::relation::Facts;
use crate::domain::words::{Compartment, FileStatus, GroupTag, Kind};
use crate::policy::{Read, Write};
use crate::store::{Record, Wrap};

/// The longest basis, in characters.
pub const BASIS: usize = 200;

/// What a person decided about one tag of one student.
#[derive(Debug, Clone)]
pub struct Decision {
    /// The tag.
    pub tag: GroupTag,
    /// Verified, dismissed or ended.
    pub standing: Standing,
    /// On what basis; empty keeps the basis that stands there.
    pub basis: String,
    /// Since when.
    pub since: Option<Date>,
    /// Until when.
    pub until: Option<Date>,
}

impl App {
    /// Decides about a tag. Verifying the first one takes the student in: the file moves to 帮扶中.
    ///
    /// # Errors
    /// [`Error::Invalid`] without a basis, or with dates in the wrong order; [`Error::NotFound`] when the person may not.
    pub async fn decide(&self, viewer: &Viewer, id: StudentId, decision: Decision) -> Result<()> {
        again(|| self.try_decide(viewer, id, &decision)).await
    }

    async fn try_decide(&self, viewer: &Viewer, id: StudentId, decision: &Decision) -> Result<()> {
        let now = self.now();
        let mut tx = self.begin().await?;
        let approach = self.approach(&mut tx, viewer, id).await?;
        let (mut tx, permit) = self.permit_in::<Write>(tx, &approach.standing, Kind::Circumstance, id.0).await?;
        let keys = self.keys_for_writing(&mut tx, viewer, &permit, &approach, Compartment::Circumstance).await?;
        let records = tx.records(id).await?;
        let roster = layer(&keys, &permit, &records, Compartment::Circumstance, FROM_ROSTER)?
            .map_or_else(Layer::default, |l| l.1);
        let (version, mut people) =
            layer(&keys, &permit, &records, Compartment::Circumstance, BY_PEOPLE)?.unwrap_or_default();
        lay(&mut people, &roster, decision, viewer, now)?;
        let mut status = approach.student.status;
        if people.has_verified() && !status.is_open() && status.next().contains(&FileStatus::InSupport) {
            status = FileStatus::InSupport;
            if !tx.set_status(&permit, status, approach.student.version).await? {
                return Err(Error::Raced);
            }
        }
        self.put_layer(&mut tx, &permit, &keys, id, Compartment::Circumstance, version, &people).await?;
        let part = if status == approach.student.status { Part::Groups } else { Part::File };
        self.recount(&mut tx, viewer, &permit, id, part).await?;
        // The line says that something was decided, not what: a tag never stands outside a sealed field.
        tx.record(&permit, Event::CircumstanceDecided, "", now).await?;
        Ok(tx.commit().await?)
    }

    /// The students of a class about whom something waits to be verified; a neutral list, without the groups.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the person decides about nobody in this class.
    pub async fn to_verify(&self, viewer: &Viewer, id: ClassId) -> Result<ClassList> {
        let mut conn = self.db.read().await?;
        let class = conn.class(id).await?.ok_or(Error::NotFound)?;
        let standing = viewer.standing(&Facts::class(class.school_id, id));
        self.permit::<Write>(&standing, Kind::Circumstance, id.0).await?;
        let mut wraps: HashMap<Uuid, Vec<Wrap>> = HashMap::new();
        for wrap in conn.wraps_of_class(id, viewer.person.id, Compartment::Circumstance).await? {
            wraps.entry(wrap.subject).or_default().push(wrap);
        }
        let records = conn.records_of_class(id, Compartment::Circumstance).await?;
        drop(conn);
        let mut list = self.class_list(viewer, id).await?;
        let mut faster = Vec::new();
        let mut waiting = HashSet::new();
        for one in list.students.iter().filter(|one| one.status != FileStatus::SealedAway) {
            let student = one.row.student;
            let permit =
                self.policy.permit::<Read>(&standing, Kind::Circumstance, student.0).map_err(|_| Error::NotFound)?;
            let Some(wraps) = wraps.get(&student.0) else { continue };
            let mut keys = Keys::open(viewer, &self.secret, class.school_id, student.0, wraps);
            let own: Vec<Record> = records.iter().filter(|record| record.student_id == student).cloned().collect();
            let of = |name| {
                Ok::<_, Error>(
                    layer(&keys, &permit, &own, Compartment::Circumstance, name)?.map_or_else(Layer::default, |l| l.1),
                )
            };
            let (roster, people) = (of(FROM_ROSTER)?, of(BY_PEOPLE)?);
            if people.circumstances_over(&roster).iter().any(|c| c.standing == Standing::Proposed) {
                waiting.insert(student);
            }
            faster.append(&mut keys.faster);
        }
        list.students.retain(|one| waiting.contains(&one.row.student));
        let permit = self.policy.permit::<Read>(&standing, Kind::Circumstance, id.0).map_err(|_| Error::NotFound)?;
        self.leave_trace(&permit, Event::ClassListed, "to verify", &faster).await?;
        Ok(list)
    }
}

/// Lays a decision on what people decided before.
fn lay(people: &mut Layer, roster: &Layer, decision: &Decision, viewer: &Viewer, at: i64) -> Result<()> {
    let stood = people.circumstances_over(roster).into_iter().find(|c| c.tag == decision.tag).cloned();
    let basis = decision.basis.trim();
    let basis = if basis.is_empty() { stood.as_ref().map_or("", |c| c.basis.as_str()) } else { basis };
    if basis.is_empty() {
        return Err(Error::field("basis", "required"));
    }
    if basis.chars().count() > BASIS {
        return Err(Error::field("basis", "too-long"));
    }
    if decision.since.zip(decision.until).is_some_and(|(since, until)| until < since) {
        return Err(Error::field("until", "ends-before-it-starts"));
    }
    let since = decision.since.or_else(|| stood.as_ref().and_then(|c| c.since));
    people.circumstances.retain(|c| c.tag != decision.tag);
    people.circumstances.push(Circumstance {
        tag: decision.tag,
        basis: basis.to_owned(),
        since,
        until: decision.until,
        standing: decision.standing,
        by: viewer.person.id,
        at,
    });
    Ok(())
}
