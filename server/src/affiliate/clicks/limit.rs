//! How many clicks of one address are stored, so that one address cannot fill the disk.

use std::collections::HashMap;
use std::net::IpAddr;
use takings_core::time::Timestamp;

/// The most clicks of one address in one minute that are stored one by one.
const MOST: u32 = 60;
/// The most addresses that are told apart in one minute; those beyond are held back by what may wait.
const ADDRESSES: usize = 65_536;
const MINUTE: i64 = 60_000_000;

/// The addresses of the present minute.
#[derive(Debug, Default)]
pub(super) struct Limits {
    minute: i64,
    clicks: HashMap<u64, u32>,
}

impl Limits {
    /// Whether another click of an address is stored.
    pub(super) fn allow(&mut self, address: IpAddr, now: Timestamp) -> bool {
        let minute = now.0.div_euclid(MINUTE);
        if minute != self.minute {
            self.minute = minute;
            self.clicks.clear();
        }
        let network = network(address);
        if self.clicks.len() >= ADDRESSES && !self.clicks.contains_key(&network) {
            return true;
        }
        let clicks = self.clicks.entry(network).or_default();
        *clicks = clicks.saturating_add(1);
        *clicks <= MOST
    }
}

/// An IPv4 address, or the network of 64 bits that an IPv6 address is in.
fn network(address: IpAddr) -> u64 {
    match address.to_canonical() {
        IpAddr::V4(address) => u64::from(address.to_bits()),
        IpAddr::V6(address) => (address.to_bits() >> 64) as u64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_sixty_clicks_a_minute() {
        let (mut limits, now) = (Limits::default(), Timestamp::from_secs(600));
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        let allowed = (0..10_000).filter(|_| limits.allow(address("192.0.2.1"), now)).count();
        assert_eq!(allowed, 60);
        assert!(limits.allow(address("192.0.2.2"), now));
        assert!(limits.allow(address("192.0.2.1"), Timestamp::from_secs(660)));
    }

    #[test]
    fn a_network_of_ipv6_is_one_address() {
        let (mut limits, now) = (Limits::default(), Timestamp(0));
        let address = |last: u128| IpAddr::V6(((0x2001_0db8 << 96) | last).into());
        assert_eq!((0..1_000).filter(|last| limits.allow(address(*last), now)).count(), 60);
        assert!(limits.allow("2001:db8:0:1::1".parse().unwrap(), now));
    }
}
