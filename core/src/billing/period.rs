//! An item's billing periods, past the one its payload names.

use super::facts::{Interval, Item, Seconds};
use crate::time::{Day, Month};

const DAY: i64 = 86_400;
/// Beyond the year 9999 no calendar is consulted.
const END_OF_TIME: Seconds = 253_402_300_800;

/// When a discount that ends at `end` stops counting for an item: at the first start of a period
/// of the item that is not before `end`. Without known periods: at `end` itself.
pub(crate) fn expiry(item: &Item, end: Seconds) -> Seconds {
    if item.period_end <= item.period_start || !(0..END_OF_TIME).contains(&end) {
        return end;
    }
    if item.period_start >= end {
        return item.period_start;
    }
    if item.period_end >= end {
        return item.period_end;
    }
    match item.price.recurring {
        Some((Interval::Day, count)) => stepped(item.period_end, end, count.max(1) * DAY),
        Some((Interval::Week, count)) => stepped(item.period_end, end, count.max(1) * 7 * DAY),
        Some((Interval::Month, count)) => by_calendar(item, end, count.max(1)),
        Some((Interval::Year, count)) => by_calendar(item, end, 12 * count.max(1)),
        None => end,
    }
}

/// The first of `start`, `start + step`, ... that is not before `end`.
fn stepped(start: Seconds, end: Seconds, step: i64) -> Seconds {
    let steps = (end - start + step - 1).div_euclid(step);
    start.saturating_add(steps.saturating_mul(step))
}

/// The same by months, on the anchor's day of the month, or the month's last where it is shorter.
fn by_calendar(item: &Item, end: Seconds, months: i64) -> Seconds {
    let first = day_of(item.period_end);
    let anchor = first.civil().2.max(day_of(item.period_start).civil().2);
    let time = item.period_end.rem_euclid(DAY);
    let apart = i64::from(day_of(end).month().0) - i64::from(first.month().0);
    let mut steps = apart / months;
    loop {
        let Some(start) = shifted(first.month(), steps.saturating_mul(months), anchor, time) else {
            return end;
        };
        if start >= end {
            return start;
        }
        steps += 1;
    }
}

fn shifted(month: Month, months: i64, anchor: u32, time: i64) -> Option<Seconds> {
    let month = Month(i32::try_from(i64::from(month.0).checked_add(months)?).ok()?);
    if month.0 >= 12 * 10_000 {
        return None;
    }
    let day = month.first().0 + (anchor.min(month.last().civil().2) as i32) - 1;
    Some(i64::from(day) * DAY + time)
}

fn day_of(instant: Seconds) -> Day {
    Day(instant.clamp(0, END_OF_TIME).div_euclid(DAY) as i32)
}
