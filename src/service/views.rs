//! 谁看过: who opened or changed a file, shown to the people of its office.

use super::{App, Result, Viewer};
use crate::domain::audit::Event;
use crate::domain::ids::StudentId;
use crate::domain::words::Kind;
use crate::policy::Read;
use crate::store::StoredLine;

/// Lines shown.
const LINES: i64 = 200;

impl App {
    /// Who opened or changed a file, newest first.
    ///
    /// # Errors
    /// [`super::Error::NotFound`] when the person is not of the file's office.
    pub async fn views(&self, viewer: &Viewer, id: StudentId) -> Result<Vec<StoredLine>> {
        let mut conn = self.db.read().await?;
        let approach = self.approach(&mut conn, viewer, id).await?;
        let permit = self.permit::<Read>(&approach.standing, Kind::Views, id.0).await?;
        let lines = conn.views(&permit, LINES).await?;
        drop(conn);
        self.leave_trace(&permit, Event::ViewsRead, "", &[]).await?;
        Ok(lines)
    }
}
