//! Clicks: which of them count, and whose they are.

use crate::time::Timestamp;
use core::net::IpAddr;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// How long after a counted click another one of the same visitor and link counts as the same:
/// 3,600 seconds, as Dub counts.
const SAME_VISIT_SECS: i64 = 3_600;

/// What a click is taken for, in the order in which reasons are given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// Whoever clicked asked not to be tracked.
    OptOut,
    /// Another method than GET, such as HEAD.
    NonGet,
    /// A browser fetched it ahead of any click.
    Prefetch,
    /// No user agent was named.
    NoUserAgent,
    /// The user agent is a known bot.
    BotUserAgent,
    /// The referrer is a known bot.
    BotReferrer,
    /// The address is a known bot's.
    BotIp,
    /// The address is a data centre's.
    Datacenter,
    /// The same visitor clicked the same link within 3,600 seconds.
    Duplicate,
    /// Nothing speaks against it, but earlier clicks could not be read. It counts.
    DedupUnknown,
    /// Nothing speaks against it. It counts.
    Valid,
}

impl Reason {
    /// Every reason, in the order in which they are given.
    pub const ALL: [Reason; 11] = [
        Reason::OptOut,
        Reason::NonGet,
        Reason::Prefetch,
        Reason::NoUserAgent,
        Reason::BotUserAgent,
        Reason::BotReferrer,
        Reason::BotIp,
        Reason::Datacenter,
        Reason::Duplicate,
        Reason::DedupUnknown,
        Reason::Valid,
    ];

    /// The name in databases and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::OptOut => "opt_out",
            Reason::NonGet => "non_get",
            Reason::Prefetch => "prefetch",
            Reason::NoUserAgent => "no_ua",
            Reason::BotUserAgent => "bot_ua",
            Reason::BotReferrer => "bot_referrer",
            Reason::BotIp => "bot_ip",
            Reason::Datacenter => "datacenter",
            Reason::Duplicate => "duplicate",
            Reason::DedupUnknown => "dedup_unknown",
            Reason::Valid => "valid",
        }
    }

    /// The reason of that name.
    pub fn parse(name: &str) -> Option<Reason> {
        Reason::ALL.into_iter().find(|reason| reason.as_str() == name)
    }

    /// Whether such a click counts.
    pub fn counts(self) -> bool {
        matches!(self, Reason::Valid | Reason::DedupUnknown)
    }
}

/// Whether the same visitor clicked before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dedup {
    /// Not within the time of one visit.
    #[default]
    New,
    /// Within it.
    Duplicate,
    /// Nobody could be asked: the store is down.
    Unknown,
}

impl Dedup {
    /// Compares a click with the last counted one of the same link and visitor; clocks of several
    /// servers may tell either as the earlier one.
    pub fn since(last_counted: Option<Timestamp>, at: Timestamp) -> Dedup {
        let near = |last: Timestamp| last.0.abs_diff(at.0) < SAME_VISIT_SECS as u64 * 1_000_000;
        if last_counted.is_some_and(near) { Dedup::Duplicate } else { Dedup::New }
    }
}

/// What is known of one click.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signals<'a> {
    /// A no-track parameter or header was sent.
    pub opt_out: bool,
    /// The request's method, as sent.
    pub method: &'a str,
    /// The values of `Sec-Purpose`, `Purpose`, `X-Purpose` and `X-Moz`, those that were sent.
    pub purposes: &'a [&'a str],
    /// The user agent.
    pub user_agent: Option<&'a str>,
    /// The user agent is on the list of bots.
    pub bot_ua: bool,
    /// The referrer is on the list of bots.
    pub bot_referrer: bool,
    /// The address is on the list of bots.
    pub bot_ip: bool,
    /// The address is on the list of data centres.
    pub datacenter: bool,
    /// What earlier clicks say.
    pub dedup: Dedup,
}

/// What a click is taken for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The first reason.
    pub reason: Reason,
    /// Every signal that was found, in order; empty for a valid click.
    pub signals: Vec<Reason>,
}

/// Looks at every signal of a click, whatever the others say.
pub fn classify(click: &Signals<'_>) -> Verdict {
    let found = [
        (click.opt_out, Reason::OptOut),
        (!click.method.eq_ignore_ascii_case("GET"), Reason::NonGet),
        (click.purposes.iter().any(|purpose| is_prefetch(purpose)), Reason::Prefetch),
        (click.user_agent.is_none_or(|agent| agent.trim().is_empty()), Reason::NoUserAgent),
        (click.bot_ua, Reason::BotUserAgent),
        (click.bot_referrer, Reason::BotReferrer),
        (click.bot_ip, Reason::BotIp),
        (click.datacenter, Reason::Datacenter),
        (click.dedup == Dedup::Duplicate, Reason::Duplicate),
        (click.dedup == Dedup::Unknown, Reason::DedupUnknown),
    ];
    let signals: Vec<Reason> =
        found.into_iter().filter_map(|(holds, reason)| holds.then_some(reason)).collect();
    Verdict { reason: signals.first().copied().unwrap_or(Reason::Valid), signals }
}

