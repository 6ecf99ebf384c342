//! Where clicks come from: addresses of robots and of data centres, pages that robots name.

use crate::config::{Affiliate, Networks};
use std::net::IpAddr;
use takings_core::affiliate::hosts::Host;

/// What is known of addresses and pages.
#[derive(Debug, Default)]
pub(super) struct Origins {
    robots: Networks,
    datacenters: Networks,
    referrers: Vec<Host>,
}

impl Origins {
    pub(super) fn of(config: &Affiliate) -> Origins {
        Origins {
            robots: config.robot_networks.iter().collect(),
            datacenters: config.datacenter_networks.iter().collect(),
            referrers: config.robot_referrers.clone(),
        }
    }

    /// Whether an address is a robot's.
    pub(super) fn is_robot(&self, address: IpAddr) -> bool {
        self.robots.contains(address)
    }

    /// Whether an address is a data centre's, where no visitor sits.
    pub(super) fn is_datacenter(&self, address: IpAddr) -> bool {
        self.datacenters.contains(address)
    }

    /// Whether robots name a page of that host.
    pub(super) fn is_robots_page(&self, host: &str) -> bool {
        self.referrers.iter().any(|known| known.allows(host))
    }
}
