//! The ways by which a notice leaves the house: the administrator's settings, and everybody's own mail address.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::Form;
use serde::Deserialize;

use super::problem::{Problem, ProblemKind};
use super::request::{Seen, done, page};
use super::ui::{Choice, Problems, Ui, t};
use super::{Web, Who, language, routes};
use crate::domain::outside::{Channel, Encryption};
use crate::domain::words::Role;
use crate::service::{Channels, Error, MailEdit};
use crate::store::Message;

const ADMINISTRATORS: Who = Who::Roles(&[Role::SysAdmin]);

routes! {
    get "/channels" show, ADMINISTRATORS;
    post "/channels/mail" set_mail, ADMINISTRATORS;
    post "/channels/{channel}/robot" set_robot, ADMINISTRATORS;
    post "/channels/{channel}/close" close, ADMINISTRATORS;
    post "/channels/{channel}/try" try_out, ADMINISTRATORS;
    get "/account/mail" own, Who::SignedIn;
    post "/account/mail" set_own, Who::SignedIn;
}

#[derive(Template)]
#[template(path = "channels.html")]
struct ChannelsPage {
    ui: Ui,
    mail: MailForm,
    open: bool,
    encryptions: Vec<Choice>,
    robots: Vec<RobotRow>,
    messages: Vec<(&'static str, Vec<Message>)>,
    columns: Vec<String>,
    problems: Problems,
    /// The way whose form came back.
    wrong: String,
}

#[derive(Template)]
#[template(path = "account_mail.html")]
struct OwnPage {
    ui: Ui,
    address: String,
    problems: Problems,
}

/// A robot with its form.
struct RobotRow {
    kind: Channel,
    host: String,
    address: String,
    seen: i64,
}

/// The mail server.
#[derive(Default, Deserialize)]
struct MailForm {
    #[serde(default)]
    host: String,
    #[serde(default)]
    port: String,
    #[serde(default)]
    encryption: String,
    #[serde(default)]
    sender: String,
    #[serde(default)]
    user: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    seen: i64,
}

/// The address of a robot, or one's own.
#[derive(Default, Deserialize)]
struct AddressForm {
    #[serde(default)]
    address: String,
    #[serde(default)]
    seen: i64,
}

impl MailForm {
    fn edit(&self) -> MailEdit {
        let Self { host, port, encryption, sender, user, password, seen } = self;
        let (host, port, encryption) = (host.clone(), port.clone(), encryption.clone());
        let (sender, user, password) = (sender.clone(), user.clone(), password.clone());
        MailEdit { host, port, encryption, sender, user, password, seen: *seen }
    }
}

async fn show(State(web): State<Web>, seen: Seen) -> Result<Response, Problem> {
    let channels = web.app.channels(&seen.viewer).await?;
    page(&ChannelsPage::new(seen.ui, channels, None, Problems::default()))
}

async fn set_mail(State(web): State<Web>, seen: Seen, Form(form): Form<MailForm>) -> Result<Response, Problem> {
    let set = web.app.set_mail(&seen.viewer, &form.edit()).await;
    answer(&web, seen, set, Filled::Mail(form)).await
}

async fn set_robot(
    State(web): State<Web>,
    seen: Seen,
    Path(channel): Path<String>,
    Form(form): Form<AddressForm>,
) -> Result<Response, Problem> {
    let kind = channel_of(&channel)?;
    let set = web.app.set_robot(&seen.viewer, kind, &form.address, form.seen).await;
    answer(&web, seen, set, Filled::Robot(kind, form.address)).await
}

async fn close(State(web): State<Web>, seen: Seen, Path(channel): Path<String>) -> Result<Response, Problem> {
    let kind = channel_of(&channel)?;
    let closed = web.app.close_channel(&seen.viewer, kind).await;
    answer(&web, seen, closed, Filled::Nothing(kind)).await
}

async fn try_out(State(web): State<Web>, seen: Seen, Path(channel): Path<String>) -> Result<Response, Problem> {
    let kind = channel_of(&channel)?;
    let tried = web.app.try_channel(&seen.viewer, kind).await;
    answer(&web, seen, tried, Filled::Nothing(kind)).await
}

fn channel_of(code: &str) -> Result<Channel, Problem> {
    Channel::parse(code).ok_or_else(|| ProblemKind::NotFound.into())
}

async fn own(State(web): State<Web>, Seen { viewer, ui }: Seen) -> Result<Response, Problem> {
    let address = web.app.own_address(&viewer).await?.unwrap_or_default();
    page(&OwnPage { ui, address, problems: Problems::default() })
}

async fn set_own(State(web): State<Web>, seen: Seen, Form(form): Form<AddressForm>) -> Result<Response, Problem> {
    match web.app.set_own_address(&seen.viewer, &form.address).await {
        Ok(()) => Ok(done("/account/mail", "saved")),
        Err(Error::Invalid(problems)) => {
            let problems = Problems::of(&seen.ui, &problems);
            let again = page(&OwnPage { ui: seen.ui, address: form.address, problems })?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, again).into_response())
        }
        Err(other) => Err(other.into()),
    }
}

