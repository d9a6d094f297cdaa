//! The ways by which a notice leaves the house: set by the administrator, and by each person for the own address.

use serde::{Deserialize, Serialize};

use super::{App, Error, FieldProblem, Result, Viewer};
use crate::domain::audit::Event;
use crate::domain::ids::{PersonId, SchoolId};
use crate::domain::outside::{Channel, Encryption, Sending, WebAddress, is_mail_address};
use crate::domain::words::Kind;
use crate::policy::{Manage, Permit, Read};
use crate::store::{Conn, Message, StoredChannel};
use crate::vault::ServerSecret;

/// Messages that were given up, shown at once.
const SHOWN: i64 = 50;
/// The longest name of a server, user or password, in bytes.
const LONGEST: usize = 254;
/// The longest address of a robot, in bytes.
const ADDRESS: usize = 1024;

/// The mail server of a school. It prints nothing: a password stands in it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailServer {
    /// Its name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is encrypted; a server on this very machine is spoken to in clear.
    pub encryption: Encryption,
    /// The address that mails come from.
    pub sender: String,
    /// Whom to sign in as; empty where the server wants nobody.
    pub user: String,
    /// The password for it.
    pub password: String,
}

/// A mail server as a person wrote it. It prints nothing: a password stands in it.
#[derive(Clone, Default)]
pub struct MailEdit {
    /// Its name.
    pub host: String,
    /// Its port.
    pub port: String,
    /// The code of an [`Encryption`].
    pub encryption: String,
    /// The address that mails come from.
    pub sender: String,
    /// Whom to sign in as.
    pub user: String,
    /// The password; empty to keep the one that stands.
    pub password: String,
    /// The version the person saw; 0 where none stood.
    pub seen: i64,
}

/// A robot as the administrator sees it: the address holds a key and is never shown again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RobotState {
    /// Which one.
    pub kind: Channel,
    /// The server it is on; empty while there is none.
    pub host: String,
    /// The version that stands; 0 for none.
    pub version: i64,
}

/// The ways out of a school, as the administrator sees them.
pub struct Channels {
    /// The mail server, without its password, and its version.
    pub mail: Option<(MailServer, i64)>,
    /// The robots.
    pub robots: Vec<RobotState>,
    /// What waits to be sent or tried again, newest change first.
    pub waiting: Vec<Message>,
    /// What was given up, newest first.
    pub dead: Vec<Message>,
}

impl App {
    /// The ways out of the school, and what did not get out.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anyone but an administrator.
    pub async fn channels(&self, viewer: &Viewer) -> Result<Channels> {
        let school = viewer.person.school_id;
        self.permit::<Read>(&viewer.at_school(), Kind::Structure, school.0).await?;
        let mut conn = self.db.read().await?;
        let stored = conn.channels(school).await?;
        let waiting = conn.messages_in(school, Sending::Waiting, SHOWN).await?;
        let dead = conn.messages_in(school, Sending::Dead, SHOWN).await?;
        drop(conn);
        let of = |kind: Channel| stored.iter().find(|channel| channel.kind == kind);
        let mail = match of(Channel::Mail) {
            Some(channel) => {
                let server = opened::<MailServer>(&self.secret, channel)?;
                Some((MailServer { password: String::new(), ..server }, channel.version))
            }
            None => None,
        };
        let mut robots = Vec::new();
        for kind in Channel::ROBOTS {
            let (host, version) = match of(*kind) {
                Some(channel) => {
                    let address = WebAddress::parse(&opened::<String>(&self.secret, channel)?);
                    (address.map_or_else(String::new, |address| address.host), channel.version)
                }
                None => (String::new(), 0),
            };
            robots.push(RobotState { kind: *kind, host, version });
        }
        Ok(Channels { mail, robots, waiting, dead })
    }

    /// Sets the mail server.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every wrong field, or when a colleague changed it meanwhile; [`Error::NotFound`] for anyone but
    /// an administrator.
    pub async fn set_mail(&self, viewer: &Viewer, edit: &MailEdit) -> Result<()> {
        let permit = self.channel_permit(viewer).await?;
        let mut conn = self.db.read().await?;
        let stands = conn.channels(permit.school()).await?.into_iter().find(|channel| channel.kind == Channel::Mail);
        drop(conn);
        let kept = match &stands {
            Some(channel) => opened::<MailServer>(&self.secret, channel)?.password,
            None => String::new(),
        };
        let server = checked(edit, kept)?;
        self.put_channel(&permit, Channel::Mail, edit.seen, &server, "host").await
    }

    /// Sets the address of a robot.
    ///
    /// # Errors
    /// [`Error::Invalid`] when it is no `https://` address, or a colleague changed it meanwhile; [`Error::NotFound`] for anyone
    /// but an administrator, or when it is no robot.
    pub async fn set_robot(&self, viewer: &Viewer, kind: Channel, address: &str, seen: i64) -> Result<()> {
        let permit = self.channel_permit(viewer).await?;
        let address = address.trim();
        if !Channel::ROBOTS.contains(&kind) {
            return Err(Error::NotFound);
        }
        if address.len() > ADDRESS || WebAddress::parse(address).is_none() {
            return Err(Error::field("address", "no-https-address"));
        }
        self.put_channel(&permit, kind, seen, &address, "address").await
    }

    async fn put_channel<T: Serialize + Sync>(
        &self,
        permit: &Permit<Manage>,
        kind: Channel,
        seen: i64,
        settings: &T,
        field: &'static str,
    ) -> Result<()> {
        let school_id = permit.school();
        let sealed = self.secret.seal(&purpose(school_id, kind), &serde_json::to_vec(settings)?)?;
        let mut tx = self.begin().await?;
        let channel = StoredChannel { school_id, kind, version: seen.saturating_add(1), sealed };
        if !tx.put_channel(permit, &channel).await? {
            return Err(Error::field(field, "changed-meanwhile"));
        }
        tx.record(permit, Event::ChannelChanged, kind.as_str(), self.now()).await?;
        Ok(tx.commit().await?)
    }

