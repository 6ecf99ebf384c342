//! How many forms of one address are taken, so that one address cannot fill the disk.

use crate::networks::{ANYBODY, Networks, network};
use std::net::IpAddr;
use takings_core::time::Timestamp;

/// The networks of the present minute; those that are not told apart any more share one count.
#[derive(Debug, Default)]
pub(super) struct Limits(Networks);

impl Limits {
    /// Whether another form of an address is taken.
    pub(super) fn allow(&mut self, address: IpAddr, most: u32, now: Timestamp) -> bool {
        let forms = self.0.count(network(address), now);
        forms.or_else(|| self.0.count(ANYBODY, now)).is_none_or(|forms| forms <= most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_has_so_many_forms_a_minute() {
        let (mut limits, now) = (Limits::default(), Timestamp::from_secs(600));
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        let allowed = (0..100).filter(|_| limits.allow(address("192.0.2.1"), 10, now)).count();
        assert_eq!(allowed, 10);
        assert!(limits.allow(address("192.0.2.2"), 10, now));
        assert!(limits.allow(address("192.0.2.1"), 10, Timestamp::from_secs(660)));
        let last = |last: u128| IpAddr::V6(((0x2001_0db8 << 96) | last).into());
        assert_eq!((0..100).filter(|it| limits.allow(last(*it), 10, now)).count(), 10);
    }
}
