//! Days, weeks and months of a time zone.

use crate::error::{Error, Reason};
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span, ToSpan};
use takings_core::affiliate::Calendar;
use takings_core::time::{Range, Timestamp};

/// The first instant that the contract can name.
const FIRST: Timestamp = Timestamp(-62_135_596_800_000_000);

/// The most points of one series.
const MOST_POINTS: usize = 1_100;

/// A time zone of the IANA database.
#[derive(Clone, Debug)]
pub(crate) struct Zone(TimeZone);

/// How long one period is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Granularity {
    /// A calendar day.
    Day,
    /// From Monday to Monday.
    Week,
    /// A calendar month.
    Month,
}

impl Zone {
    /// The zone of that name; an empty one is UTC.
    pub(crate) fn parse(name: &str) -> Result<Zone, Error> {
        if name.is_empty() {
            return Ok(Zone(TimeZone::UTC));
        }
        let zone = TimeZone::get(name).ok().filter(|zone| zone.iana_name() == Some(name));
        zone.map(Zone).ok_or_else(|| {
            let shown: String = name.chars().take(64).collect();
            let message = format!(
                "`{shown}` is no name of the IANA time zone database: send one like `Europe/Berlin`"
            );
            Error::invalid(Reason::UnknownTimeZone, "time_zone", message)
        })
    }

    /// The first instant of the month that ends at or contains `end`.
    pub(super) fn month_up_to(&self, end: Timestamp) -> Result<Timestamp, Error> {
        let inside = self.date(Timestamp(end.0 - 1));
        let start = self.start(inside.first_of_month());
        start.map(|start| start.max(FIRST)).ok_or_else(beyond)
    }

    /// The instants that part `range` into periods, both its ends included.
    pub(crate) fn periods(
        &self,
        granularity: Granularity,
        range: Range,
    ) -> Result<Vec<Timestamp>, Error> {
        let mut bounds = vec![range.start];
        let mut date = granularity.first(self.date(range.start)).ok();
        while bounds.last() < Some(&range.end) {
            if bounds.len() > MOST_POINTS {
                return Err(too_long());
            }
            date = date.and_then(|date| date.checked_add(granularity.span()).ok());
            // A zone that skips a whole day makes a period without an instant in it.
            let next = date.and_then(|date| self.start(date)).unwrap_or(range.end).min(range.end);
            if Some(&next) > bounds.last() {
                bounds.push(next);
            }
        }
        Ok(bounds)
    }

    /// The date at an instant. The last two days of the year 9999 count as one.
    fn date(&self, at: Timestamp) -> Date {
        let instant = jiff::Timestamp::from_microsecond(at.0).unwrap_or(jiff::Timestamp::MAX);
        self.0.to_datetime(instant).date()
    }

    /// The first instant of a date; nothing at the end of the year 9999.
    fn start(&self, date: Date) -> Option<Timestamp> {
        let start = date.to_zoned(self.0.clone()).ok()?;
        Some(Timestamp(start.timestamp().as_microsecond()))
    }
}

impl Calendar for Zone {
    fn local_date(&self, at: Timestamp) -> (i32, u32, u32) {
        let date = self.date(at);
        let part = |number: i8| u32::try_from(number).unwrap_or(1);
        (i32::from(date.year()), part(date.month()), part(date.day()))
    }
}

impl Granularity {
    /// The first date of the period that holds `date`.
    fn first(self, date: Date) -> Result<Date, jiff::Error> {
        match self {
            Granularity::Day => Ok(date),
            Granularity::Week => {
                let days = date.weekday().since(Weekday::Monday);
                date.checked_sub(days.days())
            }
            Granularity::Month => Ok(date.first_of_month()),
        }
    }

    fn span(self) -> Span {
        match self {
            Granularity::Day => 1.day(),
            Granularity::Week => 1.week(),
            Granularity::Month => 1.month(),
        }
    }
}

fn beyond() -> Error {
    Error::invalid(Reason::InvalidRange, "range", "the range leaves the years 1 to 9999")
}

