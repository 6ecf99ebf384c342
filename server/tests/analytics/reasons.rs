//! Movements one by one, and what is not settled.

use super::books::{Books, Dice, House, NOW, Row, houses};
use super::oracle::{DAY, MOVEMENTS, Oracle};
use sea_orm::ConnectionTrait;
use std::collections::BTreeMap;
use takings::v1 as pb;
use takings::v1::analytics_service_server::AnalyticsService;
use takings_core::billing::facts::SubscriptionStatus;
use takings_core::billing::{Cause, Point};
use takings_core::money::Currency;
use takings_core::time::Timestamp;
use tonic::Request;

type Line = (i64, String, String, String, i32, i64);

async fn list(house: &House, request: pb::ListMrrMovementsRequest) -> Vec<pb::MrrMovement> {
    let (mut all, mut request) = (Vec::new(), request);
    loop {
        let answer = house.api.list_mrr_movements(Request::new(request.clone())).await.unwrap();
        let answer = answer.into_inner();
        let size = usize::try_from(request.page_size).unwrap();
        assert!(answer.mrr_movements.len() <= size);
        assert!(answer.next_page_token.is_empty() || answer.mrr_movements.len() == size);
        all.extend(answer.mrr_movements);
        if answer.next_page_token.is_empty() {
            return all;
        }
        request.page_token = answer.next_page_token;
    }
}

fn line(movement: &pb::MrrMovement) -> Line {
    let at = movement.occurred_time.unwrap();
    let source = movement.source.clone();
    let currency = movement.amount.as_ref().unwrap().currency_code.to_lowercase();
    (at.seconds, source, movement.customer_id.clone(), currency, movement.kind, movement.mrr_units)
}

fn expected(books: &Books, known: Option<Timestamp>, lets: &dyn Fn(&Row) -> bool) -> Vec<Line> {
    let mut nets: BTreeMap<(i64, i64, String, String, i32), i64> = BTreeMap::new();
    let rows = books.before(Timestamp(i64::MAX), known, &MOVEMENTS).filter(|row| lets(row));
    for row in rows {
        let number = MOVEMENTS.iter().position(|kind| *kind == row.kind).unwrap() + 1;
        let key = (
            row.at.secs(),
            row.source,
            row.customer.clone(),
            row.currency.to_owned(),
            i32::try_from(number).unwrap(),
        );
        *nets.entry(key).or_default() += row.sums[0];
    }
    let names = ["", "stripe:default:live", "stripe:acct_2:live"];
    let line = |((at, source, customer, currency, kind), units): (
        (i64, i64, String, String, i32),
        i64,
    )| {
        (at, names[usize::try_from(source).unwrap()].to_owned(), customer, currency, kind, units)
    };
    nets.into_iter().filter(|(_, units)| *units != 0).map(line).collect()
}

#[tokio::test]
async fn pages_hold_every_movement_once_and_none_that_was_taken_back() {
    let books = Books::random(17, 1_200);
    for house in houses().await {
        house.store(&books).await;
        let mut dice = Dice(45);
        for (turn, page_size) in [7, 50, 1_000, 333, 13, 100].into_iter().enumerate() {
            let known = (turn % 2 == 0).then(|| Timestamp(NOW.0 - dice.below(700 * DAY)));
            let proto =
                |at: Timestamp| prost_types::Timestamp { seconds: at.secs(), nanos: 999_999_999 };
            let known = known.map(|known| Timestamp(known.secs() * 1_000_000 + 999_999));
            let customer = if turn == 4 { "cus_7" } else { "" };
            let currency = if turn == 3 { "EUR" } else { "" };
            let kind = if turn == 5 { pb::MovementKind::Churn.into() } else { 0 };
            let request = pb::ListMrrMovementsRequest {
                range: None,
                currency_code: currency.into(),
                customer_id: customer.into(),
                kind,
                known_at_time: known.map(proto),
                page_size,
                page_token: String::new(),
            };
            let lets = |row: &Row| {
                (customer.is_empty() || row.customer == customer)
                    && (currency.is_empty() || row.currency == "eur")
                    && (kind == 0 || row.kind == "churn")
            };
            let listed: Vec<Line> = list(&house, request).await.iter().map(line).collect();
            assert_eq!(listed, expected(&books, known, &lets), "page size {page_size}");
        }
    }
}

