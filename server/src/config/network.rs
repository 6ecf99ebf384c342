//! Networks of addresses.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// Addresses that begin alike: `10.0.0.0/8`, or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

/// A text that is no network.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no network: use an address, or one with the length of its prefix: `10.0.0.0/8`")]
pub struct BadNetwork(String);

impl Network {
    /// Whether an address lies in it; an IPv4 address written as IPv6 is itself.
    pub fn contains(&self, address: IpAddr) -> bool {
        let (own, other) = (number(self.address), number(address.to_canonical()));
        let same_kind = self.address.is_ipv4() == address.to_canonical().is_ipv4();
        same_kind && (own ^ other).checked_shr(128 - u32::from(self.bits)).unwrap_or(0) == 0
    }
}

/// An address's bits, from the highest on.
fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_bits()) << 96,
        IpAddr::V6(address) => address.to_bits(),
    }
}

impl FromStr for Network {
    type Err = BadNetwork;

    fn from_str(text: &str) -> Result<Network, BadNetwork> {
        let refuse = || BadNetwork(text.to_owned());
        let (address, bits) =
            text.split_once('/').map_or((text, None), |(it, bits)| (it, Some(bits)));
        let address: IpAddr = address.parse().map_err(|_| refuse())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(most), str::parse).map_err(|_| refuse())?;
        if bits > most { Err(refuse()) } else { Ok(Network { address, bits }) }
    }
}

impl TryFrom<String> for Network {
    type Error = BadNetwork;

    fn try_from(text: String) -> Result<Network, BadNetwork> {
        text.parse()
    }
}

impl From<Network> for String {
    fn from(network: Network) -> String {
        network.to_string()
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

/// Many networks, among which an address is found by as many looks as there are lengths of prefixes.
#[derive(Debug, Default)]
pub struct Networks(BTreeMap<(bool, u8), HashSet<u128>>);

impl Networks {
    /// Whether an address lies in one of them; an IPv4 address written as IPv6 is itself.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let of_kind = self.0.iter().filter(|((old, _), _)| *old == address.is_ipv4());
        of_kind.into_iter().any(|((_, bits), known)| known.contains(&prefix(address, *bits)))
    }
}

impl<'a> FromIterator<&'a Network> for Networks {
    fn from_iter<I: IntoIterator<Item = &'a Network>>(networks: I) -> Networks {
        let mut found = Networks::default();
        for Network { address, bits } in networks {
            let known = found.0.entry((address.is_ipv4(), *bits)).or_default();
            known.insert(prefix(*address, *bits));
        }
        found
    }
}

/// The first bits of an address.
fn prefix(address: IpAddr, bits: u8) -> u128 {
    number(address).checked_shr(128 - u32::from(bits)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_holds_the_addresses_that_begin_alike() {
        let cases = [
            ("10.0.0.0/8", "10.255.0.1", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("10.0.0.0/8", "::ffff:10.1.2.3", true),
            ("192.0.2.1", "192.0.2.1", true),
            ("192.0.2.1", "192.0.2.2", false),
            ("2001:db8::/32", "2001:db8:1::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("0.0.0.0/0", "192.0.2.1", true),
            ("0.0.0.0/0", "2001:db8::1", false),
        ];
        for (network, address, holds) in cases {
            let network: Network = network.parse().unwrap();
            assert_eq!(network.contains(address.parse().unwrap()), holds, "{network} {address}");
        }
    }

    #[test]
    fn an_address_is_found_among_many_networks() {
        let networks = ["10.0.0.0/8", "192.0.2.0/24", "192.0.2.77", "2001:db8::/32", "::/0"];
        let networks: Vec<Network> = networks.iter().map(|it| it.parse().unwrap()).collect();
        let known: Networks = networks[..4].iter().collect();
        for (address, holds) in [
            ("10.1.2.3", true),
            ("::ffff:10.1.2.3", true),
            ("192.0.2.1", true),
            ("192.0.3.1", false),
            ("2001:db8::1", true),
            ("2001:db9::1", false),
        ] {
            assert_eq!(known.contains(address.parse().unwrap()), holds, "{address}");
        }
        let all: Networks = networks.iter().collect();
        assert!(all.contains("2001:db9::1".parse().unwrap()));
        assert!(!all.contains("192.0.3.1".parse().unwrap()), "every address of the other kind");
        assert!(!Networks::default().contains("10.0.0.1".parse().unwrap()));
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in ["", "10.0.0.0/33", "10.0.0/8", "proxy.example", "::/129", "10.0.0.0/-1"] {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
    }
}
