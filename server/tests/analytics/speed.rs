//! How long answers take: `cargo test --release -p takings-server --test analytics -- --ignored
//! --nocapture speed`. `TAKINGS_SPEED_ROWS` names the numbers of rows, separated by commas.

use super::books::{Books, Dice, House, NOW, houses};
use super::oracle::DAY;
use std::time::Instant;
use takings::v1 as pb;
use takings::v1::analytics_service_server::AnalyticsService;
use takings_core::time::Timestamp;
use tonic::Request;

const NEW_YORK: &str = "America/New_York";

fn proto(at: Timestamp) -> Option<prost_types::Timestamp> {
    Some(prost_types::Timestamp { seconds: at.secs(), nanos: 0 })
}

/// What is asked for.
enum Question {
    Summary(pb::GetRevenueSummaryRequest),
    Series(pb::GetRevenueSeriesRequest),
    Metrics(pb::GetSubscriptionMetricsRequest),
    Movements(pb::ListMrrMovementsRequest),
}

fn questions() -> Vec<(&'static str, Question)> {
    let known_at_time = proto(Timestamp(NOW.0 - 20 * DAY));
    let summary = |time_zone: &str, known_at_time| {
        let time_zone = time_zone.to_owned();
        let request =
            pb::GetRevenueSummaryRequest { time_zone, known_at_time, ..Default::default() };
        Question::Summary(request)
    };
    let start = Timestamp(NOW.0 - 715 * DAY).day().month().first().start();
    let end = NOW.day().month().first().start();
    let series = |hours: i64, time_zone: &str, known_at_time| {
        let shifted = |at: Timestamp| proto(Timestamp(at.0 + hours * 3_600_000_000));
        Question::Series(pb::GetRevenueSeriesRequest {
            granularity: pb::Granularity::Month.into(),
            range: Some(pb::TimeRange { start_time: shifted(start), end_time: shifted(end) }),
            time_zone: time_zone.into(),
            currency_code: String::new(),
            known_at_time,
        })
    };
    let metrics = pb::GetSubscriptionMetricsRequest::default();
    let movements = pb::ListMrrMovementsRequest::default();
    let of_customer =
        pb::ListMrrMovementsRequest { customer_id: "cus_7".into(), ..Default::default() };
    vec![
        ("summary", summary("", None)),
        ("summary, New York", summary(NEW_YORK, None)),
        ("summary, known at", summary("", known_at_time)),
        ("summary, New York, known at", summary(NEW_YORK, known_at_time)),
        ("series", series(0, "", None)),
        ("series, New York", series(5, NEW_YORK, None)),
        ("series, known at", series(0, "", known_at_time)),
        ("series, New York, known at", series(5, NEW_YORK, known_at_time)),
        ("movements, first page", Question::Movements(movements)),
        ("movements of a customer", Question::Movements(of_customer)),
        ("metrics", Question::Metrics(metrics)),
    ]
}

async fn ask(house: &House, question: &Question) {
    let api = &house.api;
    match question {
        Question::Summary(it) => {
            drop(api.get_revenue_summary(Request::new(it.clone())).await.unwrap())
        }
        Question::Series(it) => {
            drop(api.get_revenue_series(Request::new(it.clone())).await.unwrap())
        }
        Question::Metrics(it) => {
            drop(api.get_subscription_metrics(Request::new(it.clone())).await.unwrap());
        }
        Question::Movements(it) => {
            drop(api.list_mrr_movements(Request::new(it.clone())).await.unwrap());
        }
    }
}

#[tokio::test]
#[ignore = "a measurement, for release builds"]
#[expect(clippy::disallowed_methods, reason = "a measurement")]
async fn speed() {
    let rows = std::env::var("TAKINGS_SPEED_ROWS").unwrap_or("10000,100000".into());
    for rows in rows.split(',').map(|it| it.parse::<i64>().unwrap()) {
        for at_once in [true, false] {
            let mut books = Books::random(3, rows);
            books.spread(&mut Dice(5), at_once);
            for house in houses().await {
                books.store(&house.app.database).await;
                let kind = house.app.database.kind;
                println!(
                    "{kind:?}, {rows} rows, {}",
                    if at_once { "recorded in a day" } else { "recorded as it happened" }
                );
                for (name, question) in questions() {
                    let mut times = Vec::new();
                    let turns = if matches!(question, Question::Metrics(_)) { 10 } else { 200 };
                    for turn in 0..turns + 20 {
                        let started = Instant::now();
                        ask(&house, &question).await;
                        if turn >= 20 {
                            times.push(started.elapsed().as_micros());
                        }
                    }
                    times.sort_unstable();
                    let (half, most) = (times[times.len() / 2], times[times.len() * 99 / 100]);
                    println!(
                        "  {name:<30} p50 {:>7.2} ms   p99 {:>7.2} ms",
                        half as f64 / 1e3,
                        most as f64 / 1e3
                    );
                }
            }
        }
    }
}
