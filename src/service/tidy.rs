//! Housekeeping that nobody asks for: what ended by itself is taken away.

use super::viewer::{IDLE, LONGEST};
use super::{App, Result};

impl App {
    /// Removes sessions and invitations that are over and slow-downs that are forgotten. Gives how many sessions went.
    ///
    /// # Errors
    /// The database.
    pub async fn tidy(&self) -> Result<u64> {
        let now = self.now();
        let mut tx = self.begin().await?;
        let swept = tx.sweep_sign_in(now - IDLE, now - LONGEST, now).await?;
        tx.commit().await?;
        Ok(swept)
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::words::Role;
    use crate::service::testing::School;

    #[tokio::test]
    async fn a_session_that_ended_by_itself_leaves_no_row_and_a_running_one_stays() {
        let mut school = School::found().await;
        let _over = school.hire("li", Role::Counsellor, None).await;
        school.app.clock.advance(super::IDLE + 1);
        let running = school.hire("wang", Role::SchoolLeader, None).await;
        assert_eq!(school.app.tidy().await.unwrap(), 1);
        assert_eq!(school.app.tidy().await.unwrap(), 0);
        let mut conn = school.app.db.read().await.unwrap();
        assert!(
            conn.signed_in(&running.session, school.app.now()).await.unwrap().map(|present| present.session).is_some()
        );
    }
}
