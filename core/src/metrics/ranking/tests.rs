#![allow(clippy::float_arithmetic)]

use super::*;
use crate::testing::shuffled;
use proptest::prelude::*;

fn scored(converted: &[f64], others: &[f64]) -> Vec<Scored> {
    let of = |converted| move |score: &f64| Scored { score: *score, converted };
    converted.iter().map(of(true)).chain(others.iter().map(of(false))).collect()
}

fn ranking(converted: &[f64], others: &[f64]) -> Ranking {
    Ranking::new(&scored(converted, others)).unwrap()
}

#[test]
fn what_is_no_number_cannot_be_ranked() {
    for score in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert_eq!(Ranking::new(&scored(&[1.0], &[score])), Err(Unrankable::NotFinite));
        assert_eq!(brier(&scored(&[1.0], &[score])), Err(Unrankable::NoProbability));
    }
    for score in [-0.001, 1.001] {
        assert_eq!(brier(&scored(&[score], &[])), Err(Unrankable::NoProbability));
    }
}

#[test]
fn of_nobody_nothing_is_known() {
    let nobody = ranking(&[], &[]);
    assert_eq!((nobody.count(), nobody.auc(), nobody.lift(10)), (0, None, None));
    assert!(nobody.deciles().0.iter().all(|it| (it.count, it.rate, it.lowest) == (0, None, None)));
    assert_eq!((nobody.deciles().forecast(1.0), brier(&[])), (None, Ok(None)));
}

#[test]
fn where_all_or_none_converted_nothing_is_told_apart() {
    let all = ranking(&[1.0, 2.0], &[]);
    assert_eq!((all.auc(), all.lift(10)), (None, Some(1.0)));
    let none = ranking(&[], &[1.0, 2.0]);
    assert_eq!((none.auc(), none.lift(10)), (None, None));
}

#[test]
fn a_tie_counts_half() {
    assert_eq!(ranking(&[1.0], &[1.0]).auc(), Some(0.5));
    assert_eq!(ranking(&[2.0], &[1.0]).auc(), Some(1.0));
    assert_eq!(ranking(&[1.0], &[2.0]).auc(), Some(0.0));
    assert_eq!(ranking(&[0.0], &[-0.0]).auc(), Some(0.5), "both are nothing");
    assert_eq!(ranking(&[3.0, 2.0, 2.0], &[2.0, 1.0]).auc(), Some(5.0 / 6.0));
}

#[test]
fn scikit_learns_example_comes_out() {
    // `roc_auc_score([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])`, and of `brier_score_loss` the example
    // with the outcomes 0, 1, 1, 0 and the forecasts 0.1, 0.9, 0.8, 0.3.
    assert_eq!(ranking(&[0.35, 0.8], &[0.1, 0.4]).auc(), Some(0.75));
    let brier = brier(&scored(&[0.9, 0.8], &[0.1, 0.3])).unwrap().unwrap();
    assert!((brier - 0.0375).abs() < 1e-12, "{brier}");
}

#[test]
fn lift_takes_the_top_tenth_rounded_up() {
    let others: Vec<f64> = (0..9).map(f64::from).collect();
    assert_eq!(ranking(&[100.0], &others).lift(10), Some(10.0), "1 of 10");
    let others: Vec<f64> = (0..10).map(f64::from).collect();
    assert_eq!(ranking(&[100.0], &others).lift(10), Some(5.5), "half of the best 2 of 11");
    assert_eq!(ranking(&[-1.0], &others).lift(10), Some(0.0));
    assert_eq!(ranking(&[-1.0], &others).lift(100), Some(1.0));
    assert_eq!(ranking(&[-1.0], &others).lift(0), None);
}

#[test]
fn equal_scores_at_the_edge_share() {
    // One of 20 is above; of the 4 that are equal, one has a place in the top 2, a quarter each.
    let mut others = vec![5.0; 3];
    others.extend((0..15).map(|it| f64::from(it) / 100.0));
    let ranking = ranking(&[9.0, 5.0], &others);
    assert_eq!(ranking.lift(10), Some((1.25 / 2.0) / (2.0 / 20.0)));
    let deciles = ranking.deciles().0;
    assert_eq!(
        [deciles[0].converted, deciles[1].converted, deciles[2].converted],
        [1.25, 0.5, 0.25]
    );
    assert_eq!([deciles[0].lowest, deciles[2].lowest], [Some(5.0), Some(0.14)]);
}

#[test]
fn tenths_hold_as_many_as_they_can() {
    let counts = |n: u8| {
        ranking(&[], &(0..n).map(f64::from).collect::<Vec<_>>()).deciles().0.map(|it| it.count)
    };
    assert_eq!(counts(20), [2; 10]);
    assert_eq!(counts(3), [1, 0, 0, 1, 0, 0, 1, 0, 0, 0]);
    assert_eq!(counts(11), [2, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
}

#[test]
fn a_tenths_rate_has_its_interval() {
    let first = ranking(&[1.0; 10], &[1.0; 90]).deciles().0[0];
    let (rate, Interval { low, high }) = first.rate.unwrap();
    assert_eq!((first.count, first.converted, rate), (10, 1.0, 0.1));
    assert_eq!(format!("{low:.4} {high:.4}"), "0.0179 0.4042");
}

#[test]
fn an_earlier_cohort_forecasts_by_its_tenths() {
    let earlier = ranking(&[90.0, 80.0], &[85.0, 50.0]);
    assert_eq!(earlier.deciles().0.map(|it| it.count), [1, 0, 1, 0, 0, 1, 0, 1, 0, 0]);
    let forecasts = [95.0, 90.0, 86.0, 80.0, 1.0].map(|it| earlier.deciles().forecast(it).unwrap());
    assert_eq!(forecasts, [1.0, 1.0, 0.0, 1.0, 0.0]);
}

fn cohort() -> impl Strategy<Value = Vec<Scored>> {
    let subject = (0_u8..20, any::<bool>())
        .prop_map(|(score, converted)| Scored { score: f64::from(score), converted });
    prop::collection::vec(subject, 1..80)
}

proptest! {
    #[test]
    fn the_order_of_subjects_changes_nothing(
        (cohort, turned) in shuffled(cohort()),
    ) {
        prop_assert_eq!(Ranking::new(&cohort), Ranking::new(&turned));
        let half = |cohort: &[Scored]| {
            let half = |it: &Scored| Scored { score: it.score / 20.0, ..*it };
            brier(&cohort.iter().map(half).collect::<Vec<_>>())
        };
        prop_assert_eq!(half(&cohort), half(&turned));
    }

    #[test]
    fn the_area_is_the_share_of_pairs_in_order(cohort in cohort()) {
        let (mut halves, mut pairs) = (0_u32, 0_u32);
        for one in cohort.iter().filter(|it| it.converted) {
            for other in cohort.iter().filter(|it| !it.converted) {
                pairs += 2;
                halves += 2 * u32::from(one.score > other.score);
                halves += u32::from(one.score == other.score);
            }
        }
        let expected = (pairs > 0).then(|| f64::from(halves) / f64::from(pairs));
        prop_assert_eq!(Ranking::new(&cohort).unwrap().auc(), expected);
    }

    #[test]
    fn tenths_lose_nobody(cohort in cohort()) {
        let ranking = Ranking::new(&cohort).unwrap();
        let deciles = ranking.deciles().0;
        prop_assert_eq!(deciles.iter().map(|it| it.count).sum::<i64>(), cohort.len() as i64);
        let converted: f64 = deciles.iter().map(|it| it.converted).sum();
        prop_assert!((converted - ranking.converted() as f64).abs() < 1e-9);
    }
}
