//! Payment intents, charges and checkout sessions.

use serde_json::{Value, json};

use crate::model::{Charge, Customer};
use crate::world::World;

/// What a checkout session names when it is done.
pub(crate) struct Session<'a> {
    pub(crate) id: &'a str,
    pub(crate) opened: i64,
    pub(crate) paid: bool,
    pub(crate) mode: &'a str,
    pub(crate) customer: Option<usize>,
    pub(crate) currency: &'a str,
    pub(crate) amount: i64,
    pub(crate) tax: i64,
    pub(crate) intent: Option<&'a str>,
    pub(crate) subscription: Option<usize>,
    pub(crate) invoice: Option<usize>,
}

impl World {
    pub(crate) fn intent_json(&self, charge: usize, paid: bool) -> Value {
        let charge = &self.charges[charge];
        let failure = (!paid && !charge.succeeded).then(|| {
            json!({
                "charge": charge.id,
                "code": "card_declined",
                "decline_code": charge.decline,
                "message": "Your card has insufficient funds.",
                "type": "card_error",
            })
        });
        let status = if paid { "succeeded" } else { "requires_payment_method" };
        let mut body = json!({
            "id": charge.intent,
            "object": "payment_intent",
            "amount": charge.amount,
            "amount_capturable": 0,
            "amount_details": { "tip": {} },
            "amount_received": if paid { charge.amount } else { 0 },
            "application": null,
            "application_fee_amount": null,
            "automatic_payment_methods": null,
            "canceled_at": null,
            "cancellation_reason": null,
            "capture_method": "automatic",
            "client_secret": format!("{}_secret_Dm43xiq1k0ywrRRj", charge.intent),
            "confirmation_method": "automatic",
            "created": charge.created,
            "currency": charge.currency,
            "customer": charge.customer.map(|customer| &self.customers[customer].id),
            "description": charge.description,
            "last_payment_error": failure,
            "latest_charge": charge.id,
            "livemode": self.plan.livemode,
            "metadata": {},
            "next_action": null,
            "on_behalf_of": null,
            "payment_method": self.card_of(charge),
            "payment_method_options": { "card": { "request_three_d_secure": "automatic" } },
            "payment_method_types": ["card"],
            "processing": null,
            "receipt_email": null,
            "review": null,
            "setup_future_usage": null,
            "shipping": null,
            "source": null,
            "statement_descriptor": null,
            "statement_descriptor_suffix": null,
            "status": status,
            "transfer_data": null,
            "transfer_group": null,
        });
        if !self.plan.version.is_basil() {
            let invoice = charge.invoice.map(|invoice| &self.invoices[invoice].id);
            body["invoice"] = json!(invoice);
        }
        body
    }

    pub(crate) fn charge_json(&self, index: usize) -> Value {
        let charge = &self.charges[index];
        let mut body = self.charge_frame(charge);
        let customer = charge.customer.map(|customer| &self.customers[customer]);
        body["billing_details"] = json!({
            "address": { "city": null, "country": "US", "line1": null, "line2": null,
                "postal_code": "49007", "state": null },
            "email": customer.and_then(Customer::email),
            "name": customer.map(|customer| &customer.name),
            "phone": null,
        });
        body["payment_method"] = json!(self.card_of(charge));
        body["payment_method_details"] = card_details();
        if !self.plan.version.is_basil() {
            let invoice = charge.invoice.map(|invoice| &self.invoices[invoice].id);
            body["invoice"] = json!(invoice);
        }
        if self.is_old() {
            let refunds = charge.refunds.iter().map(|refund| self.refund_json(*refund));
            let url = format!("/v1/charges/{}/refunds", charge.id);
            body["refunds"] = super::list(refunds.collect(), &url);
        }
        body
    }

    /// The card that was charged.
    fn card_of<'a>(&'a self, charge: &'a Charge) -> Option<&'a str> {
        let own = charge.customer.and_then(|customer| self.customers[customer].shown_card());
        charge.card.as_deref().or(own)
    }

