//! Money that goes back: what refunds and disputes have in common.

use super::Account;
use super::amount::{Result, sub};
use super::journal::{Entry, Journal};
use super::payment::captures;
use super::revenue::{self, Flow, RevenueKind};
use super::settlement::{Money, Purpose, Settlement};
use super::timeline::Step;
use super::transfer::TransferKind;
use crate::billing::facts::CheckoutSession;
use crate::unconfirmed::Reason;
use std::collections::BTreeMap;

/// Money that went back, or, negative, did not after all.
#[derive(Clone, Copy, Debug)]
pub(super) struct Return<'a> {
    pub(super) entry: Entry<'a>,
    pub(super) money: Money<'a>,
    pub(super) way: Way,
    /// With tax.
    pub(super) delta: i64,
    /// The part of it that no credit note settles.
    pub(super) bare: i64,
}

/// By which way money went back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Refund,
    Dispute,
    /// A dispute settled in another currency than the charge's.
    ForeignDispute,
}

impl Way {
    pub(super) fn transfer(self) -> TransferKind {
        match self {
            Way::Refund => TransferKind::BareRefund,
            Way::Dispute | Way::ForeignDispute => TransferKind::Dispute,
        }
    }

    fn revenue(self) -> RevenueKind {
        match self {
            Way::Refund => RevenueKind::Refund,
            Way::Dispute | Way::ForeignDispute => RevenueKind::Dispute,
        }
    }

    /// The contra revenue account.
    pub(super) fn contra(self) -> Account {
        match self {
            Way::Refund => Account::Refunds,
            Way::Dispute | Way::ForeignDispute => Account::Disputes,
        }
    }

    /// Where the money is taken from.
    pub(super) fn counter(self) -> Account {
        match self {
            Way::Refund => Account::RefundsClearing,
            Way::Dispute => Account::StripeBalance,
            Way::ForeignDispute => Account::Fx,
        }
    }
}

impl<'a> Return<'a> {
    pub(super) fn flow(&self) -> Flow<'a> {
        Flow { entry: self.entry, kind: self.way.revenue(), delta: self.delta }
    }

    /// Posts the whole of it against an account.
    pub(super) fn post_to(&self, account: Account, journal: &mut Journal) -> Result<()> {
        journal.step(self.entry, self.way.transfer(), account, self.way.counter(), self.bare)
    }
}

/// Links what went back to its invoice, and marks the money that was not seen.
pub(super) fn mark_and_link(
    settlement: &Settlement<'_>,
    returns: &[Return<'_>],
    journal: &mut Journal,
) {
    for returned in returns {
        let money = returned.money;
        if let Purpose::Invoice(invoice) = settlement.purpose(money) {
            journal.link(returned.entry.object, invoice);
        }
        let seen = match (money.charge, money.intent) {
            (Some(charge), _) => settlement.charges.contains_key(charge),
            (None, Some(intent)) => settlement.intents.contains_key(intent),
            (None, None) => true,
        };
        if let (false, Some(named)) = (seen, money.charge.or(money.intent)) {
            journal.mark(named, Reason::ParentMissing);
        }
    }
}

/// Posts sales without an invoice, what went back of them, and what went back of money that
/// nobody explains: that waits in refunds_clearing, as the money itself waits in clearing.
pub(super) fn post_sales(
    settlement: &Settlement<'_>,
    returns: &[Return<'_>],
    journal: &mut Journal,
) -> Result<()> {
    let mut sales = sales(settlement)?;
    for returned in returns {
        match settlement.purpose(returned.money) {
            Purpose::Invoice(_) => {}
            Purpose::Credit(..) => returned.post_to(Account::CustomerCredit, journal)?,
            Purpose::Unknown => returned.post_to(Account::RefundsClearing, journal)?,
            Purpose::Sale(id, _) => {
                returned.post_to(returned.way.contra(), journal)?;
                if let Some(sale) = sales.get_mut(id) {
                    sale.flows.push(returned.flow());
                }
            }
        }
    }
    for sale in sales.into_values() {
        for (flow, share) in revenue::post(journal, (sale.net, sale.gross), sale.flows)? {
            post_sale(flow, share, journal)?;
        }
    }
    Ok(())
}

/// A sale without an invoice: what of it is without tax, and the money that came in.
#[derive(Debug)]
pub(super) struct OneOff<'a> {
    pub(super) net: i64,
    pub(super) gross: i64,
    pub(super) flows: Vec<Flow<'a>>,
}

/// Sales without an invoice, by session or charge.
pub(super) fn sales<'a>(settlement: &Settlement<'a>) -> Result<BTreeMap<&'a str, OneOff<'a>>> {
    paid(settlement, |purpose| match purpose {
        Purpose::Sale(id, session) => Some((id, session)),
        _ => None,
    })
}

/// Money that went through the customer's credit into a subscription's first invoice, by the
/// session that asked for it.
pub(super) fn credits<'a>(settlement: &Settlement<'a>) -> Result<BTreeMap<&'a str, OneOff<'a>>> {
    paid(settlement, |purpose| match purpose {
        Purpose::Credit(id, session) => Some((id, Some(session))),
        _ => None,
    })
}

/// What charges of one purpose brought, by the name that it gives.
fn paid<'a>(
    settlement: &Settlement<'a>,
    named: impl Fn(Purpose<'a>) -> Option<(&'a str, Option<&'a CheckoutSession>)>,
) -> Result<BTreeMap<&'a str, OneOff<'a>>> {
    let mut sales: BTreeMap<&str, OneOff<'_>> = BTreeMap::new();
    for charge in settlement.charges.values() {
        let purpose = settlement.purpose(settlement.money(Some(charge.id), None));
        let (Some((id, session)), Some(currency)) =
            (named(purpose), charge.newest(|it| it.currency))
        else {
            continue;
        };
        let totals = session.map_or((1, 0), |it| (it.amount_total, it.amount_tax));
        // A session that names no total says of no part that it is tax.
        let (gross, tax) = if totals.0 > 0 { totals } else { (1, 0) };
        let new = OneOff { net: sub(gross, tax)?, gross, flows: Vec::new() };
        let known = sales.entry(id).or_insert(new);
        for Step { second, event, delta } in captures(charge)? {
            let entry = Entry { object: charge.id, currency, second, event };
            known.flows.push(Flow { entry, kind: RevenueKind::OneOff, delta });
        }
    }
    Ok(sales)
}

fn post_sale(flow: Flow<'_>, share: i64, journal: &mut Journal) -> Result<()> {
    let (kind, from) = (TransferKind::OneOff, Account::PaymentsClearing);
    let tax = sub(flow.delta, share)?;
    let kind = if flow.delta < 0 { kind.undone() } else { kind };
    journal.post(flow.entry, kind, from.clone(), Account::OneOffRevenue, share)?;
    journal.post(flow.entry, kind, from, Account::TaxPayable(String::new()), tax)
}
