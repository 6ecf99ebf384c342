//! Summary, metrics and series equal what the rows add up to.

use super::books::{Books, Dice, House, NOW, houses};
use super::oracle::{DAY, MOVEMENTS, Oracle, REVENUE, minor};
use takings::v1 as pb;
use takings::v1::analytics_service_server::AnalyticsService;
use takings_core::time::Timestamp;
use tonic::Request;

const ZONES: [&str; 6] =
    ["", "America/New_York", "Asia/Kathmandu", "Pacific/Auckland", "Europe/Berlin", "UTC"];
const UNIT: i128 = 83_160;

fn proto(at: Timestamp) -> Option<prost_types::Timestamp> {
    let nanos = i32::try_from(at.0.rem_euclid(1_000_000) * 1_000).unwrap();
    Some(prost_types::Timestamp { seconds: at.secs(), nanos })
}

fn micros(at: Option<prost_types::Timestamp>) -> Timestamp {
    let at = at.unwrap();
    Timestamp(at.seconds * 1_000_000 + i64::from(at.nanos) / 1_000)
}

fn money(money: &Option<pb::Money>, currency: &str) -> i64 {
    let money = money.as_ref().unwrap();
    assert_eq!(money.currency_code, currency.to_uppercase());
    money.amount_minor
}

/// An instant of the last two years: anywhere, at a day's or a month's first, or now.
fn instant(dice: &mut Dice) -> Timestamp {
    let anywhere = Timestamp(NOW.0 - dice.below(740 * DAY));
    match dice.below(5) {
        0 => anywhere.day().start(),
        1 => anywhere.day().month().first().start(),
        2 => NOW,
        _ => anywhere,
    }
}

fn known(dice: &mut Dice) -> Option<Timestamp> {
    dice.percent(60).then(|| instant(dice))
}

fn range(dice: &mut Dice) -> (Timestamp, Timestamp) {
    let (a, b) = (instant(dice), instant(dice));
    (a.min(b), a.max(b))
}

async fn summary(
    house: &House,
    request: pb::GetRevenueSummaryRequest,
) -> pb::GetRevenueSummaryResponse {
    house.api.get_revenue_summary(Request::new(request)).await.unwrap().into_inner()
}

#[tokio::test]
async fn summaries_equal_what_the_rows_add_up_to() {
    let books = Books::random(7, 2_500);
    for house in houses().await {
        house.store(&books).await;
        let mut dice = Dice(42);
        for _ in 0..120 {
            let (range, known) = (range(&mut dice), known(&mut dice));
            check_summary(&house, &books, range, known, dice.of(&ZONES)).await;
        }
    }
}

async fn check_summary(
    house: &House,
    books: &Books,
    (start, end): (Timestamp, Timestamp),
    known: Option<Timestamp>,
    zone: &str,
) {
    let answer = summary(
        house,
        pb::GetRevenueSummaryRequest {
            start_time: proto(start),
            as_of_time: proto(end),
            known_at_time: known.and_then(proto),
            time_zone: zone.into(),
            currency_code: String::new(),
        },
    )
    .await;
    let kinds = [&MOVEMENTS[..], &REVENUE[..]].concat();
    let expected = books.currencies(&[start, end], known, &kinds);
    let codes: Vec<String> =
        answer.currencies.iter().map(|row| row.currency_code.clone()).collect();
    assert_eq!(codes, expected.iter().map(|code| code.to_uppercase()).collect::<Vec<_>>());
    for (row, code) in answer.currencies.iter().zip(expected) {
        let inside = |kinds: &[&str]| books.inside((start, end), known, kinds, code)[0];
        assert_eq!(money(&row.gross_revenue, code), inside(&["payment", "one_off"]));
        assert_eq!(money(&row.refunds, code), -inside(&["refund"]));
        assert_eq!(money(&row.disputes, code), -inside(&["dispute"]));
        assert_eq!(money(&row.net_revenue, code), inside(&REVENUE));
        let [mrr, _, subscribers, _] = books.sums(end, known, &MOVEMENTS, Some(code));
        let [start_mrr, ..] = books.sums(start, known, &MOVEMENTS, Some(code));
        assert_eq!((row.mrr_units, row.subscriber_count), (mrr, subscribers), "{start:?} {end:?}");
        assert_eq!(money(&row.mrr, code), minor(mrr.into(), UNIT));
        assert_eq!(money(&row.arr, code), minor(12 * i128::from(mrr), UNIT));
        assert_eq!(money(&row.start_mrr, code), minor(start_mrr.into(), UNIT));
        let arpa = (subscribers > 0).then(|| minor(mrr.into(), UNIT * i128::from(subscribers)));
        assert_eq!(row.arpa.as_ref().map(|it| it.amount_minor), arpa);
        let growth = (start_mrr != 0).then(|| (mrr - start_mrr) as f64 / start_mrr as f64);
        assert_eq!(row.growth_rate, growth);
    }
    assert_eq!(answer.customer_count, books.sums(end, known, &["customers"], None)[0]);
    assert_eq!(answer.subscriber_count, books.sums(end, known, &MOVEMENTS, None)[3]);
    assert_eq!((micros(answer.start_time), micros(answer.as_of_time)), (start, end));
    assert_eq!(micros(answer.settled_through_time), NOW);
}

