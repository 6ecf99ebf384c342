//! Clicks: who followed a link, as far as that may be known.
//!
//! The redirect comes first. A click is put into memory, and one task takes what is there into the
//! database, every 25 ms at most; there it is told what each is taken for. Whoever asked for it waits
//! until that is durable. A visitor's address stays in memory for that long and is stored nowhere:
//! what is stored is an HMAC under a salt that is dropped after 25 hours.

mod bots;
pub(super) mod convert;
mod flush;
mod limit;
mod origin;
mod salts;
mod store;

pub use bots::is_bot;
pub use flush::run;
pub(crate) use store::wait_for;
pub use store::{CLICKS, Click, load};

use super::links::{self, Target};
use super::new_id;
use crate::app::App;
use crate::config::Affiliate;
use crate::error::{Error, Reason as ErrorReason};
use limit::Limits;
use origin::Origins;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use takings_core::affiliate::click::Reason;
use takings_core::affiliate::code::Code;
use takings_core::affiliate::destination::{CLICK_PARAMETER, SUB_IDS};
use takings_core::affiliate::fraud::ad_parameter;
use takings_core::affiliate::hosts::host_of;
use takings_core::time::Timestamp;
use tokio::sync::{Notify, oneshot};
use tokio::time::timeout;

/// The most clicks that wait for the database.
const MOST_WAITING: usize = 8_192;
/// How long a caller waits until a click is durable.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a visitor waits, where clicks are durable before the redirect.
const VISITORS_PATIENCE: Duration = Duration::from_secs(1);
/// The longest part of a user agent that is looked at, in bytes.
const LONGEST_AGENT: usize = 512;
/// The longest host of a referrer, in bytes.
const LONGEST_HOST: usize = 253;
/// What a click is called that is counted and not stored.
pub(crate) const LIMITED: &str = "limited";

/// What is seen of a click when it is made.
#[derive(Clone, Debug, Default)]
pub struct Visit {
    /// The visitor's address; `None`: not known.
    pub address: Option<IpAddr>,
    /// What the client calls itself.
    pub user_agent: Option<String>,
    /// The page the visitor comes from.
    pub referrer: Option<String>,
    /// The query of the link, without its `?`.
    pub query: String,
    /// The method of the request.
    pub method: String,
    /// The values of the headers that say what a request is for.
    pub purposes: Vec<String>,
    /// Whether the visitor does not want to be tracked.
    pub opt_out: bool,
}

impl Visit {
    /// A partner's own marks in the query.
    fn sub_ids(&self) -> Vec<(&str, &str)> {
        let pairs = self.query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.filter(|(name, _)| SUB_IDS.contains(name)).collect()
    }

    /// Where to send the visitor.
    fn destination(&self, target: &Target, click: Option<&str>) -> String {
        match click {
            Some(id) => {
                target.destination.with_click(CLICK_PARAMETER, id, &self.sub_ids(), &SUB_IDS)
            }
            None => target.destination.as_str().to_owned(),
        }
    }
}

/// A click on its way into the database.
#[derive(Debug)]
struct Seen {
    id: String,
    target: Arc<Target>,
    at: Timestamp,
    address: Option<IpAddr>,
    user_agent: Option<String>,
    referrer_host: Option<String>,
    ad_parameter: Option<&'static str>,
    method: String,
    purposes: Vec<String>,
    opt_out: bool,
    told: Option<oneshot::Sender<Reason>>,
}

impl Seen {
    fn new(id: String, target: Arc<Target>, at: Timestamp, visit: &Visit) -> Seen {
        let known = !visit.opt_out;
        let host = visit.referrer.as_deref().and_then(host_of).filter(|_| known);
        let plain = |host: &&str| host.len() <= LONGEST_HOST && host.bytes().all(is_of_host);
        let agent = visit.user_agent.as_deref();
        Seen {
            id,
            target,
            at,
            address: visit.address.filter(|_| known),
            user_agent: agent.map(|agent| cut(agent, LONGEST_AGENT).to_owned()),
            referrer_host: host.filter(plain).map(str::to_ascii_lowercase),
            ad_parameter: ad_parameter(&visit.query).filter(|_| known),
            method: cut(&visit.method, 16).to_owned(),
            purposes: visit.purposes.iter().map(|it| cut(it, 64).to_owned()).collect(),
            opt_out: visit.opt_out,
            told: None,
        }
    }
}

/// Whether a byte can be of a host's name or address; others are not stored.
fn is_of_host(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._:".contains(&byte)
}

/// The beginning of a text, at most so many bytes.
fn cut(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or(0)]
}

