//! Domains that look like a misspelling of a well-known one.
//!
//! [`suggest`] is mailcheck 1.1.1 (MIT, Derrick Ko and contributors): its algorithm, its limits and
//! its lists, to the letter. [`suspected`] is what we make of it: mailcheck takes every domain near
//! a known one for a misspelling, and so `ibm.com` for `aim.com`, and everything under `.io` for
//! `.it`; a suspicion about a lead has to be better founded.

use super::domain::to_unicode;
use super::lists::{self, Class};
use super::suffix;
use std::borrow::Cow;

/// Names that are taken to be spelt right.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// Whole domains.
    pub domains: &'a [&'a str],
    /// What stands before the first dot.
    pub second_levels: &'a [&'a str],
    /// What stands after the first dot.
    pub top_levels: &'a [&'a str],
}

/// mailcheck's own lists.
pub const MAILCHECK: Known<'static> = Known {
    domains: &[
        "msn.com",
        "bellsouth.net",
        "telus.net",
        "comcast.net",
        "optusnet.com.au",
        "earthlink.net",
        "qq.com",
        "sky.com",
        "icloud.com",
        "mac.com",
        "sympatico.ca",
        "googlemail.com",
        "att.net",
        "xtra.co.nz",
        "web.de",
        "cox.net",
        "gmail.com",
        "ymail.com",
        "aim.com",
        "rogers.com",
        "verizon.net",
        "rocketmail.com",
        "google.com",
        "optonline.net",
        "sbcglobal.net",
        "aol.com",
        "me.com",
        "btinternet.com",
        "charter.net",
        "shaw.ca",
    ],
    second_levels: &["yahoo", "hotmail", "mail", "live", "outlook", "gmx"],
    top_levels: &[
        "com", "com.au", "com.tw", "ca", "co.nz", "co.uk", "de", "fr", "it", "ru", "net", "org",
        "edu", "gov", "jp", "nl", "kr", "se", "eu", "ie", "co.il", "us", "at", "be", "dk", "hk",
        "es", "gr", "ch", "no", "cz", "in", "net", "net.au", "info", "biz", "mil", "co.jp", "sg",
        "hu",
    ],
};

/// The farthest that a misspelling is away, in half letters: two letters, for whole domains and
/// for either level.
const FARTHEST: usize = 4;
/// How far ahead sift3 looks for the other text's letter.
const AHEAD: usize = 5;

/// What mailcheck would suggest in place of a domain in lower case: nothing where both levels are
/// known; else the nearest known domain within two letters; else either level's nearest. What would
/// be suggested in place of itself is nothing either.
pub fn suggest(domain: &str, known: &Known<'_>) -> Option<String> {
    let (second, top) = domain.split_once('.').unwrap_or(("", domain));
    if known.second_levels.contains(&second) && known.top_levels.contains(&top) {
        return None;
    }
    if let Some(closest) = closest(domain, known.domains) {
        return (closest != domain).then(|| closest.to_owned());
    }
    let mut better = Cow::Borrowed(domain);
    for (typed, names) in [(second, known.second_levels), (top, known.top_levels)] {
        if let Some(closest) = closest(typed, names).filter(|it| *it != typed) {
            better = Cow::Owned(better.replacen(typed, closest, 1));
        }
    }
    (better != domain).then(|| better.into_owned())
}

/// The first of the names that are nearest.
fn closest<'a>(typed: &str, names: &[&'a str]) -> Option<&'a str> {
    if typed.is_empty() {
        return None;
    }
    let letters: Vec<char> = typed.chars().collect();
    let distance = |name: &&'a str| (half_letters(&letters, name), *name);
    let nearest = names.iter().map(distance).min_by_key(|(distance, _)| *distance)?;
    (nearest.0 <= FARTHEST).then_some(nearest.1)
}

