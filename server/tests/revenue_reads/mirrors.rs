//! Customers and subscriptions, page by page and one by one.

use crate::common;
use crate::desk::{Desk, NOW, customer, desks, reason, subscription};
use takings::v1 as pb;
use takings::v1::revenue_service_server::RevenueService;
use takings_server::ingest::Entry;
use tonic::{Code, Request, Status};

async fn customers(
    desk: &Desk,
    size: i32,
    token: &str,
) -> Result<pb::ListCustomersResponse, Status> {
    let request = pb::ListCustomersRequest { page_size: size, page_token: token.into() };
    desk.api.list_customers(Request::new(request)).await.map(tonic::Response::into_inner)
}

#[tokio::test]
async fn pages_follow_one_another_without_gap_or_repetition() {
    for desk in desks("pages_follow").await {
        let ids: Vec<String> = (0..120).map(|number| format!("cus_{number:03}")).collect();
        let entries: Vec<Entry> = ids.iter().map(|id| customer(1, id)).collect();
        desk.take_in(&entries).await;
        let (mut token, mut seen, mut sizes) = (String::new(), Vec::new(), Vec::new());
        loop {
            let page = customers(&desk, 50, &token).await.unwrap();
            sizes.push(page.customers.len());
            seen.extend(page.customers.into_iter().map(|customer| customer.customer_id));
            token = page.next_page_token;
            if token.is_empty() {
                break;
            }
        }
        assert_eq!((sizes, seen), (vec![50, 50, 20], ids));
        assert_eq!(customers(&desk, 0, "").await.unwrap().customers.len(), 50);
        let all = customers(&desk, 120, "").await.unwrap();
        assert!(all.next_page_token.is_empty());
        assert_eq!(customers(&desk, i32::MAX, "").await.unwrap().customers.len(), 120);
    }
}

#[tokio::test]
async fn a_token_serves_its_own_filters_alone() {
    for desk in desks("token_filters").await {
        let entries = ["sub_1", "sub_2"].map(|id| subscription(id, "cus_1", 1_000, 1));
        desk.take_in(&entries).await;
        let list = async |status: &str, size, token: &str| {
            let request = pb::ListSubscriptionsRequest {
                customer_id: "cus_1".into(),
                status: status.into(),
                page_size: size,
                page_token: token.into(),
            };
            desk.api
                .list_subscriptions(Request::new(request))
                .await
                .map(tonic::Response::into_inner)
        };
        let first = list("active", 1, "").await.unwrap();
        assert_eq!(first.subscriptions[0].subscription_id, "sub_1");
        let second = list("active", 1, &first.next_page_token).await.unwrap();
        assert_eq!(second.subscriptions[0].subscription_id, "sub_2");
        assert!(second.next_page_token.is_empty());
        assert!(list("paused", 1, "").await.unwrap().subscriptions.is_empty());
        for (status, token) in [("paused", first.next_page_token.as_str()), ("active", "x")] {
            let refused = list(status, 1, token).await.unwrap_err();
            assert_eq!(reason(&refused), "INVALID_PAGE_TOKEN");
        }
        let refused = list("active", -1, "").await.unwrap_err();
        assert_eq!(
            (refused.code(), reason(&refused).as_str()),
            (Code::InvalidArgument, "INVALID_PAGE_SIZE")
        );
        let refused = list("acti\0ve", 1, "").await.unwrap_err();
        assert_eq!(reason(&refused), "INVALID_FIELD");
    }
}

async fn get_customer(desk: &Desk, id: &str, source: &str) -> Result<pb::Customer, Status> {
    let request = pb::GetCustomerRequest { customer_id: id.into(), source: source.into() };
    let answer = desk.api.get_customer(Request::new(request)).await?;
    Ok(answer.into_inner().customer.unwrap())
}

