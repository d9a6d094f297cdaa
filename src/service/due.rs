//! What is due, and who looks after it in a holiday.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use jiff::civil::Date;
use uuid::Uuid;

use super::cases::{Due, read_due};
use super::{App, Error, Keys, Result, Viewer};
use crate::domain::audit::Event;
use crate::domain::calendar::{Holiday, end_of_day};
use crate::domain::ids::{ClassId, PersonId, SchoolId, WarningId};
use crate::domain::record::SheetRow;
use crate::domain::relation::{Facts, Standing};
use crate::domain::words::{Action, Compartment, Kind, Role};
use crate::policy::{Append, Permit, Read};
use crate::store::{Class, Conn, Deadline, Handover, NewWrap, Wrap};

/// Due times looked at once; what is due later waits behind them.
const MOST: i64 = 500;
/// A holiday is prepared so many days ahead.
const AHEAD: usize = 30;
/// The page on which hand-overs stand.
const PLACE: &str = "/due/handover";

/// Something due.
#[derive(Debug)]
pub struct ListedDue {
    /// The due time.
    pub deadline: Deadline,
    /// What is due; none for whoever may only know that something is.
    pub due: Option<Due>,
    /// Whom it is about.
    pub student: Option<(SheetRow, Class)>,
}

/// What is due at a school, earliest first.
#[derive(Debug)]
pub struct DueList {
    /// The due times that the person may know of.
    pub items: Vec<ListedDue>,
    /// Whether there may be more, due later.
    pub more: bool,
    /// Whether the person hands cases over.
    pub hands_over: bool,
    /// The holiday that is near or has begun.
    pub holiday: Option<Holiday>,
}

/// A case to be looked after in a holiday.
#[derive(Debug)]
pub struct HolidayCase {
    /// The warning, or the due time that belongs to none.
    pub subject: Uuid,
    /// The warning, where it is one.
    pub warning: Option<WarningId>,
    /// Whom it is about.
    pub student: Option<(SheetRow, Class)>,
    /// What is due until the end of the holiday, earliest first.
    pub due: Vec<ListedDue>,
    /// Who takes it over.
    pub taker: Option<PersonId>,
}

/// The list of a holiday.
#[derive(Debug)]
pub struct HolidayList {
    /// The holiday.
    pub holiday: Holiday,
    /// All that is open or due until its end.
    pub cases: Vec<HolidayCase>,
    /// Who can take cases over.
    pub colleagues: Vec<(PersonId, String)>,
}

/// A choice on the list: a case, and who takes it over from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taking {
    /// The case.
    pub subject: Uuid,
    /// Who takes it over; nobody leaves it with those whose duty it is.
    pub taker: Option<PersonId>,
}

impl App {
    /// What is due: all of the school for those who read its warnings, and for a homeroom teacher that something is to be done
    /// by the own duty for a student of the own class.
    ///
    /// # Errors
    /// [`Error::NotFound`] for everybody else.
    pub async fn due_list(&self, viewer: &Viewer) -> Result<DueList> {
        let school = viewer.person.school_id;
        let standing = viewer.at_school();
        if !self.policy.may(&standing, Kind::Warning, Action::Read)
            && let Some((standing, class)) = self.briefed_classes(viewer).next()
        {
            let permit = self.permit::<Read>(&standing, Kind::Brief, class.0).await?;
            return self.due_in_classes(viewer, &permit).await;
        }
        let permit = self.permit::<Read>(&standing, Kind::Warning, school.0).await?;
        let mut conn = self.db.read().await?;
        let deadlines = conn.open_deadlines(school, MOST).await?;
        let more = deadlines.len() == usize::try_from(MOST).unwrap_or(usize::MAX);
        let holiday = self.calendar(&mut conn, school).await?.holiday(self.clock.today(), AHEAD);
        let (items, faster) = self.opened_dues(&mut conn, viewer, deadlines).await?;
        drop(conn);
        self.leave_trace(&permit, Event::DueRead, "", &faster).await?;
        let hands_over = self.policy.may(&standing, Kind::Warning, Action::Append);
        Ok(DueList { items, more, hands_over, holiday })
    }

