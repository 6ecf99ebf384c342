//! Why the ledger and Stripe's books differ.

use super::group::Group;
use super::{Account, Line, UNDER_WAY, day_of};
use crate::billing::facts::BalanceTransaction;
use crate::ledger::{self, counter};
use serde::{Deserialize, Serialize};

/// Why something is left between the ledger and Stripe's books.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Stripe has not settled it yet, or has not paid it out yet.
    UnderWay,
    /// Its other half lies on days that are not compared, or on another of those days.
    OtherDay,
    /// What Stripe took for itself: no event tells of it.
    Fee,
    /// What Stripe keeps back, or gave free.
    Reserve,
    /// What was paid in from the bank.
    TopUp,
    /// A payout of which no event had come; the API has told of it now.
    Recovered,
    /// Less than one minor unit was rounded away in a conversion.
    Rounding,
    /// Stripe's books name an object that was never seen.
    ObjectUnseen,
    /// The object was seen, but not the event that tells of this.
    EventMissed,
    /// The ledger holds what Stripe's books do not.
    NotInStripe,
    /// Both hold it, with different amounts.
    AmountMismatch,
    /// A conversion is not at the rate that Stripe names.
    RateMismatch,
    /// A balance transaction of a category that has no account in the ledger.
    UnknownCategory,
}

impl Cause {
    /// The name that people read.
    pub fn as_str(self) -> &'static str {
        match self {
            Cause::UnderWay => "under_way",
            Cause::OtherDay => "other_day",
            Cause::Fee => "fee",
            Cause::Reserve => "reserve",
            Cause::TopUp => "top_up",
            Cause::Recovered => "recovered",
            Cause::Rounding => "rounding",
            Cause::ObjectUnseen => "object_unseen",
            Cause::EventMissed => "event_missed",
            Cause::NotInStripe => "not_in_stripe",
            Cause::AmountMismatch => "amount_mismatch",
            Cause::RateMismatch => "rate_mismatch",
            Cause::UnknownCategory => "unknown_category",
        }
    }

    /// Whether it is as it should be.
    pub fn explains(self) -> bool {
        self <= Cause::Rounding
    }

    /// Whether a line of this cause is a part of the difference between the two; the others tell
    /// of what both agree upon.
    pub fn differs(self) -> bool {
        use Cause::*;
        !matches!(self, Fee | Reserve | TopUp | Recovered | Rounding | RateMismatch)
    }
}

/// What Stripe did by itself: no difference, but nothing that events tell of.
pub(super) fn by_itself(it: &BalanceTransaction) -> Option<Line> {
    let cause = match counter(it.category.as_deref().unwrap_or_default()) {
        ledger::Account::StripeFees => Cause::Fee,
        ledger::Account::Reserves => Cause::Reserve,
        ledger::Account::Bank => Cause::TopUp,
        _ => return None,
    };
    Some(Line {
        cause,
        object: it.source.clone().unwrap_or_else(|| it.id.clone()),
        transaction: Some(it.id.clone()),
        account: Account::StripeBalance,
        currency: it.currency,
        day: day_of(it.created),
        amount: it.amount - it.fee,
    })
}

/// Why `left` is left of a group on an account.
pub(super) fn of(group: &Group<'_>, left: i64) -> Cause {
    let fresh = group.newest().0 >= group.listed_until.0 - UNDER_WAY;
    let unknown = |it: &&BalanceTransaction| {
        !ledger::has_source(it)
            && counter(it.category.as_deref().unwrap_or_default()) == ledger::Account::StripePending
    };
    if group.transactions.values().any(unknown) {
        return Cause::UnknownCategory;
    }
    match (group.transactions.is_empty(), group.posts_itself()) {
        (true, _) if fresh => Cause::UnderWay,
        (true, _) => Cause::NotInStripe,
        (false, false) if !group.seen => Cause::ObjectUnseen,
        (false, false) if fresh && group.is_payout() => Cause::UnderWay,
        (false, false) => Cause::EventMissed,
        (false, true) => {
            let undone = group.transactions.len() > 1;
            let told = group.transactions.values().any(|it| it.amount == -left);
            if undone && told { Cause::EventMissed } else { Cause::AmountMismatch }
        }
    }
}
