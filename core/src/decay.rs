//! Weights that shrink with age, in integers, so that every machine agrees on every bit.

/// The binary digits of a factor: `2^60` is the whole.
const BITS: u32 = 60;
const WHOLE: u128 = 1 << BITS;

/// `2^(-1/2)`, `2^(-1/4)`, `2^(-1/8)` and so on: each is the square root of the one before.
const ROOTS: [u128; BITS as usize] = {
    let mut roots = [0; BITS as usize];
    let (mut place, mut root) = (0, WHOLE / 2);
    while place < roots.len() {
        root = (root << BITS).isqrt();
        roots[place] = root;
        place += 1;
    }
    roots
};

/// How much is left of a weight: 0 to 1, as a count of `2^-60`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Factor(u64);

impl Factor {
    /// All of it.
    pub(crate) const WHOLE: Factor = Factor(1 << BITS);

    fn new(value: u128) -> Factor {
        Factor(u64::try_from(value.min(WHOLE)).unwrap_or(1 << BITS))
    }

    /// `2^(-age / half_life)`, less than `2^-53` too small, and exact at whole half-lives.
    /// What is not old yet is whole.
    ///
    /// Whole half-lives are shifts; each binary digit of the rest is one more square root of a
    /// half.
    pub(crate) fn half_life(age: i64, half_life: i64) -> Factor {
        let (age, half_life) = (age.max(0).unsigned_abs(), half_life.max(1).unsigned_abs());
        let halvings = age / half_life;
        if halvings >= u64::from(BITS) {
            return Factor(0);
        }
        let mut weight = WHOLE >> halvings;
        let digits = (u128::from(age % half_life) << BITS) / u128::from(half_life);
        for (place, root) in (1..=BITS).zip(ROOTS) {
            if digits >> (BITS - place) & 1 == 1 {
                weight = (weight * root) >> BITS;
            }
        }
        Factor::new(weight)
    }

    /// `(kept_bps / 10,000)^steps`, by repeated squaring.
    pub(crate) fn compounded(kept_bps: i64, steps: i64) -> Factor {
        let mut base = u128::from(kept_bps.clamp(0, 10_000).unsigned_abs()) * WHOLE / 10_000;
        let (mut power, mut steps) = (WHOLE, steps.max(0));
        while steps > 0 {
            if steps % 2 == 1 {
                power = (power * base) >> BITS;
            }
            base = (base * base) >> BITS;
            steps /= 2;
        }
        Factor::new(power)
    }

    /// As a count of `2^-60`.
    pub(crate) fn bits(self) -> u64 {
        self.0
    }

    /// This part of an amount, rounded half away from zero.
    pub(crate) fn of(self, amount: i64) -> i64 {
        let part = (u128::from(amount.unsigned_abs()) * u128::from(self.0) + WHOLE / 2) >> BITS;
        let part = i64::try_from(part).unwrap_or(i64::MAX);
        if amount < 0 { -part } else { part }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_makes_no_sense_is_whole_or_nothing() {
        assert_eq!(Factor::half_life(-1, 7), Factor::WHOLE);
        assert_eq!(Factor::half_life(1, 0), Factor::half_life(1, 1));
        assert_eq!(Factor::half_life(i64::MAX, 1), Factor(0));
        assert_eq!(Factor::compounded(20_000, 3), Factor::WHOLE);
        assert_eq!(Factor::compounded(-1, 1), Factor(0));
        assert_eq!(Factor::compounded(9_000, -1), Factor::WHOLE);
        assert_eq!(Factor::WHOLE.of(i64::MIN), -i64::MAX);
    }

    #[test]
    fn whole_half_lives_are_exact() {
        for halvings in 0..60 {
            assert_eq!(Factor::half_life(halvings * 7, 7).bits(), (1 << 60) >> halvings);
        }
        assert_eq!(Factor::half_life(60 * 7, 7), Factor(0));
        assert_eq!(Factor::half_life(14, 7).of(-2), -1, "half away from zero");
    }

    #[test]
    fn halfway_is_the_root_of_a_half() {
        // floor(2^60 / sqrt 2), from its decimal expansion 0.70710678118654752440084436...
        let expected = 815_238_614_083_298_888;
        assert_eq!(Factor::half_life(1, 2).bits(), expected);
        // 2^(-1/3) = 0.793700525984099737...
        assert_eq!(Factor::half_life(1, 3).of(1_000_000_000_000_000), 793_700_525_984_100);
    }

    #[test]
    fn steps_compound() {
        assert_eq!(Factor::compounded(5_000, 3), Factor(1 << 57));
        assert_eq!(Factor::compounded(9_000, 2).of(1_000_000_000), 810_000_000);
        assert_eq!(Factor::compounded(10_000, i64::MAX), Factor::WHOLE);
        assert_eq!(Factor::compounded(9_999, i64::MAX), Factor(0));
    }

    proptest! {
        #[test]
        fn a_weight_never_grows_with_age(
            half_life in 1_i64..4_000_000_000_000_000,
            age in 0_i64..40_000_000_000_000_000,
            later in 0_i64..4_000_000_000,
        ) {
            // Digits are cut off one by one, so a unit or two of 2^-60 may go either way.
            let (young, old) =
                (Factor::half_life(age, half_life), Factor::half_life(age + later, half_life));
            prop_assert!(old.bits() <= young.bits() + 60, "{young:?} {old:?}");
        }

        #[test]
        fn two_ages_multiply(
            half_life in 1_i64..1_000_000_000, a in any::<u16>(), b in any::<u16>(),
        ) {
            let of = |age: i64| u128::from(Factor::half_life(age, half_life).bits());
            let (a, b) = (i64::from(a), i64::from(b));
            let product = (of(a) * of(b)) >> 60;
            prop_assert!(product.abs_diff(of(a + b)) <= 200, "{product} {}", of(a + b));
        }
    }
}
