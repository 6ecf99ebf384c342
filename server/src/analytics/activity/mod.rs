//! What became of subscriptions in a range.

mod convert;

use crate::analytics::kinds::MOVEMENTS;
use crate::analytics::retention;
use crate::analytics::rollups::Totals;
use crate::analytics::scope::Scope;
use crate::app::App;
use crate::error::Error;
use takings_core::metrics::{Bridge, Cohort, StripeLogos};
use takings_core::money::Currency;
use takings_core::time::{DAY_MICROS, Range, Timestamp};

pub(super) use convert::{answer, question};

/// What became of subscriptions in one currency.
#[derive(Debug)]
pub(in crate::analytics) struct Activity {
    pub(in crate::analytics) currency: Currency,
    /// Subscriptions at the range's end: active, trialing, past due, paused.
    pub(in crate::analytics) statuses: [i64; 4],
    pub(in crate::analytics) start_subscribers: i64,
    pub(in crate::analytics) end_subscribers: i64,
    /// Units of MRR at the range's end.
    pub(in crate::analytics) end_mrr: i64,
    /// Units and number of movements, in the order of the kinds.
    pub(in crate::analytics) moved: [(i64, i64); 5],
    pub(in crate::analytics) bridge: Bridge,
    pub(in crate::analytics) cohort: Cohort,
    pub(in crate::analytics) logos: StripeLogos,
    pub(in crate::analytics) trials_converted: i64,
    pub(in crate::analytics) trials_cancelled: i64,
}

/// How subscriptions are counted by status, in the order of [`Activity::statuses`].
const STATUSES: [&str; 4] = [
    "subscriptions:active",
    "subscriptions:trialing",
    "subscriptions:past_due",
    "subscriptions:paused",
];

const CONVERTED: &str = "trials:converted";
const CANCELLED: &str = "trials:cancelled";

/// The kinds of measure that are read.
const KINDS: [&str; 6] = [STATUSES[0], STATUSES[1], STATUSES[2], STATUSES[3], CONVERTED, CANCELLED];

/// Stripe looks at the churn of so many microseconds: 30 days.
const STRIPE_WINDOW: i64 = 30 * DAY_MICROS;

/// Answers what became of subscriptions, by currency.
pub(in crate::analytics) async fn read(app: &App, scope: &Scope) -> Result<Vec<Activity>, Error> {
    let Range { start, end } = scope.range;
    let window = Range { start: Timestamp(end.0 - STRIPE_WINDOW), end };
    let instants = [start, end, window.start];
    let totals = Totals::read(&app.database, &instants, scope.known, &KINDS).await?;
    let mut currencies = totals.currencies(&MOVEMENTS);
    currencies.extend(totals.currencies(&KINDS));
    currencies.retain(|currency| scope.lets(*currency));
    let mut paying = false;
    for currency in &currencies {
        paying = paying || totals.of(currency).mrr(start)? != 0;
    }
    let cohorts = match paying {
        true => retention::cohorts(&app.database, scope).await?,
        false => Default::default(),
    };
    let of_currency = |currency| {
        let cohort = cohorts.get(&currency).copied().unwrap_or_default();
        of_currency(&totals, (scope.range, window), currency, cohort)
    };
    currencies.into_iter().map(of_currency).collect()
}

fn of_currency(
    totals: &Totals,
    (range, window): (Range, Range),
    currency: Currency,
    cohort: Cohort,
) -> Result<Activity, Error> {
    let sums = totals.of(&currency);
    let mut statuses = [0; 4];
    for (count, status) in statuses.iter_mut().zip(STATUSES) {
        *count = sums.level(range.end, status)?;
    }
    let [(_, new), (_, reactivated), _, _, (_, churned)] = sums.moved(window)?;
    let active = sums.subscribers(window.start)?;
    Ok(Activity {
        currency,
        statuses,
        start_subscribers: sums.subscribers(range.start)?,
        end_subscribers: sums.subscribers(range.end)?,
        end_mrr: sums.mrr(range.end)?,
        moved: sums.moved(range)?,
        bridge: sums.bridge(range)?,
        cohort,
        logos: StripeLogos { active, gained: new + reactivated, churned },
        trials_converted: sums.amount(range, &[CONVERTED])?,
        trials_cancelled: sums.amount(range, &[CANCELLED])?,
    })
}