/// The clicks on their way into the database.
#[derive(Debug, Default)]
pub struct Clicks {
    waiting: Mutex<Waiting>,
    bell: Notify,
    origins: Origins,
}

#[derive(Debug, Default)]
struct Waiting {
    clicks: Vec<Seen>,
    /// Clicks that are counted and not stored, by link and day.
    counts: BTreeMap<(String, i64), i64>,
    limits: Limits,
    /// Whether somebody waits for one of them.
    urgent: bool,
}

impl Clicks {
    /// None yet.
    pub fn new(config: &Affiliate) -> Clicks {
        Clicks { origins: Origins::of(config), ..Clicks::default() }
    }

    /// Takes a click; `None`: it is counted, and nothing else, because its address has clicked too
    /// often or the database is far behind.
    fn take(&self, click: Seen, now: Timestamp) -> Option<()> {
        let mut waiting = self.waiting.lock().ok()?;
        let room = waiting.clicks.len() < MOST_WAITING;
        let taken = room && click.address.is_none_or(|address| waiting.limits.allow(address, now));
        if taken {
            waiting.urgent |= click.told.is_some();
            waiting.clicks.push(click);
        } else {
            let day = i64::from(click.at.day().0);
            *waiting.counts.entry((click.target.link.clone(), day)).or_default() += 1;
        }
        drop(waiting);
        self.bell.notify_one();
        taken.then_some(())
    }
}

/// Where a visitor goes, and with which click.
#[derive(Debug)]
pub struct Way {
    /// The address to go to.
    pub location: String,
    /// The id to keep; `None`: the click is not tracked.
    pub click: Option<String>,
}

/// Takes a visitor's click on a link, which never fails and never waits long.
pub async fn follow(app: &App, target: &Arc<Target>, visit: &Visit) -> Way {
    if target.disabled {
        count("disabled");
        return Way { location: visit.destination(target, None), click: None };
    }
    let (id, now) = (new_id("clk"), app.now());
    let mut click = Seen::new(id.clone(), target.clone(), now, visit);
    let durable = app.config.affiliate.clicks.is_durable();
    let told = durable.then(|| {
        let (tell, told) = oneshot::channel();
        click.told = Some(tell);
        told
    });
    let taken = app.clicks.take(click, now).is_some();
    if let Some(told) = told.filter(|_| taken) {
        // Late, it is stored all the same; the visitor goes on.
        let _ = timeout(VISITORS_PATIENCE, told).await;
    }
    let click = Some(id).filter(|_| taken && !visit.opt_out);
    Way { location: visit.destination(target, click.as_deref()), click }
}

/// A click that a caller's own redirector has seen.
#[derive(Debug)]
pub(super) struct Asked {
    code: Code,
    id: Option<String>,
    at: Timestamp,
    visit: Visit,
}

/// What became of it.
#[derive(Debug)]
pub(super) struct Tracked {
    link: String,
    click: Option<String>,
    /// `None`: it is counted, and not stored.
    reason: Option<Reason>,
    location: String,
}

/// Takes such a click, and waits until it is durable.
///
/// # Errors
///
/// If there is no such link, if it is disabled, or if the database does not answer.
pub(super) async fn track(app: &App, asked: Asked) -> Result<Tracked, Error> {
    let Asked { code, id, at, visit } = asked;
    let target = app.links.get(&app.database, &code, app.now()).await?;
    let target = target.ok_or_else(|| links::unknown(&code.to_string()))?;
    if target.disabled {
        return Err(disabled());
    }
    let id = id.unwrap_or_else(|| new_id("clk"));
    let mut click = Seen::new(id.clone(), target.clone(), at, &visit);
    let (tell, told) = oneshot::channel();
    click.told = Some(tell);
    let reason = match app.clicks.take(click, app.now()) {
        Some(()) => Some(answer(timeout(PATIENCE, told).await)?),
        None => None,
    };
    let click = Some(id).filter(|_| reason.is_some() && !visit.opt_out);
    let location = visit.destination(&target, click.as_deref());
    Ok(Tracked { link: target.link.clone(), click, reason, location })
}

/// What was told in time.
fn answer<E, F>(told: Result<Result<Reason, E>, F>) -> Result<Reason, Error> {
    told.ok().and_then(Result::ok).ok_or_else(Error::silent_database)
}

fn disabled() -> Error {
    let message = "this link is disabled: send the visitor to the program's destination";
    Error::Precondition { reason: ErrorReason::LinkDisabled, message: message.into() }
}

/// Counts a click in the metrics.
fn count(outcome: &'static str) {
    metrics::counter!("clicks_total", "outcome" => outcome).increment(1);
}
