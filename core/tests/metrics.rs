//! Ratios and trials, with the numbers their sources print.

// A test that cannot be set up fails: that is what `unwrap` says here.
// Ratios are floats.
#![allow(clippy::unwrap_used, clippy::float_arithmetic)]

mod support;

use support::*;
use takings_core::billing::facts::*;
use takings_core::metrics::*;

/// To a tenth of a percent, as the vectors are printed.
fn tenths(ratio: Option<f64>) -> Option<i64> {
    ratio.map(|ratio| format!("{:.1}", ratio * 100.0).replace('.', "").parse().unwrap())
}

#[test]
fn growth_of_forty_five_with_its_fx_effect_apart() {
    let range = Bridge {
        start: 1_000,
        new: 100,
        expansion: 50,
        contraction: 40,
        churn: 60,
        fx: -5,
        reactivation: 0,
    };
    assert_eq!(range.end(), Ok(1_045));
    assert_eq!(tenths(growth_rate(&range)), Some(50), "5.0 %: what rates did is no growth");
    assert_eq!(tenths(quick_ratio(&range)), Some(1_500));
}

#[test]
fn a_cohort_that_loses_ten_and_upgrades_five_retains_97_5_percent() {
    let cohort = Cohort {
        customers: 100,
        start: units(100_000),
        end: units(85 * 1_000 + 5 * 2_500),
        kept: units(90_000),
        lost: 10,
    };
    assert_eq!(tenths(nrr(&cohort)), Some(975));
    assert_eq!(tenths(grr(&cohort)), Some(900));
    assert_eq!(tenths(logo_churn(&cohort)), Some(100));
}

#[test]
fn movement_based_churn_can_exceed_all_that_was_there() {
    let range = Bridge { start: 500, expansion: 879, churn: 1_379, ..Bridge::default() };
    assert_eq!(tenths(gross_mrr_churn(&range)), Some(2_758));
    assert_eq!(tenths(net_mrr_churn(&range)), Some(1_000));
    assert_eq!(range.end(), Ok(0));
}

#[test]
fn reactivation_lowers_net_churn_and_stays_out_of_the_quick_ratio() {
    let range = Bridge {
        start: 1_000,
        new: 100,
        reactivation: 50,
        contraction: 20,
        churn: 80,
        ..Bridge::default()
    };
    assert_eq!(tenths(net_mrr_churn(&range)), Some(50));
    assert_eq!(tenths(quick_ratio(&range)), Some(1_000));
}

#[test]
fn stripes_churn_of_a_hundred_in_1_100() {
    let logos = StripeLogos { active: 1_000, gained: 100, churned: 100 };
    assert_eq!(tenths(logo_churn_stripe(&logos)), Some(91));
    let ratio = logo_churn_stripe(&logos).unwrap();
    assert_eq!(format!("{:.2}", ratio * 100.0), "9.09");
}

#[test]
fn arpa_is_mrr_by_subscriber_in_minor_units() {
    assert_eq!(arpa(units(30_000), 4), Some(7_500.0));
}

#[test]
fn nothing_is_divided_by_zero() {
    let (range, cohort) = (Bridge::default(), Cohort::default());
    let ratios = [
        quick_ratio(&range),
        gross_mrr_churn(&range),
        net_mrr_churn(&range),
        growth_rate(&range),
        nrr(&cohort),
        grr(&cohort),
        logo_churn(&cohort),
        logo_churn_stripe(&StripeLogos::default()),
        arpa(0, 0),
        trial_conversion(0, 0),
    ];
    assert_eq!(ratios, [None; 10]);
}

#[test]
fn bridges_beyond_64_bits_are_refused() {
    assert!(Bridge { start: i64::MAX, new: 1, ..Bridge::default() }.end().is_err());
}

fn trial(end: Seconds) -> Subscription {
    Subscription {
        status: SubscriptionStatus::Trialing,
        trial_start: Some(0),
        trial_end: Some(end),
        ..ten_dollars()
    }
}

#[test]
fn trials_convert_by_their_first_payment_after_the_end() {
    let over = in_status(&trial(200), SubscriptionStatus::Active);
    let life = [at(100, &trial(200)), at(205, &over)];
    assert_eq!(trial_outcome(&life, &[900, 260, 150]), Some(TrialOutcome::Converted(260)));
    assert_eq!(trial_outcome(&life, &[150]), Some(TrialOutcome::Open(200)), "a set-up fee");
    assert_eq!(trial_outcome(&[at(1, &ten_dollars())], &[5]), None);
}

#[test]
fn trials_that_end_first_are_cancelled() {
    let gone = ended(&trial(200), 200, "cancellation_requested");
    let life = [at(100, &trial(200)), deleted(at(203, &gone))];
    assert_eq!(trial_outcome(&life, &[]), Some(TrialOutcome::Cancelled(200)));
    assert_eq!(trial_outcome(&life, &[999]), Some(TrialOutcome::Cancelled(200)));

    let over = in_status(&trial(200), SubscriptionStatus::Active);
    let churned = ended(&over, 5_000, "");
    let life = [at(100, &trial(200)), at(205, &over), at(5_000, &churned)];
    assert_eq!(trial_outcome(&life, &[260]), Some(TrialOutcome::Converted(260)));
}

#[test]
fn conversion_counts_trials_that_ended_in_the_range() {
    use TrialOutcome::*;
    let outcomes = [Converted(10), Converted(20), Cancelled(15), Open(12), Cancelled(30)];
    let found = tally(&outcomes, 10, 30);
    assert_eq!(found, TrialTally { converted: 2, cancelled: 1, open: 1 });
    assert_eq!(tenths(trial_conversion(found.converted, found.cancelled)), Some(667));
}
