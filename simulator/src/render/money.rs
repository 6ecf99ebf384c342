//! Refunds, disputes, credit notes and payouts.

use serde_json::{Value, json};

use crate::model::Note;
use crate::world::World;

impl World {
    pub(crate) fn refund_json(&self, index: usize) -> Value {
        let refund = &self.refunds[index];
        let charge = &self.charges[refund.charge];
        let failed = refund.status == "failed";
        let mut body = json!({
            "id": refund.id,
            "object": "refund",
            "amount": refund.amount,
            "balance_transaction": refund.transaction(),
            "charge": charge.id,
            "created": refund.created,
            "currency": charge.currency,
            "destination_details": {
                "card": { "reference_status": "pending", "type": "refund" },
                "type": "card",
            },
            "failure_balance_transaction": failed.then(|| refund.back_transaction()),
            "failure_reason": failed.then_some("lost_or_stolen_card"),
            "metadata": {},
            "payment_intent": charge.intent,
            "reason": refund.reason,
            "receipt_number": null,
            "source_transfer_reversal": null,
            "status": refund.status,
            "transfer_reversal": null,
        });
        super::overlay(&mut body, &refund.set);
        body
    }

    pub(crate) fn dispute_json(&self, index: usize) -> Value {
        let dispute = &self.disputes[index];
        let charge = &self.charges[dispute.charge];
        let transactions: Vec<Value> =
            (0..dispute.transactions.len()).map(|at| self.chargeback_json(index, at)).collect();
        json!({
            "id": dispute.id,
            "object": "dispute",
            "amount": dispute.amount,
            "balance_transaction": dispute.transactions.first().map(|entry| &entry.0),
            "balance_transactions": transactions,
            "charge": charge.id,
            "created": dispute.created,
            "currency": charge.currency,
            "evidence": evidence(),
            "evidence_details": {
                "due_by": dispute.created + 9 * crate::calendar::DAY,
                "has_evidence": dispute.status == "under_review",
                "past_due": false,
                "submission_count": i32::from(dispute.status == "under_review"),
            },
            "is_charge_refundable": dispute.inquiry,
            "livemode": self.plan.livemode,
            "metadata": {},
            "payment_intent": charge.intent,
            "payment_method_details": {
                "card": {
                    "brand": "visa",
                    "case_type": if dispute.inquiry { "inquiry" } else { "chargeback" },
                    "network_reason_code": "10.4",
                },
                "type": "card",
            },
            "reason": dispute.reason,
            "status": dispute.status,
        })
    }

    /// One of a dispute's balance transactions.
    pub(crate) fn chargeback_json(&self, index: usize, at: usize) -> Value {
        let dispute = &self.disputes[index];
        let charge = &self.charges[dispute.charge];
        let (id, created, amount, fee) = &dispute.transactions[at];
        json!({
            "id": id,
            "object": "balance_transaction",
            "amount": amount,
            "available_on": created + 2 * crate::calendar::DAY,
            "balance_type": "payments",
            "created": created,
            "currency": charge.currency,
            "description": format!("Chargeback of {}", charge.id),
            "exchange_rate": null,
            "fee": fee,
            "fee_details": [{
                "amount": fee,
                "application": null,
                "currency": charge.currency,
                "description": "Dispute fee",
                "type": "stripe_fee",
            }],
            "net": amount - fee,
            "reporting_category": if *amount < 0 { "dispute" } else { "dispute_reversal" },
            "source": dispute.id,
            "status": "pending",
            "type": "adjustment",
        })
    }

