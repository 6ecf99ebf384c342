//! Which addresses of the network the world can reach: IANA's registries of special-purpose
//! addresses, column *Globally Reachable*, and no multicast.

use core::net::{Ipv4Addr, Ipv6Addr};

/// Networks of version 4 that are not reached, with the length of their prefix.
const CLOSED_V4: [([u8; 4], u32); 15] = [
    ([0, 0, 0, 0], 8),
    ([10, 0, 0, 0], 8),
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    ([192, 0, 0, 0], 24),
    ([192, 0, 2, 0], 24),
    ([192, 88, 99, 0], 24),
    ([192, 168, 0, 0], 16),
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    ([224, 0, 0, 0], 4),
    ([240, 0, 0, 0], 4),
];

/// Reached all the same: Port Control Protocol and TURN anycast.
const OPEN_V4: [[u8; 4]; 2] = [[192, 0, 0, 9], [192, 0, 0, 10]];

/// Networks of version 6 that are not reached, within 2000::/3, which all others lie outside of.
const CLOSED_V6: [([u16; 3], u32); 4] =
    [([0x2001, 0, 0], 23), ([0x2001, 0xdb8, 0], 32), ([0x2002, 0, 0], 16), ([0x3fff, 0, 0], 20)];

/// Reached all the same, within 2001::/23: AMT, AS112, ORCHIDv2, drone remote identification.
const OPEN_V6: [([u16; 3], u32); 4] = [
    ([0x2001, 3, 0], 32),
    ([0x2001, 4, 0x112], 48),
    ([0x2001, 0x20, 0], 28),
    ([0x2001, 0x30, 0], 28),
];

/// Whether the world can reach an address of version 4.
pub(super) fn v4(address: Ipv4Addr) -> bool {
    let bits = address.to_bits();
    let within = |(network, length): &([u8; 4], u32)| {
        (bits ^ u32::from_be_bytes(*network)) >> (32 - length) == 0
    };
    OPEN_V4.contains(&address.octets()) || !CLOSED_V4.iter().any(within)
}

/// Whether the world can reach an address of version 6.
pub(super) fn v6(address: Ipv6Addr) -> bool {
    let bits = address.to_bits();
    let within = |([a, b, c], length): &([u16; 3], u32)| {
        let network = Ipv6Addr::new(*a, *b, *c, 0, 0, 0, 0, 0).to_bits();
        (bits ^ network) >> (128 - length) == 0
    };
    let unicast = within(&([0x2000, 0, 0], 3));
    unicast && (OPEN_V6.iter().any(within) || !CLOSED_V6.iter().any(within))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_and_documentation_networks_are_not_reached_up_to_their_edges() {
        let cases = [
            ("0.255.255.255", false),
            ("1.0.0.0", true),
            ("9.255.255.255", true),
            ("10.0.0.1", false),
            ("100.63.255.255", true),
            ("100.64.0.0", false),
            ("100.128.0.0", true),
            ("127.0.0.1", false),
            ("169.254.1.1", false),
            ("172.15.255.255", true),
            ("172.31.255.255", false),
            ("172.32.0.0", true),
            ("192.0.0.8", false),
            ("192.0.0.9", true),
            ("192.0.2.1", false),
            ("192.168.1.1", false),
            ("198.19.255.255", false),
            ("198.20.0.0", true),
            ("203.0.113.5", false),
            ("224.0.0.1", false),
            ("255.255.255.255", false),
        ];
        for (address, reached) in cases {
            assert_eq!(v4(address.parse().unwrap()), reached, "{address}");
        }
    }

    #[test]
    fn the_same_of_version_6() {
        let cases = [
            ("::", false),
            ("::1", false),
            ("::ffff:8.8.8.8", false),
            ("64:ff9b:1::1", false),
            ("100::1", false),
            ("2001::1", false),
            ("2001:3::1", true),
            ("2001:4:112::1", true),
            ("2001:4:113::1", false),
            ("2001:2f:ffff::1", true),
            ("2001:30::1", true),
            ("2001:1ff::1", false),
            ("2001:200::1", true),
            ("2001:db8::1", false),
            ("2001:4860:4860::8888", true),
            ("2002:808:808::1", false),
            ("3fff:fff::1", false),
            ("3fff:1000::1", true),
            ("5f00::1", false),
            ("fc00::1", false),
            ("fe80::1", false),
            ("ff02::1", false),
        ];
        for (address, reached) in cases {
            assert_eq!(v6(address.parse().unwrap()), reached, "{address}");
        }
    }
}
