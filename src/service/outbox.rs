//! Messages on their way out of the house, for whoever carries them: each try counts, whatever becomes of it.

use super::channels::opened;
use super::{App, MailServer, Result};
use crate::domain::clock::{DAY, HOUR};
use crate::domain::ids::PersonId;
use crate::domain::outside::{Channel, Fault, Sending, WebAddress, again_after};
use crate::domain::words::Language;
use crate::store::{Conn, Message};

/// What was sent is forgotten after so long.
const KEEP_SENT: i64 = 7 * DAY;
/// What was given up is shown for so long.
const KEEP_DEAD: i64 = 90 * DAY;

/// A message taken in hand.
pub struct Outgoing {
    /// The message, with this try counted.
    pub message: Message,
    /// Where it goes.
    pub to: Destination,
}

/// Where a message goes.
pub enum Destination {
    /// To a person, by the mail server of the school.
    Mail {
        /// The server.
        server: Box<MailServer>,
        /// The address.
        to: String,
        /// The language of the person.
        language: Language,
    },
    /// To a group.
    Robot(WebAddress),
}

impl App {
    /// Takes up to `most` messages in hand whose turn has come. Each counts as tried from now on, so that a process that ends
    /// in the middle neither loses one nor tries it for ever.
    ///
    /// # Errors
    /// The database.
    pub async fn take_messages(&self, most: usize) -> Result<Vec<Outgoing>> {
        let now = self.now();
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let due = self.db.read().await?.messages_to_send(now, most).await?;
        if due.is_empty() {
            return Ok(Vec::new());
        }
        let mut tx = self.begin().await?;
        let mut taken = Vec::new();
        for mut message in due {
            let tried = message.tries + 1;
            if tried > 1 && again_after(message.tries).is_none() {
                // The last try was taken in hand and never settled.
                tx.settle_message(message.id, Sending::Dead, Some(Fault::Interrupted), now).await?;
                continue;
            }
            if tx.take_message(&message, now + again_after(tried).unwrap_or(HOUR), now).await? {
                message.tries = tried;
                match self.destination(&mut tx, &message).await? {
                    Some(to) => taken.push(Outgoing { message, to }),
                    None => tx.settle_message(message.id, Sending::Dead, Some(Fault::Settings), now).await?,
                }
            }
        }
        tx.commit().await?;
        Ok(taken)
    }

    /// Where a message goes; none when the settings cannot be read or lead nowhere.
    async fn destination(&self, conn: &mut Conn, message: &Message) -> Result<Option<Destination>> {
        let channels = conn.channels(message.school_id).await?;
        let Some(channel) = channels.iter().find(|channel| channel.kind == message.kind) else { return Ok(None) };
        if message.kind != Channel::Mail {
            let address = opened::<String>(&self.secret, channel).ok();
            return Ok(address.and_then(|address| WebAddress::parse(&address)).map(Destination::Robot));
        }
        let Some(person) = message.person_id.map(PersonId) else { return Ok(None) };
        let language = conn.person(person).await?.map(|person| person.language);
        let to = self.address_of(conn, person).await.ok().flatten();
        let server = opened::<MailServer>(&self.secret, channel).ok();
        Ok(match (server, to, language) {
            (Some(server), Some(to), Some(language)) => {
                Some(Destination::Mail { server: Box::new(server), to, language })
            }
            _ => None,
        })
    }

    /// Notes how a message fared: sent, to be tried again, or given up after the last try.
    ///
    /// # Errors
    /// The database; the message is then tried again.
    pub async fn settle(&self, message: &Message, fared: Result<(), Fault>) -> Result<()> {
        let (state, fault) = match fared {
            Ok(()) => (Sending::Sent, None),
            Err(fault) if again_after(message.tries).is_some() => (Sending::Waiting, Some(fault)),
            Err(fault) => (Sending::Dead, Some(fault)),
        };
        let mut tx = self.begin().await?;
        tx.settle_message(message.id, state, fault, self.now()).await?;
        Ok(tx.commit().await?)
    }

    /// Forgets messages that were sent or given up long ago. Gives how many.
    ///
    /// # Errors
    /// The database.
    pub async fn tidy_outbox(&self) -> Result<u64> {
        let now = self.now();
        let mut tx = self.begin().await?;
        let gone = tx.sweep_messages(now - KEEP_SENT, now - KEEP_DEAD).await?;
        tx.commit().await?;
        Ok(gone)
    }
}
