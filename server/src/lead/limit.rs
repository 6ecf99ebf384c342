//! How many forms of one address are taken, so that one address cannot fill the disk.

use std::collections::HashMap;
use std::net::IpAddr;
use takings_core::time::Timestamp;

/// The most networks that are told apart in one minute; those beyond share one count.
const NETWORKS: usize = 65_536;
const MINUTE: i64 = 60_000_000;

/// The networks of the present minute.
#[derive(Debug, Default)]
pub(super) struct Limits {
    minute: i64,
    forms: HashMap<u64, u32>,
}

impl Limits {
    /// Whether another form of an address is taken.
    pub(super) fn allow(&mut self, address: IpAddr, most: u32, now: Timestamp) -> bool {
        let minute = now.0.div_euclid(MINUTE);
        if minute != self.minute {
            self.minute = minute;
            self.forms.clear();
        }
        let mut network = network(address);
        if self.forms.len() >= NETWORKS && !self.forms.contains_key(&network) {
            network = 0;
        }
        let forms = self.forms.entry(network).or_default();
        *forms = forms.saturating_add(1);
        *forms <= most
    }
}

/// The network that an address is in: 32 bits of IPv4, 64 of IPv6.
pub(super) fn network(address: IpAddr) -> u64 {
    match address.to_canonical() {
        IpAddr::V4(address) => u64::from(address.to_bits()),
        IpAddr::V6(address) => (address.to_bits() >> 64) as u64,
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
