//! How the sum of everything before an instant is put together from sums of months and days, and
//! from the rows of at most half a day.

use takings_core::time::{Day, Timestamp};

/// A run of days or instants, taken into a sum or out of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    /// The first inside.
    pub(super) from: i64,
    /// The first after.
    pub(super) until: i64,
    /// 1 or -1.
    pub(super) sign: i128,
}

/// One instant. What lies before it is every month before `months`, and the runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cut {
    /// The instant itself.
    pub(super) at: Timestamp,
    /// The first month after those taken whole.
    pub(super) months: i64,
    /// Whole days of the instant's month.
    pub(super) days: Option<Run>,
    /// A part of the instant's day.
    pub(super) part: Option<Run>,
}

impl Cut {
    /// Goes to the nearer edge of the day, and from there to the nearer edge of the month.
    pub(super) fn new(at: Timestamp) -> Cut {
        let (day, month) = (at.day(), at.day().month());
        let (edge, part) = run(day.start().0, at.0, Day(day.0 + 1).start().0);
        let edge_day = if edge == day.start().0 { day.0 } else { day.0 + 1 };
        let (first, next) = (month.first().0, month.next().first().0);
        let (edge, days) = run(first.into(), edge_day.into(), next.into());
        let months = if edge == i64::from(first) { month.0 } else { month.0 + 1 };
        Cut { at, months: months.into(), days, part }
    }
}

/// The edge of `[first, next]` nearer to `at`, and how to get from there to `at`.
fn run(first: i64, at: i64, next: i64) -> (i64, Option<Run>) {
    if at - first <= next - at {
        (first, (at > first).then_some(Run { from: first, until: at, sign: 1 }))
    } else {
        (next, (next > at).then_some(Run { from: at, until: next, sign: -1 }))
    }
}

/// Runs joined where they touch, as pairs.
pub(super) fn merged(runs: impl Iterator<Item = Run>) -> Vec<(i64, i64)> {
    let mut pairs: Vec<(i64, i64)> = runs.map(|run| (run.from, run.until)).collect();
    pairs.sort_unstable();
    let mut joined: Vec<(i64, i64)> = Vec::new();
    for (from, until) in pairs {
        match joined.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(until),
            _ => joined.push((from, until)),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a row at `row` counts in the sum before the cut.
    fn counted(cut: &Cut, row: Timestamp) -> i128 {
        let holds = |run: Option<Run>, place: i64| {
            run.filter(|run| (run.from..run.until).contains(&place)).map_or(0, |run| run.sign)
        };
        let month = i128::from(i64::from(row.day().month().0) < cut.months);
        month + holds(cut.days, row.day().0.into()) + holds(cut.part, row.0)
    }

    #[test]
    fn a_row_counts_once_where_it_lies_before_and_never_else() {
        let hour = 3_600_000_000;
        for at in (0..24 * 400).map(|step| Timestamp(step * 7 * hour / 3)) {
            let cut = Cut::new(at);
            let near = (-60 * 24..60 * 24).step_by(5).map(|hours| Timestamp(at.0 + hours * hour));
            for row in near.chain([Timestamp(at.0 - 1), at, Timestamp(at.0 + 1)]) {
                assert_eq!(counted(&cut, row), i128::from(row < at), "{cut:?} {row:?}");
            }
        }
    }

    #[test]
    fn the_first_of_a_month_needs_nothing_but_months() {
        let first = Day::from_civil(2026, 3, 1);
        let cut = Cut::new(first.start());
        assert_eq!((cut.months, cut.days, cut.part), (i64::from(first.month().0), None, None));
    }

    #[test]
    fn a_month_of_new_york_ends_with_the_rows_of_five_hours() {
        let five = Timestamp(Day::from_civil(2026, 3, 1).start().0 + 5 * 3_600_000_000);
        let cut = Cut::new(five);
        assert_eq!(cut.days, None);
        assert_eq!(cut.part.map(|part| part.until - part.from), Some(5 * 3_600_000_000));
    }

    #[test]
    fn runs_that_touch_become_one() {
        let run = |from, until| Run { from, until, sign: 1 };
        let runs = [run(5, 9), run(0, 2), run(2, 4), run(6, 7)];
        assert_eq!(merged(runs.into_iter()), [(0, 4), (5, 9)]);
    }
}
