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

/// Movements of MRR in minor units, adjusted so that the shown start plus them is the shown end.
///
/// Start and end are rounded by themselves, so that one range ends where the next begins. What
/// remains goes to those parts that moved, by largest remainder; of equal ones, to the earlier.
pub fn display_steps(start_units: i64, end_units: i64, parts_units: &[i64]) -> Vec<i64> {
    let mut shown: Vec<i64> =
        parts_units.iter().map(|units| units.div_euclid(UNITS_PER_MINOR)).collect();
    let floors: i128 = shown.iter().copied().map(i128::from).sum();
    let missing = i128::from(minor(end_units)) - i128::from(minor(start_units)) - floors;
    let mut order: Vec<usize> = (0..shown.len()).filter(|i| parts_units[*i] != 0).collect();
    order.sort_by_key(|i| (std::cmp::Reverse(parts_units[*i].rem_euclid(UNITS_PER_MINOR)), *i));
    if missing < 0 {
        // Both ends were halves, rounded towards each other.
        order.last().into_iter().for_each(|i| shown[*i] -= 1);
    }
    for i in order.into_iter().take(usize::try_from(missing).unwrap_or(0)) {
        shown[i] += 1;
    }
    shown
}

/// Average MRR of a subscriber in minor units, half to even; `None` without subscribers.
pub fn arpa_minor(units: i64, subscribers: i64) -> Option<i64> {
    let subscribers = Some(i128::from(subscribers)).filter(|count| *count > 0)?;
    Some(half_even(units.into(), subscribers * i128::from(UNITS_PER_MINOR)))
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
    fn a_shown_start_plus_its_shown_movements_is_the_shown_end() {
        let (unit, half) = (UNITS_PER_MINOR, UNITS_PER_MINOR / 2);
        for (start, parts, shown) in [
            (0, vec![half, half, 0, 0, 0], [1, 0, 0, 0, 0]),
            (half, vec![0, 0, unit, 0, 0], [0, 0, 2, 0, 0]),
            (unit + half, vec![unit, 0, 0, 0, 0], [0, 0, 0, 0, 0]),
            (10 * unit, vec![0, 0, 0, -unit / 3, -unit / 3], [0, 0, 0, 0, -1]),
            (7, vec![0; 5], [0; 5]),
        ] {
            let end = start + parts.iter().sum::<i64>();
            assert_eq!(display_steps(start, end, &parts), shown, "{start} {parts:?}");
            assert_eq!(minor(start) + shown.iter().sum::<i64>(), minor(end));
        }
    }

    #[test]
    fn an_average_rounds_half_to_even() {
        let unit = UNITS_PER_MINOR;
        assert_eq!(arpa_minor(5 * unit, 2), Some(2));
        assert_eq!(arpa_minor(7 * unit, 2), Some(4));
        assert_eq!(arpa_minor(7 * unit, 0), None);
    }

    #[test]
    fn arr_of_the_largest_mrr_fits() {
        assert_eq!(arr_minor(i64::MAX), i64::MAX / 6_930);
    }
}
