//! Defaults, and questions that cannot be answered.

use super::books::{Books, NOW, houses};
use super::oracle::Oracle;
use takings::v1 as pb;
use takings::v1::analytics_service_server::AnalyticsService;
use tonic::{Code, Request, Status};
use tonic_types::StatusExt;

fn at(text: &str) -> Option<prost_types::Timestamp> {
    let at: jiff::Timestamp = text.parse().unwrap();
    Some(prost_types::Timestamp { seconds: at.as_second(), nanos: at.subsec_nanosecond() })
}

fn seconds(seconds: i64, nanos: i32) -> Option<prost_types::Timestamp> {
    Some(prost_types::Timestamp { seconds, nanos })
}

fn reason(status: &Status) -> String {
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    assert!(status.get_details_bad_request().is_some(), "{status:?}");
    status.get_details_error_info().unwrap().reason
}

#[tokio::test]
async fn without_any_field_it_is_now_and_this_month() {
    for house in houses().await {
        let answer = house
            .api
            .get_revenue_summary(Request::new(Default::default()))
            .await
            .unwrap()
            .into_inner();
        assert_eq!(answer.start_time, at("2026-03-01T00:00:00Z"));
        assert_eq!(answer.as_of_time, at("2026-03-19T14:23:45.678901Z"));
        assert_eq!(answer.settled_through_time, answer.as_of_time);
        assert!(answer.currencies.is_empty() && answer.unconfirmed.is_empty());
        assert_eq!((answer.customer_count, answer.subscriber_count), (0, 0));
        assert_eq!(answer.definition, "v1");
        let empty = pb::GetSubscriptionMetricsRequest::default();
        let answer = house.api.get_subscription_metrics(Request::new(empty)).await.unwrap();
        let range = answer.into_inner().range.unwrap();
        assert_eq!(
            (range.start_time, range.end_time),
            (at("2026-03-01T00:00:00Z"), at("2026-03-19T14:23:45.678901Z"))
        );
    }
}

#[tokio::test]
async fn a_month_begins_where_the_time_zone_says() {
    for house in houses().await {
        for (zone, as_of, start) in [
            ("", "2026-02-01T00:00:00Z", "2026-01-01T00:00:00Z"),
            ("America/New_York", "2026-02-01T03:00:00Z", "2026-01-01T05:00:00Z"),
            ("Asia/Kathmandu", "2026-02-01T03:00:00Z", "2026-01-31T18:15:00Z"),
            ("Pacific/Auckland", "2026-04-05T00:00:00Z", "2026-03-31T11:00:00Z"),
        ] {
            let request = pb::GetRevenueSummaryRequest {
                as_of_time: at(as_of),
                time_zone: zone.into(),
                ..Default::default()
            };
            let answer = house.api.get_revenue_summary(Request::new(request)).await.unwrap();
            assert_eq!(answer.into_inner().start_time, at(start), "{zone}");
        }
    }
}

#[tokio::test]
async fn only_the_currency_asked_for_is_answered() {
    let books = Books::random(5, 400);
    for house in houses().await {
        house.store(&books).await;
        for (code, rows) in [("USD", 1), ("GBP", 0), ("", 4)] {
            let request =
                pb::GetRevenueSummaryRequest { currency_code: code.into(), ..Default::default() };
            let answer = house.api.get_revenue_summary(Request::new(request)).await.unwrap();
            assert_eq!(answer.into_inner().currencies.len(), rows, "{code}");
        }
    }
}

#[tokio::test]
async fn bad_summary_questions_are_refused_by_name() {
    let usual = pb::GetRevenueSummaryRequest::default;
    let bad = [
        (
            "INVALID_RANGE",
            pb::GetRevenueSummaryRequest {
                start_time: at("2026-02-01T00:00:00Z"),
                as_of_time: at("2026-01-01T00:00:00Z"),
                ..usual()
            },
        ),
        (
            "INVALID_RANGE",
            pb::GetRevenueSummaryRequest { start_time: at("2027-01-01T00:00:00Z"), ..usual() },
        ),
        (
            "INVALID_RANGE",
            pb::GetRevenueSummaryRequest { as_of_time: seconds(i64::MAX, 0), ..usual() },
        ),
        (
            "INVALID_RANGE",
            pb::GetRevenueSummaryRequest { as_of_time: seconds(-62_135_596_801, 0), ..usual() },
        ),
        ("INVALID_RANGE", pb::GetRevenueSummaryRequest { as_of_time: seconds(0, -1), ..usual() }),
        (
            "INVALID_RANGE",
            pb::GetRevenueSummaryRequest { known_at_time: seconds(0, 1_000_000_000), ..usual() },
        ),
        ("UNKNOWN_TIME_ZONE", pb::GetRevenueSummaryRequest { time_zone: "EST5".into(), ..usual() }),
        (
            "UNKNOWN_TIME_ZONE",
            pb::GetRevenueSummaryRequest { time_zone: "+02:00".into(), ..usual() },
        ),
        (
            "UNKNOWN_CURRENCY",
            pb::GetRevenueSummaryRequest { currency_code: "usd".into(), ..usual() },
        ),
        (
            "UNKNOWN_CURRENCY",
            pb::GetRevenueSummaryRequest { currency_code: "US$".into(), ..usual() },
        ),
        (
            "UNKNOWN_CURRENCY",
            pb::GetRevenueSummaryRequest { currency_code: "XQQ".into(), ..usual() },
        ),
    ];
    for house in houses().await {
        for (expected, request) in &bad {
            let status =
                house.api.get_revenue_summary(Request::new(request.clone())).await.unwrap_err();
            assert_eq!(reason(&status), *expected, "{request:?}");
        }
        let first =
            pb::GetRevenueSummaryRequest { as_of_time: seconds(-62_135_596_800, 0), ..usual() };
        assert!(house.api.get_revenue_summary(Request::new(first)).await.is_ok());
        let last = pb::GetRevenueSummaryRequest {
            as_of_time: seconds(253_402_300_799, 999_999_999),
            ..usual()
        };
        assert!(house.api.get_revenue_summary(Request::new(last)).await.is_ok());
    }
}

