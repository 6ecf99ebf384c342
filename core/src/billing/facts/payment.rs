//! Money on its way: payments, refunds, disputes, payouts, Checkout.

use super::Seconds;
use crate::money::Currency;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// What an invoice payment is made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type", content = "id")]
#[allow(missing_docs)]
pub enum Payer {
    PaymentIntent(String),
    Charge(String),
    /// Money that did not pass through Stripe.
    PaymentRecord(String),
}

/// A payment of an invoice, whole or in part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InvoicePayment {
    /// The invoice.
    pub invoice: String,
    /// What was paid; `None`: not yet.
    #[serde(default)]
    pub amount_paid: Option<i64>,
    /// Currency.
    pub currency: Currency,
    /// `open`, `paid` or `canceled`.
    pub status: String,
    /// When it was paid.
    #[serde(default)]
    pub paid_at: Option<Seconds>,
    /// With what.
    #[serde(default)]
    pub payer: Option<Payer>,
}

/// A payment intent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PaymentIntent {
    /// When Stripe made it.
    pub created: Seconds,
    /// Whose it is.
    pub customer: Option<String>,
    /// What was asked for.
    pub amount: i64,
    /// What came in.
    pub amount_received: i64,
    /// Currency.
    pub currency: Option<Currency>,
    /// Stripe's status.
    pub status: String,
    /// The newest attempt.
    pub latest_charge: Option<String>,
    /// Before basil: the invoice it pays.
    pub invoice: Option<String>,
}

/// A charge: one attempt at taking money.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Charge {
    /// When Stripe made it.
    pub created: Seconds,
    /// Whose it is.
    pub customer: Option<String>,
    /// What was asked for.
    pub amount: i64,
    /// What was taken: only this is money.
    pub amount_captured: i64,
    /// What its refunds sum to.
    pub amount_refunded: i64,
    /// Currency.
    pub currency: Option<Currency>,
    /// `succeeded`, `pending` or `failed`.
    pub status: String,
    /// Whether it was captured.
    pub captured: bool,
    /// Its payment intent.
    pub payment_intent: Option<String>,
    /// Before basil: the invoice it pays.
    pub invoice: Option<String>,
    /// Its balance transaction; its fee must be looked up.
    pub balance_transaction: Option<String>,
    /// Why it failed.
    pub failure_code: Option<String>,
}

/// A refund.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Refund {
    /// When Stripe made it.
    pub created: Seconds,
    /// The charge it returns.
    pub charge: Option<String>,
    /// The payment intent it returns.
    pub payment_intent: Option<String>,
    /// How much.
    pub amount: i64,
    /// Currency.
    pub currency: Option<Currency>,
    /// `pending`, `requires_action`, `succeeded`, `failed` or `canceled`.
    pub status: String,
    /// Why it was made.
    pub reason: Option<String>,
    /// Its balance transaction.
    pub balance_transaction: Option<String>,
}

impl Refund {
    /// Whether nothing is returned after all.
    pub fn is_undone(&self) -> bool {
        matches!(self.status.as_str(), "failed" | "canceled")
    }
}

/// A movement of the Stripe balance: an object of its own, which disputes embed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BalanceTransaction {
    /// Its id: each is posted once.
    pub id: String,
    /// Negative: taken from the balance. Before the fee.
    pub amount: i64,
    /// The fee; positive is a cost. The balance moves by `amount - fee`.
    pub fee: i64,
    /// Currency of settlement.
    pub currency: Currency,
    /// When it was made.
    pub created: Seconds,
    /// When its money can be paid out.
    #[serde(default)]
    pub available_on: Seconds,
    /// Stripe's `reporting_category`; where there is none, its `type`.
    #[serde(default)]
    pub category: Option<String>,
    /// The charge, refund, dispute, payout or other object it settles.
    #[serde(default)]
    pub source: Option<String>,
    /// What one unit of the source's currency gave, where that is another one.
    #[serde(default)]
    pub exchange_rate: Option<Decimal>,
}

/// A dispute.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Dispute {
    /// When Stripe made it.
    pub created: Seconds,
    /// The disputed charge.
    pub charge: Option<String>,
    /// The disputed payment intent.
    pub payment_intent: Option<String>,
    /// How much is disputed, in the charge's currency.
    pub amount: i64,
    /// The charge's currency.
    pub currency: Option<Currency>,
    /// Stripe's status; `warning_*` are inquiries that move no money.
    pub status: String,
    /// Stripe's reason.
    pub reason: Option<String>,
    /// The money moved so far.
    pub balance_transactions: Vec<BalanceTransaction>,
}

/// A payout to the bank.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Payout {
    /// When Stripe made it.
    pub created: Seconds,
    /// How much; negative: taken from the bank.
    pub amount: i64,
    /// Currency.
    pub currency: Option<Currency>,
    /// `pending`, `in_transit`, `paid` (expected), `failed` or `canceled`.
    pub status: String,
    /// When it is expected at the bank.
    pub arrival_date: Seconds,
    /// Made by Stripe's schedule.
    pub automatic: bool,
}

/// A Checkout session.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CheckoutSession {
    /// When Stripe made it.
    pub created: Seconds,
    /// `payment`, `subscription` or `setup`.
    pub mode: String,
    /// `open`, `complete` or `expired`.
    pub status: Option<String>,
    /// `paid`, `unpaid` or `no_payment_required`.
    pub payment_status: String,
    /// Whose it is.
    pub customer: Option<String>,
    /// The payment it made.
    pub payment_intent: Option<String>,
    /// The subscription it made.
    pub subscription: Option<String>,
    /// The invoice it made.
    pub invoice: Option<String>,
    /// It makes an invoice for a one-off payment.
    pub invoice_creation: bool,
    /// With tax.
    pub amount_total: i64,
    /// `total_details.amount_tax`.
    pub amount_tax: i64,
    /// Currency.
    pub currency: Option<Currency>,
    /// What the program gave along with the session: the id of a click. What looks like anything
    /// else, such as an email address, is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_reference_id: Option<String>,
    /// The coupons used.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub coupons: Vec<String>,
    /// The promotion codes used, by id.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub promotion_codes: Vec<String>,
}
