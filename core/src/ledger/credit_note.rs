//! Credit notes: what they lower, and how they were given back.
//!
//! A note counts from its `created`; voided, it is mirrored at `voided_at`, else at the second of
//! the version that shows it. The refunds it lists settle it and lower revenue only through it;
//! those that only a voided note lists are bare.

use super::Account;
use super::amount::{Result, add, sub, sum};
use super::bill::{Dated, taxes_by_rate};
use super::journal::{Entry, Journal, Side};
use super::settlement::Settlement;
use super::timeline::Timeline;
use super::transfer::TransferKind;
use crate::billing::facts::CreditNote;
use crate::money::Currency;
use crate::unconfirmed::Reason;
use std::collections::BTreeMap;

const VOID: &str = "void";

/// A credit note as the ledger reads it.
#[derive(Debug)]
pub(super) struct Note<'a> {
    pub(super) id: &'a str,
    pub(super) currency: Currency,
    pub(super) issued: Dated<'a>,
    pub(super) voided: Option<Dated<'a>>,
    /// Without tax.
    pub(super) net: i64,
    pub(super) taxes: BTreeMap<String, i64>,
    /// What it lowered the open invoice by.
    pub(super) receivable: i64,
    credits: Vec<Side>,
}

impl<'a> Note<'a> {
    /// `None`: in no currency.
    pub(super) fn of(
        settlement: &Settlement<'a>,
        note: &Timeline<'a, CreditNote>,
    ) -> Result<Option<Note<'a>>> {
        let (first, it) = (&note.versions[0], note.last());
        let Some(currency) = note.newest(|it| it.currency) else { return Ok(None) };
        let void = note.first(|it| it.status == VOID);
        let voided_at = note.newest(|it| it.voided_at);
        let issued = first.state.created;
        let (refunded, credited) = given_back(settlement, it)?;
        let receivable = sub(it.total, sum([refunded, credited, it.out_of_band])?)?;
        Ok(Some(Note {
            id: note.id,
            currency,
            issued: (issued, first.event),
            voided: void.map(|void| (voided_at.unwrap_or(void.second).max(issued), void.event)),
            net: it.total_excluding_tax,
            taxes: taxes_by_rate(&it.taxes, it.total, it.total_excluding_tax)?,
            receivable,
            credits: vec![
                (Account::Receivable, receivable),
                (Account::RefundsClearing, refunded),
                (Account::CustomerCredit, credited),
                (Account::OffStripe, it.out_of_band),
            ],
        }))
    }

    /// Posts the note, `deferred` of it out of deferred revenue.
    pub(super) fn post(&self, deferred: i64, journal: &mut Journal) -> Result<()> {
        let debits = self.debits(deferred)?;
        let kind = TransferKind::CreditNote;
        journal.spread(self.entry(self.issued), kind, &debits, &self.credits)
    }

    /// Posts its mirror, if it was voided.
    pub(super) fn post_undone(&self, deferred: i64, journal: &mut Journal) -> Result<()> {
        let Some(voided) = self.voided else { return Ok(()) };
        let debits = self.debits(deferred)?;
        let kind = TransferKind::CreditNoteUndone;
        journal.spread(self.entry(voided), kind, &self.credits, &debits)
    }

    fn debits(&self, deferred: i64) -> Result<Vec<Side>> {
        let contra = (Account::CreditNotes, sub(self.net, deferred)?);
        let taxes = self.taxes.iter();
        let taxes = taxes.map(|(rate, amount)| (Account::TaxPayable(rate.clone()), *amount));
        Ok([contra, (Account::DeferredRevenue, deferred)].into_iter().chain(taxes).collect())
    }

    fn entry(&self, (second, event): Dated<'a>) -> Entry<'a> {
        Entry { object: self.id, currency: self.currency, second, event }
    }
}

/// Marks the refunds that a standing note settles and that were not seen: those it lists, else the
/// note itself.
pub(super) fn mark_unseen(
    settlement: &Settlement<'_>,
    note: &Timeline<'_, CreditNote>,
    journal: &mut Journal,
) -> Result<()> {
    let it = note.last();
    if it.status == VOID {
        return Ok(());
    }
    for named in it.refunds.iter().map(|listed| listed.refund.as_str()) {
        if !settlement.refunds.contains_key(named) {
            journal.mark(named, Reason::ParentMissing);
        }
    }
    if it.refunds.is_empty() && given_back(settlement, it)?.0 != 0 {
        journal.mark(note.id, Reason::RefundUnseen);
    }
    Ok(())
}

/// What a note gave back by refunds, and as credit; all but this, and what went outside Stripe,
/// lowers the receivable. By refunds: all that is left of it once a refund or an amount paid after
/// payment says so. Where a note names a refund without an amount and gave credit too, the credit is
/// what the refund leaves; until the refund is seen it is taken for all.
fn given_back(settlement: &Settlement<'_>, note: &CreditNote) -> Result<(i64, i64)> {
    if note.refunds.is_empty() && note.post_payment_amount == 0 {
        return Ok((0, note.credited));
    }
    let mut unsaid = Vec::new();
    for it in note.refunds.iter().filter(|it| it.amount.is_none()) {
        let seen = settlement.refunds.get(it.refund.as_str());
        unsaid.push(seen.map_or(note.credited, |refund| refund.last().amount));
    }
    let credited = sub(note.credited, sum(unsaid)?.clamp(0, note.credited.max(0)))?;
    let otherwise = sum([note.pre_payment_amount, credited, note.out_of_band])?;
    Ok((sub(note.total, otherwise)?, credited))
}

/// What credit notes settle of each refund, by the refund's id.
pub(super) fn noted<'a>(settlement: &Settlement<'a>) -> Result<BTreeMap<&'a str, i64>> {
    let mut noted = BTreeMap::new();
    for (_, refund, amount) in listed(settlement)? {
        let known = noted.entry(refund).or_default();
        *known = add(*known, amount)?;
    }
    Ok(noted)
}

/// What credit notes settle of refunds that were not seen, by the invoice's id.
pub(super) fn noted_unseen<'a>(settlement: &Settlement<'a>) -> Result<BTreeMap<&'a str, i64>> {
    let mut noted = BTreeMap::new();
    for (invoice, refund, amount) in listed(settlement)? {
        if !settlement.refunds.contains_key(refund) {
            let known = noted.entry(invoice).or_default();
            *known = add(*known, amount)?;
        }
    }
    Ok(noted)
}

/// Invoice, refund and amount for every refund that a standing note lists.
fn listed<'a>(settlement: &Settlement<'a>) -> Result<Vec<(&'a str, &'a str, i64)>> {
    let mut listed = Vec::new();
    for note in settlement.notes.values().map(Timeline::last).filter(|it| it.status != VOID) {
        let explicit = sum(note.refunds.iter().filter_map(|refund| refund.amount))?;
        let mut rest = sub(given_back(settlement, note)?.0, explicit)?.max(0);
        for refund in &note.refunds {
            let amount = match refund.amount {
                Some(amount) => amount,
                None => {
                    let whole = settlement.refunds.get(refund.refund.as_str());
                    let amount = whole.map_or(rest, |whole| whole.last().amount.min(rest));
                    rest = sub(rest, amount)?;
                    amount
                }
            };
            listed.push((note.invoice.as_str(), refund.refund.as_str(), amount));
        }
    }
    Ok(listed)
}
