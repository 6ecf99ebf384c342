//! Invoices and invoice payments.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::line::merge;
use super::subscription::ids;
use super::{list, overlay};
use crate::model::{Invoice, InvoiceStatus};
use crate::world::World;

impl World {
    pub(crate) fn invoice_json(&self, index: usize) -> Value {
        let invoice = &self.invoices[index];
        let mut body = self.invoice_frame(invoice);
        body["lines"] = list(self.lines_json(index), &format!("/v1/invoices/{}/lines", invoice.id));
        let version = self.plan.version;
        let extra = if self.is_old() {
            self.invoice_2017(invoice)
        } else if version.is_basil() {
            merge(&mut body, self.invoice_since(invoice));
            self.invoice_basil(invoice)
        } else {
            merge(&mut body, self.invoice_since(invoice));
            self.invoice_acacia(invoice)
        };
        merge(&mut body, extra);
        overlay(&mut body, &invoice.set);
        body
    }

    /// Every line, also those that a payload leaves out.
    pub(crate) fn lines_json(&self, index: usize) -> Vec<Value> {
        let invoice = &self.invoices[index];
        invoice.lines.iter().map(|line| self.line_json(invoice, line)).collect()
    }

    fn invoice_frame(&self, invoice: &Invoice) -> Value {
        let customer = &self.customers[invoice.customer];
        let url = (invoice.status != InvoiceStatus::Draft)
            .then(|| format!("https://invoice.stripe.com/i/acct_1/live_{}", invoice.id));
        json!({
            "id": invoice.id,
            "object": "invoice",
            "amount_due": invoice.due(),
            "amount_paid": invoice.amount_paid,
            "amount_remaining": invoice.remaining(),
            "attempt_count": invoice.attempts,
            "attempted": invoice.attempts > 0,
            "billing_reason": invoice.reason,
            "currency": invoice.currency,
            "customer": customer.id,
            "customer_email": customer.email(),
            "description": null,
            "ending_balance": invoice.ending_balance,
            "hosted_invoice_url": url,
            "invoice_pdf": url.as_ref().map(|url| format!("{url}/pdf?s=ap")),
            "livemode": self.plan.livemode,
            "metadata": {},
            "next_payment_attempt": invoice.next_attempt,
            "number": invoice.number,
            "period_end": invoice.period.1,
            "period_start": invoice.period.0,
            "receipt_number": null,
            "starting_balance": invoice.starting_balance,
            "statement_descriptor": null,
            "status": invoice.status.name(),
            "status_transitions": {
                "finalized_at": invoice.finalized_at,
                "marked_uncollectible_at": invoice.uncollectible_at,
                "paid_at": invoice.paid_at,
                "voided_at": invoice.voided_at,
            },
            "subtotal": invoice.subtotal(),
            "total": invoice.total(),
            "webhooks_delivered_at": invoice.created,
        })
    }

    /// What acacia and everything later share.
    fn invoice_since(&self, invoice: &Invoice) -> Value {
        let customer = &self.customers[invoice.customer];
        let due = invoice.by_invoice.then_some(invoice.created + 14 * crate::calendar::DAY);
        let collection = if invoice.by_invoice { "send_invoice" } else { "charge_automatically" };
        let inclusive = if invoice.inclusive() { invoice.tax_sum() } else { 0 };
        json!({
            "account_country": "US",
            "account_name": "Make-believe, Inc.",
            "account_tax_ids": null,
            "amount_shipping": 0,
            "application": null,
            "auto_advance": matches!(invoice.status, InvoiceStatus::Draft | InvoiceStatus::Open),
            "automatic_tax": { "enabled": false, "liability": null, "status": null },
            "automatically_finalizes_at": null,
            "collection_method": collection,
            "created": invoice.created,
            "custom_fields": null,
            "customer_address": null,
            "customer_name": customer.name,
            "customer_phone": null,
            "customer_shipping": null,
            "customer_tax_exempt": "none",
            "customer_tax_ids": [],
            "default_payment_method": null,
            "default_source": null,
            "default_tax_rates": [],
            "discounts": ids(&invoice.discounts),
            "due_date": due,
            "effective_at": invoice.finalized_at,
            "footer": null,
            "from_invoice": null,
            "issuer": { "type": "self" },
            "last_finalization_error": null,
            "latest_revision": null,
            "on_behalf_of": null,
            "payment_settings": {
                "default_mandate": null,
                "payment_method_options": Self::payment_options(),
                "payment_method_types": ["card"],
            },
            "post_payment_credit_notes_amount": invoice.post_notes,
            "pre_payment_credit_notes_amount": invoice.pre_notes,
            "rendering": null,
            "shipping_cost": null,
            "shipping_details": null,
            "subtotal_excluding_tax": invoice.subtotal() - inclusive,
            "test_clock": null,
            "total_discount_amounts": discount_sums(invoice, false),
            "total_excluding_tax": invoice.untaxed(),
            "total_pretax_credit_amounts": discount_sums(invoice, true),
        })
    }