    /// The own classes in which the person is told the least that must be known.
    fn briefed_classes(&self, viewer: &Viewer) -> impl Iterator<Item = (Standing, ClassId)> {
        let standing = |class| viewer.standing(&Facts::class(viewer.person.school_id, class));
        let classes = viewer.own_classes().map(move |class| (standing(class), class));
        classes.filter(|(standing, _)| self.policy.may(standing, Kind::Brief, Action::Read))
    }

    /// That something is due for students of the own classes, where the homeroom teacher must do it. Not what.
    async fn due_in_classes(&self, viewer: &Viewer, permit: &Permit<Read>) -> Result<DueList> {
        let mut conn = self.db.read().await?;
        let mut here = HashSet::new();
        for (_, class) in self.briefed_classes(viewer) {
            here.extend(conn.students_of_class(class).await?.into_iter().map(|student| student.id));
        }
        let mut deadlines = conn.open_deadlines_of(permit.school(), Role::HomeroomTeacher, MOST).await?;
        deadlines.retain(|deadline| here.contains(&deadline.student_id));
        let ids = deadlines.iter().map(|deadline| deadline.student_id).collect();
        let (names, faster) = self.names_of(&mut conn, viewer, ids).await?;
        drop(conn);
        self.leave_trace(permit, Event::DueRead, "", &faster).await?;
        let item = |deadline: Deadline| {
            let student = names.get(&deadline.student_id).cloned();
            ListedDue { deadline, due: None, student }
        };
        let items = deadlines.into_iter().map(item).collect();
        Ok(DueList { items, more: false, hands_over: false, holiday: None })
    }

    /// Opens due times of the school, with the keys of all files in one question for each office.
    async fn opened_dues(
        &self,
        conn: &mut Conn,
        viewer: &Viewer,
        deadlines: Vec<Deadline>,
    ) -> Result<(Vec<ListedDue>, Vec<NewWrap>)> {
        let school = viewer.person.school_id;
        let ids = deadlines.iter().map(|deadline| deadline.student_id).collect();
        let (names, mut faster) = self.names_of(conn, viewer, ids).await?;
        let mut wraps: HashMap<Uuid, Vec<Wrap>> = HashMap::new();
        for holder in viewer.ring.offices.iter().map(|key| key.office.0).chain([viewer.person.id.0]) {
            for wrap in conn.wraps_of_holder(school, holder, Compartment::Warning).await? {
                wraps.entry(wrap.subject).or_default().push(wrap);
            }
        }
        let standing = viewer.at_school();
        let mut opened: HashMap<Uuid, Keys> = HashMap::new();
        let mut items = Vec::with_capacity(deadlines.len());
        for deadline in deadlines {
            let student = deadline.student_id;
            let read = self.policy.permit::<Read>(&standing, Kind::Warning, student.0).map_err(|_| Error::NotFound)?;
            let of_file = wraps.get(&student.0).map_or(&[][..], Vec::as_slice);
            let keys =
                opened.entry(student.0).or_insert_with(|| Keys::open(viewer, &self.secret, school, student.0, of_file));
            let due = match read_due(keys, &read, &deadline) {
                // One that somebody spoiled must not hide the others.
                Err(Error::NoKey | Error::Internal(_)) => None,
                other => Some(other?),
            };
            items.push(ListedDue { student: names.get(&student).cloned(), due, deadline });
        }
        faster.extend(opened.into_values().flat_map(|keys| keys.faster));
        Ok((items, faster))
    }

