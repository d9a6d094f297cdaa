//! The signed-in person, as every act sees them.

use std::sync::Arc;

use uuid::Uuid;

use super::{App, Error, Result};
use crate::domain::clock::{HOUR, MINUTE};
use crate::domain::ids::{ClassId, OfficeId, PersonId};
use crate::domain::relation::{Duty, Facts, Standing};
use crate::domain::words::{Kind, Role, SchoolKind};
use crate::policy::Manage;
use crate::store::{Conn, Person, Present, School, Session};
use crate::vault::{Identity, KeyName, KeyRing, OfficeKey, SessionToken, is_genuine, unwrap_identity};

/// After this long without a request a session is over.
pub const IDLE: i64 = 15 * MINUTE;
/// After this long it is over in any case.
pub const LONGEST: i64 = 8 * HOUR;

/// A person with duties and keys, for the length of one request.
#[derive(Debug, Clone)]
pub struct Viewer {
    /// Who it is.
    pub person: Person,
    /// The person's school.
    pub school: School,
    /// The roles held now.
    pub duties: Vec<Duty>,
    /// Whether the person leads a case.
    pub leads: bool,
    /// The person's background was checked less than a year ago; asked of those from outside only.
    pub checked: bool,
    /// The keys of the person and of the person's offices.
    pub ring: Arc<KeyRing>,
    /// Which session this is.
    pub session: [u8; 32],
    /// How many notices wait that the person has not looked at.
    pub unseen: i64,
    /// Whether the person signs in with two steps.
    pub two_steps: bool,
}

impl Viewer {
    /// How the person stands to something with these facts.
    #[must_use]
    pub fn standing(&self, facts: &Facts) -> Standing {
        let childless = self.school.kind == SchoolKind::District;
        Standing { childless, ..Standing::of(self.person.id, &self.duties, facts) }
    }

    /// How the person stands to the things of the own school that are not files.
    #[must_use]
    pub fn at_school(&self) -> Standing {
        self.standing(&Facts::school(self.person.school_id))
    }

    /// How the person stands to the own account.
    #[must_use]
    pub fn at_own(&self) -> Standing {
        self.standing(&Facts::own(self.person.school_id))
    }

    /// How the person stands to what they wrote themselves at the own school.
    #[must_use]
    pub fn as_author(&self) -> Standing {
        self.standing(&Facts { author: true, ..Facts::school(self.person.school_id) })
    }

    /// Whether the person holds a role.
    #[must_use]
    pub fn has(&self, role: Role) -> bool {
        self.duties.iter().any(|duty| duty.role == role)
    }

    /// The classes for which the person holds a class duty.
    pub fn own_classes(&self) -> impl Iterator<Item = ClassId> {
        self.duties.iter().filter_map(|duty| duty.class)
    }
}

impl App {
    /// The person behind a session cookie.
    ///
    /// # Errors
    /// [`Error::SignedOut`] when the cookie opens no running session.
    pub async fn viewer(&self, token: &SessionToken) -> Result<Viewer> {
        let now = self.now();
        let token = &token.bound(&self.secret);
        let hash = token.hash();
        let mut conn = self.db.look().await?;
        let present = conn.signed_in(&hash, now).await?.ok_or(Error::SignedOut)?;
        let Present { session, person, school, duties, offices, unseen, checked_on, two_steps } = present;
        if !person.active || now - session.seen_at > IDLE || now - session.created_at > LONGEST {
            return Err(Error::SignedOut);
        }
        let ring = token.open_ring(&session.ring).map_err(|_| Error::SignedOut)?;
        // The keys say whose session this is. A row that names somebody else was changed.
        if ring.person != person.id {
            return Err(Error::SignedOut);
        }
        let (ring, news) = self.complete(&mut conn, ring, offices).await?;
        drop(conn);
        let (leads, ring) = (session.leads, Arc::new(ring));
        // At the district nothing but the district's own roles counts, whatever a row says.
        let mut duties = duties;
        duties.retain(|duty| duty.school != school.id || Role::assignable(school.kind).contains(&duty.role));
        let checked = self.check_stands(checked_on.as_deref());
        let viewer = Viewer { person, school, duties, leads, checked, ring, session: hash, unseen, two_steps };
        self.keep_session(token, &viewer, &session, news, now).await?;
        Ok(viewer)
    }

    /// Whose running session this cookie is, without a sign of life: a page that only listens keeps no session running.
    ///
    /// # Errors
    /// [`Error::SignedOut`] when the cookie opens no running session.
    pub async fn listener(&self, token: &SessionToken) -> Result<PersonId> {
        let now = self.now();
        let session =
            self.db.look().await?.session(&token.bound(&self.secret).hash()).await?.ok_or(Error::SignedOut)?;
        let over = now - session.seen_at > IDLE || now - session.created_at > LONGEST;
        if over { Err(Error::SignedOut) } else { Ok(session.person_id) }
    }

    /// Adds the keys of offices that the person was let into, or that were rotated, since the ring was sealed; drops the
    /// keys of offices that the person left. Tells whether anything changed.
    async fn complete(
        &self,
        conn: &mut Conn,
        mut ring: KeyRing,
        memberships: Vec<(OfficeId, i64)>,
    ) -> Result<(KeyRing, bool)> {
        let before = ring.offices.len();
        ring.offices.retain(|key| memberships.contains(&(key.office, key.epoch)));
        let mut news = ring.offices.len() != before;
        for (office, epoch) in memberships {
            if ring.office(office, epoch).is_none()
                && let Some(key) = self.office_key(conn, &ring.identity, ring.person.0, office, epoch).await?
            {
                ring.offices.push(key);
                news = true;
            }
        }
        Ok((ring, news))
    }

    /// Opens the wrap of an office key for one holder, if there is a genuine one.
    ///
    /// # Errors
    /// The database.
    pub(crate) async fn office_key(
        &self,
        conn: &mut Conn,
        identity: &Identity,
        holder: Uuid,
        office: OfficeId,
        epoch: i64,
    ) -> Result<Option<OfficeKey>> {
        let Some((sealed, mark)) = conn.office_wrap(office, epoch, holder).await? else { return Ok(None) };
        let name = KeyName { key: office.0.into(), epoch };
        if !is_genuine(name, holder, &sealed, &mark, &self.secret) {
            return Ok(None);
        }
        Ok(unwrap_identity(identity, holder, name, &sealed).ok().map(|identity| OfficeKey { office, epoch, identity }))
    }

    /// Notes that the session is in use, at most once a minute, and seals a ring that changed.
    async fn keep_session(
        &self,
        token: &SessionToken,
        viewer: &Viewer,
        session: &Session,
        news: bool,
        now: i64,
    ) -> Result<()> {
        if !news && now - session.seen_at < MINUTE {
            return Ok(());
        }
        let own = self.policy.permit::<Manage>(&viewer.at_own(), Kind::Account, viewer.person.id.0);
        let Ok(own) = own else { return Err(Error::SignedOut) };
        let mut tx = self.begin().await?;
        tx.touch_session(&own, &viewer.session, now).await?;
        if news {
            tx.put_ring(&own, &viewer.session, token.seal_ring(&viewer.ring)?).await?;
        }
        Ok(tx.commit().await?)
    }
}
