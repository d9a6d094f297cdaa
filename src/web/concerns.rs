//! Reporting a concern, and the receipts of what was reported.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::Form;
use serde::Deserialize;
use uuid::Uuid;

use super::classes::class_name;
use super::problem::Problem;
use super::request::{Seen, done, page};
use super::ui::{Choice, Problems, Ui, t};
use super::{Web, Who, format, routes};
use crate::domain::ids::{LetterId, StudentId};
use crate::domain::warning::{Concern, Safe, Urgency};
use crate::domain::words::Role;
use crate::service::{Error, NewReport, Receipt, Reportable, fresh, receipt_number};

/// Every member of staff.
pub(super) const STAFF: Who = Who::Roles(&[
    Role::Counsellor,
    Role::HomeroomTeacher,
    Role::SubjectTeacher,
    Role::GradeHead,
    Role::MoralEdDirector,
    Role::Helper,
    Role::SchoolDoctor,
    Role::AidOfficer,
    Role::SchoolLeader,
    Role::PrivacyOfficer,
    Role::SysAdmin,
]);

routes! {
    get "/concerns/new" form, STAFF;
    post "/concerns" report, STAFF;
    get "/receipts" receipts, STAFF;
}

/// About whom, where the person comes from a student's page.
#[derive(Debug, Deserialize)]
struct About {
    #[serde(default)]
    student: Option<StudentId>,
}

/// A report as the form sends it.
#[derive(Clone, Default, Deserialize)]
struct ConcernForm {
    #[serde(default)]
    id: String,
    /// The student from whose page the person came; no choice is offered then.
    #[serde(default)]
    given: String,
    #[serde(default)]
    student: String,
    #[serde(default)]
    who: String,
    #[serde(default)]
    class: String,
    #[serde(default)]
    seen: String,
    #[serde(default)]
    urgency: String,
    #[serde(default)]
    safe: String,
    #[serde(default)]
    place: String,
}

impl ConcernForm {
    /// The student it names. What cannot be read is a student whom nobody knows.
    fn student(&self) -> Option<StudentId> {
        let named = [&self.given, &self.student].into_iter().find(|id| !id.is_empty())?;
        Some(named.parse().unwrap_or(StudentId(Uuid::nil())))
    }

    /// The report it says, or what is missing. Not knowing whether the child is safe is an answer; saying nothing is not.
    fn parse(&self, ui: &Ui) -> Result<NewReport, Problems> {
        let (urgency, safe) = (Urgency::parse(&self.urgency), Safe::parse(&self.safe));
        let (Some(urgency), Some(safe)) = (urgency, safe) else {
            let missing = [("urgency", urgency.is_none()), ("safe", safe.is_none())];
            let missing = missing.into_iter().filter(|(_, missing)| *missing);
            let missing = missing.map(|(field, _)| crate::service::FieldProblem { field, code: "choose" });
            return Err(Problems::of(ui, &missing.collect::<Vec<_>>()));
        };
        let text = |text: &str| text.trim().replace("\r\n", "\n");
        let concern = Concern {
            who: text(&self.who),
            class: text(&self.class),
            seen: text(&self.seen),
            urgency,
            safe,
            place: text(&self.place),
        };
        let id = self.id.parse().unwrap_or_else(|_| LetterId(fresh()));
        Ok(NewReport { id, student: self.student(), concern })
    }

    /// Whether somebody must act this minute.
    fn is_danger(&self) -> bool {
        Urgency::parse(&self.urgency) == Some(Urgency::Now) || Safe::parse(&self.safe) == Some(Safe::No)
    }
}

#[derive(Template)]
#[template(path = "concern.html")]
struct ConcernPage {
    ui: Ui,
    form: ConcernForm,
    about: String,
    students: Vec<Choice>,
    urgencies: Vec<Choice>,
    safes: Vec<Choice>,
    counsellors: String,
    flooded: bool,
    problems: Problems,
}

#[derive(Template)]
#[template(path = "concern_sent.html")]
struct SentPage {
    ui: Ui,
    number: String,
    counsellors: String,
}

#[derive(Template)]
#[template(path = "receipts.html")]
struct ReceiptsPage {
    ui: Ui,
    columns: Vec<String>,
    receipts: Vec<Receipt>,
}

