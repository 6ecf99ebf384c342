//! What is known about domains and about the parts before the `@`, from lists.
//!
//! The lists are files under `core/data/email/`, compiled in. Each begins with lines after `#`
//! that say where it is from, of which day, and under which licence; then it holds one entry a
//! line in lower case, as A-labels, sorted. `cargo xtask lists` takes the newest of those that
//! others keep. A list becomes a set when it is first looked at, which takes a millisecond for the
//! longest; from then on an entry is found in about 30 ns (a search by halves in the text itself
//! took a microsecond).

use super::{key, suffix};
use std::collections::HashSet;
use std::sync::LazyLock;

/// A file's entries, read when they are first asked for.
type Set = LazyLock<HashSet<&'static str>>;

static DISPOSABLE: Set = Set::new(|| set(include_str!("../../../data/email/disposable.txt")));
static NEVER_DISPOSABLE: Set =
    Set::new(|| set(include_str!("../../../data/email/never_disposable.txt")));
static RELAY: Set = Set::new(|| set(include_str!("../../../data/email/relay.txt")));
static FREE: Set = Set::new(|| set(include_str!("../../../data/email/free.txt")));
static MORE_FREE: Set = Set::new(|| set(include_str!("../../../data/email/more_free.txt")));
static ROLE: Set = Set::new(|| set(include_str!("../../../data/email/role.txt")));
static TAGS: Set = Set::new(|| set(include_str!("../../../data/email/tags.txt")));

fn set(file: &'static str) -> HashSet<&'static str> {
    entries(file).collect()
}

/// The lines of a file after its heading.
pub(super) fn entries(file: &'static str) -> impl Iterator<Item = &'static str> {
    file.lines().skip_while(|line| line.starts_with('#'))
}

/// What kind of provider stands behind a domain; one that no list names has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// It forwards to a mailbox that its owner hides: Apple, DuckDuckGo, Firefox, SimpleLogin,
    /// addy.io and others. It is never disposable: whoever has such an address keeps it.
    Relay,
    /// Addresses there live for minutes.
    Disposable,
    /// Anybody may have an address there.
    Free,
}

/// The class of a domain of A-labels in lower case.
///
/// Relays and disposable providers are named with all domains below them, down from the domain
/// that was registered; free ones alone. A relay comes before everything, and what is never
/// disposable before the disposable.
pub fn class(domain: &str) -> Option<Class> {
    let registered = suffix::registrable(domain).unwrap_or(domain);
    let under = |set: &Set| {
        let mut parents = suffix::parents(domain).take_while(|it| it.len() >= registered.len());
        parents.any(|it| set.contains(it))
    };
    if under(&RELAY) {
        return Some(Class::Relay);
    }
    if under(&DISPOSABLE) && !under(&NEVER_DISPOSABLE) {
        return Some(Class::Disposable);
    }
    (FREE.contains(domain) || MORE_FREE.contains(domain)).then_some(Class::Free)
}

/// Whether a local part, with any case and tag, names a function and no person: the mailboxes of
/// RFC 2142, `...-request` of mailing lists, and a list of others.
pub(super) fn is_role(local: &str) -> bool {
    let name = key::lower(key::before_tag(local));
    ROLE.contains(name.as_str()) || name.len() > "-request".len() && name.ends_with("-request")
}

/// Whether a provider delivers `anna+tag` to `anna`.
pub(super) fn ignores_tags(domain: &str) -> bool {
    TAGS.contains(domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILES: [(&str, &str); 8] = [
        ("disposable", include_str!("../../../data/email/disposable.txt")),
        ("free", include_str!("../../../data/email/free.txt")),
        ("more_free", include_str!("../../../data/email/more_free.txt")),
        ("never_disposable", include_str!("../../../data/email/never_disposable.txt")),
        ("public_suffixes", include_str!("../../../data/email/public_suffixes.txt")),
        ("relay", include_str!("../../../data/email/relay.txt")),
        ("role", include_str!("../../../data/email/role.txt")),
        ("tags", include_str!("../../../data/email/tags.txt")),
    ];

    #[test]
    fn every_list_says_where_it_is_from_and_is_sorted() {
        for (name, file) in FILES {
            for heading in ["# Source: ", "# Taken: 20", "# Licence: "] {
                assert!(file.lines().any(|it| it.starts_with(heading)), "{name}: {heading}");
            }
            let lines: Vec<&str> = entries(file).collect();
            assert!(lines.len() > 1, "{name}");
            assert!(lines.is_sorted_by(|a, b| a < b), "{name} is sorted, each line once");
            for line in lines {
                let usual = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit();
                let fits = line.chars().all(|it| usual(it) || "-._*!".contains(it));
                assert!(fits && !line.is_empty(), "{name}: {line:?}");
            }
        }
    }

    #[test]
    fn relay_addresses_are_never_disposable() {
        for domain in [
            "privaterelay.appleid.com",
            "mozmail.com",
            "duck.com",
            "simplelogin.com",
            "aleeas.com",
            "anna.aleeas.com",
            "anonaddy.me",
            "anna.anonaddy.com",
            "passmail.net",
            "opayq.com",
        ] {
            assert_eq!(class(domain), Some(Class::Relay), "{domain}");
        }
        assert!(DISPOSABLE.contains("opayq.com"), "a list that says otherwise changes nothing");
        assert_eq!(class("appleid.com"), None);
    }

    #[test]
    fn what_lies_below_a_disposable_domain_is_disposable_too() {
        for domain in ["mailinator.com", "x.mailinator.com", "a.b.mailinator.com"] {
            assert_eq!(class(domain), Some(Class::Disposable), "{domain}");
        }
        for domain in ["un-mailinator.com", "mailinator.com.example", "com"] {
            assert_eq!(class(domain), None, "{domain}");
        }
    }

    #[test]
    fn a_neighbour_under_one_public_suffix_is_a_stranger() {
        assert!(
            DISPOSABLE.contains("0-mailer.dynv6.net")
                && suffix::listed("x.dynv6.net") == Some("dynv6.net")
        );
        assert_eq!(class("x.0-mailer.dynv6.net"), Some(Class::Disposable));
        assert_eq!(class("shop.dynv6.net"), None);
    }

    #[test]
    fn what_is_never_disposable_comes_before_the_list() {
        assert!(DISPOSABLE.contains("sify.com"));
        assert_eq!(class("sify.com"), Some(Class::Free));
        let needless = NEVER_DISPOSABLE.iter().filter(|it| !DISPOSABLE.contains(*it));
        assert_eq!(needless.collect::<Vec<_>>(), [&""; 0]);
    }

    #[test]
    fn a_free_provider_is_known_by_its_own_name_alone() {
        for domain in ["gmail.com", "googlemail.com", "gmx.de", "web.de", "hey.com", "proton.me"] {
            assert_eq!(class(domain), Some(Class::Free), "{domain}");
        }
        for domain in ["mail.gmail.com", "gmail.com.example", "example.com", "ibm.com"] {
            assert_eq!(class(domain), None, "{domain}");
        }
    }

    #[test]
    fn functions_of_rfc_2142_and_mailing_lists_are_no_persons() {
        let rfc = "info marketing sales support abuse noc security postmaster hostmaster usenet news \
                   webmaster www uucp ftp list-request Rust-Request SALES Sales+DE no-reply vorstand";
        for local in rfc.split(' ') {
            assert!(is_role(local), "{local}");
        }
        for local in ["anna", "anna.sales", "-request", "request.anna", "paris", "+sales", ""] {
            assert!(!is_role(local), "{local}");
        }
    }
}
