//! Points: what activities and traits are worth, as exact decimals.

use crate::decay::Factor;
use rust_decimal::Decimal;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// Digits after the decimal point.
const SCALE: u32 = 9;
const ONE: i64 = 1_000_000_000;
const HUNDREDTH: i64 = ONE / 100;

/// A number of points: a count of 1/1,000,000,000 of a point.
///
/// It is an integer, so that sums do not depend on their order and every machine agrees on every
/// digit. In JSON it is text, such as `"2.5"`; whole numbers may be read without quotes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Points(i64);

/// Why a text is no number of points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "use points as text with at most nine decimals and nine digits before them, such as \"2.5\""
)]
pub struct BadPoints;

impl Points {
    /// None.
    pub const ZERO: Points = Points(0);

    /// So many whole points.
    pub const fn whole(points: i32) -> Points {
        Points(points as i64 * ONE)
    }

    /// So many billionths of a point.
    pub const fn from_billionths(count: i64) -> Points {
        Points(count)
    }

    /// As billionths of a point.
    pub const fn billionths(self) -> i64 {
        self.0
    }

    /// As far as an integer of 64 bits goes.
    pub(super) fn saturated(billionths: i128) -> Points {
        let most = i128::from(i64::MAX);
        Points(i64::try_from(billionths.clamp(-most, most)).unwrap_or(0))
    }

    /// Rounded to 0.01, half away from zero: what is shown, and what labels compare.
    pub fn rounded(self) -> Points {
        let count =
            (self.0.unsigned_abs() + HUNDREDTH.unsigned_abs() / 2) / HUNDREDTH.unsigned_abs();
        let rounded = i128::from(count) * i128::from(HUNDREDTH);
        Points::saturated(if self.0 < 0 { -rounded } else { rounded })
    }

    /// What of them counts under a cap.
    pub(super) fn under(self, cap: Option<Points>) -> Points {
        cap.map_or(self, |cap| self.min(cap))
    }

    /// What is left of them, rounded to 1/1,000,000,000, half away from zero.
    pub(super) fn left(self, factor: Factor) -> Points {
        Points(factor.of(self.0))
    }
}

impl fmt::Display for Points {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Decimal::new(self.0, SCALE).normalize().fmt(f)
    }
}

impl FromStr for Points {
    type Err = BadPoints;

    fn from_str(text: &str) -> Result<Points, BadPoints> {
        let plain = |it: char| it.is_ascii_digit() || it == '.' || it == '-';
        let decimal = Some(text).filter(|text| text.chars().all(plain)).ok_or(BadPoints)?;
        let decimal = Decimal::from_str_exact(decimal).map_err(|_| BadPoints)?.normalize();
        let missing = SCALE.checked_sub(decimal.scale()).ok_or(BadPoints)?;
        let count = decimal.mantissa().checked_mul(10_i128.pow(missing)).ok_or(BadPoints)?;
        let fits = count.unsigned_abs() < 1_000_000_000 * u128::from(ONE.unsigned_abs());
        i64::try_from(count).ok().filter(|_| fits).map(Points).ok_or(BadPoints)
    }
}

impl Serialize for Points {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Points {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Points, D::Error> {
        deserializer.deserialize_any(PointsVisitor)
    }
}

struct PointsVisitor;

impl Visitor<'_> for PointsVisitor {
    type Value = Points;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("whole points, or points as text such as \"2.5\"")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Points, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_u64<E: Error>(self, points: u64) -> Result<Points, E> {
        self.visit_str(&points.to_string())
    }

    fn visit_i64<E: Error>(self, points: i64) -> Result<Points, E> {
        self.visit_str(&points.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(text: &str) -> Points {
        text.parse().unwrap()
    }

    #[test]
    fn what_is_no_number_of_points_is_refused() {
        let texts = [
            "",
            "-",
            ".",
            "NaN",
            "inf",
            "1e3",
            "1_000",
            " 1",
            "+1",
            "1.0000000001",
            "1000000000",
            "99999999999999999999999999999999",
            "１",
        ];
        for text in texts {
            assert_eq!(text.parse::<Points>(), Err(BadPoints), "{text:?}");
        }
        for json in ["2.5", "null", "true", "\"NaN\"", "1000000000", "[1]"] {
            assert!(serde_json::from_str::<Points>(json).is_err(), "{json}");
        }
        let refused = serde_json::from_str::<Points>("2.5").unwrap_err().to_string();
        assert!(refused.contains("points as text such as \"2.5\""), "{refused}");
    }

    #[test]
    fn points_read_back_as_written() {
        for (text, billionths) in [
            ("0", 0),
            ("50", 50_000_000_000),
            ("-5", -5_000_000_000),
            ("2.5", 2_500_000_000),
            ("-0.000000001", -1),
            ("999999999.999999999", 999_999_999_999_999_999),
        ] {
            let read = points(text);
            assert_eq!(read.billionths(), billionths);
            assert_eq!(read.to_string(), text);
            let json = serde_json::to_string(&read).unwrap();
            assert_eq!(json, format!("\"{text}\""));
            assert_eq!(serde_json::from_str::<Points>(&json).unwrap(), read);
        }
        assert_eq!(serde_json::from_str::<Points>("-5").unwrap(), Points::whole(-5));
        assert_eq!(points("1.50000000000000"), points("1.5"), "zeros say nothing");
        assert_eq!(points("-0"), Points::ZERO);
    }

    #[test]
    fn hundredths_round_half_away_from_zero() {
        for (exact, rounded) in [
            ("49.994999999", "49.99"),
            ("49.995", "50"),
            ("-0.005", "-0.01"),
            ("-0.004999999", "0"),
            ("0", "0"),
        ] {
            assert_eq!(points(exact).rounded(), points(rounded), "{exact}");
        }
        assert!(Points::from_billionths(i64::MAX).rounded() > Points::whole(i32::MAX));
        assert!(Points::from_billionths(i64::MIN).rounded() < Points::whole(i32::MIN));
    }
}
