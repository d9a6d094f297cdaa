//! Who can help: the own strengths, the helpers of the school, and who helps in a class.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::Form;
use serde::Deserialize;

use super::classes::class_name;
use super::problem::Problem;
use super::request::{Seen, done, page};
use super::ui::{Choice, Problems, Ui, t};
use super::{Web, Who, routes};
use crate::domain::helping::Strengths;
use crate::domain::ids::ClassId;
use crate::domain::words::{Role, Sex};
use crate::service::{ClassHelp, Error, ListedHelper};

routes! {
    get "/account/strengths" own, Who::SignedIn;
    post "/account/strengths" save, Who::SignedIn;
    get "/helpers" list, Who::Roles(&[Role::Counsellor, Role::MoralEdDirector]);
    get "/classes/{class}/helpers" of_class, Who::Roles(&[Role::Counsellor, Role::HomeroomTeacher, Role::MoralEdDirector]);
}

/// The form, as it was sent.
#[derive(Default, Deserialize)]
#[serde(default)]
struct StrengthsForm {
    subject: String,
    interests: String,
    languages: String,
    sex: String,
    capacity: String,
}

impl StrengthsForm {
    fn of(strengths: &Strengths) -> Self {
        let Strengths { subject, interests, languages, sex, capacity } = strengths.clone();
        let sex = sex.map_or_else(String::new, |sex| sex.as_str().to_owned());
        Self { subject, interests, languages, sex, capacity: capacity.to_string() }
    }

    fn parse(&self) -> Result<Strengths, Error> {
        let capacity = self.capacity.trim().parse().map_err(|_| Error::field("capacity", "number-out-of-range"))?;
        let text = |text: &String| text.trim().to_owned();
        let (subject, interests) = (text(&self.subject), text(&self.interests));
        Ok(Strengths { subject, interests, languages: text(&self.languages), sex: Sex::parse(&self.sex), capacity })
    }
}

#[derive(Template)]
#[template(path = "strengths.html")]
struct StrengthsPage {
    ui: Ui,
    form: StrengthsForm,
    sexes: Vec<Choice>,
    problems: Problems,
}

fn strengths_page(ui: Ui, form: StrengthsForm, problems: Problems) -> StrengthsPage {
    let sexes = ui.choices(Sex::ALL, Sex::parse(&form.sex));
    StrengthsPage { ui, form, sexes, problems }
}

async fn own(State(web): State<Web>, Seen { viewer, ui }: Seen) -> Result<Response, Problem> {
    let strengths = web.app.own_strengths(&viewer).await?;
    page(&strengths_page(ui, StrengthsForm::of(&strengths), Problems::default()))
}

async fn save(
    State(web): State<Web>,
    Seen { viewer, ui }: Seen,
    Form(form): Form<StrengthsForm>,
) -> Result<Response, Problem> {
    let saved = match form.parse() {
        Ok(strengths) => web.app.set_strengths(&viewer, &strengths).await,
        Err(wrong) => Err(wrong),
    };
    match saved {
        Ok(()) => Ok(done("/account/strengths", "strengths-saved")),
        Err(Error::Invalid(wrong)) => {
            let problems = Problems::of(&ui, &wrong);
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&strengths_page(ui, form, problems))?).into_response())
        }
        Err(other) => Err(other.into()),
    }
}

#[derive(Template)]
#[template(path = "helpers.html")]
struct HelpersPage {
    ui: Ui,
    helpers: Vec<ListedHelper>,
}

async fn list(State(web): State<Web>, Seen { viewer, ui }: Seen) -> Result<Response, Problem> {
    let helpers = web.app.helper_register(&viewer).await?;
    page(&HelpersPage { ui, helpers })
}

#[derive(Template)]
#[template(path = "class_helpers.html")]
struct ClassHelpPage {
    ui: Ui,
    id: ClassId,
    name: String,
    help: ClassHelp,
}

async fn of_class(
    State(web): State<Web>,
    Seen { viewer, ui }: Seen,
    Path(id): Path<ClassId>,
) -> Result<Response, Problem> {
    let help = web.app.class_help(&viewer, id).await?;
    let name = class_name(&ui, &help.class, web.app.school_year());
    page(&ClassHelpPage { ui, id, name, help })
}
