//! What really happened, in the terms in which Takings is asked.
//!
//! # What dates what
//!
//! - MRR of a version counts from the event's `created`, but a trial's end is dated `trial_end`, a
//!   subscription's end `ended_at`, and a discount's expiry the start of the first period that begins
//!   at or after `discount.end`; the events that tell of these come up to 45 seconds later.
//! - A customer's discount counts from the second of its `customer.discount.created` on.
//! - Gross revenue of an invoice lies on the day of each payment's `paid_at`; of a one-off sale on the
//!   day of the charge's `created`, wherever its session or capture lies.
//! - Net revenue loses a refund on the day of `refund.created` (pending ones too) and gains it again
//!   on the day of the event that tells of its failure or cancellation; it loses and regains a dispute
//!   on the days of its balance transactions. A credit note alone takes nothing from it.
//! - A reversal earns its lines through its own day: a refund's `created`, a note's `created`,
//!   `voided_at`, a balance transaction's `created`.
//! - A payout is posted when it is created and mirrored when it fails or is canceled.

use std::collections::{BTreeMap, BTreeSet};

/// Why no payload can settle an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unsettled {
    /// A subscription's MRR was lessened by a coupon: no payload says which products it covers.
    /// The value is right all the same, for every coupon here covers all.
    CouponScope,
    /// From clover on, a coupon older than the story: its body is in no payload. Its items keep
    /// their last settled MRR, 0 where there was none.
    CouponUnknown,
    /// A subscription with a tiered price; such an item's MRR is taken as 0.
    TieredPrice,
    /// A subscription billed in another currency than its price names; its MRR is taken as 0.
    CurrencyOption,
    /// An invoice with more lines than Stripe shows, or a subscription with more items; the MRR of
    /// such a subscription is taken as 0.
    CutList,
    /// A burst in one second that admits several right orders with different ends. The simulator
    /// makes none: where every update names its previous values, all unbroken paths end alike.
    Tie,
    /// A successful charge that neither an invoice nor a checkout session explains.
    PaymentUnexplained,
    /// A paid invoice of which no payload says how it was paid.
    PaymentMethodUnknown,
    /// A charge that says how much of it was refunded, and a refund of it that no event shows.
    RefundUnseen,
    /// A subscription on a price with tax inside whose rate no invoice line has shown yet; its
    /// MRR is taken as 0.
    InclusiveTaxUnknown,
}

/// What a movement of MRR is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MovementKind {
    /// From nothing to something, for the first time.
    New,
    /// From nothing to something, again.
    Reactivation,
    /// More than before.
    Expansion,
    /// Less than before.
    Contraction,
    /// Down to nothing.
    Churn,
}

/// One movement of a customer's MRR, netted per currency and second.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrueMovement {
    /// Unix seconds.
    pub at: i64,
    /// The customer's id.
    pub customer: String,
    /// Lower case.
    pub currency: String,
    /// Decided by the customer's total in any currency before and after.
    pub kind: MovementKind,
    /// The change, signed, in 1/83,160 of a minor unit.
    pub units: i128,
}

/// MRR of a customer in a currency: from each instant on, so many units.
pub type StepFunction = Vec<(i64, i128)>;

/// The simulator's own account of the story it told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Truth {
    /// MRR per customer and currency (lower case) in 1/83,160 of a minor unit, as steps.
    pub mrr: BTreeMap<(String, String), StepFunction>,
    /// Every movement, by time, customer and currency.
    pub movements: Vec<TrueMovement>,
    /// The ledger's final balances by account and currency, debits positive, before any monthly
    /// close and without what only a look-up can tell (fees and settlement of charges).
    pub balances: BTreeMap<(String, String), i64>,
    /// Gross revenue in minor units by currency and UTC day (days since the epoch).
    pub gross: BTreeMap<(String, i64), i64>,
    /// Net revenue in minor units by currency and UTC day.
    pub net: BTreeMap<(String, i64), i64>,
    /// What no payload settles, by object id.
    pub unsettled: BTreeMap<String, BTreeSet<Unsettled>>,
}

impl Truth {
    /// MRR of a customer in a currency at an instant, that second included.
    pub fn mrr_at(&self, customer: &str, currency: &str, at: i64) -> i128 {
        let key = (customer.to_owned(), currency.to_owned());
        let Some(steps) = self.mrr.get(&key) else { return 0 };
        let after = steps.partition_point(|(from, _)| *from <= at);
        if after == 0 { 0 } else { steps[after - 1].1 }
    }

    /// MRR of all customers in a currency at an instant, that second included.
    pub fn total_mrr_at(&self, currency: &str, at: i64) -> i128 {
        self.mrr
            .keys()
            .filter(|(_, known)| known == currency)
            .map(|(customer, _)| self.mrr_at(customer, currency, at))
            .sum()
    }
}
