//! The file page from plain fields: what policy and encryption cost. Built here, in the benchmark only; the server has no
//! way to keep or read a field in clear.
//!
//! A copy of the seeded database gets its sealed columns replaced by the JSON that was sealed in them. The comparison reads
//! the same rows with the same store functions, writes the same audit line and renders the same template; it opens no
//! wrap, no sealed field and asks for no permit but the one of the audit line.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use axum::Router;
use axum::extract::{Path as Segment, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use tokio::process::Command;
use uuid::Uuid;

use super::load::{self, Ask};
use super::seed::Seeded;
use super::server::Server;
use crate::domain::audit::Event;
use crate::domain::ids::{EntryId, StudentId};
use crate::domain::record::{EntryText, Field, Layer, SheetRow};
use crate::domain::words::{Action, Compartment, Kind};
use crate::policy::Read;
use crate::service::{App, Bell, OpenedFile, ShownCompartment, ShownEntry, ShownField, Viewer, Who};
use crate::store::{Record, SheetPart, WholeFile};
use crate::web::headers::Frame;
use crate::web::{Web, bench_page, request};

/// Entries of a page, as the service reads them.
const ENTRIES: i64 = 200;

/// Measures the plain page over a copy of the seeded database and prints its rows.
///
/// # Errors
/// The copy cannot be made or served.
pub async fn measure(folder: &Path, seeded: &Seeded, span: Duration) -> Result<()> {
    let copy = folder.join("plain");
    std::fs::create_dir_all(&copy)?;
    for file in ["yice.db", "server.secret"] {
        std::fs::copy(folder.join(file), copy.join(file))?;
    }
    strip(&copy, seeded).await?;
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["bench", "--serve-plain"]).arg(&copy);
    let server = Server::spawn(command).await?;
    let people = load::sign_in_all(&server, seeded)?;
    let ask = Ask::get(0, seeded.files.iter().map(|id| format!("/files/{id}")).collect());
    for at_once in [1, 16] {
        let (figures, cpu) = load::drive(&server, &people, &ask, at_once, span)?;
        println!("{}", figures.row("the same page from plain fields", at_once, cpu, server.memory()?));
    }
    Ok(())
}

/// Replaces what is sealed in the measured files by the JSON inside.
async fn strip(folder: &Path, seeded: &Seeded) -> Result<()> {
    let app = crate::cli::open(folder, None).await?;
    let session = app.sign_in(&seeded.counsellors[0], super::seed::PASSWORD.into(), "127.0.0.1").await?;
    let viewer = app.viewer(&session.token).await?;
    for id in &seeded.files {
        app.strip_file(&viewer, *id).await?;
    }
    for class in &seeded.classes {
        app.strip_class(&viewer, *class).await?;
    }
    app.db.close().await;
    Ok(())
}

/// Serves the plain page and the sign-in.
///
/// # Errors
/// The port or the database.
pub async fn serve(folder: &Path) -> Result<()> {
    let app = Arc::new(crate::cli::open(folder, None).await?);
    let web = Web::new(Arc::clone(&app), Frame { secure: false }, Bell::default());
    let router = Router::new().route("/files/{student}", get(show)).with_state(web);
    let router = router.fallback_service(crate::web::router(app, Frame { secure: false }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, router).await?)
}

async fn show(
    State(web): State<Web>,
    seen: request::Seen,
    Segment(id): Segment<StudentId>,
) -> Result<Response, StatusCode> {
    let file = opened(&web.app, &seen.viewer, id).await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    bench_page(&web, seen, file).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
}

/// What `App::open_file` gives, read from plain columns.
async fn opened(app: &App, viewer: &Viewer, id: StudentId) -> Result<OpenedFile> {
    let whole = app.db.look().await?.whole_file(id, viewer.person.id, ENTRIES).await?.context("no such student")?;
    let WholeFile { seat, sheets, records, entries, names, .. } = whole;
    let approach = app.standing_at(viewer, seat);
    let row = sheet_row(&sheets, id)?.context("not in the sheet")?;
    let compartments = [Compartment::Contact, Compartment::Circumstance, Compartment::Support];
    let compartments = compartments.into_iter().map(|compartment| {
        let may_write = approach.may(&app.policy, compartment, Action::Write);
        shown(&records, compartment, may_write)
    });
    let compartments = compartments.collect::<Result<Vec<_>>>()?;
    let entries = entries.into_iter().map(|entry| {
        let text: EntryText = serde_json::from_slice(&entry.sealed)?;
        let (id, author, written_at, corrects) =
            (entry.id, entry.author, entry.written_at, entry.corrects.map(EntryId));
        anyhow::Ok(ShownEntry { id, author, written_at, corrects, corrected: false, text })
    });
    let entries = entries.collect::<Result<Vec<_>>>()?;
    let permit = app.permit::<Read>(&approach.standing, Kind::Support, id.0).await?;
    app.leave_trace(&permit, Event::FileOpened, "", &[]).await?;
    let names = names.into_iter().collect();
    Ok(OpenedFile { approach, who: Who::Row(row), compartments, contact_by: None, entries, names })
}

