//! What is known about domains and about the parts before the `@`, from lists.
//!
//! The lists are files under `core/data/email/`, compiled in. Each begins with lines after `#`
//! that say where it is from, of which day, and under which licence; then it holds one entry a
//! line in lower case, as A-labels, sorted by byte, so that a search by halves in the text itself
//! finds an entry: nothing is built at the start, and nothing is kept in memory twice.
//! `cargo xtask lists` takes the newest of those that others keep.

use super::{key, suffix};
use std::cmp::Ordering;

/// Sorted lines.
#[derive(Clone, Copy, Debug)]
pub(super) struct List(&'static str);

const DISPOSABLE: List = List::new(include_str!("../../../data/email/disposable.txt"));
const NEVER_DISPOSABLE: List = List::new(include_str!("../../../data/email/never_disposable.txt"));
const RELAY: List = List::new(include_str!("../../../data/email/relay.txt"));
const FREE: List = List::new(include_str!("../../../data/email/free.txt"));
const MORE_FREE: List = List::new(include_str!("../../../data/email/more_free.txt"));
const ROLE: List = List::new(include_str!("../../../data/email/role.txt"));
const TAGS: List = List::new(include_str!("../../../data/email/tags.txt"));
pub(super) const SUFFIXES: List =
    List::new(include_str!("../../../data/email/public_suffixes.txt"));

impl List {
    /// A file's lines after its heading.
    const fn new(file: &'static str) -> List {
        let bytes = file.as_bytes();
        let mut at = 0;
        while at < bytes.len() && bytes[at] == b'#' {
            while at < bytes.len() && bytes[at] != b'\n' {
                at += 1;
            }
            at += 1;
        }
        List(file.split_at(at).1)
    }

    /// Whether a line says just this.
    pub(super) fn has(self, entry: &str) -> bool {
        self.has_joined("", entry)
    }

    /// Whether a line says just this, given in two pieces.
    pub(super) fn has_joined(self, start: &str, end: &str) -> bool {
        let bytes = self.0.as_bytes();
        // Both are where a line begins.
        let (mut low, mut high) = (0, bytes.len());
        while low < high {
            let middle = low + (high - low) / 2;
            let begin = bytes[low..middle].iter().rposition(|it| *it == b'\n');
            let begin = begin.map_or(low, |at| low + at + 1);
            let length = bytes[begin..].iter().position(|it| *it == b'\n');
            let line = &bytes[begin..length.map_or(bytes.len(), |it| begin + it)];
            match compare(line, start.as_bytes(), end.as_bytes()) {
                Ordering::Equal => return true,
                Ordering::Less => low = begin + line.len() + 1,
                Ordering::Greater => high = begin,
            }
        }
        false
    }
}

fn compare(line: &[u8], start: &[u8], end: &[u8]) -> Ordering {
    let (head, tail) = line.split_at(start.len().min(line.len()));
    head.cmp(start).then_with(|| tail.cmp(end))
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
    if suffix::up_to_registrable(domain).any(|it| RELAY.has(it)) {
        return Some(Class::Relay);
    }
    let disposable = || suffix::up_to_registrable(domain).any(|it| DISPOSABLE.has(it));
    let never = || suffix::up_to_registrable(domain).any(|it| NEVER_DISPOSABLE.has(it));
    if disposable() && !never() {
        return Some(Class::Disposable);
    }
    (FREE.has(domain) || MORE_FREE.has(domain)).then_some(Class::Free)
}

/// Whether a local part, with any case and tag, names a function and no person: the mailboxes of
/// RFC 2142, `...-request` of mailing lists, and a list of others.
pub fn is_role(local: &str) -> bool {
    let name = key::lower(key::before_tag(local));
    ROLE.has(&name) || name.len() > "-request".len() && name.ends_with("-request")
}

/// Whether a provider delivers `anna+tag` to `anna`.
pub(super) fn ignores_tags(domain: &str) -> bool {
    TAGS.has(domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTS: [(&str, List); 8] = [
        ("disposable", DISPOSABLE),
        ("never disposable", NEVER_DISPOSABLE),
        ("relay", RELAY),
        ("free", FREE),
        ("more free", MORE_FREE),
        ("role", ROLE),
        ("tags", TAGS),
        ("suffixes", SUFFIXES),
    ];

    #[test]
    fn every_line_of_every_list_is_found_and_its_neighbours_are_not() {
        for (name, list) in LISTS {
            let lines: Vec<&str> = list.0.lines().collect();
            assert!(lines.len() > 1, "{name}");
            assert!(lines.is_sorted_by(|a, b| a < b), "{name} is sorted, each line once");
            for line in lines {
                assert!(list.has(line), "{name}: {line}");
                assert!(!list.has(&format!("{line}~")), "{name}: {line}~");
                assert!(!list.has(&line[..line.len() - 1]) || list.0.contains(line), "{name}");
                let usual = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit();
                assert!(line.chars().all(|it| usual(it) || "-._*!".contains(it)), "{line}");
            }
            for other in ["", "#", "\n", "zzzz", "~"] {
                assert!(!list.has(other), "{name}: {other:?}");
            }
        }
    }

    #[test]
    fn an_entry_in_two_pieces_is_one_entry() {
        assert!(SUFFIXES.has_joined("*.", "ck") && SUFFIXES.has_joined("!www", ".ck"));
        assert!(SUFFIXES.has_joined("co", "m") && SUFFIXES.has_joined("com", ""));
        assert!(!SUFFIXES.has_joined("com", "com") && !SUFFIXES.has_joined("*", "ck"));
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
        assert!(DISPOSABLE.has("opayq.com"), "a list that says otherwise changes nothing");
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
        assert!(DISPOSABLE.has("0-mailer.dynv6.net") && SUFFIXES.has("dynv6.net"));
        assert_eq!(class("x.0-mailer.dynv6.net"), Some(Class::Disposable));
        assert_eq!(class("shop.dynv6.net"), None);
    }

    #[test]
    fn what_is_never_disposable_comes_before_the_list() {
        assert!(DISPOSABLE.has("sify.com"));
        assert_eq!(class("sify.com"), Some(Class::Free));
        let lists = NEVER_DISPOSABLE.0.lines().filter(|it| !DISPOSABLE.has(it));
        assert_eq!(lists.collect::<Vec<_>>(), [""; 0], "without need");
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
