//! How affiliate programs behave.

use super::Network;
use super::list::list;
use serde::{Deserialize, Serialize};
use takings_core::affiliate::hosts::Host;

/// Networks from which Google's and Microsoft's robots come, as both publish them.
const ROBOTS: [&str; 4] = ["66.249.64.0/19", "157.55.39.0/24", "207.46.13.0/24", "40.77.167.0/24"];
/// Hosts that robots name as where they come from, so that somebody visits them.
const REFERRERS: [&str; 6] = [
    "semalt.com",
    "*.semalt.com",
    "darodar.com",
    "*.darodar.com",
    "buttons-for-website.com",
    "*.buttons-for-website.com",
];

/// Affiliate programs.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Affiliate {
    /// When a visitor is sent on: at once, or when the click is durable.
    pub clicks: ClickMode,
    /// For how many days clicks are kept one by one; then they are counted by link and day, but for
    /// those that brought somebody. No fewer than the longest attribution window counts.
    pub keep_clicks_days: u32,
    /// Where robots' clicks come from: a list takes the place of the one that is shipped.
    #[serde(deserialize_with = "list")]
    pub robot_networks: Vec<Network>,
    /// Networks of data centres, where no visitor sits; none is shipped, because providers change
    /// theirs by the week and publish them.
    #[serde(deserialize_with = "list")]
    pub datacenter_networks: Vec<Network>,
    /// Hosts that robots name as the page they come from, `*.` before one for every host below it; a
    /// list takes the place of the one that is shipped.
    #[serde(deserialize_with = "list")]
    pub robot_referrers: Vec<Host>,
}

impl Default for Affiliate {
    fn default() -> Affiliate {
        Affiliate {
            clicks: ClickMode::default(),
            keep_clicks_days: 400,
            robot_networks: ROBOTS.iter().filter_map(|it| it.parse().ok()).collect(),
            datacenter_networks: Vec::new(),
            robot_referrers: REFERRERS.iter().filter_map(|it| Host::parse(it).ok()).collect(),
        }
    }
}

/// When a visitor is sent on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClickMode {
    /// At once. `kill -9` loses the clicks that are not committed: while the database keeps up those
    /// of the last 50 milliseconds, as `bench clicks` measures, and else all that wait.
    #[default]
    Buffered,
    /// When the click is durable, or after a second.
    Durable,
}

impl ClickMode {
    /// Whether a visitor waits for the database.
    pub fn is_durable(self) -> bool {
        self == ClickMode::Durable
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shipped_can_be_read() {
        let shipped = Affiliate::default();
        assert_eq!(shipped.robot_networks.len(), ROBOTS.len());
        assert_eq!(shipped.robot_referrers.len(), REFERRERS.len());
    }
}
