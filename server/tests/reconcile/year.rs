//! A business whose every event has arrived: not a minor unit is left unexplained.

use crate::common;
use crate::common::place::Place;
use crate::desk::{self, Desk, told};
use serde_json::Value;
use std::collections::BTreeMap;
use takings_core::reconcile::{Account, Cause, Report};
use takings_simulator::{Plan, Stripe};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_year_is_reconciled_to_the_cent() {
    reconciled(&Place::sqlite(), desk::year()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quarter_is_reconciled_to_the_cent_on_postgresql() {
    if let Some(place) = Place::postgres("a_quarter_is_reconciled") {
        reconciled(&place, desk::quarter()).await;
    }
}

async fn reconciled(place: &Place, plan: Plan) {
    let (stripe, server) = desk::serve(&plan).await;
    let desk = Desk::at(place.open().await, &server.url()).await;
    desk.hear(&told(&stripe)).await;
    assert!(desk.count(OPEN_FEES).await > 0, "no event tells a fee");
    let before = rebuilt(&desk).await;
    let found = desk.reconcile(&plan).await;
    let report = &found.report;
    println!("{}: {} events, {}", place.kind(), stripe.events().len(), summary(report));
    assert!(report.is_green(), "{:#?}", &report.lines[..report.lines.len().min(20)]);
    assert_eq!(report.transactions, by_stripe(&stripe).1);
    for currency in report.currencies() {
        assert_eq!(report.unexplained(currency), 0);
        let (total, left) = (report.total(currency), |account| left(report, account, currency));
        assert_eq!(total.ledger - total.stripe, left(Account::StripeBalance));
        assert_eq!(total.pending, left(Account::StripePending));
        let theirs = by_stripe(&stripe).0.remove(currency.as_str()).unwrap_or_default();
        assert_eq!(total.stripe, theirs, "{currency}");
    }
    assert_eq!(desk.count(OPEN_FEES).await, 0, "every fee is known");
    assert_eq!(balances(&desk).await, truth(&stripe));

    let rows = "select (select count(*) from revenue_entries) + (select count(*) from facts)";
    let kept = desk.count(rows).await;
    let again = desk.reconcile(&plan).await;
    assert_eq!(again.report, found.report, "a repeated run finds the same");
    assert_ne!(again.id, found.id);
    assert_eq!(desk.count(rows).await, kept, "and adds nothing");
    assert_eq!(rebuilt(&desk).await, before, "what was posted is what a rebuild derives");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn days_compared_one_after_the_other_leave_nothing_between_them() {
    let plan = desk::quarter();
    let (stripe, server) = desk::serve(&plan).await;
    let place = Place::sqlite();
    let desk = Desk::at(place.open().await, &server.url()).await;
    desk.hear(&told(&stripe)).await;
    let (first, end) = desk::days(&plan);
    let mut sums: BTreeMap<String, (i64, u64)> = BTreeMap::new();
    for week in (first.0..end.0).step_by(7) {
        let part = Plan {
            start: plan.start + i64::from(week - first.0) * 86_400,
            days: 7.min(end.0 - week).unsigned_abs(),
            ..plan.clone()
        };
        let report = desk.reconcile(&part).await.report;
        assert!(report.is_green(), "{:#?}", report.lines);
        for currency in report.currencies() {
            let sum = sums.entry(currency.to_string()).or_default();
            sum.0 += report.total(currency).stripe;
            sum.1 += report.unexplained(currency);
        }
    }
    sums.retain(|_, sum| *sum != (0, 0));
    let theirs = by_stripe(&stripe).0;
    assert_eq!(
        sums.iter().map(|(code, sum)| (code.clone(), sum.0)).collect::<BTreeMap<_, _>>(),
        theirs
    );
    assert!(sums.values().all(|(_, unexplained)| *unexplained == 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_settled_long_after_is_looked_up() {
    let plan = desk::quarter();
    let (stripe, server) = desk::serve(&plan).await;
    let mut events = told(&stripe);
    let late = |it: &&Value| {
        it["type"] == "charge.succeeded"
            && it["data"]["object"]["captured"] == true
            && it["created"].as_i64().unwrap() > plan.start + 60 * 86_400
    };
    let id = events.iter().find(late).unwrap()["data"]["object"]["id"].clone();
    let days = 50 * 86_400;
    for event in events.iter_mut().filter(|it| it["data"]["object"]["id"] == id) {
        let created = &mut event["data"]["object"]["created"];
        *created = (created.as_i64().unwrap() - days).into();
    }
    let place = Place::sqlite();
    let desk = Desk::at(place.open().await, &server.url()).await;
    desk.hear(&events).await;
    let report = desk.reconcile(&Plan { days: 30, ..plan }).await.report;
    assert!(report.is_green(), "{:#?}", report.lines);
    let line = report.lines.iter().find(|line| id == line.object.as_str()).unwrap();
    assert_eq!(line.cause, Cause::OtherDay, "its other half lies weeks later");
}

/// What a rebuild would change.
async fn rebuilt(desk: &Desk) -> (usize, Vec<String>) {
    let report = takings_server::rebuild::rebuild(&desk.database, true).await.unwrap();
    (report.differences, report.rollups)
}

const OPEN_FEES: &str = "select count(*) from unconfirmed where reason = 'fee_unknown'";

/// What the lines of a report sum to that are a part of the difference.
fn left(report: &Report, account: Account, currency: takings_core::money::Currency) -> i64 {
    let lines = report.lines.iter().filter(|it| it.currency == currency && it.account == account);
    lines.filter(|it| it.cause.differs()).map(|it| it.amount).sum()
}

fn summary(report: &Report) -> String {
    let mut causes: BTreeMap<Cause, usize> = BTreeMap::new();
    report.lines.iter().for_each(|line| *causes.entry(line.cause).or_default() += 1);
    let currencies = report.currencies().len();
    format!("{} transactions, {currencies} currencies, lines {causes:?}", report.transactions)
}

/// What every balance transaction nets to by currency, and how many there are.
fn by_stripe(stripe: &Stripe) -> (BTreeMap<String, i64>, u64) {
    let (mut sums, mut count, mut after) = (BTreeMap::new(), 0, String::new());
    loop {
        let (_, page) = stripe.call("GET", "balance_transactions", &format!("limit=100{after}"));
        let data = page["data"].as_array().unwrap();
        for it in data {
            let code = it["currency"].as_str().unwrap().to_owned();
            *sums.entry(code).or_default() += it["net"].as_i64().unwrap();
            count += 1;
        }
        if page["has_more"] != true {
            return (sums, count);
        }
        after = format!("&starting_after={}", data[data.len() - 1]["id"].as_str().unwrap());
    }
}

const ACCOUNTS: [&str; 6] =
    ["bank", "fx", "reserves", "stripe_balance", "stripe_fees", "stripe_pending"];

/// What the ledger's accounts with Stripe hold.
async fn balances(desk: &Desk) -> BTreeMap<(String, String), i64> {
    let query = "select account, currency, cast(sum(amount) as bigint) from (
            select debit as account, currency, amount from revenue_entries
            union all select credit, currency, -amount from revenue_entries) as sides
         group by account, currency having sum(amount) <> 0";
    let rows = common::rows(&desk.database, query).await;
    let rows = rows.iter().map(|row| {
        let text = |place| row.try_get_by_index::<String>(place).unwrap();
        ((text(0), text(1)), row.try_get_by_index::<i64>(2).unwrap())
    });
    rows.filter(|((account, _), _)| ACCOUNTS.contains(&account.as_str())).collect()
}

/// What they hold by the make-believe Stripe's own account.
fn truth(stripe: &Stripe) -> BTreeMap<(String, String), i64> {
    let balances = stripe.truth().balances.into_iter();
    balances
        .filter(|((account, _), sum)| ACCOUNTS.contains(&account.as_str()) && *sum != 0)
        .collect()
}
