//! Exact fractions of minor units: one rounding, at the very end.

use super::mrr::Overflow;
use rust_decimal::Decimal;

/// A number as a fraction of 128-bit integers; the denominator is positive.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fraction {
    num: i128,
    den: i128,
}

/// The denominators to which the two factors of a product are rounded where its exact terms
/// leave 128 bits: with amounts below 10^15 minor units the product then always fits, and the
/// error stays far below the unit of MRR. Only stacked percentages of many decimals come here.
const NARROW: (i128, i128) = (1_000_000_000_000, 10_000_000_000);

impl Fraction {
    pub(crate) const ZERO: Fraction = Fraction { num: 0, den: 1 };

    /// `num / den`; `den` must be positive.
    pub(crate) const fn new(num: i128, den: i128) -> Fraction {
        Fraction { num, den }
    }

    /// The exact value of a decimal.
    pub(crate) fn from_decimal(decimal: Decimal) -> Fraction {
        let decimal = decimal.normalize();
        Fraction { num: decimal.mantissa(), den: 10_i128.pow(decimal.scale()) }
    }

    pub(crate) fn is_positive(self) -> bool {
        self.num > 0
    }

    pub(crate) fn is_whole(self) -> bool {
        self.num % self.den == 0
    }

    /// The product.
    pub(crate) fn times(self, other: Fraction) -> Result<Fraction, Overflow> {
        let exact = self.checked_times(other);
        let exact = exact.or_else(|| self.reduced().checked_times(other.reduced()));
        let narrowed = || self.narrowed(NARROW.0)?.checked_times(other.narrowed(NARROW.1)?);
        exact.or_else(narrowed).ok_or(Overflow)
    }

    /// What is left after taking `amount` off, never below zero.
    pub(crate) fn less(self, amount: i64) -> Result<Fraction, Overflow> {
        let taken = i128::from(amount).checked_mul(self.den);
        let num = taken.and_then(|taken| self.num.checked_sub(taken)).ok_or(Overflow)?;
        Ok(Fraction { num: num.max(0), den: self.den })
    }

    /// The nearest integer, half to even.
    pub(crate) fn rounded(self) -> Result<i64, Overflow> {
        i64::try_from(half_even(self.num, self.den)).map_err(|_| Overflow)
    }

    /// `self * scale`, rounded down.
    pub(crate) fn floor_times(self, scale: i128) -> Result<i64, Overflow> {
        let product = self.times(Fraction::new(scale, 1))?;
        i64::try_from(product.num.div_euclid(product.den)).map_err(|_| Overflow)
    }

    fn checked_times(self, other: Fraction) -> Option<Fraction> {
        let num = self.num.checked_mul(other.num)?;
        Some(Fraction { num, den: self.den.checked_mul(other.den)? })
    }

    fn reduced(self) -> Fraction {
        let divisor = gcd(self.num.unsigned_abs(), self.den.unsigned_abs()).max(1) as i128;
        Fraction { num: self.num / divisor, den: self.den / divisor }
    }

    /// Rounded to a multiple of `1 / den`; as it is where its own denominator is smaller.
    fn narrowed(self, den: i128) -> Option<Fraction> {
        let mut wide = self.reduced();
        if wide.den <= den {
            return Some(wide);
        }
        while wide.den > i128::MAX / den {
            wide = Fraction { num: wide.num / 10, den: wide.den / 10 };
        }
        let (whole, rest) = (wide.num.div_euclid(wide.den), wide.num.rem_euclid(wide.den));
        let num = whole.checked_mul(den)?.checked_add(half_even(rest * den, wide.den))?;
        Some(Fraction { num, den })
    }
}

/// `num / den` to the nearest integer, half to even; `den` must be positive.
pub(crate) fn half_even(num: i128, den: i128) -> i128 {
    let (down, rest) = (num.div_euclid(den), num.rem_euclid(den));
    match rest.cmp(&(den - rest)) {
        std::cmp::Ordering::Less => down,
        std::cmp::Ordering::Greater => down + 1,
        std::cmp::Ordering::Equal => down + (down & 1),
    }
}

fn gcd(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_is_half_to_even_on_both_sides_of_zero() {
        for (num, den, expected) in
            [(1, 2, 0), (3, 2, 2), (5, 2, 2), (-1, 2, 0), (-3, 2, -2), (-5, 2, -2), (7, 3, 2)]
        {
            assert_eq!(half_even(num, den), expected, "{num}/{den}");
        }
    }

    #[test]
    fn products_that_leave_128_bits_are_rounded_far_below_a_unit() {
        let percent = Fraction::from_decimal("0.66666666666666664".parse().unwrap());
        let mut left = Fraction::new(1_000_000_000_000, 1);
        for _ in 0..4 {
            left = left.times(percent).unwrap();
        }
        let units = left.times(Fraction::new(83_160, 1)).unwrap().rounded().unwrap();
        assert_eq!(units, 16_426_666_666_666_665);
    }
}
