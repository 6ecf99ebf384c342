//! What cannot be done is said clearly: by us where we can know, else in Stripe's words.

use crate::common::place::Place;
use crate::common::process::Takings;
use crate::shop::{Client, Shop, field, info, states, uuid};
use takings::v1::*;
use tonic::{Code, Status};

fn order(price: &str, quantity: Option<i64>) -> Vec<OrderItem> {
    vec![OrderItem { price_id: price.to_owned(), quantity }]
}

fn subscribe(customer: &str, price: &str, quantity: Option<i64>) -> CreateSubscriptionRequest {
    CreateSubscriptionRequest {
        customer_id: customer.to_owned(),
        items: order(price, quantity),
        request_id: uuid(),
        ..Default::default()
    }
}

async fn refused(client: &mut Client, request: CreateSubscriptionRequest) -> Status {
    client.create_subscription(request).await.unwrap_err()
}

#[track_caller]
fn is(status: &Status, code: Code, reason: &str, names: &str) {
    let said = (status.code(), info(status).reason);
    assert_eq!(said, (code, reason.to_owned()), "{status:?}");
    let (param, field) = (info(status).metadata.remove("param").unwrap_or_default(), field(status));
    assert!(
        param == names || field == names,
        "{names} is not named: {param:?} {field:?} {status:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_can_be_known_is_refused_before_anything_is_stored() {
    let shop = Shop::open().await;
    let place = Place::sqlite();
    let server = shop.takings(&place);
    let mut client = server.revenue().await;
    let (customer, price) = (shop.customer(), shop.price.as_str());
    let invalid =
        |status: &Status, names| is(status, Code::InvalidArgument, "INVALID_FIELD", names);

    for quantity in [0, -1] {
        let status = refused(&mut client, subscribe(&customer, price, Some(quantity))).await;
        invalid(&status, "items.quantity");
    }
    invalid(&refused(&mut client, subscribe("", price, None)).await, "customer_id");
    invalid(&refused(&mut client, subscribe("cus/../x", price, None)).await, "customer_id");
    let none = CreateSubscriptionRequest { items: vec![], ..subscribe(&customer, price, None) };
    invalid(&refused(&mut client, none).await, "items");
    for request_id in ["", "1"] {
        let request_id = request_id.to_owned();
        let request = CreateSubscriptionRequest { request_id, ..subscribe(&customer, price, None) };
        let status = refused(&mut client, request).await;
        is(&status, Code::InvalidArgument, "INVALID_REQUEST_ID", "request_id");
    }
    let nothing = UpdateSubscriptionRequest {
        subscription_id: "sub_1".into(),
        request_id: uuid(),
        ..Default::default()
    };
    invalid(&client.update_subscription(nothing.clone()).await.unwrap_err(), "update_mask");
    let negative = UpdateSubscriptionRequest { quantity: -1, ..nothing };
    invalid(&client.update_subscription(negative).await.unwrap_err(), "quantity");
    let mut refund = CreateRefundRequest { request_id: uuid(), ..Default::default() };
    invalid(&client.create_refund(refund.clone()).await.unwrap_err(), "payment_id");
    refund.payment_id = shop.payment();
    for (minor, code, reason, names) in [
        (0, "USD", "INVALID_FIELD", "amount.amount_minor"),
        (-5, "USD", "INVALID_FIELD", "amount.amount_minor"),
        (5, "usd", "UNKNOWN_CURRENCY", "amount.currency_code"),
        (5, "EUR", "INVALID_FIELD", "amount"),
    ] {
        refund.amount = Some(Money { amount_minor: minor, currency_code: code.into() });
        let status = client.create_refund(refund.clone()).await.unwrap_err();
        is(&status, Code::InvalidArgument, reason, names);
    }
    let gone = CancelSubscriptionRequest {
        subscription_id: shop.subscription(),
        request_id: uuid(),
        ..Default::default()
    };
    client.cancel_subscription(gone.clone()).await.unwrap();
    let again = CancelSubscriptionRequest { request_id: uuid(), ..gone };
    let status = client.cancel_subscription(again).await.unwrap_err();
    is(&status, Code::FailedPrecondition, "SUBSCRIPTION_ENDED", "");
    assert_eq!(states(&place).await, [("done".to_owned(), 1)].into());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_stripe_alone_knows_is_said_in_its_words_and_said_again() {
    let shop = Shop::open().await;
    let place = Place::sqlite();
    let server = shop.takings(&place);
    let mut client = server.revenue().await;
    let (customer, price) = (shop.customer(), shop.price.as_str());
    let said = |status: &Status, names| is(status, Code::InvalidArgument, "STRIPE_REFUSED", names);

    said(&refused(&mut client, subscribe("cus_nobody", price, None)).await, "customer");
    said(&refused(&mut client, subscribe(&customer, "price_none", None)).await, "items[0][price]");
    let coupon =
        CreateSubscriptionRequest { coupon_id: "NONE".into(), ..subscribe(&customer, price, None) };
    said(&refused(&mut client, coupon).await, "coupon");
    let strange = CreateSubscriptionRequest {
        payment_method_id: shop.card("visa"),
        ..subscribe(&customer, price, None)
    };
    said(&refused(&mut client, strange).await, "default_payment_method");
    let subscription = client.create_subscription(subscribe(&customer, price, None)).await.unwrap();
    let subscription = subscription.into_inner().subscription.unwrap().subscription_id;
    said(&refused(&mut client, subscribe(&customer, &shop.euro, None)).await, "");
    let resume = ResumeSubscriptionRequest {
        subscription_id: subscription,
        request_id: uuid(),
        ..Default::default()
    };
    said(&client.resume_subscription(resume).await.unwrap_err(), "");
    let other = client
        .update_payment_method(UpdatePaymentMethodRequest {
            customer_id: shop.customer(),
            payment_method_id: shop.get(&format!("customers/{customer}"))["invoice_settings"]
                ["default_payment_method"]
                .as_str()
                .unwrap()
                .to_owned(),
            request_id: uuid(),
        })
        .await;
    said(&other.unwrap_err(), "");
    let missing = PauseSubscriptionRequest { subscription_id: "sub_1".into(), request_id: uuid() };
    let status = client.pause_subscription(missing).await.unwrap_err();
    is(&status, Code::NotFound, "STRIPE_OBJECT_NOT_FOUND", "");

    let refund = CreateRefundRequest {
        payment_id: shop.payment(),
        amount: Some(Money { amount_minor: 3_001, currency_code: "USD".into() }),
        request_id: uuid(),
        ..Default::default()
    };
    let first = client.create_refund(refund.clone()).await.unwrap_err();
    said(&first, "amount");
    let asked = shop.account.asked("POST /v1/refunds");
    let second = client.create_refund(refund).await.unwrap_err();
    assert_eq!((first.message(), info(&first)), (second.message(), info(&second)));
    assert_eq!(shop.account.asked("POST /v1/refunds"), asked, "a refusal is asked for again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_decline_tells_why_and_leaves_nothing_behind() {
    let shop = Shop::open().await;
    let place = Place::sqlite();
    let server = shop.takings(&place);
    let mut client = server.revenue().await;
    let request = CreateCustomerRequest {
        payment_method_id: shop.card("chargeDeclinedInsufficientFunds"),
        request_id: uuid(),
        ..Default::default()
    };
    let customer = client.create_customer(request).await.unwrap().into_inner().customer.unwrap();
    let request = subscribe(&customer.customer_id, &shop.price, None);
    let status = refused(&mut client, request.clone()).await;
    is(&status, Code::FailedPrecondition, "PAYMENT_DECLINED", "");
    let told = info(&status).metadata;
    assert_eq!(told["decline_code"], "insufficient_funds");
    assert!(told["request_id"].starts_with("req_"), "{told:?}");
    // The same request stays declined; another, which may be incomplete, is not.
    let good = shop.card("visa");
    let request_id = uuid();
    let pay = UpdatePaymentMethodRequest {
        customer_id: customer.customer_id,
        payment_method_id: good,
        request_id,
    };
    client.update_payment_method(pay).await.unwrap();
    assert_eq!(info(&refused(&mut client, request.clone()).await), info(&status));
    assert_eq!(shop.told("customer.subscription.created"), 0);
    let anew = CreateSubscriptionRequest { request_id: uuid(), ..request };
    client.create_subscription(anew).await.unwrap();
    assert_eq!(shop.told("customer.subscription.created"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_key_a_command_says_which_setting_is_missing() {
    let place = Place::sqlite();
    let server = Takings::start(&place);
    let request = CreateCustomerRequest { request_id: uuid(), ..Default::default() };
    let status = server.revenue().await.create_customer(request).await.unwrap_err();
    is(&status, Code::FailedPrecondition, "STRIPE_NOT_CONFIGURED", "");
    assert!(status.message().contains("TAKINGS__STRIPE__API_KEY"), "{status:?}");
}
