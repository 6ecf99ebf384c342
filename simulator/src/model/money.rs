//! Money: charges, what goes back, payouts, cards, and the balance with Stripe.

use serde_json::{Map, Value};

use super::Line;

#[derive(Clone, Debug)]
pub(crate) struct Charge {
    pub(crate) id: String,
    pub(crate) intent: String,
    pub(crate) customer: Option<usize>,
    pub(crate) invoice: Option<usize>,
    pub(crate) amount: i64,
    /// The tax in a one-off payment.
    pub(crate) tax: i64,
    pub(crate) currency: &'static str,
    pub(crate) created: i64,
    pub(crate) captured: bool,
    pub(crate) succeeded: bool,
    pub(crate) refunded: i64,
    pub(crate) disputed: bool,
    pub(crate) transaction: Option<String>,
    pub(crate) refunds: Vec<usize>,
    pub(crate) description: &'static str,
    /// Why it was declined.
    pub(crate) decline: &'static str,
    /// The card that was charged, where it is not simply the customer's.
    pub(crate) card: Option<String>,
    /// The checkout session of a one-off payment, and when it was opened.
    pub(crate) session: Option<(String, i64)>,
}

#[derive(Clone, Debug)]
pub(crate) struct Refund {
    pub(crate) id: String,
    pub(crate) charge: usize,
    pub(crate) amount: i64,
    pub(crate) created: i64,
    pub(crate) status: &'static str,
    pub(crate) reason: &'static str,
    pub(crate) reversal: Reversal,
    /// When it turned out that the money came back.
    pub(crate) undone_at: Option<i64>,
    /// Fields that were set and mean nothing to the books.
    pub(crate) set: Map<String, Value>,
}

/// The transactions of an object that moves the balance and may come back bear its name.
macro_rules! transactions {
    ($object:ty) => {
        impl $object {
            pub(crate) fn transaction(&self) -> String {
                format!("txn_{}", &self.id[3..])
            }

            pub(crate) fn back_transaction(&self) -> String {
                format!("txn_f{}", &self.id[3..])
            }
        }
    };
}

transactions!(Refund);
transactions!(Payout);

/// What a reversal did, so that its mirror can be posted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reversal {
    pub(crate) contra: i64,
    pub(crate) deferred: i64,
    /// Per line.
    pub(crate) parts: Vec<i64>,
    /// What left net revenue.
    pub(crate) net: i64,
}

#[derive(Clone, Debug)]
pub(crate) struct Dispute {
    pub(crate) id: String,
    pub(crate) charge: usize,
    pub(crate) amount: i64,
    pub(crate) created: i64,
    pub(crate) status: &'static str,
    pub(crate) reason: &'static str,
    pub(crate) inquiry: bool,
    pub(crate) wins: bool,
    /// Id, created, amount, fee.
    pub(crate) transactions: Vec<(String, i64, i64, i64)>,
    pub(crate) reversal: Reversal,
}

#[derive(Clone, Debug)]
pub(crate) struct Note {
    pub(crate) id: String,
    pub(crate) invoice: usize,
    pub(crate) created: i64,
    pub(crate) amount: i64,
    pub(crate) tax: i64,
    pub(crate) before_payment: bool,
    pub(crate) to_balance: i64,
    pub(crate) refund: Option<usize>,
    pub(crate) voided_at: Option<i64>,
    pub(crate) reversal: Reversal,
}

#[derive(Clone, Debug)]
pub(crate) struct Payout {
    pub(crate) id: String,
    pub(crate) currency: &'static str,
    pub(crate) amount: i64,
    pub(crate) created: i64,
    pub(crate) arrival: i64,
    pub(crate) status: &'static str,
    pub(crate) fate: &'static str,
    pub(crate) failed: bool,
    /// When the money came back.
    pub(crate) undone_at: Option<i64>,
    /// Fields that were set and mean nothing to the books.
    pub(crate) set: Map<String, Value>,
}

/// A change of a customer's credit balance, of which no event tells.
#[derive(Clone, Debug)]
pub(crate) struct Credit {
    pub(crate) id: String,
    pub(crate) customer: usize,
    pub(crate) created: i64,
    pub(crate) kind: &'static str,
    pub(crate) amount: i64,
    pub(crate) ending: i64,
    pub(crate) currency: &'static str,
    pub(crate) invoice: Option<usize>,
    pub(crate) note: Option<usize>,
}

/// What a card does when it is asked for money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Pays,
    /// Pays, and the charge is disputed at once, or inquired into.
    Disputes {
        inquiry: bool,
    },
    /// Refuses, for this reason.
    Declines(&'static str),
}

/// A card that was made by a command.
#[derive(Clone, Debug)]
pub(crate) struct Card {
    pub(crate) id: String,
    pub(crate) customer: Option<usize>,
    pub(crate) created: i64,
    pub(crate) brand: &'static str,
    pub(crate) last4: &'static str,
    pub(crate) fate: Fate,
}

/// What moved the balance that the account has with Stripe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moved {
    Charge(usize),
    Refund(usize),
    /// A refund came back.
    RefundBack(usize),
    /// A dispute's transaction, by its place.
    Chargeback(usize, usize),
    Payout(usize),
    /// A payout came back.
    PayoutBack(usize),
    /// Stripe by itself, by its reporting category.
    Own {
        category: &'static str,
        currency: &'static str,
        amount: i64,
    },
}

/// A line that waits for the next invoice.
#[derive(Clone, Debug)]
pub(crate) struct Pending {
    pub(crate) customer: usize,
    pub(crate) sub: Option<usize>,
    pub(crate) currency: &'static str,
    pub(crate) line: Line,
}

/// A balance transaction: events name it at most, only a look-up shows it.
#[derive(Clone, Debug)]
pub(crate) struct Txn {
    pub(crate) id: String,
    pub(crate) created: i64,
    pub(crate) moved: Moved,
}
