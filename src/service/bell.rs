//! The bell of one node: whoever has a page open hears within a second that something new waits. Never what.
//!
//! The database is asked twice a second, and only while somebody listens; so a notice that another node wrote rings here too.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::{App, Result};
use crate::domain::clock::MINUTE;
use crate::domain::ids::{NoticeId, PersonId};

/// Between two looks.
const LOOK: Duration = Duration::from_millis(500);
/// A notice is found although it was committed so long after it was made, or made by a node whose clock is so far behind.
const OVERLAP: i64 = MINUTE;
/// Pages of one person that listen at a time. A browser opens six connections to a server at most.
pub const PAGES: usize = 4;

/// Who listens on this node.
#[derive(Debug, Clone, Default)]
pub struct Bell(Arc<Mutex<Listeners>>);

#[derive(Debug, Default)]
struct Listeners {
    by_person: HashMap<PersonId, (watch::Sender<i64>, usize)>,
    looking: bool,
    closed: bool,
}

/// A page that listens; it stops when this is dropped.
#[derive(Debug)]
pub struct Listening {
    bell: Bell,
    person: PersonId,
    count: watch::Receiver<i64>,
}

impl Listening {
    /// Waits until the number of notices that the person has not looked at grows, and gives it; at first it gives it at
    /// once. None when the server stops.
    pub async fn next(&mut self) -> Option<i64> {
        self.count.changed().await.ok()?;
        Some(*self.count.borrow_and_update())
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        let mut listeners = self.bell.lock();
        if let Some((_, pages)) = listeners.by_person.get_mut(&self.person) {
            *pages -= 1;
            if *pages == 0 {
                listeners.by_person.remove(&self.person);
            }
        }
    }
}

impl Bell {
    /// Listens for a person. None when [`PAGES`] pages of this person listen already, or the server stops.
    ///
    /// # Errors
    /// The database.
    pub async fn listen(&self, app: &Arc<App>, person: PersonId) -> Result<Option<Listening>> {
        let listening = {
            let mut listeners = self.lock();
            if listeners.closed {
                return Ok(None);
            }
            let (sender, pages) = listeners.by_person.entry(person).or_insert_with(|| (watch::Sender::new(0), 0));
            if *pages >= PAGES {
                return Ok(None);
            }
            *pages += 1;
            let mut count = sender.subscribe();
            count.mark_changed();
            if !std::mem::replace(&mut listeners.looking, true) {
                tokio::spawn(look(self.clone(), Arc::clone(app)));
            }
            Listening { bell: self.clone(), person, count }
        };
        // Asked after listening began: what comes in between rings.
        self.ring(person, app.db.read().await?.unseen_notices(person).await?);
        Ok(Some(listening))
    }

    /// Ends all listening, for good.
    pub fn close(&self) {
        let mut listeners = self.lock();
        listeners.closed = true;
        listeners.by_person.clear();
    }

    fn ring(&self, person: PersonId, count: i64) {
        if let Some((sender, _)) = self.lock().by_person.get(&person) {
            sender.send_if_modified(|known| std::mem::replace(known, count) != count);
        }
    }

    fn hears(&self, person: PersonId) -> bool {
        self.lock().by_person.contains_key(&person)
    }

    /// Whether somebody listens; if not, the looking ends with this answer.
    fn goes_on(&self) -> bool {
        let mut listeners = self.lock();
        listeners.looking = !listeners.by_person.is_empty();
        listeners.looking
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Listeners> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Looks for new notices while somebody listens.
async fn look(bell: Bell, app: Arc<App>) {
    let mut rounds = tokio::time::interval(LOOK);
    rounds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut known = HashSet::new();
    loop {
        rounds.tick().await;
        if !bell.goes_on() {
            return;
        }
        if let Err(error) = look_once(&bell, &app, &mut known).await {
            tracing::warn!(cause = %error, "new notices could not be looked for; it will be tried again");
        }
    }
}

async fn look_once(bell: &Bell, app: &App, known: &mut HashSet<NoticeId>) -> Result<()> {
    let mut conn = app.db.read().await?;
    let recent = conn.notices_since(app.now() - OVERLAP).await?;
    let whose: HashSet<PersonId> =
        recent.iter().filter(|notice| !known.contains(&notice.id)).map(|notice| notice.person_id).collect();
    for person in whose.into_iter().filter(|person| bell.hears(*person)) {
        bell.ring(person, conn.unseen_notices(person).await?);
    }
    *known = recent.into_iter().map(|notice| notice.id).collect();
    Ok(())
}
