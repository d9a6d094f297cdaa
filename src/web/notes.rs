//! Counselling notes: written by their author, and read by nobody else but who was handed or let read them.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::Form;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::files::{once, shown_class};
use super::problem::Problem;
use super::request::{Seen, done, page};
use super::ui::{Choice, Problems, Ui, t};
use super::{Web, Who, routes};
use crate::domain::ids::StudentId;
use crate::domain::record::{NoteText, SessionForm};
use crate::domain::session::{Disclosure, Gravity, NoteSource, ProblemType, Session};
use crate::domain::words::{Compartment, Role};
use crate::service::{Error, FieldProblem, InheritedNotes, ShownNote, SupervisedNotes};

/// Roles that write notes.
const WRITERS: Who = Who::Roles(&[Role::Counsellor]);

routes! {
    get "/files/{student}/notes" show, WRITERS;
    post "/files/{student}/notes" append, WRITERS;
    post "/files/{student}/notes/draft" keep_draft, WRITERS;
}

/// A note as the form sends it; also what its draft keeps.
#[derive(Clone, Default, Serialize, Deserialize)]
struct NoteForm {
    #[serde(default)]
    date: String,
    #[serde(default)]
    form: String,
    #[serde(default)]
    minutes: String,
    #[serde(default)]
    complaint: String,
    #[serde(default)]
    process: String,
    #[serde(default)]
    plan: String,
    #[serde(default)]
    limits_told: String,
    #[serde(default)]
    once: String,
    #[serde(default)]
    place: String,
    #[serde(default)]
    source: String,
    #[serde(default)]
    goals: String,
    #[serde(default)]
    observed: String,
    #[serde(default)]
    problems: Vec<String>,
    #[serde(default)]
    gravity: String,
    #[serde(default)]
    risk: String,
    #[serde(default)]
    next: String,
    #[serde(default)]
    disclosed_on: String,
    #[serde(default)]
    disclosed_to: String,
    #[serde(default)]
    disclosed_why: String,
}

impl NoteForm {
    /// The note it says, or what is missing.
    fn parse(&self, ui: &Ui) -> Result<NoteText, Problems> {
        let date: Option<Date> = self.date.parse().ok();
        let (form, minutes) = (SessionForm::parse(&self.form), self.minutes.trim().parse().ok().filter(|m| *m <= 600));
        let (next, disclosed) = (self.next(), self.disclosed());
        if let (Some(date), Some(form), Some(minutes), Ok(next), Ok(disclosed)) = (date, form, minutes, next, disclosed)
        {
            let (complaint, process, plan) = (text(&self.complaint), text(&self.process), text(&self.plan));
            let limits_told = !self.limits_told.is_empty();
            let session = self.session(next, disclosed);
            return Ok(NoteText { date, form, minutes, complaint, process, plan, limits_told, session });
        }
        let missing = [
            ("date", date.is_none(), "date-invalid"),
            ("form", form.is_none(), "choose"),
            ("minutes", minutes.is_none(), "minutes"),
            ("next", self.next().is_err(), "date-invalid"),
            ("disclosed_on", self.disclosed().is_err(), "date-invalid"),
        ];
        let missing = missing.into_iter().filter(|(_, missing, _)| *missing);
        Err(Problems::of(ui, &missing.map(|(field, _, code)| FieldProblem { field, code }).collect::<Vec<_>>()))
    }

    /// The day of the next session, if one is named.
    fn next(&self) -> Result<Option<Date>, ()> {
        let day = self.next.trim();
        if day.is_empty() { Ok(None) } else { day.parse().map(Some).map_err(drop) }
    }

    /// That the secret was broken, if anything of it is filled in.
    fn disclosed(&self) -> Result<Option<Disclosure>, ()> {
        let (to, why) = (text(&self.disclosed_to), text(&self.disclosed_why));
        let day = self.disclosed_on.trim();
        if day.is_empty() && to.is_empty() && why.is_empty() {
            return Ok(None);
        }
        Ok(Some(Disclosure { day: day.parse().map_err(drop)?, to, why }))
    }

    fn session(&self, next: Option<Date>, disclosed: Option<Disclosure>) -> Session {
        Session {
            place: text(&self.place),
            source: NoteSource::parse(&self.source),
            goals: text(&self.goals),
            observed: text(&self.observed),
            problems: self.problems.iter().filter_map(|code| ProblemType::parse(code)).collect(),
            gravity: Gravity::parse(&self.gravity),
            risk: text(&self.risk),
            next,
            disclosed,
            group: None,
        }
    }

