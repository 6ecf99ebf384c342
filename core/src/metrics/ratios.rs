//! Ratios over ranges. Amounts are units of MRR of one currency; every
//! ratio is `None` where its denominator is zero; foreign-exchange effects are in none.

// Statistics live here: a ratio is shown, never posted, and no money is computed from one.
#![allow(clippy::float_arithmetic)]

use crate::billing::{Movement, MovementKind, Overflow};
use serde::{Deserialize, Serialize};

/// MRR from the start of a range to its end, every part as a positive amount.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bridge {
    /// MRR at the start.
    pub start: i64,
    /// From customers who never paid before.
    pub new: i64,
    /// From customers who came back.
    pub reactivation: i64,
    /// From customers who pay more.
    pub expansion: i64,
    /// Lost with customers who pay less.
    pub contraction: i64,
    /// Lost with customers who left.
    pub churn: i64,
    /// What changed rates did to the reporting value; signed.
    pub fx: i64,
}

impl Bridge {
    /// MRR at the end of the range: the identity that is checked every day, in integers.
    pub fn end(&self) -> Result<i64, Overflow> {
        let gained = [self.start, self.new, self.reactivation, self.expansion, self.fx];
        let lost = [self.contraction, self.churn];
        let gained = gained.into_iter().try_fold(0_i64, i64::checked_add);
        let sum = lost.into_iter().try_fold(gained.ok_or(Overflow)?, i64::checked_sub);
        sum.ok_or(Overflow)
    }

    /// Adds one movement of the range.
    pub fn add(&mut self, movement: &Movement) -> Result<(), Overflow> {
        let part = match movement.kind {
            MovementKind::New => &mut self.new,
            MovementKind::Reactivation => &mut self.reactivation,
            MovementKind::Expansion => &mut self.expansion,
            MovementKind::Contraction => &mut self.contraction,
            MovementKind::Churn => &mut self.churn,
        };
        let amount = movement.units.checked_abs().ok_or(Overflow)?;
        *part = part.checked_add(amount).ok_or(Overflow)?;
        Ok(())
    }
}

/// The customers who were active at the start of a range, and what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cohort {
    /// How many customers had MRR at the start.
    pub customers: i64,
    /// Their MRR at the start.
    pub start: i64,
    /// Their MRR at the end; those who left and came back count.
    pub end: i64,
    /// The sum over these customers of the smaller of their MRR at start and end.
    pub kept: i64,
    /// How many of them have no MRR at the end.
    pub lost: i64,
}

/// What Stripe's churn rate is made of, over 30 days.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StripeLogos {
    /// Subscribers at the start.
    pub active: i64,
    /// Movements of kind new or reactivation.
    pub gained: i64,
    /// Movements of kind churn.
    pub churned: i64,
}

/// `num / den`, or nothing where there is nothing to divide by.
fn ratio(num: i128, den: i128) -> Option<f64> {
    (den != 0).then(|| num as f64 / den as f64)
}

fn sum<const N: usize>(parts: [i64; N]) -> i128 {
    parts.into_iter().map(i128::from).sum()
}

/// How much of a whole a part is.
pub fn rate(part: i64, whole: i64) -> Option<f64> {
    ratio(part.into(), whole.into())
}

/// (New + Expansion) / (Contraction + Churn); reactivation stays out (Baremetrics).
pub fn quick_ratio(range: &Bridge) -> Option<f64> {
    ratio(sum([range.new, range.expansion]), sum([range.contraction, range.churn]))
}

/// (churn + contraction) / start MRR: by movements, so it can exceed 1.
pub fn gross_mrr_churn(range: &Bridge) -> Option<f64> {
    ratio(sum([range.churn, range.contraction]), range.start.into())
}

/// (churn + contraction - expansion - reactivation) / start MRR (ChartMogul).
pub fn net_mrr_churn(range: &Bridge) -> Option<f64> {
    let lost = sum([range.churn, range.contraction]);
    ratio(lost - sum([range.expansion, range.reactivation]), range.start.into())
}

/// (end MRR - start MRR) / start MRR, without foreign-exchange effects.
pub fn growth_rate(range: &Bridge) -> Option<f64> {
    let gained = sum([range.new, range.reactivation, range.expansion]);
    ratio(gained - sum([range.contraction, range.churn]), range.start.into())
}

/// Net revenue retention: end MRR of the customers active at the start / their start MRR.
pub fn nrr(cohort: &Cohort) -> Option<f64> {
    ratio(cohort.end.into(), cohort.start.into())
}

/// Gross revenue retention: the same with the smaller of start and end MRR a customer; at most 1.
pub fn grr(cohort: &Cohort) -> Option<f64> {
    ratio(cohort.kept.into(), cohort.start.into())
}

/// Active at the start and zero at the end / active at the start (ChartMogul).
pub fn logo_churn(cohort: &Cohort) -> Option<f64> {
    ratio(cohort.lost.into(), cohort.customers.into())
}

/// Churn events in 30 days / (active then + new or reactivated) (Stripe).
pub fn logo_churn_stripe(logos: &StripeLogos) -> Option<f64> {
    ratio(logos.churned.into(), sum([logos.active, logos.gained]))
}

/// MRR in minor units / subscribers: the average of those who pay.
pub fn arpa(mrr_units: i64, subscribers: i64) -> Option<f64> {
    let units = i128::from(subscribers) * i128::from(crate::billing::UNITS_PER_MINOR);
    ratio(mrr_units.into(), units)
}

/// Trials converted / trials ended by conversion or cancellation.
pub fn trial_conversion(converted: i64, cancelled: i64) -> Option<f64> {
    ratio(converted.into(), sum([converted, cancelled]))
}
