//! Report models: how much of a sale each touch of its path is credited with.
//!
//! They pay nobody: they only tell what other models would say of the same path.

use super::attribution::Touch;
use crate::decay::Factor;
use crate::time::{DAY_MICROS, Timestamp};

/// A way to share a sale among the touches of its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportModel {
    /// All to the earliest touch.
    First,
    /// All to the latest touch.
    Last,
    /// The same to every touch.
    Linear,
    /// `2^(-age / 7 days)`, normalised.
    TimeDecay,
    /// 40 % to the first, 40 % to the last, the rest to those between; two touches share equally.
    Position,
}

/// In how much time a touch loses half its weight: 7 days.
const HALF_LIFE: i64 = 7 * DAY_MICROS;

/// What each touch of a path is credited with, in the path's order. The credits sum to the sale
/// exactly: shares are rounded down, and what is left goes to the earliest touch.
pub fn credits(model: ReportModel, path: &[Touch], conversion: Timestamp, sale: i64) -> Vec<i64> {
    let Some(earliest) = (0..path.len()).min_by_key(|place| (path[*place].at, &path[*place].id))
    else {
        return Vec::new();
    };
    let weights = weights(model, path, conversion);
    let sum: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
    let whole = i128::from(sale).abs();
    let mut parts: Vec<i128> =
        weights.iter().map(|weight| whole * i128::from(*weight) / sum.max(1)).collect();
    parts[earliest] += whole - parts.iter().sum::<i128>();
    let signed = |part: i128| i64::try_from(part * i128::from(sale.signum())).unwrap_or(0);
    parts.into_iter().map(signed).collect()
}

/// The weights of a path's touches; never all zero.
fn weights(model: ReportModel, path: &[Touch], conversion: Timestamp) -> Vec<i64> {
    let mut order: Vec<usize> = (0..path.len()).collect();
    order.sort_by_key(|place| (path[*place].at, &path[*place].id));
    let newest = order.last().map_or(conversion, |place| path[*place].at);
    let mut weights = vec![0; path.len()];
    for (rank, place) in order.iter().enumerate() {
        let (first, last) = (rank == 0, rank + 1 == order.len());
        weights[*place] = match model {
            ReportModel::First => i64::from(first),
            ReportModel::Last => i64::from(last),
            ReportModel::Linear => 1,
            // Relative to the newest touch the weights are the same, and none of it is lost.
            ReportModel::TimeDecay => decayed(newest.0.saturating_sub(path[*place].at.0)),
            ReportModel::Position if order.len() < 3 => 1,
            ReportModel::Position if first || last => 2 * (order.len() as i64 - 2),
            ReportModel::Position => 1,
        };
    }
    weights
}

/// `2^(-age / half-life)` as a count of `2^-60`.
fn decayed(age: i64) -> i64 {
    i64::try_from(Factor::half_life(age, HALF_LIFE).bits()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::attribution::TouchKind;
    use super::*;
    use proptest::prelude::*;

    const DAY: i64 = 86_400_000_000;

    fn path(days: &[i64]) -> Vec<Touch> {
        let touch = |(place, day): (usize, &i64)| Touch {
            id: format!("t{place:03}"),
            partner: format!("p{place}"),
            kind: TouchKind::Link,
            click: None,
            at: Timestamp(day * DAY),
        };
        days.iter().enumerate().map(touch).collect()
    }

    fn shared(model: ReportModel, days: &[i64], sale: i64) -> Vec<i64> {
        credits(model, &path(days), Timestamp(100 * DAY), sale)
    }

    #[test]
    fn extra_cents_go_to_the_earliest_touch() {
        assert_eq!(shared(ReportModel::Linear, &[1, 2, 3], 10_000), [3_334, 3_333, 3_333]);
        assert_eq!(shared(ReportModel::Linear, &[3, 2, 1], 20_000), [6_666, 6_666, 6_668]);
        assert_eq!(shared(ReportModel::Linear, &[1, 2, 3], -10_000), [-3_334, -3_333, -3_333]);
    }

    #[test]
    fn a_touch_loses_half_its_weight_in_seven_days() {
        assert_eq!(shared(ReportModel::TimeDecay, &[86, 93, 100], 7_000), [1_000, 2_000, 4_000]);
        assert_eq!(shared(ReportModel::TimeDecay, &[0, 420], 7_000), [0, 7_000]);
    }

    #[test]
    fn position_gives_40_20_40() {
        assert_eq!(shared(ReportModel::Position, &[1], 1_000), [1_000]);
        assert_eq!(shared(ReportModel::Position, &[1, 2], 1_000), [500, 500]);
        assert_eq!(shared(ReportModel::Position, &[1, 2, 3], 1_000), [400, 200, 400]);
        assert_eq!(shared(ReportModel::Position, &[1, 2, 3, 4], 1_000), [400, 100, 100, 400]);
        assert_eq!(shared(ReportModel::First, &[1, 2, 3], 1_000), [1_000, 0, 0]);
        assert_eq!(shared(ReportModel::Last, &[1, 2, 3], 1_000), [0, 0, 1_000]);
    }

    proptest! {
        #[test]
        fn credits_sum_to_the_sale(
            days in prop::collection::vec(0_i64..500, 1..12),
            sale in any::<i64>().prop_filter("has an absolute value", |it| *it != i64::MIN),
        ) {
            for model in [
                ReportModel::First, ReportModel::Last, ReportModel::Linear,
                ReportModel::TimeDecay, ReportModel::Position,
            ] {
                prop_assert_eq!(shared(model, &days, sale).iter().sum::<i64>(), sale);
            }
        }
    }
}
