//! Instants, days and half-open ranges. `now` is always a parameter.

use serde::{Deserialize, Serialize};

/// A day of 86,400 seconds, in microseconds.
pub const DAY_MICROS: i64 = 86_400_000_000;

/// An instant: microseconds since 1970-01-01 00:00 UTC, as both databases store it.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// From Stripe's whole seconds.
    pub const fn from_secs(seconds: i64) -> Timestamp {
        Timestamp(seconds.saturating_mul(1_000_000))
    }

    /// The whole second that holds this instant.
    pub const fn secs(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// The UTC day that holds this instant.
    pub const fn day(self) -> Day {
        Day(self.0.div_euclid(DAY_MICROS) as i32)
    }
}

/// A UTC day: days since 1970-01-01.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Day(pub i32);

impl Day {
    /// The first instant of the day.
    pub const fn start(self) -> Timestamp {
        Timestamp(self.0 as i64 * DAY_MICROS)
    }

    /// Year, month (1-12) and day of the month, in the proleptic Gregorian calendar.
    pub const fn civil(self) -> (i32, u32, u32) {
        let z = self.0 as i64 + 719_468;
        let era = z.div_euclid(146_097);
        let doe = z.rem_euclid(146_097);
        let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
        let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
        let mp = (5 * doy + 2) / 153;
        let day = (doy - (153 * mp + 2) / 5 + 1) as u32;
        let month = if mp < 10 { mp + 3 } else { mp - 9 } as u32;
        let year = (yoe + era * 400 + if month <= 2 { 1 } else { 0 }) as i32;
        (year, month, day)
    }

    /// The day of a civil date; `month` 1-12.
    pub const fn from_civil(year: i32, month: u32, day: u32) -> Day {
        let y = year as i64 - if month <= 2 { 1 } else { 0 };
        let era = y.div_euclid(400);
        let yoe = y.rem_euclid(400);
        let mp = (month as i64 + 9) % 12;
        let doy = (153 * mp + 2) / 5 + day as i64 - 1;
        let doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
        Day((era * 146_097 + doe - 719_468) as i32)
    }

    /// The month that holds this day.
    pub const fn month(self) -> Month {
        let (year, month, _) = self.civil();
        Month(year * 12 + month as i32 - 1)
    }
}

/// A calendar month in UTC: year * 12 + month - 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Month(pub i32);

impl Month {
    /// The month's first day.
    pub const fn first(self) -> Day {
        Day::from_civil(self.0.div_euclid(12), self.0.rem_euclid(12) as u32 + 1, 1)
    }

    /// The month's last day.
    pub const fn last(self) -> Day {
        Day(Month(self.0 + 1).first().0 - 1)
    }

    /// The month after.
    pub const fn next(self) -> Month {
        Month(self.0 + 1)
    }
}

/// `start` included, `end` excluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// The first instant inside.
    pub start: Timestamp,
    /// The first instant after.
    pub end: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn civil_dates_and_days_are_inverse() {
        for day in -800_000..800_000 {
            let (year, month, date) = Day(day).civil();
            assert_eq!(Day::from_civil(year, month, date), Day(day));
        }
        assert_eq!(Day(0).civil(), (1970, 1, 1));
    }

    #[test]
    fn months_end_where_the_next_begins() {
        let february = Day::from_civil(2028, 2, 10).month();
        assert_eq!(february.last().civil(), (2028, 2, 29));
        assert_eq!(february.next().first().civil(), (2028, 3, 1));
    }
}
