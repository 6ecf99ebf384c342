//! From units of MRR to minor units, once, at the edge.

use crate::billing::UNITS_PER_MINOR;

/// Units of MRR as minor units, half to even.
pub fn minor(units: i64) -> i64 {
    half_even(units.into(), UNITS_PER_MINOR.into())
}

/// Annual recurring revenue in minor units: twelve times the stored MRR, rounded once.
///
/// Twelve times an `i64` of units is less than `i64::MAX` minor units: it always fits.
pub fn arr_minor(units: i64) -> i64 {
    half_even(i128::from(units) * 12, UNITS_PER_MINOR.into())
}

/// The parts of a total in minor units, adjusted by largest remainder so that they sum to the
/// shown total; of equal remainders the earlier part gets the minor unit.
///
/// `parts_units` sum to `total_units`; where they do not, the parts are only rounded down.
pub fn display_parts(total_units: i64, parts_units: &[i64]) -> Vec<i64> {
    let mut shown: Vec<i64> =
        parts_units.iter().map(|units| units.div_euclid(UNITS_PER_MINOR)).collect();
    let floors: i128 = shown.iter().copied().map(i128::from).sum();
    let missing = usize::try_from(i128::from(minor(total_units)) - floors).unwrap_or(0);
    let mut order: Vec<usize> = (0..shown.len()).collect();
    order.sort_by_key(|i| (std::cmp::Reverse(parts_units[*i].rem_euclid(UNITS_PER_MINOR)), *i));
    for i in order.into_iter().take(missing) {
        shown[i] += 1;
    }
    shown
}

fn half_even(num: i128, den: i128) -> i64 {
    let rounded = crate::billing::half_even(num, den);
    i64::try_from(rounded).unwrap_or(if rounded < 0 { i64::MIN } else { i64::MAX })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// $100 a year, in units a month.
    const YEARLY_100: i64 = 10_000 * UNITS_PER_MINOR / 12;

    #[test]
    fn three_yearly_hundreds_show_as_parts_of_twenty_five() {
        let parts = [YEARLY_100; 3];
        assert_eq!(minor(3 * YEARLY_100), 2_500);
        assert_eq!(display_parts(3 * YEARLY_100, &parts), [834, 833, 833]);
        assert_eq!(arr_minor(YEARLY_100), 10_000);
    }

    #[test]
    fn a_sixth_of_a_thousand_shows_as_166_67() {
        assert_eq!(minor(4 * 50_000 * UNITS_PER_MINOR / 12), 16_667);
    }

    #[test]
    fn halves_round_to_even() {
        let half = UNITS_PER_MINOR / 2;
        for (units, shown) in [(half, 0), (3 * half, 2), (-half, 0), (-3 * half, -2)] {
            assert_eq!(minor(units), shown, "{units}");
        }
    }

    #[test]
    fn parts_of_mixed_sign_still_sum_to_the_shown_total() {
        let parts = [YEARLY_100, -YEARLY_100 / 3, 17, -40_000];
        let total: i64 = parts.iter().sum();
        assert_eq!(display_parts(total, &parts).iter().sum::<i64>(), minor(total));
        assert_eq!(display_parts(0, &[]), [] as [i64; 0]);
    }

    #[test]
    fn arr_of_the_largest_mrr_fits() {
        assert_eq!(arr_minor(i64::MAX), i64::MAX / 6_930);
    }
}
