//! Commands while Stripe fails in every way it can: each has one effect.

use crate::common::dice::{count, seed};
use crate::common::place::Place;
use crate::common::story::settled_hash;
use crate::common::{process::Takings, story::deliver_all};
use crate::shop::{Client, Shop, insist, states, uuid};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;
use takings::v1::*;
use takings_simulator::{Fault, Faults};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tonic::Status;

const KINDS: [Fault; 8] = [
    Fault::LockTimeout,
    Fault::RateLimited,
    Fault::ServerError,
    Fault::ServerErrorAfter,
    Fault::BadGateway,
    Fault::Unavailable,
    Fault::DropBefore,
    Fault::DropAfter,
];
/// So many of 10,000 requests go wrong.
const CHANCE: u64 = 3_000;
/// Callers at once.
const CALLERS: usize = 24;

/// An act on something of its own.
#[derive(Clone)]
enum Act {
    Customer(String),
    Subscribe(String, String),
    Refund(String),
    Cancel(String),
}

async fn act(mut client: Client, act: Act, request_id: String) -> Result<(), Status> {
    match act {
        Act::Customer(name) => {
            let request = CreateCustomerRequest { name, request_id, ..Default::default() };
            client.create_customer(request).await.map(drop)
        }
        Act::Subscribe(customer_id, price_id) => {
            let items = vec![OrderItem { price_id, quantity: Some(2) }];
            let request =
                CreateSubscriptionRequest { customer_id, items, request_id, ..Default::default() };
            client.create_subscription(request).await.map(drop)
        }
        Act::Refund(payment_id) => {
            let amount = Some(Money { amount_minor: 700, currency_code: "USD".into() });
            let request =
                CreateRefundRequest { payment_id, amount, request_id, ..Default::default() };
            client.create_refund(request).await.map(drop)
        }
        Act::Cancel(subscription_id) => {
            let request =
                CancelSubscriptionRequest { subscription_id, request_id, ..Default::default() };
            client.cancel_subscription(request).await.map(drop)
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_through_every_fault_have_one_effect_each() {
    let (shop, place) = (Shop::open().await, Place::sqlite());
    let server = shop.takings(&place);
    let each = count(30, 300);
    let mut acts = Vec::new();
    for number in 0..each {
        acts.push(Act::Customer(format!("Customer {number}")));
        acts.push(Act::Subscribe(shop.customer(), shop.price.clone()));
        acts.push(Act::Refund(shop.payment()));
        acts.push(Act::Cancel(shop.subscription()));
    }
    shop.deliver(&server).await;
    let kinds = [
        "customer.created",
        "customer.subscription.created",
        "refund.created",
        "customer.subscription.deleted",
    ];
    let before = kinds.map(|kind| shop.told(kind));
    shop.account.stripe.fail(Faults::by_chance(seed(), CHANCE, &KINDS));
    let started = Instant::now();
    let repeated = perform(&server, &acts).await;
    let faults = shop.account.stripe.faults_dealt();
    shop.account.stripe.fail(Faults::default());
    let after = kinds.map(|kind| shop.told(kind));
    for (place, kind) in kinds.iter().enumerate() {
        assert_eq!(after[place] - before[place], each, "{kind}, seed {}", seed());
    }
    assert_eq!(states(&place).await, BTreeMap::from([("done".to_owned(), acts.len() as i64)]));
    println!(
        "{} commands in {:.1?}, {faults} faults of {} kinds, {repeated} calls repeated by callers",
        acts.len(),
        started.elapsed(),
        KINDS.len()
    );
    shop.deliver(&server).await;
    drop(server);
    let (events, told) = (Arc::new(shop.account.stripe.events()), Place::sqlite());
    let other = Takings::start(&told);
    deliver_all(other.http, &events, 1).await;
    other.kill();
    assert_eq!(settled_hash(&place).await, settled_hash(&told).await);
}

/// Does everything, some at once; answers how often callers had to come again.
async fn perform(server: &Takings, acts: &[Act]) -> usize {
    let (room, mut callers) = (Arc::new(Semaphore::new(CALLERS)), JoinSet::new());
    for it in acts {
        let (room, it, client) = (room.clone(), it.clone(), server.revenue().await);
        callers.spawn(async move {
            let _turn = room.acquire().await.unwrap();
            let (request_id, mut calls) = (uuid(), 0);
            let done = insist(|| {
                calls += 1;
                act(client.clone(), it.clone(), request_id.clone())
            });
            done.await.unwrap();
            calls - 1
        });
    }
    callers.join_all().await.into_iter().sum()
}
