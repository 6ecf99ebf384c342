//! Exact fractions, and the few ways in which money is rounded.

/// A fraction of whole numbers, kept in lowest terms, with a positive denominator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fraction {
    top: i128,
    bottom: i128,
}

impl Fraction {
    pub(crate) fn new(top: i128, bottom: i128) -> Self {
        let g = gcd(top.abs(), bottom).max(1);
        Self { top: top / g, bottom: bottom / g }
    }

    pub(crate) fn times(self, top: i128, bottom: i128) -> Self {
        Self::new(self.top * top, self.bottom * bottom)
    }

    /// Less a whole number, but never below zero.
    pub(crate) fn less(self, whole: i128) -> Self {
        Self::new((self.top - whole * self.bottom).max(0), self.bottom)
    }

    /// The whole part, for weights.
    pub(crate) fn floor(self) -> i128 {
        self.top.div_euclid(self.bottom)
    }

    pub(crate) fn half_up(self) -> i128 {
        Self::new(self.top * 2 + self.bottom, self.bottom * 2).floor()
    }

    pub(crate) fn half_even(self) -> i128 {
        let floor = self.floor();
        let twice = (self.top - floor * self.bottom) * 2;
        match twice.cmp(&self.bottom) {
            std::cmp::Ordering::Less => floor,
            std::cmp::Ordering::Greater => floor + 1,
            std::cmp::Ordering::Equal => floor + floor.rem_euclid(2),
        }
    }
}

pub(crate) fn gcd(a: i128, b: i128) -> i128 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// `amount * top / bottom`, half away from zero.
pub(crate) fn share(amount: i64, top: i64, bottom: i64) -> i64 {
    if bottom == 0 {
        return 0;
    }
    let product = i128::from(amount) * i128::from(top);
    let bottom = i128::from(bottom);
    let rounded = (product.abs() * 2 + bottom.abs()) / (bottom.abs() * 2);
    let signed = if (product < 0) != (bottom < 0) { -rounded } else { rounded };
    i64::try_from(signed).unwrap_or(i64::MAX)
}

/// Splits `amount` by weights: whole parts first, then one more to the largest remainders.
pub(crate) fn split(amount: i64, weights: &[i64]) -> Vec<i64> {
    let sum: i128 = weights.iter().map(|w| i128::from(*w)).sum();
    if sum <= 0 {
        return vec![0; weights.len()];
    }
    let parts: Vec<(i64, i128)> = weights
        .iter()
        .map(|weight| {
            let product = i128::from(amount) * i128::from(*weight);
            (i64::try_from(product / sum).unwrap_or(0), product % sum)
        })
        .collect();
    let mut shares: Vec<i64> = parts.iter().map(|(whole, _)| *whole).collect();
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by_key(|i| (-parts[*i].1, *i));
    let missing = amount - shares.iter().sum::<i64>();
    for index in order.into_iter().take(usize::try_from(missing).unwrap_or(0)) {
        shares[index] += 1;
    }
    shares
}

/// The largest part of `amount` up to `wanted` whose untaxed share is a whole number.
pub(crate) fn whole_share(wanted: i64, amount: i64, net: i64, total: i64) -> i64 {
    let g = i64::try_from(gcd(i128::from(net), i128::from(total))).unwrap_or(1).max(1);
    let step = (total / g).max(1);
    let part = wanted.min(amount) / step * step;
    if part > 0 { part } else { amount }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_go_away_from_zero_or_to_even_as_asked() {
        assert_eq!((share(5, 1, 2), share(-5, 1, 2), share(3, 1, 4)), (3, -3, 1));
        assert_eq!(Fraction::new(5, 2).half_even(), 2);
        assert_eq!(Fraction::new(7, 2).half_even(), 4);
    }

    #[test]
    fn a_split_loses_nothing() {
        assert_eq!(split(100, &[1, 1, 1]), [34, 33, 33]);
        assert_eq!(split(10, &[0, 5]), [0, 10]);
    }
}