async fn form(State(web): State<Web>, seen: Seen, Query(About { student }): Query<About>) -> Result<Response, Problem> {
    let given = student.map(|id| id.to_string()).unwrap_or_default();
    let form = ConcernForm { given, urgency: Urgency::Today.to_string(), ..ConcernForm::default() };
    page(&concern_page(&web, seen, form, Problems::default()).await?)
}

async fn report(State(web): State<Web>, seen: Seen, Form(form): Form<ConcernForm>) -> Result<Response, Problem> {
    let problems = match form.parse(&seen.ui) {
        Err(problems) => problems,
        Ok(new) => match web.app.report(&seen.viewer, &new).await {
            Ok(()) if form.is_danger() => return sent_page(&web, seen, new.id).await,
            Ok(()) => return Ok(done("/receipts", "concern-sent")),
            Err(Error::Invalid(problems)) => Problems::of(&seen.ui, &problems),
            Err(Error::TooMany { .. }) => {
                let again = ConcernPage { flooded: true, ..concern_page(&web, seen, form, Problems::default()).await? };
                return Ok((StatusCode::TOO_MANY_REQUESTS, page(&again)?).into_response());
            }
            Err(other) => return Err(other.into()),
        },
    };
    let page = page(&concern_page(&web, seen, form, problems).await?)?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

async fn concern_page(
    web: &Web,
    seen: Seen,
    mut form: ConcernForm,
    problems: Problems,
) -> Result<ConcernPage, Problem> {
    let Seen { viewer, ui } = seen;
    // A student who is not known is left out of the form that comes back: the person writes the name instead.
    let given = form.given.parse().ok();
    let known = match web.app.reportable(&viewer, given).await {
        Err(Error::NotFound) if problems.any() => {
            form.given.clear();
            web.app.reportable(&viewer, None).await?
        }
        known => known?,
    };
    let year = web.app.school_year();
    let students = choices(&ui, &known, year, &form.student);
    let about = known.given.as_ref().map_or_else(String::new, |(_, name, class)| {
        format::list(ui.language, &[name.clone(), class_name(&ui, class, year)])
    });
    let urgencies = ui.choices(Urgency::ALL, Urgency::parse(&form.urgency));
    let safes = ui.choices(Safe::ALL, Safe::parse(&form.safe));
    let counsellors = format::list(ui.language, &known.counsellors);
    if form.id.parse::<LetterId>().is_err() || !problems.get("id").is_empty() {
        form.id = fresh().to_string();
    }
    Ok(ConcernPage { form, about, students, urgencies, safes, counsellors, flooded: false, problems, ui })
}

/// The students whom the person may choose by name: those of the own classes, and those who are helped.
fn choices(ui: &Ui, known: &Reportable, year: i16, chosen: &str) -> Vec<Choice> {
    let choice = |id: StudentId, label: String| {
        let value = id.to_string();
        Choice { chosen: value == chosen, label, value }
    };
    let of_class = known.students.iter().map(|one| {
        let seat = one.row.seat.map_or_else(String::new, |seat| format!("{seat} "));
        choice(one.row.student, format!("{seat}{}（{}）", one.row.name, class_name(ui, &one.class, year)))
    });
    let helped = known.helped.iter().map(|(id, card)| choice(*id, card.name.clone()));
    of_class.chain(helped).collect()
}

/// Danger now: what to do stands before everything else. Answered at once, so that no address says that there is danger;
/// loading it again sends the same report, which is one.
async fn sent_page(web: &Web, Seen { viewer, ui }: Seen, id: LetterId) -> Result<Response, Problem> {
    let known = web.app.counsellors_on_duty(&viewer).await?;
    let counsellors = format::list(ui.language, &known);
    page(&SentPage { number: receipt_number(id), counsellors, ui })
}

async fn receipts(State(web): State<Web>, Seen { viewer, ui }: Seen) -> Result<Response, Problem> {
    let receipts = web.app.receipts(&viewer).await?;
    let columns = vec![t!(ui, "receipts-number"), t!(ui, "receipts-sent"), t!(ui, "receipts-state")];
    page(&ReceiptsPage { ui, columns, receipts })
}