    /// The kinds of problem as ticks.
    fn problem_types(&self, ui: &Ui) -> Vec<Choice> {
        let chosen = |kind: &ProblemType| self.problems.iter().any(|code| code == kind.as_str());
        let choice = |kind: &ProblemType| Choice {
            value: kind.as_str().to_owned(),
            label: ui.word(*kind),
            chosen: chosen(kind),
        };
        ProblemType::ALL.iter().map(choice).collect()
    }
}

fn text(text: &str) -> String {
    text.replace("\r\n", "\n").trim().to_owned()
}

#[derive(Template)]
#[template(path = "notes.html")]
struct NotesPage {
    ui: Ui,
    id: StudentId,
    name: String,
    class: String,
    notes: Vec<ShownNote>,
    inherited: Vec<InheritedNotes>,
    supervised: Vec<SupervisedNotes>,
    /// Who may read the own notes, and until when.
    readers: Vec<(String, String)>,
    form: NoteForm,
    forms: Vec<Choice>,
    sources: Vec<Choice>,
    kinds: Vec<Choice>,
    gravities: Vec<Choice>,
    restored: bool,
    problems: Problems,
}

async fn notes_page(
    web: &Web,
    seen: Seen,
    id: StudentId,
    form: Option<NoteForm>,
    problems: Problems,
) -> Result<NotesPage, Problem> {
    let notes = web.app.notes(&seen.viewer, id).await?;
    let inherited = web.app.inherited_notes(&seen.viewer, id).await?;
    let supervised = web.app.supervised_notes(&seen.viewer, id).await?;
    let readers = web.app.who_reads_notes(&seen.viewer, id).await?;
    let (who, class) = web.app.whom(&seen.viewer, id).await?;
    let draft: Option<NoteForm> = if form.is_none() { web.app.draft(&seen.viewer, "note", id.0).await? } else { None };
    let restored = draft.is_some();
    let blank = NoteForm {
        date: web.app.today(),
        minutes: "40".to_owned(),
        form: SessionForm::FaceToFace.to_string(),
        ..NoteForm::default()
    };
    let mut form = form.or(draft).unwrap_or(blank);
    form.once = once(&form.once).to_string();
    let forms = seen.ui.choices(SessionForm::ALL, SessionForm::parse(&form.form));
    let (sources, kinds) =
        (seen.ui.choices(NoteSource::ALL, NoteSource::parse(&form.source)), form.problem_types(&seen.ui));
    let gravities = seen.ui.choices(Gravity::ALL, Gravity::parse(&form.gravity));
    let (class, name) = (shown_class(web, &seen.ui, &class), who.name().to_owned());
    Ok(NotesPage {
        id,
        name,
        class,
        notes,
        inherited,
        supervised,
        readers,
        form,
        forms,
        sources,
        kinds,
        gravities,
        restored,
        problems,
        ui: seen.ui,
    })
}

async fn show(State(web): State<Web>, seen: Seen, Path(id): Path<StudentId>) -> Result<Response, Problem> {
    page(&notes_page(&web, seen, id, None, Problems::default()).await?)
}

async fn append(
    State(web): State<Web>,
    seen: Seen,
    Path(id): Path<StudentId>,
    Form(form): Form<NoteForm>,
) -> Result<Response, Problem> {
    let problems = match form.parse(&seen.ui) {
        Err(problems) => problems,
        Ok(text) => match web.app.append_note(&seen.viewer, id, once(&form.once), &text, None).await {
            Ok(_) => return Ok(done(&format!("/files/{id}/notes"), "note-saved")),
            Err(Error::Invalid(problems)) => Problems::of(&seen.ui, &problems),
            Err(other) => return Err(other.into()),
        },
    };
    let page = page(&notes_page(&web, seen, id, Some(form), problems).await?)?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

async fn keep_draft(
    State(web): State<Web>,
    seen: Seen,
    Path(id): Path<StudentId>,
    Form(form): Form<NoteForm>,
) -> Result<StatusCode, Problem> {
    web.app.keep_draft(&seen.viewer, "note", Compartment::Counselling, id, &form).await?;
    Ok(StatusCode::NO_CONTENT)
}
