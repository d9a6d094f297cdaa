//! Supervision 督查: the district asks the schools about their process, each school answers, and what is behind is asked for again.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::meetings::others;
use super::papers::{Papers, Place, Sent, ShownPaper, school_names};
use super::{App, Error, FieldProblem, Result, Viewer};
use crate::domain::audit::Event;
use crate::domain::county::{AnswerState, HalfYear, Part, Topic};
use crate::domain::ids::{FormId, SchoolId, SupervisionId};
use crate::domain::relation::Facts;
use crate::domain::words::{Action, Kind, SchoolKind};
use crate::policy::{Append, Manage, Permit, Read};
use crate::store::{Conn, StoredAnswer, Supervision, Tally, Tx};

/// A supervision in the list.
#[derive(Debug)]
pub struct ListedSupervision {
    /// The supervision.
    pub supervision: Supervision,
    /// How many answers there are to give.
    pub asked: usize,
    /// How many of them are given.
    pub given: usize,
    /// How many schools are past a day: for the district; for a school how many topics.
    pub behind: usize,
}

/// The supervisions that concern the person.
#[derive(Debug)]
pub struct Supervisions {
    /// Newest first.
    pub list: Vec<ListedSupervision>,
    /// The schools that can be asked; empty for whoever opens none.
    pub schools: Vec<(SchoolId, String)>,
}

/// A supervision that is to be opened.
#[derive(Debug, Clone)]
pub struct NewSupervision {
    /// The form it came from.
    pub form: FormId,
    /// For which half year.
    pub half: HalfYear,
    /// What is looked at.
    pub topics: Vec<Topic>,
    /// Until when the schools answer.
    pub due: Date,
    /// Who is asked.
    pub schools: Vec<SchoolId>,
    /// What else the schools should know.
    pub note: String,
}

/// The answer of a school to a topic.
#[derive(Debug)]
pub struct ShownAnswer {
    /// How far it is.
    pub answer: StoredAnswer,
    /// What the school wrote.
    pub paper: Option<ShownPaper>,
    /// What the district asks to be put right.
    pub rectify: Option<ShownPaper>,
    /// The figure that the system counted, for topics that have one.
    pub figure: Option<i64>,
    /// Whether its day is over.
    pub behind: bool,
}

/// What a supervision says of one school.
#[derive(Debug)]
pub struct SupervisedSchool {
    /// The school.
    pub school: SchoolId,
    /// Its name.
    pub name: String,
    /// Its answers.
    pub answers: Vec<ShownAnswer>,
}

impl SupervisedSchool {
    /// How many topics are past their day.
    #[must_use]
    pub fn behind(&self) -> usize {
        self.answers.iter().filter(|answer| answer.behind).count()
    }
}

/// A supervision as the person can open it: all schools for the district, the own one for a school.
#[derive(Debug)]
pub struct OpenedSupervision {
    /// The supervision.
    pub supervision: Supervision,
    /// What the schools should know.
    pub note: Option<ShownPaper>,
    /// Those who are behind first.
    pub schools: Vec<SupervisedSchool>,
    /// Whether the person leads it.
    pub leads: bool,
    /// Whether the person answers for the own school.
    pub answers: bool,
}

impl App {
    /// The supervisions that concern the own school; all of them for the district.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anyone who has no part in them.
    pub async fn supervisions(&self, viewer: &Viewer) -> Result<Supervisions> {
        let school = viewer.person.school_id;
        let permit = self.permit::<Read>(&viewer.at_school(), Kind::Supervision, school.0).await?;
        let mut conn = self.db.read().await?;
        let answers = conn.answers().await?;
        let all = conn.supervisions().await?;
        let leads = self.policy.may(&viewer.at_school(), Kind::Supervision, Action::Manage);
        let schools = if leads { others(&mut conn, school).await? } else { Vec::new() };
        drop(conn);
        let today = self.today();
        let listed = |supervision: Supervision| {
            let of: Vec<&StoredAnswer> = answers
                .iter()
                .filter(|one| one.supervision_id == supervision.id && concerns(viewer, one.school_id))
                .collect();
            let late = of.iter().filter(|one| one.is_behind(&today));
            let behind =
                if leads { late.map(|one| one.school_id).collect::<BTreeSet<_>>().len() } else { late.count() };
            let given = of.iter().filter(|one| !one.state.is_open()).count();
            (!of.is_empty()).then_some(ListedSupervision { supervision, asked: of.len(), given, behind })
        };
        let list = all.into_iter().filter_map(listed).collect();
        self.leave_trace(&permit, Event::SupervisionRead, "list", &[]).await?;
        Ok(Supervisions { list, schools })
    }

