//! What was done is found out where no answer tells: after a failure that Stripe keeps, and after
//! it may have forgotten the key.

use crate::common::place::Place;
use crate::common::rows;
use crate::common::story::close;
use crate::shop::{Shop, info, insist, settled, states, uuid};
use std::time::{Duration, Instant};
use takings::v1::*;
use takings_simulator::{Fault, Faults};

const REFUNDS: &str = "POST /v1/refunds";

fn refund(payment_id: String) -> CreateRefundRequest {
    CreateRefundRequest { payment_id, request_id: uuid(), ..Default::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failure_that_stripe_keeps_is_settled_by_its_events() {
    let (shop, place) = (Shop::open().await, Place::sqlite());
    let server = shop.takings(&place);
    // Done, though the answer is 500: the events tell, at once.
    let done = refund(shop.payment());
    shop.account.stripe.fail(Faults::default().then(REFUNDS, &[Fault::ServerErrorAfter]));
    let made = server.revenue().await.create_refund(done).await.unwrap().into_inner();
    assert_eq!(made.refund.unwrap().status, "succeeded");
    assert_eq!(shop.told("refund.created"), 1);
    // Not done: once the events had time to come up, it is sent under another key.
    let lost = refund(shop.payment());
    shop.account.stripe.fail(Faults::default().then(REFUNDS, &[Fault::ServerError]));
    let (started, client) = (Instant::now(), server.revenue().await);
    let made = insist(|| {
        let (mut client, request) = (client.clone(), lost.clone());
        async move { client.create_refund(request).await }
    });
    made.await.unwrap();
    assert!(started.elapsed() > Duration::from_secs(10), "{:?}", started.elapsed());
    assert_eq!(shop.told("refund.created"), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_23_hours_nothing_is_sent_again() {
    let (shop, place) = (Shop::open().await, Place::sqlite());
    let server = shop.takings(&place);
    // One was done and its answer lost, the other never came to Stripe.
    let (done, lost) = (refund(shop.payment()), refund(shop.payment()));
    shop.deliver(&server).await;
    for (request, fault) in [(&done, Fault::DropAfter), (&lost, Fault::DropBefore)] {
        let faults = [&[fault], &[Fault::DropBefore; 6][..]].concat();
        shop.account.stripe.fail(Faults::default().then(REFUNDS, &faults));
        let mut client = server.revenue().await;
        let call = client.create_refund(request.clone());
        assert!(tokio::time::timeout(Duration::from_millis(400), call).await.is_err());
    }
    server.kill();
    assert_eq!(states(&place).await, [("open".to_owned(), 2)].into());
    shop.account.stripe.fail(Faults::default());
    let database = place.open().await;
    rows(&database, "update intents set created_at = created_at - 82900000000 returning 1").await;
    close(database).await;
    let asked = shop.account.asked(REFUNDS);
    let server = shop.takings(&place);
    settled(&place).await;
    assert_eq!(shop.account.asked(REFUNDS), asked, "it was sent again");
    assert_eq!(shop.told("refund.created"), 1);
    let mut client = server.revenue().await;
    let made = client.create_refund(done).await.unwrap().into_inner().refund.unwrap();
    assert_eq!(made.amount.unwrap().amount_minor, 3_000);
    let status = client.create_refund(lost).await.unwrap_err();
    assert_eq!(info(&status).reason, "REQUEST_LAPSED");
}
