//! Where domains are registered: the public suffix list, with its private part, so that those who
//! share a host are strangers.

use super::lists::entries;
use std::collections::HashSet;
use std::sync::LazyLock;

/// The list's rules, without what they begin with.
struct Rules {
    /// `co.uk`
    names: HashSet<&'static str>,
    /// `*.ck`: every name one label below.
    wildcards: HashSet<&'static str>,
    /// `!www.ck`: no suffix for all that.
    exceptions: HashSet<&'static str>,
}

static RULES: LazyLock<Rules> = LazyLock::new(|| {
    let lines = || entries(include_str!("../../../data/email/public_suffixes.txt"));
    Rules {
        names: lines().filter(|it| !it.starts_with(['*', '!'])).collect(),
        wildcards: lines().filter_map(|it| it.strip_prefix("*.")).collect(),
        exceptions: lines().filter_map(|it| it.strip_prefix('!')).collect(),
    }
});

/// The suffix of a domain that a rule of the list names; `None` for a top level that it does not
/// know, such as `cmo`. Domains are A-labels in lower case.
pub fn listed(domain: &str) -> Option<&str> {
    // From the longest on: of several rules that fit, the one with the most labels decides.
    for candidate in parents(domain) {
        let above = candidate.split_once('.').map(|(_, above)| above);
        if RULES.exceptions.contains(candidate) {
            return above;
        }
        let wildcard = above.is_some_and(|above| RULES.wildcards.contains(above));
        if wildcard || RULES.names.contains(candidate) {
            return Some(candidate);
        }
    }
    None
}

/// The domain that somebody registered: its suffix and one label more, where a top level that the
/// list does not know is a suffix too. `None`: the domain is a suffix itself.
pub fn registrable(domain: &str) -> Option<&str> {
    let suffix = match listed(domain) {
        Some(suffix) => suffix,
        None => domain.rsplit('.').next()?,
    };
    let before = domain.strip_suffix(suffix)?.strip_suffix('.')?;
    Some(&domain[before.rfind('.').map_or(0, |dot| dot + 1)..])
}

/// The domain, then what is left without its first label, and so on.
pub(super) fn parents(domain: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(domain), |it| it.split_once('.').map(|(_, above)| above))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_top_level_that_does_not_exist_is_not_listed() {
        assert_eq!(listed("example.cmo"), None);
        assert_eq!(listed("a.example.co.uk"), Some("co.uk"));
        assert_eq!(listed("com"), Some("com"));
        assert_eq!(listed("anna.github.io"), Some("github.io"));
    }

    #[test]
    fn a_wildcard_stands_for_one_label_and_an_exception_for_none() {
        let cases = [
            ("a.b.shop.ck", Some("shop.ck"), Some("b.shop.ck")),
            ("shop.ck", Some("shop.ck"), None),
            ("a.www.ck", Some("ck"), Some("www.ck")),
            ("a.example.cmo", None, Some("example.cmo")),
            ("cmo", None, None),
            ("", None, None),
        ];
        for (domain, suffix, registered) in cases {
            assert_eq!(listed(domain), suffix, "{domain}");
            assert_eq!(registrable(domain), registered, "{domain}");
        }
    }
}
