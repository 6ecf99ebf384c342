//! The ledger, the stored events, and what is done with them.

use crate::desk::{customer, desks, reason};
use takings::v1 as pb;
use takings::v1::revenue_service_server::RevenueService;
use takings_server::ingest::{Body, Entry, Outcome};
use tonic::{Code, Request, Status};

#[tokio::test]
async fn the_ledger_is_read_in_the_order_of_business() {
    for desk in desks("ledger_read").await {
        desk.take_in(&[customer(1, "cus_1")]).await;
        desk.run(
            "insert into revenue_entries values
             (1, 'in_1', -5, 1, 'invoice_finalized', 'receivable', 'deferred_revenue', 'usd', 100, 2000000, 'cus_1', 'evt_1', 1),
             (1, 'in_1', 7, 1, 'invoice_finalized', 'receivable', 'tax_payable:txr_1', 'usd', 19, 2000000, 'cus_1', 'evt_1', 1),
             (1, 'in_1', 7, 2, 'invoice_finalized', 'tax_payable:txr_1', 'receivable', 'usd', 1, 2000000, 'cus_1', 'evt_2', 1),
             (1, 'ch_1', 0, 1, 'charge', 'stripe_pending', 'payments_clearing', 'jpy', 119, 1000000, null, 'evt_3', 1),
             (2, 'in_1', 0, 1, 'charge', 'stripe_pending', 'payments_clearing', 'usd', 5, 3000000, 'cus_2', 'evt_4', 1)",
        )
        .await;
        let list = async |filter: pb::ListRevenueEntriesRequest| {
            let answer = desk.api.list_revenue_entries(Request::new(filter)).await;
            answer.map(tonic::Response::into_inner)
        };
        let amounts = async |filter: pb::ListRevenueEntriesRequest| {
            let entries = list(filter).await.unwrap().revenue_entries;
            entries.iter().map(|it| it.amount.as_ref().unwrap().amount_minor).collect::<Vec<_>>()
        };
        let none = pb::ListRevenueEntriesRequest::default;
        let (mut token, mut seen) = (String::new(), Vec::new());
        loop {
            let page =
                list(pb::ListRevenueEntriesRequest { page_size: 2, page_token: token, ..none() });
            let page = page.await.unwrap();
            seen.extend(page.revenue_entries);
            token = page.next_page_token;
            if token.is_empty() {
                break;
            }
        }
        let order: Vec<i64> =
            seen.iter().map(|it| it.amount.as_ref().unwrap().amount_minor).collect();
        assert_eq!(order, [119, 100, 19, 1, 5]);
        let ids: std::collections::BTreeSet<&str> =
            seen.iter().map(|it| it.entry_id.as_str()).collect();
        assert_eq!(ids.len(), 5);
        assert!(seen[1].entry_id < seen[2].entry_id && seen[2].entry_id < seen[3].entry_id);
        assert!(seen[0].recorded_time.is_some());
        assert_eq!((seen[0].customer_id.as_str(), seen[3].revision), ("", 2));

        let by =
            |account: &str| pb::ListRevenueEntriesRequest { account: account.into(), ..none() };
        assert_eq!(amounts(by("tax_payable")).await, [19, 1]);
        assert_eq!(amounts(by("tax_payable:txr_1")).await, [19, 1]);
        assert!(amounts(by("tax_payable:txr")).await.is_empty());
        assert!(amounts(by("TAX_PAYABLE")).await.is_empty());
        assert_eq!(amounts(by("receivable")).await, [100, 19, 1]);
        let by = pb::ListRevenueEntriesRequest { object_id: "in_1".into(), ..none() };
        assert_eq!(amounts(by).await, [100, 19, 1, 5]);
        let by = pb::ListRevenueEntriesRequest { customer_id: "cus_1".into(), ..none() };
        assert_eq!(amounts(by).await, [100, 19, 1]);
        let by = pb::ListRevenueEntriesRequest { kind: "charge".into(), ..none() };
        assert_eq!(amounts(by).await, [119, 5]);
        let second = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
        let range = |start, end| pb::ListRevenueEntriesRequest {
            occurred_range: Some(pb::TimeRange {
                start_time: second(start),
                end_time: second(end),
            }),
            ..none()
        };
        assert_eq!(amounts(range(1, 2)).await, [119]);
        assert!(amounts(range(2, 2)).await.is_empty());
        assert_eq!(reason(&list(range(2, 1)).await.unwrap_err()), "INVALID_RANGE");
    }
}

