//! When two addresses reach one mailbox.

use super::{NFC, lists};

/// Google's two names for one service, which ignores dots and what follows a `+`.
const GOOGLE: [&str; 2] = ["gmail.com", "googlemail.com"];

/// The key of a mailbox: lower case; at Google without dots and tags, and at gmail.com; elsewhere
/// without a tag only where the provider is known to ignore it, because to strip tags everywhere
/// would make one of different people. Where nothing would be left, and inside quotes, nothing is
/// taken away.
pub(super) fn of(local: &str, domain: &str) -> String {
    let local = lower(local);
    let (kept, domain) = if GOOGLE.contains(&domain) {
        (before_tag(&local).replace('.', ""), "gmail.com")
    } else if lists::ignores_tags(domain) {
        (before_tag(&local).to_owned(), domain)
    } else {
        (String::new(), domain)
    };
    let whole = kept.is_empty() || local.starts_with('"');
    format!("{}@{domain}", if whole { &local } else { &kept })
}

/// A local part without its tag, and without a dot that the tag leaves at the end.
pub(super) fn before_tag(local: &str) -> &str {
    local.split_once('+').map_or(local, |(before, _)| before.trim_end_matches('.'))
}

/// Lower case, which may take a text out of NFC.
pub(super) fn lower(local: &str) -> String {
    if local.is_ascii() {
        return local.to_ascii_lowercase();
    }
    NFC.normalize(&local.to_lowercase()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::super::mailbox;

    #[test]
    fn addresses_of_one_mailbox_are_equal() {
        let cases = [
            (" Anna@Example.COM ", "anna@example.com"),
            ("anna+2@example.com", "anna+2@example.com"),
            ("An.Na+news@googlemail.com", "anna@gmail.com"),
            ("a.n.n.a@gmail.com", "anna@gmail.com"),
            ("Anna+Shop@Outlook.com", "anna@outlook.com"),
            ("an.na+shop@outlook.com", "an.na@outlook.com"),
            ("JU\u{308}RGEN@B\u{fc}cher.example", "j\u{fc}rgen@xn--bcher-kva.example"),
            ("jürgen@xn--bcher-kva.example", "jürgen@xn--bcher-kva.example"),
            ("anna@büro。example", "anna@xn--bro-hoa.example"),
        ];
        for (typed, expected) in cases {
            assert_eq!(mailbox(typed).as_deref(), Some(expected), "{typed}");
        }
    }

    #[test]
    fn a_key_is_never_without_a_local_part() {
        for typed in ["+a@gmail.com", "+a@outlook.com", "+@gmail.com"] {
            assert_eq!(mailbox(typed).as_deref(), Some(typed));
        }
    }

    #[test]
    fn what_is_no_address_has_no_mailbox() {
        for text in ["", "anna", "@example.com", "anna@", "anna@host", "a b@example.com", "a\n@b.c"]
        {
            assert_eq!(mailbox(text), None, "{text:?}");
        }
        assert_eq!(mailbox("a@b@example.com"), None);
        assert_eq!(mailbox("a@example..com"), None);
        assert_eq!(mailbox(&format!("{}@example.com", "a".repeat(250))), None);
    }
}
