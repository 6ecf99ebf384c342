//! Days and months as a program's time zone counts them.
//!
//! The rules know no time zones: whoever does gives them a [`Calendar`].

use crate::time::{Day, Month, Timestamp};

/// The civil dates of one time zone.
pub trait Calendar {
    /// Year, month (1-12) and day of the month there, at that instant.
    fn local_date(&self, at: Timestamp) -> (i32, u32, u32);

    /// The month there, at that instant.
    fn month(&self, at: Timestamp) -> Month {
        let (year, month, _) = self.local_date(at);
        Month(year * 12 + month as i32 - 1)
    }

    /// How many whole months have passed from one instant's date to another's; negative where the
    /// other is earlier. The 31st has come again on the last day of a shorter month.
    fn whole_months(&self, from: Timestamp, to: Timestamp) -> i64 {
        let (first, last) = (self.month(from), self.month(to));
        let (anchor, day) = (self.local_date(from).2, self.local_date(to).2);
        let due = anchor.min(last.last().civil().2);
        i64::from(last.0) - i64::from(first.0) - i64::from(day < due)
    }
}

/// The calendar of UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Utc;

impl Calendar for Utc {
    fn local_date(&self, at: Timestamp) -> (i32, u32, u32) {
        at.day().civil()
    }
}

/// A civil date's first instant in UTC, for tests and for programs that keep UTC.
pub fn utc(year: i32, month: u32, day: u32) -> Timestamp {
    Day::from_civil(year, month, day).start()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_31st_comes_again_on_the_last_day_of_a_shorter_month() {
        let cases = [
            ((2026, 1, 31), (2026, 2, 27), 0),
            ((2026, 1, 31), (2026, 2, 28), 1),
            ((2026, 1, 31), (2026, 3, 30), 1),
            ((2026, 1, 31), (2026, 3, 31), 2),
            ((2026, 1, 15), (2027, 1, 14), 11),
            ((2026, 1, 15), (2027, 1, 15), 12),
            ((2026, 3, 1), (2026, 2, 1), -1),
        ];
        for ((y, m, d), (y2, m2, d2), months) in cases {
            assert_eq!(Utc.whole_months(utc(y, m, d), utc(y2, m2, d2)), months, "{y2}-{m2}-{d2}");
        }
    }
}
