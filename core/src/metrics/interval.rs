//! Rates of small numbers, with how sure one can be of them.

// Statistics live here: a rate is shown, never posted.
#![allow(clippy::float_arithmetic)]

/// The 97.5 % point of the normal distribution: what a two-sided interval of 95 % reaches to.
pub(super) const Z_95: f64 = 1.959_964;

/// A share of a whole, with its interval of 95 %.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Proportion {
    /// How many.
    pub part: i64,
    /// Of how many.
    pub whole: i64,
    /// The one through the other, 0 to 1.
    pub rate: f64,
    /// Where the true rate lies.
    pub interval: Interval,
}

/// From and to, both between 0 and 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Proportion {
    /// `None` where there is no whole, or the part is not within it.
    pub fn new(part: i64, whole: i64) -> Option<Proportion> {
        let sound = whole > 0 && (0..=whole).contains(&part);
        let rate = part as f64 / whole as f64;
        sound.then(|| Proportion { part, whole, rate, interval: wilson(rate, whole as f64) })
    }
}

/// Wilson's score interval of 95 % for a rate seen in `whole` trials, without a correction for
/// continuity (E. B. Wilson, *Probable inference*, JASA 1927):
/// `(p + z^2/2n +- z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n)`.
pub(super) fn wilson(rate: f64, whole: f64) -> Interval {
    let square = Z_95 * Z_95 / whole;
    let center = rate + square / 2.0;
    let spread = Z_95 * (rate * (1.0 - rate) / whole + square / (4.0 * whole)).sqrt();
    let end = |it: f64| (it / (1.0 + square)).clamp(0.0, 1.0);
    // At nothing and at all the ends are exact; rounding must not move them.
    Interval {
        low: if rate <= 0.0 { 0.0 } else { end(center - spread) },
        high: if rate >= 1.0 { 1.0 } else { end(center + spread) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(part: i64, whole: i64) -> String {
        let Interval { low, high } = Proportion::new(part, whole).unwrap().interval;
        format!("{low:.4}-{high:.4}")
    }

    #[test]
    fn what_is_no_part_of_a_whole_has_no_rate() {
        for (part, whole) in [(0, 0), (1, 0), (-1, 10), (11, 10), (1, -1), (-1, -1)] {
            assert_eq!(Proportion::new(part, whole), None, "{part}/{whole}");
        }
    }

    #[test]
    fn ten_of_a_hundred_lie_between_5_52_and_17_44_percent() {
        assert_eq!(shown(10, 100), "0.0552-0.1744");
    }

    #[test]
    fn newcombes_examples_of_the_score_interval_hold() {
        // R. G. Newcombe, Two-sided confidence intervals for the single proportion, 1998, method 3.
        assert_eq!(shown(81, 263), "0.2553-0.3662");
        assert_eq!(shown(15, 148), "0.0624-0.1605");
        assert_eq!(shown(0, 20), "0.0000-0.1611");
        assert_eq!(shown(1, 29), "0.0061-0.1718");
    }

    proptest! {
        #[test]
        fn the_rate_lies_within_and_failures_mirror_successes(
            (part, whole) in (1_i64..100_000).prop_flat_map(|n| (0..=n, Just(n))),
        ) {
            let it = Proportion::new(part, whole).unwrap();
            let Interval { low, high } = it.interval;
            prop_assert!(0.0 <= low && low <= it.rate && it.rate <= high && high <= 1.0);
            let other = Proportion::new(whole - part, whole).unwrap().interval;
            prop_assert!((other.low - (1.0 - high)).abs() < 1e-12);
            prop_assert!((other.high - (1.0 - low)).abs() < 1e-12);
        }
    }
}