fn sheet_row(sheets: &[SheetPart], id: StudentId) -> Result<Option<SheetRow>> {
    let mut rows: HashMap<StudentId, SheetRow> = HashMap::new();
    for part in sheets {
        let sheet: Vec<SheetRow> = serde_json::from_slice(&part.sealed)?;
        rows.extend(sheet.into_iter().map(|row| (row.student, row)));
    }
    Ok(rows.remove(&id))
}

fn shown(records: &[Record], compartment: Compartment, may_write: bool) -> Result<ShownCompartment> {
    let layer = |name: &str| -> Result<Layer> {
        let record = records.iter().find(|r| r.compartment == compartment && r.layer == name);
        record.map_or_else(|| Ok(Layer::default()), |record| Ok(serde_json::from_slice(&record.sealed)?))
    };
    let (mut roster, mut people) = (layer("roster")?, layer("people")?);
    let circumstances = people.circumstances_over(&roster).into_iter().cloned().collect();
    let fields = Field::of(compartment).map(|field| {
        let written = people.fields.remove(&field);
        let from_roster = written.is_none();
        ShownField { field, value: written.or_else(|| roster.fields.remove(&field)), from_roster }
    });
    Ok(ShownCompartment { compartment, fields: fields.collect(), circumstances, may_write })
}

impl App {
    /// Replaces the sealed columns of one file by what is inside. Compiled into the benchmark's module; no page calls it.
    async fn strip_file(&self, viewer: &Viewer, id: StudentId) -> Result<()> {
        let mut tx = self.begin().await?;
        let approach = self.approach(&mut tx, viewer, id).await?;
        let keys = crate::service::Keys::of(&mut tx, viewer, &self.secret, id.0).await?;
        for mut record in tx.records(id).await? {
            let permit = self.policy.permit::<Read>(&approach.standing, record.compartment.kind(), id.0)?;
            let spot = crate::service::layer_spot(id, record.compartment, &record.layer, record.epoch, record.version);
            let content: Layer = keys.read(&permit, &spot, &record.sealed)?;
            record.sealed = serde_json::to_vec(&content)?;
            record.version += 1;
            tx.update_record(&permit, &record).await?;
        }
        let permit = self.policy.permit::<Read>(&approach.standing, Kind::Support, id.0)?;
        for mut entry in tx.entries(id, Compartment::Support, Uuid::nil(), ENTRIES).await? {
            let text: EntryText = keys.read(&permit, &crate::service::entry_spot(&entry), &entry.sealed)?;
            entry.sealed = serde_json::to_vec(&text)?;
            tx.reseal_entry(&permit, &entry).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Replaces the sealed roster of one class by what is inside.
    async fn strip_class(&self, viewer: &Viewer, id: crate::domain::ids::ClassId) -> Result<()> {
        let mut tx = self.begin().await?;
        let facts = crate::domain::relation::Facts::class(viewer.person.school_id, id);
        let permit = self.policy.permit::<Read>(&viewer.standing(&facts), Kind::Roster, id.0)?;
        let keys = crate::service::Keys::of(&mut tx, viewer, &self.secret, id.0).await?;
        let parts = tx.sheets(id).await?;
        let Some(last) = parts.last().cloned() else { return Ok(()) };
        let rows: Vec<SheetRow> = crate::service::merged(&keys, &permit, &parts)?.into_values().collect();
        let sheet =
            SheetPart { class_id: id, part: 0, epoch: last.epoch, version: 1, sealed: serde_json::to_vec(&rows)? };
        tx.replace_sheets(&permit, &sheet, last.part, last.version).await?;
        Ok(tx.commit().await?)
    }
}
