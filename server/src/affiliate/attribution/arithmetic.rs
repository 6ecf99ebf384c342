//! How the amount of a commission came about, line by line.

use super::store::Posted;
use crate::error::Error;
use takings_core::affiliate::Terms;
use takings_core::affiliate::commission::Kind;
use takings_core::affiliate::sale::Sale;
use takings_core::affiliate::terms::Rate;
use takings_core::ledger::LedgerError;
use takings_core::money::share;

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) label: &'static str,
    pub(super) expression: String,
    pub(super) result: i64,
    pub(super) unit: &'static str,
}

fn minor(label: &'static str, expression: impl Into<String>, result: i64) -> Step {
    Step { label, expression: expression.into(), result, unit: "minor" }
}

/// The lines of a commission; `before` is what earlier rows of the same target had posted.
///
/// What a sale earns by itself is shown in full. With tiers, and with caps that were reached, it
/// follows from other sales too: then the lines say from which amounts, and what was posted.
pub(super) fn steps(
    posted: &Posted,
    sale: Option<&Sale>,
    terms: &Terms,
    before: i64,
) -> Result<Vec<Step>, Error> {
    let mut steps = Vec::new();
    if let Some(sale) = sale {
        of_sale(&mut steps, posted, sale, terms).map_err(Error::internal)?;
    }
    if before != 0 {
        steps.push(minor("posted_before", "sum of earlier rows of the same target", before));
    }
    let target = posted.amount.saturating_add(before);
    steps.push(minor("amount", format!("{target} - {before}"), posted.amount));
    Ok(steps)
}

fn of_sale(
    steps: &mut Vec<Step>,
    posted: &Posted,
    sale: &Sale,
    terms: &Terms,
) -> Result<(), LedgerError> {
    let at = posted.occurred;
    let base = sale.base_at(at)?;
    steps.push(minor("captured", "what was paid, tax included", sale.captured));
    steps.push(minor("base", "what was paid by then, without tax", base));
    let earned = match (&terms.tiers, terms.rate) {
        (None, Rate::Bps(bps)) => {
            steps.push(Step {
                label: "rate",
                expression: "the rate of the terms".to_owned(),
                result: bps,
                unit: "bps",
            });
            let earned = share(base, bps, 10_000).ok_or(LedgerError::Overflow)?;
            steps.push(minor("earned", format!("{base} * {bps} / 10000"), earned));
            earned
        }
        (None, Rate::Fixed(amount)) => {
            steps.push(minor("earned", "the fixed amount of the terms, once an order", amount));
            amount
        }
        (Some(tiers), _) => {
            let count = i64::try_from(tiers.steps.len()).unwrap_or(i64::MAX);
            steps.push(Step {
                label: "tiers",
                expression: "by the tiers of the terms, over all sales of the period".to_owned(),
                result: count,
                unit: "count",
            });
            return Ok(());
        }
    };
    capped(steps, terms, earned);
    if Kind::parse(&posted.kind) != Some(Kind::Earned) {
        let returned = sale.returned_at(at)?;
        steps.push(minor("returned", "refunds that stand and lost disputes by then", returned));
        let reversed = match sale.captured {
            0 => 0,
            captured => share(earned, returned, captured).ok_or(LedgerError::Overflow)?,
        };
        let expression = format!("{earned} * {returned} / {}", sale.captured);
        steps.push(minor("reversed", expression, reversed));
    }
    Ok(())
}

/// The caps that may have limited what was earned.
fn capped(steps: &mut Vec<Step>, terms: &Terms, earned: i64) {
    let caps = [
        ("sale_cap", terms.caps.sale),
        ("customer_cap", terms.caps.customer),
        ("period_cap", terms.caps.period),
    ];
    for (label, cap) in caps {
        if let Some(cap) = cap {
            steps.push(minor(label, format!("{earned}, at most {cap} together"), cap));
        }
    }
}