    fn charge_frame(&self, charge: &Charge) -> Value {
        let kept = charge.succeeded && charge.captured;
        let failure = (!charge.succeeded).then_some("card_declined");
        json!({
            "id": charge.id,
            "object": "charge",
            "amount": charge.amount,
            "amount_captured": if kept { charge.amount } else { 0 },
            "amount_refunded": charge.refunded,
            "application": null,
            "application_fee": null,
            "application_fee_amount": null,
            "balance_transaction": charge.transaction,
            "calculated_statement_descriptor": "MAKE-BELIEVE",
            "captured": kept,
            "created": charge.created,
            "currency": charge.currency,
            "customer": charge.customer.map(|customer| &self.customers[customer].id),
            "description": charge.description,
            "disputed": charge.disputed,
            "failure_balance_transaction": null,
            "failure_code": failure,
            "failure_message": failure.map(|_| "Your card was declined."),
            "fraud_details": {},
            "livemode": self.plan.livemode,
            "metadata": {},
            "on_behalf_of": null,
            "outcome": {
                "network_status": "approved_by_network",
                "reason": null,
                "risk_level": "normal",
                "risk_score": 12,
                "seller_message": "Payment complete.",
                "type": "authorized",
            },
            "paid": charge.succeeded,
            "payment_intent": charge.intent,
            "radar_options": {},
            "receipt_email": null,
            "receipt_number": null,
            "receipt_url": charge.succeeded.then(|| {
                format!("https://pay.stripe.com/receipts/payment/{}", charge.id)
            }),
            "refunded": charge.refunded == charge.amount,
            "review": null,
            "shipping": null,
            "source": null,
            "source_transfer": null,
            "statement_descriptor": null,
            "statement_descriptor_suffix": null,
            "status": if charge.succeeded { "succeeded" } else { "failed" },
            "transfer_data": null,
            "transfer_group": null,
        })
    }

    pub(crate) fn session_json(&self, session: &Session<'_>) -> Value {
        let customer = session.customer.map(|customer| &self.customers[customer]);
        let email = customer.and_then(Customer::email);
        json!({
            "id": session.id,
            "object": "checkout.session",
            "after_expiration": null,
            "allow_promotion_codes": null,
            "amount_subtotal": session.amount - session.tax,
            "amount_total": session.amount,
            "automatic_tax": { "enabled": session.tax > 0, "liability": null, "status": null },
            "billing_address_collection": null,
            "cancel_url": "https://example.com/cancel",
            "client_reference_id": null,
            "client_secret": null,
            "consent": null,
            "consent_collection": null,
            "created": session.opened,
            "currency": session.currency,
            "custom_fields": [],
            "customer": customer.map(|customer| &customer.id),
            "customer_creation": if session.mode == "payment" { "if_required" } else { "always" },
            "customer_details": {
                "address": { "city": null, "country": "US", "line1": null, "line2": null,
                    "postal_code": "49007", "state": null },
                "email": email.clone().unwrap_or_else(|| "guest@example.com".to_owned()),
                "name": customer.map(|customer| &customer.name),
                "phone": null,
                "tax_exempt": "none",
                "tax_ids": [],
            },
            "customer_email": null,
            "discounts": [],
            "expires_at": session.opened + 86_400,
            "invoice": session.invoice.map(|invoice| &self.invoices[invoice].id),
            "invoice_creation": (session.mode == "payment").then(|| json!({
                "enabled": session.invoice.is_some(),
                "invoice_data": { "account_tax_ids": null, "custom_fields": null,
                    "description": null, "footer": null, "metadata": {} },
            })),
            "livemode": self.plan.livemode,
            "locale": "auto",
            "metadata": { "campaign": "spring" },
            "mode": session.mode,
            "payment_intent": session.intent,
            "payment_link": null,
            "payment_method_collection": "always",
            "payment_method_options": { "card": { "request_three_d_secure": "automatic" } },
            "payment_method_types": ["card"],
            "payment_status": if session.paid { "paid" } else { "unpaid" },
            "phone_number_collection": { "enabled": false },
            "recovered_from": null,
            "setup_intent": null,
            "shipping_cost": null,
            "shipping_options": [],
            "status": "complete",
            "submit_type": null,
            "subscription": session.subscription.map(|sub| &self.subs[sub].id),
            "success_url": "https://example.com/success",
            "total_details": { "amount_discount": 0, "amount_shipping": 0,
                "amount_tax": session.tax },
            "ui_mode": "hosted",
            "url": null,
        })
    }
}

fn card_details() -> Value {
    json!({
        "card": {
            "amount_authorized": null,
            "brand": "visa",
            "checks": { "address_line1_check": null, "address_postal_code_check": "pass",
                "cvc_check": "pass" },
            "country": "US",
            "exp_month": 8,
            "exp_year": 2030,
            "fingerprint": "AOB934RVNwzk6xtn",
            "funding": "credit",
            "installments": null,
            "last4": "4242",
            "mandate": null,
            "network": "visa",
            "three_d_secure": null,
            "wallet": null,
        },
        "type": "card",
    })
}
