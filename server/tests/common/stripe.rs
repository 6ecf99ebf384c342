//! Stripe as the other side: the make-believe one on a port, and one that says what it is told.

use super::door::now;
use serde_json::Value;
use std::sync::{Arc, Mutex};
use takings_simulator::{Plan, Stripe, StripeServer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// A key that may do everything in test mode.
pub const KEY: &str = "sk_test_4711";

/// An account in test mode whose clock is right, served on a port.
pub struct Account {
    /// The account itself.
    pub stripe: Stripe,
    server: StripeServer,
}

impl Account {
    /// An empty one.
    pub async fn empty() -> Account {
        Account::serve(Stripe::empty(&Plan { livemode: false, ..Plan::small(1) })).await
    }

    /// One with a business that was played until a second.
    pub async fn played(plan: &Plan, until: i64) -> Account {
        Account::serve(Stripe::played(plan, until)).await
    }

    async fn serve(stripe: Stripe) -> Account {
        stripe.set_now(now());
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let server = stripe.serve(listener).unwrap();
        Account { stripe, server }
    }

    /// `stripe.api_url`.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Its webhook endpoints, the newest first.
    pub fn endpoints(&self) -> Vec<Value> {
        let (_, list) = self.stripe.call("GET", "webhook_endpoints", "limit=100");
        list["data"].as_array().unwrap().clone()
    }

    /// How often something was asked for, such as `POST /v1/webhook_endpoints`.
    pub fn asked(&self, endpoint: &str) -> u64 {
        self.stripe.requests().get(endpoint).map_or(0, |counted| counted.total)
    }
}

/// A server that gives prepared answers, one a connection, the last for ever; an empty one breaks
/// the connection.
pub struct Scripted {
    /// `stripe.api_url`.
    pub url: String,
    heard: Arc<Mutex<Vec<String>>>,
    _task: JoinSet<()>,
}

impl Scripted {
    /// Starts it.
    pub async fn start(answers: &[&str]) -> Scripted {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let heard = Arc::new(Mutex::new(Vec::new()));
        let answers: Vec<String> = answers.iter().map(|it| (*it).to_owned()).collect();
        let (mut task, log) = (JoinSet::new(), heard.clone());
        task.spawn(async move {
            for place in 0.. {
                let (mut stream, _) = listener.accept().await.unwrap();
                let request = read(&mut stream).await;
                log.lock().unwrap().push(request);
                let answer = &answers[place.min(answers.len() - 1)];
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        Scripted { url, heard, _task: task }
    }

    /// The requests so far, as they came.
    pub fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

/// An answer as it goes over the wire.
pub fn answer(status: u16, headers: &[&str], body: &str) -> String {
    let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    let length = body.len();
    format!(
        "HTTP/1.1 {status} Said\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
    )
}

/// Head and body of one request.
async fn read(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    let mut buffer = [0; 4096];
    loop {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let whole = text.contains("\r\n\r\n") && body.len() >= content_length(head);
        let length = if whole { 0 } else { stream.read(&mut buffer).await.unwrap_or(0) };
        if length == 0 {
            return text;
        }
        text.push_str(&String::from_utf8_lossy(&buffer[..length]));
    }
}

fn content_length(head: &str) -> usize {
    header(head, "content-length").parse().unwrap_or(0)
}

/// A header of a request; empty where it has none.
pub fn header<'a>(request: &'a str, name: &str) -> &'a str {
    let lines = request.lines().filter_map(|line| line.split_once(": "));
    lines.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|it| it.1).next().unwrap_or("")
}
