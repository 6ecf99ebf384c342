//! The state of the make-believe business: what Stripe would hold.

mod money;

pub(crate) use money::{
    Card, Charge, Credit, Dispute, Fate, Moved, Note, Payout, Pending, Refund, Reversal, Txn,
};

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// A tax rate of a customer, on top of the price.
#[derive(Clone, Debug)]
pub(crate) struct TaxRate {
    pub(crate) id: String,
    pub(crate) percent: i64,
    pub(crate) inclusive: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Discount {
    pub(crate) id: String,
    pub(crate) coupon: usize,
    pub(crate) start: i64,
    pub(crate) end: Option<i64>,
    pub(crate) subscription: Option<String>,
    pub(crate) item: Option<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct Customer {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) created: i64,
    pub(crate) currency: Option<&'static str>,
    pub(crate) balance: i64,
    pub(crate) delinquent: bool,
    pub(crate) discount: Option<Discount>,
    pub(crate) card: String,
    pub(crate) prefix: String,
    pub(crate) invoices: u32,
    pub(crate) tax: Option<TaxRate>,
    /// Deleted.
    pub(crate) gone: bool,
    /// Acts only as told.
    pub(crate) commanded: bool,
    pub(crate) metadata: BTreeMap<String, String>,
    /// Fields that were set and mean nothing to the books.
    pub(crate) set: Map<String, Value>,
}

impl Customer {
    /// Of a played customer an address that can never be anybody's, else what was given.
    pub(crate) fn email(&self) -> Option<String> {
        let made_up = || format!("{}@example.com", self.name.to_lowercase().replace(' ', "."));
        match self.set.get("email") {
            Some(given) => given.as_str().map(str::to_owned),
            None => Some(made_up()),
        }
    }

    /// The card that is charged, if there is one.
    pub(crate) fn shown_card(&self) -> Option<&str> {
        (!self.card.is_empty()).then_some(&self.card)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Incomplete,
    Expired,
    Trialing,
    Active,
    PastDue,
    Unpaid,
    Paused,
    Canceled,
}

impl Status {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Incomplete => "incomplete",
            Self::Expired => "incomplete_expired",
            Self::Trialing => "trialing",
            Self::Active => "active",
            Self::PastDue => "past_due",
            Self::Unpaid => "unpaid",
            Self::Paused => "paused",
            Self::Canceled => "canceled",
        }
    }

    pub(crate) const fn is_over(self) -> bool {
        matches!(self, Self::Canceled | Self::Expired)
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) id: String,
    pub(crate) price: usize,
    pub(crate) quantity: i64,
    pub(crate) created: i64,
    pub(crate) discounts: Vec<Discount>,
    /// The last MRR that could be settled, for prices no payload can tell.
    pub(crate) settled: i128,
}

#[derive(Clone, Debug)]
pub(crate) struct Sub {
    pub(crate) id: String,
    pub(crate) customer: usize,
    pub(crate) currency: &'static str,
    pub(crate) status: Status,
    pub(crate) created: i64,
    pub(crate) items: Vec<Item>,
    pub(crate) discounts: Vec<Discount>,
    pub(crate) trial: Option<(i64, i64)>,
    /// Period `cycle` starts that many intervals after the anchor.
    pub(crate) anchor: i64,
    pub(crate) cycle: u32,
    pub(crate) period: (i64, i64),
    pub(crate) cancel_at_period_end: bool,
    /// Cancelled in the portal, which from clover on only sets `cancel_at`.
    pub(crate) by_portal: bool,
    pub(crate) canceled_at: Option<i64>,
    pub(crate) ended_at: Option<i64>,
    pub(crate) reason: Option<&'static str>,
    pub(crate) pause: Option<&'static str>,
    pub(crate) by_invoice: bool,
    pub(crate) latest_invoice: Option<usize>,
    pub(crate) metadata: BTreeMap<String, String>,
    /// Fields that were set and mean nothing to the books.
    pub(crate) set: Map<String, Value>,
    /// Whether the trial will be kept; drawn at the start.
    pub(crate) keeps: bool,
    /// Acts only as told: nothing is left to chance.
    pub(crate) commanded: bool,
    /// An end that was asked for at a time of its own.
    pub(crate) cancel_at: Option<i64>,
    /// When it was last paused.
    pub(crate) held_at: i64,
    /// When collection resumes by itself.
    pub(crate) resumes_at: Option<i64>,
    /// The card of this subscription alone.
    pub(crate) card: Option<String>,
    /// Why it was cancelled: comment, feedback.
    pub(crate) said: (Option<String>, Option<String>),
}

