//! One request id is one act, whoever sends it, how often, and to which process.

use crate::common::place::Place;
use crate::common::process::Takings;
use crate::common::story::close;
use crate::shop::{KEY, Shop, info, settled, states, uuid};
use prost::Message;
use sea_orm::ConnectionTrait;
use std::time::Duration;
use takings::v1::*;
use takings_core::hash::StateHash;
use takings_migrations::{Migrator, MigratorTrait};
use takings_server::db::{Database, Kind};
use takings_simulator::{Fault, Faults, Key};
use tokio::task::JoinSet;
use tonic::Code;

const CUSTOMERS: &str = "POST /v1/customers";

fn named(name: &str, request_id: &str) -> CreateCustomerRequest {
    let (name, request_id) = (name.to_owned(), request_id.to_owned());
    CreateCustomerRequest { name, request_id, ..Default::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeat_is_answered_as_the_first_was_and_other_content_is_refused() {
    let shop = Shop::open().await;
    let place = Place::sqlite();
    let server = shop.takings(&place);
    let mut client = server.revenue().await;
    let request_id = uuid();
    let first = client.create_customer(named("Ada", &request_id)).await.unwrap().into_inner();
    let upper = request_id.to_uppercase();
    let second = client.create_customer(named("Ada", &upper)).await.unwrap().into_inner();
    assert_eq!(first, second);
    assert_eq!(shop.account.asked("POST /v1/customers"), 1);

    let status = client.create_customer(named("Grace", &request_id)).await.unwrap_err();
    assert_eq!(
        (status.code(), info(&status).reason.as_str()),
        (Code::AlreadyExists, "REQUEST_ID_REUSED")
    );
    let portal = CreateBillingPortalSessionRequest {
        customer_id: first.customer.unwrap().customer_id,
        request_id,
        ..Default::default()
    };
    let status = client.create_billing_portal_session(portal).await.unwrap_err();
    assert_eq!(info(&status).reason, "REQUEST_ID_REUSED");
    assert_eq!(shop.told("customer.created"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_at_once_with_one_request_id_have_one_effect_on_sqlite() {
    let (shop, place) = (Shop::open().await, Place::sqlite());
    let server = shop.takings(&place);
    callers_at_once(&shop, &[&server]).await;
    assert_eq!(states(&place).await, [("done".to_owned(), 4)].into());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_at_once_of_two_processes_have_one_effect_on_postgresql() {
    let Some(place) = Place::postgres("commands_at_once") else { return };
    let shop = Shop::open().await;
    let servers = [shop.takings(&place), shop.takings(&place)];
    callers_at_once(&shop, &[&servers[0], &servers[1]]).await;
    assert_eq!(states(&place).await, [("done".to_owned(), 4)].into());
}

/// Eight callers for each of four request ids; Stripe is slow, so that they meet there.
async fn callers_at_once(shop: &Shop, servers: &[&Takings]) {
    let slow = Fault::Slow(Duration::from_millis(300));
    shop.account.stripe.fail(Faults::by_chance(1, 5_000, &[slow]));
    let mut callers = JoinSet::new();
    for act in 0..4 {
        let request = named(&format!("Ada {act}"), &uuid());
        for caller in 0..8 {
            let mut client = servers[caller % servers.len()].revenue().await;
            let request = request.clone();
            callers.spawn(async move {
                (act, client.create_customer(request).await.unwrap().into_inner())
            });
        }
    }
    let answers = callers.join_all().await;
    for (act, answer) in &answers {
        let same = answers.iter().filter(|(other, _)| other == act);
        assert!(same.clone().count() == 8 && same.clone().all(|(_, other)| other == answer));
    }
    assert_eq!(shop.told("customer.created"), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_may_not_leaves_the_request_id_free() {
    let shop = Shop::open().await;
    let place = Place::sqlite();
    let server = shop.takings(&place);
    let mut client = server.revenue().await;
    shop.account.stripe.allow(&[Key::restricted(KEY, &["customers:read"])]);
    let request = named("Ada", &uuid());
    let status = client.create_customer(request.clone()).await.unwrap_err();
    assert_eq!(info(&status).reason, "STRIPE_KEY_REFUSED");
    assert!(states(&place).await.is_empty());
    shop.account.stripe.allow(&[Key::secret(KEY)]);
    client.create_customer(request).await.unwrap();
    assert_eq!(shop.told("customer.created"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_is_revoked_after_an_attempt_without_an_answer_frees_nothing() {
    let (shop, place) = (Shop::open().await, Place::sqlite());
    let server = shop.takings(&place);
    let request = named("Ada", &uuid());
    shop.account.stripe.fail(Faults::default().then(CUSTOMERS, &[Fault::DropAfter]));
    let (mut client, asked) = (server.revenue().await, request.clone());
    let call = tokio::spawn(async move { client.create_customer(asked).await });
    while shop.account.asked(CUSTOMERS) == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    shop.account.stripe.allow(&[Key::revoked(KEY)]);
    let status = call.await.unwrap().unwrap_err();
    assert_eq!(info(&status).reason, "STRIPE_KEY_REFUSED");
    assert_eq!(states(&place).await, [("open".to_owned(), 1)].into());
    shop.account.stripe.allow(&[Key::secret(KEY)]);
    server.revenue().await.create_customer(request).await.unwrap();
    assert_eq!(shop.told("customer.created"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_begun_in_test_mode_is_never_sent_in_live_mode() {
    let (shop, place) = (Shop::open().await, Place::sqlite());
    let server = shop.takings(&place);
    let request = named("Ada", &uuid());
    shop.account.stripe.fail(Faults::default().then(CUSTOMERS, &[Fault::DropBefore; 6]));
    let mut client = server.revenue().await;
    let call = client.create_customer(request.clone());
    assert!(tokio::time::timeout(Duration::from_millis(400), call).await.is_err());
    server.kill();
    assert_eq!(states(&place).await, [("open".to_owned(), 1)].into());
    shop.account.stripe.fail(Faults::default());
    let asked = shop.account.asked(CUSTOMERS);
    let live = shop.takings_with(&place, "sk_live_4242424242");
    let status = live.revenue().await.create_customer(request).await.unwrap_err();
    assert_eq!(info(&status).reason, "STRIPE_NOT_CONFIGURED");
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(shop.account.asked(CUSTOMERS), asked);
    drop(live);
    let _server = shop.takings(&place);
    settled(&place).await;
    assert_eq!(shop.told("customer.created"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_by_an_earlier_release_is_answered_on_sqlite() {
    answered_before(Place::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_by_an_earlier_release_is_answered_on_postgresql() {
    let Some(place) = Place::postgres("commands_upgrade") else { return };
    answered_before(place).await;
}

/// A replay that was answered before there were intents: its row moves, and its answer with it.
async fn answered_before(place: Place) {
    let options = crate::common::options(place.url.clone());
    let database = Database::open(&options).await.unwrap();
    Migrator::up(&database.write, Some(7)).await.unwrap();
    let answer = ReplayWebhookEventResponse {
        webhook_event: Some(WebhookEvent { event_id: "evt_1".into(), ..Default::default() }),
    };
    let (request_id, mut hash) = (uuid(), StateHash::default());
    hash.add(&["ReplayWebhookEvent", "evt_1", ""]);
    let hex: String = answer.encode_to_vec().iter().map(|byte| format!("{byte:02x}")).collect();
    let bytes = match database.kind {
        Kind::Sqlite => format!("x'{hex}'"),
        Kind::Postgres => format!("'\\x{hex}'"),
    };
    let insert = format!(
        "insert into batches (id, recorded_at) values (7, 1700000000000000);
         insert into requests (request_id, content_hash, response, batch)
         values ('{request_id}', '{hash}', {bytes}, 7)"
    );
    database.write.execute_unprepared(&insert).await.unwrap();
    close(database).await;
    let server = Takings::start(&place);
    let request =
        ReplayWebhookEventRequest { event_id: "evt_1".into(), request_id, ..Default::default() };
    let said = server.revenue().await.replay_webhook_event(request).await.unwrap().into_inner();
    assert_eq!(said, answer);
}
