//! What stands after the `@`.

use super::{Options, Reason, unsafe_text};
use core::net::{Ipv4Addr, Ipv6Addr};
use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use std::borrow::Cow;

/// The longest label, in octets (RFC 1035, section 2.3.4).
const LONGEST_LABEL: usize = 63;
/// The longest domain, in octets.
const LONGEST: usize = 253;

/// Names, with all below them, that no public server answers for: IANA's registry of special-use
/// domain names, without `example`, which RFC 6761 asks applications to treat like any other.
const SPECIAL_USE: [&str; 7] = ["alt", "arpa", "invalid", "local", "localhost", "onion", "test"];

/// Reads a domain into A-labels in lower case, or a literal into its shortest form.
pub(super) fn read(text: &str, options: &Options) -> Result<String, Reason> {
    if text.is_empty() {
        return Err(Reason::DomainEmpty);
    }
    if let Some(inside) = text.strip_prefix('[') {
        let literal = inside.strip_suffix(']').and_then(literal).ok_or(Reason::DomainSyntax)?;
        return if options.literal { Ok(literal) } else { Err(Reason::DomainLiteral) };
    }
    let ascii = to_ascii(text)?;
    let top = ascii.rsplit('.').next().unwrap_or_default();
    if SPECIAL_USE.contains(&top) {
        return Err(Reason::DomainSpecialUse);
    }
    if !options.any_top_level && (top.len() == ascii.len() || all_digits(top)) {
        return Err(Reason::DomainTopLevel);
    }
    Ok(ascii)
}

/// A domain as A-labels in lower case: UTS 46 without transitional processing, with the rules of
/// STD 3, hyphens, joiners and bidirectional text.
pub(super) fn to_ascii(text: &str) -> Result<String, Reason> {
    let (deny, hyphens) = (AsciiDenyList::STD3, Hyphens::Check);
    let ascii = Uts46::new()
        .to_ascii(text.as_bytes(), deny, hyphens, DnsLength::Ignore)
        .map_err(|_| Reason::DomainSyntax)?;
    if ascii.split('.').any(str::is_empty) {
        return Err(Reason::DomainSyntax);
    }
    if ascii.split('.').any(|label| label.len() > LONGEST_LABEL) {
        return Err(Reason::DomainLabelTooLong);
    }
    if ascii.len() > LONGEST {
        return Err(Reason::TooLong);
    }
    // An A-label may hide what its letters would not have been let through with.
    match unsafe_text::reasons(&to_unicode(&ascii)).first() {
        Some(reason) => Err(*reason),
        None => Ok(ascii.into_owned()),
    }
}

/// A domain of A-labels as it is read by people.
pub(super) fn to_unicode(ascii: &str) -> Cow<'_, str> {
    if !ascii.contains("xn--") {
        return Cow::Borrowed(ascii);
    }
    Uts46::new().to_unicode(ascii.as_bytes(), AsciiDenyList::STD3, Hyphens::Check).0
}

/// What stands in brackets, in its shortest form; only the two tags that exist are known.
fn literal(inside: &str) -> Option<String> {
    const TAG: &str = "IPv6:";
    match inside.get(..TAG.len()).filter(|tag| tag.eq_ignore_ascii_case(TAG)) {
        Some(_) => {
            let text = &inside[TAG.len()..];
            let address: Ipv6Addr = text.parse().ok()?;
            // Two colons stand for two groups at least (RFC 5321, section 4.1.3).
            let groups = text.split([':', '.']).filter(|group| !group.is_empty()).count();
            let groups = if text.contains('.') { groups - 2 } else { groups };
            (groups <= 6 || !text.contains("::")).then(|| format!("[{TAG}{address}]"))
        }
        None => Some(format!("[{}]", inside.parse::<Ipv4Addr>().ok()?)),
    }
}

fn all_digits(label: &str) -> bool {
    label.bytes().all(|it| it.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_literal_is_read_only_where_it_is_wanted() {
        let wanted = Options { literal: true, ..Options::default() };
        let cases = [
            ("[192.0.2.1]", "[192.0.2.1]"),
            ("[ipv6:2001:DB8:0:0::1]", "[IPv6:2001:db8::1]"),
            ("[IPv6:::ffff:192.0.2.1]", "[IPv6:::ffff:192.0.2.1]"),
        ];
        for (typed, expected) in cases {
            assert_eq!(read(typed, &wanted).as_deref(), Ok(expected), "{typed}");
            assert_eq!(read(typed, &Options::default()), Err(Reason::DomainLiteral), "{typed}");
        }
        for typed in ["[", "[]", "[1.2.3]", "[1.2.3.4", "[2001:db8::1]", "[IPv6:1:2:3:4:5:6::8]"] {
            assert_eq!(read(typed, &wanted), Err(Reason::DomainSyntax), "{typed}");
        }
    }
}
