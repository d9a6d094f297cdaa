//! The mood log of a class 心理晴雨表: one screen a day.

use std::collections::{BTreeMap, HashMap};

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::Form;
use jiff::civil::Date;
use serde::Deserialize;

use super::classes::class_name;
use super::language::{self, Word};
use super::problem::Problem;
use super::request::{Seen, not_taken, page};
use super::ui::{Problems, Ui, t};
use super::{Web, Who, routes};
use crate::domain::ids::{ClassId, StudentId};
use crate::domain::mood::{Fired, Mood};
use crate::domain::words::Role;
use crate::service::{Error, MoodLog};

routes! {
    get "/classes/{class}/mood" show, Who::Roles(&[Role::Counsellor, Role::HomeroomTeacher, Role::MoralEdDirector]);
    post "/classes/{class}/mood" keep, Who::Roles(&[Role::Counsellor, Role::HomeroomTeacher]);
}

impl Word for Mood {
    const FAMILY: &'static str = "mood";

    fn code(self) -> &'static str {
        self.as_str()
    }
}

#[derive(Template)]
#[template(path = "mood.html")]
struct MoodPage {
    ui: Ui,
    id: ClassId,
    class: String,
    log: MoodLog,
    today: bool,
    stale: bool,
    problems: Problems,
}

impl MoodPage {
    /// What a rule that fired asks the teacher to do.
    fn to_do(&self, fired: &Fired) -> String {
        language::word(self.ui.language, "mood-do", fired.rule.as_str())
    }

    /// The name of whom it is about; empty where it is about the log.
    fn whom(&self, fired: &Fired) -> &str {
        let row = self.log.rows.iter().find(|(row, _)| Some(row.student) == fired.student);
        row.map_or("", |(row, _)| row.name.as_str())
    }
}

/// Which day is asked for.
#[derive(Debug, Deserialize)]
struct DayAsked {
    #[serde(default)]
    day: Option<String>,
}

async fn mood_page(web: &Web, Seen { viewer, ui }: Seen, id: ClassId, day: Option<Date>) -> Result<MoodPage, Problem> {
    let log = web.app.mood_log(&viewer, id, day).await?;
    let class = class_name(&ui, &log.class, web.app.school_year());
    let today = log.day.to_string() == web.app.today();
    Ok(MoodPage { ui, id, class, log, today, stale: false, problems: Problems::default() })
}

async fn show(
    State(web): State<Web>,
    seen: Seen,
    Path(id): Path<ClassId>,
    Query(asked): Query<DayAsked>,
) -> Result<Response, Problem> {
    let day = asked.day.and_then(|day| day.parse().ok());
    page(&mood_page(&web, seen, id, day).await?)
}

/// The marks of a sent form: a field for each student, named by the id.
fn marks(form: &HashMap<String, String>) -> BTreeMap<StudentId, Mood> {
    form.iter().filter_map(|(name, mood)| Some((name.parse().ok()?, Mood::parse(mood)?))).collect()
}

async fn keep(
    State(web): State<Web>,
    seen: Seen,
    Path(id): Path<ClassId>,
    Form(form): Form<HashMap<String, String>>,
) -> Result<Response, Problem> {
    let marks = marks(&form);
    let day: Option<Date> = form.get("day").and_then(|day| day.parse().ok());
    let version = form.get("seen").and_then(|seen| seen.parse().ok()).unwrap_or(0);
    let kept = match day {
        Some(day) => web.app.keep_moods(&seen.viewer, id, day, version, &marks).await,
        None => Err(Error::field("day", "date-invalid")),
    };
    let (status, problems, stale) = match kept {
        Ok(()) => {
            let day = day.map_or_else(String::new, |day| day.to_string());
            return Ok(Redirect::to(&format!("/classes/{id}/mood?day={day}&done=moods-kept")).into_response());
        }
        Err(error) => not_taken(&seen.ui, error)?,
    };
    let mut again = MoodPage { stale, problems, ..mood_page(&web, seen, id, day).await? };
    // What was ticked stays ticked.
    for (row, mood) in &mut again.log.rows {
        *mood = marks.get(&row.student).copied().unwrap_or(*mood);
    }
    Ok((status, page(&again)?).into_response())
}
