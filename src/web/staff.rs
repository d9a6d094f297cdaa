//! Staff, for the administrator: accounts, roles, invitations.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::Form;
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use uuid::Uuid;

use super::language::Word;
use super::problem::Problem;
use super::request::{Seen, done, page};
use super::structure::class_title;
use super::ui::{Choice, Problems, Ui, t};
use super::{Web, Who, format, routes};
use crate::domain::ids::{ClassId, PersonId};
use crate::domain::relation::Duty;
use crate::domain::words::{Role, SchoolKind};
use crate::service::{AccountState, Error, Invited, KeyState, NewPerson, StaffDetail, StaffMember};
use crate::store::Class;

const ADMINISTRATORS: Who = Who::Roles(&[Role::SysAdmin]);

routes! {
    get "/staff" list, ADMINISTRATORS;
    post "/staff" create, ADMINISTRATORS;
    get "/staff/new" new, ADMINISTRATORS;
    get "/staff/{id}" show, ADMINISTRATORS;
    post "/staff/{id}/duties" give, ADMINISTRATORS;
    post "/staff/{id}/duties/{duty}/end" end, ADMINISTRATORS;
    post "/staff/{id}/invite" invite, ADMINISTRATORS;
    post "/staff/{id}/close" close, ADMINISTRATORS;
    post "/staff/{id}/check" note_check, ADMINISTRATORS;
}

impl Word for AccountState {
    const FAMILY: &'static str = "account-state";
    fn code(self) -> &'static str {
        self.as_str()
    }
}

impl Word for KeyState {
    const FAMILY: &'static str = "key-state";
    fn code(self) -> &'static str {
        self.as_str()
    }
}

#[derive(Template)]
#[template(path = "staff.html")]
struct StaffPage {
    ui: Ui,
    rows: Vec<Row>,
    columns: Vec<String>,
}

/// One person in the list.
struct Row {
    href: String,
    name: String,
    login: String,
    roles: String,
    state: String,
    keys: String,
}

#[derive(Template)]
#[template(path = "staff_new.html")]
struct NewPersonPage {
    ui: Ui,
    login: String,
    name: String,
    checked: String,
    roles: Vec<Choice>,
    classes: Vec<Choice>,
    problems: Problems,
    at_district: bool,
}

#[derive(Template)]
#[template(path = "staff_person.html")]
struct PersonPage {
    ui: Ui,
    row: Row,
    duties: Vec<(String, String)>,
    roles: Vec<Choice>,
    classes: Vec<Choice>,
    invited_until: String,
    detail: StaffDetail,
    problems: Problems,
}

#[derive(Template)]
#[template(path = "staff_invited.html")]
struct InvitedPage {
    ui: Ui,
    name: String,
    login: String,
    code: String,
    until: String,
    back: String,
}

/// A new person.
#[derive(Debug, Default, Deserialize)]
struct NewForm {
    #[serde(default)]
    login: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    role: Vec<String>,
    #[serde(default)]
    class: String,
    #[serde(default)]
    checked: String,
}

/// The day of a background check.
#[derive(Debug, Deserialize)]
struct CheckForm {
    #[serde(default)]
    checked: String,
}

/// A role to be given.
#[derive(Debug, Deserialize)]
struct GiveForm {
    #[serde(default)]
    role: String,
    #[serde(default)]
    class: String,
}

async fn list(State(web): State<Web>, Seen { viewer, ui }: Seen) -> Result<Response, Problem> {
    let staff = web.app.staff(&viewer).await?;
    let year = web.app.school_year();
    let rows = staff.members.iter().map(|member| row(&ui, member, &staff.classes, year)).collect();
    let columns = vec![
        t!(ui, "staff-name"),
        t!(ui, "staff-login"),
        t!(ui, "staff-roles"),
        t!(ui, "staff-state"),
        t!(ui, "staff-keys"),
    ];
    page(&StaffPage { ui, rows, columns })
}

async fn new(State(web): State<Web>, Seen { viewer, ui }: Seen) -> Result<Response, Problem> {
    let classes = web.app.structure(&viewer).await?.classes;
    let at = viewer.school.kind;
    page(&new_page(ui, at, &NewForm::default(), &classes, web.app.school_year(), Problems::default()))
}

async fn create(
    State(web): State<Web>,
    Seen { viewer, ui }: Seen,
    Form(form): Form<NewForm>,
) -> Result<Response, Problem> {
    let class = class_of(&form.class);
    let duty = |role: Role| (role, class.filter(|_| role.is_for_a_class()));
    let duties = form.role.iter().filter_map(|code| Role::parse(code)).map(duty).collect();
    let new =
        NewPerson { login: form.login.clone(), name: form.name.clone(), duties, checked: form.checked.parse().ok() };
    match web.app.create_person(&viewer.at_school(), &new).await {
        Ok(invited) => invited_page(&web, ui, &invited),
        Err(Error::Invalid(problems)) => {
            let classes = web.app.structure(&viewer).await?.classes;
            let problems = Problems::of(&ui, &problems);
            let again = new_page(ui, viewer.school.kind, &form, &classes, web.app.school_year(), problems);
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&again)?).into_response())
        }
        Err(other) => Err(other.into()),
    }
}

async fn show(State(web): State<Web>, seen: Seen, Path(id): Path<PersonId>) -> Result<Response, Problem> {
    person_page(&web, seen, id, Problems::default()).await
}

async fn give(
    State(web): State<Web>,
    seen: Seen,
    Path(id): Path<PersonId>,
    Form(form): Form<GiveForm>,
) -> Result<Response, Problem> {
    let given = match Role::parse(&form.role) {
        Some(role) => web.app.give_duty(&seen.viewer, id, role, class_of(&form.class)).await,
        None => Err(Error::field("role", "choose")),
    };
    answer(&web, seen, id, given, "duty-given").await
}

