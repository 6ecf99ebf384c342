//! Movements: what one customer's MRR did, by kind.

use super::facts::Seconds;
use super::mrr::Overflow;
use super::point::{Cause, Point};
use crate::money::Currency;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The MRR of one subscription changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// When.
    pub at: Seconds,
    /// Which subscription.
    pub subscription: String,
    /// The currency of both amounts.
    pub currency: Currency,
    /// Units of MRR before.
    pub before: i64,
    /// Units of MRR after.
    pub after: i64,
    /// The observation that made the change.
    pub event: String,
    /// Why.
    pub cause: Cause,
}

/// The kinds of movement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MovementKind {
    /// From nothing, for the first time.
    New,
    /// From nothing, after having been a subscriber.
    Reactivation,
    /// From more than zero to more.
    Expansion,
    /// From more than zero to less, but not to nothing.
    Contraction,
    /// To nothing.
    Churn,
}

impl MovementKind {
    /// Every kind, in the order of declaration.
    pub const ALL: [MovementKind; 5] = [
        MovementKind::New,
        MovementKind::Reactivation,
        MovementKind::Expansion,
        MovementKind::Contraction,
        MovementKind::Churn,
    ];

    /// The name in databases and metric labels.
    pub fn as_str(self) -> &'static str {
        match self {
            MovementKind::New => "new",
            MovementKind::Reactivation => "reactivation",
            MovementKind::Expansion => "expansion",
            MovementKind::Contraction => "contraction",
            MovementKind::Churn => "churn",
        }
    }

    /// The kind of that name.
    pub fn parse(name: &str) -> Option<MovementKind> {
        MovementKind::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// One movement of one customer in one currency at one instant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Movement {
    /// When.
    pub at: Seconds,
    /// In which currency.
    pub currency: Currency,
    /// Of what kind, by the customer's total in any currency before and after.
    pub kind: MovementKind,
    /// By how much: signed units of MRR, never zero.
    pub units: i64,
    /// The subscriptions that changed, ascending.
    pub subscriptions: Vec<String>,
    /// The observation behind the largest change of the movement's sign.
    pub event: String,
    /// Why that change happened.
    pub reason: Cause,
    /// By how much the number of subscribers in this currency changes: -1, 0 or 1.
    pub subscriber_change: i8,
    /// By how much the number of customers with any MRR changes. Where one instant has movements
    /// in several currencies, only the first carries it: it may be summed.
    pub customer_change: i8,
}

/// The changes that a subscription's points are, given the point before them.
pub fn changes(subscription: &str, before: Option<&Point>, points: &[Point]) -> Vec<Change> {
    let befores = before.into_iter().map(Some).chain(points.iter().map(Some));
    let befores = before.is_none().then_some(None).into_iter().chain(befores);
    let pairs = befores.zip(points);
    pairs.flat_map(|(before, after)| changes_between(subscription, before, after)).collect()
}

/// Up to two changes: a subscription that changes its currency leaves one and enters another.
fn changes_between(subscription: &str, before: Option<&Point>, after: &Point) -> Vec<Change> {
    let held = before.filter(|point| point.units != 0);
    let amounts = match held {
        Some(held) if held.currency != after.currency => {
            vec![(held.currency, held.units, 0), (after.currency, 0, after.units)]
        }
        held => vec![(after.currency, held.map_or(0, |point| point.units), after.units)],
    };
    let change = |(currency, before, after_units): (Option<Currency>, i64, i64)| {
        Some(Change {
            at: after.at,
            subscription: subscription.to_owned(),
            currency: currency.filter(|_| before != after_units)?,
            before,
            after: after_units,
            event: after.event.clone(),
            cause: after.cause,
        })
    };
    amounts.into_iter().filter_map(change).collect()
}

/// Nets a customer's changes into movements: one a currency and instant.
///
/// `totals` is the customer's MRR by currency just before the first change, `ever` whether it had
/// any before. The order of `changes` does not matter.
pub fn movements(
    totals: &BTreeMap<Currency, i64>,
    ever: bool,
    changes: &[Change],
) -> Result<Vec<Movement>, Overflow> {
    let mut instants: BTreeMap<Seconds, BTreeMap<Currency, Vec<&Change>>> = BTreeMap::new();
    for change in changes.iter().filter(|change| change.before != change.after) {
        let currencies = instants.entry(change.at).or_default();
        currencies.entry(change.currency).or_default().push(change);
    }
    let mut totals = totals.clone();
    let mut ever = ever || pays(&totals);
    let mut found = Vec::new();
    for (at, currencies) in instants {
        found.extend(at_instant(at, &mut totals, ever, currencies)?);
        ever = ever || pays(&totals);
    }
    Ok(found)
}

fn pays(totals: &BTreeMap<Currency, i64>) -> bool {
    totals.values().any(|units| *units > 0)
}

/// The movements of one instant; `totals` are brought forward.
fn at_instant(
    at: Seconds,
    totals: &mut BTreeMap<Currency, i64>,
    ever: bool,
    currencies: BTreeMap<Currency, Vec<&Change>>,
) -> Result<Vec<Movement>, Overflow> {
    let paid_before = pays(totals);
    let mut netted = Vec::new();
    for (currency, changes) in currencies {
        let units = net(&changes)?;
        let before = totals.get(&currency).copied().unwrap_or(0);
        let after = before.checked_add(units).ok_or(Overflow)?;
        totals.insert(currency, after);
        netted.push((currency, units, i8::from(after > 0) - i8::from(before > 0), changes));
    }
    let paid_after = pays(totals);
    let mut customer_change = i8::from(paid_after) - i8::from(paid_before);
    let mut found = Vec::new();
    for (currency, units, subscriber_change, changes) in netted {
        if units == 0 {
            continue;
        }
        let kind = kind(paid_before, paid_after, ever, units);
        let leading = leading(&changes, units);
        let mut subscriptions: Vec<String> =
            changes.iter().map(|change| change.subscription.clone()).collect();
        subscriptions.sort();
        subscriptions.dedup();
        found.push(Movement {
            at,
            currency,
            kind,
            units,
            subscriptions,
            event: leading.map(|change| change.event.clone()).unwrap_or_default(),
            reason: leading.map_or(Cause::Unchanged, |change| change.cause),
            subscriber_change,
            customer_change: std::mem::take(&mut customer_change),
        });
    }
    Ok(found)
}

fn kind(paid_before: bool, paid_after: bool, ever: bool, units: i64) -> MovementKind {
    match (paid_before, paid_after) {
        (false, _) if ever => MovementKind::Reactivation,
        (false, _) => MovementKind::New,
        (true, false) => MovementKind::Churn,
        (true, true) if units > 0 => MovementKind::Expansion,
        (true, true) => MovementKind::Contraction,
    }
}

fn net(changes: &[&Change]) -> Result<i64, Overflow> {
    let sum: i128 =
        changes.iter().map(|change| i128::from(change.after) - i128::from(change.before)).sum();
    i64::try_from(sum).map_err(|_| Overflow)
}

/// The largest change in the movement's direction; of equals the smallest subscription's.
fn leading<'a>(changes: &[&'a Change], units: i64) -> Option<&'a Change> {
    let along = |change: &&&Change| {
        let delta = i128::from(change.after) - i128::from(change.before);
        if units > 0 { delta } else { -delta }
    };
    let order = |a: &&&Change, b: &&&Change| {
        let (ours, theirs) = ((&a.subscription, &a.event), (&b.subscription, &b.event));
        along(a).cmp(&along(b)).then_with(|| theirs.cmp(&ours))
    };
    changes.iter().max_by(order).copied()
}
