//! What no payload shows: balance transactions, tiers, currency options, credit.

use serde_json::{Value, json};

use super::number;
use crate::act::Settled;
use crate::calendar::DAY;
use crate::catalog::Scheme;
use crate::model::Moved;
use crate::world::World;

impl World {
    /// A balance transaction.
    pub(crate) fn txn_json(&self, index: usize) -> Value {
        let txn = &self.txns[index];
        let available_on = txn.created + 2 * DAY;
        let status = if self.now < available_on { "pending" } else { "available" };
        if let Moved::Chargeback(dispute, at) = txn.moved {
            let mut body = self.chargeback_json(dispute, at);
            body["status"] = status.into();
            return body;
        }
        let Settled { currency, amount, fee, rate } = self.settled(index);
        let (kind, category, source) = self.moved_by(txn.moved);
        json!({
            "id": txn.id,
            "object": "balance_transaction",
            "amount": amount,
            "available_on": available_on,
            "balance_type": "payments",
            "created": txn.created,
            "currency": currency,
            "description": null,
            "exchange_rate": rate.map(|rate| number(&millionths(rate))),
            "fee": fee,
            "fee_details": fee_details(fee, currency),
            "net": amount - fee,
            "reporting_category": category,
            "source": source,
            "status": status,
            "type": kind,
        })
    }

    /// Type, reporting category and source.
    fn moved_by(&self, moved: Moved) -> (&'static str, &'static str, Option<&str>) {
        match moved {
            Moved::Charge(index) => ("charge", "charge", Some(&self.charges[index].id)),
            Moved::Refund(index) => ("refund", "refund", Some(&self.refunds[index].id)),
            Moved::RefundBack(index) => {
                ("adjustment", "refund_failure", Some(&self.refunds[index].id))
            }
            Moved::Chargeback(index, _) => {
                ("adjustment", "dispute", Some(&self.disputes[index].id))
            }
            Moved::Payout(index) => ("payout", "payout", Some(&self.payouts[index].id)),
            Moved::PayoutBack(index) => {
                let payout = &self.payouts[index];
                let kind = if payout.failed { "payout_failure" } else { "payout_cancel" };
                (kind, "payout_reversal", Some(&payout.id))
            }
            Moved::Own { category, .. } => ("adjustment", category, None),
        }
    }

    /// What of a price is shown when it is asked for.
    pub(crate) fn price_detail(&self, index: usize, field: &str) -> Option<Value> {
        let price = &self.catalog.prices[index];
        let unit = |amount: i64, decimal: &str| {
            json!({
                "custom_unit_amount": null,
                "tax_behavior": "unspecified",
                "unit_amount": amount,
                "unit_amount_decimal": decimal,
            })
        };
        match (field, price.scheme) {
            ("tiers", Scheme::Tiered) => Some(json!([
                tier(Some(10), price.charge(1, price.currency)),
                tier(None, price.charge(1, price.currency) / 2),
            ])),
            ("currency_options", scheme) => {
                let own = price.whole_amount().unwrap_or_default();
                let mut options = json!({ price.currency: unit(own, &price.decimal()) });
                if let Scheme::AlsoEuro(euro) = scheme {
                    options["eur"] = unit(euro, &euro.to_string());
                }
                Some(options)
            }
            _ => None,
        }
    }

    /// A change of a customer's balance.
    pub(crate) fn credit_json(&self, index: usize) -> Value {
        let credit = &self.credits[index];
        json!({
            "id": credit.id,
            "object": "customer_balance_transaction",
            "amount": credit.amount,
            "checkout_session": null,
            "created": credit.created,
            "credit_note": credit.note.map(|note| &self.notes[note].id),
            "currency": credit.currency,
            "customer": self.customers[credit.customer].id,
            "description": null,
            "ending_balance": credit.ending,
            "invoice": credit.invoice.map(|invoice| &self.invoices[invoice].id),
            "livemode": self.plan.livemode,
            "metadata": {},
            "type": credit.kind,
        })
    }
}

fn tier(up_to: Option<i64>, amount: i64) -> Value {
    json!({
        "flat_amount": null,
        "flat_amount_decimal": null,
        "unit_amount": amount,
        "unit_amount_decimal": amount.to_string(),
        "up_to": up_to,
    })
}

fn fee_details(fee: i64, currency: &str) -> Value {
    if fee == 0 {
        return json!([]);
    }
    json!([{
        "amount": fee,
        "application": null,
        "currency": currency,
        "description": "Stripe processing fees",
        "type": "stripe_fee",
    }])
}

fn millionths(rate: i64) -> String {
    format!("{}.{:06}", rate / 1_000_000, rate % 1_000_000)
}