#[tokio::test]
async fn events_are_listed_newest_first() {
    for desk in desks("events_listed").await {
        let held = Entry {
            outcome: Outcome::Quarantined,
            refusal: Some(("unknown_currency", "`xxx` is not a currency code".into())),
            facts: vec![],
            object: None,
            ..customer(1, "cus_held")
        };
        let older = Entry { api_version: "2017-08-15".into(), ..customer(1, "cus_1") };
        desk.take_in(&[customer(1, "cus_1")]).await;
        desk.take_in(&[older, held]).await;
        let list = async |outcome, kind: &str, size, token: &str| {
            let request = pb::ListWebhookEventsRequest {
                outcome,
                r#type: kind.into(),
                created_range: None,
                page_size: size,
                page_token: token.into(),
            };
            desk.api
                .list_webhook_events(Request::new(request))
                .await
                .map(tonic::Response::into_inner)
        };
        let first = list(0, "customer.updated", 2, "").await.unwrap();
        let rest = list(0, "customer.updated", 2, &first.next_page_token).await.unwrap();
        assert_eq!((first.webhook_events.len(), rest.webhook_events.len()), (2, 1));
        let oldest = &rest.webhook_events[0];
        assert_eq!(
            (oldest.api_version.as_str(), oldest.object_id.as_str()),
            ("2026-10-28.endive", "cus_1")
        );
        assert!(oldest.received_time.unwrap().seconds > oldest.created_time.unwrap().seconds);
        let held = list(pb::WebhookOutcome::Quarantined.into(), "", 0, "").await.unwrap();
        assert_eq!(held.webhook_events.len(), 1);
        assert_eq!(held.webhook_events[0].quarantine_reason, "unknown_currency");
        assert_eq!(held.webhook_events[0].outcome(), pb::WebhookOutcome::Quarantined);
        assert!(list(0, "invoice.paid", 0, "").await.unwrap().webhook_events.is_empty());
        let created = async |start, end| {
            let second = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
            let range = pb::TimeRange { start_time: second(start), end_time: second(end) };
            let request =
                pb::ListWebhookEventsRequest { created_range: Some(range), ..Default::default() };
            desk.api
                .list_webhook_events(Request::new(request))
                .await
                .map(|it| it.into_inner().webhook_events.len())
        };
        assert_eq!(created(1_000, 1_001).await.unwrap(), 3);
        assert_eq!(created(999, 1_000).await.unwrap(), 0);
        assert_eq!(reason(&created(1_001, 1_000).await.unwrap_err()), "INVALID_RANGE");
        for outcome in [pb::WebhookOutcome::Duplicate.into(), 99] {
            let refused = list(outcome, "", 0, "").await.unwrap_err();
            assert_eq!(reason(&refused), "INVALID_FIELD");
        }
    }
}

#[tokio::test]
async fn a_replay_is_answered_once_for_each_request() {
    for desk in desks("replay_once").await {
        let body = br#"{"id":"evt_1","object":"event","api_version":"2026-10-28.endive",
            "created":1000,"livemode":true,"type":"radar.early_fraud_warning.created",
            "data":{"object":{"id":"issfr_1","object":"radar.early_fraud_warning"}}}"#;
        let ignored = |source, event: &str| Entry {
            event: event.into(),
            kind: "radar.early_fraud_warning.created".into(),
            outcome: Outcome::Ignored,
            facts: vec![],
            body: Body::compress(body),
            ..customer(source, "issfr_1")
        };
        desk.take_in(&[ignored(1, "evt_1"), ignored(1, "evt_2"), ignored(2, "evt_2")]).await;
        let replay = async |event: &str, source: &str, request: &str| {
            let request = pb::ReplayWebhookEventRequest {
                event_id: event.into(),
                source: source.into(),
                request_id: request.into(),
            };
            let answer = desk.api.replay_webhook_event(Request::new(request)).await?;
            Ok::<_, Status>(answer.into_inner().webhook_event.unwrap())
        };
        let id = "6f1b2c3d-0000-4000-8000-00000000000a";
        let first = replay("evt_1", "", id).await.unwrap();
        assert_eq!(
            (first.event_id.as_str(), first.outcome()),
            ("evt_1", pb::WebhookOutcome::Ignored)
        );
        desk.run("update webhook_events set outcome = 'applied' where event_id = 'evt_1'").await;
        assert_eq!(replay("evt_1", "", &id.to_uppercase()).await.unwrap(), first, "as it was");
        for (event, source, request, code, expected) in [
            ("evt_2", "stripe:default:live", id, Code::AlreadyExists, "REQUEST_ID_REUSED"),
            ("evt_1", "stripe:default:live", id, Code::AlreadyExists, "REQUEST_ID_REUSED"),
            ("evt_1", "", "1", Code::InvalidArgument, "INVALID_REQUEST_ID"),
            ("evt_1", "", "", Code::InvalidArgument, "INVALID_REQUEST_ID"),
            ("", "", id, Code::InvalidArgument, "INVALID_FIELD"),
            (
                "evt_9",
                "",
                "6f1b2c3d-0000-4000-8000-00000000000b",
                Code::NotFound,
                "WEBHOOK_EVENT_NOT_FOUND",
            ),
            (
                "evt_2",
                "",
                "6f1b2c3d-0000-4000-8000-00000000000c",
                Code::FailedPrecondition,
                "SOURCE_AMBIGUOUS",
            ),
        ] {
            let refused = replay(event, source, request).await.unwrap_err();
            assert_eq!((refused.code(), reason(&refused).as_str()), (code, expected), "{event}");
        }
        let other = "6f1b2c3d-0000-4000-8000-00000000000d";
        assert!(replay("evt_2", "stripe:default:test", other).await.is_ok());
    }
}

#[tokio::test]
async fn a_webhook_is_refused_by_its_shape_before_it_is_read() {
    for desk in desks("webhook_shape").await {
        let ingest = async |provider: &str, size: usize| {
            let request = pb::IngestWebhookRequest {
                provider: provider.into(),
                payload: vec![b'x'; size].into(),
                signature_header: String::new(),
            };
            reason(&desk.api.ingest_webhook(Request::new(request)).await.unwrap_err())
        };
        assert_eq!(ingest("Stripe", 1).await, "UNKNOWN_PROVIDER");
        assert_eq!(ingest("stripe", (1 << 20) + 1).await, "PAYLOAD_TOO_LARGE");
        assert_eq!(ingest("stripe", 1 << 20).await, "SIGNATURE_MALFORMED");
    }
}