    /// Closes a way out: what waits to take it is dropped.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anyone but an administrator.
    pub async fn close_channel(&self, viewer: &Viewer, kind: Channel) -> Result<()> {
        let permit = self.channel_permit(viewer).await?;
        let mut tx = self.begin().await?;
        tx.close_channel(&permit, kind).await?;
        tx.record(&permit, Event::ChannelChanged, &format!("{kind} closed"), self.now()).await?;
        Ok(tx.commit().await?)
    }

    /// Sends a message by one way, to see whether it arrives: a mail to the own address, or one to the group.
    ///
    /// # Errors
    /// [`Error::Invalid`] when that way is not open, or the own address is not known; [`Error::NotFound`] for anyone but an
    /// administrator.
    pub async fn try_channel(&self, viewer: &Viewer, kind: Channel) -> Result<()> {
        let permit = self.channel_permit(viewer).await?;
        let (school, now) = (permit.school(), self.now());
        let mut tx = self.begin().await?;
        let open = tx.channels(school).await?.iter().any(|channel| channel.kind == kind);
        if !open {
            return Err(Error::field("try", "channel-closed"));
        }
        if kind == Channel::Mail && tx.address(viewer.person.id).await?.is_none() {
            return Err(Error::field("try", "no-own-address"));
        }
        let id = uuid::Uuid::now_v7();
        match kind {
            Channel::Mail => tx.lay_out_mail(id, school, viewer.person.id, now).await?,
            robot => tx.lay_out_robot(id, school, robot, now).await?,
        };
        tx.record(&permit, Event::ChannelChanged, &format!("{kind} tried"), now).await?;
        Ok(tx.commit().await?)
    }

    async fn channel_permit(&self, viewer: &Viewer) -> Result<Permit<Manage>> {
        self.permit(&viewer.at_school(), Kind::Structure, viewer.person.school_id.0).await
    }

    /// The own mail address, if the person gave one.
    ///
    /// # Errors
    /// The database; the row was tampered with.
    pub async fn own_address(&self, viewer: &Viewer) -> Result<Option<String>> {
        let mut conn = self.db.read().await?;
        self.address_of(&mut conn, viewer.person.id).await
    }

    /// Keeps the own mail address; an empty one is forgotten.
    ///
    /// # Errors
    /// [`Error::Invalid`] when it is no mail address.
    pub async fn set_own_address(&self, viewer: &Viewer, address: &str) -> Result<()> {
        let address = address.trim();
        let own = self.permit::<Manage>(&viewer.at_own(), Kind::Account, viewer.person.id.0).await?;
        if !address.is_empty() && !is_mail_address(address) {
            return Err(Error::field("address", "no-mail-address"));
        }
        let mut tx = self.begin().await?;
        let detail = if address.is_empty() {
            tx.forget_address(&own).await?;
            "removed"
        } else {
            tx.put_address(&own, self.secret.seal(&address_purpose(viewer.person.id), address.as_bytes())?).await?;
            "set"
        };
        tx.record(&own, Event::AddressChanged, detail, self.now()).await?;
        Ok(tx.commit().await?)
    }

    /// The mail address of a person, if there is one.
    pub(crate) async fn address_of(&self, conn: &mut Conn, person: PersonId) -> Result<Option<String>> {
        let Some(sealed) = conn.address(person).await? else { return Ok(None) };
        let address = self.secret.open(&address_purpose(person), &sealed)?;
        Ok(String::from_utf8(address.to_vec()).ok())
    }
}

/// The settings of a way out.
pub(crate) fn opened<T: serde::de::DeserializeOwned>(secret: &ServerSecret, channel: &StoredChannel) -> Result<T> {
    Ok(serde_json::from_slice(&secret.open(&purpose(channel.school_id, channel.kind), &channel.sealed)?)?)
}

fn purpose(school: SchoolId, kind: Channel) -> String {
    format!("channels {school} {kind}")
}

fn address_purpose(person: PersonId) -> String {
    format!("addresses {person}")
}

/// The mail server that a form describes, if all of it can be.
fn checked(edit: &MailEdit, kept: String) -> Result<MailServer> {
    let mut problems = Vec::new();
    let mut wrong = |field, code| problems.push(FieldProblem { field, code });
    let (host, sender, user) = (edit.host.trim(), edit.sender.trim(), edit.user.trim());
    let is_host =
        WebAddress::parse(&format!("https://{host}")).is_some_and(|address| address.host == host.to_lowercase());
    if host.is_empty() {
        wrong("host", "required");
    } else if !is_host {
        wrong("host", "no-host");
    }
    let port = edit.port.trim().parse::<u16>().ok().filter(|port| *port > 0);
    if port.is_none() {
        wrong("port", "no-port");
    }
    let encryption = Encryption::parse(&edit.encryption);
    if encryption.is_none() {
        wrong("encryption", "required");
    }
    if !is_mail_address(sender) {
        wrong("sender", "no-mail-address");
    }
    if user.len() > LONGEST {
        wrong("user", "too-long");
    }
    if edit.password.len() > LONGEST {
        wrong("password", "too-long");
    }
    let (Some(port), Some(encryption), true) = (port, encryption, problems.is_empty()) else {
        return Err(Error::Invalid(problems));
    };
    let password = if edit.password.is_empty() { kept } else { edit.password.clone() };
    let (host, sender, user) = (host.to_lowercase(), sender.to_owned(), user.to_owned());
    Ok(MailServer { host, port, encryption, sender, user, password })
}
