//! Carries messages out of the house: by mail, and to the robots of groups. A page never waits for it, and one server that
//! hangs holds nobody else up.

mod mail;
mod robot;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use super::say::Words;
use crate::domain::outside::Fault;
use crate::domain::words::Language;
use crate::service::{App, Destination, Outgoing};
use crate::web::ui::t;

/// Between two looks at what is to be sent.
const ROUND: Duration = Duration::from_secs(2);
/// Between two clearings of what was sent long ago.
const CLEARING: Duration = Duration::from_hours(1);
/// How long one message may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Messages on their way at once.
const AT_ONCE: usize = 8;

/// Carries out what is to be sent, until it is dropped.
pub async fn carry(app: Arc<App>) {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut rounds = tokio::time::interval(ROUND);
    let mut clearing = tokio::time::interval(CLEARING);
    rounds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = rounds.tick() => {
                if let Err(error) = round(&app, &places).await {
                    tracing::warn!(cause = %error, "notices could not be sent; it will be tried again");
                }
            }
            _ = clearing.tick() => {
                if let Err(error) = app.tidy_outbox().await {
                    tracing::warn!(cause = %error, "sent notices could not be cleared; it will be tried again");
                }
            }
        }
    }
}

/// Sends as many messages as there are places for, each in a task of its own.
async fn round(app: &Arc<App>, places: &Arc<Semaphore>) -> crate::service::Result<()> {
    for outgoing in app.take_messages(places.available_permits()).await? {
        let (app, place) = (Arc::clone(app), Arc::clone(places).acquire_owned().await);
        tokio::spawn(async move {
            send_and_settle(&app, &outgoing).await;
            drop(place);
        });
    }
    Ok(())
}

/// Sends one message and notes how it fared. The log learns which way failed and how, not to whom.
pub(crate) async fn send_and_settle(app: &App, outgoing: &Outgoing) {
    let fared = send(outgoing, PATIENCE).await;
    let (channel, tries) = (outgoing.message.kind, outgoing.message.tries);
    if let Err(fault) = fared {
        tracing::warn!(%channel, %fault, tries, "a notice did not get out");
    }
    if let Err(error) = app.settle(&outgoing.message, fared).await {
        tracing::warn!(cause = %error, "how a notice fared could not be noted; it will be sent again");
    }
}

async fn send(outgoing: &Outgoing, patience: Duration) -> Result<(), Fault> {
    let sending = async {
        match &outgoing.to {
            Destination::Mail { server, to, language } => {
                let text = Text::of(*language);
                mail::send(server, to, &outgoing.message.id.to_string(), &text.subject, &text.body, patience).await
            }
            Destination::Robot(address) => robot::send(address, &Text::of(Language::ZhCn).body).await,
        }
    };
    tokio::time::timeout(patience, sending).await.unwrap_or(Err(Fault::Timeout))
}

/// All that is ever said outside the house.
struct Text {
    subject: String,
    body: String,
}

impl Text {
    fn of(language: Language) -> Self {
        Self { subject: t!(Words(language), "outside-subject"), body: t!(Words(language), "outside-text") }
    }
}

#[cfg(test)]
mod tests;
