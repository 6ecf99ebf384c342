//! The HTTP door, from outside.

use super::process::SECRET;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::net::SocketAddr;
use takings_simulator::sign;
use tokio::net::TcpStream;

/// What the door says.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body, where it is JSON; otherwise null.
    pub body: Value,
    /// Whether the connection ends with it.
    pub last: bool,
}

impl Answer {
    /// A text of the body; empty where there is none.
    pub fn text(&self, key: &str) -> &str {
        self.body[key].as_str().unwrap_or_default()
    }

    /// Whether the event is acknowledged.
    pub fn acknowledges(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// One kept connection.
pub struct Door {
    requests: SendRequest<Full<Bytes>>,
}

impl Door {
    /// Connects.
    pub async fn connect(address: SocketAddr) -> anyhow::Result<Door> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (requests, connection) = handshake(TokioIo::new(stream)).await?;
        #[expect(clippy::disallowed_methods, reason = "it ends with the door")]
        tokio::spawn(connection);
        Ok(Door { requests })
    }

    /// Posts an event, signed now.
    pub async fn post(&mut self, body: &[u8]) -> anyhow::Result<Answer> {
        let signature = signed(body);
        self.post_with(body, &[signature.as_str()]).await
    }

    /// Posts a body under the given signature headers.
    pub async fn post_with(&mut self, body: &[u8], signatures: &[&str]) -> anyhow::Result<Answer> {
        let mut request = Request::post("/revenue/webhooks/stripe").header("host", "takings");
        for signature in signatures {
            request = request.header("stripe-signature", *signature);
        }
        self.send(request.body(Full::new(Bytes::copy_from_slice(body)))?).await
    }

    /// Asks for a path.
    pub async fn get(&mut self, path: &str) -> anyhow::Result<Answer> {
        let request = Request::get(path).header("host", "takings");
        self.send(request.body(Full::default())?).await
    }

    async fn send(&mut self, request: Request<Full<Bytes>>) -> anyhow::Result<Answer> {
        self.requests.ready().await?;
        let response = self.requests.send_request(request).await?;
        let status = response.status().as_u16();
        let last = response.headers().get("connection").is_some_and(|it| it == "close");
        let body = response.into_body().collect().await?.to_bytes();
        Ok(Answer { status, body: serde_json::from_slice(&body).unwrap_or(Value::Null), last })
    }
}

/// The header for a body, signed now.
pub fn signed(body: &[u8]) -> String {
    sign(SECRET, now(), body)
}

/// The present second.
pub fn now() -> i64 {
    takings_server::app::now().secs()
}
