//! A program, its sales, and what must stand of them.

use std::collections::BTreeMap;
use takings_core::affiliate::calendar::{Utc, utc};
use takings_core::affiliate::commission::{self, Key, Kind, Targets};
use takings_core::affiliate::decision::{Act, Decision};
use takings_core::affiliate::sale::{Change, Sale};
use takings_core::affiliate::terms::{Measure, Method, Period, Step, Terms, Tiers};
use takings_core::money::Currency;
use takings_core::time::Timestamp;

pub const DAY: i64 = 86_400;

/// A currency by its code.
pub fn currency(code: &str) -> Currency {
    Currency::parse(code).expect("a currency")
}

/// A second of June 2026.
pub fn at(second: i64) -> Timestamp {
    Timestamp(utc(2026, 6, 1).0 + second * 1_000_000)
}

/// Terms of one rate.
pub fn terms(rate_bps: i64) -> Terms {
    Terms::percent(currency("usd"), rate_bps)
}

/// Terms with tiers of a calendar month.
pub fn tiered(method: Method, measure: Measure, steps: &[(i64, i64)]) -> Terms {
    let step =
        |(threshold, rate_bps): &(i64, i64)| Step { threshold: *threshold, rate_bps: *rate_bps };
    let steps = steps.iter().map(step).collect();
    let tiers = Tiers { method, measure, period: Period::CalendarMonth, steps };
    let terms = Terms { tiers: Some(tiers), ..terms(1_000) };
    assert_eq!(terms.validate(), []);
    terms
}

/// A sale without tax, of a customer of its own.
pub fn sale(id: &str, second: i64, amount: i64) -> Sale {
    Sale {
        id: id.into(),
        order: format!("in_{id}"),
        customer: Some(format!("cus_{id}")),
        paid_at: at(second),
        period_start: at(second),
        currency: currency("usd"),
        captured: amount,
        base: vec![Change { at: at(second), amount }],
        refunds: vec![],
        disputes: vec![],
        out_of_band: false,
        new_customer: true,
    }
}

/// A sale with refunds, each as (second of June, amount).
pub fn refunded(mut sale: Sale, refunds: &[(i64, i64)]) -> Sale {
    sale.refunds
        .extend(refunds.iter().map(|(second, amount)| Change { at: at(*second), amount: *amount }));
    sale
}

/// What must stand of all sales.
pub fn derive(terms: &Terms, sales: &[Sale], decisions: &[Decision]) -> Targets {
    commission::derive(terms, &Utc, sales, decisions, |_| true).expect("amounts fit")
}

/// What everything sums to.
pub fn total(targets: &Targets) -> i64 {
    targets.values().sum()
}

/// What sales have earned in the end.
pub fn earned(terms: &Terms, sales: &[Sale]) -> i64 {
    total(&derive(terms, sales, &[]))
}

/// What stands of one sale, as (kind, second of June, amount).
pub fn rows(targets: &Targets, sale: &str) -> Vec<(Kind, i64, i64)> {
    let own = targets.iter().filter(|(key, _)| key.sale == sale);
    let second = |key: &Key| (key.occurred.0 - at(0).0) / 1_000_000;
    own.map(|(key, amount)| (key.kind, second(key), *amount)).collect()
}

/// A decision on a sale at a second of June.
pub fn act(sale: &str, second: i64, act: Act) -> Decision {
    Decision {
        id: format!("d{second}"),
        sale: sale.into(),
        at: at(second),
        act,
        reason: "x".into(),
    }
}

/// Takes differences into what is stored.
pub fn stored(rows: &[(Key, i64)], sums: &mut BTreeMap<Key, i64>) {
    for (key, amount) in rows {
        *sums.entry(key.clone()).or_default() += amount;
    }
}
