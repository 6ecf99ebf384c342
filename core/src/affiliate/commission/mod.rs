//! What sales earn: the rows that must stand, derived from all sales of an aggregate.
//!
//! Without tiers a customer's sales are the aggregate; with tiers or a cap a period, the sales of
//! one partner in one period. What stands is a sum per [`Key`]: facts learned late change it, and
//! [`difference`] says which rows are missing.

mod eligible;
mod exchange;
mod period;
mod single;
mod tiers;

use super::calendar::Calendar;
use super::decision::{Decision, Log};
use super::sale::Sale;
use super::terms::{Method, Period, Rate, Terms};
use crate::ledger::amount::{neg, sub};
use crate::ledger::{Account, LedgerError};
use crate::money::Currency;
use crate::time::{Month, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

pub use tiers::marginal;

/// Why a commission row stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Money came in.
    Earned,
    /// Money went back.
    Reversed,
    /// What went back came again: a refund failed, a lost dispute was won, a rejection was undone.
    Reinstated,
    /// Somebody rejected it.
    Rejected,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 4] = [Kind::Earned, Kind::Reversed, Kind::Reinstated, Kind::Rejected];

    /// The name in databases and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Earned => "earned",
            Kind::Reversed => "reversed",
            Kind::Reinstated => "reinstated",
            Kind::Rejected => "rejected",
        }
    }

    /// The kind of that name.
    pub fn parse(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// What a commission row is: one per sale, kind, instant and currency. The sum of a sale's rows is
/// what is left of its commission.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The sale that moved it.
    pub sale: String,
    /// Why.
    pub kind: Kind,
    /// Business time: the payment's, the refund's, the dispute's, the act's.
    pub occurred: Timestamp,
    /// Currency of the amount.
    pub currency: Currency,
}

/// What must stand, signed, without zeros.
pub type Targets = BTreeMap<Key, i64>;

/// The period in which a sale is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PeriodKey {
    /// All the time; also of terms that count no period.
    Lifetime,
    /// A calendar month in the program's time zone.
    Month(Month),
}

/// The period of a sale that was paid then.
pub fn period(terms: &Terms, calendar: &impl Calendar, paid_at: Timestamp) -> PeriodKey {
    let by_month = match &terms.tiers {
        Some(tiers) => tiers.period == Period::CalendarMonth,
        None => terms.caps.period.is_some(),
    };
    if by_month { PeriodKey::Month(calendar.month(paid_at)) } else { PeriodKey::Lifetime }
}

/// What must stand for the sales that are `within` the aggregate.
///
/// `sales` must hold every sale of each customer in it since the binding, because durations and
/// caps count from the first; `within` says which of them are of the aggregate and of these terms:
/// the customer, or the partner's period. The order of `sales` and `decisions` does not matter.
pub fn derive(
    terms: &Terms,
    calendar: &impl Calendar,
    sales: &[Sale],
    decisions: &[Decision],
    within: impl Fn(&Sale) -> bool,
) -> Result<Targets, LedgerError> {
    let earning = eligible::eligible(terms, calendar, sales);
    let period_of = |sale: &Sale| period(terms, calendar, sale.paid_at);
    let log = &Log::of(decisions);
    let mut targets = Book::default();
    let mut plans = Vec::new();
    match &terms.tiers {
        None => {
            for sale in earning {
                plans.push(single::Plan::of(terms, sale, terms.rate)?);
            }
            // A fixed amount is earned once, in however many parts an order is paid.
            let fixed = match terms.rate {
                Rate::Fixed(amount) => Some(amount),
                Rate::Bps(_) => None,
            };
            let most = fixed.into_iter().chain(terms.caps.sale).min();
            single::cap(terms, &mut plans, most, |sale| sale.order.clone())?;
            single::cap(terms, &mut plans, terms.caps.customer, |sale| sale.owner().to_owned())?;
            plans.retain(|plan| within(plan.sale));
        }
        Some(tiers) => {
            let mut periods: BTreeMap<PeriodKey, Vec<&Sale>> = BTreeMap::new();
            for sale in earning.into_iter().filter(|sale| within(sale)) {
                periods.entry(period_of(sale)).or_default().push(sale);
            }
            for sales in periods.values() {
                let (measured, others) = exchange::measurable(terms, tiers.measure, sales);
                for sale in others {
                    plans.push(single::Plan::of(terms, sale, terms.rate)?);
                }
                if tiers.method == Method::Slab {
                    plans.extend(tiers::slab(terms, tiers, &measured)?);
                } else {
                    period::post(terms, tiers, &measured, log, &mut targets)?;
                }
            }
            plans.sort_by_key(|plan| plan.sale.place());
            single::cap(terms, &mut plans, terms.caps.sale, |sale| sale.order.clone())?;
        }
    }
    single::cap(terms, &mut plans, terms.caps.period, period_of)?;
    for plan in &plans {
        single::post(plan, log, &mut targets)?;
    }
    Ok(targets.into_targets())
}

/// The rows to append, so that the sums in `stored` become the target's; ascending by key.
pub fn difference(
    target: &Targets,
    stored: &BTreeMap<Key, i64>,
) -> Result<Vec<(Key, i64)>, LedgerError> {
    let keys: BTreeSet<&Key> = target.keys().chain(stored.keys()).collect();
    let mut rows = Vec::new();
    for key in keys {
        let of = |map: &BTreeMap<Key, i64>| map.get(key).copied().unwrap_or_default();
        let amount = sub(of(target), of(stored))?;
        if amount != 0 {
            rows.push((key.clone(), amount));
        }
    }
    Ok(rows)
}

/// The transfer of a commission row: debit, credit, positive amount. What is earned is owed to the
/// partner; what comes back is owed no more.
pub fn transfer(partner: &str, amount: i64) -> Result<(Account, Account, i64), LedgerError> {
    let (expense, payable) =
        (Account::CommissionExpense, Account::PartnerPayable(partner.to_owned()));
    Ok(if amount < 0 { (payable, expense, neg(amount)?) } else { (expense, payable, amount) })
}

/// The transfer of a payout: what was owed to the partner is paid out.
pub fn payout_transfer(partner: &str, amount: i64) -> (Account, Account, i64) {
    (Account::PartnerPayable(partner.to_owned()), Account::PaidOut, amount)
}

/// Targets under way.
#[derive(Debug, Default)]
struct Book(Targets);

impl Book {
    fn add(
        &mut self,
        sale: &Sale,
        kind: Kind,
        occurred: Timestamp,
        currency: Currency,
        amount: i64,
    ) -> Result<(), LedgerError> {
        let key = Key { sale: sale.id.clone(), kind, occurred, currency };
        let known = self.0.entry(key).or_default();
        *known = crate::ledger::amount::add(*known, amount)?;
        Ok(())
    }

    /// What went back, or, positive, came again.
    fn returned(
        &mut self,
        sale: &Sale,
        rejected: bool,
        occurred: Timestamp,
        currency: Currency,
        amount: i64,
    ) -> Result<(), LedgerError> {
        let kind = match (amount > 0, rejected) {
            (true, _) => Kind::Reinstated,
            (false, true) => Kind::Rejected,
            (false, false) => Kind::Reversed,
        };
        self.add(sale, kind, occurred, currency, amount)
    }

    fn into_targets(self) -> Targets {
        self.0.into_iter().filter(|(_, amount)| *amount != 0).collect()
    }
}
