//! The tracking record 《学生关爱帮扶成长跟踪记录表》 of a student (`forms.md` §2.1), on the screen and on paper.

use std::collections::{BTreeSet, HashMap};

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::Form;
use serde::Deserialize;

use super::language::Word;
use super::problem::Problem;
use super::request::{Seen, done, page};
use super::ui::{Choice, Problems, Ui, t};
use super::{Web, Who, files, format, routes};
use crate::domain::helping::{Review, ReviewKind};
use crate::domain::ids::{PersonId, StudentId};
use crate::domain::record::{Field, Standing};
use crate::domain::words::{Compartment, Effect, Role, Way};
use crate::service::{Error, FieldProblem, ShownEntry, TrackingRecord};

routes! {
    get "/files/{student}/record" show,
        Who::Roles(&[Role::Counsellor, Role::HomeroomTeacher, Role::MoralEdDirector, Role::Helper]);
    post "/files/{student}/record" add, Who::Roles(&[Role::Counsellor, Role::HomeroomTeacher, Role::MoralEdDirector]);
}

impl Word for ReviewKind {
    const FAMILY: &'static str = "review-kind";

    fn code(self) -> &'static str {
        self.as_str()
    }
}

/// A review, as it was sent.
#[derive(Default, Deserialize)]
#[serde(default)]
struct ReviewForm {
    kind: String,
    date: String,
    text: String,
    effect: String,
    adjust: Option<String>,
}

impl ReviewForm {
    fn parse(&self) -> Result<Review, Error> {
        let (kind, date) = (ReviewKind::parse(&self.kind), self.date.parse().ok());
        let (Some(kind), Some(date)) = (kind, date) else {
            let missing = [("kind", kind.is_none(), "choose"), ("date", date.is_none(), "date-invalid")];
            let missing = missing.into_iter().filter(|(_, missing, _)| *missing);
            return Err(Error::Invalid(missing.map(|(field, _, code)| FieldProblem { field, code }).collect()));
        };
        let is_stage = matches!(kind, ReviewKind::Month | ReviewKind::Term);
        let effect = Effect::parse(&self.effect).filter(|_| is_stage);
        Ok(Review { kind, date, text: self.text.trim().to_owned(), effect, adjust: self.adjust.is_some() })
    }
}

#[derive(Template)]
#[template(path = "record.html")]
struct RecordPage {
    ui: Ui,
    id: StudentId,
    record: TrackingRecord,
    class: String,
    names: HashMap<PersonId, String>,
    kinds: Vec<Choice>,
    effects: Vec<Choice>,
    form: ReviewForm,
    problems: Problems,
}

impl RecordPage {
    fn by(&self, id: &PersonId) -> &str {
        self.names.get(id).map_or("—", String::as_str)
    }

    /// The number of the file: of its id, what two files of a school hardly share.
    fn number(&self) -> String {
        let id = self.id.0.simple().to_string();
        id[id.len() - 10..].to_uppercase()
    }

    /// The text of a field; empty where the person may not read it or nothing stands there.
    fn text(&self, field: Field) -> &str {
        let fields = self.record.file.compartments.iter().flat_map(|part| &part.fields);
        let value = fields.filter(|shown| shown.field == field).find_map(|shown| shown.value.as_ref());
        value.map_or("", |value| value.text.as_str())
    }

    /// Year and month of birth.
    fn born(&self) -> String {
        self.text(Field::BirthDate).chars().take(7).collect()
    }

    /// The groups that somebody verified, for those who may read circumstances.
    fn groups(&self) -> String {
        let parts = self.record.file.compartments.iter().filter(|part| part.compartment == Compartment::Circumstance);
        let verified = parts.flat_map(|part| &part.circumstances).filter(|one| one.standing == Standing::Verified);
        let words: Vec<String> = verified.map(|one| self.ui.word(one.tag)).collect();
        format::list(self.ui.language, &words)
    }

