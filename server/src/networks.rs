//! How often each network has come in the present minute.

use std::collections::HashMap;
use std::net::IpAddr;
use takings_core::time::Timestamp;

/// The most networks that are told apart in one minute.
const MOST: usize = 65_536;
const MINUTE: i64 = 60_000_000;

/// Whoever is told apart from nobody; there is always room for it.
pub(crate) const ANYBODY: u64 = 0;

/// The networks of the present minute.
#[derive(Debug, Default)]
pub(crate) struct Networks {
    minute: i64,
    counts: HashMap<u64, u32>,
}

impl Networks {
    /// Counts a network once more; `None`: too many are told apart already.
    pub(crate) fn count(&mut self, network: u64, now: Timestamp) -> Option<u32> {
        let minute = now.0.div_euclid(MINUTE);
        if minute != self.minute {
            self.minute = minute;
            self.counts.clear();
        }
        let known = network == ANYBODY || self.counts.contains_key(&network);
        if !known && self.counts.len() >= MOST {
            return None;
        }
        let count = self.counts.entry(network).or_default();
        *count = count.saturating_add(1);
        Some(*count)
    }
}

/// An IPv4 address, or the network of 64 bits that an IPv6 address is in.
pub(crate) fn network(address: IpAddr) -> u64 {
    match address.to_canonical() {
        IpAddr::V4(address) => u64::from(address.to_bits()),
        IpAddr::V6(address) => (address.to_bits() >> 64) as u64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_networks_are_told_apart_and_anybody_always_counts() {
        let (mut networks, now) = (Networks::default(), Timestamp(0));
        let last = MOST as u64;
        assert!((1..=last).all(|it| networks.count(it, now) == Some(1)));
        assert_eq!(networks.count(last + 1, now), None);
        assert_eq!((networks.count(1, now), networks.count(ANYBODY, now)), (Some(2), Some(1)));
        assert_eq!(networks.count(last + 1, Timestamp(MINUTE)), Some(1));
    }
}
