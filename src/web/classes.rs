//! Classes, class lists, and the search for a student.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::Form;
use serde::Deserialize;

use super::problem::Problem;
use super::request::{Seen, page};
use super::ui::{Ui, t};
use super::{Web, Who, format, routes};
use crate::domain::ids::ClassId;
use crate::domain::relation::Facts;
use crate::domain::words::{Action, FileStatus, Kind, Role};
use crate::service::{ClassSize, Listed};
use crate::store::Class;

/// Roles that may look into classes.
const READERS: Who =
    Who::Roles(&[Role::Counsellor, Role::HomeroomTeacher, Role::SubjectTeacher, Role::MoralEdDirector]);
/// Roles that decide about circumstances.
const DECIDERS: Who = Who::Roles(&[Role::HomeroomTeacher, Role::MoralEdDirector]);

routes! {
    get "/classes" index, READERS;
    get "/classes/{class}" show, READERS;
    get "/classes/{class}/verify" verify, DECIDERS;
    get "/search" ask, READERS;
    post "/search" search, READERS;
}

#[derive(Template)]
#[template(path = "classes.html")]
struct ClassesPage {
    ui: Ui,
    classes: Vec<ClassLink>,
}

/// A class as a tile: its name and how many students it has.
struct ClassLink {
    id: ClassId,
    name: String,
    size: ClassSize,
}

#[derive(Template)]
#[template(path = "class.html")]
#[expect(clippy::struct_excessive_bools, reason = "independent answers of policy")]
struct ClassPage {
    ui: Ui,
    id: ClassId,
    name: String,
    students: Vec<Listed>,
    decides: bool,
    screens: bool,
    appends: bool,
    opens: bool,
    keeps: bool,
}

impl ClassPage {
    /// Where the name of a student leads.
    fn place(&self, one: &Listed) -> String {
        place(one, self.keeps)
    }
}

#[derive(Template)]
#[template(path = "verify.html")]
struct VerifyPage {
    ui: Ui,
    id: ClassId,
    name: String,
    students: Vec<Listed>,
}

#[derive(Template)]
#[template(path = "search.html")]
struct SearchPage {
    ui: Ui,
    query: String,
    found: Vec<Found>,
}

/// A found student with the name of the class.
struct Found {
    class: String,
    listed: Listed,
    /// Whether the person may open the file.
    opens: bool,
    /// Where the name leads.
    place: String,
}

/// Where the name of a student leads: to the file. Who keeps files finds one that was sealed away where it is unsealed; the list
/// looks the same, whoever looks over a shoulder.
fn place(one: &Listed, keeps: bool) -> String {
    let page = if keeps && one.status == FileStatus::SealedAway { "/erasure" } else { "" };
    format!("/files/{}{page}", one.row.student)
}

/// What is searched for.
#[derive(Debug, Deserialize)]
struct Search {
    #[serde(default)]
    q: String,
}

/// The name of a class in the language of the page: its grade follows from the cohort and the school year.
#[must_use]
pub fn class_name(ui: &Ui, class: &Class, school_year: i16) -> String {
    let grade = u8::try_from(i64::from(school_year) - class.cohort + 1).unwrap_or(0);
    format::class_name(ui.language, grade, u16::try_from(class.number).unwrap_or(0))
}

async fn index(State(web): State<Web>, Seen { viewer, ui }: Seen) -> Result<Response, Problem> {
    let classes = web.app.classes(&viewer).await?;
    // A teacher of one class has nothing to choose.
    if let [only] = classes.as_slice() {
        return Ok(Redirect::to(&format!("/classes/{}", only.class.id)).into_response());
    }
    let year = web.app.school_year();
    let link = |size: ClassSize| ClassLink { id: size.class.id, name: class_name(&ui, &size.class, year), size };
    let classes = classes.into_iter().map(link).collect();
    page(&ClassesPage { ui, classes })
}

async fn show(State(web): State<Web>, Seen { viewer, ui }: Seen, Path(id): Path<ClassId>) -> Result<Response, Problem> {
    let list = web.app.class_list(&viewer, id).await?;
    let standing = viewer.standing(&Facts::class(list.class.school_id, id));
    let may = |kind, action| web.app.policy.may(&standing, kind, action);
    let (decides, appends) = (may(Kind::Circumstance, Action::Write), may(Kind::Support, Action::Append));
    let (opens, keeps) = (may(Kind::Support, Action::Read), may(Kind::Erasure, Action::Read));
    let name = class_name(&ui, &list.class, web.app.school_year());
    let screens = web.app.policy.may(&viewer.at_school(), Kind::Warning, Action::Write);
    page(&ClassPage { ui, id, name, students: list.students, decides, screens, appends, opens, keeps })
}

async fn verify(
    State(web): State<Web>,
    Seen { viewer, ui }: Seen,
    Path(id): Path<ClassId>,
) -> Result<Response, Problem> {
    let list = web.app.to_verify(&viewer, id).await?;
    let name = class_name(&ui, &list.class, web.app.school_year());
    page(&VerifyPage { ui, id, name, students: list.students })
}

async fn ask(State(web): State<Web>, Seen { viewer, ui }: Seen) -> Result<Response, Problem> {
    // Searching for nothing finds nothing, but asks whether the person may search.
    web.app.search(&viewer, "").await?;
    page(&SearchPage { ui, query: String::new(), found: Vec::new() })
}

/// A POST, although it changes nothing: a name that was searched for must not stand in addresses, histories and logs.
async fn search(
    State(web): State<Web>,
    Seen { viewer, mut ui }: Seen,
    Form(Search { q }): Form<Search>,
) -> Result<Response, Problem> {
    let year = web.app.school_year();
    let found = web.app.search(&viewer, &q).await?;
    let found = found.into_iter().map(|listed| {
        let standing = viewer.standing(&Facts::class(listed.class.school_id, listed.class.id));
        let may = |kind| web.app.policy.may(&standing, kind, Action::Read);
        let place = place(&listed, may(Kind::Erasure));
        Found { class: class_name(&ui, &listed.class, year), opens: may(Kind::Support), listed, place }
    });
    let found = found.collect();
    "/search".clone_into(&mut ui.path);
    page(&SearchPage { ui, query: q, found })
}
