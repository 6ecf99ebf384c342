//! Invoices, their lines, and credit notes.

use super::Seconds;
use crate::money::Currency;
use serde::{Deserialize, Serialize};

/// An invoice's status.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum InvoiceStatus {
    #[default]
    Draft,
    Open,
    Uncollectible,
    Paid,
    Void,
}

/// One line of an invoice.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Line {
    /// The line's id.
    pub id: String,
    /// Before discounts; may hold inclusive tax; negative for credit prorations.
    pub amount: i64,
    /// Without discounts, credit grants and tax: what is revenue.
    pub net: i64,
    /// The part of `amount` that is inclusive tax.
    pub inclusive_tax: i64,
    /// The service period.
    pub period_start: Seconds,
    /// Its end, excluded.
    pub period_end: Seconds,
    /// Whether it is a proration.
    pub proration: bool,
    /// The price billed.
    pub price: Option<String>,
    /// The subscription item billed.
    pub subscription_item: Option<String>,
}

/// Tax on an invoice or credit note, by rate.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tax {
    /// The tax rate's id, `txr_...`; empty where the payload names none.
    pub rate: String,
    /// How much.
    pub amount: i64,
    /// Whether the lines' amounts hold it.
    pub inclusive: bool,
}

/// What an invoice line showed of the tax inside a subscription item's price. The fact's object
/// is the subscription item (`si_...`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ItemTax {
    /// Whose item it is.
    pub customer: Option<String>,
    /// The line's amount after discounts, tax included.
    pub amount: i64,
    /// The tax inside it.
    pub tax: i64,
}

/// An invoice.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Invoice {
    /// When Stripe made it.
    pub created: Seconds,
    /// Whose it is.
    pub customer: Option<String>,
    /// The subscription it bills.
    pub subscription: Option<String>,
    /// Its status.
    pub status: InvoiceStatus,
    /// The currency of every amount in it.
    pub currency: Option<Currency>,
    /// Stripe's `billing_reason`.
    pub billing_reason: Option<String>,
    /// After discounts, with tax; negative: becomes credit.
    pub total: i64,
    /// `total` without tax.
    pub total_excluding_tax: i64,
    /// What is to be paid, after credit applied.
    pub amount_due: i64,
    /// What was paid (from basil on: out-of-band included).
    pub amount_paid: i64,
    /// What is still to be paid.
    pub amount_remaining: i64,
    /// The customer's balance before finalisation.
    pub starting_balance: i64,
    /// The customer's balance after finalisation; `None`: not final.
    pub ending_balance: Option<i64>,
    /// Lines, in Stripe's order.
    pub lines: Vec<Line>,
    /// The payload held only the first lines.
    pub lines_cut: bool,
    /// Tax by rate.
    pub taxes: Vec<Tax>,
    /// Credit notes issued while it was open.
    pub pre_payment_credit_notes: i64,
    /// Credit notes issued after it was paid.
    pub post_payment_credit_notes: i64,
    /// Payment has been attempted.
    pub attempted: bool,
    /// How often.
    pub attempt_count: i64,
    /// When it is due.
    pub due_date: Option<Seconds>,
    /// `status_transitions.finalized_at`.
    pub finalized_at: Option<Seconds>,
    /// `status_transitions.paid_at`.
    pub paid_at: Option<Seconds>,
    /// `status_transitions.voided_at`.
    pub voided_at: Option<Seconds>,
    /// `status_transitions.marked_uncollectible_at`.
    pub uncollectible_at: Option<Seconds>,
    /// Before basil: paid outside Stripe. `None`: the shape does not say.
    pub paid_out_of_band: Option<bool>,
    /// Before basil: the charge that paid it.
    pub charge: Option<String>,
    /// Before basil: its payment intent.
    pub payment_intent: Option<String>,
    /// The test clock it lives on.
    pub test_clock: Option<String>,
}

/// A refund a credit note lists, and how much of it belongs to the note.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NoteRefund {
    /// The refund's id.
    pub refund: String,
    /// The part that settles this note; `None`: all of it.
    #[serde(default)]
    pub amount: Option<i64>,
}

/// A credit note.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CreditNote {
    /// When Stripe made it.
    pub created: Seconds,
    /// The invoice it lowers.
    pub invoice: String,
    /// Whose it is.
    pub customer: Option<String>,
    /// Currency.
    pub currency: Option<Currency>,
    /// `issued` or `void`.
    pub status: String,
    /// With tax.
    pub total: i64,
    /// Without tax.
    pub total_excluding_tax: i64,
    /// Tax by rate.
    pub taxes: Vec<Tax>,
    /// What lowered the open invoice.
    pub pre_payment_amount: i64,
    /// What was given back after payment.
    pub post_payment_amount: i64,
    /// The refunds that settle it.
    pub refunds: Vec<NoteRefund>,
    /// What went to the customer's credit balance.
    pub credited: i64,
    /// What was given back outside Stripe.
    pub out_of_band: i64,
    /// When it was voided.
    pub voided_at: Option<Seconds>,
}