#[tokio::test]
async fn a_token_belongs_to_its_filters() {
    let books = Books::random(17, 200);
    for house in houses().await {
        house.store(&books).await;
        let request = pb::ListMrrMovementsRequest { page_size: 3, ..Default::default() };
        let first = house.api.list_mrr_movements(Request::new(request.clone())).await.unwrap();
        let page_token = first.into_inner().next_page_token;
        let other =
            pb::ListMrrMovementsRequest { page_token, currency_code: "EUR".into(), ..request };
        let status = house.api.list_mrr_movements(Request::new(other.clone())).await.unwrap_err();
        assert!(status.message().contains("token"), "{status:?}");
        let same =
            pb::ListMrrMovementsRequest { currency_code: String::new(), page_size: 5, ..other };
        assert!(house.api.list_mrr_movements(Request::new(same)).await.is_ok());
    }
}

fn point(at: i64, units: i64, cause: Cause) -> Point {
    Point {
        at,
        second: at,
        event: format!("evt_{at}"),
        units,
        currency: Some(Currency::parse("usd").unwrap()),
        status: if units > 0 { SubscriptionStatus::Active } else { SubscriptionStatus::Canceled },
        counted: units > 0,
        ended: units == 0,
        collection_paused: false,
        ends_at: None,
        past_due_since: None,
        items: Vec::new(),
        lingering: Vec::new(),
        cause,
        reconstructed: false,
        marks: Default::default(),
    }
}

/// A customer whose first subscription grows while the second ends, in one second.
async fn two_subscriptions(house: &House) -> Books {
    let mut books = Books::default();
    let row = |at: i64, kind, units, subscribers, batch| Row {
        movement: true,
        source: 1,
        customer: "cus_1".into(),
        kind,
        currency: "usd",
        at: Timestamp::from_secs(at),
        revision: 1,
        sums: [units, 1, subscribers, subscribers],
        recorded: Timestamp::from_secs(at + 5),
        batch,
    };
    books.add(row(1_760_000_000, "new", 150, 1, 1));
    books.add(row(1_765_000_000, "contraction", -20, 0, 2));
    house.store(&books).await;
    let points = [
        ("sub_a", point(1_760_000_000, 100, Cause::Started)),
        ("sub_b", point(1_760_000_000, 50, Cause::TrialEnded)),
        ("sub_a", point(1_765_000_000, 130, Cause::QuantityChanged)),
        ("sub_b", point(1_765_000_000, 0, Cause::Involuntary)),
        ("sub_c", point(1_765_000_000, 0, Cause::Unchanged)),
    ];
    let mut texts = vec![];
    for id in ["sub_a", "sub_b", "sub_c"] {
        texts.push(format!("insert into subscriptions (source_id, id, customer, status, currency, amount, created_at, deleted, content, event, batch) values (1, '{id}', 'cus_1', 'active', 'usd', 0, 0, 0, '', '', 1)"));
    }
    for (id, it) in points {
        let content = serde_json::to_string(&it).unwrap();
        texts.push(format!("insert into subscription_points values (1, 'cus_1', '{id}', {}, {}, '{}', {}, 'usd', 'x', '{content}', 1)", it.at, it.second, it.event, it.units));
    }
    for text in texts {
        house.app.database.write.execute_unprepared(&text).await.unwrap();
    }
    books
}

