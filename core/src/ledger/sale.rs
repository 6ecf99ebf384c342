//! Sales as the affiliate programme counts them: money that came in, and what became of it.
//!
//! A sale is an invoice payment, or a charge without an invoice, with the share without tax that
//! gross revenue counts. What an invoice says was paid by nothing that was seen is a sale only
//! once something says with which money; applied credit is none, and a credit note none either:
//! only refunded money lowers a sale.
//!
//! Checkout may take the money of a subscription's first invoice before the invoice is made, put it
//! into the customer's credit (`checkout_session_subscription_payment`) and pay the invoice from
//! there. That money moved: the charge is the sale, and the invoice, which it pays as credit, is
//! none. An invoice that credit of before pays, a gift or a correction, sells nothing: no money came.

use super::amount::{Result, add};
use super::bill::Bill;
use super::invoice::{Unseen, payments, post_unseen};
use super::journal::Journal;
use super::returned::{self, Return, Way};
use super::revenue::{self, Flow};
use super::settlement::{Money, Purpose, Settlement, payer};
use super::timeline::Timeline;
use super::{Member, refund};
use crate::affiliate::sale::{Change, DisputeState, Sale, SaleDispute};
use crate::billing::facts::{Dispute, Payer, Seconds};
use crate::time::Timestamp;
use std::collections::BTreeMap;

/// What a Checkout session says of who brought the customer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Referral {
    /// The click's id, as the session was given it; or whatever else the shop calls the buyer.
    pub client_reference_id: Option<String>,
    /// The coupons that it used.
    pub coupons: Vec<String>,
    /// The promotion codes that it used, by id.
    pub promotion_codes: Vec<String>,
    /// When it was made: the instant of a touch by coupon.
    pub at: Timestamp,
    /// The subscription that the session made: whose it is where nothing else says whose.
    pub subscription: Option<String>,
}

/// What the sessions of one settlement say that may name who brought the customer, the earliest first.
/// Which clicks and coupons are a partner's is not known here.
pub fn referrals(members: &[Member]) -> Vec<Referral> {
    let settlement = Settlement::of(members);
    let mut sessions: Vec<_> = settlement.sessions.values().collect();
    sessions.sort_by_key(|session| (session.last().created, session.id));
    let said = sessions.into_iter().map(|session| {
        let it = session.last();
        Referral {
            client_reference_id: session.newest(|it| it.client_reference_id.clone()),
            coupons: it.coupons.clone(),
            promotion_codes: it.promotion_codes.clone(),
            at: Timestamp::from_secs(it.created),
            subscription: session.newest(|it| it.subscription.clone()),
        }
    });
    let tells = |it: &Referral| {
        it.client_reference_id.is_some() || !it.coupons.is_empty() || !it.promotion_codes.is_empty()
    };
    said.filter(tells).collect()
}

/// The sales of one settlement, by payment and id. The order of `members` does not matter.
///
/// Whether a sale is of a new customer is not said: that takes all sales of the customer.
pub fn sales(members: &[Member]) -> Result<Vec<Sale>> {
    let settlement = Settlement::of(members);
    // What the rules of the ledger post on the way is not asked for here.
    let mut aside = Journal::default();
    let mut found = Vec::new();
    for invoice in settlement.invoices.values() {
        if let Some(bill) = Bill::of(invoice)? {
            of_bill(&settlement, &bill, &mut aside, &mut found)?;
        }
    }
    for (order, one_off) in returned::sales(&settlement)? {
        let parts = revenue::post(&mut aside, (one_off.net, one_off.gross), one_off.flows)?;
        for (object, parts) in by_object(parts) {
            let money = settlement.money(Some(object), None);
            found.extend(Found::of(&settlement, (object, order), money, parts)?);
        }
    }
    of_credit(&settlement, &mut aside, &mut found)?;
    for returned in refund::post(&settlement, &mut aside)? {
        take_back(&settlement, &returned, &mut found);
    }
    for dispute in settlement.disputes.values() {
        let money = settlement.money(
            dispute.newest(|it| it.charge.as_deref()),
            dispute.newest(|it| it.payment_intent.as_deref()),
        );
        if let Some(found) = owner(&settlement, money, &mut found) {
            found.sale.disputes.push(disputed(dispute));
        }
    }
    let mut sales: Vec<Sale> = found.into_iter().map(|found| found.sale).collect();
    sales.sort_by(|a, b| a.place().cmp(&b.place()));
    Ok(sales)
}

/// A sale, and the money that it is made of.
struct Found<'a> {
    sale: Sale,
    money: Money<'a>,
}

impl<'a> Found<'a> {
    /// The sale that an object's flows make; `None`: nothing came in.
    fn of(
        settlement: &Settlement<'a>,
        (object, order): (&str, &str),
        money: Money<'a>,
        parts: Vec<(Flow<'a>, i64)>,
    ) -> Result<Option<Found<'a>>> {
        let Some((first, _)) = parts.first().copied() else { return Ok(None) };
        let (mut there, mut captured) = (0, 0);
        for (flow, _) in &parts {
            there = add(there, flow.delta)?;
            captured = there.max(captured);
        }
        let change = |(flow, share): &(Flow<'_>, i64)| Change {
            at: Timestamp::from_secs(flow.entry.second),
            amount: *share,
        };
        let paid_at = Timestamp::from_secs(first.entry.second);
        let sale = Sale {
            id: object.to_owned(),
            order: order.to_owned(),
            customer: settlement.customer().map(str::to_owned),
            paid_at,
            period_start: paid_at,
            currency: first.entry.currency,
            captured,
            base: parts.iter().map(change).collect(),
            refunds: Vec::new(),
            disputes: Vec::new(),
            out_of_band: false,
            new_customer: false,
        };
        Ok((captured > 0).then_some(Found { sale, money }))
    }
}