async fn end(
    State(web): State<Web>,
    seen: Seen,
    Path((id, duty)): Path<(PersonId, Uuid)>,
) -> Result<Response, Problem> {
    let ended = web.app.end_duty(&seen.viewer, id, duty).await;
    answer(&web, seen, id, ended, "duty-ended").await
}

async fn invite(State(web): State<Web>, seen: Seen, Path(id): Path<PersonId>) -> Result<Response, Problem> {
    match web.app.invite_again(&seen.viewer, id).await {
        Ok(invited) => invited_page(&web, seen.ui, &invited),
        Err(error) => answer(&web, seen, id, Err(error), "saved").await,
    }
}

async fn close(State(web): State<Web>, seen: Seen, Path(id): Path<PersonId>) -> Result<Response, Problem> {
    let closed = web.app.close_account(&seen.viewer, id).await;
    answer(&web, seen, id, closed, "person-closed").await
}

async fn note_check(
    State(web): State<Web>,
    seen: Seen,
    Path(id): Path<PersonId>,
    Form(form): Form<CheckForm>,
) -> Result<Response, Problem> {
    let noted = match form.checked.parse() {
        Ok(day) => web.app.note_check(&seen.viewer.at_school(), id, day).await,
        Err(_) => Err(Error::field("checked", "date-invalid")),
    };
    answer(&web, seen, id, noted, "check-noted").await
}

/// Back to the person's page: with the news, or with what is wrong.
async fn answer(
    web: &Web,
    seen: Seen,
    id: PersonId,
    result: Result<(), Error>,
    code: &str,
) -> Result<Response, Problem> {
    match result {
        Ok(()) => Ok(done(&format!("/staff/{id}"), code)),
        Err(Error::Invalid(problems)) => {
            let problems = Problems::of(&seen.ui, &problems);
            Ok((StatusCode::UNPROCESSABLE_ENTITY, person_page(web, seen, id, problems).await?).into_response())
        }
        Err(other) => Err(other.into()),
    }
}

async fn person_page(
    web: &Web,
    Seen { viewer, ui }: Seen,
    id: PersonId,
    problems: Problems,
) -> Result<Response, Problem> {
    let detail = web.app.staff_member(&viewer, id).await?;
    let year = web.app.school_year();
    let duty = |given: &crate::service::GivenDuty| {
        (duty_title(&ui, &given.duty, &detail.classes, year), format!("/staff/{id}/duties/{}/end", given.id))
    };
    let duties = detail.member.duties.iter().map(duty).collect();
    let row = row(&ui, &detail.member, &detail.classes, year);
    let roles = ui.choices(Role::assignable(viewer.school.kind), None);
    let classes = class_choices(&ui, &detail.classes, year, "");
    let invited_until = detail.invited_until.map_or_else(String::new, |until| ui.moment(until));
    page(&PersonPage { ui, row, duties, roles, classes, invited_until, detail, problems })
}

/// The page that shows a code: once, in the answer to the form itself, so that no address leads back to it.
fn invited_page(web: &Web, ui: Ui, invited: &Invited) -> Result<Response, Problem> {
    let until = ui.moment(web.app.now() + crate::service::INVITATION_VALID);
    let code = invited.code.expose_secret().to_owned();
    let back = format!("/staff/{}", invited.person);
    page(&InvitedPage { ui, name: invited.name.clone(), login: invited.login.clone(), code, until, back })
}

fn new_page(ui: Ui, at: SchoolKind, form: &NewForm, classes: &[Class], year: i16, problems: Problems) -> NewPersonPage {
    let chosen = |mut choice: Choice| {
        choice.chosen = form.role.contains(&choice.value);
        choice
    };
    let roles = ui.choices(Role::assignable(at), None).into_iter().map(chosen).collect();
    let classes = class_choices(&ui, classes, year, &form.class);
    let (login, name, checked) = (form.login.clone(), form.name.clone(), form.checked.clone());
    let at_district = at == SchoolKind::District;
    NewPersonPage { ui, login, name, checked, roles, classes, problems, at_district }
}

fn row(ui: &Ui, member: &StaffMember, classes: &[Class], year: i16) -> Row {
    let roles: Vec<String> = member.duties.iter().map(|given| duty_title(ui, &given.duty, classes, year)).collect();
    Row {
        href: format!("/staff/{}", member.person.id),
        name: member.person.name.clone(),
        login: member.person.login.clone(),
        roles: format::list(ui.language, &roles),
        state: ui.word(member.state),
        keys: ui.word(member.keys),
    }
}

/// 班主任（七年级3班）
fn duty_title(ui: &Ui, duty: &Duty, classes: &[Class], year: i16) -> String {
    let role = ui.word(duty.role);
    match classes.iter().find(|class| Some(class.id) == duty.class) {
        Some(class) => t!(ui, "staff-duty", role = role, class = class_title(ui.language, class, year)),
        None => role,
    }
}

/// The running classes as answers of a form.
fn class_choices(ui: &Ui, classes: &[Class], year: i16, chosen: &str) -> Vec<Choice> {
    let choice = |class: &Class| {
        let value = class.id.to_string();
        Choice { label: class_title(ui.language, class, year), chosen: value == chosen, value }
    };
    classes.iter().filter(|class| !class.closed).map(choice).collect()
}

fn class_of(text: &str) -> Option<ClassId> {
    text.parse().ok()
}

#[cfg(test)]
mod tests;