    /// Asks whether the person leads supervisions, before anything is said about a form.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anyone but the district's officers.
    pub async fn may_supervise(&self, viewer: &Viewer) -> Result<()> {
        let school = viewer.person.school_id;
        self.permit::<Manage>(&viewer.at_school(), Kind::Supervision, school.0).await.map(drop)
    }

    /// Asks whether the person answers for a school, before anything is said about a form.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anyone who does not.
    pub async fn may_answer(&self, viewer: &Viewer) -> Result<()> {
        let school = viewer.person.school_id;
        self.permit::<Append>(&viewer.at_school(), Kind::Supervision, school.0).await.map(drop)
    }

    /// Opens a supervision and tells the schools. A form sent twice opens one.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every wrong field; [`Error::Named`] for a note that names somebody; [`Error::NotFound`] for anyone but
    /// the district's officers.
    pub async fn open_supervision(&self, viewer: &Viewer, new: &NewSupervision) -> Result<SupervisionId> {
        let district = viewer.person.school_id;
        let permit = self.permit::<Manage>(&viewer.at_school(), Kind::Supervision, district.0).await?;
        let mut problems = Vec::new();
        let mut wrong = |field, code| problems.push(FieldProblem { field, code });
        if new.topics.is_empty() {
            wrong("topics", "choose");
        }
        if new.schools.is_empty() {
            wrong("schools", "choose");
        }
        if new.due < self.clock.today() {
            wrong("due", "date-in-the-past");
        }
        if !problems.is_empty() {
            return Err(Error::Invalid(problems));
        }
        if !new.note.trim().is_empty() {
            self.check_paper(viewer, "note", &new.note).await?;
        }
        let id = self.letter_from("supervision", &[viewer.person.id.0.as_bytes(), new.form.0.as_bytes()]).0;
        let topics: BTreeSet<Topic> = new.topics.iter().copied().collect();
        let codes = topics.iter().map(|topic| topic.as_str()).collect::<Vec<_>>().join(" ");
        let (half, made_at) = (new.half, self.now());
        let supervision = Supervision { id: id.into(), school_id: district, half, topics: codes, made_at };
        let mut tx = self.begin().await?;
        if !tx.insert_supervision(&permit, &supervision).await? {
            tx.leave().await?;
            return Ok(supervision.id);
        }
        let known: BTreeSet<SchoolId> = others(&mut tx, district).await?.into_iter().map(|(id, _)| id).collect();
        let schools: BTreeSet<SchoolId> = new.schools.iter().copied().filter(|id| known.contains(id)).collect();
        for school in &schools {
            for topic in &topics {
                let answer = StoredAnswer {
                    supervision_id: supervision.id,
                    school_id: *school,
                    topic: *topic,
                    due: new.due.to_string(),
                    state: AnswerState::Open,
                    rectify: None,
                    version: 1,
                };
                tx.insert_answer(&permit, &answer).await?;
            }
        }
        if !new.note.trim().is_empty() {
            let readers = self.readers(&mut tx, &schools).await?;
            let sent = Sent { about: id, place: Place::of(district, Part::Note), text: &new.note, seen: 0 };
            self.write_paper(&mut tx, viewer, &permit, sent, &readers).await?;
        }
        self.tell_all_of(&mut tx, viewer, &schools, &format!("/supervisions/{id}")).await?;
        let detail = format!("schools={} topics={}", schools.len(), topics.len());
        tx.record_about(&permit, Event::SupervisionOpened, id, &detail, made_at).await?;
        tx.commit().await?;
        Ok(supervision.id)
    }

    /// One supervision.
    ///
    /// # Errors
    /// [`Error::NotFound`] for schools that are not asked.
    pub async fn supervision(&self, viewer: &Viewer, id: SupervisionId) -> Result<OpenedSupervision> {
        let mut conn = self.db.read().await?;
        let supervision = conn.supervisions().await?.into_iter().find(|one| one.id == id).ok_or(Error::NotFound)?;
        let all: Vec<StoredAnswer> = conn.answers().await?.into_iter().filter(|one| one.supervision_id == id).collect();
        let own: Vec<StoredAnswer> = all.into_iter().filter(|one| concerns(viewer, one.school_id)).collect();
        // Schools that are not asked stand in no relation to what stands at the district.
        let at = if own.is_empty() { supervision.school_id } else { viewer.person.school_id };
        let permit = self.permit::<Read>(&viewer.standing(&Facts::school(at)), Kind::Supervision, id.0).await?;
        let names = school_names(&mut conn).await?;
        let papers = self.open_papers(&mut conn, viewer, id.0).await?;
        let tallies = conn.tallies([supervision.half; 2]).await?;
        drop(conn);
        self.leave_trace(&permit, Event::SupervisionRead, "", &[]).await?;
        let note = papers.get(&Place::of(supervision.school_id, Part::Note)).cloned();
        let mut schools = self.supervised(own, &names, &papers, &tallies);
        schools.sort_by(|a, b| (b.behind(), &a.name).cmp(&(a.behind(), &b.name)));
        let may = |action| self.policy.may(&viewer.at_school(), Kind::Supervision, action);
        Ok(OpenedSupervision { supervision, note, schools, leads: may(Action::Manage), answers: may(Action::Append) })
    }

