//! Which hosts a program's links may lead to, so that no link leads away to a stranger's page.

use serde::{Deserialize, Serialize};

/// Why a text is no name of hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("use a host name without scheme, port or path, or `*.` before one for every host below it")]
pub struct BadHost;

/// A host, or with `*.` before it every host below it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Host(String);

impl TryFrom<String> for Host {
    type Error = BadHost;

    fn try_from(text: String) -> Result<Host, BadHost> {
        Host::parse(&text)
    }
}

impl From<Host> for String {
    fn from(host: Host) -> String {
        host.0
    }
}

impl Host {
    /// Reads a name; case makes no difference.
    pub fn parse(text: &str) -> Result<Host, BadHost> {
        let name = text.strip_prefix("*.").unwrap_or(text);
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'-' || it == b'_')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        let short = name.len() <= 253 && name.split('.').all(label);
        // Every host of a whole country is nobody's own.
        let own = !text.starts_with("*.") || name.contains('.');
        if short && own { Ok(Host(text.to_ascii_lowercase())) } else { Err(BadHost) }
    }

    /// The name, in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a host is meant.
    pub fn allows(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        match self.0.strip_prefix('*') {
            Some(below) => host.len() > below.len() && host.ends_with(below),
            None => host == self.0,
        }
    }
}

/// The host of an absolute address, without its port.
pub fn host_of(address: &str) -> Option<&str> {
    let (_, rest) = address.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = match authority.strip_prefix('[') {
        Some(literal) => literal.split(']').next()?,
        None => authority.split(':').next()?,
    };
    Some(host).filter(|host| !host.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_hosts_below_and_for_no_others() {
        let host = Host::parse("*.Shop.example").unwrap();
        for allowed in ["www.shop.example", "a.b.SHOP.example"] {
            assert!(host.allows(allowed), "{allowed}");
        }
        for refused in ["shop.example", "evilshop.example", ".shop.example.evil.example", ""] {
            assert!(!host.allows(refused), "{refused}");
        }
        assert!(Host::parse("shop.example").unwrap().allows("SHOP.example"));
        assert!(!Host::parse("shop.example").unwrap().allows("www.shop.example"));
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for text in
            ["", "*", "*.", "*.com", "https://a.example", "a.example:80", "a.example/", "-a.b"]
        {
            assert_eq!(Host::parse(text), Err(BadHost), "{text:?}");
        }
    }

    #[test]
    fn the_host_is_what_stands_before_port_and_path() {
        let cases = [
            ("https://shop.example:8080/a@b?c#d", Some("shop.example")),
            ("https://shop.example?x=https://evil.example", Some("shop.example")),
            ("http://[2001:db8::1]:80/", Some("2001:db8::1")),
            ("mailto:anna", None),
            ("https:///", None),
        ];
        for (address, host) in cases {
            assert_eq!(host_of(address), host, "{address}");
        }
    }
}
