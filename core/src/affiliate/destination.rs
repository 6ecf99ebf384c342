//! Where links lead: an address that is stored with the link and never taken from a request.
//!
//! A request adds nothing to it but the click's id and the values of allow-listed sub-ids.

/// The parameter in which a destination receives the click's id.
pub const CLICK_PARAMETER: &str = "tk_click";

/// The parameters of a click's address that are passed on: a partner's own marks.
pub const SUB_IDS: [&str; 5] = ["sub1", "sub2", "sub3", "sub4", "sub5"];

const LONGEST: usize = 2_048;
const LONGEST_SUB_ID: usize = 64;

/// Why an address cannot be a destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadDestination {
    /// Longer than 2,048 bytes.
    #[error("use an address of at most 2,048 bytes")]
    TooLong,
    /// No absolute address of the web.
    #[error("use an absolute address that begins with `https://` or `http://`")]
    NotWeb,
    /// Spaces, control characters, quotes, backslashes, or characters beyond ASCII.
    #[error("write spaces and characters beyond ASCII percent-encoded, hosts in Punycode")]
    Characters,
    /// A name or password before the host.
    #[error("leave out the user name and password before the host")]
    Credentials,
    /// No host, or none that could be one.
    #[error("use a host name such as `shop.example`, with a port of at most 65535 if any")]
    Host,
    /// An email address in the query.
    #[error("leave email addresses out of the query: addresses are logged and passed on")]
    Email,
}

/// An address that a link may lead to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination(String);

impl Destination {
    /// Reads an address.
    pub fn parse(text: &str) -> Result<Destination, BadDestination> {
        if text.len() > LONGEST {
            return Err(BadDestination::TooLong);
        }
        let rest = scheme_of(text).ok_or(BadDestination::NotWeb)?;
        let plain = |byte: u8| byte.is_ascii_graphic() && !br#""<>\^`{|}"#.contains(&byte);
        if !text.bytes().all(plain) {
            return Err(BadDestination::Characters);
        }
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        if authority.contains('@') {
            return Err(BadDestination::Credentials);
        }
        if !is_authority(authority) {
            return Err(BadDestination::Host);
        }
        if path.split_once('?').is_some_and(|(_, query)| names_email(query)) {
            return Err(BadDestination::Email);
        }
        Ok(Destination(text.to_owned()))
    }

    /// The address as stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address with the click's id and the sub-ids that `allowed` names; its own query and
    /// fragment stay. Sub-ids of other characters than letters, digits, `-`, `_`, `.` and `~`, or
    /// of more than 64, are left out; so is what the address said under an added name.
    pub fn with_click(
        &self,
        parameter: &str,
        click: &str,
        sub_ids: &[(&str, &str)],
        allowed: &[&str],
    ) -> String {
        let mut added: Vec<(&str, &str)> = Vec::new();
        for (name, value) in sub_ids {
            let new = !added.iter().any(|(known, _)| known == name);
            if new && *name != parameter && allowed.contains(name) && is_plain(value) {
                added.push((name, value));
            }
        }
        added.push((parameter, click));
        let (address, fragment) = self.0.split_once('#').unwrap_or((&self.0, ""));
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        let own = query.split('&').filter(|pair| {
            let name = pair.split('=').next().unwrap_or_default();
            !pair.is_empty() && !added.iter().any(|(known, _)| *known == name)
        });
        let mut pairs: Vec<String> = own.map(str::to_owned).collect();
        pairs.extend(added.iter().map(|(name, value)| format!("{name}={value}")));
        let mark = if self.0.contains('#') { "#" } else { "" };
        format!("{path}?{}{mark}{fragment}", pairs.join("&"))
    }
}

/// What follows the scheme of an address of the web.
fn scheme_of(text: &str) -> Option<&str> {
    ["https://", "http://"].into_iter().find_map(|scheme| {
        let start = text.get(..scheme.len())?;
        start.eq_ignore_ascii_case(scheme).then(|| &text[scheme.len()..])
    })
}

