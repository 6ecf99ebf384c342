//! Events on their way to webhook endpoints: signed with the time of the account's clock.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use hyper::header::{CONTENT_TYPE, HOST};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::account::Account;
use super::filter::names;
use super::kind::Kind;
use super::{Stripe, locked};
use crate::deliver::sign;
use crate::plan::ApiVersion;

/// How long an endpoint may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often one event is tried, and the pause before the second attempt, which doubles.
const ATTEMPTS: u32 = 3;
const PAUSE: Duration = Duration::from_millis(100);
/// How often is looked whether a running clock has made events due.
const GLANCE: Duration = Duration::from_millis(250);

/// An event for an endpoint.
#[derive(Clone)]
pub(super) struct Letter {
    url: String,
    /// All that sign for the endpoint: a rolled secret goes on for a while.
    secrets: Vec<String>,
    body: Vec<u8>,
}

impl Account {
    /// Hands what has become due to the endpoints there are now.
    pub(super) fn post(&mut self) {
        while let Some((&due, ())) = self.untold.first_key_value() {
            if due.0 > self.now() {
                break;
            }
            self.untold.remove(&due);
            let letters = self.letters(due.1);
            self.outbox.extend(letters);
        }
    }

    fn letters(&self, index: usize) -> Vec<Letter> {
        let event = &self.world.events[index];
        let own = self.world.plan.version;
        let version_of = |endpoint: &serde_json::Value| {
            let pinned = endpoint["api_version"].as_str();
            ApiVersion::ALL.into_iter().find(|v| Some(v.name()) == pinned).unwrap_or(own)
        };
        let endpoints = self.shelf(Kind::Endpoint).iter();
        let wants = |endpoint: &&serde_json::Value| {
            let kinds = endpoint["enabled_events"].as_array();
            let mut kinds = kinds.into_iter().flatten().filter_map(|kind| kind.as_str());
            endpoint["deleted"] != true
                && endpoint["status"] == "enabled"
                && kinds.any(|pattern| names(pattern, &event.kind))
        };
        let letter = |endpoint: &serde_json::Value| {
            let id = endpoint["id"].as_str().unwrap_or_default();
            Some(Letter {
                url: endpoint["url"].as_str()?.to_owned(),
                secrets: self.signers(id),
                body: self.told_in(version_of(endpoint), index),
            })
        };
        endpoints.filter(wants).filter_map(letter).collect()
    }
}

impl Account {
    /// The secrets that sign for an endpoint by now, the newest first.
    fn signers(&self, endpoint: &str) -> Vec<String> {
        let secrets = self.secrets.get(endpoint).into_iter().flatten();
        let lasts = |(_, until): &&(String, Option<i64>)| until.is_none_or(|at| self.now() < at);
        secrets.rev().filter(lasts).map(|(secret, _)| secret.clone()).collect()
    }

    /// Gives an endpoint another secret; the old ones sign on for so many seconds.
    pub(super) fn roll_secret(&mut self, endpoint: &str, lasting: i64) -> Option<String> {
        let secret = format!("whsec_{}", self.dice.token(32));
        let until = self.now() + lasting;
        let secrets = self.secrets.get_mut(endpoint)?;
        for (_, end) in &mut *secrets {
            *end = Some(end.map_or(until, |end| end.min(until)));
        }
        secrets.push((secret.clone(), None));
        Some(secret)
    }
}

/// One signature a secret, under one timestamp.
fn signature(secrets: &[String], now: i64, body: &[u8]) -> String {
    let mut header = format!("t={now}");
    for secret in secrets {
        let signed = sign(secret, now, body);
        header.push_str(signed.trim_start_matches(|c| c != ','));
    }
    header
}

/// Delivers one event after the other, for as long as it is let.
pub(super) async fn deliver(stripe: Stripe) {
    loop {
        // Reading the clock makes due what it has reached.
        let next = stripe.account().outbox.front().cloned();
        let Some(letter) = next else {
            let _ = tokio::time::timeout(GLANCE, stripe.0.bell.notified()).await;
            continue;
        };
        let mut pause = PAUSE;
        for attempt in 1..=ATTEMPTS {
            // Every attempt is signed anew.
            let sent = tokio::time::timeout(PATIENCE, send(&letter, stripe.now())).await;
            if matches!(sent, Ok(Some(true))) || attempt == ATTEMPTS {
                break;
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
        locked(&stripe.0.account).outbox.pop_front();
    }
}

/// Whether the endpoint took it; only plain HTTP is spoken.
async fn send(letter: &Letter, now: i64) -> Option<bool> {
    let rest = letter.url.strip_prefix("http://")?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let address = if host.contains(':') { host.to_owned() } else { format!("{host}:80") };
    let stream = TcpStream::connect(address).await.ok()?;
    let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.ok()?;
    let request = Request::post(format!("/{path}"))
        .header(HOST, host)
        .header(CONTENT_TYPE, "application/json; charset=utf-8")
        .header("user-agent", "Stripe/1.0 (+https://stripe.com/docs/webhooks)")
        .header("stripe-signature", signature(&letter.secrets, now, &letter.body))
        .body(Full::new(Bytes::from(letter.body.clone())))
        .ok()?;
    let answer = sender.send_request(request);
    tokio::pin!(answer, connection);
    // A connection that ends may have brought the answer with its end.
    let answer = tokio::select! {
        answer = &mut answer => answer,
        _ = &mut connection => answer.await,
    };
    Some(answer.ok()?.status().is_success())
}
