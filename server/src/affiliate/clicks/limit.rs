//! How many clicks of one address are stored, so that one address cannot fill the disk.

use crate::networks::{Networks, network};
use std::net::IpAddr;
use takings_core::time::Timestamp;

/// The most clicks of one address in one minute that are stored one by one. Addresses that are not
/// told apart any more are held back by what may wait.
const MOST: u32 = 60;

/// The addresses of the present minute.
#[derive(Debug, Default)]
pub(super) struct Limits(Networks);

impl Limits {
    /// Whether another click of an address is stored.
    pub(super) fn allow(&mut self, address: IpAddr, now: Timestamp) -> bool {
        self.0.count(network(address), now).is_none_or(|clicks| clicks <= MOST)
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
