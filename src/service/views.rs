//! 谁看过: who opened or changed a file, shown to the people of its office.

use std::collections::HashMap;

use super::{App, Result, Viewer};
use crate::domain::audit::Event;
use crate::domain::ids::{PersonId, StudentId};
use crate::domain::words::Kind;
use crate::policy::Read;
use crate::store::StoredLine;

/// Lines shown.
const LINES: i64 = 200;

impl App {
    /// Who opened or changed a file, newest first, and the names of colleagues by id.
    ///
    /// # Errors
    /// [`super::Error::NotFound`] when the person is not of the file's office.
    pub async fn views(&self, viewer: &Viewer, id: StudentId) -> Result<(Vec<StoredLine>, HashMap<PersonId, String>)> {
        let mut conn = self.db.read().await?;
        let approach = self.approach(&mut conn, viewer, id).await?;
        let permit = self.permit::<Read>(&approach.standing, Kind::Views, id.0).await?;
        let lines = conn.views(&permit, LINES).await?;
        let names = conn.persons(viewer.person.school_id).await?.into_iter().map(|p| (p.id, p.name)).collect();
        drop(conn);
        self.leave_trace(&permit, Event::ViewsRead, "", &[]).await?;
        Ok((lines, names))
    }
}
