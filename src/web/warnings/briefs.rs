//! Briefs: what a homeroom teacher or the school doctor must know, newest first.

use std::collections::HashMap;

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use crate::domain::ids::PersonId;
use crate::domain::words::Role;
use crate::service::ShownBrief;
use crate::web::files::shown_class;
use crate::web::problem::Problem;
use crate::web::request::{Seen, page};
use crate::web::ui::{Ui, t};
use crate::web::{Web, Who, routes};

routes! {
    get "/briefs" show, Who::Roles(&[Role::HomeroomTeacher, Role::SchoolDoctor]);
}

/// A brief on the page.
struct BriefView {
    who: String,
    class: String,
    sent_at: i64,
    sender: String,
    text: String,
    opens: bool,
    report: String,
}

#[derive(Template)]
#[template(path = "briefs.html")]
struct BriefsPage {
    ui: Ui,
    briefs: Vec<BriefView>,
}

async fn show(State(web): State<Web>, Seen { viewer, ui }: Seen) -> Result<Response, Problem> {
    let briefs = web.app.briefs(&viewer).await?;
    let names: HashMap<PersonId, String> = web.app.colleagues(&viewer).await?;
    let homeroom = viewer.has(Role::HomeroomTeacher);
    let view = |one: ShownBrief| {
        let (who, text) = one.brief.as_ref().map(|brief| (brief.who.clone(), brief.text.clone())).unwrap_or_default();
        BriefView {
            who,
            class: shown_class(&web, &ui, &one.class),
            sent_at: one.sent_at,
            sender: one.sender.and_then(|id| names.get(&id).cloned()).unwrap_or_default(),
            text: if text.is_empty() { t!(ui, "brief-standard") } else { text },
            opens: one.brief.is_some(),
            report: if homeroom {
                format!("/concerns/new?student={}", one.student)
            } else {
                "/concerns/new".to_owned()
            },
        }
    };
    let briefs = briefs.into_iter().map(view).collect();
    page(&BriefsPage { ui, briefs })
}