#[tokio::test]
async fn bad_series_questions_are_refused_by_name() {
    let range = |start, end| Some(pb::TimeRange { start_time: at(start), end_time: at(end) });
    let day = pb::Granularity::Day.into();
    let usual = || pb::GetRevenueSeriesRequest {
        granularity: day,
        range: range("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"),
        ..Default::default()
    };
    let four_years = range("2022-01-01T00:00:00Z", "2026-01-01T00:00:00Z");
    let backwards = range("2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z");
    let bad = [
        ("INVALID_FIELD", pb::GetRevenueSeriesRequest { granularity: 0, ..usual() }),
        ("INVALID_FIELD", pb::GetRevenueSeriesRequest { granularity: 99, ..usual() }),
        ("INVALID_RANGE", pb::GetRevenueSeriesRequest { range: None, ..usual() }),
        ("INVALID_RANGE", pb::GetRevenueSeriesRequest { range: backwards, ..usual() }),
        ("RANGE_TOO_LONG", pb::GetRevenueSeriesRequest { range: four_years, ..usual() }),
        ("UNKNOWN_TIME_ZONE", pb::GetRevenueSeriesRequest { time_zone: "Mars".into(), ..usual() }),
        (
            "UNKNOWN_CURRENCY",
            pb::GetRevenueSeriesRequest { currency_code: "eur".into(), ..usual() },
        ),
    ];
    for house in houses().await {
        for (expected, request) in &bad {
            let status =
                house.api.get_revenue_series(Request::new(request.clone())).await.unwrap_err();
            assert_eq!(reason(&status), *expected, "{request:?}");
        }
    }
}

#[tokio::test]
async fn bad_movement_questions_are_refused_by_name() {
    let usual = pb::ListMrrMovementsRequest::default;
    let bad = [
        ("INVALID_PAGE_SIZE", pb::ListMrrMovementsRequest { page_size: -1, ..usual() }),
        ("INVALID_PAGE_TOKEN", pb::ListMrrMovementsRequest { page_token: "x".into(), ..usual() }),
        ("INVALID_FIELD", pb::ListMrrMovementsRequest { kind: 17, ..usual() }),
        ("INVALID_FIELD", pb::ListMrrMovementsRequest { customer_id: "a\0b".into(), ..usual() }),
        (
            "UNKNOWN_CURRENCY",
            pb::ListMrrMovementsRequest { currency_code: "eur".into(), ..usual() },
        ),
        (
            "INVALID_RANGE",
            pb::ListMrrMovementsRequest {
                range: Some(pb::TimeRange { start_time: seconds(5, 0), end_time: seconds(4, 0) }),
                ..usual()
            },
        ),
    ];
    for house in houses().await {
        for (expected, request) in &bad {
            let status =
                house.api.list_mrr_movements(Request::new(request.clone())).await.unwrap_err();
            assert_eq!(reason(&status), *expected, "{request:?}");
        }
    }
}

#[tokio::test]
async fn a_sum_beyond_64_bits_is_refused() {
    let mut books = Books::random(5, 1);
    let mut row = books.rows[0].clone();
    (row.movement, row.kind, row.currency) = (true, "new", "usd");
    for number in 0..3 {
        row.sums = [i64::MAX / 2, 1, 1, 1];
        row.at.0 = NOW.0 - (1 + number) * 40 * super::oracle::DAY;
        row.batch = 1_000 + number;
        books.add(row.clone());
    }
    for house in houses().await {
        house.store(&books).await;
        let status =
            house.api.get_revenue_summary(Request::new(Default::default())).await.unwrap_err();
        assert_eq!(status.code(), Code::FailedPrecondition);
        assert_eq!(status.get_details_error_info().unwrap().reason, "AMOUNT_OVERFLOW");
    }
}
