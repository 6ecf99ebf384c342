//! Every command does what it says, shows it at once, and is not counted again when the webhooks
//! come.

use crate::common::place::Place;
use crate::common::process::Takings;
use crate::common::story::{deliver_all, settled_hash};
use crate::common::stripe_mock::assert_known;
use crate::shop::{Client, Shop, totals, uuid};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use takings::v1::*;
use takings_simulator::SimEvent;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_command_did_is_read_at_once_and_its_webhooks_change_no_total_on_sqlite() {
    every_command(Place::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_command_did_is_read_at_once_and_its_webhooks_change_no_total_on_postgresql() {
    let Some(place) = Place::postgres("commands_acts") else { return };
    every_command(place).await;
}

async fn every_command(place: Place) {
    let shop = Shop::open().await;
    let server = shop.takings(&place);
    let mut client = server.revenue().await;
    let customer = customers(&shop, &mut client).await;
    let subscription = subscriptions(&shop, &mut client, &customer).await;

    // MRR is told by the commands alone; the webhooks that follow leave it as it is.
    let told = mrr(&place).await;
    assert!(!told.is_empty());
    shop.deliver(&server).await;
    assert_eq!(told, mrr(&place).await);

    refund(&shop, &mut client, &place, &server).await;
    cancel(&mut client, &subscription).await;
    let ended = mrr(&place).await;
    shop.deliver(&server).await;
    assert_eq!(ended, mrr(&place).await, "the webhooks of an end change MRR");
    pages(&shop, &mut client, &customer).await;
    assert_known("commands", &shop.account.stripe.heard()).await;
    shop.deliver(&server).await;

    let events = Arc::new(shop.account.stripe.events());
    drop((client, server));
    settled_hash(&place).await;
    assert_eq!(totals(&place).await, by_webhooks_alone(&events).await);
    println!("{}: {} events, the same totals without answers", place.kind(), events.len());
}

/// What MRR is, and by which kinds of movements it became so.
async fn mrr(place: &Place) -> Vec<(String, String)> {
    totals(place).await.into_iter().filter(|(name, _)| name.starts_with("mrr ")).collect()
}

/// The totals of one who was only told.
async fn by_webhooks_alone(events: &Arc<Vec<SimEvent>>) -> BTreeMap<String, String> {
    let place = Place::sqlite();
    let server = Takings::start(&place);
    deliver_all(server.http, events, 1).await;
    server.kill();
    settled_hash(&place).await;
    totals(&place).await
}

async fn customers(shop: &Shop, client: &mut Client) -> String {
    let request = CreateCustomerRequest {
        name: "Ada".into(),
        email: "ada@example.com".into(),
        metadata: [("user".to_owned(), "17".to_owned())].into(),
        request_id: uuid(),
        ..Default::default()
    };
    let made = client.create_customer(request).await.unwrap().into_inner().customer.unwrap();
    assert_eq!((made.name.as_str(), made.source.as_str()), ("Ada", "stripe:default:test"));
    let customer = made.customer_id.clone();
    assert_eq!(shop.get(&format!("customers/{customer}"))["metadata"]["user"], "17");
    assert_eq!(read_customer(client, &customer).await, made);

    let request = UpdateCustomerRequest {
        customer_id: customer.clone(),
        email: "ada@example.org".into(),
        request_id: uuid(),
        ..Default::default()
    };
    let changed = client.update_customer(request).await.unwrap().into_inner().customer.unwrap();
    assert_eq!((changed.name.as_str(), changed.email.as_str()), ("Ada", "ada@example.org"));
    assert_eq!(read_customer(client, &customer).await, changed);

    let card = shop.card("visa");
    let request = UpdatePaymentMethodRequest {
        customer_id: customer.clone(),
        payment_method_id: card.clone(),
        request_id: uuid(),
    };
    let paying = client.update_payment_method(request).await.unwrap().into_inner();
    assert_eq!(paying.customer.unwrap().customer_id, customer);
    let shown = shop.get(&format!("customers/{customer}"));
    assert_eq!(shown["invoice_settings"]["default_payment_method"], card);
    customer
}

/// What happens within one second is one movement, and webhooks alone tell its parts apart.
async fn apart() {
    tokio::time::sleep(Duration::from_millis(2_200)).await;
}

async fn subscriptions(shop: &Shop, client: &mut Client, customer: &str) -> String {
    let request = CreateSubscriptionRequest {
        customer_id: customer.to_owned(),
        items: vec![OrderItem { price_id: shop.price.clone(), quantity: None }],
        coupon_id: shop.coupon.clone(),
        request_id: uuid(),
        ..Default::default()
    };
    let made =
        client.create_subscription(request).await.unwrap().into_inner().subscription.unwrap();
    let id = made.subscription_id.clone();
    assert_eq!((made.status.as_str(), made.customer_id.as_str()), ("active", customer));
    assert_eq!(made.mrr_units, 2_250 * 83_160, "a coupon of a quarter: {made:?}");
    assert_eq!(read_subscription(client, &id).await, made);

    apart().await;
    let request = UpdateSubscriptionRequest {
        subscription_id: id.clone(),
        price_id: shop.better.clone(),
        quantity: 2,
        proration_behavior: ProrationBehavior::AlwaysInvoice.into(),
        request_id: uuid(),
        ..Default::default()
    };
    let more =
        client.update_subscription(request).await.unwrap().into_inner().subscription.unwrap();
    assert_eq!((more.items[0].price_id.as_str(), more.items[0].quantity), (&*shop.better, Some(2)));
    assert_eq!(read_subscription(client, &id).await, more);

    apart().await;
    let request = UpdateSubscriptionRequest {
        subscription_id: id.clone(),
        update_mask: Some(prost_types::FieldMask { paths: vec!["coupon_id".into()] }),
        request_id: uuid(),
        ..Default::default()
    };
    let full =
        client.update_subscription(request).await.unwrap().into_inner().subscription.unwrap();
    assert_eq!((full.discount_ids.len(), full.mrr_units), (0, 10_000 * 83_160));

    apart().await;
    let request = PauseSubscriptionRequest { subscription_id: id.clone(), request_id: uuid() };
    let paused = client.pause_subscription(request).await.unwrap().into_inner();
    assert_eq!(paused.subscription.unwrap().status, "paused");
    apart().await;
    let request = ResumeSubscriptionRequest {
        subscription_id: id.clone(),
        request_id: uuid(),
        ..Default::default()
    };
    let resumed = client.resume_subscription(request).await.unwrap().into_inner();
    assert_eq!(resumed.subscription.unwrap(), read_subscription(client, &id).await);

    apart().await;
    let request = CancelSubscriptionRequest {
        subscription_id: id.clone(),
        at_period_end: true,
        feedback: "too_complex".into(),
        comment: "I could not find the door".into(),
        request_id: uuid(),
        ..Default::default()
    };
    let ending = client.cancel_subscription(request).await.unwrap().into_inner();
    let ending = ending.subscription.unwrap();
    assert!(ending.cancel_at_period_end && ending.status == "active", "{ending:?}");
    let details = &shop.get(&format!("subscriptions/{id}"))["cancellation_details"];
    assert_eq!(
        (details["feedback"].as_str(), details["comment"].is_string()),
        (Some("too_complex"), true)
    );
    id
}

/// A part by its charge, the rest by its intent.
async fn refund(shop: &Shop, client: &mut Client, place: &Place, server: &Takings) {
    let payment = shop.payment();
    let intent =
        shop.get(&format!("charges/{payment}"))["payment_intent"].as_str().unwrap().to_owned();
    shop.deliver(server).await;
    let request = CreateRefundRequest {
        payment_id: payment.clone(),
        amount: Some(Money { amount_minor: 1_000, currency_code: "USD".into() }),
        reason: "requested_by_customer".into(),
        request_id: uuid(),
        ..Default::default()
    };
    let part = client.create_refund(request).await.unwrap().into_inner().refund.unwrap();
    assert_eq!((part.payment_id.as_str(), part.status.as_str()), (&*payment, "succeeded"));
    assert_eq!(part.amount.unwrap().amount_minor, 1_000);
    let request =
        CreateRefundRequest { payment_intent_id: intent, request_id: uuid(), ..Default::default() };
    let rest = client.create_refund(request).await.unwrap().into_inner().refund.unwrap();
    assert_eq!(rest.amount.unwrap().amount_minor, 2_000);
    let request = ListRefundsRequest { payment_id: payment, ..Default::default() };
    assert_eq!(client.list_refunds(request).await.unwrap().into_inner().refunds.len(), 2);
    let before = totals(place).await;
    shop.deliver(server).await;
    assert_eq!(before, totals(place).await, "the webhooks of a refund change a total");
}

async fn cancel(client: &mut Client, subscription: &str) {
    let request = CancelSubscriptionRequest {
        subscription_id: subscription.to_owned(),
        prorate: true,
        invoice_now: true,
        request_id: uuid(),
        ..Default::default()
    };
    let ended = client.cancel_subscription(request).await.unwrap().into_inner();
    let ended = ended.subscription.unwrap();
    assert_eq!((ended.status.as_str(), ended.mrr_units), ("canceled", 0));
    assert!(ended.ended_time.is_some());
    assert_eq!(read_subscription(client, subscription).await, ended);
}

async fn pages(shop: &Shop, client: &mut Client, customer: &str) {
    let request = CreateCheckoutSessionRequest {
        mode: CheckoutMode::Payment.into(),
        items: vec![OrderItem { price_id: shop.once.clone(), quantity: Some(2) }],
        customer_id: customer.to_owned(),
        success_url: "https://example.com/thanks".into(),
        client_reference_id: "order 17".into(),
        request_id: uuid(),
        ..Default::default()
    };
    let page = client.create_checkout_session(request.clone()).await.unwrap().into_inner();
    assert!(page.url.starts_with("https://checkout.stripe.com/"), "{page:?}");
    let shown = shop.get(&format!("checkout/sessions/{}", page.session_id));
    assert_eq!(
        (&shown["client_reference_id"], &shown["amount_total"]),
        (&"order 17".into(), &20_000.into())
    );
    shop.account.stripe.complete_checkout(&page.session_id, "pm_card_visa");
    let again = client.create_checkout_session(request).await.unwrap().into_inner();
    assert_eq!(again, page);

    let request = CreateBillingPortalSessionRequest {
        customer_id: customer.to_owned(),
        return_url: "https://example.com/account".into(),
        request_id: uuid(),
    };
    let portal = client.create_billing_portal_session(request).await.unwrap().into_inner();
    assert!(portal.url.starts_with("https://billing.stripe.com/"), "{portal:?}");
}

async fn read_customer(client: &mut Client, id: &str) -> Customer {
    let request = GetCustomerRequest { customer_id: id.to_owned(), source: String::new() };
    client.get_customer(request).await.unwrap().into_inner().customer.unwrap()
}

async fn read_subscription(client: &mut Client, id: &str) -> Subscription {
    let request = GetSubscriptionRequest { subscription_id: id.to_owned(), source: String::new() };
    client.get_subscription(request).await.unwrap().into_inner().subscription.unwrap()
}
