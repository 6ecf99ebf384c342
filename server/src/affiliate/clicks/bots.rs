//! Which clients call themselves robots, by the patterns of `data/crawlers/`.

use regex::bytes::{RegexSet, RegexSetBuilder};
use std::sync::LazyLock;

/// One pattern a line.
const PATTERNS: &str = include_str!("../../../data/crawlers/patterns.txt");
/// What all patterns together may take in memory.
const LARGEST: usize = 64 << 20;

static KNOWN: LazyLock<Option<RegexSet>> = LazyLock::new(|| {
    let mut builder = RegexSetBuilder::new(PATTERNS.lines());
    let set = builder.unicode(false).size_limit(LARGEST).build();
    set.inspect_err(|error| tracing::error!(%error, "the patterns of robots cannot be read")).ok()
});

/// Reads the patterns, which takes a moment.
pub(super) fn prepare() {
    LazyLock::force(&KNOWN);
}

/// Whether a client calls itself a robot.
pub(super) fn is_bot(user_agent: &str) -> bool {
    KNOWN.as_ref().is_some_and(|known| known.is_match(user_agent.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn robots_are_told_from_browsers() {
        for agent in [
            "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
            "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
            "facebookexternalhit/1.1",
            "curl/8.5.0",
            "python-requests/2.31.0",
        ] {
            assert!(is_bot(agent), "{agent}");
        }
        for agent in [
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) \
             Chrome/131.0.0.0 Safari/537.36",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 \
             (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0) Gecko/20100101 Firefox/133.0",
            "",
        ] {
            assert!(!is_bot(agent), "{agent}");
        }
    }
}