    fn conditions(&self) -> String {
        let about: BTreeSet<_> = self.record.pairings.iter().filter_map(|(_, condition)| *condition).collect();
        let words: Vec<String> = about.into_iter().map(|condition| self.ui.word(condition)).collect();
        format::list(self.ui.language, &words)
    }

    /// One to one, or several helpers for one student.
    fn mode(&self) -> String {
        match self.record.pairings.iter().filter(|(pairing, _)| !pairing.ended && !pairing.paused).count() {
            0 => t!(self.ui, "record-mode-none"),
            1 => t!(self.ui, "record-mode-one"),
            _ => t!(self.ui, "record-mode-many"),
        }
    }

    fn helpers(&self) -> String {
        let mut names: Vec<&str> = Vec::new();
        for (pairing, _) in &self.record.pairings {
            let name = self.by(&pairing.helper_id);
            if !names.contains(&name) {
                names.push(name);
            }
        }
        format::list(self.ui.language, &names)
    }

    /// First and last day of all pairings.
    fn period(&self) -> String {
        let first = self.record.pairings.iter().map(|(pairing, _)| pairing.starts.as_str()).min();
        let last = self.record.pairings.iter().map(|(pairing, _)| pairing.ends.as_str()).max();
        let (Some(first), Some(last)) = (first, last) else { return String::new() };
        t!(self.ui, "pairings-from-to", from = self.ui.date(first), to = self.ui.date(last))
    }

    /// The entries of one side, the oldest first: what was seen at home, or at school (`requirements.md` E07).
    fn side(&self, home: bool) -> Vec<&ShownEntry> {
        let at_home = |way| matches!(way, Way::HomeVisit | Way::Phone);
        let entries = self.record.file.entries.iter().filter(|one| !one.corrected && at_home(one.text.way) == home);
        let mut entries: Vec<&ShownEntry> = entries.collect();
        entries.sort_by_key(|one| (one.text.date, one.written_at));
        entries
    }
}

async fn record_page(
    web: &Web,
    Seen { viewer, ui }: Seen,
    id: StudentId,
    form: ReviewForm,
    problems: Problems,
) -> Result<RecordPage, Problem> {
    let record = web.app.tracking_record(&viewer, id).await?;
    let names = web.app.colleagues(&viewer).await?;
    let mut may: Vec<ReviewKind> = Vec::new();
    may.extend(record.may_review.then_some(ReviewKind::WRITTEN).into_iter().flatten());
    may.extend(record.may_sign.then_some(ReviewKind::Office));
    let kinds = ui.choices(&may, ReviewKind::parse(&form.kind));
    let effects = ui.choices(Effect::ALL, Effect::parse(&form.effect));
    let class = files::shown_class(web, &ui, &record.file.approach.class);
    Ok(RecordPage { ui, id, record, class, names, kinds, effects, form, problems })
}

async fn show(State(web): State<Web>, seen: Seen, Path(id): Path<StudentId>) -> Result<Response, Problem> {
    let blank = ReviewForm { date: web.app.today(), ..ReviewForm::default() };
    page(&record_page(&web, seen, id, blank, Problems::default()).await?)
}

async fn add(
    State(web): State<Web>,
    seen: Seen,
    Path(id): Path<StudentId>,
    Form(form): Form<ReviewForm>,
) -> Result<Response, Problem> {
    let added = match form.parse() {
        Ok(review) => web.app.append_review(&seen.viewer, id, &review).await,
        Err(wrong) => Err(wrong),
    };
    match added {
        Ok(()) => Ok(done(&format!("/files/{id}/record"), "review-saved")),
        Err(Error::Invalid(wrong)) => {
            let problems = Problems::of(&seen.ui, &wrong);
            let again = record_page(&web, seen, id, form, problems).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&again)?).into_response())
        }
        Err(other) => Err(other.into()),
    }
}
