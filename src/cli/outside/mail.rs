//! Mail, by the server of the school.

use std::net::IpAddr;
use std::time::Duration;

use lettre::message::header::ContentType;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::Credentials;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};

use crate::domain::outside::{Encryption, Fault};
use crate::service::MailServer;

/// Sends a mail.
///
/// # Errors
/// The class of what went wrong.
pub async fn send(
    server: &MailServer,
    to: &str,
    id: &str,
    subject: &str,
    text: &str,
    patience: Duration,
) -> Result<(), Fault> {
    let host = server.sender.split_once('@').map_or("localhost", |(_, host)| host);
    let mail = Message::builder()
        .from(server.sender.parse().map_err(|_| Fault::Settings)?)
        .to(to.parse().map_err(|_| Fault::Settings)?)
        .subject(subject)
        .message_id(Some(format!("<{id}@{host}>")))
        .header(ContentType::TEXT_PLAIN)
        .body(format!("{text}\r\n"))
        .map_err(|_| Fault::Settings)?;
    transport(server, patience)?.send(mail).await.map(drop).map_err(|error| class(&error))
}

/// The connection: encrypted, and to this very machine alone in clear.
fn transport(server: &MailServer, patience: Duration) -> Result<AsyncSmtpTransport<Tokio1Executor>, Fault> {
    type Smtp = AsyncSmtpTransport<Tokio1Executor>;
    let is_here = server.host.parse::<IpAddr>().is_ok_and(|number| number.is_loopback());
    let builder = match server.encryption {
        _ if is_here => Ok(Smtp::builder_dangerous(&server.host)),
        Encryption::Tls => Smtp::relay(&server.host),
        Encryption::Starttls => Smtp::starttls_relay(&server.host),
    };
    let mut builder = builder.map_err(|error| class(&error))?.port(server.port).timeout(Some(patience));
    if !server.user.is_empty() {
        builder = builder.credentials(Credentials::new(server.user.clone(), server.password.clone()));
    }
    Ok(builder.build())
}

/// What kind of failure it was; the words of the other side stay there.
fn class(error: &Error) -> Fault {
    let code = error.status().map(|code| code.to_string());
    match code.as_deref() {
        Some("530" | "534" | "535" | "538") => Fault::Password,
        _ if error.is_timeout() => Fault::Timeout,
        _ if error.is_tls() => Fault::Encryption,
        _ if error.is_permanent() => Fault::Refused,
        _ if error.is_transient() || error.is_response() => Fault::ServerError,
        // Without credentials that both sides know, or with an address that is none.
        _ if error.is_client() => Fault::Settings,
        _ => Fault::Unreachable,
    }
}
