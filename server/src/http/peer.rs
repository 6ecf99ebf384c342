//! Whose request it is.

use crate::config::Network;
use axum::http::HeaderMap;
use std::net::{IpAddr, SocketAddr};

/// The other end of the connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(pub(super) IpAddr);

/// Whether the client came by https, as a proxy says that we trust. We serve plain HTTP ourselves.
pub(super) fn is_https(Peer(peer): Peer, headers: &HeaderMap, trusted: &[Network]) -> bool {
    let value = headers.get("x-forwarded-proto").and_then(|value| value.to_str().ok());
    // The first of several is how the client came to the first proxy.
    let first = value.and_then(|value| value.split(',').next()).unwrap_or_default().trim();
    trusted.iter().any(|network| network.contains(peer)) && first.eq_ignore_ascii_case("https")
}

/// The client's address: that of the other end, or, where that is a proxy we trust, the last one
/// that the proxies name and that is none of them. `None` where they name none.
pub(super) fn client(Peer(peer): Peer, headers: &HeaderMap, trusted: &[Network]) -> Option<IpAddr> {
    let is_proxy = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    if !is_proxy(peer) {
        return Some(peer);
    }
    let values = headers.get_all("x-forwarded-for").iter();
    let values: Vec<&str> = values.map(|value| value.to_str().unwrap_or_default()).collect();
    let named = values.iter().flat_map(|value| value.split(','));
    let named: Vec<Option<IpAddr>> = named.map(|text| address(text.trim())).collect();
    // What stands before an address that cannot be read is nobody's word.
    let readable = named.into_iter().rev().map_while(|address| address);
    let mut addresses = readable.skip_while(|address| is_proxy(*address));
    addresses.next()
}

/// An address, with or without a port.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    let with_port = || text.parse::<SocketAddr>().ok().map(|it| it.ip());
    bare.parse().ok().or_else(with_port)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client_of(peer: &str, forwarded: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", value.parse().unwrap());
        }
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        client(Peer(peer.parse().unwrap()), &headers, &trusted).map(|it| it.to_string())
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        let cases: [(&str, &[&str], Option<&str>); 7] = [
            ("192.0.2.1", &["198.51.100.1"], Some("192.0.2.1")),
            ("10.0.0.1", &["198.51.100.1"], Some("198.51.100.1")),
            ("10.0.0.1", &["203.0.113.9, 198.51.100.1, 10.0.0.2"], Some("198.51.100.1")),
            ("10.0.0.1", &["203.0.113.9", "198.51.100.1:4711"], Some("198.51.100.1")),
            ("10.0.0.1", &["[2001:db8::1]:443"], Some("2001:db8::1")),
            ("10.0.0.1", &["198.51.100.1, unknown"], None),
            ("10.0.0.1", &[], None),
        ];
        for (peer, forwarded, expected) in cases {
            assert_eq!(client_of(peer, forwarded).as_deref(), expected, "{peer} {forwarded:?}");
        }
    }
}