    pub(crate) fn note_json(&self, index: usize) -> Value {
        let note = &self.notes[index];
        let invoice = &self.invoices[note.invoice];
        let net = note.amount - note.tax;
        let mut body = json!({
            "id": note.id,
            "object": "credit_note",
            "amount": note.amount,
            "amount_shipping": 0,
            "created": note.created,
            "currency": invoice.currency,
            "customer": self.customers[invoice.customer].id,
            "customer_balance_transaction":
                (note.to_balance > 0).then(|| format!("cbtxn_{}", &note.id[3..])),
            "discount_amount": 0,
            "discount_amounts": [],
            "effective_at": note.created,
            "invoice": invoice.id,
            "lines": super::list(vec![self.note_line(note)], "/v1/credit_notes/lines"),
            "livemode": self.plan.livemode,
            "memo": null,
            "metadata": {},
            "number": invoice.number.as_ref().map(|number| format!("{number}-CN-01")),
            "out_of_band_amount": null,
            "pdf": format!("https://pay.stripe.com/credit_notes/acct_1/{}/pdf", note.id),
            "reason": "order_change",
            "shipping_cost": null,
            "status": if note.voided_at.is_some() { "void" } else { "issued" },
            "subtotal": net,
            "subtotal_excluding_tax": net,
            "total": note.amount,
            "total_excluding_tax": net,
            "type": if note.before_payment { "pre_payment" } else { "post_payment" },
            "voided_at": note.voided_at,
        });
        let refund = note.refund.map(|refund| &self.refunds[refund]);
        if !self.plan.version.is_basil() {
            body["refund"] = json!(refund.map(|refund| &refund.id));
            body["tax_amounts"] = self.tax_amounts(invoice, note.tax, net);
            return body;
        }
        let refunds = refund.map(|refund| {
            json!({
                "amount_refunded": refund.amount,
                "payment_record_refund": null,
                "refund": refund.id,
                "type": "refund",
            })
        });
        body["refunds"] = refunds.into_iter().collect();
        let (before, after) = if note.before_payment { (note.amount, 0) } else { (0, note.amount) };
        body["pre_payment_amount"] = before.into();
        body["post_payment_amount"] = after.into();
        body["total_taxes"] = self.note_taxes(note);
        body
    }

    fn note_taxes(&self, note: &Note) -> Value {
        let Some(rate) = &self.invoices[note.invoice].tax else { return json!([]) };
        json!([{
            "amount": note.tax,
            "tax_behavior": if rate.inclusive { "inclusive" } else { "exclusive" },
            "tax_rate_details": { "tax_rate": rate.id },
            "taxability_reason": "standard_rated",
            "taxable_amount": note.amount - note.tax,
            "type": "tax_rate_details",
        }])
    }

    fn note_line(&self, note: &Note) -> Value {
        let line = &self.invoices[note.invoice].lines[0];
        json!({
            "id": format!("cnli_{}", &note.id[3..]),
            "object": "credit_note_line_item",
            "amount": note.amount - note.tax,
            "description": line.description,
            "discount_amount": 0,
            "discount_amounts": [],
            "invoice_line_item": line.id,
            "livemode": self.plan.livemode,
            "quantity": 1,
            "tax_rates": [],
            "type": "invoice_line_item",
            "unit_amount": null,
            "unit_amount_decimal": null,
        })
    }

    pub(crate) fn payout_json(&self, index: usize) -> Value {
        let payout = &self.payouts[index];
        let mut body = json!({
            "id": payout.id,
            "object": "payout",
            "amount": payout.amount,
            "application_fee": null,
            "application_fee_amount": null,
            "arrival_date": payout.arrival,
            "automatic": true,
            "balance_transaction": payout.transaction(),
            "created": payout.created,
            "currency": payout.currency,
            "description": "STRIPE PAYOUT",
            "destination": "ba_1Pgc79B7WZ01zgkWoU5vBiXt",
            "failure_balance_transaction": payout.failed.then(|| payout.back_transaction()),
            "failure_code": payout.failed.then_some("account_closed"),
            "failure_message": payout.failed.then_some("The bank account has been closed."),
            "livemode": self.plan.livemode,
            "metadata": {},
            "method": "standard",
            "original_payout": null,
            "reconciliation_status": "in_progress",
            "reversed_by": null,
            "source_type": "card",
            "statement_descriptor": null,
            "status": payout.status,
            "type": "bank_account",
        });
        super::overlay(&mut body, &payout.set);
        body
    }
}

fn evidence() -> Value {
    json!({
        "access_activity_log": null, "billing_address": null, "cancellation_policy": null,
        "cancellation_policy_disclosure": null, "cancellation_rebuttal": null,
        "customer_communication": null, "customer_email_address": null, "customer_name": null,
        "customer_purchase_ip": null, "customer_signature": null,
        "duplicate_charge_documentation": null, "duplicate_charge_explanation": null,
        "duplicate_charge_id": null, "product_description": null, "receipt": null,
        "refund_policy": null, "refund_policy_disclosure": null,
        "refund_refusal_explanation": null, "service_date": null,
        "service_documentation": null, "shipping_address": null, "shipping_carrier": null,
        "shipping_date": null, "shipping_documentation": null,
        "shipping_tracking_number": null, "uncategorized_file": null,
        "uncategorized_text": null,
    })
}