fn too_long() -> Error {
    let message = format!(
        "the series would have more than {MOST_POINTS} points: ask for a coarser granularity, or \
         for parts of the range"
    );
    Error::invalid(Reason::RangeTooLong, "range", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp(text.parse::<jiff::Timestamp>().unwrap().as_microsecond())
    }

    fn periods(zone: &str, granularity: Granularity, start: &str, end: &str) -> Vec<String> {
        let range = Range { start: at(start), end: at(end) };
        let bounds = Zone::parse(zone).unwrap().periods(granularity, range).unwrap();
        let text = |it: &Timestamp| jiff::Timestamp::from_microsecond(it.0).unwrap().to_string();
        bounds.iter().map(text).collect()
    }

    #[test]
    fn a_month_is_that_of_the_zone() {
        for (zone, end, start) in [
            ("", "2026-02-01T00:00:00Z", "2026-01-01T00:00:00Z"),
            ("", "2026-02-01T00:00:01Z", "2026-02-01T00:00:00Z"),
            ("America/New_York", "2026-02-01T03:00:00Z", "2026-01-01T05:00:00Z"),
            ("Asia/Kathmandu", "2026-02-01T00:00:00Z", "2026-01-31T18:15:00Z"),
        ] {
            let month = Zone::parse(zone).unwrap().month_up_to(at(end)).unwrap();
            assert_eq!(month, at(start), "{zone} {end}");
        }
    }

    #[test]
    fn a_day_has_as_many_hours_as_the_clock_says() {
        let days = periods(
            "America/New_York",
            Granularity::Day,
            "2026-03-07T12:00:00Z",
            "2026-03-09T12:00:00Z",
        );
        let expected = [
            "2026-03-07T12:00:00Z",
            "2026-03-08T05:00:00Z",
            "2026-03-09T04:00:00Z",
            "2026-03-09T12:00:00Z",
        ];
        assert_eq!(days, expected);
    }

    #[test]
    fn a_day_that_a_zone_skipped_is_no_period() {
        let days = periods(
            "Pacific/Apia",
            Granularity::Day,
            "2011-12-29T10:00:00Z",
            "2011-12-31T10:00:00Z",
        );
        assert_eq!(days, ["2011-12-29T10:00:00Z", "2011-12-30T10:00:00Z", "2011-12-31T10:00:00Z"]);
    }

    #[test]
    fn weeks_begin_on_monday() {
        let weeks = periods("", Granularity::Week, "2026-01-01T00:00:00Z", "2026-01-13T00:00:00Z");
        let expected = [
            "2026-01-01T00:00:00Z",
            "2026-01-05T00:00:00Z",
            "2026-01-12T00:00:00Z",
            "2026-01-13T00:00:00Z",
        ];
        assert_eq!(weeks, expected);
    }

    #[test]
    fn an_empty_range_has_no_period() {
        let instant = "2026-01-01T00:00:00Z";
        assert_eq!(periods("", Granularity::Month, instant, instant), [instant]);
    }

    #[test]
    fn a_series_has_at_most_so_many_points() {
        let zone = Zone::parse("").unwrap();
        let range =
            |days: i64| Range { start: Timestamp(0), end: Timestamp(days * 86_400_000_000) };
        let most = i64::try_from(MOST_POINTS).unwrap();
        assert_eq!(zone.periods(Granularity::Day, range(most)).unwrap().len(), MOST_POINTS + 1);
        let error = zone.periods(Granularity::Day, range(most + 1)).unwrap_err();
        assert_eq!(error.reason(), Reason::RangeTooLong);
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for name in ["EST5", "+02:00", "Mars/Olympus", "america/new_york", "Etc/Unknown\0", " "] {
            let error = Zone::parse(name).unwrap_err();
            assert_eq!(error.reason(), Reason::UnknownTimeZone, "{name}");
        }
        for name in ["Europe/Berlin", "UTC", "US/Eastern", "Etc/UTC"] {
            assert!(Zone::parse(name).is_ok(), "{name}");
        }
    }
}
