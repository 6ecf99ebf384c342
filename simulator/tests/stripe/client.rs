//! A client just large enough to see what the make-believe Stripe sends.

use std::collections::BTreeMap;

use serde_json::Value;
use takings_simulator::{Stripe, StripeServer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// An answer: its status, its headers in lower case, its body.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).expect("the body is JSON")
    }
}

/// Serves an account on a free port.
pub async fn serve(stripe: &Stripe) -> StripeServer {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
    stripe.serve(listener).expect("the listener has an address")
}

/// One request on a connection of its own; nothing where the connection ends without an answer.
pub async fn ask(
    server: &StripeServer,
    line: &str,
    headers: &[(&str, &str)],
    form: &str,
) -> Option<Answer> {
    let url = server.url();
    let address = url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).await.expect("the server listens");
    let mut request = format!("{line} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n");
    if !headers.iter().any(|(name, _)| *name == "authorization") {
        request.push_str("authorization: Bearer sk_any\r\n");
    }
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str(&format!("content-length: {}\r\n\r\n{form}", form.len()));
    stream.write_all(request.as_bytes()).await.expect("the request is sent");
    let mut text = String::new();
    // A connection that is dropped on purpose may end in an error as well as in silence.
    let _ = stream.read_to_string(&mut text).await;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let mut lines = head.lines();
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let pair = |line: &str| line.split_once(": ").map(|(k, v)| (k.to_lowercase(), v.to_owned()));
    Some(Answer { status, headers: lines.filter_map(pair).collect(), text: body.to_owned() })
}