#[tokio::test]
async fn metrics_equal_what_the_rows_add_up_to() {
    let books = Books::random(11, 2_500);
    for house in houses().await {
        house.store(&books).await;
        let mut dice = Dice(43);
        for _ in 0..80 {
            let (range, known) = (range(&mut dice), known(&mut dice));
            check_metrics(&house, &books, range, known).await;
        }
    }
}

async fn check_metrics(
    house: &House,
    books: &Books,
    (start, end): (Timestamp, Timestamp),
    known: Option<Timestamp>,
) {
    let request = pb::GetSubscriptionMetricsRequest {
        range: Some(pb::TimeRange { start_time: proto(start), end_time: proto(end) }),
        known_at_time: known.and_then(proto),
        time_zone: "Pacific/Auckland".into(),
        currency_code: String::new(),
    };
    let answer = house.api.get_subscription_metrics(Request::new(request)).await.unwrap();
    for row in &answer.into_inner().currencies {
        let code = row.currency_code.to_lowercase();
        check_currency(books, (start, end), known, row, &code);
    }
}

fn check_currency(
    books: &Books,
    (start, end): (Timestamp, Timestamp),
    known: Option<Timestamp>,
    row: &pb::SubscriptionMetrics,
    code: &str,
) {
    let level = |kind: &str| books.sums(end, known, &[kind], Some(code))[0];
    assert_eq!(row.active_count, level("subscriptions:active"));
    assert_eq!(row.trialing_count, level("subscriptions:trialing"));
    assert_eq!(row.past_due_count, level("subscriptions:past_due"));
    assert_eq!(row.paused_count, level("subscriptions:paused"));
    let [start_mrr, _, start_subscribers, _] = books.sums(start, known, &MOVEMENTS, Some(code));
    let [end_mrr, _, end_subscribers, _] = books.sums(end, known, &MOVEMENTS, Some(code));
    assert_eq!(row.start_subscriber_count, start_subscribers);
    assert_eq!(row.end_subscriber_count, end_subscribers);
    assert_eq!(money(&row.start_mrr, code), minor(start_mrr.into(), UNIT));
    assert_eq!(money(&row.end_mrr, code), minor(end_mrr.into(), UNIT));
    let inside = |kind: &str| books.inside((start, end), known, &[kind], code);
    let shown: i64 = row.movements.iter().map(|it| money(&it.amount, code)).sum();
    assert_eq!(money(&row.start_mrr, code) + shown, money(&row.end_mrr, code));
    for (total, kind) in row.movements.iter().zip(MOVEMENTS) {
        let [units, count, ..] = inside(kind);
        assert_eq!((total.mrr_units, total.movement_count), (units, count), "{kind}");
        assert!((i128::from(money(&total.amount, code)) * UNIT - i128::from(units)).abs() <= UNIT);
    }
    let [new, back, more, less, churn] = MOVEMENTS.map(|kind| inside(kind)[0]);
    let ratio = |a: i64, b: i64| (b != 0).then(|| a as f64 / b as f64);
    assert_eq!(row.quick_ratio, ratio(new + more, -less - churn));
    assert_eq!(row.gross_mrr_churn, ratio(-churn - less, start_mrr));
    assert_eq!(row.net_mrr_churn, ratio(-churn - less - more - back, start_mrr));
    let window = Timestamp(end.0 - 30 * DAY);
    let events = |kind: &str| books.inside((window, end), known, &[kind], code)[1];
    let active = books.sums(window, known, &MOVEMENTS, Some(code))[2];
    let gained = events("new") + events("reactivation");
    assert_eq!(row.logo_churn_stripe, ratio(events("churn"), active + gained));
    let [converted, cancelled] =
        ["converted", "cancelled"].map(|it| inside(&format!("trials:{it}"))[0]);
    assert_eq!(row.trial_conversion, ratio(converted, converted + cancelled));
    assert_eq!(
        (row.ended_trial_count, row.converted_trial_count),
        (converted + cancelled, converted)
    );
    // Random rows may leave a total without MRR although customers have some.
    if start_mrr != 0 {
        let customers = books.by_customer((start, end), known, code);
        let sum = |of: &dyn Fn(&(i64, i64)) -> i64| customers.iter().map(of).sum::<i64>();
        let started = sum(&|it| it.0);
        assert_eq!(row.nrr, ratio(sum(&|it| it.1), started));
        assert_eq!(row.grr, ratio(sum(&|it| it.0.min(it.1)), started));
        let lost = sum(&|it| i64::from(it.1 <= 0));
        assert_eq!(row.logo_churn, ratio(lost, i64::try_from(customers.len()).unwrap()));
    }
}

