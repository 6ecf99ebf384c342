//! Gauges of the business, read when metrics are.

use super::commissions;
use super::confidence;
use super::kinds::{MOVEMENTS, REVENUE};
use super::leads;
use super::rollups::Totals;
use crate::app::App;
use crate::error::Error;
use crate::lead;
use metrics::gauge;
use std::sync::atomic::{AtomicI64, Ordering};
use takings_core::billing::UNITS_PER_MINOR;
use takings_core::money::Currency;
use takings_core::time::{DAY_MICROS, Range, Timestamp};
use takings_core::unconfirmed::Reason;

const ATTEMPTED: &str = "invoices:attempted";
const PAID: &str = "invoices:paid";

/// The kinds of measure that are read.
const KINDS: [&str; 6] = [REVENUE[0], REVENUE[1], REVENUE[2], REVENUE[3], ATTEMPTED, PAID];

/// The success rate looks back so many microseconds: 30 days.
const WINDOW: i64 = 30 * DAY_MICROS;

/// At most one refresh in so many microseconds.
const REST: i64 = 1_000_000;

/// When the gauges of this process were read last.
static LAST: AtomicI64 = AtomicI64::new(i64::MIN);

/// Reads the gauges anew, unless that was done within the last second.
pub async fn refresh(app: &App) -> Result<(), Error> {
    let (now, last) = (app.now(), LAST.load(Ordering::Relaxed));
    if (0..REST).contains(&now.0.saturating_sub(last)) {
        return Ok(());
    }
    LAST.store(now.0, Ordering::Relaxed);
    let window = Range { start: Timestamp(now.0 - WINDOW), end: now };
    let totals = Totals::read(&app.database, &[window.start, now], None, &KINDS).await?;
    money(&totals, now)?;
    affiliate(app).await?;
    leads(app).await?;
    success_rate(&totals, window);
    let counts = confidence::count(app).await?.all();
    for reason in Reason::ALL {
        let count = counts.get(&reason).copied().unwrap_or(0);
        gauge!("unconfirmed_objects", "reason" => reason.as_str()).set(count as f64);
    }
    Ok(())
}

/// What partners have earned, are owed and have lost again, and how many customers they brought.
async fn affiliate(app: &App) -> Result<(), Error> {
    const NAMES: [(&str, &str); 3] = [
        ("earned", "affiliate_commission_dollars"),
        ("payable", "affiliate_payable_dollars"),
        ("back", "affiliate_clawed_back_dollars"),
    ];
    let sums = commissions::sums(&app.database).await?;
    for (kind, currency, amount) in &sums.amounts {
        let Some((_, name)) = NAMES.iter().find(|(known, _)| known == kind) else { continue };
        let amount = major((*amount).into(), 1, *currency);
        gauge!(*name, "currency" => currency.iso()).set(amount);
    }
    gauge!("affiliate_conversions").set(sums.customers as f64);
    Ok(())
}

/// How many leads convert, and how many mails wait for how long.
#[expect(clippy::float_arithmetic, reason = "a ratio for a gauge, never posted")]
async fn leads(app: &App) -> Result<(), Error> {
    let (converted, whole) = leads::counts(&app.database).await?;
    if whole > 0 {
        gauge!("lead_conversion_rate").set(converted as f64 / whole as f64);
    }
    let (depth, oldest) = lead::depth(app).await?;
    let age = oldest.map_or(0, |oldest| app.now().0.saturating_sub(oldest.0).max(0));
    gauge!("outbox_depth").set(depth as f64);
    gauge!("outbox_oldest_seconds").set((age / 1_000_000) as f64);
    Ok(())
}

/// Net revenue of all time, and MRR.
fn money(totals: &Totals, now: Timestamp) -> Result<(), Error> {
    let mut currencies = totals.currencies(&REVENUE);
    currencies.extend(totals.currencies(&MOVEMENTS));
    for currency in currencies {
        let sums = totals.of(&currency);
        let net: i128 = sums.levels(now, &REVENUE);
        let mrr = sums.mrr(now)?;
        gauge!("revenue_total_dollars", "currency" => currency.iso()).set(major(net, 1, currency));
        gauge!("subscription_mrr_dollars", "currency" => currency.iso()).set(major(
            mrr.into(),
            UNITS_PER_MINOR,
            currency,
        ));
    }
    Ok(())
}

/// Invoices paid by invoices first attempted.
fn success_rate(totals: &Totals, window: Range) {
    let [attempted, paid] = [ATTEMPTED, PAID].map(|kind| totals.inside_all(window, kind).amount);
    tell_rate(paid, attempted);
}

/// Where none was attempted there is no rate, and the last one must not stand for it.
#[expect(clippy::float_arithmetic, reason = "a ratio for a gauge, never posted")]
fn tell_rate(paid: i128, attempted: i128) {
    let rate = if attempted > 0 { paid as f64 / attempted as f64 } else { f64::NAN };
    gauge!("payment_success_rate").set(rate);
}

/// An amount in the currency's major unit: gauges are floats, and nothing is computed from them.
#[expect(clippy::float_arithmetic, reason = "a gauge is a float by its format")]
fn major(amount: i128, units_per_minor: i64, currency: Currency) -> f64 {
    let minor_per_major = 10_f64.powi(currency.exponent().try_into().unwrap_or(2));
    amount as f64 / units_per_minor as f64 / minor_per_major
}

#[cfg(test)]
mod tests {
    use super::*;
    use metrics_exporter_prometheus::PrometheusBuilder;

    #[test]
    fn a_rate_does_not_outlive_what_it_was_a_rate_of() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let told = |paid, attempted| {
            metrics::with_local_recorder(&recorder, || tell_rate(paid, attempted));
            let text = recorder.handle().render();
            text.lines().find(|line| !line.starts_with('#')).unwrap().to_owned()
        };
        assert_eq!(told(3, 4), "payment_success_rate 0.75");
        assert_eq!(told(0, 0), "payment_success_rate NaN");
        assert_eq!(told(0, 5), "payment_success_rate 0");
    }
}
