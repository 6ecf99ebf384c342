//! Facts: what an observation says about one Stripe object, in our own words.
//!
//! A [`State`] holds exactly what some rule needs, in the same form whatever API version the
//! payload had, and no personal data. Amounts are Stripe's minor units, instants are whole
//! seconds since the epoch. `None` stands for null and absent alike.

mod catalogue;
mod invoice;
mod payment;
mod subscription;
mod terms;

pub use catalogue::*;
pub use invoice::*;
pub use payment::*;
use serde::{Deserialize, Serialize};
pub use subscription::*;
pub use terms::*;

/// Seconds since the epoch, as Stripe counts time.
pub type Seconds = i64;

/// What one observation says about one object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fact {
    /// The object's id, inside its source.
    pub object: String,
    /// Where in its life the object is by this observation.
    pub phase: Phase,
    /// The object as seen.
    pub state: State,
    /// The whole state before an update, rebuilt from `previous_attributes`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<State>,
}

/// The part of a life cycle an event type stands for. The order is that of a life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// `*.created`: the first version of its object.
    Created,
    /// Any type between; the state's own lifecycle rank orders them.
    Changed,
    /// `*.deleted`: the last version of its object.
    Deleted,
    /// Seen inside another object's payload: it says what the object is, never that it changed.
    Embedded,
}

/// The state of one Stripe object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "object", rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum State {
    Customer(Customer),
    Discount(Discount),
    Coupon(Coupon),
    Product(Product),
    Price(Price),
    Subscription(Subscription),
    Invoice(Invoice),
    InvoicePayment(InvoicePayment),
    PaymentIntent(PaymentIntent),
    Charge(Charge),
    Refund(Refund),
    CreditNote(CreditNote),
    Dispute(Dispute),
    Payout(Payout),
    BalanceTransaction(BalanceTransaction),
    CheckoutSession(CheckoutSession),
    ItemTax(ItemTax),
    CouponTerms(CouponTerms),
    PriceTerms(PriceTerms),
    LookUp(LookUp),
}

impl State {
    /// The kind's name: a closed set, fit for a label.
    pub fn kind(&self) -> &'static str {
        match self {
            State::Customer(_) => "customer",
            State::Discount(_) => "discount",
            State::Coupon(_) => "coupon",
            State::Product(_) => "product",
            State::Price(_) => "price",
            State::Subscription(_) => "subscription",
            State::Invoice(_) => "invoice",
            State::InvoicePayment(_) => "invoice_payment",
            State::PaymentIntent(_) => "payment_intent",
            State::Charge(_) => "charge",
            State::Refund(_) => "refund",
            State::CreditNote(_) => "credit_note",
            State::Dispute(_) => "dispute",
            State::Payout(_) => "payout",
            State::BalanceTransaction(_) => "balance_transaction",
            State::CheckoutSession(_) => "checkout_session",
            State::ItemTax(_) => "item_tax",
            State::CouponTerms(_) => "coupon_terms",
            State::PriceTerms(_) => "price_terms",
            State::LookUp(_) => "look_up",
        }
    }

    /// The customer this state names.
    pub fn customer(&self) -> Option<&str> {
        match self {
            State::Discount(it) => it.customer.as_deref(),
            State::Subscription(it) => it.customer.as_deref(),
            State::Invoice(it) => it.customer.as_deref(),
            State::PaymentIntent(it) => it.customer.as_deref(),
            State::Charge(it) => it.customer.as_deref(),
            State::CreditNote(it) => it.customer.as_deref(),
            State::CheckoutSession(it) => it.customer.as_deref(),
            State::ItemTax(it) => it.customer.as_deref(),
            _ => None,
        }
    }

    /// The objects that settle the same debt as this one: an invoice, the payments of it, their
    /// charges, refunds, disputes, credit notes and balance transactions form one *settlement*, in
    /// which every ledger target is computed. Customers and subscriptions are not part of it.
    pub fn relatives(&self) -> Vec<&str> {
        let named: Vec<Option<&str>> = match self {
            State::Invoice(it) => vec![it.charge.as_deref(), it.payment_intent.as_deref()],
            State::InvoicePayment(it) => vec![
                Some(it.invoice.as_str()),
                match &it.payer {
                    Some(Payer::PaymentIntent(id) | Payer::Charge(id)) => Some(id),
                    _ => None,
                },
            ],
            State::PaymentIntent(it) => vec![it.latest_charge.as_deref(), it.invoice.as_deref()],
            State::Charge(it) => vec![it.payment_intent.as_deref(), it.invoice.as_deref()],
            State::Refund(it) => vec![it.charge.as_deref(), it.payment_intent.as_deref()],
            State::CreditNote(it) => std::iter::once(Some(it.invoice.as_str()))
                .chain(it.refunds.iter().map(|refund| Some(refund.refund.as_str())))
                .collect(),
            State::Dispute(it) => vec![it.charge.as_deref(), it.payment_intent.as_deref()],
            State::BalanceTransaction(it) => vec![it.source.as_deref()],
            State::CheckoutSession(it) => {
                vec![it.payment_intent.as_deref(), it.invoice.as_deref()]
            }
            State::LookUp(it) => vec![Some(it.of.as_str())],
            _ => vec![],
        };
        named.into_iter().flatten().collect()
    }

    /// Whether this object takes part in a settlement.
    pub fn settles(&self) -> bool {
        matches!(
            self,
            State::Invoice(_)
                | State::InvoicePayment(_)
                | State::PaymentIntent(_)
                | State::Charge(_)
                | State::Refund(_)
                | State::CreditNote(_)
                | State::Dispute(_)
                | State::Payout(_)
                | State::BalanceTransaction(_)
                | State::CheckoutSession(_)
                | State::LookUp(_)
        )
    }

    /// How far along its life the state is, per kind: breaks ties of one second where nothing
    /// better does. An uncollectible invoice may still be paid or voided, a paid payout may fail,
    /// a lost dispute may be won on appeal.
    pub fn rank(&self) -> u8 {
        match self {
            State::Subscription(it) => it.status as u8,
            State::Invoice(it) => it.status as u8,
            State::InvoicePayment(it) => rank_of(&["open", "canceled", "paid"], &it.status),
            State::PaymentIntent(it) => {
                rank_of(&["processing", "canceled", "succeeded"], &it.status)
            }
            State::Charge(it) => rank_of(&["pending", "failed", "succeeded"], &it.status),
            State::Refund(it) => rank_of(
                &["pending", "requires_action", "succeeded", "canceled", "failed"],
                &it.status,
            ),
            State::CreditNote(it) => rank_of(&["issued", "void"], &it.status),
            State::Dispute(it) => rank_of(
                &["needs_response", "under_review", "warning_closed", "prevented", "lost", "won"],
                &it.status,
            ),
            State::Payout(it) => {
                rank_of(&["pending", "in_transit", "paid", "canceled", "failed"], &it.status)
            }
            State::CheckoutSession(it) => {
                rank_of(&["open", "expired", "complete"], it.status.as_deref().unwrap_or_default())
            }
            _ => 0,
        }
    }
}

/// The status's place in its life, unknown ones first.
fn rank_of(order: &[&str], status: &str) -> u8 {
    order.iter().position(|known| *known == status).map_or(0, |place| place as u8 + 1)
}