/// What the forms of the page hold when it comes back with something wrong.
enum Filled {
    Mail(MailForm),
    Robot(Channel, String),
    Nothing(Channel),
}

/// Back to the page of the ways out: with the news, or with what is wrong.
async fn answer(web: &Web, seen: Seen, result: Result<(), Error>, filled: Filled) -> Result<Response, Problem> {
    match result {
        Ok(()) => Ok(done("/channels", "saved")),
        Err(Error::Invalid(problems)) => {
            let problems = Problems::of(&seen.ui, &problems);
            let channels = web.app.channels(&seen.viewer).await?;
            let again = page(&ChannelsPage::new(seen.ui, channels, Some(filled), problems))?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, again).into_response())
        }
        Err(other) => Err(other.into()),
    }
}

impl ChannelsPage {
    fn new(ui: Ui, channels: Channels, filled: Option<Filled>, problems: Problems) -> Self {
        let open = channels.mail.is_some();
        let mut mail = MailForm { port: "465".to_owned(), encryption: "tls".to_owned(), ..MailForm::default() };
        if let Some((server, seen)) = channels.mail {
            let (host, port, encryption) = (server.host, server.port.to_string(), server.encryption.to_string());
            let (sender, user, password) = (server.sender, server.user, String::new());
            mail = MailForm { host, port, encryption, sender, user, password, seen };
        }
        let robot = |state: crate::service::RobotState| {
            let (kind, host, seen) = (state.kind, state.host, state.version);
            RobotRow { kind, host, address: String::new(), seen }
        };
        let mut robots: Vec<RobotRow> = channels.robots.into_iter().map(robot).collect();
        let wrong = match filled {
            // A password is typed again: a page that holds one could be printed or kept.
            Some(Filled::Mail(form)) => {
                mail = MailForm { password: String::new(), ..form };
                Channel::Mail.to_string()
            }
            Some(Filled::Robot(kind, address)) => {
                if let Some(row) = robots.iter_mut().find(|row| row.kind == kind) {
                    row.address = address;
                }
                kind.to_string()
            }
            Some(Filled::Nothing(kind)) => kind.to_string(),
            None => String::new(),
        };
        let choice = |encryption: &Encryption| Choice {
            value: encryption.to_string(),
            label: ui.word(*encryption),
            chosen: encryption.as_str() == mail.encryption,
        };
        let encryptions = Encryption::ALL.iter().map(choice).collect();
        let columns =
            vec![t!(ui, "channels-when"), t!(ui, "channels-way"), t!(ui, "channels-tries"), t!(ui, "channels-fault")];
        let messages = vec![("waiting", channels.waiting), ("dead", channels.dead)];
        Self { ui, mail, open, encryptions, robots, messages, columns, problems, wrong }
    }

    /// What is wrong with a field, in the form that it is about.
    fn wrong(&self, kind: &str, field: &str) -> &str {
        if self.wrong == kind { self.problems.get(field) } else { "" }
    }

    fn fault(&self, code: &str) -> String {
        if code.is_empty() { String::new() } else { language::word(self.ui.language, "fault", code) }
    }
}