/// Whether a purpose header says that nobody has acted yet.
fn is_prefetch(purpose: &str) -> bool {
    let purpose = purpose.to_ascii_lowercase();
    ["prefetch", "prerender", "preview"].iter().any(|word| purpose.contains(word))
}

/// A visitor of one day: HMAC-SHA256 under that day's salt, so no lasting identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VisitorKey(pub [u8; 32]);

impl VisitorKey {
    /// `HMAC-SHA256(salt, ip_prefix ‖ user_agent)`: all of an IPv4 address, the first 64 bits of
    /// an IPv6 one; an IPv4 address written as IPv6 is itself.
    pub fn of(salt: &[u8; 32], ip: IpAddr, user_agent: &str) -> VisitorKey {
        // A key of any length makes an HMAC: this cannot fail.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(salt) else { return VisitorKey([0; 32]) };
        match ip.to_canonical() {
            IpAddr::V4(ip) => mac.update(&ip.octets()),
            IpAddr::V6(ip) => mac.update(&ip.octets()[..8]),
        }
        mac.update(user_agent.as_bytes());
        VisitorKey(mac.finalize().into_bytes().into())
    }

    /// The visitor under the salts of today and of yesterday: a click just after midnight is
    /// compared under both.
    pub fn under(
        today: &[u8; 32],
        yesterday: Option<&[u8; 32]>,
        ip: IpAddr,
        user_agent: &str,
    ) -> (VisitorKey, Option<VisitorKey>) {
        let of = |salt| VisitorKey::of(salt, ip, user_agent);
        (of(today), yesterday.map(of))
    }

    /// The key in hexadecimal.
    pub fn to_hex(&self) -> String {
        hex::encode(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn click() -> Signals<'static> {
        Signals { method: "GET", user_agent: Some("Mozilla/5.0"), ..Signals::default() }
    }

    #[test]
    fn a_click_that_nothing_speaks_against_is_valid() {
        assert_eq!(classify(&click()), Verdict { reason: Reason::Valid, signals: vec![] });
        assert!(Reason::Valid.counts());
    }

    #[test]
    fn the_first_of_all_signals_is_the_reason() {
        let everything = Signals {
            opt_out: true,
            method: "HEAD",
            purposes: &["prefetch;prerender"],
            user_agent: None,
            bot_ua: true,
            bot_referrer: true,
            bot_ip: true,
            datacenter: true,
            dedup: Dedup::Duplicate,
        };
        let verdict = classify(&everything);
        assert_eq!(verdict.reason, Reason::OptOut);
        assert_eq!(verdict.signals, Reason::ALL[..9]);
        assert!(verdict.signals.iter().all(|reason| !reason.counts()));
    }

    #[test]
    fn a_click_is_counted_when_nobody_can_be_asked_for_duplicates() {
        let verdict = classify(&Signals { dedup: Dedup::Unknown, ..click() });
        assert_eq!(verdict.reason, Reason::DedupUnknown);
        assert!(verdict.reason.counts());
        let bot = classify(&Signals { dedup: Dedup::Unknown, bot_ip: true, ..click() });
        assert_eq!(bot.reason, Reason::BotIp);
    }

    #[test]
    fn a_visit_lasts_an_hour_across_every_edge() {
        let at = |second: i64| Timestamp::from_secs(86_400 + second);
        let since = |last, now| Dedup::since(Some(at(last)), at(now));
        assert_eq!(since(-1, 1), Dedup::Duplicate, "midnight is no edge");
        assert_eq!(since(0, 3_599), Dedup::Duplicate);
        assert_eq!(since(0, 3_600), Dedup::New);
        assert_eq!(since(5, 0), Dedup::Duplicate, "clocks differ");
        assert_eq!(Dedup::since(None, at(0)), Dedup::New);
    }

    #[test]
    fn a_visitor_is_known_under_either_salt_and_by_its_network() {
        let (today, yesterday) = ([1; 32], [2; 32]);
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let before = VisitorKey::of(&yesterday, ip("192.0.2.1"), "Mozilla");
        let now = VisitorKey::under(&today, Some(&yesterday), ip("192.0.2.1"), "Mozilla");
        assert_eq!(now.1, Some(before));
        assert_ne!(now.0, before);
        let of = |text| VisitorKey::of(&today, ip(text), "Mozilla");
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
        assert_eq!(of("192.0.2.1").to_hex().len(), 64);
    }

    #[test]
    fn reasons_read_back_as_written() {
        for reason in Reason::ALL {
            assert_eq!(Reason::parse(reason.as_str()), Some(reason));
        }
    }
}