    fn supervised(
        &self,
        answers: Vec<StoredAnswer>,
        names: &BTreeMap<SchoolId, String>,
        papers: &Papers,
        tallies: &[Tally],
    ) -> Vec<SupervisedSchool> {
        let today = self.today();
        let mut schools: BTreeMap<SchoolId, Vec<ShownAnswer>> = BTreeMap::new();
        for answer in answers {
            let school = answer.school_id;
            let place = |part| Place { school, part, item: answer.topic.to_string() };
            let total = |figure| {
                let of = |tally: &&Tally| tally.school_id == school && tally.figure == figure;
                tallies.iter().find(of).map_or(0, |tally| tally.total)
            };
            let shown = ShownAnswer {
                paper: papers.get(&place(Part::Answer)).cloned(),
                rectify: papers.get(&place(Part::Rectify)).cloned(),
                figure: answer.topic.figure().map(total),
                behind: answer.is_behind(&today),
                answer,
            };
            schools.entry(school).or_default().push(shown);
        }
        let of_school = |(school, answers): (SchoolId, Vec<ShownAnswer>)| SupervisedSchool {
            name: names.get(&school).cloned().unwrap_or_default(),
            school,
            answers,
        };
        schools.into_iter().map(of_school).collect()
    }

    /// Answers a topic for the own school: a state, and a text without names. The figures come from what the system counted.
    ///
    /// # Errors
    /// [`Error::Invalid`]; [`Error::Named`]; [`Error::Stale`] where a colleague or the district was faster; [`Error::NotFound`] for
    /// anyone who does not answer, and for what is settled.
    pub async fn answer_topic(
        &self,
        viewer: &Viewer,
        id: SupervisionId,
        topic: Topic,
        state: AnswerState,
        text: &str,
        seen: i64,
    ) -> Result<()> {
        let school = viewer.person.school_id;
        let permit = self.permit::<Append>(&viewer.at_school(), Kind::Supervision, id.0).await?;
        if !AnswerState::BY_SCHOOL.contains(&state) {
            return Err(Error::field("state", "choose"));
        }
        self.check_paper(viewer, "text", text).await?;
        let mut tx = self.begin().await?;
        let stands = answer_of(&mut tx, id, school, topic).await?;
        if stands.state == AnswerState::Accepted {
            return Err(Error::NotFound);
        }
        let written = self.written(&mut tx, id, school, Part::Answer, topic).await?;
        let place = Place { school, part: Part::Answer, item: topic.to_string() };
        let readers = self.readers(&mut tx, &BTreeSet::from([school])).await?;
        let answer = StoredAnswer { state, version: seen, ..stands.clone() };
        if !tx.move_answer(&permit, &answer).await? {
            // The same form again finds what it did.
            let papers = self.open_papers(&mut tx, viewer, id.0).await?;
            let same = papers.get(&place).and_then(|paper| paper.text.as_deref()) == Some(text.trim());
            let again = same && stands.state == state;
            return if again { Ok(tx.leave().await?) } else { Err(Error::Stale(Vec::new())) };
        }
        let sent = Sent { about: id.0, place, text, seen: written };
        self.write_paper(&mut tx, viewer, &permit, sent, &readers).await?;
        self.tell_all_of(&mut tx, viewer, &BTreeSet::new(), &format!("/supervisions/{id}")).await?;
        let detail = format!("topic={topic} state={state}");
        tx.record_about(&permit, Event::SupervisionAnswered, id.0, &detail, self.now()).await?;
        Ok(tx.commit().await?)
    }

