//! Rates by tier: slabs, and the marginal sum.

use super::super::sale::Sale;
use super::super::terms::{Measure, Period, Rate, Terms, Tiers};
use super::exchange::to_program;
use super::single::Plan;
use crate::ledger::LedgerError;
use crate::ledger::amount::{add, sub};
use crate::time::DAY_MICROS;
use std::collections::{BTreeSet, VecDeque};

/// 30 times 86,400 seconds.
const ROLLING: i64 = 30 * DAY_MICROS;

/// Slabs: every sale at the rate reached when it was made. `sales` are of one period, in order.
///
/// A count holds this sale, net revenue does not. Refunds move no rate: an earlier sale was made,
/// whatever became of it.
pub(super) fn slab<'a>(
    terms: &Terms,
    tiers: &Tiers,
    sales: &[&'a Sale],
) -> Result<Vec<Plan<'a>>, LedgerError> {
    let mut plans = Vec::new();
    let mut orders: BTreeSet<&str> = BTreeSet::new();
    let mut window: VecDeque<(&Sale, i64)> = VecDeque::new();
    let mut measured = 0;
    for sale in sales {
        let rolls = tiers.period == Period::Rolling30Days;
        let is_over = |old: &Sale| rolls && old.paid_at.0 <= sale.paid_at.0.saturating_sub(ROLLING);
        while let Some((old, amount)) = window.front().copied() {
            if !is_over(old) {
                break;
            }
            measured = sub(measured, amount)?;
            window.pop_front();
        }
        let first = sale.stands() && orders.insert(&sale.order);
        let own = match tiers.measure {
            Measure::Sales => i64::from(first),
            Measure::NewCustomers => i64::from(first && sale.new_customer),
            Measure::NetRevenue => {
                to_program(terms, sale.whole_base()?, sale.currency)?.unwrap_or(0)
            }
        };
        let after = add(measured, own)?;
        let reached = if tiers.measure == Measure::NetRevenue { measured } else { after };
        plans.push(Plan::of(terms, sale, Rate::Bps(tiers.rate(reached)))?);
        window.push_back((sale, own));
        measured = after;
    }
    Ok(plans)
}

/// `C(V) = sum of rate * (the part of V in the tier)`, rounded once.
pub fn marginal(tiers: &Tiers, revenue: i64) -> Result<i64, LedgerError> {
    let mut parts = 0_i128;
    for (place, step) in tiers.steps.iter().enumerate() {
        let end = tiers.steps.get(place + 1).map_or(i64::MAX, |next| next.threshold);
        let overlap = i128::from(revenue.min(end)) - i128::from(step.threshold);
        parts += overlap.max(0) * i128::from(step.rate_bps);
    }
    i64::try_from((parts + 5_000) / 10_000).map_err(|_| LedgerError::Overflow)
}
