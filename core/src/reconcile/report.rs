//! What a reconciliation found.

use super::{Account, Cause, Posted, day_of};
use crate::billing::facts::BalanceTransaction;
use crate::money::Currency;
use crate::time;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One day in one currency.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Day {
    /// What Stripe's books moved the balance by.
    pub stripe: i64,
    /// What the ledger moved `stripe_balance` by.
    pub ledger: i64,
    /// What the ledger moved `stripe_pending` by.
    pub pending: i64,
    /// The fees in Stripe's books.
    pub fees: i64,
}

/// Something that is left between the ledger and Stripe's books, or that only they tell of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Why.
    pub cause: Cause,
    /// The charge, refund, dispute or payout; else the balance transaction.
    pub object: String,
    /// The balance transaction, or the last of several.
    pub transaction: Option<String>,
    /// On which account it is left.
    pub account: Account,
    /// Currency.
    pub currency: Currency,
    /// The day it belongs to.
    pub day: time::Day,
    /// Of a difference what the ledger has beyond Stripe's books, debits positive; else what it is
    /// about.
    pub amount: i64,
}

/// What a reconciliation found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// How many balance transactions lie on the days compared.
    pub transactions: u64,
    /// Every day and currency that holds anything.
    #[serde(with = "days")]
    pub days: BTreeMap<(time::Day, Currency), Day>,
    /// What is left or needs telling: what explains nothing first, then by day.
    pub lines: Vec<Line>,
}

impl Report {
    /// Whether every difference is explained.
    pub fn is_green(&self) -> bool {
        self.lines.iter().all(|line| line.cause.explains())
    }

    /// The unexplained minor units of a currency, whatever their direction.
    pub fn unexplained(&self, currency: Currency) -> u64 {
        let lines = self.lines.iter().filter(|it| it.currency == currency && !it.cause.explains());
        lines.map(|it| it.amount.unsigned_abs()).sum()
    }

    /// The currencies compared.
    pub fn currencies(&self) -> Vec<Currency> {
        let mut all: Vec<Currency> = self.days.keys().map(|(_, currency)| *currency).collect();
        all.extend(self.lines.iter().map(|line| line.currency));
        all.sort();
        all.dedup();
        all
    }

    /// What all days sum to in a currency.
    pub fn total(&self, currency: Currency) -> Day {
        let days = self.days.iter().filter(|((_, of), _)| *of == currency);
        days.fold(Day::default(), |sum, (_, day)| Day {
            stripe: sum.stripe + day.stripe,
            ledger: sum.ledger + day.ledger,
            pending: sum.pending + day.pending,
            fees: sum.fees + day.fees,
        })
    }

    pub(super) fn listed(&mut self, it: &BalanceTransaction) {
        let day = self.days.entry((day_of(it.created), it.currency)).or_default();
        day.stripe += it.amount - it.fee;
        day.fees += it.fee;
    }

    pub(super) fn posted(&mut self, it: &Posted) {
        let day = self.days.entry((it.day, it.currency)).or_default();
        match it.account {
            Account::StripeBalance => day.ledger += it.amount,
            Account::StripePending => day.pending += it.amount,
        }
    }

    pub(super) fn finish(&mut self) {
        self.lines.sort_by(|a, b| {
            let key = |it: &Line| (it.cause.explains(), it.day, it.object.clone(), it.account);
            key(a).cmp(&key(b))
        });
    }
}

/// Maps with pairs as keys, as a list: JSON has no such keys.
mod days {
    use super::{BTreeMap, Currency, Day, time};
    use serde::{Deserialize, Deserializer, Serializer};

    type Days = BTreeMap<(time::Day, Currency), Day>;

    pub(super) fn serialize<S: Serializer>(days: &Days, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(days)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Days, D::Error> {
        let list = Vec::<((time::Day, Currency), Day)>::deserialize(from)?;
        Ok(list.into_iter().collect())
    }
}