/// The sales of one invoice: its payments, and what it says was paid by other money.
fn of_bill<'a>(
    settlement: &'a Settlement<'a>,
    bill: &Bill<'a>,
    aside: &mut Journal,
    found: &mut Vec<Found<'a>>,
) -> Result<()> {
    let mut flows = payments(settlement, bill)?;
    let Unseen { flows: unseen, outside, known } = post_unseen(settlement, bill, aside)?;
    flows.extend(unseen);
    let parts = revenue::post(aside, bill.without_tax(), flows)?;
    for (object, parts) in by_object(parts) {
        let payment = settlement.invoice_payments.get(object).map(Timeline::last);
        let (money, out_of_band) = match payment.map(|it| &it.payer) {
            Some(Some(Payer::PaymentRecord(_))) => (Money::default(), true),
            Some(Some(Payer::Charge(id))) => (settlement.money(Some(id), None), false),
            Some(_) => (settlement.money(None, payment.and_then(payer)), false),
            None if !known => continue,
            None => (named(settlement, bill), outside),
        };
        if let Some(mut sale) = Found::of(settlement, (object, bill.id), money, parts)? {
            sale.sale.out_of_band = out_of_band;
            sale.sale.period_start = period_start(bill).unwrap_or(sale.sale.paid_at);
            found.push(sale);
        }
    }
    Ok(())
}

/// The money that a session put into the customer's credit to pay a subscription's first invoice:
/// a sale of that invoice, where the session names it.
fn of_credit<'a>(
    settlement: &Settlement<'a>,
    aside: &mut Journal,
    found: &mut Vec<Found<'a>>,
) -> Result<()> {
    for (session, credit) in returned::credits(settlement)? {
        let invoice = settlement.sessions.get(session);
        let invoice = invoice.and_then(|it| it.newest(|it| it.invoice.as_deref()));
        let bill = invoice.and_then(|id| settlement.invoices.get(id)).map(Bill::of).transpose()?;
        let start = bill.flatten().and_then(|bill| period_start(&bill));
        let parts = revenue::post(aside, (credit.net, credit.gross), credit.flows)?;
        for (charge, parts) in by_object(parts) {
            let money = settlement.money(Some(charge), None);
            let order = invoice.unwrap_or(session);
            if let Some(mut sale) = Found::of(settlement, (charge, order), money, parts)? {
                sale.sale.period_start = start.unwrap_or(sale.sale.paid_at);
                found.push(sale);
            }
        }
    }
    Ok(())
}

/// The money that an old shape says paid an invoice.
fn named<'a>(settlement: &Settlement<'a>, bill: &Bill<'a>) -> Money<'a> {
    settlement.money(
        bill.invoice.newest(|it| it.charge.as_deref()),
        bill.invoice.newest(|it| it.payment_intent.as_deref()),
    )
}

/// When the period begins that an invoice bills: the latest start of its lines, prorations left
/// out, because usage and corrections are billed for the period before.
fn period_start(bill: &Bill<'_>) -> Option<Timestamp> {
    let starts = |prorations: bool| {
        let lines = bill.lines.iter().filter(move |line| line.proration == prorations);
        lines.map(|line| line.period_start).filter(|start: &Seconds| *start > 0).max()
    };
    starts(false).or_else(|| starts(true)).map(Timestamp::from_secs)
}

fn by_object<'a>(parts: Vec<(Flow<'a>, i64)>) -> BTreeMap<&'a str, Vec<(Flow<'a>, i64)>> {
    let mut objects: BTreeMap<&str, Vec<(Flow<'_>, i64)>> = BTreeMap::new();
    for part in parts {
        objects.entry(part.0.entry.object).or_default().push(part);
    }
    objects
}

fn take_back(settlement: &Settlement<'_>, returned: &Return<'_>, found: &mut [Found<'_>]) {
    if returned.way != Way::Refund {
        return;
    }
    if let Some(found) = owner(settlement, returned.money, found) {
        let at = Timestamp::from_secs(returned.entry.second);
        found.sale.refunds.push(Change { at, amount: returned.delta });
    }
}

/// The sale that money made: by the charge, by the intent, else the last one of its invoice.
fn owner<'a, 'b>(
    settlement: &Settlement<'_>,
    money: Money<'_>,
    found: &'b mut [Found<'a>],
) -> Option<&'b mut Found<'a>> {
    let same = |it: &Found<'_>| {
        (money.charge.is_some() && it.money.charge == money.charge)
            || (money.intent.is_some() && it.money.intent == money.intent)
    };
    let place = found.iter().position(same).or_else(|| {
        let Purpose::Invoice(invoice) = settlement.purpose(money) else { return None };
        let own = |it: &Found<'_>| it.sale.order == invoice && !it.sale.out_of_band;
        let places = (0..found.len()).filter(|place| own(&found[*place]));
        places.max_by_key(|place| found[*place].sale.place())
    })?;
    found.get_mut(place)
}

/// A dispute's states: open from its `created`, then what each version shows.
fn disputed(dispute: &Timeline<'_, Dispute>) -> SaleDispute {
    let first = dispute.versions[0].state.created;
    let mut states = vec![(Timestamp::from_secs(first), DisputeState::Open)];
    for version in &dispute.versions {
        let state = match version.state.status.as_str() {
            "lost" => DisputeState::Lost,
            "won" | "warning_closed" | "prevented" => DisputeState::Released,
            _ => DisputeState::Open,
        };
        let at = Timestamp::from_secs(version.second.max(first));
        if states.last().is_some_and(|(_, known)| *known != state) {
            states.push((at, state));
        }
    }
    SaleDispute { id: dispute.id.to_owned(), amount: dispute.last().amount, states }
}