/// Twice the sift3 distance to a name of ASCII; what is farther than [`FARTHEST`] may be answered
/// as any other number above it.
fn half_letters(typed: &[char], name: &str) -> usize {
    let (a, b) = (typed, name.as_bytes());
    // At most the shorter one's letters are common.
    if a.len().abs_diff(b.len()) > FARTHEST {
        return usize::MAX;
    }
    let equal = |i: usize, j: usize| a[i] == char::from(b[j]);
    let (mut at, mut skip_a, mut skip_b, mut common) = (0, 0, 0, 0);
    while at + skip_a < a.len() && at + skip_b < b.len() {
        if equal(at + skip_a, at + skip_b) {
            common += 1;
        } else {
            (skip_a, skip_b) = (0, 0);
            for ahead in 0..AHEAD {
                if at + ahead < a.len() && equal(at + ahead, at) {
                    skip_a = ahead;
                    break;
                }
                if at + ahead < b.len() && equal(at, at + ahead) {
                    skip_b = ahead;
                    break;
                }
            }
        }
        at += 1;
    }
    a.len() + b.len() - 2 * common
}

/// The domain that was probably meant, as mailcheck suggests it, where that is well founded. Ours:
///
/// - what the [`lists`] know is spelt right, unless it is disposable, as misspellings often are;
/// - the name before the first dot is off by one letter in length at most, and less than half of it
///   is wrong, so that `bmw` is not `gmx`, nor `mailgun` `mail`;
/// - under a suffix that exists, only a provider that mailcheck knows is meant, and only where
///   nobody registered a domain in between: `.io` is not `.it`, `ox.ac.uk` not `ox.co.uk`.
///
/// `typed` is what was typed, in lower case; `domain` is it as A-labels, where it is a domain.
pub(super) fn suspected(typed: &str, domain: Option<&str>) -> Option<String> {
    let readable = domain.map_or(Cow::Borrowed(typed), to_unicode);
    if domain.and_then(lists::class).is_some_and(|it| it != Class::Disposable) {
        return None;
    }
    let meant = suggest(&readable, &MAILCHECK)?;
    let near = alike(second_level(&readable), second_level(&meant));
    (near && domain.is_none_or(|domain| founded(domain, &meant))).then_some(meant)
}

/// What stands before the first dot, or before a comma that was meant to be one.
fn second_level(domain: &str) -> &str {
    domain.split(['.', ',']).next().unwrap_or_default()
}

fn alike(typed: &str, meant: &str) -> bool {
    let letters: Vec<char> = typed.chars().collect();
    let (shorter, longer) = (letters.len().min(meant.len()), letters.len().max(meant.len()));
    longer - shorter <= 1 && half_letters(&letters, meant) < longer
}

/// Whether a domain that may well exist is rather a provider's, misspelt.
fn founded(domain: &str, meant: &str) -> bool {
    if suffix::listed(domain).is_none() {
        return true;
    }
    let known = &MAILCHECK;
    let provider =
        known.domains.contains(&meant) || known.second_levels.contains(&second_level(meant));
    provider && suffix::registrable(domain).is_none_or(|registered| registered == domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_well_founded_suspicion_is_one() {
        let cases = [
            ("gmial.com", Some("gmail.com")),
            ("hotmail.cmo", Some("hotmail.ca")),
            ("ibm.com", None),
            ("mailgun.com", None),
            ("example.io", None),
            ("ox.ac.uk", None),
            ("mail.x.com", None),
            ("yahoo.com.br", None),
        ];
        for (domain, expected) in cases {
            assert_eq!(suspected(domain, Some(domain)).as_deref(), expected, "{domain}");
        }
        for domain in ["ibm.com", "mailgun.com", "example.io", "ox.ac.uk", "mail.x.com"] {
            assert!(suggest(domain, &MAILCHECK).is_some(), "mailcheck alone suspects {domain}");
        }
    }

    #[test]
    fn what_is_no_domain_may_be_a_misspelt_one() {
        assert_eq!(suspected("gmail..com", None).as_deref(), Some("gmail.com"));
        assert_eq!(suspected("", None), None);
    }
}
