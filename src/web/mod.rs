//! The pages: server-rendered HTML, Chinese first, usable without JavaScript (design §8).
//!
//! Each file is one noun with its pages and its routes. A handler parses, calls one function of the service and answers.

pub mod assets;
pub mod chart;
pub mod format;
pub mod headers;
pub mod language;
pub mod problem;
pub mod request;
pub mod ui;

mod account;
mod appointments;
mod audit;
mod calendar;
mod channels;
mod classes;
mod compliance;
mod concerns;
mod counting;
mod county;
mod due;
mod erasure;
mod files;
mod hand_over;
mod help;
mod help_desk;
mod helping;
mod import;
mod invitation;
mod leading;
mod mandatory;
mod meetings;
mod mood;
mod notes;
mod notices;
mod offices;
mod pairings;
mod process;
mod reading_grants;
mod record;
mod referrals;
mod register;
mod running;
mod screening;
mod sessions;
mod sign_in;
mod size;
mod square;
mod staff;
mod statistics;
mod structure;
mod supervisions;
mod two_steps;
mod views;
mod warnings;
mod xlsx;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::get;

use self::counting::Countings;
use crate::domain::words::Role;
use crate::service::{App, Bell};
use headers::Frame;
use referrals::packets;
use warnings::{briefs, crisis, inbox, timeline};

/// What every handler shares.
#[derive(Debug, Clone)]
pub struct Web {
    /// The service.
    pub app: Arc<App>,
    /// How the server is reached.
    pub frame: Frame,
    /// Who listens for notices.
    pub bell: Bell,
    /// Which schools are counted anew.
    countings: Countings,
}

impl Web {
    /// With nothing under way.
    #[must_use]
    pub fn new(app: Arc<App>, frame: Frame, bell: Bell) -> Self {
        Self { app, frame, bell, countings: Countings::default() }
    }
}

/// Who gets through a route, given the right relation to what it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Anybody, signed in or not.
    Anyone,
    /// Everybody who is signed in.
    SignedIn,
    /// These roles only; everyone else gets 404.
    Roles(&'static [Role]),
}

/// A route and who may use it. The route test calls every one as nobody, as the wrong person and as the right one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// `get` or `post`.
    pub method: &'static str,
    /// The path with its `{placeholders}`.
    pub path: &'static str,
    /// Who may use it.
    pub who: Who,
}

/// Declares the routes of one file: the table that the route test walks and the router are made from the same lines.
macro_rules! routes {
    ($($method:ident $path:literal $handler:path, $who:expr;)+) => {
        /// The routes of this file and who may use them.
        pub const ROUTES: &[$crate::web::Route] =
            &[$($crate::web::Route { method: stringify!($method), path: $path, who: $who }),+];

        /// The handlers of this file.
        pub fn router() -> axum::Router<$crate::web::Web> {
            axum::Router::new()$(.route($path, axum::routing::$method($handler)))+
        }
    };
}
pub(crate) use routes;

/// Joins the routes of the files of pages, one line each.
macro_rules! pages {
    ($($file:ident,)+) => {
        /// The routes of every file of pages.
        pub const ROUTES: &[&[Route]] = &[$($file::ROUTES),+];

        fn pages() -> Router<Web> {
            Router::new()$(.merge($file::router()))+
        }
    };
}

pages! {
    sign_in,
    account,
    two_steps,
    classes,
    files,
    erasure,
    notes,
    pairings,
    helping,
    leading,
    register,
    reading_grants,
    record,
    mood,
    screening,
    import,
    audit,
    statistics,
    views,
    invitation,
    staff,
    structure,
    offices,
    help,
    help_desk,
    appointments,
    sessions,
    hand_over,
    concerns,
    inbox,
    timeline,
    briefs,
    crisis,
    notices,
    channels,
    calendar,
    referrals,
    packets,
    mandatory,
    due,
    counting,
    meetings,
    supervisions,
    process,
    compliance,
}
pub(crate) use files::bench_page;

/// The whole server.
pub fn router(app: Arc<App>, frame: Frame) -> Router {
    router_with(app, frame, Bell::default())
}

/// The whole server, with a bell that whoever stops the server can close: open pages listen until then.
pub fn router_with(app: Arc<App>, frame: Frame, bell: Bell) -> Router {
    let pages = pages().fallback(request::nothing_here).method_not_allowed_fallback(request::another_method);
    let web = Web::new(app, frame, bell);
    let pages = pages.layer(DefaultBodyLimit::max(size::FORM));
    let pages = pages.layer(axum::middleware::from_fn_with_state(web.clone(), size::refuse));
    let pages = headers::wrap(pages, frame).merge(assets::routes());
    let health =
        Router::new().route("/healthz", get(healthz)).layer(axum::middleware::from_fn_with_state(frame, headers::set));
    pages.merge(health).with_state(web)
}

/// Answers `ok` while the database can be read; asked by load balancers and scripts, without a session.
async fn healthz(axum::extract::State(web): axum::extract::State<Web>) -> (axum::http::StatusCode, &'static str) {
    match web.app.healthy().await {
        Ok(()) => (axum::http::StatusCode::OK, "ok\n"),
        Err(_) => (axum::http::StatusCode::SERVICE_UNAVAILABLE, "the database cannot be read\n"),
    }
}