#[tokio::test]
async fn series_equal_what_the_rows_add_up_to() {
    let books = Books::random(13, 900);
    for house in houses().await {
        house.store(&books).await;
        let mut dice = Dice(44);
        let all = [pb::Granularity::Day, pb::Granularity::Week, pb::Granularity::Month];
        for turn in 0..18 {
            let (range, known) = (range(&mut dice), known(&mut dice));
            let granularity = all[turn % 3];
            check_series(&house, &books, range, known, (granularity, dice.of(&ZONES))).await;
        }
    }
}

async fn check_series(
    house: &House,
    books: &Books,
    (start, end): (Timestamp, Timestamp),
    known: Option<Timestamp>,
    (granularity, zone): (pb::Granularity, &str),
) {
    let request = pb::GetRevenueSeriesRequest {
        granularity: granularity.into(),
        range: Some(pb::TimeRange { start_time: proto(start), end_time: proto(end) }),
        time_zone: zone.into(),
        currency_code: String::new(),
        known_at_time: known.and_then(proto),
    };
    let answer = house.api.get_revenue_series(Request::new(request)).await.unwrap().into_inner();
    for series in &answer.series {
        let code = series.currency_code.to_lowercase();
        let mut last = start;
        let mut shown_mrr =
            minor(books.sums(start, known, &MOVEMENTS, Some(&code))[0].into(), UNIT);
        for point in &series.points {
            let ends = (micros(point.start_time), micros(point.end_time));
            assert!(ends.0 == last && ends.1 > ends.0, "no gap, nothing twice");
            assert!(ends.1 == end || first_of_period(ends.1, zone, granularity));
            let inside = |kinds: &[&str]| books.inside(ends, known, kinds, &code);
            assert_eq!(money(&point.gross_revenue, &code), inside(&["payment", "one_off"])[0]);
            assert_eq!(money(&point.net_revenue, &code), inside(&REVENUE)[0]);
            let mrr = books.sums(ends.1, known, &MOVEMENTS, Some(&code))[0];
            assert_eq!(money(&point.end_mrr, &code), minor(mrr.into(), UNIT));
            shown_mrr += point.movements.iter().map(|it| money(&it.amount, &code)).sum::<i64>();
            assert_eq!(shown_mrr, money(&point.end_mrr, &code));
            let totals: Vec<_> = point.movements.iter().map(|it| (it.kind, it.mrr_units)).collect();
            let expected = (1..).zip(MOVEMENTS).map(|(number, kind)| (number, inside(&[kind])));
            let expected = expected.filter(|(_, sums)| sums[0] != 0 || sums[1] != 0);
            assert_eq!(
                totals,
                expected.map(|(number, sums)| (number, sums[0])).collect::<Vec<_>>()
            );
            last = ends.1;
        }
        assert_eq!(last, end);
    }
    let kinds = [&MOVEMENTS[..], &REVENUE[..]].concat();
    let expected = books.currencies(&[start, end], known, &kinds);
    assert!(answer.series.len() >= expected.len());
}

fn first_of_period(at: Timestamp, zone: &str, granularity: pb::Granularity) -> bool {
    let zone = if zone.is_empty() { "UTC" } else { zone };
    let at = jiff::Timestamp::from_microsecond(at.0).unwrap().in_tz(zone).unwrap();
    let midnight = at.time() == jiff::civil::Time::midnight();
    midnight
        && match granularity {
            pb::Granularity::Week => at.weekday() == jiff::civil::Weekday::Monday,
            pb::Granularity::Month => at.day() == 1,
            _ => true,
        }
}
