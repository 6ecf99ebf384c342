//! Commissions sale by sale: without tiers, and with slabs.

use super::super::decision::{Acts, Log};
use super::super::sale::Sale;
use super::super::terms::{Rate, Terms};
use super::exchange::{from_program, to_program};
use super::{Book, Kind};
use crate::ledger::LedgerError;
use crate::ledger::amount::{part, sub};
use crate::money::Currency;
use crate::time::Timestamp;
use std::collections::BTreeMap;

/// What one sale earns.
#[derive(Clone, Debug)]
pub(super) struct Plan<'a> {
    pub(super) sale: &'a Sale,
    currency: Currency,
    /// From when on how much is earned, ascending.
    levels: Vec<(Timestamp, i64)>,
}

impl<'a> Plan<'a> {
    /// A percentage is paid in the sale's currency, a fixed amount in the program's.
    pub(super) fn of(terms: &Terms, sale: &'a Sale, rate: Rate) -> Result<Plan<'a>, LedgerError> {
        let mut levels = Vec::new();
        for instant in sale.instants() {
            let base = sale.base_at(instant)?;
            let earned = match rate {
                Rate::Bps(bps) => part(base, bps, 10_000)?,
                Rate::Fixed(amount) if base > 0 => amount,
                Rate::Fixed(_) => 0,
            };
            levels.push((instant, earned));
        }
        let currency = match rate {
            Rate::Bps(_) => sale.currency,
            Rate::Fixed(_) => terms.currency,
        };
        Ok(Plan { sale, currency, levels })
    }

    fn earned_at(&self, instant: Timestamp) -> i64 {
        let known = self.levels.iter().rev().find(|(at, _)| *at <= instant);
        known.map_or(0, |(_, earned)| *earned)
    }
}

/// Limits what the plans of each group earn together; earlier sales come first. What is reversed
/// later makes no room. A currency without a rate is not compared with the cap.
pub(super) fn cap<K: Ord>(
    terms: &Terms,
    plans: &mut [Plan<'_>],
    cap: Option<i64>,
    group: impl Fn(&Sale) -> K,
) -> Result<(), LedgerError> {
    let Some(cap) = cap else { return Ok(()) };
    let mut left: BTreeMap<K, i64> = BTreeMap::new();
    for plan in plans {
        let left = left.entry(group(plan.sale)).or_insert(cap);
        let Some(most) = from_program(terms, *left, plan.currency)? else { continue };
        for (_, earned) in &mut plan.levels {
            *earned = (*earned).min(most);
        }
        let earned = plan.levels.last().map_or(0, |(_, earned)| *earned);
        let taken = to_program(terms, earned, plan.currency)?.unwrap_or(0);
        *left = sub(*left, taken)?.max(0);
    }
    Ok(())
}

/// Posts what a sale earns and what of it goes back.
///
/// `reversed = round(earned * returned / captured)`, where what was returned are refunds that
/// stand and lost disputes; rejected, everything is reversed.
pub(super) fn post(plan: &Plan<'_>, log: &Log<'_>, book: &mut Book) -> Result<(), LedgerError> {
    let (sale, currency) = (plan.sale, plan.currency);
    let acts = Acts::on(sale, log);
    let mut instants = sale.instants();
    instants.extend(acts.instants().map(|at| at.max(sale.paid_at)));
    let (mut earned, mut reversed) = (0, 0);
    for instant in instants {
        let rejected = acts.is_rejected(instant);
        let earns = plan.earned_at(instant);
        let goes =
            if rejected { earns } else { part(earns, sale.returned_at(instant)?, sale.captured)? };
        let kind = if earns < earned { Kind::Reversed } else { Kind::Earned };
        book.add(sale, kind, instant, currency, sub(earns, earned)?)?;
        book.returned(sale, rejected, instant, currency, sub(reversed, goes)?)?;
        (earned, reversed) = (earns, goes);
    }
    Ok(())
}
