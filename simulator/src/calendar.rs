//! Calendar arithmetic on Unix seconds, UTC.

pub(crate) const DAY: i64 = 86_400;
pub(crate) const HOUR: i64 = 3_600;

/// How often a price is billed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Interval {
    Day,
    Week,
    Month,
    Year,
}

impl Interval {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Year => "year",
        }
    }

    /// The instant `times` intervals of `count` after the anchor.
    pub(crate) fn after(self, anchor: i64, count: u32, times: u32) -> i64 {
        let n = i64::from(count) * i64::from(times);
        match self {
            Self::Day => anchor + n * DAY,
            Self::Week => anchor + n * 7 * DAY,
            Self::Month => add_months(anchor, n),
            Self::Year => add_months(anchor, n * 12),
        }
    }

    /// A rough length in days, for estimates only.
    pub(crate) const fn days(self) -> i64 {
        match self {
            Self::Day => 1,
            Self::Week => 7,
            Self::Month => 30,
            Self::Year => 365,
        }
    }
}

/// An instant as HTTP writes it: `Tue, 01 Oct 2024 00:00:00 GMT`.
pub(crate) fn http_date(at: i64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (year, month, date) = civil(day(at));
    let place = |number: i64| usize::try_from(number).unwrap_or(0);
    let weekday = DAYS[place(day(at).rem_euclid(7))];
    let month = MONTHS[place(month - 1)];
    let seconds = at.rem_euclid(DAY);
    let (hour, minute, second) = (seconds / HOUR, seconds / 60 % 60, seconds % 60);
    format!("{weekday}, {date:02} {month} {year} {hour:02}:{minute:02}:{second:02} GMT")
}

/// Days since the epoch of an instant.
pub(crate) fn day(at: i64) -> i64 {
    at.div_euclid(DAY)
}

/// The same time of day `months` later, on the last day where the month is shorter.
pub(crate) fn add_months(at: i64, months: i64) -> i64 {
    let (year, month, date) = civil(day(at));
    let index = year * 12 + (month - 1) + months;
    let (year, month) = (index.div_euclid(12), index.rem_euclid(12) + 1);
    let date = date.min(month_length(year, month));
    days_from_civil(year, month, date) * DAY + at.rem_euclid(DAY)
}

fn month_length(year: i64, month: i64) -> i64 {
    let (y, m) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    days_from_civil(y, m, 1) - days_from_civil(year, month, 1)
}

fn days_from_civil(year: i64, month: i64, date: i64) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let year_of_era = y.rem_euclid(400);
    let shifted = (month + 9) % 12;
    let day_of_year = (153 * shifted + 2) / 5 + date - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

fn civil(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let shifted = (5 * doy + 2) / 153;
    let date = doy - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (yoe + era * 400 + i64::from(month <= 2), month, date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_after_the_last_of_january_is_the_last_of_february() {
        let january = days_from_civil(2024, 1, 31) * DAY + 5 * HOUR;
        assert_eq!(add_months(january, 1), days_from_civil(2024, 2, 29) * DAY + 5 * HOUR);
        assert_eq!(add_months(january, 13), days_from_civil(2025, 2, 28) * DAY + 5 * HOUR);
        assert_eq!(civil(days_from_civil(2025, 12, 31)), (2025, 12, 31));
        assert_eq!(http_date(1_727_740_800 + 3_723), "Tue, 01 Oct 2024 01:02:03 GMT");
    }
}