    /// The hand-over list of the holiday that is near or has begun: everything open, or due until its end. None without one.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anyone who hands no cases over.
    pub async fn holiday_list(&self, viewer: &Viewer) -> Result<Option<HolidayList>> {
        let school = viewer.person.school_id;
        // Only those who hand over see the list; what stands in it is read.
        self.permit::<Append>(&viewer.at_school(), Kind::Warning, school.0).await?;
        let read = self.policy.permit::<Read>(&viewer.at_school(), Kind::Warning, school.0);
        let read = read.map_err(|_| Error::NotFound)?;
        let mut conn = self.db.read().await?;
        let Some(holiday) = self.calendar(&mut conn, school).await?.holiday(self.clock.today(), AHEAD) else {
            return Ok(None);
        };
        let takers = conn.handovers(school, &holiday.first.to_string()).await?;
        let until = holiday.last.map_or(i64::MAX, end_of_day);
        let mut deadlines = conn.open_deadlines(school, MOST).await?;
        deadlines.retain(|deadline| deadline.due_at <= until);
        let (items, mut faster) = self.opened_dues(&mut conn, viewer, deadlines).await?;
        let running = conn.running_warnings(school).await?;
        let ids = running.iter().map(|warning| warning.student_id).collect();
        let (names, more) = self.names_of(&mut conn, viewer, ids).await?;
        let colleagues = self.takers(&mut conn, school).await?;
        drop(conn);
        faster.extend(more);
        let taker = |subject: Uuid| takers.iter().find(|handover| handover.subject == subject).map(|one| one.taker);
        let mut cases: BTreeMap<Uuid, HolidayCase> = BTreeMap::new();
        for warning in running {
            let (subject, student) = (warning.id.0, names.get(&warning.student_id).cloned());
            let (due, taker) = (Vec::new(), taker(subject));
            cases.insert(subject, HolidayCase { subject, warning: Some(warning.id), student, due, taker });
        }
        for item in items {
            let subject = item.deadline.warning_id.unwrap_or(item.deadline.id.0);
            let case = cases.entry(subject).or_insert_with(|| HolidayCase {
                subject,
                warning: item.deadline.warning_id.map(WarningId),
                student: item.student.clone(),
                due: Vec::new(),
                taker: taker(subject),
            });
            case.due.push(item);
        }
        let mut cases: Vec<HolidayCase> = cases.into_values().collect();
        cases.sort_by_key(|case| case.due.first().map_or(i64::MAX, |item| item.deadline.due_at));
        self.leave_trace(&read, Event::DueRead, "handover", &faster).await?;
        Ok(Some(HolidayList { holiday, cases, colleagues }))
    }

    /// Hands cases over for the holiday that begins on `first`; whoever takes one over is told that something waits.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anyone who hands no cases over, or for a case that is none of the school's open ones;
    /// [`Error::Invalid`] for a colleague who cannot take cases over.
    pub async fn hand_over(&self, viewer: &Viewer, first: Date, takings: &[Taking]) -> Result<()> {
        let school = viewer.person.school_id;
        let permit = self.permit::<Append>(&viewer.at_school(), Kind::Warning, school.0).await?;
        let holiday = first.to_string();
        let mut tx = self.begin().await?;
        let colleagues = self.takers(&mut tx, school).await?;
        let open: HashSet<Uuid> = tx.running_warnings(school).await?.into_iter().map(|warning| warning.id.0).collect();
        let alone: HashSet<Uuid> = tx.open_deadlines(school, MOST).await?.into_iter().map(|due| due.id.0).collect();
        let mut told = BTreeSet::new();
        for Taking { subject, taker } in takings {
            if !open.contains(subject) && !alone.contains(subject) {
                return Err(Error::NotFound);
            }
            let Some(taker) = *taker else {
                tx.keep_case(&permit, &holiday, *subject).await?;
                continue;
            };
            if !colleagues.iter().any(|(id, _)| *id == taker) {
                return Err(Error::field("taker", "takes-no-cases"));
            }
            tx.hand_over(&permit, &holiday, Handover { subject: *subject, taker }, self.now()).await?;
            told.insert(taker);
        }
        told.remove(&viewer.person.id);
        self.tell(&mut tx, school, &told, PLACE).await?;
        tx.record(&permit, Event::CaseHandedOver, &format!("cases={}", takings.len()), self.now()).await?;
        Ok(tx.commit().await?)
    }

    /// Who can take cases over: those who may read and continue every warning of the school, by name.
    async fn takers(&self, conn: &mut Conn, school: SchoolId) -> Result<Vec<(PersonId, String)>> {
        let mut people = self.holders_of_role(conn, school, Role::Counsellor, None).await?;
        people.extend(self.holders_of_role(conn, school, Role::MoralEdDirector, None).await?);
        let persons = conn.persons(school).await?.into_iter().filter(|p| p.active && people.contains(&p.id));
        Ok(persons.map(|person| (person.id, person.name)).collect())
    }
}
