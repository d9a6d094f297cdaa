//! The robots of 企业微信 and 钉钉 groups: one small POST. Nothing is followed anywhere, and the answer is read no further than to
//! see whether the message was taken.

use std::sync::{Arc, OnceLock};

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::{Request, header};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::domain::outside::{Fault, WebAddress};

/// The longest answer that is read, in bytes.
const ANSWER: usize = 64 * 1024;

/// Says a text in a group.
///
/// # Errors
/// The class of what went wrong.
pub async fn send(to: &WebAddress, text: &str) -> Result<(), Fault> {
    let body = serde_json::json!({ "msgtype": "text", "text": { "content": text } }).to_string();
    let host = to.host.trim_start_matches('[').trim_end_matches(']');
    let stream = TcpStream::connect((host, to.port)).await.map_err(|_| Fault::Unreachable)?;
    if !to.secure {
        return post(stream, to, body).await;
    }
    let name = ServerName::try_from(host.to_owned()).map_err(|_| Fault::Settings)?;
    let connector = TlsConnector::from(trust().ok_or(Fault::Encryption)?);
    let stream = connector.connect(name, stream).await.map_err(|_| Fault::Encryption)?;
    post(stream, to, body).await
}

/// Whom to trust: the certificates of this machine.
fn trust() -> Option<Arc<ClientConfig>> {
    static TRUST: OnceLock<Option<Arc<ClientConfig>>> = OnceLock::new();
    let load = || {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let builder = builder.with_safe_default_protocol_versions().ok()?;
        Some(Arc::new(builder.with_root_certificates(roots).with_no_client_auth()))
    };
    TRUST.get_or_init(load).clone()
}

async fn post<S>(stream: S, to: &WebAddress, body: String) -> Result<(), Fault>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|_| Fault::Unreachable)?;
    // The connection ends with the answer, or is dropped with this task when the time is over.
    let connection = tokio::spawn(connection);
    let _ended = Ended(connection.abort_handle());
    let default = if to.secure { 443 } else { 80 };
    let host = if to.port == default { to.host.clone() } else { format!("{}:{}", to.host, to.port) };
    let request = Request::post(&to.path)
        .header(header::HOST, host)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::CONNECTION, "close")
        .body(Full::new(Bytes::from(body)))
        .map_err(|_| Fault::Settings)?;
    let answer = sender.send_request(request).await.map_err(|_| Fault::ServerError)?;
    match answer.status().as_u16() {
        200..=299 => {}
        300..=399 => return Err(Fault::Redirect),
        500..=599 => return Err(Fault::ServerError),
        _ => return Err(Fault::Refused),
    }
    let answer = Limited::new(answer.into_body(), ANSWER).collect().await.map_err(|_| Fault::ServerError)?.to_bytes();
    // Both robots answer 200 to everything, and say in the body whether they took it.
    let said: serde_json::Value = serde_json::from_slice(&answer).unwrap_or_default();
    match said.get("errcode").and_then(serde_json::Value::as_i64) {
        None | Some(0) => Ok(()),
        Some(_) => Err(Fault::Refused),
    }
}

/// Ends the connection's task when the answer is there, or nobody waits for it any more.
struct Ended(tokio::task::AbortHandle);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.abort();
    }
}
