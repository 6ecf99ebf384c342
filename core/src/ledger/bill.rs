//! A final invoice as the ledger reads it: totals, tax by rate, lines that add up.
//!
//! Amounts are the newest final version's. Lines are those of the newest version that shows all
//! of them. Where only a cut list was seen, what is missing counts as one line over the hull of
//! the periods seen; where a whole list does not add up, the last line takes the difference.

use super::amount::{Result, sub, sum};
use super::timeline::{Timeline, Version};
use crate::billing::facts::{Invoice, InvoiceStatus, Line, Seconds, Tax};
use crate::money::Currency;
use std::collections::BTreeMap;

/// An instant, and the event that shows what happened then.
pub(super) type Dated<'a> = (Seconds, &'a str);

/// A final invoice.
#[derive(Debug)]
pub(super) struct Bill<'a> {
    pub(super) id: &'a str,
    pub(super) currency: Currency,
    /// When it was finalised: `finalized_at`, else the second of the first version that is final.
    pub(super) finalized: Dated<'a>,
    pub(super) total: i64,
    /// `total` without tax: what the lines sum to.
    pub(super) net: i64,
    /// By tax rate id, summing to the rest of `total`.
    pub(super) taxes: BTreeMap<String, i64>,
    pub(super) lines: Vec<Line>,
    /// Only a part of the lines was seen.
    pub(super) cut: bool,
    /// Customer credit applied at finalisation; negative: given.
    pub(super) credit: i64,
    pub(super) paid: Option<Dated<'a>>,
    pub(super) voided: Option<Dated<'a>>,
    pub(super) uncollectible: Option<Dated<'a>>,
    pub(super) invoice: &'a Timeline<'a, Invoice>,
}

impl<'a> Bill<'a> {
    /// `None`: a draft so far, or in no currency.
    pub(super) fn of(invoice: &'a Timeline<'a, Invoice>) -> Result<Option<Bill<'a>>> {
        let last = invoice.newest(|it| is_final(it).then_some(it));
        let (Some(first), Some(it)) = (invoice.first(is_final), last) else { return Ok(None) };
        let Some(currency) = it.currency else { return Ok(None) };
        let finalized = invoice.newest(|it| it.finalized_at.filter(|_| is_final(it)));
        let ending = invoice.newest(|it| it.ending_balance.map(|end| (end, it.starting_balance)));
        let finalized = finalized.unwrap_or(first.second);
        let after = |(second, event): Dated<'a>| (second.max(finalized), event);
        let (ending, starting) = ending.unwrap_or_default();
        let whole = invoice.newest(|it| (is_final(it) && !it.lines_cut).then_some(it));
        Ok(Some(Bill {
            id: invoice.id,
            currency,
            finalized: (finalized, first.event),
            total: it.total,
            net: it.total_excluding_tax,
            taxes: taxes_by_rate(&it.taxes, it.total, it.total_excluding_tax)?,
            lines: lines(whole.unwrap_or(it), it.total_excluding_tax)?,
            cut: whole.is_none(),
            credit: sub(ending, starting)?,
            paid: reached(invoice, InvoiceStatus::Paid, |it| it.paid_at),
            voided: reached(invoice, InvoiceStatus::Void, |it| it.voided_at).map(after),
            uncollectible: given_up(invoice).map(after),
            invoice,
        }))
    }

    /// Of its money the part without tax, as a numerator and its denominator. All of it where the
    /// total is nothing: what was paid then is a debt carried over from invoices before.
    pub(super) fn without_tax(&self) -> (i64, i64) {
        if self.total == 0 { (1, 1) } else { (self.net, self.total) }
    }
}

pub(super) fn is_final(invoice: &Invoice) -> bool {
    invoice.status != InvoiceStatus::Draft
}

/// Tax by rate, such that it sums to `total - net`: what no rate tells is under the empty one.
pub(super) fn taxes_by_rate(taxes: &[Tax], total: i64, net: i64) -> Result<BTreeMap<String, i64>> {
    let mut by_rate: BTreeMap<String, i64> = BTreeMap::new();
    for tax in taxes {
        let known = by_rate.entry(tax.rate.clone()).or_default();
        *known = super::amount::add(*known, tax.amount)?;
    }
    let missing = sub(sub(total, net)?, sum(by_rate.values().copied())?)?;
    if missing != 0 {
        let unnamed = by_rate.entry(String::new()).or_default();
        *unnamed = super::amount::add(*unnamed, missing)?;
    }
    Ok(by_rate)
}

/// When a status was reached: by its own timestamp, else by the first version that shows it.
fn reached<'a>(
    invoice: &Timeline<'a, Invoice>,
    status: InvoiceStatus,
    at: impl Fn(&Invoice) -> Option<Seconds>,
) -> Option<Dated<'a>> {
    let Version { second, event, .. } = invoice.first(|it| it.status == status)?;
    let own = invoice.newest(|it| if it.status == status { at(it) } else { None });
    Some((own.unwrap_or(second), event))
}

/// As [`reached`]; later versions tell it too.
fn given_up<'a>(invoice: &Timeline<'a, Invoice>) -> Option<Dated<'a>> {
    let shows =
        |it: &Invoice| it.status == InvoiceStatus::Uncollectible || it.uncollectible_at.is_some();
    let Version { second, event, .. } = invoice.first(shows)?;
    Some((invoice.newest(|it| it.uncollectible_at).unwrap_or(second), event))
}

/// The invoice's lines, made to sum to `net`.
fn lines(invoice: &Invoice, net: i64) -> Result<Vec<Line>> {
    let mut lines = invoice.lines.clone();
    let missing = sub(net, sum(lines.iter().map(|line| line.net))?)?;
    if missing == 0 {
        return Ok(lines);
    }
    match lines.last_mut() {
        Some(last) if !invoice.lines_cut => last.net = super::amount::add(last.net, missing)?,
        _ => lines.push(Line {
            net: missing,
            period_start: invoice.lines.iter().map(|line| line.period_start).min().unwrap_or(0),
            period_end: invoice.lines.iter().map(|line| line.period_end).max().unwrap_or(0),
            ..Line::default()
        }),
    }
    Ok(lines)
}
