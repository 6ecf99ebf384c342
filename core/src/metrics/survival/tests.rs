#![allow(clippy::float_arithmetic)]

use super::*;
use crate::testing::shuffled;
use proptest::prelude::*;

/// Weeks of remission under 6-mercaptopurine; `-`: censored (Gehan 1965, as in R's `MASS::gehan`).
const GEHAN: [i64; 21] =
    [6, 6, 6, -6, 7, -9, 10, -10, -11, 13, 16, -17, -19, -20, 22, 23, -25, -32, -32, -34, -35];
/// The same of those who were given nothing: all of them ended.
const CONTROL: [i64; 21] = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23];

fn subjects(times: &[i64]) -> Vec<Watched> {
    let subject = |time: &i64| Watched { time: time.unsigned_abs(), ended: *time > 0 };
    times.iter().map(subject).collect()
}

fn survival(times: &[i64]) -> Survival {
    kaplan_meier(&subjects(times))
}

#[test]
fn of_nobody_nothing_is_known() {
    let nobody = kaplan_meier(&[]);
    assert_eq!((nobody.watched, nobody.steps.len()), (0, 0));
    assert_eq!(nobody.quartiles(), [None; 3]);
    assert_eq!(nobody.share_at(u64::MAX), 1.0);
}

#[test]
fn who_only_waits_has_no_median() {
    let waiting = survival(&[-1, -2, -3]);
    assert_eq!((waiting.watched, waiting.quartiles()), (3, [None; 3]));
}

#[test]
fn gehans_numbers_come_out() {
    let steps = survival(&GEHAN).steps;
    let of =
        |show: fn(&SurvivalStep) -> String| -> Vec<String> { steps.iter().map(show).collect() };
    assert_eq!(of(|it| it.time.to_string()), ["6", "7", "10", "13", "16", "22", "23"]);
    assert_eq!(of(|it| it.at_risk.to_string()), ["21", "17", "15", "12", "11", "7", "6"]);
    let shares = ["0.8571", "0.8067", "0.7529", "0.6902", "0.6275", "0.5378", "0.4482"];
    assert_eq!(of(|it| format!("{:.4}", it.share)), shares);
    let errors = ["0.0764", "0.0869", "0.0963", "0.1068", "0.1141", "0.1282", "0.1346"];
    assert_eq!(of(|it| format!("{:.4}", it.standard_error.unwrap())), errors);
}

#[test]
fn intervals_are_those_that_stata_prints_for_gehan() {
    let show = |it: &SurvivalStep| {
        let Interval { low, high } = it.interval().unwrap();
        format!("{low:.4} {high:.4}")
    };
    let shown: Vec<String> = survival(&GEHAN).steps.iter().map(show).collect();
    let printed = [
        "0.6197 0.9516",
        "0.5631 0.9228",
        "0.5032 0.8894",
        "0.4316 0.8491",
        "0.3675 0.8049",
        "0.2678 0.7468",
        "0.1881 0.6801",
    ];
    assert_eq!(shown, printed);
}

#[test]
fn the_control_group_is_as_printed_too() {
    let steps = survival(&CONTROL).steps;
    let show = |it: &SurvivalStep| {
        let Interval { low, high } = it.interval().unwrap();
        format!("{:.4} {:.4} {low:.4} {high:.4}", it.share, it.standard_error.unwrap())
    };
    assert_eq!(show(&steps[0]), "0.9048 0.0641 0.6700 0.9753");
    assert_eq!(show(&steps[1]), "0.8095 0.0857 0.5689 0.9239");
}

#[test]
fn a_quantile_is_the_first_time_at_or_below_it_or_nothing() {
    assert_eq!(survival(&GEHAN).quartiles(), [Some(13), Some(23), None]);
    assert_eq!(survival(&CONTROL).quartiles(), [Some(4), Some(8), Some(12)]);
    assert_eq!(survival(&[1, 2, 3, 4]).quartiles(), [Some(1), Some(2), Some(3)]);
}

/// Repeats a subject.
fn times(count: u64, time: u64, ended: bool) -> impl Iterator<Item = Watched> {
    (0..count).map(move |_| Watched { time, ended })
}

#[test]
fn a_half_made_of_fractions_is_a_half() {
    // 14/15 of 9/12 of 5/7 are a half; as a product of floats they are 0.5000000000000001.
    let fractions: Vec<Watched> = times(1, 1, true)
        .chain(times(2, 1, false))
        .chain(times(3, 2, true))
        .chain(times(2, 2, false))
        .chain(times(2, 3, true))
        .chain(times(5, 9, false))
        .collect();
    let fractions = kaplan_meier(&fractions);
    assert!(fractions.share_at(3) > 0.5);
    assert_eq!(fractions.quartiles(), [Some(2), Some(3), None]);
    // 19/20 of 18/19 and so on, as the manual of R's `quantile.survfit` warns.
    for half in 1..200 {
        let all: Vec<Watched> = (1..=2 * half).flat_map(|time| times(1, time, true)).collect();
        assert_eq!(kaplan_meier(&all).time_to(0.5), Some(half), "{half}");
    }
}

#[test]
fn who_is_censored_at_an_end_was_at_risk_of_it() {
    let steps = survival(&[5, -5]).steps;
    assert_eq!((steps[0].at_risk, steps[0].share), (2, 0.5));
}

#[test]
fn where_nobody_is_left_there_is_no_error() {
    let all = survival(&CONTROL);
    let last = all.steps.last().unwrap();
    assert_eq!((last.time, last.share, last.standard_error), (23, 0.0, None));
    assert_eq!(last.interval(), None);
    assert_eq!(all.share_at(22), 1.0 / 21.0);
}

fn watched() -> impl Strategy<Value = Vec<Watched>> {
    let subject = (0_u64..50, any::<bool>()).prop_map(|(time, ended)| Watched { time, ended });
    prop::collection::vec(subject, 0..60)
}

proptest! {
    #[test]
    fn the_order_of_subjects_changes_nothing(
        (subjects, turned) in shuffled(watched()),
    ) {
        prop_assert_eq!(kaplan_meier(&subjects), kaplan_meier(&turned));
    }

    #[test]
    fn shares_fall_by_the_product_of_what_stays(subjects in watched()) {
        let survival = kaplan_meier(&subjects);
        let mut product = 1.0;
        for step in &survival.steps {
            let at_risk = subjects.iter().filter(|it| it.time >= step.time).count();
            let ended = subjects.iter().filter(|it| it.time == step.time && it.ended).count();
            prop_assert_eq!((step.at_risk, step.ended), (at_risk as u64, ended as u64));
            product *= 1.0 - ended as f64 / at_risk as f64;
            prop_assert!((step.share - product).abs() < 1e-9);
        }
    }

    #[test]
    fn without_censoring_the_share_is_plain(
        times in prop::collection::vec(0_u64..50, 1..60), at in 0_u64..50,
    ) {
        let subjects: Vec<Watched> =
            times.iter().map(|time| Watched { time: *time, ended: true }).collect();
        let left = times.iter().filter(|time| **time > at).count();
        prop_assert_eq!(kaplan_meier(&subjects).share_at(at), left as f64 / times.len() as f64);
    }
}