#[tokio::test]
async fn a_movement_names_its_subscriptions_and_the_weightiest_reason() {
    for house in houses().await {
        two_subscriptions(&house).await;
        let request = pb::ListMrrMovementsRequest { page_size: 10, ..Default::default() };
        let movements = list(&house, request).await;
        let told: Vec<_> = movements
            .iter()
            .map(|it| (it.subscription_ids.join(" "), it.reason(), it.observation.as_str()))
            .collect();
        let expected = [
            ("sub_a sub_b".to_owned(), pb::MovementReason::Started, "evt_1"),
            ("sub_a sub_b".to_owned(), pb::MovementReason::Involuntary, "evt_2"),
        ];
        assert_eq!(told, expected);
        assert_eq!(movements[0].recorded_time.unwrap().seconds, 1_760_000_005);
    }
}

#[tokio::test]
async fn marks_are_counted_by_object_and_held_mrr_is_shown() {
    for house in houses().await {
        two_subscriptions(&house).await;
        for text in [
            "insert into unconfirmed values (1, 'sub_a', 'tie', 1, 1), (1, 'sub_a', 'tie', 2, 1), (1, 'sub_a', 'tiered_price', 2, 1), (1, 'cus_x', 'parent_missing', 2, 1)",
            "insert into waiting values (1, 'coupon_not_seen', 'cus_1', 1), (1, 'coupon_seen', 'cus_1', 2)",
            "insert into facts (source_id, object, second, event, api_version, normaliser, fetched, content, batch) values (1, 'coupon_seen', 1, 'evt', '', 1, 0, '', 2)",
        ] {
            house.app.database.write.execute_unprepared(text).await.unwrap();
        }
        let answer = house
            .api
            .get_revenue_summary(Request::new(Default::default()))
            .await
            .unwrap()
            .into_inner();
        let counts = |them: &[pb::UnconfirmedCount]| -> Vec<(pb::UnconfirmedReason, i64)> {
            them.iter().map(|it| (it.reason(), it.object_count)).collect()
        };
        let [tie, tiered] = [pb::UnconfirmedReason::Tie, pb::UnconfirmedReason::TieredPrice];
        let missing = pb::UnconfirmedReason::ParentMissing;
        assert_eq!(counts(&answer.unconfirmed), [(tie, 1), (tiered, 1), (missing, 1)]);
        assert_eq!(counts(&answer.currencies[0].unconfirmed), [(tie, 1), (tiered, 1)]);
        let held = answer.currencies[0].unconfirmed_mrr.as_ref().unwrap();
        assert_eq!((held.amount_minor, held.currency_code.as_str()), (0, "USD"));
        assert_eq!(answer.settled_through_time.unwrap().seconds, 1_765_000_005);
    }
}

#[tokio::test]
async fn gauges_are_in_major_units() {
    let houses = houses().await;
    two_subscriptions(&houses[0]).await;
    let mut texts = vec![
        "('measure', 1, 24312, 'payment', 'kwd', 1, 1, 0, 12345, 1, 0, 0)".to_owned(),
        "('measure', 1, 24312, 'refund', 'kwd', 1, 1, 0, -345, -1, 0, 0)".to_owned(),
        "('mrr:v1', 1, 24312, 'new', 'jpy', 1, 1, 0, 41580000, 1, 1, 1)".to_owned(),
    ];
    for (grain, period) in [(0, 20_530), (1, 24_314)] {
        for (kind, count) in [("attempted", 4), ("paid", 3)] {
            let sums = format!("1, 1, 0, {count}, {count}, 0, 0");
            texts.push(format!("('measure', {grain}, {period}, 'invoices:{kind}', 'kwd', {sums})"));
        }
    }
    let text = format!("insert into rollups values {}", texts.join(", "));
    houses[0].app.database.write.execute_unprepared(&text).await.unwrap();
    let text = houses[0].app.scrape().await;
    for line in [
        "revenue_total_dollars{currency=\"KWD\"} 12",
        "subscription_mrr_dollars{currency=\"JPY\"} 500",
        "payment_success_rate 0.75",
        "unconfirmed_objects{reason=\"tie\"} 0",
    ] {
        assert!(text.lines().any(|it| it == line), "{line} is missing in\n{text}");
    }
}
