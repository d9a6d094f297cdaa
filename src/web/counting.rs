//! Counting the files of a school anew for the statistics, and how far that is.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};

use super::problem::Problem;
use super::request::{self, Seen};
use super::running::RunningPage;
use super::ui::t;
use super::{Web, Who, routes};
use crate::domain::ids::SchoolId;
use crate::domain::words::Role;

const KEEPERS: Who = Who::Roles(&[Role::Counsellor]);
const HERE: &str = "/offices/counts";

routes! {
    get "/offices/counts" show, KEEPERS;
    post "/offices/counts" start, KEEPERS;
}

/// How far a school is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Counting {
    Running {
        done: usize,
        total: usize,
    },
    /// Whether every file could be counted.
    Ended {
        whole: bool,
    },
}

/// How far each school is that is counted on this node. Whoever asks another node reads on the page of the offices how many files wait.
#[derive(Debug, Clone, Default)]
pub(super) struct Countings(Arc<Mutex<HashMap<SchoolId, Counting>>>);

impl Countings {
    fn all(&self) -> MutexGuard<'_, HashMap<SchoolId, Counting>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, school: SchoolId, counting: Counting) {
        self.all().insert(school, counting);
    }

    /// How far a school is; that it ended is told once.
    fn look(&self, school: SchoolId) -> Option<Counting> {
        let mut all = self.all();
        match all.get(&school).copied() {
            Some(ended @ Counting::Ended { .. }) => {
                all.remove(&school);
                Some(ended)
            }
            other => other,
        }
    }
}

/// The end of a count, also of one that fails.
struct Ending {
    countings: Countings,
    school: SchoolId,
    whole: bool,
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.countings.note(self.school, Counting::Ended { whole: self.whole });
    }
}

async fn show(State(web): State<Web>, Seen { viewer, ui }: Seen) -> Result<Response, Problem> {
    web.app.may_count_anew(&viewer).await?;
    match web.countings.look(viewer.person.school_id) {
        None => Ok(Redirect::to("/offices").into_response()),
        Some(Counting::Ended { whole: true }) => Ok(request::done("/offices", "counted")),
        Some(Counting::Ended { whole: false }) => Ok(request::done("/offices", "counted-in-part")),
        Some(Counting::Running { done, total }) => {
            let (done, total) = (i64::try_from(done).unwrap_or(0), i64::try_from(total).unwrap_or(0));
            let status = t!(ui, "counting-progress", done = done, total = total);
            let (title, hint) = (t!(ui, "counting-title"), t!(ui, "counting-hint"));
            RunningPage { ui, title, status, hint, done, total }.answer(HERE)
        }
    }
}

async fn start(State(web): State<Web>, Seen { viewer, .. }: Seen) -> Result<Response, Problem> {
    web.app.may_count_anew(&viewer).await?;
    let school = viewer.person.school_id;
    if !matches!(web.countings.look(school), Some(Counting::Running { .. })) {
        web.countings.note(school, Counting::Running { done: 0, total: 1 });
        tokio::spawn(async move {
            let mut ending = Ending { countings: web.countings.clone(), school, whole: false };
            let note = |done, total| web.countings.note(school, Counting::Running { done, total });
            match web.app.count_anew(&viewer, note).await {
                Ok(_) => ending.whole = true,
                Err(error) => tracing::warn!(%error, "not every file of a school could be counted anew"),
            }
        });
    }
    Ok(Redirect::to(HERE).into_response())
}