#[tokio::test]
async fn a_customer_is_named_by_id_and_where_needed_by_source() {
    for desk in desks("customer_named").await {
        desk.take_in(&[customer(1, "cus_1"), customer(1, "cus_2"), customer(2, "cus_2")]).await;
        let one = get_customer(&desk, "cus_1", "").await.unwrap();
        assert_eq!((one.name.as_str(), one.email.as_str()), ("Ada", "ada@example.com"));
        assert_eq!((one.source.as_str(), one.delinquent), ("stripe:default:live", true));
        let credit = pb::Money { amount_minor: 250, currency_code: "USD".into() };
        assert_eq!((one.credit_balance, one.created_time.unwrap().seconds), (Some(credit), 1_000));
        let two = get_customer(&desk, "cus_2", "stripe:default:test").await.unwrap();
        assert_eq!(two.source, "stripe:default:test");
        for (id, source, code, expected) in [
            ("cus_2", "", Code::FailedPrecondition, "SOURCE_AMBIGUOUS"),
            ("cus_3", "", Code::NotFound, "CUSTOMER_NOT_FOUND"),
            ("cus_1", "stripe:default:test", Code::NotFound, "CUSTOMER_NOT_FOUND"),
            ("cus_1", "stripe:nobody:live", Code::NotFound, "CUSTOMER_NOT_FOUND"),
            ("", "", Code::InvalidArgument, "INVALID_FIELD"),
        ] {
            let refused = get_customer(&desk, id, source).await.unwrap_err();
            assert_eq!(
                (refused.code(), reason(&refused).as_str()),
                (code, expected),
                "{id} {source}"
            );
        }
    }
}

#[tokio::test]
async fn subscriptions_show_their_worth_now_and_what_is_open() {
    for desk in desks("worth_now").await {
        desk.take_in(&[
            customer(1, "cus_1"),
            subscription("sub_1", "cus_1", 1_000, 1),
            subscription("sub_1", "cus_1", 2_000, 3),
            subscription("sub_2", "cus_1", 1_000, 2),
        ])
        .await;
        // The discount `di_1` was never seen, which the subscription says.
        let worth = desk.database.clone();
        let units: Vec<i64> = common::rows(
            &worth,
            "select units from subscription_points where at = 2000 or subscription = 'sub_2'",
        )
        .await
        .iter()
        .map(|row| row.try_get("", "units").unwrap())
        .collect();
        desk.run("update subscription_points set units = 83160 * 2998 where at = 2000").await;
        desk.run("update subscription_points set units = 83160 / 2 where subscription = 'sub_2'")
            .await;
        // What is to come does not count yet.
        desk.run(&format!(
            "insert into subscription_points
             select source_id, customer, subscription, {}, second, event, 1, currency, status,
                    content, batch from subscription_points where at = 2000",
            NOW + 1
        ))
        .await;
        assert_eq!(units.len(), 2);
        let request =
            pb::GetSubscriptionRequest { subscription_id: "sub_1".into(), source: String::new() };
        let answer = desk.api.get_subscription(Request::new(request)).await.unwrap();
        let sub = answer.into_inner().subscription.unwrap();
        let money = |amount_minor| pb::Money { amount_minor, currency_code: "USD".into() };
        assert_eq!((sub.mrr, sub.mrr_units), (Some(money(2_998)), 83_160 * 2_998));
        assert_eq!((sub.status.as_str(), sub.customer_id.as_str()), ("active", "cus_1"));
        let item = &sub.items[0];
        assert_eq!((item.unit_amount_decimal.as_str(), item.quantity), ("999.5", Some(3)));
        assert_eq!((item.interval.as_str(), item.interval_count), ("month", 1));
        let open = &sub.unconfirmed[0];
        assert_eq!(open.reason(), pb::UnconfirmedReason::CouponUnknown);
        assert_eq!(open.object_id, "sub_1");
        assert!(open.since_time.unwrap().seconds > 1_600_000_000, "recorded, not occurred");
        // 2998 and a half, to even.
        let customer = get_customer(&desk, "cus_1", "").await.unwrap();
        assert_eq!(customer.mrr, [money(2_998)]);
    }
}
