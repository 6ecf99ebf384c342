//! Filters of lists that are decided without rendering anything.

use serde_json::Value;

use super::account::Account;
use super::kind::Kind;
use super::params::Params;
use crate::model::{Moved, Status};

/// What a list is asked for, taken apart once for all its objects.
pub(super) struct Wanted<'a> {
    params: &'a Params,
    payment: Params,
    types: Vec<String>,
}

impl<'a> Wanted<'a> {
    pub(super) fn of(params: &'a Params) -> Self {
        Self { params, payment: params.hash("payment"), types: params.texts("types") }
    }
}

/// Whether a parameter is absent or names this id.
fn asks(params: &Params, key: &str, id: Option<&str>) -> bool {
    params.text(key).is_none_or(|wanted| id == Some(wanted))
}

impl Account {
    pub(super) fn fits(&self, kind: Kind, index: usize, wanted: &Wanted<'_>) -> bool {
        let params = wanted.params;
        match kind {
            Kind::Customer => self.is_unclocked(index, params),
            Kind::Subscription => self.sub_fits(index, params),
            Kind::Invoice => self.invoice_fits(index, params),
            Kind::Charge => self.charge_fits(index, params),
            Kind::Refund => self.of_charge(self.world.refunds[index].charge, params),
            Kind::Dispute => self.of_charge(self.world.disputes[index].charge, params),
            Kind::CreditNote => {
                let invoice = &self.world.invoices[self.world.notes[index].invoice];
                asks(params, "invoice", Some(&invoice.id)) && self.is_of(invoice.customer, params)
            }
            Kind::Transaction => self.txn_fits(index, params),
            Kind::InvoicePayment => payment_fits(&self.shelf(kind)[index], wanted),
            Kind::Event => self.event_fits(index, wanted),
            _ => true,
        }
    }

    fn is_of(&self, customer: usize, params: &Params) -> bool {
        asks(params, "customer", Some(&self.world.customers[customer].id))
    }

    /// Who lives by a test clock is hidden unless it is asked for.
    fn is_unclocked(&self, customer: usize, params: &Params) -> bool {
        let clock = self.world.customers[customer].set.get("test_clock").and_then(Value::as_str);
        clock.is_none() || params.has("test_clock") || params.has("customer")
    }

    /// Cancelled subscriptions are hidden unless they are asked for.
    fn sub_fits(&self, index: usize, params: &Params) -> bool {
        let sub = &self.world.subs[index];
        let status = match params.text("status") {
            None => sub.status != Status::Canceled,
            Some("all") => true,
            Some("ended") => sub.status.is_over(),
            Some(wanted) => sub.status.name() == wanted,
        };
        let prices = &self.world.catalog.prices;
        let mut items = sub.items.iter();
        let sells = |id: &str| items.any(|item| prices[item.price].id == id);
        status
            && self.is_of(sub.customer, params)
            && self.is_unclocked(sub.customer, params)
            && params.text("price").is_none_or(sells)
    }

    fn invoice_fits(&self, index: usize, params: &Params) -> bool {
        let invoice = &self.world.invoices[index];
        let sub = invoice.sub.map(|sub| self.world.subs[sub].id.as_str());
        self.is_of(invoice.customer, params)
            && asks(params, "status", Some(invoice.status.name()))
            && asks(params, "subscription", sub)
    }

    fn charge_fits(&self, index: usize, params: &Params) -> bool {
        let charge = &self.world.charges[index];
        let customer = charge.customer.map(|customer| self.world.customers[customer].id.as_str());
        asks(params, "customer", customer) && asks(params, "payment_intent", Some(&charge.intent))
    }

    fn of_charge(&self, charge: usize, params: &Params) -> bool {
        let charge = &self.world.charges[charge];
        asks(params, "charge", Some(&charge.id))
            && asks(params, "payment_intent", Some(&charge.intent))
    }

    fn txn_fits(&self, index: usize, params: &Params) -> bool {
        let world = &self.world;
        let source = match world.txns[index].moved {
            Moved::Charge(charge) => world.charges[charge].id.as_str(),
            Moved::Refund(refund) | Moved::RefundBack(refund) => &world.refunds[refund].id,
            Moved::Chargeback(dispute, _) => &world.disputes[dispute].id,
            Moved::Payout(payout) | Moved::PayoutBack(payout) => &world.payouts[payout].id,
            Moved::Own { .. } => "",
        };
        let own = source.starts_with("po_").then_some(source);
        asks(params, "source", Some(source)) && asks(params, "payout", own)
    }

    fn event_fits(&self, index: usize, Wanted { params, types, .. }: &Wanted<'_>) -> bool {
        let kind = self.world.events[index].kind.as_str();
        asks(params, "type", Some(kind))
            && (types.is_empty() || types.iter().any(|pattern| names(pattern, kind)))
    }
}

fn payment_fits(body: &Value, Wanted { params, payment, .. }: &Wanted<'_>) -> bool {
    asks(params, "invoice", body["invoice"].as_str())
        && asks(params, "status", body["status"].as_str())
        && ["type", "payment_intent", "payment_record"]
            .iter()
            .all(|key| asks(payment, key, body["payment"][key].as_str()))
}

/// `charge.*` names all kinds of events of a charge.
pub(super) fn names(pattern: &str, kind: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => kind.starts_with(start),
        None => pattern == kind,
    }
}
