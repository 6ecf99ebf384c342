//! Exact fractions of minor units: one rounding, at the very end.

use super::mrr::Overflow;
use rust_decimal::Decimal;

/// A number as a fraction of 128-bit integers; the denominator is positive.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fraction {
    num: i128,
    den: i128,
}

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

    /// The product: exact while its terms fit 128 bits. Only stacked percentages of very many
    /// decimals do not; both terms then lose their lowest bits, far below the unit of MRR.
    pub(crate) fn times(self, other: Fraction) -> Result<Fraction, Overflow> {
        if let Some(product) = self.checked_times(other) {
            return Ok(product);
        }
        let (ours, theirs) = (self.reduced(), other.reduced());
        ours.checked_times(theirs).or_else(|| ours.shortened_times(theirs)).ok_or(Overflow)
    }

    /// The exact sum.
    pub(crate) fn plus(self, other: Fraction) -> Result<Fraction, Overflow> {
        let (ours, theirs) = (self.reduced(), other.reduced());
        let left = ours.num.checked_mul(theirs.den).ok_or(Overflow)?;
        let right = theirs.num.checked_mul(ours.den).ok_or(Overflow)?;
        let num = left.checked_add(right).ok_or(Overflow)?;
        Ok(Fraction { num, den: ours.den.checked_mul(theirs.den).ok_or(Overflow)? })
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

    /// The product with both terms cut to 126 bits.
    fn shortened_times(self, other: Fraction) -> Option<Fraction> {
        let num = Wide::product(self.num.unsigned_abs(), other.num.unsigned_abs());
        let den = Wide::product(self.den.unsigned_abs(), other.den.unsigned_abs());
        let excess = num.bits().max(den.bits()).saturating_sub(126);
        let (num, den) = (num.shifted(excess) as i128, den.shifted(excess) as i128);
        let sign = self.num.signum() * other.num.signum();
        (den > 0).then_some(Fraction { num: sign * num, den })
    }
}

/// An unsigned integer of 256 bits.
#[derive(Clone, Copy)]
struct Wide {
    high: u128,
    low: u128,
}

impl Wide {
    fn product(a: u128, b: u128) -> Wide {
        let (a1, a0) = (a >> 64, a & u128::from(u64::MAX));
        let (b1, b0) = (b >> 64, b & u128::from(u64::MAX));
        let (low, cross) = (a0 * b0, a1 * b0);
        let (middle, carried) = (a0 * b1).overflowing_add(cross);
        let (low, carry) = low.overflowing_add(middle << 64);
        let high = a1 * b1 + (middle >> 64) + (u128::from(carried) << 64) + u128::from(carry);
        Wide { high, low }
    }

    fn bits(self) -> u32 {
        if self.high > 0 { 256 - self.high.leading_zeros() } else { 128 - self.low.leading_zeros() }
    }

    /// Shifted right by fewer than 256 bits; the result must fit 128 bits.
    fn shifted(self, by: u32) -> u128 {
        match by {
            0 => self.low,
            1..128 => (self.high << (128 - by)) | (self.low >> by),
            _ => self.high >> (by - 128),
        }
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
    fn wide_products_are_those_of_long_multiplication() {
        let all = Wide::product(u128::MAX, u128::MAX);
        assert_eq!((all.high, all.low), (u128::MAX - 1, 1));
        let some = Wide::product(1 << 100, (1 << 90) + 1);
        assert_eq!((some.high, some.low), (1 << 62, 1 << 100));
        assert_eq!((some.bits(), some.shifted(100)), (191, (1 << 90) + 1));
    }

    #[test]
    fn products_that_leave_128_bits_lose_nothing_that_shows() {
        let percent = Fraction::from_decimal("0.66666666666666664".parse().unwrap());
        let mut left = Fraction::new(1_000_000_000_000, 1);
        for _ in 0..4 {
            left = left.times(percent).unwrap();
        }
        let units = left.times(Fraction::new(83_160, 1)).unwrap().rounded().unwrap();
        assert_eq!(units, 16_426_666_666_666_664);
    }
}
