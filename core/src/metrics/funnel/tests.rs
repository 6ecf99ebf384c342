use super::*;
use crate::testing::shuffled;
use proptest::prelude::*;

const DAY: i64 = 86_400_000_000;

fn day(day: i64) -> Timestamp {
    Timestamp(day * DAY)
}

fn funnel(window_days: i64, as_of: i64) -> Funnel {
    let entered = Range { start: day(10), end: day(20) };
    Funnel { steps: 3, window_days, entered, as_of: day(as_of) }
}

/// Hits as (step, day).
fn hits(hits: &[(usize, i64)]) -> Vec<Hit> {
    hits.iter().map(|(step, at)| Hit { step: *step, at: day(*at) }).collect()
}

/// (reached, open, lost) of each step.
fn counts(funnel: Funnel, subjects: &[Vec<Hit>]) -> Vec<(i64, i64, i64)> {
    let counted = funnel.count(subjects.iter().map(Vec::as_slice));
    counted.iter().map(|it| (it.reached, it.open, it.lost)).collect()
}

#[test]
fn of_nobody_there_is_no_rate() {
    let empty = funnel(30, 100).count([]);
    assert_eq!(empty, [FunnelStep::default(); 3]);
    assert_eq!(empty[0].rate(), None);
    assert_eq!(Funnel { steps: 0, ..funnel(30, 100) }.count([&hits(&[(0, 12)])[..]]), []);
}

#[test]
fn a_step_that_is_none_of_the_funnels_changes_nothing() {
    assert_eq!(counts(funnel(30, 100), &[hits(&[(0, 12), (7, 13)])])[1], (0, 0, 1));
}

#[test]
fn a_step_counts_in_order_only() {
    let whole = hits(&[(0, 12), (1, 13), (2, 14)]);
    let skipped = hits(&[(0, 12), (2, 14)]);
    let backwards = hits(&[(0, 12), (2, 13), (1, 14)]);
    let again = hits(&[(0, 12), (2, 13), (1, 14), (2, 15)]);
    let before = hits(&[(1, 9), (2, 9), (0, 12)]);
    let of = |subject| counts(funnel(30, 100), &[subject]).iter().map(|it| it.0).sum::<i64>();
    assert_eq!([of(whole), of(skipped), of(backwards), of(again), of(before)], [3, 1, 2, 3, 1]);
}

#[test]
fn steps_of_one_instant_are_in_order() {
    assert_eq!(counts(funnel(30, 100), &[hits(&[(2, 12), (1, 12), (0, 12)])])[2], (1, 0, 0));
}

#[test]
fn the_first_entry_ever_decides_the_cohort() {
    let edges = [9, 10, 19, 20].map(|at| hits(&[(0, at)]));
    assert_eq!(counts(funnel(30, 100), &edges)[0].0, 2, "from the 10th to the 19th");
    assert_eq!(counts(funnel(30, 100), &[hits(&[(0, 12), (0, 9)])])[0].0, 0, "it came before");
}

#[test]
fn a_step_after_the_window_is_lost() {
    let inside = Hit { step: 1, at: Timestamp(day(17).0 - 1) };
    let outside = Hit { step: 1, at: day(17) };
    let with = |hit| counts(funnel(5, 100), &[vec![hits(&[(0, 12)])[0], hit]])[1];
    assert_eq!([with(inside), with(outside)], [(1, 0, 0), (0, 0, 1)]);
}

#[test]
fn who_still_may_is_open_and_not_lost() {
    let waiting = [hits(&[(0, 12)]), hits(&[(0, 12), (1, 13)])];
    assert_eq!(counts(funnel(5, 16), &waiting), [(2, 0, 0), (1, 1, 0), (0, 2, 0)]);
    assert_eq!(counts(funnel(5, 17), &waiting), [(2, 0, 0), (1, 0, 1), (0, 0, 2)]);
}

#[test]
fn what_happens_later_is_not_counted() {
    let subjects = [hits(&[(0, 12), (1, 15)]), hits(&[(0, 19), (1, 19)])];
    assert_eq!(counts(funnel(30, 14), &subjects)[..2], [(1, 0, 0), (0, 1, 0)]);
}

#[test]
fn a_rate_is_of_those_who_entered_and_has_its_interval() {
    let step = FunnelStep { reached: 10, open: 30, lost: 60 };
    let rate = step.rate().unwrap();
    assert_eq!((rate.part, rate.whole, rate.rate), (10, 100, 0.1));
    assert_eq!(format!("{:.4} {:.4}", rate.interval.low, rate.interval.high), "0.0552 0.1744");
}

fn journeys() -> impl Strategy<Value = Vec<Vec<Hit>>> {
    let hit = (0_usize..4, 0_i64..40).prop_map(|(step, at)| Hit { step, at: day(at) });
    prop::collection::vec(prop::collection::vec(hit, 0..8), 0..20)
}

/// Steps reached, by trying every choice of hits.
fn tried(subject: &[Hit], step: usize, last: Timestamp, end: Timestamp) -> usize {
    let next = subject.iter().filter(|it| it.step == step && last <= it.at && it.at < end);
    next.map(|it| 1 + tried(subject, step + 1, it.at, end)).max().unwrap_or(0)
}

proptest! {
    #[test]
    fn the_order_of_hits_and_subjects_changes_nothing(
        (journeys, mut turned) in shuffled(journeys()),
        as_of in 0_i64..60,
    ) {
        turned.iter_mut().for_each(|hits| hits.reverse());
        prop_assert_eq!(counts(funnel(5, as_of), &journeys), counts(funnel(5, as_of), &turned));
    }

    #[test]
    fn later_steps_are_reached_by_fewer_and_nobody_is_lost_track_of(
        journeys in journeys(), as_of in 0_i64..60,
    ) {
        let counts = counts(funnel(5, as_of), &journeys);
        let entered = counts[0].0;
        for (reached, open, lost) in &counts {
            prop_assert_eq!(reached + open + lost, entered);
        }
        prop_assert!(counts.is_sorted_by(|a, b| a.0 >= b.0), "{:?}", counts);
    }

    #[test]
    fn no_other_choice_of_hits_comes_further(subject in journeys().prop_map(|it| it.concat())) {
        let counts = counts(funnel(5, 100), std::slice::from_ref(&subject));
        let reached: i64 = counts.iter().map(|it| it.0).sum();
        let entry = subject.iter().filter(|it| it.step == 0).map(|it| it.at).min();
        let entry = entry.filter(|at| (day(10)..day(20)).contains(at));
        let best = entry.map_or(0, |at| {
            1 + tried(&subject, 1, at, Timestamp(at.0 + 5 * DAY)).min(2)
        });
        prop_assert_eq!(reached, best as i64);
    }
}
