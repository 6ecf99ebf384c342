//! Where domains are registered: the public suffix list, with its private part, so that those who
//! share a host are strangers.

use super::lists::SUFFIXES;

/// The suffix of a domain that a rule of the list names; `None` for a top level that it does not
/// know, such as `cmo`. Domains are A-labels in lower case.
pub fn listed(domain: &str) -> Option<&str> {
    // From the longest on: of several rules that fit, the one with the most labels decides.
    for candidate in parents(domain) {
        let above = candidate.split_once('.').map(|(_, above)| above);
        if SUFFIXES.has_joined("!", candidate) {
            return above;
        }
        let wildcard = above.is_some_and(|above| SUFFIXES.has_joined("*.", above));
        if wildcard || SUFFIXES.has(candidate) {
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

/// The domain, and its parents down to the one that was registered.
pub(super) fn up_to_registrable(domain: &str) -> impl Iterator<Item = &str> {
    let shortest = registrable(domain).map_or(domain.len(), str::len);
    parents(domain).take_while(move |it| it.len() >= shortest)
}

/// The domain, then what is left without its first label, and so on.
fn parents(domain: &str) -> impl Iterator<Item = &str> {
    let above = |it: &&'_ str| -> Option<usize> { it.find('.').map(|dot| dot + 1) };
    std::iter::successors(Some(domain), move |it| above(it).map(|at| &it[at..]))
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
    fn parents_end_at_the_registered_domain() {
        let all = |domain| up_to_registrable(domain).collect::<Vec<_>>();
        assert_eq!(
            all("a.b.example.co.uk"),
            ["a.b.example.co.uk", "b.example.co.uk", "example.co.uk"]
        );
        assert_eq!(all("example.com"), ["example.com"]);
        assert_eq!(all("co.uk"), ["co.uk"]);
        assert_eq!(all("com"), ["com"]);
    }
}
