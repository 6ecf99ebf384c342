//! A client of the webhook door, for the demo and for measurements.

use axum::body::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use std::net::SocketAddr;
use tokio::net::TcpStream;

/// One kept connection.
pub struct Client {
    requests: SendRequest<Full<Bytes>>,
    host: String,
}

impl Client {
    /// Connects.
    pub async fn connect(address: SocketAddr) -> anyhow::Result<Client> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (requests, connection) = handshake(TokioIo::new(stream)).await?;
        #[expect(clippy::disallowed_methods, reason = "it ends with the client")]
        tokio::spawn(connection);
        Ok(Client { requests, host: address.to_string() })
    }

    /// Follows nothing: answers the status of a page, and where it leads.
    pub async fn visit(&mut self, path: &str, agent: &str) -> anyhow::Result<(u16, String)> {
        let request = Request::get(path)
            .header("host", &self.host)
            .header("user-agent", agent)
            .body(Full::new(Bytes::new()))?;
        self.requests.ready().await?;
        let response = self.requests.send_request(request).await?;
        let location = response.headers().get("location").and_then(|it| it.to_str().ok());
        let answer = (response.status().as_u16(), location.unwrap_or_default().to_owned());
        response.into_body().collect().await?;
        Ok(answer)
    }

    /// Sends a form; answers the status.
    pub async fn submit(&mut self, path: &str, form: String) -> anyhow::Result<u16> {
        let request = Request::post(path)
            .header("host", &self.host)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Full::new(Bytes::from(form)))?;
        self.requests.ready().await?;
        let response = self.requests.send_request(request).await?;
        let status = response.status().as_u16();
        response.into_body().collect().await?;
        Ok(status)
    }

    /// Posts one of Stripe's webhooks; answers the status.
    pub async fn webhook(&mut self, signature: &str, body: Vec<u8>) -> anyhow::Result<u16> {
        let request = Request::post("/revenue/webhooks/stripe")
            .header("host", &self.host)
            .header("content-type", "application/json")
            .header("stripe-signature", signature)
            .body(Full::new(Bytes::from(body)))?;
        self.requests.ready().await?;
        let response = self.requests.send_request(request).await?;
        let status = response.status().as_u16();
        response.into_body().collect().await?;
        Ok(status)
    }
}