    /// Asks a school to put something right until a day 限期整改.
    ///
    /// # Errors
    /// [`Error::Invalid`]; [`Error::Named`]; [`Error::Stale`]; [`Error::NotFound`] for anyone but the district's officers.
    pub async fn ask_rectification(
        &self,
        viewer: &Viewer,
        id: SupervisionId,
        (school, topic): (SchoolId, Topic),
        until: Date,
        text: &str,
        seen: i64,
    ) -> Result<()> {
        let permit = self.permit::<Manage>(&viewer.at_school(), Kind::Supervision, id.0).await?;
        if until < self.clock.today() {
            return Err(Error::field("until", "date-in-the-past"));
        }
        self.check_paper(viewer, "text", text).await?;
        let mut tx = self.begin().await?;
        let stands = answer_of(&mut tx, id, school, topic).await?;
        let (state, rectify) = (AnswerState::Rectify, Some(until.to_string()));
        self.move_on_answer(&mut tx, &permit, StoredAnswer { state, rectify, version: seen, ..stands }).await?;
        let written = self.written(&mut tx, id, school, Part::Rectify, topic).await?;
        let place = Place { school, part: Part::Rectify, item: topic.to_string() };
        let readers = self.readers(&mut tx, &BTreeSet::from([school])).await?;
        let sent = Sent { about: id.0, place, text, seen: written };
        self.write_paper(&mut tx, viewer, &permit, sent, &readers).await?;
        self.tell_all_of(&mut tx, viewer, &BTreeSet::from([school]), &format!("/supervisions/{id}")).await?;
        let detail = format!("school={school} topic={topic} until={until}");
        tx.record_about(&permit, Event::RectificationAsked, id.0, &detail, self.now()).await?;
        Ok(tx.commit().await?)
    }

    /// Accepts what a school answered.
    ///
    /// # Errors
    /// [`Error::Invalid`] on `state` for what the school has not finished; [`Error::Stale`]; [`Error::NotFound`] for anyone but the
    /// district's officers.
    pub async fn accept_answer(
        &self,
        viewer: &Viewer,
        id: SupervisionId,
        (school, topic): (SchoolId, Topic),
        seen: i64,
    ) -> Result<()> {
        let permit = self.permit::<Manage>(&viewer.at_school(), Kind::Supervision, id.0).await?;
        let mut tx = self.begin().await?;
        let stands = answer_of(&mut tx, id, school, topic).await?;
        match stands.state {
            AnswerState::Accepted => return Ok(tx.leave().await?),
            AnswerState::Done => {}
            _ => return Err(Error::field("state", "not-answered")),
        }
        let accepted = StoredAnswer { state: AnswerState::Accepted, version: seen, ..stands };
        self.move_on_answer(&mut tx, &permit, accepted).await?;
        self.tell_all_of(&mut tx, viewer, &BTreeSet::from([school]), &format!("/supervisions/{id}")).await?;
        let detail = format!("school={school} topic={topic}");
        tx.record_about(&permit, Event::AnswerAccepted, id.0, &detail, self.now()).await?;
        Ok(tx.commit().await?)
    }

    /// Gives leaders of the own school who came later a copy of what they may read.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anyone who does not answer.
    pub async fn share_supervision(&self, viewer: &Viewer, id: SupervisionId) -> Result<()> {
        let school = viewer.person.school_id;
        let permit = self.permit::<Append>(&viewer.at_school(), Kind::Supervision, id.0).await?;
        let mut tx = self.begin().await?;
        if !tx.answers().await?.iter().any(|one| one.supervision_id == id && one.school_id == school) {
            return Err(Error::NotFound);
        }
        let mut readers = self.readers(&mut tx, &BTreeSet::from([school])).await?;
        readers.retain(|(of, _)| *of == school);
        let given = self.hand_round(&mut tx, viewer, &permit, id.0, &readers).await?;
        tx.record_about(&permit, Event::SupervisionAnswered, id.0, &format!("copies={given}"), self.now()).await?;
        Ok(tx.commit().await?)
    }

    async fn move_on_answer(&self, tx: &mut Tx, permit: &Permit<Manage>, answer: StoredAnswer) -> Result<()> {
        if tx.move_answer(permit, &answer).await? { Ok(()) } else { Err(Error::Stale(Vec::new())) }
    }

    /// The version of a text that stands in a place; 0 where there is none.
    async fn written(
        &self,
        conn: &mut Conn,
        id: SupervisionId,
        school: SchoolId,
        part: Part,
        topic: Topic,
    ) -> Result<i64> {
        let papers = conn.papers(id.0).await?;
        let here = papers.iter().find(|p| (p.school_id, p.part, p.item.as_str()) == (school, part, topic.as_str()));
        Ok(here.map_or(0, |paper| paper.version))
    }
}

/// Whether the person reads what a school answers.
fn concerns(viewer: &Viewer, school: SchoolId) -> bool {
    viewer.school.kind == SchoolKind::District || viewer.person.school_id == school
}

async fn answer_of(conn: &mut Conn, id: SupervisionId, school: SchoolId, topic: Topic) -> Result<StoredAnswer> {
    let here = |one: &StoredAnswer| (one.supervision_id, one.school_id, one.topic) == (id, school, topic);
    conn.answers().await?.into_iter().find(here).ok_or(Error::NotFound)
}