    fn invoice_basil(&self, invoice: &Invoice) -> Value {
        let parent = invoice.sub.map(|sub| {
            json!({
                "quote_details": null,
                "subscription_details": {
                    "metadata": self.subs[sub].metadata,
                    "subscription": self.subs[sub].id,
                },
                "type": "subscription_details",
            })
        });
        let taxes: Vec<Value> = invoice
            .tax
            .iter()
            .map(|rate| {
                json!({
                    "amount": invoice.tax_sum(),
                    "tax_behavior": if rate.inclusive { "inclusive" } else { "exclusive" },
                    "tax_rate_details": { "tax_rate": rate.id },
                    "taxability_reason": "standard_rated",
                    "taxable_amount": invoice.untaxed(),
                    "type": "tax_rate_details",
                })
            })
            .collect();
        json!({
            "amount_overpaid": 0,
            "customer_account": null,
            "parent": parent,
            "total_taxes": taxes,
        })
    }

    fn invoice_acacia(&self, invoice: &Invoice) -> Value {
        json!({
            "application_fee_amount": null,
            "charge": invoice.charge.map(|charge| &self.charges[charge].id),
            "discount": self.invoice_discount(invoice),
            "paid": invoice.status == InvoiceStatus::Paid,
            "paid_out_of_band": invoice.out_of_band,
            "payment_intent": invoice.intent,
            "quote": null,
            "subscription": invoice.sub.map(|sub| &self.subs[sub].id),
            "subscription_details": { "metadata": invoice.sub.map(|sub| &self.subs[sub].metadata) },
            "tax": invoice.tax.as_ref().map(|_| invoice.tax_sum()),
            "total_tax_amounts":
                self.tax_amounts(invoice, invoice.tax_sum(), invoice.untaxed()),
            "transfer_data": null,
        })
    }

    fn invoice_2017(&self, invoice: &Invoice) -> Value {
        let billing = if invoice.by_invoice { "send_invoice" } else { "charge_automatically" };
        json!({
            "application_fee": null,
            "billing": billing,
            "charge": invoice.charge.map(|charge| &self.charges[charge].id),
            "closed": !matches!(invoice.status, InvoiceStatus::Draft | InvoiceStatus::Open),
            "date": invoice.created,
            "discount": self.invoice_discount(invoice),
            "forgiven": invoice.status == InvoiceStatus::Uncollectible,
            "paid": invoice.status == InvoiceStatus::Paid,
            "payment_intent": invoice.intent,
            "subscription": invoice.sub.map(|sub| &self.subs[sub].id),
            "tax": invoice.tax.as_ref().map(|_| invoice.tax_sum()),
            "tax_percent": invoice.tax.as_ref().map(|rate| rate.percent),
        })
    }

    fn invoice_discount(&self, invoice: &Invoice) -> Value {
        let customer = &self.customers[invoice.customer].id;
        invoice.discounts.first().map_or(Value::Null, |d| self.discount_json(d, customer))
    }

    /// A payment applied to an invoice; `payment` is the type and the id of what paid.
    pub(crate) fn invoice_payment_json(
        &self,
        id: &str,
        invoice: usize,
        (kind, by): (&str, &str),
        (requested, amount): (i64, i64),
    ) -> Value {
        let invoice = &self.invoices[invoice];
        json!({
            "id": id,
            "object": "invoice_payment",
            "amount_paid": amount,
            "amount_requested": requested,
            "created": self.now,
            "currency": invoice.currency,
            "invoice": invoice.id,
            "is_default": requested == invoice.due(),
            "livemode": self.plan.livemode,
            "payment": { "type": kind, kind: by },
            "status": "paid",
            "status_transitions": { "canceled_at": null, "paid_at": self.now },
        })
    }
}

fn discount_sums(invoice: &Invoice, as_credits: bool) -> Value {
    let mut sums: BTreeMap<&str, i64> = BTreeMap::new();
    for (id, amount) in invoice.lines.iter().flat_map(|line| &line.discounts) {
        *sums.entry(id).or_default() += amount;
    }
    let entry = |(id, amount): (&str, i64)| {
        if as_credits {
            json!({ "amount": amount, "discount": id, "type": "discount" })
        } else {
            json!({ "amount": amount, "discount": id })
        }
    };
    sums.into_iter().map(entry).collect()
}