fn is_authority(authority: &str) -> bool {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((address, rest)) if address.parse::<core::net::Ipv6Addr>().is_ok() => ("v6", rest),
            _ => return false,
        },
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    let port = match port.strip_prefix(':') {
        Some(digits) => {
            digits.bytes().all(|it| it.is_ascii_digit()) && digits.parse::<u16>().is_ok()
        }
        None => port.is_empty(),
    };
    let label = |label: &str| {
        let inside = |it: u8| it.is_ascii_alphanumeric() || it == b'-' || it == b'_';
        (1..=63).contains(&label.len())
            && label.bytes().all(inside)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    port && host.len() <= 253 && host.split('.').all(label)
}

fn names_email(query: &str) -> bool {
    query.contains('@') || query.to_ascii_lowercase().contains("%40")
}

/// Whether a value needs no encoding and is no address of anybody.
fn is_plain(value: &str) -> bool {
    let plain = |it: u8| it.is_ascii_alphanumeric() || b"-_.~".contains(&it);
    (1..=LONGEST_SUB_ID).contains(&value.len()) && value.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clicked(address: &str, sub_ids: &[(&str, &str)]) -> String {
        let destination = Destination::parse(address).unwrap();
        destination.with_click(CLICK_PARAMETER, "clk_1", sub_ids, &SUB_IDS)
    }

    #[test]
    fn only_absolute_addresses_of_the_web_are_destinations() {
        let cases = [
            ("javascript:alert(1)", BadDestination::NotWeb),
            ("//evil.example/", BadDestination::NotWeb),
            ("/pricing", BadDestination::NotWeb),
            ("ftp://shop.example", BadDestination::NotWeb),
            ("https://shop.example/a b", BadDestination::Characters),
            ("https://shop.example/\r\nSet-Cookie:x", BadDestination::Characters),
            ("https://shop.example\\@evil.example", BadDestination::Characters),
            ("https://sh\u{43e}p.example/", BadDestination::Characters),
            ("https://shop.example@evil.example/", BadDestination::Credentials),
            ("https:///pricing", BadDestination::Host),
            ("https://-shop.example/", BadDestination::Host),
            ("https://shop..example/", BadDestination::Host),
            ("https://shop.example:70000/", BadDestination::Host),
            ("https://[::1/", BadDestination::Host),
            ("https://shop.example/?ref=anna%40example.com", BadDestination::Email),
            ("https://shop.example/?ref=anna@example.com", BadDestination::Email),
        ];
        for (text, why) in cases {
            assert_eq!(Destination::parse(text), Err(why), "{text:?}");
        }
        let sound = [
            "https://shop.example",
            "HTTP://shop.example:8080/a%20b?c=d#e",
            "https://[2001:db8::1]:443/",
            "https://medium.example/@anna",
            "https://xn--shp-fna.example/?next=/cart",
        ];
        for text in sound {
            assert_eq!(Destination::parse(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn the_click_joins_the_query_and_leaves_the_fragment() {
        let cases = [
            ("https://a.example", "https://a.example?tk_click=clk_1"),
            ("https://a.example/?", "https://a.example/?tk_click=clk_1"),
            ("https://a.example/?b=c&", "https://a.example/?b=c&tk_click=clk_1"),
            ("https://a.example/x?b=c&d#e?f", "https://a.example/x?b=c&d&tk_click=clk_1#e?f"),
            ("https://a.example/#", "https://a.example/?tk_click=clk_1#"),
            ("https://a.example/?tk_click=old&b", "https://a.example/?b&tk_click=clk_1"),
        ];
        for (address, expected) in cases {
            assert_eq!(clicked(address, &[]), expected);
        }
    }

    #[test]
    fn a_request_adds_allowed_sub_ids_and_nothing_else() {
        let given = [
            ("sub1", "summer-24"),
            ("sub1", "again"),
            ("url", "https://evil.example"),
            ("sub2", "a&tk_click=forged"),
            ("sub3", "anna@example.com"),
            ("tk_click", "forged"),
        ];
        let expected = "https://a.example/?sub1=summer-24&tk_click=clk_1";
        assert_eq!(clicked("https://a.example/?sub1=own", &given), expected);
    }
}
