//! Clicks in emails that a scanner made: they are kept, and give no score.

use crate::time::Timestamp;
use std::collections::BTreeSet;

/// A click sooner after delivery than this is no reader's (as in Mautic).
const SOONEST_SECS: i64 = 2;
/// Within this time of one another the clicks of one network are looked at together.
const BURST_SECS: i64 = 10;
/// Of the message's links, in percent: so many clicked in one burst are a scanner's.
const BURST_PERCENT: usize = 80;

/// A click on a link of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MailClick<'a> {
    /// Which link.
    pub link: &'a str,
    /// From which network, as an opaque key.
    pub network: &'a str,
    /// When.
    pub at: Timestamp,
}

/// Which clicks of one message are suspect, in their order.
///
/// Suspect is what comes less than 2 seconds after *delivery*, and every click of a burst: 80 % of
/// the message's links, and at least two, within 10 seconds from one network.
pub fn suspects(delivered: Timestamp, links: usize, clicks: &[MailClick<'_>]) -> Vec<bool> {
    let early = |click: &MailClick<'_>| click.at.0 < delivered.0 + SOONEST_SECS * 1_000_000;
    let mut suspect: Vec<bool> = clicks.iter().map(early).collect();
    for first in clicks {
        let burst = |click: &MailClick<'_>| {
            let after = click.at.0 - first.at.0;
            click.network == first.network && (0..=BURST_SECS * 1_000_000).contains(&after)
        };
        let clicked: BTreeSet<&str> =
            clicks.iter().filter(|click| burst(click)).map(|click| click.link).collect();
        if clicked.len() >= 2 && clicked.len() * 100 >= links * BURST_PERCENT {
            for (place, click) in clicks.iter().enumerate() {
                suspect[place] |= burst(click);
            }
        }
    }
    suspect
}

#[cfg(test)]
mod tests {
    use super::*;

    fn click(link: &'static str, network: &'static str, second: i64) -> MailClick<'static> {
        MailClick { link, network, at: Timestamp::from_secs(second) }
    }

    #[test]
    fn a_click_right_after_delivery_is_suspect() {
        let clicks = [click("a", "n", 101), click("a", "n", 102)];
        assert_eq!(suspects(Timestamp::from_secs(100), 1, &clicks), [true, false]);
    }

    #[test]
    fn most_links_at_once_from_one_network_are_a_scanners() {
        let mut clicks = vec![click("a", "n", 200), click("b", "n", 205), click("c", "n", 206)];
        let delivered = Timestamp::from_secs(100);
        assert_eq!(suspects(delivered, 5, &clicks), [false; 3], "60 %");
        clicks.push(click("d", "n", 210));
        clicks.push(click("e", "m", 207));
        assert_eq!(suspects(delivered, 5, &clicks), [true, true, true, true, false], "80 %");
        clicks[3] = click("d", "n", 211);
        assert_eq!(suspects(delivered, 5, &clicks), [false; 5], "not within 10 seconds");
    }

    #[test]
    fn the_only_link_of_a_message_makes_no_burst() {
        assert_eq!(suspects(Timestamp::from_secs(100), 1, &[click("a", "n", 300)]), [false]);
    }
}
