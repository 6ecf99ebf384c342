//! Which clients call themselves robots: by the patterns of `data/crawlers/`, and by words that no
//! browser says.

use regex::bytes::{RegexSet, RegexSetBuilder};
use std::sync::LazyLock;

/// One pattern a line.
const PATTERNS: &str = include_str!("../../../data/crawlers/patterns.txt");
/// What robots say of themselves, whatever their name: the list above knows the names alone. Large
/// and small letters are alike.
const WORDS: [&str; 9] = [
    // Not Cubot and IDbot, which make telephones.
    "(^|[^ud]|[^c]u|[^i]d|[a-z]id)bot",
    "crawl",
    "spider",
    "scrap(e|ing)",
    // Where to read about it: browsers name no page.
    "https?:/",
    "fetch(er|ing)?\\b",
    "(feed|link|url|page|site|web)[-_ ]?(check|pars|find|scan|monitor|valid|index|archiv|thumb)",
    "http[-_]?(client|get|request|lib|unit)",
    "^(java|php|python|ruby|perl|lua|go|node|curl|wget|lwp|apache|okhttp|google)([-/_]|$)",
];
/// What all patterns together may take in memory.
const LARGEST: usize = 64 << 20;
/// What may be kept of the automata that searches build: with less they are built over and over.
const AUTOMATA: usize = 16 << 20;

static BY_WORD: LazyLock<Option<RegexSet>> =
    LazyLock::new(|| read(WORDS.iter().map(|word| format!("(?i){word}"))));
static BY_NAME: LazyLock<Option<RegexSet>> =
    LazyLock::new(|| read(PATTERNS.lines().map(str::to_owned)));

fn read(patterns: impl Iterator<Item = String>) -> Option<RegexSet> {
    let mut builder = RegexSetBuilder::new(patterns);
    builder.unicode(false).size_limit(LARGEST).dfa_size_limit(AUTOMATA);
    let set = builder.build();
    set.inspect_err(|error| tracing::error!(%error, "the patterns of robots cannot be read")).ok()
}

/// Reads the patterns, which takes a moment.
pub(super) fn prepare() {
    LazyLock::force(&BY_WORD);
    LazyLock::force(&BY_NAME);
}

/// Whether a client calls itself a robot. The words come first: they take less time, and know most.
#[must_use]
pub fn is_bot(user_agent: &str) -> bool {
    let says = |known: &Option<RegexSet>| {
        known.as_ref().is_some_and(|known| known.is_match(user_agent.as_bytes()))
    };
    says(&BY_WORD) || says(&BY_NAME)
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
            "Example SPIDER",
            "Mozilla/5.0 (compatible; Example/1.0; +https://example.com/about)",
            "examplebot",
        ] {
            assert!(is_bot(agent), "{agent}");
        }
        for agent in [
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) \
             Chrome/131.0.0.0 Safari/537.36",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 \
             (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0) Gecko/20100101 Firefox/133.0",
            "Mozilla/5.0 (Linux; Android 8.1; CUBOT_X18_Plus) Chrome/70.0.3538.110 Mobile",
            "Mozilla/5.0 (Linux; Android 6.0; IDbot553 Build/MRA58K) Chrome/54.0.2840.85 Mobile",
            "",
        ] {
            assert!(!is_bot(agent), "{agent}");
        }
    }
}