impl Sub {
    /// Its own card, or a played customer's: of the others' the customer tells.
    pub(crate) fn shown_card<'a>(&'a self, customer: &'a Customer) -> Option<&'a str> {
        let of_customer = if self.commanded { None } else { customer.shown_card() };
        self.card.as_deref().or(of_customer)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InvoiceStatus {
    Draft,
    Open,
    Paid,
    Uncollectible,
    Void,
}

impl InvoiceStatus {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Open => "open",
            Self::Paid => "paid",
            Self::Uncollectible => "uncollectible",
            Self::Void => "void",
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) id: String,
    pub(crate) amount: i64,
    pub(crate) description: String,
    pub(crate) period: (i64, i64),
    pub(crate) price: usize,
    pub(crate) quantity: i64,
    pub(crate) proration: bool,
    /// The subscription item it bills, or the invoice item it stands for.
    pub(crate) item: Result<String, String>,
    /// Discount id and amount.
    pub(crate) discounts: Vec<(String, i64)>,
    pub(crate) tax: i64,
    /// What stays in `reversed` parts, for the contra rule.
    pub(crate) reversed: i64,
}

#[derive(Clone, Debug)]
pub(crate) struct Invoice {
    pub(crate) id: String,
    pub(crate) number: Option<String>,
    pub(crate) customer: usize,
    pub(crate) sub: Option<usize>,
    pub(crate) reason: &'static str,
    pub(crate) currency: &'static str,
    pub(crate) by_invoice: bool,
    pub(crate) status: InvoiceStatus,
    pub(crate) created: i64,
    pub(crate) period: (i64, i64),
    pub(crate) lines: Vec<Line>,
    pub(crate) discounts: Vec<Discount>,
    pub(crate) tax: Option<TaxRate>,
    pub(crate) starting_balance: i64,
    pub(crate) ending_balance: Option<i64>,
    pub(crate) amount_paid: i64,
    pub(crate) finalized_at: Option<i64>,
    pub(crate) paid_at: Option<i64>,
    pub(crate) voided_at: Option<i64>,
    pub(crate) uncollectible_at: Option<i64>,
    pub(crate) attempts: u32,
    pub(crate) next_attempt: Option<i64>,
    pub(crate) intent: Option<String>,
    pub(crate) charge: Option<usize>,
    pub(crate) out_of_band: bool,
    pub(crate) pre_notes: i64,
    pub(crate) post_notes: i64,
    /// Money received and given back so far, for the untaxed shares.
    pub(crate) received: i64,
    pub(crate) returned: i64,
    /// Something has been or will be reversed: nothing else may be.
    pub(crate) touched: bool,
    /// What of `amount_paid` came outside Stripe.
    pub(crate) off_stripe: i64,
    /// Fields that were set and mean nothing to the books.
    pub(crate) set: Map<String, Value>,
}

impl Line {
    pub(crate) fn discounted(&self) -> i64 {
        self.amount - self.discounts.iter().map(|(_, amount)| amount).sum::<i64>()
    }
}

impl Invoice {
    pub(crate) fn inclusive(&self) -> bool {
        self.tax.as_ref().is_some_and(|rate| rate.inclusive)
    }

    pub(crate) fn subtotal(&self) -> i64 {
        self.lines.iter().map(|line| line.amount).sum()
    }

    pub(crate) fn tax_sum(&self) -> i64 {
        self.lines.iter().map(|line| line.tax).sum()
    }

    /// Net of a line: without discounts and without tax.
    pub(crate) fn net(&self, line: &Line) -> i64 {
        line.discounted() - if self.inclusive() { line.tax } else { 0 }
    }

    pub(crate) fn untaxed(&self) -> i64 {
        self.lines.iter().map(|line| self.net(line)).sum()
    }

    pub(crate) fn total(&self) -> i64 {
        self.untaxed() + self.tax_sum()
    }

    /// What is asked after the customer's credit and earlier notes.
    pub(crate) fn due(&self) -> i64 {
        match self.ending_balance {
            Some(ending) => self.total() - (ending - self.starting_balance) - self.pre_notes,
            None => self.total().max(0),
        }
    }

    pub(crate) fn remaining(&self) -> i64 {
        if self.status == InvoiceStatus::Paid { 0 } else { self.due() - self.amount_paid }
    }
}
